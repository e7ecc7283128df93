# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the scripts: the launcher, the setup, the guest's initrd, and the include check."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pexpect
import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, os.environ.get("O", "build"))
sys.path.insert(0, os.path.join(TOP, "scripts"))
import check_includes  # noqa: E402
import demo_migrate  # noqa: E402
import qemu  # noqa: E402


def fake_qemu(tmp_path, version):
    """A program that says that it is QEMU `version`."""
    path = tmp_path / "qemu-system-riscv64"
    path.write_text(f"#!/bin/sh\necho 'QEMU emulator version {version}'\n")
    path.chmod(0o755)
    return str(path)


def test_launcher_turns_hardware_ad_updates_off():
    argv = qemu.command("k.bin", initrd="a.cpio", smp=2, mem="1G", cpu_extra="sstc=off",
                        append="x y", extra=["-icount", "shift=0"])
    assert argv[argv.index("-cpu") + 1] == "rv64,h=true,svadu=off,svade=on,sstc=off"
    assert argv[argv.index("-kernel") + 1] == "k.bin"
    assert argv[argv.index("-initrd") + 1] == "a.cpio"
    assert argv[argv.index("-append") + 1] == "x y"
    assert argv[-2:] == ["-icount", "shift=0"]


@pytest.mark.parametrize("version,words", [("7.2.9", "cannot be trusted for dirty logging"),
                                           ("10.0.2", None), ("11.1.0", None)])
def test_launcher_says_which_qemu_cannot_be_trusted(tmp_path, monkeypatch, version, words):
    monkeypatch.setattr(qemu, "QEMU", fake_qemu(tmp_path, version))
    complaint = qemu.complaint()
    assert (words in complaint) if words else (complaint is None)


def test_launcher_says_that_there_is_no_qemu(tmp_path, monkeypatch):
    monkeypatch.setattr(qemu, "QEMU", str(tmp_path / "none"))
    assert "make setup" in qemu.complaint()


def test_run_names_the_kernel_that_is_missing():
    env = dict(os.environ, LINUX="0.0")
    done = subprocess.run([os.path.join(TOP, "scripts/run.sh")], env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode != 0
    assert "deps/linux-0.0/Image is not here" in done.stderr


@pytest.mark.parametrize("relative", [False, True])
def test_run_checks_with_what_it_built(tmp_path, relative):
    """run.sh checks the archive with the checker in O, not with that of another build.

    O may be an absolute or a relative path.
    """
    for program in ("guests/manager.bin", "guests/workload.bin", "host/cleave-check"):
        path = tmp_path / program
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\necho refused by $0\nexit 1\n")
        path.chmod(0o755)
    env = dict(os.environ, O=os.path.relpath(tmp_path, TOP) if relative else str(tmp_path),
               GUEST="demo")
    env.pop("CLEAVE_CHECK", None)
    done = subprocess.run([os.path.join(TOP, "scripts/run.sh")], env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert f"refused by {tmp_path}/host/cleave-check" in done.stdout, done.stdout + done.stderr


def programs():
    """How each program that a person may start is started: all scripts of the tree, and tools."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP,
                           capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        path = os.path.join(TOP, name)
        # Of a Linux guest, which has no shell but busybox's.
        if name.startswith("scripts/initrd/") or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            first = file.readline().decode(errors="replace").strip()
        if first.startswith("#!"):
            start = [] if os.access(path, os.X_OK) else first[2:].split()
            yield pytest.param([*start, path], id=name)
    for name in ("cleave-check", "cleave-port"):
        yield pytest.param([os.path.join(OUT, "host", name)], id="host/" + name)


def ask(argv, path=None):
    """Start a program without input. Return its exit code and what it says."""
    env = {"PATH": path or os.environ["PATH"]}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("argv", programs())
def test_each_program_answers_for_itself(tmp_path, argv):
    """--help, --version and an option that nobody has: it says so, and does nothing else.

    The PATH holds no tool that could do anything.
    """
    for tool in ("env", "bash", "sh", "sed", "dirname", "cat", "basename", "tr"):
        os.symlink(shutil.which(tool), tmp_path / tool)
    os.symlink(sys.executable, tmp_path / "python3")
    code, out, err = ask([*argv, "--help"], str(tmp_path))
    assert (code, err) == (0, "") and len(out.splitlines()) > 2
    assert re.search(r"Exit\s+code:\s+0\s.+\s1\s.+\s2\s+used\s+wrongly", out, re.S), out
    code, out, err = ask([*argv, "--nonsense"], str(tmp_path))
    assert (code, out) == (2, "") and "--nonsense" in err and len(err.splitlines()) < 20, err
    said = subprocess.run([os.path.join(TOP, "scripts", "version.sh")], capture_output=True,
                          text=True, check=True).stdout
    assert re.match(r"\d+\.\d+\.\d+( \([0-9a-f]{12}(-dirty)?\))?\n$", said), said
    assert ask([*argv, "--version"]) == (0, f"{os.path.basename(argv[-1])} {said}", "")
    assert ask([*argv, "--version"], str(tmp_path))[0] == 0


@pytest.mark.parametrize("no_color,term", [("", "xterm"), ("1", "xterm"), ("", "dumb"), ("", None)])
def test_progress_and_colours_are_for_a_terminal(tmp_path, no_color, term):
    """The test command and the checks; without a terminal (None) there is neither."""
    fake = tmp_path / "make"
    fake.write_text("#!/bin/sh\nexec scripts/check.sh statics includes\n")
    fake.chmod(0o755)
    env = dict(os.environ, O=str(tmp_path), NO_COLOR=no_color, TERM=term or "xterm",
               PATH=f"{tmp_path}:{os.environ['PATH']}")
    argv = [os.path.join(TOP, "tests", "run"), "check"]
    if term:
        child = pexpect.spawn(argv[0], argv[1:], env=env, encoding="utf-8", timeout=120)
        child.expect(pexpect.EOF)
        child.close()
        code, said = child.exitstatus, child.before
    else:
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        code, said = done.returncode, done.stdout + done.stderr
    assert code == 0 and said.splitlines()[-1] == "2 passed, 0 failed", said
    assert ("[1/2] statics" in said and "[2/2] includes" in said) == (term == "xterm"), said
    assert ("--- check --- 1 of 1" in said) == (term == "xterm"), said
    assert ("\033[1;32mok\033[m   statics" in said) == (term == "xterm" and not no_color), said
    assert term == "xterm" or "\033" not in said


def test_interrupted_tests_end_in_silence(tmp_path):
    """By Ctrl-C: with the exit code of other commands, and no traceback."""
    fake = tmp_path / "make"
    fake.write_text("#!/bin/sh\necho begun\nexec sleep 600\n")
    fake.chmod(0o755)
    env = dict(os.environ, O=str(tmp_path), PATH=f"{tmp_path}:{os.environ['PATH']}")
    # What a shell starts in the background ignores SIGINT, and all that it starts.
    child = pexpect.spawn(os.path.join(TOP, "tests", "run"), ["check"], env=env, encoding="utf-8",
                          timeout=120,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    child.expect("begun")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130 and "Traceback" not in child.before, child.before


def test_compile_commands_compile(tmp_path):
    """Each source of the tree has an entry, and what the entry says compiles it.

    One of each kind is tried. The file is written elsewhere, so a person's own is not touched.
    """
    path = os.path.join(TOP, "compile_commands.json")
    kept = None
    if os.path.exists(path):
        with open(path, "rb") as file:
            kept = file.read()
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    try:
        done = subprocess.run(["make", "--no-print-directory", "O=" + OUT, "compile-commands"],
                              cwd=TOP, env=env, capture_output=True, text=True, check=True)
        with open(path, encoding="utf-8") as file:
            entries = {entry["file"]: entry for entry in json.load(file)}
    finally:
        os.unlink(path)
        if kept is not None:
            with open(path, "wb") as file:
                file.write(kept)
    assert f"compile_commands.json: {len(entries)} files" in done.stdout
    sources = subprocess.run(["git", "ls-files", "*.c"], cwd=TOP, capture_output=True, text=True,
                             check=True).stdout.split()
    assert {s for s in sources if not s.startswith("lib/libc/")} <= set(entries)
    for name in ("core/boot/boot.c", "guests/manager/manager.c", "examples/hello/hello.c",
                 "tests/unit/mm/test_space.c", "tools/cleave-check.c", "guests/linux/main.c",
                 "arch/riscv/efi/efi_main.c"):
        if name.startswith("guests/linux/") and not shutil.which(entries[name]["arguments"][0]):
            continue
        subprocess.run([*entries[name]["arguments"], "-fsyntax-only"], check=True,
                       cwd=entries[name]["directory"])


def test_missing_tool_is_named_with_its_package():
    done = subprocess.run([os.path.join(TOP, "scripts/need.sh"), "sh", "/none/dtc", "/none/cpio"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "/none/dtc is missing: it is in the Debian package device-tree-compiler; 'make setup' "
        "installs it",
        "/none/cpio is missing: it is in the Debian package cpio; 'make setup' installs it",
    ]


def test_run_takes_a_configuration_files_and_arguments_of_qemu(tmp_path):
    fake = tmp_path / "qemu"
    fake.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo QEMU emulator version 10.0 || "
                    "echo started \"$@\"\n")
    fake.chmod(0o755)
    program = tmp_path / "some.bin"
    program.write_bytes(b"\x13\0\0\0")
    config = tmp_path / "my.dts"
    config.write_text('/dts-v1/; / { compatible = "cleave,config"; #address-cells = <2>; '
                      '#size-cells = <2>; partitions { p { compatible = "cleave,partition"; '
                      'cpus = <1>; memory = <0 0x80000000 0 0x800000>; kernel = "my.bin"; }; }; };')
    out = os.environ.get("O", os.path.join(TOP, "build"))
    env = dict(os.environ, O=out, QEMU=str(fake), CONFIG=str(config), FILES=f"my.bin={program}",
               QEMU_ARGS="-device e1000 -s", SMP="2")
    done = subprocess.run([os.path.join(TOP, "scripts/run.sh")], env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    started = done.stdout.splitlines()[-1]
    assert started.startswith("started -M virt ") and started.endswith(" -device e1000 -s")
    assert " -smp 2 " in started and "/my.cpio " in started


def test_run_refuses_an_unknown_guest():
    env = dict(os.environ, GUEST="nobody")
    done = subprocess.run([os.path.join(TOP, "scripts/run.sh")], env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode != 0
    assert "GUEST=nobody is not known" in done.stderr


def test_run_refuses_an_unknown_demonstration():
    env = dict(os.environ, DEMO="nothing")
    done = subprocess.run([os.path.join(TOP, "scripts/run.sh")], env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode != 0
    assert "DEMO=nothing is not known" in done.stderr


def test_migration_demonstration_names_what_is_missing():
    env = dict(os.environ, DEMO="migrate", LINUX="0.0")
    done = subprocess.run([os.path.join(TOP, "scripts/run.sh")], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "is not here: 'make setup' downloads" in done.stderr


# The output of two machines that count. A prompt or progress row is erased when another line
# comes, and is printed again after that line.
ROWS = (
    b"cleave| input goes to partition 1 \"linux\" (running); Ctrl-] ? explains\r\n"
    b"linux| counter 1\r\n"
    b"manager| manager> "
    b"mig\r\x1b[Klinux| counter 2\r\nmanager| manager> mig\r\x1b[Kmanager| manager> migrate\r\n"
    b"manager| \x1b[1mlinux: pass 1\x1b[0m\r\x1b[Klinux| counter 3\r\n"
    b"manager| linux: pass 2\r\x1b[K"
    b"manager| done: migrate linux to peer \xc3\xa9\r\n")
LINES = [
    'cleave| input goes to partition 1 "linux" (running); Ctrl-] ? explains', "linux| counter 1",
    "linux| counter 2", "manager| manager> migrate", "linux| counter 3",
    "manager| done: migrate linux to peer \u00e9"
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_migration_demonstration_reads_whole_lines(monkeypatch, size):
    """The demonstration reads whole lines, however the output is cut into pieces.

    An open row at the place of a line makes no difference.
    """
    monkeypatch.setattr(demo_migrate, "argv_of", lambda side, folder: ["/bin/true"])
    console = demo_migrate.Console("left", "nowhere")
    try:
        lines = [
            line for at in range(0, len(ROWS), size) for line in console.take(ROWS[at:at + size])
        ]
        assert lines == LINES
        assert demo_migrate.numbers(console, "linux") == [1, 2, 3]
        assert console.wait(r"linux\| .*counter 2\n") and console.wait(
            r"manager\| ((?:done|failed): .*)\n")[1] == LINES[-1][9:]
    finally:
        console.child.wait()
        console.child.close(force=True)


def test_soak_refuses_an_unknown_load():
    done = subprocess.run([os.path.join(TOP, "tests/bench/soak.py"), "nothing"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no load nothing; there are: idle writer25 writer100 kernel clock counter" in done.stderr


@pytest.mark.parametrize("given, made, not_made", [
    ([], "guests/manager.bin", "guests/windows.bin"),
    (["DEMO=time"], "guests/windows.bin", "guests/manager.bin"),
    (["CONFIG=my.dts", "FILES=a={}/tests/guests/mmio.bin"], "tests/guests/mmio.bin",
     "guests/manager.bin"),
])
def test_run_builds_what_it_runs(tmp_path, given, made, not_made):
    """`make run` builds what it boots, and neither tests' programs nor examples."""
    done = subprocess.run(["make", "-n", f"O={tmp_path}", "run",
                           *(word.format(tmp_path) for word in given)], cwd=TOP,
                          env=dict(os.environ, MAKEFLAGS=""), capture_output=True, text=True,
                          check=True)
    built = {word for word in done.stdout.split() if word.startswith(str(tmp_path))}
    names = {os.path.relpath(word, tmp_path) for word in built}
    assert {"cleave.bin", "host/cleave-check", made} <= names
    assert not_made not in names
    assert {n for n in names if n.startswith("tests/guests/") and n.endswith(".bin")} <= {made}
    assert "examples" not in done.stdout


def test_clean_leaves_what_a_person_chose(tmp_path):
    """`make clean` removes what builds, checks, tests and `make run` have made in O.

    It keeps the configuration, and files that it does not know.
    """
    for folder in ("bench", "check", "clang", "debug", "fuzz", "guest", "guests", "host", "include",
                   "interference", "linux", "obj", "proofs", "run", "test", "test-logs", "tests",
                   "unit"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    kept = {".config", ".config.old", "defconfig", "mine"}
    for file in {"cleave.bin", "cleave.elf", "cleave.map", "linker.lds"} | kept:
        (tmp_path / file).touch()
    env = {
        k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "O")
    }
    subprocess.run(["make", "--no-print-directory", f"O={tmp_path}", "clean"], cwd=TOP, env=env,
                   check=True)
    assert set(os.listdir(tmp_path)) == kept


def test_setup_refuses_an_unknown_part():
    done = subprocess.run([os.path.join(TOP, "scripts/setup.sh"), "nothing"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_setup_warns_of_a_libfdt_folder_that_is_not_one(tmp_path):
    env = dict(os.environ, LIBFDT_DIR=str(tmp_path))
    done = subprocess.run([os.path.join(TOP, "scripts/setup.sh"), "fetch"], env=env,
                          capture_output=True, text=True, check=False)
    assert f"LIBFDT_DIR={tmp_path} lacks" in done.stderr


def test_initrd_is_the_same_twice_and_holds_init(tmp_path):
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"\x7fELF not really")
    load = tmp_path / "load"
    load.write_bytes(b"\x7fELF neither")
    outs = [tmp_path / "a.gz", tmp_path / "b.gz"]
    for out in outs:
        subprocess.run([os.path.join(TOP, "scripts/mkinitrd.sh"), busybox, load, out], check=True)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    names = subprocess.run(["cpio", "-t", "--quiet"], input=gzip.decompress(outs[0].read_bytes()),
                           check=True, stdout=subprocess.PIPE).stdout.decode().split()
    assert {"init", "bin/busybox", "bin/workload", "bin/cleave-load"} <= set(names)


def test_include_rules_can_fail():
    assert check_includes.self_test() == []
    assert check_includes.check("mm/x.c", '#include "core/vm/vm.h"\n')
    assert not check_includes.check("core/vm/x.c", '#include "mm/space.h"\n')


def test_every_document_is_in_the_index():
    folder = os.path.join(TOP, "docs")
    names = {n for n in os.listdir(folder) if n.endswith(".md")} - {"README.md"}
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        listed = set(re.findall(r"^\| \[[^]]+\]\((\S+)\)", file.read(), re.M))
    assert listed == names


def test_the_demonstration_ends_with_what_to_type_next(tmp_path):
    """On a terminal, and only where it went well."""
    for program in ("guests/manager.bin", "guests/workload.bin", "host/cleave-check"):
        path = tmp_path / program
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nexit 0\n")
        path.chmod(0o755)
    for status in (0, 3):
        fake = tmp_path / "qemu"
        fake.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo QEMU emulator version 10.0 && "
                        f"exit 0\necho started; exit {status}\n")
        fake.chmod(0o755)
        env = dict(os.environ, O=str(tmp_path), QEMU=str(fake), GUEST="demo")
        env.pop("CLEAVE_CHECK", None)
        child = pexpect.spawn(os.path.join(TOP, "scripts/run.sh"), env=env, encoding="utf-8",
                              timeout=120)
        child.expect(pexpect.EOF)
        child.close()
        assert "started" in child.before and child.exitstatus == status
        assert ("What next?" in child.before) == (status == 0), child.before
