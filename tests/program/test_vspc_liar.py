"""vspc attach with a server that does what vspcd does at a rare moment, or
never would."""

import subprocess

import pytest

from harness.fake_console import FakeConsole
from harness.net import TIMEOUT
from harness.programs import BUILD, clean_environment

pexpect = pytest.importorskip(
    "pexpect", reason="python3-pexpect is not installed")

ESCAPES = "\x1b]0;title\x07\x1b[31m\x9b31m\u202e\r\n"


@pytest.fixture
def attach(tmp_path):
    """attach(play, ...): what vspc attach prints, says, and ends with, at a
    FakeConsole."""
    made = []

    def run(play, *options, typed=b"", **how):
        made.append(FakeConsole(str(tmp_path), play, **how))
        result = subprocess.run(
            [BUILD / "vspc", "-s", "unix:" + made[-1].socket, "attach",
             "web-01", *options], input=typed, capture_output=True,
            check=False, timeout=2 * TIMEOUT, env=clean_environment())
        return result.stdout, result.stderr.decode(), result.returncode
    yield run
    for one in made:
        one.close()


def test_without_a_connection_silence_is_no_end(attach):
    """Of a pipe that has typed all, and waits for the answer."""
    def play(connection, number):
        connection.hello(is_resumed=number > 0,
                         input_position=7 if number > 0 else 0)
        connection.wait_typed(7 if number == 0 else 0)
        connection.say("pong", input_position=7)
        if number > 0:
            connection.print(b"up 3 days")
            connection.wait_gone()

    out, _, status = attach(
        play, typed=b"uptime\n",
        refuses=lambda number: b"" if number in (1, 2, 3) else None)
    assert (out, status) == (b"up 3 days", 0)


def test_a_proxy_that_does_not_reach_vspcd(attach):
    """For the moment: while it is restarted."""
    page = b"<html>Bad gateway"

    def play(connection, number):
        connection.hello(is_resumed=number > 0)
        connection.print(b"%d" % number)
        if number > 0:
            connection.disconnect("by somebody")

    out, words, status = attach(
        play, "--read-only",
        refuses=lambda number: None if number != 1 else
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s"
        % (len(page), page))
    assert (out, status) == (b"02", 1)
    assert words.endswith("vspc: by somebody\n")


def test_words_do_nothing_to_a_terminal(attach):
    def play(connection, _):
        connection.hello(you={"name": ESCAPES, "right": ESCAPES})
        connection.say("notice", text=ESCAPES)
        connection.say("error", text=ESCAPES)
        connection.say("lock", by=ESCAPES, reason=ESCAPES)
        connection.say("right", right=ESCAPES)
        connection.print(b"after")
        connection.disconnect(ESCAPES)

    out, words, status = attach(play, "--read-only")
    assert (out, status) == (b"after", 1)
    assert len(words.splitlines()) == 5
    assert not any(character in words for character in "\x1b\x07\x9b\u202e\r")


@pytest.mark.parametrize("text", [
    "[1", '"x"', "[" * 60000, '{"type": 1}', '{"type": "hello"}',
    '{"type": "gap", "bytes": -5, "to": -7}',
    '{"type": "place", "epoch": "%s", "position": -1, "is_live": true}' %
    ("x" * 300),
    '{"type": "input", "position": 9223372036854775807}'])
def test_texts_that_mean_nothing(attach, text):
    def play(connection, _):
        connection.hello()
        connection.say_text(text)
        connection.print(b"after")
        connection.disconnect("over")

    out, words, status = attach(play, "--read-only")
    assert (out, status) == (b"after", 1)
    assert words.endswith("vspc: over\n")


def test_a_server_that_is_stuck_gets_no_flood_of_questions(attach):
    """Which would come all at once later: too many commands."""
    def play(connection, _):
        connection.hello()
        connection.wait_typed(7)
        for number in range(1, 6):
            connection.print(b"%d" % number)
            connection.wait_texts("ack", number)
        pings = len(connection.wait_texts("ping", 1))
        connection.disconnect(f"{pings} ping")

    out, words, _ = attach(play, typed=b"uptime\n")
    assert (out, words) == (b"12345", "vspc: 1 ping\n")


def test_a_window_that_is_dragged_is_no_flood(tmp_path):
    """One size is under way, and the last one is told."""
    def play(connection, _):
        connection.hello()
        connection.wait_typed(5)
        connection.say("notice", text=f"{len(connection.find('window'))} told")
        pongs = 0
        while connection.find("window")[-1] != {"rows": 34, "columns": 90}:
            pongs += 1
            connection.wait_texts("ping", pongs)
            connection.say("pong")
        connection.disconnect("the last one, too")

    server = FakeConsole(str(tmp_path), play)
    child = pexpect.spawn(
        str(BUILD / "vspc"), ["-s", "unix:" + server.socket, "attach",
                              "web-01"], timeout=TIMEOUT, dimensions=(24, 80))
    try:
        child.expect_exact(b"leaves")
        for rows in range(30, 35):
            child.setwinsize(rows, 90)
            child.send(b"k")
        child.expect_exact(b"[vspc: 1 told]")
        child.expect_exact(b"the last one, too")
    finally:
        child.close(force=True)
        server.close()


def test_an_answer_that_never_begins(attach):
    _, words, status = attach(
        None, "--request-timeout", "1", endlessly=True,
        refuses=lambda _: b"HTTP/1.1 100 Continue\r\n\r\n")
    assert status == 5 and "does not answer in time" in words
