"""What a new client sees of what the console has shown before, and who does."""

import os
import subprocess
import threading

import pytest

from harness import words
from harness import wire
from harness.clients import GONE, TelnetClient
from harness.net import Fd, Peer, dial, eventually, pump_all
from harness.remote import RawRemote, TelnetRemote
from harness.streams import MIB, assert_same, letters, noise
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

BOOT = b"".join(b"boot %d\r\n" % number for number in range(100))
LOGIN = b"\r\nDebian GNU/Linux 12 web ttyS0\r\n\r\nweb login: "
SCREEN = b"".join((BOOT + LOGIN).splitlines(keepends=True)[-24:])


@pytest.fixture
def booted(vspcd):
    vm = vspcd.vm("web")
    show(vm, BOOT + LOGIN)
    return vspcd, vm


def show(vm, output):
    """Returns when vspcd has it."""
    vm.send(output)
    vm.sync()


def assert_sees(vm, client, seen):
    """That, and what comes from now on."""
    show(vm, b"now")
    assert_same(client.read_until(seen[-8:] + b"now"), seen + b"now")


def test_a_telnet_client_sees_the_last_screen(booted):
    vspcd, vm = booted
    for _ in range(2):
        client = vspcd.telnet(vm)
        assert client.read_until(b"login: ") == SCREEN
        assert SCREEN.startswith(b"boot 80\r\n")
        client.close()


def test_who_refuses_binary_sees_the_same(booted):
    vspcd, vm = booted
    client = vspcd.telnet(vm, binary=False)
    assert client.read_until(b"login: ") == SCREEN


def test_a_real_telnet_client_sees_it(booted, need, terminal):
    telnet = need("inetutils-telnet")
    vspcd, vm = booted
    child = terminal(telnet, "127.0.0.1", vm.port)
    child.expect_exact("boot 80\r\n")
    child.expect_exact("web login: ")
    assert b"boot 79" not in child.before
    child.send(b"root\r")
    assert vm.read_until(b"root\r") == b"root\r"


def test_curl_sees_it(booted, need, start_process):
    """It speaks telnet."""
    curl = need("curl")
    vspcd, vm = booted
    process = start_process([curl, "-sN", f"telnet://127.0.0.1:{vm.port}"],
                            stdin=subprocess.PIPE)
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    process.stdin.write(b"root\n")
    process.stdin.close()
    assert vm.read_until(b"root\n") == b"root\n"
    assert Fd(process.stdout.fileno()).read_until(b"login: ") == SCREEN


def test_busybox_telnet_sees_it(booted, need, terminal):
    busybox = need("busybox")
    vspcd, vm = booted
    child = terminal(busybox, "telnet", "127.0.0.1", vm.port)
    child.expect_exact("boot 80\r\n")
    child.expect_exact("web login: ")


def test_plink_sees_it(booted, need, terminal, tmp_path):
    plink = need("plink", "putty-tools")
    vspcd, vm = booted
    child = terminal(plink, "-telnet", "-P", vm.port, "127.0.0.1",
                     env=os.environ | {"HOME": str(tmp_path)})
    child.expect_exact("boot 80\r\n")
    child.expect_exact("web login: ")


@pytest.mark.parametrize("first", [b"$qSupported#37", b""])
def test_a_raw_client_sees_what_comes(booted, first):
    """gdb would take old bytes for an answer; nc is silent at first."""
    vspcd, vm = booted
    client = vspcd.raw(vm)
    client.send(first)
    assert_sees(vm, client, b"")


def test_a_client_of_rfc_2217_sees_what_comes(booted):
    """pyserial offers COM-PORT-OPTION before it answers."""
    vspcd, vm = booted
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                     answer=False)).greet()
    client.send_wire(wire.will(wire.COM_PORT) + wire.do(wire.BINARY, wire.SGA)
                     + wire.will(wire.BINARY, wire.SGA))
    client.sync()
    assert_sees(vm, client, b"")


def test_a_null_modem_carries_what_comes(start_vspcd):
    vspcd = start_vspcd("--service-connect", "vspc://*")
    b = vspcd.vm("b", uri="s0")
    show(b, BOOT)
    a = vspcd.vm("a", uri="vspc://b", direction=b"C")
    eventually(lambda: vspcd.events(words.NULL_MODEM), "the null modem")
    show(b, b"now")
    assert a.read_until(b"now") == b"now"


@pytest.mark.parametrize("scheme, kind", [("tcp", RawRemote),
                                          ("telnet", TelnetRemote)])
def test_a_remote_system_gets_what_comes(start_vspcd, remote, scheme, kind):
    """Also when the connection to it is made anew."""
    vspcd = start_vspcd("--service-connect", "*:*",
                        "--service-connect", "localhost:*")
    listener = remote(kind=kind)
    vm = vspcd.vm("web", uri=f"{scheme}://127.0.0.1:{listener.port}",
                  direction=b"C")
    first = listener.accept()
    show(vm, BOOT)
    first.read_until(b"boot 99\r\n")
    first.close()
    second = listener.accept()
    show(vm, b"now")
    assert second.read_until(b"now") == b"now"


@pytest.mark.parametrize("scheme, seen", [("tcp", b""), ("telnet", SCREEN)])
def test_listeners_of_a_vm(start_vspcd, scheme, seen):
    vspcd = start_vspcd("--service-listen", "*:*")
    vm = vspcd.vm("web", uri=f"{scheme}://127.0.0.1:{vspcd.ports.base + 80}")
    has = vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console=vm.console)
    show(vm, BOOT + LOGIN)
    address = "127.0.0.1", int(has["address"].rpartition(":")[2])
    if scheme == "tcp":
        client = vspcd.keep(Peer(dial(address)))
    else:
        client = vspcd.keep(TelnetClient(address)).greet()
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    assert_sees(vm, client, seen)


@pytest.mark.parametrize("options, seen", [
    (("--attach-lines", "1"), b"web login: "),
    (("--attach-lines", "3"), b"Debian GNU/Linux 12 web ttyS0\r\n\r\n"
     b"web login: "),
    (("--attach-bytes", "20"), b"\r\nweb login: "),
    (("--attach-bytes", "5"), b"gin: "),
    (("--attach-lines", "0"), b""),
    (("--attach-bytes", "0"), b""),
    (("--attach-lines", "10000", "--attach-bytes", "1M"), BOOT + LOGIN)])
def test_how_much(start_vspcd, options, seen):
    vspcd = start_vspcd(*options)
    vm = vspcd.vm("web")
    show(vm, BOOT + LOGIN)
    assert_sees(vm, vspcd.telnet(vm), seen)


def test_sighup_changes_it_for_who_comes_next(start_vspcd, config):
    vspcd = start_vspcd("--config", config("attach-lines = 1"))
    vm = vspcd.vm("web")
    show(vm, BOOT + LOGIN)
    assert vspcd.telnet(vm).read_until(b": ") == b"web login: "
    config("attach-lines = 2\nattach-bytes = 1K\n")
    hup(vspcd)
    assert vspcd.events(words.RELOAD_SETTING, setting="attach-lines",
                        value="2")
    assert vspcd.telnet(vm).read_until(b": ") == b"\r\nweb login: "


def test_it_stays_when_the_vm_is_gone(booted):
    vspcd, vm = booted
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web")
    client = vspcd.telnet(vm)
    assert client.read_until(b"login: ") == SCREEN
    client.read_notice(GONE)
    again = vspcd.vm("web", vm.uuid)
    show(again, b"\r\nGRUB\r\n")
    client.read_until(b"GRUB\r\n")
    newest = vspcd.telnet(again)
    assert newest.read_until(b"GRUB\r\n").endswith(b"login: \r\nGRUB\r\n")


def test_it_follows_a_vm_that_moves(booted):
    vspcd, vm = booted
    destination = vspcd.move(vm)
    assert_sees(destination, vspcd.telnet(vm), SCREEN)


def test_any_bytes(vspcd):
    """As they were; and no 255 is taken for a command."""
    vm = vspcd.vm()
    output = noise(4000, seed=40)
    show(vm, output)
    client = vspcd.telnet(vm)
    assert_sees(vm, client, output)


def test_what_is_typed_before_it_was_read(booted):
    vspcd, vm = booted
    client = vspcd.telnet(vm, receive_buffer=4096)
    client.send(b"root\r")
    assert vm.read_until(b"root\r") == b"root\r"
    show(vm, b"root\r\nPassword: ")
    assert client.read_until(b"Password: ") == (SCREEN +
                                                b"root\r\nPassword: ")


def test_coming_into_a_flood(start_vspcd):
    """Whoever comes sees a part of the stream without a gap, and nobody who is
    there loses a byte."""
    vspcd = start_vspcd("--hold-time", 20000, "--attach-lines", 10000,
                        "--attach-bytes", "1M")
    vm = vspcd.vm()
    output = letters(8 * MIB, seed=42) + b"the end"
    clients = [vspcd.telnet(vm)]
    sender = threading.Thread(target=vm.send, args=(output,))
    sender.start()
    for count in range(1, 5):
        pump_all(clients, lambda: len(clients[0].data) > count * MIB,
                 "the flood")
        one = vspcd.keep(TelnetClient(vspcd.console_address(vm.port)))
        clients.append(one)
        pump_all(clients, lambda: one.data, "output for who has come")
    pump_all(clients, lambda: all(client.data.endswith(b"the end")
                                  for client in clients), "the end")
    sender.join()
    assert_same(clients[0].data, output)
    for client in clients[1:]:
        assert len(client.data) < len(output) - MIB // 2
        assert_same(client.data, output[-len(client.data):])
