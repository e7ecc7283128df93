# SPDX-License-Identifier: BSD-2-Clause
"""A timer and interrupts that are pending when a partition is paused, reset or destroyed.

Virtual time stands still while QEMU is not given the processor, so nothing here is late.
"""

import pytest

from machine import guest, partition, qemu


@pytest.mark.parametrize("cpu", ["", "sstc=off"], ids=["sstc", "no-sstc"])
def test_nothing_of_the_last_life(boot, cpu):
    """Each life begins with nothing pending; a pause loses nothing, and records have it."""
    m = boot([partition("manager", bootargs="role=manager", more="manager; cpu-affinity = <0>"),
              partition("victim", bootargs="role=victim", more="cpu-affinity = <1>")],
             {"payload.bin": guest("remains")}, smp=2, cpu=cpu, extra=qemu.icount(shift=3))
    m.payload_result("manager")
    lines = m.lines("victim")
    assert not [line for line in lines if line.startswith("FAIL")]
    assert lines.count("ok nothing fires that an earlier life has set") == 9
    assert lines.count("armed") == 9
