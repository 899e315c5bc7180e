"""Consoles by a real sshd and ssh: vspc ssh-session, keys that vspcd has, and
what ~/.ssh/config needs."""

import contextlib
import grp
import json
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess

import pexpect
import pytest

from harness import words
from harness.fake_api import run_vspc
from harness.net import TIMEOUT, eventually
from harness.programs import SOURCE
from harness.sshd import Sshd, account

paramiko = pytest.importorskip("paramiko")

RULES = """access "web-*" {{
    control = {{"user:{account}"}}
    write = {{"user:alice"}}
    admin = {{"user:{me}"}}
}}
access "*" {{
    admin = {{"user:{me}"}}
}}
"""


class Site:
    """A vspcd with the VMs web-01 and db, and an sshd beside it."""

    def __init__(self, start_vspcd, folder, by_keys):
        a = account()
        self.sshd = sshd = Sshd()
        self.socket = f"unix:{sshd.folder}/vspcd.sock"
        rules = folder / "vspcd.conf"
        rules.write_text(RULES.format(
            me=pwd.getpwuid(os.geteuid()).pw_name, account=a.pw_name))
        self.vspcd = start_vspcd(
            "--config", rules, "--socket", f"{sshd.folder}/vspcd.sock",
            "--socket-group", grp.getgrgid(a.pw_gid).gr_name, "--logdir", folder,
            "--ssh-login-user", a.pw_name)
        self.vm = self.vspcd.vm("web-01")
        self.vspcd.vm("db")
        # A terminal that hangs up sends its signals twice, and the second one
        # can stop LeakSanitizer in the middle, for good.
        no_search = "SetEnv ASAN_OPTIONS=detect_leaks=0"
        session = f"{sshd.vspc} --server {self.socket} ssh-session"
        if by_keys:
            sshd.start(
                self.vspcd.ports.take(), no_search,
                f"AuthorizedKeysCommand /usr/bin/env {sshd.vspc} --server "
                f"{self.socket} ssh-keys %u %t %k",
                f"AuthorizedKeysCommandUser {a.pw_name}")
        else:
            (sshd.folder / "authorized").write_text(sshd.keys["alice"] + "\n")
            sshd.start(self.vspcd.ports.take(), no_search,
                       f"AuthorizedKeysFile {sshd.folder}/authorized",
                       f"ForceCommand {session}")

    def vspc(self, *args, **options):
        return run_vspc("--server", self.socket, *args, **options)

    def sessions(self):
        """Processes of vspc that sshd has started."""
        found = []
        for exe in pathlib.Path("/proc").glob("[0-9]*/exe"):
            try:
                if os.readlink(exe) == str(self.sshd.vspc):
                    found.append(int(exe.parent.name))
            except OSError:
                continue
        return found

    def close(self):
        sessions = self.sessions()
        self.sshd.close()
        for pid in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def make_site(start_vspcd, tmp_path):
    sites = []

    def make(by_keys=False):
        sites.append(Site(start_vspcd, tmp_path, by_keys))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def site(make_site):
    return make_site()


def test_verbs_by_ssh(site):
    ssh = site.sshd.ssh
    listed = ssh("alice", "list", "-q", "-o", "name")
    assert (listed.stdout, listed.stderr, listed.returncode) == \
        ("web-01\n", "", 0)
    # Without a command it is the list.
    assert "web-01" in ssh("alice").stdout
    assert ssh("alice", "show", "db").returncode == 4
    # What ssh was given are the words of a shell, without the shell.
    assert ssh("alice", "send web-01 'a b' $(id) \"c;d\"").returncode == 0
    assert site.vm.read_until(b"\r") == b"a b $(id) c;d\r"
    assert ssh("alice", "send web-01 'a b").returncode == 2
    # Its standard input comes by ssh.
    sent = ssh("alice", "send --stdin web-01", stdin=None, input="by ssh\n")
    assert sent.returncode == 0
    assert site.vm.read_until(b"\r") == b"by ssh\r"


def test_no_files_by_ssh(site):
    for command in [
            "send --file /etc/passwd web-01", "--server unix:/tmp/x list",
            "list --server unix:/tmp/x", "list --token-file /etc/passwd",
            "context list", "config check /etc/passwd", "completion bash",
            "ssh-session", "attach --record /tmp/x web-01",
            "run --script /etc/passwd web-01", "ssh-key add me /etc/passwd",
            "__complete -- send --file"]:
        answer = site.sshd.ssh("alice", command)
        assert (answer.returncode, answer.stdout) == (2, ""), command
        assert "cannot be used by ssh" in answer.stderr


def test_a_terminal(site):
    listed = subprocess.run(
        site.sshd.ssh_command("alice", "list", "-q", "-o", "name", tty=True),
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    assert listed.stdout == b"web-01\r\n"


def test_a_client_that_has_gone(site):
    """Nothing of a session stays, though its console says nothing."""
    site.vm.send(b"ready\r\n")
    ssh = subprocess.Popen(
        site.sshd.ssh_command("alice", "logs", "-f", "web-01"),
        stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    with ssh:
        assert ssh.stdout.readline() == b"ready\n"
        assert len(site.sessions()) == 1
        ssh.kill()
    eventually(lambda: not site.sessions(), "the session to end")


def test_other_clients(site):
    key = paramiko.Ed25519Key(filename=str(site.sshd.folder / "alice"))
    client = paramiko.Transport(
        socket.create_connection(("127.0.0.1", site.sshd.port)))
    try:
        client.connect(username=site.sshd.login, pkey=key)
        channel = client.open_session()
        channel.exec_command("list -o name")
        assert channel.makefile().read() == b"web-01\n"
        assert channel.recv_exit_status() == 0
        # A shell is the list to pick a console from.
        channel = client.open_session()
        channel.settimeout(TIMEOUT)
        channel.get_pty()
        channel.invoke_shell()
        shown = b""
        while b"web-01" not in shown:
            shown += channel.recv(4096)
        channel.send(b"\r")
        site.vspcd.wait_clients("web-01", 1)
        channel.send(b"uptime\r")
        assert site.vm.read_until(b"\r") == b"uptime\r"
        channel.close()
        site.vspcd.wait_clients("web-01", 0)
    finally:
        client.close()


def test_a_console_as_a_pipe(site):
    """Without a terminal it goes on with what is typed, and ends with it."""
    site.vm.send(b"login: \r\n")
    ssh = subprocess.Popen(
        site.sshd.ssh_command("alice", "web-01", "--linger", "0"),
        stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    with ssh:
        ssh.stdin.write(b"root\n")
        ssh.stdin.flush()
        assert site.vm.read_until(b"\r") == b"root\r"
        ssh.stdin.close()
        assert b"login: " in ssh.stdout.read()
    assert ssh.returncode == 0


def test_a_console_on_a_terminal(site):
    """By what vspc config ssh says, and without keys for files and shells."""
    config = site.sshd.folder / "ssh_config"
    config.write_text(run_vspc(
        "config", "ssh", "127.0.0.1", "--user", site.sshd.login,
        "--port", site.sshd.port).stdout)
    command = site.sshd.ssh_command("alice")
    del command[command.index("-T"):]
    command[command.index("none")] = str(config)
    ssh = pexpect.spawn(command[0], [*command[1:], "web-01.console"],
                        timeout=TIMEOUT)
    try:
        ssh.expect_exact("web-01")
        site.vspcd.wait_clients("web-01", 1)
        site.vm.send(b"login: ")
        ssh.expect_exact("login: ")
        ssh.send("root\r")
        assert site.vm.read_until(b"\r") == b"root\r"
        for key in "lz":
            ssh.send("\x1d" + key)
            ssh.expect_exact("lists the keys")
        ssh.send("\x1d?")
        ssh.expect_exact("itself")
        assert b"suspend" not in ssh.before and b"log to a" not in ssh.before
        ssh.send("\x1d.")
        ssh.expect(pexpect.EOF)
        ssh.wait()
        assert ssh.exitstatus == 0
    finally:
        ssh.close(force=True)
    site.vspcd.wait_clients("web-01", 0)
    assert not list(site.sshd.folder.glob("*web-01*"))


def test_a_terminal_that_has_gone(site):
    """A session that is cut off leaves nobody at the console."""
    ssh = subprocess.Popen(
        site.sshd.ssh_command("alice", "web-01", tty=True),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with ssh:
        site.vspcd.wait_clients("web-01", 1)
        ssh.kill()
    site.vspcd.wait_clients("web-01", 0)
    eventually(lambda: not site.sessions(), "the session to end")


# ---- keys that vspcd has


def test_keys_of_people_without_accounts(make_site):
    site = make_site(by_keys=True)
    ssh, sshd = site.sshd.ssh, site.sshd
    assert ssh("alice", "list").returncode == 255
    added = site.vspc("ssh-key", "add", "alice", sshd.folder / "alice.pub")
    assert added.returncode == 0
    fingerprint = subprocess.run(
        ["ssh-keygen", "-l", "-f", sshd.folder / "alice.pub"],
        capture_output=True, text=True, check=True).stdout.split()[1]
    assert fingerprint in added.stderr
    site.vspcd.wait_event(words.SSH_KEY_ADDED, name="alice",
                          fingerprint=fingerprint)
    # She is user:alice, who may type on some consoles; by her key alone.
    assert ssh("alice", "list", "-o", "name").stdout == "web-01\n"
    assert ssh("alice", "send web-01 hello").returncode == 0
    assert site.vm.read_until(b"\r") == b"hello\r"
    sent = site.vspcd.wait_event(words.API_COMMAND, command="consoles.send",
                                 proof="ssh")
    assert sent["principal"] == "alice (ssh)"
    assert ssh("alice", "break web-01").returncode == 4
    assert ssh("alice", "web-01", stdin=None, input="root\n").returncode == 0
    assert site.vm.read_until(b"\r") == b"root\r"
    site.vspcd.wait_event(words.CLIENT_CONNECTED, principal="alice (ssh)",
                          proof="ssh", right="write")
    assert ssh("bob", "list").returncode == 255
    # She can become nobody else.
    assert ssh("alice", "ssh-session --as bob").returncode == 2
    # One key is one person's.
    again = site.vspc("ssh-key", "add", "bob", "-",
                      stdin=(sshd.folder / "alice.pub").open())
    assert again.returncode == 6 and "somebody's already" in again.stderr
    listed = json.loads(site.vspc("ssh-key", "list", "-o", "json").stdout)
    assert [(key["name"], key["fingerprint"], key["comment"])
            for key in listed["items"]] == \
        [("alice", fingerprint, "alice@test")]
    assert site.vspc("ssh-key", "delete", fingerprint).returncode == 0
    site.vspcd.wait_event(words.SSH_KEY_DELETED, name="alice",
                          fingerprint=fingerprint)
    assert ssh("alice", "list").returncode == 255
    assert site.vspc("ssh-key", "delete", fingerprint).returncode == 1


def test_a_deleted_key_ends_what_has_come_by_it(make_site):
    site = make_site(by_keys=True)
    for name in ("alice", "bob"):
        assert site.vspc("ssh-key", "add", "--", "alice",
                         site.sshd.folder / f"{name}.pub").returncode == 0
    sessions = {}
    for key in ("alice", "bob"):
        sessions[key] = subprocess.Popen(
            site.sshd.ssh_command(key, "web-01", tty=True),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        site.vspcd.wait_clients("web-01", len(sessions))
    try:
        listed = json.loads(site.vspc("ssh-key", "list", "-o", "json").stdout)
        deleted = next(key for key in listed["items"]
                       if key["comment"] == "bob@test")
        assert site.vspc("ssh-key", "delete",
                         deleted["fingerprint"]).returncode == 0
        # It comes again by itself, and is told that it may not.
        sessions["bob"].communicate(timeout=TIMEOUT)
        assert sessions["bob"].returncode != 0
        site.vspcd.wait_clients("web-01", 1)
        # The same person, by another key.
        assert sessions["alice"].poll() is None
    finally:
        for session in sessions.values():
            session.kill()
            session.communicate()


def test_keys_that_are_none(make_site):
    site = make_site(by_keys=True)
    key = site.sshd.keys["alice"]
    for name, text in [
            ("alice", 'command="id" ' + key), ("alice", key + "\n" + key),
            ("alice", "ssh-rsa" + key[len("ssh-ed25519"):]), ("alice", "x"),
            ("a b", key), ("$(id)", key), ("-x", key), ('a"b', key)]:
        added = site.vspc("ssh-key", "add", "--", name, "-", stdin=None,
                          input=text)
        assert added.returncode == 1, (name, text)
    assert site.vspc("ssh-key", "list", "-o", "name").stdout == ""


def test_only_one_account_speaks_for_others(make_site):
    site = make_site(by_keys=True)
    site.vspc("ssh-key", "add", "alice", site.sshd.folder / "alice.pub")
    if os.geteuid() == 0:
        other = site.vspc("ssh-session", "--as", "alice")
        assert other.returncode == 4 and "speak for others" in other.stderr
        # Nor does it get lines for sshd, which would let people become it.
        kind, text = site.sshd.keys["alice"].split()[:2]
        asked = site.vspc("ssh-keys", account().pw_name, kind, text)
        assert (asked.returncode, asked.stdout) == (4, "")
    both = site.vspc("ssh-session", "--as", "alice",
                     env={"VSPC_TOKEN": "vspc_x"})
    assert both.returncode != 0 and "not both" in both.stderr


# ---- samples


def test_the_sample_for_sshd(site):
    sample = (SOURCE / "dist/vspcd-sshd.conf.sample.in").read_text() \
        .replace("@bindir@", "/usr/bin")
    # What is a comment there is checked, too.
    whole = re.sub(r"^#(?=Match |    \S)(?!     )", "", sample, flags=re.M)
    assert whole.count("\nMatch ") == 3
    for text in (sample, whole):
        config = site.sshd.folder / "sample"
        config.write_text(f"HostKey {site.sshd.folder}/host\n{text}")
        site.sshd.check(config)
