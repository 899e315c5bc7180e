"""A console is attached as soon as the VM's UUID and name are known, whatever
else a host has listed and never says; VMOTION-BEGIN always has an answer."""

import time

import pytest

from harness import words
from harness import wire
from harness.net import TelnetPeer, dial
from harness.vm import (SILENT, as_captured, byte_by_byte, esxi_uuid,
                        new_uuid, whole)

# Nothing here may wait for it.
PATIENT = ("--identity-timeout", 3600)
OTHERS = {wire.GET_VM_BIOS_UUID: SILENT, wire.GET_VM_LOCATION_UUID: SILENT}


@pytest.fixture
def vspcd(start_vspcd):
    return start_vspcd(*PATIENT)


def attached(vspcd, peer, name, at=0):
    has = vspcd.wait_event(words.VM_CONNECTED, peer=peer.address, at=at)
    assert has["console"] == name
    return has


def check(vspcd, vm, name):
    """It is served: has a port, and may move."""
    vm.port = int(attached(vspcd, vm, name)["port"])
    client = vspcd.telnet(vm)
    client.send(b"typed")
    vm.read_until(b"typed")
    vm.send(b"printed")
    client.read_until(b"printed")
    vm.begin()


@pytest.mark.parametrize("silent", [
    OTHERS, {wire.GET_VM_BIOS_UUID: SILENT},
    {wire.GET_VM_LOCATION_UUID: SILENT}], ids=["both", "bios", "location"])
@pytest.mark.parametrize("cut", [as_captured, whole, byte_by_byte])
def test_what_is_listed_and_never_said(vspcd, silent, cut):
    vm = vspcd.new_vm("web", answers=silent, cut=cut).start()
    check(vspcd, vm, "web")


def test_names_without_end(vspcd):
    """The first counts at once, the last one a second later, others never."""
    vm = vspcd.vm("web")
    began = time.monotonic()
    vm.send_wire(b"".join(wire.ext(wire.VM_NAME, b"n-%d" % n)
                          for n in range(3000)))
    vspcd.wait_event(words.VM_RENAMED, console="n-2999")
    took = time.monotonic() - began
    told = vspcd.events(words.VM_RENAMED)
    assert told[0]["console"] == "n-0"
    assert len(told) <= 2 + took
    assert len(told) + sum(int(has["others"]) for has in told) == 3000


def test_it_is_said_later(vspcd):
    vm = vspcd.new_vm("web", answers=OTHERS).start()
    attached(vspcd, vm, "web")
    uuid = esxi_uuid(vm.uuid).encode()
    vm.send_wire(b"a" + wire.ext(wire.VM_BIOS_UUID, uuid) + b"b" +
                 wire.ext(wire.VM_LOCATION_UUID, uuid) + b"c")
    check(vspcd, vm, "web")
    assert len(vspcd.events(words.VM_CONNECTED, peer=vm.address)) == 1


def test_without_its_uuid_the_others_are_waited_for(vspcd):
    """BIOS comes late: the console is that UUID's."""
    vm = vspcd.new_vm("web", answers={
        wire.GET_VM_VC_UUID: SILENT, **OTHERS}).start()
    vm.wait(lambda: wire.GET_VM_NAME in vm.asked, "the questions")
    vm.sync()
    assert not vspcd.events(words.VM_CONNECTED)
    vm.send_wire(wire.ext(wire.VM_VC_UUID, esxi_uuid(vm.uuid).encode()))
    assert attached(vspcd, vm, "web")["id"].startswith(vm.uuid)


# The capture of a real host, which takes no notice of what it is asked

def capture(uuid, name, order="uuid first"):
    """wire/esxi-session.md: its segments up to serial data."""
    said = [wire.ext(wire.VM_VC_UUID, esxi_uuid(uuid).encode()),
            wire.ext(wire.VM_NAME, name.encode())]
    if order == "name first":
        said.reverse()
    return [wire.will(wire.AUTHENTICATION), wire.do(wire.BINARY),
            wire.do(wire.SGA, wire.ECHO) + wire.will(wire.BINARY),
            wire.will(wire.SGA), wire.will(wire.VMWARE),
            wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
            wire.ext(wire.DO_PROXY, b"SvSPC.py"),
            *said, wire.will(wire.COM_PORT), b"login: "]


def play(vspcd, name, pieces):
    at = len(vspcd.lines)
    host = vspcd.keep(TelnetPeer(dial(vspcd.proxy)))
    for piece in pieces:
        host.send_wire(piece)
    attached(vspcd, host, name, at)
    return host


@pytest.mark.parametrize("order", ["uuid first", "name first"])
@pytest.mark.parametrize("cut", [as_captured, whole, byte_by_byte])
def test_a_capture_is_played_back(vspcd, cut, order):
    host = play(vspcd, "web", cut(capture(new_uuid(), "web", order)))
    has = vspcd.wait_event(words.VM_CONNECTED, peer=host.address)
    client = vspcd.telnet(int(has["port"]))
    client.read_until(b"login: ")
    client.send(b"typed")
    host.read_until(b"typed")


@pytest.mark.parametrize("order", ["uuid first", "name first"])
def test_a_capture_in_every_cut(start_vspcd, order):
    vspcd = start_vspcd(consoles=400)
    size = len(b"".join(capture(new_uuid(), "vm-000", order)))
    for at in range(1, size):
        data = b"".join(capture(new_uuid(), f"vm-{at:03}", order))
        play(vspcd, f"vm-{at:03}", [data[:at], data[at:]]).close()


# VMOTION-BEGIN without a sequence

EMPTY = b"\xff\xfa\xe8\x28\xff\xf0"


def not_now(vm):
    code, body = vm.take_ext(wire.VMOTION_NOTNOW, wire.VMOTION_GOAHEAD)
    assert code == wire.VMOTION_NOTNOW
    return body


def test_a_begin_without_a_sequence_is_answered(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send_wire(EMPTY)
    assert not_now(vm) == b""
    vm.send(b"it goes on")
    client.read_until(b"it goes on")
    client.send(b"typed")
    vm.read_until(b"typed")
    vspcd.move(vm)


def test_a_begin_without_a_sequence_in_every_cut(vspcd):
    vm = vspcd.vm()
    for at in range(1, len(EMPTY)):
        vm.send_wire(EMPTY[:at])
        vm.send_wire(EMPTY[at:])
        assert not_now(vm) == b""
    vm.begin()


def test_a_begin_without_a_sequence_while_it_moves(vspcd):
    """It is no end of the move."""
    vm = vspcd.vm()
    vm.begin()
    vm.send_wire(EMPTY)
    assert not_now(vm) == b""
    destination = vspcd.destination(vm).join()
    destination.complete()
    vspcd.wait_event(words.VM_MOVED, to=destination.address)


def test_a_begin_without_a_sequence_before_it_is_known(vspcd):
    vm = vspcd.new_vm("web", answers={wire.GET_VM_VC_UUID: SILENT}).start()
    vm.send_wire(EMPTY)
    assert not_now(vm) == b""
