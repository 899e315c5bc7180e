"""Roots for tests; each ends with its test."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "program"))

from roots import Root, tar_of  # noqa: E402  (the path above is theirs)


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture
def make_root(tmp_path):
    """make_root(NAME, PACKAGES): a fresh root of Debian with these packages."""
    roots = []

    def make(name="minimal", packages=()):
        root = Root(tmp_path / f"root-{len(roots)}", tar_of(name, packages))
        roots.append(root)
        return root

    yield make
    for root in roots:
        root.remove()
