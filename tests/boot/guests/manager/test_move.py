# SPDX-License-Identifier: BSD-2-Clause
"""Tests that move a partition between slots, and end its manager half-way."""

import re

import pytest

from machine import guest, partition, plan
from moves import PEER, STORE, Manager, manager, slot
from workers import (DEVICE, FEW, FILES, MEMORY, MIB, alive, huge, info, reboot, spare, states, up,
                     worker)


def test_of_a_guest_that_logs_itself(boot):
    """A partition starts and stops a log of itself without end, and is moved all the same.

    tests/guests/hypercall, whose command 6 this is, writes to another page in each round.
    """
    m = boot([manager(),
              partition("work", kernel="hypercall.bin", memory=MEMORY,
                        bootargs="role=subject command=6", more="migratable; cpu-affinity = <1>"),
              spare(harts=(1,))],
             {"manager.bin": guest("manager"), "hypercall.bin": guest("hypercall")}, smp=2)
    man = Manager(m)
    man.ready()
    here, there = "work", "spare"
    for _ in range(4):
        man.migrate(here, there, "--verify", "--downtime", "0", *FEW)
        assert man.vm(there)["state"] == "running" and man.vm(here)["state"] == "empty"
        here, there = there, here


def test_back_and_forth(boot):
    m, man = up(boot, worker(), spare())
    here, there = "work", "spare"
    for i in range(6):
        report = man.migrate(here, there, "--verify", "--downtime", "0", "--passes", str(1 + i % 3))
        here, there = there, here
        alive(m, here)
        states(man, **{here: "running", there: "empty"})
        huge(man, here)
        assert report["passes"] == len(report.passes) == 2 + i % 3
        assert report["pages"] == sum(row["pages"] for row in report.passes)
        assert report.passes[0]["pages"] + report.passes[0]["zero"] == 4096
        assert report.passes[-1]["dirty_left"] == 0
        assert 0 < report["state_of_a_vcpu_bytes"] < 4096
        assert report["downtime_ticks"] > 0
    # The slot that it was made in names a kernel, and the other one has it too while it is there.
    for _ in range(2):
        man.run(f"reset {here}")
        alive(m, here)
        man.migrate(here, there, *FEW)
        here, there = there, here
    # A guest that is paused when it leaves is paused when it arrives.
    man.run(f"pause {here}")
    report = man.migrate(here, there, "--verify")
    states(man, **{there: "paused", here: "empty"})
    assert report["ratio"] == 1.0
    man.run(f"resume {there}")
    alive(m, there)


@pytest.mark.parametrize("slack", ["idle", "share"])
def test_between_windows(boot, slack):
    """A partition moves from its windows to those of its slot, beside one that has the rest."""
    windows = [(hart, name, offset, 2000) for hart in (1, 2)
               for name, offset in (("work", 0), ("spare", 2500))]
    m, man = up(boot, worker(), spare(), worker("other"), count=2 if slack == "share" else 1,
                plans=[plan("main", 5000, *windows, more=f'slack = "{slack}"')])
    here, there = "work", "spare"
    for i in range(4):
        report = man.migrate(here, there, "--verify", "--downtime", "0", "--passes", str(1 + i % 3))
        assert report["passes"] == 2 + i % 3
        here, there = there, here
        alive(m, here)
        states(man, **{here: "running", there: "empty"})
        huge(man, here)
    # The third has no window: it runs in what the others leave, or not at all.
    assert bool(m.lines("other")) == (slack == "share")


def test_refusals(boot):
    m, man = up(boot, worker(), worker("fixed", more=""), spare(), spare("other"),
                worker("wired", more=f'devices = "{DEVICE}"'), count=3)
    assert "not migratable" in man.refused("migrate fixed to spare")
    # The error names the partition and the device.
    for command in ("migrate wired to spare", "migrate wired to peer", "checkpoint wired"):
        assert man.refused(
            command
        ) == f'partition 5 "wired" has the passed-through device {DEVICE}, which cannot move'
    assert info(man, "wired")["devices"] == 1
    assert 'slot 5 "wired" is not empty' in man.refused("migrate work to wired")
    assert '"manager"' in man.refused("migrate manager to spare")
    assert "no partition" in man.refused("migrate nobody to spare")
    assert "usage" in man.refused("migrate work spare")
    assert 'slot 2 "fixed" is not empty: its guest is running' in man.refused(
        "migrate work to fixed")
    assert "only a running or paused one can move" in man.refused("migrate spare to other")
    for option in ("--downtime x", "--passes 0", "--brake 100", "--nonsense"):
        assert option.split()[0] in man.refused(f"migrate work to spare {option}")
    assert f"port {PEER} is not there" in man.refused("migrate work to peer")
    assert f"port {STORE} is not there" in man.refused("checkpoint work")
    assert "not empty" in man.refused("restore work")
    assert "there is no job" in man.refused("cancel")
    assert "not in doubt" in man.refused("decide work")
    # The manager refuses a second source for a slot, a second slot for a source, and any other
    # command on a partition that a job uses.
    man.run("migrate work to spare --downtime 0 --passes 4000")
    jobs_from = man.jobs_from
    assert "is in use by a job" in man.refused("migrate work to other")
    assert "is in use by a job" in man.refused("restore spare")
    assert "is in use by a job" in man.refused("pause work")
    rows = man.rows("jobs")
    assert [(row["kind"], row["vm"], row["to"]) for row in rows] == [("migrate", "work", "spare")]
    man.run("cancel")
    man.jobs_from = jobs_from
    assert man.over().verdict == "failed: migrate work: cancelled"
    states(man, work="running", spare="empty", other="empty", fixed="running")
    alive(m, "work")


@pytest.mark.parametrize("options", ["", "--downtime 0 --passes 4000", "--verify --passes 1"],
                         ids=["begin", "copy", "verify"])
def test_cancel(boot, options):
    """A cancelled move leaves the slot empty and the guest running, with the leaves that it had.

    The guest can move afterwards.
    """
    m, man = up(boot, worker(), spare())
    man.run(f"migrate work to spare {options}")
    jobs_from = man.jobs_from
    if "4000" in options:
        man.until_phase('phase="copy" pass=[3-9]')
    verdict, _ = man.try_run("cancel")
    man.jobs_from = jobs_from
    report = man.over()
    # The job may have ended, or passed the point where it can be cancelled, before the manager
    # read the command.
    if verdict == "ok":
        assert report.verdict == "failed: migrate work: cancelled"
        states(man, work="running", spare="empty")
        huge(man, "work")
        alive(m, "work")
        assert man.migrate("work", "spare", *FEW).ok
    else:
        assert report.ok and "4000" not in options
    states(man, work="empty", spare="running")
    huge(man, "spare")
    alive(m, "spare")


def test_memory_over_a_border(boot):
    """The manager reads a region that crosses a 1 GiB border in pieces."""
    memory = ((0xbf800000, 16 * MIB), (0xffffe000, 5 * 4096))
    m, man = up(
        boot,
        partition("work", kernel="workload.bin", cpus=2, memory=memory, bootargs="beat=1",
                  more="migratable; cpu-affinity = <1 2>"), slot("spare", memory=memory))
    for here, there in (("work", "spare"), ("spare", "work")):
        assert man.migrate(here, there, "--verify", *FEW).ok
        alive(m, there)


def test_given_up_and_braked(boot):
    m, man = up(boot, worker(), spare())
    man.run("migrate work to spare --downtime 0 --passes 2 --bound 0")
    assert "after 2 passes it would stand still" in man.over().verdict
    states(man, work="running", spare="empty")
    huge(man, "work")
    report = man.migrate("work", "spare", "--downtime", "0", "--passes", "12", "--brake", "70",
                         "--verify")
    brakes = [row["brake_percent"] for row in report.passes]
    assert brakes == sorted(brakes) and brakes[0] == 0 and 0 < max(brakes) <= 70
    states(man, work="empty", spare="running")
    alive(m, "spare")


def test_kind_by_default(boot):
    """A guest that would have to be stopped for longer than it may is left where it is.

    It writes to all of its memory without end, and the rate stands for a slow link. The manager
    gives up when passes gain nothing, and says what would help. With --force the guest moves, and
    the manager says how long it stood still. --timeout ends an attempt too.
    """
    m, man = up(boot, worker(), spare())
    man.run("migrate work to spare --rate 4 --downtime 1 --brake 0")
    report = man.over()
    assert re.fullmatch(r"failed: migrate work: after \d passes, of which the last 3 gained less "
                        r"than 10 %, it would stand still for \d+ ms; at most 1 ms are allowed",
                        report.verdict), report.verdict
    assert [line for line in report.lines if line.startswith("help: --downtime ")
            and line.endswith("--force stops it in any case")]
    states(man, work="running", spare="empty")
    huge(man, "work")
    man.run("migrate work to spare --rate 1 --timeout 2")
    report = man.over()
    assert report.verdict == "failed: migrate work: not ready to be stopped after 2000 ms"
    # No pass has ended: nobody knows which downtime would have done.
    assert not [line for line in report.lines if line.startswith("help: ")]
    states(man, work="running", spare="empty")
    alive(m, "work")
    report = man.migrate("work", "spare", "--downtime", "0", "--force", "--paused")
    assert report["passes"] == 31
    assert re.fullmatch(r"done: migrate work to spare; it stood still for \d+ ms, 0 ms were wanted",
                        report.verdict), report.verdict
    states(man, work="empty", spare="paused")
    man.run("resume spare")
    alive(m, "spare")


@pytest.mark.parametrize("victim", ["work", "spare"])
def test_another_manager_destroys(boot, victim):
    """Another manager destroys the source or the slot in the middle of a job.

    The job fails with a line that says so. This manager and the remaining partition go on.
    """
    rival = partition("rival", kernel="manager.bin", bootargs="script",
                      more="cpu-affinity = <0>; manager")
    m, man = up(boot, rival, worker(), spare(), worker("other"), count=2)
    man.run("migrate work to spare --downtime 0 --passes 4000")
    job = man.jobs_from
    man.until_phase('phase="copy" pass=[2-9]')
    # This manager may destroy the partition first, so the rival's command may fail.
    Manager(m, "rival").try_run(f"destroy {victim}")
    man.jobs_from = job
    verdict = man.over().verdict
    assert (verdict.startswith("failed: migrate work: ")
            and "not in a state that allows it (error -10)" in verdict)
    states(man, work="empty" if victim == "work" else "running", spare="empty")
    assert man.run("jobs") == []
    assert man.migrate("other", "spare", "--verify", *FEW).ok
    alive(m, "spare")
    if victim == "spare":
        huge(man, "work")
        alive(m, "work")


def test_restart(boot):
    """A manager that restarts in the middle of a job cleans up after it."""
    m, man = up(boot, worker(), spare())
    man.run("migrate work to spare --downtime 0 --passes 4000")
    man.until_phase('phase="copy" pass=[3-9]')
    reboot(
        man, 'slot 2 "spare" was half filled when the manager ended; it has been emptied',
        'partition 1 "work" still had its dirty log on when the manager ended; the log is off now')
    man.run("list")
    states(man, work="running", spare="empty")
    huge(man, "work")
    alive(m, "work")
    assert man.migrate("work", "spare", *FEW).ok
    alive(m, "spare")
    # On the way back the slot is a partition that has a kernel of its own.
    man.run("migrate spare to work --downtime 0 --passes 4000")
    man.until_phase('phase="copy" pass=[3-9]')
    assert info(man, "work")["note"] == "filling"
    reboot(
        man, 'slot 1 "work" was half filled when the manager ended; it has been emptied',
        'partition 2 "spare" still had its dirty log on when the manager ended; the log is off now')
    man.run("list")
    states(man, work="empty", spare="running")
    alive(m, "spare")


def test_restart_while_the_slot_is_made(boot):
    """The manager restarts after it has noted the slot and while the slot's memory is being zeroed.

    The restarted manager empties the slot, and all of the slot's memory can be used again.
    """
    memory = ((0x80000000, 480 * MIB),)
    m = boot([
        manager(),
        partition("work", kernel="workload.bin", memory=memory, bootargs="mode=prompt",
                  more="migratable; cpu-affinity = <1>"),
        slot("spare", harts=(1,), memory=memory)
    ], FILES, smp=2, mem="1280M")
    man = Manager(m)
    man.ready()
    # Creation is quick, and `info` may come too late to see it. The test then tries again.
    for _ in range(8):
        man.run("migrate work to spare")
        job = man.jobs_from
        seen = info(man, "spare")
        while seen["note"] != "filling":
            assert not [
                line for line in m.lines()[job:] if re.search("(done|failed): migrate", line)
            ]
            seen = info(man, "spare")
        if seen["state"] == "empty":
            break
        man.run("cancel")
        man.jobs_from = job
        assert "cancelled" in man.over().verdict
    assert seen["state"] == "empty", "it was created before it was noted"
    reboot(man, 'slot 2 "spare" was half filled when the manager ended; it has been emptied')
    man.run("list")
    states(man, work="running", spare="empty")
    assert info(man, "spare")["note"] == "-"
    man.run("create spare")
    states(man, work="running", spare="paused")
    assert man.leaves("spare") == {"1_GiB": 0, "2_MiB": 240, "4_KiB": 0}
