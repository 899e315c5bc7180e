"""The pages of recordings: which there are, and one of them replayed. What the
API says is made up here; a real recording is in test_page_replay.py."""

import json

import pytest

from harness.browser import save_picture, script

HOSTILE = "</td><img src=x onerror=alert(1)>\u202e" + "x" * 2000


def recording(number, **more):
    return {
        "id": f"rec{number}", "started": f"2026-01-{number:02}T12:00:00.000Z",
        "console": {"id": "500c1e2f-3341-5a6b-7c8d-000000000001/s0",
                    "uuid": "500c1e2f-3341-5a6b-7c8d-000000000001",
                    "label": "s0", "name": f"web-{number:02}"},
        "ended": f"2026-01-{number:02}T13:00:00.000Z", "seconds": 3600.5,
        "bytes": 123456 * number, "reason": "session", "by": None,
        "format": "v2", "has_input": False, "is_complete": True, "gaps": 0,
        "parts": 1, **more}


ITEMS = [recording(9, ended=None, reason="demand", by="alice"),
         recording(8, has_input=True, gaps=2, is_complete=False, parts=3),
         recording(7, reason="rule"), recording(6, by=HOSTILE)]
ITEMS[3]["console"]["name"] = HOSTILE

CAST = "\n".join(json.dumps(line) for line in [
    {"version": 2, "width": 80, "height": 24, "title": HOSTILE,
     "theme": {"fg": "url(http://example.org/x)", "bg": "#000000",
               "palette": "red:url(http://example.org)"}},
    [0.1, "o", "\x1b]0;title\x07\x1b[2J\x1b[Hweb-08 login: "],
    [0.5, "m", "alice attached by web " + HOSTILE],
    [1, "r", "99999x99999"],
    [1.5, "i", "root\r"],
    [2, "o", "root\r\n\x1b[6n\x1b[c\x1b]8;;javascript:alert(1)\x07link"
     "\x1b]8;;\x07 \u2588\u2591\ue0b0\r\n"],
    [3000, "m", "it has moved"],
    [3000.5, "o", "\x1b[31mKernel panic\x1b[0m - not syncing\r\n"]]) + "\n[3"


def answer(page, glob, body, **more):
    """What the API would say to a request."""
    said = {"body": body} if isinstance(body, str) else {"json": body}
    page.route(glob, script("(route) => route.fulfill("
                            f"{json.dumps({**said, **more})})"))


@pytest.fixture
def web(start_vspcd, own_port):
    start_vspcd("--web", f"127.0.0.1:{own_port}")
    return f"http://127.0.0.1:{own_port}"


@pytest.fixture
def with_recordings(web, browser):
    """with_recordings(): a page for which there are some."""
    def begin(**options):
        page = browser.page(**options)
        answer(page, "**/api/v1/recordings?*",
               {"items": ITEMS, "total": 204, "hidden": 3})
        answer(page, "**/api/v1/recordings/rec8", ITEMS[1])
        answer(page, "**/api/v1/recordings/rec8/cast?*", CAST)
        page.web = web
        return page
    return begin


def last_query(page):
    return page.evaluate(
        "performance.getEntriesByType('resource').map((e) => new URL(e.name))"
        ".filter((u) => u.pathname === '/api/v1/recordings').at(-1).search")


def wait_query(page, part):
    page.wait("performance.getEntriesByType('resource').some((e) => "
              f"e.name.includes('/recordings?') && e.name.includes('{part}'))")


def look_at(page, name):
    """In both schemes of colours."""
    for scheme in "light", "dark":
        page.emulateMedia({"colorScheme": scheme})
        assert page.axe() == []
        save_picture(page, f"{name}-{scheme}")


def test_the_list(with_recordings):
    page = with_recordings()
    page.goto(f"{page.web}/#/recordings")
    page.wait_text("tbody", "web-09")
    text = page.text("table")
    for said in ("1:00:00, goes on", "on demand, alice", "with what was typed, "
                 "2 gaps, its end is missing, 3 parts", "by a rule"):
        assert said in text
    page.wait_text("[role=status]", "1–4 of 204; 3 of consoles")
    look_at(page, "recordings")
    page.setViewportSize({"width": 390, "height": 844})
    look_at(page, "recordings-phone")
    assert page.evaluate("document.querySelector('main').scrollWidth <= "
                         "document.querySelector('main').clientWidth")


def test_filters_and_pages(with_recordings):
    page = with_recordings()
    page.goto(f"{page.web}/#/recordings")
    page.wait_text("tbody", "web-09")
    page.fill("[name=search]", "web-0")
    wait_query(page, "match=*web-0*")
    page.selectOption("[name=kind]", "search")
    wait_query(page, "search=web-0")
    page.selectOption("[name=reason]", "session")
    wait_query(page, "reason=session")
    page.click("text=Earlier")
    wait_query(page, "offset=100")


def test_one_is_deleted(with_recordings):
    page = with_recordings()
    page.goto(f"{page.web}/#/recordings")
    deleted = page.later("waitForRequest", script(
        "(request) => request.method() === 'DELETE'"))
    answer(page, "**/api/v1/recordings/rec9", {})
    page.click("tr:has-text('web-09') >> text=Delete")
    page.click("dialog >> text=Cancel")
    page.click("tr:has-text('web-09') >> text=Delete")
    page.click("dialog button.danger")
    assert deleted.result(60)
    page.wait_text("#said", "was deleted")


def shows(text):
    """Its rows are elements without line ends, its colours are elements."""
    return ("document.querySelector('.ap-term')?.textContent"
            f".includes({json.dumps(text)})")


def test_a_hostile_recording_is_replayed(with_recordings):
    page = with_recordings()
    page.goto(f"{page.web}/#/recording/rec8")
    page.wait_text("h1", "Recording of web-08")
    assert "1 lines could not be read" not in page.text("main") # two could not
    assert "2 lines could not be read" in page.text("main")
    page.wait("document.querySelectorAll('.chapter').length === 2")
    page.click(".chapter >> nth=1")
    page.wait(shows("login: root"))
    page.click(".ap-playback-button")
    page.wait(shows("Kernel panic - not syncing"))
    page.selectOption("select >> nth=0", "2")
    page.wait(shows("Kernel panic - not syncing"))
    look_at(page, "replay")


def test_a_recording_that_is_none(with_recordings):
    page = with_recordings()
    answer(page, "**/api/v1/recordings/rec9", ITEMS[0])
    answer(page, "**/api/v1/recordings/rec9/cast?*", "<html>")
    page.goto(f"{page.web}/replay.html?recording=rec9")
    page.wait_text("[role=alert]", "This is no recording")
    answer(page, "**/api/v1/recordings/rec9", {**ITEMS[0], "bytes": 1 << 40})
    page.reload()
    page.wait_text("[role=alert]", "too much for a browser")
