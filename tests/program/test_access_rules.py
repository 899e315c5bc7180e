"""Who may do what: the sections of the file, checked, shown and read again.
What the rules say is in test_access_model.py."""

import pytest

from harness import words
from test_config import config, run  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_vspc_server import link  # noqa: F401 (a fixture)

RULES = """\
group ops { members = {"alice", "bob"} }
access "web-*" { write = {"ops"} read = {"anybody"} }
access "*" { break = {"anybody"} }
"""


def check(path, status=0):
    result = run("--config", path, "--check-config")
    assert result.returncode == status, result
    return [line.removeprefix(f"vspcd: {path}:")
            for line in result.stderr.splitlines()]


def test_rules_in_order_are_fine(config):
    assert check(config(RULES)) == []


@pytest.mark.parametrize("text, line, said", [
    ('access "" { read = {"a"} }', 1, "is empty"),
    ('access "[a" {}', 1, "has [ without ]"),
    ('\naccess "*" {\n read = {"a",\n "unx:b"} }', 4, "expected user, unix"),
    ('access "*" {\n read = {"a from"} }', 2, "MEMBER from NETWORK"),
    ('access "*" { hosts = {"a"} }', 1, "hosts: 'a' is no network"),
    ('access "*" { read = {"a"}\n read = {"b"} }', 2, "already set in line 1"),
    ('group anybody { members = {"a"} }', 1, "word with a meaning"),
    ('group a { members = {"b"} }\ngroup b {\n members = {"a"} }', 3,
     "has itself among its members"),
    ('group a { members = {"b"} }\ngroup a { members = {"c"} }', 2,
     "is in line 1 already"),
])
def test_wrong_rules(config, text, line, said):
    path = config(text)
    wrong = check(path, 1)
    assert len(wrong) == 1
    assert wrong[0].startswith(f"{line}: ") and said in wrong[0], wrong
    start = run("--config", path)
    assert (start.returncode, start.stdout) == (2, "")
    assert start.stderr == f"vspcd: {path}:{wrong[0]}\n"


def test_all_errors_are_said(config):
    wrong = check(config('access "[" { read = {"x:y"} }\n'
                         'interface = "x"\n'
                         'group read { members = {""} }\n'), 1)
    assert [int(line.partition(":")[0]) for line in wrong] == [1, 1, 2, 3, 3]


def test_what_is_shown_can_be_read_again(config):
    path = config(RULES + 'access "db" { hosts = {"10.0.0.0/8"} '
                          'keyboard = one-writer }\n')
    shown = run("--config", path, "--show-config").stdout
    assert f'access "web-*" {{ # {path}:2\n    write = {{"ops"}}\n' in shown
    again = run("--config", config(shown), "--show-config").stdout
    assert sections(again) == sections(shown)
    assert len(sections(shown)) == 14


def sections(shown):
    lines = shown.partition("\n# Who may do what\n")[2].splitlines()
    return [line.partition(" # ")[0] for line in lines]


def test_rules_change(start_vspcd, config):
    vspcd = start_vspcd("--config", config('access "*" { read = {"anybody"} }'))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send(b"no")
    client.read_until(b"may only read")
    config('access "*" { write = {"anybody"} }')
    hup(vspcd)
    client.read_until(b"you may type from now on")
    client.send(b"yes")
    vm.read_until(b"yes")
    assert vspcd.events(words.RELOAD_SETTING, setting="access",
                        value="1 section")


@pytest.mark.parametrize("wrong", [
    'access "*" { write = {"anybody"} }\naccess "x" { read = {"x:y"} }',
    'access "*" { write = {"anybody"} ',
    'access "*" { write = {"anybody"} }\ncert = "/nowhere/cert.pem"',
])
def test_wrong_rules_leave_those_in_force(start_vspcd, config, wrong):
    vspcd = start_vspcd("--config", config('access "*" { read = {"anybody"} }'))
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    config(wrong)
    hup(vspcd, words.RELOAD_REFUSED)
    client.send(b"no")
    client.read_until(b"may only read")
    config('access "*" { read = {"nobody"} }')
    hup(vspcd)
    client.wait_closed()


def test_without_sections_this_machine_may_break(start_vspcd):
    vspcd = start_vspcd()
    vspcd.check_works()
    assert not vspcd.events(words.ACCESS_OPEN)
    assert not vspcd.events(words.ACCESS_LOCAL)


def test_vspc_server_is_open_and_says_so(link, start_vspcd, config):
    vspcd = start_vspcd("--debug", "--stdout", program=link, log="stdout")
    vspcd.wait_event(words.ACCESS_OPEN)
    vspcd.check_works()
    path = config('access "*" { read = {"anybody"} }')
    vspcd = start_vspcd("--debug", "--stdout", "--config", path, program=link,
                        log="stdout")
    vspcd.telnet(vspcd.vm("web"))
    assert not vspcd.events(words.ACCESS_OPEN)


def test_an_interface_without_rules_is_told(start_vspcd, config):
    """192.0.2.1 is no address of this machine: nothing is opened there."""
    vspcd = start_vspcd("--config", config(""), "--interface", "192.0.2.1")
    vspcd.wait_event(words.ACCESS_LOCAL, interface="192.0.2.1")
    vspcd = start_vspcd("--config", config('access "*" {}'),
                        "--interface", "192.0.2.1")
    assert not vspcd.events(words.ACCESS_LOCAL)
