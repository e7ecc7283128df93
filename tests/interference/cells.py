# SPDX-License-Identifier: BSD-2-Clause
"""The matrix: who attacks, who is attacked, on which machine, and what each victim may lose.

Each attack is made on three machines. On the first, all share one hart: the attacker, a partition
with a periodic timer, and one that computes. On the second, the hart has a plan. On the third, the
attacker has the boot hart, and each victim a hart of its own.
"""

from machines import Broken, run

from machine import partition, plan
from payloads import LOOP, affinity

RTC = "/soc/rtc@101000"
RTC_IRQ = 11
MARKS = "/soc/virtio_mmio@10008000"  # a slot without a device, in which a victim marks
LINK = "/soc/virtio_mmio@10001000"
LINK_DEVICE = [
    "-global", "virtio-mmio.force-legacy=false", "-global", "virtio-mmio.ioeventfd=off", "-chardev",
    "null,id=sink", "-device", "virtio-serial-device,bus=virtio-mmio-bus.0", "-device",
    "virtconsole,chardev=sink"
]

MIB = 1 << 20
SMALL = 8 * MIB
LARGE = 64 * MIB

# The bounds, in instructions: docs/interference.md says what each is made of.
SLICE = 10_000_000
OTHER_HART = 20_000
SHARE = 950  # of a thousand
WINDOW = 5_000
STEP = 2 * 50_000  # a step of the hypervisor's; what is waited for counts twice

# The spans, in milliseconds of the machine's time. The boot of a machine is over before. The bound
# of a share is one over a second: in less a slice that is owed weighs more.
SPANS = {"shared": (100, 1100), "planned": (100, 300), "apart": (260, 360)}
SHORT_SPANS = {"shared": (100, 1100), "planned": (100, 200), "apart": (260, 320)}

# The plan, in microseconds: the victim's window begins the frame, and the attacker's ends it.
FRAME = 2000
WINDOWS = {"victim": (0, 500), "pawn": (500, 300), "slot": (800, 200), "attacker": (1000, 1000)}

RESTARTS = "restart-limit = <1000000 1>"


class Attack:
    """An attacker, and what goes with it.

    role: of the payload; text: what it does; more: properties of its partition; memory: bytes of it
    foreign: it has a further vCPU on each victim's hart (where all share a hart: there)
    target: the partition that a manager works on: "pawn", which comes with the attack, or "timer",
        the victim; slot: there is an empty slot
    device: it has the virtio console
    restarts: its restarts are counted, as its memory keeps no count
    focus: it has the keyboard, so that its open line is drawn
    """

    def __init__(self, name, role, text, more="", memory=SMALL, foreign=False, target=None,
                 slot=False, device=False, restarts=False, focus=False):
        self.name, self.role, self.text, self.more = name, role, text, more
        self.memory, self.foreign, self.target, self.slot = memory, foreign, target, slot
        self.device, self.restarts, self.focus = device, restarts, focus

    def sharers(self):
        """How many vCPUs of its side want the hart that all share, be it in turns."""
        if self.role == "none":
            return 0
        return 1 + self.foreign + (self.target == "pawn") * (1 + self.slot)


ATTACKS = [
    Attack("none", "none", "nobody attacks"),
    Attack("busy", "busy", "busy loop"),
    Attack("thief", "thief", "computes for most of a slice, waits 2 us, and again"),
    Attack("timers", "timers", "timer that is always due"),
    Attack("ipi-own", "ipi", "IPIs to itself"),
    Attack("ipi-foreign", "ipi", "IPIs to its vCPUs on every hart", foreign=True),
    Attack("rfence-own", "rfence", "remote fences to itself"),
    Attack("rfence-foreign", "rfence", "remote fences to its vCPUs on every hart", foreign=True),
    Attack("hsm-foreign", "hsm", "starts vCPUs on every hart that stop at once", foreign=True),
    Attack("console-lines", "lines", "prints lines without end"),
    Attack("console-short", "short", "prints lines of one character through its UART"),
    Attack("console-reads", "reads", "reads input that nobody types"),
    Attack("console-redraw", "redraw", "has an open line of 512 bytes drawn anew (ESC [ 1 K)",
           focus=True),
    Attack("reboots", "restarts", "reboots in a loop (SRST)", more=RESTARTS, memory=LARGE,
           restarts=True),
    Attack("crashes", "crashes", "faults in a loop (on-fault restarts it)",
           more=f'on-fault = "restart"; on-bad-access = "stop"; {RESTARTS}', memory=LARGE,
           restarts=True),
    Attack("calls-hostile", "hostile", "hypercalls with hostile arguments"),
    Attack("calls-honest", "honest", "the longest hypercalls on itself", memory=LARGE),
    Attack("page-faults", "faults", "write faults in its own log, with splits", memory=LARGE),
    Attack("mmio", "mmio", "accesses of its emulated devices"),
    Attack("log-attacker", "log", "manager: logs, splits, collapses its ally", more="manager",
           target="pawn"),
    Attack("log-victim", "log", "manager: logs, splits, collapses the timer's partition",
           more="manager", target="timer"),
    Attack("move", "move", "manager: moves its ally to and fro", more="manager", target="pawn",
           slot=True),
    Attack("checkpoint", "checkpoint", "manager: copies state and memory of its ally",
           more="manager", target="pawn"),
    Attack("create", "create", "manager: creates and destroys a partition", more="manager",
           slot=True),
    Attack("asks", "ask", "manager: asks for the state of the victims", more="manager"),
    Attack("windows", "look", "manager: maps and unmaps windows of the victims", more="manager"),
    Attack("interrupts", "interrupts", "interrupts of its device, as fast as they come",
           device=True),
]
BY_NAME = {a.name: a for a in ATTACKS}
NOBODY, BUSY = ATTACKS[0], ATTACKS[1]

# The victims with a hart of their own: (role, more properties, more bootargs)
VICTIMS = [
    ("timer", "", ""),
    ("device", f'devices = "{RTC}"', f"irq={RTC_IRQ}"),
    ("print", f'devices = "{MARKS}"', ""),
    ("calls", "", ""),
    ("manager", "manager", ""),
]


class Column:
    """A victim's column: what its figures are, and what is right."""

    def __init__(self, key, machine, title, unit, bound=None, least=False):
        self.key, self.machine, self.title, self.unit = key, machine, title, unit
        self.bound, self.least = bound, least

    def good(self, value, bound):
        return value >= bound if self.least else value <= bound


COLUMNS = [
    Column("same.timer", "shared", "timer", "instructions"),
    Column("same.share", "shared", "share", "per mille", SHARE, least=True),
    Column("plan.window", "planned", "window", "instructions", WINDOW),
    Column("other.timer", "apart", "timer", "instructions", OTHER_HART),
    Column("other.device", "apart", "device", "instructions", OTHER_HART),
    Column("other.print", "apart", "printing", "instructions", OTHER_HART),
    Column("other.wire", "apart", "UART", "characters"),
    Column("other.calls", "apart", "hypercalls", "instructions", OTHER_HART),
    Column("other.manager", "apart", "manager", "instructions", OTHER_HART),
    Column("other.step", "apart", "its step", "instructions", STEP),
]


def at_usual(size):
    return ((0x80000000, size),)


def attackers(a, args, harts, target):
    """The attacker's side: `harts` are those of its vCPUs, its own first; `target` as in Attack."""
    more = [a.more, affinity(harts)]
    memory = at_usual(a.memory)
    if a.device:
        memory = ((0x90000000, a.memory),)
        more.append(f'devices = "{LINK}"; direct-map')
    target = f" victim={target}" if target else ""
    found = [partition("attacker", cpus=len(harts), memory=memory, bootargs=args(a.role) + target,
                       more="; ".join(m for m in more if m))]
    if a.target == "pawn":
        found.append(partition("pawn", memory=at_usual(SMALL), bootargs=args("writer"),
                               more=affinity(harts[:1])))
    if a.slot:
        found.append(partition("slot", kernel=None, memory=at_usual(SMALL),
                               more=f"incoming; {affinity(harts[:1])}"))
    return found


def bootargs(span):
    """A function that makes the bootargs of a role."""
    return lambda role, phase=0: f"role={role} from={span[0]} to={span[1]} phase={phase}"


def finish(a, folder, kind, partitions, harts, names, plans=()):
    """Run the machine, and see that the attack was made."""
    out = run(folder, f"{a.name}-{kind}", partitions, plans, harts,
              names + ([] if a is NOBODY else ["attacker"]),
              extra=LINK_DEVICE if a.device else (),
              append="cleave.focus=attacker" if a.focus else "")
    if a is not NOBODY:
        rounds = out.restarts("attacker") if a.restarts else out.said("attacker",
                                                                      r"attacked (\d+)")[0]
        if rounds < 2:
            raise Broken(f"the attack {a.name} was made {rounds} times ({folder})")
    return out


def shared(a, folder, span):
    """All on one hart. Return: {column: (value, bound)}."""
    args = bootargs(span)
    weight = 100 * max(a.sharers(), 1)  # so that the computing victim is to have a half
    victims = [partition("timer", memory=at_usual(SMALL), bootargs=args("timer", 13),
                         more=affinity((0,))),
               partition("share", memory=at_usual(SMALL), bootargs=args("share", 100),
                         more=f"{affinity((0,))}; cpu-weight = <{weight}>")]
    side = attackers(a, args, (0, 0) if a.foreign else (0,), a.target)
    out = finish(a, folder, "shared", side + victims, 1, ["timer", "share"])
    worst, _, _ = out.said("timer", r"result (\d+) (\d+) (\d+)")
    due = (span[1] - span[0]) * 1_000_000 * (0.5 if a.sharers() else 1)
    share = int(out.said("share", r"share (\d+)")[0] * LOOP * 1000 / due)
    # One slice of each of the others
    return {"same.timer": (worst, SLICE * (1 + a.sharers())), "same.share": (share, SHARE)}


def planned(a, folder, span):
    """All on one hart that has a plan. Return: {column: (value, bound)}."""
    args = bootargs(span)
    side = attackers(a, args, (0, 0) if a.foreign else (0,), a.target and a.target.replace(
        "timer", "victim"))
    partitions = [*side, partition("victim", memory=at_usual(SMALL), bootargs=args("window"),
                                   more=f"{affinity((0,))}; manager")]
    names = ["attacker", "victim"] + ["pawn"] * (a.target == "pawn") + ["slot"] * a.slot
    windows = plan("main", FRAME, *((0, name, *WINDOWS[name]) for name in names))
    out = finish(a, folder, "planned", partitions, 1, ["victim"], [windows])
    return {"plan.window": (out.said("victim", r"result (\d+) (\d+) (\d+)")[0], WINDOW)}


def apart(a, folder, span):
    """A hart for each victim. Return: {column: (value, bound)}."""
    args = bootargs(span)
    harts = range(1, 1 + len(VICTIMS))
    side = attackers(a, args, (0, *harts) if a.foreign else (0,), a.target)
    victims = [partition(role, memory=at_usual(SMALL),
                         bootargs=f"{args(role, 100 * hart)} {words}"
                         f" side={len(side) + (a.target == VICTIMS[0][0])}",
                         more=f"{affinity((hart,))}; {more}")
               for hart, (role, more, words) in zip(harts, VICTIMS)]
    partitions = side + victims
    names = [role for role, _, _ in VICTIMS]
    out = finish(a, folder, "apart", partitions, 1 + len(VICTIMS), names)
    found = {f"other.{name}": (out.said(name, r"result (\d+) (\d+) (\d+)")[0], OTHER_HART)
             for name in names}
    found["other.step"] = (out.said("manager", r"side (\d+) (\d+)")[0], STEP)
    sent, longest = out.wire("print")
    found["other.wire"] = (sent, len(partitions) * longest)
    return found


MACHINES = {"shared": shared, "planned": planned, "apart": apart}


def measure(attack, kind, folder, short=False):
    """Run a machine. Return: {column: (value, bound)}."""
    return MACHINES[kind](BY_NAME[attack], folder, (SHORT_SPANS if short else SPANS)[kind])


def cost(column, attack, measured, busy):
    """What an attack costs: on another hart, what is more than beside a busy loop."""
    value, bound = measured
    if column.machine == "apart" and column.unit == "instructions" and attack not in (NOBODY, BUSY):
        value = max(value - busy[column.key][0], 0)
    return value, bound
