"""TLS towards clients: telnet and raw, certificates of theirs, and what they
are told where it is required."""

import random
import ssl

import pytest

from harness import words
from harness import comport, wire
from harness.clients import RawClient, TelnetClient
from harness.net import Peer, dial, eventually
from harness.programs import is_sanitized
from harness.streams import MIB, assert_both_ways, noise, transfer
from harness.tls import Tls, byte_by_byte, cut_at_random, serial_of

NO_TLS = "TLS is required on this port, and the client does not use it"
WANTS_TLS = b"[vspcd: refused, this port requires TLS (telnet -z ssl)"
CLEAR, SECURE, REFUSED = "clear", "secure", "refused"

# What comes of a telnet client in the clear, with TLS from its first byte on,
# and with TLS where AUTHENTICATION is offered.
OUTCOMES = {
    "off": (CLEAR, REFUSED, CLEAR),
    "telnets": (CLEAR, SECURE, CLEAR),
    "offered": (CLEAR, SECURE, SECURE),
    "required": (REFUSED, SECURE, SECURE),
}


@pytest.mark.parametrize("policy", OUTCOMES)
def test_policy(start_vspcd, policy):
    vspcd = start_vspcd("--client-tls", policy)
    vm = vspcd.vm("web")
    for tls, outcome in zip((None, Tls(), Tls(by_auth=True)),
                            OUTCOMES[policy]):
        if outcome == REFUSED and tls:
            continue  # the hello is typed: nobody knows of TLS there
        if outcome == REFUSED:
            client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port)))
            assert WANTS_TLS in client.read_all()
            vspcd.wait_event(
                words.CLIENT_DISCONNECTED, peer=client.address,
                reason="TLS is required on this port, and the client does not "
                       "use it")
            continue
        client = Unhurried.attach(vspcd, vm, tls) if tls and tls.by_auth \
            and outcome == CLEAR else vspcd.telnet(vm, tls=tls)
        assert client.is_secure == (outcome == SECURE)
        assert_both_ways(vm, client)
        client.close()


class Unhurried(TelnetClient):
    """Would go over to TLS, if it were asked to."""

    @classmethod
    def attach(cls, vspcd, vm, tls):
        client = vspcd.keep(cls(vspcd.console_address(vm.port), tls=tls))
        client.wait(lambda: len(client.negotiation) >= 5, "the greeting")
        client.sync()
        return client


def test_vms_in_the_clear_clients_in_tls(start_vspcd):
    vspcd = start_vspcd("--tls", "off", "--client-tls", "required")
    vm = vspcd.vm("web")
    assert_both_ways(vm, vspcd.telnet(vm, tls=Tls()))


@pytest.mark.parametrize("policy", ["telnets", "offered", "required"])
def test_raw_in_tls(start_vspcd, policy):
    """As a raw client in the clear: the greeting, then the bare bytes."""
    vspcd = start_vspcd("--client-tls", policy)
    vm = vspcd.vm("web")
    client = vspcd.raw(vm, tls=Tls())
    assert client.greeting == wire.CLIENT_GREETING
    assert_both_ways(vm, client)
    assert not client.data and not vm.data


@pytest.mark.parametrize("policy", ["telnets", "offered"])
def test_silent_client_is_served(start_vspcd, policy):
    """One that only listens, in the clear: after the time in which a hello
    would have come, and the time for answers."""
    vspcd = start_vspcd("--client-tls", policy)
    vm = vspcd.vm("web")
    for how in {}, {"tls": Tls()}:
        client = vspcd.keep(RawClient(vspcd.console_address(vm.port), **how))
        client.wait(lambda: client.greeting, "the greeting")
        vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
        vm.send(b"for who listens \xff\r\0!")
        greeting = wire.do(wire.AUTHENTICATION) \
            if policy == "offered" and not how else b""
        assert client.read_until(b"!") == \
            greeting + b"for who listens \xff\r\0!"
        client.close()


def test_client_that_does_not_answer_the_offer(start_vspcd):
    """DO AUTHENTICATION is no reason to wait longer than for the rest."""
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                     answer=False))
    client.wait(lambda: (wire.DO, wire.AUTHENTICATION) in client.negotiation,
                "the offer")
    for verb, option in list(client.negotiation):
        if option != wire.AUTHENTICATION:
            client.send_wire(wire.negotiate(
                wire.DO if verb == wire.WILL else wire.WILL, option))
    assert_both_ways(vm, client)
    # Too late: it is refused, and nothing else changes.
    client.send_wire(wire.will(wire.AUTHENTICATION))
    client.wait(lambda: (wire.DONT, wire.AUTHENTICATION) in client.negotiation,
                "DONT")
    assert_both_ways(vm, client)


def test_client_that_half_closes(start_vspcd):
    """printf ... | nc, and the same in TLS: what it asked for comes."""
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    for how in {}, {"tls": Tls()}:
        vm.send(b"before.")
        client = vspcd.keep(RawClient(vspcd.console_address(vm.port), **how))
        client.send(b"question\n")
        client.half_close()
        assert vm.read_until(b"\n") == b"question\n"
        client.wait_closed()
        if how:
            assert client.sock.end == "in order"
        vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address,
                         reason="closed by the client")


def test_client_that_half_closes_at_once(start_vspcd):
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    peer = vspcd.keep(Peer(dial(vspcd.console_address(vm.port))))
    peer.half_close()
    peer.wait_closed()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=peer.address,
                     reason="closed by the client")
    assert_both_ways(vm, vspcd.telnet(vm, tls=Tls()))


def test_hello_that_is_too_late(start_vspcd):
    """It is not typed: behind a prompt it would do something."""
    vspcd = start_vspcd("--client-tls", "telnets")
    vm = vspcd.vm("web")
    late = vspcd.keep(RawClient(vspcd.console_address(vm.port))).greet()
    late.send(Tls().hello())
    late.wait_closed()
    has = vspcd.wait_event(words.CLIENT_REFUSED, peer=late.address)
    assert has["reason"].startswith("the TLS hello came too late")
    vm.sync()
    assert not vm.data


@pytest.mark.parametrize("by_auth", [False, True])
def test_end_in_order_is_told_from_a_cut(start_vspcd, by_auth):
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    reasons = {
        "close": "closed by the client",
        "half_close": "closed by the client",
        "break_off": "TLS: the connection was cut: the peer went away "
                     "without saying so",
    }
    for way, reason in reasons.items():
        client = vspcd.telnet(vm, tls=Tls(by_auth=by_auth))
        client.sync()
        getattr(client, way)()
        vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address,
                         reason=reason)


# Certificates of clients

CERTIFICATES = {
    "optional": {None: None, "client": None,
                 "expired": "certificate has expired on ",
                 "stranger": "is signed by a CA that is not known here: "
                             "elsewhere"},
    "required": {None: "the peer shows no certificate, and one is demanded",
                 "client": None, "expired": "certificate has expired on ",
                 "stranger": "is signed by a CA that is not known here: "
                             "elsewhere"},
}


def refusal(vspcd, vm, tls):
    """Why; None if the client began TLS too late for vspcd, as it may on a
    busy machine."""
    before = len(vspcd.events(words.CLIENT_DISCONNECTED))
    with pytest.raises((AssertionError, OSError, ssl.SSLError)):
        vspcd.telnet(vm, tls=tls)
    ends = eventually(
        lambda: vspcd.events(words.CLIENT_DISCONNECTED)[before:], "its end")
    said = ends[-1]["reason"]
    return None if said == NO_TLS else said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("policy", CERTIFICATES)
def test_certificates(start_vspcd, certificates, policy, version):
    vspcd = start_vspcd("--client-tls", "required", "--client-certs", policy,
                        "--client-ca", certificates.ca)
    vm = vspcd.vm("web", tls=Tls())  # VMs are not asked for any
    for name, reason in CERTIFICATES[policy].items():
        for by_auth in False, True:
            tls = Tls(by_auth=by_auth, minimum=version, maximum=version,
                      pair=name and getattr(certificates, name))
            if not reason:
                assert_both_ways(vm, vspcd.telnet(vm, tls=tls))
                continue
            said = eventually(lambda tls=tls: refusal(vspcd, vm, tls),
                              f"{name} to be refused")
            assert reason in said, (name, said)


@pytest.mark.parametrize("by_auth", [False, True])
def test_a_client_is_logged_by_its_certificate(start_vspcd, certificates,
                                               by_auth):
    vspcd = start_vspcd("--client-tls", "required", "--client-certs",
                        "optional", "--client-ca", certificates.ca)
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm, tls=Tls(by_auth=by_auth,
                                      pair=certificates.client))
    has = vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    serial = serial_of(certificates.client)
    assert (has["client"], has["issuer"], has["serial"]) == \
        ("CN=client", "CN=ca", serial)
    nobody = vspcd.telnet(vm, tls=Tls(by_auth=by_auth))
    has = vspcd.wait_event(words.CLIENT_CONNECTED, peer=nobody.address)
    assert not {"client", "issuer", "serial"} & set(has)


def test_certificates_and_clients_in_the_clear(start_vspcd, certificates):
    """Where certificates are optional, and TLS is too."""
    vspcd = start_vspcd("--client-tls", "telnets", "--client-certs",
                        "optional", "--client-ca", certificates.ca)
    vm = vspcd.vm("web")
    assert_both_ways(vm, vspcd.telnet(vm))


def test_required_certificates_and_clients_in_the_clear(start_vspcd,
                                                        certificates):
    vspcd = start_vspcd("--client-tls", "required", "--client-certs",
                        "required", "--client-ca", certificates.ca)
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.keep(Peer(dial(vspcd.console_address(vm.port))))
    client.send(b"reboot\r")
    client.wait_closed()
    vm.sync()
    assert b"reboot" not in vm.data


# What there is in TLS

def test_com_port(start_vspcd):
    """RFC 2217 on both sides, through TLS on both."""
    vspcd = start_vspcd("--tls", "offered", "--client-tls", "required")
    vm = vspcd.vm("web", tls=Tls(by_auth=True))
    vm.com_port()
    client = vspcd.telnet(vm, tls=Tls()).com_port()
    client.send_wire(comport.request(comport.BAUDRATE, 115200))
    baud = bytes((comport.BAUDRATE + comport.ANSWER,)) + \
        (115200).to_bytes(4, "big")
    client.wait(lambda: (wire.COM_PORT, baud) in client.subs, "the answer")
    assert_both_ways(vm, client)


def test_news_of_the_vm(start_vspcd):
    vspcd = start_vspcd("--client-tls", "required")
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm, tls=Tls(by_auth=True))
    vm.close()
    client.read_notice()
    again = vspcd.vm("web", vm.uuid)
    client.read_notice()
    assert_both_ways(again, client)


@pytest.mark.parametrize("by_auth", [False, True])
def test_every_segmentation(start_vspcd, by_auth):
    vspcd = start_vspcd("--client-tls", "offered")
    vm = vspcd.vm("web")
    for cut in byte_by_byte, cut_at_random(random.Random(1), 7), \
            cut_at_random(random.Random(2), 300):
        client = vspcd.telnet(vm, tls=Tls(by_auth=by_auth, cut=cut))
        assert_both_ways(vm, client)
        client.close()


@pytest.mark.parametrize("vm_tls, client_tls", [
    (Tls(cut=cut_at_random(random.Random(1), 4000)), None),
    (None, Tls(cut=cut_at_random(random.Random(2), 4000))),
    (Tls(by_auth=True, cut=cut_at_random(random.Random(3), 4000)),
     Tls(by_auth=True, cut=cut_at_random(random.Random(4), 4000))),
], ids=["vm", "client", "both"])
def test_16_mib_both_ways(start_vspcd, vm_tls, client_tls):
    """Every byte value, both ways at once, compared byte for byte."""
    vspcd = start_vspcd("--tls", "offered", "--client-tls", "offered",
                        "--hold-time", 20000)
    vm = vspcd.vm("web", tls=vm_tls)
    client = vspcd.telnet(vm, tls=client_tls)
    transfer((vm, client, noise(16 * MIB, seed=1)),
             (client, vm, noise(16 * MIB, seed=2)))


def test_stuck_client_stops_nobody(start_vspcd):
    """Nor its VM, once the time is over in which that is held for it."""
    vspcd = start_vspcd("--client-tls", "offered", "--hold-time", 100)
    vm = vspcd.vm("web", tls=Tls())
    stuck = vspcd.telnet(vm, tls=Tls(), receive_buffer=4096)
    other = vspcd.telnet(vm, tls=Tls(by_auth=True))
    data = noise(8 * MIB, seed=3)
    transfer((vm, other, data))
    assert_both_ways(vm, other)
    before = vspcd.rss()
    transfer((vm, other, data))
    assert is_sanitized() or vspcd.rss() < before + 2 * MIB
    assert not stuck.is_closed_by_peer
    vspcd.wait_idle()
