"""Reads docs/tutorial.md, and does what it says on a machine.

What a reader does is in fenced blocks, and the word behind the fence says what
kind of block it is:

    console            a terminal: "# " is typed by root, "$ " by alice; a line
                       that ends with a backslash goes on; what follows is what
                       is shown
    conf PATH          the content of this file
    text by-hand       what a person does elsewhere, such as in a browser

What is shown may differ in numbers, in the width of columns, and where there is
"...": alone in a line it stands for any lines. A line such as `web-01$ date`, or
a password's question, is a prompt of a program that runs: the rest is typed when
the program shows the prompt. ^X is a control key, and no Enter follows it.
"""

import dataclasses
import re
import time

import pexpect

# Of both shells, with the exit code; nothing else shows it.
PROMPT = re.compile(r"@tutorial:(\d+)@ ")
PASSWORD = "correct horse"  # typed where one is asked for
# What changes nothing is asked again until it shows what it should.
ASKS = re.compile(r"vspc (list|show|alerts|logs|status|who|doctor|recordings)\b|"
                  r"journalctl|systemctl (status|is-active)|tail ")
INSIDE = re.compile(r"(?P<prompt>[\w.-]+\$ ?)(?P<typed>.+)")
ASKED = re.compile(r".*[Pp]assword: ?$")
FENCE = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.M | re.S)
# Progress, which a terminal shows until the line is erased.
ERASED = re.compile(r"[^\n]*\r\x1b\[2?K")
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>78]|\x1b\][^\x07]*\x07|\r")


@dataclasses.dataclass
class Block:
    """A fenced block, and where it is."""
    line: int
    kind: str
    about: str
    text: str


@dataclasses.dataclass
class Command:
    """What is typed at a shell, by whom, and what is shown then."""
    who: str
    typed: str
    shown: list


def read_blocks(text):
    """All fenced blocks, in their order."""
    found = []
    for match in FENCE.finditer(text):
        found.append(Block(text.count("\n", 0, match.start()) + 1, match[1],
                           match[2], match[3]))
    assert len(found) * 2 == len(re.findall(r"^```", text, re.M))
    return found


def read_commands(text):
    """The commands of a console block."""
    found = []
    lines = iter(text.splitlines())
    for line in lines:
        if line[:2] in ("# ", "$ "):
            typed = line[2:]
            while typed.endswith("\\"):
                typed = typed[:-1] + next(lines).lstrip()
            found.append(Command("root" if line[0] == "#" else "alice", typed,
                                 []))
        else:
            found[-1].shown.append(line)
    return found


# ---- what is shown -----------------------------------------------------------

def pattern_of(lines):
    """A regular expression for what these lines show."""
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
            continue
        words = []
        for word in line.split():
            pieces = re.split(r"(\.\.\.|\d+)", word)
            words.append("".join(
                "[^\n]*?" if piece == "..." else
                r"\d+" if piece.isdigit() else re.escape(piece)
                for piece in pieces))
        parts.append(r"[ \t]*" + r"[ \t]+".join(words) + r"[ \t]*\n")
    return re.compile("".join(parts))


def is_shown(lines, said):
    text = TERMINAL.sub("", ERASED.sub("", said)).strip("\n")
    return pattern_of(lines).fullmatch(text + "\n" if text else "") is not None


# ---- doing it ----------------------------------------------------------------

class Terminal:
    """A shell on the machine."""

    def __init__(self, machine, who, folder, environment, timeout):
        self.timeout = timeout
        user = [] if who == "root" else ["runuser", "-u", who, "--", "env",
                                         f"HOME=/home/{who}"]
        words = machine.command(*user, "bash", "--norc", "--noprofile",
                                "--noediting")
        self.shell = pexpect.spawn(
            words[0], words[1:], env=environment | {"PS1": "", "PS2": ""},
            encoding="utf-8", codec_errors="replace", timeout=timeout,
            dimensions=(24, 80), echo=False)
        # $? is not yet a number where this is echoed.
        self.shell.sendline(f"stty -echo; cd {folder}; PS1='@tutorial:$?@ '")
        self.shell.expect(PROMPT)

    def type(self, command):
        """Exit code of a command, and what it shows. Those that ask are
        answered."""
        self.shell.sendline(command.typed)
        said = ""
        for line in command.shown:
            inside = INSIDE.fullmatch(line)
            if ASKED.fullmatch(line):
                said += self.wait_for(line.strip())
                self.shell.sendline(PASSWORD)
            elif inside:
                said += self.wait_for(inside["prompt"].strip())
                said += self.enter(inside["typed"])
        self.shell.expect(PROMPT)
        return int(self.shell.match[1]), said + self.shell.before

    def enter(self, typed):
        """Types it; what is not shown by itself, as control keys are not."""
        if typed.startswith("^"):
            for key in re.findall(r"\^.|[^^]+", typed):
                self.shell.send(chr(ord(key[1]) & 0x1f) if key[0] == "^"
                                else key)
            return f" {typed}"
        self.shell.send(f"{typed}\r")
        return " "

    def wait_for(self, text):
        self.shell.expect_exact(text)
        return self.shell.before + text

    def close(self):
        self.shell.close(force=True)


class Player:
    """Does blocks on the machine; root is in the folder."""

    def __init__(self, machine, folder, environment, timeout=600.0):
        self.machine, self.folder = machine, folder
        self.environment, self.timeout = environment, timeout
        self.terminals = {}

    def terminal(self, who):
        # alice's groups are those at her login.
        if who not in self.terminals:
            self.terminals[who] = Terminal(
                self.machine, who, self.folder if who == "root" else "~",
                self.environment, self.timeout)
        return self.terminals[who]

    def play(self, block):
        if block.kind == "conf":
            path = self.machine.root.path(block.about)
            assert path.parent.is_dir(), f"{block.about}: no such folder"
            path.write_text(block.text)
            return
        for command in read_commands(block.text):
            self.do(block, command)

    def do(self, block, command):
        end = time.monotonic() + self.timeout
        while True:
            code, said = self.terminal(command.who).type(command)
            if code == 0 and is_shown(command.shown, said):
                return
            assert ASKS.match(command.typed) and time.monotonic() < end, (
                f"docs/tutorial.md, block in line {block.line}: "
                f"{command.typed}\nexit code {code}, and shows:\n"
                f"{TERMINAL.sub('', said)}\ninstead of:\n" + "\n".join(command.shown))
            time.sleep(0.2)

    def close(self):
        for terminal in self.terminals.values():
            terminal.close()
