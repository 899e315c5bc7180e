"""vspc-vm's serial line: what it tells of its port, breaks in their place,
flow control; against a played concentrator, and with vspcd and its clients."""

import os
import signal
import subprocess
import termios

import pytest

from harness import words
from harness import wire
from harness.comport import (ANSWER, BAUDRATE, BREAK, BREAK_OFF, BREAK_ON,
                             CONTROL, CTS, DATASIZE, DCD, DSR, DTR_OFF, DTR_ON,
                             FLOW_STATE, LINESTATE, LINESTATE_MASK, MODEMSTATE,
                             MODEMSTATE_MASK, PARITY, RESUME, RTS_OFF, RTS_ON,
                             STOPSIZE, SUSPEND, control, request)
from harness.net import Fd, Listener, TelnetPeer, eventually
from harness.programs import BUILD
from harness.proxy import FakeProxy, MovingProxy
from harness.streams import assert_same, noise

BRK = wire.command(wire.BRK)
MASKS = [(LINESTATE_MASK, BREAK), (MODEMSTATE_MASK, 255)]
OUR_BREAK = [(CONTROL, BREAK_ON), (CONTROL, BREAK_OFF)]
NONE = 1  # of PARITY
NO_FLOW, HARDWARE_FLOW = 1, 3


def settings(baud=9600, bits=8, parity=NONE, stop=1, flow=NO_FLOW, dtr=DTR_ON,
             rts=RTS_ON):
    return [(BAUDRATE, baud), (DATASIZE, bits), (PARITY, parity),
            (STOPSIZE, stop), (CONTROL, flow), (CONTROL, dtr), (CONTROL, rts)]


def told(command, value=None):
    """What a concentrator says."""
    body = bytes((command + ANSWER,))
    if value is not None:
        body += value.to_bytes(4 if command == BAUDRATE else 1, "big")
    return wire.sub(wire.COM_PORT, body)


BREAK_BEGINS, BREAK_ENDS = told(LINESTATE, BREAK), told(LINESTATE, 0)


@pytest.fixture
def fake():
    proxy = FakeProxy()
    yield proxy
    proxy.close()


@pytest.fixture
def moving():
    proxy = MovingProxy()
    yield proxy
    proxy.close()


@pytest.fixture
def device():
    """A pty that plays the serial port: its name, and its far end. To be named
    before start_vm: a vspc-vm that outlives it opens whatever gets its name."""
    far, near = os.openpty()
    yield os.ttyname(near), Fd(far)
    os.close(far)
    os.close(near)


def wait_line(vm, what):
    """The concentrator hears this, and nothing before or behind it."""
    vm.wait(lambda: len(vm.line) >= len(what), f"{what}; has {vm.line}")
    assert vm.line == what
    vm.line.clear()


def serve(fake, line):
    vm = fake.accept().serve()
    wait_line(vm, line + MASKS)
    return vm


def com_port_client(vspcd):
    client = vspcd.telnet(vspcd.port_of("vm-0001")).com_port()
    client.notices()
    assert client.ask(LINESTATE_MASK, BREAK) == BREAK
    return client


def has_set(client, what):
    """Waits until the VM has told this; a client that sets nothing sees it."""
    def has():
        return [client.ask(command, 0) for command, _ in what] == \
            [value for _, value in what]
    eventually(has, what)


def sees(client, lines):
    """Waits until these are the modem's lines for it."""
    eventually(lambda: client.ask(MODEMSTATE) & 0xf0 == lines,
               f"the lines to be {lines}")


# What it tells of its port

def test_settings_are_told_once_44_is_agreed_on(fake, start_vm):
    start_vm(fake.port, "--baud", 57600, stdin=subprocess.PIPE)
    vm = serve(fake, settings(57600))
    vm.send_wire(wire.do(wire.COM_PORT))
    vm.sync()
    assert not vm.line


def test_without_44_nothing_is_told_and_a_break_is_brk(fake, start_vm):
    start = start_vm(fake.port, "-v", stdin=subprocess.PIPE)
    vm = fake.accept()
    vm.on_com_port = wire.dont
    vm.serve()
    vm.send_wire(BREAK_BEGINS + BRK)
    start.wait_log("a client sent a break")
    vm.sync()
    assert not vm.line


def test_end_of_input_drops_the_lines(fake, start_vm):
    vm_end = start_vm(fake.port, stdin=subprocess.PIPE)
    vm = serve(fake, settings())
    vm_end.process.stdin.write(b"last words")
    vm_end.process.stdin.close()
    vm_end.process.stdin = None
    vm.wait_closed()
    assert vm.data == b"last words"
    assert vm.line == [(CONTROL, DTR_OFF), (CONTROL, RTS_OFF)]


def test_exec_tells_what_the_command_sets(vspcd, start_vm):
    """Linux keeps a pty at eight bits without parity."""
    start_vm(vspcd, "--exec", "stty 4800 cstopb crtscts; exec cat")
    client = com_port_client(vspcd)
    has_set(client, [(BAUDRATE, 4800), (DATASIZE, 8), (PARITY, NONE),
                     (STOPSIZE, 2)])
    assert client.ask(CONTROL, FLOW_STATE) == HARDWARE_FLOW
    sees(client, DSR | DCD | CTS)


def test_pty_drives_its_lines_while_a_program_has_it(vspcd, start_vm,
                                                     tmp_path):
    link = tmp_path / "serial"
    start_vm(vspcd, "--pty", link)
    client = com_port_client(vspcd)
    sees(client, 0)
    for speed, rate in ((termios.B9600, 9600), (termios.B230400, 230400)):
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        mode = termios.tcgetattr(fd)
        mode[2] |= termios.CSTOPB
        mode[4] = mode[5] = speed
        termios.tcsetattr(fd, termios.TCSANOW, mode)
        sees(client, DSR | DCD | CTS)
        has_set(client, [(BAUDRATE, rate), (STOPSIZE, 2)])
        os.close(fd)
        sees(client, 0)


def test_device_is_told_as_it_is_set(device, vspcd, start_vm):
    start_vm(vspcd, "--device", device[0], "--baud", 19200)
    client = com_port_client(vspcd)
    has_set(client, [(BAUDRATE, 19200), (DATASIZE, 8), (PARITY, NONE)])
    # Somebody else changes it.
    subprocess.run(["stty", "-F", device[0], "38400", "cstopb"],
                   check=True)
    has_set(client, [(BAUDRATE, 38400), (STOPSIZE, 2)])


def test_a_setting_that_is_not_taken_is_said(fake, start_vm):
    vm_end = start_vm(fake.port, "-v", stdin=subprocess.PIPE)
    vm = serve(fake, settings())
    vm.send_wire(told(BAUDRATE, 115200))
    vm_end.wait_log("SET-BAUDRATE.*115200")


def test_modem_lines_of_clients_are_seen(vspcd, start_vm):
    vm_end = start_vm(vspcd, "-v", stdin=subprocess.PIPE)
    client = com_port_client(vspcd)
    vm_end.wait_log("modem lines: DSR CTS DCD$")
    client.set(DTR_OFF)
    vm_end.wait_log("modem lines: CTS$")
    client.set(RTS_OFF)
    vm_end.wait_log("modem lines: none$")
    client.close()
    vm_end.wait_log("modem lines: DSR CTS$")


# Flow control

def test_nothing_is_sent_while_suspended(fake, start_vm):
    vm_end = start_vm(fake.port, stdin=subprocess.PIPE)
    vm = serve(fake, settings())
    vm.send_wire(told(SUSPEND))
    vm.sync()
    vm_end.process.stdin.write(b"held back")
    vm_end.process.stdin.flush()
    vm.read_for(0.2)
    assert not vm.data
    vm.send(b"input goes on\n")
    assert Fd(vm_end.process.stdout.fileno()).read_exactly(14) == \
        b"input goes on\n"
    assert not vm.data
    vm.send_wire(told(RESUME))
    assert vm.read_exactly(9) == b"held back"


def test_a_new_connection_is_not_suspended(fake, start_vm):
    vm_end = start_vm(fake.port, stdin=subprocess.PIPE)
    vm = serve(fake, settings())
    vm.send_wire(told(SUSPEND))
    vm.sync()
    vm_end.process.stdin.write(b"for the next one")
    vm_end.process.stdin.flush()
    vm.read_for(0.1)
    assert not vm.data
    vm.close()
    vm = serve(fake, settings())
    assert vm.read_exactly(16) == b"for the next one"


# Breaks from clients

def has_asked_for_breaks(client):
    """A VM at 4800 baud says that and its masks in one breath; before that a
    break comes to it as IAC BRK, and ends by itself."""
    has_set(client, [(BAUDRATE, 4800)])


def test_break_on_a_device_is_in_its_place(device, vspcd, start_vm):
    """A pty has no break; what is behind it waits until it is over."""
    path, far = device
    vm_end = start_vm(vspcd, "-v", "--device", path, "--baud", 115200)
    client = com_port_client(vspcd)
    client.send_wire(b"before" + BRK + b"h")
    assert far.read_exactly(6) == b"before"
    vm_end.wait_log("break on$")
    assert "break off" not in vm_end.log
    assert far.read_exactly(1) == b"h"
    vm_end.wait_log("break off$")


def breaks_of(program):
    return [line.rpartition(" ")[2] for line in list(program.lines)
            if line.endswith(("break on", "break off"))]


def test_break_on_a_device_lasts_until_its_end(device, vspcd, start_vm):
    path, far = device
    vm_end = start_vm(vspcd, "-v", "--device", path, "--baud", 4800)
    client = com_port_client(vspcd)
    has_asked_for_breaks(client)
    client.set(BREAK_ON)
    vm_end.wait_log("break on$")
    client.read_for(0.6)  # longer than one that has no length
    assert breaks_of(vm_end) == ["on"]
    client.set(BREAK_OFF)
    vm_end.wait_log("break off$")
    client.send(b"x")
    assert far.read_exactly(1) == b"x"


def test_what_is_typed_ends_a_break(device, vspcd, start_vm):
    """Or a client that forgets its break would stop all others."""
    path, far = device
    vm_end = start_vm(vspcd, "-v", "--device", path, "--baud", 4800)
    client = com_port_client(vspcd)
    has_asked_for_breaks(client)
    client.set(BREAK_ON)
    vm_end.wait_log("break on$")
    data = noise(100_000, 1)
    client.send(data)
    client.sync()
    assert far.read_exactly(len(data)) == data
    vm_end.wait_log("break off$")
    assert breaks_of(vm_end) == ["on", "off"]
    client.send_wire(control(BREAK_OFF) + BRK)
    eventually(lambda: breaks_of(vm_end) == ["on", "off"] * 2, "another break")


def test_a_lost_concentrator_ends_its_break(device, fake, start_vm):
    vm_end = start_vm(fake.port, "-v", "--device", device[0])
    vm = serve(fake, settings())
    vm.send_wire(BREAK_BEGINS)
    vm_end.wait_log("break on$")
    vm.close()
    vm_end.wait_log("break off$")


def test_break_where_nothing_can_break(vspcd, start_vm, tmp_path):
    vm_end = start_vm(vspcd, "-v", "--pty", tmp_path / "serial")
    client = com_port_client(vspcd)
    eventually((tmp_path / "serial").is_symlink, "the link")
    with open(tmp_path / "serial", "r+b", buffering=0) as tty:
        sees(client, DSR | DCD | CTS)
        client.send_wire(BRK)
        vm_end.wait_log("a break has no meaning on a pty")
        tty.write(b"still here")
        client.read_until(b"still here")


# Breaks for clients

def test_a_key_sends_a_break_in_its_place(vspcd, terminal):
    vm_end = terminal(BUILD / "vspc-vm", "--proxy",
                      "127.0.0.1:%d" % vspcd.proxy[1], "--name", "vm-0001",
                      "--raw")
    vm_end.expect_exact("connected to")
    client = com_port_client(vspcd)
    vm_end.send(b"ab\x1dbc")
    client.read_until(b"abc")
    client.notices(LINESTATE)
    assert client.breaks == [(2, BREAK), (2, 0)]
    vm_end.send(b"\x1d?")
    vm_end.expect_exact("^] b sends a break")


# --connect telnet:

class Emulator(TelnetPeer):
    """Speaks as QEMU's -serial telnet: does: it says all at once, answers
    nothing, and knows a break."""

    def __init__(self, listener):
        super().__init__(listener.accept())
        self.places = []
        self.send_wire(wire.will(wire.ECHO, wire.SGA, wire.BINARY) +
                       wire.do(wire.BINARY))

    def on_command(self, verb):
        super().on_command(verb)
        assert verb == wire.BRK
        self.places.append(len(self.data))


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def emulator(vspcd, start_vm, listener):
    vm_end = start_vm(vspcd, "-v", "--connect",
                      f"telnet:127.0.0.1:{listener.port}")
    emulator = Emulator(listener)
    vm_end.wait_log(": open$")  # what comes before that has nowhere to go
    yield emulator
    emulator.close()


def test_telnet_carries_every_byte(vspcd, emulator):
    client = com_port_client(vspcd)
    data = bytes(range(256)) * 300 + b"\r\n\r\0\r\xff\xff" * 100
    client.send(data)
    assert_same(emulator.read_exactly(len(data)), data)
    emulator.send(data)
    assert_same(client.read_exactly(len(data)), data)
    assert sorted(emulator.negotiation) == sorted([
        (wire.DO, wire.ECHO), (wire.DO, wire.SGA), (wire.DO, wire.BINARY),
        (wire.WILL, wire.BINARY)])


def test_telnet_carries_breaks(vspcd, emulator):
    client = com_port_client(vspcd)
    client.send_wire(b"ab" + BRK + b"c")
    assert emulator.read_exactly(3) == b"abc"
    assert emulator.places == [2]
    emulator.send_wire(b"de" + BRK + b"f")
    assert client.read_exactly(3) == b"def"
    client.notices(LINESTATE)
    assert client.breaks == [(2, BREAK), (2, 0)]


def test_telnet_without_binary_has_the_line_ends_of_an_nvt(
        vspcd, start_vm, listener):
    start_vm(vspcd, "--connect", f"telnet:127.0.0.1:{listener.port}")
    peer = TelnetPeer(listener.accept())
    client = com_port_client(vspcd)
    peer.wait(lambda: len(peer.negotiation) == 3, "what it asks for")
    peer.send_wire(wire.dont(wire.BINARY) + wire.wont(wire.BINARY))
    peer.send_wire(b"a\r\nb\r\0c")
    assert client.read_exactly(6) == b"a\r\nb\rc"
    client.send(b"d\re")
    assert peer.read_exactly(4) == b"d\r\0e"
    peer.close()


def test_telnet_is_given_up_for_what_is_none(vspcd, start_vm, listener):
    vm_end = start_vm(vspcd, "-v", "--connect",
                      f"telnet:127.0.0.1:{listener.port}")
    sock = listener.accept()
    sock.sendall(b"\xff\xfa\x18" + b"x" * 20000)
    vm_end.wait_log("trying again")
    sock.close()
    client = com_port_client(vspcd)
    emulator = Emulator(listener)
    eventually(lambda: len([line for line in list(vm_end.lines)
                            if line.endswith(": open")]) == 2, "it is open")
    emulator.send(b"hello")
    client.read_until(b"hello")
    emulator.close()


# vMotion

def typed_into(vm_end):
    return Fd(vm_end.process.stdout.fileno())


def test_a_destination_renegotiates_44_but_no_settings(moving, start_vm):
    vm_end = start_vm(moving.port, "--baud", 4800, stdin=subprocess.PIPE)
    moving.serve()
    source = moving.links[0]
    moving.run(lambda: source.line == settings(4800) + MASKS, "the settings")
    vm_end.process.send_signal(signal.SIGUSR1)
    moving.run(lambda: moving.completed, "a move")
    destination = moving.links[1]
    moving.run(lambda: destination.line == MASKS, "the masks")
    assert source.line == settings(4800) + MASKS
    # From there the next change is told.
    vm_end.process.stdin.close()
    vm_end.process.stdin = None
    moving.run(lambda: destination.line == MASKS + [
        (CONTROL, DTR_OFF), (CONTROL, RTS_OFF)], "DTR and RTS off")


def test_what_changes_on_the_way_is_told_behind_complete(device, moving,
                                                         start_vm):
    vm_end = start_vm(moving.port, "--device", device[0])
    moving.serve()
    source = moving.links[0]
    moving.run(lambda: source.line == settings() + MASKS, "the settings")
    moving.PEER_OK = None
    vm_end.process.send_signal(signal.SIGUSR1)
    moving.run(lambda: len(moving.links) == 2 and
               wire.VMOTION_PEER in moving.links[1].values, "VMOTION-PEER")
    subprocess.run(["stty", "-F", device[0], "1200"], check=True)
    destination = moving.links[1]
    waits = []
    moving.run(lambda: waits.append(0) or len(waits) > 100, "a look at it")
    assert source.line == settings() + MASKS
    assert destination.line == MASKS
    destination.send_wire(wire.ext(wire.VMOTION_PEER_OK, moving.sequences[0]))
    moving.run(lambda: destination.line == MASKS + [(BAUDRATE, 1200)],
               "the new speed")


def test_a_break_keeps_its_place_in_a_move(moving, start_vm, listener):
    """The destination's break and bytes wait for the source's last ones."""
    moving.CLOSES_SOURCE = False
    vm_end = start_vm(moving.port, "-v", "--connect",
                      f"telnet:127.0.0.1:{listener.port}")
    guest = Emulator(listener)
    moving.serve()
    vm_end.wait_log(": open$")  # what comes before that has nowhere to go
    vm_end.process.send_signal(signal.SIGUSR1)
    moving.run(lambda: moving.completed, "a move")
    source, destination = moving.links
    destination.send_wire(b"new" + BREAK_BEGINS + BREAK_ENDS + b"er")
    moving.run(lambda: not destination.unsent, "room")
    source.send_wire(b"ol" + BREAK_BEGINS + b"der" + BREAK_ENDS)
    moving.run(lambda: not source.unsent, "room")
    source.is_left = True
    moving.run(lambda: source not in moving.open_links(), "the source's end")
    assert guest.read_exactly(10) == b"oldernewer"
    assert guest.places == [2, 8]
    guest.close()


def test_a_guest_breaks_before_and_behind_a_move(moving, start_vm, listener):
    vm_end = start_vm(moving.port, "-v", "--connect",
                      f"telnet:127.0.0.1:{listener.port}")
    guest = Emulator(listener)
    moving.serve()
    vm_end.wait_log(": open$")  # what comes before that has nowhere to go
    guest.send_wire(b"a" + BRK)
    source = moving.links[0]
    moving.run(lambda: source.line[-2:] == OUR_BREAK, "a break")
    vm_end.process.send_signal(signal.SIGUSR1)
    moving.run(lambda: moving.completed, "a move")
    guest.send_wire(b"b" + BRK)
    moving.run(lambda: moving.links[1].line[-2:] == OUR_BREAK, "a break")
    assert moving.output == b"ab"
    guest.close()


def test_moves_of_a_line_with_vspcd(device, vspcd, start_vm):
    path, far = device
    vm_end = start_vm(vspcd, "-v", "--device", path, "--baud", 1200)
    client = com_port_client(vspcd)
    vm_end.wait_log("modem lines: DSR CTS DCD$")
    for moves in range(1, 4):
        vm_end.process.send_signal(signal.SIGUSR1)
        eventually(lambda: len(vspcd.events(words.VM_MOVED)) == moves, "a move")
        has_set(client, [(BAUDRATE, 1200)])
        sees(client, DSR | DCD | CTS)
        client.send_wire(b"a" + BRK + b"b")
        assert far.read_exactly(2) == b"ab"
        eventually(lambda: breaks_of(vm_end) == ["on", "off"] * moves,
                   "a break")
    assert vm_end.log.count("modem lines") == 1


def test_a_port_that_nobody_has_open_moves(vspcd, start_vm, tmp_path):
    """DTR and RTS stay off, though the destination does not say it again."""
    vm_end = start_vm(vspcd, "--pty", tmp_path / "serial")
    client = com_port_client(vspcd)
    sees(client, 0)
    vm_end.process.send_signal(signal.SIGUSR1)
    eventually(lambda: vspcd.events(words.VM_MOVED), "a move")
    vm_end.wait_log("moved from")
    assert not any(client.notices())
    assert client.lines() == 0


# Whatever comes

@pytest.mark.parametrize("flood", [
    BREAK_BEGINS + BREAK_ENDS + BRK,
    BREAK_BEGINS + b"x" + BREAK_ENDS,
    told(MODEMSTATE, 0) + told(MODEMSTATE, 255),
    told(SUSPEND) + told(RESUME),
    told(BAUDRATE, 0) + told(CONTROL, 8),
    wire.sub(wire.COM_PORT, b"") + wire.sub(wire.COM_PORT, b"\x6a") +
    wire.sub(wire.COM_PORT, b"\xffx") + wire.sub(wire.COM_PORT, b"\x71\1"),
], ids=["breaks", "broken-data", "lines", "flow", "answers", "malformed"])
def test_floods(device, fake, start_vm, flood):
    path, far = device
    vm_end = start_vm(fake.port, "-q", "--device", path, "--baud", 115200)
    vm = serve(fake, settings(115200))
    before = vm_end.rss()
    vm.send_wire(flood * 2000)
    vm.send(b"the end")
    assert far.read_until(b"the end").endswith(b"the end")
    far.write(b"still here")
    assert vm.read_until(b"still here").endswith(b"still here")
    assert vm_end.rss() - before < 4 << 20


def test_option_flood_ends_the_connection_or_not(fake, start_vm):
    """Each DO 44 has all the settings for an answer; memory is bounded."""
    vm_end = start_vm(fake.port, stdin=subprocess.PIPE)
    vm = serve(fake, settings())
    before = vm_end.rss()
    try:
        for _ in range(20):
            vm.send_wire((wire.dont(wire.COM_PORT) + wire.do(wire.COM_PORT)) *
                         1000)
    except OSError:
        pass
    vm.close()
    serve(fake, settings())
    assert vm_end.rss() - before < 8 << 20
