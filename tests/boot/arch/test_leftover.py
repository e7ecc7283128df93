# SPDX-License-Identifier: BSD-2-Clause
"""What partitions that share a hart find of one another in its CSRs: tests/guests/leftover."""

import pytest

from machine import guest, partition
from payloads import affinity

PAYLOAD = {"payload.bin": guest("leftover")}
CTR = "smcsrind=on,sscsrind=on,smctr=on,ssctr=on,smstateen=off"
ZCMT = "zca=on,zcmt=on,f=off,d=off,zfa=off,smstateen=off"


def two(boot, cpu, **kwargs):
    """Boot two partitions on one hart, each with a pattern of its own."""
    parts = [partition(name, bootargs=f"mark={n}", more=affinity((0,)))
             for n, name in enumerate(("one", "two"), 1)]
    return boot(parts, PAYLOAD, smp=1, cpu=cpu, **kwargs)


@pytest.mark.parametrize("cpu, reached", [
    ("", ["0x106"]),
    (CTR, ["0x14e", "0x14f"]),
    (ZCMT, ["0x17"]),
    (CTR.replace("smstateen=off", "smstateen=on"), []),
    (ZCMT.replace("smstateen=off", "smstateen=on"), []),
    ("v=true,zicfilp=on,zicfiss=on,zimop=on,zcmop=on,smnpm=on,ssnpm=on", ["0x9"]),
], ids=["plain", "ctr", "zcmt", "ctr-smstateen", "zcmt-smstateen", "many"])
def test_csrs_of_another_partition(boot, cpu, reached):
    """No CSR that a guest can write holds what the hart's other partition wrote into it."""
    m = two(boot, cpu)
    m.payload_results("one", "two")
    for name in ("one", "two"):
        written = {line.split()[2] for line in m.lines(name) if line.startswith("can write")}
        assert written >= {csr + "," for csr in reached}
        if "smstateen=on" in cpu:
            assert not written & {"0x17,", "0x14e,"}
