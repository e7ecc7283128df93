#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Refuse lines of more than 100 columns, where a tab goes to the next multiple of 8.

In Markdown a table row, a line of a fenced transcript and a line with a long link may be longer:
they cannot be wrapped.

    scripts/check_width.py           every file that git knows
    scripts/check_width.py FILE...   these
    scripts/check_width.py --self    check that this check can fail
"""

import os
import re
import sys

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WIDTH = 100
ENDINGS = (".c", ".h", ".S", ".py", ".sh", ".ld", ".dts", ".awk", ".mk", ".md", "Makefile",
           "Kconfig")
NO_ENDING = ("tests/run", ".ci/run", "tools/cleave-archive", "tools/cleave-port",
             "tools/cleave-stream", "platform/qemu-virt/launch")


def too_wide(path, text):
    """The lines of `text` that are too wide, as messages."""
    found, fenced = [], False
    for number, line in enumerate(text.splitlines(), 1):
        width = len(line.expandtabs(8))
        if path.endswith(".md"):
            fenced ^= line.lstrip().startswith("```")
            if fenced or line.lstrip().startswith(("|", "```")) or re.search(r"\S{60}", line):
                continue
        if width > WIDTH:
            found.append(f"{path}:{number}: {width} columns; {WIDTH} are allowed")
    return found


def self_test():
    """What must be found is found, and nothing else."""
    long = "word " * 21
    bad = [("a.c", long), ("a.h", "\t" * 12 + "12345"), ("a.md", long)]
    good = [
        ("a.c", "x" * 100),
        ("a.md", "| " + long),
        ("a.md", "```\n" + long + "\n```"),
        ("a.md", "x" * 120),
    ]
    return [f"not refused: {p}" for p, t in bad if not too_wide(p, t)] + [
        line for p, t in good for line in too_wide(p, t)
    ]


def main():
    usage.show(__doc__, "--self", words=sys.maxsize)
    wrong = self_test()
    names = sys.argv[1:]
    if not names:
        names = usage.files()
        names = [n for n in names if n.endswith(ENDINGS) or n in NO_ENDING]
    for name in names if names != ["--self"] else ():
        path = os.path.join(TOP, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                wrong += too_wide(name, file.read())
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
