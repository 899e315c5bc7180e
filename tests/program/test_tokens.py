"""Access tokens: made, listed and revoked by a command, beside a running vspcd
and without one, and what vspcd notices."""

import concurrent.futures
import contextlib
import hashlib
import os
import pwd
import re
import signal
import sqlite3
import string
import subprocess
import zlib

import pytest

from harness import words
from harness.programs import BUILD, clean_environment, fields_of

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def token(tmp_path):
    """token("create", "--token-name", "ci"): runs vspcd --token."""
    def ask(command, *args, env=None, status=0, **options):
        result = subprocess.run(
            [BUILD / "vspcd", "--config", "/dev/null", "--token", command,
             *map(str, args)], text=True, timeout=30,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=clean_environment({"STATE_DIRECTORY": str(tmp_path)} |
                                  (env or {})),
            **{"stdout": subprocess.PIPE} | options)
        assert result.returncode == status, result
        return result

    def create(name, *args):
        return ask("create", "--token-name", name, *args).stdout.strip()
    ask.create = create
    ask.revoke = lambda name: ask("revoke", "--token-name", name)
    ask.list = lambda: {has["token"]: has for has in map(
        fields_of, (f"x {line}" for line in
                    ask("list").stdout.splitlines()))}
    ask.file = tmp_path / "state.db.tokens"
    return ask


@pytest.fixture
def start(start_vspcd, tmp_path):
    def again(*args, **options):
        return start_vspcd(*args, env={"STATE_DIRECTORY": str(tmp_path)},
                           **options)
    return again


def change(path, sql, *values):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(sql, values)


def checksum(body):
    rest = zlib.crc32(body.encode())
    text = ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        text = DIGITS[digit] + text
    return text


# ---- the command ------------------------------------------------------------

def test_a_new_token_is_alone_on_stdout(token):
    result = token("create", "--token-name", "ci", "--token-right", "write",
                   "--token-consoles", "web-*", "--token-owner", "root")
    assert re.fullmatch(r"vspc_[0-9A-Za-z]{49}\n", result.stdout)
    assert result.stdout[-7:-1] == checksum(result.stdout[:-7])
    assert "write on web-*" in result.stderr
    assert result.stdout.strip() not in result.stderr
    has = token.list()["ci"]
    assert (has["owner"], has["right"], has["consoles"], has["state"],
            has["used"], has["by"]) == ("root", "write", "web-*", "holds",
                                        "never", ME)
    assert result.stdout != token.create("other")


def test_what_is_not_said_is_little(token):
    """The right is read, the owner whoever calls, the end in 90 days."""
    token.create("ci")
    has = token.list()["ci"]
    assert (has["owner"], has["right"], has["consoles"]) == (ME, "read", "*")
    with contextlib.closing(sqlite3.connect(token.file)) as db:
        [(seconds,)] = db.execute("SELECT expires - created FROM tokens")
    assert seconds == 90 * 24 * 60 * 60
    token.create("long", "--token-expires", "never")
    assert token.list()["long"]["expires"] == "never"


@pytest.mark.skipif(os.getuid() != 0, reason="only root is called by sudo")
def test_by_sudo_a_person_acts(token):
    token("create", "--token-name", "a", env={"SUDO_USER": "nobody"})
    token("create", "--token-name", "b", env={"SUDO_USER": "no-such-person"})
    has = token.list()
    assert (has["a"]["owner"], has["a"]["by"]) == ("nobody", "nobody")
    assert has["b"]["owner"] == "root"


@pytest.mark.parametrize("args, said", [
    (["create"], "needs --token-name"),
    (["revoke"], "needs --token-name"),
    (["create", "--token-name", "a b"], "1 to 64 letters"),
    (["create", "--token-name", "a" * 65], "1 to 64 letters"),
    (["create", "--token-name", "a", "--token-consoles", "["], "without ]"),
    (["create", "--token-name", "a", "--token-right", "none"], "expected one"),
    (["create", "--token-name", "a", "--token-expires", "0"], "or never"),
    (["create", "--token-name", "a", "--backend", "Memory"],
     "needs --backend File"),
    (["make"], "expected one of create|list|revoke"),
    (["revoke", "--token-name", "a"], "there are no tokens"),
])
def test_what_is_wrong_is_said_and_makes_nothing(token, args, said):
    result = token(*args, status=2)
    assert result.stdout == "" and said in result.stderr, result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not token.file.exists()


def test_an_option_of_a_token_starts_no_server():
    result = subprocess.run([BUILD / "vspcd", "--token-name", "ci"],
                            capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stderr) == (
        2, "vspcd: --token-name: needs --token\n")


def test_a_name_is_of_one_token_that_holds(token):
    first = token.create("ci")
    assert "has this name already" in token(
        "create", "--token-name", "ci", status=2).stderr
    token.revoke("ci")
    assert "no token that holds" in token(
        "revoke", "--token-name", "ci", status=2).stderr
    assert token.create("ci") != first
    states = [fields_of(f"x {line}")["state"]
              for line in token("list").stdout.splitlines()]
    assert states == ["revoked", "holds"]


def test_an_owner_without_account_is_a_warning(token):
    result = token("create", "--token-name", "ci", "--token-owner", "nobody-yet")
    assert "no account 'nobody-yet'" in result.stderr
    assert result.stdout.startswith("vspc_")


def test_a_token_that_cannot_be_shown_does_not_hold(token):
    with open("/dev/full", "w") as full:
        result = token("create", "--token-name", "ci", status=2, stdout=full)
    assert "was revoked: No space left" in result.stderr
    assert token.list()["ci"]["state"] == "revoked"


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_root_writes_as_the_user_of_the_directory(token, tmp_path):
    nobody = pwd.getpwnam("nobody")
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == 0 and parent != parent.parent:
            parent.chmod(parent.stat().st_mode | 0o011)
    token.create("ci")
    assert token.file.stat().st_uid == nobody.pw_uid
    assert token.file.stat().st_mode & 0o777 == 0o600


def test_who_may_not_write_the_file_is_told(token, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root becomes another user")
    token.create("ci")
    nobody = pwd.getpwnam("nobody")
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == 0 and parent != parent.parent:
            parent.chmod(parent.stat().st_mode | 0o011)
    result = token("list", status=2, user=nobody.pw_uid)
    assert "only root and the user of vspcd" in result.stderr


# ---- beside a running vspcd -------------------------------------------------

def test_vspcd_notices_what_is_made_and_revoked(token, start):
    vspcd = start()
    token.create("ci", "--token-right", "break", "--token-owner", "root")
    has = vspcd.wait_event(words.TOKEN_CREATED, token="ci")
    assert (has["owner"], has["right"], has["principal"], has["consoles"]) == (
        "root", "break", ME, "*")
    token.revoke("ci")
    has = vspcd.wait_event(words.TOKEN_ENDED, token="ci")
    assert (has["reason"], has["principal"]) == ("revoked", ME)


def test_tokens_are_there_after_a_restart(token, start):
    token.create("before")
    token.create("gone")
    token.revoke("gone")
    vspcd = start()
    assert vspcd.wait_event(words.TOKENS_LOADED)["tokens"] == "1"
    assert not vspcd.events(words.TOKEN_CREATED)
    vspcd.good_exits = (-signal.SIGKILL,)
    vspcd.stop(signal.SIGKILL)
    assert start().wait_event(words.TOKENS_LOADED)["tokens"] == "1"


def test_tokens_that_could_not_be_read_at_the_start_are_not_new(token, start):
    token.create("before")
    with contextlib.closing(sqlite3.connect(
            token.file, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        vspcd = start()
        vspcd.wait_event(words.TOKENS_FAILING)
    vspcd.wait_event(words.TOKENS_ANSWER)
    assert vspcd.wait_event(words.TOKENS_LOADED)["tokens"] == "1"
    token.create("new")
    vspcd.wait_event(words.TOKEN_CREATED, token="new")
    assert len(vspcd.events(words.TOKEN_CREATED)) == 1


def test_a_token_expires(token, start):
    vspcd = start()
    token.create("short", "--token-expires", "2")
    token.create("long")
    vspcd.wait_event(words.TOKEN_CREATED, token="long")
    has = vspcd.wait_event(words.TOKEN_ENDED, token="short")
    assert (has["reason"], has["principal"]) == ("expired", "none")
    assert token.list()["short"]["state"] == "expired"
    assert len(vspcd.events(words.TOKEN_ENDED)) == 1


def test_a_file_that_is_deleted_has_no_tokens(token, start):
    token.create("ci")
    vspcd = start()
    vspcd.wait_event(words.TOKENS_LOADED)
    token.file.unlink()
    has = vspcd.wait_event(words.TOKEN_ENDED, token="ci")
    assert has["reason"] == "the file does not have it any more"
    token.create("ci")
    vspcd.wait_event(words.TOKEN_CREATED, token="ci")


def test_a_token_that_is_changed_by_hand_is_another_one(token, start):
    token.create("ci", "--token-right", "control")
    vspcd = start()
    vspcd.wait_event(words.TOKENS_LOADED)
    change(token.file, "UPDATE tokens SET rights = 'read'")
    has = vspcd.wait_event(words.TOKEN_ENDED, token="ci")
    assert has["reason"] == "the file has another one in its place"
    assert vspcd.wait_event(words.TOKEN_CREATED, token="ci")["right"] == "read"


def test_several_at_a_time_lose_nothing(token, start):
    """Eight commands and a vspcd that reads: each waits for its turn."""
    vspcd = start()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(token.create, [f"t{n}" for n in range(16)]))
    assert len(set(made)) == 16
    for n in range(16):
        vspcd.wait_event(words.TOKEN_CREATED, token=f"t{n}")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(token.revoke, [f"t{n}" for n in range(8)]))
    for n in range(8):
        vspcd.wait_event(words.TOKEN_ENDED, token=f"t{n}")
    assert sum(has["state"] == "holds" for has in token.list().values()) == 8


def test_a_list_makes_nothing(token, tmp_path):
    result = token("list", env={"STATE_DIRECTORY": str(tmp_path / "none")})
    assert (result.stdout, result.stderr) == ("", "")
    assert not (tmp_path / "none").exists()


# ---- files that are not as they should be -----------------------------------

def test_damaged_rows_are_left_out(token, start):
    token.create("good")
    sql = ("INSERT INTO tokens (name, digest, owner, rights, consoles, created,"
           " created_by) VALUES (?, ?, ?, ?, ?, 1, 'x')")
    change(token.file, sql, "short", b"abc", "root", "read", None)
    change(token.file, sql, "bad name\n", b"a" * 32, "root", "read", None)
    change(token.file, sql, "right", b"b" * 32, "root", "everything", None)
    change(token.file, sql, "none", b"c" * 32, "root", "none", None)
    change(token.file, sql, "pattern", b"d" * 32, "root", "read", "[")
    vspcd = start()
    assert vspcd.wait_event(words.TOKENS_LEFT_OUT)["count"] == "5"
    assert vspcd.wait_event(words.TOKENS_LOADED)["tokens"] == "1"
    token.create("another")
    vspcd.wait_event(words.TOKEN_CREATED, token="another")


def test_a_damaged_file_is_moved_aside(token, start, tmp_path):
    token.create("ci")
    with open(token.file, "r+b") as file:
        file.seek(4096 + 3)
        file.write(b"this is not what was here")
    vspcd = start()
    moved = vspcd.wait_event(words.TOKENS_DAMAGED)["moved-to"]
    assert (tmp_path / moved).exists() and not token.file.exists()
    token.create("ci")
    vspcd.wait_event(words.TOKEN_CREATED, token="ci")


def test_a_file_of_a_later_version_is_left_alone(token, start):
    token.create("ci")
    change(token.file, "PRAGMA user_version = 99")
    assert "a later version" in token("list", status=2).stderr
    vspcd = start()
    assert "a later version" in vspcd.wait_event(
        words.TOKENS_FAILING)["reason"]
    change(token.file, "PRAGMA user_version = 3")
    vspcd.wait_event(words.TOKENS_ANSWER)
    assert vspcd.wait_event(words.TOKENS_LOADED)["tokens"] == "1"


# ---- the secret -------------------------------------------------------------

def test_the_secret_is_nowhere(token, start, tmp_path):
    """Nor its random part: in no file, no message, no argument, no memory of
    vspcd's environment. The digest is, which is what proves it."""
    vspcd = start("--debug")
    secret = token.create("ci")
    vspcd.wait_event(words.TOKEN_CREATED, token="ci")
    vspcd.report()
    shown = subprocess.run(
        [BUILD / "vspcd", "--config", "/dev/null", "--show-config"],
        capture_output=True, text=True, timeout=30).stdout
    process = f"/proc/{vspcd.process.pid}"
    texts = [shown, vspcd.log, token("list").stdout]
    for name in ("cmdline", "environ"):
        with open(f"{process}/{name}", "rb") as file:
            texts.append(file.read().decode(errors="replace"))
    token.revoke("ci")
    vspcd.wait_event(words.TOKEN_ENDED, token="ci")
    vspcd.stop()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*")
                    if path.is_file())
    body = secret[5:48]
    assert not [text for text in texts if body in text]
    assert body.encode() not in kept
    assert hashlib.sha256(secret.encode()).digest() in kept
