"""Who may do what, as access_rules.h and the manual say it: a model that knows
nothing of the code in src/access/. Slow and simple: nothing is prepared."""

import functools
import ipaddress
import re
from dataclasses import dataclass, field

RIGHTS = ["none", "read", "write", "break", "control", "admin"]
PERSONS = {"uid", "password", "proxy", "ssh"}
ACCOUNTS = {"uid", "password"}


@dataclass
class Principal:
    proof: str = "address"
    name: str = ""
    groups: tuple = ()
    is_keeper: bool = False
    address: str = ""        # "": a Unix socket
    owner: "Principal" = None   # of a token
    right_max: str = "none"     # of a token
    consoles: str = ""          # of a token: pattern


@dataclass
class Console:
    name: str = ""
    uuid: str = ""
    label: str = ""
    host: str = ""
    inventory: str = "none"  # or "known", or "unknown": it, or the VM's line,
                             # could not be read
    folder: str = ""
    owner: str = ""
    host_name: str = ""
    tags: tuple = ()


@dataclass
class Member:
    text: str
    line: int = 0


@dataclass
class Group:
    name: str
    members: list


@dataclass
class Section:
    pattern: str
    members: dict   # right: list of Member
    hosts: list = ()
    keyboard: str = "free-for-all"
    line: int = 0


@dataclass
class Rules:
    groups: list = field(default_factory=list)
    sections: list = field(default_factory=list)
    keeper: str = "vspcd"
    is_open: bool = False    # called as vSPCServer


@dataclass
class Verdict:
    right: str
    keyboard: str = "free-for-all"
    line: int = 0
    is_matched: bool = False


# ---- patterns ---------------------------------------------------------------

# A letter of a UUID matches in either case, any other letter in its own. So
# the letters of UUIDs are moved to where no other character is.
MOVED = 0xF0000


def moved(text):
    return "".join(chr(MOVED + ord(c.lower())) for c in text)


def one_of(characters):
    return "[" + "".join(map(re.escape, sorted(characters))) + "]"


def both_kinds(characters):
    return set(characters) | {moved(c) for c in characters}


def set_of(text):
    """The characters of [text]."""
    found = set()
    while text:
        first, rest = text[0], text[1:]
        last = first
        if len(rest) >= 2 and rest[0] == "-":
            last, rest = rest[1], rest[2:]
        found |= {chr(c) for c in range(ord(first), ord(last) + 1)}
        text = rest
    return both_kinds(found)


@functools.cache
def regular(pattern):
    expression = ""
    while pattern:
        c, pattern = pattern[0], pattern[1:]
        if c == "*":
            expression += ".*"
        elif c == "?":
            expression += "."
        elif c == "[":
            inside, _, pattern = pattern.partition("]")
            if inside[0] == "!":
                expression += "(?!" + one_of(set_of(inside[1:])) + ")."
            else:
                expression += one_of(set_of(inside))
        else:
            expression += one_of(both_kinds(c))
    return re.compile(expression, re.DOTALL)


def matches(pattern, text):
    return regular(pattern).fullmatch(text) is not None


def subject_of(pattern):
    """("folder", "/prod/*") of folder:/prod/*; None: it is for names."""
    kind, colon, glob = pattern.partition(":")
    return (kind, glob) if colon and kind in ("folder", "owner", "tag",
                                              "host") else None


def is_server(console):
    """It has no names, and is no VM of which nothing is known."""
    return not console.name and not console.uuid


def is_undecided(pattern, console):
    return (console.inventory == "unknown" and not is_server(console) and
            subject_of(pattern) is not None)


def matches_inventory(kind, glob, console):
    if console.inventory == "unknown" or is_server(console):
        return False
    texts = {"folder": [console.folder], "owner": [console.owner],
             "host": [moved(console.host_name)], "tag": console.tags}[kind]
    texts = [text for text in texts if text and console.inventory == "known"]
    if not texts or not glob:
        return not texts and not glob
    return any(matches(glob, text) for text in texts)


def matches_console(pattern, console):
    if found := subject_of(pattern):
        return matches_inventory(*found, console)
    texts = []
    for text in (console.name, moved(console.uuid)):
        if text:
            texts.append(text)
            if console.label:
                texts.append(f"{text}/{console.label}")
    return set(pattern) == {"*"} or any(matches(pattern, t) for t in texts)


# ---- networks ---------------------------------------------------------------

@functools.cache
def address_of(text):
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


@functools.cache
def network_of(text):
    return ipaddress.ip_network(text)


def is_in(network, address):
    return address != "" and address_of(address) in network_of(network)


def is_local(address):
    return address == "" or address_of(address).is_loopback


def comes_from(place, address):
    return is_local(address) if place == "local" else is_in(place, address)


# ---- members ----------------------------------------------------------------

def is_named(kind, name, who):
    if kind == "anybody":
        return True
    if kind == "user":
        return who.proof in PERSONS and who.name == name
    if kind == "unix":
        return who.proof in ACCOUNTS and name in who.groups
    if kind == "proxy":
        return who.proof == "proxy" and name in who.groups
    if kind in ("certificate", "token"):
        return who.proof == kind and matches(name, who.name)
    raise ValueError(kind)


def leaves(rules, text, places=()):
    """(kind, name, where from) of what a member stands for."""
    text, _, place = text.partition(" from ")
    if place:
        places += (place,)
    if text == "anybody":
        yield "anybody", "", places
        return
    kind, colon, name = text.partition(":")
    if colon:
        yield kind, name, places
        return
    for group in rules.groups:
        if group.name == text:
            for member in group.members:
                yield from leaves(rules, member.text, places)
            return
    yield "user", text, places


def is_for(rules, text, who, address):
    return any(is_named(kind, name, who) and
               all(comes_from(place, address) for place in places)
               for kind, name, places in leaves(rules, text))


# ---- verdicts ---------------------------------------------------------------

def greatest(rules, section, who, address):
    """(right, line) of the section for somebody at this address."""
    for right in reversed(RIGHTS[1:]):
        for member in section.members.get(right, ()):
            if is_for(rules, member.text, who, address):
                return right, member.line
    return "none", section.line


def standard(rules):
    members = {"admin": [Member("user:root"), Member(f"user:{rules.keeper}")],
               "break": [Member("anybody from local")],
               "write": [Member("anybody")] if rules.is_open else []}
    return Section("*", members)


def right_as(rules, section, who, address):
    if not rules.sections and who.is_keeper:
        return "admin", 0
    return greatest(rules, section, who, address)


def right_in(rules, section, who, console):
    if who.proof != "token":
        return right_as(rules, section, who, who.address)
    nothing = ("none", section.line)
    if who.owner is None:
        return nothing
    if who.consoles and not (console and
                             matches_console(who.consoles, console)):
        return nothing
    found = right_as(rules, section, who.owner, who.address)
    if who.owner.is_keeper:
        own = right_as(rules, section, who, who.address)
        found = max(found, own, key=lambda f: RIGHTS.index(f[0]))
    return min(found[0], who.right_max, key=RIGHTS.index), found[1]


def find_sections(rules, console):
    """The one that decides, or None; and those that might be it instead."""
    others = []
    for section in rules.sections or [standard(rules)]:
        if section.hosts and not any(is_in(network, console.host)
                                     for network in section.hosts):
            continue
        if matches_console(section.pattern, console):
            return section, others
        if is_undecided(section.pattern, console):
            others.append(section)
    return None, others


def find_section(rules, console):
    return find_sections(rules, console)[0]


def judge(rules, who, console):
    section, others = find_sections(rules, console)
    if section is None:
        return Verdict("none")
    verdicts = []
    for each in [section, *others]:
        right, line = right_in(rules, each, who, console)
        verdicts.append(Verdict(right, each.keyboard, line, True))
    return min(verdicts, key=lambda v: RIGHTS.index(v.right))


def may_gain(rules, who, console):
    """Whether a login by password or token could give more."""
    section = find_section(rules, console)
    if section is None:
        return False
    has = right_in(rules, section, who, console)[0]
    for right in RIGHTS[RIGHTS.index(has) + 1:]:
        for member in section.members.get(right, ()):
            for kind, _, places in leaves(rules, member.text):
                if kind in ("user", "unix", "token") and \
                        all(comes_from(p, who.address) for p in places):
                    return True
    return False
