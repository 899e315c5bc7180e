"""Urgent data (TCP URG). Telnet's SYNCH is IAC DM with DM as the urgent byte
(RFC 854): in its place in the stream, nothing is lost and nothing invented."""

import socket

import pytest

from harness import words
from harness import wire
from harness.net import Listener, TelnetPeer
from harness.remote import TelnetRemote

SYNCH = b"\xff\xf2"


def say_synch(peer, then=b""):
    """As telnet's "send synch" does, and in.telnetd after Ctrl-C."""
    peer.sock.send(SYNCH, socket.MSG_OOB)
    peer.send_wire(then)


@pytest.fixture(name="attached")
def _attached(vspcd):
    vm = vspcd.vm()
    return vm, vspcd.telnet(vm)


def test_a_clients_synch_takes_nothing_with_it(attached):
    vm, client = attached
    client.send(b"ab")
    assert vm.read_exactly(2) == b"ab"
    say_synch(client, b"root\r")
    client.send(b".")
    assert vm.read_until(b".").replace(b"\0", b"") == b"root\r."


def test_all_in_one_go(attached):
    vm, client = attached
    client.send_wire(b"ab")
    say_synch(client, b"root\r")
    client.send(b".")
    assert vm.read_until(b".").replace(b"\0", b"") == b"abroot\r."


def test_an_answer_behind_a_synch_is_not_typed(attached):
    """DO TIMING-MARK, as telnet sends it with AO."""
    vm, client = attached
    say_synch(client, wire.do(6))
    client.send(b".")
    assert vm.read_until(b".") == b"."
    client.wait(lambda: (wire.WONT, 6) in client.negotiation, "WONT 6")


def test_synchs_without_end(attached):
    vm, client = attached
    for n in range(200):
        say_synch(client)
        client.send(b"%d\n" % n)
    expected = b"".join(b"%d\n" % n for n in range(200))
    assert vm.read_exactly(len(expected)) == expected


def test_a_raw_clients_urgent_byte_stays_in_the_stream(vspcd):
    vm = vspcd.vm()
    client = vspcd.raw(vm)
    client.send(b"ab")
    client.sock.send(b"cd", socket.MSG_OOB)
    client.send(b"ef")
    assert vm.read_exactly(6) == b"abcdef"


def test_a_remote_systems_synch(start_vspcd, remote):
    """in.telnetd's answer to Ctrl-C; vspcd has dialled it."""
    vspcd = start_vspcd("--service-connect", "*:*",
                        "--service-connect", "localhost:*")
    listener = remote(TelnetRemote)
    vm = vspcd.vm("web", uri=f"telnet://127.0.0.1:{listener.port}",
                  direction=b"C")
    peer = listener.accept().greet()
    peer.send(b"ab")
    say_synch(peer, b"root\r")
    peer.send(b".")
    assert vm.read_until(b".").replace(b"\0", b"") == b"abroot\r."


def test_a_vms_synch(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send(b"ab")
    say_synch(vm, b"login: ")
    assert client.read_until(b": ") == b"ablogin: "


@pytest.fixture(name="listener")
def _listener():
    listener = Listener()
    yield listener
    listener.close()


def test_the_synch_of_a_system_behind_vspc_vm(vspcd, start_vm, listener):
    start_vm(vspcd, "--connect", f"telnet:127.0.0.1:{listener.port}")
    peer = TelnetPeer(listener.accept())
    peer.wait(lambda: len(peer.negotiation) == 3, "what it asks for")
    peer.send_wire(wire.do(wire.BINARY) + wire.will(wire.BINARY))
    has = vspcd.wait_event(words.VM_CONNECTED)
    client = vspcd.telnet(int(has["port"]))
    peer.send(b"^C")
    say_synch(peer, b"\r\n$ ")
    assert client.read_until(b"$ ") == b"^C\r\n$ "
    peer.close()
