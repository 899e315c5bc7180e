"""docs/tutorial.md, word by word: its commands are typed, its files written, on a
Debian 12 whose systemd runs, and what it shows has to come."""

import json
import re

import pytest

from debs import NAMES, built, deb_of, field_of, words_of
from harness.programs import SOURCE
from machine import ENVIRONMENT
from roots import run
from tutorial import PASSWORD, Player, is_shown, read_blocks, read_commands

TUTORIAL = SOURCE / "docs" / "tutorial.md"
# What a Debian has that has booted.
SYSTEM = ("dbus", "systemd-sysv")
FOLDER = "/root/packages"


@pytest.fixture
def machine(make_root, start_machine):
    """A Debian without any of it. What its packages need lies in apt's cache,
    where apt-get install finds it without the network."""
    packages = [deb_of(built(), name) for name in NAMES]
    wanted = {word for package in packages
              for field in ("Depends", "Recommends")
              for word in words_of(field_of(package, field))} - set(NAMES)
    fetch = " ".join(["apt-get install --yes --download-only "
                      "--install-recommends", *sorted(wanted)])
    root = make_root("tutorial", SYSTEM, more=(
        "--skip=cleanup/apt", f"--customize-hook=chroot $1 {fetch}"))
    root.path("/etc/apt/apt.conf.d/test").write_text('Acquire::Retries "0";\n')
    for package in packages:
        root.put(package, f"{FOLDER}/{package.name}")
    return start_machine(root)


class Browser:
    """What a browser asks the page's door, from the machine's network."""

    def __init__(self, machine):
        self.machine = machine
        self.cookies = machine.root.folder.parent / "cookies"

    def ask(self, path, *more):
        return run(["nsenter", "--target", self.machine.pid, "--net", "curl",
                    "--silent", "--insecure", "--compressed", "--cookie-jar",
                    self.cookies, "--cookie", self.cookies, "--header",
                    "Origin: https://localhost:8443", *more,
                    f"https://localhost:8443{path}"]).stdout

    def log_in(self, user, password):
        return json.loads(self.ask(
            "/api/v1/login", "--header", "Content-Type: application/json",
            "--data", json.dumps({"user": user, "password": password})))


def look_at_the_page(machine):
    browser = Browser(machine)
    assert "<title>vspcd" in browser.ask("/")
    assert "error" in browser.log_in("alice", "wrong")
    assert browser.log_in("alice", PASSWORD)["name"] == "alice"
    consoles = json.loads(browser.ask("/api/v1/consoles"))["items"]
    assert {one["name"]: one["right"] for one in consoles} == {
        "prod-db": "read", "web-01": "write"}


def enter_into_vsphere(machine):
    """A VM with the URI that is printed is served, in TLS."""
    said = machine.run("vspc uri --host localhost").stdout
    uri = re.search(r"vSPC URI: +(\S+)", said)[1]
    machine.run("systemd-run --quiet --unit=app-07 vspc-vm "
                f"--proxy '{uri}' --name app-07 --exec cat && "
                "vspc wait app-07 --timeout 60")
    said = json.loads(machine.run("vspc show app-07 -o json").stdout)
    assert said["tls"] is True
    machine.run("systemctl stop app-07")


def test_a_reader_does_what_it_says(machine):
    player = Player(machine, FOLDER, ENVIRONMENT)
    meanwhile = {"https://vspc.example.org:8443/": look_at_the_page,
                 "# vspc uri --vm app-07": enter_into_vsphere}
    try:
        for block in read_blocks(TUTORIAL.read_text()):
            if block.about != "by-hand":
                player.play(block)
            first = block.text.splitlines()[0]
            meanwhile.pop(first, lambda machine: None)(machine)
    finally:
        player.close()
    assert meanwhile == {}


# ---- would the reader notice? ----------------------------------------------------

@pytest.mark.parametrize("shown, said, is_same", [
    (["NAME  PORT", "web   50000"], "NAME    PORT\r\nweb   50017\r\n", True),
    (["NAME  PORT", "web   50000"], "NAME    PORT\r\nweb   none\r\n", False),
    (["web"], "web\r\nand more\r\n", False),
    ([], "", True),
    ([], "a word", False),
    (["..."], "", True),
    (["...", "end"], "a\nb\nend\n", True),
    (["...", "end"], "a\nb\n", False),
    (["id ... here"], "id 0a1b here\n", True),
    (["id ... here"], "id 0a1b\nhere\n", False),
    (["a.c"], "abc\n", False),
    (["done"], "at it ...\r\x1b[Kdone\r\n", True),
    (["red"], "\x1b[1;31mred\x1b[0m\r\n", True),
])
def test_what_is_shown_is_compared(shown, said, is_same):
    assert is_shown(shown, said) == is_same


def test_a_command_has_what_it_shows():
    commands = read_commands("# one \\\n    two\nshown\n$ three\n")
    assert [(c.who, c.typed, c.shown) for c in commands] == [
        ("root", "one two", ["shown"]), ("alice", "three", [])]
