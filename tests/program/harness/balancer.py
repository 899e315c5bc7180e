"""The headers of the PROXY protocol, as a balancer sends them."""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\0\0\0"
UNKNOWN = b"PROXY UNKNOWN\r\n"


def text(host, port, to="198.51.100.1"):
    """Version 1: for this peer."""
    six = ":" in host
    to = "2001:db8::1" if six else to
    return f"PROXY TCP{6 if six else 4} {host} {to} {port} 13370\r\n".encode()


def binary(host, port, values=b""):
    """Version 2: for this peer; values are TLVs."""
    peer = ipaddress.ip_address(host)
    family = 0x11 if peer.version == 4 else 0x21
    body = peer.packed * 2 + struct.pack(">HH", port, 13370) + values
    return SIGNATURE + struct.pack(">BBH", 0x21, family, len(body)) + body


def unix_socket():
    """Version 2: for a peer without an internet address."""
    return SIGNATURE + struct.pack(">BBH", 0x21, 0x31, 216) + bytes(216)
