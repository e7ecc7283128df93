# SPDX-License-Identifier: BSD-2-Clause
"""Bad archives and configurations on a whole machine: one clear line each, and no guest starts.

Tests on the host look at each error word by word (tests/unit/core/config/test_config.c,
test_archive.c). These show that the hypervisor finds the errors itself, although the archive tool
would have refused them before.
"""

import pytest

from machine import compile_config, config, guest, newc, partition, plan


def payload():
    with open(guest("console"), "rb") as f:
        return f.read()


def archive_of(tmp_path, data):
    path = tmp_path / "bad.cpio"
    path.write_bytes(data)
    return str(path)


def good(source=None):
    """The files of a correct archive with the configuration `source`."""
    source = source or config(partition("p", bootargs="mode=device"))
    return [("cleave.dtb", compile_config(source)), ("payload.bin", payload())]


def refused(m, line):
    """The hypervisor prints `line` (a pattern), no other error, starts no guest and powers off."""
    m.wait(r"^cleave\| " + line + "$")
    m.wait_end()
    errors = [x for x in m.lines("cleave")
              if x.startswith(("error: ", "boot archive")) or "no boot archive" in x]
    assert len(errors) == 1
    assert not [x for x in m.lines() if "| ok " in x or "input goes to" in x]


def test_no_archive(boot):
    refused(boot(smp=1),
            r"no boot archive: pass one as the initrd .*; tools/cleave-archive makes it")


ARCHIVES = {
    "garbage": (lambda: bytes(range(256)) * 64,
                r'boot archive: no cpio header at byte 0; wanted: uncompressed cpio "newc"'),
    "truncated": (
        lambda: newc(good())[:-3000],
        r'boot archive is truncated at byte \d+ in file "payload\.bin", which has \d+ bytes from '
        r'byte \d+'),
    "no trailer": (lambda: newc(good(), trailer=False),
                   r'boot archive is truncated at byte \d+: no trailer after file "payload\.bin"'),
    "name twice": (lambda: newc(good() + [("payload.bin", b"again")]),
                   r'boot archive: file "payload\.bin" is there twice, again at byte \d+'),
    "no configuration": (
        lambda: newc(good()[1:]),
        r'error: boot archive: there is no file "cleave\.dtb", the configuration; .*'),
    "no kernel": (
        lambda: newc(good()[:1] + [("other.bin", b"x")]),
        r'error: /partitions/p: kernel: there is no file "payload\.bin" in the boot archive, '
        r'which holds "other\.bin"'),
    "configuration truncated": (
        lambda: newc([("cleave.dtb", good()[0][1][:100]), good()[1]]),
        r"error: cleave\.dtb: the device tree is truncated: it says that it has \d+ bytes, but "
        r"only 100 are there"),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_bad_archive(boot, tmp_path, what):
    make, line = ARCHIVES[what]
    refused(boot(archive=archive_of(tmp_path, make()), smp=1), line)


RAM = 0x80000000
CONFIGS = {
    "no partitions": ([], r"/partitions: holds no partitions; wanted: at least one node .*"),
    "overlapping memory": (
        [partition("p", memory=((RAM, 16 << 20), (RAM + (8 << 20), 16 << 20)))],
        r"/partitions/p: memory: range 1, 0x80800000 to 0x817fffff, overlaps range 0, .*"),
    "memory does not fit": (
        [partition("p", memory=((RAM, 64 << 30),))],
        r"/partitions/p: memory: range 0 at 0x80000000 needs 64 GiB .* this machine has \d.*iB"),
    "unaligned": (
        [partition("p", memory=((RAM + 12, 16 << 20),))],
        r"/partitions/p: memory: range 0 begins at 0x8000000c; allowed: multiples of 4 KiB .*"),
    "zero size": (
        [partition("p", memory=((RAM, 0),))],
        r"/partitions/p: memory: range 0 at 0x80000000 has size 0; allowed: .*"),
    "no such hart": (
        [partition("p", more="cpu-affinity = <7>")],
        r"/partitions/p: cpu-affinity: .*hart 7.*"),
    "no cpus": (
        [partition("p", cpus=0)],
        r"/partitions/p: cpus: <0> is not allowed; allowed: <1> to <\d+>"),
    "unknown value": (
        [partition("p", more='on-fault = "explode"')],
        r'/partitions/p: on-fault: "explode" is not known; allowed: "stop", "restart", "reset"'),
    "no restarts": (
        [partition("p", more="restart-limit = <0 60>")],
        r"/partitions/p: restart-limit: <0 60> is not allowed; allowed: <count seconds>, each 1 to "
        r"1000000"),
    "unknown mode": (
        [partition("p", more='gstage-mode = "sv32x4"')],
        r'/partitions/p: gstage-mode: "sv32x4" is not known; allowed: "sv39x4", "sv48x4", '
        r'"sv57x4"'),
    "kernel too large": (
        [partition("p", memory=((RAM, 2 << 20),))],
        r'/partitions/p: kernel: "payload\.bin" needs .*; the first memory range has 2 MiB'),
    "device under memory": (
        [partition("p", memory=((0x0c000000, 128 << 20),))],
        r"/partitions/p: memory: range 0, .*, overlaps the emulated PLIC, .*"),
}


@pytest.mark.parametrize("what", CONFIGS)
def test_bad_configuration(boot, tmp_path, what):
    partitions, line = CONFIGS[what]
    m = boot(archive=archive_of(tmp_path, newc(good(config(*partitions)))), smp=1)
    refused(m, "error: " + line)
    assert m.lines("cleave")[-1] == "the configuration has errors: no partition is started"


# Windows of partition p: (hart, offset, length)
PLANS = {
    "overlapping windows": (
        [(0, 0, 5000), (0, 4999, 100)],
        r'w1: offset: 4999 to 5099 us of hart 0 overlaps "w0", 0 to 5000 us; allowed: one window '
        r"of a hart at a time"),
    "no such hart": (
        [(9, 0, 5000)],
        r"w0: hart: hart 9 does not exist; this machine has the harts 0"),
    "zero length": (
        [(0, 0, 0)],
        r"w0: length: <0> is not allowed; allowed: <100> to <10000000>"),
    "wrapping": (
        [(0, 0xffffff9c, 1000)],
        r"w0: offset: <4294967196> is not allowed; allowed: <0> to <9999900>"),
    "after the frame": (
        [(0, 9000, 1001)],
        r"w0: length: <1001> from offset <9000> ends after the frame of <10000>; allowed: <100> "
        r"to <1000>"),
}


@pytest.mark.parametrize("what", PLANS)
def test_bad_plan(boot, tmp_path, what):
    windows, line = PLANS[what]
    plans = [plan("normal", 10000, *((hart, "p", *times) for hart, *times in windows))]
    source = config(partition("p"), plans=plans)
    m = boot(archive=archive_of(tmp_path, newc(good(source))), smp=1)
    refused(m, "error: /schedules/normal/" + line)


def test_two_partitions_of_one_name(boot, tmp_path):
    """dtc refuses to compile that, so the second name is changed in the blob, to one as long."""
    blob = compile_config(config(partition("pp"), partition("qq"))).replace(b"qq\0\0", b"pp\0\0")
    m = boot(archive=archive_of(tmp_path, newc([("cleave.dtb", blob), ("payload.bin", payload())])),
             smp=1)
    refused(m,
            r'error: /partitions/pp: there are two partitions "pp"; each needs a name of its own')


def test_all_errors_are_said_at_once(boot, tmp_path):
    source = config(partition("p", cpus=0), partition("q", memory=((RAM, 0),)))
    m = boot(archive=archive_of(tmp_path, newc(good(source))), smp=1)
    m.wait(r"^cleave\| error: /partitions/p: cpus: ")
    m.wait(r"^cleave\| error: /partitions/q: memory: ")
    m.wait_end()


def test_unknown_property_is_a_warning(boot, tmp_path):
    """The warning names the known property that is nearest, and the partition runs."""
    source = config(partition("p", bootargs="mode=device", more='gstage-mod = "sv39x4"'))
    m = boot(archive=archive_of(tmp_path, newc(good(source))), smp=1)
    m.wait(r'^cleave\| warning: /partitions/p: gstage-mod: unknown property, ignored; did you mean '
           r'"gstage-mode"\?$')
    m.payload_result("p")
    assert m.wait_end() == 0


def test_unknown_boot_argument_is_a_warning(boot, tmp_path):
    m = boot(archive=archive_of(tmp_path, newc(good())), smp=1, append="cleave.eager_page_spilt=on")
    m.wait(r"^cleave\| .*cleave\.eager_page_spilt.*cleave\.eager_page_split")
    m.payload_result("p")
    assert m.wait_end() == 0
