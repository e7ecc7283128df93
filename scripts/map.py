#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draw the tree as it is: folders as boxes, includes as arrows.

    scripts/map.py           write docs/map.svg (needs graphviz's dot)
    scripts/map.py --check   refuse a stale picture, an arrow that goes up, a circle of includes
    scripts/map.py --self    check that this check can fail

The picture carries the facts that it was drawn from, as a comment. The layout may differ between
versions of graphviz; the facts may not. Lines are lines of code without comments and blanks,
rounded to two digits, so that a small change does not make the picture stale.
"""

import math
import os
import re
import subprocess
import sys

import check_includes
import usage

SVG = os.path.join(check_includes.TOP, "docs", "map.svg")
MARK = "facts of this picture:"
# From the top of the picture to its bottom; no arrow may go from a row to one above it.
ORDER = (
    "tools",
    "guests/manager",
    "guests/workload",
    "guests/windows",
    "guests/linux",
    "examples",
    "guests/lib",
    "platform",
    "core/boot",
    "core/guest",
    "core/state",
    "core/vm",
    "core/run",
    "core/device",
    "core/console",
    "core/config",
    "drivers",
    "core/machine",
    "mm",
    "arch/riscv",
    "lib",
    "include/cleave",
    "include/abi",
)
# Everything stands on these. Arrows to them would hide the others, and are counted but not drawn.
GROUND = ("lib", "include/cleave", "include/abi")
COLOURS = {
    "core": "#dce9f7",
    "mm": "#fde2c4",
    "arch": "#f6d5d5",
    "drivers": "#e3f1dc",
    "platform": "#e3f1dc",
    "guests": "#eee3f6",
    "examples": "#eee3f6",
    "tools": "#eeeeee",
    "lib": "#f4f4f4",
    "include": "#f4f4f4",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def folder_of(path):
    """The box that a file of the tree stands in, or None (tests)."""
    return next((f for f in ORDER if path.startswith(f + "/")), None)


def target_of(name):
    """The box that an included name stands in, or None (C library, libfdt, generated headers)."""
    if name.startswith(("cleave/", "abi/")):
        name = "include/" + name
    return folder_of(name)


def facts(files):
    """Lines of each folder and the arrows between folders, from (path, text) pairs."""
    lines, arrows = {}, set()
    for path, text in files:
        folder = folder_of(path)
        if folder is None:
            continue
        code = check_includes.COMMENT.sub("", text)
        lines[folder] = lines.get(folder, 0) + sum(1 for line in code.splitlines() if line.strip())
        for name in INCLUDE.findall(code):
            other = target_of(name)
            if other is not None and other != folder:
                arrows.add((folder, other))
    return lines, arrows


def module_of(path):
    """The module that a file is of: x.c, x.h and x_internal.h are one."""
    return re.sub(r"(_internal)?\.[chS]$", "", path)


def circles(files):
    """Groups of modules (a .c file and its header) of core/ and mm/ that form a circle."""
    edges = {}
    for path, text in files:
        if not path.startswith(("core/", "mm/")):
            continue
        module = module_of(path)
        for name in INCLUDE.findall(check_includes.COMMENT.sub("", text)):
            name = module_of("include/" + name if name.startswith(("cleave/", "abi/")) else name)
            if name != module:
                edges.setdefault(module, set()).add(name)
    return strong(edges)


def strong(edges):
    """The strongly connected groups of more than one node (Tarjan's method, without recursion)."""
    index, low, stack, on, found = {}, {}, [], set(), []
    for root in sorted(edges):
        if root in index:
            continue
        work = [(root, iter(sorted(edges.get(root, ()))))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            nxt = next(rest, None)
            if nxt is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = stack[stack.index(node) :]
                    del stack[-len(group) :]
                    on.difference_update(group)
                    found += [sorted(group)] if len(group) > 1 else []
            elif nxt not in index:
                index[nxt] = low[nxt] = len(index)
                stack.append(nxt)
                on.add(nxt)
                work.append((nxt, iter(sorted(edges.get(nxt, ())))))
            elif nxt in on:
                low[node] = min(low[node], index[nxt])
    return found


def rounded(n):
    """`n` to two digits."""
    step = 10 ** max(len(str(n)) - 2, 0)
    return (n + step // 2) // step * step


def told(lines, arrows):
    """The facts as text, one a line, in a fixed order."""
    rows = [f"box {f} {rounded(lines[f])}" for f in ORDER if f in lines]
    rows += [
        f"arrow {a} {b}"
        for a, b in sorted(arrows, key=lambda p: (ORDER.index(p[0]), ORDER.index(p[1])))
    ]
    return "\n".join(rows)


def upward(arrows):
    """Arrows that go up."""
    return [
        f"{a} includes {b}, which stands above it"
        for a, b in sorted(arrows)
        if ORDER.index(a) > ORDER.index(b)
    ]


def longer_way(a, b, arrows):
    """True when `a` reaches `b` also over others: such an arrow is drawn pale."""
    seen, work = set(), [t for s, t in arrows if s == a and t != b]
    while work:
        node = work.pop()
        if node == b:
            return True
        if node not in seen:
            seen.add(node)
            work += [t for s, t in arrows if s == node]
    return False


def dot(lines, arrows):
    """The picture, in graphviz's language."""
    out = [
        "digraph map {",
        "\trankdir=TB; nodesep=0.35; ranksep=0.42; bgcolor=white;",
        '\tnode [shape=box style="filled,rounded" fontname="sans-serif" fontsize=13];',
        '\tnode [color="#555555"];',
        "\tedge [arrowsize=0.6];",
    ]
    for f in (f for f in ORDER if f in lines):
        side = math.sqrt(lines[f])
        out.append(
            f'\t"{f}" [label="{f}/\\n{rounded(lines[f]):,} lines" width={max(side / 26, 1.2):.2f} '
            f'height={max(side / 60, 0.5):.2f} fillcolor="{COLOURS[f.split("/")[0]]}"];'
        )
    drawn = {(a, b) for a, b in arrows if b not in GROUND}
    for a, b in sorted(drawn):
        pale = longer_way(a, b, drawn)
        out.append(f'\t"{a}" -> "{b}" [{"color=gray80" if pale else "color=gray25 penwidth=1.4"}];')
    # An invisible chain keeps the order that the tree has, from top to bottom.
    chain = [f for f in ORDER if f.startswith(("core/", "mm", "arch/")) and f in lines]
    out += [f'\t"{a}" -> "{b}" [style=invis];' for a, b in zip(chain, chain[1:])]
    present = [f for f in GROUND if f in lines]
    out.append("\t{ rank=sink; " + " ".join(f'"{f}";' for f in present) + " }")
    out += [f'\t"arch/riscv" -> "{f}" [style=invis];' for f in present if "arch/riscv" in lines]
    return "\n".join(out + ["}"])


def draw(lines, arrows):
    """Write the picture."""
    try:
        svg = subprocess.run(
            ["dot", "-Tsvg"], input=dot(lines, arrows), capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"map: dot (graphviz) did not draw it: {error}: run 'make setup'", file=sys.stderr)
        return 1
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S)
    head, end, body = svg.partition("<svg")
    with open(SVG, "w", encoding="utf-8") as file:
        file.write(
            f"{head}<!-- SPDX-License-Identifier: BSD-2-Clause\n{MARK}\n"
            f"{told(lines, arrows)}\n-->\n{end}{body}"
        )
    print(
        f"map: {os.path.relpath(SVG, check_includes.TOP)}: {len(lines)} folders, "
        f"{len(arrows)} arrows, "
        f"{sum(lines.values()):,} lines of code"
    )
    return 0


def stale(lines, arrows):
    """What the committed picture says otherwise than the tree."""
    try:
        with open(SVG, encoding="utf-8") as file:
            has = set(file.read().partition(MARK)[2].partition("-->")[0].strip().splitlines())
    except OSError as error:
        return [f"docs/map.svg: {error.strerror}: run 'make map'"]
    now = set(told(lines, arrows).splitlines())
    return [
        f"docs/map.svg is stale (run 'make map'): it has \"{row}\"" for row in sorted(has - now)
    ] + [f"docs/map.svg is stale (run 'make map'): it lacks \"{row}\"" for row in sorted(now - has)]


def self_test():
    """What must be found is found."""
    up = [("core/run/a.c", '#include "core/vm/b.h"\n'), ("core/vm/b.h", "int x;\n")]
    circle = [
        ("mm/a.c", '#include "mm/b.h"\n'),
        ("mm/b.c", '#include "mm/a.h"\n'),
        ("mm/c.c", '#include "mm/a.h"\n'),
    ]
    wrong = [] if upward(facts(up)[1]) else ["an arrow that goes up was not found"]
    wrong += [] if circles(circle) == [["mm/a", "mm/b"]] else ["a circle was not found"]
    wrong += [] if not circles(circle[1:]) else ["a circle was found where there is none"]
    wrong += [] if stale({"mm": 10**6}, set()) else ["a stale picture was not found"]
    return wrong


def main():
    usage.show(__doc__, "--check", "--self")
    files = list(check_includes.tree())
    lines, arrows = facts(files)
    wrong = self_test() + [
        f"{path}: stands in no box of the map: name its folder in scripts/map.py"
        for path, _ in files
        if folder_of(path) is None and not path.startswith("tests/")
    ]
    if sys.argv[1:] == ["--check"]:
        wrong += upward(arrows) + stale(lines, arrows)
        wrong += [
            "these include each other in a circle: " + " ".join(group) for group in circles(files)
        ]
    elif not sys.argv[1:] and not wrong:
        return draw(lines, arrows)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
