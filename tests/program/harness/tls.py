"""TLS for peers, from the first byte or from the middle on, with a say in how
its bytes are cut into segments and in how it ends."""

import contextlib
import datetime
import ssl
import subprocess
import threading
import time
import warnings

from harness import wire

# The bodies of AUTHENTICATION, as PROTOCOL.md has them.
SEND_SSL = bytes.fromhex("010700")
IS_START = bytes.fromhex("00070001")
IS_NULL = bytes.fromhex("000000")
REPLY_ACCEPT = bytes.fromhex("02070002")

# What vspcd says on the way to TLS once AUTHENTICATION was offered to it.
ASKS = wire.do(wire.AUTHENTICATION) + wire.sub(wire.AUTHENTICATION, SEND_SSL)
ACCEPTS = wire.sub(wire.AUTHENTICATION, REPLY_ACCEPT)
STARTS = wire.sub(wire.AUTHENTICATION, IS_START)
REFUSES = wire.sub(wire.AUTHENTICATION, IS_NULL)


class TlsSocket:
    """What a Peer needs of a socket, in TLS on top of the socket .raw.

    cut takes what goes to the network at once and returns the segments to
    send. .end is how the other end has ended it: "in order", "cut", or the
    alert."""

    def __init__(self, raw, context, host="localhost", cut=None,
                 server_side=False):
        self.raw = raw
        self.end = None
        self._cut = cut or (lambda data: [data])
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._in, self._out, server_side=server_side,
            server_hostname=None if server_side else host)
        self._busy = threading.Lock()     # OpenSSL's object
        self._sending = threading.Lock()  # records go out in their order
        self._has_more = True  # it may have read ahead
        self._unsent = b""     # of send()

    def shake_hands(self):
        while True:
            try:
                self._tls.do_handshake()
                self._flush()
                return self
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError:
                self._flush()  # the alert
                raise
            chunk = self.raw.recv(1 << 16)
            if not chunk:
                raise ConnectionResetError("closed during the handshake")
            self._in.write(chunk)

    def has_more(self):
        """Whether recv() may have something without the network's help."""
        return self._has_more

    def recv(self, _):
        """Some plaintext, b"" at the end; BlockingIOError: none yet."""
        ahead, self._has_more = self._has_more, False
        if not ahead and not self.end:
            self._fetch()
        data = self._decrypt()
        if self.end and data:
            self._has_more = True  # the end is for the next time
        elif not self.end and not data:
            raise BlockingIOError
        return data

    def _fetch(self):
        chunk = self.raw.recv(1 << 18)
        with self._busy:
            if chunk:
                self._in.write(chunk)
            else:
                self._in.write_eof()

    def _decrypt(self):
        data = b""
        with self._busy:
            while not self.end:
                try:
                    some = self._tls.read(1 << 16)
                except ssl.SSLWantReadError:
                    break
                except ssl.SSLZeroReturnError:
                    some = b""
                except ssl.SSLEOFError:
                    self.end = "cut"
                    break
                except ssl.SSLError as alert:
                    self.end = alert.reason
                    break
                if not some:
                    self.end = "in order"
                data += some
        return data

    def send(self, data):
        """For who does not wait: as much as goes into one record."""
        assert self.raw.gettimeout() == 0
        count = 0
        with self._sending:
            if not self._unsent:
                with self._busy:
                    count = self._tls.write(data[:1 << 14])
                self._unsent = self._out.read()
            self._unsent = self._unsent[self.raw.send(self._unsent):]
        return count

    def sendall(self, data):
        with self._sending:
            rest = memoryview(data)
            while rest:
                with self._busy:
                    for _ in range(4):  # each takes no more than a record
                        rest = rest[self._tls.write(rest):] if rest else rest
                self._send_out()

    def _flush(self):
        with self._sending:
            self._send_out()

    def _send_out(self):
        with self._busy:
            data = self._out.read()
        if not data:
            return
        pieces = self._cut(data)
        for number, piece in enumerate(pieces):
            self.raw.sendall(piece)
            # Lets vspcd read before the next piece; not so often that a busy
            # machine would come too late with a handshake.
            if len(pieces) > 1 and len(data) < 10000 and number < 100:
                time.sleep(0.0001)

    def say_end(self):
        """close_notify, and nothing more."""
        with self._busy:
            try:
                self._tls.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass
        self._flush()

    def shutdown(self, how):
        self.say_end()
        self.raw.shutdown(how)

    def close(self):
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            self.raw.settimeout(0)
            self.say_end()
        self.raw.close()

    # What it is made of, and what it came to.

    def version(self):
        return self._tls.version()

    def certificate(self):
        """DER."""
        return self._tls.getpeercert(True)

    def fileno(self):
        return self.raw.fileno()

    def __getattr__(self, name):
        return getattr(self.raw, name)


class Tls:
    """How a peer does TLS. by_auth: in the middle, by AUTHENTICATION; else
    from its first byte."""

    def __init__(self, *, by_auth=False, ca=None, pair=None, cut=None,
                 minimum=None, maximum=None, ciphers=None, host="localhost"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if ca:
            context.load_verify_locations(ca)
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = True
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TLS 1.0 is old
            context.minimum_version = minimum or context.minimum_version
            context.maximum_version = maximum or context.maximum_version
        if ciphers:
            context.set_ciphers(ciphers)
        self.by_auth = by_auth
        self.context = context
        self.host = host
        self.cut = cut

    def wrap(self, sock):
        return TlsSocket(sock, self.context, self.host, self.cut).shake_hands()

    def first(self, sock):
        """The connection as it is from the first byte on."""
        if self.by_auth:
            return sock
        try:
            return self.wrap(sock)
        except (OSError, ssl.SSLError):
            sock.close()
            raise

    def hello(self):
        """A ClientHello."""
        out = ssl.MemoryBIO()
        tls = self.context.wrap_bio(ssl.MemoryBIO(), out,
                                    server_hostname=self.host)
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        return out.read()


def anonymous_context():
    """A server that shows no certificate, to whoever agrees to that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aNULL:@SECLEVEL=0")
    return context


class TlsServer:
    """How a peer is the end of TLS that shows a certificate; with pair None
    it has none to show."""

    def __init__(self, pair, *, cut=None, maximum=None, ciphers=None):
        self.context = anonymous_context() if pair is None \
            else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if pair is not None:
            self.context.load_cert_chain(pair.certificate, pair.key)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TLS 1.0 is old
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            if maximum:
                self.context.maximum_version = maximum
        if ciphers:
            self.context.set_ciphers(ciphers)
        self.cut = cut

    def wrap(self, sock):
        return TlsSocket(sock, self.context, cut=self.cut,
                         server_side=True).shake_hands()


class Upgrades:
    """Mixed into a TelnetPeer: AUTHENTICATION, as far as it is used by .tls;
    without .tls, or where that begins with the first byte: IS NULL.

    .clear is all that came before TLS."""

    tls = None

    def __init__(self, *args, tls=None, **options):
        self.tls = tls
        self.clear = bytearray()
        self.is_secure = tls is not None and not tls.by_auth
        self._is_accepted = False
        super().__init__(*args, **options)

    def on_received(self, chunk):
        if not self.is_secure:
            self.clear += chunk
        super().on_received(chunk)

    def on_sub(self, option, body):
        super().on_sub(option, body)
        if option != wire.AUTHENTICATION:
            return
        if body == SEND_SSL and self.tls and self.tls.by_auth:
            self.say_auth(STARTS)
        elif body == SEND_SSL:
            self.say_auth(REFUSES)
            self.on_auth_end()
        elif body == REPLY_ACCEPT:
            self._is_accepted = True

    def say_auth(self, segment):
        self.send_wire(segment)

    def on_auth_end(self):
        """The way is free for what had to wait."""

    def pump(self):
        super().pump()
        if not self._is_accepted or self.is_secure:
            return
        # Nothing was said between these, and nothing after them.
        assert self.clear.endswith(ASKS + ACCEPTS), self.clear
        self.sock = self.tls.wrap(self.sock)
        self.is_secure = True
        self.on_auth_end()


class Pair:
    """A certificate and its key, as files."""

    def __init__(self, folder, name):
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
NEW_RSA_KEY = ("-newkey", "rsa:2048", "-nodes")
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def openssl(*words):
    """What it says."""
    return subprocess.run(["openssl", *map(str, words)], check=True,
                          timeout=30, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def serial_of(pair):
    return openssl("x509", "-in", pair.certificate, "-noout",
                   "-serial").partition("=")[2].strip()


class Authority:
    """Signs certificates; all of it is made when the tests need it."""

    def __init__(self, folder, name):
        self.pair = Pair(folder, name)
        openssl("req", "-x509", *NEW_KEY, "-subj", f"/CN={name}",
                "-keyout", self.pair.key, "-out", self.pair.certificate)

    def issue(self, name, days=30, extensions=NAMES, common_name=None,
              new_key=NEW_KEY):
        """days below 0: it has expired. common_name: if not name."""
        folder = self.pair.key.parent
        pair = Pair(folder, name)
        request, config = folder / f"{name}.csr", folder / f"{name}.cnf"
        config.write_text(extensions + "\n")
        openssl("req", *new_key, "-utf8", "-subj",
                f"/CN={common_name or name}", "-keyout", pair.key,
                "-out", request)
        openssl("x509", "-req", "-in", request, "-days", days,
                "-CA", self.pair.certificate, "-CAkey", self.pair.key,
                "-CAcreateserial", "-extfile", config,
                "-out", pair.certificate)
        return pair

    def crl(self, *revoked, age_days=0):
        """The text of a CRL that revokes these, and is good for a day."""
        folder = self.pair.key.parent
        stem = self.pair.certificate.stem
        index, config = folder / f"{stem}.index", folder / f"{stem}.crl.cnf"
        index.write_text("".join(
            f"R\t391231235959Z\t250101000000Z\t{serial_of(pair)}\tunknown\t"
            "/CN=somebody\n" for pair in revoked))
        config.write_text("[ca]\ndefault_ca = this\n[this]\n"
                          f"database = {index}\ndefault_md = sha256\n")
        begin = datetime.datetime.now(datetime.timezone.utc) - \
            datetime.timedelta(days=age_days, minutes=1)
        last, following = (moment.strftime("%Y%m%d%H%M%SZ") for moment in
                           (begin, begin + datetime.timedelta(days=1)))
        path = folder / f"{stem}.crl"
        openssl("ca", "-gencrl", "-config", config,
                "-cert", self.pair.certificate, "-keyfile", self.pair.key,
                "-crl_lastupdate", last, "-crl_nextupdate", following,
                "-out", path)
        return path.read_text()

    def delegate(self, name):
        """Another one, that this one answers for."""
        other = Authority.__new__(Authority)
        other.pair = self.issue(name, extensions="basicConstraints=CA:TRUE")
        return other


def cut_at_random(rng, most):
    """Segments of 1 to most bytes."""
    def cut(data):
        pieces, at = [], 0
        while at < len(data):
            size = rng.randint(1, most)
            pieces.append(data[at:at + size])
            at += size
        return pieces
    return cut


def byte_by_byte(data):
    return [data[at:at + 1] for at in range(len(data))]


def raw_of(sock):
    """The socket that is below TLS, if there is TLS."""
    return getattr(sock, "raw", sock)

