# SPDX-License-Identifier: BSD-2-Clause
"""The loads of the Linux guest: each starts, goes on, finds nothing wrong, and finds what is wrong."""

import re

import pytest

from cleavetest import partition

MEMORY = ((0x80000000, 256 << 20),)
LOADS = ["idle", "writer:25", "writer:100", "kernel", "clock", "counter"]


def guest_with(boot, linux, load=None):
    bootargs = "console=ttyS0 earlycon=sbi" + (f" cleave.load={load}" if load else "")
    return boot([partition("linux", kernel="Image", initrd="initrd.gz", cpus=2, memory=MEMORY, bootargs=bootargs)],
                linux(), smp=2)


def checked(said, name):
    """The load's line of `cleave-load check`, as {field: number}."""
    line = [s for s in said if s.startswith(f"cleave-load: {name} ok ")]
    assert len(line) == 1, said
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line[0])}


@pytest.mark.parametrize("load", LOADS)
def test_load(boot, linux, load):
    """Started by the kernel's command line; asked from the shell; the kernel has not complained."""
    name, _, argument = load.partition(":")
    m = guest_with(boot, linux, load)
    started = m.wait(rf"^linux\| cleave-load: {name} started workers=(\d+) argument=(\d+) bytes=(\d+)")
    assert int(started[1]) == (1 if name in ("idle", "counter") else 2)
    if name == "counter":
        # Its lines would cut through the shell's echo: they are the result.
        numbers = [int(m.wait(r"^linux\| (?:cleave-guest# )?counter (\d+)$")[1]) for _ in range(5)]
        assert numbers == [1, 2, 3, 4, 5]
        return
    said = m.shell("cleave-load check", "linux")
    fields = checked(said, name)
    assert fields["rounds"] >= 2 * int(started[1])
    assert "cleave-load: klog ok warnings=0 lost=0" in said
    assert said[-1] == "cleave-load: all ok loads=1"
    if name == "writer":
        assert fields["bytes"] == int(started[3]) > int(argument) * (100 << 20) // 100
    if name == "clock":
        assert 0 < fields["worst_us"] < 2000000


def test_loads_find_what_is_wrong(boot, linux):
    """A worker that dies, a kernel that warns, a page that another wrote: each is told by name."""
    m = guest_with(boot, linux)
    m.wait(r"^linux\| cleave-guest: up ")
    assert m.shell("cleave-load check", "linux")[-1] == "cleave-load: all ok loads=0"

    m.shell("cleave-load start kernel", "linux")
    m.shell("kill -9 $(pidof cleave-load | cut -d' ' -f1)", "linux")
    said = m.shell("cleave-load check; cleave-load stop", "linux")
    assert [s for s in said if s.startswith("cleave-load: kernel FAIL")] and said[-1] == "cleave-load: FAIL loads=1", said

    m.shell("echo '<4>not so good' >/dev/kmsg", "linux")
    m.shell("cleave-load start writer 10", "linux")
    said = m.shell("cleave-load check", "linux")
    # What a program writes into the log is the program's, not the kernel's: only that is counted.
    assert "cleave-load: klog ok warnings=0 lost=0" in said
    # A store that is not the writer's own, into the middle of its memory.
    m.shell("set -- $(pidof cleave-load); for p in $*; do"
            " a=$(sed -n 's/^\\([0-9a-f]*\\)-.* rw-p 00000000 00:00 0 *$/\\1/p' /proc/$p/maps | tail -n 1);"
            " printf x | dd of=/proc/$p/mem bs=1 seek=$((0x$a + 8192)) conv=notrunc 2>/dev/null; done", "linux")
    m.wait(r"^linux\| .*cleave-load: FAIL at once: writer: page \d+ at gpa 0x[0-9a-f]{8} is torn or changed: word \d+")
