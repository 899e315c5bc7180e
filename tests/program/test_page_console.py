"""A console in the page: typing, sizes, breaks, people. docs/web.md."""

import pytest

from urllib.parse import quote


@pytest.fixture
def web(start_vspcd, own_port):
    vspcd = start_vspcd("--web", f"127.0.0.1:{own_port}")
    vspcd.page = f"http://127.0.0.1:{own_port}/"
    return vspcd


def address(vspcd, *vms, **query):
    ids = "/".join(quote(vm.console, safe="") for vm in vms)
    rest = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{vspcd.page}#/console/{ids}" + (f"?{rest}" if rest else "")


def screen(page):
    return page.evaluate("[...document.querySelectorAll('.xterm-rows > div')]"
                         ".map((row) => row.textContent).join('\\n')")


def wait_screen(page, text):
    page.wait("[...document.querySelectorAll('.xterm-rows > div')]"
              f".some((row) => row.textContent.includes({text!r}))")


def test_typing(web, browser):
    vm = web.vm("web-01")
    vm.send(b"login: ")
    page = browser.page(address(web, vm))
    wait_screen(page, "login:")
    page.keyboard().type("root\r")
    assert vm.read_until(b"root\r") == b"root\r"
