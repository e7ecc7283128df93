# SPDX-License-Identifier: BSD-2-Clause
"""Devices of the machine that a partition drives itself, and memory where GPA = HPA."""

import pytest

from board import device_tree
from machine import command as qemu_command
from machine import compile_config, config, guest, newc, pack, partition

RTC = "/soc/rtc@101000"
FW_CFG = "/fw-cfg@10100000"
FILES = {"payload.bin": "passthrough", "state.bin": "state"}


def files(*names):
    return {name: guest(FILES[name]) for name in names}


def devices(*paths):
    return "devices = " + ", ".join(f'"{path}"' for path in paths)


@pytest.mark.parametrize("hart", [0, 1])
def test_registers_and_interrupts(boot, hart):
    """Reads, writes, hundreds of alarms, and an interrupt that stays asserted.

    One of the two harts serves the machine's interrupts.
    """
    m = boot([partition("clock", bootargs="irq=11",
                        more=f"{devices(RTC)}; cpu-affinity = <{hart}>")],
             files("payload.bin"), smp=2)
    m.wait(r"^cleave\| warning: /partitions/clock: devices: \"/soc/rtc@101000\" can reach all "
           r"memory of the machine by DMA")
    m.wait(rf'^cleave\| partition 0 "clock": device {RTC}: registers 0x101000-0x101fff, '
           r"interrupt 11, the guest's interrupt 11$")
    assert m.payload_result("clock") == 11
    assert m.wait_end() == 0


def test_beside_others(boot):
    """Its vCPU takes turns with another partition's, and the machine's console is always busy."""
    m = boot([partition("clock", bootargs="irq=11", more=f"{devices(RTC)}; cpu-affinity = <0>"),
              partition("busy", kernel="state.bin", cpus=2, bootargs="rounds=60",
                        more="cpu-affinity = <0 1>")],
             files("payload.bin", "state.bin"), smp=2)
    m.wait_all(r"^clock\| done: 11 passed, 0 failed", r"^busy\| done: [1-9]\d* passed, 0 failed")
    assert m.wait_end() == 0


def test_device_over_a_reset(boot):
    """The guest reboots with the interrupt claimed and asserted. The device works afterwards."""
    m = boot([partition("clock", bootargs="irq=11 reboot", more=devices(RTC))],
             files("payload.bin"), smp=2)
    m.wait(r"^clock\| leaving with interrupt 11 claimed")
    m.wait(r"^clock\| the device was used before")
    m.wait(r"^clock\| ok 300 alarms interrupt once each")
    m.wait(r"^clock\| done: 11 passed, 0 failed")
    assert m.wait_end() == 0


@pytest.mark.parametrize("how", ["load", "store"])
def test_others_cannot_reach_it(boot, how):
    """A partition that touches another partition's device is stopped. The owner does not notice."""
    m = boot([partition("thief", bootargs=f"touch={how}", more='on-bad-access = "stop"'),
              partition("clock", bootargs="irq=11", more=devices(RTC))],
             files("payload.bin"), smp=2)
    m.wait_all(rf'^cleave\| partition "thief": vCPU 0: {how} outside its memory and devices at '
               r"0x1010", r"^clock\| done: 11 passed, 0 failed")
    assert not [line for line in m.lines("thief") if "still here" in line]
    assert m.wait_end() == 0


def test_no_code_is_fetched_from_it(boot):
    """Registers are not code. The report lists what the partition has, with the device."""
    m = boot([partition("clock", bootargs="touch=fetch",
                        more=f'{devices(RTC)}; on-bad-access = "stop"')], files("payload.bin"),
             smp=1)
    line = m.wait(r'^cleave\| partition "clock": vCPU 0: fetch outside its memory at 0x101000, '
                  r".*")[0]
    assert line.endswith(", rtc@101000 0x101000-0x101fff")
    m.wait_end()


# --- direct-map ----------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [0x90000000, 0xc0000000], ids=hex)
def test_direct_map(boot, base):
    """A device finds what the guest wrote.

    Other partitions keep their memory at the same addresses, and their leaves of 1 GiB.
    """
    gib = 1 << 30
    ranges = ((gib, 64 << 20), (4 * gib, gib), (5 * gib, gib))
    m = boot([partition("large", kernel="state.bin", memory=ranges, bootargs="rounds=20"),
              partition("same", kernel="state.bin", memory=((base, 16 << 20),),
                        bootargs="rounds=20"),
              partition("direct", memory=((base, 16 << 20),), bootargs="irq=11 dma",
                        more=f"{devices(RTC, FW_CFG)}; direct-map")],
             files("payload.bin", "state.bin"), smp=2, mem="4G")
    m.wait(rf'^cleave\| warning: /partitions/direct: devices: "{RTC}", "{FW_CFG}" can reach all '
           r"memory of the machine by DMA")
    m.wait(r'^cleave\| partition 0 "large": .* in leaves of 1 GiB: 2, 2 MiB: 32, 4 KiB: 0;')
    m.wait(rf'^cleave\| partition 2 "direct": .* at {base:#x} in leaves of 1 GiB: 0, 2 MiB: 8, 4 '
           rf'KiB: 0;')
    m.wait_all(*(rf"^{name}\| done: [1-9]\d* passed, 0 failed"
                 for name in ("large", "same", "direct")))
    assert "ok a device writes where the guest's buffer is" in m.lines("direct")
    assert m.wait_end() == 0


def test_linux(boot, linux):
    """Linux with memory where GPA = HPA, and a device in its tree."""
    m = boot([partition("linux", kernel="Image", initrd="initrd.gz", cpus=2,
                        memory=((0x90000000, 256 << 20),), bootargs="console=ttyS0 earlycon=sbi",
                        more=f"{devices(RTC)}; direct-map")],
             linux(), smp=2)
    m.wait(r"^linux\| cleave-guest: up nproc=2 ")
    assert m.shell("cd /proc/device-tree/soc", "linux") == []
    assert m.shell("cat rtc*/compatible; echo", "linux") == ["google,goldfish-rtc"]
    assert m.shell("ls -d ../memory*", "linux") == ["../memory@90000000"]
    m.prompt("linux")
    m.sendline("poweroff")
    assert m.wait_end() == 0


# --- refused -------------------------------------------------------------------------------------

REFUSED = {
    "no-node": (devices("/soc/rtc@102000"),
                r'devices: there is no node "/soc/rtc@102000" in this machine\'s device tree; '
                r'cleave-check --tree names the nearest'),
    "console": (devices("/soc/serial@10000000"),
                r'devices: "/soc/serial@10000000" is the machine\'s console; '),
    "plic": (devices("/soc/plic@c000000"),
             r'devices: "/soc/plic@c000000" is an interrupt controller; '),
    "clint": (devices("/soc/clint@2000000"),
              r'devices: "/soc/clint@2000000" is a device that the firmware uses; '),
    "hypervisor": ("direct-map; memory = <0 0x80200000 0 0x1000000>",
                   r'memory: range 0, 0x80200000 to 0x811fffff, is not all free memory of this '
                   r'machine, which "direct-map" needs; free: 0x8'),
    "archive": ("direct-map; memory = <0 0xa0000000 0 0x1000000>",
                r"memory: range 0, 0xa0000000 to 0xa0ffffff, is not all free memory"),
    "nowhere": ("direct-map; memory = <0 0x40000000 0 0x1000000>",
                r"memory: range 0, 0x40000000 to 0x40ffffff, is not all free memory"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_by_name(boot, tmp_path, what):
    """Errors that only the machine can show are found at boot: one line, no partition starts."""
    more, line = REFUSED[what]
    memory = None if "memory" in more else ((0x80000000, 16 << 20),)
    archive = tmp_path / "refused.cpio"
    blob = compile_config(config(partition("p", memory=memory, more=more)))
    archive.write_bytes(newc([("cleave.dtb", blob), ("payload.bin", b"\x13\0\0\0" * 1024)]))
    m = boot(archive=str(archive), smp=1)
    m.wait(r"^cleave\| error: /partitions/p: " + line)
    m.wait(r"^cleave\| the configuration has errors: no partition is started")
    m.wait_end()


def test_no_controller(boot, tmp_path):
    """Without a controller that a driver knows, a device with interrupts is refused in a line."""
    archive = pack(str(tmp_path / "a.cpio"),
                   config(partition("clock", bootargs="irq=11", more=devices(RTC))),
                   files("payload.bin"))
    tree = device_tree(tmp_path, 1, lambda s: s.replace("sifive,plic-1.0.0", "acme,plic")
                       .replace("riscv,plic0", "acme,plic0"))
    m = boot(argv=qemu_command(initrd=archive, smp=1) + ["-dtb", tree])
    m.wait(rf'^cleave\| error: /partitions/clock: devices: "{RTC}": its interrupts go to '
           r'"/soc/.*", and this machine has no interrupt controller that a driver '
           r"knows; allowed here: devices without interrupts")
    m.wait(r"^cleave\| the configuration has errors: no partition is started")
    m.wait_end()


# --- a manager's doings --------------------------------------------------------------------------


def command(m, text, *patterns):
    """Have the manager do `text`, and wait for lines that it causes, in this order.

    They come from another hart, so they may come before the manager's `ok`.
    """
    since = m.at = len(m.lines())
    m.sendline(text)
    m.wait(r"^manager\| ok$")
    m.at = since
    for pattern in patterns:
        m.wait(pattern)


def heard(m):
    """The number of the last alarm that the guest heard."""
    return [int(line.split()[1]) for line in m.lines("clock") if line.startswith("alarm")][-1]


def test_pause_reset_destroy(boot):
    """An interrupt for a paused partition waits until the partition runs again.

    After a reset or a new start, the device is quiet and works.
    """
    m = boot([partition("clock", bootargs="irq=11 count", memory=((0x90000000, 16 << 20),),
                        more=f"{devices(RTC)}; direct-map; cpu-affinity = <1>"),
              partition("manager", kernel="manager.bin", bootargs="script",
                        more="manager; cpu-affinity = <0>")],
             {**files("payload.bin"), "manager.bin": guest("manager")}, smp=2,
             append="cleave.focus=manager")
    m.wait(r"^clock\| alarm 3$")
    command(m, "pause clock")
    # The guest hears nothing while it is paused. It hears the alarm of that time afterwards.
    paused = heard(m)
    command(m, "list")
    assert heard(m) == paused
    command(m, "resume clock", rf"^clock\| alarm {paused + 1}$", rf"^clock\| alarm {paused + 5}$")

    # No log would show what its device writes.
    m.sendline("log start clock")
    m.wait(rf'^manager\| error: partition 0 "clock" has the passed-through device {RTC}: no log '
           rf'sees what a device writes$')

    command(m, "reset clock", r"^clock\| the device was used before", r"^clock\| alarm 5$")

    command(m, "destroy clock")
    kept = 'partition "clock": destroyed, its memory is kept for it'
    assert [line for line in m.lines("cleave") if kept in line]
    command(m, "create clock")
    command(m, "start clock", r"^clock\| the device was used before", r"^clock\| alarm 5$")
