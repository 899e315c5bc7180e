"""vspc attach: a console on a terminal, and as a pipe; every byte once and in
order, whatever happens to the connection; the terminal as it was before, on
every way out."""

import json
import os
import re
import signal
import subprocess
import threading

import pytest

from harness import words
from harness.cutting import CuttingProxy
from harness.net import TIMEOUT, Fd, eventually
from harness.programs import BUILD, is_there
from harness.streams import assert_same, letters, noise, transfer
from harness.websocket import ConsoleSocket
from harness.wire import BRK

pexpect = pytest.importorskip(
    "pexpect", reason="python3-pexpect is not installed")

VSPC = str(BUILD / "vspc")
GREETING = b"leaves, \\^\\] \\? helps\\]\r\n"


class End:
    """A descriptor that is written to, and read, as a peer is."""

    def __init__(self, fd):
        self.send = fd.write
        self.read_exactly = lambda count, timeout: fd.read_exactly(count)


class Shell:
    """A shell on a terminal, in which vspc runs: what the terminal's modes are
    before and afterwards can be asked."""

    def __init__(self, socket):
        # A search for leaks at the end is done by a process of its own; a
        # hangup that ends that one lets vspc wait for it for ever.
        env = os.environ | {"PS1": "@@ ", "VSPC_SERVER": f"unix:{socket}",
                            "TERM": "xterm", "ASAN_OPTIONS": "detect_leaks=0"}
        self.child = pexpect.spawn(
            "/bin/bash", ["--norc", "--noprofile", "--noediting", "-i"], env=env,
            timeout=TIMEOUT, dimensions=(24, 100))
        self.child.delaybeforesend = None
        self.wait_prompt()
        self.before = self.modes()

    def wait_prompt(self):
        self.child.expect_exact(b"@@ ")

    def modes(self):
        self.child.sendline("stty -g")
        self.child.expect(rb"([0-9a-f]+(?::[0-9a-f]+){20,})\r\n")
        modes = self.child.match.group(1)
        self.wait_prompt()
        return modes

    def attach(self, console, *options):
        self.child.sendline(" ".join([VSPC, "attach", console, *options]))
        self.child.expect(GREETING)

    def send(self, keys):
        self.child.send(keys)

    def expect(self, pattern):
        self.child.expect(pattern)
        return self.child.match

    def expect_exact(self, shown):
        self.child.expect_exact(shown)

    def expect_exactly(self, shown):
        """That, and nothing else, is shown next."""
        assert self.child.read(len(shown)) == shown

    def status(self):
        """Of what has run last; the terminal is as it was."""
        self.wait_prompt()
        self.child.sendline("echo status=$?")
        status = int(self.expect(rb"status=(\d+)\r\n").group(1))
        self.wait_prompt()
        assert self.modes() == self.before
        return status

    def pid_of_vspc(self):
        def find():
            children = subprocess.run(
                ["pgrep", "-P", str(self.child.pid), "-x", "vspc"],
                capture_output=True, text=True, check=False).stdout.split()
            return children and int(children[0])
        return eventually(find, "vspc")

    def close(self):
        self.child.close(force=True)


def run_attach(vspcd_socket, *options, **how):
    env = os.environ | {"VSPC_SERVER": f"unix:{vspcd_socket}"}
    return subprocess.Popen([VSPC, "attach", *options], env=env,
                            stdin=how.pop("stdin", subprocess.PIPE),
                            stdout=how.pop("stdout", subprocess.PIPE),
                            stderr=subprocess.PIPE, **how)


@pytest.fixture
def vm(vspcd):
    return vspcd.vm("web-01")


@pytest.fixture
def shell(vspcd):
    shell = Shell(vspcd.socket)
    yield shell
    shell.close()


@pytest.fixture
def cutting(vspcd, tmp_path):
    """cutting(...): a CuttingProxy before vspcd."""
    made = []

    def make(**how):
        made.append(CuttingProxy(str(tmp_path), vspcd.socket, **how))
        return made[-1]
    yield make
    for proxy in made:
        proxy.close()


def test_bytes_both_ways(vm, shell):
    shell.attach("web-01")
    vm.send(b"\xff\x00login: ")
    shell.expect(b"\xff\x00login: ")
    shell.send(b"root\r\x03\x1a\x11\x13\x1c\xff")
    assert vm.read_exactly(11) == b"root\r\x03\x1a\x11\x13\x1c\xff"
    shell.send(b"\x1d.")
    shell.expect(b"left web-01")
    assert shell.status() == 0


# ---- ways out ---------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT,
                                    signal.SIGHUP, signal.SIGQUIT,
                                    signal.SIGSEGV, signal.SIGABRT])
def test_a_signal_leaves_the_terminal_as_it_was(vm, shell, number):
    shell.attach("web-01")
    os.kill(shell.pid_of_vspc(), number)
    assert shell.status() == 128 + number


def test_disconnected_by_somebody(vspcd, vm, shell):
    shell.attach("web-01")
    other = vspcd.keep(ConsoleSocket(vspcd.socket, "web-01")).greet()
    other.say(disconnect="all")
    shell.expect(b"\\[vspc: .*disconnect.*\\]")
    assert shell.status() == 1


def test_suspended_and_back(vm, shell):
    shell.attach("web-01")
    shell.send(b"\x1dz")
    shell.expect(b"Stopped")
    shell.wait_prompt()
    assert shell.modes() == shell.before
    vm.send(b"meanwhile")
    shell.send("fg\n")
    shell.expect(b"meanwhile")
    shell.send(b"\x03")
    assert vm.read_exactly(1) == b"\x03"
    shell.send(b"\x1d.")
    assert shell.status() == 0


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_from_outside(vm, shell, number):
    shell.attach("web-01")
    os.kill(shell.pid_of_vspc(), number)
    shell.expect(b"Stopped")
    shell.wait_prompt()
    shell.send("fg\n")
    vm.send(b"go on")
    shell.expect(b"go on")
    shell.send(b"\x03")
    assert vm.read_exactly(1) == b"\x03"
    shell.send(b"\x1d.")
    assert shell.status() == 0


def test_a_terminal_that_is_gone(vspcd, vm):
    shell = Shell(vspcd.socket)
    shell.attach("web-01")
    pid = shell.pid_of_vspc()
    shell.close()
    eventually(lambda: not is_there(pid), "the end of vspc")


# ---- keys -------------------------------------------------------------------

def test_escape_keys(vspcd, vm, shell):
    shell.attach("web-01")
    shell.send(b"\x1d?")
    shell.expect(b"keys behind ")
    shell.expect(b"itself")
    shell.send(b"\x1d\x1d")
    assert vm.read_exactly(1) == b"\x1d"
    shell.send(b"\x1db")
    shell.expect(b"\\[vspc: break\\]")
    vm.wait(lambda: BRK in vm.commands, "a break")
    shell.send(b"\x1dB?")
    shell.expect(b"reboots at once")
    shell.send(b"t")
    shell.expect(b"SysRq t: shows all tasks")
    assert vm.read_exactly(1) == b"t"
    shell.send(b"\x1dw")
    shell.expect(b"\\[vspc: \\d+ .*admin, free-for-all")
    shell.send(b"\x1dx")
    shell.expect(b"lists the keys")


def test_spying_sends_nothing(vm, shell):
    shell.attach("web-01")
    shell.send(b"\x1dsnothing\x1dsagain")
    shell.expect(b"keys are sent again")
    assert vm.read_exactly(5) == b"again"


def test_replay(vm, shell):
    shell.attach("web-01")
    vm.send(b"once upon a time\r\n")
    shell.expect(b"once upon a time")
    shell.send(b"\x1dr")
    shell.expect(b"once upon a time\r\n\\[vspc: the end of the replay")


def test_a_log(vspcd, vm, tmp_path):
    shell = Shell(vspcd.socket)
    try:
        shell.child.sendline(f"cd {tmp_path}")
        shell.wait_prompt()
        shell.attach("web-01")
        shell.send(b"\x1dl")
        name = shell.expect(b"logged to ([^]]+)\\]").group(1).decode()
        vm.send(b"\xffto be kept\r\n")
        shell.expect(b"kept")
        shell.send(b"\x1dl")
        shell.expect(b"the log has ended")
        assert (tmp_path / name).read_bytes() == b"\xffto be kept\r\n"
    finally:
        shell.close()


def test_another_escape_key(vm, shell):
    shell.child.sendline(f"{VSPC} attach web-01 --escape '#'")
    shell.expect(b"# . leaves")
    shell.send(b"a#.\r##\r#x\r")
    assert vm.read_exactly(9) == b"a#.\r#\r#x\r"
    shell.send(b"#.")
    assert shell.status() == 0


def test_a_recording(vm, shell, tmp_path):
    cast = tmp_path / "session.cast"
    shell.attach("web-01", "--record", str(cast))
    vm.send("grüß ".encode() + b"\xff\r\n")
    shell.expect(b"\xff\r\n")
    shell.send(b"\x1d.")
    assert shell.status() == 0
    header, *events = map(json.loads, cast.read_text().splitlines())
    assert (header["version"], header["width"], header["height"]) == \
        (2, 100, 24)
    shown = "".join(event[2] for event in events if event[1] == "o")
    assert shown == "grüß \N{REPLACEMENT CHARACTER}\r\n"


def test_who_only_reads(vspcd, vm, shell):
    shell.attach("web-01", "--read-only")
    shell.send(b"nothing\x1dw")
    shell.expect(b"read-only")
    vspcd.telnet(vm).send(b"x")
    assert vm.read_exactly(1) == b"x"


# ---- more than is taken ------------------------------------------------------

def in_background(send, data):
    threading.Thread(target=send, args=(data,), daemon=True).start()


def test_a_long_paste_arrives_whole(vm, shell):
    """However slowly the VM takes it."""
    shell.attach("web-01")
    data, step = letters(1 << 20, seed=3), 1 << 14
    in_background(shell.send, data)
    for at in range(0, len(data), step):
        assert_same(vm.read_exactly(step), data[at:at + step])
        vm.send(b"|")
        shell.expect(b"\\|")


def test_a_vm_that_takes_nothing(vm, shell):
    """The escape key works."""
    shell.attach("web-01")
    in_background(shell.send, letters(16 << 20, seed=3) + b"\x1d.")
    shell.expect(b"takes no input now")
    shell.expect(b"left web-01")
    assert shell.status() == 0


def test_a_stopped_terminal_loses_words_alone(vm, shell):
    """Replays, here: as many as find room, and what the console prints."""
    shell.attach("web-01", "--history", "0")
    vm.send(b"x" * 32768 + b"!")
    shell.expect(b"!")
    shell.send(b"\x1dr" * 30 + b"k")
    assert vm.read_exactly(1) == b"k"
    data = letters(1 << 19, seed=5)
    in_background(vm.send, data)
    shell.expect_exact(data[-100:])
    assert_same(shell.child.before[-len(data) + 100:], data[:-100])


# ---- a pipe -----------------------------------------------------------------

def test_lines_end_as_enter_ends_them(vspcd, vm):
    vspc = run_attach(vspcd.socket, "web-01", "--history", "0")
    vspc.stdin.write(b"one\ntwo\r\nthree")
    vspc.stdin.close()
    assert vm.read_exactly(13) == b"one\rtwo\rthree"
    vm.send(b"\xffanswer\n")
    assert vspc.stdout.read() == b"\xffanswer\n"
    assert vspc.wait(TIMEOUT) == 0
    assert vspc.stderr.read() == b""


def test_a_large_file_is_typed_whole(vspcd, vm, tmp_path):
    data = noise(3 << 20, seed=4)
    (tmp_path / "input").write_bytes(data)
    with open(tmp_path / "input", "rb") as file:
        vspc = run_attach(vspcd.socket, "web-01", "--raw", "--linger", "0",
                          stdin=file)
    assert_same(vm.read_exactly(len(data)), data)
    assert vspc.wait(TIMEOUT) == 0


def test_a_reader_that_goes(vspcd, vm):
    vspc = run_attach(vspcd.socket, "web-01")
    vm.send(b"x" * 100)
    assert vspc.stdout.read(100) == b"x" * 100
    vspc.stdout.close()
    assert vspc.wait(TIMEOUT) == 128 + signal.SIGPIPE
    assert vspc.stderr.read() == b""


def test_no_such_console(vspcd, vm):
    vspc = run_attach(vspcd.socket, "web", stdin=subprocess.DEVNULL)
    assert vspc.wait(TIMEOUT) == 3
    assert b"did you mean web-01" in vspc.stderr.read()


# ---- connections that are lost ----------------------------------------------

def test_every_byte_once_through_200_cuts(vspcd, vm, cutting):
    """Full output, and typing at the same time."""
    proxy = cutting(cuts=200)
    vspc = run_attach(proxy.path, "web-01", "--raw", "--history", "0")
    reader, writer = Fd(vspc.stdout.fileno()), Fd(vspc.stdin.fileno())
    eventually(lambda: vspcd.events(words.CLIENT_CONNECTED), "the client")
    ways = 0
    while proxy.left > 0:
        ways += 1
        transfer((vm, End(reader), letters(1 << 19, seed=ways)),
                 (End(writer), vm, letters(1 << 19, seed=-ways)))
    vspc.stdin.close()
    assert vspc.stdout.read() == b""
    assert vspc.wait(TIMEOUT) == 0
    # A loss of more than a second may have been told, on a slow machine.
    assert b"miss" not in vspc.stderr.read()


def test_a_cut_is_not_seen_on_a_terminal(vspcd, vm, cutting):
    proxy = cutting()
    shell = Shell(proxy.path)
    try:
        shell.attach("web-01")
        for number in range(5):
            proxy.cut()
            vm.send(b"before %d|" % number)
            shell.expect_exactly(b"before %d|" % number)
            shell.send(b"%d" % number)
            assert vm.read_exactly(1) == b"%d" % number
        shell.send(b"\x1d.")
        assert shell.status() == 0
    finally:
        shell.close()


def test_a_loss_is_told_and_keys_are_not_sent_later(vspcd, vm, cutting):
    proxy = cutting()
    shell = Shell(proxy.path)
    try:
        shell.attach("web-01")
        proxy.is_shut = True
        proxy.cut()
        shell.expect(b"connection lost .*keys are not sent until it is back")
        shell.send(b"not sent")
        vm.send(b"kept for it")
        proxy.is_shut = False
        shell.expect(b"\\[vspc: reconnected\\]\r\n")
        shell.expect(b"kept for it")
        shell.send(b"sent")
        assert vm.read_exactly(4) == b"sent"
        proxy.is_shut = True
        proxy.cut()
        shell.send(b"\x1d.")
        assert shell.status() == 0
    finally:
        shell.close()


def test_vspcd_is_restarted_with_a_log(start_vspcd, tmp_path):
    """What the log has is continued; who waits is where he was."""
    options = ("--logdir", tmp_path)
    env = {"STATE_DIRECTORY": str(tmp_path), "RUNTIME_DIRECTORY": str(tmp_path)}
    first = start_vspcd(*options, env=env)
    vm = first.vm("web-01")
    shell = Shell(first.socket)
    try:
        shell.attach("web-01")
        vm.send(b"before the restart\r\n")
        shell.expect(b"before the restart\r\n")
        os.kill(shell.pid_of_vspc(), signal.SIGSTOP)
        shell.expect(b"Stopped")
        vm.send(b"while nobody looks\r\n")
        first.telnet(vm).read_until(b"looks\r\n")
        first.stop()
        second = start_vspcd(*options, env=env)
        again = second.vm("web-01", uuid=vm.uuid)
        shell.send("fg\n")
        shell.expect(b"while nobody looks\r+\n")
        again.send(b"after it\r\n")
        shell.expect(b"after it")
        shell.send(b"x")
        assert again.read_exactly(1) == b"x"
    finally:
        shell.close()
