# SPDX-License-Identifier: BSD-2-Clause
"""The mutants of tests/mutants/*.mut: reading them, and putting one into a source.

A mutant is a small fault that somebody could make. An entry of a .mut file says what it is:

    mutant walk-stops-early            its name, of which there is one
    file mm/gstage.h                   the source that it changes
    in gstage_walk                     the function; without this line all of the source
    by unit mm/test_gstage test_walk*  what should catch it; several lines: the first that does
    why The walk never looks at level 0.
    equivalent ...                     only where nothing can catch it: the proof
    -gstage_pte_is_table(entry) && l > 0U
    +gstage_pte_is_table(entry) && l > 1U

The text after `-` stands exactly once in the function (or the source), whatever spaces and line
breaks there are between its words. So a mutant outlives edits of its neighbours. Several `-` lines
are one text; a `-` after a `+` begins another text of the same mutant.

What catches it: `unit FOLDER/test_X [PATTERN]`, a program of tests/unit or some of its tests;
`boot FILE::TEST`, a whole machine; `check NAME`, a check of scripts/; `build`, the compiler.
"""

import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIELDS = ("mutant", "file", "in", "by", "why", "equivalent")
KILLERS = {"unit": (2, 3), "boot": (2, 2), "check": (2, 2), "build": (1, 1)}


class Bad(Exception):
    """An entry that cannot be read, or a mutant that does not apply."""


class Mutant:
    """One entry."""

    def __init__(self, name, where):
        self.name = name
        self.where = where
        self.file = None
        self.scope = None
        self.by = []
        self.why = ""
        self.equivalent = ""
        self.edits = []

    @property
    def host(self):
        """Does it need no whole machine?"""
        return all(killer[0] != "boot" for killer in self.by)

    def bad(self, what):
        return Bad(f"{self.where}: {self.name}: {what}")

    def apply(self, text):
        """Return: `text`, the source, with the fault in it."""
        begin, end = self.find_scope(text)
        body, spans = text[begin:end], []
        for old, new in self.edits:
            pattern = r"\s+".join(re.escape(word) for word in old.split())
            found = list(re.finditer(pattern, body))
            if len(found) != 1:
                place = f"{self.scope}() of {self.file}" if self.scope else self.file
                raise self.bad(f"{len(found)} places in {place} say `{' '.join(old.split())}`; "
                               "there must be one")
            spans.append((*found[0].span(), new))
        for first, last, new in sorted(spans, reverse=True):
            body = body[:first] + new + body[last:]
        mutated = text[:begin] + body + text[end:]
        if mutated == text:
            raise self.bad("it changes nothing")
        return mutated

    def find_scope(self, text):
        if self.scope is None:
            return 0, len(text)
        found = list(
            re.finditer(
                r"^(?=[A-Za-z_])[^\n;{}=]*\b" + re.escape(self.scope) + r"\([^;{}]*\)\s*\n\{.*?^\}",
                text, re.M | re.S))
        if len(found) != 1:
            raise self.bad(f"{len(found)} functions {self.scope} in {self.file}; there must be one")
        return found[0].span()

    def check(self):
        """Say what is missing, and whether it applies to the tree."""
        for field in ("file", "by", "why", "edits"):
            if not getattr(self, field):
                raise self.bad(f"it has no `{'-' if field == 'edits' else field}` line")
        for killer in self.by:
            least, most = KILLERS.get(killer[0], (0, 0))
            if not least <= len(killer) <= most:
                raise self.bad(f"`by {' '.join(killer)}`: it may be unit, boot, check or build")
            check_killer(self, killer)
        path = os.path.join(TOP, self.file)
        if not os.path.exists(path):
            raise self.bad(f"there is no {self.file}")
        with open(path, encoding="utf-8") as f:
            self.apply(f.read())


def check_killer(mutant, killer):
    """Is what should catch the mutant there?"""
    if killer[0] == "unit":
        path, test = f"tests/unit/{killer[1]}.c", None
    elif killer[0] == "boot":
        path, _, test = killer[1].partition("::")
    elif killer[0] == "check":
        path, test = f"scripts/check_{killer[1]}.py", None
    else:
        return
    path = os.path.join(TOP, path)
    if not os.path.exists(path):
        raise mutant.bad(f"`by {' '.join(killer)}`: there is no {os.path.relpath(path, TOP)}")
    if test:
        with open(path, encoding="utf-8") as f:
            if not re.search(rf"^def {re.escape(test.partition('[')[0])}\(", f.read(), re.M):
                raise mutant.bad(f"`by {' '.join(killer)}`: the file has no such test")


def add_field(mutant, word, rest):
    """Take a line of an entry that begins with a keyword."""
    if word == "by":
        mutant.by.append(tuple(rest.split()))
    elif word in ("why", "equivalent"):
        setattr(mutant, word, " ".join((getattr(mutant, word) + " " + rest).split()))
    elif word == "in":
        mutant.scope = rest
    else:
        mutant.file = rest


def read_file(path):
    """Return: the mutants of one .mut file."""
    mutants, field = [], None
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    for number, line in enumerate(lines, 1):
        where = f"{os.path.relpath(path, TOP)}:{number}"
        word, _, rest = line.partition(" ")
        if not line.strip() or line[0] == "#":
            continue
        if word == "mutant":
            mutants.append(Mutant(rest.strip(), where))
        elif not mutants:
            raise Bad(f"{where}: a line before the first mutant")
        elif line[0] == "-":
            if field == "-":
                mutants[-1].edits[-1][0] += "\n" + line[1:]
            else:
                mutants[-1].edits.append([line[1:], ""])
        elif line[0] == "+" and mutants[-1].edits:
            old = mutants[-1].edits[-1]
            old[1] += ("\n" if field == "+" else "") + line[1:]
        elif word in FIELDS:
            add_field(mutants[-1], word, rest.strip())
        elif line[0].isspace() and field in ("why", "equivalent"):
            add_field(mutants[-1], field, line.strip())
            continue
        else:
            raise Bad(f"{where}: a line that begins with none of - + {' '.join(FIELDS)}")
        field = line[0] if line[0] in "-+" else word
    return mutants


def read_all():
    """Return: all mutants, each checked; raise Bad with a line for each that is wrong."""
    mutants, wrong = [], []
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "mutants", "*.mut"))):
        mutants += read_file(path)
    names = [m.name for m in mutants]
    for m in mutants:
        try:
            if names.count(m.name) != 1:
                raise m.bad("the name is used twice")
            m.check()
        except Bad as bad:
            wrong.append(str(bad))
    if wrong or not mutants:
        raise Bad("\n".join(wrong) or "tests/mutants: there are no mutants")
    return mutants
