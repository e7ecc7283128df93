# SPDX-License-Identifier: BSD-2-Clause
"""Partitions with programs of tests/guests that several files of tests boot, and the shapes that they have."""

from machine import guest, partition

SMALL = ((0x80000000, 16 << 20),)

# vCPUs, the hart of each, harts of the machine, further CPU properties
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
    return "cpu-affinity = <" + " ".join(str(h) for h in harts) + ">"


def sched(name, harts, args=None):
    return partition(name, cpus=len(harts), bootargs=args, more=affinity(harts))


STATE = {"payload.bin": guest("state")}


def state(bootargs="rounds=3", **more):
    return partition("p", bootargs=bootargs, **more)


def transfer(boot, cpus=3, mode="", rounds=20, **kwargs):
    """A manager, a victim in the slot "here", and the empty slot "there"."""
    return boot([
        partition("manager", bootargs=f"role=manager rounds={rounds} {mode}", more="manager"),
        partition("here", cpus=cpus, memory=SMALL, bootargs=f"role=victim {mode}",
                  more="migratable"),
        partition("there", kernel=None, cpus=cpus, memory=SMALL, more="incoming")
    ], {"payload.bin": guest("transfer")}, **kwargs)
