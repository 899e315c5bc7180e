"""vspc-vm rehearse: with a concentrator that works, and with those that do
not."""

import json
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from harness import words
from harness.cutting import CuttingProxy
from harness.fake_api import Answer, Cut, FakeApi, run_vspc
from harness.net import TIMEOUT, Listener, eventually
from harness.programs import BUILD, SOURCE, clean_environment, is_sanitized

WAYS = ["move", "move-abort", "move-wrong-secret", "move-dead-source",
        "move-lost-destination", "move-no-complete"]
# What needs somebody at the console.
READING = ["console", "input", "latency", "break-out", "break-in",
           "thumbprint"]
OWN = "72656865-6172-7361-6c"


class Report:
    """What was printed with --output json."""

    def __init__(self, result):
        self.status = result.returncode
        self.stderr = result.stderr
        print(result.stdout, result.stderr)
        self.root = json.loads(result.stdout)
        self.steps = {step["name"]: step for step in self.root["steps"]}

    def names(self, outcome):
        return [name for name, step in self.steps.items()
                if step["outcome"] == outcome]

    def detail(self, name):
        return self.steps[name]["detail"]

    def number(self, name, which):
        return self.steps[name]["numbers"][which]


def run(*args, env=None, wrapper=()):
    return subprocess.run(
        [*wrapper, BUILD / "vspc-vm", "rehearse", *map(str, args)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=4 * TIMEOUT, check=False,
        env=clean_environment(env))


def rehearse(*args, **options):
    return Report(run("-o", "json", *args, **options))


def place(vspcd):
    return ("--server", f"unix:{vspcd.socket}")


def proxy(vspcd):
    return ("--proxy", f"127.0.0.1:{vspcd.proxy[1]}")


def consoles(vspcd):
    """All that there are, by name."""
    listed = run_vspc("-s", vspcd.socket, "list", "-o", "json")
    return {item["name"]: item for item in json.loads(listed.stdout)["items"]}


# A concentrator that works

def test_all_of_it_and_nothing_is_left_behind(start_vspcd, certificates,
                                              tmp_path):
    vspcd = start_vspcd("--tls", "offered", "--logdir", tmp_path,
                        "--cert", certificates.server.certificate,
                        "--key", certificates.server.key)
    stranger = vspcd.vm("rehearsal-of-somebody")
    stranger.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="rehearsal-of-somebody")
    report = rehearse(*place(vspcd),
                      env={"SSL_CERT_FILE": str(certificates.ca)})
    assert (report.status, report.stderr) == (0, "")
    assert report.root["is_passed"] and not report.root["is_interrupted"]
    assert report.names("failed") == report.names("skipped") == []
    assert set(WAYS + READING) < set(report.names("ok"))
    # Each step is described where it says.
    page = (SOURCE / "docs/rehearsal.md").read_text()
    for name, step in report.steps.items():
        assert step["page"] == f"docs/rehearsal.md#{name}"
        assert f"\n### {name}\n" in page
    # Whose move ended how, in the server's words.
    assert len(vspcd.events(words.VM_MOVED)) == 3
    # Consoles are forgotten, but for those of others; the logs are named.
    assert list(consoles(vspcd)) == ["rehearsal-of-somebody"]
    assert report.number("clean", "forgotten") == 10
    logs = sorted(f.name for f in tmp_path.glob("rehearsal-*-00*.log"))
    assert report.number("clean", "console_logs") == len(logs) == 10
    assert logs[0] in report.detail("clean")
    # All bytes of a console that has been printed to are in its log.
    assert (tmp_path / logs[0]).stat().st_size > \
        report.number("print", "bytes")


def test_numbers_fit_each_other(vspcd):
    report = rehearse(*place(vspcd), "--vms", 30, "--clients", 5,
                      "--only", "connect,latency,many,many-back")
    assert report.status == 0
    assert list(report.steps) == ["connect", "latency", "many", "many-back",
                                  "clean"]
    for name in ("latency", "many", "many-back"):
        p50, p95, longest = (report.number(name, which)
                             for which in ("p50_ms", "p95_ms", "max_ms"))
        assert 0 < p50 <= p95 <= longest
    for name in ("many", "many-back"):
        assert report.number(name, "vms") == 30
        assert report.number(name, "retries") == 0
        assert report.number(name, "bring_up_ms") >= \
            report.number(name, "max_ms")
    assert report.number("clean", "forgotten") == 30


def test_the_table_fits_a_terminal(vspcd):
    result = run(*place(vspcd))
    lines = result.stdout.splitlines()
    assert result.returncode == 0 and result.stderr == ""
    assert all(len(line) < 80 for line in lines)
    assert lines[:2] == [
        f"Rehearsal: 10 VMs at 127.0.0.1:{vspcd.proxy[1]}",
        f"Consoles: unix:{vspcd.socket}"]
    assert re.match(r"ok +connect +\d+ ms  127\.0\.0\.1:", lines[2])
    # The server does not know its certificate's CA: no failure.
    assert any(line.startswith("skipped ") for line in lines)
    assert re.fullmatch(r"Passed: \d+ ok, 0 failed, \d+ skipped, in [\d.]+ s",
                        lines[-1])


def test_without_a_server_the_side_of_vms_is_proven(vspcd):
    report = rehearse(*proxy(vspcd), "--vms", 3)
    assert (report.status, report.root["server"]) == (0, None)
    assert set(WAYS + ["connect", "print", "line", "refuse", "many",
                       "many-back"]) <= set(report.names("ok"))
    for name in READING:
        assert report.steps[name]["outcome"] == "skipped"
        assert report.detail(name) == "no --server"
    # What stays is named: the VMs are recognizable.
    match = re.search(r"consoles (rehearsal-\w+-)\*", report.detail("clean"))
    there = consoles(vspcd)
    assert sorted(there) == [f"{match[1]}{n:04}" for n in (1, 2, 3)]
    assert all(item["uuid"].startswith(OWN) and item["state"] == "none"
               for item in there.values())


def test_tls_that_is_required(start_vspcd):
    vspcd = start_vspcd("--tls", "required")
    report = rehearse(*place(vspcd))
    assert report.status == 0
    assert report.names("skipped") == ["verify"]
    assert "TLSv1.3" in report.detail("connect")
    assert all(has["tls"] == "yes"
               for has in vspcd.events(words.VM_CONNECTED))


def test_tls_that_is_off(start_vspcd):
    vspcd = start_vspcd("--tls", "off")
    report = rehearse(*place(vspcd))
    assert report.status == 0
    assert report.names("skipped") == ["telnets", "start-tls", "thumbprint",
                                       "wrong-thumbprint", "verify"]


def test_consoles_without_ports(start_vspcd):
    vspcd = start_vspcd("--no-vm-ports")
    report = rehearse(*place(vspcd), "--only",
                      "connect,console,come-back,many,many-back")
    assert report.status == 0 and not report.names("skipped")
    assert "without a TCP port" in report.detail("console")


# What somebody may

def test_a_token_that_may_only_read(start_vspcd, certificates, tmp_path):
    vspcd = start_vspcd("--web", "127.0.0.1:0,tls=required",
                        "--cert", certificates.server.certificate,
                        "--key", certificates.server.key)
    web = vspcd.wait_log(words.API_OPENED + r" address=127\.0\.0\.1:(\d+)")
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(run_vspc("-s", vspcd.socket, "token", "create", "reader",
                              "--may", "read").stdout)
    report = rehearse("--server", f"https://localhost:{web[1]}",
                      "--ca", certificates.ca, "--token-file", token,
                      *proxy(vspcd))
    assert report.status == 0
    for name in ("input", "latency"):
        assert "right to write" in report.detail(name)
    assert "right to send breaks" in report.detail("break-in")
    assert report.steps["print"]["outcome"] == "ok"
    assert report.steps["clean"]["outcome"] == "skipped"
    assert report.number("clean", "kept") == len(consoles(vspcd)) == 10


# Concentrators that do not work

def test_a_vm_that_is_not_known(start_vspcd):
    vspcd = start_vspcd("--unknown-vms", "refuse")
    report = rehearse(*place(vspcd))
    assert report.status == 1 and not report.root["is_passed"]
    assert report.steps["connect"]["outcome"] == "failed"
    assert "the server says: unknown VM refused" in report.detail("connect")
    assert report.detail("print") == "no VM is connected"
    assert report.steps["clean"]["outcome"] == "ok"


def test_an_address_that_may_not_connect(start_vspcd):
    vspcd = start_vspcd("--vm-allow", "192.0.2.0/24")
    report = rehearse(*place(vspcd), "--only", "connect,many")
    assert report.status == 1
    assert "Connection reset by peer" in report.detail("connect")
    assert report.detail("many") == "no VM is connected"


def test_more_vms_than_may_be_new_come_in_the_end(start_vspcd):
    vspcd = start_vspcd("--new-console-burst", 8, "--new-console-rate", 2)
    report = rehearse(*place(vspcd), "--only", "many")
    assert report.status == 0
    assert report.number("many", "retries") > 0
    assert words.CONSOLE_REFUSED in report.detail("many")


def test_nobody_is_there(own_port):
    report = rehearse("--proxy", f"127.0.0.1:{own_port}")
    assert report.status == 1
    assert "Connection refused" in report.detail("connect")
    assert report.detail("telnets") == "the concentrator is not reached"


def test_a_port_of_something_else(start_vspcd):
    listener = Listener()
    try:
        report = rehearse("--proxy", f"127.0.0.1:{listener.port}",
                          "--only", "connect", "--timeout", 1)
    finally:
        listener.close()
    assert report.status == 1
    assert "not in time" in report.detail("connect")


def test_another_server_than_the_proxys(start_vspcd):
    one, other = start_vspcd(), start_vspcd()
    report = rehearse(*place(one), *proxy(other), "--only", "connect",
                      "--timeout", 2)
    assert report.status == 1
    assert "are they the same vspcd?" in report.detail("connect")
    # The one that was asked has none of them, and says so.
    assert report.number("clean", "forgotten") == 0


@pytest.fixture
def cutting(vspcd):
    """A network between the hosts and vspcd."""
    between = CuttingProxy(None, vspcd.proxy)
    yield between
    between.close()


def test_a_connection_that_is_cut_is_a_fault_of_one_step(vspcd, cutting):
    # In the middle of what is printed.
    cutting.left = 1
    report = rehearse(*place(vspcd), "--proxy", f"127.0.0.1:{cutting.port}",
                      "--vms", 2)
    assert report.status == 1
    assert report.names("failed") == ["print"]
    assert "the VM lost its connection" in report.detail("print")
    assert set(WAYS + ["input", "many"]) <= set(report.names("ok"))
    assert consoles(vspcd) == {}


class LateProxy(CuttingProxy):
    """What comes from a host arrives late, and that it is gone later still."""

    def _pass_on(self, near, far):
        def back():
            try:
                while some := far.recv(65536):
                    near.sendall(some)
            except OSError:
                pass

        threading.Thread(target=back, daemon=True).start()
        try:
            while some := near.recv(65536):
                time.sleep(0.1)  # of the network
                far.sendall(some)
        except OSError:
            pass
        time.sleep(1)
        self._end(near, far)


def test_what_is_typed_goes_to_a_vm_that_is_back(vspcd, tmp_path):
    late = LateProxy(tmp_path, vspcd.proxy)
    try:
        report = rehearse(*place(vspcd), "--proxy", f"127.0.0.1:{late.port}",
                          "--only", "console,come-back")
    finally:
        late.close()
    assert report.status == 0
    assert report.detail("come-back") == "the console, its port and its client"


def test_a_server_that_ends_in_the_middle(start_vspcd, start_process):
    # It is busy with VMs that come too fast, until it goes.
    vspcd = start_vspcd("--new-console-burst", 1, "--new-console-rate", 1)
    process = start_process(
        [BUILD / "vspc-vm", "rehearse", *place(vspcd), "-o", "json",
         "--timeout", 3, "--only", "connect,many,many-back"],
        stderr=subprocess.DEVNULL, env=clean_environment())
    vspcd.wait_event(words.CONSOLE_REFUSED)
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.kill()
    out, _ = process.communicate(timeout=TIMEOUT)
    steps = {s["name"]: s for s in json.loads(out)["steps"]}
    assert process.returncode == 1
    assert steps["many"]["outcome"] == "failed"
    assert steps["clean"]["outcome"] == "failed"
    assert "may stay" in steps["clean"]["detail"]


def test_a_server_that_is_lost_is_asked_no_more(vspcd):
    """Many consoles are to be forgotten, and each would have its time-out."""
    fake = FakeApi()

    def listed(request):
        # The VM's console was looked at before.
        uuid = fake.requests[-2].path.rpartition("/")[2]
        return Answer({"items": [{"id": f"{uuid}/s{n}"} for n in range(50)]})

    def cut():
        raise Cut
        yield

    try:
        fake.on("GET", "/consoles/.*", Answer({"state": "connected"}))
        fake.on("GET", "/consoles", listed)
        fake.on("DELETE", ".*", lambda request: Answer(pieces=cut()))
        report = rehearse("--server", f"unix:{fake.socket}", *proxy(vspcd),
                          "--only", "connect")
        asked = len(fake.asked("DELETE", ""))
    finally:
        fake.close()
    assert report.status == 1
    assert report.number("clean", "kept") == 50
    assert asked == 1


def test_a_report_that_is_not_written(vspcd):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [BUILD / "vspc-vm", "rehearse", *place(vspcd), "--only",
             "connect"], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=TIMEOUT, env=clean_environment())
    assert result.returncode == 1
    assert "standard output" in result.stderr


def test_a_signal_ends_it_in_order(start_vspcd, start_process):
    vspcd = start_vspcd("--new-console-burst", 1, "--new-console-rate", 1)
    process = start_process(
        [BUILD / "vspc-vm", "rehearse", *place(vspcd), "-o", "json",
         "--only", "connect,many,many-back", "--timeout", 600],
        stderr=subprocess.DEVNULL, env=clean_environment())
    vspcd.wait_event(words.CONSOLE_REFUSED)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=TIMEOUT)
    root = json.loads(out)
    assert process.returncode == 130
    assert root["is_interrupted"] and not root["is_passed"]
    assert root["failed"] == 0
    assert root["steps"][-1]["outcome"] == "ok"
    assert consoles(vspcd) == {}


# The command line

@pytest.mark.parametrize("args, says", [
    (["--vms", "0"], "--vms 0: expected a number from 1 to 10000"),
    (["--only", "moves"], "there is no step moves"),
    (["--proxy", "telnets://"], "--proxy: "),
    (["web-01"], "web-01: unexpected argument"),
    (["--server", "http://example.org"], "example.org"),
])
def test_a_wrong_command_line(args, says):
    result = run(*args)
    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr


def test_help_has_every_step():
    result = run("--help")
    assert result.returncode == 0
    assert all(len(line) < 80 for line in result.stdout.splitlines())
    for name in WAYS + READING:
        assert re.search(rf"^  {name} ", result.stdout, re.M)


def test_a_server_that_is_not_there(tmp_path):
    result = run("--server", f"unix:{tmp_path}/none.sock")
    assert result.returncode == 1
    assert "no server at" in result.stderr


def test_valgrind_finds_nothing(start_vspcd):
    if is_sanitized("vspc-vm"):
        pytest.skip("a sanitizer build cannot run under valgrind")
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed (Debian package valgrind)")
    # In TLS alone: where both are served, a hello that takes valgrind longer
    # than a second comes behind the greeting.
    vspcd = start_vspcd("--tls", "required")
    report = rehearse(*place(vspcd), "--vms", 2, "--only",
                      "connect,input,move,move-no-complete,telnets,many",
                      wrapper=(
        "valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99",
        "--errors-for-leak-kinds=definite,indirect"))
    assert report.status == 0, report.stderr
