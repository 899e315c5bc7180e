#!/usr/bin/python3
"""What docs/stability.md promises is still there: names of settings, of the API,
of messages and so on, each kind in a list of docs/stable/.

A name of a list that the program does not have any more is an error. A new name
is not: check-promises.py --note writes the new ones down, which is done for each
release. The names come from what is made from the program's tables
(scripts/make-docs), and from documents that other tests compare with it."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STABLE = ROOT / "docs" / "stable"
sys.path.insert(0, str(ROOT / "tests" / "program"))

from harness.words import HEADER, read_words  # noqa: E402 (it is found there)


def rows(text, columns):
    """The first cells of each table whose head begins with these columns."""
    head = "| " + " | ".join(columns)
    is_inside = False
    for line in text.splitlines():
        if line.startswith(head):
            is_inside = True
        elif not line.startswith("|"):
            is_inside = False
        elif is_inside and not line.startswith("|---"):
            yield [cell.strip() for cell in
                   re.split(r"(?<!\\)\|", line)[1:len(columns) + 1]]


def ticks(cells):
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def settings_of(sample):
    return re.findall(r"^#([a-z][a-z0-9-]*) = ", sample, re.M)


def api_of(document):
    """Commands with their arguments, answers with their members."""
    here = None
    for line in document.splitlines():
        heading = re.match(r"### `?([^`]+)", line)
        argument = re.match(r"- `(\w+)`: ", line)
        member = re.match(r"\| `(\w+)` \| ", line)
        if heading:
            here = heading[1]
            if here.startswith(("GET ", "POST ", "DELETE ", "PUT ")):
                yield here
        elif here and " " in here and argument:
            yield f"{here} {argument[1]}"
        elif here and " " not in here and member:
            yield f"{here}.{member[1]}"


def verbs_of(manual):
    """Verbs of vspc with their options."""
    section = re.search(r"^\.Sh VERBS\n(.*?)^\.Sh OPTIONS", manual,
                        re.M | re.S)[1]
    verb = None
    for line in section.splitlines():
        found = re.match(r"\.It Cm ([a-z |-]+)", line)
        if found:
            names = [name.strip() for name in found[1].split(" | ")]
            verb = names[0]
            yield from names
        for option in re.findall(r"Fl Fl ([a-z-]+)", line):
            yield f"{verb} --{option}"


def names_of(read):
    """{list: names}; read(path): a file's text."""
    return {
        "settings": settings_of(read("docs/vspcd.conf.sample")),
        "api": list(api_of(read("docs/api.md").partition("## Commands\n")[2])),
        "messages": list(read_words(
            read(str(HEADER.relative_to(ROOT)))).values()),
        "metrics": ticks(row[0] for row in
                         rows(read("docs/metrics.md"), ["metric", "kind"])),
        "hooks": ticks(row[0] for columns in (["event"], ["variable"])
                       for row in rows(read("docs/hooks.md"), columns)),
        "events": ticks(row[0] for row in
                        rows(read("docs/events.md"), ["`event`"])),
        "exit-codes": [f"{program} {row[0]}" for program, page, column in (
            ("vspc", "vspc", "exit code"), ("vspcd", "service", "status"))
            for row in rows(read(f"docs/{page}.md"), [column, "meaning"])],
        "vspc": list(verbs_of(read("docs/man/vspc.1"))),
        # Each of these is a heading: tests compare them with the programs.
        "doctor": re.findall(r"^### (D\d+)$", read("docs/doctor.md"), re.M),
        "rehearse": re.findall(r"^### ([a-z-]+)$", read("docs/rehearsal.md"),
                               re.M),
    }


def gone(kept, names):
    """Names of a list that are not there any more."""
    there = set(names)
    return [name for name in kept.splitlines() if name not in there]


# ---- is this a check that can fail? -----------------------------------------

def self_test():
    assert gone("a\nb\nc\n", ["c", "a", "d"]) == ["b"]
    assert settings_of("# text\n#web = {}\n#tls-min = 1.2\n") == [
        "web", "tls-min"]
    assert list(api_of("### `GET /a`\n\n- `b`: text.\n### Answer\n\n"
                       "| member | type |\n|---|---|\n| `c` | text |\n")) == [
        "GET /a", "GET /a b", "Answer.c"]
    assert list(verbs_of(".Sh VERBS\n.It Cm list | ls Ar [X]\n"
                         ".It Fl o , Fl Fl output Ar F\n.Sh OPTIONS\n")) == [
        "list", "ls", "list --output"]
    assert list(rows("| a | b | c |\n|---|---|---|\n| `x` | y\\|z | w |\n\n"
                     "| d |\n|---|\n| e |\n", ["a", "b"])) == [
        ["`x`", "y\\|z"]]


def main():
    self_test()
    is_noting = sys.argv[1:] == ["--note"]
    found = names_of(lambda name: (ROOT / name).read_text())
    count = 0
    for kind, names in found.items():
        assert names, kind
        path = STABLE / f"{kind}.txt"
        kept = path.read_text() if path.exists() else ""
        for name in gone(kept, names):
            print(f"{path.relative_to(ROOT)}: {name}: was promised, and is not "
                  "there any more (docs/stability.md)")
            count += 1
        if is_noting:
            path.write_text("".join(
                f"{name}\n" for name in sorted({*kept.splitlines(), *names})))
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
