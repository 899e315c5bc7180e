"""Scripts of packages where something is in the way: a first try that has
failed, links of the administrator's, folders with other things in them.
Installations as a whole are in tests/release."""

import subprocess

import pytest

from harness.programs import SOURCE


class Script:
    """A maintainer script of debian/, with a folder in place of /."""

    def __init__(self, folder, name):
        self.text = (SOURCE / "debian" / name).read_text()
        self.folder = folder
        for place in ("etc/vspcd", "usr/share/vspcd"):
            (folder / place).mkdir(parents=True)
        self.ours = folder / "usr/share/vspcd/vspcd.conf"
        self.ours.write_text("# settings\n")
        self.settings = folder / "etc/vspcd/vspcd.conf"

    def run(self, *args, debhelper=""):
        text = self.text.replace("#DEBHELPER#", debhelper)
        text = text.replace("chgrp vspcd", 'chgrp "$(id -g)"')
        for place in ("/etc/", "/usr/", "/var/", "/sys/"):
            text = text.replace(place, f"{self.folder}{place}")
        return subprocess.run(["sh", "-s", *args], input=text, text=True,
                              capture_output=True, timeout=60).returncode

    def mode(self):
        return self.settings.stat().st_mode & 0o7777


def test_a_second_try_ends_what_the_first_began(tmp_path):
    postinst = Script(tmp_path, "vspcd.postinst")
    assert postinst.run("configure", "", debhelper="exit 1") == 1
    assert postinst.settings.exists()
    for _ in range(2):
        assert postinst.run("configure", "") == 0
        assert postinst.mode() == 0o640
    # An upgrade leaves it alone, whatever it is.
    postinst.settings.chmod(0o600)
    assert postinst.run("configure", "0.1.0-1") == 0
    assert postinst.mode() == 0o600
    postinst.settings.unlink()
    assert postinst.run("configure", "0.1.0-1") == 0
    assert not postinst.settings.exists()


@pytest.mark.parametrize("text", ["own = 1\n", None])
def test_settings_that_were_there_first_stay(tmp_path, text):
    postinst = Script(tmp_path, "vspcd.postinst")
    own = tmp_path / "own.conf"
    if text:
        own.write_text(text)
    postinst.settings.symlink_to(own)
    assert postinst.run("configure", "") == 0
    assert postinst.settings.is_symlink()
    assert own.exists() == bool(text)
    postinst.settings.unlink()
    postinst.settings.write_text("own = 1\n")
    postinst.settings.chmod(0o604)
    assert postinst.run("configure", "") == 0
    assert postinst.mode() == 0o604


def test_a_purge_leaves_a_link_and_succeeds(tmp_path):
    postrm = Script(tmp_path, "vspcd.postrm")
    elsewhere = tmp_path / "elsewhere"
    postrm.settings.parent.rename(elsewhere)
    (elsewhere / "ops.key").touch()
    postrm.settings.parent.symlink_to(elsewhere)
    for _ in range(2):
        assert postrm.run("purge") == 0
    assert (elsewhere / "ops.key").exists()
    postrm.settings.parent.unlink()
    assert postrm.run("purge") == 0
    postrm.settings.parent.mkdir()
    assert postrm.run("purge") == 0
    assert not postrm.settings.parent.exists()


@pytest.mark.parametrize("script", ["make-deb", "make-rpm", "make-site"])
def test_a_folder_with_something_else_is_not_emptied(tmp_path, script):
    (tmp_path / "thesis").touch()
    result = subprocess.run([SOURCE / "scripts" / script, tmp_path],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "has something else in it" in result.stderr
    assert (tmp_path / "thesis").exists()
