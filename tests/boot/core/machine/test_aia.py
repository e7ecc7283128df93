# SPDX-License-Identifier: BSD-2-Clause
"""Machines whose interrupts come by an APLIC, alone or with IMSICs (AIA, chapters 3 and 4)."""

import pytest

from machine import guest, partition

RTC = "/soc/rtc@101000"
FILES = {"payload.bin": "passthrough", "state.bin": "state"}
MACHINES = ["aia=aplic", "aia=aplic-imsic,aia-guests=0", "aia=aplic-imsic,aia-guests=3"]


def files(*names):
    return {name: guest(FILES[name]) for name in names}


@pytest.mark.parametrize("smp", [1, 2])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_device_interrupts(boot, machine, smp):
    """A passed-through clock: hundreds of alarms, and an interrupt that stays asserted."""
    m = boot([partition("clock", bootargs="irq=11", more=f'devices = "{RTC}"; '
                        f"cpu-affinity = <{smp - 1}>")],
             files("payload.bin"), smp=smp, machine=machine)
    assert m.payload_result("clock") == 11
    assert m.wait_end() == 0
