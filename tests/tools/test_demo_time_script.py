# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration of time partitions fails when what it draws is not what was planned."""

import os
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
import demo_time  # noqa: E402

PLAN = ["manager ticks 10000000", "manager plan 0 normal 1000 idle",
        "manager window 0 0 1 a 0 400", "manager window 0 1 1 b 400 400", "manager runs 0 100000"]
COUNTED = ["manager counted 0 0 2 15 0 0", "manager counted 0 1 2 15 0 0", "manager end"]


def had(*times):
    """Lines of (partition, from, to), in ticks after the first frame's beginning."""
    return [f"{name} had {100000 + a} {100000 + b}" for name, a, b in times]


GOOD = had(("a", 10, 4000), ("b", 4010, 8000), ("a", 10020, 14000), ("b", 14000, 18000),
           ("a", 20000, 24000), ("b", 24000, 28000))


def drawn(lines, capsys, colours=False):
    """What is printed of a machine that says these lines; the verdict may be raised."""
    story = demo_time.Story()
    drawing = demo_time.Drawing(story, colours)
    for line in lines:
        name, *words = line.split()
        story.take(name, words)
        drawing.go_on()
    drawing.sum_up()
    return capsys.readouterr().out.splitlines()


def test_draws_each_frame(capsys):
    out = drawn(PLAN + GOOD + COUNTED, capsys)
    assert out[1] == f"normal   |{'A' * 20}{'B' * 20}{'.' * 10}|  A +1.0  B +1.0 us"
    assert out[2] == f"normal   |{'A' * 20}{'B' * 20}{'.' * 10}|  A +2.0  B +0.0 us"
    assert out[3] == "a: its windows began at most 2.0 us late, as it saw itself"
    assert out[5] == "the hypervisor has counted at most 1.5 us, and 0 overruns"
    assert out[-1].startswith("demo: 2 frames in 1 plans, each window within 5 us")


def test_colours_only_where_there_are_partitions(capsys):
    assert demo_time.COLOURS[0] + "A" in drawn(PLAN + GOOD + COUNTED, capsys, True)[1]


@pytest.mark.parametrize("lines, words", [
    (PLAN + [GOOD[0], "b had 108000 108000", *GOOD[2:]] + COUNTED,
     'plan "normal": "b" did not have the hart in its window'),
    (PLAN + had(("a", 60, 4000)) + GOOD[1:] + COUNTED, "a window began 6.0 us late"),
    (PLAN + GOOD + ["manager counted 0 0 2 51 0 0", "manager end"], "a window began 5.1 us late"),
    (PLAN + GOOD + ["manager end"], "no window was counted"),
    (PLAN + COUNTED, "no window was counted"),
    (PLAN + ["manager error: SCHEDULE_SET"], "error: SCHEDULE_SET"),
])
def test_says_what_is_wrong(capsys, lines, words):
    with pytest.raises(demo_time.Wrong) as wrong:
        drawn(lines, capsys)
    assert words in str(wrong.value)
