# SPDX-License-Identifier: BSD-2-Clause
"""The SBI that guests see, to the letter: the payload tests/guests/sbi, with every way to share harts and to keep time."""

import pytest

from cleavetest import guest, partition

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


@pytest.mark.parametrize("shape", SHAPES)
def test_sbi(boot, shape):
    cpus, harts, smp, cpu = SHAPES[shape]
    m = boot([partition("p", cpus=cpus, more=affinity(harts))], {"payload.bin": guest("sbi")}, smp=smp, cpu=cpu)
    m.payload_result("p")
    m.wait(r'^cleave\| partition "p": shut down by its guest$')
    assert m.wait_end() == 0
