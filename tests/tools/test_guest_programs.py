# SPDX-License-Identifier: BSD-2-Clause
"""Tests of how guest programs are built and connected.

They check the list of words that start.S relocates, and the launcher's link.
"""

import os
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
import qemu  # noqa: E402

TABLE = os.path.join(TOP, "guests/lib/relocs.awk")
READELF = """
Relocation section '.rela.text' at offset 0x2c8 contains 3 entries:
    Offset             Info             Type               Symbol's Value  Symbol's Name + Addend
0000000080200040  0000001700000017 R_RISCV_PCREL_HI20     0000000080200000 guest_entry + 0
0000000080200044  0000001800000018 R_RISCV_PCREL_LO12_I   0000000080200040 .L0 + 0
{text}
Relocation section '.rela.data' at offset 0x2c8 contains 2 entries:
    Offset             Info             Type               Symbol's Value  Symbol's Name + Addend
0000000080204008  0000000200000002 R_RISCV_64             0000000080200000 table + 8
0000000080204018  0000000200000002 R_RISCV_64             0000000080200000 table + 10

Relocation section '.rela.debug_info' at offset 0x2c8 contains 2 entries:
    Offset             Info             Type               Symbol's Value  Symbol's Name + Addend
0000000000000006  0000000200000001 R_RISCV_32             0000000000000000 .debug_abbrev + 0
000000000000000c  0000000200000002 R_RISCV_64             0000000000000000 .debug_str + 0
"""


def run(text=""):
    return subprocess.run(["awk", "-f", TABLE], input=READELF.format(text=text),
                          capture_output=True, text=True, check=False)


def test_words_that_hold_addresses_are_listed():
    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ['\t.section .relocs, "a"', "\t.dword 0x0000000080204008",
                                       "\t.dword 0x0000000080204018", ""]


@pytest.mark.parametrize(
    "kind",
    ["R_RISCV_HI20", "R_RISCV_32", "R_RISCV_LO12_I", "R_RISCV_RELATIVE", "R_RISCV_TPREL_HI20"])
def test_what_cannot_be_moved_fails_the_build(kind):
    done = run(f"0000000080200048  000000180000001a {kind} 0000000080203000 thing + 0\n")
    assert done.returncode == 1
    assert f"'.rela.text': {kind} at 0x0000000080200048: " in done.stderr
    assert done.stderr.count("\n") == 1


def test_launcher_makes_a_link():
    argv = qemu.link({"cleave.peer": "socket,path=/a,server=on,wait=off", "cleave.store": "null"})
    assert "virtio-mmio.force-legacy=false" in argv
    assert "socket,id=link0,path=/a,server=on,wait=off" in argv and "null,id=link1" in argv
    assert "virtserialport,chardev=link0,name=cleave.peer" in argv
    assert "virtserialport,chardev=link1,name=cleave.store" in argv
    done = subprocess.run(
        [os.path.join(TOP, "scripts/qemu.py"), "--link", "cleave.peer=null", "--", "-S"],
        capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("-chardev null,id=link0 -device "
                                         "virtserialport,chardev=link0,name=cleave.peer -S")


def test_launcher_refuses_a_link_without_a_name():
    done = subprocess.run([os.path.join(TOP, "scripts/qemu.py"), "--link", "null"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--link null: wanted: NAME=CHARDEV" in done.stderr
