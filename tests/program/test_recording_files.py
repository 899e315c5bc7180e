"""Recordings as files: by rules, whatever happens to VM, disk and vspcd."""

import gzip
import json
import os
import pty
import shutil
import signal
import subprocess

import pytest

from harness import words
from harness.net import eventually
from harness.streams import MIB, letters
from test_api_act import call

KIB = 1024


@pytest.fixture
def config(tmp_path):
    """config(text, ...): writes the file with these lines; returns its path."""
    path = tmp_path / "vspcd.conf"

    def write(*lines):
        path.write_text("".join(f"{line}\n" for line in (
            f'record-dir = "{tmp_path}/recordings"', *lines)))
        return path
    write.folder = tmp_path / "recordings"
    return write


ALWAYS = 'access "*" { admin = {"anybody"} record = always }'
SESSIONS = 'access "*" { admin = {"anybody"} record = sessions }'
INPUT = ('access "*" { admin = {"anybody"} record = always '
         'record-input = yes }')


def files(folder):
    """The parts, in the order of their names; a part that is compressed
    counts once."""
    found = {}
    for path in sorted(folder.glob("*/*/*.cast*")):
        if not path.name.endswith(".tmp"):
            found.setdefault(path.name.removesuffix(".gz"), path)
    return [found[name] for name in sorted(
        found, key=lambda name: (name[:37], int(name.split(".")[2])))]


def content(path):
    """Of a file that may be compressed at any moment."""
    try:
        return path.read_bytes() if path.suffix == ".cast" else \
            gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        return gzip.decompress(
            path.with_name(path.name + ".gz").read_bytes())


def lines(path):
    """Header and events of the whole lines."""
    text = content(path).decode()
    return [json.loads(line) for line in text.split("\n")[:-1]]


def events(path):
    return lines(path)[1:]


def texts(paths, code):
    return [event[2] for path in paths for event in events(path)
            if event[1] == code]


def output(paths):
    return "".join(texts(paths, "o"))


def wait_output(folder, text):
    eventually(lambda: files(folder) and text in output(files(folder)),
               f"{text[-20:]!r} in a recording")


def reload(vspcd):
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.RELOADED)


def test_always_is_from_the_first_byte_on(start_vspcd, config):
    vspcd = start_vspcd("--config", config(ALWAYS))
    vm = vspcd.vm("web")
    vm.send("begin ä€😀\r\n".encode())
    client = vspcd.telnet(vm)
    client.read_until(b"begin")
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED)
    vspcd.stop()
    [path] = files(config.folder)
    header, *all_events = lines(path)
    assert header["version"] == 2
    assert (header["width"], header["height"]) == (80, 24)
    assert header["title"] == "web"
    facts = header["vspcd"]
    assert facts["uuid"] == vm.uuid and facts["reason"] == "rule"
    assert path.name.startswith(facts["recording"] + ".1.cast")
    assert output([path]) == "begin ä€😀\r\n"
    times = [event[0] for event in all_events]
    assert times == sorted(times)
    marks = texts([path], "m")
    assert [mark.split(":")[0] for mark in marks[:-1]] == [
        "VM back", "client attached", "client detached", "VM away"]
    assert marks[-1] == "recording ended: vspcd stops"
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o750


def asciinema_cat(path):
    """What it prints; it wants a terminal to read from."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(ASCIINEMA_CONFIG_HOME=str(path.parent),
                          LC_ALL="C.UTF-8")
        os.execvp("asciinema", ["asciinema", "cat", str(path)])
    printed = b""
    while True:
        try:
            got = os.read(terminal, 4096)
        except OSError:
            break
        if not got:
            break
        printed += got
    os.close(terminal)
    assert os.waitpid(process, 0)[1] == 0, printed
    return printed.decode()


@pytest.mark.skipif(shutil.which("asciinema") is None,
                    reason="asciinema is not there")
def test_asciinema_plays_what_was_recorded(start_vspcd, config):
    vspcd = start_vspcd("--config", config(ALWAYS))
    vm = vspcd.vm("web")
    vm.send(b"\x1b[1mbold\x1b[0m \"quoted\\\" \xff\r\n")
    wait_output(config.folder, "quoted")
    vspcd.stop()
    [path] = files(config.folder)
    plain = path.with_name("plain.cast")
    plain.write_bytes(content(path))
    assert "\x1b[1mbold\x1b[0m \"quoted\\\" �\r\n" in asciinema_cat(plain)


def test_a_session_is_while_somebody_is_there(start_vspcd, config):
    vspcd = start_vspcd("--config", config(SESSIONS, "record-format = v3"))
    vm = vspcd.vm("web")
    vm.send(b"before")
    client = vspcd.telnet(vm)
    client.read_until(b"before")
    vspcd.wait_event(words.RECORDING_STARTED, reason="session")
    vm.send(b"seen")
    client.read_until(b"seen")
    client.close()
    vspcd.wait_event(words.RECORDING_ENDED, reason="the last client has "
                     "detached")
    eventually(lambda: [path.suffix for path in files(config.folder)] ==
               [".gz"], "a compressed recording")
    [path] = files(config.folder)
    assert lines(path)[0]["version"] == 3
    assert output([path]) == "beforeseen"
    assert texts([path], "m")[-1] == \
        "recording ended: the last client has detached"


def test_a_move_is_a_marker_and_loses_nothing(start_vspcd, config):
    vspcd = start_vspcd("--config", config(ALWAYS))
    source = vspcd.vm("web")
    before, after = (letters(300 * KIB, seed=n) for n in (1, 2))
    source.send(before)
    destination = vspcd.move(source)
    destination.send(after)
    wait_output(config.folder, after[-100:].decode())
    assert output(files(config.folder)) == (before + after).decode()
    assert any(mark.startswith("VM moved: from 127.0.0.1")
               for mark in texts(files(config.folder), "m"))


def test_200_cuts_are_one_recording(start_vspcd, config):
    vspcd = start_vspcd("--config", config(ALWAYS, "vm-rate = 0"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    for n in range(200):
        vm.send(f"<{n:03d}>".encode())
        client.read_until(f"<{n:03d}>".encode())
        vm.close()
        vm = vspcd.new_vm("web", vm.uuid).identify()
    vm.send(b"<end>")
    wait_output(config.folder, "<end>")
    [path] = files(config.folder)
    assert output([path]) == "".join(f"<{n:03d}>" for n in range(200)) + "<end>"
    assert sum(mark.startswith("VM back") for mark in texts([path], "m")) > 100


def test_parts_are_whole_and_in_order(start_vspcd, config):
    vspcd = start_vspcd("--config", config(ALWAYS, "record-rotate-size = 64K"))
    vm = vspcd.vm("web")
    whole = b""
    for n in range(8):
        piece = letters(64 * KIB, seed=n)
        vm.send(piece)
        whole += piece
        wait_output(config.folder, piece[-100:].decode())
    vm.send(b"end")
    wait_output(config.folder, "end")
    parts = files(config.folder)
    assert len(parts) >= 4
    assert output(parts) == whole.decode() + "end"
    for number, path in enumerate(parts[:-1], 1):
        header, *all_events = lines(path)
        assert header["vspcd"]["part"] == number
        assert all_events[0][0] < 60 and all_events[-1][1:] == [
            "m", f"recording continues in part: {number + 1}"]
    offsets = [lines(path)[0]["vspcd"]["offset"] for path in parts]
    assert offsets == sorted(offsets) and offsets[0] == 0
    eventually(lambda: all(path.suffix == ".gz"
                           for path in files(config.folder)[:-1]),
               "compressed parts")


def test_killed_at_any_moment_it_is_readable(start_vspcd, config):
    path = config(ALWAYS)
    vspcd = start_vspcd("--config", path)
    vm = vspcd.vm("web")
    vm.send(letters(2 * MIB, seed=3))
    eventually(lambda: files(config.folder) and
               files(config.folder)[0].stat().st_size > 64 * KIB, "some output")
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)
    [torn] = files(config.folder)
    size = torn.stat().st_size
    assert letters(2 * MIB, seed=3).decode().startswith(output([torn]))
    assert not any(mark.startswith("recording")
                   for mark in texts([torn], "m"))
    vspcd = start_vspcd("--config", path)
    vm = vspcd.vm("web", vm.uuid)
    vm.send(b"again")
    eventually(lambda: len(files(config.folder)) == 2 and
               output(files(config.folder)[1:]) == "again", "another recording")
    assert torn.stat().st_size == size


def test_a_full_disk_is_a_gap(start_vspcd, config):
    vspcd = start_vspcd("--config", config(
        ALWAYS, f"log-keep-free = {1 << 50}", "hold-time = 100"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    data = letters(2 * MIB, seed=71)
    vm.send(data)
    client.read_exactly(len(data))
    has = vspcd.wait_event(words.RECORDING_NOT_WRITTEN, console="web")
    assert "--log-keep-free" in has["reason"]
    config(ALWAYS, "log-keep-free = 0", "hold-time = 100")
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.RECORDING_WRITTEN)
    vm.send(b"the end")
    wait_output(config.folder, "the end")
    paths = files(config.folder)
    [gap] = [mark for mark in texts(paths, "m") if mark.startswith("gap")]
    missing = int(gap.split()[1])
    assert missing > 0
    assert len(output(paths)) + missing == len(data) + len("the end")
    assert vspcd.wait_event(words.RECORDING_GAP)["bytes"] == str(missing)


def test_rules_change_while_it_goes_on(start_vspcd, config):
    vspcd = start_vspcd("--config", config(ALWAYS))
    vm = vspcd.vm("web")
    vm.send(b"one ")
    wait_output(config.folder, "one ")
    config('access "*" { admin = {"anybody"} }')
    reload(vspcd)
    vspcd.wait_event(words.RECORDING_ENDED, reason="the rules have changed")
    vm.send(b"not recorded ")
    config(ALWAYS)
    vspcd.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(files(config.folder)) == 2, "another recording")
    vm.send(b"two")
    wait_output(config.folder, "two")
    assert output(files(config.folder)).endswith("two")
    assert output(files(config.folder)).startswith("one ")


def test_keys_are_recorded_if_the_vm_shows_them(start_vspcd, config):
    vspcd = start_vspcd("--config", config(INPUT))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm, binary=False)
    client.read_until(b"what is typed here is recorded")
    client.send(b"id")
    assert vm.read_until(b"id")
    vm.send(b"id")
    client.read_until(b"id")
    client.send(b"\r\0")
    vm.read_until(b"\r")
    vm.send(b"\r\nPassword: ")
    client.read_until(b"Password: ")
    client.send(b"secret\r\0")
    vm.read_until(b"\r")
    vm.send(b"\r\n$ ")
    wait_output(config.folder, "$ ")
    vspcd.stop()
    paths = files(config.folder)
    assert "".join(texts(paths, "i")) == "id\r"
    assert "keys not recorded: the VM did not show them" in texts(paths, "m")
    assert b"secret" not in content(paths[0])


def test_somebody_records_what_is_there(start_vspcd, config):
    vspcd = start_vspcd("--config", config('access "*" { admin = {"root"} }'))
    vm = vspcd.vm("web")
    vm.send(b"before")
    eventually(lambda: call(vspcd, "GET", "/consoles/web")[1]["output_bytes"]
               == len(b"before"), "its output")
    status, said = call(vspcd, "POST", "/consoles/web/record", {})
    assert status == 200, said
    name = said["recording"]["id"]
    assert vspcd.wait_event(words.RECORDING_STARTED, recording=name)["by"]
    assert call(vspcd, "POST", "/consoles/web/record", {})[0] == 409
    # No rule allows to record what is typed.
    assert call(vspcd, "POST", "/consoles/web/record/stop", {})[0] == 200
    assert call(vspcd, "POST", "/consoles/web/record",
                {"input": True})[0] == 403
    assert call(vspcd, "POST", "/consoles/web/record",
                {"seconds": 1})[0] == 200
    vspcd.wait_event(words.RECORDING_ENDED, reason="its time is over")
    first, second = files(config.folder)
    assert first.name.startswith(name)
    assert output([first]) == output([second]) == "before"


def test_old_parts_are_deleted(start_vspcd, config):
    folder = config.folder / "u" / "_"
    folder.mkdir(parents=True)
    name = "20200130T140509.123Z-1a2b3c4d5e6f7a8b.1.cast"
    (folder / f"{name}.gz").write_bytes(gzip.compress(b"{}\n"))
    subprocess.run(["touch", "-d", "2020-01-30", folder / f"{name}.gz"],
                   check=True)
    (folder / "notes").write_text("mine")
    vspcd = start_vspcd("--config", config("record-keep-time = 1d"))
    has = vspcd.wait_event(words.RECORDINGS_DELETED)
    assert has["files"] == "1" and has["file"] == f"u/_/{name}.gz"
    assert [path.name for path in folder.iterdir()] == ["notes"]


@pytest.mark.parametrize("line, reason", [
    ('record-dir = "recordings"', "expected a path from /, or none"),
    ("record-keep-size = 1M", "expected 0, or at least 8M"),
    ("record-format = v1", "expected"),
    ('access "*" { record = yes }', "expected always, sessions or off"),
    ('access "*" { record-input = 1 }', "expected yes or no"),
])
def test_wrong_settings_are_told(tmp_path, line, reason):
    from test_config import run
    path = tmp_path / "vspcd.conf"
    path.write_text(line + "\n")
    checked = run("--check-config", "--config", path)
    assert checked.returncode != 0
    assert reason in checked.stdout + checked.stderr
