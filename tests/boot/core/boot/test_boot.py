# SPDX-License-Identifier: BSD-2-Clause
"""Where Cleave is loaded, what starts it, and what the boot report says about the machine."""

import os
import re

import pytest

from machine import MODES, OUT, SHORT, command, config, guest, pack, partition
from payloads import uboot


def jump_to(address):
    """Code for 0x80200000, where the firmware jumps to, that jumps to `address`.

    The address must be less than 2048 times a power of two.
    """
    shift = (address & -address).bit_length() - 1
    value = address >> shift
    assert value < 2048
    li = value << 20 | 5 << 7 | 0x13  # addi t0, x0, value
    slli = shift << 20 | 5 << 15 | 1 << 12 | 5 << 7 | 0x13  # slli t0, t0, shift
    jr = 5 << 15 | 0x67  # jalr x0, 0(t0)
    return b"".join(i.to_bytes(4, "little") for i in (li, slli, jr))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("address,mem", [(0x87600000, "1G"), (0x1_40000000, "4G")])
def test_load_address(boot, tmp_path, address, mem, mode):
    stub = tmp_path / "stub.bin"
    stub.write_bytes(jump_to(address))
    image = os.path.join(OUT, "cleave.bin")
    m = boot([partition("sbi", cpus=2, more=f'gstage-mode = "{mode}"')],
             {"payload.bin": guest("sbi")}, kernel=str(stub), smp=2, mem=mem,
             extra=["-device", f"loader,file={image},addr={address:#x},force-raw=on"])
    m.wait(rf"^cleave\| Cleave .* loaded at {address:#x}")
    m.payload_result("sbi")
    assert m.wait_end() == 0


@pytest.mark.parametrize("smp", [1, 8])
def test_harts(boot, smp):
    """One hart, and eight harts, with a vCPU on each."""
    m = boot([partition("sched", cpus=smp, bootargs="alone")], {"payload.bin": guest("sched")},
             smp=smp)
    m.wait(rf"^cleave\| harts: .*: {smp} of {smp} online")
    m.payload_result("sched")
    assert m.wait_end() == 0


def test_report(boot):
    """The boot report names the version, the firmware, the harts, their features and all memory."""
    m = boot([partition("console", bootargs="mode=device")], {"payload.bin": guest("console")},
             smp=2, append="quiet cleave.eager_page_split=off")
    m.payload_result("console")
    assert m.wait_end() == 0
    text = "\n".join(m.lines("cleave"))
    for words in (r"Cleave \S+ \(\S+\), a hypervisor for RISC-V", r"firmware: SBI 2\.0, OpenSBI",
                  r"G-stage: sv39x4 sv48x4 sv57x4", r"extensions: .*Sstc yes", r"A/D self-test: ",
                  r"isa: ", r"memory: 0x0*80000000 to", r'partition 0 "console": 1 vCPU',
                  r"boot took \d+ ticks"):
        assert re.search(words, text), words


def stop_autoboot(m, speaker=""):
    """Get to U-Boot's prompt.

    If its two seconds are over before the key arrives, the prompt comes by itself, since U-Boot
    finds nothing to boot.
    """
    m.wait_shown(rf"^{speaker}Hit any key to stop autoboot")
    m.send(" ")
    m.wait_open(rf"^{speaker}=> *$", SHORT)


@pytest.mark.parametrize("mode", MODES)
def test_uboot_in_a_partition(boot, mode):
    m = boot([partition("uboot", memory=((0x80000000, 64 << 20),), more=f'gstage-mode = "{mode}"')],
             {"payload.bin": uboot()}, smp=1)
    stop_autoboot(m, r"uboot\| ")
    m.sendline("bdinfo")
    m.wait(r"^uboot\| DRAM bank|^uboot\| -> size *= 0x0*4000000")
    m.wait_open(r"^uboot\| => *$")
    m.at = len(m.lines())
    m.sendline("reset")
    stop_autoboot(m, r"uboot\| ")
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "uboot": shut down by its guest')
    assert m.wait_end() == 0


def test_started_by_uboot(boot, tmp_path):
    """U-Boot's booti starts cleave.bin, whose header is that of a Linux image."""
    archive = pack(str(tmp_path / "a.cpio"), config(partition("sbi", cpus=2)),
                   {"payload.bin": guest("sbi")})
    size = os.path.getsize(archive)
    image, at = 0x84000000, 0x88000000
    m = boot(argv=command(kernel=uboot(), smp=2, mem="1G", extra=[
        "-device", f"loader,file={os.path.join(OUT, 'cleave.bin')},addr={image:#x},force-raw=on",
        "-device", f"loader,file={archive},addr={at:#x},force-raw=on"]))
    stop_autoboot(m)
    m.sendline("setenv bootargs cleave.focus=sbi")
    m.wait(r"^=> setenv ", SHORT)
    m.wait_open(r"^=> *$", SHORT)
    m.sendline(f"booti {image:#x} {at:#x}:{size:x} ${{fdtcontroladdr}}")
    m.wait(r"^cleave\| Cleave .* loaded at 0x")
    m.wait(r'^cleave\| boot arguments: cleave\.focus=sbi')
    m.payload_result("sbi")
    assert m.wait_end() == 0
