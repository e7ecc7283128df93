# SPDX-License-Identifier: BSD-2-Clause
"""What partitions that share a hart find of one another in its CSRs: tests/guests/leftover."""

import os

import pytest

from board import AT_USUAL
from gdbstub import GdbStub, symbol
from machine import OUT, guest, partition
from payloads import affinity

PAYLOAD = {"payload.bin": guest("leftover")}
CTR = "smcsrind=on,sscsrind=on,smctr=on,ssctr=on,smstateen=off"
ZCMT = "zca=on,zcmt=on,f=off,d=off,zfa=off,smstateen=off"


def two(boot, cpu, more=(), bootargs="", **kwargs):
    """Boot two partitions on one hart, each with a pattern of its own, and `more` of them."""
    parts = [partition(name, bootargs=f"mark={n} {bootargs}", more=f"manager; {affinity((0,))}")
             for n, name in enumerate(("one", "two"), 1)]
    return boot(parts + list(more), PAYLOAD, smp=1, cpu=cpu, **kwargs)


@pytest.mark.parametrize("cpu, reached", [
    ("", ["0x106"]),
    (CTR, ["0x14e", "0x14f"]),
    (ZCMT, ["0x17"]),
    (CTR.replace("smstateen=off", "smstateen=on"), []),
    (ZCMT.replace("smstateen=off", "smstateen=on"), []),
    ("v=true,zicfilp=on,zicfiss=on,zimop=on,zcmop=on,smnpm=on,ssnpm=on", ["0x9"]),
], ids=["plain", "ctr", "zcmt", "ctr-smstateen", "zcmt-smstateen", "many"])
def test_csrs_of_another_partition(boot, cpu, reached):
    """No CSR that a guest can write holds what the hart's other partition wrote into it."""
    m = two(boot, cpu)
    m.payload_results("one", "two")
    for name in ("one", "two"):
        written = {line.split()[2] for line in m.lines(name) if line.startswith("can write")}
        assert written >= {csr + "," for csr in reached}
        if "smstateen=on" in cpu:
            assert not written & {"0x17,", "0x14e,"}


STATEEN_CTR = 1 << 54
ILLEGAL_INSTRUCTION = 1 << 2 # in hedeleg


def test_a_csr_that_nobody_switches(boot, tmp_path):
    """A hart on which guests can write a CSR that Cleave does not know runs one partition only.

    QEMU has no such hart. So sctrctl is closed while Cleave looks for it, and open from then on.
    """
    path = str(tmp_path / "gdb")
    slot = partition("slot", kernel=None, more="incoming; " + affinity((0,)))
    m = two(boot, CTR.replace("smstateen=off", "smstateen=on"), more=[slot], bootargs="refused=2",
            extra=("-S", "-gdb", f"unix:{path},server=on,wait=off"))
    stub = GdbStub(path)
    stub.run_to(AT_USUAL)
    stub.set(stub.csr("mstateen0"), 0)
    stub.run_to(symbol(os.path.join(OUT, "cleave.elf"), "csr_scan"))
    for name in ("mstateen0", "hstateen0"):
        stub.set(stub.csr(name), STATEEN_CTR)
    # Illegal instructions of the scan's guest are its own: QEMU 10.0.11 and later let no firmware
    # hand them to HS-mode, as mstatus.MPV cannot be written there.
    for function in ("guest_load", "guest_put"):
        stub.run_to(symbol(os.path.join(OUT, "cleave.elf"), function))
    assert stub.get(stub.csr("hedeleg")) & ILLEGAL_INSTRUCTION
    stub.go()
    m.wait(r"^cleave\| hart 0: guests can write CSR 0x14e 0x14f, which nobody switches: only one "
           r"partition may use this hart$")
    for name in ("two", "slot"):
        m.wait(rf'^cleave\| partition "{name}": cpu-affinity: hart 0 is another partition\'s, and '
               r"has CSRs that nobody switches; allowed: a hart of its own$")
    m.payload_results("one")
    assert any(line.startswith("can write 0x14e,") for line in m.lines("one"))
    assert not m.lines("two")
    stub.close()


def test_counters_that_are_off(boot):
    """`counters = "off"` closes cycle and instret to one partition, on all its vCPUs, and no other.

    A guest reads an illegal instruction there, and its ISA string has no Zicntr.
    """
    parts = [partition(word, cpus=2, bootargs=f"counters={word}", more=f'counters = "{word}"')
             for word in ("on", "off")]
    m = boot(parts, PAYLOAD, smp=2)
    m.payload_results("on", "off")
