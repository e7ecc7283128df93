# SPDX-License-Identifier: BSD-2-Clause
"""Bad archives and configurations on a whole machine: one clear line each, and no guest is started.

What each error says word by word is tested on the host (tests/unit/test_config.c, test_archive.c); here, that the
hypervisor finds them by itself, as nothing but the archive tool would have refused them before.
"""

import pytest

from cleavetest import command, compile_config, config, guest, newc, partition


def payload():
    with open(guest("console"), "rb") as f:
        return f.read()


def archive_of(tmp_path, data):
    path = tmp_path / "bad.cpio"
    path.write_bytes(data)
    return str(path)


def good(source=None):
    """The parts of an archive that is right, of any configuration."""
    source = source or config(partition("p", bootargs="mode=device"))
    return [("cleave.dtb", compile_config(source)), ("payload.bin", payload())]


def refused(boot, tmp_path, data, words, smp=1):
    m = boot(archive=archive_of(tmp_path, data) if data is not None else None, argv=None, smp=smp) if data is not None \
        else boot(argv=command(smp=smp))
    m.wait(r"^cleave\| .*" + words)
    m.wait_end()
    text = "\n".join(m.lines())
    assert "| ok " not in text and "input goes to" not in text
    return m


def test_no_archive(boot, tmp_path):
    refused(boot, tmp_path, None, r"no boot archive: pass one as the initrd")


ARCHIVES = {
    "garbage": (lambda: bytes(range(256)) * 64, r"archive"),
    "truncated": (lambda: newc(good())[:-3000], r"archive"),
    "no trailer": (lambda: newc(good(), trailer=False), r"archive"),
    "name twice": (lambda: newc(good() + [("payload.bin", b"again")]), r'"payload\.bin".*twice'),
    "no configuration": (lambda: newc(good()[1:]), r'cleave\.dtb'),
    "no kernel": (lambda: newc(good()[:1]), r'p.*kernel.*there is no file "payload\.bin"'),
    "configuration truncated": (lambda: newc([("cleave.dtb", good()[0][1][:100]), good()[1]]), r"cleave\.dtb"),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_bad_archive(boot, tmp_path, what):
    make, words = ARCHIVES[what]
    refused(boot, tmp_path, make(), words)


RAM = 0x80000000
CONFIGS = {
    "no partitions": ([], r"no partition"),
    "same name": ([partition("p"), partition("q").replace("q {", "p@1 {")], None),
    "overlapping memory": ([partition("p", memory=((RAM, 16 << 20), (RAM + (8 << 20), 16 << 20)))], r"p.*memory.*overlap"),
    "memory does not fit": ([partition("p", memory=((RAM, 64 << 30),))], r"memory"),
    "unaligned": ([partition("p", memory=((RAM + 12, 16 << 20),))], r"p.*memory.*(aligned|multiple)"),
    "zero size": ([partition("p", memory=((RAM, 0),))], r"p.*memory.*(size|0)"),
    "no such hart": ([partition("p", more="cpu-affinity = <7>")], r"p.*cpu-affinity.*7"),
    "no cpus": ([partition("p", cpus=0)], r"p.*cpus.*<0> is not allowed"),
    "unknown value": ([partition("p", more='on-fault = "explode"')], r'p.*on-fault.*"explode" is not known; allowed: "stop"'),
    "unknown mode": ([partition("p", more='gstage-mode = "sv32x4"')], r'p.*gstage-mode.*"sv32x4" is not known'),
    "kernel too large": ([partition("p", memory=((RAM, 2 << 20),))], r"p.*kernel.*"),
    "device under memory": ([partition("p", memory=((0x0c000000, 128 << 20),))], r"p.*memory"),
}


@pytest.mark.parametrize("what", CONFIGS)
def test_bad_configuration(boot, tmp_path, what):
    partitions, words = CONFIGS[what]
    source = config(*partitions)
    if what == "same name":
        # dtc refuses two nodes of one name: change the second in the blob, where the names are of one length.
        blob = compile_config(config(partition("pp"), partition("qq"))).replace(b"qq\0\0", b"pp\0\0")
        data, words = newc([("cleave.dtb", blob), ("payload.bin", payload())]), r'"?pp"?.*'
    else:
        data = newc(good(source))
    m = refused(boot, tmp_path, data, r"(error: )?.*" + words)
    errors = [line for line in m.lines("cleave") if line.startswith("error:") or "cannot" in line or "no " in line]
    assert errors


def test_unknown_property_is_a_warning(boot, tmp_path):
    """It names the nearest that is known, and the partition runs."""
    source = config(partition("p", bootargs="mode=device", more='gstage-mod = "sv39x4"'))
    m = boot(archive=archive_of(tmp_path, newc(good(source))), smp=1)
    m.wait(r'^cleave\| warning: .*p.*gstage-mod\b.*gstage-mode')
    m.payload_result("p")
    assert m.wait_end() == 0


def test_unknown_boot_argument_is_a_warning(boot, tmp_path):
    m = boot(archive=archive_of(tmp_path, newc(good())), smp=1, append="cleave.eager_page_spilt=on")
    m.wait(r"^cleave\| .*cleave\.eager_page_spilt.*cleave\.eager_page_split")
    m.payload_result("p")
    assert m.wait_end() == 0


def test_one_partition_that_cannot_be_made_does_not_stop_the_others(boot, tmp_path):
    """Each fits by itself and both do not: the configuration says so before any guest starts, or the second stays empty."""
    source = config(partition("p", bootargs="mode=device"), partition("q", memory=((RAM, 900 << 20),)),
                    partition("r", memory=((RAM, 900 << 20),)))
    m = boot(archive=archive_of(tmp_path, newc(good(source))), smp=1, mem="1G")
    m.wait(r"^cleave\| .*(memory|fit|room)")
    m.wait_end()
