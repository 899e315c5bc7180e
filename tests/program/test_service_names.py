"""Where service URIs lead: name servers that do not answer hold up nobody else,
and no name or * leads to this host."""

import re
import subprocess

import pytest

from harness import words
from harness.net import eventually
from harness.programs import BUILD, is_sanitized
from test_config import config, run  # noqa: F401 (a fixture)
from test_config_reload import hup

RULES = ("--service-connect", "*.example:*", "--service-connect", "127.0.0.1:*",
         "--service-connect", "[::1]:*")


@pytest.fixture
def naming(start_vspcd, tmp_path):
    """naming({"a.example": "127.0.0.1"}, ...): vspcd with these names; those
    that begin with "dead" have no answer while naming.flag is there."""
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    flag = tmp_path / "dead"
    flag.touch()

    def start(names, *args):
        table = " ".join(f"{name}={address}"
                         for name, address in names.items())
        return start_vspcd(*args, wrapper=(
            "env", f"LD_PRELOAD={BUILD / 'tests/program/libnames.so'}",
            f"NAMES={table}", f"NAMES_WHILE={flag}"))
    start.flag = flag
    yield start
    flag.unlink(missing_ok=True)


def call(vspcd, name, uri):
    return vspcd.vm(name, uri=uri, direction=b"C")


def wait_connecting(vspcd, count):
    def report():
        vspcd.report()
        return len(set(re.findall(
            r"console=(\S+) .*service-state=connecting$", vspcd.log,
            re.M))) >= count
    eventually(report, f"{count} that connect")


def test_dead_names_hold_up_nobody(naming, remote):
    """More of them than there are threads for names; an address has one."""
    vspcd = naming({"good.example": "127.0.0.1"}, *RULES)
    listener = remote()
    for i in range(40):
        call(vspcd, f"dead{i}", f"tcp://dead{i}.example:7000")
    wait_connecting(vspcd, 40)
    vm = call(vspcd, "address", f"tcp://127.0.0.1:{listener.port}")
    vm.send(b"by address")
    listener.accept().read_until(b"by address")
    naming.flag.unlink()
    vm = call(vspcd, "name", f"tcp://good.example:{listener.port}")
    vm.send(b"by name")
    listener.accept().read_until(b"by name")


def test_an_end_waits_for_no_name_server(naming):
    vspcd = naming({}, *RULES)
    call(vspcd, "web", "tcp://dead.example:7000")
    wait_connecting(vspcd, 1)
    vspcd.stop()


def test_a_vm_that_goes_gives_its_lookup_up(naming, remote):
    vspcd = naming({"dead.example": "127.0.0.1"}, *RULES)
    listener = remote()
    uri = f"tcp://dead.example:{listener.port}"
    vm = call(vspcd, "web", uri)
    wait_connecting(vspcd, 1)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web")
    naming.flag.unlink()
    other = call(vspcd, "other", f"tcp://127.0.0.1:{listener.port}")
    other.send(b"the only one")
    listener.accept().read_until(b"the only one")
    vspcd.check_works()
    assert not listener.is_called()


def wait_refused(vspcd, uri, text):
    has = vspcd.wait_event(words.SERVICE_FAILED, uri=uri)
    assert has["reason"].endswith(f"{text}, which a rule must name; see "
                                  "--service-connect (docs/uris.md)")


def own_addresses():
    """Of this host, but for loopback ones."""
    found = subprocess.run(["hostname", "-I"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout.split()
    if not found:
        pytest.skip("this host has no address")
    return found


STAR = ("--service-connect", "*:*")


@pytest.mark.parametrize("host, text", [
    ("127.0.0.1", "127.0.0.1 is a loopback address"),
    ("127.1.2.3", "127.1.2.3 is a loopback address"),
    ("[::1]", "::1 is a loopback address"),
    ("[::ffff:127.0.0.1]", "127.0.0.1 is a loopback address"),
    ("0.0.0.0", "0.0.0.0 is an address of this host"),
    ("[::]", ":: is an address of this host"),
    ("169.254.169.254", "169.254.169.254 is a link-local address"),
    ("[fe80::1%25lo]", "fe80::1 is a link-local address"),
])
def test_a_star_is_not_this_host(start_vspcd, remote, host, text):
    """Refused when the VM asks, whatever listens there."""
    vspcd = start_vspcd(*STAR, "--service-connect", "localhost:1",
                        "--service-connect", "*.example:*")
    listener = remote(host="::1" if host == "[::1]" else "127.0.0.1")
    vm = vspcd.new_vm("web", uri=f"tcp://{host}:{listener.port}",
                      direction=b"C")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    assert vspcd.wait_event(words.VM_REFUSED)["reason"].startswith(
        f"{text}, which a rule must name")
    assert not listener.is_called()


def test_a_star_is_no_interface_of_this_host(start_vspcd):
    """Nor the way past --client-allow to another VM's console."""
    for address in own_addresses():
        shown = f"[{address}]" if ":" in address else address
        vspcd = start_vspcd(*STAR, "--interface", "::", "--client-allow",
                            address)
        victim = vspcd.vm("victim")
        uri = f"tcp://{shown}:{victim.port}"
        call(vspcd, "evil", uri)
        wait_refused(vspcd, uri, f"{address} is an address of this host")
        assert not vspcd.events(words.CLIENT_CONNECTED)
        vspcd.stop()


@pytest.mark.parametrize("rules, is_allowed", [
    (["*:*"], False),
    (["*.example:*"], False),
    (["local.example:*"], False),
    (["local.example:*", "*:*", "127.0.0.1:1"], False),
    (["local.example:*", "127.0.0.1:*"], True),
    (["*.example:*", "localhost:*"], True),
])
def test_a_name_that_leads_to_this_host(naming, remote, rules, is_allowed):
    vspcd = naming({"local.example": "127.0.0.1"},
                   *(arg for rule in rules
                     for arg in ("--service-connect", rule)))
    listener = remote()
    uri = f"tcp://local.example:{listener.port}"
    vm = call(vspcd, "web", uri)
    if is_allowed:
        vm.send(b"to it")
        listener.accept().read_until(b"to it")
        vspcd.wait_event(words.SERVICE_CONNECTED, uri=uri,
                         peer=f"127.0.0.1:{listener.port}")
    else:
        wait_refused(vspcd, uri, "127.0.0.1 is a loopback address")
        assert not listener.is_called()


def test_a_name_for_the_metadata_of_a_cloud(naming):
    vspcd = naming({"metadata.example": "169.254.169.254"}, *STAR)
    uri = "tcp://metadata.example:80"
    call(vspcd, "web", uri)
    wait_refused(vspcd, uri, "169.254.169.254 is a link-local address")


def test_sighup_takes_the_address_away(naming, remote, config):  # noqa: F811
    """The name is still allowed; where it leads is not."""
    listener = remote()
    both = "service-connect = {\"*:*\", \"localhost:*\"}\n"
    vspcd = naming({"local.example": "127.0.0.1"}, "--config", config(both))
    vm = call(vspcd, "web", f"tcp://local.example:{listener.port}")
    peer = listener.accept()
    vm.send(b"before")
    peer.read_until(b"before")
    config("service-connect = \"*:*\"\n")
    hup(vspcd)
    assert peer.read_all() == b""
    vspcd.wait_event(words.RELOAD_ALLOWED, **{"closed-services": "1"})
    wait_refused(vspcd, f"tcp://local.example:{listener.port}",
                 "127.0.0.1 is a loopback address")
    config(both)
    hup(vspcd)
    vm.send(b"again")
    listener.accept().read_until(b"again")


@pytest.mark.parametrize("rules, served", [
    (["*:*"], "no: 127.0.0.1 is a loopback address, which a rule must name"),
    (["127.0.0.1:*"], "yes, by the rule 127.0.0.1:*"),
    (["*:*", "localhost:7"], "yes, by the rule *:*"),
])
def test_check_uri(rules, served):
    result = run("--check-uri", "tcp://127.0.0.1:7", "--check-uri-as",
                 "client", *(arg for rule in rules
                             for arg in ("--service-connect", rule)))
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert any(line.startswith(f"served {served}") for line in shown), shown
