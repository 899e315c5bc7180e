"""Clients that speak another protocol: browsers, web pages, ssh, TLS. They are
answered, and nothing of what they send is typed into a guest."""

import contextlib
import subprocess

import pytest

from harness import wire
from harness import words
from harness.net import TIMEOUT, Peer, PortBlock, dial

# What a web page can send by a form or fetch(). The answers would make the
# client telnet; a break and a letter are Magic SysRq then.
BODY = (wire.do(wire.BINARY) + wire.will(wire.BINARY) +
        wire.command(wire.BRK) + b"b" + b"\rreboot\r")
POST = (b"POST / HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(BODY)
        + BODY)
HELLO = b"\x16\x03\x01\x00\x05\x01reboot\r"


def assert_nothing_typed(vm):
    vm.sync()
    assert not vm.data, bytes(vm.data)
    assert not vm.commands, vm.commands


@pytest.mark.parametrize("said, answer, reason", [
    (POST, b"HTTP/1.1 400 ", "HTTP"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", b"use telnet]", "SSH"),
    (HELLO, b"", "TLS"),
], ids=["http", "ssh", "tls"])
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_nothing_is_typed(vspcd, said, answer, reason, piece):
    vm = vspcd.vm("web")
    client = vspcd.raw(vm)
    client.greet()
    for at in range(0, min(len(said), 12), piece):
        client.send_wire(said[at:at + piece])
    vspcd.wait_event(words.CLIENT_REFUSED, console="web",
                     peer=client.address)
    client.wait_closed()
    assert answer in client.data
    assert reason in vspcd.wait_event(
        words.CLIENT_DISCONNECTED, peer=client.address)["reason"]
    assert_nothing_typed(vm)


def test_one_that_is_served_for_its_silence(vspcd):
    """It has said nothing yet: its first bytes are looked at as ever."""
    vm = vspcd.vm("web")
    client = vspcd.raw(vm)
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    client.send_wire(POST)
    vspcd.wait_event(words.CLIENT_REFUSED, console="web", peer=client.address)
    client.wait_closed()
    assert_nothing_typed(vm)


@pytest.mark.parametrize("said, answer, reason", [
    (POST, b"HTTP/1.1 400 ", "HTTP"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", b"use telnet]", "SSH"),
    (HELLO, b"", "TLS"),
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 40112 13370\r\n",
     b"your address is in no network", "PROXY"),
], ids=["http", "ssh", "tls", "proxy"])
def test_at_the_menu(start_vspcd, said, answer, reason):
    with contextlib.closing(PortBlock()) as ports:
        port = ports.take()
        vspcd = start_vspcd("--menu-port", port, ports=ports)
        vm = vspcd.vm("db-01")
        client = vspcd.keep(Peer(dial((vspcd.iface, port))))
        client.send(said)
        seen = client.read_all()
        assert answer in seen and b"db-01" not in seen
        has = vspcd.wait_event(words.CLIENT_REFUSED, peer=client.address)
        assert reason in has["reason"]
        assert_nothing_typed(vm)


def test_typing_a_method_slowly(vspcd):
    """Bytes are late at most once, and never lost."""
    vm = vspcd.vm("web")
    client = vspcd.raw(vm)
    client.send_wire(b"GET")
    assert vm.read_until(b"GET") == b"GET"
    client.send_wire(b" / HTTP/1.1\r")
    assert vm.read_until(b"1.1\r") == b" / HTTP/1.1\r"


def test_curl_posts_a_form(vspcd, need):
    curl = need("curl")
    vm = vspcd.vm("web")
    result = subprocess.run(
        [curl, "-s", "--http0.9", "--data-binary", "@-",
         f"http://127.0.0.1:{vm.port}/"], input=BODY, capture_output=True,
        timeout=TIMEOUT)
    vspcd.wait_event(words.CLIENT_REFUSED, console="web")
    assert b"HTTP/1.1 400" in result.stdout
    assert_nothing_typed(vm)


def test_ssh(vspcd, need):
    ssh = need("ssh", "openssh-client")
    vm = vspcd.vm("web")
    subprocess.run(
        [ssh, "-F", "none", "-o", "BatchMode=yes", "-p", str(vm.port),
         "127.0.0.1"], capture_output=True, stdin=subprocess.DEVNULL,
        timeout=TIMEOUT)
    vspcd.wait_event(words.CLIENT_REFUSED, console="web")
    assert_nothing_typed(vm)


def test_tls_hello_on_a_port_without_tls(vspcd, need):
    openssl = need("openssl")
    vm = vspcd.vm("web")
    subprocess.run(
        [openssl, "s_client", "-connect", f"127.0.0.1:{vm.port}"],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    vspcd.wait_event(words.CLIENT_REFUSED, console="web")
    assert_nothing_typed(vm)


def test_a_page_in_tls(start_vspcd, need):
    """https: the port's certificate may be trusted, and a page types in TLS."""
    curl = need("curl")
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    result = subprocess.run(
        [curl, "-sk", "--http0.9", "--data-binary", "@-",
         f"https://127.0.0.1:{vm.port}/"], input=BODY, capture_output=True,
        timeout=TIMEOUT)
    vspcd.wait_event(words.CLIENT_REFUSED, console="web")
    assert b"HTTP/1.1 400" in result.stdout
    assert_nothing_typed(vm)


# Listeners that a VM asks for

def listener(start_vspcd, scheme):
    vspcd = start_vspcd("--service-listen", "*:*")
    port = vspcd.ports.base + 80
    vm = vspcd.vm("web", uri=f"{scheme}://127.0.0.1:{port}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console="web")
    return vspcd, vm, ("127.0.0.1", port)


@pytest.mark.parametrize("scheme", ["telnet", "tcp"])
def test_listener_refuses_http(start_vspcd, scheme):
    vspcd, vm, address = listener(start_vspcd, scheme)
    page = vspcd.keep(Peer(dial(address)))
    page.send_wire(POST)
    vspcd.wait_event(words.CLIENT_REFUSED, console="web", peer=page.address)
    page.wait_closed()
    assert b"HTTP/1.1 400 " in page.data
    assert_nothing_typed(vm)


def test_curl_understands_a_raw_listener(start_vspcd, need):
    """No greeting stands before the answer there."""
    curl = need("curl")
    vspcd, vm, (host, port) = listener(start_vspcd, "tcp")
    result = subprocess.run(
        [curl, "-s", "-w", "%{http_code}", f"http://{host}:{port}/"],
        capture_output=True, timeout=TIMEOUT)
    assert result.stdout.endswith(b"400")
    assert_nothing_typed(vm)


@pytest.mark.parametrize("said", [HELLO, b"SSH-2.0-x\r\n"],
                         ids=["tls", "ssh"])
def test_raw_listener_is_a_wire(start_vspcd, said):
    """A guest may serve SSH or TLS on its serial port."""
    vspcd, vm, address = listener(start_vspcd, "tcp")
    program = vspcd.keep(Peer(dial(address)))
    program.send_wire(said)
    assert vm.read_exactly(len(said)) == said
