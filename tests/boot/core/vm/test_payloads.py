# SPDX-License-Identifier: BSD-2-Clause
"""Payloads of tests/guests/ side by side: what each tests must hold beside others too."""

import pytest

from machine import MODES, guest, partition


def run_all(boot, **more):
    """Run six payloads on two harts until all of them are done."""
    cpus = {"sbi": 2, "sched": 4, "state": 3, "mmio": 1, "priv": 2, "console": 1}
    args = {"state": "rounds=50", "console": "mode=device"}
    m = boot([partition(name, kernel=f"{name}.bin", cpus=n, bootargs=args.get(name), **more)
              for name, n in cpus.items()],
             {f"{name}.bin": guest(name) for name in cpus}, smp=2)
    m.wait_all(*(rf"^{name}\| done: [1-9]\d* passed, 0 failed" for name in cpus))
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES)
def test_side_by_side(boot, mode):
    """SBI, scheduling, state, devices and privileged instructions on two harts, in every mode."""
    run_all(boot, more=f'gstage-mode = "{mode}"')


def test_many_partitions_on_two_harts(boot):
    """As many as a configuration may hold: 32 vCPUs take turns, and no register is ever changed."""
    names = [f"p{i}" for i in range(16)]
    m = boot([partition(n, cpus=2, memory=((0x80000000, 8 << 20),), bootargs="rounds=20")
              for n in names],
             {"payload.bin": guest("state")}, smp=2, mem="1G")
    m.wait_all(*(rf"^{n}\| done: [1-9]\d* passed, 0 failed" for n in names))
    assert m.wait_end() == 0


@pytest.mark.parametrize("base", [0x200000, 0x90000000, 0x80400000, 0x1_c000_0000], ids=hex)
def test_program_runs_wherever_memory_is(boot, base):
    """A program relocates itself: its pointers, its other harts and its traps work anywhere."""
    run_all(boot, memory=((base, 16 << 20),))
