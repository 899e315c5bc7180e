"""Remote systems that a VM's service URI names: they listen, vspcd calls."""

import contextlib
import select
import socket
import ssl

from harness import wire
from harness.net import TIMEOUT, Peer, TelnetPeer
from harness.tls import ACCEPTS, ASKS, IS_START


class RawRemote(Peer):
    """Takes all bytes for data."""


class TelnetRemote(TelnetPeer):
    """A telnet server: agrees to BINARY and SGA, echoes.

    upgrade: an SSLContext; then it asks for AUTHENTICATION SSL, and goes on in
    TLS when the caller starts it. .clear is all that came before."""

    def __init__(self, sock, upgrade=None):
        super().__init__(sock)
        self.upgrade = upgrade
        self.clear = bytearray()
        self.is_secure = isinstance(sock, ssl.SSLSocket)
        self.is_started = False
        self.agreed = set()

    def on_received(self, chunk):
        if not self.is_secure:
            self.clear += chunk
        super().on_received(chunk)

    def on_negotiation(self, verb, option):
        super().on_negotiation(verb, option)
        key = (verb, option)
        if key in self.agreed or verb not in (wire.WILL, wire.DO):
            return
        self.agreed.add(key)
        if option == wire.AUTHENTICATION:
            self.send_wire(ASKS if self.upgrade else wire.dont(option))
        elif option in (wire.BINARY, wire.SGA):
            self.send_wire(wire.negotiate(
                wire.DO if verb == wire.WILL else wire.WILL, option))
        else:
            self.send_wire(wire.negotiate(
                wire.DONT if verb == wire.WILL else wire.WONT, option))

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if (option, body) == (wire.AUTHENTICATION, IS_START):
            self.is_started = True

    def pump(self):
        super().pump()
        if self.is_started and not self.is_secure:
            self.send_wire(ACCEPTS)
            self.sock = self.upgrade.wrap_socket(self.sock, server_side=True)
            self.is_secure = True

    def greet(self):
        """Negotiates until both directions are binary, and TLS if it can."""
        self.wait(lambda: {(wire.WILL, wire.BINARY), (wire.DO, wire.BINARY)}
                  <= self.agreed, "BINARY")
        self.wait(lambda: self.is_secure or not self.upgrade, "TLS")
        return self


def server_context(pair, minimum=None, maximum=None, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if ciphers:
        context.set_ciphers(ciphers)
    if minimum:
        context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    return context


class Remote:
    """Listens; .accept() is the next connection, as a peer of this kind.

    tls: an SSLContext, from the first byte."""

    def __init__(self, kind=RawRemote, host="127.0.0.1", port=0, tls=None,
                 receive_buffer=None, **options):
        self.kind = kind
        self.tls = tls
        self.options = options
        self.sock = socket.socket(
            socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                 receive_buffer)
        self.sock.bind((host, port))
        self.sock.listen(16)
        self.sock.settimeout(TIMEOUT)
        self.port = self.sock.getsockname()[1]
        self.peers = []

    def accept_bare(self):
        sock, _ = self.sock.accept()
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def accept(self):
        sock = self.accept_bare()
        if self.tls:
            sock = self.tls.wrap_socket(sock, server_side=True)
        peer = self.kind(sock, **self.options)
        self.peers.append(peer)
        return peer

    def refuse(self):
        """For a caller who does not like our certificate, or we not its."""
        sock = self.accept_bare()
        with contextlib.suppress(OSError, ssl.SSLError):
            with self.tls.wrap_socket(sock, server_side=True) as tls:
                tls.recv(1)
        sock.close()

    def is_called(self):
        return bool(select.select([self.sock], [], [], 0)[0])

    def close(self):
        for peer in self.peers:
            peer.close()
        self.sock.close()
