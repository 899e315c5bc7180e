"""What a new client sees after a restart: the console's log has it."""

import os
import re
import signal
import threading
import time

import pytest

from harness import words
from harness import wire
from harness.clients import GONE, TelnetClient
from harness.net import PortBlock, eventually, many, pump_all
from harness.streams import MIB, assert_same, letters
from test_attach import BOOT, LOGIN, SCREEN, assert_sees, show
from test_config_reload import hup

OLD = BOOT + b"web login: "
LAST = b"".join(OLD.splitlines(keepends=True)[-24:])
STAMPS = ("--log-format", "timestamps")
STAMP = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", re.M)


@pytest.fixture
def start(start_vspcd, tmp_path):
    """start(*options): a vspcd with the same ports, state and logs each time."""
    ports = PortBlock()

    def again(*args, has_logs=True):
        logs = ("--logdir", again.folder) if has_logs else ()
        return start_vspcd(*logs, *args, ports=ports,
                           env={"STATE_DIRECTORY": str(tmp_path)})
    again.folder = tmp_path / "logs"
    again.log = again.folder / "web.log"
    again.ports = ports
    yield again
    ports.close()


def end(vspcd, sig=signal.SIGTERM):
    vspcd.good_exits = (0, -sig)
    vspcd.stop(sig)


def print_and_end(start, *options, output=OLD, sig=signal.SIGTERM, name="web"):
    """A first run, in which web has printed this. Returns the VM."""
    vspcd = start(*options)
    vm = vspcd.vm(name)
    show(vm, output)
    path = start.folder / f"{name}.log"
    eventually(lambda: path.exists()
               and STAMP.sub(b"", path.read_bytes()) == output, "the log")
    end(vspcd, sig)
    return vm


def back(vspcd, vm):
    return vspcd.vm(vm.name, vm.uuid)


# ---- restarts ---------------------------------------------------------------

@pytest.mark.parametrize("format", [(), STAMPS], ids=["raw", "timestamps"])
@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_old_and_all_of_the_new(start, sig, format):
    vm = print_and_end(start, *format, sig=sig)
    vspcd = start(*format)
    vm = back(vspcd, vm)
    show(vm, b"root\r\nPassword: ")
    client = vspcd.telnet(vm)
    seen = b"".join((OLD + b"root\r\nPassword: ")
                    .splitlines(keepends=True)[-24:])
    assert_sees(vm, client, seen)
    # Once more, with what is in the file by now.
    assert_sees(vm, vspcd.telnet(vm), seen + b"now")


def test_over_many_restarts(start):
    output = OLD
    vm = print_and_end(start)
    for run in range(3):
        vspcd = start("--attach-lines", 10000)
        vm = back(vspcd, vm)
        assert_sees(vm, vspcd.telnet(vm), output)
        output += b"now"
        end(vspcd, signal.SIGTERM if run != 1 else signal.SIGINT)


def test_a_console_whose_vm_is_not_back(start):
    """The old lines, then what there is to say."""
    print_and_end(start)
    vspcd = start()
    port = start.ports.base
    client = vspcd.telnet(port)
    assert client.read_until(b"login: ") == LAST
    client.read_notice(GONE)


@pytest.mark.parametrize("options, seen", [
    (("--attach-lines", 1), b"web login: "),
    (("--attach-lines", 2), b"boot 99\r\nweb login: "),
    (("--attach-bytes", 13), b"web login: "),
    (("--attach-bytes", 5), b"gin: "),
    (("--attach-lines", 0), b""),
    (("--attach-bytes", 0), b""),
    (("--attach-lines", 10000, "--attach-bytes", "1M"), OLD)])
@pytest.mark.parametrize("format", [(), STAMPS], ids=["raw", "timestamps"])
def test_how_much(start, options, seen, format):
    vm = print_and_end(start, *format)
    vspcd = start(*options, *format)
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), seen)


def test_old_and_new_share_the_limits(start):
    """A line that was begun before the restart is one line."""
    vm = print_and_end(start)
    vspcd = start("--attach-lines", 3)
    vm = back(vspcd, vm)
    show(vm, b"root\r\n# ")
    assert_sees(vm, vspcd.telnet(vm), b"boot 99\r\nweb login: root\r\n# ")


def test_with_enough_of_its_own_the_log_is_not_needed(start):
    vm = print_and_end(start)
    vspcd = start()
    vm = back(vspcd, vm)
    show(vm, BOOT + LOGIN)
    assert_sees(vm, vspcd.telnet(vm), SCREEN)


def test_any_bytes(start):
    output = bytes(range(256)) * 8
    vm = print_and_end(start, output=output)
    vspcd = start("--attach-lines", 10000)
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), output)


def test_a_vm_that_moves(start):
    vm = print_and_end(start)
    vspcd = start()
    vm = vspcd.move(back(vspcd, vm))
    assert_sees(vm, vspcd.telnet(vm), LAST)


# ---- who gets none ----------------------------------------------------------

@pytest.mark.parametrize("first", [b"$qSupported#37", b""])
def test_a_raw_client_sees_what_comes(start, first):
    vm = print_and_end(start)
    vspcd = start()
    vm = back(vspcd, vm)
    client = vspcd.raw(vm)
    client.send(first)
    assert_sees(vm, client, b"")


def test_a_client_of_rfc_2217_sees_what_comes(start):
    vm = print_and_end(start)
    vspcd = start()
    vm = back(vspcd, vm)
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                     answer=False)).greet()
    client.send_wire(wire.will(wire.COM_PORT) + wire.do(wire.BINARY, wire.SGA)
                     + wire.will(wire.BINARY, wire.SGA))
    client.sync()
    assert_sees(vm, client, b"")


def test_the_log_of_another_vm_that_had_the_name(start):
    """A new one has the file's name now, but did not print what is in it."""
    print_and_end(start, "--vm-expire-time", 0)
    vspcd = start("--vm-expire-time", 0)
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="web")
    vm = vspcd.vm("web")
    assert_sees(vm, vspcd.telnet(vm), b"")


def test_two_vms_with_one_name(start):
    vspcd = start()
    vms = [vspcd.vm("web") for _ in range(2)]
    for number, vm in enumerate(vms):
        show(vm, b"this is %d\r\n" % number)
        eventually(lambda: b"this is %d\r\n" % number in
                   [path.read_bytes() for path in start.folder.iterdir()],
                   "its log")
    end(vspcd, signal.SIGKILL)
    vspcd = start()
    for number, vm in reversed(list(enumerate(vms))):
        vm = back(vspcd, vm)
        assert_sees(vm, vspcd.telnet(vm), b"this is %d\r\n" % number)


def test_a_log_that_was_off_meanwhile(start, tmp_path):
    """What was printed between is in no file."""
    config = tmp_path / "vspcd.conf"
    vm = print_and_end(start)
    config.write_text("")
    vspcd = start("--config", config, has_logs=False)
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), b"")
    config.write_text(f'logdir = "{start.folder}"\n')
    hup(vspcd)
    assert_sees(vm, vspcd.telnet(vm), b"now")


# ---- without a state file ---------------------------------------------------

@pytest.mark.parametrize("options", [
    ("--backend", "Memory"), ("--backend", "Logging"),
    ("--log-name", "%{uuid-hex}", "--backend", "Memory")])
def test_without_a_state_file(start, options):
    vspcd = start(*options)
    vm = vspcd.vm("web")
    show(vm, OLD)
    eventually(lambda: any(path.stat().st_size == len(OLD)
                           for path in start.folder.glob("*")), "the log")
    end(vspcd)
    vspcd = start(*options)
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), LAST)


# ---- files ------------------------------------------------------------------

@pytest.mark.parametrize("format", [(), STAMPS], ids=["raw", "timestamps"])
def test_rotated_just_before(start, format):
    """By logrotate, or by vspcd: the end of NAME.1 comes first."""
    vm = print_and_end(start, *format)
    lines = start.log.read_bytes().splitlines(keepends=True)
    (start.folder / "web.log.1").write_bytes(b"".join(lines[:95]))
    start.log.write_bytes(b"".join(lines[95:]))
    vspcd = start(*format)
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), LAST)


def test_rotated_since(start):
    """What the first file had when this run came to it is still what was
    before, wherever it is now."""
    vm = print_and_end(start)
    vspcd = start("--log-rotate-size", 100)
    vm = back(vspcd, vm)
    show(vm, b"root\r\n")
    eventually((start.folder / "web.log.1").exists, "a rotation")
    eventually(lambda: start.log.read_bytes() == b"root\r\n", "the rest")
    seen = b"".join((OLD + b"root\r\n").splitlines(keepends=True)[-24:])
    assert_sees(vm, vspcd.telnet(vm), seen)


def test_deleted(start):
    vm = print_and_end(start)
    start.log.unlink()
    vspcd = start()
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), b"")


def test_deleted_since(start):
    vm = print_and_end(start)
    vspcd = start()
    vm = back(vspcd, vm)
    show(vm, b"root\r\n")
    eventually(lambda: start.log.read_bytes() == OLD + b"root\r\n", "the log")
    start.log.unlink()
    hup(vspcd)
    show(vm, b"Password: ")
    eventually(start.log.exists, "another file")
    assert_sees(vm, vspcd.telnet(vm), b"root\r\nPassword: ")


def test_cut_since(start):
    """copytruncate; also when it has grown again."""
    vm = print_and_end(start, output=b"old\r\n")
    vspcd = start()
    vm = back(vspcd, vm)
    show(vm, b"root\r\n")
    eventually(lambda: start.log.read_bytes() == b"old\r\nroot\r\n",
               "the log")
    os.truncate(start.log, 0)
    assert_sees(vm, vspcd.telnet(vm), b"root\r\n")
    # As long as it was, with what is not old.
    show(vm, b"not old")
    eventually(lambda: start.log.read_bytes() == b"nownot old", "the log")
    assert_sees(vm, vspcd.telnet(vm), b"root\r\nnownot old")


def test_unreadable(start, tmp_path):
    vm = print_and_end(start)
    elsewhere = tmp_path / "elsewhere"
    start.log.rename(elsewhere)
    start.log.symlink_to(elsewhere)
    vspcd = start()
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), b"")


def test_formats_that_have_changed(start):
    vm = print_and_end(start)
    vspcd = start(*STAMPS)
    vm = back(vspcd, vm)
    assert_sees(vm, vspcd.telnet(vm), LAST)
    end(vspcd)
    # Stamps that are not expected may be the VM's own, and stay.
    vspcd = start("--attach-lines", 2)
    vm = back(vspcd, vm)
    show(vm, b"!")
    seen = vspcd.telnet(vm).read_until(b"!")
    assert STAMP.sub(b"", seen).endswith(b"now!")
    assert STAMP.search(seen)


# ---- a disk that does not answer --------------------------------------------

@pytest.fixture
def hung_log(start):
    """hung_log(): makes the log a FIFO that nobody reads, and that is full."""
    opened = []

    def make():
        start.log.unlink()
        os.mkfifo(start.log)
        opened.append(os.open(start.log, os.O_RDWR | os.O_NONBLOCK))
        with pytest.raises(BlockingIOError):
            while True:
                os.write(opened[0], b"x" * 4096)
    yield make
    for fd in opened:
        os.close(fd)


def stuck(start, vm):
    vspcd = start()
    show(back(vspcd, vm), b"hello\r\n")
    vspcd.wait_event(words.CONSOLE_LOG_NOT_WRITTEN,
                     reason="the disk does not answer")
    return vspcd


def test_a_disk_that_hangs_keeps_nobody(start, hung_log):
    """Its thread is in a write that does not end: nobody answers."""
    vm = print_and_end(start)
    hung_log()
    vspcd = stuck(start, vm)
    begun = time.monotonic()
    clients = [vspcd.telnet(start.ports.base) for _ in range(3)]
    for client in clients:
        assert client.read_until(b"hello\r\n") == b"hello\r\n"
    # They have waited, and not for each other.
    assert 0.9 < time.monotonic() - begun < 5
    other = vspcd.vm("other")
    assert_sees(other, vspcd.telnet(other), b"")
    end(vspcd, signal.SIGKILL)


def test_the_end_while_a_client_waits(start, hung_log):
    vm = print_and_end(start)
    hung_log()
    vspcd = stuck(start, vm)
    client = vspcd.telnet(start.ports.base)
    vspcd.process.send_signal(signal.SIGTERM)
    assert client.read_until(b"shutting down").startswith(b"hello\r\n")
    vspcd.good_exits = (0,)
    vspcd.wait_exit()


# ---- many, and floods -------------------------------------------------------

def test_many_at_once(start):
    """After a restart everybody comes back, and each sees it."""
    vm = print_and_end(start)
    vspcd = start("--client-rate", 0, "--client-limit", 0)
    vm = back(vspcd, vm)
    with many(lambda: TelnetClient(vspcd.console_address(vm.port)),
              300) as clients:
        pump_all(clients, lambda: all(len(client.data) >= len(LAST)
                                      for client in clients), "the last lines")
        show(vm, b"now")
        pump_all(clients, lambda: all(client.data.endswith(b"now")
                                      for client in clients), "what comes")
        assert {bytes(client.data) for client in clients} == {LAST + b"now"}


def test_who_goes_at_once(start):
    vm = print_and_end(start)
    vspcd = start()
    vm = back(vspcd, vm)
    for _ in range(50):
        client = TelnetClient(vspcd.console_address(vm.port))
        client.greet()
        client.reset()
    assert_sees(vm, vspcd.telnet(vm), LAST)
    vspcd.check_works()


def test_coming_into_a_flood(start):
    """The stream has no gap, wherever it begins, and nothing is said to be
    skipped."""
    vm = print_and_end(start, output=b"old\r\n" * 100)
    vspcd = start("--hold-time", 20000, "--attach-lines", 10000,
                  "--attach-bytes", "1M")
    vm = back(vspcd, vm)
    output = letters(8 * MIB, seed=43) + b"the end"
    first = vspcd.telnet(vm)
    assert first.read_until(b"old\r\n" * 100) == b"old\r\n" * 100
    clients = [first]
    sender = threading.Thread(target=vm.send, args=(output,))
    sender.start()
    for count in range(1, 5):
        clients.append(vspcd.keep(
            TelnetClient(vspcd.console_address(vm.port))))
        pump_all(clients, lambda: len(first.data) > count * MIB, "the flood")
    pump_all(clients, lambda: all(client.data.endswith(b"the end")
                                  for client in clients), "the end")
    sender.join()
    assert_same(first.data, output)
    whole = b"old\r\n" * 100 + output
    for client in clients[1:]:
        assert_same(client.data, whole[-len(client.data):])
