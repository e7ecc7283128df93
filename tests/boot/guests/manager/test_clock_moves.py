# SPDX-License-Identifier: BSD-2-Clause
"""A guest's time while it is away, and how it knows that it is a copy (tests/guests/copies)."""

import re
import time

from link import show, whole
from machine import LONG, guest, partition
from moves import DIRECT, STORE, Manager, fields, give, qemu
from stream import states
from workers import DEVICE, spare

MEMORY = ((0x80000000, 4 << 20),)
FILES = {"manager.bin": guest("manager"), "copies.bin": guest("copies"), "sbi.bin": guest("sbi")}
BEAT_MS = 250
AWAY_BEATS = 6
NEVER = (0, "0.0")  # the generation of a guest that was never restored


def beat(m, name, after=0):
    """The first beat with a number above `after` that the guest says in partition `name`."""
    found = {"beat": 0}
    while found["beat"] <= after:
        found = fields(m.wait(rf"^{name}\| (beat=.*)", LONG)[1])
    return found


def generation(found):
    return found["generation"], str(found["id"])


def moment_of(source):
    """The time of day at which the guest of a checkpoint was paused, seconds since 1970."""
    _, flags, data = source.states[states.NUMBERS["moment"], 0]
    assert flags == 0
    return int.from_bytes(data, "little") / 1e9


def without_moment(data):
    """The same checkpoint, as a machine without a clock writes it."""
    source = whole(data)
    del source.states[states.NUMBERS["moment"], 0]
    return b"".join(show.flat(source))


def sleeper_is_woken(m, man):
    """Nothing but a manager's `resume` wakes a partition that sleeps with no interrupt enabled."""
    m.at = 0
    for n in (1, 2):
        m.wait(rf"^asleep\| suspended {n}$")
        asleep = m.at
        man.until_accepted("resume asleep", refused="error: resume")
        m.at = asleep  # it may say so before the manager says that it is done
        m.wait(rf"^asleep\| woken {n}$")
    m.wait(r"^asleep\| suspended 3$")
    # A pause and its end disturb no sleep.
    man.run("pause asleep")
    man.run("resume asleep")
    asleep = m.at
    assert not [line for line in m.lines("asleep") if "woken 3" in line or "FAIL" in line]
    man.until_accepted("resume asleep", refused="error: resume")
    m.at = asleep
    m.wait(r"^asleep\| woken 3$")


def went_on(verdict):
    """The seconds by which a guest's time went on, as the manager says."""
    return float(re.search(r"; its time went on by (\d+\.\d{3}) s$", verdict)[1])


def test_copies(boot, store):
    """One checkpoint, restored twice, gives two copies that differ, each with the time it is to.

    A partition that sleeps for good (SUSP) is woken by the manager on the same machine.
    """
    devices = f'devices = "{qemu.LINK_NODE}", "{DEVICE}"'
    m = boot([partition("manager", kernel="manager.bin", bootargs="script", memory=DIRECT,
                        more=f"direct-map; {devices}; cpu-affinity = <0>; manager"),
              partition("work", kernel="copies.bin", memory=MEMORY,
                        more="migratable; cpu-affinity = <1>"),
              *(spare(name, MEMORY, harts=(1,)) for name in ("one", "two")),
              partition("asleep", kernel="sbi.bin", bootargs="sleeps", memory=MEMORY,
                        more="cpu-affinity = <1>")],
             FILES, smp=2, extra=qemu.link({STORE: store.chardev()}))
    man = Manager(m)
    man.ready()
    sleeper_is_woken(m, man)

    assert generation(beat(m, "work")) == NEVER
    store.accept()
    man.link_ready(STORE)
    before = time.time()
    data = store.checkpoint(man, "work")
    written = time.time()
    moment = moment_of(whole(data))
    assert before - 2 < moment < written + 2  # QEMU sets its clock to whole seconds
    # The guest runs on: its copies are away for as long as that.
    seen = beat(m, "work")
    beat(m, "work", seen["beat"] + AWAY_BEATS)
    man.run("destroy work")

    start = len(m.screen.lines)
    restored = time.time()
    verdict = give(man, store, data, "restore one --clock run")
    m.at = start
    away = went_on(verdict)
    assert restored - written < away < time.time() - before
    # The timer that was set fell due meanwhile, and fires once. The guest may have been paused
    # between a timer and the line that tells of it: then that line comes first.
    first, then = beat(m, "one"), beat(m, "one")
    assert then["beat"] == first["beat"] + 1
    assert away * 1000 - BEAT_MS - 1 <= max(first["late"], then["late"])
    one = generation(first)

    start = len(m.screen.lines)
    assert give(man, store, data, "restore two") == "done: restore work to two"
    m.at = start
    second, last = beat(m, "two"), beat(m, "two")
    assert second["beat"] == first["beat"] and last["at"] < then["at"] - AWAY_BEATS * 100
    two = generation(second)
    assert one[0] == two[0] == 1 and len({one[1], two[1], NEVER[1]}) == 3

    # A move makes no copy. Without a break of a second it adds the little that it takes.
    report = man.migrate("one", "work", "--passes 1 --clock run")
    assert 0 <= went_on(report.verdict) <= (report["downtime_ms"] + 1) / 1000
    assert generation(beat(m, "work")) == one
    assert not [line for line in m.lines() if "FAIL" in line]

    # What came from a copy is a copy again; a stream without a time of day has no `--clock run`.
    man.run("destroy two")
    verdict = give(man, store, without_moment(data), "restore two --clock run")
    assert verdict == ("failed: restore two: --clock run: nobody knows how much time has passed: "
                       "the checkpoint has no time of day")
    assert man.vm("two")["state"] == "empty"
