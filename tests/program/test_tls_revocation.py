"""Certificates that are revoked, or whose CA is trusted no more: nobody new
gets in with them, and SIGHUP ends who is there."""

import ssl

import pytest

from harness import words
from harness.net import Peer, dial, eventually
from harness.streams import assert_both_ways
from harness.tls import Authority, Tls
from test_config import config, run  # noqa: F401 (a fixture)
from test_config_reload import hup
from test_tls_names import s_client

REVOKED = "TLS: the peer's certificate has been revoked"


class Site:
    """Files that a test changes, a VM, and a running vspcd."""

    def __init__(self, start, config, folder, authorities):
        self.start, self.config, self.folder = start, config, folder
        self.ca, self.other = authorities
        self.alice = self.ca.issue("alice")
        self.bob = self.ca.issue("bob")
        self.stranger = self.other.issue("stranger")
        self.vspcd = self.vm = None

    def write(self, *, crls=(), authorities=None, certs="required", more=""):
        """No crls: no client-crl."""
        authorities = authorities or [self.ca]
        (self.folder / "ca.pem").write_text("".join(
            one.pair.certificate.read_text() for one in authorities))
        text = (f"client-tls = required\nclient-certs = {certs}\n" + more)
        if certs != "off":
            text += f"client-ca = \"{self.folder / 'ca.pem'}\"\n"
        if crls:
            (self.folder / "crl.pem").write_text("".join(crls))
            text += f"client-crl = \"{self.folder / 'crl.pem'}\"\n"
        return self.config(text)

    def open(self, **settings):
        self.vspcd = self.start("--config", self.write(**settings))
        self.vm = self.vspcd.vm("web")
        return self

    def reload(self, **settings):
        self.write(**settings)
        hup(self.vspcd)

    def address(self):
        return self.vspcd.console_address(self.vm.port)

    def attach(self, pair):
        return self.vspcd.telnet(self.vm, tls=Tls(pair=pair))

    def refuses(self, pair, reason):
        before = len(self.vspcd.events(words.CLIENT_DISCONNECTED))
        with pytest.raises((AssertionError, OSError, ssl.SSLError)):
            self.attach(pair)
        eventually(lambda: len(self.vspcd.events(
            words.CLIENT_DISCONNECTED)) > before, "it to be refused")
        said = self.vspcd.events(words.CLIENT_DISCONNECTED)[-1]["reason"]
        assert reason in said

    def has_ended(self, client, reason):
        assert f"[vspcd: web: {reason}".encode() in client.read_all()
        has = self.vspcd.wait_event(words.CLIENT_DISCONNECTED,
                                    peer=client.address)
        assert has["reason"].startswith(reason)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    return [Authority(tmp_path_factory.mktemp(name), name)
            for name in ("ca", "other")]


@pytest.fixture
def site(start_vspcd, config, tmp_path, authorities):  # noqa: F811
    return Site(start_vspcd, config, tmp_path, authorities)


def test_a_revoked_client_is_refused(site):
    site.open(crls=[site.ca.crl(site.alice)])
    site.refuses(site.alice, REVOKED)
    assert_both_ways(site.vm, site.attach(site.bob))


def test_a_client_that_is_revoked_meanwhile_ends(site):
    site.open(crls=[site.ca.crl()])
    alice, bob = site.attach(site.alice), site.attach(site.bob)
    site.reload(crls=[site.ca.crl(site.alice)])
    site.has_ended(alice, REVOKED)
    assert_both_ways(site.vm, bob)
    site.refuses(site.alice, REVOKED)


def test_openssl_as_a_client_that_is_revoked_meanwhile(site):
    site.open()
    with s_client(site.address(), site.alice) as client:
        has = site.vspcd.wait_event(words.CLIENT_CONNECTED, client="CN=alice")
        site.reload(crls=[site.ca.crl(site.alice)])
        assert client.wait(timeout=10) == 0
    has = site.vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=has["peer"])
    assert has["reason"] == REVOKED


def test_clients_of_a_ca_that_is_gone_end(site):
    site.open(authorities=[site.ca, site.other])
    alice, stranger = site.attach(site.alice), site.attach(site.stranger)
    site.reload(authorities=[site.ca])
    site.has_ended(stranger, "TLS: the peer's certificate is signed by a CA "
                             "that is not known here: other")
    assert_both_ways(site.vm, alice)


def test_certificates_end_with_the_asking_for_them(site):
    site.open()
    alice = site.attach(site.alice)
    site.reload(certs="off")
    site.has_ended(alice, "TLS: the peer shows a certificate, and none is "
                          "asked for any more")
    assert_both_ways(site.vm, site.attach(None))


def test_nobody_ends_where_nothing_has_changed(site):
    crl = site.ca.crl(site.bob)
    site.open(crls=[crl])
    alice = site.attach(site.alice)
    for _ in range(3):
        site.reload(crls=[crl])
    assert_both_ways(site.vm, alice)


def test_a_hello_after_the_reload_of_an_older_connection(site):
    """Its context is that from before; what is trusted is not."""
    site.open(crls=[site.ca.crl()])
    peer = site.vspcd.keep(Peer(dial(site.address())))
    site.reload(crls=[site.ca.crl(site.alice)])
    with pytest.raises((AssertionError, OSError, ssl.SSLError)):
        peer.sock = Tls(pair=site.alice).wrap(peer.sock)
        peer.read_exactly(1)
    has = site.vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=peer.address)
    assert has["reason"] == REVOKED


def test_an_expired_crl(site):
    """Refuses newcomers, but ends nobody who was let in before."""
    site.open(crls=[site.ca.crl()])
    alice, bob = site.attach(site.alice), site.attach(site.bob)
    site.reload(crls=[site.ca.crl(site.bob, age_days=3)])
    has = site.vspcd.wait_event(words.TLS_CRL_EXPIRED, setting="client-crl")
    assert has["reason"].startswith("the CRL of CN=ca has expired on ")
    site.has_ended(bob, REVOKED)
    assert_both_ways(site.vm, alice)
    site.refuses(site.alice, "the CRL of the CA that has signed the peer's "
                             "certificate has expired: ca; get a newer CRL")
    site.reload(crls=[site.ca.crl()])
    assert_both_ways(site.vm, site.attach(site.alice))
    assert not site.vspcd.events(words.TLS_CRL_OLD)


def test_a_crl_that_expires_soon(site):
    site.open(crls=[site.ca.crl(age_days=0.9)])
    has = site.vspcd.wait_event(words.TLS_CRL_OLD, setting="client-crl")
    assert "get a newer CRL, and send SIGHUP" in has["reason"]
    assert_both_ways(site.vm, site.attach(site.alice))


def check(path):
    return run("--check-config", "--config", path)


def test_the_check_of_the_configuration(site):
    said = check(site.write(crls=[site.ca.crl(age_days=3)]))
    assert said.returncode == 0
    assert "client-crl: the CRL of CN=ca has expired on " in said.stderr
    said = check(site.write(crls=[site.ca.crl()]))
    assert (said.returncode, said.stderr) == (0, "")
    path = site.write(crls=[site.other.crl()])
    assert check(path).returncode == 0  # of a CA in between, for all we know
    path = site.write(crls=["nothing"])
    said = check(path)
    assert said.returncode == 1
    assert f"{path}:" in said.stderr
    assert "client-crl: " in said.stderr
    assert "there is no CRL in it: expected PEM" in said.stderr
    said = check(site.write(certs="off", crls=[site.ca.crl()]))
    assert "client-crl: needs client-ca" in said.stderr


def test_a_wrong_file_changes_nothing(site):
    site.open(crls=[site.ca.crl(site.bob)])
    alice = site.attach(site.alice)
    site.write(crls=["-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----"])
    hup(site.vspcd, words.RELOAD_REFUSED)
    has = site.vspcd.wait_event(words.TLS_NOT_RELOADED)
    assert "a CRL in it is damaged" in has["reason"]
    assert_both_ways(site.vm, alice)
    site.refuses(site.bob, REVOKED)


def test_a_new_kind_of_name_comes_before_the_new_rules(site):
    """A client keeps its right if the rules for its new name give it."""
    site.alice = site.ca.issue("alice", extensions="subjectAltName="
                               "email:alice@example.org")
    site.open(more='access "*" { write = {"certificate:alice"} }\n')
    alice = site.attach(site.alice)
    has = site.vspcd.wait_event(words.CLIENT_CONNECTED, peer=alice.address)
    assert (has["principal"], has["right"]) == ("alice (certificate)", "write")
    site.reload(more="certificate-name = email\n"
                'access "*" { write = {"certificate:alice@example.org"} }\n')
    assert_both_ways(site.vm, alice)
    site.reload(more="certificate-name = email\n"
                'access "*" { write = {"certificate:alice"} }\n')
    alice.wait_closed()


@pytest.mark.parametrize("scheme", ["ssl", "telnets"])
def test_a_listener_of_a_service_uri(site, scheme):
    """Another door, with the same certificates."""
    rules = "service-listen = {\"*:*\"}\n"
    site.open(crls=[site.ca.crl()], more=rules)
    port = site.vspcd.ports.base + 80
    site.vspcd.vm("listens", uri=f"{scheme}://127.0.0.1:{port}")
    site.vspcd.wait_event(words.SERVICE_LISTENER_OPENED)
    alice = site.vspcd.keep(Peer(dial(("127.0.0.1", port))))
    alice.sock = Tls(pair=site.alice).wrap(alice.sock)
    alice.send(b"typed")
    has = site.vspcd.wait_event(words.CLIENT_CONNECTED, peer=alice.address)
    assert has["principal"] == "alice (certificate)"
    site.reload(crls=[site.ca.crl(site.alice)], more=rules)
    alice.wait_closed()
    has = site.vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=alice.address)
    assert has["reason"] == REVOKED


def test_a_certificate_may_get_a_name(site):
    site.open(more="certificate-name = email\n"
              'access "*" { read = {"anybody"} }\n')
    bob = site.attach(site.bob)
    site.vspcd.wait_event(words.CLIENT_NAMELESS)
    site.reload(more='access "*" { write = {"certificate:bob"} }\n')
    has = site.vspcd.wait_event(words.CLIENT_RIGHT_CHANGED, peer=bob.address)
    assert (has["principal"], has["right"]) == ("bob (certificate)", "write")
    bob.send(b"typed")
    site.vm.read_until(b"typed")
