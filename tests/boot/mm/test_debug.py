# SPDX-License-Identifier: BSD-2-Clause
"""The debug build, which checks the rules of the memory layer, and who holds a lock, while it runs.

Above all it checks that no vCPU enters a hart whose TLB may hold what another vCPU left behind.
QEMU's TLB forgets too much for such an error to show by itself.
"""

import fcntl
import os
import subprocess

import pytest

from machine import OUT, TOP, guest, partition
from payloads import sched, transfer

DEBUG = os.path.join(OUT, "debug")


def build(folder, *more):
    """Build the hypervisor in `folder`, with CONFIG_DEBUG. Return: its path.

    Several processes may call this at the same time.
    """
    os.makedirs(folder, exist_ok=True)
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "O")}
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "--no-print-directory", "BOARD=debug", "O=" + folder, "hypervisor"]
        done = subprocess.run(command + list(more), cwd=TOP, env=env, capture_output=True,
                              text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return os.path.join(folder, "cleave.bin")


@pytest.fixture(scope="module")
def debug_kernel():
    return build(DEBUG)


def no_rule_is_broken(m):
    assert [line for line in m.lines() if "broken" in line] == []


def test_rules_while_partitions_share_harts(boot, debug_kernel):
    m = boot([sched("a", (0, 1, 0)), sched("b", (1, 0, 1)), sched("c", (0, 0))],
             {"payload.bin": guest("sched")}, kernel=debug_kernel, smp=2)
    done = r"\| done: [1-9]\d* passed, 0 failed$"
    m.wait_all("^a" + done, "^b" + done, "^c" + done)
    assert m.wait_end() == 0
    no_rule_is_broken(m)


def demonstration(boot, kernel):
    """Boot the demonstration. The manager shares a hart with one of the vCPUs that it logs."""
    return boot([partition("manager", "manager.bin", memory=((0x80000000, 16 << 20),),
                           bootargs="demo", more="manager; cpu-affinity = <0>"),
                 partition("workload", "workload.bin", cpus=2, memory=((0x80000000, 64 << 20),),
                           more="cpu-affinity = <0 1>")],
                {"manager.bin": guest("manager"), "workload.bin": guest("workload")},
                kernel=kernel, smp=2, mem="1G")


def test_rules_while_a_partition_is_logged(boot, debug_kernel):
    """All modes of the demonstration."""
    m = demonstration(boot, debug_kernel)
    m.wait(r"^manager\| unreported: 0 ")
    m.wait(r"^manager\| demonstration passed$")
    no_rule_is_broken(m)


def test_rules_while_a_guest_moves(boot, debug_kernel):
    """A guest in a new slot finds in no TLB what its VMID's last owner, or itself, left there."""
    m = transfer(boot, rounds=10, smp=2, kernel=debug_kernel)
    m.payload_results("manager", "here")
    assert m.wait_end() == 0
    no_rule_is_broken(m)


def test_a_lock_that_is_not_held_is_reported(boot):
    """One file of the hypervisor is compiled without its locks. What it calls needs them."""
    kernel = build(os.path.join(DEBUG, "unlocked"),
                   "CFLAGS_core/guest/hypercall_args.c=-include tests/boot/mm/unlocked.h")
    m = demonstration(boot, kernel)
    m.wait(r"^cleave\| locks: rule broken in \w+ \(core/guest/\w+\.c\): &vm->lock is not held$")
