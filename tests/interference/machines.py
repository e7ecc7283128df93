# SPDX-License-Identifier: BSD-2-Clause
"""Run a machine of the matrix, and read what its victims say.

All harts run by turns, and an instruction is a nanosecond of the time that all of them see
(qemu.icount()). So everything happens in one order, which is the same in every run. A turn could
last for milliseconds, for which a hart that was interrupted stands still: TURN_US makes them short.
"""

import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "boot"))
from machine import OUT, SLOW, command, config, guest, pack, qemu  # noqa: E402,F401

TURN_US = 5  # of all harts together
# QEMU says a line for each store to a virtio slot, in between what the UART sends.
MARKS = ["-trace", "virtio_mmio_write_offset"]
MARK = re.compile(rb"virtio_mmio_write_offset [^\n]*offset 0x([0-9a-f]+) value 0x([0-9a-f]+)\n")
MARK_REGISTER = 0x64
# What moves the cursor: what comes next is another row.
SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[@-~]")

SECONDS = 600 * SLOW
TAIL = 4096  # bytes: what the last look at a console may have cut


class Broken(Exception):
    """A machine did not say what it should have said."""


class Output:
    """What a machine wrote, and what its partitions say in it."""

    def __init__(self, raw):
        self.raw = raw
        text = MARK.sub(b"", raw).decode(errors="replace").replace("\r", "")
        # A row that ends in ESC [ m goes on in the next, which begins with `name> `.
        text = re.sub(r"\x1b\[m\n[^\s>]+> ", "", text)
        self.text = SEQUENCE.sub(b"\n", text.encode()).decode()

    def said(self, name, pattern):
        """The last line of a partition that matches. Return: its groups, as numbers."""
        found = None
        for found in re.finditer(rf"^{name}\| {pattern}$", self.text, re.M):
            pass
        if found is None:
            raise Broken(f"no line of {name} with '{pattern}'")
        return [int(n) for n in found.groups()]

    def restarts(self, name):
        """How often the hypervisor says that a partition restarted."""
        told = re.findall(rf'^cleave\| partition "{name}": (?:restarted (\d+) times more|rebooted '
                          r"by its guest|.*restart)", self.text, re.M)
        return sum(int(n or 1) for n in told)

    def wire(self, name):
        """What the UART sends from the call that prints a line to the line's end.

        Return: of the marked lines of a partition, the most characters, and how long the longest
        line of any speaker is.
        """
        sent, begins, at = bytearray(), {}, 0
        for mark in MARK.finditer(self.raw):
            sent += self.raw[at:mark.start()]
            at = mark.end()
            value = int(mark[2], 16)
            if int(mark[1], 16) == MARK_REGISTER and value % 2 == 0:
                begins[value // 2] = len(sent)
        sent += self.raw[at:]
        most = 0
        for number, begin in begins.items():
            line = re.compile(rb"%s\| line %d \w+[^\w\n]*m?\r?\n" % (name.encode(), number))
            end = line.search(sent, begin)
            if end is None:
                raise Broken(f"line {number} of {name} did not arrive")
            most = max(most, end.end() - begin)
        return most, max(len(line) for line in re.split(r"\n", self.text))


def wait(process, path, names):
    """Wait until each of the partitions `names` has said what it measured, or did."""
    end = time.monotonic() + SECONDS
    missing, at = set(names), 0
    while time.monotonic() < end:
        over = process.poll() is not None
        with open(path, "rb") as f:
            f.seek(max(at - TAIL, 0))
            new = f.read()
            at = f.tell()
        for name, failure in re.findall(rb"(\w+)\| (?:(FAIL [^\n]*)|(?:result|share|attacked) \d[^"
                                        rb"\n]*)\n", SEQUENCE.sub(b"\n", MARK.sub(b"", new))):
            if failure:
                raise Broken(f"{name.decode()}: {failure.decode()} ({path})")
            missing.discard(name.decode())
        if not missing:
            return
        if over:
            break
        time.sleep(0.05)
    raise Broken(f"nothing of {', '.join(sorted(missing))} ({path})")


def run(folder, name, partitions, plans, harts, names, extra=(), append=""):
    """Run a machine until the partitions `names` have finished. Return: its Output."""
    archive = pack(os.path.join(folder, name + ".cpio"), config(*partitions, plans=plans),
                   {"payload.bin": guest("interference")})
    path = os.path.join(folder, name + ".log")
    argv = command(initrd=archive, smp=harts, mem="1G", append=append,
                   extra=[*qemu.icount(turn=TURN_US if harts > 1 else 0), *MARKS, *extra])
    # A file takes all that QEMU writes at once. A pipe or a terminal could make the UART wait.
    with open(path, "wb") as out, subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                                                   stderr=out) as process:
        try:
            wait(process, path, names)
        finally:
            process.kill()
    with open(path, "rb") as f:
        return Output(f.read())
