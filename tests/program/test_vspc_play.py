"""vspc record and vspc play: what a server is asked, and what a terminal is
given of a recording."""

import json
import os
import signal

import pytest

from harness.fake_api import VSPC, Answer, FakeApi, console, error, \
    run_vspc
from harness.net import eventually
from harness.screen import Screen

WEB = console("web-01", 1)
ID = "20261130T140509.123Z-1a2b3c4d5e6f7a8b"
RECORDING = {
    "id": ID, "console": {"id": WEB["id"], "uuid": WEB["uuid"], "label": "s0",
                          "name": "web-01", "is_known": True},
    "started": "2026-11-30T14:05:09.123Z", "ended": None, "seconds": 61.5,
    "bytes": 2048, "reason": "demand", "by": "alice", "format": "v2",
    "has_input": False, "is_complete": True, "gaps": 0, "missing_bytes": 0,
    "parts": 1}
HEADER = '{"version":2,"width":80,"height":24}\n'


def cast_of(*events):
    return (HEADER + "".join(json.dumps(event) + "\n" for event in events)
            ).encode()


@pytest.fixture
def fake():
    server = FakeApi()
    server.serve(WEB)
    yield server
    server.close()


@pytest.fixture
def play(fake, terminal):
    """play(events, options...): a player's screen."""
    def begin(events, *options):
        fake.on("GET", f"/recordings/{ID}/cast", Answer(cast_of(*events)))
        return Screen(terminal(VSPC, "-s", f"unix:{fake.socket}", "play", ID,
                               *options, dimensions=(24, 80),
                               env=os.environ | {"TERM": "xterm"}))
    return begin


# record

def test_a_recording_begins_and_ends(fake):
    fake.on("POST", "/consoles/.*/record", Answer(
        {"done": "web-01 is recorded", "recording": RECORDING}))
    fake.on("POST", "/consoles/.*/record/stop", Answer(
        {"done": "web-01 is not recorded any more", "recording": RECORDING}))
    begun = fake.run("record", "web-01", "--input", "--for", "10m")
    assert (begun.returncode, begun.stdout) == (0, ID + "\n")
    assert begun.stderr == "vspc: web-01 is recorded\n"
    assert fake.asked("POST", "/record")[0].json == \
        {"input": True, "seconds": 600}
    ended = fake.run("record", "web-01", "--stop")
    assert (ended.returncode, ended.stdout) == (0, ID + "\n")


def test_what_a_server_refuses(fake):
    fake.on("POST", "/consoles/.*/record", error(403, "forbidden"))
    fake.on("POST", "/consoles/.*/record/stop", error(404, "not-found"))
    fake.on("GET", "/recordings/.*/cast", error(404, "not-found"))
    assert fake.run("record", "web-01").returncode == 4
    assert fake.run("record", "web-01", "--stop").returncode == 1
    assert fake.run("record", "nothing").returncode == 3
    assert fake.run("record", "get", ID).returncode == 1
    assert fake.run("play", ID).returncode == 1
    for arguments in (["web-01", "--stop", "--input"],
                      ["web-01", "--for", "soon"]):
        assert fake.run("record", *arguments).returncode == 2
    for arguments in (["--speed", "0"], ["--speed", "x"], ["--from", "-1"],
                      ["--idle-limit", "x"]):
        assert fake.run("play", ID, *arguments).returncode == 2
    assert fake.run("play", "").returncode == 2


def test_the_list_of_recordings(fake):
    fake.on("GET", "/recordings", Answer(
        {"items": [RECORDING], "total": 1, "hidden": 2, "unread": 3}))
    listed = fake.run("record", "list", "web-*", "--search", "panic",
                      "--reason", "demand", "--since", "1d", "--limit", "5")
    assert listed.stdout.splitlines()[1].split() == \
        [ID, "web-01", "61s", "2.0K", "demand", "alice", "-"]
    assert "3 more could not be read" in listed.stderr
    assert fake.requests[-1].query == {
        "match": "web-*", "search": "panic", "reason": "demand",
        "since": "1d", "limit": "5"}
    assert fake.run("record", "ls", "-o", "name").stdout == ID + "\n"


def test_a_recording_is_written_to_standard_output(fake):
    whole = cast_of([0.5, "o", "\x1b]0;t\x07x"])
    fake.on("GET", f"/recordings/{ID}/cast", Answer(whole))
    got = fake.run("record", "get", ID, text=False)
    assert got.stdout == whole and "format" not in fake.requests[-1].query
    fake.run("record", "get", ID, "--format", "v3")
    assert fake.requests[-1].query == {"format": "v3"}


def test_a_recording_is_deleted(fake):
    fake.on("DELETE", f"/recordings/{ID}", Answer(
        {"done": "a recording of web-01 was deleted", "recording": ID}))
    assert fake.run("record", "delete", ID).stderr == \
        "vspc: a recording of web-01 was deleted\n"


def test_completion_knows_the_verbs(fake):
    """A server that is late is not waited for; then somebody asks again."""
    def wait_offered(expected, *words):
        eventually(lambda: run_vspc("__complete", "-s", fake.socket, *words)
                   .stdout.split() == expected, f"{expected} for {words}")

    wait_offered(["list", "get", "delete", "web-01"], "record", "")
    wait_offered(["rule", "session", "demand"], "record", "ls", "--reason", "")
    wait_offered(["web-01"], "play", "we")


# play, without a terminal

def test_a_pipe_gets_all_output_at_once(fake):
    """And every byte of it, whatever it is for a terminal."""
    fake.on("GET", f"/recordings/{ID}/cast", Answer(cast_of(
        [0.5, "o", "\x1b[31mred\x1b]0;title\x07\x1b[6n\r\n"], [1, "i", "typed"],
        [2, "m", "marker"], [90000, "o", "last\u20ac"])))
    assert fake.run("play", ID, text=False).stdout == \
        "\x1b[31mred\x1b]0;title\x07\x1b[6n\r\nlast\u20ac".encode()
    assert fake.requests[-1].query == {"format": "v2"}
    assert fake.run("play", ID, "--from", "1m").stdout == "last\u20ac"


def test_what_is_no_event_is_passed_over(fake):
    fake.on("GET", f"/recordings/{ID}/cast", Answer(
        cast_of([0, "o", "a"]) + b"garbage\n\xff\n" +
        b'[1,"o","b"]\n[2,"o","torn'))
    assert fake.run("play", ID).stdout == "ab"


def test_the_newest_recording_of_a_console(fake):
    fake.on("GET", "/recordings", Answer(
        {"items": [RECORDING], "total": 7, "hidden": 0, "unread": 0}))
    fake.on("GET", f"/recordings/{ID}/cast", Answer(cast_of([0, "o", "a"])))
    assert fake.run("play", "web-01").stdout == "a"
    assert fake.asked("GET", "/recordings")[0].query == \
        {"console": "web-01", "limit": "1"}
    fake.on("GET", "/recordings", Answer(
        {"items": [], "total": 0, "hidden": 0, "unread": 0}))
    none = fake.run("play", "web-01")
    assert none.returncode == 3 and "there is no recording of web-01" in \
        none.stderr


# play, on a terminal

RESET = b"\x1b[?1049l\x1b[0m\x1b[r\x1b[?25h"


def test_a_terminal_gets_what_draws(play):
    screen = play([[0.01, "o", "\x1b[6n\x1b]0;title\x07\x1b]52;c;eA==\x07\x05"],
                   [0.02, "o", "\x1b[2J\x1b[5;10Hhere\x1b[31m!"],
                   [0.03, "i", "typed"], [0.04, "o", "\u009b6n\x1b[5i"]])
    screen.wait_end()
    assert screen.lines[4] == "         here!6n"
    for sequence in (b"\x1b[6n", b"\x1b]", b"\x05", b"\x1b[5i", b"typed",
                     b"\xc2\x9b"):
        assert sequence not in screen.received
    assert RESET in screen.received
    screen.child.wait()
    assert screen.child.exitstatus == 0


def test_speed_and_the_limit_of_pauses(play):
    """An hour, and an hour more, are over at once."""
    screen = play([[0, "o", "a"], [3600, "o", "b"], [7200, "o", "c"]],
                  "--speed", "100", "--idle-limit", "500ms")
    screen.wait_end()
    assert screen.lines[0] == "abc"


def test_it_begins_where_it_is_told_to(play):
    screen = play([[0, "o", "a"], [3600, "o", "b"], [9999, "o", "c"]],
                  "--from", "2h")
    screen.wait_text("ab")
    screen.type("q")
    screen.wait_end()
    assert screen.lines[0] == "ab"


def test_keys(play):
    screen = play([[0, "o", "a"], [100, "o", "b"], [101, "i", "x"],
                   [200, "o", "c"], [300, "m", "marker"],
                   [300, "o", "d"], [9999, "o", "e"]])
    screen.wait_text("a")
    screen.type(".")
    screen.wait_text("ab")
    screen.type(".")
    screen.wait_text("abc")
    screen.type("]")
    screen.type(".")
    screen.wait_text("abcd")
    screen.type("0")
    screen.wait(lambda: screen.text == "a", "the beginning")
    screen.type(20 * "\x1b[C")  # 100 s
    screen.wait_text("ab")
    screen.type(20 * "\x1bOD")
    screen.wait(lambda: screen.text == "a", "before it")
    screen.type(" ")  # goes on
    screen.type(20 * "\x1b[A")
    screen.wait_text("abcd")
    screen.type("q")
    screen.wait_end()


def test_ctrl_c_leaves(play):
    screen = play([[0, "o", "a"], [9999, "o", "b"]])
    screen.wait_text("a")
    screen.type("\x03")
    screen.wait_end()
    assert RESET in screen.received
    screen.child.wait()
    assert screen.child.exitstatus == 130


def test_a_signal_leaves_the_terminal_as_it_was(play):
    screen = play([[0, "o", "\x1b[?1049ha"], [9999, "o", "b"]])
    screen.wait_text("a")
    os.kill(screen.child.pid, signal.SIGTERM)
    screen.wait_end()
    assert RESET in screen.received
    screen.child.wait()
    assert screen.child.exitstatus == 128 + signal.SIGTERM
