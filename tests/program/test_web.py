"""The API's connections: doors, HTTP, limits, who is let in."""

import contextlib
import json
import os
import resource
import socket
import ssl
import stat
import subprocess
import tempfile

import pytest

from harness import balancer, words
from harness.net import dial, eventually
from harness.programs import is_sanitized
from harness.streams import assert_both_ways

OPENED = words.API_OPENED + r" address=127\.0\.0\.1:(\d+)"
VERSION = b"GET /api/v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n"


def curl(vspcd, path, *args):
    """Status and body by the Unix socket."""
    result = subprocess.run(
        ["curl", "-s", "-w", "\n%{http_code}", "--unix-socket", vspcd.socket,
         *args, "http://localhost" + path],
        stdout=subprocess.PIPE, timeout=30, check=True)
    body, _, status = result.stdout.decode().rpartition("\n")
    return int(status), body


def error_of(body):
    return json.loads(body)["error"]["code"]


@pytest.fixture
def web(start_vspcd):
    vspcd = start_vspcd("--web", "127.0.0.1:0")
    port = vspcd.wait_log(OPENED).group(1)
    vspcd.web = ("127.0.0.1", int(port))
    return vspcd


def answers(web, request, count):
    """What comes for these bytes until the peer closes, or count answers."""
    with socket.create_connection(web.web, timeout=30) as s:
        s.sendall(request)
        got = b""
        while got.count(b"HTTP/1.1 ") < count or not got.endswith(b"}\n"):
            data = s.recv(65536)
            if not data:
                break
            got += data
    return got


def test_version_by_the_socket(vspcd):
    status, body = curl(vspcd, "/api/v1/version")
    assert status == 200
    assert json.loads(body)["name"] == "vspcd"


def test_socket_is_for_its_group_alone(vspcd):
    mode = os.stat(vspcd.socket).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


def test_socket_goes_with_vspcd(start_vspcd):
    vspcd = start_vspcd()
    assert os.path.exists(vspcd.socket)
    vspcd.stop()
    assert not os.path.exists(vspcd.socket)


def test_no_socket(start_vspcd):
    vspcd = start_vspcd("--socket", "none")
    assert not os.path.exists(vspcd.socket)


def test_socket_that_is_taken_is_no_reason_to_stop(vspcd, start_vspcd):
    other = start_vspcd(
        env={"RUNTIME_DIRECTORY": os.path.dirname(vspcd.socket)})
    other.wait_log(words.API_NO_SOCKET + " reason=.*another program listens")
    assert curl(vspcd, "/api/v1/version")[0] == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_account_without_a_folder_is_told_why_there_is_no_socket(
        start_vspcd, need):
    setpriv = need("setpriv", "util-linux")
    nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory() as state:
        os.chown(state, 65534, 65534)
        vspcd = start_vspcd(
            "--backend", "Memory", wrapper=[setpriv, *nobody],
            env={"STATE_DIRECTORY": state, "RUNTIME_DIRECTORY": "",
                 "XDG_RUNTIME_DIR": ""})
        vspcd.wait_log(words.API_NO_SOCKET + " reason=.*XDG_RUNTIME_DIR")
        vspcd.stop()


@pytest.mark.parametrize("args, status, code", [
    (["/nothing"], 404, "not-found"),
    (["/api/v1/version", "-X", "POST"], 405, "no-method"),
    (["/api/v1/version?x=1"], 400, "bad-request"),
    (["/api/v1/version", "-H", "Authorization: Bearer vspc_wrong"], 401,
     "unauthenticated"),
    (["/api/v1/version", "-H", "Authorization: Secret x"], 401,
     "unauthenticated"),
])
def test_errors_have_a_code(vspcd, args, status, code):
    got, body = curl(vspcd, *args)
    assert (got, error_of(body)) == (status, code)


def test_requests_in_one_piece_are_answered_in_order(web):
    assert answers(web, VERSION * 3, 3).count(b"200 OK") == 3


def test_connection_is_of_use_after_an_error(web):
    lost = VERSION.replace(b"version", b"nothing")
    got = answers(web, (lost + VERSION) * 2, 4)
    assert got.count(b" 404 ") == 2 and got.count(b"200 OK") == 2


def test_request_byte_by_byte(web):
    with socket.create_connection(web.web, timeout=30) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(VERSION)):
            s.sendall(VERSION[i:i + 1])
        assert s.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_what_is_not_http_gets_an_answer_and_the_end(web):
    got = answers(web, b"\xff\xfb\x00 telnet?\r\n\r\n", 9)
    assert got.startswith(b"HTTP/1.1 400 ") and b"Connection: close" in got


def test_both_lengths_are_refused(web):
    got = answers(web, b"GET /api/v1/version HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"0\r\n\r\n" + VERSION, 9)
    assert got.count(b"HTTP/1.1 ") == 1 and b" 400 " in got


def test_foreign_host_is_refused_to_who_is_nobody(web):
    got = answers(web, VERSION.replace(b"localhost", b"evil.example"), 1)
    assert b" 403 " in got and b"Host" in got


def test_huge_head_is_refused(web):
    got = answers(web, VERSION[:-2] + b"X: " + b"x" * 20000 + b"\r\n\r\n", 9)
    assert b" 431 " in got


def test_half_closed_peer_gets_its_answer(web):
    with socket.create_connection(web.web, timeout=30) as s:
        s.sendall(VERSION)
        s.shutdown(socket.SHUT_WR)
        assert s.recv(65536).startswith(b"HTTP/1.1 200 OK")
        eventually(lambda: s.recv(1) == b"", "the end")


def test_tls_on_a_port_that_says_so(start_vspcd, certificates):
    vspcd = start_vspcd("--web", "127.0.0.1:0,tls=required", "--cert",
                        certificates.server.certificate, "--key",
                        certificates.server.key)
    port = vspcd.wait_log(OPENED).group(1)
    result = subprocess.run(
        ["curl", "-s", "--cacert", certificates.ca, "--resolve",
         f"localhost:{port}:127.0.0.1",
         f"https://localhost:{port}/api/v1/version"],
        stdout=subprocess.PIPE, timeout=30, check=True)
    assert json.loads(result.stdout)["name"] == "vspcd"


def test_token_among_a_websockets_protocols_counts(web):
    """And one that proves nothing is refused, as everywhere."""
    got = answers(
        web, b"GET /api/v1/consoles/web-01/attach HTTP/1.1\r\n"
        b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: vspcd.v1, vspcd.bearer.vspc_wrong\r\n\r\n",
        1)
    assert b" 401 " in got


def whoami(sock):
    sock.sendall(b"GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n")
    got = b""
    while not got.endswith(b"}\n"):
        data = sock.recv(65536)
        assert data, got
        got += data
    return json.loads(got.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("header", [balancer.text, balancer.binary])
def test_peer_behind_a_balancer_is_itself(start_vspcd, header):
    """And nobody on this machine, whatever address the balancer says."""
    vspcd = start_vspcd("--web", "127.0.0.1:0", "--proxy-protocol-from",
                        "127.0.0.5")
    port = int(vspcd.wait_log(OPENED).group(1))
    for host, shown in (("203.0.113.9", "203.0.113.9:50001"),
                        ("127.0.0.1", "127.0.0.1:50001"),
                        ("2001:db8::9", "[2001:db8::9]:50001")):
        with dial(("127.0.0.1", port), source="127.0.0.5") as s:
            s.sendall(header(host, 50001))
            who = whoami(s)
            assert (who["peer"], who["right"]) == (shown, "none")
    # Others are not believed: a header of theirs is no request.
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(header("203.0.113.9", 50001) + VERSION)
        assert s.recv(65536).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        assert whoami(s)["right"] == "break"


def test_balancer_in_front_of_tls(start_vspcd, certificates):
    vspcd = start_vspcd("--web", "127.0.0.1:0,tls=required", "--cert",
                        certificates.server.certificate, "--key",
                        certificates.server.key, "--proxy-protocol-from",
                        "127.0.0.5")
    port = int(vspcd.wait_log(OPENED).group(1))
    context = ssl.create_default_context(cafile=str(certificates.ca))
    with dial(("127.0.0.1", port), source="127.0.0.5") as s:
        s.sendall(balancer.text("203.0.113.9", 50001))
        with context.wrap_socket(s, server_hostname="localhost") as tls:
            assert whoami(tls)["peer"] == "203.0.113.9:50001"


def test_idle_connections_are_in_nobodys_way(web):
    """As many as there may be, and one more: a console is served beside them,
    and so are new connections and the socket's."""
    vm = web.vm("web")
    client = web.telnet(vm)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(4100, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 400), hard))
    before = web.rss() // 1024
    with contextlib.ExitStack() as stack:
        idle = []
        for number in range(count):
            s = stack.enter_context(
                socket.create_connection(web.web, timeout=30))
            if number % 2:
                s.sendall(b"GET /api/v1/ver")
            idle.append(s)
        with socket.create_connection(web.web, timeout=30) as s:
            s.sendall(VERSION)
            assert s.recv(65536).startswith(b"HTTP/1.1 200 OK")
        # What is left over was closed, the oldest first.
        if count > 4032:
            assert idle[0].recv(1) == b""
        assert curl(web, "/api/v1/version")[0] == 200
        assert_both_ways(vm, client)
        used = web.rss() // 1024 - before
        if not is_sanitized():
            assert used < 4 * count, f"{used} KiB for {count} connections"
        print(f"{used / count:.2f} KiB for each of {count} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert_both_ways(vm, client)


def test_heads_of_many_kinds_are_answered_and_closed(web):
    """A request that is never whole, or is none, costs an answer at most."""
    vm = web.vm("web")
    client = web.telnet(vm)
    for wrong, status in ((b"GET " + b"/" * 20000, 414),
                          (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3000, 431),
                          (b"\0" * 5000, 400), (b"GET / HTTP/2.0\r\n\r\n", 505),
                          (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                          (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400)):
        got = answers(web, wrong, 9)
        assert got.startswith(b"HTTP/1.1 %d " % status), (wrong[:20], got)
    assert_both_ways(vm, client)
