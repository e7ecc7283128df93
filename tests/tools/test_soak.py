# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the soak (tests/bench/soak.py).

A row that fails, at whatever point, leaves nothing running and stops no other row.
"""

import importlib.util
import os

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Fake:
    """A machine that has nothing to say."""

    made = []

    def __init__(self, argv, log):
        self.closed = False
        self.screen = self
        self.lines = []
        Fake.made.append(self)

    def close(self):
        self.closed = True


@pytest.fixture
def soak(monkeypatch, tmp_path):
    """The script, with fake machines. Its temporary folders are in tmp_path."""
    spec = importlib.util.spec_from_file_location("soak",
                                                  os.path.join(TOP, "tests", "bench", "soak.py"))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "Machine", Fake)
    monkeypatch.setattr(script, "pack", lambda path, *_: path)
    monkeypatch.setattr(script, "program", lambda name: name)
    monkeypatch.setattr(script.tempfile, "tempdir", str(tmp_path))
    Fake.made = []
    return script


class Silent:
    """A Linux guest that never comes up."""

    def __init__(self, machine):
        pass

    def up(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize("way,machines", [("slots", 1), ("peers", 2)])
def test_machines_that_do_not_come_up_are_gone(soak, monkeypatch, tmp_path, way, machines):
    monkeypatch.setattr(soak, "Linux", Silent)
    with pytest.raises(KeyboardInterrupt):
        with soak.Machines(way, "6.12", "x"):
            pass
    assert [m.closed for m in Fake.made] == [True] * machines
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [AssertionError, IndexError, KeyError, OSError, ValueError])
def test_a_row_that_fails_is_a_row_of_the_table(soak, monkeypatch, capsys, tmp_path, error):
    def fail(*_):
        raise error("what was wrong")

    monkeypatch.setattr(soak.Linux, "up", lambda _: None)
    monkeypatch.setattr(soak, "under_load", fail)
    monkeypatch.setattr(soak.sys, "argv", ["soak.py", "idle", "clock", "--ways", "slots"])
    assert soak.main() == 1
    said = capsys.readouterr()
    table = said.out.partition("\n\n")[2].splitlines()
    assert [line.split()[:2] + line.split()[-1:]
            for line in table[1:-1]] == [["slots", "idle", "FAILED"], ["slots", "clock", "FAILED"]]
    assert len(table[0].replace("pages sent", "pages").replace(
        "downtime ms", "downtime").split()) == len(table[1].split())
    assert said.err.count("what was wrong") == 2
    assert [m.closed for m in Fake.made] == [True, True]
    assert os.listdir(tmp_path) == []
