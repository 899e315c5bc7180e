"""A console in the page: what is typed and shown, breaks, sizes, people, tabs.
docs/web.md."""

import pytest

from harness import words
from harness.browser import save_picture
from harness.net import eventually
from harness.page import ConsolePage
from test_config import config  # noqa: F401 (a fixture)

EVERYBODY = 'access "*" { control = {"anybody"} }\n'
ONE_WRITER = 'access "*" { control = {"anybody"} keyboard = "one-writer" }\n'
READERS = 'access "*" { read = {"anybody"} }\n'
BOOT = (b"\x1b[2J\x1b[H[    0.000000] Linux version 6.1.0-18-amd64\r\n"
        b"[    1.203000] systemd[1]: Detected virtualization vmware.\r\n"
        b"[  \x1b[32mOK\x1b[0m  ] Started \x1b[1mOpenSSH server\x1b[0m.\r\n"
        b"[\x1b[31mFAILED\x1b[0m] Failed to start nginx.service.\r\n"
        b"\x1b[7m reverse \x1b[0m\r\n\r\n"
        b"Debian GNU/Linux 12 web-01 ttyS0\r\n\r\nweb-01 login: ")


@pytest.fixture
def start(start_vspcd, own_port, config):  # noqa: F811
    """A vspcd with a page, at .page."""
    def start(*options, rules=EVERYBODY):
        vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}", "--config",
                            config(rules), *options)
        vspcd.page = f"http://127.0.0.1:{own_port}/"
        return vspcd
    return start


@pytest.fixture
def vspcd(start):
    return start()


@pytest.fixture
def vm(vspcd):
    vm = vspcd.vm("web-01")
    vm.send(BOOT)
    return vm


@pytest.fixture
def console(browser, vspcd, vm):
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_screen("login:")
    return console


def test_what_is_typed_comes_and_what_is_printed_is_seen(console, vm):
    console.type("root")
    console.press("Enter")
    console.press("Control+c")
    console.press("ArrowUp")
    assert vm.read_until(b"\x1b[A") == b"root\r\x03\x1b[A"
    vm.send("\r\nPasswort für root: ".encode())
    console.wait_screen("Passwort für root:")
    assert console.page.title() == "web-01 – vspcd"


def test_colours_come_through_the_policy(console, vm):
    """Classes of xterm, whose rules are in sheets; and a colour of its own,
    which is a style of an element."""
    vm.send(b"\x1b[38;2;190;90;0mits own\x1b[0m")
    console.wait_screen("its own")
    colour = ("getComputedStyle([...document.querySelectorAll("
              "'.xterm-rows span')].find((s) => s.textContent.includes('%s')))"
              ".color")
    assert console.page.evaluate(colour % "FAILED") == "rgb(163, 35, 31)"
    assert console.page.evaluate(colour % "its own") == "rgb(190, 90, 0)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_used_by_all(browser, vspcd, vm, scheme):
    page = browser.page(vspcd.page, colorScheme=scheme)
    page.setViewportSize({"width": 1100, "height": 720})
    console = ConsolePage(browser, vspcd.page, vm, page=page)
    console.wait_screen("login:")
    page.click("text=Break ▾")
    page.wait("!document.querySelector('.menu-list').hidden")
    save_picture(page, "console" if scheme == "light" else "console-dark")
    console.press("Escape")
    page.click("text=People")
    page.click("text=Find")
    page.click("text=More ▾")
    assert page.axe() == []


def test_a_phone(browser, vspcd, vm):
    """It has the keys that a phone has not."""
    page = browser.page(hasTouch=True, isMobile=True)
    page.setViewportSize({"width": 390, "height": 844})
    page.goto(vspcd.page)
    console = ConsolePage(browser, vspcd.page, vm, page=page)
    console.wait_screen("login:")
    page.tap(".console-keys button:has-text('Esc')")
    page.tap(".console-keys button:has-text('Ctrl')")
    page.tap(".xterm-screen")
    console.type("xy")
    assert vm.read_until(b"y") == b"\x1b\x18y"
    save_picture(page, "console-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_sizes(console, vm):
    rows = "document.querySelectorAll('.xterm-rows > div').length == {}"
    console.page.wait(rows.format(24))
    console.choose("Size", "132 × 43")
    console.page.wait(rows.format(43))
    console.choose("Size", "stty rows")
    assert vm.read_until(b"\r") == b"stty rows 43 cols 132\r"
    console.page.reload()
    console.page.wait(rows.format(43))
    console.choose("Size", "As many as fit")
    console.page.wait("document.querySelectorAll('.xterm-rows > div').length"
                      " < 43")


def test_breaks_and_sysrq(console, vm):
    console.choose("Break", "Break")
    vm.wait(lambda: vm.breaks, "a break")
    console.choose("Break", "Memory")
    assert vm.read_until(b"m") == b"m"
    assert len(vm.breaks) >= 2


def test_what_ends_a_vm_is_asked_before(console, vm):
    console.choose("Break", "Reboot at once")
    console.page.wait_text("dialog", "web-01")
    console.press("Enter")
    console.page.wait("!document.querySelector('dialog')")
    console.type("x")
    assert vm.read_until(b"x") == b"x"
    assert vm.breaks == []
    console.choose("Break", "Reboot at once")
    console.page.click("dialog button.danger")
    assert vm.read_until(b"b") == b"b"
    assert vm.breaks


def test_what_is_pasted_is_shown_first(console, vm):
    console.paste("one line")
    assert vm.read_until(b"line") == b"one line"
    console.paste("first\nsecond\x1b[A\n")
    console.page.wait_text("dialog pre", "first⏎\nsecond<1b>[A⏎")
    save_picture(console.page, "console-paste")
    console.page.click("dialog button:has-text('Cancel')")
    console.paste("third\n")
    console.page.click("dialog button.main")
    assert vm.read_until(b"third\r") == b"third\r"


def test_much_is_pasted_slowly_and_cancelled(console, vm):
    console.paste("x" * 9000)
    console.page.click("dialog button.main")
    console.page.click(".line-paste button")
    console.page.wait_text("#said", "cancelled")
    console.type("end")
    typed = vm.read_until(b"end")
    assert 0 < len(typed) < 9000
    assert f"{len(typed) - 3} of 9000 bytes" in console.page.text("#said")


def test_as_fast_as_it_goes(console, vm):
    console.paste("x" * 100_000)
    console.page.check("dialog input")
    console.page.click("dialog button.main")
    assert len(vm.read_exactly(100_000)) == 100_000


def test_two_people_and_one_keyboard(browser, start):
    vspcd = start(rules=ONE_WRITER)
    vm = vspcd.vm("web-01")
    vm.send(BOOT)
    console, other = [ConsolePage(browser, vspcd.page, vm) for _ in range(2)]
    other.wait_screen("login:")
    other.type("x")
    assert vm.read_until(b"x") == b"x"
    other.wait_line("You have the keyboard")
    console.wait_line("has the keyboard: you can watch")
    console.page.click(".xterm-screen")
    console.type("y")
    console.wait_line("Nothing was sent")
    other.page.click("text=People")
    other.page.fill(".people-form input", "I restart it")
    other.press("Enter")
    console.page.wait_text("#said", "I restart it")
    other.page.click(".xterm-screen")
    other.type("y")
    assert vm.read_until(b"y") == b"y"
    console.page.click(".line-actions button:has-text('Take over')")
    console.page.click("dialog button.main")
    other.wait_line("has the keyboard")
    console.page.click(".xterm-screen")
    console.type("z")
    assert vm.read_until(b"z") == b"z"
    save_picture(other.page, "console-people")
    console.page.click("text=People")
    console.page.click("text=Hand over")
    console.page.click("dialog button.main")
    other.wait_line("You have the keyboard")
    other.page.click("text=Release the keyboard")
    console.page.wait("!document.querySelector('.console-line').innerText"
                    ".includes('has the keyboard')")


def test_somebody_is_disconnected(browser, vspcd, vm, console):
    other = ConsolePage(browser, vspcd.page, vm)
    other.wait_screen("login:")
    console.page.click("text=People")
    console.page.click(".people-list button")
    console.page.click("dialog button.danger")
    other.wait_badge("Refused")
    other.wait_line("Somebody has disconnected you.")


def test_a_reader_is_told_why_nothing_is_typed(browser, start, tmp_path):
    vspcd = start("--record-dir", tmp_path / "recordings", rules=READERS)
    vm = vspcd.vm("web-01")
    vm.send(BOOT)
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_screen("login:")
    console.page.wait("document.querySelector('.record-button').title")
    assert console.page.isDisabled(".record-button")
    console.type("x")
    console.wait_line("you may only read this console")
    console.page.click("text=Break ▾")
    assert console.page.isDisabled(".menu-list button:has-text('Memory')")


def test_the_screen_is_searched(console):
    console.press("Control+Shift+F")
    console.type("OpenSSH")
    console.press("Enter")
    console.page.wait("document.querySelector('.xterm-selection div')")
    console.page.fill(".console-find input", "nowhere")
    console.press("Enter")
    console.page.wait_text(".console-find", "Not found")
    console.press("Escape")
    console.page.wait("document.activeElement.matches("
                      "'.xterm-helper-textarea')")


def test_a_keyboard_is_enough(console, vm):
    """Tab is the VM's; there is a way out, and one back."""
    console.press("Tab")
    assert vm.read_until(b"\t") == b"\t"
    console.press("Control+Shift+X")
    console.page.wait("document.activeElement.innerText == 'Paste'")
    console.press("Tab")
    console.press("Enter")
    console.press("ArrowDown")
    console.page.wait("document.activeElement.matches('.menu-list button')")
    console.press("Escape")
    console.page.wait("document.activeElement.innerText.includes('Break')")


def test_tabs_and_tiles(browser, vspcd, vm):
    others = [vspcd.vm(name) for name in ("db-01", "router")]
    others[0].send(b"db-01 login: ")
    others[1].send(b"router>show interfaces brief\r\n"
                   b"ge-0/0/0   up    up\r\nge-0/0/1   up    down\r\n"
                   b"router>")
    console = ConsolePage(browser, vspcd.page, vm, *others[:1])
    page = console.page
    page.wait("document.querySelectorAll('.tab').length == 2")
    page.click("[aria-label='Open another console']")
    page.click(".pick-list button:has-text('router')")
    page.wait_text(".tab[aria-selected=true]", "router")
    console.type("r")
    assert others[1].read_until(b"r") == b"r"
    console.press("Control+Shift+ArrowRight")
    page.wait_text(".tab[aria-selected=true]", "web-01")
    console.type("w")
    assert vm.read_until(b"w") == b"w"
    page.click("text=Tiles")
    page.wait("document.querySelectorAll('.console:not([hidden])').length == 3")
    save_picture(page, "console-tiles")
    page.reload()
    page.wait("document.querySelectorAll('.console:not([hidden])').length == 3")
    page.click(".console:nth-child(2) .console-tools button:has-text('More')")
    page.click(".menu-list:not([hidden]) button:has-text('Disconnect')")
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="db-01",
                     reason="closed by the client")
    page.click("#home")
    page.wait("!document.querySelector('.console')")
    assert page.evaluate("document.adoptedStyleSheets.length") == 0
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="router",
                     reason="closed by the client")


def test_an_own_window_goes_on_with_the_session(vspcd, vm, console):
    """Its screen too; the first window knows, and can take it back."""
    console.type("a")
    assert vm.read_until(b"a") == b"a"
    console.choose("More", "Own window")
    console.wait_badge("In another window")
    page = eventually(lambda: [one for one in console.page.context().pages()
                               if one.number != console.page.number],
                      "a window")[0]
    own = ConsolePage.__new__(ConsolePage)
    own.page = page
    own.wait_screen("login:")
    own.wait_badge("Connected")
    assert page.isHidden("#bar")
    own.type("b")
    assert vm.read_until(b"b") == b"b"
    assert len(vspcd.events(words.CLIENT_CONNECTED)) == 1
    vm.send(b"hello")
    own.wait_screen("login: hello")
    console.page.click("text=Take it back")
    own.wait_badge("In another window")
    console.wait_screen("login: hello")
    console.page.click(".xterm-screen")
    console.type("c")
    assert vm.read_until(b"c") == b"c"


def hold(page, key):
    """A key that is held down comes again and again."""
    for _ in range(5):
        page.keyboard().down(key)
    page.keyboard().up(key)


def test_a_key_that_is_held_presses_one_button(console, vm):
    """Not the first of the menu too, nor what a dangerous one asks."""
    page = console.page
    page.evaluate("document.querySelector('.console-tools .menu button')"
                  ".focus()")
    hold(page, "Enter")
    assert not page.evaluate("document.querySelector('.menu-list').hidden")
    page.evaluate("[...document.querySelectorAll('.menu-list button')]"
                  ".find((b) => b.textContent.includes('Reboot')).focus()")
    hold(page, "Enter")
    page.wait("document.querySelector('dialog')")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    console.press("Enter")
    page.wait("!document.querySelector('dialog')")
    console.type("x")
    assert vm.read_until(b"x") == b"x"
    assert vm.breaks == []


def test_a_question_goes_with_its_view(console, vm):
    page = console.page
    console.paste("rm\n")
    page.wait("document.querySelector('dialog')")
    page.evaluate("location.hash = '#/overview'")
    page.wait("document.querySelector('main h1')?.textContent == 'Overview'")
    assert not page.evaluate("document.querySelector('dialog')")


def test_after_a_sleep_it_is_asked_whether_anybody_is_there(console):
    page = console.page
    page.evaluate(
        "(() => { const { send } = WebSocket.prototype; "
        "WebSocket.prototype.send = function (data) { "
        "if (data === '{\"ping\":0}') window.asked++; "
        "send.call(this, data); }; "
        "addEventListener('woken', () => { window.then = window.asked; }); "
        "window.asked = 0; "
        "const { now } = Date; Date.now = () => now() + 3600e3; })()")
    page.wait("window.then !== undefined")
    assert page.evaluate("window.then >= 1")
    console.wait_badge("Connected")
