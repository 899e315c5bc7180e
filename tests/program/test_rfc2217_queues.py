"""COM-PORT-OPTION: output that is suspended, and queues that are emptied.
docs/rfc2217.md has the rules."""

import concurrent.futures

import pytest

from harness import words
from harness.comport import (BAUDRATE, CONTROL, DTR_OFF, DTR_STATE,
                             MODEMSTATE, PURGE, RESUME, SIGNATURE, SUSPEND)
from harness.streams import (MIB, assert_both_ways, assert_same, fill,
                             letters)

FROM_LINE, TO_LINE, BOTH = 1, 2, 3  # of PURGE, as its sender sees it


@pytest.fixture
def ends(start_vspcd):
    """A VM and a client; nobody is skipped for being slow."""
    vspcd = start_vspcd("--hold-time", 20000)
    vm = vspcd.vm().com_port()
    vm.vspcd = vspcd
    return vm, vspcd.telnet(vm).com_port()


@pytest.fixture(params=["client", "vm"])
def way(request, ends):
    """Sender and receiver; the receiver is named."""
    vm, client = ends
    return (vm, client) if request.param == "client" else (client, vm)


def suspend(*peers):
    for peer in peers:
        peer.tell(SUSPEND)
        peer.sync()


def send(peer, data):
    """Returns when vspcd has read it."""
    peer.send(data)
    peer.sync()


def assert_rests(peer):
    peer.sync()
    assert not peer.data


def goes_on(peer, data):
    """It gets these bytes next, and no others."""
    peer.tell(RESUME)
    peer.wait(lambda: len(peer.data) >= len(data), f"{len(data)} bytes")
    peer.sync()
    assert_same(peer.take(len(peer.data)), data)


# FLOWCONTROL-SUSPEND and -RESUME

def test_data_rests_and_goes_on(way):
    sender, receiver = way
    for n in range(3):
        suspend(receiver)
        send(sender, b"one %d," % n)
        assert_rests(receiver)
        send(sender, b"two %d \xff\r\n" % n)
        assert_rests(receiver)
        goes_on(receiver, b"one %d,two %d \xff\r\n" % (n, n))
    sender.send(b"at once")
    receiver.read_until(b"at once")


def test_answers_and_notices_do_not_rest(way):
    sender, receiver = way
    suspend(receiver)
    send(sender, b"waits")
    assert receiver.ask(BAUDRATE, 0) == 9600
    assert receiver.ask(SIGNATURE).startswith(b"vspcd ")
    receiver.notices()
    sender.set(DTR_OFF)
    assert len(receiver.notices()) == 1
    assert_rests(receiver)
    goes_on(receiver, b"waits")


def test_the_other_direction_goes_on(way):
    sender, receiver = way
    suspend(receiver)
    receiver.send(b"still talking")
    sender.read_until(b"still talking")
    send(sender, b"waits")
    goes_on(receiver, b"waits")


def test_other_clients_go_on(ends):
    vm, client = ends
    other = vm.vspcd.telnet(vm)
    suspend(client)
    vm.send(b"to all")
    other.read_until(b"to all")
    assert_rests(client)
    other.type(b"from the other")
    vm.read_until(b"from the other")
    goes_on(client, b"to all")


def test_nothing_is_lost_however_much_waits(way):
    """TCP pushes the sender back meanwhile."""
    sender, receiver = way
    suspend(receiver)
    sender.sock.setblocking(False)
    sent = fill(sender.sock, quiet=0.1)
    sender.sock.settimeout(30)
    assert_rests(receiver)
    receiver.tell(RESUME)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        last = pool.submit(sender.send, b"<end>")
        assert_same(receiver.read_until(b"<end>"), sent + b"<end>")
        last.result()


def test_suspended_twice_is_suspended_once(way):
    sender, receiver = way
    suspend(receiver, receiver)
    send(sender, b"waits")
    goes_on(receiver, b"waits")
    receiver.tell(RESUME)
    send(sender, b"again")
    receiver.read_until(b"again")


def test_a_suspended_client_that_goes_holds_nobody_up(ends):
    vm, client = ends
    suspend(client)
    client.close()
    vm.vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    other = vm.vspcd.telnet(vm)
    data = letters(MIB, seed=1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(vm.send, data)
        assert_same(other.read_exactly(len(data)), data)
        sent.result()


def test_a_suspended_client_does_not_hold_up_a_move(ends):
    source, client = ends
    suspend(client)
    send(source, b"the source's ")
    destination = source.vspcd.move(source)
    send(destination, b"the destination's")
    assert_rests(client)
    goes_on(client, b"the source's the destination's")


def test_a_suspended_vm_that_moves(ends):
    """The destination has suspended nothing."""
    source, client = ends
    suspend(source)
    source.begin()
    client.type(b"typed")
    destination = source.vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b"typed") == b"typed"


def test_a_vm_that_was_suspended_and_comes_again(ends):
    vm, client = ends
    suspend(vm)
    vm.close()
    vm.vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    again = vm.vspcd.vm(vm.name, vm.uuid)
    client.send(b"typed")
    assert again.read_until(b"typed") == b"typed"


# PURGE-DATA

def purge(peer, what):
    assert peer.ask(PURGE, what) == what


@pytest.mark.parametrize("what", [FROM_LINE, BOTH])
def test_purge_of_what_waits_for_who_asks(way, what):
    sender, receiver = way
    suspend(receiver)
    send(sender, b"old " * 1000)
    purge(receiver, what)
    send(sender, b"new")
    goes_on(receiver, b"new")


@pytest.mark.parametrize("what", [TO_LINE, BOTH])
def test_purge_of_what_who_asks_has_sent(way, what):
    sender, receiver = way
    suspend(receiver)
    send(sender, b"old " * 1000)
    purge(sender, what)
    send(sender, b"new")
    goes_on(receiver, b"new")


@pytest.mark.parametrize("what", [FROM_LINE, TO_LINE])
@pytest.mark.parametrize("side", ["vm", "client"])
def test_purge_leaves_the_other_direction(ends, side, what):
    vm, client = ends
    suspend(vm, client)
    send(vm, b"printed")
    send(client, b"typed")
    purge(vm if side == "vm" else client, what)
    is_input = (side == "vm") == (what == FROM_LINE)
    goes_on(vm, b"" if is_input else b"typed")
    goes_on(client, b"printed" if is_input else b"")
    assert_both_ways(vm, client)


def test_purge_both(ends):
    vm, client = ends
    for asks in (vm, client):
        suspend(vm, client)
        send(vm, b"printed")
        send(client, b"typed")
        purge(asks, BOTH)
        goes_on(client, b"")
        goes_on(vm, b"")
    assert_both_ways(vm, client)


def test_a_client_purges_its_own_output_only(ends):
    vm, client = ends
    other = vm.vspcd.telnet(vm).com_port()
    suspend(client, other)
    send(vm, b"old ")
    purge(client, FROM_LINE)
    send(vm, b"new")
    goes_on(client, b"new")
    goes_on(other, b"old new")


def test_a_client_purges_the_input_of_all(ends):
    vm, client = ends
    other, raw = vm.vspcd.telnet(vm), vm.vspcd.raw(vm)
    raw.send(b"!")
    vm.read_until(b"!")
    suspend(vm)
    send(client, b"old of one ")
    send(other, b"old of the other ")
    purge(client, TO_LINE)
    send(other, b"new")
    goes_on(vm, b"new")


def test_the_vm_purges_the_output_of_all(ends):
    vm, client = ends
    others = [vm.vspcd.telnet(vm).com_port() for _ in range(2)]
    suspend(client, *others)
    send(vm, b"old ")
    purge(vm, TO_LINE)
    send(vm, b"new")
    for one in (client, *others):
        goes_on(one, b"new")


def test_purge_of_nothing(way):
    sender, receiver = way
    for peer in way:
        for what in (FROM_LINE, TO_LINE, BOTH):
            purge(peer, what)
    send(sender, b"new")
    assert receiver.read_until(b"new") == b"new"


def test_purge_drops_no_answer(way):
    """Asked for in one segment, before and behind it."""
    for peer in way:
        peer.notices()
        peer.told.clear()
        for command, value in ((BAUDRATE, 0), (PURGE, BOTH), (SIGNATURE, None),
                               (CONTROL, DTR_STATE), (PURGE, FROM_LINE),
                               (MODEMSTATE, None)):
            peer.tell(command, value)
        peer.sync()
        assert [command for command, _ in peer.told] == [
            BAUDRATE, PURGE, SIGNATURE, CONTROL, PURGE, MODEMSTATE]


def without_a_gap(got, sent):
    """Checks that got is sent but for one gap; the gap's length."""
    start = next((i for i, (a, b) in enumerate(zip(got, sent)) if a != b),
                 min(len(got), len(sent)))
    # The gap may begin earlier, where what is behind it looks the same.
    for begin in range(start, max(start - 64, -1), -1):
        gap = len(sent) - len(got)
        if gap >= 0 and got[begin:] == sent[begin + gap:]:
            return gap
    raise AssertionError(f"more than one gap: {len(got)} of {len(sent)} "
                         f"bytes, different from {start} on")


def test_purge_of_output_that_a_client_does_not_read(start_vspcd):
    """What TCP has taken is gone out; what waits behind it is purged."""
    vspcd = start_vspcd("--hold-time", 20000)
    vm = vspcd.vm(send_buffer=16384)
    client = vspcd.telnet(vm, receive_buffer=4096).com_port()
    vm.sock.setblocking(False)
    sent = fill(vm.sock, quiet=0.1, program=vspcd)
    vm.sock.settimeout(30)
    client.tell(PURGE, FROM_LINE)
    vspcd.wait_idle()  # or the reader is faster than its word
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        last = pool.submit(vm.send, b"<end>")
        got = client.read_until(b"<end>")
        last.result()
    assert client.take_told(PURGE) == FROM_LINE
    assert without_a_gap(got, sent + b"<end>") > 0


def test_purge_of_input_that_the_vm_does_not_read(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.vm(receive_buffer=4096).com_port()
    raw = vspcd.raw(vm, send_buffer=16384)
    client = vspcd.telnet(vm).com_port()
    raw.sock.setblocking(False)
    sent = fill(raw.sock, quiet=0.1, program=vspcd)
    raw.sock.settimeout(30)
    vm.tell(PURGE, FROM_LINE)
    vspcd.wait_idle()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        last = pool.submit(raw.send, b"<end>")
        got = vm.read_until(b"<end>")
        last.result()
    assert vm.take_told(PURGE) == FROM_LINE
    assert without_a_gap(got, sent + b"<end>") > 0
    assert_both_ways(vm, client)


def test_purge_of_input_that_is_held_for_a_move(ends):
    source, client = ends
    source.begin()
    client.type(b"old")
    purge(client, TO_LINE)
    client.type(b"new")
    destination = source.vspcd.destination(source).join()
    destination.complete()
    assert destination.read_until(b"new") == b"new"
