#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Migrate a Linux guest there and back many times under each load, and print a table.

    make soak                                        everything, which takes hours
    make soak SOAK="idle clock" COUNT=5 WAYS=slots   two loads, five moves each way, slots only

The guest moves between slots of one machine and between two machines. Every migration compares all
pages before the hand-over, and fails when one differs. After each row of migrations the load's own
checker, the counter's lines and the kernel's log must show no error. The exit status is 0 when
every row went well.
"""

import os
import shutil
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, *folder) for folder in (("tests", "boot"), ("scripts",))]
import usage  # noqa: E402
from machine import DEPS, LOGS, OUT, Machine, command, config, pack, guest as program  # noqa: E402
from moves import (
    LOADS,
    Linux,
    Manager,
    Place,
    few_pages,
    guest,
    manager,
    peers,
    slot,  # noqa: E402
    under_load)

HEADING = ("way", "load", "moves", "passes", "pages sent", "nonzero", "ratio", "downtime ms",
           "MiB/s", "s", "checker")
WIDTHS = (5, 11, 5, 6, 10, 8, 6, 12, 6, 6, 7)


def files(version):
    """The files that the boot archives hold, by name."""
    return {
        "manager.bin": program("manager"),
        "Image": os.path.join(DEPS, f"linux-{version}", "Image"),
        "initrd.gz": os.path.join(OUT, "linux", "initrd.gz")
    }


class Machines:
    """One machine, or two that are joined. All of them have ended after `with`."""

    def __init__(self, way, version, name):
        self.machines = []
        self.folder = tempfile.mkdtemp(prefix="cleave-soak-")
        self.way, self.version, self.name = way, version, name

    def __enter__(self):
        try:
            return self.up()
        except BaseException:  # `with` does not call __exit__ when __enter__ fails
            self.__exit__()
            raise

    def up(self):
        """Boot the machines and wait for the guest. Return it and the places where it can be."""
        if self.way == "slots":
            m = self.boot([manager(), guest(), slot()])
            manage = Manager(m)
            places = [Place(manage, "linux"), Place(manage, "spare")]
        else:
            near, far = peers(os.path.join(self.folder, "peer"))
            m = self.boot([manager(link=True), guest(), slot()], near)
            other = self.boot([manager(link=True), slot()], far)
            m.beside, other.beside = [other], [m]
            places = [Place(Manager(m), "linux"), Place(Manager(other))]
        moving = Linux(m)
        moving.up()
        return moving, places

    def boot(self, partitions, extra=()):
        number = len(self.machines)
        archive = pack(os.path.join(self.folder, f"{number}.cpio"), config(*partitions),
                       files(self.version))
        machine = Machine(command(initrd=archive, smp=3, mem="2G", extra=extra),
                          os.path.join(LOGS, f"soak-{self.name}-{number}.log"))
        self.machines.append(machine)
        return machine

    def __exit__(self, *_):
        for machine in self.machines:
            machine.close()
        shutil.rmtree(self.folder)


def row(way, load, reports, seconds, checker):
    """A line of the table: the sums of all moves, and the longest downtime."""
    pages, nonzero = (sum(r[key] for r in reports) for key in ("pages", "nonzero"))
    rates = [r["MiB/s"] for r in reports]
    return (way, load, len(reports), sum(r["passes"] for r in reports), pages, nonzero,
            f"{pages / max(nonzero, 1):.3f}", max((r["downtime_ms"] for r in reports), default="-"),
            f"{sum(rates) / max(len(rates), 1):.1f}", f"{seconds:.0f}", checker)


def show(values):
    print(
        " ".join(
            f"{v:<{w}}" if n < 2 else f"{v:>{w}}" for n, (v, w) in enumerate(zip(values, WIDTHS))),
        flush=True)


def soak(way, load, count, version):
    """Make the migrations of one row. Return the row and whether it went well."""
    begin = time.monotonic()
    try:
        with Machines(way, version, f"{way}-{load.replace(' ', '')}") as (moving, places):
            reports, _ = under_load(moving, places, 2 * count, load, "--verify")
    except Exception as failed:  # any error: the other rows and the table must still follow
        print(f"soak: {way} {load}: {type(failed).__name__} {failed}", file=sys.stderr, flush=True)
        return row(way, load, [], time.monotonic() - begin, "FAILED"), False
    good = load != "idle" or all(few_pages(r) for r in reports)
    return row(way, load, reports, time.monotonic() - begin, "clean" if good else "RATIO"), good


def main():
    parser = usage.parser(__doc__.splitlines()[0])
    known = {load.replace(" ", ""): load for load in LOADS}
    parser.add_argument("loads", nargs="*", metavar="LOAD", help="of: " + " ".join(known))
    parser.add_argument("--count", type=int, default=20,
                        help="migrations each way, in a row (%(default)s)")
    parser.add_argument("--ways", nargs="*", default=["slots", "peers"], choices=["slots", "peers"],
                        help="between slots of one machine, between two machines (both)")
    parser.add_argument("--linux", default="6.12", help="which of deps/linux-* (%(default)s)")
    args = parser.parse_args()
    unknown = [name for name in args.loads if name not in known]
    if unknown or args.count < 1:
        parser.error(f"no load {unknown[0]}; there are: {' '.join(known)}"
                     if unknown else "--count is 1 or more")
    loads = [load for name, load in known.items() if not args.loads or name in args.loads]
    os.makedirs(LOGS, exist_ok=True)

    rows = []
    for way in args.ways:
        for load in loads:
            rows.append(soak(way, load, args.count, args.linux))
            show(rows[-1][0])
    print()
    show(HEADING)
    for values, _ in rows:
        show(values)
    bad = [values for values, good in rows if not good]
    print(f"soak: {len(rows) - len(bad)} rows went well, {len(bad)} did not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
