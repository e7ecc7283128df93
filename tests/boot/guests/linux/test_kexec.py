# SPDX-License-Identifier: BSD-2-Clause
"""Linux starts another kernel by kexec, and after a crash.

On the way it leaves its page tables by a jump into nothing, and counts on the access fault.
"""

import pytest

from machine import partition
from payloads import affinity, with_programs

MEMORY = ((0x80000000, 256 << 20),)


@pytest.mark.parametrize("version, how", [("6.12", "kexec"), ("7.2", "crash")])
def test_another_kernel(boot, linux, tmp_path, version, how):
    m = boot([partition("linux", kernel="Image", initrd="initrd.gz", cpus=2, memory=MEMORY,
                        bootargs="console=ttyS0 earlycon=sbi crashkernel=32M")],
             with_programs(linux(version), tmp_path, "kexec"), smp=2)
    m.wait(r"^linux\| cleave-guest: up ")
    m.prompt("linux")
    m.sendline("kexec" if how == "kexec" else "kexec crash && echo c >/proc/sysrq-trigger")
    m.wait(r"^linux\| kexec: loaded at 0x8")
    m.wait(r"^linux\| kexec: the new kernel runs")
    m.wait(r'^cleave\| partition "linux": shut down by its guest')
    assert m.wait_end() == 0
    said = [line for line in m.lines("cleave") if "it got an access fault" in line]
    assert len(said) == 1 and "fetch outside its memory" in said[0], said


def test_another_linux_after_a_crash(boot, linux, tmp_path):
    """The new kernel is a Linux with an initrd, and has all four harts, two of them by turns.

    It lives in the memory that was reserved for it.
    """
    files = with_programs(linux("6.12"), tmp_path, "kexec", also=("Image", "initrd.gz"))
    m = boot([partition("linux", kernel="Image", initrd="initrd.gz", cpus=4,
                        memory=((0x80000000, 512 << 20),), more=affinity((0, 1, 0, 1)),
                        bootargs="console=ttyS0 earlycon=sbi crashkernel=160M")],
             files, smp=2, mem="2G")
    m.wait(r"^linux\| cleave-guest: up nproc=4 ")
    m.prompt("linux")
    m.sendline("kexec crash /Image /initrd.gz && echo c >/proc/sysrq-trigger")
    m.wait(r"^linux\| kexec: loaded at 0x[89]")
    up = m.wait(r"^linux\| cleave-guest: up nproc=(\d+) mem_kib=(\d+) ")
    assert (int(up[1]), int(up[2]) < 160 << 10) == (4, True)
    m.prompt("linux")
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "linux": shut down by its guest')
    assert m.wait_end() == 0
