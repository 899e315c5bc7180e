"""The page's modules that need no browser, by Node's own test runner: each
tests/browser/NAME.test.mjs imports them as ../../page/NAME.js."""

import json
import shutil
import subprocess

import pytest

from harness.net import TIMEOUT
from harness.programs import SOURCE, is_sanitized

TESTS = sorted((SOURCE / "tests" / "browser").glob("*.test.mjs"))

pytestmark = pytest.mark.skipif(
    is_sanitized(), reason="no program of ours takes part")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy in which a .js is a module to any version of Node."""
    tree = tmp_path_factory.mktemp("modules")
    (tree / "page").mkdir()
    for path in (SOURCE / "page").glob("*.js"):
        shutil.copy(path, tree / "page")
    tests = tree / "tests" / "browser"
    tests.mkdir(parents=True)
    for path in TESTS:
        shutil.copy(path, tests)
    (tree / "package.json").write_text(json.dumps({"type": "module"}))
    return tree


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_module(tree, need, path):
    node = need("node", "nodejs")
    result = subprocess.run(
        [node, "--test", tree / "tests" / "browser" / path.name],
        cwd=tree, text=True, timeout=TIMEOUT * 2, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout
