"""COM-PORT-OPTION: floods, peers that do not read, and peers that leave or
switch it off in the middle of something."""

import concurrent.futures
import select
import time

import pytest

from harness import words
from harness import wire
from harness.comport import (ALL_ON, BAUDRATE, BREAK, BREAK_OFF, BREAK_ON,
                             CTS, DSR, DTR_OFF, DTR_ON, LINESTATE,
                             LINESTATE_MASK, MODEMSTATE, RTS_OFF, SIGNATURE,
                             SUSPEND, control, request)
from harness.streams import assert_both_ways

BRK = wire.command(wire.BRK)


@pytest.fixture
def pair(vspcd):
    vm = vspcd.vm("web").com_port()
    vm.ask(LINESTATE_MASK, BREAK)
    client = vspcd.telnet(vm).com_port()
    client.ask(LINESTATE_MASK, BREAK)
    vm.notices()
    return vm, client


@pytest.fixture(params=["client", "vm"])
def way(request, pair):
    """Sender and receiver; the sender is named."""
    vm, client = pair
    return (vm, client) if request.param == "vm" else (client, vm)


def line_state(peer):
    peer.notices(LINESTATE)
    return peer.ask(LINESTATE)


def send_and_read(peer, data, is_over, what):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(peer.send_wire, data)
        peer.wait(is_over, what)
        sent.result()


# Floods

@pytest.mark.parametrize("message, command", [
    (request(SIGNATURE), SIGNATURE),
    (request(BAUDRATE, 0xffffffff), BAUDRATE),
    (request(MODEMSTATE), MODEMSTATE),
], ids=["SIGNATURE", "BAUDRATE", "MODEMSTATE"])
def test_a_flood_of_requests_is_answered(way, vspcd, message, command):
    """Answers are longer than questions."""
    peer, _ = way
    peer.notices()
    send_and_read(peer, 30000 * message, lambda: len(peer.told) >= 30000,
                  "all answers")
    assert {said for said, _ in peer.told} == {command}
    assert len(peer.told) == 30000
    vspcd.check_works()


def test_a_long_signature(pair, vspcd):
    for peer in pair:
        assert peer.ask(SIGNATURE, b"\xff" * 8000).startswith(b"vspcd ")
    vspcd.report()
    assert max(map(len, vspcd.lines)) < 1000


@pytest.mark.parametrize("flood", [
    100000 * BRK, 30000 * (control(BREAK_ON) + control(BREAK_OFF)),
    30000 * (control(DTR_OFF) + control(DTR_ON))],
    ids=["BRK", "CONTROL", "DTR"])
def test_a_flood_for_a_peer_that_reads(way, vspcd, flood):
    sender, receiver = way
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(receiver.read_until, b"<end>")
        send_and_read(sender, flood + request(BAUDRATE, 0) + b"<end>",
                      lambda: (BAUDRATE, 9600) in sender.told, "its answer")
        assert other.result() == b"<end>"
    assert receiver.lines() == ALL_ON
    assert line_state(receiver) == 0
    vspcd.check_works()


def flood_from(sender, data, quiet=0.3):
    """Sends it until nothing goes on any more, because it was read or is not
    read. What is answered is dropped: this peer can read nothing after it."""
    left = memoryview(data)
    last = time.monotonic()
    sender.sock.setblocking(False)
    while time.monotonic() - last < quiet:
        readable, writable, _ = select.select(
            [sender.sock], [sender.sock] if left else [], [], 0.05)
        if readable:
            assert sender.sock.recv(1 << 18), "closed by vspcd"
        if writable:
            left = left[sender.sock.send(left[:65536]):]
        if readable or writable:
            last = time.monotonic()


@pytest.mark.parametrize("flood", [
    500000 * BRK, 400000 * (control(DTR_OFF) + control(DTR_ON))],
    ids=["BRK", "DTR"])
def test_no_client_ends_a_vm_that_does_not_read(vspcd, flood):
    """More notices than TCP takes: some are left out, or the client waits."""
    vm = vspcd.vm(receive_buffer=4096).com_port()
    client = vspcd.telnet(vm).com_port()
    assert vm.ask(LINESTATE_MASK, BREAK) == BREAK
    flood_from(client, flood)
    vspcd.report()
    assert not vspcd.events(words.VM_DISCONNECTED)
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    assert vm.lines() == DSR | CTS
    assert line_state(vm) == 0
    assert_both_ways(vm, vspcd.telnet(vm))


# Leaving in the middle of something

def off(peer):
    peer.send_wire(wire.wont(wire.COM_PORT))
    peer.sync()


def test_off_while_suspended(way):
    sender, receiver = way
    receiver.tell(SUSPEND)
    receiver.sync()
    sender.send(b"waits")
    sender.sync()
    receiver.send_wire(wire.wont(wire.COM_PORT))
    assert receiver.read_until(b"waits") == b"waits"
    assert_both_ways(sender, receiver)


def test_off_with_its_lines_off(way):
    """Who does not speak it counts as on."""
    sender, receiver = way
    sender.set(DTR_OFF, RTS_OFF)
    assert receiver.lines() == 0
    off(sender)
    assert receiver.lines() == ALL_ON


def test_off_in_a_break(way):
    sender, receiver = way
    sender.set(BREAK_ON)
    assert line_state(receiver) == BREAK
    off(sender)
    assert line_state(receiver) == 0


def test_a_vm_with_its_lines_off_comes_again_without_com_port(vspcd, pair):
    vm, client = pair
    vm.set(DTR_OFF, RTS_OFF)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    vspcd.vm("web", vm.uuid, offers=())
    assert client.lines() == ALL_ON


def test_a_vm_with_its_lines_off_moves_to_a_host_without_com_port(vspcd,
                                                                  pair):
    vm, client = pair
    vm.set(DTR_OFF, RTS_OFF)
    destination = vspcd.move(vm, offers=())
    assert client.lines() == ALL_ON
    assert_both_ways(destination, client)
