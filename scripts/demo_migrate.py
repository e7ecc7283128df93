#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Show how a running Linux moves from one machine to another (`make run DEMO=migrate`).

A socket joins the managers of two QEMUs. On a terminal the two stand in two panes of tmux: the
script types what a person would, and the keyboard works all the time. Without a terminal the script
does the same and prints every line with its side in front. The exit status says whether the guest
arrived, verified and without a missing line.

    scripts/demo_migrate.py                  in tmux on a terminal; as lines where there is none
    scripts/demo_migrate.py --lines          as lines
    scripts/demo_migrate.py pane left DIR    what a pane runs
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pexpect

import demo
import qemu
import usage

ESCAPE = "\x1d"  # Ctrl-]
ROW_CLEAR = b"\r\x1b[K"
# A row that ends in ESC [ m goes on in the next, which begins with `name> `. A terminal may send
# two CR for one.
LINE_END = re.compile(rb"(?<!\x1b\[m\r)(?<!\x1b\[m\r\r)\n")
ROW_END = re.compile(rb"\x1b\[m\r+\n[^\s>]+> ")
MEMORY = "2G"
COMMAND = "migrate linux to peer --downtime 1000 --passes 8 --verify"
HINT = ("Ctrl-b o: the other machine | Ctrl-] ?: its console | Ctrl-a x: end it | "
        "and back: right, Ctrl-] manager, migrate spare to peer")


class Lost(Exception):
    """The machine did not say what it should."""


# --- a machine and what it says ------------------------------------------------------------------


def argv_of(side, folder):
    """QEMU's command line of a side. The left machine waits for nobody; the right one connects."""
    path = os.path.join(folder, "peer")
    chardev = f"socket,path={path}," + ("server=on,wait=off"
                                        if side == "left" else "reconnect-ms=200")
    return qemu.command(os.path.join(demo.OUT, "cleave.bin"), os.path.join(folder, side + ".cpio"),
                        smp=3, mem=MEMORY, extra=qemu.link({"cleave.peer": chardev}))


class Console:
    """A machine's console: the whole lines that it said, as plain text, and who types at it."""

    def __init__(self, side, folder):
        self.child = pexpect.spawn(*(lambda a: (a[0], a[1:]))(argv_of(side, folder)), echo=False)
        self.child.delaybeforesend = None
        self.text = ""
        self.rest = b""  # of the line that is still open
        self.at = 0
        self.ended = False
        self.news = threading.Condition()

    def take(self, data):
        """
        Take what came. Return: the lines that are whole now. What the sender took back before a
        line (CR, ESC [K) was no line yet. All control sequences of a whole line are whole.
        """
        *whole, self.rest = LINE_END.split(self.rest + data)
        lines = [
            demo.SEQUENCE.sub("",
                              ROW_END.sub(b"",
                                          line.rpartition(ROW_CLEAR)[2]).decode(errors="replace"))
            for line in whole
        ]
        with self.news:
            self.text += "".join(line + "\n" for line in lines)
            self.news.notify_all()
        return lines

    def filter(self, data):
        """The same as pexpect's output filter, which hands on what came."""
        self.take(data)
        return data

    def end(self):
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait(self, pattern):
        """Wait for text in whole lines after what was waited for before. Return: the match."""
        regex, end = re.compile(pattern), time.monotonic() + demo.SECONDS
        with self.news:
            while True:
                match = regex.search(self.text, self.at)
                if match:
                    self.at = match.end()
                    return match
                if self.ended or not self.news.wait(max(0.0, end - time.monotonic())):
                    raise Lost(f"it did not say '{pattern}'")

    def type(self, text):
        self.child.send(text)

    def focus(self, name):
        self.type(ESCAPE + name + "\r")
        self.wait(rf'input goes to partition \d+ "{name}"')


# --- what is played ------------------------------------------------------------------------------


def play_left(c, lines):
    """Wait until Linux counts, then send it away."""
    c.wait(r"linux\| .*counter 5\n")
    c.focus("manager")
    if lines:
        c.type("script on\r")
        c.wait(r"manager\| ok\n")
    end = time.monotonic() + demo.SECONDS
    verdict = "error: port"
    while verdict.startswith("error: port") and time.monotonic() < end:
        c.type(COMMAND + "\r")
        verdict = c.wait(r"manager\| (?:\* )?((?:done|failed|error): .*)\n")[1]
        if verdict.startswith("error: "):
            time.sleep(1)  # the other machine is not up yet
    if not verdict.startswith("done: "):
        raise Lost(verdict)


def play_right(c, lines):
    """Wait until the guest is here, and give it the keyboard."""
    if lines:
        c.wait(r"input goes to partition")
        c.focus("manager")
        c.type("script on\r")
        c.wait(r"manager\| ok\n")
    verdict = c.wait(r"manager\| (?:\* )?((?:done|failed): .*)\n")[1]
    if not verdict.startswith("done: "):
        raise Lost(verdict)
    c.focus("spare")
    c.wait(r"spare\| .*counter \d+\n(?s:.*)counter \d+\n")


PLAY = {"left": play_left, "right": play_right}


def play(side, console, lines, wrong):
    """A thread: play a side, and note what went wrong."""
    try:
        PLAY[side](console, lines)
    except Lost as lost:
        wrong.append(f"{side}: {lost}")


# --- as lines ------------------------------------------------------------------------------------


def show_lines(side, console):
    """A thread: print whole lines until the machine ends."""
    while True:
        try:
            data = console.child.read_nonblocking(65536, None)
        except pexpect.EOF:
            break
        for line in console.take(data):
            print(f"{side:<5} {line}", flush=True)
    console.end()


def numbers(console, name):
    return [int(n) for n in re.findall(rf"^{name}\| .*?counter (\d+)$", console.text, re.M)]


def as_lines(folder):
    """Play both sides and print what they say. Return: the exit status."""
    wrong, sides = [], {side: Console(side, folder) for side in PLAY}
    threads = [
        threading.Thread(target=show_lines, args=item, daemon=True) for item in sides.items()
    ]
    players = [
        threading.Thread(target=play, args=(side, c, True, wrong)) for side, c in sides.items()
    ]
    try:
        for thread in threads + players:
            thread.start()
        while any(thread.is_alive() for thread in players) and not wrong:
            time.sleep(0.1)
    finally:
        for console in sides.values():
            console.child.kill(signal.SIGKILL)
        for thread in threads + players:
            thread.join()
    left, right = numbers(sides["left"], "linux"), numbers(sides["right"], "spare")
    counted = sorted(set(left) | set(right))
    if not wrong and (len(counted) != len(left) + len(right)
                      or counted != list(range(1,
                                               len(counted) + 1))):
        wrong.append(f"the counter's lines: {left} on the left, {right} on the right")
    for line in wrong:
        print(f"demo: FAILED: {line}")
    if not wrong:
        print(f"demo: Linux moved, every page compared; it counted to {left[-1]} on the left and "
              f"from {right[0]} on the right")
    return 1 if wrong else 0


# --- in panes ------------------------------------------------------------------------------------


def pane(side, folder):
    """One machine on this terminal: the keyboard works, and the script types too."""
    console, wrong = Console(side, folder), []

    def played():
        play(side, console, False, wrong)
        for line in wrong:
            sys.stdout.write(f"\r\ndemo: {line}\r\n")
            sys.stdout.flush()

    threading.Thread(target=played, daemon=True).start()
    console.child.interact(escape_character=None, output_filter=console.filter)
    console.end()
    return 0


def in_panes(folder):
    """Both machines in a tmux without the user's settings. Return: the exit status."""
    tmux = ["tmux", "-S", os.path.join(folder, "tmux"), "-f", "/dev/null"]
    width, height = shutil.get_terminal_size()
    env = {k: v for k, v in os.environ.items() if k != "TMUX"}

    def of(side):
        return shlex.join([sys.executable, os.path.abspath(__file__), "pane", side, folder])

    def run(*args):
        subprocess.run([*tmux, *args], env=env, check=True)

    run("new-session", "-d", "-s", "demo", "-x", str(width), "-y", str(height), of("left"))
    try:
        run("set-option", "-g", "status-left", "")
        run("set-option", "-g", "status-right", "")
        run("set-option", "-g", "window-status-current-format", HINT)
        run("set-option", "-g", "pane-border-status", "top")
        run("set-option", "-g", "pane-border-format",
            " #{?#{==:#{pane_index},0},left,right} machine ")
        # A row of the manager's table is some 85 columns wide.
        run("split-window", "-h" if width >= 170 else "-v", "-t", "demo", of("right"))
        run("select-pane", "-t", "demo:0.0")
        return subprocess.run([*tmux, "attach-session", "-t", "demo"], env=env,
                              check=False).returncode
    finally:
        subprocess.run([*tmux, "kill-server"], env=env, check=False, stderr=subprocess.DEVNULL)


# --- main ----------------------------------------------------------------------------------------


def pack(folder, version):
    """The boot archives of both machines."""
    manager = {"manager.bin": os.path.join(demo.OUT, "guests", "manager.bin")}
    guest = {"Image": os.path.join(demo.TOP, "deps", f"linux-{version}", "Image"),
             "initrd.gz": os.path.join(demo.OUT, "linux", "initrd.gz")}
    sides = (("left", {**manager, **guest}), ("right", manager))
    for number, (side, files) in enumerate(sides, 1):
        usage.progress(number, len(sides), f"the boot archive of the {side} machine")
        demo.pack(os.path.join(folder, side + ".cpio"), f"manager/demo-migrate-{side}.dts", files)
    usage.progress()


def main():
    parser = usage.parser(__doc__.splitlines()[0])
    parser.add_argument("--lines", action="store_true", help="print lines, also on a terminal")
    parser.add_argument("--linux", default="6.12", help="which of deps/linux-* (%(default)s)")
    parser.add_argument("pane", nargs="*", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pane:
        return pane(*args.pane[1:])
    wrong = qemu.complaint()
    if wrong:
        sys.exit("demo: " + wrong)
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and not args.lines
    if terminal and not shutil.which("tmux"):
        print("demo: tmux is not here ('make setup' installs it): lines instead of panes")
        terminal = False
    with tempfile.TemporaryDirectory(prefix="cleave-demo-") as folder:
        pack(folder, args.linux)
        return in_panes(folder) if terminal else as_lines(folder)


if __name__ == "__main__":
    sys.exit(main())
