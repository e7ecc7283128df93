# SPDX-License-Identifier: BSD-2-Clause
"""A guest that does anything, from all its harts, by a seed (tests/guests/wild), beside others.

It must be answered as the specifications say. Its neighbours must keep their memory, their time and
their console. With exact counts the whole machine repeats, so a seed replays what it has found:

    make -j2 test-build
    O=build WILD_SEEDS="17 18" WILD_ROUNDS=20000 /usr/bin/python3 -m pytest tests/boot -k wild
"""

import os

import pytest

from machine import FIRMWARE, LONG, guest, partition, plan
from payloads import affinity

PAYLOAD = {"payload.bin": guest("wild")}
EXACT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]

# In the test command a few thousand rounds of one seed. `make assurance` gives more.
SEEDS = [int(s) for s in os.environ.get("WILD_SEEDS", "1").split()]
ROUNDS = int(os.environ.get("WILD_ROUNDS", "3000"))
# WILD_RACE=1: the harts really run at the same time, and nothing repeats.
EXTRA = [] if os.environ.get("WILD_RACE") else EXACT
KERNEL = os.environ.get("WILD_KERNEL")
PATIENCE = LONG + ROUNDS * LONG / 10000


# The seed chooses the machine too: what its harts have, and whether they run by a plan.
MACHINES = ["", "sstc=off", "svadu=on", "sv48=off,sv57=off", "svinval=off,svpbmt=off", "plan"]

# ns, so instructions, that the timer of a neighbour with a hart of its own may be late: a step of
# the hypervisor (T2).
LATEST = 50000


def machine(seed):
    """How the machine of a seed is started."""
    what = MACHINES[seed % len(MACHINES)] if seed > 1 else ""
    plans = [plan("frame", 8000, (2, "wild", 0, 3000), (2, "beside", 4000, 3000),
                  more='slack = "share"')]
    return {"kernel": KERNEL, "smp": 8, "extra": EXTRA, "cpu": "" if what == "plan" else what,
            "plans": plans if what == "plan" else ()}


def wild(name, seed, harts, more=""):
    return partition(name, cpus=len(harts), bootargs=f"role=wild seed={seed} rounds={ROUNDS}",
                     more=f"{affinity(harts)}; {more}")


def neighbours(alone, shared):
    """One neighbour with a hart of its own, and one that shares the hart of a wild guest."""
    return [partition("neighbour", bootargs="role=neighbour", more=affinity((alone,))),
            partition("beside", bootargs="role=neighbour", more=affinity((shared,))),
            partition("ticker", cpus=4, bootargs="role=ticker",
                      more=f"{affinity((4, 5, 6, 7))}; exclusive")]


def wait_wild(m, *names):
    """Wait until the wild guests are done, and judge them."""
    ends = m.wait_all(*(rf"^{n}\| done: (\d+) passed, (\d+) failed" for n in names),
                      timeout=PATIENCE)
    for name, end in zip(names, ends):
        assert not [line for line in m.lines(name) if line.startswith("FAIL")]
        assert int(end[1]) and not int(end[2])


def mixed(m, line):
    """Is a line there, with the firmware's words between its own?

    OpenSBI 1.6 prints one for each illegal instruction of the wild guest (machine.FIRMWARE), on
    another hart than the one that writes this line to the same UART.
    """
    def has(row):
        rest = iter(row)
        return all(c in rest for c in line)

    return any(FIRMWARE.search(row) for row in m.screen.lines) and any(
        len(row) > len(line) and has(row) for row in m.screen.lines)


def check_lines(m, name, lines):
    """A neighbour has said all its lines, in order, and each is whole."""
    wanted = [f"line {i} of the neighbour is whole" for i in range(int(lines[-1].split()[1]) + 1)]
    assert [line for line in wanted if not mixed(m, f"{name}| {line}")] == [
        line for line in lines if not mixed(m, f"{name}| {line}")]
    assert set(lines) <= set(wanted)


def end_neighbour(m, name, latest=None):
    """End a neighbour. Its lines must be whole, and its timer not later than `latest` ns."""
    m.focus(name)
    m.send("q")
    late = int(m.wait(rf"^{name}\| worst lateness: (\d+) ns")[1])
    print(name, "was late by", late, "ns")
    check_lines(m, name, [line for line in m.lines(name) if line.startswith("line ")])
    m.wait(rf"^{name}\| done: 2 passed, 0 failed")
    assert latest is None or EXTRA != EXACT or late <= latest


def end_neighbours(m):
    end_neighbour(m, "neighbour", LATEST)
    end_neighbour(m, "beside")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wild_guest(boot, seed):
    m = boot([wild("wild", seed, (0, 1, 2)), *neighbours(3, 2)], PAYLOAD, **machine(seed))
    wait_wild(m, "wild")
    end_neighbours(m)


@pytest.mark.parametrize("seed", SEEDS)
def test_wild_managers(boot, seed):
    """Two of them work on one victim, which can be ended and made anew when they are done."""
    m = boot([wild("wild", seed, (0, 1, 2), "manager"),
              wild("other", seed + 1000, (1, 0), "manager"),
              partition("victim", cpus=2, memory=((0x80000000, 4 << 20),), bootargs="role=victim",
                        more=affinity((1, 2))),
              partition("closer", bootargs="role=closer", more=f"{affinity((0,))}; manager"),
              *neighbours(3, 2)], PAYLOAD, **machine(seed))
    wait_wild(m, "wild", "other")
    m.focus("closer")
    m.send("q")
    m.payload_result("closer")
    end_neighbours(m)
