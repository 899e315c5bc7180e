"""A console in the page of somebody who has logged in: he locks its keyboard,
and loses all of it with his web session. docs/web.md."""

from harness.page import ConsolePage
from test_config import config  # noqa: F401 (a fixture)
from test_page_login import AT_LOGIN, ask, log_in, open_page
from test_tokens import ME
from test_web_login import start  # noqa: F401 (a fixture)

RULES = ('access "*" { write = {"anybody"} control = {"alice"} '
         f'admin = {{"{ME}"}} }}')


def test_a_lock_and_the_end_of_a_session(browser, start):  # noqa: F811
    vspcd = start(RULES)
    vm = vspcd.vm("web-1")
    vm.send(b"login: ")
    page = open_page(browser, vspcd, "#/login")
    log_in(page)
    page.wait_text(".rows", "web-1")
    alice = ConsolePage(browser, None, vm, page=page)
    alice.wait_screen("login:")
    other = ConsolePage(browser, f"http://localhost:{vspcd.web[1]}/", vm)
    other.wait_screen("login:")
    page.click("text=People")
    page.click("text=Lock the keyboard…")
    page.fill("dialog input", "upgrade")
    page.click("dialog button.main")
    alice.wait_line("You have locked the keyboard.")
    other.wait_line("alice has the keyboard (upgrade): you can watch.")
    other.page.click(".xterm-screen")
    other.type("x")
    other.wait_line("Nothing was sent: alice has the keyboard.")
    page.click("text=Unlock the keyboard")
    other.page.wait("!document.querySelector('.console-line').innerText"
                    ".includes('has the keyboard')")
    other.page.click(".xterm-screen")
    other.type("y")
    assert vm.read_until(b"y") == b"y"
    session = ask(vspcd, "GET", "/sessions")["items"][0]["id"]
    ask(vspcd, "DELETE", f"/sessions/{session}")
    page.wait(AT_LOGIN)
    page.wait("!document.querySelector('.console')")
    other.wait_badge("Connected")
