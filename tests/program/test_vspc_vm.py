"""vspc-vm: its wire order, each of its modes, and reconnecting."""

import concurrent.futures
import os
import pathlib
import signal
import socket
import subprocess
import termios
import time
import tty

import pytest

from harness import words
from harness import wire
from harness.net import TIMEOUT, Fd, Listener, Peer, eventually
from harness.programs import BUILD, Program, clean_environment
from harness.proxy import FakeProxy
from harness.streams import MIB, assert_same, noise, transfer
from harness.vm import UUID, esxi_uuid

EVERY_BYTE = bytes(range(256))
CODE = {name: getattr(wire, name) for name in (
    "KNOWN_SUBOPTIONS_1", "DO_PROXY", "VM_VC_UUID", "VM_NAME")}


@pytest.fixture
def fake():
    proxy = FakeProxy()
    yield proxy
    proxy.close()


def attached(vspcd, name="vm-0001", kind="telnet"):
    """A client of the console, once it is there."""
    return getattr(vspcd, kind)(vspcd.port_of(name))


def assert_every_byte(client, fd):
    """Both ways, in pieces that a pty's queue holds."""
    for data in (EVERY_BYTE, b"\r\n\0\r\xff\xff\xfb\x01" * 10):
        fd.write(data)
        assert client.read_exactly(len(data)) == data
        client.send(data)
        assert fd.read_exactly(len(data)) == data


# On the wire

def test_wire_order_is_that_of_esxi(fake, start_vm):
    start_vm(fake.port, "--connect", "127.0.0.1:1", stdin=subprocess.DEVNULL)
    vm = fake.accept()
    # Its first bytes, before the concentrator says anything.
    vm.wait(lambda: vm.received >= 3, "the first bytes")
    vm.read_for(0.1)
    assert vm.events == [(wire.WILL, wire.AUTHENTICATION)]
    vm.serve()
    vm.read_for(0.05)
    assert not vm.data
    negotiated = [e for e in vm.events if e[0] in (wire.WILL, wire.DO)]
    assert sorted(negotiated) == sorted([
        (wire.WILL, wire.AUTHENTICATION), (wire.DO, wire.BINARY),
        (wire.DO, wire.SGA), (wire.DO, wire.ECHO), (wire.WILL, wire.BINARY),
        (wire.WILL, wire.SGA), (wire.WILL, wire.VMWARE),
        (wire.WILL, wire.COM_PORT)])
    assert not [e for e in vm.events if e[0] in (wire.WONT, wire.DONT)]
    codes = [e[0] for e in vm.events if e[0] in CODE.values()]
    assert codes == [wire.KNOWN_SUBOPTIONS_1, wire.DO_PROXY, wire.VM_VC_UUID,
                     wire.VM_NAME] or codes == [
        wire.KNOWN_SUBOPTIONS_1, wire.DO_PROXY, wire.VM_NAME, wire.VM_VC_UUID]
    assert vm.values == {
        wire.KNOWN_SUBOPTIONS_1: wire.ESXI_KNOWN,
        wire.DO_PROXY: b"SvSPC.py",
        wire.VM_VC_UUID: esxi_uuid(UUID).encode(),
        wire.VM_NAME: b"vm-0001"}
    assert vm.at((wire.WILL, wire.COM_PORT)) > \
        vm.at((wire.VM_VC_UUID, vm.values[wire.VM_VC_UUID]))


def test_extension_is_held_back_until_authentication_is_answered(
        fake, start_vm):
    start_vm(fake.port, "--connect", "127.0.0.1:1")
    vm = fake.accept()
    answer, vm.on_negotiation = vm.on_negotiation, \
        lambda verb, option: vm.events.append((verb, option))
    vm.greet()
    vm.wait(lambda: (wire.WILL, wire.SGA) in vm.events, "WILL SGA")
    vm.read_for(0.1)
    assert (wire.WILL, wire.VMWARE) not in vm.events
    vm.on_negotiation = answer
    vm.send_wire(wire.dont(wire.AUTHENTICATION))
    vm.wait(lambda: (wire.WILL, wire.VMWARE) in vm.events, "WILL 232")


def test_known_suboptions_and_do_proxy_share_a_segment(fake, start_vm):
    start_vm(fake.port, "--connect", "127.0.0.1:1")
    vm = fake.accept()
    chunks = []
    feed = vm.on_received
    vm.on_received = lambda chunk: (chunks.append(chunk), feed(chunk))
    vm.serve()
    known = wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN)
    both = known + wire.ext(wire.DO_PROXY, b"SvSPC.py")
    assert any(both in chunk for chunk in chunks), chunks


def test_it_answers_what_a_vm_answers(fake, start_vm):
    start_vm(fake.port, "--connect", "127.0.0.1:1")
    vm = fake.accept().serve()
    for get in (wire.GET_VM_BIOS_UUID, wire.GET_VM_LOCATION_UUID):
        vm.send_wire(wire.ext(get))
        vm.wait(lambda: get - 1 in vm.values or
                wire.UNKNOWN_SUBOPTION_RCVD_1 in vm.values, "an answer")
        vm.values.pop(wire.UNKNOWN_SUBOPTION_RCVD_1, None)
    vm.send_wire(wire.ext(99, b"\xff\xf0"))
    vm.wait(lambda: (wire.UNKNOWN_SUBOPTION_RCVD_1, b"\x63") in vm.events,
            "UNKNOWN-SUBOPTION-RCVD-1 99")
    vm.sync()


def test_it_says_nothing_twice(fake, start_vm):
    start_vm(fake.port, "--connect", "127.0.0.1:1")
    vm = fake.accept().serve()
    vm.sync()
    before = len(vm.negotiation)
    for _ in range(20):
        vm.greet()
    vm.sync()
    assert len(vm.negotiation) == before


def test_free_text_uuid_is_sent_as_it_is(fake, start_vm):
    start_vm(fake.port, "--connect", "127.0.0.1:1", uuid="my-machine",
             name="büro", uri="s1")
    vm = fake.accept().serve()
    assert vm.values[wire.VM_VC_UUID] == b"my-machine"
    assert vm.values[wire.VM_NAME] == "büro".encode()
    assert vm.values[wire.DO_PROXY] == b"Ss1"


# Modes

def test_stdin_and_stdout(vspcd, start_vm):
    vm = start_vm(vspcd, stdin=subprocess.PIPE)
    client = attached(vspcd)
    vm.process.stdin.write(EVERY_BYTE)
    vm.process.stdin.flush()
    assert client.read_exactly(256) == EVERY_BYTE
    client.send(EVERY_BYTE)
    assert Fd(vm.process.stdout.fileno()).read_exactly(256) == EVERY_BYTE


def test_the_end_of_stdin_ends_it_when_all_is_sent(vspcd, start_vm):
    """producer | vspc-vm"""
    vm = start_vm(vspcd, stdin=subprocess.PIPE)
    client = attached(vspcd)
    vm.process.stdin.write(b"x" * 50000 + b"<end>")
    vm.process.stdin.close()
    vm.process.stdin = None
    assert client.read_until(b"<end>") == b"x" * 50000 + b"<end>"
    assert vm.wait_exit() == 0
    vspcd.wait_event(words.VM_DISCONNECTED, console="vm-0001")


def test_much_on_stdin_and_stdout(start_vspcd, start_vm):
    vspcd = start_vspcd("--hold-time", 20000)
    vm = start_vm(vspcd, stdin=subprocess.PIPE)
    client = attached(vspcd)
    data = noise(2 * MIB, seed=3)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        fed = pool.submit(Fd(vm.process.stdin.fileno()).write, data)
        assert_same(client.read_exactly(len(data)), data)
        fed.result()
        sent = pool.submit(client.send, data)
        out = Fd(vm.process.stdout.fileno())
        assert_same(out.read_exactly(len(data)), data)
        sent.result()


def script(tmp_path, text):
    path = tmp_path / "command"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_exec_on_a_pty(vspcd, start_vm, tmp_path):
    command = script(tmp_path, """
        test -t 0 && test -t 1 && test -t 2 || exit 1
        while read -r line; do
            echo "got <$line>"
        done
    """)
    start_vm(vspcd, "--exec", command)
    client = attached(vspcd)
    client.send(b"hello\r")  # a terminal's Enter, made a line by the pty
    client.read_until(b"got <hello>\r\n")
    client.send(b"again\r")
    client.read_until(b"got <again>\r\n")


def test_exec_takes_a_command_with_arguments(vspcd, start_vm):
    start_vm(vspcd, "--exec", "sh -c 'read x; echo \"$x and $((40 + 2))\"; "
             "exec cat'")
    client = attached(vspcd)
    client.send(b"six\r")
    client.read_until(b"six and 42\r\n")


def test_exec_has_no_descriptors_but_the_terminal(vspcd, start_vm, tmp_path):
    command = script(tmp_path, """
        read line
        ls -l /proc/$$/fd >"$0.fds"
        grep -c -e socket: -e anon_inode: -e pipe: "$0.fds"
        exec cat
    """)
    start_vm(vspcd, "--exec", command)
    client = attached(vspcd)
    client.send(b"\r")
    client.read_until(b"\n")
    assert client.read_until(b"\n").strip() == b"0"


def test_exec_command_ends_with_it(vspcd, start_vm, tmp_path):
    pid_file = tmp_path / "pid"
    command = script(tmp_path, f"echo $$ >{pid_file}.new\n"
                     f"mv {pid_file}.new {pid_file}\nexec sleep 600")
    vm = start_vm(vspcd, "--exec", command)
    eventually(pid_file.exists, "the command to run")
    pid = pid_file.read_text().strip()
    vm.stop()
    eventually(lambda: not is_running(pid), "the command to end")


def is_running(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("status", [0, 7])
def test_exec_status_is_its_status(vspcd, start_vm, tmp_path, status):
    """And the command's last words are delivered."""
    vm = start_vm(vspcd, "--exec", script(
        tmp_path, f"read line\necho last words\nexit {status}"))
    client = attached(vspcd)
    client.send(b"\r")
    client.read_until(b"last words\r\n")
    assert vm.wait_exit() == status
    vspcd.wait_event(words.VM_DISCONNECTED, console="vm-0001")


def test_exec_respawn(vspcd, start_vm, tmp_path):
    start_vm(vspcd, "--respawn", "--exec", script(
        tmp_path, "echo ready\nread line\necho \"<$line>\""))
    client = attached(vspcd)
    client.send(b"first\r")
    client.read_until(b"<first>\r\n")
    client.read_until(b"ready\r\n")
    client.send(b"second\r")
    client.read_until(b"<second>\r\n")


def test_exec_command_that_cannot_run(vspcd, start_vm, tmp_path):
    vm = start_vm(vspcd, "--exec", tmp_path / "not-there")
    vm.wait_log("not-there|not found|No such file")


def open_tty(path):
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    return fd


def test_pty(vspcd, start_vm, tmp_path):
    link = tmp_path / "serial"
    vm = start_vm(vspcd, "--pty", link)
    client = attached(vspcd)
    eventually(link.is_symlink, "the link")
    for _ in range(2):  # a terminal program may leave and come again
        fd = open_tty(link)
        try:
            assert_every_byte(client, Fd(fd))
        finally:
            os.close(fd)
    vm.stop()
    assert not link.is_symlink()


def test_pty_link_of_a_killed_one_is_replaced(vspcd, start_vm, tmp_path):
    link = tmp_path / "serial"
    link.symlink_to("/dev/pts/99999")
    start_vm(vspcd, "--pty", link)
    client = attached(vspcd)
    eventually(link.exists, "a link to a pty that is there")
    fd = open_tty(link)
    try:
        assert_every_byte(client, Fd(fd))
    finally:
        os.close(fd)


def test_pty_does_not_replace_a_file(start_vm, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("data")
    vm = start_vm(1, "--pty", precious)
    assert vm.wait_exit() != 0
    assert "precious" in vm.log
    assert precious.read_text() == "data"


class Target:
    """What --connect connects to."""

    def __init__(self, kind, tmp_path):
        if kind == "unix":
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.bind(str(tmp_path / "socket"))
            self.name = f"unix:{tmp_path}/socket"
        else:
            self.sock = socket.socket()
            self.sock.bind(("127.0.0.1", 0))
            self.name = "127.0.0.1:%d" % self.sock.getsockname()[1]
        self.sock.settimeout(TIMEOUT)

    def accept(self):
        accepted, _ = self.sock.accept()
        accepted.settimeout(TIMEOUT)
        return accepted


@pytest.fixture(params=["unix", "tcp"])
def target(request, tmp_path):
    target = Target(request.param, tmp_path)
    yield target
    target.sock.close()


def test_connect(vspcd, start_vm, target):
    target.sock.listen()
    start_vm(vspcd, "--connect", target.name)
    with target.accept() as sock:
        guest = Peer(sock)
        client = attached(vspcd)
        guest.send(EVERY_BYTE)
        assert client.read_exactly(256) == EVERY_BYTE
        client.send(EVERY_BYTE)
        assert guest.read_exactly(256) == EVERY_BYTE


def test_connect_carries_much_both_ways(start_vspcd, start_vm, target):
    vspcd = start_vspcd("--hold-time", 20000)
    target.sock.listen()
    start_vm(vspcd, "--connect", target.name)
    with target.accept() as sock:
        guest = Peer(sock)
        client = attached(vspcd)
        transfer((guest, client, noise(4 * MIB, seed=1)),
                 (client, guest, noise(4 * MIB, seed=2)))


def test_connect_waits_for_its_target(vspcd, start_vm, target):
    """QEMU may be started later, and again."""
    start_vm(vspcd, "--connect", target.name)
    vspcd.port_of("vm-0001")
    target.sock.listen()
    for word in (b"first", b"second"):
        with target.accept() as sock:
            client = attached(vspcd)
            guest = Peer(sock)
            guest.send(word)
            client.read_until(word)
            client.close()


def test_device(vspcd, start_vm):
    """A pty plays the serial port."""
    far, near = os.openpty()
    try:
        start_vm(vspcd, "--device", os.ttyname(near), "--baud", 57600)
        client = attached(vspcd)
        eventually(lambda: termios.tcgetattr(near)[4] == termios.B57600,
                   "the speed to be set")
        assert_every_byte(client, Fd(far))
    finally:
        os.close(far)
        os.close(near)


def test_device_that_is_not_there(start_vm, vspcd, tmp_path):
    vm = start_vm(vspcd, "--device", tmp_path / "ttyX", "--baud", 9600)
    vm.wait_log("ttyX")


# Coming and going

def test_reconnect_after_a_restart_of_vspcd(start_vspcd, start_vm):
    first = start_vspcd()
    vm = start_vm(first, stdin=subprocess.PIPE)
    port = first.port_of("vm-0001")
    first.stop()
    vm.wait_log(r"(?i)connect|closed|lost|retry")
    second = start_vspcd(proxy_port=first.proxy[1])
    client = attached(second)
    vm.process.stdin.write(b"back again")
    vm.process.stdin.flush()
    client.read_until(b"back again")
    assert port


def test_it_waits_for_a_concentrator(start_vspcd, start_vm):
    vspcd = start_vspcd()
    vspcd.stop()
    vm = start_vm(vspcd, "--connect", "127.0.0.1:1")
    vm.wait_log(r"127\.0\.0\.1:%d" % vspcd.proxy[1])
    later = start_vspcd(proxy_port=vspcd.proxy[1])
    later.port_of("vm-0001")


def test_no_reconnect(fake, start_vm):
    vm = start_vm(fake.port, "--no-reconnect", "--connect", "127.0.0.1:1")
    fake.accept().serve().close()
    assert vm.wait_exit() not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert vm.log


def test_attempts_are_spaced(fake, start_vm):
    """A concentrator that closes at once is not hammered."""
    start_vm(fake.port, "--connect", "127.0.0.1:1")
    deadline = time.monotonic() + 1.5
    count = 0
    while time.monotonic() < deadline:
        if fake.listener.is_asked():
            fake.accept().close()
            count += 1
        time.sleep(0.005)
    assert 1 <= count <= 12


def test_refused_by_the_concentrator(fake, start_vm):
    vm = start_vm(fake.port, "--connect", "127.0.0.1:1")
    link = fake.accept(accepts=False)
    link.greet()
    vm.wait_log(r"(?i)refuse|WON'?T-PROXY")


def test_a_concentrator_that_is_none(start_vm):
    """An HTTP server, say: it does not spin, and says what is wrong."""
    web = Listener()
    try:
        vm = start_vm(web.port, "--connect", "127.0.0.1:1")
        with web.accept() as sock:
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        vm.wait_idle()
        vm.wait_log(r"127\.0\.0\.1")
    finally:
        web.close()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it(vspcd, start_vm, sig):
    vm = start_vm(vspcd, stdin=subprocess.PIPE)
    vspcd.port_of("vm-0001")
    vm.stop(sig)
    vspcd.wait_event(words.VM_DISCONNECTED, console="vm-0001")


def test_concentrator_by_its_uri(vspcd, start_vm):
    start_vm(vspcd, "--connect", "127.0.0.1:1",
             "--proxy", f"telnet://127.0.0.1:{vspcd.proxy[1]}/")
    vspcd.port_of("vm-0001")


def test_two_ports_of_one_machine(vspcd, start_vm):
    start_vm(vspcd, "--connect", "127.0.0.1:1", uri="s0")
    vspcd.port_of("vm-0001")
    start_vm(vspcd, "--connect", "127.0.0.1:1", uri="s1")
    vspcd.port_of("vm-0001/s1")


# Command line

def run(*args):
    return subprocess.run(
        [BUILD / "vspc-vm", *map(str, args)], capture_output=True, text=True,
        timeout=30, env=clean_environment(), stdin=subprocess.DEVNULL)


def test_help_and_version():
    result = run("--help")
    assert result.returncode == 0 and result.stderr == ""
    for option in ("--proxy", "--name", "--uuid", "--uri", "--exec", "--pty",
                   "--connect", "--device", "--baud", "--help", "--version"):
        assert option in result.stdout
    result = run("--version")
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.startswith("vspc-vm ")


PROXY = ["--proxy", "127.0.0.1:1", "--name", "n", "--uuid", UUID]


@pytest.mark.parametrize("args, word", [
    ([], "--proxy"),
    (["--no-such-option"], "--no-such-option"),
    ([*PROXY, "surplus"], "surplus"),
    (["--proxy", "127.0.0.1:abc", *PROXY[2:]], "abc"),
    (["--proxy", "127.0.0.1:99999", *PROXY[2:]], "99999"),
    (["--proxy", "tcp://127.0.0.1:1", *PROXY[2:]], "telnets://HOST"),
    (["--proxy", "telnet://127.0.0.1:0", *PROXY[2:]], "1 to 65535"),
    (["--proxy", "telnets://127.0.0.1:1#thumbprint=0", *PROXY[2:]],
     "--proxy: no thumbprint"),
    (["--proxy", "telnet://127.0.0.1:1#cipherList=NONE", *PROXY[2:]],
     "--proxy: no cipher of 'NONE' is known"),
    ([*PROXY, "--move-to", "telnets://127.0.0.1:1#cipherList=NONE"],
     "--move-to: no cipher of 'NONE' is known"),
    ([*PROXY, "--move-to", "telnets://127.0.0.1:1#verify=no"], "verify"),
    ([*PROXY, "--move-to", "telnet://u:p@h:1"], "user or password"),
    ([*PROXY, "--connect", "nothing"], "nothing"),
    ([*PROXY, "--baud", "fast", "--device", "/dev/null"], "fast"),
    ([*PROXY, "--exec", "true", "--pty", "x"], "--"),
], ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else "")
def test_wrong_command_lines(args, word):
    result = run(*args)
    assert result.returncode == 2, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("vspc-vm: "), result.stderr
    assert word in lines[0]
