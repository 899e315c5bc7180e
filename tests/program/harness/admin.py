"""The two clients of the admin port, as they behave on the wire: vSPC.py's
vSPCClient, played by Python's own pickle module, and the client of VMware's
Python kit."""

import contextlib
import pickle

from harness import wire
from harness.net import TelnetPeer, dial

MODES = {"fallback": "free_for_all_or_readonly", "all": "free_for_all",
         "write": "write", "exclusive": "exclusive"}

OPTION = 233
GET_LIST, LIST, SET_CONNECTION, CONNECTED, DISCONNECTED = (
    0x10, 0x11, 0x20, 0x21, 0x22)
READ_WRITE, READ_ONLY, EXCLUSIVE, EXCLUSIVE_WRITE, READ_ONLY_OK = (
    0x00, 0x01, 0x10, 0x11, 0x20)


def dumps(value, protocol):
    """As the Python that has this protocol pickles; 0: Python 2.7, whose text
    is bytes."""
    if protocol > 0:
        return pickle.dumps(value, protocol)
    if isinstance(value, str):
        return f"S{value.encode()!r}".replace("Sb", "S").encode() + b"\np0\n."
    return pickle.dumps(value, 0)


class Answer:
    """What a query was answered with."""

    def __init__(self, status):
        self.status = status
        self.vms = None
        self.mode = None
        self.seed = None


class PickleClient:
    """vSPCClient of a version of its protocol, with the pickles of a Python
    (protocol). It reads them through a buffer, and goes on with the bare
    socket: what is behind the seed in that buffer, it never sees."""

    def __init__(self, address, version=3, protocol=4, tls=None):
        self.sock = dial(address)
        if tls:  # Python's own, which has files
            self.sock = tls.context.wrap_socket(self.sock)
        self.version = version
        self.protocol = protocol
        self.is_slow = False  # a byte in a segment
        self._buffered = self.sock.makefile("rb", 8192)
        # Python 2's texts are bytes; others have none.
        self._unpickler = pickle.Unpickler(
            self._buffered, encoding="utf-8" if version < 3 else "ASCII")

    def say(self, *values):
        """In one segment."""
        data = b"".join(dumps(value, self.protocol) for value in values)
        if self.is_slow:
            for byte in data:
                self.sock.sendall(bytes((byte,)))
        else:
            self.sock.sendall(data)

    def hear(self):
        return self._unpickler.load()

    def begin(self):
        self.say(self.version)
        assert self.hear() == self.version
        return self

    def query(self, name=None, mode="fallback"):
        self.begin()
        if self.version >= 4:
            self.say("cmd_query_vm")
            assert self.hear() == "ok"
        self.say(name, MODES.get(mode, mode))
        answer = Answer(self.hear())
        if answer.status == "vm_found":
            answer.mode = self.hear()
            answer.seed = self.hear()
            if self.version == 2:  # some of its revisions want a list
                assert isinstance(answer.seed, list)
                answer.seed = "".join(answer.seed)
        elif answer.status == "vm_not_found":
            answer.vms = self._hear_vms()
        return answer

    def _hear_vms(self):
        if self.version == 2:
            return self.hear()
        return [self.hear() for _ in range(self.hear())]

    def names(self):
        """Of the list."""
        with contextlib.closing(self):
            return sorted(vm["name"] for vm in self.query().vms)

    def clear(self, port):
        self.begin()
        self.say("cmd_clear_port")
        assert self.hear() == "ok"
        self.say(port)
        return self.hear()

    def attach(self, name, mode="fallback"):
        """(its telnet, the mode that it was given)"""
        answer = self.query(name, mode)
        assert answer.status == "vm_found", answer.status
        assert answer.seed == "", answer.seed
        self._buffered.close()  # with what is in it
        return PickleTelnet(self.sock), answer.mode

    def is_at_end(self):
        """The server has closed, and said nothing more."""
        try:
            return self._buffered.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self._buffered.close()
        self.sock.close()


class PickleTelnet(TelnetPeer):
    """What vSPCClient does behind the seed: it asks for BINARY and SGA, takes
    the greeting for the answers, and refuses all else. To each further WILL or
    WONT of these two it says DO once more."""

    OURS = (wire.BINARY, wire.SGA)

    def __init__(self, sock):
        super().__init__(sock)
        self.refused = 0
        self.send_wire(wire.will(wire.BINARY))
        self.send_wire(wire.will(wire.SGA) + wire.do(wire.BINARY) +
                       wire.do(wire.SGA))

    def on_negotiation(self, verb, option):
        before = self.negotiation.count((verb, option))
        super().on_negotiation(verb, option)
        if option in self.OURS:
            if before and verb in (wire.WILL, wire.WONT):
                self.answer(wire.do(option))
        elif verb in (wire.WILL, wire.DO):
            self.refused += 1
            self.answer(wire.dont(option) if verb == wire.WILL
                        else wire.wont(option))

    def greet(self):
        """Returns when the whole greeting is here."""
        greeting = len(wire.CLIENT_GREETING) // 3
        self.wait(lambda: len(self.negotiation) >= greeting, "the greeting")
        assert wire.negotiate_all(self.negotiation[:greeting]) == \
            wire.CLIENT_GREETING
        return self


class KitClient(TelnetPeer):
    """The kit's client: says nothing before it was offered the option."""

    def __init__(self, address, tls=None):
        super().__init__(tls.first(dial(address)) if tls else dial(address))
        self.wait(lambda: self.negotiation, "the offer of the option")
        assert self.negotiation == [(wire.WILL, OPTION)]
        self.send_wire(wire.do(OPTION))

    def say(self, command, payload=b""):
        self.send_wire(wire.sub(OPTION, bytes((command,)) + payload))

    def hear(self):
        """The next message: (command, payload)."""
        self.wait(lambda: self.subs, "a message")
        option, body = self.subs.pop(0)
        assert option == OPTION
        return body[0], body[1:]

    def list(self):
        """[(id, name, uri)]"""
        self.say(GET_LIST)
        command, payload = self.hear()
        assert command == LIST
        texts = payload.decode().split("\0") if payload else []
        assert len(texts) % 3 == 0, texts
        return sorted(zip(texts[::3], texts[1::3], texts[2::3]))

    def connect(self, port, mode=READ_WRITE):
        """True: CONNECTED."""
        self.say(SET_CONNECTION, bytes((mode,)) + port.encode())
        return self._hear_state()

    def disconnect(self):
        self.say(SET_CONNECTION)
        return self._hear_state()

    def _hear_state(self):
        command, payload = self.hear()
        assert payload == b"" and command in (CONNECTED, DISCONNECTED)
        return command == CONNECTED


def port_id(uuid):
    """How the kit calls the only console of a VM."""
    return uuid.replace("-", "").upper()


def vspc_uuid(uuid):
    """How vSPC.py's list calls it."""
    digits = uuid.replace("-", "")
    return f"{digits[:16]}-{digits[16:]}"
