# SPDX-License-Identifier: BSD-2-Clause
"""What tests that move the workload of this tree share.

Its two harts write to all of their memory without end. It checks each page, and ends with a FAIL
line when a page does not hold what was written to it.
"""

import qemu
from machine import LONG, SHORT, guest, partition
from moves import PEER, Manager, manager, slot

MIB = 1 << 20
MEMORY = ((0x80000000, 16 * MIB),)
FILES = {"manager.bin": guest("manager"), "workload.bin": guest("workload")}
FEW = ("--passes", "2")
DEVICE = "/soc/rtc@101000"


def worker(name="work", more="migratable; cpu-affinity = <1 2>", memory=MEMORY):
    return partition(name, kernel="workload.bin", cpus=2, memory=memory, bootargs="beat=1",
                     more=more)


def spare(name="spare", memory=MEMORY, **more):
    return slot(name, memory=memory, **more)


def up(boot, *partitions, link=None, count=1, plans=(), keys=None, extra=(), files=(), mem="2G",
       bootargs="script"):
    """Boot a machine and wait for its guests. Return the machine and its manager.

    keys: the file with the keys of its link
    """
    ports = qemu.link(link) if link else ()
    more = {**FILES, **dict(files)} if keys is None else {**FILES, "link.keys": keys}
    first = manager(link=bool(link), more='initrd = "link.keys";' if keys else "",
                    bootargs=bootargs)
    m = boot([first, *partitions], more, smp=3, mem=mem, extra=[*ports, *extra], plans=plans)
    man = Manager(m)
    man.ready()
    for _ in range(count):
        m.wait(r"^\w+\| alive: ", LONG)
    return m, man


def alive(m, name):
    """Check that partition `name` runs on and that no guest has found an error."""
    m.at = len(m.screen.lines)
    m.wait(rf"^{name}\| alive: ", SHORT)
    assert not [line for line in m.lines() if "FAIL" in line]


def again(m, man, name):
    """Have a guest begin anew: it is loaded from what came along with it."""
    m.at = len(m.screen.lines)
    man.run(f"reset {name}")
    m.wait(rf"^{name}\| alive: ", LONG)
    alive(m, name)


def states(man, **expected):
    for name, state in expected.items():
        row = man.vm(name)
        assert row["state"] == state, row
        if state != "empty":
            assert row["log"] == "off" and row["brake_percent"] == 0, row


def info(man, name):
    """The fields of all lines that `info` prints for `name`."""
    return {key: value for row in man.rows(f"info {name}") for key, value in row.items()}


def doubt_of(man, name):
    """The fields of all lines that `decide` prints for `name`."""
    return {key: value for row in man.rows(f"decide {name}") for key, value in row.items()}


def huge(man, name, memory=MEMORY):
    assert man.leaves(name) == {
        "1_GiB": 0,
        "2_MiB": sum(size for _, size in memory) // (2 * MIB),
        "4_KiB": 0
    }


# --- machines that are joined by a link ----------------------------------------------------------

# Lengths in bytes of what the destination sends. READY is all that it has sent, including READY
# itself, when one pass was made while the guest ran. The source answers with COMMIT, and the
# destination then sends RUNNING.
ACCEPT = 56
PASS_ACK = 56
READY = ACCEPT + PASS_ACK + 72


def two(boot, proxy, memory=MEMORY):
    a, man_a = up(boot, worker(memory=memory), spare("back", memory), link={PEER: proxy.chardev(0)})
    b, man_b = up(boot, spare("there", memory), link={PEER: proxy.chardev(1)}, count=0)
    a.beside, b.beside = [b], [a]
    man_a.link_ready()
    man_b.link_ready()
    return a, man_a, b, man_b


def received(man):
    """The report of a migration that arrived here. No command at this manager started it."""
    return man.over()


def in_doubt(a, man_a, pattern="in doubt", name="work"):
    """Move partition `name` to the peer, until the source is in doubt."""
    man_a.run(f"migrate {name} to peer --passes 1")
    jobs_from = man_a.jobs_from
    man_a.tells(f".*{pattern}")
    man_a.jobs_from = jobs_from


def reboot(man, *patterns):
    """Restart the manager and check that it prints all of `patterns`.

    Later waits for jobs see what the manager prints from this restart on.
    """
    m = man.machine
    m.focus("manager")
    man.jobs_from = m.at = len(m.screen.lines)
    m.sendline("reboot")
    m.wait(r'^cleave\| partition "manager": rebooted by its guest')
    for pattern in patterns:
        man.tells(pattern)
    so_far = m.at
    m.until_running("manager")
    m.at = so_far
