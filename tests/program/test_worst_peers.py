"""Peers at their worst: resets, refusals and floods while a console is full."""

import threading
import time

import pytest

from harness import words
from harness.clients import RawClient

RULE = ("--service-connect", "*:*",
        "--service-connect", "localhost:*", "--service-connect", "vspc://*")


def fill(client):
    """Until nobody takes any more."""
    client.sock.setblocking(False)
    quiet = time.monotonic()
    while time.monotonic() - quiet < 1:
        try:
            client.sock.send(b"x" * 65536)
            quiet = time.monotonic()
        except BlockingIOError:
            time.sleep(0.05)


@pytest.mark.parametrize("kind", ["raw", "telnet"])
def test_resets_while_the_console_is_full(start_vspcd, kind):
    """Clients that are reset with words that nobody takes are gone."""
    vspcd = start_vspcd()
    vm = vspcd.vm()
    paste = vspcd.raw(vm)
    clients = (vspcd.raws(vm, 20) if kind == "raw"
               else [vspcd.telnet(vm) for _ in range(20)])
    fill(paste)
    for client in clients:
        client.sock.setblocking(True)
        client.sock.sendall(b"ls\r" * 1000)
        client.reset()
    vspcd.wait_clients(vm.console, 1)


def test_a_refused_remote_does_not_get_what_was_before(start_vspcd, remote):
    vspcd = start_vspcd(*RULE, "--client-limit", "1")
    block = vspcd.ports.take()
    uri = f"tcp://127.0.0.1:{block}"
    first = vspcd.vm("web", uri=uri, direction=b"C")
    taker = vspcd.raw(first)
    first.send(b"of an earlier life")
    taker.read_until(b"earlier life")
    first.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=first.address)
    listener = remote(port=block)
    vm = vspcd.vm("web", uuid=first.uuid, uri=uri, direction=b"C")
    vspcd.wait_line(lambda line: "the console's limit of clients" in line,
                    "the refusal")
    listener.accept()           # the one that was refused
    taker.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=taker.address)
    vspcd.wait_event(words.SERVICE_CONNECTED)
    vm.send(b"new words")
    for _ in range(5):
        try:
            got = listener.accept().read_until(b"new words")
            break
        except AssertionError:
            pass            # another one that was refused
    assert got == b"new words"


def test_resets_while_the_console_is_full_and_prints(start_vspcd):
    """The reset is found by a write: then no event has an error any more."""
    vspcd = start_vspcd()
    vm = vspcd.vm()
    paste = vspcd.raw(vm)
    fill(paste)
    done = threading.Event()

    def output():
        vm.sock.setblocking(True)
        while not done.is_set():
            vm.sock.send(b"o" * 20)

    def eat():
        paste.sock.setblocking(True)
        paste.sock.settimeout(0.5)
        while not done.is_set():
            try:
                paste.sock.recv(65536)
            except TimeoutError:
                pass
    threads = [threading.Thread(target=output), threading.Thread(target=eat)]
    for thread in threads:
        thread.start()
    address = vspcd.console_address(vm.port)
    for _ in range(20):
        clients = [RawClient(address).greet() for _ in range(40)]
        for client in clients:
            client.sock.setblocking(True)
            client.sock.sendall(b"ls\r" * 1000)
            client.reset()
    done.set()
    for thread in threads:
        thread.join()
    vspcd.wait_clients(vm.console, 1)
    vspcd.wait_idle()
