"""What the API shows of a program that works: consoles, clients, people,
moves, the server."""

import json
import re
import subprocess

from harness.net import eventually
from harness.vm import new_uuid

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def get(vspcd, path):
    result = subprocess.run(
        ["curl", "-sSf", "--unix-socket", vspcd.socket,
         "http://localhost/api/v1" + path],
        stdout=subprocess.PIPE, timeout=30, check=True)
    return json.loads(result.stdout)


def names(answer):
    return [item["name"] for item in answer["items"]]


def test_consoles_are_listed_and_shown(vspcd):
    vms = {name: vspcd.vm(name=name, uuid=new_uuid())
           for name in ("web-10", "web-9", "db-1")}
    answer = get(vspcd, "/consoles")
    assert names(answer) == ["db-1", "web-9", "web-10"]
    assert (answer["total"], answer["hidden"]) == (3, 0)
    assert names(get(vspcd, "/consoles?match=web-*&sort=-name")) == [
        "web-10", "web-9"]
    vms["db-1"].send(b"login: ")
    eventually(lambda: get(vspcd, "/consoles/db-1")["output_bytes"] == 7,
               "the output")
    shown = get(vspcd, "/consoles/db-1")
    assert shown["state"] == "connected" and shown["host"] == "127.0.0.1"
    assert shown["port"] == vms["db-1"].port
    assert TIME.fullmatch(shown["last_output"])
    assert shown["last_input"] is None
    vms["db-1"].close()
    eventually(lambda: get(vspcd, "/consoles/db-1")["state"] == "none",
               "the VM's end")
    assert names(get(vspcd, "/consoles?state=none")) == ["db-1"]


def test_who_is_there(vspcd):
    vm = vspcd.vm(name="web-1")
    client = vspcd.telnet(vm)
    client.type(b"ls")
    vm.read_until(b"ls")
    clients = get(vspcd, "/consoles/web-1/clients")["items"]
    assert [c["number"] for c in clients] == [1]
    assert clients[0]["input_bytes"] == 2 and clients[0]["typed_last"]
    assert clients == get(vspcd, "/clients")["items"]
    people = get(vspcd, "/who")["items"]
    assert [(p["name"], p["address"]) for p in people] == [
        (None, "127.0.0.1")]
    assert people[0]["clients"] == clients
    assert TIME.fullmatch(get(vspcd, "/consoles/web-1")["last_input"])


def test_moves_are_remembered(vspcd):
    source = vspcd.vm(name="web-1")
    assert get(vspcd, "/consoles/web-1/moves")["items"] == []
    source.begin()
    assert get(vspcd, "/consoles/web-1")["state"] == "moving"
    destination = vspcd.destination(source).join()
    destination.complete()
    source.wait_closed()
    moves = get(vspcd, "/consoles/web-1/moves")["items"]
    assert [m["outcome"] for m in moves] == ["completed"]
    assert moves[0]["completed"] and moves[0]["took"] >= 0
    assert TIME.fullmatch(moves[0]["ended"])


def test_the_server_says_how_it_is(start_vspcd):
    vspcd = start_vspcd("--web", "127.0.0.1:0", "--console-limit", "77")
    vspcd.vm()
    status = get(vspcd, "/status")
    assert status["consoles"]["connected"] == 1
    assert status["uptime"] >= 0 and TIME.fullmatch(status["started"])
    doors = {door["for"]: door for door in status["doors"]}
    assert doors["socket"]["address"] == vspcd.socket
    assert doors["web"]["address"].startswith("127.0.0.1:")
    assert doors["vms"]["address"].endswith(f":{vspcd.proxy[1]}")
    limits = {limit["name"]: limit
              for limit in get(vspcd, "/limits")["items"]}
    assert limits["consoles"]["limit"] == 77
    assert limits["consoles"]["used"] == 1
    assert limits["open-files"]["used"] > 0


def test_a_list_of_very_many_consoles(vspcd):
    """Longer than any buffer of a connection."""
    uuids = [new_uuid() for _ in range(40)]
    for n, uuid in enumerate(uuids):
        vspcd.vm(name=f"vm-{n}", uuid=uuid).close()
    eventually(lambda: get(vspcd, "/consoles?limit=1")["total"] == len(uuids),
               "the consoles")
    answer = get(vspcd, "/consoles")
    assert names(answer) == [f"vm-{n}" for n in range(len(uuids))]
    assert [item["uuid"] for item in answer["items"]] == uuids
