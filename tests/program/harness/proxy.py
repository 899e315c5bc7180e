"""A concentrator that does as the one in the wire captures, and remembers what
the VM end said: for vspc-vm."""

from harness import wire
from harness.net import Listener, TelnetPeer

# What the concentrator of the captures lists.
KNOWN = bytes.fromhex("00010203 28292b2c2d2e30 464749 50515253")


class FakeProxy:
    """Listens; .accept() gives the next VM's connection."""

    def __init__(self):
        self.listener = Listener()
        self.port = self.listener.port
        self.accepted = []

    def accept(self, **options):
        vm = VmLink(self.listener.accept(), **options)
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
        self.accepts = accepts
        self.events = []
        self.values = {}

    def greet(self):
        self.send_wire(wire.VM_GREETING)

    def on_negotiation(self, verb, option):
        super().on_negotiation(verb, option)
        self.events.append((verb, option))
        if (verb, option) == (wire.WILL, wire.AUTHENTICATION):
            self.send_wire(wire.dont(option))
        elif (verb, option) == (wire.WILL, wire.VMWARE):
            self.send_wire(wire.ext(wire.KNOWN_SUBOPTIONS_2, KNOWN))
        elif (verb, option) == (wire.WILL, wire.COM_PORT):
            self.send_wire(wire.do(option))

    def on_sub(self, option, body):
        super().on_sub(option, body)
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
