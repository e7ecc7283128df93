# SPDX-License-Identifier: BSD-2-Clause
"""Tests of tools/cleave-stream: good streams, spoilt ones, and the document's vectors.

The streams here are made by hand. Those that machines write are read in tests/boot/link.py.
"""

import os
import random
import struct
import subprocess
import sys

import pytest

import stream_vectors as vectors
from stream import digest, frames, rules, text  # found by stream_vectors

TOP = vectors.TOP
TOOL = os.path.join(TOP, "tools", "cleave-stream")
STREAMS = {title: data for title, _, data in vectors.streams()}
CHECKPOINT = STREAMS["A checkpoint"]
LIVE = STREAMS["A live migration: the source"]
FORM = vectors.VECTORS[0][2]
HELLO = vectors.HELLO


def run(*argv, code=0, cwd=None, given=None):
    done = subprocess.run([sys.executable, TOOL, *map(str, argv)], capture_output=True, check=False,
                          cwd=cwd, input=given)
    assert done.returncode == code, done
    return (done.stdout if code == 0 else done.stderr or done.stdout).decode()


def bounds(data):
    """[(offset, end)] of all frames."""
    found, at = [], 0
    while at < len(data):
        end = at + 32 + struct.unpack_from("<Q", data, at + 8)[0]
        found.append((at, end))
        at = end
    return found


def split(data):
    return [data[start:end] for start, end in bounds(data)]


def renumbered(parts):
    """The frames with sequence numbers and header checksums that are right."""
    out = []
    for number, part in enumerate(parts):
        head = part[:16] + struct.pack("<Q", number) + part[24:28]
        out.append(head + struct.pack("<I", digest.crc32c(head)) + part[32:])
    return b"".join(out)


def spoilt(data, **how):
    """What check() says of a stream that must be refused."""
    with pytest.raises(frames.Spoilt) as caught:
        rules.check(memoryview(data), **how)
    return caught.value


def made(form):
    return b"".join(vectors.made(form).out)


# --- the document's vectors ----------------------------------------------------------------------


def test_the_document_has_the_vectors():
    with open(os.path.join(TOP, "docs", "migration-vectors.md"), encoding="utf-8") as file:
        page = file.read()
    assert page == vectors.document()
    for section, (title, _, data) in zip(page.split("\n## ")[1:], vectors.streams()):
        assert section.startswith(title + "\n")
        form, dumped = (block.strip("\n").splitlines() for block in section.split("```")[1::2])
        assert vectors.undumped(dumped) == data
        assert made("\n".join(form)) == data
        assert "ends early" not in rules.check(memoryview(data), link=True)


def test_digests_are_those_that_were_published():
    assert digest.crc32c(b"123456789") == 0xe3069283
    assert digest.crc32c(bytes(range(32))) == 0x46dd794e and digest.crc32c(b"") == 0
    assert digest.xxh64(b"") == 0xef46db3751d8e999
    assert digest.xxh64(b"abc") == 0x44bc2cf5ad770999
    assert digest.xxh64(b"Nobody inspects the spammish repetition") == 0xfbcea83c8a378bf1


def test_many_pages_have_the_digests_that_each_has():
    some = random.Random(1)
    pages = [some.randbytes(4096) for _ in range(9)] + [bytes(4096), b"\xff" * 4096]
    seeds = [some.getrandbits(64) for _ in pages[:-1]] + [frames.digest.M64]
    assert digest.page_digests(pages, seeds) == [digest.xxh64(*both) for both in zip(pages, seeds)]


# --- what is spoilt ------------------------------------------------------------------------------


@pytest.mark.parametrize("data", (CHECKPOINT, LIVE), ids=("checkpoint", "live"))
def test_a_flipped_bit_is_named_by_frame_and_offset(data):
    """In each field of each header, and in each payload."""
    some = random.Random(2)
    for number, (start, end) in enumerate(bounds(data)):
        for at in sorted({start, start + 4, start + 6, start + 7, start + 9, start + 17, start + 25,
                          start + 30, min(start + 32, end - 1), end - 1}):
            bad = bytearray(data)
            bad[at] ^= 1 << some.randrange(8)
            error = spoilt(bytes(bad))
            assert (error.frame, error.offset) == (number, start), (at, str(error))


def test_a_fast_check_does_not_look_at_pages():
    start = [s for s, _ in bounds(CHECKPOINT)][3]
    bad = bytearray(CHECKPOINT)
    bad[start + 32 + 8 + 77] ^= 1
    rules.check(memoryview(bytes(bad)), fast=True)
    assert "checksum of its payload" in str(spoilt(bytes(bad)))


@pytest.mark.parametrize("data", (CHECKPOINT, LIVE), ids=("checkpoint", "live"))
def test_a_cut_is_named_by_frame_and_offset(data):
    for number, (start, end) in enumerate(bounds(data)):
        for at in (start, start + 1, start + 31, start + 32, end - 1):
            if at == 0:
                continue
            error = spoilt(data[:at])
            inside = start < at < end
            assert (error.frame, error.offset) == (number, start), (at, str(error))
            assert ("file ends in its" in str(error)) == inside
            rules.check(memoryview(data[:at]), cut=True)
    assert "there is no frame" in str(spoilt(b""))


@pytest.mark.parametrize("data", (CHECKPOINT, LIVE), ids=("checkpoint", "live"))
def test_frames_twice_swapped_and_left_out_are_found(data):
    """At that frame; and still found where somebody has made all numbers right again."""
    parts = split(data)
    for n in range(len(parts)):
        twice = parts[:n + 1] + parts[n:]
        without = parts[:n] + parts[n + 1:]
        changed = [(twice, n + 1), (without, n)]
        if n + 1 < len(parts):
            changed.append((parts[:n] + [parts[n + 1], parts[n]] + parts[n + 2:], n))
        for bad, where in changed:
            joined = b"".join(bad)
            error = spoilt(joined)
            # A second frame 0 begins another connection, and a last frame that lacks is a cut.
            offset = sum(len(part) for part in bad[:where])
            first = n == 0 and bad is twice
            assert first or (error.frame, error.offset) == (where, offset), (n, str(error))
            assert str(spoilt(renumbered(bad))).startswith("frame ")


def test_a_stream_may_begin_with_fill_and_ends_where_it_ends():
    fill = b"\xff" * 32800
    rules.check(memoryview(fill + CHECKPOINT))
    rules.check(memoryview(CHECKPOINT + fill))
    assert "the file ends in its header: 1 of 32" in str(spoilt(CHECKPOINT + b"x"))
    assert "left over" in str(spoilt(CHECKPOINT + CHECKPOINT))
    assert "2 connections" in rules.check(memoryview(LIVE + CHECKPOINT), link=True)


def test_a_frame_that_is_filled_up_is_a_cut_on_a_link():
    start, end = bounds(CHECKPOINT)[3]
    for at in (start + 5, start + 32, end - 9):
        both = CHECKPOINT[:at] + b"\xff" * 32800 + LIVE
        assert "2 connections" in rules.check(memoryview(both), cut=True, link=True)
        assert spoilt(both, link=True).frame == 3


# --- rules, each broken by itself ----------------------------------------------------------------

# (text of the form, what stands there instead, what is said)
BROKEN = (
    (HELLO, HELLO + " @flags=3", "its flags are 0x3"),
    (HELLO, HELLO + " major=3", "type 0x0001 of version 3 must be understood"),
    (HELLO, HELLO + " major=3 @version=2", "version 3.0"),
    (HELLO, HELLO + " kind=2", "kind is 2"),
    (HELLO, HELLO + " flags=0x8000", "flags are 0x8000"),
    (HELLO, HELLO + " zero=1", "must be 0 is 0x1"),
    (HELLO, HELLO + " page=8192", "page size is not 4096"),
    ("vcpus=1 g", "vcpus=0 g", "vcpus is 0"),
    ("gstage_levels=3", "gstage_levels=6", "gstage_levels is 6"),
    ("timebase=10000000 r", "timebase=0 r", "timebase is 0"),
    ('isa="rv64imac_zicsr"', 'isa="rv32imac"', "isa is not"),
    ("regions=0x80000000+0x4000 isa", "regions=0x80000000+0x3000,0x80002000+0x1000 isa",
     "overlaps"),
    ("pass-begin\n", "pass-begin pass=2\n", "pass 2; 1 is due"),
    ("pass-begin\n", "pass-begin zero=1\n", "must be 0 is 0x1"),
    ("pass-begin\n", "pass-begin flags=1\n", "comes after stop"),
    ("pass-begin flags=1", "pass-begin flags=0", "comes after stop"),
    ("pages=3", "pages=2", "pass 1 has 3 of 4 pages"),
    ("pages=3", "pages=4", "not inside one region"),
    ("pages=3", "pages=0", "number of pages is 0"),
    ("zero gpa=0x80001000", "zero gpa=0x80000000", "pages ascend"),
    ("page gpa=0x80000000", "page gpa=0x80000800", "not a multiple of 4096"),
    ("page gpa=0x80000000", "page gpa=0x7ffff000", "not inside one region"),
    ("pass-end\nstop", "pass-end flags=1\nstop", "pass-end: flags is 1; 0 is due"),
    ("pass-end\nhand", "pass-end flags=0\nhand", "pass-end: flags is 0; 1 is due"),
    ("pass-end\nstop", "pass-end pages=2\nstop", "pass-end: pages is 2; 1 is due"),
    ("stop run=1", "stop run=2", "run is 2"),
    ("stop run=1", "stop run=1 clock=1", "clock is 1; 0 is allowed, and 1 in a live stream"),
    ("pass-begin\n", "pass-begin zero=9\n", "must be 0 is 0x9"),
    (".vcpus=1", ".vcpus=2", "not those of require"),
    (".sstatus=0x200000022", ".sstatus=0x22", "UXL is not 2"),
    (".sstatus=0x200000022", ".sstatus=0x200000023", "may be set"),
    (".mode=1", ".mode=2", "mode is neither"),
    (".pc=0x80000104", ".pc=0x80000105", "pc is odd"),
    ("run .flags=1", "run .hsm=5", "hsm is 5"),
    ("run .flags=1", "run .hsm=2 .start=0x70000000", "not in the memory"),
    ("run .flags=1", "run .hsm=1 .start=0x80000000", "nothing starts"),
    (".lcr=3", ".count=17", "count is above 16"),
    (".lcr=3", ".zero_bytes=000000000001", "zero_bytes is not 0"),
    (".mode=1", ".mode=1 .zero=1", "zero is not 0"),
    (".sources=32", ".sources=32 .pending=1", "source 0"),
    (".sources=32", ".sources=31", "sources is 31"),
    (".bytes=2e2e2e", ".bytes=2e0a2e", "newline"),
    ("state kind=output .bytes=2e2e2e\n", "", "no record of output 0"),
    ("state kind=timer .fires=0xffffffffffffffff\n", "", "no record of timer 0"),
    ("kind=clock .time=123456789", "kind=clock data=00", "its length is wrong"),
    ("state kind=clock", "state kind=clock flags=2", "state: flags are 0x2"),
    ("state kind=registers", "state kind=registers instance=1", "there is no instance 1"),
    ("state kind=input", "state kind=0x999 data=00 instance=3", "0x0999"),
    ("hand-over", "hand-over digest=7", "digest of everything is 0x7"),
    ("hand-over", "hand-over passes=3", "passes is 0x3; 0x2 is due"),
    ("hand-over", "hand-over id=5", "id is 0x5"),
    ("hand-over", "cancel reason=1", "the stream ends here"),
    ("hand-over", "commit id=0x1122334455667788 outcome=3", "commit may not come here"),
    ("hand-over", "frame @type=0x300 @version=1 data=00", "must be understood"),
    ("hand-over", "page gpa=0x80000000 fill=0 @version=1", "page may not come here"),
    ("stop run=1", "accept id=1 outcome=1", "comes from a destination"),
)


@pytest.mark.parametrize("old,new,said", BROKEN, ids=[f"{n} {said}"
                                                      for n, (_, _, said) in enumerate(BROKEN)])
def test_a_broken_rule_is_named(old, new, said):
    assert FORM.count(old) == 1, FORM.count(old)
    assert said in str(spoilt(made(FORM.replace(old, new))))


def test_pages_of_version_1_may_be_in_any_stream():
    first = "fill=0x1122334455667788"
    data = made(FORM.replace(first, first + " @version=1"))
    assert data != CHECKPOINT
    rules.check(memoryview(data))
    old = STREAMS["A checkpoint of version 1"]
    form = "\n".join(vectors.decoded(old)).replace("@version=1", "@version=2", 2)
    assert "version 2 in a stream of version 1" in str(spoilt(made(form.replace(
        "@version=2", "@version=1", 1))))


def packed(block):
    return made(f"{HELLO} minor=1\n{vectors.GUEST}pass-begin\n"
                f"packed gpa=0x80000000 block={block}\n")


@pytest.mark.parametrize("block", (
    "1f2a0100" + "ff" * 15 + "f5502a2a2a2a2a",   # a byte too few
    "1f2a0100" + "ff" * 15 + "f7502a2a2a2a2a",   # a byte too many
    "1f2a0000" + "ff" * 15 + "f6502a2a2a2a2a",   # back by 0
    "1f2a0200" + "ff" * 15 + "f6502a2a2a2a2a",   # back to before the page
    "1f2a0100" + "ff" * 15 + "f6602a2a2a2a2a",   # fewer literals than it says
    "1f2a0100" + "ff" * 15, "1f2a01", "f0", "00", "ff" * 4080))
def test_a_block_that_is_no_page_is_refused(block):
    assert "there is no page of 4096 bytes in it" in str(spoilt(packed(block)))


def test_packed_pages_are_only_where_they_were_agreed_on():
    form = dict((title, form) for title, _, form in vectors.VECTORS)[
        "A checkpoint with a packed page"]
    rules.check(memoryview(made(form)))
    assert "minor version 0 has no packed pages" in str(spoilt(made(form.replace("minor=1", ""))))
    assert "method 2" in str(spoilt(made(form.replace("block=", "method=2 block="))))
    flat = bytes(rules.whole_checkpoint(memoryview(made(form))).memory[0x80000000])
    assert flat == b"\x2a" * 4096


def test_what_need_not_be_understood_is_skipped():
    for extra in ("frame @type=0x300 @version=1 @flags=0 data=0102\n",
                  "frame @type=0x0007 @version=9 @flags=0 data=\n"):
        rules.check(memoryview(made(FORM.replace("stop run=1", extra + "stop run=1"))))
    last = "pass-begin flags=1"
    unknown = "state kind=0x999 flags=0 instance=3 data=0102\n"
    rules.check(memoryview(made(FORM.replace(last, unknown + last))))


# --- epochs --------------------------------------------------------------------------------------

EPOCHS = STREAMS["A checkpoint of two epochs"]


def test_each_epoch_is_a_guest():
    first, second = (rules.whole_checkpoint(memoryview(EPOCHS), at) for at in (0, 1))
    assert first.memory[0x80001000] is None
    assert bytes(second.memory[0x80001000]) == b"\xff" * 4096
    assert "there is no epoch 2; up to epoch 1 it is whole" in str(pytest.raises(
        frames.Spoilt, rules.whole_checkpoint, memoryview(EPOCHS), 2).value)


def test_a_cut_epoch_leaves_those_before_it():
    """A cut right after a hand-over is right; elsewhere the line says what is whole."""
    parts = bounds(EPOCHS)
    over = [end for start, end in parts
            if struct.unpack_from("<H", EPOCHS, start + 4)[0] == 0x000a]
    assert len(over) == 2
    for start, end in parts[:-1]:
        whole = [one for one in over if one <= end]
        for cut in (end - 1, end):
            if cut in over:
                rules.check(memoryview(EPOCHS[:cut]))
            else:
                known = len([one for one in over if one <= cut])
                said = str(spoilt(EPOCHS[:cut]))
                assert ("up to epoch 0 it is whole" in said) == (known == 1), said
        if whole:
            rules.whole_checkpoint(memoryview(EPOCHS[:end]), len(whole) - 1)


@pytest.mark.parametrize("old,new,said", (
    ("end epochs=2", "end epochs=3", "3 epochs; 2 is due"),
    ("end epochs=2", "end epochs=2\nend epochs=2", "nothing may come after end"),
    ("flags=2\n", "\n", "nothing may come after hand-over"),
    ("flags=2\n", "kind=live flags=2\n", "hello: flags are 0x2"),
    ("hand-over\nend", "hand-over passes=1\nend", "passes is 0x1; 0x2 is due; up to epoch 0")))
def test_rules_of_epochs(old, new, said):
    form = dict((title, form) for title, _, form in vectors.VECTORS)["A checkpoint of two epochs"]
    assert form.count(old) == 1
    assert said in str(spoilt(made(form.replace(old, new))))


def test_flatten_and_diff_take_an_epoch(files):
    (files / "e").write_bytes(EPOCHS)
    run("flatten", "--at", "0", "-o", "zero", "e", cwd=files)
    run("flatten", "-o", "last", "e", cwd=files)
    assert "1 passes, 1 pages, 3 zero pages" in run("check", "zero", cwd=files)
    assert "1 passes, 2 pages, 2 zero pages" in run("check", "last", cwd=files)
    assert "0x80001000 to 0x80001fff" in run("diff", "zero", "last", cwd=files, code=1)
    assert "epoch 1   1 pages" in run("inspect", "e", cwd=files)
    run("inspect", "--at", "x", "e", cwd=files, code=2)


# --- the tool as a person uses it ----------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    for name, data in (("a", CHECKPOINT), ("live", LIVE)):
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_stream_is_made_again_from_what_inspect_prints(files):
    (files / "form").write_text(run("inspect", "--data", "a", cwd=files))
    run("make", "-o", "b", "form", cwd=files)
    assert (files / "b").read_bytes() == CHECKPOINT
    said = run("inspect", "a", cwd=files)
    assert 'guest     "work" id 0x1122334455667788' in said and "it ran" in said


def test_flatten_keeps_the_guest_and_each_page_once(files):
    run("flatten", "-o", "flat", "a", cwd=files)
    assert "1 passes, 2 pages, 2 zero pages" in run("check", "flat", cwd=files)
    assert run("diff", "a", "flat", cwd=files) == ""
    assert "a live stream gives nobody the guest" in run("flatten", "-o", "f", "live", cwd=files,
                                                         code=1)
    assert not (files / "f").exists()


@pytest.mark.parametrize("title", [t for t in STREAMS if t.startswith("A checkpoint")])
def test_each_kind_of_checkpoint_is_the_same_when_it_is_flat(files, title):
    (files / "one").write_bytes(STREAMS[title])
    run("flatten", "-o", "flat", "one", cwd=files)
    run("check", "flat", cwd=files)
    assert run("diff", "one", "flat", cwd=files) == ""


def test_diff_names_what_differs(files):
    form = FORM.replace(".x10=0x2a", ".x10=0x2b").replace("fill=0xffffffffffffffff", "fill=0xfe")
    (files / "b").write_bytes(made(form.replace("stop run=1", "stop run=0")))
    said = run("diff", "a", "b", cwd=files, code=1)
    assert said.splitlines() == [
        "stop: run 1, 0", "state registers 0: x10 0x2a, 0x2b",
        "memory: 0x80001000 to 0x80001fff (1 pages)", "memory: 1 pages differ"]


def test_memory_comes_from_a_file(files):
    (files / "ram").write_bytes(b"\x07" * 4096 + bytes(8192) + b"end")
    form = FORM.replace(vectors.FIRST, "pass-begin\nmemory gpa=0x80000000 file=ram\npass-end\n")
    (files / "form").write_text(form)
    run("make", "-o", "b", "form", cwd=files)
    assert "3 pages, 2 zero pages" in run("check", "b", cwd=files)


def test_a_spoilt_file_is_one_line_with_exit_code_1(files):
    start, end = bounds(CHECKPOINT)[-2]  # pass end
    (files / "bad").write_bytes(CHECKPOINT[:end - 3])
    assert run("check", "bad", cwd=files, code=1) == (
        f"cleave-stream: frame {len(bounds(CHECKPOINT)) - 2} at offset {start}: the file ends in "
        f"its payload: {24 - 3} of 24 bytes\n")
    assert "bad" in run("check", "missing-bad", cwd=files, code=2)
    (files / "form").write_text("hello id=1\nnonsense a=b\n")
    assert "form:2: there is no record 'nonsense'" in run("make", "-o", "x", "form", cwd=files,
                                                          code=1)
    assert not (files / "x").exists()


@pytest.mark.parametrize("argv", ((), ("look", "a"), ("check",), ("check", "a", "b"),
                                  ("check", "--data", "a"), ("diff", "a"), ("make", "a"),
                                  ("flatten", "-o")))
def test_wrong_use_is_exit_code_2(files, argv):
    said = run(*argv, cwd=files, code=2)
    assert said.splitlines()[1] == "usage: cleave-stream COMMAND [OPTION ...] FILE ..."


def test_help_is_printed_anywhere(files):
    assert run("--help", cwd=files) == run("check", "--help", cwd=files) == run("-h", cwd=files)


def test_standard_input_is_read(files):
    assert "checkpoint: 2 passes" in run("check", "-", cwd=files, given=CHECKPOINT)
