"""The name that a client's certificate proves, by real certificates and
openssl s_client."""

import contextlib
import subprocess

import pytest

from harness import words
from harness.net import Fd
from harness.tls import NEW_RSA_KEY, Authority
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

NAMES = {
    "cn": "person-cn",
    "email": "alice@example.org",
    "dns": "host.example.org",
    "uri": "spiffe://example.org/alice",
}
SUBJECTS = {
    "cn": "basicConstraints=CA:FALSE",
    "email": "subjectAltName=email:alice@Example.org,email:bob@example.org",
    "dns": "subjectAltName=DNS:Host.example.org",
    "uri": "subjectAltName=URI:spiffe://example.org/alice",
}


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "ca")


@pytest.fixture(scope="module")
def people(ca):
    """A certificate for each kind of name."""
    return {kind: ca.issue(f"person-{kind}", extensions=extensions)
            for kind, extensions in SUBJECTS.items()}


@contextlib.contextmanager
def s_client(address, pair):
    """Until its input ends."""
    command = ["openssl", "s_client", "-quiet", "-connect",
               "{}:{}".format(*address), "-cert", pair.certificate,
               "-key", pair.key]
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def connected(vspcd, pair):
    """The line of who shows this certificate."""
    return vspcd.wait_event(words.CLIENT_CONNECTED,
                            client=f"CN={pair.certificate.stem}")


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_certificate_of_another_kind_proves_no_name(start_vspcd, ca, people,
                                                      kind):
    vspcd = start_vspcd("--client-tls", "required", "--client-certs",
                        "required", "--client-ca", ca.pair.certificate,
                        "--certificate-name", kind)
    vm = vspcd.vm("web")
    # Every one of them has a common name.
    nameless = [] if kind == "cn" else \
        [other for other in SUBJECTS if other != kind]
    for other, pair in people.items():
        with s_client(vspcd.console_address(vm.port), pair):
            has = connected(vspcd, pair)
        if other == kind:
            assert has["principal"] == f"{NAMES[kind]} (certificate)"
        elif other in nameless:
            assert (has["principal"], has["proof"]) == ("anybody", "address")
    for other in nameless:
        has = vspcd.wait_event(words.CLIENT_NAMELESS,
                               client=f"CN=person-{other}")
        assert "--certificate-name" in has["reason"]
    assert len(vspcd.events(words.CLIENT_NAMELESS)) == len(nameless)


def test_the_kind_is_reloaded(start_vspcd, config, ca,
                              people):  # noqa: F811
    rules = ("client-tls = required\nclient-certs = required\n"
             f"client-ca = \"{ca.pair.certificate}\"\n")
    vspcd = start_vspcd("--config", config(rules))
    vm = vspcd.vm("web")
    with s_client(vspcd.console_address(vm.port), people["dns"]):
        connected(vspcd, people["dns"])
    assert not vspcd.events(words.CLIENT_NAMELESS)
    config(rules + "certificate-name = uri\n")
    hup(vspcd)
    with s_client(vspcd.console_address(vm.port), people["dns"]):
        vspcd.wait_event(words.CLIENT_NAMELESS, client="CN=person-dns")


def der_name(tag, text):
    """A subjectAltName with one name of any bytes."""
    name = bytes((tag, len(text))) + text
    return "subjectAltName=DER:" + (bytes((0x30, len(name))) + name).hex(":")


EMAIL_TAG, DNS_TAG, URI_TAG = 0x81, 0x82, 0x86
HOSTILE = {
    "line": ("cn", "al\nice", None),
    "forged": ("cn", "x\r\n2026-01-01T00:00:00.000Z info root is in", None),
    "escape": ("cn", "\x1b[2Jalice", None),
    "invisible": ("cn", "al\u200bice", None),
    "backwards": ("cn", "\u202eecila", None),
    "nul": ("email", None, der_name(EMAIL_TAG,
                                    b"root@example.org\0@evil.example")),
    "nul-dns": ("dns", None, der_name(DNS_TAG, b"ops.example.org\0.evil")),
    "no-ascii": ("dns", None, der_name(DNS_TAG, b"\xff\xfe")),
    "empty": ("uri", None, der_name(URI_TAG, b"")),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_name_is_nobodys(start_vspcd, ca, what):
    """And the log has one line of it, without what is not shown."""
    kind, common_name, extension = HOSTILE[what]
    pair = ca.issue(f"hostile-{what}", common_name=common_name,
                    extensions=extension or SUBJECTS["cn"])
    vspcd = start_vspcd("--client-tls", "required", "--client-certs",
                        "required", "--client-ca", ca.pair.certificate,
                        "--certificate-name", kind)
    vm = vspcd.vm("web")
    with s_client(vspcd.console_address(vm.port), pair):
        has = vspcd.wait_event(words.CLIENT_CONNECTED, proof="address")
        assert has["principal"] == "anybody"
    has = vspcd.wait_event(words.CLIENT_NAMELESS)
    assert "has characters that are not shown" in has["reason"]
    assert len(vspcd.events(words.CLIENT_CONNECTED)) == 1
    assert all(line.isprintable() and "\u200b" not in line
               for line in vspcd.lines)


# ---- programs that were not written here ------------------------------------

@pytest.fixture
def known(start_vspcd, config, ca):  # noqa: F811
    """A vspcd that lets one certificate type and nobody else read, the VM, and
    the certificate."""
    server = ca.issue("server")
    # telnet-ssl knows no other keys.
    pair = ca.issue("rsa", common_name="person-cn", new_key=NEW_RSA_KEY)
    vspcd = start_vspcd(
        "--cert", server.certificate, "--key", server.key,
        "--config", config('access "*" { write = {"certificate:person-cn"} }'),
        "--client-tls", "required", "--client-certs", "optional",
        "--client-ca", ca.pair.certificate, "--certificate-name", "cn",
        "--login", "off")
    return vspcd, vspcd.vm("web"), pair


def talk(vspcd, vm, keyboard, screen):
    """keyboard(bytes) types; screen(bytes) returns when they are shown."""
    has = vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    assert (has["principal"], has["proof"], has["right"]) == (
        "person-cn (certificate)", "certificate", "write")
    vm.send(b"\r\n~# ")
    screen(b"~# ")
    keyboard(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"


def test_openssl_with_a_certificate(known):
    vspcd, vm, pair = known
    with s_client(vspcd.console_address(vm.port), pair) as process:
        talk(vspcd, vm, Fd(process.stdin.fileno()).write,
             Fd(process.stdout.fileno()).read_until)


@pytest.mark.parametrize("way", ["ssl", "secure"])
def test_telnet_ssl_with_a_certificate(known, ca, need, terminal, way):
    """From the first byte, and by AUTHENTICATION."""
    telnet = need("telnet-ssl")
    vspcd, vm, pair = known
    child = terminal(telnet, "-E", "-z", way, "-z",
                     f"cacert={ca.pair.certificate}", "-z",
                     f"cert={pair.certificate}", "-z", f"key={pair.key}",
                     "localhost", vm.port)
    talk(vspcd, vm, child.send, child.expect_exact)


def test_kermit_with_a_certificate(known, need, terminal):
    kermit = need("kermit", "ckermit")
    vspcd, vm, pair = known
    script = ("set auth tls verify no, "
              f"set auth tls rsa-cert-file {pair.certificate}, "
              f"set auth tls rsa-key-file {pair.key}, "
              f"set host localhost {vm.port} /tls, input 20 ~#, lineout ls, "
              "input 20 bye, close, exit")
    child = terminal(kermit, "-Y", "-C", script)
    talk(vspcd, vm, lambda _: None, lambda _: None)
    vm.send(b"bye\r\n")
    child.expect_exact("bye")


def test_without_the_certificate_nothing_is_told(known, need, start_process):
    openssl = need("openssl")
    vspcd, vm, _ = known
    vm.send(b"secret")
    process = start_process([openssl, "s_client", "-quiet", "-connect",
                             f"localhost:{vm.port}"],
                            stderr=subprocess.DEVNULL)
    process.stdin.write(b"ls\n")
    process.stdin.flush()
    assert process.stdout.read().endswith(
        b"[vspcd: refused, you have no access here]\r\n")
    vm.sync()
    assert not vm.data
