"""Alerts: who is told of what a rule has found, acknowledging, muting, and a
restart. docs/alerts.md has the rules; which lines are found, test_alert_rules.py
says."""

import contextlib
import json
import re
import subprocess

import pytest

from harness import words
from harness.fake_api import VSPC
from harness.net import TIMEOUT, eventually
from harness.programs import clean_environment
from harness.vm import new_uuid
from test_api_act import call, post
from test_config import config  # noqa: F401 (a fixture)
from test_hooks import recorder  # noqa: F401 (a fixture)
from test_vspc import vspc

RULE = """
alert "panic" { pattern = "PANIC" severity = critical lines = 1 }
alert "hint" { pattern = "HINT" severity = info lines = 0 }
"""


@pytest.fixture
def start(start_vspcd, config):  # noqa: F811
    """start(text, *options): a vspcd whose rules are in force."""
    def start(text="", *args, **options):
        vspcd = start_vspcd("--config", config(RULE + text), *args, **options)
        vspcd.wait_event(words.ALERT_RULES)
        return vspcd
    return start


def get(vspcd, path):
    status, answer = call(vspcd, "GET", path)
    assert status == 200, answer
    return answer


def alerts(vspcd, query=""):
    return get(vspcd, "/alerts" + query)["items"]


def wait_alert(vspcd, **of):
    def found():
        return [a for a in alerts(vspcd, "?state=all")
                if all(a[key] == value for key, value in of.items())]
    eventually(found, f"an alert with {of}")
    return found()[0]


def test_an_alert_is_told_everywhere(start, recorder):  # noqa: F811
    vspcd = start('web-url = "https://vspc.example.org/"\n',
                  "--hook", f"{recorder.path},events=alert")
    vm = vspcd.vm("web-01")
    vm.send(b"before\r\nPANIC <now>\r\nafter\r\n")
    alert = wait_alert(vspcd, rule="panic")
    assert (alert["text"], alert["before"], alert["after"]) == \
        ("PANIC <now>", ["before"], ["after"])
    assert alert["console"] == {"id": f"{vm.uuid}/vSPC.py", "uuid": vm.uuid,
                                "label": "vSPC.py", "name": "web-01"}
    assert (alert["severity"], alert["state"], alert["count"]) == \
        ("critical", "open", 1)
    epoch, position = alert["place"].split(":")
    assert int(epoch, 16) and position == str(len("before\r\n"))
    assert alert["link"] == (f"/#/console/{vm.uuid}%2FvSPC.py"
                             f"?at={alert['place']}")
    assert get(vspcd, f"/alerts/{alert['id']}") == alert
    vspcd.wait_event(words.ALERT_RAISED, console="web-01", rule="panic",
                     severity="critical", id=alert["id"], text="PANIC <now>")
    told = recorder.wait("alert")[0]
    assert told["alert"] == alert["id"] and told["severity"] == "critical"
    assert (told["rule"], told["text"], told["console"]) == \
        ("panic", "PANIC <now>", "web-01")
    assert told["link"] == "https://vspc.example.org" + alert["link"]
    events = vspc(vspcd, "events", "--kind", "alert").stdout.splitlines()
    event = json.loads(events[0])
    assert (event["alert"], event["text"], event["console_id"]) == \
        (alert["id"], "PANIC <now>", alert["console"]["id"])
    metrics = subprocess.run(
        ["curl", "-sS", "--unix-socket", vspcd.socket,
         "http://localhost/metrics"], stdout=subprocess.PIPE, timeout=TIMEOUT,
        check=True).stdout.decode()
    assert 'vspcd_alerts_total{rule="panic",severity="critical"} 1' in metrics
    assert "\nvspcd_alerts_open 1\n" in metrics


def test_what_is_printed_while_rules_are_compiled(start_vspcd,
                                                  config):  # noqa: F811
    slow = "".join(f'alert "slow-{i}" {{ pattern = "{i}.{{1,900}}end" }}\n'
                   for i in range(4))
    vspcd = start_vspcd("--config", config(RULE + slow))
    vspcd.vm("web-01").send(b"before\r\nPANIC\r\n")
    assert wait_alert(vspcd, rule="panic")["before"] == ["before"]


def test_what_repeats_counts(start):
    vspcd = start()
    vm = vspcd.vm("web-01")
    other = vspcd.vm("web-02")
    vm.send(b"PANIC 1\r\n")
    first = wait_alert(vspcd, text="PANIC 1")
    # A rule finds something on a console once a second: a line now and then.
    eventually(lambda: [vm.send(b"PANIC 2\r\n"),
                        get(vspcd, f"/alerts/{first['id']}")["count"] > 1][1],
               "a second find")
    other.send(b"PANIC 3\r\n")
    wait_alert(vspcd, text="PANIC 3")
    assert sorted(a["text"] for a in alerts(vspcd)) == ["PANIC 1", "PANIC 3"]
    vspcd.wait_event(words.ALERT_RAISED, console="web-02")
    assert len(vspcd.events(words.ALERT_RAISED)) == 2


def test_acknowledging_and_muting_last_over_a_restart(start, tmp_path):
    env = {"STATE_DIRECTORY": str(tmp_path)}
    uuid = new_uuid()
    vspcd = start(env=env)
    vm = vspcd.vm("web-01", uuid=uuid)
    vm.send(b"PANIC 1\r\n")
    alert = wait_alert(vspcd, text="PANIC 1")
    taken = post(vspcd, f"/alerts/{alert['id']}/acknowledge",
                 {"comment": "on it"})
    assert (taken["state"], taken["comment"]) == ("acknowledged", "on it")
    assert alerts(vspcd) == []
    mute = post(vspcd, "/alerts/mutes", {"match": "web-*", "rule": "hint",
                                         "seconds": 3600, "reason": "tests"})
    vm.send(b"HINT 1\r\n")
    eventually(lambda: get(vspcd, "/alerts/mutes")["items"][0]["count"] == 1,
               "the muted find")
    vspcd.wait_event(words.ALERT_ACKNOWLEDGED, id=alert["id"],
                     comment="on it")
    vspcd.wait_event(words.ALERTS_MUTED, consoles="web-*", rule="hint",
                     reason="tests")
    before = alerts(vspcd, "?state=all")
    vspcd.stop()
    vspcd = start(env=env)
    vspcd.wait_event(words.ALERTS_LOADED, alerts=1, open=0, mutes=1)
    assert alerts(vspcd, "?state=all") == before
    kept = get(vspcd, "/alerts/mutes")["items"]
    assert [m["id"] for m in kept] == [mute["id"]]
    vm = vspcd.vm("web-01", uuid=uuid)
    vm.send(b"HINT 2\r\nPANIC 2\r\n")
    eventually(lambda: get(vspcd, f"/alerts/{alert['id']}")["count"] == 2,
               "the find that counts")
    # Ended: what is found now is an alert, with an id that nothing had.
    status, ended = call(vspcd, "DELETE", f"/alerts/mutes/{mute['id']}")
    assert status == 200 and ended["reason"] == "tests"
    eventually(lambda: [vm.send(b"HINT 3\r\n"),
                        alerts(vspcd, "?rule=hint")][1], "an alert")
    assert alerts(vspcd)[0]["id"] > mute["id"]


def test_rules_are_listed(start):
    vspcd = start()
    vm = vspcd.vm("web-01")
    vm.send(b"PANIC\r\n")
    wait_alert(vspcd, rule="panic")
    rules = {r["name"]: r for r in get(vspcd, "/alerts/rules")["items"]}
    assert set(rules) == {"panic", "hint"}
    assert (rules["panic"]["pattern"], rules["panic"]["found"]) == ("PANIC", 1)
    assert re.search(r":2$", rules["panic"]["where"])


def test_vspc_alerts(start):
    vspcd = start()
    vm = vspcd.vm("web-01")
    watching = subprocess.Popen(
        [VSPC, "-s", vspcd.socket, "alerts", "--watch"],
        env=clean_environment(), stdout=subprocess.PIPE, text=True)
    with contextlib.ExitStack() as stack:
        stack.callback(watching.communicate)
        stack.callback(watching.terminate)
        use_vspc(vspcd, vm, watching)


def use_vspc(vspcd, vm, watching):
    assert "SEVERITY" in watching.stdout.readline()
    vm.send(b"one\r\nPANIC now\r\ntwo\r\n")
    assert re.search(r"critical panic web-01 \d+: PANIC now$",
                     watching.stdout.readline())
    number = str(wait_alert(vspcd, rule="panic")["id"])
    line = vspc(vspcd, "alerts").stdout.splitlines()[1].split()
    assert line[:4] == [number, "critical", "web-01", "panic"]
    shown = vspc(vspcd, "alerts", "show", number).stdout
    assert shown.endswith("\n  one\n> PANIC now\n  two\n")
    assert vspc(vspcd, "alerts", "ack", number, "on", "it").returncode == 0
    assert "acknowledged by" in watching.stdout.readline()
    assert vspc(vspcd, "alerts", "-o", "name").stdout == ""
    shown = json.loads(vspc(vspcd, "alerts", "list", "--state", "all", "-o",
                            "jsonl").stdout)
    assert shown["comment"] == "on it"
    result = vspc(vspcd, "alerts", "show", "4711")
    assert (result.returncode, result.stdout) == (1, "")
    assert vspc(vspcd, "alerts", "mute").returncode == 2
    made = json.loads(vspc(vspcd, "alerts", "mute", "--match", "db-*", "--for",
                           "2h", "--reason", "tests", "-o", "json").stdout)
    mutes = vspc(vspcd, "alerts", "mutes", "--no-headers").stdout.split()
    assert mutes[:2] == [str(made["id"]), "db-*"] and "tests" in mutes
    assert vspc(vspcd, "alerts", "unmute", str(made["id"])).returncode == 0
    assert vspc(vspcd, "alerts", "mutes", "-o", "name").stdout == ""
    assert vspc(vspcd, "alerts", "rules", "-o", "name").stdout == \
        "panic\nhint\n"
    assert vspc(vspcd, "alerts", "test", "none").returncode == 1
