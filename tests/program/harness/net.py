"""Connections, and ports that nobody else has."""

import contextlib
import os
import select
import selectors
import socket
import struct
import time

from harness import wire
from harness.tls import TlsSocket, raw_of

# How long a test waits for what has to happen. Nothing takes this long; on a
# busy machine with a sanitizer build it may take some seconds.
TIMEOUT = float(os.environ.get("VSPCD_TEST_TIMEOUT", "30"))


def eventually(condition, what, timeout=TIMEOUT):
    """Waits until condition() is true and returns what it said."""
    deadline = time.monotonic() + timeout
    while True:
        said = condition()
        if said:
            return said
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:.0f} s in vain: {what}")
        time.sleep(0.01)


class PortBlock:
    """Neighbouring ports that no other test has, in this run or in another
    one: .base to .last for a vspcd's consoles, then SPARE more, which are
    .base + consoles and on, for what else the test opens; of these .take()
    hands out the last ones.

    All are below the range that the kernel gives to outgoing connections. A
    name in the abstract namespace marks each hundred as taken: it is known
    where the ports are, in this network namespace, and goes away with this
    process, however that ends."""

    UNIT = 100
    FIRST = 12000
    UNITS = 180
    SPARE = 50
    TAKEN = 9  # of the spare ones, by .take() in turn

    def __init__(self, consoles=50):
        self._marks = []
        self._count = -(-(consoles + self.SPARE) // self.UNIT)
        self._taken = 0
        places = self.UNITS - self._count + 1
        begin = os.getpid() % places
        for n in range(places):
            self.base = self.FIRST + (begin + n) % places * self.UNIT
            self.last = self.base + consoles - 1
            self._end = self.base + self._count * self.UNIT
            if self._mark_all() and all(map(can_bind, range(
                    self.base, self._end))):
                return
            self.close()
        raise AssertionError(f"no free block of {consoles} ports")

    def _mark_all(self):
        for port in range(self.base, self._end, self.UNIT):
            mark = socket.socket(socket.AF_UNIX)
            self._marks.append(mark)
            try:
                mark.bind(f"\0vspcd-test-ports-{port}")
            except OSError:
                return False
        return True

    def take(self):
        """A port to listen on, not the one that was handed out last."""
        self._taken = self._taken % self.TAKEN + 1
        return self._end - self._taken

    def close(self):
        for mark in self._marks:
            mark.close()
        self._marks = []


class OwnAddress:
    """A loopback address, .host, that no other test has: for more ports than
    a block can have."""

    def __init__(self):
        begin = os.getpid() % 250
        for n in range(250):
            self.host = f"127.77.0.{1 + (begin + n) % 250}"
            self._mark = socket.socket(socket.AF_UNIX)
            try:
                self._mark.bind(f"\0vspcd-test-address-{self.host}")
                return
            except OSError:
                self._mark.close()
        raise AssertionError("no free address")

    def close(self):
        self._mark.close()


def can_bind(port, host="127.0.0.1"):
    """True if nobody listens there (what is in TIME-WAIT does not count)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host, port))
        except OSError:
            return False
    return True


def dial(address, receive_buffer=None, send_buffer=None, tls=None,
         source=None, first=b""):
    """source: the address to come from, such as 127.0.0.2. first: what is
    said before anything else, TLS too."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if send_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    sock.settimeout(TIMEOUT)
    try:
        if source:
            sock.bind((source, 0))
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(first)
    return tls.first(sock) if tls else sock


def has_more(sock):
    """True if there is something to read that select() does not know of."""
    return isinstance(sock, TlsSocket) and sock.has_more()


def address_of(sock):
    """Our own address as vspcd logs it: peer=..."""
    if sock.family == socket.AF_UNIX:
        return "-"
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Peer:
    """One end of a TCP connection that collects what it receives in .data.

    Nothing is read but in the wait_* and read_* calls."""

    def __init__(self, sock):
        self.sock = sock
        self.address = address_of(sock)
        self.received = 0
        self.data = bytearray()
        self.is_closed_by_peer = False

    def on_received(self, chunk):
        self.data += chunk

    def pump(self):
        """One read; the socket must be readable, or this waits for it."""
        try:
            chunk = self.sock.recv(1 << 18)
        except BlockingIOError:  # of TLS: no record is complete
            return
        except ConnectionResetError:
            chunk = b""
        if chunk:
            self.received += len(chunk)
            self.on_received(chunk)
        else:
            self.is_closed_by_peer = True

    def wait(self, condition, what, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            assert not self.is_closed_by_peer, \
                f"closed by vspcd before {what}; {self.describe()}"
            assert left > 0, \
                f"waited {timeout:.0f} s for {what}; {self.describe()}"
            if self._is_readable(left):
                self.pump()

    def _is_readable(self, timeout):
        if has_more(self.sock):
            return True
        poll = select.poll()  # select() knows no more than 1024 files
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def describe(self):
        shown = bytes(self.data[-200:])
        return f"got {len(self.data)} bytes of data, the last: {shown!r}"

    def read_until(self, end, timeout=TIMEOUT):
        """Takes the data up to and with end off the front."""
        self.wait(lambda: end in self.data, repr(end), timeout)
        return self.take(self.data.index(end) + len(end))

    def read_exactly(self, count, timeout=TIMEOUT):
        self.wait(lambda: len(self.data) >= count, f"{count} bytes", timeout)
        return self.take(count)

    def read_all(self, timeout=TIMEOUT):
        """Reads until the other end closes; takes all data."""
        self.wait_closed(timeout)
        return self.take(len(self.data))

    def wait_closed(self, timeout=TIMEOUT):
        self.wait(lambda: self.is_closed_by_peer, "the end", timeout)

    def take(self, count):
        taken = bytes(self.data[:count])
        del self.data[:count]
        return taken

    def read_for(self, seconds):
        """Reads what comes in this time, what is there already with 0: only
        to show that nothing comes, or to go on."""
        deadline = time.monotonic() + seconds
        while not self.is_closed_by_peer:
            left = max(deadline - time.monotonic(), 0)
            if not self._is_readable(left):
                break
            self.pump()

    def send_wire(self, data):
        self.sock.sendall(data)

    def answer(self, data):
        """Of something that was read: vspcd may have closed meanwhile, and
        the next read says so."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send(self, data):
        self.send_wire(data)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends the connection with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.break_off()

    def break_off(self):
        """Ends it without a word, such as TLS has one."""
        raw_of(self.sock).close()


class TelnetPeer(Peer):
    """Decodes telnet. Data is in .data; .negotiation, .subs and .commands have
    all the rest in the order it came."""

    def __init__(self, sock):
        super().__init__(sock)
        self.decoder = wire.Decoder(self)
        self.negotiation = []
        self.subs = []
        self.commands = []
        self._sync_option = 100

    def on_received(self, chunk):
        self.decoder.feed(chunk)

    def on_data(self, data):
        self.data += data

    def on_negotiation(self, verb, option):
        self.negotiation.append((verb, option))

    def on_sub(self, option, body):
        self.subs.append((option, body))

    def on_command(self, verb):
        self.commands.append(verb)

    def send(self, data):
        self.send_wire(wire.escape(data))

    def sync(self):
        """Returns when vspcd has read all that was sent before: asks for an
        option that it does not have, and waits for its refusal."""
        self._sync_option += 1
        assert self._sync_option < 232, "too many syncs in one test"
        self.send_wire(wire.do(self._sync_option))
        refusal = (wire.WONT, self._sync_option)
        self.wait(lambda: refusal in self.negotiation, "the answer to a DO")
        self.negotiation.remove(refusal)


def pump_all(peers, condition, what, timeout=TIMEOUT):
    """Reads from all peers, fairly, until condition() is true."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            selector.register(peer.sock, selectors.EVENT_READ, peer)
            if has_more(peer.sock):
                peer.pump()
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"waited {timeout:.0f} s for {what}"
            for key, _ in selector.select(left):
                key.data.pump()
                assert not key.data.is_closed_by_peer, \
                    f"closed by vspcd before {what}"


class Fd:
    """A file descriptor (a pty's, a pipe's) with reads and writes that do not
    wait for ever; nothing may read it through a buffer beside."""

    def __init__(self, fd):
        self.fd = fd

    def write(self, data):
        os.set_blocking(self.fd, False)
        left = memoryview(data)
        deadline = time.monotonic() + TIMEOUT
        while left:
            assert time.monotonic() < deadline, "nobody takes our bytes"
            if select.select([], [self.fd], [], 1)[1]:
                try:
                    left = left[os.write(self.fd, left):]
                except BlockingIOError:
                    pass

    def _read(self, is_enough, step):
        got = b""
        deadline = time.monotonic() + TIMEOUT
        while not is_enough(got):
            assert time.monotonic() < deadline, f"only got {got[-200:]!r}"
            if select.select([self.fd], [], [], 1)[0]:
                chunk = os.read(self.fd, step(got))
                assert chunk, f"ended after {got[-200:]!r}"
                got += chunk
        return got

    def read_exactly(self, count):
        return self._read(lambda got: len(got) >= count,
                          lambda got: count - len(got))

    def read_until(self, end):
        return self._read(lambda got: got.endswith(end), lambda got: 1)


class Listener:
    """Something of ours that listens on 127.0.0.1."""

    def __init__(self, port=0):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen(16)
        self.sock.settimeout(TIMEOUT)
        self.port = self.sock.getsockname()[1]

    def accept(self):
        sock, _ = self.sock.accept()
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def is_asked(self):
        """True if somebody has connected and waits to be accepted."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def close(self):
        self.sock.close()


@contextlib.contextmanager
def many(open_one, count):
    """Opens count connections, closes them all at the end."""
    opened = []
    try:
        for _ in range(count):
            opened.append(open_one())
        yield opened
    finally:
        for one in opened:
            one.close()
