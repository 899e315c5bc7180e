"""Large streams that are compared byte for byte."""

import concurrent.futures
import random
import select
import threading
import time

from harness.clients import SKIPPED
from harness.net import TIMEOUT

MIB = 1 << 20


def noise(size, seed):
    """Every byte value in it; the first is no IAC, so that a raw client is
    known as one."""
    return b"\n" + random.Random(seed).randbytes(size - 1)


def letters(size, seed):
    """Text that no notice can be mistaken for."""
    return random.Random(seed).randbytes(size // 2).hex().encode()


def assert_same(got, expected, what="the stream"):
    if got == expected:
        return
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b),
              min(len(got), len(expected)))
    raise AssertionError(
        f"{what}: {len(got)} bytes of {len(expected)} and other ones from "
        f"{at} on: {bytes(got[at:at + 40])!r} in place of "
        f"{bytes(expected[at:at + 40])!r}")


def assert_both_ways(vm, client):
    """That, and nothing else, is what comes."""
    for sender, receiver in ((vm, client), (client, vm)):
        sender.send(b"each way \xff\r\n\0.")
        assert_same(receiver.read_until(b"\0."), b"each way \xff\r\n\0.")


def transfer(*ways, timeout=2 * TIMEOUT):
    """ways: (sender, receiver, data); all at the same time, all compared."""
    with concurrent.futures.ThreadPoolExecutor(2 * len(ways)) as pool:
        sent = [pool.submit(sender.send, data) for sender, _, data in ways]
        came = [pool.submit(receiver.read_exactly, len(data), timeout)
                for _, receiver, data in ways]
        for future, (_, _, data) in zip(came, ways):
            assert_same(future.result(), data)
        for future in sent:
            future.result()


def fill(sock, quiet=0.3, limit=64 * MIB, program=None):
    """Writes to a non-blocking socket until it takes nothing for a while;
    returns what it took. program: which reads it, and has to be idle: on a
    busy machine it may only be late."""
    rng_block = letters(65536, seed=11)
    taken = bytearray()
    last = time.monotonic()
    is_idle = program is None
    while time.monotonic() - last < quiet or not is_idle:
        at = len(taken) % len(rng_block)
        try:
            count = sock.send(rng_block[at:])
            is_idle = program is None
        except BlockingIOError:
            if not is_idle and time.monotonic() - last >= quiet:
                program.wait_idle()
                is_idle = True
                last = time.monotonic()
            select.select([], [sock], [], 0.05)
            continue
        taken += rng_block[at:at + count]
        last = time.monotonic()
        assert len(taken) < limit, \
            f"took {limit // MIB} MiB for somebody who does not read"
    return bytes(taken)


def skipped_in(got, sent):
    """Checks that got is sent but for the gaps that it says it has; returns
    the number of bytes skipped."""
    at = position = skipped = 0
    for notice in SKIPPED.finditer(got):
        part = got[at:notice.start()]
        assert_same(part, sent[position:position + len(part)], "before a gap")
        gap = int(notice.group(1))
        position += len(part) + gap
        skipped += gap
        at = notice.end()
    assert_same(got[at:], sent[position:], "after the last gap")
    return skipped


def gaps_in(got, sent):
    """Checks that got is sent but for gaps that nobody tells of, as a program
    (raw, RFC 2217) has them; returns the number of bytes that are missing."""
    probe = 64
    assert b"[vspcd" not in got
    at = position = missing = 0
    while at < len(got):
        size = 0
        step = len(got) - at
        while step:
            if got[at + size:at + size + step] == \
                    sent[position + size:position + size + step]:
                size += step
            else:
                step //= 2
            step = min(step, len(got) - at - size)
        at += size
        position += size
        if at == len(got):
            break
        found = sent.find(got[at:at + probe], position)
        assert found >= 0, f"{got[at:at + probe]!r} was not sent"
        missing += found - position
        position = found
    return missing + len(sent) - position


def own_bytes(size, number, rng=random):
    """Random bytes that nobody else of four has, so that everyone's can be
    told from all that comes to a VM: 0 has NUL, 1 CR, 2 LF, 3 has 255."""
    return rng.randbytes(size).translate(
        bytes(byte & ~3 | number for byte in range(256)))


def part_of(number, data):
    return bytes(byte for byte in data if byte % 4 == number)


class Typist:
    """Somebody who types on a client all the time, in a thread, and has bytes
    of his own."""

    def __init__(self, client, number):
        self.number = number
        self.typed = b""
        self._client = client
        self._rng = random.Random(number)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._type, daemon=True)
        self._thread.start()

    def _type(self):
        while not self._is_over.is_set():
            some = own_bytes(self._rng.randint(1, 20), self.number, self._rng)
            self._client.send(some)
            self.typed += some
            time.sleep(0.0005)

    def wait_for(self, more):
        """Returns when so many more bytes were typed."""
        enough = len(self.typed) + more
        while len(self.typed) < enough:
            assert self._thread.is_alive(), "it was cut off"
            time.sleep(0.001)

    def stop(self):
        self._is_over.set()
        self._thread.join()
        return self.typed
