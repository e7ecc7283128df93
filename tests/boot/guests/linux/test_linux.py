# SPDX-License-Identifier: BSD-2-Clause
"""Unmodified Debian kernels boot to a shell and power off cleanly, in every G-stage mode."""

import pytest

from machine import ESCAPE, LONG, MODES, partition

BOOTARGS = "console=ttyS0 earlycon=sbi"
MEMORY = ((0x80000000, 256 << 20),)


def linux_partition(name="linux", cpus=2, mode="sv39x4", kernel="Image", memory=MEMORY, more=""):
    return partition(name, kernel=kernel, initrd="initrd.gz", cpus=cpus, memory=memory,
                     bootargs=BOOTARGS, more=f'gstage-mode = "{mode}"; {more}')


def to_a_shell(m, cpus, name="linux", version=None):
    """Wait for the guest's init, and use its shell."""
    up = m.wait(rf"^{name}\| cleave-guest: up nproc=(\d+) mem_kib=(\d+) linux=(\S+)")
    assert int(up[1]) == cpus
    if version:
        assert up[3].startswith(version + ".") or up[3].startswith(version + "-")
    assert m.shell("echo $((6 * 7)) && nproc", name) == ["42", str(cpus)]
    # Every hart of the guest takes the interrupts of its own timer, and the guest takes those of
    # the console from the emulated PLIC.
    interrupts = "\n".join(m.shell("cat /proc/interrupts", name))
    assert "PLIC" in interrupts and "ttyS0" in interrupts


def power_off(m, name="linux"):
    m.prompt(name)
    m.sendline("poweroff")
    m.wait(rf'^cleave\| partition "{name}": shut down by its guest')


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_shell_and_power_off(boot, linux, cpus, mode):
    m = boot([linux_partition(cpus=cpus, mode=mode)], linux(), smp=4)
    m.wait(rf'^cleave\| partition 0 "linux": {cpus} '
           rf'vCPU.*{dict(zip(MODES, (3, 4, 5)))[mode]}-level')
    to_a_shell(m, cpus, version="6.12")
    power_off(m)
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES)
def test_four_vcpus_on_one_hart(boot, linux, mode):
    m = boot([linux_partition(cpus=4, mode=mode)], linux(), smp=1)
    to_a_shell(m, 4)
    power_off(m)
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES)
def test_eight_harts(boot, linux, mode):
    m = boot([linux_partition(cpus=8, mode=mode)], linux(), smp=8)
    m.wait(r"^cleave\| harts: .*: 8 of 8 online")
    to_a_shell(m, 8)
    power_off(m)
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES)
def test_without_sstc(boot, linux, mode):
    """The guest sets its timers through SBI.

    In test_sched.py several vCPUs share the one timer of a hart.
    """
    m = boot([linux_partition(cpus=2, mode=mode)], linux(), smp=2, cpu="sstc=off")
    m.wait(r"^cleave\| extensions: .*Sstc no")
    to_a_shell(m, 2)
    power_off(m)
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES)
def test_two_linux_partitions(boot, linux, mode):
    """Linux 6.12 and 7.2 run side by side, and the focus moves between their shells.

    One of them ends, and the other does not notice.
    """
    files = linux("6.12") | linux("7.2", name="Image-7.2")
    m = boot([linux_partition("one", cpus=2, mode=mode),
              linux_partition("two", cpus=1, mode=mode, kernel="Image-7.2")], files, smp=3)
    m.wait_all(r"^one\| cleave-guest: up nproc=2 .*linux=6\.12",
               r"^two\| cleave-guest: up nproc=1 .*linux=7\.2")
    assert m.shell("uname -r", "one")[0].startswith("6.12")
    m.focus("two")
    assert m.shell("uname -r", "two")[0].startswith("7.2")
    m.send(ESCAPE + "0")
    m.wait(r'^cleave\| input goes to partition 0 "one"')
    power_off(m, "one")
    m.focus("two")
    assert m.shell("echo still $((40 + 2))", "two") == ["still 42"]
    power_off(m, "two")
    assert m.wait_end() == 0


def test_reboot(boot, linux):
    """A guest that reboots is loaded from its files again."""
    m = boot([linux_partition(cpus=2)], linux(), smp=2)
    m.wait(r"^linux\| cleave-guest: up ")
    m.shell("touch /tmp/gone", "linux")
    m.prompt("linux")
    m.sendline("reboot")
    m.wait(r"^linux\| cleave-guest: up ", LONG)
    assert m.shell("ls /tmp/gone 2>/dev/null; echo $?", "linux") == ["1"]
    power_off(m)
    assert m.wait_end() == 0
