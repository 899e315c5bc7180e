"""The menu (--menu-port), by real clients on real terminals: what is drawn, the
way to a console and back, 10,000 consoles, and that nothing of a console comes
to those who may not read it."""

import contextlib
import os
import subprocess
import time

import pytest

from harness import wire
from harness import words
from harness.net import PortBlock, TelnetPeer, dial
from harness.programs import BUILD, Program, clean_environment, is_sanitized
from harness.vm import new_uuid
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_login import logins  # noqa: F401 (a fixture)

pytest.importorskip("pyte", reason="python3-pyte is not installed")
from harness.screen import Screen  # noqa: E402 (only where pyte is)

UP, DOWN = b"\x1b[A", b"\x1b[B"
PAGE_UP, PAGE_DOWN, END = b"\x1b[5~", b"\x1b[6~", b"\x1b[F"
CONSOLES = 10000


class Menu:
    """A vspcd with a menu, and the screens that look at it."""

    def __init__(self, vspcd, port, need, terminal):
        self.vspcd = vspcd
        self.address = (vspcd.iface, port)
        self.need = need
        self.terminal = terminal

    def open(self, program="inetutils-telnet", *options, columns=80, rows=24,
             term="xterm"):
        """A telnet program on a terminal."""
        argv = {"inetutils-telnet": ["inetutils-telnet"],
                "telnet-ssl": ["telnet-ssl"],
                "plink": ["plink", "-telnet", "-P"],
                "busybox": ["busybox", "telnet"]}[program]
        address = self.address[::-1] if program == "plink" else self.address
        child = self.terminal(
            self.need(argv[0]), *argv[1:], *options, *address,
            env=os.environ | {"TERM": term}, dimensions=(rows, columns))
        return Screen(child, columns, rows)


@pytest.fixture
def start_menu(start_vspcd, need, terminal):
    def start(*args, **options):
        ports = PortBlock(options.pop("consoles", 50))
        port = ports.take()
        vspcd = start_vspcd("--menu-port", port, *args, ports=ports, **options)
        return Menu(vspcd, port, need, terminal)
    return start


@pytest.fixture
def menu(start_menu):
    return start_menu()


@pytest.mark.parametrize("program", ["inetutils-telnet", "telnet-ssl",
                                     "plink", "busybox"])
def test_a_person_finds_a_console_and_comes_back(menu, program):
    vms = {name: menu.vspcd.vm(name, uuid=new_uuid())
           for name in ("db", "web-1", "web-2", "web-10")}
    screen = menu.open(program)
    screen.wait_text("Enter opens")
    assert "vspcd: 1-4 of 4 consoles, by name" in screen.lines[0]
    assert [line.split()[-4] for line in screen.lines[3:6]] == [
        "web-1", "web-2", "web-10"]
    assert screen.lines[2].startswith(">      1 db ")
    assert screen.reversed_line(0) and screen.reversed_line(2)
    screen.type(b"web")
    screen.wait_text('1-3 of 3 consoles with "web", by name')
    screen.type(DOWN)
    screen.wait_line(3, ">")
    vms["web-2"].send(b"web-2 login: ")
    vms["web-2"].sync()
    screen.type(b"\r")
    screen.wait_text("[vspcd: web-2: opened")
    screen.wait_text("web-2 login:")
    screen.type(b"root\r")
    assert vms["web-2"].read_until(b"root\r") == b"root\r"
    screen.type(b"~w")
    screen.wait_text("web-2: 1 here")
    screen.type(b"~.")
    screen.wait_text("web-2: back at the list")
    screen.wait_line(3, ">      2 web-2")
    assert screen.lines[3].split()[-1] != "-"
    screen.type(b"\x15q")
    screen.wait_text("goodbye")
    screen.wait_end()
    connected = menu.vspcd.wait_event(words.CLIENT_CONNECTED, console="web-2")
    assert connected["door"] == "menu"
    menu.vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web-2",
                          reason="back at the list")
    menu.vspcd.wait_event(words.MENU_CLOSED, peer=connected["peer"])
    assert vms["web-1"].data == b""


def test_pages_and_orders(menu):
    for number in range(1, 31):
        menu.vspcd.vm(f"vm-{number}", uuid=new_uuid())
    menu.vspcd.vm("speaks", uuid=new_uuid()).send(b"hello")
    screen = menu.open()
    screen.wait_text("1-20 of 31 consoles")
    screen.type(PAGE_DOWN)
    screen.wait_text("21-31 of 31 consoles")
    screen.wait_line(12, "      31 vm-30 ")
    screen.wait(lambda: screen.lines[13] == "", "the end of the list")
    screen.type(UP)
    screen.wait_text("1-20 of 31 consoles")
    screen.wait_line(21, ">     20 vm-19 ")
    screen.type(END)
    screen.wait_text("12-31 of 31 consoles")
    screen.type(b"\t")
    screen.wait_text("1-20 of 31 consoles, by last output")
    screen.wait_line(2, ">      1 speaks ")


def test_the_window_may_change(menu):
    for number in range(45):
        menu.vspcd.vm(f"vm-{number}", uuid=new_uuid())
    screen = menu.open(rows=40, columns=100)
    screen.wait_text("1-36 of 45 consoles")
    screen.wait_line(39, " Enter opens")
    screen.child.setwinsize(12, 60)
    screen.screen.resize(12, 60)
    screen.wait_line(11, " Enter opens")
    screen.wait_text("1-8 of 45 consoles")


def test_wide_and_hostile_names_keep_their_columns(menu):
    names = ["a", "\u65e5\u672c\u8a9e\u306e\u30b5\u30fc\u30d0\u30fc",
             "\x1b[2J\x1b[31mred", "e\u0301" * 10, "\u202egnp.exe",
             "\U0001f600" * 30, "x" * 120]
    for name in names:
        menu.vspcd.new_vm(name, uuid=new_uuid()).identify()
    for _ in names:
        menu.vspcd.wait_event(words.VM_CONNECTED)
    screen = menu.open()
    screen.wait_text(f"1-{len(names)} of {len(names)} consoles")
    screen.wait_text("Enter opens")
    # A wide character is shown by its cell and an empty one behind it.
    for row in range(2, 2 + len(names)):
        cells = [screen.screen.buffer[row][x].data for x in range(80)]
        assert "".join(cells[53:62]) == "connected", cells
        assert cells[79] == " "
    assert screen.lines[0].startswith(" vspcd:")
    assert screen.lines[9] == ""


@pytest.mark.parametrize("term", ["dumb", "unheard-of"])
def test_without_a_screen_there_are_lines(menu, term):
    vm = menu.vspcd.vm("web")
    menu.vspcd.vm("db", uuid=new_uuid())
    screen = menu.open(term=term)
    screen.wait_text("number, text, ? or q:")
    assert "     2  web" in screen.text
    screen.type(b"we")
    screen.wait_text("q: we")
    screen.type(b"\r")
    screen.wait_text('1-1 of 1 console with "we", by name')
    screen.type(b"1\r")
    screen.wait_text("[vspcd: web: opened")
    screen.type(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"
    screen.type(b"~.")
    screen.wait_text("web: back at the list")
    screen.type(b"q\r")
    screen.wait_text("goodbye")


def test_netcat_gets_lines(menu, need, start_process):
    vm = menu.vspcd.vm("web")
    nc = start_process([need("nc", "netcat-openbsd"), *map(str, menu.address)])
    nc.stdin.write(b"web\n1\nuptime\n")
    nc.stdin.flush()
    assert vm.read_until(b"uptime\n") == b"uptime\n"
    vm.send(b"up 3 days\r\n")
    seen = b""
    while b"up 3 days" not in seen:
        seen += os.read(nc.stdout.fileno(), 65536)
    assert b"     1  web" in seen and b"\x1b" not in seen


def test_a_console_lives_on_under_its_client(menu):
    vm = menu.vspcd.vm("web")
    screen = menu.open()
    screen.wait_text("1-1 of 1 console")
    screen.type(b"\r")
    screen.wait_text("web: opened")
    vm = menu.vspcd.move(vm)
    vm.send(b"after the move\r\n")
    screen.wait_text("after the move")
    vm.close()
    screen.wait_text("web: VM disconnected; this connection waits")
    screen.type(b"\r~.")
    screen.wait_text("away")
    menu.vspcd.vm("web")
    screen.wait_text("connected")


def test_a_console_that_is_full_is_said_and_logged(start_menu):
    menu = start_menu("--client-limit", "1")
    menu.vspcd.telnet(menu.vspcd.vm("web"))
    screen = menu.open()
    screen.wait_text("1-1 of 1 console")
    screen.type(b"\r")
    screen.wait_text("web: refused, 1 clients are connected")
    peer = menu.vspcd.wait_event(words.MENU_OPENED)["peer"]
    menu.vspcd.wait_event(words.CLIENT_LIMIT_REACHED, console="web", peer=peer)


def test_it_is_only_there_when_asked_for(start_vspcd):
    vspcd = start_vspcd()
    assert not vspcd.events(words.MENU_PORT_OPENED)


def test_shutting_down_is_said(menu):
    screen = menu.open()
    screen.wait_text("no console is here for you")
    menu.vspcd.stop()
    screen.wait_text("[vspcd: shutting down")
    screen.wait_end()


def test_a_port_that_is_taken_is_an_error(start_vspcd):
    first = start_vspcd()
    port = first.proxy[1]
    second = Program([BUILD / "vspcd", "--proxy-port", "0", "--proxy-iface",
                      "127.0.0.1", "--backend", "Memory", "--menu-port", port])
    try:
        assert second.wait_exit() == 2
        second.wait_log(f"cannot listen for the menu on 127.0.0.1:{port}: .*"
                        "--menu-port")
    finally:
        second.kill()


def test_another_key_or_none(start_menu, config):  # noqa: F811
    path = config('menu-escape = "%"\n')
    menu = start_menu("--config", path)
    vm = menu.vspcd.vm("web")
    screen = menu.open()
    screen.wait_text("1-1 of 1 console")
    screen.type(b"\r")
    screen.wait_text("web: opened")
    screen.type(b"~.\r%.")
    screen.wait_text("back at the list")
    assert vm.read_until(b"~.\r") == b"~.\r"
    config('menu-escape = "none"\n')
    hup(menu.vspcd)
    screen.type(b"\r")
    screen.wait_text("web: opened")
    screen.type(b"%.\r")
    assert vm.read_until(b"%.\r") == b"%.\r"
    bad = subprocess.run(
        [BUILD / "vspcd", "--menu-escape", "ab", "--check-config"],
        env=clean_environment(), capture_output=True, text=True, timeout=30)
    assert bad.returncode == 1
    assert "one printable character" in bad.stderr


# ---- rights -----------------------------------------------------------------

RULES = """
access "secret-*" {{ admin = {{"root"}} }}
access "web-*" {{ {right} = {{"anybody from local"}} }}
"""


def test_nothing_comes_to_those_who_may_not_read(start_menu,
                                                 config):  # noqa: F811
    menu = start_menu("--config", config(RULES.format(right="write")))
    vspcd = menu.vspcd
    secret = vspcd.vm("secret-db", uuid=new_uuid())
    secret.send(b"secret output")
    secret.sync()
    vspcd.vm("web-1", uuid=new_uuid())
    screen = menu.open()
    # A login could give more; Enter goes on without.
    screen.wait_text("login:")
    screen.type(b"\r")
    screen.wait_text("1-1 of 1 console")
    for keys in b"\t", b"\t", END, b"secret", b"\r", b"\x15", b"?", b"x\x7f":
        screen.type(keys)
    screen.type(secret.uuid.encode() + b"\r")
    screen.wait_text("no console has this text")
    screen.type(b"\x15")
    screen.wait_text("1-1 of 1 console, by")
    assert b"secret-db" not in screen.received
    assert b"of 2" not in screen.received
    vspcd.wait_event(words.MENU_OPENED)
    assert not vspcd.events(words.CLIENT_CONNECTED)


def test_rights_are_live(start_menu, config):  # noqa: F811
    path = config(RULES.format(right="write"))
    menu = start_menu("--config", path, "--login", "off")
    vm = menu.vspcd.vm("web-1", uuid=new_uuid())
    at_console, at_list = menu.open(), menu.open()
    for screen in at_console, at_list:
        screen.wait_text("1-1 of 1 console")
    at_console.type(b"\r")
    at_console.wait_text("web-1: opened")
    config(RULES.format(right="read"))
    hup(menu.vspcd)
    at_console.wait_text("web-1: you may only read from now on")
    config(RULES.format(right="read").replace("web-*", "other-*"))
    hup(menu.vspcd)
    at_console.wait_text("the rules do not allow reading this console")
    for screen in at_console, at_list:
        screen.wait_text("no console is here for you")
    vm.send(b"not for them")
    vm.sync()
    config(RULES.format(right="write"))
    hup(menu.vspcd)
    at_list.wait_text("1-1 of 1 console")
    assert "not for them" not in at_console.text


@pytest.mark.parametrize("program", ["inetutils-telnet", "telnet-ssl"])
def test_a_login_decides_which_list_there_is(
        logins, need, terminal, program):  # noqa: F811
    with contextlib.closing(PortBlock(0)) as ports:
        port = ports.take()
        vspcd, vm = logins(
            'access "web*" { write = {"alice"} } access "*" { admin = {"bob"} }',
            "--menu-port", port)
        vspcd.vm("db", uuid=new_uuid())
        screen = Menu(vspcd, port, need, terminal).open(
            program, *(["-z", "ssl"] if program == "telnet-ssl" else []))
        screen.wait_text("login:")
        screen.type(b"alice\r")
        screen.wait_text("Password:")
        assert b"web" not in screen.received and b"db" not in screen.received
        # What is typed ahead is for the list, and for its console.
        screen.type(b"secret\r")
        screen.type(b"we\rls\r")
        screen.wait_text("[vspcd: web: opened")
        assert vm.read_until(b"ls\r") == b"ls\r"
        screen.type(b"~.")
        screen.wait_text('1-1 of 1 console with "we"')
        assert b"db" not in screen.received
        assert b"secret" not in screen.received
        has = vspcd.wait_event(words.MENU_OPENED)
        assert has["principal"] == "alice (password)"
        assert (has["tls"] != "no") == (program == "telnet-ssl")


@pytest.mark.parametrize("policy", ["telnets", "offered", "required"])
def test_in_tls_by_each_way(start_menu, certificates, policy):
    menu = start_menu("--client-tls", policy, "--cert",
                      certificates.server.certificate, "--key",
                      certificates.server.key)
    vm = menu.vspcd.vm("web")
    # From the first byte, or by AUTHENTICATION within telnet.
    options = ["-z", "ssl"] if policy == "telnets" else []
    screen = menu.open("telnet-ssl", *options)
    screen.wait_text("1-1 of 1 console")
    assert menu.vspcd.wait_event(words.MENU_OPENED)["tls"] != "no"
    screen.type(b"\r")
    screen.wait_text("web: opened")
    screen.type(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"
    if policy == "required":
        clear = menu.open()
        clear.wait_text("this port requires TLS")
        assert b"web" not in clear.received


# ---- many -------------------------------------------------------------------

@pytest.fixture
def many(start_menu, tmp_path):
    """A menu of CONSOLES known consoles, and one with a VM."""
    state = tmp_path / "state.db"
    listed = "".join(f"vm-{n}:{new_uuid()}:{50000 + n}\n"
                     for n in range(CONSOLES))
    subprocess.run([BUILD / "vspcd", "--file", state, "--import-ports", "-"],
                   input=listed, text=True, check=True, timeout=120,
                   env=clean_environment(), capture_output=True)
    return start_menu("--file", state, "--no-vm-ports", "--vm-expire-time",
                      "1000000")


def test_10000_consoles_are_quick(many):
    screen = many.open()
    screen.wait_text(f"1-20 of {CONSOLES} consoles")
    times = []
    for keys, seen in [(b"9", 'with "9"'), (b"9", 'with "99"'),
                       (b"9", 'with "999"'), (b"\x15", f"of {CONSOLES} c"),
                       (END, f"{CONSOLES}-"), (PAGE_UP, "9961-9980"),
                       (b"\x01", "1-20 of"), (PAGE_DOWN, "21-40 of")]:
        begin = time.monotonic()
        screen.type(keys)
        screen.wait(lambda: seen in screen.lines[0] or
                    (keys == END and f"-{CONSOLES} of" in screen.lines[0]),
                    seen)
        times.append(time.monotonic() - begin)
    print("seconds for each key:", [f"{t:.3f}" for t in times])
    # Some 30 ms; a busy machine and a sanitizer take longer.
    assert max(times) < (20 if is_sanitized() else 4)


def test_many_menus_do_not_slow_a_console(many):
    """Menus that are asked for one page after the other: the bytes of a console
    come through."""
    vspcd = many.vspcd
    vm = vspcd.new_vm("works", uuid=new_uuid()).identify()
    screen = many.open()
    screen.wait_text("of 10001 consoles")
    screen.type(b"works\r")
    screen.wait_text("works: opened")

    def typed_time():
        begin = time.monotonic()
        screen.type(b"x")
        vm.read_until(b"x")
        return time.monotonic() - begin

    quiet = sorted(typed_time() for _ in range(50))[25]
    noisy = [TelnetPeer(dial(many.address)) for _ in range(40)]
    try:
        for peer in noisy:
            peer.send_wire(wire.negotiate(wire.DO, wire.BINARY) +
                           wire.negotiate(wire.WONT, 24))
        busy = []
        for _ in range(50):
            for peer in noisy:
                peer.send_wire(b"/9\r=\r\r")
            busy.append(typed_time())
        for peer in noisy:
            peer.wait(lambda p=peer: b'with "9"' in p.data, "a page")
        print(f"typed byte: {quiet * 1000:.2f} ms alone, "
              f"{sorted(busy)[25] * 1000:.2f} ms beside {len(noisy)} menus")
        assert sorted(busy)[25] < quiet + (1 if is_sanitized() else 0.1)
    finally:
        for peer in noisy:
            peer.close()
