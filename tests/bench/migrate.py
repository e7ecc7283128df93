# SPDX-License-Identifier: BSD-2-Clause
"""Measure what it costs to move a guest: of an idle Linux downtime, pages sent and bytes of state,
and of a paused guest full of pages the work on each page.

The manager, the guest and the slot share one hart under `-icount`, so that all work is counted. A
tick of time is 100 instructions there. The guest is moved there and back a few times, and the least
figure counts: in some moves the guest already runs, and has its turn on the hart before the manager
reads the clock.

The commands are typed at no exact time. Unlike the other figures, these therefore differ a little
from run to run.
"""

import os
import shutil
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "boot"))

INSTRUCTIONS = 100  # in a tick
MOVES = 4


def measure(out, icount):
    """Move the guest and return the sums of each move, or None when there is no Linux here."""
    os.environ["O"] = os.path.abspath(out)
    # These are imported only now, because they read O and look for files below it.
    from machine import DEPS, LOGS, OUT, Machine, command, config, pack, guest as program
    from moves import Linux, Manager, Place, guest, manager, move, slot
    files = {"manager.bin": program("manager"),
             "Image": os.path.join(DEPS, "linux-6.12", "Image"),
             "initrd.gz": os.path.join(OUT, "linux", "initrd.gz")}
    if not all(os.path.exists(path) for path in files.values()):
        return None
    os.makedirs(LOGS, exist_ok=True)
    sums = []
    with tempfile.TemporaryDirectory() as folder:
        archive = pack(os.path.join(folder, "bench.cpio"),
                       config(manager(), guest(harts=(0, 0)), slot(harts=(0, 0))), files)
        machine = Machine(command(initrd=archive, smp=1, mem="2G", extra=icount),
                          os.path.join(LOGS, "bench-migrate.log"))
        try:
            moving = Linux(machine)
            moving.up()
            manage = Manager(machine)
            places = [Place(manage, "linux"), Place(manage, "spare")]
            for _ in range(MOVES):
                report, _ = move(moving, *places)
                places.reverse()
                sums.append(dict(report.sums, last=report.passes[-1]["pages"]))
        finally:
            machine.close()
    return sums


def written_once(manage):
    """Write the guest to the store. Return: the first pass."""
    manage.until_accepted("checkpoint work --passes 1")
    return manage.over().passes[0]


def restored(manage, store, path):
    """Restore a guest from a file. Return: instructions a page, without the waiting."""
    with open(path, "rb") as f:
        data = f.read()
    manage.link_ready("cleave.store")
    manage.run("restore spare")
    store.give(data)
    sums = manage.over().sums
    return INSTRUCTIONS * sums["busy_ticks"] // sums["pages"]


def measure_pages(out, icount):
    """Write a paused guest to a file, move it, and restore it. Return: instructions a page of each.

    A checkpoint of the first round is read back by a machine of its own.
    """
    os.environ["O"] = os.path.abspath(out)
    from link import Store
    from machine import LOGS, Machine, command, config, pack, partition, guest as program
    from moves import STORE, Manager, manager, slot
    import qemu
    memory = ((0x80000000, 64 << 20),)
    files = {"manager.bin": program("manager"), "workload.bin": program("workload")}
    work = partition("work", kernel="workload.bin", memory=memory, bootargs="beat=1",
                     more="cpu-affinity = <0>; migratable")
    os.makedirs(LOGS, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archive = pack(os.path.join(folder, "bench.cpio"),
                       config(manager(link=True), work, slot(harts=(0,), memory=memory)), files)
        kept = os.path.join(folder, "kept")
        link = qemu.link({STORE: f"file,path={kept}"})
        machine = Machine(command(initrd=archive, smp=1, mem="1G", extra=[*icount, *link]),
                          os.path.join(LOGS, "bench-pages.log"))
        try:
            manage = Manager(machine)
            manage.ready()
            machine.wait(r"^work\| alive: ")
            manage.run("pause work")
            # The device is this computer's: where it lets the guest wait, that counts as work.
            rows_written = [written_once(manage)]
            shutil.copy(kept, kept + ".1")
            rows_written += [written_once(manage) for _ in range(MOVES - 1)]
            written = min(rows_written, key=lambda row: row["time_ms"])
            moved = manage.migrate("work", "spare", "--passes", "1").passes[0]
        finally:
            machine.close()
        store = Store(folder)
        machine = Machine(command(initrd=archive, smp=1, mem="1G",
                                  extra=[*icount, *qemu.link({STORE: store.chardev()})]),
                          os.path.join(LOGS, "bench-restore.log"))
        try:
            manage = Manager(machine)
            manage.ready()
            manage.run("pause work")
            store.accept()
            read = restored(manage, store, kept + ".1")
        finally:
            machine.close()
            store.close()
    return [row["time_ms"] * 1_000_000 // row["pages"] for row in (written, moved)] + [read]


def page_rows(out, icount):
    """The rows of the work on each page."""
    written, moved, read = measure_pages(out, icount)
    return [
        {"name": "a page that is not zero: written to a link", "unit": "instructions",
         "peer": 6_000, "value": written},
        {"name": "a page that is not zero: read from a link", "unit": "instructions",
         "peer": 6_000, "value": read},
        {"name": "a page that is not zero: moved between slots", "unit": "instructions",
         "peer": 8_000, "value": moved},
    ]


def rows(out, icount):
    """The rows that follow the others in results.json. `peer` is the limit."""
    sums = measure(out, icount)
    if sums is None:
        print("bench: no Linux guest here: 'make setup' downloads it; moving it is not measured",
              file=sys.stderr)
        return page_rows(out, icount)

    def least(of):
        return min(of(s) for s in sums)

    return page_rows(out, icount) + [
        {
            "name": "downtime of an idle guest, beside the last pages",
            "unit": "instructions",
            "peer": 5_000_000,
            "value": INSTRUCTIONS *
            least(lambda s: s["downtime_ticks"] - s["pages_at_ticks"] + s["state_at_ticks"])
        },
        {
            "name": "downtime: the last pages, per page",
            "unit": "instructions",
            "peer": None,
            "value": INSTRUCTIONS *
            least(lambda s: (s["pages_at_ticks"] - s["state_at_ticks"]) // max(s["last"], 1))
        },
        {
            "name": "pages sent of an idle guest, of those not zero",
            "unit": "ratio",
            "peer": 1.02,
            "value": max(s["ratio"] for s in sums)
        },
        {
            "name": "state of a vCPU",
            "unit": "bytes",
            "peer": 4096,
            "value": max(s["state_of_a_vcpu_bytes"] for s in sums)
        },
    ]
