#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""List what nobody uses: functions without a caller, and Makefile patterns that match no file.

A function counts as used when an object of the hypervisor or of a guest program refers to it, or
when other code names it that this build leaves out (the debug build's, the tools'). What only host
tests call is not used. The objects must be there: `make hypervisor guests`.

    scripts/check_unused.py [O]      O: the build's folder (default: build)
    scripts/check_unused.py --self   check that this check can fail
"""

import fnmatch
import glob
import os
import re
import subprocess
import sys

import check_includes
import usage

TOP = check_includes.TOP
READELF = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "readelf"
OWN = ("arch/", "mm/", "core/", "drivers/", "lib/", "platform/", "guests/")
# Called by what the compiler makes, by the linker script or by no C at all.
FROM_OUTSIDE = {
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "_start",
    "guest_main",
    "main",
    "strtoul",
    "strrchr",
    "memchr",
}
PATTERN = re.compile(
    r"(?<![\w$()/%*-])((?:arch|core|mm|drivers|lib|guests|tools|tests|platform|deps)/"
    r"[\w./*%-]*[*%][\w.*%\[\]-]*)"
)


def objects(out, kind):
    """(source path, object) of each object below `out`/`kind`."""
    base = os.path.join(TOP, out, kind)
    for path in sorted(glob.glob(base + "/**/*.o", recursive=True)):
        name = os.path.relpath(path, base)[:-2]
        source = name if name.endswith((".c", ".S")) else name + ".c"
        if os.path.exists(os.path.join(TOP, source)):
            yield source, path


def symbols(paths):
    """Global functions that objects define, as {name: source}, and the names that they refer to."""
    defined, used = {}, set()
    for source, path in paths:
        text = subprocess.run(
            [READELF, "-sWr", path], capture_output=True, text=True, check=True
        ).stdout
        for line in text.splitlines():
            words = line.split()
            if (
                len(words) >= 8
                and source.startswith(OWN)
                and words[3] == "FUNC"
                and words[4] in ("GLOBAL", "WEAK")
                and words[6] != "UND"
            ):
                defined[words[7]] = source
            elif len(words) >= 5 and words[2].startswith("R_RISCV"):
                used.add(words[4])
    return defined, used


def inline_unused(files):
    """Inline functions of headers that no file of the product names again."""
    names, text = {}, []
    for path, content in files:
        code = check_includes.COMMENT.sub("", content)
        text.append(code)
        if path.endswith(".h") and path.startswith(OWN + ("include/",)):
            for name in re.findall(r"^static inline [^;={]*?\b(\w+)\(", code, re.M):
                names[name] = path
    words = {}
    for word in re.findall(r"\w+", "\n".join(text)):
        words[word] = words.get(word, 0) + 1
    return [
        f"{path}: nobody calls {name}()" for name, path in sorted(names.items()) if words[name] < 2
    ]


def patterns_unused(makefile, files):
    """Patterns of the Makefile that match none of `files`."""
    code = re.sub(r"^\s*#.*$", "", makefile, flags=re.M)
    wrong = []
    for pattern in sorted(set(PATTERN.findall(code))):
        if not any(fnmatch.fnmatch(f, pattern.replace("%", "*")) for f in files):
            wrong.append(f"Makefile: {pattern} matches no file")
    return wrong


def self_test():
    """What must be found is found."""
    wrong = []
    if patterns_unused("X := core/none*.c mm/a%", ["mm/a.c"]) != [
        "Makefile: core/none*.c matches no file"
    ]:
        wrong.append("a pattern that matches nothing was not found")
    header = [("mm/a.h", "static inline int mm_lost(void)\n{\n\treturn 0;\n}\n")]
    if inline_unused(header) != ["mm/a.h: nobody calls mm_lost()"]:
        wrong.append("an inline function without a caller was not found")
    return wrong


def product():
    """Every file of the tree but tests."""
    return [(path, text) for path, text in check_includes.tree() if not path.startswith("tests/")]


def main():
    usage.show(__doc__, "--self", words=1)
    wrong = self_test()
    if sys.argv[1:] == ["--self"]:
        print("\n".join(wrong), end="")
        return 1 if wrong else 0
    out = sys.argv[1] if sys.argv[1:] else "build"
    paths = [found for kind in ("obj", "efi", "guest") for found in objects(out, kind)]
    if not paths:
        print(f"no objects in {out}/obj: run 'make hypervisor guests'")
        return 1
    defined, used = symbols(paths)
    files = product()
    named = " ".join(
        check_includes.COMMENT.sub("", text) for path, text in files if not path.endswith(".h")
    )
    for name, source in sorted(defined.items(), key=lambda item: item[1]):
        if (
            name not in used
            and name not in FROM_OUTSIDE
            and len(re.findall(rf"\b{name}\b", named)) < 2
        ):
            wrong.append(f"{source}: nobody calls {name}()")
    wrong += inline_unused(files)
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as file:
        known = usage.files()
        fetched = glob.glob("deps/libfdt/*.c", root_dir=TOP)
        # The manager is built without BearSSL, too.
        fetched += (glob.glob("deps/bearssl/**/*.c", root_dir=TOP, recursive=True)
                    or ["deps/bearssl/src/ssl.c"])
        fetched.append("deps/lz4/lz4.c")
        wrong += patterns_unused(file.read(), known + fetched)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
