# SPDX-License-Identifier: BSD-2-Clause
"""Who gets how much of a shared hart: the payload tests/guests/fair, counted in instructions.

Under -icount an instruction takes one virtual nanosecond, so the figures repeat from run to run.
"""

import pytest

from machine import ICOUNT, guest
from payloads import LOOP, role

PAYLOAD = {"payload.bin": guest("fair")}
SLICE = 0.0101  # of a second: a slice, and what the hypervisor itself takes in that second


def shares(m, ms, *names):
    """What each partition had of the time in which it counted."""
    lines = m.wait_all(*[rf"^{n}\| counted (\d+)$" for n in names])
    got = {n: int(line[1]) * LOOP / (ms * 1e6) for n, line in zip(names, lines)}
    print(got)
    return got


def latest(m):
    """How late the latest timer of "victim" was, in ns."""
    late = int(m.wait(r"^victim\| late (\d+) ns$")[1])
    print("late", late, "ns")
    return late


def start(boot, *partitions, smp=1):
    """Boot these partitions with exact counts."""
    return boot(list(partitions), PAYLOAD, smp=smp, extra=ICOUNT)


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("attack", ["busy", "thief"])
def test_half_of_a_hart(boot, attack, order):
    """A partition beside one other has 95 % of its half, whatever the other does with its timer."""
    both = [role("victim", "count ms=200"), role("other", attack)]
    m = start(boot, *(both if order == "before" else reversed(both)))
    assert shares(m, 200, "victim")["victim"] >= 0.95 * 0.5


@pytest.mark.parametrize("weights", [(100, 300), (100, 300, 100), (300, 100, 300)],
                         ids=lambda w: "-".join(map(str, w)))
def test_weights(boot, weights):
    """Of a second, each gets 95 % of what its weight says, or all but one slice of it.

    A slice is 10 ms, so one that is owed 200 ms misses 5 % where the second ends before its turn.
    """
    names = [f"p{i}" for i in range(len(weights))]
    m = start(boot, *[role(n, "count ms=1000", more=f"cpu-weight = <{w}>")
                      for n, w in zip(names, weights)])
    got = shares(m, 1000, *names)
    for n, w in zip(names, weights):
        share = w / sum(weights)
        assert got[n] >= min(0.95 * share, share - SLICE)


@pytest.mark.parametrize("attack", ["busy", "thief"])
def test_periodic_timer(boot, attack):
    """A timer that is waited for with little work is served at once, whatever the neighbour does.

    An instruction is a nanosecond: this is the way from the machine's interrupt into the guest.
    """
    m = start(boot, role("victim", "periodic"), role("other", attack))
    assert latest(m) <= 4000
