# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the reader of a machine's console (tests/boot/machine.py).

They check which lines a wait takes, and which it leaves for the next wait.
"""

import os
import re
import select
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "boot"))
from machine import SHORT, Failed, Machine, Screen  # noqa: E402


@pytest.fixture
def says(tmp_path):
    """A function says(text, end) that starts a machine.

    Its console prints `text` in one piece. The machine then powers off, or does what `end` says.
    """
    machines = []

    def start(text, end="exit 0"):
        machine = Machine(["/bin/sh", "-c", f'printf %s "$1"; {end}', "sh", text],
                          str(tmp_path / f"{len(machines)}.log"))
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        machine.close()


def test_wait_leaves_what_is_behind_its_line(says):
    m = says("a 1\nb 2\na 3\n")
    assert m.wait(r"^a (\d)", SHORT)[1] == "1"
    assert m.wait(r"^a (\d)", SHORT)[1] == "3"


def test_wait_all_leaves_what_is_behind_the_last_of_its_lines(says):
    m = says("b 1\nnothing\na 2\nc 3\nb 4\n")
    assert [match[1] for match in m.wait_all(r"^a (\d)", r"^b (\d)", timeout=SHORT)] == ["2", "1"]
    assert m.wait(r"^c (\d)", SHORT)[1] == "3"
    assert m.wait_all(r"^b (\d)", timeout=SHORT)[0][1] == "4"


def test_wait_all_names_what_it_waited_for(says):
    with pytest.raises(Failed, match="QEMU ended, waiting for lines with .*missing"):
        says("here\n").wait_all("here", "missing", timeout=SHORT)


def test_the_end_is_the_exit_status(says):
    assert says("x\n", "exit 0").wait_end(SHORT) == 0
    assert says("x\n", "exit 3").wait_end(SHORT) == 3


def test_a_signal_is_no_end(says):
    with pytest.raises(Failed, match="killed by signal 11"):
        says("x\n", "kill -SEGV $$").wait_end(SHORT)


def test_a_console_that_ends_before_its_machine(says):
    """The reader does not wait without a limit for a machine whose console has ended.

    Neither wait_end() nor the close() that the fixture calls does so.
    """
    m = says("x\n", "exec sleep 1000 <&- >&- 2>&-")
    while m._read(1):
        pass
    with pytest.raises(Failed, match="killed by signal 9"):
        m.wait_end(2)
    m = says("x\n", "exec sleep 1000 <&- >&- 2>&-")
    while m._read(1):
        pass


def test_reading_past_the_end_of_a_console_waits_for_nobody(says):
    """The reader does not wait when the console has ended before the first look.

    This happens on a busy host.
    """
    m = says("", "exec sleep 60 <&- >&- 2>&-")
    end = select.poll()
    end.register(m.child.child_fd, 0)
    assert end.poll(SHORT * 1000) == [(m.child.child_fd, select.POLLHUP)]
    assert not m._read(1)
    assert m.child.isalive(), "it was waited for, until the end of its 60 seconds"


@pytest.mark.parametrize("line", [
    "cleave| hypervisor bug on hart 0: illegal instruction",
    "cleave| memory: rule M2 broken in space_clear",
    'cleave| memory: rule M7 broken: vCPU 0 of "a" enters hart 1, whose TLB may hold'
])
def test_what_is_a_bug_ends_the_wait(says, line):
    with pytest.raises(Failed, match="the hypervisor has a bug: " + re.escape(line)):
        says(f"{line}\nhere\n", "sleep 1").wait("here", SHORT)


def test_messages_of_the_firmware_are_lines_of_their_own():
    """OpenSBI 1.6 prints this message without a line end, even in the middle of a line."""
    said = "system_opcode_insn: Invalid opcode for CSR read/write instruction"
    screen = Screen()
    screen.feed(f"p| 1\r\n{said}p| 2\r\n{said}{said}p| 3\r\np| fo{said}ur\r\n")
    assert screen.lines == ["p| 1", said, "p| 2", said, said, "p| 3", said, "p| four"]
    screen.feed(said[:20])
    screen.feed(said[20:] + "p| $ ")
    assert screen.open == "p| $"
    screen.feed("\r\x1b[Kp| 5\r\n")
    assert screen.lines[-2:] == ["p| four", "p| 5"]
