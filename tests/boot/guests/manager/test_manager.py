# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the manager's console.

They cover the commands in script mode and in interactive mode, line editing, completion, history,
the lines that the manager prints on its own, its sleep, and its end.
"""

import re
import time

import pytest

from machine import LONG, SHORT, guest, partition

UP, LEFT = "\x1b[A", "\x1b[D"

MIB = 1 << 20
STARTED = r"^work\| workload on 1 harts"
ENDINGS = re.compile(r"^(ok$|error: .*)")


def machine(boot, bootargs="script", others=None, append="cleave.focus=manager", **kwargs):
    """Boot a manager with other partitions. By default the manager has the keyboard."""
    if others is None:
        others = [workload(), partition("spare", kernel=None, more="incoming"),
                  partition("later", bootargs="mode=prompt", more="manual-start")]
    m = boot(
        [partition("manager", kernel="manager.bin", bootargs=bootargs, more="manager"), *others], {
            "manager.bin": guest("manager"),
            "workload.bin": guest("workload"),
            "payload.bin": guest("console"),
            "fault.bin": guest("fault")
        }, smp=4, append=append, **kwargs)
    m.wait(r'^cleave\| input goes to partition \d+ "\w+"', SHORT)
    return m


def workload(name="work", size=64 * MIB):
    return partition(name, kernel="workload.bin", memory=((0x80000000, size),), bootargs="beat=2",
                     more="migratable")


def run(m, command, timeout=SHORT):
    """Run `command` in script mode. Return its lines and the line that ends it."""
    start = len(m.lines())
    m.sendline(command)
    said = []

    def ended():
        said[:] = [line[9:] for line in m.lines()[start:] if line.startswith("manager| ")]
        said[:] = [line for line in said if not line.startswith("* ")]
        return said and ENDINGS.match(said[-1])

    m._until(ended, f"the end of '{command}'", timeout)
    assert [line for line in said if ENDINGS.match(line)] == said[-1:]
    return said[:-1], said[-1]


def during(m, command):
    """Run `command`, which must not end the running job. Return the line that ends the command."""
    start = len(m.lines())
    end = run(m, command)[1]
    assert not [
        line
        for line in m.lines()[start:] if line.startswith(("manager| * failed", "manager| * done"))
    ]
    return end


def good(m, command, timeout=SHORT):
    """Run `command`, which must succeed. Return its lines."""
    lines, end = run(m, command, timeout)
    assert end == "ok", (command, lines, end)
    return lines


def bad(m, command):
    """Run `command`, which must fail and print only its error. Return the error's text."""
    lines, end = run(m, command)
    assert end.startswith("error: ") and not lines, (command, lines, end)
    return end[len("error: "):]


def fields(line):
    """The fields of a line, as a dictionary."""
    return {key: value.strip('"') for key, value in re.findall(r'(\S+?)=("[^"]*"|\S*)', line)}


def listed(m):
    return {f["name"]: f for f in map(fields, good(m, "list"))}


def info(m, name):
    """Run `info NAME`. Return its values, and the fields of each region."""
    lines = good(m, f"info {name}")
    return (fields(" ".join(line for line in lines if not line.startswith("region="))),
            [fields(line) for line in lines if line.startswith("region=")])


def state(m, name):
    return listed(m)[name]["state"]


def until(m, command, found):
    """Repeat `command` until found() accepts the fields that it printed."""
    for _ in range(1000):
        if found(fields(" ".join(good(m, command)))):
            return
    m.fail(f"'{command}' never says what is waited for")


def works(m, name):
    """Wait until the partition runs, which its number of exits shows."""
    before = fields(" ".join(good(m, f"stats {name}")))["exits"]
    until(m, f"stats {name}", lambda f: f["exits"] != before)


# --- script mode ---------------------------------------------------------------------------------


def test_what_there_is(boot):
    """list, info, stats, leaves and version print fields with plain numbers; help lists commands.

    A partition can be named by its name or by its number.
    """
    m = machine(boot)
    m.wait(STARTED)
    vms = listed(m)
    assert list(vms) == ["manager", "work", "spare", "later"]
    assert [(f["id"], f["state"]) for f in vms.values()] == [
        ("0", "running"), ("1", "running"), ("2", "empty"), ("3", "stopped")]
    assert vms["work"] == {
        "id": "1",
        "name": "work",
        "state": "running",
        "vcpus": "1",
        "memory_bytes": str(64 * MIB),
        "log": "off",
        "brake_percent": "0",
        "flags": "migratable"
    }
    assert vms["spare"]["flags"] == "incoming" and vms["manager"]["flags"] == "manager"

    work, regions = info(m, "work")
    assert info(m, "1")[0]["name"] == "work"
    assert work["gstage"] == "Sv39x4" and work["note"] == "-" and int(work["overhead_bytes"]) > 0
    assert work["timebase_Hz"] == "10000000" and work["isa"].startswith("rv64")
    assert regions == [{
        "region": "0",
        "gpa": "0x80000000",
        "size_bytes": str(64 * MIB),
        "log": "off"
    }]
    spare, _ = info(m, "spare")
    assert (spare["state"], spare["gstage"]) == ("empty", "Sv57x4")

    good(m, "pause work")  # the counters are read one by one
    counters = fields(" ".join(good(m, "stats work")))
    assert int(counters["exits"]) >= int(counters["exits_sbi"]) > 0
    assert int(counters["exits"]) == sum(
        int(n) for name, n in counters.items() if name.startswith("exits_"))
    good(m, "resume work")
    assert int(fields(" ".join(good(m, "stats 0")))["exits_hypercall"]) > 0
    assert [fields(line) for line in good(m, "leaves work")] == [
        {"region": "0", "1_GiB_leaves": "0", "2_MiB_leaves": "32", "4_KiB_leaves": "0"}]

    version = fields(" ".join(good(m, "version")))
    assert version["hypervisor_abi"] == version["manager_abi"]
    assert version["log_modes"] == "fault,eager,initially-set,dirty-bits" and "Sv39x4" in version[
        "gstage_modes"]

    said = good(m, "help")
    names = [line.split()[0] for line in said if re.match(r"^  \S", line)]
    for name in (
            "list info pause resume reset destroy create start version quit log stats leaves "
            "brake migrate "
            "checkpoint restore cancel jobs demo help history script").split():
        assert name in names
        assert good(m, f"help {name}")[0].split()[0] == name
    assert "list" in [line.strip() for line in good(m, "history")]


def test_what_is_wrong(boot):
    """A command that is wrong prints one line that says why, and changes nothing.

    The test tries wrong usage, unknown partitions, wrong states and wrong values.
    """
    m = machine(boot)
    before = listed(m)
    for name, usage in {
            "list x": "list",
            "info": "info VM",
            "info a b": "info VM",
            "pause": "pause VM",
            "stats": "stats VM",
            "leaves": "leaves VM",
            "brake work": "brake VM PERCENT",
            "version x": "version",
            "quit now": "quit",
            "demo a b": "demo [VM]",
            "help a b": "help [COMMAND]",
            "script": "script on|off"
    }.items():
        assert bad(m, name) == f"usage: {usage}"
    log_usage = "usage: log start|status|stop VM [fault|eager|initially-set|dirty-bits]"
    for wrong in ("log", "log start", "log begin work", "log start work slow",
                  "log stop work fault", "log status work x"):
        assert bad(m, wrong) == log_usage
    for command in ("info", "pause", "resume", "reset", "destroy", "create", "start", "stats",
                    "leaves", "log status", "log start", "demo"):
        for name in ("nobody", "17", "wor", "4294967297"):
            assert bad(m, f"{command} {name}"
                       ) == f'there is no partition "{name}"; `list` shows all partitions'
    for command in ("pause", "destroy", "reset", "log start", "demo"):
        assert bad(
            m, f"{command} manager") == 'partition 0 "manager" is the one that this manager runs in'
    for command, why in {
            "resume work": "it is running",
            "create work": "it is running",
            "start work": "it is running",
            "pause spare": "it is empty",
            "resume spare": "it is empty",
            "destroy spare": "it is empty",
            "start spare": "it is empty",
            "reset spare": "it is empty",
            "leaves spare": "it is empty",
            "log start spare": "it is empty",
            "pause later": "it is stopped",
            "resume later": "it is stopped",
            "log stop work": "it is running"
    }.items():
        words = command.split()
        said = bad(m, command)
        assert said.startswith(f'{" ".join(words[:-1])} of partition ') and said.endswith(
            f"({why})"), said
        assert f'"{words[-1]}"' in said
    for percent in ("100", "-1", "x", "1.5", "18446744073709551616"):
        assert bad(
            m, f"brake work {percent}") == f"brake {percent}: PERCENT must be a number from 0 to 99"
    assert bad(
        m,
        "demo spare") == 'partition 2 "spare" is empty; the demonstration needs one that is running'
    assert bad(m, "nothing") == 'no command is called "nothing"; `help` lists all commands'
    assert bad(m, 'info "work') == 'a quote (") is not closed'
    assert bad(m, "list " + "x" * 251) == "a line has at most 255 characters"
    assert bad(m, "help nothing") == 'no command is called "nothing"; `help` lists all commands'
    assert listed(m) == before


def test_lives(boot):
    """pause, resume, reset, destroy, create and start each do what they say.

    The machine goes on meanwhile.
    """
    broken = partition("broken", kernel="fault.bin", bootargs="chain=good",
                       more='manual-start; on-bad-access = "stop"')
    m = machine(boot, others=[workload(), partition("spare", kernel=None, more="incoming"),
                              partition("later", bootargs="mode=prompt", more="manual-start"),
                              broken])
    m.wait(STARTED)
    assert "faults" not in info(m, "broken")[0]
    good(m, "start broken")
    m.wait(r'^cleave\| partition "broken": called from ')
    assert state(m, "broken") == "faulted"
    seen, _ = info(m, "broken")
    # What tests/guests/fault puts into its registers before it loads from where nothing is
    assert (seen["faults"], seen["last_by_vcpu"]) == ("1", "0")
    assert (seen["scause"], seen["address"]) == ("0x15", "0x40000000")
    assert seen["called_from"] == "0x3333 0x2222 0x1111"
    pc, ra, sp, s0 = (int(seen[name], 16) for name in ("pc", "ra", "sp", "s0"))
    assert all(0x80000000 <= at < 0x80000000 + (16 << 20) for at in (pc, ra, sp, s0))
    # ld or c.ld (RISC-V unprivileged specification, "RV64I" and "RVC")
    load = int(seen["instruction"], 16)
    assert load & 0x707f == 0x3003 or load & 0xe003 == 0x6000
    assert "faults" not in info(m, "work")[0]
    good(m, "pause work")
    assert state(m, "work") == "paused"
    good(m, "pause work")
    at = m.at = len(m.lines())
    exits = fields(" ".join(good(m, "stats work")))["exits"]
    assert fields(" ".join(good(m, "stats work")))["exits"] == exits
    assert not [line for line in m.lines()[at:] if line.startswith("work| ")]
    good(m, "resume work")
    works(m, "work")

    good(m, "reset work")
    m.wait(STARTED)
    works(m, "work")
    good(m, "destroy work")
    assert state(m, "work") == "empty" and info(m, "work")[0]["overhead_bytes"] != ""
    good(m, "create work")
    assert state(m, "work") == "paused"
    good(m, "start work")
    m.wait(STARTED)

    good(m, "create spare")
    assert state(m, "spare") == "paused"
    assert bad(m, "start spare").endswith("its configuration names no kernel to load")
    good(m, "destroy spare")

    good(m, "start later")
    assert state(m, "later") == "running"
    # The manager looks for news five times a second. It must not report as news what its own
    # commands did.
    m.at = len(m.lines())
    for _ in range(2):
        m.wait(r"^work\| alive")
    assert not [line for line in m.lines("manager")
                if line.startswith("* event: ") and "name=broken state=faulted" not in line]


def test_log(boot):
    """log start, status and stop work in each mode.

    The leaves show that the log is on, and are as before when it is off again.
    """
    m = machine(boot)
    m.wait(STARTED)
    whole = good(m, "leaves work")
    for mode, dirty_at_once, splits_at_once in (("fault", False, False), ("eager", False, True),
                                                ("initially-set", True, False),
                                                ("dirty-bits", True, False)):
        good(m, "pause work")  # so that only the start changes the counts
        good(m, f"log start work {mode}")
        status = fields(good(m, "log status work")[0])
        assert (status["region"], status["log"], status["all_pages"]) == ("0", mode,
                                                                          str(64 * MIB // 4096))
        assert int(status["dirty_pages"]) == (64 * MIB // 4096 if dirty_at_once else 0)
        assert int(status["dirty_memory_bytes"]) == 4096 * int(status["dirty_pages"])
        assert listed(m)["work"]["log"] == mode
        assert (good(m, "leaves work") != whole) == splits_at_once
        assert bad(m, "log start work").endswith("(it is paused)")
        good(m, "resume work")
        until(m, "log status work", lambda f: int(f["dirty_pages"]) > 0)
        good(m, "log stop work")
        assert good(m, "leaves work") == whole
        assert listed(m)["work"]["log"] == "off"
    good(m, "log start work")
    assert fields(good(m, "log status work")[0])["log"] == "eager"
    good(m, "log stop 1")


def test_brake(boot):
    """brake sets a value, which is shown, and removes it again."""
    m = machine(boot)
    m.wait(STARTED)
    good(m, "brake work 60")
    assert listed(m)["work"]["brake_percent"] == "60"
    works(m, "work")
    good(m, "brake work 0")
    assert info(m, "work")[0]["brake_percent"] == "0"


# --- interactive ---------------------------------------------------------------------------------


def typed(m, keys, end=r"ok"):
    """Type `keys` at the prompt, and wait for the line `end`."""
    m.wait_open(r"^manager\| manager> *$", SHORT)
    m.at = len(m.lines())
    m.send(keys)
    m.wait(rf"^manager\| {end}$", SHORT)


def test_editing(boot):
    """The line can be edited, recalled, completed and interrupted at the prompt.

    The test uses keys that move and erase, history, completion of commands, words and names, and
    ^C. Lines of other partitions arrive while a line is open.
    """
    m = machine(boot, bootargs=None)
    typed(m, "liXst" + LEFT * 2 + "\b\r")
    assert "manager> list" in m.lines("manager")
    assert re.search(r"^ *id +name +state +vcpus +memory +log +brake +flags$", "\n".join(
        m.lines("manager")), re.M)
    assert re.search(r"^ *1 +work +running +1 +64 MiB +off +0 % +migratable$", "\n".join(
        m.lines("manager")), re.M)

    typed(m, "pa\two\t\r")
    assert "manager> pause work " in [line + " " for line in m.lines("manager")]
    # Only a paused partition can be resumed, so one key completes its name.
    typed(m, "resu\t\t\r")
    assert "manager> resume work" in m.lines("manager")

    # Recall the line before the last one from the history, and change it.
    m.wait_open(r"^manager\| manager> *$", SHORT)
    m.send(UP * 2)
    m.wait_open(r"^manager\| manager> pause work *$", SHORT)
    m.send("\x01\x0binfo later\x15info wor\t")
    m.wait_open(r"^manager\| manager> info work *$", SHORT)
    m.at = len(m.lines())
    m.send("\r")
    m.wait(r"^manager\| memory +64 MiB$", SHORT)
    m.wait(r"^manager\| ok$", SHORT)

    # Completion lists what may follow, and prints the open line again.
    m.wait_open(r"^manager\| manager> *$", SHORT)
    m.send("log st\t")
    m.wait(r"^manager\| start +status +stop$", SHORT)
    m.wait_open(r"^manager\| manager> log sta? *$", SHORT)
    # A line of another partition is printed above the open line.
    m.wait(r"^work\| alive")
    m.wait_open(r"^manager\| manager> log sta? *$", SHORT)
    m.send("\x03")
    m.wait(r"^manager\| manager> log sta?\^C$", SHORT)

    typed(m, "foo\r", r'error: no command is called "foo"; `help` lists all commands')
    typed(m, "script on\r")
    assert state(m, "work") == "running"
    good(m, "script off")
    m.wait_open(r"^manager\| manager> *$", SHORT)


def test_focus(boot):
    """Without the focus the manager's lines are shown, but not its prompt.

    The prompt appears when the manager gets the focus.
    """
    m = machine(boot, bootargs=None, append="cleave.focus=work")
    m.wait(STARTED)
    assert not m.screen.open.startswith("manager|")
    m.focus("manager")
    typed(m, "version\r")
    m.wait_open(r"^manager\| manager> *$", SHORT)


# --- what the manager does on its own ------------------------------------------------------------


@pytest.mark.parametrize("bootargs,mark,line",
                         [(None, "", r'partition 1 "work" stopped'),
                          ("script", r"\* ", r"event: vm=1 name=work state=stopped")])
def test_news_and_end(boot, bootargs, mark, line):
    """The manager prints a line when a partition ends.

    When all other partitions have ended, the manager ends, and the machine with it.
    """
    m = machine(boot, bootargs=bootargs, others=[workload()], append="cleave.focus=work")
    m.wait(STARTED)
    m.send("q")
    m.wait(rf"^manager\| {mark}{line}$", SHORT)
    m.wait(rf"^manager\| {mark}all other partitions have ended$", SHORT)
    assert m.wait_end(SHORT) == 0


def test_it_stays_for_what_can_still_be_done(boot):
    """The manager stays while a partition is paused, empty or not yet started.

    quit ends the manager, and then the machine ends.
    """
    m = machine(
        boot, others=[workload(),
                      partition("later", bootargs="mode=prompt", more="manual-start")])
    m.wait(STARTED)
    good(m, "pause work")
    good(m, "destroy work")
    assert state(m, "later") == "stopped"
    good(m, "create work")
    good(m, "start work")
    m.wait(STARTED)
    m.focus("work")
    m.send("q")
    m.wait(r"^manager\| \* event: vm=1 name=work state=stopped$", SHORT)
    m.focus("manager")
    good(m, "start later")
    good(m, "destroy later")
    good(m, "quit")
    assert m.wait_end(SHORT) == 0


def test_idle_sleeps(boot):
    """The hart of an idle manager sleeps.

    Another partition prints a line every 2 s. In that time the manager only polls.
    """
    m = machine(boot, others=[workload()])
    m.wait(r"^work\| alive")
    begin = time.monotonic()
    before = int(fields(" ".join(good(m, "stats manager")))["exits"])
    m.wait(r"^work\| alive")
    after = int(fields(" ".join(good(m, "stats manager")))["exits"])
    # Five times a second the manager asks for the state of each partition and for input. A manager
    # that never slept would ask 20,000 times in 2 s.
    assert 0 < after - before < 100 + 100 * (time.monotonic() - begin), (before, after)


def test_demo_is_interrupted(boot):
    """^C ends demo VM.

    The log is then off, the huge leaves are back, and the console goes on.
    """
    m = machine(boot)
    m.wait(STARTED)
    whole = good(m, "leaves work")
    m.sendline("demo work")
    m.wait(r"^manager\| fault-driven +1 ")
    m.send("\x03")
    m.wait(r"^manager\| demonstration FAILED$")
    m.wait(r"^manager\| error: interrupted; the demonstration failed$")
    assert listed(m)["work"]["log"] == "off"
    assert good(m, "leaves work") == whole
    good(m, "demo", LONG)


def test_demo_of_a_partition_that_ends(boot):
    """The demonstration fails when its partition ends.

    The manager does not look for news while the demonstration runs. It reports the end of the
    partition afterwards.
    """
    m = machine(boot)
    m.wait(STARTED)
    m.sendline("demo work")
    m.wait(r"^manager\| fault-driven +1 ")
    m.focus("work")
    m.send("q")
    m.wait(r"^manager\| demonstration FAILED$")
    m.wait(r"^manager\| error: ")
    m.wait(r"^manager\| \* event: vm=1 name=work state=stopped$")
    m.focus("manager")
    assert state(m, "work") == "stopped"


def test_a_job_guards_its_partitions(boot):
    """While a job runs, the console works, but no command changes the job's partitions.

    cancel ends the job.
    """
    m = machine(
        boot, others=[
            workload(size=128 * MIB),
            partition("spare", kernel=None, memory=((0x80000000, 128 * MIB),), more="incoming")
        ])
    m.wait(STARTED)
    works(m, "work")
    whole = good(m, "leaves work")
    # The guest writes faster than this bound allows, so the job lasts until it is cancelled.
    good(m, "migrate work to spare --downtime 0 --passes 4000")
    m.wait(r"^manager\| \* progress: .*percent=", SHORT)
    for vm, number in (("work", 1), ("spare", 2)):
        why = f'partition {number} "{vm}" is in use by a job; `jobs` shows it, `cancel` ends it'
        for command in ("pause", "resume", "reset", "destroy", "create", "start", "log start",
                        "log stop"):
            assert during(m, f"{command} {vm}") == f"error: {why}"
        assert during(m, f"brake {vm} 5") == f"error: {why}"
    for command in ("quit", "demo"):
        assert during(m, command) == "error: a job is running; `jobs` shows it, `cancel` ends it"
    assert during(m, "jobs") == during(m, "list") == during(m, "log status work") == "ok"
    good(m, "cancel")
    m.wait(r"^manager\| \* failed: migrate work: ", SHORT)
    vms = listed(m)
    assert (vms["work"]["state"], vms["work"]["log"], vms["spare"]["state"]) == ("running", "off",
                                                                                 "empty")
    assert good(m, "leaves work") == whole
    m.at = len(m.lines())
    for _ in range(2):
        m.wait(r"^work\| alive")
    assert not [line for line in m.lines("manager") if line.startswith("* event: ")]
    good(m, "pause work")


def test_only_a_manager(boot):
    """In a partition that is not a manager, the program says so and ends."""
    m = boot([partition("other", kernel="manager.bin")], {"manager.bin": guest("manager")})
    m.wait(r"^other\| FAIL this partition is not a manager: its configuration lacks `manager`$",
           SHORT)
    assert m.wait_end(SHORT) == 0
