# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the whole-machine tests."""

import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import DEPS, LOGS, OUT, TOP, Machine, command, config, pack, qemu  # noqa: E402


def pytest_sessionstart(session):
    missing = [f for f in ("cleave.bin", "host/cleave-check")
               if not os.path.exists(os.path.join(OUT, f))]
    if missing:
        pytest.exit(f"{', '.join(missing)} missing in {OUT}: run 'make' first", returncode=2)
    complaint = qemu.complaint()
    if complaint:
        pytest.exit(complaint, returncode=2)
    os.makedirs(LOGS, exist_ok=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each worker two tests at a time.

    pytest-xdist gives a quarter of what is left, so one worker was left with a row of long tests
    while the other had none. `--maxschedchunk=1` would help, but Debian 12's xdist 3.1 does not
    know it.
    """
    from xdist.scheduler import LoadScheduling

    class TwoAtATime(LoadScheduling):
        def _send_tests(self, node, num):
            super()._send_tests(node, min(num, 2))

    return TwoAtATime(config, log)


@pytest.fixture
def log_path(request):
    """Where the test's console is logged. A test's further machines get a number appended."""
    module = request.module.__name__.rpartition(".")[2]
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{module}-{request.node.name}").strip("-")
    return os.path.join(LOGS, name)


@pytest.fixture
def boot(request, tmp_path, log_path):
    """boot(partitions, files, ...): pack an archive, start QEMU, return its Machine.

    All machines are gone after the test.

    partitions: of machine.partition(); plans: of machine.plan(); files: {name: path}
    archive: the path of a ready archive, instead of both
    argv: a whole command line, instead of all others
    The other arguments are those of machine.command().
    """
    machines = []

    def start(partitions=None, files=None, archive=None, argv=None, plans=(), **kwargs):
        number = len(machines)
        if partitions is not None:
            archive = str(tmp_path / f"archive{number}.cpio")
            pack(archive, config(*partitions, plans=plans), files or {})
        argv = argv or command(initrd=archive, **kwargs)
        machine = Machine(argv, f"{log_path}{f'-{number}' if number else ''}.log")
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        machine.close()


@pytest.fixture
def linux():
    """linux(version): a Linux guest's files, for an archive.

    The test is skipped where they were not downloaded.
    """

    def files(version="6.12", name="Image"):
        found = {name: os.path.join(DEPS, f"linux-{version}", "Image"),
                 "initrd.gz": os.path.join(OUT, "linux", "initrd.gz")}
        for path in found.values():
            if not os.path.exists(path):
                pytest.skip(f"{os.path.relpath(path, TOP)} is not here: 'make setup' downloads it")
        return found

    return files
