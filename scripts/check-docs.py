#!/usr/bin/python3
"""What the documents name exists: files, links, symbols, tests, options, make
targets; a version of vspcd is this one. Of names, only what stands in
`backquotes` or in a block of commands is looked at, and only what can be told
apart from other words; the rest is skipped."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = ("src", "tests", "bench", "scripts")
PROGRAMS = ("vspcd", "vspc-vm", "vspc ", "vSPCServer", "scripts/", "bench/", "build/")

# What is named, and is not ours.
FOREIGN = {
    "vSPC.py": "the program that vspcd takes over from",
    "SSL_CERT_DIR": "OpenSSL's",
    "ADMIN_THREADS": "vSPC.py's",
    "ADMIN_CONN_TIMEOUT": "vSPC.py's",
    "--client-lock-mode": "vSPC.py's",
    "module_verb_noun": "how names are made",
}

SUFFIX = r"\.(?:c|h|\[ch\]|py|tn|md|build|in|txt|sample)"
PATH = re.compile(r"[\w.*\[\]-]*(?:/[\w.*\[\]-]+)*/?")
SOURCE_FILE = re.compile(r"(?:[\w.*-]+/)*[\w*-]+" + SUFFIX)
TEST_OF = re.compile(r"(\w+_test|test_\w+): (\w+)")
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]+)")
MAKE = re.compile(r"\bmake ([a-z-]+)")
SYMBOL = re.compile(r"([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?:\(\))?")
CONSTANT = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+")
TYPE = re.compile(r"(struct|enum|union) (\w+)")
MEMBER = re.compile(r"([a-z_]+)\.([a-z_]+)")
TICKS = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
# `a`, `b` and `c` in `file.c`
NAMES_IN = re.compile(r"((?:`\w+`(?:,?\s+and\s+|,\s+))*`\w+`)\s+in\s+"
                      r"`((?:\w+/)*\w+\.[ch])`")
# The project's version: of an image, a file, or what a program says.
VERSION = re.compile(r"\bvspcd[ :_-](\d+\.\d+\.\d+)|"
                     r"\b[Tt]his is version (\d+\.\d+\.\d+)")
# What may be in a name of several files.
WILD = {"**/": "(?:.*/)?", "*": "[^/]*", "[ch]": "[ch]", "NAME": "[^/]*"}
ESCAPE = re.compile(r"\\[a-z]")  # the n of "\nNAME" is not the name's
# A text such as "vspc://*" begins no comment.
TEXT_OR_COMMENT = re.compile(
    r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/|(?<![:\w])//[^\n]*', re.S)


class Project:
    """What there is to be named."""

    def __init__(self, files, texts, targets, options, version):
        self.files = set(files)
        self.folders = {str(parent) for name in files
                        for parent in pathlib.PurePath(name).parents}
        self.stems = {pathlib.PurePath(name).stem for name in files}
        self.texts = texts  # of sources, without the comments of C
        self.words = {word for text in texts.values()
                      for word in re.findall(r"\w+", ESCAPE.sub(" ", text))}
        self.types = {found for text in texts.values() for found in
                      re.findall(r"\b(?:struct|enum|union) (\w+) \{", text)}
        self.targets = targets
        self.options = options
        self.version = version

    def bases(self, document):
        """Where a relative name may begin: the document's folder and those
        above it, the sources, the tests."""
        folder = pathlib.PurePath(document).parent
        return [folder, *folder.parents, pathlib.PurePath("src"),
                pathlib.PurePath("tests"), pathlib.PurePath("tests/program")]

    def has_path(self, document, name):
        """name may have *, [ch] and placeholders in capitals; the suffix of a
        module may be left out."""
        for base in self.bases(document):
            full = str(base / name.rstrip("/"))
            if name.endswith("/"):
                full += "/**/*"
            if full in self.folders or self.matches(full):
                return True
        return "/" not in name and self.matches("**/" + name)

    def matches(self, name):
        if {name, f"{name}.c", f"{name}.h"} & self.files:
            return True
        expression = re.compile("".join(
            WILD.get(part, re.escape(part))
            for part in re.split(r"(\*\*/|\*|\[ch\]|NAME)", name)))
        return any(expression.fullmatch(one) for one in self.files)

    def begins_with_folder(self, document, name):
        """True for net/listener: net/ is one of ours."""
        first = name.split("/")[0]
        return any(str(base / first) in self.folders
                   for base in self.bases(document))

    def texts_of(self, path):
        """The sources that a document means by core/move.c or move.c."""
        return [text for name, text in self.texts.items()
                if name == path or name.endswith("/" + path)]


def has_word(text, word):
    return re.search(rf"\b{re.escape(word)}\b", text) is not None


# ---- the recognisers: each yields what is wrong with a token -----------------

def wrong_path(project, document, token):
    if not PATH.fullmatch(token) or token.startswith((".", "build")):
        return
    is_file = SOURCE_FILE.fullmatch(token)
    is_below = "/" in token and not token.startswith("/") and \
        project.begins_with_folder(document, token)
    if (is_file or is_below) and not project.has_path(document, token):
        yield "no such file"


def wrong_test(project, document, token):
    found = TEST_OF.fullmatch(token)
    if not found:
        return
    stem, test = found.groups()
    texts = [text for name, text in project.texts.items()
             if pathlib.PurePath(name).stem == stem]
    if not texts:
        yield f"there are no tests {stem}"
    elif not any(has_word(text, test) for text in texts):
        yield f"{stem} has no test {test}"


def wrong_option(project, document, token):
    if not token.startswith(("--", *PROGRAMS)):
        return
    for option in OPTION.findall(token):
        if option not in project.options and "--" + option not in FOREIGN:
            yield f"there is no option --{option}"


def wrong_target(project, document, token):
    if not token.startswith("make "):
        return
    for target in MAKE.findall(token):
        if target not in project.targets:
            yield f"there is no target {target}"


def wrong_symbol(project, document, token):
    found = SYMBOL.fullmatch(token)
    name = found[1] if found else token
    if not found and not CONSTANT.fullmatch(token):
        return
    # A hook's VSPCD_OLD_NAME is its OLD_NAME in a table, and old_name in JSON.
    if not {name, name.lower()} & project.words and \
            name not in project.stems and \
            not project.has_path(document, name):
        yield "no such symbol"


def wrong_type(project, document, token):
    found = TYPE.fullmatch(token)
    if found and found[2] not in project.types:
        yield "no such type"


def wrong_member(project, document, token):
    found = MEMBER.fullmatch(token)
    if found and not SOURCE_FILE.fullmatch(token) and \
            found[1] in project.types and found[2] not in project.words:
        yield f"struct {found[1]} has no {found[2]}"


RECOGNISERS = (wrong_path, wrong_test, wrong_option, wrong_target,
               wrong_symbol, wrong_type, wrong_member)


def slug(heading):
    """The anchor that a Markdown heading has."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


def wrong_links(project, document, text, read):
    """(position, what) of links that lead nowhere."""
    for found in LINK.finditer(text):
        path, anchor = found.groups()
        if "://" in path or path.startswith("mailto:"):
            continue
        target = document if not path else \
            (pathlib.PurePath(document).parent / path)
        parts = []
        for part in pathlib.PurePath(target).parts:
            if part == "..":
                parts[-1:] = []
            else:
                parts.append(part)
        target = "/".join(parts)
        if target not in project.files and target not in project.folders:
            yield found.start(), f"{found[0]}: no such file"
        elif anchor and target.endswith(".md") and anchor not in map(
                slug, re.findall(r"^#+ (.*)", read(target), re.M)):
            yield found.start(), f"{found[0]}: no such heading"


def wrong_places(project, text):
    """(position, what) of `name` in `file` that is not in that file."""
    for found in NAMES_IN.finditer(text):
        names, path = found.groups()
        texts = project.texts_of(path)
        for name in TICKS.findall(names):
            if texts and not any(has_word(one, name) for one in texts):
                yield found.start(), f"`{name}`: not in {path}"


def wrong_versions(project, text):
    """(position, what) of versions that are not this one."""
    for found in VERSION.finditer(text):
        if project.version not in found.groups():
            yield found.start(), f"{found[0]}: this is {project.version}"


def commands_of(text):
    """(position, line) of blocks of commands that run our programs."""
    at, is_fenced = 0, False
    for line in text.split("\n"):
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            command = line.strip().removeprefix("$ ").removeprefix(
                "# ").removeprefix("sudo ")
            if command.startswith((*PROGRAMS, "make ")):
                yield at, re.sub(r"\s#.*", "", command)
        at += len(line) + 1


def problems_of(project, document, text, read):
    """(line, what), in their order."""
    found = list(wrong_links(project, document, text, read))
    found += wrong_places(project, text)
    found += wrong_versions(project, text)
    for at, command in commands_of(text):
        for recogniser in (wrong_option, wrong_target):
            found += [(at, f"{command}: {what}") for what in
                      recogniser(project, document, command)]
    for ticks in TICKS.finditer(re.sub(
            r"^```.*?^```", lambda m: re.sub(r"[^\n]", " ", m[0]), text,
            flags=re.S | re.M)):
        token = " ".join(ticks[1].split())
        if token in FOREIGN:
            continue
        for recogniser in RECOGNISERS:
            found += [(ticks.start(), f"`{token}`: {what}") for what in
                      recogniser(project, document, token)]
    return [(text.count("\n", 0, at) + 1, what) for at, what in sorted(found)]


# ---- this project -----------------------------------------------------------

def without_comments(text):
    return TEXT_OR_COMMENT.sub(lambda found: found[1] or " ", text)


def options_of(texts):
    """The names in the tables of the programs, and what scripts, tests and
    the judges of bench/ take."""
    found = set()
    for name, text in texts.items():
        if name.startswith(("src/cli/", "src/conf/", "src/vm/",
                            "src/daemon/")):
            found.update(re.findall(r'"(?:--)?([a-z][a-z0-9-]+)[ "=\\]', text))
        elif not name.startswith("src/"):
            found.update(re.findall(r'--([a-z][a-z0-9-]+)', text))
            found.update(re.findall(r'{ ?"([a-z][a-z0-9-]+)",', text))
    return found


def read_project():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
        check=True, stdout=subprocess.PIPE).stdout.split("\n")
    files = [name for name in files if name and (ROOT / name).is_file()]
    texts = {}
    for name in files:
        if name.startswith(tuple(f"{folder}/" for folder in CODE)) and \
                "/corpus/" not in name and not name.endswith(".md") and \
                name != "scripts/check-docs.py":
            text = (ROOT / name).read_text(errors="replace")
            texts[name] = (without_comments(text)
                           if name.endswith((".c", ".h")) else text)
    texts["Makefile"] = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", texts["Makefile"], re.M)
    version = re.search(r"^  version: '(.*)'",
                        (ROOT / "meson.build").read_text(), re.M)[1]
    return Project(files, texts, set(targets), options_of(texts), version)


def documents(project):
    return sorted(name for name in project.files if name.endswith(".md") and
                  name != "CHANGELOG.md")  # tells of what was


# ---- is this a check that can fail? -----------------------------------------

TRUE = """# A heading

`core/move.c`, `move.c`, `core/move`, `core/`, `move.[ch]`, `NAME_test.c`,
`core/*.c`, `move_test: it_moves`, `test_x: test_y`, `vspcd --hold`, `--hold`,
`make check && make lint`, `move_begin`, `move_begin()`, `VSPCD_NAME`,
`struct move`, `move.state`, `steps` and `move_begin` in `core/move.c`,
`vSPC.py`, `systemctl --now`, `a/b`, `make-docs`, `--`, `NAME/LABEL`,
[here](#a-heading), [there](src/core/move.c), [out](https://x.example/#a),
vspcd:1.2.3, vspcd-1.2.3.tar, this is version 1.2.3, since 1.0.0, xvspcd-1.0.0

    vspcd --hold 1   # --gone
    # vspcd --hold
    other --gone
"""

FALSE = """`core/gone.c`
`gone.c`
`core/gone`
`gone*.py`
`src/gone/`
`move_test: it_does_not`
`gone_test: it_moves`
`vspcd --gone`
`--gone=3`
`make gone`
`make check && make gone`
`move_gone`
`move_gone()`
`VSPCD_GONE`
`struct gone`
`move.gone`
`steps` and `gone` in `core/move.c`
[here](#no-heading)
[there](src/core/gone.c)
    vspcd --gone 1
    # vspcd --gone
`only_in_a_comment`
vspcd:1.2.2
This is version 1.2.4"""


def self_test():
    """Each line of FALSE is found once, nothing of TRUE is."""
    texts = {
        "src/core/move.c": without_comments("""
            /* only_in_a_comment */
            struct move {
                int state;
            };
            static int steps[3];
            void move_begin(void) { getenv("VSPCD_NAME"); }"""),
        "tests/unit/move_test.c": "static void it_moves(void **s)",
        "tests/program/test_x.py": "def test_y():",
    }
    project = Project([*texts, "README.md"], texts, {"check", "lint"},
                      {"hold"}, "1.2.3")
    def read(_): return TRUE
    found = problems_of(project, "README.md", TRUE, read)
    assert not found, found
    lines = [number for number, _ in
             problems_of(project, "README.md", FALSE, read)]
    assert lines == list(range(1, FALSE.count("\n") + 2)), lines


def main():
    self_test()
    project = read_project()
    count = 0
    for document in documents(project):
        text = (ROOT / document).read_text()
        for number, what in problems_of(
                project, document, text,
                lambda name: (ROOT / name).read_text()):
            print(f"{document}:{number}: {what}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
