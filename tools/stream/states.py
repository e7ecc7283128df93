# SPDX-License-Identifier: BSD-2-Clause
"""State records: their fields, and what may be in them ("State records" of docs/migration.md).

decode() gives named fields of a record's data, and encode() makes the data again. Both go by the
tables below. wrong() says which rule the fields break, so far as a reader without the machine can
know.
"""

import struct

VM, VCPU = "the VM", "each vCPU"
NEVER = (1 << 64) - 1
F_AND_D, V = 1, 2  # bits of config


class Kind:
    """A kind of record. `fields`: [(name, letter of struct)]; `more`: a list at its end."""

    def __init__(self, name, per, fields, more=None, needed=True, mandatory=True):
        self.name, self.per, self.more = name, per, more
        self.needed, self.mandatory = needed, mandatory
        self.fields = [tuple(word.split(":")) for word in fields.split()]
        self.form = struct.Struct("<" + "".join(letter for _, letter in self.fields))


def _many(letter, *names):
    return " ".join(f"{name}:{letter}" for name in names)


XREGS = [f"x{n}" for n in range(1, 32)]
FREGS = [f"f{n}" for n in range(32)]
CSRS = ("sstatus", "sie", "stvec", "sscratch", "sepc", "scause", "stval", "satp", "scounteren",
        "senvcfg", "sstateen0", "sip")

KINDS = {
    0x0101: Kind("config", VM, "vcpus:I region_count:I has:I vlenb:I asid_bits:I cbom_block:H "
                               "cboz_block:H timebase:Q", "regions"),
    0x0102: Kind("clock", VM, "time:Q"),
    0x0103: Kind("identity", VM, "uuid:16s name:32s", needed=False, mandatory=False),
    0x0104: Kind("moment", VM, "utc:Q", needed=False, mandatory=False),
    0x0105: Kind("generation", VM, "count:Q copy_id:16s", needed=False, mandatory=False),
    0x0201: Kind("registers", VCPU, _many("Q", *XREGS, "pc") + " mode:I zero:I"),
    0x0202: Kind("csrs", VCPU, _many("Q", *CSRS)),
    0x0203: Kind("timer", VCPU, "fires:Q"),
    0x0204: Kind("run", VCPU, "hsm:I flags:I start:Q a1:Q"),
    0x0210: Kind("fd", VCPU, _many("Q", *FREGS, "fcsr"), needed=F_AND_D),
    0x0220: Kind("v", VCPU, "vlenb:I zero:I vstart:Q vl:Q vtype:Q vcsr:Q", needed=V),
    0x0221: Kind("v0-v15", VCPU, "vlenb:I zero:I", "bytes", needed=V),
    0x0222: Kind("v16-v31", VCPU, "vlenb:I zero:I", "bytes", needed=V),
    0x0301: Kind("uart", VM, _many("B", "ier", "lcr", "mcr", "scr", "fcr", "dll", "dlm", "msr",
                                   "flags", "count") + " zero_bytes:6s fifo:16s"),
    0x0302: Kind("plic", VM, "sources:I context_count:I pending:I claimed:I priority:32s",
                 "contexts"),
    0x0401: Kind("output", VM, "", "bytes"),
    0x0402: Kind("input", VM, "", "bytes"),
}
NUMBERS = {kind.name: number for number, kind in KINDS.items()}


def decode(number, data):
    """The fields of a record's data, or None where its length fits no record of its kind."""
    kind = KINDS[number]
    if len(data) < kind.form.size:
        return None
    found = dict(zip((name for name, _ in kind.fields), kind.form.unpack_from(data)))
    rest = data[kind.form.size:]
    if kind.more == "bytes":
        found["bytes"] = bytes(rest)
    elif kind.more:
        size, form, count = ((16, "<QQ", "region_count") if kind.more == "regions" else
                             (8, "<II", "context_count"))
        if len(rest) != size * found[count]:
            return None
        found[kind.more] = list(struct.iter_unpack(form, rest))
    elif rest:
        return None
    return found


def encode(number, fields):
    """The data of a record with these fields; those that are left out are 0."""
    kind = KINDS[number]
    fixed = dict(fields)
    if kind.more == "regions":
        fixed.setdefault("region_count", len(fields["regions"]))
    elif kind.more == "contexts":
        fixed.setdefault("context_count", len(fields["contexts"]))
    empty = {"16s": b"", "32s": b"", "6s": b""}
    data = kind.form.pack(*(fixed.get(name, empty.get(letter, 0)) for name, letter in kind.fields))
    if kind.more == "bytes":
        return data + fields.get("bytes", b"")
    form = "<QQ" if kind.more == "regions" else "<II"
    return data + b"".join(struct.pack(form, *pair) for pair in fields.get(kind.more, ()))


# --- rules ---------------------------------------------------------------------------------------

# The bits that may be set
BITS = {
    "csrs": {"sstatus": sum(1 << n for n in (1, 5, 6, 8, 9, 10, 13, 14, 18, 19, 32, 33)),
             "sie": 0x222, "stvec": ~2, "sepc": ~1, "scounteren": 0xffffffff, "senvcfg": 0xf1,
             "sstateen0": 7, "sip": 2},
    "run": {"flags": 7},
    "fd": {"fcsr": 0xff},
    "v": {"vcsr": 7},
    "uart": {"ier": 0xf, "mcr": 0x1f, "fcr": 0xc9, "msr": 0xf, "flags": 3},
    "config": {"has": F_AND_D | V},
}


def wrong(number, fields, require):
    """What is wrong with a record's fields in a guest with this `require`, or None."""
    name = KINDS[number].name
    for field, value in fields.items():
        if field.startswith("zero") and (any(value) if isinstance(value, bytes) else value):
            return f"{field} is not 0"
    for field, bits in BITS.get(name, {}).items():
        if fields[field] & ~bits & NEVER:
            return f"{field} is {fields[field]:#x}; bits {bits & NEVER:#x} may be set"
    rule = RULES.get(name)
    return rule(fields, require) if rule else None


def _config(fields, require):
    if (fields["vcpus"], fields["regions"]) != (require["vcpus"], require["regions"]):
        return "its vCPUs and regions are not those of require"
    if fields["timebase"] != require["timebase"]:
        return "its time base is not that of require"
    return None


def _identity(fields, _):
    if not any(fields["uuid"]):
        return "its uuid is 0"
    name = fields["name"].rstrip(b"\0")
    if not all(0x20 <= byte < 0x7f for byte in name):
        return "its name is not printable text that is padded with NULs"
    return None


def _moment(fields, _):
    return None if fields["utc"] else "its time of day is 0"


def _generation(fields, _):
    return None if any(fields["copy_id"]) == bool(fields["count"]) else \
        "its id is 0 and its count is not, or the other way round"


def _registers(fields, _):
    if fields["pc"] & 1:
        return "pc is odd"
    return None if fields["mode"] in (0, 1) else "mode is neither 0 (VU) nor 1 (VS)"


def _csrs(fields, _):
    if fields["sstatus"] >> 32 & 3 != 2:
        return "sstatus.UXL is not 2"
    return None if fields["satp"] >> 60 in (0, 8, 9, 10) else "satp has an unknown mode"


def _run(fields, require):
    if fields["hsm"] > 4:
        return f"hsm is {fields['hsm']}; 0 to 4 are allowed"
    starts = fields["hsm"] == 2 or fields["flags"] & 2
    if not starts:
        return "start and a1 are set though nothing starts" if fields["start"] or fields["a1"] \
            else None
    inside = any(gpa <= fields["start"] < gpa + size for gpa, size in require["regions"])
    return None if inside and not fields["start"] & 1 else "start is odd, or not in the memory"


def _v(fields, _):
    bits = 8 * fields["vlenb"]
    if fields["vstart"] >= bits or fields["vl"] > bits:
        return "vstart or vl is larger than the vector registers allow"
    if fields["vtype"] == 1 << 63:
        return "vl is not 0 with vtype.vill" if fields["vl"] else None
    return None if fields["vtype"] < 256 else "vtype has bits that may not be set"


def _vregs(fields, _):
    return None if len(fields["bytes"]) == 16 * fields["vlenb"] else "its length does not fit vlenb"


def _uart(fields, _):
    if fields["fcr"] and not fields["fcr"] & 1:
        return "fcr is not 0 without bit 0"
    if fields["count"] > 16 or any(fields["fifo"][fields["count"]:]):
        return "there is more in the FIFO than count says, or count is above 16"
    return None


def _plic(fields, _):
    if fields["sources"] != 32:
        return f"sources is {fields['sources']}; 32 are wanted"
    if fields["pending"] & fields["claimed"] or (fields["pending"] | fields["claimed"]) & 1:
        return "a source is pending and claimed at once, or source 0 is"
    if fields["priority"][0] or max(fields["priority"]) > 7:
        return "a priority is above 7, or source 0 has one"
    if any(threshold > 7 for _, threshold in fields["contexts"]):
        return "a threshold is above 7"
    return None


def _output(fields, _):
    if len(fields["bytes"]) > 8256:
        return "it is longer than 8256 bytes"
    return "it holds a newline" if b"\n" in fields["bytes"] else None


def _input(fields, _):
    return "it is longer than 4096 bytes" if len(fields["bytes"]) > 4096 else None


RULES = {"config": _config, "identity": _identity, "moment": _moment, "generation": _generation,
         "registers": _registers, "csrs": _csrs, "run": _run, "v": _v, "v0-v15": _vregs,
         "v16-v31": _vregs, "uart": _uart, "plic": _plic, "output": _output, "input": _input}


def missing(have, vcpus, has):
    """The records that a guest needs and that are not in `have`, a set of (kind, instance)."""
    lacking = []
    for number, kind in KINDS.items():
        needed = kind.needed if isinstance(kind.needed, bool) else bool(has & kind.needed)
        if needed:
            lacking += [f"{kind.name} {n}"
                        for n in range(vcpus if kind.per == VCPU else 1) if (number, n) not in have]
    return lacking
