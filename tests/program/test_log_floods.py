"""Whoever makes noise is not unseen by that, and hides nobody else."""

import os
import pathlib
import signal
import tempfile

import pytest

from harness import wire, words
from harness.comport import SIGNATURE, request
from harness.net import TIMEOUT, Peer, dial, eventually
from harness.programs import fields_of
from harness.service import Deaf
from harness.vm import new_uuid
from test_config import config  # noqa: F401 (a fixture)

QUIET = "127.0.0.2"


@pytest.fixture
def folder():
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="vspcd-f-") as path:
        yield pathlib.Path(path)


def end_of(how, address):
    peer = Peer(dial(address))
    if how == "close":
        peer.close()
    else:
        peer.reset()


# Noise

def sign(vspcd, client, vm):
    client.send_wire(request(SIGNATURE, b"x" * 40) * 20000)
    client.sync()


def hop(vspcd, client, vm):
    """Another VM's identity again and again, and what it was asked for."""
    for label in (b"Sa", b"Sb") * 300:
        vm.send_wire(wire.ext(wire.DO_PROXY, label) + b"".join(
            wire.ext(code - 1, answer.encode())
            for code, answer in vm.answers.items()))
    eventually(lambda: vm.ext_codes().count(wire.WILL_PROXY) +
               vm.ext_codes().count(wire.WONT_PROXY) > 600 or vm.pump(),
               "all answers", timeout=2 * TIMEOUT)


def knock(vspcd, client, vm):
    for _ in range(1000):
        for address in (vspcd.proxy, vspcd.console_address(client.port)):
            end_of("reset", address)


def come_and_go(vspcd, client, vm):
    """Served, and gone."""
    for _ in range(1000):
        with dial(vspcd.console_address(client.port)) as sock:
            sock.sendall(b"x")


@pytest.mark.parametrize("noise", [sign, hop, knock, come_and_go])
def test_noise_hides_nobody(start_vspcd, config, folder, noise):
    """The log's reader has stopped; when it goes on, it has little to read,
    and the quiet one is there."""
    vspcd = start_vspcd("--config", config(""))
    noisy = vspcd.vm("noisy").com_port()
    hopping = vspcd.vm("hopping", uuid=new_uuid())
    victim = vspcd.vm("victim")
    client = vspcd.telnet(noisy).com_port()
    client.port = noisy.port
    deaf = Deaf(folder / "log")
    config(f'messages-to = "syslog:{folder / "log"}"')
    vspcd.process.send_signal(signal.SIGHUP)
    while words.TLS_RELOADED not in deaf.read():
        pass
    noise(vspcd, client, hopping)
    with dial(vspcd.console_address(victim.port), source=QUIET) as quiet:
        quiet.sendall(b"unseen?")
        victim.read_exactly(7)
    lines = [""]
    while not (words.CLIENT_DISCONNECTED in lines[-1] and
               "console=victim" in lines[-1]):
        lines.append(deaf.read())
    assert any(words.CLIENT_CONNECTED in line and f"peer={QUIET}" in line
               for line in lines)
    # Read while it ends: nobody waits at the end for a reader that takes
    # nothing, or is late.
    vspcd.process.send_signal(signal.SIGTERM)
    while words.STOPPING not in lines[-1] and vspcd.process.poll() is None:
        lines += deaf.read_all()
    vspcd.wait_exit()
    deaf.close()
    assert len(lines) < 600
    assert not any(words.LINES_LOST in line and
                   fields_of(line).get("kind") == "audit" for line in lines)


# Health checks

@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("port", ["vm", "client"])
@pytest.mark.parametrize("tls", ["off", "offered"])
def test_checks_are_one_line(start_vspcd, tmp_path, port, how, tls):
    told = tmp_path / "told"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho $VSPCD_EVENT >> {told}\n")
    hook.chmod(0o755)
    vspcd = start_vspcd("--tls", tls, "--client-tls", tls,
                        "--hook", f"{hook},events=client-attached")
    vm = vspcd.vm("web")
    address = vspcd.proxy if port == "vm" else vspcd.console_address(vm.port)
    before = len(os.listdir(f"/proc/{vspcd.pid}/fd"))
    for _ in range(40):
        end_of(how, address)
    # Whoever comes behind them is served behind them.
    if port == "vm":
        vspcd.vm("behind", source=QUIET)
    else:
        vspcd.telnet(vm, source=QUIET)
        eventually(told.exists, "the hook of the one client")
    eventually(lambda: len(os.listdir(f"/proc/{vspcd.pid}/fd")) <= before + 2,
               "all descriptors")
    assert not vspcd.events(words.CONNECTION_CHECKS)
    vspcd.stop()
    told_of = vspcd.events(words.CONNECTION_CHECKS)
    assert [(has["peer"], has["count"]) for has in told_of] == \
        [("127.0.0.1", "40")]
    for message in (words.CONNECTION_CLOSED, words.CLIENT_CONNECTED,
                    words.CLIENT_DISCONNECTED, words.LINES_LEFT_OUT):
        assert not [has for has in vspcd.events(message)
                    if not has["peer"].startswith(QUIET)]
    if port == "client":
        assert told.read_text() == "client-attached\n"
    else:
        assert not told.exists()
