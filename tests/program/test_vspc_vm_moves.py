"""vspc-vm rehearses vMotion: the words of both hosts, each way a move can go,
and every byte, whatever happens."""

import concurrent.futures
import re
import signal
import socket
import subprocess
import time

import pytest

from harness import wire
from harness.net import Fd, Listener
from harness.programs import BUILD, clean_environment
from harness.proxy import KNOWN, MovingProxy
from harness.streams import MIB, assert_same, noise
from harness.vm import UUID

BEGIN, PEER, COMPLETE, ABORT = (
    wire.VMOTION_BEGIN, wire.VMOTION_PEER, wire.VMOTION_COMPLETE,
    wire.VMOTION_ABORT)
MOVED = [BEGIN, PEER, COMPLETE]


@pytest.fixture
def proxy():
    concentrator = MovingProxy()
    yield concentrator
    concentrator.close()


class Guest:
    """A vspc-vm on pipes: what is at its serial port, and its log."""

    def __init__(self, start_vm, proxy, *options):
        self.program = start_vm(proxy.port, *options, stdin=subprocess.PIPE)
        self.proxy = proxy
        self.out = Fd(self.program.process.stdout.fileno())

    def say(self, data):
        self.program.process.stdin.write(data)
        self.program.process.stdin.flush()

    def move(self):
        self.program.process.send_signal(signal.SIGUSR1)

    def has_logged(self, pattern):
        return re.search(pattern, self.program.log)

    def wait_log(self, pattern):
        self.proxy.run(lambda: self.has_logged(pattern), repr(pattern))
        return self.has_logged(pattern)

    def check_works(self):
        """Both ways, with what was said before."""
        before = bytes(self.proxy.output)
        self.say(b"still \xff here")
        self.proxy.run(lambda: self.proxy.output == before + b"still \xff here",
                       "the guest's words")
        self.proxy.type(b"typed \xff\n")
        self.proxy.run(lambda: not self.proxy.vm.unsent, "room")
        assert self.out.read_exactly(8) == b"typed \xff\n"


@pytest.fixture
def guest(start_vm, proxy):
    """guest(*options): a Guest whose console is served."""
    def start(*options):
        it = Guest(start_vm, proxy, *options)
        proxy.serve()
        return it
    return start


def addresses(proxy):
    return [link.vm_address for link in proxy.links]


# On the wire

def test_a_move_as_real_hosts_play_it(guest, proxy):
    vm = guest()
    vm.check_works()
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    vm.check_works()
    assert proxy.said == MOVED
    source, destination = proxy.links
    assert source.events[-1] == (BEGIN, proxy.sequences[0])
    ticket = proxy.sequences[0] + proxy.SECRET
    words = [event for event in destination.events
             if event[0] in (wire.WILL, PEER, COMPLETE,
                             wire.KNOWN_SUBOPTIONS_1)]
    assert words[0] == (wire.WILL, wire.AUTHENTICATION)
    at = words.index((wire.WILL, wire.VMWARE))
    assert words[at + 1:] == [
        (wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN), (PEER, ticket),
        (wire.WILL, wire.COM_PORT), (COMPLETE, proxy.sequences[0])]
    proxy.run(lambda: wire.VM_NAME in destination.values, "VM-NAME")
    assert wire.VM_VC_UUID in destination.values


def test_peer_is_one_segment(guest, proxy):
    vm = guest()
    chunks = []
    accept = proxy._accept

    def listen():
        accept()
        link = proxy.links[-1]
        feed = link.on_received
        link.on_received = lambda chunk: (chunks.append(chunk), feed(chunk))
    proxy._accept = listen
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    together = (
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
        wire.ext(PEER, proxy.sequences[0] + proxy.SECRET) +
        wire.will(wire.COM_PORT))
    assert any(together in chunk for chunk in chunks), chunks


def test_it_says_how_it_went(guest, proxy):
    vm = guest()
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    said = vm.wait_log(
        r"moved from (\S+) to (\S+) \(VMOTION-GOAHEAD after [\d.]+ ms, "
        r"VMOTION-PEER-OK [\d.]+ ms after connecting, "
        r"guest stopped for [\d.]+ ms\)")
    assert list(said.groups()) == addresses(proxy)


def test_each_move_has_a_sequence_of_its_own(guest, proxy):
    vm = guest()
    for moves in range(1, 11):
        vm.move()
        proxy.run(lambda: proxy.completed == moves, "a move")
        vm.check_works()
    assert len(set(proxy.sequences)) == 10
    assert len(proxy.open_links()) == 1


def test_the_source_is_closed_even_if_the_concentrator_does_not(guest, proxy):
    proxy.CLOSES_SOURCE = False
    vm = guest()
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    proxy.run(lambda: proxy.links[0].is_closed_by_peer, "the source's end")
    vm.check_works()


def test_moves_come_by_themselves(guest, proxy):
    vm = guest("--move-every", 1)
    proxy.run(lambda: proxy.completed == 2, "two moves")
    vm.check_works()


def test_the_destination_may_connect_elsewhere(guest, proxy):
    elsewhere = MovingProxy()
    try:
        vm = guest("--move-to", f"127.0.0.1:{elsewhere.port}")
        vm.move()
        # Two doors of one concentrator.
        elsewhere.sequences = proxy.sequences
        elsewhere.vm = proxy.vm
        proxy.run(elsewhere.listener.is_asked, "the destination")
        elsewhere.run(lambda: elsewhere.completed, "a move")
        vm.proxy = elsewhere
        vm.check_works()
    finally:
        elsewhere.close()


# Moves that fail: the VM runs on

def test_abort(guest, proxy):
    vm = guest("--move-as", "abort")
    vm.move()
    proxy.run(lambda: ABORT in proxy.said, "VMOTION-ABORT")
    assert proxy.said == [BEGIN, PEER, ABORT]
    said = vm.wait_log(r"not moved from (\S+) to (\S+): aborted.*, as rehearsed")
    assert list(said.groups()) == addresses(proxy)
    proxy.run(lambda: proxy.open_links() == proxy.links[:1], "one connection")
    vm.check_works()


@pytest.mark.parametrize("answer", [True, "close"])
def test_wrong_secret(guest, proxy, answer):
    """Refused with UNKNOWN-SUBOPTION-RCVD-2 44, or closed."""
    proxy.PEER_OK = answer
    vm = guest("--move-as", "wrong-secret")
    vm.move()
    proxy.run(lambda: ABORT in proxy.said, "VMOTION-ABORT")
    wrong = proxy.links[1].values[PEER]
    assert wrong[:4] == proxy.sequences[0] and wrong[4:] != proxy.SECRET
    assert len(wrong) == 4 + len(proxy.SECRET)
    vm.wait_log(r"not moved from \S+ to \S+: .*VMOTION-PEER")
    vm.check_works()


def test_a_wrong_secret_that_is_let_in_is_told(guest, proxy):
    vm = guest("--move-as", "wrong-secret")
    proxy.on_peer = lambda link, ticket: link.send_wire(
        wire.ext(wire.VMOTION_PEER_OK, proxy.sequences[-1]))
    vm.move()
    vm.wait_log("not moved .*let a wrong secret in")
    vm.check_works()


def test_notnow(guest, proxy):
    proxy.GOAHEAD = False
    vm = guest()
    vm.move()
    vm.wait_log(r"not moved from \S+: .*VMOTION-NOTNOW.*runs on")
    vm.check_works()
    assert proxy.said == [BEGIN] and len(proxy.links) == 1
    proxy.GOAHEAD = True
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    vm.check_works()


def test_begin_that_is_not_known_after_all(guest, proxy):
    vm = guest()
    proxy.on_begin = lambda link, sequence: link.send_wire(
        wire.ext(wire.UNKNOWN_SUBOPTION_RCVD_2, bytes((BEGIN,))))
    vm.move()
    vm.wait_log("not moved .*VMOTION-BEGIN")
    vm.check_works()


def test_a_concentrator_without_vmotion(guest, proxy):
    proxy.known = bytes(set(KNOWN) - set(range(BEGIN, ABORT + 1)))
    vm = guest()
    vm.move()
    vm.wait_log("not moved: .*no vMotion")
    vm.check_works()
    assert proxy.said == []


def test_no_answer_to_begin(guest, proxy):
    proxy.GOAHEAD = None
    vm = guest("--move-timeout", 1)
    vm.move()
    vm.wait_log("not moved .*VMOTION-GOAHEAD did not come in time")
    vm.check_works()
    assert proxy.said == [BEGIN, ABORT]


def test_a_late_goahead_means_nothing(guest, proxy):
    proxy.GOAHEAD = None
    vm = guest("--move-timeout", 1)
    vm.move()
    proxy.run(lambda: ABORT in proxy.said, "VMOTION-ABORT")
    proxy.vm.send_wire(wire.ext(wire.VMOTION_GOAHEAD,
                                proxy.sequences[0] + proxy.SECRET))
    vm.check_works()
    assert len(proxy.links) == 1


def test_no_answer_to_peer(guest, proxy):
    proxy.PEER_OK = None
    vm = guest("--move-timeout", 1)
    vm.move()
    vm.wait_log("not moved .*VMOTION-PEER-OK did not come in time")
    proxy.run(lambda: len(proxy.open_links()) == 1, "one connection")
    vm.check_works()
    assert proxy.said == [BEGIN, PEER, ABORT]


def test_a_destination_that_cannot_connect(guest, proxy):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        vm = guest("--move-to", f"127.0.0.1:{port}")
        vm.move()
        vm.wait_log(r"not moved from \S+: .*127\.0\.0\.1:%d.*runs on" % port)
    vm.check_works()
    assert proxy.said == [BEGIN, ABORT]


def test_a_destination_at_what_is_no_concentrator(guest, proxy):
    web = Listener()
    try:
        vm = guest("--move-to", f"127.0.0.1:{web.port}")
        vm.move()
        proxy.run(web.is_asked, "a connection")
        with web.accept() as sock:
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        vm.wait_log(r"not moved .*127\.0\.0\.1:%d" % web.port)
        vm.check_works()
    finally:
        web.close()


# Hosts that are lost

def test_no_complete(guest, proxy):
    vm = guest("--move-as", "no-complete")
    vm.move()
    proxy.run(lambda: len(proxy.links) == 2 and not proxy.open_links(),
              "both hosts to be lost")
    proxy.vm = None
    vm.wait_log(r"not moved .*both hosts lost.*trying again")
    proxy.serve()  # by DO-PROXY
    vm.check_works()
    assert proxy.said == [BEGIN, PEER] and len(proxy.links) == 3


def test_no_complete_without_reconnecting(guest, proxy):
    vm = guest("--move-as", "no-complete", "--no-reconnect")
    vm.move()
    proxy.run(lambda: vm.program.process.poll() is not None, "its end")
    assert vm.program.wait_exit() == 1
    assert "both hosts lost" in vm.program.log


def test_dead_source(guest, proxy):
    vm = guest("--move-as", "dead-source")
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    vm.check_works()
    assert proxy.said == MOVED
    said = vm.wait_log(r" moved from (\S+) to (\S+) \(.*; dead-source\)")
    assert list(said.groups()) == addresses(proxy)
    assert proxy.links[0].is_closed_by_peer


def test_dead_source_and_no_destination(guest, proxy):
    """Nothing is left of it: it comes back by itself."""
    proxy.PEER_OK = "close"
    vm = guest("--move-as", "dead-source")
    vm.move()
    vm.wait_log("not moved .*source was lost.*trying again")
    proxy.vm = None
    proxy.serve()
    vm.check_works()


def test_lost_destination(guest, proxy):
    vm = guest("--move-as", "lost-destination")
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    vm.check_works()
    assert proxy.said == [BEGIN, PEER, PEER, COMPLETE]
    first, second = proxy.links[1:]
    assert first.values[PEER] == second.values[PEER]
    said = vm.wait_log(r" moved from (\S+) to (\S+)")
    assert list(said.groups()) == [proxy.links[0].vm_address,
                                   second.vm_address]


def test_the_source_is_lost_before_goahead(guest, proxy):
    vm = guest()
    proxy.on_begin = lambda link, sequence: link.close()
    vm.move()
    vm.wait_log("not moved .*lost before VMOTION-GOAHEAD.*trying again")
    proxy.vm = None
    proxy.serve()
    vm.check_works()


def test_nothing_to_move(start_vm):
    vm = start_vm(1, stdin=subprocess.PIPE)
    vm.wait_log("trying again")
    vm.process.send_signal(signal.SIGUSR1)
    vm.wait_log("not moved: there is no connection")


def test_one_move_at_a_time(guest, proxy):
    proxy.PEER_OK = None
    vm = guest()
    vm.move()
    proxy.run(lambda: PEER in proxy.said, "VMOTION-PEER")
    vm.move()
    vm.wait_log("not moved: a move is under way")
    assert proxy.said == [BEGIN, PEER]


# The end, in the middle of a move

@pytest.mark.parametrize("behaviour, said", [
    ({"GOAHEAD": None}, [BEGIN, ABORT]),
    ({"PEER_OK": None}, [BEGIN, PEER, ABORT]),
], ids=["begun", "joining"])
def test_a_signal_ends_it_in_order(guest, proxy, behaviour, said):
    for name, value in behaviour.items():
        setattr(proxy, name, value)
    vm = guest()
    vm.move()
    proxy.run(lambda: proxy.said == said[:-1], "the move to wait")
    vm.program.process.send_signal(signal.SIGTERM)
    proxy.run(lambda: proxy.links[0].is_closed_by_peer, "the end")
    assert proxy.said == said
    assert vm.program.wait_exit() == 0


def test_what_was_read_is_sent_before_it_ends(guest, proxy):
    """The end of input comes with the move."""
    vm = guest()
    vm.say(b"last words")
    vm.move()
    vm.program.process.stdin.close()
    vm.program.process.stdin = None
    proxy.run(lambda: proxy.output == b"last words", "the last words")
    proxy.run(lambda: vm.program.process.poll() is not None, "its end")
    assert vm.program.wait_exit() == 0


# Every byte

class Flood:
    """As much as goes through both ways, until it is told to end."""

    CHUNK = noise(MIB, seed=5)

    def __init__(self, vm):
        self.vm = vm
        self.proxy = vm.proxy
        self.is_ending = False
        self.said = self.typed = 0  # bytes

    def say(self):
        stdin = Fd(self.vm.program.process.stdin.fileno())
        while not self.is_ending:
            stdin.write(self.CHUNK)
            self.said += len(self.CHUNK)

    def type(self):
        waits = len(self.proxy.input) + (
            len(self.proxy.vm.unsent) if self.proxy.vm else 0)
        if not self.is_ending and waits < 64 * 1024:
            at = self.typed % len(self.CHUNK)
            part = self.CHUNK[at:at + 32 * 1024]
            self.proxy.type(part)
            self.typed += len(part)

    def read(self):
        got = bytearray()
        while not self.is_ending or len(got) < self.typed:
            some = min(self.typed - len(got), 64 * 1024)
            got += self.vm.out.read_exactly(some)
            if some == 0:
                time.sleep(0.001)
        return got

    def run(self, until):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            saying = pool.submit(self.say)
            reading = pool.submit(self.read)
            while not until():
                self.type()
                self.proxy._turn()
            self.is_ending = True
            self.proxy.run(lambda: saying.done() and reading.done() and
                           len(self.proxy.output) >= self.said, "all bytes")
            self.check(self.proxy.output, self.said, "from the guest")
            self.check(reading.result(), self.typed, "to the guest")

    def check(self, got, size, what):
        expected = self.CHUNK * (size // len(self.CHUNK) + 1)
        assert_same(bytes(got), expected[:size], what)


@pytest.mark.parametrize("way, types_on, closes, moves", [
    ("complete", False, True, 15), ("complete", True, False, 3),
    ("abort", False, True, 10), ("abort", True, True, 10),
    ("wrong-secret", True, True, 10), ("dead-source", False, True, 10),
    ("lost-destination", True, True, 10),
])
def test_no_byte_is_lost(guest, proxy, way, types_on, closes, moves):
    proxy.TYPES_ON, proxy.CLOSES_SOURCE = types_on, closes
    vm = guest("--move-as", way)
    asked = answered = 0

    def move_again():
        """As soon as the last one is over."""
        nonlocal asked, answered
        over = proxy.said.count(COMPLETE) + proxy.said.count(ABORT)
        if over == len(proxy.sequences):
            answered = over + vm.program.log.count("under way")
        if answered == asked:
            if over == moves:
                return True
            vm.move()
            asked += 1
        return False
    Flood(vm).run(move_again)
    assert not vm.has_logged("are lost")


def test_no_byte_is_lost_from_a_command(start_vm, proxy, tmp_path):
    command = tmp_path / "command"
    command.write_text("#!/bin/sh\nstty raw -echo\nseq 300000\n")
    command.chmod(0o755)
    vm = Guest(start_vm, proxy, "--move-every", 1, "--exec", command)
    expected = "".join(f"{n}\n" for n in range(1, 300001)).encode()

    def over():
        if len(proxy.output) > len(proxy.sequences) * 200_000:
            vm.move()
        return len(proxy.output) >= len(expected)
    proxy.run(over, "all of it")
    assert proxy.completed > 3
    assert_same(bytes(proxy.output), expected)
    proxy.run(lambda: vm.program.process.poll() is not None, "its end")
    assert vm.program.wait_exit() == 0


def test_a_guest_that_does_not_read_moves(guest, proxy):
    """The answer to VMOTION-BEGIN stands behind what it does not take."""
    vm = guest()
    typed = noise(100_000, seed=7)
    proxy.type(typed)
    proxy.run(lambda: not proxy.vm.unsent, "all to be sent")
    vm.move()
    proxy.run(lambda: proxy.completed, "a move")
    assert_same(vm.out.read_exactly(len(typed)), typed)
    vm.check_works()


# Command line

@pytest.mark.parametrize("args, words", [
    (["--move-every", "0"], ["--move-every 0", "1 to 86400"]),
    (["--move-every", "often"], ["often"]),
    (["--move-every", "86401"], ["86400"]),
    (["--move-timeout", "0"], ["--move-timeout 0"]),
    (["--move-to", "host:port"], ["--move-to host:port"]),
    (["--move-to", ":::"], ["--move-to :::"]),
    (["--move-as", "nicely"], [
        "nicely", "complete, abort, wrong-secret, no-complete, dead-source or "
        "lost-destination"]),
], ids=lambda value: " ".join(value))
def test_wrong_values(args, words):
    result = subprocess.run(
        [BUILD / "vspc-vm", "--proxy", "127.0.0.1:1", "--name", "n", "--uuid",
         UUID, *args], capture_output=True, text=True, timeout=30,
        env=clean_environment(), stdin=subprocess.DEVNULL)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    for word in words:
        assert word in result.stderr
