"""Which bytes of a client are typed, and which of ours it gets: options are
never typed, programs get the VM's bytes alone, ^C of a telnet arrives."""

import signal
import time

import pytest

from harness import words
from harness import wire
from harness.net import Fd, Peer, dial
from harness.streams import MIB, letters
from test_config import config  # noqa: F401 (a fixture)


def bare(vspcd, vm):
    """A client of which each byte is the test's; what comes is not read."""
    return vspcd.keep(Peer(dial(vspcd.console_address(vm.port))))


def send_apart(peer, pieces):
    """Each piece is read by itself: the pause makes it so, mostly."""
    for piece in pieces:
        peer.send_wire(piece)
        time.sleep(0.01)


def cuts(data):
    """Into two at each place, and into bytes."""
    yield [data]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]
    yield [data[at:at + 1] for at in range(len(data))]


# Typed ahead of the answers (telnetlib, ncat -t, PuTTY)

REFUSALS = [wire.dont(0), wire.dont(3), wire.dont(1), wire.wont(0),
            wire.wont(3)]
AGREED = [wire.do(0), wire.do(3), wire.do(1), wire.will(0), wire.will(3)]


def typed_by(vm, end=b"<end>"):
    """What the VM gets, ends of lines as one CR."""
    data = vm.read_until(end)[:-len(end)]
    return data.replace(b"\r\n", b"\r")


def come(vspcd, vm, pieces, end=b"<end>"):
    client = bare(vspcd, vm)
    send_apart(client, pieces)
    client.send_wire(end)
    typed = typed_by(vm, end)
    client.close()
    return typed


@pytest.mark.parametrize("answers", [REFUSALS, AGREED], ids=["no", "yes"])
@pytest.mark.parametrize("ahead", [b"\r\n", b"root\r", b"root\r\n", b"x"],
                         ids=repr)
def test_answers_after_what_was_typed_each_in_a_segment(vspcd, ahead,
                                                        answers):
    vm = vspcd.vm()
    typed = come(vspcd, vm, [ahead, *answers, b"admin"])
    assert typed == ahead.replace(b"\r\n", b"\r") + b"admin"


@pytest.mark.parametrize("answer", REFUSALS + AGREED, ids=bytes.hex)
def test_one_answer_is_enough(vspcd, answer):
    """It is telnet from there on: commands are commands, 255 is doubled."""
    vm = vspcd.vm()
    client = bare(vspcd, vm)
    send_apart(client, [b"x", answer])
    client.send_wire(b"\xff\xff" + wire.command(wire.NOP) + b"y" +
                     wire.command(wire.AYT) + b"<end>")
    assert typed_by(vm) == b"x\xffy"
    client.read_until(b"yes, VM connected")


@pytest.mark.parametrize("answers", [REFUSALS, AGREED], ids=["no", "yes"])
@pytest.mark.parametrize("first", range(5))
def test_answers_in_any_cut(vspcd, answers, first):
    """Whichever comes first, wherever it is cut."""
    vm = vspcd.vm()
    whole = b"".join(answers[first:] + answers[:first])
    for pieces in cuts(whole):
        typed = come(vspcd, vm, [b"\r", *pieces, b"admin"])
        assert typed == b"\radmin", pieces


def test_text_and_answers_in_any_cut(vspcd):
    vm = vspcd.vm()
    for pieces in cuts(b"ro\r\n" + wire.dont(0) + wire.wont(3) + b"ad"):
        assert come(vspcd, vm, pieces) == b"ro\rad", pieces


def test_what_is_no_answer_is_typed(vspcd):
    """Half of one, and options that we have not asked for: it stays raw."""
    vm = vspcd.vm()
    client = bare(vspcd, vm)
    text = b"x\xff\xfd" + b"\xff\xff" + wire.do(39) + wire.will(24) + b"<end>"
    client.send_wire(text)
    assert vm.read_until(b"<end>") == text


# CR NUL typed ahead

@pytest.mark.parametrize("tail", [b"", b"y", b"\r\0", b"\0"], ids=repr)
def test_cr_nul_before_it_is_known_to_be_telnet(vspcd, tail):
    vm = vspcd.vm()
    expected = (b"x\r\0" + tail).replace(b"\r\0", b"\r")
    whole = b"x\r\0" + tail + b"".join(REFUSALS)
    for pieces in cuts(whole):
        client = bare(vspcd, vm)
        send_apart(client, pieces)
        client.send_wire(b"<end>")
        assert vm.read_until(b"<end>")[:-5] == expected, pieces
        client.close()


def test_cr_nul_of_a_raw_client_arrives(vspcd):
    vm = vspcd.vm()
    client = vspcd.raw(vm)
    client.send(b"x\r\0")
    assert vm.read_until(b"\0") == b"x\r\0"
    client.send(b"y\r\0z")
    assert vm.read_until(b"z") == b"y\r\0z"


# Programs get the VM's bytes alone

@pytest.fixture(params=["rfc2217", "raw"])
def program(request):
    def attach(vspcd, vm, **buffers):
        if request.param == "rfc2217":
            return vspcd.telnet(vm, **buffers).com_port()
        client = vspcd.raw(vm, **buffers)
        client.send(b"<raw>")
        vm.read_until(b"<raw>")
        return client
    return attach


def test_a_program_is_not_told_that_its_vm_goes_and_comes(vspcd, program):
    vm = vspcd.vm("web")
    client = program(vspcd, vm)
    person = vspcd.telnet(vm)
    for count in range(3):
        vm.send(b"before%d" % count)
        assert client.read_until(b"before%d" % count) == b"before%d" % count
        vm.close()
        vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
        person.read_until(b"disconnected")
        vm = vspcd.vm("web", vm.uuid)
        vm.send(b"after")
        assert client.read_until(b"after") == b"after"
    person.read_until(b"after")


def test_a_program_that_opens_while_its_vm_is_away(vspcd, program):
    vm = vspcd.vm("web")
    early = program(vspcd, vm)
    early.close()
    vspcd.wait_event(words.CLIENT_DISCONNECTED, peer=early.address)
    client = program(vspcd, vm)
    vm.close()
    vspcd.wait_event(words.VM_DISCONNECTED, peer=vm.address)
    vm = vspcd.vm("web", vm.uuid)
    vm.send(b"first")
    assert client.read_until(b"first") == b"first"


def test_a_program_that_has_missed_output_is_not_told_so(start_vspcd,
                                                         program):
    vspcd = start_vspcd("--hold-time", 100, "--history-size", "4K")
    vm = vspcd.vm("web")
    client = program(vspcd, vm, receive_buffer=4096)
    vm.send(letters(16 * MIB, seed=1))
    vspcd.wait_event(words.CLIENT_LAGS,
                     console="web", peer=client.address)
    vm.send(b"<end>")
    assert b"[vspcd" not in client.read_until(b"<end>")


def test_a_program_is_not_told_of_a_shutdown(vspcd, program):
    vm = vspcd.vm("web")
    client = program(vspcd, vm)
    vm.send(b"last words")
    vm.sync()
    vspcd.stop()
    assert client.read_all() == b"last words"


def test_a_program_is_not_told_of_another_host(vspcd, program):
    vm = vspcd.vm("web")
    client = program(vspcd, vm)
    vspcd.vm("web", vm.uuid).send(b"from the new one")
    assert client.read_until(b"new one") == b"from the new one"


# IAC IP is ^C

def test_ip_is_a_key_in_its_place(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.send_wire(b"ab" + wire.command(wire.IP) + b"cd")
    assert vm.read_until(b"cd") == b"ab\x03cd"
    client.send_wire(wire.command(wire.IP, wire.IP))
    assert vm.read_exactly(2) == b"\x03\x03"
    # As a telnet in line mode says it: with a SYNCH behind.
    client.send_wire(wire.command(wire.IP, wire.DM) + b"\r\0<end>")
    assert vm.read_until(b"<end>").startswith(b"\x03\r")


def test_ip_in_any_cut(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm, binary=False)
    whole = b"a" + wire.command(wire.IP) + b"\xff\xff" + \
        wire.command(wire.IP) + b"b"
    for pieces in cuts(whole):
        send_apart(client, pieces)
        assert vm.read_until(b"b") == b"a\x03\xff\x03b", pieces


def test_ip_of_a_vm_is_no_data(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vm.send_wire(b"a" + wire.command(wire.IP) + b"b")
    assert client.read_until(b"b") == b"ab"


def test_ip_can_be_ignored(start_vspcd, config):  # noqa: F811
    vspcd = start_vspcd("--config", config("interrupt = off"))
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    client.send_wire(b"ab" + wire.command(wire.IP) + b"cd")
    assert vm.read_until(b"cd") == b"abcd"


# The end of a script's line

def test_enter(start_vspcd, need, start_process):
    """echo | nc, for a guest that wants CR."""
    nc = need("nc", "netcat-openbsd")
    vspcd = start_vspcd("--enter", "cr")
    vm = vspcd.vm("web")
    script = start_process([nc, "-N", "127.0.0.1", str(vm.port)])
    script.stdin.write(b"show version\nexit\r\n")
    script.stdin.close()
    assert vm.read_until(b"exit\r") == b"show version\rexit\r"
    vm.send(b"done")
    assert Fd(script.stdout.fileno()).read_until(b"done").endswith(b"done")
    vm.sync()
    assert not vm.data


def test_enter_never_changes_bytes_of_binary(start_vspcd):
    vspcd = start_vspcd("--enter", "cr")
    vm = vspcd.vm("web")
    client = vspcd.telnet(vm)
    client.send(b"a\nb\r\nc")
    assert vm.read_until(b"c") == b"a\nb\r\nc"


def test_enter_can_be_changed(start_vspcd, config):  # noqa: F811
    """SIGHUP: for clients that are there, too."""
    path = config("enter = as-is")
    vspcd = start_vspcd("--config", path)
    vm = vspcd.vm("web")
    client = vspcd.raw(vm)
    client.send(b"a\nb")
    assert vm.read_until(b"b") == b"a\nb"
    config("enter = cr")
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_event(words.RELOADED)
    client.send(b"a\nb")
    assert vm.read_until(b"b") == b"a\rb"
