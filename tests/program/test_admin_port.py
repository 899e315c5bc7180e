"""The admin port, by its two clients: lists, attaching in each mode beside each
other, clearing; who may what; TLS; and what neither of them ever sends."""

import itertools
import os
import subprocess

import pytest

from harness import wire
from harness import words
from harness.admin import (
    CONNECTED, EXCLUSIVE, EXCLUSIVE_WRITE, GET_LIST, OPTION, READ_ONLY,
    READ_ONLY_OK, READ_WRITE, SET_CONNECTION, KitClient, MODES, PickleClient,
    port_id, vspc_uuid)
from harness.net import Peer, PortBlock, dial, eventually
from harness.tls import Tls
from harness.vm import new_uuid
from test_config import config  # noqa: F401 (a fixture)

CONTROL = 'access "*" { control = {"anybody from local"} }\n'


@pytest.fixture
def start(start_vspcd):
    """A vspcd with an admin port: .admin is its address."""
    def start(*args, **options):
        ports = options.pop("ports", None) or PortBlock(
            options.pop("consoles", 50))
        port = ports.take()
        vspcd = start_vspcd("--admin-port", port, *args, ports=ports,
                            **options)
        vspcd.admin = ("127.0.0.1", port)
        return vspcd
    return start


@pytest.fixture
def vspcd(start):
    return start()


# ---- vSPC.py's client -------------------------------------------------------

VERSIONS = [(1, 0), (2, 0), (3, 3), (3, 4), (3, 5), (4, 4), (4, 5)]


def list_of(vspcd, version, protocol):
    client = vspcd.keep(PickleClient(vspcd.admin, version, protocol))
    if version > 1:
        vms = client.query().vms
    else:
        client.begin()
        kind, vms = client.hear()
        assert kind == 1
    assert client.is_at_end()
    return {vm["name"]: (vm["uuid"], vm["port"]) for vm in vms}


def test_each_version_gets_the_list(vspcd):
    for version, protocol in VERSIONS:
        assert list_of(vspcd, version, protocol) == {}
    vms = [vspcd.vm(name, uuid=new_uuid()) for name in ("db", "\u00fcn\u00ef")]
    for version, protocol in VERSIONS:
        assert list_of(vspcd, version, protocol) == {
            vm.name: (vspc_uuid(vm.uuid), vm.port) for vm in vms}
    vspcd.wait_event(words.ADMIN_LISTED, protocol="pickle-4", consoles=2,
                     hidden=0)


def test_without_ports_there_are_none_in_the_list(start):
    vspcd = start("--no-vm-ports")
    vm = vspcd.new_vm("web", uuid=new_uuid()).identify()
    vspcd.wait_event(words.VM_CONNECTED, console="web")
    assert list_of(vspcd, 3, 4) == {"web": (vspc_uuid(vm.uuid), None)}
    telnet, _ = PickleClient(vspcd.admin).attach("web")
    vspcd.keep(telnet).greet().send(b"there")
    vm.read_until(b"there")


@pytest.mark.parametrize("version,protocol", VERSIONS[1:])
def test_attaching(vspcd, version, protocol):
    vm = vspcd.vm("web", uuid=new_uuid())
    for name in ("web", vspc_uuid(vm.uuid), vm.uuid, vm.uuid.upper()):
        client = PickleClient(vspcd.admin, version, protocol)
        telnet, mode = client.attach(name)
        assert mode == "free_for_all"
        vspcd.keep(telnet)
        vm.send(b"out \xff put\r\0\r\n")
        assert telnet.read_until(b"\n").endswith(b"out \xff put\r\0\r\n")
        telnet.greet()
        telnet.send(b"in \xff put\r\0\n")
        vm.read_until(b"in \xff put\r\0\n")
        assert telnet.refused == 1, "nothing but ECHO was offered besides"
        assert len(telnet.negotiation) == len(wire.CLIENT_GREETING) // 3
        telnet.close()
    connected = vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    assert connected["door"] == "admin"
    vspcd.wait_clients("web", 0)


def test_earlier_output_is_not_lost_at_the_change_to_telnet(vspcd):
    """It comes behind the greeting, and that behind the client's first byte:
    what came glued to the seed would never be seen."""
    vm = vspcd.vm("web", uuid=new_uuid())
    vm.send(b"first line\r\nlogin: ")
    vm.sync()
    client = vspcd.keep(PickleClient(vspcd.admin))
    answer = client.query("web")
    assert (answer.status, answer.seed) == ("vm_found", "")
    vm.send(b"more ")
    vm.sync()
    client.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.sock.recv(1)
    client.sock.settimeout(None)
    peer = vspcd.keep(Peer(client.sock))
    peer.send(wire.will(wire.BINARY))
    peer.read_until(wire.CLIENT_GREETING)
    assert peer.data == b""
    peer.send(wire.will(wire.SGA) + wire.do(wire.BINARY) + wire.do(wire.SGA))
    peer.read_until(b"first line\r\nlogin: more ")


def test_a_name_that_is_not_there_is_answered_with_the_list(vspcd):
    vspcd.vm("web", uuid=new_uuid())
    for name in ("nosuch", "WEB", "we", "", "web\0", "\udcff", "x" * 300):
        client = vspcd.keep(PickleClient(vspcd.admin))
        answer = client.query(name, "no such mode")
        assert answer.status == "vm_not_found"
        assert [vm["name"] for vm in answer.vms] == ["web"]
        assert client.is_at_end()
    client = vspcd.keep(PickleClient(vspcd.admin))
    assert client.query("web", "no such mode").status == "lock_invalid"
    assert client.is_at_end()


def test_of_two_vms_of_a_name_the_connected_one_is_meant(vspcd):
    old = vspcd.vm("web", uuid=new_uuid())
    new = vspcd.vm("web", uuid=new_uuid())
    client = vspcd.keep(PickleClient(vspcd.admin))
    answer = client.query("web")
    assert answer.status == "vm_not_found"
    assert {vm["uuid"] for vm in answer.vms} == {
        vspc_uuid(vm.uuid) for vm in (old, new)}
    vspcd.wait_event(words.ADMIN_REFUSED,
                     reason="several consoles have this name")
    old.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=old.address)
    telnet, _ = PickleClient(vspcd.admin).attach("web")
    vspcd.keep(telnet).greet().send(b"hello")
    new.read_until(b"hello")


def test_serial_ports_of_a_vm_have_names_of_their_own(vspcd):
    uuid = new_uuid()
    first = vspcd.vm("web", uuid=uuid, uri="com1")
    second = vspcd.vm("web", uuid=uuid, uri="com2")
    assert set(list_of(vspcd, 3, 4)) == {"web/com1", "web/com2"}
    assert vspcd.keep(PickleClient(vspcd.admin)).query(
        "web").status == "vm_not_found"
    for name in ("web/com2", f"{vspc_uuid(uuid)}/com2"):
        telnet, _ = PickleClient(vspcd.admin).attach(name)
        vspcd.keep(telnet).greet().send(b"hello")
        second.read_until(b"hello")
    assert first.data == b""
    kit = vspcd.keep(KitClient(vspcd.admin))
    assert [(port, name) for port, name, _ in kit.list()] == [
        (f"{port_id(uuid)}.com1", "web/com1"),
        (f"{port_id(uuid)}.com2", "web/com2")]
    assert not kit.connect(port_id(uuid))
    assert kit.connect(f"{port_id(uuid)}.com2")
    kit.send(b"kit")
    second.read_until(b"kit")


# Who gets in beside whom: there, comes, what is given. "reader" is what the
# second of a pair (write, fallback) becomes, when the writer has left.
GIVEN = {
    "nobody": ("exclusive", "write", "free_for_all", "free_for_all"),
    "exclusive": (None, None, None, None),
    "write": (None, None, None, "free_for_all_or_readonly"),
    "all": (None, None, "free_for_all", "free_for_all"),
    "fallback": (None, None, "free_for_all", "free_for_all"),
    "reader": (None, "write", "free_for_all", "free_for_all"),
}
COMES = ("exclusive", "write", "all", "fallback")


def test_who_gets_in_beside_whom(vspcd):
    """Of a console each, so that nobody has to wait for another's end."""
    for there, given in GIVEN.items():
        for comes, mode in zip(COMES, given):
            name = f"{there}-{comes}"
            vspcd.vm(name, uuid=new_uuid())
            holders = ["write", "fallback"] if there == "reader" else \
                [] if there == "nobody" else [there]
            clients = [vspcd.keep(PickleClient(vspcd.admin).attach(
                name, holder)[0].greet()) for holder in holders]
            if there == "reader":
                clients[0].close()
                vspcd.wait_event(words.CLIENT_DISCONNECTED, console=name)
            client = vspcd.keep(PickleClient(vspcd.admin))
            answer = client.query(name, comes)
            assert (answer.status, answer.mode) == (
                ("vm_found", mode) if mode else ("lock_failed", None)), name
            if not mode:
                assert client.is_at_end()


def test_a_read_only_client_stays_that(vspcd):
    vm = vspcd.vm("web", uuid=new_uuid())
    writer, _ = PickleClient(vspcd.admin).attach("web", "write")
    reader, mode = PickleClient(vspcd.admin).attach("web", "fallback")
    assert mode == "free_for_all_or_readonly"
    vspcd.keep(reader).greet()
    writer.greet()
    writer.reset()
    vspcd.wait_clients("web", 1)
    reader.send(b"nothing")
    reader.read_until(b"what you type is discarded")
    again, mode = PickleClient(vspcd.admin).attach("web", "write")
    assert mode == "write"
    vspcd.keep(again).greet().send(b"typed")
    assert vm.read_until(b"typed") == b"typed"


def test_a_lock_ends_with_a_client_that_says_no_telnet(vspcd):
    vspcd.vm("web", uuid=new_uuid())
    first = vspcd.keep(PickleClient(vspcd.admin))
    assert first.query("web", "exclusive").status == "vm_found"
    assert vspcd.keep(PickleClient(vspcd.admin)).query(
        "web").status == "lock_failed"
    first.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web")
    telnet, mode = PickleClient(vspcd.admin).attach("web", "exclusive")
    assert mode == "exclusive"
    vspcd.keep(telnet).greet()


def test_clients_of_telnet_ports_are_kept_out_by_a_lock(vspcd):
    vm = vspcd.vm("web", uuid=new_uuid())
    telnet, _ = PickleClient(vspcd.admin).attach("web", "exclusive")
    vspcd.keep(telnet).greet()
    other = vspcd.keep(Peer(dial(vspcd.console_address(vm.port))))
    other.send(wire.will(wire.BINARY) + wire.do(wire.BINARY))
    other.read_until(b"has locked it")
    other.wait_closed()


def test_a_full_console_says_so(start):
    vspcd = start(env={"VM_CLIENT_LIMIT": "1"})
    vm = vspcd.vm("web", uuid=new_uuid())
    vspcd.telnet(vm)
    for version, protocol in VERSIONS[1:]:
        client = vspcd.keep(PickleClient(vspcd.admin, version, protocol))
        answer = client.query("web")
        assert answer.status == "vm_found"
        assert answer.seed == (
            "[vspcd: refused, 1 clients are connected, and that is the limit; "
            "try again later]\r\n")
        assert client.is_at_end()


def test_clear(start, config):
    vspcd = start("--config", config(CONTROL))
    vm = vspcd.vm("web", uuid=new_uuid())
    other = vspcd.vm("db", uuid=new_uuid())
    clients = [vspcd.telnet(vm), vspcd.telnet(vm),
               vspcd.keep(PickleClient(vspcd.admin).attach("web")[0].greet())]
    bystander = vspcd.telnet(other)
    for protocol in (4, 5):
        assert vspcd.keep(PickleClient(vspcd.admin, 4, protocol)).clear(
            vm.port) == "ok"
        for client in clients:
            client.wait_closed()
            assert b"disconnected by 127.0.0.1" in client.data
        vspcd.wait_clients("web", 0)
        clients = []
    for port in (1, 0, -1, 65536, 1 << 40):
        assert vspcd.keep(PickleClient(vspcd.admin, 4)).clear(port) == "fail"
    cleared = vspcd.wait_event(words.ADMIN_CLEARED, console="web")
    assert (cleared["port"], cleared["clients"]) == (str(vm.port), "3")
    bystander.sync()


def test_clear_needs_control(vspcd):
    vm = vspcd.vm("web", uuid=new_uuid())
    client = vspcd.telnet(vm)
    assert vspcd.keep(PickleClient(vspcd.admin, 4)).clear(vm.port) == "fail"
    vspcd.wait_event(words.ADMIN_REFUSED, request="clear", console="web",
                     reason="it needs the right to control the console")
    client.sync()


def test_a_version_that_is_to_come_gets_ours(vspcd):
    client = vspcd.keep(PickleClient(vspcd.admin))
    client.say(99)
    assert client.hear() == 4
    client.say("cmd_new")
    assert client.hear() == "cmd_not_supported"
    assert client.is_at_end()


@pytest.mark.parametrize("said", [
    (0,), (-1,), ("3",), (None,), (3.9,), (True,), (3, 4, "write"),
    (3, ["web"], "write"), (3, os.system, "write"), (3, "web", "write", 5),
], ids=repr)
def test_what_its_client_never_says_ends_the_connection(vspcd, said):
    client = vspcd.keep(PickleClient(vspcd.admin))
    client.say(*said)
    try:
        client.hear()
        assert client.is_at_end()
    except EOFError:
        pass
    vspcd.wait_event(words.ADMIN_CLOSED)


def test_byte_by_byte(vspcd):
    vspcd.vm("web", uuid=new_uuid())
    for version, protocol in VERSIONS[1:]:
        client = vspcd.keep(PickleClient(vspcd.admin, version, protocol))
        client.is_slow = True
        assert client.query("web").mode == "free_for_all"


# ---- the kit's client -------------------------------------------------------

def test_the_kit_lists_and_connects(vspcd):
    kit = vspcd.keep(KitClient(vspcd.admin))
    assert kit.list() == []
    vms = [vspcd.vm(name, uuid=new_uuid()) for name in ("db", "\u00fcn\u00ef")]
    assert kit.list() == sorted((port_id(vm.uuid), vm.name, "") for vm in vms)
    assert not kit.connect("nosuch")
    assert not kit.connect(port_id(vms[0].uuid).lower())
    kit.send(b"dropped")
    for vm in vms:
        assert kit.connect(port_id(vm.uuid))
        vm.send(b"out \xff put\r\0\r\n")
        assert kit.read_until(b"\n") == b"out \xff put\r\0\r\n"
        kit.send(b"in \xff put\r\0\r\n\n")
        assert vm.read_until(b"\n\n") == b"in \xff put\r\0\r\n\n"
        assert len(kit.list()) == 2
    assert not kit.disconnect()
    assert not kit.disconnect()
    kit.send(b"dropped")
    assert kit.connect(port_id(vms[0].uuid))
    kit.send(b"again")
    assert vms[0].read_until(b"again") == b"again"
    assert kit.negotiation == [(wire.WILL, OPTION)]
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="db",
                     reason="it goes to another console")


def test_the_kit_shows_earlier_output_behind_connected(vspcd):
    vm = vspcd.vm("web", uuid=new_uuid())
    vm.send(b"login: ")
    vm.sync()
    client = vspcd.keep(Peer(dial(vspcd.admin)))
    client.read_until(wire.will(OPTION))
    client.send(wire.do(OPTION) + wire.sub(
        OPTION, bytes((SET_CONNECTION, READ_WRITE)) +
        port_id(vm.uuid).encode()) + b"typed ahead")
    assert client.read_until(b"login: ") == wire.sub(
        OPTION, bytes((CONNECTED,))) + b"login: "
    vm.read_until(b"typed ahead")


# Rows and columns of the kit's table: what is let in; "reads" is read-only.
KIT_MODES = (READ_WRITE, READ_ONLY, EXCLUSIVE, EXCLUSIVE_WRITE, READ_ONLY_OK)
KIT = {
    READ_WRITE: ("in", "reads", "no", "no", "in"),
    READ_ONLY: ("in", "reads", "no", "in", "in"),
    EXCLUSIVE: ("no", "no", "no", "no", "no"),
    EXCLUSIVE_WRITE: ("no", "reads", "no", "no", "reads"),
    READ_ONLY_OK: ("in", "reads", "no", "no", "in"),
}


def test_the_kits_modes(vspcd):
    kits = [vspcd.keep(KitClient(vspcd.admin)) for _ in range(2)]
    for there, row in KIT.items():
        for comes, expected in zip(KIT_MODES, row):
            name = f"{there:02x}-{comes:02x}"
            vm = vspcd.vm(name, uuid=new_uuid())
            assert kits[0].connect(port_id(vm.uuid), there)
            is_in = kits[1].connect(port_id(vm.uuid), comes)
            assert is_in == (expected != "no"), name
            kits[1].send(b"second")
            kits[1].disconnect()
            if there != READ_ONLY:
                kits[0].send(b"first")
                typed = vm.read_until(b"first")
                assert typed == (b"second" if expected == "in" else b"") + \
                    b"first", name
            elif expected == "in":
                vm.read_until(b"second")
            for kit in kits:
                assert not kit.disconnect()
    kit = kits[0]
    assert not kit.connect(port_id(vm.uuid), 0x7f)
    vspcd.wait_event(words.ADMIN_REFUSED, reason="there is no such mode")


@pytest.mark.parametrize("body", [
    b"", b"\x99", bytes((GET_LIST, 0)), bytes((SET_CONNECTION, 0)),
    bytes((SET_CONNECTION, 0)) + b"\xff\xfe", bytes((CONNECTED,))])
def test_a_message_that_the_kit_never_sends_ends_the_connection(vspcd, body):
    kit = vspcd.keep(KitClient(vspcd.admin))
    kit.send_wire(wire.sub(OPTION, body))
    kit.wait_closed()
    vspcd.wait_event(words.ADMIN_CLOSED)


def test_a_telnet_without_the_option_is_told_where_it_is(vspcd):
    peer = vspcd.keep(Peer(dial(vspcd.admin)))
    peer.read_until(wire.will(OPTION))
    peer.send(wire.dont(OPTION))
    peer.wait_closed()
    vspcd.wait_line(lambda line: "does not know telnet option 233" in line,
                    "a reason")


# ---- both -------------------------------------------------------------------

def test_other_protocols_are_refused(vspcd):
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n", b"\xff\xfd\1",
                 b"\x16\3\1\0\5\1\0\0\1\0", b"\0"):
        peer = vspcd.keep(Peer(dial(vspcd.admin)))
        peer.send(said)
        assert peer.read_all() == b""
        closed = vspcd.wait_event(words.ADMIN_CLOSED, peer=peer.address)
        assert closed["reason"]


def test_rules_hold(start, config):
    vspcd = start("--config", config(
        'access "web" { write = {"anybody from local"} }\n'
        'access "db" { read = {"anybody from local"} }\n'
        'access "*" { admin = {"root"} }\n'))
    vms = {name: vspcd.vm(name, uuid=new_uuid())
           for name in ("web", "db", "secret")}
    assert PickleClient(vspcd.admin).names() == ["db", "web"]
    listed = vspcd.wait_event(words.ADMIN_LISTED)
    assert (listed["consoles"], listed["hidden"]) == ("2", "1")
    for name in ("secret", vspc_uuid(vms["secret"].uuid)):
        answer = vspcd.keep(PickleClient(vspcd.admin)).query(name)
        assert answer.status == "vm_not_found"
        assert sorted(vm["name"] for vm in answer.vms) == ["db", "web"]
    vspcd.wait_event(words.ADMIN_REFUSED, console="secret", request="attach")
    for mode in MODES:
        telnet, given = PickleClient(vspcd.admin).attach("db", mode)
        assert given == "free_for_all_or_readonly"
        vspcd.keep(telnet).greet().send(b"nothing")
        telnet.read_until(b"you may only read")
    kit = vspcd.keep(KitClient(vspcd.admin))
    assert sorted(name for _, name, _ in kit.list()) == ["db", "web"]
    assert not kit.connect(port_id(vms["secret"].uuid))
    vspcd.wait_event(words.CLIENT_REFUSED, console="secret", door="admin")
    assert kit.connect(port_id(vms["web"].uuid))
    kit.send(b"typed")
    vms["web"].read_until(b"typed")
    assert vms["db"].data == vms["secret"].data == b""


def test_who_may_read_nothing_is_told_so(start, config):
    vspcd = start("--config", config('access "*" { admin = {"root"} }\n'))
    vspcd.vm("web", uuid=new_uuid())
    for name, (version, protocol) in itertools.product(
            (None, "web"), VERSIONS[1:]):
        client = vspcd.keep(PickleClient(vspcd.admin, version, protocol))
        answer = client.query(name)
        assert answer.status == "vm_found"
        assert answer.seed == "[vspcd: refused, you have no access here]\r\n"
        assert client.is_at_end()
    assert vspcd.keep(KitClient(vspcd.admin)).list() == []


def test_reload_takes_away_what_was_there(start, config):
    path = config(CONTROL)
    vspcd = start("--config", path)
    vm = vspcd.vm("web", uuid=new_uuid())
    telnet, _ = PickleClient(vspcd.admin).attach("web")
    vspcd.keep(telnet).greet()
    kit = vspcd.keep(KitClient(vspcd.admin))
    assert kit.connect(port_id(vm.uuid))
    path.write_text('access "*" { admin = {"root"} }\n')
    vspcd.process.send_signal(1)
    telnet.wait_closed()
    kit.wait_closed()


def test_tls(start, certificates):
    pair = certificates.server
    vspcd = start("--client-tls", "required", "--cert", pair.certificate,
                  "--key", pair.key)
    vm = vspcd.vm("web", uuid=new_uuid())
    client = PickleClient(vspcd.admin, tls=Tls())
    telnet, _ = client.attach("web")
    vspcd.keep(telnet).greet()
    telnet.send(b"typed")
    vm.read_until(b"typed")
    vm.send(b"shown")
    telnet.read_until(b"shown")
    connected = vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    assert connected["tls"].startswith("TLSv1")
    kit = vspcd.keep(KitClient(vspcd.admin, tls=Tls()))
    assert kit.list() == [(port_id(vm.uuid), "web", "")]
    assert kit.connect(port_id(vm.uuid))
    kit.send(b"kit")
    vm.read_until(b"kit")
    for said in (b"\x80\4K\3.", b""):
        peer = vspcd.keep(Peer(dial(vspcd.admin)))
        peer.send(said)
        assert peer.read_all() == b""
        closed = vspcd.wait_event(words.ADMIN_CLOSED, peer=peer.address)
        assert "TLS is required" in closed["reason"]


def test_a_connection_that_says_nothing_is_a_check(vspcd):
    dial(vspcd.admin).close()
    for _ in range(2):
        assert PickleClient(vspcd.admin).names() == []
    assert not vspcd.events(words.ADMIN_CLOSED)


def test_connections_that_are_reset_leave_nothing(vspcd):
    """In every stage; then all of it works."""
    vm = vspcd.vm("web", uuid=new_uuid())
    for said in (b"", b"\x80", b"\x80\4K\3.", b"\x80\4K\3.\x80\4N.",
                 b"\x80\4K\3.\x80\4\x8c\3web.\x80\4\x8c\5write.", b"I1\n."):
        peer = Peer(dial(vspcd.admin))
        peer.send(said)
        peer.reset()
    kit = KitClient(vspcd.admin)
    kit.say(GET_LIST)
    kit.reset()
    kit = KitClient(vspcd.admin)
    assert kit.connect(port_id(vm.uuid), EXCLUSIVE)
    kit.reset()
    vspcd.wait_clients("web", 0)
    telnet, mode = PickleClient(vspcd.admin).attach("web", "exclusive")
    assert mode == "exclusive"
    vspcd.keep(telnet).greet()


def test_the_end_of_vspcd_ends_them(vspcd):
    vm = vspcd.vm("web", uuid=new_uuid())
    kits = [vspcd.keep(KitClient(vspcd.admin)) for _ in range(2)]
    assert kits[0].connect(port_id(vm.uuid))
    idle = vspcd.keep(Peer(dial(vspcd.admin)))
    idle.send(b"\x80")
    telnet, _ = PickleClient(vspcd.admin).attach("web")
    vspcd.keep(telnet).greet()
    vspcd.stop()
    for peer in (*kits, idle, telnet):
        peer.wait_closed()


def test_the_port_is_where_it_is_wanted(start, start_vspcd):
    vspcd = start("--admin-iface", "::1")
    opened = vspcd.wait_event(words.ADMIN_PORT_OPENED)
    assert opened["address"] == f"[::1]:{vspcd.admin[1]}"
    assert PickleClient(("::1", vspcd.admin[1])).names() == []
    without = start_vspcd()
    assert not without.events(words.ADMIN_PORT_OPENED)
