# SPDX-License-Identifier: BSD-2-Clause
"""The protocols of docs/concurrency.md, for all interleavings (Spin) and all orders that RVWMO
allows (herd7), and whether the compiled hypervisor has the barriers that the latter name.

Each model has twins in which one step is left out, and each litmus test is run without each of its
barriers. All of these must fail: a check that cannot fail shows nothing.
"""

import glob
import os
import re
import shutil
import subprocess

import pytest

import barriers

TOP = barriers.TOP
OUT = os.path.join(TOP, os.environ.get("O", "build"))
SECONDS = 300 * float(os.environ.get("TEST_SLOW", "1"))  # the longest that one run may take
HERE = os.path.dirname(os.path.abspath(__file__))
HERD = os.path.join(TOP, "deps", "herd7")
PAGE = "docs/concurrency.md"
MODELS = sorted(glob.glob(os.path.join(HERE, "spin", "*.pml")))
LITMUS = sorted(glob.glob(os.path.join(HERE, "litmus", "*.litmus")))
ELVES = ("cleave.elf", os.path.join("clang", "cleave.elf"))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def names(paths):
    return [os.path.splitext(os.path.basename(p))[0] for p in paths]


def run(argv, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=SECONDS, check=False, **more)


def spin(model, folder, twin=None):
    """Search all states of a model. Return: number of errors, and what was said."""
    os.makedirs(folder)
    argv = ["spin", "-a", *([f"-D{twin}"] if twin else []), model]
    done = run(argv, cwd=folder)
    assert done.returncode == 0, done.stdout
    done = run(["gcc", "-O1", "-w", "-DSAFETY", "-DMEMLIM=1500", "-o", "pan", "pan.c"], cwd=folder)
    assert done.returncode == 0, done.stdout
    done = run(["./pan", "-m100000", "-w22"], cwd=folder)
    found = re.search(r"errors: (\d+)", done.stdout)
    assert found, done.stdout
    # A search that was cut short has shown nothing.
    for cut in ("max search depth too small", "out of memory", "Search not completed"):
        assert twin or cut not in done.stdout, done.stdout
    return int(found[1]), done.stdout


def twins(text):
    """The macros that a model is to be broken by: those that it asks for and never defines."""
    asked = set(re.findall(r"^#ifn?def (\w+)", text, re.M))
    return sorted(asked - set(re.findall(r"^#define (\w+)", text, re.M)))


@pytest.mark.parametrize("model", MODELS, ids=names(MODELS))
def test_protocol(model, tmp_path):
    if not shutil.which("spin"):
        pytest.skip("spin is not installed: make setup")
    errors, said = spin(model, tmp_path / "whole")
    assert errors == 0, said
    broken = twins(read(model))
    assert broken, "a model without a broken twin"
    for twin in broken:
        errors, said = spin(model, tmp_path / twin, twin)
        assert errors != 0, f"{twin} is not noticed:\n{said}"


def herd(text, folder, without=None):
    """Whether herd7 finds what `exists` asks for. Without: the number of a barrier to leave out."""
    text = re.sub(r"<<(\d) (.*?)>>", lambda m: "" if m[1] == without else m[2], text)
    text = re.sub(r"((?:amo\w+|lr)\.[wd]) \.aq", r"\1.aq", text[text.index("\nRISCV ") + 1:])
    path = folder / f"without-{without}.litmus"
    path.write_text(text)
    done = run([os.path.join(HERD, "run"), "-set-libdir",
                os.path.join(HERD, "usr", "share", "herdtools7", "herd"), str(path)])
    said = re.search(r"^Observation \S+ (Never|Sometimes|Always)", done.stdout, re.M)
    assert said, done.stdout
    return said[1] != "Never"


@pytest.mark.parametrize("litmus", LITMUS, ids=names(LITMUS))
def test_memory_model(litmus, tmp_path):
    if not os.path.exists(os.path.join(HERD, "run")):
        pytest.skip("deps/herd7/run is missing: make setup")
    text = read(litmus)
    numbers = sorted(set(re.findall(r"<<(\d) ", text)))
    assert numbers and not herd(text, tmp_path)
    for number in numbers:
        assert herd(text, tmp_path, number), f"barrier {number} does nothing"


@pytest.fixture(scope="module", params=ELVES, ids=("gcc", "clang"))
def symbols(request):
    return barriers.read_symbols(os.path.join(OUT, request.param))


def test_barriers_are_compiled(symbols):
    """Each barrier of a litmus test is where the test says, and would be missed if it were not."""
    wrong, count = [], 0
    for litmus in LITMUS:
        text = read(litmus)
        rows = barriers.read_rows(text)
        named = len(re.findall(r"\bcode \d", text))
        assert len(rows) == named, f"{litmus}: a `code` line cannot be read"
        # Every barrier of the test is somewhere in the code, and the code has no other numbers.
        assert {r[0] for r in rows} == set(re.findall(r"<<(\d) ", text)), litmus
        for row in rows:
            count += 1
            told = barriers.check_row(symbols, row)
            wrong += [f"{os.path.basename(litmus)}: {' '.join(row[1:3])}: {told}"] if told else []
            assert barriers.check_row(symbols, row, blind=True), f"{row} cannot fail"
    assert not wrong, "\n".join(wrong)
    assert count > 0


@pytest.mark.parametrize("path", MODELS + LITMUS, ids=names(MODELS + LITMUS))
def test_model_and_document_name_each_other(path):
    text, page = read(path), read(os.path.join(TOP, PAGE))
    assert os.path.relpath(path, TOP) in page, f"{PAGE} does not name it"
    rows = re.findall(r"^[ *]*row: (.+)$", text, re.M)
    assert rows, "it names no row"
    for row in rows:
        assert re.search(rf"^\| {re.escape(row)}", page, re.M), f"{PAGE} has no row '{row}'"
    for file, functions in re.findall(r"^ \* code: (\S+) ([\w ]+)$", text, re.M):
        for function in functions.split():
            assert barriers.source_lines(file, function)
    assert path.endswith(".litmus") or "* code: " in text, "it names no function"
