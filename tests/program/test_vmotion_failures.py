"""vMotion that goes wrong: refused, aborted, hosts that are lost, strangers.
The console goes on with whoever is left, and no byte of its input is lost
while there is somebody to take it. docs/vmotion.md has the rules."""

import signal

import pytest

from harness import words
from harness import wire
from harness.clients import BACK, GONE
from harness.streams import assert_both_ways, letters
from harness.vm import SILENT, new_uuid


def lost(vspcd, peer, end="close"):
    """Its host is gone, and vspcd has noticed: a connection that ended has
    nothing left to say, and a ring of it takes a turn of the loop."""
    getattr(peer, end)()
    # The socket is read in the turn in which it is ready; two questions of
    # somebody else's, one behind the other, are later turns.
    other = vspcd.new_vm(opening=[b""])
    for _ in range(2):
        other.sync()
    other.close()


def assert_not_now(vm, sequence=b"again"):
    vm.say(wire.ext(wire.VMOTION_BEGIN, sequence))
    assert vm.take_ext(wire.VMOTION_GOAHEAD, wire.VMOTION_NOTNOW) == (
        wire.VMOTION_NOTNOW, sequence)


def assert_is_held(vspcd, client, *hosts):
    """What is typed comes to nobody: a move is under way."""
    client.sync()
    for host in hosts:
        host.sync()
        assert not host.data


def finish(vspcd, source, client, held):
    """Another destination comes, and the move ends as it should."""
    destination = vspcd.destination(source).join()
    destination.complete()
    assert destination.read_exactly(len(held)) == held
    assert_both_ways(destination, client)
    return destination


@pytest.fixture
def begun(vspcd):
    """A source that was told to go ahead, a client of it; "held" is typed."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held")
    return source, client


@pytest.fixture
def joined(vspcd, begun):
    """The same, and its destination has got PEER-OK."""
    source, client = begun
    return source, vspcd.destination(source).join(), client


# NOTNOW

def test_notnow_while_a_move_is_under_way(vspcd, begun):
    source, client = begun
    assert_not_now(source)
    destination = vspcd.destination(source).join()
    assert_not_now(source, source.sequence)
    destination.complete()
    assert destination.read_exactly(4) == b"held"
    assert_both_ways(destination, client)
    vspcd.report()
    # Once a second and connection.
    has = vspcd.events(words.VM_MOVE_NOT_BEGUN)
    assert 1 <= len(has) <= 2
    assert all(one["peer"] == source.address and one["reason"]
               and one["console"] == source.console for one in has)


def test_notnow_for_the_destination_before_it_is_the_vm(vspcd, joined):
    source, destination, client = joined
    assert_not_now(destination)
    destination.complete()
    assert destination.read_exactly(4) == b"held"
    source.wait_closed()
    assert_both_ways(vspcd.move(destination), client)


def test_notnow_before_do_proxy(vspcd):
    vm = vspcd.new_vm(opening=[
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
        wire.ext(wire.VMOTION_BEGIN, b"early")])
    assert vm.take_ext(wire.VMOTION_GOAHEAD, wire.VMOTION_NOTNOW) == (
        wire.VMOTION_NOTNOW, b"early")
    vspcd.wait_event(words.VM_MOVE_NOT_BEGUN, peer=vm.address)
    vm.say(wire.ext(wire.DO_PROXY, b"Ss0"))
    vm.identify()
    has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    vm.port, vm.console = int(has["port"]), has["console"]
    vspcd.move(vm)


def test_notnow_before_it_has_said_who_it_is(vspcd):
    vm = vspcd.new_vm(answers={wire.GET_VM_VC_UUID: b""}, opening=[
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
        wire.ext(wire.DO_PROXY, b"Ss0") +
        wire.ext(wire.VMOTION_BEGIN, b"early")])
    assert vm.take_ext(wire.VMOTION_GOAHEAD, wire.VMOTION_NOTNOW) == (
        wire.VMOTION_NOTNOW, b"early")


# Strangers

def test_complete_counts_from_the_destination_only(vspcd, joined):
    source, destination, client = joined
    bystander = vspcd.vm()
    newcomer = vspcd.new_vm(opening=[b""]).extend()
    for stranger in (source, bystander, newcomer):
        stranger.say(wire.ext(wire.VMOTION_COMPLETE, source.sequence))
        assert_is_held(vspcd, client, source, destination, stranger)
    destination.complete()
    assert destination.read_exactly(4) == b"held"
    assert_both_ways(destination, client)


def test_complete_before_peer_is_ignored(vspcd, begun):
    source, client = begun
    hasty = vspcd.new_vm(opening=[
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
        wire.ext(wire.VMOTION_COMPLETE, source.sequence)]).extend()
    assert_is_held(vspcd, client, source, hasty)
    hasty.say(wire.ext(wire.VMOTION_PEER, source.sequence + source.secret))
    hasty.take_ext(wire.VMOTION_PEER_OK)
    assert_is_held(vspcd, client, source, hasty)
    hasty.say(wire.ext(wire.VMOTION_COMPLETE, source.sequence))
    assert hasty.read_exactly(4) == b"held"


@pytest.mark.parametrize("change", [
    lambda s: s[:-1], lambda s: s + b"\0", lambda s: s[::-1],
    lambda s: bytes((s[0] ^ 1,)) + s[1:]],
    ids=["shorter", "longer", "reversed", "one-bit"])
def test_complete_with_another_sequence_is_ignored(vspcd, joined, change):
    source, destination, client = joined
    destination.complete(change(source.sequence))
    assert_is_held(vspcd, client, source, destination)
    destination.complete()
    assert destination.read_exactly(4) == b"held"


def test_abort_counts_from_the_source_only(vspcd, joined):
    source, destination, client = joined
    bystander = vspcd.vm()
    newcomer = vspcd.new_vm(opening=[b""]).extend()
    for stranger in (destination, bystander, newcomer):
        stranger.say(wire.ext(wire.VMOTION_ABORT))
        assert_is_held(vspcd, client, source, destination, stranger)
    destination.complete()
    assert destination.read_exactly(4) == b"held"


def test_abort_and_complete_without_a_move_are_ignored(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.say(wire.ext(wire.VMOTION_ABORT))
    vm.say(wire.ext(wire.VMOTION_COMPLETE, b"none"))
    vm.sync()
    assert_both_ways(vm, client)
    vspcd.report()
    assert not vspcd.events(words.VM_MOVE_FAILED)
    assert not vspcd.events(words.VM_MOVED)
    vspcd.move(vm)


@pytest.mark.parametrize("change", [
    lambda sequence, secret: (sequence, secret[:-1]),
    lambda sequence, secret: (sequence, secret + b"\0"),
    lambda sequence, secret: (sequence, secret[:1]),
    lambda sequence, secret: (sequence, bytes(8)),
    lambda sequence, secret: (sequence, secret[:-1] +
                              bytes((secret[-1] ^ 1,))),
    lambda sequence, secret: (sequence, bytes((secret[0] ^ 128,)) +
                              secret[1:]),
    lambda sequence, secret: (bytes((sequence[0] ^ 1,)) + sequence[1:],
                              secret),
    lambda sequence, secret: (b"", secret),
    lambda sequence, secret: (b"", sequence),
    lambda sequence, secret: (sequence + b"\0", secret),
    lambda sequence, secret: (secret, sequence),
    lambda sequence, secret: (sequence, b"x" * 10000),
], ids=["short", "long", "one-byte", "zeros", "last-bit", "first-bit",
        "sequence", "no-sequence", "no-secret", "longer-sequence",
        "swapped", "huge"])
def test_a_wrong_secret_touches_nothing(vspcd, begun, change):
    source, client = begun
    sequence, secret = change(source.sequence, source.secret)
    wrong = vspcd.destination(source, sequence=sequence, secret=secret)
    wrong.be_refused()
    has = vspcd.wait_event(words.VM_MOVE_NOT_JOINED,
                           peer=wrong.address)
    assert has["reason"]
    wrong.complete(source.sequence)
    assert_is_held(vspcd, client, source, wrong)
    finish(vspcd, source, client, b"held")


def test_who_was_refused_may_still_be_right(vspcd, begun):
    source, client = begun
    wrong = vspcd.destination(source, secret=b"mistaken")
    wrong.be_refused()
    wrong.say(wire.ext(wire.VMOTION_PEER, source.sequence + source.secret))
    wrong.join()
    wrong.complete()
    assert wrong.read_exactly(4) == b"held"
    assert_both_ways(wrong, client)


def test_a_secret_is_good_once(vspcd, joined):
    """Not after COMPLETE, not after ABORT."""
    source, destination, client = joined
    destination.complete()
    assert destination.read_exactly(4) == b"held"
    vspcd.destination(source).be_refused()
    destination.begin(source.sequence)
    vspcd.destination(source).be_refused()
    client.type(b"again")
    destination.abort()
    assert destination.read_exactly(5) == b"again"
    vspcd.destination(destination).be_refused()
    assert_both_ways(destination, client)


def test_the_secret_of_another_consoles_move_leads_there(vspcd):
    """Whoever has it: the console is that of the secret. With the sequence of
    the other one it leads nowhere."""
    sources = [vspcd.vm("one"), vspcd.vm("two")]
    clients = [vspcd.telnet(source) for source in sources]
    sources[0].begin(b"for one")
    sources[1].begin(b"for two")
    for client in clients:
        client.type(b"held")
    vspcd.destination(sources[0], secret=sources[1].secret).be_refused()
    vspcd.destination(sources[1], secret=sources[0].secret).be_refused()
    for source, client in zip(sources, clients):
        finish(vspcd, source, client, b"held")


def test_the_newest_destination_wins(vspcd, joined):
    """The first one's host may have died without a word: who knows the secret
    is let in."""
    source, destination, client = joined
    second = vspcd.destination(source).join()
    destination.wait_closed()
    has = vspcd.wait_event(words.VM_MOVE_DESTINATION,
                           console=source.console)
    assert (has["from"], has["to"]) == (destination.address, second.address)
    assert_is_held(vspcd, client, source, second)
    second.complete()
    assert second.read_exactly(4) == b"held"
    assert_both_ways(second, client)


def test_who_has_a_console_is_no_destination(vspcd, begun):
    """The source itself, and another VM that has learnt the secret."""
    source, client = begun
    bystander = vspcd.vm()
    watcher = vspcd.telnet(bystander)
    for one in (source, bystander):
        one.say(wire.ext(wire.VMOTION_PEER, source.sequence + source.secret))
        assert one.take_ext(wire.UNKNOWN_SUBOPTION_RCVD_2,
                            wire.VMOTION_PEER_OK) == (
            wire.UNKNOWN_SUBOPTION_RCVD_2, bytes((wire.VMOTION_PEER,)))
    assert_both_ways(bystander, watcher)
    finish(vspcd, source, client, b"held")


# ABORT

def test_abort_before_the_destination_comes(vspcd, begun):
    source, client = begun
    source.abort()
    assert source.read_exactly(4) == b"held"
    assert_both_ways(source, client)
    has = vspcd.wait_event(words.VM_MOVE_FAILED, console=source.console)
    assert has["from"] == source.address and has["to"] == "none"
    assert has["held"] == "4"
    assert has["reason"] == ("aborted by the source host (VMOTION-ABORT): "
                             "the VM continues there")
    vspcd.move(source)


def test_abort_when_the_destination_is_there(vspcd, joined):
    source, destination, client = joined
    source.abort()
    destination.wait_closed()
    assert not destination.data
    assert source.read_exactly(4) == b"held"
    assert_both_ways(source, client)
    has = vspcd.wait_event(words.VM_MOVE_FAILED, console=source.console)
    assert has["from"] == source.address and has["to"] == destination.address
    assert "VMOTION-ABORT" in has["reason"]
    vspcd.report()
    assert len(vspcd.events(words.VM_MOVE_FAILED)) == 1
    assert not vspcd.events(words.VM_DISCONNECTED)
    moved = vspcd.move(source)
    assert_both_ways(moved, client)


def test_what_an_aborted_destination_said_is_not_shown(vspcd, joined):
    """The guest never ran there."""
    source, destination, client = joined
    destination.send(b"from a guest that never ran")
    destination.sync()
    source.send(b"before, ")
    source.abort()
    source.send(b"after.")
    assert client.read_until(b".") == b"before, after."


def test_abort_and_begin_in_one_segment(vspcd, begun):
    source, client = begun
    source.sequence = b"next"
    source.say(wire.ext(wire.VMOTION_ABORT) +
               wire.ext(wire.VMOTION_BEGIN, b"next"))
    source.go_ahead()
    # What was held before went back; nothing more does.
    assert source.before_goahead == b"held"
    client.type(b"anew")
    finish(vspcd, source, client, b"anew")


def test_many_aborts_in_a_row(vspcd):
    source = vspcd.vm()
    client = vspcd.telnet(source)
    for n in range(30):
        source.begin()
        client.type(b"%d." % n)
        destination = None
        if n % 2:
            destination = vspcd.destination(source).join()
        source.abort()
        assert source.read_until(b".") == b"%d." % n
        if destination:
            destination.wait_closed()
    assert_both_ways(source, client)


# Hosts that are lost

@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_source_goes_just_before_complete(vspcd, joined, end):
    source, destination, client = joined
    source.send(b"last words, ")
    source.sync()
    getattr(source, end)()
    destination.complete()
    assert destination.read_exactly(4) == b"held"
    destination.send(b"first words.")
    assert client.read_until(b".") == b"last words, first words."
    vspcd.wait_event(words.VM_MOVED, to=destination.address)
    assert_both_ways(destination, client)
    vspcd.report()
    assert not vspcd.events(words.VM_DISCONNECTED)


@pytest.mark.parametrize("end", ["close", "reset", "half_close"])
def test_the_source_is_lost_before_complete(vspcd, joined, end):
    source, destination, client = joined
    lost(vspcd, source, end)
    client.type(b" and more")
    assert_is_held(vspcd, client, destination)
    destination.complete()
    assert destination.read_exactly(13) == b"held and more"
    assert_both_ways(destination, client)
    has = vspcd.wait_event(words.VM_MOVED, to=destination.address)
    assert has["from"] == source.address
    vspcd.report()
    assert not vspcd.events(words.VM_DISCONNECTED)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_source_is_lost_before_the_destination_comes(vspcd, begun, end):
    source, client = begun
    lost(vspcd, source, end)
    client.type(b" and more")
    finish(vspcd, source, client, b"held and more")
    vspcd.report()
    assert not vspcd.events(words.VM_DISCONNECTED)


def test_a_client_that_comes_while_nobody_is_there(vspcd, begun):
    """Neither told nor answered that the VM is away: it is moving."""
    source, client = begun
    lost(vspcd, source)
    late = vspcd.telnet(source.port)
    late.type(b" and more")
    finish(vspcd, source, client, b"held and more")
    assert late.read_until(b"\0.") == b"each way \xff\r\n\0."
    late.sync()
    assert not late.data


def test_are_you_there_in_a_move(vspcd, begun):
    source, client = begun
    client.send_wire(wire.command(wire.AYT))
    before = client.read_until(b"]\r\n")
    lost(vspcd, source)
    client.send_wire(wire.command(wire.AYT))
    assert client.read_until(b"]\r\n") == before


@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_destination_is_lost_and_tries_again(vspcd, begun, end):
    """As often as it likes: the secret stays good."""
    source, client = begun
    for _ in range(3):
        destination = vspcd.destination(source).join()
        destination.send(b"from a guest that never ran")
        destination.sync()
        lost(vspcd, destination, end)
        assert_is_held(vspcd, client, source)
    finish(vspcd, source, client, b"held")
    source.wait_closed()
    assert not client.data


def test_the_destination_is_lost_and_the_source_aborts(vspcd, joined):
    source, destination, client = joined
    lost(vspcd, destination)
    source.abort()
    assert source.read_exactly(4) == b"held"
    assert_both_ways(source, client)


def test_all_are_lost_and_the_destination_tries_again(vspcd, joined):
    source, destination, client = joined
    lost(vspcd, source)
    lost(vspcd, destination, "reset")
    client.type(b" and more")
    finish(vspcd, source, client, b"held and more")
    assert not GONE.search(client.data)


def say_and_reset(vspcd, vm, words):
    """Its last words are there to be read, and nothing can be written to it
    any more: vspcd sees both at once."""
    vspcd.process.send_signal(signal.SIGSTOP)
    vm.send_wire(words)
    vm.reset()
    vspcd.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("ends", ["completes", "aborts", "returns"])
def test_the_host_that_ends_the_move_is_lost_by_it(vspcd, joined, ends):
    """What was held is for it, and it cannot take it."""
    source, destination, client = joined
    client.type(letters(50 << 10, seed=1))
    if ends == "completes":
        say_and_reset(vspcd, destination, wire.ext(
            wire.VMOTION_COMPLETE, source.sequence))
    elif ends == "aborts":
        say_and_reset(vspcd, source, wire.ext(wire.VMOTION_ABORT))
    else:
        returned = vspcd.new_vm(opening=[b""]).extend()
        say_and_reset(
            vspcd, returned,
            wire.ext(wire.KNOWN_SUBOPTIONS_1, bytes((wire.GET_VM_VC_UUID,))) +
            wire.ext(wire.DO_PROXY, b"SvSPC.py") +
            wire.ext(wire.VM_VC_UUID, source.uuid.encode()))
    client.read_notice(GONE)
    again = vspcd.vm(source.name, source.uuid)
    assert again.port == source.port
    client.wait(lambda: client.data.endswith(b"\r\n"), "the last notice")
    client.sync()
    client.data.clear()
    assert_both_ways(again, client)


# The VM returns by DO-PROXY

@pytest.mark.parametrize("who_is_there", [
    "source", "source and destination", "destination", "nobody"])
def test_the_vm_returns_by_do_proxy(vspcd, who_is_there):
    """Powered on anew, say: what was held is for it; the others are closed."""
    source = vspcd.vm("web", new_uuid())
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held, ")
    there = [source]
    if who_is_there != "source":
        there.append(vspcd.destination(source).join())
    if "source" not in who_is_there:
        lost(vspcd, source)
        there.remove(source)
    if who_is_there == "nobody":
        lost(vspcd, there.pop())
    client.type(b"typed later.")
    returned = vspcd.vm("web", source.uuid)
    assert returned.port == source.port
    assert returned.read_until(b".") == b"held, typed later."
    for one in there:
        one.wait_closed()
        assert not one.data
    has = vspcd.wait_event(words.VM_MOVE_FAILED, console="web")
    assert has["from"] == source.address and has["reason"]
    # The secret is worth nothing any more.
    vspcd.destination(source).be_refused()
    client.sync()
    assert len(GONE.findall(client.data)) == len(BACK.findall(client.data))
    client.data.clear()
    assert_both_ways(returned, client)
    vspcd.move(returned)


def test_the_source_itself_may_return(vspcd, joined):
    """It starts the extension anew, on the same connection."""
    source, destination, client = joined
    source.say(wire.wont(wire.VMWARE))
    source.sync()
    source.has_will_proxy = False
    source.say(wire.will(wire.VMWARE))
    source.start()
    assert source.read_exactly(4) == b"held"
    destination.wait_closed()
    assert_both_ways(source, client)
    vspcd.report()
    assert len(vspcd.events(words.VM_MOVE_FAILED)) == 1
    vspcd.move(source)


def test_a_destination_that_says_do_proxy_is_the_vm(vspcd, joined):
    source, destination, client = joined
    destination.say(wire.ext(wire.DO_PROXY, b"SvSPC.py"))
    destination.start()
    assert destination.read_exactly(4) == b"held"
    source.wait_closed()
    destination.complete()
    destination.sync()
    client.sync()
    client.data.clear()
    assert_both_ways(destination, client)
    vspcd.move(destination)


def test_peer_in_place_of_an_identity(vspcd, begun):
    """It has said DO-PROXY, and is what its secret says all the same."""
    source, client = begun
    vm = vspcd.new_vm(answers={wire.GET_VM_VC_UUID: SILENT}).start()
    vm.say(wire.ext(wire.VMOTION_PEER, source.sequence + source.secret))
    vm.take_ext(wire.VMOTION_PEER_OK)
    vm.say(wire.ext(wire.VM_VC_UUID, vm.uuid.encode()))
    vm.sync()
    vm.say(wire.ext(wire.VMOTION_COMPLETE, source.sequence))
    assert vm.read_exactly(4) == b"held"
    source.wait_closed()
    assert_both_ways(vm, client)


# Time-outs

@pytest.mark.parametrize("joins", [False, True], ids=["begun", "joined"])
def test_a_move_that_never_ends_goes_back_to_the_source(start_vspcd, joins):
    vspcd = start_vspcd("--move-timeout", 1)
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held")
    destination = vspcd.destination(source).join() if joins else None
    assert source.read_exactly(4) == b"held"
    if destination:
        destination.wait_closed()
        assert not destination.data
    assert_both_ways(source, client)
    has = vspcd.wait_event(words.VM_MOVE_FAILED, console=source.console)
    assert has["from"] == source.address and has["reason"]
    assert 900 <= float(has["ms"])
    vspcd.destination(source).be_refused()
    vspcd.move(source)


def test_the_time_starts_anew_with_each_step(start_vspcd):
    """COMPLETE comes 2 s after BEGIN, and less than 2 s after PEER."""
    vspcd = start_vspcd("--move-timeout", 2)
    source, other = vspcd.vm("one"), vspcd.vm("other")
    client = vspcd.telnet(source)
    source.begin()
    other.begin()
    source.read_for(1)
    destination = vspcd.destination(source).join()
    vspcd.wait_event(words.VM_MOVE_FAILED, console=other.console)
    destination.complete()
    assert_both_ways(destination, client)
    vspcd.report()
    assert not vspcd.events(words.VM_MOVE_FAILED, console=source.console)


def test_without_any_host_the_vm_is_disconnected(start_vspcd):
    vspcd = start_vspcd("--move-timeout", 1)
    source = vspcd.vm()
    client, raw = vspcd.telnet(source), vspcd.raw(source)
    raw.send(b"r")
    source.read_until(b"r")
    source.begin()
    client.type(b"for nobody")
    destination = vspcd.destination(source).join()
    lost(vspcd, source)
    lost(vspcd, destination)
    client.read_notice(GONE)
    vspcd.wait_event(words.VM_MOVE_FAILED, console=source.console)
    vspcd.destination(source).be_refused()
    again = vspcd.vm(source.name, source.uuid)
    assert again.port == source.port
    client.read_notice(BACK)
    for one in (client, raw):
        assert_both_ways(again, one)


def test_a_destination_that_never_completes_is_all_there_is(start_vspcd):
    vspcd = start_vspcd("--move-timeout", 1)
    source = vspcd.vm()
    client = vspcd.telnet(source)
    source.begin()
    client.type(b"held")
    destination = vspcd.destination(source).join()
    destination.send(b"said early, ")
    destination.sync()
    lost(vspcd, source)
    assert destination.read_exactly(4) == b"held"
    destination.send(b"and late.")
    assert client.read_until(b".") == b"said early, and late."
    assert_both_ways(destination, client)
    vspcd.move(destination)


# The extension is switched off

def test_wont_232_of_the_source_in_a_move(vspcd, begun):
    """It forwards no more: no reason not to move."""
    source, client = begun
    source.say(wire.wont(wire.VMWARE))
    source.sync()
    client.type(b" and more")
    assert_is_held(vspcd, client, source)
    finish(vspcd, source, client, b"held and more")


def test_wont_232_of_the_destination_in_a_move(vspcd, joined):
    """It is lost for this move, and may try again."""
    source, destination, client = joined
    destination.say(wire.wont(wire.VMWARE))
    destination.wait(lambda: destination.is_closed_by_peer or (
        wire.DONT, wire.VMWARE) in destination.negotiation, "an answer")
    lost(vspcd, destination)
    assert_is_held(vspcd, client, source)
    finish(vspcd, source, client, b"held")


def test_wont_232_of_the_new_host_after_a_move(vspcd):
    """As of any VM: input rests until the extension is on again."""
    source = vspcd.vm()
    client = vspcd.telnet(source)
    moved = vspcd.move(source)
    moved.opening = [
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
        wire.ext(wire.DO_PROXY, b"SvSPC.py")]
    moved.say(wire.wont(wire.VMWARE))
    moved.sync()
    client.type(b"while it is off")
    moved.sync()
    assert not moved.data
    moved.say(wire.will(wire.VMWARE))
    moved.wait(lambda: moved.has_will_proxy, "WILL-PROXY")
    assert moved.read_until(b"off") == b"while it is off"
    assert_both_ways(moved, client)
