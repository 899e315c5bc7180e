"""TLS with programs that were not written here: what they call a good
connection is one, and what they refuse is logged as refused."""

import concurrent.futures
import subprocess

import pytest

from harness import words
from harness.net import TIMEOUT, Fd, can_bind, eventually
from harness.streams import assert_both_ways, assert_same, noise
from harness.tls import Tls


@pytest.fixture
def served(start_vspcd, certificates):
    """served(*options): vspcd with our server's certificate, and its VM."""
    def serve(*options):
        vspcd = start_vspcd(
            "--cert", certificates.server.certificate, "--key",
            certificates.server.key, "--tls", "offered", "--hold-time", 20000,
            "--client-tls", "offered", *options)
        return vspcd, vspcd.vm("web", tls=Tls(by_auth=True))
    return serve


# Terminal programs

def talk(vm, child):
    vm.send(b"\r\nvm login: ")
    child.expect_exact("vm login: ")
    child.send(b"root\r")
    assert vm.read_until(b"\r") == b"root\r"
    vm.send("root@vm:~# ü ✓ done.\r\n".encode())
    child.expect_exact("ü ✓ done.".encode())
    child.send(b"\x03\x1a\x7f\t")
    assert vm.read_exactly(4) == b"\x03\x1a\x7f\t"


@pytest.mark.parametrize("policy", ["offered", "required"])
@pytest.mark.parametrize("way", ["ssl", "secure"])
def test_telnet_ssl(served, certificates, need, terminal, way, policy):
    """-z ssl is telnets; -z secure wants AUTHENTICATION, and checks that the
    certificate is good and for this host."""
    telnet = need("telnet-ssl")
    vspcd, vm = served("--client-tls", policy)
    child = terminal(telnet, "-E", "-z", way, "-z",
                     f"cacert={certificates.ca}", "localhost", vm.port)
    if way == "secure":
        child.expect_exact("[SSL - OK]")
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    talk(vm, child)


def test_telnet_ssl_refuses_a_stranger(served, certificates, need, terminal):
    telnet = need("telnet-ssl")
    vspcd, vm = served()
    child = terminal(telnet, "-E", "-z", "secure", "-z", "cacert=" +
                     str(certificates.stranger.certificate), "localhost",
                     vm.port)
    child.expect(b"(?i)verif|fail|error")
    has = vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web")
    assert has["reason"].startswith("TLS: ")


@pytest.mark.parametrize("command, said", [
    ("set auth ssl verify no, set host localhost {port} /telnet",
     b"Authenticating with SSL"),
    ("set auth tls verify no, set host localhost {port} /tls", rb"\[TLS - "),
], ids=["auth", "telnets"])
def test_kermit(served, need, terminal, command, said):
    """C-Kermit waits for the answer to each option that it offers."""
    kermit = need("kermit", "ckermit")
    vspcd, vm = served("--client-tls", "required")
    script = ("set terminal echo remote, set terminal cr-display normal, "
              "{}, lineout abc, input 20 answer, lineout thanks, "
              "input 20 bye, close, exit").format(command.format(port=vm.port))
    child = terminal(kermit, "-Y", "-C", script)
    child.expect(said)
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    assert vm.read_until(b"\r") == b"abc\r"
    vm.send(b"the answer\r\n")
    assert vm.read_until(b"\r") == b"thanks\r"
    vm.send(b"bye\r\n")
    vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web")


# Pipes

PIPES = {
    "openssl": ("openssl", "s_client -quiet -verify_return_error "
                "-verify_hostname localhost -CAfile {ca} "
                "-connect localhost:{port}"),
    "openssl 1.2": ("openssl", "s_client -quiet -tls1_2 -verify_return_error "
                    "-CAfile {ca} -connect localhost:{port}"),
    "socat": ("socat", "- OPENSSL:localhost:{port},cafile={ca}"),
    "ncat": ("ncat", "--ssl-verify --ssl-trustfile {ca} localhost {port}"),
}


@pytest.mark.parametrize("name", PIPES)
def test_raw_pipes(served, certificates, need, start_process, name):
    """A MiB of every byte value each way."""
    program, options = PIPES[name]
    path = need(program)
    vspcd, vm = served()
    process = start_process(
        [path, *options.format(ca=certificates.ca, port=vm.port).split()],
        stderr=subprocess.DEVNULL)
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    keyboard, screen = Fd(process.stdin.fileno()), Fd(process.stdout.fileno())
    greeting = screen.read_exactly(15)
    data = b"!" + bytes(range(256)) + noise(1 << 20, seed=1)
    with_both(lambda: keyboard.write(data),
              lambda: assert_same(vm.read_exactly(len(data)), data))
    with_both(lambda: vm.send(data),
              lambda: assert_same(screen.read_exactly(len(data)), data))
    assert greeting.startswith(b"\xff\xfb\0")


def with_both(send, receive):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send)
        receive()
        sent.result()


def test_gnutls(served, certificates, need, terminal):
    """Not OpenSSL at both ends."""
    gnutls = need("gnutls-cli", "gnutls-bin")
    for priority in "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL":
        vspcd, vm = served()
        child = terminal(gnutls, "--x509cafile", certificates.ca,
                         "--priority", priority, "-p", vm.port, "localhost")
        child.expect_exact("The certificate is trusted")
        child.expect_exact("Handshake was completed")
        vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
        child.send(b"root\n")
        assert vm.read_until(b"\n") == b"root\n"
        vm.send(b"answer.\n")
        child.expect_exact("answer.")
        child.sendeof()
        vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web",
                         reason="closed by the client")


@pytest.mark.parametrize("certificate, reason", [
    ("client", None), ("expired", "has expired on"),
    ("stranger", "is signed by a CA that is not known here"),
    (None, "the peer shows no certificate, and one is demanded"),
])
def test_openssl_shows_a_certificate(served, certificates, need,
                                     start_process, certificate, reason):
    openssl = need("openssl")
    vspcd, vm = served("--client-tls", "required", "--client-certs",
                       "required", "--client-ca", certificates.ca)
    pair = certificate and getattr(certificates, certificate)
    process = start_process(
        [openssl, "s_client", "-quiet", "-connect", f"localhost:{vm.port}",
         *(["-cert", pair.certificate, "-key", pair.key] if pair else [])],
        stderr=subprocess.DEVNULL)
    if reason:
        has = vspcd.wait_event(words.CLIENT_DISCONNECTED, console="web")
        assert reason in has["reason"]
        assert process.wait(TIMEOUT) != 0
        return
    process.stdin.write(b"root\r")
    process.stdin.flush()
    assert vm.read_until(b"\r") == b"root\r"


def test_openssl_on_the_port_for_vms(served, certificates, need):
    """What an administrator tries first."""
    openssl = need("openssl")
    vspcd, _ = served()
    shown = subprocess.run(
        [openssl, "s_client", "-CAfile", certificates.ca, "-brief",
         "-verify_hostname", "localhost", "-connect",
         f"localhost:{vspcd.proxy[1]}"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    assert b"Verification: OK" in shown.stdout + shown.stderr
    vspcd.wait_event(words.CONNECTION_CLOSED, reason="closed by the host")


# RFC 2217, and programs in front of ours

def test_gensio(served, certificates, need, start_process):
    gensiot = need("gensiot", "gensio-bin")
    vspcd, vm = served("--client-tls", "required")
    vm.com_port()
    process = start_process(
        [gensiot, f"telnet(rfc2217),ssl(CA={certificates.ca}),tcp,localhost,"
         f"{vm.port}"])
    vspcd.wait_event(words.CLIENT_CONNECTED, console="web")
    process.stdin.write(b"root\n")
    process.stdin.flush()
    assert vm.read_until(b"\n") == b"root\n"
    vm.send(b"answer.")
    Fd(process.stdout.fileno()).read_until(b"answer.")


def test_vm_end_behind_socat(served, certificates, need, start_process,
                             start_vm):
    """telnets:// of a TLS that is not Python's, towards the VMs' port."""
    socat = need("socat")
    vspcd, _ = served()
    port = vspcd.ports.base + 80
    start_process([socat, f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr",
                   f"OPENSSL:localhost:{vspcd.proxy[1]},"
                   f"cafile={certificates.ca}"])
    eventually(lambda: not can_bind(port), "socat to listen")
    start_vm(port, "--exec", "stty raw -echo; exec cat", name="behind",
             uuid="behind socat")
    client = vspcd.telnet(vspcd.port_of("behind"), tls=Tls())
    client.send(b"there and back")
    client.read_until(b"there and back")


def test_several_at_once(served, certificates, need, start_process):
    """Each of them on the same console, beside one of ours."""
    vspcd, vm = served()
    screens = []
    for name in "openssl", "socat", "ncat":
        program, options = PIPES[name]
        process = start_process(
            [need(program),
             *options.format(ca=certificates.ca, port=vm.port).split()],
            stderr=subprocess.DEVNULL)
        screens.append(Fd(process.stdout.fileno()))
    client = vspcd.telnet(vm, tls=Tls())
    for screen in screens:
        assert len(screen.read_exactly(15)) == 15
    vm.send(b"to all of you.")
    for screen in screens:
        screen.read_until(b"to all of you.")
    assert client.read_until(b"you.") == b"to all of you."
    assert_both_ways(vm, client)
