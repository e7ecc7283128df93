# SPDX-License-Identifier: BSD-2-Clause
"""The payloads of tests/guests/ that test the hypervisor from inside a partition.

Each prints `ok NAME` or `FAIL NAME` for what it tests, and how many of each at its end. Here they get the machines and
partitions that they want to be run in.
"""

import pytest

from cleavetest import MODES, guest, partition


def run(boot, name, cpus, smp, mode="sv39x4", bootargs=None, cpu="", beside=(), more=""):
    """Run payload `name` alone, or beside other partitions, to its end and the machine's."""
    m = boot([partition(name, cpus=cpus, bootargs=bootargs, more=f'gstage-mode = "{mode}"; {more}'), *beside],
             {"payload.bin": guest(name)}, smp=smp, cpu=cpu)
    m.payload_result(name)
    if not beside:
        assert m.wait_end() == 0
    return m


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cpus,smp", [(1, 1), (2, 1), (4, 4)])
def test_sbi(boot, cpus, smp, mode):
    run(boot, "sbi", cpus, smp, mode)


def test_sbi_without_sstc(boot):
    run(boot, "sbi", 2, 1, cpu="sstc=off")
    run(boot, "sbi", 4, 4, cpu="sstc=off")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cpus,smp", [(4, 1), (4, 2), (8, 8)])
def test_sched(boot, cpus, smp, mode):
    run(boot, "sched", cpus, smp, mode)


def test_sched_without_sstc(boot):
    run(boot, "sched", 4, 1, cpu="sstc=off")


def test_all_vcpus_stop_themselves(boot):
    m = boot([partition("sched", cpus=4, bootargs="end=stop")], {"payload.bin": guest("sched")}, smp=2)
    m.wait(r'^cleave\| partition "sched": all its vCPUs have stopped themselves')
    assert not [line for line in m.lines("sched") if line.startswith("FAIL")]
    assert m.wait_end() == 0


@pytest.mark.parametrize("cpu", ["", "v=true", "v=true,vlen=512,sstc=off"])
def test_state(boot, cpu):
    """More vCPUs than harts, and another partition that does the same on the same harts."""
    twin = partition("twin", cpus=2, bootargs="rounds=100")
    m = run(boot, "state", 3, 2, bootargs="rounds=100", cpu=cpu, beside=[twin])
    m.at = 0
    m.payload_result("twin")
    assert m.wait_end() == 0


@pytest.mark.parametrize("mode", MODES)
def test_mmio(boot, mode):
    run(boot, "mmio", 1, 1, mode)


@pytest.mark.parametrize("smp", [1, 2])
def test_priv(boot, smp):
    run(boot, "priv", 2, smp)


def test_vmid_is_narrower_than_partitions(boot):
    """More partitions than a hart has VMIDs is not something QEMU offers; many partitions on one hart is."""
    names = [f"p{i}" for i in range(8)]
    m = boot([partition(n, cpus=2, memory=((0x80000000, 8 << 20),)) for n in names], {"payload.bin": guest("sched")},
             smp=2, mem="1G")
    done = m.wait_all(*(rf"^{n}\| done: (\d+) passed, (\d+) failed" for n in names))
    assert [int(d[2]) for d in done] == [0] * len(names)
    assert all(int(d[1]) > 0 for d in done)
    assert m.wait_end() == 0
