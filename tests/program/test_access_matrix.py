"""Who may what, as a matrix: each door, by each way of proving who one is,
with each right. What somebody sees, types, breaks and controls is what the
model of the rules says, the audit line has it, and nothing of a console that
may not be read comes to anybody: checked in all bytes that came.

What only the rules know of (a Unix socket's user, a proxy's word) is in
test_access_model.py: no door has it yet."""

import contextlib
import os
import pwd
import random

import pytest

from harness import pam, wire, words
from harness.access_model import (RIGHTS, Console, Member, Principal, Rules,
                                  Section, judge, may_gain)
from harness.clients import GONE, RawClient, TelnetClient
from harness.comport import BREAK_ON, CONTROL
from harness.net import Peer, PortBlock, dial
from harness.tls import Authority, Tls
from harness.vm import esxi_uuid
from test_access_model import write_rules
from test_config import config  # noqa: F401 (a fixture)
from test_login import PERMIT
from test_tokens import token  # noqa: F401 (a fixture)

NAME = "alice"       # however it is proven
HERE = "127.0.0.4"   # who proves no more than that
NEIGHBOUR = "127.0.0.9"
KEEPER = pwd.getpwuid(os.getuid()).pw_name
PROOFS = ["address", "certificate", "password", "token"]
MEMBERS = {"address": f"anybody from {HERE}",
           "certificate": f"certificate:{NAME}",
           "password": f"user:{NAME}",
           "token": f"token:{NAME}"}
SHOWN = {"address": "anybody", "certificate": f"{NAME} (certificate)",
         "password": f"{NAME} (password)",
         "token": f"token {NAME} (for {KEEPER})"}
DOORS = ["port", "program", "modem", "telnet", "tcp", "ssl"]
URIS = {"telnet": "telnet://127.0.0.1:{}", "tcp": "tcp://127.0.0.1:{}",
        "ssl": "ssl://127.0.0.1:{}"}
QUESTIONS = {"port", "telnet"}       # where a person is asked for a login
RAW = {"program", "tcp", "ssl"}      # where nobody speaks telnet
AWAY = b"[vspcd: refused, you have no access here]\r\n"


def at_least(right, needed):
    return RIGHTS.index(right) >= RIGHTS.index(needed)


# ---- the rules --------------------------------------------------------------

def rules_of(keyboard):
    """A console for each right. What one way of proving gives there, each of
    the others does not: who is taken for somebody else shows."""
    def section(number):
        members = {right: [] for right in RIGHTS[1:]}
        members["write"].append(Member(f"anybody from {NEIGHBOUR}"))
        for shift, proof in enumerate(PROOFS):
            right = RIGHTS[(number + shift) % len(RIGHTS)]
            if right != "none":
                members[right].append(Member(MEMBERS[proof]))
        return Section(f"cell-{number}",
                       {right: found for right, found in members.items()
                        if found}, keyboard=keyboard)
    return Rules(sections=[section(number) for number in range(len(RIGHTS))])


def principal_of(proof):
    if proof == "address":
        return Principal(address=HERE)
    who = Principal(proof, NAME, address="127.0.0.1")
    if proof == "token":
        who.owner = Principal("password", KEEPER, is_keeper=True)
        who.right_max = "admin"
    return who


# ---- who comes --------------------------------------------------------------

class Recorder:
    """Mixed into a peer: .seen is all that has come, telnet and all."""

    seen = b""

    def on_received(self, chunk):
        self.seen += chunk
        super().on_received(chunk)


class Telnet(Recorder, TelnetClient):
    def negotiate(self):
        """As far as a person's program does it by itself; at once, because it
        has said something that is no TLS."""
        self.wait(lambda: self.is_secure or not self.tls, "TLS")
        self.wait(lambda: (wire.DO, wire.SGA) in self.negotiation,
                  "the greeting")


class Program(Recorder, RawClient):
    pass


class Raw(Recorder, Peer):
    def __init__(self, address, **how):
        super().__init__(dial(address, **how))


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "ca")


@pytest.fixture(scope="module")
def pair(ca):
    return ca.issue("client", common_name=NAME)


class Site:
    """A vspcd, a VM for each right, and those who come by one door and prove
    who they are in one way."""

    def __init__(self, vspcd, door, proof, rules, pair, secret):
        self.vspcd, self.door, self.proof, self.rules = \
            vspcd, door, proof, rules
        self.pair, self.secret = pair, secret
        self.vms = []
        for number in range(len(RIGHTS)):
            port = vspcd.ports.base + 80 + number
            vm = vspcd.vm(f"cell-{number}",
                          uri=URIS.get(door, "s0").format(port),
                          offers=(wire.COM_PORT,) if door == "modem" else ())
            vm.number = number
            vm.door_port = port if door in URIS else vm.port
            if door in URIS:
                vspcd.wait_event(words.SERVICE_LISTENER_OPENED,
                                 console=vm.console)
            if door == "modem":
                vm.com_port()
            vm.send(b"printed-before-%d" % number)
            self.vms.append(vm)
        vspcd.report()  # all of it has been read

    def proven(self):
        """What the door takes of it."""
        if self.proof in ("password", "token") and self.door not in \
                QUESTIONS | {"menu"}:
            return Principal(address="127.0.0.1")
        if self.proof == "certificate" and self.door == "tcp":
            return Principal(address="127.0.0.1")
        return principal_of(self.proof)

    def console(self, vm):
        return Console(vm.name, vm.uuid, "", "127.0.0.1")

    def right(self, vm, who=None):
        return judge(self.rules, who or self.proven(), self.console(vm)).right

    def private(self, vm):
        """What nobody may get to know who may not read it."""
        return [text.encode() for text in (
            vm.name, vm.uuid, vm.uuid.replace("-", ""), esxi_uuid(vm.uuid),
            f"printed-before-{vm.number}", f"printed-now-{vm.number}",
            f"typed-by-the-neighbour-{vm.number}")]

    def assert_private(self, client, *readable):
        """Nothing came to the client of other consoles than these."""
        for vm in self.vms:
            if vm not in readable:
                for text in self.private(vm):
                    assert text not in client.seen, (vm.name, client.seen)

    def how(self):
        """How to connect."""
        if self.proof == "certificate" and self.door != "tcp":
            return {"tls": Tls(pair=self.pair,
                               by_auth=self.door == "telnet")}
        how = {"tls": Tls()} if self.door == "ssl" else {}
        return how | ({"source": HERE} if self.proof == "address" else {})

    def connect(self, port):
        kind = {"program": Program, "tcp": Raw, "ssl": Raw}.get(
            self.door, Telnet)
        more = {"answer": False} if self.door == "modem" else {}
        how = self.how()
        client = self.vspcd.keep(kind(self.vspcd.console_address(port), **how,
                                      **more))
        if self.door not in RAW and ("tls" not in how or how["tls"].by_auth):
            client.send_wire(wire.command(wire.NOP))
        return client

    def log_in(self, client):
        client.read_until(b"login: ")
        client.send(NAME.encode() + b"\r")
        client.read_until(b"Password: ")
        client.send(self.secret + b"\r")

    def assert_audited(self, message, client, **fields):
        who = self.proven()
        return self.vspcd.wait_event(message, peer=client.address,
                                     principal=SHOWN[who.proof],
                                     proof=who.proof, **fields)


@pytest.fixture
def site(start_vspcd, config, token, ca, pair, tmp_path):  # noqa: F811
    with contextlib.ExitStack() as stack:
        def start(door, proof, keyboard="free-for-all"):
            rules = rules_of(keyboard)
            options, secret = [], b""
            if proof == "password":
                name = stack.enter_context(pam.service(
                    pam.play("hidden=Password: :secret"), PERMIT))
                helper = pam.HelperSocket(tmp_path / "pam", name)
                stack.callback(helper.close)
                options, secret = ["--pam-socket", helper.path], b"secret"
            if proof == "token":
                secret = token.create(NAME, "--token-owner", KEEPER,
                                      "--token-right", "admin").encode()
            ports = PortBlock()
            port = ports.take()
            vspcd = start_vspcd(
                "--config", config(write_rules(random.Random(1), rules)), "--client-tls",
                "offered", "--client-certs", "optional", "--client-ca",
                ca.pair.certificate, "--certificate-name", "cn",
                "--menu-port", port, "--service-listen", "*:*",
                "--client-rate", 0, *options, ports=ports,
                env={"STATE_DIRECTORY": str(tmp_path)})
            vspcd.menu_port = port
            return Site(vspcd, door, proof, rules, pair, secret)
        yield start


# ---- consoles' ports and listeners ------------------------------------------

def typed_at(vm):
    return b"typed-%d" % vm.number


def arrive(site, vm, client):
    """As far as its door lets it."""
    if site.door == "modem":
        client.send_wire(wire.will(wire.COM_PORT))
    if site.door == "program":
        client.send(typed_at(vm))  # or it would be waited for as a person
    if site.door not in QUESTIONS:
        return
    before = Principal(address=HERE if site.proof == "address" else
                       "127.0.0.1")
    if site.proof == "certificate":
        before = site.proven()
    has = site.right(vm, before)
    is_asked = not at_least(has, "write") and \
        may_gain(site.rules, before, site.console(vm))
    if site.proof in ("password", "token"):
        assert is_asked
        site.log_in(client)
    elif is_asked:
        client.read_until(b"login: ")
        client.send(b"\r" if has == "read" else b"\x03")


def assert_refused(site, vm, client):
    """It is told so, where words may be said, and the VM has not seen it."""
    client.wait_closed()
    is_in_log = site.door not in QUESTIONS or site.proof in ("password",
                                                             "token")
    if is_in_log:
        assert client.seen.endswith(AWAY) or site.door in ("tcp", "ssl")
        site.assert_audited(words.CLIENT_REFUSED, client, console=vm.name,
                            door=door_of(site))
    assert not site.vspcd.events(words.CLIENT_CONNECTED, peer=client.address)


def door_of(site):
    return "listener" if site.door in URIS else "port"


def send_break(site, client):
    if site.door == "modem":
        client.tell(CONTROL, BREAK_ON)
    elif site.door not in RAW:
        client.send_wire(wire.command(wire.BRK))


def assert_told(site, vm, client, right):
    """What it may not do is said once, to a person, and is in the log."""
    if site.door in QUESTIONS:
        client.read_until(b"you may only read; what you type is discarded"
                          if right == "read" else
                          b"you may not send a break")
    has = site.vspcd.wait_event(words.CLIENT_DENIED, peer=client.address,
                                console=vm.name, right=right)
    assert has["needs"] in ("write", "break")[right != "read":]


def assert_served(site, vm, client, right):
    site.assert_audited(words.CLIENT_CONNECTED, client, console=vm.name,
                        right=right, door=door_of(site))
    vm.send(b"printed-now-%d" % vm.number)
    client.wait(lambda: b"printed-now-%d" % vm.number in client.seen,
                "output")
    if site.door in QUESTIONS:
        assert b"printed-before-%d" % vm.number in client.seen
    typed = typed_at(vm)
    if site.door != "program":
        client.send(typed)
    if at_least(right, "write"):
        assert vm.read_until(typed) == typed
    send_break(site, client)
    if at_least(right, "break") and site.door not in RAW:
        vm.wait(lambda: vm.breaks, "the break")
        vm.read_for(0)
    elif not at_least(right, "write") or site.door not in RAW:
        assert_told(site, vm, client, right)


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("door", DOORS)
def test_what_a_right_allows(site, door, proof):
    site = site(door, proof)
    clients = {}
    for vm in site.vms:
        clients[vm.name] = site.connect(vm.door_port)
        if door in QUESTIONS:
            clients[vm.name].negotiate()
    for vm in site.vms:
        arrive(site, vm, clients[vm.name])
    rights = []
    for vm in site.vms:
        client, right = clients[vm.name], site.right(vm)
        print(vm.name, right)
        rights.append(right)
        if right == "none":
            assert_refused(site, vm, client)
        else:
            assert_served(site, vm, client, right)
    # What somebody typed or broke who may not would be there by now.
    for vm, right in zip(site.vms, rights):
        vm.sync()
        assert vm.data == b""
        assert bool(vm.breaks) == (at_least(right, "break") and
                                   door not in RAW)
        readable = [vm] if right != "none" else []
        site.assert_private(clients[vm.name], *readable)
    assert set(rights) == (set(RIGHTS) if site.proven().proof == proof
                           else {"none"})


# ---- the menu ---------------------------------------------------------------

def open_menu(site):
    """At the list, behind a login where that is asked for."""
    client = site.connect(site.vspcd.menu_port)
    if site.proof == "address":
        client.read_until(b"login: ")
        client.send(b"\r")
    elif site.proof != "certificate":
        site.log_in(client)
    return client


def list_all(site, client):
    """What the list has: all that may be read, and how many that are."""
    readable = [vm for vm in site.vms if site.right(vm) != "none"]
    count = b"1-%d of %d consoles, by name" % (len(readable), len(readable))
    client.read_until(count)
    page = client.read_until(b"or q: ")
    for vm in site.vms:
        assert (vm.name.encode() in page) == (vm in readable)
    return readable


def find(client, text):
    client.send(b"/" + text + b"\r")
    return client.read_until(b"or q: ")


def enter(site, client, vm):
    find(client, vm.name.encode())
    client.send(b"1\r")
    client.read_until(b": opened")
    site.assert_audited(words.CLIENT_CONNECTED, client, console=vm.name,
                        right=site.right(vm), door="menu")


def leave(client):
    client.send(b"\r~.")
    client.read_until(b"back at the list")
    client.read_until(b"or q: ")


@pytest.mark.parametrize("proof", PROOFS)
def test_what_a_right_allows_from_the_menu(site, proof):
    site = site("menu", proof)
    client = open_menu(site)
    readable = list_all(site, client)
    site.assert_audited(words.MENU_OPENED, client, door="menu")
    for vm in readable:
        right, typed = site.right(vm), typed_at(vm)
        enter(site, client, vm)
        client.read_until(b"printed-before-%d" % vm.number)
        vm.send(b"printed-now-%d" % vm.number)
        client.read_until(b"printed-now-%d" % vm.number)
        client.send(typed + b"\r~b")
        if at_least(right, "break"):
            client.read_until(b"a break was sent")
            vm.wait(lambda at=vm: at.breaks, "the break")
        else:
            assert_told(site, vm, client, right)
        if at_least(right, "write"):
            assert vm.read_until(typed + b"\r") == typed + b"\r"
        leave(client)
        vm.sync()
        assert vm.data == (b"\r" if at_least(right, "write") else b"")
        assert bool(vm.breaks) == at_least(right, "break")
    site.assert_private(client, *readable)
    for vm in site.vms:
        if vm not in readable:
            for text in (vm.name, vm.uuid):  # which it is shown as it is typed
                assert b"no console with" in find(client, text.encode())
    client.send(b"q\r")
    client.read_all()
    site.assert_audited(words.MENU_CLOSED, client)


def neighbour_at(site, vm):
    """Somebody else at the console, and the line of the log."""
    other = site.vspcd.keep(Telnet(site.vspcd.console_address(vm.port),
                                   source=NEIGHBOUR))
    other.send_wire(wire.command(wire.NOP))
    other.negotiate()
    return other, site.vspcd.wait_event(words.CLIENT_CONNECTED,
                                        peer=other.address)


@pytest.mark.parametrize("proof", PROOFS)
def test_what_it_is_to_control(site, proof):
    """Another client has the keyboard. Who has the right to control takes it
    over, sees who typed, sends a message and disconnects; nobody else does."""
    site = site("menu", proof, "one-writer")
    client = open_menu(site)
    for vm in list_all(site, client):
        controls = at_least(site.right(vm), "control")
        other, has = neighbour_at(site, vm)
        typed = b"typed-by-the-neighbour-%d" % vm.number
        other.send(typed)
        assert vm.read_until(typed) == typed
        enter(site, client, vm)
        client.send(b"\r~w")
        seen = client.read_until(b"  you\r\n")
        assert other.address.encode() in seen
        assert (b"typed last" in seen) == controls
        client.send(b"\r~m")
        client.read_until(b"]: " if controls else b"needs the right to c")
        if controls:
            client.send(b"hello\r")
            other.read_until(b"says: hello]")
        client.send(b"\r~t")
        client.read_until(b"the keyboard is yours" if controls else
                          b"you may only read]" if site.right(vm) == "read"
                          else b"needs the right to c")
        client.send(typed_at(vm))
        if controls:
            vm.read_until(typed_at(vm))
        client.send(b"\r~x")
        client.read_until(b"]: " if controls else b"needs the right to c")
        if controls:
            client.send(has["number"].encode() + b"\r")
            other.wait_closed()
            assert f"disconnected by {client_name(site, client)}".encode() \
                in other.seen
        leave(client)
        vm.sync()
        assert vm.data == (b"\r\r" if controls else b"")
        assert other.is_closed_by_peer == controls
        site.vspcd.report()  # behind all that was logged before
        for message in (words.KEYBOARD_TAKEN, words.CLIENT_MESSAGE,
                        words.CLIENT_DISCONNECTED_BY):
            assert len(site.vspcd.events(message, console=vm.name,
                                         peer=client.address)) == controls


def client_name(site, client):
    return client.address if site.proof == "address" else NAME


# ---- beside a console that may be read --------------------------------------

VAULT = f"""
access "lobby" {{ control = {{"anybody from {HERE}"}}
                  read = {{"anybody from {NEIGHBOUR}"}} }}
access "vault*" {{ control = {{"anybody from {NEIGHBOUR}"}} }}
"""
TERMINAL_TYPE = 24


class Screen(Telnet):
    """A terminal with a screen, for the menu."""

    def __init__(self, *args, **how):
        super().__init__(*args, **how)
        self.agrees.add(TERMINAL_TYPE)

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if option == TERMINAL_TYPE:
            self.send_wire(wire.sub(TERMINAL_TYPE, b"\0xterm"))


@pytest.fixture
def beside(start_vspcd, config):  # noqa: F811
    ports = PortBlock()
    port = ports.take()
    vspcd = start_vspcd("--config", config(VAULT), "--menu-port", port,
                        "--login", "off", ports=ports)
    vspcd.menu_port = port
    return vspcd


def come(vspcd, port, kind=Telnet, source=HERE):
    return vspcd.keep(kind(vspcd.console_address(port), source=source))


def watchers_of(vspcd, lobby):
    """At the console's port, and in the menu: at its list as lines and on a
    screen, and at the console."""
    port = come(vspcd, lobby.port)
    port.read_until(b"hello")
    lines = come(vspcd, vspcd.menu_port)
    lines.read_until(b"1-1 of 1 console, by name")
    screen = come(vspcd, vspcd.menu_port, Screen)
    screen.read_until(b"1-1 of 1 console, by name")
    inside = come(vspcd, vspcd.menu_port)
    inside.read_until(b"or q: ")
    inside.send(b"1\r")
    inside.read_until(b"hello")
    return port, lines, screen, inside


def stir(vspcd, vault):
    """All that can happen to a console and its clients."""
    vault.send(b"printed-in-secret")
    client = come(vspcd, vault.port, source=NEIGHBOUR)
    client.read_until(b"printed-in-secret")
    client.send(b"typed-in-secret")
    vault.read_until(b"typed-in-secret")
    client.send_wire(wire.command(wire.BRK))
    menu = come(vspcd, vspcd.menu_port, source=NEIGHBOUR)
    find(menu, b"vault")
    menu.send(b"1\r")
    menu.read_until(b": opened")
    menu.send(b"\r~m")
    menu.read_until(b"]: ")
    menu.send(b"said-in-secret\r")
    client.read_until(b"said-in-secret")
    vault = vspcd.move(vault)
    vault.send_wire(wire.ext(wire.VM_NAME, b"vault-renamed"))
    vspcd.wait_event(words.VM_RENAMED, console="vault-renamed")
    menu.send(b"\r~.")
    menu.read_until(b"back at the list")
    vault.close()
    client.read_notice(GONE)


def ask_all(watchers):
    """Whatever might tell of other consoles."""
    port, lines, screen, inside = watchers
    port.send_wire(wire.command(wire.AYT))
    port.read_until(b"lobby: yes, VM connected]")
    for text in (b"/vau", b"/s0", b"/500c", b"/", b"=", b"=", b"2"):
        lines.send(text + b"\r")
        lines.read_until(b"or q: ")
    for keys in (b"\t", b"\t", b"\t", b"?", b"\x15", b"\x0c"):
        screen.send(keys)
    screen.send(b"vau")
    screen.read_until(b'with "vau"')
    screen.send(b"\x15")
    screen.read_until(b"1-1 of 1 console, by")
    for command, answer in ((b"~w", b"lobby: 2 here]"), (b"~?", b"after Enter"),
                            (b"~x", b"number of the client"),
                            (b"99\r", b"no client here")):
        inside.send((b"\r" if command[:1] == b"~" else b"") + command)
        inside.read_until(answer)


def test_a_console_beside_is_nowhere(beside):
    vspcd = beside
    lobby = vspcd.vm("lobby", uri="s0")
    lobby.send(b"hello")
    watchers = watchers_of(vspcd, lobby)
    vault = vspcd.vm("vault", uri="s0")
    stir(vspcd, vault)
    ask_all(watchers)
    lobby.send(b"goodbye")
    for one in watchers[0], watchers[3]:
        one.read_until(b"goodbye")
    for one in watchers:
        for text in (b"vault", vault.uuid.encode(), b"secret", b"of 2",
                     b"2 consoles", NEIGHBOUR.encode()):
            assert text not in one.seen, one.seen


def test_a_new_name_that_may_not_be_read_is_told_nobody(beside):
    """Who was at the console is turned out, without the name that did it."""
    vspcd = beside
    lobby = vspcd.vm("lobby", uri="s0")
    lobby.send(b"hello")
    port, lines, screen, inside = watchers_of(vspcd, lobby)
    with vspcd.asleep():
        lobby.send_wire(wire.ext(wire.VM_NAME, b"vault-renamed") +
                        b"printed-in-secret")
        for one in port, inside:
            one.send_wire(wire.command(wire.AYT) + b"typed")
        inside.send(b"\r~w\r~?")
        lines.send(b"1\r")
        screen.send(b"\r")
    port.read_all()
    assert b"[vspcd: the rules do not allow reading" in port.seen
    for one in lines, screen, inside:
        one.read_until(b"no console, by name")
    for one in port, lines, screen, inside:
        for text in (b"vault", b"secret", lobby.uuid.encode()):
            assert text not in one.seen, one.seen
