"""A container without an engine: an image's root file system, as an engine or a
kubelet starts it.

The root is read-only but for the volumes; the process has namespaces of its own,
no capability, no way to more, and is the first of its namespace. A network of
two machines, which is nobody else's, leads to it.

As a program, this is what such a container begins with: it mounts, gives up what
it may, and becomes the image's program.
"""

import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve()

INSIDE, OUTSIDE = "192.0.2.2", "192.0.2.1"

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38


class Network:
    """Two machines with a wire between them: `inside` is the container's."""

    def __init__(self):
        self.holders = []
        for _ in range(2):
            self.holders.append(subprocess.Popen(
                ["unshare", "--net", "sh", "-c", "echo; exec cat"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            self.holders[-1].stdout.readline()
        self.inside, self.outside = (
            ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
            for holder in self.holders)
        self.ip(self.outside, "link", "add", "eth0", "type", "veth", "peer",
                "name", "eth0", "netns", str(self.holders[0].pid))
        for machine, address in ((self.inside, INSIDE), (self.outside, OUTSIDE)):
            self.ip(machine, "link", "set", "lo", "up")
            self.ip(machine, "address", "add", f"{address}/24", "dev", "eth0")
            self.ip(machine, "link", "set", "eth0", "up")

    @staticmethod
    def ip(machine, *command):
        subprocess.run([*machine, "ip", *command], check=True, timeout=60)

    def close(self):
        for holder in self.holders:
            holder.kill()
            holder.wait()
            holder.stdin.close()
            holder.stdout.close()


def volumes_of_engine(folder, image):
    """{place: folder}: what a new volume of an engine has: the mode and the
    owner that the place has in the image."""
    volumes = {}
    for place in image["Volumes"]:
        source = pathlib.Path(f"{folder}/volumes{place}")
        there = os.stat(f"{folder}/rootfs{place}")
        source.mkdir(parents=True)
        os.chown(source, there.st_uid, there.st_gid)
        source.chmod(there.st_mode & 0o7777)
        volumes[place] = source
    return volumes


def volumes_of_kubelet(folder, places, group):
    """Of fsGroup: the folder is root's, and the group may write."""
    volumes = {}
    for place in places:
        source = pathlib.Path(f"{folder}/volumes{place}")
        source.mkdir(parents=True)
        os.chown(source, 0, group)
        source.chmod(0o2775)
        volumes[place] = source
    return volumes


class Container:
    """image: the `config` of the image; rootfs: what its layers make."""

    def __init__(self, network, rootfs, image, volumes, arguments=(),
                 read_only=None):
        self.network = network
        self.user = image["User"].split(":")
        self.environment = dict(word.split("=", 1) for word in image["Env"])
        self.plan = {
            "root": str(rootfs),
            "volumes": {place: str(source)
                        for place, source in volumes.items()},
            "read_only": {place: str(source) for place, source
                          in (read_only or {}).items()},
            "scratch": self.environment["RUNTIME_DIRECTORY"],
            "user": [int(word) for word in self.user],
            "environment": self.environment,
            "command": [*image["Entrypoint"], *arguments],
        }

    def command(self):
        return [*self.network.inside, "unshare", "--mount", "--pid", "--fork",
                "--kill-child", "--ipc", "--uts", sys.executable, str(HERE),
                json.dumps(self.plan)]

    @staticmethod
    def first_process(program):
        """The process ID, seen from here."""
        path = f"/proc/{program.pid}/task/{program.pid}/children"
        return int(pathlib.Path(path).read_text().split()[0])

    def run(self, program, *command, check=True):
        """As `podman exec` and `kubectl exec` do."""
        user, group = self.user
        result = subprocess.run(
            ["nsenter", f"--target={self.first_process(program)}", "--mount",
             "--uts", "--ipc", "--net", "--pid", "--root", f"--setuid={user}",
             f"--setgid={group}", *command], text=True, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment, check=False)
        assert not check or result.returncode == 0, result
        return result

    def end(self, program, timeout):
        """As an engine ends it; the exit status."""
        os.kill(self.first_process(program), signal.SIGTERM)
        return program.wait_exit(timeout)


# ---- the beginning of a container ---------------------------------------------

def mount(*words):
    subprocess.run(["mount", *words], check=True, timeout=60)


def mount_all(plan):
    root = plan["root"]
    mount("--bind", root, root)
    for place, source in plan["volumes"].items():
        mount("--bind", source, root + place)
    for place, source in plan["read_only"].items():
        mount("--bind", source, root + place)
        mount("-o", "remount,ro,bind", root + place)
    # As a volume of memory of a kubelet, and the tmpfs of engines, have it.
    mount("-t", "tmpfs", "-o", "mode=1777,size=64m", "tmpfs",
          root + plan["scratch"])
    mount("-t", "proc", "proc", root + "/proc")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", root + "/dev")
    for name in ("null", "urandom"):
        pathlib.Path(f"{root}/dev/{name}").touch()
        mount("--bind", f"/dev/{name}", f"{root}/dev/{name}")
    mount("-o", "remount,ro,bind", root)


def give_up_privileges(user, group):
    libc = ctypes.CDLL(None, use_errno=True)
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        assert libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0
    os.setgroups([group])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    # Another user forgets that it is to end with unshare.
    assert libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0


def begin(plan):
    mount_all(plan)
    socket.sethostname("vspc.example.org")
    os.chroot(plan["root"])
    os.chdir("/")
    # /proc was mounted there, too.
    give_up_privileges(*plan["user"])
    os.umask(0o022)
    os.execve(plan["command"][0], plan["command"], plan["environment"])


if __name__ == "__main__":
    begin(json.loads(sys.argv[1]))
