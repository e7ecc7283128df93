#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The long runs: everything in tests/assurance/*.sh, one after another, and a table at the end.

    tests/assurance/run.py             all of them
    tests/assurance/run.py histories   only these

Each script is one row. It has failed when it ends with anything but 0. The last line that it prints
says what was done, in figures. The test command has a short form of each.
"""

import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "tests", "assurance")

sys.path.insert(0, os.path.join(TOP, "scripts"))
import usage  # noqa: E402


def scripts(names):
    """The scripts of these names, all when there are none."""
    there = {f[:-3]: os.path.join(FOLDER, f) for f in sorted(os.listdir(FOLDER)) if f[-3:] == ".sh"}
    for name in names:
        if name not in there:
            sys.exit(f"there is no {name}; there are: {' '.join(there)}")
    return {n: f for n, f in there.items() if not names or n in names}


def run(name, script):
    """Run one. Return whether it went well, its seconds, and its last line."""
    print(f"--- {name}", flush=True)
    start = time.monotonic()
    last = "it said nothing"
    with subprocess.Popen(["sh", script], cwd=TOP, stdout=subprocess.PIPE, text=True,
                          errors="replace") as child:
        for line in child.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    return child.returncode == 0, time.monotonic() - start, last


def main():
    usage.show(__doc__, words=sys.maxsize)
    done = {name: run(name, script) for name, script in scripts(sys.argv[1:]).items()}
    print(f"\n{'':4} {'':16} minutes")
    for name, (good, seconds, last) in done.items():
        print(f"{'ok' if good else 'FAIL':4} {name:16} {seconds / 60:7.1f}  {last}")
    bad = sum(not good for good, _, _ in done.values())
    print(f"{len(done) - bad} held, {bad} failed")
    sys.exit(1 if bad or not done else 0)


if __name__ == "__main__":
    main()
