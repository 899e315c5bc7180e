"""The programs under test, as processes with a log that can be waited for."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

from harness import words
from harness.clients import RawClient, TelnetClient
from harness.net import TIMEOUT, PortBlock, eventually
from harness.vm import Destination, Vm

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BUILD = SOURCE / os.environ.get("VSPCD_BUILD", "build")

# Of the project, which says it in one place.
VERSION = re.search(r"^  version: '(.*)'",
                    (SOURCE / "meson.build").read_text(), re.M)[1]

NO_PORT = "all ports of the range are in use"

# A line of the log: what is between its level and its first field.
MESSAGE = re.compile(r"\S+Z (?:error|warning|info|debug) "
                     r"(.*?)(?: [a-z0-9-]+=.*)?")
FIELD = re.compile(r'([\w-]+)=("(?:[^"\\]|\\.)*"|\S*)')


def is_sanitized(program="vspcd"):
    """True for a build with a sanitizer: memory tells nothing there, and
    valgrind cannot run it."""
    content = (BUILD / program).read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


def message_of(line):
    """The message of a log line, which harness.words has; None: no such
    line."""
    found = MESSAGE.fullmatch(line)
    return found and found[1]


def fields_of(line):
    """The key=value pairs of a log line, quotes undone."""
    found = {}
    for key, value in FIELD.findall(line):
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found[key] = value
    return found


def is_there(pid):
    """Not dead, and no zombie either."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


# Nothing that a test starts writes to /var/lib or to anybody's home.
_scratch = tempfile.TemporaryDirectory(prefix="vspcd-state-")


def clean_environment(extra=None):
    env = {key: value for key, value in os.environ.items()
           if key not in ("SUPPORT_MULTI_CONSOLE", "VM_CLIENT_LIMIT")}
    # Nor does a configuration file of this machine count.
    return env | {"STATE_DIRECTORY": _scratch.name,
                  "RUNTIME_DIRECTORY": _scratch.name,
                  "VSPCD_CONFIG": "/dev/null"} | (extra or {})


class Program:
    """A process whose log lines are collected by a thread."""

    def __init__(self, argv, *, env=None, log="stderr", stdin=None):
        self.argv = [str(arg) for arg in argv]
        self.process = subprocess.Popen(
            self.argv, env=clean_environment(env), stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.process.pid
        self.good_exits = (0,)
        self.lines = []
        self.raw_log = b""
        self._changed = threading.Condition()
        self._reader = threading.Thread(
            target=self._read, args=(getattr(self.process, log),), daemon=True)
        self._reader.start()

    def _read(self, stream):
        for raw in stream:
            with self._changed:
                self.raw_log += raw
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def log(self):
        return "\n".join(self.lines)

    def wait_line(self, matches, what, timeout=TIMEOUT, at=0):
        """Waits for a line for which matches(line) is true; its result. at:
        the first line that counts."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                while at < len(self.lines):
                    found = matches(self.lines[at])
                    at += 1
                    if found:
                        return found
                left = deadline - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    raise AssertionError(
                        f"no log line {what} of {self.argv[0]}"
                        f" (exit {self.process.poll()}); its log:\n{self.log}")
                self._changed.wait(min(left, 0.5))

    def wait_log(self, regex):
        return self.wait_line(re.compile(regex).search, repr(regex))

    def wait_exit(self, timeout=TIMEOUT):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv[0]} still runs after "
                                 f"{timeout:.0f} s; its log:\n{self.log}")
        self._reader.join(TIMEOUT)
        return status

    def stop(self, sig=signal.SIGTERM, timeout=TIMEOUT):
        """Ends it as a service manager does; it must end in order."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.wait_exit(timeout)
        assert "Sanitizer" not in self.log, self.log
        assert "runtime error:" not in self.log, self.log
        assert status in self.good_exits, \
            f"exit {status}; its log:\n{self.log}"

    def kill(self):
        """For the end of a test, whatever happened in it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(TIMEOUT)
        for stream in (self.process.stdin, self.process.stdout,
                       self.process.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    @contextlib.contextmanager
    def asleep(self):
        """What is done meanwhile it finds all at once when it wakes."""
        stat = pathlib.Path(f"/proc/{self.pid}/stat")
        self.process.send_signal(signal.SIGSTOP)
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0]
                   in "TZ", "the program to sleep")
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    # What it costs.

    def rss(self):
        """Resident memory in bytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def wants_to_run(self):
        """Whether one of its threads runs, waits for a processor, or for a
        disk."""
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            try:
                stat = (task / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if stat.rpartition(")")[2].split()[0] in "RD":
                return True
        return False

    def wait_idle(self):
        """Waits for 0.3 s in which it takes (nearly) no processor time: one
        that spins never has them, and one that nobody gives a processor to is
        late, not idle."""
        def rests():
            before = self.cpu_seconds()
            for _ in range(6):
                time.sleep(0.05)
                if self.wants_to_run():
                    return False
            return self.cpu_seconds() - before <= 0.02
        eventually(rests, "vspcd to be idle")


class Vspcd(Program):
    """vspcd on free ports of 127.0.0.1, with its VMs and clients.

    wrapper: a command to run it under; program: what it is called as;
    consoles: how many it has ports for. What is made with .vm(), .telnet()
    and .raw() is closed together with it."""

    def __init__(self, *args, env=None, wrapper=(), iface="127.0.0.1",
                 proxy_port=None, ports=None, consoles=50, log="stderr",
                 program=BUILD / "vspcd"):
        self.ports = ports or PortBlock(consoles)
        # As many as the test has VMs: it never leaves its block of ports.
        self.may_lack_ports = False
        if proxy_port is None:
            proxy_port = self.ports.take()
        self.iface = iface
        self.peers = []
        # State and certificate are a vspcd's own, unless the test says where.
        self._state = tempfile.TemporaryDirectory(prefix="vspcd-state-")
        env = {"STATE_DIRECTORY": self._state.name,
               "RUNTIME_DIRECTORY": self._state.name} | (env or {})
        self.socket = os.path.join(env["RUNTIME_DIRECTORY"], "vspcd.sock")
        # vSPCServer's own port is there once on a machine.
        if not {"--admin-port", "-a"} & set(args):
            args = ("--admin-port", 0, *args)
        super().__init__(
            [*wrapper, program, "--proxy-port", proxy_port,
             "--proxy-iface", iface, "--interface", iface,
             "--port-range-start", self.ports.base,
             "--port-range-end", self.ports.last, *args],
            env=env, log=log)

    def wait_ready(self):
        ready = self.wait_log(words.READY + r" .*\bproxy=(\S+):(\d+)")
        self.proxy = (self.iface, int(ready.group(2)))
        return self

    def stop(self, *args, **options):
        super().stop(*args, **options)
        assert self.may_lack_ports or NO_PORT not in self.log, \
            "more consoles than ports: start_vspcd(consoles=...)"

    def wait_event(self, message, *, at=0, **fields):
        """Waits for the log line with this message and these fields, from
        .lines[at] on: the kernel may give a peer the port of an older one."""
        def matches(line):
            has = fields_of(line)
            return (message_of(line) == message and all(
                has.get(key) == str(value) for key, value in fields.items())
                and has)
        return self.wait_line(matches, f"{message!r} with {fields}", at=at)

    def events(self, message, **fields):
        """All log lines so far with this message and these fields."""
        return [has for has in map(fields_of, (
            line for line in list(self.lines) if message_of(line) == message))
            if all(has.get(k) == str(v) for k, v in fields.items())]

    def port_of(self, console):
        return int(self.wait_event(words.VM_CONNECTED, console=console)["port"])

    def console_address(self, port):
        return (self.iface, port)

    def keep(self, peer):
        self.peers.append(peer)
        return peer

    def new_vm(self, *args, **options):
        """A VM that has connected and nothing more."""
        return self.keep(Vm(self.proxy, *args, **options))

    def vm(self, *args, **options):
        """A VM whose console is served: .port is its TCP port."""
        at = len(self.lines)
        vm = self.new_vm(*args, **options).identify()
        has = self.wait_event(words.VM_CONNECTED, peer=vm.address, at=at)
        vm.port = int(has["port"])
        vm.console = has["console"]
        return vm

    def telnet(self, vm_or_port, **options):
        """A telnet client that is attached and has negotiated."""
        return self._attach(TelnetClient, vm_or_port, options)

    def raw(self, vm_or_port, **options):
        return self._attach(RawClient, vm_or_port, options)

    def raws(self, vm, count):
        """Raw clients that come together: each is served as such when it has
        been silent for half a second."""
        at = len(self.lines)
        address = self.console_address(vm.port)
        clients = [self.keep(RawClient(address).greet()) for _ in range(count)]
        for client in clients:
            self.wait_event(words.CLIENT_CONNECTED, peer=client.address, at=at)
        return clients

    def _attach(self, kind, vm_or_port, options):
        at = len(self.lines)
        port = getattr(vm_or_port, "port", vm_or_port)
        client = self.keep(kind(self.console_address(port), **options)).greet()
        self.wait_event(words.CLIENT_CONNECTED, peer=client.address, at=at)
        return client

    def destination(self, source, **options):
        """The host that source moves to: connects, and nothing more."""
        return self.keep(Destination(self.proxy, source, **options))

    def move(self, source, **options):
        """A whole vMotion; returns the destination, which is the VM now."""
        source.begin()
        destination = self.destination(source, **options).join()
        destination.complete()
        source.wait_closed()
        self.wait_event(words.VM_MOVED, to=destination.address)
        return destination

    def report(self):
        """The first line that kill -USR1 logs, when all of them are here, and
        with them whatever was logged before."""
        before = len(self.lines)
        self.process.send_signal(signal.SIGUSR1)

        def first():
            lines = self.lines[before:]
            has = next((fields_of(line) for line in lines
                        if message_of(line) == words.TOTALS), None)
            listed = [message_of(line) for line in lines].count(
                words.CONSOLE_LISTED)
            return has and listed >= int(has["count"]) and has

        return eventually(first, "what SIGUSR1 logs")

    def wait_clients(self, console, count):
        """Waits until the console has so many clients."""
        def has_them():
            self.report()
            listed = self.events(words.CONSOLE_LISTED, console=console)
            return listed and listed[-1]["clients"] == str(count)
        eventually(has_them, f"{count} clients of {console}")

    def wait_service(self, console, state):
        """Waits until the listing says so of the console's service URI."""
        def has_it():
            self.report()
            return self.events(words.CONSOLE_LISTED, console=console,
                               **{"service-state": state})
        eventually(has_it, f"state {state}")

    def check_works(self):
        """A new VM and a new client, a few bytes each way."""
        vm = self.vm(f"check-{len(self.peers)}")
        client = self.telnet(vm)
        vm.send(b"all \xff well")
        client.read_until(b"all \xff well")
        client.send(b"so \xff here")
        vm.read_until(b"so \xff here")
        client.close()
        vm.close()
        self.wait_event(words.VM_DISCONNECTED, peer=vm.address)

    def kill(self):
        for peer in self.peers:
            peer.close()
        super().kill()
        self.ports.close()
        self._state.cleanup()
