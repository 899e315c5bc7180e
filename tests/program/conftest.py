"""Fixtures: programs that are ended with the test, whatever happens in it."""

import os
import shutil
import signal
import subprocess
import tempfile
import types

import pytest

from harness.browser import Browser
from harness.browser import missing as missing_browser
from harness.net import TIMEOUT, OwnAddress, PortBlock
from harness.programs import BUILD, Program, Vspcd, is_sanitized
from harness.remote import Remote
from harness.tls import Authority
from harness.vm import UUID

STATE = "STATE_DIRECTORY"


def is_worker(config):
    """Of pytest-xdist: has the environment of who has started it."""
    return hasattr(config, "workerinput")


def pytest_configure(config):
    """What vspcd keeps goes into a folder of this run, not into a home. A
    shell that runs the tests in the background ignores ^C and ^\\, nohup
    hangups, and so would all programs of the tests."""
    for sig, handler in ((signal.SIGINT, signal.default_int_handler),
                         (signal.SIGHUP, signal.SIG_DFL),
                         (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(sig) == signal.SIG_IGN:
            signal.signal(sig, handler)
    if not is_worker(config):
        config.state_folder = tempfile.mkdtemp(prefix="vspcd-test-state-")
        os.environ[STATE] = config.state_folder


def pytest_unconfigure(config):
    if not is_worker(config):
        shutil.rmtree(config.state_folder, ignore_errors=True)


def pytest_sessionstart(session):
    missing = [name for name in ("vspcd", "vspc", "vspc-vm")
               if not (BUILD / name).exists()]
    if missing:
        pytest.exit(f"{BUILD} has no {' and no '.join(missing)}: build first",
                    returncode=2)


@pytest.fixture
def start_vspcd():
    """start_vspcd(*options, env=..., wrapper=...): a vspcd that is ready."""
    started = []

    def start(*args, **options):
        server = Vspcd(*args, **options)
        started.append(server)
        return server.wait_ready()

    yield start
    yield from end_all(started)


@pytest.fixture
def vspcd(start_vspcd):
    """A vspcd with default settings."""
    return start_vspcd()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """The CA and what it has signed, and the same of a CA that nobody knows:
    .server, .other (also the server's), .client, .expired, .stranger; and
    .middle, a CA between, with its .server."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")
    ca = Authority(folder, "ca")
    middle = ca.delegate("middle")
    return types.SimpleNamespace(
        ca=ca.pair.certificate, server=ca.issue("server"),
        other=ca.issue("other"), client=ca.issue("client"),
        expired=ca.issue("expired", days=-1),
        stranger=Authority(folder, "elsewhere").issue("stranger"),
        middle=types.SimpleNamespace(certificate=middle.pair.certificate,
                                     server=middle.issue("below")))


@pytest.fixture(scope="session")
def chromium():
    """One for all tests of a process: it takes a second to start."""
    reason = missing_browser()
    if is_sanitized():
        reason = "what a page asks for, other tests ask a sanitized vspcd"
    if reason:
        pytest.skip(reason)
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium):
    """browser.page(address): see harness.browser. No page may have had an
    error, a violation of its policy, or a request that left this machine."""
    yield chromium
    troubles = [said for page in chromium.pages() for said in page.refusals()]
    chromium.end_contexts()
    assert not troubles, troubles


@pytest.fixture
def own_address():
    """A loopback address that no other test has."""
    address = OwnAddress()
    yield address.host
    address.close()


@pytest.fixture
def own_port():
    """A port of 127.0.0.1 for a program that is told where to listen."""
    ports = PortBlock(1)
    yield ports.take()
    ports.close()


@pytest.fixture
def start_program():
    """start_program(argv, ...): any other process with a log."""
    started = []

    def start(*args, **options):
        program = Program(*args, **options)
        started.append(program)
        return program

    yield start
    for program in started:
        program.kill()
        print_log(program)


def end_all(servers):
    """Each must end in order, and all are ended even if one does not."""
    failures = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(str(failure))
        finally:
            server.kill()
            print_log(server)
    assert not failures, "\n".join(failures)
    yield from ()


def print_log(program):
    """Shown by pytest if the test failed."""
    print(f"--- log of {' '.join(program.argv)}")
    print(program.log)


@pytest.fixture
def start_vm():
    """start_vm(port or vspcd, *options): a vspc-vm process."""
    started = []

    def start(proxy, *args, name="vm-0001", uuid=UUID, uri="vSPC.py",
              stdin=subprocess.DEVNULL, env=None):
        port = proxy if isinstance(proxy, int) else proxy.proxy[1]
        program = Program(
            [BUILD / "vspc-vm", "--proxy", f"127.0.0.1:{port}", "--name", name,
             "--uuid", uuid, "--uri", uri, *args], stdin=stdin, env=env)
        started.append(program)
        return program

    yield start
    for program in started:
        if program.process.stdin:
            program.process.stdin.close()
            program.process.stdin = None
        program.kill()
        print_log(program)


@pytest.fixture
def remote():
    """remote(kind, ...): a harness.remote.Remote, closed with the test."""
    started = []

    def start(*args, **options):
        started.append(Remote(*args, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def need():
    """need("curl", "--version"): skips where a program is not installed."""
    def look(name, package=None):
        path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if path is None:
            pytest.skip(f"{name} is not installed "
                        f"(Debian package {package or name})")
        return path
    return look


@pytest.fixture
def start_process():
    """start_process(argv): a process with binary pipes, killed at the end."""
    started = []

    def start(argv, **options):
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                   "stderr": subprocess.STDOUT} | options
        process = subprocess.Popen([str(a) for a in argv], **options)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


@pytest.fixture
def terminal():
    """terminal(argv...): a program on a terminal, ended with the test."""
    pexpect = pytest.importorskip(
        "pexpect", reason="python3-pexpect is not installed")
    started = []

    def start(*argv, **options):
        child = pexpect.spawn(str(argv[0]), [str(a) for a in argv[1:]],
                              timeout=TIMEOUT, echo=False, **options)
        child.delaybeforesend = None
        started.append(child)
        return child

    yield start
    for child in started:
        print(f"--- {child.command} showed {child.before!r} {child.buffer!r}")
        child.close(force=True)
