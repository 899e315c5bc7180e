"""vspc without a verb, on a terminal: the list of consoles."""

import os
import signal

from harness.programs import BUILD
from harness.screen import Screen


def begin(terminal, vspcd):
    return Screen(terminal(
        BUILD / "vspc", dimensions=(24, 80),
        env=os.environ | {"TERM": "xterm",
                          "VSPC_SERVER": f"unix:{vspcd.socket}"}))


def test_a_console_is_found_and_attached(vspcd, terminal):
    """Leaving it comes back to the list, which has what has come meanwhile."""
    vms = {name: vspcd.vm(name) for name in ("db-1", "web-1", "web-2")}
    screen = begin(terminal, vspcd)
    screen.wait_line(0, "vspc: 3 consoles")
    assert screen.lines[1].startswith("> db-1")
    screen.type("eb-2")
    screen.wait_line(0, "vspc: 1 of 3 consoles")
    assert screen.lines[1].startswith("> web-2") and "connected" in screen.text
    screen.type("\r")
    screen.wait_text("[vspc: web-2; ^] . leaves")
    screen.type("hello")
    assert vms["web-2"].read_exactly(5) == b"hello"
    vspcd.vm("web-3")
    screen.type("\x1d.")
    screen.wait_line(0, "vspc: 1 of 4 consoles")
    screen.type("\x1b")
    screen.wait_line(0, "vspc: 4 consoles")
    assert screen.reversed_line(3) and screen.lines[3].startswith("> web-2")
    screen.type("\x1b[B")
    screen.wait_line(4, "> web-3")
    screen.type("\x03")
    screen.wait_end()
    screen.child.wait()
    assert screen.child.exitstatus == 130
    assert screen.received.endswith(b"\x1b[?25h\x1b[?1049l")


def test_a_signal_leaves_the_screen(vspcd, terminal):
    vspcd.vm("web-1")
    screen = begin(terminal, vspcd)
    screen.wait_line(0, "vspc: 1 console")
    os.kill(screen.child.pid, signal.SIGSEGV)
    screen.wait_end()
    assert screen.received.endswith(b"\x1b[?25h\x1b[?1049l")


def test_without_a_terminal_it_is_the_help(start_program):
    program = start_program([BUILD / "vspc"])
    program.process.wait()
    assert program.process.returncode == 2
