# SPDX-License-Identifier: BSD-2-Clause
"""Two sockets: each has an interrupt controller of its own, which reaches the socket's harts alone.

QEMU gives the clock and the console's UART to the first, and the virtio devices to the second.
"""

import os
import subprocess

import pytest

from machine import OUT, command, guest, partition, qemu



def sockets(number):
    """QEMU's arguments for so many sockets, each with a GiB of memory and two harts."""
    return [word for n in range(number) for word in (
        "-object", f"memory-backend-ram,id=m{n},size=1G",
        "-numa", f"node,nodeid={n},cpus={2 * n}-{2 * n + 1},memdev=m{n}")]


RTC = 'devices = "/soc/rtc@101000"'
LINK = f'direct-map; devices = "{qemu.LINK_NODE}"'
# A console device of virtio with a port that nobody is at: it interrupts when it is asked to.
DEVICE = [
    "-global", "virtio-mmio.force-legacy=false", "-device",
    "virtio-serial-device,bus=virtio-mmio-bus.0", "-chardev", "null,id=sink", "-device",
    "virtserialport,chardev=sink,name=cleave.link"
]
PAYLOADS = {"payload.bin": "passthrough", "virtio.bin": "virtio", "state.bin": "state"}


def clock(more):
    return partition("clock", bootargs="irq=11", more=f"{RTC}; {more}")


def link(more):
    return partition("link", kernel="virtio.bin", memory=((0x90000000, 16 << 20),),
                     bootargs="sleep", more=f"{LINK}; {more}")


def start(boot, *partitions, number=2, **kwargs):
    """Boot these partitions on so many sockets."""
    return boot(list(partitions), {name: guest(p) for name, p in PAYLOADS.items()},
                smp=2 * number, mem=f"{number}G", extra=sockets(number) + DEVICE, **kwargs)


def test_both_sockets_have_devices(boot):
    """A device behind each controller interrupts the partition that has it, beside one another."""
    m = start(boot, clock("cpu-affinity = <1>"), link("cpu-affinity = <2>"))
    m.wait(r"^cleave\| interrupt controller plic@c000000: PLIC, 95 sources$")
    m.wait(r"^cleave\| interrupt controller plic@c600000: PLIC, 95 sources$")
    m.wait(r"^cleave\| harts: .*: 4 of 4 online")
    m.wait(r'^cleave\| partition 0 "clock": device .*, interrupt 11 of plic@c000000, the guest')
    m.wait(r'^cleave\| partition 1 "link": device .*, interrupt 1 of plic@c600000, the guest')
    m.wait_all(r"^link\| ok the device's interrupt ends a WFI", r"^clock\| done: 11 passed, 0 fail")


@pytest.mark.parametrize("number", [3, 4])
def test_more_sockets(boot, number):
    """Each has its controller, and a partition on the last one's harts runs beside the others."""
    last = 2 * number - 1
    m = start(boot, clock("cpu-affinity = <1>"), link("cpu-affinity = <2>"),
              partition("last", kernel="state.bin", cpus=2, memory=((0x80000000, 512 << 20),),
                        bootargs="rounds=20", more=f"cpu-affinity = <{last - 1} {last}>"),
              number=number)
    for n in range(number):
        m.wait(rf"^cleave\| interrupt controller plic@{0xc000000 + n * 0x600000:x}: PLIC, 95 ")
    m.wait(rf"^cleave\| harts: .*: {2 * number} of {2 * number} online")
    m.wait_all(rf'^cleave\| partition 2 "last": 2 vCPUs on harts {last - 1} {last}; 512 MiB',
               r"^link\| ok the device's interrupt ends a WFI",
               r"^clock\| done: 11 passed, 0 failed", r"^last\| done: [1-9]\d* passed, 0 failed")


def test_open_harts_are_chosen_where_the_devices_are(boot):
    """A partition that names no hart gets one that its device's controller reaches."""
    m = start(boot, clock(""), link(""), partition("third", bootargs="again"))
    m.wait(r'^cleave\| partition 0 "clock": 1 vCPU on hart [01]; ')
    m.wait(r'^cleave\| partition 1 "link": 1 vCPU on hart [23]; ')
    m.wait_all(r"^link\| ok the device's interrupt ends a WFI", r"^clock\| done: 11 passed, 0 fail")


def test_a_vcpu_on_each_socket(boot):
    """It works, and a warning says what an interrupt may cost on the harts that take it."""
    m = start(boot, partition("clock", cpus=2, bootargs="irq=11",
                              more=f"{RTC}; cpu-affinity = <2 0>"))
    m.wait(r'^cleave\| warning: /partitions/clock: devices: "/soc/rtc@101000": its interrupts go '
           r'to "plic@c000000", which reaches harts 0, 1, and a vCPU is elsewhere: what that one '
           r"completes may interrupt whoever has these harts$")
    assert m.payload_result("clock") == 11
    assert m.wait_end() == 0


REFUSED = {
    "first": (clock("cpu-affinity = <3>"),
              r'/partitions/clock: devices: "/soc/rtc@101000": its interrupts go to '
              r'"plic@c000000", which reaches harts 0, 1, and no vCPU is on one of them; allowed: '
              r"a cpu-affinity with one of them"),
    "second": (link("cpu-affinity = <0>"),
               rf'/partitions/link: devices: "{qemu.LINK_NODE}": its interrupts go to '
               r'"plic@c600000", which reaches harts 2, 3, and no vCPU'),
    "both": (partition("both", memory=((0x90000000, 16 << 20),),
                       more=f'direct-map; devices = "/soc/rtc@101000", "{qemu.LINK_NODE}"'),
             rf'/partitions/both: devices: "{qemu.LINK_NODE}": its interrupts go to '
             r'"plic@c600000", which reaches harts 2, 3, and no vCPU'),
}


@pytest.mark.parametrize("what", REFUSED)
def test_device_of_the_other_socket(boot, tmp_path, what):
    """It is refused by name, at boot and on a person's machine, in the same words."""
    node, line = REFUSED[what]
    m = start(boot, node)
    m.wait(r"^cleave\| error: " + line)
    m.wait(r"^cleave\| the configuration has errors: no partition is started")
    m.wait_end()
    tree = str(tmp_path / "sockets.dtb")
    argv = command(smp=4, mem="2G", machine=f"dumpdtb={tree}")
    subprocess.run(argv[:argv.index("-kernel")] + sockets(2), check=True, capture_output=True)
    check = subprocess.run([os.path.join(OUT, "host", "cleave-check"), "--tree", tree, "--harts",
                            "0,1,2,3", str(tmp_path / "archive0.cpio")], capture_output=True,
                           text=True, check=False)
    assert check.returncode == 1
    said = [text for text in m.lines("cleave") if text.startswith("error: /partitions")]
    assert said == [text for text in check.stderr.splitlines() if text.startswith("error")]
