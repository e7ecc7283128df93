# SPDX-License-Identifier: BSD-2-Clause
"""The decoded form of a stream: one line a frame, NAME FIELD=VALUE ... (`cleave-stream --help`).

What line() prints, Maker reads, and gives the same bytes again.
"""

import os
import re
import shlex
import struct

from . import digest, frames, records, states

HEXES = {"id", "gpa", "digest", "nonce", "arg", "vs_levels", "sbi", "sbi_version",
         "start", "a1", "has", "pending", "claimed", "fires", *states.CSRS, *states.XREGS,
         *states.FREGS, "pc", "vtype", "ier", "lcr", "mcr", "fcr", "msr"}
ADDED = {"hello": {"major": 2, "kind": records.CHECKPOINT, "page": records.PAGE,
                   "uuid": bytes(16), "slot": b""}, "state": {"version": 1}}
TEXTS = ("name", "text", "isa", "slot")
BYTES = ("uuid", "data", "bytes", "block", "zero_bytes", "fifo", "priority", "copy_id")


class Wrong(Exception):
    """A line of a decoded form cannot be read; the text says why."""


# --- writing -------------------------------------------------------------------------------------


def show(name, value):
    """The value of a field as text."""
    if name in TEXTS:
        plain = value.rstrip(b"\0") if name != "isa" else value
        return '"' + "".join(chr(byte) if 0x20 <= byte < 0x7f and byte not in b'"\\'
                             else f"\\x{byte:02x}" for byte in plain) + '"'
    if isinstance(value, (bytes, memoryview)):
        return value.hex()
    if name == "digests":
        return ",".join(f"{one:#x}" for one in value)
    if isinstance(value, list):
        return ",".join(f"{a:#x}+{b:#x}" for a, b in value)
    return f"{value:#x}" if name in HEXES else str(value)


def page_data(data, whole):
    """How a page's bytes are shown: by the word they repeat, all of them, or by their digest."""
    word = bytes(data[:8])
    if data == word * (records.PAGE // 8):
        return f"fill=0x{word[::-1].hex()}"
    return f"data={data.hex()}" if whole else ""


def state_fields(record):
    """The fields of a state record's data, or the data as it is where it cannot be decoded."""
    known = record["kind"] in states.KINDS and record["version"] == 1
    found = states.decode(record["kind"], record["data"]) if known else None
    if found is None or states.encode(record["kind"], found) != record["data"]:
        return {"data": record["data"]}
    return {key: value for key, value in found.items()
            if value and not key.endswith("_count") and any(value if isinstance(value, bytes)
                                                            else (1,))}


def line(frame, record, whole=False):
    """The line of a frame; `record` is None where its type is not known."""
    odd = "" if frame.flags == frames.MANDATORY else f" @flags={frame.flags}"
    if record is None:
        return f"frame @type={frame.kind:#06x} @version={frame.version}{odd} " \
               f"data={frame.payload.hex()}"
    layout = records.LAYOUTS[frame.kind]
    if frame.version != layout.versions[-1]:
        odd += f" @version={frame.version}"
    shown = dict(record)
    said = ""
    if layout.name == "page":
        digest_of = "" if frame.digest is None else f"digest={frame.digest:#018x}"
        said = " " + (page_data(shown.pop("data"), whole) or digest_of)
    elif layout.name == "packed":
        said = f" block={shown.pop('block').hex()}"
        del shown["bytes"]
    elif layout.name == "state":
        del shown["length"], shown["data"]
        known = states.KINDS.get(record["kind"])
        shown["kind"] = known.name if known else f"{record['kind']:#06x}"
        said = "".join(f" .{key}={show(key, value)}" if key != "data" else f" data={value.hex()}"
                       for key, value in state_fields(record).items())
    fields = "".join(f" {key}={show(key, value)}" for key, value in shown.items()
                     if not (key.startswith("zero") and key != "zeros" and not value))
    return layout.name + fields + said + odd


# --- reading -------------------------------------------------------------------------------------


def number(text, name):
    try:
        return int(text, 0)
    except ValueError:
        raise Wrong(f"{name}={text}: a number is wanted") from None


def value_of(name, text):
    """The value of a field, from its text."""
    if name in TEXTS:
        return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)),
                      text).encode("latin-1", "replace")
    if name in BYTES:
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise Wrong(f"{name}: pairs of hexadecimal digits are wanted") from None
    if name == "digests":
        return [number(one, name) for one in text.split(",")]
    if name in ("regions", "contexts"):
        pairs = [one.partition("+") for one in text.split(",")]
        return [(number(a, name), number(b, name)) for a, _, b in pairs]
    if (name, text) in (("kind", "live"), ("kind", "checkpoint")):
        return records.CHECKPOINT if text == "checkpoint" else records.LIVE
    return number(text, name)


def words_of(text):
    """(name, {field: text}) of a line, or (None, {})."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.escape = True, ""
        words = list(lexer)
    except ValueError as error:
        raise Wrong(str(error)) from None
    fields = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals or key in fields:
            raise Wrong(f"'{word}' is not FIELD=VALUE, or is there twice")
        fields[key] = value
    return (words[0] if words else None), fields


class Maker:
    """Makes the bytes of a stream. Sums and checksums that a line leaves out are right ones."""

    def __init__(self, folder="."):
        self.folder = folder
        self.out = []
        self.count = 0
        self.major = 2
        self.id = 0
        self.chain = 0
        self.passes = 0
        self.all = {"pages": 0, "zeros": 0, "states": 0}
        self.own = {}

    def read(self, text):
        """Make the frame of one line, if there is one in it."""
        name, given = words_of(text)
        if name == "memory":
            self._memory(given)
        elif name is not None:
            self._frame(name, given)

    def _frame(self, name, given):
        odd = {key: number(given.pop(key), key) for key in list(given) if key.startswith("@")}
        if name == "frame":
            if set(given) != {"data"} or not {"@type", "@version"} <= set(odd):
                raise Wrong("frame wants @type, @version and data")
            self.add(odd["@type"], odd["@version"], value_of("data", given["data"]), odd)
            return
        if name not in records.KINDS:
            raise Wrong(f"there is no record '{name}'; there are frame, memory, "
                        f"{', '.join(records.KINDS)}")
        record = self._record(name, given)
        if name == "hello":
            self.major = record["major"]
        self.add_record(name, record, odd.get("@version", self._version(name)), odd)

    def add_record(self, name, record, version=1, odd=None):
        """Make the frame of a record."""
        payload = self._built(name, version, record)
        self._note(name, record, payload)
        self.add(records.KINDS[name], version, payload, odd or {})

    def _version(self, name):
        if name in ("hello", "require", "page"):
            return self.major
        return records.LAYOUTS[records.KINDS[name]].versions[-1]

    @staticmethod
    def _built(name, version, record):
        try:
            return records.build(name, version, record)
        except (struct.error, KeyError) as error:
            raise Wrong(f"{name}: a field lacks or does not fit: {error}") from None

    def add(self, kind, version, payload, odd):
        seq = odd.get("@seq", self.count)
        self.out.append(frames.pack(seq, kind, version, odd.get("@flags", frames.MANDATORY),
                                    payload, odd.get("@crc")))
        self.count += 1

    def _record(self, name, given):
        record = dict(ADDED.get(name, {}))
        if name == "page":
            record["data"] = self._page_data(given)
        elif name == "state":
            self._state(record, given)
        for key, text in given.items():
            if key not in ("fill", "file", "digest") or name not in ("page",):
                record[key] = value_of(key, text)
        for key, value in self.sums(name).items():
            record.setdefault(key, value)
        allowed = set(records.LAYOUTS[records.KINDS[name]].names) | {
            "data", "uuid", "slot", "digests", "block", *records.REQUIRE_MORE}
        if set(record) - allowed:
            raise Wrong(f"{name} has no field {', '.join(sorted(set(record) - allowed))}")
        return record

    def _page_data(self, given):
        if "fill" in given:
            return struct.pack("<Q", number(given["fill"], "fill")) * (records.PAGE // 8)
        if "file" in given:
            path, _, offset = given["file"].partition("@")
            return self._file(path)[number(offset or "0", "file"):][:records.PAGE]
        if "data" not in given:
            raise Wrong("page wants fill, file or data")
        return value_of("data", given["data"])

    def _file(self, path):
        with open(os.path.join(self.folder, path), "rb") as file:
            return file.read()

    def _state(self, record, given):
        kind = given.pop("kind", "")
        record["kind"] = states.NUMBERS[kind] if kind in states.NUMBERS else number(kind, "kind")
        known = states.KINDS.get(record["kind"])
        record["flags"] = 1 if known is None or known.mandatory else 0
        own = {key[1:]: value_of(key[1:], given.pop(key)) for key in list(given) if key[0] == "."}
        if "data" in given:
            return
        if known is None:
            raise Wrong(f"a state of kind {kind} wants data")
        stranger = set(own) - {name for name, _ in known.fields} - {known.more}
        if stranger:
            raise Wrong(f"{known.name} has no field {', '.join(sorted(stranger))}")
        try:
            record["data"] = states.encode(record["kind"], own)
        except (struct.error, KeyError) as error:
            raise Wrong(f"{known.name}: a field lacks or does not fit: {error}") from None

    def sums(self, name):
        """The fields of a record that follow from what was made before."""
        if name == "pass-end":
            return {"pass": self.passes, "flags": self.own.get("flags", 0),
                    "pages": self.own.get("pages", 0), "zeros": self.own.get("zeros", 0)}
        if name == "hand-over":
            return {"id": self.id, "digest": self.chain, "passes": self.passes, **self.all}
        if name == "pass-begin":
            return {"pass": self.passes + 1}
        return {}

    def _note(self, name, record, payload):
        """Keep the sums of what was made."""
        if name == "hello":
            self.id = self.chain = record.get("id", 0)
        elif name == "pass-begin":
            self.passes += 1
            self.own = {"flags": record.get("flags", 0), "pages": 0, "zeros": 0}
        elif name == "page":
            gpa = record.get("gpa", 0)
            self.chain = digest.link(self.chain, 1, gpa, digest.xxh64(payload[8:], gpa))
            self._count("pages", 1)
        elif name == "packed":
            gpa, page = record.get("gpa", 0), frames.page_of(frames.PACKED_RECORD, payload)
            self.chain = digest.link(self.chain, 1, gpa, digest.xxh64(page or b"", gpa))
            self._count("pages", 1)
        elif name == "zero":
            gpa, pages = record.get("gpa", 0), record.get("pages", 0)
            self.chain = digest.link(self.chain, 2, gpa, pages)
            self._count("zeros", pages)
        elif name == "images":
            self.chain = digest.link(self.chain, 4, record.get("offset", 0),
                                     digest.xxh64(record["data"]))
        elif name == "state":
            where = record["kind"] << 32 | record.get("instance", 0)
            self.chain = digest.link(self.chain, 3, where, digest.xxh64(record["data"]))
            self.all["states"] += 1

    def _count(self, what, more):
        self.all[what] += more
        self.own[what] = self.own.get(what, 0) + more

    def _memory(self, given):
        """Pages and runs of zeros of a file that holds a region's memory."""
        if set(given) != {"gpa", "file"}:
            raise Wrong("memory wants gpa and file")
        gpa, data = number(given["gpa"], "gpa"), self._file(given["file"])
        data += bytes(-len(data) % records.PAGE)
        zeros = 0
        for at in range(0, len(data) + records.PAGE, records.PAGE):
            page = data[at:at + records.PAGE]
            if page and not any(page):
                zeros += 1
                continue
            if zeros:
                self._frame("zero", {"gpa": hex(gpa + at - zeros * records.PAGE),
                                     "pages": str(zeros)})
                zeros = 0
            if page:
                self._frame("page", {"gpa": hex(gpa + at), "data": page.hex()})
