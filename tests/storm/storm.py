#!/usr/bin/python3
"""Storms beside a console that must not notice them.

A vspcd serves a VM that echoes, and its client asks without end. Meanwhile,
one after the other, each storm does for some seconds what a stranger may do to
a port that is open to everybody. Then the tool says for each: how long the
client waited for its answers, how many lines the log got, how far memory and
descriptors went up, and whether they came back. Exit status 1: a limit below
was passed, or vspcd did not end in order.

The storms come from other addresses than the console, at a lower priority: what
is judged is what vspcd does, not what the machine has left.
"""

import argparse
import itertools
import multiprocessing
import os
import pathlib
import random
import select
import signal
import socket
import statistics
import struct
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/program"))

from harness import wire, words                     # noqa: E402
from harness.clients import RawClient               # noqa: E402
from harness.net import dial                        # noqa: E402
from harness.programs import Vspcd                  # noqa: E402
from harness.tls import Authority, Tls              # noqa: E402
from harness.vm import Vm, esxi_uuid                # noqa: E402

# What must hold. A machine's scheduler makes an answer late now and then, so
# the worst of thousands is told and not judged.
WAIT_MS = 50            # 99 of 100 answers
LINES_A_SECOND = 400    # of the log, in the mean of a storm
MEMORY_MIB = 256        # more than before the first storm, at any time
LEFT_MIB = 48           # what stays, with everybody gone

MIB = 1 << 20
RST = struct.pack("ii", 1, 0)
GREETED = (wire.will(wire.BINARY, wire.SGA, wire.VMWARE) +
           wire.do(wire.BINARY, wire.SGA, wire.ECHO) +
           wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN))
STORMS = []


def storm(function):
    STORMS.append(function)
    return function


class Target:
    """Where the storms go: the VMs' port, and the port of a console that is
    not the one that is watched."""

    def __init__(self, proxy, console, tls):
        self.proxy = proxy
        self.console = console
        self.tls = tls


def open_to(address, source="127.0.0.2"):
    """None: refused, or the connection was closed already."""
    try:
        return dial(address, source=source)
    except OSError:
        return None


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    sock.close()


def send(sock, data):
    """False: the connection is gone."""
    try:
        sock.sendall(data)
        return True
    except OSError:
        return False


def drain(sock):
    try:
        while select.select([sock], [], [], 0)[0] and sock.recv(1 << 16):
            pass
    except OSError:
        pass


def said(uuid, name, label=b"vSPC.py"):
    """All that a host says of its VM."""
    text = esxi_uuid(uuid).encode()
    return (GREETED + wire.ext(wire.DO_PROXY, b"S" + label) +
            wire.ext(wire.VM_VC_UUID, text) +
            wire.ext(wire.VM_NAME, name.encode()) +
            wire.ext(wire.VM_BIOS_UUID, text) +
            wire.ext(wire.VM_LOCATION_UUID, text))


def made_up():
    digits = f"{random.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20],
                     digits[20:]))


class Crowd:
    """Connections that stay, up to a number; then all of them go at once."""

    def __init__(self, most):
        self.most = most
        self.socks = []

    def add(self, sock):
        self.socks.append(sock)
        if len(self.socks) > self.most:
            for one in self.socks:
                one.close()
            self.socks = []


def flood(address, opening, data):
    """One connection that says one thing without end, and reads."""
    while True:
        sock = open_to(address)
        if sock is None:
            time.sleep(0.01)
            continue
        sock.settimeout(0.2)
        goes_on = send(sock, opening)
        while goes_on:
            goes_on = send(sock, data)
            drain(sock)
        sock.close()


@storm
def vms_that_are_made_up(target):
    """New UUIDs, connected and gone, as fast as it goes."""
    while True:
        sock = open_to(target.proxy)
        if sock is not None:
            send(sock, said(made_up(), "made-up"))
            sock.close()


@storm
def vms_of_one_name(target):
    """The same file name for all logs, and renames without end."""
    socks = []
    for number in itertools.count():
        sock = open_to(target.proxy)
        if sock is None:
            continue
        sock.settimeout(0.2)
        send(sock, said(made_up(), "same/name"))
        socks.append(sock)
        send(socks[0], b"".join(wire.ext(wire.VM_NAME, b"n%d" % n)
                                for n in range(9000)))
        drain(socks[0])
        if number % 50 == 49:
            for one in socks:
                one.close()
            socks = []


@storm
def serial_port_signatures(target):
    """COM-PORT SIGNATURE by one client."""
    flood(target.console, wire.will(wire.COM_PORT) + wire.do(wire.BINARY),
          wire.sub(wire.COM_PORT, b"\0x") * 4000)


@storm
def proxies_to_and_fro(target):
    """DO-PROXY for one name and another, by one connection; and for a server
    that is in no rule."""
    uuid = made_up()
    flood(target.proxy, said(uuid, "hop"),
          (said(uuid, "hop", b"one") + said(uuid, "hop", b"other") +
           wire.ext(wire.DO_PROXY, b"Cssl://h:1#verify=1")) * 200)


@storm
def extension_off_and_on(target):
    """WONT 232 and WILL 232 without end."""
    flood(target.proxy, said(made_up(), "off-and-on"),
          (wire.wont(wire.VMWARE) + wire.will(wire.VMWARE)) * 2000)


@storm
def moves_that_are_aborted(target):
    """VMOTION-BEGIN and VMOTION-ABORT without end."""
    flood(target.proxy, said(made_up(), "moves"),
          (wire.ext(wire.VMOTION_BEGIN, b"1234") +
           wire.ext(wire.VMOTION_ABORT)) * 1000)


@storm
def breaks(target):
    """IAC BRK without end, by one client."""
    flood(target.console, wire.do(wire.BINARY), wire.command(wire.BRK) * 4000)


@storm
def resets_at_the_vms_port(target):
    """Connected and reset, as fast as it goes."""
    while True:
        sock = open_to(target.proxy)
        if sock is not None:
            reset(sock)


@storm
def resets_at_a_console(target):
    """Connected, a byte typed, and reset."""
    while True:
        sock = open_to(target.console)
        if sock is not None:
            send(sock, b"x")
            reset(sock)


@storm
def clients_that_stay(target):
    """Places: silent connections, as many as one address gets."""
    crowd = Crowd(3000)
    while True:
        sock = open_to(target.console)
        if sock is None:
            time.sleep(0.01)
            continue
        crowd.add(sock)


@storm
def half_of_a_hello(target):
    """Three bytes of TLS, and nothing more."""
    crowd = Crowd(2000)
    for address in itertools.cycle((target.proxy, target.console)):
        sock = open_to(address)
        if sock is not None:
            send(sock, b"\x16\x03\x01")
            crowd.add(sock)


@storm
def handshakes(target):
    """Whole handshakes of TLS, by several at a time."""
    def shake():
        while True:
            try:
                dial(target.proxy, source="127.0.0.3",
                     tls=target.tls).close()
            except OSError:
                pass

    for _ in range(4):
        multiprocessing.Process(target=shake, daemon=True).start()
    shake()


@storm
def answers_that_nobody_takes(target):
    """Connections that ask without reading: the kernel keeps the answers."""
    question = wire.do(6) * 20000
    crowd = Crowd(500)
    while True:
        sock = open_to(target.proxy)
        if sock is None:
            time.sleep(0.01)
            continue
        sock.setblocking(False)
        try:
            sock.send(question)
        except OSError:
            pass
        crowd.add(sock)


@storm
def checks_by_balancers(target):
    """Connected and closed, on both ports."""
    for address in itertools.cycle((target.proxy, target.console)):
        sock = open_to(address)
        if sock is not None:
            sock.close()
        time.sleep(0.002)


def run_storm(function, target):
    os.setpgrp()  # it ends with the processes that it has started
    os.nice(10)
    function(target)


# ---- the console that is watched --------------------------------------------

def echo(vm, until):
    """The VM's side; data may come doubled, so that it is taken apart."""
    while not until.is_set():
        if select.select([vm.sock], [], [], 0.1)[0]:
            vm.pump()
            if vm.data:
                vm.send(bytes(vm.data))
                vm.data.clear()


def ask(client, until, waits):
    """Asks without end, and gives the time of each answer in ms."""
    while not until.is_set():
        begin = time.monotonic()
        client.send(b"?")
        try:
            client.read_until(b"?")
        except AssertionError:
            waits.send(None)
            return
        waits.send((time.monotonic() - begin) * 1000)
        time.sleep(0.002)


class Watch:
    def __init__(self, vspcd):
        self.vm = vspcd.vm("watched")
        self.client = vspcd.keep(RawClient(
            vspcd.console_address(self.vm.port)).greet())
        vspcd.wait_event(words.CLIENT_CONNECTED, peer=self.client.address)
        self.until = multiprocessing.Event()
        self.waits, theirs = multiprocessing.Pipe(duplex=False)
        self.processes = [
            multiprocessing.Process(target=echo, args=(self.vm, self.until)),
            multiprocessing.Process(target=ask, args=(self.client, self.until,
                                                      theirs))]
        for process in self.processes:
            process.start()

    def take(self):
        """All times since the last call; None among them: no answer came."""
        waits = []
        while self.waits.poll(0):
            waits.append(self.waits.recv())
        return waits

    def end(self):
        self.until.set()
        for process in self.processes:
            process.join(30)


def descriptors(vspcd):
    return len(os.listdir(f"/proc/{vspcd.process.pid}/fd"))


class Judge:
    def __init__(self):
        self.failures = []

    def judge(self, holds, what):
        if not holds:
            self.failures.append(what)
            print(f"    FAILED: {what}", flush=True)


def play(function, vspcd, watch, target, seconds, judge, memory):
    lines = len(vspcd.lines)
    watch.take()
    process = multiprocessing.Process(target=run_storm,
                                      args=(function, target))
    process.start()
    end = time.monotonic() + seconds
    waits = []
    most = 0
    while time.monotonic() < end:
        waits += watch.take()
        most = max(most, vspcd.rss())
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    waits += watch.take()
    lines = len(vspcd.lines) - lines
    name = function.__name__.replace("_", " ")
    if None in waits or len(waits) < 10:
        judge.judge(False, f"{name}: the console answers no more")
        return
    waits.sort()
    p99 = waits[int(len(waits) * 0.99)]
    more = (most - memory) / MIB
    print(f"{name:28} answers={len(waits):6} "
          f"ms: median={statistics.median(waits):.2f} p99={p99:.1f} "
          f"worst={waits[-1]:.1f}  log-lines={lines} "
          f"memory=+{more:.1f} MiB", flush=True)
    judge.judge(p99 < WAIT_MS, f"{name}: p99 is {p99:.0f} ms")
    judge.judge(lines < LINES_A_SECOND * max(seconds, 15),
                f"{name}: {lines} lines in the log")
    judge.judge(more < MEMORY_MIB, f"{name}: {more:.0f} MiB more")


def rest(vspcd, descriptors_before):
    """Waits until everybody has gone; what then is open too many."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if descriptors(vspcd) <= descriptors_before:
            return 0
        time.sleep(0.2)
    return descriptors(vspcd) - descriptors_before


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=300,
                        help="of all storms together (default: 300)")
    parser.add_argument("--only", default="",
                        help="only storms whose name has this text")
    arguments = parser.parse_args()
    chosen = [s for s in STORMS if arguments.only in s.__name__]
    if not chosen:
        parser.error("no storm has this name; there are " +
                     ", ".join(s.__name__ for s in STORMS))
    judge = Judge()
    with tempfile.TemporaryDirectory(prefix="vspcd-storm-") as name:
        folder = pathlib.Path(name)
        ca = Authority(folder, "ca")
        server = ca.issue("server")
        # Made-up consoles get no port: the listeners would only hide whether
        # descriptors come back.
        vspcd = Vspcd("--cert", server.certificate, "--key", server.key,
                      "--tls", "offered", "--logdir", folder / "logs",
                      "--vm-expire-time", "1s", consoles=50)
        vspcd.may_lack_ports = True
        vspcd.wait_ready()
        try:
            watch = Watch(vspcd)
            other = vspcd.vm("other")
            target = Target(vspcd.proxy, vspcd.console_address(other.port),
                            Tls())
            time.sleep(1)
            before = descriptors(vspcd)
            memory = vspcd.rss()
            for function in chosen:
                play(function, vspcd, watch, target,
                     arguments.seconds / len(chosen), judge, memory)
            watch.end()
            left = rest(vspcd, before + 50)
            judge.judge(left == 0, f"{left} descriptors too many are left")
            more = (vspcd.rss() - memory) / MIB
            print(f"at the end: memory=+{more:.1f} MiB "
                  f"descriptors={before} -> {descriptors(vspcd)} "
                  f"log-lines={len(vspcd.lines)}")
            judge.judge(more < LEFT_MIB, f"{more:.0f} MiB are left")
            vspcd.stop()
        finally:
            vspcd.kill()
    return 1 if judge.failures else 0


if __name__ == "__main__":
    sys.exit(main())
