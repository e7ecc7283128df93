# SPDX-License-Identifier: BSD-2-Clause
"""Linux starts another kernel by kexec, and after a crash.

On the way it leaves its page tables by a jump into nothing, and counts on the access fault.
"""

import os

import pytest

from machine import OUT, newc, partition

MEMORY = ((0x80000000, 256 << 20),)


def with_kexec(files, folder):
    """The files of a guest, with the program of tests/linux in its initrd."""
    path = folder / "initrd"
    with open(files["initrd.gz"], "rb") as f:
        initrd = f.read()
    with open(os.path.join(OUT, "linux", "kexec"), "rb") as f:
        program = f.read()
    # Linux unpacks what follows too, from the next multiple of four bytes.
    path.write_bytes(initrd + bytes(-len(initrd) % 4) + newc([("bin/kexec", program)]))
    return files | {"initrd.gz": str(path)}


@pytest.mark.parametrize("version, how", [("6.12", "kexec"), ("7.2", "crash")])
def test_another_kernel(boot, linux, tmp_path, version, how):
    m = boot([partition("linux", kernel="Image", initrd="initrd.gz", cpus=2, memory=MEMORY,
                        bootargs="console=ttyS0 earlycon=sbi crashkernel=32M")],
             with_kexec(linux(version), tmp_path), smp=2)
    m.wait(r"^linux\| cleave-guest: up ")
    m.prompt("linux")
    m.sendline("chmod 755 /bin/kexec; " + ("kexec" if how == "kexec" else
                                           "kexec crash && echo c >/proc/sysrq-trigger"))
    m.wait(r"^linux\| kexec: loaded at 0x8")
    m.wait(r"^linux\| kexec: the new kernel runs")
    m.wait(r'^cleave\| partition "linux": shut down by its guest')
    assert m.wait_end() == 0
    said = [line for line in m.lines("cleave") if "it got an access fault" in line]
    assert len(said) == 1 and "fetch outside its memory" in said[0], said
