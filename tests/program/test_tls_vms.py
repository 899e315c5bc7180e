"""TLS towards VMs: telnets and AUTHENTICATION, on one port with those in the
clear, and what each policy does to each kind of VM."""

import random
import ssl

import pytest

from harness import words
from harness import wire
from harness.net import Peer, dial, eventually
from harness.streams import assert_both_ways
from harness.tls import Tls, byte_by_byte, cut_at_random

NO_TLS = "TLS hello on a port without TLS"
REQUIRED = "TLS is required on this port: use telnets:// in the proxy URI"

# Kinds of VMs, as options of Vm.
KINDS = {
    "clear": {},
    "simple": {"authenticates": False},
    "telnets": {"tls": Tls()},
    "auth": {"tls": Tls(by_auth=True)},
}

# What comes of them: served in the clear or in TLS, or the reason why not.
CLEAR, SECURE = object(), object()
OUTCOMES = {
    "off": {"clear": CLEAR, "simple": CLEAR, "telnets": NO_TLS,
            "auth": CLEAR},
    "telnets": {"clear": CLEAR, "simple": CLEAR, "telnets": SECURE,
                "auth": CLEAR},
    "offered": {"clear": CLEAR, "simple": CLEAR, "telnets": SECURE,
                "auth": SECURE},
    "required": {"clear": REQUIRED, "simple": REQUIRED, "telnets": SECURE,
                 "auth": SECURE},
}


def check(vspcd, kind, outcome):
    if outcome in (CLEAR, SECURE):
        vm = vspcd.vm(kind, **KINDS[kind])
        assert vm.is_secure == (outcome is SECURE)
        assert_both_ways(vm, vspcd.telnet(vm))
        return
    before = len(vspcd.events(words.CONNECTION_CLOSED))
    try:
        vspcd.new_vm(kind, **KINDS[kind]).wait_closed()
    except (OSError, ssl.SSLError):
        pass  # it has not even shaken hands
    eventually(lambda: len(vspcd.events(words.CONNECTION_CLOSED)) > before,
               f"{kind} to be refused")
    has = vspcd.events(words.CONNECTION_CLOSED)[-1]
    assert has["reason"].startswith(outcome)


@pytest.mark.parametrize("policy", OUTCOMES)
def test_policy(start_vspcd, policy):
    vspcd = start_vspcd("--tls", policy)
    for kind, outcome in OUTCOMES[policy].items():
        check(vspcd, kind, outcome)


def test_ports_have_policies_of_their_own(start_vspcd):
    """The first port has --tls, others have theirs, telnets if none."""
    policies = ["off", "telnets", "offered", "required"]
    listen = [word for policy in policies for word in
              ("--proxy-listen", f"127.0.0.1:0,tls={policy}")]
    vspcd = start_vspcd("--tls", "off", *listen,
                        "--proxy-listen", "127.0.0.1:0")
    first = vspcd.proxy
    vspcd.wait_event(words.TLS_CERTIFICATE)
    ports = [int(has["proxy"].rpartition(":")[2])
             for has in vspcd.events(words.VM_PORT_OPENED)]
    for port, policy in zip((first[1], *ports), ["off", *policies, "telnets"]):
        vspcd.proxy = (first[0], port)
        for kind, outcome in OUTCOMES[policy].items():
            check(vspcd, kind, outcome)


@pytest.mark.parametrize("options", [["--ssl"], ["--ssl", "--tls", "offered"],
                                     ["--tls", "off", "--ssl"]], ids=" ".join)
def test_ssl_is_tls_and_nothing_else(start_vspcd, options):
    """As in vSPC.py; also where a weaker policy stands beside it."""
    vspcd = start_vspcd(*options)
    for kind, outcome in OUTCOMES["required"].items():
        check(vspcd, kind, outcome)


def test_one_port_serves_all_kinds_at_once(start_vspcd):
    vspcd = start_vspcd("--tls", "offered")
    vms = [vspcd.vm(f"{kind}-{i}", **how)
           for i in range(3) for kind, how in KINDS.items()]
    clients = [vspcd.telnet(vm) for vm in vms]
    for vm, client in zip(vms, clients):
        assert_both_ways(vm, client)


def test_a_vm_comes_back_in_another_way(start_vspcd):
    """Its console stays, and so do its clients."""
    vspcd = start_vspcd("--tls", "offered")
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    for how in (*KINDS.values(), KINDS["clear"]):
        vm.close()
        client.read_notice()
        vm = vspcd.vm("web", vm.uuid, **how)
        client.read_notice()
        assert_both_ways(vm, client)


@pytest.mark.parametrize("kind", ["telnets", "auth"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
def test_every_segmentation(start_vspcd, kind, version):
    """Of handshake and data; what is said in the clear is cut as well."""
    vspcd = start_vspcd("--tls", "offered")
    cuts = [byte_by_byte] + [cut_at_random(random.Random(seed), most)
                             for seed, most in enumerate((3, 20, 400))]
    for i, cut in enumerate(cuts):
        tls = Tls(by_auth=kind == "auth", cut=cut, minimum=version,
                  maximum=version)
        vm = vspcd.vm(f"vm-{i}", tls=tls,
                      cut=lambda segments, cut=cut: cut(b"".join(segments)))
        assert vm.is_secure
        assert vm.sock.version() == {"TLSv1_2": "TLSv1.2",
                                     "TLSv1_3": "TLSv1.3"}[version.name]
        assert_both_ways(vm, vspcd.telnet(vm))


def test_telnets_has_no_authentication(start_vspcd):
    """There is nothing left to go over to: a host that was told DO would wait
    for what follows."""
    for policy in "offered", "required":
        vspcd = start_vspcd("--tls", policy)
        vm = vspcd.vm("web", tls=Tls())
        vm.sync()
        assert (wire.DONT, wire.AUTHENTICATION) in vm.negotiation
        assert (wire.DO, wire.AUTHENTICATION) not in vm.negotiation


def test_the_first_byte_decides(start_vspcd):
    """Nothing is said before it. Who says nothing either is greeted after a
    while, and may still be any VM but one of telnets."""
    vspcd = start_vspcd("--tls", "offered")
    silent = vspcd.keep(Peer(dial(vspcd.proxy)))
    greeting = wire.VM_GREETING + wire.do(wire.AUTHENTICATION)
    assert silent.read_exactly(len(greeting)) == greeting
    vm = vspcd.vm("late", authenticates=False)
    assert_both_ways(vm, vspcd.telnet(vm))
    silent.send(Tls().hello())
    silent.wait_closed()
    has = vspcd.wait_event(words.CONNECTION_CLOSED, peer=silent.address)
    assert has["reason"].startswith("the TLS hello came too late")


def test_hello_in_pieces_is_waited_for(start_vspcd):
    """Its first byte alone is enough to keep the greeting back."""
    vspcd = start_vspcd("--tls", "offered")
    tls = Tls()
    hello = tls.hello()
    peer = vspcd.keep(Peer(dial(vspcd.proxy)))
    peer.send(hello[:1])
    peer.read_for(0.4)
    assert not peer.data
    peer.send(hello[1:])
    assert peer.read_exactly(3)[:2] == b"\x16\x03"


def test_certificate_is_shown_and_checked(start_vspcd, certificates):
    vspcd = start_vspcd("--cert", certificates.server.certificate, "--key",
                        certificates.server.key, "--tls", "offered")
    for by_auth in False, True:
        vm = vspcd.vm(f"good-{by_auth}",
                      tls=Tls(ca=certificates.ca, by_auth=by_auth))
        assert_both_ways(vm, vspcd.telnet(vm))
    # A host that expects another name has the last word.
    with pytest.raises(ssl.SSLCertVerificationError):
        vspcd.new_vm("bad", tls=Tls(ca=certificates.ca, host="elsewhere"))
    vspcd.wait_event(words.CONNECTION_CLOSED,
                     reason="TLS: the peer refuses our certificate")
    vspcd.check_works()


def test_vm_in_tls_without_identity_is_closed(start_vspcd):
    vspcd = start_vspcd("--identity-timeout", "1")
    vm = vspcd.new_vm("mute", opening=[b""], tls=Tls())
    vm.wait_closed()
    assert vm.sock.end == "in order"
    vspcd.wait_event(words.CONNECTION_CLOSED, peer=vm.address,
                     reason="it did not identify its VM in time")


@pytest.mark.parametrize("by_auth", [False, True])
def test_end_in_order_is_told_from_a_cut(start_vspcd, by_auth):
    vspcd = start_vspcd("--tls", "offered")
    reasons = {
        "close": "closed by the host",
        "break_off": "the connection was cut: TLS was not closed properly",
        "reset": "the connection was reset by the host",
    }
    for way, reason in reasons.items():
        vm = vspcd.vm(way, tls=Tls(by_auth=by_auth))
        vm.send(b"last words")
        vm.sync()  # what was not read would make a reset of every end
        getattr(vm, way)()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address, reason=reason)


def test_replaced_vm_is_told_the_end_in_order(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.vm("web", tls=Tls())
    again = vspcd.vm("web", vm.uuid, tls=Tls())
    vm.wait_closed()
    assert vm.sock.end == "in order"
    assert_both_ways(again, vspcd.telnet(again))


def test_shutdown_ends_tls_in_order(start_vspcd):
    vspcd = start_vspcd("--client-tls", "telnets")
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm, tls=Tls())
    vspcd.stop()
    for peer in vm, client:
        peer.wait_closed()
        assert peer.sock.end == "in order"


