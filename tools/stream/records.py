# SPDX-License-Identifier: BSD-2-Clause
"""Records: what a frame's payload says, as named fields, and back ("Records" of docs/migration.md).

A record is a dict of fields in the order of the layout. Fields that must be 0 are in it, under
names that begin with `zero`, so that a stream can be made in which they are not.
"""

import struct

SOURCE, DESTINATION, BOTH = "source", "destination", "either side"
LIVE, CHECKPOINT = 0, 1
VERIFY, EPOCHS = 1, 2        # flags of hello
FINAL = 1                    # flag of pass begin
PAGE = 4096
PACKED_MOST = 4080           # bytes of a page that is worth packing
OUTCOMES = ("unknown", "pending", "none", "running")


class Layout:
    """The fixed fields of a record: `fields` is a list of (name, letter of struct)."""

    def __init__(self, name, side, fields, versions=(1,), more=None):
        self.name, self.side, self.versions, self.more = name, side, versions, more
        self.names = [field for field, _ in fields]
        self.form = struct.Struct("<" + "".join(letter for _, letter in fields))
        self.empty = {field: b"" if letter[-1] == "s" else 0 for field, letter in fields}


def _fields(text):
    """[(name, letter)] of "name:letter name:letter ..."."""
    return [tuple(word.split(":")) for word in text.split()]


LAYOUTS = {
    0x0001: Layout("hello", SOURCE, _fields("major:H minor:H kind:H flags:H id:Q page:I zero:I "
                                            "name:32s"), (1, 2), "uuid"),
    0x0002: Layout("require", SOURCE, _fields("vcpus:I gstage_levels:I timebase:Q regions:I isa:I "
                                              "cbom_block:I cboz_block:I"), (1, 2), "require"),
    0x0003: Layout("pass-begin", SOURCE, _fields("pass:I flags:I zero:Q zero2:Q")),
    0x0004: Layout("page", SOURCE, _fields("gpa:Q"), (1, 2), "page"),
    0x0005: Layout("zero", SOURCE, _fields("gpa:Q pages:Q")),
    0x0006: Layout("pass-end", SOURCE, _fields("pass:I flags:I pages:Q zeros:Q")),
    0x0007: Layout("stop", SOURCE, _fields("run:I clock:I")),
    0x0008: Layout("state", SOURCE, _fields("kind:I instance:I version:H flags:H length:I"), (1,),
                   "data"),
    0x0009: Layout("verify", SOURCE, _fields("gpa:Q pages:Q"), (1,), "digests"),
    0x000a: Layout("hand-over", SOURCE, _fields("id:Q digest:Q pages:Q zeros:Q passes:I states:I")),
    0x000b: Layout("commit", SOURCE, _fields("id:Q outcome:I zero:I nonce:Q"), (2,)),
    0x000c: Layout("query", SOURCE, _fields("id:Q outcome:I zero:I")),
    0x000d: Layout("packed", SOURCE, _fields("gpa:Q method:I bytes:I"), (1,), "packed"),
    0x000e: Layout("images", SOURCE, _fields("offset:Q"), (1,), "images"),
    0x000f: Layout("end", SOURCE, _fields("epochs:I zero:I")),
    0x0101: Layout("accept", DESTINATION, _fields("id:Q outcome:I features:I nonce:Q"), (2,)),
    0x0102: Layout("pass-ack", DESTINATION, _fields("pass:I flags:I pages:Q zeros:Q")),
    0x0103: Layout("ready", DESTINATION,
                   _fields("id:Q digest:Q pages:Q zeros:Q passes:I states:I")),
    0x0104: Layout("running", DESTINATION, _fields("id:Q outcome:I zero:I")),
    0x0105: Layout("status", DESTINATION, _fields("id:Q outcome:I zero:I")),
    0x0200: Layout("cancel", BOTH, _fields("reason:I zero:I arg:Q text:112s")),
}
KINDS = {layout.name: kind for kind, layout in LAYOUTS.items()}
# Version 2 of require: what follows the ISA string
REQUIRE_MORE = ("vlenb", "asid_bits", "vs_levels", "state_level", "sbi_version", "sbi", "images")
REQUIRE_FORM = struct.Struct("<6IQ")
SLOT = 32                    # bytes of a slot's name in version 2 of hello
IMAGES_MOST = 16384          # bytes of images in one record


def parse(frame):
    """The fields of a frame whose type and version are known, or raise Spoilt."""
    layout = LAYOUTS[frame.kind]
    payload, form = frame.payload, layout.form
    if len(payload) < form.size:
        raise _length(frame, layout, f"at least {form.size}")
    found = dict(zip(layout.names, form.unpack_from(payload)))
    rest = payload[form.size:]
    if layout.more and not (layout.more == "uuid" and frame.version == 1):
        rest = PARSE[layout.more](frame, layout, found, rest)
    if rest:
        raise _length(frame, layout, len(payload) - len(rest))
    return found


def _length(frame, layout, wanted):
    return frame.spoilt(f"{layout.name} has {len(frame.payload)} bytes; {wanted} are wanted")


def _parse_uuid(frame, layout, found, rest):
    if len(rest) < 16 + SLOT:
        raise _length(frame, layout, layout.form.size + 16 + SLOT)
    found["uuid"] = bytes(rest[:16])
    found["slot"] = bytes(rest[16:16 + SLOT])
    return rest[16 + SLOT:]


def _parse_require(frame, layout, found, rest):
    count, isa = found["regions"], found["isa"]
    more = REQUIRE_FORM.size if frame.version == 2 else 0
    if len(rest) != 16 * count + isa + more:
        raise _length(frame, layout, layout.form.size + 16 * count + isa + more)
    found["regions"] = list(struct.iter_unpack("<QQ", rest[:16 * count]))
    found["isa"] = bytes(rest[16 * count:16 * count + isa])
    if more:
        found.update(zip(REQUIRE_MORE, REQUIRE_FORM.unpack(rest[16 * count + isa:])))
    return b""


def _parse_page(frame, layout, found, rest):
    if len(rest) != PAGE:
        raise _length(frame, layout, 8 + PAGE)
    found["data"] = rest
    return b""


def _parse_packed(frame, layout, found, rest):
    block = found["bytes"]
    if found["method"] != 1 or not 1 <= block <= PACKED_MOST:
        raise frame.spoilt(f"packed: method {found['method']}, {block} bytes; method 1 and 1 to "
                           f"{PACKED_MOST} bytes are allowed")
    if len(rest) != (block + 7) // 8 * 8 or any(rest[block:]):
        raise frame.spoilt("packed: after the block there are no zeros to a multiple of 8")
    found["block"] = rest[:block]
    return b""


def _parse_data(frame, layout, found, rest):
    if len(rest) != found["length"]:
        raise _length(frame, layout, f"{layout.form.size} and the {found['length']} of its data")
    found["data"] = bytes(rest)
    return b""


def _parse_images(frame, layout, found, rest):
    if not 1 <= len(rest) <= IMAGES_MOST:
        raise _length(frame, layout, f"{layout.form.size} and 1 to {IMAGES_MOST} of its data")
    found["data"] = bytes(rest)
    return b""


def _parse_digests(frame, layout, found, rest):
    if len(rest) != 8 * found["pages"]:
        raise _length(frame, layout, 16 + 8 * found["pages"])
    found["digests"] = [value for value, in struct.iter_unpack("<Q", rest)]
    return b""


PARSE = {"uuid": _parse_uuid, "require": _parse_require, "page": _parse_page,
         "packed": _parse_packed, "data": _parse_data, "images": _parse_images,
         "digests": _parse_digests}


def build(name, version, record):
    """The payload of a record; the reverse of parse()."""
    layout = LAYOUTS[KINDS[name]]
    fixed = dict(record)
    if name == "require":
        fixed.update(regions=len(record["regions"]), isa=len(record["isa"]))
    if name == "state":
        fixed["length"] = record.get("length", len(record["data"]))
    payload = layout.form.pack(*({**layout.empty, **fixed}[field] for field in layout.names))
    if name == "hello" and version == 2:
        payload += record["uuid"] + struct.pack(f"{SLOT}s", record.get("slot", b""))
    elif name == "require":
        payload += b"".join(struct.pack("<QQ", *pair) for pair in record["regions"])
        payload += record["isa"]
        if version == 2:
            payload += REQUIRE_FORM.pack(*(record.get(key, 0) for key in REQUIRE_MORE))
    elif name == "packed":
        block = bytes(record["block"])
        payload = layout.form.pack(record["gpa"], record.get("method", 1),
                                   record.get("bytes", len(block)))
        payload += block + bytes(-len(block) % 8)
    elif name in ("page", "state", "images"):
        payload += bytes(record["data"])
    elif name == "verify":
        payload += b"".join(struct.pack("<Q", value) for value in record["digests"])
    return payload
