"""Adds the toys of this folder to a copy of the sources, as CONTRIBUTING.md says.

usage: extend.py FOLDER        writes the toys, and the lists that name them, below FOLDER

A toy lies in toys/ where it would lie in the sources. How a list names it is a block of CONTRIBUTING.md: after the
name of the list, hunks of a diff, each of whose old lines stand in the list once, one after the other.
"""

import re
import sys
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1]
TOYS = HERE / "toys"

Edit = namedtuple("Edit", "list hunks")  # a hunk is a list of lines, each with its ' ', '-' or '+'


def edits():
    text = (SOURCES / "CONTRIBUTING.md").read_text()
    for name, hunks in re.findall(r"^```diff\n\+\+\+ (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Edit(name, [hunk.splitlines() for hunk in hunks.split("@@\n")[1:]])


def applied(edit, text):
    for hunk in edit.hunks:
        old, new = ("".join(line[1:] + "\n" for line in hunk if line[0] in signs) for signs in (" -", " +"))
        if text.count(old) != 1:
            raise SystemExit(f"extend.py: CONTRIBUTING.md changes lines of {edit.list} that are not there once:\n{old}")
        text = text.replace(old, new)
    return text


def toys():
    return sorted(path.relative_to(TOYS) for path in TOYS.rglob("*.?pp"))


def write(path, text):
    """Leaves a file alone that is so already: it needs no new compilation."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def extend(folder):
    for toy in toys():
        write(folder / toy, (TOYS / toy).read_text())
    for edit in edits():
        write(folder / edit.list, applied(edit, (SOURCES / edit.list).read_text()))


if __name__ == "__main__":
    extend(Path(sys.argv[1]))
