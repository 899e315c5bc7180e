"""dist/kubernetes, and the samples of dist/container: what is in them agrees with
itself, with the container image, and with vspcd."""

import json
import os
import re
import subprocess

import pytest

from harness.programs import BUILD, SOURCE, VERSION, clean_environment

FOLDER = SOURCE / "dist/kubernetes"
BASE = FOLDER / "base"
HOST_NETWORK = FOLDER / "host-network"
POLICY = FOLDER / "network-policy"
CONTAINER = SOURCE / "dist/container"

LABELS = {"app.kubernetes.io/name": "vspcd"}
UNITS = {"Mi": 2**20, "Gi": 2**30, "M": 2**20, "G": 2**30}

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")


def load(path):
    return yaml.safe_load(path.read_text())


def objects(folder):
    """{(kind, name): object} of the files that its kustomization lists."""
    listed = load(folder / "kustomization.yaml").get("resources", [])
    found = [load(folder / name) for name in listed if name.endswith(".yaml")]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def settings_of(path):
    """{name: value} of the lines that count."""
    return dict(re.findall(r"^([a-z-]+) = (.*)$", path.read_text(), re.M))


def bytes_of(size):
    number, unit = re.fullmatch(r"(\d+)(\w+)", size).groups()
    return int(number) * UNITS[unit]


@pytest.fixture(scope="module")
def image():
    """{instruction: [its words]} of the image's stage of the Containerfile."""
    text = (CONTAINER / "Containerfile").read_text()
    stage = re.sub(r"\\\n", " ", text.partition("\nFROM scratch\n")[2])
    found = {}
    for line in re.sub("^#.*\n", "", stage, flags=re.M).splitlines():
        instruction, _, words = line.partition(" ")
        found.setdefault(instruction, []).append(words)
    return found


@pytest.fixture(scope="module")
def base():
    return objects(BASE)


@pytest.fixture(scope="module")
def pod(base):
    return base["StatefulSet", "vspcd"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    [container] = pod["containers"]
    return container


# ---- the files ----------------------------------------------------------------

@pytest.mark.parametrize("folder", [BASE, HOST_NETWORK, POLICY],
                         ids=lambda folder: folder.name)
def test_each_file_is_listed(folder):
    kustomization = load(folder / "kustomization.yaml")
    listed = {*kustomization.get("resources", [])} - {"../base"}
    listed |= {patch["path"] for patch in kustomization.get("patches", [])}
    for generator in kustomization.get("configMapGenerator", []):
        listed |= set(generator["files"])
    assert listed == {path.name for path in folder.iterdir()} \
        - {"kustomization.yaml"}


def test_yamllint_has_nothing_to_say(need):
    rules = ("{extends: default, rules: {document-start: disable, "
             "line-length: {max: 100}}}")
    result = subprocess.run(
        [need("yamllint"), "--strict", "-d", rules, FOLDER], text=True,
        stdout=subprocess.PIPE, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_what_there_is(base):
    assert set(base) == {("Namespace", "vspcd"), ("Service", "vspcd-vms"),
                         ("Service", "vspcd-web"), ("StatefulSet", "vspcd")}
    for kind, name in base:
        if kind != "Namespace":
            assert base[kind, name]["metadata"]["labels"] == LABELS


@pytest.mark.parametrize("folder", [BASE, HOST_NETWORK],
                         ids=lambda folder: folder.name)
def test_kustomize_understands_it(folder, need):
    kubectl = need("kubectl", "none of Debian 12's")
    said = subprocess.run([kubectl, "version", "--client", "-o", "json"],
                          text=True, stdout=subprocess.PIPE, timeout=60,
                          env=os.environ | {"HOME": "/nonexistent"}, check=False)
    if json.loads(said.stdout or "{}").get("kustomizeVersion", "v2") < "v4":
        pytest.skip("this kubectl is older than 1.21")
    made = subprocess.run([kubectl, "kustomize", folder], text=True, check=True,
                          stdout=subprocess.PIPE, timeout=60).stdout
    found = {(one["kind"], one["metadata"]["name"]): one
             for one in yaml.safe_load_all(made)}
    expected = {*objects(BASE), ("ConfigMap", "vspcd")}
    if folder == HOST_NETWORK:
        expected.remove(("Service", "vspcd-vms"))
    assert set(found) == expected
    assert found["ConfigMap", "vspcd"]["data"] == {
        "vspcd.conf": (folder / "vspcd.conf").read_text()}
    spec = found["StatefulSet", "vspcd"]["spec"]["template"]["spec"]
    assert spec.get("hostNetwork", False) == (folder == HOST_NETWORK)
    assert re.fullmatch(r"registry\.example\.org/vspcd:[\d.]+",
                        spec["containers"][0]["image"])


# ---- with itself --------------------------------------------------------------

def test_services_lead_to_the_pod(base, container):
    ports = {port["name"] for port in container["ports"]}
    for name, port in (("vspcd-vms", "vms"), ("vspcd-web", "web")):
        spec = base["Service", name]["spec"]
        assert spec["selector"] == LABELS
        assert [one["targetPort"] for one in spec["ports"]] == [port]
        assert port in ports
    # The hosts' own addresses; and consoles while a disk fails.
    vms = base["Service", "vspcd-vms"]["spec"]
    assert vms["externalTrafficPolicy"] == "Local"
    assert vms["publishNotReadyAddresses"] is True
    policy = objects(POLICY)["NetworkPolicy", "vspcd"]["spec"]
    assert policy["podSelector"]["matchLabels"] == LABELS
    assert {port["port"] for rule in policy["ingress"]
            for port in rule["ports"]} == ports


def test_there_is_one_vspcd(base):
    spec = base["StatefulSet", "vspcd"]["spec"]
    assert spec["replicas"] == 1
    assert spec["selector"]["matchLabels"] == LABELS
    assert spec["template"]["metadata"]["labels"] == LABELS
    assert ("Service", spec["serviceName"]) in base


def test_probes_ask_the_web_port(container):
    for probe, path in (("readinessProbe", "/readyz"),
                        ("livenessProbe", "/healthz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "web",
                                               "scheme": "HTTPS"}
        assert path in (SOURCE / "docs/metrics.md").read_text()


def test_the_pod_may_nothing(base, pod, container):
    level = base["Namespace", "vspcd"]["metadata"]["labels"]
    assert level["pod-security.kubernetes.io/enforce"] == "restricted"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]}}


# ---- with the image -----------------------------------------------------------

def test_the_user_is_the_images(image, pod):
    user, group = map(int, image["USER"][0].split(":"))
    context = pod["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"],
            context["fsGroup"]) == (user, group, group)
    assert f"USER_ID = {user} " in (CONTAINER / "fill-root").read_text()


def test_the_ports_are_the_images(image, container):
    exposed = {int(port.split("/")[0]) for line in image["EXPOSE"]
               for port in line.split()}
    assert {port["containerPort"] for port in container["ports"]} == exposed
    for path in (BASE / "vspcd.conf", HOST_NETWORK / "vspcd.conf",
                 CONTAINER / "vspcd.conf"):
        settings = settings_of(path)
        # Of VMs: the one that vspcd has without being told.
        assert "proxy-port" not in settings
        assert settings["web"] == '{"[::]:8443"}'
    [vms] = exposed - {8443}
    assert f"#proxy-port = {vms}\n" in \
        (SOURCE / "docs/vspcd.conf.sample").read_text()


def test_the_volumes_are_the_images(base, image, pod, container):
    mounts = {mount["name"]: mount["mountPath"]
              for mount in container["volumeMounts"]}
    claims = {claim["metadata"]["name"]: claim["spec"] for claim in
              base["StatefulSet", "vspcd"]["spec"]["volumeClaimTemplates"]}
    assert {mounts[name] for name in claims} == set(json.loads(
        image["VOLUME"][0]))
    others = {volume["name"]: mounts[volume["name"]]
              for volume in pod["volumes"]}
    environment = dict(word.split("=", 1)
                       for word in " ".join(image["ENV"]).split())
    assert others == {"settings": "/etc/vspcd",
                      "run": environment["RUNTIME_DIRECTORY"]}
    assert set(mounts) == set(claims) | set(others)
    assert mounts["state"] == environment["STATE_DIRECTORY"]
    # What is written where, and that there is room for it.
    for path in (BASE / "vspcd.conf", HOST_NETWORK / "vspcd.conf",
                 CONTAINER / "vspcd.conf"):
        settings = settings_of(path)
        assert settings["logdir"] == f'"{mounts["console-logs"]}"'
        assert settings["audit-log"].startswith(f'"{mounts["audit"]}/')
    room = bytes_of(claims["console-logs"]["resources"]["requests"]["storage"])
    for path in (BASE / "vspcd.conf", HOST_NETWORK / "vspcd.conf"):
        settings = settings_of(path)
        # log-keep-free is 1 GiB.
        assert bytes_of(settings["log-total"]) + 2**30 < room
        # A vspcd that has its memory full is not to be killed for it.
        assert 2 * bytes_of(settings["history-total"]) <= \
            bytes_of(container["resources"]["limits"]["memory"])


def test_the_version_is_the_projects():
    [image] = load(BASE / "kustomization.yaml")["images"]
    assert image["newTag"] == VERSION


# ---- the image's own samples ----------------------------------------------------

def check_sample(image, name, hostname, ports, volumes, scratch):
    assert name == f"vspcd:{VERSION}"
    assert hostname == "vspc.example.org"
    assert set(ports) == {f"{port}:{port}" for line in image["EXPOSE"]
                          for port in line.replace("/tcp", "").split()}
    assert {volume.split(":")[1] for volume in volumes} == set(json.loads(
        image["VOLUME"][0]))
    assert scratch == "/run/vspcd:mode=1777"


def test_compose_runs_the_image(image):
    services = load(CONTAINER / "compose.yaml")
    [service] = services["services"].values()
    check_sample(image, service["image"], service["hostname"], service["ports"],
                 service["volumes"], *service["tmpfs"])
    assert {volume.split(":")[0] for volume in service["volumes"]} == \
        set(services["volumes"])
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]


def test_quadlet_runs_the_image(image):
    lines = (CONTAINER / "vspcd.container").read_text().splitlines()
    found = {}
    for line in lines:
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    check_sample(image, *found["Image"], *found["HostName"],
                 found["PublishPort"], found["Volume"], *found["Tmpfs"])
    assert found["ReadOnly"] == ["true"]
    assert found["DropCapability"] == ["all"]


def test_the_document_runs_the_image(image):
    text = (SOURCE / "docs/containers.md").read_text()
    command = re.search(r"    (podman run --detach (?:.*\\\n)*.*)", text)[1]
    options = re.findall(r"--([a-z-]+) ((?!--)\S+)", command)
    every = {key: [value for name, value in options if name == key]
             for key, _ in options}
    check_sample(image, command.split()[-1], *every["hostname"],
                 every["publish"], every["volume"], *every["tmpfs"])


# ---- with vspcd ---------------------------------------------------------------

@pytest.mark.parametrize("path", [BASE / "vspcd.conf",
                                  HOST_NETWORK / "vspcd.conf",
                                  CONTAINER / "vspcd.conf"],
                         ids=lambda path: path.parent.name)
def test_vspcd_understands_the_settings(path, tmp_path, certificates):
    """The lines that are comments, too."""
    text = path.read_text()
    for name in ("/etc/vspcd", "/var/log/consoles", "/var/log/vspcd"):
        text = text.replace(f'"{name}', f'"{tmp_path}{name}')
        (tmp_path / name[1:]).mkdir(parents=True)
    (tmp_path / "etc/vspcd/people-ca.pem").write_bytes(
        certificates.ca.read_bytes())
    said = []
    for number, lines in enumerate([text, re.sub(r"(?m)^#(?=[a-z])", "", text)]):
        mine = tmp_path / f"{number}.conf"
        mine.write_text(lines)
        result = subprocess.run(
            [BUILD / "vspcd", "--check-config", "--config", mine], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            env=clean_environment({"STATE_DIRECTORY": str(tmp_path)}),
            check=False)
        said.append((result.returncode, result.stdout))
    assert [status for status, _ in said] == [0, 0], said
