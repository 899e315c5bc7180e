"""Connections to vspcd that are cut, again and again."""

import os
import random
import selectors
import socket
import threading


class CuttingProxy:
    """Listens on a Unix socket at .path, and passes bytes on to vspcd's; or,
    where the target is a host and a port, on .port. Of the next .left
    connections (`cuts`) each is cut when so many bytes have passed, or a
    little more or less: in the middle of a frame, in both directions, unread
    bytes and all. .cut() cuts what there is now; while .is_shut, nothing is
    let in."""

    def __init__(self, folder, target, cuts=0, every=20000, seed=1):
        self._family = (socket.AF_UNIX if isinstance(target, str)
                        else socket.AF_INET)
        self.target = target
        self.left = cuts
        self.is_shut = False
        self._every = every
        self._rng = random.Random(seed)
        self._listener = socket.socket(self._family)
        if self._family == socket.AF_UNIX:
            self.path = os.path.join(folder, "cutting.sock")
            self._listener.bind(self.path)
        else:
            self._listener.bind(("127.0.0.1", 0))
            self.port = self._listener.getsockname()[1]
        self._listener.listen()
        self._pairs = []
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_shut:
                near.close()
                continue
            far = socket.socket(self._family)
            try:
                far.connect(self.target)
            except OSError:
                near.close()
                continue
            if self._family == socket.AF_INET:
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.append((near, far))
            threading.Thread(target=self._pass_on, args=(near, far),
                             daemon=True).start()

    def _limit(self):
        if self.left == 0:
            return None
        return self._rng.randint(self._every // 4, 2 * self._every)

    def _pass_on(self, near, far):
        limit = self._limit()
        passed = 0
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(near, selectors.EVENT_READ, far)
                selector.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in selector.select():
                        some = key.fileobj.recv(
                            65536 if limit is None else
                            min(65536, limit - passed))
                        if not some:
                            return
                        key.data.sendall(some)
                        passed += len(some)
                        if passed == limit:
                            self.left -= 1
                            return
        except (OSError, ValueError):
            pass
        finally:
            self._end(near, far)

    def _end(self, *ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def cut(self):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            self._end(*pair)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
