"""RFC 2217 as bytes, and what both kinds of its clients have in common: a VM
and a telnet client ask, vspcd answers."""

from harness import wire

(SIGNATURE, BAUDRATE, DATASIZE, PARITY, STOPSIZE, CONTROL, LINESTATE,
 MODEMSTATE, SUSPEND, RESUME, LINESTATE_MASK, MODEMSTATE_MASK,
 PURGE) = range(13)
ANSWER = 100  # what the server says is the client's number and this

# Values of CONTROL.
FLOW_STATE, INBOUND_FLOW_STATE = 0, 13
BREAK_STATE, BREAK_ON, BREAK_OFF = 4, 5, 6
DTR_STATE, DTR_ON, DTR_OFF = 7, 8, 9
RTS_STATE, RTS_ON, RTS_OFF = 10, 11, 12

BREAK = 16  # of LINESTATE

DCD, RI, DSR, CTS = 128, 64, 32, 16  # of MODEMSTATE
ALL_ON = DCD | DSR | CTS
DCD_CHANGED, DSR_CHANGED, CTS_CHANGED = 8, 2, 1
ALL_CHANGED = DCD_CHANGED | DSR_CHANGED | CTS_CHANGED


def request(command, value=None):
    """A request: value is a number, in as many bytes as the RFC has there, or
    the very bytes."""
    if value is None:
        value = b""
    elif not isinstance(value, bytes):
        value = value.to_bytes(4 if command == BAUDRATE else 1, "big")
    return wire.sub(wire.COM_PORT, bytes((command,)) + value)


def control(value):
    return request(CONTROL, value)


class ComPort:
    """Mixed into a TelnetPeer.

    .told has what vspcd said in COM-PORT: (number as in the request, value as
    an integer, for a signature bytes). .breaks has each break: (how many bytes
    of data came before it, "BRK" or the line's state)."""

    def __init__(self, *args, **options):
        self.told = []
        self.breaks = []
        self.data_count = 0
        super().__init__(*args, **options)

    def on_data(self, data):
        self.data_count += len(data)
        super().on_data(data)

    def on_command(self, verb):
        super().on_command(verb)
        if verb == wire.BRK:
            self.breaks.append((self.data_count, "BRK"))

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if option != wire.COM_PORT:
            return
        assert ANSWER <= body[0] <= ANSWER + PURGE, body
        command, value = body[0] - ANSWER, body[1:]
        if command != SIGNATURE:
            assert len(value) == (4 if command == BAUDRATE else 1), body
            value = int.from_bytes(value, "big")
        self.told.append((command, value))
        if command == LINESTATE:
            self.breaks.append((self.data_count, value))

    def com_port(self):
        """Waits until COM-PORT is on, and for what is said then."""
        self.wait(lambda: (wire.DO, wire.COM_PORT) in self.negotiation,
                  "DO COM-PORT")
        self.take_told(MODEMSTATE)
        return self

    def tell(self, command, value=None):
        self.send_wire(request(command, value))

    def take_told(self, command):
        """Waits for the next one of these and takes it off .told."""
        def first():
            return next((i for i, (said, _) in enumerate(self.told)
                         if said == command), None)
        self.wait(lambda: first() is not None, f"COM-PORT {command + ANSWER}; "
                  f"there are {self.told}")
        return self.told.pop(first())[1]

    def ask(self, command, value=None):
        """The answer, which must be the next of its number."""
        self.tell(command, value)
        return self.take_told(command)

    def set(self, *values):
        """These values of CONTROL; each must be answered with itself."""
        for value in values:
            assert self.ask(CONTROL, value) == value

    def notices(self, command=MODEMSTATE):
        """Takes what was told under this number for something that vspcd has
        read before."""
        self.sync()
        found = [value for said, value in self.told if said == command]
        self.told = [one for one in self.told if one[0] != command]
        return found

    def lines(self):
        """The modem's lines as this end is told when it asks."""
        self.notices()
        return self.ask(MODEMSTATE) & 0xf0
