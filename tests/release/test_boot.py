"""Debian's packages on a whole Debian: its own kernel, with AppArmor and
seccomp, systemd as it boots, in QEMU. What the kernel of this machine cannot
show, or a machine of namespaces: that is test_deb.py's."""

import json
import re

import pytest

from computer import PACKAGES, QEMU, Computer, make_disk
from debs import APT, NAMES, Repository, built, run_dependencies
from harness import words
from roots import SOURCE, Root, run, tar_of

CONF = "/etc/vspcd/vspcd.conf"
HOOK = "/etc/vspcd/on-event"
HOOK_SAID = "/var/lib/vspcd/hook-said"

# All that writes or runs something, so that the sandbox has to let it.
SETTINGS = f"""
web = {{"127.0.0.1:8443,tls=required"}}
access "*" {{ admin = {{"root", "unix:vspcd"}} }}
logdir = "/var/log/consoles"
record-dir = "/var/lib/vspcd/recordings"
audit-log = "/var/log/vspcd/audit.log"
alerts = {{"linux"}}
hook = {{"{HOOK},events=vm-up"}}
"""

CURL = ("curl -sk -o /dev/null -w '%{http_code}' "
        "-H 'Origin: https://127.0.0.1:8443' "
        "-H 'Content-Type: application/json' https://127.0.0.1:8443/api/v1/")

# Hexadecimal, of /proc/PID/status: CAP_NET_BIND_SERVICE.
BIND_ALONE = f"{1 << 10:016x}"


@pytest.fixture(scope="module", name="computer")
def _computer(tmp_path_factory):
    """Booted, with a VM at each vspcd that is installed."""
    if QEMU is None:
        pytest.skip("needs qemu-system-x86_64")
    debs = built()
    folder = tmp_path_factory.mktemp("computer")
    root = Root(folder / "root", tar_of(
        "boot", [*PACKAGES, "curl", *run_dependencies(debs)]))
    Repository(root).add(debs)
    make_disk(root, folder)
    root.remove()
    computer = Computer(folder)
    try:
        computer.start()
        computer.run("useradd -m -G vspcd alice 2>/dev/null || "
                     "{ groupadd -r vspcd && useradd -m -G vspcd alice; }\n"
                     "echo alice:sesame | chpasswd; useradd -m bob")
        yield computer
        computer.stop()
    finally:
        computer.kill()
        print(f"--- console\n{computer.console[-4000:]}")
        run(["rm", "-rf", folder])


@pytest.fixture(name="served")
def _served(computer):
    """The computer, with the packages installed and a VM, web-01. After the test
    nothing was denied to vspcd."""
    if computer.run("dpkg-query -W vspcd", check=False).returncode != 0 or \
            computer.run(f"test -e {CONF}", check=False).returncode != 0:
        install(computer)
    computer.run("systemctl is-active web-01 || systemd-run -q --unit=web-01 "
                 "vspc-vm --proxy 127.0.0.1:13370 --name web-01 "
                 "--exec 'while :; do echo tick; sleep 1; done'")
    wait_vm(computer)
    yield computer
    denied = computer.run("journalctl -k -q --no-pager -g DENIED", check=False)
    assert [line for line in denied.stdout.splitlines()
            if 'profile="vspcd"' in line and 'comm="cat"' not in line] == []


def install(computer):
    computer.run(APT + "install " + " ".join(NAMES))
    computer.run(f"""
        printf '#!/bin/sh\\necho "$VSPCD_NAME" >>{HOOK_SAID}\\n' >{HOOK}
        chmod 755 {HOOK}
        cat >>{CONF} <<'END'\n{SETTINGS}END
        vspcd --check-config && systemctl restart vspcd
    """)


def wait_vm(computer):
    computer.wait("vspc wait web-01 --for connected --timeout 5")


def port_of(computer):
    return re.search(r"\d{4,5}", computer.output(
        "vspc list -o json | grep -o '\"port\": *[0-9]*'"))[0]


def pid_of(computer):
    return computer.output("systemctl show -P MainPID vspcd")


def in_its_mounts(computer, script, check=True):
    """A script of root, with the files as vspcd sees them."""
    return computer.run(f"nsenter -t {pid_of(computer)} -m -- sh -c '{script}'",
                        check=check)


def test_the_unit_is_what_its_file_says(served):
    """systemd has understood it, and the kernel has done it."""
    shown = dict(line.split("=", 1) for line in served.output(
        "systemctl show vspcd").splitlines() if "=" in line)
    unit = (SOURCE / "dist/vspcd.service.in").read_text(encoding="utf-8")
    said = re.findall(r"^(\w+)=(yes|strict|invisible|pid|native|private)$", unit,
                      re.M)
    assert len(said) > 15
    for name, value in said:
        assert shown[name] == value, name
    assert shown["ActiveState"] == "active" and shown["NotifyAccess"] == "main"
    assert shown["User"] == shown["Group"] == "vspcd"
    assert shown["LimitNOFILE"] == "524288"
    status = served.output(f"cat /proc/{pid_of(served)}/status")
    assert re.search(r"^Seccomp:\s2$", status, re.M)
    assert re.search(r"^NoNewPrivs:\s1$", status, re.M)
    assert re.search(rf"^CapBnd:\s{BIND_ALONE}$", status, re.M)
    assert re.search(rf"^CapAmb:\s{'0' * 16}$", status, re.M)  # for hooks
    assert served.output("systemctl --failed --no-legend") == ""


def test_files_of_the_system_are_read_only_to_it(served):
    for folder in ("/etc", "/usr", "/var/log", "/boot"):
        said = in_its_mounts(served, f"touch {folder}/x", check=False)
        assert "Read-only file system" in said.stdout, folder
    assert in_its_mounts(served, "ls /home /root").stdout.split() == [
        "/home:", "/root:"]
    for folder in ("/var/lib/vspcd", "/var/log/consoles", "/var/log/vspcd",
                   "/run/vspcd", "/tmp"):
        in_its_mounts(served, f"touch {folder}/x && rm {folder}/x")
    assert in_its_mounts(served, "ls -d /dev/vda", check=False).returncode != 0


def test_apparmor_holds_it_and_lets_it_work(served):
    assert served.output(f"cat /proc/{pid_of(served)}/attr/current") == \
        "vspcd (enforce)"
    # A program under the profile reads what vspcd may, and not what it may not.
    served.run("echo secret >/srv/secret && chmod 644 /srv/secret")
    served.run(f"aa-exec -p vspcd -- cat {CONF}")
    said = served.run("aa-exec -p vspcd -- cat /srv/secret", check=False)
    assert "Permission denied" in said.stdout
    # All that SETTINGS ask for was done.
    served.wait("grep -q tick /var/log/consoles/web-01.log")
    served.wait(f"grep -q web-01 {HOOK_SAID}")
    served.wait("test -s /var/log/vspcd/audit.log")
    served.run("test -s /var/lib/vspcd/certificate.pem")
    served.run("vspc record web-01 --for 1m")
    served.wait("find /var/lib/vspcd/recordings -type f | grep -q .")
    log = served.output("journalctl -q -u vspcd --no-pager -o cat")
    assert words.READY in log and words.VM_CONNECTED in log
    assert "Permission denied" not in log and "not permitted" not in log


def test_people_come_by_group_and_by_password(served):
    as_user = "setpriv --reuid {0} --regid {0} --init-groups vspc list"
    assert "web-01" in served.output(as_user.format("alice"))
    refused = served.run(as_user.format("bob"), check=False)
    assert refused.returncode == 5 and "group vspcd" in refused.stdout
    for password, status in (("sesame", "200"), ("wrong", "401")):
        who = json.dumps({"user": "alice", "password": password})
        assert served.output(f"{CURL}login -d '{who}'") == status
    served.run("systemctl is-active vspcd-pam.socket")
    assert served.output("systemctl --failed --no-legend") == ""


def test_a_reload_keeps_connections(served):
    before = pid_of(served), port_of(served)
    served.run(f"echo 'attach-lines = 7' >>{CONF} && systemctl reload vspcd")
    served.wait("journalctl -q -u vspcd -o cat | grep -q attach-lines")
    assert (pid_of(served), port_of(served)) == before
    assert served.output("vspc list | grep web-01 | grep -c connected") == "1"


def test_killed_it_comes_back_with_the_same_ports(served):
    pid, port = pid_of(served), port_of(served)
    served.run(f"kill -KILL {pid}")
    served.wait(f"p=$(systemctl show -P MainPID vspcd); "
                f"[ $p -gt 0 ] && [ $p -ne {pid} ]")
    wait_vm(served)
    assert port_of(served) == port


def test_a_loop_that_stands_still_is_ended(served):
    """By systemd's watchdog, 30 s; it was there when it was needed."""
    pid = pid_of(served)
    served.run(f"kill -STOP {pid}")
    served.wait(f"p=$(systemctl show -P MainPID vspcd); "
                f"[ $p -gt 0 ] && [ $p -ne {pid} ]")
    assert "watchdog" in served.output("journalctl -q -u vspcd -o cat")
    wait_vm(served)


def test_it_starts_with_the_machine(served):
    port = port_of(served)
    served.stop()
    served.start()
    served.wait("systemctl is-active vspcd vspcd-pam.socket")
    served.run("systemctl is-active web-01 || systemd-run -q --unit=web-01 "
               "vspc-vm --proxy 127.0.0.1:13370 --name web-01 --exec cat")
    wait_vm(served)
    assert port_of(served) == port
    assert served.output(f"cat /proc/{pid_of(served)}/attr/current") == \
        "vspcd (enforce)"


def test_an_upgrade_keeps_the_port_and_a_purge_leaves_nothing(served):
    port, pid = port_of(served), pid_of(served)
    served.run("""
        cd /root && rm -rf tree && dpkg-deb -R /repository/vspcd_*.deb tree
        sed -i 's/^Version: .*/&+site1/' tree/DEBIAN/control
        dpkg-deb --root-owner-group -b tree later.deb
    """)
    served.run("apt-get -qq -y -o Dpkg::Use-Pty=0 install /root/later.deb")
    assert "+site1" in served.output("dpkg-query -W vspcd")
    assert pid_of(served) not in (pid, "0")
    wait_vm(served)
    assert port_of(served) == port

    served.run("systemctl stop web-01")
    served.run(APT + "remove " + " ".join(NAMES))
    assert served.output("systemctl show -P LoadState vspcd") == "not-found"
    served.run("! pgrep -x vspcd")
    served.run(f"test -e {CONF} && test -e /var/lib/vspcd/state.db")

    served.run(f"rm {HOOK} && " + APT + "purge " + " ".join(NAMES))
    left = served.output(
        "find / -xdev -name '*vspc*' -not -path '/repository*' "
        "-not -path '/root/*' -not -path '/var/cache/apt/*' "
        "-not -path '/var/lib/apt/*' -not -path '/home/*'; "
        "find /run -name '*vspc*'")
    assert left == ""
    assert '"vspcd"' not in served.output("aa-status --json")
    assert served.output("systemctl --failed --no-legend") == ""
    assert served.output("systemctl list-units -q --all --no-legend "
                         "'vspcd*'") == ""
