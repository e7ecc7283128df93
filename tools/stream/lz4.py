# SPDX-License-Identifier: BSD-2-Clause
"""LZ4 blocks, decompressed: the LZ4 block format, without a dictionary, and of a known length.

Written from the format's published description. A block may come from a stranger: whatever is in
it, the answer is the bytes or None.
"""


def unpack(block, size):
    """The `size` bytes that a block stands for, or None where it is not such a block."""
    out, at, end = bytearray(), 0, len(block)
    try:
        while True:
            token = block[at]
            at += 1
            literals, at = _length(block, at, token >> 4)
            if at + literals > end or len(out) + literals > size:
                return None
            out += block[at:at + literals]
            at += literals
            if at == end:
                return bytes(out) if len(out) == size and not token & 15 else None
            back = block[at] | block[at + 1] << 8
            count, at = _length(block, at + 2, token & 15)
            if not _copy(out, back, count + 4, size):
                return None
    except IndexError:
        return None


def _length(block, at, length):
    """A length that goes on in further bytes where its four bits are all ones."""
    if length == 15:
        more = 255
        while more == 255:
            more = block[at]
            length += more
            at += 1
    return length, at


def _copy(out, back, count, size):
    """Append `count` bytes from `back` bytes before the end; they may overlap what is appended."""
    start = len(out) - back
    if not back or start < 0 or len(out) + count > size:
        return False
    while count:
        some = out[start:start + count]
        out += some
        count -= len(some)
    return True
