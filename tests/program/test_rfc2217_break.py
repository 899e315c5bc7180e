"""Breaks: in every form, from both sides, to everybody they are for, in their
place among the bytes. docs/rfc2217.md has the rules."""

import concurrent.futures
import time

import pytest

from harness import words
from harness import wire
from harness.comport import (BREAK, BREAK_OFF, BREAK_ON, LINESTATE,
                             LINESTATE_MASK, RESUME, SUSPEND, control)
from harness.streams import assert_same, letters

BRK = wire.command(wire.BRK)
ON_OFF = control(BREAK_ON) + control(BREAK_OFF)


# Who hears a break: what it speaks, and what it hears of one.

def with_mask(peer):
    peer.com_port()
    assert peer.ask(LINESTATE_MASK, BREAK) == BREAK
    return peer


def with_com_port(peer):
    return peer.com_port()


def plain(peer):
    return peer


HEARD = {with_mask: [BREAK, 0], with_com_port: ["BRK"], plain: ["BRK"]}


def offers(kind):
    return () if kind is plain else (wire.COM_PORT,)


def heard(peer):
    """The breaks that came for what vspcd has read, with their places."""
    peer.notices(LINESTATE)
    return peer.breaks


def line_state(peer):
    peer.notices(LINESTATE)
    state = peer.ask(LINESTATE)
    peer.breaks.pop()  # it was no news
    return state


def at(place, kind=with_mask):
    return [(place, form) for form in HEARD[kind]]


def pair(vspcd, sender, vm_kind, client_kind):
    """Sender and receiver, as they speak."""
    vm = vm_kind(vspcd.vm(offers=offers(vm_kind)))
    client = client_kind(vspcd.telnet(vm))
    return (vm, client) if sender == "vm" else (client, vm)


def send_whole(peer, data):
    peer.send_wire(data)


def send_bytes(peer, data):
    for byte in data:
        peer.send_wire(bytes((byte,)))
        time.sleep(0.0001)  # makes a segment of it


@pytest.mark.parametrize("send", [send_whole, send_bytes])
@pytest.mark.parametrize("receiver", HEARD)
@pytest.mark.parametrize("speaks, form", [
    pytest.param(plain, BRK, id="BRK"),
    pytest.param(with_com_port, BRK, id="COM-PORT-BRK"),
    pytest.param(with_com_port, ON_OFF, id="CONTROL"),
])
@pytest.mark.parametrize("sender", ["client", "vm"])
def test_every_form(vspcd, sender, speaks, form, receiver, send):
    kinds = (speaks, receiver) if sender == "vm" else (receiver, speaks)
    source, target = pair(vspcd, sender, *kinds)
    send(source, b"before" + form + b"after" + form + b".")
    assert target.read_until(b".") == b"beforeafter."
    assert heard(target) == at(6, receiver) + at(11, receiver)
    assert not heard(source)


@pytest.mark.parametrize("sender", ["client", "vm"])
def test_a_break_lasts_until_it_is_ended(vspcd, sender):
    source, target = pair(vspcd, sender, with_mask, with_mask)
    source.set(BREAK_ON)
    assert heard(target) == [(0, BREAK)]
    assert line_state(target) == BREAK
    source.set(BREAK_OFF)
    assert heard(target) == [(0, BREAK), (0, 0)]
    assert line_state(target) == 0
    assert not heard(source)


@pytest.mark.parametrize("sender", ["client", "vm"])
def test_a_break_goes_out_as_one_command_however_long_it_is(vspcd, sender):
    source, target = pair(vspcd, sender, with_com_port, with_com_port)
    source.set(BREAK_ON)
    source.send_wire(b"sent meanwhile.")
    target.read_until(b".")
    source.set(BREAK_OFF)
    source.set(BREAK_OFF)
    assert heard(target) == [(0, "BRK")]


@pytest.mark.parametrize("sender", ["client", "vm"])
def test_what_was_no_break_is_not_ended(vspcd, sender):
    source, target = pair(vspcd, sender, with_mask, with_mask)
    source.set(BREAK_OFF)
    assert not heard(target)


@pytest.mark.parametrize("sender", ["client", "vm"])
def test_a_break_of_who_goes_ends(vspcd, sender):
    source, target = pair(vspcd, sender, with_mask, with_mask)
    source.set(BREAK_ON)
    assert heard(target) == [(0, BREAK)]
    source.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED if sender == "client"
                     else words.VM_DISCONNECTED, peer=source.address)
    assert [form for _, form in heard(target)] == [BREAK, 0]
    assert line_state(target) == 0


def test_all_clients_hear_a_break_of_the_vm(vspcd):
    vm = vspcd.vm().com_port()
    masked = with_mask(vspcd.telnet(vm))
    telnet, unanswering = vspcd.telnet(vm), vspcd.telnet(vm, binary=False)
    raw = vspcd.raw(vm)
    raw.send(b"!")
    vm.read_until(b"!")
    for form in (BRK, ON_OFF):
        vm.send_wire(b"1234" + form + b"5678.")
    for client in (masked, telnet, unanswering, raw):
        assert client.read_exactly(18) == b"12345678." * 2
    assert masked.breaks == at(4) + at(13)
    assert telnet.breaks == unanswering.breaks == at(4, plain) + at(13, plain)
    raw.read_for(0)
    assert not raw.data


def test_a_break_of_a_client_is_the_vms_alone(vspcd):
    vm = with_mask(vspcd.vm())
    source = vspcd.telnet(vm).com_port()
    others = [with_mask(vspcd.telnet(vm)), vspcd.telnet(vm)]
    raw = vspcd.raw(vm)
    source.send_wire(BRK + ON_OFF + b"h")
    assert vm.read_until(b"h") == b"h"
    assert vm.breaks
    for peer in (source, *others):
        assert not heard(peer)
    raw.read_for(0)
    assert not raw.data


def test_a_raw_client_has_no_break(vspcd):
    """Its bytes are the VM's, and those of a break are no exception."""
    vm = with_mask(vspcd.vm())
    raw = vspcd.raw(vm)
    raw.send(b"!" + BRK + b".")
    assert vm.read_until(b".") == b"!" + BRK + b"."
    assert not heard(vm)


def test_break_and_key_and_break_and_key(vspcd):
    """SysRq is typed so, and more than once."""
    vm = with_mask(vspcd.vm())
    client = vspcd.telnet(vm)
    client.send_wire(b"".join(BRK + b"%c" % key for key in b"hsub"))
    assert vm.read_until(b"b") == b"hsub"
    assert vm.breaks == [one for place in range(4) for one in at(place)]


# Breaks that wait

@pytest.mark.parametrize("kind", [with_mask, with_com_port])
def test_a_break_waits_with_the_bytes_for_a_client(vspcd, kind):
    vm = vspcd.vm().com_port()
    client, other = kind(vspcd.telnet(vm)), vspcd.telnet(vm)
    client.tell(SUSPEND)
    client.sync()
    vm.send_wire(b"one" + BRK + b"two" + ON_OFF + b"three.")
    assert other.read_until(b".") == b"onetwothree."
    assert other.breaks == at(3, plain) + at(6, plain)
    assert not heard(client)
    client.tell(RESUME)
    assert client.read_until(b".") == b"onetwothree."
    assert client.breaks[-len(HEARD[kind]):] == at(6, kind)
    assert set(client.breaks) <= set(at(3, kind) + at(6, kind))


@pytest.mark.parametrize("kind", [with_mask, with_com_port])
def test_a_break_waits_with_the_bytes_for_the_vm(vspcd, kind):
    vm = kind(vspcd.vm())
    client = vspcd.telnet(vm).com_port()
    vm.tell(SUSPEND)
    vm.sync()
    client.send_wire(b"one" + BRK + b"two.")
    client.sync()
    assert not heard(vm) and not vm.data
    vm.tell(RESUME)
    assert vm.read_until(b".") == b"onetwo."
    assert heard(vm) == at(3, kind)


def test_of_several_in_one_place_one_is_kept(vspcd):
    vm = with_mask(vspcd.vm())
    client = with_mask(vspcd.telnet(vm))
    for source, target in ((vm, client), (client, vm)):
        target.tell(SUSPEND)
        target.sync()
        source.send_wire(b"one" + 50 * BRK + b"two.")
        source.sync()
        target.tell(RESUME)
        assert target.read_until(b".") == b"onetwo."
        assert heard(target) == at(3)


def test_a_flood_of_breaks_costs_nothing(vspcd):
    vm = vspcd.vm().com_port()
    client = with_mask(vspcd.telnet(vm, receive_buffer=4096))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(vm.send_wire, 100000 * BRK + 20000 * ON_OFF + b".")
        sent.result(30)
    assert client.read_until(b".") == b"."
    assert line_state(client) == 0
    vspcd.check_works()


@pytest.mark.parametrize("size", [40 << 10, 8 << 20])
@pytest.mark.parametrize("sender", ["client", "vm"])
def test_the_place_of_a_break_among_much_that_waits(start_vspcd, sender,
                                                    size):
    """In vspcd, and where TCP pushes back."""
    vspcd = start_vspcd("--hold-time", 20000)
    small = {"receive_buffer": 4096}
    vm = with_mask(vspcd.vm(**small if sender == "client" else {}))
    client = with_mask(vspcd.telnet(vm, **small if sender == "vm" else {}))
    source, target = (vm, client) if sender == "vm" else (client, vm)
    text = letters(size, seed=1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(source.send_wire, text + BRK + b"!")
        assert_same(target.read_until(b"!"), text + b"!")
        sent.result()
    assert heard(target) == at(len(text))


def test_a_break_is_not_kept_for_a_vm_that_is_away(vspcd):
    vm = vspcd.vm("away").com_port()
    client = vspcd.telnet(vm).com_port()
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    client.send_wire(BRK + ON_OFF)
    client.sync()
    again = with_mask(vspcd.vm("away", vm.uuid))
    assert not heard(again)
    client.send_wire(BRK + b"h")
    again.read_until(b"h")
    assert heard(again) == at(0)


def test_clients_have_breaks_from_their_attach_on(start_vspcd):
    vspcd = start_vspcd("--attach-lines", "0")
    vm = vspcd.vm()
    vm.send_wire(b"before" + BRK)
    vm.sync()
    client = vspcd.telnet(vm)
    vm.send_wire(b"after" + BRK + b".")
    assert client.read_until(b".") == b"after."
    assert heard(client) == at(5, plain)


# vMotion

@pytest.mark.parametrize("form", [BRK, ON_OFF], ids=["BRK", "CONTROL"])
@pytest.mark.parametrize("kind", HEARD)
def test_a_break_during_a_move_reaches_the_destination(vspcd, kind, form):
    source = with_mask(vspcd.vm())
    client = vspcd.telnet(source).com_port()
    source.begin()
    client.send_wire(b"typed" + form + b"h")
    client.sync()
    destination = kind(vspcd.destination(
        source, offers=offers(kind)).join())
    destination.sync()
    assert not destination.data and not destination.breaks
    destination.complete()
    assert destination.read_until(b"h") == b"typedh"
    assert heard(destination) == at(5, kind)
    source.wait_closed()
    assert not source.breaks and not source.data


def test_a_break_during_a_move_that_is_aborted(vspcd):
    source = with_mask(vspcd.vm())
    client = vspcd.telnet(source)
    source.begin()
    client.send_wire(b"typed" + BRK + b"h")
    client.sync()
    assert not heard(source)
    source.abort()
    assert source.read_until(b"h") == b"typedh"
    assert heard(source) == at(5)


def test_breaks_of_both_hosts_of_a_move(vspcd):
    source = vspcd.vm()
    client = with_mask(vspcd.telnet(source))
    source.begin()
    source.send_wire(b"source" + BRK)
    destination = vspcd.destination(source).join()
    destination.complete()
    source.wait_closed()
    destination.send_wire(b"destination" + BRK + b".")
    assert client.read_until(b".") == b"sourcedestination."
    assert heard(client) == at(6) + at(17)
