"""Service URIs that have vspcd connect to a remote system (direction 'C'):
schemes, rules, tries and pauses, what becomes of it as the VM goes and comes."""

import random
import socket
import threading
import time

import pytest

from harness import words
from harness import wire
from harness.remote import TelnetRemote, server_context
from harness.streams import MIB, assert_both_ways, assert_same

RULE = ("--service-connect", "*:*",
        "--service-connect", "localhost:*")
EVERY_BYTE = bytes(range(256))
TRIED_AGAIN = words.SERVICE_FAILED
CONNECTED = words.SERVICE_CONNECTED


def call(vspcd, uri, name="web", **options):
    return vspcd.vm(name, uri=uri, direction=b"C", **options)


def check_raw(vm, peer):
    """The remote first: then it is attached, and hears what the VM says."""
    peer.send(b"\xff\xfd\1" + EVERY_BYTE)
    assert vm.read_exactly(259) == b"\xff\xfd\1" + EVERY_BYTE
    vm.send(EVERY_BYTE)
    assert peer.read_exactly(256) == EVERY_BYTE
    assert not peer.data


@pytest.mark.parametrize("scheme, host", [
    ("", "127.0.0.1"), ("tcp://", "127.0.0.1"), ("tcp4://", "127.0.0.1"),
    ("tcp://", "localhost"), ("tcp4://", "localhost"), ("tcp6://", "::1"),
    ("tcp://", "::1")])
def test_raw(start_vspcd, remote, scheme, host):
    vspcd = start_vspcd(*RULE)
    listener = remote(host="::1" if ":" in host else "127.0.0.1")
    shown = f"[{host}]" if ":" in host else host
    vm = call(vspcd, f"{scheme}{shown}:{listener.port}")
    check_raw(vm, listener.accept())
    vspcd.wait_event(CONNECTED, console="web", tls="none")


@pytest.mark.parametrize("scheme, host", [
    ("ssl", "127.0.0.1"), ("tcp+ssl", "localhost"),
    ("tcp4+ssl", "127.0.0.1"), ("tcp6+ssl", "[::1]")])
def test_raw_in_tls(start_vspcd, remote, certificates, scheme, host):
    vspcd = start_vspcd(*RULE)
    listener = remote(host=host.strip("[]").replace("localhost", "127.0.0.1"),
                      tls=server_context(certificates.server))
    vm = call(vspcd, f"{scheme}://{host}:{listener.port}")
    check_raw(vm, listener.accept())
    assert vspcd.wait_event(CONNECTED)["tls"].startswith("TLSv1.3")


def test_telnet(start_vspcd, remote):
    """As a telnet client: offers BINARY and SGA, no echo, and not a word."""
    vspcd = start_vspcd(*RULE)
    listener = remote(TelnetRemote)
    vm = call(vspcd, f"telnet://127.0.0.1:{listener.port}")
    peer = listener.accept().greet()
    assert_both_ways(vm, peer)
    assert peer.negotiation == [
        (wire.WILL, wire.AUTHENTICATION), (wire.WILL, wire.BINARY),
        (wire.DO, wire.BINARY), (wire.WILL, wire.SGA), (wire.DO, wire.SGA)]
    peer.send_wire(wire.command(wire.AYT))
    vm.send_wire(wire.command(wire.BRK))
    peer.wait(lambda: wire.BRK in peer.commands, "the break")
    assert not peer.data


def test_telnet_goes_over_to_tls(start_vspcd, remote, certificates):
    vspcd = start_vspcd(*RULE)
    listener = remote(TelnetRemote,
                      upgrade=server_context(certificates.server))
    vm = call(vspcd, f"telnet://127.0.0.1:{listener.port}")
    vm.send(b"first words")
    peer = listener.accept().greet()
    peer.read_until(b"first words")
    assert b"first words" not in peer.clear
    assert_both_ways(vm, peer)
    assert vspcd.wait_event(CONNECTED)["tls"].startswith("TLSv1.3")


def test_telnets(start_vspcd, remote, certificates):
    vspcd = start_vspcd(*RULE)
    listener = remote(TelnetRemote, tls=server_context(certificates.server))
    vm = call(vspcd, f"telnets://127.0.0.1:{listener.port}")
    assert_both_ways(vm, listener.accept().greet())


def test_telnet_towards_what_is_none(start_vspcd, remote):
    """It answers nothing: served in the clear after a while."""
    vspcd = start_vspcd(*RULE)
    listener = remote()
    vm = call(vspcd, f"telnet://127.0.0.1:{listener.port}")
    peer = listener.accept()
    peer.send(b"root\r\n")
    vm.read_until(b"root\r")
    vm.send(b"login: ")
    peer.read_until(b"login: ")


def test_rules(start_vspcd, remote):
    listener = remote()
    vspcd = start_vspcd("--service-connect", f"127.0.0.1:{listener.port}",
                        "--service-connect", "*.example.org:23")
    for uri in (f"127.0.0.2:{listener.port}", f"localhost:{listener.port}",
                "127.0.0.1:22", "telnet://example.org",
                f"tcp://[::ffff:127.0.0.1]:{listener.port}", "vspc://web"):
        vm = vspcd.new_vm("web", uri=uri, direction=b"C")
        vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
        has = vspcd.wait_event(words.VM_REFUSED, uri=uri)
        assert has["reason"].startswith(
            "direction 'C' (client): no rule allows this connection")
    check_raw(call(vspcd, f"tcp://127.0.0.1:{listener.port}"),
              listener.accept())


@pytest.mark.parametrize("direction", [b"C", b"S"])
@pytest.mark.parametrize("uri, shown", [
    ("telnet://admin:hunter2@192.0.2.1:23", "telnet://***@192.0.2.1:23"),
    ("admin:hunter2@192.0.2.1:23", "***@192.0.2.1:23"),
    ("https://192.0.2.1/hunter2", "https://192.0.2.1/***"),
    ("ssl://192.0.2.1:23#password=hunter2", "ssl://192.0.2.1:23#***"),
    ("ssl://192.0.2.1:23#cipherList=HIGH&peerName=hunter2",
     "ssl://192.0.2.1:23#***"),
])
def test_secrets_of_a_refused_uri_are_not_logged(vspcd, direction, uri, shown):
    vm = vspcd.new_vm("web", uri=uri, direction=direction)
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    assert vspcd.wait_event(words.VM_REFUSED)["uri"] == shown
    assert "hunter2" not in vspcd.log


def test_no_rules_no_connections(vspcd, remote):
    listener = remote()
    vm = vspcd.new_vm("web", uri=f"127.0.0.1:{listener.port}", direction=b"C")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    assert not listener.is_called()


def test_ciphers_that_nobody_knows_are_refused_each_time(start_vspcd, remote):
    """The second time took the first one's word that all was well."""
    vspcd = start_vspcd(*RULE)
    listener = remote()
    uri = f"ssl://127.0.0.1:{listener.port}#cipherList=NOSUCH"
    for _ in range(2):
        vm = vspcd.new_vm("web", uri=uri, direction=b"C")
        vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
        vm.close()
    assert vspcd.wait_event(words.VM_REFUSED, uri=uri.replace(
        "cipherList=NOSUCH", "***"))[
        "reason"].startswith("authentication parameters: no cipher of 'NOSUCH'")
    vspcd.check_works()


# Tries and pauses.

def test_a_remote_that_comes_up_later(start_vspcd, remote):
    """Its refusals are one line in the log."""
    vspcd = start_vspcd(*RULE)
    port = vspcd.ports.base + 80
    vm = call(vspcd, f"127.0.0.1:{port}")
    has = vspcd.wait_event(TRIED_AGAIN)
    assert has["reason"] == f"127.0.0.1:{port}: Connection refused"
    assert has["uri"] == f"tcp://127.0.0.1:{port}"
    time.sleep(1.2)  # two more tries
    listener = remote(port=port)
    check_raw(vm, listener.accept())
    vspcd.wait_event(CONNECTED)
    assert len(vspcd.events(TRIED_AGAIN)) == 1


def test_a_remote_that_closes_is_called_again(start_vspcd, remote):
    """One that does so each time is told of once."""
    vspcd = start_vspcd(*RULE)
    listener = remote()
    vm = call(vspcd, f"127.0.0.1:{listener.port}")
    for _ in range(3):
        listener.accept().close()
    check_raw(vm, listener.accept())
    assert vspcd.wait_event(TRIED_AGAIN)["reason"] == \
        "closed by the remote system"
    assert len(vspcd.events(TRIED_AGAIN)) == 1
    assert len(vspcd.events(CONNECTED)) == 1
    assert not vspcd.events(words.CLIENT_CONNECTED)


def test_what_the_vm_says_before_it_is_there(start_vspcd, remote):
    """Is kept for it, and what it says between two connections."""
    vspcd = start_vspcd(*RULE)
    port = vspcd.ports.base + 80
    vm = call(vspcd, f"127.0.0.1:{port}")
    vspcd.wait_event(TRIED_AGAIN)
    vm.send(b"booting, ")
    listener = remote(port=port)
    peer = listener.accept()
    vm.send(b"login: ")
    assert peer.read_exactly(16) == b"booting, login: "
    peer.close()
    vspcd.wait_event(TRIED_AGAIN, reason="closed by the remote system")
    vm.send(b"still here")
    assert listener.accept().read_exactly(10) == b"still here"


def test_another_reason_is_another_line(start_vspcd, remote):
    vspcd = start_vspcd(*RULE)
    listener = remote()
    call(vspcd, f"127.0.0.1:{listener.port}")
    peer = listener.accept()
    vspcd.wait_event(CONNECTED)
    peer.reset()
    vspcd.wait_event(TRIED_AGAIN, reason="the connection was reset")
    listener.close()
    vspcd.wait_event(
        TRIED_AGAIN,
        reason=f"127.0.0.1:{listener.port}: Connection refused")


def test_the_vm_goes_and_comes(start_vspcd, remote):
    """Its last words arrive; without it nobody is called; with it again."""
    vspcd = start_vspcd(*RULE)
    listener = remote(receive_buffer=4096)
    uri = f"127.0.0.1:{listener.port}"
    vm = call(vspcd, uri)
    peer = listener.accept()
    vspcd.wait_service("web", "connected")
    last = random.Random(5).randbytes(60000)
    vm.send(last)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web")
    assert_same(peer.read_all(), last)
    time.sleep(0.7)
    assert not listener.is_called()
    vspcd.wait_service("web", "idle")
    assert not vspcd.events(TRIED_AGAIN)
    vm = vspcd.new_vm("web", vm.uuid, uri=uri, direction=b"C").identify()
    check_raw(vm, listener.accept())


def test_a_vm_that_is_back_at_once(start_vspcd, remote):
    """While its last words are still on their way: then anew."""
    vspcd = start_vspcd(*RULE)
    listener = remote(receive_buffer=4096)
    uri = f"127.0.0.1:{listener.port}"
    vm = call(vspcd, uri)
    peer = listener.accept()
    vspcd.wait_service("web", "connected")
    said = random.Random(6).randbytes(2 * MIB)
    threading.Thread(target=vm.send, args=(said,), daemon=True).start()
    peer.read_exactly(10000)
    back = vspcd.new_vm("web", vm.uuid, uri=uri, direction=b"C").identify()
    vspcd.wait_event(words.VM_CONNECTED, peer=back.address)
    back.send(b"I am back")
    peer.read_until(b"I am back")  # it was never gone
    assert not listener.is_called()


def test_other_parameters_are_another_connection(start_vspcd, remote,
                                                 certificates):
    vspcd = start_vspcd(*RULE)
    listener = remote(tls=server_context(certificates.server))
    uri = f"ssl://127.0.0.1:{listener.port}"
    vm = call(vspcd, uri)
    first = listener.accept()
    again = vspcd.new_vm("web", vm.uuid, uri=uri + "#cipherList=HIGH",
                         direction=b"C").identify()
    second = listener.accept()
    first.wait_closed()
    check_raw(again, second)


def test_it_stays_through_vmotion(start_vspcd, remote):
    vspcd = start_vspcd(*RULE)
    listener = remote()
    vm = call(vspcd, f"127.0.0.1:{listener.port}")
    peer = listener.accept()
    vm.begin()
    peer.send(b"typed meanwhile")
    destination = vspcd.destination(vm).join()
    destination.complete()
    assert destination.read_exactly(15) == b"typed meanwhile"
    check_raw(destination, peer)
    assert not listener.is_called()
    assert len(vspcd.events(CONNECTED)) == 1


def test_a_slow_remote_loses_nothing(start_vspcd, remote):
    """It holds the VM back; 16 MiB."""
    vspcd = start_vspcd(*RULE)
    listener = remote(receive_buffer=65536)
    vm = call(vspcd, f"127.0.0.1:{listener.port}")
    peer = listener.accept()
    vspcd.wait_service("web", "connected")
    said = random.Random(7).randbytes(16 * MIB)
    sender = threading.Thread(target=vm.send, args=(said,), daemon=True)
    sender.start()
    for _ in range(5):
        time.sleep(0.1)
        peer.read_exactly(1)
    assert sender.is_alive()
    peer.read_for(0)
    got = bytes(peer.data)
    assert_same(got, said[5:5 + len(got)])
    peer.wait(lambda: len(peer.data) >= len(said) - 5, "all of it", 60)
    assert_same(bytes(peer.data), said[5:])
    sender.join()


def test_a_vm_that_does_not_read_holds_the_remote_back(start_vspcd, remote):
    vspcd = start_vspcd(*RULE)
    listener = remote()
    vm = call(vspcd, f"127.0.0.1:{listener.port}", receive_buffer=65536)
    peer = listener.accept()
    said = random.Random(8).randbytes(16 * MIB)
    sender = threading.Thread(target=peer.send, args=(said,), daemon=True)
    sender.start()
    time.sleep(0.3)
    assert sender.is_alive()
    vm.wait(lambda: len(vm.data) >= len(said), "all of it", 60)
    assert_same(bytes(vm.data), said)
    sender.join()


# The end.

def test_the_end_with_a_call_under_way(start_vspcd):
    """Nobody answers: its backlog is full."""
    vspcd = start_vspcd(*RULE)
    with socket.socket() as deaf, socket.socket() as a, socket.socket() as b:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for filler in (a, b):
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        call(vspcd, "127.0.0.1:%d" % deaf.getsockname()[1])
        vspcd.wait_service("web", "connecting")
        vspcd.stop()


def test_the_end_with_a_handshake_under_way(start_vspcd, remote):
    vspcd = start_vspcd(*RULE)
    listener = remote()
    call(vspcd, f"ssl://127.0.0.1:{listener.port}")
    listener.accept().wait(lambda: True, "")
    vspcd.stop()


def test_the_end_of_a_connection_says_nothing(start_vspcd, remote):
    vspcd = start_vspcd(*RULE)
    listener = remote(TelnetRemote)
    vm = call(vspcd, f"telnet://127.0.0.1:{listener.port}")
    peer = listener.accept().greet()
    assert_both_ways(vm, peer)
    vspcd.stop()
    assert peer.read_all() == b""
