"""The page of alerts: one that appears while somebody looks, and what is done
about it."""

import json

import pytest

from harness.browser import save_picture, script

PANIC = (b"[   12.345678] systemd[1]: Started Session.\r\n"
         b"[   12.345679] Kernel panic - not syncing: Attempted to kill init! "
         b"exitcode=0x00000009\r\n[   12.345680] CPU: 0 PID: 1 Comm: init\r\n")
HOSTILE = "</li><img src=x onerror=alert(1)>\u202e" + "x" * 3000


@pytest.fixture
def site(start_vspcd, own_port, tmp_path):
    rules = tmp_path / "vspcd.conf"
    rules.write_text('access "*" { control = {"anybody"} }\n')
    vspcd = start_vspcd("--config", rules, "--web",
                        f"127.0.0.1:{own_port}", "--alerts", "linux",
                        "--logdir", tmp_path / "logs", "--log-keep-free", 0,
                        env={"STATE_DIRECTORY": str(tmp_path)})
    vspcd.web = f"http://127.0.0.1:{own_port}"
    return vspcd


def test_an_alert_comes_and_is_acknowledged(site, browser):
    vm = site.vm("db-01")
    page = browser.page(f"{site.web}/#/alerts")
    page.wait_text("[role=status]", "No alert is open")
    assert page.evaluate("document.querySelector('#places .count')") is None
    vm.send(PANIC)
    page.wait_text(".alert", "Kernel panic - not syncing: Attempted")
    page.wait_text("#places .count", "1")
    page.wait("document.title.startsWith('(1) ')")
    head = page.text(".alert-head")
    assert "critical" in head and "db-01" in head

    page.click(".alert >> text=Acknowledge")
    page.fill("dialog input[name=comment]", "rebooted")
    page.keyboard().press("Enter")
    page.wait_text("[role=status]", "No alert is open")
    page.wait("!document.querySelector('#places .count')")
    page.selectOption("select", "all")
    page.wait_text(".alert", "“rebooted”")

    page.click(".alert >> text=Mute")
    assert page.inputValue("dialog [name=match]") == "db-01"
    page.click("dialog button[value=yes]")
    page.wait_text("tbody td", "db-01")
    page.click("tbody >> text=End")
    page.wait_text("main", "Nothing is muted")

    page.click("text=In the log")
    page.wait_text("h1", "Log of db-01")
    page.wait_text(".log", "Kernel panic - not syncing: Attempted")


def made_up(number, **more):
    return {"id": number, "rule": "kernel-panic", "severity": "critical",
            "cause": "pattern", "console": {
                "id": "500c1e2f-3341-5a6b-7c8d-000000000001/s0",
                "uuid": "500c1e2f-3341-5a6b-7c8d-000000000001",
                "label": "s0", "name": f"web-{number:02}"},
            "time": "2026-01-01T12:00:00.000Z",
            "last_time": "2026-01-01T13:00:00.000Z", "count": 1,
            "text": "Kernel panic - not syncing", "before": ["before"] * 3,
            "after": ["after"] * 3, "place": "0000000000000001:7",
            "state": "open", "acknowledged_by": None, "acknowledged_at": None,
            "comment": None, "link": "/#/console/x", **more}


ALERTS = [made_up(3, count=17, severity="warning", rule="disk-error",
                  text="EXT4-fs error (device sda1): ext4_find_entry:1455: "
                       "inode #2: comm ls: reading directory lblock 0"),
          made_up(2),
          made_up(1, severity="info", rule=HOSTILE, text=HOSTILE, before=[],
                  after=[], state="acknowledged", acknowledged_by=HOSTILE,
                  acknowledged_at="2026-01-01T13:00:00.000Z",
                  comment=HOSTILE)]
MUTES = [{"id": 1, "match": "test-*", "rule": None, "reason": "tests",
          "by": "alice", "since": "2026-01-01T12:00:00.000Z",
          "until": "2026-02-01T12:00:00.000Z", "count": 12}]
RULES = [{"name": "kernel-panic", "severity": "critical", "set": "linux",
          "where": None, "pattern": "^(?:.*\\\\] )?Kernel panic - not syncing",
          "without": None, "within": 0, "after_silence": 0, "flood": 0,
          "ignores_case": False, "lines": 5, "consoles": ["*"], "found": 2,
          "left_out": 0},
         {"name": "silence", "severity": "warning", "set": "console",
          "where": None, "pattern": None, "without": None, "within": 0,
          "after_silence": 3600, "flood": 0, "ignores_case": False, "lines": 5,
          "consoles": ["db-*", "web-*"], "found": 0, "left_out": 0}]
ALERTS[2]["console"]["name"] = HOSTILE


def look_at(page, name):
    """In both schemes of colours."""
    for scheme in "light", "dark":
        page.emulateMedia({"colorScheme": scheme})
        assert page.axe() == []
        save_picture(page, f"{name}-{scheme}")


def test_how_alerts_look(site, browser):
    page = browser.page()
    for glob, items in (("?*", ALERTS), ("/mutes", MUTES), ("/rules", RULES)):
        said = {"items": items, "total": len(items), "hidden": 2}
        page.route(f"**/api/v1/alerts{glob}", script(
            f"(route) => route.fulfill({{json: {json.dumps(said)}}})"))
    page.goto(f"{site.web}/#/alerts")
    page.wait_text(".alerts", "17 times")
    page.click("summary.lines >> nth=1")
    page.wait_text("details[open] pre", "before\nbefore\nbefore\nKernel panic")
    page.click("summary >> text=Rules")
    page.wait_text("main", "Looks for")
    look_at(page, "alerts")
    page.setViewportSize({"width": 390, "height": 844})
    look_at(page, "alerts-phone")
    assert page.evaluate("document.querySelector('main').scrollWidth <= "
                         "document.querySelector('main').clientWidth")
