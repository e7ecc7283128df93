# SPDX-License-Identifier: BSD-2-Clause
"""What it costs a partition that vCPUs beside it, on the same hart, are woken from another hart.

The attackers are those of tests/guests/plan, the victims those of tests/guests/fair. Instructions
are counted; one thread of QEMU executes both harts in turns, so each has half of the time
(test_plan.py).
"""

import pytest

from machine import guest, partition
from payloads import affinity
from test_plan import ICOUNT, TURN

FILES = {"payload.bin": guest("fair"), "attack.bin": guest("plan")}
LOOP = 1004  # instructions of a round of the payload's counting loop
MS = 50

# An interruption costs the interrupted partition at most so many instructions of its own: about 300
# where another vCPU gets the hart, and half of that where none does.
INTERRUPTION = 300

# The attacker's vCPUs: the first on another hart, the second beside the victim
FLOODS = ["ipis", "starts"]


def victim(what, more=""):
    return partition("victim", bootargs=f"role={what}", more=f"{affinity((0,))}; {more}")


def attacker(what, harts=(1, 0), more=""):
    return partition("other", kernel="attack.bin", cpus=len(harts), bootargs=f"role={what}",
                     more=f"{affinity(harts)}; {more}")


def start(boot, *partitions):
    return boot(list(partitions), FILES, smp=2, extra=[*ICOUNT, *TURN])


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
              partition("waits", kernel="attack.bin", bootargs="role=wait",
                        more=affinity((0,))))
    assert interrupted(m) <= 0.001


@pytest.mark.parametrize("attack", FLOODS)
def test_timer_beside_wakes(boot, attack):
    """A timer with little work is at most 20,000 instructions late beside a neighbour's wakes."""
    m = start(boot, victim("periodic"), attacker(attack))
    late = int(m.wait(r"^victim\| late (\d+) ns$")[1]) / 2
    print("late", late, "ns")
    assert late <= 20000
