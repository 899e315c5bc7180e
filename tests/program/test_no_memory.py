"""Memory runs out: large requests are refused, and whoever needed them loses
its connection or waits. vspcd goes on."""

import signal

import pytest

from harness import words
from harness.net import eventually
from harness.programs import BUILD, is_sanitized
from harness.streams import assert_both_ways

# Above what one connection of a console needs, and a ring's first memory.
MAX = 4096


@pytest.fixture
def scarce(start_vspcd, tmp_path):
    """scarce(*options): vspcd; no more than MAX at a time while scarce.flag is
    there."""
    if is_sanitized():
        pytest.skip("a sanitizer has a malloc of its own")
    flag = tmp_path / "scarce"

    def start(*args, **options):
        return start_vspcd("--tls", "off", *args, **options, wrapper=(
            "env", f"LD_PRELOAD={BUILD / 'tests/program/libscarce.so'}",
            f"SCARCE_MAX={MAX}", f"SCARCE_WHILE={flag}"))
    start.flag = flag
    yield start
    flag.unlink(missing_ok=True)


def check_goes_on(vspcd, flag):
    """With memory, everything works again."""
    flag.unlink()
    vspcd.check_works()
    vm = vspcd.vm("afterwards")
    client = vspcd.telnet(vm)
    assert_both_ways(vm, client)
    vm.send(b"x" * 200000 + b"end")
    client.read_until(b"end")


def test_output_and_its_log(scarce, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    vspcd = scarce("--logdir", logs)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    assert_both_ways(vm, client)
    scarce.flag.touch()
    for _ in range(20):
        vm.send(b"y" * 5000)
    other = vspcd.vm("other")
    assert_both_ways(other, vspcd.telnet(other))
    check_goes_on(vspcd, scarce.flag)


def test_many_consoles(scarce):
    """Maps of them grow; those that have no place are told to the log."""
    vspcd = scarce(consoles=300)
    first = vspcd.vm("first")
    scarce.flag.touch()
    for i in range(250):
        vspcd.new_vm(f"vm{i}").identify()
    vspcd.wait_event(words.CONNECTION_CLOSED,
                     reason="no memory for another console")
    assert_both_ways(first, vspcd.telnet(first))
    check_goes_on(vspcd, scarce.flag)


def test_a_listing(scarce):
    vspcd = scarce(consoles=550)
    vm = vspcd.vm("web")
    for i in range(515):
        vspcd.new_vm(f"vm{i}").identify()
    vspcd.wait_event(words.VM_CONNECTED, console="vm514")
    scarce.flag.touch()
    vspcd.process.send_signal(signal.SIGUSR1)
    vspcd.wait_event(words.LISTING_CUT)
    assert_both_ways(vm, vspcd.telnet(vm))
    check_goes_on(vspcd, scarce.flag)


def test_much_happens_at_once(scarce):
    """The facts of a turn, and what hooks are to be told of them."""
    vspcd = scarce()
    vm = vspcd.vm("web")
    scarce.flag.touch()
    clients = [vspcd.telnet(vm) for _ in range(100)]
    for client in clients:
        client.close()
    eventually(lambda: len(vspcd.events(words.CLIENT_DISCONNECTED)) == 100,
               "the end of all")
    assert_both_ways(vm, vspcd.telnet(vm))
    check_goes_on(vspcd, scarce.flag)


def test_long_input_for_a_vm_that_does_not_read(scarce):
    vspcd = scarce("--held-input-size", "64K")
    vm = vspcd.vm("web")
    client = vspcd.raw(vm)
    scarce.flag.touch()
    client.sock.settimeout(0.2)
    try:
        for _ in range(3000):
            client.sock.send(b"typed" * 1000)
    except OSError:
        pass
    other = vspcd.vm("other")
    assert_both_ways(other, vspcd.telnet(other))
    check_goes_on(vspcd, scarce.flag)
