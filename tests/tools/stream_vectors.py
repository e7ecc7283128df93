#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make docs/migration-vectors.md: small streams, each decoded and byte for byte.

usage: tests/tools/stream_vectors.py >docs/migration-vectors.md

tests/tools/test_cleave_stream.py compares the document with what this makes.
"""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "scripts")]

import usage  # noqa: E402
from stream import frames, rules, text  # noqa: E402

GUEST = """\
require vcpus=1 gstage_levels=3 timebase=10000000 regions=0x80000000+0x4000 isa="rv64imac_zicsr" \
vs_levels=0x8 state_level=1 sbi_version=0x2000000
"""
IMAGES = """\
images offset=0 data=0102030405060708
images offset=8 data=09
"""
STATE = """\
stop run=1
state kind=config .vcpus=1 .timebase=10000000 .regions=0x80000000+0x4000
state kind=clock .time=123456789
state kind=identity .uuid=00112233445566778899aabbccddeeff .name="work"
state kind=registers .x2=0x80003ff0 .x10=0x2a .pc=0x80000104 .mode=1
state kind=csrs .sstatus=0x200000022 .sie=0x20 .stvec=0x80000200
state kind=timer .fires=0xffffffffffffffff
state kind=run .flags=1
state kind=uart .lcr=3
state kind=plic .sources=32 .contexts=0x400+0x0
state kind=output .bytes=2e2e2e
state kind=input
"""
FIRST = """\
pass-begin
page gpa=0x80000000 fill=0x1122334455667788
zero gpa=0x80001000 pages=3
pass-end
"""
LAST = """\
pass-begin flags=1
page gpa=0x80001000 fill=0xffffffffffffffff
pass-end
"""
# 0x2a once; 4 + 15 + 255 * 15 + 246 = 4090 bytes from one byte before; five literals
PACKED = "1f2a0100" + "ff" * 15 + "f6" + "502a2a2a2a2a"
HELLO = 'hello id=0x1122334455667788 name="work" uuid=00112233445566778899aabbccddeeff'

VECTORS = (
    ("A checkpoint", "A guest of four pages. One page is written between the two passes.",
     f"{HELLO}\n{GUEST}{FIRST}{STATE}{LAST}hand-over\n"),
    ("A checkpoint with a packed page",
     "Minor version 1. The block is one literal byte, a copy that overlaps itself, and an end.",
     f"""{HELLO} minor=1
{GUEST}{STATE}pass-begin flags=1
packed gpa=0x80000000 block={PACKED}
zero gpa=0x80001000 pages=3
pass-end
hand-over
"""),
    ("A checkpoint of two epochs",
     "In the second, one page has changed. All counts, and the digest of everything, go on.",
     f"""{HELLO} flags=2
{GUEST}{STATE}pass-begin flags=1
page gpa=0x80000000 fill=0x1122334455667788
zero gpa=0x80001000 pages=3
pass-end
hand-over
{STATE}{LAST}hand-over
end epochs=2
"""),
    ("A checkpoint with images", "What the guest reboots from comes before its memory.",
     f"""{HELLO}
{GUEST.strip()} images=9
{IMAGES}{STATE}pass-begin flags=1
zero gpa=0x80000000 pages=4
pass-end
hand-over
"""),
    ("A checkpoint of version 1", "Read still. Its only pass is the final one.",
     f"""hello major=1 id=0x1122334455667788 name="work"
{GUEST.split(" vs_levels")[0]}
{STATE}pass-begin flags=1
page gpa=0x80000000 fill=0x1122334455667788
zero gpa=0x80001000 pages=3
pass-end
hand-over
"""),
    ("A live migration: the source", "With verify. The answers are the next vector.",
     f"{HELLO} kind=live flags=1\n{GUEST}{FIRST}{STATE}{LAST}"
     "verify gpa=0x80000000 pages=4 digests={digests}\nhand-over\n"
     "commit id=0x1122334455667788 outcome=3 nonce=0xfedcba9876543210\n"),
    ("A live migration: the destination", "What answers the source above.",
     "accept id=0x1122334455667788 outcome=1 nonce=0xfedcba9876543210\n"
     "pass-ack pass=1 flags=0 pages=1 zeros=3\n"
     "ready id=0x1122334455667788 {ready}\n"
     "running id=0x1122334455667788 outcome=3\n"),
    ("A question", "", "query id=0x1122334455667788 outcome=1\n"),
    ("Its answer", "", "status id=0x1122334455667788 outcome=2\n"),
    ("A cancel", "", 'cancel reason=6 arg=0x80001000 text="pages differ"\n'),
)


def made(form):
    maker = text.Maker()
    for line in form.splitlines():
        maker.read(line)
    return maker


def streams():
    """[(title, what it is, its bytes)] of all vectors."""
    found, sums = [], {}
    for title, what, form in VECTORS:
        maker = made(form.format(**sums) if "{" in form else form)
        data = b"".join(maker.out)
        found.append((title, what, data))
        sums["ready"] = " ".join(f"{key}={value}" for key, value in
                                 maker.sums("hand-over").items() if key != "id")
        sums.setdefault("digests", ",".join(
            hex(rules.xxh64(page, gpa)) for gpa, page in
            ((0x80000000, b"\x88\x77\x66\x55\x44\x33\x22\x11" * 512),
             (0x80001000, b"\xff" * 4096), (0x80002000, bytes(4096)), (0x80003000, bytes(4096)))))
    return found


def decoded(data):
    """The decoded form of a connection."""
    reader = frames.Reader(memoryview(data))
    side, lines = rules.first_side(reader), []
    while True:
        frame, record = rules.step(reader, side)
        if frame is None:
            return lines
        lines.append(text.line(frame, record, True))


def dump(data):
    """The bytes as `hexdump -C` has them; * stands for more lines like the one above it."""
    lines, before = [], None
    for at in range(0, len(data), 16):
        row = data[at:at + 16]
        if row == before and len(row) == 16:
            if lines[-1] != "*":
                lines.append("*")
            continue
        before = row
        lines.append(f"{at:08x}  {row.hex(' ')}")
    return lines + [f"{len(data):08x}"]


def undumped(lines):
    """The bytes of such lines."""
    data = b""
    for line in lines:
        if line == "*":
            continue
        at, _, row = line.partition("  ")
        data += data[-16:] * ((int(at, 16) - len(data)) // 16) + bytes.fromhex(row)
    return data


def document():
    parts = ["""\
# Vectors of the migration stream

Streams of [migration](migration.md), byte for byte, for readers and writers of one's own. Above the
bytes of each stands its decoded form, one line a frame, as `cleave-stream inspect --data` prints
it; fields that must be 0 are left out, and so are fields of a state's data (those that begin with a
dot) that are 0. A line `*` stands for more lines like the one above it.

This page is made by `tests/tools/stream_vectors.py`; the tests compare it, and read its bytes.
"""]
    for title, what, data in streams():
        head = f"## {title}\n\n" + (f"{what}\n\n" if what else "")
        parts.append(head + "```\n" + "\n".join(decoded(data)) + "\n```\n\n```\n"
                     + "\n".join(dump(data)) + "\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    usage.show(__doc__)
    print(document(), end="")
