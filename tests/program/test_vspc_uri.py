"""What is entered into vSphere, as the server and vspc say it."""

import json
import subprocess

from harness.programs import BUILD, clean_environment


def listeners_of(vspcd):
    result = subprocess.run(
        ["curl", "-sSf", "--unix-socket", vspcd.socket,
         "http://localhost/api/v1/vm-listeners"],
        stdout=subprocess.PIPE, timeout=30, check=True)
    return json.loads(result.stdout)


def test_the_server_says_how_it_is_reached(start_vspcd, tmp_path):
    state = {"STATE_DIRECTORY": str(tmp_path)}
    vspcd = start_vspcd("--tls", "offered", env=state)
    shown = subprocess.run(
        [BUILD / "vspcd", "--config", "/dev/null", "--show-tls"],
        capture_output=True, text=True, timeout=30, check=True,
        env=clean_environment(state)).stdout
    answer = listeners_of(vspcd)
    assert answer["listeners"] == [
        {"address": "127.0.0.1", "port": vspcd.proxy[1], "tls": "offered"}]
    assert answer["addresses"] == []
    assert "localhost" in answer["names"]
    certificate = answer["certificate"]
    assert certificate["sha1"] in shown and certificate["sha256"] in shown
    assert certificate["pem"] == (tmp_path / "certificate.pem").read_text()
    assert certificate["is_self_signed"]
