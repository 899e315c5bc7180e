"""Who may do what: the sections of the file, checked, shown and read again.
What the rules say is in test_access_model.py."""

import pytest

from harness import words
from harness.net import eventually
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
    ('access "*" {\n hosts = {} }', 2, "hosts: no network in it"),
    ('access "web\\*" {}', 1, "a backslash without a meaning"),
    ('\naccess "web\\000*" {}', 2, "a NUL byte in a text"),
    ('access "*" { read = {"a"}\n read = {"b"} }', 2, "already set in line 1"),
    ('group anybody { members = {"a"} }', 1, "word with a meaning"),
    ('group a { members = {"b"} }\ngroup b {\n members = {"a"} }', 1,
     "is a member of itself"),
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


# ---- warnings of --check-config ---------------------------------------------

@pytest.mark.parametrize("text, line, said", [
    ('access "*" { read = {"a"} }\naccess "web" { write = {"a"} }', 2,
     "never decides: '*' in line 1"),
    ('access "w*" { read = {"a"} }\naccess "web-?" { write = {"a"} }', 2,
     "never decides: 'w*' in line 1"),
    ('access "w" { read = {"a"} hosts = {"10.0.0.0/8", "::1"} }\n'
     'access "w" { read = {"a"} hosts = {"10.1.0.0/16"} }', 2,
     "never decides: 'w' in line 1"),
    ('access "*" { read = {"a"} }\ngroup g { members = {"a"} }', 2,
     "is used by no access section"),
    ('access "*" { read = {"a"} }\ngroup g { members = {"h"} }\n'
     'group h { members = {"g2"} }', 2, "is used by no access section"),
    ('access "*" { read = {"g", "a"} }\ngroup g {}', 2, "has no members"),
    ('access "*" { read = {"root"} }\ngroup root { members = {"a"} }', 2,
     "who is user:root now"),
    ('access "*" { read = {"a b"} }', 1, "names of persons have no blanks"),
    ('access "*" { read = {"%wheel"} }', 1, "taken for a person"),
    ('access "*" { read = {"a"}\n write = {"unix:no-such-group"} }', 2,
     "this system has no group 'no-such-group'"),
    ('access "52 F7 a0 88 35 7e a2 c5-8c 35 5a 2b a9 f1 ec 6f/s0" '
     '{ read = {"a"} }', 1,
     "write it as '52f7a088-357e-a2c5-8c35-5a2ba9f1ec6f'"),
    ('\naccess "x" {}\naccess "*" { read = {"a"} }', 2,
     "gives nobody a right"),
    ('access "*" { read = {"g from 10.0.0.0/8", "b"} }\n'
     'group g { members = {"a from 192.0.2.0/24"} }', 1,
     "can come from nowhere"),
])
def test_strange_rules(config, text, line, said):
    warnings = run("--config", config(text), "--check-config")
    assert warnings.returncode == 0
    lines = [line.split(".conf:")[1] for line in warnings.stderr.splitlines()
             if line.startswith("vspcd: warning: ")]
    assert any(one.startswith(f"{line}: ") and said in one for one in lines), \
        warnings.stderr


@pytest.mark.parametrize("text", [
    'access "web-*" { read = {"a"} }\naccess "*" { read = {"a"} }',
    'access "*" { read = {"a"} hosts = {"10.0.0.0/8"} }\n'
    'access "*" { read = {"a"} }',
    'access "*" { read = {"a"} hosts = {"10.0.0.0/8"} }\n'
    'access "*" { read = {"a"} hosts = {"10.0.0.0/8", "::/0"} }',
    'access "52F7A088-357e-a2c5-8c35-5a2ba9f1ec6f" { read = {"a"} }',
    'access "a?" { read = {"a"} }\naccess "a*" { read = {"a"} }',
    'group g { members = {"h"} }\ngroup h { members = {"anybody"} }\n'
    'access "*" { read = {"g"} }',
    'access "*" { read = {"certificate:O=a b,CN=*", "unix:root", "@x"} }\n'
    'group "@x" { members = {"proxy:domain users"} }',
])
def test_rules_that_are_not_strange(config, text):
    assert check(config(text)) == []


def test_strange_rules_are_logged_at_start_and_reload(start_vspcd, config):
    path = config('access "*" { read = {"anybody"} }\naccess "x" {}')
    vspcd = start_vspcd("--config", path)
    eventually(lambda: len(vspcd.events(words.ACCESS_STRANGE)) == 2,
               words.ACCESS_STRANGE)
    config('access "*" { write = {"anybody"} }\ngroup g {}')
    hup(vspcd)
    assert len(vspcd.events(words.ACCESS_STRANGE)) == 4
    hup(vspcd)
    assert len(vspcd.events(words.ACCESS_STRANGE)) == 4


# ---- --explain-access -------------------------------------------------------

EXPLAINED = """\
group ops { members = {"alice", "unix:daemon", "certificate:*.example.org"} }
access "secret-*" { admin = {"root"} }
access "52f7a088-*" { read = {"anybody"} }
access "*" { hosts = "10.0.1.0/24"
  admin = {"root"} }
access "*" {
  break = {"ops from 192.0.2.0/24"}
  read = {"anybody from local"}
}
"""


@pytest.mark.parametrize("principal, console, right, line, because", [
    ("alice", "web", "read", 8, "read is for 'anybody', and so for alice"),
    ("user:alice from 192.0.2.9", "web", "break", 7,
     "1: 'alice' is in that group"),
    ("alice from 198.51.100.1", "web", None, 6,
     "7: break is for 'ops', by 'alice', but only from 192.0.2.0/24; this "
     "comes from 198.51.100.1"),
    ("daemon from 192.0.2.9", "web", "break", 7,
     "1: 'unix:daemon' is in that group"),
    ("certificate:a.example.org from 192.0.2.9", "web", "break", 7,
     "1: 'certificate:*.example.org' is in that group"),
    ("anybody from local", "web/s0", "read", 8, "2: access 'secret-*' does "
     "not match"),
    ("anybody from 192.0.2.9", "52F7A088357EA2C58C355A2BA9F1EC6F", "read", 3,
     "3: access '52f7a088-*' decides"),
    ("root", "web from 10.0.1.7", "admin", 5, "4: access '*' decides"),
    ("alice", "web from 10.0.1.7", None, 4,
     "5: admin is for 'root', which is not alice (password)"),
    ("alice", "web from 10.0.2.7", "read", 8,
     "4: access '*' is not for the address of its VM's host"),
    ("alice", "secret-1", None, 2, "nothing in access 'secret-*' is for"),
])
def test_explained(config, principal, console, right, line, because):
    path = config(EXPLAINED)
    result = run("--config", path, "--explain-access", principal, console)
    assert (result.returncode, result.stderr) == (0 if right else 1, "")
    said = f"right      {right}, by {path}:{line}\n" if right else \
        f"right      none; {path}:{line} decides\n"
    assert said in result.stdout
    assert because in result.stdout.replace(f"{path}:", "")


def test_explained_without_sections():
    result = run("--explain-access", "anybody from 192.0.2.1", "web")
    assert result.returncode == 1
    assert "right      none\n" in result.stdout
    assert "there is no access section" in result.stdout
    assert run("--explain-access", "anybody", "web").returncode == 0


def test_no_section_is_for_it(config):
    result = run("--config", config('access "db" { read = {"anybody"} }'),
                 "--explain-access", "alice", "--explain-console", "web")
    assert result.returncode == 1
    assert "no access section is for this console" in result.stdout


@pytest.mark.parametrize("words, said", [
    (["alice"], "expected a principal and a console"),
    (["alice", "web", "more"], "unexpected argument 'more'"),
    (["x:y", "web"], "is no principal"),
    (["", "web"], "expected a text that is not empty"),
    (["alice from nowhere", "web"], "is no address"),
    (["alice", "web from nowhere"], "is no address"),
])
def test_wrong_questions(words, said):
    result = run("--explain-access", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr


def test_explained_token(config, tmp_path):
    """What is said of a token is in the file of the tokens."""
    state = {"STATE_DIRECTORY": str(tmp_path)}
    path = config('access "*" { admin = {"token:deploy"} break = {"nobody"}\n'
                  ' read = {"root"} }')

    def create(name, owner, right, consoles="*"):
        result = run("--config", path, "--token", "create", "--token-name",
                     name, "--token-owner", owner, "--token-right", right,
                     "--token-consoles", consoles, env=state)
        assert result.returncode == 0, result.stderr

    def explain(name, console):
        result = run("--config", path, "--explain-access", f"token:{name}",
                     console, env=state)
        return result.returncode, result.stdout.replace(f"{path}:", "")

    assert "token      not known: " in explain("ci", "web")[1]
    create("ci", "nobody", "write", "web-*")
    create("deploy", "root", "admin")
    status, said = explain("ci", "web-1")
    assert status == 0
    assert "token      of nobody, for write at most, on web-*\n" in said
    assert "right      write, by 1\n" in said
    status, said = explain("ci", "db")
    assert status == 1
    assert "the token is for other consoles alone: 'web-*'" in said
    status, said = explain("deploy", "db")
    assert status == 0
    assert "right      admin, by 1\n" in said
    assert "rules for the token itself count too" in said
    status, said = explain("none", "db")
    assert status == 1
    assert "token      not known, revoked or expired" in said
