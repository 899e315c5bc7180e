"""What survives a restart: consoles, their names and ports, in a file."""

import contextlib
import selectors
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from harness import words
from harness.clients import NOTICE
from harness.net import PortBlock
from harness.programs import BUILD, clean_environment, fields_of
from harness.vm import Vm, new_uuid


@pytest.fixture
def start(start_vspcd, tmp_path):
    """start(*options): a vspcd with the same ports and state each time."""
    ports = PortBlock()

    def again(*args, state=tmp_path, ports=ports, **options):
        return start_vspcd(*args, env={"STATE_DIRECTORY": str(state)},
                           ports=ports, **options)
    again.file = tmp_path / "state.db"
    again.ports = ports
    yield again
    ports.close()


def crash(vspcd):
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)


def rows(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return db.execute("SELECT * FROM consoles ORDER BY id").fetchall()


def change(path, sql, *values):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(sql, values)


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def loaded(vspcd):
    return vspcd.wait_event(words.STATE_LOADED)


def listing(vspcd):
    """Port and name of each console, by its id."""
    vspcd.report()
    return {has["id"]: (has["port"], has["console"])
            for has in map(fields_of, list(vspcd.lines)) if "clients" in has}


def refusal(*args, state):
    """What vspcd says that does not start."""
    result = subprocess.run(
        [BUILD / "vspcd", "--proxy-port", "0", "--tls", "off",
         *map(str, args)], capture_output=True, text=True, timeout=30,
        env=clean_environment({"STATE_DIRECTORY": str(state)}),
        stdin=subprocess.DEVNULL)
    assert result.returncode == 2, result
    return result.stderr.splitlines()[-1]


# ---- restarts ---------------------------------------------------------------

@pytest.mark.parametrize("end", ["in order", "SIGKILL"])
def test_ports_and_names_are_the_same(start, end):
    vspcd = start()
    vms = [vspcd.vm(f"web-{n}") for n in range(5)]
    second = vspcd.vm("web-0", vms[0].uuid, uri="s1")
    ports = [vm.port for vm in vms]
    if end == "SIGKILL":
        crash(vspcd)
    else:
        vspcd.stop()
    vspcd = start()
    assert loaded(vspcd)["consoles"] == "6"
    assert all(map(is_listening, ports + [second.port])), "before any VM"
    known = listing(vspcd)
    assert known[f"{vms[0].uuid}/vSPC.py"] == (str(ports[0]), "web-0/vSPC.py")
    assert known[f"{vms[1].uuid}/vSPC.py"] == (str(ports[1]), "web-1")
    for n in reversed(range(5)):
        assert vspcd.vm(f"web-{n}", vms[n].uuid).port == ports[n]
    assert vspcd.vm("web-0", vms[0].uuid, uri="s1").port == second.port
    new = vspcd.vm("new")
    assert new.port not in ports + [second.port]
    vspcd.check_works()


@pytest.mark.parametrize("what", ["certificate", "port for VMs"])
def test_a_start_that_fails_half_way_changes_nothing(start, tmp_path, what):
    """Before the consoles were loaded, and with all of them there."""
    logs = ("--logdir", tmp_path / "logs")
    vspcd = start(*logs)
    vms = [vspcd.vm(f"web-{n}") for n in range(3)]
    vspcd.stop()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        why = refusal(
            *logs, "--interface", "127.0.0.1",
            "--port-range-start", start.ports.base,
            *(("--client-tls", "required", "--cert", tmp_path / "missing")
              if what == "certificate"
              else ("--proxy-iface", taken)), state=tmp_path)
    assert ("missing" if what == "certificate" else taken) in why
    vspcd = start(*logs)
    assert loaded(vspcd)["consoles"] == "3"
    for vm in vms:
        assert vspcd.vm(vm.name, vm.uuid).port == vm.port
    vspcd.check_works()


def test_a_client_that_comes_before_the_vm_waits(start):
    vspcd = start()
    vm = vspcd.vm("web")
    vspcd.stop()
    vspcd = start()
    client = vspcd.telnet(vm.port)
    client.read_notice(NOTICE)
    again = vspcd.vm("web", vm.uuid)
    client.read_notice(NOTICE)
    again.send(b"here")
    client.read_until(b"here")


def pump_until(vms, condition):
    with selectors.DefaultSelector() as selector:
        for vm in vms:
            selector.register(vm.sock, selectors.EVENT_READ, vm)
        while not condition():
            for key, _ in selector.select(0.05):
                key.data.pump()


@contextlib.contextmanager
def registering(vspcd, uuids, until):
    """All are connected, and register, 50 at a time, until so many were
    announced. Those far behind these say nothing: they are never announced."""
    def is_enough():
        return vspcd.raw_log.count(f" {words.VM_CONNECTED} ".encode()) >= until

    with contextlib.ExitStack() as stack:
        vms = [stack.enter_context(contextlib.closing(
            Vm(vspcd.proxy, f"vm-{uuid}", uuid))) for uuid in uuids]
        vms = vms[:until + 200]
        for at in range(0, len(vms), 50):
            some = vms[at:at + 50]
            pump_until(some, lambda: is_enough() or all(
                vm.has_will_proxy for vm in some))
        # Some may still be asked for their names.
        pump_until(vms, is_enough)
        yield


def announced(vspcd):
    return {has["id"]: (has["port"], has["console"])
            for has in vspcd.events(words.VM_CONNECTED)}


@pytest.mark.parametrize("after", [20, 300, 700])
def test_a_sigkill_in_the_middle_of_a_thousand_registrations(start, after):
    """What a log line has told is true for ever."""
    ports = PortBlock(1000)
    uuids = [new_uuid() for _ in range(1000)]
    vspcd = start("--tls", "off", ports=ports)
    with registering(vspcd, uuids, after):
        crash(vspcd)
    told = announced(vspcd)
    assert after <= len(told) < 1000
    vspcd = start("--tls", "off", ports=ports)
    print(f"{len(told)} told, {loaded(vspcd)['consoles']} known")
    with registering(vspcd, reversed(uuids), 1000):
        now = announced(vspcd)
    assert {id: now.get(id) for id in told} == told
    assert len({port for port, _ in now.values()}) == 1000


def test_sixteen_thousand_known_consoles(start, own_address):
    """On ports that neither the kernel gives to others nor VMs connect to."""
    count = 16000
    first = 14000
    start().stop()
    with contextlib.closing(sqlite3.connect(start.file)) as db, db:
        db.executemany(
            "INSERT INTO consoles (uuid, label, name, port, first_seen,"
            " last_seen, address) VALUES (?, 's0', ?, ?, 1, 1, '')",
            [(new_uuid(), f"vm-{n}", first + n) for n in range(count)])
    begun = time.monotonic()
    vspcd = start("--port-range-start", first, "--port-range-end",
                  first + count, iface=own_address, proxy_port=first - 1)
    took = time.monotonic() - begun
    has = loaded(vspcd)
    print(f"ready in {took:.2f} s, of these for the state {has['ms']} ms")
    assert has["consoles"] == str(count)
    if has["without-port"] != "0":
        limit = vspcd.wait_event(words.READY)["open-files"]
        assert int(limit) < count + 100, "only for want of descriptors"
    assert took < 20
    vspcd.check_works()


# ---- who is forgotten -------------------------------------------------------

def test_a_console_expires_by_when_it_was_left_not_by_the_restart(start):
    options = ("--vm-expire-time", 3600)
    vspcd = start(*options)
    vms = [vspcd.vm(name) for name in ("long-gone", "going", "here")]
    for vm in vms[:2]:
        vm.close()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    client = vspcd.telnet(vms[1])
    client.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=client.address)
    vspcd.stop()
    left = [row["left_at"] for row in rows(start.file)]
    assert left[0] and left[1] and left[2] is None, "seen to leave or not"
    now = int(time.time())
    change(start.file, "UPDATE consoles SET last_seen = 1")
    change(start.file, "UPDATE consoles SET left_at = ? WHERE name = ?",
           now - 3601, "long-gone")
    change(start.file, "UPDATE consoles SET left_at = ? WHERE name = ?",
           now - 3597, "going")
    vspcd = start(*options)
    assert (loaded(vspcd)["consoles"], loaded(vspcd)["expired"]) == ("2", "1")
    vspcd.wait_event(words.CONSOLE_EXPIRED, console="going")
    assert not is_listening(vms[1].port)
    vspcd.stop()
    assert [row["name"] for row in rows(start.file)] == ["here"]
    assert rows(start.file)[0]["left_at"] >= now, "it is away from now on"


def test_a_time_of_leaving_that_is_yet_to_come(start):
    """The clock was wrong then, or is now."""
    vspcd = start()
    vspcd.vm("web")
    vspcd.stop()
    change(start.file, "UPDATE consoles SET left_at = ?", 2 ** 62)
    vspcd = start()
    assert loaded(vspcd)["consoles"] == "1"
    vspcd.stop()
    assert rows(start.file)[0]["left_at"] <= time.time(), "it is counted now"


def test_more_are_known_than_may_be(start):
    vspcd = start()
    vms = [vspcd.vm(f"web-{n}") for n in range(3)]
    vspcd.stop()
    vspcd = start("--console-limit", 2)
    vspcd.wait_event(words.STATE_TOO_LARGE,
                     **{"left-out": 1})
    vspcd.stop()
    vspcd = start()
    assert vspcd.vm("web-2", vms[2].uuid).port == vms[2].port


def test_two_with_one_port(start):
    """The one that was there later has it."""
    vspcd = start()
    vms = [vspcd.vm(f"web-{n}") for n in range(3)]
    for vm in vms[:2]:
        vm.close()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    vspcd.stop()
    change(start.file, "UPDATE consoles SET port = ?", vms[0].port)
    vspcd = start()
    lost = [has["console"] for has in vspcd.events(
        words.CONSOLE_PORT_NOT_OPENED)]
    assert sorted(lost) == ["web-0", "web-1"]
    ports = [vspcd.vm(vm.name, vm.uuid).port for vm in vms]
    assert ports[2] == vms[0].port and len(set(ports)) == 3


def test_a_client_keeps_a_console_without_a_vm(start):
    vspcd = start()
    vm = vspcd.vm("web")
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    vspcd.vm("in between")
    client = vspcd.telnet(vm)
    vspcd.vm("later")  # is written behind what was before
    crash(vspcd)
    assert rows(start.file)[0]["left_at"] is None
    client.close()


def test_what_is_kept(start):
    before = int(time.time())
    vspcd = start()
    vm = vspcd.vm("old")
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    again = vspcd.vm("new", vm.uuid)
    vspcd.stop()
    row = rows(start.file)[0]
    assert (row["uuid"], row["label"], row["name"]) == (vm.uuid, "vSPC.py",
                                                        "new")
    assert (row["port"], row["address"]) == (vm.port, again.address)
    assert before <= row["first_seen"] <= row["last_seen"] <= time.time()


# ---- ports ------------------------------------------------------------------

def test_a_port_that_somebody_else_has_taken(start):
    vspcd = start()
    first, second = vspcd.vm("first"), vspcd.vm("second")
    vspcd.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        vspcd = start()
        has = vspcd.wait_event(words.CONSOLE_PORT_NOT_OPENED, console="first")
        assert has["port"] == str(first.port)
        moved = vspcd.vm("first", first.uuid)
        assert moved.port not in (first.port, second.port)
        assert vspcd.vm("second", second.uuid).port == second.port
    vspcd.stop()
    vspcd = start()
    assert vspcd.vm("first", first.uuid).port == moved.port


def test_it_is_tried_again_when_the_vm_comes(start):
    vspcd = start()
    vm = vspcd.vm("web")
    vspcd.stop()
    with socket.create_server(("127.0.0.1", vm.port)):
        vspcd = start()
        vspcd.vm("other")
    assert vspcd.vm("web", vm.uuid).port == vm.port


def test_a_range_that_others_have_as_a_whole(start):
    """One search for a port, and an end of it."""
    with socket.create_server(("127.0.0.1", start.ports.base)):
        vspcd = start("--port-range-end", start.ports.base)
        vm = vspcd.new_vm("web").identify()
        vspcd.may_lack_ports = True
        vspcd.wait_event(words.CONSOLE_NO_PORT, console="web")
        vm.close()
        vspcd.wait_event(words.VM_DISCONNECTED, console="web")


def test_a_range_that_has_changed(start):
    vspcd = start()
    vm = vspcd.vm("web")
    vspcd.stop()
    vspcd = start("--port-range-start", start.ports.base + 10)
    assert vspcd.vm("web", vm.uuid).port == start.ports.base + 10


# ---- which file -------------------------------------------------------------

def test_memory_leaves_nothing(start):
    vspcd = start("--backend", "Memory")
    vspcd.check_works()
    vspcd.stop()
    assert not start.file.exists()


def test_a_file_of_ones_own(start, tmp_path):
    file = tmp_path / "consoles"
    vspcd = start("-f", file)
    vm = vspcd.vm("web")
    vspcd.stop()
    assert not start.file.exists()
    vspcd = start("--backend", "File", "--file", file)
    assert vspcd.vm("web", vm.uuid).port == vm.port


def test_two_servers_do_not_share_a_file(start, tmp_path):
    vspcd = start()
    said = refusal(state=tmp_path)
    assert str(start.file) in said and "another process" in said
    vspcd.check_works()


def test_what_is_refused(tmp_path):
    def refused(*args):
        return refusal(*args, state=tmp_path)
    assert "--backend File" in refused("--backend", "Memory", "-f", "x")
    assert "No such file" in refused("-f", tmp_path / "no/file")
    assert "not a regular file" in refused("-f", tmp_path)
    other = tmp_path / "other"
    other.write_text("precious")
    assert "not a database" in refused("-f", other)
    assert other.read_text() == "precious"


def test_a_file_of_a_later_version(start, tmp_path):
    start().stop()
    change(start.file, "PRAGMA user_version = 1000")
    said = refusal(state=tmp_path)
    assert "a later version of vspcd" in said and str(start.file) in said


@pytest.mark.parametrize("damage", ["start", "middle", "text"])
def test_a_damaged_file_is_moved_aside(start, damage):
    vspcd = start()
    vspcd.vm("web")
    vspcd.stop()
    data = bytearray(start.file.read_bytes())
    if damage == "start":
        data[:100] = bytes(100)
    elif damage == "middle":
        data[4096:4196] = b"x" * 100
    else:
        data = b"not a database at all"
    start.file.write_bytes(data)
    vspcd = start()
    has = vspcd.wait_event(words.STATE_DAMAGED)
    with open(has["moved-to"], "rb") as aside:
        assert aside.read() == data
    vm = vspcd.vm("new")
    crash(vspcd)
    vspcd = start()
    assert vspcd.vm("new", vm.uuid).port == vm.port


def test_rubbish_in_the_file_is_not_served(start):
    vspcd = start()
    vspcd.vm("web")
    vspcd.stop()
    for n, (uuid, name) in enumerate((("", "empty"), ("x\n y", "line"),
                                      ("u" * 500, "long"),
                                      ("esc", "\033[2Jclear"))):
        change(start.file, "INSERT INTO consoles (uuid, label, name, port,"
               " first_seen, last_seen, address) VALUES (?, '', ?, ?, 1, 1, '')",
               uuid, name, start.ports.base + 10 + n)
    change(start.file, "INSERT INTO consoles (uuid, label, name, left_at,"
           " first_seen, last_seen, address) VALUES ('e', '', 'e', ?, 1, 1, '')",
           -2 ** 63)
    vspcd = start()
    assert loaded(vspcd)["consoles"] == "1"
    vspcd.stop()
    assert [row["name"] for row in rows(start.file)] == ["web"]


# ---- disks that do not work -------------------------------------------------

@pytest.fixture
def disk(tmp_path):
    """A file system of 512 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none",
                       place], capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place):
    with open(place / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass


def test_a_full_disk_stops_no_console(start, disk):
    vspcd = start(state=disk)
    first = vspcd.vm("first")
    fill(disk)
    vms = [vspcd.vm(f"web-{n}") for n in range(5)]
    has = vspcd.wait_event(words.STATE_NOT_WRITTEN)
    assert "full" in has["reason"]
    vspcd.check_works()
    (disk / "filler").unlink()
    vspcd.wait_event(words.STATE_WRITTEN)
    assert len(vspcd.events(words.STATE_NOT_WRITTEN)) == 1
    late = vspcd.vm("late")
    crash(vspcd)
    vspcd = start(state=disk)
    for vm in (first, late, *vms):
        assert vspcd.vm(vm.name, vm.uuid).port == vm.port


def test_a_disk_that_is_full_at_the_start(start, disk):
    vspcd = start(state=disk)
    first = vspcd.vm("first")
    crash(vspcd)
    fill(disk)
    vspcd = start(state=disk)
    assert is_listening(first.port)
    second = vspcd.vm("second")
    assert second.port != first.port
    vspcd.wait_event(words.STATE_NOT_WRITTEN)
    (disk / "filler").unlink()
    vspcd.wait_event(words.STATE_WRITTEN)


@pytest.mark.parametrize("end", ["in order", "SIGKILL"])
def test_a_disk_that_is_read_only_at_the_start(start, disk, end):
    vspcd = start(state=disk)
    first = vspcd.vm("first")
    if end == "SIGKILL":
        crash(vspcd)
    else:
        vspcd.stop()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    vspcd = start(state=disk)
    has = vspcd.wait_event(words.STATE_NOT_WRITTEN)
    assert "Read-only" in has["reason"]
    assert is_listening(first.port)
    second = vspcd.vm("second")
    assert second.port != first.port
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    vspcd.wait_event(words.STATE_WRITTEN)
    crash(vspcd)
    vspcd = start(state=disk)
    for vm in (first, second):
        assert vspcd.vm(vm.name, vm.uuid).port == vm.port


def test_a_place_that_cannot_be_made_at_the_start(start, tmp_path):
    """Such as one on a disk that is mounted later."""
    place = tmp_path / "disk"
    place.write_text("")
    vspcd = start("--tls", "off", state=place / "vspcd")
    vm = vspcd.vm("web")
    has = vspcd.wait_event(words.STATE_NOT_WRITTEN)
    assert "its directory cannot be made: Not a directory" in has["reason"]
    place.unlink()
    vspcd.wait_event(words.STATE_WRITTEN)
    crash(vspcd)
    assert rows(place / "vspcd/state.db")[0]["port"] == vm.port


def test_a_file_that_was_deleted_is_made_anew(start):
    vspcd = start()
    first = vspcd.vm("first")
    start.file.unlink()
    second = vspcd.vm("second")
    vspcd.wait_event(words.STATE_NOT_WRITTEN)
    vspcd.wait_event(words.STATE_WRITTEN)
    vspcd.stop()
    assert {row["port"] for row in rows(start.file)} == {first.port,
                                                         second.port}


def test_changes_at_a_full_disk_are_told_at_the_end(start, disk):
    vspcd = start(state=disk)
    vspcd.vm("first")
    fill(disk)
    vspcd.vm("second")
    vspcd.stop()
    vspcd.wait_event(words.STATE_LOST)
