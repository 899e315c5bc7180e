"""A Linux guest whose console goes through the whole chain: QEMU, its serial
port as a socket, vspc-vm, vspcd."""

import shutil
import subprocess

import pytest

from harness.programs import BUILD, SOURCE, Program, Vspcd

QEMU = shutil.which("qemu-system-x86_64")
KERNEL = SOURCE / "build/guest/vmlinuz"
INITRD = SOURCE / "build/guest/initrd"

is_needed = pytest.mark.skipif(
    not (QEMU and KERNEL.exists() and INITRD.exists()),
    reason="there is no guest: make guest builds it")

PATIENCE = 60  # seconds; a boot takes three of a processor that is ours alone
LOGIN = b"guest login: "
PROMPT = b"# "


class Guest:
    """The chain; the machine in it can be turned off and on.

    chardev: where QEMU has the serial port; connect: the same for vspc-vm;
    {port} in them is a free one."""

    def __init__(self, chardev, connect, kernel_options=""):
        self.machine = None
        self.vspcd = Vspcd()
        self.started = [self.vspcd]
        port = self.vspcd.ports.base + 80
        self.chardev = chardev.format(port=port)
        self.connect = connect.format(port=port)
        self.kernel_options = kernel_options

    def start(self):
        """Returns when it asks for a login."""
        self.vspcd.wait_ready()
        self.started.append(Program(
            [BUILD / "vspc-vm", "--proxy",
             "127.0.0.1:%d" % self.vspcd.proxy[1], "--name", "guest",
             "--connect", self.connect],
            stdin=subprocess.DEVNULL))
        self.port = self.vspcd.port_of("guest")
        client = self.vspcd.telnet(self.port)
        self.power_on()
        wait_boot(client)
        client.close()

    def power_on(self):
        """It waits for vspc-vm before it says anything."""
        self.machine = Program(
            [QEMU, "-accel", "tcg", "-m", 128, "-no-user-config",
             "-nodefaults", "-display", "none", "-kernel", KERNEL,
             "-initrd", INITRD, "-append",
             f"console=ttyS0,115200 {self.kernel_options}",
             "-chardev", f"socket,id=com1,{self.chardev},server=on,wait=on",
             "-serial", "chardev:com1"],
            stdin=subprocess.DEVNULL)
        self.started.append(self.machine)

    def power_off(self):
        self.machine.stop()

    def end(self):
        try:
            self.vspcd.stop()
        finally:
            for program in reversed(self.started):
                program.kill()
                print(f"--- log of {program.argv[0]}\n{program.log}")


def wait_boot(client):
    client.read_until(b"Linux version", PATIENCE)
    client.read_until(LOGIN, PATIENCE)
