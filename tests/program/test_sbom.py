"""`make sbom`: an SPDX document that is well-formed, and names all that the
programs are made of."""

import json
import re
import shutil
import subprocess

import pytest

from harness.programs import BUILD, SOURCE

PROGRAMS = ("vspcd", "vspcd-pam", "vspc", "vspc-vm")
# SPDX 2.3, 7 and 8: what must be there.
PACKAGE_HAS = {"SPDXID", "name", "downloadLocation", "filesAnalyzed"}
FILE_HAS = {"SPDXID", "fileName", "checksums"}
HEX = {"SHA1": 40, "SHA256": 64, "SHA512": 128}


def make_sbom(folder):
    subprocess.run([SOURCE / "scripts/make-sbom", BUILD, folder], check=True,
                   stdout=subprocess.DEVNULL, timeout=120)
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    for program in ("dpkg-query", "readelf"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    return make_sbom(tmp_path_factory.mktemp("sbom"))


@pytest.fixture(scope="module")
def bill(path):
    return json.loads(path.read_text())


def named(bill, start):
    """Packages whose purl begins so, by name."""
    return {one["name"]: one for one in bill["packages"]
            if one.get("externalRefs", [{}])[0].get(
                "referenceLocator", "").startswith(start)}


def test_it_is_spdx(bill, path):
    assert (bill["spdxVersion"], bill["dataLicense"], bill["SPDXID"]) == (
        "SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    assert path.name == f"{bill['name']}.spdx.json"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                        bill["creationInfo"]["created"])
    ids = ["SPDXRef-DOCUMENT"]
    for items, has in ((bill["packages"], PACKAGE_HAS),
                       (bill["files"], FILE_HAS)):
        for one in items:
            assert has <= set(one), one
            assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one["SPDXID"])
            ids.append(one["SPDXID"])
            for sum_ in one.get("checksums", []):
                assert re.fullmatch(
                    rf"[0-9a-f]{{{HEX[sum_['algorithm']]}}}",
                    sum_["checksumValue"])
    assert len(set(ids)) == len(ids)
    for one in bill["relationships"]:
        assert {one["spdxElementId"], one["relatedSpdxElement"]} <= set(ids)
    related = {one[end] for one in bill["relationships"]
               for end in ("spdxElementId", "relatedSpdxElement")}
    assert related == set(ids)


def test_every_file_of_others_is_in_it(bill):
    """Those that are served: licences and sources go with the source."""
    sums = dict(reversed(line.split("  ")) for line in
                (SOURCE / "page/vendor/SHA256SUMS").read_text().splitlines())
    listed = {one["fileName"].removeprefix("./page/vendor/"):
              one["checksums"][1]["checksumValue"] for one in bill["files"]}
    assert listed == {name: value for name, value in sums.items()
                      if not name.startswith(("licence/", "source/"))}
    rows = re.findall(r"^\| (\S+) \| ([\d.]+) \| (\S+) \|",
                      (SOURCE / "page/vendor/README.md").read_text(), re.M)
    assert {(one["name"], one["versionInfo"], one["licenseDeclared"])
            for one in named(bill, "pkg:npm/").values()} == set(rows)


def test_packages_name_what_the_page_has():
    """The RPM's header all but addons; Debian's copyright file all authors."""
    vendor = SOURCE / "page/vendor"
    page = {name.rpartition("/")[2]: version for name, version in
            re.findall(r"^\| (\S+) \| ([\d.]+) \|",
                       (vendor / "README.md").read_text(), re.M)}
    spec = (SOURCE / "dist/rpm/vspcd.spec").read_text()
    assert dict(re.findall(r"bundled\(js-(\S+)\) = (\S+)", spec)) == {
        name: version for name, version in page.items()
        if not name.startswith("addon-")}
    text = (SOURCE / "debian/copyright").read_text()
    for path in (vendor / "licence").iterdir():
        for year, author in re.findall(
                r"^ *Copyright \(?c?\)? ?([\d-]+),? (.*?)(?: \(.*)?$",
                path.read_text(), re.M):
            assert author.replace("The", "the") in text, (path.name, year)


def test_every_library_is_in_it(bill):
    comments = "; ".join(one["comment"] for one in bill["relationships"]
                         if one["relationshipType"] == "DYNAMIC_LINK")
    for program in PROGRAMS:
        said = subprocess.run(["readelf", "-d", BUILD / program], text=True,
                              check=True, stdout=subprocess.PIPE).stdout
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", said):
            assert re.search(rf"(?:^|; ){re.escape(library)}: [^;]*"
                             rf"\b{program}(?:,|;|$)", comments), library
    libraries = named(bill, "pkg:deb/")
    assert {"libc6", "libuv1", "libssl3"} <= set(libraries)
    for name, one in libraries.items():
        assert one["versionInfo"] == subprocess.run(
            ["dpkg-query", "-W", "-f${Version}", name], check=True, text=True,
            stdout=subprocess.PIPE).stdout


def test_it_is_made_again_as_it_was(path, tmp_path):
    assert make_sbom(tmp_path).read_bytes() == path.read_bytes()
