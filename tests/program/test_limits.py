"""Who may connect, how often, and how many: networks, rates, connections that
do not say who they are, clients in total, and the open files."""

import contextlib
import itertools
import pathlib
import resource
import select
import signal
import socket
import threading

import pytest

from harness import words
from harness.clients import RawClient, TelnetClient
from harness.net import Peer, dial, eventually, many
from harness.programs import fields_of, is_sanitized, message_of
from harness.streams import assert_both_ways
from harness.tls import Tls
from harness.vm import Vm
from test_config import config, run  # noqa: F401 (config is a fixture)
from test_config_reload import hup

OTHER = "127.0.0.2"
REFUSED = words.CONNECTION_REFUSED
NOT_ALLOWED = b"[vspcd: connections from your address are not allowed here]\r\n"
TOO_MANY = b"[vspcd: too many clients are connected; try again later]\r\n"
TOO_MANY_HERE = (b"[vspcd: too many clients of your address are connected; "
                 b"try again later]\r\n")


def silent(address, source=None):
    return Peer(dial(address, source=source))


def said_to(address, source=None):
    """All that somebody who says nothing is told before the end. A reset may
    come before connect() has returned."""
    try:
        peer = silent(address, source)
    except ConnectionResetError:
        return b""
    try:
        return peer.read_all()
    finally:
        peer.close()


@contextlib.contextmanager
def knocking(address, source, count):
    """So many that connect, whether they are let in or not."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            with contextlib.suppress(ConnectionResetError):
                stack.callback(silent(address, source).close)
        yield


def limits(vspcd):
    """The line of SIGUSR1 that has them."""
    before = len(vspcd.lines)
    vspcd.process.send_signal(signal.SIGUSR1)
    return eventually(
        lambda: next((fields_of(line) for line in vspcd.lines[before:]
                      if message_of(line) == words.LIMITS), None), "the limits")


@pytest.fixture
def many_files():
    """For a test that opens more than the usual thousand."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= before[1] < 10000:
        pytest.skip("open files (ulimit -Hn) are fewer than 10,000")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def count_of(vspcd, name):
    """How many there are: "USED/LIMIT"."""
    return int(limits(vspcd)[name].split("/")[0])


# Networks


def test_only_allowed_addresses_are_vms(start_vspcd):
    vspcd = start_vspcd("--vm-allow", "127.0.0.1", "--vm-allow", "192.0.2.0/24")
    for _ in range(20):
        assert said_to(vspcd.proxy, OTHER) == b""
    has = vspcd.wait_event(REFUSED, side="vm")
    assert has["peer"].startswith(f"{OTHER}:")
    assert "--vm-allow" in has["reason"]
    assert limits(vspcd)["refused-vm-address"] == "20"
    assert len(vspcd.events(REFUSED)) <= 5
    vm = vspcd.vm()
    # Who may be a client is another matter.
    assert_both_ways(vm, vspcd.telnet(vm, source=OTHER))


def test_only_allowed_addresses_are_clients(start_vspcd):
    vspcd = start_vspcd("--client-allow", "127.0.0.1")
    vm = vspcd.vm(source=OTHER)
    address = vspcd.console_address(vm.port)
    assert said_to(address, OTHER) == NOT_ALLOWED
    has = vspcd.wait_event(REFUSED, side="client")
    assert has["peer"].startswith(f"{OTHER}:")
    assert "--client-allow" in has["reason"]
    assert limits(vspcd)["refused-client-address"] == "1"
    assert_both_ways(vm, vspcd.telnet(vm))


def test_nothing_is_said_where_tls_is_required(start_vspcd):
    vspcd = start_vspcd("--client-allow", OTHER, "--client-tls", "required")
    vm = vspcd.vm()
    assert said_to(vspcd.console_address(vm.port)) == b""
    assert_both_ways(vm, vspcd.telnet(vm, tls=Tls(), source=OTHER))


def test_ipv4_at_a_port_of_both_families(start_vspcd):
    vspcd = start_vspcd("--proxy-listen", "[::]:0", "--vm-allow", OTHER,
                        "--vm-allow", "::/0")
    port = int(vspcd.wait_log(words.VM_PORT_OPENED + r" proxy=\S+:(\d+)")[1])
    assert said_to(("127.0.0.1", port)) == b""
    for address, source in ((("127.0.0.1", port), OTHER),
                            (("::1", port), None)):
        vm = vspcd.keep(Vm(address, source=source)).identify()
        vspcd.wait_event(words.VM_CONNECTED, peer=vm.address)


@pytest.mark.parametrize("scheme, line",
                         [("telnet", NOT_ALLOWED), ("tcp", b"")])
def test_listeners_that_vms_ask_for(start_vspcd, scheme, line):
    vspcd = start_vspcd("--service-listen", "*:*", "--client-allow", OTHER)
    address = ("127.0.0.1", vspcd.ports.base + 80)
    vm = vspcd.vm(uri=f"{scheme}://{address[0]}:{address[1]}")
    vspcd.wait_event(words.SERVICE_LISTENER_OPENED, console=vm.console)
    assert said_to(address) == line
    client = vspcd.keep(RawClient(address, source=OTHER))
    client.send(b"typed")
    vm.read_until(b"typed")


def test_networks_change_under_way(start_vspcd, config):
    vspcd = start_vspcd("--config", config(""))
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    config('vm-allow = "127.0.0.1"\nclient-allow = {"127.0.0.1", "::1"}\n')
    hup(vspcd)
    vspcd.wait_event(words.RELOAD_ALLOWED)
    assert said_to(vspcd.proxy, OTHER) == b""
    assert said_to(vspcd.console_address(vm.port), OTHER) == NOT_ALLOWED
    assert_both_ways(vm, client)
    config('vm-allow = "127.0.0.1/8"\n')
    hup(vspcd, words.RELOAD_REFUSED)
    vspcd.wait_log(r"vspcd.conf:1: vm-allow: .* expected the network, "
                   r"127.0.0.0/8")
    assert said_to(vspcd.proxy, OTHER) == b""
    config("vm-allow = {}\nclient-allow = {}\n")
    hup(vspcd)
    again = vspcd.vm("again", source=OTHER)
    assert_both_ways(again, vspcd.telnet(again, source=OTHER))


@pytest.mark.parametrize("value, message", [
    ("10.0.0.1/8", "expected the network, 10.0.0.0/8, or the address without"),
    ("10.0.0.0/33", "expected a length from 0 to 32 behind the slash"),
    ("esx1.example.org", "names are not looked up"),
    ("", "'' is no network"),
])
def test_wrong_networks(config, value, message):
    result = run("--client-allow", value)
    assert result.returncode == 2
    assert "--client-allow: " in result.stderr and message in result.stderr
    path = config(f'debug = true\nvm-allow = {{"::1",\n"{value}"}}\n')
    result = run("--config", path, "--check-config")
    assert result.returncode == 1
    assert f"{path}:3: vm-allow: " in result.stderr
    assert message in result.stderr


def test_networks_are_shown_as_they_are_read(config):
    path = config('vm-allow = {"10.0.0.0/8", "2001:DB8:0::/32", "::1"}\n')
    shown = run("--config", path, "--show-config").stdout
    assert ('vm-allow = {"10.0.0.0/8", "2001:db8::/32", "::1"}' in shown)


# Rates


def test_a_client_address_that_comes_too_often(start_vspcd):
    vspcd = start_vspcd("--client-rate", "1", "--client-burst", "3")
    vm = vspcd.vm()
    address = vspcd.console_address(vm.port)
    with knocking(address, OTHER, 60):
        has = vspcd.wait_event(REFUSED, side="client")
        assert "--client-rate" in has["reason"]
        vspcd.wait_idle()
        # The burst, and some more on a machine that takes seconds for this.
        refused = int(limits(vspcd)["refused-client-rate"])
        assert 30 <= refused <= 57
        eventually(lambda: count_of(vspcd, "all-clients") == 60 - refused,
                   "the others to be served")
        # Nobody else notices.
        assert_both_ways(vm, vspcd.telnet(vm))


def test_a_vm_address_that_comes_too_often(start_vspcd):
    vspcd = start_vspcd("--vm-rate", "1", "--vm-burst", "3")
    with knocking(vspcd.proxy, OTHER, 60):
        assert "--vm-rate" in vspcd.wait_event(REFUSED, side="vm")["reason"]
        vspcd.wait_idle()
        assert 30 <= int(limits(vspcd)["refused-vm-rate"]) <= 57
        vspcd.check_works()


def test_thousands_of_vms_of_one_host_are_welcome(start_vspcd, many_files):
    """Nobody of a host that has just started is refused by the defaults."""
    vspcd = start_vspcd("--no-vm-ports")
    with many(lambda: silent(vspcd.proxy), 2000):
        eventually(lambda: count_of(vspcd, "unidentified") == 2000,
                   "all to be there")
    assert not vspcd.events(REFUSED)


# Peers that take nothing


def send_on(vspcd, sock, data, most):
    """As much of data, again and again, as vspcd takes. Ends when it takes no
    more, and has nothing else to do."""
    sock.setblocking(False)
    sent = 0
    is_idle = False
    while sent < most:
        if select.select([], [sock], [], 0.5)[1]:
            sent += sock.send(data)
            is_idle = False
        elif is_idle:
            break
        else:
            vspcd.wait_idle()
            is_idle = True
    return sent


def unsent(address):
    """Bytes that the kernel keeps of what vspcd has said to this peer."""
    host, port = address
    peer = socket.inet_aton(host)[::-1].hex().upper() + f":{port:04X}"
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines():
        if line.split()[2] == peer:
            return int(line.split()[4].split(":")[0], 16)
    return 0


def test_a_newcomer_that_takes_no_answers_is_closed(start_vspcd):
    vspcd = start_vspcd("--identity-timeout", "86400")
    peer = vspcd.keep(Peer(dial(vspcd.proxy, receive_buffer=4096)))
    with pytest.raises(ConnectionError):
        send_on(vspcd, peer.sock, b"\xff\xfb\xc8" * 10000, 1 << 26)
    closed = vspcd.wait_event(words.CONNECTION_CLOSED, peer=peer.address)
    assert closed["reason"] == "the host does not read vspcd's answers"
    vspcd.check_works()


def test_a_vm_that_takes_no_input_costs_little(start_vspcd):
    vspcd = start_vspcd()
    vm = vspcd.vm("deaf", receive_buffer=4096)
    client = vspcd.raw(vm)
    sent = send_on(vspcd, client.sock, bytes(1 << 16), 1 << 25)
    assert sent < 1 << 25  # it holds its client
    # No more than this was kept at any time: nothing was taken off it.
    kept = eventually(lambda: unsent(vm.sock.getsockname()), "kept input")
    assert kept < 1 << 18
    client.sock.setblocking(True)
    vspcd.check_works()


# Connections that do not say who they are


def test_a_flood_that_says_nothing(start_vspcd):
    vspcd = start_vspcd("--unidentified-limit", "60",
                        "--unidentified-per-address", "30")
    before = vspcd.vm("before", source=OTHER)
    stop = threading.Event()
    opened = []

    def flood():
        while not stop.is_set():
            with contextlib.suppress(ConnectionResetError):
                opened.append(silent(vspcd.proxy, OTHER))
            if len(opened) > 500:
                opened.pop(0).close()

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        # There is always one more of them than may be.
        eventually(lambda: int(limits(vspcd)["closed-unidentified"]) > 100,
                   "the flood to be full")
        for n in range(30):
            vm = vspcd.vm(f"vm-{n}")
            assert_both_ways(vm, vspcd.telnet(vm))
        assert count_of(vspcd, "unidentified") <= 31
    finally:
        stop.set()
        thread.join()
        for peer in opened:
            peer.close()
    has = vspcd.wait_event(words.UNIDENTIFIED_CLOSED, side="vm")
    assert has["peer"].startswith(OTHER)
    assert "--unidentified-per-address" in has["reason"]
    assert len(vspcd.events(words.UNIDENTIFIED_CLOSED)) <= 5
    # Who has said who it is does not count.
    assert_both_ways(before, vspcd.telnet(before))
    vspcd.stop()
    left_out = vspcd.events(words.LINES_LEFT_OUT, peer=OTHER)
    assert {words.UNIDENTIFIED_CLOSED} <= {has["log-message"] for has in left_out}


def test_the_oldest_of_all_goes(start_vspcd):
    vspcd = start_vspcd("--unidentified-limit", "8",
                        "--unidentified-per-address", "4")
    oldest = silent(vspcd.proxy, "127.0.0.10")
    with many(lambda: silent(vspcd.proxy, "127.0.0.11"), 4) as first, \
            many(lambda: silent(vspcd.proxy, "127.0.0.12"), 4):
        oldest.wait_closed()
        oldest.close()
        with many(lambda: silent(vspcd.proxy, "127.0.0.13"), 2):
            for peer in first[:2]:
                peer.wait_closed()
            has = limits(vspcd)
            assert has["unidentified"] == "8/8"
            assert has["closed-unidentified"] == "3"
            assert not first[2].is_closed_by_peer


def test_vms_that_have_gone_count_no_more(start_vspcd):
    vspcd = start_vspcd("--unidentified-limit", "4")
    for _ in range(20):
        vm = vspcd.vm()
        vm.close()
        silent(vspcd.proxy).close()
    eventually(lambda: count_of(vspcd, "unidentified") == 0, "all to be gone")
    vm = vspcd.vm("moves")
    for _ in range(8):
        vm = vspcd.move(vm)
    assert count_of(vspcd, "unidentified") == 0


def test_output_before_the_name_is_bounded_in_all(start_vspcd, many_files):
    """Each may send 64 KiB; a thousand of them are the limit of all."""
    vspcd = start_vspcd("--no-vm-ports")
    chunk = b"\xff\xfb\x00" + b"x" * 65000
    with many(lambda: silent(vspcd.proxy), 1100) as crowd:
        for peer in crowd:
            peer.send(chunk)
        vspcd.wait_log("sent more data than is kept for all of them")
        assert is_sanitized() or vspcd.rss() < 160 << 20
    after = vspcd.new_vm("after").identify()
    vspcd.wait_event(words.VM_CONNECTED, peer=after.address)


# Clients in total


def test_clients_in_total(start_vspcd):
    vspcd = start_vspcd("--client-total", "3", "--clients-per-address", "0")
    vms = [vspcd.vm(f"vm-{n}") for n in range(4)]
    clients = [vspcd.telnet(vm) for vm in vms[:3]]
    address = vspcd.console_address(vms[3].port)
    assert said_to(address).endswith(TOO_MANY)
    has = vspcd.wait_event(REFUSED, side="client")
    assert "--client-total" in has["reason"]
    now = limits(vspcd)
    assert now["all-clients"] == "3/3"
    assert now["refused-client-total"] == "1"
    clients.pop().close()
    eventually(lambda: count_of(vspcd, "all-clients") == 2, "one to be gone")
    assert_both_ways(vms[3], vspcd.telnet(vms[3]))


def test_one_address_does_not_take_all_places(start_vspcd):
    """Half of them, by default."""
    vspcd = start_vspcd("--client-total", "4")
    vm = vspcd.vm()
    for _ in range(2):
        vspcd.raw(vm)
    assert said_to(vspcd.console_address(vm.port)).endswith(TOO_MANY_HERE)
    has = vspcd.wait_event(REFUSED, side="client")
    assert "--clients-per-address" in has["reason"]
    assert limits(vspcd)["refused-client-of-address"] == "1"
    assert_both_ways(vm, vspcd.telnet(vm, source=OTHER))


def test_some_places_are_kept_for_certificates(start_vspcd, certificates):
    vspcd = start_vspcd("--client-total", "3", "--client-reserve", "2",
                        "--clients-per-address", "1", "--client-tls", "telnets",
                        "--client-certs", "optional",
                        "--client-ca", certificates.ca)
    vm = vspcd.vm()
    vspcd.telnet(vm, tls=Tls())
    refused = vspcd.keep(TelnetClient(vspcd.console_address(vm.port),
                                      source=OTHER, tls=Tls()))
    refused.wait_closed()
    assert refused.data.endswith(TOO_MANY)
    has = vspcd.wait_event(REFUSED, side="client")
    assert "--client-reserve" in has["reason"]
    # Of one address, too: it is not counted by that.
    for _ in range(2):
        assert_both_ways(
            vm, vspcd.telnet(vm, tls=Tls(pair=certificates.client)))


def test_no_place_is_kept_where_nobody_is_asked_for_a_certificate(start_vspcd):
    vspcd = start_vspcd("--client-total", "1", "--client-reserve", "1")
    vm = vspcd.vm()
    assert_both_ways(vm, vspcd.telnet(vm))


# Connections that are no clients yet


def hellos(vspcd, vm, count):
    """The beginning of a TLS hello each, and nothing more."""
    def begin():
        peer = silent(vspcd.console_address(vm.port), OTHER)
        peer.send(b"\x16\x03\x01")
        return peer
    return many(begin, count)


def test_a_connection_that_is_not_served_takes_no_place(start_vspcd):
    vspcd = start_vspcd("--client-tls", "required", "--client-limit", "1",
                        "--client-total", "1")
    vm = vspcd.vm()
    with hellos(vspcd, vm, 3):
        client = vspcd.telnet(vm, tls=Tls())
        assert_both_ways(vm, client)
    client.close()


def test_connections_that_are_not_served_are_few(start_vspcd):
    """The oldest is closed for a newer one, of its own address first."""
    vspcd = start_vspcd("--client-tls", "required", "--client-total", "8")
    vm = vspcd.vm()
    with hellos(vspcd, vm, 5) as crowd:
        crowd[0].wait_closed()
        has = vspcd.wait_event(words.UNIDENTIFIED_CLOSED, side="client")
        assert has["peer"] == crowd[0].address
        assert limits(vspcd)["unserved"] == "4/8"
        assert_both_ways(vm, vspcd.telnet(vm, tls=Tls()))
    eventually(lambda: count_of(vspcd, "unserved") == 0, "all to be gone")


def test_health_checks_are_no_clients(start_vspcd):
    """They connect, and close or reset; with a greeting and without one."""
    vspcd = start_vspcd("--client-tls", "telnets")
    vm = vspcd.vm()
    for reset in False, True:
        for _ in range(5):
            peer = silent(vspcd.console_address(vm.port))
            if reset:
                peer.break_off()
            else:
                peer.close()
    eventually(lambda: count_of(vspcd, "unserved") == 0, "all to be gone")
    assert not vspcd.events(words.CLIENT_CONNECTED)
    assert not vspcd.events(words.CLIENT_DISCONNECTED)
    assert_both_ways(vm, vspcd.telnet(vm))


def test_one_that_says_nothing_and_stays_is_a_reader(start_vspcd):
    """nc -N </dev/null"""
    vspcd = start_vspcd()
    vm = vspcd.vm()
    client = vspcd.keep(RawClient(vspcd.console_address(vm.port))).greet()
    client.half_close()
    vspcd.wait_event(words.CLIENT_CONNECTED, peer=client.address)
    vm.send(b"output")
    client.read_until(b"output")
    client.wait_closed()


def test_other_refusals_are_counted(start_vspcd):
    vspcd = start_vspcd("--client-limit", "1", "--console-limit", "1")
    vm = vspcd.vm()
    vspcd.telnet(vm)
    vspcd.keep(TelnetClient(vspcd.console_address(vm.port))).wait_closed()
    vspcd.new_vm("one too many").wait_closed()
    now = limits(vspcd)
    assert now["refused-client-of-console"] == "1"
    assert now["refused-console"] == "1"
    assert now["consoles"] == "1/1"


# Open files


def no_more_than(count):
    return ("prlimit", f"--nofile={count}:{count}")


def crowd(address, count):
    """From several addresses: each has a bound of its own."""
    sources = itertools.cycle(("127.0.0.4", "127.0.0.5", "127.0.0.6"))
    return many(lambda: RawClient(address, source=next(sources)), count)


def test_clients_leave_open_files_to_vms(start_vspcd, need):
    need("prlimit", "util-linux")
    vspcd = start_vspcd(wrapper=no_more_than(100))
    vm = vspcd.vm()
    address = vspcd.console_address(vm.port)
    with crowd(address, 48):
        eventually(lambda: limits(vspcd)["all-clients"] == "47/47",
                   "nearly half of the files")
        with crowd(address, 70):
            eventually(lambda: count_of(vspcd, "unserved") == 0,
                       "the others to be refused")
        assert count_of(vspcd, "all-clients") == 47
        for n in range(10):
            vspcd.vm(f"more-{n}", source=OTHER)
    assert not vspcd.events(words.FILES_EXHAUSTED)


def test_vms_get_in_when_no_file_is_left(start_vspcd, need):
    """Clients take all they may, and somebody who says nothing the rest."""
    need("prlimit", "util-linux")
    vspcd = start_vspcd("--unidentified-per-address", "1000",
                        wrapper=no_more_than(100))
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    with crowd(vspcd.console_address(vm.port), 60), \
            many(lambda: silent(vspcd.proxy, OTHER), 24), \
            many(lambda: silent(vspcd.proxy, "127.0.0.3"), 24):
        vspcd.wait_event(words.FILES_EXHAUSTED)
        assert_both_ways(vm, client)
        for n in range(5):
            has_come = vspcd.new_vm(f"new-{n}").identify()
            vspcd.wait_event(words.VM_CONNECTED, peer=has_come.address)
        assert_both_ways(vm, client)
        assert len(vspcd.events(words.FILES_EXHAUSTED)) == 1
        assert int(limits(vspcd)["out-of-files"]) > 0
    eventually(lambda: count_of(vspcd, "unidentified") == 0, "all to be gone")
    vspcd.check_works()


WARNING = words.FILES_TOO_FEW


@pytest.mark.parametrize("files, options, is_warned", [
    (4096, ("--console-limit", "10000"), True),
    (4096, ("--console-limit", "1980"), False),
    (4096, ("--console-limit", "3000", "--no-vm-ports"), False),
    (4096, ("--client-total", "3000"), True),
    (4096, ("--client-total", "1900"), False),
    (4096, (), False),
    (4096, ("--console-limit", "1900"), False),
    (4096, ("--console-limit", "1900", "--logdir", "logs"), True),
    (4096, ("--console-limit", "1770", "--logdir", "logs"), False),
])
def test_a_warning_at_the_start(start_vspcd, need, tmp_path, files, options,
                                is_warned):
    need("prlimit", "util-linux")
    options = [tmp_path / one if one == "logs" else one for one in options]
    # No console comes; the range is one that does not limit their number.
    vspcd = start_vspcd("--port-range-end", 65535, *options,
                        wrapper=no_more_than(files))
    assert limits(vspcd)["open-files"] == str(files)
    assert bool(vspcd.events(WARNING)) == is_warned
    if is_warned:
        has = vspcd.wait_event(WARNING)
        assert int(has["needed"]) > files
        assert "LimitNOFILE=" in has["reason"]
