# SPDX-License-Identifier: BSD-2-Clause
"""Tests that use tools/cleave-archive as a person does.

They check what it writes, what it refuses and with which words, and which files it leaves.
"""

import os
import subprocess
import sys

import pexpect
import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "boot"))
import link_keys  # noqa: E402

OUT = os.path.join(TOP, os.environ.get("O", "build"))
SECONDS = 60 * float(os.environ.get("TEST_SLOW", "1"))  # the longest that a run of a tool may take
CHECK = os.path.join(OUT, "host", "cleave-check")
ARCHIVE = os.path.join(TOP, "tools", "cleave-archive")

USAGE = "usage: cleave-archive -o OUT.cpio [OPTION ...] CONFIG.dts [NAME=FILE ...]"
CONFIG = """\
/dts-v1/;
/ {
	compatible = "cleave,config";
	#address-cells = <2>;
	#size-cells = <2>;

	partitions {
		manager {
			compatible = "cleave,partition";
			cpus = <1>;
			cpu-affinity = <0>;
			memory = <0x0 0x80000000 0x0 0x1000000>;
			kernel = "manager.bin";
			manager;
		};

		linux {
			compatible = "cleave,partition";
			cpus = <2>;
			cpu-affinity = <1 2>;
			memory = <0x0 0x80000000 0x0 0x20000000>;
			kernel = "Image";
			initrd = "initrd.gz";
			bootargs = "console=ttyS0 earlycon=sbi";
			gstage-mode = "sv39x4";
			largest-page = <0x40000000>;
			eager-page-split = "on";
			migratable;
			on-fault = "stop";
		};

		spare {
			compatible = "cleave,partition";
			cpus = <2>;
			cpu-affinity = <3 3>;
			memory = <0x0 0x80000000 0x0 0x20000000>;
			incoming;
		};
	};
};
"""


def linux_image(size=4096, image_size=8 << 20):
    header = bytearray(size)
    header[8:16] = (2 << 20).to_bytes(8, "little")
    header[16:24] = image_size.to_bytes(8, "little")
    header[32:36] = (2).to_bytes(4, "little")
    header[48:60] = b"RISCV\0\0\0RSC\x05"
    return bytes(header)


class Bench:
    """A folder with a configuration, its files, and a subfolder for the tool's temporary files."""

    def __init__(self, path):
        self.path = path
        self.temp = path / "temp"
        self.temp.mkdir()
        self.write("config.dts", CONFIG)
        self.write("manager.bin", b"\x13\0\0\0" * 100)
        self.write("Image", linux_image())
        self.write("initrd.gz", b"\x1f\x8b something")

    def write(self, name, content):
        content = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(content)

    def run(self, *arguments, **environment):
        env = {**os.environ, "CLEAVE_CHECK": CHECK, "TMPDIR": str(self.temp), **environment}
        done = subprocess.run([ARCHIVE, *arguments], cwd=self.path, env=env, capture_output=True,
                              text=True, timeout=SECONDS, check=False)
        assert list(self.temp.iterdir()) == [], "temporary files are left"
        assert not [p for p in self.path.iterdir() if p.name.startswith(".")
                    ], "half an archive is left"
        return done

    def pack(self, *more):
        return self.run("-o", "out.cpio", "config.dts", *more)

    def refused(self, *more):
        """Run the tool, expect an error and no archive, and return what it printed to stderr."""
        done = self.pack(*more)
        assert done.returncode == 1, done.stderr
        assert not (self.path / "out.cpio").exists()
        return done.stderr


@pytest.fixture
def bench(tmp_path):
    assert os.access(CHECK, os.X_OK), f"{CHECK} is not built: run make"
    return Bench(tmp_path)


def listing(path):
    with open(path, "rb") as stream:
        return subprocess.run(["cpio", "-t", "--quiet"], stdin=stream, capture_output=True,
                              text=True, check=True).stdout.split()


def test_packs_what_the_configuration_names(bench):
    done = bench.pack()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert listing(bench.path / "out.cpio") == ["Image", "cleave.dtb", "initrd.gz", "manager.bin"]


def test_table_says_what_each_partition_gets(bench):
    lines = [" ".join(line.split()) for line in bench.pack().stdout.splitlines()]
    assert "Image 4 KiB" in lines
    assert "manager.bin 400 bytes" in lines
    assert "kernel manager.bin at 0x80200000, 400 bytes" in lines
    linux = lines.index("linux")
    assert lines[linux + 1:linux + 6] == [
        "cpus 2, on hart 1 and 2",
        "memory 0x80000000 to 0x9fffffff, 512 MiB",
        "kernel Image at 0x80200000, 8 MiB",
        "initrd initrd.gz at 0x90000000, 12 bytes",
        "tree at 0x80a00000, 64 KiB",
    ]
    assert lines[-1] == "empty, for a partition that is moved in"


def test_same_input_same_bytes(bench):
    bench.pack()
    first = (bench.path / "out.cpio").read_bytes()
    os.utime(bench.path / "Image", (1, 1))
    os.chmod(bench.path / "Image", 0o600)
    bench.write("again", linux_image())
    bench.pack("initrd.gz=initrd.gz", "Image=again")
    assert (bench.path / "out.cpio").read_bytes() == first


def test_named_files_win_and_more_may_be_added(bench):
    bench.write("other", b"\x13\0\0\0")
    done = bench.pack("manager.bin=other", "notes.txt=config.dts")
    assert done.returncode == 0, done.stderr
    assert "notes.txt" in listing(bench.path / "out.cpio")
    assert "manager.bin at 0x80200000, 4 bytes" in done.stdout


def test_configuration_elsewhere(bench, tmp_path):
    """The tool looks for files in the configuration's folder, not where the command runs."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run([ARCHIVE, "-o", "out.cpio", "../config.dts"], cwd=elsewhere, env=dict(
        os.environ, CLEAVE_CHECK=CHECK), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (elsewhere / "out.cpio").exists()


def test_missing_file(bench):
    (bench.path / "Image").unlink()
    said = bench.refused()
    assert ('error: /partitions/linux: kernel: there is no file "Image" in the boot archive, '
            'which holds "initrd.gz", "manager.bin"\n') in said
    assert "'Image' is not at Image; give it as Image=FILE" in said


def test_named_file_that_does_not_exist(bench):
    assert "Image=nowhere: No such file or directory" in bench.refused("Image=nowhere")


@pytest.mark.parametrize("name", [
    "../../victim", "sub/../../victim", "{top}/victim", "./victim", "sub//victim", "cleave.dtb",
    "vic\tim"
])
@pytest.mark.parametrize("prop, old", [("kernel", "Image"), ("initrd", "initrd.gz")])
def test_names_of_the_configuration_stay_in_the_archive(bench, prop, old, name):
    """A configuration may come from a stranger, so its names must stay inside the archive.

    No name may lead to a file outside the archive or replace the configuration. The files that the
    names lead to all exist. Bench.run() notices files that the tool leaves in its temporary folder
    or beside it.
    """
    folder = bench.path / "one" / "two"
    (folder / "sub").mkdir(parents=True)
    for place in (bench.path, folder.parent, folder, folder / "sub"):
        (place / "victim").write_bytes(linux_image())
    (folder / "vic\tim").write_bytes(linux_image())
    (folder / "cleave.dtb").write_bytes(linux_image())
    name = name.format(top=bench.path)
    config = CONFIG.replace(f'{prop} = "{old}"', f'{prop} = "{name}"')
    (folder / "config.dts").write_text(config, encoding="utf-8")
    given = [f"{n}={n}" for n in ("manager.bin", "Image", "initrd.gz") if n != old]
    done = bench.run("-o", "out.cpio", "one/two/config.dts", *given)
    assert done.returncode == 1
    assert done.stderr == (
        f"cleave-archive: /partitions/linux: {prop}: '{name}' cannot be a file's name in an "
        f"archive; "
        "allowed: relative paths without '.', '..' and control characters, but not cleave.dtb\n")
    assert not (bench.path / "out.cpio").exists()


@pytest.mark.parametrize("old, new, line", [
    ("0x0 0x80000000 0x0 0x1000000", "0x0 0x80000000 0x0 0x1000001",
     "error: /partitions/manager: memory: range 0 at 0x80000000 has size 0x1000001; "
     "allowed: multiples of 4 KiB (0x1000)"),
    ("0x0 0x80000000 0x0 0x1000000", "0x0 0x80000000 0x0 0x200000",
     'error: /partitions/manager: kernel: "manager.bin" needs 400 bytes, 2 MiB from the base, '
     'and 64 KiB for the '
     "device tree; the first memory range has 2 MiB"),
    ("spare {", "linux@2 {",
     'error: /partitions/linux@2: there are two partitions "linux"; each needs a name of its own'),
    ('on-fault = "stop"', 'on-fault = "halt"',
     'error: /partitions/linux: on-fault: "halt" is not known; allowed: "stop", "restart", "reset"'
     ),
    ('"cleave,config"', '"riscv-virtio"',
     'error: /: compatible: "riscv-virtio" is not known; wanted: "cleave,config"'),
    ("\tpartitions {", '\tschedules { p { frame = <1000>; w { hart = <0>; partition = "manager"; '
     'offset = <0>; length = <1001>; }; }; };\n\tpartitions {',
     "error: /schedules/p/w: length: <1001> from offset <0> ends after the frame of <1000>; "
     "allowed: <100> to <1000>"),
])
def test_refuses_in_the_hypervisors_words(bench, old, new, line):
    assert old in CONFIG
    bench.write("config.dts", CONFIG.replace(old, new))
    assert line + "\n" in bench.refused()


def test_all_errors_at_once(bench):
    bench.write("config.dts",
                CONFIG.replace("cpus = <1>", "cpus = <0>").replace('"sv39x4"', '"sv39"'))
    said = bench.refused()
    assert "/partitions/manager: cpus: <0> is not allowed" in said
    assert '/partitions/linux: gstage-mode: "sv39" is not known' in said


def test_warning_is_no_refusal(bench):
    bench.write("config.dts", CONFIG.replace("bootargs =", "bootarg ="))
    done = bench.pack()
    assert done.returncode == 0
    assert done.stderr == ("warning: /partitions/linux: bootarg: unknown property, ignored; "
                           'did you mean "bootargs"?\n')


def test_strict_refuses_what_is_warned_of(bench):
    """A misspelt cpu-affinity puts a vCPU elsewhere: --strict has a way to say no."""
    assert bench.pack("--strict").returncode == 0
    os.unlink(bench.path / "out.cpio")
    bench.write("config.dts", CONFIG.replace("cpu-affinity = <0>", "cpu-afinity = <0>"))
    said = bench.refused("--strict")
    assert ('warning: /partitions/manager: cpu-afinity: unknown property, ignored; did you mean '
            '"cpu-affinity"?\n') in said
    assert "error: --strict refuses what is warned of, 1 lines above\n" in said
    assert bench.pack().returncode == 0
    assert check(bench, "out.cpio").returncode == 0
    assert check(bench, "--strict", "out.cpio").returncode == 1


MARK = b"cleave,link-keys"  # stands in Cleave's manager


def test_keys_of_a_link(bench):
    """A manager's initrd is its file of keys: a wrong one is refused by the manager's words."""
    good = link_keys.OWN["a"] + link_keys.PUBLIC["b"]
    node = "\t\t\tmanager;"
    bench.write("config.dts", CONFIG.replace(node, node + '\n\t\t\tinitrd = "link.keys";', 1))
    bench.write("manager.bin", b"\x13\0\0\0" * 100 + MARK + b"\0\0\0\0")
    error = 'error: /partitions/manager: initrd: "link.keys" are the keys of a manager\'s link: '
    for text, why in ((good, None), (link_keys.OWN["a"], "there is no public key of the peer"),
                      (link_keys.PUBLIC["b"], "there is no private key"),
                      (good.replace("MHcC", "MHcD"), "a key is not of the curve P-256"),
                      (good[:-40], "a key is cut short")):
        bench.write("link.keys", text.encode())
        done = bench.pack()
        assert (done.returncode == 0) == (why is None), done.stderr
        assert why is None or error + why in done.stderr
    # A manager of somebody else may have any initrd.
    bench.write("manager.bin", b"\x13\0\0\0" * 100)
    assert bench.pack().returncode == 0


def test_shared_hart_is_a_note_and_exclusive_refuses_it(bench):
    shared = CONFIG.replace("<1 2>", "<0 2>")
    bench.write("config.dts", shared)
    done = bench.pack("--strict")
    assert done.returncode == 0
    assert done.stderr == (
        'note: /partitions: hart 0 is shared by the partitions "manager", "linux"\n')
    os.unlink(bench.path / "out.cpio")
    bench.write("config.dts", shared.replace("manager;", "manager; exclusive;"))
    assert ('error: /partitions/manager: exclusive: hart 0 would be shared by the partitions '
            '"manager", "linux"; ') in bench.refused()


def test_the_machine_is_checked_when_packing(bench):
    said = bench.refused("--harts", "0,4")
    assert "cpu 0 wants hart 1, which does not exist; this machine has the harts 0 4\n" in said
    assert "this machine has 1 GiB left" in bench.refused("--memory", "1G")
    assert bench.pack("--harts", "0,1,2,3", "--memory", "2G").returncode == 0


def test_syntax_error_is_dtcs_to_explain(bench):
    bench.write("config.dts", CONFIG.replace("cpus = <1>;", "cpus = <1>"))
    said = bench.refused()
    assert "config.dts:11" in said and "syntax error" in said
    assert "dtc did not compile it" in said


def test_old_archive_stays_when_the_new_one_is_refused(bench):
    bench.write("out.cpio", b"old")
    bench.write("config.dts", CONFIG.replace("cpus = <1>", "cpus = <0>"))
    assert bench.pack().returncode == 1
    assert (bench.path / "out.cpio").read_bytes() == b"old"


def test_checker_that_is_not_built(bench):
    done = bench.run("-o", "out.cpio", "config.dts", CLEAVE_CHECK="/nonexistent/cleave-check")
    assert done.returncode == 1
    assert "/nonexistent/cleave-check is not built; run 'make'" in done.stderr


def test_checker_is_named_from_where_the_user_is(bench):
    done = bench.run("-o", "out.cpio", "config.dts", CLEAVE_CHECK=os.path.relpath(
        CHECK, bench.path))
    assert done.returncode == 0, done.stderr


def test_no_folder_for_the_archive(bench):
    done = bench.run("-o", "nowhere/out.cpio", "config.dts")
    assert done.returncode == 1
    assert "there is no folder" in done.stderr


@pytest.mark.parametrize("arguments, line", [
    ([], "-o OUT.cpio and CONFIG.dts are needed"),
    (["config.dts"], "-o OUT.cpio and CONFIG.dts are needed"),
    (["-o"], "option -o is unknown, given twice, or lacks its value"),
    (["-x", "-o", "out.cpio", "config.dts"], "option -x is unknown"),
    (["-o", "out.cpio", "config.dts", "Image"], "'Image' is not of the form NAME=FILE"),
    (["-o", "out.cpio", "config.dts", "a=Image", "a=Image"], "the name 'a' is given twice"),
    (["-o", "out.cpio", "config.dts", "cleave.dtb=Image"],
     "'cleave.dtb' cannot be a file's name in an archive; allowed: relative paths without '.', "
     "'..' and control characters, "
     "but not cleave.dtb"),
    (["-o", "out.cpio", "config.dts", "../x=Image"
      ], "'../x' cannot be a file's name in an archive"),
    (["-o", "out.cpio", "config.dts", "=Image"], "'' cannot be a file's name in an archive"),
])
def test_used_wrongly(bench, arguments, line):
    done = bench.run(*arguments)
    assert done.returncode == 2
    assert line in done.stderr
    assert USAGE in done.stderr
    assert not (bench.path / "out.cpio").exists()


def test_help(bench):
    done = bench.run("--help")
    assert done.returncode == 0
    assert USAGE in done.stdout
    done = check(bench, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: cleave-check [--strict] ")


def check(bench, *arguments):
    return subprocess.run([CHECK, *arguments], cwd=bench.path, capture_output=True, text=True,
                          timeout=SECONDS, check=False)


def test_checker_knows_a_machine(bench):
    bench.pack()
    assert check(bench, "--harts", "0,1,2,3", "--memory", "2G", "out.cpio").returncode == 0
    done = check(bench, "--harts", "0,4", "out.cpio")
    assert done.returncode == 1
    assert ("error: /partitions/linux: cpu-affinity: cpu 0 wants hart 1, which does not exist; "
            "this machine has the harts 0 4\n") in done.stderr
    done = check(bench, "--memory", "1G", "out.cpio")
    assert done.returncode == 1
    assert "this machine has 1 GiB left" in done.stderr


def test_checker_on_bad_archives(bench):
    bench.pack()
    whole = (bench.path / "out.cpio").read_bytes()
    bench.write("cut.cpio", whole[:3000])
    assert 'error: boot archive is truncated at byte 3000 in file "Image"' in check(
        bench, "cut.cpio").stderr
    bench.write("empty.cpio", b"")
    assert check(bench, "empty.cpio").stderr == "error: boot archive is empty\n"
    assert check(bench, "nowhere.cpio").stderr == "error: nowhere.cpio: No such file or directory\n"
    assert check(bench, "--harts", "x", "out.cpio").returncode == 2
    assert check(bench, "--memory", "12Q", "out.cpio").returncode == 2
    assert check(bench).returncode == 2


def documented_blocks():
    with open(os.path.join(TOP, "docs", "configuration.md"), encoding="utf-8") as text:
        return [block.split("```")[0] for block in text.read().split("```dts\n")[1:]]


def documented_examples():
    return [block for block in documented_blocks() if "cleave,config" in block]


def documented_trees():
    """The overlay and the own tree of docs/configuration.md."""
    return [block for block in documented_blocks() if "pump controller" in block]


@pytest.mark.parametrize("example", documented_examples())
def test_documented_examples_are_accepted(bench, example):
    bench.write("config.dts", example)
    done = bench.pack()
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert [w for w in warnings
            if not w.startswith("warning: /partitions/manager: devices: ")] == []
    assert len(warnings) == example.count("direct-map;")


def test_examples_are_documented():
    assert len(documented_examples()) == 4 and len(documented_trees()) == 2


def test_source_that_is_named_as_a_tree(machine):
    machine.write("config.dts", CONFIG.replace("manager;", 'manager; fdt = "my.dts";'))
    assert ("/partitions/manager: fdt: 'my.dts' is a source; name it 'my.dtb'"
            in machine.refused())


def test_warnings_of_the_compiler_that_tell_nothing(machine):
    """One wrong property makes dtc skip twenty of its checks, and it says so of each."""
    machine.write("config.dts", CONFIG.replace("#address-cells = <2>", '#address-cells = "2"', 1))
    said = machine.refused()
    assert "address_cells_is_cell" in said and "Failed prerequisite" not in said
    assert "/files/" not in said


@pytest.mark.parametrize("prop, number", [("fdt-overlay", 0), ("fdt", 1)])
def test_documented_trees_are_accepted(bench, prop, number):
    """A tree stands beside the configuration as source, and is compiled."""
    bench.write("own.dts", documented_trees()[number])
    bench.write("config.dts", CONFIG.replace("kernel =", f'{prop} = "own.dtb"; kernel =', 1))
    done = bench.pack()
    assert done.returncode == 0, done.stderr
    assert "own.dtb" in done.stdout and done.stderr == "", done.stderr
    # dtc's warnings of a tree that is whole are shown.
    if prop == "fdt":
        bench.write("own.dts", documented_trees()[number].replace("cleave,fill", "cleave,full"))
        assert "Warning (unit_address_vs_reg)" in bench.pack().stderr
    bench.write("own.dts", documented_trees()[number].replace("0x10000000 0x0", "0x20000000 0x0")
                .replace("0x80700000 0x0", "0x20000000 0x0"))
    done = bench.pack()
    assert done.returncode == 1
    assert f"{prop}: \"/" in done.stderr and "does not have 0x20000000" in done.stderr


def test_plans_are_a_table_as_documented(bench):
    """The table of docs/configuration.md is what the tool prints for the example above it."""
    with open(os.path.join(TOP, "docs", "configuration.md"), encoding="utf-8") as text:
        table = text.read().split("```\nplan normal, ")[1].split("```")[0]
    bench.write("config.dts", next(e for e in documented_examples() if "schedules" in e))
    done = bench.pack()
    assert done.stdout.endswith("plan normal, " + table)


def test_plan_is_checked_against_the_harts_of_a_machine(bench):
    bench.write("config.dts", next(e for e in documented_examples() if "schedules" in e))
    bench.pack()
    done = check(bench, "--harts", "0,4", "out.cpio")
    assert done.returncode == 1
    assert ("error: /schedules/normal/control: hart: hart 1 does not exist; this machine has the "
            "harts 0 4\n") in done.stderr


# --- the machine's own tree ----------------------------------------------------------------------

MACHINE = """\
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	memory@80000000 { device_type = "memory"; reg = <0x0 0x80000000 0x0 0x80000000>; };
	chosen { stdout-path = "/soc/serial@10000000"; };
	cpus {
		#address-cells = <1>;
		#size-cells = <0>;
		timebase-frequency = <10000000>;
		cpu@1 { device_type = "cpu"; reg = <1>; riscv,isa = "rv64imafdch_zicsr"; };
		cpu@2 { device_type = "cpu"; reg = <2>; riscv,isa = "rv64imafdch_zicsr"; };
		cpu@3 { device_type = "cpu"; reg = <3>; riscv,isa = "rv64imafdch_zicsr"; };
		cpu@0 {
			device_type = "cpu";
			reg = <0>;
			riscv,isa = "rv64imafdch_zicsr";
			hart0: interrupt-controller {
				compatible = "riscv,cpu-intc";
				interrupt-controller;
				#interrupt-cells = <1>;
			};
		};
	};
	soc {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		interrupt-parent = <&plic>;
		plic: plic@c000000 {
			compatible = "sifive,plic-1.0.0";
			reg = <0x0 0xc000000 0x0 0x600000>;
			interrupt-controller;
			#interrupt-cells = <1>;
			riscv,ndev = <95>;
			interrupts-extended = <&hart0 9>;
		};
		serial@10000000 {
			compatible = "ns16550a";
			reg = <0x0 0x10000000 0x0 0x100>;
			interrupts = <10>;
		};
		rtc@101000 { reg = <0x0 0x101000 0x0 0x1000>; interrupts = <11>; clocks = <1>; };
	};
};
"""


@pytest.fixture
def machine(bench):
    """A configuration whose manager drives the RTC, and the device tree of a machine with one."""
    bench.write("config.dts",
                CONFIG.replace("manager;", 'manager; direct-map; devices = "/soc/rtc@101000";'))
    bench.write("machine.dts", MACHINE)
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", "machine.dtb", "machine.dts"], cwd=bench.path,
                   check=True)
    return bench


def test_devices_are_warned_of(machine):
    done = machine.pack()
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        'warning: /partitions/manager: devices: "/soc/rtc@101000" can reach all memory of the '
        "machine by DMA, that of the hypervisor and of other partitions too: no IOMMU stands "
        "between them"
    ]
    assert "    device  /soc/rtc@101000" in done.stdout.splitlines()


def test_devices_without_dma_are_not(machine):
    text = (machine.path / "config.dts").read_text()
    assert machine.run("-o", "out.cpio", "--strict", "config.dts").returncode == 1
    machine.write("config.dts", text.replace("direct-map;", 'no-dma = "/soc/rtc@101000";'))
    done = machine.run("-o", "out.cpio", "--strict", "config.dts")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_tree_of_the_machine(machine):
    assert machine.pack().returncode == 0
    # The manager has "direct-map" where Cleave is taken to lie.
    tree = ("--tree", "machine.dtb", "--image-at", "anywhere", "--archive-at", "anywhere")
    done = check(machine, *tree, "out.cpio")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[1:] == [
        'warning: /partitions/manager: devices: "/soc/rtc@101000": properties left out of the '
        'guest\'s device tree, '
        "because they refer to nodes that it does not have: clocks"
    ]
    # A wrong path or a device in use is an error here, as it would be at boot.
    for path, line in (("/soc/rtc@102000",
                        'there is no node "/soc/rtc@102000" in this machine\'s device tree; did '
                        'you mean "/soc/rtc@101000"?'),
                       ("/soc/serial@10000000",
                        '"/soc/serial@10000000" is the machine\'s console; allowed: other '
                        "devices of the machine")):
        machine.write("config.dts", CONFIG.replace("manager;", f'manager; devices = "{path}";'))
        assert machine.pack().returncode == 0
        done = check(machine, *tree, "out.cpio")
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == f"error: /partitions/manager: devices: {line}"


def test_tree_that_is_none(machine):
    assert machine.pack().returncode == 0
    for name, why in (("nobody.dtb", "No such file or directory"), ("Image",
                                                                    "is not a device tree")):
        done = check(machine, "--tree", name, "out.cpio")
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: {name}") and why in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("no_colour, start", [("", "\x1b[1;31merror:\x1b[m /partitions/"),
                                              ("1", "error: /partitions/")])
def test_errors_have_colours_on_a_terminal(bench, no_colour, start):
    """And nowhere else: all other tests see the plain words."""
    bench.write("config.dts", CONFIG.replace("cpus = <", "cpus = <9", 1))
    env = {**os.environ, "CLEAVE_CHECK": CHECK, "NO_COLOR": no_colour, "TERM": "xterm"}
    child = pexpect.spawn(ARCHIVE, ["-o", "out.cpio", "config.dts"], cwd=str(bench.path), env=env,
                          encoding="utf-8", timeout=SECONDS)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
    # A row that shows progress is taken back before anything else is said.
    lines = child.before.replace("\r\x1b[K", "\n").splitlines()
    assert "[2/3] Image from Image" in lines
    assert [line for line in lines if line.startswith(start)], child.before
