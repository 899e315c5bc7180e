"""A WebSocket at a console: bytes both ways, what is said beside them, a
connection that is lost and comes again."""

import pytest

from harness import words
from harness.net import pump_all
from harness.streams import letters
from harness.websocket import ConsoleSocket


def attach(vspcd, vm, **how):
    name = vm.uuid + "/" + "vSPC.py"
    return vspcd.keep(ConsoleSocket(vspcd.socket, name, **how)).greet()


@pytest.fixture
def vm(vspcd):
    return vspcd.vm("web-01")


def test_bytes_go_both_ways(vspcd, vm):
    socket = attach(vspcd, vm)
    assert socket.hello["console"]["name"] == "web-01"
    assert socket.hello["console"]["state"] == "connected"
    vm.send(b"login: \xff\x00")
    assert socket.read_exactly(9) == b"login: \xff\x00"
    socket.send(b"root\r\xff")
    assert vm.read_exactly(6) == b"root\r\xff"
    socket.say_goodbye()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web-01",
                     reason="closed by the client")


def test_history_is_shown_first(vspcd, vm):
    watcher = vspcd.raw(vm)
    vm.send(b"one\r\ntwo\r\nthree\r\n")
    watcher.read_until(b"three\r\n")
    socket = attach(vspcd, vm, history=2)
    assert socket.read_exactly(12) == b"two\r\nthree\r\n"
    assert socket.hello["position"] == 5
