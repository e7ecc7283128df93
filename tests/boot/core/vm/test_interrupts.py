# SPDX-License-Identifier: BSD-2-Clause
"""How long a passed-through device's interrupt takes to its guest, counted in instructions.

The payload reads the device's own clock in its handler. Under -icount an instruction takes one
virtual nanosecond, so the figures repeat from run to run.
"""

import collections
import re

import pytest

from machine import ICOUNT, guest, partition

RTC = 'devices = "/soc/rtc@101000"'
PAYLOADS = {"payload.bin": guest("passthrough"), "fair.bin": guest("fair")}

OWN = 600  # the owner has its hart for itself
GRAIN = 5000  # of the machine's time while several harts work: see the payload's `late fine`


def clock(hart, how):
    """The partition that has the device."""
    return partition("clock", bootargs=f"irq=11 {how}", more=f"{RTC}; cpu-affinity = <{hart}>")


def pair(how):
    """The partition that has the device, with a vCPU on either hart."""
    return partition("clock", cpus=2, bootargs=f"irq=11 {how}",
                     more=f"{RTC}; cpu-affinity = <0 1>")


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


def test_follows_the_vcpu_that_takes_it(boot):
    """The guest routes it to its second vCPU. After the first alarms, nothing is handed on."""
    _, worst = late(boot, pair("late second"))
    assert worst <= OWN


def test_storm_costs_its_own_time(boot, tmp_path):
    """An interrupt that is completed and never served comes again on the hart that completes it.

    The guest routes it to a vCPU that sleeps on a neighbour's hart. QEMU logs each trap of a hart.
    """
    log = tmp_path / "traps"
    m = boot([pair("storm"), neighbour(0, kernel="fair.bin", bootargs="role=count ms=10")],
             PAYLOADS, smp=2, extra=ICOUNT + ["-d", "int", "-D", str(log)])
    m.wait(r"^cleave\| boot took ")
    before = log.stat().st_size
    m.wait(r"^neighbour\| counted \d+$")
    with open(log, encoding="ascii", errors="replace") as f:
        f.seek(before)
        traps = collections.Counter(re.findall(r"hart:(\d), async:1, .*desc=s_(\w+)", f.read()))
    print(traps)
    assert traps["1", "external"] > 1000
    assert traps["0", "external"] + traps["0", "software"] < 10
