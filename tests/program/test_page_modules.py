"""Modules of the page that need no browser, by Node's own test runner."""

import subprocess

import pytest

from harness.browser import FOLDER
from harness.net import TIMEOUT


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test.mjs")),
                         ids=lambda path: path.name)
def test_module(need, path):
    node = need("node", "nodejs")
    ended = subprocess.run([node, "--test", path], capture_output=True,
                           text=True, timeout=TIMEOUT * 4)
    assert ended.returncode == 0, ended.stdout
