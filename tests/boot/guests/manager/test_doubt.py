# SPDX-License-Identifier: BSD-2-Clause
"""The one moment in which only the peer knows whether it has the guest."""

import pytest

from moves import PEER
from workers import (FEW, READY, alive, doubt_of, huge, in_doubt, info, reboot, received, spare,
                     states, two, up, worker)


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


def test_replay(boot, proxy):
    """Somebody has recorded a whole move, and plays it again when the guest has come home.

    The destination's manager has restarted: its hypervisor still knows the id. The destination's
    whole machine has: it gets as far as the commit, which answers another accept. What the
    destination had said does not end another move of the source's.
    """
    a, man_a, b, man_b = two(boot, proxy)
    proxy.record = [bytearray(), bytearray()]
    assert man_a.migrate("work", "peer", *FEW).ok
    assert received(man_b).ok
    (there, back), proxy.record = proxy.record, None
    assert man_b.migrate("there", "peer", *FEW).ok
    assert received(man_a).ok
    reboot(man_b)
    for why in ("was used before", "(commit) answers another accept"):
        if "commit" in why:
            b.close()
            b, man_b = up(boot, spare("there"), link={PEER: proxy.chardev(1)}, count=0)
            a.beside, b.beside = [b], [a]
        for man in (man_a, man_b):
            man.link_ready()
        man_b.jobs_from = len(b.screen.lines)
        proxy.say(0, there)
        verdict = man_b.over().verdict
        assert verdict.startswith("failed: receive there: ") and why in verdict, verdict
        states(man_b, there="empty")
        alive(a, "work")
    for man in (man_a, man_b):
        man.link_ready()
    proxy.silent_at[1] = 0
    man_a.run("migrate work to peer --passes 1")
    proxy.say(1, back)
    verdict = man_a.over().verdict
    assert verdict.startswith("failed: migrate work: frame 0 (accept): migration 0x"), verdict
    states(man_a, work="running", back="empty")
    alive(a, "work")
