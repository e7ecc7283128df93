# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration of time partitions, as `make run DEMO=time` starts it.

Its strips show each window where the plan has it, in both plans, and its verdict is its exit code.
"""

import os
import re
import subprocess
import sys

from machine import LONG, TOP

FRAMES = 20  # of each plan; some are cut at the demonstration's end


def test_strips_follow_the_plan():
    done = subprocess.run([sys.executable, os.path.join(TOP, "scripts", "demo_time.py")],
                          capture_output=True, text=True, timeout=2 * LONG, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    strips = {"cruise": [], "landing": []}
    lates = []
    for line in done.stdout.splitlines():
        frame = re.fullmatch(r"(\w+) +\|(\S+)\|((?:  [CV] \+\d+\.\d)+) us", line)
        if frame:
            strips[frame[1]].append(frame[2])
            lates += [float(late) for late in re.findall(r"\+(\S+)", frame[3])]
    # Idle time is nobody's in the first plan, and somebody's in the second.
    assert len(strips["cruise"]) >= FRAMES and len(strips["landing"]) >= FRAMES
    assert set(strips["cruise"]) == {"C" * 20 + "V" * 20 + "." * 10}
    assert {s[:40] for s in strips["landing"]} == {"C" * 15 + "V" * 10 + "C" * 15}
    assert {s[40:] for s in strips["landing"]} <= {"C" * 10, "V" * 10}
    # What is drawn is what the last lines sum up, and it is within the bound.
    said = re.findall(r"its windows began at most (\S+) us late", done.stdout)
    assert max(map(float, said)) == max(lates) <= 5.0
    assert re.search(r"^demo: \d+ frames in 2 plans, each window within 5 us of its time$",
                     done.stdout, re.M)
    assert "\x1b" not in done.stdout
