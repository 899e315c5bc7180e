"""Who stays and who is served: a client that has said its last word and waits
for the answer, and clients beside one whose bytes nobody takes."""

import subprocess
import time

import pytest

from harness import words
from harness import wire
from harness.clients import RawClient
from harness.net import eventually
from harness.streams import MIB, letters

QUIET = 1.0  # seconds, after which a half-closed client is closed
SLACK = 4.0  # on a busy machine


def closed_after(client):
    """Seconds until vspcd closes."""
    start = time.monotonic()
    client.wait_closed(QUIET + SLACK)
    return time.monotonic() - start


# A client that half-closes

@pytest.fixture(params=["raw", "telnet", "rfc2217"])
def attach(request):
    def start(vspcd, vm):
        if request.param == "raw":
            return vspcd.raw(vm)
        client = vspcd.telnet(vm)
        return client.com_port() if request.param == "rfc2217" else client
    return start


def test_the_answer_is_seen(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    vm.read_until(b"cmd\n")
    vm.send(b"the answer")
    client.read_until(b"the answer")
    assert QUIET * 0.7 < closed_after(client)


def test_it_stays_as_long_as_something_comes(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    vm.read_until(b"cmd\n")
    for count in range(8):
        time.sleep(QUIET / 2)
        vm.send(b"part %d." % count)
        client.read_until(b"part %d." % count)
    closed_after(client)
    assert not client.data.strip()


def test_it_is_closed_when_nothing_comes(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    assert QUIET * 0.7 < closed_after(client)
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    assert vm.read_until(b"cmd\n") == b"cmd\n"
    vspcd.check_works()


def test_a_lot_comes(vspcd, attach):
    """Not at once, for it does not read: quiet is when it has all."""
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    vm.read_until(b"cmd\n")
    data = letters(2 * MIB, seed=1)
    vm.send(data)
    assert client.read_exactly(len(data)) == data
    closed_after(client)


def test_all_at_once_as_from_a_pipe(vspcd):
    """The greeting is not even read when the end is sent."""
    vm = vspcd.vm()
    for count in range(20):
        client = vspcd.keep(RawClient(vspcd.console_address(vm.port)))
        client.send(b"cmd%d\n" % count)
        client.half_close()
        vm.read_until(b"cmd%d\n" % count)
        vm.send(b"answer%d" % count)
        client.read_until(b"answer%d" % count)


def test_its_vm_goes_meanwhile(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    vm.read_until(b"cmd\n")
    vm.send(b"last words")
    vm.close()
    client.read_until(b"last words")
    closed_after(client)


def test_its_vm_moves_meanwhile(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    vm.begin()
    client.send(b"cmd\n")
    client.half_close()
    destination = vspcd.destination(vm).join()
    destination.complete()
    destination.read_until(b"cmd\n")
    destination.send(b"from the other host")
    client.read_until(b"from the other host")
    closed_after(client)


def test_it_resets_meanwhile(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    vm.read_until(b"cmd\n")
    client.reset()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)


def test_end_of_vspcd_meanwhile(vspcd, attach):
    vm = vspcd.vm()
    client = attach(vspcd, vm)
    client.send(b"cmd\n")
    client.half_close()
    vm.read_until(b"cmd\n")
    vspcd.stop(timeout=10)


@pytest.mark.parametrize("argv", [
    ("nc.openbsd", "-N", "127.0.0.1", "{port}"),
    ("ncat", "127.0.0.1", "{port}"),
    ("socat", "-t5", "-", "TCP:127.0.0.1:{port}"),
    ("busybox", "nc", "127.0.0.1", "{port}"),
], ids=lambda argv: argv[0])
def test_real_programs_with_a_pipe(vspcd, need, start_process, argv):
    program = need(argv[0])
    vm = vspcd.vm()
    process = start_process(
        [program, *(word.format(port=vm.port) for word in argv[1:])],
        stderr=subprocess.DEVNULL)
    process.stdin.write(b"cmd\n")
    process.stdin.close()
    vm.read_until(b"cmd\n")
    vm.send(b"the answer\n")
    said = process.stdout.read()
    process.wait(QUIET + SLACK)
    assert b"the answer\n" in said


# One client's bytes are not taken

@pytest.fixture(params=["a VM that reads nothing", "a VM that moves"])
def stuck(request, vspcd):
    """A console one client of which has typed more than there is room for."""
    vm = vspcd.vm("stuck", receive_buffer=4096)
    if request.param == "a VM that moves":
        vm.begin()
    paster = vspcd.raw(vm)
    paster.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        paster.sock.sendall(b"x" * 64 * MIB)
    return vm, paster


def test_others_negotiate_and_ask(vspcd, stuck):
    vm, _ = stuck
    client = vspcd.telnet(vm)
    client.send_wire(wire.command(wire.AYT))
    client.read_until(b"yes, VM connected")
    client.sync()


def test_others_open_it_by_rfc2217(vspcd, stuck):
    vm, _ = stuck
    client = vspcd.telnet(vm).com_port()
    assert client.ask(1, 115200) == 115200
    client.sync()


def test_the_end_of_others_is_noticed(vspcd, stuck):
    vm, _ = stuck
    for end in ("close", "reset", "half_close"):
        client = vspcd.telnet(vm)
        getattr(client, end)()
        vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)


def test_those_who_were_there_before(vspcd):
    vm = vspcd.vm("stuck", receive_buffer=4096)
    clients = [vspcd.telnet(vm), vspcd.telnet(vm).com_port()]
    paster = vspcd.raw(vm)
    paster.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        paster.sock.sendall(b"x" * 64 * MIB)
    for client in clients:
        client.send_wire(wire.command(wire.AYT))
        client.read_until(b"yes, VM connected")
    clients[0].close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=clients[0].address)


def test_only_who_has_data_waits_and_nothing_is_lost(vspcd):
    vm = vspcd.vm("stuck", receive_buffer=4096)
    paster = vspcd.raw(vm)
    paster.sock.settimeout(0.5)
    sent = 0
    with pytest.raises(TimeoutError):
        while True:
            sent += paster.sock.send(b"x" * 65536)
    client = vspcd.telnet(vm)
    client.send(b"typed beside it")
    client.send_wire(wire.command(wire.AYT))

    def has_all():
        vm.read_for(0.01)
        return vm.data.count(b"x") >= sent
    eventually(has_all, "all that was pasted")
    eventually(lambda: vm.read_for(0.01) or
               b"typed beside it" in vm.data, "what the other has typed")
    assert len(vm.data) == sent + len(b"typed beside it")
    client.read_until(b"yes, VM connected")
