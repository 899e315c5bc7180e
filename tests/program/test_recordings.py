"""Recordings by the API and by vspc: which there are, one of them, who may have
it; whatever is in their folder."""

import gzip
import json
import os
import shutil
import subprocess

import pytest

from harness import words
from harness.fake_api import run_vspc
from harness.net import eventually
from harness.programs import is_sanitized
from harness.streams import MIB
from harness.vm import new_uuid

OLD = "20260101T000000.000Z-00000000000000aa"
NEW = "20260102T000000.000Z-00000000000000bb"


def header(uuid, name, part=1, offset=0.0, **more):
    ours = {"recording": "x", "part": part,
            "started": "2026-01-01T00:00:00.000Z", "uuid": uuid,
            "label": "s0", "name": name, "reason": "demand", "by": "alice",
            "input": False, "gaps": 0, "missing": 0, "place": "1:0",
            "offset": offset} | more
    return {"version": 2, "width": 80, "height": 24, "timestamp": 1767225600,
            "title": name, "vspcd": ours}


def cast(head, *events):
    return "".join(json.dumps(line, separators=(",", ":"),
                              ensure_ascii=False) + "\n"
                   for line in (head, *events))


ENDED = [9.5, "m", "recording ended: stopped by alice"]


class Site:
    """A vspcd, and the folder of its recordings, which .put fills."""

    def __init__(self, start_vspcd, tmp_path, *options):
        self.folder = tmp_path / "recordings"
        self.folder.mkdir()
        self.vspcd = start_vspcd("--record-dir", self.folder, *options,
                                 env={"STATE_DIRECTORY": str(tmp_path)})

    def put(self, uuid, text, identity=OLD, part=1, packed=False):
        folder = self.folder / uuid / "s0"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{identity}.{part}.cast"
        if packed:
            (folder / (name + ".gz")).write_bytes(gzip.compress(text.encode()))
        else:
            (folder / name).write_text(text)

    def ask(self, path, verb="GET", body=None, who=()):
        """Status and body."""
        command = ["curl", "-s", "-X", verb, "-w", "\n%{http_code}",
                   "--unix-socket", self.vspcd.socket,
                   "http://localhost/api/v1" + path]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d",
                        json.dumps(body)]
        result = subprocess.run([*who, *command], stdout=subprocess.PIPE,
                                timeout=60, check=True)
        answer, _, status = result.stdout.rpartition(b"\n")
        return int(status), answer

    def get(self, path, who=()):
        status, body = self.ask(path, who=who)
        assert status == 200, body
        return json.loads(body)

    def listed(self, query="", who=()):
        return [item["id"] for item in
                self.get("/recordings" + query, who)["items"]]

    def vspc(self, *arguments, **options):
        return run_vspc("-s", self.vspcd.socket, *arguments, **options)


@pytest.fixture
def site(start_vspcd, tmp_path):
    return Site(start_vspcd, tmp_path)


def test_recordings_are_listed_and_shown(site):
    web, db = new_uuid(), new_uuid()
    site.put(web, cast(header(web, "web-01"), [1, "o", "Kernel panic\r\n"],
                       [2, "m", "gap: 7 bytes are missing: x"], ENDED))
    site.put(db, cast(header(db, "db-01", reason="rule", by="", input=True),
                      [1, "o", "login: "]), NEW)
    answer = site.get("/recordings")
    assert (answer["total"], answer["hidden"], answer["unread"]) == (2, 0, 0)
    newest, oldest = answer["items"]
    assert oldest == {
        "id": OLD, "console": {"id": f"{web}/s0", "uuid": web, "label": "s0",
                               "name": "web-01", "is_known": False},
        "started": "2026-01-01T00:00:00.000Z",
        "ended": "2026-01-01T00:00:09.500Z", "seconds": 9.5,
        "bytes": os.stat(site.folder / web / "s0" / f"{OLD}.1.cast").st_size,
        "reason": "demand", "by": "alice", "format": "v2", "has_input": False,
        "is_complete": True, "gaps": 1, "missing_bytes": 7, "parts": 1}
    assert newest["by"] is None and newest["reason"] == "rule"
    assert newest["has_input"] and not newest["is_complete"]
    assert site.get(f"/recordings/{OLD}") == oldest
    for query, found in (
            ("?match=web-*", [OLD]), ("?match=nothing", []),
            (f"?console={db}", [NEW]), ("?console=web-01", [OLD]),
            ("?search=kernel+PANIC", [OLD]), ("?search=panicx", []),
            ("?reason=rule", [NEW]), ("?limit=1", [NEW]), ("?limit=0", []),
            ("?offset=1", [OLD]), ("?since=2026-01-01T12:00:00Z", [NEW]),
            ("?until=2026-01-01T12:00:00Z", [OLD])):
        assert site.listed(query) == found, query
    assert site.get("/recordings?limit=0")["total"] == 2
    assert site.ask("/recordings?search=")[0] == 400
    assert site.ask("/recordings?match=%5B")[0] == 400


def test_a_recording_of_many_files_is_one(site, need, terminal):
    """As asciinema reads it; v3 made v2 again is what it was."""
    web = new_uuid()
    site.put(web, cast(header(web, "web"), [0.5, "o", "one\r\n"],
                       [1, "m", "recording continues in part: 2"]),
             packed=True)
    site.put(web, cast(header(web, "web", 2, 1.0), [0.5, "o", "two\u20ac"],
                       [0.6, "i", "typed"], ENDED), part=2)
    status, v2 = site.ask(f"/recordings/{OLD}/cast")
    assert status == 200
    lines = [json.loads(line) for line in v2.splitlines()]
    assert lines == [header(web, "web"), [0.5, "o", "one\r\n"],
                     [1.5, "o", "two\u20ac"], [1.6, "i", "typed"],
                     [10.5, "m", "recording ended: stopped by alice"]]
    site.vspcd.wait_event(words.API_COMMAND, command="recordings.cast",
                          console="web", recording=OLD, status="200")
    v3 = site.ask(f"/recordings/{OLD}/cast?format=v3")[1]
    site.put(web, v3.decode(), NEW)
    assert site.ask(f"/recordings/{NEW}/cast?format=v3")[1] == v3
    assert site.ask(f"/recordings/{NEW}/cast?format=v2")[1] == v2
    assert site.ask(f"/recordings/{OLD}/cast?format=text")[1].decode() == (
        "one\ntwo\u20ac\n[vspcd: recording ended: stopped by alice]\n")
    assert site.vspc("play", OLD).stdout == "one\ntwo\u20ac"
    got = site.vspc("record", "get", "web", "--format", "v2", text=False).stdout
    assert got == v2
    path = site.folder.parent / "got.cast"
    path.write_bytes(got)
    child = terminal(need("asciinema"), "cat", path,
                     env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert child.read().decode() == "one\r\ntwo\u20ac"


def test_a_recording_is_deleted(site):
    web = new_uuid()
    site.put(web, cast(header(web, "web"), ENDED))
    site.put(web, cast(header(web, "web"), ENDED), NEW)
    assert site.vspc("record", "delete", OLD).returncode == 0
    site.vspcd.wait_event(words.API_COMMAND, command="recordings.delete",
                          console="web", recording=OLD, status="200")
    assert site.listed() == [NEW]
    assert site.ask(f"/recordings/{OLD}", "DELETE")[0] == 404


def test_what_is_no_recording(site):
    for identity in (OLD, "x", "..%2F..%2Fetc%2Fpasswd", "%00"):
        for path in (f"/recordings/{identity}", f"/recordings/{identity}/cast"):
            assert site.ask(path)[0] in (400, 404), path
    assert site.get("/recordings") == {"items": [], "total": 0, "hidden": 0,
                                       "unread": 0}


def test_a_folder_may_hold_anything(site):
    """Nothing of it is shown, or makes vspcd wait or grow."""
    web, bad = new_uuid(), new_uuid()
    site.put(web, cast(header(web, "web"), [1, "o", "x"], ENDED), NEW)
    site.put(bad, "")
    folder = site.folder / bad / "s0"
    for number, make in enumerate((
            lambda path: path.write_bytes(b"\x1f\x8bgarbage"),
            lambda path: path.write_bytes(b"x" * 3 * MIB),
            lambda path: path.write_bytes(b"[" * 60000 + b"\n"),
            lambda path: path.write_text('{"version":2}\n'),
            os.mkfifo, lambda path: path.symlink_to("/dev/zero"),
            lambda path: path.symlink_to("/etc/passwd"),
            lambda path: path.mkdir())):
        make(folder / f"{OLD[:-2]}{number:02}.1.cast")
    (folder / f"{OLD[:-2]}0a.1.cast.gz").write_bytes(
        gzip.compress(bytes(100 * MIB)))
    (site.folder / "link").symlink_to("/")
    answer = site.get("/recordings?search=x")
    assert [item["id"] for item in answer["items"]] == [NEW]
    assert answer["unread"] == 10
    assert site.ask(f"/recordings/{OLD[:-2]}04")[0] == 404
    if not is_sanitized():
        assert site.vspcd.rss() < 100 * MIB


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_who_may_have_which(start_vspcd, tmp_path, need):
    """Rights are those of the console, by the name that it had if it is not
    known any more; of others only the number is told."""
    rules = tmp_path / "vspcd.conf"
    rules.write_text('access "web-*" { read = {"user:daemon"} '
                     'admin = {"user:root"} }\n'
                     'access "*" { admin = {"user:root"} }\n')
    site = Site(start_vspcd, tmp_path, "--config", rules)
    daemon = [need("setpriv", "util-linux"), "--reuid", "daemon", "--regid",
              "daemon", "--clear-groups"]
    os.chmod(os.path.dirname(site.vspcd.socket), 0o755)
    os.chmod(site.vspcd.socket, 0o666)
    web, db = new_uuid(), new_uuid()
    site.put(web, cast(header(web, "web-01"), [1, "o", "x"], ENDED))
    site.put(db, cast(header(db, "db-01", label="vSPC.py"), [1, "o", "secret"],
                      ENDED), NEW)
    answer = site.get("/recordings?search=secret", daemon)
    assert (answer["items"], answer["total"], answer["hidden"]) == ([], 0, 1)
    assert site.listed(who=daemon) == [OLD]
    assert site.ask(f"/recordings/{OLD}/cast", who=daemon)[0] == 200
    assert site.ask(f"/recordings/{NEW}", who=daemon) == \
        site.ask(f"/recordings/{NEW[:-2]}cc", who=daemon)
    assert site.ask(f"/recordings/{OLD}", "DELETE", who=daemon)[0] == 403
    assert site.ask(f"/recordings/{NEW}/cast", who=daemon)[0] == 404
    # One that is known is judged by the name that it has now.
    site.vspcd.vm("web-77", uuid=db)
    eventually(lambda: site.listed(who=daemon) == [NEW, OLD], "its new name")
    assert site.get(f"/recordings/{NEW}")["console"]["name"] == "web-77"


def test_thousands_of_recordings(site):
    """Are counted, and the newest are shown."""
    count, web = 5000, new_uuid()
    text = cast(header(web, "web"), ENDED)
    site.put(web, text)
    folder = site.folder / web / "s0"
    for number in range(count):
        (folder / f"{NEW[:-8]}{number:08x}.1.cast").write_text(text)
    answer = site.get("/recordings?limit=2")
    assert answer["total"] == count + 1
    assert answer["items"][0]["id"] == f"{NEW[:-8]}{count - 1:08x}"
    shutil.rmtree(site.folder)


def test_a_console_is_recorded_on_demand(site):
    """And what it prints is played; the recording is another's to read, but
    not to end."""
    vm = site.vspcd.vm("web")
    begun = site.vspc("record", "web")
    assert begun.returncode == 0, begun.stderr
    identity = begun.stdout.strip()
    site.vspcd.wait_event(words.API_COMMAND, command="consoles.record",
                          console="web", status="200")
    assert site.vspc("record", "web").returncode == 6
    vm.send(b"Kernel panic\r\n")
    eventually(lambda: identity in site.listed(), "its file")
    shown = site.get(f"/recordings/{identity}")
    assert shown["ended"] is None and shown["reason"] == "demand"
    assert shown["console"]["is_known"] and shown["by"]
    assert site.ask(f"/recordings/{identity}", "DELETE")[0] == 409
    eventually(lambda: "Kernel" in site.vspc("play", "web").stdout,
               "the output of one that goes on")
    assert site.vspc("record", "web", "--stop").stdout.strip() == identity
    assert site.vspc("record", "web", "--stop").returncode == 1
    eventually(lambda: site.get(f"/recordings/{identity}")["is_complete"],
               "its end")
    ended = site.get(f"/recordings/{identity}")
    assert ended["ended"] and ended["gaps"] == 0 and ended["parts"] == 1
    assert site.listed("?search=kernel") == [identity]
    assert site.vspc("play", identity, text=False).stdout == b"Kernel panic\r\n"
    cast_of_it = site.ask(f"/recordings/{identity}/cast")[1]
    site.put(new_uuid(), site.ask(
        f"/recordings/{identity}/cast?format=v3")[1].decode(), NEW)
    assert site.ask(f"/recordings/{NEW}/cast?format=v2")[1] == cast_of_it
    assert site.ask(f"/recordings/{identity}", "DELETE")[0] == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_who_may_begin_and_end_one(start_vspcd, tmp_path, need):
    """Who may type begins one, and ends his own; another's ends whoever may
    take the keyboard, too."""
    rules = tmp_path / "vspcd.conf"
    rules.write_text('access "web" { write = {"user:daemon"} '
                     'read = {"user:bin"} admin = {"user:root"} }\n')
    site = Site(start_vspcd, tmp_path, "--config", rules)
    setpriv = [need("setpriv", "util-linux"), "--clear-groups"]
    writer = [*setpriv, "--reuid=daemon", "--regid=daemon"]
    reader = [*setpriv, "--reuid=bin", "--regid=bin"]
    os.chmod(os.path.dirname(site.vspcd.socket), 0o755)
    os.chmod(site.vspcd.socket, 0o666)
    site.vspcd.vm("web")
    start, stop = "/consoles/web/record", "/consoles/web/record/stop"
    assert site.ask(start, "POST", {}, reader)[0] == 403
    assert site.ask(start, "POST", {"input": True}, writer)[0] == 403
    assert site.ask(start, "POST", {"seconds": 3600}, writer)[0] == 200
    assert site.ask(stop, "POST", {}, reader)[0] == 403
    assert site.ask(stop, "POST", {}, writer)[0] == 200
    assert site.ask(start, "POST", {})[0] == 200
    assert site.ask(stop, "POST", {}, writer)[0] == 403
    assert site.ask(start, "POST", {}, writer)[0] == 409
    assert site.ask(stop, "POST", {})[0] == 200
    assert site.ask(stop, "POST", {}, writer)[0] == 404


def test_without_a_folder_there_are_none(start_vspcd):
    vspcd = start_vspcd("--record-dir", "none")
    result = run_vspc("-s", vspcd.socket, "record", "list")
    assert result.returncode == 1 and "record-dir" in result.stderr
