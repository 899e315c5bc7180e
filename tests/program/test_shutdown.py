"""The end: in order, in time, without a leak."""

import os
import shutil
import signal

import pytest

from harness import words
from harness.clients import NOTICE
from harness.net import can_bind
from harness.programs import is_sanitized
from harness.streams import MIB, letters
from harness.vm import Vm


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_order(start_vspcd, sig):
    vspcd = start_vspcd()
    vm = vspcd.vm()
    client, raw = vspcd.telnet(vm), vspcd.raw(vm)
    raw.send(b"x")
    vm.read_until(b"x")
    vspcd.process.send_signal(sig)
    text = client.read_all()
    assert NOTICE.search(text), "clients are told"
    assert not raw.read_all(), "a raw client sees nothing of it"
    vm.wait_closed()
    assert vspcd.wait_exit(5) == 0
    assert can_bind(vm.port) and can_bind(vspcd.proxy[1])


def test_last_output_is_delivered_at_the_end(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    data = letters(32 << 10, seed=1)
    vm.send(data)
    vm.sync()
    vspcd.process.send_signal(signal.SIGTERM)
    assert client.read_all().startswith(data)
    assert vspcd.wait_exit() == 0


def test_a_stuck_client_does_not_hold_up_the_end(start_vspcd):
    vspcd = start_vspcd("--hold-time", 100)
    vm = vspcd.vm()
    client = vspcd.raw(vm, receive_buffer=4096)
    client.send(b"x")
    vm.read_until(b"x")
    vm.send(letters(4 * MIB, seed=2))
    vspcd.stop(timeout=10)


def test_a_stuck_vm_does_not_hold_up_the_end(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.vm(receive_buffer=4096)
    client = vspcd.raw(vm)
    client.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.sock.sendall(b"x" * 32 * MIB)
    vspcd.stop(timeout=10)


def test_halfway_connections_do_not_hold_up_the_end(start_vspcd):
    vspcd = start_vspcd()
    for n in range(10):
        vm = vspcd.keep(Vm(vspcd.proxy, f"half-{n}"))
        vm.wait(lambda: vm.received > n, "some bytes")
    vspcd.stop(timeout=10)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_signals_until_it_has_ended(start_vspcd, sig):
    """However late they come, it has ended in order."""
    vspcd = start_vspcd()
    while vspcd.process.poll() is None:
        vspcd.process.send_signal(sig)
    assert vspcd.wait_exit() == 0


def test_a_second_signal_ends_it_too(start_vspcd):
    """In order or at once, but it does not hang or crash."""
    vspcd = start_vspcd()
    vspcd.good_exits = (0, -signal.SIGTERM)
    vm = vspcd.vm()
    vspcd.telnet(vm)
    vspcd.process.send_signal(signal.SIGTERM)
    vspcd.stop(timeout=10)


def test_sigpipe_does_not_end_it(start_vspcd):
    vspcd = start_vspcd()
    vspcd.process.send_signal(signal.SIGPIPE)
    vspcd.check_works()


def test_restart_on_the_same_port_at_once(start_vspcd):
    """Connections of the one before are in TIME-WAIT."""
    first = start_vspcd()
    vm = first.vm()
    first.telnet(vm)
    first.stop()
    second = start_vspcd(proxy_port=first.proxy[1])
    second.check_works()


def test_valgrind_finds_no_leak(start_vspcd, tmp_path):
    if is_sanitized():
        pytest.skip("a sanitizer build cannot run under valgrind; "
                    "it looks for leaks itself")
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed (Debian package valgrind)")
    report = tmp_path / "valgrind.txt"
    vspcd = start_vspcd("--hold-time", 100, wrapper=(
        "valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99",
        "--show-leak-kinds=definite,indirect,possible",
        "--errors-for-leak-kinds=definite,indirect,possible",
        f"--log-file={report}"))
    try:
        vm = vspcd.vm("leaky")
        client, raw = vspcd.telnet(vm), vspcd.raw(vm)
        raw.send(b"x" * 100_000)
        vm.read_exactly(100_000)
        vm.send(os.urandom(200_000))
        client.read_exactly(200_000)
        raw.read_exactly(200_000)
        stuck = vspcd.raw(vm, receive_buffer=4096)
        stuck.send(b"x")
        vm.read_until(b"x")
        vm.send(b"y" * 100_000)
        vm.sync()
        again = vspcd.vm("leaky", vm.uuid)
        raw.close()
        vspcd.vm("gone").close()
        vspcd.new_vm("halfway").start()
        again.send_wire(b"\xff\xfa\xe8\x46half a subnegotiation")
        client.sync()
        vspcd.stop()
    finally:
        vspcd.kill()
        if report.exists():
            print(report.read_text())


@pytest.mark.parametrize("options, told", [
    ((), b"shutting down; this console keeps its port"),
    (("--backend", "Memory"),
     b"shutting down; this console may get another port"),
])
def test_clients_are_told_whether_their_port_stays(start_vspcd, options, told):
    vspcd = start_vspcd(*options)
    vm = vspcd.vm("web-01")
    client = vspcd.telnet(vm)
    vspcd.process.send_signal(signal.SIGTERM)
    assert b"[vspcd: web-01: %s]\r\n" % told in client.read_all()
    vspcd.stop()
    assert vspcd.events(words.CLIENT_DISCONNECTED, peer=client.address,
                        reason=told.decode())


def test_a_client_that_takes_nothing_is_named_at_the_end(start_vspcd):
    vspcd = start_vspcd("--hold-time", 100)
    vm = vspcd.vm("web-01")
    client = vspcd.raw(vm, receive_buffer=4096)
    client.send(b"x")
    vm.read_until(b"x")
    vm.send(letters(4 * MIB, seed=3))
    vspcd.wait_event(words.CLIENT_LAGS,
                     console="web-01", peer=client.address)
    vspcd.stop()
    assert vspcd.events(words.CLIENT_DISCONNECTED, peer=client.address)
