"""Names of console logs that VMs choose: they cost the same whatever they are,
and a VM cannot have as many files as it likes."""

import contextlib
import itertools
import sqlite3
import time

import pytest

from harness import wire, words
from harness.net import eventually
from test_console_logs import (names, say_under_new_name,  # noqa: F401
                               start, wait_bytes)

# As file names they are all "____".
MARKS = "!#$&*;<>[]"


@pytest.fixture
def same_names(tmp_path, start_vspcd):
    """same_names(count): a state file with consoles of one name, whose UUIDs
    become one name too."""
    def make(count):
        path = tmp_path / "state.db"
        start_vspcd("--file", path).stop()
        uuids = itertools.islice(itertools.product(MARKS, repeat=4), count)
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.executemany(
                "INSERT INTO consoles (uuid, label, name, first_seen,"
                " last_seen, address) VALUES (?, 's0', 'same', 1, 1, '')",
                [("".join(uuid),) for uuid in uuids])
        return path
    return make


def rename(vm, *new):
    vm.send_wire(b"".join(wire.ext(wire.VM_NAME, name.encode())
                          for name in new))


def test_many_consoles_of_one_name_are_started_with(start, same_names):  # noqa: F811
    """Each cost as much as all before it: 10,000 took more than 30 s, and
    take 0.1 s."""
    path = same_names(10000)
    begun = time.monotonic()
    vspcd = start("--file", path, "--no-vm-ports")
    assert time.monotonic() - begun < 4
    assert vspcd.wait_event(words.STATE_LOADED)["consoles"] == "10000"
    assert names(start.folder) == []


def test_a_storm_of_names_keeps_nobody_waiting(start, same_names):  # noqa: F811
    """9,000 names in one read, and 2,000 consoles that have them: 32 s."""
    vspcd = start("--file", same_names(2000))
    quiet = vspcd.vm("quiet")
    client = vspcd.telnet(quiet)
    vm = vspcd.vm("same", uuid_text="~~~~")
    rename(vm, *("sam*" if n % 2 else "same" for n in range(9000)), "last")
    begun = time.monotonic()
    client.send(b"still there?")
    quiet.read_until(b"still there?")
    assert time.monotonic() - begun < 3
    vspcd.wait_event(words.VM_RENAMED, console="last")


def test_a_name_of_its_own_is_the_same_in_each_run(start, tmp_path):  # noqa: F811
    """Others have its name, its name with its UUID, and with its label."""
    options = ("--file", tmp_path / "state.db")
    uuid = "my vm"
    vspcd = start(*options)
    others = [vspcd.vm("web"), vspcd.vm("web-my vm"), vspcd.vm("web-my vm-s0")]
    vm = vspcd.vm("web", uuid_text=uuid, uri="s0")
    for has in [*others, vm]:
        has.send(b"1")
    eventually(lambda: len(names(start.folder)) == 4, "four files")
    (own,) = [name for name in names(start.folder) if "~" in name]
    assert own.startswith("web~") and own.endswith(".log")
    wait_bytes(start.folder / own, b"1")
    vspcd.stop()
    vspcd = start(*options)
    vspcd.vm("web", uuid_text=uuid, uri="s0").send(b"2")
    wait_bytes(start.folder / own, b"12")


def test_a_name_that_does_not_last_has_no_file(start):  # noqa: F811
    vspcd = start()
    vm = vspcd.vm("first")
    vm.send(b"1")
    wait_bytes(start.folder / "first.log", b"1")
    rename(vm, *(f"n-{n}" for n in range(1000)), "last")
    vspcd.wait_event(words.VM_RENAMED, console="last")
    said = b"1" + b"." * say_under_new_name(vspcd, vm, "last", "last.log")
    eventually(lambda: sum(path.stat().st_size for path in
                           start.folder.iterdir()) == len(said), "all of it")
    assert set(names(start.folder)) <= {"first.log", "n-0.log", "last.log"}
