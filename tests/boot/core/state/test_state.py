# SPDX-License-Identifier: BSD-2-Clause
"""State records: a guest is taken apart in one slot and put together in another, unnoticed."""

import re

import pytest

from payloads import transfer


@pytest.mark.parametrize("smp, cpus, rounds, cpu", [
    (4, 3, 30, ""), (2, 3, 20, ""), (1, 2, 10, ""), (4, 2, 20, "v=true,vlen=256"),
    (2, 2, 20, "sstc=off"),
])
def test_back_and_forth(boot, smp, cpus, rounds, cpu):
    """The guest uses registers, timers, IPIs, HSM, UART and PLIC; its time stands still meanwhile.

    No line is lost, and none comes twice.
    """
    m = transfer(boot, cpus=cpus, rounds=rounds, smp=smp, cpu=cpu)
    m.payload_results("manager", "there" if rounds % 2 else "here")
    assert m.wait_end() == 0
    lines = [line for line in m.lines() if re.match(r"(here|there)\| ", line)]
    ticks = [re.fullmatch(r"(here|there)\| tick (\d+)", line) for line in lines]
    others = [line for line, tick in zip(lines, ticks)
              if not tick and not re.match(r"\w+\| (ok|done:) ", line)]
    assert others == []
    numbers = [int(tick[2]) for tick in ticks if tick]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > rounds
    assert {tick[1] for tick in ticks if tick} == {"here", "there"}


@pytest.mark.parametrize("focus", ["here", "there"])
def test_open_line_and_input(boot, focus):
    """Half a line and unread input move with the guest, and the line is shown once.

    So does what is typed while the records are read.
    """
    m = transfer(boot, cpus=2, mode="mode=typed", smp=2)
    m.wait(r"^here\| type now")
    m.focus("manager")
    m.send("h")
    m.focus("here")
    m.wait(r"^manager\| held")
    typed = "0123456789" * 9
    m.send(typed)
    m.wait_open(r"^here\| half of a line")
    m.focus("manager")
    m.send("g")
    m.focus(focus)
    m.wait_all(r"^there\| half of a line, with and the rest", rf"^there\| read 90: {typed}\.",
               r"^there\| done: 1 passed, 0 failed")
    assert m.wait_end() == 0
    assert len([line for line in m.lines() if "half" in line]) == 1


def test_hostile_records(boot):
    """Records with flipped bits are refused, or make a guest that harms only itself."""
    m = transfer(boot, cpus=2, mode="mode=hostile", rounds=60, smp=2)
    m.payload_result("manager")
    assert m.wait_end() == 0
