#!/usr/bin/python3
"""The messages of the log are in one table, src/log/log_words.h, and nowhere
else: log calls in src/ use its names, tests and benchmarks do, and documents
quote what is in it."""

import io
import pathlib
import re
import subprocess
import sys
import tokenize

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "program"))

from harness.words import HEADER, read_words  # noqa: E402 (it is found there)

# What log_audit logs is listed there.
AUDIT = "docs/audit.md"
# Where log calls need no name of the table, or a text of it may stand.
EXEMPT = {
    "src/log/log.h": "defines log_info and the others",
    "src/log/log.c": "log_line itself; its own message is of the table",
    "tests/unit/log_format_test.c": "its lines are examples of a format",
    "tests/unit/log_gate_test.c": "limits lines of its own",
    "tests/unit/log_test.c": "logs lines of its own",
}
ARGUMENT = r"(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+,\s*"
CALL = re.compile(r"\blog_(?:error|warning|info|debug)\(\s*|"
                  rf"\blog_line\(\s*{ARGUMENT}|"
                  rf"\blog_counted\(\s*(?:{ARGUMENT}){{2}}|"
                  rf"\blog_(?:limited|audit)\(\s*(?:{ARGUMENT}){{3}}")
AUDITED = re.compile(rf"\blog_audit\(\s*(?:{ARGUMENT}){{3}}LOG_(\w+)")
# FIELDS: a macro with the beginning of the fields.
FIRST = re.compile(r'LOG_(\w+)\s*(?:[,)]|\w+_FIELDS\b|"( ?)([^"]*)")')
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# A test that waits for a text of its own.
WAITS = re.compile(r"\.(?:wait_event|events)\(\s*[rf]?[\"']")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
MESSAGE = re.compile(r"[^%=.]+[^%=. ]")
LINE = re.compile(r"(?:\S+Z (?:error|warning|info|debug) )?"
                  r"([A-Za-z][\w ,:()-]*?)(?: \.\.\.)? [a-z-]+=.*")
QUOTED = re.compile(r"(?:log (?:says|line|may log)|the warning)\s+`([^`]+)`")
TICKS = re.compile(r"`([^`\n]+)`")
NO_LINE = re.compile(r"(?:vsp\w*|systemctl|sysctl|grep|env) |[\w-]+\)|"
                     r"message ")  # commands; a case of a shell; any message


def blank(found):
    return re.sub(r"[^\n]", " ", found[0])


def wrong_words(words):
    """What is wrong with the table itself."""
    for name, text in words.items():
        if not MESSAGE.fullmatch(text):
            yield f"LOG_{name}: has %, = or a full stop"
        if list(words.values()).count(text) > 1:
            yield f"LOG_{name}: two have this message"


def audited(text):
    """Names of the messages that are events of the audit log."""
    return set(AUDITED.findall(COMMENT.sub(blank, text)))


def wrong_calls(name, text, words):
    """(position, what) of log calls that do not use the table."""
    text = COMMENT.sub(blank, text)
    for call in CALL.finditer(text):
        rest = text[call.end():]
        first = FIRST.match(rest)
        if not first or first[1] not in words:
            yield call.start(), "the message is not of log_words.h"
        elif first[3] is not None and not (
                first[2] and re.match(r"[a-z-]+=", first[3])):
            yield call.start(), "behind the message is no key="


def has_message(literal, words):
    """True for a literal that is a message, or a line that begins with one."""
    found = re.fullmatch(r"(?:.*(?:error|warning|info|debug))?\s*(.*?)"
                         r"(?: [a-z-]+=.*|[ $]*)", literal)
    return found is not None and found[1] in words.values()


def literals_of(name, text):
    """(line, text) of what a program's source has in quotes."""
    if name.endswith((".c", ".h")):
        text = COMMENT.sub(blank, text)
        for found in LITERAL.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found[1]
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING:
            yield token.start[0], token.string.lstrip("rfb").strip("\"'")


def quotes_of(name, text):
    """(position, message) of what a document quotes from the log."""
    if not name.endswith(".md"):
        section = re.search(r"^\.Sh MESSAGES\n.*?(?=^\.Sh )", text,
                            re.S | re.M)
        for item in re.finditer(r"^\.It (.*)", section[0] if section else "",
                                re.M):
            for message in item[1].split(" , "):
                yield section.start() + item.start(), message
        return
    for found in QUOTED.finditer(text):
        yield found.start(), re.sub(r"(?: \.\.\.)?(?: [a-z-]+=.*)?$", "",
                                    found[1], flags=re.S)
    for found in TICKS.finditer(text):
        line = LINE.fullmatch(found[1])
        if line and not NO_LINE.match(found[1]):
            yield found.start(), line[1]
    for found in re.finditer(r"^    (\S.*)", text, re.M):
        line = LINE.fullmatch(found[1])
        if line and not NO_LINE.match(found[1]):
            yield found.start(), line[1]


# ---- is this a check that can fail? -----------------------------------------

def self_test():
    words = {"UP": "VM up", "LIMIT": "limit reached"}
    good = """log_info(LOG_UP " console=%s", c); log_error(LOG_LIMIT);
        log_line(level(s), LOG_UP " a=%d " "b=%d", 1, 2);
        log_info(LOG_UP VM_LOG_FIELDS " c=%d", VM_LOG_VALUES(vm), 3);"""
    assert not list(wrong_calls("x.c", good, words))
    for bad in ('log_info("VM up a=1");', "log_info(LOG_GONE);",
                'log_info(LOG_UP "more a=1");', 'log_info(LOG_UP " more");',
                'log_line(f(a, b), "VM up");', "log_debug(text);"):
        assert len(list(wrong_calls("x.c", bad, words))) == 1, bad
    assert audited("log_audit(f(a, b), NULL, c,\n LOG_UP \" a=%d\", 1);"
                   "log_info(LOG_LIMIT);") == {"UP"}
    assert WAITS.search("vspcd.events(\n    'VM up')")
    assert not WAITS.search('vspcd.events(words.UP, a="b")')
    for text in ("VM up", " VM up ", "VM up console=", "info VM up$"):
        assert has_message(text, words), text
    for text in ("a: VM up", "the VM up there", "VM upwards", ""):
        assert not has_message(text, words), text
    document = """The log says `VM up`, `gone a=1` and `--x=3`.

    VM gone console=web reason="x"
    vspcd --hold-time=3
"""
    assert [m for _, m in quotes_of("x.md", document)] == [
        "VM up", "gone", "VM gone"]
    manual = ".Sh MESSAGES\n.It VM up , VM gone\n.Sh END\n.It other\n"
    assert [m for _, m in quotes_of("x.8", manual)] == ["VM up", "VM gone"]
    assert len(list(wrong_words({"A": "a=b", "B": "c d", "C": "c d"}))) == 3


# ---- this project -----------------------------------------------------------

def tracked(*patterns):
    return subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT,
        text=True, check=True, stdout=subprocess.PIPE).stdout.split()


def problems(words):
    """What is wrong, as lines with file and number."""
    header = str(HEADER.relative_to(ROOT))
    unused = set(words)
    events = (ROOT / AUDIT).read_text()
    for what in wrong_words(words):
        yield f"{header}: {what}"
    for name in tracked("src/*.[ch]"):
        text = (ROOT / name).read_text()
        if name != header:
            unused -= set(re.findall(r"\bLOG_(\w+)", text))
        if name in EXEMPT or name.startswith("src/vm/"):
            continue
        for event in sorted(audited(text) & set(words)):
            if f"`{words[event]}`" not in events:
                yield f"{AUDIT}: the event `{words[event]}` is not in its table"
        for at, what in wrong_calls(name, text, words):
            yield f"{name}:{text.count(chr(10), 0, at) + 1}: {what}"
    for name in sorted(unused):
        yield f"{header}: nothing logs LOG_{name}"
    for name in tracked("tests/*.[ch]", "tests/*.py", "bench/*.[ch]",
                        "bench/run", "scripts/run"):
        if name in EXEMPT:
            continue
        text = (ROOT / name).read_text()
        for wait in WAITS.finditer(text):
            yield (f"{name}:{text.count(chr(10), 0, wait.start()) + 1}: "
                   "name the message, as in log_words.h")
        for line, literal in literals_of(name, text):
            if has_message(literal, words):
                yield f"{name}:{line}: {literal!r}: name it, as in log_words.h"
    for name in tracked("*.md", "docs/man/*"):
        if name == "CHANGELOG.md":  # tells of what was
            continue
        text = (ROOT / name).read_text()
        for at, message in quotes_of(name, text):
            if message not in words.values():
                yield (f"{name}:{text.count(chr(10), 0, at) + 1}: {message!r}:"
                       " no such message in log_words.h")


def main():
    self_test()
    found = list(problems(read_words(HEADER.read_text())))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
