# SPDX-License-Identifier: BSD-2-Clause
"""What a partition's life costs others: how long a step may take, and how often it may restart.

The machines count instructions: a nanosecond of their time is one instruction, on whatever hart.
"""

import pytest

from machine import ICOUNT, guest, partition

FILES = {"payload.bin": guest("lifecycle")}
RTC = "/soc/rtc@101000"
OFTEN = "restart-limit = <1000000 1>"

LATE = 200  # microseconds: a step, a restart's last one, and the interrupt's own way, twice over


def rebooting(name, memory=16 << 20, hart=0):
    return partition(name, memory=((0x80000000, memory),), bootargs="reboot",
                     more=f"cpu-affinity = <{hart}>; {OFTEN}")


@pytest.mark.parametrize("reboots", [1, 6])
def test_timer_beside_reboots(boot, reboots):
    """A timer on the hart of partitions that reboot in a loop comes in time, however many they are.
    """
    m = boot([*(rebooting(f"r{i}", 64 << 20) for i in range(reboots)),
              partition("victim", bootargs="timer", more="cpu-affinity = <0>")],
             FILES, smp=1, extra=ICOUNT)
    late = m.wait(r"^victim\| timer late by: median (\d+) us, worst (\d+) us$")
    assert int(late[2]) <= LATE


def test_device_beside_reboots(boot):
    """A device's interrupt comes in time while the boot hart, to which it goes, zeroes a GiB.

    The victim is on that hart too: QEMU that counts instructions lets a hart run on for a while
    before the next one runs.
    """
    m = boot([rebooting("r", 1 << 30),
              partition("victim", bootargs="alarm=11",
                        more=f'devices = "{RTC}"; cpu-affinity = <0>')],
             FILES, smp=1, mem="2G", extra=ICOUNT)
    late = m.wait(r"^victim\| alarm late by: median (\d+) us, worst (\d+) us$")
    assert int(late[2]) <= LATE


def test_limit_of_reboots(boot):
    """A guest that reboots too often stays stopped, and a line says why. Its neighbour runs on."""
    m = boot([partition("p", bootargs="reboot", more="restart-limit = <3 60>"),
              partition("victim", bootargs="timer")], FILES, smp=1, extra=ICOUNT)
    m.wait(r'^cleave\| partition "p": restarted 3 times within 60 seconds: it stays '
           r"stopped \(restart-limit\)$")
    m.wait(r"^victim\| timer late by")
    assert m.lines("cleave").count('partition "p": rebooted by its guest') == 4


def test_many_reboots_are_counted(boot):
    """Few of many reboots have lines and events. The others are counted, all of them."""
    m = boot([partition("manager", bootargs="events=201", more="manager; cpu-affinity = <1>"),
              partition("p", bootargs="reboot",
                        more="restart-limit = <200 60>; cpu-affinity = <0>")],
             FILES, smp=2, extra=ICOUNT)
    m.wait(r'^cleave\| partition "p": restarted (\d+) times more since the last line$')
    m.wait(r'^cleave\| partition "p": restarted 200 times within 60 seconds: it stays '
           r"stopped \(restart-limit\)$")
    counted = m.wait(r"^manager\| events: (\d+) of states, (\d+) restarts in the others$")
    told = m.lines("cleave").count('partition "p": rebooted by its guest')
    # The last reboot is refused, and told of. A restart has two events, the end one.
    assert told - 1 + int(counted[2]) == 200
    assert told < 10
    assert int(counted[1]) <= 2 * told + 1


# A guest that executes nothing but WFI: what it executes would count.
WFI = bytes.fromhex("73005010 6ff0dfff")


@pytest.mark.parametrize("page", ["0x1000", "0x40000000"])
@pytest.mark.parametrize("initrd", ["a", "abcd"])
def test_steps_are_short(boot, tmp_path, page, initrd):
    """No step of an operation on a partition takes more than 50,000 instructions.

    The length of a file's name moves what the file holds to another multiple of 4.
    """
    (tmp_path / "wfi").write_bytes(WFI)
    (tmp_path / "initrd").write_bytes(b"x" * (1 << 20))
    files = {**FILES, "wfi.bin": str(tmp_path / "wfi"), initrd: str(tmp_path / "initrd")}
    m = boot([partition("manager", bootargs="steps", more="manager"),
              partition("p", kernel="wfi.bin", initrd=initrd, cpus=4,
                        memory=((0x80000000, 512 << 20),), more=f"largest-page = <{page}>")],
             files, smp=1, mem="2G", extra=ICOUNT)
    for what in ("reset", "destroy", "create", "start"):
        longest = m.wait(rf"^manager\| {what}: \d+ steps, \d+ instructions, the longest (\d+),")
        assert int(longest[1]) <= 50000
