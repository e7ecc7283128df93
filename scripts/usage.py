# SPDX-License-Identifier: BSD-2-Clause
"""For scripts without arguments to parse: with --help, they print what they are for, and with
--version which Cleave they are of."""

import os
import sys


def show(text):
    """Print `text` and end, where --help is asked for."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(text.strip())
        sys.exit(0)
    if "--version" in sys.argv[1:]:
        top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        with open(os.path.join(top, "VERSION"), encoding="ascii") as file:
            print(os.path.basename(sys.argv[0]), file.read().strip())
        sys.exit(0)
