#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compare docs/configuration.md with the tables of the code: properties and boot arguments.

The code's tables come from `build/host/cleave-check --explain`, the document's from its sections
"Properties" (of a partition), "Plans", "Windows" and "Boot arguments". Each name must stand on both
sides, with the same type and the same allowed words or range; what a node must have must be called
an error when it is left out; defaults and limits of Kconfig must be Kconfig's. Prints one line for
each difference, exits with 1 on any.

    scripts/check_docs.py [O]      O: the build's folder (default: build)
    scripts/check_docs.py --self   check that this check can fail
"""

import os
import re
import subprocess
import sys

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = "docs/configuration.md"
COLUMNS = 5  # name, type, allowed, left out, what for
SECTIONS = ("Properties", "Plans", "Windows")  # of DOCUMENT, in the order of --explain


def explained(text):
    """(properties..., arguments) of --explain, each {name: (type, allowed words, left out)}."""
    tables = []
    for line in text.splitlines():
        if not line.startswith("  "):
            tables.append({})
            continue
        row = re.split(r"  +", line.strip(), maxsplit=COLUMNS - 1)
        if len(row) != COLUMNS:
            raise SystemExit(f"cleave-check --explain: not {COLUMNS} columns: {line}")
        name, kind, allowed, left_out, _ = row
        tables[-1][name] = (kind, re.findall(r"\w[\w-]*", allowed), left_out)
    if len(tables) != len(SECTIONS) + 1 or not all(tables):
        raise SystemExit(f"cleave-check --explain: expected {len(SECTIONS) + 1} tables with rows")
    return tables


def table(document, heading):
    """Rows of the table in a section, as lists of cells, by the name in backquotes in the first."""
    section = re.search(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", document, re.M | re.S)
    rows = {}
    for line in section[1].splitlines() if section else ():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        name = re.fullmatch(r"`([^`]+)`", cells[0])
        if line.startswith("|") and name:
            rows[name[1]] = cells
    return rows


def names(what, code, document):
    """Lines for names that stand on one side alone."""
    for name in sorted(code.keys() - document.keys()):
        yield f"{what} {name}: the code has it, {DOCUMENT} does not"
    for name in sorted(document.keys() - code.keys()):
        yield f"{what} {name}: {DOCUMENT} has it, the code does not"


def words(what, name, code, document):
    """A line when the two sides allow other words."""
    if set(code) != set(document):
        yield (f"{what} {name}: the code allows {', '.join(code)}, "
               f"{DOCUMENT} {', '.join(document) or 'none'}")


def properties(code, document):
    yield from names("property", code, document)
    for name in sorted(code.keys() & document.keys()):
        kind, allowed, left_out = code[name]
        _, said, without, meaning = document[name]
        if said != kind:
            yield f"property {name}: the code takes a {kind}, {DOCUMENT} says {said}"
        if (left_out == "error") != without.startswith("error"):
            yield f"property {name}: left out is {left_out} in the code, '{without}' in {DOCUMENT}"
        if kind == "cell":
            yield from limit(name, allowed, meaning)
        elif allowed:
            yield from words("property", name, allowed, re.findall(r'`"([^"`]+)"`', meaning))


def limit(name, allowed, meaning):
    """Lines for limits of the code that the document does not give. Kconfig's have a check."""
    if "to" not in allowed or re.search(r"`MAX_\w+`", meaning):
        return
    said = re.findall(r"\d+", meaning)
    for number in (allowed[0], allowed[-1]):
        if number not in said:
            yield f"property {name}: {DOCUMENT} does not say the code's limit {number}"


def arguments(code, document):
    yield from names("boot argument", code, document)
    for name in sorted(code.keys() & document.keys()):
        kind, allowed, left_out = code[name]
        _, values, without = document[name]
        if kind == "word":
            said = re.match(r"(.*?)(?::|$)", values)[1]
            yield from words("boot argument", name, allowed, re.findall(r"\w[\w-]*", said))
        option = re.match(r"Kconfig's (\w+)", left_out)
        if option and f"Kconfig's `{option[1]}` " not in without:
            yield f"boot argument {name}: {DOCUMENT} does not say that it defaults to {left_out}"


def defaults(kconfig):
    """{option: default} of Kconfig."""
    return dict(re.findall(r"^config (\w+)\n(?:\t.*\n)*?\tdefault (\S+)\n", kconfig, re.M))


def limits(kconfig, document, code):
    """Numbers of Kconfig that the document gives: `NAME` (16), and the defaults of arguments."""
    known = defaults(kconfig)
    for name, value in re.findall(r"`([A-Z][A-Z_]+)`(?:'s)?(?: says)? \((\w+)\)", document):
        right = known.get(name)
        for kind, allowed, left_out in code.values():
            if kind == "word" and left_out.startswith(f"Kconfig's {name} "):
                # Not what --explain says: cleave-check may have been built with another .config.
                right = allowed[int({"n": 0, "y": 1}.get(right, right))]
        if value != right:
            yield f"{DOCUMENT}: {name} is said to be {value}; Kconfig says {known.get(name)}"


def compare(explain, document, kconfig):
    """All differences, as lines."""
    *props, args = explained(explain)
    return [*(line for code, section in zip(props, SECTIONS)
              for line in properties(code, table(document, section))),
            *arguments(args, table(document, "Boot arguments")),
            *limits(kconfig, document, args)]


def self_test(explain, document, kconfig):
    """Each of these changes must be found."""
    changes = [
        ("document", "| `cpus` | cell |", "| `cpus` | string |"),
        ("document", "| `cpus` | cell | error |", "| `cpus` | cell | none |"),
        ("document", "| `cpus` |", "| `cores` |"),
        ("document", '`"restart"`', '`"again"`'),
        ("document", "`info`, ", ""),
        ("document", "`cleave.focus` |", "`cleave.fokus` |"),
        ("document", "`MAX_VCPUS` (16)", "`MAX_VCPUS` (17)"),
        ("document", "`LOG_LEVEL` (info)", "`LOG_LEVEL` (debug)"),
        ("document", "Kconfig's `EAGER_PAGE_SPLIT`", "the build"),
        ("document", "`<1>` to `<10000>`: what", "`<1>` to `<1000>`: what"),
        ("document", "| `frame` | cell |", "| `period` | cell |"),
        ("document", '`"share"`', '`"give"`'),
        ("document", "| `length` | cell | error |", "| `length` | cell | none |"),
        ("explain", "  manual-start ", "  hand-start "),
        ("explain", "<1000> to", "<100> to"),
        ("explain", '"stop", ', ""),
        ("explain", "  cleave.log ", "  cleave.lag "),
    ]
    for side, old, new in changes:
        texts = {"explain": explain, "document": document, "kconfig": kconfig}
        if old not in texts[side]:
            yield f"self test: '{old}' does not stand in {side}"
            continue
        texts[side] = texts[side].replace(old, new)
        if not compare(**texts):
            yield f"self test: not found: '{old}' changed to '{new}' in {side}"


def main():
    usage.show(__doc__, "--self", words=1)
    out = sys.argv[1] if sys.argv[1:] and sys.argv[1] != "--self" else os.environ.get("O", "build")
    checker = os.path.join(TOP, out, "host", "cleave-check")
    done = subprocess.run([checker, "--explain"], capture_output=True, text=True, check=True)
    texts = []
    for path in (DOCUMENT, "Kconfig"):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            texts.append(file.read())
    wrong = list(self_test(done.stdout, *texts))
    if sys.argv[1:] != ["--self"]:
        wrong = compare(done.stdout, *texts) or wrong
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
