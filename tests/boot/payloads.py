# SPDX-License-Identifier: BSD-2-Clause
"""Partitions with programs of tests/guests, for tests in more than one file, and their shapes."""

import os

import pytest

from machine import DEPS, TOP, guest, partition

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


def uboot():
    """Debian's U-Boot for S-mode. The test is skipped where it was not downloaded."""
    path = os.path.join(DEPS, "u-boot", "u-boot.bin")
    if not os.path.exists(path):
        pytest.skip(f"{os.path.relpath(path, TOP)} is not here: 'make setup' downloads it")
    return path
