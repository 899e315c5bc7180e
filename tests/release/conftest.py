"""Roots for tests; each ends with its test."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "program"))

from machine import Machine, missing  # noqa: E402  (the path above is theirs)
from roots import Root, tar_of  # noqa: E402


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture
def make_root(tmp_path):
    """make_root(NAME, PACKAGES): a fresh root of Debian with these packages."""
    roots = []

    def make(name="minimal", packages=(), **more):
        root = Root(tmp_path / f"root-{len(roots)}",
                    tar_of(name, packages, **more))
        roots.append(root)
        return root

    yield make
    for root in roots:
        root.remove()


@pytest.fixture
def start_machine():
    """start_machine(ROOT, NAME): the root's own systemd runs."""
    if missing():
        pytest.skip(missing())
    machines = []

    def start(root, name="debian"):
        machines.append(Machine(root, name))
        return machines[-1]

    yield start
    for machine in machines:
        machine.end()
