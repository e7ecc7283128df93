#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Refuse what the architecture does not allow: who may include whom, and assembly outside arch/.

Calls go down the tree (RULES below is the table); an include that goes up makes two parts one.
Prints one line for each violation and exits with 1 if there is any.

    scripts/check_includes.py           the tree
    scripts/check_includes.py --self    check that this check can fail
"""

import os
import re
import sys

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Part -> prefixes of what its files may include by "quotes" or <angle brackets>.
# `cleave/` and `abi/` are include/'s; `generated/` is made by the build.
# core/'s folders: each may include those that stand before it.
CORE = ("machine", "config", "console", "device", "run", "vm", "state", "guest", "boot")
SHARED = ("cleave/", "abi/", "generated/", "lib/")
# The interfaces of the files of lib/ that guests link too, and what these need.
GUEST_LIB = ("cleave/format.h", "cleave/string.h", "cleave/types.h", "lib/ledger.h",
             "lib/vm_state.h")
RULES = {
    "include/abi/": (),
    "include/cleave/": ("cleave/", "abi/", "generated/"),
    "lib/": ("cleave/", "abi/", "lib/", "libfdt.h"),
    "arch/": ("arch/", "libfdt.h") + SHARED,
    "mm/": ("mm/", "arch/") + SHARED,
    **{
        f"core/{part}/": (*(f"core/{p}/" for p in CORE[: i + 1]), "mm/", "arch/", "libfdt.h")
        + SHARED
        for i, part in enumerate(CORE)
    },
    "drivers/": ("drivers/", "core/machine/", "arch/", "libfdt.h") + SHARED,
    "platform/": ("platform/", "drivers/", "core/", "libfdt.h") + SHARED,
    "guests/": ("guests/", "abi/") + GUEST_LIB,
    "guests/manager/secure/": ("guests/", "abi/", "bearssl.h") + GUEST_LIB,
    "guests/manager/pack/": ("guests/", "abi/", "lz4.h") + GUEST_LIB,
    "guests/linux/": ("guests/linux/",),
    "examples/": ("guests/lib/", "abi/") + GUEST_LIB,
    "tools/": ("tools/", "guests/manager/secure/keys.h", "core/config/", "core/machine/",
               "mm/frames.h", "arch/riscv/aia.h", "arch/riscv/hart.h", "arch/riscv/model/",
               "arch/riscv/probe/paging.h", "libfdt.h") + SHARED,
    "tests/guests/secure/": ("guests/", "abi/") + GUEST_LIB,
    "tests/guests/": ("tests/guests/", "guests/lib/", "abi/") + GUEST_LIB,
    "tests/": None,  # all
}

# mm/ builds for the host: of arch/ it may know only the interfaces that are declared for it.
MM_ARCH = {"arch/riscv/cache.h", "arch/riscv/fence.h", "arch/riscv/gstage_pte.h"}

# What a compiler without a C library has.
FREESTANDING = {
    "stdarg.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "limits.h",
    "stdalign.h",
    "stdnoreturn.h",
}
# The abi header's "fixed-width types, no other include".
ABI_ALLOWED = {"stdint.h"}
# Parts that run on a person's machine, or on the guest's Linux, have a C library.
HOSTED = ("tools/", "tests/", "guests/linux/")
# Headers that take the host's C library under #ifdef CLEAVE_HOST, and what they may take of it.
HOST_BRIDGE = {
    "include/cleave/string.h": {"string.h", "stdlib.h"},
    "lib/spinlock.c": {"stdlib.h", "unistd.h"},
}

NO_ASM = ("include/", "lib/", "mm/", "core/", "drivers/", "platform/", "tools/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
ASM = re.compile(r"\b(?:__asm__|asm)\b\s*(?:volatile|__volatile__|goto)?\s*\(")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def part_of(path):
    """The longest rule that `path` stands under."""
    return max((p for p in RULES if path.startswith(p)), key=len, default=None)


def check(path, text):
    """Violations of one file, as lines."""
    part = part_of(path)
    if part is None:
        return [f"{path}: stands in no part of the tree; core/ has {', '.join(CORE)}"]
    found = []
    code = COMMENT.sub(lambda m: "\n" * m[0].count("\n"), text)
    for number, line in enumerate(code.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            why = refused(path, part, match[1], match[2])
            if why:
                found.append(f"{path}:{number}: may not include {match[2]}: {why}")
        if path.startswith(NO_ASM) and ASM.search(line):
            found.append(f"{path}:{number}: assembly belongs to arch/riscv/")
    return found


def refused(path, part, quote, name):
    """Why `path` of `part` may not include `name`, or None."""
    if name.startswith(".") or "/../" in name:
        return "includes are named from the root of the tree, not relative to the file"
    if RULES[part] is None:
        return None
    if name.endswith("_internal.h") and not path.startswith(os.path.dirname(name) + "/"):
        return "an _internal.h belongs to the files of its own folder"
    if part == "include/abi/":
        return None if name in ABI_ALLOWED else "the ABI includes nothing but <stdint.h>"
    if quote == "<" and name in FREESTANDING:
        return None
    if quote == "<" and name.startswith("sys/") and part in HOSTED:
        return None
    if quote == "<" and "/" not in name and name not in ("libfdt.h", "bearssl.h", "lz4.h"):
        if part in HOSTED or name in HOST_BRIDGE.get(path, ()):
            return None
        return "there is no C library on a hart"
    if part == "mm/" and name.startswith("arch/") and name not in MM_ARCH:
        return "of arch/, mm/ may know only " + ", ".join(sorted(MM_ARCH))
    if part == "guests/":
        own = "/".join(path.split("/")[:2]) + "/"
        if name.startswith("guests/") and not name.startswith((own, "guests/lib/")):
            return "of guests/, a program knows its own folder and guests/lib/"
    if name.startswith(RULES[part]):
        return None
    return f"{part} may include only {', '.join(RULES[part])}"


def self_test():
    """Each of these must be refused, and each of those allowed."""
    bad = [
        ("mm/a.c", '#include "core/vm/vm.h"'),
        ("mm/a.c", '#include "arch/riscv/csr.h"'),
        ("mm/a.c", "#include <stdio.h>"),
        ("arch/riscv/a.c", '#include "mm/space.h"'),
        ("core/run/a.c", '#include "drivers/uart.h"'),
        ("core/run/a.c", 'void f(void) { asm volatile("nop"); }'),
        ("guests/manager/a.c", "#include <cleave/printk.h>"),
        ("guests/manager/a.c", '#include "guests/workload/a.h"'),
        ("include/abi/cleave.h", "#include <cleave/types.h>"),
        ("drivers/a.c", '#include "mm/space.h"'),
        ("guests/manager/a.c", "#include <stdio.h>"),
        ("guests/linux/a.c", '#include "guests/lib/guest.h"'),
        ("examples/hello/a.c", '#include "guests/manager/input.h"'),
        ("core/run/a.c", '#include "../mm/space.h"'),
        ("core/run/a.c", '#include "core/vm/vm.h"'),
        ("core/machine/a.c", '#include "core/config/config.h"'),
        ("core/vm/a.c", '#include "core/config/config_internal.h"'),
        ("core/a.c", "#include <stddef.h>"),
        ("drivers/a.c", '#include "core/console/console.h"'),
        ("tools/a.c", '#include "core/console/console.h"'),
    ]
    good = [
        ("mm/a.c", '#include "arch/riscv/fence.h"\n#include <cleave/types.h>\n#include <stddef.h>'),
        ("core/boot/a.c", '#include <libfdt.h>\n#include "mm/space.h"\n/* asm volatile("nop") */'),
        ("guests/manager/a.c", '#include <abi/cleave.h>\n#include <cleave/format.h>'),
        ("guests/manager/a.c", '#include "guests/lib/sbi.h"'),
        ("tests/unit/a.c", '#include <stdio.h>\n#include "core/vm/vm.h"'),
        (
            "guests/linux/a.c",
            '#include <sys/mman.h>\n#include <stdio.h>\n#include "guests/linux/load.h"',
        ),
        (
            "tools/a.c",
            '#include <stdio.h>\n#include "core/config/config.h"\n#include "core/machine/memmap.h"',
        ),
    ]
    wrong = [f"not refused: {p}: {t}" for p, t in bad if not check(p, t)]
    wrong += [f"refused: {line}" for p, t in good for line in check(p, t)]
    return wrong


def tree():
    """Every C and assembly file of the tree, as (path from the top, text)."""
    for part in sorted({p.split("/")[0] for p in RULES}):
        for folder, _, names in sorted(os.walk(os.path.join(TOP, part))):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")):
                    full = os.path.join(folder, name)
                    path = os.path.relpath(full, TOP)
                    if not path.startswith(("lib/libc/", "lib/libfdt/")):
                        with open(full, encoding="utf-8") as file:
                            yield path, file.read()


def main():
    usage.show(__doc__, "--self")
    wrong = self_test()
    if sys.argv[1:] != ["--self"]:
        for path, text in tree():
            wrong += check(path, text)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
