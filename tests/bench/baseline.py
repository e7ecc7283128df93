# SPDX-License-Identifier: BSD-2-Clause
"""The saved figures of the benchmark, baseline.json: what each exact count was when somebody last
looked at it.

A compiler's version gives other counts, so each has figures of its own. It must never take a figure
that is missing for one that is good.
"""

import json
import os
import subprocess

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "baseline.json")
PERCENT = 2


def compiler(gcc="riscv64-unknown-elf-gcc"):
    """The name under which this computer's figures stand."""
    done = subprocess.run([gcc, "-dumpfullversion"], stdout=subprocess.PIPE, text=True, check=True)
    return f"gcc {done.stdout.strip()}"


def load():
    """All saved figures: {compiler: {name: value}}."""
    with open(FILE, encoding="utf-8") as f:
        return json.load(f)


def save(name, found):
    """Save the rows @found as the figures of the compiler @name."""
    saved = load()
    saved[name] = {row["name"]: row["value"] for row in found}
    with open(FILE, "w", encoding="utf-8") as f:
        json.dump(saved, f, indent=1, sort_keys=True)
        f.write("\n")


def compare(found, saved):
    """A line for each row of @found that is more than PERCENT above its figure in @saved, or that
    only one of both has."""
    now = {row["name"]: row["value"] for row in found}
    lines = [f"{name} is not measured any more" for name in saved if name not in now]
    for name, value in now.items():
        if name not in saved:
            lines.append(f"{name} has no saved figure")
        elif value * 100 > saved[name] * (100 + PERCENT):
            lines.append(f"{name} has grown from {saved[name]:,} to {value:,}")
    return lines
