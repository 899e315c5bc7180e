"""The page's overview: how vspcd is, and was."""

import json

import pytest

from harness.browser import save_picture, script


@pytest.fixture
def site(start_vspcd, own_port):
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}")
    vspcd.web = f"http://127.0.0.1:{own_port}"
    return vspcd


def test_a_move_is_seen(site, browser):
    vm = site.vm("web-01")
    site.vm("web-02")
    page = browser.page(f"{site.web}/#/overview")
    page.wait_text(".facts", "Moves\n0, 0 failed")
    assert "VMs connected\n2 of 2" in page.text(".facts")
    assert "open-files" in page.text("main")
    site.move(vm)
    page.reload()
    page.wait_text(".facts", "Moves\n1, 0 failed")


def a_day():
    vms = [9800 + (n * 7919) % 13 for n in range(1440)]
    vms[700:760] = [None] * 60
    vms[900] = 9120
    moves = [1 if n % 97 == 0 else 0 for n in range(1440)]
    return {"step": 60, "from": "2026-01-01T00:00:00.000Z",
            "to": "2026-01-01T23:59:00.000Z", "series": {
                "vms": vms, "clients": [12] * 1440, "moves": moves,
                "moves_failed": [0] * 1440,
                "output_bytes": [6e6 + n * 1000 for n in range(1440)]}}


STATUS = {
    "version": "0.1.0", "started": "2026-01-01T00:00:00.000Z", "uptime": 86400,
    "consoles": {"total": 9812, "connected": 9805, "moving": 2, "none": 5,
                 "new": 0}, "clients": 12, "unidentified": 0,
    "moves": {"completed": 1204, "failed": 3, "refused": 0, "under_way": 2},
    "output_bytes": 1, "input_bytes": 1, "log_missing_bytes": 12345,
    "health": {"state": "ok", "audit": "failing", "logs": "ok",
               "inventory": "failing", "ready": "ok"},
    "doors": []}


def look_at(page, name):
    """In both schemes of colours."""
    for scheme in "light", "dark":
        page.emulateMedia({"colorScheme": scheme})
        assert page.axe() == []
        save_picture(page, f"{name}-{scheme}")


def test_how_the_overview_looks(site, browser):
    page = browser.page(timezoneId="UTC")
    for glob, said in (("series?*", a_day()), ("status", STATUS)):
        page.route(f"**/api/v1/{glob}", script(
            f"(route) => route.fulfill({{json: {json.dumps(said)}}})"))
    page.goto(f"{site.web}/#/overview")
    page.wait_text(".plots", "lowest 9,120 at 15:00")
    assert page.text(".troubles") == ("The audit log cannot be written.\n"
                                      "The inventory cannot be read.\n"
                                      "12.3 kB are missing in console logs.")
    assert "Moves: 15, the last at 22:38" in page.text(".plots")
    look_at(page, "overview")
    page.setViewportSize({"width": 390, "height": 844})
    look_at(page, "overview-phone")
    assert page.evaluate("document.querySelector('main').scrollWidth <= "
                         "document.querySelector('main').clientWidth")
    page.click(".plot summary")
    page.wait("document.querySelectorAll('.plot tbody tr').length === 1440")
    assert "9,120" in page.text(".plot tbody")
