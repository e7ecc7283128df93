# SPDX-License-Identifier: BSD-2-Clause
"""Making a partition: what is left of one that cannot be made."""

import os

from board import device_tree
from machine import command, config, guest, pack, partition
from payloads import STATE, state


def test_a_partition_that_cannot_be_loaded_leaves_nothing(boot, tmp_path):
    """Its device tree turns out to be too long after kernel and initrd were loaded.

    Both are wiped before other partitions get the memory.
    """
    filler = "rtc@101000 { filler = [" + 70000 * "5a" + "];"
    blob = device_tree(tmp_path, 1, lambda source: source.replace("rtc@101000 {", filler, 1))
    secret = os.urandom(32)
    (tmp_path / "secret").write_bytes(secret + bytes(8192))
    large = partition("large", initrd="secret", more='devices = "/soc/rtc@101000"')
    archive = pack(str(tmp_path / "a.cpio"), config(large, state()),
                   {**STATE, "secret": tmp_path / "secret"})
    backend = f"memory-backend-file,id=ram,size=512M,mem-path={tmp_path / 'ram'},share=on"
    m = boot(argv=command(initrd=archive, smp=1, mem="512M", machine="memory-backend=ram",
                          extra=("-dtb", blob, "-object", backend)))
    m.wait(r'^cleave\| partition "large": its device tree does not fit into 65536 bytes$')
    assert m.payload_result("p") > 0
    assert m.wait_end() == 0
    copies = (tmp_path / "ram").read_bytes().count(secret)
    assert copies == 1  # in the boot archive


def test_memory_is_zeroed_before_its_first_use(boot, tmp_path):
    """RAM is full of bytes that another owner has left: no guest and no manager sees any.

    One partition is started by the boot, one by a manager.
    """
    ram = tmp_path / "ram"
    backend = f"memory-backend-file,id=ram,size=512M,mem-path={ram},share=on"
    for cpu in ("", "zicboz=off"):
        ram.write_bytes(b"\xa5" * (512 << 20))
        m = boot([partition("manager", bootargs="role=manager", more="manager"),
                  partition("later", memory=((0x80000000, 18 << 20),), more="manual-start")],
                 {"payload.bin": guest("memory")}, smp=2, mem="512M", cpu=cpu,
                 machine="memory-backend=ram", extra=("-object", backend))
        m.payload_results("manager", "later")
        assert m.wait_end() == 0
