# SPDX-License-Identifier: BSD-2-Clause
"""Partitions with programs of tests/guests, for tests in more than one file, and their shapes."""

import os
import re

import pytest

from machine import DEPS, OUT, TOP, guest, newc, partition

SMALL = ((0x80000000, 16 << 20),)

# vCPUs, the hart of each, harts of the machine, more CPU properties for QEMU
SHAPES = {
    "1-vcpu": (1, (0,), 1, ""),
    "2-vcpus": (2, (0, 1), 2, ""),
    "4-vcpus": (4, (0, 1, 2, 3), 4, ""),
    "4-vcpus-on-1-hart": (4, (0, 0, 0, 0), 1, ""),
    "4-vcpus-on-2-harts": (4, (1, 0, 1, 0), 2, ""),
    "2-vcpus-without-sstc": (2, (0, 1), 2, "sstc=off"),
    "4-vcpus-on-1-hart-without-sstc": (4, (0, 0, 0, 0), 1, "sstc=off"),
}


def affinity(harts):
    """The property that gives each vCPU its hart."""
    return "cpu-affinity = <" + " ".join(str(h) for h in harts) + ">"


def sched(name, harts, args=None, more=""):
    """A partition for tests/guests/sched, with a vCPU on each of `harts`; `more`: properties."""
    return partition(name, cpus=len(harts), bootargs=args, more=f"{affinity(harts)}; {more}")


def role(name, what, harts=(0,), more="", kernel="payload.bin"):
    """A partition for a program that has roles, with a vCPU on each of `harts`."""
    return partition(name, kernel=kernel, cpus=len(harts), bootargs=f"role={what}",
                     more=f"{affinity(harts)}; {more}")


# Instructions of a round in which tests/guests/fair and tests/guests/interference count
LOOP = 1004

STATE = {"payload.bin": guest("state")}


def state(bootargs="rounds=3", **more):
    """A partition for tests/guests/state, with which STATE goes."""
    return partition("p", bootargs=bootargs, **more)


def transfer(boot, cpus=3, mode="", rounds=20, **kwargs):
    """Boot tests/guests/transfer: a manager, a victim in slot "here", and an empty slot "there"."""
    return boot([
        partition("manager", bootargs=f"role=manager rounds={rounds} {mode}", more="manager"),
        partition("here", cpus=cpus, memory=SMALL, bootargs=f"role=victim {mode}",
                  more="migratable"),
        partition("there", kernel=None, cpus=cpus, memory=SMALL, more="incoming")
    ], {"payload.bin": guest("transfer")}, **kwargs)


def downloaded(*path):
    """The path of a file below deps/. The test is skipped where it was not downloaded."""
    path = os.path.join(DEPS, *path)
    if not os.path.exists(path):
        pytest.skip(f"{os.path.relpath(path, TOP)} is not here: 'make setup' downloads it")
    return path


def uboot():
    """Debian's U-Boot for S-mode."""
    return downloaded("u-boot", "u-boot.bin")


def with_programs(files, folder, *names, also=(), **scripts):
    """The files of a Linux guest, with programs of tests/linux in its initrd, and shell scripts.

    They are in its /bin, by their names. also: those of its files that it finds in / itself
    """
    path = folder / "initrd"
    entries = [(f"bin/{name}", text.encode()) for name, text in scripts.items()]
    for name in also:
        with open(files[name], "rb") as f:
            entries.append((name, f.read()))
    for name in names:
        with open(os.path.join(OUT, "linux", name), "rb") as f:
            entries.append((f"bin/{name}", f.read()))
    with open(files["initrd.gz"], "rb") as f:
        initrd = f.read()
    # Linux unpacks what follows too, from the next multiple of four bytes.
    path.write_bytes(initrd + bytes(-len(initrd) % 4) + newc(entries, mode=0o100755))
    return files | {"initrd.gz": str(path)}


class Prompt:
    """U-Boot's prompt on the console of a machine; what it says begins with `who`."""

    def __init__(self, m, who=""):
        self.m = m
        self.who = who
        self.nr = 0
        # A key stops it within two seconds; otherwise it looks for what is not there, and then
        # gives its prompt too.
        start = "^" + re.escape(who)
        m.wait_open(start + "Hit any key to stop autoboot|" + start + "=> *$")
        m.send("\r")
        m.wait_open(start + "=> *$")

    def run(self, command):
        """Run a command. Return: the lines that it printed."""
        self.nr += 1
        first = len(self.m.lines())
        # The prompt's shell puts the mark together, so the echo does not contain it.
        self.m.send(f"{command}; echo do''ne-{self.nr}\r")
        self.m.wait(rf"^{re.escape(self.who)}done-{self.nr}$")
        return [line[len(self.who):] for line in self.m.lines()[first:]
                if line.startswith(self.who)]
