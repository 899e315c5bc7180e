"""The page of a console's log: all of it, what was looked for, what comes."""

import pathlib
import re
from urllib.parse import quote

import pytest

from harness.browser import Remote, save_picture
from harness.net import eventually

ANY_DISK = ("--log-keep-free", 0)
LINES = 10000
OUTPUT = b"".join(
    b"[%5d.%06d] device %05d: \x1b[3%dmstate\x1b[0m is well %s\r\n" %
    (n // 10, n % 10 * 100000, n, n % 8, b"." * 150) for n in range(LINES))
PANIC = (b"\x1b[1;31mKernel panic - not syncing\x1b[0m: <b>Attempted</b> to "
         b"kill init! \xe2\x80\xaeexe\r\n")
HALF = len(OUTPUT) // LINES * LINES // 2


@pytest.fixture
def site(start_vspcd, own_port, tmp_path):
    """A vspcd with a log of some MiB; .web is its page."""
    folder = tmp_path / "logs"
    vspcd = start_vspcd("--logdir", folder, *ANY_DISK, "--web",
                        f"127.0.0.1:{own_port}", "--log-format", "timestamps",
                        "--log-rotate-size", 0, "--hold-time", 60000)
    vspcd.log_path = folder / "web-01.log"
    vspcd.web = f"http://127.0.0.1:{own_port}"
    vspcd.guest = vspcd.vm("web-01")
    vspcd.guest.send(OUTPUT[:HALF] + PANIC + OUTPUT[HALF:] + b"login: ")
    eventually(lambda: vspcd.log_path.exists() and
               vspcd.log_path.read_bytes().endswith(b"login: "), "the log")
    return vspcd


def open_log(site, browser, query="", **options):
    page = browser.page(f"{site.web}/#/log/{quote(site.guest.uuid)}"
                        f"{query}", **options)
    page.wait_text(".log", "well" if query else "login:")
    return page


def top_of(page):
    return page.evaluate("document.querySelector('.log').scrollTop")


def test_a_log_is_read_searched_and_followed(site, browser):
    page = open_log(site, browser)
    assert page.title() == "Log of web-01 – vspcd"
    assert f"device {LINES - 1:05}:" in page.text(".log")

    # The whole log passes by, and the page never has more than a part of it.
    most, steps = 0, 0
    while True:
        shown = page.call(script_scroll_up)
        most = max(most, shown["length"])
        steps += 1
        if shown["isBegin"]:
            break
    assert most < 1024 * 1024 < len(OUTPUT) < 200 * 1024 * steps
    assert "device 00000:" in page.text(".log")

    page.fill("input[name=find]", "KERNEL PANIC")
    page.keyboard().press("Enter")
    page.wait_text(".find-panel [role=status]", "1 line has")
    page.click(".hit")
    page.wait_text(".found", "Attempted")
    found = page.text(".found")
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} Kernel panic - not "
                     r"syncing: <b>Attempted</b> to kill init! exe", found)
    assert page.text(".found mark") == "Kernel panic"
    assert page.evaluate("getComputedStyle(document.querySelector("
                         "'.found .red')).fontWeight") == "700"
    assert page.axe() == []
    page.setViewportSize({"width": 900, "height": 420})
    page.click(".hit")
    page.wait_text(".found", "Attempted")
    save_picture(page, "log")
    page.setViewportSize({"width": 1280, "height": 800})

    # What comes is behind the line that had no end.
    page.keyboard().press("Escape")
    page.click("text=Follow")
    page.wait_text(".log", "login:")
    page.wait("document.querySelector('[aria-pressed=true]')")
    site.guest.send(b"root\r\nPassword: ")
    page.wait_text(".log", "login: root\n")
    page.wait_text(".log", "Password:")
    page.click("text=Follow")
    page.wait("document.querySelector('.log').innerText.match("
              "/[0-9]{3} login: root\\n/)")


script_scroll_up = """async () => {
  const log = document.querySelector(".log");
  const before = log.scrollHeight;
  log.scrollTop = 0;
  log.dispatchEvent(new Event("scroll"));
  while (log.hasAttribute("aria-busy")) await new Promise(requestAnimationFrame);
  return { length: log.textContent.length, isBegin: log.scrollTop === 0 };
}"""


def test_a_log_is_shown_at_a_place(site, browser):
    """As the link of an alert has it, and at a time."""
    page = open_log(site, browser)
    place = page.call("(id) => fetch('/api/v1/consoles/' + id + '/log/places')"
                      ".then((r) => r.json()).then((p) => p.place)",
                      quote(site.guest.uuid))
    epoch = place.split(":")[0]
    page.goto(f"{site.web}/#/log/{quote(site.guest.uuid)}"
              f"?at={epoch}:{HALF + 40}")
    page.wait_text(".found", "Kernel panic")
    page.fill("input[name=time]", "2999-01-01T00:00:01")
    page.click("text=Go (UTC)")
    page.wait_text(".log", "login:")
    page.fill("input[name=time]", "1999-01-01T00:00:01")
    page.click("text=Go (UTC)")
    page.wait_text(".found", "device 00000:")


def test_a_log_elsewhere(site, browser):
    page = open_log(site, browser, colorScheme="dark")
    page.click("summary")
    save_picture(page, "log-dark")
    assert page.axe() == []
    page.setViewportSize({"width": 390, "height": 844})
    save_picture(page, "log-phone")
    assert page.evaluate("document.querySelector('main').scrollWidth") <= 390
    assert page.axe() == []
    page.emulateMedia({"colorScheme": "light"})
    assert page.axe() == []
    with_file = page.evaluate(
        "[...document.querySelectorAll('.downloads a')].map((a) => [a.download,"
        " a.getAttribute('href')])")
    assert [one[0] for one in with_file] == ["web-01.txt", "web-01.txt",
                                             "web-01.raw"]
    download = page.later("waitForEvent", "download")
    page.evaluate("document.querySelector(\"[download='web-01.raw']\").click()")
    download = Remote(page.driver, download.result()["object"])
    assert download.suggestedFilename() == "web-01.raw"
    assert pathlib.Path(download.path()).read_bytes() == \
        OUTPUT[:HALF] + PANIC + OUTPUT[HALF:] + b"login: "


def test_the_history_without_a_log(start_vspcd, own_port, browser):
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}")
    vm = vspcd.vm("web-01")
    client = vspcd.telnet(vm)
    vm.send(b"one\r\ntwo\r\nlogin: ")
    client.read_until(b"login: ")
    page = browser.page(f"http://127.0.0.1:{own_port}/#/log/{vm.uuid}")
    page.wait_text(".log", "two\nlogin:")
    assert "no log" in page.text(".log-view > p")
    page.fill("input[name=find]", "TWO")
    page.keyboard().press("Enter")
    page.click(".hit")
    page.wait_text(".found", "two")
    page.click("text=Follow")
    page.wait("document.querySelector('[aria-pressed=true]')")
    page.wait_text(".log", "two\nlogin:")
    vm.send(b"root\r\n")
    page.wait_text(".log", "two\nlogin: root\n")


def test_a_place_without_a_log(start_vspcd, own_port, browser):
    """What an alert has found is shown where it stands in the history."""
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}")
    vm = vspcd.vm("web-01")
    client = vspcd.telnet(vm)
    vm.send(b"one\r\ntwo\r\nthree\r\n")
    client.read_until(b"three")
    web = f"http://127.0.0.1:{own_port}"
    page = browser.page(f"{web}/#/log/{vm.uuid}")
    page.wait_text(".log", "three")
    kept = page.call("async (id) => (await (await fetch('/api/v1/consoles/'"
                     " + id + '/log/places')).json()).kept", vm.uuid)
    epoch, begin = kept.split(":")
    page.goto(f"{web}/#/console/{vm.uuid}?at={epoch}:{int(begin) + 5}")
    page.wait_text(".log .found", "two")
    page.goto(f"{web}/#/log/{vm.uuid}?at={'0' * 15}1:{int(begin) + 5}")
    page.wait_text("#said", "not have that place")
    assert page.refusals() == []
