"""AUTHENTICATION, byte for byte, towards VMs and clients (PROTOCOL.md): peers
here are bare connections, everything that comes is compared."""

import pytest

from harness import words
from harness import wire
from harness.net import Peer, dial
from harness.streams import assert_both_ways
from harness.tls import (ACCEPTS, ASKS, IS_START, REFUSES, STARTS, Tls,
                         byte_by_byte)

WILL = wire.will(wire.AUTHENTICATION)
DO = wire.do(wire.AUTHENTICATION)

# Asked for in between: its refusal has to wait.
QUESTION, ANSWER = wire.do(99), wire.wont(99)


def auth(body):
    return wire.sub(wire.AUTHENTICATION, bytes.fromhex(body))


class Side:
    """A port that does AUTHENTICATION, and its greeting."""

    def __init__(self, start_vspcd, name):
        self.start = start_vspcd
        self.name = name
        self.greeting = wire.VM_GREETING if name == "vm" \
            else wire.CLIENT_GREETING

    def open(self, policy="offered", *options):
        if self.name == "vm":
            self.vspcd = self.start("--tls", policy, *options)
            self.address = self.vspcd.proxy
        else:
            self.vspcd = self.start("--client-tls", policy, *options)
            vm = self.vspcd.vm("web")
            self.address = self.vspcd.console_address(vm.port)
        return self

    def connect(self, number=0):
        """number: of an address of its own, because the log has few lines
        about one address in a minute."""
        source = f"127.0.9.{number}" if number else None
        return self.vspcd.keep(Peer(dial(self.address, source=source)))

    def ask(self, number=0):
        """A connection whose AUTHENTICATION has come to SEND."""
        peer = self.connect(number)
        peer.send(WILL)
        expect(peer, self.greeting + ASKS)
        return peer

    def reason(self, peer):
        kind = words.CONNECTION_CLOSED if self.name == "vm" \
            else words.CLIENT_DISCONNECTED
        return self.vspcd.wait_event(kind, peer=peer.address)["reason"]


@pytest.fixture(params=["vm", "client"])
def side(request, start_vspcd):
    return Side(start_vspcd, request.param)


def expect(peer, expected):
    assert peer.read_exactly(len(expected)) == expected


def expect_nothing(peer, seconds=0.1):
    peer.read_for(seconds)
    assert not peer.data and not peer.is_closed_by_peer, bytes(peer.data)


def go_on_in_tls(peer, cut=None):
    assert not peer.data, bytes(peer.data)
    peer.sock = Tls(cut=cut).wrap(peer.sock)


def test_exchange(side):
    """Nothing gets between its messages and the hello; what had to wait comes
    in TLS, where the options are as they were."""
    peer = side.open().connect()
    peer.send(WILL)
    expect(peer, side.greeting + ASKS)
    peer.send(QUESTION)
    expect_nothing(peer)
    peer.send(STARTS)
    expect(peer, ACCEPTS)
    expect_nothing(peer)
    go_on_in_tls(peer)
    expect(peer, ANSWER)
    # The greeting still has its answers to come; none is said again.
    peer.send(wire.will(wire.BINARY, wire.SGA) + wire.do(wire.BINARY) + WILL +
              wire.do(98))
    expect(peer, wire.wont(98))


def test_offered_to_who_does_not_begin(side):
    """DO AUTHENTICATION comes behind the greeting."""
    peer = side.open().connect()
    expect(peer, side.greeting + DO)
    peer.send(WILL)
    expect(peer, ASKS[len(DO):])
    peer.send(STARTS)
    expect(peer, ACCEPTS)
    go_on_in_tls(peer)
    peer.send(QUESTION)
    expect(peer, ANSWER)


def test_byte_by_byte(side):
    peer = side.open().connect()
    for byte in byte_by_byte(WILL + QUESTION + STARTS):
        peer.send(byte)
        peer.read_for(0.002)
    expect(peer, side.greeting + ASKS + ACCEPTS)
    go_on_in_tls(peer, cut=byte_by_byte)
    expect(peer, ANSWER)


@pytest.mark.parametrize("policy", ["off", "telnets"])
def test_refused_at_once(side, policy):
    if side.name == "client" and policy == "off":
        side.open("off")
        peer = side.connect()
        expect(peer, side.greeting)
        peer.send(WILL)
    else:
        peer = side.open(policy).connect()
        peer.send(WILL)
        expect(peer, side.greeting)
    expect(peer, wire.dont(wire.AUTHENTICATION))
    peer.send(STARTS + QUESTION)
    expect(peer, ANSWER)


def test_refused_by_null(side):
    """Or by another pair, or with modifiers that promise more than we know:
    it goes on in the clear, with what had to wait."""
    side.open()
    for body in ("000000", "00", "0007", "000700", "00070000", "00070005",
                 "00070101", "00070201", "00070801", "00020000", "00000001"):
        peer = side.ask()
        peer.send(QUESTION + auth(body))
        expect(peer, ANSWER)
        peer.send(STARTS + wire.do(98))  # it is over
        expect(peer, wire.wont(98))
        peer.close()


def test_refused_by_wont(side):
    side.open()
    peer = side.connect()
    expect(peer, side.greeting + DO)
    peer.send(wire.wont(wire.AUTHENTICATION) + QUESTION)
    expect(peer, ANSWER)
    # A change of its mind, after SEND.
    peer = side.ask()
    peer.send(QUESTION + wire.wont(wire.AUTHENTICATION))
    expect(peer, ANSWER + wire.dont(wire.AUTHENTICATION))
    peer.send(wire.do(98))
    expect(peer, wire.wont(98))


def test_what_is_no_answer_is_ignored(side):
    """NAME, messages that only we may send, an empty body."""
    side.open()
    for body in ("03", b"\3root".hex(), "03ff", "", "010700", "02070002",
                 "04", "ff"):
        peer = side.ask()
        if not body.startswith("02"):  # REPLY is not its to send
            peer.send(auth(body))
        peer.send(STARTS)
        expect(peer, ACCEPTS)
        go_on_in_tls(peer)
        peer.send(QUESTION)
        expect(peer, ANSWER)
        peer.close()


def test_pair_may_be_followed_by_more(side):
    peer = side.open().ask()
    peer.send(wire.sub(wire.AUTHENTICATION, IS_START + b"more \xff\0"))
    expect(peer, ACCEPTS)
    go_on_in_tls(peer)
    peer.send(QUESTION)
    expect(peer, ANSWER)


def test_clear_after_accept(side):
    """What is no hello is clear telnet."""
    peer = side.open().ask()
    peer.send(STARTS)
    expect(peer, ACCEPTS)
    peer.send(QUESTION)
    expect(peer, ANSWER)
    peer.send(STARTS + wire.do(98))
    expect(peer, wire.wont(98))


def test_start_twice(side):
    peer = side.open().ask()
    peer.send(STARTS + STARTS + QUESTION)
    expect(peer, ACCEPTS + ANSWER)


class Behind:
    """A socket on which the hello comes right behind the last byte of START,
    cut after size bytes, before ACCEPT is read."""

    def __init__(self, sock, size):
        self.sock = sock
        self.size = size
        self.has_begun = False

    def sendall(self, data):
        if self.has_begun:
            self.sock.sendall(data)
            return
        self.has_begun = True
        whole = STARTS[-1:] + data
        self.sock.sendall(whole[:1 + self.size])
        self.sock.sendall(whole[1 + self.size:])
        accept = b""
        while len(accept) < len(ACCEPTS):
            accept += self.sock.recv(len(ACCEPTS) - len(accept))
        assert accept == ACCEPTS

    def __getattr__(self, name):
        return getattr(self.sock, name)


def test_hello_behind_start(side):
    """In one segment: ACCEPT is still the last that is said in the clear."""
    side.open()
    for size in (0, 1, 2, 50):
        peer = side.ask()
        peer.send(STARTS[:-1])
        peer.sock = Tls().wrap(Behind(peer.sock, size))
        peer.send(QUESTION)
        expect(peer, ANSWER)
        peer.close()


def test_required(side):
    """Each way around it ends the connection, with the reason."""
    side.open("required")
    answers = (REFUSES, wire.wont(wire.AUTHENTICATION), STARTS + QUESTION,
               STARTS + STARTS, auth("00070101"), b"root\r", b"\x16\x03\x03",
               wire.command(wire.AYT) + b"x")
    for number, rest in enumerate(answers, 1):
        peer = side.ask(number)
        peer.send(rest)
        said = peer.read_all().replace(ACCEPTS, b"")
        if side.name == "client":
            assert b"this port requires TLS" in said
        else:
            assert not said
        assert "TLS is required on this port" in side.reason(peer)


def test_required_and_done(side):
    peer = side.open("required").ask()
    peer.send(QUESTION + STARTS)
    expect(peer, ACCEPTS)
    go_on_in_tls(peer)
    expect(peer, ANSWER)
    # What is said about it in TLS changes nothing.
    peer.send(STARTS + REFUSES + wire.wont(wire.AUTHENTICATION) + QUESTION)
    expect(peer, wire.dont(wire.AUTHENTICATION) + ANSWER)


def test_too_late_once_it_is_served(start_vspcd):
    vspcd = start_vspcd("--tls", "offered", "--client-tls", "offered")
    vm = vspcd.vm("web", authenticates=False)
    client = vspcd.telnet(vm)
    for peer in vm, client:
        peer.negotiation.clear()  # of DO, unanswered so far or not
        peer.send_wire(WILL + STARTS)
        peer.sync()
        assert (wire.DONT, wire.AUTHENTICATION) in peer.negotiation
        assert (wire.DO, wire.AUTHENTICATION) not in peer.negotiation
        assert wire.AUTHENTICATION not in dict(peer.subs)
    assert_both_ways(vm, client)


def test_vm_that_leaves_it_half_done(start_vspcd):
    """Its answers to all else are taken, and it has its time to say who it is,
    as every VM; not more."""
    vspcd = start_vspcd("--tls", "offered", "--identity-timeout", "1")
    for start in b"", STARTS:
        peer = vspcd.keep(Peer(dial(vspcd.proxy)))
        peer.send(WILL + start)
        peer.wait_closed()
        vspcd.wait_event(words.CONNECTION_CLOSED, peer=peer.address,
                         reason="it did not identify its VM in time")


def test_vm_that_goes_on_without_an_end_of_it(start_vspcd):
    """What it says of itself is not answered in the clear."""
    vspcd = start_vspcd("--tls", "offered")
    peer = vspcd.keep(Peer(dial(vspcd.proxy)))
    peer.send(WILL + wire.will(wire.VMWARE) +
              wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN))
    assert wire.VMWARE not in peer.read_all()[len(wire.VM_GREETING):]
    vspcd.wait_event(words.CONNECTION_CLOSED, peer=peer.address,
                     reason="AUTHENTICATION was begun and not completed")


def test_client_that_leaves_it_half_done(start_vspcd):
    """Is read, as far as it asks for little, then closed; nobody else waits."""
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    address = vspcd.console_address(vm.port)
    peers = [vspcd.keep(Peer(dial(address))) for _ in range(3)]
    for peer in peers:
        peer.send(WILL)
        expect(peer, wire.CLIENT_GREETING + ASKS)
    peers[1].sock.settimeout(0)
    flood = b"".join(wire.do(99) for _ in range(20000))
    try:
        for _ in range(1000):
            peers[1].send(flood)  # each is to be answered
    except BlockingIOError:
        pass
    else:
        raise AssertionError("it reads all that it cannot answer")
    peers[1].sock.settimeout(10)
    peers[2].send(b"typed")
    assert vm.read_exactly(5) == b"typed"
    client = vspcd.telnet(vm, tls=Tls(by_auth=True))
    assert_both_ways(vm, client)
    for peer in peers:
        vspcd.wait_event(
            words.CLIENT_DISCONNECTED, peer=peer.address,
            reason="AUTHENTICATION was begun and not completed")
    assert_both_ways(vm, client)


def test_com_port_goes_on_in_tls(start_vspcd):
    vspcd = start_vspcd("--tls", "offered", "--client-tls", "required")
    vm = vspcd.vm("web", tls=Tls(by_auth=True))
    vm.com_port()
    client = vspcd.telnet(vm, tls=Tls(by_auth=True)).com_port()
    assert_both_ways(vm, client)


def test_bad_hello_after_accept(side):
    """Garbage behind 16 03 ends it with OpenSSL's words."""
    peer = side.open().ask()
    peer.send(STARTS)
    expect(peer, ACCEPTS)
    peer.send(b"\x16\x03\x01\x00\x05aaaaa")
    peer.wait_closed()
    assert side.reason(peer).startswith("TLS: ")
