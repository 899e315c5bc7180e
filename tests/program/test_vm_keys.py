"""The key in a VM's port URI: printed by --vm-key, checked, and never shown."""

import json
import subprocess

import pytest

from harness import words
from harness.streams import assert_both_ways
from harness.vm import UUID, new_uuid
from test_config import config, run  # noqa: F401 (config is a fixture)
from test_config_reload import hup
from test_hooks import recorder  # noqa: F401 (a fixture)

SECRET = "a secret of this site alone\n"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "vm-key"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


def uri_of(key_file, about):
    """What --vm-key prints."""
    result = run("--vm-key-file", key_file, "--vm-key", about)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.rstrip("\n")


def key_in(uri):
    return uri.partition("key=")[2]


def assert_refused(vspcd, name, uuid, **how):
    newcomer = vspcd.new_vm(name, uuid, **how).identify()
    newcomer.wait_closed()
    has = vspcd.wait_event(words.VM_KEY_REFUSED, peer=newcomer.address)
    assert (has["vm"], has["uuid"]) == (name, uuid)
    return has["reason"]


def test_a_key_is_printed_for_a_port_and_for_a_vm(key_file):
    port = uri_of(key_file, f"{UUID}/s0")
    assert port.startswith("s0?key=") and len(key_in(port)) == 32
    every = uri_of(key_file, UUID)
    assert every.startswith("?key=") and key_in(every) != key_in(port)
    # However the UUID is written.
    assert uri_of(key_file, UUID.upper().replace("-", "") + "/s0") == port
    assert uri_of(key_file, f"{UUID}/a?b").startswith("a?b&key=")


def test_the_api_gives_the_key_that_is_printed(start_vspcd, key_file):
    vspcd = start_vspcd("--vm-key-file", key_file, "--vm-keys", "required")
    result = subprocess.run(
        ["curl", "-sSf", "--unix-socket", vspcd.socket, "--json",
         json.dumps({"uuid": UUID, "label": "s0"}),
         "http://localhost/api/v1/vm-keys"],
        stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    uri = json.loads(result.stdout)["port_uri"]
    assert uri == uri_of(key_file, f"{UUID}/s0")
    has = vspcd.wait_event(words.API_COMMAND, command="vm-keys.make")
    assert has["console"] == UUID and has["status"] == "200"
    vspcd.vm("web", UUID, uri=uri)
    assert key_in(uri) not in "\n".join(vspcd.log)


@pytest.mark.parametrize("args, problem", [
    (("--vm-key", UUID), "--vm-key: needs --vm-key-file"),
    (("--vm-keys", "optional"), "--vm-keys: needs --vm-key-file"),
    (("--vm-key-file", "/nowhere/at/all", "--vm-key", UUID),
     "--vm-key-file: /nowhere/at/all: No such file or directory"),
    (("--vm-key-file", "KEY", "--vm-key", "/s0"),
     "--vm-key: expected UUID or UUID/LABEL"),
    (("--vm-key-file", "KEY", "--vm-key", f"{UUID}/"),
     "--vm-key: expected UUID or UUID/LABEL")])
def test_what_is_wrong_is_said(key_file, args, problem):
    result = run(*(key_file if arg == "KEY" else arg for arg in args))
    assert result.returncode != 0
    assert problem in result.stderr


@pytest.mark.parametrize("text", ["web-01", UUID[:-1], f"{UUID}0/s0"])
def test_what_is_no_uuid_is_warned_of(key_file, text):
    result = run("--vm-key-file", key_file, "--vm-key", text)
    assert result.returncode == 0
    assert "key=" in result.stdout
    assert "does not look like a UUID" in result.stderr


@pytest.mark.parametrize("text, mode, problem", [
    (SECRET, 0o644, "is in it, and everybody can use it (mode 0644): chmod "),
    ("too short\n", 0o600, "of 16 to 4096 bytes"),
    ("x" * 4097, 0o600, "of 16 to 4096 bytes")])
def test_a_bad_file_is_an_error(key_file, config, text, mode,  # noqa: F811
                                problem):
    key_file.write_text(text)
    key_file.chmod(mode)
    path = config(f'vm-keys = optional\nvm-key-file = "{key_file}"\n')
    result = run("--config", path, "--check-config")
    assert result.returncode != 0
    assert f"vspcd.conf:2: vm-key-file: {key_file}: " in result.stderr
    assert problem in result.stderr
    assert run("--config", path).returncode != 0


def test_a_vm_with_its_key_is_served_and_shows_none(
        start_vspcd, key_file, recorder):  # noqa: F811
    vspcd = start_vspcd("--vm-keys", "required", "--vm-key-file", key_file,
                        "--debug", "--hook", recorder.path)
    uuid = new_uuid()
    uri = uri_of(key_file, f"{uuid}/s0")
    vm = vspcd.vm("web", uuid, uri=uri)
    assert_both_ways(vm, vspcd.telnet(vm))
    vspcd.report()
    has = vspcd.wait_event(words.CONSOLE_LISTED, console="web")
    assert has["id"] == f"{uuid}/s0"
    recorder.wait("vm-new", "vm-up", "client-attached")
    assert "has no key" in assert_refused(vspcd, "db", new_uuid(), uri="s0")
    assert_refused(vspcd, "web", uuid, uri="s0?key=" + "0" * 32)
    assert_refused(vspcd, "web", uuid, uri=uri.replace("s0", "s1"))
    for text in ("nonsense://x?key=", "s0&key=", "s0#key=", "s0%3Fkey%3D"):
        bad = vspcd.new_vm("bad", uri=text + key_in(uri))
        bad.wait(lambda bad=bad: bad.has_wont_proxy, "WONT-PROXY")
        vspcd.wait_event(words.VM_REFUSED, peer=bad.address)
    for said in (vspcd.log, recorder.said.read_text()):
        assert key_in(uri) not in said
        assert "secret of this site" not in said


def test_with_optional_keys_a_vm_keeps_its_own(start_vspcd, key_file, tmp_path):
    options = ("--vm-keys", "optional", "--vm-key-file", key_file,
               "--file", tmp_path / "state.db")
    first = start_vspcd(*options)
    vm = first.vm("web", uri="s0")
    again = first.vm("web", vm.uuid, uri=uri_of(key_file, f"{vm.uuid}/s0"))
    assert_both_ways(again, first.telnet(again))
    assert "has come with one before" in assert_refused(
        first, "web", vm.uuid, uri="s0")
    first.stop()
    second = start_vspcd(*options)
    assert "has come with one before" in assert_refused(
        second, "web", vm.uuid, uri="s0")
    back = second.vm("web", vm.uuid, uri=uri_of(key_file, f"{vm.uuid}/s0"))
    assert_both_ways(back, second.telnet(back))


def test_a_move_needs_no_key(start_vspcd, key_file):
    vspcd = start_vspcd("--vm-keys", "required", "--vm-key-file", key_file)
    uuid = new_uuid()
    vm = vspcd.vm("web", uuid, uri=uri_of(key_file, f"{uuid}/s0"))
    client = vspcd.telnet(vm)
    assert_both_ways(vspcd.move(vm), client)


def test_the_file_is_read_again(start_vspcd, config, key_file):  # noqa: F811
    vspcd = start_vspcd("--config", config(
        f'vm-keys = required\nvm-key-file = "{key_file}"\n'))
    uuid = new_uuid()
    old = uri_of(key_file, uuid)
    vspcd.vm("web", uuid, uri="s0" + old)
    key_file.chmod(0o644)
    hup(vspcd, words.RELOAD_REFUSED)
    vspcd.vm("web", uuid, uri="s0" + old)
    key_file.write_text("another secret of the site\n")
    key_file.chmod(0o600)
    hup(vspcd)
    assert "is wrong" in assert_refused(vspcd, "web", uuid, uri="s0" + old)
    vspcd.vm("web", uuid, uri="s0" + uri_of(key_file, uuid))


def test_a_key_behind_an_address(start_vspcd, key_file, remote):
    listener = remote()
    vspcd = start_vspcd("--vm-keys", "required", "--vm-key-file", key_file,
                        "--service-connect", f"127.0.0.1:{listener.port}")
    uuid = new_uuid()
    vm = vspcd.vm("web", uuid, direction=b"C",
                  uri=f"tcp://127.0.0.1:{listener.port}"
                      + uri_of(key_file, uuid))
    peer = listener.accept()
    vm.send(b"to the remote system")
    assert peer.read_exactly(20) == b"to the remote system"
    vspcd.report()
    has = vspcd.wait_event(words.CONSOLE_LISTED, console="web")
    assert has["id"] == f"{uuid}/tcp://127.0.0.1:{listener.port}"
    assert key_in(uri_of(key_file, uuid)) not in vspcd.log


def test_vspc_vm_has_a_key(start_vspcd, start_vm, key_file):
    vspcd = start_vspcd("--vm-keys", "required", "--vm-key-file", key_file)
    start_vm(vspcd, "--connect", "127.0.0.1:1", name="web",
             uri=uri_of(key_file, f"{UUID}/s0"))
    assert vspcd.wait_event(words.VM_CONNECTED, console="web")["id"] == \
        f"{UUID}/s0"


def test_check_uri_shows_no_key():
    result = run("--check-uri", "vspcd?port=com1&key=0123456789abcdef")
    assert result.returncode == 0
    assert "com1" in result.stdout and "--vm-keys" in result.stdout
    assert "0123456789" not in result.stdout
    result = run("--check-uri", "nonsense://x?key=0123456789abcdef")
    assert result.returncode != 0 and "0123456789" not in result.stderr
