"""A break in a Linux guest, sent by a client at the other end of the whole
chain: QEMU, its serial port as telnet, vspc-vm, vspcd. A break and an h are
Magic SysRq's help."""

import pytest

from harness import words
from harness import wire
from harness.guest import LOGIN, PATIENCE, Guest, is_needed
from harness.net import TIMEOUT, eventually

pytestmark = [is_needed,
              pytest.mark.filterwarnings("ignore::DeprecationWarning")]

HELP = b"sysrq: HELP"


@pytest.fixture(scope="module")
def guest():
    guest = Guest("host=127.0.0.1,port={port},telnet=on",
                  "telnet:127.0.0.1:{port}", "sysrq_always_enabled=1")
    try:
        guest.start()
        yield guest
    finally:
        guest.end()


@pytest.fixture
def watcher(guest):
    """Another client, at the login prompt."""
    client = guest.vspcd.telnet(guest.port)
    client.send(b"\r")
    client.read_until(LOGIN, PATIENCE)
    yield client
    client.close()


def assert_still_asks_for_a_login(client):
    """The key was the kernel's, and nobody else's."""
    client.send(b"\r")
    assert client.read_until(LOGIN, PATIENCE).endswith(b"\r\n" + LOGIN)


def test_break_and_key_in_one_segment(watcher):
    watcher.send_wire(wire.command(wire.BRK) + b"h")
    watcher.read_until(HELP, PATIENCE)
    assert_still_asks_for_a_login(watcher)


def test_a_key_without_a_break_is_a_key(watcher):
    watcher.send(b"h")
    assert watcher.read_until(b"h", PATIENCE) == b"h"
    watcher.send(b"\b")


def test_pyserial(guest, watcher):
    serial = pytest.importorskip(
        "serial", reason="python3-serial is not installed")
    port = serial.serial_for_url(
        f"rfc2217://127.0.0.1:{guest.port}?timeout={TIMEOUT}",
        baudrate=115200, timeout=PATIENCE)
    try:
        port.send_break(0.1)
        port.write(b"h")
        assert port.read_until(HELP).endswith(HELP)
    finally:
        port.close()
    watcher.read_until(HELP, PATIENCE)
    assert_still_asks_for_a_login(watcher)


def test_inetutils_telnet(guest, watcher, need, terminal):
    child = terminal(need("inetutils-telnet"), "127.0.0.1", guest.port)
    child.expect_exact("Escape character is")
    eventually(lambda: guest.vspcd.events(words.CLIENT_CONNECTED),
               "vspcd to know of the client")
    watcher.send(b"\r")
    child.expect_exact(LOGIN)
    child.send(b"\x1d")
    child.expect_exact("telnet> ")
    child.send(b"send brk\r")
    child.send(b"h")
    child.expect_exact(HELP)
    watcher.read_until(HELP, PATIENCE)
    assert_still_asks_for_a_login(watcher)
