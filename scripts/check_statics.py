#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Refuse a static function or variable that does not begin with the name of its file.

A file x_fdt.c is the device-tree half of x.c and may use x; a tool's file may leave out "cleave-".

    scripts/check_statics.py          the tree but tests
    scripts/check_statics.py --self   check that this check can fail
"""

import os
import re
import sys

import check_includes
import usage

STATIC = re.compile(
    r"^static (?:inline |const |_Noreturn )*[\w ]*?\w+[ *]+(?:const )?"
    r"(\w+)(?:\[[^\]]*\])*\s*[(=;]",
    re.M,
)


def wrong_names(path, text):
    """Statics of one C file whose name does not begin as it should."""
    stem = os.path.basename(path)[:-2].replace("-", "_")
    stem = stem[:-4] if stem.endswith("_fdt") and path.startswith("drivers/") else stem
    stem = stem.removeprefix("cleave_")
    code = check_includes.COMMENT.sub("", text)
    return [
        f"{path}: {name} is static and does not begin with {stem}"
        for name in STATIC.findall(code)
        if not (name.startswith(stem) or name == "__attribute__")
    ]


def self_test():
    """What must be found is found, and nothing else."""
    bad = ["static int lost(void)\n", "static const char *const lost[] = {\n", "static u32 lost;\n"]
    wrong = [f"not refused: {t}" for t in bad if not wrong_names("mm/a.c", t)]
    good = ["static int a_found(void)\n", "static struct b as[4];\n", "int other(void)\n"]
    return wrong + [line for t in good for line in wrong_names("mm/a.c", t)]


def main():
    usage.show(__doc__, "--self")
    wrong = self_test()
    for path, text in check_includes.tree() if sys.argv[1:] != ["--self"] else ():
        if path.endswith(".c") and not path.startswith("tests/"):
            wrong += wrong_names(path, text)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
