# SPDX-License-Identifier: BSD-2-Clause
"""What migration tests are made of: machines with a manager and slots, and readers of their lines.

The manager is in script mode (its boot argument `script`). It takes one command a line and answers
with fields, `key=value`. Every command ends with `ok` or `error: ...`, and a job ends later with
`* done: ...` or `* failed: ...`. A line that begins with `* ` is never an answer.

A guest's lines carry the name of the partition that it is in. To follow a guest that moves, read
the lines of all its slots in turn.
"""

import re
import select
import socket
import threading
import time

from machine import LONG, SHORT, partition, qemu

MANAGER_MEMORY = ((0x80000000, 16 << 20),)
GUEST_MEMORY = ((0x80000000, 512 << 20),)
BOOTARGS = "console=ttyS0 earlycon=sbi"
UNASKED = "* "  # begins a line of the manager that belongs to no command's answer
OF_ITSELF = re.escape(UNASKED)
PEER = "cleave.peer"
STORE = "cleave.store"
# Memory of a manager that drives a device: there GPA = HPA.
DIRECT = ((0x90000000, 16 << 20),)


# --- machines ------------------------------------------------------------------------------------


def manager(link=False, more="", bootargs="script"):
    """The manager's node. With a link, it drives the machine's console device itself."""
    if link:
        more = f'direct-map; devices = "{qemu.LINK_NODE}"; {more}'
    return partition("manager", kernel="manager.bin", bootargs=bootargs,
                     memory=DIRECT if link else MANAGER_MEMORY,
                     more=f"cpu-affinity = <0>; manager; {more}")


def guest(name="linux", harts=(1, 2), memory=GUEST_MEMORY, bootargs=BOOTARGS, more=""):
    """A Linux partition that may move."""
    affinity = " ".join(str(h) for h in harts)
    return partition(name, kernel="Image", initrd="initrd.gz", cpus=len(harts), memory=memory,
                     bootargs=bootargs, more=f"cpu-affinity = <{affinity}>; migratable; {more}")


def slot(name="spare", harts=(1, 2), memory=GUEST_MEMORY, more="", **images):
    """An empty slot of the same shape. images: `kernel` and what goes with it, for a restart."""
    affinity = " ".join(str(h) for h in harts)
    return partition(name, cpus=len(harts), memory=memory,
                     more=f"cpu-affinity = <{affinity}>; incoming; {more}",
                     **{"kernel": None, **images})


# --- fields --------------------------------------------------------------------------------------


def fields(line):
    """{key: value} of a line of fields. Values that look like numbers become numbers."""
    found = {}
    for key, quoted, plain in re.findall(r'([^\s=]+)=(?:"([^"]*)"|(\S*))', line):
        value = quoted or plain
        if re.fullmatch(r"-?\d+", value):
            value = int(value)
        elif re.fullmatch(r"-?\d+\.\d+", value):
            value = float(value)
        found[key] = value
    return found


# Some of the fields with which a source ends its report
NEEDED = ("pages", "nonzero", "ratio", "downtime_ms", "downtime_ticks", "pages_at_ticks",
          "state_of_a_vcpu_bytes")


class Report:
    """What a job said when it was over."""

    def __init__(self, verdict, lines):
        self.verdict = verdict  # "done: ..." or "failed: ..."
        self.lines = lines
        rows = [fields(line) for line in lines if not line.startswith("progress: ")]
        self.passes = [row for row in rows if "pass" in row]
        self.leaves = [row for row in rows if "leaves" in row]
        sums = [row for row in rows if "passes" in row and "job" in row]
        self.sums = sums[0] if sums else {}
        self.progress = [fields(line) for line in lines if line.startswith("progress: ")]

        missing = [key for key in NEEDED if key not in self.sums]
        if self.ok and self.sums and "nonzero" in self.sums and missing:
            raise ValueError(f"the job's sums lack {missing}: {sums}")

    @property
    def ok(self):
        return self.verdict.startswith("done: ")

    def __getitem__(self, key):
        return self.sums[key]


class Manager:
    """Types at a machine's manager and reads what it answers."""

    def __init__(self, machine, name="manager"):
        self.machine = machine
        self.name = name
        self.jobs_from = 0  # where the lines of the present job begin

    def _own(self, start, end):
        prefix = self.name + "| "
        return [line[len(prefix):] for line in self.machine.screen.lines[start:end]
                if line.startswith(prefix)]

    def answer(self, start, end):
        """The answer to a command, among the machine's lines `start` to `end`."""
        return [line for line in self._own(start, end) if not line.startswith(UNASKED)]

    def told(self, start, end):
        """What the manager said unasked, among the machine's lines `start` to `end`."""
        return [line[len(UNASKED):] for line in self._own(start, end) if line.startswith(UNASKED)]

    def ready(self):
        """Wait until it answers for the first time."""
        self.machine.wait(r'^cleave\| input goes to partition \d+ ')
        self.run("list")

    def run(self, command, timeout=LONG):
        """Give a command that must succeed. Return: the lines of its answer."""
        verdict, lines = self.try_run(command, timeout)
        if verdict != "ok":
            self.machine.fail(f"{self.name}: '{command}' answered '{verdict}'")
        return lines

    def refused(self, command, timeout=LONG):
        """Give a command that must be refused. Return: what the error says."""
        verdict, _ = self.try_run(command, timeout)
        if not verdict.startswith("error: "):
            self.machine.fail(f"{self.name}: '{command}' was not refused")
        return verdict[len("error: "):]

    def until_accepted(self, command, timeout=LONG, refused="error: port"):
        """Repeat a command until it is not refused like that.

        Left out: until its port is there and the host's side of it is connected.
        """
        end = time.monotonic() + timeout
        verdict = refused
        while verdict.startswith(refused) and time.monotonic() < end:
            verdict, _ = self.try_run(command, timeout)
        if verdict != "ok":
            self.machine.fail(f"{self.name}: '{command}' answered '{verdict}'")

    def try_run(self, command, timeout=LONG):
        m = self.machine
        m.focus(self.name)
        start = m.at = len(m.screen.lines)
        m.sendline(command)
        match = m.wait(rf"^{self.name}\| (ok|error: .*)$", timeout)
        self.jobs_from = m.at
        return match[1], self.answer(start, m.at - 1)

    def rows(self, command):
        """The lines of a command's answer, as fields."""
        return [fields(line) for line in self.run(command)]

    def link_ready(self, port=PEER):
        """Wait until a port is connected and idle, as this side sees it."""
        end = time.monotonic() + SHORT
        while not any(row["port"] == port and row["state"] == "ready"
                      for row in self.rows("links")):
            if time.monotonic() > end:
                self.machine.fail(f"{self.name}: port {port} is not ready")
            time.sleep(0.2)

    def vm(self, name):
        """The row of `list` for partition `name`."""
        return [row for row in self.rows("list") if row["name"] == name][0]

    def leaves(self, name):
        """{page size: number of leaves} of all regions of a partition."""
        total = {"1_GiB": 0, "2_MiB": 0, "4_KiB": 0}
        for row in self.rows(f"leaves {name}"):
            for key in total:
                total[key] += row[f"{key}_leaves"]
        return total

    def tells(self, pattern, timeout=LONG):
        """Wait for an unasked line that begins with `pattern`. Return: the match."""
        return self.machine.wait(rf"^{self.name}\| {OF_ITSELF}{pattern}", timeout)

    # -- jobs

    def over(self, timeout=LONG):
        """Wait until the job that was started last is over. Return: its Report."""
        m = self.machine
        start = m.at = self.jobs_from
        match = self.tells(r"((?:done|failed): .*)$", timeout)
        self.jobs_from = m.at
        return Report(match[1], self.told(start, m.at - 1))

    def until_phase(self, pattern, timeout=LONG):
        """Wait until the present job reports progress that `pattern` matches."""
        m = self.machine
        m.at = self.jobs_from
        return self.tells(rf"progress: .*{pattern}", timeout)

    def migrate(self, what, to, *options, timeout=LONG):
        """Move a partition, which must succeed. Return: the Report."""
        self.run(" ".join(["migrate", what, "to", to, *options]))
        report = self.over(timeout)
        if not report.ok:
            self.machine.fail(f"{self.name}: {report.verdict}")
        return report


# --- the guest -----------------------------------------------------------------------------------


class Linux:
    """A Linux guest that moves: where it is now, and what it said in each place."""

    def __init__(self, machine, name="linux"):
        self.machine = machine
        self.name = name
        self.story = []  # (machine, name, first line, end) of each place where it was
        self.since = 0

    def up(self, timeout=LONG):
        self.machine.wait(rf"^{self.name}\| cleave-guest: up ", timeout)
        self.machine.wait_open(rf"^{self.name}\| cleave-guest# *$", timeout)

    def moved(self, machine, name, since):
        """Note that it is elsewhere now. `since`: the first line there that can be its own."""
        self.story.append((self.machine, self.name, self.since, len(self.machine.screen.lines)))
        self.machine, self.name, self.since = machine, name, since

    def shell(self, command, timeout=LONG):
        """Run a command in its shell. Return: the lines that it printed."""
        m = self.machine
        m.focus(self.name)
        mark = f"mark-{len(m.screen.lines)}"
        start = m.at = len(m.screen.lines)
        # First a fresh prompt, since the last one was printed wherever the guest was then. The
        # command's echo does not contain the mark.
        m.send("\r")
        m.sendline(f"{command}; echo {mark[:4]}''{mark[4:]}")
        m.wait(rf"^{self.name}\| {mark}$", timeout)
        own = self.name + "| "
        lines = [line[len(own):] for line in m.screen.lines[start:m.at - 1] if line.startswith(own)]
        return [line for line in lines if "cleave-guest# " not in line and "''" not in line]

    def start(self, load):
        """Start a load, e.g. "writer 25"."""
        said = self.shell("cleave-load start " + load)
        if not any(line.startswith(f"cleave-load: {load.split()[0]} started ") for line in said):
            self.machine.fail(f"the load {load} did not start: {said}")

    def check(self):
        """Ask all loads, and search the kernel's log, for errors; there must be none.

        Return: {load: its fields}, with the log as "klog".
        """
        m = self.machine
        m.focus(self.name)
        start = m.at = len(m.screen.lines)
        m.send("\r")
        m.sendline("cleave-load check")
        verdict = m.wait(rf"^{self.name}\| .*cleave-load: (all ok|FAIL) loads=\d+")
        said = "\n".join(m.screen.lines[start:m.at])
        if verdict[1] != "all ok" or "FAIL at once" in "\n".join(m.lines()):
            m.fail(f"the guest found something wrong:\n{said}")
        found = re.findall(r"cleave-load: (\w+) ok (.*)$", said, re.M)
        return {name: fields(rest) for name, rest in found}

    def stop(self):
        self.shell("cleave-load stop")

    def lines(self):
        """[(place, line)]: all that it said in all places, in order."""
        said = []
        story = self.story + [(self.machine, self.name, self.since, None)]
        for number, (machine, name, first, end) in enumerate(story):
            start = name + "| "
            said += [(number, line[len(start):]) for line in machine.screen.lines[first:end]
                     if line.startswith(start)]
        return said


def counted(said):
    """The numbers in a counter's lines. The two parts of a line that a move cut are joined."""
    whole = re.compile(r"counter (\d+)$")
    begun = re.compile(r"c(o(u(n(t(e(r( \d*)?)?)?)?)?)?)?$")
    joined = []
    for place, line in said:
        last = joined[-1] if joined else None
        if (last and last[0] != place and not whole.search(line) and begun.search(last[1])
                and whole.search(last[1] + line)):
            joined[-1] = (place, last[1] + line)
        else:
            joined.append((place, line))
    return [int(found[1]) for found in (whole.search(line) for _, line in joined) if found]


def same_count(numbers):
    """Return: whether no number is missing, doubled or out of order."""
    return bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


# --- moving a guest under a load -----------------------------------------------------------------

# The loads of cleave-load that a soak runs
LOADS = ["idle", "writer 25", "writer 100", "kernel", "clock", "counter"]

# A guest that dirties its memory faster than it is copied is braked a little, and stopped after
# these passes.
BUSY = {
    "writer 25": ("--passes", "4", "--brake", "60"),
    "writer 100": ("--passes", "3", "--brake", "60"),
    "kernel": ("--passes", "8", "--brake", "40"),
}


class Place:
    """Where a guest can be: a partition, and the manager of its machine.

    A place without a name is any slot of that machine.
    """

    def __init__(self, manage, name=None):
        self.manage = manage
        self.machine = manage.machine
        self.name = name


def arrived(place):
    """Wait until a guest from another machine has arrived. Return: the Place where it is now."""
    manage = place.manage
    report = manage.over()
    if not report.ok:
        manage.machine.fail(
            f"the source gave the guest away, and the destination says: {report.verdict}")
    slots = [re.search(r'into slot \d+ "(\S+)"', line) for line in report.lines]
    return Place(manage, [found[1] for found in slots if found][-1])


def move(guest, here, there, *options):
    """Move the guest, which must succeed. Return: the source's Report, the guest's new Place."""
    away = here.manage is not there.manage
    before = here.manage.leaves(here.name)
    since = there.manage.jobs_from = len(there.machine.screen.lines)
    report = here.manage.migrate(here.name, "peer" if away else there.name, *options)
    if away:
        there = arrived(there)
    guest.moved(there.machine, there.name, since)
    after = there.manage.leaves(there.name)
    if before != after or after["4_KiB"] != 0:
        there.machine.fail(f"the leaves are not what they were: {before}, then {after}")
    if not 0 < report["state_of_a_vcpu_bytes"] < 4096:
        here.machine.fail(f"the state of a vCPU is {report['state_of_a_vcpu_bytes']} bytes")
    return report, there


def under_load(guest, places, moves, load, *options):
    """Start a load, move the guest `moves` times between two places, check and stop the load.

    The guest is in places[0]; the list is kept up to date. Return: the reports, and the fields that
    the load reported.
    """
    guest.start(load)
    reports = []
    for _ in range(moves):
        report, places[1] = move(guest, *places, *BUSY.get(load, ()), *options)
        places.reverse()
        reports.append(report)
    said = guest.check()
    if load == "counter" and not same_count(counted(guest.lines())):
        guest.machine.fail(f"the counter's lines: {counted(guest.lines())}")
    guest.stop()
    return reports, said[load.split()[0]]


def give(man, store, data, command):
    """Begin a restore and send it a stream. Return: how it ended."""
    store.accept()
    man.link_ready(STORE)
    man.run(command)
    store.give(data)
    verdict = man.over().verdict
    store.cut()
    return verdict


def few_pages(report):
    """Whether no more was sent than an idle guest may cost: 1.02 of its pages that are not zero."""
    return 0 < report["nonzero"] and report["pages"] <= 1.02 * report["nonzero"]


# --- two machines --------------------------------------------------------------------------------


def peers(path):
    """QEMU's arguments for two machines whose managers are joined by a socket at `path`."""
    return (qemu.link({PEER: f"socket,path={path},server=on,wait=off"}),
            qemu.link({PEER: f"socket,path={path},reconnect-ms=200"}))


class Cutter(threading.Thread):
    """A wire between two sockets that can be cut.

    Machine one connects to `path`-1, machine two to `path`-2. After `limit` bytes from one to two,
    both connections are closed.
    """

    def __init__(self, path):
        super().__init__(daemon=True)
        self.paths = [f"{path}-1", f"{path}-2"]
        self.limit = None
        self.carried = 0
        self.cut = threading.Event()
        self.servers = []
        for name in self.paths:
            server = socket.socket(socket.AF_UNIX)
            server.bind(name)
            server.listen(1)
            self.servers.append(server)
        self.start()

    def arguments(self):
        """QEMU's arguments for the two machines."""
        return [qemu.link({PEER: f"socket,path={path},reconnect-ms=200"}) for path in self.paths]

    def cut_after(self, limit):
        """Cut when `limit` more bytes have gone from machine one to machine two."""
        self.cut.clear()
        self.limit = self.carried + limit

    def run(self):
        while True:
            ends = [server.accept()[0] for server in self.servers]
            self.carry(ends)
            for end in ends:
                end.close()

    def carry(self, ends):
        """Carry bytes until the wire is cut or an end is closed."""
        while True:
            for end in select.select(ends, [], [])[0]:
                try:
                    data = end.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                due = self.limit is not None and self.carried + len(data) >= self.limit
                if end is ends[0] and due:
                    data = data[:self.limit - self.carried]
                    self.limit = None
                    ends[1].sendall(data)
                    self.cut.set()
                    return
                if end is ends[0]:
                    self.carried += len(data)
                ends[end is ends[0]].sendall(data)


class Giver(threading.Thread):
    """The host's side of a store's port that sends a whole file to each connection."""

    def __init__(self, path, file):
        super().__init__(daemon=True)
        self.path = path
        with open(file, "rb") as f:
            self.data = f.read()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(1)
        self.end = None
        self.start()

    def arguments(self):
        return qemu.link({STORE: f"socket,path={self.path},reconnect-ms=200"})

    def run(self):
        while True:
            self.end = self.server.accept()[0]
            try:
                self.end.sendall(self.data)
                self.end.recv(1)  # returns when again() or QEMU ends the connection
            except OSError:
                pass
            self.end.close()

    def again(self):
        """End the connection, so that the next one gets the file from its beginning."""
        self.end.shutdown(socket.SHUT_RDWR)
