"""vMotion as it should be: hosts change, the console stays, and every byte
arrives exactly once and in order. docs/vmotion.md has the rules."""

import re

import pytest

from harness import words
from harness import wire
from harness.net import eventually, pump_all
from harness.streams import (Typist, assert_both_ways, assert_same,
                             letters, part_of)
from harness.vm import (SILENT, as_captured, at_random, byte_by_byte,
                        new_uuid, whole)

CUTS = [
    pytest.param(as_captured, id="as-captured"),
    pytest.param(whole, id="whole"),
    pytest.param(byte_by_byte, id="byte-by-byte"),
    *(pytest.param(at_random(seed), id=f"random-{seed}") for seed in range(4)),
]


# A move

@pytest.mark.parametrize("cut", CUTS)
def test_a_move_in_every_segmentation(vspcd, cut):
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.cut = cut
    source.send(b"printed by the source, ")
    source.begin()
    client.type(b"held \xff\r\0\n")
    destination = vspcd.destination(source, cut=cut).join()
    destination.complete()
    assert destination.read_until(b"\n") == b"held \xff\r\0\n"
    source.wait_closed()
    destination.cut = as_captured
    destination.send(b"printed by the destination.")
    assert client.read_until(b".") == (b"printed by the source, "
                                       b"printed by the destination.")
    assert_both_ways(destination, client)


def test_a_move_while_everybody_types_and_the_vm_prints(start_vspcd):
    vspcd = start_vspcd("--hold-time", 20000)
    source = vspcd.vm()
    clients = [vspcd.telnet(source, binary=False), vspcd.telnet(source),
               vspcd.raw(source), vspcd.telnet(source)]
    printed = [letters(4 << 10, seed=n) for n in range(5)]
    typists = [Typist(client, n) for n, client in enumerate(clients)]
    for typist in typists:
        typist.wait_for(100)
    source.send(printed[0])
    source.ask_to_move()
    source.send(printed[1])
    source.go_ahead()
    source.send(printed[2])
    destination = vspcd.destination(source).join()
    for typist in typists:
        typist.wait_for(100)
    destination.send(printed[3])
    destination.complete()
    destination.send(printed[4])
    for typist in typists:
        typist.wait_for(100)
    typed = [typist.stop() for typist in typists]
    source.wait_closed()
    destination.wait(lambda: len(source.data) + len(destination.data) >=
                     sum(map(len, typed)), "what was typed")
    came = bytes(source.data + destination.data)
    for typist in typists:
        assert_same(part_of(typist.number, came), typist.typed)
    shown = b"".join(printed)
    for client in clients:
        assert_same(client.read_exactly(len(shown)), shown)


def test_what_was_typed_before_begin_comes_before_goahead(vspcd):
    """In the same stream, however long the VM has not read."""
    source = vspcd.vm(receive_buffer=4096)
    client, raw = vspcd.telnet(source), vspcd.raw(source)
    raw.send(b"from a raw client;")
    source.wait(lambda: source.data == b"from a raw client;", "its bytes")
    text = letters(40 << 10, seed=1)
    client.type(text)
    source.begin()
    assert_same(source.before_goahead, b"from a raw client;" + text)
    client.type(b"typed after")
    destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_exactly(11) == b"typed after"
    source.wait_closed()
    assert_same(source.data, b"from a raw client;" + text)


def test_what_was_typed_meanwhile_comes_to_the_destination_first(vspcd):
    source = vspcd.vm()
    client, other = vspcd.telnet(source), vspcd.telnet(source)
    source.begin()
    client.type(b"1 before PEER;")
    other.type(b"2 before PEER;")
    destination = vspcd.destination(source).join()
    client.type(b"3 before COMPLETE;")
    late = vspcd.telnet(source)
    late.type(b"4 from one that came meanwhile;")
    destination.sync()
    assert not destination.data, "nothing is due before COMPLETE"
    destination.complete()
    destination.sync()
    other.type(b"5 after COMPLETE.")
    assert destination.read_until(b".") == (
        b"1 before PEER;2 before PEER;3 before COMPLETE;"
        b"4 from one that came meanwhile;5 after COMPLETE.")
    source.wait_closed()
    assert not source.data


def test_what_the_destination_says_early_comes_behind_the_source(vspcd):
    """Data in the segment of PEER, before COMPLETE, and in its segment."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    source.send(b"1")
    source.sync()
    destination = vspcd.destination(source)
    destination.opening[0] += b"3"
    destination.join()
    destination.send(b"4")
    source.send(b"2")
    source.sync()
    destination.send_wire(
        b"5" + wire.ext(wire.VMOTION_COMPLETE, source.sequence) + b"6.")
    assert client.read_until(b".") == b"123456."


def test_the_last_words_of_the_source_are_read_to_their_end(vspcd):
    """They lie in its socket when COMPLETE comes."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    destination = vspcd.destination(source).join()
    for n in range(50):
        printed = letters(12 << 10, seed=n)
        source.send(printed)
        destination.complete()
        destination.send(b"<from the destination>")
        got = client.read_until(b"<from the destination>")
        assert_same(got, printed + b"<from the destination>")
        source.wait_closed()
        source = destination
        source.begin()
        destination = vspcd.destination(source).join()


def test_a_client_that_comes_and_one_that_goes_during_a_move(vspcd):
    source = vspcd.vm()
    first = vspcd.telnet(source)
    source.begin()
    first.type(b"typed by the first, ")
    first.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=first.address)
    second = vspcd.telnet(source)
    second.type(b"then by the second.")
    destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b".") == \
        b"typed by the first, then by the second."
    assert_both_ways(destination, second)


# Sequences and secrets

@pytest.mark.parametrize("sequence", [
    *(bytes((byte,)) for byte in (255, 240, 250, 0, 13, 10)),
    b"\xff\xff\xff\xff", b"\xf0\xff\xf0\xff", b"\r\0\r\n", b"\0\0\0\0",
    b"\xff\xfa\xe8\x28", b"\xff" * 64, bytes(range(192, 256)),
    b"\r\n\0\xff" * 16,
], ids=lambda sequence: f"{sequence[:4].hex()}-{len(sequence)}")
@pytest.mark.parametrize("cut", [as_captured, byte_by_byte])
def test_sequences_of_every_kind(vspcd, sequence, cut):
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.cut = cut
    source.begin(sequence)
    destination = vspcd.destination(source, cut=cut).join()
    destination.complete()
    source.wait_closed()
    destination.cut = as_captured
    assert_both_ways(destination, client)


def test_secrets_are_8_bytes_and_always_new(vspcd):
    """Those with a 255 or an end of line in them serve as well as others."""
    source = vspcd.vm()
    secrets = set()
    for must in (b"\xff", b"\r", b"\n", b"\0", b"\xf0"):
        for _ in range(3000):
            secret = source.begin()
            assert len(secret) == 8 and secret not in secrets
            secrets.add(secret)
            if must in secret:
                break
            source.abort()
        assert must in secret
        destination = vspcd.destination(source).join()
        destination.complete()
        source.wait_closed()
        source = destination
    assert_both_ways(source, vspcd.telnet(source))


def test_a_sequence_of_65_bytes_gets_notnow(vspcd):
    source = vspcd.vm()
    source.ask_to_move(b"\xff" * 65)
    assert source.take_ext(wire.VMOTION_GOAHEAD, wire.VMOTION_NOTNOW) == (
        wire.VMOTION_NOTNOW, b"\xff" * 65)
    has = vspcd.wait_event(words.VM_MOVE_NOT_BEGUN, peer=source.address)
    assert has["console"] == source.console and has["reason"]
    vspcd.move(source)


# The destination

def test_peer_is_answered_before_identity(vspcd):
    """It says no DO-PROXY, and answers nothing that it may be asked."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    destination = vspcd.destination(source, answers={
        code: SILENT for code in source.answers}).join()
    destination.complete()
    source.wait_closed()
    assert_both_ways(destination, client)
    assert not destination.has_will_proxy and not destination.has_wont_proxy


def test_peer_again_is_answered_again(vspcd):
    source = vspcd.vm()
    source.begin()
    destination = vspcd.destination(source).join()
    for _ in range(3):
        destination.say(wire.ext(wire.VMOTION_PEER,
                                 source.sequence + source.secret))
        destination.join()
    destination.complete()
    source.wait_closed()
    assert_both_ways(destination, vspcd.telnet(destination))


def test_peer_and_complete_in_one_segment(vspcd):
    """Hasty, but clear."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held.")
    destination = vspcd.destination(source)
    destination.opening[0] += wire.ext(wire.VMOTION_COMPLETE, source.sequence)
    destination.join()
    assert destination.read_until(b".") == b"held."
    source.wait_closed()
    assert_both_ways(destination, client)


def test_a_destination_that_waits_outlives_the_identity_timeout(start_vspcd):
    vspcd = start_vspcd("--identity-timeout", 1)
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    destination = vspcd.destination(source).join()
    late = vspcd.new_vm(opening=[b""])
    late.wait_closed()
    destination.complete()
    source.wait_closed()
    later = vspcd.new_vm(opening=[b""])
    later.wait_closed()
    assert_both_ways(destination, client)


# What the console keeps

def test_port_name_label_and_clients_stay(vspcd):
    uuid = new_uuid()
    source = vspcd.vm("web", uuid, "s7")
    client = vspcd.telnet(source)
    port = source.port
    destination = vspcd.move(source)
    assert_both_ways(destination, client)
    assert_both_ways(destination, vspcd.telnet(port))
    vspcd.report()
    has = vspcd.events(words.CONSOLE_LISTED, console="web")[-1]
    assert has["id"] == f"{uuid}/s7"
    assert (has["port"], has["vm"]) == (str(port), destination.address)
    destination.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=destination.address)
    assert vspcd.vm("web", uuid, "s7").port == port


def test_a_moved_vm_is_a_vm_as_any_other(vspcd):
    """It goes and is told of; a newer connection of it wins."""
    uuid = new_uuid()
    moved = vspcd.move(vspcd.vm("web", uuid))
    client = vspcd.telnet(moved)
    again = vspcd.vm("web", uuid)
    moved.wait_closed()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=moved.address)
    assert again.port == moved.port
    again.send(b"<again>")
    client.read_until(b"<again>")


# Many

def test_two_serial_ports_of_one_vm_move_at_once(vspcd):
    """The same UUID, even the same sequence: the secret tells them apart."""
    uuid = new_uuid()
    sources = [vspcd.vm("web", uuid, label) for label in ("s0", "s1")]
    clients = [vspcd.telnet(source) for source in sources]
    assert sources[0].begin(b"same") != sources[1].begin(b"same")
    for n, client in enumerate(clients):
        client.type(b"for s%d." % n)
    # The other way round, as far as it goes.
    destinations = [vspcd.destination(source).join()
                    for source in reversed(sources)]
    for destination in destinations:
        destination.complete()
    for n, destination in enumerate(reversed(destinations)):
        assert destination.read_until(b".") == b"for s%d." % n
        destination.send(b"from s%d." % n)
        assert clients[n].read_until(b".") == b"from s%d." % n
    for source in sources:
        source.wait_closed()


def test_twenty_moves_in_a_row_while_two_type(vspcd):
    hosts = [vspcd.vm()]
    clients = [vspcd.telnet(hosts[0]), vspcd.raw(hosts[0])]
    typists = [Typist(client, n + 1) for n, client in enumerate(clients)]
    shown = b""
    for n in range(20):
        printed = letters(2000, seed=n)
        hosts[-1].send(printed)
        shown += printed
        hosts.append(vspcd.move(hosts[-1]))
        for client in clients:
            client.read_for(0)
    typed = [typist.stop() for typist in typists]

    def came():
        return b"".join(bytes(host.data) for host in hosts)

    hosts[-1].wait(lambda: len(came()) >= sum(map(len, typed)), "the rest")
    for typist in typists:
        assert_same(part_of(typist.number, came()), typist.typed)
    for client in clients:
        assert_same(client.read_exactly(len(shown)), shown)
    hosts[-1].data.clear()
    assert_both_ways(hosts[-1], clients[0])
    assert len(vspcd.events(words.VM_MOVED)) == 20


def test_there_and_back_with_the_same_sequence(vspcd):
    first = vspcd.vm()
    client = vspcd.telnet(first)
    secrets = []
    host = first
    for _ in range(2):
        secrets.append(host.begin(b"once"))
        destination = vspcd.destination(host).join()
        destination.complete()
        host.wait_closed()
        host = destination
    assert secrets[0] != secrets[1]
    assert_both_ways(host, client)


def test_fifty_consoles_move_at_once(vspcd):
    sources = [vspcd.vm(f"crowd-{n}") for n in range(50)]
    clients = [vspcd.telnet(source) for source in sources]
    for source in sources:
        source.ask_to_move(b"crowd")
    for source in sources:
        source.go_ahead()
    for n, client in enumerate(clients):
        client.type(b"for %d." % n)
    destinations = [vspcd.destination(source) for source in sources]
    pump_all(destinations, lambda: all(
        wire.VMOTION_PEER_OK in d.ext_codes() for d in destinations),
             "every PEER-OK")
    for destination in reversed(destinations):
        destination.complete()
        destination.send(b"from " + destination.name.encode() + b".")
    for n, (client, destination) in enumerate(zip(clients, destinations)):
        assert destination.read_until(b".") == b"for %d." % n
        assert client.read_until(b".") == b"from crowd-%d." % n
    for source in sources:
        source.wait_closed()
    eventually(lambda: len(vspcd.events(words.VM_MOVED)) == 50, "50 log lines")


# What is told about it

def test_a_move_is_one_line_in_the_log_and_none_to_the_clients(vspcd):
    source = vspcd.vm("web-01")
    client = vspcd.telnet(source)
    raw = vspcd.raw(source)
    raw.send(b"x")
    source.read_until(b"x")
    vspcd.report()
    before = len(vspcd.lines)
    source.begin()
    client.type(b"17 bytes of input")
    destination = vspcd.destination(source).join()
    destination.complete()
    source.wait_closed()
    assert destination.read_exactly(17)
    destination.send(b"all of it.")
    assert client.read_until(b".") == b"all of it."
    assert raw.read_until(b".") == b"all of it."
    vspcd.report()
    lines = [line for line in vspcd.lines[before:]
             if re.search(r" (VM|move|client|connection) ", line)]
    assert len(lines) == 1, lines
    has = vspcd.wait_event(words.VM_MOVED, console="web-01")
    assert has["from"] == source.address and has["to"] == destination.address
    assert has["held"] == "17"
    assert float(has["ms"]) >= 0
    for one in (client, raw):
        one.read_for(0.05)
        assert not one.data


def test_usr1_counts_moves(vspcd):
    source = vspcd.move(vspcd.vm())
    source.begin()
    source.say(wire.ext(wire.VMOTION_BEGIN, b"another"))
    source.take_ext(wire.VMOTION_NOTNOW)
    source.abort()
    vspcd.wait_event(words.VM_MOVE_FAILED)
    has = vspcd.report()
    assert (has["moves"], has["completed"], has["failed"], has["refused"]) \
        == ("2", "1", "1", "1")
