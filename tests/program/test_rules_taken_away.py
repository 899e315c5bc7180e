"""SIGHUP takes rules away: what they no longer allow ends, everything else
stays, and rules that come back begin what they allow."""


import pytest

from harness import words
from harness.net import Peer, can_bind, dial, eventually
from harness.streams import assert_both_ways
from harness.tls import Tls
from harness.vm import Vm
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

OTHER = "127.0.0.2"


def closed(vspcd, **counts):
    return vspcd.wait_event(words.RELOAD_ALLOWED,
                            **{f"closed-{kind}": count
                               for kind, count in counts.items()})


@pytest.fixture
def calling(start_vspcd, config, remote):  # noqa: F811
    """A VM whose service URI has led to a remote system."""
    listener = remote()
    rule = f"service-connect = \"127.0.0.1:{listener.port}\"\n"
    vspcd = start_vspcd("--config", config(rule))
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{listener.port}",
                  direction=b"C")
    return vspcd, config, rule, vm, listener


def test_a_connection_ends_and_is_not_made_again(calling):
    vspcd, config, rule, vm, listener = calling  # noqa: F811
    peer = listener.accept()
    peer.send(b"hello")
    vm.read_until(b"hello")
    config("")
    hup(vspcd)
    closed(vspcd, vms=0, clients=0, services=1)
    assert peer.read_all() == b""
    has = vspcd.wait_event(words.SERVICE_REFUSED, console="web")
    assert "no rule allows this connection" in has["reason"]
    vspcd.wait_service("web", "refused")
    vm.send(b"not for the remote system")
    hup(vspcd)
    assert not listener.is_called()
    assert len(vspcd.events(words.SERVICE_REFUSED)) == 1

    config(rule)
    hup(vspcd)
    peer = listener.accept()
    vm.send(b"for it")
    assert peer.read_exactly(6) == b"for it"
    vspcd.check_works()


def test_a_failing_connection_is_tried_no_more(calling):
    vspcd, config, rule, _, listener = calling  # noqa: F811
    listener.accept()
    listener.close()
    eventually(lambda: vspcd.events(words.SERVICE_FAILED, console="web"),
               "a try that failed")
    config("")
    hup(vspcd)
    vspcd.wait_service("web", "refused")
    config(rule)
    hup(vspcd)
    vspcd.wait_service("web", "waiting")


def test_a_listener_ends_with_its_clients(start_vspcd, config):  # noqa: F811
    vspcd = start_vspcd("--config", config("service-listen = \"*:*\"\n"))
    address = ("127.0.0.1", vspcd.ports.base + 80)
    vm = vspcd.vm("web", uri=f"tcp://{address[0]}:{address[1]}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console="web")
    guest = vspcd.keep(Peer(dial(address)))
    client = vspcd.telnet(vm)
    guest.send(b"typed")
    vm.read_until(b"typed")
    config("service-listen = \"*:1\"\n")
    hup(vspcd)
    closed(vspcd, vms=0, clients=1, services=1)
    guest.wait_closed()
    assert can_bind(address[1])
    assert_both_ways(vm, client)

    config("service-listen = \"*:*\"\n")
    hup(vspcd)
    eventually(lambda: not can_bind(address[1]), "the listener")


def test_a_listener_that_was_for_more_addresses(start_vspcd,
                                                config):  # noqa: F811
    """It is opened again where the rules are now, without who came there."""
    vspcd = start_vspcd("--config", config("service-listen = \"any:*\"\n"))
    port = vspcd.ports.base + 80
    vm = vspcd.vm("web", uri=f"tcp4://:{port}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, address=f"0.0.0.0:{port}")
    guest = vspcd.keep(Peer(dial((OTHER, port))))
    guest.send(b"typed")
    vm.read_until(b"typed")
    config("service-listen = \"*:*\"\n")
    hup(vspcd)
    closed(vspcd, vms=0, clients=1, services=1)
    guest.wait_closed()
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED,
                     address=f"127.0.0.1:{port}")
    with pytest.raises(ConnectionRefusedError):
        dial((OTHER, port))
    client = vspcd.keep(Peer(dial(("127.0.0.1", port))))
    client.send(b"typed again")
    vm.read_until(b"typed again")


def test_a_raw_listener_ends_when_tls_is_required(start_vspcd,
                                                  config):  # noqa: F811
    rules = "service-listen = \"*:*\"\n"
    vspcd = start_vspcd("--config",
                        config(rules + "client-tls = offered\n"))
    port = vspcd.ports.base + 80
    vspcd.vm("web", uri=f"tcp://:{port}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console="web")
    guest = vspcd.keep(Peer(dial(("127.0.0.1", port))))
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=guest.address)
    config(rules + "client-tls = required\n")
    hup(vspcd)
    closed(vspcd, vms=0, clients=1, services=1)
    guest.wait_closed()
    has = vspcd.wait_event(words.SERVICE_REFUSED, console="web")
    assert has["reason"].startswith("clients must use TLS")


def test_a_null_modem_ends(start_vspcd, config):  # noqa: F811
    rule = "service-connect = \"vspc://b\"\n"
    vspcd = start_vspcd("--config", config(rule))
    b = vspcd.vm("b")
    a = vspcd.vm("web", uri="vspc://b", direction=b"C")
    vspcd.wait_event(words.NULL_MODEM)
    config("service-connect = \"vspc://c\"\n")
    hup(vspcd)
    closed(vspcd, services=1)
    vspcd.wait_service("web", "refused")
    assert_both_ways(a, vspcd.telnet(a))
    config(rule)
    hup(vspcd)
    eventually(lambda: len(vspcd.events(words.NULL_MODEM)) == 2, "a new one")
    a.send(b"to b")
    assert b.read_exactly(4) == b"to b"


def test_addresses_are_judged_anew(start_vspcd, config):  # noqa: F811
    """VMs and newcomers are closed, telnet clients are told why."""
    vspcd = start_vspcd("--config", config(""))
    gone = vspcd.vm("gone", source=OTHER)
    newcomer = vspcd.keep(Vm(vspcd.proxy, source=OTHER))
    vm = vspcd.vm("web")
    client, raw = vspcd.telnet(vm, source=OTHER), vspcd.raw(vm, source=OTHER)
    stays = vspcd.telnet(vm)
    vm.send(b"last words")
    for one in (client, raw, stays):
        one.read_until(b"last words")
    config("vm-allow = \"127.0.0.1\"\nclient-allow = \"127.0.0.1\"\n")
    hup(vspcd)
    closed(vspcd, vms=2, clients=2, services=0)
    gone.wait_closed()
    newcomer.wait_closed()
    assert client.read_all().endswith(
        b"[vspcd: web: connections from this address are no longer allowed]"
        b"\r\n")
    assert raw.read_all() == b""
    vspcd.wait_event(words.VM_DISCONNECTED, console="gone",
                     reason="the address is no longer in --vm-allow")
    assert_both_ways(vm, stays)


def test_clients_that_are_not_served_yet_are_judged(start_vspcd,
                                                    config):  # noqa: F811
    vspcd = start_vspcd("--config", config("client-tls = required\n"))
    vm = vspcd.vm("web")
    silent = vspcd.keep(Peer(dial(vspcd.console_address(vm.port),
                                  source=OTHER)))
    config("client-tls = required\nclient-allow = \"127.0.0.1\"\n")
    hup(vspcd)
    closed(vspcd, clients=1)
    silent.wait_closed()
    assert_both_ways(vm, vspcd.telnet(vm, tls=Tls()))


def test_nothing_changes_for_nobody(start_vspcd, config):  # noqa: F811
    """Without rules that have changed, the log says nothing of them."""
    vspcd = start_vspcd("--config", config("vm-allow = \"127.0.0.1\"\n"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    config("vm-allow = \"127.0.0.1\"\nhold-time = 7\n")
    hup(vspcd)
    assert not vspcd.events(words.RELOAD_ALLOWED)
    config("vm-allow = {\"127.0.0.1\", \"::1\"}\n")
    hup(vspcd)
    closed(vspcd, vms=0, clients=0, services=0)
    assert_both_ways(vm, client)


