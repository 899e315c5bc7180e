"""A concentrator that does as the one in the wire captures, and remembers what
the VM end said: for vspc-vm."""

import selectors
import time

from harness import wire
from harness.net import TIMEOUT, Listener, TelnetPeer
from harness.tls import ACCEPTS, ASKS, IS_START

# What the concentrator of the captures lists.
KNOWN = bytes.fromhex("00010203 28292b2c2d2e30 464749 50515253")


class FakeProxy:
    """Listens; .accept() gives the next VM's connection."""

    known = KNOWN

    def __init__(self):
        self.listener = Listener()
        self.port = self.listener.port
        self.accepted = []

    def accept(self, kind=None, **options):
        vm = (kind or VmLink)(self.listener.accept(), **options)
        vm.known = self.known
        self.accepted.append(vm)
        return vm

    def close(self):
        self.listener.close()
        for vm in self.accepted:
            vm.close()


class VmLink(TelnetPeer):
    """Our end of a VM's connection. .events has everything the VM said that is
    no data, in its order: (verb, option) or (code, body)."""

    def __init__(self, sock, accepts=True):
        super().__init__(sock)
        self.known = KNOWN
        self.accepts = accepts
        self.events = []
        self.values = {}
        self.on_com_port = wire.do  # the answer to its offer
        self.line = []  # what it said in COM-PORT: (number, value)

    def greet(self):
        self.send_wire(wire.VM_GREETING)

    def on_negotiation(self, verb, option):
        super().on_negotiation(verb, option)
        self.events.append((verb, option))
        if (verb, option) == (wire.WILL, wire.AUTHENTICATION):
            self.send_wire(wire.dont(option))
        elif (verb, option) == (wire.WILL, wire.VMWARE):
            self.send_wire(wire.ext(wire.KNOWN_SUBOPTIONS_2, self.known))
        elif (verb, option) == (wire.WILL, wire.COM_PORT):
            self.send_wire(self.on_com_port(option))

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if option == wire.COM_PORT:
            self.line.append((body[0], int.from_bytes(body[1:], "big")))
            return
        assert option == wire.VMWARE, (option, body)
        code, rest = body[0], body[1:]
        self.events.append((code, rest))
        self.values[code] = rest
        if code == wire.DO_PROXY and self.accepts:
            self.send_wire(wire.ext(wire.GET_VM_VC_UUID) +
                           wire.ext(wire.GET_VM_NAME))
        elif code == wire.DO_PROXY:
            self.send_wire(wire.ext(wire.WONT_PROXY))
        elif code == wire.VM_VC_UUID:
            self.send_wire(wire.ext(wire.WILL_PROXY))

    def serve(self):
        """Negotiates until the serial port is connected."""
        self.wait(lambda: (wire.WILL, wire.AUTHENTICATION) in self.events,
                  "WILL AUTHENTICATION")
        self.greet()
        self.wait(lambda: (wire.WILL, wire.COM_PORT) in self.events and
                  wire.VM_NAME in self.values, "WILL COM-PORT and VM-NAME")
        return self

    def at(self, event):
        return self.events.index(event)


class AuthLink(VmLink):
    """The same, with AUTHENTICATION. on_will and on_start are its answers to
    the VM's; tls (TlsServer) is for after START.

    .auth has what the VM said in it, .clear all that it said before TLS."""

    def __init__(self, sock, tls, on_will=ASKS, on_start=ACCEPTS):
        super().__init__(sock)
        self.tls = tls
        self.on_will = on_will
        self.on_start = on_start
        self.auth = []
        self.clear = b""
        self.is_secure = False
        self.has_greeted = False

    def greet(self):
        """Before SEND, if not sooner: until the hello nothing may be said."""
        if not self.has_greeted:
            self.has_greeted = True
            super().greet()

    def on_received(self, chunk):
        if not self.is_secure:
            self.clear += chunk
        super().on_received(chunk)

    def on_negotiation(self, verb, option):
        if (verb, option) != (wire.WILL, wire.AUTHENTICATION):
            super().on_negotiation(verb, option)
            return
        self.events.append((verb, option))
        self.greet()
        self.send_wire(self.on_will)

    def on_sub(self, option, body):
        if option != wire.AUTHENTICATION:
            super().on_sub(option, body)
            return
        self.auth.append(body)
        if body == IS_START:
            self.send_wire(self.on_start)

    def pump(self):
        super().pump()
        if self.is_secure or IS_START not in self.auth or \
                not self.on_start.startswith(ACCEPTS):
            return
        self.sock = self.tls.wrap(self.sock)
        self.is_secure = True


class MovingLink(VmLink):
    """A connection of MovingProxy, which is told of what matters to it."""

    def __init__(self, sock, proxy):
        super().__init__(sock)
        self.proxy = proxy
        self.known = proxy.known
        host, port = sock.getpeername()[:2]
        self.vm_address = f"{host}:{port}"
        self.may_talk = False  # what comes from it is the VM's output
        self.unsent = bytearray()
        self.is_left = False   # to be closed when all is sent
        self.greet()

    def send_wire(self, data):
        self.unsent += data

    def flush(self):
        if self.unsent and self.sock.fileno() >= 0:
            try:
                del self.unsent[:self.sock.send(self.unsent)]
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                self.unsent.clear()

        if self.is_closed_by_peer or self.is_left and not self.unsent:
            self.close()

    def on_data(self, data):
        assert self.may_talk, f"data while the VM is stopped: {data[:80]!r}"
        self.proxy.output += data

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if option == wire.VMWARE:
            self.proxy.on_message(self, body[0], body[1:])


class MovingProxy(FakeProxy):
    """A concentrator that serves one VM through its moves, in one thread:
    run() until something has happened. .output is what the VM has said, from
    whatever host; .type() is for wherever it runs, and held while it moves.

    The attributes in capitals are how it behaves, for tests to set."""

    GOAHEAD = True        # False: NOTNOW; None: says nothing
    PEER_OK = True        # False: refuses; "close": closes; None: nothing
    CLOSES_SOURCE = True  # after COMPLETE
    TYPES_ON = False      # the source gets input until COMPLETE

    SECRET = b"\xff\x00\xff\xf0\n\r\xff\xff"

    def __init__(self):
        super().__init__()
        self.links = []       # all that there were
        self.vm = None        # the connection that has the console
        self.output = bytearray()
        self.input = bytearray()
        self.said = []        # the codes of moves, from any connection
        self.sequences = []
        self.completed = 0

    # What the VM says.

    def on_message(self, link, code, rest):
        if wire.VMOTION_BEGIN <= code <= wire.VMOTION_ABORT:
            self.said.append(code)
        if code == wire.VM_VC_UUID and wire.DO_PROXY in link.values:
            self.take_on(link)
        elif code == wire.VMOTION_BEGIN:
            self.on_begin(link, rest)
        elif code == wire.VMOTION_PEER:
            self.on_peer(link, rest)
        elif code == wire.VMOTION_COMPLETE:
            self.on_complete(link, rest)
        elif code == wire.VMOTION_ABORT:
            assert link is self.vm and rest == b""
            self.take_on(link)

    def take_on(self, link):
        self.vm = link
        link.may_talk = True
        self.type(b"")

    def on_begin(self, link, sequence):
        assert link is self.vm and len(sequence) == 4
        self.sequences.append(sequence)
        if self.GOAHEAD:
            link.may_talk = False
            link.send_wire(wire.ext(wire.VMOTION_GOAHEAD,
                                    sequence + self.SECRET))
        elif self.GOAHEAD is None:
            link.may_talk = False
        else:
            link.send_wire(wire.ext(wire.VMOTION_NOTNOW, sequence))

    def on_peer(self, link, ticket):
        assert wire.DO_PROXY not in link.values
        assert link.at((wire.KNOWN_SUBOPTIONS_1, wire.ESXI_KNOWN)) == \
            link.at((wire.VMOTION_PEER, ticket)) - 1
        link.send_wire(wire.ext(wire.GET_VM_VC_UUID) +
                       wire.ext(wire.GET_VM_NAME))
        is_right = ticket == self.sequences[-1] + self.SECRET
        if self.PEER_OK is None:
            return
        if self.PEER_OK == "close":
            link.close()
        elif self.PEER_OK and is_right:
            link.send_wire(wire.ext(wire.VMOTION_PEER_OK, self.sequences[-1]))
        else:
            link.send_wire(wire.ext(wire.UNKNOWN_SUBOPTION_RCVD_2,
                                    bytes((wire.VMOTION_PEER,))))

    def on_complete(self, link, sequence):
        assert sequence == self.sequences[-1]
        self.completed += 1
        source, self.vm = self.vm, None
        self.take_on(link)
        if self.CLOSES_SOURCE:
            source.is_left = True

    # What is done with it.

    def type(self, data):
        """Input, to be sent when and where the VM takes it."""
        self.input += data
        if self.vm and (self.vm.may_talk or self.TYPES_ON):
            self.vm.send(bytes(self.input))
            self.input.clear()

    def run(self, until, what, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while not until():
            assert time.monotonic() < deadline, \
                f"waited {timeout:.0f} s for {what}; said {self.said}"
            self._turn()
        return self

    def serve(self):
        """Until the VM has its console."""
        return self.run(lambda: self.vm and self.vm.may_talk and
                        (wire.WILL, wire.COM_PORT) in self.vm.events and
                        wire.VM_NAME in self.vm.values, "the VM")

    def _turn(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener.sock, selectors.EVENT_READ, None)
            for link in self.open_links():
                selector.register(
                    link.sock, selectors.EVENT_READ |
                    (selectors.EVENT_WRITE if link.unsent else 0), link)
            for key, ready in selector.select(0.01):
                if key.data is None:
                    self._accept()
                elif ready & selectors.EVENT_READ:
                    # An earlier one may have closed it.
                    if key.data in self.open_links():
                        key.data.pump()
            for link in self.open_links():
                link.flush()

    def _accept(self):
        link = MovingLink(self.listener.accept(), self)
        link.sock.setblocking(False)
        self.accepted.append(link)
        self.links.append(link)

    def open_links(self):
        return [link for link in self.links
                if link.sock.fileno() >= 0]
