# SPDX-License-Identifier: BSD-2-Clause
"""The programs of examples/ do what docs/tutorial.md says, in the tree and from the SDK alone."""

import os
import re
import shutil
import subprocess
import tarfile

from machine import OUT, SHORT, command
from payloads import uboot


def example(name):
    """The archive that `make examples` has built."""
    return os.path.join(OUT, "examples", name, name + ".cpio")


def unpack(folder):
    """Unpack the SDK. Return: its folder."""
    with tarfile.open(os.path.join(OUT, "cleave-sdk.tar.gz")) as tar:
        tar.extractall(folder)
    return os.path.join(folder, "cleave-sdk")


def say_and_quit(m, name):
    """hello's ticks come, and what is typed comes back; q ends it."""
    m.wait(rf"^{name}\| hello from a partition")
    for line in (r"tick$", r"tick$", r"tick; now type, q ends$"):
        m.wait(rf"^{name}\| {line}")
    m.send("abq")
    m.wait(rf"^{name}\| abq$")
    m.wait(rf"^{name}\| bye$")


def test_hello_from_the_sdk_alone(boot, tmp_path):
    """hello is built in an empty folder, with nothing of the tree, and boots what the SDK has."""
    sdk = unpack(tmp_path / "sdk")
    work = tmp_path / "work"
    work.mkdir()
    for name in ("Makefile", "hello.c", "hello.ld", "hello.dts"):
        shutil.copy(os.path.join(sdk, "examples", "hello", name), work)
    env = {k: v for k, v in os.environ.items()
           if k in ("PATH", "HOME", "LANG", "CROSS_COMPILE", "DTC")}
    done = subprocess.run(["make", f"CLEAVE_SDK={sdk}"], cwd=work, env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # Whoever takes a source from there (VPATH) builds it, and does not take what is built there.
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(work / "hello.dts", other)
    (other / "Makefile").write_text("PROGRAMS := hello\nVPATH := ../work\nCONFIG := hello.dts\n"
                                    "include $(CLEAVE_SDK)/guests/lib/guest.mk\n")
    done = subprocess.run(["make", f"CLEAVE_SDK={sdk}"], cwd=other, env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    m = boot(argv=command(kernel=os.path.join(sdk, "build", "cleave.bin"),
                          initrd=str(other / "build" / "hello.cpio"), smp=2))
    say_and_quit(m, "hello")
    assert m.wait_end() == 0
    subprocess.run(["make", "-s", f"CLEAVE_SDK={sdk}", "clean"], cwd=work, env=env, check=True)
    assert os.listdir(work / "build") == []


def test_a_program_with_the_library_from_the_sdk(tmp_path):
    """The same program from the SDK and in the tree has the same bytes, and no warning comes."""
    sdk = unpack(tmp_path)
    done = subprocess.run(["make", "-C", os.path.join(sdk, "examples", "restart")],
                          capture_output=True, text=True, check=False,
                          env={k: v for k, v in os.environ.items() if k not in ("O", "MAKEFLAGS")})
    assert done.returncode == 0 and "warning" not in done.stdout + done.stderr, done.stderr
    for name in ("watch.bin", "failing.bin"):
        with open(os.path.join(sdk, "examples", "restart", "build", name), "rb") as a, \
                open(os.path.join(OUT, "examples", "restart", name), "rb") as b:
            assert a.read() == b.read()


def test_three_partitions(boot, linux):
    """Linux comes up on two harts, while U-Boot and hello share a third."""
    linux()
    uboot()
    m = boot(archive=example("three-partitions"), smp=4)
    m.wait_all(r"^linux\| cleave-guest: up nproc=2 ", r"^uboot\| U-Boot 20",
               r"^hello\| tick; now type, q ends")
    m.focus("hello")
    m.send("q")
    m.wait(r'^cleave\| partition "hello": shut down by its guest')
    m.focus("uboot")
    m.wait_open(r"^uboot\| (Hit any key to stop autoboot|=> *$)")
    m.send("\r")
    m.wait_open(r"^uboot\| => *$")
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "uboot": shut down by its guest')
    m.focus("linux")
    m.prompt("linux")
    m.sendline("poweroff")
    assert m.wait_end() == 0


def test_manager(boot):
    """Ten passes see some pages and not all, and the huge leaves are there again."""
    m = boot(archive=example("manager"), smp=2)
    m.wait(r"^manager\| leaves before: 4 KiB: 0, 2 MiB: 32, 1 GiB: 0$")
    m.wait(r"^manager\| leaves logged: 4 KiB: 16384, 2 MiB: 0, 1 GiB: 0$")
    for number in range(1, 11):
        seen = m.wait(rf"^manager\| pass +{number}: +(\d+) pages written$")
        assert number == 1 or 0 < int(seen[1]) < 16384, seen[0]
    m.wait(r"^manager\| leaves after: 4 KiB: 0, 2 MiB: 32, 1 GiB: 0$")
    m.wait(r"^manager\| done$")
    assert m.wait_end() == 0


def test_restart(boot):
    """Two restarts by the configuration, one by the manager, and then it is given up."""
    m = boot(archive=example("restart"), smp=2)
    m.wait(r"^watch\| it fails again: give it up$", SHORT)
    m.wait(r'^cleave\| partition "failing": destroyed')
    assert m.wait_end() == 0
    assert m.lines("failing") == ["up: life 1, as always"] * 4
    said = "\n".join(m.lines("cleave"))
    assert len(re.findall(r'"failing": restarting it \(\d of 2', said)) == 2
    assert m.lines("watch").count("it has used up its restarts: reset it once") == 1
