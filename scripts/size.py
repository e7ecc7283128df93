#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Print how many bytes of the hypervisor's code and read-only data each part has.

    scripts/size.py build/cleave.map

A part is a folder, or a Kconfig option with all folders of its name. What the linker has left out
does not count. The sums are those of the sections .text and .rodata but for what lies between two
objects, which has a line of its own.
"""

import collections
import os
import re
import sys

import usage

LIMIT = 128 * 1024
# Options whose parts lie in folders of their own; see PARTS in the Makefile.
OPTIONS = ("aia",)
OUTPUT = re.compile(r"^(\.text|\.rodata)\s+0x\w+\s+0x(\w+)")
INPUT = re.compile(r"^ (?:\.\S+)?\s+0x\w+\s+0x(\w+) (\S+)$")


def part_of(path, out):
    """The part that the object @path belongs to."""
    objects = os.path.abspath(os.path.join(out, "obj")) + os.sep
    path = os.path.abspath(path)
    path = path[len(objects):] if path.startswith(objects) else "libgcc"
    folder = os.path.dirname(path) or path
    for option in OPTIONS:
        if option in folder.split("/"):
            return "CONFIG_" + option.upper()
    return folder


def read(map_file):
    """The parts' sizes: {(part, section): bytes}, and those of the sections: {section: bytes}."""
    out = os.path.dirname(map_file)
    parts = collections.Counter()
    sections = {}
    section = None
    with open(map_file, encoding="utf-8") as f:
        for line in f.read().partition("\nLinker script and memory map\n")[2].splitlines():
            if line[:1] not in ("", " "):
                found = OUTPUT.match(line)
                section = found[1] if found else None
                if found:
                    sections[section] = int(found[2], 16)
            found = INPUT.match(line) if section else None
            if found:
                parts[part_of(found[2], out), section] += int(found[1], 16)
    return parts, sections


def text_without_options(map_file):
    """Bytes of .text, without the code of the options' parts."""
    parts, sections = read(map_file)
    return sections[".text"] - sum(
        n for (part, section), n in parts.items()
        if part.startswith("CONFIG_") and section == ".text")


def main():
    parser = usage.parser(__doc__.splitlines()[0])
    parser.add_argument("map", nargs="?", default="build/cleave.map",
                        help="the linker's map of the hypervisor (default: %(default)s)")
    map_file = parser.parse_args().map
    parts, sections = read(map_file)
    print(f"{'part':<28} {'text, bytes':>12} {'rodata, bytes':>14}")
    for part in sorted({name for name, _ in parts}):
        print(f"{part:<28} {parts[part, '.text']:>12,} {parts[part, '.rodata']:>14,}")
    rest = [sections[s] - sum(n for (_, of), n in parts.items() if of == s)
            for s in (".text", ".rodata")]
    print(f"{'between objects':<28} {rest[0]:>12,} {rest[1]:>14,}")
    print(f"{'all':<28} {sections['.text']:>12,} {sections['.rodata']:>14,}")
    print(f"{'without options':<28} {text_without_options(map_file):>12,} {'-':>14}   "
          f"limit: {LIMIT:,} bytes of text")


if __name__ == "__main__":
    sys.exit(main())
