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


def test_no_count_has_grown():
    saved = baseline.load()
    assert baseline.compiler() in saved, "save them: make bench SAVE=1"
    found = bench.counted(OUT, "riscv64-unknown-elf-size", runs=1)
    assert baseline.compare(found, saved[baseline.compiler()]) == []
