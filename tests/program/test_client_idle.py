"""Clients that are quiet: --client-nop and --client-idle-time. How long these
are is in tests/unit/client_idle_test.c; here they are as short as can be."""

import signal

import pytest

from harness import wire
from harness import words
from harness.clients import NOTICE
from test_config import config  # noqa: F401 (a fixture)


def test_nops(start_vspcd):
    vspcd = start_vspcd("--client-nop", "1")
    vm = vspcd.vm("web")
    person = vspcd.telnet(vm)
    program = vspcd.telnet(vm).com_port()
    raw = vspcd.raw(vm)
    for client in person, program:
        client.wait(lambda c=client: wire.NOP in c.commands, "a NOP")
    vm.send(b"login: ")
    assert person.read_until(b"login: ") == b"login: "
    assert raw.read_until(b"login: ") == b"login: "
    assert wire.NOP not in vm.commands


def test_an_idle_person_is_told_and_closed(start_vspcd):
    vspcd = start_vspcd("--client-idle-time", "2")
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.wait_closed()
    assert NOTICE.findall(client.data) == [
        b"[vspcd: web: closing in 1 s, because nothing is typed]",
        b"[vspcd: web: closed, because nothing was typed for the "
        b"client-idle-time]"]
    reason = vspcd.wait_event(words.CLIENT_DISCONNECTED,
                              peer=client.address)["reason"]
    assert "client-idle-time" in reason


@pytest.mark.parametrize("kind", ["raw", "rfc2217"])
def test_an_idle_program_is_closed_without_a_word(start_vspcd, kind):
    vspcd = start_vspcd("--client-idle-time", "1")
    vm = vspcd.vm("web")
    client = vspcd.raw(vm) if kind == "raw" else vspcd.telnet(vm).com_port()
    client.wait_closed()
    assert not client.data


def test_it_holds_for_clients_that_are_there(start_vspcd, config):  # noqa: F811
    path = config("")
    vspcd = start_vspcd("--config", path)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    config("client-nop = 1\nclient-idle-time = 2\n")
    vspcd.process.send_signal(signal.SIGHUP)
    client.wait(lambda: wire.NOP in client.commands, "a NOP")
    client.wait_closed()
