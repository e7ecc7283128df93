# SPDX-License-Identifier: BSD-2-Clause
"""Partitions that are created, logged, looked into, moved, reset and destroyed in random order.

Before and after all that, when every slot is empty, the hypervisor's own account of memory is read
out of the machine. It must be the same to the byte: every free range, how many blocks are out, and
how much is free. Tables, bitmaps and pools are blocks of it. No window may be left in the table of
windows, and no source of the machine's interrupt controller may be lost: the alarm of a device is
heard after all. VMIDs need no account, as each slot has its own for ever (core/vm/vmid.c).

In the test command 2,000 operations of one seed; `make assurance` gives more:

    O=build LIVES_SEEDS="2 3" LIVES_OPERATIONS=10000 /usr/bin/python3 -m pytest tests/boot -k lives
"""

import os
import re
import subprocess

import pytest

from gdbstub import GdbStub
from machine import LONG, OUT, guest, partition
from payloads import affinity

SEEDS = [int(s) for s in os.environ.get("LIVES_SEEDS", "1").split()]
OPERATIONS = int(os.environ.get("LIVES_OPERATIONS", "2000"))
PATIENCE = LONG + OPERATIONS * LONG / 2000
ELF = os.path.join(OUT, "cleave.elf")
FILES = {"payload.bin": guest("lives"), "clock.bin": guest("passthrough")}

MIB = 1 << 20
SHAPES = {
    # One leaf; several odd ranges; fewer tables than a split of everything would take.
    "whole": dict(memory=((0x80000000, 4 * MIB),)),
    "odd": dict(memory=((0x80000000, 4 * MIB), (0x90003000, 0x25000), (0xa0001000, 2 * MIB)),
                cpus=2),
    "short": dict(memory=((0x80000000, 6 * MIB), (0xb0000000, 0x3000)), more="table-pool = <24>"),
}


def slots():
    parts = []
    for number, (name, shape) in enumerate(SHAPES.items()):
        for twin in "ab":
            harts = [1 + number % 2] * shape.get("cpus", 1)
            parts.append(partition(name + twin, cpus=len(harts), memory=shape["memory"],
                                   bootargs="role=worker",
                                   more=f'{affinity(harts)}; {shape.get("more", "")}'))
    # Two pieces of RAM have room for one of the large ranges each: its creation fails half-way, and
    # what it has got has to come back.
    parts.append(partition("part", kernel=None, more=f"incoming; {affinity((1,))}",
                           memory=((0x80000000, 0x11000), (0x100000000, 300 * MIB),
                                   (0x140000000, 300 * MIB), (0x180000000, 300 * MIB))))
    parts.append(partition("clock", "clock.bin", bootargs="irq=11 count",
                           more=f'devices = "/soc/rtc@101000"; {affinity((1,))}'))
    return parts


class Account:
    """What the hypervisor says is free, read out of the machine while it stands still."""

    def __init__(self, stub):
        self.stub = stub
        self.symbols = {}
        text = subprocess.run([os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "nm",
                               "-S", ELF], check=True, capture_output=True, text=True).stdout
        for found in re.finditer(r"^(\w+) (\w+) \w (\w+)$", text, re.M):
            self.symbols[found[3]] = (int(found[1], 16), int(found[2], 16))

    def read(self, name):
        at, size = self.symbols[name]
        out = b""
        while len(out) < size:
            part = self.stub.ask(f"m{at + len(out):x},{min(1024, size - len(out)):x}")
            assert not part.startswith("E"), part
            out += bytes.fromhex(part)
        return out

    def take(self):
        """Stop in the hypervisor, and read. Return: the account."""
        self.stub.run_to(self.symbols["sbi_handle"][0])
        words = memoryview(self.read("machine")).cast("Q")
        windows = self.read("vm_window_table")
        self.stub.go()
        # struct machine: tree, hpa_to_va, frames: lock (two words of 32 bits), number of ranges
        # (32 bits, padded), the ranges, and at the end: added and blocks (32 bits each), free,
        # total.
        number = words[3] & 0xffffffff
        ranges = [(words[4 + 2 * i], words[5 + 2 * i]) for i in range(number)]
        assert sum(size for _, size in ranges) == words[-2], "free is the sum of the free ranges"
        assert number and words[-2] < words[-1]
        return {"ranges": ranges, "blocks": words[-3] >> 32, "free": words[-2], "total": words[-1],
                "windows": sum(1 for at in range(0, len(windows), 32) if any(windows[at:at + 8]))}


@pytest.mark.parametrize("seed", SEEDS)
def test_lives_leave_nothing(boot, tmp_path, seed):
    path = str(tmp_path / "gdb")
    manager = partition("manager", bootargs=f"role=manager seed={seed} operations={OPERATIONS}",
                        more=f"manager; {affinity((0,))}")
    m = boot([manager, *slots()], FILES, smp=3, append="cleave.focus=manager",
             extra=("-gdb", f"unix:{path},server=on,wait=off"))
    m.wait(r"^manager\| before: all slots are empty", PATIENCE)
    stub = GdbStub(path)
    account = Account(stub)
    before = account.take()
    m.send("q")
    m.wait(r"^manager\| after: all slots are empty", PATIENCE)
    stub.stop()
    after = account.take()
    print(after)
    assert after == before and not after["windows"]
    assert any('partition "part": memory: no room for' in line for line in m.lines("cleave"))
    m.send("q")
    m.wait(r"^clock\| alarm 3$")
    m.send("q")
    m.payload_result("manager")
    assert m.wait_end() == 0
    stub.close()
