"""The container image: what is in it, how it is described, and that it serves as
an engine and as a kubelet start it: not as root, without a capability, in a
read-only root."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

import containers
from containers import INSIDE, Container, Network
from harness import words
from harness.programs import VERSION, Program
from roots import BUILD, SOURCE, run, tar_of

UUID = "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3"
KUBERNETES = SOURCE / "dist/kubernetes/base"
# That of the pods: terminationGracePeriodSeconds.
GRACE = 20
# Compilers and what they need, for the Containerfile's first stage.
BUILD_KIND = re.compile(r"^build (\S+)", re.M)


def make_image(build, source=SOURCE, **environment):
    run([source / "scripts/make-image", build], timeout=1800,
        env=os.environ | environment)
    [oci] = (build / "image").glob("*.oci.tar")
    [docker] = (build / "image").glob("*.docker.tar")
    return oci, docker


def config_of(image):
    return json.loads(run(["skopeo", "inspect", "--raw", "--config",
                           image]).stdout)["config"]


def unpack(oci, folder):
    """The root that an engine would make of it; umoci compares all digests."""
    layout = folder / "layout"
    layout.mkdir()
    run(["tar", "-C", layout, "-xf", oci])
    [tag] = run(["umoci", "ls", "--layout", layout]).stdout.split()
    run(["umoci", "unpack", "--image", f"{layout}:{tag}", folder / "bundle"])
    shutil.rmtree(layout)
    return folder / "bundle"


@pytest.fixture(scope="module")
def archives():
    return make_image(BUILD)


@pytest.fixture(scope="module")
def image(archives):
    return config_of(f"oci-archive:{archives[0]}")


@pytest.fixture
def bundle(archives, tmp_path):
    return unpack(archives[0], tmp_path)


@pytest.fixture
def network():
    network = Network()
    yield network
    network.close()


@pytest.fixture
def start(network):
    """start(container): a program that is ready."""
    started = []

    def start(container):
        program = Program(container.command())
        started.append(program)
        program.wait_log(words.READY)
        return program

    yield start
    for program in started:
        program.kill()
        print(program.log)


def outside(network, *command, check=True, **options):
    """On the other machine, with programs of this one."""
    result = subprocess.run(
        [*network.outside, *map(str, command)], text=True, timeout=120,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False, **options)
    assert not check or result.returncode == 0, (command, result.stdout)
    return result.stdout


def page(network, path):
    """(status, body)"""
    said = outside(network, "curl", "--silent", "--insecure", "--compressed",
                   "--write-out", "\n%{http_code}", f"https://{INSIDE}:8443{path}")
    body, _, status = said.rpartition("\n")
    return int(status), body


@pytest.fixture
def connect_vm(network):
    """connect_vm(container, program): web-01, a VM of the other machine."""
    started = []

    def connect(container, program):
        vm = Program([*network.outside, BUILD / "vspc-vm", "--proxy",
                      f"{INSIDE}:13370", "--name", "web-01", "--uuid", UUID,
                      "--uri", "vSPC.py"], stdin=subprocess.PIPE)
        started.append(vm)
        container.run(program, "/usr/bin/vspc", "wait", "web-01",
                      "--for", "connected", "--timeout", "60")
        return vm

    yield connect
    for vm in started:
        vm.kill()


# ---- what it is ---------------------------------------------------------------

def test_how_it_is_described(archives, image):
    assert [path.name for path in archives] == [
        f"vspcd-{VERSION}.oci.tar", f"vspcd-{VERSION}.docker.tar"]
    assert image["User"] == "64010:64010"
    assert image["Entrypoint"] == ["/usr/sbin/vspcd"] and not image.get("Cmd")
    assert set(image["ExposedPorts"]) == {"13370/tcp", "8443/tcp"}
    assert set(image["Volumes"]) == {"/var/lib/vspcd", "/var/log/consoles",
                                     "/var/log/vspcd"}
    assert image["StopSignal"] == "SIGTERM"
    labels = image["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert set(labels) == {f"org.opencontainers.image.{word}" for word in
                           ("title", "description", "licenses", "version")}
    # OCI's format has no health check; all else is the same.
    other = config_of(f"docker-archive:{archives[1]}")
    assert other["Healthcheck"]["Test"] == ["CMD", "/usr/bin/vspc", "status",
                                            "--quiet"]
    assert {key: other[key] for key in image} == image
    with tarfile.open(archives[1]) as tar:
        [manifest] = json.load(tar.extractfile("manifest.json"))
    assert manifest["RepoTags"] == [f"docker.io/library/vspcd:{VERSION}"]


def test_what_is_in_it(bundle):
    root = bundle / "rootfs"
    files = {str(path.relative_to(root)): path for path in root.rglob("*")
             if path.is_file() and not path.is_symlink()}
    programs = {name for name, path in files.items()
                if path.stat().st_mode & 0o111}
    assert programs == {"usr/sbin/vspcd", "usr/bin/vspc", "usr/bin/vspc-vm",
                        *(name for name in files if "/ld-linux-" in name)}
    assert not [name for name, path in files.items()
                if path.stat().st_mode & 0o7022]
    # Nothing but what was asked for, and none of it is the user's.
    assert {name.split("/")[0] for name in files} == {"etc", "usr", "var"}
    assert all(path.stat().st_uid == 0 for path in files.values())
    # What is known about each library's package, and its licence.
    packages = {path.name for path in
                (root / "var/lib/dpkg/status.d").iterdir()}
    assert {"libc6", "libssl3", "ca-certificates"} <= packages
    for package in packages:
        assert (root / "usr/share/doc" / package / "copyright").is_file()
    status = (root / "var/lib/dpkg/status.d/libc6").read_text()
    assert re.search(r"^Version: \d", status, re.M)
    assert "\nStatus: install ok installed\n" in status
    # Said in docs/containers.md.
    assert sum(path.stat().st_size for path in files.values()) < 50e6


def test_two_builds_have_the_same_bytes(archives, tmp_path):
    """Of another folder, at another time."""
    source = run([SOURCE / "scripts/make-source", tmp_path]).stdout.strip()
    run(["tar", "-C", tmp_path, "-xf", source])
    [other] = tmp_path.glob("vspcd-*/")
    time = run(["git", "-C", SOURCE, "log", "-1", "--format=%ct"]).stdout
    again = make_image(tmp_path / "build", other,
                       SOURCE_DATE_EPOCH=time.strip())
    for one, two in zip(archives, again):
        assert one.read_bytes() == two.read_bytes()


# ---- that it serves -----------------------------------------------------------

def test_it_serves_as_an_engine_starts_it(bundle, image, archives, network,
                                          start, connect_vm, tmp_path):
    root = bundle / "rootfs"
    container = Container(network, root, image,
                          containers.volumes_of_engine(bundle, image))
    vspcd = start(container)
    status = pathlib.Path(
        f"/proc/{container.first_process(vspcd)}/status").read_text()
    for line in ("Uid:\t64010\t64010\t64010\t64010", "NoNewPrivs:\t1",
                 "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"):
        assert line in status

    # It is healthy, and says so.
    health = config_of(f"docker-archive:{archives[1]}")["Healthcheck"]["Test"]
    assert container.run(vspcd, *health[1:]).stdout == ""
    assert page(network, "/healthz") == (200, "ok\n")
    assert page(network, "/readyz") == (200, "ok\n")
    said = page(network, "/")
    assert said[0] == 200 and "<title>" in said[1]

    # VMs come, and who is inside may everything.
    vm = connect_vm(container, vspcd)
    assert container.run(vspcd, "/usr/bin/vspc", "list", "-o", "name") \
        .stdout == "web-01\n"

    # Others need a token, and make sure whom they talk to.
    token = tmp_path / "token"
    token.write_text(container.run(vspcd, "/usr/bin/vspc", "token", "create",
                                   "laptop", "--may", "admin").stdout)
    token.chmod(0o600)
    shown = container.run(vspcd, "/usr/sbin/vspcd", "--show-tls").stdout
    thumbprint = re.search(r"SHA-256 +(\S+)", shown)[1]
    assert "vspc.example.org" in shown
    entered = container.run(vspcd, "/usr/bin/vspc", "uri").stdout
    assert "telnets://vspc.example.org:13370#thumbprint=" in entered
    remote = [BUILD / "vspc", "--server", f"https://{INSIDE}:8443",
              "--thumbprint", thumbprint, "list", "-o", "name"]
    assert outside(network, *remote, "--token-file", token) == "web-01\n"
    assert "web-01" not in outside(network, *remote, check=False)

    # It ends in time, and comes back with what it had.
    vm.kill()
    assert container.end(vspcd, GRACE) == 0
    assert (tmp_path / "bundle/volumes/var/log/vspcd/audit.log").stat().st_size
    vspcd = start(container)
    assert container.run(vspcd, "/usr/bin/vspc", "list", "-o", "name") \
        .stdout == "web-01\n"
    assert outside(network, *remote, "--token-file", token) == "web-01\n"
    assert container.end(vspcd, GRACE) == 0


def test_it_does_not_start_with_wrong_settings(bundle, image, network,
                                               tmp_path):
    settings = tmp_path / "etc"
    settings.mkdir()
    (settings / "vspcd.conf").write_text("web = nonsense\n")
    volumes = containers.volumes_of_engine(bundle, image)
    container = Container(network, bundle / "rootfs", image, volumes,
                          read_only={"/etc/vspcd": settings})
    program = Program(container.command())
    assert program.wait_exit() == 2
    assert "/etc/vspcd/vspcd.conf:1" in program.log


def test_it_serves_as_a_kubelet_starts_it(bundle, image, network, start,
                                          connect_vm, tmp_path):
    """With the settings of dist/kubernetes, as a ConfigMap is mounted, and
    volumes that are root's."""
    settings = tmp_path / "etc"
    (settings / "..2026").mkdir(parents=True)
    shutil.copy(KUBERNETES / "vspcd.conf", settings / "..2026")
    (settings / "..data").symlink_to("..2026")
    (settings / "vspcd.conf").symlink_to("..data/vspcd.conf")
    volumes = containers.volumes_of_kubelet(bundle, image["Volumes"], 64010)
    container = Container(network, bundle / "rootfs", image, volumes,
                          read_only={"/etc/vspcd": settings})
    vspcd = start(container)
    assert page(network, "/readyz") == (200, "ok\n")
    connect_vm(container, vspcd)
    container.run(vspcd, "/usr/bin/vspc", "status", "--quiet")

    # A changed ConfigMap, and what makes it count.
    (settings / "..2026/vspcd.conf").write_text(
        (KUBERNETES / "vspcd.conf").read_text()
        + '\naccess "*" { admin = {"vspcd"} read = {"anybody"} }\n')
    container.run(vspcd, "/usr/bin/vspc", "reload")
    container.run(vspcd, "/usr/bin/vspc", "status", "--quiet")
    assert "web-01" in outside(network, "curl", "--silent", "--insecure",
                               f"https://{INSIDE}:8443/api/v1/consoles")
    assert container.end(vspcd, GRACE) == 0


# ---- with an engine -----------------------------------------------------------

@pytest.fixture
def store(tmp_path):
    """Of buildah: some gigabytes, which nobody looks at afterwards."""
    yield tmp_path / "store"
    run(["rm", "-rf", "--one-file-system", tmp_path / "store"])


def test_the_containerfile_makes_the_same_image(archives, image, store,
                                                tmp_path):
    """By buildah, without the network: its base has the packages already."""
    listed = (SOURCE / "scripts/packages.txt").read_text()
    base = tar_of("image-build", ["ca-certificates",
                                  *BUILD_KIND.findall(listed)])
    buildah = ["buildah", f"--root={store}/root", f"--runroot={store}/run",
               "--storage-driver=vfs"]
    context = tmp_path / "base"
    context.mkdir()
    os.link(base, context / "base.tar")
    (context / "Containerfile").write_text("FROM scratch\nADD base.tar /\n")
    run([*buildah, "bud", "--isolation=chroot", "--tag=localhost/base", context],
        timeout=1800)
    made = tmp_path / "made.tar"
    run([*buildah, "bud", "--isolation=chroot", "--network=host",
         "--build-arg=BASE=localhost/base",
         "--build-arg=VERSION="
         + image["Labels"]["org.opencontainers.image.version"],
         f"--file={SOURCE}/dist/container/Containerfile",
         f"--tag=oci-archive:{made}:vspcd", SOURCE], timeout=3600)
    other = config_of(f"oci-archive:{made}")
    other["Labels"].pop("io.buildah.version")
    assert other == image

    def files_of(archive, name):
        (tmp_path / name).mkdir()
        root = unpack(archive, tmp_path / name) / "rootfs"
        return {str(path.relative_to(root)):
                (path.lstat().st_mode, path.lstat().st_uid, path.lstat().st_gid,
                 os.readlink(path) if path.is_symlink()
                 else path.is_file() and path.read_bytes())
                for path in root.rglob("*")}

    theirs, ours = files_of(made, "theirs"), files_of(archives[0], "ours")
    assert set(theirs) == set(ours)
    assert [name for name in ours if ours[name] != theirs[name]] == []
