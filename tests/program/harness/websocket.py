"""A WebSocket that is attached to a console. The protocol is
python3-websockets', so that it is not ours on both sides."""

import json
import socket
from urllib.parse import quote

from websockets.client import ClientConnection
from websockets.connection import State
from websockets.frames import Opcode
from websockets.uri import parse_uri

from harness.net import Peer, dial

ACK_STEP = 16 * 1024


def dial_unix(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    return sock


class ConsoleSocket(Peer):
    """.data is the console's output, .texts what came as JSON. Output is
    acknowledged as it comes, unless acknowledges is False.

    address: a path, or a host and a port."""

    def __init__(self, address, console, *, tls=None, headers=None,
                 acknowledges=True, subprotocols=None, receive_buffer=None,
                 **query):
        sock = (dial_unix(address) if isinstance(address, str)
                else dial(address, tls=tls, receive_buffer=receive_buffer))
        super().__init__(sock)
        words = "&".join(f"{name}={quote(str(value), safe='')}"
                         for name, value in query.items())
        path = f"/api/v1/consoles/{quote(console, safe='')}/attach"
        self.texts = []
        self.refused = None  # an HTTP response that is no 101
        self.acknowledges = acknowledges
        self.epoch = None
        self.position = None  # of the next byte, where it is live
        self.acked = 0
        self.gaps = []
        self.ws = ClientConnection(
            parse_uri(f"ws://localhost{path}?{words}"), max_size=None,
            subprotocols=subprotocols)
        request = self.ws.connect()
        request.headers.update(headers or {})
        self.ws.send_request(request)
        self.flush()

    # what comes

    def on_received(self, chunk):
        self.ws.receive_data(chunk)
        self.take_events()
        self.flush()

    def take_events(self):
        for event in self.ws.events_received():
            if not hasattr(event, "opcode"):
                if self.ws.state is State.CONNECTING or \
                        event.status_code != 101:
                    self.refused = event
            elif event.opcode is Opcode.TEXT:
                self.on_text(json.loads(event.data))
            elif event.opcode is Opcode.BINARY:
                self.on_binary(event.data)

    def on_text(self, text):
        self.texts.append(text)
        if text["type"] in ("hello", "place"):
            self.epoch = text["epoch"]
            self.position = text["position"]
            self.is_live = text["is_live"]
            self.acked = self.position or 0
        elif text["type"] == "gap":
            self.gaps.append((text["from"], text["to"]))
            self.position = text["to"]

    def on_binary(self, data):
        self.data += data
        if self.position is None:
            return
        self.position += len(data)
        if self.acknowledges and self.is_live and \
                self.position - self.acked >= ACK_STEP:
            self.acknowledge()

    def acknowledge(self):
        self.acked = self.position
        self.say(ack=self.position)

    # what is said

    def flush(self):
        for data in self.ws.data_to_send():
            if data:
                self.answer(data)

    def say(self, **members):
        self.ws.send_text(json.dumps(members).encode())
        self.flush()

    def send(self, data):
        self.ws.send_binary(data)
        self.flush()

    def say_goodbye(self, code=1000):
        self.ws.send_close(code)
        self.flush()

    # waiting

    def find(self, kind, /, **members):
        for text in self.texts:
            if text["type"] == kind and all(
                    text.get(key) == value for key, value in members.items()):
                return text
        return None

    def wait_text(self, kind, /, **members):
        """Takes the first such text."""
        self.wait(lambda: self.find(kind, **members), f"{kind} {members}")
        text = self.find(kind, **members)
        self.texts.remove(text)
        return text

    def greet(self):
        self.hello = self.wait_text("hello")
        return self

    def wait_refused(self):
        self.wait(lambda: self.refused, "an answer")
        return self.refused.status_code

    def wait_code(self):
        """The code of the close; 1006 without one."""
        self.wait_closed()
        if self.ws.state is not State.CLOSED:
            self.ws.receive_eof()
        return self.ws.close_code

    @property
    def place(self):
        return f"{self.epoch}:{self.position}"
