# SPDX-License-Identifier: BSD-2-Clause
"""No step of a long operation takes more than 50,000 instructions (M6, T2), whatever the memory.

The payload tests/guests/steps counts what each call takes under -icount, on partitions of up to
40 GiB. QEMU gets memory for what is touched alone.
"""

import struct

from machine import guest, partition

ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]
STEP = 50_000
GIB = 1 << 30
MIB = 1 << 20
RAM = 80 * GIB


IDLE = struct.pack("<II", 0x10500073, 0xffdff06f)  # wfi, and again


def steps(boot, partitions, **files):
    """Boot the payload in these partitions, and return the most that a call of each kind took."""
    backend = f"memory-backend-ram,id=ram,size={RAM},reserve=off"
    m = boot(partitions, {"payload.bin": guest("steps"), **files}, smp=1, mem=f"{RAM >> 20}M",
             machine="memory-backend=ram", extra=[*ICOUNT, "-object", backend])
    m.payload_result(partitions[0].split()[0])
    found = {}
    for line in m.lines(partitions[0].split()[0]):
        if line.startswith("step "):
            name, most, _ = line[5:].rsplit(" ", 2)
            found[name] = max(found.get(name, 0), int(most))
    print("\n".join(f"{most:8} {name}" for name, most in found.items()))
    return found


def test_calls_of_a_manager(boot, tmp_path):
    """Create, destroy, reset, windows, and all calls on logs."""
    (tmp_path / "idle").write_bytes(IDLE + bytes(200_000))
    regions = [(0x80000000 + i * 16 * MIB, 8 * MIB - i * 4096) for i in range(8)]
    found = steps(boot, [
        partition("manager", memory=((0x80000000, 32 * MIB),), bootargs="role=manager",
                  more="manager"),
        partition("huge", memory=((0x80000000, 40 * GIB),),
                  more="manual-start; largest-page = <0x200000>"),
        partition("small", kernel="idle", memory=((0x80000000, 64 * MIB),)),
        partition("slot", kernel=None, memory=((0x80000000, 12 * GIB),),
                  more="incoming; largest-page = <4096>"),
        partition("tiny", kernel=None, cpus=16, memory=regions, more="incoming"),
    ], idle=tmp_path / "idle")
    assert len(found) > 20
    assert not {name: most for name, most in found.items() if most > STEP}


def test_a_fault_that_marks_a_gib(boot):
    """With a pool that has no table for a split, a fault marks the whole leaf."""
    found = steps(boot, [
        partition("coarse", memory=((0x80000000, 2 * GIB),), bootargs="role=coarse",
                  more="table-pool = <1>"),
    ])
    assert 0 < found["coarse grant"] <= STEP
    assert 0 < found["get-and-clear after it"] <= STEP
