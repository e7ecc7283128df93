# SPDX-License-Identifier: BSD-2-Clause
"""The machine below Cleave as a test wants it: its device tree, and where Cleave is loaded."""

import os
import re
import struct
import subprocess

from machine import OUT, command

CLEAVE = os.path.join(OUT, "cleave.bin")

RAM = 0x80000000
AT_USUAL = 0x80200000
AT_OTHER = 0x90000000
BLOB = 0xa8000000


def with_cpu(argv, cpu):
    """The command with another -cpu."""
    argv = list(argv)
    argv[argv.index("-cpu") + 1] = cpu
    return argv


def load(register, value):
    """Instructions that load a constant.

    They load eleven bits at a time, which addi takes for a positive number.
    """
    out = [0x13 | register << 7]  # addi register, x0, 0
    for shift in range(55, -1, -11):
        out += [0x00b01013 | register << 7 | register << 15,  # slli register, register, 11
                0x13 | register << 7 | register << 15 | (value >> shift & 0x7ff) << 20]
    return out


def trampoline(path, jump, a1=None):
    """A kernel for QEMU that jumps to `jump`, with a1 as given."""
    words = (load(11, a1) if a1 is not None else []) + load(5, jump) + [0x00028067]  # jr t0
    with open(path, "wb") as f:
        f.write(struct.pack(f"<{len(words)}I", *words))
    return str(path)


def qemus_firmware():
    """The path of the OpenSBI that QEMU uses when it is not told otherwise."""
    folders = subprocess.run([command()[0], "-L", "help"], check=True, capture_output=True,
                             text=True).stdout.split()
    paths = [os.path.join(folder, "opensbi-riscv64-generic-fw_dynamic.bin") for folder in folders]
    return next(path for path in paths if os.path.exists(path))


def elsewhere(tmp_path, at, a1=None, blob=None, **kwargs):
    """A command that starts Cleave at the address `at`, with a1 as given, and `blob` at BLOB."""
    extra = ["-device", f"loader,file={CLEAVE},addr={at:#x},force-raw=on"]
    if blob is not None:
        path = tmp_path / "blob"
        path.write_bytes(blob)
        extra += ["-device", f"loader,file={path},addr={BLOB:#x},force-raw=on"]
    return command(kernel=trampoline(tmp_path / "jump.bin", at, a1), extra=tuple(extra), **kwargs)


def device_tree(tmp_path, smp, change):
    """QEMU's device tree, with its source changed by change(source). Return: the blob's path."""
    blob = str(tmp_path / "virt.dtb")
    argv = command(smp=smp, machine=f"dumpdtb={blob}")
    subprocess.run(argv[:argv.index("-kernel")], check=True, capture_output=True)
    source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob], check=True,
                            capture_output=True, text=True)
    changed = change(source.stdout)
    assert changed != source.stdout
    subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", blob], input=changed,
                   check=True, text=True)
    return blob


def cpu_node(source, n):
    """Where the properties of cpu@N stand in the source: (start, end)."""
    start = source.index(f"cpu@{n:x} {{")
    return start, source.index("interrupt-controller {", start)


def in_cpu(n, old, new):
    """A change for device_tree(): in cpu@N, what matches the pattern `old` becomes `new`."""

    def change(source):
        start, end = cpu_node(source, n)
        body, count = re.subn(old, new, source[start:end])
        assert count
        return source[:start] + body + source[end:]

    return change


def initrd_at(start, end):
    """A change for device_tree(): the tree says that there is an initrd."""
    chosen = f"chosen {{ linux,initrd-start = <{start:#x}>; linux,initrd-end = <{end:#x}>;"
    return lambda source: source.replace("chosen {", chosen, 1)
