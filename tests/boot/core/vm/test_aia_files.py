# SPDX-License-Identifier: BSD-2-Clause
"""Partitions with interrupt files and an APLIC."""

import pytest

from machine import guest, partition
from payloads import affinity


@pytest.mark.parametrize("machine, cpu, harts", [
    ("aia=aplic-imsic,aia-guests=3", "smstateen=true", (0, 1)),
    ("", "ssaia=true", (1, 1)),
])
def test_every_register(boot, machine, cpu, harts):
    """Files are emulated on harts with an IMSIC and Smstateen, and on harts that have Ssaia alone.

    In the latter case both vCPUs share a hart with a partition that has a PLIC. A manager starts
    and pauses the partition, and cannot have records of it.
    """
    m = boot([partition("p", cpus=2,
                        more=f'interrupts = "aia"; {affinity(harts)}; manual-start'),
              partition("m", bootargs="look", more=f"manager; {affinity((0,))}"),
              partition("plic", kernel="state.bin", cpus=2, bootargs="rounds=20",
                        more=affinity((0, 1)))],
             {"payload.bin": guest("imsic"), "state.bin": guest("state")}, smp=2,
             machine=machine, cpu=cpu)
    m.wait_all(r"^p\| done: 18 passed, 0 failed", r"^m\| done: 4 passed, 0 failed",
               r"^plic\| done: 11 passed, 0 failed")
    assert m.wait_end() == 0


def test_harts_without_the_aia(boot):
    m = boot([partition("p", more='interrupts = "aia"')], {"payload.bin": guest("imsic")}, smp=1)
    m.wait(r"^cleave\| error: /partitions/p: interrupts: this machine's harts have no AIA "
           r'\(Ssaia\); allowed: "plic"$')
