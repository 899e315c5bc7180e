"""What a console's terminal in the page is besides the bytes: what was printed
before what it keeps, its sizes and looks, its bell."""

import re

import pytest

from harness.net import eventually
from harness.page import ConsolePage

LINES = 6000


@pytest.fixture
def start(start_vspcd, own_port):
    def start(*options):
        vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}", *options)
        vspcd.page = f"http://127.0.0.1:{own_port}/"
        return vspcd
    return start


@pytest.fixture
def vm(start):
    vspcd = start()
    vm = vspcd.vm("web-01")
    vm.page = vspcd.page
    vm.send(b"web-01 login: ")
    return vm


@pytest.fixture
def console(browser, vm):
    console = ConsolePage(browser, vm.page, vm)
    console.wait_screen("login:")
    return console


UP = """() => {
  const press = () => document.querySelector(".xterm-helper-textarea")
    .dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp",
      code: "PageUp", keyCode: 33, shiftKey: true, bubbles: true }));
  for (let i = 0; i < 200; i++) press();
}"""


def scroll_to_top(console):
    """No key more than is wanted: another one would go to the strip."""
    console.page.call(UP)

    def is_at_top():
        if console.page.isVisible(".earlier-strip"):
            return True
        console.press("Shift+PageUp")
        return False
    eventually(is_at_top, "the terminal's top")


def test_earlier_output_is_in_the_log(browser, start, tmp_path):
    """From the line above the terminal's first one."""
    vspcd = start("--logdir", tmp_path / "logs", "--log-keep-free", 0)
    vm = vspcd.vm("web-01")
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_badge("Connected")
    vm.send(b"".join(b"line %05d\r\n" % n for n in range(LINES)) + b"login: ")
    console.wait_screen(f"line {LINES - 1:05}")
    eventually(lambda: (tmp_path / "logs" / "web-01.log").read_bytes()
               .endswith(b"login: "), "the log")
    page = console.page
    scroll_to_top(console)
    page.wait_text(".earlier-strip", "Earlier output")
    first = int(re.search(r"line (\d{5})", console.screen()).group(1))
    assert first > 100
    page.click(".earlier-strip button")
    page.wait_text(".earlier .log", f"line {first - 1:05}\n")
    # It is the last one that is seen.
    page.wait("""(() => {
      const log = document.querySelector(".earlier .log");
      const { left, bottom } = log.getBoundingClientRect();
      const { offsetNode: node, offset } =
        document.caretPositionFromPoint(left + 20, bottom - 30);
      const text = node.textContent.slice(Math.max(0, offset - 200), offset + 200);
      return text.includes("line %05d");
    })()""" % (first - 1))
    assert page.axe() == []
    console.press("Escape")
    page.wait("!document.querySelector('.earlier')")
    console.type("root")
    assert vm.read_until(b"root") == b"root"


def test_without_a_log_there_is_nothing_earlier(vm, console):
    console.press("Shift+PageUp")
    console.page.wait_text(".earlier-strip", "Earlier output")
    console.press("Enter")
    console.page.wait_text(".earlier-strip", "This console has no log")
    console.type("x")
    assert vm.read_until(b"x") == b"x"
    console.page.wait("document.querySelector('.earlier-strip').hidden")


def test_a_bell_is_seen(vm, console):
    console.page.evaluate("""(() => {
      const pane = document.querySelector(".console");
      new MutationObserver(() => {
        window.hasRung ||= pane.classList.contains("is-ringing");
      }).observe(pane, { attributes: true });
    })()""")
    vm.send(b"\a")
    console.page.wait("window.hasRung")
    console.page.wait("!document.querySelector('.is-ringing')")


def test_a_screen_reader_has_its_text(vm, console):
    console.choose("More", "For a screen reader")
    console.page.wait("document.querySelector('.xterm-accessibility')"
                      "?.textContent.includes('web-01 login:')")
    vm.send(b"\r\nPassword: ")
    console.page.wait("document.querySelector('.xterm-accessibility')"
                      "?.textContent.includes('Password:')")
    console.choose("More", "For a screen reader")
    console.page.wait("!document.querySelector('.xterm-accessibility')")


def test_full_screen(vm, console):
    console.choose("More", "Full screen")
    console.page.wait("document.fullscreenElement?.matches('.console') && "
                      "document.activeElement.matches("
                      "'.xterm-helper-textarea')")
    console.type("x")
    assert vm.read_until(b"x") == b"x"
    console.choose("More", "Full screen")
    console.page.wait("!document.fullscreenElement")


def test_without_a_graphics_card_it_draws_by_itself(vm, console):
    console.page.evaluate(
        "void (HTMLCanvasElement.prototype.getContext = () => null)")
    console.choose("More", "Draw by the graphics card")
    console.page.wait_text("#said", "Not here")
    vm.send(b"\r\nPassword: ")
    console.wait_screen("Password:")
