#!/usr/bin/python3
"""How long functions and files are, how many modules a folder has, and that
modules and folders include each other in no circle; that every enum of states
has a function that names them; TODOs name an issue; that no tracked file is
huge, as a core dump or an archive is.

--table prints these numbers, and some more that a reader may want, as
Markdown."""

import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
FOLDERS = ("src", "bench", "tests")

FUNCTION_MAX = 100
FUNCTION_LOOK_TWICE = 60  # a note, no failure
FILE_MAX = 1000
FILE_LOOK_TWICE = 600     # a note
MODULES_MAX = 12          # of one folder below src/
TRACKED_MAX = 1 << 20     # bytes of any file: what is added stays for ever

# What is longer, larger or goes round in a circle, and why. A row that is
# not needed any more fails, so that it does not allow the next one.

# FILE or FILE:FUNCTION -> why it may be longer.
LONG = {
    "src/conf/option_row.c": "the table of settings, a row for each",
    "tests/unit/core_test.c": "to be split",
}

# Folder -> how many modules it may have, why.
LARGE = {
    "base": (21, "small modules without a subject of their own in common"),
    "core": (14, "the subjects of a console are files of their own"),
}

# A name of the circle -> its modules, why.
MODULE_CIRCLES = {
    "console": ("core/client core/console core/directory core/keyboard core/move "
                "core/reader core/view",
                "the aggregate: a console, its links and readers, and the "
                "directory that they are in, change together or not at all"),
}

# A name of the circle -> its folders, why.
FOLDER_CIRCLES = {}

# With our formatting a function's body is what stands between a brace alone
# in the first column and the next closing one there.
NAME = re.compile(r"\b(\w+)\(")
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!.*#\d)")
STATES = re.compile(r"\benum (\w+_(?:state|phase|verdict|pace|stage|policy|mode))"
                    r"\s*\{")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')

SHORT = 12        # lines of a function that is hardly worth a name
DUPLICATE = 6     # lines alike in two places are a duplicate


# ---- functions and files ----------------------------------------------------

def name_above(lines, start):
    """The function whose parameters end above line start, and whether it is
    static."""
    for line in reversed(lines[max(0, start - 8):start]):
        if not line.startswith((" ", "\t")) and (found := NAME.search(line)):
            return found[1], line.startswith("static ")
    return "?", False


def functions_of(lines):
    """(name, line, length, is_static) of each."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            name, is_static = name_above(lines, start - 1)
            yield name, start, number - start + 1, is_static
            start = None


def problems_of(path, used):
    lines = path.read_text().splitlines()
    name = str(path.relative_to(ROOT))
    if len(lines) > FILE_LOOK_TWICE and len(lines) <= FILE_MAX:
        print(f"{name}:1: note: {len(lines)} lines")
    if len(lines) > FILE_MAX:
        if name in LONG:
            used.add(name)
        else:
            yield 1, f"{len(lines)} lines; at most {FILE_MAX}"
    for function, start, length, _ in functions_of(lines):
        if FUNCTION_LOOK_TWICE < length <= FUNCTION_MAX:
            print(f"{name}:{start}: note: {function} has {length} lines")
        elif length > FUNCTION_MAX:
            key = f"{name}:{function}"
            if key in LONG:
                used.add(key)
            else:
                yield start, (f"{function} has {length} lines; at most "
                              f"{FUNCTION_MAX}")
    for number, line in enumerate(lines, 1):
        if TODO.search(line):
            yield number, "a TODO names its issue: TODO #N"


# ---- modules and folders ----------------------------------------------------

def module_of(path):
    """core/console of core/console.c, console.h and console_private.h."""
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0].removesuffix("_private")
    return f"{folder}/{stem}"


def folder_of(module):
    return module.rpartition("/")[0]


def read_graph(src):
    """{module: modules that it includes}."""
    graph = collections.defaultdict(set)
    for path in sorted(src.rglob("*.[ch]")):
        module = module_of(str(path.relative_to(src)))
        graph[module] |= {module_of(target)
                          for target in INCLUDE.findall(path.read_text())}
        graph[module].discard(module)
    return dict(graph)


def folders_graph(graph):
    folders = collections.defaultdict(set)
    for module, targets in graph.items():
        folder = folder_of(module)
        folders[folder] |= {folder_of(target) for target in targets}
        folders[folder].discard(folder)
    return dict(folders)


def circles_of(graph):
    """Sets of nodes that reach each other, larger than one (Tarjan)."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in sorted(graph.get(node, ())):
            if target not in order:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], order[target])
        if low[node] == order[node]:
            circle = set()
            while node not in circle:
                circle.add(stack.pop())
            if len(circle) > 1:
                found.append(circle)

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return found


def modules_by_folder(graph):
    return collections.Counter(map(folder_of, graph))


def size_problems(graph, used, large):
    for folder, count in sorted(modules_by_folder(graph).items()):
        most, _ = large.get(folder, (MODULES_MAX, ""))
        if count > MODULES_MAX:
            used.add(folder)
        if count > most:
            yield f"src/{folder}: {count} modules; at most {most}"


def circle_problems(graph, used, allowed, what):
    for circle in circles_of(graph):
        key = next((key for key, (names, _) in allowed.items()
                    if circle <= set(names.split())), None)
        if key is None:
            yield f"a circle of {what}: {' '.join(sorted(circle))}"
        else:
            used.add(key)


def shape_problems(graph, used):
    yield from size_problems(graph, used, LARGE)
    yield from circle_problems(graph, used, MODULE_CIRCLES, "modules")
    yield from circle_problems(folders_graph(graph), used, FOLDER_CIRCLES,
                               "folders")


def tracked_sizes():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, text=True,
                           check=True, stdout=subprocess.PIPE).stdout
    return {name: (ROOT / name).stat().st_size
            for name in names.split("\0") if name and (ROOT / name).is_file()}


def huge_files(sizes):
    for name, size in sizes.items():
        if size > TRACKED_MAX:
            yield f"{name}: {size} bytes (max {TRACKED_MAX})"


def nameless_states(headers):
    """Enums of states without a function NAME_name or NAME_text."""
    text = "\n".join(headers)
    for enum in sorted(set(STATES.findall(text))):
        if not re.search(rf"const char \*\w+_(?:name|text)\(enum {enum} \w+\);",
                         text):
            yield f"enum {enum}: no {enum}_name says its states"


# ---- the table --------------------------------------------------------------

def lines_of_kinds(text):
    """(lines with code, lines with a comment) of a source."""
    # Strings first: they may hold what looks like a comment.
    masked = STRING.sub(lambda m: '"' + "x" * (len(m[0]) - 2) + '"', text)
    comments = set()

    def note(found):
        first = masked.count("\n", 0, found.start())
        comments.update(range(first, first + found[0].count("\n") + 1))
        return "\n" * found[0].count("\n")

    code = sum(1 for line in COMMENT.sub(note, masked).split("\n")
               if line.strip())
    return code, len(comments)


def duplicates_of(sources):
    """How many lines of code stand in runs of DUPLICATE that are somewhere
    else too. Includes and braces alone make no run."""
    seen = collections.defaultdict(list)
    for path, text in sources.items():
        lines = [(number, line.strip())
                 for number, line in enumerate(COMMENT.sub("", text).split("\n"))
                 if len(line.strip()) > 2 and
                 not line.lstrip().startswith("#include")]
        for at in range(len(lines) - DUPLICATE + 1):
            run = lines[at:at + DUPLICATE]
            seen["\n".join(line for _, line in run)].append(
                (path, [number for number, _ in run]))
    alike = set()
    for places in seen.values():
        if len(places) > 1:
            alike.update((path, number) for path, run in places
                         for number in run)
    return len(alike)


def print_table():
    sources = {path: path.read_text() for path in sorted(SRC.rglob("*.[ch]"))}
    graph = read_graph(SRC)
    long_files, long_functions, statics, small = [], [], 0, 0
    kinds = collections.defaultdict(lambda: [0, 0])
    for path, text in sources.items():
        lines = text.split("\n")
        name = str(path.relative_to(SRC))
        if len(lines) - 1 > FILE_LOOK_TWICE:
            long_files.append(f"{name} {len(lines) - 1}")
        for function, _, length, is_static in functions_of(lines):
            if length > FUNCTION_LOOK_TWICE:
                long_functions.append(f"{function} {length}")
            if is_static:
                statics += 1
                uses = len(re.findall(rf"\b{function}\b", text))
                uses -= len(re.findall(rf"^static\b[^\n]*\b{function}\b", text,
                                       re.M))
                small += uses == 1 and length <= SHORT
        if path.suffix == ".c":
            code, comments = lines_of_kinds(text)
            for key in (str(path.parent.relative_to(SRC)), "all"):
                kinds[key][0] += code
                kinds[key][1] += comments
    modules = modules_by_folder(graph)
    share = {key: comments / code for key, (code, comments) in kinds.items()}
    rows = [
        ("files over 600 lines", len(long_files), long_files),
        ("functions over 60 lines", len(long_functions), long_functions),
        (f"folders over {MODULES_MAX} modules",
         sum(n > MODULES_MAX for n in modules.values()),
         [f"{folder} {n}" for folder, n in sorted(modules.items())]),
        ("circles of modules", len(circles_of(graph)),
         [" ".join(sorted(c)) for c in circles_of(graph)]),
        ("circles of folders", len(circles_of(folders_graph(graph))),
         [" ".join(sorted(c)) for c in circles_of(folders_graph(graph))]),
        (f"lines in runs of {DUPLICATE} that are there twice",
         duplicates_of(sources), []),
        (f"static functions, used once and {SHORT} lines or fewer",
         f"{small} of {statics}", []),
        ("lines of src", sum(t.count("\n") for t in sources.values()), []),
        ("comment lines for a code line in .c files", f"{share['all']:.2f}",
         [f"{key} {value:.2f}" for key, value in sorted(share.items())
          if key != "all"]),
    ]
    print("| what | number | of them |\n|---|---|---|")
    for what, number, them in rows:
        print(f"| {what} | {number} | {', '.join(them)} |")


# ---- is this a check that can fail? -----------------------------------------

def self_test():
    """Made-up trees with one fault each."""
    graph = {"a/x": {"a/y"}, "a/y": {"b/z"}, "b/z": set()}
    assert circles_of(graph) == []
    graph["b/z"] = {"a/x"}
    assert circles_of(graph) == [{"a/x", "a/y", "b/z"}]
    assert circles_of(folders_graph(graph)) == [{"a", "b"}]
    assert list(circle_problems(graph, set(), {}, "modules"))
    used = set()
    assert not list(circle_problems(
        graph, used, {"it": ("a/x a/y b/z", "why")}, "modules"))
    assert used == {"it"}
    assert list(circle_problems(graph, set(), {"it": ("a/x a/y", "")}, ""))
    many = {f"a/{n}": set() for n in range(MODULES_MAX + 1)}
    assert list(size_problems(many, set(), {}))
    assert not list(size_problems(many, set(), {"a": (MODULES_MAX + 1, "")}))
    many.popitem()
    assert not list(size_problems(many, set(), {}))
    assert list(nameless_states(["enum a_state { A };"]))
    assert not list(nameless_states([
        "enum a_state { A };", "const char *a_state_name(enum a_state state);"]))
    body = ["static int", "f(int x)", "{"] + [""] * 100 + ["}"]
    assert [(n, length) for n, _, length, _ in functions_of(body)] == [
        ("f", 102)]
    assert list(huge_files({"a": TRACKED_MAX, "b": TRACKED_MAX + 1})) == [
        f"b: {TRACKED_MAX + 1} bytes (max {TRACKED_MAX})"]
    assert lines_of_kinds('a; /* b\n c */\n\n"/*" d;\n// e\n') == (2, 3)


def main():
    if sys.argv[1:] == ["--table"]:
        print_table()
        return 0
    self_test()
    count, used = 0, set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            for number, text in problems_of(path, used):
                print(f"{path.relative_to(ROOT)}:{number}: {text}")
                count += 1
    headers = [path.read_text() for path in sorted(SRC.rglob("*.h"))]
    for text in [*shape_problems(read_graph(SRC), used),
                 *nameless_states(headers), *huge_files(tracked_sizes())]:
        print(text)
        count += 1
    for key in {**LONG, **LARGE, **MODULE_CIRCLES, **FOLDER_CIRCLES}:
        if key not in used:
            print(f"{__file__}: the exception {key} is not needed any more")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
