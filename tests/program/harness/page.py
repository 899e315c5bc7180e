"""A console in the page, as a test sees it."""

import json
from urllib.parse import quote

from harness.net import eventually

# All bytes that the page gives to its terminals, in the order of coming.
WATCH = """async () => {
  const { Terminal } = await import("/vendor/xterm.mjs");
  const { write } = Terminal.prototype;
  window.written = [];
  window.count = 0;
  Terminal.prototype.write = function (data, done) {
    if (typeof data !== "string") {
      window.written.push(data.slice());
      window.count += data.length;
    }
    return write.call(this, data, done);
  };
}"""
HASH = """async () => {
  const bytes = new Uint8Array(await new Blob(window.written).arrayBuffer());
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [bytes.length, [...hash].map((b) => b.toString(16).padStart(2, "0")).join("")];
}"""
PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  document.querySelector(".xterm-helper-textarea").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


class ConsolePage:
    """A page of a browser that shows these consoles: a new one, or one that
    shows another view. Selectors are those of the first console."""

    def __init__(self, browser, web, *vms, page=None):
        ids = "/".join(quote(getattr(vm, "console", vm), safe="")
                       for vm in vms)
        address = f"#/console/{ids}"
        if page is None:
            page = browser.page(web + address)
        else:
            page.wait("document.querySelector('main h1')")
            page.evaluate("location.hash = " + json.dumps(address))
        self.page = page
        page.wait("document.querySelector('.console .badge')")

    def screen(self):
        return self.page.evaluate(
            "[...document.querySelectorAll('.xterm-rows > div')]"
            ".map((row) => row.textContent).join('\\n')")

    def wait_screen(self, text):
        eventually(lambda: text in self.screen(), f"{text!r} on the screen")

    def wait_badge(self, text):
        self.page.wait_text(".console .badge", text)

    def wait_line(self, text):
        self.page.wait_text(".console-line", text)

    def type(self, text):
        self.page.keyboard().type(text)

    def press(self, key):
        self.page.keyboard().press(key)

    def choose(self, menu, item):
        self.page.click(f".console-tools button:has-text('{menu}')")
        self.page.click(f".menu-list button:has-text('{item}')")

    def paste(self, text):
        self.page.call(PASTE, text)
