"""vspc and vspcd together."""

import getpass
import json
import re
import signal
import subprocess

import pytest

from harness import words
from harness.fake_api import VSPC, run_vspc
from harness.net import eventually
from harness.programs import VERSION, clean_environment


def vspc(vspcd, *args, **options):
    return run_vspc("-s", vspcd.socket, *args, **options)


def test_consoles_and_their_clients(vspcd):
    vspcd.vm("web-01")
    gone = vspcd.vm("db")
    client = vspcd.telnet(vspcd.port_of("web-01"))
    vspcd.wait_clients("web-01", 1)
    gone.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="db")
    lines = vspc(vspcd, "list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "PORT", "CLIENTS", "IDLE"]
    assert lines[1].split() == ["db", "none", str(vspcd.port_of("db")), "0",
                                "-"]
    assert lines[2].split() == ["web-01", "connected",
                                str(vspcd.port_of("web-01")), "1", "-"]
    assert vspc(vspcd, "list", "-o", "name", "--state", "none").stdout == \
        "db\n"
    who = vspc(vspcd, "who", "web-01").stdout.splitlines()
    assert len(who) == 2 and client.address in who[1]
    shown = vspc(vspcd, "show", "web-01")
    assert re.search(r"^state: +connected$", shown.stdout, re.M)
    ids = json.loads(vspc(vspcd, "show", "web-01", "-o", "json").stdout)["id"]
    assert vspc(vspcd, "show", ids).stdout == shown.stdout
    result = vspc(vspcd, "show", "wob-01")
    assert (result.returncode, result.stdout) == (3, "")
    assert "did you mean web-01?" in result.stderr


def test_the_server(vspcd):
    assert vspc(vspcd, "version").stdout.splitlines()[1] == \
        f"vspcd {VERSION} at unix:{vspcd.socket}"
    status = json.loads(vspc(vspcd, "status", "-o", "json").stdout)
    assert set(status["health"].values()) == {"ok"}
    assert "client-total" in vspc(vspcd, "limits").stdout


def test_logs_of_a_file_and_of_memory(start_vspcd, tmp_path):
    vspcd = start_vspcd("--logdir", tmp_path)
    vm = vspcd.vm("web-01")
    vm.send(b"booting \x1b[1mLinux\x1b[0m\r\nlogin: \r\npanic\r\n")
    eventually(lambda: any(b"panic" in f.read_bytes()
                           for f in tmp_path.iterdir()), "the log")
    assert vspc(vspcd, "logs", "web-01").stdout == \
        "booting Linux\nlogin: \npanic\n"
    assert vspc(vspcd, "logs", "web-01", "-n1").stdout == "panic\n"
    assert vspc(vspcd, "logs", "web-01", "--grep", "^b").stdout == \
        "booting Linux\n"
    assert b"\x1b[1m" in vspc(vspcd, "logs", "web-01", "--raw",
                              text=False).stdout


def test_logs_are_followed(vspcd):
    vm = vspcd.vm("web-01")
    vm.send(b"first\r\n")
    eventually(lambda: vspc(vspcd, "logs", "-q", "web-01").stdout ==
               "first\n", "the first line")
    process = subprocess.Popen(
        [VSPC, "-s", vspcd.socket, "logs", "-f", "web-01"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=clean_environment())
    assert process.stdout.readline() == b"first\n"
    vm.send(b"second\r\n")
    assert process.stdout.readline() == b"second\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == -signal.SIGINT
    process.stdout.close()


def test_typing(vspcd):
    vm = vspcd.vm("web-01")
    assert vspc(vspcd, "send", "web-01", "root").returncode == 0
    assert vm.read_exactly(5) == b"root\r"
    assert vspc(vspcd, "send", "w*", "--all-matching", "--yes", "-n",
                "x").returncode == 0
    assert vm.read_exactly(1) == b"x"
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web-01")
    result = vspc(vspcd, "send", "web-01", "root")
    assert result.returncode == 7 and "not connected" in result.stderr


def test_locks_and_messages(vspcd):
    vspcd.vm("web-01")
    client = vspcd.telnet(vspcd.port_of("web-01"))
    vspcd.wait_clients("web-01", 1)
    assert vspc(vspcd, "message", "web-01", "back", "at 5").returncode == 0
    client.read_until(b"back at 5")
    assert vspc(vspcd, "lock", "web-01", "--reason", "disk").returncode == 0
    client.read_until(b"disk")
    wide = vspc(vspcd, "list", "-o", "jsonl").stdout
    assert json.loads(wide)["locked_by"]
    assert vspc(vspcd, "unlock", "web-01").returncode == 0
    number = json.loads(vspc(vspcd, "who", "-o", "jsonl").stdout)["number"]
    assert vspc(vspcd, "kick", number, "--reason", "enough").returncode == 0
    client.read_until(b"enough")
    client.wait_closed()


def test_console_is_forgotten(vspcd):
    vm = vspcd.vm("web-01")
    assert vspc(vspcd, "forget", "web-01").returncode == 6
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web-01")
    assert vspc(vspcd, "forget", "web-01").returncode == 0
    assert vspc(vspcd, "forget", "web-01").returncode == 3


def test_configuration(start_vspcd, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text("client-limit = 2\n"
                    f"access \"*\" {{ admin = {{\"{getpass.getuser()}\"}} }}\n")
    vspcd = start_vspcd("--config", conf)
    shown = vspc(vspcd, "config", "show", "--no-headers").stdout
    assert re.search(r"^client-limit +2 +file +1$", shown, re.M)
    conf.write_text(conf.read_text().replace("= 2", "= 3"))
    for args in (["config", "check"], ["reload"]):
        assert vspc(vspcd, *args).stdout == "client-limit: 3, was 2\n"
    assert vspc(vspcd, "reload").stderr == "vspc: nothing changes\n"
    bad = tmp_path / "bad"
    bad.write_text("foo = 1\n")
    result = vspc(vspcd, "config", "check", bad)
    assert result.returncode == 1 and "unknown setting 'foo'" in result.stdout
    result = vspc(vspcd, "access", "explain", "alice", "web-01")
    assert result.stdout.startswith("right: none\n")


@pytest.fixture
def secure(start_vspcd, certificates):
    """The API over https, and a token of root's."""
    vspcd = start_vspcd(
        "--web", "127.0.0.1:0,tls=required",
        "--cert", certificates.server.certificate,
        "--key", certificates.server.key)
    opened = vspcd.wait_log(words.API_OPENED + r" address=127\.0\.0\.1:(\d+)")
    vspcd.web = f"https://localhost:{opened.group(1)}"
    return vspcd


def test_https_proves_the_server(secure, certificates, tmp_path):
    result = run_vspc("-s", secure.web, "list")
    assert result.returncode == 5 and "TLS: " in result.stderr
    assert "(--ca or --thumbprint makes it known" in result.stderr
    ca = certificates.ca
    result = run_vspc("-s", secure.web, "--ca", ca, "version")
    assert (result.returncode, result.stderr) == (0, "")
    token = tmp_path / "token"
    token.write_text("vspc_wrong\n")
    token.chmod(0o600)
    result = run_vspc("-s", secure.web, "--ca", ca, "--token-file", token,
                      "list")
    assert result.returncode == 4
    made = vspc(secure, "token", "create", "laptop")
    token.write_text(made.stdout)
    result = run_vspc("-s", secure.web, "--ca", ca, "--token-file", token,
                      "list")
    assert (result.returncode, result.stderr) == (0, "")
    assert vspc(secure, "token", "revoke", "laptop").returncode == 0
    result = run_vspc("-s", secure.web, "--ca", ca, "--token-file", token,
                      "list")
    assert result.returncode == 4
    wrong = run_vspc("-s", secure.web, "--thumbprint", "ab" * 32, "version")
    assert wrong.returncode == 5
