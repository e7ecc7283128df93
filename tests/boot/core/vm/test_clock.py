# SPDX-License-Identifier: BSD-2-Clause
"""A partition's time: it stands still while the partition is paused, and goes on from there."""

import pytest

from machine import guest, partition
from payloads import affinity

# harts of the victim's vCPUs, harts of the machine, more CPU properties for QEMU
SHAPES = {
    "own-harts": ((1, 2, 3), 4, ""),
    "own-harts-without-sstc": ((1, 2, 3), 4, "sstc=off"),
    "one-hart": ((0, 0, 0), 1, ""),
    "one-hart-without-sstc": ((0, 0, 0), 1, "sstc=off"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_over_pauses(boot, shape):
    """tests/guests/clock: time never jumps or steps back, and timers fire at the right guest time.

    The guest is paused and braked.
    """
    harts, smp, cpu = SHAPES[shape]
    m = boot([partition("manager", bootargs="role=manager", more="manager; cpu-affinity = <0>"),
              partition("victim", cpus=3, bootargs="role=victim", more=affinity(harts))],
             {"payload.bin": guest("clock")}, smp=smp, cpu=cpu)
    assert m.payload_result("manager") > 30
    assert m.wait_end() == 0
