# SPDX-License-Identifier: BSD-2-Clause
"""Boot a guest of tests/guests/ on one hart of QEMU, with the configuration of its name here."""

import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
import qemu  # noqa: E402


def console(out, name, mem, icount):
    """What the machine says until it ends. @out is the build folder."""
    with tempfile.TemporaryDirectory() as folder:
        archive = os.path.join(folder, name + ".cpio")
        subprocess.run([
            os.path.join(TOP, "tools/cleave-archive"), "-o", archive,
            os.path.join(TOP, "tests/bench", name + ".dts"),
            f"{name}.bin=" + os.path.join(out, "tests/guests", name + ".bin")
        ], env=dict(os.environ, CLEAVE_CHECK=os.path.join(out, "host/cleave-check")),
                       check=True, stdout=subprocess.DEVNULL)
        argv = qemu.command(kernel=os.path.join(out, "cleave.bin"), initrd=archive, smp=1, mem=mem,
                            append="", extra=icount)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600, check=False)
    return done.stdout.decode(errors="replace")
