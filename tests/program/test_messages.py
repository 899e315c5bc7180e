"""Where the program's own messages go, and that they harm nobody there."""

import contextlib
import json
import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile

import pytest

from harness import words
from harness.net import TIMEOUT, dial, eventually
from harness.programs import BUILD, clean_environment, fields_of, message_of
from harness.service import (Deaf, Inbox, StreamSyslog, journal_fields,
                             journal_stream_of)
from harness.vm import Vm, new_uuid
from test_config import config  # noqa: F401 (a fixture)

LIST_COUNT = 2000


@pytest.fixture
def sockets():
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="vspcd-s-") as folder:
        yield pathlib.Path(folder)


@pytest.fixture
def inbox(sockets):
    """inbox(name): a socket there that is read."""
    made = []

    def make(name="log"):
        made.append(Inbox(sockets / name))
        return made[-1]

    yield make
    for one in made:
        one.close()


def has(text):
    return lambda message: text in message


@pytest.fixture
def start_quietly(start_program):
    """start_quietly(*options): a vspcd whose messages go elsewhere."""
    def start(*args, env=None):
        return start_program([BUILD / "vspcd", "--proxy-port", 0,
                              "--proxy-iface", "127.0.0.1", *args], env=env)
    return start


def test_json_is_valid_whatever_a_vm_is_called(start_vspcd, config):
    vspcd = start_vspcd("--config", config(""))
    config("messages-format = json")
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_log("need-restart")
    begin = len(vspcd.lines)
    names = ['say "hi"', "back\\slash", "b\u00fcro", 'x","level":"y',
             "a=b console=c", "007", "none", "{}", "tab\there"]
    for name in names:
        vspcd.new_vm(name).identify()
    eventually(lambda: sum(words.VM_CONNECTED in line
                           for line in vspcd.lines) == len(names), "all VMs")
    lines = [json.loads(line) for line in vspcd.lines[begin:]]
    assert [line["console"] for line in lines
            if line["message"] == words.VM_CONNECTED] == [
                name.replace("\t", "") for name in names]
    for line in lines:
        assert line["time"].endswith("Z") and line["level"] == "info", line
        if line["message"] == words.VM_CONNECTED:
            assert isinstance(line["port"], int) and line["tls"] is False


def test_level_hides_what_is_less_important(start_quietly, config, tmp_path):
    """Its pidfile says that it is ready, the log does not."""
    pidfile = tmp_path / "pid"
    vspcd = start_quietly("--config", config("messages-level = error"),
                          "--pidfile", pidfile)
    eventually(lambda: pidfile.exists() and pidfile.read_text(), "the pidfile")
    config("messages-level = info")
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_log("setting=messages-level")
    assert words.READY not in vspcd.log


def test_stdout_is_vspc_pys_word_for_it(start_vspcd):
    start_vspcd("--stdout", log="stdout")
    start_vspcd("--messages-to", "stdout", log="stdout")


def test_stderr_of_a_unit_has_levels_and_no_times(start_program, tmp_path):
    path = tmp_path / "stderr"
    with open(path, "wb") as log:
        stream = journal_stream_of(log.fileno())
        program = start_program(
            ["sh", "-c", 'exec "$@" 2>>' + str(path), "sh", BUILD / "vspcd",
             "--proxy-port", 0, "--proxy-iface", "127.0.0.1"],
            env={"JOURNAL_STREAM": stream})
        eventually(lambda: words.READY in path.read_text(), "a line")
    program.stop()
    lines = path.read_text().splitlines()
    assert any(line.startswith(f"<6>{words.READY} ") for line in lines), lines
    assert all(line.startswith("<4>" if words.RUNS_AS_ROOT in line else "<6>")
               for line in lines), lines


def test_syslog(start_quietly, inbox):
    log = inbox()
    program = start_quietly("--messages-to", f"syslog:{log.address}")
    _, line = log.wait(has(words.READY))
    head, rest = line.split(f" vspcd[{program.pid}]: ")
    assert head.startswith("<30>") and rest.startswith(words.READY)
    assert len(head) == len("<30>Jan 31 23:59:59")
    program.stop()
    log.wait(has(words.STOPPING))
    assert program.log == ""


def test_syslog_in_json(start_quietly, inbox):
    log = inbox()
    start_quietly("--messages-to", f"syslog:{log.address}",
                  "--messages-format", "json")
    _, line = log.wait(has(words.READY))
    assert json.loads(line.split("]: ", 1)[1])["level"] == "info"


def test_syslog_on_a_stream(start_quietly, sockets):
    log = StreamSyslog(sockets / "log")
    start_quietly("--messages-to", f"syslog:{sockets / 'log'}")
    log.read_record(words.READY)
    log.close()


def test_syslog_comes_later_and_is_started_anew(start_quietly, inbox, sockets):
    program = start_quietly("--messages-to", f"syslog:{sockets / 'log'}")
    program.wait_log("messages cannot be sent to .*No such file")
    log = inbox()
    log.wait(has(words.READY))
    log.close()
    program.process.send_signal(signal.SIGUSR1)
    log = inbox()
    log.wait(has(words.TOTALS + " count=0"))
    program.stop()


def test_the_journal_has_fields(start_quietly, inbox):
    log = inbox()
    program = start_quietly("--messages-to", f"journal:{log.address}")
    _, message = log.wait(has(words.READY))
    fields = journal_fields(message)
    assert fields["PRIORITY"] == "6"
    assert fields["SYSLOG_IDENTIFIER"] == "vspcd"
    assert fields["MESSAGE"].startswith(words.READY)
    assert fields["PROXY"] in fields["MESSAGE"]
    program.stop()


def test_a_reload_moves_them(start_quietly, inbox, config):
    first, second = inbox("first"), inbox("second")
    program = start_quietly("--config", config(
        f'messages-to = "syslog:{first.address}"'))
    first.wait(has(words.READY))
    config(f'messages-to = "syslog:{second.address}"\n'
           "messages-format = json\nmessages-level = debug\n")
    program.process.send_signal(signal.SIGHUP)
    _, line = second.wait(has(words.RELOAD_SETTING))
    assert json.loads(line.split("]: ", 1)[1])["setting"] == "messages-to"
    assert len(first.messages) == sum(
        any(word in m for word in (words.READY, words.API_OPENED,
                                   words.TLS_CERTIFICATE,
                                   words.RUNS_AS_ROOT, "state "))
        for m in first.messages)


@pytest.mark.parametrize("place", ["nowhere", "syslog:relative", "stderr:/x",
                                   "journal:", "syslog:/" + "x" * 200])
def test_a_place_that_is_none_is_said(start_quietly, place):
    program = start_quietly("--messages-to", place)
    program.good_exits = (2,)
    assert program.wait_exit() == 2
    assert "--messages-to: the place is not valid: expected" in program.log


def test_a_stopped_syslog_harms_nobody(start_vspcd, sockets, config):
    """And what it does not take is counted, to the line."""
    rounds = 150
    vspcd = start_vspcd("--config", config(""), consoles=10)
    vms = [vspcd.vm(f"web-{n}") for n in range(6)]
    clients = rounds * len(vms)
    deaf = Deaf(sockets / "log")
    config(f'messages-to = "syslog:{sockets / "log"}"')
    vspcd.process.send_signal(signal.SIGHUP)
    while words.TLS_RELOADED not in deaf.read():
        pass
    assert words.TLS_CERTIFICATE in deaf.read()
    for _ in range(rounds):
        for vm in vms:
            with dial(vspcd.console_address(vm.port)) as client:
                client.sendall(b"x")
    with dial(vspcd.console_address(vms[0].port)) as client:
        client.sendall(b"x" * 100)
        vms[0].read_exactly(rounds + 100)
        vspcd.wait_idle()
    told = lost = 0
    while told + lost < 2 * clients + 2:
        line = deaf.read()
        told += "]: client " in line
        if words.LINES_LOST in line:
            lost += int(fields_of(line)["count"])
    deaf.close()
    assert told + lost == 2 * clients + 2
    assert lost > 0


@pytest.fixture
def many_consoles(tmp_path, start_vspcd):
    """A state file with LIST_COUNT consoles."""
    path = tmp_path / "state.db"
    vspcd = start_vspcd("--file", path)
    vspcd.stop()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executemany(
            "INSERT INTO consoles (uuid, label, name, first_seen, last_seen,"
            " address) VALUES (?, 'com1', ?, 1, 1, '')",
            [(new_uuid(), f"vm-{n}") for n in range(LIST_COUNT)])
        database.commit()
    return path


def test_all_consoles_are_listed_to_a_slow_reader(start_process, many_consoles):
    """It reads nothing at first, and nobody waits for it."""
    process = start_process(
        [BUILD / "vspcd", "--proxy-port", 0, "--proxy-iface", "127.0.0.1",
         "--no-vm-ports", "--file", many_consoles], stdout=None,
        stderr=subprocess.PIPE, env=clean_environment())
    lines = iter(process.stderr.readline, b"")
    ready = next(line for line in lines if words.READY.encode() in line)
    port = int(re.search(rb"proxy=\S+?:(\d+)", ready)[1])
    assert b"consoles=%d " % LIST_COUNT in next(
        line for line in lines if words.STATE_LOADED.encode() in line)
    process.send_signal(signal.SIGUSR1)
    for _ in range(3):  # the pipe is full, and VMs are served
        with contextlib.closing(Vm(("127.0.0.1", port), "busy")) as vm:
            vm.identify()
    process.send_signal(signal.SIGUSR1)  # one that is under way goes on
    listed = set()
    while len(listed) < LIST_COUNT:
        line = next(lines).decode().rstrip("\n")
        assert "lost" not in line
        if message_of(line) == words.CONSOLE_LISTED:
            listed.add(fields_of(line)["console"])
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(TIMEOUT) == 0
    process.stderr.close()


def test_closed_descriptors(start_program, inbox):
    """Messages to stderr go nowhere then, and to syslog as ever."""
    log = inbox()
    program = start_program(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", BUILD / "vspcd",
         "--proxy-port", 0, "--proxy-iface", "127.0.0.1",
         "--messages-to", f"syslog:{log.address}"])
    log.wait(has(words.READY))
    program.stop()
