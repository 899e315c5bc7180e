"""The API's connections: doors, HTTP, limits, who is let in."""

import json
import os
import socket
import stat
import subprocess

import pytest

from harness import words
from harness.net import eventually

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
