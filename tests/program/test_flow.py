"""Much data, and those who do not take it: nothing is lost because somebody
is slow, nobody is slow because somebody else is."""

import concurrent.futures
import contextlib
import select
import socket
import threading
import time

import pytest

from harness import words
from harness.clients import RawClient, SKIPPED
from harness.net import many
from harness.programs import is_sanitized
from harness.streams import (MIB, assert_same, fill, gaps_in, letters, noise,
                             skipped_in, transfer)

# A test machine may stop for a second; where nothing may be skipped, this is
# what a reader is given.
PATIENT = ("--hold-time", 20000)
SMALL = {"receive_buffer": 4096}


@pytest.fixture
def patient(start_vspcd):
    return start_vspcd(*PATIENT)


def attach(vspcd, kind, vm, **options):
    client = getattr(vspcd, kind)(vm, **options)
    if kind == "raw":
        client.send(b"!")
        vm.read_until(b"!")
    return client


# 16 MiB each way

@pytest.mark.parametrize("kind", ["telnet", "raw"])
def test_16_mib_to_the_client(patient, kind):
    vm = patient.vm()
    client = attach(patient, kind, vm)
    transfer((vm, client, noise(16 * MIB, seed=1)))


@pytest.mark.parametrize("kind", ["telnet", "raw"])
def test_16_mib_to_the_vm(patient, kind):
    vm = patient.vm()
    client = attach(patient, kind, vm)
    transfer((client, vm, noise(16 * MIB, seed=2)))


@pytest.mark.parametrize("kind", ["telnet", "raw"])
def test_both_ways_at_the_same_time(patient, kind):
    vm = patient.vm()
    client = attach(patient, kind, vm)
    transfer((vm, client, noise(16 * MIB, seed=3)),
             (client, vm, noise(16 * MIB, seed=4)))


def test_every_second_byte_is_an_iac(patient):
    vm = patient.vm()
    client = attach(patient, "telnet", vm)
    data = b"\xff\xff\xff\xf0" * (MIB // 4)
    transfer((vm, client, data), (client, vm, data))


def test_without_binary(patient):
    """NVT rules, with CR and 255 on every boundary there is."""
    vm = patient.vm()
    client = attach(patient, "telnet", vm, binary=False)
    line = b"\r\n" + letters(97, seed=5) + b"\r\xff\r\r\n"
    data = line * (MIB // len(line))
    expected = data.replace(b"\r", b"\r\0").replace(b"\r\0\n", b"\r\n")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(vm.send, data)
        # A CR that ended a read may have gone out as CR NUL before its LF.
        client.wait(lambda: client.data.count(b"\xff") == data.count(b"\xff")
                    and client.data.endswith(b"\r\n"), "all of it")
        sent.result()
    got = bytes(client.data).replace(b"\r\0\n", b"\r\n")
    assert_same(got, expected)


def test_several_consoles_at_the_same_time(patient):
    ways = []
    for n in range(4):
        vm = patient.vm(f"vm-{n}")
        client = attach(patient, "telnet", vm)
        ways.append((vm, client, noise(2 * MIB, seed=10 + n)))
        ways.append((client, vm, noise(2 * MIB, seed=20 + n)))
    transfer(*ways)


# Clients that are slow, or stopped

def test_a_slow_client_alone_loses_nothing(patient):
    vm = patient.vm()
    client = attach(patient, "raw", vm, receive_buffer=8192)
    data = letters(MIB, seed=6)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(vm.send, data)
        while len(client.data) < len(data):
            assert select.select([client.sock], [], [], 20)[0], \
                f"nothing comes after {len(client.data)} bytes"
            client.data += client.sock.recv(16384)
            time.sleep(0.001)
        sent.result()
    assert_same(client.data, data)


def stall(vm, size, seed):
    """Sends much more than fits in the sockets of a client that reads
    nothing; returns what was sent, its end marked, when vspcd has read it."""
    data = letters(size, seed) + b"<end>"
    vm.send(data)
    vm.sync()
    return data


@pytest.mark.parametrize("kind", ["telnet", "raw"])
def test_a_stopped_client_is_skipped(start_vspcd, kind):
    """And told so, if it may be a person."""
    lost_by = gaps_in if kind == "raw" else skipped_in
    vspcd = start_vspcd("--hold-time", 100)
    vm = vspcd.vm()
    client = attach(vspcd, kind, vm, **SMALL)
    sent = stall(vm, 8 * MIB, seed=7)
    client.wait(lambda: client.data.endswith(b"<end>"), "the end")
    assert lost_by(bytes(client.data), sent) > 0
    # And it goes on as if nothing had happened.
    client.data.clear()
    vm.send(b"more")
    assert client.read_until(b"more") == b"more"
    client.send(b"typed")
    assert vm.read_until(b"typed") == b"typed"


def test_a_stopped_client_beside_a_fast_one(start_vspcd):
    """The fast one gets all, and at once."""
    vspcd = start_vspcd("--hold-time", 200)
    vm = vspcd.vm()
    stopped = attach(vspcd, "raw", vm, **SMALL)
    fast = attach(vspcd, "telnet", vm)
    data = letters(8 * MIB, seed=8) + b"<end>"
    transfer((vm, fast, data))
    assert not SKIPPED.search(fast.data)
    stopped.wait(lambda: stopped.data.endswith(b"<end>"), "the end")
    assert gaps_in(bytes(stopped.data), data) > 0


def test_one_console_does_not_hold_up_another(patient):
    """A VM is held back for its stopped client for as long as it likes."""
    held, free = patient.vm("held"), patient.vm("free")
    attach(patient, "raw", held, **SMALL)
    client = attach(patient, "telnet", free)
    held.sock.setblocking(False)
    fill(held.sock)
    transfer((free, client, noise(MIB, seed=9)))


def test_a_client_stopped_for_ever_costs_one_ring(start_vspcd):
    if is_sanitized():
        pytest.skip("memory use tells nothing in a sanitizer build")
    vspcd = start_vspcd("--hold-time", 50)
    vm = vspcd.vm()
    warm = attach(vspcd, "telnet", vm)
    transfer((vm, warm, letters(MIB, seed=12)))
    warm.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=warm.address)
    before = vspcd.rss()
    attach(vspcd, "raw", vm, **SMALL)
    stall(vm, 8 * MIB, seed=13)
    assert vspcd.rss() - before < 512 * 1024
    vspcd.wait_idle()
    vspcd.check_works()


class Counted(threading.Thread):
    """Takes all that comes, and counts it."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.count = sock, 0
        sock.settimeout(30)

    def run(self):
        with contextlib.suppress(OSError):
            while chunk := self.sock.recv(256 * 1024):
                self.count += len(chunk)


def print_for_ever(vm):
    with contextlib.suppress(OSError):
        while True:
            vm.sock.sendall(b"output\r\n" * 8192)


def test_whoever_only_connects_does_not_slow_an_honest_reader(vspcd):
    """Twenty a second, of which none ever takes anything. What would be its
    share, a reader of another console says, at the same time."""
    vms = [vspcd.vm(f"vm-{n}") for n in range(2)]
    honest, alone = (Counted(attach(vspcd, "raw", vm).sock) for vm in vms)
    for vm in vms:
        vm.sock.settimeout(30)
        threading.Thread(target=print_for_ever, args=(vm,), daemon=True).start()
    honest.start()
    alone.start()
    address = vspcd.console_address(vms[0].port)
    before = honest.count, alone.count
    with many(lambda: RawClient(address, **SMALL), 60) as crowd:
        for one in crowd:
            one.send(b"!")
            time.sleep(0.05)
        taken = [honest.count - before[0], alone.count - before[1]]
    assert taken[0] > sum(taken) / 2 / 4, taken


def test_a_vm_that_stops_reading_pushes_clients_back(vspcd):
    """Bounded, and nothing is lost."""
    vm = vspcd.vm(**SMALL)
    client = attach(vspcd, "raw", vm, send_buffer=16384)
    other = attach(vspcd, "telnet", vm)
    before = vspcd.rss()
    client.sock.setblocking(False)
    sent = fill(client.sock)
    if not is_sanitized():
        assert vspcd.rss() - before < MIB
    # What the VM says still gets through.
    vm.send(b"still talking")
    other.read_until(b"still talking")
    vspcd.wait_idle()
    client.sock.settimeout(30)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        last = pool.submit(client.send, b"<end>")
        assert_same(vm.read_until(b"<end>"), sent + b"<end>")
        last.result()


def test_a_vm_that_goes_while_it_does_not_read(vspcd):
    """The clients that were pushed back go on."""
    uuid = "500c1e2f-3341-5a6b-7c8d-000000999999"
    vm = vspcd.vm("stuck", uuid, **SMALL)
    client = attach(vspcd, "raw", vm, send_buffer=16384)
    client.sock.setblocking(False)
    fill(client.sock)
    vm.reset()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    fill_to_nowhere(client.sock)
    again = vspcd.vm("stuck", uuid)
    client.sock.settimeout(30)
    client.send(b"<marker>")
    again.read_until(b"<marker>")


def fill_to_nowhere(sock):
    """Without a VM input is discarded: as much as one likes is taken."""
    sock.settimeout(30)
    sock.sendall(b"-" * (8 * MIB))


def test_a_vm_is_held_back_while_its_only_client_is_slow(patient):
    """TCP pushes the VM back; what it then sends arrives."""
    vm = patient.vm(send_buffer=16384)
    client = attach(patient, "raw", vm, **SMALL)
    vm.sock.setblocking(False)
    sent = fill(vm.sock)
    assert_same(client.read_exactly(len(sent)), sent)
    vm.sock.settimeout(30)
    vm.send(b"<end>")
    assert client.read_until(b"<end>") == b"<end>"


def test_a_client_that_vanishes_frees_the_vm(patient):
    vm = patient.vm(send_buffer=16384)
    client = attach(patient, "raw", vm, **SMALL)
    vm.sock.setblocking(False)
    fill(vm.sock)
    client.reset()
    vm.sock.settimeout(30)
    vm.send(letters(MIB, seed=14))
    patient.check_works()


def test_console_output_without_clients_is_not_held_back(start_vspcd):
    vspcd = start_vspcd("--attach-lines", "0")
    vm = vspcd.vm()
    vm.send(letters(8 * MIB, seed=15))
    vm.sync()
    client = vspcd.telnet(vm)
    vm.send(b"now")
    assert client.read_until(b"now") == b"now"


def test_a_greedy_peer_that_takes_no_answers(vspcd):
    """Asks for thousands of answers and reads none: bounded, then closed or
    served, but never at the cost of the others."""
    vm = vspcd.vm()
    client = attach(vspcd, "telnet", vm, **SMALL)
    client.sock.setblocking(False)
    before = vspcd.rss()
    deadline = time.monotonic() + 10
    quiet = time.monotonic()
    taken = 0
    block = b"\xff\xfd\x63\xff\xf6" * 13107
    while time.monotonic() - quiet < 0.3 and time.monotonic() < deadline:
        try:
            taken += client.sock.send(block)
            quiet = time.monotonic()
        except BlockingIOError:
            select.select([], [client.sock], [], 0.05)
        except (ConnectionResetError, BrokenPipeError):
            break
        if taken > 32 * MIB:
            break
    if not is_sanitized():
        assert vspcd.rss() - before < MIB
    vm.send(b"fine")
    assert vspcd.telnet(vm)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    vspcd.check_works()
