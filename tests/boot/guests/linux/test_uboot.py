# SPDX-License-Identifier: BSD-2-Clause
"""U-Boot is a guest: what was loaded for it is whole at its prompt, and it starts a Linux."""

import os
import random
import re
import zlib

import pytest

from machine import SHORT, partition
from payloads import Prompt, uboot

KERNEL = 0x81200000  # of the Linux in the flat image, which goes to 0x80200000


def middle(memory):
    """Where the initrd goes: in the middle of the memory."""
    return 0x80000000 + (memory >> 1)


@pytest.mark.parametrize("memory, size", [
    (128 << 20, 4 << 20), (96 << 20, 40 << 20), (64 << 20, 12 << 20), (1 << 30, 99 << 20)])
def test_the_initrd_is_whole(boot, tmp_path, memory, size):
    """U-Boot moves itself to the end of memory, where initrd and device tree do not stand."""
    initrd = tmp_path / "initrd"
    initrd.write_bytes(random.Random(1).randbytes(size))
    m = boot([partition("uboot", kernel="u-boot.bin", initrd="initrd",
                        memory=((0x80000000, memory),))],
             {"u-boot.bin": uboot(), "initrd": str(initrd)}, smp=1, mem="2G")
    prompt = Prompt(m, "uboot| ")
    said = prompt.run("fdt addr ${fdtcontroladdr}; fdt print /chosen linux,initrd-start")
    at = re.search(r"linux,initrd-start = <0x0+ (0x[0-9a-f]+)>", "\n".join(said))[1]
    assert int(at, 0) + size <= 0x80000000 + memory - (32 << 20)
    said = prompt.run(f"crc32 {at} {size:x}")
    crc = f"==> {zlib.crc32(initrd.read_bytes()):08x}"
    assert [line for line in said if line.endswith(crc)], said
    # There is room in the tree that U-Boot hands on.
    said = prompt.run("fdt set /chosen added abcdefgh; fdt print /chosen added; echo still here")
    assert 'added = "abcdefgh"' in said and "still here" in said, said


@pytest.mark.parametrize("how", ["booti", "bootefi"])
def test_linux(boot, linux, tmp_path, how):
    """One flat image holds U-Boot and a Linux, which U-Boot starts from memory."""
    flat = tmp_path / "flat.bin"
    with open(uboot(), "rb") as f:
        first = f.read()
    files = linux("6.12")
    with open(files["Image"], "rb") as f:
        kernel = f.read()
    flat.write_bytes(first + bytes(KERNEL - 0x80200000 - len(first)) + kernel)
    memory = 256 << 20
    m = boot([partition("uboot", kernel="flat.bin", initrd="initrd.gz", cpus=2,
                        memory=((0x80000000, memory),), bootargs="console=ttyS0 earlycon=sbi")],
             {"flat.bin": str(flat), "initrd.gz": files["initrd.gz"]}, smp=2)
    prompt = Prompt(m, "uboot| ")
    size = os.path.getsize(files["initrd.gz"])
    command = {"booti": f"booti {KERNEL:#x} {middle(memory):#x}:{size:x} ${{fdtcontroladdr}}",
               "bootefi": f"bootefi {KERNEL:#x}:{len(kernel):x} ${{fdtcontroladdr}}"}[how]
    prompt.m.send(command + "\r")
    m.wait(r"^uboot\| cleave-guest: up nproc=2 ")
    m.wait_open(r"^uboot\| cleave-guest# *$")
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "uboot": shut down by its guest')
    assert m.wait_end() == 0


def test_where_it_cannot_run(boot):
    """U-Boot is linked to 0x80200000: elsewhere the configuration is refused, and says so."""
    with pytest.raises(AssertionError) as refused:
        boot([partition("uboot", kernel="u-boot.bin", memory=((0x90000000, 128 << 20),))],
             {"u-boot.bin": uboot()}, smp=1)
    assert ('kernel: "u-boot.bin" is linked to run at 0x80200000, and goes to 0x90200000: U-Boot '
            "runs nowhere else") in str(refused.value)
    m = boot([partition("uboot", kernel="u-boot.bin",
                        memory=((0x90000000, 64 << 20), (0x80000000, 128 << 20)),
                        more="load-address = <0 0x80200000>")], {"u-boot.bin": uboot()}, smp=1)
    m.wait(r"^uboot\| U-Boot 20", SHORT)
