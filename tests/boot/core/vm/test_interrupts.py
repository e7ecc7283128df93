# SPDX-License-Identifier: BSD-2-Clause
"""How long a passed-through device's interrupt takes to its guest, counted in instructions.

The payload reads the device's own clock in its handler. Under -icount an instruction takes one
virtual nanosecond, so the figures repeat from run to run.
"""

import pytest

from machine import guest, partition

RTC = 'devices = "/soc/rtc@101000"'
PAYLOADS = {"payload.bin": guest("passthrough"), "fair.bin": guest("fair")}
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]

OWN = 700  # the owner has its hart for itself
GRAIN = 5000  # of the machine's time while several harts work: see the payload's `late fine`


def clock(hart, how):
    """The partition that has the device."""
    return partition("clock", bootargs=f"irq=11 {how}", more=f"{RTC}; cpu-affinity = <{hart}>")


def neighbour(hart, **kwargs):
    """A partition on `hart`."""
    more = f"cpu-affinity = <{hart}>; restart-limit = <1000000 1>"
    return partition("neighbour", more=more, **kwargs)


def late(boot, *partitions, mem="1G"):
    """Boot on two harts. Return: the median and the worst lateness, ns."""
    m = boot(list(partitions), PAYLOADS, smp=2, mem=mem, extra=ICOUNT)
    line = m.wait(r"^clock\| late: median (\d+) ns, worst (\d+) ns$")
    print(line[0])
    return int(line[1]), int(line[2])


@pytest.mark.parametrize("how", ["late", "late work"], ids=["waits", "computes"])
@pytest.mark.parametrize("hart", [0, 1])
def test_owners_hart(boot, hart, how):
    """The hart of its vCPU takes it: the boot hart is no nearer than another."""
    _, worst = late(boot, clock(hart, how))
    assert worst <= OWN


@pytest.mark.parametrize("hart", [0, 1])
def test_neighbour_computes(boot, hart):
    """The owner waits, and another partition has its hart: there is a switch between the two."""
    _, worst = late(boot, clock(hart, "late"),
                    neighbour(hart, kernel="fair.bin", bootargs="role=busy"))
    assert worst <= OWN + 1500


def test_neighbour_reboots_on_the_boot_hart(boot):
    """A gigabyte is cleared there again and again, and no interrupt waits for that."""
    _, worst = late(boot, clock(1, "late fine"),
                    neighbour(0, memory=((0x80000000, 1 << 30),), bootargs="again"), mem="3G")
    assert worst <= GRAIN + OWN
