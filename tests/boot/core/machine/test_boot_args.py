# SPDX-License-Identifier: BSD-2-Clause
"""Boot arguments of the hypervisor: those that it does not know, and how much it says."""

import pytest

from payloads import STATE, state


def test_boot_arguments_that_nobody_knows(boot):
    m = boot([state()], STATE, smp=1,
             append="quiet cleave.eager_page_splt=on cleave.log=7 cleave.focus "
             "cleave.eager_page_split=maybe")
    m.wait(r"^cleave\| boot argument cleave.eager_page_splt: unknown, perhaps "
           r"cleave.eager_page_split was meant; known: ")
    m.wait(r"^cleave\| boot argument cleave.focus: it needs a value")
    m.wait(r'^cleave\| boot argument cleave.eager_page_split: "maybe" is not known; allowed: off, '
           r'on; the default is used: on$')
    m.wait(r'^cleave\| boot argument cleave.log: "7" is not known; allowed: error, warning, info, '
           r'debug or 0 to 3')
    assert m.payload_result("p") > 0


@pytest.mark.parametrize("level, said, unsaid", [
    ("error", [], ["G-stage:", "cleave.nobody: unknown", "may be given out"]),
    ("warning", ["cleave.nobody: unknown"], ["G-stage:", "may be given out"]),
    ("2", ["cleave.nobody: unknown", "G-stage:"], ["may be given out"]),
    ("debug", ["cleave.nobody: unknown", "G-stage:", "may be given out"], []),
])
def test_log_level(boot, level, said, unsaid):
    m = boot([state()], STATE, smp=1, append=f"cleave.log={level} cleave.nobody=1")
    assert m.payload_result("p") > 0
    text = "\n".join(m.lines("cleave"))
    assert [words for words in said + unsaid if words in text] == said
