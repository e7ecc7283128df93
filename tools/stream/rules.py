# SPDX-License-Identifier: BSD-2-Clause
"""What a source may say, and in which order ("Records", "Order", "Digests" of docs/migration.md).

A Source is fed the frames of one connection. It keeps what a destination would have: the guest's
requirements, its memory as places in the file, and its state.
"""

from . import records, states
from .digest import PAGE, link, xxh64
from .frames import Reader, Spoilt, page_of

ENDS = {3: 1 << 41, 4: 1 << 50, 5: 1 << 59}  # where memory must end, by levels of the G-stage
ISA = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")


class Source:
    """The source's side of one connection. `take(frame)` raises Spoilt, or keeps what it says."""

    def __init__(self, fast=False, at=None):
        self.fast = fast
        self.last = at           # the epoch after which nothing more is taken; None: all
        self.epochs = []         # [(frame, offset of its end, pages that came in it)]
        self.came = set()        # pages of the epoch under way
        self.due = {"hello", "query"}
        self.hello = self.require = None
        self.memory = {}         # gpa -> payload of its page record, or None for a page of zeros
        self.images = bytearray()  # what the guest reboots from, as far as it came
        self.states = {}         # (kind, instance) -> (version, flags, data)
        self.run = 0
        self.passes = []         # (number, final, page records, pages in zero records)
        self.total = {"pages": 0, "zeros": 0, "states": 0}
        self.chain = 0
        self.over = None         # why nothing more may come
        self.open = None         # the pass under way
        self.final = False

    def take(self, frame):
        """Take the next frame. Return: its record, or None where it is skipped."""
        if self.over:
            raise frame.spoilt(f"nothing may come after {self.over}")
        layout = records.LAYOUTS.get(frame.kind)
        if layout is None or frame.version not in layout.versions:
            if frame.flags & 1:
                raise frame.spoilt(f"type {frame.kind:#06x} of version {frame.version} must be "
                                   "understood and is not")
            return None
        if layout.side == records.DESTINATION:
            raise frame.spoilt(f"{layout.name} comes from a destination, and this is a source")
        if layout.name != "cancel" and layout.name not in self.due:
            raise frame.spoilt(f"{layout.name} may not come here; allowed: "
                               f"{', '.join(sorted(self.due))}")
        self._version(frame, layout)
        record = records.parse(frame)
        for name, value in record.items():
            if name.startswith("zero") and name != "zeros" and value:
                raise frame.spoilt(f"{layout.name}: a field that must be 0 is {value:#x}")
        getattr(self, "_" + layout.name.replace("-", "_"))(frame, record)
        return record

    def _version(self, frame, layout):
        """hello and require have the version that is the stream's major one."""
        if layout.name == "require" and frame.version != self.hello["major"]:
            raise frame.spoilt(f"{layout.name} has version {frame.version} in a stream of version "
                               f"{self.hello['major']}")

    # --- before the guest ------------------------------------------------------------------------

    def _hello(self, frame, record):
        major, kind = record["major"], record["kind"]
        if kind not in (records.LIVE, records.CHECKPOINT):
            raise frame.spoilt(f"hello: kind is {kind}; 0 (live) and 1 (checkpoint) are allowed")
        if major != frame.version or major not in ((2,) if kind == records.LIVE else (1, 2)):
            raise frame.spoilt(f"hello: version {major}.{record['minor']}; here 2 is taken, and of "
                               "checkpoints 1")
        if record["flags"] & ~(records.VERIFY if kind == records.LIVE else records.EPOCHS):
            raise frame.spoilt(f"hello: flags are {record['flags']:#x}")
        if record["id"] == 0 or record["page"] != PAGE:
            raise frame.spoilt("hello: its id is 0, or its page size is not 4096")
        self.hello, self.chain, self.due = record, record["id"], {"require"}

    def _query(self, frame, record):
        if record["outcome"] != 1:
            raise frame.spoilt(f"query: {record['outcome']} stands where 1 is due")
        self.over = "query"

    def _require(self, frame, record):
        what = require_wrong(record)
        if what:
            raise frame.spoilt(f"require: {what}")
        self.require = record
        self.due = {"pass-begin", "stop"}
        if record.get("images") and self.hello["kind"] == records.CHECKPOINT:
            self.due = {"images"}
        elif record.get("images"):
            self.due.add("images")

    def _images(self, frame, record):
        if record["offset"] != len(self.images):
            raise frame.spoilt(f"images: offset {record['offset']}; {len(self.images)} is due")
        self.images += record["data"]
        left = self.require["images"] - len(self.images)
        if left < 0:
            raise frame.spoilt(f"images: {-left} bytes more than the {self.require['images']} of "
                               "require")
        if not self.fast:
            self.chain = link(self.chain, 4, record["offset"], xxh64(record["data"]))
        self.due = {"images"} if left else {"pass-begin", "stop"}

    # --- memory ----------------------------------------------------------------------------------

    def _pass_begin(self, frame, record):
        final = record["flags"] & records.FINAL
        stopped = "state" in self.due
        if record["flags"] & ~records.FINAL or bool(final) != stopped:
            raise frame.spoilt(f"pass-begin: flags are {record['flags']:#x}; {int(stopped):#x} is "
                               "due, since the final pass, and it alone, comes after stop")
        if record["pass"] != len(self.passes) + 1:
            raise frame.spoilt(f"pass-begin: pass {record['pass']}; {len(self.passes) + 1} is due")
        self.final = bool(final)
        self.open = {"pages": 0, "zeros": 0, "next": 0}
        self.due = {"page", "packed", "zero", "pass-end"}

    def _place(self, frame, gpa, pages):
        """Check that `pages` pages at `gpa` may come now."""
        if gpa % PAGE:
            raise frame.spoilt(f"gpa {gpa:#x} is not a multiple of 4096")
        if gpa < self.open["next"]:
            raise frame.spoilt(f"gpa {gpa:#x} comes after {self.open['next'] - PAGE:#x}; in a pass "
                               "pages ascend")
        if not any(start <= gpa and gpa + pages * PAGE <= start + size
                   for start, size in self.require["regions"]):
            raise frame.spoilt(f"{pages} pages at gpa {gpa:#x} are not inside one region")
        self.open["next"] = gpa + pages * PAGE

    def _page(self, frame, record):
        gpa = record["gpa"]
        self._place(frame, gpa, 1)
        self.open["pages"] += 1
        self.total["pages"] += 1
        self.memory[gpa] = record["data"]
        self.came.add(gpa)
        if not self.fast:
            digest = frame.digest if frame.digest is not None else xxh64(record["data"], gpa)
            self.chain = link(self.chain, 1, gpa, digest)

    def _packed(self, frame, record):
        if not self.hello["minor"]:
            raise frame.spoilt("packed: a stream of minor version 0 has no packed pages")
        page = None if self.fast else page_of(frame.kind, frame.payload)
        self._page(frame, {"gpa": record["gpa"], "data": page})

    def _zero(self, frame, record):
        gpa, pages = record["gpa"], record["pages"]
        if not pages:
            raise frame.spoilt("zero: its number of pages is 0")
        self._place(frame, gpa, pages)
        self.open["zeros"] += pages
        self.total["zeros"] += pages
        places = range(gpa, gpa + pages * PAGE, PAGE)
        self.memory.update(dict.fromkeys(places))
        self.came.update(places)
        self.chain = link(self.chain, 2, gpa, pages)

    def _pass_end(self, frame, record):
        number, found = len(self.passes) + 1, self.open
        for name, due in (("pass", number), ("flags", int(self.final)),
                          ("pages", found["pages"]), ("zeros", found["zeros"])):
            if record[name] != due:
                raise frame.spoilt(f"pass-end: {name} is {record[name]}; {due} is due")
        if number == 1 and found["pages"] + found["zeros"] != self.all_pages():
            raise frame.spoilt(f"pass 1 has {found['pages'] + found['zeros']} of "
                               f"{self.all_pages()} pages; it must have all")
        self.passes.append((number, self.final, found["pages"], found["zeros"]))
        self.due = {"pass-begin", "stop"}
        if self.final:
            self.due = {"hand-over"}
            if self.hello["flags"] & records.VERIFY:
                self.verified = 0
                self.due = {"verify"}

    def all_pages(self):
        return sum(size for _, size in self.require["regions"]) // PAGE

    # --- the guest stands still ------------------------------------------------------------------

    def _stop(self, frame, record):
        if record["run"] & ~1:
            raise frame.spoilt(f"stop: run is {record['run']}; 0 and 1 are allowed")
        if record["clock"] > (1 if self.hello["kind"] == records.LIVE else 0):
            raise frame.spoilt(f"stop: clock is {record['clock']}; 0 is allowed, and 1 in a live "
                               "stream")
        self.run = record["run"]
        self.states = {}
        self.due = {"state", "pass-begin"}

    def _state(self, frame, record):
        kind, instance = key = record["kind"], record["instance"]
        if self.states and key <= max(self.states):
            raise frame.spoilt(f"state {kind:#06x} of {instance} does not ascend")
        if record["flags"] & ~1:
            raise frame.spoilt(f"state: flags are {record['flags']:#x}")
        self.states[key] = (record["version"], record["flags"], record["data"])
        self.total["states"] += 1
        self.chain = link(self.chain, 3, kind << 32 | instance, xxh64(record["data"]))
        known = states.KINDS.get(kind)
        if known is None or record["version"] != 1:
            if record["flags"] & 1:
                raise frame.spoilt(f"state {kind:#06x} of version {record['version']} must be "
                                   "understood and is not")
            return
        if instance >= (self.require["vcpus"] if known.per == states.VCPU else 1):
            raise frame.spoilt(f"state {known.name}: there is no instance {instance}")
        fields = states.decode(kind, record["data"])
        what = "its length is wrong" if fields is None else \
            states.wrong(kind, fields, self.require)
        if what:
            raise frame.spoilt(f"state {known.name} {instance}: {what}")

    def _verify(self, frame, record):
        if not 1 <= record["pages"] <= 64:
            raise frame.spoilt(f"verify: {record['pages']} pages; 1 to 64 are allowed")
        due = self._nth(self.verified)
        if record["gpa"] != due or not any(
                start <= due and due + record["pages"] * PAGE <= start + size
                for start, size in self.require["regions"]):
            raise frame.spoilt(f"verify: gpa {record['gpa']:#x}; {due:#x} is due, in one region")
        for n, value in enumerate([] if self.fast else record["digests"]):
            gpa = due + n * PAGE
            if xxh64(self.memory[gpa] or bytes(PAGE), gpa) != value:
                raise frame.spoilt(f"verify: the page at gpa {gpa:#x} has another digest")
        self.verified += record["pages"]
        if self.verified == self.all_pages():
            self.due = {"hand-over"}

    def _nth(self, n):
        """The gpa of page `n` of all regions."""
        for start, size in self.require["regions"]:
            if n < size // PAGE:
                return start + n * PAGE
            n -= size // PAGE
        return 0

    def _hand_over(self, frame, record):
        sums = {"id": self.hello["id"], "pages": self.total["pages"], "zeros": self.total["zeros"],
                "passes": len(self.passes), "states": self.total["states"]}
        for name, due in sums.items():
            if record[name] != due:
                raise frame.spoilt(f"hand-over: {name} is {record[name]:#x}; {due:#x} is due")
        if not self.fast and record["digest"] != self.chain:
            raise frame.spoilt(f"hand-over: the digest of everything is {record['digest']:#x}; "
                               f"what came has {self.chain:#x}")
        lacking = self._lacking()
        if lacking:
            raise frame.spoilt(f"hand-over: there is no record of {', '.join(lacking)}")
        self.epochs.append((frame.number, frame.offset + 32 + len(frame.payload), len(self.came)))
        self.came = set()
        if self.hello["kind"] == records.LIVE:
            self.due = {"commit"}
        elif not self.hello["flags"] & records.EPOCHS or self.last == len(self.epochs) - 1:
            self.over = "hand-over"
        else:
            self.due = {"pass-begin", "stop", "end"}
            self.final = False

    def _lacking(self):
        config = self.states.get((0x0101, 0))
        has = states.decode(0x0101, config[2])["has"] if config else 0
        return states.missing(self.states, self.require["vcpus"], has)

    def _commit(self, frame, record):
        if record["id"] != self.hello["id"] or record["outcome"] != 3:
            raise frame.spoilt("commit: it is not that of this migration")
        self.over = "commit"

    def _end(self, frame, record):
        if "end" not in self.due or record["epochs"] != len(self.epochs):
            raise frame.spoilt(f"end: {record['epochs']} epochs; {len(self.epochs)} is due")
        self.over = "end"

    def _cancel(self, frame, record):
        self.over = "cancel"

    def whole(self):
        """Whether what came is all that a stream of its kind must have."""
        if self.hello and self.hello["kind"] == records.CHECKPOINT:
            # Without its end, a checkpoint of epochs is whole after a hand-over.
            return self.over in ("hand-over", "end") or "end" in self.due
        return bool(self.over)

    def said(self):
        """What came, in words."""
        if not self.hello:
            return f"a {self.over}"
        kind = ("live", "checkpoint")[self.hello["kind"]]
        many = f", epochs 0 to {len(self.epochs) - 1}" if len(self.epochs) > 1 else ""
        return (f"{kind}: {len(self.passes)} passes, {self.total['pages']} pages, "
                f"{self.total['zeros']} zero pages, {self.total['states']} state records{many}, "
                f"{'ends with ' + self.over if self.over else 'ends early'}")


def require_wrong(record):
    """What is wrong with a require that describes no guest, or None."""
    if not 1 <= record["vcpus"] <= 4096:
        return f"vcpus is {record['vcpus']}; 1 to 4096 are allowed"
    if record["gstage_levels"] not in ENDS:
        return f"gstage_levels is {record['gstage_levels']}; 3 to 5 are allowed"
    if not 1 <= record["timebase"] <= 10**12:
        return f"timebase is {record['timebase']}; 1 to 10^12 are allowed"
    if not 1 <= len(record["regions"]) <= 16:
        return f"it has {len(record['regions'])} regions; 1 to 16 are allowed"
    end = 0
    for gpa, size in record["regions"]:
        if gpa % PAGE or size % PAGE or not size or gpa < end:
            return f"region {gpa:#x} of {size:#x} bytes is not of pages, empty, or overlaps"
        end = gpa + size
    if end > ENDS[record["gstage_levels"]]:
        return f"its memory ends at {end:#x}, too high for {record['gstage_levels']} levels"
    isa = record["isa"]
    if not 5 <= len(isa) <= 512 or not ISA.issuperset(isa) or isa[:4] != b"rv64":
        return "isa is not rv64 and letters, digits and _, 5 to 512 bytes"
    return None


class Destination:
    """The destination's side of one connection, by itself."""

    def __init__(self):
        self.due = {"accept", "status"}
        self.over = self.id = None
        self.acked = 0

    def take(self, frame):
        layout = records.LAYOUTS.get(frame.kind)
        if layout is None or frame.version not in layout.versions:
            if frame.flags & 1:
                raise frame.spoilt(f"type {frame.kind:#06x} must be understood and is not")
            return None
        if self.over or layout.name not in self.due | {"cancel"}:
            raise frame.spoilt(f"{layout.name} may not come here; allowed: "
                               f"{', '.join(sorted(self.due)) if not self.over else 'nothing'}")
        record = records.parse(frame)
        if record.get("zero"):
            raise frame.spoilt(f"{layout.name}: a field that must be 0 is {record['zero']:#x}")
        what = getattr(self, "_" + layout.name.replace("-", "_"))(record)
        if what:
            raise frame.spoilt(f"{layout.name}: {what}")
        return record

    def _accept(self, record):
        self.id, self.due = record["id"], {"pass-ack", "ready"}
        return None if self.id and record["outcome"] == 1 else "id is 0, or 1 does not follow it"

    def _pass_ack(self, record):
        self.acked += 1
        good = record["pass"] == self.acked and not record["flags"]
        return None if good else f"pass {self.acked} with flags 0 is due"

    def _ready(self, record):
        self.due = {"running"}
        return None if record["id"] == self.id else "its id is not that of accept"

    def _running(self, record):
        self.over = "running"
        good = record["id"] == self.id and record["outcome"] == 3
        return None if good else "its id is not that of accept, or 3 does not follow it"

    def _status(self, record):
        self.over = "status"
        return None if record["outcome"] < 4 else f"there is no outcome {record['outcome']}"

    def _cancel(self, _):
        self.over = "cancel"

    def whole(self):
        return bool(self.over)

    def said(self):
        return f"a destination's answers, {'last ' + self.over if self.over else 'cut'}"


# --- whole files ---------------------------------------------------------------------------------


def first_side(reader, fast=False, at=None):
    """The reader of the side that a connection's first frame is of, or None without a frame."""
    begin = reader.at, reader.number
    frame = reader.next()
    if frame is None:
        return None
    reader.at, reader.number = begin
    layout = records.LAYOUTS.get(frame.kind)
    if layout and layout.side == records.DESTINATION:
        return Destination()
    return Source(fast, at)


def ended(reader, source, why="the stream ends here"):
    """What is wrong with a stream that ends between two frames, and early."""
    return Spoilt(reader.number, reader.at, why + hint(source))


def hint(source):
    """Which epochs of a stream that is spoilt are whole."""
    epochs = len(getattr(source, "epochs", ()))
    return f"; up to epoch {epochs - 1} it is whole" if epochs else ""


def step(reader, source):
    """Take the next frame. Return: it and its record; (None, None) where there is no more."""
    try:
        frame = reader.next()
        if frame is None:
            return None, None
        return frame, source.take(frame)
    except Spoilt as error:
        raise Spoilt(error.frame, error.offset, error.what + hint(source)) from None


def whole_checkpoint(data, at=None):
    """Read a checkpoint up to epoch `at`, or all of it. Return: the Source that was fed with it."""
    reader = Reader(data)
    reader.skip_fill()
    source = Source(at=at)
    while not source.over and step(reader, source)[0]:
        pass
    if not source.hello or source.hello["kind"] != records.CHECKPOINT:
        raise Spoilt(0, 0, "this is no checkpoint; a live stream gives nobody the guest")
    if at is not None and len(source.epochs) <= at:
        raise ended(reader, source, f"there is no epoch {at}")
    if not source.whole():
        raise ended(reader, source)
    return source


def check(data, fast=False, cut=False, link=False, local=False):
    """Hold a file against all rules. Return: what it holds, in words; raises Spoilt."""
    at, said = 0, []
    while True:
        reader = Reader(data, at, fast, local)
        reader.skip_fill()
        if reader.at == len(data):
            break
        said.append(_connection(reader, fast, cut, link))
        at = reader.at
        if not link:
            reader.skip_fill()
            if reader.at != len(data):
                raise Spoilt(reader.number, reader.at,
                             f"{len(data) - reader.at} bytes are left over after the stream's end")
            break
    if not said:
        raise Spoilt(0, 0, "there is no frame")
    return said[0] if len(said) == 1 else f"{len(said)} connections: " + "; ".join(said)


def _connection(reader, fast, cut, link):
    source = None
    try:
        source = first_side(reader, fast)
        while source and step(reader, source)[0]:
            pass
    except Spoilt:
        after = reader.after_fill() if link else None
        if not cut or not (after or reader.truncated):
            raise
        reader.at = after or len(reader.data)
    if source is None:
        return "a frame that is cut"
    if not (cut or source.whole()):
        raise ended(reader, source)
    return f"{reader.number} frames, {source.said()}"
