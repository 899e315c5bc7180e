"""vspc run and vspc wait: output that is expected, and typing."""

import os
import subprocess

import pytest

from harness import words
from harness.net import TIMEOUT
from harness.programs import BUILD
from harness.vm import new_uuid

VSPC = str(BUILD / "vspc")


@pytest.fixture
def vspc(vspcd):
    """vspc(...): starts it; .end() is exit code, output and words."""
    started = []

    def start(*args, stdin=subprocess.DEVNULL):
        program = subprocess.Popen(
            [VSPC, *map(str, args)], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"VSPC_SERVER": f"unix:{vspcd.socket}"})
        started.append(program)

        def end():
            out, err = program.communicate(timeout=TIMEOUT)
            return program.returncode, out, err.decode()
        program.end = end
        return program

    yield start
    for program in started:
        program.kill()


def wait_client(vspcd):
    vspcd.wait_event(words.CLIENT_CONNECTED, door="websocket")


def test_steps_of_the_command_line(vspcd, vspc):
    vm = vspcd.vm("web-01")
    run = vspc("run", "web-01", "--send", "", "--expect", "login: $",
               "--send", "root", "--expect", "[#$] $", "--type", r"\x04")
    assert vm.read_exactly(1) == b"\r"
    vm.send(b"\r\nweb-01 lo")
    vm.send(b"gin: ")
    assert vm.read_exactly(5) == b"root\r"
    vm.send(b"root\r\n# ")
    assert vm.read_exactly(1) == b"\x04"
    assert run.end() == (0, b"\r\nweb-01 login: root\r\n# ", "")


def test_a_script(vspcd, vspc, tmp_path):
    (tmp_path / "steps").write_text(
        "# wakes it up\nsend\ntimeout 1\nexpect never\n")
    vm = vspcd.vm("web-01")
    run = vspc("run", "web-01", "--script", tmp_path / "steps")
    assert vm.read_exactly(1) == b"\r"
    code, _, said = run.end()
    assert (code, said) == (8, "vspc: line 4: not seen within 1 s: never\n")


def test_time_is_over(vspcd, vspc):
    vspcd.vm("web-01")
    run = vspc("run", "web-01", "--expect", "never", "--timeout", "1")
    assert run.end()[0] == 124
    wait = vspc("wait", "web-01", "--for", "disconnected", "--timeout", "1")
    assert wait.end()[0] == 124


def test_nothing_is_typed_to_no_vm(vspcd, vspc):
    vspcd.vm("web-01").close()
    vspcd.wait_event(words.VM_DISCONNECTED)
    assert vspc("run", "web-01", "--send", "x").end()[0] == 7


def test_what_is_wrong_is_a_matter_of_usage(vspc):
    assert vspc("run", "web-01").end()[0] == 2
    assert vspc("run", "web-01", "--expect", "a(").end()[0] == 2
    assert vspc("run", "web-01", "--send", r"\q").end()[0] == 2
    assert vspc("wait", "web-01", "--for", "rain").end()[0] == 2


def test_wait_for_a_vm(vspcd, vspc):
    """Also for one that has never been there."""
    wait = vspc("wait", "web-01", "--for", "connected")
    assert wait.stderr.readline() == b"vspc: there is no console web-01 yet\n"
    uuid = new_uuid()
    vm = vspcd.vm("web-01", uuid=uuid)
    assert wait.end()[0] == 0
    assert vspc("wait", "web-01").end()[0] == 0
    gone = vspc("wait", "web-01", "--for", "disconnected")
    wait_client(vspcd)
    vm.close()
    assert gone.end()[0] == 0
    assert vspc("wait", "web-01", "--for", "disconnected").end()[0] == 0


def test_wait_for_output(vspcd, vspc):
    vm = vspcd.vm("web-01")
    wait = vspc("wait", "web-01", "--for", "output login: $")
    wait_client(vspcd)
    vm.send(b"web-01 lo")
    vm.send(b"gin: ")
    assert wait.end() == (0, b"", "")
