# SPDX-License-Identifier: BSD-2-Clause
"""Hypercalls: a manager that uses every function on another partition, rightly and wrongly."""

import pytest

from cleavetest import MODES, guest, partition


@pytest.mark.parametrize("mode", MODES)
def test_every_function(boot, mode):
    """tests/guests/hypercall: life cycle, windows, logs, events; and each refusal with the error that docs/abi.md says."""
    more = f'gstage-mode = "{mode}"'
    m = boot([partition("manager", bootargs="role=manager", more=f"manager; {more}"),
              partition("subject", bootargs="role=subject", more=more)],
             {"payload.bin": guest("hypercall")}, smp=2)
    assert m.payload_result("manager") > 250
    assert m.wait_end() == 0


def test_on_one_hart(boot):
    """The same with both partitions on one hart: who waits for the other must let it run."""
    m = boot([partition("manager", bootargs="role=manager", more="manager"),
              partition("subject", bootargs="role=subject")],
             {"payload.bin": guest("hypercall")}, smp=1)
    assert m.payload_result("manager") > 250
    assert m.wait_end() == 0
