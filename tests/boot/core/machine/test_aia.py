# SPDX-License-Identifier: BSD-2-Clause
"""Machines whose interrupts come by an APLIC, alone or with IMSICs (AIA, chapters 3 and 4)."""

import os

import pytest

from machine import OUT, guest, partition

with open(os.path.join(OUT, "include", "generated", "autoconf.h"), encoding="ascii") as f:
    AIA = "CONFIG_AIA " in f.read()

pytestmark = pytest.mark.skipif(not AIA, reason="this build leaves the AIA out (Kconfig)")

RTC = "/soc/rtc@101000"
FILES = {"payload.bin": "passthrough", "state.bin": "state"}
MACHINES = ["aia=aplic", "aia=aplic-imsic,aia-guests=0", "aia=aplic-imsic,aia-guests=3"]


def files(*names):
    return {name: guest(FILES[name]) for name in names}


@pytest.mark.parametrize("machine, smp", [(MACHINES[0], 2), (MACHINES[1], 1)])
def test_a_device_interrupts(boot, machine, smp):
    """A passed-through clock: hundreds of alarms, and an interrupt that stays asserted."""
    m = boot([partition("clock", bootargs="irq=11", more=f'devices = "{RTC}"; '
                        f"cpu-affinity = <{smp - 1}>")],
             files("payload.bin"), smp=smp, machine=machine)
    assert m.payload_result("clock") == 11
    assert m.wait_end() == 0


def test_console_and_fences(boot):
    """The console interrupts, and harts fence for one another by messages, beside an alarm."""
    m = boot([partition("clock", bootargs="irq=11", more=f'devices = "{RTC}"; cpu-affinity = <0>'),
              partition("busy", kernel="state.bin", cpus=2, bootargs="rounds=20",
                        more="cpu-affinity = <0 1>")],
             files("payload.bin", "state.bin"), smp=2, machine=MACHINES[2])
    m.wait(r"^cleave\| interrupt controller .*: IMSIC, 255 identities, 2 guest index bits$")
    m.wait(r"^cleave\| interrupt controller .*: APLIC, 96 sources, by messages$")
    m.wait(r"^cleave\| uart .*: 8250, with interrupt$")
    m.wait_all(r"^clock\| done: 11 passed, 0 failed", r"^busy\| done: [1-9]\d* passed, 0 failed")
    assert m.wait_end() == 0
