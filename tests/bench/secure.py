# SPDX-License-Identifier: BSD-2-Clause
"""What TLS takes for each page of a secured link, and for a handshake (tests/guests/secure)."""

import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
import qemu  # noqa: E402

# key of the guest's line, name, limit
ROWS = [
    ("secure_page_source", "a page of a secured link: at the source", 260_000),
    ("secure_page_destination", "a page of a secured link: at the destination", 280_000),
    ("secure_handshake_client", "handshake of a secured link: client", 30_000_000),
    ("secure_handshake_server", "handshake of a secured link: server", 30_000_000),
]


def rows(out, icount):
    """The rows of a secured link, which are exact. `peer` is the limit."""
    with tempfile.TemporaryDirectory() as folder:
        archive = os.path.join(folder, "secure.cpio")
        subprocess.run([
            os.path.join(TOP, "tools/cleave-archive"), "-o", archive,
            os.path.join(TOP, "tests/bench/secure.dts"),
            "secure.bin=" + os.path.join(out, "tests/guests/secure.bin")
        ], env=dict(os.environ, CLEAVE_CHECK=os.path.join(out, "host/cleave-check")),
                       check=True, stdout=subprocess.DEVNULL)
        argv = qemu.command(kernel=os.path.join(out, "cleave.bin"), initrd=archive, smp=1,
                            mem="512M", append="", extra=icount)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600, check=False)
    text = done.stdout.decode(errors="replace")
    found = {key: int(count) // int(events) for key, count, events in
             re.findall(r"bench (secure_\w+) (\d+) (\d+) ", text)}
    if "FAIL" in text or any(key not in found for key, _, _ in ROWS):
        sys.stderr.write(text)
        sys.exit("bench: the guest with both ends of a secured link did not finish")
    return [{"name": name, "unit": "instructions", "peer": limit, "value": found[key]}
            for key, name, limit in ROWS]
