# SPDX-License-Identifier: BSD-2-Clause
"""Tests of how tests/run counts what pytest reports.

Above all, tests/run must not count a test that did not run as one that passed.
"""

import importlib.machinery
import importlib.util
import os

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

TEST = """
import os
import pytest

def skip(path):
    pytest.skip(f"{path} is not here: 'make setup' downloads it")

def test_good(): pass
def test_bad(): assert False
def test_no_uboot(): skip("deps/u-boot/u-boot.bin")
def test_no_linux(): skip("deps/linux-6.12/Image")
def test_no_sid(): skip("deps/linux-7.2/Image")
@pytest.fixture
def broken(): raise OSError
def test_error(broken): pass
"""


@pytest.fixture
def run():
    loader = importlib.machinery.SourceFileLoader("run", os.path.join(TOP, "tests", "run"))
    script = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
    loader.exec_module(script)
    return script


def counted(run, pytester):
    pytester.makepyfile(TEST)
    pytester.runpytest("--junitxml", "report.xml", "-p", "no:cacheprovider")
    tally = run.Tally()
    run.count_cases(tally, "report.xml")
    return tally


pytest_plugins = "pytester"


def test_skipped_is_neither(run, pytester, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    tally = counted(run, pytester)
    assert (tally.passed, tally.failed, tally.skipped) == (1, 2, 3)
    assert [
        note.split("::")[1].split(":")[0] for note in tally.notes if note.startswith("skipped: ")
    ] == ["test_no_uboot", "test_no_linux", "test_no_sid"]


def test_skipped_is_failed_where_all_must_be_tested(run, pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    tally = counted(run, pytester)
    assert (tally.passed, tally.failed, tally.skipped) == (1, 4, 1)
    assert [
        note for note in tally.notes
        if "test_no_uboot: skipped where CI is set: deps/u-boot/u-boot.bin is not here" in note
    ]
    assert [note for note in tally.notes if note.startswith("skipped: ")] == [
        "skipped: test_skipped_is_failed_where_all_must_be_tested::test_no_sid: "
        "deps/linux-7.2/Image is not here: "
        "'make setup' downloads it"
    ]
