"""A Linux guest's console through the whole chain: QEMU, its serial port as a
socket, vspc-vm, vspcd, a telnet client. All tests share a guest."""

import hashlib
import shutil
import subprocess

import pytest

from harness.net import eventually
from harness.programs import BUILD, SOURCE, Program, Vspcd

pexpect = pytest.importorskip(
    "pexpect", reason="python3-pexpect is not installed")

QEMU = shutil.which("qemu-system-x86_64")
KERNEL = SOURCE / "build/guest/vmlinuz"
INITRD = SOURCE / "build/guest/initrd"

pytestmark = pytest.mark.skipif(
    not (QEMU and KERNEL.exists() and INITRD.exists()),
    reason="there is no guest: make guest builds it")

PATIENCE = 60  # seconds; a boot takes three of a processor that is ours alone
LOGIN = b"guest login: "
PROMPT = b"# "
EVERY_BYTE = bytes(range(256))


class Guest:
    """The chain; the machine in it can be turned off and on."""

    def __init__(self, socket):
        self.socket = socket
        self.machine = None
        self.vspcd = Vspcd()
        self.started = [self.vspcd]

    def start(self):
        """Returns when it asks for a login."""
        self.vspcd.wait_ready()
        self.started.append(Program(
            [BUILD / "vspc-vm", "--proxy",
             "127.0.0.1:%d" % self.vspcd.proxy[1], "--name", "guest",
             "--connect", f"unix:{self.socket}"],
            stdin=subprocess.DEVNULL))
        self.port = self.vspcd.port_of("guest")
        client = self.vspcd.telnet(self.port)
        self.power_on()
        wait_boot(client)
        client.close()

    def power_on(self):
        """It waits for vspc-vm before it says anything."""
        self.machine = Program(
            [QEMU, "-accel", "tcg", "-m", 128, "-no-user-config",
             "-nodefaults", "-display", "none", "-kernel", KERNEL,
             "-initrd", INITRD, "-append", "console=ttyS0,115200",
             "-serial", f"unix:{self.socket},server=on,wait=on"],
            stdin=subprocess.DEVNULL)
        self.started.append(self.machine)

    def power_off(self):
        self.machine.stop()

    def end(self):
        try:
            self.vspcd.stop()
        finally:
            for program in reversed(self.started):
                program.kill()
                print(f"--- log of {program.argv[0]}\n{program.log}")


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    guest = Guest(tmp_path_factory.mktemp("guest") / "serial")
    try:
        guest.start()
        yield guest
    finally:
        guest.end()


@pytest.fixture
def shell(guest):
    """A client of the harness at the shell's prompt, whatever was before."""
    client = guest.vspcd.telnet(guest.port)
    client.send(b"\x03")
    client.wait(lambda: LOGIN in client.data or PROMPT in client.data,
                "a prompt", PATIENCE)
    if LOGIN in client.data:
        log_in(client)
    client.take(len(client.data))
    yield client
    client.close()


@pytest.fixture
def telnet(guest, shell, need):
    """inetutils' telnet on a terminal; the shell is at its prompt."""
    before = len(guest.vspcd.events("client connected"))
    child = pexpect.spawn(need("inetutils-telnet"),
                          ["-E", "127.0.0.1", str(guest.port)],
                          timeout=PATIENCE, echo=False)
    child.delaybeforesend = None
    try:
        eventually(
            lambda: len(guest.vspcd.events("client connected")) > before,
            "vspcd to know of the client", PATIENCE)
        # Only what telnet shows tells that it has seen vspcd's greeting:
        # before that its Enter is CR LF, two of them for the guest.
        shell.send(b'echo "r"eady\r')
        child.expect_exact("\nready\r\n")
        child.expect_exact(PROMPT)
        shell.read_until(b"\nready\r\n", PATIENCE)
        shell.read_until(PROMPT, PATIENCE)
        yield child
    finally:
        print(f"--- telnet showed {child.before!r} {child.buffer!r}")
        child.close(force=True)


def log_in(client):
    client.send(b"root\r")
    client.read_until(PROMPT, PATIENCE)


def wait_boot(client):
    client.read_until(b"Linux version", PATIENCE)
    client.read_until(LOGIN, PATIENCE)


def wait_boot_on(telnet):
    telnet.expect_exact("Linux version")
    telnet.expect_exact(LOGIN)


def assert_console_stayed(guest):
    assert not guest.vspcd.events("VM disconnected")


def test_log_in_and_run_a_command(telnet):
    telnet.send("exit\r")
    telnet.expect_exact(LOGIN)
    telnet.send("root\r")
    telnet.expect_exact(PROMPT)
    telnet.send("echo $USER on $(hostname): $((6 * 7))\r")
    telnet.expect_exact("root on guest: 42\r\n")
    telnet.expect_exact(PROMPT)


def test_both_clients_see_what_one_types(telnet, shell):
    telnet.send("echo $((6 * 7)) is the answer\r")
    for text in ("echo $((6 * 7))", "42 is the answer\r\n"):
        telnet.expect_exact(text)
        shell.read_until(text.encode(), PATIENCE)


def test_200_lines(shell):
    shell.send(b'for i in $(seq 200); do echo "line $i: $((i * i))"; done\r')
    lines = [f"line {i}: {i * i}\r\n".encode() for i in range(1, 201)]
    shell.read_until(b"\r\n", PATIENCE)
    assert shell.read_until(lines[-1], PATIENCE) == b"".join(lines)


def test_200_lines_on_telnet(telnet):
    telnet.send('for i in $(seq 200); do echo "line $i: $((i * i))"; done\r')
    telnet.expect_exact("\r\n")
    telnet.expect_exact("line 200: 40000\r\n")
    lines = [f"line {i}: {i * i}\r\n".encode() for i in range(1, 200)]
    assert telnet.before == b"".join(lines)


def test_every_byte_out(shell):
    shell.send(b"d='0 1 2 3 4 5 6 7'; stty -opost; for a in 0 1 2 3; do "
               b"for b in $d; do for c in $d; do printf \"\\\\$a$b$c\"; "
               b"done; done; done; stty sane\r")
    shell.read_until(EVERY_BYTE, PATIENCE)
    shell.read_until(PROMPT, PATIENCE)


def test_every_byte_in(shell):
    shell.send(b'stty raw -echo; echo "r"eady; head -c 256 | md5sum; '
               b'stty sane\r')
    shell.read_until(b"\nready", PATIENCE)
    shell.send(EVERY_BYTE)
    shell.read_until(hashlib.md5(EVERY_BYTE).hexdigest().encode(), PATIENCE)
    shell.read_until(PROMPT, PATIENCE)


def test_control_c(telnet):
    """What says that it has started is what gets the signal: a shell that is
    about to start a program may lose one."""
    telnet.send("sh -c 'echo \"s\"tarted; exec sleep 1000'\r")
    telnet.expect_exact("\nstarted\r\n")
    telnet.send("\x03")
    telnet.expect_exact(PROMPT)
    telnet.send("echo status $?\r")
    telnet.expect_exact("status 130\r\n")


def test_control_c_ends_a_flood(telnet):
    telnet.send("yes and so on\r")
    for _ in range(1000):
        telnet.expect_exact("\r\nand so on")
    telnet.send("\x03")
    telnet.expect_exact(PROMPT)
    telnet.send("echo status $?\r")
    telnet.expect_exact("status 130\r\n")


def test_clients_stay_over_a_reboot(guest, telnet, shell):
    telnet.send("reboot -f\r")
    wait_boot_on(telnet)
    wait_boot(shell)
    log_in(shell)
    telnet.expect_exact(PROMPT)
    assert_console_stayed(guest)


def test_clients_stay_over_power_off_and_on(guest, telnet, shell):
    guest.power_off()
    guest.power_on()
    wait_boot_on(telnet)
    wait_boot(shell)
    log_in(shell)
    telnet.expect_exact(PROMPT)
    assert_console_stayed(guest)
