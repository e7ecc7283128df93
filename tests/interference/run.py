#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measure what a neighbour can cost: print the matrix, and write results.json and matrix.svg.

Each attack is made on three machines (cells.py) under `-icount`, so that the figures are the same
in every run. The exit status is 1 if a figure is above its bound.
"""

import concurrent.futures
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "boot"), os.path.join(HERE, "..", "..", "scripts")]
import usage  # noqa: E402


def arguments():
    """Read them, and answer --help, before what needs a build is imported."""
    parser = usage.parser(__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="only the most telling cells")
    parser.add_argument("--quick", action="store_true", help="all cells, with fewer samples")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1,
                        help="machines at a time (default: one a core)")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/ too")
    parser.add_argument("attacks", nargs="*", help="only these attacks")
    return parser.parse_args()


ARGUMENTS = arguments() if __name__ == "__main__" else None
from machines import OUT, Broken, TOP  # noqa: E402
import cells  # noqa: E402
import svg  # noqa: E402

# The most telling cells: (attack, machine)
SHORT = [("busy", "apart"), ("reboots", "apart"), ("rfence-foreign", "apart"), ("thief", "shared"),
         ("reboots", "shared"), ("reboots", "planned"), ("calls-honest", "planned"),
         ("console-redraw", "planned"), ("console-lines", "apart")]

WHERE = {"shared": "same hart", "planned": "plan", "apart": "other hart"}
TABLE_BEGIN, TABLE_END = "<!-- the table of make interference -->", "<!-- its end -->"


def measure(work, folder, jobs, short):
    """Run machines and show the progress. Return: {(attack, machine): what it measured}."""
    found, broken, begin = {}, [], time.monotonic()

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(cells.measure, *cell, folder, short): cell for cell in work}
        for done in concurrent.futures.as_completed(running):
            cell = running[done]
            try:
                found[cell] = done.result()
                how = "measured"
            except Broken as e:
                broken.append(f"{cell[0]}, {cell[1]}: {e}")
                how = "BROKEN"
            print(f"{len(found) + len(broken):3}/{len(work)} {time.monotonic() - begin:4.0f} s  "
                  f"{cell[0]}, {cell[1]}: {how}", flush=True)
    return found, broken


def judge(found):
    """Return: a list of cells as results.json has them."""
    busy = found.get(("busy", "apart"), {})
    out = []
    for attack in cells.ATTACKS:
        for column in cells.COLUMNS:
            measured = found.get((attack.name, column.machine), {}).get(column.key)
            if measured is None:
                continue
            value, bound = cells.cost(column, attack, measured, busy)
            plain = attack is cells.NOBODY or attack is cells.BUSY
            judged = not (plain and column.machine == "apart" and column.unit == "instructions")
            out.append({"attack": attack.name, "text": attack.text, "victim": column.key,
                        "unit": column.unit, "worst": measured[0], "cost": value,
                        "bound": bound if judged else None,
                        "ok": not judged or column.good(value, bound)})
    return out


def rows(results):
    """Return: [(attack, [cell or None for each column])]."""
    by_cell = {(r["attack"], r["victim"]): r for r in results}
    names = [a.name for a in cells.ATTACKS if any(r["attack"] == a.name for r in results)]
    return [(n, [by_cell.get((n, c.key)) for c in cells.COLUMNS]) for n in names]


def figure(cell):
    if cell is None:
        return "-"
    return f"{cell['cost']:,}" + ("" if cell["ok"] else " !")


def bound_text(column):
    """The bound of a column in the table's last line."""
    if column.bound is not None:
        return f"{'>=' if column.least else '<='} {column.bound:,}"
    return "slices" if column.machine == "shared" else "lines"


def heads():
    """The two lines of head of each column."""
    return [(f"{WHERE[c.machine]}: {c.title}", c.unit) for c in cells.COLUMNS]


def print_table(results):
    width = max(len(a) for a in cells.BY_NAME) + 1
    columns = [max(len(h) for h in (*words[0].split(": "), words[1])) + 2 for words in heads()]

    def line(first, words):
        print(first.ljust(width) + "".join(w.rjust(n) for w, n in zip(words, columns)))

    print()
    line("", [h.split(": ")[0] for h, _ in heads()])
    line("", [h.split(": ")[1] for h, _ in heads()])
    line("attack", [unit for _, unit in heads()])
    for name, found in rows(results):
        line(name, [figure(c) for c in found])
    line("bound", [bound_text(c) for c in cells.COLUMNS])


def write_docs(results):
    """Put the table into docs/interference.md, and the picture beside it."""
    path = os.path.join(TOP, "docs", "interference.md")
    with open(path, encoding="utf-8") as f:
        before, _, rest = f.read().partition(TABLE_BEGIN)
    after = rest.partition(TABLE_END)[2]
    lines = ["| attack | " + " | ".join(h for h, _ in heads()) + " |",
             "| --- |" + " ---: |" * len(cells.COLUMNS)]
    lines += [f"| {name} | " + " | ".join(figure(c) for c in found) + " |"
              for name, found in rows(results)]
    lines += ["| **bound** | " + " | ".join(bound_text(c).replace(">=", "≥").replace("<=", "≤")
                                            for c in cells.COLUMNS) + " |"]
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join([before + TABLE_BEGIN, "", *lines, "", TABLE_END + after]))
    with open(os.path.join(TOP, "docs", "interference.svg"), "w", encoding="utf-8") as f:
        f.write(picture(results))


def picture(results):
    return svg.draw(cells.COLUMNS, WHERE, [
        (name, [c and (c["cost"], c["bound"], c["ok"]) for c in found])
        for name, found in rows(results)
    ])


def main(args):
    unknown = [a for a in args.attacks if a not in cells.BY_NAME]
    if unknown:
        print(f"interference: no attack {unknown[0]}; there are: {' '.join(cells.BY_NAME)}",
              file=sys.stderr)
        return 2
    wanted = args.attacks or list(cells.BY_NAME)
    work = SHORT if args.short else [
        (a, kind) for a in cells.BY_NAME for kind in cells.MACHINES
        if a in wanted or (a, kind) == ("busy", "apart")
    ]
    folder = os.path.join(OUT, "interference")
    os.makedirs(folder, exist_ok=True)
    found, broken = measure(work, folder, args.jobs, args.short or args.quick)
    results = judge(found)
    print_table(results)
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    with open(os.path.join(folder, "matrix.svg"), "w", encoding="utf-8") as f:
        f.write(picture(results))
    if args.docs:
        write_docs(results)
    print(f"written to {os.path.relpath(folder, TOP)}/: results.json, matrix.svg", flush=True)
    over = [f"{r['attack']} {r['victim']}: {r['cost']:,} {r['unit']}, bound {r['bound']:,}"
            for r in results if not r["ok"]]
    for line in broken + over:
        print("interference: " + line, file=sys.stderr)
    return 1 if broken or over else 0


if __name__ == "__main__":
    sys.exit(main(ARGUMENTS))
