"""SIGHUP: what changes while consoles are in use, what does not, and a file
that is wrong."""

import signal
import ssl

import pytest

from harness import words
from harness.comport import CTS, DCD, DSR
from harness.net import Peer, dial, eventually
from harness.tls import Tls
from test_config import config  # noqa: F401 (a fixture)

SAID = words.RELOADED


def hup(vspcd, expect=SAID):
    """Sends it; returns when the last of its lines is here."""
    before = sum(expect in line for line in vspcd.lines)
    vspcd.process.send_signal(signal.SIGHUP)
    eventually(lambda: sum(expect in line for line in vspcd.lines) > before,
               expect)


def assert_both_ways(vm, client):
    vm.send(b"to the client\xff")
    client.read_until(b"to the client\xff")
    client.send(b"to the VM\xff")
    vm.read_until(b"to the VM\xff")


def test_limits_change_under_way(start_vspcd, config):
    vspcd = start_vspcd("--config", config("client-limit = 1"))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    refused = vspcd.keep(type(client)(vspcd.console_address(vm.port)))
    refused.wait_closed()
    config("client-limit = 2\nconsole-limit = 1\n")
    hup(vspcd)
    assert vspcd.events(words.RELOAD_SETTING, setting="client-limit",
                        value="2")
    second = vspcd.telnet(vm)
    vm.send(b"for both")
    for one in (client, second):
        one.read_until(b"for both")
    other = vspcd.new_vm("other")
    other.wait_closed()
    assert_both_ways(vm, client)


def test_times_that_run_change(start_vspcd, config):
    """A console that waits for its end, and a VM that does not say who it is:
    both for a day."""
    vspcd = start_vspcd("--config", config("identity-timeout = 86400"))
    vm = vspcd.vm("gone")
    silent = vspcd.keep(Peer(dial(vspcd.proxy)))
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="gone")
    config("identity-timeout = 1\nvm-expire-time = 1\n")
    hup(vspcd)
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="gone")
    silent.wait_closed()


def test_carrier_changes(start_vspcd, config):
    """The VM is told of it."""
    vspcd = start_vspcd("--config", config(""))
    vm = vspcd.vm("web").com_port()
    assert vm.lines() == DSR | CTS
    config("dcd-always-on = true")
    hup(vspcd)
    assert [value & 0xf0 for value in vm.notices()] == [DCD | DSR | CTS]
    config("")
    hup(vspcd)
    assert vm.lines() == DSR | CTS


def test_rules_change(start_vspcd, config):
    vspcd = start_vspcd("--config", config(""))
    port = vspcd.ports.base + 90
    vspcd.new_vm("no", uri=f"tcp://127.0.0.1:{port}").extend()
    vspcd.wait_event(words.VM_REFUSED)
    config(f"service-listen = \"*:{port}\"\n")
    hup(vspcd)
    vm = vspcd.vm("yes", uri=f"tcp://127.0.0.1:{port}")
    client = vspcd.raw(vm)
    assert_both_ways(vm, client)


def test_debug_changes(start_vspcd, config):
    vspcd = start_vspcd("--config", config(""))
    vspcd.check_works()
    assert " debug " not in vspcd.log
    config("debug = true")
    hup(vspcd)
    vspcd.check_works()
    assert " debug " in vspcd.log


def test_policy_changes(start_vspcd, config):
    vspcd = start_vspcd("--config", config("tls = off"))
    with pytest.raises((ssl.SSLError, OSError)):
        vspcd.new_vm("early", tls=Tls())
    clear = vspcd.vm("clear")
    config("tls = required\nclient-tls = offered")
    hup(vspcd)
    vm = vspcd.vm("web", tls=Tls())
    client = vspcd.telnet(vm, tls=Tls())
    assert_both_ways(vm, client)
    assert_both_ways(clear, vspcd.telnet(clear))
    config("tls = off")
    hup(vspcd)
    with pytest.raises((ssl.SSLError, OSError)):
        vspcd.new_vm("late", tls=Tls())
    assert_both_ways(vm, client)


def test_what_needs_a_restart(start_vspcd, config):
    vspcd = start_vspcd("--config", config("history-size = 64K"))
    vm = vspcd.vm("web")
    config("history-size = 128K\nmulti-console = true\nhold-time = 7")
    for _ in range(2):
        hup(vspcd)
    for name in ("history-size", "multi-console"):
        assert len(vspcd.events(words.RELOAD_RESTART,
                                setting=name)) == 2
    assert len(vspcd.events(words.RELOAD_SETTING)) == 1
    assert vspcd.events(SAID, changed=1)
    assert vspcd.events(SAID, changed=0)
    assert vspcd.vm("other").console == "other"
    assert_both_ways(vm, vspcd.telnet(vm))


def test_command_line_stays_before_the_file(start_vspcd, config):
    vspcd = start_vspcd("--config", config(""), "--debug=false",
                        "--vm-expire-time", 86400)
    config("debug = true\nvm-expire-time = 0\n")
    hup(vspcd)
    assert not vspcd.events(words.RELOAD_SETTING)
    vspcd.check_works()
    assert not vspcd.events(words.CONSOLE_EXPIRED)


@pytest.mark.parametrize("text, reason", [
    ("debug = true proxy-listen = \"nowhere:1\"", "proxy-listen: 'nowhere'"),
    ("hold-time = 0", "hold-time: '0' is not valid"),
    ("hold-tim = 1", "did you mean hold-time?"),
    ("debug = true\ncert = \"a", "expected a closing quote"),
    ("debug = true service-listen = \"x\"", "service-listen: 'x'"),
    ("debug = true cert = \"/nonexistent\"", "/nonexistent"),
    ("debug = true client-tls = offered client-certs = required "
     "client-ca = x", "client-certs: needs client-tls required"),
    (None, "No such file"),
])
def test_wrong_file_changes_nothing(start_vspcd, config, text, reason):
    path = config("client-limit = 1")
    vspcd = start_vspcd("--config", path)
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    if text is None:
        path.unlink()
    else:
        config(text)
    hup(vspcd, words.RELOAD_REFUSED)
    assert any(reason in line for line in vspcd.lines if " error " in line)
    refused = vspcd.keep(type(client)(vspcd.console_address(vm.port)))
    refused.wait_closed()
    assert_both_ways(vm, client)
    config("client-limit = 0")
    hup(vspcd)
    vspcd.telnet(vm)
    assert " debug " not in vspcd.log


def test_many_under_load(start_vspcd, config):
    """Nothing is lost while 200 signals come, with good files and wrong ones,
    and no memory either."""
    texts = ["", "hold-time = 5\nservice-connect = {\"a:1\", \"b:2\"}\n",
             "cert = \"/nonexistent\"\n", "unknown = 1\nhold-time = x\n",
             "dcd-always-on = true\ndebug = true\nkey = \"x\"",
             "tls = offered\nidentity-timeout = 9\nvm-expire-time = 5\n"]
    vspcd = start_vspcd("--config", config(""))
    vms = [vspcd.vm(f"web-{n}") for n in range(3)]
    clients = [vspcd.telnet(vm) for vm in vms]
    line = bytes(range(32, 127)) * 20
    for turn in range(200):
        config(texts[turn % len(texts)])
        vspcd.process.send_signal(signal.SIGHUP)
        for n, (vm, client) in enumerate(zip(vms, clients)):
            mark = b"<%d.%d>" % (n, turn)
            vm.send(line + mark)
            client.read_until(line + mark)
            client.send(mark)
            vm.read_until(mark)
    config("")
    hup(vspcd)
    vspcd.check_works()


def test_a_storm_is_one_reload_a_turn(start_vspcd, config):
    """What came together is one: else this would take seconds."""
    vspcd = start_vspcd("--config", config(""))
    for _ in range(2000):
        vspcd.process.send_signal(signal.SIGHUP)
    config("debug = true")
    # One of the storm's may find it already.
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.RELOAD_SETTING, setting="debug")
    vspcd.check_works()
    assert len(vspcd.events(SAID)) < 100
