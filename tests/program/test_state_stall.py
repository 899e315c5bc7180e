"""A disk that does not answer at all: no error, for as long as the test
wants."""

import signal
import time

import pytest

from harness import words
from harness.programs import BUILD, is_sanitized
from test_state import crash, rows, start  # noqa: F401 (a fixture)

SLOW = words.STATE_SLOW


@pytest.fixture
def stalling(start, tmp_path):  # noqa: F811
    """stalling(*options): as start, on a disk that does not answer while
    stalling.flag is there."""
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    flag = tmp_path / "stall"

    def again(*args):
        return start("--tls", "off", *args, wrapper=(
            "env", f"LD_PRELOAD={BUILD / 'tests/program/libstall.so'}",
            f"STALL_FILES={start.file}", f"STALL_WHILE={flag}"))
    again.flag = flag
    yield again
    flag.unlink(missing_ok=True)


def test_consoles_go_on(stalling, start):  # noqa: F811
    vspcd = stalling()
    first = vspcd.vm("first")
    stalling.flag.touch()
    vms = [vspcd.vm(f"web-{n}") for n in range(3)]
    vspcd.wait_event(SLOW)
    vspcd.check_works()
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.check_works()
    stalling.flag.unlink()
    vspcd.wait_event(words.STATE_ANSWERS)
    assert len(vspcd.events(SLOW)) == 1
    late = vspcd.vm("late")
    crash(vspcd)
    vspcd = start()
    for vm in (first, *vms, late):
        assert vspcd.vm(vm.name, vm.uuid).port == vm.port


@pytest.mark.parametrize("waiting", ["nothing", "a change"])
def test_the_end_comes(stalling, start, waiting):  # noqa: F811
    """Also where only the file has to be closed."""
    vspcd = stalling()
    first = vspcd.vm("first")
    stalling.flag.touch()
    if waiting == "a change":
        vspcd.vm("second")
    begun = time.monotonic()
    vspcd.stop(timeout=20)
    print(f"the end took {time.monotonic() - begun:.1f} s")
    if waiting == "a change":
        has = vspcd.wait_event(words.STATE_LOST)
        assert "does not answer" in has["reason"]
    stalling.flag.unlink()
    assert rows(start.file)[0]["port"] == first.port


def test_the_start_waits_and_can_be_ended(stalling, start_program, start):  # noqa: F811
    """Without what is known it would give out ports that are others'."""
    stalling().stop()
    stalling.flag.touch()
    program = start_program(
        ["env", f"LD_PRELOAD={BUILD / 'tests/program/libstall.so'}",
         f"STALL_FILES={start.file}", f"STALL_WHILE={stalling.flag}",
         BUILD / "vspcd", "--proxy-port", "0", "--proxy-iface", "127.0.0.1",
         "--tls", "off"], env={"STATE_DIRECTORY": str(start.file.parent)})
    program.wait_log(words.STATE_LOADING)
    program.process.send_signal(signal.SIGTERM)
    assert program.wait_exit() == -signal.SIGTERM
    assert words.READY not in program.log
