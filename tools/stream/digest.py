# SPDX-License-Identifier: BSD-2-Clause
"""CRC32C and XXH64, as docs/migration.md wants them, and XXH64 of many pages at a time.

Written from their published descriptions. They must give the same on every host, and no other part
of the tool may know how.
"""

from array import array
import struct
import sys

PAGE = 4096
M64 = (1 << 64) - 1
P1, P2, P3, P4, P5 = (0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
                      0x85ebca77c2b2ae63, 0x27d4eb2f165667c5)


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _crc_table()


def crc32c(data):
    """Castagnoli's CRC of `data`; 0 for no bytes."""
    crc, table = 0xffffffff, _CRC
    for byte in data:
        crc = table[(crc ^ byte) & 0xff] ^ crc >> 8
    return crc ^ 0xffffffff


def _rotl(x, n):
    return (x << n | x >> 64 - n) & M64


def _round(acc, lane):
    return _rotl(acc + lane * P2 & M64, 31) * P1 & M64


def _merge(acc, lane):
    return ((acc ^ _round(0, lane)) * P1 + P4) & M64


def _tail(acc, data, at):
    """The rest of the digest: what follows the last whole 32 bytes, and the final mixing."""
    while at + 8 <= len(data):
        acc = _rotl(acc ^ _round(0, int.from_bytes(data[at:at + 8], "little")), 27) * P1 + P4 & M64
        at += 8
    if at + 4 <= len(data):
        acc ^= int.from_bytes(data[at:at + 4], "little") * P1 & M64
        acc = _rotl(acc, 23) * P2 + P3 & M64
        at += 4
    for byte in data[at:]:
        acc = _rotl(acc ^ byte * P5 & M64, 11) * P1 & M64
    acc = (acc ^ acc >> 33) * P2 & M64
    acc = (acc ^ acc >> 29) * P3 & M64
    return acc ^ acc >> 32


def _join(lanes):
    acc = sum(_rotl(lane, n) for lane, n in zip(lanes, (1, 7, 12, 18))) & M64
    for lane in lanes:
        acc = _merge(acc, lane)
    return acc


def _start(seed):
    return [(seed + P1 + P2) & M64, (seed + P2) & M64, seed, (seed - P1) & M64]


def xxh64(data, seed=0):
    whole = len(data) // 32 * 32
    if not whole:
        return _tail((seed + P5 + len(data)) & M64, data, 0)
    lanes = _start(seed)
    for at in range(0, whole, 32):
        lanes = [_round(acc, lane)
                 for acc, lane in zip(lanes, struct.unpack_from("<4Q", data, at))]
    return _tail((_join(lanes) + len(data)) & M64, data, whole)


def link(chain, seed, where, value):
    """The digest of everything after one more part of it."""
    return xxh64(struct.pack("<3Q", chain, where, value), seed)


def page_digests(pages, seeds):
    """XXH64 of each page of `pages` with its seed, all at once.

    Each lane of each page has 128 bits of one long integer, so one multiplication does a round of
    all. A product has at most 128 bits and stays in its place; what a shift to the right moves into
    the neighbour's upper half is masked away.
    """
    count = len(pages)
    words = array("Q", b"".join(pages))
    if sys.byteorder == "big":
        words.byteswap()
    mask = int.from_bytes((b"\xff" * 8 + bytes(8)) * (4 * count), "little")
    lanes = _pack([lane for seed in seeds for lane in _start(seed)])
    places = array("Q", bytes(16 * 4 * count))
    for stripe in range(PAGE // 32):
        for lane in range(4):
            places[2 * lane::8] = words[4 * stripe + lane::PAGE // 8]
        lanes = lanes + int.from_bytes(_little(places), "little") * P2 & mask
        lanes = (lanes << 31 & mask | lanes >> 33 & mask) * P1 & mask
    found = _unpack(lanes, 4 * count)
    return [_tail((_join(found[4 * n:4 * n + 4]) + PAGE) & M64, b"", 0) for n in range(count)]


def _little(places):
    if sys.byteorder == "big":
        places = array("Q", places)
        places.byteswap()
    return places.tobytes()


def _pack(lanes):
    return int.from_bytes(b"".join(struct.pack("<QQ", lane, 0) for lane in lanes), "little")


def _unpack(value, count):
    return struct.unpack(f"<{2 * count}Q", value.to_bytes(16 * count, "little"))[::2]
