"""A WebSocket at a console: bytes both ways, what is said beside them, a
connection that is lost and comes again."""

import os
import pwd
import random
import signal
import subprocess
import sys
import threading

import pytest

from harness import words
from harness.net import TIMEOUT, pump_all
from harness.streams import MIB, assert_same, letters, noise
from harness.websocket import ConsoleSocket
from test_config import config  # noqa: F401 (a fixture)

CUTS = 200


def attach(vspcd, vm, *, address=None, **how):
    return vspcd.keep(ConsoleSocket(address or vspcd.socket,
                                    vm.uuid + "/vSPC.py", **how)).greet()


@pytest.fixture
def vspcd(start_vspcd):
    vspcd = start_vspcd("--web", "127.0.0.1:0")
    port = vspcd.wait_log(words.API_OPENED + r" address=127\.0\.0\.1:(\d+)")
    vspcd.web = ("127.0.0.1", int(port.group(1)))
    return vspcd


@pytest.fixture
def vm(vspcd):
    return vspcd.vm("web-01")


# Bytes, and what is beside them

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
    assert socket.wait_code() == 1000


def test_a_client_that_is_not_ours_at_all(vspcd, vm):
    """The program of python3-websockets; it prints bytes in hexadecimal."""
    client = subprocess.Popen(
        [sys.executable, "-m", "websockets", "ws://%s:%d/api/v1/consoles/"
         "web-01/attach" % vspcd.web],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    bound = threading.Timer(TIMEOUT, client.kill)
    bound.start()
    try:
        vspcd.wait_event(words.CLIENT_CONNECTED, door="websocket")
        vm.send(b"hello")
        got = b""
        while b"hello".hex().encode() not in got:
            chunk = client.stdout.read1()
            assert chunk, got
            got += chunk
    finally:
        bound.cancel()
        client.kill()
        client.communicate()


def test_history_is_shown_first(vspcd, vm):
    watcher = vspcd.raw(vm)
    vm.send(b"one\r\ntwo\r\nthree\r\n")
    watcher.read_until(b"three\r\n")
    socket = attach(vspcd, vm, history=2)
    assert socket.read_exactly(12) == b"two\r\nthree\r\n"
    assert socket.hello["position"] == 5


def test_vm_that_goes_is_told(vspcd, vm):
    socket = attach(vspcd, vm)
    vm.close()
    assert socket.wait_text("notice", kind="gone")["state"] == "none"


def test_a_move_is_told(vspcd, vm):
    """When it begins and when it has ended, also if it comes to nothing."""
    socket = attach(vspcd, vm)
    vm.begin()
    socket.wait_text("state", state="moving")
    assert attach(vspcd, vm).hello["console"]["state"] == "moving"
    vm.abort()
    socket.wait_text("state", state="connected")
    vm.begin()
    socket.wait_text("state", state="moving")
    vspcd.destination(vm).join().complete()
    socket.wait_text("state", state="connected")


def test_people_and_the_keyboard(vspcd, vm):
    """Somebody from this machine, and root, who takes it."""
    first = attach(vspcd, vm, mode="write", address=vspcd.web)
    second = attach(vspcd, vm)
    assert second.hello["you"]["mode"] == "read-only"
    assert second.wait_text("lock")["may_type"] is False
    first.wait_text("who", total=2)
    second.say(take=True, id="now")
    assert second.wait_text("answer", id="now")["text"] == \
        "the keyboard is yours"
    assert first.wait_text("lock", client=second.hello["you"]["number"])
    first.send(b"nothing")
    second.send(b"typed\r")
    assert vm.read_until(b"\r") == b"typed\r"


def test_break_of_a_websocket(vspcd, vm):
    socket = attach(vspcd, vm)
    socket.say(sysrq="h")
    socket.wait_text("answer", command="sysrq")
    assert vm.read_exactly(1) == b"h"
    vspcd.wait_event(words.CLIENT_BREAK, console="web-01")


def test_restart_says_come_again(vspcd, vm):
    socket = attach(vspcd, vm)
    vspcd.stop()
    assert socket.wait_code() == 1012
    assert socket.find("end")["again"] is True


# Being let in

def test_page_of_another_site_is_refused(vspcd, vm):
    socket = vspcd.keep(ConsoleSocket(
        vspcd.socket, "web-01", headers={"Origin": "https://example.net"}))
    assert socket.wait_refused() == 403


def test_unknown_console_is_refused(vspcd):
    socket = vspcd.keep(ConsoleSocket(vspcd.socket, "nothing"))
    assert socket.wait_refused() == 404


def test_rules_that_are_taken_away_end_it(config, start_vspcd):  # noqa: F811
    me = pwd.getpwuid(os.getuid()).pw_name
    vspcd = start_vspcd(
        "--config", config(f'access "*" {{ write = {{"{me}"}} }}\n'))
    vm = vspcd.vm("web-01")
    socket = attach(vspcd, vm)
    assert socket.hello["you"]["right"] == "write"
    config('access "*" { read = {"somebody-else"} }\n')
    vspcd.process.send_signal(signal.SIGHUP)
    assert socket.wait_code() == 4003


def test_places_and_limits_of_consoles_count(start_vspcd):
    vspcd = start_vspcd("--client-limit", "1")
    vm = vspcd.vm("web-01")
    attach(vspcd, vm)
    socket = vspcd.keep(ConsoleSocket(vspcd.socket, "web-01"))
    assert socket.wait_code() == 4029
    vspcd.wait_event(words.CLIENT_LIMIT_REACHED, console="web-01")


# Slow readers

def test_slow_reader_lags_and_is_told(start_vspcd):
    vspcd = start_vspcd("--hold-time", "100")
    vm = vspcd.vm("web-01")
    fast = vspcd.raw(vm)
    slow = attach(vspcd, vm, acknowledges=False)
    data = letters(2 * MIB, seed=5)
    sender = threading.Thread(target=vm.send, args=(data,))
    sender.start()
    assert_same(fast.read_exactly(len(data)), data)
    sender.join()
    vspcd.wait_event(words.CLIENT_LAGS, console="web-01")
    slow.wait(lambda: len(slow.data) >= 65536, "some output")
    slow.acknowledges = True
    slow.acknowledge()
    slow.wait(lambda: slow.position == len(data), "the end of the output")
    expected = bytearray(data)
    for begin, end in reversed(slow.gaps):
        del expected[begin:end]
    assert slow.gaps
    assert_same(bytes(slow.data), bytes(expected))


def test_stuck_vm_leaves_the_client_its_commands(vspcd, vm):
    """A guest that takes no input, because nobody takes its output."""
    socket = attach(vspcd, vm)
    typed = letters(MIB, seed=6)

    def more():
        for at in range(0, len(typed), 16384):
            yield typed[at:at + 16384]

    # Nothing is read of the VM's input until its connection is full.
    sent = 0
    for piece in more():
        if sent - (socket.find("input") or {"position": 0})["position"] > 49152:
            break
        socket.send(piece)
        sent += len(piece)
        socket.read_for(0)
        known = [text["position"] for text in socket.texts
                 if text["type"] == "input"]
        socket.texts = [{"type": "input", "position": max(known, default=0)}]
    socket.say(ping="still there")
    socket.wait_text("pong", ping="still there")
    assert_same(vm.read_exactly(sent), typed[:sent])


# Coming again

class Session:
    """One that comes again and again, with all that it has got and typed."""

    def __init__(self, vspcd, vm, typed):
        self.vspcd, self.vm, self.typed = vspcd, vm, typed
        self.got = bytearray()
        self.sent = 0
        self.socket = None
        self.place = None

    def connect(self):
        """The former connection may still be there."""
        former = self.socket
        how = {"from": self.place} if self.place else {}
        self.socket = attach(self.vspcd, self.vm, session="a secret label",
                             **how)
        hello = self.socket.hello
        assert hello["is_resumed"] == (former is not None)
        assert not self.place or hello["position"] == len(self.got)
        self.sent = hello["input_position"]
        return former

    def take(self, count):
        """Reads at least so much more."""
        socket = self.socket
        socket.wait(lambda: len(socket.data) >= count, f"{count} bytes")
        self.got += socket.take(len(socket.data))
        self.place = socket.place
        assert socket.find("gap") is None

    def type(self, count):
        self.socket.send(self.typed[self.sent:self.sent + count])
        self.sent = min(self.sent + count, len(self.typed))


def test_cut_connections_lose_nothing(start_vspcd):
    """200 cuts under full output and typing: every byte once, in order."""
    vspcd = start_vspcd("--hold-time", "60000")
    vm = vspcd.vm("web-01")
    rng = random.Random(1)
    data = noise(5 * MIB, seed=2)
    session = Session(vspcd, vm, noise(CUTS * 300, seed=3))
    sender = threading.Thread(target=vm.send, args=(data,))
    session.connect()
    sender.start()
    for cut in range(CUTS):
        left = len(data) - len(session.got)
        session.type(rng.randrange(600))
        session.take(min(left, rng.randrange(2 * left // (CUTS - cut) + 1)))
        session.type(rng.randrange(100))
        if cut % 2:
            session.socket.close()
        former = session.connect()
        if not cut % 2:
            former.close()
    while session.sent < len(session.typed):
        session.type(4096)
    session.take(len(data) - len(session.got))
    sender.join()
    assert_same(bytes(session.got), data, "the output")
    assert_same(vm.read_exactly(len(session.typed)), session.typed, "the input")
    vspcd.wait_clients("web-01", 1)


def test_place_without_a_session_goes_on(vspcd, vm):
    socket = attach(vspcd, vm)
    vm.send(b"one two ")
    socket.read_until(b"two ")
    place = socket.place
    socket.reset()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web-01")
    watcher = vspcd.raw(vm)
    vm.send(b"three ")
    watcher.read_until(b"three ")
    socket = attach(vspcd, vm, **{"from": place})
    assert socket.read_exactly(6) == b"three "


def test_idle_ones_cost_nothing(vspcd, vm):
    sockets = [attach(vspcd, vm) for _ in range(20)]
    pump_all(sockets, lambda: all(s.find("who", total=20) for s in sockets),
             "the last list of people")
    vspcd.wait_idle()
