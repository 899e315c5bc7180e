#!/usr/bin/python3
"""Folders are layers and arrows go down: checks every #include under src/."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# What a folder may include besides itself.
MAY_INCLUDE = {
    "base": "",
    "proto": "base",
    "conf": "base",
    "core": "base",
    "net": "base",
    "session": "base proto core net auth",
    "store": "base core",
    "hook": "base",
    "conlog": "base core",
    "auth": "base",
    "api": "base proto core conf store conlog auth",
    "web": "base proto net auth session api",
    "cluster": "base proto core net",
    "cli": "base proto net",
    "vm": "base proto net",
    "daemon": "*",
}

# Library headers and what else is at home in certain folders only.
AT_HOME = {
    r"<uv\.h>": ("net",),
    r"<openssl/": ("net/tls",),
    r"<confuse\.h>": ("conf",),
    r"<jansson\.h>": ("hook", "api", "web"),
    r"<pthread\.h>": ("base",),
    r"<spawn\.h>": ("hook",),
    r"<sqlite3\.h>": ("store",),
    r"<zlib\.h>": ("conlog",),
    r"<libwebsockets\.h>": ("web",),
    r"<security/": ("auth",),
    r"<nats": ("cluster",),
}

# The pure layers do no I/O and know no time.
PURE = ("proto", "core")
IMPURE = re.compile(
    r"<(sys/(socket|epoll|stat|types)|netinet/|arpa/|unistd|fcntl|poll|time|"
    r"signal)")

# Only base/clock.c reads a clock.
CLOCK = re.compile(r"\b(clock_gettime|gettimeofday|uv_hrtime|uv_now|time)\(")
CLOCK_FILE = SRC / "base" / "clock.c"

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<].*[">])')


def is_in(path, homes):
    folder = path.relative_to(SRC).parent.as_posix() + "/"
    return any(folder.startswith(home + "/") for home in homes)


def problems_of(path):
    layer = path.relative_to(SRC).parts[0]
    allowed = MAY_INCLUDE.get(layer)
    if allowed is None:
        yield 1, f"folder {layer} is not in the table of {__file__}"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if found and found[1].startswith('"'):
            target = found[1].strip('"').split("/")[0]
            if allowed != "*" and target not in (layer, *allowed.split()):
                yield number, f"{layer}/ must not include {target}/"
            if target == "daemon" and layer != "daemon":
                yield number, "nothing includes daemon/"
        elif found:
            for header, homes in AT_HOME.items():
                if re.match(header, found[1]) and not is_in(path, homes):
                    yield number, (f"{found[1]} belongs to "
                                   f"{', '.join(homes)}/ alone")
            if layer in PURE and IMPURE.match(found[1]):
                yield number, f"{layer}/ is pure: no {found[1]}"
        elif CLOCK.search(line) and path != CLOCK_FILE:
            yield number, "only base/clock.c reads a clock"


def main():
    count = 0
    for path in sorted(SRC.rglob("*.[ch]")):
        for number, text in problems_of(path):
            print(f"{path.relative_to(ROOT)}:{number}: {text}")
            count += 1
    for folder in sorted(p for p in SRC.iterdir() if p.is_dir()):
        if not (folder / "README.md").exists():
            print(f"{folder.relative_to(ROOT)}: has no README.md")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
