# SPDX-License-Identifier: BSD-2-Clause
"""The matrix as a picture: a cell for each attack and victim, the darker the nearer its bound."""

WIDE, HIGH, LEFT, TOP = 92, 22, 150, 64
FONT = 'font-family="sans-serif" font-size="12"'


def share_of_bound(column, value, bound):
    """How much of what a victim may lose it has lost; -1 where there is no bound."""
    if bound is None:
        return -1
    return max(1000 - value, 0) / (1000 - bound) if column.least else value / bound


def colour(part):
    """Of a part of the bound: nearly white for nothing, blue up to the bound, red above it.

    Grey: it is not judged.
    """
    if part < 0:
        return "#eeeeee"
    if part > 1:
        return "#d62728"
    depth = int(200 * part**0.5)
    return f"#{235 - depth:02x}{243 - depth // 2:02x}fa"


def text(x, y, what, anchor="middle", fill="#222"):
    what = str(what).replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}" {FONT}>{what}</text>'


def draw(columns, where, rows):
    """The picture. where: {machine: its words}; rows: (name, [(value, bound, ok) or None])."""
    width, height = LEFT + WIDE * len(columns) + 10, TOP + HIGH * len(rows) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for n, c in enumerate(columns):
        middle = LEFT + WIDE * n + WIDE // 2
        for line, what in enumerate((where[c.machine], c.title, c.unit)):
            out.append(text(middle, 18 + 16 * line, what, fill="#777" if line != 1 else "#222"))
    for r, (name, cells) in enumerate(rows):
        y = TOP + HIGH * r
        out.append(text(LEFT - 8, y + 15, name, "end"))
        for n, cell in enumerate(cells):
            if cell is None:
                continue
            value, bound, ok = cell
            part = share_of_bound(columns[n], value, bound) if ok else 2
            out.append(f'<rect x="{LEFT + WIDE * n + 1}" y="{y + 1}" width="{WIDE - 2}" '
                       f'height="{HIGH - 2}" fill="{colour(part)}"/>')
            out.append(text(LEFT + WIDE * n + WIDE // 2, y + 15, f"{value:,}",
                            fill="#222" if part < 0.5 else "#fff"))
    return "\n".join(out + ["</svg>", ""])
