"""The size of a client's window (NAWS), up to the terminal of a guest that is a
program: vspc-vm --exec and --pty."""

import fcntl
import os
import signal
import struct
import termios

from harness import wire
from harness import words
from harness.net import eventually

# A guest that says its size for each line that it gets.
SIZES = "echo ready; while read -r _; do stty size; done"


def size_of(fd):
    rows, columns = struct.unpack("HH", fcntl.ioctl(fd, termios.TIOCGWINSZ,
                                                    b"\0" * 4))
    return columns, rows


def sub_naws(columns, rows):
    return wire.sub(wire.NAWS, struct.pack(">HH", columns, rows))


def ask(child, size):
    """The guest's size gets there at some time; then the test goes on."""
    def is_it():
        child.send("\r")
        return child.expect([rb"(\d+) (\d+)\r\n"]) == 0 and \
            child.match.groups() == size
    eventually(is_it, f"size {size}")


def test_a_telnets_size_is_the_guests(vspcd, need, start_vm, terminal):
    telnet = need("inetutils-telnet")
    start_vm(vspcd, "--exec", SIZES)
    child = terminal(telnet, "127.0.0.1", vspcd.port_of("vm-0001"),
                     dimensions=(33, 101))
    ask(child, (b"33", b"101"))
    child.setwinsize(40, 255)  # a byte that has to be doubled
    ask(child, (b"40", b"255"))
    vspcd.report()
    vspcd.wait_event(words.CONSOLE_LISTED, window="255x40")


def test_a_small_telnets_size_is_the_guests(vspcd, need, start_vm, terminal):
    """busybox tells it once."""
    busybox = need("busybox")
    start_vm(vspcd, "--exec", SIZES)
    child = terminal(busybox, "telnet", "127.0.0.1", vspcd.port_of("vm-0001"),
                     dimensions=(33, 101))
    ask(child, (b"33", b"101"))


def test_the_client_that_typed_last_has_the_size(vspcd, start_vm):
    start_vm(vspcd, "--exec", SIZES)
    port = vspcd.port_of("vm-0001")
    first, second = (vspcd.telnet(port) for _ in range(2))
    for client, size in (first, (80, 24)), (second, (132, 50)):
        client.send_wire(wire.will(wire.NAWS) + sub_naws(*size))
    for client, shown in ((first, b"24 80"), (second, b"50 132"),
                          (first, b"24 80")):
        def is_it(client=client, shown=shown):
            client.send(b"\r")
            return client.read_until(b"\n").endswith(shown + b"\r\n")
        first.data.clear(), second.data.clear()
        eventually(is_it, shown)


def test_a_pty_has_the_size_after_a_move(vspcd, start_vm, tmp_path):
    link = tmp_path / "pty"
    vm = start_vm(vspcd, "--pty", link)
    client = vspcd.telnet(vspcd.port_of("vm-0001"))
    client.send_wire(wire.will(wire.NAWS) + sub_naws(90, 30))
    fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
    try:
        eventually(lambda: size_of(fd) == (90, 30), "the first size")
        vm.process.send_signal(signal.SIGUSR1)
        vspcd.wait_event(words.VM_MOVED)
        client.send_wire(sub_naws(91, 31))
        eventually(lambda: size_of(fd) == (91, 31), "the next size")
    finally:
        os.close(fd)


def test_an_undoubled_255_swallows_nothing(vspcd):
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send_wire(wire.will(wire.NAWS))
    for body in b"\0\xff\0\x18", b"\0\x50\0\xff", b"\0\xff\0\xff":
        client.send_wire(bytes((wire.IAC, wire.SB, wire.NAWS)) + body +
                         bytes((wire.IAC, wire.SE)) + b"ls\r")
        assert vm.read_until(b"\r") == b"ls\r"
    vspcd.report()
    vspcd.wait_event(words.CONSOLE_LISTED, window="255x255")


def test_a_host_hears_nothing_of_it(vspcd):
    """ESXi does not ask: neither does vspcd ask the client."""
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send_wire(wire.will(wire.NAWS) + sub_naws(80, 24))
    client.type(b"x")
    assert vm.read_until(b"x") == b"x"
    vm.sync()
    assert wire.NAWS not in {option for _, option in vm.negotiation}
    assert wire.NAWS not in {option for option, _ in vm.subs}
    assert client.negotiation.count((wire.DO, wire.NAWS)) == 1
