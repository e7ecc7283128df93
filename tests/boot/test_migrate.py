# SPDX-License-Identifier: BSD-2-Clause
"""Live migration of Linux under load: between slots, between machines, cut off, cancelled, and by checkpoint."""

import pytest

from cleavetest import guest as program
from migratetest import Linux, Manager, Place, few_pages, guest, manager, slot, under_load


@pytest.fixture
def one_machine(boot, linux):
    """A machine with a manager, a Linux guest that is up, and an empty slot."""

    def start(**kwargs):
        m = boot([manager(), guest(**kwargs), slot()], {"manager.bin": program("manager"), **linux()}, smp=3, mem="2G")
        moving = Linux(m)
        moving.up()
        manage = Manager(m)
        return moving, Place(manage, "linux"), Place(manage, "spare")

    return start


@pytest.mark.parametrize("loads", [["idle", "counter", "writer 25"], ["kernel", "clock", "writer 100"]],
                         ids=lambda loads: "-".join(loads).replace(" ", ""))
def test_between_slots(one_machine, loads):
    """There and back under each load; every page is compared before the guest is handed over."""
    moving, *places = one_machine()
    for load in loads:
        reports, _ = under_load(moving, places, 2, load, "--verify")
        if load == "idle":
            assert all(few_pages(report) for report in reports), [report.sums for report in reports]


def test_cancel(one_machine):
    """In the first pass, under a load: the guest runs on with its huge leaves, and can go again."""
    moving, here, there = one_machine()
    before = here.manage.leaves("linux")
    moving.start("writer 25")
    here.manage.run("migrate linux to spare --verify")
    here.manage.until_phase("pass=1")
    here.manage.run("cancel")
    report = here.manage.over()
    assert report.verdict == "failed: migrate linux: cancelled"
    assert here.manage.vm("spare")["state"] == "empty"
    assert here.manage.vm("linux")["state"] == "running" and here.manage.vm("linux")["log"] == "off"
    assert here.manage.leaves("linux") == before
    moving.check()
    moving.stop()
    under_load(moving, [here, there], 1, "idle")
