"""Rubbish on every port. After each: a normal VM and client work, memory is
bounded, the processor rests."""

import os
import random
import socket
import struct
import subprocess

import pytest

from harness import words
from harness import wire
from harness.clients import RawClient
from harness.net import (Peer, PortBlock, TelnetPeer, dial, eventually, many,
                         pump_all)
from harness.programs import BUILD, clean_environment, is_sanitized
from harness.streams import MIB
from harness.vm import SILENT

HTTP = (b"GET /console HTTP/1.1\r\nHost: vspcd\r\n"
        b"User-Agent: \xff\xfb\xff\r\n\r\n")
TLS_HELLO = (bytes.fromhex("16030100c8010000c40303") + bytes(range(32)) +
             bytes.fromhex("20") + bytes(range(32)) +
             bytes.fromhex("0004130113020100") + b"\xff" * 100)


def random_bytes(seed):
    return random.Random(seed).randbytes(200_000)


def random_telnet(seed):
    """Random, but of the pieces that telnet and the extension are made of."""
    rng = random.Random(seed)
    out = bytearray()
    while len(out) < 100_000:
        out += rng.choice((
            lambda: bytes((255, rng.randint(236, 255))),
            lambda: bytes((255, rng.randint(251, 254),
                           rng.choice((0, 1, 3, 37, 44, 232, 233, 24)))),
            lambda: b"\xff\xfa\xe8" + bytes((rng.randint(0, 90),)) +
            rng.randbytes(rng.randint(0, 60)) + b"\xff\xf0",
            lambda: wire.ext(rng.choice((40, 44, 46, 48)),
                             rng.randbytes(rng.randint(0, 16))),
            lambda: wire.ext(70, b"SC"[rng.randint(0, 1):][:1] +
                             rng.choice((b"s0", b"", b"tcp://[::1]:1",
                                         b"vspcd?port=", b"://", b"%\0"))),
            lambda: rng.randbytes(rng.randint(1, 40)),
        ))()
    return bytes(out)


@pytest.fixture(params=["VM port", "console port"])
def target(request, vspcd):
    """(vspcd, address of the port to attack, a VM and a client beside)."""
    vm = vspcd.vm("bystander")
    client = vspcd.telnet(vm)
    address = vspcd.proxy
    if request.param == "console port":
        victim = vspcd.vm("victim")
        address = vspcd.console_address(victim.port)
    return vspcd, address, vm, client


def assert_all_well(target, rss_before, growth=4 * MIB):
    vspcd, _, vm, client = target
    vm.send(b"still \xff here.")
    client.read_until(b"still \xff here.")
    client.send(b"and \xff here.")
    vm.read_until(b"and \xff here.")
    vspcd.check_works()
    vspcd.wait_idle()
    if not is_sanitized():
        assert vspcd.rss() - rss_before < growth


def send_what_it_takes(address, data):
    """Sends until all is sent or vspcd has had enough."""
    peer = Peer(dial(address))
    try:
        for at in range(0, len(data), 8192):
            peer.send_wire(data[at:at + 8192])
            peer.read_for(0)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return peer


@pytest.mark.parametrize("rubbish", [
    *(pytest.param(random_bytes(seed), id=f"random-{seed}")
      for seed in range(3)),
    *(pytest.param(random_telnet(seed), id=f"telnet-{seed}")
      for seed in range(3)),
    pytest.param(HTTP, id="http"),
    pytest.param(TLS_HELLO, id="tls"),
    pytest.param(b"\xff", id="iac"),
    pytest.param(b"\xff\xfa", id="sb"),
    pytest.param(b"\xff\xfb", id="will"),
    pytest.param(b"\0" * 100_000, id="nuls"),
    pytest.param(b"\xff\xfa\xe8\x00" + b"\xff\xf0\xff\xfa\xe8" * 20000,
                 id="subnegotiations"),
])
def test_rubbish(target, rubbish):
    vspcd, address, _, _ = target
    before = vspcd.rss()
    peer = send_what_it_takes(address, rubbish)
    # What is left open is no burden.
    assert_all_well(target, before)
    peer.close()
    peer = send_what_it_takes(address, rubbish)
    peer.reset()
    assert_all_well(target, before)


@pytest.mark.parametrize("option", [0, 24, 44, 232])
def test_endless_subnegotiation(target, option):
    """Closed, with a reason in the log."""
    vspcd, address, _, _ = target
    before = vspcd.rss()
    peer = Peer(dial(address))
    closed = False
    peer.send_wire(wire.will(option) + bytes((wire.IAC, wire.SB, option)))
    try:
        for _ in range(4096):  # 64 MiB: nobody may take that
            peer.send_wire(b"a" * 16384)
            peer.read_for(0)
            if peer.is_closed_by_peer:
                closed = True
                break
    except (ConnectionResetError, BrokenPipeError):
        closed = True
    assert closed, "a subnegotiation of 64 MiB was taken"
    vspcd.wait_line(lambda line: f"peer={peer.address}" in line and
                    "reason=" in line, "with the reason")
    peer.close()
    assert_all_well(target, before)


def test_subnegotiation_of_a_reasonable_size_is_taken(vspcd):
    vm = vspcd.vm()
    vm.send_wire(wire.ext(99, b"x" * 10000))
    vm.sync()
    answer = (wire.VMWARE, bytes((wire.UNKNOWN_SUBOPTION_RCVD_2, 99)))
    assert vm.subs.count(answer) == 1


def test_early_data_is_bounded(vspcd):
    """Data without end from a VM that never says who it is."""
    before = vspcd.rss()
    vm = vspcd.new_vm(answers={wire.GET_VM_VC_UUID: SILENT,
                               wire.GET_VM_NAME: SILENT}).start()
    vm.sock.settimeout(0.5)
    try:
        for _ in range(512):
            vm.sock.sendall(b"x" * 65536)
    except OSError:
        pass  # pushed back or closed: both are bounded
    if not is_sanitized():
        assert vspcd.rss() - before < 2 * MIB
    vspcd.wait_idle()
    vspcd.check_works()


def test_a_thousand_silent_connections(target):
    vspcd, address, vm, client = target
    before = vspcd.rss()
    with many(lambda: Peer(dial(address)), 1000) as silent:
        pump_all(silent, lambda: all(p.received for p in silent),
                 "a greeting for each")
        assert_all_well(target, before, growth=24 * MIB)
        vm.send(b"ping")
        client.read_until(b"ping")
    assert_all_well(target, before, growth=24 * MIB)


def test_connects_and_resets_in_a_tight_loop(target):
    vspcd, address, _, _ = target
    before = vspcd.rss()
    linger = struct.pack("ii", 1, 0)
    for n in range(2000):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            sock.settimeout(30)
            sock.connect(address)
            if n % 3 == 0:
                sock.send(b"\xff\xfb\x25"[:n % 4])
    assert_all_well(target, before)


def test_connects_and_closes_before_the_greeting_is_read(target):
    vspcd, address, _, _ = target
    before = vspcd.rss()
    for _ in range(500):
        with socket.create_connection(address, 30) as sock:
            sock.send(b"x")
    assert_all_well(target, before)


# No file descriptors left

def no_more_than(count):
    return ("prlimit", f"--nofile={count}:{count}")


def test_no_descriptors_left_on_a_console_port(start_vspcd, need):
    need("prlimit", "util-linux")
    vspcd = start_vspcd(wrapper=no_more_than(64))
    vm = vspcd.vm()
    for n in range(14):  # clients alone may not have all of them
        vspcd.vm(f"beside-{n}")
    client = vspcd.telnet(vm)
    with many(lambda: RawClient(vspcd.console_address(vm.port)), 100) as crowd:
        vspcd.wait_event(words.FILES_EXHAUSTED)
        # Whoever is not served yet makes room for the next one.
        eventually(lambda: len(vspcd.events(words.CLIENT_CONNECTED)) > 1,
                   "some of the crowd to be served")
        served = count_open(crowd)
        assert 5 <= served <= 32
        vm.send(b"what is connected is served")
        client.read_until(b"is served")
        client.send(b"typed")
        vm.read_until(b"typed")
        vspcd.wait_idle()
        # Full is said, and not again and again.
        assert len(vspcd.events(words.FILES_EXHAUSTED)) == 1
        assert len(vspcd.lines) < 200 + 5 * served
    # A port for a new console takes a descriptor that the crowd has had.
    vspcd.wait_clients(vm.console, 1)
    vspcd.wait_idle()
    vspcd.check_works()
    assert not client.is_closed_by_peer
    vm.send(b"and still is")
    client.read_until(b"still is")


def count_open(crowd):
    for one in crowd:
        if not one.is_closed_by_peer:
            one.read_for(0)
    return sum(not one.is_closed_by_peer for one in crowd)


def test_no_descriptors_left_on_the_vm_port(start_vspcd, need):
    need("prlimit", "util-linux")
    vspcd = start_vspcd(wrapper=no_more_than(64))
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    with many(lambda: TelnetPeer(dial(vspcd.proxy)), 100) as crowd:
        crowd[-1].wait(lambda: crowd[-1].negotiation, "a greeting")
        vspcd.wait_idle()
        vm.send(b"what is connected is served")
        client.read_until(b"is served")
        client.send(b"typed")
        vm.read_until(b"typed")
    vspcd.check_works()
    vm.send(b"and still is")
    client.read_until(b"still is")


def test_a_vm_that_gets_no_listener_does_no_harm(start_vspcd, need):
    """VMs until the limit: each needs two descriptors."""
    need("prlimit", "util-linux")
    vspcd = start_vspcd(wrapper=no_more_than(48))
    vm = vspcd.vm("first")
    client = vspcd.telnet(vm)
    for n in range(60):
        vspcd.new_vm(f"more-{n}").read_for(0.01)
    vspcd.wait_idle()
    vm.send(b"still here")
    client.read_until(b"still here")
    for peer in vspcd.peers[2:]:
        peer.close()
    # The ports of those that had one are kept; what is left is enough for
    # the first one, again and again.
    for _ in range(3):
        again = vspcd.vm("first", vm.uuid)
        assert again.port == vm.port


def test_descriptor_limit_is_raised_to_the_hard_one(start_vspcd, need):
    need("prlimit", "util-linux")
    vspcd = start_vspcd(wrapper=("prlimit", "--nofile=64:512"))
    limits = open(f"/proc/{vspcd.pid}/limits").read()
    line = next(x for x in limits.splitlines() if "open files" in x)
    assert line.split()[3:5] == ["512", "512"]
    vm = vspcd.vm()
    # One address has 120 places at most with 512 descriptors.
    with many(lambda: RawClient(vspcd.console_address(vm.port)), 110) as crowd:
        pump_all(crowd, lambda: all(
            len(c.greeting) == len(wire.CLIENT_GREETING) for c in crowd),
            "a greeting for each")


def test_a_log_that_nobody_reads_stops_nothing(need):
    """stderr is a pipe that is full."""
    reader, writer = os.pipe()
    ports = PortBlock(1)
    process = subprocess.Popen(
        [BUILD / "vspcd", "--proxy-port", str(ports.base + 60),
         "--proxy-iface", "127.0.0.1", "--interface", "127.0.0.1",
         "--port-range-start", str(ports.base), "--port-range-end",
         str(ports.last), "--backend", "Memory"],
        stderr=writer, env=clean_environment())
    os.close(writer)
    try:
        address = ("127.0.0.1", ports.base + 60)
        eventually(lambda: is_up(address), "vspcd to listen")
        for _ in range(1500):  # two lines each, far more than a pipe holds
            with socket.create_connection(address, 30):
                pass
        peer = TelnetPeer(dial(address))
        peer.wait(lambda: peer.negotiation, "a greeting")
        peer.close()
        process.terminate()
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(reader)
        ports.close()


def is_up(address):
    try:
        socket.create_connection(address, 1).close()
    except OSError:
        return False
    return True
