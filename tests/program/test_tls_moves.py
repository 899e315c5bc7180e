"""vMotion where the source, the destination, or both are in TLS; and much data
through a move."""

import random

import pytest

from harness import words
from harness.streams import (MIB, Typist, assert_both_ways, assert_same,
                             noise, transfer)
from harness.tls import Tls, cut_at_random

WAYS = {
    "clear": None,
    "telnets": lambda seed: Tls(cut=cut_at_random(random.Random(seed), 500)),
    "auth": lambda seed: Tls(by_auth=True,
                             cut=cut_at_random(random.Random(seed), 500)),
}


def how(way, seed):
    return {"tls": WAYS[way](seed)} if WAYS[way] else {}


@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("source", WAYS)
def test_every_mixture(start_vspcd, source, to):
    """Nobody types or says a byte that is lost, doubled or out of order."""
    vspcd = start_vspcd("--tls", "offered", "--client-tls", "offered")
    vm = vspcd.vm("web", **how(source, 1))
    client = vspcd.telnet(vm, tls=Tls())
    said = noise(200000, seed=5)
    typist = Typist(client, number=1)
    typist.wait_for(200)
    vm.send(said)
    vm.begin()
    typist.wait_for(200)
    destination = vspcd.destination(vm, **how(to, 2)).join()
    typist.wait_for(200)
    destination.complete()
    destination.send(b"from there.")
    vm.wait_closed()
    vspcd.wait_event(words.VM_MOVED, to=destination.address)
    typist.wait_for(200)
    typist.stop()
    rest = len(typist.typed) - len(vm.data)
    assert_same(vm.take(len(vm.data)) + destination.read_exactly(rest),
                typist.typed)
    assert_same(client.read_exactly(len(said)), said)
    assert client.read_until(b"there.") == b"from there."
    assert_both_ways(destination, client)


def test_there_and_back_and_in_the_clear(start_vspcd):
    vspcd = start_vspcd("--tls", "offered")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm)
    for n in range(4):
        for way in WAYS:
            vm = vspcd.move(vm, **how(way, n))
            assert_both_ways(vm, client)


def test_abort(start_vspcd):
    vspcd = start_vspcd("--tls", "offered")
    vm = vspcd.vm("web", tls=Tls(by_auth=True))
    client = vspcd.telnet(vm)
    vm.begin()
    client.send(b"meanwhile.")
    destination = vspcd.destination(vm, tls=Tls()).join()
    vm.abort()
    destination.wait_closed()
    assert destination.sock.end == "in order"
    assert vm.read_until(b".") == b"meanwhile."
    assert_both_ways(vm, client)


def test_destination_is_cut_and_tries_again(start_vspcd):
    """Also one that never comes through its handshake."""
    vspcd = start_vspcd("--tls", "offered")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm)
    vm.begin()
    first = vspcd.destination(vm, tls=Tls()).join()
    first.break_off()
    half = vspcd.new_vm("half", authenticates=False)
    half.break_off()
    second = vspcd.destination(vm, tls=Tls(by_auth=True)).join()
    second.complete()
    vm.wait_closed()
    assert_both_ways(second, client)


def test_source_is_cut_before_complete(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm)
    vm.begin()
    destination = vspcd.destination(vm, tls=Tls()).join()
    client.send(b"held.")
    vm.break_off()
    destination.complete()
    assert destination.read_until(b".") == b"held."
    assert_both_ways(destination, client)


def test_policy_holds_for_destinations(start_vspcd):
    vspcd = start_vspcd("--tls", "required")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm)
    vm.begin()
    bad = vspcd.destination(vm)
    bad.wait_closed()
    vspcd.wait_event(words.CONNECTION_CLOSED, peer=bad.address,
                     reason="TLS is required on this port: use telnets:// in "
                            "the proxy URI")
    good = vspcd.destination(vm, tls=Tls(by_auth=True)).join()
    good.complete()
    vm.wait_closed()
    assert_both_ways(good, client)


def test_much_data_between_moves(start_vspcd):
    vspcd = start_vspcd("--tls", "offered", "--hold-time", 20000)
    vm = vspcd.vm("web", **how("telnets", 1))
    client = vspcd.telnet(vm)
    for way in "auth", "telnets":
        transfer((vm, client, noise(4 * MIB, seed=1)),
                 (client, vm, noise(4 * MIB, seed=2)))
        vm = vspcd.move(vm, tls=Tls(by_auth=way == "auth", cut=cut_at_random(
            random.Random(7), 5000)))
    assert_both_ways(vm, client)
