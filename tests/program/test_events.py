"""Events by the API: curl as a reader of Server-Sent Events, and what it is
told when it comes again."""

import json
import socket
import subprocess
import threading

import pytest

from harness import words
from harness.fake_api import VSPC
from harness.net import eventually

PATH = "/api/v1/events"


class Listener:
    """A curl that listens; .events grows, .last_id is where it is."""

    def __init__(self, process):
        self.events = []
        self.last_id = None
        self.process = process
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            if line.startswith(b"id: "):
                self.last_id = line[4:].decode().strip()
            elif line.startswith(b"data: "):
                event = json.loads(line[6:])
                assert event["id"] == self.last_id
                self.events.append(event)

    def greet(self):
        eventually(lambda: self.last_id, "a first id")
        return self

    def wait(self, count):
        eventually(lambda: len(self.events) >= count, f"{count} events")
        return self.events

    def told(self, kinds=""):
        return [(e["event"], e.get("name")) for e in self.events
                if e["event"].startswith(kinds)]

    def end(self):
        """Returns the place to continue at."""
        self.process.terminate()
        self.process.wait()
        self.thread.join()
        return self.last_id


@pytest.fixture
def listen(start_process):
    def begin(vspcd, query="", *options):
        process = start_process(
            ["curl", "-sN", "--unix-socket", vspcd.socket, *options,
             f"http://localhost{PATH}{query}"], stderr=None)
        return Listener(process).greet()
    return begin


def test_what_happens_is_told(vspcd, listen):
    everything = listen(vspcd)
    downs = listen(vspcd, "?kind=vm-down&match=web*")
    web = vspcd.vm("web")
    db = vspcd.vm("db")
    client = vspcd.telnet(web)
    eventually(lambda: everything.told("client"), "a client")
    client.close()
    db.close()
    web.close()
    downs.wait(1)
    everything.wait(8)
    # A client's end and its VM's are seen in any order.
    assert everything.told("vm-") == [
        ("vm-new", "web"), ("vm-up", "web"), ("vm-new", "db"), ("vm-up", "db"),
        ("vm-down", "db"), ("vm-down", "web")] or everything.told("vm-")[-2:] \
        == [("vm-down", "web"), ("vm-down", "db")]
    assert everything.told("client") == [("client-attached", "web"),
                                          ("client-detached", "web")]
    assert downs.told() == [("vm-down", "web")]
    up = everything.events[1]
    assert up["uuid"] == web.uuid and up["port"] == web.port
    assert up["console_id"] == f"{web.uuid}/{up['label']}"
    assert up["peer"] == web.address and up["tls"] is False


def test_a_listener_comes_again(vspcd, listen):
    listener = listen(vspcd)
    place = listener.end()
    vms = [vspcd.vm(f"vm-{i}") for i in range(3)]
    again = listen(vspcd, "?kind=vm-up&after=0", "-H",
                   f"Last-Event-ID: {place}")
    again.wait(3)
    place = again.end()
    vms[1].close()
    more = listen(vspcd, f"?after={place}")
    more.wait(1)
    assert again.told() == [("vm-up", f"vm-{i}") for i in range(3)]
    assert more.told() == [("vm-down", "vm-1")]


def test_a_restart_is_a_gap(start_vspcd, listen, tmp_path):
    options = {"env": {"STATE_DIRECTORY": str(tmp_path)}}
    first = start_vspcd(**options)
    listener = listen(first)
    place = listener.end()
    first.stop()
    second = start_vspcd(**options)
    second.vm("web")
    again = listen(second, f"?after={place}")
    again.wait(3)
    assert again.told() == [("gap", None), ("vm-new", "web"), ("vm-up", "web")]
    assert again.events[0]["lost"] is None


def test_audit_events(vspcd, listen):
    listener = listen(vspcd, "?kind=audit")
    web = vspcd.vm("web")
    eventually(lambda: [e for e in listener.events
                        if e["audit"]["message"] == words.VM_CONNECTED],
               "the audit event of a VM")
    event = listener.events[-1]
    assert event["audit"]["console"] == "web"
    assert event["audit"]["peer"] == web.address


def test_vspc_prints_events(vspcd, start_process):
    vspcd.vm("web")

    def run(*args):
        return [VSPC, "--server", f"unix:{vspcd.socket}", "events", *args]

    def up():
        lines = subprocess.run(run("--kind", "vm-up"), check=True, timeout=60,
                               stdout=subprocess.PIPE).stdout.splitlines()
        return lines[:1]

    eventually(up, "the event")
    event = json.loads(up()[0])
    assert event["event"] == "vm-up" and event["name"] == "web"
    follower = start_process(run("-f", "--kind", "vm-up"))
    assert json.loads(follower.stdout.readline()) == event
    vspcd.vm("db")
    assert json.loads(follower.stdout.readline())["name"] == "db"


# One that reads nothing is in nobody's way: 1,000 VMs come, and each of 20
# others is told of all of them in order.
def test_one_that_reads_nothing_holds_nobody(start_vspcd, listen):
    vspcd = start_vspcd("--no-vm-ports")
    deaf = socket.socket(socket.AF_UNIX)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(vspcd.socket)
    deaf.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    listeners = [listen(vspcd, "?kind=vm-up") for _ in range(20)]
    names = [f"vm-{i:04}" for i in range(1000)]
    for name in names:
        vspcd.new_vm(name).identify().close()
    for listener in listeners:
        eventually(lambda: len(listener.events) >= len(names), "all events")
    told = listeners[0].told()
    assert sorted(name for _, name in told) == names
    assert all(listener.told() == told for listener in listeners)
    deaf.close()
