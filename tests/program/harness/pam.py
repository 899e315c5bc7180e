"""PAM: services of the tests' own, and what vspcd and vspcd-pam say to each
other, written from src/auth/helper/pam_wire.h."""

import contextlib
import os
import pathlib
import socket
import subprocess
import threading
import uuid

import pytest

from harness.net import TIMEOUT
from harness.programs import BUILD

SERVICES = pathlib.Path("/etc/pam.d")
PLAY = BUILD / "tests/program/pam_play.so"

LOGIN, CHECK, ANSWER = b"L", b"C", b"A"
TEXT, HIDDEN, VISIBLE = b"T", b"H", b"V"
ACCEPTED, DENIED, EXPIRED, FAILED = b"Y", b"N", b"E", b"F"


@contextlib.contextmanager
def service(*lines):
    """The name of a PAM service with these lines."""
    if os.geteuid() != 0 or not SERVICES.is_dir():
        pytest.skip("needs root, and /etc/pam.d")
    path = SERVICES / f"vspcd-test-{uuid.uuid4().hex}"
    path.write_text("".join(f"{line}\n" for line in lines))
    try:
        yield path.name
    finally:
        path.unlink()


def play(*arguments, kind="auth"):
    """A line of a service: tests/program/pam_play.c plays these."""
    return (f"{kind} required {PLAY} "
            + " ".join(f"[{argument}]" for argument in arguments))


def message(kind, text=b""):
    return kind + b"1" + len(text).to_bytes(2, "big") + text


def login(user="alice", remote="192.0.2.7", kind=LOGIN):
    return message(kind, user.encode() + b"\0" + remote.encode())


class Conversation:
    """vspcd's side of a login."""

    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(TIMEOUT)
        self.file = sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, text):
        self.send(message(ANSWER, text.encode()))

    def next(self):
        """(kind, text) of the next message; None: it was the last one."""
        try:
            head = self.file.read(4)
            if not head:
                return None
            assert len(head) == 4 and head[1:2] == b"1", head
            return head[:1], self.file.read(int.from_bytes(head[2:], "big"))
        except ConnectionResetError:
            return None

    def rest(self):
        """All messages to the end."""
        return list(iter(self.next, None))

    def close(self):
        self.file.close()
        self.sock.close()


class Helper(Conversation):
    """One vspcd-pam with one login."""

    def __init__(self, name, *options, pair=None,
                 program=BUILD / "vspcd-pam", prefix=(), **more):
        ours, its = pair or socket.socketpair()
        with its:
            self.process = subprocess.Popen(
                [*prefix, program, "--service", name, *options], stdin=its,
                stdout=its, stderr=subprocess.PIPE, **more)
        super().__init__(ours)

    def wait(self):
        status = self.process.wait(TIMEOUT)
        said = self.process.stderr.read()
        assert b"Sanitizer" not in said and b"runtime error" not in said, said
        return status

    def kill(self):
        self.close()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class HelperSocket:
    """vspcd-pam.socket: a process for each connection, as systemd has them
    with Accept=yes."""

    def __init__(self, path, name):
        self.path = str(path)
        self.name = name
        self.processes = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(16)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.processes.append(subprocess.Popen(
                    [BUILD / "vspcd-pam", "--service", self.name],
                    stdin=connection))

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT)
        self._listener.close()
        for process in self.processes:
            process.kill()
            process.wait()
