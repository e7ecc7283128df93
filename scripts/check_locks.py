#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check that the locks are told, and the held-checks are there.

- docs/concurrency.md has a row for every lock of the hypervisor, and no row for a lock that is not
  there.
- A function whose comment says that a lock is held begins with spin_assert_held().

Prints one line for each violation and exits with 1 if there is any.

    scripts/check_locks.py           the tree
    scripts/check_locks.py --self    check that this check can fail
"""

import os
import re
import sys

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = "docs/concurrency.md"
PARTS = ("arch", "core", "drivers", "lib", "mm", "platform")

UNCHECKED = "is called with a lock held, and does not check it"

LOCK = re.compile(r"^\s*(?:static )?struct spinlock (\w+);", re.M)
ROW = re.compile(r"^\| \d+ \| `([^`]+)` \| `([^`]+)` \|", re.M)

# A comment says that a lock is held, and not that none is.
HELD = re.compile(
    r"(?<!no )\block(?:'s)?,?(?: is)? held\b|"
    r"\b[Uu]nder (?:the lock\b|(?:the \w+(?:'s)? )lock\b|\w+->lock\b|\w+_lock\b)"
)
NOT_HELD = re.compile(
    r"[Nn]o lock|any(?: other)? lock|any VM's lock|not (?:be )?held|[Tt]akes|held while"
)

# Functions that cannot name the lock, or that are not called with it.
EXEMPT = {
    "vcpu_timer": "core/run/ does not see struct vm",
    "vcpu_put_timer": "core/run/ does not see struct vm",
    "vcpu_set_time_offset": "core/run/ does not see struct vm",
    "console_tty_state": "a call up: only core/console/ sees its lock",
    "space_count": "it has the counter alone",
    "event_next": "the lock of its comment is one that it takes",
}
COMMENT_AND_NAME = re.compile(
    r"/\*((?:(?!\*/).)*)\*/\n"
    r"((?:static |inline |__attribute__\(\([^)]*\)\) ?|const |struct |enum )*"
    r"[\w ]+[\s*]+(\w+)\([^;{]*\))\s*(;|\{)",
    re.S,
)
DEFINITION = r"^(?:[\w*() ]+[\s*])?%s\([^;{]*\)\n\{\n(.*?)^\}"


def locks(files):
    """{(name, file)} of every lock that is declared."""
    return {(m[1], path) for path, text in files.items() for m in LOCK.finditer(text)}


def check_page(files, page):
    rows = {(re.split(r"[.>\]]", m[1])[-1], m[2]) for m in ROW.finditer(page)}
    found = locks(files)
    wrong = [f"{path}: lock {name} has no row in {PAGE}" for name, path in sorted(found - rows)]
    wrong += [f"{PAGE}: there is no lock {name} in {path}" for name, path in sorted(rows - found)]
    return wrong


def says_held(comment):
    """Whether the comment of a function says that its caller holds a lock."""
    lines = re.split(r"\n\s*\* ?", comment)
    paragraphs = "\n".join(lines).split("\n@")
    # What a parameter's line says ends with its paragraph.
    paragraphs[1:] = [p.partition("\n\n")[2] for p in paragraphs[1:]]
    text = " ".join(" ".join(paragraphs).split())
    return any(
        HELD.search(sentence) and not NOT_HELD.search(sentence)
        for sentence in re.split(r"(?<=[.;])\s", text)
    )


def bodies(files, name):
    """(path, body) of each definition of function `name`."""
    pattern = re.compile(DEFINITION % re.escape(name), re.M | re.S)
    for path, text in files.items():
        for match in pattern.finditer(text):
            yield path, match[1]


def check_functions(files):
    wrong = set()
    for path, text in files.items():
        for comment, _, name, _ in COMMENT_AND_NAME.findall(text):
            if name in EXEMPT or not says_held(comment):
                continue
            for where, body in bodies(files, name):
                if "spin_assert_held(" not in body:
                    wrong.add(f"{where}: {name}() {UNCHECKED}")
    return sorted(wrong)


def tree():
    files = {}
    for part in PARTS:
        for folder, _, names in os.walk(os.path.join(TOP, part)):
            for name in names:
                if name.endswith((".c", ".h")):
                    full = os.path.join(folder, name)
                    with open(full, encoding="utf-8") as file:
                        files[os.path.relpath(full, TOP)] = file.read()
    return files


def self_test():
    """Each of these must be found, and nothing else."""
    checked = "/* Under vm->lock. */\nint f(void)\n{\n\tspin_assert_held(&vm->lock);\n}\n"
    bare = "/* Return: it has. With vm->lock held. */\nint g(void)\n{\n\treturn 0;\n}\n"
    free = "/* Takes vm->lock; no lock held. */\nint h(void)\n{\n\treturn 0;\n}\n"
    files = {"a.c": checked + bare + free + "static struct spinlock a_lock;\n"}
    wrong = []
    if check_functions(files) != [f"a.c: g() {UNCHECKED}"]:
        wrong.append(f"held-checks: {check_functions(files)}")
    page = "| 1 | `b->lock` | `a.c` | b |\n"
    if len(check_page(files, page)) != 2:
        wrong.append(f"rows: {check_page(files, page)}")
    return wrong


def main():
    usage.show(__doc__, "--self")
    wrong = self_test()
    if sys.argv[1:] != ["--self"]:
        files = tree()
        with open(os.path.join(TOP, PAGE), encoding="utf-8") as file:
            wrong += check_page(files, file.read())
        wrong += check_functions(files)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
