# SPDX-License-Identifier: BSD-2-Clause
"""Tests that move a partition between slots, over a link that is cut, and through a file.

The guest is the workload of this tree. Its two harts write to all of their memory without end.
It checks each page, and ends with a FAIL line when a page does not hold what was written to it.
"""

import re
import struct
import threading

import pytest

import qemu
from machine import LONG, SHORT, guest, partition, plan
from link import Proxy, Store
from moves import PEER, STORE, Manager, manager, slot

MIB = 1 << 20
MEMORY = ((0x80000000, 16 * MIB),)
FILES = {"manager.bin": guest("manager"), "workload.bin": guest("workload")}
FEW = ("--passes", "2")
DEVICE = "/soc/rtc@101000"


def worker(name="work", more="migratable; cpu-affinity = <1 2>", memory=MEMORY):
    return partition(name, kernel="workload.bin", cpus=2, memory=memory, bootargs="beat=1",
                     more=more)


def spare(name="spare", memory=MEMORY, **more):
    return slot(name, memory=memory, **more)


def up(boot, *partitions, link=None, count=1, plans=()):
    """Boot a machine and wait for its guests. Return the machine and its manager."""
    ports = qemu.link(link) if link else ()
    m = boot([manager(link=bool(link)), *partitions], FILES, smp=3, mem="2G", extra=ports,
             plans=plans)
    man = Manager(m)
    man.ready()
    for _ in range(count):
        m.wait(r"^\w+\| alive: ", LONG)
    return m, man


def alive(m, name):
    """Check that partition `name` runs on and that no guest has found an error."""
    m.at = len(m.screen.lines)
    m.wait(rf"^{name}\| alive: ", SHORT)
    assert not [line for line in m.lines() if "FAIL" in line]


def states(man, **expected):
    for name, state in expected.items():
        row = man.vm(name)
        assert row["state"] == state, row
        if state != "empty":
            assert row["log"] == "off" and row["brake_percent"] == 0, row


def info(man, name):
    """The fields of all lines that `info` prints for `name`."""
    return {key: value for row in man.rows(f"info {name}") for key, value in row.items()}


def doubt_of(man, name):
    """The fields of all lines that `decide` prints for `name`."""
    return {key: value for row in man.rows(f"decide {name}") for key, value in row.items()}


def huge(man, name, memory=MEMORY):
    assert man.leaves(name) == {
        "1_GiB": 0,
        "2_MiB": sum(size for _, size in memory) // (2 * MIB),
        "4_KiB": 0
    }


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
    assert man.over().verdict == "failed: migrate work: not ready to be stopped after 2000 ms"
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


# --- over a link ---------------------------------------------------------------------------------


@pytest.fixture
def proxy(tmp_path):
    made = Proxy(str(tmp_path))
    yield made
    made.close()


# Lengths in bytes of what the destination sends. READY is all that it has sent, including READY
# itself, when one pass was made while the guest ran. The source answers with COMMIT, and the
# destination then sends RUNNING.
ACCEPT = 56
PASS_ACK = 56
READY = ACCEPT + PASS_ACK + 72


def two(boot, proxy, memory=MEMORY):
    a, man_a = up(boot, worker(memory=memory), spare("back", memory), link={PEER: proxy.chardev(0)})
    b, man_b = up(boot, spare("there", memory), link={PEER: proxy.chardev(1)}, count=0)
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    return a, man_a, b, man_b


def received(man):
    """The report of a migration that arrived here. No command at this manager started it."""
    return man.over()


def test_peer(boot, proxy):
    """The guest moves to the peer and back, and every page is verified."""
    a, man_a, b, man_b = two(boot, proxy)
    assert man_a.migrate("work", "peer", "--verify", *FEW)["passes"] >= 1
    assert received(man_b).verdict == "done: receive work to there"
    alive(b, "there")
    states(man_a, work="empty")
    huge(man_b, "there")
    assert man_b.migrate("there", "peer", "--verify", *FEW).ok
    assert received(man_a).verdict == "done: receive work to work"
    states(man_b, there="empty")
    alive(a, "work")
    huge(man_a, "work")


def test_home(boot, proxy):
    """A guest comes home to the slot that it was made in, although another is free before it.

    It is known by its uuid, which goes with it, and by the name that it has at home. No other guest
    gets that slot: it would be restarted from the wrong files.
    """
    a, man_a = up(boot, spare("back"), worker(), link={PEER: proxy.chardev(0)})
    b, man_b = up(boot, worker("local"), spare("there"), link={PEER: proxy.chardev(1)})
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    uuid = info(man_a, "work")["uuid"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        uuid)
    assert uuid not in (info(man_b, "local")["uuid"], info(man_b, "there")["uuid"])
    assert man_a.migrate("work", "peer", *FEW).ok
    assert received(man_b).verdict == "done: receive work to there"
    here = info(man_b, "there")
    assert (here["uuid"], here["guest"]) == (uuid, "work")
    # The slot of "work" is empty, but not for another.
    assert man_b.migrate("local", "peer", *FEW).ok
    assert received(man_a).verdict == "done: receive local to back"
    assert 'slot 2 "work" takes no other guest' in man_a.refused("migrate back to work")
    assert man_b.migrate("there", "peer", *FEW).ok
    assert received(man_a).verdict == "done: receive work to work"
    alive(a, "work")
    here = info(man_a, "work")
    assert (here["uuid"], here["guest"]) == (uuid, "work")


def test_peer_cut(boot, proxy):
    a, man_a, b, man_b = two(boot, proxy)
    for limit in (50, 1 * MIB):
        man_a.link_ready()
        man_b.link_ready()
        proxy.cut_at[0] = limit
        man_a.run("migrate work to peer --passes 2")
        assert "the link was cut" in man_a.over().verdict
        if limit > 1000:
            assert "the link was cut" in received(man_b).verdict
        states(man_a, work="running", back="empty")
        states(man_b, there="empty")
        huge(man_a, "work")
    assert proxy.cuts == 2
    alive(a, "work")


def serves_on(proxy, man_a, man_b):
    """Check that the link was never cut and carries the next migration."""
    man_a.link_ready()
    man_b.link_ready()
    assert man_a.migrate("work", "peer", *FEW).ok
    assert received(man_b).ok
    assert proxy.connections == 1 and proxy.cuts == 0


def given_up(proxy, a, man_a, man_b, line, memory=MEMORY):
    """Check that the source prints `line` and stops waiting for the peer.

    Both sides are as they were before. The proxy then passes the peer's bytes on again, and the
    same link carries the next migration.
    """
    report = man_a.over()
    assert report.verdict.startswith("failed: migrate work: the link was cut"), report.verdict
    assert line in report.lines
    assert not received(man_b).ok
    states(man_a, work="running", back="empty")
    states(man_b, there="empty")
    huge(man_a, "work", memory)
    alive(a, "work")
    proxy.silent_at[1] = None
    serves_on(proxy, man_a, man_b)


def test_peer_that_does_not_answer(boot, proxy):
    """The link stays up, but the peer falls silent after one pass."""
    a, man_a, _, man_b = two(boot, proxy)
    proxy.silent_at[1] = ACCEPT + PASS_ACK
    man_a.run("migrate work to peer --downtime 0 --passes 4000")
    given_up(proxy, a, man_a, man_b, "peer: no answer for 30 seconds")


def test_source_that_falls_silent(boot, proxy):
    """The link stays up, but nothing more comes of the guest.

    The destination says so, empties its slot after a minute, and shows no leaves: it has none.
    """
    a, man_a, _, man_b = two(boot, proxy)
    proxy.silent_at[0] = 1 * MIB
    man_a.run("migrate work to peer --downtime 0 --passes 4000")
    man_b.tells("peer: nothing has come for 20 seconds; job 1 waits, and is given up after 60")
    man_b.tells("peer: nothing came for 60 seconds; job 1 is given up")
    report = received(man_b)
    assert report.verdict == "failed: receive there: cancelled", report.verdict
    assert not any(sum(row.get(key, 0) for key in ("1_GiB", "2_MiB", "4_KiB"))
                   for row in report.leaves), report.leaves
    states(man_b, there="empty")
    man_a.jobs_from = 0
    assert man_a.over().verdict.startswith("failed: migrate work: ")
    states(man_a, work="running", back="empty")
    alive(a, "work")


def test_offer_that_is_not_answered(boot, proxy):
    """The peer falls silent before it answers the offer.

    The peer answers when it has zeroed the slot, so the source allows time for that too. After
    that, both sides withdraw the offer.
    """
    memory = ((0x80000000, 128 * MIB),)
    a, man_a, _, man_b = two(boot, proxy, memory)
    proxy.silent_at[1] = 0
    man_a.run("migrate work to peer")
    given_up(proxy, a, man_a, man_b, "peer: no answer for 12 seconds", memory)


def test_peer_that_stands_still(boot, proxy):
    """The peer's whole machine stops in the middle of the first pass, and the link fills up.

    The source gives up. When the peer's machine goes on, both sides work again.
    """
    a, man_a, b, man_b = two(boot, proxy)
    proxy.when = (4 * MIB, b.stand_still)
    man_a.run("migrate work to peer --downtime 0 --passes 4000")
    report = man_a.over()
    assert report.verdict.startswith("failed: migrate work: the link was cut"), report.verdict
    assert "peer: the link has taken nothing for 30 seconds" in report.lines
    states(man_a, work="running", back="empty")
    huge(man_a, "work")
    alive(a, "work")
    b.go_on()
    assert not received(man_b).ok
    states(man_b, there="empty")
    serves_on(proxy, man_a, man_b)


def test_doubt(boot, proxy):
    """COMMIT arrives, but RUNNING is lost.

    The source keeps its guest stopped until the peer has said that it has the guest.
    """
    a, man_a, b, man_b = two(boot, proxy)
    man_a.run("pause work")
    proxy.cut_at[1] = READY + 10
    man_a.run("migrate work to peer --passes 1")
    jobs_from = man_a.jobs_from
    man_a.tells(".*in doubt")
    man_a.jobs_from = jobs_from
    assert man_a.over().verdict.startswith("done: migrate work to peer")
    assert received(man_b).ok
    states(man_a, work="empty")
    states(man_b, there="paused")
    man_b.run("resume there")
    alive(b, "there")


def in_doubt(a, man_a, pattern="in doubt", name="work"):
    """Move partition `name` to the peer, until the source is in doubt."""
    man_a.run(f"migrate {name} to peer --passes 1")
    jobs_from = man_a.jobs_from
    man_a.tells(f".*{pattern}")
    man_a.jobs_from = jobs_from


def reboot(man, *patterns):
    """Restart the manager and check that it prints all of `patterns`.

    Later waits for jobs see what the manager prints from this restart on.
    """
    m = man.machine
    m.focus("manager")
    man.jobs_from = m.at = len(m.screen.lines)
    m.sendline("reboot")
    m.wait(r'^cleave\| partition "manager": rebooted by its guest')
    for pattern in patterns:
        man.tells(pattern)
    so_far = m.at
    m.until_running("manager")
    m.at = so_far


GIVEN_UP = (r'partition 1 "work" was given up by migration 0x[0-9a-f]+ and not acknowledged: '
            r'in doubt')


@pytest.mark.parametrize("arrives", [True, False], ids=["running", "none"])
def test_doubt_over_a_restart(boot, proxy, arrives):
    """A restarted manager finds the guest that it gave up and keeps it stopped.

    It asks the peer, and acts on the answer: the peer has the guest, or it does not.
    """
    a, man_a, b, man_b = two(boot, proxy)
    proxy.hold_cut = True
    if arrives:
        proxy.cut_at[1] = READY + 10
    else:
        proxy.unheard = READY
    in_doubt(a, man_a, "in doubt.*; waiting for port cleave.peer")
    reboot(man_a, GIVEN_UP, "work: in doubt; waiting for port cleave.peer")
    since = man_a.jobs_from
    there = received(man_b)
    assert there.ok == arrives, there.verdict
    states(man_b, there="running" if arrives else "empty")
    # Only the peer's answer lets the guest run here.
    states(man_a, work="paused", back="empty")
    assert info(man_a, "work")["note"] == "given"
    assert "is in use by a job" in man_a.refused("resume work")
    assert "is in use by a job" in man_a.refused("migrate work to back")
    assert "is in doubt: the peer's answer ends it" in man_a.refused("cancel")
    proxy.let_in.set()
    man_a.jobs_from = since
    verdict = man_a.over().verdict
    assert not [line for line in a.lines("work") if "FAIL" in line]
    if arrives:
        assert verdict.startswith("done: migrate work to peer"), verdict
        man_b.tells(r"peer: it asked about migration 0x[0-9a-f]+ and was told that its guest "
                    r"came here")
        states(man_a, work="empty", back="empty")
        states(man_b, there="running")
        alive(b, "there")
    else:
        assert verdict == "failed: migrate work: the destination does not have the guest", verdict
        states(man_a, work="running", back="empty")
        states(man_b, there="empty")
        huge(man_a, "work")
        alive(a, "work")
        man_a.link_ready()
        assert man_a.migrate("work", "peer", *FEW).ok
        assert received(man_b).ok
        alive(b, "there")


def test_doubt_in_a_slot(boot, proxy):
    """A restarted manager does not mistake a guest in a slot for a half-filled slot.

    The guest moved into the slot, failed to move on, and was in doubt while the manager
    restarted. After that it is a guest like any other.
    """
    a, man_a, b, man_b = two(boot, proxy)
    assert man_a.migrate("work", "back", *FEW).ok
    proxy.hold_cut = True
    proxy.unheard = READY
    in_doubt(a, man_a, "in doubt.*; waiting for port cleave.peer", "back")
    reboot(
        man_a,
        'partition 2 "back" was given up by migration 0x[0-9a-f]+ and not acknowledged: in doubt')
    since = man_a.jobs_from
    assert not received(man_b).ok
    proxy.let_in.set()
    man_a.jobs_from = since
    assert man_a.over().verdict == "failed: migrate back: the destination does not have the guest"
    man_a.run("pause back")
    reboot(man_a)
    man_a.run("list")
    states(man_a, work="empty", back="paused")
    man_a.run("resume back")
    alive(a, "back")


def asked(man, answer):
    """Wait until the manager tells what it has answered the peer's question."""
    man.tells(rf"peer: it asked about migration 0x[0-9a-f]+ and was told that {answer}")


def test_doubt_that_a_restart_ends(boot, proxy):
    """COMMIT is lost, and the peer's manager restarts: its slot is emptied, and so it answers."""
    a, man_a, b, man_b = two(boot, proxy)
    proxy.hold_cut = True
    proxy.unheard = READY
    man_a.run("migrate work to peer --passes 1")
    since = man_a.jobs_from
    man_a.tells(".*in doubt")
    assert "the link was cut" in received(man_b).verdict
    reboot(man_b)
    proxy.let_in.set()
    man_a.jobs_from = since
    assert man_a.over().verdict == "failed: migrate work: the destination does not have the guest"
    asked(man_b, "its guest did not come here")
    states(man_a, work="running", back="empty")
    states(man_b, there="empty")
    alive(a, "work")


@pytest.mark.parametrize("then", ["moved on", "destroyed"])
def test_doubt_about_a_guest_that_went_on(boot, proxy, then):
    """RUNNING is lost, the guest moves on at the peer or is destroyed, and its manager restarts.

    No partition there shows the migration any more. The source is told that the guest was there.
    """
    a, man_a = up(boot, worker(), spare("back"), link={PEER: proxy.chardev(0)})
    b, man_b = up(boot, spare("there"), spare("other"), link={PEER: proxy.chardev(1)}, count=0)
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    proxy.hold_cut = True
    proxy.cut_at[1] = READY + 10
    in_doubt(a, man_a)
    since = man_a.jobs_from
    assert received(man_b).ok
    if then == "moved on":
        assert man_b.migrate("there", "other", *FEW).ok
    else:
        man_b.run("destroy there")
    reboot(man_b)
    proxy.let_in.set()
    man_a.jobs_from = since
    assert man_a.over().verdict.startswith("done: migrate work to peer")
    asked(man_b, "its guest came here")
    states(man_a, work="empty", back="empty")
    if then == "moved on":
        states(man_b, there="empty", other="running")
        alive(b, "other")


def test_decide_here(boot, proxy):
    """COMMIT is lost, and the peer's whole machine restarts: it knows of no migration.

    The user decides that the guest is here, and it runs on at the source.
    """
    a, man_a, b, man_b = two(boot, proxy)
    proxy.hold_cut = True
    proxy.unheard = READY
    in_doubt(a, man_a)
    assert "the link was cut" in received(man_b).verdict
    b.close()
    b, man_b = up(boot, spare("there"), link={PEER: proxy.chardev(1)}, count=0)
    a.beside, b.beside = [b], [a]
    proxy.let_in.set()
    man_a.tells(r"work: the destination does not know of this migration; asking the peer")
    since = man_a.jobs_from
    asked(man_b, "it is not known here")
    states(man_b, there="empty")
    shown = doubt_of(man_a, "work")
    assert shown["vm"] == "work", shown
    assert shown["answer"].endswith("the destination does not know of this migration"), shown
    number = shown["id"]
    for words, why in (("work here", "usage"), ("work there 1", "usage"),
                       ("nobody here 1", "no partition"),
                       ("work here 0x1234", "not about"), ("work gone x", "not about"),
                       (f"back here {number}", 'partition 2 "back" is not in doubt'),
                       (f"manager gone {number}", 'partition 0 "manager" is not in doubt')):
        assert why in man_a.refused(f"decide {words}")
    assert man_a.vm("work")["state"] == "paused"
    man_a.run(f"decide work here {number}")
    man_a.jobs_from = since
    assert man_a.over().verdict == "failed: migrate work: the destination does not have the guest"
    assert "not in doubt" in man_a.refused("decide work")
    states(man_a, work="running", back="empty")
    states(man_b, there="empty")
    huge(man_a, "work")
    alive(a, "work")
    man_a.link_ready()
    man_b.link_ready()
    assert man_a.migrate("work", "peer", *FEW).ok
    assert received(man_b).ok
    alive(b, "there")


def test_decide_gone(boot, proxy):
    """The peer has the guest but falls silent, although the link stays up.

    The user decides that the guest is gone, while the source still asks the peer.
    """
    a, man_a, b, man_b = two(boot, proxy)
    proxy.silent_at[1] = READY
    in_doubt(a, man_a, "in doubt.*; asking the peer")
    assert received(man_b).ok
    since = man_a.jobs_from
    # The peer hears the question, but its answer does not arrive here.
    man_b.tells(r"peer: it asked about migration 0x[0-9a-f]+ and was told that its guest came here")
    assert man_a.vm("work")["state"] == "paused"
    number = doubt_of(man_a, "work")["id"]
    man_a.run(f"decide work gone {number}")
    man_a.jobs_from = since
    assert man_a.over().verdict.startswith("done: migrate work to peer")
    assert "not in doubt" in man_a.refused("decide work")
    states(man_a, work="empty", back="empty")
    states(man_b, there="running")
    alive(b, "there")
    # When its bytes arrive again, the peer can send the guest back.
    proxy.silent_at[1] = None
    man_b.link_ready()
    assert man_b.migrate("there", "peer", *FEW).ok
    assert received(man_a).verdict == "done: receive work to work"
    alive(a, "work")


def test_both_at_once(boot, proxy):
    """Both managers offer a guest to each other at the same moment.

    One guest goes first. The other migration is cancelled, and succeeds when it is started again.
    """
    a, man_a = up(boot, worker(), spare("back"), link={PEER: proxy.chardev(0)})
    b, man_b = up(boot, worker("other"), spare("there"), link={PEER: proxy.chardev(1)})
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    proxy.meet = threading.Barrier(2)
    man_a.run("migrate work to peer --passes 1")
    man_b.run("migrate other to peer --passes 1")
    ends = [(man_a, "work", "back", man_a.over()), (man_b, "other", "there", man_b.over())]
    (first, gone, free, report), (second, stays, taken, cancelled) = sorted(
        ends, key=lambda end: not end[3].ok)
    assert report.verdict.startswith(f"done: migrate {gone} to peer")
    assert cancelled.verdict == f"failed: migrate {stays}: cancelled"
    assert [
        line for line in cancelled.lines
        if line == "peer: it began a migration at the same moment, and that one goes first"
    ]
    assert received(second).verdict == f"done: receive {gone} to {taken}"
    states(first, **{gone: "empty", free: "empty"})
    states(second, **{stays: "running", taken: "running"})
    alive(second.machine, stays)
    alive(second.machine, taken)
    second.link_ready()
    first.jobs_from = len(first.machine.screen.lines)
    assert second.migrate(stays, "peer", *FEW).ok
    assert received(first).verdict == f"done: receive {stays} to {free}"
    states(first, **{gone: "empty", free: "running"})
    states(second, **{stays: "empty", taken: "running"})
    alive(first.machine, free)
    alive(second.machine, taken)


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


@pytest.mark.parametrize("who", ["source", "destination"])
def test_restart_on_an_open_link(boot, proxy, who):
    """A manager restarts in the middle of a copy, while the link stays up.

    The other side notices that, and the link carries the next migration.
    """
    a, man_a, b, man_b = two(boot, proxy)
    man_a.run("migrate work to peer --downtime 0 --passes 4000")
    job = man_a.jobs_from
    man_a.until_phase('phase="copy" pass=[2-9]')
    if who == "source":
        reboot(
            man_a,
            'partition 1 "work" still had its dirty log on when the manager ended; the log is '
            'off now'
        )
        assert not received(man_b).ok
    else:
        reboot(man_b, 'slot 1 "there" was half filled when the manager ended; it has been emptied')
        man_a.jobs_from = job
        verdict = man_a.over().verdict
        assert verdict.startswith("failed: migrate work: the link was cut"), verdict
    states(man_a, work="running")
    states(man_b, there="empty")
    huge(man_a, "work")
    serves_on(proxy, man_a, man_b)
    alive(b, "there")


# --- a file --------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    made = Store(str(tmp_path))
    yield made
    made.close()


def test_checkpoint(boot, store):
    """A guest is written to a file while it runs, and restored twice from the same bytes."""
    m, man = up(boot, worker(), spare("one"), spare("two"), link={STORE: store.chardev()})
    store.accept()
    man.link_ready(STORE)
    data = store.checkpoint(man, "work")
    alive(m, "work")
    huge(man, "work")
    man.run("pause work")
    for name in ("one", "two"):
        store.accept()
        man.link_ready(STORE)
        man.run(f"restore {name}")
        store.give(data)
        assert man.over().verdict == f"done: restore work to {name}"
        store.cut()
        states(man, **{name: "running"})
        alive(m, name)
        huge(man, name)
        man.run(f"pause {name}")
    assert "not empty" in man.refused("restore one")


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def first_frame(kind, payload, version=1):
    """Frame 0 of a stream (docs/migration.md), with correct checksums."""
    header = struct.pack("<4sHBBQQI", b"CLVM", kind, version, 1, len(payload), 0, crc32c(payload))
    return header + struct.pack("<I", crc32c(header)) + payload


def in_payload(data, least):
    """The offset of a payload byte in the stream `data`.

    The byte is the first of the payload of the first frame at or after `least` that has one.
    """
    at = 0
    while True:
        length = struct.unpack_from("<Q", data, at + 8)[0]
        if at >= least and length:
            return at + 32
        at += 32 + length


def test_bad_checkpoint(boot, store):
    m, man = up(boot, worker(), spare("one"), link={STORE: store.chardev()})
    store.accept()
    man.link_ready(STORE)
    data = store.checkpoint(man, "work")
    flipped = bytearray(data)
    flipped[in_payload(data, len(data) // 2)] ^= 4
    newer = bytearray(data)
    newer[32] += 1
    cut = data[:len(data) // 3]
    hello = data[32:104]
    assert data[:104] == first_frame(1, hello, 2)
    # `live` is the same guest as it would go to a peer, and `query` is what a source asks a peer.
    # A file can carry neither: no source gives up the guest, and nobody reads an answer.
    live = first_frame(1, hello[:4] + struct.pack("<H", 0) + hello[6:], 2) + data[104:]
    query = first_frame(12, hello[8:16] + struct.pack("<II", 1, 0))
    for bad, why in ((cut, "the link was cut in frame"),
                     (bytes(flipped), "checksum of the payload"), (bytes(newer),
                                                                   "checksum of the payload"),
                     (b"#!/bin/sh\n" * 10, "magic number"), (data[4096:], "frame 0"),
                     (live, "stream of kind 0 (live); here 1 (checkpoint) is taken"),
                     (query, "frame 0 (query) may not come where nobody is answered")):
        store.accept()
        man.link_ready(STORE)
        man.run("restore one")
        store.give(bad, end=bad is cut)
        verdict = man.over(SHORT).verdict
        assert verdict.startswith("failed: restore one: ") and why in verdict, verdict
        states(man, one="empty")
        if bad is not cut:
            assert "reconnect it" in man.refused("restore one")
        store.cut()
    alive(m, "work")
