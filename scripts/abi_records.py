#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/abi-records.md: the structures of include/abi/ as tables with offsets, and the numbers.

    scripts/abi_records.py           write it
    scripts/abi_records.py --check   refuse one that is not of these headers
    scripts/abi_records.py --self    check that this check can fail

Offsets and sizes are those of the host's compiler, which must find no padding: the headers promise
that a structure is the same for every compiler.
"""

import os
import re
import subprocess
import sys
import tempfile

import usage

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = os.path.join(TOP, "docs", "abi-records.md")
HEADERS = ("cleave.h", "state.h", "migrate.h")
INTRO = """# Records of the ABI

Each structure of `include/abi/`, byte for byte. All numbers are little-endian; there is no padding.
`make abi-records` writes this page from the headers, and `make check` refuses one that is stale.
[The hypercall ABI](abi.md) and [migration](migration.md) say what they are for. Where a comment
says `since 1.1`, the fields from there on are not written by an older hypervisor, and the number of
bytes that a call returns says so. After the structures of a header come its numbers: flags, states,
counters in their order. Those of functions and features are in [the ABI](abi.md).
"""
FIELD = re.compile(r"^\s*(u?int\d+_t|char)\s+(\w+)(?:\[(\w+)\])?;\s*(?:/\*\s*(.*?)\s*\*/)?\s*$")
COMMENT = re.compile(r"^\s*/\*\s*(.*?)\s*\*/\s*$")
NUMBER = re.compile(r"^(?:#define (\w+)\s+(?:UINT64_C\()?(\d\w*?)U?\)?|\t(\w+)(?: = (\d+))?,)"
                    r"\s*(?:/\*\s*(.*?)\s*\*/)?\s*$")
SKIPPED = re.compile(r"CLEAVE_(EID|FN_|FEATURE_|STAT_COUNT)|CLEAVE_ABI_|MIGRATE_M[AI]")


def structures(text):
    """(name, rows) of each structure; a row is (type, field, array or None, comment), or a str."""
    for match in re.finditer(r"^struct (\w+) \{\n(.*?)^\};", text, re.M | re.S):
        rows, words = [], ""
        # A comment of two lines is one.
        body = re.sub(r"\n\s*\*\s+(?=\S)(?!/)", " ", match[2])
        for line in body.splitlines():
            field, comment = FIELD.match(line), COMMENT.match(line)
            if field:
                rows.append((field[1], field[2], field[3], field[4] or words))
                words = ""
            elif comment and re.match(r"since \d", comment[1]):
                rows.append(comment[1])
            elif comment:
                words = comment[1]
            elif line.strip():
                raise SystemExit(f"struct {match[1]}: cannot read '{line.strip()}'")
        if words:
            rows.append(words)
        yield match[1], rows


def numbers(text):
    """(name, value, comment) of each number. A comment is of the lines up to the next empty one."""
    words, count = "", 0
    joined = re.sub(r"\n\s*\*\s+(?=\S)|\n (?=\*/)|\\\n\s*", " ", text)
    for line in joined.splitlines():
        found, comment = NUMBER.match(line), COMMENT.match(line)
        if found:
            name, value = found[1] or found[3], found[2] or found[4] or str(count)
            count = int(value, 0) + 1
            if not SKIPPED.match(name):
                yield name, value, found[5] or words
            words = "" if found[3] else words
        elif comment:
            words = comment[1]
        elif not line or line.startswith(("enum", "}")):
            words, count = "", 0


def layout(names, texts):
    """{(structure, field or None): (offset, size)}, by the compiler; None: the whole."""
    lines = [f'#include "{h}"' for h in HEADERS]
    lines += ["#include <stdio.h>", "#include <stddef.h>", "int main(void) {"]
    for name, rows in names:
        lines.append(f'printf("{name} - 0 %zu\\n", sizeof(struct {name}));')
        for row in rows:
            if not isinstance(row, str):
                lines.append(f'printf("{name} {row[1]} %zu %zu\\n", offsetof(struct {name}, '
                             f"{row[1]}), sizeof(((struct {name} *)0)->{row[1]}));")
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory(prefix="cleave-abi.") as folder:
        source, program = os.path.join(folder, "a.c"), os.path.join(folder, "a")
        for name, content in [("a.c", "\n".join(lines) + "\n"), *texts.items()]:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(content)
        subprocess.run([os.environ.get("HOSTCC", "gcc"), "-o", program, source], check=True)
        text = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        name, field, offset, size = line.split()
        found[name, None if field == "-" else field] = (int(offset), int(size))
    return found


def table(name, rows, places):
    """The section of one structure. A gap between two fields is an error."""
    size = places[name, None][1]
    yield f"\n### `struct {name}`\n\n{size} bytes\n"
    yield "| offset | size | field | |"
    yield "| ---: | ---: | --- | --- |"
    end = 0
    for row in rows:
        if isinstance(row, str):
            yield f"| | | | *{row.replace('|', chr(92) + '|')}* |"
            continue
        kind, field, count, comment = row
        offset, length = places[name, field]
        if offset != end:
            raise SystemExit(f"struct {name}: {end - offset} bytes of padding before {field}")
        end = offset + length
        what = f"`{kind} {field}`" if count is None else f"`{kind} {field}[{count}]`"
        yield f"| {offset} | {length} | {what} | {comment.replace('|', chr(92) + '|')} |"
    if end != size:
        raise SystemExit(f"struct {name}: {size - end} bytes of padding at its end")


def document(texts):
    """The whole page, of {header: its text}."""
    out = [INTRO]
    read = {h: list(structures(texts[h])) for h in HEADERS}
    places = layout([s for h in HEADERS for s in read[h]], texts)
    for header in HEADERS:
        out.append(f"\n## `include/abi/{header}`")
        for name, rows in read[header]:
            out += table(name, rows, places)
        out.append(f"\n### Numbers of `{header}`\n\n| name | value | |\n| --- | ---: | --- |")
        out += [f"| `{name}` | {value} | {words.replace('|', chr(92) + '|')} |"
                for name, value, words in numbers(texts[header])]
    return "\n".join(out) + "\n"


def self_test(texts, page):
    """Each of these changes of a header must change the page."""
    for old, new in (("bytes, of all regions", "bytes, of some regions"),
                     ("\t/* since 1.1 */", "\t/* since 1.2 */"),
                     ("\tuint64_t arg;\n\tuint64_t time;", "\tuint64_t time;\n\tuint64_t arg;"),
                     ("\tuint32_t vm;\n", ""),
                     ("FLAG_BUSY 0x8U", "FLAG_BUSY 0x4U"),
                     ("\tCLEAVE_STAT_EXIT_WFI,\n", "")):
        changed = dict(texts, **{"cleave.h": texts["cleave.h"].replace(old, new)})
        try:
            if changed == texts or document(changed) == page:
                yield f"self test: '{old}' changed to '{new}' is not found"
        except SystemExit:
            pass


def main():
    usage.show(__doc__, "--check", "--self")
    texts = {}
    for header in HEADERS:
        with open(os.path.join(TOP, "include", "abi", header), encoding="utf-8") as file:
            texts[header] = file.read()
    page = document(texts)
    if not sys.argv[1:]:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(page)
        return 0
    wrong = list(self_test(texts, page))
    if sys.argv[1:] == ["--check"]:
        with open(DOCUMENT, encoding="utf-8") as file:
            if file.read() != page:
                wrong.append("docs/abi-records.md is stale: run 'make abi-records'")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
