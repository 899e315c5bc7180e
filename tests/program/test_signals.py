"""Signals that do not end it."""

import signal

from harness import words


def test_usr1_lists_the_consoles(vspcd):
    vm = vspcd.vm("web-01")
    gone = vspcd.vm("web-02")
    client = vspcd.telnet(vm)
    client.send(b"typed")
    vm.read_until(b"typed")
    gone.close()
    vspcd.wait_event(words.VM_DISCONNECTED, console="web-02")
    vspcd.process.send_signal(signal.SIGUSR1)
    here = vspcd.wait_event(words.CONSOLE_LISTED, console="web-01")
    away = vspcd.wait_event(words.CONSOLE_LISTED, console="web-02")
    assert (here["port"], here["vm"]) == (str(vm.port), vm.address)
    assert (here["clients"], here["input"]) == ("1", "5")
    assert (away["vm"], away["clients"]) == ("none", "0")
    vspcd.check_works()


def test_hup_harms_nobody(vspcd):
    vm = vspcd.vm()
    client = vspcd.telnet(vm)
    vspcd.process.send_signal(signal.SIGHUP)
    vspcd.wait_log("SIGHUP")
    client.send(b"typed")
    vm.read_until(b"typed")
