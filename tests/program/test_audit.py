"""The audit log: every event is in its file, numbered, whatever the disk does
and whoever touches the file; and nothing that people type is."""

import json
import os
import re
import resource
import signal
import subprocess

import pytest

from harness import wire, words
from harness.clients import TelnetClient
from harness.net import PortBlock, eventually
from harness.programs import BUILD, clean_environment, is_sanitized
from harness.service import Inbox, journal_fields
from test_messages import sockets  # noqa: F401 (a fixture)

MEMORY = 64 * 1024 * 1024
REFUSED = b"[vspcd: no new clients are served at present; try again later]\r\n"


@pytest.fixture
def path(tmp_path):
    (tmp_path / "audit").mkdir()
    return tmp_path / "audit" / "audit.log"


@pytest.fixture
def start(start_vspcd, path):
    """start(*options): a vspcd that writes its audit log to path."""
    def begin(*args, **options):
        return start_vspcd("--audit-log", path, "--backend", "Memory", *args,
                           **options)
    return begin


def events_of(path, event=None, **fields):
    """The whole lines of an audit log, or those with this event."""
    lines = path.read_bytes().decode().split("\n")
    events = [json.loads(line) for line in lines[:-1]]
    return [has for has in events if event in (None, has["event"]) and all(
        has.get(key) == value for key, value in fields.items())]


def wait_event(path, event, **fields):
    return eventually(lambda: path.exists() and
                      events_of(path, event, **fields),
                      f"{event} in {path.name}")[0]


def verify(*paths):
    """vspcd --verify-audit of what is in the files; (exit status, output)."""
    content = b"".join(path.read_bytes() for path in paths)
    result = subprocess.run(
        [BUILD / "vspcd", "--verify-audit", "-"], input=content,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment(), timeout=30, check=False)
    return result.returncode, result.stdout.decode()


def menu_client(vspcd, port):
    """A client with the list before it, in lines."""
    client = vspcd.keep(TelnetClient((vspcd.iface, port)))
    client.wait(lambda: re.search(b"login: |web", client.data), "the menu")
    if b"login: " in client.data:
        client.send(b"\r\n")  # as nobody
    client.read_until(b"web")
    return client


def reload(vspcd):
    vspcd.process.send_signal(signal.SIGHUP)


def limit_files(vspcd, size):
    """A full disk, for the files of this process; size None: as before."""
    if size is None:
        size = resource.RLIM_INFINITY
    _, hard = resource.prlimit(vspcd.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(vspcd.pid, resource.RLIMIT_FSIZE, (size, hard))


def refused(*args):
    """What a vspcd says that does not start."""
    result = subprocess.run(
        [BUILD / "vspcd", "--proxy-port", "0", "--proxy-iface", "127.0.0.1",
         "--backend", "Memory", *map(str, args)], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=clean_environment(), timeout=30,
        check=False)
    assert result.returncode == 2, result.stdout
    return result.stdout.decode()


# ---- what is in it ----------------------------------------------------------

def test_who_had_which_console(start, path):
    vspcd = start("--messages-level", "info")
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send(b"hunter2 is typed")
    vm.read_until(b"typed")
    vm.send(b"a secret is shown")
    client.read_until(b"shown")
    client.close()
    wait_event(path, words.CLIENT_DISCONNECTED, peer=client.address)
    vm.close()
    wait_event(path, words.VM_DISCONNECTED, peer=vm.address)
    vspcd.stop()
    events = events_of(path)
    assert [has["n"] for has in events] == list(range(1, len(events) + 1))
    names = [has["event"] for has in events]
    assert names[0] == words.AUDIT_OPENED
    assert names[1] == words.READY
    assert names[-2:] == [words.STOPPING, words.AUDIT_CLOSED]
    assert names.index(words.VM_CONNECTED) < names.index(
        words.CLIENT_CONNECTED) < names.index(
            words.CLIENT_DISCONNECTED) < names.index(words.VM_DISCONNECTED)
    text = path.read_text()
    assert "hunter2" not in text and "a secret" not in text
    assert verify(path) == (0, verify(path)[1])
    assert path.stat().st_mode & 0o777 == 0o640


def test_attach_and_detach_can_be_joined(start, path):
    vspcd = start()
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send(b"12345")
    vm.read_until(b"12345")
    vm.send(b"123")
    client.read_until(b"123")
    vspcd.stop()  # ends it
    attached, = events_of(path, words.CLIENT_CONNECTED)
    detached, = events_of(path, words.CLIENT_DISCONNECTED)
    same = ("number", "console", "id", "peer", "principal")
    assert {key: attached[key] for key in same} == \
        {key: detached[key] for key in same}
    assert attached["console"] == "web" and attached["tls"] is False
    assert attached["id"].endswith("/vSPC.py") and attached["number"] == 1
    assert {"door", "proof", "right"} <= set(attached)
    assert detached["input-bytes"] == 5
    assert detached["output-bytes"] == 3
    assert isinstance(detached["seconds"], int)
    assert detached["n"] > attached["n"]


def test_each_stay_from_the_menu_has_its_own_bytes(start, path):
    ports = PortBlock(1)
    port = ports.take()
    vspcd = start("--menu-port", port)
    vm = vspcd.vm("web")
    client = menu_client(vspcd, port)
    for turn, typed in enumerate((b"12345\r", b"1\r"), start=1):
        client.send(b"1\r\n")
        client.read_until(b"opened")
        client.send(typed + b"~.")
        vm.read_until(typed[:-1])
        eventually(lambda: len(events_of(
            path, words.CLIENT_DISCONNECTED)) == turn, "the list again")
    ports.close()
    attached = events_of(path, words.CLIENT_CONNECTED, door="menu")
    detached = events_of(path, words.CLIENT_DISCONNECTED)
    assert len({has["number"] for has in attached + detached}) == 1
    assert [has["input-bytes"] for has in detached] == [6, 2]


def test_a_break_is_an_event(start, path):
    vspcd = start()
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send_wire(wire.command(wire.BRK))
    has = wait_event(path, words.CLIENT_BREAK, peer=client.address)
    assert has["console"] == "web" and has["number"] == 1
    assert has["principal"]


def test_a_flood_of_breaks_is_one_event_a_read(start, path):
    vspcd = start()
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    with vspcd.asleep():
        client.send_wire(wire.command(wire.BRK) * 50)
    vm.wait(lambda: vm.commands.count(wire.BRK) == 50, "all breaks")
    client.send_wire(wire.command(wire.BRK))
    eventually(lambda: len(events_of(path, words.CLIENT_BREAK)) == 2,
               "an event for each read")


def test_new_settings_are_told_with_the_former_ones(start, path, tmp_path):
    config = tmp_path / "vspcd.conf"
    config.write_text('move-timeout = 7\nclient-allow = {"127.0.0.0/8"}\n'
                      'access "a" { write = {"anybody"} }\n'
                      'access "*" { read = {"anybody"} }\n')
    vspcd = start("--config", config)
    names = ", ".join(f'"name-{n:03}"' for n in range(100))
    config.write_text('move-timeout = 8\nclient-allow = {"127.0.0.0/8", "::1"}'
                      '\nproxy-port = 1\n'
                      'access "b" { write = {%s} }\n'
                      'access "*" { read = {"anybody"} }\n' % names)
    reload(vspcd)
    wait_event(path, words.RELOADED)
    has, = events_of(path, words.RELOAD_SETTING, setting="move-timeout")
    assert (has["value"], has["before"]) == ("8", "7")
    has, = events_of(path, words.RELOAD_SETTING, setting="client-allow")
    assert "::1" in has["value"] and "::1" not in has["before"]
    gone, = events_of(path, words.RELOAD_SECTION_REMOVED)
    assert gone["section"].startswith('access "a" {')
    assert gone["place"] == 1 and gone["part"] == 1
    parts = events_of(path, words.RELOAD_SECTION_ADDED)
    assert [has["part"] for has in parts] == list(range(1, len(parts) + 1))
    section = "".join(has["section"] for has in parts)
    assert section.startswith('access "b" {') and names in section
    has, = events_of(path, words.RELOAD_SECTIONS)
    assert (has["kind"], has["added"], has["removed"], has["unlisted"]) == (
        "access", 1, 1, 0)
    restart = events_of(path, words.RELOAD_RESTART)
    assert not restart  # the command line has the port


def test_a_reload_that_is_refused_is_an_event(start, path, tmp_path):
    config = tmp_path / "vspcd.conf"
    config.write_text("")
    vspcd = start("--config", config)
    config.write_text("move-timeout = never\n")
    reload(vspcd)
    wait_event(path, words.RELOAD_REFUSED)


def test_fields_are_those_of_the_log(start, path):
    vspcd = start()
    vspcd.vm('say "hi" } \\')
    has = wait_event(path, words.VM_CONNECTED)
    line = vspcd.wait_event(words.VM_CONNECTED)
    assert has["v"] == 1 and re.fullmatch(r"[0-9a-f]{16}", has["prev"])
    assert {key: str(value) for key, value in has.items()
            if key not in ("v", "n", "prev", "time", "level", "event",
                           "tls")} | {"tls": "no"} == line
    assert has["time"].endswith("Z") and has["level"] == "info"


def test_the_level_of_the_log_hides_no_event(start_program, path):
    vspcd = start_program(
        [BUILD / "vspcd", "--proxy-port", 0, "--proxy-iface", "127.0.0.1",
         "--backend", "Memory", "--messages-level", "error",
         "--audit-log", path])
    wait_event(path, words.READY)
    assert vspcd.log == ""


def test_the_journal_has_the_numbers(start_program, path, sockets):  # noqa: F811
    log = Inbox(sockets / "journal")
    start_program(
        [BUILD / "vspcd", "--proxy-port", 0, "--proxy-iface", "127.0.0.1",
         "--backend", "Memory", "--audit-log", path,
         "--messages-to", f"journal:{log.address}"])
    _, record = log.wait(lambda text: f"MESSAGE={words.READY}" in text)
    fields = journal_fields(record)
    log.close()
    assert re.fullmatch(r"[0-9a-f]{32}", fields["MESSAGE_ID"])
    has = wait_event(path, words.READY)
    assert fields["AUDIT_NUMBER"] == str(has["n"])


# ---- rotation and restarts --------------------------------------------------

def test_a_renamed_file_is_left_at_sighup(start, path):
    vspcd = start()
    former = path.with_name("audit.log.1")
    path.rename(former)
    vspcd.vm("before")
    wait_event(former, words.VM_CONNECTED, console="before")
    reload(vspcd)
    wait_event(path, words.AUDIT_REOPENED)
    vspcd.vm("after")
    wait_event(path, words.VM_CONNECTED, console="after")
    vspcd.stop()
    assert not events_of(path, words.VM_CONNECTED, console="before")
    assert not events_of(former, words.VM_CONNECTED, console="after")
    status, said = verify(former, path)
    assert status == 0, said


def test_without_a_new_file_sighup_changes_nothing(start, path):
    vspcd = start()
    reload(vspcd)
    vspcd.wait_event(words.RELOADED)
    vspcd.vm("web")
    wait_event(path, words.VM_CONNECTED)
    assert not events_of(path, words.AUDIT_REOPENED)


def test_a_file_that_cannot_be_opened_costs_no_event(start, path):
    vspcd = start()
    former = path.with_name("audit.log.1")
    path.rename(former)
    path.symlink_to("/dev/null")
    reload(vspcd)
    vspcd.wait_event(words.AUDIT_NOT_REOPENED,
                     reason=f"{path}: it is a symbolic link")
    vspcd.vm("web")
    wait_event(former, words.VM_CONNECTED)
    path.unlink()
    wait_event(path, words.AUDIT_REOPENED)
    vspcd.stop()
    status, said = verify(former, path)
    assert status == 0, said


def test_a_deleted_file_is_told_and_replaced(start, path):
    vspcd = start()
    wait_event(path, words.READY)
    path.unlink()
    vspcd.vm("web")
    vspcd.wait_event(words.AUDIT_DELETED)
    has = wait_event(path, words.AUDIT_REOPENED)
    assert has["n"] > 3


def test_numbers_go_on_over_restarts(start, path):
    for _ in range(3):
        start().stop()
    status, said = verify(path)
    assert status == 0, said
    opened = events_of(path, words.AUDIT_OPENED)
    assert len(opened) == 3
    assert all(has["torn"] is False for has in opened)


def test_a_killed_vspcd_leaves_a_log_that_is_continued(start, path):
    vspcd = start()
    vspcd.vm("web")
    wait_event(path, words.VM_CONNECTED)
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)
    os.truncate(path, path.stat().st_size - 5)
    count = len(events_of(path))
    vspcd = start()
    vspcd.wait_event(words.AUDIT_OPENED, torn="yes")
    vspcd.stop()
    lines = path.read_text().splitlines()
    path.with_name("torn").write_text("\n".join(lines[:count + 1]))
    status, said = verify(path.with_name("torn"))
    assert status == 1
    assert "lines that are no events: 1; no event is missing between" in said
    assert "never written" not in said
    opened = json.loads(lines[count + 1])
    assert opened["event"] == words.AUDIT_OPENED and opened["torn"] is True
    assert opened["n"] == count + 2
    status, said = verify(path)
    assert status == 1
    assert f"line {count + 1}: is no event" in said
    assert f"line {count + 2}: 1 events before it were never written" in said
    assert "1 events were never written; no other is missing" in said


# ---- disks ------------------------------------------------------------------

def test_a_full_disk_loses_nothing_and_is_told(start, path):
    vspcd = start()
    wait_event(path, words.READY)
    limit_files(vspcd, path.stat().st_size + 100)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN, lost="0",
                     reason="File too large")
    client.send(b"goes on")
    vm.read_until(b"goes on")
    limit_files(vspcd, None)
    wait_event(path, words.CLIENT_CONNECTED, peer=client.address)
    wait_event(path, words.AUDIT_WRITTEN)
    vspcd.stop()
    status, said = verify(path)
    assert status == 0, said


def write_rules(config, name, count, names=20):
    """Groups and access sections, none as with another name."""
    members = ",".join(f'"user-{n}"' for n in range(names))
    config.write_text("".join(
        'group %s-%d { members = {%s} }\naccess "%s-%d" { write = {%s} }\n'
        % (name, n, members, name, n, members) for n in range(count)))


def test_many_new_sections_get_a_bounded_number_of_events(
        start, path, tmp_path):
    config = tmp_path / "vspcd.conf"
    write_rules(config, "old", count=1000)
    vspcd = start("--config", config)
    write_rules(config, "new", count=1000)
    reload(vspcd)
    wait_event(path, words.RELOADED)
    listed = 0
    for event in (words.RELOAD_SECTION_ADDED, words.RELOAD_SECTION_REMOVED):
        parts = events_of(path, event)
        assert 100 < len(parts) <= 200
        whole = {}
        for part in parts:
            key = part["section"][:6] if part["part"] == 1 else key
            whole.setdefault((key, part["place"]), []).append(part["section"])
        assert all("".join(text).endswith("} ") for text in whole.values())
        listed += len(whole)
    changed = events_of(path, words.RELOAD_SECTIONS)
    assert [(has["kind"], has["added"], has["removed"]) for has in changed] \
        == [("group", 1000, 1000), ("access", 1000, 1000)]
    assert sum(has["unlisted"] for has in changed) == 4000 - listed


def test_events_without_room_are_counted(start, path, tmp_path):
    """More than 4 MiB of them, by reloads."""
    config = tmp_path / "vspcd.conf"
    write_rules(config, "old", count=50)
    vspcd = start("--config", config)
    wait_event(path, words.READY)
    limit_files(vspcd, 1)
    for _ in range(18):
        for name in ("new", "old"):
            write_rules(config, name, count=50)
            reload(vspcd)
            vspcd.report()  # so the reload is over
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN)
    limit_files(vspcd, None)
    lost = wait_event(path, words.AUDIT_EVENTS_LOST)["count"]
    vspcd.stop()
    status, said = verify(path)
    assert status == 1
    assert f"{lost} events were never written; no other is missing" in said


def test_who_needs_the_audit_log_is_served_when_it_works(start, path):
    vspcd = start("--audit-required", "on")
    vm = vspcd.vm("web")
    live = vspcd.telnet(vm)
    wait_event(path, words.CLIENT_CONNECTED, peer=live.address)
    limit_files(vspcd, 1)
    other = vspcd.vm("other")  # an event
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN)
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port)))
    assert client.read_all() == REFUSED
    vspcd.wait_event(words.CONNECTION_REFUSED, side="client",
                     peer=client.address)
    live.send(b"goes on")
    vm.read_until(b"goes on")
    other.close()
    limit_files(vspcd, None)
    wait_event(path, words.AUDIT_WRITTEN)
    again = vspcd.telnet(vm)
    again.send(b"so does this")
    vm.read_until(b"so does this")


def test_who_is_at_the_list_gets_no_console_either(start, path):
    ports = PortBlock(1)
    port = ports.take()
    vspcd = start("--audit-required", "on", "--menu-port", port)
    vspcd.vm("web")
    client = menu_client(vspcd, port)
    limit_files(vspcd, 1)
    vspcd.vm("other")
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN)
    client.send(b"1\r\n")
    client.read_until(b"no new clients are served at present")
    limit_files(vspcd, None)
    wait_event(path, words.AUDIT_WRITTEN)
    client.send(b"1\r\n")
    wait_event(path, words.CLIENT_CONNECTED, door="menu")
    ports.close()


def test_without_need_clients_are_served(start, path):
    vspcd = start()
    wait_event(path, words.READY)
    limit_files(vspcd, 1)
    vm = vspcd.vm("web")
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN)
    client = vspcd.telnet(vm)
    client.send(b"served")
    vm.read_until(b"served")
    limit_files(vspcd, None)


def test_a_disk_that_hangs_holds_nobody(start, path, tmp_path):
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    flag = tmp_path / "stall"
    vspcd = start("--audit-required", "on", wrapper=(
        "env", f"LD_PRELOAD={BUILD / 'tests/program/libstall.so'}",
        f"STALL_FILES={path}", f"STALL_WHILE={flag}", "STALL_WRITE=1"))
    wait_event(path, words.READY)
    flag.touch()
    vspcd.check_works()
    vspcd.wait_event(words.AUDIT_NOT_WRITTEN,
                     reason="the disk does not answer")
    vm = vspcd.vm("web")
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port)))
    assert client.read_all() == REFUSED
    flag.unlink()
    wait_event(path, words.AUDIT_WRITTEN)
    vspcd.check_works()
    vspcd.stop()
    status, said = verify(path)
    assert status == 0, said


# ---- what is refused --------------------------------------------------------

def test_links_and_other_files_are_refused(path):
    other = path.with_name("other")
    other.write_text("precious\n")
    path.symlink_to(other)
    assert "it is a symbolic link" in refused("--audit-log", path)
    path.unlink()
    os.link(other, path)
    assert "hard links" in refused("--audit-log", path)
    path.unlink()
    assert "does not end as an audit log" in refused("--audit-log", other)
    assert other.read_text() == "precious\n"
    assert "no regular file" in refused("--audit-log", "/dev/full")
    assert "No such file" in refused("--audit-log", path / "x")


def check_config(path):
    result = subprocess.run(
        [BUILD / "vspcd", "--check-config", "--audit-log", path],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
        env=clean_environment(), check=False)
    return result.returncode, result.stdout.decode()


def test_check_config_looks_at_the_file(start, path):
    assert check_config(path)[0] == 0 and not path.exists()
    status, said = check_config(path.with_name("missing") / "audit.log")
    assert status == 1 and "--audit-log: " in said and "No such file" in said
    start()
    assert check_config(path)[0] == 0  # while it is written
    path.rename(path.with_name("other"))
    path.symlink_to("other")
    status, said = check_config(path)
    assert status == 1 and "it is a symbolic link" in said


def test_a_second_vspcd_is_refused(start, path):
    start()
    assert "another process writes it" in refused("--audit-log", path)


def test_not_among_console_logs(path, tmp_path):
    (tmp_path / "link").symlink_to(path.parent)
    for directory in (path.parent, tmp_path, tmp_path / "link"):
        said = refused("--audit-log", path, "--logdir", directory)
        assert "where VMs choose names" in said, directory
    said = refused("--audit-required", "on")
    assert "audit-required: needs --audit-log" in said


# ---- --verify-audit ---------------------------------------------------------

def test_what_was_changed_is_found(start, path):
    vspcd = start()
    vspcd.vm("web")
    vspcd.stop()
    lines = path.read_bytes().splitlines(keepends=True)
    status, said = verify(path)
    assert status == 0 and f"{len(lines)} events, from 1 to {len(lines)}" in said
    changed = path.with_name("changed")
    changed.write_bytes(b"".join(lines[:2] + lines[3:]))
    status, said = verify(changed)
    assert status == 1 and "line 3: event 4 does not follow event 2" in said
    changed.write_bytes(path.read_bytes().replace(b'"web"', b'"mail"'))
    assert verify(changed)[0] == 1
    result = subprocess.run(
        [BUILD / "vspcd", "--verify-audit", path], stdout=subprocess.PIPE,
        env=clean_environment(), timeout=30, check=False)
    assert result.returncode == 0 and b"no event is missing" in result.stdout
    missing = path.with_name("missing")
    assert "No such file" in refused("--verify-audit", missing)


@pytest.mark.skipif(is_sanitized(), reason="no sanitizer lives in 64 MiB")
def test_a_line_without_end_is_no_event(start, path):
    """A long line, and one that does not fit into memory."""
    vspcd = start()
    vspcd.stop()
    lines = path.read_bytes().splitlines(keepends=True)
    with path.open("r+b") as file:
        file.write(b"".join(lines[:2]))
        file.write(lines[2][:-2] + b" " * 9000 + b"}\n")
        file.truncate(file.tell() + 256 * 1024 * 1024)
    result = subprocess.run(
        [BUILD / "vspcd", "--verify-audit", path], stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY,) * 2),
        env=clean_environment(), timeout=60, check=False)
    assert result.returncode == 1
    said = result.stdout.decode()
    assert "line 3: is no event" in said and "line 4: is no event" in said
    assert said.count("is no event") == 2
