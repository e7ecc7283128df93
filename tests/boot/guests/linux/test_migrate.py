# SPDX-License-Identifier: BSD-2-Clause
"""Live migration of Linux under load.

The tests move it between slots and between machines, cut the link, cancel, and use checkpoints.
"""

import os
import subprocess
import sys

import pytest

import qemu
from machine import LONG, OUT, TOP, guest as program
from link import rules
from moves import (BUSY, STORE, Cutter, Giver, Linux, Manager, Place, few_pages, guest,
                   manager, move, peers, slot, under_load)

# ENDLESS makes a job that lasts until something ends it. COPYING is what the job reports meanwhile;
# it names no pass, because the host's speed decides which pass that is.
ENDLESS = "--downtime 0 --passes 4000"
COPYING = 'phase="copy"'


@pytest.fixture
def one_machine(boot, linux):
    """A function that boots a machine with a manager, a Linux guest and an empty slot."""

    def start(**kwargs):
        m = boot([manager(), guest(**kwargs), slot()], {
            "manager.bin": program("manager"),
            **linux()
        }, smp=3, mem="2G")
        moving = Linux(m)
        moving.up()
        manage = Manager(m)
        return moving, Place(manage, "linux"), Place(manage, "spare")

    return start


@pytest.mark.parametrize("loads",
                         [["idle", "counter", "writer 25"], ["kernel", "clock", "writer 100"]],
                         ids=lambda loads: "-".join(loads).replace(" ", ""))
def test_between_slots(one_machine, loads):
    """The guest moves there and back under each load.

    The manager compares every page before it hands the guest over.
    """
    moving, *places = one_machine()
    for load in loads:
        reports, _ = under_load(moving, places, 2, load, "--verify")
        if load == "idle":
            assert all(few_pages(report) for report in reports), [report.sums for report in reports]


def test_a_moved_guest_reboots(boot, linux, tmp_path):
    """A Linux that has moved reboots and comes up, and on the third machine again.

    No slot names a kernel, and no archive but the first has one.
    """
    memory = ((0x80000000, 256 << 20),)
    near, far = Cutter(str(tmp_path / "wire")).arguments()

    def machine(extra, *partitions, **files):
        m = boot([manager(link=True), *partitions], {
            "manager.bin": program("manager"),
            **files
        }, smp=3, mem="1G", extra=extra)
        return m, Manager(m)

    def move_and_reboot(here, there):
        for place in (here, there):
            place.manage.link_ready()
        _, place = move(moving, here, there, "--passes", "2")
        moving.shell("echo here")
        place.machine.at = len(place.machine.screen.lines)
        place.machine.sendline("reboot")
        place.machine.wait(rf"^{place.name}\| cleave-guest: up nproc=2 ", LONG)
        return place

    first, manage = machine(near, guest(memory=memory), **linux())
    second, far_side = machine(far, slot(memory=memory))
    first.beside, second.beside = [second], [first]
    moving = Linux(first)
    moving.up()
    place = move_and_reboot(Place(manage, "linux"), Place(far_side))
    second.beside = []
    first.close()
    third, near_side = machine(near, slot("third", memory=memory))
    near_side.ready()
    third.beside, second.beside = [second], [third]
    move_and_reboot(place, Place(near_side))


def test_cancel(one_machine):
    """A migration is cancelled while a guest under load is copied.

    The guest runs on with its huge leaves, and can be moved again.
    """
    moving, here, there = one_machine()
    before = here.manage.leaves("linux")
    moving.start("writer 25")
    here.manage.run(f"migrate linux to spare --verify {ENDLESS}")
    here.manage.until_phase(COPYING)
    here.manage.run("cancel")
    report = here.manage.over()
    assert report.verdict == "failed: migrate linux: cancelled"
    assert here.manage.vm("spare")["state"] == "empty"
    assert here.manage.vm("linux")["state"] == "running" and here.manage.vm("linux")["log"] == "off"
    assert here.manage.leaves("linux") == before
    moving.check()
    moving.stop()
    under_load(moving, [here, there], 1, "idle")


def test_one_gib_leaf(boot, linux):
    """A guest on a leaf of 1 GiB keeps such a leaf.

    It has one in the slot, after it has moved back, and after a cancelled move.
    """
    memory = ((0x80000000, 1 << 30),)
    m = boot([manager(), guest(memory=memory), slot(memory=memory)], {
        "manager.bin": program("manager"),
        **linux()
    }, smp=3, mem="5G")
    moving = Linux(m)
    moving.up()
    manage = Manager(m)
    here, there = Place(manage, "linux"), Place(manage, "spare")
    whole = {"1_GiB": 1, "2_MiB": 0, "4_KiB": 0}
    assert manage.leaves("linux") == whole
    under_load(moving, [here, there], 2, "idle", "--verify")
    assert manage.leaves("linux") == whole
    manage.run(f"migrate linux to spare {ENDLESS}")
    manage.until_phase(COPYING)
    manage.run("cancel")
    assert manage.over().verdict == "failed: migrate linux: cancelled"
    assert manage.leaves("linux") == whole
    moving.check()


@pytest.fixture
def two_machines(boot, linux, tmp_path):
    """A function that boots two machines whose managers are joined by a link.

    Linux is up on the first machine, which also has a slot for the way back.
    """

    def start(arguments=None):
        files = {"manager.bin": program("manager"), **linux()}
        near, far = arguments or peers(str(tmp_path / "peer"))
        m = boot([manager(link=True), guest(), slot()], files, smp=3, mem="2G", extra=near)
        other = boot([manager(link=True), slot()], {"manager.bin": program("manager")}, smp=3,
                     mem="2G", extra=far)
        m.beside, other.beside = [other], [m]
        moving = Linux(m)
        moving.up()
        places = Place(Manager(m), "linux"), Place(Manager(other))
        for place in places:
            place.manage.link_ready()
        return moving, *places

    return start


def test_between_machines(two_machines):
    """The guest moves there and back, and every page is compared.

    Its counter continues from one console to the other.
    """
    moving, *places = two_machines()
    under_load(moving, places, 2, "counter", "--verify")


def still_here(moving, here, before):
    """Check the guest after a failed move.

    It runs where it was, with its huge leaves, and its loads find nothing wrong.
    """
    assert here.manage.vm(here.name)["state"] == "running"
    assert here.manage.vm(here.name)["log"] == "off"
    assert here.manage.leaves(here.name) == before
    moving.check()


def test_link_is_cut(two_machines, tmp_path):
    """The link is cut in the middle of the first pass.

    The guest runs on and the other slot is empty. The guest can be moved when the link is up again.
    """
    cutter = Cutter(str(tmp_path / "wire"))
    moving, here, there = two_machines(cutter.arguments())
    before = here.manage.leaves("linux")
    moving.start("kernel")
    there.manage.jobs_from = len(there.machine.screen.lines)
    cutter.cut_after(8 << 20)
    here.manage.run("migrate linux to peer --verify")
    report = here.manage.over()
    assert not report.ok and "link" in report.verdict, report.verdict
    lost = there.manage.over()
    assert not lost.ok and "link" in lost.verdict, lost.verdict
    assert there.manage.vm("spare")["state"] == "empty"
    still_here(moving, here, before)
    for place in (here, there):
        place.manage.link_ready()
    move(moving, here, there, *BUSY["kernel"])
    moving.check()


def test_destination_dies(two_machines):
    """The other machine dies in the middle of a copy. The guest runs on where it is."""
    moving, here, there = two_machines()
    before = here.manage.leaves("linux")
    here.manage.run(f"migrate linux to peer --verify {ENDLESS}")
    here.manage.until_phase(COPYING)
    here.machine.beside = []
    there.machine.close()
    report = here.manage.over()
    assert not report.ok and "link" in report.verdict, report.verdict
    still_here(moving, here, before)


def test_demonstration(linux, tmp_path):
    """`make run DEMO=migrate` works without a terminal.

    The guest arrives, every page is compared, and no line is missing.
    """
    linux()
    log = tmp_path / "demo.log"
    with open(log, "wb") as out:
        done = subprocess.run(
            [sys.executable,
             os.path.join(TOP, "scripts", "demo_migrate.py"), "--lines"], stdin=subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT, timeout=2 * LONG, check=False, env=dict(
                os.environ, O=OUT))
    said = log.read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, said[-4000:]
    assert "demo: Linux moved, every page compared" in said.splitlines()[-1]


def test_checkpoint(boot, linux, tmp_path):
    """A guest under load is written to a file and runs on.

    Another machine restores two guests from the file, one after the other.
    """
    files = {"manager.bin": program("manager"), **linux()}
    file = str(tmp_path / "checkpoint")
    m = boot([manager(link=True), guest()], files, smp=3, mem="2G", extra=qemu.link(
        {STORE: f"file,path={file}"}))
    moving, manage = Linux(m), Manager(m)
    moving.up()
    moving.start("writer 5")
    manage.run("checkpoint linux --passes 2")
    report = manage.over()
    assert report.verdict.startswith("done: checkpoint linux to store")
    assert os.path.getsize(file) == report["sent_bytes"]
    moving.check()
    m.close()
    with open(file, "rb") as stream:
        rules.check(memoryview(stream.read()))

    giver = Giver(str(tmp_path / "store"), file)
    m = boot([manager(link=True), slot("one"), slot("two")], {"manager.bin": program("manager")},
             smp=3, mem="2G", extra=giver.arguments())
    manage = Manager(m)
    manage.ready()
    for name in ("one", "two"):
        manage.until_accepted(f"restore {name}")
        assert manage.over().verdict == f"done: restore linux to {name}"
        copy = Linux(m, name)
        assert copy.check()["writer"]["rounds"] > 0
        assert manage.leaves(name) == {"1_GiB": 0, "2_MiB": 256, "4_KiB": 0}
        giver.again()
    assert "not empty" in manage.refused("restore one")
