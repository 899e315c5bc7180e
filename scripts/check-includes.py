#!/usr/bin/python3
"""Folders are layers and arrows go down: checks every #include under src/.

--layers prints the layers, lower ones first, each with those it may include:
src/meson.build links the layers' libraries by it."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# What a folder may include besides itself and the folders that it is in. A
# name stands for its subfolders too. A subfolder that has no row may include
# what its parent may; one that has a row may include what that says alone.
# "-NAME" takes something away again, a parent for instance. Layers stand
# behind those that they may include.
MAY_INCLUDE = {
    "base": "",
    "log": "base",

    "proto": "base",
    "proto/admin": "base -proto",
    "proto/uri": "base -proto",
    "proto/first": "base -proto",
    "proto/text": "base -proto",
    "proto/cast": "base -proto",

    "inventory": "base",

    "access": "base inventory",
    "conf": "base log",

    "core": "base inventory access core/told",
    "core/told": "base -core",
    "core/census": "base access",

    "net": "base log",
    "audit": "base log net",
    "store": "base core",
    "hook": "base",

    "conlog": "base core conlog/file conlog/reading",
    "conlog/file": "base core -conlog",
    "conlog/reading": "base core conlog/file -conlog",

    "record": "base proto access core conlog",
    "alert": "base access core alert/match",
    "alert/match": "base access -alert",
    "alert/book": "base access core alert",
    "webhook": "base access core net alert",
    "auth": "base log access net auth/helper",
    "auth/helper": "base -auth",

    "session": "base log proto inventory access core net auth",
    "session/client": "base log proto access core net auth session/menu",
    "session/menu": "base inventory core access -session",
    "session/service": "base log proto access core net auth session/client",
    "session/admin": "base log proto access core net auth session/client",
    "session/vm": "base log proto access core net auth session/service",
    "session/kinds": "base core net session/admin session/client "
                     "session/service session/vm",

    "api": "base log proto inventory access core net auth alert webhook conf store "
           "conlog record session api/show",
    "web": "base log proto access core net auth session api web/page "
           "web/socket",
    "web/page": "base proto -web",
    "web/socket": "base log proto access core net auth session -web",
    "cluster": "base log proto core net",
    "remote": "base proto net remote/link",
    "remote/link": "base proto net remote",
    "cli": "base log proto net remote cli/common cli/output "
           "cli/invocation cli/attach cli/run cli/watch cli/pick "
           "cli/ssh cli/play cli/alerts cli/doctor cli/uri cli/verbs",
    "cli/common": "base remote -cli",
    "cli/output": "base remote cli/common -cli",
    "cli/invocation": "base proto net remote cli/common cli/output -cli",
    "cli/attach": "base proto net remote cli/common cli/output "
                  "cli/invocation -cli",
    "cli/run": "base proto/text net remote cli/common cli/output "
               "cli/invocation -cli",
    "cli/watch": "base proto/text net remote cli/common cli/output "
                 "cli/invocation -cli",
    "cli/pick": "base net remote cli/common cli/output cli/invocation "
                "cli/attach -cli",
    "cli/play": "base proto/cast net remote cli/common cli/output "
                "cli/invocation cli/attach cli/verbs -cli",
    "cli/ssh": "base proto net remote cli/common cli/output "
               "cli/invocation cli/verbs -cli",
    "cli/alerts": "base proto net remote cli/common cli/output "
                  "cli/invocation cli/verbs -cli",
    "cli/uri": "base proto net remote cli/common cli/output cli/invocation "
               "-cli",
    "cli/doctor": "base proto net remote cli/common cli/output "
                  "cli/invocation cli/verbs cli/doctor/judge -cli",
    "cli/doctor/judge": "base log cli/output -cli",
    "cli/verbs": "base proto net remote cli/common cli/output "
                 "cli/invocation -cli",

    "vm": "base proto net remote vm/common vm/ends vm/host vm/rehearse",
    "vm/common": "base proto net -vm",
    "vm/ends": "base proto net vm/common -vm",
    "vm/host": "base proto net vm/common -vm",
    "vm/rehearse": "base proto net remote vm/common vm/host "
                   "vm/rehearse/stage vm/rehearse/steps -vm",
    "vm/rehearse/stage": "base proto net remote vm/common vm/host -vm",
    "vm/rehearse/steps": "base proto net remote vm/common vm/host "
                         "vm/rehearse/stage -vm",

    "daemon": "*",
}

# Library headers and what else is at home in certain folders only, with their
# subfolders. Of "A or else B" it is A once that is there.
AT_HOME = {
    r"<uv\.h>": "net",
    r"<hs/": "alert",
    r"<curl/": "webhook",
    r"<openssl/": "net/tls or else net",
    r"<confuse\.h>": "conf",
    r"<jansson\.h>": "alert/book webhook hook record api web remote cli "
                       "vm/rehearse",
    r"<pthread\.h>": "base",
    r"<spawn\.h>": "hook cli/doctor",
    r"<sqlite3\.h>": "store",
    r"<zlib\.h>": "conlog record",
    r"<(http_parser|llhttp)\.h>": "proto",
    r"<wslay/": "proto",
    r"<security/": "auth/helper",
    r"<nats": "cluster",
}

# The pure folders do no I/O and know no time.
PURE = ("proto", "inventory", "access", "core", "session/menu")
IMPURE = re.compile(
    r"<(sys/(socket|epoll|stat|types)|netinet/|arpa/|unistd|fcntl|poll|time|"
    r"signal|pthread)")

# Only base/clock.c reads a clock.
CLOCK = re.compile(r"\b(clock_gettime|gettimeofday|uv_hrtime|uv_now|time)\(")
CLOCK_FILE = SRC / "base" / "clock.c"

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<].*[">])')


def is_within(folder, other):
    """True if folder is other or below it."""
    return folder == other or folder.startswith(other + "/")


def row_of(folder, table=MAY_INCLUDE):
    """The row that counts for a folder: its own or the next parent's."""
    while folder not in table and "/" in folder:
        folder = folder.rpartition("/")[0]
    return table.get(folder)


def may_include(folder, target, table=MAY_INCLUDE):
    row = row_of(folder, table)
    if target == "daemon" or target.startswith("daemon/"):
        return is_within(folder, "daemon")
    if row == "*" or target == folder:
        return True
    words = row.split()
    if "-" + target in words:
        return False
    return (is_within(folder, target) or
            any(is_within(target, word) for word in words))


def homes_of(words):
    first, _, second = words.partition(" or else ")
    return (first if not second or (SRC / first).is_dir() else second).split()


def problems_of(path):
    folder = str(path.parent.relative_to(SRC))
    is_pure = any(is_within(folder, pure) for pure in PURE)
    if row_of(folder) is None:
        yield 1, f"folder {folder} is not in the table of {__file__}"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if found and found[1].startswith('"'):
            target, _, _ = found[1].strip('"').rpartition("/")
            if not target:
                yield number, f"{found[1]} does not say its folder"
            elif not may_include(folder, target):
                yield number, f"{folder}/ must not include {target}/"
        elif found:
            for header, words in AT_HOME.items():
                homes = homes_of(words)
                if re.match(header, found[1]) and \
                        not any(is_within(folder, home) for home in homes):
                    yield number, (f"{found[1]} belongs to "
                                   f"{', '.join(homes)}/ alone")
            if is_pure and IMPURE.match(found[1]):
                yield number, f"{folder}/ is pure: no {found[1]}"
        elif CLOCK.search(line) and path != CLOCK_FILE:
            yield number, "only base/clock.c reads a clock"


def table_problems(table=MAY_INCLUDE):
    """Rows behind what they name, and no subfolder above its layer: the
    libraries are linked by layers, so its rights cannot be more."""
    seen = []
    for folder, row in table.items():
        layer = folder.split("/")[0]
        for word in row.split():
            name = word.lstrip("-").split("/")[0]
            if name in ("*", layer):
                continue
            if name not in seen:
                yield f"{folder}: {name} stands behind it"
            elif layer != folder and name not in table[layer].split():
                yield f"{folder}: {layer} may not include {name}"
        seen.append(folder)


def layers():
    """Lines "NAME: LAYER...", lower ones first."""
    for folder, row in MAY_INCLUDE.items():
        if "/" not in folder and row != "*":
            names = [word for word in row.split() if "/" not in word]
            yield f"{folder}: {' '.join(names)}"


def self_test():
    """This is a check that can fail."""
    table = {"a": "", "b": "a", "b/in": "a -b", "c": "b/in", "c/in": "b/in",
             "daemon": "*"}
    assert not list(table_problems({"a": "", "b": "a", "b/in": "a -b"}))
    assert list(table_problems({"b": "a", "a": ""}))
    assert list(table_problems({"a": "", "b": "", "b/in": "a"}))
    assert row_of("c/other", table) == "b/in" and row_of("d", table) is None
    for folder, target, is_allowed in (
            ("b", "b", True), ("b", "a", True), ("b", "a/in", True),
            ("a", "b", False), ("b", "c", False), ("b", "b/in", False),
            ("b/other", "b", True), ("b/other", "a", True),
            ("b/in", "b", False), ("b/in", "b/in", True), ("c", "b", False),
            ("c", "b/in", True), ("c", "b/in/more", True), ("c/in", "c", True),
            ("c/in", "a", False), ("daemon/in", "c", True),
            ("daemon/in", "daemon", True), ("c", "daemon", False)):
        assert may_include(folder, target, table) == is_allowed, \
            (folder, target)


def main():
    if sys.argv[1:] == ["--layers"]:
        print("\n".join(layers()))
        return 0
    self_test()
    count = 0
    for text in table_problems():
        print(f"{__file__}: {text}")
        count += 1
    for path in sorted(SRC.rglob("*.[ch]")):
        for number, text in problems_of(path):
            print(f"{path.relative_to(ROOT)}:{number}: {text}")
            count += 1
    for folder in sorted({path.parent for path in SRC.rglob("*.c")}):
        if not (folder / "README.md").exists():
            print(f"{folder.relative_to(ROOT)}: has no README.md")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
