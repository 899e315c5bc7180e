"""What the API changes of a program that works: input, the keyboard, clients,
consoles, tokens, the configuration."""

import contextlib
import json
import pathlib
import socket
import sqlite3
import subprocess

from harness import words
from harness.net import can_bind, eventually
from test_config import config  # noqa: F401 (a fixture)


def call(vspcd, verb, path, body=None, token=None):
    """(status, answer) of a request by the Unix socket."""
    command = ["curl", "-sS", "--unix-socket", vspcd.socket, "-X", verb,
               "-w", "\n%{http_code}", "http://localhost/api/v1" + path]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d",
                    json.dumps(body)]
    if token is not None:
        command += ["-H", "Authorization: Bearer " + token]
    result = subprocess.run(command, stdout=subprocess.PIPE, timeout=30,
                            check=True)
    text, _, status = result.stdout.decode().rpartition("\n")
    return int(status), json.loads(text)


def post(vspcd, path, body=None, **how):
    status, answer = call(vspcd, "POST", path, body, **how)
    assert status == 200, answer
    return answer


def test_a_text_and_a_break_reach_the_vm(vspcd):
    vm = vspcd.vm(name="web-1")
    answer = post(vspcd, "/consoles/web-1/send", {"data": "root\r"})
    assert answer["sent"] == 5 and answer["console"]["name"] == "web-1"
    vm.read_until(b"root\r")
    post(vspcd, "/consoles/web-1/break", {"sysrq": "h"})
    vm.read_until(b"h")
    vspcd.wait_event(words.API_COMMAND, command="consoles.break",
                     console="web-1", status="200")
    vm.close()
    eventually(lambda: call(vspcd, "GET", "/consoles/web-1")[1]["state"]
               == "none", "the VM's end")
    status, answer = call(vspcd, "POST", "/consoles/web-1/send",
                          {"data": "a"})
    assert (status, answer["error"]["code"]) == (409, "vm-disconnected")


def test_a_call_waits_while_the_vm_moves(vspcd):
    """curl waits meanwhile, and the text is typed at the destination."""
    source = vspcd.vm(name="web-1")
    source.begin()
    destination = vspcd.destination(source).join()
    typing = subprocess.Popen(
        ["curl", "-sS", "--unix-socket", vspcd.socket, "-H",
         "Content-Type: application/octet-stream", "-d", "after the move",
         "http://localhost/api/v1/consoles/web-1/send"],
        stdout=subprocess.PIPE)
    eventually(lambda: call(vspcd, "GET", "/consoles/web-1")[1]["clients"]
               == 1, "the command at the console")
    destination.complete()
    destination.read_until(b"after the move")
    assert json.loads(typing.communicate(timeout=30)[0])["sent"] == 14


def test_who_is_interrupted_types_no_more(vspcd):
    vm = vspcd.vm(name="web-1")
    typing = subprocess.Popen(
        ["curl", "-sS", "--unix-socket", vspcd.socket, "-H",
         "Content-Type: application/octet-stream", "-d", "abc" * 100,
         "http://localhost/api/v1/consoles/web-1/send?pace=1"],
        stdout=subprocess.PIPE)
    vm.read_until(b"a")
    assert call(vspcd, "GET", "/clients")[1]["items"][0]["door"] == "api"
    typing.kill()
    typing.communicate()
    eventually(lambda: call(vspcd, "GET", "/clients")[1]["total"] == 0,
               "the end of the command")
    vspcd.wait_event(words.API_COMMAND, command="consoles.send", status="0")


def test_a_lock_outlives_connections(vspcd):
    vm = vspcd.vm(name="web-1")
    client = vspcd.telnet(vm)
    answer = post(vspcd, "/consoles/web-1/lock", {"reason": "new disk"})
    assert answer["console"]["lock"]["reason"] == "new disk"
    client.read_until(b"has locked the keyboard: new disk")
    client.type(b"discarded")
    post(vspcd, "/consoles/web-1/send", {"data": "typed"})
    vm.read_until(b"typed")
    assert b"discarded" not in bytes(vm.data)
    vspcd.wait_event(words.KEYBOARD_LOCKED, console="web-1")
    post(vspcd, "/consoles/web-1/unlock")
    client.read_until(b"has unlocked the keyboard")
    client.type(b"again")
    vm.read_until(b"again")


def test_clients_are_told_and_disconnected(vspcd):
    vm = vspcd.vm(name="web-1")
    client = vspcd.telnet(vm)
    assert post(vspcd, "/consoles/web-1/message",
                {"text": "down at 5"})["told"] == 1
    client.read_until(b"says: down at 5")
    assert post(vspcd, "/consoles/web-1/disconnect",
                {"all": True, "reason": "enough"})["disconnected"] == 1
    client.read_until(b": enough")
    client.wait_closed()
    status, answer = call(vspcd, "DELETE", "/clients/1")
    assert (status, answer["error"]["code"]) == (404, "not-found")


def test_a_console_is_forgotten(vspcd):
    """Its port is free, and its state does not bring it back."""
    vm = vspcd.vm(name="web-1")
    port = vm.port
    status, answer = call(vspcd, "DELETE", "/consoles/web-1")
    assert (status, answer["error"]["code"]) == (409, "conflict")
    vm.close()
    eventually(lambda: call(vspcd, "GET", "/consoles/web-1")[1]["state"]
               == "none", "the VM's end")
    status, answer = call(vspcd, "DELETE", "/consoles/web-1")
    assert status == 200 and answer["forgotten"] is True
    assert call(vspcd, "DELETE", "/consoles/web-1")[0] == 404
    assert call(vspcd, "GET", "/consoles")[1]["total"] == 0
    assert can_bind(port)


def test_a_token_is_made_used_and_revoked(vspcd):
    vspcd.vm(name="web-1")
    vspcd.vm(name="db-1", uuid="564d0000-0000-0000-0000-000000000001")
    made = post(vspcd, "/tokens", {"name": "ci", "may": "read",
                                   "consoles": "web-*"})
    token = made["token"]
    assert made["state"] == "holds" and made["last_used"] is None
    status, answer = call(vspcd, "GET", "/consoles", token=token)
    assert status == 200
    assert [c["name"] for c in answer["items"]] == ["web-1"]
    assert call(vspcd, "POST", "/consoles/web-1/send", {"data": "a"},
                token=token)[0] == 403
    assert call(vspcd, "POST", "/tokens", {"name": "cd"}, token=token)[0] \
        == 403
    explained = call(vspcd, "GET", "/access/explain?principal=token:ci"
                     "&console=web-1")[1]
    assert explained["right"] == "read" and explained["explanation"]
    listed = call(vspcd, "GET", "/tokens")[1]["items"]
    assert [t["name"] for t in listed] == ["ci"] and token not in str(listed)
    assert call(vspcd, "DELETE", "/tokens/ci")[1]["state"] == "revoked"
    assert call(vspcd, "GET", "/consoles", token=token)[0] == 401
    assert token not in vspcd.log


def test_the_configuration_is_shown_checked_and_loaded(start_vspcd, config):
    path = config("client-limit = 1\n")
    vspcd = start_vspcd("--config", path)
    status, answer = call(vspcd, "GET", "/config")
    settings = {s["name"]: s for s in answer["items"]}
    assert status == 200 and answer["file"] == str(path)
    assert settings["client-limit"]["value"] == "1"
    assert settings["client-limit"]["source"] == "file"
    assert settings["client-limit"]["line"] == 1
    assert settings["proxy-iface"]["source"] == "command line"

    checked = post(vspcd, "/config/check", {"text": "client-limit = 2\n"
                                            "console-limit = 9\n"})
    assert checked["ok"] and {c["name"] for c in checked["changes"]} == {
        "client-limit", "console-limit"}
    checked = post(vspcd, "/config/check", {"text": "client-limit = no\n"})
    assert not checked["ok"] and checked["problems"][0]["line"] == 1
    assert post(vspcd, "/config/check")["changes"] == []

    config("client-limit = 2\n")
    loaded = post(vspcd, "/config/reload")
    assert loaded["changes"] == [{"name": "client-limit", "value": "2",
                                  "before": "1", "needs_restart": False}]
    config("client-limit = no\n")
    status, answer = call(vspcd, "POST", "/config/reload")
    assert status == 409 and "client-limit" in answer["error"]["message"]
    assert answer["problems"][0]["line"] == 1
    settings = {s["name"]: s for s in call(vspcd, "GET", "/config")[1]["items"]}
    assert settings["client-limit"]["value"] == "2"


def test_a_reload_that_takes_the_rights_of_who_asks(start_vspcd, config):
    """The answer may be there or not; the program goes on."""
    vspcd = start_vspcd("--config", config(
        'access "*" { admin = {"root", "user:nobody"} }\n'))
    config('access "*" { read = {"user:nobody"} }\n')
    call(vspcd, "POST", "/config/reload")
    vspcd.wait_event(words.RELOADED)
    vm = vspcd.vm(name="web-1")
    vm.send(b"alive")


def test_a_token_that_nobody_has_seen_is_revoked(vspcd):
    """Its maker goes while the disk is busy: another process has the file."""
    post(vspcd, "/tokens", {"name": "first"})
    path = pathlib.Path(vspcd.socket).parent / "state.db.tokens"
    body = json.dumps({"name": "ci"}).encode()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with socket.socket(socket.AF_UNIX) as maker:
            maker.connect(vspcd.socket)
            maker.sendall(
                b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % len(body) + body)
            vspcd.wait_idle()
        vspcd.wait_idle()
        db.execute("COMMIT")
    vspcd.wait_event(words.TOKEN_ENDED, token="ci", principal="vspcd")
    listed = call(vspcd, "GET", "/tokens")[1]["items"]
    assert [(t["name"], t["state"]) for t in listed] == [
        ("first", "holds"), ("ci", "revoked")]
