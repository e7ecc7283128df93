# SPDX-License-Identifier: BSD-2-Clause
"""What a machine must have to receive a guest, which is checked before any of the guest is sent."""

import pytest

from machine import guest, partition
from moves import Manager, manager, peers, slot

MEMORY = ((0x80000000, 16 << 20),)
FILES = {"manager.bin": guest("manager"), "workload.bin": guest("workload")}


def machine(boot, link, cpu, *partitions):
    m = boot([manager(link=True), *partitions], FILES, smp=3, mem="2G", cpu=cpu, extra=link)
    man = Manager(m)
    man.ready()
    return m, man


@pytest.mark.parametrize("here, there, why", [
    ("v=on,vlen=128", "v=on,vlen=256", "vector registers of 32 bytes, the guest has 16"),
    ("", "sv57=off", "page tables Sv39 and Sv48, the guest may use Sv39 to Sv57"),
    ("cboz_blocksize=128", "cboz_blocksize=64",
     "Zicboz cache blocks of 64 bytes, the guest was given 128"),
    ("cbom_blocksize=64", "cbom_blocksize=128",
     "Zicbom cache blocks of 128 bytes, the guest was given 64"),
])
def test_machine_that_lacks_something(boot, tmp_path, here, there, why):
    """A guest does not move to a machine without what it knows or may use of its own.

    That is said before any of it is sent, and it runs on where it is.
    """
    left, right = peers(str(tmp_path / "peer"))
    work = partition("work", kernel="workload.bin", cpus=2, memory=MEMORY, bootargs="beat=1",
                     more="migratable; cpu-affinity = <1 2>")
    a, man_a = machine(boot, left, here, work)
    b, man_b = machine(boot, right, there, slot("there", memory=MEMORY))
    a.beside, b.beside = [b], [a]
    a.wait(r"^work\| alive: ")
    # The other manager drops an offer that comes in its first second.
    man_a.link_ready()
    man_b.link_ready()
    man_a.run("migrate work to peer")
    verdict = man_a.over().verdict
    assert verdict.startswith("failed: ") and verdict.endswith(why), verdict
    assert man_a.vm("work")["state"] == "running"
    assert man_b.vm("there")["state"] == "empty"
    a.wait(r"^work\| alive: ")
