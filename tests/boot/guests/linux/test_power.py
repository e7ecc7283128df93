# SPDX-License-Identifier: BSD-2-Clause
"""Linux takes harts away and back, sleeps, and counts events, with HSM and without SUSP and PMU.

Nobody says a word about what is not there.
"""

import re

import pytest

from machine import LONG, SHORT, Patience, guest as program, partition
from moves import Linux, Manager, Place, guest, manager, move, slot
from payloads import with_programs

MEMORY = ((0x80000000, 256 << 20),)

# Takes each of Linux's harts away and back, the first too, until there is a file /tmp/end.
TAKE_TURNS = """#!/bin/sh
cd /sys/devices/system/cpu
while ! [ -e /tmp/end ]; do
	for c in cpu[0-9]*; do
		for to in 0 1; do
			echo $to >$c/online && [ $(cat $c/online) = $to ] ||
				echo $c $to >>/tmp/wrong
		done
	done
	echo round >>/tmp/rounds
done
"""


def movable(boot, files, harts):
    """Boot a Linux beside a slot. Return: the guest, and the two places where it can be."""
    m = boot([manager(), guest(harts=harts, memory=MEMORY), slot(harts=harts, memory=MEMORY)],
             {"manager.bin": program("manager"), **files}, smp=max(harts) + 1, mem="2G")
    moving = Linux(m)
    moving.up()
    manage = Manager(m)
    return moving, Place(manage, "linux"), Place(manage, "spare")


def rounds(moving):
    return int(moving.shell("wc -l </tmp/rounds")[-1])


@pytest.mark.parametrize("version, harts", [("6.12", (1, 2, 1, 2)), ("7.2", (1, 1, 1))])
def test_harts_come_and_go(boot, linux, tmp_path, version, harts):
    """All of Linux's harts go off and on again, by turns, while it is moved there and back.

    It is moved under a log, and every page is compared. Several vCPUs share a hart. Linux may say
    that a hart "may not have stopped": it asks HSM as soon as that hart has told it that it is
    about to stop, on any machine.
    """
    files = with_programs(linux(version), tmp_path, turns=TAKE_TURNS)
    moving, *places = movable(boot, files, harts)
    moving.shell("touch /tmp/rounds; (turns &)")
    for _ in range(2):
        before = rounds(moving)
        _, places[1] = move(moving, *places, "--verify", "--passes", "4")
        places.reverse()
        patience = Patience(LONG)
        while rounds(moving) < before + 2:
            assert not patience.over()
    moving.shell("touch /tmp/end; while pidof turns; do sleep 1; done")
    assert moving.shell("cat /tmp/wrong /sys/devices/system/cpu/online")[-2:] == [
        "cat: can't open '/tmp/wrong': No such file or directory", f"0-{len(harts) - 1}"]
    said = "\n".join(moving.shell("dmesg"))
    assert not re.search(r"BUG|WARNING|Oops|stall|failed to come online", said), said


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
def test_suspend(boot, linux, version):
    """Suspend to idle, and to RAM with one vCPU of two: nothing runs until a key wakes the guest.

    It can be moved in its sleep.
    """
    moving, *places = movable(boot, linux(version), (1, 2))
    m, manage = moving.machine, places[0].manage
    assert moving.shell("cat /sys/power/mem_sleep")[-1] == "s2idle [deep]"
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
    assert re.findall(r"PM: suspend entry \((\w+)\)", said) == ["s2idle", "deep"]
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
