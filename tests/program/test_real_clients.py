"""Programs that were not written here, as people use them: what works with
them works. Each test skips where its program is not installed."""

import concurrent.futures
import os
import subprocess

import pytest

from harness import words
from harness import wire
from harness.clients import GONE
from harness.net import TIMEOUT, Fd, can_bind, eventually
from harness.programs import BUILD
from harness.streams import assert_same, noise

EVERY_BYTE = bytes(range(256))


def dialogue(vm, child, enter=b"\r", typed_enter=b"\r"):
    """A login, as it is done at a terminal; the guest echoes."""
    vm.send(b"\r\nDebian GNU/Linux 12 vm ttyS0\r\n\r\nvm login: ")
    child.expect_exact("vm login: ")
    for letter in b"root":
        child.send(bytes((letter,)))
        vm.read_until(bytes((letter,)))
        vm.send(bytes((letter,)))
    child.send(enter)
    assert vm.read_until(typed_enter) == typed_enter
    vm.send(b"\r\n\x1b[1mroot@vm\x1b[0m:~# ")
    child.expect_exact("root@vm")
    child.send(b"\x03\x1a\x7f\t")
    assert vm.read_exactly(4) == b"\x03\x1a\x7f\t"
    child.send("é€".encode() + enter)
    assert vm.read_until(typed_enter) == "é€".encode() + typed_enter
    vm.send("ü ✓ done.\r\n".encode())
    child.expect_exact("ü ✓ done.".encode())


def assert_no_more(vm):
    """Nothing came to the VM but what was typed."""
    vm.sync()
    assert not vm.data, bytes(vm.data)


def wait_client(vspcd, console):
    """A client is there, and what it has to say first has been read."""
    return vspcd.wait_event(words.CLIENT_CONNECTED, console=console)


# Telnet programs

@pytest.mark.parametrize("options", [["-E"], ["-E", "-8"]], ids=" ".join)
def test_inetutils_telnet(vspcd, need, terminal, options):
    telnet = need("inetutils-telnet")
    vm = vspcd.vm("web")
    child = terminal(telnet, *options, "127.0.0.1", vm.port)
    child.expect_exact("Connected to")
    wait_client(vspcd, "web")
    dialogue(vm, child)
    assert_no_more(vm)


def test_inetutils_telnet_is_told_of_a_reboot(vspcd, need, terminal):
    telnet = need("inetutils-telnet")
    vm = vspcd.vm("web")
    child = terminal(telnet, "-E", "127.0.0.1", vm.port)
    child.expect_exact("Connected to")
    wait_client(vspcd, "web")
    vm.send(b"login: ")  # seen: it has answered, and is known as telnet
    child.expect_exact("login: ")
    vm.close()
    child.expect(GONE.pattern)
    again = vspcd.vm("web", vm.uuid)
    dialogue(again, child)


def test_inetutils_telnet_sends_commands(vspcd, need, terminal):
    """Are-you-there from the escape prompt."""
    telnet = need("inetutils-telnet")
    vm = vspcd.vm("web")
    child = terminal(telnet, "127.0.0.1", vm.port)
    child.expect_exact("Escape character is")
    wait_client(vspcd, "web")
    child.send(b"\x1d")
    child.expect_exact("telnet> ")
    child.send(b"send ayt\r")
    child.expect(rb"\[?vspcd[^\r\n]*")
    dialogue(vm, child)


def test_busybox_telnet(vspcd, need, terminal):
    """Refuses BINARY; its Enter is CR LF, or CR NUL."""
    busybox = need("busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True,
                             text=True).stdout.split()
    if "telnet" not in applets:
        pytest.skip("this busybox has no telnet")
    vm = vspcd.vm("web")
    child = terminal(busybox, "telnet", "127.0.0.1", vm.port)
    wait_client(vspcd, "web")
    dialogue(vm, child)
    assert_no_more(vm)


def test_plink(vspcd, need, terminal, tmp_path):
    plink = need("plink", "putty-tools")
    vm = vspcd.vm("web")
    child = terminal(plink, "-telnet", "-P", vm.port, "127.0.0.1",
                     env=os.environ | {"HOME": str(tmp_path)})
    wait_client(vspcd, "web")
    dialogue(vm, child)
    assert_no_more(vm)


def test_python_telnetlib_expect(vspcd):
    """A script at a prompt, with the class that many scripts use."""
    telnetlib = pytest.importorskip("telnetlib")
    vm = vspcd.vm("web")
    client = telnetlib.Telnet("127.0.0.1", vm.port, TIMEOUT)
    try:
        wait_client(vspcd, "web")
        vm.send(b"login: ")
        assert client.read_until(b"login: ", TIMEOUT).endswith(b"login: ")
        client.write(b"root\r")
        assert vm.read_until(b"root\r") == b"root\r"
    finally:
        client.close()


# Pipes

def test_curl_telnet(vspcd, need, start_process):
    curl = need("curl")
    vm = vspcd.vm("web")
    process = start_process([curl, "-sN", f"telnet://127.0.0.1:{vm.port}"])
    wait_client(vspcd, "web")
    # It reads its input before it shows anything, to the end if need be.
    process.stdin.write(b"show version \xff\n")
    process.stdin.close()
    assert vm.read_until(b"\n") == b"show version \xff\n"
    vm.send(b"version \xff 1\r\n")
    out = Fd(process.stdout.fileno())
    assert out.read_until(b"\n") == b"version \xff 1\r\n"


@pytest.mark.parametrize("name, argv", [
    ("ncat", ["{}", "127.0.0.1", "{port}"]),
    ("socat", ["{}", "-", "TCP:127.0.0.1:{port}"]),
    ("nc", ["{}", "127.0.0.1", "{port}"]),
])
def test_raw_pipes(start_vspcd, need, start_process, name, argv):
    vspcd = start_vspcd("--hold-time", 20000)
    path = need(name)
    vm = vspcd.vm("web")
    process = start_process([a.format(path, port=vm.port) for a in argv])
    wait_client(vspcd, "web")
    keyboard, screen = Fd(process.stdin.fileno()), Fd(process.stdout.fileno())
    assert screen.read_exactly(15) == wire.CLIENT_GREETING
    data = b"!" + EVERY_BYTE + noise(1 << 20, seed=1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(keyboard.write, data)
        assert_same(vm.read_exactly(len(data)), data)
        sent.result()
        sent = pool.submit(vm.send, data)
        assert_same(screen.read_exactly(len(data)), data)
        sent.result()


def test_socat_pty_for_terminal_programs(vspcd, need, start_process, tmp_path):
    """What tio, minicom, picocom use: a pty that socat connects to us."""
    socat = need("socat")
    vm = vspcd.vm("web")
    link = tmp_path / "tty"
    start_process([socat, f"PTY,link={link},raw,echo=0,wait-slave",
                   f"TCP:127.0.0.1:{vm.port}"])
    eventually(link.exists, "socat's pty")
    fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
    try:
        wait_client(vspcd, "web")
        Fd(fd).write(b"root\r")
        assert vm.read_until(b"\r") == b"root\r"
        vm.send(b"Password: ")
        Fd(fd).read_until(b"Password: ")
    finally:
        os.close(fd)


# The classic console server in front of ours

CONSERVER_CF = """
config * {{
    defaultaccess trusted;
    logfile {folder}/server.log;
    passwdfile {folder}/passwd;
    sslrequired no;
}}
default * {{ rw *; master 127.0.0.1; logfile {folder}/&.log; }}
console web {{
    type host;
    host 127.0.0.1;
    port {port};
    protocol telnet;
}}
access * {{ trusted 127.0.0.1; }}
"""


def is_typed(child, vm):
    child.send(b".")
    vm.read_for(0.1)
    return vm.data


def test_conserver(vspcd, need, start_process, terminal, tmp_path):
    conserver = need("conserver", "conserver-server")
    console = need("console", "conserver-client")
    vm = vspcd.vm("web")
    vm.send(b"it has this in its log already\r\n")
    vm.sync()
    config = tmp_path / "conserver.cf"
    config.write_text(CONSERVER_CF.format(folder=tmp_path, port=vm.port))
    (tmp_path / "passwd").write_text("*any*:\n")
    port = vspcd.ports.base + 60
    server = start_process([conserver, "-C", config, "-P", tmp_path / "passwd",
                            "-p", port, "-b", port + 1, "-M", "127.0.0.1"],
                           stdin=subprocess.DEVNULL)
    try:
        wait_client(vspcd, "web")
        eventually(lambda: not can_bind(port), "conserver to listen")
        child = terminal(console, "-n", "-E", "-U", "-M", "127.0.0.1", "-p",
                         port, "-l", "operator", "-f", "web")
        child.expect_exact("[Enter `^Ec?' for help]")
        # It drops what comes while it still attaches its own client, and so
        # does its client while it prepares the terminal.
        eventually(lambda: is_typed(child, vm), "the first letter")
        child.send(b"|")
        vm.read_until(b"|")
        dialogue(vm, child)
        vm.close()
        child.expect(GONE.pattern)
        again = vspcd.vm("web", vm.uuid)
        again.send(b"booting...")
        child.expect_exact("booting...")
        assert b"already" not in (tmp_path / "web.log").read_bytes()
    finally:
        server.terminate()
        server.wait(TIMEOUT)


# Debugging through the console

PROGRAM_C = """
int answer = 41;
int main(void) { answer++; return answer; }
"""


def test_gdb_with_gdbserver_behind_the_vm_end(
        vspcd, need, start_process, start_program, tmp_path):
    gdb, gdbserver, cc = need("gdb"), need("gdbserver"), need("gcc")
    (tmp_path / "program.c").write_text(PROGRAM_C)
    program = tmp_path / "program"
    subprocess.run([cc, "-g", "-O0", "-o", program, tmp_path / "program.c"],
                   check=True)
    port = vspcd.ports.base + 70
    server = start_process([gdbserver, "--once", f"127.0.0.1:{port}", program])
    Fd(server.stdout.fileno()).read_until(b"Listening on port")
    start_program([BUILD / "vspc-vm", "--proxy",
                   "127.0.0.1:%d" % vspcd.proxy[1], "--name", "debugged",
                   "--uuid", "gdb", "--uri", "s0",
                   "--connect", f"127.0.0.1:{port}"])
    console = vspcd.port_of("debugged")

    def debug(*commands):
        argv = [gdb, "-nx", "-batch", "-ex", "set tcp connect-timeout 20",
                "-ex", "set remote noack-packet off",
                "-ex", f"target remote 127.0.0.1:{console}"]
        for command in commands:
            argv += ["-ex", command]
        result = subprocess.run(argv + [program], capture_output=True,
                                text=True, timeout=3 * TIMEOUT,
                                stdin=subprocess.DEVNULL)
        return result.stdout + result.stderr

    shown = debug("break main", "continue", "print answer", "next",
                  "print answer", "disconnect")
    if "ptrace" in shown or "not permitted" in shown:
        pytest.skip("this machine does not let gdbserver trace")
    assert "Breakpoint 1, main" in shown, shown
    assert "$1 = 41" in shown and "$2 = 42" in shown, shown
    # Another one, to which the answers to the first are nothing.
    shown = debug("print answer", "kill")
    assert "$1 = 42" in shown and "rror" not in shown, shown
