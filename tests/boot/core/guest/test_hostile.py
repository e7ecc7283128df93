# SPDX-License-Identifier: BSD-2-Clause
"""Guests that do what they must not: one line says what it was, and the partition ends.

Its neighbour does not notice.
"""

import re

from machine import SHORT, guest, partition

# Words of tests/guests/hostile/fatal.c, and what the line about each must say
FATAL = {
    "jump": r"fetch outside its memory at 0x40000000, pc 0x40000000",
    "load": r"load outside its memory and devices at 0x40000000, pc 0x8020[0-9a-f]{4}",
    "store": r"store outside its memory and devices at 0x40000000, pc 0x8020[0-9a-f]{4}",
    "behind": r"store outside its memory and devices at 0x81000000, pc 0x8020[0-9a-f]{4}",
    "wide": r"load outside its memory and devices at 0x1000000000000000, pc 0x8020[0-9a-f]{4}",
    "table": r"page table outside its memory at 0x40000[0-9a-f]{3}",
    "illegal": r"fetch outside its memory( at 0x0)?, pc 0x0,",
    "fetch-device": r"fetch outside its memory at 0x10000000, pc 0x10000000",
    "amo-device": r"at 0x10000000, pc 0x8020[0-9a-f]{4}, instruction 0x[0-9a-f]+",
    # This access is unaligned and crosses the end of the device. A hart may do it in two pieces.
    "device-end": r"load outside its memory and devices at 0xc(5ffffc|600000), pc "
                  r"0x8020[0-9a-f]{4}",
    "stop-all": r"all its vCPUs",
    "window": r"store outside its memory and devices at 0x200000000, pc 0x8020[0-9a-f]{4}",
    "window-jump": r"fetch outside its memory at 0x200000000, pc 0x200000000",
}


def neighbours_end(m, count):
    """All others have ended: end the neighbour, which has checked itself all the time."""
    m.focus("neighbour")
    m.send("q")
    assert m.payload_result("neighbour", SHORT) == count
    assert m.wait_end() == 0


def test_what_ends_a_partition(boot):
    """Partitions die in every way at the same time, on shared harts, beside a neighbour.

    Each death is one line that names the partition, the place and the partition's memory. Its
    registers come after it (core/vm/test_fault_record.py).
    """
    parts = [partition("neighbour", bootargs="hostile=neighbour")]
    for word in FATAL:
        more = 'on-bad-access = "stop"' + ("; manager" if word.startswith("window") else "")
        parts.append(partition(word, cpus=2, bootargs=f"hostile={word}", more=more))
    m = boot(parts, {"payload.bin": guest("hostile")}, smp=2)
    m.wait_all(*(rf'^cleave\| partition "{word}": .*{line}' for word, line in FATAL.items()))
    said = m.lines("cleave")
    for word in FATAL:
        lines = [line for line in said if line.startswith(f'partition "{word}"')
                 and not re.match(r'[^:]*: ([a-z]\w+ 0x|called from )', line)]
        assert len(lines) == 1, lines
        if word != "stop-all":
            assert "0x80000000-0x80ffffff" in lines[0], "the line says what is allowed"
        assert f"about to: {word}" in m.lines(word)
    neighbours_end(m, 1)


def test_what_a_partition_survives(boot):
    """Hostile calls, garbage for devices, all CSRs, and buffers that change during a hypercall."""
    parts = [partition("hammer", cpus=3, bootargs="hostile=hammer", more="manager"),
             partition("neighbour", bootargs="hostile=neighbour")]
    parts += [partition(word, cpus=2, bootargs=f"hostile={word}")
              for word in ("calls", "devices", "csrs")]
    m = boot(parts, {"payload.bin": guest("hostile")}, smp=4)
    # They end in any order, so what each of them passed is looked at afterwards.
    words = ("hammer", "calls", "devices", "csrs")
    m.wait_all(*(rf"^{word}\| done: [1-9]\d* passed, 0 failed" for word in words))
    for word in words:
        assert not [line for line in m.lines(word) if line.startswith("FAIL")]
    neighbours_end(m, 1)


def test_nothing_is_printed_for_bad_calls(boot):
    """40,000 calls with hostile arguments print nothing, so a guest cannot flood the console."""
    m = boot([partition("calls", cpus=2, bootargs="hostile=calls")],
             {"payload.bin": guest("hostile")}, smp=2)
    m.payload_result("calls")
    assert m.wait_end() == 0
    said = [line for line in m.lines("cleave") if line.startswith("partition") and "calls" in line]
    assert len([line for line in said if "shut down" in line]) == 1
    assert len(said) == 2, said
