# SPDX-License-Identifier: BSD-2-Clause
"""Linux with the Advanced Interrupt Architecture, whose interrupt files are emulated."""

import pytest

from machine import partition
from payloads import affinity

LINUX = dict(kernel="Image", initrd="initrd.gz", cpus=2, memory=((0x80000000, 128 << 20),),
             bootargs="console=ttyS0 earlycon=sbi")


@pytest.mark.parametrize("version, machine, cpu, harts", [
    ("7.2", "aia=aplic-imsic,aia-guests=3", "smstateen=true", (0, 1)),
])
def test_linux_with_the_aia(boot, linux, version, machine, cpu, harts):
    m = boot([partition("linux", more=f'interrupts = "aia"; {affinity(harts)}', **LINUX)],
             linux(version), smp=2, machine=machine, cpu=cpu)
    m.wait(r"^linux\| cleave-guest: up nproc=2 ")
    m.prompt("linux")
    m.sendline("grep APLIC /proc/interrupts; echo d''one")
    m.wait(r"^linux\| done")
    said = "\n".join(m.lines("linux"))
    assert "APLIC-MSI" in said and "providing IPIs using interrupt 1" in said, said
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "linux": shut down by its guest')
    assert m.wait_end() == 0
