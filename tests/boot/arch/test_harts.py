# SPDX-License-Identifier: BSD-2-Clause
"""Harts that are missing, disabled, without H, or more than the build uses."""

import re

from board import device_tree, in_cpu, with_cpu
from machine import command, config, pack
from payloads import STATE, state


def test_more_harts_than_the_build_uses(boot):
    m = boot([state()], STATE, smp=34)
    m.wait(r"^cleave\| harts [\d, -]+ left out: this build uses 32 at most \(CONFIG_MAX_HARTS\)$")
    m.wait_all(r"^cleave\| harts: .*: 32 of 32 online")
    assert m.payload_result("p") > 0


def test_a_hart_that_is_disabled_and_one_without_h(boot, tmp_path):
    """The others are used, and a configuration names harts by their ids, which have gaps."""

    def change(source):
        source = in_cpu(1, r'status = "okay"', 'status = "disabled"')(source)
        source = in_cpu(2, r'riscv,isa-extensions = [^;]*;', "")(source)
        return in_cpu(2, r'riscv,isa = "rv64imafdch', 'riscv,isa = "rv64imafdc')(source)

    blob = device_tree(tmp_path, 5, change)
    archive = pack(str(tmp_path / "a.cpio"), config(state(cpus=2, more="cpu-affinity = <3 4>")),
                   STATE)
    # OpenSBI may boot any hart that its tree allows. If it boots the hart whose ISA string lacks
    # H, Cleave uses that one.
    m = boot(argv=command(initrd=archive, smp=5, extra=("-dtb", blob)))
    lines = m.wait_all(r'^cleave\| hart 1 left out: the status is not "okay"',
                       r"^cleave\| harts: (.*): (\d) of \2 online")
    if "2 (boot)" not in lines[1][1]:
        assert "cleave| hart 2 left out: no H extension in the ISA string" in m.lines()
    m.wait(r'^cleave\| partition 0 "p": 2 vCPUs on harts 3,? (and )?4')
    assert m.payload_result("p") > 0


def test_many_harts_without_h(boot, tmp_path):
    """A line names them all, as a range: there are boards with dozens."""
    def change(source):
        for n in range(1, 8):
            source = in_cpu(n, r'riscv,isa-extensions = [^;]*;', "")(source)
            source = in_cpu(n, r'riscv,isa = "rv64imafdch', 'riscv,isa = "rv64imafdc')(source)
        return source

    blob = device_tree(tmp_path, 8, change)
    archive = pack(str(tmp_path / "a.cpio"), config(state()), STATE)
    m = boot(argv=command(initrd=archive, smp=8, extra=("-dtb", blob)))
    m.wait(r"^cleave\| partition 0 ")
    said = [line for line in m.lines("cleave") if "left out" in line]
    boot_hart = int(re.search(r"harts: (.*?)(\d+) \(boot\)", "\n".join(m.lines()))[2])
    if boot_hart == 0:
        assert said == ["harts 1-7 left out: no H extension in the ISA string"]
    else:
        assert len(said) == 1 and re.match(r"harts [\d, -]+ left out: no H extension", said[0])


def test_a_hart_that_does_not_exist(boot, tmp_path):
    """The tree has a node too many: its hart is reported, and the machine goes on without it."""

    def change(source):
        start = source.index("cpu@1 {")
        end = source.index("cpu-map {")
        node = source[start:end].replace("cpu@1 {", "cpu@9 {")
        node = node.replace("reg = <0x01>", "reg = <0x09>")
        node = re.sub(r"phandle = <0x[0-9a-f]+>;", "", node)
        return source[:end] + node + source[end:]

    blob = device_tree(tmp_path, 2, change)
    archive = pack(str(tmp_path / "a.cpio"), config(state()), STATE)
    m = boot(argv=command(initrd=archive, smp=2, extra=("-dtb", blob)))
    m.wait(r"^cleave\| hart 9 left out: (SBI hart_start answers|no sign of life)")
    m.wait(r"^cleave\| harts: .* 9 \(offline\): 2 of 3 online")
    assert m.payload_result("p") > 0


def test_without_h(boot):
    m = boot(argv=with_cpu(command(smp=1), "rv64,h=false"))
    m.wait(r"this hart has no H extension \(QEMU: -cpu rv64,h=true\)")
    m.wait_end()
