"""Service URIs that ask for a listener of the console's own (direction 'S'):
every scheme, the administrator's rules, addresses that are taken."""

import re
import socket

import pytest

from harness import words
from harness.clients import TelnetClient
from harness.net import Peer, can_bind, dial, eventually
from harness.streams import assert_both_ways
from harness.tls import Tls

RULE = ("--service-listen", "any:*")
STAR = ("--service-listen", "*:*")
EVERY_BYTE = bytes(range(256))
TRIED_AGAIN = words.SERVICE_LISTENER_FAILED


def port_of(vspcd, number=80):
    """One that is ours, away from those of the consoles."""
    return vspcd.ports.base + number


def wait_listening(vspcd, vm):
    has = vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console=vm.console)
    host, _, port = has["address"].rpartition(":")
    return host.strip("[]"), int(port)


def raw(vspcd, address, **how):
    """A connection, attached: raw ones are told nothing that shows it."""
    peer = vspcd.keep(Peer(dial(address, **how)))
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=peer.address)
    return peer


def check_raw(vspcd, vm, peer):
    """All bytes pass as they are, the first ones too, and none of ours."""
    vm.send(EVERY_BYTE)
    assert peer.read_exactly(256) == EVERY_BYTE
    peer.send(b"\xff\xfb\0" + EVERY_BYTE)
    assert vm.read_exactly(259) == b"\xff\xfb\0" + EVERY_BYTE
    assert not peer.data


@pytest.mark.parametrize("scheme", [
    "127.0.0.1", "tcp://127.0.0.1", "tcp4://127.0.0.1", "tcp6://[::1]",
    "[::1]", "tcp://", "tcp4://", "tcp6://"])
def test_raw(start_vspcd, scheme):
    vspcd = start_vspcd(*RULE)
    vm = vspcd.vm("web", uri=f"{scheme}:{port_of(vspcd)}")
    wait_listening(vspcd, vm)
    host = "::1" if "6" in scheme or "[" in scheme else "127.0.0.1"
    check_raw(vspcd, vm, raw(vspcd, (host, port_of(vspcd))))


@pytest.mark.parametrize("scheme", [
    "ssl://127.0.0.1", "tcp+ssl://", "tcp4+ssl://127.0.0.1",
    "tcp6+ssl://[::1]"])
def test_raw_in_tls(start_vspcd, scheme):
    vspcd = start_vspcd(*RULE)
    vm = vspcd.vm("web", uri=f"{scheme}:{port_of(vspcd)}")
    wait_listening(vspcd, vm)
    host = "::1" if "6" in scheme else "127.0.0.1"
    check_raw(vspcd, vm, raw(vspcd, (host, port_of(vspcd)), tls=Tls()))


@pytest.mark.parametrize("scheme, tls", [
    ("telnet", None), ("telnet", Tls(by_auth=True)), ("telnets", Tls())],
    ids=["telnet", "auth", "telnets"])
def test_telnet(start_vspcd, scheme, tls):
    vspcd = start_vspcd(*RULE)
    vm = vspcd.vm("web", uri=f"{scheme}://127.0.0.1:{port_of(vspcd)}")
    address = wait_listening(vspcd, vm)
    client = vspcd.keep(TelnetClient(address, tls=tls)).greet()
    assert_both_ways(vm, client)


def test_the_consoles_own_port_is_there_too(start_vspcd):
    vspcd = start_vspcd(*RULE)
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{port_of(vspcd)}")
    peer = raw(vspcd, wait_listening(vspcd, vm))
    client = vspcd.telnet(vm)
    vm.send(b"to both")
    client.read_until(b"to both")
    assert peer.read_exactly(7) == b"to both"


def test_without_other_ports_it_is_the_only_one(start_vspcd):
    vspcd = start_vspcd("--no-vm-ports", *RULE)
    vm = vspcd.new_vm("web", uri=f"tcp://127.0.0.1:{port_of(vspcd)}")
    vm.identify()
    has = vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console="web")
    assert has["uri"] == f"tcp://127.0.0.1:{port_of(vspcd)}"
    check_raw(vspcd, vm, raw(vspcd, ("127.0.0.1", port_of(vspcd))))


def test_ipv6_only_leaves_ipv4_to_others(start_vspcd):
    vspcd = start_vspcd(*RULE)
    six = vspcd.vm("six", uri=f"tcp6://:{port_of(vspcd)}")
    four = vspcd.vm("four", uri=f"tcp4://:{port_of(vspcd)}")
    wait_listening(vspcd, six)
    wait_listening(vspcd, four)
    check_raw(vspcd, six, raw(vspcd, ("::1", port_of(vspcd))))
    check_raw(vspcd, four, raw(vspcd, ("127.0.0.1", port_of(vspcd))))


def test_a_zone_is_an_interface(start_vspcd):
    vspcd = start_vspcd(*RULE)
    vm = vspcd.vm("web", uri=f"tcp://[::1%25lo]:{port_of(vspcd)}")
    wait_listening(vspcd, vm)
    vspcd.vm("other", uri=f"tcp://[fe80::1%25no]:{port_of(vspcd)}")
    assert vspcd.wait_event(TRIED_AGAIN, console="other")["reason"] == \
        "this system has no interface no"


def test_raw_listeners_hear_the_vm_and_nothing_else(start_vspcd):
    """No greeting, no notices: not when the VM goes, nor when we do."""
    vspcd = start_vspcd(*RULE)
    uri = f"tcp://127.0.0.1:{port_of(vspcd)}"
    vm = vspcd.vm("web", uri=uri)
    peer = raw(vspcd, wait_listening(vspcd, vm))
    vm.send(b"one ")
    peer.read_until(b"one ")
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web")
    again = vspcd.new_vm("web", vm.uuid, uri=uri).identify()
    eventually(lambda: len(vspcd.events(words.VM_CONNECTED)) == 2, "the VM")
    again.send(b"two")
    peer.read_until(b"two")
    peer.send(b"\xff\xf6")  # are you there? are two bytes
    assert again.read_exactly(2) == b"\xff\xf6"
    vspcd.stop()
    assert peer.read_all() == b""


def test_it_stays_through_vmotion(start_vspcd):
    vspcd = start_vspcd(*RULE)
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{port_of(vspcd)}")
    address = wait_listening(vspcd, vm)
    before = raw(vspcd, address)
    vm = vspcd.move(vm)
    check_raw(vspcd, vm, before)
    before.close()
    check_raw(vspcd, vm, raw(vspcd, address))
    assert len(vspcd.events(words.SERVICE_LISTENER_OPENED)) == 1


def test_a_taken_address_is_tried_again(start_vspcd):
    vspcd = start_vspcd(*RULE)
    port = port_of(vspcd)
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", port))
        taker.listen()
        vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{port}")
        assert vspcd.wait_event(TRIED_AGAIN)["reason"] == \
            "Address already in use"
        assert_both_ways(vm, vspcd.telnet(vm))
    check_raw(vspcd, vm, raw(vspcd, wait_listening(vspcd, vm)))
    assert len(vspcd.events(TRIED_AGAIN)) == 1


def test_two_vms_cannot_have_one_address(start_vspcd):
    vspcd = start_vspcd("--vm-expire-time", "1", *RULE)
    uri = f"tcp://127.0.0.1:{port_of(vspcd)}"
    first = vspcd.vm("first", uri=uri)
    wait_listening(vspcd, first)
    second = vspcd.vm("second", uri=uri)
    vspcd.wait_event(TRIED_AGAIN, console="second")
    first.close()  # its console goes a second later, and the address is free
    check_raw(vspcd, second, raw(vspcd, wait_listening(vspcd, second)))


def test_the_address_is_given_up_with_the_console(start_vspcd):
    vspcd = start_vspcd("--vm-expire-time", "1", *RULE)
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{port_of(vspcd)}")
    wait_listening(vspcd, vm)
    vm.close()
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="web")
    eventually(lambda: can_bind(port_of(vspcd)), "the port to be free")


REFUSED = {
    "tcp://127.0.0.1:1": "the service URI requests a listener of its own",
    "telnet://127.0.0.1": "the service URI requests a listener of its own",
    "tcp://0.0.0.0:{port}": "the service URI requests a listener",
    "tcp://:{port}": "the service URI requests a listener",
    "tcp://localhost:{port}": "a listener needs an address, not a name",
    "ssl://127.0.0.1:{port}#verify": "authentication parameters are for",
    "telnet://127.0.0.1:{port}#cipherList=HIGH": "authentication parameters",
    "tcp://127.0.0.1:{port}#verify": "parameters, but no TLS that they could",
}


def test_what_is_refused(start_vspcd):
    vspcd = start_vspcd("--service-listen", "127.0.0.1:12000-32000",
                        "--service-listen", "localhost:*")
    for number, (uri, reason) in enumerate(REFUSED.items()):
        uri = uri.format(port=port_of(vspcd))
        vm = vspcd.new_vm(f"vm-{number}", uri=uri)
        vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
        shown = re.sub("#.*", "#***", uri)
        has = vspcd.wait_event(words.VM_REFUSED, uri=shown)
        assert has["reason"].startswith(reason), (uri, has["reason"])
    assert not vspcd.events(words.SERVICE_LISTENER_OPENED)


# A VM opens no way that --interface and --client-tls keep closed.

# --interface, what a VM asks for under a rule for "*", where that is.
AT_THE_INTERFACE = [
    ("127.0.0.1", "tcp://:{port}", "127.0.0.1:{port}"),
    ("127.0.0.1", "tcp4://:{port}", "127.0.0.1:{port}"),
    ("127.0.0.1", "tcp://127.0.0.1:{port}", "127.0.0.1:{port}"),
    ("127.0.0.1", "tcp6://:{port}", None),
    ("127.0.0.1", "tcp://127.0.0.2:{port}", None),
    ("127.0.0.1", "tcp://0.0.0.0:{port}", None),
    ("127.0.0.1", "tcp://[::]:{port}", None),
    ("127.0.0.1", "tcp://[::1]:{port}", None),
    ("127.0.0.1", "tcp://[::ffff:127.0.0.2]:{port}", None),
    ("::1", "tcp://:{port}", "[::1]:{port}"),
    ("::1", "tcp://[0::1]:{port}", "[::1]:{port}"),
    ("::1", "tcp4://:{port}", None),
    ("0.0.0.0", "tcp://:{port}", "0.0.0.0:{port}"),
    ("0.0.0.0", "tcp://127.0.0.2:{port}", "127.0.0.2:{port}"),
    ("0.0.0.0", "tcp6://:{port}", None),
    ("::", "tcp://:{port}", "[::]:{port}"),
    ("::", "tcp4://:{port}", "0.0.0.0:{port}"),
    ("::", "tcp://127.0.0.2:{port}", "127.0.0.2:{port}"),
]


@pytest.mark.parametrize("interface, uri, at", AT_THE_INTERFACE)
def test_a_star_is_the_interface(start_vspcd, interface, uri, at):
    vspcd = start_vspcd(*STAR, "--interface", interface)
    port = port_of(vspcd)
    vm = vspcd.new_vm("web", uri=uri.format(port=port))
    if at is None:
        vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
        assert vspcd.wait_event(words.VM_REFUSED)["reason"].startswith(
            "a rule with * allows listeners at the address of --interface")
        return
    vm.identify()
    assert vspcd.wait_event(words.SERVICE_LISTENER_OPENED)["address"] == \
        at.format(port=port)


def test_another_address_needs_any_or_its_name(start_vspcd):
    vspcd = start_vspcd(*STAR, "--service-listen", "127.0.0.2:*")
    port = port_of(vspcd)
    wait_listening(vspcd, vspcd.vm("star", uri=f"tcp://:{port}"))
    named = vspcd.vm("named", uri=f"tcp://127.0.0.2:{port}")
    check_raw(vspcd, named, raw(vspcd, wait_listening(vspcd, named)))


@pytest.mark.parametrize("rules", [RULE, ("--service-listen", "127.0.0.1:*")])
@pytest.mark.parametrize("scheme", ["tcp", "tcp4"])
def test_raw_listeners_and_required_tls(start_vspcd, rules, scheme):
    """There is no TLS that could be required of them."""
    vspcd = start_vspcd(*rules, "--client-tls", "required")
    vm = vspcd.new_vm("web", uri=f"{scheme}://127.0.0.1:{port_of(vspcd)}")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    assert vspcd.wait_event(words.VM_REFUSED)["reason"].startswith(
        "clients must use TLS (--client-tls required)")


def test_telnet_listeners_and_required_tls(start_vspcd, certificates):
    vspcd = start_vspcd(*RULE, "--client-tls", "required", "--client-certs",
                        "required", "--client-ca", certificates.ca)
    vm = vspcd.vm("web", uri=f"telnet://127.0.0.1:{port_of(vspcd)}", tls=Tls())
    address = wait_listening(vspcd, vm)
    clear = vspcd.keep(Peer(dial(address)))
    clear.send(b"reboot\r")
    clear.wait_closed()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=clear.address)
    for by_auth in False, True:
        tls = Tls(by_auth=by_auth, pair=certificates.client)
        client = vspcd.keep(TelnetClient(address, tls=tls)).greet()
        assert_both_ways(vm, client)
    assert b"reboot" not in vm.data


def test_sigusr1_tells_of_it(start_vspcd):
    vspcd = start_vspcd(*RULE)
    uri = f"tcp+ssl://127.0.0.1:{port_of(vspcd)}"
    wait_listening(vspcd, vspcd.vm("web", uri=uri))
    vspcd.report()
    vspcd.wait_log(rf"console=web .*service={re.escape(uri)} "
                   r"service-state=listening$")
