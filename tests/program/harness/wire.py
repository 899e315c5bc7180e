"""Telnet and VMware's extension as bytes: names, builders, a decoder."""

SE, NOP, DM, BRK, IP, AO, AYT, EC, EL, GA = range(240, 250)
SB, WILL, WONT, DO, DONT, IAC = range(250, 256)

BINARY, ECHO, SGA, NAWS, AUTHENTICATION, COM_PORT = 0, 1, 3, 31, 37, 44
VMWARE = 232

# Codes of option 232.
KNOWN_SUBOPTIONS_1, KNOWN_SUBOPTIONS_2 = 0, 1
UNKNOWN_SUBOPTION_RCVD_1, UNKNOWN_SUBOPTION_RCVD_2 = 2, 3
VMOTION_BEGIN, VMOTION_GOAHEAD, VMOTION_NOTNOW = 40, 41, 43
VMOTION_PEER, VMOTION_PEER_OK = 44, 45
VMOTION_COMPLETE, VMOTION_ABORT = 46, 48
DO_PROXY, WILL_PROXY, WONT_PROXY = 70, 71, 73
VM_VC_UUID, GET_VM_VC_UUID, VM_NAME, GET_VM_NAME = 80, 81, 82, 83
VM_BIOS_UUID, GET_VM_BIOS_UUID = 84, 85
VM_LOCATION_UUID, GET_VM_LOCATION_UUID = 86, 87

# What ESXi lists, in its order.
ESXI_KNOWN = bytes.fromhex(
    "00010203 28292b2c2d2e30 464749 5051 54555657 5253")


def negotiate(verb, *options):
    return b"".join(bytes((IAC, verb, option)) for option in options)


def negotiate_all(pairs):
    """Of (verb, option)."""
    return b"".join(negotiate(*pair) for pair in pairs)


def will(*options):
    return negotiate(WILL, *options)


def wont(*options):
    return negotiate(WONT, *options)


def do(*options):
    return negotiate(DO, *options)


def dont(*options):
    return negotiate(DONT, *options)


def command(*verbs):
    return b"".join(bytes((IAC, verb)) for verb in verbs)


def escape(data):
    return data.replace(b"\xff", b"\xff\xff")


def sub(option, body):
    return bytes((IAC, SB, option)) + escape(body) + bytes((IAC, SE))


def ext(code, body=b""):
    """A subnegotiation of VMware's extension."""
    return sub(VMWARE, bytes((code,)) + body)


# What vspcd says first to a client, and to a VM.
CLIENT_GREETING = will(BINARY, SGA, ECHO) + do(BINARY, SGA)
VM_GREETING = CLIENT_GREETING + do(VMWARE)


class Decoder:
    """Bytes in, calls to target.on_data/_command/_negotiation/_sub out."""

    def __init__(self, target):
        self.target = target
        self._rest = b""

    def feed(self, received):
        buf = self._rest + received
        pos = 0
        while pos < len(buf):
            at = buf.find(b"\xff", pos)
            if at < 0:
                self.target.on_data(buf[pos:])
                pos = len(buf)
                break
            if at > pos:
                self.target.on_data(buf[pos:at])
            pos = at
            used = self._one_command(buf, at)
            if used == 0:
                break
            pos += used
        self._rest = buf[pos:]

    def _one_command(self, buf, at):
        """The length of the command at buf[at], 0 if it is not all there."""
        if at + 1 >= len(buf):
            return 0
        verb = buf[at + 1]
        if verb == IAC:
            self.target.on_data(b"\xff")
            return 2
        if verb == SB:
            return self._one_sub(buf, at)
        if verb in (WILL, WONT, DO, DONT):
            if at + 2 >= len(buf):
                return 0
            self.target.on_negotiation(verb, buf[at + 2])
            return 3
        self.target.on_command(verb)
        return 2

    def _one_sub(self, buf, at):
        end = at + 2
        while True:
            end = buf.find(b"\xff", end)
            if end < 0 or end + 1 >= len(buf):
                return 0
            if buf[end + 1] == SE:
                break
            end += 2
        body = buf[at + 2:end].replace(b"\xff\xff", b"\xff")
        self.target.on_sub(body[0], body[1:])
        return end + 2 - at
