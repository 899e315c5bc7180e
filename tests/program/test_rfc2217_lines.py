"""COM-PORT-OPTION: the modem's lines between a VM and its clients, who is told
of them, and where they are seen. docs/rfc2217.md has the rules."""

import pytest

from harness import words
from harness import wire
from harness.comport import (ALL_CHANGED, ALL_ON, BAUDRATE, CTS, CTS_CHANGED,
                             DATASIZE, DCD, DCD_CHANGED, DSR, DSR_CHANGED,
                             DTR_OFF, DTR_ON, MODEMSTATE_MASK, PARITY,
                             RTS_OFF, RTS_ON, STOPSIZE)
from harness.programs import fields_of

DTR_LINES = DSR | DCD  # what the other side sees of DTR
DTR_CHANGED = DSR_CHANGED | DCD_CHANGED


@pytest.fixture
def vm(vspcd):
    vm = vspcd.vm("web-01").com_port()
    vm.notices()
    return vm


def attach(vspcd, vm, other=None):
    """A client that speaks COM-PORT; everybody knows of it."""
    client = vspcd.telnet(vm).com_port()
    for peer in (client, vm, other):
        if peer:
            peer.notices()
    return client


def leave(vspcd, client):
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)


# What the VM sees

def test_vm_sees_a_client_come_and_go(vspcd, vm):
    assert vm.lines() == DSR | CTS
    client = vspcd.telnet(vm)
    assert vm.notices() == [ALL_ON | DCD_CHANGED]
    assert vm.lines() == ALL_ON
    leave(vspcd, client)
    assert vm.notices() == [DSR | CTS | DCD_CHANGED]
    assert vm.lines() == DSR | CTS


def test_vm_sees_the_lines_of_a_client(vspcd, vm):
    client = attach(vspcd, vm)
    assert not vm.notices()
    client.set(DTR_OFF)
    assert vm.notices() == [CTS | DTR_CHANGED]
    client.set(RTS_OFF)
    assert vm.notices() == [CTS_CHANGED]
    assert vm.lines() == 0
    client.set(DTR_ON)
    assert vm.notices() == [DTR_LINES | DTR_CHANGED]
    client.set(RTS_ON)
    assert vm.notices() == [ALL_ON | CTS_CHANGED]


def test_what_does_not_change_is_not_told(vspcd, vm):
    client = attach(vspcd, vm)
    for peer, other in ((client, vm), (vm, client)):
        peer.set(DTR_ON, RTS_ON)
        assert not other.notices()
        peer.set(DTR_OFF, RTS_OFF)
        other.notices()
        peer.set(DTR_OFF, RTS_OFF)
        assert not other.notices()


def test_clients_who_leave_with_their_lines_off(vspcd, vm):
    client = attach(vspcd, vm)
    client.set(DTR_OFF, RTS_OFF)
    vm.notices()
    leave(vspcd, client)
    told = vm.notices()
    assert told[-1] & 0xf0 == DSR | CTS
    assert [state & 0x0f for state in told] == [DSR_CHANGED | CTS_CHANGED]


@pytest.mark.parametrize("off, on, lines", [
    (DTR_OFF, DTR_ON, DTR_LINES), (RTS_OFF, RTS_ON, CTS)],
    ids=["DTR", "RTS"])
def test_a_line_is_off_when_all_clients_have_it_off(vspcd, vm, off, on,
                                                    lines):
    first, second = attach(vspcd, vm), attach(vspcd, vm)
    first.set(off)
    assert not vm.notices()
    assert vm.lines() == ALL_ON
    second.set(off)
    assert vm.notices() == [
        ALL_ON & ~lines | {DTR_LINES: DTR_CHANGED, CTS: CTS_CHANGED}[lines]]
    first.set(on)
    assert [state & 0xf0 for state in vm.notices()] == [ALL_ON]
    leave(vspcd, first)
    assert [state & 0xf0 for state in vm.notices()] == [ALL_ON & ~lines]


@pytest.mark.parametrize("kind", ["telnet", "raw"])
def test_clients_without_com_port_count_as_on(vspcd, vm, kind):
    plain = getattr(vspcd, kind)(vm)
    client = attach(vspcd, vm)
    client.set(DTR_OFF, RTS_OFF)
    assert not vm.notices()
    assert vm.lines() == ALL_ON
    leave(vspcd, plain)
    assert [state & 0xf0 for state in vm.notices()] == [0]


def test_dcd_always_on(start_vspcd):
    vspcd = start_vspcd("--dcd-always-on")
    vm = vspcd.vm().com_port()
    assert vm.lines() == ALL_ON
    client = attach(vspcd, vm)
    assert not vm.notices()
    client.set(DTR_OFF)
    assert vm.notices() == [DCD | CTS | DSR_CHANGED]
    leave(vspcd, client)
    assert vm.notices() == [ALL_ON | DSR_CHANGED]


def test_a_vm_that_comes_to_its_waiting_clients(vspcd, vm):
    client = attach(vspcd, vm)
    client.set(RTS_OFF)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    again = vspcd.vm("web-01", vm.uuid).com_port()
    assert again.lines() == DTR_LINES


def test_a_vm_without_com_port_is_told_nothing(vspcd):
    vm = vspcd.vm(offers=())
    client = vspcd.telnet(vm).com_port()
    client.set(DTR_OFF, RTS_OFF, DTR_ON)
    leave(vspcd, client)
    assert not vm.notices()
    assert not vm.subs or all(sub[0] == wire.VMWARE for sub in vm.subs)


# What clients see

def test_clients_see_the_lines_of_the_vm(vspcd, vm):
    clients = [attach(vspcd, vm), attach(vspcd, vm)]

    def assert_told(state):
        for client in clients:
            assert client.notices() == [state]

    vm.set(DTR_OFF)
    assert_told(CTS | DTR_CHANGED)
    vm.set(RTS_OFF)
    assert_told(CTS_CHANGED)
    vm.set(DTR_ON)
    assert_told(DTR_LINES | DTR_CHANGED)
    vm.set(RTS_ON)
    assert_told(ALL_ON | CTS_CHANGED)
    assert not vm.notices()


def test_clients_see_the_vm_go_and_come(vspcd, vm):
    client = attach(vspcd, vm)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    assert client.notices() == [ALL_CHANGED]
    late = vspcd.telnet(vm.port).com_port()
    assert late.lines() == 0
    vspcd.vm("web-01", vm.uuid)
    for one in (client, late):
        assert one.notices() == [ALL_ON | ALL_CHANGED]


def test_a_vm_without_com_port_counts_as_on(vspcd):
    client = vspcd.telnet(vspcd.vm(offers=())).com_port()
    assert client.lines() == ALL_ON


def test_a_vm_that_comes_again_has_its_lines_on(vspcd, vm):
    """It has said nothing of them yet."""
    client = attach(vspcd, vm)
    vm.set(DTR_OFF, RTS_OFF)
    assert client.lines() == 0
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    vspcd.vm("web-01", vm.uuid)
    assert client.lines() == ALL_ON


def test_the_ring_indicator_is_always_off(vspcd, vm):
    client = attach(vspcd, vm)
    vm.tell(MODEMSTATE_MASK, 255)
    vm.set(DTR_OFF, DTR_ON)
    client.set(DTR_OFF, DTR_ON)
    for peer in (client, vm):
        told = peer.notices()
        assert told and not any(state & 0x44 for state in told)


def test_clients_see_nothing_of_a_move(vspcd, vm):
    client = attach(vspcd, vm)
    vm.begin()
    destination = vspcd.destination(vm).join()
    assert not client.notices()
    destination.complete()
    vm.wait_closed()
    assert not client.notices()
    assert client.lines() == destination.com_port().lines() == ALL_ON
    client.set(DTR_OFF)
    assert destination.notices() == [CTS | DTR_CHANGED]
    destination.set(RTS_OFF)
    assert client.notices() == [DTR_LINES | CTS_CHANGED]


def test_lines_of_a_client_that_change_during_a_move(vspcd, vm):
    client = attach(vspcd, vm)
    vm.begin()
    client.set(DTR_OFF)
    destination = vspcd.destination(vm).join()
    client.set(RTS_OFF)
    destination.complete()
    assert destination.com_port().lines() == 0


def test_a_destination_sees_what_the_source_saw(vspcd, vm):
    """From its first word: a DCD that goes off hangs the guest up."""
    client = attach(vspcd, vm)
    client.set(RTS_OFF)
    vm.begin()
    destination = vspcd.destination(vm).join()
    destination.wait(lambda: destination.told, "the lines")
    destination.complete()
    vm.wait_closed()
    assert destination.notices() == [DTR_LINES]


def test_a_destination_keeps_what_the_source_drove(vspcd, vm):
    """It renegotiates no settings, and its first ones may come early."""
    client = attach(vspcd, vm)
    vm.set(DTR_OFF, RTS_OFF)
    client.notices()
    vm.begin()
    destination = vspcd.destination(vm).join().com_port()
    destination.set(RTS_ON)
    destination.complete()
    vm.wait_closed()
    assert client.notices() == [CTS | CTS_CHANGED]
    assert client.lines() == CTS


# Masks

@pytest.mark.parametrize("side", ["client", "vm"])
def test_only_lines_of_the_mask_are_told(vspcd, vm, side):
    client = attach(vspcd, vm)
    watcher, changer = (client, vm) if side == "client" else (vm, client)
    assert watcher.ask(MODEMSTATE_MASK, CTS | CTS_CHANGED) == 0x11
    changer.set(DTR_OFF, DTR_ON)
    assert not watcher.notices()
    changer.set(RTS_OFF)
    assert watcher.notices() == [CTS_CHANGED]
    changer.set(RTS_ON)
    assert watcher.notices() == [CTS | CTS_CHANGED]
    assert watcher.ask(MODEMSTATE_MASK, 0) == 0
    changer.set(RTS_OFF, DTR_OFF, DTR_ON)
    assert not watcher.notices()
    assert watcher.ask(MODEMSTATE_MASK, 255) == 255
    changer.set(RTS_ON)
    assert watcher.notices() == [ALL_ON | CTS_CHANGED]


def test_each_client_has_a_mask_of_its_own(vspcd, vm):
    first, second = attach(vspcd, vm), attach(vspcd, vm)
    assert first.ask(MODEMSTATE_MASK, 0) == 0
    vm.set(DTR_OFF)
    assert not first.notices()
    assert second.notices() == [CTS | DTR_CHANGED]


def test_masks_end_with_the_connection(vspcd, vm):
    client = attach(vspcd, vm)
    client.ask(MODEMSTATE_MASK, 0)
    leave(vspcd, client)
    client = attach(vspcd, vm)
    vm.set(RTS_OFF)
    assert client.notices() == [DTR_LINES | CTS_CHANGED]


# Where it is seen

def reported(vspcd, console="web-01"):
    vspcd.report()
    return [has for has in map(fields_of, vspcd.lines)
            if has.get("console") == console and "clients" in has][-1]


def test_usr1_lists_settings_and_lines(vspcd, vm):
    client = attach(vspcd, vm)
    has = reported(vspcd)
    assert has["line"] == "9600,8N1"
    assert has["vm-lines"] == has["client-lines"] == "DTR,RTS"
    assert vm.ask(BAUDRATE, 115200) == 115200
    client.set(DTR_OFF)
    vm.set(RTS_OFF)
    has = reported(vspcd)
    assert has["line"] == "115200,8N1"
    assert (has["vm-lines"], has["client-lines"]) == ("DTR", "RTS")
    for command, value in ((DATASIZE, 7), (PARITY, 3), (STOPSIZE, 2)):
        vm.ask(command, value)
    assert reported(vspcd)["line"] == "115200,7E2"


def test_debug_logs_what_changes(start_vspcd):
    vspcd = start_vspcd("--debug")
    vm = vspcd.vm("web-01").com_port()
    client = vspcd.telnet(vm).com_port()
    before = len(vspcd.lines)
    vm.ask(BAUDRATE, 57600)
    client.set(DTR_OFF)
    vspcd.report()
    new = [line for line in vspcd.lines[before:] if "clients=" not in line]
    assert [line for line in new if "57600" in line and vm.address in line]
    assert [line for line in new if "RTS" in line and client.address in line]


def test_changes_are_not_logged_without_debug(vspcd, vm):
    client = attach(vspcd, vm)
    before = len(vspcd.lines)
    vm.ask(BAUDRATE, 57600)
    client.set(DTR_OFF)
    vspcd.report()
    assert not [line for line in vspcd.lines[before:]
                if words.COMPORT_LINE in line]
