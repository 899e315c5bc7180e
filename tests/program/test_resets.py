"""Connections that are reset right behind their last bytes: the bytes arrive,
and whoever sent them is gone at once, whatever the VM does."""

import pytest

from harness import words
from harness.net import Peer, dial, eventually
from harness.programs import fields_of
from harness.tls import Tls

RULE = ("--service-connect", "*:*",
        "--service-connect", "localhost:*")


def wait_no_clients(vspcd, console):
    """No client is counted, although the VM has said nothing."""
    def is_alone():
        vspcd.report()
        lines = [fields_of(line) for line in vspcd.lines if "clients=" in line]
        of_it = [has for has in lines if has.get("console") == console]
        return of_it and of_it[-1]["clients"] == "0"
    eventually(is_alone, f"no clients of {console}")


def wait_quiet(vspcd, console):
    """Nor does anything turn round and round for those that were."""
    wait_no_clients(vspcd, console)
    vspcd.wait_idle()


@pytest.mark.parametrize("kind", ["raw", "telnet"])
def test_200_clients_reset_behind_their_last_bytes(vspcd, kind):
    vm = vspcd.vm()
    if kind == "telnet":
        clients = [vspcd.telnet(vm) for _ in range(200)]
    else:
        clients = vspcd.raws(vm, 200)
        # The first byte decides that they are: they are served then.
        for client in clients:
            client.send(b"\n")
        vm.read_exactly(len(clients))
    for client in clients:
        client.send(b"ls\r")
        client.reset()
    got = vm.read_exactly(3 * len(clients))
    assert got.count(b"ls\r") == len(clients)
    wait_quiet(vspcd, vm.console)


def test_clients_in_tls_reset_behind_their_last_bytes(start_vspcd):
    vspcd = start_vspcd("--client-tls", "telnets")
    vm = vspcd.vm()
    clients = [vspcd.telnet(vm, tls=Tls()) for _ in range(50)]
    for client in clients:
        client.send(b"ls\r")
        client.reset()
    got = vm.read_exactly(3 * len(clients))
    assert got.count(b"ls\r") == len(clients)
    wait_quiet(vspcd, vm.console)


def test_200_clients_reset_with_output_unread(vspcd):
    """What a script does that says "exit" and closes."""
    vm = vspcd.vm()
    clients = vspcd.raws(vm, 200)
    vm.send(b"login: ")
    for client in clients:
        client.send(b"exit\r")
        client.close()
    vm.read_exactly(5 * len(clients))
    wait_quiet(vspcd, vm.console)


def test_a_place_is_free_again_after_a_reset(start_vspcd):
    vspcd = start_vspcd("--client-limit", "1")
    vm = vspcd.vm()
    for _ in range(50):
        client = vspcd.telnet(vm)
        client.send(b"ls\r")
        client.reset()
        assert vm.read_exactly(3) == b"ls\r"
        wait_no_clients(vspcd, vm.console)
    vspcd.wait_idle()


def test_a_remote_that_resets_behind_its_last_words_is_connected_again(
        start_vspcd, remote):
    vspcd = start_vspcd(*RULE)
    listener = remote()
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{listener.port}",
                  direction=b"C")
    for n in range(5):
        peer = listener.accept()
        peer.send(b"hello %d" % n)
        vm.read_until(b"hello %d" % n)
        peer.send(b"last words %d" % n)
        peer.reset()
        vm.read_until(b"last words %d" % n)


def test_a_listening_service_lets_go_of_who_resets(start_vspcd):
    vspcd = start_vspcd("--service-listen", "*:*")
    port = vspcd.ports.base
    vm = vspcd.vm("web", uri=f"tcp://127.0.0.1:{port}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console=vm.console)
    clients = [vspcd.keep(Peer(dial(("127.0.0.1", port))))
               for _ in range(100)]
    for client in clients:
        vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    for client in clients:
        client.send(b"bye\r")
        client.reset()
    vm.read_exactly(4 * len(clients))
    wait_quiet(vspcd, vm.console)
