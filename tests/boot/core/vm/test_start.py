# SPDX-License-Identifier: BSD-2-Clause
"""The start of partitions at boot: each waits for its own memory alone.

Under -icount an instruction of any hart takes one virtual nanosecond, and QEMU runs the harts by
turns: a partition of 16 MiB that waited for one of 1 GiB would be 34 million instructions late.
"""

import pytest

from machine import ICOUNT, guest, partition, plan

MIB = 1 << 20
TICK = 100  # instructions
GIB_ZEROED = 34_000_000


def beside(name, harts, size):
    """A partition of `size` MiB with a vCPU on each of these harts."""
    return partition(name, cpus=len(harts), memory=((0x80000000, size * MIB),),
                     bootargs="rounds=1", more=f"cpu-affinity = <{' '.join(map(str, harts))}>")


def first_guest(boot, partitions):
    """Boot them, and return after how many instructions the first of them ran."""
    m = boot(partitions, {"payload.bin": guest("state")}, smp=2, mem="2G", extra=ICOUNT)
    took = int(m.wait(r"^cleave\| boot took (\d+) ticks")[1]) * TICK
    names = [p.split()[0] for p in partitions]
    m.wait_all(*[rf"^{name}\| done: [1-9]\d* passed, 0 failed$" for name in names])
    assert m.wait_end() == 0
    return took


@pytest.mark.parametrize("harts", [((0,), (1,)), ((0,), (0,)), ((1,), (0, 1)), ((0,), (0, 1, 1))],
                         ids=["own", "shared", "all-of-the-other", "twice-on-a-hart"])
def test_nobody_waits_for_the_memory_of_another(boot, harts):
    """A small partition runs long before a large one that is listed first is zeroed."""
    small, large = beside("small", harts[0], 16), beside("large", harts[1], 1024)
    alone = first_guest(boot, [small])
    took = first_guest(boot, [large, small])
    print("first guest after", alone, "instructions alone,", took, "beside the large one")
    assert took - alone < GIB_ZEROED - 5_000_000


def test_a_manager_does_not_wait_for_ever(boot):
    """A partition without a window never gets ready: the manager starts, and a line says why."""
    m = boot([beside("manager", (0,), 16).replace("cpus =", "manager; cpus ="),
              beside("never", (0,), 16)], {"payload.bin": guest("state")}, smp=1,
             plans=[plan("main", 5000, (0, "manager", 0, 5000))])
    m.wait(r'^cleave\| partition "never": hart 0 has not made it ready within 5 seconds: managers '
           r"start without it$")
    m.wait(r"^manager\| done: [1-9]\d* passed, 0 failed$")
    assert not m.lines("never")


def test_a_manager_that_waits_leaves_its_hart_to_the_others(boot):
    """However little weight the others have, the manager's waiting costs them nothing."""
    manager = beside("manager", (0,), 16).replace("cpus =", "manager; cpu-weight = <10000>; cpus =")
    light = beside("light", (0,), 64).replace("cpus =", "cpu-weight = <1>; cpus =")
    m = boot([manager, light], {"payload.bin": guest("state")}, smp=1, extra=ICOUNT)
    m.wait(r"^manager\| done: [1-9]\d* passed, 0 failed$")
    assert not any("has not made it ready" in line for line in m.lines("cleave"))
