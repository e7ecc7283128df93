# SPDX-License-Identifier: BSD-2-Clause
"""Devices of the machine that a partition drives itself, and memory at GPA = HPA."""

import pytest

from cleavetest import guest, partition

RTC = "/soc/rtc@101000"
FILES = {"payload.bin": "passthrough", "state.bin": "state"}


def files(*names):
    return {name: guest(FILES[name]) for name in names}


@pytest.mark.parametrize("harts", ["0", "1"])
def test_registers_and_interrupts(boot, harts):
    """Reads, writes, hundreds of alarms, an interrupt that stays asserted; on the hart that serves interrupts and on another."""
    m = boot([partition("clock", bootargs="irq=11", more=f'devices = "{RTC}"; cpu-affinity = <{harts}>')],
             files("payload.bin"), smp=2)
    m.wait(r"^cleave\| warning: /partitions/clock: devices: a device that it drives can reach all memory of the machine")
    assert m.payload_result("clock") >= 9
    assert m.wait_end() == 0


@pytest.mark.parametrize("base", [0x90000000, 0xc0000000], ids=hex)
def test_direct_map(boot, base):
    """Memory at GPA = HPA, beside a partition that has other memory at the same guest-physical addresses."""
    m = boot([partition("other", kernel="state.bin", memory=((base, 16 << 20),), bootargs="rounds=20"),
              partition("direct", memory=((base, 16 << 20),), bootargs="irq=11",
                        more=f'devices = "{RTC}"; direct-map')], files("payload.bin", "state.bin"), smp=2, mem="4G")
    m.wait(r"^cleave\| warning: /partitions/direct: direct-map: a device that it drives can reach all memory")
    m.wait_all(r"^other\| done: [1-9]\d* passed, 0 failed", r"^direct\| done: [1-9]\d* passed, 0 failed")
    assert m.wait_end() == 0
