"""Which VMs are served at all: those that are known, and those of addresses
that are allowed."""

import pytest

from harness import words
from harness.streams import assert_both_ways
from harness.vm import new_uuid
from test_config import config, run  # noqa: F401 (config is a fixture)
from test_config_reload import hup
from test_limits import limits


def assert_unknown(vspcd, name, uuid, **how):
    newcomer = vspcd.new_vm(name, uuid, **how).identify()
    newcomer.wait_closed()
    has = vspcd.wait_event(words.VM_UNKNOWN_REFUSED, peer=newcomer.address)
    assert (has["vm"], has["uuid"]) == (name, uuid)
    assert not vspcd.events(words.VM_CONNECTED, peer=newcomer.address)


def test_only_known_serial_ports_are_served(start_vspcd, config):  # noqa: F811
    vspcd = start_vspcd("--config", config(""))
    vm = vspcd.vm("web")
    config("unknown-vms = refuse\n")
    hup(vspcd)
    client = vspcd.telnet(vm)
    assert_both_ways(vm, client)
    again = vspcd.vm("web", vm.uuid)
    client.read_until(b"connected again]\r\n")
    assert_both_ways(again, client)
    assert_unknown(vspcd, "new", new_uuid())
    # Another serial port of a VM is not known because the VM is.
    assert_unknown(vspcd, "web", vm.uuid, uri="s1")
    config("unknown-vms = accept\n")
    hup(vspcd)
    vspcd.check_works()


def test_the_state_file_makes_a_vm_known(start_vspcd, tmp_path):
    state = ("--file", tmp_path / "state.db")
    first = start_vspcd(*state)
    vm = first.vm("web")
    first.telnet(vm)
    first.stop()
    second = start_vspcd(*state, "--unknown-vms", "refuse")
    assert_unknown(second, "new", new_uuid())
    back = second.vm("web", vm.uuid)
    assert_both_ways(back, second.telnet(back))


def test_without_a_state_nothing_would_be_known(config):  # noqa: F811
    result = run("--config", config("unknown-vms = refuse\nbackend = Memory\n"),
                 "--check-config")
    assert result.returncode != 0
    assert "vspcd.conf:1: unknown-vms: needs backend File" in result.stderr


@pytest.mark.parametrize("allow, warns", [
    ((), True), (("--vm-allow", "any"), False),
    (("--vm-allow", "127.0.0.0/8"), False)])
def test_a_port_for_everybody_is_said(start_vspcd, allow, warns):
    vspcd = start_vspcd("--proxy-listen", "[::]:0", *allow)
    vspcd.check_works()
    has = vspcd.events(words.VMS_FROM_EVERYWHERE)
    assert [line["proxy"].rpartition(":")[0] for line in has] == \
        (["[::]"] if warns else [])
    assert limits(vspcd)["vm-allow"] == ("not-set" if warns else "set")


def test_a_port_for_this_machine_is_not(start_vspcd):
    vspcd = start_vspcd()
    vspcd.check_works()
    assert not vspcd.events(words.VMS_FROM_EVERYWHERE)


def test_a_setting_that_is_taken_away_is_said(start_vspcd, config):  # noqa: F811
    vspcd = start_vspcd("--proxy-listen", "[::]:0",
                        "--config", config('vm-allow = "any"\n'))
    vspcd.vm("web")
    config("")
    hup(vspcd)
    vspcd.wait_event(words.VMS_FROM_EVERYWHERE)
