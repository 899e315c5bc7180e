"""Console logs where much goes wrong at the same time."""

import os
import signal
import stat

import pytest

from harness import words
from harness.net import eventually
from harness.programs import BUILD, is_sanitized
from harness.streams import MIB, assert_same, letters
from test_console_log_times import content
from test_console_logs import (ANY_DISK, GAP, PATIENT,  # noqa: F401
                               names, rotated, say_under_new_name, small_disk,
                               start, state_of, wait_bytes)

NOT_WRITTEN = words.CONSOLE_LOG_NOT_WRITTEN


def reload(vspcd, config=None, text=""):
    if config is not None:
        config.write_text(text)
    before = len(vspcd.lines)
    vspcd.process.send_signal(signal.SIGHUP)
    eventually(lambda: any("SIGHUP: " in line
                           for line in vspcd.lines[before:]), "a reload")


def whole_with_gaps(kept, whole):
    """kept is whole, but for gaps that are told where and how long they are;
    returns how many bytes are missing."""
    at = missing = 0
    for n, part in enumerate(GAP.split(kept)):
        if n % 3 == 0:
            if n + 3 < len(GAP.split(kept)) and part.endswith(b"\n"):
                part = part[:-1]
            assert_same(part, whole[at:at + len(part)], "a piece")
            at += len(part)
        elif n % 3 == 1:
            at += int(part)
            missing += int(part)
    assert at == len(whole)
    return missing


# ---- one file, and who writes to it -----------------------------------------

def test_a_console_that_comes_back_goes_on_behind_what_waits(start, tmp_path):
    start.folder = tmp_path / "file" / "logs"
    (tmp_path / "file").write_bytes(b"")
    vspcd = start("--vm-expire-time", 0)
    vm = vspcd.vm("web")
    first = letters(300 * 1024, seed=31)
    vm.send(first)
    vspcd.wait_event(NOT_WRITTEN, console="web")
    vm.close()
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="web")
    vm = vspcd.vm("web", vm.uuid)
    (tmp_path / "file").unlink()
    start.folder.mkdir(parents=True)
    vm.send(b" back")
    wait_bytes(start.folder / "web.log", first + b" back")


def test_logs_off_and_on_go_on_behind_what_waits(start_vspcd, tmp_path):
    config = tmp_path / "vspcd.conf"
    folder = tmp_path / "file" / "logs"
    (tmp_path / "file").write_bytes(b"")
    on = f'logdir = "{folder}"\n'
    config.write_text(on)
    vspcd = start_vspcd("--config", config)
    vm = vspcd.vm("web")
    first = letters(300 * 1024, seed=32)
    vm.send(first)
    vspcd.wait_event(NOT_WRITTEN, console="web")
    reload(vspcd, config, "")
    (tmp_path / "file").unlink()
    folder.mkdir(parents=True)
    reload(vspcd, config, on)
    vm.send(b" on again")
    wait_bytes(folder / "web.log", first + b" on again")


def test_a_name_that_is_anothers_now_is_written_behind_what_waits(
        start, tmp_path):
    start.folder = tmp_path / "file" / "logs"
    (tmp_path / "file").write_bytes(b"")
    vspcd = start()
    one = vspcd.vm("web")
    first = letters(300 * 1024, seed=33)
    one.send(first)
    vspcd.wait_event(NOT_WRITTEN, console="web")
    one.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web")
    one = vspcd.vm("old", one.uuid)
    said = say_under_new_name(vspcd, one, "old", "old.log")
    one.send(b"renamed")
    two = vspcd.vm("web")
    (tmp_path / "file").unlink()
    start.folder.mkdir(parents=True)
    two.send(b" another")
    eventually(lambda: (start.folder / "old.log").exists() and
               (start.folder / "old.log").read_bytes().endswith(b"renamed"),
               "the renamed log")
    dots = said - (start.folder / "old.log").read_bytes().count(b".")
    wait_bytes(start.folder / "web.log", first + b"." * dots + b" another")


def test_another_pattern_makes_all_names_anew(start_vspcd, tmp_path):
    config = tmp_path / "vspcd.conf"
    folder = tmp_path / "logs"
    config.write_text(f'logdir = "{folder}"\n')
    vspcd = start_vspcd("--config", config)
    vms = [vspcd.vm("clone") for _ in range(2)]
    reload(vspcd, config, f'logdir = "{folder}"\nlog-name = "%{{uuid-hex}}"\n')
    for vm in vms:
        vm.send(b"x")
    for vm in vms:
        wait_bytes(folder / vm.uuid.replace("-", ""), b"x")


def test_what_does_not_fit_before_the_vm_is_known_is_told(start):
    vspcd = start("--history-size", "4K")
    vm = vspcd.new_vm("web")
    early = letters(48 * 1024, seed=46)
    vm.send(early)
    vm.identify()
    vm.send(b"the end\n")
    path = start.folder / "web.log"
    eventually(lambda: path.exists() and
               path.read_bytes().endswith(b"the end\n"), "the end")
    missing = whole_with_gaps(path.read_bytes(), early + b"the end\n")
    assert missing == int(state_of(vspcd, "web")["log-missing"])


# ---- many dead logs ---------------------------------------------------------

def test_dead_logs_take_neither_all_memory_nor_the_room_of_others(start):
    """More than what may wait in all."""
    count = 150
    start.folder.mkdir()
    for n in range(count):
        (start.folder / f"dead-{n}.log").mkdir()
    vspcd = start("--hold-time", 20, "--no-vm-ports")
    data = letters(640 * 1024, seed=34)
    dead = [vspcd.new_vm(f"dead-{n}").identify() for n in range(count)]
    for vm in dead:
        vm.send(data)
    eventually(lambda: state_of(vspcd, f"dead-{count - 1}")["log-missing"] !=
               "0", "the last one's loss")
    good = vspcd.new_vm("good").identify()
    lines = letters(256 * 1024, seed=35)
    good.send(lines)
    path = start.folder / "good.log"
    # It has a few KiB at a time: what it loses meanwhile is told.
    eventually(lambda: int(state_of(vspcd, "good")["log-bytes"]) +
               int(state_of(vspcd, "good")["log-missing"]) == len(lines),
               "all of it written or told")
    good.send(b"the end\n")
    eventually(lambda: path.read_bytes().endswith(b"the end\n"), "the end")
    missing = whole_with_gaps(path.read_bytes(), lines + b"the end\n")
    assert missing == int(state_of(vspcd, "good")["log-missing"])
    if not is_sanitized():
        assert vspcd.rss() < 110 * MIB


# ---- disks ------------------------------------------------------------------

def test_files_that_cannot_be_closed_keep_no_other_from_being_written(
        start_vspcd, tmp_path):
    """SIGHUP leads away from a disk that hangs."""
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    config = tmp_path / "vspcd.conf"
    flag = tmp_path / "stall"
    config.write_text(f'logdir = "{tmp_path}/dead"\n')
    vspcd = start_vspcd("--config", config, wrapper=(
        "env", f"LD_PRELOAD={BUILD / 'tests/program/libstall.so'}",
        f"STALL_FILES={tmp_path}/dead/", f"STALL_WHILE={flag}",
        "STALL_CLOSE=1"))
    count = 6  # more than there are threads at first
    vms = [vspcd.vm(f"vm-{n}") for n in range(count)]
    for vm in vms:
        vm.send(b"x")
        wait_bytes(tmp_path / "dead" / f"{vm.name}.log", b"x")
    flag.touch()
    reload(vspcd, config, f'logdir = "{tmp_path}/good"\n')
    good = vspcd.vm("good")
    # Each write is followed by a look at what else is to be closed.
    for turn in range(count):
        good.send(b"%d" % turn)
        wait_bytes(tmp_path / "good" / "good.log",
                   b"".join(b"%d" % n for n in range(turn + 1)))
    flag.unlink()


def test_a_limit_of_the_size_of_files_is_a_full_disk(start, tmp_path):
    vspcd = start("--hold-time", 20, "--backend", "Memory",
                  wrapper=("prlimit", "--fsize=65536:65536"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    data = letters(MIB, seed=36)
    vm.send(data)
    client.read_exactly(len(data))
    vspcd.wait_event(NOT_WRITTEN, console="web", reason="File too large")
    path = start.folder / "web.log"
    assert_same(path.read_bytes(), data[:65536])
    vspcd.check_works()


def test_messages_that_have_no_room_end_nothing(start_program, tmp_path):
    messages = tmp_path / "messages"
    program = start_program(
        ["sh", "-c", f"ulimit -f 1; exec \"$@\" 2>{messages}", "sh",
         BUILD / "vspcd", "--proxy-port", "0", "--proxy-iface", "127.0.0.1",
         "--backend", "Memory", "--tls", "off"])

    def is_full():
        program.process.send_signal(signal.SIGUSR1)
        size = messages.stat().st_size
        return size > 0 and size % 512 == 0

    eventually(lambda: messages.exists() and "ready" in messages.read_text(),
               "the start")
    eventually(is_full, "a full file")
    program.process.send_signal(signal.SIGUSR1)
    program.stop()


def test_a_file_that_was_cut_by_another_is_not_rotated_for_it(start):
    vspcd = start("--log-rotate-size", "64K")
    vm = vspcd.vm("web")
    path = start.folder / "web.log"
    piece = letters(60 * 1024, seed=37)
    vm.send(piece)
    wait_bytes(path, piece)
    os.truncate(path, 0)
    vm.send(piece)
    wait_bytes(path, piece)
    vm.send(b"more")
    wait_bytes(path, piece + b"more")
    assert names(start.folder) == ["web.log"]


def test_a_folder_in_place_of_the_file_and_of_the_directory(start):
    start.folder.mkdir()
    (start.folder / "web.log").mkdir()
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"kept")
    vspcd.wait_event(NOT_WRITTEN, console="web", reason="Is a directory")
    (start.folder / "web.log").rmdir()
    wait_bytes(start.folder / "web.log", b"kept")
    (start.folder / "web.log").unlink()
    start.folder.rmdir()
    reload(vspcd)
    vm.send(b"anew")
    wait_bytes(start.folder / "web.log", b"anew")


def test_a_disk_that_becomes_read_only(start_vspcd, start_process, small_disk):
    vspcd = start_vspcd("--logdir", small_disk, *ANY_DISK,
                        "--log-rotate-size", "32K")
    vm = vspcd.vm("web")
    data = letters(40 * 1024, seed=38)
    vm.send(data)
    path = small_disk / "web.log"
    wait_bytes(path, data)

    def remount(how):
        return start_process(["mount", "-o", f"remount,{how},size=256k",
                              small_disk]).wait()

    # Where a file is open for writing there is no remounting.
    path.rename(small_disk / "moved")
    (small_disk / "web.log").write_bytes(data)
    vspcd.process.send_signal(signal.SIGHUP)
    eventually(lambda: remount("ro") == 0, "a read-only disk")
    vm.send(b"more")
    vspcd.wait_event(NOT_WRITTEN, console="web",
                     reason="Read-only file system")
    assert remount("rw") == 0
    eventually(lambda: content(path) == b"more", "the rest in a new file")
    wait_bytes(small_disk / "web.log.1", data)


def test_no_inode_is_left(start_vspcd, start_process, tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    if start_process(["mount", "-t", "tmpfs", "-o", "nr_inodes=3,size=1m",
                      "none", path]).wait() != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        (path / "one").touch()
        (path / "two").touch()
        vspcd = start_vspcd("--logdir", path, *ANY_DISK)
        vm = vspcd.vm("web")
        vm.send(b"kept")
        vspcd.wait_event(NOT_WRITTEN, reason="No space left on device")
        (path / "one").unlink()
        wait_bytes(path / "web.log", b"kept")
        vspcd.stop()
    finally:
        assert start_process(["umount", "-l", path]).wait() == 0


def test_compression_that_fails_is_told(start_vspcd, small_disk):
    """What does not become smaller does not fit beside what there is."""
    (small_disk / "filler").write_bytes(b"x" * 80 * 1024)
    vspcd = start_vspcd("--logdir", small_disk, *ANY_DISK,
                        "--log-rotate-size", "100K", "--log-compress")
    vm = vspcd.vm("web")
    data = os.urandom(104 * 1024)
    vm.send(data)
    wait_bytes(small_disk / "web.log", data)
    vm.send(b"more")
    vspcd.wait_event(words.CONSOLE_LOG_NOT_COMPRESSED, console="web")
    wait_bytes(small_disk / "web.log.1", data)
    wait_bytes(small_disk / "web.log", b"more")


def test_a_folder_that_becomes_a_link_leads_rotation_nowhere(start, tmp_path):
    """With --log-owner a folder is somebody else's."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("log", "log.1", "log.gz.tmp"):
        (elsewhere / name).write_bytes(b"mine")
    vspcd = start("--log-name", "%{name}/log", "--log-rotate-size", "16K",
                  "--log-keep", 1, "--log-compress")
    vm = vspcd.vm("web")
    folder = start.folder / "web"
    data = letters(20 * 1024, seed=47)
    vm.send(data)
    wait_bytes(folder / "log", data)
    folder.rename(start.folder / "moved")
    folder.symlink_to(elsewhere)
    vm.send(b"more")
    vspcd.wait_event(words.CONSOLE_LOG_NOT_ROTATED, console="web",
                     file="web/log")
    wait_bytes(start.folder / "moved" / "log", data + b"more")
    assert names(elsewhere) == ["log", "log.1", "log.gz.tmp"]
    assert {path.read_bytes() for path in elsewhere.iterdir()} == {b"mine"}


@pytest.mark.parametrize("mask", [0, 0o077])
def test_modes_do_not_depend_on_the_umask(start, mask):
    vspcd = start("-m", "0644", "--log-name", "%{name}/log",
                  wrapper=("sh", "-c", f"umask {mask:o}; exec \"$@\"", "sh"))
    vspcd.vm("web").send(b"x")
    path = start.folder / "web" / "log"
    wait_bytes(path, b"x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


# ---- everything at once -----------------------------------------------------

@pytest.mark.parametrize("compress", [(), ("--log-compress",)])
def test_sighup_storm_under_full_output_with_rotation(start, compress):
    vspcd = start("--log-rotate-size", "64K", "--log-keep", 999, *compress,
                  *PATIENT)
    vms = [vspcd.vm(f"vm-{n}") for n in range(4)]
    data = [letters(4 * MIB, seed=40 + n) for n in range(len(vms))]
    step = 64 * 1024
    for at in range(0, len(data[0]), step):
        for vm, part in zip(vms, data):
            vm.send(part[at:at + step])
            vspcd.process.send_signal(signal.SIGHUP)
    for vm, part in zip(vms, data):
        eventually(lambda: int(state_of(vspcd, vm.name)["log-bytes"]) ==
                   len(part), f"all of {vm.name} written")
    vspcd.stop()
    for vm, part in zip(vms, data):
        assert list(start.folder.glob(f"{vm.name}.log.*"))
        assert_same(rotated(start.folder, f"{vm.name}.log"), part)


def test_a_vm_that_moves_while_its_log_does_not_answer(start_vspcd, tmp_path):
    """A file, not a FIFO; all of it is there once the disk answers."""
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    folder = tmp_path / "logs"
    flag = tmp_path / "stall"
    vspcd = start_vspcd("--logdir", folder, "--hold-time", 50, wrapper=(
        "env", f"LD_PRELOAD={BUILD / 'tests/program/libstall.so'}",
        f"STALL_FILES={folder}/", f"STALL_WHILE={flag}", "STALL_WRITE=1"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    vm.send(b"begin ")
    wait_bytes(folder / "web.log", b"begin ")
    flag.touch()
    data = letters(MIB, seed=45)
    vm.send(data)
    client.read_until(data[-64:])
    vm = vspcd.move(vm)
    vm.send(b" moved")
    client.read_until(b" moved")
    assert int(state_of(vspcd, "web")["log-missing"]) > 0
    flag.unlink()
    path = folder / "web.log"
    eventually(lambda: path.read_bytes().endswith(b" moved"), "the end")
    missing = whole_with_gaps(path.read_bytes(), b"begin " + data + b" moved")
    assert missing == int(state_of(vspcd, "web")["log-missing"])
