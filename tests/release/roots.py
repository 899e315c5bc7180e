"""Roots: a whole Debian in a folder, and programs run in it.

A root is made once by mmdebstrap, as a tar file, and unpacked for each test
that changes it. Programs in it run in namespaces of their own for mounts,
processes and the network (loopback alone), and end with the call.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VSPCD_BUILD", SOURCE / "build")).resolve()
KEPT = BUILD / "release"  # what tests may use again

SUITE = "bookworm"


def run(command, timeout=600, check=True, **more):
    """The output of both kinds is the result's stdout."""
    result = subprocess.run(
        [str(word) for word in command], text=True, errors="replace",
        stdin=more.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=timeout, check=False, **more)
    if check and result.returncode != 0:
        print(result.stdout, file=sys.stderr)
        raise AssertionError(
            f"{' '.join(map(str, command))}: exit code {result.returncode}")
    return result


def tar_of(name, packages=(), variant="minbase", more=()):
    """A tar file of a Debian with these packages; made by the first who wants
    it, and kept. more: arguments of mmdebstrap."""
    KEPT.mkdir(parents=True, exist_ok=True)
    tar = KEPT / f"{name}.tar"
    wanted = " ".join([SUITE, variant, *sorted(packages), *more])
    said = KEPT / f"{name}.packages"
    with open(KEPT / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if tar.exists() and said.exists() and said.read_text() == wanted:
            return tar
        said.unlink(missing_ok=True)
        run(["mmdebstrap", f"--variant={variant}",
             *([f"--include={','.join(packages)}"] if packages else []),
             *more, SUITE, tar], timeout=1800)
        said.write_text(wanted)
    return tar


class Root:
    """A Debian in the folder, which is removed at the end."""

    def __init__(self, folder, tar):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        run(["tar", "-C", self.folder, "-xf", tar])

    def path(self, inside):
        return self.folder / inside.lstrip("/")

    def put(self, source, inside):
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        if pathlib.Path(source).is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy(source, target)

    def run(self, script, timeout=600, check=True, user=None):
        """A script of sh, as root or as the user. All that it starts ends
        with it."""
        # chroot's own words come behind those that bring the loopback up, which
        # a small root has no program for.
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child",
                   "--net", "--ipc", "--uts",
                   f"--mount-proc={self.path('/proc')}",
                   "/bin/sh", "-c", 'ip link set lo up; exec chroot "$@"', "sh",
                   *([f"--userspec={user}"] if user else []),
                   str(self.folder), "/bin/sh", "-c", script]
        return run(command, timeout=timeout, check=check,
                   env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                        "/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                        "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"})

    def remove(self):
        run(["rm", "-rf", "--one-file-system", self.folder])
