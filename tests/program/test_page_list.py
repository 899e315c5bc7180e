"""The page's list of consoles, its frame, and its keys. docs/web.md."""

import json
import time

import pytest

from harness import words
from harness.browser import save_picture, script
from harness.vm import new_uuid

PHONE = {"width": 390, "height": 844}
ROWS = "[...document.querySelectorAll('.rows > [role=row]')]"
NAMES = f"{ROWS}.map((row) => row.querySelector('.name')?.innerText)"

# What the API would say of very many consoles, in Node: requests for lists, how
# many there were, and events.
ITEM = """(i) => ({ id: `500c1e2f-3341-5a6b-7c8d-${String(i).padStart(12, "0")}/s0`,
  name: `web-${i}`, state: "connected", host: "10.0.0.1", clients: i % 3,
  last_output: "2026-01-01T00:00:00.000Z", locked_by: null, last_line: "login:" })"""
ANSWER = f"""async (route) => {{
  const item = {ITEM};
  const uuids = new URL(route.request().url()).searchParams.get("uuids");
  globalThis.asked = (globalThis.asked ?? 0) + 1;
  const items = uuids ? uuids.split(",").map((one) => item(Number(one.slice(24))))
    : Array.from({{ length: 10000 }}, (_, i) => item(i));
  await route.fulfill({{ json: {{ items, total: items.length, hidden: 0 }} }});
}}"""
SOCKET = """(socket) => {
  globalThis.eventSocket = socket;
  socket.send(JSON.stringify({ id: "e-0", event: "place" }));
}"""
SEND = f"""(count) => {{
  const item = {ITEM};
  for (let i = 0; i < count; i++) globalThis.eventSocket.send(JSON.stringify(
    {{ id: `e-${{i}}`, event: "vm-up", uuid: item(i).id.split("/")[0] }}));
}}"""


@pytest.fixture
def web(start_vspcd, own_port):
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}")
    vspcd.web = f"http://127.0.0.1:{own_port}/"
    return vspcd


def open_list(browser, web, query="", size=None, **options):
    page = browser.page(**options)
    if size:
        page.setViewportSize(size)
    page.goto(web.web + query)
    return page


def wait_names(page, *names):
    wanted = json.dumps(names, separators=(",", ":"))
    page.wait(f"JSON.stringify({NAMES}) === {json.dumps(wanted)}")


def fill_with_vms(web):
    vms = {"db-1": web.vm(name="db-1",
                          uuid="500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3")}
    for name in ("web-10", "web-9"):
        vms[name] = web.vm(name=name, uuid=new_uuid())
    vms["web-9"].send(b"\x1b[31mKernel panic\x1b[0m - not syncing\r\n")
    return vms


def test_consoles_are_found_and_opened_by_keys(browser, web):
    fill_with_vms(web)
    page = open_list(browser, web)
    wait_names(page, "db-1", "web-9", "web-10")
    page.wait_text(".rows", "Kernel panic - not syncing")
    keyboard = page.keyboard()
    keyboard.press("/")
    keyboard.type("web")
    wait_names(page, "web-9", "web-10")
    page.wait_text("[role=status]", "2 of 3 consoles")
    keyboard.press("ArrowDown")
    keyboard.press("j")
    page.wait(f"{ROWS}[1].classList.contains('active')")
    assert page.evaluate("document.activeElement.getAttribute("
                         "'aria-activedescendant') === "
                         f"{ROWS}[1].id")
    keyboard.press("k")
    keyboard.press("Enter")
    page.wait("document.querySelector('.console')")
    page.goBack()
    page.wait("location.hash === '#/?filter=web'")
    wait_names(page, "web-9", "web-10")
    keyboard.press("?")
    page.wait_text("dialog", "To the filter")
    keyboard.press("Escape")
    page.wait("!document.querySelector('dialog')")


def test_the_list_follows_what_happens(browser, web):
    vms = fill_with_vms(web)
    page = open_list(browser, web)
    wait_names(page, "db-1", "web-9", "web-10")
    vms["db-1"].close()
    vms["web-10"].send(b"a new line\r\n")
    page.wait_text(".rows > :first-child .state", "off")
    page.wait_text(".rows > :nth-child(3) .line", "a new line")
    web.vm(name="app-1", uuid=new_uuid())
    wait_names(page, "app-1", "db-1", "web-9", "web-10")
    client = web.telnet(vms["web-9"])
    page.wait_text(".rows > :nth-child(3) .clients", "1")
    client.type(b"x")
    vms["web-9"].read_until(b"x")
    client.close()
    page.wait("document.querySelector('.rows > :nth-child(3) .clients')"
              ".innerText === ''")


def test_an_alert_is_shown_until_somebody_takes_care(browser, start_vspcd,
                                                     own_port):
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}", "--alerts", "linux")
    vspcd.web = f"http://127.0.0.1:{own_port}/"
    vspcd.wait_event(words.ALERT_RULES)
    vms = fill_with_vms(vspcd)
    page = open_list(browser, vspcd)
    wait_names(page, "db-1", "web-9", "web-10")
    page.wait_text(".rows > :nth-child(2) .alerts", "1 critical")
    vms["db-1"].send(b"Kernel panic - not syncing: again\r\n")
    page.wait_text(".rows > :first-child .alerts", "1 critical")
    page.fill("#filter", "is:alert")
    wait_names(page, "db-1", "web-9")
    page.evaluate("""fetch("/api/v1/alerts").then((r) => r.json()).then(
        ({ items }) => Promise.all(items.filter((a) => a.console.name === "db-1")
          .map((a) => fetch(`/api/v1/alerts/${a.id}/acknowledge`, { method: "POST",
            headers: { "Content-Type": "application/json" }, body: "{}" }))))""")
    wait_names(page, "web-9")


def test_order_groups_and_filters_are_kept(browser, web):
    fill_with_vms(web)
    page = open_list(browser, web)
    wait_names(page, "db-1", "web-9", "web-10")
    # Of the headings the second one is the name's.
    page.focus("#filter")
    for _ in range(4):
        page.keyboard().press("Tab")
    page.keyboard().press("Enter")
    page.wait("document.querySelector('[aria-sort]').innerText === 'VM'")
    page.keyboard().press("Tab")
    page.keyboard().press("Enter")
    page.keyboard().press("Enter")
    wait_names(page, "web-10", "web-9", "db-1")
    assert page.getAttribute("[aria-sort]", "aria-sort") == "descending"
    page.click("button:text-is('Groups')")
    page.wait_text(".rows", "web-  2 consoles")
    page.click(".rows .group button")
    page.wait(f"{ROWS}.length === 3")
    page.fill("#filter", "web")
    page.click("text=Save this filter")
    page.reload()
    page.wait_text(".rows", "web-  2 consoles")
    assert page.evaluate(f"{ROWS}.length") == 1
    page.click(".chip [aria-pressed=true]")
    page.wait("document.querySelector('#filter').value === ''")
    page.wait_text(".rows", "db-1")
    page.click(".chip .quiet")
    page.wait("!document.querySelector('.chip')")
    # What others have written there is not believed.
    page.evaluate("localStorage.setItem('vspcd.filters', '{\"a\": [1]}');"
                  "localStorage.setItem('vspcd.folded', '[');"
                  "localStorage.setItem('vspcd.theme', '7')")
    page.goto(web.web + "#/?sort=constructor")
    page.reload()
    wait_names(page, "db-1", "web-9", "web-10")


def layouts(session):
    metrics = {m["name"]: m["value"] for m in
               session.send("Performance.getMetrics")["metrics"]}
    return metrics["LayoutCount"]


def fake_many(page):
    page.route("**/api/v1/consoles?*", script(ANSWER))
    page.routeWebSocket("**/api/v1/events*", script(SOCKET))
    page.exposeFunction("sendEvents", script(SEND))
    page.exposeFunction("asked", script("() => globalThis.asked"))


def test_ten_thousand_consoles(browser, web):
    page = browser.page()
    fake_many(page)
    page.goto(web.web)
    page.wait_text("[role=status]", "10,000 consoles")
    page.wait(f"{ROWS}.length > 10")
    assert page.getAttribute("[role=grid]", "aria-rowcount") == "10001"
    # An element for each row that is seen, and a few more.
    most = page.evaluate("document.querySelector('.grid').clientHeight / 30 "
                         "+ 10")
    assert page.evaluate(f"{ROWS}.length") <= most
    # They are the same ones wherever the list is, in its order.
    page.evaluate(f"globalThis.before = new Set({ROWS})")
    page.focus(".grid")
    page.keyboard().press("End")
    page.wait(f"{NAMES}.includes('web-9999')")
    for top, name in ((150000, "web-5000"), (150060, "web-5002")):
        page.evaluate(f"document.querySelector('.grid').scrollTop = {top}")
        page.wait(f"{NAMES}.includes('{name}')")
        assert page.evaluate(f"{ROWS}.every((row) => before.has(row))")
        assert page.evaluate(f"{ROWS}.every((row, i, all) => i === 0 || "
                             "row.ariaRowIndex - all[i - 1].ariaRowIndex === 1)")
    page.fill("#filter", "web-77")
    page.wait_text("[role=status]", "111 of 10,000 consoles")


def test_a_thousand_events_are_a_few_requests_and_layouts(browser, web):
    page = browser.page()
    fake_many(page)
    page.goto(web.web)
    page.wait_text("[role=status]", "10,000 consoles")
    session = page.context().newCDPSession(page)
    session.send("Performance.enable")
    before, asked = layouts(session), page.evaluate("asked()")
    page.evaluate("sendEvents(1000)")
    # Something that comes behind them.
    page.wait(f"asked().then((now) => now > {asked})")
    assert layouts(session) - before < 100
    assert page.evaluate("asked()") - asked < 10


# name, VM, seconds since its last output, last line, clients, keyboard, host
SHOWN = (
    ("db-01", "connected", 3, "[  OK  ] Reached target Multi-User System.", 0, None, 11),
    ("db-02", "connected", 1860, "db-02 login:", 0, None, 12),
    ("mail-01", "connected", 7, "postfix/smtpd[812]: connect from unknown", 1, None, 11),
    ("mail-02", "moving", 40, "mail-02 login:", 0, None, 14),
    ("router-1", "connected", 90000, "router-1> ", 1, "alice", 12),
    ("router-2", "connected", 620, "%LINK-3-UPDOWN: Interface Gi0/1, changed state to up", 0, None, 13),
    ("web-01", "connected", 2, "root@web-01:~# systemctl status nginx", 2, "bob", 11),
    ("web-02", "connected", 400, "Kernel panic - not syncing: Attempted to kill init!", 1, None, 13),
    ("web-03", "connected", 12, "web-03 login:", 0, None, 13),
    ("web-10", "none", 259200, "reboot: Power down", 0, None, 14),
    ("web-11", "connected", 95, "EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro", 0, None, 12),
)

ALERTS = {"items": [
    {"severity": severity,
     "console": {"id": "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3/vSPC.py"}}
    for severity in ("critical", "warning")]}

HOSTILE = {
    "items": [
        {"id": f"{n}/s0", "name": name, "state": "connected", "host": None,
         "clients": 0, "last_output": None, "locked_by": name,
         "last_line": name}
        for n, name in enumerate((
            "<img src=x onerror=alert(1)>", "\u202egnp.exe", "x" * 10000,
            "\x00\x07\x1b[2J\n\n\n", "__proto__", "\"'&amp;", ""))],
    "total": 7, "hidden": 0}


def test_hostile_names_are_texts(browser, web):
    page = browser.page()
    page.route("**/api/v1/consoles?*", script(
        f"(route) => route.fulfill({{ json: {json.dumps(HOSTILE)} }})"))
    page.goto(web.web)
    page.wait(f"{ROWS}.length === 7")
    page.wait_text(".rows", "<img src=x onerror=alert(1)>")
    for size in (None, PHONE):
        if size:
            page.setViewportSize(size)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
            " && document.querySelector('.grid').scrollWidth <= innerWidth")
        assert page.evaluate(f"{ROWS}.every((row) => row.offsetHeight < 100)")
    assert not page.evaluate("document.querySelector('main img')")
    page.click("button:text-is('Groups')")
    page.wait_text(".rows", "Others")


def test_nobody_is_kept_out(browser, web):
    """axe-core, in both schemes, and on a phone, where a finger has room."""
    fill_with_vms(web)["db-1"].close()
    page = open_list(browser, web)
    page.route("**/api/v1/alerts?*", script(
        f"(route) => route.fulfill({{ json: {json.dumps(ALERTS)} }})"))
    page.reload()
    wait_names(page, "db-1", "web-9", "web-10")
    page.wait_text(".rows", "Kernel panic")
    page.wait_text(".rows", "2 critical")
    page.focus(".grid")
    page.keyboard().press("j")
    page.wait(f"{ROWS}[0].classList.contains('active')")
    page.click("button:text-is('Groups')")
    page.fill("#filter", "-nothing")
    for scheme in ("light", "dark"):
        page.emulateMedia({"colorScheme": scheme})
        page.click("#person button")
        page.wait_text(":popover-open", "Colours")
        assert page.axe() == []
        page.keyboard().press("Escape")
    page.setViewportSize(PHONE)
    page.wait(f"{ROWS}[0].offsetHeight > 60")
    page.click("#menu")
    assert page.axe() == []
    assert page.evaluate(
        "[...document.querySelectorAll('button, input, select, nav a')]"
        ".filter((e) => e.checkVisibility() && e.type !== 'radio' &&"
        " e.offsetHeight < 44).map((e) => e.outerHTML)") == []


def shown(now):
    return [{"id": f"{name}/s0", "name": name, "state": state,
             "host": f"10.0.1.{host}", "clients": clients, "locked_by": writer,
             "last_output": time.strftime("%Y-%m-%dT%H:%M:%S.000Z",
                                          time.gmtime(now - ago)),
             "last_line": line}
            for name, state, ago, line, clients, writer, host in SHOWN]


# Elements that look otherwise behind a visit to other views, whose style
# sheets stay.
OTHER_LOOKS = """(async () => {
  const elements = [...document.querySelectorAll("body *")];
  const looks = () => elements.map((element) => ["", "::before"].map((part) => {
    const style = getComputedStyle(element, part);
    return [...style].filter((name) => !name.startsWith("--"))
      .map((name) => style[name]).join();
  }).join());
  const before = looks();
  const { loadStyle } = await import("/dom.js");
  await Promise.all(["/console.css", "/past.css"].map(loadStyle));
  const after = looks();
  return elements.filter((_, i) => before[i] !== after[i])
    .map((element) => element.outerHTML);
})()"""


def test_the_worst_come_first(browser, web):
    page = browser.page(colorScheme="light")
    page.setViewportSize({"width": 1180, "height": 460})
    consoles = {"items": shown(time.time()), "hidden": 0}
    alerts = {"items": [
        {"severity": severity, "console": {"id": f"{name}/s0"}}
        for name, severity in (("web-11", "warning"), ("web-02", "critical"),
                               ("web-02", "warning"))]}
    for path, answer in (("consoles", consoles), ("alerts", alerts)):
        page.route(f"**/api/v1/{path}?*", script(
            f"(route) => route.fulfill({{ json: {json.dumps(answer)} }})"))
    page.goto(web.web)
    page.wait_text(".rows", "▲ 2 critical")
    save_picture(page, "list")
    assert page.evaluate(OTHER_LOOKS) == []
    page.click("[role=columnheader].alerts button")
    page.wait(f"{NAMES}.slice(0, 3).join() === 'web-02,web-11,db-01'")
    page.fill("#filter", "is:alert -host:10.0.1.12")
    wait_names(page, "web-02")
    page.fill("#filter", "")
    page.setViewportSize(PHONE)
    page.emulateMedia({"colorScheme": "dark"})
    page.wait(f"{ROWS}[0].offsetHeight > 60")
    page.evaluate("document.activeElement.blur()")
    page.wait_text(".rows", "▲ 2 critical")
    save_picture(page, "list-phone")


def test_folders_of_the_inventory_are_groups(browser, start_vspcd, own_port,
                                             tmp_path):
    path = tmp_path / "inventory.csv"
    uuids = {name: new_uuid() for name in ("a1", "b1", "c1")}
    path.write_text("uuid,folder,owner\n" + "".join(
        f"{uuids[name]},{folder},{owner}\n" for name, folder, owner in
        (("a1", "/lab", "bob"), ("b1", "/prod/web", "alice"),
         ("c1", "/prod/web", ""))))
    path.chmod(0o644)
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}", "--inventory", path)
    vspcd.web = f"http://127.0.0.1:{own_port}/"
    for name, uuid in uuids.items():
        vspcd.vm(name=name, uuid=uuid)
    page = open_list(browser, vspcd, "#/?filter=folder:/prod/")
    wait_names(page, "b1", "c1")
    page.fill("#filter", "owner:alice")
    wait_names(page, "b1")
    page.fill("#filter", "")
    wait_names(page, "a1", "b1", "c1")
    page.click("button:text-is('Groups')")
    page.wait_text(".rows", "/lab  1 console")
    page.wait_text(".rows", "/prod/web  2 consoles")
    hint = page.evaluate("document.querySelector('[title*=alice]').title")
    assert hint == "b1\nFolder: /prod/web\nOwner: alice"


def test_colours_are_chosen(browser, web):
    page = open_list(browser, web, colorScheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    assert page.text("#person .name").startswith("This machine (")
    page.click("#person button")
    assert "by the address alone" in page.text("#sheet")
    page.click("input[value=dark]")
    page.wait(f"{ground} !== '{light}'")
    page.reload()
    page.wait(f"{ground} !== '{light}'")


def test_whoever_goes_elsewhere_gets_there(browser, web):
    """Also if the list writes its address in this moment."""
    page = open_list(browser, web)
    page.wait("document.getElementById('filter') !== null")
    page.evaluate("""(() => {
      const field = document.getElementById("filter");
      location.hash = "#/recordings";
      field.value = "web";
      field.dispatchEvent(new Event("input"));
    })()""")
    page.wait_text("h1", "Recordings")
    assert page.evaluate("location.hash") == "#/recordings"


def test_it_says_when_vspcd_cannot_be_reached(browser, web):
    web.vm(name="web-1")
    page = open_list(browser, web)
    wait_names(page, "web-1")
    context = page.context()
    context.setOffline(True)
    page.wait_text("#unreached", "cannot be reached")
    wait_names(page, "web-1")
    context.setOffline(False)
    page.wait("document.querySelector('#unreached').innerText === ''")


def test_the_focus_goes_where_the_person_goes(browser, web):
    page = open_list(browser, web)
    page.wait_text("h1", "Consoles")
    page.keyboard().press("Tab")
    page.wait_text(":focus", "Skip to content")
    page.keyboard().press("Enter")
    page.wait("document.activeElement.id === 'main'")
    page.evaluate("location.hash = '#/nowhere/%'")
    page.wait_text("h1:focus", "nothing at this address")
    page.keyboard().press("g")
    page.keyboard().press("h")
    page.wait_text("h1:focus", "Consoles")
