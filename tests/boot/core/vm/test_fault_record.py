# SPDX-License-Identifier: BSD-2-Clause
"""What is kept and said of a partition that faults: its registers and its callers."""

import re

import pytest

from machine import guest, partition


def boot_fault(boot, chain, **kwargs):
    return boot([partition("manager", bootargs=f"chain={chain}", more="manager"),
                 partition("victim", bootargs=f"chain={chain}", more='on-bad-access = "stop"')],
                {"payload.bin": guest("fault")}, smp=2, **kwargs)


@pytest.mark.parametrize("chain", ["good", "circle", "odd", "nowhere"])
def test_registers_are_kept_and_printed(boot, chain):
    m = boot_fault(boot, chain)
    m.payload_result("manager")
    assert m.wait_end() == 0
    said = [line for line in m.lines("cleave") if line.startswith('partition "victim": ')]
    assert [line for line in said if "load outside its memory" in line]
    regs = " ".join(line.partition(": ")[2] for line in said
                    if re.fullmatch(r'partition "victim":( [a-z]\w+ 0x[0-9a-f]+){4}', line)).split()
    values = dict(zip(regs[::2], regs[1::2]))
    assert list(values)[:3] == ["zero", "ra", "sp"] and len(values) == 32
    assert values["s7"] == "0x1122334455667788" and values["t6"] == "0x40000000"
    frames = [line.partition(": ")[2] for line in said if "called from" in line]
    assert frames == {"good": ["called from 0x3333 from 0x2222 from 0x1111"],
                      "circle": ["called from 0x3333 from 0x2222"]}.get(chain, [])
    assert not [line for line in m.lines("victim") if "FAIL" in line]


def test_they_are_not_printed_below_level_info(boot):
    m = boot_fault(boot, "good", append="cleave.log=warning")
    m.payload_result("manager")
    assert m.wait_end() == 0
    assert not [line for line in m.lines("cleave") if "called from" in line or " s7 0x" in line]
    assert [line for line in m.lines("cleave") if "load outside its memory" in line]
