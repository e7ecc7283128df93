# SPDX-License-Identifier: BSD-2-Clause
"""Live migration of Linux under load: between slots, between machines, cut off, cancelled, and by checkpoint."""

import pytest

from cleavetest import guest as program
from migratetest import Linux, Manager, guest, manager, slot, under_load

PLACES = ("linux", "spare")


@pytest.fixture
def one_machine(boot, linux):
    """A machine with a manager, a Linux guest and an empty slot, whose guest is up."""

    def start(*more, **kwargs):
        m = boot([manager(), guest(**kwargs), slot(), *more], {"manager.bin": program("manager"), **linux()}, smp=3,
                 mem="2G")
        moving = Linux(m)
        moving.up()
        return m, Manager(m), moving

    return start


@pytest.mark.parametrize("loads", [["idle", "counter", "writer 25"], ["kernel", "clock", "writer 100"]],
                         ids=lambda loads: "-".join(loads).replace(" ", ""))
def test_between_slots(one_machine, loads):
    """There and back under each load; every page is compared before the guest is handed over."""
    _, manage, moving = one_machine()
    for load in loads:
        reports, _ = under_load(manage, moving, PLACES, 2, load, "--verify")
        if load == "idle":
            for report in reports:
                assert report["pages"] <= 1.02 * report["nonzero"] > 0, report.sums
