# SPDX-License-Identifier: BSD-2-Clause
"""Device trees of the host that are missing, malformed, incomplete, or wrong about the archive."""

import re
import struct

import pytest

from board import (AT_OTHER, AT_USUAL, BLOB, RAM, device_tree, elsewhere, initrd_at,
                   qemus_firmware, trampoline)
from machine import SHORT, command


@pytest.mark.parametrize("a1, words", [
    (0, r"no device tree: the firmware gave 0x0 in a1; allowed: "),
    (0x80000004, r"no device tree: the firmware gave 0x80000004 in a1; allowed: "),
    (1 << 60, r"no device tree: the firmware gave 0x1000000000000000 in a1; allowed: "),
    (RAM + (8 << 30), r"no device tree: a1 is 0x280000000, where no memory answers"),
    (AT_OTHER,
     r"no device tree at 0x90000000 \(a1\): it begins with 0x[0-9a-f]{8}, not 0xd00dfeed"),
])
def test_no_device_tree(boot, tmp_path, a1, words):
    m = boot(argv=elsewhere(tmp_path, AT_OTHER, a1=a1, smp=1))
    m.wait(r"^cleave\| " + words)
    m.wait_end(SHORT)


def spoilt(tree, where):
    tree = bytearray(tree)
    if where == "size":
        tree[4:8] = struct.pack(">I", 0x7fffffff)
    elif where == "short":
        tree[4:8] = struct.pack(">I", 100)
    elif where == "version":
        # libfdt does not bound its reads of such a tree.
        tree[20:28] = struct.pack(">II", 16, 16)
    elif where == "structure":
        start = struct.unpack(">I", tree[8:12])[0]
        tree[start + 40:start + 60] = b"\xff" * 20
    return bytes(tree)


@pytest.mark.parametrize("where, words", [
    ("size", r"it says that it has 2147483647 bytes; allowed: 40 to "),
    ("short", r"is malformed: it is cut off"),
    ("version", r"has a version before 17; wanted: 17 or later"),
    ("structure", r"is malformed: its nodes and properties are damaged"),
])
def test_a_device_tree_that_is_malformed(boot, tmp_path, where, words):
    blob = device_tree(tmp_path, 1,
                       lambda source: source.replace("riscv-virtio,qemu", "spoilt,tree"))
    with open(blob, "rb") as f:
        tree = f.read()
    m = boot(argv=elsewhere(tmp_path, AT_OTHER, a1=BLOB, blob=spoilt(tree, where), smp=1))
    m.wait(rf"^cleave\| device tree at {BLOB:#x}:? " + words)
    m.wait_end(SHORT)


@pytest.mark.parametrize("pattern, new, words", [
    (r'device_type = "memory";', "", r"device tree: no node with device_type = \"memory\""),
    (r"\tcpus \{", "\tzpus {", r"device tree: no /cpus"),
    (r"timebase-frequency = <0x[0-9a-f]+>;", "", r"device tree: no timebase-frequency in /cpus"),
    (r"timebase-frequency = <0x[0-9a-f]+>;", "timebase-frequency = <9999>;",
     r"device tree: /cpus: timebase-frequency is 9999 Hz; allowed: 10000 Hz or more$"),
])
def test_a_device_tree_without(boot, tmp_path, pattern, new, words):
    # The firmware needs these too, so it gets a whole tree, and Cleave gets this one.
    blob = device_tree(tmp_path, 1, lambda source: re.sub(pattern, new, source))
    with open(blob, "rb") as f:
        tree = f.read()
    m = boot(argv=elsewhere(tmp_path, AT_OTHER, a1=BLOB, blob=tree, smp=1))
    m.wait(r"^cleave\| " + words)
    m.wait_end(SHORT)


@pytest.mark.parametrize("start, end, words", [
    (0x40000000, 0x40001000, r"at 0x40000000 to 0x40001000, which is not memory: not used"),
    (AT_USUAL + 0x1000, AT_USUAL + 0x2000,
     r"at 0x80201000 to 0x80202000 overlaps the hypervisor at 0x80200000 to "),
    (RAM, RAM + 0x1000,
     r"the memory at 0x80000000 to 0x80001000, or a part of it, cannot be read: not used"),
])
def test_an_initrd_where_it_cannot_be(boot, tmp_path, start, end, words):
    """The last one is the firmware's memory, which traps when it is read."""
    blob = device_tree(tmp_path, 1, initrd_at(start, end))
    m = boot(argv=command(smp=1, extra=("-dtb", blob)))
    m.wait(r"^cleave\| boot archive: .*" + words)
    m.wait(r"^cleave\| no boot archive: pass one as the initrd")
    m.wait_end(SHORT)


def test_an_initrd_around_what_the_firmware_protects(boot, tmp_path):
    """Its first and its last bytes can be read. The firmware is between them, moved there."""
    firmware = RAM + 0x10000000
    start, end = firmware - 0x100000, firmware + 0x1000000
    blob = device_tree(tmp_path, 1, initrd_at(start, end))
    jump = trampoline(tmp_path / "jump.bin", firmware)
    loader = f"loader,file={qemus_firmware()},addr={firmware:#x},force-raw=on"
    m = boot(argv=command(smp=1, extra=("-dtb", blob, "-bios", jump, "-device", loader)))
    m.wait(rf"^cleave\| boot archive: the memory at {start:#x} to {end:#x}, or a part of it, "
           rf"cannot be read: not used")
    m.wait(r"^cleave\| no boot archive: pass one as the initrd")
    m.wait_end(SHORT)
