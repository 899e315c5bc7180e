"""The name that a client's certificate proves, by real certificates and
openssl s_client."""

import contextlib
import subprocess

import pytest

from harness import words
from harness.tls import Authority
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
