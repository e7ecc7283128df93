#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The one place that knows how Cleave is started in QEMU.

As a module: command() gives the argument list that tests, benchmarks and `make run` start.
As a program: prints that command, and with --run becomes it.

    scripts/qemu.py --initrd build/run/demo.cpio --smp 4 --mem 4G --append "..." --run

The hart's A/D bits: QEMU's harts set the A and D bits of a guest's own page tables by hardware
unless told otherwise, and do so through a G-stage mapping that does not allow the write, so a
dirty log would miss them. `svadu=off,svade=on` makes them trap, as the harts that Cleave is for do.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile

import usage

QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
CPU = "rv64,h=true,svadu=off,svade=on"
OLDEST = (10, 0)

# For scripts/coverage.py: a folder in which each QEMU leaves a list of the hypervisor's code that
# it came to, each block when it is translated, which is right before it first runs.
TRACE = os.environ.get("CLEAVE_TRACE")
TRACE_RANGE = "0xffffffff80000000+0x200000"  # arch/riscv/layout.h: the image


def command(kernel, initrd=None, smp=4, mem="4G", cpu_extra="", append="", extra=(), machine=""):
    """The argument list that starts QEMU with the hypervisor `kernel` (a flat binary).

    cpu_extra: further CPU properties, e.g. "sstc=off" or "sv48=off"
    machine:   further machine properties, e.g. "aia=aplic-imsic"
    extra:     further arguments, put last
    """
    argv = [QEMU, "-M", "virt" + ("," + machine if machine else "")]
    argv += ["-cpu", CPU + ("," + cpu_extra if cpu_extra else "")]
    argv += ["-smp", str(smp), "-m", str(mem), "-nographic", "-kernel", str(kernel)]
    if initrd:
        argv += ["-initrd", str(initrd)]
    if append:
        argv += ["-append", append]
    if TRACE:
        handle, path = tempfile.mkstemp(".log", "qemu-", TRACE)
        os.close(handle)
        argv += ["-d", "in_asm", "-dfilter", TRACE_RANGE, "-D", path]
    return argv + [str(e) for e in extra]


# The virtio-mmio slot of QEMU's virt machine that link() fills; `devices` names it so.
LINK_NODE = "/soc/virtio_mmio@10001000"


def link(ports):
    """QEMU's arguments for a console device with the ports of {name: character device}.

    link({"cleave.peer": "socket,path=/tmp/peer,server=on,wait=off"})
    """
    argv = [
        "-global", "virtio-mmio.force-legacy=false", "-device",
        "virtio-serial-device,bus=virtio-mmio-bus.0"
    ]
    for number, (name, chardev) in enumerate(ports.items()):
        backend, _, options = chardev.partition(",")
        argv += ["-chardev", f"{backend},id=link{number}" + ("," + options if options else "")]
        argv += ["-device", f"virtserialport,chardev=link{number},name={name}"]
    return argv


def icount(shift=0, turn=0):
    """QEMU's arguments for exact counts, which are the same in every run.

    An instruction takes 2^shift nanoseconds of the time that all harts see. One thread executes
    them by turns, and the others stand still meanwhile. A turn ends when the next timer of the
    machine is due.

    turn: have a timer that is due every so many microseconds (that of a network filter without a
    network), so that turns are short; 0: none
    """
    argv = ["-icount", f"shift={shift},sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]
    if turn:
        argv += ["-netdev", "hubport,id=turn,hubid=0", "-object",
                 f"filter-buffer,id=turns,netdev=turn,interval={turn}"]
    return argv


def version():
    """(major, minor) of the QEMU that command() names, or None when there is none."""
    try:
        text = subprocess.run([QEMU, "--version"], capture_output=True, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"version (\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def complaint():
    """One line on what is wrong with this machine's QEMU, or None."""
    have = version()
    if have is None:
        return (f"{QEMU} is missing: it is in the Debian package qemu-system-riscv; 'make setup' "
                f"installs it")
    if have < OLDEST:
        return (
            f"QEMU {have[0]}.{have[1]} cannot be trusted for dirty logging: its harts update A/D "
            f"bits of "
            "guest page tables through a write-protected G-stage mapping, without a trap. "
            "Use 10.0 or later ('make setup' installs it on Debian)")
    return None


def main():
    parser = usage.parser("print (or become) the command that boots Cleave in QEMU")
    parser.add_argument("--kernel", default="build/cleave.bin",
                        help="the hypervisor (default: %(default)s)")
    parser.add_argument("--initrd", help="the boot archive")
    parser.add_argument("--smp", default="4", help="harts (default: %(default)s)")
    parser.add_argument("--mem", default="4G", help="memory (default: %(default)s)")
    parser.add_argument("--cpu", default="", help="further CPU properties, e.g. sstc=off")
    parser.add_argument("--machine", default="",
                        help="further machine properties, e.g. aia=aplic-imsic")
    parser.add_argument("--append", default="", help="boot arguments of the hypervisor")
    parser.add_argument(
        "--link", action="append", default=[], metavar="NAME=CHARDEV",
        help="a port of the console device at " + LINK_NODE + ", e.g. "
        "cleave.peer=socket,path=/tmp/peer,server=on,wait=off; may stand more than once")
    parser.add_argument("--run", action="store_true",
                        help="become the command instead of printing it")
    parser.add_argument("extra", nargs="*", help="further arguments of QEMU, after --")
    args = parser.parse_args()

    for port in args.link:
        if "=" not in port:
            parser.error(f"--link {port}: wanted: NAME=CHARDEV")
    ports = dict(port.split("=", 1) for port in args.link)
    extra = (link(ports) if ports else []) + args.extra
    argv = command(args.kernel, args.initrd, args.smp, args.mem, args.cpu, args.append, extra,
                   args.machine)
    print(shlex.join(argv), flush=True)
    if not args.run:
        return 0
    wrong = complaint()
    if wrong:
        print("qemu.py: " + wrong, file=sys.stderr)
        if version() is None:
            return 1
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    sys.exit(main())
