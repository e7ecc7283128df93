# SPDX-License-Identifier: BSD-2-Clause
"""What the demonstrations share: where things are, archives, and what a console says."""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(TOP, os.environ.get("O", "build"))
SECONDS = 300 * float(os.environ.get("TEST_SLOW", "1"))  # after which a machine is given up
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[@-~]|\r")  # what is no text


def pack(archive, config, files):
    """Make a boot archive of a configuration of guests/ and {name: file}."""
    for path in files.values():
        if not os.path.exists(path):
            sys.exit(f"demo: {os.path.relpath(path, TOP)} is not here: 'make setup' downloads, "
                     f"'make' builds")
    subprocess.run([
        os.path.join(TOP, "tools", "cleave-archive"), "-o", archive,
        os.path.join(TOP, "guests", config), *(f"{name}={path}" for name, path in files.items())
    ], env=dict(os.environ, CLEAVE_CHECK=os.path.join(OUT, "host", "cleave-check")), check=True,
                   stdout=subprocess.DEVNULL)
