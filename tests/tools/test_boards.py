# SPDX-License-Identifier: BSD-2-Clause
"""Boards before the first boot: what the tools say of a board's device tree and a configuration.

The programs are those with sanitisers. What they must never do is crash, whatever they are handed.
"""

import os
import random
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest

import board_trees

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, os.environ.get("O", "build"))
SECONDS = 60 * float(os.environ.get("TEST_SLOW", "1"))
CHECK = os.path.join(OUT, "unit", "cleave-check")
PORT = os.path.join(OUT, "unit", "cleave-port")
with open(os.path.join(OUT, "include", "generated", "autoconf.h"), encoding="ascii") as f:
    AIA = "CONFIG_AIA " in f.read()
ARCHIVE = os.path.join(TOP, "tools", "cleave-archive")

# The folders of platform/ whose board has a tree here.
FOLDERS = {"spacemit-k3-com260": "k3-com260", "milkv-megrez": "eic7700-megrez",
           "hifive-premier-p550": "eic7700-premier-p550"}
NOP = b"\x13\0\0\0" * 16


def linux_image():
    header = bytearray(4096)
    header[8:16] = (2 << 20).to_bytes(8, "little")
    header[16:24] = (8 << 20).to_bytes(8, "little")
    header[32:36] = (2).to_bytes(4, "little")
    header[48:60] = b"RISCV\0\0\0RSC\x05"
    return bytes(header)


FILES = {"Image": linux_image(), "initrd.gz": b"\x1f\x8b something", "control.bin": NOP,
         "bare.bin": NOP}


def run(*argv, cwd):
    env = dict(os.environ, CLEAVE_CHECK=CHECK)
    return subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=SECONDS,
                          check=False)


class Desk:
    """A folder with a board's tree, and the files that configurations name."""

    def __init__(self, path):
        self.path = path
        for name, content in FILES.items():
            (path / name).write_bytes(content)

    def tree(self, source, name="board.dtb"):
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", self.path / name], input=source.encode(),
                       check=True)
        return self.path / name

    def archive(self, config, *options, dtb="board.dtb"):
        """Pack a configuration, or the file of one, for the board."""
        path = config
        if not os.path.exists(config):
            path = self.path / "config.dts"
            path.write_text(config)
        files = [f"{name}={self.path / name}" for name in FILES]
        tree = ["--tree", str(self.path / dtb)] if dtb else []
        return run(ARCHIVE, "-o", "out.cpio", *tree, *options, str(path), *files, cwd=self.path)

    def check(self, dtb, *options):
        return run(CHECK, "--tree", str(dtb), *options, "out.cpio", cwd=self.path)


@pytest.fixture
def desk(tmp_path):
    assert os.access(CHECK, os.X_OK) and os.access(PORT, os.X_OK), "run make test-build"
    return Desk(tmp_path)


def config(*partitions):
    return ("/dts-v1/; / { compatible = \"cleave,config\"; #address-cells = <2>; "
            "#size-cells = <2>; partitions { " + " ".join(partitions) + " }; };")


def partition(name, base=0x80000000, size=16 << 20, more="", cpus=1):
    return (f"{name} {{ compatible = \"cleave,partition\"; cpus = <{cpus}>; "
            f"memory = <{board_trees.cells64(base, size)}>; kernel = \"bare.bin\"; {more} }};")


def table(text, title):
    """The rows of a table of the map, as lists of cells."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip() == title:
            break
    else:
        return []
    head = next(lines)
    columns = [m.start() for m in re.finditer(r"(?<=  )\S|^\S", head)]
    rows = []
    for line in lines:
        if len(line) <= columns[0] or line[:columns[0]].strip():
            break
        ends = columns[1:] + [None]
        rows.append([line[a:b].strip() for a, b in zip(columns, ends)])
    return rows


# --- the boards of platform/ ----------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS)
def test_configuration_of_a_board_fits_its_tree(desk, folder):
    desk.tree(board_trees.BOARDS[FOLDERS[folder]]())
    done = desk.archive(os.path.join(TOP, "platform", folder, "default.dts"))
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    harts = table(done.stdout, "harts of the machine:")
    assert ["0", "linux cpu 0"] in harts
    assert [row[1] for row in harts if "control" in row[1]] == ["control cpu 0"]


def test_each_board_is_tested():
    """Who adds a folder to platform/ adds the board's tree here."""
    folders = {f for f in os.listdir(os.path.join(TOP, "platform"))}
    assert folders == set(FOLDERS) | {"qemu-virt"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_defconfig_of_a_board(tmp_path, folder):
    name = folder.replace("-", "_") + "_defconfig"
    subprocess.run(["make", "-C", TOP, f"O={tmp_path}", name], check=True, capture_output=True)
    harts = board_trees.BOARDS[FOLDERS[folder]]().count('device_type = "cpu"')
    assert f"CONFIG_MAX_HARTS={harts}\n" in (tmp_path / ".config").read_text()


# --- what the check finds -------------------------------------------------------------------------

UART = "/soc/serial@50920000"
REFUSED = {
    "a hart that is not there":
        ("eic7700-megrez", [partition("p", more="cpu-affinity = <4>;")],
         "/partitions/p: cpu-affinity: cpu 0 wants hart 4, which does not exist; this machine has "
         "the harts 0 1 2 3"),
    "a range larger than any piece":
        ("eic7700-megrez", [partition("p", size=5 << 30)],
         "/partitions/p: memory: range 0 at 0x80000000 needs 5 GiB in one piece; the largest free "
         "piece of this machine has 3.99 GiB"),
    "more than the machine has":
        ("virt", [partition(f"p{n}", size=300 << 20) for n in range(4)],
         "/: the partitions need 1.17 GiB of memory and 2.3"),
    "memory where none is":
        ("k3-com260", [partition("p", more="direct-map;")],
         "/partitions/p: memory: range 0, 0x80000000 to 0x80ffffff, is not all free memory of this "
         'machine, which "direct-map" needs; free: 0x102200000 to 0x4ffffffff'),
    "reserved memory":
        ("eic7700-premier-p550", [partition("p", base=0xa0000000, more="direct-map;")],
         "/partitions/p: memory: range 0, 0xa0000000 to 0xa0ffffff, is not all free memory"),
    "a mode that the harts have not":
        ("k3-com260", [partition("p", more='gstage-mode = "sv48x4";')],
         '/partitions/p: gstage-mode: this machine cannot do "sv48x4"; allowed: "sv39x4"'),
    "the cache of all harts":
        ("eic7700-megrez", [partition("p", more='devices = "/soc/cache-controller@2010000";')],
         '/partitions/p: devices: "/soc/cache-controller@2010000" is a cache controller, which all '
         "harts share; allowed: other devices of the machine"),
    "the bus errors of a hart":
        ("eic7700-megrez", [partition("p", more='devices = "/soc/bus-error-unit@1700000";')],
         '/partitions/p: devices: "/soc/bus-error-unit@1700000" is a device that the firmware '
         "uses"),
    "an IOMMU":
        ("eic7700-megrez", [partition("p", more='devices = "/soc/iommu@50c00000";')],
         '/partitions/p: devices: "/soc/iommu@50c00000" is an IOMMU, which stands between devices '
         "and memory"),
    "the console's clock":
        ("k3-com260", [partition("p", more='devices = "/soc/system-controller@d4015000";')],
         '/partitions/p: devices: "/soc/system-controller@d4015000" is a part that the harts or '
         "the machine's console need"),
    "the console's pins":
        ("k3-com260", [partition("p", more='devices = "/soc/pinctrl@d401e000";')],
         '/partitions/p: devices: "/soc/pinctrl@d401e000" is a part that the harts or the '
         "machine's console need"),
    "another partition's clock":
        ("eic7700-megrez", [partition("p", more='devices = "/soc/ethernet@50400000";'),
                            partition("q", more='devices = "/soc/sys-crg@51828000";')],
         '/partitions/q: devices: "/soc/sys-crg@51828000" serves "/soc/ethernet@50400000", which '
         'partition "p" has; both devices must belong to one partition'),
    "what serves it is another's":
        ("eic7700-megrez", [partition("p", more='devices = "/soc/sys-crg@51828000";'),
                            partition("q", more='devices = "/soc/mmc@50450000";')],
         '/partitions/q: devices: "/soc/mmc@50450000" needs "/soc/sys-crg@51828000", which '
         'partition "p" has; both devices must belong to one partition'),
}


@pytest.mark.parametrize("what", REFUSED)
def test_check_refuses(desk, what):
    name, partitions, line = REFUSED[what]
    desk.tree(board_trees.BOARDS[name]())
    done = desk.archive(config(*partitions))
    assert done.returncode == 1, done.stdout + done.stderr
    errors = [text for text in done.stderr.splitlines() if text.startswith("error:")]
    assert len(errors) == 1 and errors[0].startswith("error: " + line), done.stderr


def test_check_counts_the_archive(desk):
    """What the archive and Cleave take is not left for partitions."""
    desk.tree(board_trees.small())
    fits = partition("p", size=(44 << 20) - (1 << 20), more="table-pool = <64>;")
    assert desk.archive(config(fits)).returncode == 0
    (desk.path / "Image").write_bytes(b"\x13\0\0\0" * (2 << 18))
    done = desk.archive(config(fits, partition("q", size=4 << 20)))
    assert done.returncode == 1 and "this machine has 43.9" in done.stderr


# A board, options, an address of a range of 16 MiB with direct-map, and what overlaps it; "":
# nothing. Addresses of QEMU's machine are those that its boot reports. A loader has written into
# the tree of Megrez where it has put another initrd.
QEMU, MEGREZ, K3 = "virt", "eic7700-megrez", "k3-com260"
PLACES = [
    (QEMU, [], 0x80200000, "0x80400000 to 0xa01fffff, 0xa0"),
    (QEMU, [], 0x80400000, ""),
    (QEMU, [], 0x9f300000, "0x80400000 to 0xa01fffff, 0xa0"),
    (QEMU, [], 0xa1000000, ""),
    (QEMU, ["--image-at", "0x90000000"], 0x80200000, ""),
    (QEMU, ["--image-at", "0x90000000"], 0x8f100000, "0x80000000 to 0x8fffffff, 0x9020"),
    (QEMU, ["--archive-at", "0x84000000"], 0x83800000, "0x80400000 to 0x83ffffff, 0x84"),
    (QEMU, ["--archive-at", "0x84000000"], 0xa0000000, ""),
    (QEMU, ["--image-at", "anywhere", "--archive-at", "anywhere"], 0x80200000, ""),
    (MEGREZ, [], 0x80200000, "0x80080000 to 0x801fffff, 0x80400000 to "),
    (MEGREZ, [], 0xbf800000, "0x80400000 to 0xbfbfffff, 0xc0001000 to "),
    (MEGREZ, [], 0xc1000000, ""),
    (K3, [], 0x102000000, "0x102200000 to 0x4ffffffff"),
    (K3, [], 0x102200000, ""),
]


@pytest.mark.parametrize("name,options,base,free", PLACES)
def test_partition_over_what_the_loader_brings(desk, name, options, base, free):
    """Cleave and its archive lie somewhere; a partition at the machine's addresses cannot."""
    source = board_trees.BOARDS[name]()
    if name == MEGREZ:
        source = source.replace("chosen {", "chosen { linux,initrd-start = <0 0xbfc00000>; "
                                "linux,initrd-end = <0 0xc0000001>;", 1)
    desk.tree(source)
    done = desk.archive(config(partition("p", base=base, more="direct-map;")), *options)
    said = done.stderr
    assert done.returncode == (1 if free else 0), said
    assert not free or f"is not all free memory of this machine, which \"direct-map\" needs; " \
        "free: " in said and free in said, said
    # A default that refuses is named with the option that changes it.
    for option, words in (("--image-at", "note: Cleave is taken to lie at 0x"),
                          ("--archive-at", "note: the boot archive is taken to lie at 0x")):
        known = option == "--image-at" or name != K3
        assert (words in said) == bool(free and known and option not in options), said
    unknown = "where the boot loader puts the archive is not known: --archive-at ADDRESS"
    assert (unknown in said) == (name == K3 and not free), said
    # Each byte of memory has one row of the map.
    rows = [[int(n, 16) for n in row[0].split(" to ")]
            for row in table(done.stdout, "memory of the machine:")]
    assert all(a[1] < b[0] for a, b in zip(rows, rows[1:]))
    assert free or ("Cleave\n" in done.stdout) == ("anywhere" not in options)


def test_folder_is_no_file(desk):
    """In each place where a file is wanted."""
    desk.tree(board_trees.virt())
    assert desk.archive(config(partition("p"))).returncode == 0
    (desk.path / "folder").mkdir()
    for argv, line in (((CHECK, "folder"), "error: folder: Is a directory"),
                       ((CHECK, "--tree", "folder", "out.cpio"), "error: folder: Is a directory"),
                       ((PORT, "folder"), "error: folder: Is a directory"),
                       ((ARCHIVE, "-o", "x.cpio", "folder"), "cleave-archive: folder is a folder; "
                        "wanted: the source of a configuration")):
        done = run(*argv, cwd=desk.path)
        assert done.returncode == 1 and done.stderr == line + "\n", done.stderr


def test_answer_that_cannot_be_written(desk):
    dtb = desk.tree(board_trees.virt())
    assert desk.archive(config(partition("p"))).returncode == 0
    with open("/dev/full", "w", encoding="ascii") as full:
        for argv in ((CHECK, "out.cpio"), (PORT, str(dtb))):
            done = subprocess.run(argv, cwd=desk.path, stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
            assert done.returncode == 1
            assert done.stderr == "error: standard output: No space left on device\n"


@pytest.mark.parametrize("options,line", [
    (["--image-at", "0x80100000"], "--image-at: Cleave cannot lie at 0x80100000; allowed: a "),
    (["--image-at", "0x40000000"], "--image-at: Cleave cannot lie at 0x40000000; allowed: a "),
    (["--image-at", "0xffffffffffe00000"], "--image-at: Cleave cannot lie at 0xffffffffffe"),
    (["--archive-at", "0x80200000"], "--archive-at: the archive, "),
    (["--archive-at", "0xbffffffc"], "--archive-at: the archive, "),
    (["--archive-at", "0xffffffffffffffff"], "--archive-at: the archive, "),
])
def test_loader_that_cannot_do_so(desk, options, line):
    desk.tree(board_trees.virt())
    done = desk.archive(config(partition("p")), *options)
    assert done.returncode == 1 and done.stderr.startswith("error: " + line), done.stderr


def test_image_is_as_large_as_the_check_takes_it_to_be():
    """tools/board/board_load.h: BOARD_LOAD_IMAGE, against the header of what is built."""
    with open(os.path.join(OUT, "cleave.bin"), "rb") as file:
        size = int.from_bytes(file.read(24)[16:], "little")
    assert 1 << 20 < size <= 2 << 20


@pytest.mark.parametrize("options,line", [
    (["--nothing"], "there is no option --nothing"),
    (["--harts", "1,"], "--harts: '1,' makes no sense; allowed: ids of harts, each once, with "),
    (["--harts", "1,0x1"], "--harts: '1,0x1' makes no sense; allowed: ids of harts, each once"),
    (["--memory", "12X"], "--memory: '12X' makes no sense; allowed: a size above 0, as 512M"),
    (["--memory"], "--memory: its value is missing; allowed: a size above 0"),
    (["--tree", "x.dtb", "--image-at", "-1"], "--image-at: '-1' makes no sense; allowed: an "),
    (["--archive-at", "0x1000"], "--archive-at is about the machine of --tree, which is not"),
    (["--svg", "x"], "--svg is about the machine of --tree, which is not given"),
    (["a.cpio", "b.cpio"], "'b.cpio' is an archive too many, after 'a.cpio'"),
    ([], "no archive is named"),
])
def test_check_says_what_is_wrong_with_its_use(desk, options, line):
    done = run(CHECK, *options, cwd=desk.path)
    assert done.returncode == 2 and done.stdout == ""
    first, last = done.stderr.splitlines()
    assert first.startswith("error: " + line), first
    assert last == "cleave-check: --help says how it is used"


def test_partition_that_would_find_no_piece(desk):
    """All together would fit, but the machine's memory has holes."""
    desk.tree(board_trees.megrez())
    three = [partition(name, size=3 << 30, more="table-pool = <64>;") for name in "abc"]
    done = desk.archive(config(*three[:2]))
    assert done.returncode == 0 and done.stderr == ""
    done = desk.archive(config(*three))
    assert done.returncode == 0
    assert done.stderr == (
        "warning: /partitions/c: memory: range 0 needs 3 GiB in one piece, and beside the other "
        "partitions the largest free piece has 1.99 GiB: the partition would stay empty\n")
    assert desk.archive(config(*three), "--strict").returncode == 1


def test_given_harts_and_memory_count_more(desk):
    desk.tree(board_trees.megrez())
    alone = config(partition("p", more="cpu-affinity = <3>;"))
    assert desk.archive(alone).returncode == 0
    done = desk.archive(alone, "--harts", "0,1")
    assert done.returncode == 1 and "this machine has the harts 0 1" in done.stderr
    done = desk.archive(alone, "--memory", "8M")
    assert done.returncode == 1 and "this machine has 8 MiB left" in done.stderr
    done = desk.archive(alone, "--harts", "3,9")
    assert done.returncode == 1
    assert "error: --harts: hart 9 is none that Cleave uses on the machine of" in done.stderr


MACHINES = {
    "no H": (board_trees.jh7110(), "no hart that is enabled has the H extension (riscv,isa-exten"),
    "no cpus": (board_trees.virt().replace("cpus {", "zpus {"), "no hart that is enabled has"),
    "no clock": (re.sub("timebase-frequency = <.*>;", "", board_trees.virt()),
                 "device tree: no timebase-frequency in /cpus"),
    "no memory": (board_trees.virt().replace('device_type = "memory";', ""),
                  'device tree: no node with device_type = "memory" and a reg'),
    "all reserved": (board_trees.virt().replace(
        "soc {", board_trees.reserved([("all", 0x80000000, 0x40000000)]) + "\n\tsoc {", 1),
                     "no memory: the firmware reserves all of it"),
}


@pytest.mark.parametrize("what", MACHINES)
def test_machine_without(desk, what):
    """A machine on which the boot would end is refused, by both tools, in one line."""
    source, line = MACHINES[what]
    dtb = desk.tree(source)
    desk.archive(config(partition("p")), dtb=None)
    for done in (desk.check(dtb), run(PORT, str(dtb), cwd=desk.path)):
        assert done.returncode == 1, done.stdout
        errors = [text for text in done.stderr.splitlines() if not text.startswith("note:")]
        assert errors == [errors[0]] and errors[0].startswith(f"error: {dtb}: {line}"), errors


CUT_OFF = " is not a device tree: it is cut off, or says wrongly where its parts are"


def test_tree_that_libfdt_cannot_read_safely(desk):
    whole = desk.tree(board_trees.virt()).read_bytes()
    desk.archive(config(partition("p")), dtb=None)
    old = whole[:20] + (16).to_bytes(4, "big") + whole[24:]
    large = whole[:4] + ((1 << 20) + 8).to_bytes(4, "big") + whole[8:] + b"\0" * (1 << 20)
    for content, line in ((old, ": the device tree has a version before 17; wanted: 17 or later"),
                          (whole[:30], CUT_OFF), (b"", CUT_OFF),
                          (large, ": it says that it has 1048584 bytes; allowed: 40 to 1048576")):
        path = desk.path / "odd.dtb"
        path.write_bytes(content)
        done = desk.check(path)
        assert done.returncode == 1
        assert done.stderr == f"error: {path}{line}\n"


def test_harts_that_are_left_out_are_named(desk):
    source = board_trees.virt().replace('"h", ', "", 1)
    desk.tree(source)
    done = desk.archive(config(partition("p")))
    assert done.returncode == 0, done.stderr
    assert "note: hart 0 left out: no H extension in the ISA string" in done.stderr
    assert table(done.stdout, "harts of the machine:") == [["1", "p cpu 0 (chosen at boot)"]]
    # Who names it is told why it is not there, and not that it does not exist.
    done = desk.archive(config(partition("p", more="cpu-affinity = <0>;")))
    assert done.returncode == 1
    assert ("cpu-affinity: cpu 0 wants hart 0, which exists but was left out: no H extension in "
            "the ISA string; this machine has the harts 1\n") in done.stderr
    off = board_trees.virt()
    at = off.index("cpu@1 {") + len("cpu@1 {")
    desk.tree(re.sub(r'status = "okay";', "", off[:at]) + 'status = "disabled";'
              + re.sub(r'status = "okay";', "", off[at:]))
    done = desk.archive(config(partition("p", more="cpu-affinity = <1>;")))
    assert ('cpu 0 wants hart 1, which exists but was left out: the status is not "okay"; this '
            "machine has the harts 0\n") in done.stderr


OVERLAY = "/dts-v1/; / { soc { seriall@10000000 { current-speed = <9600>; }; }; };"
OWN = """/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; model = "m"; compatible = "c";
    cleave,fill = "memory", "cpus"; chosen { stdout-path = "/soc/serail@10000000:9600"; };
    soc { #address-cells = <2>; #size-cells = <2>; compatible = "simple-bus"; ranges;
        serial@10000000 { compatible = "ns16550a"; reg = <0 0x10000000 0 0x100>; }; }; };"""


@pytest.mark.parametrize("prop, source, line", [
    ("fdt-overlay", OVERLAY, '"/soc/seriall@10000000" is a new node, without "compatible" or '
     '"reg"; did you mean "/soc/serial@10000000"?'),
    ("fdt-overlay", OVERLAY.replace("current", 'compatible = "a"; current'), None),
    ("fdt", OWN, '"/soc/serail@10000000" (stdout-path) is no node of that tree: there is no '
     'console; did you mean "/soc/serial@10000000"?'),
    ("fdt", OWN.replace("serail", "serial"), None),
])
def test_path_of_a_partitions_tree_that_leads_nowhere(desk, prop, source, line):
    """The boot takes such a tree, and the guest lacks what was meant: the tools warn."""
    desk.tree(board_trees.virt())
    (desk.path / "own.dts").write_text(source)
    done = desk.archive(config(partition("p", more=f'{prop} = "own.dtb";')))
    assert done.returncode == 0, done.stderr
    said = [text for text in done.stderr.splitlines() if text.startswith("warning: /part")]
    assert said == ([f"warning: /partitions/p: {prop}: {line}"] if line else [])


def test_console_of_a_machine_that_leads_nowhere(desk):
    source = board_trees.virt()
    assert "stdout-path" in source
    dtb = desk.tree(re.sub(r'stdout-path = "[^"]*"', 'stdout-path = "/soc/serail@10000000"',
                           source))
    done = desk.archive(config(partition("p")))
    assert done.returncode == 0
    assert '"/soc/serail@10000000" (stdout-path) is no node of that tree' in done.stderr
    source = desk.path / "board.dts"
    source.write_text("/dts-v1/; / { };" + " " * 40)
    done = desk.check(source)
    assert done.returncode == 1
    assert " is the source of a device tree; compile it: dtc -O dtb -o BOARD.dtb " in done.stderr
    assert dtb.exists()


# --- the map --------------------------------------------------------------------------------------


def test_map_says_who_owns_what(desk):
    # Two clocks of one controller are one row.
    desk.tree(board_trees.megrez().replace("<&clocks 6>", "<&clocks 6 &clocks 7>"))
    done = desk.archive(config(
        partition("first", more="cpu-affinity = <2>; direct-map;", base=0x90000000),
        partition("second", more=f'cpu-affinity = <2>; devices = "{UART}", '
                  f'"/soc/mmc@50450000"; no-dma = "{UART}";')))
    assert done.returncode == 0, done.stderr
    assert ["0x90000000 to 0x90ffffff", "16 MiB", "first (direct-map)"] in table(
        done.stdout, "memory of the machine:")
    assert ["0xfffff000 to 0xffffffff", "4 KiB",
            "reserved by the firmware: g2d_4GB_boundary_reserved_4k"] in table(
                done.stdout, "memory of the machine:")
    assert table(done.stdout, "harts of the machine:")[2] == ["2", "first cpu 0, second cpu 0"]
    devices = {row[0]: row[1:] for row in table(done.stdout, "devices of the machine:")}
    assert devices[UART] == ["0x50920000 to 0x5092ffff", "102", "second"]
    assert devices["/soc/serial@50900000"][1:] == ["100", "Cleave: the machine's console"]
    assert devices["/soc/cache-controller@2010000"][1:] == [
        "1, 3, 4, 2", "kept back: a cache controller, which all harts share"]
    assert devices["/soc/rtc@51818000"][1:] == ["292", "nobody"]
    assert "/soc/serial@50910000" not in devices
    assert table(done.stdout, "interrupts of partitions:") == [
        ["102 of interrupt-controller@c000000", UART, "second, as its 31"],
        ["79 of interrupt-controller@c000000", "/soc/mmc@50450000", "second, as its 30"]]
    lacks = table(done.stdout, "what guests lack for their devices:")
    assert lacks == [
        ["/soc/mmc@50450000", "clocks", "/soc/sys-crg@51828000/clock-controller", "nobody"],
        ["/soc/mmc@50450000", "resets", "/soc/sys-crg@51828000/reset-controller", "nobody"],
        ["/soc/mmc@50450000", "iommus", "/soc/iommu@50c00000",
         "kept back: an IOMMU, which stands between devices and memory"]]


def test_map_of_a_machine_without_reservations(desk):
    desk.tree(board_trees.virt())
    done = desk.archive(config(partition("p", more='devices = "/soc/rtc@101000";')))
    assert {row[0]: row[3] for row in table(done.stdout, "devices of the machine:")} == {
        "/soc/test@100000": "kept back: a device that the firmware uses",
        "/soc/rtc@101000": "p",
        "/soc/clint@2000000": "kept back: a device that the firmware uses",
        "/soc/interrupt-controller@c000000": "Cleave: an interrupt controller",
        "/soc/serial@10000000": "Cleave: the machine's console",
        "/soc/virtio_mmio@10001000": "nobody"}


def test_memory_of_the_map_is_the_machines(desk):
    """Each byte has one owner, and none is left out."""
    for name, source in board_trees.BOARDS.items():
        desk.tree(source())
        done = desk.archive(config(partition("p", size=4 << 20)))
        at, end = [], None
        for row in table(done.stdout, "memory of the machine:"):
            first, last = (int(word, 16) for word in row[0].split(" to "))
            if end == first:
                at[-1][1] = last + 1
            else:
                at.append([first, last + 1])
            end = last + 1
        memory = re.findall(r"memory@\S+ { device_type = \"memory\"; reg = <(.*?)>", source())
        words = [[int(w, 16) for w in m.split()] for m in memory]
        assert at == [[a << 32 | b, (a << 32 | b) + (c << 32 | d)] for a, b, c, d in words], name


def test_map_as_a_picture(desk):
    desk.tree(board_trees.p550().replace("SiFive HiFive", "<b>&amp;").replace("&amp;", "&"))
    done = desk.archive(config(partition("first"), partition("second", more="direct-map;",
                                                             base=0x90000000)),
                        "--svg", "map.svg")
    assert done.returncode == 0, done.stderr
    root = xml.parse(desk.path / "map.svg").getroot()
    words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<b>& Premier P550" in words
    for word in ("first", "second (direct-map)", "hart 3", UART, "Cleave: the machine's console"):
        assert word in words
    low = max(int(e.get("y", "0")) for e in root.iter("{http://www.w3.org/2000/svg}rect")
              if "%" not in e.get("width"))
    assert low < int(root.get("height"))


def test_picture_that_cannot_be_drawn(desk):
    desk.tree(board_trees.virt())
    done = desk.archive(config(partition("p")), "--svg", "/nowhere/map.svg")
    assert done.returncode == 1
    assert "error: /nowhere/map.svg: No such file or directory" in done.stderr
    done = desk.archive(config(partition("p")), "--svg", "map.svg", dtb=None)
    assert done.returncode == 2
    assert "error: --svg is about the machine of --tree, which is not given" in done.stderr


# --- cleave-port ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", board_trees.BOARDS)
def test_first_configuration_passes_the_check(desk, name):
    dtb = desk.tree(board_trees.BOARDS[name]())
    done = run(PORT, str(dtb), cwd=desk.path)
    assert done.returncode == 0, done.stderr
    (desk.path / "first.dts").write_text(done.stdout)
    done = desk.archive(str(desk.path / "first.dts"), "--strict")
    assert done.returncode == 0, done.stderr


def test_port_says_what_is_used_and_what_is_missing(desk):
    text = {name: run(PORT, str(desk.tree(source(), name)), cwd=desk.path).stdout
            for name, source in board_trees.BOARDS.items()}
    k3, megrez = text["k3-com260"], text["eic7700-megrez"]
    assert re.search(r"^//   harts +8 with H: 0-7$", k3, re.M)
    assert re.search(r"^//   G-stage +Sv39x4, by mmu-type$", k3, re.M)
    assert re.search(r"^//   memory +15.9 GiB free, from 0x102200000$", k3, re.M)
    if AIA:
        # More sources than its IMSICs have identities: those in use get one each.
        assert ("//   interrupts  /soc/interrupt-controller@e0400000\n"
                "//               /soc/interrupt-controller@e0804000\n") in k3
    else:
        assert ('//   driver  of /soc/interrupt-controller@e0804000 ("spacemit,k3-aplic", '
                '"riscv,aplic"): 4 devices cannot be given away\n') in k3
    assert "extension" not in k3
    assert "//   extension  Sstc: " in megrez and "//   extension  Zicbom: " in megrez
    assert '//   driver     of /soc/iommu@50c00000 ("arm,smmu-v3"): ' in megrez
    assert "//   memory     for Linux: the largest free piece has 44 MiB" in text["small"]
    for name, devices in (("k3-com260", 13), ("small", 2), ("virt", 6)):
        assert text[name].count("\n//   /soc/") == devices, text[name]
    rows = {row.split()[1]: row for row in megrez.splitlines() if row.startswith("//   /soc/")}
    assert rows[UART].endswith("  yes")
    assert rows["/soc/mmc@50450000"].endswith("  yes, without its clocks, resets, iommus")
    assert rows["/soc/cache-controller@2010000"].endswith(
        "  no: is a cache controller, which all harts share")


def test_port_names_a_uart_without_a_driver(desk):
    dtb = desk.tree(board_trees.virt().replace('"ns16550a"', '"acme,uart"'))
    done = run(PORT, str(dtb), cwd=desk.path)
    assert done.returncode == 0
    assert '//   driver     of /soc/serial@10000000 ("acme,uart"): the firmware\'s' in done.stdout
    assert "note: no driver for a UART of this machine" in done.stderr


def test_port_leaves_open_a_hart_that_no_cell_names(desk):
    """The last hart's id is the number that stands for any hart."""
    dtb = desk.tree(board_trees.virt().replace("reg = <0x1>;", "reg = <0xffffffff>;"))
    done = run(PORT, str(dtb), cwd=desk.path)
    assert done.returncode == 0 and done.stdout.count("cpu-affinity") == 1
    (desk.path / "first.dts").write_text(done.stdout)
    done = desk.archive(str(desk.path / "first.dts"))
    assert done.returncode == 0, done.stderr


def test_port_from_the_tools_folder(desk):
    dtb = desk.tree(board_trees.virt())
    done = run(os.path.join(TOP, "tools", "cleave-port"), str(dtb), cwd=desk.path)
    assert done.returncode == 0 and "/dts-v1/;" in done.stdout


# --- trees that are wrong -------------------------------------------------------------------------

# The long runs hand more trees, and others (tests/assurance/boards.sh).
ODD_TREES = int(os.environ.get("ODD_TREES", "12"))
ODD_SEED = int(os.environ.get("ODD_SEED", "7"))
ODD_CELLS = ("0x0", "0x1", "0x7fffffff", "0xffffffff", "0x80000000", "0xfffff000", "0x3")


def odd_sources(seed):
    """Sources of trees that dtc takes: cells, strings and properties of a board are changed."""
    rng = random.Random(seed)
    names = list(board_trees.BOARDS)
    while True:
        source = board_trees.BOARDS[rng.choice(names)]()
        for _ in range(rng.randint(1, 4)):
            way = rng.randrange(4)
            if way == 0:  # another number
                found = list(re.finditer(r"(?<=[< ])0x[0-9a-f]+|(?<=[< ])\d+(?=[ >])", source))
                new = rng.choice(ODD_CELLS)
            elif way == 1:  # no such property
                found = list(re.finditer(r"\n\t+[\w,#-]+( = [^;{}]*)?;", source))
                new = ""
            elif way == 2:  # a cell less
                found = list(re.finditer(r" 0x[0-9a-f]+(?=>)", source))
                new = ""
            else:  # another string
                found = list(re.finditer(r'"[^"]*"', source))
                new = rng.choice(('""', '"\\x01"', '"' + "x" * 300 + '"', '"memory"', '"pci"'))
            at = rng.choice(found)
            source = source[:at.start()] + new + source[at.end():]
        yield source


def assert_sound(done):
    """A program has said what it had to say, in lines, and has not crashed."""
    assert done.returncode in (0, 1), done.stderr
    for line in done.stderr.splitlines():
        assert line.startswith(("error: ", "warning: ", "note: ")) and line.isprintable(), line
    if done.returncode == 1:
        assert "error: " in done.stderr


def tools_are_sound(desk, dtb):
    assert_sound(desk.check(dtb, "--svg", "odd.svg"))
    port = run(PORT, str(dtb), cwd=desk.path)
    assert_sound(port)
    return port


def test_odd_trees_are_answered_in_lines(desk):
    made = desk.archive(config(partition("p", size=4 << 20),
                               partition("q", more=f'devices = "{UART}", "/soc/rtc@101000";')),
                        dtb=None)
    assert made.returncode == 0
    tried = accepted = 0
    for source in odd_sources(ODD_SEED):
        # Of some trees dtc itself finds no end: another one is taken in their place.
        made = subprocess.run(["prlimit", "--cpu=5", "dtc", "-q", "-f", "-O", "dtb", "-o",
                               desk.path / "odd.dtb"],
                              input=source.encode(), capture_output=True, check=False)
        if made.returncode != 0:
            continue
        port = tools_are_sound(desk, desk.path / "odd.dtb")
        if port.returncode == 0:
            (desk.path / "odd.dts").write_text(port.stdout)
            done = desk.archive(str(desk.path / "odd.dts"), dtb="odd.dtb")
            assert done.returncode == 0, done.stderr
            accepted += 1
        tried += 1
        if tried == ODD_TREES:
            break
    assert accepted > tried // 4


def test_spoilt_trees_are_answered_in_lines(desk):
    """Bytes of the structure are changed, so that it is no longer what dtc would write."""
    assert desk.archive(config(partition("p", size=4 << 20)), dtb=None).returncode == 0
    whole = desk.tree(board_trees.megrez()).read_bytes()
    rng = random.Random(ODD_SEED)
    for _ in range(ODD_TREES):
        spoilt = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            spoilt[rng.randrange(len(spoilt))] = rng.choice((0, 1, 2, 3, 4, 9, 0x7f, 0xff))
        (desk.path / "odd.dtb").write_bytes(spoilt)
        tools_are_sound(desk, desk.path / "odd.dtb")


@pytest.mark.parametrize("old, new", [
    ("0x0 0x10000000 0x0 0x100", "0x0 0x10000ffe 0x0 0x2"),
    ("0x0 0x54000000 0x0 0x1000", "0x0 0x54000ff0 0x0 0x8"),
    ("0x0 0x54000000 0x0 0x1000", "0x0 0x54000002 0x0 0x1000"),
])
def test_uart_whose_registers_cannot_be(desk, old, new):
    """Too few, or misaligned: the boot, too, would access what is not mapped, and end."""
    source = next(s for s in (board_trees.virt(), board_trees.small()) if old in s)
    done = run(PORT, str(desk.tree(source.replace(old, new))), cwd=desk.path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^warning: uart serial@\w+: its registers cannot be found", done.stderr, re.M)


def test_uart_whose_registers_would_be_misaligned(desk):
    source = board_trees.megrez().replace("reg-shift = <2>", "reg-shift = <0>")
    done = run(PORT, str(desk.tree(source)), cwd=desk.path)
    assert done.returncode == 0, done.stderr
    assert "warning: uart serial@50900000: reg-shift 0, reg-io-width 4: a shift" in done.stderr
