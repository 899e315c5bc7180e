"""Large streams that are compared byte for byte."""

import concurrent.futures
import random

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
