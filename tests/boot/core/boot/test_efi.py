# SPDX-License-Identifier: BSD-2-Clause
"""EFI starts Cleave: from U-Boot and from EDK2, with the boot archive by LoadFile2, by `initrd=`,
or where the device tree names it."""

import os
import re
import shutil
import struct
import uuid

import pytest

from machine import OUT, command, config, guest, pack, partition
from payloads import Prompt, downloaded, uboot

IMAGE = os.path.join(OUT, "cleave.bin")

# --- the image -----------------------------------------------------------------------------------


def sections():
    """The PE header of the image. Return: (entry, size of the image, its sections)."""
    with open(IMAGE, "rb") as f:
        image = f.read()
    assert image[:2] == b"MZ" and image[56:60] == b"RSC\x05"
    pe = struct.unpack_from("<I", image, 60)[0]
    magic, machine, count, optional_size, flags = struct.unpack_from("<4sHH12xHH", image, pe)
    assert (magic, machine) == (b"PE\0\0", 0x5064)
    assert flags & 3 == 2, "executable, and not tied to an address"
    at = pe + 24
    kind, entry, base, align, file_align, total, headers, subsystem, nr = struct.unpack_from(
        "<H14xI4xQII16xII4xH38xI", image, at)
    assert kind == 0x20b and subsystem == 10 and base == 0
    assert optional_size == 112 + 8 * nr and nr >= 6
    assert struct.unpack_from(f"<{nr * 2}I", image, at + 112) == (0,) * nr * 2
    # Sections of pages, so that a firmware can protect them, and UEFI's least alignment.
    assert align == file_align == 4096
    table = at + optional_size
    assert table + 40 * count <= headers == 4096
    found = [struct.unpack_from("<8s4I12xI", image, table + 40 * i) for i in range(count)]
    return image, entry, total, found


def test_pe_header():
    """Every firmware finds all of the file in sections, one after the other, none both W and X."""
    image, entry, total, found = sections()
    end = 4096
    for _, size, address, raw_size, raw, flags in found:
        assert address == raw == end and size == raw_size and size % 4096 == 0
        assert flags & 0xa0000000 != 0xa0000000 and flags & 0x40000000
        end += size
    assert end == total == len(image)
    _, size, address, _, _, flags = found[-1]
    assert address <= entry < address + size and flags & 0x20000020 == 0x20000020
    # What loaders without EFI copy covers what EFI loads.
    assert struct.unpack_from("<Q", image, 16)[0] >= total
    # The page of the headers holds nothing else: U-Boot does not load it all.
    assert not any(image[64 + 24 + 112 + 48 + 40 * len(found):4096])


# --- U-Boot --------------------------------------------------------------------------------------


def disk(folder):
    """QEMU's arguments for a disk with one FAT partition that holds the files of `folder`."""
    return ["-drive", f"if=none,id=efi,format=raw,readonly=on,file=fat:{folder}",
            "-device", "virtio-blk-device,drive=efi"]


def archive(path):
    """A boot archive with a partition that uses both harts."""
    return pack(str(path), config(partition("sched", cpus=2, bootargs="alone")),
                {"payload.bin": guest("sched")})


@pytest.fixture
def volume(tmp_path):
    """A folder with Cleave and a boot archive, as a person would put them on a disk."""
    folder = tmp_path / "volume"
    folder.mkdir()
    shutil.copy(IMAGE, folder / "cleave.efi")
    shutil.move(archive(tmp_path / "boot.cpio"), folder / "boot.cpio")
    return folder


def runs(m, bootargs="cleave.log=debug"):
    """Cleave has been started, with these boot arguments, and its partition does what it should."""
    m.wait(r"^cleave\| Cleave \S+ \(\S+\), a hypervisor for RISC-V, loaded at ")
    m.wait(rf"^cleave\| boot arguments: {bootargs}$")
    m.payload_result("sched")
    assert m.wait_end() == 0


def test_uboot_initrd_option(boot, volume):
    """bootefi, with a boot archive that the load options name; before, one that is not there."""
    m = boot(argv=command(kernel=uboot(), smp=2, mem="512M", extra=disk(volume)))
    prompt = Prompt(m)
    prompt.run("load virtio 0:1 ${kernel_addr_r} cleave.efi")
    prompt.run("setenv bootargs initrd=/nowhere.cpio")
    said = prompt.run("bootefi ${kernel_addr_r} ${fdtcontroladdr}")
    assert ("cleave| EFI: initrd=\\nowhere.cpio: opening it: the firmware says NOT_FOUND (14)" in
            said), said
    assert sum(line.startswith("cleave|") for line in said) == 1, said
    prompt.run("setenv bootargs initrd=/boot.cpio cleave.log=debug")
    m.send("bootefi ${kernel_addr_r} ${fdtcontroladdr}\r")
    runs(m)


def device_path(kind, subtype, data=b""):
    return struct.pack("<BBH", kind, subtype, 4 + len(data)) + data


def load_option(start, size, signature, args):
    """A boot entry for cleave.efi with boot.cpio as its initrd, both on an MBR's first partition.

    UEFI 2.10, 3.1.3 "Load Options" and 10.3.5.1 "Hard Drive".
    """
    drive = device_path(4, 1, struct.pack("<IQQI12xBB", 1, start, size, signature, 1, 1))
    initrd = device_path(4, 3, uuid.UUID("5568e427-68fc-4f3d-ac74-ca555231cc68").bytes_le)
    end = device_path(0x7f, 0xff)

    def file(name):
        return drive + device_path(4, 4, (name + "\0").encode("utf-16-le"))

    paths = file("\\cleave.efi") + end + initrd + file("\\boot.cpio") + end
    return struct.pack("<IH", 1, len(paths)) + "cleave\0".encode("utf-16-le") + paths + \
        (args + "\0").encode("utf-16-le")


def test_uboot_load_file2(boot, volume):
    """The boot manager: a boot entry with an initrd, which U-Boot offers by LoadFile2."""
    # As QEMU lays out the disk of a folder.
    option = load_option(63, 1024 * 16 * 63 - 63, 0xbe1afdfa, "cleave.log=debug")
    (volume / "entry.var").write_bytes(option)
    # U-Boot may have entries and an order of its own making.
    (volume / "next.var").write_bytes(struct.pack("<H", 0xc1))
    m = boot(argv=command(kernel=uboot(), smp=2, mem="512M", extra=disk(volume)))
    prompt = Prompt(m)
    said = "\n".join(prompt.run("part list virtio 0"))
    assert re.search(r"^ *1\s*63\s*1032129\s*be1afdfa-01", said, re.M), said
    for name, variable in (("entry", "Boot00C1"), ("next", "BootNext")):
        prompt.run(f"load virtio 0:1 ${{kernel_addr_r}} {name}.var")
        prompt.run(f"setenv -e -bs -rt -i ${{kernel_addr_r}}:${{filesize}} {variable}")
    m.send("bootefi bootmgr ${fdtcontroladdr}\r")
    runs(m)


def test_uboot_initrd_of_the_tree(boot, tmp_path):
    """No disk: the image is in memory, and what started U-Boot has named the boot archive."""
    at = 0x88000000
    m = boot(argv=command(kernel=uboot(), initrd=archive(tmp_path / "boot.cpio"), smp=2, mem="512M",
                          append="cleave.log=debug",
                          extra=["-device", f"loader,file={IMAGE},addr={at:#x},force-raw=on"]))
    prompt = Prompt(m)
    prompt.run("setenv bootargs")
    m.send(f"bootefi {at:#x}:{os.path.getsize(IMAGE):x} ${{fdtcontroladdr}}\r")
    runs(m)


def test_systemd_boot(boot, volume):
    """A boot manager between: its entry names the archive, which it offers by LoadFile2."""
    shutil.copy(downloaded("systemd-boot", "systemd-bootriscv64.efi"), volume / "sd.efi")
    (volume / "loader" / "entries").mkdir(parents=True)
    (volume / "loader" / "loader.conf").write_text("timeout 0\ndefault cleave.conf\n")
    (volume / "loader" / "entries" / "cleave.conf").write_text(
        "title Cleave\nlinux /cleave.efi\ninitrd /boot.cpio\noptions cleave.log=debug\n")
    m = boot(argv=command(kernel=uboot(), smp=2, mem="512M", extra=disk(volume)))
    prompt = Prompt(m)
    prompt.run("load virtio 0:1 ${kernel_addr_r} sd.efi")
    m.send("bootefi ${kernel_addr_r} ${fdtcontroladdr}\r")
    runs(m)


# --- EDK2 ----------------------------------------------------------------------------------------


def edk2(boot, volume, script, machine):
    """Start EDK2, whose shell runs `script` from the volume."""
    flash = [downloaded("edk2", f"RISCV_VIRT_{name}.fd") for name in ("CODE", "VARS")]
    (volume / "startup.nsh").write_bytes("".join(f"{line}\r\n" for line in script).encode())
    argv = command(smp=2, mem="1G", machine=machine, extra=disk(volume))
    i = argv.index("-kernel")
    argv[i:i + 2] = ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={flash[0]}",
                     "-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={flash[1]}"]
    m = boot(argv=argv)
    # A key ends the shell's wait for one.
    m.wait_shown(r"in \d seconds to skip startup.nsh")
    m.send("\r")
    return m


def kept(lines):
    """What EDK2's `memmap` says that EDK2 keeps: (first, last) of each range."""
    rows = [re.match(r"^(\w+) +([0-9A-F]{16})-([0-9A-F]{16}) ", line) for line in lines]
    free = ("LoaderCode", "LoaderData", "BS_Code", "BS_Data", "Available")
    return [(int(r[2], 16), int(r[3], 16)) for r in rows if r and r[1] not in free]


def test_edk2(boot, volume):
    """EDK2's shell starts Cleave, which gives out nothing that EDK2 keeps."""
    m = edk2(boot, volume, ["fs0:", "memmap",
                            "cleave.efi initrd=\\boot.cpio cleave.log=debug"], "acpi=off")
    runs(m)
    mine = kept(m.lines())
    assert len(mine) >= 3, mine
    given = [(int(r[1], 16), int(r[2], 16)) for r in
             (re.match(r"memory: (0x\w+) to (0x\w+) may be given out", line)
              for line in m.lines("cleave")) if r]
    assert given
    for base, end in given:
        assert not [k for k in mine if k[0] < end and k[1] >= base], (base, end)


def test_edk2_with_acpi(boot, volume):
    """With ACPI there is no device tree: one line says so, and EDK2's shell goes on."""
    m = edk2(boot, volume, ["fs0:", "cleave.efi", "echo still here"], "")
    # The shell breaks lines that are longer than its own.
    m.wait(r"^cleave\| EFI: the firmware hands over no device tree: switch it from ACPI to devi")
    m.wait(r"^still here")
