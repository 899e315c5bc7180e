"""vspc doctor: with a vspcd that is well, and with faults that were made."""

import contextlib
import json
import os
import re
import resource
import socket
import subprocess
import time

import pytest

from harness import words
from harness.fake_api import VSPC, Answer, FakeApi, run_vspc
from harness.net import TIMEOUT, PortBlock, eventually
from harness.programs import (SOURCE, VERSION, clean_environment,
                              is_sanitized)
from harness.vm import new_uuid

PAGE = SOURCE / "docs" / "doctor.md"


def doctor(server, *args, **options):
    """(exit code, {code: [findings]})."""
    place = getattr(server, "socket", server)
    result = run_vspc("-s", place, "doctor", "-o", "json", *args, **options)
    assert result.stdout, result.stderr
    answer = json.loads(result.stdout)
    found = {}
    for item in answer["items"]:
        found.setdefault(item["code"], []).append(item)
    assert answer["total"] == sum(map(len, found.values()))
    return result.returncode, found


def one(server, code, **options):
    """The exit code, and the findings of one check."""
    exit_code, found = doctor(server, "--check", code, **options)
    assert list(found) == [code]
    return exit_code, found[code]


def wrong(server, code):
    exit_code, found = one(server, code)
    assert exit_code == 1, found
    first = found[0]
    assert first["weight"] == "wrong" and first["steps"], first
    return first


def knock(vspcd):
    """A connection that is refused, perhaps before we know that we have it."""
    with contextlib.suppress(ConnectionResetError), \
            socket.create_connection(vspcd.proxy, TIMEOUT) as host:
        assert host.recv(1) == b""


# ---- the page and the table --------------------------------------------------

def test_every_check_has_a_section(tmp_path):
    """Without a server each check is unknown, and listed."""
    exit_code, found = doctor(tmp_path / "no.sock")
    assert exit_code == 5
    text = PAGE.read_text()
    sections = re.findall(r"^### (D\d+)\n\n\*(.*)\.\*$", text, re.M)
    assert [(code, title.lower()) for code, title in sections] == [
        (code, items[0]["title"].lower()) for code, items in found.items()]
    for code, items in found.items():
        assert items[0]["page"] == f"docs/doctor.md#{code.lower()}"
    assert found["D101"][0]["weight"] == "wrong"
    assert "systemctl status vspcd" in " ".join(found["D101"][0]["steps"])


# ---- a server that is well ---------------------------------------------------

def test_a_server_that_is_well(start_vspcd, tmp_path):
    vspcd = start_vspcd("--vm-allow", "127.0.0.1", "--logdir", tmp_path / "l",
                        "--audit-log", tmp_path / "audit")
    vm = vspcd.vm("web-01")
    vm.send(b"login: ")
    silent = vspcd.vm("db-01")
    exit_code, found = doctor(vspcd)
    wrongs = [i for items in found.values() for i in items
              if i["weight"] == "wrong"]
    # The disks and the limits are this machine's.
    assert all(i["code"] in ("D302", "D303", "D304") for i in wrongs), wrongs
    assert exit_code == (1 if wrongs else 0)
    for code in ("D101", "D103", "D104", "D105", "D201", "D203",
                 "D301", "D305", "D309", "D501", "D503", "D601", "D604",
                 "D605", "D701", "D702", "D704"):
        assert [i["weight"] for i in found[code]] == ["ok"], found[code]
    # At 127.0.0.1, where no host reaches it.
    assert [i["weight"] for i in found["D102"]] == ["note", "ok"]
    assert "TLSv1" in found["D104"][0]["found"]
    assert found["D603"][0]["weight"] == "note"
    assert ("1 of 2 connected VMs have printed nothing since vspcd was "
            "started: db-01") in found["D603"][0]["found"]
    assert "2 VMs come in the clear" in found["D204"][0]["found"]
    # Checks of the ports are no VMs, and refused nobody.
    refusals = json.loads(run_vspc("-s", vspcd.socket, "doctor", "-o", "json",
                                   "--check", "D601").stdout)["items"]
    assert {i["weight"] for i in refusals} <= {"ok", "note"}
    vm.close()
    silent.close()


def test_it_is_read_in_eighty_columns(vspcd, terminal):
    with_colours = terminal(VSPC, "-s", vspcd.socket, "doctor",
                            dimensions=(200, 80))
    with_colours.expect(r"\d+ wrong, .* well")
    assert b"looking up its names" in with_colours.before
    assert b"\x1b[32mok" in with_colours.before
    plain = run_vspc("-s", vspcd.socket, "doctor").stdout
    assert re.search(r"^\d+ wrong, \d+ to know, \d+ not looked at, \d+ well$",
                     plain, re.M)
    for line in plain.splitlines():
        assert len(line) <= 80 or line.lstrip().startswith("$"), line


def test_quiet_shows_what_is_wrong_alone(start_vspcd):
    vspcd = start_vspcd("--vm-allow", "192.0.2.0/24")
    knock(vspcd)
    result = run_vspc("-s", vspcd.socket, "doctor", "--quiet", "--check",
                      "D601", "--check", "D309")
    assert result.returncode == 1
    assert "D601" in result.stdout and "D309" not in result.stdout


def test_codes_that_are_no_checks():
    result = run_vspc("doctor", "--check", "D999")
    assert result.returncode == 2
    assert "no such check" in result.stderr


# ---- VMs that are refused ----------------------------------------------------

def test_a_host_that_vm_allow_does_not_have(start_vspcd):
    vspcd = start_vspcd("--vm-allow", "192.0.2.0/24")
    knock(vspcd)
    finding = wrong(vspcd, "D601")
    assert "--vm-allow" in finding["found"]
    assert "127.0.0.1" in finding["subject"]
    assert any("vm-allow" in step for step in finding["steps"])


def test_a_vm_without_its_key(start_vspcd, tmp_path):
    secret = tmp_path / "key"
    secret.write_text("0123456789abcdef" * 4 + "\n")
    secret.chmod(0o600)
    vspcd = start_vspcd("--vm-key-file", secret, "--vm-keys", "required")
    vm = vspcd.new_vm("web-01", uuid=new_uuid())
    vm.identify()
    vm.wait_closed()
    finding = wrong(vspcd, "D601")
    assert finding["subject"] == "web-01 from 127.0.0.1"
    assert any("vspcd --vm-key" in step for step in finding["steps"])
    assert secret.read_text().strip() not in json.dumps(finding)


def test_a_port_uri_that_is_not_served(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.new_vm("web-01", uri="tcp://:7001")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    finding = wrong(vspcd, "D601")
    assert any("service-listen" in step for step in finding["steps"])


def test_what_comes_too_often(start_vspcd):
    vspcd = start_vspcd("--vm-rate", 1, "--vm-burst", 1)

    def knock_again():
        with contextlib.suppress(ConnectionResetError), \
                socket.create_connection(vspcd.proxy, TIMEOUT):
            pass
        _, found = one(vspcd, "D601")
        return [i for i in found if "--vm-rate" in i["found"]]

    finding = eventually(knock_again, "a refusal by --vm-rate")[0]
    assert finding["weight"] == "wrong"


def test_vms_that_come_again_and_again(start_vspcd):
    vspcd = start_vspcd()
    uuid = new_uuid()
    for _ in range(6):
        vm = vspcd.new_vm("web-01", uuid=uuid)
        vm.identify()
        vm.close()
    eventually(lambda: one(vspcd, "D604")[0] == 1, "the count")
    finding = wrong(vspcd, "D604")
    assert finding["subject"] == "web-01"
    assert "6 times" in finding["found"]


# ---- TLS ---------------------------------------------------------------------

def test_a_certificate_that_has_expired(start_vspcd, certificates):
    pair = certificates.expired
    vspcd = start_vspcd("--tls", "telnets", "--cert", pair.certificate,
                        "--key", pair.key)
    finding = wrong(vspcd, "D201")
    assert "has expired" in finding["found"]
    # It is the one that it is said to be, all the same.
    assert one(vspcd, "D104")[1][0]["weight"] == "ok"


@pytest.mark.parametrize("theirs, ours, words_of_it", [
    (["-tls1_2"], ["--tls-min", "1.3"], "TLS 1.2 at most"),
    (["-tls1_2", "-cipher", "AES128-SHA256"],
     ["--tls-ciphers", "ECDHE-RSA-AES256-GCM-SHA384,"
      "ECDHE-ECDSA-AES256-GCM-SHA384"], "which offers AES128-SHA256"),
])
def test_a_host_whose_tls_is_too_old(start_vspcd, certificates, theirs, ours,
                                     words_of_it):
    pair = certificates.server
    vspcd = start_vspcd("--tls", "telnets", "--cert", pair.certificate,
                        "--key", pair.key, *ours)
    result = subprocess.run(
        ["openssl", "s_client", "-connect",
         f"{vspcd.proxy[0]}:{vspcd.proxy[1]}", *theirs],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=30)
    assert result.returncode != 0
    eventually(lambda: one(vspcd, "D205")[0] == 1, "the handshake")
    assert words_of_it in wrong(vspcd, "D205")["found"]


# ---- a server that lies ------------------------------------------------------

LIES = [
    {}, {"items": 5}, {"items": [None, 3, "x", {}]}, {"listeners": {}},
    {"listeners": [{"address": 7, "port": "x"}, None], "names": [1, None],
     "addresses": [{}], "certificate": "x"},
    {"health": [], "doors": "x", "consoles": [1]},
    {"disks": [None, {"path": "\u202e\x1b[31m", "problem": "\x1b]0;x\x07"}],
     "clock": 3, "arrivals": [{"console": "$(reboot)", "count": 99,
                               "first": "2026-01-31T11:00:00Z",
                               "last": "2026-01-31T11:05:00Z"}]},
]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_a_server_that_lies(fake_api, lie):
    """Whatever it says: no crash, no control characters, nothing to paste."""
    for path in ("/version", "/status", "/vm-listeners", "/diagnosis",
                 "/refusals", "/consoles", "/alerts/rules",
                 "/alerts/webhooks"):
        fake_api.on("GET", path, Answer(lie))
    fake_api.on("POST", "/config/check", Answer(lie))
    result = run_vspc("-s", fake_api.socket, "doctor")
    assert result.returncode in (0, 1), result.stderr
    assert "D704" in result.stdout
    assert not set(result.stdout) & {"\x1b", "\x07", "\u202e"}
    assert not re.search(r"^ *\$ .*\$\(reboot", result.stdout, re.M)


def test_an_answer_that_comes_in_drops_is_late(fake_api):
    def drops():
        yield b'{"a":"'
        while True:
            time.sleep(0.05)
            yield b"x"

    fake_api.on("GET", "/version", Answer({"version": "0.1.0"}))
    fake_api.on("GET", "/status", lambda request: Answer(pieces=drops()))
    exit_code, found = doctor(fake_api, "--request-timeout", 1, "--check",
                              "D101", "--check", "D701")
    assert exit_code == 5
    assert found["D101"][0]["weight"] == "wrong"
    assert "does not answer in time" in found["D101"][0]["found"]
    assert found["D701"][0]["weight"] == "unknown"
    # It is not waited for again.
    assert [r.path for r in fake_api.requests] == [
        "/api/v1/version", "/api/v1/status"]


def test_lists_without_an_end_are_cut(fake_api):
    fake_api.on("GET", "/version", Answer({"version": "0.1.0"}))
    fake_api.on("GET", "/vm-listeners", Answer({
        "listeners": [{"address": "0.0.0.0", "port": port, "tls": "off"}
                      for port in range(1, 20000)],
        "addresses": [f"127.{n >> 16}.{n >> 8 & 255}.{n & 255}"
                      for n in range(1, 100000)]}))
    fake_api.on("GET", "/refusals", Answer({
        "items": [{"message": str(n)} for n in range(50000)]}))
    exit_code, found = doctor(fake_api, "--check", "D102", "--check", "D602")
    assert exit_code == 1
    assert len(found["D102"]) <= 64 and len(found["D602"]) <= 512


@pytest.fixture
def fake_api():
    fake = FakeApi()
    yield fake
    fake.close()


# ---- ports -------------------------------------------------------------------

def test_a_certificate_of_another(start_vspcd, certificates):
    """The file was changed, and not loaded: what vspcd shows is what counts;
    from a client it is trusted by its thumbprint."""
    pair = certificates.server
    ports = PortBlock()
    try:
        port = ports.take()
        vspcd = start_vspcd("--cert", pair.certificate, "--key", pair.key,
                            "--tls", "telnets", "--web",
                            f"127.0.0.1:{port},tls=required", ports=ports)
        result = run_vspc("-s", f"https://localhost:{port}", "--ca",
                          certificates.ca, "doctor", "--check", "D101",
                          "--check", "D303")
        # Nobody has proven who he is: vspcd says its version, and no more.
        assert f"vspcd {VERSION} answers" in result.stdout, result.stdout
        result = run_vspc("-s", f"https://localhost:{port}", "doctor",
                          "--check", "D101")
        assert result.returncode == 5
        assert "--thumbprint" in result.stdout
        vspcd.check_works()
    finally:
        ports.close()


def test_somebody_else_has_the_port(remote_port):
    """A place where nobody answers as vspcd does."""
    result = run_vspc("-s", f"http://127.0.0.1:{remote_port}", "doctor",
                      "--check", "D101")
    assert result.returncode == 5
    assert "WRONG" in result.stdout


@pytest.fixture
def remote_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


# ---- the firewall ------------------------------------------------------------

POLICY = "add table inet t; add chain inet t input { type filter hook input " \
    "priority 0; policy drop; }; "


def behind(rules, vspcd):
    """D106 in a network of its own, where nft has these rules. The socket is
    reached from there all the same."""
    return subprocess.run(
        ["unshare", "-n", "sh", "-ec",
         'nft "$1"; exec "$2" -s "$3" doctor --check D106', "sh", rules, VSPC,
         vspcd.socket],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=60, env=clean_environment())


@pytest.mark.skipif(os.geteuid() != 0, reason="makes rules of a firewall")
def test_a_firewall_that_drops(vspcd, need):
    need("nft", "nftables")
    port = vspcd.proxy[1]
    probe = subprocess.run(["unshare", "-n", "nft", POLICY], check=False,
                           capture_output=True)
    if probe.returncode != 0:
        pytest.skip("no network of its own, or no nftables in the kernel")
    result = behind(POLICY, vspcd)
    assert result.returncode == 1, result
    assert f"port {port} is likely dropped" in result.stdout
    result = behind(POLICY + f"add rule inet t input tcp dport {port} accept",
                    vspcd)
    assert result.returncode == 0, result
    assert f"lets port {port} in" in result.stdout


# ---- the machine -------------------------------------------------------------

def test_few_open_files(start_vspcd):
    limit = 60 if not is_sanitized() else 80
    vspcd = start_vspcd(wrapper=("prlimit", f"--nofile={limit}:{limit}"))
    finding = wrong(vspcd, "D301")
    assert any("LimitNOFILE" in step for step in finding["steps"])
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] != limit


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_disk_that_is_nearly_full(start_vspcd, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=64",
                            "none", disk], capture_output=True, check=False)
    if mount.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        vspcd = start_vspcd("--logdir", disk, "--log-keep-free", "0")
        finding = wrong(vspcd, "D303")
        assert finding["subject"] == str(disk)
        assert any(i["subject"] == str(disk)
                   for i in one(vspcd, "D304")[1])
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        finding = wrong(vspcd, "D305")
        assert "read-only" in finding["found"]
        vspcd.stop()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


# ---- the settings ------------------------------------------------------------

def test_a_file_that_is_wrong(start_vspcd, tmp_path):
    conf = tmp_path / "vspcd.conf"
    conf.write_text("vm-allow = {\"127.0.0.1\"}\n")
    vspcd = start_vspcd("--config", conf)
    assert one(vspcd, "D504")[0] == 0
    conf.write_text("vm-allow = {\"127.0.0.1\", \"::1\"}\n")
    _, found = one(vspcd, "D504")
    assert found[0]["weight"] == "note" and "vm-allow" in found[0]["found"]
    conf.write_text("vm-allow = {\"nonsense\"}\n")
    assert "nonsense" in wrong(vspcd, "D504")["found"]


# ---- errors, explained -------------------------------------------------------

def explain(text, **options):
    return run_vspc("doctor", "--explain", text, **options)


@pytest.mark.parametrize("text, advice", [
    ("Unable to connect virtual device 'serial0'.", "esxcli network firewall"),
    ("Virtual device 'serial1' will start disconnected.", "Connected"),
    ("Virtual machine 'web-01' is configured to use a device that prevents the "
     "operation: Device 'Serial port 1' is a serial port, which is not "
     "supported.", "Use Virtual Serial Port Concentrator"),
    ("Current license or ESXi version prohibits execution of the requested "
     "operation.", "vim-cmd vimsvc/license"),
    (f"2026-01-31T11:59:59.999Z warning {words.VM_REFUSED} peer=192.0.2.7:1"
     " uri=tcp://:7001 reason=\"the service URI requests a listener of its own,"
     " and no rule allows it; see --service-listen, or use a name such as s0\"",
     "service-listen"),
])
def test_texts_of_errors(text, advice):
    for variant in (text, text.upper(), text.replace("'", '"')):
        result = explain(variant)
        assert result.returncode == 0, variant
        assert advice in result.stdout
        assert result.stderr == ""


def reasons():
    """What vspcd gives as the reason for refusing a VM."""
    found = set()
    for path in ("session/vm/vm_end.c", "session/gate.c"):
        text = (SOURCE / "src" / path).read_text()
        text = re.sub(r'"\s*"', "", text)
        found |= set(re.findall(r'(?:= |\{\s*)"([^"\[]{12,})"', text))
    return sorted(found)


# Nobody has to do anything about these, or nothing can be said.
NOTHING = re.compile(
    "reset|no longer answers|cut:|violated|TLS failed|shutting down|"
    "continues without|not completed|subnegotiation|more data|no memory|"
    "does not read")


def test_every_reason_of_a_refusal_is_known():
    all_of_them = reasons()
    assert len(all_of_them) > 25
    for reason in all_of_them:
        if not NOTHING.search(reason):
            assert explain(reason).returncode == 0, reason


def test_a_text_that_nobody_knows():
    result = explain("the snowfall is heavy")
    assert (result.returncode, result.stdout) == (8, "")
    assert "not known" in result.stderr


def test_a_text_of_standard_input(tmp_path):
    log = tmp_path / "vmware.log"
    log.write_bytes(b"x\xff\n" * 1000 +
                    b"Virtual device 'serial0' will start disconnected.\n")
    with open(log, "rb") as text:
        result = explain("-", stdin=text)
    assert result.returncode == 0
    answer = json.loads(run_vspc(
        "doctor", "--explain", "WONT-PROXY", "-o", "json").stdout)
    assert answer["items"][0]["code"] == "D601"
