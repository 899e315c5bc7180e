"""Modules of the page that need no browser: tests/browser/*.test.mjs."""

import shutil
import subprocess

import pytest

from harness.browser import FOLDER

TESTS = sorted(FOLDER.glob("*.test.mjs"))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_module(path):
    done = subprocess.run(["node", "--test", path], text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
