"""A whole Debian in QEMU, with a kernel, systemd and AppArmor of its own.

Its second serial port has a shell: a script goes in, its exit code and what it
printed come out. There is no network, and no KVM is needed, so all is slow: a
boot takes a minute or two of a processor.
"""

import base64
import contextlib
import shutil
import socket
import subprocess

from roots import run

QEMU = shutil.which("qemu-system-x86_64")
MEMORY_MIB = 768
DISK = "3G"  # a sparse file
PATIENCE = 900  # seconds, for a boot and for a script

# What a Debian needs to be a computer.
PACKAGES = ("systemd", "systemd-sysv", "dbus", "udev", "kmod",
            "linux-image-cloud-amd64", "apparmor", "procps")

# Both sides talk in lines: a script in base64; its exit code and its output.
AGENT = """#!/bin/sh
stty raw -echo <&3
echo ready >&3
while read -r script <&3; do
    echo "$script" | base64 -d >/run/script
    sed "s/^/$(cut -d " " -f 1 /proc/uptime)> /" /run/script >/dev/ttyS0
    setsid --wait sh /run/script </dev/null >/run/output 2>&1
    code=$?
    cat /run/output >/dev/ttyS0
    echo "$code $(base64 -w 0 /run/output)" >&3
done
"""

AGENT_UNIT = """[Unit]
Description=What a test has to say
[Service]
Type=idle
ExecStart=/bin/sh -c 'exec 3<>/dev/ttyS1; . /usr/local/sbin/agent'
[Install]
WantedBy=multi-user.target
"""


def make_disk(root, folder):
    """The disk of a computer from a root: its kernel and initrd beside it."""
    root.path("/usr/local/sbin/agent").write_text(AGENT, encoding="utf-8")
    root.path("/etc/systemd/system/agent.service").write_text(
        AGENT_UNIT, encoding="utf-8")
    wants = root.path("/etc/systemd/system/multi-user.target.wants")
    wants.mkdir(exist_ok=True)
    (wants / "agent.service").symlink_to("/etc/systemd/system/agent.service")
    root.path("/etc/hostname").write_text("computer\n", encoding="utf-8")
    root.path("/etc/hosts").write_text("127.0.0.1 localhost computer\n",
                                       encoding="utf-8")
    for name in ("vmlinuz", "initrd.img"):
        kernel, = root.path("/boot").glob(f"{name}-*")
        shutil.copy(kernel, folder / name)
    disk = folder / "disk.img"
    with open(disk, "wb"):
        pass
    run(["truncate", "-s", DISK, disk])
    run(["mkfs.ext4", "-q", "-d", root.folder, disk])
    return disk


class Computer:
    """Runs from start to stop; the disk lives longer."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.agent = None
        self.lines = None

    @property
    def console(self):
        """What the kernel and systemd have said."""
        path = self.folder / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self):
        listener = socket.socket(socket.AF_UNIX)
        path = self.folder / "agent.sock"
        path.unlink(missing_ok=True)
        with contextlib.closing(listener):
            listener.bind(str(path))
            listener.listen(1)
            listener.settimeout(PATIENCE)
            self.process = subprocess.Popen(  # pylint: disable=R1732
                [QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
                 "-m", str(MEMORY_MIB), "-no-user-config", "-nodefaults",
                 "-display", "none", "-no-reboot",
                 "-kernel", str(self.folder / "vmlinuz"),
                 "-initrd", str(self.folder / "initrd.img"), "-append",
                 "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet",
                 "-drive", f"file={self.folder}/disk.img,format=raw,if=virtio,"
                 "cache=unsafe",
                 "-serial", f"file:{self.folder}/console.log",
                 "-serial", f"unix:{path}"],
                stdin=subprocess.DEVNULL)
            self.agent, _ = listener.accept()
        self.agent.settimeout(PATIENCE)
        self.lines = self.agent.makefile("r", encoding="ascii", newline="\n")
        said = self.lines.readline()
        assert said.strip() == "ready", (said, self.console[-3000:])

    def run(self, script, check=True):
        """Of root; both kinds of output are the result's stdout."""
        self.agent.sendall(base64.b64encode(script.encode()) + b"\n")
        code, _, output = self.lines.readline().strip().partition(" ")
        result = subprocess.CompletedProcess(
            script, int(code), base64.b64decode(output).decode(
                "utf-8", "replace"))
        if check and result.returncode != 0:
            raise AssertionError(f"{script}: exit code {code}\n{result.stdout}")
        return result

    def output(self, script):
        return self.run(script).stdout.strip()

    def wait(self, script, seconds=120):
        """Until the script succeeds. What it printed."""
        return self.output(
            f"end=$(($(date +%s) + {seconds}))\n"
            f"until {{ {script}\n}} >/run/said 2>&1; do\n"
            f"    [ $(date +%s) -lt $end ] || {{ cat /run/said; exit 1; }}\n"
            "    sleep 0.2\ndone\ncat /run/said")

    def stop(self):
        """In order; the computer turns itself off."""
        self.agent.sendall(base64.b64encode(b"systemctl poweroff") + b"\n")
        self.process.wait(timeout=PATIENCE)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=60)
        for part in (self.lines, self.agent):
            if part is not None:
                part.close()
