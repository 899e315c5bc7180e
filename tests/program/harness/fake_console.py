"""A server that says of a console what a test wants: for what vspcd would
never say, or not at that moment."""

import contextlib
import json
import os
import socket
import threading

from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerConnection

from harness.fake_api import console
from harness.programs import VERSION


class Connection:
    """One attached WebSocket, from the server's side."""

    def __init__(self, sock):
        self.sock = sock
        self.typed = 0
        self.texts = []
        self._ws = ServerConnection()

    def accept(self, head):
        self._ws.receive_data(head)
        request = self._ws.events_received()[0]
        assert isinstance(request, Request)
        self._ws.send_response(self._ws.accept(request))
        self.flush()

    def flush(self):
        for data in self._ws.data_to_send():
            self.sock.sendall(data)

    def say(self, type, /, **members):
        self.say_text(json.dumps({"type": type} | members))

    def say_text(self, text):
        self._ws.send_text(text.encode())
        self.flush()

    def hello(self, **members):
        self.say("hello", **{
            "epoch": "0" * 16, "position": 0, "is_live": True,
            "input_position": 0, "input_window": 65536, "is_resumed": False,
            "console": console("web-01"), "you": {"right": "admin"}} | members)

    def print(self, data):
        self._ws.send_binary(data)
        self.flush()

    def disconnect(self, reason):
        self._ws.send_close(4001, reason)
        self.flush()
        self.wait_gone()

    def _read(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError
        self._ws.receive_data(data)
        for event in self._ws.events_received():
            if event.opcode is Opcode.BINARY:
                self.typed += len(event.data)
            elif event.opcode is Opcode.TEXT:
                self.texts.append(json.loads(event.data))

    def wait_typed(self, count):
        """So many bytes in all."""
        while self.typed < count:
            self._read()

    def wait_texts(self, name, count):
        """So many in all that have such a member."""
        while len(self.find(name)) < count:
            self._read()
        return self.find(name)

    def find(self, name):
        return [text[name] for text in self.texts if name in text]

    def wait_gone(self):
        while self.sock.recv(65536):
            pass

class FakeConsole:
    """.socket serves the console web-01. on_attach(connection, number) plays
    an attached one, after its upgrade; number counts them. refuses(number): an
    answer in place of the upgrade, b"": none. endlessly: it is repeated."""

    def __init__(self, folder, on_attach, *, refuses=None, endlessly=False,
                 **members):
        self.socket = os.path.join(folder, "fake.sock")
        self.console = console("web-01") | members
        self.attached = 0
        self._on_attach = on_attach
        self._endlessly = endlessly
        self._refuses = refuses or (lambda number: None)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.socket)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._play, args=(sock,),
                             daemon=True).start()

    def _play(self, sock):
        with sock:
            while True:
                head = b""
                while b"\r\n\r\n" not in head:
                    some = sock.recv(65536)
                    if not some:
                        return
                    head += some
                if b"/attach" in head.split(b"\r\n")[0]:
                    with contextlib.suppress(OSError):
                        self._attach(sock, head)
                    return
                body = json.dumps(self.console).encode()
                sock.sendall(b"HTTP/1.1 200 OK\r\nServer: vspcd/%s\r\n"
                             b"Content-Length: %d\r\n\r\n%s"
                             % (VERSION.encode(), len(body), body))

    def _attach(self, sock, head):
        number = self.attached
        self.attached += 1
        refusal = self._refuses(number)
        if refusal is not None:
            sock.sendall(refusal)
            while self._endlessly:
                sock.sendall(refusal)
            return
        connection = Connection(sock)
        connection.accept(head)
        self._on_attach(connection, number)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
