"""Logs and history by the API: what a console has printed, and what it prints
while somebody follows."""

import gzip
import json
import os
import re
import subprocess
import threading
import uuid
from urllib.parse import urlencode

import pytest

from harness import words
from harness.net import eventually
from harness.streams import MIB, assert_same, letters
from harness.vm import new_uuid

ANY_DISK = ("--log-keep-free", 0)
PATIENT = ("--hold-time", 60000)
STAMPS = ("--log-format", "timestamps")
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "


@pytest.fixture
def start(start_vspcd, tmp_path):
    """start(*options): a vspcd that logs to .folder."""
    def begin(*args, **options):
        return start_vspcd("--logdir", begin.folder, *ANY_DISK, *PATIENT, *args,
                           env={"STATE_DIRECTORY": str(tmp_path)}, **options)
    begin.folder = tmp_path / "logs"
    return begin


def curl_args(vspcd, path):
    return ["curl", "-s", "-N", "-w", "\n%{http_code}", "--unix-socket",
            vspcd.socket, "http://localhost" + path]


def get(vspcd, path):
    """Status and body, bytes."""
    result = subprocess.run(curl_args(vspcd, path), stdout=subprocess.PIPE,
                            timeout=60, check=True)
    body, _, status = result.stdout.rpartition(b"\n")
    return int(status), body


def log(vspcd, console, query=""):
    status, body = get(vspcd, f"/api/v1/consoles/{console}/log{query}")
    assert status == 200, body
    return body


def error_of(answer):
    status, body = answer
    return status, json.loads(body)["error"]["code"]


def wait_size(path, size):
    eventually(lambda: path.exists() and path.stat().st_size >= size,
               f"{size} bytes in {path.name}")


class Follower:
    """A curl that follows; .got grows."""

    def __init__(self, vspcd, path):
        self.got = b""
        self.process = subprocess.Popen(curl_args(vspcd, path),
                                        stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while data := self.process.stdout.read1(65536):
            self.got += data

    def wait(self, data):
        eventually(lambda: len(self.got) >= len(data), f"{len(data)} bytes")
        assert_same(self.got[:len(data)], data, "what was followed")

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join()


@pytest.fixture
def follow():
    started = []

    def begin(vspcd, path):
        started.append(Follower(vspcd, path))
        return started[-1]
    yield begin
    for follower in started:
        follower.end()


# ---- who reads --------------------------------------------------------------

def test_who_has_read_output_is_an_audit_event(start):
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"one\n")
    wait_size(start.folder / "web.log", 4)
    for command, path in (("consoles.log", "/api/v1/consoles/web/log"),
                          ("consoles.history", "/api/v1/consoles/web/history"),
                          ("console_log", "/console_log/web")):
        assert get(vspcd, path)[0] == 200
        vspcd.wait_event(words.API_COMMAND, command=command, console="web",
                         door="socket", status="200")


# ---- the log ----------------------------------------------------------------

def test_log_as_text_raw_and_by_lines(start):
    vspcd = start()
    vm = vspcd.vm("web")
    said = b"\x1b[31mone\x1b[0m\r\ntwo\xff\r\nthr\x07ee\nfour"
    vm.send(said)
    wait_size(start.folder / "web.log", len(said))
    assert log(vspcd, "web") == "one\ntwo\ufffd\nthree\nfour".encode()
    assert log(vspcd, "web", "?format=raw") == said
    assert log(vspcd, "web", "?tail=2") == b"three\nfour"
    assert log(vspcd, "web", "?from=17&format=raw") == said[17:]
    assert log(vspcd, "web", "?from=9999") == b""
    assert log(vspcd, "web", "?format=timed&tail=1") == b"- four"
    assert log(vspcd, vm.uuid) == log(vspcd, "web")


def test_nova_asks_for_the_log(start):
    vspcd = start("--log-name", "%{uuid-hex}")
    vm = vspcd.vm("web")
    vm.send(b"one\r\n")
    name = uuid.UUID(vm.uuid).hex
    wait_size(start.folder / name, 5)
    assert get(vspcd, f"/console_log/{name}") == (200, b"one\r\n")
    assert get(vspcd, f"/console_log/{uuid.UUID(vm.uuid)}")[1] == b"one\r\n"
    other = get(vspcd, f"/console_log/{uuid.uuid4()}")
    assert error_of(other) == (404, "not-found")


def test_without_a_log(start_vspcd):
    vspcd = start_vspcd()
    vspcd.vm("web")
    status, body = get(vspcd, "/api/v1/consoles/web/log")
    assert status == 404 and "logdir" in json.loads(body)["error"]["hint"]


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "web.log", "%00",
                                  "a" * 3000])
def test_names_of_files_are_no_names(start, name):
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"one")
    wait_size(start.folder / "web.log", 3)
    assert get(vspcd, f"/api/v1/consoles/{name}/log")[0] in (400, 404, 414)
    assert get(vspcd, f"/console_log/{name}")[0] in (400, 404, 414)


def known_vm(vspcd, path, said):
    """A VM that vspcd knows again after a restart; it has printed this."""
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    vm.send(said)
    client.read_until(said)
    eventually(lambda: path.exists() and
               path.read_bytes().count(b"\n") == said.count(b"\n"), "the log")
    return vm


def test_times(start):
    vspcd = start(*STAMPS)
    path = start.folder / "web.log"
    vm = known_vm(vspcd, path, b"one\r\ntwo\r\n")
    vspcd.stop()
    old = b"2020-01-01T00:00:00.000Z old\n2020-01-02T00:00:00.000Z older\n"
    path.write_bytes(old + path.read_bytes())
    vspcd = start(*STAMPS)
    assert log(vspcd, vm.uuid) == b"old\nolder\none\ntwo\n"
    assert log(vspcd, vm.uuid, "?since=1h") == b"one\ntwo\n"
    assert log(vspcd, vm.uuid, "?since=2020-01-02T00:00:00Z"
               "&until=2020-01-03T00:00:00Z&format=timed") == \
        b"2020-01-02T00:00:00.000Z older\n"
    assert log(vspcd, vm.uuid, "?until=2020-01-01T12:00:00Z") == b"old\n"
    timed = log(vspcd, vm.uuid, "?since=1h&format=timed").decode()
    assert re.fullmatch(STAMP + "one\n" + STAMP + "two\n", timed)
    assert log(vspcd, vm.uuid, "?format=raw&since=1h") == b"one\r\ntwo\r\n"


def test_another_vms_output_is_not_shown(start):
    """A VM that is not known from before has the name of another one."""
    start.folder.mkdir()
    path = start.folder / "web.log"
    path.write_bytes(b"secret\n")
    vspcd = start()
    vm = vspcd.vm("web")
    answer = get(vspcd, "/api/v1/consoles/web/log")
    assert error_of(answer) == (404, "not-found")
    vm.send(b"mine\n")
    wait_size(path, 12)
    eventually(lambda: get(vspcd, "/api/v1/consoles/web/log") ==
               (200, b"mine\n"), "its own output")
    assert log(vspcd, "web", "?previous=true&tail=9") == b"mine\n"


def test_times_of_a_log_that_has_none(start):
    vspcd = start()
    vspcd.vm("web").send(b"one")
    wait_size(start.folder / "web.log", 3)
    answer = get(vspcd, "/api/v1/consoles/web/log?since=1h")
    assert error_of(answer) == (400, "bad-request")
    assert "timestamps" in json.loads(answer[1])["error"]["hint"]


def all_of(folder):
    """What the files of web.log have, each number once; None while files
    change."""
    files = {p.name.removesuffix(".gz"): p for p in folder.glob("web.log*")}
    parts = []
    try:
        for name in sorted(files, key=lambda name: (len(name), name)):
            data = files[name].read_bytes()
            parts.insert(0, gzip.decompress(data)
                         if files[name].suffix == ".gz" else data)
    except OSError:
        return None
    return b"".join(parts)


def test_rotated_files_too(start):
    vspcd = start("--log-rotate-size", "64K", "--log-compress",
                  "--log-keep", 3)
    vm = vspcd.vm("web")
    data = b"".join(b"%099d\n" % n for n in range(2048))
    for end in range(50 * 1024, len(data) + 1, 50 * 1024):
        vm.send(data[end - 50 * 1024:end])
        eventually(lambda: all_of(start.folder) == data[:end],
                   "what was printed")
    eventually(lambda: list(start.folder.glob("*.gz")) and not
               list(start.folder.glob("*.[123]")) and
               not list(start.folder.glob("*.tmp")), "compressed files")
    present = (start.folder / "web.log").read_bytes()
    assert log(vspcd, "web", "?format=raw") == present
    assert_same(log(vspcd, "web", "?format=raw&previous=true"), data, "all")
    for count in 0, 1, 700, 1500, 2048, 100000:
        assert_same(log(vspcd, "web",
                        f"?format=raw&previous=true&tail={count}"),
                    data[max(0, len(data) - 100 * count):], f"{count} lines")


# ---- what stands where ------------------------------------------------------

def ask(vspcd, path):
    status, body = get(vspcd, f"/api/v1/consoles/{path}")
    assert status == 200, body
    return json.loads(body)


def search(vspcd, console, text, **more):
    """(file, byte, line) of all that have it, over its slices."""
    found, query = [], {"search": text, **more}
    while True:
        answer = ask(vspcd, f"{console}/log/search?" + urlencode(query))
        found += [(answer["file"], one["at"], one["line"])
                  for one in answer["items"]]
        if answer["next"] is None:
            return found
        query["from"] = answer["next"]


def test_a_text_is_found_in_the_log(start):
    vspcd = start()
    vm = vspcd.vm("web")
    said = (b"one\r\n\x1b[1mKernel \x1b[31mPANIC\x1b[0m <b>\r\n" +
            b"three\n" * 1000 + b"panic\n")
    vm.send(said)
    wait_size(start.folder / "web.log", len(said))
    found = search(vspcd, "web", "panic")
    assert [one[1:] for one in found] == [(5, "Kernel PANIC <b>"),
                                          (len(said) - 6, "panic")]
    assert search(vspcd, "web", "PANIC", limit=1) == found
    lines = search(vspcd, "web", "three")
    assert len(lines) == 1000
    assert search(vspcd, "web", "THREE", limit=100) == lines
    assert search(vspcd, "web", "absent") == []
    vspcd.wait_event(words.API_COMMAND, command="consoles.search",
                     console="web")
    for query, status in (("", 400), ("?search=", 200),
                          ("?search=a&file=../../etc/pass", 400),
                          ("?search=a&file=0123456789abcdef", 404)):
        assert get(vspcd, f"/api/v1/consoles/web/log/search{query}")[0] == \
            status


def test_a_large_log_is_searched_in_slices(start):
    vspcd = start("--log-rotate-size", 0)
    path = start.folder / "web.log"
    vm = known_vm(vspcd, path, b"one\n")
    vspcd.stop()
    line = b"x" * 99 + b"\n"
    with open(path, "ab") as file:
        file.write(line * 200000 + b"needle\n" + line)
    vspcd = start("--log-rotate-size", 0)
    first = ask(vspcd, f"{vm.uuid}/log/search?search=needle")
    assert first["items"] == [] and 8e6 < first["next"] < 9e6
    assert [one[1:] for one in search(vspcd, vm.uuid, "NEEDLE")] == \
        [(4 + 200000 * 100, "needle")]


def test_files_of_a_log_by_pieces(start):
    vspcd = start("--log-rotate-size", "64K", "--log-compress",
                  "--log-keep", 3)
    vm = vspcd.vm("web")
    data = b"".join(b"%099d\n" % n for n in range(2048))
    for end in range(50 * 1024, len(data) + 1, 50 * 1024):
        vm.send(data[end - 50 * 1024:end])
        eventually(lambda: all_of(start.folder) == data[:end],
                   "what was printed")
    eventually(lambda: list(start.folder.glob("*.gz")) and not
               list(start.folder.glob("*.[123]")) and
               not list(start.folder.glob("*.tmp")), "compressed files")
    files = ask(vspcd, "web/log/places")["files"][::-1]
    assert [one["packed"] for one in files] == [True] * (len(files) - 1) + \
        [False]
    assert sum(one["bytes"] for one in files) == len(data)
    got = b""
    for one in files:
        for begin in range(0, one["bytes"], 10000):
            got += log(vspcd, "web", f"?format=file&file={one['file']}"
                       f"&from={begin}&bytes=10000")
    assert_same(got, data, "all, by pieces")
    text = "%099d" % 100
    oldest = files[0]["file"]
    assert search(vspcd, "web", text, file=oldest) == [(oldest, 10000, text)]
    for query in "file=%s&tail=1", "file=%s&previous=1", \
            "file=%s&bytes=1&follow=1":
        answer = get(vspcd, "/api/v1/consoles/web/log?" + query % oldest)
        assert error_of(answer) == (400, "bad-request")


def test_where_a_time_or_a_place_is(start):
    vspcd = start(*STAMPS)
    path = start.folder / "web.log"
    vm = known_vm(vspcd, path, b"one\r\ntwo\r\n")
    epoch, position = ask(vspcd, "web/log/places")["place"].split(":")
    assert position == "10"
    data = path.read_bytes()
    found = {at: ask(vspcd, f"web/log/places?at={epoch}:{at}")["found"]
             for at in (0, 5, 10)}
    if found[0] is not None: # the file system has attributes
        assert data[found[0]["at"]:].startswith(b"one")
        assert data[found[5]["at"]:].startswith(b"two")
    assert found[10] is None
    vspcd.stop()
    old = b"2020-01-01T00:00:00.000Z old\n2020-01-02T00:00:00.000Z older\n"
    path.write_bytes(old + path.read_bytes())
    vspcd = start(*STAMPS)
    for time, at in (("2019-01-01", 0), ("2020-01-01", 0), ("2020-01-02", 29),
                     ("2020-01-03", len(old)), ("2999-01-01", None)):
        found = ask(vspcd, f"{vm.uuid}/log/places?since={time}T00:00:00Z")
        assert found["timed"]
        assert found["found"]["at"] == (path.stat().st_size if at is None
                                        else at)
    lines = ask(vspcd, f"{vm.uuid}/log/search?search=old")["items"]
    assert [(one["at"], one["time"], one["line"]) for one in lines] == \
        [(0, "2020-01-01T00:00:00.000Z", "old"),
         (29, "2020-01-02T00:00:00.000Z", "older")]
    assert log(vspcd, vm.uuid, "?format=file&bytes=29") == old[:29]
    for query in "at=x", "at=1:2", "since=yesterday":
        assert get(vspcd, f"/api/v1/consoles/{vm.uuid}/log/places?{query}"
                   )[0] == 400


def test_the_end_of_a_huge_log_comes_at_once(start):
    vspcd = start("--log-rotate-size", 0)
    path = start.folder / "web.log"
    vm = known_vm(vspcd, path, b"one\n")
    vspcd.stop()
    os.truncate(path, 10 << 30)
    with open(path, "ab") as file:
        file.write(b"\nlast but one\nlast\n")
    vspcd = start("--log-rotate-size", 0)
    assert log(vspcd, vm.uuid, "?tail=2") == b"last but one\nlast\n"
    assert log(vspcd, vm.uuid, f"?from={10 << 30}") == \
        b"\nlast but one\nlast\n"


# ---- following --------------------------------------------------------------

def test_log_and_what_comes_without_a_seam(start, follow):
    vspcd = start()
    vm = vspcd.vm("web")
    data = letters(3 * MIB, seed=3)
    vm.send(data[:MIB])
    wait_size(start.folder / "web.log", MIB)
    path = "/api/v1/consoles/web/log?format=raw&follow=true"
    followers = [follow(vspcd, path)]
    for part in range(16, 48):
        vm.send(data[part * MIB // 16:(part + 1) * MIB // 16])
        if part % 8 == 0:
            followers.append(follow(vspcd, path))
    for follower in followers:
        follower.wait(data)
    vm.send(b"more")
    for follower in followers:
        follower.wait(data + b"more")


def test_following_over_rotations(start, follow):
    vspcd = start("--log-rotate-size", "64K", "--log-keep", 10)
    vm = vspcd.vm("web")
    data = letters(300 * 1024, seed=4)
    vm.send(data)
    eventually(lambda: sum(p.stat().st_size for p in
                           start.folder.glob("web.log*")) == len(data),
               "what was printed")
    follower = follow(vspcd, "/api/v1/consoles/web/log"
                      "?format=raw&follow=true&previous=true")
    follower.wait(data)
    vm.send(data)
    follower.wait(data + data)


def test_following_one_that_has_not_printed_yet(start, follow):
    vspcd = start()
    vm = vspcd.vm("web")
    follower = follow(vspcd, "/api/v1/consoles/web/log?follow=true")
    vm.send(b"one\r\n")
    follower.wait(b"one\n")
    vm.send(b"two\r\n")
    follower.wait(b"one\ntwo\n")


def test_following_ends_with_the_console(start, follow):
    vspcd = start("--vm-expire-time", 0)
    vm = vspcd.vm("web")
    vm.send(b"one\r\n")
    follower = follow(vspcd, "/api/v1/consoles/web/history?follow=true")
    follower.wait(b"one\n")
    vm.close()
    follower.process.wait(60)
    follower.thread.join()
    assert follower.got == b"one\n\n200"


def test_many_who_read_nothing_leave_room(start):
    """A log that nobody takes further costs a place, until it is given up."""
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(letters(8 * MIB, seed=6))
    wait_size(start.folder / "web.log", 8 * MIB)
    stuck = []
    try:
        for _ in range(16):
            stuck.append(subprocess.Popen(
                curl_args(vspcd, "/api/v1/consoles/web/log?format=raw"),
                stdout=subprocess.PIPE))
            assert len(stuck[-1].stdout.read(1)) == 1
        answer = get(vspcd, "/api/v1/consoles/web/log?tail=1")
        assert error_of(answer) == (429, "too-many")
    finally:
        for process in stuck:
            process.kill()
            process.wait()
            process.stdout.close()
    eventually(lambda: get(vspcd, "/api/v1/consoles/web/log?from=1")[0] == 200,
               "a place")


# ---- the history ------------------------------------------------------------

def test_history(start_vspcd, follow):
    vspcd = start_vspcd()
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    vm.send(b"one\r\ntwo\r\nthree\r\n")
    client.read_until(b"three\r\n")
    path = "/api/v1/consoles/web/history"
    assert get(vspcd, path) == (200, b"one\ntwo\nthree\n")
    assert get(vspcd, path + "?tail=1") == (200, b"three\n")
    assert get(vspcd, path + "?bytes=8&format=raw") == (200, b"\nthree\r\n")
    assert get(vspcd, path + "?from=5&format=raw") == \
        (200, b"two\r\nthree\r\n")
    assert get(vspcd, path + "?from=99") == (200, b"")
    follower = follow(vspcd, path + "?tail=1&follow=true")
    follower.wait(b"three\n")
    vm.send(b"four\r\n")
    follower.wait(b"three\nfour\n")


def test_output_that_is_not_kept_any_more_is_counted(start_vspcd):
    vspcd = start_vspcd("--history-size", "4K")
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    data = letters(10000, seed=5)
    vm.send(data)
    client.read_exactly(len(data))
    path = "/api/v1/consoles/web/history?from=0"
    status, body = get(vspcd, path)
    kept = body.partition(b"skipped]\n")[2]
    assert status == 200 and body.startswith(b"[vspcd: ")
    assert int(body.split()[1]) + len(kept) == len(data)
    assert data.endswith(kept)
