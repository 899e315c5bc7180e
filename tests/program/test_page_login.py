"""Logging in on the page, and where it leads. docs/web.md; what it rests on is
in test_web_login.py."""

import json
import subprocess

from harness.browser import save_picture
from harness.pam import play
from test_config import config  # noqa: F401 (a fixture)
from test_tokens import ME, token  # noqa: F401 (a fixture)
from test_web_login import PERMIT, start  # noqa: F401 (a fixture)

PHONE = {"width": 390, "height": 844}
AT_LOGIN = "location.hash.startsWith('#/login')"


def open_page(browser, vspcd, hash="", **options):
    return browser.page(f"http://localhost:{vspcd.web[1]}/{hash}", **options)


def log_in(page, password="secret"):
    page.fill("input[name=user]", "alice")
    page.fill("input[name=password]", password)
    page.keyboard().press("Enter")


def ask(vspcd, method, path):
    result = subprocess.run(
        ["curl", "-sSf", "-X", method, "--unix-socket", vspcd.socket,
         "http://localhost/api/v1" + path],
        stdout=subprocess.PIPE, timeout=30, check=True)
    return json.loads(result.stdout)


def test_a_person_logs_in_and_is_where_he_wanted_to_be(browser, start):
    vspcd = start(lines=(play("hidden=Password: :secret",
                              "say=Look at your phone", "visible=Code: :123"),
                         PERMIT))
    vspcd.vm("web-1")
    vspcd.vm("db-1", uuid="500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3")
    page = open_page(browser, vspcd, "#/?filter=web")
    page.wait_text("h1", "Log in to vspcd")
    log_in(page, "wrong")
    page.wait_text("[role=alert].bad", "is wrong")
    assert page.inputValue("input[name=password]") == ""
    # What was refused to nobody in particular is asked for again at once.
    page.evaluate("addEventListener('woken', () => { window.isWoken = true; })")
    log_in(page)
    page.wait_text("main", "Look at your phone")
    page.wait_text(".field", "Code:")
    page.fill("input[name=answer]", "123")
    page.keyboard().press("Enter")
    page.wait("location.hash === '#/?filter=web'")
    assert page.evaluate("window.isWoken")
    page.wait_text(".rows", "web-1")
    page.wait_text("[role=status]", "1 of 2 consoles")
    page.click("#person button")
    page.wait_text(":popover-open", "alice by a password")
    page.click("button:text-is('Log out')")
    page.wait(AT_LOGIN)
    page.wait_text("h1", "Log in to vspcd")
    assert not page.evaluate("document.body.innerText.includes('web-1')")


def test_a_session_that_ends_leads_to_the_login_and_back(browser, start):
    vspcd = start(f'access "*" {{ write = {{"alice"}} admin = {{"{ME}"}} }}')
    vspcd.vm("web-1")
    page = open_page(browser, vspcd)
    page.wait(AT_LOGIN)
    log_in(page)
    page.wait_text(".rows", "web-1")
    page.fill("#filter", "web")
    session = ask(vspcd, "GET", "/sessions")["items"][0]["id"]
    ask(vspcd, "DELETE", f"/sessions/{session}")
    page.wait(AT_LOGIN)
    page.wait_text("main", "Your session has ended")
    log_in(page)
    page.wait("location.hash === '#/?filter=web'")
    page.wait_text(".rows", "web-1")


def test_a_token_logs_in_and_nobody_is_led_elsewhere(browser, start, token):
    secret = token.create("ci", "--token-owner", ME)
    vspcd = start(f'access "*" {{ write = {{"{ME}"}} }}')
    page = open_page(browser, vspcd)
    page.wait(AT_LOGIN)
    page.evaluate("location.hash = '#/login?back=' + "
                  "encodeURIComponent('https://evil.example/')")
    page.wait_text("summary", "With an access token")
    page.click("summary")
    page.fill("input[name=token]", f" {secret} ")
    page.keyboard().press("Enter")
    page.wait_text("h1", "Consoles")
    page.wait("location.hash === '#/'")


def test_the_login_keeps_nobody_out(browser, start):
    vspcd = start()
    page = open_page(browser, vspcd)
    page.wait("document.activeElement.name === 'user'")
    page.click("summary")
    log_in(page, "wrong")
    page.wait_text("[role=alert].bad", "is wrong")
    for scheme in ("light", "dark"):
        page.emulateMedia({"colorScheme": scheme})
        assert page.axe() == []
    page.setViewportSize(PHONE)
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    save_picture(page, "login-phone-dark")
