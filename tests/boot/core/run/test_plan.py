# SPDX-License-Identifier: BSD-2-Clause
"""Time partitions: the payload tests/guests/plan by plans, counted in instructions.

Under -icount an instruction takes one virtual nanosecond, so the figures repeat from run to run.
One thread of QEMU executes all harts in turns, and the others stand still meanwhile: where several
harts work, what one of them does takes as many times as long. A turn ends when the next timer of
the machine is due. TURN gives it one that is due all the time, so that turns are short.
"""

import re

import pytest

from machine import guest, partition, plan
from payloads import affinity

PAYLOAD = {"payload.bin": guest("plan")}
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]
TURN = ["-netdev", "hubport,id=turn,hubid=0", "-object",
        "filter-buffer,id=turns,netdev=turn,interval=2"]
LATE = 5000  # instructions that a window may begin late, whatever the others do
FRAME = 5000

FRAMES = 20

# What the neighbour of a window does, on which harts it has vCPUs, and its further properties
ATTACKS = {
    "hog": ((0,), ""),
    "timers": ((0,), ""),
    "ipis": ((1, 0), ""),
    "ipis-own": ((0, 0), ""),
    "starts": ((1, 0), ""),
    "rfences": ((0, 1), ""),
    "srst": ((0,), "restart-limit = <1000000 60>"),
    "fault": ((0,), 'restart-limit = <1000000 60>; on-fault = "restart"'),
    "logs": ((0,), "manager"),
}


def role(name, what, harts=(0,), more=""):
    """A partition with a role of the payload, and a vCPU on each of `harts`."""
    return partition(name, cpus=len(harts), bootargs=f"role={what}",
                     more=";".join([affinity(harts), more]))


def watcher(name="victim", more=""):
    """A partition that says how its windows on hart 0 were kept."""
    return role(name, f"watch frames={FRAMES}", more=f"manager; {more}")


def watched(m, name="victim"):
    """What a watcher saw of its windows, and what the hypervisor counted of them."""
    seen = m.wait(rf"^{name}\| windows (\d+) late (\d+) ns early (\d+) ns had (\d+) to (\d+) us$")
    counted = m.wait(rf"^{name}\| counted (\d+) starts, late (\d+) ns, (\d+) overruns, over (\d+) "
                     r"ns, used (\d+) us, shared (\d+) us$")
    keys = "windows late early least most".split()
    got = dict(zip(keys, map(int, seen.groups())))
    keys = "starts counted overruns over used shared".split()
    got |= dict(zip(keys, map(int, counted.groups())))
    print(got)
    return got


def start(boot, plans, *partitions, smp=1, cpu=""):
    """Boot these partitions by these plans, with exact counts."""
    return boot(list(partitions), PAYLOAD, plans=plans, smp=smp, cpu=cpu,
                extra=[*ICOUNT, *(TURN if smp > 1 else [])])


def two_windows(slack="idle"):
    """A plan of hart 0: 2 ms of the victim's, and 3 ms of the other's."""
    return [plan("main", 5000, (0, "victim", 0, 2000), (0, "other", 2000, 3000),
                 more=f'slack = "{slack}"')]


def attacked(boot, attack, slack="idle", cpu=""):
    """Have a victim watched beside an attacker."""
    harts, more = ATTACKS[attack]
    smp = max(harts) + 1
    m = start(boot, two_windows(slack), watcher(),
              role("other", attack.split("-")[0], harts, more), smp=smp, cpu=cpu)
    got = watched(m)
    got["late"] //= smp  # the other hart's instructions are not the victim's
    got["counted"] //= smp
    return got


@pytest.mark.parametrize("attack", ATTACKS)
def test_windows_begin_on_time(boot, attack):
    """A window begins at most 5,000 instructions late, whatever the neighbour does in its own."""
    got = attacked(boot, attack)
    assert got["windows"] == FRAMES
    assert got["early"] == 0
    assert got["late"] <= LATE
    assert got["counted"] <= LATE
    assert got["least"] >= 2000 - LATE / 1000 - 1
    assert got["shared"] == 0


@pytest.mark.parametrize("attack", ["hog", "timers", "ipis-own", "srst"])
@pytest.mark.parametrize("slack,cpu", [("share", ""), ("idle", "sstc=off")],
                         ids=["share", "no-sstc"])
def test_windows_of_other_machines(boot, attack, slack, cpu):
    """So it is where the others may have what a window leaves, and where the firmware sets timers.

    A watcher that has the time of others too does not see where its window begins.
    """
    got = attacked(boot, attack, slack, cpu)
    assert got["counted"] <= LATE
    assert slack == "share" or got["late"] <= LATE
