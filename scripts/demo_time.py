#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Show two partitions that share a hart by plan (`make run DEMO=time`).

Each partition says from when to when it had the hart (guests/windows), and each frame is drawn as a
strip of these times: a letter for each partition, a dot where nobody had the hart. Beside it stands
how late each window began. The manager changes the plan in between. The machine's clock counts
instructions (QEMU's -icount), one a nanosecond, so what is measured is the hypervisor and not this
computer, and two runs are alike.

On a terminal the strips have colours. The exit status says whether each partition had the hart in
each of its windows, and no window began later than docs/configuration.md says.

    scripts/demo_time.py           draw
    scripts/demo_time.py --plain   without colours, also on a terminal
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import demo
import qemu
import usage

BOUND_US = 5.0  # 5,000 instructions
WIDTH = 50  # columns of a strip
COLOURS = ("\x1b[42;30m", "\x1b[46;30m", "\x1b[45;30m", "\x1b[43;30m")
RESET = "\x1b[0m"


class Wrong(Exception):
    """The machine did not say what it should, or ran otherwise than planned."""


class Story:
    """What the machine has said: plans, which of them runs from when, who had the hart."""

    def __init__(self):
        self.ticks = 0
        self.plans = {}  # number: (name, frame in us, slack)
        self.windows = {}  # number of the plan: [(partition, offset, length)], in us
        self.runs = []  # (ticks, number of the plan)
        self.had = []  # (partition, from, to), ticks; in the order in which it was said
        self.counted = []  # numbers of a `counted` line
        self.ended = False

    def take(self, name, words):
        """Take a line of partition `name`."""
        kind, *rest = words
        if kind == "had":
            self.had.append((name, int(rest[0]), int(rest[1])))
        elif kind == "ticks":
            self.ticks = int(rest[0])
        elif kind == "plan":
            self.plans[int(rest[0])] = (rest[1], int(rest[2]), rest[3])
        elif kind == "window":
            self.windows.setdefault(int(rest[0]), []).append((rest[3], int(rest[4]), int(rest[5])))
        elif kind == "runs":
            self.runs.append((int(rest[1]), int(rest[0])))
        elif kind == "counted":
            self.counted.append([int(word) for word in rest])
        elif kind == "error:":
            raise Wrong(" ".join(words))
        self.ended = self.ended or kind == "end"

    def partitions(self):
        """Those that have windows, in the order of the plans."""
        return list(dict.fromkeys(name for plan in self.windows.values() for name, _, _ in plan))

    def us(self, ticks):
        return ticks * 1e6 / self.ticks

    def heard(self):
        """Up to when all partitions have said what they had; None: one has said nothing."""
        last = {name: end for name, _, end in self.had}
        known = self.partitions()
        return min(last.values()) if known and set(known) <= set(last) else None


class Frame:
    """One frame of a plan: when it began (ticks), its strip, and how late its windows began (us).

    lates holds None for a window in which its partition never had the hart.
    """

    def __init__(self, story, plan, begin):
        self.name, self.length, _ = story.plans[plan]
        self.begin, self.end = begin, begin + self.length * story.ticks // 1000000
        parts = [(name, max(a, self.begin), min(b, self.end)) for name, a, b in story.had
                 if a < self.end and b > self.begin]
        self.strip = [self.owner(parts, (column + 0.5) / WIDTH) for column in range(WIDTH)]
        self.lates = [(name, self.late(story, parts, name, offset, length))
                      for name, offset, length in story.windows[plan]]

    def owner(self, parts, place):
        """Who had the hart at a place in the frame, 0 to 1."""
        at = self.begin + place * (self.end - self.begin)
        return next((name for name, a, b in parts if a <= at < b), None)

    def late(self, story, parts, name, offset, length):
        start = self.begin + offset * story.ticks / 1e6
        stop = start + length * story.ticks / 1e6
        first = min((max(a, start) for who, a, b in parts
                     if who == name and a < stop and b > start), default=None)
        return None if first is None else story.us(first - start)


class Drawing:
    """Draws frames as they become known, and keeps the worst of what it has seen."""

    def __init__(self, story, colours):
        self.story, self.colours = story, colours
        self.next = None  # when the next frame begins, ticks
        self.plan = None
        self.frames = 0
        self.worst = {}

    def go_on(self):
        """Draw all frames of which everything has been heard."""
        heard = self.story.heard()
        while heard is not None and self.story.runs:
            if self.next is None:
                self.next = self.story.runs[0][0]
            due = [plan for begin, plan in self.story.runs if begin <= self.next]
            if due[-1] != self.plan:
                self.plan = due[-1]
                self.head()
            frame = Frame(self.story, self.plan, self.next)
            if frame.end > heard or (self.story.ended and frame.end > self.last()):
                return
            self.draw(frame)
            self.next = frame.end

    def last(self):
        return self.story.had[-1][2]

    def letter(self, name):
        return "." if name is None else name[0].upper()

    def paint(self, name, text):
        order = self.story.partitions()
        if not self.colours or name not in order:
            return text
        return COLOURS[order.index(name) % len(COLOURS)] + text + RESET

    def head(self):
        name, frame, slack = self.story.plans[self.plan]
        windows = ", ".join(f"{who} {offset} to {offset + length}"
                            for who, offset, length in self.story.windows[self.plan])
        print(f'plan "{name}": frame {frame} us; {windows} us; slack "{slack}"', flush=True)

    def draw(self, frame):
        strip = "".join(self.paint(name, self.letter(name)) for name in frame.strip)
        lates = "  ".join(f"{self.letter(name)} {'never' if late is None else f'+{late:.1f}'}"
                          for name, late in frame.lates)
        print(f"{frame.name:<8} |{strip}|  {lates} us", flush=True)
        self.frames += 1
        for name, late in frame.lates:
            if late is None:
                raise Wrong(f'plan "{frame.name}": "{name}" did not have the hart in its window')
            self.worst[name] = max(self.worst.get(name, 0.0), late)

    def sum_up(self):
        """Print what was measured; raise Wrong where it is not what was promised."""
        for name, late in self.worst.items():
            print(f"{name}: its windows began at most {late:.1f} us late, as it saw itself")
        counted = max((self.story.us(row[3]) for row in self.story.counted), default=None)
        if counted is None or not self.worst:
            raise Wrong("no window was counted")
        print(f"the hypervisor has counted at most {counted:.1f} us, and "
              f"{sum(row[4] for row in self.story.counted)} overruns")
        late = max(counted, *self.worst.values())
        if late > BOUND_US:
            raise Wrong(f"a window began {late:.1f} us late; promised are at most {BOUND_US:.1f}")
        print(f"demo: {self.frames} frames in {len(self.story.plans)} plans, each window within "
              f"{BOUND_US:.0f} us of its time")


def start(folder):
    archive = os.path.join(folder, "time.cpio")
    demo.pack(archive, "windows/demo-time.dts",
              {"windows.bin": os.path.join(demo.OUT, "guests", "windows.bin")})
    argv = qemu.command(os.path.join(demo.OUT, "cleave.bin"), archive, smp=3, mem="256M",
                        extra=qemu.icount())
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def show(machine, colours):
    """Draw what the machine says until its end."""
    story = Story()
    drawing = Drawing(story, colours)
    for raw in machine.stdout:
        line = demo.SEQUENCE.sub("", raw.decode(errors="replace")).rstrip("\n")
        name, bar, text = line.partition("| ")
        if bar and name == "cleave" and text.startswith("error: "):
            raise Wrong(text)
        if bar and name != "cleave" and text.split():
            story.take(name, text.split())
            drawing.go_on()
        if story.ended:
            drawing.sum_up()
            return
    raise Wrong("the machine ended before the demonstration did")


def main():
    parser = usage.parser(__doc__.splitlines()[0])
    parser.add_argument("--plain", action="store_true",
                        help="without colours, also on a terminal")
    args = parser.parse_args()
    if not shutil.which(qemu.QEMU):
        sys.exit("demo: " + qemu.complaint())
    with tempfile.TemporaryDirectory(prefix="cleave-demo-") as folder:
        machine = start(folder)
        alarm = threading.Timer(demo.SECONDS, machine.send_signal, [signal.SIGKILL])
        alarm.start()
        try:
            show(machine, usage.coloured(sys.stdout) and not args.plain)
        except Wrong as wrong:
            print(f"demo: FAILED: {wrong}")
            return 1
        finally:
            alarm.cancel()
            machine.kill()
            machine.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
