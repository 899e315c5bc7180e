"""What a service talks to: syslog, the journal, a service manager."""

import contextlib
import os
import socket
import threading
import time

from harness.net import TIMEOUT


class Inbox:
    """A Unix datagram socket whose messages are collected by a thread.

    address: a path, or "@" and an abstract name."""

    def __init__(self, address):
        self.address = str(address)
        self.messages = []
        self.times = []
        self._changed = threading.Condition()
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(self.address.replace("@", "\0", 1)
                        if self.address.startswith("@") else self.address)
        self._sock.settimeout(0.1)
        self._is_closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while not self._is_closed:
            try:
                data = self._sock.recv(65536)
            except TimeoutError:
                continue
            with self._changed:
                self.messages.append(data.decode())
                self.times.append(time.monotonic())
                self._changed.notify_all()

    def wait(self, matches, what="a message"):
        """The first message for which matches(message) is true, and its
        place in messages."""
        deadline = time.monotonic() + TIMEOUT
        with self._changed:
            while True:
                for at, message in enumerate(self.messages):
                    if matches(message):
                        return at, message
                left = deadline - time.monotonic()
                assert left > 0, f"no {what} in {self.messages}"
                self._changed.wait(min(left, 0.5))

    def close(self):
        self._is_closed = True
        self._reader.join(TIMEOUT)
        self._sock.close()
        if not self.address.startswith("@"):
            try:
                os.unlink(self.address)
            except FileNotFoundError:
                pass


class Deaf:
    """A socket of that kind whose owner does not read: a stopped syslog."""

    def __init__(self, address):
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(str(address))

    def read(self):
        """It goes on: the next message."""
        self._sock.settimeout(TIMEOUT)
        return self._sock.recv(65536).decode()

    def read_all(self):
        """All messages of a moment; there may be none."""
        self._sock.settimeout(0.05)
        messages = []
        with contextlib.suppress(TimeoutError):
            while True:
                messages.append(self._sock.recv(65536).decode())
        return messages

    def close(self):
        self._sock.close()


class StreamSyslog:
    """syslog on a stream socket, as some have it: records end with NUL."""

    def __init__(self, path):
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.bind(str(path))
        self._sock.listen()

    def read_record(self, words):
        """The first one of the next connection that has these words."""
        self._sock.settimeout(TIMEOUT)
        peer, _ = self._sock.accept()
        with peer:
            peer.settimeout(TIMEOUT)
            data = b""
            for _ in range(100):
                for record in data.decode().split("\0")[:-1]:
                    if words in record:
                        return record
                more = peer.recv(4096)
                assert more, f"it ended with {data}"
                data += more
        raise AssertionError(f"no {words} in {data}")

    def close(self):
        self._sock.close()


def journal_fields(message):
    """A datagram of the journal's native protocol, without binary fields."""
    assert message.endswith("\n")
    return dict(line.split("=", 1) for line in message[:-1].split("\n"))


def journal_stream_of(fd):
    """JOURNAL_STREAM as systemd sets it for this descriptor."""
    status = os.fstat(fd)
    return f"{status.st_dev}:{status.st_ino}"

