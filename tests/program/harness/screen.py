"""What a program on a terminal shows, as a person sees it (python3-pyte)."""

import time

import pexpect
import pyte

from harness.net import TIMEOUT


class Screen:
    """child: a program of pexpect; .lines is what its terminal shows now,
    .received all that has come."""

    def __init__(self, child, columns=80, rows=24):
        self.child = child
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.received = b""
        self.has_ended = False

    def look(self, seconds=0.05):
        """Takes what has come."""
        try:
            came = self.child.read_nonblocking(65536, seconds)
            self.received += came
            self.stream.feed(came)
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            self.has_ended = True

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines).rstrip()

    def reversed_line(self, number):
        """Whether the line is shown in reverse."""
        return self.screen.buffer[number][0].reverse

    def wait(self, condition, what):
        """Until condition() is true of what is shown."""
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            self.look()
            if time.monotonic() > deadline or (self.has_ended and
                                               not condition()):
                raise AssertionError(f"not seen: {what}; there is:\n"
                                     f"{self.text}")

    def wait_text(self, text):
        self.wait(lambda: text in self.text, text)

    def wait_line(self, number, text):
        """Until the line begins so."""
        self.wait(lambda: self.lines[number].startswith(text),
                  f"{text!r} in line {number}")

    def type(self, keys):
        self.child.send(keys)

    def wait_end(self):
        self.wait(lambda: self.has_ended, "the end")
