# SPDX-License-Identifier: BSD-2-Clause
"""What whole-machine tests are made of: partitions, archives, a QEMU and its console.

A test describes partitions, gets a Machine from the `boot` fixture (conftest.py), and waits for
lines on the console. It waits for events and never for time: the seconds below only say when it
gives up. The console is read as a terminal would show it (see Screen), so a line that was taken
back and shown again is one line. QEMU is always gone when the test ends.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import pexpect

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, os.environ.get("O", "build"))
DEPS = os.path.join(TOP, "deps")
LOGS = os.path.join(OUT, "test-logs")

sys.path.insert(0, os.path.join(TOP, "scripts"))
import qemu  # noqa: E402  (the one place that knows how Cleave is started)

ICOUNT = qemu.icount()  # an instruction takes one virtual nanosecond

MODES = ["sv39x4", "sv48x4", "sv57x4"]

# Seconds after which a test gives up. TEST_SLOW=3 triples them, for a slow machine.
SLOW = float(os.environ.get("TEST_SLOW", "1"))
SHORT = 90 * SLOW
LONG = 300 * SLOW

ESCAPE = "\x1d"  # Ctrl-]

# A line that says that the hypervisor itself is broken, or that it broke a rule of the memory layer
# (in a debug build). It ends the test.
BUG = re.compile(r"hypervisor bug|^cleave\| memory: rule M\d broken")


# --- partitions and archives ---------------------------------------------------------------------


def guest(name):
    """The program built from tests/guests/NAME or guests/NAME."""
    for folder in ("tests/guests", "guests"):
        path = os.path.join(OUT, folder, name + ".bin")
        if os.path.exists(path):
            return path
    raise FileNotFoundError(f"no program {name}.bin below {OUT}: run 'make' first")


def cells64(*values):
    return "<" + " ".join(f"{v >> 32:#x} {v & 0xffffffff:#x}" for v in values) + ">"


def partition(name, kernel="payload.bin", cpus=1, memory=((0x80000000, 16 << 20),), initrd=None,
              bootargs=None, more=""):
    """The device-tree node of a partition; `more` is further properties, as source text."""
    props = ['compatible = "cleave,partition"']
    if cpus is not None:
        props.append(f"cpus = <{cpus}>")
    if memory is not None:
        props.append("memory = " + ", ".join(cells64(*m) for m in memory))
    for key, value in (("kernel", kernel), ("initrd", initrd), ("bootargs", bootargs)):
        if value is not None:
            props.append(f'{key} = "{value}"')
    props += [p.strip() for p in more.split(";") if p.strip()]
    return f"\t\t{name} {{\n" + "".join(f"\t\t\t{p};\n" for p in props) + "\t\t};\n"


def plan(name, frame, *windows, more=""):
    """The node of a plan of time partitions.

    windows: (hart, partition, offset, length), times in microseconds; more: further properties
    """
    props = [f"frame = <{frame}>", *(p.strip() for p in more.split(";") if p.strip())]
    nodes = [f'\t\t\tw{i} {{ hart = <{hart}>; partition = "{who}"; offset = <{offset}>; '
             f"length = <{length}>; }};\n" for i, (hart, who, offset, length) in enumerate(windows)]
    return f"\t\t{name} {{\n" + "".join(f"\t\t\t{p};\n" for p in props) + "".join(nodes) + \
        "\t\t};\n"


def config(*partitions, plans=()):
    """The source of a configuration."""
    schedules = "\tschedules {\n" + "".join(plans) + "\t};\n" if plans else ""
    return ('/dts-v1/;\n/ {\n\tcompatible = "cleave,config";\n'
            "\t#address-cells = <2>;\n\t#size-cells = <2>;\n"
            "\tpartitions {\n" + "".join(partitions) + "\t};\n" + schedules + "};\n")


def compile_config(source):
    """The configuration as a blob, unchecked."""
    done = subprocess.run([os.environ.get("DTC", "dtc"), "-q", "-I", "dts", "-O", "dtb", "-"],
                          input=source.encode(), capture_output=True, check=True)
    return done.stdout


def newc(entries, trailer=True, mode=0o100644):
    """A cpio archive of (name, bytes) pairs, unchecked: names may repeat."""
    out = bytearray()
    for name, data in list(entries) + ([("TRAILER!!!", b"")] if trailer else []):
        raw = name.encode() + b"\0"
        fields = [1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0]
        out += b"070701" + b"".join(b"%08X" % f for f in fields) + raw
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def pack(path, source, files):
    """Make the archive `path` of a configuration and {name: file} with tools/cleave-archive."""
    dts = path + ".dts"
    with open(dts, "w", encoding="ascii") as f:
        f.write(source)
    argv = [os.path.join(TOP, "tools", "cleave-archive"), "-o", path, dts]
    argv += [f"{name}={file}" for name, file in files.items()]
    env = dict(os.environ, CLEAVE_CHECK=os.path.join(OUT, "host", "cleave-check"))
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")
    return path


# --- the console ---------------------------------------------------------------------------------


# What the firmware prints without a line end, in the middle of whatever line is open. OpenSBI 1.6
# does so for every instruction that it is asked to emulate and finds illegal: a guest's mret, say.
FIRMWARE = re.compile(r"system_opcode_insn: Invalid opcode for CSR read/write instruction")


class Screen:
    """What a terminal shows of a stream: whole lines, and the open one.

    A message of the firmware in the middle of a line is taken out of it, and is a line of its own.
    A line that was broken into rows is one line: each row but the last ends in ESC [ m, and each
    but the first begins with `name> `.
    """

    SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b[^\[]")

    def __init__(self):
        self.lines = []
        self.cells = []
        self.column = 0
        self.rest = ""
        self.goes_on = False  # the row ends in ESC [ m
        self.rows = ""  # the rows before this one of the same line

    @property
    def row(self):
        row = FIRMWARE.sub("", "".join(self.cells))
        return self.rows + row.partition("> ")[2] if self.rows else row

    @property
    def open(self):
        return self.row.rstrip()

    def end_line(self):
        self.lines += FIRMWARE.findall("".join(self.cells))
        if self.goes_on:
            self.rows = self.row
        else:
            self.lines.append(self.open)
            self.rows = ""
        self.cells, self.column, self.goes_on = [], 0, False

    def feed(self, text):
        text = self.rest + text
        self.rest = ""
        i = 0
        while i < len(text):
            c = text[i]
            if c == "\x1b":
                found = self.SEQUENCE.match(text, i)
                if not found:
                    if len(text) - i < 32:
                        self.rest = text[i:]
                        return
                    i += 1
                    continue
                if found[2]:
                    self.control(found[2], found[1])
                self.goes_on = found[0] == "\x1b[m"
                i = found.end()
                continue
            i += 1
            if c == "\n":
                self.end_line()
            elif c == "\r":
                self.column = 0
            elif c == "\b":
                self.column = max(self.column - 1, 0)
            elif c >= " ":
                self.goes_on = False
                self.cells += [" "] * (self.column + 1 - len(self.cells))
                self.cells[self.column] = c
                self.column += 1

    def control(self, final, parameters):
        n = int(parameters) if parameters.isdigit() else 0
        if final == "K" and n == 0:
            del self.cells[self.column:]
        elif final == "C":
            self.column += max(n, 1)
        elif final == "D":
            self.column = max(self.column - max(n, 1), 0)
        elif final == "P":
            del self.cells[self.column:self.column + max(n, 1)]
        elif final == "@":
            self.cells[self.column:self.column] = [" "] * max(n, 1)


class Failed(AssertionError):
    """The machine did not do what the test waited for."""


class Patience:
    """Seconds to wait for something.

    When the host stands still for a while, and all machines with it, two seconds of that count.
    """

    def __init__(self, seconds):
        self.left = seconds
        self.last = time.monotonic()

    def over(self):
        """Return: whether they are used up. Must be called at least every two seconds."""
        now = time.monotonic()
        self.left -= min(now - self.last, 2.0)
        self.last = now
        return self.left <= 0


def in_the_child(errors):
    """What the child does before it becomes QEMU, whose own messages go into the file `errors`."""

    def begin():
        # The kernel kills QEMU when the test's process dies, however it dies.
        import ctypes
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
        # On the console, QEMU's complaints would stand in the middle of a guest's line.
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 2)

    return begin


class Console(pexpect.spawn):
    """As pexpect's, but at the end of the console it does not wait for the process to end."""

    # pexpect hands this to ptyprocess, whose isalive() would then wait without a limit. Reading
    # calls isalive() too.
    flag_eof = False


class Machine:
    """A QEMU that runs Cleave, and its console."""

    def __init__(self, argv, log):
        self.log_path = log
        self.log = open(log, "w", encoding="utf-8", errors="replace")
        self.log.write("$ " + " ".join(argv) + "\n")
        self.log.flush()
        self.screen = Screen()
        self.at = 0  # lines that wait() has gone past
        # Machines that are read while a test waits for this one: a console that nobody reads stops
        # its machine.
        self.beside = []
        self.child = Console(argv[0], argv[1:], encoding="utf-8", codec_errors="replace",
                             echo=False, preexec_fn=in_the_child(log + ".qemu"),
                             dimensions=(50, 1000))
        self.child.delaybeforesend = None

    # -- life

    def close(self):
        """Kill QEMU, whatever state it is in."""
        self._kill()
        # QEMU gives its memory back first, which may take longer than pexpect would wait.
        self.child.wait()
        self.child.close(force=True)
        self.log.close()

    def _kill(self):
        if not self.child.terminated:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def fail(self, what):
        tail = "\n".join("    " + line for line in self.screen.lines[-25:] + [self.screen.open])
        raise Failed(f"{what}\n  the console's last lines:\n{tail}\n  the whole console: "
                     f"{self.log_path}\n  QEMU says: {self.complaints() or 'nothing'}")

    def complaints(self):
        """What QEMU itself has said."""
        with open(self.log_path + ".qemu", encoding="utf-8", errors="replace") as said:
            return said.read().strip()

    def _read(self, seconds):
        """Take what the console has sent. Return: False at its end."""
        try:
            text = self.child.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.log.write(text)
        self.log.flush()
        seen = len(self.screen.lines)
        self.screen.feed(text)
        for line in self.screen.lines[seen:]:
            if BUG.search(line):
                self._drain()
                self.fail(f"the hypervisor has a bug: {line}")
        return True

    def _drain(self):
        """Take the report of a bug: all that comes until the console is silent for a while.

        Of a guest that never falls silent, it takes only some.
        """
        end = time.monotonic() + 30 * SLOW
        while time.monotonic() < end:
            try:
                text = self.child.read_nonblocking(65536, 3 * SLOW)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self.log.write(text)
            self.screen.feed(text)

    def _until(self, found, what, timeout):
        """Read until found() returns something. Return: that."""
        patience = Patience(timeout)
        while True:
            answer = found()
            if answer:
                return answer
            if patience.over():
                self.fail(f"gave up after {timeout:.0f} s, waiting for {what}")
            for other in self.beside:
                other._read(0)
            if not self._read(min(1.0, max(0.05, patience.left))):
                answer = found()
                if answer:
                    return answer
                self.fail(f"QEMU ended, waiting for {what}")

    # -- lines

    def wait(self, pattern, timeout=LONG):
        """Wait for a whole line, after the last that was waited for, that `pattern` matches.

        Return: the match.
        """
        regex = re.compile(pattern)

        def found():
            while self.at < len(self.screen.lines):
                match = regex.search(self.screen.lines[self.at])
                self.at += 1
                if match:
                    return match
            return None

        return self._until(found, f"a line with '{pattern}'", timeout)

    def wait_all(self, *patterns, timeout=LONG):
        """Wait for whole lines in any order, after the last that was waited for.

        Return: the matches.
        """
        matches = {}
        start = self.at

        def found():
            # The next wait begins with the line after the one that completes this one.
            while len(matches) < len(patterns) and self.at < len(self.screen.lines):
                for p in patterns:
                    match = re.search(p, self.screen.lines[self.at]) if p not in matches else None
                    if match:
                        matches[p] = match
                self.at += 1
            return len(matches) == len(patterns)

        missing = f"lines with {[p for p in patterns]} after line {start}"
        self._until(found, missing, timeout)
        return [matches[p] for p in patterns]

    def wait_open(self, pattern, timeout=LONG):
        """Wait until the open line (a prompt) matches."""
        return self._until(lambda: re.search(pattern, self.screen.open),
                           f"an open line with '{pattern}'", timeout)

    def wait_shown(self, pattern, timeout=LONG):
        """Wait until a line after the last that was waited for matches, whole or still open."""
        since = self.at

        def found():
            return any(re.search(pattern, line)
                       for line in [*self.screen.lines[since:], self.screen.open])

        self._until(found, f"'{pattern}' in a line, whole or open", timeout)

    def lines(self, prefix=None):
        """All whole lines so far, or those of one speaker, without its prefix."""
        if prefix is None:
            return list(self.screen.lines)
        start = prefix + "| "
        return [line[len(start):] for line in self.screen.lines if line.startswith(start)]

    # -- the user

    def send(self, text):
        self.child.send(text)

    def sendline(self, text):
        self.child.send(text + "\r")

    def focus(self, name):
        """Move the input to partition `name`."""
        self.send(ESCAPE + name + "\r")
        self.wait(rf'^cleave\| input goes to partition \d+ "{name}"')

    def until_running(self, name):
        """Move the input to partition `name` until that runs.

        Between two lives a partition is stopped, and what is typed is dropped.
        """
        state = None
        while state != "running":
            self.send(ESCAPE + name + "\r")
            state = self.wait(rf'^cleave\| input goes to partition \d+ "{name}" \((\w+)\)')[1]

    def prompt(self, name):
        """Wait for the prompt of a Linux guest's shell. The guest must have the focus.

        A message of its kernel may have cut a prompt, so this asks for others.
        """
        asked = time.monotonic()

        def found():
            nonlocal asked
            if time.monotonic() - asked > 10 * SLOW:
                asked = time.monotonic()
                self.send("\r")
            return re.search(rf"^{name}\| cleave-guest# *$", self.screen.open)

        self._until(found, f"the prompt of {name}", LONG)

    def shell(self, command, partition_name):
        """Run a command in the shell of a Linux guest, which must have the focus.

        Return: the lines that it printed.
        """
        self.prompt(partition_name)
        mark = f"done-{len(self.screen.lines)}"
        # The shell puts the mark together, so the echo of the command does not contain it.
        self.sendline(f"{command}; echo {mark[:5]}''{mark[5:]}")
        start = self.at = len(self.screen.lines)
        self.wait(rf"^{partition_name}\| {mark}$")
        own = partition_name + "| "
        lines = [
            line[len(own):] for line in self.screen.lines[start:self.at - 1] if line.startswith(own)
        ]
        return [line for line in lines if not line.startswith("cleave-guest#")]

    # -- its host

    def stand_still(self):
        """Stop QEMU, as if its host were suspended: its links stay, and nobody serves them."""
        os.killpg(self.child.pid, signal.SIGSTOP)

    def go_on(self):
        os.killpg(self.child.pid, signal.SIGCONT)

    # -- the end

    def wait_end(self, timeout=LONG):
        """Wait until QEMU has ended by itself. Return: its exit status."""
        patience = Patience(timeout)
        while self._read(1.0):
            if patience.over():
                self.fail(f"gave up after {timeout:.0f} s, waiting for the machine to power off")
        # The console has ended. A QEMU that hangs even so would stop the whole suite.
        limit = threading.Timer(max(patience.left, 1), self._kill)
        limit.start()
        self.child.wait()
        limit.cancel()
        if self.child.exitstatus is None:
            self.fail(f"QEMU was killed by signal {self.child.signalstatus}")
        return self.child.exitstatus

    def payload_result(self, name, timeout=LONG):
        """Wait until the payload in partition `name` is done.

        It must have passed something and failed nothing. Return: how many checks it passed.
        """
        match = self.wait(rf"^{name}\| done: (\d+) passed, (\d+) failed", timeout)
        failed = [line for line in self.lines(name) if line.startswith("FAIL ")]
        passed = [line for line in self.lines(name) if line.startswith("ok ")]
        if failed or int(match[2]) or not int(match[1]):
            self.fail(f"payload {name}: {match[0]}: {failed}")
        if len(passed) != int(match[1]):
            self.fail(f"payload {name}: it says {match[1]} passed, and {len(passed)} lines say so")
        return int(match[1])

    def payload_results(self, *names):
        """Wait until the payloads of several partitions are done, in any order."""
        start = self.at
        for name in names:
            self.at = start
            self.payload_result(name)


def command(kernel=None, initrd=None, smp=4, mem="1G", cpu="", append="", extra=(), machine=""):
    """QEMU's command line; `kernel` defaults to Cleave."""
    return qemu.command(kernel or os.path.join(OUT, "cleave.bin"), initrd, smp, mem, cpu, append,
                        extra, machine)
