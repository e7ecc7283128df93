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


def written(manage, kept, *options, times=1):
    """Write the guest to the store @times times. Return: the quickest first pass, and the stream.

    The device is this computer's: where it lets the guest wait, that counts as work.
    """
    before = os.path.getsize(kept)
    rows_of = []
    for _ in range(times):
        manage.until_accepted(" ".join(("checkpoint work --passes 1", *options)))
        rows_of.append(manage.over().passes[0])
    with open(kept, "rb") as f:
        f.seek(before)
        data = f.read()
    return min(rows_of, key=lambda row: row["time_ms"]), data[:len(data) // times]


def restored(manage, store, data):
    """Restore a guest from @data. Return: instructions a page, without the waiting."""
    manage.link_ready("cleave.store")
    manage.run("restore spare")
    store.give(data)
    sums = manage.over().sums
    manage.run("destroy spare")
    return INSTRUCTIONS * sums["busy_ticks"] // sums["pages"]


def measure_pages(out, icount):
    """Write a paused guest to a file, move it, and restore it, also packed.

    Return: instructions a page of each, and bytes a page of the two streams, by name.
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

    def booted(name, chardev):
        machine = Machine(command(initrd=archive, smp=1, mem="1G",
                                  extra=[*icount, *qemu.link({STORE: chardev})]),
                          os.path.join(LOGS, name))
        manage = Manager(machine)
        manage.ready()
        machine.wait(r"^work\| alive: ")
        manage.run("pause work")
        return machine, manage

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        archive = pack(os.path.join(folder, "bench.cpio"),
                       config(manager(link=True), work, slot(harts=(0,), memory=memory)), files)
        kept = os.path.join(folder, "kept")
        machine, manage = booted("bench-pages.log", f"file,path={kept}")
        try:
            rows_of = dict(zip(("plain", "packed"), (
                written(manage, kept, times=MOVES), written(manage, kept, "--pack", "lz4"))))
            moved = manage.migrate("work", "spare", "--passes", "1").passes[0]
        finally:
            machine.close()
        for name, (row, data) in {**rows_of, "moved": (moved, b"")}.items():
            found[name] = row["time_ms"] * 1_000_000 // row["pages"]
            found[name + " bytes"] = len(data) // row["pages"]
        store = Store(folder)
        machine, manage = booted("bench-restore.log", store.chardev())
        try:
            store.accept()
            for name, (_, data) in rows_of.items():
                found[name + " read"] = restored(manage, store, data)
        finally:
            machine.close()
            store.close()
    return found


def page_rows(out, icount):
    """The rows of the work on each page. Of packed ones there is no limit but what they were."""
    found = measure_pages(out, icount)
    page = "a page that is not zero: "
    return [
        {"name": page + "written to a link", "unit": "instructions",
         "peer": 6_000, "value": found["plain"]},
        {"name": page + "read from a link", "unit": "instructions",
         "peer": 6_000, "value": found["plain read"]},
        {"name": page + "moved between slots", "unit": "instructions",
         "peer": 8_000, "value": found["moved"]},
        {"name": page + "written packed", "unit": "instructions",
         "peer": 40_000, "value": found["packed"]},
        {"name": page + "read packed", "unit": "instructions",
         "peer": 40_000, "value": found["packed read"]},
        {"name": page + "on the link", "unit": "bytes",
         "peer": 4_200, "value": found["plain bytes"]},
        {"name": page + "on the link, packed", "unit": "bytes",
         "peer": 400, "value": found["packed bytes"]},
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
