"""Rules of alerts: what vspcd finds in the output of consoles, by ready-made
rules and by one's own, and what is said of rules that are wrong."""

import pytest

from harness import words
from harness.net import eventually
from harness.streams import MIB, transfer
from test_api_lists import get
from test_config import config, run  # noqa: F401 (a fixture)
from test_config_reload import hup

PANIC = b"[ 3.14] Kernel panic - not syncing: Attempted to kill init!\r\n"


@pytest.fixture
def start(start_vspcd, config):
    """start(TEXT): a vspcd with these settings, whose rules are in force."""
    def begin(text, *args):
        vspcd = start_vspcd("--config", config(text), *args)
        wait_rules(vspcd)
        return vspcd
    return begin


def wait_rules(vspcd, at=0):
    vspcd.wait_event(words.ALERT_RULES, at=at)


def wait_alert(vspcd, console, rule, **fields):
    return vspcd.wait_event(words.ALERT_RAISED, console=console, rule=rule,
                            **fields)


def say_until_found(vspcd, vm, console, text):
    """A rule finds something at most once a second."""
    def is_found():
        vm.send(text.encode() + b"\r\n")
        return vspcd.events(words.ALERT_RAISED, console=console, text=text)
    eventually(is_found, text)


def test_a_ready_made_rule(start):
    vspcd = start("alerts = {\"linux\", \"raid\"}")
    web, db = vspcd.vm("web"), vspcd.vm("db")
    web.send(b"\x1b[1m" + PANIC[:30])
    db.send(b"md/raid1:md0: Disk failure on sdb1, disabling device.\r\n")
    web.send(PANIC[30:])
    wait_alert(vspcd, "web", "kernel-panic", severity="critical",
               text=PANIC.decode().strip())
    wait_alert(vspcd, "db", "raid-degraded")
    assert len(vspcd.events(words.ALERT_RAISED)) == 2


def test_a_rule_of_the_file(start):
    vspcd = start("alerts = linux\n"
                  "alert \"disk full\" {\n"
                  "  pattern = 'disk \\d+ is full' case = ignore lines = 0\n"
                  "  consoles = {\"db-*\"} severity = info }\n"
                  "alert kernel-panic { severity = warning lines = 0 }\n"
                  "alert oom-kill { enabled = no }\n")
    web, db = vspcd.vm("web"), vspcd.vm("db-1")
    for vm in web, db:
        vm.send(b"Disk 7 is FULL\r\n"
                b"Out of memory: Killed process 1 (a) total-vm:1kB\r\n")
        vm.send(PANIC)
    wait_alert(vspcd, "db-1", "disk full", severity="info",
               text="Disk 7 is FULL")
    wait_alert(vspcd, "db-1", "kernel-panic", severity="warning")
    wait_alert(vspcd, "web", "kernel-panic")
    assert len(vspcd.events(words.ALERT_RAISED)) == 3


def test_new_rules_on_live_consoles(start, config):
    vspcd = start("alerts = linux")
    vm = vspcd.vm("web")
    vm.send(PANIC)
    wait_alert(vspcd, "web", "kernel-panic")
    config("alert-repeat-time = 0\n"
           "alert new { pattern = 'it happens' lines = 0 }")
    hup(vspcd)
    eventually(lambda: len(vspcd.events(words.ALERT_RULES)) == 2, "new rules")
    vm.send(PANIC + b"it happens\r\n")
    wait_alert(vspcd, "web", "new")
    assert len(vspcd.events(words.ALERT_RAISED)) == 2
    # What has not changed is not begun anew.
    hup(vspcd)
    say_until_found(vspcd, vm, "web", "it happens again")
    assert len(vspcd.events(words.ALERT_RULES)) == 2
    config("")
    hup(vspcd)
    eventually(lambda: len(vspcd.events(words.ALERT_RULES)) == 3, "no rules")
    vm.send(b"it happens\r\n")
    vspcd.check_works()
    assert len(vspcd.events(words.ALERT_RAISED)) == 3


def test_rules_are_shown_with_their_counts(start):
    vspcd = start("alert own { pattern = panic consoles = web lines = 0 }\n"
                  "alerts = console\n")
    vspcd.vm("web").send(b"panic\r\n")
    wait_alert(vspcd, "web", "own")
    rules = {rule["name"]: rule for rule in
             get(vspcd, "/alerts/rules")["items"]}
    assert set(rules) == {"own", "console-flood", "console-silence"}
    assert (rules["own"]["found"], rules["own"]["consoles"]) == (1, ["web"])
    assert rules["console-silence"]["after_silence"] == 900


def test_a_line_that_does_not_come(start):
    vspcd = start("alert job { pattern = '^begin' without = '^end' within = 1 }")
    web, db = vspcd.vm("web"), vspcd.vm("db")
    web.send(b"begin web\r\n")
    db.send(b"begin db\r\n")
    web.send(b"end\r\n")
    wait_alert(vspcd, "db", "job", text="begin db")
    assert len(vspcd.events(words.ALERT_RAISED)) == 1


def test_a_vm_that_moves_is_one_stream(start):
    """The destination goes on in the middle of the line."""
    vspcd = start("alerts = linux")
    source = vspcd.vm("web")
    source.send(PANIC[:30])
    destination = vspcd.move(source)
    destination.send(PANIC[30:])
    wait_alert(vspcd, "web", "kernel-panic", text=PANIC.decode().strip())


def test_a_flood_delays_nobody(start):
    """Whatever the VM prints, the client gets all of it."""
    vspcd = start("alerts = {linux, windows, network, raid, console}",
                  "--hold-time", 20000)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    line = b"%SYS-2-MALLOCFAIL: Kernel panic - not syncing BUG: " + 60 * b"x"
    data = (line + b"\r\n") * (8 * MIB // len(line))
    transfer((vm, client, data))
    wait_alert(vspcd, "web", "console-flood")


WRONG = [
    ("alert a { pattern = 'a(b' }", 'alert "a": pattern: Missing close paren'),
    ("alert a { pattern = '(a)\\1' }",
     'alert "a": pattern: Back-references are unsupported'),
    ("alert a { pattern = 'x*' }", "expected a pattern that needs a character"),
    ("alert a {\n\n}", 'vspcd.conf:1: alert "a": nothing to look for'),
    ("\nalert a { pattern = a\n severity = bad }",
     'vspcd.conf:3: alert "a": severity: \'bad\' is not valid: expected one of '
     "info|warning|critical"),
    ("alert a { pattern = a lines = 11 }", "lines: '11' is not valid"),
    ("alert a { after-silence = 1s }", "after-silence: '1s' is not valid"),
    ("alert a { pattern = a }\nalert a { pattern = b }",
     "vspcd.conf:2: alert \"a\": there is a section of this name already"),
    ("alert kernel-panic { enabled = no }",
     "a ready-made rule of the set linux: name the set in alerts"),
    ("alerts = {linux, solaris}",
     "alerts: 'solaris' is not valid: expected linux, windows, network, raid "
     "or console"),
    ("alert a { pattern = 'x{30000}' }", 'alert a: pattern: Resource limit'),
    ("alert a { pattern = a consoles = '[' }", 'alert "a": '),
]


@pytest.mark.parametrize("text, says", WRONG)
def test_what_is_wrong_is_said(config, text, says):
    checked = run("--check-config", "--config", config(text))
    assert checked.returncode != 0
    assert says in checked.stderr


def test_a_reload_with_wrong_rules_changes_nothing(start, config):
    vspcd = start("alerts = linux")
    vm = vspcd.vm("web")
    config("alert a { pattern = '(' }")
    hup(vspcd, words.RELOAD_REFUSED)
    # Only the compiler finds this one, and the others stay in force.
    config("alert a { pattern = 'x{30000}' }")
    hup(vspcd)
    vspcd.wait_event(words.ALERT_RULES_UNUSABLE)
    vm.send(PANIC)
    wait_alert(vspcd, "web", "kernel-panic")


def test_what_is_shown_is_a_file(config):
    text = "alert 'a b' { pattern = '\\d \"$' within = 5m consoles = x }"
    shown = run("--config", config(text), "--show-config").stdout
    section = ('    pattern = "\\\\d \\"\\$"\n    within = "5m"\n'
               '    consoles = {"x"}\n}\n')
    assert section in shown
    again = run("--config", config(shown), "--show-config").stdout
    assert section in again
