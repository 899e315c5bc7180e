"""--daemon, --pidfile, and what a service manager is told."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from harness import words
from harness.net import TIMEOUT, can_bind, dial, eventually
from harness.programs import BUILD, clean_environment
from harness.service import Deaf, Inbox


@pytest.fixture
def folder():
    """With a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="vspcd-b-") as name:
        yield pathlib.Path(name)


@pytest.fixture
def log(folder):
    with contextlib.closing(Inbox(folder / "log")) as inbox:
        yield inbox


def command(folder, *args, port=0):
    return [str(word) for word in (
        BUILD / "vspcd", "--proxy-port", port, "--proxy-iface", "127.0.0.1",
        "--messages-to", f"syslog:{folder / 'log'}", *args)]


@pytest.fixture
def background(folder, log):
    """background(*options): the result of vspcd --daemon, in the folder; what
    it has left running is ended with the test, by its pidfile."""
    env = clean_environment({"STATE_DIRECTORY": str(folder)})

    def start(*args, port=0, **options):
        return subprocess.run(
            command(folder, "--daemon", "--pidfile", "pid", *args, port=port),
            cwd=folder, env=env, timeout=TIMEOUT, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            **options)

    yield start
    pidfile = folder / "pid"
    if pidfile.exists() and pidfile.read_text().strip():
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        eventually(lambda: not pidfile.exists(), "its end")


def ready_port(log):
    _, line = log.wait(lambda message: words.READY in message)
    return int(re.search(r"proxy=\S+?:(\d+)", line)[1])


def test_who_called_it_goes_on_when_vms_may_connect(background, folder, log):
    result = background()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    pid = int((folder / "pid").read_text())
    assert (folder / "pid").read_text() == f"{pid}\n"
    assert (folder / "pid").stat().st_mode & 0o777 == 0o644
    port = ready_port(log)
    dial(("127.0.0.1", port)).close()
    proc = pathlib.Path(f"/proc/{pid}")
    assert os.getsid(pid) == pid
    assert os.readlink(proc / "cwd") == "/"
    for number in range(3):
        assert os.readlink(proc / "fd" / str(number)) == "/dev/null"
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: not (folder / "pid").exists(), "its end")
    assert can_bind(port)
    log.wait(lambda message: words.STOPPING in message)


def test_what_is_wrong_is_said_where_it_was_called(background, folder, log):
    with contextlib.closing(Taken()) as taken:
        result = background(port=taken.port)
    assert result.returncode == 2
    assert "cannot listen for VMs on 127.0.0.1" in result.stderr
    assert not (folder / "pid").exists()


class Taken:
    """A port that somebody has."""

    def __init__(self):
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.port = self._sock.getsockname()[1]

    def close(self):
        self._sock.close()


@pytest.mark.parametrize("option", ["--messages-to=stderr", "--stdout"])
def test_there_is_no_terminal_to_write_to(background, option):
    result = background(option)
    assert result.returncode == 2
    assert "(--daemon) there is neither stderr nor stdout" in result.stderr


def test_relative_paths_mean_what_they_meant(background, folder, log,
                                             certificates):
    """Also at SIGHUP, from a working directory of /."""
    shutil.copy(certificates.server.certificate, folder / "one.pem")
    shutil.copy(certificates.server.key, folder / "one.key")
    (folder / "conf").write_text("cert = one.pem\nkey = one.key\n"
                                 "file = here.db\n")
    result = background("--config", "conf")
    assert result.returncode == 0, result.stderr
    assert (folder / "here.db").exists()
    (folder / "conf").write_text("cert = one.pem\nkey = one.key\n"
                                 "file = here.db\nclient-limit = 3\n")
    os.kill(int((folder / "pid").read_text()), signal.SIGHUP)
    log.wait(lambda message: "setting=client-limit value=\"3\"" in message)
    log.wait(lambda message: words.TLS_RELOADED in message)
    assert not any("SIGHUP: setting needs" in m for m in log.messages)


@pytest.mark.parametrize("option", ["--debug", "--no-fork"])
def test_it_can_be_kept_in_the_foreground(start_vspcd, option):
    vspcd = start_vspcd("--daemon", option)
    vspcd.check_works()


def test_ctrl_c_while_it_starts_ends_it(folder, log, start_process):
    """Both processes are of the terminal's group until it is ready. What it
    waits for here is a certificate that another one is making."""
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    process = start_process(
        command(folder, "--daemon", "--pidfile", "pid"), cwd=folder,
        env=clean_environment({"STATE_DIRECTORY": str(folder)}),
        start_new_session=True)
    eventually((folder / "pid").exists, "the lock of the pidfile")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(TIMEOUT) == -signal.SIGINT
    os.close(lock)
    # Nobody has the pidfile.
    eventually(lambda: lock_is_free(folder / "pid"), "the other one's end")


def lock_is_free(path):
    with open(path, "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


# ---- pidfile


def test_a_pidfile_in_the_foreground(start_vspcd, tmp_path):
    path = tmp_path / "pid"
    vspcd = start_vspcd("--pidfile", path)
    assert path.read_text() == f"{vspcd.pid}\n"
    vspcd.stop()
    assert not path.exists()


def refused(start_program, path):
    program = start_program([BUILD / "vspcd", "--proxy-port", 0,
                             "--proxy-iface", "127.0.0.1", "--pidfile", path])
    program.good_exits = (2,)
    assert program.wait_exit() == 2
    return program.log


def test_a_second_start_says_who_has_it(start_vspcd, start_program, tmp_path):
    path = tmp_path / "pid"
    vspcd = start_vspcd("--pidfile", path)
    said = refused(start_program, path)
    assert f"is held by process {vspcd.pid}, which is running" in said
    assert path.read_text() == f"{vspcd.pid}\n"


def test_of_many_starts_at_once_one_wins(start_program, tmp_path):
    path = tmp_path / "pid"
    for _ in range(3):
        programs = [start_program(
            [BUILD / "vspcd", "--proxy-port", 0, "--proxy-iface", "127.0.0.1",
             "--pidfile", path, "--backend", "Memory"]) for _ in range(6)]
        eventually(lambda: sum(p.process.poll() is None for p in programs) == 1,
                   "all but one to end")
        winner = next(p for p in programs if p.process.poll() is None)
        winner.wait_log(words.READY)
        assert path.read_text() == f"{winner.pid}\n"
        for one in programs:
            if one is not winner:
                assert one.wait_exit() == 2 and "--pidfile: " in one.log
        winner.stop()
        assert not path.exists()


def test_a_stale_one_is_taken_over(start_vspcd, tmp_path):
    path = tmp_path / "pid"
    first = start_vspcd("--pidfile", path)
    first.good_exits = (-signal.SIGKILL,)
    first.stop(signal.SIGKILL)
    assert path.read_text() == f"{first.pid}\n"
    second = start_vspcd("--pidfile", path)
    assert path.read_text() == f"{second.pid}\n"


def test_what_is_no_pidfile_is_left_alone(start_program, tmp_path):
    target = tmp_path / "target"
    link = tmp_path / "link"
    target.write_text("4711\n")
    link.symlink_to(target)
    assert "it is a symbolic link" in refused(start_program, link)
    other = tmp_path / "other"
    os.link(target, other)
    assert "no regular file of its own" in refused(start_program, other)
    other.unlink()
    assert target.read_text() == "4711\n"
    target.write_text("root:x:0:0\n")
    assert "something else than a process ID" in refused(start_program, target)
    assert target.read_text() == "root:x:0:0\n"
    os.mkfifo(tmp_path / "fifo")
    assert "no regular file" in refused(start_program, tmp_path / "fifo")
    assert "Is a directory" in refused(start_program, tmp_path)
    assert "No such file" in refused(start_program, tmp_path / "no" / "pid")


# ---- service manager


@pytest.fixture(params=["path", "abstract"])
def manager(request, folder):
    address = {"path": str(folder / "notify"),
               "abstract": f"@{folder}/notify"}[request.param]
    with contextlib.closing(Inbox(address)) as inbox:
        yield inbox


def kinds(inbox, *wanted):
    """What was said, without what comes at any time."""
    said = [message.split("\n")[0] for message in inbox.messages]
    return [one for one in said if one in wanted]


def test_a_service_manager_hears_all_in_order(start_vspcd, manager):
    vspcd = start_vspcd(env={"NOTIFY_SOCKET": manager.address,
                             "WATCHDOG_USEC": "200000"})
    manager.wait(lambda message: message == "READY=1\n")
    manager.wait(lambda message:
                 message == "STATUS=consoles: 0, VMs: 0, clients: 0\n")
    vm = vspcd.vm()
    vspcd.telnet(vm)
    manager.wait(lambda message:
                 message == "STATUS=consoles: 1, VMs: 1, clients: 1\n")
    vspcd.process.send_signal(signal.SIGHUP)
    _, reloading = manager.wait(lambda message: "RELOADING" in message)
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+\n", reloading)
    eventually(lambda: manager.messages.count("READY=1\n") == 2, "READY again")
    eventually(lambda: manager.messages.count("WATCHDOG=1\n") > 3,
               "signs of life without anything else going on")
    vspcd.stop()
    manager.wait(lambda message: message == "STOPPING=1\n")
    assert kinds(manager, "READY=1", "RELOADING=1", "STOPPING=1") == [
        "READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]


def test_a_reload_that_fails_ends_too(start_vspcd, folder):
    config = folder / "conf"
    config.write_text("")
    with contextlib.closing(Inbox(folder / "notify")) as manager:
        vspcd = start_vspcd("--config", config,
                            env={"NOTIFY_SOCKET": manager.address})
        config.write_text("nonsense = 1\n")
        vspcd.process.send_signal(signal.SIGHUP)
        vspcd.wait_log(words.RELOAD_REFUSED)
        eventually(lambda: kinds(manager, "READY=1", "RELOADING=1") == [
            "READY=1", "RELOADING=1", "READY=1"], "READY again")


def test_a_watchdog_of_somebody_else_is_not_ours(start_vspcd, folder):
    with contextlib.closing(Inbox(folder / "notify")) as manager:
        vspcd = start_vspcd(env={"NOTIFY_SOCKET": manager.address,
                                 "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"})
        vspcd.vm()
        manager.wait(lambda message: "VMs: 1" in message)  # a tick later
        vspcd.stop()
        manager.wait(lambda message: message == "STOPPING=1\n")
        assert "WATCHDOG=1\n" not in manager.messages


@pytest.mark.parametrize("address", ["/nowhere/socket", "relative", "", "@",
                                     "vsock:2:1234", "/" + "x" * 200])
def test_a_manager_that_is_not_there_harms_nobody(start_vspcd, address):
    start_vspcd(env={"NOTIFY_SOCKET": address,
                     "WATCHDOG_USEC": "nonsense"}).check_works()


def test_a_manager_that_does_not_read_harms_nobody(start_vspcd, folder):
    """What it has to know it hears when it reads again."""
    with contextlib.closing(Deaf(folder / "notify")) as manager:
        vspcd = start_vspcd(env={"NOTIFY_SOCKET": str(folder / "notify"),
                                 "WATCHDOG_USEC": "1000"})
        vspcd.check_works()
        eventually(lambda: pathlib.Path(
            f"/proc/{vspcd.pid}/stat").exists() and queue_is_full(folder),
            "a full queue")
        vspcd.process.send_signal(signal.SIGHUP)
        vspcd.wait_log(words.TLS_RELOADED)
        vspcd.check_works()
        while "RELOADING=1" not in manager.read():
            pass


def queue_is_full(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        try:
            probe.sendto(b"probe", str(folder / "notify"))
        except BlockingIOError:
            return True
    return False
