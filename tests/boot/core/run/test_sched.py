# SPDX-License-Identifier: BSD-2-Clause
"""Scheduling: the payload tests/guests/sched on its own harts, on shared harts, and as it ends."""

import pytest

from machine import guest
from payloads import SHAPES, sched


@pytest.mark.parametrize("shape", SHAPES)
def test_turns(boot, shape):
    _, harts, smp, cpu = SHAPES[shape]
    alone = "alone" if len(set(harts)) == len(harts) else None
    m = boot([sched("p", harts, alone)], {"payload.bin": guest("sched")}, smp=smp, cpu=cpu)
    m.payload_result("p")
    assert m.wait_end() == 0


@pytest.mark.parametrize("cpu", ["", "sstc=off"], ids=["sstc", "no-sstc"])
def test_two_partitions_share_harts(boot, cpu):
    m = boot([sched("a", (0, 1, 0)), sched("b", (1, 0, 1))], {"payload.bin": guest("sched")},
             smp=2, cpu=cpu)
    done = r"\| done: [1-9]\d* passed, 0 failed$"
    m.wait_all("^a" + done, "^b" + done)
    for name in "ab":
        assert not [line for line in m.lines(name) if line.startswith("FAIL")]
    assert m.wait_end() == 0


def test_all_vcpus_stop(boot):
    """A partition whose vCPUs have all stopped can never run again.

    It is stopped, with a line that says why. The other partition runs on.
    """
    m = boot([sched("ends", (0, 1, 1), "end=stop"),
              sched("stays", (0,), "end=reboot", "restart-limit = <1000000 60>")],
             {"payload.bin": guest("sched")}, smp=2)
    m.wait(r'^cleave\| partition "ends": all its vCPUs have stopped themselves')
    m.wait(r"^stays\| rebooting$")


def test_reboot_while_all_work(boot):
    """One vCPU calls SRST while others run on other harts, and one waits on the same hart.

    The partition comes up again every time.
    """
    m = boot([sched("p", (0, 1, 0, 2), "end=reboot")], {"payload.bin": guest("sched")}, smp=3)
    for _ in range(5):
        m.wait(r"^p\| ok 4 vCPUs$")
        m.wait(r"^p\| rebooting$")
        m.wait(r'^cleave\| partition "p": rebooted by its guest$')
    m.wait(r"^p\| ok 4 vCPUs$")
    assert not [line for line in m.lines("p") if line.startswith("FAIL")]
