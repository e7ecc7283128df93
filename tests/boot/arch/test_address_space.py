# SPDX-License-Identifier: BSD-2-Clause
"""The hypervisor's own address space: its place, its mappings, and the report of its own traps."""

import os
import re
import subprocess

import pytest

from board import AT_OTHER, AT_USUAL, RAM, elsewhere
from gdbstub import PC, SP, GdbStub, symbol
from machine import OUT, SHORT, Failed
from payloads import STATE, state

ELF = os.path.join(OUT, "cleave.elf")


def test_an_address_that_is_not_aligned(boot, tmp_path):
    m = boot(argv=elsewhere(tmp_path, AT_OTHER + 0x1000, smp=1))
    m.wait(r"was not loaded to a 2 MiB-aligned address")
    m.wait_end()


@pytest.fixture
def stopped(boot, tmp_path):
    """stopped(**kwargs): a machine that has stopped in the hypervisor, at a guest's call.

    Return: the machine and its gdb stub.
    """
    stubs = []

    def start(**kwargs):
        path = str(tmp_path / "gdb")
        extra = ("-gdb", f"unix:{path},server=on,wait=off")
        m = boot([state(bootargs="rounds=1000000")], STATE, smp=1, extra=extra, **kwargs)
        m.wait(r"^cleave\| boot took")
        stubs.append(GdbStub(path))
        stubs[-1].run_to(symbol(ELF, "guest_on_ecall"))
        return m, stubs[-1]

    yield start
    for stub in stubs:
        stub.close()


def mappings(stub):
    """[(start, end, HPA, attributes)] of the hart's page tables, as QEMU walks them."""
    found = []
    for line in stub.monitor("info mem").splitlines():
        words = line.split()
        if len(words) == 4 and re.fullmatch("[0-9a-f]{16}", words[0]):
            start, hpa, size = (int(w, 16) for w in words[:3])
            found.append((start, start + size, hpa, words[3]))
    return found


def attributes(maps, address):
    return "".join(a for start, end, _, a in maps if start <= address < end)


def test_address_space(stopped):
    """Nothing is both writable and executable, and the lower half is empty.

    The pages around the stacks are not mapped, text is mapped once, and the firmware never.
    """
    _, stub = stopped()
    maps = mappings(stub)
    names = ("image_start", "image_text_end", "image_rodata_end", "boot_stack_bottom",
             "boot_stack_top", "boot_trap_stack_bottom", "image_end")
    image, text_end, rodata_end, bottom, top, trap_bottom, end = (symbol(ELF, s) for s in names)
    assert len(maps) > 5
    assert all(start >= 1 << 63 for start, _, _, _ in maps)
    assert not [m for m in maps if "w" in m[3] and "x" in m[3]]
    assert [m[0] for m in maps if "x" in m[3]] == [image]
    assert attributes(maps, image).startswith("r-x")
    assert attributes(maps, text_end).startswith("r--")
    assert attributes(maps, rodata_end).startswith("rw-")
    for guard in (bottom - 1, top, trap_bottom - 1):
        assert attributes(maps, guard) == ""
    assert attributes(maps, bottom).startswith("rw-")
    assert attributes(maps, top - 1).startswith("rw-")
    # The image is mapped once. What OpenSBI reserves, 512 KiB from the start of RAM, is not mapped.
    for start, after, hpa, _ in maps:
        if start != image and start < image:
            assert hpa + (after - start) <= AT_USUAL or hpa >= AT_USUAL + (end - image)
        assert not hpa <= RAM < hpa + (after - start)


def test_a_hypervisor_bug_is_reported(stopped):
    """A jump to address 0 ends in a report with all registers, and the machine is off."""
    m, stub = stopped()
    stub.set(PC, 0)
    stub.go()
    with pytest.raises(Failed, match=r"hypervisor bug on hart 0: instruction page fault"):
        m.wait("never")
    report = "\n".join(m.lines("cleave"))
    assert re.search(r"sepc 0{16} scause c stval 0{16}", report)
    assert re.search(r"t6  [0-9a-f]{16}", report)
    assert "the machine is shut down" in report
    m.wait_end(SHORT)


def test_a_stack_that_overflows_is_reported(stopped):
    """With sp at the stack's lowest byte, the next store hits an unmapped page.

    The report has a stack of its own.
    """
    m, stub = stopped()
    stub.set(SP, symbol(ELF, "boot_stack_bottom"))
    stub.go()
    bug = r"hypervisor bug on hart 0: store page fault, with sp outside the hart's stack"
    with pytest.raises(Failed, match=bug):
        m.wait("never")
    assert "the machine is shut down" in "\n".join(m.lines("cleave"))
    m.wait_end(SHORT)


@pytest.mark.parametrize("cpu, words", [
    ("", r"own tables sv48$"),
    ("sv48=off,sv57=off", r"own tables sv39$"),
])
def test_more_memory_than_sv39_reaches(boot, tmp_path, cpu, words):
    """300 GiB, in a file with holes: Sv48 maps all, and Sv39 what it reaches, which a line says."""
    backend = f"memory-backend-file,id=ram,size=300G,mem-path={tmp_path / 'ram'},share=on"
    m = boot([state()], STATE, smp=1, mem="300G", cpu=cpu, machine="memory-backend=ram",
             extra=("-object", backend))
    if cpu:
        m.wait(r"^cleave\| memory above 0x3e80000000 is not used: this hart's sv39 reaches no "
               r"further")
    m.wait(r"^cleave\| memory: hypervisor .*" + words)
    assert m.payload_result("p") > 0


def test_new_tables_are_fenced_before_satp():
    """An SFENCE.VMA comes right before each root in satp, so that walks see the tables as stored.

    What EFI starts switches the firmware's tables off before that: 0 is no root.

    No emulator shows that one is missing, so this looks at the instructions.
    """
    objdump = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "objdump"
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", ELF], capture_output=True,
                          text=True, check=True).stdout.splitlines()
    writes = [i for i, line in enumerate(text) if re.search(r"\tcsrw\s+satp,(?!zero)", line)]
    assert len(writes) >= 3  # the boot hart's first tables, wider ones, the other harts
    for i in writes:
        assert any("sfence.vma" in line for line in text[i - 4:i]), "\n".join(text[i - 8:i + 1])
