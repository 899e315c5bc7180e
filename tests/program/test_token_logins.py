"""Tokens at consoles' ports: what one opens, within which bounds, and that it
ends when the token does."""

import contextlib
import os
import pwd
import re

import pytest

from harness import words
from harness.clients import TelnetClient
from harness.net import PortBlock
from test_config import config  # noqa: F401 (a fixture)
from test_tokens import token  # noqa: F401 (a fixture)

# Accounts that every system has.
OWNER = pwd.getpwuid(0).pw_name
OTHER = "nobody"
RULES = f"""\
access "db*" {{ admin = {{"{OWNER}"}} }}
access "*" {{ write = {{"{OWNER}", "{OTHER}"}} read = {{"token:watcher"}} }}
"""


@pytest.fixture
def start(start_vspcd, config, tmp_path):
    """start(rules): a vspcd that reads the tokens of the command."""
    def again(rules=RULES, *options, **others):
        return start_vspcd("--config", config(rules), *options,
                           env={"STATE_DIRECTORY": str(tmp_path)}, **others)
    return again


def log_in(vspcd, vm_or_port, secret, name=b"any"):
    port = getattr(vm_or_port, "port", vm_or_port)
    client = vspcd.keep(TelnetClient(vspcd.console_address(port)))
    client.read_until(b"login: ")
    client.send(name + b"\r")
    client.read_until(b"Password: ")
    client.send(secret.encode() + b"\r")
    return client


def attached(vspcd, client):
    return vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)


def make(token, vspcd, name, *args, owner=OWNER):
    secret = token.create(name, "--token-owner", owner, *args)
    vspcd.wait_event(words.TOKEN_CREATED, token=name)
    return secret


def test_a_token_acts_for_its_owner(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    client = log_in(vspcd, vm, make(token, vspcd, "ci", "--token-right",
                                    "admin", owner=OTHER))
    has = attached(vspcd, client)
    assert (has["right"], has["proof"]) == ("write", "token")
    assert has["principal"] == f"token ci (for {OTHER})"
    client.send(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"


def test_it_has_no_more_than_its_right(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    client = log_in(vspcd, vm, make(token, vspcd, "ci"))
    assert attached(vspcd, client)["right"] == "read"
    client.send(b"ls\r")
    client.read_until(b"you may only read")
    vm.send(b"output")
    client.read_until(b"output")


def test_it_has_no_other_consoles(token, start):
    vspcd = start()
    web, db = vspcd.vm("web"), vspcd.vm("db")
    secret = make(token, vspcd, "ci", "--token-consoles", "web*")
    attached(vspcd, log_in(vspcd, web, secret))
    client = log_in(vspcd, db, secret)
    assert b"db" not in client.read_all()


def test_an_owner_without_account_lends_nothing(token, start):
    vspcd = start(RULES.replace(OTHER, "nobody-yet"))
    vm = vspcd.vm("web")
    client = log_in(vspcd, vm, make(token, vspcd, "ci", owner="nobody-yet"))
    client.read_all()
    assert not vspcd.events(words.CLIENT_CONNECTED)


def test_what_is_no_token_is_wrong(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    secret = make(token, vspcd, "ci")
    mistyped = secret[:20] + ("a" if secret[20] == "b" else "b") + secret[21:]
    for wrong in (mistyped, secret[:-1], "vspc_"):
        client = log_in(vspcd, vm, wrong)
        client.read_until(b"Login incorrect")
        client.close()
    for text in (secret[5:48], mistyped[5:48]):
        assert text not in vspcd.log


def test_what_is_open_ends_with_the_token(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    gone = log_in(vspcd, vm, make(token, vspcd, "gone"))
    stays = log_in(vspcd, vm, make(token, vspcd, "stays"))
    attached(vspcd, gone)
    attached(vspcd, stays)
    token.revoke("gone")
    vspcd.wait_event(words.TOKEN_ENDED, token="gone")
    assert b"its token was revoked" in gone.read_all()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=gone.address,
                     reason="its token was revoked or has expired")
    vm.send(b"later")
    stays.read_until(b"later")


def test_the_menu_ends_with_the_token(token, start):
    ports = PortBlock()
    port = ports.take()
    vspcd = start(RULES, "--menu-port", port, ports=ports)
    vspcd.vm("web")
    client = log_in(vspcd, port, make(token, vspcd, "ci"))
    client.read_until(b"web")
    token.revoke("ci")
    assert b"its token was revoked" in client.read_all()
    ports.close()


def test_what_is_open_ends_when_the_token_expires(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    client = log_in(vspcd, vm, make(token, vspcd, "short", "--token-expires",
                                    "4"))
    attached(vspcd, client)
    vspcd.wait_event(words.TOKEN_ENDED, token="short", reason="expired")
    client.read_all()


def test_a_use_is_kept_and_a_new_address_is_told(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    secret = make(token, vspcd, "ci")
    for _ in range(2):
        client = log_in(vspcd, vm, secret)
        attached(vspcd, client)
        client.close()
    [has] = vspcd.events(words.TOKEN_USED_ELSEWHERE)
    assert (has["principal"], has["peer"]) == ("ci", "127.0.0.1")
    vspcd.stop()
    has = token.list()["ci"]
    assert has["from"] == "127.0.0.1" and has["used"] != "never"
    vspcd = start()
    vm = vspcd.vm("web")
    attached(vspcd, log_in(vspcd, vm, secret))
    assert not vspcd.events(words.TOKEN_USED_ELSEWHERE)


def memory_of(pid):
    """What a process has in its memory, part by part."""
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            first, last, mode, name = re.match(
                r"(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)", line).groups()
            size = int(last, 16) - int(first, 16)
            if "r" not in mode or name.startswith("[v") or size > 1 << 30:
                continue
            memory.seek(int(first, 16))
            with contextlib.suppress(OSError):
                yield memory.read(size)


@pytest.mark.skipif(os.getuid() != 0, reason="nobody else reads its memory")
def test_a_secret_that_was_presented_is_wiped(token, start):
    vspcd = start()
    vm = vspcd.vm("web")
    secret = make(token, vspcd, "ci", "--token-right", "write")
    client = log_in(vspcd, vm, secret, b"somebody")
    attached(vspcd, client)
    client.send(b"ls\r")
    vm.read_until(b"ls\r")
    memory = list(memory_of(vspcd.process.pid))
    assert any(b"token ci (for " in part for part in memory)
    assert not any(secret[8:40].encode() in part for part in memory)
    assert secret[8:40] not in vspcd.log
