"""Certificates of VMs' ends, on the ports for VMs: whose is asked for, what
is logged of it, and what SIGHUP makes of it."""

import signal
import ssl
import subprocess

import pytest

from harness import words
from harness.net import eventually
from harness.streams import assert_both_ways
from harness.tls import Authority, Tls, serial_of
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup


class Site:
    def __init__(self, start, config, folder, ca):
        self.start, self.config, self.folder, self.ca = start, config, folder, \
            ca
        self.host = ca.issue("kvm-host")
        self.vspcd = None

    def write(self, certs, crl=""):
        text = f"tls = {'required' if certs == 'required' else 'offered'}\n"
        if certs != "off":
            text += (f"vm-certs = {certs}\n"
                     f"vm-ca = \"{self.ca.pair.certificate}\"\n")
        if crl:
            (self.folder / "crl.pem").write_text(crl)
            text += f"vm-crl = \"{self.folder / 'crl.pem'}\"\n"
        return self.config(text)

    def open(self, certs, crl=""):
        self.vspcd = self.start("--config", self.write(certs, crl))
        return self

    def reload(self, certs, crl=""):
        self.write(certs, crl)
        hup(self.vspcd)

    def refuses(self, tls, reason):
        before = len(self.vspcd.events(words.CONNECTION_CLOSED))
        with pytest.raises((AssertionError, OSError, ssl.SSLError)):
            self.vspcd.vm("refused", tls=tls)
        eventually(lambda: len(self.vspcd.events(
            words.CONNECTION_CLOSED)) > before, "it to be refused")
        said = self.vspcd.events(words.CONNECTION_CLOSED)[-1]["reason"]
        assert said.startswith(reason)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "ca")


@pytest.fixture
def site(start_vspcd, config, tmp_path, ca):  # noqa: F811
    return Site(start_vspcd, config, tmp_path, ca)


@pytest.mark.parametrize("by_auth", [False, True])
def test_required(site, by_auth):
    vspcd = site.open("required").vspcd
    vm = vspcd.vm("web", tls=Tls(by_auth=by_auth, pair=site.host))
    has = vspcd.wait_event(words.VM_CERTIFICATE, console="web")
    assert (has["subject"], has["issuer"], has["serial"]) == \
        ("CN=kvm-host", "CN=ca", serial_of(site.host))
    assert has["peer"] == vspcd.wait_event(words.VM_CONNECTED)["peer"]
    assert_both_ways(vm, vspcd.telnet(vm))
    site.refuses(Tls(by_auth=by_auth), "TLS: the peer shows no certificate, "
                                       "and one is demanded")
    site.refuses(None, "TLS is required")


def test_optional(site, certificates):
    vspcd = site.open("optional").vspcd
    for tls in None, Tls(), Tls(by_auth=True):
        vm = vspcd.vm(tls=tls)
        assert_both_ways(vm, vspcd.telnet(vm))
    assert not vspcd.events(words.VM_CERTIFICATE)
    site.refuses(Tls(pair=certificates.client),
                 "TLS: the peer's certificate is signed by a CA that is not "
                 "known here")


def test_a_host_that_is_revoked_meanwhile(site):
    vspcd = site.open("optional", site.ca.crl()).vspcd
    vm = vspcd.vm("web", tls=Tls(pair=site.host))
    other = vspcd.vm("other", tls=Tls())
    client = vspcd.telnet(vm)
    site.reload("optional", site.ca.crl(site.host))
    vm.wait_closed()
    has = vspcd.wait_event(words.VM_DISCONNECTED, console="web")
    assert "the certificate of the VM's end is accepted no more" in \
        has["reason"]
    client.read_notice()
    assert_both_ways(other, vspcd.telnet(other))
    site.refuses(Tls(pair=site.host),
                 "TLS: the peer's certificate has been revoked")


def test_an_old_crl_of_vms(site):
    vspcd = site.open("optional", site.ca.crl(age_days=0.9)).vspcd
    vspcd.wait_event(words.TLS_CRL_OLD, setting="vm-crl")


def proxy_of(vspcd):
    return "telnets://{}:{}".format(*vspcd.proxy)


def test_vspc_vm_shows_its_certificate(site, start_vm):
    vspcd = site.open("required").vspcd
    start_vm(1, "--proxy", proxy_of(vspcd), "--cert", site.host.certificate,
             "--key", site.host.key, "--name", "web", stdin=subprocess.PIPE)
    vspcd.wait_event(words.VM_CERTIFICATE, subject="CN=kvm-host")


def test_vspc_vm_shows_it_after_a_move(site, start_vm):
    vspcd = site.open("required").vspcd
    vm = start_vm(1, "--proxy", proxy_of(vspcd), "--cert",
                  site.host.certificate, "--key", site.host.key, "--name",
                  "web", stdin=subprocess.PIPE)
    vspcd.wait_event(words.VM_CERTIFICATE, console="web")
    vm.process.send_signal(signal.SIGUSR1)
    has = vspcd.wait_event(words.VM_MOVED, console="web")
    vspcd.wait_event(words.VM_CERTIFICATE, peer=has["to"])


def test_vspc_vm_without_one_is_told(site, start_vm):
    vspcd = site.open("required").vspcd
    vm = start_vm(1, "--proxy", proxy_of(vspcd), "--no-reconnect")
    assert vm.wait_exit() == 1
    assert "TLS: the peer demands a certificate of ours" in vm.lines[-1]


def test_vspc_vm_says_what_is_wrong_with_its_files(site, start_vm):
    for options, says in (
            (["--cert", "/nonexistent"], "--cert: /nonexistent: no certificate"
                                         " can be read from it"),
            (["--cert", site.host.certificate],
             f"--cert: {site.host.certificate}: no key can be read from it"),
            (["--key", site.host.key], "--key needs --cert")):
        vm = start_vm(1, "--proxy", "127.0.0.1:1", *options)
        assert vm.wait_exit() != 0
        assert says in "\n".join(vm.lines)
