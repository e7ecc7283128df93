# SPDX-License-Identifier: BSD-2-Clause
"""What it costs a partition that vCPUs beside it, on the same hart, are woken from another hart.

The attackers are those of tests/guests/plan, the victims those of tests/guests/fair. Instructions
are counted; QEMU executes both harts by turns, so each has half of the time (qemu.icount()).
"""

import pytest

from machine import guest, qemu
from payloads import LOOP, role

FILES = {"payload.bin": guest("fair"), "attack.bin": guest("plan")}
MS = 50

# An interruption costs the interrupted partition at most so many instructions of its own: about 300
# where another vCPU gets the hart, and half of that where none does.
INTERRUPTION = 300

# The attacker's vCPUs: the first on another hart, the second beside the victim
FLOODS = ["ipis", "starts"]


def victim(what):
    return role("victim", what)


def attacker(what, harts=(1, 0), more=""):
    return role("other", what, harts, more, kernel="attack.bin")


def start(boot, *partitions):
    return boot(list(partitions), FILES, smp=2, extra=qemu.icount(turn=2))


def interrupted(m):
    """What part of the instructions that the victim had its interruptions cost it.

    On a machine it would have twice as many between two of them, as its hart would not stand still.
    """
    had = int(m.wait(r"^victim\| counted (\d+)$")[1]) * LOOP
    times = int(m.wait(r"^victim\| interrupted (\d+) times$")[1])
    print(f"had {had} instructions, interrupted {times} times")
    return times * INTERRUPTION / (2 * had)


@pytest.mark.parametrize("weight", [100, 10000])
@pytest.mark.parametrize("attack", FLOODS)
def test_interruptions_are_few(boot, attack, weight):
    """What a neighbour's wakes cost is less than 5 % of what a partition has."""
    m = start(boot, victim(f"count ms={MS}"),
              attacker(attack, more=f"cpu-weight = <{weight}>"))
    assert interrupted(m) <= 0.05


def test_pauses_do_not_interrupt(boot):
    """A manager that pauses and resumes a partition that waits takes nothing from its neighbour."""
    m = start(boot, victim(f"count ms={MS}"),
              attacker("pauses", (1,), "manager"),
              role("waits", "wait", kernel="attack.bin"))
    assert interrupted(m) <= 0.001


@pytest.mark.parametrize("attack", FLOODS)
def test_timer_beside_wakes(boot, attack):
    """A timer with little work is at most 20,000 instructions late beside a neighbour's wakes."""
    m = start(boot, victim("periodic"), attacker(attack))
    late = int(m.wait(r"^victim\| late (\d+) ns$")[1]) / 2
    print("late", late, "ns")
    assert late <= 20000
