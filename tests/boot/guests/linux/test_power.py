# SPDX-License-Identifier: BSD-2-Clause
"""Linux sleeps and counts events without SUSP and PMU, and nobody says a word about it."""

import re

import pytest

from machine import SHORT, Patience, guest as program, partition
from moves import Linux, Manager, Place, guest, manager, move, slot
from payloads import with_programs

MEMORY = ((0x80000000, 256 << 20),)


def movable(boot, files, harts):
    """Boot a Linux beside a slot. Return: the guest, and the two places where it can be."""
    m = boot([manager(), guest(harts=harts, memory=MEMORY), slot(harts=harts, memory=MEMORY)],
             {"manager.bin": program("manager"), **files}, smp=max(harts) + 1, mem="2G")
    moving = Linux(m)
    moving.up()
    manage = Manager(m)
    return moving, Place(manage, "linux"), Place(manage, "spare")


def asleep(manage, name):
    """Wait until a guest does nothing: it makes no exit between two looks."""
    patience = Patience(SHORT)
    before = None
    while True:
        exits = manage.run(f"stats {name}")[0]
        if exits == before:
            return
        assert not patience.over(), exits
        before = exits


@pytest.mark.parametrize("version", ["6.12", "7.2"])
def test_suspend_to_idle(boot, linux, version):
    """Without SUSP there is suspend to idle: no timer ticks until a key wakes the guest.

    It can be moved in its sleep.
    """
    moving, *places = movable(boot, linux(version), (1, 2))
    m, manage = moving.machine, places[0].manage
    assert moving.shell("cat /sys/power/mem_sleep")[-1] == "[s2idle]"
    moving.shell("echo enabled >/sys/class/tty/ttyS0/power/wakeup")
    for state in ("freeze", "mem"):
        m.focus(moving.name)
        m.sendline(f"echo {state} >/sys/power/state; echo aw''ake $?")
        asleep(manage, moving.name)
        _, places[1] = move(moving, *places)
        places.reverse()
        asleep(manage, moving.name)
        m.focus(moving.name)
        m.send("\r")
        m.wait(rf"^{moving.name}\| .*awake 0$")
    said = "\n".join(moving.shell("dmesg"))
    assert len(re.findall(r"PM: suspend entry \(s2idle\)", said)) == 2
    assert len(re.findall(r"PM: suspend exit", said)) == 2
    assert not re.search(r"PM: .*(?:abort|fail|error)", said), said


COUNTED = ["cycles counts", "instructions counts"]
NOT_COUNTED = ["cycles No such file or directory", "instructions No such file or directory"]


@pytest.mark.parametrize("version, more, bootargs, said", [
    ("6.12", "", "", COUNTED), ("7.2", "", "", COUNTED),
    ("7.2", 'counters = "off"', "initcall_blacklist=riscv_pmu_legacy_devinit", NOT_COUNTED)])
def test_perf(boot, linux, tmp_path, version, more, bootargs, said):
    """There is no PMU: Linux counts by Zicntr what it can, refuses the rest, and nobody complains.

    A Linux without the counters must be told so, as it looks nowhere.
    """
    m = boot([partition("linux", kernel="Image", initrd="initrd.gz", memory=MEMORY, more=more,
                        bootargs=f"console=ttyS0 earlycon=sbi {bootargs}")],
             with_programs(linux(version), tmp_path, "perf"), smp=1)
    m.wait(r"^linux\| cleave-guest: up ")
    before = m.lines("cleave")
    lines = [line[6:] for line in m.shell("perf", "linux") if line.startswith("perf: ")]
    refused = said == NOT_COUNTED
    assert lines == ["task-clock counts", *said, "cache-misses No such file or directory",
                     "L1-dcache-loads No such file or directory", "raw No such file or directory",
                     "sampled-cycles " + ("No such file or directory" if refused else
                                          "Operation not supported")]
    # The shell's echo of a long line has no time stamp.
    noise = [line for line in m.shell("dmesg | grep -i -e pmu -e perf: | grep -v -i blacklist",
                                      "linux") if line.startswith("[")]
    assert [line for line in noise if "Legacy PMU implementation is available" not in line] == []
    assert bool(noise) != refused
    assert m.shell("cleave-load check", "linux")[-1] == "cleave-load: all ok loads=0"
    assert m.lines("cleave") == before
