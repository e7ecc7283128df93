# SPDX-License-Identifier: BSD-2-Clause
"""The SBI that guests see, to the letter: the payload tests/guests/sbi in every shape."""

import pytest

from machine import guest, partition
from payloads import SHAPES, affinity


@pytest.mark.parametrize("shape", SHAPES)
def test_sbi(boot, shape):
    cpus, harts, smp, cpu = SHAPES[shape]
    m = boot([partition("p", cpus=cpus, more=affinity(harts))], {"payload.bin": guest("sbi")},
             smp=smp, cpu=cpu)
    m.wait(r"^p\| all bytes that had to wait$")
    m.payload_result("p")
    m.wait(r'^cleave\| partition "p": shut down by its guest$')
    assert m.wait_end() == 0
