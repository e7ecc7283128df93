#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Put small faults into the code, one at a time, and see whether the tests notice.

    make mutants                        all of them
    make mutants ONLY="walk-* split-w"  those whose names match
    make mutants FRACTION=0.1 SEED=7    a random tenth; the printed seed gives the same again
    make mutants HOST=1                 only those that no whole machine is needed for
    tests/mutants/run.py --check        only see whether each of them applies (`make check`)

tests/mutants/catalogue.py says what stands in the .mut files. Each worker has a copy of the tree
and of what is built. There it builds what the fault changes and runs what should catch it; the
first test that fails ends that. What runs without the fault has to pass first.

The exit status is 0 when every mutant was killed but for those with a proof of equivalence, 1 when
one survived or such a proof is wrong, and 2 when something else went wrong.
"""

import concurrent.futures
import fnmatch
import json
import math
import os
import queue
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time

from catalogue import TOP, Bad, read_all

sys.path.insert(0, os.path.join(TOP, "scripts"))
import usage  # noqa: E402

OUT = os.path.abspath(os.path.join(TOP, os.environ.get("O", "build")))
# What a worker has no use for, of the tree and of what is built
NOT_SOURCES = (".git", ".ci", "deps", "docs", "__pycache__", ".pytest_cache")
NOT_BUILT = ("mutants", "clang", "fuzz", "check", "test", "test-logs", "proofs", "run", "bench",
             "interference", "debug")
# A mutant that never ends: what its test may use more than it takes without the fault.
CPU_TIMES, CPU_MORE = 5, 5
STUCK_SECONDS, STUCK_TICKS = 30, 5
FATES = ("killed", "survived", "equivalent", "broken")


class Trouble(Exception):
    """Something is wrong that is no mutant's doing."""


def clean_env():
    """The environment for a make and for tests, without what a make above this one has set."""
    theirs = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "O")
    env = {k: v for k, v in os.environ.items() if k not in theirs}
    return dict(env, CMOCKA_TEST_ABORT="1", O="build")


def end_if_stuck(pid):
    """End a test that waits for itself: it sleeps, or does nothing but yield.

    On a host with much to do a program that could go on gets more than that.
    """
    then, when = -1, time.monotonic()
    while True:
        time.sleep(1)
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                field = f.read().rpartition(")")[2].split()
        except OSError:
            return
        ticks = int(field[11]) + int(field[12])
        if ticks > then + STUCK_TICKS:
            then, when = ticks, time.monotonic()
        elif time.monotonic() - when > STUCK_SECONDS:
            os.kill(pid, 9)
            return


def run(argv, cwd, env=None, cpu=None):
    """Run a program. Return: its exit status, its output, and the CPU seconds that it took."""
    with subprocess.Popen(argv, cwd=cwd, env=env or clean_env(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          start_new_session=True) as child:
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
        if cpu is not None:
            resource.prlimit(child.pid, resource.RLIMIT_CPU, (math.ceil(cpu), math.ceil(cpu) + 5))
        if cpu is not None:
            threading.Thread(target=end_if_stuck, args=(child.pid, ), daemon=True).start()
        out = child.stdout.read().decode(errors="replace")
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, out, used.ru_utime + used.ru_stime


def make(tree, *targets, quiet=None):
    """Build. `quiet`: the folder with the compilers of quiet_compilers()"""
    env = clean_env()
    if quiet:
        env["PATH"] = quiet + os.pathsep + env["PATH"]
    return run(["make", "--no-print-directory", "O=build", *targets], tree, env)


def quiet_compilers():
    """Make compilers that never warn: a fault may well leave something unused."""
    folder = os.path.join(OUT, "mutants", "bin")
    os.makedirs(folder, exist_ok=True)
    for name in (os.environ.get("HOSTCC", "gcc"),
                 os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "gcc"):
        real = shutil.which(name)
        if real and os.path.basename(name) == name:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(f'#!/bin/sh\nexec {real} "$@" -w\n')
            os.chmod(os.path.join(folder, name), 0o755)
    return folder


def last_lines(text, count=15):
    return "\n".join("    " + line for line in text.splitlines()[-count:])


# --- a worker's tree ---------------------------------------------------------------------------


def mirror(source, target, leave=()):
    """Make `target` the same as `source`, times too; copy what has changed."""
    os.makedirs(target, exist_ok=True)
    names = {e.name: e for e in os.scandir(source) if e.name not in leave}
    for entry in list(os.scandir(target)):
        if entry.name in names or entry.name in ("deps", "build") and "deps" in leave:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    for name, entry in names.items():
        to = os.path.join(target, name)
        if entry.is_dir(follow_symlinks=False):
            mirror(entry.path, to)
        elif not same(entry.path, to):
            shutil.copy2(entry.path, to, follow_symlinks=False)


def same(a, b):
    if not os.path.lexists(b):
        return False
    one, two = os.lstat(a), os.lstat(b)
    return (one.st_mtime_ns, one.st_size) == (two.st_mtime_ns, two.st_size)


BASE = os.path.join(OUT, "mutants", "base")


def make_base():
    """Copy the sources and what is built. The workers' trees are made of that, and mended by it, so
    that whoever edits or builds meanwhile changes nothing for them."""
    leave = NOT_SOURCES + tuple(n for n in os.listdir(TOP) if n.startswith("build"))
    mirror(TOP, BASE, leave + (os.path.basename(OUT),))
    mirror(OUT, os.path.join(BASE, "build"), NOT_BUILT)


class Tree:
    """A copy of the sources and of what is built of them."""

    def __init__(self, number):
        self.path = os.path.join(OUT, "mutants", str(number))
        self.built = os.path.join(self.path, "build")
        mirror(BASE, self.path, ("build", "deps"))
        mirror(os.path.join(BASE, "build"), self.built)
        deps = os.path.join(self.path, "deps")
        if not os.path.islink(deps):
            os.symlink(os.path.join(TOP, "deps"), deps)
        self.keep_flags()
        self.quiet = quiet_compilers()

    def keep_flags(self):
        """The flags name the folder, and are the same but for that: nothing is built anew."""
        for name in ("obj/flags", "host/flags", "linux/flags"):
            path = os.path.join(self.built, name)
            if not os.path.exists(path):
                continue
            when = os.stat(path)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            text = text.replace(f"prefix-map={TOP}/=", f"prefix-map={self.path}/=")
            if os.path.relpath(OUT, TOP) != "build":
                for word in (os.environ.get("O", "build"), OUT):
                    text = text.replace(f"-I{word}/", "-Ibuild/")
                    text = text.replace(f"prefix-map={word}/=", "prefix-map=build/=")
                    text = text.replace(f"-include {word}/", "-include build/")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))

    def put(self, mutant):
        """Put the fault in. Return: the moment before that."""
        path = os.path.join(self.path, mutant.file)
        with open(path, encoding="utf-8") as f:
            text = mutant.apply(f.read())
        before = time.time_ns()
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return before

    def restore(self, mutant, before):
        """Take the fault out, and everything that was built with it."""
        shutil.copy2(os.path.join(BASE, mutant.file), os.path.join(self.path, mutant.file))
        for folder, _, files in os.walk(self.built):
            for name in files:
                path = os.path.join(folder, name)
                if os.lstat(path).st_mtime_ns < before - 50_000_000:
                    continue
                os.unlink(path)
                old = os.path.join(BASE, "build", os.path.relpath(path, self.built))
                if os.path.exists(old):
                    shutil.copy2(old, path)
        self.keep_flags()


# --- what catches a mutant ---------------------------------------------------------------------


def target_of(killer):
    """What has to be built for it."""
    if killer[0] == "unit":
        return ["build/unit/" + killer[1]]
    if killer[0] == "boot":
        return ["hypervisor"]
    return ["unit-build", "hypervisor"] if killer[0] == "build" else []


def try_killer(tree, killer, cpu=None):
    """Return: whether it is content, what it said, and the CPU seconds that it took."""
    env = clean_env()
    if killer[0] == "unit":
        if len(killer) > 2:
            env["UNIT_TESTS"] = killer[2]
        code, out, used = run([os.path.join(tree.built, "unit", killer[1])], tree.path, env, cpu)
        ran = len(re.findall(r"^\[ RUN      \]", out, re.M))
        if code == 0 and ran == 0:
            raise Trouble(f"{' '.join(killer)}: no test ran")
        return code == 0, out, used
    if killer[0] == "boot":
        argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", killer[1]]
        code, out, used = run(argv, tree.path, env)
        # 1 is also how Python ends when there is no pytest: only a test that failed has caught it.
        if (code not in (0, 1) or re.search(r"^\d+ skipped|no tests ran", out, re.M)
                or code == 1 and not re.search(r"^\d+ (failed|error)", out, re.M)):
            raise Trouble(f"{' '.join(killer)}: pytest ended with {code}\n{last_lines(out)}")
        return code == 0, out, used
    if killer[0] == "check":
        argv = [sys.executable, f"scripts/check_{killer[1]}.py"]
        code, out, used = run(argv, tree.path, env)
        return code == 0, out, used
    return True, "", 0.0


class Result:
    """What became of one mutant."""

    def __init__(self, mutant, fate, by="", seconds=0.0, said=""):
        self.mutant = mutant
        self.fate = fate
        self.by = by
        self.seconds = seconds
        self.said = said

    @property
    def good(self):
        return self.fate == "killed" and not self.mutant.equivalent or self.fate == "equivalent"


def hunt(tree, mutant, usual):
    """Put `mutant` into `tree`, and see what catches it. `usual`: CPU seconds of each killer"""
    start = time.monotonic()
    before = tree.put(mutant)
    fate, by, said = "equivalent" if mutant.equivalent else "survived", "", ""
    try:
        for killer in mutant.by:
            code, out = 0, ""
            if target_of(killer):
                code, out, _ = make(tree.path, *target_of(killer), quiet=tree.quiet)
            if code != 0 and killer[0] != "build":
                fate, said = "broken", out
                break
            good, said = False, out
            if code == 0:
                cpu = usual[killer] * CPU_TIMES + CPU_MORE
                good, said, _ = try_killer(tree, killer, cpu)
            if not good:
                fate, by = "killed", " ".join(killer)
                break
    finally:
        tree.restore(mutant, before)
    return Result(mutant, fate, by, time.monotonic() - start, said)


def try_sound(tree, killer):
    """Run a killer without any fault. Return: its CPU seconds."""
    if target_of(killer):
        code, out, _ = make(tree.path, *target_of(killer))
        if code != 0:
            raise Trouble(f"the tree does not build\n{last_lines(out)}")
    good, out, used = try_killer(tree, killer)
    if not good:
        raise Trouble(f"{' '.join(killer)} fails without any fault\n{last_lines(out, 40)}")
    return used


# --- all of them -------------------------------------------------------------------------------


class Crew:
    """The workers, each with its tree."""

    def __init__(self, jobs):
        self.jobs = jobs
        self.trees = queue.Queue()
        for number in range(jobs):
            self.trees.put(Tree(number))

    def map(self, work, items):
        """Yield work(tree, item) for each item, in the order in which they end."""

        def with_tree(item):
            tree = self.trees.get()
            try:
                return work(tree, item)
            finally:
                self.trees.put(tree)

        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            waiting = [pool.submit(with_tree, item) for item in items]
            try:
                for done in concurrent.futures.as_completed(waiting):
                    yield done.result()
            finally:
                for one in waiting:
                    one.cancel()


def choose(mutants, args):
    """The mutants that the arguments ask for."""
    chosen = mutants
    if args.only:
        chosen = [m for m in chosen if any(fnmatch.fnmatchcase(m.name, p) for p in args.only)]
    if args.host:
        chosen = [m for m in chosen if m.host]
    if args.fraction is not None:
        seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
        print(f"mutants: seed {seed} (make mutants {'HOST=1 ' if args.host else ''}"
              f"FRACTION={args.fraction} SEED={seed} does the same again)", flush=True)
        count = max(1, round(len(chosen) * args.fraction))
        chosen = random.Random(seed).sample(chosen, min(count, len(chosen)))
    if not chosen:
        raise Trouble("no mutant is of that name")
    return chosen


def build(chosen):
    """Build what the workers copy."""
    targets = {t.replace("build/unit/", OUT + "/unit/") for m in chosen for k in m.by
               for t in target_of(k)}
    if any(not m.host for m in chosen):
        targets |= {"hypervisor", "guests", "tools", "initrd"}
    env = dict(clean_env(), O=os.environ.get("O", "build"))
    targets = {t.replace(OUT + "/", env["O"].rstrip("/") + "/") for t in targets}
    argv = ["make", "--no-print-directory", "-j", str(os.cpu_count() or 1), "O=" + env["O"]]
    code, out, _ = run(argv + sorted(targets), TOP, env)
    if code != 0:
        raise Trouble(f"the tree does not build\n{last_lines(out)}")


def report(results, out):
    """Print the table and write it to `out`."""
    width = max(len(r.mutant.name) for r in results)
    print(f"\n{'mutant':{width}}  {'fate':10} {'s':>6}  caught by")
    for r in sorted(results, key=lambda r: (r.mutant.file, r.mutant.name)):
        print(f"{r.mutant.name:{width}}  {r.fate:10} {r.seconds:6.1f}  {r.by}")
    for r in results:
        if r.good:
            continue
        what = {"survived": "survived", "broken": "does not build"}.get(
            r.fate, "is caught, though it has a proof")
        print(f"\n{r.mutant.where}: {r.mutant.name} {what}: {r.mutant.file}\n    {r.mutant.why}")
        if r.fate == "broken":
            print(last_lines(r.said))
        print("\n".join(f"    - {o}\n    + {n}" for o, n in r.mutant.edits))
    counts = {f: sum(r.fate == f for r in results) for f in FATES}
    print("\nmutants: " + ", ".join(f"{n} {f}" for f, n in counts.items() if n or f != "broken"),
          flush=True)
    table = [{"mutant": r.mutant.name, "file": r.mutant.file, "fate": r.fate, "by": r.by,
              "seconds": round(r.seconds, 1)} for r in results]
    with open(out, "w", encoding="utf-8") as f:
        json.dump(table, f, indent=1)


def hunt_all(chosen, jobs):
    build(chosen)
    make_base()
    crew = Crew(min(jobs, len(chosen)))
    killers = sorted({killer for m in chosen for killer in m.by})
    usual = {}

    def sound(tree, killer):
        usual[killer] = try_sound(tree, killer)

    for number, _ in enumerate(crew.map(sound, killers), 1):
        if number % 10 == 0 or number == len(killers):
            print(f"without a fault: {number} of {len(killers)} pass", flush=True)
    results = []
    for r in crew.map(lambda tree, m: hunt(tree, m, usual), chosen):
        results.append(r)
        print(f"{len(results):3}/{len(chosen)} {r.fate:10} {r.mutant.name}  {r.seconds:.1f} s  "
              f"{r.by}", flush=True)
    report(results, os.path.join(OUT, "mutants", "results.json"))
    return results


def arguments():
    parser = usage.parser("Put small faults into the code.")
    parser.add_argument("--check", action="store_true", help="only see whether they apply")
    parser.add_argument("--only", nargs="*", help="names, with * and ?")
    parser.add_argument("--host", action="store_true", help="only those without a whole machine")
    parser.add_argument("--fraction", type=float, help="a random part, above 0 and at most 1")
    parser.add_argument("--seed", type=int, help="of the choice")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    if args.fraction is not None and not 0.0 < args.fraction <= 1.0:
        parser.error("--fraction: above 0 and at most 1")
    return args


def main():
    args = arguments()
    try:
        mutants = read_all()
        if args.check:
            print(f"{len(mutants)} mutants, all apply")
            return 0
        results = hunt_all(choose(mutants, args), args.jobs)
    except (Bad, Trouble) as bad:
        print(f"mutants: {bad}", file=sys.stderr)
        return 2
    if any(r.fate == "broken" for r in results):
        return 2
    return 0 if all(r.good for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
