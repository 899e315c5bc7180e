"""Random rules at the real doors: clients from several addresses, VMs on
several hosts, and what the model says is what happens on the wire."""

import random

from harness.access_model import (Console, Member, Principal, Rules, Section,
                                  judge, may_gain)
from harness.clients import TelnetClient
from test_access_model import write_rules
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

HOSTS = {"web-1": "127.0.0.1", "web-2": "127.0.0.2", "db": "127.0.0.3"}
CLIENTS = ["127.0.0.1", "127.0.0.4", "127.0.0.5"]
PATTERNS = ["*", "web-*", "web-1", "*-2", "db", "d?", "*/s0", "[!w]*", "x"]
PLACES = ["127.0.0.4", "127.0.0.4/31", "127.0.0.0/8", "10.0.0.0/8", "local"]
MEMBERS = ["anybody", "alice", "unix:wheel", "certificate:*"] + \
    [f"anybody from {place}" for place in PLACES]


def random_rules(rng):
    return Rules(sections=[
        Section(rng.choice(PATTERNS),
                {right: [Member(rng.choice(MEMBERS))]
                 for right in ("admin", "write", "read")
                 if rng.random() < 0.5},
                rng.sample(["127.0.0.1", "127.0.0.2/31", "192.0.2.0/24"],
                           rng.choice([0, 0, 1])))
        for _ in range(rng.randrange(1, 4))])


def assert_allowed(vspcd, vm, source, right, is_asked, serial):
    """serial: bytes that are this client's alone."""
    client = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                     source=source))
    said = client.read_until(b"login: ") if is_asked else b""
    if right == "none":
        said += b"" if is_asked else client.read_all()
    assert b"output" not in said and vm.name.encode() not in said, said
    if right == "none":
        client.close()
        return
    if is_asked:
        client.send(b"\r\n")
    client.read_until(b"output")
    client.send(serial)
    if right == "read":
        client.read_until(b"may only read")
    else:
        vm.read_until(serial)
    client.close()


def test_the_model_at_the_doors(start_vspcd, config):
    """Who may do more by a login is asked for one, and nobody else. What
    somebody typed who may not would be in front of what another one
    typed who may."""
    seed = random.randrange(1 << 32)
    print(f"{seed=}")
    rng = random.Random(seed)
    vspcd = start_vspcd("--config", config("access x {}"), "--client-rate", 0,
                        "--vm-rate", 0)
    vms = [vspcd.vm(name, uri="s0", source=host) for name, host in HOSTS.items()]
    for vm in vms:
        vm.send(b"output")
    asked = 0
    typed = {vm.name: b"" for vm in vms}
    for _ in range(100):
        rules = random_rules(rng)
        text = write_rules(rng, rules)
        config(text)
        hup(vspcd)
        for vm in vms:
            who = Principal(address=rng.choice(CLIENTS))
            console = Console(vm.name, vm.uuid, "s0", HOSTS[vm.name])
            right = judge(rules, who, console).right
            may_type = right not in ("none", "read")
            is_asked = not may_type and may_gain(rules, who, console)
            serial = b"<%d>" % rng.randrange(1 << 32)
            print(text, vm.name, who.address, right, is_asked)
            assert_allowed(vspcd, vm, who.address, right, is_asked, serial)
            asked += is_asked
            if may_type:
                typed[vm.name] += serial
    for vm in vms:
        assert vm.data == b""
    assert all(typed.values()) and asked > 0
