# SPDX-License-Identifier: BSD-2-Clause
"""Tests that move a partition over a link that is cut or silent, and by both sides at once."""

import re
import threading

import pytest

from link import Proxy
from moves import PEER
from workers import (ACCEPT, FEW, MEMORY, MIB, PASS_ACK, READY, again, alive, huge, in_doubt, info,
                     reboot, received, spare, states, two, up, worker)

# With 320 MiB free memory is 158 MiB, 93 MiB and 48 MiB. This leaves a slot of 16 MiB, and beside
# it no piece of 8 MiB.
BALLAST = ((0x80000000, 156 * MIB), (0x90000000, 92 * MIB), (0xa0000000, 26 * MIB))
LATE = 0.5  # seconds
UUID = "00112233-4455-6677-8899-aabbccddeeff"


def test_peer(boot, proxy):
    """The guest moves to the peer, packed, and back, plain, and every page is verified.

    On the way there its time goes on while it stands still: the peer's READY is held up.
    """
    a, man_a, b, man_b = two(boot, proxy)
    proxy.late = (ACCEPT + PASS_ACK, LATE)
    report = man_a.migrate("work", "peer", "--verify --pack lz4 --clock run --passes 1")
    assert proxy.late is None and report["passes"] >= 1 and report["packed"] > 0
    assert [line for line in report.lines if line.startswith("note: ") and "power cycle" in line]
    there = received(man_b)
    found = re.fullmatch(r"done: receive work to there; its time went on by (\d+\.\d{3}) s",
                         there.verdict)
    assert LATE <= float(found[1]) <= (report["downtime_ms"] + 1) / 1000
    assert there["packed"] == report["packed"]
    alive(b, "there")
    states(man_a, work="empty")
    huge(man_b, "there")
    back = man_b.migrate("there", "peer", "--verify", *FEW)
    assert back.ok and back["packed"] == 0
    assert received(man_a).verdict == "done: receive work to work"
    states(man_b, there="empty")
    alive(a, "work")
    huge(man_a, "work")


def test_home(boot, proxy):
    """A guest comes home to the slot that it was made in, although another is free before it.

    It is known by its uuid, which goes with it, and by the name that it has at home. No other guest
    gets that slot: it would be restarted from the wrong files. One side packs its pages, and the
    other neither packs nor unpacks: they go plain.
    """
    named = f'uuid = "{UUID}"; migratable; cpu-affinity = <1 2>'
    a, man_a = up(boot, spare("back"), worker(more=named), link={PEER: proxy.chardev(0)},
                  bootargs="script pack=lz4")
    b, man_b = up(boot, worker("local"), spare("there"), link={PEER: proxy.chardev(1)},
                  bootargs="script pack=never")
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    uuid = info(man_a, "work")["uuid"]
    assert uuid == UUID
    made_up = info(man_b, "local")["uuid"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        made_up)
    assert made_up not in (info(man_a, "back")["uuid"], info(man_b, "there")["uuid"])
    report = man_a.migrate("work", "peer", *FEW)
    assert report.ok and report["packed"] == 0
    assert received(man_b).verdict == "done: receive work to there"
    assert "without lz4" in man_b.refused("migrate there to peer --pack lz4")
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
    # What begins anew in the slot that it has left is another guest.
    man_b.jobs_from = len(b.screen.lines)
    assert man_a.migrate("work", "peer", *FEW).ok
    assert received(man_b).ok
    man_a.run("create work")
    man_a.run("start work")
    assert info(man_a, "work")["uuid"] != uuid == info(man_b, "there")["uuid"]


def test_three_machines(boot, proxy):
    """What a guest is started from moves along: to a third machine, and between slots there."""
    a, man_a, b, man_b = two(boot, proxy)
    overhead = info(man_b, "there")["overhead_bytes"]
    assert man_a.migrate("work", "peer", *FEW).ok
    assert received(man_b).ok
    again(b, man_b, "there")
    b.beside = []
    a.close()
    c, man_c = up(boot, spare("third"), spare("fourth"), link={PEER: proxy.chardev(0)}, count=0)
    b.beside, c.beside = [c], [b]
    for man in (man_b, man_c):
        man.link_ready()
    man_c.jobs_from = len(c.screen.lines)
    assert man_b.migrate("there", "peer", "--verify", *FEW).ok
    assert received(man_c).ok
    # The slot that it left has given back the memory that they were in.
    assert info(man_b, "there")["overhead_bytes"] == overhead
    man_b.run("create there")
    assert "names no kernel to load" in man_b.refused("start there")
    again(c, man_c, "third")
    assert man_c.migrate("third", "fourth", "--verify", *FEW).ok
    again(c, man_c, "fourth")


def test_no_room_for_what_it_reboots_from(boot, proxy, tmp_path):
    """The other machine has room for the guest, and none for its kernel and initrd.

    The move is refused before anything of the guest is sent. There is room for a smaller guest.
    """
    initrd = tmp_path / "initrd"
    initrd.write_bytes(bytes(8 * MIB))
    big = {"initrd.gz": str(initrd)}
    a, man_a = up(boot, worker(more='initrd = "initrd.gz"; migratable; cpu-affinity = <1 2>'),
                  worker("small"), link={PEER: proxy.chardev(0)}, count=2, files=big)
    b, man_b = up(boot, spare("there"), worker("ballast", memory=BALLAST),
                  link={PEER: proxy.chardev(1)}, mem="320M")
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    man_a.run("migrate work to peer --passes 1")
    verdict = man_a.over().verdict
    assert verdict.startswith("failed: migrate work: the destination gave up: room for what the "
                              "guest reboots from failed: "), verdict
    assert not received(man_b).ok
    states(man_a, work="running")
    states(man_b, there="empty")
    man_b.jobs_from = len(b.screen.lines)
    assert man_a.migrate("small", "peer", *FEW).ok
    assert received(man_b).ok
    again(b, man_b, "there")


def test_slot_by_name(boot, proxy):
    """A guest goes into the slot that the source names, or is refused: nowhere else."""
    a, man_a = up(boot, worker(), link={PEER: proxy.chardev(0)})
    b, man_b = up(boot, spare("one"), spare("two"), spare("tiny", ((0x80000000, 8 * MIB),)),
                  worker("taken"), link={PEER: proxy.chardev(1)})
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    for name, why in (("three", 'it has no slot "three"'),
                      ("taken", 'its slot "taken" is not empty'),
                      ("manager", 'its slot "manager" is not empty'),
                      ("tiny", "the slot has memory region 0 is 0x800000 bytes")):
        man_b.jobs_from = len(b.screen.lines)
        man_a.run(f"migrate work --to peer --slot {name}")
        verdict = man_a.over().verdict
        assert verdict.startswith(f"failed: migrate work: the destination gave up: {why}"), verdict
        if name == "tiny":
            assert not received(man_b).ok
    assert "no link" in man_a.refused("migrate work --to nowhere")
    assert "at most 31" in man_a.refused("migrate work to peer --slot " + 40 * "x")
    assert "names a slot of a peer" in man_a.refused("checkpoint work --slot two")
    man_b.jobs_from = len(b.screen.lines)
    assert man_a.migrate("work", "peer", "--slot", "two", *FEW).ok
    assert received(man_b).verdict == "done: receive work to two"
    alive(b, "two")


def test_two_peers(boot, proxy, tmp_path):
    """A doubt on one link leaves the other free. A restarted manager asks over both."""
    folder = tmp_path / "second"
    folder.mkdir()
    second = Proxy(str(folder))
    a, man_a = up(boot, worker(), worker("next"), count=2,
                  link={PEER: proxy.chardev(0), PEER + ".2": second.chardev(0)})
    b, man_b = up(boot, spare("there"), link={PEER: proxy.chardev(1)}, count=0)
    c, man_c = up(boot, spare("far"), link={PEER: second.chardev(1)}, count=0)
    a.beside, b.beside, c.beside = [b, c], [a, c], [a, b]
    for man in (man_a, man_b, man_c):
        man.link_ready()
    man_a.link_ready(PEER + ".2")
    proxy.hold_cut = True
    proxy.unheard = READY
    in_doubt(a, man_a, "in doubt.*; waiting for port cleave.peer")
    assert man_a.migrate("next", "peer.2", *FEW).ok
    assert received(man_c).verdict == "done: receive next to far"
    alive(c, "far")
    reboot(man_a, 'partition 1 "work" was given up by migration 0x[0-9a-f]+ and not acknowledged')
    since = man_a.jobs_from
    # The wrong one knows nothing, and that settles nothing.
    man_c.tells(r"peer: it asked about migration 0x[0-9a-f]+ and was told that it is not known")
    states(man_a, work="paused")
    proxy.let_in.set()
    man_a.jobs_from = since
    assert man_a.over().verdict == "failed: migrate work: the destination does not have the guest"
    alive(a, "work")
    second.close()


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
