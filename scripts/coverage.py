#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Say which lines of the hypervisor no test reaches, and refuse those that nobody has explained.

    make coverage                       everything: host tests, and machines in QEMU
    make coverage T="-k 'wild or log'"  machines of these tests only; with less, more is unreached
    scripts/coverage.py --list FOLDER   judge what the last run has left
    scripts/coverage.py --stale         only see whether each explained line still stands there

The hypervisor is built with COVERAGE=1: by -Og each line keeps its code. Machines are watched from
outside: QEMU writes down each block of code before it first runs. So the code is the same, whatever
is counted, and a block counts whatever the machine's end is. A block that is left by a fault in its
middle counts as a whole; only the hypervisor's few accesses that may fault (arch/riscv/fixup.h) can
do that. Host tests are counted by gcov. A line is reached if one of the two has reached it.

What must be reached or explained is in GUARDED: the memory layer, and what a guest can come to.
tests/coverage/unreached.txt explains the rest of it, and an entry that explains nothing is refused.
Braces, labels and heads of functions are not counted: their code is that of the lines around them.
"""

import concurrent.futures
import glob
import json
import os
import re
import shlex
import subprocess
import sys

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXPLAINED = os.path.join(TOP, "tests", "coverage", "unreached.txt")
CROSS = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-")
OWN = ("arch/", "mm/", "core/", "drivers/", "lib/", "platform/")
GUARDED = ("mm/", "core/guest/", "core/device/", "core/run/", "core/vm/", "core/state/",
           "arch/riscv/exit.c", "arch/riscv/switch.S", "arch/riscv/guest", "arch/riscv/fence",
           "arch/riscv/decode/", "arch/riscv/model/guest")

BLOCK_LINE = re.compile(r"^0x([0-9a-f]+):  ([0-9a-f]+) ")
CODE_LINE = re.compile(r"^\s*([0-9a-f]+):\t([0-9a-f]+) ")
SOURCE_LINE = re.compile(r"^(/\S+):(\d+)(?: .*)?$")


def own(path):
    """A file's name in the tree. Return: None for one that is not the hypervisor's own."""
    name = os.path.normpath(path)
    name = os.path.relpath(name, TOP) if name.startswith(TOP + os.sep) else name.lstrip("/")
    return name if name.startswith(OWN) else None


def disassemble(elf):
    """Return: {address: (encoding, (file, line) or None)} of the hypervisor."""
    text = subprocess.run([CROSS + "objdump", "-dl", elf], check=True, capture_output=True,
                          text=True).stdout
    code, at = {}, None
    for line in text.splitlines():
        found = CODE_LINE.match(line)
        if found:
            code[int(found[1], 16)] = (int(found[2], 16), at)
            continue
        found = SOURCE_LINE.match(line)
        if found:
            name = own(found[1])
            at = (name, int(found[2])) if name else None
        elif re.match(r"^[0-9a-f]+ <", line):
            at = None
    return code


def blocks(path):
    """The blocks of a trace: lists of (address, encoding). The last may be cut."""
    block = []
    with open(path, encoding="ascii", errors="replace") as trace:
        for line in trace:
            found = BLOCK_LINE.match(line)
            if found:
                block.append((int(found[1], 16), int(found[2], 16)))
            elif block:
                yield block
                block = []
    yield block


def machine_lines(elf, folder):
    """Return: ({(file, line)} with code, {(file, line)} reached by machines).

    A guest may have code of its own at these addresses: a block counts only if it is ours, word for
    word.
    """
    code = disassemble(elf)
    reached = set()
    for path in glob.glob(os.path.join(folder, "*.log")):
        for block in blocks(path):
            if all(at in code and code[at][0] == word for at, word in block):
                reached.update(code[at][1] for at, _ in block)
    every = {where for _, where in code.values()}
    return every - {None}, reached - {None}


def host_lines(folder):
    """The same of the host's tests, from what gcov has counted below `folder`."""
    every, reached = set(), set()
    data = glob.glob(os.path.join(folder, "**", "*.gcda"), recursive=True)
    for first in range(0, len(data), 50):
        done = subprocess.run(["gcov", "--json-format", "--stdout", *data[first:first + 50]],
                              check=True, capture_output=True, text=True, cwd=folder)
        for text in done.stdout.splitlines():
            for file in json.loads(text)["files"]:
                name = own(file["file"])
                if not name:
                    continue
                for line in file["lines"]:
                    every.add((name, line["line_number"]))
                    if line["count"]:
                        reached.add((name, line["line_number"]))
    return every, reached


def source(name, cache={}):
    """The lines of a file."""
    if name not in cache:
        with open(os.path.join(TOP, name), encoding="utf-8") as file:
            cache[name] = file.read().splitlines()
    return cache[name]


def function(name, number):
    """The name of the function that a line is in."""
    for line in reversed(source(name)[:number]):
        found = re.match(r"^(?!\s|#|//|/\*|\})(?:[\w\s*()]*?[\s*])?(\w+)\(", line)
        if found:
            return found[1]
    return "-"


def explained():
    """The entries of the list: [(line number, file, function, text or '*', reason)]."""
    entries = []
    with open(EXPLAINED, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.strip().split(" | ")
            if len(parts) < 4 or not all(parts):
                sys.exit(f"{EXPLAINED}:{number}: wanted: FILE | FUNCTION | LINE or * | REASON")
            # The line of code may have such bars too.
            entries.append((number, parts[0], parts[1], " | ".join(parts[2:-1]), parts[-1]))
    return entries


def judge(missing):
    """Print what is unexplained, and what explains nothing. Return: whether both are empty."""
    entries, used, good = explained(), set(), True
    for name, number in sorted(missing):
        where = (name, function(name, number))
        text = source(name)[number - 1].strip()
        matches = [e for e in entries if e[1:3] == where and e[3] in ("*", text)]
        used.update(matches)
        if not matches and name.startswith(GUARDED):
            print(f"{name}:{number}: {where[1]}: not reached: {text}")
            good = False
    for entry in entries:
        if entry not in used:
            print(f"{os.path.relpath(EXPLAINED, TOP)}:{entry[0]}: explains nothing: "
                  f"{' | '.join(entry[1:4])}")
            good = False
    return good


def counts(name, number):
    """Whether a line is one that can be missed by itself."""
    text = source(name)
    line = text[number - 1] if number <= len(text) else ""
    return line[:1] in ("\t", " ") and not re.fullmatch(r"[{}]+;?|default:|\w+:", line.strip())


def stale():
    """Print entries whose line is no longer there. Return: whether there is none."""
    gone = []
    for number, name, where, text, _ in explained():
        there = os.path.exists(os.path.join(TOP, name)) and any(
            text in ("*", line.strip()) and function(name, n) == where
            for n, line in enumerate(source(name), 1))
        if not there:
            gone.append(f"{os.path.relpath(EXPLAINED, TOP)}:{number}: no such line: "
                        f"{name} | {where} | {text}")
    print("\n".join(gone), end="\n" if gone else "")
    return not gone


def report(every, reached, folder):
    """Print lines reached a file, and write all unreached ones into a file of `folder`."""
    for name in sorted({name for name, _ in every}):
        lines = {line for line in every if line[0] == name}
        print(f"{len(lines & reached):5} of {len(lines):5} lines  {name}")
    summary = f"{len(every & reached)} of {len(every)} lines are reached"
    print(summary)
    with open(os.path.join(folder, "summary.txt"), "w", encoding="ascii") as out:
        out.write(summary + "\n")
    with open(os.path.join(folder, "unreached.txt"), "w", encoding="utf-8") as out:
        for name, number in sorted(every - reached):
            out.write(f"{name}:{number}: {function(name, number)}: "
                      f"{source(name)[number - 1].strip()}\n")


def run_host(folder):
    """Run the unit tests of the build, which count as they run. Counts are added under a lock."""
    for path in glob.glob(os.path.join(folder, "host", "unit", "**", "*.gcda"), recursive=True):
        os.unlink(path)
    tests = [path for path in
             sorted(glob.glob(os.path.join(folder, "unit", "**", "test_*"), recursive=True))
             if os.access(path, os.X_OK) and os.path.isfile(path)]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("TEST_JOBS", "2"))) as pool:
        for path, done in zip(tests, pool.map(run_silent, tests)):
            if done.returncode != 0:
                print(f"{os.path.relpath(path, folder)} ended with {done.returncode}")


def run_silent(path):
    return subprocess.run([path], cwd=TOP, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False)


def run_machines(folder, trace, options):
    """Run whole-machine tests on the build.

    One that has a bound on time may fail, as this code is slower. What it reaches counts.
    """
    os.makedirs(trace, exist_ok=True)
    for path in glob.glob(os.path.join(trace, "*.log")):
        os.unlink(path)
    env = dict(os.environ, O=folder, CLEAVE_TRACE=trace, WILD_SEEDS="1 2 5")
    argv = [sys.executable, "-m", "pytest", "-q", "-n", os.environ.get("TEST_JOBS", "2"),
            "-p", "no:cacheprovider", "--no-header", "--tb=no", *shlex.split(options),
            "tests/boot"]
    subprocess.run(argv, cwd=TOP, env=env, check=False)


def main():
    parser = usage.parser("which lines no test reaches")
    parser.add_argument("--list", action="store_true", help="run nothing")
    parser.add_argument("--stale", action="store_true", help="check the list of explanations")
    parser.add_argument("folder", nargs="?", default="build/coverage",
                        help="the build with COVERAGE=1 (default: %(default)s)")
    args = parser.parse_args()
    if args.stale:
        return 0 if stale() else 1
    folder = os.path.abspath(args.folder)
    trace = os.path.join(folder, "trace")
    if not args.list:
        run_host(folder)
        run_machines(folder, trace, os.environ.get("T", ""))
    every, reached = machine_lines(os.path.join(folder, "cleave.elf"), trace)
    host_every, host_reached = host_lines(folder)
    # gcov also counts what is nothing by itself in the image: declarations, what was merged.
    files = {name for name, _ in every}
    every |= {line for line in host_every if line[0] not in files}
    every = {line for line in every if counts(*line)}
    reached |= host_reached
    report(every, reached, folder)
    return 0 if judge(every - reached) else 1


if __name__ == "__main__":
    sys.exit(main())
