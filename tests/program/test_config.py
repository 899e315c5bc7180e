"""The configuration file: checked, shown, and what goes before it."""

import os
import re
import subprocess

import pytest

from harness import words
from harness.programs import BUILD, SOURCE, clean_environment


def run(*args, env=None):
    return subprocess.run(
        [BUILD / "vspcd", *map(str, args)], capture_output=True, text=True,
        timeout=30, env=clean_environment(env), stdin=subprocess.DEVNULL)


@pytest.fixture
def config(tmp_path):
    """A file for --config; config("text") writes it and returns its path."""
    path = tmp_path / "vspcd.conf"

    def write(text):
        path.write_text(text)
        return path
    return write


def shown(result):
    """--show-config: {name: (value, where it comes from)}."""
    assert (result.returncode, result.stderr) == (0, ""), result
    lines = result.stdout.splitlines()
    assert lines[0].startswith("# vspcd ")
    found = {}
    for line in lines[1:]:
        if line == "" or line.startswith("# "):
            continue
        name, value, origin = re.fullmatch(
            r"#?([a-z-]+) = (.*?)\s+# (.*)", line).groups()
        found[name] = (value, origin)
    return found


def test_check(config):
    path = config("proxy-port = 13370\nhistory-size = 128K\n")
    result = run("--config", path, "--check-config")
    assert (result.returncode, result.stderr) == (0, "")
    assert str(path) in result.stdout


def test_check_says_all_options_that_are_none():
    """And is no start, wherever the question stands."""
    result = run("--bogus", "-zd", "--proxy-prt", "7", "--check-config")
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "vspcd: unknown option '--bogus': see vspcd --help",
        "vspcd: unknown option '-z': see vspcd --help",
        "vspcd: unknown option '--proxy-prt': did you mean --proxy-port?"]


def test_check_looks_whether_logs_have_a_directory(tmp_path):
    """One that is missing is made."""
    path = tmp_path / "logs"
    assert run("--check-config", "--logdir", path).returncode == 0
    path.write_text("")
    result = run("--check-config", "--logdir", path)
    assert (result.returncode, result.stderr) == (
        1, f"vspcd: --logdir: {path} is no directory\n")


def test_check_says_all_that_is_wrong(config, tmp_path):
    path = config("proxy-prot = 1\n"
                  "interface = \"localhost\"  # a name\n"
                  "service-listen = {\n"
                  "  \"*:4000\",\n"
                  "  \"nowhere\" }\n"
                  "hold-time = 0\n"
                  f"cert = \"{tmp_path}/none.pem\"\n")
    result = run("--check-config", "--config", path, "--move-timeout=x",
                 env={"VM_CLIENT_LIMIT": "many"})
    assert (result.returncode, result.stdout) == (1, "")
    said = result.stderr.splitlines()
    for start, words in (
            (f"{path}:1: ", "unknown setting 'proxy-prot': did you mean "
                            "proxy-port?"),
            (f"{path}:2: interface: ", "localhost"),
            (f"{path}:5: service-listen: ", "nowhere"),
            (f"{path}:6: hold-time: ", "expected a number from 1 to"),
            (f"{path}:7: cert: ", "none.pem"),
            ("--move-timeout: ", "'x' is not valid"),
            ("VM_CLIENT_LIMIT: ", "'many' is not valid")):
        lines = [line for line in said if line.startswith(f"vspcd: {start}")]
        assert len(lines) == 1 and words in lines[0], (start, said)
    assert len(said) == 7


def test_check_starts_nothing_and_makes_nothing(config, tmp_path):
    result = run("--check-config", "--config", config("tls = required"),
                 env={"STATE_DIRECTORY": str(tmp_path / "state")})
    assert result.returncode == 0
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("text, words", [
    ("proxy-port = 99999", ":1: proxy-port: '99999' is not valid"),
    ("\n\ninterface = \"1.2.3\"", ":3: interface: '1.2.3'"),
    ("proxy-iface = host", ":1: proxy-iface: 'host'"),
    ("service-connect = \"x\"", ":1: service-connect: 'x'"),
    ("cert = \"a\nkey = b", ":1: expected a closing quote"),
])
def test_wrong_file_at_start(config, text, words):
    path = config(text)
    result = run("--config", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"vspcd: {path}{words}"), result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("text, words", [
    ("file = \"/nonexistent/x\"", ":1: file: /nonexistent: No such file"),
    ("file = \"\"", ":1: file: '' is not valid"),
    ("\ntls-ciphers = nonsense", ":2: tls-ciphers: no cipher of 'nonsense'"),
    ("client-tls = required client-certs = required\n"
     "client-ca = \"/nonexistent\"", ":2: client-ca: /nonexistent: "),
])
def test_check_says_what_a_start_would(config, text, words):
    path = config(text)
    result = run("--config", path, "--check-config")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"vspcd: {path}{words}"), result.stderr
    assert result.stderr.count("\n") == 1
    assert run("--config", path).returncode == 2


def test_a_file_of_another_system(tmp_path):
    path = tmp_path / "vspcd.conf"
    path.write_bytes(b"\xef\xbb\xbfhold-time = 7\r\n# \xe4\r\ndebug = true")
    has = shown(run("--config", path, "--show-config"))
    assert has["hold-time"] == ("7", f"{path}:1")
    assert has["debug"] == ("true", f"{path}:3")


def test_what_is_no_file(tmp_path):
    """A pipe is empty when it is read again: everything would be default."""
    os.mkfifo(tmp_path / "fifo")
    for path, words in ((tmp_path / "fifo", "it is a pipe: expected a file"),
                        (tmp_path, "Is a directory"),
                        ("/dev/zero", "File too large")):
        result = run("--config", path, "--check-config")
        assert result.returncode == 1
        assert result.stderr == f"vspcd: {path}: cannot be read: {words}\n"


def test_the_environment_names_a_file(config, tmp_path):
    path = config("hold-time = 7")
    named = {"VSPCD_CONFIG": str(path)}
    assert shown(run("--show-config", env=named))["hold-time"][0] == "7"
    assert shown(run("--show-config", "--config", "/dev/null",
                     env=named))["hold-time"][0] == "1000"
    result = run(env={"VSPCD_CONFIG": str(tmp_path / "none")})
    assert result.returncode == 2 and "No such file" in result.stderr


def test_a_file_that_is_not_there(tmp_path):
    result = run("--config", tmp_path / "none")
    assert result.returncode == 2
    assert result.stderr == (f"vspcd: {tmp_path}/none: cannot be read: No such "
                             "file or directory\n")


def test_show(config):
    path = config("proxy-port = 1\n\nhold-time = 2\nclient-limit = 3\n"
                  "service-connect = {\"a:1\", \"b:2\"}\n")
    has = shown(run("--config", path, "--show-config", "--hold-time", 4,
                    env={"VM_CLIENT_LIMIT": "5",
                         "SUPPORT_MULTI_CONSOLE": "true"}))
    assert has["proxy-port"] == ("1", f"{path}:1")
    assert has["hold-time"] == ("4", "command line")
    assert has["client-limit"] == ("5", "environment: VM_CLIENT_LIMIT")
    assert has["multi-console"] == ("true", "environment: "
                                            "SUPPORT_MULTI_CONSOLE")
    assert has["service-connect"] == ('{"a:1", "b:2"}', f"{path}:5")
    assert has["move-timeout"] == ("300", "default")
    assert has["cert"] == ("", "default: a self-signed certificate, made at the first start")


def test_show_has_every_setting():
    """All options but those that ask for something else."""
    others = {"config", "check-config", "show-config", "check-uri",
              "check-uri-as", "explain-access",
              "explain-console", "import-ports", "show-tls", "help",
              "verify-audit", "version", "vm-key", "token", "token-name", "token-owner",
              "token-right", "token-consoles", "token-expires"}
    options = set(re.findall(r"^  (?:-\w,|   ) --([a-z-]+)",
                             run("--help").stdout, re.MULTILINE))
    assert set(shown(run("--config", "/dev/null", "--show-config"))) == \
        options - others


def test_what_is_shown_is_a_file(config):
    text = ("cert = 'it\"s \\ ${HOME}'\nproxy-listen = {\"[::]:1\", \"h:2\"}\n"
            "history-total = 3M debug = true")
    first = run("--config", config(text), "--show-config")
    assert 'cert = "it\\"s \\\\ \\${HOME}"' in first.stdout
    second = run("--config", config(first.stdout), "--show-config")
    assert {name: value for name, (value, _) in shown(first).items()} == \
        {name: value for name, (value, _) in shown(second).items()}


SETTINGS = [
    ["--proxy-port", 1, "--proxy-iface", "[::]:5", "--interface", "::1",
     "--proxy-listen", "[::1]:7,tls=off", "--proxy-listen", "127.0.0.1:8",
     "--tls", "required", "--cert", 'a "b" $c ${HOME} \\d # /* \'e', "--key",
     "büro x", "--tls-min", "1.3", "--vm-tls-min", "1.0", "--client-tls-min",
     "1.2", "--tls-ciphers", "HIGH:!aNULL,+x=y"],
    ["--port-range-start", 2, "--port-range-end", 3, "--client-tls", "offered",
     "--client-certs", "optional", "--client-ca", " spaces ",
     "--service-listen", "*:*", "--service-listen", "[::1%eth0]:1-2",
     "--service-connect", "vspc://*", "--no-vm-ports"],
    ["--vm-expire-time", 0, "--file", "x=y,{z}", "--identity-timeout", 1,
     "--hold-time", 1, "--move-timeout", 2, "--held-input-size", 1025,
     "--history-size", "1G", "--history-total", 0, "--console-limit", 0,
     "--client-limit", 9, "--multi-console", "--dcd-always-on", "--no-fork",
     "--stdout", "-d", "--ssl"],
    ["--backend", "Memory", "--ssl", "--tls", "telnets"],
    ["--vm-allow", "10.0.0.0/8", "--vm-allow", "::1", "--vm-rate", 1,
     "--vm-burst", 2, "--client-allow", "2001:db8::/32", "--client-rate", 3,
     "--proxy-protocol-from", "192.0.2.10",
     "--client-burst", 4, "--client-total", 5, "--clients-per-address", 4,
     "--client-reserve", 1, "--unidentified-limit", 6,
     "--unidentified-per-address", 7, "--new-console-rate", 8,
     "--new-console-burst", 9, "--new-console-expire-time", 10,
     "--vm-tls-keep", "off", "--vm-takeover", "refuse",
     "--unknown-vms", "refuse", "--vm-keys", "required",
     "--vm-key-file", "/a b",
     "--keyboard", "one-writer",
     "--writer-idle", 60, "--certificate-name", "email"],
    ["--attach-lines", 1, "--attach-bytes", "2K", "--interrupt", "on",
     "--half-close-time", 5000, "--enter", "cr", "--client-nop", 60, "--client-idle-time", 3600, "--hook", "/a b,events=vm-up",
     "--inventory", "/x y", "--inventory-time", 5,
     "--inventory-metrics", "tag",
     "--hook", "/c", "--hook-timeout", 3, "--hook-limit", 4,
     "--alert-repeat-time", 60, "--web-url", "https://a.example:1"],
    ["--logdir", "/var/log/x y", "--log-name", "%{uuid-hex}", "--prefix", "a b",
     "--mode", "0640", "--log-owner", "root:root", "--log-format", "timestamps",
     "--log-rotate-size", "3M", "--log-rotate-age", 86400, "--log-keep", 3,
     "--log-compress", "--log-total", "8M", "--log-keep-free", "2G",
     "--record-dir", "/var/lib/x y", "--record-format", "v3",
     "--record-rotate-size", "3M", "--record-keep-time", "30d",
     "--record-keep-size", "8M"],
    ["--login", "off", "--pam-socket", "/run/x y", "--daemon", "--pidfile",
     "/run/x y", "--messages-to", "syslog:/a", "--messages-level", "error",
     "--messages-format", "json", "--user", "nobody:daemon"],
    ["--audit-log", "/var/log/a b", "--audit-required", "on", "--alerts",
     "linux", "--alerts", "console"],
    ["--socket", "/run/a b", "--socket-group", "root", "--web", "[::1]:8443",
     "--web", "10.0.0.1:80,tls=off", "--web-origins", "https://a.example",
     "--session-idle-time", 60, "--session-time", 3600,
     "--web-proxy-from", "192.0.2.7", "--web-proxy-socket",
     "--web-proxy-user-header", "X-User",
     "--web-proxy-groups-header", "X-Groups",
     "--metrics-from", "192.0.2.0/24", "--ssh-login-user", "a b"],
    ["--menu-port", 992, "--menu-escape", "%"],
    ["--admin-port", 993, "--admin-iface", "::1"],
    ["--client-tls", "required", "--client-certs", "required", "--client-ca",
     "a b", "--client-crl", "c d", "--tls", "required", "--vm-certs",
     "required", "--vm-ca", "e f", "--vm-crl", "g h"],
    ["--inventory-program", "/x y"],
    ["--ssl=false", "--debug=false"],
]


@pytest.mark.parametrize("args", SETTINGS)
def test_all_that_is_shown_is_a_file(config, args):
    first = run("--show-config", *args)
    second = run("--config", config(first.stdout), "--show-config")
    assert {name: value for name, (value, _) in shown(first).items()} == \
        {name: value for name, (value, _) in shown(second).items()}


def test_shown_is_tried_with_every_setting():
    given = {word[2:].split("=")[0] for args in SETTINGS for word in
             map(str, args) if word.startswith("--")} | {"debug"}
    assert given == set(shown(run("--show-config")))


def test_ssl_of_the_file_and_tls_of_the_command_line(config):
    """Of what does not hold nothing is shown, and so nothing read again."""
    first = run("--config", config("ssl = true"), "--tls", "off",
                "--show-config")
    has = shown(first)
    assert (has["tls"][0], has["ssl"][0]) == ("off", "false")
    has = shown(run("--config", config(first.stdout), "--show-config"))
    assert (has["tls"][0], has["ssl"][0]) == ("off", "false")


def test_the_sample_is_a_file():
    result = run("--check-config", "--config",
                 SOURCE / "docs/vspcd.conf.sample")
    assert result.returncode == 0, result


@pytest.mark.parametrize("name", ["proxy-listen", "web"])
def test_addresses_are_checked(config, name):
    path = config(f'{name} = {{"127.0.0.1:1", "8443"}}\n')
    result = run("--check-config", "--config", path)
    assert result.returncode == 1
    assert f"{path}:1: " in result.stderr
    assert "'8443' is no IP address" in result.stderr


def test_served_as_the_file_says(start_vspcd, config):
    path = config("multi-console = true\nproxy-listen = \"127.0.0.1:0\"\n"
                  "debug = true\n")
    vspcd = start_vspcd("--config", path, "--debug=false")
    assert vspcd.vm("web", uri="s0").console == "web_s0"
    assert len(vspcd.events(words.VM_PORT_OPENED)) == 1
    vspcd.check_works()
    assert " debug " not in vspcd.log
