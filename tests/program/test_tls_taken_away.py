"""SIGHUP takes TLS away, with connections at each step on their way into it.
They may get there or be refused; everybody else is served, and a SIGHUP that
gives TLS back does so."""

import contextlib
import signal
import ssl

import pytest

from harness import wire
from harness.net import Peer, dial
from harness.streams import assert_both_ways
from harness.tls import ACCEPTS, ASKS, STARTS, Tls
from test_config import config  # noqa: F401 (a fixture)
from test_config_reload import hup

WITH = "tls = offered\nclient-tls = offered\n"
WITHOUT = "tls = off\nclient-tls = off\n"
WILL = wire.will(wire.AUTHENTICATION)
WHO = ["vm", "client"]


class Site:
    def __init__(self, vspcd, config):
        self.vspcd = vspcd
        self.config = config
        self.vm = vspcd.vm("web")
        self.client = vspcd.telnet(self.vm)

    def connect(self, who):
        address = (self.vspcd.proxy if who == "vm"
                   else self.vspcd.console_address(self.vm.port))
        return self.vspcd.keep(Peer(dial(address)))

    def lose(self):
        self.config(WITHOUT)
        hup(self.vspcd)

    def check(self):
        """Who is there is served, and TLS comes back."""
        assert_both_ways(self.vm, self.client)
        self.vspcd.check_works()
        self.config(WITH)
        hup(self.vspcd)
        again = self.vspcd.vm("again", tls=Tls())
        assert_both_ways(again, self.vspcd.telnet(again, tls=Tls()))
        self.vspcd.stop()


@pytest.fixture
def site(start_vspcd, config):  # noqa: F811
    return Site(start_vspcd("--config", config(WITH)), config)


def try_tls(peer):
    with contextlib.suppress(OSError, ssl.SSLError):
        peer.sock = Tls().wrap(peer.sock)
        peer.read_for(0.1)


@pytest.mark.parametrize("who", WHO)
def test_before_its_first_byte(site, who):
    peer = site.connect(who)
    site.lose()
    try_tls(peer)
    site.check()


@pytest.mark.parametrize("who", WHO)
def test_in_the_same_turn_as_the_hello(site, who):
    hello = Tls().hello()
    for at in (1, 5, len(hello)):
        peer = site.connect(who)
        other = site.connect(who)
        peer.send_wire(hello[:at])
        with site.vspcd.asleep():
            site.config(WITHOUT)
            site.vspcd.process.send_signal(signal.SIGHUP)
            other.send_wire(hello)
            peer.send_wire(hello[at:])
        hup(site.vspcd)
        site.config(WITH)
        hup(site.vspcd)
    site.check()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("step", ["asked", "accepted"])
def test_in_authentication(site, who, step):
    peer = site.connect(who)
    peer.send_wire(WILL)
    peer.read_until(ASKS)
    if step == "accepted":
        peer.send_wire(STARTS)
        peer.read_until(ACCEPTS)
    site.lose()
    if step == "asked":
        with contextlib.suppress(OSError):
            peer.send_wire(STARTS)
            peer.read_for(0.1)
    try_tls(peer)
    site.check()


@pytest.mark.parametrize("scheme", ["ssl", "telnets", "telnet", "tcp"])
def test_a_listener_of_a_service_uri(start_vspcd, config, scheme):  # noqa: F811
    path = config(WITH)
    vspcd = start_vspcd("--config", path)
    port = vspcd.ports.base + 50
    rules = f'service-listen = {{"127.0.0.1:{port}"}}\n'
    config(WITH + rules)
    hup(vspcd)
    site = Site(vspcd, config)
    vspcd.vm("listens", uri=f"{scheme}://127.0.0.1:{port}")
    early = vspcd.keep(Peer(dial(("127.0.0.1", port))))
    site.lose()
    try_tls(early)
    with contextlib.suppress(OSError):
        late = vspcd.keep(Peer(dial(("127.0.0.1", port))))
        try_tls(late)
    site.check()
