"""The messages of vspcd's log by their names in src/log/log_words.h, without
LOG_: words.VM_CONNECTED is "VM connected"."""

import pathlib
import re

HEADER = pathlib.Path(__file__).resolve().parents[3] / "src/log/log_words.h"
DEFINITION = re.compile(
    r'^#define LOG_(\w+)((?:[ \t]|\\\n)+"[^"\n]*")$', re.M)


def read_words(text):
    """{name: message} of the header's text."""
    return {name: re.search('"(.*)"', value)[1]
            for name, value in DEFINITION.findall(text)}


ALL = read_words(HEADER.read_text())
globals().update(ALL)
