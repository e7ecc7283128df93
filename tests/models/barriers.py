# SPDX-License-Identifier: BSD-2-Clause
"""Find the barriers that litmus tests name in the compiled hypervisor.

A litmus test says with lines

    code N: FILE FUNCTION: A / BARRIER / B

which code its barrier N stands for. BARRIER is

- `smp_mb()` or `smp_wmb()`: that call stands in FUNCTION, and on each path from A to B is a fence
  that was compiled from it. A may be `^`: then it is on each path from the function's entry to B.
  B may be `$`: then it comes before any other access, and before the function returns. B may be
  `?` where the compiler cannot know that the barrier is always reached after A.
- `acquire`: A is an acquire. No access and no call comes between it and its fence. B is `$`.
- `release`: B is a release, in the same way. A is `^`.

A and B are text of source lines of FUNCTION, or of FILE2 where they are written `FILE2:text`; `x
or y` is either. What the compiler has made of a line it says itself (DWARF); where the function is
inlined, each copy is looked at. The disassembly is the judge, so a barrier that is written and not
compiled is missed as well.
"""

import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OBJDUMP = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "objdump"

ROW = re.compile(r"^ *code (\d): (\S+) (\w+): (.+?) / (\S+) / (.+?)$", re.M)
SYMBOL = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
LINE = re.compile(r"^(/.*):(\d+)(?: \(discriminator \d+\))?$")
INSTRUCTION = re.compile(r"^([0-9a-f]+):\t(\S+)(?:\t([^#]*))?")
BRANCH = re.compile(r"^b\w+$")
ATOMIC = re.compile(r"^(amo|lr\.|sc\.)")
MEMORY = re.compile(r"^(l[bhwd]u?|s[bhwd]|amo\w+\.[wd].*|lr\.[wd].*|sc\.[wd].*)$")
LOAD = re.compile(r"^(l[bhwd]u?|amo.*|lr\..*)$")
STORE = re.compile(r"^(s[bhwd]|amo.*|sc\..*)$")


class Instruction:
    """One instruction: what it is, the source line it comes from, and what may follow it."""

    def __init__(self, address, name, operands, line):
        self.address = address
        self.name = name
        self.operands = operands
        self.line = line
        self.next = []
        self.before = []

    def memory(self):
        return bool(MEMORY.match(self.name)) and "(sp)" not in self.operands

    def call(self):
        return self.name in ("jal", "jalr", "call") and "__riscv_" not in self.operands

    def fence(self):
        """What it orders: the accesses before it and those after it; None: it is no fence."""
        if self.name == "fence.tso":
            return "rw", "w"
        if self.name != "fence":
            return None
        before, _, after = (self.operands or "iorw,iorw").partition(",")
        return before, after


class Symbol:
    """A function of the image, as a graph of its instructions."""

    def __init__(self, name, code):
        self.name = name
        self.code = code
        self.lines = {i.line for i in code}
        by_address = {i.address: i for i in code}
        for here, following in zip(code, code[1:] + [None]):
            target = re.search(r"([0-9a-f]+)(?: <[^>]*>)?\s*$", here.operands)
            goes = []
            if (BRANCH.match(here.name) or here.name == "j") and target:
                goes.append(by_address.get(int(target[1], 16)))
            if here.name not in ("j", "ret", "jr", "tail", "mret", "sret"):
                goes.append(following)
            here.next = [g for g in goes if g is not None]
            here.leaves = not goes or None in goes
            for there in here.next:
                there.before.append(here)


def read_symbols(elf):
    """The functions of an image, from objdump's text."""
    text = subprocess.run([OBJDUMP, "-dl", "--no-show-raw-insn", elf], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    symbols, name, code, line = [], None, [], None
    for row in text.splitlines():
        if m := SYMBOL.match(row):
            symbols += [Symbol(name, code)] if code else []
            name, code, line = m[1], [], None
        elif m := LINE.match(row):
            line = os.path.relpath(os.path.normpath(m[1]), TOP), int(m[2])
        elif m := INSTRUCTION.match(row):
            code.append(Instruction(int(m[1], 16), m[2], (m[3] or "").strip(), line))
    return symbols + ([Symbol(name, code)] if code else [])


def read_rows(text):
    """The `code` rows of a litmus test."""
    return [m.groups() for m in ROW.finditer(text)]


def source_lines(path, where=None):
    """{line number: text} of a file, or of one function of it."""
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        lines = dict(enumerate(f.read().split("\n"), 1))
    if where is None:
        return lines
    starts = [n for n, s in lines.items() if re.match(rf"^\w[^;]*\b{where}\(", s)
              and not s.rstrip().endswith(";")]
    if not starts:
        raise LookupError(f"{path} has no function {where}")
    end = next(n for n in sorted(lines) if n > starts[-1] and lines[n].startswith("}"))
    return {n: lines[n] for n in range(starts[-1], end + 1)}


def places(pattern, path, function):
    """The source lines that a pattern of a row names."""
    found = set()
    for part in pattern.split(" or "):
        m = re.match(r"^([\w/.-]+\.[ch]):(.+)$", part)
        file, text = (m[1], m[2]) if m else (path, part)
        hits = {(file, n) for n, s in source_lines(file, None if m else function).items()
                if text in s}
        if not hits and not m:
            raise LookupError(f"{file} {function}: no line has '{text}'")
        found |= hits
    return found


def search(start, forward, stop, wrong):
    """Follow all paths from `start` until `stop`; the first instruction that is wrong, or None."""
    seen, work = set(), list(start.next if forward else start.before)
    if forward and start.leaves and wrong(None) or not forward and not work and wrong(None):
        return start
    while work:
        here = work.pop()
        if here.address in seen or stop(here):
            continue
        seen.add(here.address)
        if wrong(here):
            return here
        onward = here.next if forward else here.before
        if (forward and here.leaves or not forward and not onward) and wrong(None):
            return here
        work += onward
    return None


def orders(instruction, before, after):
    """Whether a fence orders accesses of the kinds `before` before those of the kinds `after`."""
    fence = instruction.fence()
    return fence is not None and set(before) <= set(fence[0]) and set(after) <= set(fence[1])


def check_local(symbols, lines, acquire, blind):
    """Acquire and release: nothing comes between the access and what orders it."""
    count = 0
    wanted = LOAD if acquire else STORE
    for symbol in symbols:
        if not symbol.lines & lines:
            continue
        accesses = [i for i in symbol.code if i.line in lines and i.memory()]
        # A line that is compiled to an atomic instruction may read pointers for it as well.
        atomic = {i.line for i in accesses if ATOMIC.match(i.name)}
        for here in accesses:
            if not wanted.match(here.name) or here.line in atomic and not ATOMIC.match(here.name):
                continue
            count += 1
            if acquire and search(here, False, lambda i, own=here: i.line == own.line and orders(
                    i, "r", "rw"), lambda i: i is None or i.memory() or i.call()) is None:
                count -= 1  # after the fence of its line: a later access that DWARF puts there
                continue
            bits = here.name.rpartition(".")[2]
            if not blind and ("aq" in bits if acquire else "rl" in bits):
                continue
            before, after = ("r", "rw") if acquire else ("rw", "w")
            wrong = search(
                here, acquire, lambda i: not blind and orders(i, before, after),
                lambda i, own=here: i is None or (i.memory() or i.call()) and i.line != own.line)
            if wrong:
                return f"{symbol.name}: {here.address:x} {here.name} of {here.line} is not ordered"
    return None if count else "nothing was compiled from the line"


def check_fence(symbols, barrier, first, second, kinds, blind):
    """A fence of the line `barrier` between `first` and `second`, sets of lines or a mark."""
    count = 0

    def is_fence(i):
        return not blind and i.line in barrier and orders(i, *kinds)

    def is_second(i):
        if second == "$":
            return i is None or (i.memory() or i.call()) and i.line not in first
        return i is not None and i.line in second and (i.memory() or i.call())

    for symbol in symbols:
        if not any(i.line in barrier and i.fence() for i in symbol.code):
            continue
        if first == "^":
            starts = [i for i in symbol.code if is_second(i)]
        else:
            starts = [i for i in symbol.code if i.line in first and (i.memory() or i.call())]
        for here in starts:
            count += 1
            if second == "?":
                reached = search(here, True, lambda i: False, is_fence) is not None
                wrong = None if reached else here
            elif first == "^":
                wrong = search(here, False, is_fence, lambda i: i is None)
            else:
                wrong = search(here, True, is_fence, is_second)
            if wrong:
                return (f"{symbol.name}: no fence at {wrong.address:x}, on a way from or to "
                        f"{here.line}")
    return None if count else "no fence, or not what it stands between, was compiled"


def check_row(symbols, row, blind=False):
    """What is wrong with one row, or None. `blind`: no instruction counts as a barrier."""
    _, path, function, first, barrier, second = row
    try:
        if barrier == "acquire":
            return check_local(symbols, places(first, path, function), True, blind)
        if barrier == "release":
            return check_local(symbols, places(second, path, function), False, blind)
        kinds = {"smp_mb()": ("rw", "rw"), "smp_wmb()": ("rw", "w")}[barrier]
        mark = {"^", "$", "?"}
        return check_fence(
            symbols, places(barrier, path, function),
            first if first in mark else places(first, path, function),
            second if second in mark else places(second, path, function), kinds, blind)
    except LookupError as wrong:
        return str(wrong)
