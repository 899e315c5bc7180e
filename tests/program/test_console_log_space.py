"""Console logs leave room on the disk: --log-keep-free and --log-total."""

import signal

import pytest

from harness import words
from harness.net import eventually
from harness.streams import MIB, letters
from test_console_log_times import content
from test_console_logs import (GAP, PATIENT, names, start,  # noqa: F401
                               state_of, wait_bytes)

KIB = 1024
NOT_WRITTEN = words.CONSOLE_LOG_NOT_WRITTEN
# More than any disk has.
EVERYTHING = 1 << 50


@pytest.fixture
def config(tmp_path):
    """config(text): writes the file with it, and returns its path."""
    path = tmp_path / "vspcd.conf"

    def write(*lines):
        path.write_text("".join(f"{line}\n" for line in lines))
        return path
    return write


def size_of(folder):
    """Of what is not being deleted meanwhile."""
    return sum(len(content(path) or b"") for path in folder.iterdir())


def test_what_is_to_be_free_is_not_written_to(start_vspcd, config, tmp_path):
    folder = tmp_path / "logs"
    vspcd = start_vspcd("--config", config(
        f'logdir = "{folder}"', f"log-keep-free = {EVERYTHING}",
        "hold-time = 500"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    data = letters(2 * MIB, seed=71)
    vm.send(data)
    client.read_exactly(len(data))
    has = vspcd.wait_event(NOT_WRITTEN, console="web", file="web.log")
    assert "--log-keep-free" in has["reason"]
    assert names(folder) == []
    assert "--log-keep-free" in state_of(vspcd, "web")["log-state"]
    config(f'logdir = "{folder}"', "log-keep-free = 0", "hold-time = 500")
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.CONSOLE_LOG_WRITTEN)
    vm.send(b"the end")
    path = folder / "web.log"
    eventually(lambda: path.read_bytes().endswith(b"the end"), "the end")
    before, missing, why, after = GAP.split(path.read_bytes())
    assert b"--log-keep-free" in why
    assert data.startswith(before.rstrip(b"\n"))
    assert (len(before.rstrip(b"\n")) + int(missing) + len(after) ==
            len(data) + len(b"the end"))


def test_all_logs_together_are_bounded(start):  # noqa: F811
    """Who prints without end loses what it printed long ago, and no other."""
    vspcd = start("--log-total", "8M", "--log-rotate-size", "64K",
                  "--log-keep", 999, *PATIENT)
    quiet = vspcd.vm("quiet")
    said = letters(64 * KIB, seed=72)
    quiet.send(said)
    wait_bytes(start.folder / "quiet.log", said)
    quiet.send(b"more")
    eventually(lambda: content(start.folder / "quiet.log") == b"more",
               "a rotation")
    vm = vspcd.vm("loud")
    client = vspcd.telnet(vm)
    data = letters(12 * MIB, seed=73)
    for at in range(0, len(data), 256 * KIB):
        vm.send(data[at:at + 256 * KIB])
        client.read_exactly(256 * KIB)
    vm.send(b"the end")
    eventually(lambda: (content(start.folder / "loud.log") or
                        b"").endswith(b"the end"), "the end")
    assert size_of(start.folder) <= 8 * MIB
    has = vspcd.wait_event(words.CONSOLE_LOGS_DELETED)
    assert int(has["files"]) > 0
    assert has["file"] == "loud.log"
    assert {"quiet.log", "quiet.log.1"} < set(names(start.folder))


def test_without_rotated_files_the_total_is_a_full_disk(start):  # noqa: F811
    start.folder.mkdir()
    filler = start.folder / "of-others"
    filler.write_bytes(b"x" * 8 * MIB)
    vspcd = start("--log-total", "8M", "--log-rotate-size", 0, *PATIENT)
    first = vspcd.vm("first")
    first.send(b"1")  # whatever is written before the files are counted
    vm = vspcd.vm("web")

    def is_told():
        first.send(b"2")
        return vspcd.events(NOT_WRITTEN)

    eventually(is_told, "a line")
    assert "--log-total" in vspcd.events(NOT_WRITTEN)[0]["reason"]
    vm.send(b"kept")
    eventually(lambda: state_of(vspcd, "web")["log-state"] != "ok", "its state")
    vspcd.check_works()
    assert filler.exists()
    filler.unlink()
    wait_bytes(start.folder / "web.log", b"kept")
    vspcd.wait_event(words.CONSOLE_LOG_WRITTEN)
