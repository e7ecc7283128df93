# SPDX-License-Identifier: BSD-2-Clause
"""A guest that does what it may not: it is stopped and named in one line, and everybody else runs on."""

import pytest

from cleavetest import MODES, guest, partition

# What the payload `mmio` can do last, and a word that the line about it must hold
ENDS = {
    "amo": r"atomic instruction at 0xc002000", "lr": r"atomic instruction at 0xc002000",
    "fp": r"floating-point .*at 0xc002000", "misaligned": r"misaligned load from a device at 0xc002002",
    "fetch-device": r"fetch at 0x10000000", "fetch-nowhere": r"fetch at 0x40000000",
    "load-nowhere": r"load at 0x40001238", "store-nowhere": r"store at 0x40005678",
    "walk-nowhere": r"page table outside memory at 0x400000", "walk-device": r"page table outside memory at 0x100000",
}


def test_each_fault_stops_its_partition_alone(boot):
    """Ten partitions end in ten ways, while another one works; each is told apart by its line."""
    names = {end: "p-" + end for end in ENDS}
    small = ((0x80000000, 4 << 20),)
    m = boot([partition("witness", bootargs="mode=echo", kernel="console.bin")] +
             [partition(names[end], bootargs=f"end={end}", memory=small) for end in ENDS],
             {"payload.bin": guest("mmio"), "console.bin": guest("console")}, smp=2)
    m.wait_all(*(rf'^cleave\| partition "{names[end]}": vCPU 0: {words}.*its memory is 0x80000000-0x803fffff' for end, words in ENDS.items()))
    for end, name in names.items():
        assert f"now: {end}" in m.lines(name)
        assert not [line for line in m.lines(name) if line.startswith("FAIL")]
    m.wait_open(r"^witness\| echo> *$")
    m.sendline("alive")
    m.wait(r"^witness\| heard 5 bytes")
    m.sendline("quit")
    m.wait_end()


@pytest.mark.parametrize("mode", MODES)
def test_restart_after_a_fault(boot, mode):
    """on-fault = "restart": loaded anew and started, a bounded number of times; the neighbour does not notice."""
    m = boot([partition("faulty", bootargs="end=store-nowhere", more=f'on-fault = "restart"; gstage-mode = "{mode}"'),
              partition("witness", bootargs="mode=echo", kernel="console.bin")],
             {"payload.bin": guest("mmio"), "console.bin": guest("console")}, smp=2, append="cleave.focus=witness")
    m.wait(r'^cleave\| partition "faulty": .*store')
    m.wait(r'^cleave\| partition "faulty": restarting it \(1 of (\d+)')
    m.wait(r"^faulty\| now: store-nowhere")
    m.wait(r'^cleave\| partition "faulty": restarted \d+ times within \d+ seconds: it stays stopped')
    runs = m.lines("faulty").count("now: store-nowhere")
    restarts = len([line for line in m.lines("cleave") if "restarting it" in line])
    assert runs == restarts + 1 > 2
    m.wait_open(r"^witness\| echo> *$")
    m.sendline("alive")
    m.wait(r"^witness\| heard 5 bytes")


def test_on_fault_reset_resets_the_machine(boot):
    m = boot([partition("faulty", bootargs="end=fetch-nowhere", more='on-fault = "reset"')],
             {"payload.bin": guest("mmio")}, smp=1, extra=["-no-reboot"])
    m.wait(r'^cleave\| partition "faulty": on-fault = "reset": resetting the machine')
    m.wait_end()
