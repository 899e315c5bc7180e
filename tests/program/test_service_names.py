"""Service URIs with names: name servers that do not answer hold up nobody
else."""

import re

import pytest

from harness import words
from harness.net import eventually
from harness.programs import BUILD, is_sanitized

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
