"""Options, environment, and what is said about wrong ones."""

import re
import socket
import subprocess

import pytest

from harness import words
from harness.net import Listener, can_bind
from harness.programs import BUILD, clean_environment
from harness.vm import UUID

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:?\d\d)"


def run(*args, env=None):
    return subprocess.run(
        [BUILD / "vspcd", *map(str, args)], capture_output=True, text=True,
        timeout=30, env=clean_environment(env), stdin=subprocess.DEVNULL)


def assert_refused(result, *words):
    """Exit 2, one clear line, nothing on stdout."""
    assert result.returncode == 2, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("vspcd: ")
    for word in words:
        assert str(word) in lines[0]


def test_help():
    result = run("--help")
    assert result.returncode == 0
    assert result.stderr == ""
    for option in ("--proxy-port", "--proxy-iface", "--port-range-start",
                   "--interface", "--vm-expire-time", "--identity-timeout",
                   "--hold-time", "--no-vm-ports", "--no-fork", "--stdout",
                   "--debug", "--help", "--version"):
        assert option in result.stdout
    assert "13370" in result.stdout and "50000" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_version():
    result = run("--version")
    assert result.returncode == 0
    assert result.stderr == ""
    name, version = result.stdout.split()[:2]
    assert name == "vspcd" and version[0].isdigit()


@pytest.mark.parametrize("args, words", [
    (["--no-such-option"], ["--no-such-option"]),
    (["-Q"], []),
    (["surplus"], ["surplus"]),
    (["--proxy-port"], ["--proxy-port"]),
    (["--file", "state\n.db"], ["--file", "control characters"]),
    (["--file", ""], ["--file", "''"]),
    (["--proxy-port", "abc"], ["--proxy-port", "abc"]),
    (["--proxy-port", "65536"], ["--proxy-port", "65536"]),
    (["--proxy-port", "-1"], ["--proxy-port"]),
    (["--proxy-port", "80x"], ["--proxy-port", "80x"]),
    (["--proxy-port", ""], ["--proxy-port"]),
    (["--port-range-start", "70000"], ["--port-range-start", "70000"]),
    (["--proxy-iface", "not an address"], ["--proxy-iface"]),
    (["--interface", "1.2.3"], ["--interface", "1.2.3"]),
    (["--vm-expire-time", "soon"], ["--vm-expire-time", "soon"]),
    (["--identity-timeout", "-5"], ["--identity-timeout"]),
    (["--hold-time", "1e9"], ["--hold-time"]),
    (["--hold-time", "99999999999999999999"], ["--hold-time"]),
    (["--no-vm-ports=yes"], ["--no-vm-ports"]),
], ids=lambda value: " ".join(value) if value else "-")
def test_wrong_command_lines(args, words):
    assert_refused(run(*args), *words)


@pytest.mark.parametrize("value", ["abc", "-1", "3x"])
def test_wrong_client_limit(value):
    assert_refused(run("--proxy-port", 0, "--proxy-iface", "127.0.0.1",
                       env={"VM_CLIENT_LIMIT": value}), "VM_CLIENT_LIMIT")


def test_proxy_port_in_use():
    taken = Listener()
    try:
        result = run("--proxy-port", taken.port, "--proxy-iface", "127.0.0.1",
                     "--interface", "127.0.0.1")
    finally:
        taken.close()
    assert result.returncode not in (0, -6, -11)
    said = result.stderr.splitlines()[-1]
    assert str(taken.port) in said
    assert "in use" in said


def test_log_lines(vspcd):
    vspcd.vm("web")
    vspcd.wait_event(words.VM_CONNECTED, console="web")
    for line in vspcd.lines:
        time, level, _ = line.split(" ", 2)
        assert re.fullmatch(TIME, time), line
        assert level in ("error", "warning", "info", "debug"), line


def test_debug_says_more(start_vspcd):
    quiet, loud = start_vspcd(), start_vspcd("-d")
    for vspcd in (quiet, loud):
        vspcd.check_works()
    loud.wait_event(words.CONNECTION_ACCEPTED)
    quiet.stop()
    assert quiet.events(words.VM_CONNECTED)
    assert not any(" debug " in line for line in quiet.lines)
    assert not quiet.events(words.CONNECTION_ACCEPTED)
    long_name = start_vspcd("--debug")
    long_name.check_works()


def test_stdout(start_vspcd):
    vspcd = start_vspcd("--stdout", log="stdout")
    vspcd.check_works()
    vspcd.stop()
    assert vspcd.process.stderr.read() == b""


def test_no_fork_stays_in_the_foreground(start_vspcd):
    vspcd = start_vspcd("--no-fork")
    vspcd.check_works()
    assert vspcd.process.poll() is None


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_ipv6(start_vspcd):
    vspcd = start_vspcd(iface="::1")
    assert "proxy=[::1]:" in vspcd.log
    vspcd.check_works()
    vm = vspcd.vm()
    assert vm.address.startswith("[::1]:")
    assert not can_bind(vm.port, "::1")


def test_listens_where_it_was_told_only(vspcd):
    vm = vspcd.vm()
    own = [line.split() for name in ("tcp", "tcp6")
           for line in open(f"/proc/net/{name}").readlines()[1:]]
    listening = {(x[1].rpartition(":")[0], int(x[1].rpartition(":")[2], 16))
                 for x in own if x[3] == "0A"}
    for port in (vm.port, vspcd.proxy[1]):
        assert [host for host, p in listening if p == port] == ["0100007F"]


def test_no_vm_ports(start_vspcd):
    vspcd = start_vspcd("--no-vm-ports")
    vm = vspcd.new_vm("portless").identify()
    has = vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)
    assert has.get("port", "-") in ("-", "0", "none")
    assert all(can_bind(vspcd.ports.base + n) for n in range(4))
    vm.sync()


def test_support_multi_console(start_vspcd):
    vspcd = start_vspcd(env={"SUPPORT_MULTI_CONSOLE": "true"})
    first = vspcd.vm("web", UUID, "s0")
    second = vspcd.vm("web", UUID, "s1")
    assert (first.console, second.console) == ("web_s0", "web_s1")
    assert first.port != second.port
    client = vspcd.telnet(second)
    has = vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    assert has["console"] == "web_s1"


def test_multi_console_off(start_vspcd):
    vspcd = start_vspcd(env={"SUPPORT_MULTI_CONSOLE": "false"})
    assert vspcd.vm("web", uri="s0").console == "web"


def test_client_limit(start_vspcd):
    vspcd = start_vspcd(env={"VM_CLIENT_LIMIT": "2"})
    vm, other = vspcd.vm("full"), vspcd.vm("other")
    first, second = vspcd.telnet(vm), vspcd.raw(vm)
    for _ in range(3):
        refused = vspcd.keep(type(second)(vspcd.console_address(vm.port)))
        refused.wait_closed()
        text = (refused.greeting + refused.data).decode("ascii", "replace")
        assert text.strip("\ufffd\0\1\3").strip()
        assert "\n" in text
    vspcd.telnet(other)  # the limit is each console's own
    vm.send(b"for the two")
    for client in (first, second):
        client.read_until(b"for the two")
    first.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=first.address)
    third = vspcd.telnet(vm)
    vm.send(b"for the third")
    third.read_until(b"for the third")


@pytest.mark.parametrize("uri, place, lines", [
    ("s0", None, ["means a name", "label s0", "canonical s0", "served yes"]),
    ("vspcd?port=com1", "server", ["label com1"]),
    ("telnet://vspcd:13370", "server", ["label telnet://vspcd:13370"]),
    ("[::]:7000", "server", ["means listen", "host ::, an IPv6 address",
                             "protocol none", "TLS none", "served no"]),
    ("tcp://:7000", "server", ["host none given: the address of --interface",
                               "served no: no rule allows it"]),
    ("ssl://h:1#verify", "client", ["means connect", "TLS from the first byte",
                                    "verify yes",
                                    "canonical tcp+ssl://h:1#verify"]),
    ("telnets://h#thumbprint=" + "0a" * 20, "proxy", [
        "port 992", "thumbprint SHA-1 of the peer's certificate: 0A:0A:",
        "verify yes"]),
    ("vspc://my%20vm/com1", "client", ["VM my vm", "label com1"]),
])
def test_check_uri(uri, place, lines):
    result = run("--check-uri", uri,
                 *(["--check-uri-as", place] if place else []))
    assert result.returncode == 0, result
    assert result.stderr == ""
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    for line in lines:
        assert any(has.startswith(line) for has in shown), (line, shown)


@pytest.mark.parametrize("options, uri, served", [
    (["*:*"], "tcp://:7000", "yes, by the rule *:*, at 127.0.0.1:7000"),
    (["*:*"], "tcp://192.0.2.1:7000", "no: a rule with * allows listeners at"),
    (["*:*", "--interface", "192.0.2.1"], "192.0.2.1:7000",
     "yes, by the rule *:*, at 192.0.2.1:7000"),
    (["*:*", "--service-listen", "any:7000"], "tcp://:7000",
     "yes, by the rule any:7000, at [::]:7000"),
    (["*:*", "--client-tls", "required"], "tcp://:7000",
     "no: clients must use TLS"),
    (["*:*", "--client-tls", "required"], "telnet://:7000",
     "yes, by the rule *:*, at 127.0.0.1:7000"),
    (["x"], "tcp://:7000", "no: a rule 'x' is not valid"),
])
def test_check_uri_knows_the_rules(options, uri, served):
    result = run("--check-uri", uri, "--service-listen", *options)
    assert result.returncode == 0, result
    line = result.stdout.splitlines()[-1]
    assert " ".join(line.split()).startswith(f"served {served}")


@pytest.mark.parametrize("uri, place, words, at", [
    ("", "server", "empty", 1),
    ("http://h:1", "server", "a scheme that is not known", 1),
    ("s0", "client", "only a name", 1),
    ("tcp://h:ssh", "client", "a port that is no number", 9),
    ("telnets://h#thumprint=00", "proxy", "parameter that is not known", 13),
    ("tcp://\x1b[31m:1", "server", "a character in the host", 7),
])
def test_check_uri_says_what_is_wrong_and_where(uri, place, words, at):
    result = run("--check-uri", uri, "--check-uri-as", place)
    assert result.returncode == 1, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("vspcd: ") and words in lines[0]
    assert lines[0].endswith(f"(at byte {at})")
    assert "\x1b" not in result.stderr
    if uri.isprintable() and uri:
        assert lines[1:] == [f"  {uri}", " " * (at + 1) + "^"]


def test_check_uri_knows_the_port_for_vms():
    for port in (["--proxy-port", "99"], ["--proxy-iface", "[::]:99"]):
        result = run("--check-uri", "telnet://vspcd:99", *port)
        assert "label" in result.stdout
    result = run("--check-uri", "telnet://vspcd:99")
    assert "listen" in result.stdout


def test_check_uri_as_a_place_that_is_none():
    assert_refused(run("--check-uri-as", "here"), "--check-uri-as", "here",
                   "server|client|proxy")
