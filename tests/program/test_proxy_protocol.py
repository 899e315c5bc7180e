"""The PROXY protocol: who is behind a balancer is judged, logged and shown as
himself; nobody else is believed; and nothing of a header reaches a guest."""

import socket
import time

import pytest

from harness import balancer, words
from harness.clients import RawClient, TelnetClient
from harness.net import Peer, dial, eventually
from harness.streams import assert_both_ways
from harness.tls import Tls
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

BALANCER = "127.0.0.5"
FROM = ("--proxy-protocol-from", BALANCER)
EVERYBODY = 'access "*" { break = {"anybody"} }\n'
HOST, PERSON = "192.0.2.7", "203.0.113.9"
HEADERS = [balancer.text, balancer.binary]
AT_ONCE = b"typed at once"
TLVS = b"\x04\x00\x03abc" + b"\x20\x01\x00" + bytes(256)


@pytest.fixture
def start_vspcd(start_vspcd, config):  # noqa: F811 (the fixture)
    """People come from other machines here, so there are rules for them."""
    def start(*args):
        if "--config" not in args:
            args += ("--config", config(EVERYBODY))
        return start_vspcd(*args)
    return start


def vm_behind(vspcd, header, host=HOST, port=40112, **how):
    vm = vspcd.new_vm("web", source=BALANCER, first=header(host, port),
                      **how).identify()
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    vm.port = int(vspcd.wait_event(words.VM_CONNECTED, peer=shown)["port"])
    return vm


def client_behind(vspcd, vm, header, host=PERSON, port=50001, **how):
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                     source=BALANCER,
                                     first=header(host, port), **how)).greet()
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=shown)
    return client


def assert_nothing_typed(vspcd, vm):
    vspcd.telnet(vm).send(b"the first")
    assert vm.read_until(b"the first") == b"the first"


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("tls", [None, Tls()], ids=["clear", "tls"])
def test_a_vm_and_a_client(start_vspcd, header, tls):
    vspcd = start_vspcd(*FROM, "--client-tls", "telnets")
    vm = vm_behind(vspcd, header, tls=tls)
    client = client_behind(vspcd, vm, header, tls=tls)
    assert_both_ways(vm, client)
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=f"{PERSON}:50001")
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=f"{HOST}:40112")


@pytest.mark.parametrize("header", HEADERS)
def test_ipv6(start_vspcd, header):
    vspcd = start_vspcd(*FROM)
    vm = vm_behind(vspcd, header, "2001:db8::7")
    assert_both_ways(vm, client_behind(vspcd, vm, header, "2001:db8::9"))


def test_what_else_version_2_says_is_skipped(start_vspcd):
    def header(host, port):
        return balancer.binary(host, port, TLVS)
    vspcd = start_vspcd(*FROM)
    vm = vm_behind(vspcd, header)
    assert_both_ways(vm, client_behind(vspcd, vm, header))


def comes_through(vspcd, vm, said, cut):
    """Whether what follows the header is typed; False if the rest came too
    late for vspcd, as it may on a busy machine."""
    peer = Peer(dial(vspcd.console_address(vm.port), source=BALANCER,
                     first=said[:cut]))
    # The rest comes when vspcd has read, and waits for it.
    if 0 < cut:
        eventually(lambda: unread(peer) == 0, "vspcd to read")
    peer.answer(said[cut:])

    def is_decided():
        vm.read_for(0)
        return len(vm.data) >= len(AT_ONCE) or vspcd.events(
            words.PROXY_HEADER_REFUSED, peer=peer.address,
            reason="its PROXY header did not come within 3 s")

    eventually(is_decided, f"what comes of cut {cut}")
    peer.close()
    return bool(vm.data)


@pytest.mark.parametrize("header", HEADERS)
def test_every_cut(start_vspcd, header):
    """Nothing of the header is typed, and nothing behind it is lost."""
    vspcd = start_vspcd(*FROM)
    vm = vspcd.vm("web")
    for cut in range(len(header(PERSON, 50000)) + len(AT_ONCE)):
        said = header(PERSON, 50000 + cut) + AT_ONCE
        eventually(lambda said=said, cut=cut:
                   comes_through(vspcd, vm, said, cut), f"cut {cut}")
        assert vm.take(len(AT_ONCE)) == AT_ONCE
    assert_nothing_typed(vspcd, vm)


def unread(peer):
    """Bytes of the peer's that vspcd has not read yet."""
    own = peer.sock.getsockname()[1]
    with open("/proc/net/tcp") as table:
        for line in table.read().splitlines()[1:]:
            fields = line.split()
            if fields[2].endswith(f":{own:04X}"):
                return int(fields[4].split(":")[1], 16)
    return 0


def test_the_real_address_is_judged(start_vspcd):
    """By networks and by rates; the balancer's own needs no place in them."""
    vspcd = start_vspcd(*FROM, "--vm-allow", "192.0.2.0/24", "--vm-allow",
                        "127.0.0.1", "--client-allow", "203.0.113.0/24",
                        "--client-rate", "1", "--client-burst", "3")
    vm = vm_behind(vspcd, balancer.text)
    for n in range(10):
        client_behind(vspcd, vm, balancer.binary, f"203.0.113.{n}")
    refused = Peer(dial(vspcd.console_address(vm.port), source=BALANCER,
                        first=balancer.text("198.51.100.9", 50001)))
    assert b"not allowed here" in refused.read_all()
    refused.close()
    vspcd.wait_event(words.CONNECTION_REFUSED, side="client",
                     peer="198.51.100.9:50001")
    host = Peer(dial(vspcd.proxy, source=BALANCER,
                     first=balancer.binary("198.51.100.8", 40000)))
    assert host.read_all() == b""
    host.close()
    vspcd.wait_event(words.CONNECTION_REFUSED, side="vm",
                     peer="198.51.100.8:40000")


def test_without_an_address_it_is_the_balancers(start_vspcd):
    vspcd = start_vspcd(*FROM)
    vm = vspcd.new_vm("web", source=BALANCER,
                      first=balancer.unix_socket()).identify()
    vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)


def test_whom_a_balancer_brings_is_not_on_this_machine(start_vspcd, config):  # noqa: F811
    """Also if its own address is, and it says no other."""
    vspcd = start_vspcd(*FROM, "--config", config(
        'access "*" { write = {"anybody from local"} }'))
    vm = vspcd.new_vm("web").identify()
    vm.port = int(vspcd.wait_event(words.VM_CONNECTED)["port"])
    for first in balancer.unix_socket(), balancer.text("127.0.0.1", 40001):
        client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                         source=BALANCER, first=first))
        assert b"refused, you have no access here" in client.read_all()
    client = vspcd.telnet(vm)
    client.send(b"local")
    assert vm.read_until(b"local") == b"local"


@pytest.mark.parametrize("said, reason", [
    (b"\xff\xfb\xe8", "it did not begin with a PROXY header"),
    (Tls().hello(), "it did not begin with a PROXY header"),
    (b"reboot\r", "it did not begin with a PROXY header"),
    (b"PROXY TCP4 192.0.2.1\r\n", "its PROXY header is malformed"),
    (balancer.SIGNATURE + b"\x21\x11\xff\xff",
     "its PROXY header is longer than 2,064 bytes"),
], ids=["telnet", "tls", "raw", "malformed", "long"])
@pytest.mark.parametrize("side", ["vm", "client"])
def test_a_balancer_without_a_header(start_vspcd, said, reason, side):
    vspcd = start_vspcd(*FROM)
    vm = vspcd.vm("web")
    address = vspcd.proxy if side == "vm" else vspcd.console_address(vm.port)
    peer = Peer(dial(address, source=BALANCER, first=said))
    peer.wait_closed()
    vspcd.wait_event(words.PROXY_HEADER_REFUSED, side=side, peer=peer.address,
                     reason=reason)
    peer.close()
    vspcd.check_works()
    assert_nothing_typed(vspcd, vm)


def test_a_header_that_does_not_come(start_vspcd):
    """It has 3 s; whoever says nothing at all has only looked."""
    vspcd = start_vspcd(*FROM)
    late = Peer(dial(vspcd.proxy, source=BALANCER, first=b"PROXY TCP4 1"))
    gone = Peer(dial(vspcd.proxy, source=BALANCER, first=b"PROXY TCP4 1"))
    gone.close()
    closed = "it closed the connection within its PROXY header"
    vspcd.wait_event(words.PROXY_HEADER_REFUSED, peer=gone.address,
                     reason=closed)
    start = time.monotonic()
    late.wait_closed()
    assert time.monotonic() - start < 10
    vspcd.wait_event(words.PROXY_HEADER_REFUSED, peer=late.address,
                     reason="its PROXY header did not come within 3 s")
    late.close()


def test_the_oldest_makes_room(start_vspcd):
    vspcd = start_vspcd(*FROM, "--unidentified-limit", "5")
    waiting = [vspcd.keep(Peer(dial(vspcd.proxy, source=BALANCER)))
               for _ in range(6)]
    waiting[0].wait_closed()
    has = vspcd.wait_event(words.PROXY_HEADER_REFUSED,
                           peer=waiting[0].address)
    assert "--unidentified-limit" in has["reason"]
    assert_both_ways(vm := vm_behind(vspcd, balancer.text),
                     vspcd.telnet(vm))


@pytest.mark.parametrize("said", [b"", balancer.UNKNOWN, balancer.LOCAL],
                         ids=["nothing", "v1", "v2"])
def test_a_check_is_nobody(start_vspcd, said):
    """No client, no VM, no line of its own; closed when it ends."""
    vspcd = start_vspcd(*FROM)
    vm = vspcd.vm("web")
    for address in vspcd.proxy, vspcd.console_address(vm.port):
        peer = Peer(dial(address, source=BALANCER, first=said))
        peer.sock.shutdown(socket.SHUT_WR)
        assert peer.read_all() == b""
        assert peer.address not in "".join(vspcd.lines)
        peer.close()
    assert not vspcd.events(words.CLIENT_CONNECTED)
    assert not vspcd.events(words.PROXY_HEADER_REFUSED)
    vspcd.stop()
    assert [has["count"] for has in vspcd.events(
        words.CONNECTION_CHECKS, peer=BALANCER)] == ["2"]


@pytest.mark.parametrize("header", HEADERS)
def test_who_speaks_for_itself_is_nobody(start_vspcd, header):
    """As HAProxy's checks do with version 1."""
    vspcd = start_vspcd(*FROM)
    peer = Peer(dial(vspcd.proxy, source=BALANCER))
    peer.send(header(*peer.sock.getsockname()))
    peer.sock.shutdown(socket.SHUT_WR)
    assert peer.read_all() == b""
    assert peer.address not in "".join(vspcd.lines)
    peer.close()


@pytest.mark.parametrize("header", HEADERS)
def test_others_are_not_believed(start_vspcd, header):
    """On a console's port a header would be typed; the answer says why it is
    not, and so does the log."""
    vspcd = start_vspcd(*FROM)
    vm = vspcd.vm("web")
    setting = "--proxy-protocol-from"
    client = vspcd.keep(RawClient(vspcd.console_address(vm.port)))
    client.send(header(PERSON, 50001) + b"reboot\r")
    assert setting.encode() in client.read_all()
    assert setting in vspcd.wait_event(words.CLIENT_REFUSED,
                                       peer=client.address)["reason"]
    host = vspcd.keep(Peer(dial(vspcd.proxy, first=header(HOST, 40112))))
    host.wait_closed()
    assert setting in vspcd.wait_event(words.CONNECTION_CLOSED,
                                       peer=host.address)["reason"]
    vspcd.check_works()
    assert_nothing_typed(vspcd, vm)
    assert PERSON not in "".join(vspcd.lines)


def test_a_listener_of_a_service_uri(start_vspcd):
    vspcd = start_vspcd(*FROM, "--service-listen", "*:*")
    port = vspcd.ports.base + 80
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{port}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console=vm.console)
    peer = vspcd.keep(Peer(dial(("127.0.0.1", port), source=BALANCER,
                                first=balancer.text(PERSON, 50001))))
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=f"{PERSON}:50001")
    peer.send(b"\xff\xfb\0")
    assert vm.read_exactly(3) == b"\xff\xfb\0"


def test_the_console_goes_while_a_header_is_awaited(start_vspcd):
    vspcd = start_vspcd(*FROM, "--vm-expire-time", "1")
    vm = vspcd.vm("web")
    peer = vspcd.keep(Peer(dial(vspcd.console_address(vm.port),
                                source=BALANCER, first=b"PROXY ")))
    eventually(lambda: unread(peer) == 0, "vspcd to read")
    vm.close()
    peer.wait_closed()
    vspcd.check_works()


def test_sighup(start_vspcd, config):  # noqa: F811 (the fixture)
    path = config(EVERYBODY)
    vspcd = start_vspcd("--config", path)
    assert_both_ways(vspcd.vm("before", source=BALANCER),
                     vspcd.telnet(vspcd.port_of("before")))
    config(EVERYBODY + f'proxy-protocol-from = {{"{BALANCER}"}}\n')
    hup(vspcd)
    vm = vm_behind(vspcd, balancer.text)
    config(EVERYBODY)
    hup(vspcd)
    assert_both_ways(vm, vspcd.telnet(vm, source=BALANCER))


def test_haproxy(start_vspcd, start_process, need, tmp_path):
    """The real thing, with TLS inside; and its health checks."""
    program = need("haproxy")
    vspcd = start_vspcd("--proxy-protocol-from", "127.0.0.1", "--client-tls",
                        "telnets")
    direct = vspcd.new_vm("direct", source=BALANCER).identify()
    port = vspcd.wait_event(words.VM_CONNECTED, peer=direct.address)["port"]
    ours = [vspcd.ports.take() for _ in range(2)]
    config_file = tmp_path / "haproxy.cfg"
    config_file.write_text(
        "global\n  log stdout format raw daemon\n"
        "defaults\n  log global\n  option log-health-checks\n"
        "  mode tcp\n  timeout connect 5s\n  timeout client 1h\n"
        "  timeout server 1h\n"
        f"listen vms\n  bind 127.0.0.1:{ours[0]}\n"
        f"  server a {vspcd.proxy[0]}:{vspcd.proxy[1]} send-proxy check "
        "inter 50\n"
        f"listen console\n  bind 127.0.0.1:{ours[1]}\n"
        f"  server a {vspcd.proxy[0]}:{port} send-proxy-v2 check inter 50\n")
    haproxy = start_process([program, "-db", "-f", str(config_file)])
    for _ in range(2):  # from here on it listens, and has checked once
        while b"succeeded" not in (line := haproxy.stdout.readline()):
            assert line
    vm = vspcd.keep(type(direct)(("127.0.0.1", ours[0]), "behind",
                                 source="127.0.0.9", tls=Tls())).identify()
    assert vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    client = vspcd.keep(TelnetClient(("127.0.0.1", ours[1]), tls=Tls(),
                                     source="127.0.0.9")).greet()
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address,
                     console="direct")
    assert_both_ways(direct, client)
    haproxy.kill()
    vspcd.stop()
    assert not vspcd.events(words.PROXY_HEADER_REFUSED)
    assert len(vspcd.events(words.CLIENT_CONNECTED)) == 1
    assert int(vspcd.events(words.CONNECTION_CHECKS, peer="127.0.0.1")[0][
        "count"]) >= 2
