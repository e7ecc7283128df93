# SPDX-License-Identifier: BSD-2-Clause
"""Debian's EDK2 for QEMU's virt board is a guest: it comes up in S-mode, from flash addresses.

It is linked to 0x20000000, keeps its variables in flash at 0x22000000, and works at 0x82000000 to
0x83ffffff before it has read the device tree, which must not be there. The flash is the machine's,
whose tree needs a node for that bank alone: virt's has one for both.
"""

import re
import shutil

from board import device_tree
from machine import SHORT, command, config, pack, partition
from payloads import downloaded

CODE, VARS = "RISCV_VIRT_CODE.fd", "RISCV_VIRT_VARS.fd"
FLASH = "/flash@22000000"
MEMORY = ((0x80000000, 256 << 20), (0x20000000, 32 << 20))


def second_bank(source):
    """A change for device_tree(): the flash's node has the bank of the variables alone."""
    start = source.index("flash@20000000 {")
    end = source.index("}", start)
    node = re.sub(r"reg = <[^>]*>", "reg = <0x0 0x22000000 0x0 0x2000000>", source[start:end])
    return source[:start] + node.replace("flash@20000000", FLASH[1:]) + source[end:]


def edk2(boot, tmp_path, **kwargs):
    kwargs = {"memory": MEMORY, "more": "load-address = <0 0x20000000>; "
              f'fdt-address = <0 0x88000000>; devices = "{FLASH}"; no-dma = "{FLASH}"'} | kwargs
    archive = pack(str(tmp_path / "a.cpio"), config(partition("edk2", kernel=CODE, **kwargs)),
                   {CODE: downloaded("edk2", CODE)})
    variables = shutil.copy(downloaded("edk2", VARS), tmp_path)
    return boot(argv=command(initrd=archive, smp=1, extra=(
        "-dtb", device_tree(tmp_path, 1, second_bank),
        "-drive", f"if=pflash,unit=1,format=raw,file={variables}")))


def test_its_shell(boot, tmp_path):
    """It comes to its shell, keeps a variable in its flash, and shuts the partition down."""
    m = edk2(boot, tmp_path)
    m.wait(r"^edk2\| .*RISC-V EDK2 firmware version")
    m.wait_shown(r"^edk2\| .*Press ESC in \d seconds to skip startup.nsh", SHORT)
    m.send("\x1b")
    m.wait_open(r"^edk2\| .*Shell> *$")
    m.send("setvar kept -guid 11223344-1122-1122-1122-112233445566 -nv -bs =0x4711\r")
    m.wait_open(r"^edk2\| .*Shell> *$")
    m.send("setvar kept -guid 11223344-1122-1122-1122-112233445566\r")
    m.wait(r"^edk2\| .*11 47")
    m.wait_open(r"^edk2\| .*Shell> *$")
    m.send("reset -s\r")
    m.wait(r'^cleave\| partition "edk2": shut down by its guest')
    assert m.wait_end() == 0


def test_where_it_cannot_run(boot, tmp_path):
    """Elsewhere a warning says where virt has it, and it ends, as it reads what is not there."""
    m = edk2(boot, tmp_path, memory=MEMORY[:1], more="")
    m.wait(rf'^cleave\| warning: /partitions/edk2: kernel: "{CODE}" is a firmware volume of EDK2, '
           r"and goes to 0x80200000: QEMU's virt has it at 0x20000000")
    m.wait(r'^cleave\| partition "edk2": vCPU 0: load outside its memory and devices at 0x200000')
    m.wait_end()
