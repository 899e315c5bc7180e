"""vspc: how it finds a server, what it makes of answers, what scripts get."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from harness.fake_api import VSPC, Answer, Cut, FakeApi, console, error, \
    run_vspc
from harness.net import eventually
from harness.programs import VERSION, clean_environment

WEB, WEB2, DB = console("web-01", 1), console("web-02", 2, "none"), \
    console("db", 3, "moving")


@pytest.fixture
def fake():
    server = FakeApi()
    yield server
    server.close()


@pytest.fixture
def three(fake):
    fake.serve(WEB, WEB2, DB)
    return fake


# Where the server is

def test_no_server_says_what_to_do(tmp_path):
    result = run_vspc("-s", f"unix:{tmp_path}/s", "list")
    assert result.returncode == 5
    assert result.stderr.splitlines() == [
        f"vspc: no server at {tmp_path}/s: is vspcd running?",
        "vspc: --server, VSPC_SERVER or a context names another server"]


def test_socket_without_a_server(tmp_path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "s"))
    result = run_vspc("-s", f"unix:{tmp_path}/s", "list")
    assert result.returncode == 5 and "is vspcd running?" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
@pytest.mark.parametrize("group, says", [
    (0, "it is for root alone"), (1, "are you in group daemon?")])
def test_socket_says_for_whom_it_is(fake, need, group, says):
    setpriv = need("setpriv", "util-linux")
    os.chmod(os.path.dirname(fake.socket), 0o755)
    os.chmod(fake.socket, 0o660)
    os.chown(fake.socket, 0, group)
    result = subprocess.run(
        [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", VSPC,
         "-s", fake.socket, "list"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    if "Permission denied" in result.stderr and not result.stderr.startswith(
            "vspc"):
        pytest.skip("nobody may run what was built here")
    assert result.returncode == 5
    assert says in result.stderr


def test_environment_and_contexts(three, tmp_path):
    env = {"XDG_CONFIG_HOME": str(tmp_path), "VSPC_SERVER": ""}
    assert run_vspc("context", "set", "lab", "--server", three.socket,
                    env=env).returncode == 0
    assert run_vspc("context", "set", "other", "--server", "/nowhere",
                    env=env).returncode == 0
    listed = run_vspc("context", "list", "-o", "jsonl", env=env).stdout
    assert [json.loads(line)["current"] for line in listed.splitlines()] == [
        True, False]
    assert run_vspc("list", env=env).returncode == 0
    assert run_vspc("list", "--context", "other", env=env).returncode == 5
    assert run_vspc("context", "use", "other", env=env).returncode == 0
    assert run_vspc("list", env=env).returncode == 5
    assert run_vspc("list", env=env | {
        "VSPC_SERVER": three.socket}).returncode == 0
    assert run_vspc("context", "delete", "other", env=env).returncode == 0
    result = run_vspc("list", "--context", "other", env=env)
    assert result.returncode == 2 and "no context other" in result.stderr


def test_token_goes_with_every_request(three, tmp_path):
    token = tmp_path / "token"
    token.write_text("vspc_abc\n")
    token.chmod(0o600)
    three.run("show", "web-0", "--token-file", token)
    assert len(three.requests) == 2
    assert {r.headers["Authorization"] for r in three.requests} == {
        "Bearer vspc_abc"}
    token.chmod(0o644)
    result = three.run("list", "--token-file", token)
    assert result.returncode == 2 and "chmod" in result.stderr
    three.run("list", env={"VSPC_TOKEN": "vspc_def"})
    assert three.requests[-1].headers["Authorization"] == "Bearer vspc_def"


# The connection

def test_one_connection_is_kept(three):
    assert three.run("show", "web-0").returncode == 3
    assert len(three.requests) == 2 and three.connections == 1


def test_kept_connection_that_is_gone_is_made_again(three):
    three.on("GET", "/consoles/web-0", Answer(
        error(404, "not-found").body, 404, headers={"Connection": "close"}))
    assert three.run("show", "web-0").returncode == 3
    assert three.connections == 2


def test_what_is_typed_is_not_typed_twice(three):
    def cut(request):
        raise Cut

    three.on("POST", "/consoles/.*/send", cut)
    result = three.run("send", "web-01", "reboot")
    assert result.returncode == 5 and "lost" in result.stderr
    assert "may have been done nevertheless" in result.stderr
    assert len(three.asked("POST", "/send")) == 1


def test_silent_server_is_a_time_out(fake):
    is_over = threading.Event()
    fake.on("GET", "/consoles", lambda request: is_over.wait() and Answer())
    result = fake.run("list", "--request-timeout", "1")
    is_over.set()
    assert result.returncode == 124 and "does not answer" in result.stderr


def test_what_is_no_http_is_told(tmp_path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "s"))
        s.listen()

        def greet():
            with s.accept()[0] as peer:
                peer.recv(10000)
                peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
                peer.recv(1)

        thread = threading.Thread(target=greet)
        thread.start()
        result = run_vspc("-s", tmp_path / "s", "list")
        thread.join()
    assert result.returncode == 5
    assert "does not answer as vspcd does" in result.stderr


MAJOR, MINOR = map(int, VERSION.split(".")[:2])


@pytest.mark.parametrize("version, is_told", [
    (VERSION, False), (f"{MAJOR}.{MINOR + 1}.9", False),
    (f"{MAJOR}.{MINOR + 2}.0", True), (f"{MAJOR + 1}.{MINOR}.0", True)])
def test_versions_far_apart_are_told_once(three, version, is_told):
    three.server = "vspcd/" + version
    result = three.run("show", "web-0")
    assert result.stderr.count(f"the server is vspcd {version}") == is_told


# Exit codes

@pytest.mark.parametrize("answer, code", [
    (error(401, "unauthenticated"), 4), (error(403, "forbidden"), 4),
    (error(409, "conflict"), 6), (error(409, "vm-disconnected"), 7),
    (error(429, "too-many"), 6), (error(409, "ambiguous"), 3),
    (error(500, "failed"), 1), (error(503, "unavailable"), 1),
    (error(400, "bad-request"), 1), (Answer(b"<html>", 502), 5),
    (Answer(b"<html>"), 1)])
def test_error_is_an_exit_code(three, answer, code):
    three.on("POST", "/consoles/.*/break", answer)
    result = three.run("break", "web-01")
    assert result.returncode == code and result.stderr.startswith("vspc: ")


def test_error_has_its_hint(three):
    three.on("POST", "/consoles/.*/break", error(
        403, "forbidden", "you may only read web-01", "ask an administrator"))
    result = three.run("break", "web-01")
    assert result.stderr.splitlines() == [
        "vspc: you may only read web-01", "vspc: ask an administrator"]
    result = three.run("-q", "break", "web-01")
    assert result.stderr.splitlines() == ["vspc: you may only read web-01"]
    three.on("POST", "/consoles/.*/break", error(
        404, "not-found", "no console", "GET /api/v1/consoles lists them"))
    assert three.run("break", "web-01").stderr == "vspc: no console\n"


@pytest.mark.parametrize("args", [
    ["sow"], ["show"], ["show", ""], ["show", "a", "b"], ["token"],
    ["list", "--nothing"],
    ["list", "-o", "xml"], ["break", "web-01", "--sysrq", "tt"], ["send", "x"],
    ["lock", "web-01", "--for", "soon"], ["logs", "web-01", "--grep", "("],
    ["list", "--color", "some"], ["-s", "ftp://x", "list"], ["kick", "alice"],
    ["send", "x", "--stdin", "text"], ["list", "--interval", "-1"], []])
def test_wrong_command_lines_are_told(args):
    result = run_vspc(*args)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr


def test_interrupt_is_130_to_a_shell(fake):
    is_over = threading.Event()
    asked = threading.Event()

    def wait(request):
        asked.set()
        is_over.wait()
        return Answer()

    fake.on("GET", "/consoles", wait)
    process = subprocess.Popen(
        ["/bin/sh", "-c", '"$@"; echo $?', "sh", VSPC, "-s", fake.socket,
         "list"], stdout=subprocess.PIPE, text=True, start_new_session=True,
        env=clean_environment(), preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.default_int_handler))
    assert asked.wait(60)
    children = subprocess.run(["pgrep", "-P", str(process.pid)],
                              stdout=subprocess.PIPE, text=True, check=True)
    os.kill(int(children.stdout), signal.SIGINT)
    assert process.communicate(timeout=60)[0].strip() == "130"
    is_over.set()


# Names

def test_scripts_have_whole_names_only(three):
    result = three.run("break", "d")
    assert result.returncode == 3
    assert not three.asked("POST", "/break")
    assert "there is no console d " in result.stderr


def test_near_names_are_suggested(three):
    result = three.run("show", "wev-01")
    assert result.returncode == 3
    assert "did you mean web-01 or web-02?" in result.stderr


def test_person_may_give_the_beginning(three, terminal):
    child = terminal(VSPC, "-s", three.socket, "show", "d")
    child.expect_exact("console db")
    assert b"moving" in child.read()
    child = terminal(VSPC, "-s", three.socket, "show", "web")
    child.expect_exact("did you mean web-01 or web-02?")


def test_slash_in_an_id_is_no_separator(three):
    assert three.run("show", WEB["id"]).returncode == 0
    assert three.requests[-1].path.endswith("%2Fs0")


# What is shown

def test_list_as_a_table(three):
    assert three.run("list").stdout.splitlines() == [
        "NAME    STATE       PORT  CLIENTS  IDLE",
        "web-01  connected  50001        1     -",
        "web-02  none       50002        2     -",
        "db      moving     50003        3     -"]
    assert three.run("ls", "--no-headers").stdout.splitlines()[0] == \
        "web-01  connected  50001  1  -"
    wide = three.run("list", "-o", "wide").stdout.splitlines()
    assert wide[0].split()[-1] == "ID" and wide[1].endswith(WEB["id"])


def test_list_for_programs(three):
    assert json.loads(three.run("list", "-o", "json").stdout)["total"] == 3
    lines = three.run("list", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == [
        "web-01", "web-02", "db"]
    assert three.run("list", "-o", "name").stdout == "web-01\nweb-02\ndb\n"


def test_filters_go_to_the_server(three):
    three.run("list", "w*b", "--state", "none", "--sort=-name", "--limit", 5)
    assert three.requests[0].query == {
        "fields": "id,name,state,port,clients,last_output", "match": "w*b",
        "state": "none", "sort": "-name", "limit": "5"}
    three.run("list", "-o", "json")
    assert three.requests[1].query == {}


def test_hidden_consoles_are_told(three):
    three.on("GET", "/consoles", Answer(
        {"items": [WEB], "total": 1, "hidden": 7}))
    result = three.run("list", "-o", "name")
    assert result.stdout == "web-01\n"
    assert result.stderr == "vspc: 7 more may not be read by you\n"
    assert three.run("list", "-q").stderr == ""


def test_controls_in_names_do_nothing(fake):
    fake.serve(console("a\x1b[31mb\u009bc\u202ed"))
    assert "a[31mbcd " in fake.run("list").stdout
    assert fake.run("list", "-o", "name").stdout == "a[31mbcd\n"


def test_table_fits_the_terminal(fake, terminal):
    fake.serve(console("x" * 300), console("東京" * 30, 2))
    child = terminal(VSPC, "-s", fake.socket, "list", dimensions=(24, 60),
                     encoding="utf-8", env=os.environ | {"NO_COLOR": "1"})
    lines = child.read().splitlines()
    assert max(len(line) for line in lines) == 60
    assert "x…" in lines[1] and "\x1b" not in "".join(lines)


@pytest.mark.parametrize("env, is_coloured", [
    ({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False),
    ({"TERM": "xterm", "NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals(three, terminal, env, is_coloured):
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR",)}
    child = terminal(VSPC, "-s", three.socket, "list", env=kept | env)
    assert (b"\x1b[" in child.read()) == is_coloured
    assert "\x1b[" not in three.run("list", env=env).stdout
    assert "\x1b[" in three.run("list", "--color=always").stdout


def test_reader_that_has_gone_ends_it_quietly(fake):
    fake.serve(*(console(f"vm-{n}", n) for n in range(5000)))
    process = subprocess.Popen(
        [VSPC, "-s", fake.socket, "list"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=clean_environment())
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == -signal.SIGPIPE


def test_full_disk_is_told(three):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = three.run("list", stdout=full)
    assert result.returncode == 1 and "No space left" in result.stderr


# Logs

def test_logs_choose_lines(three):
    three.on("GET", "/consoles/.*/log", Answer(
        pieces=[b"one\ntw", b"o panic\n", b"thr", b"ee\nlast panic"]))
    args = ["logs", "web-01", "--tail", "9", "--since", "10m"]
    assert three.run(*args).stdout == "one\ntwo panic\nthree\nlast panic"
    assert three.requests[-1].query == {
        "format": "text", "tail": "9", "since": "10m"}
    assert three.run(*args, "--grep", "^t.* p|last").stdout == \
        "two panic\nlast panic"
    three.run("logs", "web-01", "-tf")
    assert three.requests[-1].query == {"format": "timed", "follow": "true"}


def test_console_without_a_log_has_its_history(three):
    three.on("GET", "/consoles/.*/history", Answer(pieces=[b"login: "]))
    result = three.run("logs", "web-01")
    assert result.stdout == "login: " and "no console log" in result.stderr
    result = three.run("logs", "web-01", "--since", "10m")
    assert result.returncode == 1 and result.stdout == ""


def test_lines_come_as_they_are_printed(three):
    go_on = threading.Event()

    def pieces():
        yield b"first\n"
        go_on.wait()
        yield b"second\n"

    three.on("GET", "/consoles/.*/log", lambda r: Answer(pieces=pieces()))
    process = subprocess.Popen(
        [VSPC, "-s", three.socket, "logs", "-f", "web-01"],
        stdout=subprocess.PIPE, env=clean_environment())
    assert process.stdout.readline() == b"first\n"
    go_on.set()
    assert process.stdout.read() == b"second\n"
    assert process.wait(60) == 0
    process.stdout.close()


def test_log_that_is_cut_is_no_success(three):
    def pieces():
        yield b"first\n"
        raise Cut

    three.on("GET", "/consoles/.*/log", lambda r: Answer(pieces=pieces()))
    result = three.run("logs", "web-01")
    assert (result.returncode, result.stdout) == (5, "first\n")


# Typing

def typed(fake):
    return b"".join(r.body for r in fake.asked("POST", "/send"))


def test_words_are_typed_with_enter(three):
    three.on("POST", "/consoles/.*/send", Answer({}))
    assert three.run("send", "web-01", "echo", "ü", "--", "-x").returncode == 0
    request = three.requests[-1]
    assert request.body == "echo ü -x\r".encode()
    assert request.headers["Content-Type"] == "application/octet-stream"
    three.run("send", "-n", "web-01", "y")
    assert three.requests[-1].body == b"y"


@pytest.mark.parametrize("args, data, expected", [
    ([], b"a\nb\r\nc\r\n\n", b"a\rb\rc\r\r"),
    (["--raw"], b"a\nb\r\n\0\xff", b"a\nb\r\n\0\xff"),
    ([], b"x" * 4095 + b"\r\n" + b"y", b"x" * 4095 + b"\ry"),
])
def test_files_are_typed(three, tmp_path, args, data, expected):
    three.on("POST", "/consoles/.*/send", Answer({}))
    file = tmp_path / "file"
    file.write_bytes(data)
    assert three.run("send", "web-01", "--file", file, *args).returncode == 0
    assert typed(three) == expected
    three.requests.clear()
    assert three.run("send", "web-01", "--stdin", *args, text=False,
                     stdin=None, input=data).returncode == 0
    assert typed(three) == expected


def test_pace_makes_small_pieces(three):
    three.on("POST", "/consoles/.*/send", Answer({}))
    three.run("send", "web-01", "12345678901", "--pace", "3")
    sent = three.asked("POST", "/send")
    assert [r.body for r in sent] == [b"123456", b"78901\r"]
    assert {r.query["pace"] for r in sent} == {"3"}


def test_failure_says_how_much_was_typed(three, tmp_path):
    answers = [Answer({}), error(409, "vm-disconnected", "no VM")]
    three.on("POST", "/consoles/.*/send", lambda r: answers.pop(0))
    file = tmp_path / "file"
    file.write_bytes(b"x" * 9000)
    result = three.run("send", "web-01", "--file", file)
    assert result.returncode == 7
    assert "4096 bytes were typed before" in result.stderr


def test_many_need_a_yes(three, terminal):
    three.on("POST", "/consoles/.*/send", Answer({}))
    args = ["send", "*", "--all-matching", "halt"]
    result = three.run(*args)
    assert result.returncode == 2 and not typed(three)
    assert three.run(*args, "--yes").returncode == 0
    assert typed(three) == b"halt\r" * 3
    assert three.requests[0].query["state"] == "connected"
    three.requests.clear()
    child = terminal(VSPC, "-s", three.socket, *args)
    child.expect_exact("type to 3 consoles (web-01, web-02, db)? [y/N] ")
    child.sendline("n")
    child.expect_exact("nothing was typed")
    child = terminal(VSPC, "-s", three.socket, *args)
    child.expect_exact("[y/N] ")
    child.sendline("y")
    child.wait()
    assert typed(three) == b"halt\r" * 3


def test_file_is_typed_whole_to_each(three, tmp_path):
    three.on("POST", "/consoles/.*/send", Answer({}))
    file = tmp_path / "file"
    file.write_bytes(b"halt\n")
    three.run("send", "*", "--all-matching", "--yes", "--file", file)
    assert typed(three) == b"halt\r" * 3


def test_controls_in_a_question_do_nothing(fake, terminal):
    fake.serve(console("a\x1b[31mb\u009bc", 1))
    child = terminal(VSPC, "-s", fake.socket, "send", "*", "--all-matching",
                     "halt")
    child.expect_exact("type to 1 consoles (a[31mbc)? [y/N] ")


# Other verbs

@pytest.mark.parametrize("args, verb, end, body", [
    (["break", "web-01"], "POST", "/break", None),
    (["break", "web-01", "--sysrq", "t"], "POST", "/break", {"sysrq": "t"}),
    (["message", "web-01", "in", "5", "min"], "POST", "/message",
     {"text": "in 5 min"}),
    (["lock", "web-01", "--reason", "x", "--for", "2h"], "POST", "/lock",
     {"reason": "x", "seconds": 7200}),
    (["unlock", "web-01"], "POST", "/unlock", None),
    (["forget", "web-01"], "DELETE", "%2Fs0", None),
    (["kick", "17", "--reason", "x"], "DELETE", "/clients/17", None),
    (["token", "revoke", "ci"], "DELETE", "/tokens/ci", None),
    (["-q", "reload"], "POST", "/config/reload", None),
])
def test_verbs_are_requests(three, args, verb, end, body):
    three.on(verb, "/.*", Answer({"ok": True}))
    result = three.run(*args)
    assert (result.returncode, result.stderr) == (0, "")
    request = three.asked(verb, end)[-1]
    assert (json.loads(request.body) if request.body else None) == body


def test_person_is_kicked_by_name(three):
    three.on("GET", "/consoles/.*/clients", Answer({"items": [
        {"number": 4, "name": "alice"}, {"number": 5, "name": "bob"},
        {"number": 6, "name": "alice"}]}))
    three.on("DELETE", "/clients/.*", Answer({}))
    assert three.run("kick", "alice@web-01").returncode == 0
    assert [r.path.rpartition("/")[2] for r in three.requests
            if r.verb == "DELETE"] == ["4", "6"]
    assert three.run("kick", "carol@web-01").returncode == 1


def test_token_is_alone_on_standard_output(fake):
    fake.on("POST", "/tokens", Answer({"token": "vspc_secret", "name": "ci"}))
    result = fake.run("token", "create", "ci", "--may", "write", "--consoles",
                      "a*", "--expires", "1d")
    assert fake.requests[0].json == {"name": "ci", "may": "write",
                                     "consoles": "a*", "expires": 86400}
    assert result.stdout == "vspc_secret\n"
    assert "shown only now" in result.stderr


def test_reload_that_is_refused_is_1(fake):
    fake.on("POST", "/config/reload", error(
        409, "conflict", "nothing was changed: line 3"))
    result = fake.run("reload")
    assert result.returncode == 1 and "line 3" in result.stderr


def test_configuration_is_checked(fake, tmp_path):
    file = tmp_path / "new.conf"
    file.write_text("x = 1\n")
    fake.on("POST", "/config/check", Answer({
        "ok": False, "problems": [{"line": 1, "text": "no setting x"}],
        "warnings": [{"line": None, "text": "no rules"}], "changes": [
            {"name": "hold", "value": "2", "before": None,
             "needs_restart": False},
            {"name": "web", "value": None, "before": None,
             "needs_restart": True}]}))
    result = fake.run("config", "check", file)
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "error: no setting x", "warning: no rules", "hold: 2, was -",
        "web: changes with a restart of vspcd"]
    assert fake.requests[0].json == {"text": "x = 1\n"}
    fake.run("config", "check")
    assert fake.requests[1].body == b""


def test_what_was_done_is_told(three):
    three.on("POST", "/consoles/.*/message", Answer({"done": "2 were told"}))
    result = three.run("message", "web-01", "hello")
    assert (result.stdout, result.stderr) == ("", "vspc: 2 were told\n")
    assert three.run("-q", "message", "web-01", "hello").stderr == ""


def test_status_of_a_server_that_fails_is_1(fake):
    fake.on("GET", "/status", Answer({"health": {"state": "ok"}}))
    assert fake.run("status").returncode == 0
    fake.on("GET", "/status", Answer(
        {"health": {"state": "failing", "audit": "ok"}}))
    result = fake.run("status")
    assert result.returncode == 1
    assert re.search(r"health:\n  state: failing", result.stdout)
    assert fake.run("status", "-q").stdout == ""


def test_watch_in_a_pipe_shows_changes(three):
    lists = [[WEB, DB], [WEB, DB], [WEB | {"clients": 2}]]

    def answer(request):
        return Answer({"items": lists.pop(0)}) if lists else \
            error(503, "unavailable", "ends")

    three.on("GET", "/consoles", answer)
    result = three.run("list", "--watch", "-o", "jsonl", "--interval", "1")
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(c["name"], c["state"], c.get("clients")) for c in shown] == [
        ("web-01", "connected", 1), ("db", "moving", 3),
        ("web-01", "connected", 2), ("db", "gone", None)]


def test_watch_on_a_terminal_begins_at_the_top(three, terminal):
    lists = [[WEB], [WEB, DB]]
    three.on("GET", "/consoles", lambda r: Answer({"items": lists.pop(0)})
             if lists else error(503, "unavailable", "ends"))
    child = terminal(VSPC, "-s", three.socket, "list", "--watch",
                     "--interval", "1", "--color", "never")
    shown = child.read().split(b"\x1b[H\x1b[J")
    assert [b"db" in screen for screen in shown[1:]] == [False, True]


def test_events_go_on_where_they_were(fake):
    def first():
        yield b": hello\n\nid: e-1\nevent: vm-up\ndata: {\"a\": 1}\n\n"
        raise Cut

    streams = [lambda: first(),
               lambda: [b"id: e-2\ndata: {\"a\": 2}\n\n"]]
    fake.on("GET", "/events", lambda r: Answer(pieces=streams.pop(0)())
            if streams else error(403, "forbidden"))
    result = fake.run("events", "-f", "--kind", "vm-up", "--audit")
    assert result.stdout == '{"a": 1}\n{"a": 2}\n'
    assert result.returncode == 4
    assert fake.requests[0].query == {"kind": "vm-up", "audit": "true",
                                      "after": "0"}
    assert [r.headers["Last-Event-ID"] for r in fake.requests] == [
        None, "e-1", "e-2"]


# Help and completion

def test_every_verb_has_help_with_an_example():
    listed = run_vspc("--help").stdout
    verbs = [line.strip().split("  ")[0].split(",")[0]
             for line in listed.splitlines()
             if re.match(r"  [a-z]+( [a-z]+)?(, \w+)?(  |$)", line)]
    assert len(verbs) > 20 and "token create" in verbs
    for verb in verbs:
        result = run_vspc(*verb.split(), "--help")
        assert result.returncode == 0, verb
        assert "Examples:\n    " in result.stdout, verb
        assert run_vspc("help", *verb.split()).stdout == result.stdout


def completed(server, *words):
    return server.run("__complete", *words).stdout.splitlines()


@pytest.mark.parametrize("words, expected", [
    (["lo"], ["logs", "lock"]),
    (["token", ""], ["create", "list", "revoke"]),
    (["tok"], ["token"]),
    (["list", "--sta"], ["--state"]),
    (["list", "--state", ""], ["connected", "moving", "none"]),
    (["list", "--state", "=", "m"], ["moving"]),
    (["-q", "list", "-o", "j"], ["json", "jsonl"]),
    (["completion", "z"], ["zsh"]),
    (["help", "co"], ["config", "context", "completion"]),
    (["send", "web-01", "--file", ""], []),
    (["nothing", ""], []),
])
def test_words_are_completed(three, words, expected):
    assert completed(three, *words) == expected


def test_consoles_are_completed(three):
    def names(*words):
        return run_vspc("__complete", "-s", three.socket, *words)

    # Those that do not come within a moment are not offered.
    eventually(lambda: names("show", "w").stdout == "web-01\nweb-02\n",
               "names")
    assert names("show", "web-01", "").stdout == ""
    eventually(lambda: names("access", "explain", "alice", "").stdout ==
               "web-01\nweb-02\ndb\n", "names behind a person")


def test_completion_does_not_wait_for_a_server(fake, tmp_path):
    is_over = threading.Event()
    fake.on("GET", "/consoles", lambda request: is_over.wait() and Answer())
    result = run_vspc("__complete", "-s", fake.socket, "show", "")
    is_over.set()
    assert (result.returncode, result.stdout) == (0, "")
    result = run_vspc("__complete", "-s", tmp_path / "none", "show", "")
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("word, words", [
    ("w", "web\\ 01\nweb-2\nwe\\'b\\;reboot\n"), ("we'", "\n")])
def test_bash_completes(fake, word, words):
    """What a shell takes as the name, and does not carry out."""
    bash = shutil.which("bash") or pytest.skip("bash is not installed")
    fake.serve(console("web 01"), console("web-2", 2),
               console("we'b;reboot", 3), console("we'\x01;reboot", 4))
    script = (f"PATH={VSPC.parent}:$PATH; source <(vspc completion bash); "
              'COMP_WORDS=(vspc show "$1"); COMP_CWORD=2; _vspc; '
              "printf '%s\\n' \"${COMPREPLY[@]}\"")

    def completed_by_bash():
        return subprocess.run(
            [bash, "-c", script, bash, word], stdout=subprocess.PIPE, text=True,
            check=True, env=clean_environment({"VSPC_SERVER": fake.socket}),
            timeout=60).stdout

    eventually(lambda: completed_by_bash() == words, "the names")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_other_shells_are_read(shell):
    program = shutil.which(shell) or pytest.skip(f"{shell} is not installed")
    script = run_vspc("completion", shell).stdout
    subprocess.run([program, "-n", "/dev/stdin"], input=script, text=True,
                   check=True, timeout=60)
