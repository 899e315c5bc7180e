"""The RPM packages: what is in them, that two builds are the same, and that they
fit Enterprise Linux 9 as far as this machine can tell."""

import json
import os
import re
import shutil

import pytest

from roots import BUILD, KEPT, SOURCE, run

PACKAGES = ("vspcd", "vspc", "vspc-vm")

# Enterprise Linux 9 has glibc 2.34.
GLIBC_MAX = (2, 34)

# What `make install` puts elsewhere, or what only packages have.
MOVED = {
    "/usr/share/vspcd/vspcd.conf": "/etc/vspcd/vspcd.conf",
    "/usr/share/doc/vspcd/vspcd.pam": "/etc/pam.d/vspcd",
}
OWN = {"/etc/vspcd", "/var/lib/vspcd", "/var/log/vspcd", "/var/log/consoles"}

# What programs have of this system, where packages are installed without what
# they need.
LIBRARIES = ("/bin", "/lib", "/lib64", "/usr/lib/x86_64-linux-gnu")


def make(folder):
    """Of the tree as it is, at a time that is the same for two builds."""
    run([SOURCE / "scripts/make-rpm", folder], timeout=1800)
    return folder


@pytest.fixture(scope="module", name="built")
def _built():
    if not shutil.which("rpmbuild"):
        pytest.skip("needs rpmbuild")
    return make(KEPT / "rpm")


def package(built, name):
    found, = built.glob(f"{name}-[0-9]*.{os.uname().machine}.rpm")
    return found


def ask(path, *question):
    return run(["rpm", "-qp", *question, path]).stdout


def files(path):
    """Paths in a package, but for what rpm itself has put there."""
    return {line for line in ask(path, "--list").splitlines()
            if not line.startswith(("/usr/lib/.build-id",
                                    "/usr/share/licenses/"))}


def test_two_builds_have_the_same_bytes(built, tmp_path):
    """But for the source's, whose header has the folder's name."""
    again = make(tmp_path / "again")
    for name in PACKAGES:
        assert (package(built, name).read_bytes() ==
                package(again, name).read_bytes()), name
    assert len(list(built.glob("*.rpm"))) == len(PACKAGES) + 1


def test_rpmlint_has_nothing_to_say(built):
    result = run(["rpmlint", "--rpmlintrc", SOURCE / "dist/rpm/vspcd.rpmlintrc",
                  SOURCE / "dist/rpm/vspcd.spec", *sorted(built.glob("*.rpm"))],
                 check=False)
    assert re.search(r"\b0 errors, 0 warnings", result.stdout), result.stdout
    assert result.returncode == 0


def test_packages_have_what_make_install_installs(built):
    installed = {
        re.sub("^/usr/local/", "/usr/", path)
        for path in json.loads(run(["meson", "introspect", "--installed",
                                    BUILD]).stdout).values()}
    wanted = {MOVED.get(path, path) for path in installed}
    wanted.remove("/usr/share/doc/vspcd/LICENSE")  # it is with the licences
    packed = [files(package(built, name)) for name in PACKAGES]
    assert sum(map(len, packed)) == len(set.union(*packed)), "one file, twice"
    folders = {line.split()[-1]
               for name in PACKAGES
               for line in ask(package(built, name), "-lv").splitlines()
               if line.startswith("d")}
    assert OWN < folders
    assert {re.sub(r"(/man/.*)\.gz$", r"\1", path)
            for path in set.union(*packed) - folders} == wanted


@pytest.mark.parametrize("name, programs", [
    ("vspcd", ["/usr/sbin/vspcd", "/usr/sbin/vspcd-pam",
               "/usr/sbin/vSPCServer"]),
    ("vspc", ["/usr/bin/vspc"]),
    ("vspc-vm", ["/usr/bin/vspc-vm"]),
])
def test_each_program_is_in_its_package(built, name, programs):
    assert {path for path in files(package(built, name))
            if re.match(r"/usr/s?bin/", path)} == set(programs)


def test_settings_are_the_administrators(built):
    config = ask(package(built, "vspcd"), "--queryformat",
                 r"[%{FILENAMES} %{FILEFLAGS:fflags} %{FILEMODES:perms} "
                 r"%{FILEUSERNAME}:%{FILEGROUPNAME}\n]")
    # c: an administrator's; n: an update does not replace it.
    assert "/etc/vspcd/vspcd.conf cn -rw-r----- root:vspcd\n" in config
    assert "/etc/pam.d/vspcd cn -rw-r--r-- root:root\n" in config
    assert "/var/lib/vspcd  drwx------ vspcd:vspcd\n" in config
    assert "/var/log/consoles  drwxr-x--- vspcd:vspcd\n" in config


def test_scriptlets_are_for_sh_and_name_the_units(built):
    scripts = {
        kind: ask(package(built, "vspcd"), "--queryformat", f"%{{{kind}}}")
        for kind in ("PREIN", "POSTIN", "PREUN", "POSTUN")}
    for text in scripts.values():
        run(["sh", "-n", "-c", text])
        assert "%{" not in text and "%systemd" not in text
    assert "useradd -r" in scripts["PREIN"]
    assert re.search(r"preset .*vspcd\.service", scripts["POSTIN"])
    assert re.search(r"disable --now .*vspcd\.service", scripts["PREUN"])
    assert re.search(r"try-restart vspcd\.service", scripts["POSTUN"])
    for name in ("vspc", "vspc-vm"):
        assert ask(package(built, name), "--scripts") == ""


def test_programs_need_no_newer_glibc_than_enterprise_linux_has(built):
    needed = {
        tuple(map(int, version.split(".")))
        for name in PACKAGES
        for version in re.findall(r"\(GLIBC_([\d.]+)\)",
                                  ask(package(built, name), "--requires"))}
    assert (2, 17) in needed  # there are versions at all
    assert max(needed) <= GLIBC_MAX


def test_installed_programs_start(built, tmp_path):
    """Into an empty root; what they need of libraries is this system's, which
    has built them."""
    root = tmp_path / "root"
    root.mkdir()
    packages = [package(built, name) for name in PACKAGES]
    run(["rpm", "--root", root, "--initdb"])
    run(["rpm", "--root", root, "--install", "--nodeps", "--noscripts",
         *packages])
    assert set(run(["rpm", "--root", root, "--query", "--all"]).stdout.split()
               ) == {path.name.removesuffix(".rpm") for path in packages}
    binds = "".join(
        f"mkdir -p $0{folder} && mount --bind {folder} $0{folder}\n"
        for folder in LIBRARIES if os.path.isdir(folder))
    script = ("set -e\n" + binds + 'exec chroot "$0" /bin/sh -ec "$1"')
    result = run(["unshare", "--mount", "/bin/sh", "-c", script, root,
                  "/usr/sbin/vspcd --version; /usr/bin/vspc --version;"
                  "/usr/bin/vspc-vm --version;"
                  "/usr/sbin/vspcd --check-config && echo settings are right"])
    version = re.search(r"^Version: +(\S+)", (
        SOURCE / "dist/rpm/vspcd.spec").read_text(), re.M)[1]
    assert result.stdout.count(version) == 3, result.stdout
    assert "settings are right" in result.stdout
    # Removal leaves the settings that were changed, and nothing of ours else.
    with open(root / "etc/vspcd/vspcd.conf", "a", encoding="utf-8") as file:
        file.write("# changed\n")
    run(["rpm", "--root", root, "--erase", "--nodeps", "--noscripts",
         *PACKAGES])
    left = {str(path.relative_to(root)) for path in root.rglob("*vsp*")}
    assert left == {"etc/vspcd", "etc/vspcd/vspcd.conf.rpmsave"}


def test_version_is_mesons():
    options = run(["meson", "introspect", "--projectinfo",
                   SOURCE / "meson.build"]).stdout
    spec = (SOURCE / "dist/rpm/vspcd.spec").read_text()
    version = re.search(r"^Version: +(\S+)", spec, re.M)[1]
    assert f'"version": "{version}"' in options
    assert re.search(rf"^\* .* - {re.escape(version)}-1$", spec, re.M)
