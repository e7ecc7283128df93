# SPDX-License-Identifier: BSD-2-Clause
"""What the scripts and tools share: --help, --version, exit codes, progress and colours.

What a script ends with: 0 it went well, 1 it did not, 2 used wrongly.
"""

import argparse
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXIT = "Exit code: 0 it went well, 1 it did not, 2 used wrongly."


def version():
    """Which Cleave this is: the number and the commit."""
    return subprocess.run([os.path.join(TOP, "scripts", "version.sh")], capture_output=True,
                          text=True, check=True).stdout.strip()


def files(*patterns):
    """The files of this tree, as scripts/files.sh lists them."""
    return subprocess.run([os.path.join(TOP, "scripts", "files.sh"), *patterns], check=True,
                          capture_output=True, text=True).stdout.split()


def show_version():
    """Print it, and end."""
    print(os.path.basename(sys.argv[0]), version())
    sys.exit(0)


def show(text, *options, words=0):
    """For scripts without a parser: answer --help with `text`, and --version.

    Only `options` are taken, and at most `words` other arguments.
    """
    argv = sys.argv[1:]
    if {"-h", "--help"} & set(argv):
        print(text.strip() + "\n\n" + EXIT)
        sys.exit(0)
    if "--version" in argv:
        show_version()
    unknown = [a for a in argv if a.startswith("-") and a not in options]
    more = [a for a in argv if not a.startswith("-")][words:]
    if unknown or more:
        what = f"there is no option {unknown[0]}" if unknown else \
            f"'{more[0]}' is one argument too many"
        print(f"{os.path.basename(sys.argv[0])}: {what}; --help says how it is used",
              file=sys.stderr)
        sys.exit(2)


class Version(argparse.Action):
    """The commit is asked for only when somebody wants it."""

    def __init__(self, option_strings, dest):
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0,
                         help="say which Cleave this is of")

    def __call__(self, *_):
        show_version()


def parser(text):
    """An ArgumentParser that knows --version and says the exit codes."""
    made = argparse.ArgumentParser(description=text, epilog=EXIT)
    made.add_argument("--version", action=Version)
    return made


def terminal(stream):
    """True for a terminal that can overwrite a line."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def coloured(stream):
    """True for a terminal, unless somebody has said NO_COLOR (no-color.org)."""
    return terminal(stream) and not os.environ.get("NO_COLOR")


def colour(stream, number, text):
    """`text`, in the colour of that number where `stream` has colours."""
    return f"\033[1;{number}m{text}\033[m" if coloured(stream) else text


def progress(done=0, of=0, text=""):
    """Show a row on standard error that the next one overwrites; without arguments, end it.

    Only on a terminal: a log has no use for it.
    """
    if terminal(sys.stderr):
        row = f"[{done}/{of}] {text}" if of else ""
        print(f"\r\033[K{row}", end="", file=sys.stderr, flush=True)
