# SPDX-License-Identifier: BSD-2-Clause
"""No path gets longer unnoticed: the exact counts of the benchmark, beside the saved ones.

A figure that has grown for a reason is saved anew, `make bench SAVE=1`, in the commit that gives
the reason.
"""

import importlib.util
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "boot")]
import baseline  # noqa: E402
from machine import OUT  # noqa: E402

sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts"))
import size  # noqa: E402

# By its path: other folders have a run.py, too.
SPEC = importlib.util.spec_from_file_location("bench_run", os.path.join(HERE, "run.py"))
bench = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bench)

ROWS = [{"name": "a call", "value": 100}, {"name": "a call: fences", "value": 0}]
SAVED = {"a call": 100, "a call: fences": 0}


@pytest.mark.parametrize("row,value,said", [
    ("a call", 102, []),
    ("a call", 98, []),
    ("a call", 103, ["a call has grown from 100 to 103"]),
    ("a call: fences", 1, ["a call: fences has grown from 0 to 1"]),
])
def test_growth_is_said(row, value, said):
    rows = [dict(r, value=value) if r["name"] == row else r for r in ROWS]
    assert baseline.compare(rows, SAVED) == said


def test_row_that_came_or_went_is_said():
    assert baseline.compare(ROWS[:1], SAVED) == ["a call: fences is not measured any more"]
    assert baseline.compare(ROWS, {"a call": 100}) == ["a call: fences has no saved figure"]


MAP = """
Linker script and memory map

.text           0xffffffff80001000       0x60
 *fill*         0xffffffff8000117e        0x2 
 .text.a        0xffffffff80001000       0x10 build/obj/core/vm/vm.o
 .text.with_a_long_name
                0xffffffff80001010       0x20 build/obj/drivers/aia/aplic.o
 .text          0xffffffff80001030       0x20 /usr/lib/libgcc.a(save-restore.o)

.rodata         0xffffffff80002000        0x8
 .rodata        0xffffffff80002000        0x8 build/obj/core/vm/vm.o

.data           0xffffffff80003000       0x40
 .data          0xffffffff80003000       0x40 build/obj/core/vm/vm.o
"""


def test_sizes_by_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build/cleave.map").write_text(MAP)
    parts, _ = size.read("build/cleave.map")
    assert parts == {("core/vm", ".text"): 16, ("core/vm", ".rodata"): 8,
                     ("CONFIG_AIA", ".text"): 32, ("libgcc", ".text"): 32}
    assert size.text_without_options("build/cleave.map") == 0x60 - 32


def test_no_count_has_grown():
    saved = baseline.load()
    assert baseline.compiler() in saved, "save them: make bench SAVE=1"
    found = bench.counted(OUT, runs=1)
    assert baseline.compare(found, saved[baseline.compiler()]) == []
