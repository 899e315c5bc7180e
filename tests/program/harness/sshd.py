"""A real sshd of the test's own, on a free port of 127.0.0.1, and ssh.

It runs as one account without rights, and so that account is the only one it
lets in: nobody's if the tests run as root, else the tests' own. nobody has no
shell, so sshd reads a list of accounts of the test's (libnss-wrapper) in which
it has one; vspcd and vspc see this machine's own list."""

import grp
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

from harness.programs import BUILD, SOURCE, Program

UNPACKED = SOURCE / "build/unpacked"


def account():
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else \
        pwd.getpwuid(os.geteuid())


def find_sshd():
    """sshd's path, and the environment that it needs."""
    sshd = UNPACKED / "openssh-server/usr/sbin/sshd"
    wrapper = next((UNPACKED / "libnss-wrapper").rglob("libnss_wrapper.so"),
                   None)
    wrap = next((UNPACKED / "libwrap0").rglob("libwrap.so.0"), None)
    if not sshd.exists() or wrapper is None or wrap is None:
        pytest.skip("sshd is not unpacked: "
                    "scripts/unpack-packages build/unpacked")
    if not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        pytest.skip("openssh-client is not installed")
    return sshd, {"LD_PRELOAD": str(wrapper),
                  "LD_LIBRARY_PATH": str(wrap.parent)}


class Sshd(Program):
    """.login: the account; .folder: may be entered by it; .vspc: the program,
    where that account may run it."""

    def __init__(self):
        self.process = None
        sshd, env = find_sshd()
        self.login = account().pw_name
        self._folder = tempfile.TemporaryDirectory(prefix="vspcd-ssh-")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)
        self.vspc = self.folder / "vspc"
        shutil.copy(BUILD / "vspc", self.vspc)
        self.keys = {}
        self.config = self.folder / "sshd_config"
        for name in ("host", "alice", "bob"):
            self.make_key(name)
        self._give(self.folder / "host")
        self._write_accounts()
        self.env = env | {"NSS_WRAPPER_PASSWD": str(self.folder / "passwd"),
                          "NSS_WRAPPER_GROUP": str(self.folder / "group")}
        self.sshd = sshd

    def make_key(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                        f"{name}@test", "-f", self.folder / name], check=True)
        self.keys[name] = (self.folder / f"{name}.pub").read_text().strip()

    def _give(self, path):
        if os.geteuid() == 0:
            os.chown(path, account().pw_uid, account().pw_gid)

    def _write_accounts(self):
        a = account()
        (self.folder / "passwd").write_text(
            f"{a.pw_name}:x:{a.pw_uid}:{a.pw_gid}::{self.folder}:/bin/sh\n")
        (self.folder / "group").write_text(
            f"{grp.getgrgid(a.pw_gid).gr_name}:x:{a.pw_gid}:\n")

    def start(self, port, *lines):
        """With these lines of sshd_config, which count before others."""
        self.port = port
        self.config.write_text("\n".join([
            *lines,
            f"ListenAddress 127.0.0.1:{self.port}",
            f"HostKey {self.folder}/host",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "AuthorizedKeysFile none"]) + "\n")
        super().__init__([*self._command(), "-D", "-e", "-f", self.config],
                         env=self.env)
        self.good_exits = (255, -15)
        self.wait_log("Server listening on 127.0.0.1")
        return self

    def _command(self):
        a = account()
        become = ["setpriv", f"--reuid={a.pw_uid}", f"--regid={a.pw_gid}",
                  "--clear-groups"] if os.geteuid() == 0 else []
        return [*become, self.sshd]

    def check(self, config):
        """Whether sshd can use it, as sshd says."""
        subprocess.run([*self._command(), "-t", "-f", config],
                       env=os.environ | self.env, check=True, timeout=60)

    def ssh_command(self, key, *command, tty=False):
        return ["ssh", "-F", "none", "-p", str(self.port), "-i",
                str(self.folder / key), "-o", "IdentitiesOnly=yes",
                "-o", f"UserKnownHostsFile={self.folder}/known_hosts",
                "-o", "StrictHostKeyChecking=accept-new",
                "-o", "IdentityAgent=none", "-o", "LogLevel=ERROR",
                "-tt" if tty else "-T", f"{self.login}@127.0.0.1",
                *(["--"] if command else []), *command]

    def ssh(self, key, *command, **options):
        """What ssh prints, and its exit code, which is the command's."""
        return subprocess.run(
            self.ssh_command(key, *command), text=True, timeout=60,
            **({"stdin": subprocess.DEVNULL, "capture_output": True}
               | options))

    def close(self):
        if self.process:
            self.kill()
        self._folder.cleanup()
