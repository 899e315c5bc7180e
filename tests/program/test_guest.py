"""A Linux guest's console through the whole chain: QEMU, its serial port as a
socket, vspc-vm, vspcd, a telnet client. All tests share a guest."""

import hashlib

import pytest

from harness import words
from harness.guest import (LOGIN, PATIENCE, PROMPT, Guest, is_needed,
                           wait_boot)
from harness.net import eventually

pexpect = pytest.importorskip(
    "pexpect", reason="python3-pexpect is not installed")

pytestmark = is_needed

EVERY_BYTE = bytes(range(256))


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    socket = tmp_path_factory.mktemp("guest") / "serial"
    guest = Guest(f"path={socket}", f"unix:{socket}")
    try:
        guest.start()
        yield guest
    finally:
        guest.end()


@pytest.fixture
def shell(guest):
    """A client of the harness at the shell's prompt, whatever was before."""
    client = guest.vspcd.telnet(guest.port)
    client.send(b"\x03")
    client.wait(lambda: LOGIN in client.data or PROMPT in client.data,
                "a prompt", PATIENCE)
    if LOGIN in client.data:
        log_in(client)
    client.take(len(client.data))
    yield client
    client.close()


@pytest.fixture
def telnet(guest, shell, need):
    """inetutils' telnet on a terminal; the shell is at its prompt."""
    before = len(guest.vspcd.events(words.CLIENT_CONNECTED))
    child = pexpect.spawn(need("inetutils-telnet"),
                          ["-E", "127.0.0.1", str(guest.port)],
                          timeout=PATIENCE, echo=False)
    child.delaybeforesend = None
    try:
        eventually(
            lambda: len(guest.vspcd.events(words.CLIENT_CONNECTED)) > before,
            "vspcd to know of the client", PATIENCE)
        # Only what telnet shows tells that it has seen vspcd's greeting:
        # before that its Enter is CR LF, two of them for the guest.
        shell.send(b'echo "r"eady\r')
        child.expect_exact("\nready\r\n")
        child.expect_exact(PROMPT)
        shell.read_until(b"\nready\r\n", PATIENCE)
        shell.read_until(PROMPT, PATIENCE)
        yield child
    finally:
        print(f"--- telnet showed {child.before!r} {child.buffer!r}")
        child.close(force=True)


def log_in(client):
    client.send(b"root\r")
    client.read_until(PROMPT, PATIENCE)


def wait_boot_on(telnet):
    telnet.expect_exact("Linux version")
    telnet.expect_exact(LOGIN)


def assert_console_stayed(guest):
    assert not guest.vspcd.events(words.VM_DISCONNECTED)


def test_log_in_and_run_a_command(telnet):
    telnet.send("exit\r")
    telnet.expect_exact(LOGIN)
    telnet.send("root\r")
    telnet.expect_exact(PROMPT)
    telnet.send("echo $USER on $(hostname): $((6 * 7))\r")
    telnet.expect_exact("root on guest: 42\r\n")
    telnet.expect_exact(PROMPT)


def test_both_clients_see_what_one_types(telnet, shell):
    telnet.send("echo $((6 * 7)) is the answer\r")
    for text in ("echo $((6 * 7))", "42 is the answer\r\n"):
        telnet.expect_exact(text)
        shell.read_until(text.encode(), PATIENCE)


def test_200_lines(shell):
    shell.send(b'for i in $(seq 200); do echo "line $i: $((i * i))"; done\r')
    lines = [f"line {i}: {i * i}\r\n".encode() for i in range(1, 201)]
    shell.read_until(b"\r\n", PATIENCE)
    assert shell.read_until(lines[-1], PATIENCE) == b"".join(lines)


def test_200_lines_on_telnet(telnet):
    telnet.send('for i in $(seq 200); do echo "line $i: $((i * i))"; done\r')
    telnet.expect_exact("\r\n")
    telnet.expect_exact("line 200: 40000\r\n")
    lines = [f"line {i}: {i * i}\r\n".encode() for i in range(1, 200)]
    assert telnet.before == b"".join(lines)


def test_every_byte_out(shell):
    shell.send(b"d='0 1 2 3 4 5 6 7'; stty -opost; for a in 0 1 2 3; do "
               b"for b in $d; do for c in $d; do printf \"\\\\$a$b$c\"; "
               b"done; done; done; stty sane\r")
    shell.read_until(EVERY_BYTE, PATIENCE)
    shell.read_until(PROMPT, PATIENCE)


def test_every_byte_in(shell):
    shell.send(b'stty raw -echo; echo "r"eady; head -c 256 | md5sum; '
               b'stty sane\r')
    shell.read_until(b"\nready", PATIENCE)
    shell.send(EVERY_BYTE)
    shell.read_until(hashlib.md5(EVERY_BYTE).hexdigest().encode(), PATIENCE)
    shell.read_until(PROMPT, PATIENCE)


def test_control_c(telnet):
    """What says that it has started is what gets the signal: a shell that is
    about to start a program may lose one."""
    telnet.send("sh -c 'echo \"s\"tarted; exec sleep 1000'\r")
    telnet.expect_exact("\nstarted\r\n")
    telnet.send("\x03")
    telnet.expect_exact(PROMPT)
    telnet.send("echo status $?\r")
    telnet.expect_exact("status 130\r\n")


def test_control_c_ends_a_flood(telnet):
    telnet.send("yes and so on\r")
    for _ in range(1000):
        telnet.expect_exact("\r\nand so on")
    telnet.send("\x03")
    telnet.expect_exact(PROMPT)
    telnet.send("echo status $?\r")
    telnet.expect_exact("status 130\r\n")


def test_clients_stay_over_a_reboot(guest, telnet, shell):
    telnet.send("reboot -f\r")
    wait_boot_on(telnet)
    wait_boot(shell)
    log_in(shell)
    telnet.expect_exact(PROMPT)
    assert_console_stayed(guest)


def test_clients_stay_over_power_off_and_on(guest, telnet, shell):
    guest.power_off()
    guest.power_on()
    wait_boot_on(telnet)
    wait_boot(shell)
    log_in(shell)
    telnet.expect_exact(PROMPT)
    assert_console_stayed(guest)
