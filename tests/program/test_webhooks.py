"""Webhooks: receivers of alerts, whatever they do. docs/alerts.md says what is
promised."""

import contextlib
import hashlib
import hmac
import signal
import time

import pytest

from harness import words
from harness.net import eventually
from harness.receiver import OK, Receiver, answer, reset, server_context
from test_api_act import call, post
from test_alerts import RULE, get, wait_alert
from test_config import config, run  # noqa: F401 (config is a fixture)
from test_config_reload import hup

SECRET = "a secret that nobody guesses"


@pytest.fixture
def receive():
    """receive(): a receiver."""
    with contextlib.ExitStack() as stack:
        def make(**options):
            receiver = Receiver(**options)
            stack.callback(receiver.close)
            return receiver
        yield make


@pytest.fixture
def start(start_vspcd, config):  # noqa: F811
    def start(text, *args):
        vspcd = start_vspcd("--config", config(RULE + text), *args)
        vspcd.wait_event(words.ALERT_RULES)
        return vspcd
    return start


def section(name, receiver, *options):
    url = receiver if isinstance(receiver, str) else receiver.url()
    return (f'alert-webhook "{name}" {{ url = "{url}"\n' +
            "\n".join(options) + "\n}\n")


def secret_file(path, text=SECRET):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def panic(vspcd, name="web-01"):
    vm = vspcd.vm(name)
    vm.send(b"before\r\nPANIC\r\nafter\r\n")
    return vm


def state_of(vspcd, name):
    return next((w for w in get(vspcd, "/alerts/webhooks")["items"]
                 if w["name"] == name), None)


def test_an_alert_is_posted_and_signed(start, receive, tmp_path):
    receiver = receive()
    secret = secret_file(tmp_path / "secret")
    vspcd = start('web-url = "https://vspc.example.org"\n' +
                  section("ops", receiver, f'secret-file = "{secret}"',
                          "acknowledged = yes"))
    panic(vspcd)
    request = receiver.wait(1)[0]
    alert = wait_alert(vspcd, rule="panic")
    assert request.line == "POST / HTTP/1.1"
    assert request.json["event"] == request.fields["X-Vspcd-Event"] == "alert"
    assert request.json["alert"] == alert
    assert request.json["url"] == "https://vspc.example.org" + alert["link"]
    assert request.fields["Content-Type"] == "application/json"
    timestamp = request.fields["X-Vspcd-Timestamp"]
    assert abs(time.time() - int(timestamp)) < 600
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." +
                        request.body, hashlib.sha256).hexdigest()
    assert request.fields["X-Vspcd-Signature"] == "sha256=" + expected
    post(vspcd, f"/alerts/{alert['id']}/acknowledge", {"comment": "on it"})
    told = receiver.wait(2)[1]
    assert told.json["event"] == "alert-acknowledged"
    assert told.json["alert"]["comment"] == "on it"
    assert told.fields["X-Vspcd-Delivery"] != request.fields["X-Vspcd-Delivery"]
    eventually(lambda: state_of(vspcd, "ops")["sent"] == 2, "its count")
    assert SECRET not in vspcd.log


def test_who_wants_what(start, receive):
    some, slack, none = receive(), receive(), receive()
    vspcd = start(section("some", some, "severity = warning",
                          'consoles = {"web-*"}') +
                  section("slack", slack, "format = slack",
                          'rule = "panic"') +
                  section("none", none, 'consoles = {"db-*"}'))
    vm = vspcd.vm("web-01")
    vm.send(b"HINT\r\n")
    wait_alert(vspcd, rule="hint")
    vm.send(b"PANIC <a>\r\n")
    assert slack.wait(1)[0].json["text"].startswith(
        "*critical: panic on web-01*\n```HINT\nPANIC &lt;a&gt;\n")
    some.wait(1)
    eventually(lambda: state_of(vspcd, "some")["sent"] == 1, "its count")
    assert [r.json["alert"]["rule"] for r in some.requests] == ["panic"]
    assert not none.requests and len(slack.requests) == 1


def drip(sock, receiver):
    """A byte now and then: the whole answer would take some seconds."""
    for byte in OK:
        if receiver.ending.wait(0.2):
            return
        sock.sendall(bytes([byte]))


def test_what_fails_is_tried_again(start, receive):
    """No answer, a reset, an answer that drips, statuses: each is followed by
    another try, of the same delivery."""
    failures = {
        "cut": [lambda sock, _: reset(sock),
                lambda sock, _: sock.sendall(b"HTTP/1.1 2")],
        "busy": [answer(500), answer(408)],
        "slow": [drip, answer(429, "Retry-After: 1")],
    }
    receivers = {name: receive() for name in failures}
    for name, receiver in receivers.items():
        receiver.answers = failures[name]
    vspcd = start("".join(
        section(name, receiver, f"timeout = {1 if name == 'slow' else 60}")
        for name, receiver in receivers.items()))
    panic(vspcd)
    for name, receiver in receivers.items():
        requests = receiver.wait(3)
        assert len({r.fields["X-Vspcd-Delivery"] for r in requests}) == 1
        assert len({r.body for r in requests}) == 1
        eventually(lambda: state_of(vspcd, name)["sent"] == 1, "its delivery")
        state = state_of(vspcd, name)
        # A second may be too short for a good answer, too.
        retried = state.pop("retried")
        assert retried == 2 or name == "slow" and retried > 2
        assert state == {"name": name, "format": "json", "state": "ok",
                         "waiting": 0, "sent": 1, "given_up": 0, "dropped": 0}
        vspcd.wait_event(words.WEBHOOK_FAILS, webhook=name)
        vspcd.wait_event(words.WEBHOOK_ANSWERS, webhook=name)
        assert len(vspcd.events(words.WEBHOOK_FAILS, webhook=name)) == 1


def test_what_is_refused_is_given_up(start, receive):
    receiver, other = receive(), receive()
    receiver.answers = [answer(404), answer(302, "Location: " + other.url()),
                        OK]
    vspcd = start("alert-repeat-time = 0\n" + section("ops", receiver))
    vm = vspcd.vm("web-01")
    for count, status in enumerate((404, 302), 1):
        # A rule finds something once a second.
        eventually(lambda: [vm.send(b"PANIC\r\n"),
                            state_of(vspcd, "ops")["given_up"] >= count][1],
                   "a delivery that is given up")
        vspcd.wait_line(lambda line: words.WEBHOOK_GIVEN_UP in line and
                        str(status) in line, f"the line of {status}")
    assert not other.requests
    assert state_of(vspcd, "ops")["state"] == "ok"


def test_what_has_been_accepted_is_delivered(start, receive):
    """Whatever becomes of the rest of the answer."""
    def cut(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\nx")
        reset(sock)

    def endless(sock, receiver):
        sock.sendall(b"HTTP/1.1 204 OK\r\n\r\n")
        while not receiver.ending.is_set():
            sock.sendall(b"x" * 10000)

    def many_fields(sock, receiver):
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while not receiver.ending.is_set():
            sock.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")

    receiver = receive()
    receiver.answers = [cut, endless, many_fields]
    vspcd = start(section("ops", receiver))
    for count, name in enumerate(("web-01", "web-02", "web-03"), 1):
        panic(vspcd, name)
        eventually(lambda: state_of(vspcd, "ops")["sent"] == count,
                   "its delivery")
    assert state_of(vspcd, "ops")["retried"] == 0


def test_one_that_hangs_delays_nobody(start, receive):
    hangs, works = receive(), receive()
    hangs.answers = [lambda sock, receiver: receiver.ending.wait()] * 10
    vspcd = start(section("hangs", hangs, "timeout = 60") +
                  section("works", works))
    for count in range(1, 4):
        panic(vspcd, f"web-{count}")
        works.wait(count)
    assert state_of(vspcd, "hangs")["waiting"] == 3
    # Nor the end of vspcd.
    vspcd.stop()
    vspcd.wait_event(words.WEBHOOK_DROPPED_AT_END, count=3)


def test_nothing_goes_to_who_is_not_the_receiver(start, receive, certificates):
    good = receive(tls=server_context(certificates.server))
    wrong = receive(tls=server_context(certificates.stranger))
    ca = f'ca-file = "{certificates.ca}"'
    vspcd = start("".join(
        section(name, receiver.url().replace("127.0.0.1", "localhost"), ca)
        for name, receiver in (("good", good), ("wrong", wrong))) +
        section("system", good))
    panic(vspcd)
    good.wait(1)
    for name in ("wrong", "system"):
        failed = vspcd.wait_event(words.WEBHOOK_FAILS, webhook=name)
        assert "certificate" in failed["reason"]
    assert len(good.requests) == 1 and not wrong.requests


def test_a_test_says_what_came_back(start, receive, own_port):
    receiver = receive()
    receiver.answers = [OK, answer(403)]
    vspcd = start(section("ops", receiver, "severity = critical") +
                  section("away", f"http://127.0.0.1:{own_port}/"))
    result = post(vspcd, "/alerts/test", {"webhook": "ops"})
    assert result["delivered"] and result["status"] == 200
    assert receiver.requests[0].json["event"] == "test"
    result = post(vspcd, "/alerts/test", {"webhook": "ops"})
    assert not result["delivered"] and result["status"] == 403
    result = post(vspcd, "/alerts/test", {"webhook": "away"})
    assert not result["delivered"] and result["status"] is None
    assert "refused" in result["message"] or "connect" in result["message"]
    assert call(vspcd, "POST", "/alerts/test", {"webhook": "x"})[0] == 404


def test_a_reload_changes_them(start_vspcd, config, receive, tmp_path):  # noqa: F811
    first, second = receive(), receive()
    url = secret_file(tmp_path / "url", first.url("/a-long-secret-path"))
    path = config(RULE + f'alert-webhook "ops" {{ url-file = "{url}" }}')
    vspcd = start_vspcd("--config", path)
    vspcd.wait_event(words.ALERT_RULES)
    panic(vspcd)
    assert first.wait(1)[0].line == "POST /a-long-secret-path HTTP/1.1"
    secret_file(url, second.url("/another-secret-path"))
    hup(vspcd)
    panic(vspcd, "web-02")
    second.wait(1)
    path.write_text(path.read_text() + section(
        "new", "http://127.0.0.1/with-a-secret-path"))
    hup(vspcd)
    eventually(lambda: state_of(vspcd, "new"), "the new webhook")
    # A file that cannot be used changes nothing.
    url.chmod(0o644)
    at = len(vspcd.lines)
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.RELOAD_REFUSED, at=at)
    panic(vspcd, "web-03")
    second.wait(2)
    assert "secret-path" not in vspcd.log


@pytest.mark.parametrize("text, says", [
    ("", 'alert-webhook "a": expected url or url-file, and not both'),
    ('url = "http://a/" url-file = "/a"', "expected url or url-file"),
    ('url = "ftp://a/"', 'alert-webhook "a": url: is no URL that begins'),
    ('url = "https://u:p@a/"', "has a name or password in it"),
    ('url = "http://a/" format = xml', "format: 'xml' is not valid"),
    ('url = "http://a/" severity = bad', "severity: 'bad' is not valid"),
    ('url = "http://a/" consoles = {"["}', "consoles: "),
    ('url = "http://a/" timeout = 61', "timeout: "),
    ('url = "http://a/" format = pagerduty', "needs secret-file"),
    ('url = "http://a/" secret-file = secret', "begins with /"),
    ('url = "http://a/" secret-file = "/nonexistent"', "No such file"),
    ('url = "http://a/" ca-file = "/nonexistent"', "No such file"),
    ('url = "http://a/" proxy = "socks5://a"', "proxy: is no URL"),
    ('url = "http://a/" other = 1', "unknown setting 'other'"),
])
def test_what_is_wrong_is_said(config, text, says):  # noqa: F811
    result = run("--config", config(f'\nalert-webhook "a" {{ {text} }}'),
                 "--check-config")
    assert result.returncode == 1
    assert says in result.stderr and ":2: " in result.stderr


def test_names_are_given_once(config):  # noqa: F811
    text = 'alert-webhook "a" { url = "http://a/" }\n'
    result = run("--config", config(text * 2), "--check-config")
    assert "another webhook has this name" in result.stderr
    result = run("--config", config(text), "--check-config")
    assert result.returncode == 0, result.stderr
    result = run("--web-url", "x", "--check-config")
    assert "web-url: is no URL" in result.stderr
    for path in "vspcd", "#/", "?a":
        result = run("--web-url", f"https://a/{path}", "--check-config")
        assert "the page cannot be below a path" in result.stderr
    result = run("--web-url", "https://[::1]:8443/", "--check-config")
    assert result.returncode == 0, result.stderr
