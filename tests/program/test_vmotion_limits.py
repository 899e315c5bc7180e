"""vMotion beside clients that are slow, under much input and under attack: the
hosts get their answers in time, memory is bounded, nothing is dropped."""

import concurrent.futures
import select
import signal
import time

import pytest

from harness import words
from harness import wire
from harness.net import TIMEOUT
from harness.programs import is_sanitized
from harness.streams import (MIB, assert_both_ways, assert_same, letters,
                             gaps_in, own_bytes, part_of)

SMALL = {"receive_buffer": 4096}
CHUNK = 16 << 10


def stuck_client(vspcd, vm):
    """A client that reads nothing from now on."""
    client = vspcd.raw(vm, **SMALL)
    client.send(b"!")
    vm.read_until(b"!")
    return client


def is_read(vm, seconds):
    """Whether vspcd reads within this time what the VM sends: it answers a
    code that it does not know."""
    answer = (wire.VMWARE, bytes((wire.UNKNOWN_SUBOPTION_RCVD_2, 99)))
    before = vm.subs.count(answer)
    deadline = time.monotonic() + seconds
    vm.say(wire.ext(99))
    while vm.subs.count(answer) == before:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([vm.sock], [], [], left)[0]:
            return False
        vm.pump()
    return True


def print_until_held(vm, hold_ms):
    """Prints until vspcd does not read on at once. It still reads 64 KiB, a
    hundredth of its --hold-time later, and much less than that was sent."""
    printed = b""
    while True:
        chunk = letters(CHUNK, seed=len(printed))
        vm.send(chunk)
        printed += chunk
        if not is_read(vm, hold_ms / 100_000 / 2):
            return printed
        assert len(printed) < 64 * MIB


# Clients that do not read

def test_begin_behind_a_stuck_client_is_answered_at_once(start_vspcd):
    """The clients may hold the VM back for a minute; its host waits for ten
    seconds or so. Nothing that the VM has printed is lost by it."""
    vspcd = start_vspcd("--hold-time", 60000)
    source = vspcd.vm()
    client = stuck_client(vspcd, source)
    printed = print_until_held(source, 60000)
    start = time.monotonic()
    source.begin()
    destination = vspcd.destination(source).join()
    destination.complete()
    source.wait_closed()
    assert time.monotonic() - start < 15
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(destination.send, b"<from the destination>")
        got = client.read_until(b"<from the destination>")
        sent.result()
    assert_same(got, printed + b"<from the destination>")
    assert_both_ways(destination, client)


def test_the_host_of_a_stuck_client_may_vanish_in_a_move(start_vspcd):
    vspcd = start_vspcd("--hold-time", 60000)
    source = vspcd.vm()
    client = stuck_client(vspcd, source)
    printed = print_until_held(source, 60000)
    source.begin()
    source.reset()
    destination = vspcd.destination(source).join()
    destination.complete()
    destination.send(b"<end>")
    vspcd.wait_event(words.VM_MOVED, to=destination.address)
    assert_same(client.read_until(b"<end>"), printed + b"<end>")


def test_last_words_behind_a_stuck_client_are_read_to_their_end(start_vspcd):
    """However many there are: the move is over, the destination has the input,
    and its output waits for them, as the client may hold up a VM."""
    vspcd = start_vspcd("--hold-time", 60000)
    source = vspcd.vm()
    client = stuck_client(vspcd, source)
    printed = print_until_held(source, 60000)
    source.begin()
    more = letters(256 << 10, seed=3) + b"<last words>"
    source.send(more)
    destination = vspcd.destination(source).join()
    destination.complete()
    client.send(b"typed.")
    assert destination.read_until(b".") == b"typed."
    destination.send(b"<end>")
    vspcd.wait_event(words.VM_MOVED, to=destination.address)
    assert_same(client.read_until(b"<end>"), printed + more + b"<end>")
    source.wait_closed()


@pytest.mark.parametrize("source_closes", [True, False])
def test_a_client_that_pauses_loses_nothing_of_the_last_words(
        vspcd, source_closes):
    """Megabytes that a host had printed until COMPLETE, whether it then closes
    or not: for a tenth of a second nobody reads them."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    destination = vspcd.destination(source).join()
    printed = letters(4 * MIB, seed=4)

    def print_and_end():
        source.send(printed)
        if source_closes:
            source.half_close()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(print_and_end)
        time.sleep(0.1)
        destination.complete()
        destination.send(b"<end>")
        got = client.read_until(b"<end>")
        sent.result()
    assert_same(got, printed + b"<end>")
    source.wait_closed()
    assert not vspcd.events(words.VM_OUTPUT_LOST)
    assert_both_ways(destination, client)


def test_moves_that_fail_do_not_flood_the_log(vspcd):
    """Each costs its host 15 bytes. The next line says how many there were."""
    source = vspcd.vm()
    for n in range(20):
        source.send_wire((wire.ext(wire.VMOTION_BEGIN, b"1234") +
                          wire.ext(wire.VMOTION_ABORT)) * 100)
        source.sync()
    source.subs.clear()
    vspcd.move(source)
    told = vspcd.events(words.VM_MOVE_FAILED)
    assert 1 <= len(told) <= 3
    assert sum(int(event["others"]) + 1 for event in told) <= 2000


def test_begin_behind_a_flood_is_answered_after_the_hold_time(start_vspcd):
    """More than 64 KiB are ahead of it: the client is skipped."""
    vspcd = start_vspcd("--hold-time", 1000)
    source = vspcd.vm()
    client = stuck_client(vspcd, source)
    flood = letters(8 * MIB, seed=1)
    start = time.monotonic()
    source.send(flood)
    source.begin()
    took = time.monotonic() - start
    # The hold is 1 s; the rest is for a busy machine.
    assert took < 10
    destination = vspcd.destination(source).join()
    destination.complete()
    source.wait_closed()
    destination.send(b"<end>")
    client.wait(lambda: client.data.endswith(b"<end>"), "the end")
    assert gaps_in(bytes(client.data), flood + b"<end>") > 0


def test_a_lively_client_beside_a_stuck_one_sees_it_all(start_vspcd):
    vspcd = start_vspcd("--hold-time", 200)
    source = vspcd.vm()
    stuck = stuck_client(vspcd, source)
    lively = vspcd.telnet(source)
    printed = letters(4 * MIB, seed=2)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        def print_and_begin():
            source.send(printed)
            source.begin()
            destination = vspcd.destination(source).join()
            destination.complete()
            destination.send(b"<end>")
        moved = pool.submit(print_and_begin)
        got = lively.read_until(b"<end>", 2 * TIMEOUT)
        moved.result()
    assert_same(got, printed + b"<end>")
    stuck.wait(lambda: stuck.data.endswith(b"<end>"), "the end")
    assert gaps_in(bytes(stuck.data), printed + b"<end>") > 0


# Clients that type much

def fill(sock, data):
    """Writes until nothing more is taken for a while; returns how much."""
    sock.setblocking(False)
    data = memoryview(data)
    taken = 0
    while taken < len(data) and select.select([], [sock], [], 0.3)[1]:
        try:
            taken += sock.send(data[taken:])
        except BlockingIOError:
            pass
    sock.settimeout(TIMEOUT)
    return taken


@pytest.mark.parametrize("kind", ["telnet", "raw"])
@pytest.mark.parametrize("ends", ["completes", "is aborted", "is lost"])
def test_held_input_is_bounded_and_none_is_dropped(start_vspcd, kind, ends):
    """With the bound reached the client is pushed back; what it has sent
    arrives, wherever it has to go."""
    vspcd = start_vspcd("--held-input-size", "4K")
    source = vspcd.vm()
    client = getattr(vspcd, kind)(source, send_buffer=8192)
    other = vspcd.telnet(source)
    client.send(b"!")
    source.read_until(b"!")
    data = letters(16 * MIB, seed=3)
    before = vspcd.rss()
    source.begin()
    taken = fill(client.sock, data)
    assert taken < 16 * MIB
    if not is_sanitized():
        assert vspcd.rss() - before < MIB
    source.send(b"still printing.")
    for one in (client, other):
        assert one.read_until(b".") == b"still printing."
    receiver = source
    if ends == "is aborted":
        source.abort()
    else:
        if ends == "is lost":
            source.close()
        receiver = vspcd.destination(source).join()
        receiver.complete()
    rest = data[taken:taken + 200_000] + b"<end>"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(client.send, rest)
        assert_same(receiver.read_until(b"<end>"), data[:taken] + rest)
        sent.result()
    for one in (client, other):
        receiver.send(b"each.")
        assert client.read_until(b".") == b"each."
        assert other.read_until(b".") == b"each."
        one.send(b"well.")
        assert receiver.read_until(b".") == b"well."


def test_many_who_type_share_the_bound(start_vspcd):
    """And each one's bytes stay in order."""
    vspcd = start_vspcd("--held-input-size", "4K")
    source = vspcd.vm()
    clients = [vspcd.telnet(source, send_buffer=8192) for _ in range(3)]
    source.begin()
    typed = []
    for n, client in enumerate(clients):
        data = own_bytes(4 * MIB, n)
        typed.append(data[:fill(client.sock, data)])
        assert len(typed[n]) < len(data)
    destination = vspcd.destination(source).join()
    destination.complete()
    came = destination.read_exactly(sum(map(len, typed)))
    for n, data in enumerate(typed):
        assert_same(part_of(n, came), data)


def test_a_destination_that_does_not_read(vspcd):
    """It takes what was held when it likes; the others are not hurt."""
    source = vspcd.vm()
    client = vspcd.telnet(source, send_buffer=8192)
    source.begin()
    data = letters(16 * MIB, seed=4)
    taken = fill(client.sock, data)
    destination = vspcd.destination(source, receive_buffer=4096).join()
    destination.complete()
    source.wait_closed()
    vspcd.check_works()
    assert_same(destination.read_exactly(taken), data[:taken])
    assert_both_ways(destination, client)


def test_a_vm_moves_on_while_its_input_is_still_on_its_way(vspcd):
    """More was held than the first destination has taken when it moves."""
    hosts = [vspcd.vm()]
    client = vspcd.telnet(hosts[0])
    data = letters(16 * MIB, seed=7)
    hosts[0].begin()
    taken = fill(client.sock, data)
    for _ in range(3):
        hosts.append(vspcd.destination(hosts[-1], receive_buffer=4096).join())
        hosts[-1].complete()
        hosts[-2].wait_closed()
        taken += fill(client.sock, data[taken:taken + 100_000])
        hosts[-1].begin()
    last = vspcd.destination(hosts[-1]).join()
    last.complete()
    hosts.append(last)
    hosts[-2].wait_closed()
    # It is not taken before the last host has taken what is in front of it.
    with concurrent.futures.ThreadPoolExecutor(1) as sender:
        sent = sender.submit(client.send, b"<end>")
        last.wait(lambda: last.data.endswith(b"<end>"), "the end")
        sent.result()
    assert_same(b"".join(bytes(host.data) for host in hosts),
                data[:taken] + b"<end>")


# How long a console lives

@pytest.mark.parametrize("joins", [False, True], ids=["begun", "joined"])
def test_a_console_does_not_expire_in_a_move(start_vspcd, joins):
    """Nobody is there but the move."""
    vspcd = start_vspcd("--vm-expire-time", 0)
    source, witness = vspcd.vm(), vspcd.vm("witness")
    source.begin()
    destination = vspcd.destination(source).join() if joins else None
    source.close()
    witness.close()
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="witness")
    client = vspcd.raw(source.port)
    client.send(b"held.")
    destination = destination or vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b".") == b"held."
    assert_both_ways(destination, client)
    vspcd.report()
    assert not vspcd.events(words.CONSOLE_EXPIRED, console=source.console)


def test_a_console_expires_after_a_move_that_came_to_nothing(start_vspcd):
    vspcd = start_vspcd("--vm-expire-time", 0, "--move-timeout", 1)
    source = vspcd.vm()
    source.begin()
    source.close()
    vspcd.wait_event(words.CONSOLE_EXPIRED, console=source.console)
    vspcd.report()
    assert len(vspcd.events(words.VM_MOVE_FAILED)) == 1
    vspcd.check_works()


@pytest.mark.parametrize("state", ["begun", "joined", "orphaned", "adopted"])
def test_sigterm_in_a_move_ends_in_order(start_vspcd, state):
    vspcd = start_vspcd()
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held")
    there = [source]
    if state in ("joined", "adopted"):
        there.append(vspcd.destination(source).join())
    if state in ("orphaned", "adopted"):
        there.pop(0).close()
    vspcd.process.send_signal(signal.SIGTERM)
    for one in there:
        one.wait_closed()
    client.wait_closed()
    assert vspcd.wait_exit(10) == 0


# Attacks

def test_a_flood_of_begins(vspcd):
    """The first is answered with GOAHEAD, every other one with NOTNOW, and
    the move goes on."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    before = vspcd.rss()
    count = 5000
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(source.send_wire, wire.ext(
            wire.VMOTION_BEGIN, b"\xff\xff") * count)
        source.sequence = b"\xff\xff"
        source.go_ahead()
        source.wait(lambda: source.ext_codes().count(wire.VMOTION_NOTNOW) ==
                    count - 1, "every NOTNOW")
        sent.result()
    if not is_sanitized():
        assert vspcd.rss() - before < 4 * MIB
    client.type(b"held.")
    destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b".") == b"held."
    assert_both_ways(destination, client)


def test_a_flood_of_begins_that_takes_no_answers(vspcd):
    """Bounded: it is not read any more; the others are served."""
    source = vspcd.vm(**SMALL)
    bystander = vspcd.vm()
    client = vspcd.telnet(bystander)
    before = vspcd.rss()
    fill(source.sock, wire.ext(wire.VMOTION_BEGIN, b"\xff" * 60) * 100_000)
    if not is_sanitized():
        assert vspcd.rss() - before < 4 * MIB
    # A line for each may have been too much for the log to take all.
    assert_both_ways(bystander, client)


def test_a_flood_of_wrong_secrets(vspcd):
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held.")
    before = vspcd.rss()
    attacker = vspcd.destination(source, secret=b"wrong")
    attacker.be_refused()
    count = 5000
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(attacker.send_wire, b"".join(
            wire.ext(wire.VMOTION_PEER, source.sequence + b"%08d" % n)
            for n in range(count)))
        attacker.wait(
            lambda: attacker.is_closed_by_peer or attacker.ext_codes().count(
                wire.UNKNOWN_SUBOPTION_RCVD_2) == count, "every answer")
        sent.result()
    if not is_sanitized():
        assert vspcd.rss() - before < 4 * MIB
    destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b".") == b"held."
    assert_both_ways(destination, client)


def test_begin_and_abort_over_and_over(vspcd):
    source = vspcd.vm()
    client = vspcd.telnet(source)
    count = 2000
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(source.send_wire, (
            wire.ext(wire.VMOTION_BEGIN, b"\xff\xff") +
            wire.ext(wire.VMOTION_ABORT)) * count)
        source.wait(lambda: (
            source.ext_codes().count(wire.VMOTION_GOAHEAD) +
            source.ext_codes().count(wire.VMOTION_NOTNOW)) == count,
            "every answer")
        sent.result()
    secrets = [body for _, body in source.subs
               if body[0] == wire.VMOTION_GOAHEAD]
    assert len(set(secrets)) == len(secrets) >= 32
    source.subs.clear()
    assert_both_ways(vspcd.move(source), client)


def test_a_destination_may_say_64_kib_before_complete(vspcd):
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    destination = vspcd.destination(source).join()
    early = letters(64 << 10, seed=5)
    destination.send(early)
    source.send(b"<source>")
    source.sync()
    destination.complete()
    destination.send(b"<end>")
    assert_same(client.read_until(b"<end>"), b"<source>" + early + b"<end>")


def test_a_destination_that_says_more_is_closed(vspcd):
    """With the reason in the log; the move goes on without it."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held.")
    loud = vspcd.destination(source).join()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:
            loud.send(letters(8 << 10, seed=6))
    has = vspcd.wait_event(words.CONNECTION_CLOSED, peer=loud.address)
    assert has["reason"]
    destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b".") == b"held."
    source.wait_closed()
    # Not a byte of the one that was closed.
    assert_both_ways(destination, client)


@pytest.mark.parametrize("who", ["source", "destination"])
def test_a_subnegotiation_without_end(vspcd, who):
    """It ends that connection, as ever, and not the move."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held.")
    bad = destination = vspcd.destination(source).join()
    if who == "source":
        bad = source
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        bad.send_wire(b"\xff\xfa\xe8\x2e")
        while True:
            bad.send_wire(b"x" * 4096)
    if who == "destination":
        destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b".") == b"held."
    assert_both_ways(destination, client)


@pytest.mark.parametrize("code", [40, 44, 46, 48])
def test_a_half_message_harms_nobody(vspcd, code):
    """Its end never comes; the host goes."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held.")
    half = vspcd.destination(source).join()
    half.send_wire(wire.ext(code, source.sequence)[:-1])
    half.close()
    destination = vspcd.destination(source)
    # The half one may be there for another moment.
    while True:
        said = destination.take_ext(wire.VMOTION_PEER_OK,
                                    wire.UNKNOWN_SUBOPTION_RCVD_2)
        if said[0] == wire.VMOTION_PEER_OK:
            break
        destination.say(wire.ext(wire.VMOTION_PEER,
                                 source.sequence + source.secret))
    destination.complete()
    assert destination.read_until(b".") == b"held."
    assert_both_ways(destination, client)


# A BEGIN without a sequence is answered: test_vm_identity.py.
@pytest.mark.parametrize("code, body", [
    (44, b""), (44, b"x"), (46, b""), (48, b"more than it has"),
    (41, b"seqsecret"), (43, b"seq"), (45, b"seq")])
def test_odd_messages_harm_nobody(vspcd, code, body):
    """Empty, too short, or what only a concentrator may say."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.say(wire.ext(code, body))
    vm.sync()
    assert_both_ways(vm, client)
    moved = vspcd.move(vm)
    assert_both_ways(moved, client)
