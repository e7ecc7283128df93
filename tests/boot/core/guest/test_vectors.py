# SPDX-License-Identifier: BSD-2-Clause
"""The test vectors of docs/abi.md are what the hypervisor answers, row by row."""

import os
import re

from machine import TOP, guest, partition


def vectors():
    """(function, arguments, error, value) of each row of the table, as the page has them."""
    with open(os.path.join(TOP, "docs", "abi.md"), encoding="utf-8") as file:
        text = file.read().partition("## Test vectors\n")[2]
    rows = re.findall(r"^\| `(0x\w+)` \| `?([^`|]*?)`? \| (-?\d+) \| (\w+) \|", text, re.M)
    assert len(rows) == text.count("\n| `0x")
    return rows


def word(row):
    """A row as tests/guests/vectors reads it."""
    function, arguments, error, value = row
    args = []
    for text in filter(None, (a.strip() for a in arguments.split(","))):
        buffer, _, offset = text.partition("+")
        if buffer == "B":
            args.append(f"b{int(offset or '0', 0):x}")
        else:
            args.append(f"{0xffffffff if text == 'SELF' else int(text, 0):x}")
    return f"{int(function, 0):x}:{','.join(args)}:{-int(error):x}:{int(value, 0):x}"


def test_each_row_of_the_table(boot):
    rows = vectors()
    assert len(rows) >= 30
    m = boot([partition("p", bootargs=" ".join(word(row) for row in rows)),
              partition("other", kernel="other.bin", bootargs="mode=echo")],
             {"payload.bin": guest("vectors"), "other.bin": guest("console")}, smp=2)
    assert m.payload_result("p") == len(rows)
