# SPDX-License-Identifier: BSD-2-Clause
"""A small system that is written for QEMU's virt board and knows its addresses by heart.

tests/guests/rtos: vectored traps, a PLIC with contexts of M and S, ticks against the machine's
clock, nested timers, code that changes, harts that come and go.
"""

import re

import pytest

from machine import ICOUNT, guest, partition

RTC = 'devices = "/soc/rtc@101000"'


def rtos(boot, file="rtos.bin", more=RTC, **kwargs):
    path = guest("rtos").replace(".bin", file[4:])
    return boot([partition("rtos", kernel=file, cpus=2, memory=((0x80000000, 64 << 20),),
                           more=more)], {file: path}, smp=2, **kwargs)


@pytest.mark.parametrize("file", ["rtos.bin", "rtos.elf"])
def test_it_runs_as_it_is(boot, file):
    m = rtos(boot, file)
    m.wait(r"^rtos\| press k")
    m.send("k")
    assert m.payload_result("rtos") == 12
    assert "ok a key is heard by its interrupt" in m.lines("rtos")
    assert m.wait_end() == 0


@pytest.mark.parametrize("cpu, kinds", [("", 2), ("sstc=off", 1)], ids=["sstc", "no-sstc"])
def test_its_ticks(boot, cpu, kinds):
    """200 ticks of 1,000 us by SBI, and by stimecmp, take 200 ms of the machine's clock.

    A tick takes its way through the hypervisor, and no more.
    """
    m = rtos(boot, cpu=cpu, extra=ICOUNT)
    assert m.payload_result("rtos") == 9 + kinds
    assert m.wait_end() == 0
    found = re.findall(r"ticks 200 took (\d+) us, latest (\d+) us", "\n".join(m.lines("rtos")))
    assert len(found) == kinds
    for took, latest in found:
        assert 200000 <= int(took) < 200300 and int(latest) < 200, (took, latest)


def test_without_the_contexts_of_m(boot):
    """plic-contexts = "s" is what such a system cannot use: its UART's interrupt never comes."""
    m = rtos(boot, more=f'{RTC}; plic-contexts = "s"')
    m.wait(r"^rtos\| FAIL the UART interrupts in context 1")
