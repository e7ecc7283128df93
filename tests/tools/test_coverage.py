# SPDX-License-Identifier: BSD-2-Clause
"""scripts/coverage.py: whose code a block is, and what it refuses."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "scripts"))
import coverage  # noqa: E402

FILE = "core/guest/sbi_time.c"


def place(text):
    """(FILE, number) of the line that is `text`."""
    lines = [line.strip() for line in coverage.source(FILE)]
    return FILE, lines.index(text) + 1


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """listed(lines): use these as the list of explanations."""

    def use(*lines):
        path = tmp_path / "unreached.txt"
        path.write_text("# comment\n" + "".join(line + "\n" for line in lines))
        monkeypatch.setattr(coverage, "EXPLAINED", str(path))

    return use


MISSED = "sched_set_guest_timer(v, sbi_arg(v, 0));"
ENTRY = f"{FILE} | sbi_time_call | {MISSED} | because"


def test_what_is_not_reached_has_to_be_explained(listed, capsys):
    listed()
    assert not coverage.judge({place(MISSED)})
    assert f"{FILE}:{place(MISSED)[1]}: sbi_time_call: not reached" in capsys.readouterr().out
    listed(ENTRY)
    assert coverage.judge({place(MISSED)})
    listed(f"{FILE} | sbi_time_call | * | because")
    assert coverage.judge({place(MISSED)})


def test_an_entry_that_explains_nothing_is_refused(listed, capsys):
    listed(ENTRY)
    assert not coverage.judge(set())
    assert "explains nothing" in capsys.readouterr().out
    listed(f"{FILE} | sbi_time_call | return GUEST_STAY; | gone")
    assert not coverage.stale()
    listed(f"{FILE} | sbi_time_call | {MISSED} | there")
    assert coverage.stale()


def test_an_entry_without_a_reason_is_refused(listed):
    listed(f"{FILE} | sbi_time_call | *")
    with pytest.raises(SystemExit):
        coverage.judge(set())


def test_a_block_of_a_guest_counts_for_nothing(tmp_path, monkeypatch):
    """It may lie at the same address: only what is the hypervisor's word for word counts."""
    code = {0x100: (0x8522, (FILE, 1)), 0x102: (0x85a6, (FILE, 2)), 0x104: (0x00000013, (FILE, 3))}
    monkeypatch.setattr(coverage, "disassemble", lambda elf: code)
    (tmp_path / "one.log").write_text("IN: \n0x0100:  8522   mv a0,s0\n0x0102:  85a6   mv a1,s1\n\n"
                                      "IN: \n0x0102:  85a6   mv a1,s1\n0x0104:  00000093   x\n")
    every, reached = coverage.machine_lines("elf", str(tmp_path))
    assert every == {(FILE, 1), (FILE, 2), (FILE, 3)} and reached == {(FILE, 1), (FILE, 2)}
