#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write compile_commands.json, for editors and language servers (`make compile-commands`).

Each C file of the tree has an entry with the flags that the Makefile gives to it, which come in
CHECK_*: code of the hypervisor, of guests, and of the host. Nothing is compiled.
"""

import json
import os
import shlex

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HART = ("arch/", "mm/", "core/", "drivers/", "lib/", "platform/", "deps/")
GUEST = ("guests/", "tests/guests/", "examples/")
LINUX = ("guests/linux/", "tests/linux/")


def flags(name):
    return shlex.split(os.environ["CHECK_" + name])


def arguments(path):
    """The command that compiles a file, without its output."""
    if path.startswith(LINUX):
        return ["riscv64-linux-gnu-gcc", "-std=gnu11", "-D_GNU_SOURCE", "-I."]
    if path.startswith(GUEST):
        return [*flags("CC"), *flags("CFLAGS"), *flags("GUEST_CPPFLAGS")]
    if path.startswith(HART):
        return [*flags("CC"), *flags("CFLAGS"), *flags("CPPFLAGS")]
    return ["gcc", *flags("HOST_CFLAGS"), *flags("HOST_CPPFLAGS")]


def main():
    usage.show(__doc__)
    names = usage.files("*.c")
    entries = [{"directory": TOP, "file": name, "arguments": [*arguments(name), "-c", name]}
               for name in sorted(set(names)) if not name.startswith("lib/libc/")]
    with open(os.path.join(TOP, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
    print(f"compile_commands.json: {len(entries)} files")


if __name__ == "__main__":
    main()
