#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Count what Cleave costs, in instructions, print a table and write results.json.

The script boots the benchmark guest twice on one hart, and refuses results that differ. It uses
`-icount shift=0`, under which QEMU executes and counts one instruction in a virtual nanosecond. It
also moves a Linux guest (migrate.py). It must never measure wall-clock time.

It compares with the saved figures of the same compiler (baseline.py), and ends with 1 where one has
grown by more than 2 %. `--save` saves these figures instead, for the commit that explains them.
"""

import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import baseline  # noqa: E402
import boot_guest  # noqa: E402
import migrate  # noqa: E402
import secure  # noqa: E402
import size  # noqa: E402
import qemu  # noqa: E402
import usage  # noqa: E402

ICOUNT = qemu.icount()

# Each row has a key, a name, a unit, and the figure to beat or None. Where a row counts
# instructions, the figure is what Linux KVM needs on the same QEMU.
ROWS = [
    ("null_hypercall", "null hypercall", "instructions", 924),
    ("sbi_base", "SBI base call", "instructions", 924),
    ("mmio_store", "MMIO store emulated", "instructions", 2608),
    ("write_fault", "write-protect fault on 4 KiB", "instructions", 2765),
    ("write_fault_eager", "write-protect fault after an eager split", "instructions", 2763),
    ("first_write_2m", "first write to a protected 2 MiB leaf", "instructions", 9078),
    ("start_fault", "start of a log, fault-driven, per GiB", "instructions", 371000),
    ("start_eager", "start of a log, eager, per GiB", "instructions", 2890000),
    ("start_initially_set", "start of a log, initially-set, per GiB", "instructions", 298000),
    ("first_clear_eager", "first clear of an initially-set GiB, eager", "instructions", 50300000),
    ("first_clear_lazy", "first clear of an initially-set GiB, not eager", "instructions", 1440000),
    ("get_clear_all", "get-and-clear, all dirty, per page", "instructions", 204),
    ("get_clear_sparse", "get-and-clear, one in 64 dirty, per dirty page", "instructions", 336),
    ("get_clear_none", "get-and-clear, nothing dirty, per GiB", "instructions", 54400),
    ("stop_fault", "stop with collapse after fault-driven, per GiB", "instructions", 11500000),
    ("stop_eager", "stop with collapse after eager, per GiB", "instructions", 11500000),
    ("overhead_512m", "memory that a 512 MiB partition costs", "bytes", int(1.5 * 2**20)),
]
LIMITS = {
    "entry to first guest instruction": 50_000_000,
    "hypervisor text": size.LIMIT,
}


def run_once(out):
    """Boot once and return what the guest and the hypervisor counted.

    That is {key: (count, events, fences, ipis)}, and the number of instructions from the entry to
    the first guest.
    """
    text = boot_guest.console(out, "bench", "4G", ICOUNT)
    rows = {}
    for key, *numbers in re.findall(r"bench (\w+) (\d+) (\d+) (\d+) (\d+)\r?$", text, re.M):
        rows[key] = tuple(int(n) for n in numbers)
    boot = re.search(r"boot took \d+ ticks, (\d+) instructions", text)
    if "done" not in rows or boot is None:
        sys.stderr.write(text)
        sys.exit("bench: the benchmark guest did not finish; its console is above")
    return rows, int(boot.group(1))


def results(rows, boot, text):
    """The list that results.json holds."""
    found = []
    for key, name, unit, peer in ROWS:
        count, events, fences, ipis = rows[key]
        value = count // events if count % events == 0 else round(count / events, 2)
        found.append({"name": name, "value": value, "unit": unit, "peer": peer})
        if unit == "instructions":
            found.append({
                "name": name + ": fences",
                "value": fences,
                "unit": "fences in all",
                "peer": None
            })
            found.append({
                "name": name + ": IPIs",
                "value": ipis,
                "unit": "IPIs in all",
                "peer": None
            })
    for name, value, unit in (("entry to first guest instruction", boot, "instructions"),
                              ("hypervisor text", text, "bytes")):
        found.append({"name": name, "value": value, "unit": unit, "peer": LIMITS[name]})
    return found


def shown(value):
    """A figure of the table, or a dash."""
    return "-" if value is None else f"{value:,}"


def print_table(found, saved):
    """Print a line for each event, with its fences.

    @saved has the saved figures by name. Return the names of the events that are not under the
    figure to beat.
    """
    over = []
    print(f"{'event':<55} {'Cleave':>11} {'saved':>11} {'to beat':>11} {'fences':>7}")
    by_name = {r["name"]: r for r in found}
    for r in found:
        if r["peer"] is None:
            continue
        name = r["name"] + ("" if r["unit"] == "instructions" else ", " + r["unit"])
        fences = by_name.get(r["name"] + ": fences", {}).get("value", "")
        print(f"{name:<55} {shown(r['value']):>11} {shown(saved.get(r['name'])):>11} "
              f"{shown(r['peer']):>11} {fences:>7}")
        if r["value"] >= r["peer"]:
            over.append(r["name"])
    return over


def counted(out, runs=2):
    """Boot the benchmark guest @runs times. Return the rows, whose counts are exact."""
    each = [run_once(out) for _ in range(runs)]
    if any(other != each[0] for other in each):
        usage.progress()
        sys.exit("bench: two runs differ, so neither counts:\n" + "\n".join(map(str, each)))
    return results(*each[0], size.text_without_options(os.path.join(out, "cleave.map")))


def main():
    parser = usage.parser(__doc__.splitlines()[0])
    parser.add_argument("--out", default=os.path.join(TOP, os.environ.get("O", "build")),
                        help="build folder")
    parser.add_argument("--save", action="store_true",
                        help="save the figures in tests/bench/baseline.json")
    args = parser.parse_args()

    usage.progress(1, 2, "the benchmark guest, twice")
    exact = counted(args.out)
    usage.progress(2, 2, "a secured link, and a Linux that moves")
    found = exact + secure.rows(args.out, ICOUNT) + migrate.rows(args.out, ICOUNT)
    usage.progress()
    path = os.path.join(args.out, "bench", "results.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    compiler = baseline.compiler()
    saved = baseline.load().get(compiler, {})
    over = print_table(found, saved)
    print(f"written to {os.path.relpath(path)}; two runs gave the same counts (but for those of a "
          f"moved guest)")
    if args.save:
        baseline.save(compiler, exact)
        print(f"saved as the figures of {compiler}")
    elif not saved:
        print(f"bench: no figures of {compiler} are saved: nothing to compare with")
    else:
        over += baseline.compare(exact, saved)
    if over:
        sys.exit("bench: not under the figure to beat, or grown: " + "; ".join(over))


if __name__ == "__main__":
    main()
