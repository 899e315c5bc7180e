"""What vspcd does without: root (--user), capabilities of the programs that it
starts, and readers of its memory."""

import os
import pathlib
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile

import pytest

from harness import words
from harness.net import eventually
from harness.programs import BUILD, is_sanitized
from test_config import run

USER = "nobody"
LOW_PORTS = "0000000000000400"  # CAP_NET_BIND_SERVICE
NONE = "0000000000000000"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def status_of(text):
    return dict(line.split(":\t", 1) for line in text.splitlines()
                if ":\t" in line)


def status(pid):
    return status_of(pathlib.Path(f"/proc/{pid}/status").read_text())


@pytest.fixture
def place():
    """A directory that USER can use: pytest's own are root's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="vspcd-user-"))
    path.chmod(0o755)
    (path / "state").mkdir()
    os.chown(path / "state", pwd.getpwnam(USER).pw_uid, -1)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def recorder(place):
    """A hook that writes down what it may do."""
    (place / "seen").mkdir()
    os.chmod(place / "seen", 0o777)
    hook = place / "hook"
    hook.write_text(f"#!/bin/sh\ncat /proc/self/status >{place}/seen/new\n"
                    f"mv {place}/seen/new {place}/seen/status\n")
    hook.chmod(0o755)

    def seen():
        path = place / "seen/status"
        eventually(path.exists, "the hook")
        return status_of(path.read_text())
    return hook, seen


def low_port():
    for port in range(700, 1000):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    pytest.skip("no port below 1024 is free")


@needs_root
def test_root_becomes_a_user(start_vspcd, place, recorder):
    """Ports below 1024 are open, and the pidfile is where only root writes."""
    hook, seen = recorder
    pidfile = place / "pid"
    vspcd = start_vspcd("--user", USER, "--pidfile", pidfile,
                        "--proxy-listen", f"127.0.0.1:{low_port()}",
                        "--hook", f"{hook},events=vm-up",
                        env={"STATE_DIRECTORY": str(place / "state")})
    assert not vspcd.events(words.RUNS_AS_ROOT)
    user = pwd.getpwnam(USER)
    has = status(vspcd.pid)
    assert has["Uid"].split() == [str(user.pw_uid)] * 4
    assert has["Gid"].split() == [str(user.pw_gid)] * 4
    assert has["Groups"].split() == [
        str(group) for group in os.getgrouplist(USER, user.pw_gid)]
    for name, value in {"CapPrm": LOW_PORTS, "CapEff": LOW_PORTS,
                        "CapBnd": LOW_PORTS, "CapInh": NONE,
                        "CapAmb": NONE}.items():
        assert has[name] == value, name
    assert (place / "state/state.db").stat().st_uid == user.pw_uid
    vspcd.vm("web")
    has = seen()
    assert has["Uid"].split() == [str(user.pw_uid)] * 4
    assert has["CapPrm"] == has["CapEff"] == has["CapAmb"] == NONE
    vspcd.check_works()
    assert pidfile.read_text() == f"{vspcd.pid}\n"
    vspcd.stop()
    # Nobody's number is left in it.
    assert pidfile.read_text() == ""


@needs_root
def test_the_socket_of_a_user_is_where_roots_is(start_vspcd, place):
    """Root makes its directory first; in a /run of the test's own."""
    vspcd = start_vspcd(
        "--user", USER, wrapper=(
            "unshare", "-m", "sh", "-c",
            'mount -t tmpfs none /run && exec "$@"', "sh"),
        env={"STATE_DIRECTORY": str(place / "state"), "RUNTIME_DIRECTORY": ""})
    vspcd.wait_log(words.API_OPENED + " socket=/run/vspcd/vspcd.sock")
    run = pathlib.Path(f"/proc/{vspcd.pid}/root/run/vspcd")
    assert run.stat().st_uid == pwd.getpwnam(USER).pw_uid
    assert stat.S_IMODE(run.stat().st_mode) == 0o755
    assert stat.S_IMODE((run / "vspcd.sock").stat().st_mode) == 0o660
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(run / "vspcd.sock"))
        client.sendall(b"GET /api/v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")


@needs_root
def test_a_group_is_given(start_vspcd, place):
    vspcd = start_vspcd("--user", f"{USER}:daemon",
                        env={"STATE_DIRECTORY": str(place / "state")})
    assert status(vspcd.pid)["Gid"].split()[0] == "1"
    vspcd.check_works()


@needs_root
def test_a_port_below_1024_is_opened_later(start_vspcd, place):
    """A VM's service URI asks for it, long after root is gone."""
    vspcd = start_vspcd("--user", USER, "--service-listen", "*:*",
                        env={"STATE_DIRECTORY": str(place / "state")})
    vspcd.vm("web", uri=f"tcp://127.0.0.1:{low_port()}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console="web")


@needs_root
def test_a_key_for_root_alone_is_said_at_the_start(place, certificates):
    """And not weeks later at SIGHUP."""
    for name in ("certificate", "key"):
        shutil.copy(getattr(certificates.server, name), place / name)
    (place / "key").chmod(0o600)
    (place / "certificate").chmod(0o644)
    result = run("--user", USER, "--cert", place / "certificate", "--key",
                 place / "key", env={"STATE_DIRECTORY": str(place / "state")})
    assert result.returncode == 2
    assert "Permission denied" in result.stderr
    result = run("--user", USER, "--cert", place / "certificate", "--key",
                 place / "key", "--check-config")
    assert result.returncode == 1
    assert "Permission denied" in result.stderr


@needs_root
def test_root_stays_with_a_warning(start_vspcd):
    assert start_vspcd().wait_event(words.RUNS_AS_ROOT)["reason"]


@pytest.mark.parametrize("user, words_", [
    ("no-such-user", "there is no user 'no-such-user'"),
    (f"{USER}:no-such-group", "there is no group 'no-such-group'"),
    (":daemon", "':daemon' has no user"),
    ("4000000", "the system does not know the user '4000000'"),
    ("x" * 64, "the user's name is too long"),
])
def test_users_that_are_not_there(user, words_):
    result = run("--user", user)
    assert result.returncode == 2
    assert f"--user: {words_}" in result.stderr, result


@needs_root
def test_only_root_becomes_somebody_else(place):
    result = subprocess.run(
        ["setpriv", f"--reuid={USER}", "--clear-groups", BUILD / "vspcd",
         "--user", "daemon", "--backend", "Memory", "--proxy-port", "0"],
        text=True, capture_output=True, timeout=30, check=False)
    assert result.returncode == 2
    assert "only root can become another user" in result.stderr


@needs_root
def test_hooks_have_no_ambient_capability(start_vspcd, place, recorder, need):
    """As the systemd unit starts vspcd."""
    need("setpriv", "util-linux")
    hook, seen = recorder
    vspcd = start_vspcd(
        "--hook", f"{hook},events=vm-up",
        env={"STATE_DIRECTORY": str(place / "state")},
        wrapper=("setpriv", f"--reuid={USER}", "--clear-groups",
                 "--inh-caps=-all,+net_bind_service",
                 "--ambient-caps=+net_bind_service"))
    has = status(vspcd.pid)
    assert has["CapEff"] == has["CapPrm"] == LOW_PORTS
    assert has["CapAmb"] == NONE
    vspcd.vm("web")
    has = seen()
    assert has["CapPrm"] == has["CapEff"] == has["CapAmb"] == NONE


@needs_root
def test_the_user_cannot_look_into_its_memory(start_vspcd, place):
    if is_sanitized():
        pytest.skip("a sanitizer looks into its own process")
    vspcd = start_vspcd("--user", USER,
                        env={"STATE_DIRECTORY": str(place / "state")})
    result = subprocess.run(
        ["setpriv", f"--reuid={USER}", "--clear-groups", "head", "-c1",
         f"/proc/{vspcd.pid}/maps"], capture_output=True, timeout=30,
        check=False)
    assert result.returncode != 0 and b"Permission denied" in result.stderr


@needs_root
def test_the_default_directory_is_made_for_the_user(start_vspcd, need):
    """On another /var/lib than this host's."""
    need("unshare", "util-linux")
    private = ("unshare", "-m", "sh", "-c",
               'mount -t tmpfs none /var/lib && exec "$@"', "sh",
               "env", "-u", "STATE_DIRECTORY")
    if subprocess.run([*private, "true"], capture_output=True,
                      check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    vspcd = start_vspcd("--user", USER, wrapper=private)
    vspcd.wait_event(words.STATE_LOADED, file="/var/lib/vspcd/state.db")
    vspcd.check_works()
    has = pathlib.Path(f"/proc/{vspcd.pid}/root/var/lib/vspcd").stat()
    assert has.st_uid == pwd.getpwnam(USER).pw_uid
    assert has.st_mode & 0o777 == 0o700


@needs_root
def test_a_certificate_that_is_shown_is_the_users(start_vspcd, place):
    """Made as root, it could not be read again."""
    env = {"STATE_DIRECTORY": str(place / "state")}
    shown = run("--user", USER, "--show-tls", env=env)
    assert shown.returncode == 0, shown
    owners = {path.stat().st_uid for path in (place / "state").iterdir()}
    assert owners == {pwd.getpwnam(USER).pw_uid}
    has = start_vspcd("--user", USER, env=env).wait_event(words.TLS_CERTIFICATE)
    assert has["sha1"] in shown.stdout
