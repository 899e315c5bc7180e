"""Certificates: made at the first start, shown to who has to enter them,
given by files, read again at SIGHUP; and what is wrong with them."""

import hashlib
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile

import pytest

from harness import words
from harness.net import TIMEOUT
from harness.programs import BUILD, clean_environment, message_of
from harness.streams import assert_both_ways
from harness.tls import Pair, Tls, openssl
from test_config import config  # noqa: F401 (a fixture)


def run(*options, env=None):
    """vspcd to its end, which comes by itself."""
    return subprocess.run([BUILD / "vspcd", *map(str, options)], text=True,
                          env=clean_environment(env), timeout=TIMEOUT,
                          capture_output=True)


def thumbprints(path):
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(path).read_text())
    return [":".join(re.findall("..", hashlib.new(kind, der).hexdigest()))
            .upper() for kind in ("sha1", "sha256")]


def mode(path):
    return path.stat().st_mode & 0o777


# These are about the certificate alone, in the same place.
NO_STATE = ("--backend", "Memory")


def test_first_start_makes_a_certificate(start_vspcd, tmp_path):
    state = tmp_path / "deep" / "state"
    env = {"STATE_DIRECTORY": str(state)}
    vspcd = start_vspcd(*NO_STATE, env=env)
    certificate, key = state / "certificate.pem", state / "key.pem"
    assert [mode(path) for path in (state.parent, state, key, certificate)] \
        == [0o700, 0o700, 0o600, 0o644]
    sha1, sha256 = thumbprints(certificate)
    vspcd.wait_event(words.TLS_CERTIFICATE, certificate=certificate, sha1=sha1,
                     sha256=sha256)
    # Whoever has it can check it: it is for this host, and for this machine.
    for host in "localhost", "127.0.0.1", socket.gethostname():
        vm = vspcd.vm(host, tls=Tls(ca=certificate, host=host))
        vm.close()
    vspcd.stop()
    # It stays, and so do the thumbprints that were entered somewhere.
    before = certificate.read_bytes(), key.read_bytes()
    vspcd = start_vspcd(*NO_STATE, env=env)
    vspcd.vm("web", tls=Tls(ca=certificate))
    assert before == (certificate.read_bytes(), key.read_bytes())
    assert {path.name for path in state.iterdir()} == \
        {"certificate.pem", "key.pem"}


def test_certificate_lasts(start_vspcd, need, tmp_path):
    openssl = need("openssl")
    start_vspcd(env={"STATE_DIRECTORY": str(tmp_path)})
    shown = subprocess.run(
        [openssl, "x509", "-in", tmp_path / "certificate.pem", "-noout",
         "-text", "-checkend", str(9 * 365 * 24 * 3600)],
        capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout
    assert "Version: 3" in shown.stdout and "prime256v1" in shown.stdout


def test_what_an_interrupted_start_has_left(start_vspcd, tmp_path):
    (tmp_path / "key.pem").write_text("half a k")
    vspcd = start_vspcd(env={"STATE_DIRECTORY": str(tmp_path)})
    vspcd.vm("web", tls=Tls(ca=tmp_path / "certificate.pem"))
    assert mode(tmp_path / "key.pem") == 0o600


def test_two_starts_at_once(start_program, tmp_path):
    """On an empty directory: they agree on one certificate."""
    for n in range(5):
        state = tmp_path / str(n)
        programs = [start_program(
            [BUILD / "vspcd", "--proxy-port", "0", "--proxy-iface",
             "127.0.0.1", "--no-vm-ports", *NO_STATE],
            env={"STATE_DIRECTORY": str(state)}) for _ in range(4)]
        shown = {program.wait_log(words.TLS_CERTIFICATE + r" .*sha1=(\S+)")[1]
                 for program in programs}
        assert shown == {thumbprints(state / "certificate.pem")[0]}
        for program in programs:
            program.stop()


def test_a_large_rsa_key_is_warned_of(start_vspcd, tmp_path):
    """At the start, at SIGHUP, and by --check-config; 2048 bits are in order,
    and so is a key that is no RSA key."""
    pairs = {}
    for bits in 2048, 3072:
        pairs[bits] = Pair(tmp_path, f"rsa-{bits}")
        openssl("req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-subj",
                "/CN=rsa", "-keyout", pairs[bits].key,
                "-out", pairs[bits].certificate)
        os.chmod(pairs[bits].key, 0o600)
    large = pairs[3072]
    link = Pair(tmp_path, "used")
    link.certificate.symlink_to(pairs[2048].certificate)
    link.key.symlink_to(pairs[2048].key)
    options = "--cert", link.certificate, "--key", link.key
    vspcd = start_vspcd(*options)
    assert not vspcd.events(words.TLS_SLOW_KEY)
    assert "3072" not in run(*options, "--check-config").stderr
    for path, to in (link.certificate, large.certificate), (link.key,
                                                            large.key):
        path.unlink()
        path.symlink_to(to)
    vspcd.process.send_signal(signal.SIGHUP)
    assert "3072 bits" in vspcd.wait_event(words.TLS_SLOW_KEY)["reason"]
    assert "3072 bits" in start_vspcd(*options).wait_event(
        words.TLS_SLOW_KEY)["reason"]
    result = run(*options, "--check-config")
    assert result.returncode == 0
    assert "RSA key of 3072 bits" in result.stderr


@pytest.mark.parametrize("env, place", [
    ({"STATE_DIRECTORY": "{}/a:{}/b"}, "a"),
    ({"STATE_DIRECTORY": "{}/a"}, "a"),
])
def test_place_of_the_certificate(tmp_path, env, place):
    env = {key: value.replace("{}", str(tmp_path))
           for key, value in env.items()}
    assert run("--show-tls", env=env).returncode == 0
    assert (tmp_path / place / "certificate.pem").exists()
    assert [path.name for path in tmp_path.iterdir()] == [place]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to be")
def test_place_of_the_certificate_of_a_person(need):
    """Without systemd: in the state directory of XDG, or in the home."""
    other_user = [need("setpriv", "util-linux"), "--reuid=65534",
                  "--regid=65534", "--clear-groups"]
    for env, place in (({"HOME": "h"}, "h/.local/state/vspcd"),
                       ({"HOME": "h", "XDG_STATE_HOME": "x"}, "x/vspcd")):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)  # pytest's own folders are for root only
            result = subprocess.run(
                [*other_user, BUILD / "vspcd", "--show-tls"], env={
                    key: f"{folder}/{value}" for key, value in env.items()},
                capture_output=True, timeout=TIMEOUT)
            if b"Permission denied" in result.stderr:
                pytest.skip("another user cannot run this build")
            assert pathlib.Path(folder, place, "certificate.pem").exists(), \
                result


NO_PLACE = {"STATE_DIRECTORY": "/dev/null/vspcd"}
SORRY = "/dev/null/vspcd: no certificate can be kept there: Not a directory"


def test_no_place_for_a_default(start_vspcd):
    """Nobody has asked for TLS: it is left out, which is said."""
    for options in ([], ["--proxy-listen", "127.0.0.1:0"],
                    ["--proxy-listen", "127.0.0.1:0,tls=off"]):
        vspcd = start_vspcd(*options, env=NO_PLACE)
        vspcd.wait_event(words.TLS_OFF, reason=SORRY)
        vm = vspcd.vm("web")
        assert_both_ways(vm, vspcd.telnet(vm))
        with pytest.raises((ssl.SSLError, OSError)):
            vspcd.new_vm("tls", tls=Tls())
        vspcd.wait_log("TLS hello on a port without TLS")
        vspcd.process.send_signal(signal.SIGHUP)
        vspcd.wait_log(words.RELOADED)
    shown = run("--show-tls", env=NO_PLACE)
    assert (shown.returncode, shown.stdout) == (0, f"TLS is off: {SORRY}\n")


@pytest.mark.parametrize("options", [
    ["--ssl"], ["--tls", "offered"], ["--tls", "required"],
    ["--client-tls", "telnets"], ["--tls", "off", "--client-tls", "required"],
    ["--proxy-listen", "127.0.0.1:0,tls=offered"],
    ["--tls-ciphers", "HIGH"],
], ids=" ".join)
def test_no_place_for_what_was_asked_for(options):
    for last in [], ["--show-tls"]:
        result = run("--proxy-port", 0, "--proxy-iface", "127.0.0.1",
                     *options, *last, env=NO_PLACE)
        assert (result.returncode, result.stderr) == (2, f"vspcd: {SORRY}\n")


def test_no_certificate_is_made_where_none_is_needed(start_vspcd, tmp_path,
                                                     certificates):
    env = {"STATE_DIRECTORY": str(tmp_path)}
    start_vspcd("--tls", "off", *NO_STATE, env=env)
    start_vspcd("--cert", certificates.server.certificate, "--key",
                certificates.server.key, *NO_STATE, env=env)
    assert run("--tls", "off", "--show-tls", env=env).stdout == "TLS is off\n"
    assert not list(tmp_path.iterdir())


def test_show_tls(certificates):
    """With the settings as they are: what vSphere takes as it stands."""
    pair = certificates.server
    files = ["--cert", pair.certificate, "--key", pair.key]
    sha1, sha256 = thumbprints(pair.certificate)
    for options, authority, is_offered in (
            ([], f"{socket.gethostname()}:13370", False),
            (["--proxy-port", 2000, "--ssl"],
             f"{socket.gethostname()}:2000", True),
            (["--proxy-iface", "192.0.2.7", "--tls", "required"],
             "192.0.2.7:13370", True),
            (["--proxy-iface", "[2001:db8::1]:99"], "[2001:db8::1]:99", False),
            (["--proxy-iface", "2001:db8::1"], "[2001:db8::1]:13370", False)):
        result = run("--show-tls", *files, *options)
        assert result.returncode == 0, result.stderr
        uris = [line.strip() for line in result.stdout.splitlines()
                if line.startswith("  telnet")]
        assert uris[:2] == [f"telnets://{authority}#thumbprint={sha1}",
                            f"telnets://{authority}#thumbprint={sha256}"]
        assert uris[2:] == [f"telnet://{authority}#thumbprint={sha1}"][
            :int(is_offered)]
        assert f"SHA-1        {sha1}\n" in result.stdout
        assert f"SHA-256      {sha256}\n" in result.stdout


def test_show_tls_of_clients_only(certificates):
    result = run("--show-tls", "--tls", "off", "--client-tls", "telnets",
                 "--cert", certificates.server.certificate,
                 "--key", certificates.server.key)
    assert thumbprints(certificates.server.certificate)[0] in result.stdout
    assert "://" not in result.stdout


def test_key_in_the_file_of_the_certificate(start_vspcd, certificates,
                                            tmp_path):
    both = tmp_path / "both.pem"
    write_private(both, certificates.server.certificate.read_bytes() +
                  certificates.server.key.read_bytes())
    vspcd = start_vspcd("--cert", both)
    vspcd.vm("web", tls=Tls(ca=certificates.ca))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_key_that_everybody_may_read(start_vspcd, config, certificates,
                                     tmp_path, mode):  # noqa: F811
    """Refused at the start, by --check-config and at SIGHUP; there the old
    certificate stays."""
    put(certificates.server, tmp_path)
    path = config(f"cert = {tmp_path}/c\nkey = {tmp_path}/k\n")
    vspcd = start_vspcd("--config", path)
    put(certificates.other, tmp_path)
    (tmp_path / "k").chmod(mode)
    reason = f"{tmp_path}/k: a private key is in it, and everybody can use " \
             f"it (mode {mode:04o}): chmod "
    for request, status in (["--check-config"], 1), ([], 2):
        result = run("--config", path, *request)
        assert (result.returncode, result.stdout) == (status, "")
        assert reason in result.stderr and result.stderr.count("\n") == 1
    vspcd.process.send_signal(signal.SIGHUP)
    assert vspcd.wait_event(words.TLS_NOT_RELOADED)["reason"].startswith(
        reason)
    assert shown_to(vspcd) == der_of(certificates.server)
    (tmp_path / "k").chmod(0o600)
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_log(words.TLS_RELOADED)
    assert shown_to(vspcd) == der_of(certificates.other)


def test_key_of_roots_group(start_vspcd, certificates, tmp_path):
    """As Debian's ssl-cert has it: root:ssl-cert 0640."""
    if os.geteuid() != 0:
        pytest.skip("only root has files of root")
    put(certificates.server, tmp_path)
    (tmp_path / "k").chmod(0o640)
    start_vspcd("--cert", tmp_path / "c", "--key", tmp_path / "k")


def test_chain_is_sent(start_vspcd, certificates, tmp_path):
    """What stands behind the certificate in its file."""
    chain = tmp_path / "chain.pem"
    middle = certificates.middle
    chain.write_bytes(middle.server.certificate.read_bytes() +
                      middle.certificate.read_bytes())
    vspcd = start_vspcd("--cert", chain, "--key", middle.server.key)
    vspcd.vm("web", tls=Tls(ca=certificates.ca))


BAD_WORDS = {
    "--tls=yes": "--tls: 'yes' is not valid: expected one of "
                 "off|telnets|offered|required",
    "--client-tls=on": "--client-tls: 'on' is not valid: expected one of "
                       "off|telnets|offered|required",
    "--tls-min=1.4": "--tls-min: '1.4' is not valid: expected one of "
                     "1.0|1.1|1.2|1.3",
    "--tls-min=TLSv1.2": "--tls-min: 'TLSv1.2' is not valid",
    "--tls off --tls-min=2": "--tls-min: '2' is not valid",
    "--tls-min=": "--tls-min: '' is not valid",
    "--tls-ciphers=": "--tls-ciphers: '' is not valid",
    "--tls-ciphers=aNULL": "no cipher of 'aNULL' is known that authenticates "
                           "and encrypts",
    "--tls-ciphers=ALL:@SECLEVEL=0": "@SECLEVEL is no cipher",
    "--vm-tls-min=1.4": "--vm-tls-min: '1.4' is not valid: expected one of "
                        "1.0|1.1|1.2|1.3",
    "--tls-ciphers=NONSENSE": "no cipher of 'NONSENSE' is known",
    "--cert=": "--cert: '' is not valid",
    "--cert=/nonexistent.pem": "/nonexistent.pem: no certificate can be read "
                               "from it: No such file or directory",
    "--cert=/etc/passwd": "/etc/passwd: no certificate can be read from it",
    "--cert=/": "/: no certificate can be read from it",
    "--key=x": "--key: needs --cert",
    "--cert={certificate}": "{certificate}: no key can be read from it",
    "--cert={certificate} --key=/nonexistent.key":
        "/nonexistent.key: no key can be read from it",
    "--cert={certificate} --key={other}": "{other}: no key can be read from "
                                          "it that fits the certificate",
    "--client-certs=maybe --client-tls=telnets":
        "--client-certs: 'maybe' is not valid: expected one of "
        "off|optional|required",
    "--client-certs=optional": "--client-certs: needs --client-tls",
    "--client-certs=required --client-tls=telnets":
        "--client-certs: needs --client-tls required",
    "--client-certs=required --client-tls=offered --client-ca={certificate}":
        "--client-certs: needs --client-tls required",
    "--client-certs=required --client-tls=required":
        "--client-certs: needs --client-ca",
    "--client-ca={certificate} --client-tls=telnets":
        "--client-ca: needs --client-certs",
    "--client-ca=/etc/passwd --client-certs=optional --client-tls=telnets":
        "/etc/passwd: no CA can be read from it",
    "--proxy-listen=127.0.0.1:0,tls=perhaps":
        "--proxy-listen: 'perhaps' is not valid: expected one of "
        "off|telnets|offered|required",
    "--proxy-listen=127.0.0.1:0,ssl": "--proxy-listen: '127.0.0.1:0,ssl' is "
                                      "not valid: expected ADDRESS:PORT or",
    "--proxy-listen=,tls=off": "--proxy-listen: ',tls=off' is not valid",
    "--proxy-listen=host.invalid:1": "--proxy-listen: ",
    "--proxy-listen=127.0.0.1:99999": "--proxy-listen: ",
    " ".join(["--proxy-listen=127.0.0.1:0"] * 9):
        "--proxy-listen: too many ports: the limit is 8",
}


@pytest.mark.parametrize("words", BAD_WORDS,
                         ids=lambda words: words.partition(".1:0 --")[0])
def test_bad_settings(certificates, words):
    """One line that says which one, and what was expected."""
    names = {"certificate": certificates.server.certificate,
             "other": certificates.other.key}
    result = run("--proxy-port", 0, "--proxy-iface", "127.0.0.1",
                 *words.format(**names).split(" "))
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith(
        "vspcd: " + BAD_WORDS[words].format(**names)), result.stderr
    assert result.stderr.count("\n") == 1 and not result.stdout


def write_private(path, data):
    path.touch(mode=0o600)
    path.write_bytes(data)


def put(pair, folder):
    for name, path in (("c", pair.certificate), ("k", pair.key)):
        write_private(folder / name, path.read_bytes())


def shown_to(vspcd, **how):
    """The certificate that a new VM sees."""
    vm = vspcd.new_vm("probe", tls=Tls(**how))
    der = vm.sock.certificate()
    vm.close()
    return der


def der_of(pair):
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


def test_reload(start_vspcd, certificates, tmp_path):
    """New connections see the new certificate; old ones do not notice. What
    cannot be read changes nothing."""
    put(certificates.server, tmp_path)
    vspcd = start_vspcd("--cert", tmp_path / "c", "--key", tmp_path / "k",
                        "--tls", "offered", "--client-tls", "offered")
    old = [vspcd.vm(f"vm-{by_auth}", tls=Tls(by_auth=by_auth))
           for by_auth in (False, True)]
    clients = [vspcd.telnet(vm, tls=Tls(by_auth=vm.tls.by_auth)) for vm in old]
    assert shown_to(vspcd) == der_of(certificates.server)

    put(certificates.other, tmp_path)
    assert shown_to(vspcd) == der_of(certificates.server)
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_log(re.escape(thumbprints(certificates.other.certificate)[1]))
    assert shown_to(vspcd) == der_of(certificates.other)
    client = vspcd.telnet(old[0], tls=Tls())
    assert client.sock.certificate() == der_of(certificates.other)
    client.close()

    for broken in (b"", b"nonsense", (tmp_path / "c").read_bytes()[:200],
                   certificates.server.certificate.read_bytes()):
        (tmp_path / "c").write_bytes(broken)
        before = len(vspcd.lines)
        vspcd.process.send_signal(signal.SIGHUP)
        vspcd.wait_line(
            lambda line: message_of(line) == words.TLS_NOT_RELOADED and
            line in vspcd.lines[before:],
            "the trouble")
        assert shown_to(vspcd) == der_of(certificates.other)
    for vm, client in zip(old, clients):
        assert_both_ways(vm, client)

    put(certificates.server, tmp_path)
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_line(lambda line: thumbprints(certificates.server.certificate)
                    [1] in line and line in vspcd.lines[before:], "the return")
    assert shown_to(vspcd, ca=certificates.ca) == der_of(certificates.server)
    for vm, client in zip(old, clients):
        assert_both_ways(vm, client)


def test_reload_under_a_handshake(start_vspcd, certificates, tmp_path):
    """What has begun with the old certificate ends with it."""
    put(certificates.server, tmp_path)
    vspcd = start_vspcd("--cert", tmp_path / "c", "--key", tmp_path / "k")

    def reload_in_between(data):
        if not reloaded:
            reloaded.append(True)
            put(certificates.other, tmp_path)
            vspcd.process.send_signal(signal.SIGHUP)
            return [data[:50], data[50:]]
        return [data]
    reloaded = []
    vm = vspcd.vm("web", tls=Tls(cut=reload_in_between, ca=certificates.ca))
    vspcd.wait_log(re.escape(thumbprints(certificates.other.certificate)[1]))
    assert_both_ways(vm, vspcd.telnet(vm))


def test_reload_of_what_was_made(start_vspcd, tmp_path):
    """A certificate of the first start can be replaced in its place."""
    vspcd = start_vspcd(env={"STATE_DIRECTORY": str(tmp_path)})
    vm = vspcd.vm("web", tls=Tls())
    before = thumbprints(tmp_path / "certificate.pem")
    for name in "certificate.pem", "key.pem":
        (tmp_path / name).unlink()
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.TLS_NOT_RELOADED)
    run("--show-tls", env={"STATE_DIRECTORY": str(tmp_path)})
    after = thumbprints(tmp_path / "certificate.pem")
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_log(re.escape(after[1]))
    assert before != after
    assert_both_ways(vm, vspcd.telnet(vm))
