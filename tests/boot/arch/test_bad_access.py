# SPDX-License-Identifier: BSD-2-Clause
"""Accesses to what is not there: the guest gets the fault that a hart gives ("on-bad-access")."""

import pytest

from machine import MODES, guest, partition

PAYLOAD = {"payload.bin": guest("badaccess")}


def told(m):
    """The hypervisor's lines about what the partition may not do."""
    return [line for line in m.lines("cleave")
            if line.startswith('partition "p": vCPU') and "outside its" in line]


@pytest.mark.parametrize("mode", MODES)
def test_a_guest_gets_what_a_hart_gives(boot, mode):
    """Every kind of access, from S- and U-mode; the first is said, and all are counted."""
    m = boot([partition("p", more=f'gstage-mode = "{mode}"')], PAYLOAD, smp=1)
    assert m.payload_result("p") > 100
    assert m.wait_end() == 0
    said = told(m)
    assert len(said) == 1 and "it got an access fault" in said[0], said


def test_stop(boot):
    """on-bad-access = "stop": the first such access ends the partition, with a line."""
    m = boot([partition("p", more='on-bad-access = "stop"')], PAYLOAD, smp=1)
    m.wait(r'^cleave\| partition "p": vCPU 0: load outside its memory and devices at 0x40000238, ')
    assert m.wait_end() == 0
    assert len(told(m)) == 1 and "access fault" not in told(m)[0]


@pytest.mark.parametrize("end, at", [("vector", "fetch outside its memory at 0x40000000, pc 0x4"),
                                     ("vector-walk", "page table outside its memory at 0x4")])
def test_a_vector_that_cannot_be_fetched(boot, end, at):
    """A fault on the vector would lead to itself for ever: the partition ends."""
    m = boot([partition("p", bootargs=f"end={end}")], PAYLOAD, smp=1)
    m.wait(rf'^cleave\| partition "p": vCPU 0: {at}.*scause 0x14')
    assert m.wait_end() == 0
    assert len(told(m)) == 2
    assert not [line for line in m.lines("p") if line.startswith("FAIL")]
