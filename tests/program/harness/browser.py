"""A real Chromium, by tests/browser/driver.mjs: everything that Playwright's
objects can do, called by its own names.

    page = browser.page("http://127.0.0.1:8080/")
    page.click("#send")
    page.fill("input[name=user]", "alice")
    page.wait("document.title == 'Consoles'")   # a condition, in JavaScript
    page.evaluate("1 + 1"), page.call("f", x)   # values
    page.keyboard().press("Enter")
    page.screenshot({"path": ..., "fullPage": True})
"""

import base64
import concurrent.futures
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import threading

from harness.net import TIMEOUT, eventually
from harness.programs import SOURCE

FOLDER = SOURCE / "tests" / "browser"
DRIVER = FOLDER / "driver.mjs"
CHROMIUM = "chromium"
MODULES = FOLDER / "node_modules"
AXE = MODULES / "axe-core" / "axe.min.js"

# What the browser says by itself about a connection that a test has cut, or a
# request that a test wants to be refused.
OWN_WORDS = ("Failed to load resource", "WebSocket connection to",
             "net::ERR_")


def missing():
    """Why there is no browser here; None: there is one."""
    for program in ("node", CHROMIUM):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if not MODULES.is_dir():
        return "tests/browser/node_modules is not there: make deps"
    return None


def script(source):
    """An argument that is a function of JavaScript."""
    return {"script": source}


class Failure(AssertionError):
    """What Playwright says has failed."""


class Remote:
    """An object of Playwright. Any method of it can be called."""

    def __init__(self, driver, number):
        self.driver, self.number = driver, number

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *values: self.driver.call(self.number, name, *values)

    def later(self, name, *values):
        """The same, without waiting: a future."""
        return self.driver.begin(self.number, name, *values)


class Page(Remote):
    def wait(self, condition, timeout=TIMEOUT):
        """Until an expression of JavaScript is true in the page. Asked from
        here: what asks again in the page (waitForFunction) needs eval, which
        the page's policy forbids."""
        return eventually(lambda: self._holds(condition), condition, timeout)

    def _holds(self, condition):
        try:
            return self.evaluate(condition)
        except Failure as failure:
            # It is being left for another one.
            if "context was destroyed" in str(failure):
                return None
            raise

    def text(self, selector):
        return self.innerText(selector)

    def call(self, function, *values):
        return self.evaluate(script(f"(values) => ({function})(...values)"),
                             list(values))

    def wait_text(self, selector, text, timeout=TIMEOUT):
        return self.wait("document.querySelector("
                         f"{json.dumps(selector)})?.innerText.includes("
                         f"{json.dumps(text)})", timeout)

    def troubles(self):
        """What has gone wrong since the last call."""
        return self.driver.call(0, "troubles", {"object": self.number})

    def refusals(self):
        """What is not the browser's word about a cut connection."""
        return [said for said in self.troubles()
                if not any(word in said for word in OWN_WORDS)]

    def axe(self, *tags):
        """What axe-core has to say about the page as it is: [(rule, nodes)]."""
        # Past the page's policy, which is for what the page does.
        self.driver.inject(self, AXE.read_text())
        found = self.call(
            "async (tags) => (await axe.run(document, tags.length ? "
            "{runOnly: tags} : {})).violations.map((v) => "
            "[v.id, v.nodes.map((n) => n.html + ': ' + n.failureSummary)])",
            list(tags))
        return found


class Browser:
    """A Chromium of its own, which is ended with close."""

    def __init__(self):
        self._numbers = itertools.count(1)
        self._waiting = {}
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            ["node", DRIVER, shutil.which(CHROMIUM)], cwd=FOLDER, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()
        self.contexts = []

    def _read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            with self._lock:
                future = self._waiting.pop(said["id"])
            if "error" in said:
                future.set_exception(Failure(said["error"]))
            else:
                future.set_result(said["value"])
        with self._lock:
            left = list(self._waiting.values())
            self._waiting.clear()
        for future in left:
            future.set_exception(Failure("the browser has ended"))

    def begin(self, number, call, *values):
        future = concurrent.futures.Future()
        request = {"id": next(self._numbers), "on": number, "call": call,
                   "with": [self._given(value) for value in values]}
        with self._lock:
            self._waiting[request["id"]] = future
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        return future

    def call(self, number, name, *values):
        return self._got(self.begin(number, name, *values).result(TIMEOUT * 4))

    @staticmethod
    def _given(value):
        return {"object": value.number} if isinstance(value, Remote) else value

    def _got(self, value):
        if isinstance(value, list):
            return [self._got(one) for one in value]
        if isinstance(value, dict) and "object" in value:
            kind = Page if value["kind"] == "Page" else Remote
            return kind(self, value["object"])
        if isinstance(value, dict) and set(value) == {"base64"}:
            return base64.b64decode(value["base64"])
        return value

    def inject(self, page, source):
        """Runs a script in the page, past its policy."""
        session = page.context().newCDPSession(page)
        said = session.send("Runtime.evaluate", {"expression": source})
        assert "exceptionDetails" not in said, said
        session.detach()

    def context(self, **options):
        """What shares cookies and storage: a person's browser."""
        context = self.call(0, "newContext",
                            {"ignoreHTTPSErrors": True, **options})
        context.setDefaultTimeout(TIMEOUT * 1000)
        self.contexts.append(context)
        return context

    def page(self, address=None, **options):
        """A page in a context of its own."""
        page = self.context(**options).newPage()
        page.setViewportSize({"width": 1280, "height": 800})
        if address:
            page.goto(address)
        return page

    def pages(self):
        return [page for context in self.contexts for page in context.pages()]

    def end_contexts(self):
        for context in self.contexts:
            context.close()
        self.contexts.clear()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def save_picture(page, name):
    """A screenshot for people; where PICTURES is set, it is kept there."""
    folder = os.environ.get("PICTURES")
    data = page.screenshot()
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(folder) / f"{name}.png").write_bytes(data)
    return data
