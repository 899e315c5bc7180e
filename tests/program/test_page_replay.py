"""A recording that vspcd has made, from the button that begins it to its
replay in a browser."""

import pytest

from harness.browser import save_picture
from harness.page import ConsolePage


@pytest.fixture
def site(start_vspcd, own_port, tmp_path):
    rules = tmp_path / "vspcd.conf"
    rules.write_text('access "*" { admin = {"anybody"} }\n')
    vspcd = start_vspcd("--config", rules, "--web", f"127.0.0.1:{own_port}",
                        "--record-dir", tmp_path / "recordings",
                        env={"STATE_DIRECTORY": str(tmp_path)})
    vspcd.web = f"http://127.0.0.1:{own_port}"
    return vspcd


def test_a_console_is_recorded_and_replayed(site, browser):
    vm = site.vm("web-01")
    client = site.telnet(vm)
    page = ConsolePage(browser, f"{site.web}/", vm).page
    page.click(".record-button")
    page.wait_text(".console-head", "recorded")
    page.evaluate(f"location.hash = '#/recordings?console={vm.uuid}'")
    page.wait_text("h1", "Recordings of web-01")
    page.wait_text(".record-button", "Stop recording")
    page.wait_text("tbody", "goes on")
    vm.send(b"\x1b[32mlogin\x1b[0m: r\xc3\xb6\xc3\xb6t\r\nPassword: ")
    client.read_until(b"Password: ")
    page.click(".record-button")
    page.wait("!document.querySelector('tbody').innerText.includes('goes on')")
    page.click("tbody td a")
    page.wait_text("h1", "Recording of web-01")
    page.click(".ap-playback-button")
    page.wait("document.querySelector('.ap-term')?.textContent"
              ".includes('login: rööt')")
    save_picture(page, "replay")
    # The player's bar fades in and out; while it does, it has little contrast.
    page.hover(".ap-control-bar")
    page.wait("getComputedStyle(document.querySelector('.ap-control-bar'))"
              ".opacity === '1'")
    assert page.axe() == []
    page.setViewportSize({"width": 390, "height": 844})
    page.wait("document.querySelector('.ap-term').offsetWidth <= 390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
