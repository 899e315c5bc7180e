"""Consoles that are made up: how many an address may bring, how soon they are
gone, and that they leave places and ports to VMs."""

from harness import words
from harness.net import eventually
from harness.programs import fields_of, message_of
from harness.streams import assert_both_ways
from harness.vm import new_uuid
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_limits import limits
from test_state import change, loaded, rows, start  # noqa: F401 (start)

OTHER = "127.0.0.2"


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
