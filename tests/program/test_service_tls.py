"""What a service URI demands of the TLS of a remote system: each parameter
where it is met and where it is not, each refusal in words of its own."""

import functools
import ssl
import subprocess

import pytest

from harness import words
from harness.net import eventually
from harness.programs import is_sanitized
from harness.remote import Remote, TelnetRemote, server_context
from harness.streams import assert_both_ways
from harness.tls import anonymous_context
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

RULE = ("--service-connect", "*:*",
        "--service-connect", "localhost:*")
TRIED_AGAIN = words.SERVICE_FAILED
CONNECTED = words.SERVICE_CONNECTED
V12 = ssl.TLSVersion.TLSv1_2


def thumbprint(pair, name="sha1", colons=True):
    said = subprocess.run(
        ["openssl", "x509", "-in", pair.certificate, "-noout", "-fingerprint",
         f"-{name}"], check=True, capture_output=True, text=True, timeout=30)
    value = said.stdout.strip().partition("=")[2]
    return value if colons else value.replace(":", "").lower()


def pem(pair, percent=True):
    """As it stands in a URI: in one line, or percent-encoded."""
    lines = pair.certificate.read_text().strip()
    return (lines.replace("\n", "%0A").replace(" ", "%20") if percent
            else lines.replace("\n", ""))


def fragment(text, certificates):
    """{server.sha1} and the like filled in."""
    for name in ("server", "other", "expired"):
        pair = getattr(certificates, name)
        for key, value in (("sha1", lambda: thumbprint(pair)),
                           ("sha256", lambda: thumbprint(pair, "sha256",
                                                         False)),
                           ("pem", lambda: pem(pair)),
                           ("line", lambda: pem(pair, False))):
            if f"{{{name}.{key}}}" in text:
                text = text.replace(f"{{{name}.{key}}}", value())
    return text


# Host in the URI, the server's certificate, fragment.
ACCEPTED = [
    ("localhost", "server", ""),
    ("localhost", "expired", ""),
    ("localhost", "stranger", ""),
    ("127.0.0.1", "server", "thumbprint={server.sha1}"),
    ("127.0.0.1", "expired", "thumbprint={expired.sha256}"),
    ("127.0.0.1", "server", "certificate={server.pem}"),
    ("127.0.0.1", "server", "certificate={server.line}"),
    ("localhost", "server", "verify"),
    ("127.0.0.1", "server", "verify"),
    ("127.0.0.1", "server", "peerName=localhost"),
    ("127.0.0.1", "server", "peerName=server"),
    ("127.0.0.1", "server", "peerName=l%6fcalhost&verify"),
    ("127.0.0.1", "server", "cipherList=ECDHE%2BAESGCM"),
    ("127.0.0.1", "server", "verify&cipherList=HIGH:!aNULL&"
     "thumbprint={server.sha256}&certificate={server.pem}&peerName=localhost"),
]

REFUSED = [
    ("127.0.0.1", "server", "thumbprint={other.sha1}",
     "another thumbprint (SHA-1): it is "),
    ("127.0.0.1", "server", "thumbprint={other.sha256}",
     "another thumbprint (SHA-256): it is "),
    ("127.0.0.1", "server", "certificate={other.pem}",
     "is not the one that was expected"),
    ("127.0.0.1", "server", "peerName=elsewhere.example",
     "is not for 'elsewhere.example', but for server, localhost"),
    ("127.0.0.1", "server", "thumbprint={server.sha1}&peerName=elsewhere",
     "is not for 'elsewhere', but for "),
    ("127.0.0.1", "expired", "verify", "has expired on "),
    ("127.0.0.1", "stranger", "verify",
     "is signed by a CA that is not known here: elsewhere"),
    ("127.0.0.1", "stranger", "peerName=localhost",
     "is signed by a CA that is not known here: elsewhere"),
]


@pytest.fixture
def start(start_vspcd, certificates):
    """start(...): a vspcd whose system knows our CA."""
    return functools.partial(
        start_vspcd, *RULE, env={"SSL_CERT_FILE": str(certificates.ca)})


@pytest.fixture
def vspcd(start):
    return start()


def call(vspcd, remote, host, parameters, scheme="ssl"):
    parameters = "#" + parameters if parameters else ""
    return vspcd.vm(f"vm-{remote.port}", direction=b"C",
                    uri=f"{scheme}://{host}:{remote.port}{parameters}")


def wait_refusal(vspcd, vm, reason):
    has = vspcd.wait_event(TRIED_AGAIN, console=vm.console)
    assert has["reason"].startswith("TLS: ")
    assert reason in has["reason"], has["reason"]
    assert "#" not in has["uri"]


def check_accepted(vm, peer):
    peer.send(b"each way")
    assert vm.read_exactly(8) == b"each way"
    vm.send(b"each way \0")
    assert peer.read_exactly(10) == b"each way \0"


@pytest.mark.parametrize("host, server, parameters", ACCEPTED,
                         ids=lambda value: value.partition("=")[0])
def test_accepted(vspcd, remote, certificates, host, server, parameters):
    one = remote(tls=server_context(getattr(certificates, server)))
    vm = call(vspcd, one, host, fragment(parameters, certificates))
    check_accepted(vm, one.accept())


@pytest.mark.parametrize("host, server, parameters, reason", REFUSED,
                         ids=lambda value: value.partition("=")[0])
def test_refused(vspcd, remote, certificates, host, server, parameters,
                 reason):
    one = remote(tls=server_context(getattr(certificates, server)))
    vm = call(vspcd, one, host, fragment(parameters, certificates))
    one.refuse()
    wait_refusal(vspcd, vm, reason)
    assert not vspcd.events(words.SERVICE_CONNECTED)


def test_no_cipher_in_common(vspcd, remote, certificates):
    one = remote(tls=server_context(certificates.server, maximum=V12,
                                    ciphers="ECDHE-ECDSA-CHACHA20-POLY1305"))
    vm = call(vspcd, one, "127.0.0.1",
              "cipherList=ECDHE-ECDSA-AES256-GCM-SHA384")
    one.refuse()
    wait_refusal(vspcd, vm, "cipher")


# Old hosts need an old version, and then a list could bring anonymous ciphers.
@pytest.mark.parametrize("minimum", ["1.1", "1.2"])
@pytest.mark.parametrize("ciphers", ["HIGH", "ALL:COMPLEMENTOFALL",
                                     "AES128-SHA:AECDH-AES128-SHA:+aNULL"])
@pytest.mark.parametrize("parameters", [
    "thumbprint=" + 20 * "11", "verify", "peerName=localhost"],
    ids=lambda text: text.partition("=")[0])
def test_no_certificate(start, remote, minimum, ciphers, parameters):
    """Nobody proves to be the one whose certificate is demanded."""
    vspcd = start("--tls-min", minimum)
    one = remote(tls=anonymous_context())
    vm = call(vspcd, one, "127.0.0.1", f"{parameters}&cipherList={ciphers}")
    one.refuse()
    wait_refusal(vspcd, vm, "cipher")
    assert not vspcd.events(words.SERVICE_CONNECTED)


def test_security_level_in_the_uri(vspcd, remote):
    """It would bring back what has no certificate."""
    one = remote(tls=anonymous_context())
    vm = vspcd.new_vm("web", direction=b"C",
                      uri=f"ssl://127.0.0.1:{one.port}#verify&"
                          "cipherList=HIGH:@SECLEVEL=0")
    vm.wait(lambda: vm.has_wont_proxy, "WONT-PROXY")
    assert "@SECLEVEL cannot be set here" in \
        vspcd.wait_event(words.VM_REFUSED)["reason"]
    assert not one.is_called()


# What --tls-min allows for hosts, no connection of ours needs.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("minimum", ["1.0", "1.2"])
def test_a_peer_with_tls_1_0(start_vspcd, remote, certificates, minimum):
    vspcd = start_vspcd(*RULE, "--tls-min", minimum)
    context = server_context(certificates.server,
                             ciphers="ALL:@SECLEVEL=0",
                             minimum=ssl.TLSVersion.TLSv1,
                             maximum=ssl.TLSVersion.TLSv1)
    one = remote(tls=context)
    vm = call(vspcd, one, "127.0.0.1", "")
    one.refuse()
    wait_refusal(vspcd, vm, "none of the versions of TLS that we do")


def test_sighup_changes_the_oldest_version(start, remote, certificates,
                                           config):  # noqa: F811
    """For the next connection of a service that is connected, too."""
    vspcd = start("--config", config("tls-min = 1.2"))
    one = remote(tls=server_context(certificates.server, maximum=V12))
    vm = call(vspcd, one, "127.0.0.1", "")
    peer = one.accept()
    check_accepted(vm, peer)
    config("tls-min = 1.3")
    hup(vspcd)
    peer.close()
    one.refuse()
    eventually(lambda: vspcd.events(TRIED_AGAIN) and
               "none of the versions of TLS that we do" in vspcd.log,
               "a refused version")
    config("tls-min = 1.2")
    hup(vspcd)
    check_accepted(vm, one.accept())


def test_what_does_not_speak_tls(vspcd, remote):
    one = remote()
    vm = call(vspcd, one, "127.0.0.1", "")
    one.accept().send(b"SSH-2.0-OpenSSH_9.2\r\n")
    wait_refusal(vspcd, vm, "and the peer speaks SSH")


# In the middle of telnet.

@pytest.mark.parametrize("server, reason", [
    ("server", None), ("other", "another thumbprint")])
def test_telnet_with_a_thumbprint(vspcd, remote, certificates, server, reason):
    one = remote(TelnetRemote,
                 upgrade=server_context(getattr(certificates, server)))
    vm = call(vspcd, one, "127.0.0.1",
              "thumbprint=" + thumbprint(certificates.server), "telnet")
    if reason is None:
        assert_both_ways(vm, one.accept().greet())
        return
    try:
        one.accept().greet()
    except (AssertionError, OSError, ssl.SSLError):
        pass
    wait_refusal(vspcd, vm, reason)


def test_telnet_with_a_thumbprint_but_without_tls(vspcd, remote, certificates):
    """Not a byte of the VM goes out in the clear."""
    one = remote(TelnetRemote)
    vm = call(vspcd, one, "127.0.0.1",
              "thumbprint=" + thumbprint(certificates.server), "telnet")
    vm.send(b"secret")
    peer = one.accept()
    peer.wait_closed()
    assert not peer.data
    assert vspcd.wait_event(TRIED_AGAIN)["reason"].startswith(
        "TLS is required, and the remote system does not offer it")


# Memory.

def test_equal_parameters_are_kept_once(start, remote, certificates):
    """And the system's CAs, which are large, once for all."""
    vspcd = start(consoles=60)
    one = remote(tls=server_context(certificates.server))
    before = 0
    for number in range(60):
        call(vspcd, one, "127.0.0.1", "verify")
        one.accept()
        if number == 9:
            before = vspcd.rss()
    eventually(lambda: len(vspcd.events(CONNECTED)) == 60, "all of them")
    if not is_sanitized():
        assert vspcd.rss() - before < 50 * 200 * 1024


# Programs that were not written here.

def echo(vm, say, hear):
    say(b"from outside\n")
    vm.read_until(b"from outside\n")
    vm.send(b"from the guest\n")
    hear(b"from the guest\n")


@pytest.mark.parametrize("options", [["-tls1_2"], ["-tls1_3"]], ids=str)
def test_openssl_s_server(vspcd, need, certificates, start_process, options):
    openssl = need("openssl")
    with Remote().sock as free:
        port = free.getsockname()[1]
    server = start_process(
        [openssl, "s_server", "-accept", f"127.0.0.1:{port}", "-quiet",
         "-cert", certificates.server.certificate,
         "-key", certificates.server.key, *options])
    vm = vspcd.vm("web", uri=f"ssl://localhost:{port}#verify", direction=b"C")
    vspcd.wait_event(CONNECTED)

    def say(text):
        server.stdin.write(text)
        server.stdin.flush()

    def hear(text):
        assert server.stdout.read(len(text)) == text

    echo(vm, say, hear)


def test_socat(vspcd, need, certificates, start_process):
    socat = need("socat")
    with Remote().sock as free:
        port = free.getsockname()[1]
    pair = certificates.server
    server = start_process(
        [socat, "-", f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,"
         f"cert={pair.certificate},key={pair.key},verify=0"])
    vm = vspcd.vm("web", uri=f"tcp4+ssl://127.0.0.1:{port}#thumbprint="
                  + thumbprint(pair), direction=b"C")
    vspcd.wait_event(CONNECTED)

    def say(text):
        server.stdin.write(text)
        server.stdin.flush()

    def hear(text):
        assert server.stdout.read(len(text)) == text

    echo(vm, say, hear)
