"""Clients of a console: greeting, telnet and raw, notices, ports."""

import time

import pytest

from harness import words
from harness import wire
from harness.clients import BACK, GONE, NOTICE, RawClient, TelnetClient
from harness.net import Listener, can_bind, eventually, pump_all
from harness.streams import assert_same, letters
from harness.vm import new_uuid

EVERY_BYTE = bytes(range(256))


def gone(vspcd, vm):
    """The VM's connection ends, and vspcd has noticed."""
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)


# Greeting and negotiation

def test_greeting_bytes(vspcd):
    vm = vspcd.vm()
    client = vspcd.raw(vm)
    client.read_for(0.05)
    assert client.greeting == wire.CLIENT_GREETING
    assert not client.data


def test_nothing_is_said_twice(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    assert len(client.negotiation) == len(wire.CLIENT_GREETING) // 3
    for _ in range(50):
        client.send_wire(wire.do(0, 1, 3) + wire.will(0, 3))
    client.sync()
    assert len(client.negotiation) == len(wire.CLIENT_GREETING) // 3


def test_on_and_off_gets_at_most_one_answer_each(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.answers = False
    client.negotiation.clear()
    for _ in range(20):
        client.send_wire(wire.dont(wire.ECHO) + wire.do(wire.ECHO) +
                         wire.wont(wire.BINARY) + wire.will(wire.BINARY))
    client.sync()
    client.read_for(0.05)
    assert len(client.negotiation) <= 80
    vm.send(b"still here")
    client.read_until(b"still here")


def test_unknown_options_are_refused_once_each(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.negotiation.clear()
    options = [24, 32, 34, 35, 36, 39, 70, 232, 233, 254, 255]
    for option in options:
        client.send_wire(wire.will(option) + wire.do(option))
    client.sync()
    refusals = {(verb, option) for option in options
                for verb in (wire.DONT, wire.WONT)}
    if (wire.DO, 233) in client.negotiation:  # VMware's Python kit asks for it
        refusals -= {(wire.DONT, 233)}
        refusals |= {(wire.DO, 233)}
    assert sorted(client.negotiation) == sorted(refusals)
    client.send_wire(wire.sub(24, b"\0xterm"))
    client.send(b"typed")
    assert vm.read_until(b"typed") == b"typed"


def test_a_silent_client_does_not_wait_for_anything(vspcd):
    """It neither answers nor sends, and still gets what the VM says."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm, answer=False)
    vm.send(b"login: ")
    client.read_until(b"login: ")


# Every byte value, both ways

def test_every_byte_with_binary(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send(EVERY_BYTE * 3)
    assert client.read_exactly(768) == EVERY_BYTE * 3
    client.send(EVERY_BYTE * 3)
    assert vm.read_exactly(768) == EVERY_BYTE * 3
    # Ends of line pass as they are.
    client.send(b"a\rb\r\nc\nd\r\0e")
    assert vm.read_until(b"e") == b"a\rb\r\nc\nd\r\0e"
    vm.send(b"a\rb\r\nc\nd\r\0e")
    assert client.read_until(b"e") == b"a\rb\r\nc\nd\r\0e"


def test_every_byte_without_binary(vspcd):
    """To the client: bare CR as CR NUL, 255 doubled, the rest as it is."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm, binary=False)
    vm.send(EVERY_BYTE)
    client.wait(lambda: len(client.text) >= 256, "all bytes")
    assert client.text == EVERY_BYTE
    assert client.data.count(b"\r\0") == 1
    # From the client every byte but CR means itself.
    typed = EVERY_BYTE.replace(b"\r", b"")
    client.send(typed)
    assert vm.read_exactly(255) == typed


@pytest.mark.parametrize("sent, shown", [
    (b"a\rb.", b"a\r\0b."),
    (b"a\r\nb.", b"a\r\nb."),
    (b"a\r\0b.", b"a\r\0\0b."),
    (b"a\r\r\nb.", b"a\r\0\r\nb."),
    (b"a\nb.", b"a\nb."),
    (b"a\0b.", b"a\0b."),
], ids=repr)
def test_nvt_line_ends_to_the_client(vspcd, sent, shown):
    vm = vspcd.vm()
    client = vspcd.telnet(vm, binary=False)
    vm.send(sent)
    assert client.read_until(b".") == shown


@pytest.mark.parametrize("sent, typed", [
    (b"a\r\nb.", b"a\rb."),
    (b"a\r\0b.", b"a\rb."),
    (b"a\r\0\r\nb.", b"a\r\rb."),
    (b"a\nb.", b"a\nb."),
    (b"a\0b.", b"a\0b."),
    (b"a\r\n\nb.", b"a\r\nb."),
    (b"a\r\0\0b.", b"a\r\0b."),
], ids=repr)
@pytest.mark.parametrize("pieces", [False, True], ids=["whole", "cut"])
def test_nvt_line_ends_from_the_client(vspcd, sent, typed, pieces):
    vm = vspcd.vm()
    client = vspcd.telnet(vm, binary=False)
    if pieces:
        for byte in sent:
            client.send(bytes((byte,)))
            time.sleep(0.002)  # makes a segment of it
    else:
        client.send(sent)
    assert vm.read_until(b".") == typed


def test_a_lone_enter_is_not_held_back(vspcd):
    """CR alone at the end of a segment (and what ends it comes later, or
    never) must reach the VM now: somebody waits for the prompt."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm, binary=False)
    client.send(b"ls\r")
    assert vm.read_until(b"\r") == b"ls\r"
    client.send(b"\nnext")
    assert vm.read_until(b"next") == b"next"


def test_a_lone_cr_of_the_vm_is_not_held_back(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm, binary=False)
    vm.send(b"50%\r")
    client.wait(lambda: client.text.startswith(b"50%\r"), "the CR")
    vm.send(b"100%\r\n")
    client.wait(lambda: client.text.endswith(b"100%\r\n"), "the next line")
    assert client.text == b"50%\r100%\r\n"


def test_every_byte_raw_after_a_first_byte(vspcd):
    vm = vspcd.vm()
    client = vspcd.raw(vm)
    client.send(b"!" + EVERY_BYTE * 3)
    assert vm.read_exactly(769) == b"!" + EVERY_BYTE * 3
    vm.send(EVERY_BYTE * 3)
    assert client.read_exactly(768) == EVERY_BYTE * 3


def test_every_byte_raw_after_silence(vspcd):
    """What the VM said while it was not known yet is not doubled either."""
    vm = vspcd.vm()
    client = vspcd.raw(vm)
    vm.send(EVERY_BYTE * 3)
    assert client.read_exactly(768) == EVERY_BYTE * 3
    client.send(EVERY_BYTE)
    assert vm.read_exactly(256) == EVERY_BYTE


def test_a_raw_client_stays_raw(vspcd):
    vm = vspcd.vm()
    client = vspcd.raw(vm)
    client.send(b"x")
    vm.read_until(b"x")
    client.send(wire.do(39) + wire.command(wire.AYT))
    assert vm.read_exactly(5) == wire.do(39) + wire.command(wire.AYT)
    client.read_for(0.05)
    assert not client.data


def test_telnet_commands_one_byte_a_segment(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    for byte in (b"a" + wire.escape(b"\xff") + wire.do(39) +
                 wire.command(wire.NOP) + wire.sub(39, b"\xff\xf0") + b"z"):
        client.send_wire(bytes((byte,)))
    assert vm.read_until(b"z") == b"a\xffz"


# Commands

def test_are_you_there(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.send_wire(wire.command(wire.AYT))
    answer = client.read_until(b"]\r\n").strip()
    assert answer.startswith(b"[vspcd: ") and len(answer) < 80
    client.send(b"typed")
    assert vm.read_until(b"typed") == b"typed"
    assert wire.AYT not in vm.commands


@pytest.mark.parametrize("verb", [
    wire.NOP, wire.DM, wire.BRK, wire.AO, wire.EC, wire.EL, wire.GA,
    wire.SE, 0, 128, 239])
def test_other_commands_are_no_data(vspcd, verb):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.send_wire(b"before" + wire.command(verb) + b"after")
    assert vm.read_until(b"after") == b"beforeafter"
    vm.send_wire(b"BEFORE" + wire.command(verb) + b"AFTER")
    assert client.read_until(b"AFTER") == b"BEFOREAFTER"


# Several clients

def test_fifty_clients_see_the_same_bytes(start_vspcd):
    vspcd = start_vspcd("--hold-time", 20000)
    vm = vspcd.vm()
    clients = [vspcd.telnet(vm) if n % 2 else vspcd.raw(vm)
               for n in range(50)]
    for client in clients[::2]:
        client.send(b".")
    vm.read_exactly(25)
    # Little at a time: one thread sends it, then reads it from all.
    data = letters(96 << 10, seed=50) + EVERY_BYTE * 100
    for at in range(0, len(data), 8192):
        vm.send(data[at:at + 8192])
        upto = min(at + 8192, len(data))
        pump_all(clients, lambda: all(len(c.data) >= upto for c in clients),
                 f"{upto} bytes at all clients")
    for client in clients:
        assert_same(client.data, data)


def test_all_clients_may_type(vspcd):
    vm = vspcd.vm()
    clients = [vspcd.telnet(vm) for _ in range(5)]
    for n, client in enumerate(clients):
        client.send(b"line %d\r" % n)
        assert vm.read_until(b"\r") == b"line %d\r" % n


def test_a_client_gets_bytes_from_its_attach_on(start_vspcd):
    """What it gets beside them: test_attach."""
    vspcd = start_vspcd("--attach-lines", "0")
    vm = vspcd.vm()
    first = vspcd.telnet(vm)
    vm.send(b"before it came ")
    first.read_until(b"came ")
    second = vspcd.telnet(vm)
    vm.send(b"and after")
    assert second.read_until(b"after") == b"and after"
    assert first.read_until(b"after") == b"and after"


def test_client_events_are_logged(vspcd):
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    has = vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    assert has["console"] == "web"
    client.close()
    has = vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    assert has["console"] == "web" and has["reason"]
    rude = vspcd.telnet(vm)
    rude.reset()
    has = vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=rude.address)
    assert has["reason"]


# The VM goes and comes

def test_reboot_with_clients_attached(vspcd):
    uuid = new_uuid()
    vm = vspcd.vm("rebooted", uuid)
    clients = [vspcd.telnet(vm), vspcd.telnet(vm, binary=False)]
    for _ in range(3):
        gone(vspcd, vm)
        for client in clients:
            client.read_notice(GONE)
        port = vm.port
        vm = vspcd.vm("rebooted", uuid)
        assert vm.port == port
        for client in clients:
            client.read_notice(BACK)
        vm.send(b"GRUB loading.")
        for client in clients:
            assert client.read_until(b".") == b"GRUB loading."
            client.send(b"typed.")
            assert vm.read_until(b".") == b"typed."


def test_raw_clients_see_no_notices(vspcd):
    uuid = new_uuid()
    vm = vspcd.vm("quiet", uuid)
    client = vspcd.raw(vm)
    client.send(b"x")
    vm.read_until(b"x")
    vm.send(b"before ")
    gone(vspcd, vm)
    vm = vspcd.vm("quiet", uuid)
    vm.send(b"after.")
    assert client.read_until(b".") == b"before after."


def test_a_new_name_keeps_the_port(vspcd):
    """Renamed in vCenter: it is the UUID that counts."""
    uuid = new_uuid()
    vm = vspcd.vm("old-name", uuid)
    gone(vspcd, vm)
    assert vspcd.vm("new-name", uuid).port == vm.port


def test_input_without_a_vm_is_discarded(vspcd):
    uuid = new_uuid()
    vm = vspcd.vm("away", uuid)
    client = vspcd.telnet(vm)
    raw = vspcd.raw(vm)
    raw.send(b"r")
    vm.read_until(b"r")
    gone(vspcd, vm)
    client.send(b"lost\r" * 20000)
    client.sync()
    vm = vspcd.vm("away", uuid)
    client.send(b"kept")
    assert vm.read_until(b"kept") == b"kept"


def test_attach_while_the_vm_is_away(vspcd):
    uuid = new_uuid()
    vm = vspcd.vm("away", uuid)
    gone(vspcd, vm)
    client = vspcd.telnet(vm.port)
    vm = vspcd.vm("away", uuid)
    vm.send(b"hello")
    client.read_until(b"hello")
    client.send(b"yes")
    assert vm.read_until(b"yes") == b"yes"


# TCP ports

def test_first_free_port_upwards(start_vspcd):
    vspcd = start_vspcd()
    base = vspcd.ports.base
    taken = vspcd.keep(Listener(base + 1))
    assert [vspcd.vm(f"vm-{n}").port for n in range(3)] == [
        base, base + 2, base + 3]
    assert not taken.is_asked()


def test_port_is_kept_when_all_are_gone(vspcd):
    uuid = new_uuid()
    vm = vspcd.vm("first", uuid)
    client = vspcd.telnet(vm)
    gone(vspcd, vm)
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    other = vspcd.vm("second")
    assert other.port != vm.port
    assert vspcd.vm("first", uuid).port == vm.port


def test_port_expires(start_vspcd):
    vspcd = start_vspcd("--vm-expire-time", 1)
    vm = vspcd.vm("first")
    stays = vspcd.vm("stays")
    gone(vspcd, vm)
    eventually(lambda: can_bind(vm.port), "the port to be free")
    assert vspcd.vm("second").port == vm.port
    assert not can_bind(stays.port)


def test_port_does_not_expire_under_a_client(start_vspcd):
    vspcd = start_vspcd("--vm-expire-time", 1)
    uuid = new_uuid()
    watched, alone = vspcd.vm("watched", uuid), vspcd.vm("alone")
    client = vspcd.telnet(watched)
    gone(vspcd, watched)
    gone(vspcd, alone)
    eventually(lambda: can_bind(alone.port), "the other port to be free")
    assert not can_bind(watched.port)
    again = vspcd.vm("watched", uuid)
    again.send(b"hello")
    client.read_until(b"hello")


def test_many_clients_come_and_go(vspcd):
    vm = vspcd.vm()
    for n in range(30):
        client = RawClient(vspcd.console_address(vm.port))
        client.send(b"%d." % n)
        assert vm.read_until(b".") == b"%d." % n
        client.close()
    vspcd.check_works()


# Half-closed

@pytest.mark.parametrize("kind", [TelnetClient, RawClient])
def test_half_closed_client_gets_what_is_on_its_way(vspcd, kind):
    """printf 'cmd' | nc: sends, closes its direction, wants the rest."""
    vm = vspcd.vm()
    attach = vspcd.telnet if kind is TelnetClient else vspcd.raw
    client = attach(vm, receive_buffer=4096)
    client.send(b"last words")
    vm.read_until(b"last words")
    data = letters(48 << 10, seed=1)
    vm.send(data)
    vm.sync()
    client.half_close()
    assert_same(client.read_exactly(len(data)), data)


def test_bytes_before_a_half_close_reach_the_vm(vspcd):
    vm = vspcd.vm()
    client = RawClient(vspcd.console_address(vm.port))
    vspcd.keep(client)
    client.send(b"x" * 20000 + b"<end>")
    client.half_close()
    assert vm.read_until(b"<end>") == b"x" * 20000 + b"<end>"


def test_notices_are_lines_of_their_own(vspcd):
    """A prompt may stand on the line when the VM goes."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send(b"login: ")
    client.read_until(b"login: ")
    gone(vspcd, vm)
    client.wait(lambda: NOTICE.search(client.data), "the notice")
    assert client.data.startswith(b"\r\n")
    client.read_notice(GONE)
