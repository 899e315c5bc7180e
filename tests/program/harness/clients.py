"""The two kinds of clients: those that speak telnet, and those that do not."""

import re

from harness import wire
from harness.comport import ComPort
from harness.net import Peer, TelnetPeer, dial
from harness.tls import Upgrades

NOTICE = re.compile(rb"\[vspcd: [^\]\r\n]*\]")
GONE = re.compile(rb"\[vspcd: [^\]\r\n]*disconnected[^\]\r\n]*\]")
BACK = re.compile(rb"\[vspcd: [^\]\r\n]*(?<!dis)connected[^\]\r\n]*\]")
SKIPPED = re.compile(rb"(?:\r\n)?\[vspcd: (\d+) bytes skipped\](?:\r\n)?")


class TelnetClient(Upgrades, ComPort, TelnetPeer):
    """Answers the greeting as a telnet program does. binary=False refuses
    BINARY both ways; answer=False says nothing by itself."""

    def __init__(self, address, binary=True, answer=True, tls=None,
                 **buffers):
        super().__init__(dial(address, tls=tls, **buffers), tls=tls)
        self.agrees = {wire.SGA, wire.ECHO} | ({wire.BINARY} if binary
                                               else set())
        if tls and tls.by_auth:
            self.agrees.add(wire.AUTHENTICATION)
        self.answers = answer
        self._ours = set()
        self._theirs = set()

    def on_negotiation(self, verb, option):
        super().on_negotiation(verb, option)
        if not self.answers:
            return
        if verb == wire.WILL:
            self._agree(option, self._theirs, wire.DO, wire.DONT)
        elif verb == wire.DO:
            self._agree(option, self._ours, wire.WILL, wire.WONT)

    def _agree(self, option, enabled, yes, no):
        if option not in self.agrees:
            self.answer(wire.negotiate(no, option))
        elif option not in enabled:
            enabled.add(option)
            self.answer(wire.negotiate(yes, option))

    def greet(self):
        """Returns when the greeting is here and vspcd has read our answers."""
        greeting = len(wire.CLIENT_GREETING) // 3
        self.wait(lambda: len(self.negotiation) >= greeting, "the greeting")
        if self.tls:
            self.wait(lambda: self.is_secure, "TLS")
        if self.answers:
            self.sync()
        return self

    def com_port(self):
        """Offers COM-PORT; returns when it is on."""
        self.agrees.add(wire.COM_PORT)
        self._ours.add(wire.COM_PORT)
        self.send_wire(wire.will(wire.COM_PORT))
        return super().com_port()

    def type(self, text):
        """Returns when vspcd has read it."""
        self.send(text)
        self.sync()

    @property
    def text(self):
        """The data, with the NVT's CR NUL undone."""
        return bytes(self.data).replace(b"\r\0", b"\r")

    def read_notice(self, pattern=NOTICE):
        """Takes everything up to the end of the notice off the data."""
        self.wait(lambda: pattern.search(self.data), repr(pattern.pattern))
        self.take(pattern.search(self.data).end())
        self.wait(lambda: self.data.startswith((b"\r\n", b"\n")),
                  "the end of the notice's line")
        self.take(2 if self.data.startswith(b"\r") else 1)


class RawClient(Peer):
    """A client such as nc: takes the greeting for what it is, bytes that it
    has no use for. The greeting is in .greeting, the rest in .data."""

    def __init__(self, address, **how):
        super().__init__(dial(address, **how))
        self.greeting = b""

    def on_received(self, chunk):
        missing = len(wire.CLIENT_GREETING) - len(self.greeting)
        self.greeting += chunk[:missing]
        self.data += chunk[missing:]

    def greet(self):
        self.wait(lambda: len(self.greeting) == len(wire.CLIENT_GREETING),
                  "the greeting")
        return self
