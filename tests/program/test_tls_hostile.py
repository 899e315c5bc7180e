"""Handshakes that come to nothing, on ports for VMs and for clients: each ends
with its reason in the log, in bounded time, and nobody else waits."""

import random
import select
import signal
import ssl
import time

import pytest

from harness import words
from harness import wire
from harness.net import Peer, dial, many
from harness.programs import is_sanitized
from harness.streams import assert_both_ways
from harness.tls import Tls, byte_by_byte

OLD = {"minimum": ssl.TLSVersion.TLSv1, "maximum": ssl.TLSVersion.TLSv1,
       "ciphers": "ALL:@SECLEVEL=0"}


class Port:
    """Where TLS may begin, and how the log says that it has come to an end."""

    def __init__(self, start_vspcd, name):
        self.start = start_vspcd
        self.name = name

    def open(self, *options):
        self.vspcd = self.start("--tls", "offered", "--client-tls", "offered",
                                *options)
        self.vm = self.vspcd.vm("web", tls=Tls(by_auth=True))
        self.client = self.vspcd.telnet(self.vm, tls=Tls())
        self.address = self.vspcd.proxy if self.name == "vm" \
            else self.vspcd.console_address(self.vm.port)
        return self

    def connect(self, number=0):
        """number: of an address of its own, because the log has few lines
        about one address in a minute."""
        source = f"127.0.9.{number}" if number else None
        return self.vspcd.keep(Peer(dial(self.address, source=source)))

    def reason(self, peer):
        kind = words.CONNECTION_CLOSED if self.name == "vm" \
            else words.CLIENT_DISCONNECTED
        return self.vspcd.wait_event(kind, peer=peer.address)["reason"]

    def last_reason(self):
        kind = words.CONNECTION_CLOSED if self.name == "vm" \
            else words.CLIENT_DISCONNECTED
        self.vspcd.wait_line(lambda line: kind in line, kind)
        return self.vspcd.events(kind)[-1]["reason"]

    def check_works(self):
        assert_both_ways(self.vm, self.client)


@pytest.fixture(params=["vm", "client"])
def port(request, start_vspcd):
    return Port(start_vspcd, request.param)


# Who offers nothing that is taken

@pytest.mark.parametrize("options, how, reason", [
    ([], OLD,
     "TLS: the peer speaks TLS 1.0 at most; at least TLS 1.2 is wanted"),
    (["--tls-min", "1.3"], {"maximum": ssl.TLSVersion.TLSv1_2},
     "TLS: the peer speaks TLS 1.2 at most; at least TLS 1.3 is wanted"),
    (["--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"],
     {"maximum": ssl.TLSVersion.TLSv1_2,
      "ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305"}, "cipher"),
], ids=["1.0", "1.2 of 1.3", "ciphers"])
def test_nothing_in_common(port, options, how, reason):
    port.open()
    vspcd = port.start("--tls", "offered", "--client-tls", "offered", *options)
    port.vspcd = vspcd
    vm = vspcd.vm("web")
    port.address = vspcd.proxy if port.name == "vm" \
        else vspcd.console_address(vm.port)
    with pytest.raises((ssl.SSLError, OSError)):
        dial(port.address, tls=Tls(**how))
    assert reason in port.last_reason()


def test_old_version_where_it_is_allowed(start_vspcd):
    vspcd = start_vspcd("--tls-min", "1.0", "--client-tls", "telnets")
    vm = vspcd.vm("old", tls=Tls(**OLD))
    assert vm.sock.version() == "TLSv1"
    assert_both_ways(vm, vspcd.telnet(vm, tls=Tls(**OLD)))
    # Others get the best that there is.
    assert vspcd.vm("new", tls=Tls()).sock.version() == "TLSv1.3"


@pytest.mark.parametrize("options, vms, clients", [
    (["--vm-tls-min", "1.0"], True, False),
    (["--client-tls-min", "1.0"], False, True),
    (["--tls-min", "1.0", "--client-tls-min", "1.2"], True, False),
    (["--tls-min", "1.0", "--vm-tls-min", "1.3"], False, True),
], ids=["vms", "clients", "not clients", "not vms"])
def test_versions_of_each_port(start_vspcd, options, vms, clients):
    vspcd = start_vspcd("--client-tls", "telnets", *options)
    console = vspcd.console_address(vspcd.vm("web").port)
    for address, ok in (vspcd.proxy, vms), (console, clients):
        if ok:
            vspcd.keep(Peer(dial(address, tls=Tls(**OLD))))
            continue
        with pytest.raises((ssl.SSLError, OSError)):
            dial(address, tls=Tls(**OLD))


def test_chosen_cipher(start_vspcd):
    vspcd = start_vspcd("--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384")
    vm = vspcd.vm("web", tls=Tls(maximum=ssl.TLSVersion.TLSv1_2))
    assert vm.sock._tls.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"


# Who speaks something else

def test_http(start_vspcd):
    vspcd = start_vspcd("--tls", "required")
    peer = vspcd.keep(Peer(dial(vspcd.proxy)))
    peer.send(b"GET / HTTP/1.1\r\nHost: vspcd\r\n\r\n")
    assert b"this port is for VMs" in peer.read_all()
    vspcd.wait_event(words.CONNECTION_CLOSED, peer=peer.address,
                     reason="no VM: the peer does not speak telnet")


@pytest.mark.parametrize("seed", range(4))
def test_garbage_hello(port, seed):
    """A hello with bytes of it changed, or noise behind its first ones: an
    end with a reason, or a handshake that goes on."""
    port.open()
    rng = random.Random(seed)
    hello = Tls().hello()
    for n in range(40):
        bad = bytearray(hello)
        for _ in range(rng.randint(1, 4)):
            bad[rng.randrange(2, len(bad))] = rng.randrange(256)
        if n % 4 == 0:
            bad = bytearray(b"\x16\x03") + rng.randbytes(rng.randint(1, 3000))
        peer = port.connect(n + 1)
        peer.send(bytes(bad))
        peer.read_for(0)
        peer.break_off()
        reason = port.reason(peer)
        assert reason.startswith(("TLS: ", "the connection was reset")), reason
    port.check_works()


def test_record_that_is_too_long(port):
    peer = port.open().connect()
    peer.send(b"\x16\x03\x01\xff\xff" + b"\1\0\xff\xff" + bytes(70000))
    peer.wait_closed()
    assert port.reason(peer).startswith("TLS: ")


def test_hello_then_close(port):
    port.open()
    hello = Tls().hello()
    sizes = (1, 2, 5, 6, len(hello) // 2, len(hello) - 1, len(hello))
    for n, size in enumerate(sizes):
        for way in "half_close", "reset":
            peer = port.connect(n + 1)
            peer.send(hello[:size])
            if size == len(hello):
                peer.read_exactly(5)
            getattr(peer, way)()
            assert port.reason(peer).startswith(
                "TLS: " if way == "half_close" else
                ("TLS: ", "the connection was reset")), (size, way)
    port.check_works()


def test_slow_hello(port):
    """Byte by byte, with others in between."""
    port.open()
    tls = Tls()

    def drip(data):
        for byte in data:
            drip.sock.sendall(bytes((byte,)))
        port.check_works()
        return []
    for tls.cut in byte_by_byte, drip:
        drip.sock = dial(port.address)
        peer = port.vspcd.keep(Peer(drip.sock))
        peer.sock = tls.wrap(drip.sock)
        tls.cut = None
        peer.sock._cut = lambda data: [data]
        peer.send(wire.do(99))
        peer.wait(lambda p=peer: wire.wont(99) in p.data, "an answer")


def test_handshake_that_stops(start_vspcd):
    """Bounded in time, wherever it stops; and the bound is of the whole: some
    byte now and then does not lengthen it. Others do not wait."""
    vspcd = start_vspcd("--tls", "offered", "--client-tls", "required",
                        "--identity-timeout", "60")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm, tls=Tls(by_auth=True))
    hello = Tls().hello()
    began = time.monotonic()
    stalled = {}
    for address, kind in ((vspcd.proxy, words.CONNECTION_CLOSED),
                          (vspcd.console_address(vm.port),
                           words.CLIENT_DISCONNECTED)):
        for size in (1, 5, len(hello) // 2, len(hello)):
            peer = vspcd.keep(Peer(dial(address)))
            peer.send(hello[:size])
            stalled[peer] = kind
    slow = vspcd.keep(Peer(dial(vspcd.proxy)))
    stalled[slow] = words.CONNECTION_CLOSED
    at = 0
    while len(vspcd.events(words.CONNECTION_CLOSED)) < 5:
        assert time.monotonic() - began < 25
        try:
            slow.send(hello[at:at + 1] if at < len(hello) - 1 else b"")
        except OSError:
            pass
        at += 1
        assert_both_ways(vm, client)
        time.sleep(0.25)
    for peer, kind in stalled.items():
        has = vspcd.wait_event(kind, peer=peer.address)
        assert has["reason"] == "TLS: the handshake takes too long"
    assert time.monotonic() - began > 9
    assert_both_ways(vm, client)


def test_handshake_record_in_a_session(port):
    """No call of Python's asks for it: a handshake record that no key fits
    shows that one is not taken for a new beginning."""
    port.open()
    peer = port.connect()
    peer.sock = Tls(maximum=ssl.TLSVersion.TLSv1_2).wrap(peer.sock)
    peer.sock.raw.sendall(b"\x16\x03\x03\x00\x30" + bytes(48))
    peer.wait_closed()
    assert port.reason(peer).startswith("TLS: ")
    port.check_works()


@pytest.mark.parametrize("noise", [b"\x17\x03\x03\x00\x20" + bytes(32),
                                   b"\x15\x03\x03\x00\x02\x02\x28",
                                   b"\xff\xfb\x00", bytes(100)],
                         ids=["record", "alert", "telnet", "NULs"])
def test_noise_in_a_session(start_vspcd, noise):
    """Ends that one, with a reason, and what came before it is not lost."""
    vspcd = start_vspcd("--client-tls", "telnets")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm)
    vm.send(b"before.")
    vm.sock.raw.sendall(noise)
    vm.sock.raw.sendall(bytes(20))
    assert client.read_until(b"before.") == b"before."
    client.read_notice()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address,
                     reason="the host violated the TLS protocol")


def test_a_crowd_of_handshakes_makes_nobody_else_wait(port):
    """All hellos lie there before a byte of a client that is served. vspcd
    stands still meanwhile, so that it finds all of them in one turn."""
    port.open()
    hello = Tls().hello()
    with many(port.connect, 60) as crowd:
        port.check_works()  # vspcd has accepted all of them
        port.vspcd.process.send_signal(signal.SIGSTOP)
        for peer in crowd:
            peer.sock.sendall(hello)
        port.client.send(b"typed")
        port.vspcd.process.send_signal(signal.SIGCONT)
        assert port.vm.read_until(b"typed") == b"typed"
        answered = len(select.select([peer.sock for peer in crowd],
                                     [], [], 0)[0])
        # One turn has 16 steps; vspcd goes on while this looks.
        assert answered < 40
        for peer in crowd:
            assert peer.sock.recv(1) == b"\x16"


def test_many_half_hellos(port):
    """Cost little, and nobody waits for them."""
    port.open()
    half = Tls().hello()[:100]
    before = port.vspcd.rss()

    def connect():
        sock = dial(port.address)
        sock.sendall(half)
        return sock
    with many(connect, 500):
        port.check_works()
        vm = port.vspcd.vm("other", tls=Tls())
        assert_both_ways(vm, port.vspcd.telnet(vm, tls=Tls(by_auth=True)))
        each = (port.vspcd.rss() - before) / 500
        print(f"{each / 1024:.1f} KiB a half hello")
        assert is_sanitized() or each < 100 * 1024
    port.check_works()


def test_what_an_idle_vm_costs(start_vspcd):
    count = 500
    vspcd = start_vspcd("--hold-time", "1", "--new-console-burst", "10000",
                        consoles=50 + count)
    for i in range(50):
        vspcd.vm(f"first-{i}", tls=Tls())
    tls = Tls()
    before = vspcd.rss()
    for i in range(count):
        vspcd.new_vm(f"vm-{i}", tls=tls).identify()
    vspcd.wait_event(words.VM_CONNECTED, console=f"vm-{count - 1}")
    each = (vspcd.rss() - before) / count
    print(f"{each / 1024:.1f} KiB of resident memory an idle VM in TLS")
    assert is_sanitized() or each < 60 * 1024
    assert_both_ways(vspcd.peers[-1], vspcd.telnet(
        vspcd.port_of(f"vm-{count - 1}")))
