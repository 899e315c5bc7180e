"""A telnet server that was not written here as a VM's remote system: Debian's
telnetd-ssl, in the clear, with AUTHENTICATION SSL, and as telnets."""

import contextlib
import os
import shutil
import signal

import pytest

from harness import words
from harness.net import can_bind, eventually
from harness.programs import SOURCE
from harness.tls import Pair, openssl
from test_service_tls import thumbprint

TELNETD = SOURCE / "build/unpacked/telnetd-ssl/usr/sbin/in.telnetd"
RULE = ("--service-connect", "127.0.0.1:*")
TRIED_AGAIN = words.SERVICE_FAILED


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A certificate of its own: it wants RSA."""
    pair = Pair(tmp_path_factory.mktemp("telnetd"), "server")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
            "/CN=localhost", "-keyout", pair.key, "-out", pair.certificate)
    return pair


@pytest.fixture
def telnetd(tmp_path, start_process, server):
    """telnetd(port, *options): a server whose login is a cat with manners."""
    socat = shutil.which("socat")
    if not TELNETD.exists() or not socat:
        pytest.skip("there is no telnetd-ssl (scripts/unpack-packages) or "
                    "no socat")
    login = tmp_path / "login"
    login.write_text("#!/bin/sh\nstty -echo\necho hello\nexec cat\n")
    login.chmod(0o755)
    started = []

    def start(port, *options):
        started.append(start_process(
            [socat, f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork",
             f"EXEC:{TELNETD} -h -N {' '.join(options)} "
             f"-z cert={server.certificate} -z key={server.key} "
             f"-L {login},nofork"], start_new_session=True))
        eventually(lambda: not can_bind(port), "telnetd")

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def talk(vm):
    vm.read_until(b"hello\r\n")
    vm.send(b"to the cat\n")
    vm.read_until(b"to the cat\r\n")


@pytest.mark.parametrize("options, scheme, tls", [
    (("-z", "nossl"), "telnet", "none"), (("-z", "secure"), "telnet", "TLS"),
    (("-z", "ssl"), "telnets", "TLS")],
    ids=["clear", "auth", "telnets"])
def test_telnetd(start_vspcd, telnetd, options, scheme, tls):
    vspcd = start_vspcd(*RULE)
    port = vspcd.ports.base + 80
    telnetd(port, *options)
    vm = vspcd.vm("web", uri=f"{scheme}://127.0.0.1:{port}", direction=b"C")
    talk(vm)
    assert vspcd.wait_event(words.SERVICE_CONNECTED)["tls"].startswith(tls)
    assert not vspcd.events(TRIED_AGAIN)


def test_telnetd_with_a_thumbprint(start_vspcd, telnetd, server):
    vspcd = start_vspcd(*RULE)
    port = vspcd.ports.base + 80
    telnetd(port, "-z", "secure")
    uri = f"telnet://127.0.0.1:{port}#thumbprint="
    talk(vspcd.vm("web", uri=uri + thumbprint(server), direction=b"C"))
    vspcd.vm("other", uri=uri + "00" * 20, direction=b"C")
    assert "another thumbprint" in vspcd.wait_event(
        TRIED_AGAIN, console="other")["reason"]


def test_telnetd_without_tls_where_it_is_required(start_vspcd, telnetd, server):
    vspcd = start_vspcd(*RULE)
    port = vspcd.ports.base + 80
    telnetd(port, "-z", "nossl")
    vspcd.vm("web", uri=f"telnet://127.0.0.1:{port}#thumbprint=" +
             thumbprint(server), direction=b"C")
    assert vspcd.wait_event(TRIED_AGAIN)["reason"].startswith(
        "TLS is required, and the remote system does not offer it")
