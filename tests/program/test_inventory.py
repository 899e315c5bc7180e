"""The inventory: a file that changes, a program that does what it wants, and
what consoles, lists and rights make of it."""

import json
import os
import subprocess

import pytest

from harness import words
from harness.net import eventually
from harness.programs import SOURCE
from test_api_lists import get, names
from test_config import config, run  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_vspc import vspc

COLUMNS = "uuid,name,folder,host,owner,tags\n"
WEB = "564d0000-0000-0000-0000-000000000001"
DB = "564d0000-0000-0000-0000-000000000002"


def line(uuid, folder="", host="", owner="", tags="", name=""):
    return f'{uuid},{name},{folder},{host},{owner},"{tags}"\n'


@pytest.fixture
def inventory(tmp_path):
    """Writes the file: renamed over the former one, as people should."""
    path = tmp_path / "inventory.csv"

    def write(text, in_place=False):
        new = path if in_place else tmp_path / "inventory.new"
        new.write_text(text)
        new.chmod(0o644)
        if not in_place:
            new.rename(path)
        return path

    return write


def program(tmp_path, body):
    path = tmp_path / "program"
    new = tmp_path / "program.new"
    new.write_text("#!/bin/sh\n" + body)
    new.chmod(0o755)
    new.rename(path)
    return path


def of(vspcd, console):
    return get(vspcd, f"/consoles/{console}")["inventory"]


def loaded(vspcd, **fields):
    return vspcd.wait_event(words.INVENTORY_LOADED, **fields)


def refused(vspcd, reason):
    eventually(lambda: any(reason in event["reason"] for event in
                           vspcd.events(words.INVENTORY_NOT_LOADED)),
               f"the reason {reason}")


def test_lists_show_find_and_sort_it(start_vspcd, inventory):
    path = inventory(COLUMNS +
                     line(WEB, "/prod/web", "esx-1", "alice", "web,linux",
                          "Web 1") + line(DB.upper(), "/prod/db"))
    vspcd = start_vspcd("--inventory", path)
    loaded(vspcd, vms="2", changed="2")
    for name, uuid in (("web", WEB), ("db", DB), ("other", None)):
        vspcd.vm(name=name, **({"uuid": uuid} if uuid else {}))
    assert of(vspcd, "web") == {
        "folder": "/prod/web", "host": "esx-1", "owner": "alice",
        "tags": ["web", "linux"], "name": "Web 1"}
    assert of(vspcd, "db") == {"folder": "/prod/db", "host": None,
                               "owner": None, "tags": [], "name": None}
    assert of(vspcd, "other") is None
    for query, found in (
            ("match=folder:/prod/*", ["db", "web"]),
            ("match=tag:linux", ["web"]), ("match=owner:al*", ["web"]),
            ("match=host:ESX-*", ["web"]), ("match=folder:", ["other"]),
            ("match=tag:", ["db", "other"]), ("search=PROD", ["db", "web"]),
            ("search=linux", ["web"]), ("sort=folder", ["db", "web", "other"]),
            ("sort=-folder", ["other", "web", "db"]),
            ("sort=owner", ["web", "db", "other"])):
        assert names(get(vspcd, "/consoles?" + query)) == found, query
    assert get(vspcd, "/consoles?fields=inventory&match=db")["items"] == [
        {"inventory": of(vspcd, "db")}]


def test_vspc_lists_what_it_is_asked_for(start_vspcd, inventory):
    path = inventory(COLUMNS + line(WEB, "/prod/web", "esx-1", "alice",
                                    "web,linux"))
    vspcd = start_vspcd("--inventory", path)
    vspcd.vm(name="web", uuid=WEB)
    vspcd.vm(name="other")

    def rows(*arguments):
        result = vspc(vspcd, "list", *arguments)
        return [row.split() for row in result.stdout.splitlines()]

    wide = rows("-o", "wide", "tag:linux")
    assert wide[0][-4:] == ["FOLDER", "OWNER", "TAGS", "ON"]
    assert wide[1][-5:] == ["/prod/web", "alice", "web,", "linux", "esx-1"]
    assert "FOLDER" not in rows("-o", "wide", "other")[0]
    assert rows("--columns", "folder,name,locked-by", "--sort", "folder") == [
        ["FOLDER", "NAME", "LOCKED", "BY"], ["/prod/web", "web", "-"],
        ["-", "other", "-"]]
    assert rows("--columns", "name", "--search", "alice")[1:] == [["web"]]
    for columns in ("colour", "", "name,,folder"):
        assert vspc(vspcd, "list", "--columns", columns).returncode == 2
    assert "/prod/web" in vspc(vspcd, "show", "web").stdout


def test_a_file_is_read_again_when_it_changes(start_vspcd, inventory):
    path = inventory(COLUMNS + line(WEB, "/a"))
    vspcd = start_vspcd("--inventory", path)
    vspcd.vm(name="web", uuid=WEB)
    assert of(vspcd, "web")["folder"] == "/a"
    inventory(COLUMNS + line(WEB, "/b"))
    loaded(vspcd, changed="1")
    eventually(lambda: of(vspcd, "web")["folder"] == "/b", "the other file")
    # Torn, or not there: the former content stays. SIGHUP looks at once.
    inventory(COLUMNS + line(WEB, "/c").rstrip("\n"), in_place=True)
    hup(vspcd)
    refused(vspcd, f"{path}:2: the last line has no end")
    path.unlink()
    hup(vspcd)
    refused(vspcd, "No such file")
    assert of(vspcd, "web")["folder"] == "/b"
    assert get(vspcd, "/status")["health"]["inventory"] == "failing"
    # The former content, too, is news then.
    inventory(COLUMNS + line(WEB, "/b"))
    loaded(vspcd, changed="0")
    assert get(vspcd, "/status")["health"]["inventory"] == "ok"
    # The other format, and a line too much.
    inventory(json.dumps([{"uuid": WEB, "folder": "/d"}, {"uuid": "no"}]))
    hup(vspcd)
    loaded(vspcd, vms="1", **{"left-out": "1"})
    assert vspcd.events(words.INVENTORY_VM_LEFT_OUT)[0]["line"] == "1"
    eventually(lambda: of(vspcd, "web")["folder"] == "/d", "JSON")


def test_what_everybody_may_write_is_not_read(start_vspcd, inventory):
    path = inventory(COLUMNS + line(WEB, "/a"))
    path.chmod(0o666)
    vspcd = start_vspcd("--inventory", path)
    refused(vspcd, "everybody may write it")
    vspcd.vm(name="web", uuid=WEB)
    assert of(vspcd, "web") is None
    path.chmod(0o644)
    loaded(vspcd, vms="1")
    eventually(lambda: of(vspcd, "web") is not None, "the inventory")


def test_a_program_that_works_and_then_does_not(start_vspcd, tmp_path,
                                                config):  # noqa: F811
    path = program(tmp_path, f"printf '{COLUMNS}{WEB},,/a,,,\\n'; env >&2")
    vspcd = start_vspcd("--config",
                        config(f'inventory-program = "{path}"\n'))
    loaded(vspcd, vms="1")
    vspcd.vm(name="web", uuid=WEB)
    for body, reason in (
            ("echo uuid; echo vCenter sleeps >&2; exit 3",
             "exit status 3: vCenter sleeps"),
            ("kill -9 $$", "signal 9"),
            ("printf 'uuid\\n\"'", "has no end"),
            # Nobody reads on: it does not write for ever.
            ("printf 'uuid\\n\"\"'; exec yes", "behind its last quote")):
        program(tmp_path, body)
        hup(vspcd)
        refused(vspcd, reason)
    assert of(vspcd, "web")["folder"] == "/a"
    vspcd.check_works()


def test_a_program_that_hangs_is_ended_with_vspcd(start_vspcd, tmp_path):
    mark = tmp_path / "began"
    path = program(tmp_path, f"trap '' TERM; echo $$ >{mark}.new; "
                             f"mv {mark}.new {mark}; "
                             "while :; do sleep 60; done")
    vspcd = start_vspcd("--inventory-program", path)
    eventually(mark.exists, "the program")
    vspcd.check_works()
    vspcd.stop()
    pid = int(mark.read_text())
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), "its end")


def test_a_program_runs_again_after_its_time(start_vspcd, tmp_path):
    runs = tmp_path / "runs"
    runs.write_text("")
    path = program(tmp_path, f"echo >>{runs}; echo uuid,owner; "
                             f"echo {WEB},$(wc -l <{runs})")
    vspcd = start_vspcd("--inventory-program", path, "--inventory-time", "1")
    vspcd.vm(name="web", uuid=WEB)
    eventually(lambda: of(vspcd, "web")["owner"] == "3", "its third run")


RULES = """
inventory = "%s"
access "folder:/prod/*" { read = {"anybody"} }
access "folder:/lab/*" { write = {"anybody"} }
access "*" { admin = {"anybody"} }
"""


def rights(vspcd):
    return {item["name"]: item["right"]
            for item in get(vspcd, "/consoles")["items"]}


def test_rights_follow_the_folder(start_vspcd, config,  # noqa: F811
                                  inventory):
    path = inventory(COLUMNS + line(WEB, "/lab/x") + line(DB, "/prod/x"))
    vspcd = start_vspcd("--config", config(RULES % path))
    vm = vspcd.vm(name="web", uuid=WEB)
    vspcd.vm(name="db", uuid=DB)
    vspcd.vm(name="other")
    assert rights(vspcd) == {"web": "write", "db": "read", "other": "admin"}
    client = vspcd.telnet(vm)
    client.type(b"ls")
    vm.read_until(b"ls")
    inventory(COLUMNS + line(WEB, "/prod/x") + line(DB, "/prod/x"))
    changed = vspcd.wait_event(words.CLIENT_RIGHT_CHANGED, console="web")
    assert (changed["before"], changed["right"]) == ("write", "read")
    assert rights(vspcd) == {"web": "read", "db": "read", "other": "admin"}


def test_a_wrong_line_opens_nothing(start_vspcd, config,  # noqa: F811
                                    inventory):
    """Whoever may write a VM's notes makes a tag too long, and the line is
    left out: that must not get the VM out of its folder."""
    path = inventory(COLUMNS + line(WEB, "/prod/x", tags="a" * 64))
    vspcd = start_vspcd("--config", config(RULES % path))
    loaded(vspcd, vms="0", **{"left-out": "1"})
    vspcd.vm(name="web", uuid=WEB)
    vspcd.vm(name="other")
    assert rights(vspcd) == {"web": "read", "other": "admin"}
    assert of(vspcd, "web") is None
    assert names(get(vspcd, "/consoles?match=folder:")) == ["other"]


def test_without_an_inventory_nobody_gets_more(start_vspcd,
                                               config,  # noqa: F811
                                               tmp_path, inventory):
    path = tmp_path / "inventory.csv"
    vspcd = start_vspcd("--config", config(RULES % path))
    refused(vspcd, "No such file")
    vspcd.vm(name="web", uuid=WEB)
    vspcd.vm(name="other")
    assert rights(vspcd) == {"web": "read", "other": "read"}
    lines = "\n".join(
        get(vspcd, "/access/explain?principal=alice&console=other")
        ["explanation"])
    assert "of this VM, could not be read" in lines
    inventory(COLUMNS + line(WEB, "/lab/x"))
    loaded(vspcd, vms="1")
    eventually(lambda: rights(vspcd) == {"web": "write", "other": "admin"},
               "the rights that are meant")


def test_a_log_is_in_its_folder_and_stays_there(start_vspcd, tmp_path,
                                                inventory):
    path = inventory(COLUMNS + line(WEB, "/prod/web"))
    logs = tmp_path / "logs"
    vspcd = start_vspcd("--inventory", path, "--logdir", logs, "--log-name",
                        "%{folder}/%{name}.log")
    vm = vspcd.vm(name="web", uuid=WEB)
    other = vspcd.vm(name="other")
    log = logs / "prod_web" / "web.log"
    vm.send(b"before ")
    other.send(b"elsewhere")
    eventually(lambda: log.exists() and log.read_bytes() == b"before ", "it")
    eventually((logs / "_" / "other.log").exists, "the other's log")
    inventory(COLUMNS + line(WEB, "/lab"))
    loaded(vspcd, changed="1")
    vm.send(b"after")
    eventually(lambda: log.read_bytes() == b"before after", "both")
    assert not (logs / "lab").exists()


def test_groups_have_metrics(start_vspcd, config, inventory):  # noqa: F811
    path = inventory(COLUMNS + line(WEB, "/prod", tags="a,b") +
                     line(DB, "/prod"))
    text = f'inventory = "{path}"\ninventory-metrics = %s\n'
    vspcd = start_vspcd("--config", config(text % "folder"))
    vm = vspcd.vm(name="web", uuid=WEB)
    vspcd.vm(name="db", uuid=DB)
    vspcd.vm(name="other").close()
    vm.send(b"12345")

    def metrics():
        result = subprocess.run(
            ["curl", "-sSf", "--unix-socket", vspcd.socket,
             "http://localhost/metrics"],
            stdout=subprocess.PIPE, text=True, timeout=30, check=True)
        return {name.removeprefix("vspcd_group_"): int(value) for name, value
                in (row.rsplit(" ", 1) for row in result.stdout.splitlines()
                    if row.startswith("vspcd_group_"))}

    def known(**of):
        return {f'{name}{{group="{group}"}}': value for name, groups in
                of.items() for group, value in groups.items()}

    eventually(lambda: metrics() == known(
        consoles={"/prod": 2, "": 1}, vms_connected={"/prod": 2, "": 0},
        clients={"/prod": 0, "": 0}, output_bytes={"/prod": 5, "": 0}),
        "the groups")
    config(text % "tag")
    hup(vspcd)
    eventually(lambda: 'consoles{group="b"}' in metrics(), "tags")
    config(text % "off")
    hup(vspcd)
    eventually(lambda: metrics() == {}, "none")


def test_hooks_are_told_of_it(start_vspcd, tmp_path, inventory):
    path = inventory(COLUMNS + line(WEB, "/prod/web", owner="alice"))
    told = tmp_path / "told"
    hook = program(tmp_path, f"echo \"$VSPCD_NAME $VSPCD_FOLDER "
                             f"${{VSPCD_OWNER-nobody}}\" >>{told}")
    vspcd = start_vspcd("--inventory", path, "--hook", f"{hook},events=vm-up")
    told.write_text("")
    vspcd.vm(name="web", uuid=WEB)
    eventually(lambda: told.read_text() == "web /prod/web alice\n", "one")
    vspcd.vm(name="other")
    eventually(lambda: told.read_text().endswith("other  nobody\n"), "two")


def test_what_is_wrong_is_said_by_check_config(config,  # noqa: F811
                                               inventory):
    rules = RULES.replace('inventory = "%s"\n', "")
    result = run("--config", config(rules), "--check-config")
    assert result.returncode == 1
    assert "access 'folder:/prod/*' needs inventory" in result.stderr
    path = inventory("uuid,owner\nx,\"\n")
    result = run("--config", config(RULES % path), "--check-config")
    assert f"{path}:3: a text in quotes has no end" in result.stderr
    result = run("--inventory", path, "--inventory-program", path,
                 "--check-config")
    assert "excludes inventory" in result.stderr
    result = run("--inventory-program", path, "--check-config")
    assert "cannot be run" in result.stderr


GOVC = '''#!/usr/bin/python3
import json, os, sys
assert os.environ["GOVC_URL"] == "vc.example.org", os.environ
NAMES = {"d": [("Datacenter", "dc-1", {"name": "DC 1"})],
         "f": [("Folder", "group-v1", {"name": "vm", "parent": "dc-1"}),
               ("Folder", "group-v2", {"name": "prod", "parent": "group-v1"})],
         "h": [("HostSystem", "host-7", {"name": "esx-7"})],
         "m": [("VirtualMachine", "vm-1", {
                    "name": "web", "parent": "group-v2",
                    "config.instanceUuid": "%s", "runtime.host": "host-7",
                    "config.annotation": "Owner: alice\\ntags: a, b"}),
               ("VirtualMachine", "vm-2", {
                    "name": "odd", "config.uuid": "%s"})]}
def value(name, text):
    if name in ("parent", "runtime.host"):
        return {"type": "X", "value": text}
    return {"_typeName": "string", "_value": text} if NEW else text
NEW = %s
kind = sys.argv[sys.argv.index("-type") + 1]
for type_, id_, has in NAMES[kind]:
    key = (lambda k: k) if NEW else lambda k: k[:1].upper() + k[1:]
    print(json.dumps({key("kind"): "enter",
                      key("obj"): {key("type"): type_, key("value"): id_},
                      key("changeSet"): [
                          {key("name"): n, key("op"): "assign",
                           key("val"): value(n, v)} for n, v in has.items()]}))
'''


@pytest.mark.parametrize("is_new", [True, False])
def test_the_sample_asks_govc(tmp_path, is_new):
    """A govc of its own, new or old, prints what the real one does."""
    govc = tmp_path / "govc"
    govc.write_text(GOVC % (WEB, DB, is_new))
    govc.chmod(0o755)
    settings = tmp_path / "govc.env"
    settings.write_text("# vCenter\nGOVC_URL='vc.example.org'\n")
    result = subprocess.run(
        [SOURCE / "dist/inventory/govc-inventory", settings],
        capture_output=True, text=True, timeout=30, check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == [
        {"uuid": WEB, "name": "web", "folder": "/DC 1/prod", "host": "esx-7",
         "owner": "alice", "tags": "a, b"},
        {"uuid": DB, "name": "odd", "folder": "", "host": "", "owner": "",
         "tags": ""}]
    made = tmp_path / "inventory.json"
    made.write_text(result.stdout)
    made.chmod(0o644)
    assert run("--inventory", made, "--check-config").returncode == 0
