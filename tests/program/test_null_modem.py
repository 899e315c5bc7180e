"""vspc://: the serial ports of two VMs joined, as by a cable."""

import random
import subprocess
import threading
import time

import pytest

from harness import words
from harness import wire
from harness.comport import BREAK_OFF, BREAK_ON, CTS, DSR, DTR_OFF, DTR_ON
from harness.net import Fd, eventually
from harness.streams import MIB, transfer
from harness.vm import new_uuid

RULE = ("--service-connect", "vspc://*")
TRIED_AGAIN = words.SERVICE_FAILED
EVERY_BYTE = bytes(range(256))


def join(vspcd, other, name="a", **options):
    return vspcd.vm(name, uri=f"vspc://{other}", direction=b"C", **options)


def wait_joined(vspcd, count=1):
    eventually(lambda: len(vspcd.events(words.NULL_MODEM)) >= count,
               "the null modem")


def check(a, b):
    for one, other in ((a, b), (b, a)):
        one.send(EVERY_BYTE)
        assert other.read_exactly(256) == EVERY_BYTE
    assert not a.data and not b.data


@pytest.fixture
def pair(start_vspcd):
    vspcd = start_vspcd(*RULE)
    b = vspcd.vm("b", uri="s0")
    a = join(vspcd, "b")
    wait_joined(vspcd)
    return vspcd, a, b


def test_both_ways(pair):
    _, a, b = pair
    check(a, b)


@pytest.mark.parametrize("how", ["b/s0", "{uuid}", "{uuid}/s0", "{UUID}",
                                 "%62"])
def test_how_it_is_named(start_vspcd, how):
    vspcd = start_vspcd(*RULE)
    b = vspcd.vm("b", uri="s0")
    a = join(vspcd, how.format(uuid=b.uuid, UUID=b.uuid.upper()))
    wait_joined(vspcd)
    check(a, b)


def test_16_mib_both_ways(pair):
    _, a, b = pair
    rng = random.Random(9)
    transfer((a, b, rng.randbytes(16 * MIB)), (b, a, rng.randbytes(16 * MIB)))


def test_breaks_and_lines(pair):
    _, a, b = pair
    a.com_port()
    b.com_port()
    a.set(DTR_OFF)
    assert not b.lines() & DSR
    a.set(DTR_ON)
    assert b.lines() & DSR and b.lines() & CTS
    a.set(BREAK_ON, BREAK_OFF)
    b.wait(lambda: len(b.breaks) >= 1, "a break")
    b.send_wire(wire.command(wire.BRK))
    a.wait(lambda: len(a.breaks) >= 1, "a break")


def test_moves(pair):
    """Whoever moves, and both at a time."""
    vspcd, a, b = pair
    a = vspcd.move(a)
    check(a, b)
    b = vspcd.move(b)
    check(a, b)
    a.begin()
    b.begin()
    b.send(b"typed meanwhile")
    b.sync()
    there = vspcd.destination(a).join()
    there.complete()
    assert there.read_exactly(15) == b"typed meanwhile"
    b.abort()
    check(there, b)
    assert len(vspcd.events(words.NULL_MODEM)) == 1


def test_a_bulk_through_a_move(pair):
    vspcd, a, b = pair
    said = random.Random(10).randbytes(4 * MIB)
    sender = threading.Thread(target=b.send, args=(said,), daemon=True)
    sender.start()
    first = a.read_exactly(MIB)
    a.begin()
    there = vspcd.destination(a).join()
    there.complete()
    a.wait_closed()
    first += bytes(a.data)
    there.wait(lambda: len(first) + len(there.data) >= len(said), "the rest")
    assert first + bytes(there.data) == said
    sender.join()


def test_the_other_goes_and_comes_back(pair):
    vspcd, a, b = pair
    b.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="b")
    a.send(b"into the void" * 100000)
    a.sync()
    again = vspcd.new_vm("b", b.uuid, uri="s0").identify()
    eventually(lambda: len(vspcd.events(words.VM_CONNECTED, console="b")) == 2,
               "b")
    check(a, again)
    assert len(vspcd.events(words.NULL_MODEM)) == 1


def test_the_one_that_asked_goes_and_comes_back(pair):
    vspcd, a, b = pair
    a.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="a")
    b.send(b"into the void")
    b.sync()
    again = vspcd.new_vm("a", a.uuid, uri="vspc://b",
                         direction=b"C").identify()
    wait_joined(vspcd, 2)
    check(again, b)


def test_both_ask_for_the_same_cable(start_vspcd):
    """Each byte crosses once; and as long as one is there, so is the cable."""
    vspcd = start_vspcd(*RULE)
    a = join(vspcd, "b", "a")
    assert vspcd.wait_event(TRIED_AGAIN, console="a")["reason"] == \
        "no other console has that name or UUID"
    b = join(vspcd, "a", "b")
    wait_joined(vspcd)
    time.sleep(1)  # a tries again meanwhile
    check(a, b)
    assert len(vspcd.events(words.NULL_MODEM)) == 1
    a.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="a")
    a = vspcd.new_vm("a", a.uuid, uri="vspc://b", direction=b"C").identify()
    eventually(lambda: len(vspcd.events(words.VM_CONNECTED, console="a")) == 2,
               "a")
    check(a, b)


def test_names_that_lead_nowhere(start_vspcd):
    vspcd = start_vspcd(*RULE)
    one = vspcd.vm("twin", uri="s0")
    vspcd.vm("twin", uri="s0")
    vspcd.vm("ports", uuid := new_uuid(), uri="s0")
    vspcd.vm("ports", uuid, uri="s1")
    for number, (target, reason) in enumerate({
            "twin": "several consoles have that name or UUID",
            "ports": "several consoles have that name or UUID",
            "nobody": "no other console has that name or UUID",
            "ports/s2": "no other console has that name or UUID",
            "self": "no other console has that name or UUID",
            }.items()):
        name = "self" if target == "self" else f"vm-{number}"
        vm = join(vspcd, target, name)
        has = vspcd.wait_event(TRIED_AGAIN, console=vm.console)
        assert has["reason"].startswith(reason)
        assert has["uri"] == f"vspc://{target}"
    a = join(vspcd, f"{one.uuid}/s0")
    wait_joined(vspcd)
    check(a, one)


def test_rules(start_vspcd):
    vspcd = start_vspcd("--service-connect", "vspc://b",
                        "--service-connect", "*:*")
    b = vspcd.vm("b", uri="s0")
    vm = vspcd.new_vm("x", uri=f"vspc://{b.uuid}", direction=b"C")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    a = join(vspcd, "b")
    wait_joined(vspcd)
    check(a, b)


def test_what_one_turn_brings_is_handled_whole(pair):
    """Ending the cable of a VM that becomes another one makes more to handle,
    while sixteen things of the same turn are being handled."""
    vspcd, a, b = pair
    segment = b"".join(wire.ext(wire.VM_NAME, f"a{n}".encode())
                       for n in range(14))
    segment += wire.ext(wire.DO_PROXY, b"Sanother")
    segment += b"".join(wire.ext(code - 1, answer.encode())
                        for code, answer in a.answers.items())
    a.say(segment)
    has = vspcd.wait_event(words.VM_DISCONNECTED, peer=a.address)
    assert has["reason"] == "the connection now serves another VM"
    vspcd.wait_event(words.VM_CONNECTED, console="a/another")
    vspcd.check_works()


def test_the_end_of_both(pair):
    vspcd, a, b = pair
    check(a, b)
    vspcd.stop()


def test_a_console_that_is_full(start_vspcd):
    vspcd = start_vspcd("--client-limit", "1", *RULE)
    b = vspcd.vm("b", uri="s0")
    client = vspcd.telnet(b)
    a = join(vspcd, "b")
    assert "limit of clients" in vspcd.wait_event(
        TRIED_AGAIN, console="a")["reason"]
    client.close()
    wait_joined(vspcd)
    check(a, b)


def test_two_vspc_vm(start_vspcd, start_vm):
    vspcd = start_vspcd(*RULE)
    b = start_vm(vspcd, name="b", uuid=new_uuid(), uri="s0",
                 stdin=subprocess.PIPE)
    vspcd.port_of("b")
    a = start_vm(vspcd, "--direction", "C", name="a", uuid=new_uuid(),
                 uri="vspc://b", stdin=subprocess.PIPE)
    wait_joined(vspcd)
    said = random.Random(12).randbytes(MIB)
    for one, other in ((a, b), (b, a)):
        writer = threading.Thread(target=one.process.stdin.write,
                                  args=(said,), daemon=True)
        writer.start()
        assert Fd(other.process.stdout.fileno()).read_exactly(len(said) // 2) \
            == said[:len(said) // 2]
        # The rest is in a buffer of ours until it is flushed.
        one_out = Fd(other.process.stdout.fileno())
        writer.join()
        one.process.stdin.flush()
        assert one_out.read_exactly(len(said) - len(said) // 2) \
            == said[len(said) // 2:]
