"""Called as vSPCServer: vSPC.py's defaults and options; and its ports, taken
over from the list that vSPCClient prints."""

import contextlib
import re
import shelve
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from harness import words
from harness.admin import PickleClient
from harness.clients import NOTICE
from harness.net import PortBlock, can_bind, eventually
from harness.programs import BUILD, SOURCE, clean_environment
from harness.vm import new_uuid


@pytest.fixture
def link(tmp_path):
    """What `make install` makes beside vspcd."""
    path = tmp_path / "bin" / "vSPCServer"
    path.parent.mkdir()
    path.symlink_to(BUILD / "vspcd")
    return path


@pytest.fixture
def ports():
    block = PortBlock()
    yield block
    block.close()


def run(program, *args, **options):
    return subprocess.run(
        [program, *map(str, args)], capture_output=True, text=True,
        timeout=30, env=clean_environment(), **options)


def shown(program, *args):
    """--show-config: {name: (value, where it comes from)}."""
    result = run(program, *args, "--show-config")
    assert (result.returncode, result.stderr) == (0, ""), result
    return {has[1]: (has[2], has[3]) for has in re.finditer(
        r"^#?([a-z-]+) = (.*?)\s+# (.*)$", result.stdout, re.M)}


# ---- called as vSPCServer ---------------------------------------------------

def test_defaults(link):
    has = shown(link)
    assert has["backend"] == ("Memory", "vSPCServer")
    assert has["proxy-port"] == ("13370", "default")
    assert shown(BUILD / "vspcd", "--config", "/dev/null")["backend"] == (
        "File", "default")


def test_options_of_vspc_py(link, tmp_path):
    has = shown(link, "-p", 1, "-r", 60000, "-i", "::1",
                "--persist-file", tmp_path / "x", "--vm-expire-time", 60,
                "--no-vm-ports", "--ssl", "--cert", "a.pem", "--key", "b.pem")
    assert has["proxy-port"] == ("1", "command line")
    assert has["port-range-start"] == ("60000", "command line")
    assert has["interface"] == ('"::1"', "command line")
    assert has["file"] == (f'"{tmp_path}/x"', "command line")
    assert has["backend"] == ("File", "default")
    assert has["tls"] == ("required", "command line")
    assert has["client-tls"] == ("off", "default")


def test_backend_args(link, tmp_path):
    args = f"-f '{tmp_path}/a b'"
    assert shown(link, "--backend", "File", "--backend-args", args)[
        "file"] == (f'"{tmp_path}/a b"', "command line")
    result = run(link, "--backend-args", "-f 'x")
    assert result.returncode == 2
    assert result.stderr == (
        "vspcd: --backend-args: expected a closing quote\n")


def test_its_admin_port(link, start_vspcd, ports):
    port = ports.take()
    vspcd = start_vspcd("-a", port, "--admin-iface", "127.0.0.1", "--stdout",
                        "--no-vm-ports", program=link, log="stdout",
                        ports=ports)
    vm = vspcd.new_vm("web").identify()
    vspcd.wait_event(words.VM_CONNECTED, console="web")
    telnet, _ = PickleClient(("127.0.0.1", port)).attach("web")
    vspcd.keep(telnet).greet().send(b"typed")
    vm.read_until(b"typed")
    assert shown(link)["admin-port"] == ("13371", "vSPCServer")


def test_every_option_of_the_document_can_stand_in_the_file(tmp_path):
    """But those that only ask for something."""
    text = (SOURCE / "docs/from-vspc-py.md").read_text()
    table = text.partition("## Options\n")[2].partition("\n## ")[0]
    names = set(re.findall(
        r"--([a-z][a-z-]+)", " ".join(re.findall(r"^\|([^|]*)\|", table, re.M))))
    assert {"admin-port", "persist-file", "backend-args", "context"} < names
    path = tmp_path / "vspcd.conf"
    refused = set()
    for name in names:
        path.write_text(f"{name} = x\n")
        result = run(BUILD / "vspcd", "--config", path, "--check-config")
        if "unknown setting" in result.stderr:
            refused.add(name)
    assert refused == {"help", "version", "backend-help"}


def test_its_names_in_the_file(start_vspcd, tmp_path):
    path = tmp_path / "vspcd.conf"
    path.write_text(f"backend = Logging\nbackend-args = \"-l '{tmp_path}'"
                    " -p site\"\n")
    vspcd = start_vspcd("--config", path)
    vm = vspcd.vm("web")
    vm.send(b"logged")
    log = tmp_path / "site-web.log"
    eventually(lambda: log.exists() and log.read_bytes() == b"logged",
               "the log")


@pytest.mark.parametrize("options, seen", [
    ((), b""), (("--context", 21), b"last line\r\nlogin: "),
    (("--attach-lines", 1), b"login: ")])
def test_what_came_before(link, start_vspcd, tmp_path, options, seen):
    """Over a restart too: the Logging backend has it."""
    def start():
        return start_vspcd("--backend", "Logging", "-l", tmp_path, "-p", "x",
                           "--stdout", *options, program=link, log="stdout")
    vspcd = start()
    vm = vspcd.vm("web")
    vm.send(b"boot\r\nlast line\r\nlogin: ")
    path = tmp_path / "x-web.log"
    eventually(lambda: path.exists() and path.read_bytes().endswith(b"login: "),
               "the log")
    vspcd.stop()
    vspcd = start()
    vm = vspcd.vm("web", vm.uuid)
    client = vspcd.telnet(vm)
    vm.send(b"now")
    assert client.read_until(b"now") == seen + b"now"


def test_ports_are_not_kept(link, start_vspcd, tmp_path, ports):
    options = {"program": link, "ports": ports, "log": "stdout",
               "env": {"STATE_DIRECTORY": str(tmp_path / "state")}}
    first = start_vspcd("--stdout", "--tls", "off", **options)
    first.vm("one")
    second = first.vm("two")
    first.stop()
    assert not (tmp_path / "state").exists()
    again = start_vspcd("--stdout", "--tls", "off", **options).vm("two", second.uuid)
    assert (second.port, again.port) == (ports.base + 1, ports.base)


def test_persist_file_keeps_them(link, start_vspcd, tmp_path, ports):
    options = {"program": link, "ports": ports, "log": "stdout"}
    first = start_vspcd("--stdout", "-f", tmp_path / "mapping", **options)
    first.vm("one")
    second = first.vm("two")
    first.stop()
    vspcd = start_vspcd("--stdout", "-f", tmp_path / "mapping", **options)
    assert vspcd.vm("two", second.uuid).port == second.port


# ---- --import-ports ---------------------------------------------------------

def theirs(uuid):
    """As vSPC.py has a UUID."""
    digits = uuid.replace("-", "")
    return f"{digits[:16]}-{digits[16:]}"


@pytest.fixture
def take_over(tmp_path, ports):
    """take_over("NAME:UUID:PORT", ...): imports these lines."""
    def run_it(*lines, program=BUILD / "vspcd"):
        return run(program, "--config", "/dev/null", "--port-range-start",
                   ports.base, "--file", tmp_path / "state.db",
                   "--import-ports", "-",
                   input="".join(f"{line}\n" for line in lines))
    run_it.file = tmp_path / "state.db"
    return run_it


def rows(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT name, uuid, label, port FROM consoles"
                          " ORDER BY port").fetchall()


def test_a_vm_finds_its_port_and_clients_again(take_over, start_vspcd, ports):
    uuid, other, port = new_uuid(), new_uuid(), ports.base + 3
    result = take_over("# from vSPCClient", f"web:01:{theirs(uuid)}:{port}",
                       f"db:{theirs(other)}:{port + 2}")
    assert (result.returncode, result.stderr) == (0, "")
    assert "2 consoles with their ports; 2 of them are new" in result.stdout
    vspcd = start_vspcd("--file", take_over.file, ports=ports)
    client = vspcd.telnet(port)  # it is there before the VM
    client.read_notice(NOTICE)
    vm = vspcd.vm("web:01", uuid, uri="s0")
    assert vm.port == port
    client.read_notice(NOTICE)
    vm.send(b"as before")
    client.read_until(b"as before")
    assert vspcd.vm("new").port == ports.base
    vspcd.stop()
    assert ("web:01", uuid, "s0", port) in rows(take_over.file)
    assert len(rows(take_over.file)) == 3, "what had no label is forgotten"
    vspcd = start_vspcd("--file", take_over.file, ports=ports)
    assert vspcd.vm("db", other).port == port + 2
    assert vspcd.vm("web:01", uuid, uri="s1").port not in (port, port + 2)
    assert vspcd.vm("web:01", uuid, uri="s0").port == port


def test_several_serial_ports_of_a_vm(take_over, start_vspcd, ports):
    uuid = new_uuid()
    result = take_over(*(f"web_s{n}:{theirs(uuid)}_s{n}:{ports.base + 5 - n}"
                         for n in range(3)))
    assert result.returncode == 0, result.stderr
    vspcd = start_vspcd("--file", take_over.file, ports=ports)
    for n in (1, 2, 0):
        vm = vspcd.vm("web", uuid, uri=f"s{n}")
        assert vm.port == ports.base + 5 - n


def test_importing_again_changes_ports_of_known_consoles(take_over,
                                                         start_vspcd, ports):
    vspcd = start_vspcd("--file", take_over.file, ports=ports)
    vm, other = vspcd.vm("web", uri="s0"), vspcd.vm("db", uri="s0")
    vspcd.stop()
    port = ports.base + 7
    result = take_over(f"web:{theirs(vm.uuid)}:{port}")
    assert "0 of them are new, 1 have another port" in result.stdout
    vspcd = start_vspcd("--file", take_over.file, ports=ports)
    assert vspcd.vm("web", vm.uuid, uri="s0").port == port
    assert vspcd.vm("db", other.uuid, uri="s0").port == other.port


def test_a_wrong_list_changes_nothing(take_over, ports):
    uuid, base = theirs(new_uuid()), ports.base
    other = theirs(new_uuid())
    assert take_over(f"web:{uuid}:{base}").returncode == 0
    before = rows(take_over.file)
    result = take_over(f"good:{theirs(new_uuid())}:{base + 1}",
                       f"bare:{other}",
                       "nothing",
                       f"low:{other}:1",
                       f"again:{theirs(new_uuid())}:{base + 1}",
                       f"twin:{other}:{base + 4}", f"twin:{other}:{base + 5}")
    assert (result.returncode, result.stdout) == (2, "")
    said = result.stderr.splitlines()
    for line, words in ((2, "has no port: expected NAME:UUID:PORT"),
                        (3, "has no colon"),
                        (4, "port 1 is not from port-range-start"),
                        (5, f"port {base + 1} is in line 1 too")):
        assert any(has.startswith(f"vspcd: standard input:{line}: {words}")
                   for has in said), (line, said)
    assert sum("is in line" in has for has in said) == 3
    result = take_over(f"thief:{other}:{base}")
    assert "belongs to" in result.stderr
    assert rows(take_over.file) == before


def test_an_empty_list(take_over):
    result = take_over("", "# nobody")
    assert result.returncode == 2
    assert "has no console in it" in result.stderr
    assert not take_over.file.exists()


def test_not_while_it_is_in_use(take_over, start_vspcd, ports):
    start_vspcd("--file", take_over.file, ports=ports)
    result = take_over(f"web:{theirs(new_uuid())}:{ports.base}")
    assert result.returncode == 2
    assert "another process has it open" in result.stderr
    assert "end vspcd" in result.stderr


def test_not_into_memory(link, tmp_path):
    (tmp_path / "list").write_text(f"web:{theirs(new_uuid())}:50000\n")
    result = run(link, "--import-ports", tmp_path / "list")
    assert result.returncode == 2
    assert "needs --backend File" in result.stderr
    result = run(BUILD / "vspcd", "--config", "/dev/null", "--import-ports",
                 tmp_path / "none")
    assert "cannot be read: No such file" in result.stderr


def test_a_shelf_of_the_file_backend(take_over, tmp_path, start_vspcd, ports):
    """The lines of Python that the document has make a list of it."""
    text = (SOURCE / "docs/from-vspc-py.md").read_text()
    script = re.search(r"<<'END'\n(.*?)\n *END\n", text, re.S)[1]
    script = textwrap.dedent(script)
    uuid = new_uuid()
    with shelve.open(str(tmp_path / "mapping")) as shelf:
        shelf[theirs(uuid)] = {"uuid": theirs(uuid), "name": "web",
                               "port": ports.base + 2}
        shelf["bare"] = {"uuid": "bare", "name": "bare", "port": None}
    made = subprocess.run(
        [sys.executable, "-", tmp_path / "mapping"], input=script, text=True,
        capture_output=True, timeout=30)
    assert made.stderr == ""
    assert made.stdout == f"web:{theirs(uuid)}:{ports.base + 2}\n"
    assert take_over(made.stdout).returncode == 0
    vspcd = start_vspcd("--file", take_over.file, ports=ports)
    assert not can_bind(ports.base + 2)
    assert vspcd.vm("web", uuid).port == ports.base + 2
