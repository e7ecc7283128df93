# SPDX-License-Identifier: BSD-2-Clause
"""Managers that end at any moment of a move, on either side, twice in a row, between local moves.

Wherever that is, one side has the guest afterwards and runs it, and the other has nothing of it.
KILLS in the environment says how often; the numbers that are drawn follow from SEED.
"""

import os
import random
import time

from machine import LONG
from moves import PEER
from workers import FEW, alive, spare, up, worker

KILLS = int(os.environ.get("KILLS", "3"))
SEED = int(os.environ.get("SEED", "1"))


class Side:
    """A machine, its manager, and its two slots."""

    def __init__(self, made, *names):
        self.machine, self.man = made
        self.names = names

    def has(self):
        """The names of the slots that are not empty. None of them runs beside another."""
        return [name for name in self.names if self.man.vm(name)["state"] != "empty"]

    def kill(self):
        """End the manager wherever it is. It begins anew at once."""
        m = self.machine
        m.focus("manager")
        m.at = len(m.screen.lines)
        m.sendline("reboot")
        m.wait(r'^cleave\| partition "manager": rebooted by its guest')
        m.until_running("manager")

    def settle(self):
        """Wait until no job is left, also none that is in doubt."""
        end = time.monotonic() + LONG
        while self.man.rows("jobs"):
            assert time.monotonic() < end, f"a job does not end: {self.man.rows('jobs')}"
            time.sleep(0.2)


def test_kill(boot, proxy):
    draw = random.Random(SEED)
    sides = [
        Side(up(boot, worker(), spare("back"), link={PEER: proxy.chardev(0)}), "work", "back"),
        Side(up(boot, spare("there"), spare("other"), link={PEER: proxy.chardev(1)}, count=0),
             "there", "other")
    ]
    for side, beside in (sides, sides[::-1]):
        side.machine.beside = [beside.machine]
    here, name = sides[0], "work"
    for kill in range(KILLS):
        for side in sides:
            side.man.link_ready()
        if draw.random() < 0.3:
            free = [slot for slot in here.names if slot != name][0]
            assert here.man.migrate(name, free, *FEW).ok
            name = free
        here.man.run(f"migrate {name} to peer --passes {draw.randint(1, 3)}")
        time.sleep(draw.random() * 1.5)
        for _ in range(draw.randint(1, 2)):
            draw.choice(sides).kill()
        for side in sides:
            side.settle()
        found = [(side, slot) for side in sides for slot in side.has()]
        said = f"seed {SEED}, kill {kill}: {[(sides.index(s), slot) for s, slot in found]}"
        assert len(found) == 1, said
        here, name = found[0]
        assert here.man.vm(name)["state"] == "running", said
        alive(here.machine, name)
