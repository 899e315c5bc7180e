"""`make run`'s script: the page is there, the VMs are, and ^C ends all of it."""

import fcntl
import gzip
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import urllib.request

import pytest

from harness.net import TIMEOUT, eventually
from harness.programs import BUILD, SOURCE, clean_environment


def children_of(pid):
    """All processes that have come from it, with what they are."""
    said = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], text=True,
                          check=True, stdout=subprocess.PIPE).stdout
    rows = [line.split(None, 2) for line in said.splitlines()]
    found, parents = {}, {pid}
    while parents:
        young = {int(p): comm for p, parent, comm in rows
                 if int(parent) in parents}
        found |= young
        parents = set(young)
    return found


@pytest.fixture
def demo(tmp_path):
    """The script, and what it has said up to the log."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    # Its usual ports are the machine's: one demo at a time.
    lock = open(pathlib.Path(tempfile.gettempdir()) / "vspcd-test-run.lock",
                "w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    process = subprocess.Popen(
        [SOURCE / "scripts/run", BUILD], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment({"RUNTIME_DIRECTORY": str(runtime),
                               "TMPDIR": str(tmp_path)}))
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if "logs from now on" in line:
                break
        yield process, "".join(said)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT)
        process.stdout.close()
        lock.close()


def test_it_shows_what_it_promises(demo, tmp_path):
    process, said = demo
    assert process.poll() is None, said
    page = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
    request = urllib.request.Request(page, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        assert b"<title>" in gzip.decompress(answer.read())
    for name in ("shell", "boot-log", "login", "panics"):
        assert re.search(rf" \d+ +{name}: ", said), said
    place = re.search(r"VSPC_SERVER=(\S+)", said)
    server = place[1] if place else f"unix:{tmp_path}/runtime/vspcd.sock"
    listed = subprocess.run(
        [BUILD / "vspc", "--server", server, "list", "-o", "name"], text=True,
        timeout=TIMEOUT, env=clean_environment(), check=True,
        stdout=subprocess.PIPE)
    assert listed.stdout.split() == ["boot-log", "login", "panics", "shell"]
    started = children_of(process.pid)
    assert sorted(started.values()).count("vspc-vm") == 4

    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT) == 0
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}")
                               for pid in started), "all has ended")
    assert not list(tmp_path.glob("vspcd-demo-*"))


def test_a_folder_without_programs_is_named(tmp_path):
    result = subprocess.run([SOURCE / "scripts/run", tmp_path], text=True,
                            capture_output=True, timeout=TIMEOUT, check=False)
    assert result.returncode == 1
    assert "run make first" in result.stderr
