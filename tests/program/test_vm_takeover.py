"""A UUID is claimed from another address while its console has a connection:
whose host lives keeps the console, whose host is dead is replaced."""

import ctypes
import pathlib
import signal
import socket
import struct

import pytest

from harness import balancer, words
from harness.net import eventually
from harness.streams import assert_both_ways
from harness.tls import Tls, raw_of
from harness.vm import UUID, new_uuid
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_hooks import recorder  # noqa: F401 (a fixture)

OTHER = "127.0.0.2"
SO_ATTACH_FILTER = 26  # BPF: who attaches it decides what is received


def is_all_acknowledged(sock):
    """Both systems have acknowledged everything."""
    ends = {f"{port:04X}" for _, port in (sock.getsockname(),
                                          sock.getpeername())}
    rows = [row.split() for row in
            pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    queued = [row[4].partition(":")[0] for row in rows
              if {row[1][-4:], row[2][-4:]} == ends]
    return queued == ["00000000"] * 2


def switch_off(vm):
    """As if its host had lost power: its system drops every packet, so it
    acknowledges nothing and resets nothing."""
    sock = raw_of(vm.sock)
    # It would still send what is late by then, an acknowledgement too.
    eventually(lambda: is_all_acknowledged(sock), "all acknowledgements")
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HP", 1, ctypes.addressof(drop_all)))


def claim(vspcd, vm, **how):
    """A newcomer that has said it is this VM."""
    return vspcd.new_vm("web", vm.uuid, **{"source": OTHER, **how}).identify()


def assert_refused(vspcd, newcomer, present):
    newcomer.wait_closed()
    has = vspcd.wait_event(words.VM_TAKEOVER_REFUSED, peer=newcomer.address)
    assert has["present-peer"] == present
    assert has["console"] == "web"
    assert not vspcd.events(words.VM_TAKEN_OVER)


def assert_taken(vspcd, newcomer, former):
    has = vspcd.wait_event(words.VM_TAKEN_OVER, peer=newcomer.address)
    assert has["former-peer"] == former
    newcomer.port = int(vspcd.wait_event(words.VM_CONNECTED,
                                         peer=newcomer.address)["port"])


@pytest.mark.parametrize("tls", [None, Tls()], ids=["clear", "tls"])
def test_a_host_that_lives_keeps_its_console(start_vspcd, tls):
    vspcd = start_vspcd()
    vm = vspcd.vm("web", tls=tls)
    client = vspcd.telnet(vm)
    assert_refused(vspcd, claim(vspcd, vm, tls=tls), vm.address)
    assert_both_ways(vm, client)
    assert b"vspcd" not in client.data


def test_a_host_whose_program_stands_still_lives(start_vspcd, start_vm):
    vspcd = start_vspcd()
    program = start_vm(vspcd, "--connect", "127.0.0.1:1", name="web")
    present = vspcd.wait_event(words.VM_CONNECTED, console="web")["peer"]
    program.process.send_signal(signal.SIGSTOP)
    newcomer = vspcd.new_vm("web", UUID, source=OTHER).identify()
    assert_refused(vspcd, newcomer, present)
    program.process.send_signal(signal.SIGCONT)


def test_a_host_that_reads_nothing_lives(start_vspcd):
    """Its window is closed, and no question gets there."""
    vspcd = start_vspcd()
    vm = vspcd.vm("web", receive_buffer=4096)
    client = vspcd.raw(vm)
    client.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        while True:
            client.sock.sendall(bytes(1 << 16))
    assert_refused(vspcd, claim(vspcd, vm), vm.address)


@pytest.mark.parametrize("tls", [None, Tls()], ids=["clear", "tls"])
def test_a_host_that_is_dead_is_replaced(start_vspcd, tls):
    vspcd = start_vspcd()
    vm = vspcd.vm("web", tls=tls)
    client = vspcd.telnet(vm)
    switch_off(vm)
    newcomer = claim(vspcd, vm, tls=tls)
    newcomer.send(b"booting ")
    assert_taken(vspcd, newcomer, vm.address)
    client.read_until(b"another address: its host has changed]\r\n")
    client.read_until(b"booting ")
    assert_both_ways(newcomer, client)


def test_both_are_events(start_vspcd, recorder):  # noqa: F811
    vspcd = start_vspcd("--hook", recorder.path)
    vm = vspcd.vm("web")
    refused = claim(vspcd, vm)
    refused.wait_closed()
    switch_off(vm)
    taker = claim(vspcd, vm)
    new, up, kept, taken, down, back = recorder.wait(
        "vm-new", "vm-up", "vm-takeover-refused", "vm-taken-over", "vm-down",
        "vm-up")
    assert (kept["from"], kept["to"]) == (vm.address, refused.address)
    assert (taken["from"], taken["to"]) == (vm.address, taker.address)
    assert down["peer"] == vm.address
    assert back["peer"] == taker.address
    assert all(e["uuid"] == vm.uuid for e in (new, up, kept, taken))


def test_from_one_address_the_newest_wins_at_once(start_vspcd):
    vspcd = start_vspcd()
    uuid = new_uuid()
    vspcd.vm("web", uuid)
    second = vspcd.vm("web", uuid)
    assert_both_ways(second, vspcd.telnet(second))
    assert not vspcd.events(words.VM_TAKEN_OVER)


def test_behind_a_balancer_the_address_that_it_says_counts(start_vspcd):
    vspcd = start_vspcd("--proxy-protocol-from", OTHER)
    first, other = ("192.0.2.7", 1025), ("192.0.2.8", 1026)
    vm = vspcd.new_vm("web", source=OTHER,
                      first=balancer.binary(*first)).identify()
    vspcd.wait_event(words.VM_CONNECTED, peer="192.0.2.7:1025")
    claim(vspcd, vm, first=balancer.binary(*other)).wait_closed()
    has = vspcd.wait_event(words.VM_TAKEOVER_REFUSED, peer="192.0.2.8:1026")
    assert has["present-peer"] == "192.0.2.7:1025"
    claim(vspcd, vm, first=balancer.binary("192.0.2.7", 1027))
    vspcd.wait_event(words.VM_CONNECTED, peer="192.0.2.7:1027")


def test_the_setting_changes_by_sighup(start_vspcd, config):  # noqa: F811
    vspcd = start_vspcd("--config", config("vm-takeover = refuse\n"))
    vm = vspcd.vm("web")
    switch_off(vm)
    assert_refused(vspcd, claim(vspcd, vm), vm.address)
    config("vm-takeover = allow\n")
    hup(vspcd)
    newcomer = claim(vspcd, vm)
    assert_taken(vspcd, newcomer, vm.address)
    assert_both_ways(newcomer, vspcd.telnet(newcomer))
