"""COM-PORT-OPTION: requests and their answers, and what each side has set.
docs/rfc2217.md has the rules."""

import time

import pytest

from harness import words
from harness import wire
from harness.comport import (ALL_ON, ANSWER, BAUDRATE, BREAK_OFF, BREAK_ON,
                             BREAK_STATE, CONTROL, CTS, DATASIZE, DCD, DSR,
                             DTR_OFF, DTR_ON, DTR_STATE, FLOW_STATE,
                             INBOUND_FLOW_STATE, LINESTATE, LINESTATE_MASK,
                             MODEMSTATE, MODEMSTATE_MASK, PARITY, PURGE,
                             RESUME, RTS_OFF, RTS_ON, RTS_STATE, SIGNATURE,
                             STOPSIZE, SUSPEND, request)
from harness.streams import assert_both_ways
from harness.vm import SILENT, esxi_uuid, new_uuid

EVERY_BYTE = bytes(range(256))


@pytest.fixture(params=["client", "vm"])
def peer(request, vspcd):
    """Somebody who asks, from each side of a console."""
    vm = vspcd.vm("web").com_port()
    if request.param == "vm":
        return vm
    return vspcd.telnet(vm).com_port()


# Requests and answers

def taken(command, *values):
    """Each is answered with itself, and is the state then."""
    return [(command, value, value) for one in values
            for value in (one, one)] + [(command, 0, values[-1])]


# Request, value, answer; in this order.
DIALOGUE = [
    (BAUDRATE, 0, 9600),
    *taken(BAUDRATE, 115200),
    *taken(BAUDRATE, 1),
    *taken(BAUDRATE, 4000000),
    *taken(BAUDRATE, 0xffffffff),
    (DATASIZE, 0, 8),
    *taken(DATASIZE, 5, 6, 7),
    (DATASIZE, 4, 7), (DATASIZE, 9, 7), (DATASIZE, 255, 7), (DATASIZE, 1, 7),
    *taken(DATASIZE, 8),
    (PARITY, 0, 1),
    *taken(PARITY, 2), *taken(PARITY, 3), *taken(PARITY, 4), *taken(PARITY, 5),
    (PARITY, 6, 5), (PARITY, 255, 5),
    *taken(PARITY, 1),
    (STOPSIZE, 0, 1),
    *taken(STOPSIZE, 2), *taken(STOPSIZE, 3),
    (STOPSIZE, 4, 3), (STOPSIZE, 255, 3),
    *taken(STOPSIZE, 1),
    (CONTROL, FLOW_STATE, 1), (CONTROL, INBOUND_FLOW_STATE, 14),
    *(one for flow in (2, 3, 17, 19, 1) for one in taken(CONTROL, flow)),
    *((CONTROL, value, answer) for flow in (15, 16, 18, 14)
      for value, answer in ((flow, flow), (INBOUND_FLOW_STATE, flow))),
    (CONTROL, FLOW_STATE, 1),
    (CONTROL, BREAK_STATE, BREAK_OFF),
    (CONTROL, BREAK_ON, BREAK_ON), (CONTROL, BREAK_STATE, BREAK_ON),
    (CONTROL, BREAK_OFF, BREAK_OFF), (CONTROL, BREAK_STATE, BREAK_OFF),
    (CONTROL, DTR_STATE, DTR_ON),
    (CONTROL, DTR_OFF, DTR_OFF), (CONTROL, DTR_STATE, DTR_OFF),
    (CONTROL, DTR_ON, DTR_ON), (CONTROL, DTR_STATE, DTR_ON),
    (CONTROL, RTS_STATE, RTS_ON),
    (CONTROL, RTS_OFF, RTS_OFF), (CONTROL, RTS_STATE, RTS_OFF),
    (CONTROL, RTS_ON, RTS_ON), (CONTROL, RTS_STATE, RTS_ON),
    *((LINESTATE_MASK, mask, mask) for mask in (0, 16, 255)),
    *((MODEMSTATE_MASK, mask, mask) for mask in (0, 48, 255)),
    *((PURGE, value, value) for value in (1, 2, 3)),
]


def one_by_one(peer, dialogue):
    for command, value, answer in dialogue:
        assert peer.ask(command, value) == answer, (command, value)


def expect_all(peer, dialogue):
    peer.wait(lambda: len(peer.told) >= len(dialogue),
              f"{len(dialogue)} answers; there are {peer.told}")
    assert peer.told == [(command, answer) for command, _, answer in dialogue]


def all_at_once(peer, dialogue):
    peer.told.clear()
    peer.send_wire(b"".join(request(*one[:2]) for one in dialogue))
    expect_all(peer, dialogue)


def byte_by_byte(peer, dialogue):
    peer.told.clear()
    for byte in b"".join(request(*one[:2]) for one in dialogue):
        peer.send_wire(bytes((byte,)))
        time.sleep(0.0001)  # makes a segment of it
    expect_all(peer, dialogue)


@pytest.mark.parametrize("way", [one_by_one, all_at_once, byte_by_byte])
def test_each_request_has_its_answer(peer, way):
    way(peer, DIALOGUE)


def test_requests_between_data_are_no_data(vspcd):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm).com_port()
    requests = [request(*one[:2]) for one in DIALOGUE if one[0] != PURGE]
    for sender, receiver in ((vm, client), (client, vm)):
        for n, message in enumerate(requests):
            sender.send_wire(b"%d," % n + message)
        sender.send(b".")
        assert receiver.read_until(b".") == b"".join(
            b"%d," % n for n in range(len(requests))) + b"."


def our_signature(vspcd):
    return f"vspcd {vspcd.events(words.READY)[0]['version']}".encode()


def test_signature_is_our_name_and_version(peer, vspcd):
    assert peer.ask(SIGNATURE) == our_signature(vspcd)


def test_a_peers_signature_is_logged(vspcd):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm).com_port()
    for peer in (vm, client):
        text = f"signed by {peer.address} \x1b[31m\r\n\0".encode()
        assert peer.ask(SIGNATURE, text) == our_signature(vspcd)
        line = vspcd.wait_log(f"signed by {peer.address} ").string
        assert line.isprintable()


def test_states_are_answered_when_they_are_asked_for(vspcd):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm).com_port()
    assert client.lines() == vm.lines() == ALL_ON
    assert client.ask(LINESTATE) == vm.ask(LINESTATE) == 0
    vm.set(DTR_OFF)
    client.set(RTS_OFF)
    assert client.lines() == CTS
    assert vm.lines() == DSR | DCD


def test_a_state_that_is_asked_for_with_one_is_answered(peer):
    """Both are known of clients: the RFC has a value, and pyserial none."""
    peer.notices()
    assert peer.ask(MODEMSTATE, 0) & 0xf0 == peer.lines()
    assert peer.ask(LINESTATE, 0) == 0


def test_flow_control_has_no_answer(peer):
    peer.notices()
    peer.tell(SUSPEND)
    peer.tell(RESUME)
    assert peer.ask(BAUDRATE, 0) == 9600
    assert not peer.told


MALFORMED = [
    *(request(BAUDRATE, body)
      for body in (b"", b"\0", b"\0\1\xc2", b"\0\1\xc2\0\0", bytes(100))),
    *(request(command, body) for body in (b"", b"\1\1", b"\5\0", bytes(99))
      for command in (DATASIZE, PARITY, STOPSIZE, CONTROL, LINESTATE_MASK,
                      MODEMSTATE_MASK, PURGE)),
    *(request(command, body) for body in (b"", b"\1", b"\0\0\0\1", b"text")
      for command in (13, 14, 50, 99, 113, 200, 254, 255)),
    # What only a server says.
    *(request(ANSWER + command, b"\0\0\1\1"[:count])
      for command in range(13) for count in (0, 1, 4)),
    wire.sub(wire.COM_PORT, b""),
]


def complaints(vspcd, peer, before):
    vspcd.report()
    return [line for line in vspcd.lines[before:]
            if peer.address in line and "clients=" not in line
            and words.CLIENT_BREAK not in line]


def test_what_the_rfc_does_not_have_is_ignored_and_logged_once(peer, vspcd):
    peer.notices()
    before = len(vspcd.lines)
    for message in MALFORMED:
        peer.send_wire(message)
    peer.sync()
    assert not peer.told
    assert len(complaints(vspcd, peer, before)) == 1
    one_by_one(peer, DIALOGUE)
    peer.send_wire(MALFORMED[0])
    assert len(complaints(vspcd, peer, before)) == 1


def test_values_that_nobody_knows_do_no_harm(peer):
    for command, values in ((CONTROL, (20, 99, 255)), (PURGE, (0, 4, 255))):
        for value in values:
            peer.tell(command, value)
    peer.sync()
    peer.told.clear()
    one_by_one(peer, DIALOGUE)


# On and off

def test_an_offer_is_taken_once(vspcd):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm).com_port()
    for peer in (client, vm):
        for _ in range(10):
            peer.send_wire(wire.will(wire.COM_PORT))
        peer.notices()
        assert not peer.notices()
        of_it = [n for n in peer.negotiation if n[1] == wire.COM_PORT]
        assert of_it == [(wire.DO, wire.COM_PORT)]


def test_the_state_of_the_modem_is_told_once_then(vspcd):
    vm = vspcd.vm(offers=())
    client = vspcd.telnet(vm)
    for peer in (client, vm):
        peer.sync()
        assert not peer.told
        peer.send_wire(wire.will(wire.COM_PORT))
        if peer is client:
            client.agrees.add(wire.COM_PORT)
            client._ours.add(wire.COM_PORT)
        told = peer.notices()
        assert [state & 0xf0 for state in told] == [ALL_ON]


def test_to_ask_us_to_be_a_client_is_refused_once(peer):
    peer.negotiation.clear()
    peer.send_wire(wire.do(wire.COM_PORT))
    peer.sync()
    assert peer.negotiation == [(wire.WONT, wire.COM_PORT)]
    one_by_one(peer, DIALOGUE)


def test_requests_with_the_offer_in_one_segment(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.agrees.add(wire.COM_PORT)
    client._ours.add(wire.COM_PORT)
    client.send_wire(wire.do(wire.COM_PORT) + wire.will(wire.COM_PORT) +
                     b"".join(request(*one[:2]) for one in DIALOGUE))
    client.take_told(MODEMSTATE)
    expect_all(client, DIALOGUE)


def test_nothing_is_answered_without_an_offer(vspcd):
    vm = vspcd.vm(offers=())
    client = vspcd.telnet(vm)
    for peer in (client, vm):
        for command, value, _ in DIALOGUE:
            peer.tell(command, value)
        peer.sync()
        assert not peer.told
    assert_both_ways(vm, client)


def test_off_and_on_again(peer):
    peer.set(DTR_OFF)
    peer.notices()
    peer.send_wire(wire.wont(wire.COM_PORT))
    peer.tell(BAUDRATE, 0)
    peer.sync()
    assert not peer.told
    assert peer.negotiation.count((wire.DONT, wire.COM_PORT)) == 1
    peer.send_wire(wire.will(wire.COM_PORT))
    peer.wait(lambda: peer.negotiation.count((wire.DO, wire.COM_PORT)) == 2,
              "DO COM-PORT again")
    assert peer.ask(BAUDRATE, 0) == 9600


# Settings

DEFAULTS = {BAUDRATE: 9600, DATASIZE: 8, PARITY: 1, STOPSIZE: 1}
FAST = {BAUDRATE: 115200, DATASIZE: 7, PARITY: 3, STOPSIZE: 2}
SLOW = {BAUDRATE: 300, DATASIZE: 5, PARITY: 5, STOPSIZE: 3}


def set_all(peer, settings, flow, inbound_flow):
    for command, value in settings.items():
        assert peer.ask(command, value) == value
    peer.set(flow, inbound_flow)


def assert_set(peer, settings, flow, inbound_flow):
    has = {command: peer.ask(command, 0) for command in DEFAULTS}
    assert has == settings
    assert peer.ask(CONTROL, FLOW_STATE) == flow
    assert peer.ask(CONTROL, INBOUND_FLOW_STATE) == inbound_flow


def test_defaults(peer):
    assert_set(peer, DEFAULTS, 1, 14)


def test_who_has_set_nothing_is_told_the_other_sides(vspcd):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm).com_port()
    set_all(vm, FAST, 3, 16)
    assert_set(client, FAST, 3, 16)
    set_all(client, SLOW, 2, 15)
    assert_set(client, SLOW, 2, 15)
    assert_set(vm, FAST, 3, 16)


def test_a_vm_that_has_set_nothing_is_told_the_clients(vspcd):
    vm = vspcd.vm().com_port()
    set_all(vspcd.telnet(vm).com_port(), SLOW, 17, 18)
    assert_set(vm, SLOW, 17, 18)


def test_clients_share_their_settings(vspcd):
    vm = vspcd.vm().com_port()
    set_all(vm, FAST, 3, 16)
    first = vspcd.telnet(vm).com_port()
    second = vspcd.telnet(vm).com_port()
    set_all(first, SLOW, 2, 15)
    assert_set(second, SLOW, 2, 15)
    assert second.ask(BAUDRATE, 1200) == 1200
    assert first.ask(BAUDRATE, 0) == 1200


def test_settings_stay_when_clients_go(vspcd):
    vm = vspcd.vm().com_port()
    set_all(vm, FAST, 3, 16)
    client = vspcd.telnet(vm).com_port()
    set_all(client, SLOW, 2, 15)
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    assert_set(vspcd.telnet(vm).com_port(), SLOW, 2, 15)
    assert_set(vm, FAST, 3, 16)


def test_settings_stay_when_the_vm_goes(vspcd):
    vm = vspcd.vm("web").com_port()
    client = vspcd.telnet(vm).com_port()
    set_all(vm, FAST, 3, 16)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    assert_set(client, FAST, 3, 16)
    set_all(client, SLOW, 2, 15)
    again = vspcd.vm("web", vm.uuid).com_port()
    assert_set(again, FAST, 3, 16)
    assert_set(client, SLOW, 2, 15)


def test_settings_stay_over_a_move(vspcd):
    source = vspcd.vm().com_port()
    client = vspcd.telnet(source).com_port()
    set_all(source, FAST, 3, 16)
    set_all(client, SLOW, 2, 15)
    destination = vspcd.move(source).com_port()
    assert_set(destination, FAST, 3, 16)
    assert_set(client, SLOW, 2, 15)
    assert_both_ways(destination, client)


def test_settings_said_before_it_is_known_which_vm_it_is(vspcd):
    """ESXi offers COM-PORT before it has said its name."""
    uuid = new_uuid()
    vm = vspcd.new_vm("early", uuid, answers={
        wire.GET_VM_VC_UUID: SILENT}).start()
    vm.wait(lambda: (wire.DO, wire.COM_PORT) in vm.negotiation, "DO COM-PORT")
    set_all(vm, FAST, 3, 16)
    vm.send_wire(wire.ext(wire.VM_VC_UUID, esxi_uuid(uuid).encode()))
    vm.wait(lambda: wire.GET_VM_NAME in vm.asked, "GET-VM-NAME")
    client = vspcd.telnet(vspcd.port_of("early")).com_port()
    assert_set(client, FAST, 3, 16)
    assert_set(vm, FAST, 3, 16)


def test_consoles_have_settings_of_their_own(vspcd):
    first, second = vspcd.vm("a").com_port(), vspcd.vm("b").com_port()
    set_all(first, FAST, 3, 16)
    assert_set(vspcd.telnet(first).com_port(), FAST, 3, 16)
    assert_set(second, DEFAULTS, 1, 14)
    assert_set(vspcd.telnet(second).com_port(), DEFAULTS, 1, 14)


def test_settings_change_no_byte(vspcd):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm).com_port()
    set_all(vm, FAST, 2, 15)
    set_all(client, SLOW, 3, 16)
    vm.send(EVERY_BYTE)
    assert client.read_exactly(256) == EVERY_BYTE
    client.send(EVERY_BYTE)
    assert vm.read_exactly(256) == EVERY_BYTE
