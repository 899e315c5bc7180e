"""The ESXi end of a virtual serial port, as wire captures of it show."""

import itertools
import random
import time

from harness import wire
from harness.comport import ComPort
from harness.net import TelnetPeer, dial
from harness.tls import Upgrades

UUID = "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3"
URI = "vSPC.py"

UNKNOWN = object()  # answers a GET-* with UNKNOWN-SUBOPTION-RCVD-1
SILENT = object()   # does not answer it at all

_numbers = itertools.count(1)
_sequences = itertools.count(1)


def new_uuid():
    """A UUID that no other VM of this run has."""
    return f"500c1e2f-3341-5a6b-7c8d-{next(_numbers):012x}"


def new_sequence():
    """Four bytes, as ESXi's are; a 255 and a CR NUL are always in it."""
    return b"\xff\r\0" + bytes((next(_sequences) % 256,))


def esxi_uuid(canonical):
    """As ESXi writes it: 16 hex bytes, blanks, a dash in the middle."""
    digits = canonical.replace("-", "")
    pairs = [digits[i:i + 2] for i in range(0, 32, 2)]
    return " ".join(pairs[:8]) + "-" + " ".join(pairs[8:])


# How segments are cut before they are sent: each takes the list of segments of
# the capture and returns the pieces to send.

def as_captured(segments):
    return segments


def whole(segments):
    return [b"".join(segments)]


def byte_by_byte(segments):
    return [bytes((byte,)) for byte in b"".join(segments)]


def at_random(seed):
    rng = random.Random(seed)

    def cut(segments):
        data = b"".join(segments)
        pieces = []
        while data:
            size = rng.randint(1, 9)
            pieces.append(data[:size])
            data = data[size:]
        return pieces
    return cut


class Vm(Upgrades, ComPort, TelnetPeer):
    """Connects and speaks in ESXi's order.

    tls: harness.tls.Tls; without it AUTHENTICATION comes to nothing.
    answers: GET code -> text, UNKNOWN or SILENT, where it differs.
    opening: what to send after KNOWN-SUBOPTIONS-2, where it differs.
    offers: what it offers once it has its proxy.
    authenticates: whether it knows of AUTHENTICATION at all."""

    def __init__(self, proxy, name="vm-0001", uuid=None, uri=URI, *,
                 direction=b"S", cut=as_captured, known=wire.ESXI_KNOWN,
                 answers=None, opening=None, uuid_text=None,
                 offers=(wire.COM_PORT,), tls=None, authenticates=True,
                 **buffers):
        super().__init__(dial(proxy, tls=tls, **buffers), tls=tls)
        self.name = name
        self.uuid = uuid or new_uuid()
        self.cut = cut
        self.known = known
        self.offers = offers
        self.port = None  # set by Vspcd.vm()
        bios = esxi_uuid(self.uuid)
        self.answers = {
            wire.GET_VM_VC_UUID: uuid_text or esxi_uuid(self.uuid),
            wire.GET_VM_NAME: name,
            wire.GET_VM_BIOS_UUID: bios,
            wire.GET_VM_LOCATION_UUID: bios,
        } | (answers or {})
        self.asked = []
        self.known_by_proxy = []
        self.has_will_proxy = False
        self.has_wont_proxy = False
        self.opening = opening or [
            wire.ext(wire.KNOWN_SUBOPTIONS_1, known) +
            wire.ext(wire.DO_PROXY, direction + as_bytes(uri))]
        self.sequence = b""  # of its last VMOTION-BEGIN
        self.secret = b""    # of the GOAHEAD that came to it
        self.before_goahead = b""  # the data that was there when it came
        self._segments = []
        self._held = b""
        self._may_offer = {wire.VMWARE: False,
                           wire.AUTHENTICATION: not authenticates}
        self.authenticates = authenticates
        if authenticates:
            self._say(wire.will(wire.AUTHENTICATION))
            self._flush()

    # What comes in is answered; the answers of one read are cut and sent.

    def pump(self):
        super().pump()
        try:
            self._flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # vspcd has closed; the next read says so

    def _say(self, segment):
        self._segments.append(segment)

    def _flush(self):
        if self._held:
            self._say(self._held)
            self._held = b""
        if not self._segments:
            return
        segments, self._segments = self._segments, []
        pieces = self.cut(segments)
        for piece in pieces:
            self.sock.sendall(piece)
            if len(pieces) > len(segments):
                time.sleep(0.0001)  # lets vspcd read before the next piece

    def on_negotiation(self, verb, option):
        super().on_negotiation(verb, option)
        if option in (wire.BINARY, wire.SGA, wire.ECHO):
            self._answer_usual(verb, option)
        elif verb == wire.DO and option == wire.VMWARE:
            self._offer_when_both(option)
        elif option == wire.AUTHENTICATION and not self.authenticates:
            self._say(wire.wont(option))
        elif verb == wire.DONT and option == wire.AUTHENTICATION:
            self._offer_when_both(option)

    def say_auth(self, segment):
        # It says nothing between this and the answer.
        if self._held:
            self._say(self._held)
            self._held = b""
        self._say(segment)

    def on_auth_end(self):
        self._offer_when_both(wire.AUTHENTICATION)

    def _answer_usual(self, verb, option):
        answer = {wire.WILL: wire.DO, wire.DO: wire.WILL}.get(verb)
        if answer is None:
            return
        # In the capture DO SGA, DO ECHO and WILL BINARY share a segment.
        self._held += wire.negotiate(answer, option)
        if (verb, option) not in ((wire.WILL, wire.SGA),
                                  (wire.WILL, wire.ECHO)):
            self._say(self._held)
            self._held = b""

    def _offer_when_both(self, option):
        """232 is offered once it was asked for, and WILL 37 was answered or
        has led to something."""
        was = all(self._may_offer.values())
        self._may_offer[option] = True
        if all(self._may_offer.values()) and not was:
            self._say(wire.will(wire.VMWARE))

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if option != wire.VMWARE:
            return
        code = body[0]
        if code == wire.KNOWN_SUBOPTIONS_2:
            self.known_by_proxy.append(body[1:])
            for segment in self.opening:
                self._say(segment)
        elif code == wire.WILL_PROXY:
            self.has_will_proxy = True
            self._say(wire.will(*self.offers))
        elif code == wire.WONT_PROXY:
            self.has_wont_proxy = True
        elif code == wire.VMOTION_GOAHEAD:
            self.before_goahead = bytes(self.data)
        elif code in self.answers:
            self._answer_get(code)

    def _answer_get(self, code):
        self.asked.append(code)
        answer = self.answers[code]
        if answer is UNKNOWN:
            self._say(wire.ext(wire.UNKNOWN_SUBOPTION_RCVD_1, bytes((code,))))
        elif answer is not SILENT:
            self._say(wire.ext(code - 1, as_bytes(answer)))

    # For the tests.

    def say(self, segment):
        """Sends this, cut as everything it says."""
        self._say(segment)
        self._flush()

    def extend(self):
        """Negotiates until the extension is on."""
        self.wait(lambda: self.known_by_proxy, "KNOWN-SUBOPTIONS-2")
        return self

    def start(self):
        """Negotiates until WILL-PROXY; identity may still be asked for."""
        self.wait(lambda: self.has_will_proxy, "WILL-PROXY")
        return self

    def identify(self):
        """Negotiates until all that is asked for was answered."""
        self.start()
        to_ask = [code for code in self.answers if code in self.known]
        self.wait(lambda: all(code in self.asked for code in to_ask),
                  f"to be asked for {to_ask}; was for {self.asked}")
        return self

    def take_ext(self, *codes):
        """Waits for a message of the extension with one of these codes, takes
        it off .subs and returns its code and its body."""
        def first():
            return next((sub for sub in self.subs if sub[0] == wire.VMWARE
                         and sub[1][0] in codes), None)
        self.wait(first, f"one of the codes {codes}")
        found = first()
        self.subs.remove(found)
        return found[1][0], found[1][1:]

    def ext_codes(self):
        """The codes of what vspcd sent in the extension, in order."""
        return [body[0] for option, body in self.subs
                if option == wire.VMWARE]

    # vMotion: it is the source.

    def ask_to_move(self, sequence=None):
        """VMOTION-BEGIN; its answer is not waited for."""
        self.sequence = new_sequence() if sequence is None else sequence
        self.say(wire.ext(wire.VMOTION_BEGIN, self.sequence))

    def go_ahead(self):
        """Waits for GOAHEAD; returns its secret."""
        code, body = self.take_ext(wire.VMOTION_GOAHEAD, wire.VMOTION_NOTNOW)
        assert code == wire.VMOTION_GOAHEAD, "VMOTION-NOTNOW came"
        assert body.startswith(self.sequence)
        self.secret = body[len(self.sequence):]
        return self.secret

    def begin(self, sequence=None):
        self.ask_to_move(sequence)
        return self.go_ahead()

    def abort(self):
        self.say(wire.ext(wire.VMOTION_ABORT))


class Destination(Vm):
    """The other host of a move that its source has begun. It says neither
    DO-PROXY nor, unless it is asked, who it is: sequence and secret are all
    that tells its console."""

    def __init__(self, proxy, source, *, sequence=None, secret=None,
                 offers=(wire.COM_PORT,), **options):
        sequence = source.sequence if sequence is None else sequence
        secret = source.secret if secret is None else secret
        super().__init__(proxy, source.name, source.uuid, opening=[
            wire.ext(wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN) +
            wire.ext(wire.VMOTION_PEER, sequence + secret) +
            wire.will(*offers)], offers=offers, **options)
        self.sequence = sequence
        self.secret = secret
        self.port = source.port
        self.console = source.console

    def join(self):
        """Negotiates until PEER-OK."""
        code, body = self.take_ext(wire.VMOTION_PEER_OK,
                                   wire.UNKNOWN_SUBOPTION_RCVD_2)
        assert code == wire.VMOTION_PEER_OK, f"unknown code {body[0]} came"
        assert body == self.sequence
        return self

    def be_refused(self):
        """Negotiates until it is told that nobody knows of its PEER."""
        code, body = self.take_ext(wire.VMOTION_PEER_OK,
                                   wire.UNKNOWN_SUBOPTION_RCVD_2)
        assert (code, body) == (wire.UNKNOWN_SUBOPTION_RCVD_2,
                                bytes((wire.VMOTION_PEER,)))

    def complete(self, sequence=None):
        self.say(wire.ext(wire.VMOTION_COMPLETE,
                          self.sequence if sequence is None else sequence))


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()
