"""The VM's connection: ESXi's order and others, identity, what is refused."""

import re

import pytest

from harness import words
from harness import wire
from harness.clients import TelnetClient
from harness.net import Listener, TelnetPeer, dial, eventually
from harness.vm import (SILENT, UNKNOWN, UUID, Vm, as_captured, at_random,
                        byte_by_byte, esxi_uuid, new_uuid, whole)

GETS = [wire.GET_VM_VC_UUID, wire.GET_VM_NAME, wire.GET_VM_BIOS_UUID,
        wire.GET_VM_LOCATION_UUID]


def assert_both_ways(vm, client):
    vm.send(b"to the client \xff\r\n\0")
    client.read_until(b"to the client \xff\r\n\0")
    client.send(b"to the VM \xff\r\n\0")
    vm.read_until(b"to the VM \xff\r\n\0")


# Order and segmentation

@pytest.mark.parametrize("cut", [
    pytest.param(as_captured, id="as-captured"),
    pytest.param(whole, id="whole"),
    pytest.param(byte_by_byte, id="byte-by-byte"),
    *(pytest.param(at_random(seed), id=f"random-{seed}") for seed in range(6)),
])
def test_esxi_order_in_every_segmentation(vspcd, cut):
    vm = vspcd.vm("vm-0001", UUID, cut=cut)
    has = vspcd.wait_event(words.VM_CONNECTED, console="vm-0001")
    assert has["id"] == f"{UUID}/vSPC.py"
    assert has["peer"] == vm.address
    assert sorted(vm.asked) == sorted(GETS)
    vm.cut = as_captured
    assert_both_ways(vm, vspcd.telnet(vm))


def test_greeting_bytes(vspcd):
    """Said at once, before the VM has said anything."""
    vm = vspcd.keep(TelnetPeer(dial(vspcd.proxy)))
    heard = bytearray()
    vm.on_received = heard.extend
    vm.wait(lambda: len(heard) >= len(wire.VM_GREETING), "the greeting")
    vm.read_for(0.05)
    assert heard == wire.VM_GREETING


def test_authentication_is_refused_before_232_can_be_offered(vspcd):
    vm = vspcd.vm()
    assert vm.negotiation.count((wire.DONT, wire.AUTHENTICATION)) == 1
    assert (wire.DO, wire.AUTHENTICATION) not in vm.negotiation


def test_nothing_is_said_twice(vspcd):
    vm = vspcd.vm()
    vm.sync()
    said = [n for n in vm.negotiation if n[1] < 100 or n[1] == wire.VMWARE]
    assert len(said) == len(set(said)), said
    com_port = [verb for verb, option in said if option == wire.COM_PORT]
    assert com_port in ([wire.DO], [wire.DONT])
    codes = vm.ext_codes()
    assert len(codes) == len(set(codes)), codes
    assert codes[:2] == [wire.KNOWN_SUBOPTIONS_2, wire.WILL_PROXY]


def test_everything_at_once_and_unasked(vspcd):
    """All in one segment, before a byte of vspcd's was read."""
    peer = vspcd.keep(TelnetPeer(dial(vspcd.proxy)))
    uuid = new_uuid()
    peer.send_wire(
        wire.will(wire.AUTHENTICATION) + wire.do(0, 3, 1) + wire.will(0, 3) +
        wire.will(wire.VMWARE) +
        wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
        wire.ext(wire.DO_PROXY, b"SvSPC.py") +
        wire.ext(wire.VM_VC_UUID, esxi_uuid(uuid).encode()) +
        wire.ext(wire.VM_NAME, b"hasty") +
        wire.ext(wire.VM_BIOS_UUID, esxi_uuid(uuid).encode()) +
        wire.ext(wire.VM_LOCATION_UUID, esxi_uuid(uuid).encode()))
    client = vspcd.telnet(vspcd.port_of("hasty"))
    assert_both_ways(peer, client)


@pytest.mark.parametrize("order", [
    ["known", "name", "uuid", "proxy"],
    ["known", "uuid", "proxy", "name"],
    ["known", "proxy", "name", "uuid"],
    ["proxy", "known"],
    ["proxy"],
], ids=" ".join)
def test_identity_in_other_orders(vspcd, order):
    uuid = new_uuid()
    parts = {
        "known": wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN),
        "proxy": wire.ext(wire.DO_PROXY, b"SvSPC.py"),
        "uuid": wire.ext(wire.VM_VC_UUID, esxi_uuid(uuid).encode()),
        "name": wire.ext(wire.VM_NAME, b"unordered"),
    }
    vm = vspcd.new_vm("unordered", uuid, opening=[parts[p] for p in order])
    vm.wait(lambda: vm.has_will_proxy, "WILL-PROXY")
    if "uuid" not in order and order[0] == "proxy":
        # Nothing was known that could be asked for when it asked for a proxy.
        vm.send_wire(parts["uuid"] + parts["name"])
    # Answers what is still asked for.
    vm.sync()
    vm.sync()
    has = vspcd.wait_event(words.VM_CONNECTED, console="unordered")
    assert_both_ways(vm, vspcd.telnet(int(has["port"])))


def test_a_second_do_proxy_changes_nothing(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send_wire(wire.ext(wire.DO_PROXY, b"SvSPC.py"))
    vm.sync()
    assert_both_ways(vm, client)
    assert len(vspcd.events(words.VM_CONNECTED)) == 1


# What is asked for, and what is not known

def test_only_what_the_vm_lists_is_asked_for(vspcd):
    known = bytes(c for c in wire.ESXI_KNOWN if not 84 <= c <= 87)
    vm = vspcd.vm(known=known)
    vm.sync()
    assert sorted(vm.asked) == [wire.GET_VM_VC_UUID, wire.GET_VM_NAME]


@pytest.mark.parametrize("code", GETS[1:])
def test_unknown_suboption_in_place_of_an_answer(vspcd, code):
    vm = vspcd.new_vm(answers={code: UNKNOWN}).identify()
    has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    assert_both_ways(vm, vspcd.telnet(int(has["port"])))


def test_a_vm_without_bios_and_location_answers_is_served(vspcd):
    vm = vspcd.vm(answers={wire.GET_VM_BIOS_UUID: UNKNOWN,
                           wire.GET_VM_LOCATION_UUID: UNKNOWN})
    assert_both_ways(vm, vspcd.telnet(vm))


@pytest.mark.parametrize("body", [b"", b"with parameters \xff\xf0\0"])
def test_unknown_code_is_answered(vspcd, body):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    for code in (99, 200, 255):
        vm.send_wire(wire.ext(code, body))
        answer = (wire.VMWARE, bytes((wire.UNKNOWN_SUBOPTION_RCVD_2, code)))
        vm.wait(lambda: answer in vm.subs, f"the answer to code {code}")
        assert vm.subs.count(answer) == 1
    assert_both_ways(vm, client)


def test_unknown_suboption_is_not_answered_with_itself(vspcd):
    vm = vspcd.vm()
    vm.send_wire(wire.ext(wire.UNKNOWN_SUBOPTION_RCVD_1, b"\x63"))
    vm.sync()
    assert not [body for option, body in vm.subs
                if option == wire.VMWARE and b"\x63" in body]


@pytest.mark.parametrize("body", [b"", b"\xe8", b"\xe8\x46", b"\xe8\x50",
                                  b"\xe8\x02", b"\x2c", b"\x63abc"],
                         ids=repr)
def test_malformed_subnegotiations_do_no_harm(vspcd, body):
    """No option, no code, codes without their parameters, other options."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send_wire(bytes((wire.IAC, wire.SB)) + body +
                 bytes((wire.IAC, wire.SE)))
    vm.sync()
    assert_both_ways(vm, client)


def test_known_suboptions_2_is_honest_and_always_the_same(vspcd):
    lists = []
    for _ in range(2):
        vm = vspcd.vm()
        vm.send_wire(wire.wont(wire.VMWARE))
        vm.sync()
        vm.send_wire(wire.will(wire.VMWARE))
        vm.wait(lambda: len(vm.known_by_proxy) == 2, "KNOWN-SUBOPTIONS-2")
        lists += vm.known_by_proxy
    assert len(set(lists)) == 1, lists
    codes = lists[0]
    assert len(codes) == len(set(codes))
    must = {wire.KNOWN_SUBOPTIONS_1, wire.KNOWN_SUBOPTIONS_2,
            wire.UNKNOWN_SUBOPTION_RCVD_1, wire.UNKNOWN_SUBOPTION_RCVD_2,
            wire.VMOTION_BEGIN, wire.VMOTION_GOAHEAD, wire.VMOTION_NOTNOW,
            wire.VMOTION_PEER, wire.VMOTION_PEER_OK,
            wire.VMOTION_COMPLETE, wire.VMOTION_ABORT,
            wire.DO_PROXY, wire.WILL_PROXY, wire.WONT_PROXY,
            wire.VM_VC_UUID, wire.GET_VM_VC_UUID,
            wire.VM_NAME, wire.GET_VM_NAME}
    assert must <= set(codes)
    assert set(codes) <= set(wire.ESXI_KNOWN)


# Negotiation

def test_repeated_offers_are_answered_once(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.sync()
    before = list(vm.negotiation)
    for _ in range(50):
        vm.send_wire(wire.will(wire.VMWARE, wire.BINARY, wire.SGA) +
                     wire.do(wire.BINARY, wire.SGA, wire.ECHO))
    vm.sync()
    assert vm.negotiation == before
    assert len(vm.known_by_proxy) == 1
    assert_both_ways(vm, client)


def test_switching_on_and_off_gets_at_most_one_answer_each(vspcd):
    vm = vspcd.vm()
    vm.sync()
    before = len(vm.negotiation)
    vm._answer_usual = lambda verb, option: None
    for _ in range(20):
        vm.send_wire(wire.dont(wire.ECHO) + wire.do(wire.ECHO) +
                     wire.wont(wire.SGA) + wire.will(wire.SGA))
    vm.sync()
    vm.read_for(0.05)
    answers = vm.negotiation[before:]
    assert len(answers) <= 80
    for option in (wire.ECHO, wire.SGA):
        assert sum(o == option for _, o in answers) <= 40


def test_extension_off_and_on_again(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send_wire(wire.wont(wire.VMWARE))
    vm.sync()
    assert vm.negotiation.count((wire.DONT, wire.VMWARE)) == 1
    client.send(b"while it is off")
    client.sync()
    vm.sync()
    assert not vm.data
    vm.has_will_proxy = False
    vm.send_wire(wire.will(wire.VMWARE))
    vm.wait(lambda: vm.has_will_proxy, "WILL-PROXY again")
    assert vm.negotiation.count((wire.DO, wire.VMWARE)) == 2
    vm.sync()
    vm.data.clear()
    assert_both_ways(vm, client)
    assert vspcd.telnet(vm.port)


def test_a_peer_without_the_extension_is_told_and_closed(vspcd):
    """Somebody's telnet program on the wrong port."""
    client = vspcd.keep(TelnetClient(vspcd.proxy))
    text = client.read_all()
    assert text.endswith(b"\n")
    assert len(text.splitlines()) == 1
    assert text.strip().isascii() and text.strip().decode().isprintable()
    has = vspcd.wait_event(words.CONNECTION_CLOSED, peer=client.address)
    assert has["reason"]
    vspcd.check_works()


# Identity

@pytest.mark.parametrize("text", [
    "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e3",
    "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3",
    "500C1E2F-3341-5A6B-7C8D-9EAFB0C1D2E3",
    "500c1e2f33415a6b7c8d9eafb0c1d2e3",
    "50:0c:1e:2f:33:41:5a:6b:7c:8d:9e:af:b0:c1:d2:e3",
    " 50 0C 1E 2F 33 41 5A 6B 7C 8D 9E AF B0 C1 D2 E3 ",
])
def test_uuid_forms(vspcd, text):
    """However it is written, it is the same console."""
    first = vspcd.vm("vm", UUID)
    first.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=first.address)
    again = vspcd.vm("vm", uuid_text=text)
    assert again.port == first.port
    has = vspcd.wait_event(words.VM_CONNECTED, peer=again.address)
    assert has["id"] == f"{UUID}/vSPC.py"


@pytest.mark.parametrize("text", ["my-test-vm", "500c1e2f-3341", "x" * 128])
def test_free_text_uuid(vspcd, text):
    vm = vspcd.vm("vm", uuid_text=text)
    has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    assert has["id"] == f"{text}/vSPC.py"
    assert_both_ways(vm, vspcd.telnet(vm))


def test_serial_ports_of_one_vm_are_consoles_of_their_own(vspcd):
    uuid = new_uuid()
    first = vspcd.vm("web", uuid, "s0")
    second = vspcd.vm("web", uuid, "s1")
    assert first.console == "web"
    assert second.console == "web/s1"
    assert first.port != second.port
    for vm, label in ((first, "s0"), (second, "s1")):
        has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
        assert has["id"] == f"{uuid}/{label}"
    clients = [vspcd.telnet(first), vspcd.telnet(second)]
    first.send(b"from the first.")
    second.send(b"from the second.")
    assert clients[0].read_until(b".") == b"from the first."
    assert clients[1].read_until(b".") == b"from the second."
    clients[0].send(b"to the first.")
    clients[1].send(b"to the second.")
    assert first.read_until(b".") == b"to the first."
    assert second.read_until(b".") == b"to the second."


def test_name_with_label_when_gone(vspcd):
    uuid = new_uuid()
    first = vspcd.vm("web", uuid, "s0")
    vspcd.vm("web", uuid, "s1")
    first.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web/s0")


@pytest.mark.parametrize("uri, label", [
    ("s0", "s0"), ("vspcd?port=com1", "com1"), ("vSPC.py", "vSPC.py")])
def test_labels(vspcd, uri, label):
    vm = vspcd.vm("vm", UUID, uri)
    has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    assert has["id"] == f"{UUID}/{label}"


@pytest.mark.parametrize("host", ["vSPC.py", "127.0.0.1"])
def test_uri_of_our_own_port_is_a_label(vspcd, host):
    vm = vspcd.vm(uri=f"telnet://{host}:{vspcd.proxy[1]}")
    assert_both_ways(vm, vspcd.telnet(vm))


@pytest.mark.parametrize("direction, uri", [
    (b"S", ""),
    (b"S", "telnet://elsewhere:99"),
    (b"S", "tcp://127.0.0.1:1"),
    (b"S", "gopher://127.0.0.1:70"),
    (b"C", "s0"),
    (b"C", ""),
    (b"X", "s0"),
    (b"s", "s0"),
    (b"\0", "s0"),
])
def test_refused_do_proxy(vspcd, direction, uri):
    vm = vspcd.new_vm("refused", direction=direction, uri=uri)
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    assert not vm.has_will_proxy
    vspcd.wait_line(lambda line: vm.address in line, "that says why")
    assert not vspcd.events(words.VM_CONNECTED, peer=vm.address)
    vspcd.check_works()


def test_no_open_relay(vspcd):
    """Direction 'C' would make us connect to anywhere: nothing is tried."""
    target = vspcd.keep(Listener())
    vm = vspcd.new_vm(direction=b"C", uri=f"telnet://127.0.0.1:{target.port}")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    vspcd.check_works()
    assert not target.is_asked()


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
EVIL = "evil\x1b[31m\r\nroot: faked\x07\x00\x7f\xc2\x9b end"


def test_control_characters_never_reach_log_or_client(vspcd):
    vm = vspcd.vm(EVIL)
    client = vspcd.telnet(vm)
    second = vspcd.vm("plain", uuid_text=EVIL[:100])
    third = vspcd.vm("plain-too", uri="s\x1b[2J\r\n0")
    for one in (vm, second, third):
        one.close()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=one.address)
    client.read_until(b"]")
    assert b"\x1b" not in client.data and b"\x07" not in client.data
    for line in vspcd.raw_log.decode().splitlines():
        assert not CONTROL.search(line), repr(line)
        assert not line.startswith("root:")


def test_a_name_looks_like_what_it_is(vspcd):
    """No character turns a name around, hides in it, or has no width."""
    for name, shown in (("web\u202e10-bd\u202c", "web10-bd"),
                        ("ad\u200bmin", "admin"), ("a\U000e0061b", "ab"),
                        ("東京\u3000一", "東京 一")):
        vm = vspcd.vm(name)
        assert vm.console == shown
        vm.close()


def test_names_are_utf8(vspcd):
    vspcd.vm("büro-服务器")
    vspcd.wait_event(words.VM_CONNECTED, console="büro-服务器")
    broken = vspcd.vm(b"broken \xff\xfe\xc3 name")
    has = vspcd.wait_event(words.VM_CONNECTED, peer=broken.address)
    assert has["console"].startswith("broken ")
    vspcd.raw_log.decode()  # must not fail


@pytest.mark.parametrize("name", ["", "x" * 5000, 'say "hi" \\ a=b'],
                         ids=["empty", "long", "quotes"])
def test_odd_names(vspcd, name):
    vm = vspcd.new_vm(name).identify()
    has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    if '"' in name:
        assert has["console"] == name
    assert len(has["console"]) <= 300
    assert_both_ways(vm, vspcd.telnet(int(has["port"])))


@pytest.mark.parametrize("answers", [
    {wire.GET_VM_VC_UUID: SILENT},
    {wire.GET_VM_VC_UUID: UNKNOWN, wire.GET_VM_BIOS_UUID: SILENT,
     wire.GET_VM_LOCATION_UUID: SILENT},
    {wire.GET_VM_VC_UUID: "", wire.GET_VM_BIOS_UUID: "",
     wire.GET_VM_LOCATION_UUID: ""},
], ids=["silent", "unknown", "empty"])
def test_a_vm_that_never_says_who_it_is_is_closed(start_vspcd, answers):
    vspcd = start_vspcd("--identity-timeout", 1)
    vm = vspcd.new_vm(answers=answers)
    vm.wait_closed()
    vspcd.wait_event(words.CONNECTION_CLOSED, peer=vm.address)
    vspcd.check_works()


def test_identity_timeout_counts_from_accept(start_vspcd):
    """Nothing at all, and a byte now and then: both are closed."""
    vspcd = start_vspcd("--identity-timeout", 1)
    silent = vspcd.keep(TelnetPeer(dial(vspcd.proxy)))
    trickling = vspcd.keep(TelnetPeer(dial(vspcd.proxy)))

    def is_closed():
        if not trickling.is_closed_by_peer:
            try:
                trickling.send_wire(wire.command(wire.NOP))
            except OSError:
                return True
        trickling.read_for(0.1)
        return trickling.is_closed_by_peer

    eventually(is_closed, "the trickling VM to be closed")
    silent.wait_closed()
    for peer in (silent, trickling):
        has = vspcd.wait_event(words.CONNECTION_CLOSED, peer=peer.address)
        assert has["reason"]


def test_an_identified_vm_outlives_the_identity_timeout(start_vspcd):
    vspcd = start_vspcd("--identity-timeout", 1)
    vm = vspcd.vm()
    late = vspcd.keep(TelnetPeer(dial(vspcd.proxy)))
    late.wait_closed()
    assert_both_ways(vm, vspcd.telnet(vm))


def test_data_before_identity_is_delivered_once(vspcd):
    uuid = new_uuid()
    first = vspcd.vm("early", uuid)
    client = vspcd.telnet(first)
    first.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=first.address)
    again = vspcd.new_vm("early", uuid, answers={
        wire.GET_VM_VC_UUID: SILENT})
    again.start()
    again.send(b"<said \xff early>")
    again.send_wire(wire.ext(wire.VM_VC_UUID, esxi_uuid(uuid).encode()))
    again.wait(lambda: wire.GET_VM_NAME in again.asked, "GET-VM-NAME")
    again.send(b"<said later>")
    got = client.read_until(b"<said later>")
    assert got.count(b"<said \xff early>") == 1
    assert got.index(b"<said \xff early>") < got.index(b"<said later>")


# Coming and going

def test_newest_connection_wins(vspcd):
    uuid = new_uuid()
    old = vspcd.vm("twice", uuid)
    client = vspcd.telnet(old)
    new = vspcd.vm("twice", uuid)
    assert new.port == old.port
    old.wait_closed()
    has = vspcd.wait_event(words.VM_DISCONNECTED, peer=old.address)
    assert has["reason"]
    new.send(b"from the new one.")
    client.read_until(b"from the new one.")
    client.send(b"to the new one.")
    new.read_until(b"to the new one.")
    assert not client.is_closed_by_peer
    assert not vspcd.events(words.VM_DISCONNECTED, peer=new.address)


def test_disconnect_is_logged_with_its_reason(vspcd):
    vm = vspcd.vm("gone")
    vm.close()
    has = vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    assert has["console"] == "gone" and has["reason"]
    rude = vspcd.vm("rude")
    rude.reset()
    has = vspcd.wait_event(words.VM_DISCONNECTED, peer=rude.address)
    assert has["console"] == "rude" and has["reason"]


def test_last_words_of_a_vm_are_delivered(vspcd):
    """Data, then the end at once: a panic's last line."""
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send(b"x" * 30000 + b"<the end>")
    vm.close()
    assert client.read_until(b"<the end>") == b"x" * 30000 + b"<the end>"


def test_many_vms_at_once(vspcd):
    vms = [Vm(vspcd.proxy, f"crowd-{n}") for n in range(40)]
    for vm in vms:
        vspcd.keep(vm)
    for vm in vms:
        vm.identify()
    ports = {vspcd.port_of(vm.name) for vm in vms}
    assert len(ports) == len(vms)
