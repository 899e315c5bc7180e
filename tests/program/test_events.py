"""Events by the API: curl as a reader of Server-Sent Events, python3-websockets
as one of WebSockets, and what they are told when they come again."""

import asyncio
import json
import subprocess
import threading

import pytest
import websockets

from harness import words
from harness.clients import RawClient
from harness.fake_api import VSPC
from harness.net import eventually
from harness.websocket import dial_unix

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
    everything.wait(7)
    web.close()
    downs.wait(1)
    everything.wait(8)
    assert everything.told("vm-") == [
        ("vm-new", "web"), ("vm-up", "web"), ("vm-new", "db"), ("vm-up", "db"),
        ("vm-down", "db"), ("vm-down", "web")]
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


def test_a_lock_and_a_limit_are_told(start_vspcd, listen):
    vspcd = start_vspcd("--client-limit", 1)
    web = vspcd.vm("web")
    listener = listen(vspcd, "?kind=keyboard-locked,limit-reached")
    vspcd.telnet(web)
    subprocess.run([VSPC, "--server", f"unix:{vspcd.socket}", "lock", "web",
                    "--reason", "new disk"], check=True, timeout=60)
    listener.wait(1)
    refused = vspcd.keep(RawClient(vspcd.console_address(web.port)))
    refused.wait_closed()
    locked, limit = listener.wait(2)
    assert locked["reason"] == "new disk" and locked["by"]
    assert limit["limit"] == "client-limit" and limit["others"] == 0
    assert limit["peer"] == refused.address


def test_audit_events(vspcd, listen):
    listener = listen(vspcd, "?kind=audit")
    web = vspcd.vm("web")

    def connected():
        return [e for e in listener.events
                if e["audit"]["message"] == words.VM_CONNECTED]

    eventually(connected, "the audit event of a VM")
    event = connected()[0]
    assert event["audit"]["console"] == "web"
    assert event["audit"]["peer"] == web.address


# ---- WebSockets -------------------------------------------------------------

def listen_by_websocket(vspcd, query, act=None, count=None, **options):
    """What came: an id, then events, up to so many or to the close, whose code
    is the last one. act runs when the first id is there."""
    got = []

    async def run():
        async with websockets.unix_connect(
                vspcd.socket, f"ws://localhost{PATH}{query}",
                **options) as socket_:
            try:
                while count is None or len(got) < count + 1:
                    text = await asyncio.wait_for(socket_.recv(), 30)
                    got.append(json.loads(text))
                    if act and len(got) == 1:
                        await asyncio.get_running_loop().run_in_executor(
                            None, act)
            except websockets.ConnectionClosed as closed:
                got.append(closed.code)
    asyncio.run(run())
    return got


def test_a_websocket_is_told(vspcd):
    place, new, up = listen_by_websocket(vspcd, "", lambda: vspcd.vm("web"), 2)
    assert place["event"] == "place"
    assert "2020" <= place["time"] <= new["time"]
    assert new["event"] == "vm-new" and up["event"] == "vm-up"
    # It comes again, behind the first one.
    _, again, code = listen_by_websocket(
        vspcd, f"?after={new['id']}&follow=false")
    assert again == up and code == 1000
    # And before both.
    _, *both, _ = listen_by_websocket(
        vspcd, "?follow=false", extra_headers={"Last-Event-ID": place["id"]})
    assert both == [new, up]


@pytest.mark.parametrize("query, code", [
    ("?kind=vm-dwon", 1008), ("?after=1", 1008), ("?match=%5B", 1008)])
def test_a_wrong_wish_is_a_close(vspcd, query, code):
    assert listen_by_websocket(vspcd, query) == [code]


def test_the_end_of_vspcd_is_a_close(vspcd):
    place, code = listen_by_websocket(vspcd, "", vspcd.process.terminate)
    assert place["event"] == "place" and code == 1012


# ---- the rest ---------------------------------------------------------------

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
    follower = start_process(
        ["timeout", "60", *run("-f", "--kind", "vm-up")], stderr=None)
    assert json.loads(follower.stdout.readline()) == event
    vspcd.vm("db")
    assert json.loads(follower.stdout.readline())["name"] == "db"


# One that reads nothing is in nobody's way: 1,000 VMs come, and each of 20
# others is told of all of them in order.
def test_one_that_reads_nothing_holds_nobody(start_vspcd, listen):
    vspcd = start_vspcd("--no-vm-ports")
    deaf = [dial_unix(vspcd.socket) for _ in range(2)]
    request = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n"
    deaf[0].sendall(f"{request}\r\n".encode())
    deaf[1].sendall(f"{request}Connection: Upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    "\r\n".encode())
    listeners = [listen(vspcd, "?kind=vm-up") for _ in range(20)]
    names = [f"vm-{i:04}" for i in range(1000)]
    for name in names:
        vspcd.new_vm(name).identify().close()
    for listener in listeners:
        eventually(lambda: len(listener.events) >= len(names), "all events")
    told = listeners[0].told()
    assert sorted(name for _, name in told) == names
    assert all(listener.told() == told for listener in listeners)
    for one in deaf:
        one.close()
