"""A program that comes again at its place in the output gets from the log what
it has missed, over restarts and kills of vspcd, and is told what is missing."""

import os
import signal

import pytest

from harness.net import eventually, pump_all
from harness.streams import MIB, assert_same, letters
from harness.websocket import ConsoleSocket


@pytest.fixture
def start(start_vspcd, tmp_path):
    """start(*options): a vspcd that logs to .log and knows its consoles
    again."""
    try:
        os.setxattr(tmp_path, "user.vspcd.test", b"1")
    except OSError:
        pytest.skip("the file system has no extended attributes")

    def begin(*args):
        return start_vspcd("--logdir", tmp_path / "logs", "--log-keep-free", 0,
                           "--hold-time", 60000, *args,
                           env={"STATE_DIRECTORY": str(tmp_path)})
    begin.log = tmp_path / "logs" / "web.log"
    return begin


def attach(vspcd, vm, **how):
    name = vm.uuid + "/vSPC.py"
    return vspcd.keep(ConsoleSocket(vspcd.socket, name, **how)).greet()


def size(path):
    return path.stat().st_size if path.exists() else 0


def kill(vspcd):
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)


@pytest.mark.parametrize("options", [(), ("--log-format", "timestamps")])
def test_restarts_in_order_leave_no_gap(start, options):
    vspcd = start(*options)
    vm = vspcd.vm("web")
    socket = attach(vspcd, vm)
    parts = [letters(30000, seed=n).replace(b"a", b"\n") for n in range(3)]
    vm.send(parts[0])
    assert_same(socket.read_exactly(30000), parts[0])
    place = socket.place
    for part in parts[1:]:
        watcher = vspcd.raw(vm)
        vm.send(part)
        watcher.read_exactly(len(part))
        vspcd.stop()
        vspcd = start(*options)
        vm = vspcd.vm("web", vm.uuid)
    socket = attach(vspcd, vm, **{"from": place})
    assert_same(socket.read_exactly(60000), parts[1] + parts[2])
    vm.send(b"more")
    assert socket.read_exactly(4) == b"more"
    assert socket.find("gap") is None
    assert socket.epoch != place.partition(":")[0] and socket.position == 4


@pytest.mark.parametrize("options", [(), ("--log-format", "timestamps")])
def test_what_a_kill_has_left_goes_on(start, options):
    """At any instant: what the log has is continued, and what it has not is
    told."""
    vspcd = start(*options)
    vm = vspcd.vm("web")
    behind = attach(vspcd, vm)
    vm.send(b"one\n")
    behind.read_exactly(4)
    eventually(lambda: size(start.log) >= 4, "the log")
    ahead = attach(vspcd, vm, history=9)
    data = letters(20000, seed=1)
    vm.send(data)
    ahead.read_until(data)
    kill(vspcd)
    logged = start.log.read_bytes() if start.log.exists() else b""
    if options:
        logged = b"".join(line[25:] for line in logged.splitlines(True))
    assert (b"one\n" + data).startswith(logged)
    vspcd = start(*options)
    vm = vspcd.vm("web", vm.uuid)
    vm.send(b"two\n")
    places = {4: behind.place, 20004: ahead.place}
    for seen, place in places.items():
        socket = attach(vspcd, vm, **{"from": place})
        expected = logged[seen:] + b"two\n"
        assert_same(socket.read_exactly(len(expected)), expected)
        gap = socket.wait_text("gap", reason="restart")
        assert gap["bytes"] is None
        assert gap["unwritten"] == max(0, seen - len(logged))
        assert socket.position == 4


def test_the_log_has_what_the_history_has_not(start):
    """Without a restart, too."""
    vspcd = start("--history-size", "4K")
    vm = vspcd.vm("web")
    socket = attach(vspcd, vm)
    data = letters(100000, seed=2)
    vm.send(data)
    assert_same(socket.read_exactly(len(data)), data)
    eventually(lambda: size(start.log) == len(data), "the log")
    again = attach(vspcd, vm, **{"from": f"{socket.epoch}:1000"})
    assert_same(again.read_exactly(len(data) - 1000), data[1000:])
    vm.send(b"more")
    assert again.read_exactly(4) == b"more"
    assert again.find("gap") is None and again.position == len(data) + 4


def test_in_a_flood_the_log_catches_up(start):
    """What has left the history may not be in the file yet."""
    vspcd = start("--history-size", "64K")
    vm = vspcd.vm("web")
    socket = attach(vspcd, vm)
    data = letters(3 * MIB, seed=3)
    vm.send(data[:MIB])
    assert_same(socket.read_exactly(1000), data[:1000])
    vm.send(data[MIB:])
    again = attach(vspcd, vm, **{"from": f"{socket.epoch}:1000"})
    pump_all([socket, again],
             lambda: min(len(socket.data) + 1000, len(again.data) + 1000) >=
             len(data), "all output")
    assert_same(bytes(again.data), data[1000:])
    assert again.find("gap") is None and again.position == len(data)


def test_a_place_that_nobody_knows(start):
    vspcd = start()
    vm = vspcd.vm("web")
    socket = attach(vspcd, vm)
    vm.send(b"one")
    socket.read_exactly(3)
    again = attach(vspcd, vm, **{"from": "0123456789abcdef:7"})
    assert again.wait_text("gap", reason="restart")["bytes"] is None
    vm.send(b"two")
    assert again.read_until(b"two").endswith(b"two")
