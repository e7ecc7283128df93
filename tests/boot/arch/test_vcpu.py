# SPDX-License-Identifier: BSD-2-Clause
"""The world switch: what a vCPU keeps over exits and turns, and which exits end its partition."""

import os
import re
import subprocess

import pytest

from gdbstub import GdbStub, symbol
from machine import OUT, guest, partition, qemu
from moves import Manager, manager
from payloads import affinity

# What the payload mmio does last, and what Cleave must say about it
ENDS = {
    "amo": r"atomic access to a device at 0xc002000, .*instruction 0x",
    "lr": r"atomic access to a device at 0xc002000, .*instruction 0x",
    "fp": r"floating-point access to a device at 0xc002000, .*instruction 0x",
    "misaligned": r"misaligned load from a device at 0xc002002, .*instruction 0x",
    "fetch-device": r"fetch outside its memory at 0x10000000, pc 0x10000000",
    "fetch-nowhere": r"fetch outside its memory at 0x40000000, pc 0x40000000",
    "fetch-far": r"fetch outside its memory at 0xfedcba9876543210, pc 0xfedcba9876543210",
    "store-far": r"store outside its memory and devices at 0xffffffffffffffff, .*instruction 0x",
    "load-nowhere": r"load outside its memory and devices at 0x40001238, .*instruction 0x",
    "store-nowhere": r"store outside its memory and devices at 0x40005678, .*instruction 0x",
    "walk-nowhere": r"page table outside its memory at 0x400000",
    "walk-device": r"page table outside its memory at 0x100000",
    "walk-load": r"page table outside its memory at 0x10000000, .*scause 0x15, stval 0x40000000",
}


# Time follows instructions, of which a slice has few: turns end inside of rounds, however fast the
# host is.
TURNS = qemu.icount(shift=10)


@pytest.mark.parametrize("cpu, board", [
    ("", ""), ("v=true", ""), ("v=true,vlen=1024", ""), ("sstc=off", ""),
    ("", "aia=aplic-imsic"), ("smstateen=true", "aia=aplic-imsic"),
])
def test_state_is_kept(boot, cpu, board):
    """Five vCPUs of two partitions on two harts keep their integer, F/D, V and CSR state.

    They keep it over calls, device accesses, faults and turns.
    """
    m = boot([partition("a", cpus=3, bootargs="rounds=60", more=affinity((0, 0, 1))),
              partition("b", cpus=2, bootargs="rounds=90", more=affinity((0, 1)))],
             {"payload.bin": guest("state")}, smp=2, cpu=cpu, machine=board, extra=TURNS)
    m.wait_all(r"^a\| done: 17 passed, 0 failed", r"^b\| done: 11 passed, 0 failed")
    found = [line for line in m.lines("a") + m.lines("b") if "all rounds" in line]
    assert len(found) == 5
    assert all(f"vector {int('v=true' in cpu)}," in line for line in found)
    # A guest reaches this CSR of the AIA unless there is Smstateen.
    reached = bool(board) and "smstateen" not in cpu
    assert all(f"siselect {int(reached)})" in line for line in found)
    assert m.wait_end() == 0


def test_state_is_kept_in_a_pause(boot):
    """A vCPU that is paused and goes on with no other between has all of its state, vstart too."""
    # The manager stays for the one that it could still start.
    m = boot([manager(), partition("a", bootargs="rounds=60", more=affinity((1,))),
              partition("later", more="manual-start")],
             {"manager.bin": guest("manager"), "payload.bin": guest("state")}, smp=2, cpu="v=true",
             extra=TURNS)
    manage = Manager(m)
    manage.ready()
    while not any(line.startswith("done: ") for line in m.lines("a")):
        if manage.try_run("pause a")[0] == "ok":
            manage.run("resume a")
    assert "done: 5 passed, 0 failed" in m.lines("a"), m.lines("a")


@pytest.mark.parametrize("cpu", ["", "zcb=true"])
def test_loads_and_stores_on_devices(boot, cpu):
    m = boot([partition("p")], {"payload.bin": guest("mmio")}, smp=1, cpu=cpu)
    passed = m.payload_result("p")
    assert passed == (24 if "zcb" in cpu else 21)
    assert m.wait_end() == 0


@pytest.mark.parametrize("cpu, counters", [("", "on"), ("", "off"), ("sstc=off,svinval=on", "on"),
                                           ("v=true,smstateen=true", "on")])
def test_privileged_instructions(boot, cpu, counters):
    """From VS- and VU-mode, with two vCPUs on the hart, so that WFI and WRS.NTO trap.

    With `counters = "off"` cycle and instret are illegal in both modes, else fine in both.
    """
    m = boot([partition("p", cpus=2, bootargs="no-counters" if counters == "off" else None,
                        more=f'{affinity((0, 0))}; counters = "{counters}"')],
             {"payload.bin": guest("priv")}, smp=1, cpu=cpu)
    assert m.payload_result("p") > 100
    assert m.wait_end() == 0


def test_rva23(boot):
    """A hart with more extensions than the other tests have, and with Sv39x4 alone.

    It has vectors, Zcb, Svnapot, Svpbmt, Svinval and pointer masking.
    """
    m = boot([partition("state", cpus=2, kernel="state.bin", bootargs="rounds=60",
                        more=affinity((0, 0))),
              partition("mmio", kernel="mmio.bin", more=affinity((1,))),
              partition("priv", cpus=2, kernel="priv.bin", more=affinity((1, 1)))],
             {f"{name}.bin": guest(name) for name in ("state", "mmio", "priv")}, smp=2,
             extra=["-cpu", "rva23s64"])
    m.wait_all(r"^state\| done: 11 passed, 0 failed", r"^mmio\| done: 24 passed, 0 failed",
               r"^priv\| done: \d+ passed, 0 failed")
    assert m.wait_end() == 0


def read_of_htinst():
    """Where exit_page_fault() has just read htinst, and the number of the register that has it."""
    tool = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "objdump"
    text = subprocess.run([tool, "-d", "-M", "numeric", "--disassemble=exit_page_fault",
                           os.path.join(OUT, "cleave.elf")], capture_output=True, text=True,
                          check=True).stdout
    found = re.search(r"csrr\s+x(\d+),htinst\n\s*([0-9a-f]+):", text)
    return int(found[2], 16), int(found[1])


def test_a_page_table_in_a_device_that_htinst_does_not_tell(boot, tmp_path):
    """A load whose walk meets the UART, on a hart that leaves htinst 0: the UART is not read.

    QEMU says in htinst that it was the walk, and lets nobody write there. So what the hypervisor
    has read from it becomes 0.
    """
    path = str(tmp_path / "gdb")
    m = boot([partition("p", bootargs="end=walk-load", more='on-bad-access = "stop"')],
             {"payload.bin": guest("mmio")}, smp=1,
             extra=("-S", "-gdb", f"unix:{path},server=on,wait=off"))
    stub = GdbStub(path)
    for elf, name in (("cleave.elf", "guest_run"), ("tests/guests/mmio.elf", "end_walk_load"),
                      ("cleave.elf", "exit_page_fault")):
        stub.run_to(symbol(os.path.join(OUT, elf), name))
    after, register = read_of_htinst()
    stub.run_to(after)
    stub.set(register, 0)
    stub.go()
    m.wait(r'^cleave\| partition "p": vCPU 0: page table in a device at 0x10000000, .*'
           r"scause 0x15, stval 0x40000000")
    assert m.wait_end() == 0
    stub.close()


def test_what_ends_a_partition(boot):
    """With on-bad-access = "stop", each partition does one forbidden thing and is stopped.

    A line of its own tells of each, and another partition does not notice.
    """
    stop = 'on-bad-access = "stop"'
    m = boot([partition(end, bootargs=f"end={end}", more=stop) for end in ENDS] +
             [partition("other", kernel="state.bin", cpus=2, bootargs="rounds=60",
                        more=affinity((0, 1)))],
             {"payload.bin": guest("mmio"), "state.bin": guest("state")}, smp=2)
    m.wait_all(*(rf'^cleave\| partition "{end}": vCPU 0: {what}' for end, what in ENDS.items()),
               r"^other\| done: 11 passed, 0 failed")
    assert m.wait_end() == 0
    for end in ENDS:
        assert f"now: {end}" in m.lines(end)
        assert not [line for line in m.lines(end) if line.startswith("FAIL")]
