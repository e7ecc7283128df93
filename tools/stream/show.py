# SPDX-License-Identifier: BSD-2-Clause
"""What is said of a whole guest: a summary, how two differ, and one written anew."""

from . import records, states, text
from .digest import PAGE

MOST = 20  # ranges of pages that differ and are listed


def size(count):
    """A number of bytes for a person."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024 or unit == "MiB":
            return f"{count:.1f} {unit}".replace(".0 ", " ")
        count /= 1024
    return None


def summary(source):
    """Print what came on a connection."""
    print(source.said())
    if not getattr(source, "require", None):
        return
    hello, require = source.hello, source.require
    print(f"guest     {text.show('name', hello['name'])} id {hello['id']:#x} "
          f"uuid {hello.get('uuid', bytes(16)).hex()} version {hello['major']}.{hello['minor']}")
    print(f"needs     {require['vcpus']} vCPUs, {require['isa'].decode()}, "
          f"{require['timebase']} Hz, {require['gstage_levels']} levels")
    for gpa, length in require["regions"]:
        print(f"memory    {gpa:#x} to {gpa + length - 1:#x} ({size(length)})")
    print(f"reboots   from {len(source.images)} of {require.get('images', 0)} bytes of images")
    print("pass  final   pages  zero pages")
    for number, final, pages, zeros in source.passes:
        print(f"{number:4}  {'yes' if final else 'no':5} {pages:7}  {zeros:10}")
    print(f"stopped   {'it ran' if source.run else 'it was paused, or has not been stopped'}")
    for number, (frame, end, pages) in enumerate(source.epochs):
        print(f"epoch {number}   {pages} pages, ends with frame {frame} at offset {end}")
    for (kind, instance), (version, flags, data) in sorted(source.states.items()):
        known = states.KINDS.get(kind)
        print(f"state     {known.name if known else hex(kind)} {instance}: {len(data)} bytes"
              f"{'' if flags & 1 else ', not mandatory'}")


# --- two guests ----------------------------------------------------------------------------------


def differences(one, two):
    """What differs between two guests, as lines."""
    for name, value in one.require.items():
        other = two.require.get(name)
        if value != other:
            yield f"require: {name} {text.show(name, value)}, {text.show(name, other)}" \
                if other is not None else f"require: only the first has {name}"
    if one.images != two.images:
        yield "images: what the guests reboot from differs"
    if one.run != two.run:
        yield f"stop: run {one.run}, {two.run}"
    yield from _state_differences(one.states, two.states)
    yield from _memory_differences(one.memory, two.memory)


def _named(key):
    kind, instance = key
    known = states.KINDS.get(kind)
    return f"state {known.name if known else hex(kind)} {instance}"


def _state_differences(one, two):
    for key in sorted(set(one) | set(two)):
        if key not in one or key not in two:
            yield f"{_named(key)}: only in the {'first' if key in one else 'second'}"
        elif one[key] != two[key]:
            yield from _field_differences(key, one[key], two[key])


def _field_differences(key, one, two):
    known = key[0] in states.KINDS and one[0] == two[0] == 1
    a, b = ((states.decode(key[0], data) if known else None) for _, _, data in (one, two))
    if a is None or b is None or a == b:
        yield f"{_named(key)}: {len(one[2])} and {len(two[2])} bytes that differ"
        return
    for name, value in a.items():
        if value != b[name]:
            yield f"{_named(key)}: {name} {text.show(name, value)}, {text.show(name, b[name])}"


def _memory_differences(one, two):
    """Ranges of pages that differ. A page of zeros is the same however it was sent."""
    zeros = bytes(PAGE)
    places = [gpa for gpa in sorted(set(one) | set(two))
              if (one.get(gpa) or zeros) != (two.get(gpa) or zeros)]
    ranges = []
    for gpa in places:
        if ranges and ranges[-1][1] == gpa:
            ranges[-1][1] += PAGE
        else:
            ranges.append([gpa, gpa + PAGE])
    for start, end in ranges[:MOST]:
        yield f"memory: {start:#x} to {end - 1:#x} ({(end - start) // PAGE} pages)"
    if len(ranges) > MOST:
        yield f"memory: {len(ranges) - MOST} more ranges"
    if places:
        yield f"memory: {len(places)} pages differ"


# --- written anew --------------------------------------------------------------------------------


def flat(source):
    """The frames of a checkpoint of this guest in which each page is there once."""
    maker = text.Maker()
    hello = dict(source.hello, flags=0)
    maker.add_record("hello", hello, hello["major"])
    maker.add_record("require", source.require, hello["major"])
    for at in range(0, len(source.images), records.IMAGES_MOST):
        maker.add_record("images", {"offset": at,
                                    "data": source.images[at:at + records.IMAGES_MOST]})
    maker.add_record("stop", {"run": source.run})
    for (kind, instance), (version, flags, data) in sorted(source.states.items()):
        maker.add_record("state", {"kind": kind, "instance": instance, "version": version,
                                   "flags": flags, "data": data})
    maker.add_record("pass-begin", {"pass": 1, "flags": records.FINAL})
    run = None
    for start, length in source.require["regions"]:
        for gpa in range(start, start + length, PAGE):
            data = source.memory[gpa]
            if data is None or not any(data):
                run = run or [gpa, 0]
                run[1] += 1
                continue
            if run:
                maker.add_record("zero", {"gpa": run[0], "pages": run[1]})
                run = None
            maker.add_record("page", {"gpa": gpa, "data": data}, hello["major"])
        if run:
            maker.add_record("zero", {"gpa": run[0], "pages": run[1]})
            run = None
    maker.add_record("pass-end", maker.sums("pass-end"))
    maker.add_record("hand-over", maker.sums("hand-over"))
    return maker.out
