# SPDX-License-Identifier: BSD-2-Clause
"""gdb's commands of scripts/gdb/cleave.py, with gdb-multiarch on a machine that runs."""

import os
import re
import subprocess

from board import device_tree, in_cpu
from machine import OUT, SLOW, TOP, command, config, pack, guest, partition

SCRIPT = os.path.join(TOP, "scripts", "gdb", "cleave.py")


def gdb(socket, *commands):
    """What gdb prints for these commands, and whether it went well."""
    argv = ["gdb-multiarch", "-q", "--batch", "-x", SCRIPT, os.path.join(OUT, "cleave.elf"),
            "-ex", f"target remote {socket}"]
    for command in commands:
        argv += ["-ex", command]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120 * SLOW, check=False,
                          stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def test_partitions_vcpus_and_tables(boot, tmp_path):
    """Hart 0 is off, so that Cleave's numbers of the harts, boot hart first, are not their ids."""
    socket = str(tmp_path / "gdb")
    blob = device_tree(tmp_path, 3, in_cpu(0, r'status = "okay"', 'status = "disabled"'))
    archive = pack(str(tmp_path / "a.cpio"), config(
        partition("first", bootargs="mode=echo", memory=((0x80000000, 16 << 20),)),
        partition("second", cpus=2, bootargs="mode=echo", more="cpu-affinity = <2 2>"),
        partition("slot", kernel=None, more="incoming")), {"payload.bin": guest("console")})
    m = boot(argv=command(initrd=archive, smp=3, extra=(
        "-dtb", blob, "-gdb", f"unix:{socket},server=on,wait=off")))
    m.wait_open(r"^first\| echo> *$")
    said = gdb(socket, "cleave-vms", "cleave-vcpu second 1", "cleave-vcpu 0",
               "cleave-gstage second 0x80201234", "cleave-gstage first 0x10000000",
               "cleave-gstage slot 0x80000000", "cleave-gstage first 0x100000000000",
               "cleave-gstage third 0", "cleave-vcpu first 7", "detach")
    rows = [line.split() for line in said.splitlines()
            if re.match(r"\d+ +\w+ +(running|empty)", line)]
    assert [(r[0], r[1], r[2]) for r in rows] == [("0", "first", "running"),
                                                 ("1", "second", "running"),
                                                 ("2", "slot", "empty")], said
    assert rows[1][4:] == ["2", "2"], said
    assert 'partition 1 "second", vCPU 1, on hart 2\n  state      stopped\n' in said
    assert 'partition 0 "first", vCPU 0, on hart 1' in said
    pc = re.search(r"vCPU 0.*?pc +(0x[0-9a-f]+)", said, re.S)
    assert 0x80200000 <= int(pc[1], 16) < 0x80300000, said
    # A leaf of 2 MiB, found in two steps.
    assert re.search(r"second: GPA 0x80201234, Sv39x4, root at HPA 0x[0-9a-f]+000\n"
                     r"  level 2: entry +2 .*V-------\n  level 1: entry +1 .*VRWXU-AD\n"
                     r"  a leaf of 2 MiB: HPA 0x[0-9a-f]+1234\n"
                     r"  in region 0: 0x80000000 to 0x80ffffff", said), said
    assert "nothing is mapped: a device that Cleave emulates" in said
    assert "there are no tables: the slot is empty" in said
    assert "wider than this mode" in said
    assert "there is no partition third; there are: 0 first, 1 second, 2 slot" in said
    assert "there is no vCPU 7; there are: 0 to 0" in said
    # The machine goes on as if nothing had been.
    m.sendline("alive")
    m.wait(r"^first\| heard 5 bytes")


def test_before_the_boot_there_is_nothing_to_see(boot, tmp_path):
    """A machine that waits (`make debug`) says so, stops at a breakpoint, and goes on."""
    socket = str(tmp_path / "gdb")
    m = boot([partition("p", bootargs="mode=echo")], {"payload.bin": guest("console")}, smp=1,
             extra=["-S", "-gdb", f"unix:{socket},server=on,wait=off"])
    said = gdb(socket, "cleave-vms", "hbreak vm_add", "continue", "bt 2", "delete", "detach")
    assert "no partitions are there yet" in said
    assert re.search(r"^Breakpoint 1, vm_add \(vm=", said, re.M), said
    assert re.search(r"^#1 .* in vm_create_all ", said, re.M), said
    m.wait_open(r"^p\| echo> *$")
