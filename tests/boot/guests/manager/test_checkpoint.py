# SPDX-License-Identifier: BSD-2-Clause
"""Tests that write a partition to a file, and restore it from good files and bad ones."""

import struct

from link import flattened, show, stopped, whole
from machine import SHORT
from moves import STORE, give
from workers import again as anew, alive, huge, spare, states, up, worker

EPOCHS = 3
SMALL = ((0x80000000, 8 << 20),)


def test_checkpoint(boot, store):
    """A guest is written to a file in epochs while it runs, and restored from them.

    A copy that does not run is written again, and has exactly the memory and the state of its
    epoch. One that runs checks its memory. A stream that is spoilt leaves the epochs before that.
    What is restored last was made by tools/cleave-stream, which is held against the restore so.
    """
    m, man = up(boot, worker(memory=SMALL), spare("one", SMALL), spare("two", SMALL),
                worker("other", memory=SMALL), link={STORE: store.chardev()}, count=2)
    store.accept()
    man.link_ready(STORE)
    data = store.checkpoint(man, "work", f"--every 1000 --epochs {EPOCHS}")
    source = whole(data)
    assert len(source.epochs) == EPOCHS and source.over == "end"
    assert sum(pages for _, _, pages in source.epochs[1:]) > 0
    alive(m, "work")
    huge(man, "work", SMALL)
    man.run("pause work")

    verdict = give(man, store, stopped(data), "restore one --at 1")
    assert verdict == "done: restore work to one"
    states(man, one="paused")
    store.accept()
    man.link_ready(STORE)
    again = store.checkpoint(man, "one", "--pack lz4")
    assert len(again) < len(data) // 2
    # Nothing but which copy it is has changed.
    assert [line.split()[:3] for line in show.differences(whole(stopped(data), 1), whole(again))] \
        == [["state", "generation", "0:"]] * 2
    assert list(show.differences(whole(data, 0), whole(data, 1)))
    man.run("resume one")
    alive(m, "one")
    huge(man, "one", SMALL)
    man.run("pause one")

    spoilt = bytearray(data)
    spoilt[in_page(data, source.epochs[1][1] + 100)] ^= 4
    verdict = give(man, store, bytes(spoilt), "restore two")
    assert verdict.startswith("failed: restore two: frame ") and "checksum" in verdict
    assert verdict.endswith("; up to epoch 1 it is whole: --at 1 restores that")
    states(man, two="empty")
    flat = flattened(data)
    assert len(flat) < len(data)
    assert give(man, store, flat, "restore two") == "done: restore work to two"
    states(man, two="running")
    alive(m, "two")
    huge(man, "two", SMALL)
    assert "not empty" in man.refused("restore one")
    # A slot that is not `incoming` is for the guest that was made there.
    man.run("destroy work")
    man.run("destroy other")
    for command, verdict in (
            ("restore other", 'failed: restore other: guest "work" is not the one that was made in '
             'this slot; --force takes it all the same'),
            ("restore other --force", "done: restore work to other"),
            ("restore work", "done: restore work to work")):
        assert give(man, store, data, command) == verdict
    anew(m, man, "other")


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def first_frame(kind, payload, version=1):
    """Frame 0 of a stream (docs/migration.md), with correct checksums."""
    header = struct.pack("<4sHBBQQI", b"CLVM", kind, version, 1, len(payload), 0, crc32c(payload))
    return header + struct.pack("<I", crc32c(header)) + payload


def in_page(data, least):
    """The offset of a byte of a page in the stream `data`: of the first one at or after `least`."""
    at = 0
    while at < least or struct.unpack_from("<H", data, at + 4)[0] != 4:
        at += 32 + struct.unpack_from("<Q", data, at + 8)[0]
    return at + 32 + 8 + 100


def test_bad_checkpoint(boot, store):
    m, man = up(boot, worker(), spare("one"), link={STORE: store.chardev()})
    store.accept()
    man.link_ready(STORE)
    data = store.checkpoint(man, "work")
    flipped = bytearray(data)
    flipped[in_page(data, len(data) // 2)] ^= 4
    newer = bytearray(data)
    newer[32] += 1
    cut = data[:len(data) // 3]
    hello = data[32:136]
    assert data[:136] == first_frame(1, hello, 2)
    # `live` is the same guest as it would go to a peer, and `query` is what a source asks a peer.
    # A file can carry neither: no source gives up the guest, and nobody reads an answer.
    live = first_frame(1, hello[:4] + struct.pack("<H", 0) + hello[6:], 2) + data[136:]
    query = first_frame(12, hello[8:16] + struct.pack("<II", 1, 0))
    for bad, why in ((cut, "the link was cut in frame"),
                     (bytes(flipped), "checksum of the payload"), (bytes(newer),
                                                                   "checksum of the payload"),
                     (b"#!/bin/sh\n" * 10, "magic number"), (data[4096:], "frame 0"),
                     (live, "stream of kind 0 (live); here 1 (checkpoint) is taken"),
                     (query, "frame 0 (query) may not come where nobody is answered")):
        store.accept()
        man.link_ready(STORE)
        man.run("restore one")
        store.give(bad, end=bad is cut)
        verdict = man.over(SHORT).verdict
        assert verdict.startswith("failed: restore one: ") and why in verdict, verdict
        states(man, one="empty")
        if bad is not cut:
            assert "reconnect it" in man.refused("restore one")
        store.cut()
    alive(m, "work")
