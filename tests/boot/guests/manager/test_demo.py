# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the demonstration, which makes dirty-log passes over a live partition in every mode.

They check its table, and its proof that the log missed no write.
"""

import os
import re

import pytest

from machine import LONG, MODES, TOP, guest, pack, partition, qemu

LOG_MODES = ["fault-driven", "eager", "initially-set"]
PASSES = 5


def example(name):
    """The configuration `name` of guests/manager, as `make run` uses it."""
    with open(os.path.join(TOP, "guests", "manager", name), encoding="ascii") as f:
        return f.read()


def number(text):
    return int(text.replace(",", ""))


def demonstrated(m, leaves):
    """Wait for the end of the demonstration and check every line of its table."""
    m.wait(r"^manager\| demonstration (passed|FAILED)", 2 * LONG)
    said = m.lines("manager")
    assert "demonstration passed" in said
    assert [line for line in said if re.match(r"unreported: 0\b", line)], said
    assert not [line for line in said if line.startswith("FAIL")], said
    before = [line for line in said if line.startswith("leaves before: ")][0]
    after = [line for line in said if line.startswith("leaves after: ")][0]
    assert before.partition(": ")[2] == after.partition(": ")[2] == leaves

    for mode in LOG_MODES:
        rows = [
            line.split() for line in said
            if line.startswith(mode + " ") and "partition paused" not in line
        ]
        assert [row[1] for row in rows] == ["start"] + [str(n + 1)
                                                        for n in range(PASSES)] + ["stop"]
        passes = rows[1:-1]
        # The workload never rests and writes to the same pages again. Each pass therefore finds
        # dirty pages, which write faults have logged.
        assert all(number(row[2]) > 0 for row in passes), rows
        assert all(number(row[3]) == 4 * number(row[2]) for row in passes)
        assert sum(number(row[4]) for row in rows) > 0
        split_by_fault, split_eagerly = (sum(number(row[n]) for row in rows) for n in (5, 6))
        assert (split_by_fault > 0
                and split_eagerly == 0) if mode == "fault-driven" else split_eagerly > 0, rows
        # Only pages that were written are reported, which are far from all of them. The first pass
        # of an initially-set log is the exception: it reports every page.
        first = passes[0] if mode == "initially-set" else None
        assert all(row is first or number(row[2]) < number_of_pages(said) for row in passes), rows
        paused = [
            line for line in said if line.startswith(mode + " ") and "partition paused" in line
        ]
        assert len(paused) == 1
        assert number(
            re.search(r"(\d+) pages reported clean are unchanged, 0 are not", paused[0])[1]) > 0


def number_of_pages(said):
    """The number of pages of the partition.

    The first pass of an initially-set log reports all of them.
    """
    return number([line.split() for line in said if re.match(r"initially-set +1 ", line)][0][2])


@pytest.mark.parametrize("mode", MODES)
def test_workload(boot, tmp_path, mode):
    """`make run GUEST=demo` works in each G-stage mode.

    q ends the guest. Then the manager ends, and then the machine.
    """
    source = example("demo-workload.dts").replace(
        "migratable;", f'migratable; gstage-mode = "{mode}"; bootargs = "beat=2";')
    archive = pack(str(tmp_path / "demo.cpio"), source,
                   {"manager.bin": guest("manager"), "workload.bin": guest("workload")})
    m = boot(archive=archive, smp=4, mem="4G")
    demonstrated(m, "1 GiB: 0, 2 MiB: 64, 4 KiB: 0")
    m.wait(r"^workload\| alive: \d+ words stored, [1-9]\d* pages checked, [1-9]\d* A/D faults")
    m.send("q")
    m.wait(r"^workload\| q was typed")
    assert m.wait_end() == 0


def test_linux(boot, linux, tmp_path):
    """`make run` runs the demonstration on Linux, with one leaf of 1 GiB and 128 leaves of 2 MiB.

    The same leaves are there again at the end. The shell then works, and poweroff ends Linux.
    """
    archive = pack(str(tmp_path / "demo.cpio"), example("demo-linux.dts"),
                   {"manager.bin": guest("manager"), **linux("6.12")})
    m = boot(archive=archive, smp=4, mem="4G")
    demonstrated(m, "1 GiB: 1, 2 MiB: 128, 4 KiB: 0")
    assert m.shell("nproc", "linux") == ["2"]
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "linux": shut down by its guest')
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES[1:])
def test_linux_with_more_levels(boot, linux, mode):
    """The demonstration also works on Linux with four and five levels.

    The partition has less memory than in test_linux(), because the manager reads all of it in
    each pass.
    """
    m = boot([
        partition("manager", kernel="manager.bin", bootargs="demo", more="manager"),
        partition(
            "linux", kernel="Image", initrd="initrd.gz", cpus=2, memory=((0x80000000, 192 << 20),),
            bootargs="console=ttyS0 earlycon=sbi cleave.workload", more=f'gstage-mode = "{mode}"')
    ], {
        "manager.bin": guest("manager"),
        **linux("6.12")
    }, smp=4, mem="2G")
    demonstrated(m, "1 GiB: 0, 2 MiB: 96, 4 KiB: 0")


def test_partition_that_is_not_ready(boot):
    """A slow machine starts the managers before the others are ready: the demonstration waits.

    An instruction takes a microsecond here, so it takes 9 s to zero the memory of the workload.
    """
    m = boot([
        partition("manager", kernel="manager.bin", bootargs="demo", more="manager"),
        partition("work", kernel="workload.bin", memory=((0x80000000, 256 << 20),),
                  more="cpu-affinity = <1>")
    ], {"manager.bin": guest("manager"), "workload.bin": guest("workload")}, smp=2, mem="1G",
             extra=qemu.icount(shift=10))
    m.wait(r"^cleave\| .*has not made it ready within ")
    m.wait(r'^manager\| waiting for the partition "work", which is being made ready$')
    m.wait(r"^manager\| leaves before: ")
