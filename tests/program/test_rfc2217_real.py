"""RFC 2217 with programs that were not written here, as people use them. Each
test skips where its program is not installed."""

import subprocess

import pytest

from harness import words
from harness import wire
from harness.comport import (BAUDRATE, BREAK, BREAK_OFF, BREAK_ON, CONTROL,
                             CTS, DATASIZE, DCD, DSR, DTR_OFF, DTR_ON,
                             FLOW_STATE, LINESTATE_MASK, PARITY, RESUME,
                             RTS_OFF, STOPSIZE, SUSPEND, control)
from harness.net import TIMEOUT, can_bind, eventually
from harness.streams import assert_same, noise

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

EVERY_BYTE = bytes(range(256))


@pytest.fixture
def vm(vspcd):
    """It has set nothing, so it is told what the client has set."""
    vm = vspcd.vm("web").com_port()
    assert vm.ask(LINESTATE_MASK, BREAK) == BREAK
    return vm


@pytest.fixture
def open_port():
    """open_port(port, query, settings...): pyserial's rfc2217://."""
    serial = pytest.importorskip(
        "serial", reason="python3-serial is not installed")
    opened = []

    def open_one(port, query="", **settings):
        one = serial.serial_for_url(
            f"rfc2217://127.0.0.1:{port}?timeout={TIMEOUT}{query}",
            timeout=TIMEOUT, **settings)
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.close()


def settings(vm):
    return tuple(vm.ask(command, 0)
                 for command in (BAUDRATE, DATASIZE, PARITY, STOPSIZE))


def flow(vm):
    return vm.ask(CONTROL, FLOW_STATE)


def wait_break(vm, place=0):
    """A whole one has come, and stands there among the bytes."""
    vm.wait(lambda: len(vm.breaks) >= 2, "a break and its end")
    assert vm.breaks == [(place, BREAK), (place, 0)]
    vm.breaks.clear()


# pyserial

def test_pyserial_opens_with_settings(vm, open_port):
    open_port(vm.port, baudrate=115200, bytesize=7, parity="E", stopbits=2,
              rtscts=True)
    assert settings(vm) == (115200, 7, 3, 2)
    assert flow(vm) == 3


def test_pyserial_changes_settings(vm, open_port):
    port = open_port(vm.port)
    assert settings(vm) == (9600, 8, 1, 1)
    assert flow(vm) == 1
    for rate in (50, 115200, 4000000):
        port.baudrate = rate
        assert vm.ask(BAUDRATE, 0) == rate
    for size in (5, 6, 7, 8):
        port.bytesize = size
        assert vm.ask(DATASIZE, 0) == size
    for number, letter in enumerate("NOEMS", 1):
        port.parity = letter
        assert vm.ask(PARITY, 0) == number
    for number, stop_bits in ((1, 1), (2, 2), (3, 1.5)):
        port.stopbits = stop_bits
        assert vm.ask(STOPSIZE, 0) == number
    for name, number in (("rtscts", 3), ("xonxoff", 2)):
        setattr(port, name, True)
        assert flow(vm) == number
        setattr(port, name, False)
        assert flow(vm) == 1


def test_pyserial_lines_of_its_own(vm, open_port):
    port = open_port(vm.port)
    assert vm.lines() == DSR | DCD | CTS
    port.dtr = False
    assert vm.lines() == CTS
    port.rts = False
    assert vm.lines() == 0
    port.dtr = True
    assert vm.lines() == DSR | DCD
    port.close()
    eventually(lambda: vm.lines() == DSR | CTS, "the VM to see it go")


def lines_of(port):
    return port.cd, port.dsr, port.cts, port.ri


@pytest.mark.parametrize("query", ["", "&poll_modem"])
def test_pyserial_reads_lines(vspcd, vm, open_port, query):
    port = open_port(vm.port, query)

    def wait_lines(*expected):
        eventually(lambda: lines_of(port) == expected, f"{expected}")

    wait_lines(True, True, True, False)
    vm.set(DTR_OFF)
    wait_lines(False, False, True, False)
    vm.set(RTS_OFF)
    wait_lines(False, False, False, False)
    vm.set(DTR_ON)
    wait_lines(True, True, False, False)
    vm.close()
    wait_lines(False, False, False, False)
    vspcd.vm("web", vm.uuid)
    wait_lines(True, True, True, False)


def test_pyserial_polls_where_nothing_is_notified(vm, open_port):
    port = open_port(vm.port, "&poll_modem")
    port.rfc2217_send_subnegotiation(b"\x0b", b"\0")
    vm.set(DTR_OFF)
    eventually(lambda: lines_of(port) == (False, False, True, False),
               "what it has asked for")


def test_pyserial_breaks(vm, open_port):
    port = open_port(vm.port)
    port.write(b"typed")
    port.break_condition = True
    vm.wait(lambda: vm.breaks, "the break")
    assert vm.breaks == [(5, BREAK)]
    port.break_condition = False
    wait_break(vm, 5)
    port.send_break(0.01)
    port.write(b"h")
    assert vm.read_until(b"h") == b"typedh"
    wait_break(vm, 5)


def test_pyserial_breaks_a_vm_without_com_port(vspcd, open_port):
    vm = vspcd.vm(offers=())
    port = open_port(vm.port)
    port.write(b"typed")
    port.send_break(0.01)
    port.write(b"h")
    assert vm.read_until(b"h") == b"typedh"
    assert vm.breaks == [(5, "BRK")]


def test_pyserial_takes_no_harm_from_breaks(vm, open_port):
    port = open_port(vm.port)
    vm.send_wire(b"one" + wire.command(wire.BRK) + b"two" +
                 control(BREAK_ON) + control(BREAK_OFF) + b"three")
    assert port.read(11) == b"onetwothree"


def test_pyserial_empties_its_buffers(vm, open_port):
    port = open_port(vm.port)
    vm.tell(SUSPEND)
    vm.sync()
    port.write(b"old")
    port.reset_output_buffer()
    port.write(b"new")
    port.rfc2217_send_purge(b"\1")  # has an answer: the other was read
    vm.tell(RESUME)
    assert vm.read_until(b"new") == b"new"
    vm.send(b"old")
    eventually(lambda: port.in_waiting == 3, "pyserial to have it")
    port.reset_input_buffer()
    vm.send(b"new")
    assert port.read(3) == b"new"


def test_pyserial_every_byte(vm, open_port):
    port = open_port(vm.port)
    data = EVERY_BYTE + noise(16 << 10, seed=1)
    port.write(data)
    assert_same(vm.read_exactly(len(data)), data)
    vm.send(data)
    assert_same(port.read(len(data)), data)


def test_pyserial_twice_and_others_beside(vspcd, vm, open_port, need,
                                          terminal):
    """All see the same bytes; the last settings hold; lines are ored."""
    busybox = need("busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True,
                             text=True, check=True).stdout.split()
    if "telnet" not in applets:
        pytest.skip("this busybox has no telnet")
    first = open_port(vm.port, baudrate=300)
    second = open_port(vm.port, baudrate=1200)
    child = terminal(busybox, "telnet", "127.0.0.1", vm.port)
    eventually(lambda: len(vspcd.events(words.CLIENT_CONNECTED)) == 3,
               "all to be attached")
    assert vm.ask(BAUDRATE, 0) == 1200
    first.dtr = second.dtr = False
    assert vm.lines() == DSR | DCD | CTS
    vm.send_wire(b"seen by" + wire.command(wire.BRK) + b" all.")
    assert first.read(12) == second.read(12) == b"seen by all."
    child.expect_exact("seen by all.")
    child.send(b"from busybox")
    assert vm.read_until(b"busybox") == b"from busybox"
    first.write(b"from pyserial")
    assert vm.read_until(b"pyserial") == b"from pyserial"


def test_pyserial_without_a_vm(vspcd, vm, open_port):
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    port = open_port(vm.port, baudrate=19200, bytesize=7)
    assert lines_of(port) == (False, False, False, False)
    again = vspcd.vm("web", vm.uuid).com_port()
    assert settings(again)[:2] == (19200, 7)
    again.send(b"booting")
    assert port.read(7) == b"booting"


def test_pyserial_over_a_move(vspcd, vm, open_port):
    port = open_port(vm.port, baudrate=19200)
    vm.begin()
    port.write(b"typed")
    port.send_break(0.01)
    port.write(b"h")
    destination = vspcd.destination(vm).join().com_port()
    destination.ask(LINESTATE_MASK, BREAK)
    destination.complete()
    assert destination.read_until(b"h") == b"typedh"
    wait_break(destination, 5)
    assert settings(destination) == (19200, 8, 1, 1)
    assert lines_of(port) == (True, True, True, False)
    destination.send(b"here")
    assert port.read(4) == b"here"


# C-Kermit

class Kermit:
    """At its prompt."""

    PROMPT = "C-Kermit>"

    def __init__(self, child):
        self.child = child
        child.expect_exact(self.PROMPT)

    def do(self, command):
        """What it shows for this command."""
        self.child.send(command + "\r")
        self.child.expect_exact(self.PROMPT)
        return self.child.before.decode()


@pytest.fixture
def kermit(need, terminal, tmp_path):
    return Kermit(terminal(need("kermit", "ckermit"), "-Y",
                           dimensions=(200, 80), cwd=str(tmp_path)))


def test_kermit(vm, kermit):
    """It wants an answer to each of its questions before it goes on."""
    shown = kermit.do(f"set host 127.0.0.1 {vm.port} /telnet")
    assert "(OK)" in shown
    shown = kermit.do("show communications")
    assert "vspcd" in shown.partition("Signature")[2].partition("\n")[0]
    for line in ("Speed                : 9600", "DTR Signal           : 1",
                 "Data Size            : 8", "CTS Signal On",
                 "DSR Signal On", "(CD) Signal On", "Ring Indicator Off"):
        assert line in shown, shown
    kermit.do("lineout typed at kermit")
    assert vm.read_until(b"\r") == b"typed at kermit\r"
    vm.send(b"\r\nlogin: ")
    kermit.do(f"input {TIMEOUT:.0f} login:")
    assert "input-0" in kermit.do("echo input-\\v(instatus)")
    kermit.do("output \\b")
    wait_break(vm, len(b"typed at kermit\r"))
    kermit.do("output h")
    assert vm.read_until(b"h") == b"h"
    kermit.do("set flow rts/cts")
    kermit.do("set speed 19200")
    kermit.do("set parity even")
    kermit.do("set stop-bits 2")
    assert settings(vm) == (19200, 7, 3, 2)
    assert flow(vm) == 3
    vm.set(DTR_OFF)
    shown = kermit.do("show communications")
    for line in ("Speed                : 19200", "DSR Signal Off",
                 "(CD) Signal Off", "CTS Signal On"):
        assert line in shown, shown


# gensio

def test_gensiot(vspcd, vm, need, terminal):
    """Its escape character's b is a break, s the rate, d shows what is set."""
    child = terminal(need("gensiot", "gensio-bin"),
                     f"telnet(rfc2217),tcp,127.0.0.1,{vm.port}")
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    vm.send(b"login: ")
    child.expect_exact("login: ")
    child.send(b"typed")
    assert vm.read_until(b"typed") == b"typed"
    child.send(b"\x1cb")
    wait_break(vm, len(b"typed"))
    child.send(b"h")
    assert vm.read_until(b"h") == b"h"
    child.send(b"\x1cs19200\r")
    eventually(lambda: vm.ask(BAUDRATE, 0) == 19200, "the rate")
    child.send(b"\x1cd")
    child.expect_exact("Signature: vspcd ")
    child.expect_exact("Speed: 19200N81")
    # It does not mind a break either.
    vm.send_wire(b"be" + wire.command(wire.BRK) + b"fore" + control(BREAK_ON) +
                 control(BREAK_OFF) + b", after.")
    child.expect_exact("before, after.")


SER2NET_YAML = """
connection: &web
  accepter: telnet(rfc2217),tcp,127.0.0.1,{front}
  connector: telnet(rfc2217),tcp,127.0.0.1,{port}
"""


def test_ser2net_between_pyserial_and_us(vspcd, vm, open_port, need,
                                         start_process, tmp_path):
    """All but our lines, which it passes on only now and then."""
    ser2net = need("ser2net")
    front = vspcd.ports.base + 60
    config = tmp_path / "ser2net.yaml"
    config.write_text(SER2NET_YAML.format(front=front, port=vm.port))
    start_process([ser2net, "-n", "-d", "-c", config],
                  stdin=subprocess.DEVNULL)
    eventually(lambda: not can_bind(front), "ser2net to listen")
    port = open_port(front, baudrate=57600, bytesize=7, parity="E", stopbits=2)
    assert settings(vm) == (57600, 7, 3, 2)
    port.baudrate = 115200
    eventually(lambda: vm.ask(BAUDRATE, 0) == 115200, "the rate")
    port.write(EVERY_BYTE)
    assert vm.read_exactly(256) == EVERY_BYTE
    vm.send(EVERY_BYTE)
    assert port.read(256) == EVERY_BYTE
    port.dtr = False
    eventually(lambda: vm.lines() == CTS, "the VM to see DTR")
    port.rts = False
    eventually(lambda: vm.lines() == 0, "the VM to see RTS")
    port.send_break(0.01)
    wait_break(vm, 256)
