# SPDX-License-Identifier: BSD-2-Clause
"""What a stream is cut into, and what is wrong with a frame ("The stream" of docs/migration.md).

A payload is never searched for a frame, and nothing of a frame is believed before its checks.
"""

import struct

from . import digest, lz4

MAGIC = b"CLVM"
HEADER = struct.Struct("<4sHBBQQII")
LONGEST = 32768
FILL = 0xff
FILLED = b"\xff" * 32800  # ends any frame
MANDATORY, UNSUMMED = 1, 2
PAGE_RECORD, PACKED_RECORD, IMAGES_RECORD = 0x0004, 0x000d, 0x000e
BATCH = 256  # pages whose digests are made at a time


class Spoilt(Exception):
    """A frame that is not right: which, where in the file, and what is wrong with it."""

    def __init__(self, frame, offset, what):
        super().__init__(f"frame {frame} at offset {offset}: {what}")
        self.frame, self.offset, self.what = frame, offset, what


class Frame:
    """One frame. `payload` is a view of the file's bytes."""

    def __init__(self, number, offset, kind, version, flags, payload):
        self.number, self.offset, self.kind = number, offset, kind
        self.version, self.flags, self.payload = version, flags, payload
        self.digest = None  # of a page record, where it is known

    def spoilt(self, what):
        return Spoilt(self.number, self.offset, what)


class Digests:
    """The digests of page records, which are made many at a time: those that come next, too."""

    def __init__(self, data):
        self.data = data
        self.known = {}  # offset of a frame -> digest of its page

    def of(self, frame):
        if frame.offset not in self.known:
            self._look_ahead(frame.offset)
        return self.known.pop(frame.offset, None)

    def _look_ahead(self, at):
        self.known.clear()
        places, pages, seeds = [], [], []
        while len(pages) < BATCH and at + HEADER.size <= len(self.data):
            magic, kind, _, _, length, _, _, _ = HEADER.unpack_from(self.data, at)
            body = at + HEADER.size
            if magic != MAGIC or length > LONGEST or body + length > len(self.data):
                break
            page = page_of(kind, self.data[body:body + length])
            if page is not None:
                places.append(at)
                seeds.append(struct.unpack_from("<Q", self.data, body)[0])
                pages.append(page)
            at = body + length
        if pages:
            self.known.update(zip(places, digest.page_digests(pages, seeds)))


def page_of(kind, payload):
    """The page of a page record or a packed one, or None where there is none in it."""
    if kind == PAGE_RECORD:
        return payload[8:] if len(payload) == 8 + digest.PAGE else None
    if kind != PACKED_RECORD or len(payload) < 16:
        return None
    return lz4.unpack(payload[16:16 + struct.unpack_from("<I", payload, 12)[0]], digest.PAGE)


class Reader:
    """The frames of one connection, in order.

    `data`: a view of all bytes of the file. `fast`: the bytes of pages and images are left out.
    `local`: frames without a checksum of their payload are taken.
    """

    def __init__(self, data, start=0, fast=False, local=False):
        self.data, self.fast, self.local = data, fast, local
        self.digests = Digests(data)
        self.at = start
        self.number = 0
        self.truncated = False  # the file ends in the middle of a frame

    def after_fill(self):
        """Where the fill ends that ends the present frame, or None where it is not filled up."""
        around = bytes(self.data[self.at:self.at + 2 * len(FILLED)])
        found = around.find(FILLED)
        return None if found < 0 else self.at + found + len(FILLED)

    def skip_fill(self):
        while self.at < len(self.data) and self.data[self.at] == FILL:
            self.at += 1

    def next(self):
        """The next frame, or None at the end of the file, at fill, or where a connection begins."""
        at, left = self.at, len(self.data) - self.at
        if not left or self.data[at] == FILL or (self.number and self._begins(at)):
            return None
        if left < HEADER.size:
            self.truncated = True
            raise Spoilt(self.number, at, f"the file ends in its header: {left} of 32 bytes")
        frame, crc = self._header(at)
        self._payload(frame, crc)
        self.at = at + HEADER.size + len(frame.payload)
        self.number += 1
        return frame

    def _begins(self, at):
        """Whether a frame 0 with a right header is here: it begins another connection."""
        if len(self.data) - at < HEADER.size:
            return False
        magic, _, _, _, _, seq, _, crc = HEADER.unpack_from(self.data, at)
        return magic == MAGIC and seq == 0 and crc == digest.crc32c(self.data[at:at + 28])

    def _header(self, at):
        magic, kind, version, flags, length, seq, crc, own = HEADER.unpack_from(self.data, at)
        body = at + HEADER.size

        def wrong(what):
            return Spoilt(self.number, at, what)

        if magic != MAGIC:
            raise wrong(f"its magic number is {bytes(magic).hex()}; {MAGIC.hex()} (CLVM) was due")
        if own != digest.crc32c(self.data[at:at + 28]):
            raise wrong("the checksum of its header is wrong")
        if seq != self.number:
            raise wrong(f"its sequence number is {seq}; {self.number} was due")
        if flags & ~(MANDATORY | UNSUMMED) or (flags & UNSUMMED and not self.local):
            raise wrong(f"its flags are {flags:#x}; a file has no others than 0x1 (mandatory)")
        if length > LONGEST:
            raise wrong(f"its length is {length}; at most {LONGEST} is allowed")
        if body + length > len(self.data):
            self.truncated = True
            raise wrong(f"the file ends in its payload: {len(self.data) - body} of {length} bytes")
        return Frame(self.number, at, kind, version, flags, self.data[body:body + length]), crc

    def _payload(self, frame, crc):
        if frame.flags & UNSUMMED:
            right = 0
        elif self.fast and frame.kind in (PAGE_RECORD, PACKED_RECORD, IMAGES_RECORD):
            return
        elif (frame.kind, frame.version) in ((PAGE_RECORD, 2), (PACKED_RECORD, 1)):
            frame.digest = self.digests.of(frame)
            if frame.digest is None:
                raise frame.spoilt("there is no page of 4096 bytes in it")
            right = frame.digest & 0xffffffff
        else:
            right = digest.crc32c(frame.payload)
        if crc != right:
            raise frame.spoilt("the checksum of its payload is wrong")


def pack(number, kind, version, flags, payload, crc=None):
    """The bytes of one frame."""
    if crc is None:
        crc = digest.crc32c(payload)
        if flags & UNSUMMED:
            crc = 0
        elif (kind, version) in ((PAGE_RECORD, 2), (PACKED_RECORD, 1)):
            page = page_of(kind, payload)
            if page is not None:
                crc = digest.xxh64(page, struct.unpack_from("<Q", payload)[0]) & 0xffffffff
    head = HEADER.pack(MAGIC, kind, version, flags, len(payload), number, crc, 0)[:28]
    return head + struct.pack("<I", digest.crc32c(head)) + payload
