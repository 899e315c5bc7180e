"""Consoles that are made up: how many an address may bring, how soon they are
gone, and that they leave places and ports to VMs; and that a console which has
come by TLS stays there."""

import os

import pytest

from harness import words
from harness.net import eventually
from harness.programs import BUILD, fields_of, is_sanitized, message_of
from harness.streams import assert_both_ways
from harness.tls import Tls
from harness.vm import new_uuid
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_limits import limits
from test_state import change, loaded, rows, start  # noqa: F401 (start)

OTHER = "127.0.0.2"
TRIAL = 60  # seconds that a connection of a VM has to last


def make_up(vspcd, count, uuid=None, source=OTHER):
    """VMs that come and go; returns when they have gone."""
    for n in range(count):
        vm = vspcd.vm(f"made-up-{n}", uuid, uri=f"label{n}", source=source)
        vm.close()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)


def addresses(vspcd):
    """What SIGUSR1 says of each address."""
    before = len(vspcd.lines)
    vspcd.report()
    return {has["address"]: has for has in map(fields_of, (
        line for line in vspcd.lines[before:]
        if message_of(line) == words.ADDRESS_LISTED))}


# Room


def test_a_vm_gets_a_port_that_a_made_up_console_has(start_vspcd):
    vspcd = start_vspcd(consoles=10)
    make_up(vspcd, 10)
    assert addresses(vspcd)[OTHER]["consoles"] == "10"
    vm = vspcd.vm("honest")
    assert_both_ways(vm, vspcd.telnet(vm))
    vspcd.wait_event(words.CONSOLE_EVICTED, console="made-up-0")
    assert limits(vspcd)["evicted-console"] == "1"
    # Whoever makes more up pushes out their own.
    make_up(vspcd, 10)
    assert_both_ways(vm, vspcd.telnet(vm))


def test_a_vm_gets_the_place_of_a_made_up_console(start_vspcd):
    vspcd = start_vspcd("--console-limit", "5")
    make_up(vspcd, 5)
    vms = [vspcd.vm(f"honest-{n}") for n in range(5)]
    for vm in vms:
        assert_both_ways(vm, vspcd.telnet(vm))
    # All of them are used now, and stay.
    vspcd.new_vm("one-more").identify().wait_closed()
    vms[0].close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vms[0].address)
    vspcd.new_vm("one-more").identify().wait_closed()
    has = vspcd.wait_event(words.CONNECTION_CLOSED)
    assert "--console-limit" in has["reason"]


def test_made_up_serial_ports_leave_room_for_a_vms_own(start_vspcd):
    vspcd = start_vspcd(consoles=100)
    uuid = new_uuid()
    make_up(vspcd, 64, uuid)
    vm = vspcd.vm("victim", uuid)
    second = vspcd.vm("victim", uuid, uri="second")
    assert_both_ways(vm, vspcd.telnet(vm))
    assert_both_ways(second, vspcd.telnet(second))


def test_connected_serial_ports_of_one_address_are_half(start_vspcd):
    vspcd = start_vspcd(consoles=100)
    uuid = new_uuid()
    for n in range(32):
        vspcd.vm("crowd", uuid, uri=f"label{n}", source=OTHER)
    vspcd.new_vm("crowd", uuid, uri="more", source=OTHER).identify() \
        .wait_closed()
    vm = vspcd.vm("victim", uuid)
    assert_both_ways(vm, vspcd.telnet(vm))


# How often


def test_an_address_brings_so_many_new_consoles(start_vspcd):
    vspcd = start_vspcd("--new-console-burst", "3", "--new-console-rate", "1")
    vms = [vspcd.vm(f"first-{n}") for n in range(3)]
    vspcd.new_vm("fourth").identify().wait_closed()
    has = vspcd.wait_event(words.CONSOLE_REFUSED, vm="fourth")
    assert "--new-console-burst" in has["reason"]
    assert limits(vspcd)["refused-new-console"] == "1"
    # Known ones are free, and so are others.
    for _ in range(5):
        again = vspcd.vm("first-0", vms[0].uuid)
    assert_both_ways(again, vspcd.telnet(again))
    vspcd.vm("elsewhere", source=OTHER)
    # It is served when it comes again.
    eventually(lambda: vspcd.new_vm("fourth").identify() and vspcd.events(
        words.VM_CONNECTED, console="fourth"), "the fourth one")


def test_more_is_allowed_under_way(start_vspcd, config):  # noqa: F811
    vspcd = start_vspcd("--config", config(
        "new-console-burst = 1\nnew-console-rate = 1\n"))
    vspcd.vm("first")
    config("new-console-rate = 0\n")
    hup(vspcd)
    for n in range(5):
        vspcd.vm(f"more-{n}")


# How long


def test_an_unused_console_expires_soon(start_vspcd):
    vspcd = start_vspcd("--new-console-expire-time", "1")
    used = vspcd.vm("used")
    vspcd.telnet(used).close()
    used.close()
    unused = vspcd.vm("unused")
    unused.close()
    has = vspcd.wait_event(words.CONSOLE_EXPIRED)
    assert has["console"] == "unused"
    assert vspcd.vm("used", used.uuid).port == used.port


def test_an_unused_console_expires_while_vspcd_does_not_run(start):  # noqa: F811
    vspcd = start()
    used = vspcd.vm("used")
    vspcd.telnet(used).close()
    unused = vspcd.vm("unused")
    for vm in (used, unused):
        vm.close()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    vspcd.stop()
    assert [row["used"] for row in rows(start.file)] == [1, 0]
    change(start.file, "UPDATE consoles SET left_at = left_at - 301")
    vspcd = start()
    assert loaded(vspcd)["consoles"] == "1"
    assert loaded(vspcd)["expired"] == "1"
    # The state has whose it is, and what makes room first.
    vspcd.report()
    assert addresses(vspcd)["127.0.0.1"]["consoles"] == "1"


# TLS stays


@pytest.fixture
def start_later(start, tmp_path):  # noqa: F811
    """start_later(*options): a vspcd; start_later.pass_time(seconds)."""
    if is_sanitized():
        pytest.skip("a sanitizer has to be the first library")
    clock = tmp_path / "clock"
    passed = 0

    def pass_time(vspcd, seconds):
        nonlocal passed
        passed += seconds
        new = tmp_path / "clock.new"
        new.write_text(f"{passed}\n")
        os.replace(new, clock)
        vspcd.report()  # wakes it, and what is due is done in the next turn
        vspcd.report()

    def begin(*args):
        return start(*args, wrapper=(
            "env", f"LD_PRELOAD={BUILD / 'tests/program/libshift.so'}",
            f"MONOTONIC_SHIFT={clock}"))
    begin.pass_time = pass_time
    return begin


def kept(start_later, vspcd):
    """A VM that has come by TLS for long enough."""
    vm = vspcd.vm("web", tls=Tls())
    assert addresses(vspcd)["127.0.0.1"]["new"] == "1"
    start_later.pass_time(vspcd, TRIAL + 1)
    assert addresses(vspcd)["127.0.0.1"]["new"] == "0"
    return vm


def test_a_console_that_came_by_tls_stays_there(start_later):
    vspcd = start_later()
    vm = kept(start_later, vspcd)
    vspcd.new_vm("web", vm.uuid).identify().wait_closed()
    has = vspcd.wait_event(words.VM_CLEAR_REFUSED, console="web")
    assert has["id"] == f"{vm.uuid}/vSPC.py"
    assert "--vm-tls-keep" in has["reason"]
    assert_both_ways(vm, vspcd.telnet(vm))
    vspcd.stop()
    # Over a restart, too.
    vspcd = start_later()
    vspcd.new_vm("web", vm.uuid).identify().wait_closed()
    vspcd.wait_event(words.VM_CLEAR_REFUSED, console="web")
    again = vspcd.vm("web", vm.uuid, tls=Tls())
    assert again.port == vm.port


def test_tls_that_is_turned_off_leads_nobody_into_the_clear(
        start_later, config):  # noqa: F811
    vspcd = start_later("--config", config(""))
    vm = kept(start_later, vspcd)
    config('tls = "off"\n')
    hup(vspcd)
    has = vspcd.wait_event(words.TLS_KEPT, consoles=1)
    assert "--vm-tls-keep" in has["reason"]
    vspcd.new_vm("web", vm.uuid).identify().wait_closed()
    vspcd.wait_event(words.VM_CLEAR_REFUSED, console="web")
    config('tls = "off"\nvm-tls-keep = off\n')
    hup(vspcd)
    clear = vspcd.vm("web", vm.uuid)
    assert_both_ways(clear, vspcd.telnet(clear))


def test_a_vm_that_came_by_tls_does_not_move_into_the_clear(start_later):
    vspcd = start_later()
    vm = kept(start_later, vspcd)
    vm.begin()
    vspcd.destination(vm).be_refused()
    has = vspcd.wait_event(words.VM_MOVE_NOT_JOINED, console="web")
    assert "--vm-tls-keep" in has["reason"]
    destination = vspcd.destination(vm, tls=Tls()).join()
    destination.complete()
    vspcd.wait_event(words.VM_MOVED, to=destination.address)
    assert_both_ways(destination, vspcd.telnet(vm.port))


def test_an_administrator_lets_it_go_back_to_the_clear(
        start_later, config):  # noqa: F811
    vspcd = start_later("--config", config(""))
    vm = kept(start_later, vspcd)
    config("vm-tls-keep = off\n")
    hup(vspcd)
    clear = vspcd.vm("web", vm.uuid)
    start_later.pass_time(vspcd, TRIAL + 1)
    config("vm-tls-keep = on\n")
    hup(vspcd)
    clear.close()
    again = vspcd.vm("web", vm.uuid)
    assert_both_ways(again, vspcd.telnet(again))
