"""What is entered into vSphere, as the server and vspc say it: each text is
read by its own reader, or by one that knows its language's quotes."""

import ast
import configparser
import json
import os
import re
import shlex
import socket
import stat
import subprocess
import sys
import textwrap
import xml.dom.minidom

import pytest

from harness import words
from harness.fake_api import Answer, FakeApi, console, error, run_vspc
from harness.programs import BUILD, SOURCE, clean_environment
from harness.vm import UUID, new_uuid

SHA1 = "64:36:79:1D:05:2B:78:CF:EA:98:4C:FF:8C:8A:2C:40:E2:89:23:CC"
SHA256 = ("39:BA:85:5A:3B:F0:E7:11:C6:9E:8C:A2:3F:1D:BA:3A:56:A4:AB:2A:B1:C0:"
          "BF:B5:E3:06:E5:35:A8:FD:ED:85")
HOST = "vspc.example.org"
URI = f"telnets://{HOST}:13370#thumbprint={SHA1}"
HOSTILE = ["we\"b $x'01", "a`id`$(id)\\", "\u2018quote\u2019; exit",
           "${x} %{y} {{ z }}", "line\nend", "<&>]]>#|%s", "-vm", "\u202egnp",
           "\x1b[201~\tid", "\u00d1\u2018'; id #", "\U0001f600\u0151"]


@pytest.fixture
def fake():
    server = FakeApi()
    server.listeners = {
        "listeners": [{"address": "0.0.0.0", "port": 13370,
                       "tls": "telnets"}],
        "addresses": ["192.0.2.5", "2001:db8::5"],
        "names": [HOST, "localhost", "vspc"],
        "certificate": {"names": [HOST, "localhost"], "sha1": SHA1,
                        "sha256": SHA256},
        "tls_min": "1.2", "vm_keys": "off", "vm_certs": "off",
        "services": {"listen": [], "connect": []}}
    server.on("GET", "/vm-listeners",
              lambda request: Answer(server.listeners))
    yield server
    server.close()


def text(fake, target, *args, **options):
    result = fake.run("uri", "--for", target, *args, **options)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def vms_file(path, *rows):
    def field(value):
        return '"' + value.replace('"', '""') + '"'
    path.write_text("".join(",".join(map(field, row)) + "\n" for row in rows))
    return path


def parsed(uri, place="proxy"):
    """As our own reader understands it."""
    result = subprocess.run(
        [BUILD / "vspcd", "--config", "/dev/null", "--check-uri", uri,
         "--check-uri-as", place],
        capture_output=True, text=True, timeout=30, env=clean_environment())
    assert result.returncode == 0, result
    return result.stdout


# ---- the server -------------------------------------------------------------

def test_the_server_says_how_it_is_reached(start_vspcd, tmp_path):
    state = {"STATE_DIRECTORY": str(tmp_path)}
    vspcd = start_vspcd("--tls", "offered", env=state)
    shown = subprocess.run(
        [BUILD / "vspcd", "--config", "/dev/null", "--show-tls"],
        capture_output=True, text=True, timeout=30, check=True,
        env=clean_environment(state)).stdout
    answer = json.loads(subprocess.run(
        ["curl", "-sSf", "--unix-socket", vspcd.socket,
         "http://localhost/api/v1/vm-listeners"],
        stdout=subprocess.PIPE, timeout=30, check=True).stdout)
    assert answer["listeners"] == [
        {"address": "127.0.0.1", "port": vspcd.proxy[1], "tls": "offered"}]
    assert answer["addresses"] == []
    assert "localhost" in answer["names"]
    certificate = answer["certificate"]
    assert certificate["sha1"] in shown and certificate["sha256"] in shown
    assert certificate["pem"] == (tmp_path / "certificate.pem").read_text()
    assert certificate["is_self_signed"]
    assert "vspc uri" in shown


def test_callers_who_do_not_wait_are_let_go(vspcd):
    """While a thread looks for addresses."""
    for _ in range(30):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(vspcd.socket)
            s.sendall(b"GET /api/v1/vm-listeners HTTP/1.1\r\n"
                      b"Host: localhost\r\n\r\n")
    assert run_vspc("-s", vspcd.socket, "uri").returncode == 0
    vspcd.check_works()


@pytest.mark.parametrize("how", [
    (), ("--verify", "sha256"), ("--tls", "offered"),
    ("--tls", "off", "--verify", "none")])
def test_a_vm_connects_by_it(start_vspcd, start_program, how):
    # A VM's end that is asked for TLS within telnet begins it by itself.
    vspcd = start_vspcd("--tls", "offered" if "offered" in how else "telnets")
    answer = json.loads(run_vspc("-s", vspcd.socket, "uri", "-o", "json",
                                 *how).stdout)
    assert answer["host"] == "127.0.0.1"
    start_program([BUILD / "vspc-vm", "--proxy", answer["uri"], "--name",
                   "web-01", "--uri", answer["vms"][0]["port_uri"],
                   "--exec", "cat"])
    has = vspcd.wait_event(words.VM_CONNECTED, console="web-01")
    assert has["tls"] == ("no" if "off" in how else "yes")


# ---- the short answer -------------------------------------------------------

def test_the_answer_for_people(fake):
    result = fake.run("uri")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert f"  vSPC URI:             {URI}" in lines
    assert "  Port URI:             s0" in lines
    assert f"Host    {HOST}: a name in its certificate" in lines
    assert [line for line in lines if len(line) > 80] == [
        f"  vSPC URI:             {URI}"]
    for other in ("vspc", "192.0.2.5", "2001:db8::5"):
        assert re.search(rf"--host .* {re.escape(other)}(,|$)",
                         result.stdout, re.M)


def test_all_in_json(fake):
    answer = json.loads(text(fake, "all", "-o", "json", "--vm", "a", "--uuid",
                             UUID, "--label", "s1"))
    assert answer["uri"] == URI and answer["port"] == 13370
    assert answer["vms"] == [{"name": "a", "uuid": UUID, "port_uri": "s1"}]
    assert set(answer["texts"]) == {
        "vsphere", "govc", "powercli", "pyvmomi", "ansible", "terraform",
        "vmx", "nova", "libvirt", "qemu"}
    for name, one in answer["texts"].items():
        assert "@@" not in one, name
        assert one == text(fake, name, "--vm", "a", "--uuid", UUID, "--label",
                           "s1")


@pytest.mark.parametrize("args, uri", [
    ((), URI),
    (("--verify", "sha256"),
     f"telnets://{HOST}:13370#thumbprint={SHA256}"),
    (("--verify", "none"), f"telnets://{HOST}:13370"),
    (("--tls", "off"), f"telnet://{HOST}:13370"),
    (("--verify", "ca"),
     f"telnets://{HOST}:13370#verify&peerName={HOST}"),
    (("--host", "2001:db8::5"),
     f"telnets://[2001:db8::5]:13370#thumbprint={SHA1}")])
def test_our_own_reader_reads_it(fake, args, uri):
    answer = json.loads(text(fake, "vmx", "-o", "json", "-q", *args))
    assert answer["uri"] == uri
    shown = parsed(uri)
    assert answer["host"] in shown and "13370" in shown


@pytest.mark.parametrize("args, code, says", [
    (("--for", "vcloud"), 2, "--for vcloud: expected vsphere"),
    (("-o", "yaml"), 2, "-o yaml: expected text or json"),
    (("--tls", "offered"), 2, "--tls offered: no port"),
    (("--host", "a b"), 2, "--host a b: expected a name"),
    (("--host", "vspc:13370"), 2, "--host vspc:13370: expected a name"),
    (("--host", "https://vspc"), 2, "without scheme and port"),
    (("--host", ""), 2, "expected a name"),
    (("--uuid", UUID), 2, "--uuid needs --vm"),
    (("--vm", "a", "--uuid", "x"), 2, "x is no UUID"),
    (("--vm", "\udcff"), 2, "not in UTF-8"),
    (("--label", "\udcff"), 2, "not in UTF-8"),
    (("--vm", "a", "--vms", "/x"), 2, "--vms is in place of --vm"),
    (("--vms", "/nowhere/at/all"), 1, "/nowhere/at/all: No such file"),
    (("--vms", "/dev/null"), 2, "/dev/null: there is no VM in it"),
    (("--label", ""), 2, "is no port URI"),
    (("--label", "tcp://:0"), 2, '"tcp://:0" is no port URI'),
    (("extra",), 2, "extra")])
def test_what_is_wrong_is_said(fake, args, code, says):
    result = fake.run("uri", *args)
    assert (result.returncode, result.stdout) == (code, "")
    assert says in result.stderr


def test_who_may_not_read_the_server_is_told(fake):
    fake.on("GET", "/vm-listeners", error(403, "forbidden", "not for you"))
    result = fake.run("uri")
    assert (result.returncode, result.stdout) == (4, "")
    assert "not for you" in result.stderr


# ---- keys -------------------------------------------------------------------

def test_each_vm_gets_its_key(start_vspcd, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text("a secret of this site\n")
    key_file.chmod(0o600)
    vspcd = start_vspcd("--vm-keys", "optional", "--vm-key-file", key_file)
    other = new_uuid()
    vspcd.vm("db", other)
    # The UUID of a VM that has come before is known.
    rows = vms_file(tmp_path / "vms.csv", ("web", UUID), ("db",),
                    ("log", UUID, "s1"))

    def run(*args):
        return run_vspc("-s", vspcd.socket, "uri", "-o", "json", *args)

    has = json.loads(run("--vms", rows).stdout)["vms"]
    assert [(vm["name"], vm["uuid"]) for vm in has] == [
        ("web", UUID), ("db", other), ("log", UUID)]
    for vm, label in zip(has, ("s0", "s0", "s1")):
        printed = subprocess.run(
            [BUILD / "vspcd", "--config", "/dev/null", "--vm-key-file",
             key_file, "--vm-key", f"{vm['uuid']}/{label}"],
            stdout=subprocess.PIPE, text=True, timeout=30, check=True,
            env=clean_environment()).stdout
        assert vm["port_uri"] + "\n" == printed
    unknown = run("--vm", "new")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "new: its key depends on its UUID" in unknown.stderr
    assert json.loads(run("--vm", "new", "--no-keys").stdout)["vms"][0][
        "port_uri"] == "s0"


@pytest.mark.parametrize("port_uri", [
    "s0", "s0?key=", "s1?key=12", "-u=https://192.0.2.9?key=12",
    "s0?key=12\n", "s0?key=\x1b[201~12", 5])
def test_a_server_gives_a_key_and_nothing_else(fake, port_uri):
    """What it gives ends up in scripts."""
    fake.listeners["vm_keys"] = "required"
    fake.on("POST", "/vm-keys", lambda request: Answer(
        {"port_uri": port_uri}))
    result = fake.run("uri", "--vm", "a", "--uuid", UUID)
    assert (result.returncode, result.stdout) == (1, "")
    assert "a: the server's answer has no key" in result.stderr


def test_keys_are_not_for_everybody(fake):
    fake.listeners["vm_keys"] = "required"
    fake.serve(console("web-01"))
    fake.on("POST", "/vm-keys", error(403, "forbidden", "you may not"))
    result = fake.run("uri", "--for", "vmx", "--vm", "web-01")
    assert (result.returncode, result.stdout) == (4, "")
    assert "you may not" in result.stderr
    example = fake.run("uri")
    assert example.returncode == 0
    assert "vspc uri --vm NAME has a VM's" in example.stdout
    assert len(fake.asked("POST", "/vm-keys")) == 1


# ---- govc -------------------------------------------------------------------

GOVC = '''\
#!/usr/bin/python3 -IS
"""A govc whose vCenter is a JSON file."""
import json, os, sys
path = os.environ["FAKE_VCENTER"]
vcenter = json.load(open(path))
verb, *args = sys.argv[1:]
flags, words = {}, []
while args:
    arg = args.pop(0)
    if arg == "--":
        words += args
        break
    if arg.startswith("-"):
        flags[arg] = args.pop(0)
    else:
        words.append(arg)
vcenter["calls"].append(sys.argv[1:])
name = flags.get("-vm") or (words[0] if verb == "vm.info" and words else None)
vms = [vm for vm in vcenter["vms"]
       if vm["name"] == name or vm["uuid"] == flags.get("-vm.uuid", "-")]
status = 0
if verb == "vm.info":
    for vm in vms:
        print(f"Name:           {vm['name']}\\n"
              f"  Power state:  {vm['state']}")
elif len(vms) != 1:
    status = 1
elif verb == "device.info":
    status = not vms[0]["ports"]
    for port in vms[0]["ports"]:
        print(f"Name:           {port['device']}\\n"
              "  Type:         VirtualSerialPort\\n"
              "  Direction:    server\\n"
              f"  Service URI:  {port['uri']}\\n"
              f"  Proxy URI:    {port['proxy']}")
elif verb == "device.serial.add":
    device = f"serialport-{9000 + len(vms[0]['ports'])}"
    vms[0]["ports"].append({"device": device, "uri": "localhost:0",
                            "proxy": ""})
    print(device)
elif verb == "device.serial.connect":
    if vms[0].get("breaks"):
        status = 1
    else:
        for port in vms[0]["ports"]:
            if port["device"] == flags["-device"]:
                port.update(uri=words[0], proxy=flags["-vspc-proxy"])
elif verb == "device.remove":
    vms[0]["ports"] = [p for p in vms[0]["ports"] if p["device"] != words[0]]
json.dump(vcenter, open(path, "w"))
sys.exit(status)
'''


class Vcenter:
    def __init__(self, folder, *vms):
        self.folder = folder
        self.path = folder / "vcenter.json"
        self.path.write_text(json.dumps({"calls": [], "vms": [
            {"uuid": "", "state": "poweredOff", "ports": []} | vm
            for vm in vms]}))
        govc = folder / "govc"
        govc.write_text(GOVC)
        govc.chmod(govc.stat().st_mode | stat.S_IXUSR)

    def run(self, script):
        return subprocess.run(
            ["sh"], input=script, capture_output=True, text=True, timeout=60,
            env=clean_environment({
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "FAKE_VCENTER": str(self.path)}))

    def ports(self):
        vms = json.loads(self.path.read_text())["vms"]
        return {vm["name"]: [(p["uri"], p["proxy"]) for p in vm["ports"]]
                for vm in vms}


@pytest.mark.parametrize("name", HOSTILE)
def test_govc_gets_what_was_meant(fake, tmp_path, name):
    vcenter = Vcenter(tmp_path, {"name": name})
    result = vcenter.run("set -eu\n" + text(fake, "govc", "--vm", name))
    assert (result.returncode, result.stderr) == (0, "")
    assert vcenter.ports() == {name: [("s0", URI)]}


def test_a_script_for_govc(fake, tmp_path, need):
    old = {"device": "serialport-9000", "uri": "s0?key=old", "proxy": URI}
    other = {"device": "serialport-9000", "uri": "telnet://:7000", "proxy": ""}
    vcenter = Vcenter(
        tmp_path, {"name": "web"}, {"name": "on", "state": "poweredOn"},
        {"name": "twin"}, {"name": "twin"}, {"name": "old", "ports": [old]},
        {"name": "other", "ports": [other]}, {"name": "bad", "breaks": True},
        {"name": "a[b]*", "uuid": UUID})
    rows = vms_file(tmp_path / "vms.csv", ("web",), ("on",), ("twin",),
                    ("none",), ("old",), ("other",), ("bad",),
                    ("a[b]*", UUID), ("c[d]",))
    script = text(fake, "govc", "--vms", rows)
    check = subprocess.run([need("shellcheck"), "-s", "sh", "-"],
                           input=script, text=True, capture_output=True,
                           timeout=60)
    assert check.returncode == 0, check.stdout
    first = vcenter.run(script)
    assert first.returncode == 1
    assert first.stdout.splitlines() == [
        "web: serial port added", "old: serial port changed",
        "other: serial port added", "a[b]*: serial port added"]
    assert first.stderr.splitlines() == [
        "on: is poweredOn: power it off, and run this again",
        "twin: several VMs have this name: give its UUID",
        "none: no such VM",
        "bad: the serial port was not connected, and is removed again",
        "c[d]: govc takes such a name for a pattern: give its UUID"]
    ports = vcenter.ports()
    mine = ("s0", URI)
    assert ports == {"web": [mine], "on": [], "twin": [], "old": [mine],
                     "other": [("telnet://:7000", ""), mine], "bad": [],
                     "a[b]*": [mine]}
    again = vcenter.run(script)
    assert again.stdout.splitlines() == [
        f"{name}: has the serial port"
        for name in ("web", "old", "other", "a[b]*")]
    assert vcenter.ports() == ports


# ---- pyVmomi ----------------------------------------------------------------

FAKE_PYVIM = '''\
import json, os
from pyVmomi import SoapAdapter, vim

class Vm:
    def __init__(self, of):
        self.of = of
        self.name = of["name"]
        self.runtime = vim.vm.RuntimeInfo(powerState=of["state"])
        self.config = vim.vm.ConfigInfo(hardware=vim.vm.VirtualHardware(
            device=[vim.vm.device.VirtualKeyboard(key=600)] + [
                vim.vm.device.VirtualSerialPort(
                    key=9000 + i, backing=
                    vim.vm.device.VirtualSerialPort.URIBackingInfo(
                        serviceURI=uri, direction="server", proxyURI=proxy))
                for i, (uri, proxy) in enumerate(of["ports"])]))

    def ReconfigVM_Task(self, spec):
        SoapAdapter.Serialize(spec)  # only what vCenter could read
        (change,) = spec.deviceChange
        port = [change.device.backing.serviceURI,
                change.device.backing.proxyURI]
        assert change.device.backing.direction == "server"
        assert change.device.connectable.startConnected
        if change.operation == "add":
            self.of["ports"].append(port)
        else:
            self.of["ports"][change.device.key - 9000] = port

class Content:
    rootFolder = None
    def __init__(self):
        self.searchIndex = self.viewManager = self
        self.of = json.load(open(os.environ["FAKE_VCENTER"]))
        self.view = [Vm(of) for of in self.of]
    def CreateContainerView(self, root, kinds, deep):
        assert kinds == [vim.VirtualMachine] and deep
        return self
    def Destroy(self):
        pass
    def FindByUuid(self, datacenter, uuid, is_vm, is_instance):
        found = [vm for vm in self.view
                 if is_instance and vm.of["uuid"] == uuid]
        return found[0] if found else None

class Service:
    def __init__(self):
        self.content = Content()

def SmartConnect(host, user, pwd, sslContext):
    assert (host, user, pwd) == ("vcenter", "me", "secret")
    return Service()

def Disconnect(service):
    with open(os.environ["FAKE_VCENTER"], "w") as file:
        json.dump(service.content.of, file)
'''


@pytest.fixture
def pyvmomi(tmp_path):
    """Runs a script; its vCenter is a list of VMs. The types are real."""
    pytest.importorskip("pyVmomi")
    package = tmp_path / "lib/pyVim"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "connect.py").write_text(FAKE_PYVIM)
    (package / "task.py").write_text("def WaitForTask(task):\n    pass\n")
    path = tmp_path / "vcenter.json"

    def run(script, vms):
        path.write_text(json.dumps([
            {"uuid": "", "state": "poweredOff", "ports": []} | vm
            for vm in vms]))
        result = subprocess.run(
            [sys.executable, "-"], input=script, capture_output=True,
            text=True, timeout=60, env=clean_environment({
                "PYTHONPATH": str(package.parent), "FAKE_VCENTER": str(path),
                "VMWARE_HOST": "vcenter", "VMWARE_USER": "me",
                "VMWARE_PASSWORD": "secret", "PYTHONIOENCODING": "utf-8"}))
        return result, json.loads(path.read_text())
    return run


def test_a_script_for_pyvmomi(fake, tmp_path, pyvmomi):
    vms = [{"name": "web"}, {"name": "on", "state": "poweredOn"},
           {"name": "twin"}, {"name": "twin"},
           {"name": "old", "ports": [["s0?key=1", URI]]},
           {"name": "other", "ports": [["s0", ""]]},
           {"name": "renamed", "uuid": UUID},
           *({"name": name} for name in HOSTILE)]
    rows = vms_file(tmp_path / "vms.csv", ("web",), ("on",), ("twin",),
                    ("none",), ("old",), ("other",), ("by uuid", UUID),
                    *((name,) for name in HOSTILE))
    script = text(fake, "pyvmomi", "--vms", rows)
    result, after = pyvmomi(script, vms)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "on: is poweredOn: power it off, and run this again",
        "twin: several VMs have this name: give its UUID",
        "none: no such VM"]
    ports = {vm["name"]: vm["ports"] for vm in after}
    mine = ["s0", URI]
    assert ports == {"web": [mine], "on": [], "twin": [], "old": [mine],
                     "other": [["s0", ""], mine], "renamed": [mine]} | {
                         name: [mine] for name in HOSTILE}
    again, last = pyvmomi(script, after)
    assert last == after and "added" not in again.stdout
    assert again.stdout.count("has the serial port") == 4 + len(HOSTILE)


# ---- the others, by readers of their quotes ---------------------------------

def test_ansible(fake, tmp_path):
    yaml = pytest.importorskip("yaml")

    class Loader(yaml.SafeLoader):
        pass

    # Ansible looks for {{ }} in all other texts.
    Loader.add_constructor(
        "!unsafe", lambda loader, node: ("unsafe", node.value))
    rows = vms_file(tmp_path / "vms.csv", ("web", UUID),
                    *((name,) for name in HOSTILE))
    (play,) = yaml.load(text(fake, "ansible", "--vms", rows), Loader)
    assert play["vars"]["proxy_uri"] == ("unsafe", URI)
    assert play["vars"]["vms"] == [
        {"name": ("unsafe", "web"), "uuid": UUID, "uri": ("unsafe", "s0")},
        *({"name": ("unsafe", name), "uri": ("unsafe", "s0")}
          for name in HOSTILE)]
    (task,) = play["tasks"]
    backing = task["community.vmware.vmware_guest_serial_port"]["backings"][0]
    assert backing["direction"] == "server"


def powershell_strings(script):
    """The texts in single quotes, with what is joined to them. What is not in
    them must have no quote, and its brackets must fit. A script in ASCII is
    the same in all code pages."""
    assert script.isascii()
    literal = re.compile(r"'((?:[^']|'')*)'")
    character = re.compile(r" \+ \[char\](?:0x|::ConvertFromUtf32\(0x)"
                           r"(\w+)\)? \+ (?=')")
    texts, rest, at, is_joined = [], "", 0, False
    while at < len(script):
        if script[at] == "#":
            at = script.index("\n", at)
        elif script[at] == '"':
            at = script.index('"', at + 1) + 1
        elif found := literal.match(script, at):
            value, at = found[1].replace("''", "'"), found.end()
            texts.append(texts.pop() + value if is_joined else value)
            code = character.match(script, at)
            is_joined = code is not None
            if is_joined:
                texts[-1] += chr(int(code[1], 16))
                at = code.end()
        else:
            rest += script[at]
            at += 1
    depth = []
    for sign in rest:
        if sign in "({[":
            depth.append(")}]"["({[".index(sign)])
        elif sign in ")}]":
            assert depth.pop() == sign
    assert depth == []
    return texts


def test_powercli(fake, tmp_path):
    rows = vms_file(tmp_path / "vms.csv", ("web", UUID),
                    *((name,) for name in HOSTILE))
    texts = powershell_strings(text(fake, "powercli", "--vms", rows))
    assert texts[:1 + 3 * (1 + len(HOSTILE))] == [
        URI, "web", UUID, "s0",
        *(value for name in HOSTILE for value in (name, "", "s0"))]
    assert len(texts) == len(powershell_strings(
        text(fake, "powercli"))) + 3 * len(HOSTILE)


def hcl_string(text):
    """A quoted template without interpolation, as HCL reads it."""
    assert not re.search(r"(?<![$%])[$%]\{", text), text
    return ast.literal_eval(text.replace("$${", "${").replace("%%{", "%{"))


def test_terraform(fake, tmp_path):
    rows = vms_file(tmp_path / "vms.csv", *((name,) for name in HOSTILE))
    result = text(fake, "terraform", "--vms", rows)
    (proxy,) = re.findall(r'^  vspc_proxy_uri = (".*")$', result, re.M)
    assert hcl_string(proxy) == URI
    pairs = re.findall(r'^    ("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")$',
                       result, re.M)
    assert [tuple(map(hcl_string, pair)) for pair in pairs] == [
        (name, "s0") for name in HOSTILE]


def test_vmx(fake):
    result = text(fake, "vmx", "--label", 'a"b|c#d')
    has = dict(re.fullmatch(r'([\w.]+) = "([^"#]*)"', line).groups()
               for line in result.splitlines())
    decoded = {key: re.sub(r"\|([0-9A-F]{2})",
                           lambda code: chr(int(code[1], 16)), value)
               for key, value in has.items()}
    assert decoded["serial0.vspc"] == URI
    assert decoded["serial0.fileName"] == 'a"b|c#d'
    assert decoded["serial0.network.endPoint"] == "server"


def test_nova(fake, tmp_path):
    rows = vms_file(tmp_path / "vms.csv", ("a",), ("b",))
    reader = configparser.ConfigParser(interpolation=None)
    reader.read_string(text(fake, "nova", "--vms", rows, "--label", "a$b"))
    assert dict(reader["vmware"]) == {
        "serial_port_service_uri": "a$$b", "serial_port_proxy_uri": URI,
        "serial_log_dir": "/var/log/consoles"}


def arguments_of(script, folder):
    """What a shell gives vspc-vm: {option: value}."""
    program = folder / "vspc-vm"
    program.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    program.chmod(0o700)
    result = subprocess.run(
        ["sh"], input=script[script.index("vspc-vm "):],
        capture_output=True, text=True, timeout=30, check=True,
        env=clean_environment({"PATH": f"{folder}:{os.environ['PATH']}"}))
    given = result.stdout.split("\0")[:-1]
    assert len(given) % 2 == 0, given
    return dict(zip(given[::2], given[1::2]))


@pytest.mark.parametrize("name", HOSTILE)
def test_libvirt_and_qemu(fake, tmp_path, name):
    libvirt = text(fake, "libvirt", "--vm", name, "--uuid", UUID)
    document = xml.dom.minidom.parseString(
        libvirt[libvirt.index("<serial"):libvirt.index("</serial>") + 9])
    (source,) = document.getElementsByTagName("source")
    path = source.getAttribute("path")
    assert re.fullmatch(r"/var/lib/libvirt/qemu/[\w.-]+-s0\.sock", path,
                        re.ASCII)
    same = {"--proxy": URI, "--name": name, "--uuid": UUID, "--uri": "s0"}
    assert arguments_of(libvirt, tmp_path) == same | {"--connect": "unix:" + path}
    qemu = text(fake, "qemu", "--vm", name, "--uuid", UUID)
    (path,) = re.findall(r"path=([\w./-]+),server=on", qemu, re.ASCII)
    assert arguments_of(qemu, tmp_path) == same | {"--connect": "unix:" + path}


# ---- the document -----------------------------------------------------------

def test_the_document_shows_what_is_printed(fake):
    """Each block behind a line `$ vspc uri ...` in docs/vsphere.md."""
    document = (SOURCE / "docs/vsphere.md").read_text()
    blocks = re.findall(r"^    \$ vspc (uri.*)\n((?:(?:    .*)?\n)+)",
                        document, re.M)
    assert {"--for govc --vm web-01" in command for command, _ in blocks} == {
        True, False}
    (middle,) = re.findall(r"```powershell\n(.*?)```", document, re.S)
    printed = map(str.strip, text(fake, "powercli").splitlines())
    assert all(line in printed for line in middle.splitlines())
    for command, shown in blocks:
        result = fake.run(*shlex.split(command))
        assert result.returncode == 0, result
        assert textwrap.dedent(shown).strip("\n") == \
            result.stdout.rstrip("\n"), command
