"""vspc watch: the output of many consoles, line by line."""

import os
import signal
import subprocess

from harness import words
from harness.fake_api import FakeApi, console
from harness.net import TIMEOUT, Fd
from harness.programs import BUILD

VSPC = str(BUILD / "vspc")


def test_consoles_that_match(vspcd):
    """Also one that comes later; escape sequences are left out."""
    one, other = vspcd.vm("web-1"), vspcd.vm("db-1")
    watch = subprocess.Popen(
        [VSPC, "watch", "web-*"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"VSPC_SERVER": f"unix:{vspcd.socket}"})
    try:
        out = Fd(watch.stdout.fileno())
        vspcd.wait_event(words.CLIENT_CONNECTED, console="web-1")
        other.send(b"not this\r\n")
        one.send(b"\x1b[1mlogin: \x1b[0m\r\nroot")
        assert out.read_until(b"\n") == b"web-1| login: \n"
        second = vspcd.vm("web-20")
        vspcd.wait_event(words.CLIENT_CONNECTED, console="web-20")
        second.send(b"here\r\n")
        assert out.read_until(b"here\n") == b"web-20| here\n"
        one.send(b" is in\r\n")
        assert out.read_until(b"in\n") == b"web-1 | root is in\n"
        one.close()
        assert out.read_until(b"]\n") == b"web-1 | [VM disconnected]\n"
        watch.send_signal(signal.SIGINT)
        assert watch.wait(TIMEOUT) == -signal.SIGINT
        # Nothing that a VM would wait for.
        vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web-20")
        assert not vspcd.events(words.CLIENT_AWAY)
    finally:
        watch.kill()
        watch.communicate()


def test_more_than_can_be_watched_is_said():
    fake = FakeApi()
    fake.serve(*(console(f"vm-{n}", n) for n in range(257)))
    watch = subprocess.Popen(
        [VSPC, "-s", fake.socket, "watch", "vm-*"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        Fd(watch.stderr.fileno()).read_until(b"more than 256 consoles match")
    finally:
        watch.kill()
        watch.communicate()
        fake.close()
