"""Ends in the midst of others' work: whatever ends at the same moment, the
rest is served, and nothing is left behind (sanitizer builds look for that).

vspcd sleeps while all of it happens, so that it finds it in one turn."""

import itertools
import signal

import pytest

from harness import words
from harness import wire
from harness.clients import RawClient
from harness.comport import BREAK_ON, DTR_OFF, RTS_OFF, control
from harness.net import eventually
from harness.streams import MIB, letters
from harness.vm import Vm

DO_PROXY = wire.ext(wire.DO_PROXY, b"SvSPC.py")
STOP = wire.wont(wire.VMWARE)
ENDS = ["the VM too", "not the VM"]


def alive(vspcd):
    """Others are served, and it ends in order."""
    vspcd.check_works()
    vspcd.stop()


def rfc2217(vspcd, vm, *requests, **buffers):
    client = vspcd.telnet(vm, **buffers).com_port()
    for request in requests:
        client.set(request)
    return client


# Resets

@pytest.mark.parametrize("plain, speakers", [(1, 3), (2, 2), (0, 4), (3, 1)])
@pytest.mark.parametrize("request_", [DTR_OFF, RTS_OFF, BREAK_ON],
                         ids=["dtr-off", "rts-off", "break"])
@pytest.mark.parametrize("order", ["the VM first", "the VM last"])
def test_vm_and_clients_are_reset_at_once(vspcd, plain, speakers, request_,
                                          order):
    """The end of a client changes the VM's lines, which ends the VM, of which
    all clients are told, who have ended."""
    vm = vspcd.vm().com_port()
    clients = [vspcd.telnet(vm) for _ in range(plain)]
    clients += [rfc2217(vspcd, vm, request_) for _ in range(speakers)]
    with vspcd.asleep():
        vm.send(b"its last words")
        for one in ([vm, *clients] if order == "the VM first"
                    else [*clients, vm]):
            one.reset()
    alive(vspcd)


def test_each_subset_is_reset_at_once(vspcd):
    for count, ends in enumerate(itertools.product((False, True), repeat=4)):
        vm = vspcd.vm(f"subset-{count}").com_port()
        peers = [vm, vspcd.telnet(vm), rfc2217(vspcd, vm, DTR_OFF),
                 rfc2217(vspcd, vm, BREAK_ON)]
        with vspcd.asleep():
            vm.send(b"its last words")
            for peer in peers[1:]:
                peer.send(b"typed")
            for peer, does_end in zip(peers, ends):
                if does_end:
                    peer.reset()
        vspcd.check_works()
        for peer in peers:
            peer.close()
    alive(vspcd)


@pytest.mark.parametrize("said", [
    wire.command(wire.BRK), wire.command(wire.BRK) * 3,
    b"typed" + wire.command(wire.BRK) + b"typed",
    wire.command(wire.AYT) + wire.command(wire.BRK),
], ids=["brk", "brk-brk-brk", "typed-brk-typed", "ayt-brk"])
def test_a_break_of_a_client_that_is_reset_with_its_vm(vspcd, said):
    vm = vspcd.vm().com_port()
    client = vspcd.telnet(vm)
    with vspcd.asleep():
        client.send_wire(said)
        vm.reset()
        client.reset()
    alive(vspcd)


@pytest.mark.parametrize("said", [
    control(BREAK_ON), control(DTR_OFF), b"typed\xff\xff" + control(DTR_OFF),
    control(DTR_OFF) + b"typed\xff\xff" + control(BREAK_ON) + b"typed"],
    ids=["break", "dtr", "typed-dtr", "all"])
def test_lines_of_a_client_that_is_reset_with_its_vm(vspcd, said):
    vm = vspcd.vm().com_port()
    client, other = rfc2217(vspcd, vm), vspcd.telnet(vm)
    with vspcd.asleep():
        client.send_wire(said)
        vm.reset()
        client.reset()
        other.reset()
    alive(vspcd)


def undecided(vspcd, vm):
    """Whether it is raw or telnet is not known yet."""
    client = vspcd.keep(RawClient(vspcd.console_address(vm.port)))
    return client.greet()


def raw(vspcd, vm):
    client = vspcd.raw(vm)
    client.send(b"r")
    vm.read_until(b"r")
    return client


def telnet(vspcd, vm):
    return vspcd.telnet(vm)


@pytest.mark.parametrize("prints", [False, True],
                         ids=["silent-vm", "vm-prints"])
@pytest.mark.parametrize("attach", [undecided, raw, telnet, rfc2217])
def test_what_a_client_said_before_its_reset_is_typed(vspcd, attach, prints):
    """Also where a write to it fails before it is read."""
    vm = vspcd.vm().com_port()
    for count in range(10):
        client = attach(vspcd, vm)
        said = b"<last words %d>" % count
        with vspcd.asleep():
            if prints:
                vm.send(b"printed")
            client.send(said)
            client.reset()
        vm.read_until(said)


@pytest.mark.parametrize("types", [False, True],
                         ids=["silent-client", "client-types"])
@pytest.mark.parametrize("attach", [raw, telnet, rfc2217])
def test_what_a_vm_said_before_its_reset_is_seen(vspcd, attach, types):
    """Also where a write to it fails before it is read."""
    for count in range(10):
        vm = vspcd.vm("web").com_port()
        client = attach(vspcd, vm)
        said = b"<last words %d>" % count
        with vspcd.asleep():
            if types:
                client.send(b"typed")
            vm.send(said)
            vm.reset()
        client.read_until(said)
        client.close()


# The extension ends, or begins anew, and the session with it

SAID = [
    STOP, DO_PROXY, STOP + wire.will(wire.VMWARE), DO_PROXY + STOP,
    DO_PROXY * 2, STOP + DO_PROXY, DO_PROXY + b"and more",
    STOP + b"and more" + wire.ext(wire.VMOTION_BEGIN, b"abcd"),
    # With an answer that is on its way to it.
    wire.do(99) + DO_PROXY, wire.do(99) + DO_PROXY + STOP,
]
SAID_IDS = ["wont-232", "do-proxy", "wont-will", "do-proxy-wont", "twice",
            "wont-do-proxy", "do-proxy-data", "wont-begin", "do-do-proxy",
            "do-do-proxy-wont"]


@pytest.mark.parametrize("said", SAID, ids=SAID_IDS)
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("request_", [DTR_OFF, BREAK_ON],
                         ids=["dtr-off", "break"])
def test_a_vm_begins_anew_and_its_clients_are_reset(vspcd, said, ends,
                                                    request_):
    vm = vspcd.vm().com_port()
    clients = [rfc2217(vspcd, vm, request_), vspcd.telnet(vm)]
    with vspcd.asleep():
        vm.send_wire(b"its last words" + said)
        if ends == "the VM too":
            vm.reset()
        for client in clients:
            client.reset()
    alive(vspcd)


@pytest.mark.parametrize("said", [STOP, DO_PROXY], ids=["wont-232",
                                                        "do-proxy"])
def test_in_the_midst_of_a_move(vspcd, said):
    vm = vspcd.vm().com_port()
    client = rfc2217(vspcd, vm, DTR_OFF)
    vm.begin()
    destination = vspcd.destination(vm).join()
    with vspcd.asleep():
        vm.send_wire(b"its last words" + said)
        destination.complete()
        vm.reset()
        client.reset()
        destination.reset()
    alive(vspcd)


def print_until_held(vm, readers):
    """Until somebody who reads nothing holds it back; the others have all of
    what has come out, and wait for more."""
    vm.sock.settimeout(0)
    is_held = False
    while not is_held:
        before = [reader.received for reader in readers]
        try:
            vm.sock.send(b"x" * 65536)
            wait = 0
        except BlockingIOError:
            wait = 0.15
        for reader in readers:
            reader.read_for(wait)
        is_held = wait and before == [reader.received for reader in readers]


@pytest.mark.parametrize("said", SAID, ids=SAID_IDS)
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("request_", [DTR_OFF, BREAK_ON],
                         ids=["dtr-off", "break"])
def test_a_vm_whose_source_still_has_output_begins_anew(start_vspcd, said,
                                                        ends, request_):
    """The source's output must be given out first, and the clients end by
    that, and by them the VM: then it does not go on."""
    vspcd = start_vspcd("--hold-time", 60_000, "--history-size", "4K")
    source = vspcd.vm().com_port()
    stuck = vspcd.telnet(source, receive_buffer=4096)
    clients = [rfc2217(vspcd, source, request_) for _ in range(2)]
    source.begin()
    vm = vspcd.destination(source).join().com_port()
    print_until_held(source, clients)
    vm.complete()
    vspcd.wait_event(words.VM_MOVED, to=vm.address)
    vm.send(b"the first words here")
    vm.sync()
    with vspcd.asleep():
        vm.send_wire(said)
        if ends == "the VM too":
            vm.reset()
        for client in [*clients, stuck]:
            client.reset()
    alive(vspcd)


# Facts

def test_any_number_of_facts_in_a_turn(start_vspcd):
    """Each name is one, and the end of the null modem in the midst of them is
    some more."""
    vspcd = start_vspcd("--service-connect", "vspc://*")
    other = vspcd.vm("other", uri="s0")
    uris = [f"vspc://{other.uuid}{label}" for label in ("", "/s0")]
    vm = vspcd.vm("one", uri=uris[0], direction=b"C")
    for count in range(40):
        attached = len(vspcd.events(words.VM_CONNECTED, peer=vm.address))
        eventually(lambda: len(vspcd.events(words.NULL_MODEM)) > count,
                   "the null modem")
        names = [wire.ext(wire.VM_NAME, b"name-%d-%d" % (count, n))
                 for n in range(count)]
        vm.send_wire(b"".join(names) + wire.ext(
            wire.DO_PROXY, b"C" + uris[(count + 1) % 2].encode()) + b"".join(
                wire.ext(code - 1, text.encode())
                for code, text in vm.answers.items()))

        def is_back():
            vm.read_for(0)
            return len(vspcd.events(words.VM_CONNECTED,
                                    peer=vm.address)) > attached
        eventually(is_back, "the VM to be back")
    alive(vspcd)


# SIGTERM

@pytest.mark.parametrize("count", [1, 4])
def test_sigterm_while_moves_come_to_their_end(start_vspcd, count):
    """The destinations have come before the sources, which still have
    something to say."""
    vspcd = start_vspcd()
    early = [vspcd.keep(Vm(vspcd.proxy, "early", opening=[
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN)])).extend()
        for _ in range(count)]
    sources = [vspcd.vm(f"vm-{n}") for n in range(count)]
    clients = [vspcd.telnet(vm) for vm in sources]
    for source, destination in zip(sources, early):
        source.begin()
        destination.sequence = source.sequence
        destination.say(wire.ext(wire.VMOTION_PEER,
                                 source.sequence + source.secret))
        destination.take_ext(wire.VMOTION_PEER_OK)
    with vspcd.asleep():
        for source, destination in zip(sources, early):
            source.send(letters(100_000, seed=1))
            destination.say(wire.ext(wire.VMOTION_COMPLETE, source.sequence))
        vspcd.process.send_signal(signal.SIGTERM)
    for client in clients:
        assert client.read_all()
    vspcd.stop()
