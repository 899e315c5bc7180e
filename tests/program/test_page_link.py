"""A page whose connection is cut, whose VM moves, whose vspcd ends: what it
shows is true, and no byte is lost, or comes twice. docs/web.md."""

import hashlib

import pytest

from harness import words
from harness.cutting import CuttingProxy
from harness.page import HASH, WATCH, ConsolePage
from harness.streams import MIB, letters
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

CUTS = 200
EVERY = 6000  # bytes between two cuts
LITTLE = 1024
DATA = letters(MIB, seed=1).replace(b"a", b"\n")
PIECE = DATA[:64 * 1024]


@pytest.fixture
def start(start_vspcd, own_port, tmp_path):
    """A vspcd with a page, that knows its consoles again."""
    def start(*options):
        vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}", *options,
                            env={"STATE_DIRECTORY": str(tmp_path)})
        vspcd.web = ("127.0.0.1", own_port)
        vspcd.page = f"http://127.0.0.1:{own_port}/"
        return vspcd
    return start


@pytest.fixture
def vspcd(start):
    return start()


@pytest.fixture
def cutting(tmp_path):
    made = []

    def make(target, **how):
        made.append(CuttingProxy(str(tmp_path), target, **how))
        made[-1].page = f"http://127.0.0.1:{made[-1].port}/"
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_no_cut_is_seen_in_the_bytes(browser, start, cutting):
    """Each of the VM's bytes once, and each that is typed, but for what the
    page says that it has not sent."""
    vspcd = start("--hold-time", 60000)
    proxy = cutting(vspcd.web, every=EVERY)
    vm = vspcd.vm("web-01")
    page = browser.page(proxy.page)
    page.evaluate(WATCH.join(("(", ")()")))
    console = ConsolePage(browser, proxy.page, vm, page=page)
    console.wait_badge("Connected")
    console.page.click(".xterm-screen")
    proxy.left = CUTS
    proxy.cut()
    sent = b""
    seen = 0
    # A browser shows nothing of a message that is cut in two, so that a large
    # one would never come through: little is under way.
    while proxy.left > 0:
        if len(sent) - seen < 4 * LITTLE:
            sent += DATA[len(sent) % MIB:][:LITTLE]
            vm.send(sent[-LITTLE:])
            if len(sent) % (20 * LITTLE) == 0:
                console.type("k")
        # The network is there again: nothing is waited for.
        seen = page.evaluate("dispatchEvent(new Event('online')) && count")
    vm.send(b"the end")
    sent += b"the end"
    console.wait_screen("the end")
    console.wait_badge("Connected")
    # What of the history was shown before the watch began is nothing.
    assert page.evaluate(HASH.join(("(", ")()"))) == [
        len(sent), hashlib.sha256(sent).hexdigest()]
    console.type("!")
    assert vm.read_until(b"!").strip(b"k") == b"!"


def test_what_is_typed_while_it_is_cut_is_not_sent(browser, vspcd, cutting):
    proxy = cutting(vspcd.web)
    vm = vspcd.vm("web-01")
    console = ConsolePage(browser, proxy.page, vm)
    console.wait_badge("Connected")
    console.page.wait_text(".console-tools", "People 1")
    console.page.click("text=People")
    console.page.wait_text(".people-list", "(you)")
    console.page.click(".xterm-screen")
    console.paste("line\n" * 4000)
    console.page.click("dialog button:has-text('Send')")
    console.page.wait_text(".line-paste", "of 20000 bytes")
    vm.read_until(b"line\r")
    proxy.is_shut = True
    proxy.cut()
    console.wait_badge("Not connected")
    console.page.wait_text("#said", "of 20000 bytes were pasted")
    assert "(you)" not in console.page.text(".people-list")
    assert "1" not in console.page.text(".console-tools")
    console.page.wait("!document.querySelector('.line-paste').firstChild")
    console.type("rm -rf")
    console.wait_line("6 bytes typed and not sent")
    console.wait_line("Trying again in")
    proxy.is_shut = False
    console.page.click("text=Now")
    console.wait_badge("Connected")
    console.wait_line("6 bytes typed and not sent")
    console.page.click(".line-loss button")
    console.type("ls")
    # What the paste had sent before comes still.
    assert vm.read_until(b"ls").replace(b"line\r", b"") in (
        b"ls", b"lls", b"lils", b"linls", b"linels")


def test_a_move_under_the_page(browser, vspcd):
    vm = vspcd.vm("web-01")
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_badge("Connected")
    vm.begin()
    console.wait_badge("VM is moving")
    console.type("typed")
    destination = vspcd.destination(vm).join()
    destination.complete()
    assert destination.read_until(b"typed") == b"typed"
    console.wait_badge("Connected")
    destination.send(b"from the other host")
    console.wait_screen("from the other host")
    destination.close()
    console.wait_badge("VM is away")


def test_a_restart(browser, start):
    vspcd = start()
    vm = vspcd.vm("web-01")
    vm.send(b"before ")
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_screen("before")
    vspcd.stop()
    console.wait_badge("Not connected")
    vspcd = start()
    again = vspcd.vm("web-01", vm.uuid)
    console.page.evaluate("dispatchEvent(new Event('online'))")
    console.wait_badge("Connected")
    again.send(b"after")
    console.wait_screen("after")
    console.type("x")
    assert again.read_until(b"x") == b"x"


def test_there_is_no_such_console(browser, vspcd):
    console = ConsolePage(browser, vspcd.page, "nobody")
    console.wait_badge("Refused")
    console.wait_line("There is no such console.")


def test_a_right_that_is_taken_away(browser, start, config):  # noqa: F811
    rules = 'access "other" { read = {"anybody"} }\naccess "*" { %s }\n'
    vspcd = start("--config", config(rules % 'write = {"anybody"}'))
    vm = vspcd.vm("web-01")
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_badge("Connected")
    config(rules % 'write = {"alice"}')
    hup(vspcd)
    # Who has not logged in may do so.
    console.page.wait("location.hash.startsWith('#/login')")


def test_a_page_that_is_left_says_goodbye(browser, vspcd):
    vm = vspcd.vm("web-01")
    console = ConsolePage(browser, vspcd.page, vm)
    console.wait_badge("Connected")
    console.page.goto("about:blank")
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web-01",
                     reason="closed by the client")


def test_much_output_is_taken_as_fast_as_it_is_shown(browser, start):
    """The page keeps no more than is under way, and is still typed into."""
    vspcd = start("--hold-time", 60000)
    vm = vspcd.vm("web-01")
    page = browser.page(vspcd.page)
    console = ConsolePage(browser, vspcd.page, vm, page=page)
    console.wait_badge("Connected")
    console.page.click(".xterm-screen")
    for number in range(6 * MIB // len(PIECE)):
        vm.send(PIECE)
        if number == 10:
            console.type("x")
    assert vm.read_until(b"x") == b"x"
    vm.send(b"\r\nthe end")
    console.wait_screen("the end")
