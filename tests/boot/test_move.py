# SPDX-License-Identifier: BSD-2-Clause
"""Moving a partition between slots of one machine: the workload guest checks every page it writes, before, during and after."""

import re

import pytest

from cleavetest import LONG, SHORT, guest, partition

MIB = 1 << 20
FILES = {"manager.bin": guest("manager"), "workload.bin": guest("workload")}
MEMORY = ((0x80000000, 16 * MIB),)


def manager(**more):
    return partition("manager", kernel="manager.bin", bootargs="script", more="manager; cpu-affinity = <0>", **more)


def worker(name="work", memory=MEMORY, more="migratable; cpu-affinity = <1 2>", cpus=2):
    return partition(name, kernel="workload.bin", cpus=cpus, memory=memory, more=more)


def slot(name, memory=MEMORY, cpus=2, more="incoming; cpu-affinity = <2 3>"):
    return partition(name, kernel=None, cpus=cpus, memory=memory, more=more)


def fields(text):
    return {k: v.strip('"') for k, v in re.findall(r'([^\s=]+)=("[^"]*"|\S*)', text)}


class Manager:
    """The manager's shell in script mode: a command a line in, its lines out."""

    def __init__(self, machine, name="manager"):
        self.m = machine
        self.name = name

    def command(self, line, ok=True):
        """Give a command. Return: its last line."""
        self.m.sendline(line)
        last = self.m.wait(rf"^{self.name}\| (ok|error: .*)$", SHORT)[1]
        assert (last == "ok") == ok, last
        return last

    def done(self, timeout=LONG):
        """Wait for the end of a job. Return: (its last line, its passes, its sums, leaves by when)."""
        start = self.m.at
        end = self.m.wait(rf"^{self.name}\| (done|failed): .*", timeout)[0]
        own = self.name + "| "
        said = [line[len(own):] for line in self.m.screen.lines[start:self.m.at] if line.startswith(own)]
        passes = [fields(line) for line in said if line.startswith("pass=")]
        sums = [fields(line) for line in said if line.startswith("job=")]
        leaves = {f["when"]: (f["leaves"], f["1_GiB"], f["2_MiB"], f["4_KiB"])
                  for f in (fields(line) for line in said if line.startswith("leaves="))}
        return end[len(own):], passes, sums[0] if sums else {}, leaves


def up(boot, partitions, smp=4, mem="2G"):
    m = boot(partitions, FILES, smp=smp, mem=mem)
    m.wait(r"^work\| workload on 2 harts")
    m.focus("manager")
    return m, Manager(m)


def test_there_and_back(boot):
    m, manage = up(boot, [manager(), worker(), slot("spare")])
    manage.command("migrate work to spare --verify")
    print(manage.done())
