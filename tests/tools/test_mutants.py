# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the mutants' own tools: one that does not apply is refused, and a survivor shows."""

import importlib.util
import os
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "mutants"))
import catalogue  # noqa: E402

# By its path: another folder has a run.py too, and Python keeps one module of a name.
SPEC = importlib.util.spec_from_file_location(
    "mutants_run", os.path.join(TOP, "tests", "mutants", "run.py"))
run = sys.modules[SPEC.name] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)

SOURCE = """
static int one(int a)
{
	return a +
	       1;
}

int two(int a)
{
	return a + 1;
}
"""

ENTRY = """
mutant two-off
file mm/bits.c
in two
by unit mm/test_dirty test_b*
why It adds
 too much.
-a +  1
+a + 2
"""


def entries(tmp_path, text):
    path = tmp_path / "some.mut"
    path.write_text(text)
    return catalogue.read_file(str(path))


def test_an_entry_is_read_and_applied(tmp_path):
    (mutant, ) = entries(tmp_path, ENTRY)
    assert (mutant.name, mutant.scope, mutant.why) == ("two-off", "two", "It adds too much.")
    assert mutant.by == [("unit", "mm/test_dirty", "test_b*")] and mutant.host
    assert mutant.apply(SOURCE) == SOURCE.replace("return a + 1;", "return a + 2;")


def test_line_breaks_do_not_matter(tmp_path):
    (mutant, ) = entries(tmp_path, ENTRY.replace("in two", "in one"))
    assert mutant.apply(SOURCE) == SOURCE.replace("a +\n\t       1", "a + 2")


def test_several_texts_are_found_in_what_was_there(tmp_path):
    (mutant, ) = entries(tmp_path, ENTRY + "-return\n+a + 1; return\n")
    assert "a + 1; return a + 2" in mutant.apply(SOURCE)


@pytest.mark.parametrize("change,words", [
    (("in two\n", ""), "2 places in mm/bits.c"),
    (("a +  1", "a + 3"), "0 places in two()"),
    (("in two", "in three"), "0 functions three"),
    (("+a + 2", "+a + 1"), "changes nothing"),
])
def test_a_mutant_that_does_not_apply(tmp_path, change, words):
    (mutant, ) = entries(tmp_path, ENTRY.replace(*change))
    with pytest.raises(catalogue.Bad, match=words.replace("(", r"\(").replace(")", r"\)")):
        mutant.apply(SOURCE)


@pytest.mark.parametrize("change,words", [
    (("why It adds\n too much.\n", ""), "no `why`"),
    (("by unit mm/test_dirty test_b*\n", ""), "no `by`"),
    (("test_dirty", "test_none"), "there is no tests/unit/mm/test_none.c"),
    (("by unit", "by luck"), "it may be unit, boot, check or build"),
    (("by unit mm/test_dirty test_b*", "by boot tests/boot/core/guest/test_sbi.py::test_nothing"),
     "no such test"),
])
def test_an_entry_that_says_too_little(tmp_path, change, words):
    (mutant, ) = entries(tmp_path, ENTRY.replace(*change))
    with pytest.raises(catalogue.Bad, match=words):
        mutant.check()


def test_all_mutants_apply():
    assert len(catalogue.read_all()) >= 120


@pytest.mark.parametrize("fate,proof,good", [
    ("killed", "", True),
    ("survived", "", False),
    ("broken", "", False),
    ("equivalent", "because", True),
    ("killed", "because", False),
])
def test_what_counts_as_good(tmp_path, fate, proof, good):
    (mutant, ) = entries(tmp_path, ENTRY)
    mutant.equivalent = proof
    assert run.Result(mutant, fate).good is good


class FakeTree:
    """A tree in which a unit test's program does as it is told."""

    def __init__(self, path, script):
        self.path = str(path)
        self.built = str(path)
        program = path / "unit" / "x"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)


@pytest.mark.parametrize("script,content", [
    ("echo '[ RUN      ] test_a'", True),
    ("echo '[ RUN      ] test_a'; exit 1", False),
    ("echo '[ RUN      ] test_a'; while :; do :; done", False),
])
def test_a_program_that_fails_or_never_ends(tmp_path, script, content):
    good, _, _ = run.try_killer(FakeTree(tmp_path, script), ("unit", "x"), 1)
    assert good is content


def test_a_program_without_tests_is_trouble(tmp_path):
    with pytest.raises(run.Trouble, match="no test ran"):
        run.try_killer(FakeTree(tmp_path, "exit 0"), ("unit", "x", "none*"))


def test_a_test_that_only_waits_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "STUCK_SECONDS", 2)
    good, _, _ = run.try_killer(FakeTree(tmp_path, "exec sleep 600"), ("unit", "x"), 5)
    assert not good
