# SPDX-License-Identifier: BSD-2-Clause
"""What Cleave finds out about its harts: extensions, A/D updates, CSRs that not all harts have."""

import os

import pytest

from board import AT_USUAL, with_cpu
from gdbstub import GdbStub, symbol
from machine import OUT, command, config, pack
from payloads import STATE, state


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
    """Cleave finds what QEMU was told to have, and a guest runs with it."""
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
    ("rv64,h=true", True),
])
def test_hardware_ad_updates_are_judged(boot, tmp_path, cpu, sound):
    """Dirty logging is refused on a hart that writes A and D bits without the log's knowledge.

    The message says what to do about it. Where the firmware can tell the hart to leave these bits
    to software (Svadu), it does.
    """
    archive = pack(str(tmp_path / "a.cpio"), config(state()), STATE)
    m = boot(argv=with_cpu(command(initrd=archive, smp=2), cpu))
    m.wait(r"^cleave\| A/D self-test: " + ("page fault" if sound else "by hardware, THROUGH"))
    assert m.payload_result("p") > 0
    refused = [line for line in m.lines("cleave") if "dirty logging is refused" in line]
    assert len(refused) == (0 if sound else 1)
    assert all("svadu=off,svade=on" in line for line in refused)


def without_stateen(boot, tmp_path, smp):
    """A machine whose boot hart has no henvcfg and senvcfg, as in privileged specification 1.11.

    QEMU has no such hart with H, but mstateen0 can take both away before the hypervisor begins.
    Return: the machine, and its debugger.
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


def test_a_hart_without_addresses_in_htval(boot, tmp_path):
    """A boot hart whose htval is 0 after a guest-page fault can run no guest, and says so.

    QEMU always writes htval. Here it is 0 after the first fault of the self-test.
    """
    path = str(tmp_path / "gdb")
    m = boot([state()], STATE, smp=1, extra=("-S", "-gdb", f"unix:{path},server=on,wait=off"))
    stub = GdbStub(path)
    for name in ("selftest_run", "trap_host"):
        stub.run_to(symbol(os.path.join(OUT, "cleave.elf"), name))
    stub.set(stub.csr("htval"), 0)
    stub.go()
    m.wait(r"^cleave\| this hart does not say in htval which guest-physical address has faulted "
           r"\(Shtvala\): no guest can run$")
    m.wait_end()
    stub.close()


def test_a_hart_whose_csrs_of_guests_differ(boot, tmp_path):
    """The other hart has henvcfg, senvcfg and Smstateen, and must be left out.

    If it were used, it would hand one partition's senvcfg to the next.
    """
    m, stub = without_stateen(boot, tmp_path, smp=2)
    m.wait(r"^cleave\| hart [01] left out: CSRs differ from the boot hart's \(henvcfg yes, "
           r"Smstateen yes, open siselect no, jvt no, scontext no, sctrctl no\): "
           r"guests would find in them what other guests left")
    m.wait(r"^cleave\| harts: .*: 1 of 2 online")
    m.wait(r"^cleave\| extensions: henvcfg no, ")
    assert m.payload_result("p") > 0
    stub.close()
