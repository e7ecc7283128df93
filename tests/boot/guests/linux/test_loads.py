# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the loads of the Linux guest.

Each load starts, makes progress and finds nothing wrong. The loads find errors that a test makes.
"""

import re

from machine import partition

MEMORY = ((0x80000000, 256 << 20),)
LOADS = ["idle", "writer 25", "writer 100", "kernel", "clock"]


def guest_with(boot, linux, load=None):
    bootargs = "console=ttyS0 earlycon=sbi" + (f" cleave.load={load}" if load else "")
    return boot([
        partition("linux", kernel="Image", initrd="initrd.gz", cpus=2, memory=MEMORY,
                  bootargs=bootargs)
    ], linux(), smp=2)


def fields(said, start):
    """The one line of `said` that begins with `start`, as {field: number}."""
    line = [s for s in said if s.startswith(start)]
    assert len(line) == 1, said
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line[0])}


def looks_well(m, load):
    """Start a load from the shell, check its health, and stop it."""
    name, _, argument = load.partition(" ")
    said = m.shell(f"cleave-load start {load}", "linux")
    started = fields(said, f"cleave-load: {name} started ")
    assert started["workers"] == (1 if name == "idle" else 2)
    said = m.shell("cleave-load check", "linux")
    found = fields(said, f"cleave-load: {name} ok ")
    assert found["rounds"] >= 2 * started["workers"]
    assert fields(said, "cleave-load: klog ok ")["warnings"] == 0
    assert said[-1] == "cleave-load: all ok loads=1"
    if name == "writer":
        assert found["bytes"] == started["bytes"] > int(argument) * (100 << 20) // 100
    if name == "clock":
        assert 0 < found["worst_us"] < 2000000
    assert m.shell("cleave-load stop", "linux") == [f"cleave-load: {name} stopped"]


def finds_what_is_wrong(m):
    """Make two errors and check that the loads report them.

    One error is a worker that is killed. The other is a changed byte in the middle of the writer's
    memory.
    """
    worker = "$(pidof cleave-load | cut -d' ' -f1)"
    m.shell("cleave-load start clock", "linux")
    m.shell(f"kill -9 {worker}", "linux")
    said = m.shell("cleave-load check; cleave-load stop", "linux")
    assert [
        s for s in said
        if re.match(r"cleave-load: clock FAIL clock: a worker ended: process \d+, status 0x9", s)
    ], said
    assert said[-1] == "cleave-load: FAIL loads=1", said
    m.shell("cleave-load start writer 10", "linux")
    said = m.shell(
        f"p={worker};"
        " a=$(sed -n 's/^\\([0-9a-f]*\\)-.* rw-p 00000000 00:00 0 *$/\\1/p' /proc/$p/maps | tail "
        "-n 1);"
        " printf x | dd of=/proc/$p/mem bs=1 seek=$((0x$a + 8192)) conv=notrunc; cleave-load check",
        "linux")
    wrong = re.compile(r"cleave-load: writer FAIL writer: page 2 at gpa 0x[0-9a-f]{8} is torn or "
                       r"changed: word 0 ")
    assert [s for s in said if wrong.match(s)], said


def test_loads(boot, linux):
    m = guest_with(boot, linux)
    m.wait(r"^linux\| cleave-guest: up ")
    assert m.shell("cleave-load check", "linux")[-1] == "cleave-load: all ok loads=0"
    for load in LOADS:
        looks_well(m, load)
    # The check ignores what programs write into the log. Only the kernel's own warnings count.
    m.shell("echo '<4>not so good' >/dev/kmsg", "linux")
    assert m.shell("cleave-load check", "linux")[-1] == "cleave-load: all ok loads=0"
    finds_what_is_wrong(m)


def test_counter_from_the_command_line(boot, linux):
    m = guest_with(boot, linux, "counter,clock:3000")
    m.wait(r"^linux\| cleave-load: counter started ")
    m.wait(r"^linux\| cleave-load: clock started workers=2 argument=3000 ")
    numbers = [int(m.wait(r"^linux\| (?:cleave-guest# )?counter (\d+)$")[1]) for _ in range(5)]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
