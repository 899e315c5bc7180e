"""vspc-vm in TLS: telnets and AUTHENTICATION, each parameter of the URI where
it accepts and where it refuses, and each refusal in words of its own."""

import concurrent.futures
import hashlib
import random
import signal
import ssl
import subprocess
import time
import urllib.parse

import pytest

from harness import words
from harness import wire
from harness.net import Fd, Peer, eventually
from harness.proxy import AuthLink, FakeProxy, VmLink
from harness.streams import MIB, assert_same, noise
from harness.tls import (ACCEPTS, ASKS, IS_NULL, IS_START, Tls, TlsServer,
                         byte_by_byte, cut_at_random)

EVERY_BYTE = bytes(range(256))
REJECTS = wire.sub(wire.AUTHENTICATION, bytes.fromhex("02070003"))
ASKS_OTHERWISE = wire.do(wire.AUTHENTICATION) + wire.sub(
    wire.AUTHENTICATION, bytes.fromhex("010200"))
SECURE = r"connected to 127\.0\.0\.1:\d+ as .*, in TLSv1\.[23], "
CLEAR = r"connected to 127\.0\.0\.1:\d+ as .*, URI vSPC\.py$"


def uri(proxy, parameters="", scheme="telnets", host="127.0.0.1"):
    port = proxy.port if isinstance(proxy, FakeProxy) else proxy.proxy[1]
    return f"{scheme}://{host}:{port}" + (parameters and f"#{parameters}")


def der(pair):
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


def colons(digest):
    return ":".join(f"{byte:02X}" for byte in digest)


@pytest.fixture
def fake():
    proxy = FakeProxy()
    yield proxy
    proxy.close()


@pytest.fixture
def served(start_vspcd, certificates):
    """served(*options): vspcd with a certificate that our CA has signed."""
    def serve(*options, pair=None):
        pair = pair or certificates.server
        return start_vspcd("--cert", pair.certificate, "--key", pair.key,
                           "--tls", "offered", *options)
    return serve


@pytest.fixture
def knows(certificates):
    """The environment in which our CA is one that the system knows."""
    return {"SSL_CERT_FILE": str(certificates.ca)}


@pytest.fixture
def begin(start_vm):
    """begin(proxy, parameters, scheme, ...): a vspc-vm on pipes."""
    def start(proxy, parameters="", scheme="telnets", *options, **more):
        more = {"stdin": subprocess.PIPE} | more
        return start_vm(1, "--proxy", uri(proxy, parameters, scheme),
                        *options, **more)
    return start


@pytest.fixture
def refused(start_vm):
    """refused(proxy, parameters, scheme, ...): its one line, and status 1."""
    def run(proxy, parameters="", scheme="telnets", **more):
        vm = start_vm(1, "--proxy", uri(proxy, parameters, scheme),
                      "--no-reconnect", **more)
        assert vm.wait_exit() == 1, vm.log
        assert len(vm.lines) == 1, vm.log
        return vm.lines[0]
    return run


def assert_works(vspcd, vm, name="vm-0001"):
    client = vspcd.telnet(vspcd.port_of(name))
    vm.process.stdin.write(EVERY_BYTE)
    vm.process.stdin.flush()
    assert client.read_exactly(256) == EVERY_BYTE
    client.send(EVERY_BYTE)
    assert Fd(vm.process.stdout.fileno()).read_exactly(256) == EVERY_BYTE


# How the connection goes over to TLS

# What comes of each kind of --proxy at each policy of vspcd.
REFUSES = "refuses TLS within telnet (DONT AUTHENTICATION)"
OUTCOMES = {
    "off": ("TLS: ", CLEAR, CLEAR, REFUSES),
    "telnets": (SECURE, CLEAR, CLEAR, REFUSES),
    "offered": (SECURE, SECURE, SECURE, SECURE),
    "required": (SECURE, SECURE, SECURE, SECURE),
}


@pytest.mark.parametrize("policy", OUTCOMES)
def test_policies_of_vspcd(start_vspcd, start_vm, policy):
    vspcd = start_vspcd("--tls", policy)
    port = vspcd.proxy[1]
    thumbprint = ""
    if policy != "off":
        thumbprint = vspcd.wait_event(words.TLS_CERTIFICATE)["sha256"]
    kinds = (uri(vspcd), uri(vspcd, scheme="telnet"), f"127.0.0.1:{port}",
             uri(vspcd, f"thumbprint={thumbprint or '0' * 40}", "telnet"))
    for n, (proxy, outcome) in enumerate(zip(kinds, OUTCOMES[policy])):
        vm = start_vm(1, "--proxy", proxy, "--no-reconnect", name=f"vm-{n}",
                      uuid=f"vm-{n}", stdin=subprocess.PIPE)
        if outcome in (CLEAR, SECURE):
            vm.wait_log(outcome)
            assert_works(vspcd, vm, f"vm-{n}")
            continue
        assert vm.wait_exit() == 1
        assert outcome in vm.log


def test_wire_order_in_telnets(fake, begin, certificates):
    """No AUTHENTICATION in there, and nothing before the concentrator."""
    begin(fake)
    tls = TlsServer(certificates.server)
    vm = VmLink(tls.wrap(fake.listener.accept()))
    vm.read_for(0.1)
    assert vm.events == []
    vm.send_wire(wire.do(wire.AUTHENTICATION))
    vm.wait(lambda: vm.events, "an answer")
    assert vm.events == [(wire.WONT, wire.AUTHENTICATION)]
    vm.greet()
    vm.wait(lambda: (wire.WILL, wire.COM_PORT) in vm.events and
            wire.VM_NAME in vm.values, "the serial port")
    vm.close()


def test_wire_order_with_authentication(fake, begin, certificates):
    """232 waits for TLS; options that were agreed on are not asked again."""
    begin(fake, scheme="telnet")
    vm = fake.accept(AuthLink, tls=TlsServer(certificates.server)).serve()
    assert vm.auth == [IS_START]
    assert vm.clear.startswith(wire.will(wire.AUTHENTICATION))
    assert bytes((wire.IAC, wire.WILL, wire.VMWARE)) not in vm.clear
    assert b"vm-0001" not in vm.clear
    for event in ((wire.DO, wire.BINARY), (wire.WILL, wire.BINARY),
                  (wire.WILL, wire.AUTHENTICATION)):
        assert vm.events.count(event) == 1
    vm.sync()


@pytest.mark.parametrize("scheme", ["telnets", "telnet"])
@pytest.mark.parametrize("cut", [
    byte_by_byte, cut_at_random(random.Random(7), 40)], ids=["bytes", "random"])
def test_segmentation_by_the_concentrator(fake, begin, certificates, scheme,
                                          cut):
    vm = begin(fake, scheme=scheme)
    tls = TlsServer(certificates.server, cut=cut)
    if scheme == "telnet":
        link = fake.accept(AuthLink, tls=tls).serve()
    else:
        link = VmLink(tls.wrap(fake.listener.accept()))
        link.greet()
    link.wait(lambda: wire.VM_NAME in link.values, "the VM's name")
    link.send(EVERY_BYTE)
    assert Fd(vm.process.stdout.fileno()).read_exactly(256) == EVERY_BYTE
    vm.process.stdin.write(EVERY_BYTE)
    vm.process.stdin.flush()
    assert link.read_exactly(256) == EVERY_BYTE
    link.close()


NO_TLS = {
    "DONT": ({"on_will": wire.dont(wire.AUTHENTICATION)}, [],
             "refuses TLS within telnet (DONT AUTHENTICATION)"),
    "SEND of others": ({"on_will": ASKS_OTHERWISE}, [IS_NULL],
                       "not by TLS (SEND without SSL)"),
    "REJECT": ({"on_start": REJECTS}, [IS_START],
               "rejects TLS within telnet (REPLY SSL REJECT)"),
}


@pytest.mark.parametrize("name", NO_TLS)
def test_without_parameters_it_goes_on_in_the_clear(fake, begin, name):
    behaviour, said, _ = NO_TLS[name]
    vm = begin(fake, scheme="telnet")
    link = fake.accept(AuthLink, tls=None, **behaviour).serve()
    assert link.auth == said
    vm.wait_log(CLEAR)


@pytest.mark.parametrize("name", NO_TLS)
def test_with_parameters_it_does_not(fake, begin, name):
    behaviour, said, words = NO_TLS[name]
    vm = begin(fake, "verify", "telnet", "--no-reconnect")
    link = fake.accept(AuthLink, tls=None, **behaviour)
    link.greet()
    link.wait_closed()
    assert link.auth == said
    assert not link.values and b"vm-0001" not in link.clear
    assert vm.wait_exit() == 1
    assert words in vm.log and "telnets:// may do" in vm.log


@pytest.mark.parametrize("injected, words", [
    (wire.do(wire.VMWARE), "the peer speaks plain telnet"),
    (b"login: ", "it begins with byte 0x6c"),
])
def test_nothing_in_the_clear_is_taken_for_tls(fake, begin, injected, words):
    """What somebody in between has put behind ACCEPT."""
    vm = begin(fake, "", "telnet", "--no-reconnect")
    link = fake.accept(AuthLink, tls=None, on_start=ACCEPTS + injected)
    link.greet()
    with pytest.raises((OSError, ssl.SSLError, AttributeError)):
        link.wait_closed()
    assert vm.wait_exit() == 1
    assert words in vm.log
    assert b"vm-0001" not in link.clear


# Who is at the other end

def good_parameters(pair):
    sha1, sha256 = (hashlib.new(name, der(pair)).digest()
                    for name in ("sha1", "sha256"))
    pem = pair.certificate.read_text()
    return {
        "SHA-1": f"thumbprint={colons(sha1)}",
        "SHA-1 without colons": f"thumbprint={sha1.hex()}",
        "SHA-256": f"thumbprint={colons(sha256)}",
        "SHA-256 without colons": f"thumbprint={sha256.hex()}",
        "certificate": f"certificate={urllib.parse.quote(pem)}",
        "certificate in a line": "certificate=" + urllib.parse.quote(
            pem.replace("\n", "")),
        "all that is needed": f"thumbprint={sha1.hex()}&peerName=localhost",
        "peerName": "peerName=localhost",
        "peerName of the subject": "peerName=server",
        "verify": "verify",
        "verify and peerName": "verify&peerName=localhost",
        "cipherList": "cipherList=NONSENSE,TLS_CHACHA20_POLY1305_SHA256",
    }


@pytest.mark.parametrize("scheme", ["telnets", "telnet"])
def test_parameters_that_are_right(served, certificates, knows, start_vm,
                                   scheme):
    vspcd = served()
    for name, parameters in good_parameters(certificates.server).items():
        vm = start_vm(1, "--proxy", uri(vspcd, parameters, scheme),
                      "--no-reconnect", env=knows, name=name, uuid=name,
                      stdin=subprocess.PIPE)
        vm.wait_log(SECURE)
        if name == "cipherList":
            vm.wait_log("TLS_CHACHA20_POLY1305_SHA256")
        vm.stop()


def wrong_parameters(certificates):
    """Parameters and what is said; with our CA known."""
    sha1, sha256 = (hashlib.new(name, der(certificates.other)).digest()
                    for name in ("sha1", "sha256"))
    is_sha1, is_sha256 = (
        hashlib.new(name, der(certificates.server)).hexdigest().upper()
        for name in ("sha1", "sha256"))
    pem = urllib.parse.quote(certificates.other.certificate.read_text())
    return {
        f"thumbprint={colons(sha1)}":
            f"has another thumbprint (SHA-1): it is {is_sha1}, expected was "
            f"{sha1.hex().upper()}; vspcd --show-tls",
        f"thumbprint={sha256.hex()}":
            f"has another thumbprint (SHA-256): it is {is_sha256}, expected "
            f"was {sha256.hex().upper()}; vspcd --show-tls prints the URI",
        f"certificate={pem}": "is not the one that was expected: it is for "
                              "server, localhost, 127.0.0.1",
        "peerName=elsewhere": "is not for 'elsewhere', but for server",
        f"thumbprint={is_sha1}&peerName=elsewhere":
            "is not for 'elsewhere', but for server",
    }


@pytest.mark.parametrize("scheme", ["telnets", "telnet"])
def test_parameters_that_are_wrong(served, certificates, knows, refused,
                                   scheme):
    vspcd = served()
    for parameters, reason in wrong_parameters(certificates).items():
        line = refused(vspcd, parameters, scheme, env=knows)
        assert "TLS: the peer's certificate" in line and reason in line
    assert not vspcd.events(words.VM_CONNECTED)
    assert all(has["reason"].startswith("TLS: the peer refuses our certificate")
               for has in vspcd.events(words.CONNECTION_CLOSED))


def test_unknown_authority(served, refused):
    line = refused(served(), "verify")
    assert "is signed by a CA that is not known here: ca; " in line


def test_signed_by_itself(start_vspcd, refused):
    line = refused(start_vspcd(), "verify")
    assert "is signed by itself, and is not known here; " in line


def test_expired(served, certificates, knows, refused, begin):
    """A thumbprint vouches for it all the same."""
    vspcd = served(pair=certificates.expired)
    assert "has expired on " in refused(vspcd, "verify", env=knows)
    sha1 = hashlib.sha1(der(certificates.expired)).hexdigest()
    begin(vspcd, f"thumbprint={sha1}").wait_log(SECURE)


def test_verify_is_for_the_host_that_is_dialled(served, certificates, knows,
                                                start_vm):
    vspcd = served()
    vm = start_vm(1, "--proxy", uri(vspcd, "verify", host="localhost"),
                  env=knows)
    vm.wait_log(r"connected to localhost:\d+ as .*, in TLS")


def test_no_common_cipher(served, refused):
    vspcd = served("--tls-ciphers", "TLS_AES_256_GCM_SHA384")
    line = refused(vspcd, "cipherList=TLS_AES_128_GCM_SHA256")
    assert "TLS: the peer has no cipher in common with us" in line
    assert "--tls-ciphers of vspcd" in line


@pytest.mark.parametrize("ciphers", ["HIGH", "ALL", "AECDH-AES256-SHA:HIGH"])
def test_no_certificate(fake, begin, ciphers):
    """A thumbprint is demanded, and nobody shows a certificate."""
    vm = begin(fake, f"thumbprint={20 * '11'}&cipherList={ciphers}", "telnets",
               "--no-reconnect")
    assert accepted(fake, TlsServer(None)) is None
    assert vm.wait_exit() == 1
    assert "TLS: the peer has no cipher in common with us" in vm.log


def test_security_level_in_the_uri(fake, begin):
    vm = begin(fake, f"thumbprint={20 * '11'}&cipherList=HIGH:@SECLEVEL=0")
    assert vm.wait_exit() == 2
    assert "@SECLEVEL cannot be set here" in vm.log


def accepted(fake, tls):
    """A handshake with whoever comes, whatever becomes of it."""
    sock = fake.listener.accept()
    try:
        return tls.wrap(sock)
    except (OSError, ssl.SSLError):
        sock.close()
        return None


def test_old_tls(fake, begin, certificates):
    vm = begin(fake, "", "telnets", "--no-reconnect")
    assert accepted(fake, TlsServer(
        certificates.server, maximum=ssl.TLSVersion.TLSv1,
        ciphers="ALL:@SECLEVEL=0")) is None
    assert vm.wait_exit() == 1
    assert "TLS: the peer speaks none of the versions of TLS that we do" \
        in vm.log
    assert "--tls-min" in vm.log


def test_tls_1_2(fake, begin, certificates):
    vm = begin(fake)
    sock = accepted(fake, TlsServer(certificates.server,
                                    maximum=ssl.TLSVersion.TLSv1_2))
    link = VmLink(sock)
    link.greet()
    link.wait(lambda: (wire.WILL, wire.COM_PORT) in link.events, "COM-PORT")
    vm.wait_log("in TLSv1.2, ")
    link.close()


def test_what_is_no_tls(vspcd, served, refused):
    """A console's port, and a port that wants TLS first but hears telnet."""
    vspcd.vm("web")
    port = vspcd.port_of("web")
    vspcd.proxy = (vspcd.proxy[0], port)
    line = refused(vspcd)
    assert "an answer in TLS was expected, and the peer speaks plain telnet" \
        in line


def test_closed_in_the_handshake(fake, begin):
    vm = begin(fake, "", "telnets", "--no-reconnect")
    peer = Peer(fake.listener.accept())
    peer.wait(lambda: peer.received > 100, "a hello")
    assert peer.data[:2] == b"\x16\x03"
    peer.close()
    assert vm.wait_exit() == 1
    assert "TLS: the peer went away before the handshake was done; does " \
        "this port take telnets://?" in vm.log


def test_another_certificate_and_back(served, certificates, begin, start_vspcd):
    """Each attempt says why; when it is right again, the VM is back."""
    sha256 = hashlib.sha256(der(certificates.server)).hexdigest()
    first = served()
    vm = begin(first, f"thumbprint={sha256}")
    vm.wait_log(SECURE)
    first.stop()
    second = served(pair=certificates.other)
    begin(second, f"thumbprint={sha256}").wait_log(
        "another thumbprint .*; trying again in")
    third = start_vspcd(
        "--cert", certificates.server.certificate, "--key",
        certificates.server.key, proxy_port=first.proxy[1])
    third.wait_event(words.VM_CONNECTED, console="vm-0001")
    assert_works(third, vm)


# Much data, and the end of it

@pytest.mark.parametrize("scheme", ["telnets", "telnet"])
def test_a_mebibyte_each_way(served, begin, scheme):
    vspcd = served("--hold-time", "20000")
    vm = begin(vspcd, "", scheme)
    client = vspcd.telnet(vspcd.port_of("vm-0001"))
    up, down = (EVERY_BYTE + noise(MIB, seed) for seed in (1, 2))
    both_ways(vm, client, up, down)


def both_ways(vm, client, up, down):
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        sent = pool.submit(Fd(vm.process.stdin.fileno()).write, up)
        typed = pool.submit(client.send, down)
        shown = pool.submit(Fd(vm.process.stdout.fileno()).read_exactly,
                            len(down))
        assert_same(client.read_exactly(len(up)), up)
        assert_same(shown.result(), down)
        sent.result()
        typed.result()


@pytest.mark.parametrize("scheme", ["telnets", "telnet"])
def test_last_words_of_both(fake, begin, certificates, scheme):
    """All that was on standard input arrives, then the end of TLS; what the
    concentrator says after that is shown."""
    vm = begin(fake, scheme=scheme)
    tls = TlsServer(certificates.server)
    if scheme == "telnet":
        link = fake.accept(AuthLink, tls=tls).serve()
    else:
        link = VmLink(tls.wrap(fake.listener.accept()))
        link.greet()
        link.wait(lambda: (wire.WILL, wire.COM_PORT) in link.events,
                  "COM-PORT")
    said = noise(100000, seed=4)
    Fd(vm.process.stdin.fileno()).write(said)
    vm.process.stdin.close()
    vm.process.stdin = None
    assert_same(link.read_all(), said)
    assert link.sock.end == "in order"
    link.send(b"last words")
    link.close()
    assert Fd(vm.process.stdout.fileno()).read_exactly(10) == b"last words"
    assert vm.wait_exit() == 0


def test_a_cut_is_told_from_an_end(fake, begin, certificates):
    """Where it closes before it has read everything, TCP makes it a reset."""
    vm = begin(fake)
    for end, words in ((VmLink.close, "the connection was closed"),
                       (VmLink.break_off,
                        "TLS: (the connection was cut|Connection reset)")):
        link = VmLink(TlsServer(certificates.server).wrap(
            fake.listener.accept()))
        link.greet()
        link.wait(lambda: (wire.WILL, wire.COM_PORT) in link.events,
                  "COM-PORT")
        end(link)
        vm.wait_log(words + ".*; trying again in")


def test_it_ends_in_the_middle_of_a_handshake(fake, begin):
    vm = begin(fake)
    peer = Peer(fake.listener.accept())
    peer.wait(lambda: peer.received > 100, "a hello")
    before = time.monotonic()
    vm.stop()
    assert time.monotonic() - before < 2
    peer.close()


# Moves

@pytest.mark.parametrize("to", ["telnets", "telnet", "host"])
@pytest.mark.parametrize("source", ["telnets", "telnet", "host"])
def test_moves(served, start_vm, source, to):
    """host: in the clear, at a port that has no TLS within telnet."""
    vspcd = served("--proxy-listen", "127.0.0.1:0,tls=off", "--hold-time",
                   "20000")
    clear = vspcd.wait_event(words.VM_PORT_OPENED)["proxy"]
    where = {"telnets": uri(vspcd), "telnet": uri(vspcd, scheme="telnet"),
             "host": clear}
    vm = start_vm(1, "--proxy", where[source], "--move-to", where[to],
                  "--move-every", 1, "-v", stdin=subprocess.PIPE)
    client = vspcd.telnet(vspcd.port_of("vm-0001"))
    up, down = (noise(200000, seed) for seed in (5, 6))
    both_ways(vm, client, up, down)
    for move in range(2):
        vm.process.send_signal(signal.SIGUSR1)
        eventually(lambda: len(vspcd.events(words.VM_MOVED)) > move, "a move")
        both_ways(vm, client, up, down)
    # A signal may come in a move, which is then the one that is waited for.
    assert not [line for line in vm.lines if "not moved from" in line]


def test_a_destination_that_is_refused(served, start_vm):
    """The VM runs on where it was, and the line says why."""
    vspcd = served()
    vm = start_vm(1, "--proxy", uri(vspcd), "--move-to",
                  uri(vspcd, f"thumbprint={'0' * 40}", "telnet"),
                  stdin=subprocess.PIPE)
    vspcd.port_of("vm-0001")
    for n in range(2):
        vm.process.send_signal(signal.SIGUSR1)
        eventually(lambda: len([line for line in vm.lines
                                if "not moved from" in line]) > n, "a failure")
    vm.wait_log(r"not moved from \S+ to \S+: no VMOTION-PEER-OK \(.*another "
                r"thumbprint \(SHA-1\).*\); the VM runs on where it was")
    assert_works(vspcd, vm)


# Concentrators that were not written here

class SServer:
    """openssl s_server, with our words on its standard input."""

    def __init__(self, start_process, path, pair, port, *options):
        self.process = start_process(
            [path, "s_server", "-quiet", "-naccept", 1, "-accept", port,
             "-cert", pair.certificate, "-key", pair.key, *options],
            stderr=subprocess.DEVNULL)
        self.screen = Fd(self.process.stdout.fileno())

    def say(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_s_server(need, start_process, start_vm, certificates,
                          own_port, version):
    server = SServer(start_process, need("openssl"), certificates.server,
                     own_port, version)
    sha1 = hashlib.sha1(der(certificates.server)).hexdigest()
    vm = start_vm(1, "--proxy",
                  f"telnets://127.0.0.1:{own_port}#thumbprint={sha1}",
                  stdin=subprocess.PIPE)
    server.say(wire.VM_GREETING)
    server.screen.read_until(wire.will(wire.VMWARE))
    server.say(wire.ext(wire.KNOWN_SUBOPTIONS_2, FakeProxy.known))
    server.screen.read_until(wire.ext(wire.DO_PROXY, b"SvSPC.py"))
    server.say(wire.ext(wire.WILL_PROXY))
    vm.wait_log(SECURE)
    server.say(b"hello, VM")
    assert Fd(vm.process.stdout.fileno()).read_exactly(9) == b"hello, VM"
    vm.process.stdin.write(b"hello, server")
    vm.process.stdin.flush()
    server.screen.read_until(b"hello, server")


def test_openssl_s_server_of_old(need, start_process, start_vm, certificates,
                                 own_port):
    SServer(start_process, need("openssl"), certificates.server, own_port,
            "-tls1", "-cipher", "ALL:@SECLEVEL=0")
    vm = start_vm(1, "--proxy", f"telnets://127.0.0.1:{own_port}")
    vm.wait_log("TLS: the peer speaks .* of TLS that we do; .*--tls-min")
