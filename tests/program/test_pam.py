"""vspcd-pam with real PAM: what it asks, what it answers, and what it never
does. The protocol is played by harness.pam; vspcd's side of it is in
tests/unit/pam_test.c."""

import array
import contextlib
import os
import pathlib
import pwd
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from harness import pam, words
from harness.clients import TelnetClient
from harness.net import TIMEOUT, eventually
from harness.pam import (ACCEPTED, ANSWER, DENIED, EXPIRED, FAILED, HIDDEN,
                         TEXT, VISIBLE, play)
from harness.programs import BUILD, SOURCE, is_sanitized

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

# Of /usr/include/security/_pam_types.h.
AUTH_ERR, AUTHINFO_UNAVAIL, USER_UNKNOWN, MAXTRIES = 7, 9, 10, 11
NEW_AUTHTOK_REQD, ACCT_EXPIRED, PERM_DENIED = 12, 13, 6

PERMIT = "account required pam_permit.so"

UNIX = ("auth required pam_unix.so", "account required pam_unix.so",
        "password required pam_unix.so sha512")


@pytest.fixture
def helper():
    """helper(service, *options): a vspcd-pam, ended with the test."""
    started = []

    def start(*args, **options):
        started.append(pam.Helper(*args, **options))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture(scope="module")
def account():
    """account(*chage options): (name, password) of a new user of this
    machine."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for tool in ("useradd", "userdel", "chpasswd", "chage"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    made = []

    def make(*options):
        name, password = "vt" + secrets.token_hex(5), secrets.token_hex(8)
        subprocess.run(["useradd", "--no-create-home", "--no-user-group",
                        "--shell", "/usr/sbin/nologin", name], check=True)
        made.append(name)
        subprocess.run(["chpasswd", "--crypt-method", "SHA512"], check=True,
                       input=f"{name}:{password}\n", text=True)
        if options:
            subprocess.run(["chage", *options, name], check=True)
        return name, password

    yield make
    for name in made:  # a test may have deleted it
        status = subprocess.run(["userdel", name],
                                capture_output=True).returncode
        assert status in (0, 6), status


def run(helper, service, user="alice", answers=()):
    """(questions and texts, outcome) of a whole login."""
    one = helper(service)
    one.send(pam.login(user))
    answers = list(answers)
    seen = []
    while True:
        kind, text = one.next()
        seen.append((kind, text.decode()))
        if kind in (HIDDEN, VISIBLE):
            one.answer(answers.pop(0))
        elif kind != TEXT:
            break
    assert not answers
    assert one.next() is None
    assert one.wait() == 0
    return seen


# ---- the modules of every system --------------------------------------------

def test_permit_and_deny(helper):
    with pam.service("auth required pam_permit.so", PERMIT) as name:
        assert run(helper, name) == [(ACCEPTED, "alice")]
    with pam.service("auth required pam_deny.so", PERMIT) as name:
        assert run(helper, name) == [(DENIED, "")]
    with pam.service("auth required pam_permit.so",
                     "account required pam_deny.so") as name:
        assert run(helper, name) == [(DENIED, "")]


def test_a_password_of_this_machine(helper, account):
    user, password = account()
    with pam.service(*UNIX) as name:
        asks = (HIDDEN, "Password: ")
        assert run(helper, name, user, [password]) == [asks, (ACCEPTED, user)]
        wrong = run(helper, name, user, [password + "x"])
        assert wrong == [asks, (DENIED, "")]
        # Nobody learns which names there are.
        assert run(helper, name, "vt-nobody-has", ["x"]) == wrong
        assert run(helper, name, user, [""]) == wrong


def test_the_persons_address_is_known_to_pam(helper, tmp_path):
    seen = tmp_path / "seen"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $PAM_SERVICE $PAM_USER $PAM_RHOST "
                      f"$PAM_TTY >{seen}\n")
    script.chmod(0o755)
    with pam.service(f"auth required pam_exec.so quiet {script}",
                     PERMIT) as name:
        assert run(helper, name) == [(ACCEPTED, "alice")]
        assert seen.read_text().split() == [name, "alice", "192.0.2.7",
                                            "vspcd"]


def test_an_expired_password_is_changed(helper, account):
    user, password = account("--lastday", "0")
    new = "Neu-" + secrets.token_hex(8)
    with pam.service(*UNIX) as name:
        seen = run(helper, name, user, [password, password, new, new])
        questions = [text for kind, text in seen if kind == HIDDEN]
        assert questions == ["Password: ", "Current password: ",
                             "New password: ", "Retype new password: "]
        assert seen[-1] == (ACCEPTED, user)
        assert run(helper, name, user, [new])[-1] == (ACCEPTED, user)
        assert run(helper, name, user, [password])[-1] == (DENIED, "")


def test_the_units_capabilities_are_enough(helper, account, need):
    """To check a password, and to change one that has expired."""
    setpriv = need("setpriv", "util-linux")
    unit = (SOURCE / "dist/vspcd-pam@.service.in").read_text()
    [kept] = re.findall(r"^CapabilityBoundingSet=(.*)$", unit, re.M)
    bound = ",".join(["-all"] + [name.replace("CAP_", "+").lower()
                                 for name in kept.split()])
    user, password = account("--lastday", "0")
    new = "Neu-" + secrets.token_hex(8)
    with pam.service(*UNIX) as name:
        one = helper(name, prefix=[setpriv, "--bounding-set", bound,
                                   "--inh-caps=-all", "--no-new-privs"])
        status = pathlib.Path(f"/proc/{one.process.pid}/status")
        one.send(pam.login(user))
        assert one.next() == (HIDDEN, b"Password: ")
        # CHOWN, DAC_OVERRIDE, AUDIT_WRITE
        assert "\nCapBnd:\t0000000020000003\n" in status.read_text()
        for answer in (password, password, new, new):
            one.answer(answer)
            kind, text = one.next()
            while kind == TEXT:
                kind, text = one.next()
        assert (kind, text) == (ACCEPTED, user.encode())
        assert run(helper, name, user, [new])[-1] == (ACCEPTED, user)


def test_an_expired_password_that_is_not_changed(helper, account):
    user, password = account("--lastday", "0")
    with pam.service(*UNIX) as name:
        seen = run(helper, name, user, [password, "wrong"])
        assert seen[-1] == (EXPIRED, "")
        # Who does not know it learns nothing.
        assert run(helper, name, user, ["wrong"]) == [
            (HIDDEN, "Password: "), (DENIED, "")]


def test_an_expired_account(helper, account):
    user, password = account("--expiredate", "2001-01-01")
    with pam.service(*UNIX) as name:
        assert run(helper, name, user, [password])[-1] == (EXPIRED, "")
        assert run(helper, name, user, ["wrong"]) == [
            (HIDDEN, "Password: "), (DENIED, "")]


def test_a_service_that_does_not_work(helper):
    with pam.service("auth required pam_nowhere_at_all.so", PERMIT) as name:
        [(kind, text)] = run(helper, name)
        assert (kind, text) == (FAILED, "Module is unknown")


# ---- a module that plays ----------------------------------------------------

def test_a_second_factor_and_texts(helper):
    with pam.service(
            play("say=Welcome~to the lab", "hidden=Password: :secret",
                 "warn=Soon:~",
                 "visible=Your token shows 17.~Code: :424242"),
            PERMIT) as name:
        assert run(helper, name, answers=["secret", "424242"]) == [
            (TEXT, "Welcome"), (TEXT, "to the lab"), (HIDDEN, "Password: "),
            (TEXT, "Soon:"), (TEXT, "Your token shows 17."),
            (VISIBLE, "Code: "), (ACCEPTED, "alice")]
        assert run(helper, name, answers=["secret", "1"])[-1] == (DENIED, "")


def test_two_questions_at_once(helper):
    with pam.service(play("both=one:two"), PERMIT) as name:
        assert run(helper, name, answers=["one", "two"]) == [
            (VISIBLE, "First"), (HIDDEN, "Second"), (ACCEPTED, "alice")]
        assert run(helper, name, answers=["two", "one"])[-1] == (DENIED, "")


def test_answers_are_bytes(helper):
    for answer in ("", "x" * 500, "a\tb \x7f", "\u00e4\u20ac"):
        with pam.service(play(f"hidden=Password: :{answer}"),
                         PERMIT) as name:
            assert run(helper, name, answers=[answer])[-1] == (
                ACCEPTED, "alice"), answer


def test_long_texts_are_cut(helper):
    with pam.service(play("say=" + "x" * 700), PERMIT) as name:
        assert run(helper, name)[0] == (TEXT, "x" * 511)


def test_pam_has_another_name_for_the_person(helper):
    with pam.service(play("user=EXAMPLE+alice"), PERMIT) as name:
        assert run(helper, name) == [(ACCEPTED, "EXAMPLE+alice")]
    with pam.service(play("user=" + "x" * 300), PERMIT) as name:
        assert run(helper, name) == [
            (FAILED, "PAM has no name for the person")]


@pytest.mark.parametrize("number, outcome", [
    (AUTH_ERR, (DENIED, "")), (USER_UNKNOWN, (DENIED, "")),
    (PERM_DENIED, (DENIED, "")), (MAXTRIES, (DENIED, "")),
    # Not even if a module confounds what it is asked for.
    (ACCT_EXPIRED, (DENIED, "")), (NEW_AUTHTOK_REQD, (DENIED, "")),
    (AUTHINFO_UNAVAIL, (FAILED, "Authentication service cannot retrieve "
                                "authentication info"))])
def test_what_the_proof_comes_to(helper, number, outcome):
    with pam.service(play(f"answer={number}"), PERMIT) as name:
        assert run(helper, name) == [outcome]


@pytest.mark.parametrize("number, outcome", [
    (AUTH_ERR, (DENIED, "")), (PERM_DENIED, (DENIED, "")),
    (ACCT_EXPIRED, (EXPIRED, ""))])
def test_what_the_account_comes_to(helper, number, outcome):
    with pam.service("auth required pam_permit.so",
                     play(f"answer={number}", kind="account")) as name:
        assert run(helper, name) == [outcome]


@pytest.mark.parametrize("number, outcome", [
    (0, (ACCEPTED, b"alice")), (AUTH_ERR, (DENIED, b"")),
    (ACCT_EXPIRED, (EXPIRED, b""))])
def test_an_account_is_checked_without_a_proof(helper, number, outcome):
    with pam.service("auth required pam_deny.so",
                     play(f"answer={number}", kind="account")) as name:
        one = helper(name)
        one.send(pam.login(kind=pam.CHECK))
        assert one.rest() == [outcome]
        assert one.wait() == 0


def test_a_module_that_crashes_has_no_result(helper):
    with pam.service(play("crash"), PERMIT) as name:
        one = helper(name)
        one.send(pam.login())
        assert one.next() is None
        assert one.process.wait(TIMEOUT) == -signal.SIGABRT


def test_a_module_that_hangs_has_ten_seconds(helper):
    """Nobody else waits for it meanwhile."""
    with pam.service(play("hang"), PERMIT) as name:
        one = helper(name)
        one.sock.settimeout(30)
        one.send(pam.login())
        assert one.next() is None
        assert one.process.wait(TIMEOUT) == -signal.SIGKILL


# ---- what a process with passwords does without -----------------------------

def test_what_programs_of_modules_see(helper, tmp_path):
    """Nothing of the connection, nothing of the environment; and they can be
    waited for."""
    seen = tmp_path / "seen"
    script = tmp_path / "script"
    script.write_text(
        f"#!/bin/sh\nexec >{seen}\nls -l /proc/self/fd\ncat /proc/self/environ"
        " | tr '\\0' '\\n'\ncat /proc/self/limits\numask\npwd -P\n")
    script.chmod(0o755)
    with pam.service(play(f"run={script}"), PERMIT) as name:
        one = helper(name, env=os.environ | {"LD_DEBUG_OUTPUT": "/x",
                                             "SECRET": "x"})
        one.send(pam.login())
        assert one.rest() == [(ACCEPTED, b"alice")]
    text = seen.read_text()
    assert "socket:" not in text
    assert "SECRET" not in text and "LD_" not in text
    assert "\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n" in text
    assert "Max core file size        0                    0 " in text
    assert text.endswith("\n0077\n/\n")


@needs_root
def test_nobody_looks_into_its_memory(helper):
    """Not even its own user: the kernel gives /proc/PID of a process that is
    not dumpable to root."""
    if is_sanitized("vspcd-pam"):
        pytest.skip("a sanitizer's processes are another matter")
    with pam.service(*UNIX) as name, \
            tempfile.TemporaryDirectory(prefix="vspcd-pam-") as place:
        os.chmod(place, 0o755)
        program = shutil.copy(BUILD / "vspcd-pam", place)
        one = helper(name, program=program, user="nobody")
        one.send(pam.login())
        assert one.next() == (HIDDEN, b"Password: ")
        assert os.stat(f"/proc/{one.process.pid}/environ").st_uid == 0


@contextlib.contextmanager
def effective_user(uid):
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@needs_root
def test_only_root_and_the_named_user_are_served(helper):
    nobody = pwd.getpwnam("nobody").pw_uid
    with pam.service("auth required pam_permit.so", PERMIT) as name:
        for options, is_served in (((), False), (("--peer-user", "nobody"),
                                                 True),
                                   (("--peer-user", str(nobody)), True),
                                   (("--peer-user", "no-such-user"), False),
                                   (("--peer-user", "daemon"), False)):
            # The kernel notes who makes a pair.
            with effective_user(nobody):
                pair = socket.socketpair()
            one = helper(name, *options, pair=pair)
            with contextlib.suppress(BrokenPipeError):
                one.send(pam.login())
            assert one.rest() == ([(ACCEPTED, b"alice")] if is_served else [])
            assert one.wait() == 0


def test_whatever_is_no_login_is_no_login(helper):
    with pam.service("auth required pam_permit.so", PERMIT) as name:
        for bytes_ in (b"", b"L", b"L1\0", b"GET / HTTP/1.0\r\n\r\n",
                       pam.message(ANSWER, b"x"), b"L1\xff\xff" + b"x" * 600,
                       pam.message(b"L", b"alice"), pam.message(b"L", b"\0"),
                       pam.message(pam.CHECK, b"alice"),
                       b"L2" + pam.login()[2:], pam.login()[:-1]):
            one = helper(name)
            one.send(bytes_)
            one.sock.shutdown(socket.SHUT_WR)
            assert one.rest() == [], bytes_
            assert one.wait() == 0


def test_a_login_in_pieces(helper):
    with pam.service(play("hidden=Password: :x"), PERMIT) as name:
        one = helper(name)
        for byte in pam.login():
            one.send(bytes([byte]))
        assert one.next() == (HIDDEN, b"Password: ")
        for byte in pam.message(ANSWER, b"x"):
            one.send(bytes([byte]))
        assert one.next() == (ACCEPTED, b"alice")


def test_a_peer_that_leaves_at_a_question(helper):
    with pam.service(play("hidden=Password: :x", "hidden=Code: :y"),
                     PERMIT) as name:
        one = helper(name)
        one.send(pam.login())
        assert one.next() == (HIDDEN, b"Password: ")
        one.close()
        assert one.wait() == 0


def test_usage():
    def run_it(*options, **more):
        return subprocess.run([BUILD / "vspcd-pam", *options], text=True,
                              capture_output=True, timeout=TIMEOUT,
                              check=False, **more)

    assert "vspcd-pam.socket" in run_it("--help").stdout
    assert run_it("--version").stdout.startswith("vspcd-pam ")
    assert run_it("--nothing").returncode == 2
    assert run_it("word").returncode == 2
    result = run_it(stdin=subprocess.DEVNULL)
    assert result.returncode == 2 and "no socket" in result.stderr


def test_systemd_starts_one_for_each_login(start_program, need, tmp_path):
    activate = need("systemd-socket-activate", "systemd")
    path = tmp_path / "socket"
    with pam.service(play("hidden=Password: :x"), PERMIT) as name:
        systemd = start_program([activate, "--listen", path, "--accept",
                                 "--inetd", BUILD / "vspcd-pam", "--service",
                                 name])
        systemd.wait_log("Listening on")
        logins = []
        for _ in range(2):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(path))
            logins.append(pam.Conversation(sock))
            logins[-1].send(pam.login())
        for one in logins:
            assert one.next() == (HIDDEN, b"Password: ")
        for one, answer, outcome in ((logins[0], "y", (DENIED, b"")),
                                     (logins[1], "x", (ACCEPTED, b"alice"))):
            one.answer(answer)
            assert one.rest() == [outcome]


# ---- a vspcd-pam of vspcd's own ---------------------------------------------

def children_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


class Parent:
    """vspcd-pam --control, and what vspcd does with it."""

    def __init__(self, name):
        self.control, its = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        with its:
            self.process = subprocess.Popen(
                [BUILD / "vspcd-pam", "--control", "--service", name],
                stdin=its)

    def connect(self):
        ours, its = socket.socketpair()
        with its:
            self.control.sendmsg(
                [b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                           array.array("i", [its.fileno()]))])
        one = pam.Conversation(ours)
        one.send(pam.login())
        return one

    def children(self):
        return children_of(self.process.pid)


@pytest.fixture
def parent():
    started = []

    def start(name):
        started.append(Parent(name))
        return started[-1]

    yield start
    for one in started:
        one.control.close()
        try:
            assert one.process.wait(TIMEOUT) == 0
        finally:
            one.process.kill()
            one.process.wait()


def test_a_process_for_each_login_and_three_at_once(parent):
    with pam.service(play("hidden=Password: :x"), PERMIT) as name:
        own = parent(name)
        own.control.send(b"no connection")
        logins = [own.connect() for _ in range(5)]
        for one in logins[:3]:
            assert one.next() == (HIDDEN, b"Password: ")
        assert len(own.children()) == 3
        # The others wait, and nobody else's end lets them in twice.
        for one in logins[3:]:
            one.sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                one.sock.recv(1, socket.MSG_PEEK)
            one.sock.settimeout(TIMEOUT)
        logins[1].answer("x")
        assert logins[1].rest() == [(ACCEPTED, b"alice")]
        assert logins[3].next() == (HIDDEN, b"Password: ")
        logins[0].close()
        assert logins[4].next() == (HIDDEN, b"Password: ")
        assert len(own.children()) == 3


def test_a_login_that_crashes_takes_nobody_along(parent):
    with pam.service(play("hidden=Password: :x", "crash"), PERMIT) as name:
        own = parent(name)
        for _ in range(5):
            one = own.connect()
            assert one.next() == (HIDDEN, b"Password: ")
            one.answer("x")
            assert one.rest() == []
        eventually(lambda: not own.children(), "the processes' ends")


@pytest.mark.parametrize("is_over", [True, False])
def test_what_a_module_leaves_behind_is_ended(parent, tmp_path, is_over):
    """With its login, or with vspcd."""
    pids = tmp_path / "pids"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\nsleep 1000 &\necho $$ $! >{pids}.new\n"
                      f"mv {pids}.new {pids}\nwait\n")
    script.chmod(0o755)
    with pam.service(play(f"leave={script}", "hidden=Password: :x"),
                     PERMIT) as name:
        own = parent(name)
        one = own.connect()
        assert one.next() == (HIDDEN, b"Password: ")
        eventually(pids.exists, "the program")
        if is_over:
            one.answer("x")
            assert one.rest() == [(ACCEPTED, b"alice")]
        else:
            own.control.close()
            assert own.process.wait(TIMEOUT) == 0
        for pid in pids.read_text().split():
            eventually(lambda: not pathlib.Path(f"/proc/{pid}").exists(),
                       "the program's end")


def test_all_end_with_vspcd(parent):
    with pam.service(play("hidden=Password: :x", "hang"), PERMIT) as name:
        own = parent(name)
        thinks, hangs = own.connect(), own.connect()
        assert thinks.next() == (HIDDEN, b"Password: ")
        assert hangs.next() == (HIDDEN, b"Password: ")
        hangs.answer("x")
        own.control.close()
        assert own.process.wait(TIMEOUT) == 0
        assert thinks.rest() == hangs.rest() == []


def helper_of(server):
    """The process ID of the only vspcd-pam that a vspcd has started."""
    def look():
        return [int(child) for child in children_of(server.pid)
                if pathlib.Path(f"/proc/{child}/comm").read_text()
                == "vspcd-pam\n"]

    eventually(look, "vspcd-pam")
    [child] = look()
    return child


def command_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]


@needs_root
def test_a_vspcd_that_is_root_has_its_own(start_vspcd):
    server = start_vspcd()
    child = helper_of(server)
    assert command_of(child) == ["vspcd-pam", "--control", "--peer-user", "0"]
    assert pathlib.Path(f"/proc/{child}/environ").read_bytes() == b""
    # It lets go of logs and terminals itself, once it has begun.
    eventually(lambda: {os.readlink(f"/proc/{child}/fd/{fd}")
                        for fd in range(3)} == {"/dev/null"},
               "neither a log nor a terminal open")
    server.stop()
    assert not pathlib.Path(f"/proc/{child}").exists()


@needs_root
def test_it_stays_root_and_serves_the_user(start_vspcd):
    server = start_vspcd("--user", "nobody:nogroup", "--backend", "Memory",
                         "--tls", "off")
    child = helper_of(server)
    assert command_of(child)[2:] == ["--peer-user", "nobody"]
    assert "\nUid:\t0\t0\t0\t0\n" in pathlib.Path(
        f"/proc/{child}/status").read_text()
    server.stop()
    assert not pathlib.Path(f"/proc/{child}").exists()


@needs_root
def test_no_own_one_where_none_is_needed(start_vspcd, tmp_path):
    for options in (["--pam-socket", tmp_path / "socket"], ["--login", "off"]):
        server = start_vspcd(*options)
        assert children_of(server.pid) == [], options


@needs_root
def test_a_user_of_this_machine_logs_in(start_vspcd, account, tmp_path):
    """Into a vspcd that is not root any more, by its own vspcd-pam."""
    user, password = account()
    rules = tmp_path / "rules"
    rules.write_text(f'access "*" {{ write = {{"{user}"}} }}\n')
    server = start_vspcd("--config", rules, "--user", "nobody:nogroup",
                         "--backend", "Memory", "--tls", "off")
    vm = server.vm("web")
    for attempt in (password + "x", password):
        client = server.keep(TelnetClient(server.console_address(vm.port)))
        client.read_until(b"login: ")
        client.send(user.encode() + b"\r")
        client.read_until(b"Password: ")
        client.send(attempt.encode() + b"\r")
        if attempt != password:
            client.read_until(b"Login incorrect\r\n")
    server.wait_event(words.LOGIN_ACCEPTED,
                      principal=f"{user} (password)", proof="password")
    client.send(b"ls\r")
    assert vm.read_until(b"ls\r") == b"ls\r"
    assert password not in server.log


def test_a_reload_names_another_socket(start_vspcd, tmp_path):
    rules = tmp_path / "rules"
    access = 'access "*" { write = {"alice"} }\n'
    with pam.service(play("hidden=Password: :x"), PERMIT) as name:
        helpers = pam.HelperSocket(tmp_path / "new", name)
        rules.write_text(access + f'pam-socket = "{tmp_path}/old"\n')
        server = start_vspcd("--config", rules)
        vm = server.vm("web")

        def log_in():
            client = server.keep(TelnetClient(server.console_address(vm.port)))
            client.read_until(b"login: ")
            client.send(b"alice\r")
            client.read_until(b"Password: ")
            client.send(b"x\r")

        log_in()
        has = server.wait_event(words.PASSWORDS_UNCHECKED)
        assert f"{tmp_path}/old" in has["reason"]
        rules.write_text(access + f'pam-socket = "{helpers.path}"\n')
        server.process.send_signal(signal.SIGHUP)
        server.wait_event(words.RELOAD_SETTING, setting="pam-socket")
        log_in()
        server.wait_event(words.LOGIN_ACCEPTED, principal="alice (password)")
        helpers.close()


@needs_root
def test_it_ends_when_vspcd_is_killed(start_vspcd):
    server = start_vspcd()
    watch = os.pidfd_open(helper_of(server))
    server.good_exits = (-signal.SIGKILL,)
    server.kill()
    try:
        assert select.select([watch], [], [], TIMEOUT)[0]
    finally:
        os.close(watch)


@needs_root
def test_without_the_program_vspcd_serves(start_vspcd, tmp_path):
    program = shutil.copy(BUILD / "vspcd", tmp_path)
    server = start_vspcd(program=program)
    server.wait_log(re.escape(f"vspcd: {tmp_path}/vspcd-pam: No such file or "
                              "directory"))
