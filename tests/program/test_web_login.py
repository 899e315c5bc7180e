"""Logins on a page: cookies and their sessions, who may use them, and how they
end. Each request is what a browser sends; what a browser would not send is
what a page of another site makes it send."""

import contextlib
import http.client
import http.server
import json
import re
import selectors
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading

import pytest

from harness import balancer, pam, words
from harness.net import TIMEOUT, eventually
from harness.pam import play
from harness.websocket import ConsoleSocket
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_pam import UNIX, account  # noqa: F401 (a fixture)
from test_tokens import ME, token  # noqa: F401 (a fixture)
from test_web import curl

OPENED = words.API_OPENED + r" address=127\.0\.0\.1:(\d+)"
PERMIT = "account required pam_permit.so"
RULES = 'access "*" { write = {"alice"} admin = {"boss"} }'
COOKIE = "__Host-vspcd"
FLAGS = "; Path=/; Secure; HttpOnly; SameSite=Strict"


class Browser:
    """Keeps the cookie; .fields are those of its own page."""

    def __init__(self, vspcd, tls=None, source=None, balanced=b""):
        self.vspcd, self.tls, self.source = vspcd, tls, source
        self.balanced = balanced
        self.host = f"localhost:{vspcd.web[1]}"
        self.cookie = None
        self.connection = None

    @property
    def fields(self):
        scheme = "https" if self.tls else "http"
        return {"Origin": f"{scheme}://{self.host}",
                "Sec-Fetch-Site": "same-origin"}

    @property
    def cookie_field(self):
        return {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}

    def open(self):
        sock = socket.create_connection(
            self.vspcd.web, timeout=TIMEOUT,
            source_address=(self.source, 0) if self.source else None)
        sock.sendall(self.balanced)
        if self.tls:
            sock = self.tls.wrap_socket(sock, server_hostname="localhost")
        connection = http.client.HTTPConnection(self.host)
        connection.sock = sock
        return connection

    def ask(self, method, path, body=None, fields=None):
        """The response, unread, on a connection of its own."""
        connection = self.open()
        own = self.fields if fields is None else fields
        headers = {"Content-Type": "application/json"} | self.cookie_field | own
        connection.request(
            method, "/api/v1" + path,
            None if body is None else json.dumps(body),
            {name: value for name, value in headers.items() if value})
        response = connection.getresponse()
        response.connection = connection  # which stays open as long
        set_cookie = response.getheader("Set-Cookie")
        if set_cookie is not None:
            value, flags = re.fullmatch(COOKIE + r"=([^;]*)(;.*)",
                                        set_cookie).groups()
            assert flags == FLAGS + ("" if value else "; Max-Age=0")
            self.cookie = value or None
        return response

    def call(self, method, path, body=None, status=200, fields=None):
        response = self.ask(method, path, body, fields)
        answer = json.loads(response.read())
        response.connection.close()
        assert response.status == status, answer
        return answer

    def get(self, path, status=200, **how):
        return self.call("GET", path, status=status, **how)

    def post(self, path, body=None, status=200, **how):
        return self.call("POST", path, body, status, **how)

    def log_in(self, user="alice", password="secret", status=200):
        return self.post("/login", {"user": user, "password": password},
                         status)

    def events(self):
        """A stream that is open; .at_end() is its end."""
        response = self.ask("GET", "/events")
        assert response.status == 200
        assert response.readline()
        return response

    def attach(self, console="web"):
        return self.vspcd.keep(ConsoleSocket(
            self.vspcd.web, console, headers=self.cookie_field | self.fields
            | {"Origin": "http://localhost"}))


def at_end(stream):
    """Reads what there is, until the server has closed it."""
    with contextlib.suppress(http.client.IncompleteRead):
        stream.read()
    stream.connection.close()


@pytest.fixture
def start(start_vspcd, config, tmp_path):
    """start(rules, *options, lines=[...]): a vspcd with the web, and PAM."""
    with contextlib.ExitStack() as stack:
        def again(rules=RULES, *options, helper=None,
                  lines=(play("hidden=Password: :secret"), PERMIT)):
            if helper is None:
                helper = pam.HelperSocket(
                    tmp_path / "pam", stack.enter_context(pam.service(*lines)))
                stack.callback(helper.close)
            vspcd = start_vspcd(
                "--config", config(rules), "--pam-socket", helper.path,
                "--web", "127.0.0.1:0", *options,
                env={"STATE_DIRECTORY": str(tmp_path)})
            vspcd.helper = helper
            vspcd.web = ("127.0.0.1",
                         int(vspcd.wait_log(OPENED).group(1)))
            return vspcd
        yield again


def ended(vspcd, reason, **fields):
    return vspcd.wait_event(words.WEB_SESSION_ENDED, reason=reason, **fields)


def ended_for_one_of(vspcd, reasons, **fields):
    eventually(lambda: any(
        event["reason"] in reasons and fields.items() <= event.items()
        for event in vspcd.events(words.WEB_SESSION_ENDED)), str(reasons))


# ---- each way in


def test_a_person_logs_in_and_out(start):
    vspcd = start()
    vm = vspcd.vm("web")
    page = Browser(vspcd)
    before = page.get("/login")
    assert before["password"] and before["token"] and before["can_gain"]
    assert (before["who"]["name"], before["who"]["session"]) == (None, None)
    has = page.log_in()
    assert (has["name"], has["proof"], has["said"]) == \
        ("alice", "password", None)
    session = vspcd.wait_event(words.WEB_SESSION_BEGUN, principal="alice",
                               proof="password")["session"]
    assert has["session"]["id"] == session
    vspcd.wait_event(words.LOGIN_ACCEPTED, principal="alice (password)",
                     door="web")
    who = page.get("/whoami")
    assert who["name"] == "alice" and who["session"]["id"] == session
    assert page.get("/login")["who"]["name"] == "alice"
    attached = page.attach().greet()
    attached.send(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"
    stream = page.events()
    cookie = page.cookie
    page.post("/logout")
    assert page.cookie is None
    ended(vspcd, "logged out", session=session, by="alice")
    assert attached.wait_code() == 4003
    at_end(stream)
    page.cookie = cookie
    assert page.get("/whoami", 401)["error"]["hint"] == "log in again"
    assert page.cookie is None  # the browser was told to forget it
    assert "secret" not in vspcd.log and cookie not in vspcd.log


def test_a_token_logs_in_and_its_end_is_the_sessions(start, token):
    secret = token.create("ci", "--token-owner", ME, "--token-right", "write")
    vspcd = start(f'access "*" {{ admin = {{"{ME}"}} }}')
    vspcd.vm("web")
    page = Browser(vspcd)
    assert page.post("/login", {"token": secret})["owner"] == ME
    attached = page.attach().greet()
    assert attached.hello["you"]["right"] == "write"
    assert page.get("/whoami")["right"] == "write"
    stream = page.events()
    token.revoke("ci")
    ended(vspcd, "its token was revoked or has expired", principal="ci")
    assert attached.wait_code() == 4003
    at_end(stream)
    page.get("/whoami", 401)
    for wrong in (secret[:-1], secret[:-1] + "/"):
        page.post("/login", {"token": wrong}, 401)
    page.post("/login", {"token": "secret"}, 401)


def test_pam_asks_more_than_a_password(start):
    vspcd = start(lines=(play("hidden=Password: :secret",
                              "say=Now the code", "visible=Code: :123"),
                         PERMIT))
    page = Browser(vspcd)
    for code, status in (("124", 401), ("123", 200)):
        asked = page.log_in()
        assert (asked["question"], asked["is_hidden"], asked["said"]) == \
            ("Code: ", False, "Now the code")
        assert page.cookie is None and "name" not in asked
        has = page.post("/login", {"login": asked["login"], "answer": code},
                        status)
    assert has["name"] == "alice"
    # It is used up; and nobody guesses one.
    for key in (asked["login"], "0" * 32):
        Browser(vspcd).post("/login", {"login": key, "answer": "123"}, 401)


@pytest.mark.parametrize("body", [
    {}, {"user": "alice"}, {"password": "x"}, {"token": "vspc_", "user": "a"},
    {"login": "0" * 33, "answer": ""}, {"user": "alice", "password": 1},
    {"user": "alice", "password": "x" * 2000}])
def test_what_is_no_login(start, body):
    Browser(start()).post("/login", body, 400)


def test_cookies_over_tls(start, certificates):
    vspcd = start(RULES, "--web", "127.0.0.2:0,tls=required", "--cert",
                  certificates.server.certificate, "--key",
                  certificates.server.key)
    port = vspcd.wait_log(words.API_OPENED
                          + r" address=127\.0\.0\.2:(\d+)").group(1)
    vspcd.web = ("127.0.0.2", int(port))
    page = Browser(vspcd, ssl.create_default_context(cafile=certificates.ca))
    page.log_in()
    assert page.get("/whoami")["name"] == "alice"
    # By any name that leads here, as long as Origin is the same.
    page.host = f"consoles.example:{port}"
    page.cookie = None
    page.log_in()
    assert page.get("/whoami")["name"] == "alice"


def test_name_of_somebody_else_leads_to_no_login(start):
    """A page that has its own name mean this machine (DNS rebinding) guesses no
    passwords."""
    vspcd = start()
    page = Browser(vspcd)
    page.host = f"evil.example:{vspcd.web[1]}"
    page.get("/login", 403)
    page.log_in(status=403)
    assert not vspcd.helper.processes


def test_nothing_in_the_clear_from_elsewhere(start):
    vspcd = start(RULES, "--proxy-protocol-from", "127.0.0.5")
    local = Browser(vspcd)
    local.log_in()
    page = Browser(vspcd, source="127.0.0.5",
                   balanced=balancer.text("203.0.113.9", 50001))
    assert not page.get("/login")["password"]
    checked = len(vspcd.helper.processes)
    page.log_in(status=403)
    assert len(vspcd.helper.processes) == checked
    page.cookie = local.cookie
    page.get("/whoami", 401)


# ---- whose page it is


FOREIGN = [
    {},  # a program; and a browser of long ago
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"},
    {"Origin": None, "Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("fields", FOREIGN)
def test_no_other_page_uses_a_cookie(start, fields):
    vspcd = start()
    vm = vspcd.vm("web")
    page = Browser(vspcd)
    page.log_in()
    send = {"data": "reboot\r"}
    page.post("/consoles/web/send", send, 403, fields=fields)
    page.post("/logout", None, 403, fields=fields)
    page.call("DELETE", "/sessions/" + page.get("/sessions")["items"][0]["id"],
              None, 403, fields=fields)
    attached = vspcd.keep(ConsoleSocket(
        vspcd.web, "web", headers=page.cookie_field | {
            name: value for name, value in fields.items() if value}))
    assert attached.wait_refused() == 403
    # Nor logs anybody in, as whomever.
    cookie = page.cookie
    Browser(vspcd).post("/login", {"user": "alice", "password": "secret"}, 403,
                        fields=fields)
    assert page.get("/whoami")["name"] == "alice" and page.cookie == cookie
    page.post("/consoles/web/send", send)
    vm.read_until(b"reboot\r")
    vm.sync()
    assert vm.data == b""


def test_right_origin_of_a_page_that_is_elsewhere(start):
    """web-origins names a page that is ours behind a proxy, whose browser says
    that it is the same; and another one, for which a cookie is no proof."""
    origin = "https://panel.example"
    vspcd = start(RULES, "--web-origins", origin)
    page = Browser(vspcd)
    page.log_in()
    for site, status in (("same-origin", 200), ("same-site", 403),
                         ("cross-site", 403)):
        page.post("/login", {"user": "alice", "password": "secret"}, status,
                  fields={"Origin": origin, "Sec-Fetch-Site": site})


def test_authorization_counts_before_the_cookie(start, token):
    secret = token.create("ci", "--token-owner", ME)
    vspcd = start(f'access "*" {{ write = {{"alice", "{ME}"}} }}')
    page = Browser(vspcd)
    page.log_in()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert page.get("/whoami", fields=bearer)["name"] == "ci"
    page.get("/whoami", 401, fields={"Authorization": "Bearer vspc_wrong"})
    # And needs no page.
    page.post("/tokens", {"name": "x"}, 403, fields=bearer)
    # A cookie's value proves nothing elsewhere.
    page.get("/whoami", 401,
             fields={"Authorization": f"Bearer {page.cookie}"})
    page.get("/whoami", 401, fields={"Authorization": page.cookie})


def test_a_browser_is_not_to_ask_for_passwords_itself(start):
    vspcd = start()
    page = Browser(vspcd)
    for fields, ways in ((None, False), ({}, True)):
        response = page.ask("GET", "/status", fields=fields)
        assert response.status == 401
        assert ("Basic" in response.getheader("WWW-Authenticate")) == ways


def test_answers_are_for_no_other_page(start):
    response = Browser(start()).ask("GET", "/login")
    assert response.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    assert response.getheader("Content-Security-Policy") == \
        "default-src 'none'; frame-ancestors 'none'"
    assert response.getheader("Cache-Control") == "no-store"


# ---- hostile cookies


def test_hostile_cookies_prove_nothing(start):
    vspcd = start()
    page = Browser(vspcd)
    page.log_in()
    good, half = f"{COOKIE}={page.cookie}", page.cookie[:22]
    page.cookie = None
    for field in (f"{good}; {good}", f"{COOKIE}=; {good}", f"{COOKIE}=",
                  COOKIE, f"{COOKIE}={half}", f"{good}x", good.replace("=", "=="),
                  f'{COOKIE}="{good}"', f"{COOKIE}={'A' * 4000}",
                  f"{good}, {good}", f"{COOKIE}=\xff", f";;;={COOKIE};{COOKIE}"):
        page.get("/whoami", 401, fields={"Cookie": field})
    for field in (f"a=b;{good}", f"; ;{good} ;", f"a={COOKIE}=x; {good}",
                  f"{COOKIE}2=x; {good}", f"x{good[1:]}; {good}",
                  ";" * 3000 + good):
        assert page.get("/whoami", fields={"Cookie": field})["name"] == "alice"
    for field in ("", ";", "=", f"{COOKIE.lower()}=x", "a=b", f"{COOKIE}2=x"):
        assert page.get("/whoami", fields={"Cookie": field})["name"] is None


def test_a_thousand_guesses(start):
    """Of passwords a few are checked; the others are told so, or wait, and are
    in nobody's way. Of cookies none is right."""
    vspcd = start()
    connection = Browser(vspcd).open()
    for number in range(1000):
        connection.request("GET", "/api/v1/whoami", headers={
            "Cookie": f"{COOKIE}={number:043}="})
        response = connection.getresponse()
        assert response.status == 401
        response.read()
    connection.close()
    body = b'{"user":"alice","password":"wrong"}'
    request = (f"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n"
               f"Origin: http://localhost\r\nConnection: close\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            guessers = [stack.enter_context(socket.create_connection(
                vspcd.web, timeout=TIMEOUT,
                source_address=("127.0.0.9", 0))) for _ in range(50)]
            for guesser in guessers:
                guesser.sendall(request)
        # Most find all places of their address taken, or are too soon.
        # (select knows no descriptor over 1,024.)
        with selectors.DefaultSelector() as selector:
            for guesser in guessers:
                selector.register(guesser, selectors.EVENT_READ)
            ready = [key.fileobj for key, _ in selector.select(TIMEOUT)]
        assert any(guesser.recv(65536).startswith(b"HTTP/1.1 429 ")
                   for guesser in ready)
        page = Browser(vspcd, source="127.0.0.8")
        assert page.log_in()["name"] == "alice"
    assert len(vspcd.helper.processes) < 20


# ---- how long


def last_used(vspcd):
    """Of the only session, asked by us on the socket."""
    item, = json.loads(curl(vspcd, "/api/v1/sessions")[1])["items"]
    return item["last_used"]


def test_what_is_typed_is_use(start):
    vspcd = start(f'access "*" {{ write = {{"alice"}} admin = {{"{ME}"}} }}')
    vspcd.vm("web")
    page = Browser(vspcd)
    page.log_in()
    attached = page.attach().greet()
    before = last_used(vspcd)

    def type_on():
        attached.send(b"x")
        return last_used(vspcd) != before
    eventually(type_on, "another second")


@pytest.mark.parametrize("limit", ["session-idle-time", "session-time"])
def test_limits_end_what_is_open(start, config, limit):
    """New ones hold for sessions that are there."""
    vspcd = start()
    vspcd.vm("web")
    page = Browser(vspcd)
    page.log_in()
    attached, stream = page.attach().greet(), page.events()
    config(f"{RULES}\n{limit} = 1\n")
    hup(vspcd)
    ended(vspcd, limit, principal="alice")
    assert attached.wait_code() == 4003
    at_end(stream)
    page.get("/whoami", 401)


def test_sessions_end_however_they_are_used(start):
    vspcd = start(RULES, "--session-time", "1")
    page = Browser(vspcd)
    page.log_in()
    eventually(lambda: page.ask("GET", "/whoami").status == 401, "the end")
    ended(vspcd, "session-time")


# ---- other ends


def test_sessions_are_listed_and_ended(start):
    vspcd = start()
    vspcd.vm("web")
    page, other, boss, foreign = (Browser(vspcd) for _ in range(4))
    page.log_in()
    other.log_in()
    boss.log_in("boss")
    foreign.log_in("mallory")
    listed = page.get("/sessions")
    assert (listed["total"], listed["hidden"]) == (2, 2)
    assert [item["is_current"] for item in listed["items"]] == [True, False]
    assert {item["name"] for item in listed["items"]} == {"alice"}
    assert listed["items"][0]["from"] == "127.0.0.1"
    its = other.get("/whoami")["session"]["id"]
    attached, stream = other.attach().greet(), other.events()
    foreign.call("DELETE", f"/sessions/{its}", status=404)
    page.call("DELETE", "/sessions/nonsense", status=404)
    assert page.call("DELETE", f"/sessions/{its}")["name"] == "alice"
    ended(vspcd, "revoked", session=its, by="alice")
    assert attached.wait_code() == 4003
    at_end(stream)
    other.get("/whoami", 401)
    everybody = boss.get("/sessions")
    assert everybody["total"] == 3
    for item in sorted(everybody["items"],
                       key=lambda item: item["is_current"]):
        boss.call("DELETE", f"/sessions/{item['id']}")
    assert boss.cookie is None
    page.get("/whoami", 401)


def test_rules_that_change_shrink_what_is_open(start, config):
    vspcd = start('access "*" { write = {"alice"} }')
    vm = vspcd.vm("web")
    page = Browser(vspcd)
    page.log_in()
    attached = page.attach().greet()
    config('access "*" { read = {"alice"} }')
    hup(vspcd)
    assert attached.wait_text("right")["right"] == "read"
    attached.send(b"discarded")
    attached.wait_text("notice", kind="message")
    config('access "*" { write = {"bob"} }')
    hup(vspcd)
    assert attached.wait_code() == 4003
    # The session is there, and is worth nothing.
    assert page.get("/whoami")["right"] == "none"
    assert page.get("/consoles")["items"] == []
    vm.sync()
    assert vm.data == b""


def test_an_account_that_is_gone_ends_its_sessions(start, account):
    name, password = account()
    vspcd = start(f'access "*" {{ write = {{"{name}"}} }}', lines=UNIX)
    vspcd.vm("web")
    page = Browser(vspcd)
    assert page.log_in(name, password)["groups"] > 0
    attached, stream = page.attach().greet(), page.events()
    subprocess.run(["userdel", name], check=True)
    hup(vspcd)  # or a minute later
    # Both are asked, and either may answer first.
    ended_for_one_of(vspcd, ("its account is gone", "PAM does not let its "
                             "account in any more"), principal=name)
    assert attached.wait_code() == 4003
    at_end(stream)
    page.get("/whoami", 401)


def test_an_account_that_is_locked_ends_its_sessions(start, account):
    """Of two persons the one whose account has expired."""
    name, password = account()
    other, secret = account()
    vspcd = start(f'access "*" {{ write = {{"{name}", "{other}"}} }}',
                  lines=UNIX)
    vspcd.vm("web")
    page, stays = Browser(vspcd), Browser(vspcd)
    page.log_in(name, password)
    stays.log_in(other, secret)
    attached, stream = page.attach().greet(), page.events()
    subprocess.run(["chage", "--expiredate", "0", name], check=True)
    hup(vspcd)  # or within five minutes
    ended(vspcd, "PAM does not let its account in any more", principal=name)
    assert attached.wait_code() == 4003
    at_end(stream)
    page.get("/whoami", 401)
    assert stays.get("/whoami")["name"] == other


def test_a_login_replaces_the_session_of_its_browser(start):
    vspcd = start()
    page = Browser(vspcd)
    page.log_in()
    first = page.cookie
    page.log_in("boss")
    assert page.cookie != first
    ended(vspcd, "another login in its browser", principal="alice")
    page.cookie = first
    page.get("/whoami", 401)


def test_a_person_has_so_many_sessions(start, token):
    secret = token.create("ci", "--token-owner", ME)
    vspcd = start(f'access "*" {{ write = {{"alice", "{ME}"}} }}')
    stays, first, second = (Browser(vspcd) for _ in range(3))
    stays.log_in()
    for page in (first, second):
        page.post("/login", {"token": secret})

    def crowd(count):
        threads = [threading.Thread(target=lambda: Browser(vspcd).post(
            "/login", {"token": secret})) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    crowd(30)
    for page in (first, second, stays):
        page.get("/whoami")
    assert not vspcd.events(words.WEB_SESSION_ENDED)
    crowd(1)
    ended(vspcd, "a newer session has its place", owner=ME)
    stays.get("/whoami")


# ---- a real browser

LOG_IN = """async (user, password) => {
    const answer = await fetch("/api/v1/login", {method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({user, password})});
    return [answer.status, (await answer.json()).name];
}"""
WHO = """async () => (await (await fetch("/api/v1/whoami")).json()).name ?? """ \
      """null"""
ATTACH = """(address) => new Promise((resolve) => {
    const socket = new WebSocket(address);
    socket.onmessage = ({data}) => resolve(JSON.parse(data).type);
    socket.onerror = () => resolve("refused");
})"""
FORGE = """async (address) => {
    await fetch(address, {method: "POST", mode: "no-cors",
        credentials: "include", body: JSON.stringify({data: "reboot"})})
        .catch(() => null);  // it may not even learn that it was refused
    return document.cookie;
}"""


@pytest.fixture
def foreign_page():
    """The address of a page of another program on this host, which is the same
    site to a browser, and so is sent its cookies."""
    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_chromium_keeps_the_cookie_and_sends_it_for_our_page_alone(
        start, browser, foreign_page, host):
    vspcd = start()
    vm = vspcd.vm("web")
    where = f"{host}:{vspcd.web[1]}"
    attach = f"ws://{where}/api/v1/consoles/web/attach"
    context = browser.context()
    page = context.newPage()
    page.goto(f"http://{where}/")
    assert page.call(WHO) is None
    assert page.call(LOG_IN, "alice", "wrong")[0] == 401
    assert page.call(LOG_IN, "alice", "secret") == [200, "alice"]
    assert page.call(WHO) == "alice"
    assert page.call("() => document.cookie") == ""
    assert page.call(ATTACH, attach) == "hello"
    other = context.newPage()
    other.goto(foreign_page.replace("127.0.0.1", host))
    forged = f"http://{where}/api/v1/consoles/web/send"
    assert other.call(FORGE, forged) == ""
    assert other.call(ATTACH, attach) == "refused"
    vspcd.wait_event(words.API_COMMAND, command="login", status="200")
    vm.sync()
    assert vm.data == b""
    assert not vspcd.events(words.API_COMMAND, command="consoles.send",
                            status="200")
    page.reload()
    assert page.call(WHO) == "alice"


# ---- over a restart


def test_sessions_go_on_after_a_restart(start, token, tmp_path):
    secret = token.create("ci", "--token-owner", ME)
    gone = token.create("gone", "--token-owner", ME)
    rules = f'access "*" {{ write = {{"alice", "{ME}"}} }}'
    vspcd = start(rules)
    person, program, late, out = (Browser(vspcd) for _ in range(4))
    person.log_in()
    out.log_in()
    program.post("/login", {"token": secret})
    late.post("/login", {"token": gone})
    cookie = out.cookie
    out.post("/logout")
    out.cookie = cookie
    vspcd.stop()
    token.revoke("gone")
    file = (tmp_path / "state.db.tokens").read_bytes()
    for page in (person, program, late, out):
        assert page.cookie.encode() not in file
    again = start(rules, helper=vspcd.helper)
    for page in (person, program, late, out):
        page.vspcd = again
        page.host = f"localhost:{again.web[1]}"
    assert person.get("/whoami")["name"] == "alice"
    assert program.get("/whoami")["name"] == "ci"
    for page in (late, out):
        page.get("/whoami", 401)
    # Idle meanwhile.
    again.stop()
    third = start(rules, "--session-time", "1", helper=vspcd.helper)
    person.vspcd = third
    eventually(lambda: person.ask("GET", "/whoami").status == 401, "the end")


def test_a_crash_costs_no_session(start, tmp_path):
    vspcd = start()
    page = Browser(vspcd)
    page.log_in()
    file = f"file:{tmp_path}/state.db.tokens?mode=ro"

    def is_written():
        with contextlib.suppress(sqlite3.Error), contextlib.closing(
                sqlite3.connect(file, uri=True)) as db:
            return db.execute(
                "SELECT count(*) FROM web_sessions").fetchone()[0] == 1
    eventually(is_written, "the session in the file")
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)
    again = start(helper=vspcd.helper)
    page.vspcd = again
    assert page.get("/whoami")["name"] == "alice"


def test_without_a_state_there_are_sessions_for_as_long_as_it_runs(
        start):
    vspcd = start(RULES, "--backend", "Memory")
    page = Browser(vspcd)
    page.log_in()
    assert page.get("/whoami")["name"] == "alice"
