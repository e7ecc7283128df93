# SPDX-License-Identifier: BSD-2-Clause
"""For scripts without arguments to parse: with --help, they print what they are for."""

import sys


def show(text):
    """Print `text` and end, where --help is asked for."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(text.strip())
        sys.exit(0)
