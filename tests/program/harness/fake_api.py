"""vspcd's API as a test wants it: for tests of `vspc` itself."""

import http.server
import json
import pathlib
import re
import socketserver
import subprocess
import tempfile
import threading
import urllib.parse

from harness.programs import BUILD, VERSION, clean_environment

VSPC = BUILD / "vspc"


def run_vspc(*args, env=None, **options):
    """vspc with these arguments; .returncode, .stdout, .stderr as text."""
    options = {"stdin": subprocess.DEVNULL, "text": True, "timeout": 60,
               "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run([VSPC, *map(str, args)], check=False,
                          env=clean_environment(env), **options)


class Request:
    def __init__(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        self.verb = handler.command
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.headers = handler.headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Answer:
    """body: bytes, or what is made JSON. pieces: a stream, each a chunk; an
    exception in it cuts the connection."""

    def __init__(self, body=b"", status=200, pieces=None, headers=()):
        self.body = body if isinstance(body, bytes) else \
            json.dumps(body).encode()
        self.status = status
        self.pieces = pieces
        self.headers = dict(headers)


def error(status, code, message="it failed", hint=None):
    return Answer({"error": {"code": code, "message": message, "hint": hint}},
                  status)


class Cut(Exception):
    """Ends the connection in the middle."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.fake.connections += 1

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass

    def version_string(self):
        return self.server.fake.server

    def answer(self):
        fake = self.server.fake
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self, body)
        fake.requests.append(request)
        try:
            self.send(fake.find(request))
        except (Cut, ConnectionError):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = answer

    def send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.pieces is None:
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in answer.pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


class FakeApi:
    """.routes: (verb, regular expression of the path) -> Answer, or what
    makes one of a Request. The last that fits counts."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="vspc-fake-")
        self.socket = str(pathlib.Path(self._folder.name) / "s")
        self.server = f"vspcd/{VERSION}"
        self.connections = 0
        self.requests = []
        self.routes = {}
        self._server = Server(self.socket, Handler)
        self._server.fake = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def on(self, verb, path, answer):
        self.routes[verb, path] = answer

    def find(self, request):
        for (verb, path), answer in reversed(self.routes.items()):
            if verb == request.verb and \
                    re.fullmatch("/api/v1" + path, request.path):
                return answer(request) if callable(answer) else answer
        return error(404, "not-found", "there is nothing here")

    def serve(self, *consoles):
        """A list of consoles, and each of them."""
        self.on("GET", "/consoles", Answer(
            {"items": list(consoles), "total": len(consoles), "hidden": 0}))
        for console in consoles:
            for name in (console["name"], console["id"]):
                quoted = re.escape(urllib.parse.quote(name, safe=""))
                self.on("GET", f"/consoles/{quoted}", Answer(console))

    def run(self, *args, **options):
        return run_vspc("-s", "unix:" + self.socket, *args, **options)

    def asked(self, verb, end):
        """Requests whose path ends so."""
        return [r for r in self.requests
                if r.verb == verb and r.path.endswith(end)]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()


def console(name, number=1, state="connected", **more):
    uuid = f"00000000-0000-0000-0000-{number:012d}"
    return {"id": f"{uuid}/s0", "uuid": uuid, "label": "s0", "name": name,
            "state": state, "port": 50000 + number, "clients": number,
            "host": "192.0.2.1", "output_bytes": 1536, "input_bytes": 3,
            "last_output": None} | more
