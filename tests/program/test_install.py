"""`make install`: what it puts where, the systemd unit, and the samples."""

import fcntl
import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

from harness.programs import BUILD, SOURCE, VERSION, clean_environment

PREFIX = "usr/local"

PROGRAMS = {f"{PREFIX}/sbin/vspcd", f"{PREFIX}/sbin/vspcd-pam",
            f"{PREFIX}/bin/vspc", f"{PREFIX}/bin/vspc-vm"}
LINK = f"{PREFIX}/sbin/vSPCServer"
# A script to be copied, and changed.
SAMPLE = f"{PREFIX}/share/vspcd/inventory/govc-inventory"
UNITS = f"{PREFIX}/lib/systemd/system"
UNIT = f"{UNITS}/vspcd.service"
PAM_UNIT = f"{UNITS}/vspcd-pam@.service"
PAM_SOCKET = f"{UNITS}/vspcd-pam.socket"
DOCS = f"{PREFIX}/share/doc/vspcd"

# Everything, but for the texts of docs/.
FILES = PROGRAMS | {
    LINK, UNIT, PAM_UNIT, PAM_SOCKET,
    f"{PREFIX}/lib/sysusers.d/vspcd.conf",
    f"{PREFIX}/lib/tmpfiles.d/vspcd.conf",
    f"{PREFIX}/share/vspcd/vspcd.conf",
    f"{PREFIX}/share/bash-completion/completions/vspc",
    f"{PREFIX}/share/zsh/site-functions/_vspc",
    f"{PREFIX}/share/fish/vendor_completions.d/vspc.fish",
    f"{PREFIX}/share/man/man1/vspc.1",
    f"{PREFIX}/share/man/man1/vspc-vm.1",
    f"{PREFIX}/share/man/man5/vspcd.conf.5",
    f"{PREFIX}/share/man/man8/vspcd.8",
    f"{PREFIX}/share/man/man8/vspcd-pam.8",
    f"{PREFIX}/share/man/man8/vSPCServer.8",
    f"{DOCS}/CHANGELOG.md", f"{DOCS}/LICENSE", f"{DOCS}/README.md",
    f"{DOCS}/vspcd.conf.sample", f"{DOCS}/vspcd.logrotate",
    f"{DOCS}/vspcd-audit.logrotate",
    f"{DOCS}/vspcd.pam",
    f"{DOCS}/vspcd-sshd.conf.sample",
    f"{PREFIX}/share/vspcd/grafana/vspcd.json",
    SAMPLE,
    f"{PREFIX}/share/vspcd/prometheus/vspcd.rules.yml",
}

# Of 10; "OK" to systemd-analyze is what is below 4. A password check is root,
# and may ask a directory server.
EXPOSURE_MAX = {UNIT: 1.7, PAM_UNIT: 2.2}


def make(target, destdir):
    """One at a time, whatever runs these tests: Meson writes into BUILD."""
    with open(BUILD / "build.ninja", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = subprocess.run(
            ["make", "--no-print-directory", target, f"BUILD={BUILD.name}",
             f"PREFIX=/{PREFIX}", f"DESTDIR={destdir}"], cwd=SOURCE, text=True,
            capture_output=True, timeout=300, check=False, umask=0o022)
    assert result.returncode == 0, result
    return result


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The root of an installation."""
    for tool in ("make", "meson", "ninja"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    root = tmp_path_factory.mktemp("installed")
    make("install", root)
    return root


def files_of(root):
    return {str(p.relative_to(root)) for p in root.rglob("*")
            if p.is_symlink() or not p.is_dir()}


def texts_of_source():
    return {f"{DOCS}/docs/{path.relative_to(SOURCE / 'docs')}"
            for pattern in ("*.md", "pictures/*.*", "stable/*.txt")
            for path in (SOURCE / "docs").glob(pattern)}


def test_every_link_of_the_texts_leads_somewhere():
    links = 0
    for path in [*SOURCE.glob("*.md"), *SOURCE.glob("docs/*.md")]:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
            assert (path.parent / link).exists(), (path, link)
            links += 1
    assert links > 50


def test_everything_is_there_and_nothing_else(tree):
    texts = {p for p in files_of(tree) if p.startswith(f"{DOCS}/docs/")}
    assert files_of(tree) - texts == FILES
    assert texts == texts_of_source()


def test_modes_and_the_link(tree):
    for name in FILES - {LINK}:
        mode = stat.S_IMODE((tree / name).lstat().st_mode)
        assert mode == (0o755 if name in PROGRAMS | {SAMPLE} else 0o644), name
    for folder in (p for p in tree.rglob("*") if p.is_dir()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755, folder
    assert os.readlink(tree / LINK) == "vspcd"


def test_what_was_installed_runs(tree):
    def run(name, *args):
        return subprocess.run(
            [tree / name, *args], capture_output=True, text=True, timeout=30,
            env=clean_environment(), check=True).stdout

    for name in PROGRAMS:
        assert run(name, "--version").split()[0] == pathlib.Path(name).name
    assert re.search(r"^backend = Memory +# vSPCServer$",
                     run(LINK, "--show-config"), re.M)
    sample = tree / DOCS / "vspcd.conf.sample"
    assert "nothing is wrong" in run(f"{PREFIX}/sbin/vspcd", "--config",
                                     sample, "--check-config")


def test_uninstall_leaves_what_is_others(tree, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(tree, root, symlinks=True)
    kept = [root / "etc/vspcd/vspcd.conf", root / DOCS / "notes"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    said = make("uninstall", root).stdout
    assert f"{len(files_of(tree))} files removed" in said
    assert files_of(root) == {str(p.relative_to(root)) for p in kept}
    kept[1].unlink()
    make("uninstall", root)
    assert not (root / DOCS).exists()


def test_what_to_do_next_is_said_and_fits_a_screen(tmp_path):
    def said(destdir):
        return subprocess.run(
            [SOURCE / "scripts/installed", f"/{PREFIX}", destdir], text=True,
            capture_output=True, check=True).stdout.splitlines()

    lines = said("")
    assert 3 <= len(lines) <= 10 and max(map(len, lines)) <= 80
    paths = {word.rstrip(",.;") for line in lines for word in line.split()
             if word.startswith(f"/{PREFIX}/")}
    assert len(paths) == 4
    for path in paths:
        assert path[1:] in FILES | texts_of_source(), path
    assert said(tmp_path) == []


# ---- the unit ---------------------------------------------------------------

def settings_of(tree, unit=UNIT):
    """{name: [value, ...]} of a unit."""
    found = {}
    for line in (tree / unit).read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_what_was_installed(tree):
    has = settings_of(tree)
    assert has["ExecStart"] == [f"/{PREFIX}/sbin/vspcd"]
    assert has["Type"] == ["notify"]
    assert has["User"] == has["Group"] == ["vspcd"]
    users = (tree / PREFIX / "lib/sysusers.d/vspcd.conf").read_text()
    assert re.search(r"^u vspcd ", users, re.M)
    assert not re.search("@[a-z]+@", (tree / UNIT).read_text())


@pytest.fixture
def units(tree, tmp_path):
    """The units, in a directory, with programs that are there."""
    for path in (UNIT, PAM_UNIT, PAM_SOCKET):
        text = (tree / path).read_text().replace(f"/{PREFIX}/sbin/", f"{BUILD}/")
        (tmp_path / pathlib.Path(path).name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", [UNIT, PAM_UNIT, PAM_SOCKET])
def test_systemd_has_nothing_to_say_about_the_units(units, need, name):
    analyze = need("systemd-analyze", "systemd")
    if not pathlib.Path("/lib/systemd/system/sysinit.target").exists():
        pytest.skip("systemd's own units are not installed")
    unit = pathlib.Path(name).name.replace("@", "@1")
    result = subprocess.run([analyze, "verify", "--man=no", units / unit],
                            text=True, capture_output=True, timeout=60,
                            check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("name", EXPOSURE_MAX)
def test_the_units_exposure(units, need, name):
    analyze = need("systemd-analyze", "systemd")
    result = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager",
         units / pathlib.Path(name).name],
        text=True, capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)",
                      result.stdout)
    assert float(level[1]) <= EXPOSURE_MAX[name], result.stdout


def test_passwords_are_checked_for_vspcd_alone(tree):
    socket = settings_of(tree, PAM_SOCKET)
    assert socket["SocketUser"] == ["vspcd"]
    assert socket["SocketMode"] == ["0600"]
    assert socket["Accept"] == ["yes"]
    assert socket["MaxConnections"] == ["3"]
    [path] = socket["ListenStream"]
    assert settings_of(tree, UNIT)["Wants"] == ["network-online.target",
                                                "vspcd-pam.socket"]
    unit = settings_of(tree, PAM_UNIT)
    assert unit["ExecStart"] == [f"-/{PREFIX}/sbin/vspcd-pam"]
    assert unit["StandardInput"] == ["socket"]
    # vspcd looks there.
    assert path == re.search(r'PAM_SOCKET_STANDARD "(.*)"',
                             (SOURCE / "src/auth/pam.h").read_text())[1]
    assert path in (SOURCE / "docs/man/vspcd.conf.5").read_text()


def test_sysusers_makes_the_user(tree, tmp_path, need):
    sysusers = need("systemd-sysusers", "systemd")
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group"):
        (tmp_path / "etc" / name).write_text("")
    result = subprocess.run(
        [sysusers, f"--root={tmp_path}",
         tree / PREFIX / "lib/sysusers.d/vspcd.conf"], text=True,
        capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result
    passwd = (tmp_path / "etc/passwd").read_text()
    assert re.search(r"^vspcd:.*:/var/lib/vspcd:/usr/sbin/nologin$", passwd,
                     re.M), passwd


# ---- the samples ------------------------------------------------------------

@pytest.mark.parametrize("name, where, file, rotated", [
    ("vspcd.logrotate", "/var/log/consoles", "web.log", r"web\.log\.1"),
    ("vspcd-audit.logrotate", "/var/log/vspcd", "audit.log",
     r"audit\.log-\d{8}"),
])
def test_logrotate_understands_its_sample(tree, tmp_path, name, where, file,
                                          rotated):
    """It is fetched, not installed: scripts/unpack-packages."""
    unpacked = SOURCE / "build/unpacked"
    program = unpacked / "logrotate/usr/sbin/logrotate"
    if not program.exists():
        pytest.skip(f"{program} is not there: make deps")
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o755)
    (logs / file).write_text("x\n")
    sample = (tree / DOCS / name).read_text()
    mine = tmp_path / "sample"
    mine.write_text(
        sample.replace(where, str(logs))
        .replace("su vspcd vspcd", "")
        .replace("systemctl reload vspcd.service", f"touch {logs}/reloaded"))
    libraries = ":".join(str(p.parent) for p in
                         unpacked.rglob("libpopt.so.0"))
    result = subprocess.run(
        [program, "--force", "--state", tmp_path / "state", mine], text=True,
        capture_output=True, timeout=60, check=False,
        env={**os.environ, "LD_LIBRARY_PATH": libraries})
    assert (result.returncode, result.stderr) == (0, "")
    names = {p.name for p in logs.iterdir()} - {"reloaded"}
    assert (logs / "reloaded").exists() and len(names) == 1
    assert re.fullmatch(rotated, names.pop())


# ---- Debian's packages: tests/release/test_deb.py installs them --------------

def lines_of(path):
    return [line for line in path.read_text().splitlines()
            if line and not line.startswith("#")]


def test_each_file_is_in_one_debian_package(tree):
    lists = {path.stem: {line.split()[0] for line in lines_of(path)}
             for path in [*(SOURCE / "debian").glob("*.install"),
                          SOURCE / "debian/not-installed"]}
    assert lists.keys() == {"vspcd", "vspc", "vspc-vm", "not-installed"}
    used = set()
    for path in files_of(tree):
        path = re.sub(rf"^{PREFIX}/", "usr/", path)
        matching = [(name, line) for name, lines in lists.items()
                    for line in lines
                    if path == line or path.startswith(f"{line}/")]
        assert len(matching) == 1, (path, matching)
        used.update(matching)
    for name, lines in lists.items():
        for line in lines:
            assert (name, line) in used or (SOURCE / line).is_file(), (
                f"{name}: {line}: there is no such file")


def test_debians_version_is_mesons():
    first = (SOURCE / "debian/changelog").read_text().split()[1]
    assert re.fullmatch(rf"\({re.escape(VERSION)}-\d+\)", first)


def test_debian_wants_what_meson_wants():
    """The oldest versions of libraries."""
    control = (SOURCE / "debian/control").read_text()
    package = {"libconfuse": "libconfuse-dev",
               "libcurl": "libcurl4-openssl-dev",
               "libhs": "libvectorscan-dev", "jansson": "libjansson-dev",
               "libuv": "libuv1-dev", "openssl": "libssl-dev",
               "sqlite3": "libsqlite3-dev"}
    wanted = dict(re.findall(r"dependency\('(\S+)', version: '>=(.*)'\)",
                             (SOURCE / "meson.build").read_text()))
    assert wanted.keys() == package.keys()
    for name, oldest in wanted.items():
        assert f"{package[name]} (>= {oldest})" in control, name


def test_debians_logins_are_the_samples():
    assert lines_of(SOURCE / "debian/vspcd.pam") == \
        lines_of(SOURCE / "dist/vspcd.pam")
