"""Debian's packages: how they are built, and what installing, upgrading and
removing them does, on machines that have what they depend on and nothing else."""

import json
import re
import shutil
import subprocess

import pytest

from debs import (APT, NAMES, Repository, build, build_root, built, deb_of,
                  run_dependencies)
from harness.net import eventually
from roots import SOURCE, run

VERSION = re.search(r"\((.*)\)",
                    (SOURCE / "debian/changelog").read_text())[1]
FORMER = VERSION.replace("-", "~former-")
CONF = "/etc/vspcd/vspcd.conf"
LOG = "/var/log/consoles"

# What a removal leaves that is not the packages': lists of users, dpkg's and
# apt's own files, systemd's.
OTHERS = ("repository", "var/lib/dpkg/", "var/lib/apt/", "var/cache/",
          "var/log/apt/", "var/log/dpkg.log", "var/log/alternatives.log",
          "var/log/journal", "etc/passwd-", "etc/group-", "etc/shadow-",
          "etc/gshadow-", "etc/.pwd.lock", "var/lib/systemd/", "etc/hostname",
          "etc/machine-id", "tmp/", "var/tmp/", "var/log/wtmp", "var/log/btmp",
          "var/log/lastlog", "etc/resolv.conf")


@pytest.fixture(scope="session")
def debs():
    return built()


@pytest.fixture
def new_root(make_root, debs):
    """A root with a repository of the packages."""
    root = make_root("deb-run", ["systemd-sysv", *run_dependencies(debs)])
    root.repository = Repository(root)
    root.repository.add(debs)
    return root


def use_setting(machine, line):
    machine.run(f"echo '{line}' >>{CONF} && systemctl restart vspcd")


def vspc(machine, *words):
    return json.loads(machine.run(" ".join(["vspc", *words, "-o", "json"])).stdout)


def start_vm(machine, name, command="cat"):
    machine.run(f"systemd-run -q --unit=vm-{name} vspc-vm --proxy 127.0.0.1 "
                f"--name {name} --exec '{command}'")
    machine.run(f"vspc wait {name} --for connected --timeout 60")
    # A port is told once the state has it on the disk.
    eventually(lambda: vspc(machine, "show", name)["port"] is not None,
               f"the port of {name}")


def wait_log(machine, text):
    """Of web-01: what it prints is on the disk in a moment."""
    machine.run(f"timeout 60 sh -c 'until grep -sq {text} {LOG}/web-01.log; do "
                "sleep 0.1; done'")


def property_of(machine, unit, name):
    return machine.run(f"systemctl show --value -p {name} {unit}").stdout.strip()


# ---- the packages --------------------------------------------------------------

def test_lintian_has_nothing_to_say(debs):
    run(["lintian", "--allow-root", "--fail-on", "error,warning",
         *debs.glob("*.changes")])


def test_another_build_has_the_same_bytes(debs, tmp_path):
    """By another user, at another place and time, in another locale and zone,
    on a machine with another name."""
    root = build_root(tmp_path / "root")
    try:
        other = build(
            root, "/home/somebody/a-longer-name/vspcd",
            before="useradd somebody && chown -R somebody /home/somebody "
            "/result && hostname elsewhere",
            prefix="setpriv --reuid=somebody --clear-groups env "
            "HOME=/home/somebody LC_ALL=C TZ=XYZ-14 sh -c 'umask 077; exec "
            '"$@"\' sh')
        names = sorted(path.name for path in debs.iterdir()
                       if path.suffix in (".deb", ".dsc", ".xz"))
        assert len(names) == 9, names
        for name in names:
            assert (debs / name).read_bytes() == (other / name).read_bytes(), \
                name
    finally:
        root.remove()


def test_what_is_in_them_is_roots_and_links_lead_somewhere(new_root):
    new_root.run(APT + "install " + " ".join(NAMES))
    listed = new_root.run("dpkg -L " + " ".join(NAMES)).stdout.split("\n")
    paths = [path for path in listed if path.startswith("/")]
    assert "/usr/sbin/vspcd" in paths and "/usr/bin/vspc" in paths
    odd = new_root.run(
        "xargs -d '\\n' sh -c 'find \"$@\" -maxdepth 0 "
        "! -user root -o -maxdepth 0 ! -group root ! -path /var/mail "
        "-o -maxdepth 0 -type f -perm /6022 -o -maxdepth 0 -xtype l' sh "
        "<<'END'\n" + "\n".join(paths) + "\nEND").stdout
    assert odd == ""
    assert new_root.run("dpkg-query -W -f '${Conffiles}' vspcd vspc vspc-vm | "
                        "cut -d' ' -f2").stdout.split() == [
                            "/etc/apparmor.d/vspcd", "/etc/pam.d/vspcd"]
    assert "not found" not in new_root.run(
        "ldd /usr/sbin/vspcd /usr/sbin/vspcd-pam /usr/bin/vspc "
        "/usr/bin/vspc-vm").stdout
    assert new_root.run("dpkg --verify vspcd vspc vspc-vm").stdout == ""


def test_symbols_are_apart_and_fit(debs, tmp_path):
    for name, program in (("vspcd", "usr/sbin/vspcd"), ("vspc", "usr/bin/vspc"),
                          ("vspc-vm", "usr/bin/vspc-vm")):
        for deb in (deb_of(debs, name), deb_of(debs, f"{name}-dbgsym")):
            run(["dpkg-deb", "-x", deb, tmp_path])
        said = run(["readelf", "-n", tmp_path / program]).stdout
        build_id = said.partition("Build ID: ")[2].split()[0]
        symbols = (tmp_path / "usr/lib/debug/.build-id" / build_id[:2] /
                   f"{build_id[2:]}.debug")
        assert ".debug_info" in run(["readelf", "-SW", symbols]).stdout
        assert ".debug_info" not in run(
            ["readelf", "-SW", tmp_path / program]).stdout


def test_apparmor_accepts_the_profile(debs, tmp_path):
    run(["dpkg-deb", "-x", deb_of(debs, "vspcd"), tmp_path])
    run(["apparmor_parser", "--skip-kernel-load", "--skip-cache",
         tmp_path / "etc/apparmor.d/vspcd"])


# ---- installing ----------------------------------------------------------------

def test_an_installation_serves(new_root, start_machine):
    machine = start_machine(new_root)
    machine.run(APT + "install " + " ".join(NAMES))
    # What Debian would run: a VM, and vspc that sees what it prints.
    new_root.put(SOURCE / "debian/tests/smoke", "/root/smoke")
    assert "it prints" in machine.run("sh /root/smoke").stdout
    # The settings were there when it started, and can be reloaded.
    machine.run(f"echo 'attach-lines = 7' >>{CONF} && systemctl reload vspcd && "
                "timeout 60 sh -c 'until journalctl -u vspcd | "
                "grep -q attach-lines; do sleep 0.1; done'")
    for path, owner in ((CONF, "root:vspcd 640"), ("/etc/vspcd", "root:root 755"),
                        ("/var/lib/vspcd", "vspcd:vspcd 700"),
                        (LOG, "vspcd:vspcd 750"),
                        ("/var/log/vspcd", "vspcd:vspcd 750"),
                        ("/run/vspcd/vspcd.sock", "root:vspcd 660")):
        said = machine.run(f"stat -c '%U:%G %a' {path}").stdout.strip()
        assert said.replace("vspcd:vspcd 660", "root:vspcd 660") == owner, path
    assert machine.run("systemctl --failed --no-legend").stdout == ""


def test_people_log_in_by_password_at_once(new_root, start_machine):
    machine = start_machine(new_root)
    machine.run(APT + "install vspcd")
    machine.run("useradd alice && echo alice:sesame | chpasswd")
    use_setting(machine, 'web = {"127.0.0.1:8080,tls=off"}')

    def status(password):
        ask = ("import json, sys, urllib.request as u, urllib.error as e\n"
               "body = json.dumps(dict(user='alice', password=sys.argv[1]))\n"
               "r = u.Request('http://127.0.0.1:8080/api/v1/login', "
               "body.encode(), {'Origin': 'http://127.0.0.1:8080', "
               "'Content-Type': 'application/json'})\n"
               "try: print(u.urlopen(r).status)\n"
               "except e.HTTPError as error: print(error.code)\n")
        return run(["nsenter", "--target", machine.pid, "--net",
                    "/usr/bin/python3", "-c", ask, password]).stdout.strip()

    assert status("wrong") == "401"
    assert status("sesame") == "200"


def test_without_systemd_it_installs_and_starts_with_the_machine(
        new_root, start_machine):
    new_root.run(APT + "install " + " ".join(NAMES))
    new_root.run("test ! -e /run/vspcd/vspcd.sock")
    machine = start_machine(new_root)
    machine.run("systemctl is-active vspcd.service vspcd-pam.socket")
    assert vspc(machine, "list")["items"] == []


# ---- upgrading -----------------------------------------------------------------

@pytest.fixture
def former(debs, tmp_path):
    """The packages as a former version: with an older number, a profile that
    has changed since, and a file that the newer ones lack."""
    folder = tmp_path / "former"
    folder.mkdir()
    for name in NAMES:
        tree = tmp_path / f"former-{name}"
        run(["dpkg-deb", "-R", deb_of(debs, name), tree])
        control = tree / "DEBIAN/control"
        control.write_text(control.read_text().replace(
            f"Version: {VERSION}", f"Version: {FORMER}"))
        (tree / "usr/share/doc" / name / "former").write_text("")
        profile = tree / "etc/apparmor.d/vspcd"
        if profile.exists():
            profile.write_text("# The former one.\n" + profile.read_text())
        run(["dpkg-deb", "--root-owner-group", "-b", tree, folder])
    return folder


def install_former(new_root, start_machine, former, debs):
    """A machine with the former version, and the newer one to be had."""
    for deb in new_root.repository.folder.glob("*.deb"):
        deb.unlink()
    new_root.repository.add(former)
    machine = start_machine(new_root)
    machine.run(APT + "install " + " ".join(NAMES))
    assert FORMER in machine.run("dpkg-query -W vspcd").stdout
    new_root.repository.add(debs)
    return machine


def test_an_upgrade_keeps_settings_and_consoles(new_root, start_machine, former,
                                                debs):
    machine = install_former(new_root, start_machine, former, debs)
    use_setting(machine, "port-range-start = 51000")
    use_setting(machine, f'logdir = "{LOG}"')
    machine.run("echo '/srv/hooks/** rix,' >/etc/apparmor.d/local/vspcd && "
                "echo '# mine' >>/etc/pam.d/vspcd")
    start_vm(machine, "first")
    start_vm(machine, "web-01", "echo before; cat")
    before = vspc(machine, "show", "web-01")
    pid = property_of(machine, "vspcd", "MainPID")
    vm = property_of(machine, "vm-web-01", "MainPID")
    edited = machine.run(f"cat {CONF} /etc/apparmor.d/local/vspcd "
                         "/etc/pam.d/vspcd").stdout

    machine.run(APT + "install " + " ".join(NAMES))

    assert VERSION in machine.run("dpkg-query -W vspcd").stdout
    assert property_of(machine, "vspcd", "MainPID") not in (pid, "0")
    machine.run("systemctl is-active vspcd-pam.socket")
    machine.run("vspc wait web-01 --for connected --timeout 60")
    after = vspc(machine, "show", "web-01")
    assert after["port"] == before["port"] and after["uuid"] == before["uuid"]
    assert property_of(machine, "vm-web-01", "MainPID") == vm
    machine.run("vspc send web-01 after")
    wait_log(machine, "after")
    machine.run(f"grep -q before {LOG}/web-01.log")
    assert machine.run(f"cat {CONF} /etc/apparmor.d/local/vspcd "
                       "/etc/pam.d/vspcd").stdout == edited
    assert "The former one" not in machine.run(
        "cat /etc/apparmor.d/vspcd").stdout
    machine.run("test ! -e /usr/share/doc/vspcd/former")
    assert machine.run("find /etc -name '*.dpkg-*'").stdout == ""


def test_an_upgrade_succeeds_with_settings_that_are_wrong_now(
        new_root, start_machine, former, debs):
    machine = install_former(new_root, start_machine, former, debs)
    machine.run(f"echo 'no-such-setting = 1' >>{CONF}")
    machine.run(APT + "install vspcd")
    assert property_of(machine, "vspcd", "ActiveState") == "failed"
    assert "no-such-setting" in machine.run("journalctl -u vspcd").stdout
    machine.run(f"sed -i /no-such-setting/d {CONF} && systemctl start vspcd")


# ---- removing ------------------------------------------------------------------

def files_of(root):
    """Paths, without those that are others'; mounts are not looked into."""
    said = subprocess.run(["find", ".", "-xdev", "-mindepth", "1", "-printf",
                           r"%P\n"], cwd=root.folder, check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()
    return {path for path in said if not path.startswith(OTHERS)}


def test_a_removal_keeps_what_a_purge_removes(new_root, start_machine):
    machine = start_machine(new_root)
    before = files_of(new_root)
    machine.run(APT + "install " + " ".join(NAMES))
    use_setting(machine, f'logdir = "{LOG}"')
    start_vm(machine, "web-01", "echo printed; cat")
    wait_log(machine, "printed")
    machine.run("systemctl stop vm-web-01 && touch /etc/vspcd/ops.key")
    kept = [CONF, f"{LOG}/web-01.log", "/var/lib/vspcd/state.db"]
    machine.run("ls " + " ".join(kept))

    machine.run(APT + "remove " + " ".join(NAMES))
    machine.run("ls " + " ".join(kept))
    machine.run("! grep -sx vspcd /proc/[0-9]*/comm")
    assert property_of(machine, "vspcd", "LoadState") == "not-found"
    assert property_of(machine, "vspcd-pam.socket", "ActiveState") == "inactive"

    said = machine.run(APT + "purge " + " ".join(NAMES)).stdout
    assert "/etc/vspcd" in said  # dpkg: not empty
    assert files_of(new_root) - before == {"etc/vspcd", "etc/vspcd/ops.key"}
    assert before - files_of(new_root) == set()


def test_a_purge_leaves_what_is_another_users(new_root, start_machine):
    new_root.path(LOG).mkdir(parents=True)
    (new_root.path(LOG) / "theirs").write_text("")
    new_root.run(APT + "install vspcd")
    new_root.run(f"chown root {LOG}")
    new_root.run(APT + "purge vspcd")
    assert (new_root.path(LOG) / "theirs").exists()
    assert not new_root.path("/var/lib/vspcd").exists()


def test_it_comes_back_after_a_purge(new_root, start_machine):
    machine = start_machine(new_root)
    for _ in range(2):
        machine.run(APT + "install vspcd")
        machine.run(f"systemctl is-active vspcd && test -s {CONF}")
        machine.run(APT + "purge vspcd")
