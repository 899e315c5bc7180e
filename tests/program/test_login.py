"""Logins on consoles' ports, with real PAM: who is asked, on what kind of
connection, what comes of it, and that guessing is slow for the guesser alone.
Each cut of what is typed is in tests/unit/client_login_test.c."""

import contextlib
import grp
import pwd
import subprocess
import time

import pytest

from harness import balancer, pam, wire, words
from harness.clients import RawClient, TelnetClient
from harness.net import TIMEOUT, PortBlock, eventually, pump_all
from harness.pam import play
from harness.programs import BUILD, clean_environment
from harness.streams import assert_both_ways
from harness.tls import Tls
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_pam import UNIX, account  # noqa: F401 (a fixture)

PERMIT = "account required pam_permit.so"
ALICE = 'access "*" { write = {"alice"} }'
WATCHED = 'access "*" { write = {"alice"} read = {"anybody"} }'

ASKED = b"\r\nvspcd\r\nlogin: "
AWAY = b"[vspcd: refused, you have no access here]\r\n"
FOR_TLS = (b"[vspcd: refused, this needs a login, and for that use TLS "
           b"(telnet -z ssl)]\r\n")


@pytest.fixture
def logins(start_vspcd, config, certificates, tmp_path):
    """logins(rules, *options, asks=[...]): a vspcd with TLS for clients, whose
    PAM has these questions; and its VM."""
    with contextlib.ExitStack() as stack:
        def start(rules, *options, asks=("hidden=Password: :secret",),
                  lines=None, **how):
            name = stack.enter_context(
                pam.service(*(lines or (play(*asks), PERMIT))))
            helper = pam.HelperSocket(tmp_path / "pam", name)
            stack.callback(helper.close)
            vspcd = start_vspcd(
                "--config", config(rules), "--pam-socket", helper.path,
                "--client-tls", "telnets", "--cert",
                certificates.server.certificate, "--key",
                certificates.server.key, *options,
                env={"STATE_DIRECTORY": str(tmp_path)}, **how)
            vspcd.helper = helper
            return vspcd, vspcd.vm("web")
        yield start


def come(vspcd, vm, kind=TelnetClient, **how):
    """A client that nobody has served yet."""
    return vspcd.keep(kind(vspcd.console_address(vm.port), **how))


def log_in(client, name=b"alice", password=b"secret"):
    client.read_until(b"login: ")
    client.send(name + b"\r")
    client.read_until(b"Password: ")
    client.send(password + b"\r")
    client.read_until(b"\r\n")


@pytest.mark.parametrize("tls", [None, Tls()], ids=["clear", "tls"])
@pytest.mark.parametrize("binary", [True, False])
def test_a_person_logs_in(logins, tls, binary):
    vspcd, vm = logins(ALICE)
    vm.send(b"printed before")
    client = come(vspcd, vm, tls=tls, binary=binary)
    log_in(client)
    has = vspcd.wait_event(words.LOGIN_ACCEPTED, principal="alice (password)",
                           proof="password", door="port",
                           peer=client.address)
    connected = vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    assert connected["principal"] == has["principal"]
    assert connected["right"] == "write"
    client.read_until(b"printed before")
    client.send(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"
    if binary:
        assert_both_ways(vm, client)
    assert "secret" not in vspcd.log


def test_nothing_of_the_console_before(logins):
    vspcd, vm = logins(ALICE)
    vm.send(b"SECRET")
    client = come(vspcd, vm)
    seen = client.read_until(b"login: ")
    client.send_wire(wire.command(wire.AYT, wire.BRK))
    seen += client.read_until(b"[vspcd: yes]")
    client.send(b"alice\r")
    seen += client.read_until(b"Password: ")
    client.send(b"wrong\rreboot\r")
    seen += client.read_until(b"Login incorrect\r\nlogin: ")
    client.send(b"\x03")
    seen += client.read_all()
    assert b"web" not in seen and b"SECRET" not in seen
    vm.sync()
    assert not vm.data and wire.BRK not in vm.commands


def test_programs_are_not_asked(logins):
    vspcd, vm = logins(ALICE)
    raw = come(vspcd, vm, RawClient)
    raw.send(b"alice\r")
    assert raw.read_all() == AWAY
    modem = come(vspcd, vm, answer=False)
    modem.send_wire(wire.will(wire.COM_PORT) + wire.do(wire.BINARY))
    assert modem.read_all().endswith(AWAY)
    assert not vspcd.helper.processes


@pytest.mark.parametrize("host", ["203.0.113.9", "127.0.0.1"])
def test_behind_a_balancer(logins, host):
    """In the clear nobody is asked, whatever the balancer says of them; in TLS
    they are, and the log has their own address."""
    source = "127.0.0.5"
    vspcd, vm = logins(ALICE, "--proxy-protocol-from", source)
    clear = come(vspcd, vm, source=source, first=balancer.text(host, 40001))
    assert clear.read_all().endswith(FOR_TLS)
    vspcd.wait_event(words.CLIENT_REFUSED, peer=f"{host}:40001")
    safe = come(vspcd, vm, source=source, tls=Tls(),
                first=balancer.text(host, 40002))
    log_in(safe)
    vspcd.wait_event(words.LOGIN_ACCEPTED, peer=f"{host}:40002")


def test_without_tls_the_administrator_is_named(logins):
    source = "127.0.0.5"
    vspcd, vm = logins(ALICE, "--proxy-protocol-from", source, "--client-tls",
                       "off")
    clear = come(vspcd, vm, source=source,
                 first=balancer.text("203.0.113.9", 40001))
    assert b"administrator has to switch TLS on" in clear.read_all()


def test_who_may_watch_need_not(logins):
    vspcd, vm = logins(WATCHED)
    client = come(vspcd, vm)
    client.read_until(b"press Enter to watch.\r\nlogin: ")
    client.send(b"\r")
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address, right="read")
    vm.send(b"output")
    client.read_until(b"output")
    other = come(vspcd, vm)
    log_in(other)
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=other.address,
                     right="write")
    raw = come(vspcd, vm, RawClient)
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=raw.address, right="read")


def test_a_second_factor(logins):
    vspcd, vm = logins(ALICE, asks=(
        "say=Welcome to the lab", "hidden=Password: :secret",
        "visible=Code:123"))
    client = come(vspcd, vm)
    log_in(client)
    client.read_until(b"Welcome to the lab\r\n")
    client.read_until(b"Code ")
    client.send(b"123\r")
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)


def test_three_wrong_passwords(logins):
    vspcd, vm = logins(ALICE)
    client = come(vspcd, vm)
    for _ in range(3):
        log_in(client, password=b"guess!")
        client.read_until(b"Login incorrect\r\n")
    client.read_all()
    eventually(lambda: len(vspcd.events(
        words.LOGIN_FAILED, peer=client.address, principal="alice",
        proof="password", reason="denied")) == 3, "three lines")
    assert "guess!" not in vspcd.log


def test_one_without_a_right(logins):
    vspcd, vm = logins(ALICE)
    client = come(vspcd, vm)
    log_in(client, b"bob")
    assert client.read_all().endswith(AWAY)
    vspcd.wait_event(words.LOGIN_ACCEPTED, principal="bob (password)")
    vspcd.wait_event(words.CLIENT_REFUSED, peer=client.address)


def test_without_vspcd_pam(start_vspcd, config, tmp_path):
    vspcd = start_vspcd("--config", config(ALICE), "--pam-socket",
                        tmp_path / "nobody")
    vm = vspcd.vm("web")
    client = come(vspcd, vm)
    log_in(client)
    client.read_until(b"[vspcd: logins by password are not possible now]")
    has = vspcd.wait_event(words.PASSWORDS_UNCHECKED)
    assert "nobody" in has["reason"]


def test_logins_are_counted(logins):
    vspcd, vm = logins(ALICE)
    first = come(vspcd, vm)
    log_in(first, password=b"guess!")
    log_in(first)
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=first.address)
    second = come(vspcd, vm, RawClient)
    second.send(b"x\r")
    second.read_all()
    vspcd.report()
    now = vspcd.wait_event(words.LIMITS)
    assert (now["logins-accepted"], now["logins-failed"],
            now["refused-client-right"]) == ("1", "1", "1")


def test_off(logins, config):
    vspcd, vm = logins(ALICE, "--login", "off")
    client = come(vspcd, vm)
    assert client.read_all().endswith(AWAY)


def test_off_by_sighup(logins, config):
    vspcd, vm = logins(ALICE + "\nlogin = pam")
    come(vspcd, vm).read_until(b"login: ")
    config(ALICE + "\nlogin = off")
    hup(vspcd)
    assert come(vspcd, vm).read_all().endswith(AWAY)


# Tokens, and the menu

def make_token(tmp_path, *options):
    """Of root, who is vspcd's user here."""
    return subprocess.run(
        [BUILD / "vspcd", "--config", "/dev/null", "--token", "create",
         "--token-name", "ci", *options], check=True, capture_output=True,
        env=clean_environment({"STATE_DIRECTORY": str(tmp_path)})
    ).stdout.strip()


def test_a_token_does_as_well(logins, tmp_path):
    token = make_token(tmp_path, "--token-right", "write")
    vspcd, vm = logins('access "*" { write = {"token:ci"} }')
    client = come(vspcd, vm)
    log_in(client, b"whoever", token)
    accepted = vspcd.wait_event(words.LOGIN_ACCEPTED, proof="token",
                                peer=client.address)
    connected = vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address,
                                 right="write")
    assert accepted["principal"] == "token ci (for root)"
    assert connected["principal"] == accepted["principal"]
    wrong = come(vspcd, vm)
    log_in(wrong, b"whoever", token[:-1])
    wrong.read_until(b"Login incorrect")
    vspcd.wait_event(words.LOGIN_FAILED, proof="token",
                     reason="token-mistyped")
    assert token.decode() not in vspcd.log
    assert not vspcd.helper.processes


def test_the_menu(logins):
    ports = PortBlock()
    port = ports.base + 60
    vspcd, vm = logins(ALICE, "--menu-port", port, ports=ports)
    client = vspcd.keep(TelnetClient(vspcd.console_address(port)))
    log_in(client)
    client.read_until(b"1-1 of 1 console")
    client.read_until(b"or q: ")
    client.send(b"1\r")
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web", door="menu",
                     right="write")
    vm.send(b"~# ")
    client.read_until(b"~# ")


def test_an_account_and_its_groups(logins, account):  # noqa: F811
    """pam_unix, and a rule for a group of the account."""
    name, password = account()
    group = grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name
    vspcd, vm = logins(f'access "*" {{ write = {{"unix:{group}"}} }}',
                       lines=UNIX)
    client = come(vspcd, vm)
    log_in(client, name.encode(), b"not " + password.encode())
    client.read_until(b"Login incorrect")
    log_in(client, name.encode(), password.encode())
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address,
                     right="write")


# Guessing

def test_guessing_is_slow_for_the_guessers_alone(logins):
    """300 passwords from ten addresses at once: most of them are not even
    checked, and alice, whose password it is, logs in from another address
    meanwhile."""
    vspcd, vm = logins(ALICE)
    guessers = [come(vspcd, vm, source=f"127.0.0.{20 + n % 10}")
                for n in range(300)]

    def pump(text):
        pump_all(guessers, lambda: all(
            text in bytes(one.data) or one.is_closed_by_peer for one in guessers),
            repr(text))
    pump(b"login: ")
    for one in guessers:
        one.send(b"alice\r")
    pump(b"Password: ")
    for number, one in enumerate(guessers):
        one.send(b"guess%d\r" % number)
    vspcd.wait_event(words.LOGIN_FAILED)
    began = time.monotonic()
    alice = come(vspcd, vm, source="127.0.0.40")
    log_in(alice)
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=alice.address)
    assert time.monotonic() - began < TIMEOUT / 2
    alice.read_notice()
    assert_both_ways(vm, alice)
    # Some ten of each address at the most: three are free, and then one waits
    # for the other.
    assert len(vspcd.helper.processes) < 100


# Programs that were not written here

def dialogue(vspcd, vm, child):
    child.expect_exact("login: ")
    child.send(b"alice\r")
    child.expect_exact("alice")
    child.expect_exact("Password: ")
    child.send(b"secret\r")
    vspcd.wait_event(words.LOGIN_ACCEPTED, principal="alice (password)")
    vm.send(b"\r\n~# ")
    child.expect_exact("~# ")
    child.send(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"


def test_telnet(logins, need, terminal):
    telnet = need("telnet")
    vspcd, vm = logins(ALICE)
    dialogue(vspcd, vm, terminal(telnet, "-E", "127.0.0.1", vm.port))


def test_telnet_ssl(logins, certificates, need, terminal):
    telnet = need("telnet-ssl")
    vspcd, vm = logins(ALICE)
    dialogue(vspcd, vm, terminal(telnet, "-E", "-z", "ssl", "-z",
                                 f"cacert={certificates.ca}", "localhost",
                                 vm.port))


def test_plink(logins, need, terminal, tmp_path):
    plink = need("plink", "putty-tools")
    vspcd, vm = logins(ALICE)
    dialogue(vspcd, vm, terminal(plink, "-telnet", "-P", vm.port, "127.0.0.1",
                                 env={"HOME": str(tmp_path), "TERM": "vt100"}))


def test_kermit(logins, need, terminal):
    kermit = need("kermit", "ckermit")
    vspcd, vm = logins(ALICE)
    script = (f"set auth tls verify no, set telopt com-port refused, set host localhost {vm.port} /tls, "
              "input 20 login:, lineout alice, input 20 Password:, "
              "lineout secret, input 20 ~#, lineout ls, input 20 bye, close, "
              "exit")
    child = terminal(kermit, "-Y", "-C", script)
    vspcd.wait_event(words.CLIENT_CONNECTED)
    vm.send(b"~# ")
    assert vm.read_until(b"ls\r") == b"ls\r"
    vm.send(b"bye\r\n")
    child.expect_exact("bye")


def test_openssl_is_a_program(logins, certificates, need, start_process):
    """It answers no question of telnet, so its certificate has to do."""
    openssl = need("openssl")
    vspcd, vm = logins(ALICE)
    process = start_process([openssl, "s_client", "-quiet", "-CAfile",
                             certificates.ca, "-connect",
                             f"localhost:{vm.port}"])
    process.stdin.write(b"ls\n")
    process.stdin.flush()
    assert process.stdout.read().endswith(AWAY)
