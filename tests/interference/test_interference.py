# SPDX-License-Identifier: BSD-2-Clause
"""The short form of the matrix: its most telling cells, and that they repeat."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "boot")]
import cells  # noqa: E402
from run import SHORT, judge  # noqa: E402


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """What the victims measure beside a busy loop, which shares nothing with them."""
    return cells.measure("busy", "apart", str(tmp_path_factory.mktemp("busy")), short=True)


def test_figures_repeat(tmp_path, busy):
    """Two runs of a machine with six harts measure the same, to the instruction."""
    assert cells.measure("busy", "apart", str(tmp_path), short=True) == busy


@pytest.mark.parametrize("attack, kind", [cell for cell in SHORT if cell != ("busy", "apart")])
def test_bounds(tmp_path, busy, attack, kind):
    """No victim loses more than its bound."""
    results = judge({("busy", "apart"): busy,
                     (attack, kind): cells.measure(attack, kind, str(tmp_path), short=True)})
    print(results)
    assert [r for r in results if not r["ok"]] == []
