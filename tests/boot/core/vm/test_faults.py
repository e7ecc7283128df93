# SPDX-License-Identifier: BSD-2-Clause
"""The property on-fault: what is done with a partition that did what it must not.

How each such fault is reported: arch/test_vcpu.py.
"""

import pytest

from machine import MODES, guest, partition

STOP = 'on-bad-access = "stop"'


@pytest.mark.parametrize("mode", MODES)
def test_restart_after_a_fault(boot, mode):
    """on-fault = "restart": the partition is loaded and started again, a limited number of times.

    Its neighbour does not notice.
    """
    m = boot([partition("faulty", bootargs="end=store-nowhere",
                        more=f'on-fault = "restart"; {STOP}; gstage-mode = "{mode}"'),
              partition("witness", bootargs="mode=echo", kernel="console.bin")],
             {"payload.bin": guest("mmio"), "console.bin": guest("console")}, smp=2,
             append="cleave.focus=witness")
    m.wait(r'^cleave\| partition "faulty": .*store')
    m.wait(r'^cleave\| partition "faulty": restarting it \(1 of (\d+)')
    m.wait(r"^faulty\| now: store-nowhere")
    m.wait(r'^cleave\| partition "faulty": restarted \d+ times within \d+ seconds: it stays '
           r'stopped')
    runs = m.lines("faulty").count("now: store-nowhere")
    restarts = len([line for line in m.lines("cleave") if "restarting it" in line])
    assert runs == restarts + 1 > 2
    m.wait_open(r"^witness\| echo> *$")
    m.sendline("alive")
    m.wait(r"^witness\| heard 5 bytes")


def test_on_fault_reset_resets_the_machine(boot):
    m = boot([partition("faulty", bootargs="end=fetch-nowhere",
                        more=f'on-fault = "reset"; {STOP}')],
             {"payload.bin": guest("mmio")}, smp=1, extra=["-no-reboot"])
    m.wait(r'^cleave\| partition "faulty": on-fault = "reset": resetting the machine')
    m.wait_end()
