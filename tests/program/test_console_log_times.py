"""Console logs over days: dates in names, rotation by age, a clock that is put
right."""

import os
import signal

import pytest

from harness.net import eventually
from harness.programs import BUILD, is_sanitized
from harness.streams import MIB, assert_same, letters
from test_console_logs import PATIENT, names, rotated, state_of

DAY = 24 * 3600


@pytest.fixture
def start(start_vspcd, tmp_path):
    """start(*options): a vspcd whose clock is start.shift(seconds) ahead."""
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    clock = tmp_path / "clock"

    def shift(seconds):
        new = tmp_path / "clock.new"
        new.write_text(f"{seconds}\n")
        os.replace(new, clock)

    def begin(*args):
        return start_vspcd("--logdir", begin.folder, *args, wrapper=(
            "env", f"LD_PRELOAD={BUILD / 'tests/program/libshift.so'}",
            f"CLOCK_SHIFT={clock}"))
    begin.folder = tmp_path / "logs"
    begin.shift = shift
    shift(0)
    return begin


def content(path):
    """None while it is being rotated, or not there yet."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def wait_bytes(path, data):
    eventually(lambda: content(path) == data, f"{data} in {path.name}")


def days_of(folder):
    """What the files of each day have, in their order."""
    return b"".join(path.read_bytes()
                    for path in sorted(folder.glob("web-*.log")))


def test_each_date_is_a_file_and_no_byte_is_lost_between(start):
    vspcd = start("--log-name", "%{name}-%Y-%m-%d.log", *PATIENT)
    vm = vspcd.vm("web")
    data = letters(8 * MIB, seed=21)
    days = 8
    step = len(data) // days
    for day in range(days):
        start.shift(day * DAY)
        vm.send(data[day * step:(day + 1) * step])
        # Not for the end of what was sent: the next day begins in its midst.
        eventually(lambda: len(names(start.folder)) > day, "a file of the day")
    eventually(lambda: int(state_of(vspcd, "web")["log-bytes"]) == len(data),
               "all of it written")
    vspcd.stop()
    assert_same(days_of(start.folder), data)


def test_a_clock_that_was_ahead_does_not_keep_its_date(start):
    start.shift(400 * DAY)
    vspcd = start("--log-name", "%{name}-%Y-%m-%d.log")
    vm = vspcd.vm("web")
    vm.send(b"future")
    eventually(lambda: names(start.folder), "a log")
    future = start.folder / names(start.folder)[0]
    wait_bytes(future, b"future")
    start.shift(0)
    vm.send(b"now")
    eventually(lambda: len(names(start.folder)) == 2, "another log")
    now = start.folder / names(start.folder)[0]
    wait_bytes(now, b"now")
    assert future.read_bytes() == b"future" and now != future


@pytest.mark.parametrize("compress", [(), ("--log-compress",)])
def test_rotation_by_age_under_full_output(start, compress):
    vspcd = start("--log-rotate-age", DAY, "--log-keep", 500, *compress,
                  *PATIENT)
    vm = vspcd.vm("web")
    data = letters(8 * MIB, seed=22)
    steps = 16
    step = len(data) // steps
    for n in range(steps):
        start.shift(n * (DAY + 1))
        vm.send(data[n * step:(n + 1) * step])
        # A file is not rotated while the one before it is compressed; these
        # two have the time.
        if n in (1, 2):
            rest = ".gz" if compress else ""
            eventually(lambda: (start.folder / f"web.log.{n}{rest}").exists()
                       and not (start.folder / "web.log.gz.tmp").exists(),
                       "a rotated file")
    eventually(lambda: int(state_of(vspcd, "web")["log-bytes"]) == len(data),
               "all of it written")
    vspcd.stop()
    assert len(names(start.folder)) > 2
    assert_same(rotated(start.folder, "web.log"), data)


def test_a_clock_that_was_ahead_does_not_end_rotation_by_age(start):
    vspcd = start("--log-rotate-age", DAY, "--log-keep", 5)
    vm = vspcd.vm("web")
    live = start.folder / "web.log"
    vm.send(b"1")
    wait_bytes(live, b"1")
    start.shift(400 * DAY)
    vm.send(b"2")  # in a file that is begun then
    wait_bytes(live, b"2")
    start.shift(0)
    vm.send(b"3")
    wait_bytes(live, b"23")
    start.shift(DAY + 60)
    vm.send(b"4")
    wait_bytes(live, b"4")


def test_age_counts_over_a_restart(start):
    vspcd = start("--log-rotate-age", DAY)
    vm = vspcd.vm("web")
    vm.send(b"old")
    wait_bytes(start.folder / "web.log", b"old")
    vspcd.stop(signal.SIGTERM)
    start.shift(DAY + 60)
    vm = start("--log-rotate-age", DAY).vm("web", vm.uuid)
    vm.send(b"new")
    wait_bytes(start.folder / "web.log", b"new")
    wait_bytes(start.folder / "web.log.1", b"old")
