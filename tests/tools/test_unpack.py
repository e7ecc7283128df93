# SPDX-License-Identifier: BSD-2-Clause
"""What the checker says of a wrapped kernel is done, and gives a kernel that it accepts.

Only forms whose tool this machine has can be tried: gzip, bzip2 and xz are everywhere.
"""

import bz2
import gzip
import lzma
import os
import random
import re
import shutil
import struct
import subprocess

import pytest

from test_cleave_archive import bench, linux_image  # noqa: F401  (a fixture)

KERNEL = linux_image(300000)[:64] + random.Random(1).randbytes(300000 - 64)


def by_tool(*argv):
    return lambda data: subprocess.run(argv, input=data, capture_output=True, check=True).stdout


FORMS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}
if shutil.which("zstd"):
    FORMS["zstd"] = by_tool("zstd", "-22", "--ultra", "-c")
if shutil.which("lz4"):
    FORMS |= {"lz4": by_tool("lz4", "-l", "-c"), "lz4-frame": by_tool("lz4", "-c")}


def efi(machine=0x5064, sections=()):
    """The headers of a PE file, up to 1024 bytes; sections: (name, size, size in the file, at)."""
    head = bytearray(b"MZ".ljust(0x3c, b"\0") + struct.pack("<I", 0x40))
    head += b"PE\0\0" + struct.pack("<HH12xHH", machine, len(sections), 112, 0x206) + bytes(112)
    for name, size, raw, at in sections:
        head += struct.pack("<8sIIII16x", name, size, 0x1000, raw, at)
    return head.ljust(1024, b"\0")


def zboot(form, kind):
    payload = FORMS[form](KERNEL)
    head = efi()
    head[4:32] = b"zimg" + struct.pack("<IIII", 1024, len(payload), 0, 0) + kind.ljust(8, b"\0")
    # Linux appends the size where the format has none, and signers a table of certificates.
    return bytes(head) + payload + struct.pack("<I", len(KERNEL)) + b"signature"


def uki():
    size = -(-len(KERNEL) // 512) * 512
    names = [(b".osrel", 100, 512, 1024), (b".linux", len(KERNEL), size, 1536)]
    return bytes(efi(sections=names)) + bytes(512) + KERNEL.ljust(size, b"\0") + b"more"


WRAPPED = {form: lambda form=form: FORMS[form](KERNEL) for form in FORMS} | {
    f"zboot-{kind.decode()}": lambda form=form, kind=kind: zboot(form, kind)
    for form, kind in (("gzip", b"gzip"), ("xz", b"xzkern"), ("lzma", b"lzma"), ("lz4", b"lz4"),
                       ("zstd", b"zstd22")) if form in FORMS
} | {"uki": uki}


@pytest.mark.parametrize("form", WRAPPED)
def test_the_command_gives_the_kernel(bench, form):  # noqa: F811
    bench.write("Image", WRAPPED[form]())
    said = re.search(r"unpack it with: (.*); wanted: ", bench.refused())[1]
    os.rename(bench.path / "Image", bench.path / "wrapped")
    command = said.replace("Image", "wrapped", 1)
    subprocess.run(["sh", "-e", "-c", command], cwd=bench.path, check=True, capture_output=True)
    assert (bench.path / "Image").read_bytes() == KERNEL
    assert bench.pack().returncode == 0
