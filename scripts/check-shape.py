#!/usr/bin/python3
"""Functions stay under 100 lines and files under 1000; TODOs name an issue."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "bench", "tests")

FUNCTION_MAX = 100
FUNCTION_LOOK_TWICE = 60  # a note, no failure
FILE_MAX = 1000

# FILE or FILE:FUNCTION -> why it may be longer.
EXCEPTIONS = {}

# With our formatting a function's body is what stands between a brace alone
# in the first column and the next closing one there.
NAME = re.compile(r"\b(\w+)\(")
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!.*#\d)")


def name_above(lines, start):
    """The function whose parameters end above line start."""
    for line in reversed(lines[max(0, start - 8):start]):
        if not line.startswith((" ", "\t")) and (found := NAME.search(line)):
            return found[1]
    return "?"


def problems_of(path):
    lines = path.read_text().splitlines()
    name = str(path.relative_to(ROOT))
    if len(lines) > FILE_MAX and name not in EXCEPTIONS:
        yield 1, f"{len(lines)} lines; at most {FILE_MAX}"
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            function = name_above(lines, start - 1)
            length = number - start + 1
            if FUNCTION_LOOK_TWICE < length <= FUNCTION_MAX:
                print(f"{name}:{start}: note: {function} has {length} lines")
            if length > FUNCTION_MAX and \
                    f"{name}:{function}" not in EXCEPTIONS:
                yield start, (f"{function} has {length} lines; at most "
                              f"{FUNCTION_MAX}")
            start = None
        if TODO.search(line):
            yield number, "a TODO names its issue: TODO #N"


def main():
    count = 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            for number, text in problems_of(path):
                print(f"{path.relative_to(ROOT)}:{number}: {text}")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
