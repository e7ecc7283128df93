# SPDX-License-Identifier: BSD-2-Clause
"""What a flood of output costs others: the payload tests/guests/flood, counted in instructions.

Under -icount an instruction takes one virtual nanosecond, so the figures repeat from run to run.
On one hart they are the hypervisor's own steps. Several harts that are busy run by turns of 100 ms,
in which the clock goes on for the others: there a figure says no more than that nobody waited for
somebody who had many turns. What a UART takes on top is counted in characters, by the tests in
tests/unit/core/console: the emulated one takes each at once.
"""

import re

import pytest

from machine import ICOUNT, guest, partition
from payloads import role

PAYLOAD = {"payload.bin": guest("flood")}
STEP = 50_000  # instructions of the longest step of the hypervisor
TURNS = 400_000_000  # of the emulator, one of each of four harts


def longest(m, name, what):
    """The worst that partition `name` has seen, in ns."""
    ns = int(m.wait(rf"^{name}\| {what} (\d+) ns$")[1])
    print(name, what, ns, "ns")
    return ns


@pytest.mark.parametrize("attack", ["flood", "uart"])
def test_printing_beside_a_flood(boot, attack):
    """Who prints a line puts it into a ring, and waits for nobody."""
    m = boot([role("victim", "print"), role("one", attack)], PAYLOAD, smp=1, extra=ICOUNT)
    assert longest(m, "victim", "print") <= 20_000


def test_printing_beside_floods_of_other_harts(boot):
    m = boot([role("victim", "print"), role("one", "flood", (1,)), role("two", "uart", (2,))],
             PAYLOAD, smp=3, extra=ICOUNT)
    assert longest(m, "victim", "print") <= TURNS


@pytest.mark.parametrize("attack", ["flood", "uart", "erase"])
def test_a_timer_beside_a_printer(boot, attack):
    """A partition that never prints shares its hart with one that does."""
    m = boot([role("victim", "periodic"), role("same", attack)], PAYLOAD, smp=1,
             extra=ICOUNT)
    assert longest(m, "victim", "periodic") <= STEP


def test_a_timer_beside_a_printer_and_floods_of_other_harts(boot):
    """The printer waits for nobody either, and does not keep the hart."""
    m = boot([role("victim", "periodic"), role("same", "flood"), role("one", "flood", (1,)),
              role("two", "uart", (2,))], PAYLOAD, smp=3, extra=ICOUNT)
    assert longest(m, "victim", "periodic") <= TURNS


def test_a_managers_call_beside_floods(boot):
    """Nobody waits for the console with the lock of a VM."""
    m = boot([role("boss", "info", (0,), "manager"),
              role("again", "reboot", (1,), "restart-limit = <1000000 60>"),
              role("one", "erase", (2,)), role("two", "erase", (3,))], PAYLOAD, smp=4, extra=ICOUNT,
             append="cleave.focus=one")
    assert longest(m, "boss", "info") <= TURNS


def test_a_line_that_is_drawn_again_and_again(boot):
    m = boot([role("p", "redraw")], PAYLOAD, smp=1, extra=ICOUNT)
    assert longest(m, "p", "redraw") <= STEP
    assert m.wait_end() == 0


@pytest.mark.parametrize("width", [80, 100, 132])
def test_no_row_is_forged(boot, width):
    """Whatever a partition pads a line to, on a terminal of 80 columns or more it stays its own."""
    m = boot([partition("p", bootargs=f"role=forge columns={width}")], PAYLOAD, smp=1)
    m.wait(r"^p\| forge: done$")
    with open(m.log_path, encoding="utf-8", newline="") as log:
        sent = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", log.read()).replace("\r", "")
    rows = [line[i:i + width] for line in sent.split("\n") for i in range(0, len(line), width)]
    assert [row for row in rows if row.startswith("cleave| for")] == []
    assert [line for line in m.lines("p") if "forged" in line] == [
        "." * (width - 16 + n) + "cleave| forged" for n in range(16)
    ]
