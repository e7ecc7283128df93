#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check docs/assurance.md: what it names exists, each rule has evidence, and none is left out.

A name in backquotes that begins with tests/ or scripts/ has to be a file or a folder. Tests and
mutants that are named have to be in a file of the same row. Each file of EVIDENCE has to be named:
who adds one says there what it speaks for.
Prints one line for each fault, exits with 1 on any.

    scripts/check_assurance.py
    scripts/check_assurance.py --self   check that this check can fail
"""

import glob
import os
import re
import sys

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = "docs/assurance.md"
RULES = [f"M{n}" for n in range(1, 10)]
PATH = re.compile(r"`((?:tests|scripts)/[^`\s]*)`")
# Files that are there to speak for a rule
EVIDENCE = ("tests/unit/mm/test_*.c", "tests/unit/core/run/test_*.c", "tests/threads/*.c",
            "tests/proofs/*.c", "tests/fuzz/fuzz_*.c", "tests/models/*/*.pml",
            "tests/models/*/*.litmus", "tests/mutants/*.mut", "tests/assurance/*.sh")
NAME = re.compile(r"`(test_\w+|mutant [\w-]+)`")


def text_of(path):
    """What a file holds; nothing, if it is none."""
    if not os.path.isfile(os.path.join(TOP, path)):
        return ""
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def there(name, text):
    """Whether a file's text has the test or the mutant."""
    if name.startswith("mutant "):
        return re.search(rf"^{re.escape(name)}$", text, re.M) is not None
    return re.search(rf"^(?:def|static void) {name}\(", text, re.M) is not None


def unnamed(document):
    """Lines on evidence that the document does not name, and on patterns that find none."""
    named = set(PATH.findall(document))
    for pattern in EVIDENCE:
        found = sorted(glob.glob(pattern, root_dir=TOP))
        if not found:
            yield f"{DOCUMENT}: there is no {pattern}, which scripts/check_assurance.py looks for"
        for path in found:
            if path not in named:
                yield f"{DOCUMENT}: {path} is named nowhere: say what it speaks for"


def faults(document):
    """Lines on what is wrong with the document."""
    yield from unnamed(document)
    for number, line in enumerate(document.splitlines(), 1):
        paths = PATH.findall(line)
        for path in paths:
            if not os.path.exists(os.path.join(TOP, path)):
                yield f"{DOCUMENT}:{number}: there is no {path}"
        texts = [text_of(path) for path in paths]
        for name in NAME.findall(line):
            if not any(there(name, text) for text in texts):
                yield f"{DOCUMENT}:{number}: no file of this row has {name}"
    for rule in RULES:
        section = re.search(rf"^### {rule}: .*?\n(.*?)(?=^##|\Z)", document, re.M | re.S)
        rows = [row for row in (section[1] if section else "").splitlines() if PATH.search(row)]
        if len(rows) < 2:
            yield f"{DOCUMENT}: rule {rule} has {len(rows)} rows with evidence; 2 are wanted"


def self_test(document):
    """Faults that are not found."""
    changes = [("`tests/proofs/proof_flush.c`", "`tests/proofs/proof_flash.c`"),
               ("`test_a_grant`", "`test_a_grunt`"), ("### M4: ", "### N4: "),
               ("`tests/threads/test_storm.c`", "threads"),
               ("`tests/models/litmus/pool.litmus`", "a model")]
    for old, new in changes:
        if old not in document:
            yield f"self test: '{old}' does not stand in {DOCUMENT}"
        elif not list(faults(document.replace(old, new))):
            yield f"self test: not found: '{old}' changed to '{new}'"


def main():
    usage.show(__doc__, "--self")
    document = text_of(DOCUMENT)
    wrong = list(self_test(document))
    if sys.argv[1:] != ["--self"]:
        wrong += faults(document)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
