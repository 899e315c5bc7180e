"""Debian packages of this tree, built without the network in roots that have
what debian/control asks for, and installed from a repository in a folder."""

import fcntl
import hashlib
import re
import shutil
import subprocess

from roots import KEPT, Root, SOURCE, run, tar_of

NAMES = ("vspcd", "vspc", "vspc-vm")
RESULT = "/result"  # in a root that builds


def words_of(field):
    """The packages' names of a field of dependencies: of alternatives the
    first."""
    return [re.split(r"[\s:(|]", item.strip())[0]
            for item in field.split(",") if item.strip()]


def build_root(folder):
    control = (SOURCE / "debian/control").read_text(encoding="utf-8")
    field = re.search(r"^Build-Depends: (.*?)^\S", control, re.M | re.S)[1]
    return Root(folder, tar_of(
        "deb-build", ["build-essential", "git", *words_of(field)]))


def tracked():
    said = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return [name for name in said.split("\0")[:-1]
            if (SOURCE / name).is_file()]


def build(root, place, before="true", prefix=""):
    """`make deb`'s script on a clone of this tree, at this place of the root;
    before: what comes first; prefix: what runs the script."""
    inside = root.path(place)
    for name in tracked():
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / name, inside / name)
    root.run(f"""
        set -e
        cd {place}
        git init -q
        git add -A
        GIT_COMMITTER_DATE=2026-01-01T00:00:00Z \\
            git -c user.name=x -c user.email=x commit -qm x
        mkdir {RESULT}
        {before}
        {prefix} scripts/make-deb {RESULT}/deb
    """, timeout=3600)
    return root.path(f"{RESULT}/deb")


def state_of_tree():
    """Of all that packages are made of: the source package has the tests."""
    found = hashlib.sha256()
    for name in tracked():
        data = (SOURCE / name).read_bytes()
        found.update(f"{name}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def built():
    """The folder of the packages of this tree; they are kept."""
    KEPT.mkdir(parents=True, exist_ok=True)
    folder, of = KEPT / "deb", KEPT / "deb.tree"
    with open(KEPT / "deb.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = state_of_tree()
        if folder.exists() and of.exists() and of.read_text() == state:
            return folder
        of.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        root = build_root(KEPT / "deb-root")
        try:
            shutil.copytree(build(root, "/src"), folder)
        finally:
            root.remove()
        of.write_text(state)
    return folder


def field_of(deb, name):
    return run(["dpkg-deb", "-f", deb, name]).stdout.strip()


def deb_of(folder, name):
    [deb] = folder.glob(f"{name}_*.deb")
    return deb


def run_dependencies(folder):
    """What the packages need of Debian, and nothing that they recommend."""
    return sorted({word for name in NAMES for word in words_of(
        field_of(deb_of(folder, name), "Depends"))})


class Repository:
    """Packages that the root's apt can install, and no others."""

    PLACE = "/repository"

    def __init__(self, root):
        self.folder = root.path(self.PLACE)
        self.folder.mkdir()
        self.folder.chmod(0o755)
        root.path("/etc/apt/sources.list").write_text(
            f"deb [trusted=yes] file:{self.PLACE} ./\n")

    def add(self, folder):
        for name in NAMES:
            shutil.copy(deb_of(folder, name), self.folder)
        with open(self.folder / "Packages", "w", encoding="utf-8") as file:
            subprocess.run(["dpkg-scanpackages", "--multiversion", "."],
                           cwd=self.folder, check=True, stdout=file,
                           stderr=subprocess.DEVNULL)


APT = ("apt-get -qq update && apt-get -qq -y --no-install-recommends "
       "-o Dpkg::Use-Pty=0 ")
