"""The rules of who may do what against a model of them: random rules, people
and consoles, and every verdict, line and "may a login help" agree."""

import random
import subprocess

import pytest

from harness.access_model import (RIGHTS, Console, Group, Member, Principal,
                                  Rules, Section, Verdict, judge, may_gain)
from harness.programs import BUILD

# Few words, so that they meet.
PERSONS = ["alice", "bob", "root", "vspcd", "ops"]
ACCOUNT_GROUPS = ["wheel", "adm", "staff"]
RULE_GROUPS = ["ops", "dev", "alice", "night"]
CERTIFICATES = ["alice", "a.example.org", "b.ops.example.org", "CN=a b"]
TOKENS = ["ci", "ci-2", "deploy"]
ADDRESSES = ["", "127.0.0.1", "::1", "192.0.2.7", "192.0.2.200", "10.1.2.3",
             "::ffff:192.0.2.7", "2001:db8::7", "fe80::1"]
PLACES = ["local", "192.0.2.0/24", "192.0.2.128/25", "192.0.2.7", "0.0.0.0/0",
          "::/0", "2001:db8::/32", "127.0.0.0/8", "10.0.0.0/8"]
NAMES = ["folder:x", "web-1", "web-12", "db", "db-1", "Web-1", "büro", "a/b", ""]
LABELS = ["s0", "s1", "S0", ""]
UUIDS = ["52f7a088-357e-a2c5-8c35-5a2ba9f1ec6f", "not a uuid", "WEB-1", ""]
PATTERNS = ["*", "**", "web-*", "web-?", "*-1", "db", "db*", "?üro", "b*",
            "[w-z]*", "[!a-c]*", "[wW]eb-1", "*/s0", "web-1/s?", "*/[sS]0",
            "52f7*", "52F7A088-*", "52[A-F]7*/s0", "52[!a-f]7*", "a/*",
            "web-1", "*[0-9]", "??", "not*", "*e*-*",
            "folder:/prod/*", "folder:", "folder:*", "folder:/[pl]*/web",
            "owner:alice", "owner:", "tag:web", "tag:*x", "tag:",
            "host:ESX-?", "host:*[a-c]", "[f]older:x", "host:"]
FOLDERS = ["/prod/web", "/prod", "/lab/web", "", "/prod/web"]


def maybe(rng, value, often=0.5):
    return value if rng.random() < often else ""


def random_member(rng, groups):
    text = rng.choice([
        "anybody",
        rng.choice(PERSONS + groups),
        rng.choice(groups or ["anybody"]),
        f"user:{rng.choice(PERSONS)}",
        f"unix:{rng.choice(ACCOUNT_GROUPS)}",
        f"proxy:{rng.choice(ACCOUNT_GROUPS)}",
        f"certificate:{rng.choice(['*', 'a*', '*.example.org', 'CN=? b'])}",
        f"token:{rng.choice(['*', 'ci', 'ci*', 'deploy'])}"])
    return Member(text + maybe(rng, f" from {rng.choice(PLACES)}", 0.3))


def random_rules(rng):
    rules = Rules(keeper=rng.choice(["vspcd", "bob"]),
                  is_open=rng.random() < 0.5)
    if rng.random() < 0.05:
        return rules
    names = rng.sample(RULE_GROUPS, rng.randrange(len(RULE_GROUPS)))
    # A group has only later ones as members: so there is no circle. A person
    # with the name of an earlier one would make one.
    for i, name in enumerate(names):
        members = [random_member(rng, names[i + 1:])
                   for _ in range(rng.randrange(3))]
        rules.groups.append(Group(name, [m for m in members if m.text.partition(
            " ")[0] not in names[:i + 1]]))
    for _ in range(rng.randrange(1, 5)):
        rules.sections.append(Section(
            pattern=rng.choice(PATTERNS),
            members={right: [random_member(rng, names)
                             for _ in range(rng.randrange(1, 4))]
                     for right in RIGHTS[1:] if rng.random() < 0.4},
            hosts=rng.sample(PLACES[1:], rng.choice([0, 0, 1, 2])),
            keyboard=rng.choice(["free-for-all", "one-writer"])))
    return rules


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_rules(rng, rules):
    """The text of the file; sets the lines."""
    lines = []

    def write_members(name, members):
        lines.append(f"  {name} = {{")
        for member in members:
            lines.append(f"    {quoted(member.text)},")
            member.line = len(lines)
        if members:
            lines[-1] = lines[-1][:-1]
        lines.append("  }")

    def write_group(group):
        lines.append(f"group {quoted(group.name)} {{")
        write_members("members", group.members)
        lines.append("}")

    def write_section(section):
        lines.append(f"access {quoted(section.pattern)} {{")
        section.line = len(lines)
        for right in rng.sample(list(section.members), len(section.members)):
            write_members(right, section.members[right])
        if section.hosts:
            lines.append("  hosts = {%s}" % ", ".join(map(quoted,
                                                          section.hosts)))
        lines.append(f"  keyboard = {section.keyboard}")
        lines.append("}")

    parts = [(write_section, s) for s in rules.sections]
    for group in rules.groups:
        parts.insert(rng.randrange(len(parts) + 1), (write_group, group))
    for write, part in parts:
        write(part)
    return "".join(line + "\n" for line in lines)


def random_person(rng, address, proofs):
    proof = rng.choice(proofs)
    if proof == "address":
        return Principal(address=address)
    name = rng.choice(CERTIFICATES if proof == "certificate" else PERSONS)
    groups = rng.sample(ACCOUNT_GROUPS, rng.randrange(3))
    return Principal(proof, name, tuple(groups), rng.random() < 0.2, address)


def random_principal(rng):
    address = rng.choice(ADDRESSES)
    if rng.random() < 0.7:
        return random_person(rng, address, ["address", "uid", "password",
                                            "proxy", "certificate"])
    owner = random_person(rng, "", ["uid", "password", "certificate"])
    return Principal("token", rng.choice(TOKENS), address=address,
                     owner=owner if rng.random() < 0.9 else None,
                     right_max=rng.choice(RIGHTS),
                     consoles=maybe(rng, rng.choice(PATTERNS), 0.3))


def random_console(rng):
    return Console(rng.choice(NAMES), rng.choice(UUIDS), rng.choice(LABELS),
                   maybe(rng, rng.choice(ADDRESSES[1:])),
                   rng.choice(["none", "known", "known", "unknown"]),
                   rng.choice(FOLDERS), maybe(rng, rng.choice(PERSONS)),
                   maybe(rng, rng.choice(["esx-1", "Esx-b"])),
                   tuple(rng.sample(["web", "linux", "x"], rng.randrange(3))))


def case_line(who, console):
    def person(p):
        return [p.proof, p.name, ",".join(p.groups), str(int(p.is_keeper))]

    fields = ["CASE", *person(who),
              *(person(who.owner) if who.owner else ["", "", "", "0"]),
              who.right_max, who.consoles, who.address, console.name,
              console.uuid, console.label, console.host, console.inventory,
              console.folder, console.owner, console.host_name,
              "".join(tag + ";" for tag in console.tags)]
    return "\t".join(fields) + "\n"


def ask(text):
    result = subprocess.run([BUILD / "tests/program/access_judge"],
                            input=text.encode(), capture_output=True,
                            timeout=60)
    assert (result.returncode, result.stderr) == (0, b""), result.stderr
    for line in result.stdout.decode().splitlines():
        right, keyboard, number, is_matched, gains = line.split()
        yield (Verdict(right, ["free-for-all", "one-writer"][int(keyboard)],
                       int(number), is_matched == "1"), gains == "1")


def play(seed, count, cases_of_rules=40):
    rng = random.Random(seed)
    text, cases = [], []
    for _ in range(count // cases_of_rules):
        rules = random_rules(rng)
        written = write_rules(rng, rules)
        text.append(f"RULES\t{rules.keeper}\t{int(rules.is_open)}\t"
                    f"{len(written.encode())}\n{written}")
        for _ in range(cases_of_rules):
            who, console = random_principal(rng), random_console(rng)
            text.append(case_line(who, console))
            cases.append((rules, written, who, console))
    answers = list(ask("".join(text)))
    assert len(answers) == len(cases) == count
    rights = set()
    for answer, (rules, written, who, console) in zip(answers, cases):
        expected = (judge(rules, who, console), may_gain(rules, who, console))
        assert answer == expected, f"{seed=}\n{written}\n{who}\n{console}"
        rights.add((answer[0].right, answer[0].is_matched, answer[1]))
    return rights


def test_all_agree():
    """And all happens: each right with and without more by a login, but that
    admin is the most."""
    rights = play(seed=13, count=20_000)
    assert rights == {(right, True, gains) for right in RIGHTS
                      for gains in (False, True)} - {("admin", True, True)} | \
        {("none", False, False)}


def test_others_agree():
    seed = random.randrange(1 << 32)
    print(f"{seed=}")
    play(seed, count=4_000)


@pytest.mark.parametrize("rules, who, console, right", [
    # What the manual says, in its words.
    (Rules(), Principal(), Console("web"), "break"),
    (Rules(), Principal(address="192.0.2.1"), Console("web"), "none"),
    (Rules(is_open=True), Principal(address="192.0.2.1"), Console("web"),
     "write"),
    (Rules(), Principal("uid", "root"), Console("web"), "admin"),
    (Rules(sections=[Section("*", {"write": [Member("anybody")]})]),
     Principal(address="192.0.2.1"), Console("web"), "write"),
    (Rules(sections=[Section("db-*", {"write": [Member("anybody")]})]),
     Principal(), Console("web"), "none"),
    (Rules(sections=[Section("secret-*", {}),
                     Section("*", {"admin": [Member("anybody")]})]),
     Principal(), Console("secret-1"), "none"),
    (Rules(sections=[Section("52F7*", {"read": [Member("anybody")]})]),
     Principal(), Console("web", "52f7-1"), "read"),
    (Rules(sections=[Section("folder:/prod/*", {}),
                     Section("*", {"admin": [Member("anybody")]})]),
     Principal(), Console("web", inventory="unknown"), "none"),
    (Rules(sections=[Section("folder:/prod/*", {}),
                     Section("*", {"admin": [Member("anybody")]})]),
     Principal(), Console("web", inventory="none"), "admin"),
])
def test_model(rules, who, console, right):
    assert judge(rules, who, console).right == right
