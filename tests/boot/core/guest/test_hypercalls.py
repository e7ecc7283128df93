# SPDX-License-Identifier: BSD-2-Clause
"""Hypercalls: a manager uses every function on another partition, correctly and wrongly.

How much a braked partition does is compared with how much it does without a brake. So these
machines count their time in instructions: a busy host would take some of it from the one or the
other.
"""

import pytest

from machine import MODES, guest, partition, qemu

ICOUNT = qemu.icount(shift=3)


@pytest.mark.parametrize("mode", MODES)
def test_every_function(boot, mode):
    """tests/guests/hypercall: life cycle, windows, logs, events.

    Each wrong call is refused with the error that docs/abi.md gives. Whether a log splits at its
    start is said by the boot argument, by the subject's configuration, or by nobody.
    """
    more = f'gstage-mode = "{mode}"'
    eager, subject, append = {
        "sv39x4": (0, more, "cleave.eager_page_split=off"),
        "sv48x4": (1, f'{more}; eager-page-split = "on"', "cleave.eager_page_split=off"),
        "sv57x4": (1, more, ""),
    }[mode]
    m = boot([partition("manager", bootargs=f"role=manager eager={eager}",
                        more=f"manager; {more}"),
              partition("subject", bootargs="role=subject", more=subject)],
             {"payload.bin": guest("hypercall")}, smp=2, append=append, extra=ICOUNT)
    assert m.payload_result("manager") > 250
    assert m.wait_end() == 0


def test_note_outlives_the_manager(boot):
    """A partition that was given up stays given up when the manager that did so restarts."""
    m = boot([partition("manager", bootargs="role=reborn", more="manager"),
              partition("subject", bootargs="role=subject")],
             {"payload.bin": guest("hypercall")}, smp=2)
    m.wait(r'^cleave\| partition "manager": rebooted by its guest$')
    m.wait(r"^manager\| done: [1-9]\d* passed, 0 failed$")
    assert m.wait_end() == 0


def test_nothing_of_others(boot):
    """A partition that is no manager does not learn how many others there are."""
    m = boot([partition("plain", bootargs="role=plain"),
              partition("other", bootargs="role=subject"),
              partition("third", bootargs="role=subject")],
             {"payload.bin": guest("hypercall")}, smp=1)
    m.wait(r"^plain\| done: 3 passed, 0 failed")


def test_create_in_steps(boot):
    """A slot of small leaves is made in bounded steps (M6), and what starts in it runs."""
    m = boot([partition("manager", bootargs="role=steps", more="manager"),
              partition("subject", bootargs="role=subject", more="largest-page = <0x1000>")],
             {"payload.bin": guest("hypercall")}, smp=2)
    m.payload_result("manager")
    assert m.wait_end() == 0


def test_on_one_hart(boot):
    """The same with both partitions on one hart: the one that waits must let the other run."""
    m = boot([partition("manager", bootargs="role=manager", more="manager"),
              partition("subject", bootargs="role=subject")],
             {"payload.bin": guest("hypercall")}, smp=1, extra=ICOUNT)
    assert m.payload_result("manager") > 250
    assert m.wait_end() == 0


@pytest.mark.parametrize("smp", [4, 1])
def test_two_managers(boot, smp):
    """Two managers work on one partition in any order, and give up half-way.

    One of them is paused all the time.
    """
    m = boot([partition("first", bootargs="role=first", more="manager"),
              partition("second", bootargs="role=second", more="manager"),
              partition("third", kernel="third.bin", cpus=2, bootargs="role=subject")],
             {"payload.bin": guest("managers"), "third.bin": guest("hypercall")}, smp=smp)
    m.wait_all(r"^first\| done: 3 passed, 0 failed", r"^second\| done: 3 passed, 0 failed")
    assert m.wait_end() == 0
