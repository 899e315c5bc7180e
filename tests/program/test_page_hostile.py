"""What a VM prints can do no more than be seen: it types nothing, names
nothing, opens nothing, and does not stop the page. docs/web.md."""

import random

import pytest

from harness.net import eventually
from harness.page import ConsolePage

ESC, CSI, OSC, DCS, ST = b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b\\"

# Each makes some terminal answer as if somebody typed, or read what was typed.
QUESTIONS = [
    CSI + b"c", CSI + b"0c", CSI + b">c", CSI + b"=c", CSI + b"5n", CSI + b"6n",
    CSI + b"?6n", CSI + b"?15n", CSI + b"?25n", CSI + b"?26n", CSI + b"?53n",
    CSI + b"?996n", CSI + b"x", CSI + b">q", CSI + b"?u", CSI + b"4$p",
    CSI + b"?1$p", CSI + b"?2026$p", ESC + b"Z", b"\x05", b"\x9bc", b"\xc2\x9bc",
    CSI + b"11t", CSI + b"13t", CSI + b"14t", CSI + b"16t", CSI + b"18t",
    CSI + b"19t", CSI + b"20t", CSI + b"21t",
    DCS + b"$qm" + ST, DCS + b"$qr" + ST, DCS + b'$q"p' + ST,
    DCS + b"+q544e" + ST,
    OSC + b"4;1;?" + ST, OSC + b"10;?" + ST, OSC + b"11;?\x07",
    OSC + b"12;?" + ST, OSC + b"52;c;?" + ST, OSC + b"1337;ReportCellSize" + ST,
    OSC + b"50;?" + ST, CSI + b"?1004h", CSI + b"?1000h", CSI + b"?1003;1006h",
    CSI + b"?25;1003;1006;1004h", CSI + b"?9h", CSI + b"?2004h",
]


@pytest.fixture
def vspcd(start_vspcd, own_port):
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}")
    vspcd.page = f"http://127.0.0.1:{own_port}/"
    return vspcd


@pytest.fixture
def vm(vspcd):
    return vspcd.vm("web-01")


@pytest.fixture
def console(browser, vspcd, vm):
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_badge("Connected")
    console.page.click(".xterm-screen")
    return console


def show(vm, console, data):
    """Until all of it is on the screen."""
    show.count += 1
    mark = f"mark {show.count}"
    vm.send(data + ESC + b"\\\x18\x1bc" + mark.encode())
    console.wait_screen(mark)


show.count = 0


def assert_only_typed(console, vm):
    """The next byte that the VM gets is the one that is typed."""
    console.page.mouse().move(300, 300)
    console.page.mouse().click(320, 320)
    console.page.evaluate("document.querySelector('.console-tools button')"
                          ".focus()")
    console.page.click(".xterm-screen")
    console.type("!")
    assert vm.read_until(b"!") == b"!"


def test_no_question_is_answered(console, vm):
    for question in QUESTIONS:
        vm.send(question + b"\r\n")
    show(vm, console, b"")
    assert_only_typed(console, vm)
    # Not reset: modes stay as they were set.
    for question in QUESTIONS:
        vm.send(question + b"\r\n")
    vm.send(b"all of them")
    console.wait_screen("all of them")
    assert_only_typed(console, vm)


def test_a_person_lets_the_terminal_answer(console, vm):
    console.choose("More", "Answer questions")
    vm.send(b"\x1b[2J\x1b[5;7H" + CSI + b"6n")
    assert vm.read_until(b"R") == b"\x1b[5;7R"
    vm.send(CSI + b"?1000h\x1b[H")
    console.page.click(".xterm-screen")
    vm.read_until(b"\x1b[M")
    console.choose("More", "Answer questions")
    vm.send(CSI + b"6n" + b"asked")
    console.wait_screen("asked")
    vm.data.clear()
    assert_only_typed(console, vm)


def test_a_page_keeps_its_name(console, vm):
    for code in (b"0", b"1", b"2", b"l", b"L"):
        vm.send(OSC + code + b";evil" + ST)
    show(vm, console, CSI + b"22t" + CSI + b"23t")
    assert console.page.title() == "web-01 – vspcd"
    assert "evil" not in console.page.text("body")


def test_the_clipboard_is_the_persons(console, vm):
    page = console.page
    page.context().grantPermissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('mine')")
    show(vm, console, OSC + b"52;c;ZXZpbA==" + ST)
    assert page.evaluate("navigator.clipboard.readText()") == "mine"


def test_a_link_is_shown_before_it_is_opened(console, vm):
    page = console.page
    vm.send(b"\x1b[2J\x1b[1;1H" + OSC + b"8;;http://127.0.0.1:9/evil" + ST +
            b"https://bank.example/" + OSC + b"8;;" + ST)
    console.wait_screen("bank.example")
    eventually(lambda: click_on(page, "bank"), "the question")
    page.wait_text("dialog", "http://127.0.0.1:9/evil")
    page.click("dialog button:has-text('Cancel')")
    assert len(page.context().pages()) == 1


def click_on(page, text):
    """A link is one once the pointer has been over it. True: it was asked."""
    x, y = page.evaluate(
        "(() => { const r = [...document.querySelectorAll('.xterm-rows span')]"
        f".find((s) => s.textContent.includes('{text}'))"
        ".getBoundingClientRect(); return [r.x + 20, r.y + 5]; })()")
    page.mouse().move(x + 5, y)
    page.mouse().move(x, y)
    page.mouse().click(x, y)
    return page.evaluate("Boolean(document.querySelector('dialog'))")


def test_a_link_to_a_script_is_none(console, vm):
    page = console.page
    vm.send(b"\x1b[2J\x1b[1;1H" + OSC +
            b"8;;javascript:document.title='evil'" + ST + b"click-here" +
            OSC + b"8;;" + ST)
    console.wait_screen("click-here")
    for _ in range(3):
        assert not click_on(page, "click")
    show(vm, console, b"")
    assert page.title() == "web-01 – vspcd"
    assert not page.evaluate("Boolean(document.querySelector('dialog'))")


TERMINAL = """async (hidden, shown) => {
  const { makeTerminal } = await import("/terminal.js");
  const root = document.createElement("div");
  document.body.append(root);
  const terminal = makeTerminal(root, { top() {} }, { answers: { areOn: false } });
  const bytes = new TextEncoder().encode(hidden);
  terminal.write(bytes);
  terminal[shown]("words");
  const [content] = await terminal.content(() => null);
  terminal.end();
  root.remove();
  return content;
}"""


def test_the_pages_own_line_is_read_whatever_was_printed_before(console):
    for hidden in "\x1b(0", "\x1b)0\x0e", "\x1b[8m", "\x1b]0;", "\x1bP":
        assert "[vspcd: words]" in console.page.call(TERMINAL, hidden,
                                                     "writeLine")


def test_a_screen_is_cleared_of_what_is_not_drawn_yet(console):
    assert "old" not in console.page.call(TERMINAL, "old " * 100_000, "clear")


def test_the_wheel_types_nothing(console, vm):
    """Terminals make arrows of it where there are no lines above."""
    vm.send(CSI + b"?1049h" + b"another screen")
    console.wait_screen("another screen")
    console.page.mouse().move(300, 300)
    console.page.mouse().wheel(0, 500)
    assert_only_typed(console, vm)


def test_markup_is_text(console, vm):
    vm.send(b"<img src=x onerror=alert(1)><script>alert(2)</script>")
    console.wait_screen("<script>alert(2)</script>")


BOMBS = {
    "osc": OSC + b"0;" + b"x" * (11 << 20),
    "dcs": DCS + b"q" + b"~" * (2 << 20),
    "params": CSI + b"1;" * 100_000 + b"m",
    "bells": b"\x07" * 100_000,
    "no line end": b"x" * (2 << 20),
    "repeat": CSI + b"999999999b" + b"x" + CSI + b"2147483647b",
    "insert": b"".join(CSI + b"999999999" + final.encode() for final in
                       "@ABCDEFGILMPSTXZ`abdefr") +
    CSI + b"9999999999 @" + CSI + b"9999999'}",
    "often": (CSI + b"400S" + CSI + b"400b") * 500,
    "resize": CSI + b"8;9999;9999t" + CSI + b"?3h" + CSI + b"?40h" +
    CSI + b"?3h",
    "marks": (b"a" + "\u0301".encode() * 2000) * 50,
    "resets": (ESC + b"c") * 10_000,
    "buffers": b"\x1b[?1049h\x1b[?47h\x1b[?1049l" * 5000,
}


def test_no_bomb_stops_it(console, vm):
    for name, bomb in BOMBS.items():
        show(vm, console, bomb)
        assert len(console.screen().split("\n")) == 24, name
        console.type("!")
        assert vm.read_until(b"!") == b"!", name


def test_noise(console, vm):
    """Sequences at random, of the bytes that matter."""
    rng = random.Random(4)
    alphabet = [b"\x1b", b"[", b"]", b"P", b"?", b">", b"$", b";", b"\\",
                b"\x07", b"\x9b", b"\x90", b"c", b"n", b"p", b"q", b"t", b"h",
                b"l", b"m", b"x", b"R", b"0", b"1", b"4", b"6", b"10", b"1004",
                b"1003", b"52", b"\r\n", b"\xc2", b"\xff", b"\x18", b"\x05"]
    data = b"".join(rng.choices(alphabet, k=200_000))
    show(vm, console, data)
    console.type("!")
    assert vm.read_until(b"!") == b"!"


def test_a_hostile_name(browser, vspcd):
    name = "<b>x</b>\u202e" + "gnol" * 200
    vm = vspcd.vm(name)
    console = ConsolePage(browser, vspcd.page, vm.uuid + "/vSPC.py")
    console.wait_badge("Connected")
    page = console.page
    assert page.evaluate("document.querySelectorAll('main b').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("document.querySelector('.console-tools button')"
                         ".getBoundingClientRect().right") <= 1280
