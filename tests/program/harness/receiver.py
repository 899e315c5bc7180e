"""A receiver of webhooks, which answers as a test wants it to."""

import contextlib
import json
import socket
import ssl
import threading

from harness.net import TIMEOUT, eventually

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status, *fields):
    """An answer without a body."""
    head = [f"HTTP/1.1 {status} Whatever", "Content-Length: 0", *fields]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def reset(sock):
    """Closes with an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    b"\1\0\0\0\0\0\0\0")
    sock.close()


class Request:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.fields = dict(line.split(": ", 1) for line in lines[1:])
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """Answers one request a connection. Each request takes the next of
    .answers, and OK when there are no more: bytes, or a function that gets the
    socket and the receiver. A pause in the answer lasts until the end."""

    def __init__(self, tls=None):
        self.requests = []
        self.answers = []
        self.ending = threading.Event()
        self.tls = tls
        self.threads = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._spawn(self._accept)

    def url(self, path="/"):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def wait(self, count):
        eventually(lambda: len(self.requests) >= count, f"{count} requests")
        return self.requests

    def close(self):
        self.ending.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive()

    def _spawn(self, what, *args):
        thread = threading.Thread(target=what, args=args)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.ending.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self._spawn(self._serve, sock)

    def _serve(self, sock):
        sock.settimeout(TIMEOUT)
        with contextlib.suppress(OSError), sock:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with sock:
                self._answer(sock, self._read(sock))

    @staticmethod
    def _read(sock):
        data = b""
        while b"\r\n\r\n" not in data:
            got = sock.recv(65536)
            if not got:
                raise OSError("the request is cut")
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        request = Request(head, body)
        length = int(request.fields["Content-Length"])
        while len(request.body) < length:
            request.body += sock.recv(65536)
        return request

    def _answer(self, sock, request):
        what = self.answers.pop(0) if self.answers else OK
        self.requests.append(request)
        if callable(what):
            what(sock, self)
        else:
            sock.sendall(what)


def server_context(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context
