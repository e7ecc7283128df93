# SPDX-License-Identifier: BSD-2-Clause
"""gdb's view of Cleave: partitions, their vCPUs, and what their G-stage tables map.

    gdb-multiarch -x scripts/gdb/cleave.py build/cleave.elf

`make gdb` does that and connects to the machine of `make debug` (docs/debugging.md).

A hart that runs a guest has the guest's addresses, and not those of the hypervisor. So all of this
reads physical memory, by QEMU's Qqemu.PhyMemMode, and works wherever the harts are. It changes
nothing in the machine. The structures are those that the ELF file describes.
"""

import contextlib
import os

import gdb

LINKED_AT = 0xFFFFFFFF80000000  # linker.ld
STATES = ("empty", "stopped", "running", "paused", "faulted")
HSM = ("started", "stopped", "start pending", "stop pending", "suspended", "suspend pending",
       "resume pending")
REGISTERS = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 "
             "s11 t3 t4 t5 t6").split()
# Bits of a G-stage entry (arch/riscv/gstage_pte.h)
VALID, READ, WRITE, EXEC = 1, 2, 4, 8
FLAGS = "VRWXUGAD"
PAGE_SIZES = ("4 KiB", "2 MiB", "1 GiB", "512 GiB", "256 TiB")


@contextlib.contextmanager
def physical():
    """Addresses are physical meanwhile."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    try:
        yield
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)


def loaded_at():
    """Where the firmware has put the image: `set $cleave_load = ADDRESS`, or QEMU's place."""
    value = gdb.convenience_variable("cleave_load")
    return 0x80200000 if value is None else int(value)


class Cleave:
    """The hypervisor's data, read by physical addresses."""

    def __init__(self):
        self.to_va = 0
        self.to_va = int(self.symbol("machine")["hpa_to_va"])
        self.count = int(self.symbol("vm_nr"))
        if not 0 < self.count <= 64:
            raise gdb.GdbError("no partitions are there yet: the boot has not got so far, or the "
                               "image is not at %#x (set $cleave_load)" % loaded_at())

    def hpa(self, va):
        """The physical address of one of the hypervisor's."""
        va &= (1 << 64) - 1
        return va - LINKED_AT + loaded_at() if va >= LINKED_AT else va - self.to_va

    def at(self, va, kind):
        """The object of a type at an address of the hypervisor's."""
        return gdb.Value(self.hpa(int(va))).cast(gdb.lookup_type(kind).pointer()).dereference()

    def symbol(self, name):
        symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
        if symbol is None:
            raise gdb.GdbError(f"no symbol {name}: load build/cleave.elf")
        value = symbol.value()
        return gdb.Value(self.hpa(int(value.address))).cast(
            value.type.pointer()).dereference()

    def hartid(self, index):
        """What the firmware calls the hart; index 0 is the one that booted, whichever that is."""
        return int(self.symbol("harts")[int(index)]["hartid"])

    def vm(self, number):
        return self.at(self.symbol("vm_list")[number], "struct vm")

    def vms(self):
        return [self.vm(n) for n in range(self.count)]

    def name(self, vm):
        return self.text(vm["run"]["name"])

    def text(self, pointer):
        return gdb.Value(self.hpa(int(pointer))).cast(
            gdb.lookup_type("char").pointer()).string()

    def find(self, word):
        """The VM of a name or a number."""
        for vm in self.vms():
            if word in (self.name(vm), str(int(vm["id"]))):
                return vm
        raise gdb.GdbError(f"there is no partition {word}; there are: " + ", ".join(
            f"{int(vm['id'])} {self.name(vm)}" for vm in self.vms()))

    def vcpu(self, vm, number):
        if not 0 <= number < int(vm["run"]["nr_vcpus"]):
            raise gdb.GdbError(f"there is no vCPU {number}; there are: "
                               f"0 to {int(vm['run']['nr_vcpus']) - 1}")
        return self.at(vm["run"]["vcpu"][number], "struct vcpu")

    def word(self, hpa):
        return int(gdb.Value(hpa).cast(gdb.lookup_type("unsigned long").pointer()).dereference())


def named(names, number):
    return names[number] if number < len(names) else str(number)


class Vms(gdb.Command):
    """cleave-vms: list the partitions, with their states and the harts of their vCPUs."""

    def __init__(self):
        super().__init__("cleave-vms", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        with physical():
            cleave = Cleave()
            print("id  name              state    vmid  vcpus on harts")
            for vm in cleave.vms():
                run = vm["run"]
                harts = " ".join(str(cleave.hartid(cleave.vcpu(vm, n)["hart"]))
                                 for n in range(int(run["nr_vcpus"])))
                print(f"{int(vm['id']):<3} {cleave.name(vm):<17} "
                      f"{named(STATES, int(run['state'])):<8} {int(run['vmid']):<5} {harts}")


class Vcpu(gdb.Command):
    """cleave-vcpu VM [N]: what a vCPU held when it was last off its hart (N: 0).

    VM is the partition's name or number. While it runs, its registers are in its hart: go to that
    thread, and use `info registers`. The line `registers` says which.
    """

    def __init__(self):
        super().__init__("cleave-vcpu", gdb.COMMAND_STATUS)

    def invoke(self, argument, _from_tty):
        words = gdb.string_to_argv(argument)
        if not 1 <= len(words) <= 2 or not words[-1].isalnum():
            raise gdb.GdbError("usage: cleave-vcpu VM [N]")
        with physical():
            cleave = Cleave()
            vm = cleave.find(words[0])
            number = int(words[1]) if len(words) == 2 else 0
            v = cleave.vcpu(vm, number)
            guest = v["guest"]
            inside = int(v["mode"]) != 0
            print(f"partition {int(vm['id'])} \"{cleave.name(vm)}\", vCPU {number}, "
                  f"on hart {cleave.hartid(v['hart'])}")
            print(f"  state      {named(HSM, int(v['hsm']))}"
                  f"{', waits for an interrupt' if int(v['waiting']) else ''}")
            print("  registers  " + ("of its last exit that saved all: it is on its hart now"
                                     if inside else "as it left its hart"))
            print(f"  pc         {int(guest['pc']):#x}")
            for i in range(0, 32, 4):
                print("  " + "  ".join(f"{REGISTERS[i + k]:>4} {int(guest['x'][i + k]):#018x}"
                                       for k in range(4)))


class Gstage(gdb.Command):
    """cleave-gstage VM GPA: walk a partition's G-stage tables, and say what each entry means."""

    def __init__(self):
        super().__init__("cleave-gstage", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 2:
            raise gdb.GdbError("usage: cleave-gstage VM GPA")
        gpa = int(gdb.parse_and_eval(words[1])) & ((1 << 64) - 1)
        with physical():
            cleave = Cleave()
            vm = cleave.find(words[0])
            self.walk(cleave, vm, gpa)
            self.region(vm, gpa)

    def walk(self, cleave, vm, gpa):
        gs = vm["space"]["gs"]
        levels, table = int(gs["levels"]), int(gs["root_hpa"]["v"])
        print(f"{cleave.name(vm)}: GPA {gpa:#x}, Sv{12 + 9 * levels}x4, root at HPA {table:#x}")
        if table == 0:
            print("  there are no tables: the slot is empty")
            return
        if gpa >> (14 + 9 * levels):
            print("  wider than this mode: a guest-page fault")
            return
        for level in reversed(range(levels)):
            bits = 11 if level == levels - 1 else 9
            index = gpa >> (12 + 9 * level) & ((1 << bits) - 1)
            entry = cleave.word(table + 8 * index)
            flags = "".join(f if entry >> i & 1 else "-" for i, f in enumerate(FLAGS))
            below = (entry >> 10 & ((1 << 44) - 1)) << 12
            print(f"  level {level}: entry {index:4} of the table at {table:#x}: {entry:#018x} "
                  f"{flags}")
            if not entry & VALID:
                print("  nothing is mapped: a device that Cleave emulates, or nothing at all")
                return
            if entry & (READ | WRITE | EXEC):
                self.leaf(entry, level, below, gpa)
                return
            table = below

    @staticmethod
    def leaf(entry, level, below, gpa):
        offset = gpa & ((1 << (12 + 9 * level)) - 1)
        print(f"  a leaf of {PAGE_SIZES[level]}: HPA {below + offset:#x}")
        if not entry & WRITE:
            print("  not writable: logged and not written since, or a window for reading")

    @staticmethod
    def region(vm, gpa):
        space = vm["space"]
        for i in range(int(space["nr_regions"])):
            region = space["region"][i]
            base, size = int(region["base"]["v"]), int(region["size"])
            if base <= gpa < base + size:
                print(f"  in region {i}: {base:#x} to {base + size - 1:#x}")
                return
        print("  in no region of the partition's")


Vms()
Vcpu()
Gstage()
gdb.execute("set confirm off")
gdb.execute("set pagination off")
if os.environ.get("CLEAVE_GDB"):
    gdb.execute("target remote " + os.environ["CLEAVE_GDB"])
