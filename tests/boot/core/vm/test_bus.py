# SPDX-License-Identifier: BSD-2-Clause
"""What the machine's tree says of a bus reaches the guest that drives a device behind it."""

import re
import struct

import pytest

from board import device_tree
from machine import command, config, guest, pack, partition

RTC = "/soc/rtc@101000"
FW_CFG = "/fw-cfg@10100000"  # below the root, and coherent by its own word
# Of the bus: its devices see memory 2 GiB lower than the harts do.
DMA_RANGES = (0x0, 0x80000000, 0x80000000)


def cells(*values):
    return " ".join(f"{v >> 32:#x} {v & 0xffffffff:#x}" for v in values)


def of_soc(text):
    """A change for device_tree(): /soc says this too."""
    return lambda source: source.replace("soc {", f"soc {{ {text}", 1)


def start(boot, tmp_path, text, files, cpu="", more="", **node):
    """Boot one partition with both devices on a machine whose /soc says `text`."""
    blob = device_tree(tmp_path, 1, of_soc(text))
    more = f'devices = "{RTC}", "{FW_CFG}"; direct-map; {more}'
    archive = pack(str(tmp_path / "a.cpio"), config(partition("p", more=more, **node)), files)
    return boot(argv=command(initrd=archive, smp=1, cpu=cpu, extra=("-dtb", blob)))


def test_linux_sees_it(boot, linux, tmp_path):
    """A Linux finds its device non-coherent, behind the bus's dma-ranges; the other is coherent."""
    m = start(boot, tmp_path, f"dma-noncoherent; dma-ranges = <{cells(*DMA_RANGES)}>;", linux(),
              kernel="Image", initrd="initrd.gz", memory=((0x90000000, 256 << 20),),
              bootargs="console=ttyS0 earlycon=sbi")
    m.wait(r"^p\| cleave-guest: up ")
    assert m.shell("cd /proc/device-tree/soc", "p") == []
    # The shell shows short commands in one line, which is not taken for an answer.
    assert m.shell("ls bus@101000/rtc* | grep dma", "p") == ["dma-noncoherent"]
    assert m.shell("ls fw-cfg* | grep dma", "p") == ["dma-coherent"]
    words = "".join(m.shell("od -v -An -tx1 bus*/dma-ranges", "p")).split()
    assert bytes.fromhex("".join(words)) == struct.pack(">3Q", *DMA_RANGES)


NOT_SEEN = (rf'warning: /partitions/p: devices: "{RTC}" does not snoop the harts\' caches '
            r"\(dma-noncoherent\), and these harts give guests no Zicbom")


@pytest.mark.parametrize("text, cpu, more, warned", [
    ("dma-noncoherent;", "zicbom=off", "", True),
    ("dma-noncoherent;", "zicbom=off", f'no-dma = "{RTC}"', False),
    ("dma-noncoherent;", "", "", False),
    ("dma-coherent;", "zicbom=off", "", False),
], ids=["no-zicbom", "no-dma", "zicbom", "coherent"])
def test_nobody_could_clean_the_caches(boot, tmp_path, text, cpu, more, warned):
    """A warning says so where the device does not snoop and the harts give the guest no Zicbom."""
    m = start(boot, tmp_path, text, {"payload.bin": guest("passthrough")}, cpu=cpu, more=more,
              memory=((0x90000000, 16 << 20),), bootargs="irq=11")
    m.wait(r'^cleave\| partition 0 "p": device ')
    m.wait(r"^p\| done: [1-9]\d* passed, 0 failed")
    assert warned == any(re.match(NOT_SEEN, line) for line in m.lines("cleave"))
