"""Console logs: every byte that the VMs print, in files of their own."""

import fcntl
import gzip
import os
import re
import signal
import stat
import struct

import pytest

from harness import words
from harness.net import eventually
from harness.programs import fields_of
from harness.streams import MIB, assert_same, letters, noise
from harness.vm import new_uuid

PATIENT = ("--hold-time", 20000)
ANY_DISK = ("--log-keep-free", 0)
GAP = re.compile(rb"\[vspcd: (\d+) bytes are missing here: ([^\]]+)\]\n")
STAMP = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", re.M)


@pytest.fixture
def start(start_vspcd, tmp_path):
    """start(*options): a vspcd that logs to .folder."""
    def begin(*args, **options):
        return start_vspcd("--logdir", begin.folder, *args, **options)
    begin.folder = tmp_path / "logs"
    return begin


def wait_bytes(path, data, what="the log"):
    eventually(lambda: path.exists() and path.stat().st_size >= len(data),
               f"{len(data)} bytes in {path.name}")
    assert_same(path.read_bytes(), data, what)


def names(folder):
    return sorted(str(path.relative_to(folder))
                  for path in folder.rglob("*") if path.is_file())


def state_of(vspcd, console):
    vspcd.report()
    return [has for has in map(fields_of, list(vspcd.lines))
            if has.get("console") == console and "clients" in has][-1]


def say_under_new_name(vspcd, vm, console, log):
    """The renamed VM prints dots until they go to this file; returns how
    many."""
    said = 0

    def is_there():
        nonlocal said
        vm.send(b".")
        said += 1
        return state_of(vspcd, console)["log"] == log

    eventually(is_there, log)
    return said


# ---- what is in it ----------------------------------------------------------

def test_every_byte_of_the_vm_and_nothing_else(start):
    vspcd = start(*PATIENT)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send(b"typed")
    vm.read_until(b"typed")
    data = bytes(range(256)) * 16 + noise(4 * MIB, seed=1)
    vm.send(data)
    wait_bytes(start.folder / "web.log", data)
    has = state_of(vspcd, "web")
    assert has["log"] == "web.log"
    assert has["log-state"] == "ok"
    assert has["log-bytes"] == str(len(data))
    assert has["log-missing"] == "0"


def test_little_output_comes_soon(start):
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"login: ")
    wait_bytes(start.folder / "web.log", b"login: ")


def test_a_log_is_no_client(start):
    vspcd = start("--vm-expire-time", 0)
    vm = vspcd.vm("web")
    vm.send(b"the end")
    vm.close()
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="web")
    wait_bytes(start.folder / "web.log", b"the end")


def test_a_log_goes_on_over_restarts_and_moves(start, tmp_path):
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"one ")
    vm = vspcd.move(vm)
    vm.send(b"two ")
    wait_bytes(start.folder / "web.log", b"one two ")
    vspcd.stop()
    vm = start().vm("web", vm.uuid)
    vm.send(b"three")
    wait_bytes(start.folder / "web.log", b"one two three")


def test_what_is_pending_at_the_end_is_written(start):
    vspcd = start(*PATIENT)
    data = [letters(200 * 1024, seed=n) for n in range(8)]
    for n, part in enumerate(data):
        vm = vspcd.vm(f"vm-{n}")
        client = vspcd.telnet(vm)
        vm.send(part)
        client.read_exactly(len(part))
    vspcd.stop()
    for n, part in enumerate(data):
        assert_same((start.folder / f"vm-{n}.log").read_bytes(), part)


def test_lines_with_their_times(start):
    vspcd = start("--log-format", "timestamps")
    vm = vspcd.vm("web")
    vm.send(b"one\r\ntwo\n\nhalf a ")
    path = start.folder / "web.log"
    eventually(lambda: path.exists() and path.read_bytes().endswith(b"half a "),
               "four lines")
    vm.send(b"line\n")
    eventually(lambda: path.read_bytes().endswith(b"half a line\n"), "the rest")
    lines = path.read_bytes().split(b"\n")[:-1]
    assert all(STAMP.match(line) for line in lines)
    assert [STAMP.sub(b"", line) for line in lines] == [
        b"one\r", b"two", b"", b"half a line"]


def test_half_a_line_of_one_who_was_killed_is_ended(start):
    vspcd = start("--log-format", "timestamps")
    vm = vspcd.vm("web")
    vm.send(b"half a line")
    path = start.folder / "web.log"
    eventually(lambda: path.exists() and path.read_bytes().endswith(b"line"),
               "the line")
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)
    start("--log-format", "timestamps").vm("web", vm.uuid).send(b"new\n")
    eventually(lambda: path.read_bytes().endswith(b"new\n"), "the next")
    assert STAMP.sub(b"", path.read_bytes()) == b"half a line\nnew\n"


# ---- files ------------------------------------------------------------------

def test_mode_owner_and_folders(start):
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    vspcd = start("-m", "0640", "--log-owner", "daemon:adm",
                  "--log-name", "%{uuid}/%{name}.txt")
    vm = vspcd.vm("web")
    vm.send(b"x")
    path = start.folder / vm.uuid / "web.txt"
    wait_bytes(path, b"x")
    has = path.stat()
    assert stat.S_IMODE(has.st_mode) == 0o640
    assert (has.st_uid, path.group()) == (1, "adm")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_owner_by_numbers(start):
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    start("--log-owner", "54321:54322").vm("web").send(b"x")
    path = start.folder / "web.log"
    wait_bytes(path, b"x")
    assert (path.stat().st_uid, path.stat().st_gid) == (54321, 54322)


def test_vspc_pys_names_and_mode(start):
    vspcd = start("-p", "host1")
    vm = vspcd.vm("web")
    vm.send(b"x")
    path = start.folder / "host1-web.log"
    wait_bytes(path, b"x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_backend_logging_logs_and_keeps_nothing_else(start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    vspcd = start("--backend", "Logging", env={"STATE_DIRECTORY": str(state)})
    vm = vspcd.vm("web")
    vm.send(b"x")
    wait_bytes(start.folder / "web.log", b"x")
    vspcd.stop()
    assert not (state / "state.db").exists()


def test_novas_convention(start):
    vspcd = start("--log-name", "%{uuid-hex}")
    vm = vspcd.vm("web")
    vm.send(b"boot\r\n")
    wait_bytes(start.folder / vm.uuid.replace("-", ""), b"boot\r\n")


@pytest.mark.parametrize("name", [
    "../../x", "/etc/passwd", "..", ".", "", "a\x1b[2Jb", "\u202egpj", "\xff",
    "n" * 300, "-rf", "web.1", "web.1.gz", "a/../../b", "~root", "x\n"])
def test_names_that_would_leave(start, name, tmp_path):
    vspcd = start()
    # The folder's neighbours are looked at: nothing may be beside it.
    vm = vspcd.new_vm(name or "x", new_uuid())
    vm.name = name
    vm.identify()
    vm.send(b"x")
    eventually(lambda: names(start.folder), "a log")
    found = names(start.folder)
    assert len(found) == 1
    assert "/" not in found[0] and found[0][0] not in ".-"
    assert found[0].isprintable() and len(found[0].encode()) <= 250
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_links_are_not_followed(start, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    start.folder.mkdir()
    (start.folder / "web.log").symlink_to(elsewhere)
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"x")
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN,
                     console="web", file="web.log")
    assert elsewhere.read_bytes() == b"mine"
    (start.folder / "web.log").unlink()
    wait_bytes(start.folder / "web.log", b"x")
    vspcd.wait_event(words.CONSOLE_LOG_WRITTEN, console="web")


def test_hard_links_are_not_written_to(start, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    start.folder.mkdir()
    (start.folder / "web.log").hardlink_to(elsewhere)
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"x")
    has = vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN, console="web")
    assert "hard link" in has["reason"]
    vspcd.check_works()
    assert elsewhere.read_bytes() == b"mine"
    (start.folder / "web.log").unlink()
    wait_bytes(start.folder / "web.log", b"x")
    vspcd.wait_event(words.CONSOLE_LOG_WRITTEN, console="web")


@pytest.mark.parametrize("mode, folder", [
    ("0600", 0o750), ("0640", 0o750), ("0644", 0o755)])
def test_folders_are_for_owner_and_group(start, tmp_path, mode, folder):
    start.folder = tmp_path / "new" / "logs"
    vspcd = start("--mode", mode, "--log-name", "%{name}/log",
                  wrapper=("sh", "-c", "umask 0; exec \"$@\"", "sh"))
    vspcd.vm("web").send(b"x")
    path = start.folder / "web" / "log"
    wait_bytes(path, b"x")
    modes = [stat.S_IMODE(each.stat().st_mode) for each in
             (path, path.parent, start.folder, start.folder.parent)]
    assert modes == [int(mode, 8), folder, 0o750, 0o755]


def test_vms_with_one_name_have_logs_of_their_own(start):
    vspcd = start()
    vms = [vspcd.vm("clone") for _ in range(3)]
    port = vspcd.vm("clone", vms[1].uuid, uri="s2")
    for n, vm in enumerate([*vms, port]):
        vm.send(b"%d" % n)
    wait_bytes(start.folder / "clone.log", b"0")
    wait_bytes(start.folder / f"clone-{vms[1].uuid}.log", b"1")
    wait_bytes(start.folder / f"clone-{vms[2].uuid}.log", b"2")
    wait_bytes(start.folder / f"clone-{vms[1].uuid}-s2.log", b"3")
    vspcd.wait_event(words.CONSOLE_LOG_SAME_NAME)


def test_a_new_name_is_a_new_file(start):
    vspcd = start()
    vm = vspcd.vm("old")
    vm.send(b"1")
    wait_bytes(start.folder / "old.log", b"1")
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="old")
    vm = vspcd.vm("new", vm.uuid)
    said = say_under_new_name(vspcd, vm, "new", "new.log")
    vm.send(b"2")
    path = start.folder / "new.log"
    eventually(lambda: path.exists() and path.read_bytes().endswith(b"2"),
               "the end")
    assert (start.folder / "old.log").read_bytes() + path.read_bytes() == (
        b"1" + b"." * said + b"2")


# ---- rotation ---------------------------------------------------------------

def rotated(folder, name):
    """What all files of a log have, the oldest first."""
    numbers = sorted((int(path.name[len(name) + 1:].split(".")[0]), path)
                     for path in folder.glob(f"{name}.*")
                     if not path.name.endswith(".tmp"))
    data = b""
    for _, path in reversed(numbers):
        data += (gzip.decompress(path.read_bytes())
                 if path.suffix == ".gz" else path.read_bytes())
    live = folder / name
    return data + (live.read_bytes() if live.exists() else b"")


def test_rotation_under_full_output(start):
    vspcd = start("--log-rotate-size", "256K", "--log-keep", 500, *PATIENT)
    vm = vspcd.vm("web")
    data = letters(16 * MIB, seed=7)
    vm.send(data)
    eventually(lambda: int(state_of(vspcd, "web")["log-bytes"]) == len(data),
               "all of it written")
    vspcd.stop()
    assert len(list(start.folder.glob("web.log.*"))) > 5
    assert_same(rotated(start.folder, "web.log"), data)


def test_rotated_logs_are_compressed(start):
    vspcd = start("--log-rotate-size", "256K", "--log-keep", 500,
                  "--log-compress", *PATIENT)
    vm = vspcd.vm("web")
    piece = letters(MIB // 4, seed=7)
    data = b""
    # While one is compressed the live file grows.
    while len(list(start.folder.glob("*.gz"))) < 3:
        vm.send(piece)
        data += piece
        eventually(lambda: int(state_of(vspcd, "web")["log-bytes"]) ==
                   len(data), "all of it written")
        assert len(data) < 512 * len(piece)
    vspcd.stop()
    assert_same(rotated(start.folder, "web.log"), data)


def test_sighup_while_files_are_moved_away(start):
    """What logrotate does, as fast as possible."""
    vspcd = start(*PATIENT)
    vm = vspcd.vm("web")
    data = letters(16 * MIB, seed=8)
    path = start.folder / "web.log"
    moved = []
    step = 256 * 1024
    for at in range(0, len(data), step):
        vm.send(data[at:at + step])
        if at % (4 * step) == 0:
            eventually(path.exists, "the next file")
        if path.exists():
            moved.append(start.folder / f"moved-{len(moved)}")
            path.rename(moved[-1])
            vspcd.process.send_signal(signal.SIGHUP)
    def all_bytes():
        return b"".join(one.read_bytes() for one in [*moved, path]
                        if one.exists())
    eventually(lambda: len(all_bytes()) >= len(data), "all of it")
    assert len(moved) > 10
    assert_same(all_bytes(), data)
    vspcd.stop()


def test_sighup_changes_what_logs_are(start_vspcd, tmp_path):
    config = tmp_path / "vspcd.conf"
    folder = tmp_path / "logs"
    config.write_text("")
    vspcd = start_vspcd("--config", config)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    vm.send(b"not logged")
    client.read_until(b"logged")

    def reload(text):
        config.write_text(text)
        before = len(vspcd.lines)
        vspcd.process.send_signal(signal.SIGHUP)
        eventually(lambda: any(words.RELOADED in line
                               for line in vspcd.lines[before:]), "a reload")

    reload(f'logdir = "{folder}"\n')
    vm.send(b"one")
    wait_bytes(folder / "web.log", b"one")
    reload(f'logdir = "{folder}"\nlog-name = "%{{uuid-hex}}"\n')
    vm.send(b"two")
    wait_bytes(folder / vm.uuid.replace("-", ""), b"two")
    reload("")
    vm.send(b"again")
    client.read_until(b"again")
    vspcd.check_works()
    assert names(folder) == sorted(["web.log", vm.uuid.replace("-", "")])
    before = len(vspcd.lines)
    config.write_text(f'logdir = "{folder}"\nmode = "9"\n')
    vspcd.process.send_signal(signal.SIGHUP)
    eventually(lambda: any(words.RELOAD_REFUSED in line
                           for line in vspcd.lines[before:]), "a refusal")


# ---- disks that do not work -------------------------------------------------

@pytest.fixture
def small_disk(tmp_path, start_process):
    """A tmpfs of 256 KiB at this path."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = start_process(["mount", "-t", "tmpfs", "-o", "size=256k", "none",
                           path])
    if mount.wait() != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield path
    # vspcd may be there still.
    assert start_process(["umount", "-l", path]).wait() == 0


def test_a_full_disk_leaves_a_gap_and_is_gone_on_with(start_vspcd, small_disk):
    vspcd = start_vspcd("--logdir", small_disk, *ANY_DISK, "--hold-time", 50)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 240 * 1024)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    data = letters(MIB, seed=9)
    vm.send(data)
    client.read_exactly(len(data))
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN,
                     reason="No space left on device")
    vspcd.check_works()
    vspcd.move(vm).send(b" the end\n")
    client.read_until(b" the end\n")
    filler.unlink()
    path = small_disk / "web.log"
    # 256 KiB that waited do not fit either: room is made by moving it away.
    kept = bytearray()

    def is_whole():
        vspcd.report()
        if path.exists() and path.stat().st_size > 128 * 1024:
            path.rename(small_disk / "moved")
            vspcd.process.send_signal(signal.SIGHUP)
            before = -1
            while before != len((small_disk / "moved").read_bytes()):
                before = len((small_disk / "moved").read_bytes())
                vspcd.report()
            kept.extend((small_disk / "moved").read_bytes())
            (small_disk / "moved").unlink()
        return path.exists() and path.read_bytes().endswith(b" the end\n")

    eventually(is_whole, "the end in the log")
    kept += path.read_bytes()
    whole, at = data + b" the end\n", 0
    missing = 0
    for n, part in enumerate(GAP.split(bytes(kept))):
        if n % 3 == 1:
            missing += int(part)
            at += int(part)
        elif n % 3 == 0:
            own = part[:-1] if part[-1:] == b"\n" and n == 0 else part
            assert_same(own, whole[at:at + len(own)], "a piece")
            at += len(own)
        else:
            assert part == b"no space left on device"
    assert at == len(whole) and missing > 0
    vspcd.wait_event(words.CONSOLE_LOG_GAP, console="web")
    vspcd.wait_event(words.CONSOLE_LOG_WRITTEN)
    assert int(state_of(vspcd, "web")["log-missing"]) == missing


def test_a_full_disk_that_is_soon_freed_loses_nothing(start_vspcd, small_disk):
    vspcd = start_vspcd("--logdir", small_disk, *ANY_DISK)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    vm = vspcd.vm("web")
    data = letters(40000, seed=10)
    vm.send(data)
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN)
    filler.unlink()
    wait_bytes(small_disk / "web.log", data)


def test_a_directory_that_is_not_there_yet(start_vspcd, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    folder = tmp_path / "file" / "logs"
    vspcd = start_vspcd("--logdir", folder)
    vspcd.wait_event(words.CONSOLE_LOGS_NO_PLACE)
    vm = vspcd.vm("web")
    vm.send(b"kept until then")
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN, reason="Not a directory")
    (tmp_path / "file").unlink()
    folder.mkdir(parents=True)
    wait_bytes(folder / "web.log", b"kept until then")


def hang(path):
    """A FIFO that nobody reads, and is full: who writes to it is stuck."""
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(fd, 1031, 4096)  # F_SETPIPE_SZ
    os.write(fd, b"x" * 4096)
    return fd


def test_a_disk_that_hangs_stops_neither_moves_nor_others(start):
    start.folder.mkdir()
    count = 6 # more than there are threads at first
    fds = [hang(start.folder / f"stuck-{n}.log") for n in range(count)]
    vspcd = start("--hold-time", 100)
    stuck = [vspcd.vm(f"stuck-{n}") for n in range(count)]
    client = vspcd.telnet(stuck[0])
    for vm in stuck[1:]:
        vm.send(b"stuck")
    data = letters(MIB, seed=11)
    stuck[0].send(data)
    client.read_exactly(len(data))
    good = vspcd.vm("good")
    good.send(b"logged")
    wait_bytes(start.folder / "good.log", b"logged")
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN,
                     reason="the disk does not answer")
    destination = vspcd.move(stuck[0])
    destination.send(b"moved on")
    client.read_until(b"moved on")
    assert state_of(vspcd, "stuck-0")["log-missing"] != "0"
    good.send(b" always")
    wait_bytes(start.folder / "good.log", b"logged always")
    # The end waits for them in vain, and says so.
    vspcd.stop()
    vspcd.wait_event(words.CONSOLE_LOG_INCOMPLETE, file="stuck-1.log")
    for fd in fds:
        os.close(fd)


def test_a_disk_that_hung_is_gone_on_with(start):
    start.folder.mkdir()
    fd = hang(start.folder / "web.log")
    vspcd = start("--hold-time", 100)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    data = letters(MIB, seed=12)
    vm.send(data)
    client.read_exactly(len(data))
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN, console="web")
    got = bytearray()

    def is_whole():
        try:
            got.extend(os.read(fd, 1 << 16))
        except BlockingIOError:
            pass
        return got.endswith(data[-100:])

    eventually(is_whole, "the end of the output")
    pieces = GAP.split(bytes(got[4096:]))
    assert len(pieces) == 4, "one gap"
    assert data.startswith(pieces[0][:-1])
    assert data.endswith(pieces[3])
    assert (len(pieces[0]) - 1 + int(pieces[1]) + len(pieces[3]) == len(data))
    assert pieces[2] == b"the disk does not answer"
    vspcd.wait_event(words.CONSOLE_LOG_WRITTEN, console="web")
    os.close(fd)


# ---- many -------------------------------------------------------------------

def test_many_consoles_and_few_descriptors(start):
    count = 310
    vspcd = start("--no-vm-ports", wrapper=("prlimit", "--nofile=400:400"))
    vms = [vspcd.new_vm(f"vm-{n}").identify() for n in range(count)]
    for turn in range(3):
        for n, vm in enumerate(vms):
            vm.send(b"line %d of %d\n" % (turn, n))
        for n in range(count):
            wait_bytes(start.folder / f"vm-{n}.log", b"".join(
                b"line %d of %d\n" % (t, n) for t in range(turn + 1)))

    def is_log(fd):
        try:
            return ".log" in os.readlink(f"/proc/{vspcd.pid}/fd/{fd}")
        except FileNotFoundError:  # it has just been closed
            return False

    def open_logs():
        return list(filter(is_log, os.listdir(f"/proc/{vspcd.pid}/fd")))

    # A thread closes the oldest ones behind what it has written.
    eventually(lambda: len(open_logs()) <= 400 // 16, "the others to be closed")


@pytest.mark.parametrize("option, value, text", [
    ("--mode", "0999", "octal"),
    ("--mode", "0044", "owner must be allowed"),
    ("--log-name", "../%{name}", "log-name"),
    ("--log-name", "same", "log-name"),
    ("--log-owner", "nobody-like-this", "there is no user"),
    ("--log-owner", "root:nothing-like-this", "there is no group"),
    ("--logdir", "relative", "expected a path from /"),
    ("--log-total", "150M", "at least 8M and twice log-rotate-size"),
    ("--log-name", "%{name}~", "~ is for the ends"),
])
def test_settings_that_cannot_be(start_program, tmp_path, option, value, text):
    from harness.programs import BUILD
    program = start_program([BUILD / "vspcd", "--proxy-port", "0", "--logdir",
                             tmp_path, option, value])
    assert program.wait_exit() == 2
    assert option[2:] in program.log and text in program.log
