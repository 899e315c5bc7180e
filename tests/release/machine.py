"""Machines: a root with its own systemd running, in namespaces of its own.

No virtual machine: processes, mounts, the network, the host's name and control
groups are the root's own, the kernel is this one's. It boots in a second. What
needs a kernel of its own, AppArmor for one, is for test_boot.py.
"""

import os
import pathlib
import subprocess
import time

from roots import run

CGROUPS = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
BOOT_TIMEOUT = 60.0  # seconds

# Run as PID 1 of the namespaces: makes the root a system, and becomes systemd.
# What systemd would change of this kernel (/proc/sys, /sys) it can only read.
INIT = r"""
set -e
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t tmpfs -o mode=755 tmpfs sys
mkdir -p sys/fs/cgroup sys/class/net
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
    : >dev/$name
    mount --bind /dev/$name dev/$name
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
ip link set lo up
hostname "$(cat etc/hostname)"
mkdir -p .former
pivot_root . .former
exec env -i container=vspcd-test LANG=C.UTF-8 \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot . sh -c 'umount -l /.former && rmdir /.former &&
        exec /lib/systemd/systemd --system --show-status=no'
"""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8", "HOME": "/root", "TERM": "xterm",
    "DEBIAN_FRONTEND": "noninteractive"}


def cgroup_root():
    """Where control groups, version 2, are; None: nowhere."""
    for folder in CGROUPS:
        if (pathlib.Path(folder) / "cgroup.procs").exists() and \
                os.access(folder, os.W_OK):
            return pathlib.Path(folder)
    return None


def missing():
    """Why there can be no machine here; None: there can."""
    if os.geteuid() != 0:
        return "needs root"
    if cgroup_root() is None:
        return "needs control groups of version 2 that it may write"
    return None


class Machine:
    """root: a roots.Root that has systemd-sysv. Ends with end()."""

    def __init__(self, root, name="debian"):
        self.root = root
        root.path("/etc/hostname").write_text(f"{name}\n")
        root.path("/etc/hosts").write_text(
            "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"
            f"127.0.1.1 {name}\n")
        self.cgroup = cgroup_root() / f"vspcd-test-{os.getpid()}-{id(self)}"
        self.cgroup.mkdir()
        self.log = open(f"{root.folder}.boot", "w", encoding="utf-8")
        self.unshare = subprocess.Popen(
            ["sh", "-c", 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"', "sh",
             self.cgroup, "setpriv", "--pdeathsig", "KILL",
             "unshare", "--mount", "--pid", "--fork", "--kill-child", "--net",
             "--ipc", "--uts", "--cgroup",
             "sh", "-c", INIT, "sh", root.folder],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.pid = self.wait_for(self.find_init)
            self.wait_for(self.has_booted)
        except BaseException:
            self.end()
            raise

    def wait_for(self, condition):
        end = time.monotonic() + BOOT_TIMEOUT
        while True:
            found = condition()
            if found:
                return found
            assert self.unshare.poll() is None and time.monotonic() < end, (
                pathlib.Path(self.log.name).read_text(encoding="utf-8"))
            time.sleep(0.05)

    def find_init(self):
        children = pathlib.Path(f"/proc/{self.unshare.pid}/task/"
                                f"{self.unshare.pid}/children").read_text()
        return int(children.split()[0]) if children.split() else None

    def has_booted(self):
        said = subprocess.run(
            self.command("systemctl", "is-system-running"), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=ENVIRONMENT, check=False).stdout.strip()
        return said in ("running", "degraded")

    def command(self, *words):
        """What runs a command inside, as root."""
        return ["nsenter", "--target", str(self.pid), "--all", "--root",
                "--wd", "--", *words]

    def run(self, script, **more):
        """A script of sh, as root; what it starts may stay."""
        return run(self.command("sh", "-c", script), env=ENVIRONMENT, **more)

    def end(self):
        self.unshare.kill()  # and with it PID 1, and so all of the machine
        self.unshare.wait()
        self.log.close()
        end = time.monotonic() + BOOT_TIMEOUT
        while "populated 1" in (self.cgroup / "cgroup.events").read_text():
            assert time.monotonic() < end, "processes of the machine stay"
            time.sleep(0.02)
        for folder in sorted(self.cgroup.rglob("*/"), reverse=True):
            if folder.is_dir():
                folder.rmdir()
        self.cgroup.rmdir()
