"""Hooks: what programs are told of which event, and that whatever they do harms
nobody but themselves. docs/hooks.md has the rules."""

import contextlib
import json
import os
import re
import signal
import sqlite3

import pytest

from harness import words
from harness.net import eventually
from harness.programs import SOURCE, is_sanitized, is_there
from harness.tls import Tls
from harness.vm import new_uuid
from test_config import config, run  # noqa: F401 (config is a fixture)
from test_config_reload import hup

# Appends all that a hook gets: what it is, a line an event.
RECORDER = """#!/usr/bin/python3 -SE
import json, os, sys
what = {"stdin": sys.stdin.buffer.read().decode("latin-1"),
        "env": dict(os.environ), "argv": sys.argv[1:], "cwd": os.getcwd(),
        "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd")),
        "is_leader": os.getsid(0) == os.getpid() == os.getpgid(0)}
fd = os.open("%s", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(fd, (json.dumps(what) + "\\n").encode())
"""


class Hook:
    """A program in a file, and the lines that it has written into another."""

    def __init__(self, folder, name, body):
        self.path = folder / name
        self.said = folder / f"{name}.said"
        self.write(body.replace("%s", str(self.said)))

    def write(self, body):
        self.path.write_text(body)
        self.path.chmod(0o755)

    def lines(self):
        return self.said.read_text().splitlines() if self.said.exists() else []

    def wait_lines(self, count):
        eventually(lambda: len(self.lines()) >= count,
                   f"{count} lines of {self.path.name}")
        return self.lines()


class Recorder(Hook):
    def calls(self):
        return [json.loads(line) for line in self.lines()]

    def events(self, **of):
        """The JSON that it was given, each checked against its environment."""
        found = [event_of(call) for call in self.calls()]
        return [e for e in found if all(e.get(k) == v for k, v in of.items())]

    def wait(self, *kinds, **of):
        """Until its events (of these) are of these kinds, in this order."""
        def kinds_now():
            return [event["event"] for event in self.events(**of)]
        eventually(lambda: len(kinds_now()) >= len(kinds), f"{kinds}")
        assert kinds_now() == list(kinds)
        return self.events(**of)


def event_of(call):
    assert call["stdin"].endswith("}\n") and call["stdin"].count("\n") == 1
    event = json.loads(call["stdin"].encode("latin-1").decode())
    env = dict(call["env"])
    assert env.pop("PATH") == ("/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                               "/usr/bin:/sbin:/bin")
    assert env.pop("LANG") == "C.UTF-8"
    env.pop("LC_CTYPE", None)  # Python's own doing
    words = {True: "yes", False: "no"}
    assert env == {f"VSPCD_{key.upper()}":
                   words[value] if isinstance(value, bool) else str(value)
                   for key, value in event.items()}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                        event.pop("time"))
    return event


@pytest.fixture
def hook(tmp_path):
    """hook("sh script"): a program; %s in it is a file for what it says."""
    return lambda body, name="hook": Hook(tmp_path, name,
                                          f"#!/bin/sh\n{body}\n")


@pytest.fixture
def recorder(tmp_path):
    return Recorder(tmp_path, "recorder", RECORDER)


def assert_works(vspcd, vm):
    client = vspcd.telnet(vm)
    vm.send(b"out")
    client.read_until(b"out")
    client.send(b"in")
    vm.read_until(b"in")
    client.close()


# What is told

def test_every_event_of_a_vm(start_vspcd, recorder):
    vspcd = start_vspcd("--hook", recorder.path, "--vm-expire-time", 1)
    first = vspcd.vm("web")
    about = {"uuid": first.uuid, "label": "vSPC.py", "name": "web",
             "console": "web", "port": first.port}
    second = vspcd.move(first)
    second.begin()
    second.abort()
    failed = vspcd.wait_event(words.VM_MOVE_FAILED, console="web")
    second.close()
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="web")
    new, up, moved, move_failed, down, expired = recorder.wait(
        "vm-new", "vm-up", "vm-moved", "vm-move-failed", "vm-down",
        "vm-expired")
    peer = {"peer": first.address, "tls": False}
    assert new == {"event": "vm-new"} | about | peer
    assert up == {"event": "vm-up"} | about | peer
    assert isinstance(moved.pop("ms"), int)
    assert moved == {"event": "vm-moved", "from": first.address,
                     "to": second.address} | about
    assert isinstance(move_failed.pop("ms"), int)
    assert move_failed == {"event": "vm-move-failed", "from": second.address,
                           "reason": failed["reason"]} | about
    assert down == {"event": "vm-down", "peer": second.address,
                    "reason": "closed by the host"} | about
    assert expired == {"event": "vm-expired"} | about


def test_a_rename_has_both_names(start_vspcd, recorder):
    vspcd = start_vspcd("--hook", recorder.path)
    uuid = new_uuid()
    vspcd.vm("before", uuid)
    vspcd.vm("after", uuid)
    _, _, renamed, down, up = recorder.wait(
        "vm-new", "vm-up", "vm-renamed", "vm-down", "vm-up")
    assert (renamed["old_name"], renamed["name"]) == ("before", "after")
    assert down["reason"] == "the VM reconnected"
    assert "old_name" not in up


def test_clients_come_and_go(start_vspcd, recorder):
    vspcd = start_vspcd("--client-tls", "telnets", "--hook",
                        f"{recorder.path},events=client-attached+"
                        "client-detached")
    vm = vspcd.vm("web")
    for how, tls in ((vspcd.telnet, None), (vspcd.raw, None),
                     (vspcd.telnet, Tls())):
        client = how(vm, **({"tls": tls} if tls else {}))
        if how == vspcd.raw:
            client.send(b"x")
        attached = recorder.wait("client-attached", peer=client.address)[0]
        assert attached == {
            "event": "client-attached", "uuid": vm.uuid, "label": "vSPC.py",
            "name": "web", "console": "web", "port": vm.port,
            "peer": client.address, "tls": tls is not None}
        client.close()
        detached = recorder.wait("client-attached", "client-detached",
                                 peer=client.address)[1]
        assert detached == attached | {"event": "client-detached"}


def test_clients_have_the_names_of_their_certificates(start_vspcd, recorder,
                                                      certificates):
    vspcd = start_vspcd("--client-tls", "required", "--client-certs",
                        "required", "--client-ca", certificates.ca, "--hook",
                        f"{recorder.path},events=client-attached+"
                        "client-detached")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm, tls=Tls(pair=certificates.client))
    client.close()
    events = recorder.wait("client-attached", "client-detached",
                           peer=client.address)
    assert {event["client"] for event in events} == {"client"}


def test_who_was_never_served_is_not_told_of(start_vspcd, recorder):
    vspcd = start_vspcd("--hook",
                        f"{recorder.path},events=client-attached+"
                        "client-detached", "--client-limit", 1)
    vm = vspcd.vm("web")
    one = vspcd.telnet(vm)
    other = vspcd.keep(type(one)(vspcd.console_address(vm.port)))
    other.wait_closed()
    one.close()
    recorder.wait("client-attached", "client-detached")


def test_a_real_vm_end(start_vspcd, start_vm, recorder):
    vspcd = start_vspcd("--hook", recorder.path)
    program = start_vm(vspcd, "--exec", "cat", name="kvm-01", uri="s0")
    recorder.wait("vm-new", "vm-up")
    program.process.send_signal(signal.SIGUSR1)
    vspcd.wait_event(words.VM_MOVED, console="kvm-01")
    program.process.terminate()
    events = recorder.wait("vm-new", "vm-up", "vm-moved", "vm-down")
    assert {e["name"] for e in events} == {"kvm-01"}
    assert {e["label"] for e in events} == {"s0"}


def test_known_consoles_are_not_new(start_vspcd, recorder, tmp_path):
    """After a restart; and one whose time was up meanwhile has expired."""
    env = {"STATE_DIRECTORY": str(tmp_path)}
    vspcd = start_vspcd(env=env)
    vm, gone = vspcd.vm("web"), vspcd.vm("gone")
    gone.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="gone")
    vspcd.stop()
    with contextlib.closing(sqlite3.connect(tmp_path / "state.db")) as db:
        assert db.execute("UPDATE consoles SET left_at = left_at - 99999 "
                          "WHERE name = 'gone'").rowcount == 1
        db.commit()
    vspcd = start_vspcd("--hook", recorder.path, env=env)
    vspcd.vm("web", vm.uuid)
    recorder.wait("vm-up", uuid=vm.uuid)
    assert recorder.wait("vm-expired", uuid=gone.uuid) == [
        {"event": "vm-expired", "uuid": gone.uuid, "label": "vSPC.py",
         "name": "gone", "console": "gone", "port": gone.port}]


@pytest.mark.parametrize("name, shown", [
    (b"$(touch pwned) `id`;|&<>*", "$(touch pwned) `id`;|&<>*"),
    (b"\"quotes' \\back=slash", "\"quotes' \\back=slash"),
    (b"line\nend\r\ttab\x1b[31m\x07\x7f", "lineendtab[31m"),
    (b"bad \xc3( \xed\xa0\x80 \xc0\xaf", "bad \ufffd( " + 3 * "\ufffd" + " "
     + 2 * "\ufffd"),
    ("f\u00fcr \U0001f600 \u0085\u2028x".encode(), "f\u00fcr \U0001f600 x"),
    (b"\"\\" * 300, ("\"\\" * 64)),
], ids=["shell", "quotes", "control", "not-utf-8", "utf-8", "long"])
def test_hostile_names(start_vspcd, recorder, name, shown):
    vspcd = start_vspcd("--hook", f"{recorder.path},events=vm-up")
    vspcd.vm(name)
    assert recorder.wait("vm-up")[0]["name"] == shown


def test_where_and_how_it_runs(start_vspcd, recorder):
    vspcd = start_vspcd("--hook", recorder.path, env={"SECRET": "x"})
    vms = [vspcd.vm(f"web-{n}") for n in range(10)]
    recorder.wait_lines(2 * len(vms))
    for call in recorder.calls():
        assert call["argv"] == [] and call["cwd"] == "/"
        # The fourth is its own, of the folder.
        assert call["fds"] == [0, 1, 2, 3]
        assert call["is_leader"]


def test_signals_are_as_usual(start_vspcd, hook):
    """vspcd itself ignores SIGPIPE, and its thread has all blocked."""
    asks = hook("grep -E '^Sig(Blk|Ign)' /proc/self/status >> %s")
    vspcd = start_vspcd("--hook", f"{asks.path},events=vm-up")
    vspcd.vm("web")
    blocked, ignored = (int(line.split()[1], 16)
                        for line in asks.wait_lines(2))
    assert blocked == 0
    # 32 and 33 are the C library's own.
    assert ignored & 0x7fffffff == 0


# In which order

def test_events_of_a_console_are_in_order(start_vspcd, hook, tmp_path):
    """And one at a time, while those of others run."""
    go = tmp_path / "go"
    slow = hook("echo \"begin $VSPCD_UUID $VSPCD_PEER\" >> %s\n"
                f"while [ ! -e {go} ]; do sleep 0.02; done\n"
                "echo \"end $VSPCD_UUID\" >> %s")
    vspcd = start_vspcd("--hook", f"{slow.path},events=vm-up",
                        "--hook-limit", 4)
    peers = {new_uuid(): [] for _ in range(4)}
    for _ in range(5):
        for uuid, own in peers.items():
            own.append(vspcd.vm("web", uuid).address)
    slow.wait_lines(len(peers))
    go.touch()
    lines = [line.split() for line in slow.wait_lines(2 * 5 * len(peers))]
    at_once = most = 0
    for words in lines:
        at_once += 1 if words[0] == "begin" else -1
        most = max(most, at_once)
    assert most == len(peers)
    for uuid, addresses in peers.items():
        own = [words for words in lines if words[1] == uuid]
        assert [w[0] for w in own] == ["begin", "end"] * 5
        assert [w[2] for w in own[::2]] == addresses


def test_no_more_than_the_limit_run_at_once(start_vspcd, hook, tmp_path):
    go = tmp_path / "go"
    waiting = hook(f"echo begin >> %s\nwhile [ ! -e {go} ]; do sleep 0.05; "
                   "done\necho end >> %s")
    vspcd = start_vspcd("--hook", f"{waiting.path},events=vm-up",
                        "--hook-limit", 3)
    vms = [vspcd.vm(f"web-{n}") for n in range(10)]
    waiting.wait_lines(3)
    for vm in vms:
        assert_works(vspcd, vm)
    assert waiting.lines() == ["begin"] * 3
    go.touch()
    assert waiting.wait_lines(20).count("end") == 10


def test_a_hook_that_hangs_delays_no_other(start_vspcd, hook, recorder):
    hanging = hook("echo begin >> %s; exec sleep 1000", "hanging")
    vspcd = start_vspcd("--hook", hanging.path, "--hook", recorder.path,
                        "--hook-limit", 1, "--hook-timeout", 600)
    vms = [vspcd.vm(f"web-{n}") for n in range(5)]
    for vm in vms:
        recorder.wait("vm-new", "vm-up", uuid=vm.uuid)
    assert hanging.lines() == ["begin"]


# What harms nobody

def test_one_that_hangs_is_ended(start_vspcd, hook):
    """With its children, though all of them ignore SIGTERM."""
    hanging = hook("trap '' TERM\nsleep 1000 &\necho $$ $! >> %s\n"
                   "echo not yet; wait; wait; wait")
    vspcd = start_vspcd("--hook", f"{hanging.path},events=vm-up",
                        "--hook-timeout", 1)
    vm = vspcd.vm("web")
    pids = hanging.wait_lines(1)[0].split()
    assert_works(vspcd, vm)
    has = vspcd.wait_event(words.HOOK_FAILED, console="web", event="vm-up")
    assert "longer than 1 s" in has["reason"]
    assert has["output"] == "not yet" and has["hook"] == str(hanging.path)
    assert int(has["ms"]) >= 3000, "between SIGTERM and SIGKILL are 2 s"
    eventually(lambda: not any(map(is_there, pids)), "its end")
    assert_works(vspcd, vm)


def test_sigterm_is_enough_for_most(start_vspcd, hook):
    hanging = hook("trap 'echo cleaned up; exit 0' TERM\n"
                   "while :; do sleep 0.1; done")
    vspcd = start_vspcd("--hook", f"{hanging.path},events=vm-up",
                        "--hook-timeout", 1)
    vspcd.vm("web")
    has = vspcd.wait_event(words.HOOK_FAILED, console="web")
    assert has["output"] == "cleaned up"


def test_what_it_leaves_behind_is_ended(start_vspcd, hook):
    forks = hook("sleep 1000 &\necho $! >> %s\nexit 0")
    vspcd = start_vspcd("--hook", f"{forks.path},events=vm-up", "--debug")
    vm = vspcd.vm("web")
    child = forks.wait_lines(1)[0]
    vspcd.wait_event(words.HOOK_COMPLETED, console="web")
    eventually(lambda: not is_there(child), "the child's end")
    assert_works(vspcd, vm)


def test_one_that_has_left_its_group_holds_nothing_up(start_vspcd, hook):
    """It is not ended, and still has the pipe that it may print to."""
    forks = hook("setsid sh -c 'echo $$ >> %s; exec sleep 1000' &\n"
                 "while [ ! -s %s ]; do sleep 0.05; done\necho done")
    vspcd = start_vspcd("--hook", f"{forks.path},events=vm-up", "--debug")
    vspcd.vm("web")
    try:
        assert vspcd.wait_event(words.HOOK_COMPLETED)["output"] == "done"
        assert is_there(forks.lines()[0])
        vspcd.stop()
    finally:
        os.kill(int(forks.lines()[0]), signal.SIGKILL)


def test_megabytes_of_output(start_vspcd, hook):
    loud = hook("head -c 20000000 /dev/zero\n"
                "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; "
                "done >&2\nprintf 'the \\033[1mlast\\377 line\\r\\n\\n'\n"
                "exit 7")
    vspcd = start_vspcd("--hook", f"{loud.path},events=vm-up")
    before = vspcd.rss()
    vm = vspcd.vm("web")
    assert_works(vspcd, vm)
    has = vspcd.wait_event(words.HOOK_FAILED, console="web")
    assert has["reason"] == "exit status 7"
    assert has["output"] == "the [1mlast\ufffd line"
    if not is_sanitized():
        assert vspcd.rss() - before < 4 << 20


def test_one_that_does_not_read(start_vspcd, hook):
    deaf = hook("exec <&-\necho deaf >> %s")
    vspcd = start_vspcd("--hook", f"{deaf.path},events=vm-up", "--debug")
    vspcd.vm("web")
    deaf.wait_lines(1)
    vspcd.wait_event(words.HOOK_COMPLETED, console="web")


@pytest.mark.parametrize("make, message, reason", [
    (lambda path: path.unlink(), words.HOOK_NOT_STARTED,
     "No such file or directory"),
    (lambda path: path.chmod(0o644), words.HOOK_NOT_STARTED,
     "Permission denied"),
    (lambda path: path.write_text("echo no first line"),
     words.HOOK_NOT_STARTED,
     "not a program, and no first line such as #!/bin/sh"),
    (lambda path: path.write_text("#!/nonexistent"), words.HOOK_NOT_STARTED,
     "No such file or directory"),
    (lambda path: path.write_text("#!/bin/sh\nexit 3"), words.HOOK_FAILED,
     "exit status 3"),
    (lambda path: path.write_text("#!/bin/sh\nkill -9 $$"), words.HOOK_FAILED,
     "ended by signal 9 (Killed)"),
], ids=["missing", "not-executable", "no-program", "no-interpreter", "fails",
        "killed"])
def test_one_that_fails(start_vspcd, hook, make, message, reason):
    failing = hook("exit 0")
    make(failing.path)
    vspcd = start_vspcd("--hook", f"{failing.path},events=vm-up")
    vm = vspcd.vm("web")
    has = vspcd.wait_event(message, console="web", event="vm-up",
                           hook=str(failing.path))
    assert has["reason"] == reason
    assert_works(vspcd, vm)
    is_told = bool(vspcd.events(words.HOOK_UNUSABLE))
    assert is_told == (not os.access(failing.path, os.X_OK))


def test_how_it_ended_is_known_where_sigchld_was_ignored(start_vspcd, hook):
    failing = hook("exit 3")
    vspcd = start_vspcd("--hook", f"{failing.path},events=vm-up",
                        wrapper=["env", "--ignore-signal=CHLD"])
    vspcd.vm("web")
    assert vspcd.wait_event(words.HOOK_FAILED)["reason"] == "exit status 3"


def test_many_failures_are_a_line_a_second(start_vspcd, hook):
    failing = hook("echo >> %s; exit 1")
    vspcd = start_vspcd("--hook", f"{failing.path},events=vm-new+vm-up")
    for n in range(20):
        vspcd.vm(f"web-{n}")
    failing.wait_lines(40)
    vspcd.report()
    assert 1 <= len(vspcd.events(words.HOOK_FAILED)) < 40


def test_500_vms_while_a_hook_hangs(start_vspcd, hook):
    hanging = hook("echo begin >> %s; exec sleep 1000")
    vspcd = start_vspcd("--hook", hanging.path, "--hook-limit", 100,
                        "--hook-timeout", 600, consoles=500)
    new = [vspcd.new_vm(f"web-{n}") for n in range(500)]
    for vm in new:
        vm.identify()
    eventually(lambda: len(vspcd.events(words.VM_CONNECTED)) == 500, "all VMs")
    hanging.wait_lines(100)
    vspcd.wait_idle()
    for vm in new[::50]:
        vm.port = vspcd.port_of(vm.name)
        assert_works(vspcd, vm)
    assert len(hanging.lines()) == 100
    vspcd.stop()
    assert vspcd.events(words.HOOK_EVENTS_DROPPED_AT_END)


def test_what_waits_is_bounded(start_vspcd, hook):
    """A console's, so that one VM takes no room from the others."""
    hanging = hook("echo $VSPCD_NAME >> %s; exec sleep 1000")
    vspcd = start_vspcd("--hook", f"{hanging.path},events=client-attached",
                        "--hook-limit", 2, "--hook-timeout", 600)
    vm = vspcd.vm("busy")
    other = vspcd.vm("other")
    vspcd.telnet(vm).close()
    hanging.wait_lines(1)
    for _ in range(69):
        vspcd.telnet(vm).close()
    has = vspcd.wait_event(words.HOOK_EVENTS_DROPPED, hook=hanging.path)
    assert 1 <= int(has["count"]) <= 5
    vspcd.telnet(other)
    assert hanging.wait_lines(2) == ["busy", "other"]
    vspcd.report()
    assert len(vspcd.events(words.HOOK_EVENTS_DROPPED)) == 1, "once a minute"


# The end

def test_the_end_is_no_event(start_vspcd, recorder):
    vspcd = start_vspcd("--hook", recorder.path)
    vm = vspcd.vm("web")
    vspcd.telnet(vm)
    recorder.wait("vm-new", "vm-up", "client-attached")
    vspcd.stop()
    recorder.wait("vm-new", "vm-up", "client-attached")


def test_what_runs_at_the_end_has_a_second(start_vspcd, hook):
    short = hook("echo begin >> %s; sleep 0.1; echo end >> %s", "short")
    hanging = hook("trap '' TERM\necho $$ >> %s\nwhile :; do sleep 1; done",
                   "hanging")
    vspcd = start_vspcd("--hook", f"{hanging.path},events=vm-up",
                        "--hook", f"{short.path},events=vm-up",
                        "--hook-limit", 1)
    for n in range(4):
        vspcd.vm(f"web-{n}")
    pid = hanging.wait_lines(1)[0]
    short.wait_lines(1)
    vspcd.stop(timeout=8)
    assert not is_there(pid)
    lines = short.lines()
    assert lines.count("begin") == lines.count("end")
    has = vspcd.events(words.HOOK_FAILED, hook=str(hanging.path))
    assert [h["reason"] for h in has] == ["vspcd is ending"]
    dropped = vspcd.events(words.HOOK_EVENTS_DROPPED_AT_END)
    assert 3 <= int(dropped[0]["count"]) <= 6


def test_a_second_signal_waits_for_no_hook(start_vspcd, hook):
    """The first one has left it a second, in which the second is heard."""
    hanging = hook("echo $$ >> %s\nexec sleep 1000")
    vspcd = start_vspcd("--hook", f"{hanging.path},events=vm-up")
    vspcd.vm("web")
    pid = hanging.wait_lines(1)[0]
    vspcd.process.send_signal(signal.SIGTERM)
    vspcd.wait_log(words.STOPPING)
    vspcd.process.send_signal(signal.SIGTERM)
    assert vspcd.wait_exit() == 0
    assert not is_there(pid)


# Settings

def test_sighup_changes_them(start_vspcd, hook, recorder, config):
    one = hook("echo $VSPCD_NAME >> %s", "one")
    vspcd = start_vspcd("--config", config(""))
    vspcd.vm("nobody")
    config(f"hook = \"{one.path},events=vm-up\"")
    hup(vspcd)
    vspcd.vm("first")
    one.wait_lines(1)
    config(f"hook = {{\"{recorder.path},events=vm-up\", "
           f"\"{one.path},events=vm-down\"}}")
    hup(vspcd)
    second = vspcd.vm("second")
    second.close()
    assert one.wait_lines(2) == ["first", "second"]
    assert recorder.wait("vm-up")[0]["name"] == "second"
    config("")
    hup(vspcd)
    vspcd.vm("third")
    config("hook = \"relative\"")
    hup(vspcd, words.RELOAD_REFUSED)
    assert any("expected an absolute path" in line for line in vspcd.lines)
    config("hook = \"/nonexistent,events=vm-up\"")
    hup(vspcd)
    vspcd.wait_event(words.HOOK_UNUSABLE)
    vspcd.check_works()
    assert one.lines() == ["first", "second"]


def test_sighup_drops_what_waits_for_who_is_gone(start_vspcd, hook, config):
    hanging = hook("echo $$ >> %s; exec sleep 1000", "hanging")
    vspcd = start_vspcd("--config", config(
        f"hook = \"{hanging.path},events=vm-up\" hook-limit = 1 "
        "hook-timeout = 600"))
    for n in range(4):
        vspcd.vm(f"web-{n}")
    pid = hanging.wait_lines(1)[0]
    config("")
    hup(vspcd)
    assert vspcd.events(words.HOOK_EVENTS_DROPPED,
                        count=3)
    assert is_there(pid), "what runs goes on"
    config(f"hook = \"{hanging.path},events=vm-up\"\nhook-timeout = 1\n")
    hup(vspcd)
    vspcd.vm("web-9")
    assert len(hanging.wait_lines(2)) == 2
    has = vspcd.wait_event(words.HOOK_FAILED, console="web-9")
    assert "longer than 1 s" in has["reason"]


def test_sighup_lets_more_run(start_vspcd, hook, config):
    hanging = hook("echo >> %s; exec sleep 1000")
    text = (f"hook = \"{hanging.path},events=vm-up\" hook-timeout = 600 "
            "hook-limit = ")
    vspcd = start_vspcd("--config", config(text + "1"))
    for n in range(4):
        vspcd.vm(f"web-{n}")
    hanging.wait_lines(1)
    config(text + "3")
    hup(vspcd)
    assert len(hanging.wait_lines(3)) == 3


@pytest.mark.parametrize("value, message", [
    ("relative", "'relative' is not valid: expected an absolute path"),
    ("/bin/true,events=", "'' is no event: expected some of vm-new, "),
    ("/bin/true,events=vm-up+vm-upp", "'vm-upp' is no event"),
    ("/nonexistent", "/nonexistent: No such file or directory"),
    ("/etc", "/etc is not a regular file"),
    (str(SOURCE / "README.md"), f"{SOURCE}/README.md cannot be run: "
     "Permission denied; see chmod +x"),
])
def test_check_config(value, message):
    result = run("--check-config", "--hook", value)
    assert result.returncode == 1
    assert f"vspcd: --hook: {message}" in result.stderr


def test_check_config_is_content(config):
    path = config("hook = {\"/bin/true\", \"/bin/true,events=vm-up\"}")
    assert run("--config", path, "--check-config").returncode == 0
    many = ["--hook=/bin/true"] * 9
    assert "too many values: the limit is 8" in run(
        "--check-config", *many).stderr
    assert run("--hook", "relative").returncode == 2
