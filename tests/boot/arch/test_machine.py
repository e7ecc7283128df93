# SPDX-License-Identifier: BSD-2-Clause
"""The machine under Cleave: harts that are missing, device trees good and bad, extensions, the address space, host traps."""

import os
import re
import struct

import pytest

from board import (AT_OTHER, AT_USUAL, BLOB, RAM, device_tree, elsewhere, in_cpu, qemus_firmware,
                   trampoline, with_cpu)
from gdbstub import PC, SP, GdbStub, symbol
from machine import OUT, SHORT, Failed, command, config, pack, partition
from payloads import STATE, state

ELF = os.path.join(OUT, "cleave.elf")

# --- harts ---------------------------------------------------------------------------------------


def test_more_harts_than_the_build_uses(boot):
    m = boot([state()], STATE, smp=34)
    m.wait(r"^cleave\| 2 more harts left out: this build uses 32 at most")
    m.wait_all(r"^cleave\| harts: .*: 32 of 32 online")
    assert m.payload_result("p") > 0


def test_a_hart_that_is_disabled_and_one_without_h(boot, tmp_path):
    """Their ids are holes; the others are used, and a configuration names harts by id."""

    def change(source):
        source = in_cpu(1, r'status = "okay"', 'status = "disabled"')(source)
        source = in_cpu(2, r'riscv,isa-extensions = [^;]*;', "")(source)
        return in_cpu(2, r'riscv,isa = "rv64imafdch', 'riscv,isa = "rv64imafdc')(source)

    blob = device_tree(tmp_path, 5, change)
    archive = pack(str(tmp_path / "a.cpio"), config(state(cpus=2, more="cpu-affinity = <3 4>")),
                   STATE)
    # OpenSBI boots any hart that its tree allows: where it is the one without H by name, that one is used all the same.
    m = boot(argv=command(initrd=archive, smp=5, extra=("-dtb", blob)))
    lines = m.wait_all(r'^cleave\| hart 1 left out: its status is not "okay"',
                       r"^cleave\| harts: (.*): (\d) of \2 online")
    if "2 (boot)" not in lines[1][1]:
        assert "cleave| hart 2 left out: no H extension in its ISA string" in m.lines()
    m.wait(r'^cleave\| partition 0 "p": 2 vCPUs on harts 3,? (and )?4')
    assert m.payload_result("p") > 0


def test_a_hart_that_does_not_exist(boot, tmp_path):
    """A node more than there are harts: its start fails or times out with a line, and the machine goes on without it."""

    def change(source):
        start = source.index("cpu@1 {")
        end = source.index("cpu-map {")
        node = source[start:end].replace("cpu@1 {", "cpu@9 {").replace(
            "reg = <0x01>", "reg = <0x09>")
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


# --- features ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cpu, words", [
    ("sstc=off", ["Sstc no"]),
    ("svinval=on,svnapot=on,svpbmt=on", ["Sstc yes", "Svinval yes", "Svpbmt yes", "Svnapot yes"]),
    ("svinval=off,svnapot=off,svpbmt=off", ["Svinval no", "Svpbmt no", "Svnapot no"]),
    ("sv48=off,sv57=off", ["G-stage: sv39x4, VMIDLEN"]),
    ("sv57=off", ["G-stage: sv39x4 sv48x4, VMIDLEN"]),
    ("v=true,vlen=256", ["V yes (VLEN 256)"]),
    ("zicbom=off,zicboz=off", ["Zicbom no", "Zicboz no"]),
    ("smstateen=on", ["Smstateen yes"]),
], ids=lambda p: p if isinstance(p, str) else "")
def test_extensions_are_found(boot, cpu, words):
    """Each is there or not as QEMU was told, and a guest runs with what is there."""
    m = boot([state()], STATE, smp=1, cpu=cpu)
    m.wait(r"^cleave\| partition 0")
    report = "\n".join(m.lines("cleave"))
    for word in words:
        assert word in report
    assert m.payload_result("p") > 0


def test_a_machine_of_another_profile(boot, tmp_path):
    archive = pack(str(tmp_path / "a.cpio"), config(state()), STATE)
    m = boot(argv=with_cpu(command(initrd=archive, smp=2), "rva23s64"))
    m.wait(r"^cleave\| isa: guests get rv64imafdcb?v_")
    assert m.payload_result("p") > 0


def test_imsic(boot):
    m = boot([state()], STATE, smp=2, machine="aia=aplic-imsic,aia-guests=3")
    m.wait(r"^cleave\| G-stage: .*GEILEN 3")
    m.wait(r"^cleave\| extensions: .*AIA yes")
    assert m.payload_result("p") > 0


@pytest.mark.parametrize("cpu, sound", [
    ("rv64,h=true,svadu=off,svade=on", True),
    ("rv64,h=true,svadu=off", False),
    ("rv64,h=true", False),
])
def test_hardware_ad_updates_are_judged(boot, tmp_path, cpu, sound):
    """Dirty logging is refused, with what to do, on a hart that writes A and D bits behind the log's back."""
    archive = pack(str(tmp_path / "a.cpio"), config(state()), STATE)
    m = boot(argv=with_cpu(command(initrd=archive, smp=2), cpu))
    m.wait(r"^cleave\| A/D self-test: " + ("page fault" if sound else "by hardware, THROUGH"))
    assert m.payload_result("p") > 0
    refused = [line for line in m.lines("cleave") if "dirty logging is refused" in line]
    assert len(refused) == (0 if sound else 1)
    assert all("svadu=off,svade=on" in line for line in refused)


def without_stateen(boot, tmp_path, smp):
    """
    A machine whose boot hart is as those of privileged specification 1.11: henvcfg and senvcfg do not exist. QEMU has no such
    hart with H, but mstateen0 can take both away before the hypervisor begins. Return: it, and its debugger.
    """
    path = str(tmp_path / "gdb")
    m = boot([state()], STATE, smp=smp, cpu="smstateen=on",
             extra=("-S", "-gdb", f"unix:{path},server=on,wait=off"))
    stub = GdbStub(path)
    stub.run_to(AT_USUAL)
    stub.set(stub.csr("mstateen0"), 0)
    stub.go()
    return m, stub


def test_envcfg_that_traps(boot, tmp_path):
    m, stub = without_stateen(boot, tmp_path, smp=1)
    m.wait(r"^cleave\| extensions: henvcfg no, Sstc no, .*Svpbmt no, .*ADUE no, Smstateen no,")
    m.wait(r"^cleave\| extensions: .*Zicbom no .*Zicboz no ")
    m.wait(r"^cleave\| A/D self-test: page fault")
    assert m.payload_result("p") > 0
    assert any("senvcfg 0" in line for line in m.lines("p"))
    stub.close()


def test_a_hart_whose_csrs_of_guests_differ(boot, tmp_path):
    """The other hart has henvcfg, senvcfg and Smstateen: used, it would hand one partition's senvcfg to the next."""
    m, stub = without_stateen(boot, tmp_path, smp=2)
    m.wait(r"^cleave\| hart [01] left out: its CSRs differ from the boot hart's \(henvcfg yes, "
           r"Smstateen yes, open siselect no\): guests would find in them what other guests left")
    m.wait(r"^cleave\| harts: .*: 1 of 2 online")
    m.wait(r"^cleave\| extensions: henvcfg no, ")
    assert m.payload_result("p") > 0
    stub.close()


# --- where it is loaded ---------------------------------------------------------------------------


def test_an_address_that_is_not_aligned(boot, tmp_path):
    m = boot(argv=elsewhere(tmp_path, AT_OTHER + 0x1000, smp=1))
    m.wait(r"was not loaded to a 2 MiB-aligned address")
    m.wait_end()


# --- bad device trees ----------------------------------------------------------------------------


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
    elif where == "structure":
        start = struct.unpack(">I", tree[8:12])[0]
        tree[start + 40:start + 60] = b"\xff" * 20
    return bytes(tree)


@pytest.mark.parametrize("where, words", [
    ("size", r"it says that it has 2147483647 bytes; allowed: 40 to "),
    ("short", r"is malformed: FDT_ERR_"),
    ("structure", r"is malformed: FDT_ERR_BADSTRUCTURE"),
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
])
def test_a_device_tree_without(boot, tmp_path, pattern, new, words):
    # Firmware wants these too, so the tree is handed over behind its back.
    blob = device_tree(tmp_path, 1, lambda source: re.sub(pattern, new, source))
    with open(blob, "rb") as f:
        tree = f.read()
    m = boot(argv=elsewhere(tmp_path, AT_OTHER, a1=BLOB, blob=tree, smp=1))
    m.wait(r"^cleave\| " + words)
    m.wait_end(SHORT)


def test_boot_arguments_that_nobody_knows(boot):
    m = boot([state()], STATE, smp=1,
             append="quiet cleave.eager_page_splt=on cleave.log=7 cleave.focus "
             "cleave.eager_page_split=maybe")
    m.wait(r"^cleave\| boot argument cleave.eager_page_splt: unknown, perhaps "
           r"cleave.eager_page_split was meant; known: ")
    m.wait(r"^cleave\| boot argument cleave.focus: it needs a value")
    m.wait(r'^cleave\| boot argument cleave.eager_page_split: "maybe" is not known; allowed: off, '
           r'on; the default is used: on$')
    m.wait(r'^cleave\| boot argument cleave.log: "7" is not known; allowed: error, warning, info, '
           r'debug or 0 to 3')
    assert m.payload_result("p") > 0


@pytest.mark.parametrize("start, end, words", [
    (0x40000000, 0x40001000, r"at 0x40000000 to 0x40001000, which is not memory: not used"),
    (AT_USUAL + 0x1000, AT_USUAL + 0x2000,
     r"at 0x80201000 to 0x80202000 overlaps the hypervisor at 0x80200000 to "),
    (RAM, RAM + 0x1000,
     r"the memory at 0x80000000 to 0x80001000, or a part of it, cannot be read: not used"),
])
def test_an_initrd_where_it_cannot_be(boot, tmp_path, start, end, words):
    """The last one is the firmware's memory, which traps when it is read."""
    blob = device_tree(
        tmp_path, 1, lambda source: source.replace(
            "chosen {",
            f"chosen {{ linux,initrd-start = <{start:#x}>; linux,initrd-end = <{end:#x}>;", 1))
    m = boot(argv=command(smp=1, extra=("-dtb", blob)))
    m.wait(r"^cleave\| boot archive: .*" + words)
    m.wait(r"^cleave\| no boot archive: pass one as the initrd")
    m.wait_end(SHORT)


def test_an_initrd_around_what_the_firmware_protects(boot, tmp_path):
    """Its first and its last bytes can be read, and the firmware, which lies elsewhere than it mostly does, is between them."""
    firmware = RAM + 0x10000000
    start, end = firmware - 0x100000, firmware + 0x1000000
    blob = device_tree(
        tmp_path, 1, lambda source: source.replace(
            "chosen {",
            f"chosen {{ linux,initrd-start = <{start:#x}>; linux,initrd-end = <{end:#x}>;", 1))
    m = boot(argv=command(
        smp=1, extra=("-dtb", blob, "-bios", trampoline(tmp_path / "jump.bin", firmware), "-device",
                      f"loader,file={qemus_firmware()},addr={firmware:#x},force-raw=on")))
    m.wait(rf"^cleave\| boot archive: the memory at {start:#x} to {end:#x}, or a part of it, "
           rf"cannot be read: not used")
    m.wait(r"^cleave\| no boot archive: pass one as the initrd")
    m.wait_end(SHORT)


# --- what is left behind ---------------------------------------------------------------------------


def test_a_partition_that_cannot_be_loaded_leaves_nothing(boot, tmp_path):
    """Kernel and initrd are there before its device tree turns out to be too long: they are wiped before others get the memory."""
    filler = "rtc@101000 { filler = [" + 70000 * "5a" + "];"
    blob = device_tree(tmp_path, 1, lambda source: source.replace("rtc@101000 {", filler, 1))
    secret = os.urandom(32)
    (tmp_path / "secret").write_bytes(secret + bytes(8192))
    archive = pack(
        str(tmp_path / "a.cpio"),
        config(partition("large", initrd="secret", more='devices = "/soc/rtc@101000"'), state()), {
            **STATE, "secret": tmp_path / "secret"
        })
    backend = f"memory-backend-file,id=ram,size=512M,mem-path={tmp_path / 'ram'},share=on"
    m = boot(argv=command(initrd=archive, smp=1, mem="512M", machine="memory-backend=ram",
                          extra=("-dtb", blob, "-object", backend)))
    m.wait(r'^cleave\| partition "large": its device tree does not fit into 65536 bytes$')
    assert m.payload_result("p") > 0
    assert m.wait_end() == 0
    copies = (tmp_path / "ram").read_bytes().count(secret)
    assert copies == 1  # in the boot archive


# --- the hypervisor's own address space ----------------------------------------------------------


@pytest.fixture
def stopped(boot, tmp_path):
    """stopped(**kwargs): a machine that stands in the hypervisor, at a guest's call. Return: it and its gdb stub."""
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
    """[(first address, behind the last, HPA, attributes)] of the hart's page tables, as QEMU walks them."""
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
    """W^X, nothing in the lower half, unmapped pages around the stacks, no second way to text, firmware left out."""
    _, stub = stopped()
    maps = mappings(stub)
    image, text_end, rodata_end, bottom, top, trap_bottom, end = (symbol(
        ELF, s) for s in ("image_start", "image_text_end", "image_rodata_end", "boot_stack_bottom",
                          "boot_stack_top", "boot_trap_stack_bottom", "image_end"))
    assert len(maps) > 5
    assert all(start >= 1 << 63 for start, _, _, _ in maps)
    assert not [m for m in maps if "w" in m[3] and "x" in m[3]]
    assert [m[0] for m in maps if "x" in m[3]] == [image]
    assert attributes(maps, image).startswith("r-x")
    assert attributes(maps, text_end).startswith("r--")
    assert attributes(maps, rodata_end).startswith("rw-")
    for guard in (bottom - 1, top, trap_bottom - 1):
        assert attributes(maps, guard) == ""
    assert attributes(maps, bottom).startswith("rw-") and attributes(maps,
                                                                     top - 1).startswith("rw-")
    # The image is mapped once, and what OpenSBI reserves (512 KiB from the start of RAM) not at all.
    for start, behind, hpa, _ in maps:
        if start != image and start < image:
            assert hpa + (behind - start) <= AT_USUAL or hpa >= AT_USUAL + (end - image)
        assert not hpa <= RAM < hpa + (behind - start)


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
    """With sp at the stack's lowest byte, the next call's store hits the unmapped page; the report has its own stack."""
    m, stub = stopped()
    stub.set(SP, symbol(ELF, "boot_stack_bottom"))
    stub.go()
    with pytest.raises(
            Failed,
            match=r"hypervisor bug on hart 0: store page fault, with sp outside the hart's stack"):
        m.wait("never")
    assert "the machine is shut down" in "\n".join(m.lines("cleave"))
    m.wait_end(SHORT)


@pytest.mark.parametrize("cpu, words", [
    ("", r"own tables sv48$"),
    ("sv48=off,sv57=off", r"own tables sv39$"),
])
def test_more_memory_than_sv39_reaches(boot, tmp_path, cpu, words):
    """300 GiB, in a file with holes: mapped by Sv48, or cut to what Sv39 reaches, with a line."""
    backend = f"memory-backend-file,id=ram,size=300G,mem-path={tmp_path / 'ram'},share=on"
    m = boot([state()], STATE, smp=1, mem="300G", cpu=cpu, machine="memory-backend=ram",
             extra=("-object", backend))
    if cpu:
        m.wait(r"^cleave\| memory above 0x3e80000000 is not used: this hart's sv39 reaches no "
               r"further")
    m.wait(r"^cleave\| memory: hypervisor .*" + words)
    assert m.payload_result("p") > 0


# --- how much is said ----------------------------------------------------------------------------


@pytest.mark.parametrize("level, said, unsaid", [
    ("error", [], ["G-stage:", "cleave.nobody: unknown", "may be given out"]),
    ("warning", ["cleave.nobody: unknown"], ["G-stage:", "may be given out"]),
    ("2", ["cleave.nobody: unknown", "G-stage:"], ["may be given out"]),
    ("debug", ["cleave.nobody: unknown", "G-stage:", "may be given out"], []),
])
def test_log_level(boot, level, said, unsaid):
    m = boot([state()], STATE, smp=1, append=f"cleave.log={level} cleave.nobody=1")
    assert m.payload_result("p") > 0
    text = "\n".join(m.lines("cleave"))
    assert [words for words in said + unsaid if words in text] == said
