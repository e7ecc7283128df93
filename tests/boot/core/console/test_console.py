# SPDX-License-Identifier: BSD-2-Clause
"""The console: several partitions that print at once, the focus, and input that comes faster than it is read."""

import os
import re

from board import AT_OTHER, BLOB, device_tree, elsewhere
from machine import ESCAPE, SHORT, config, guest, pack, partition


def echo_sum(text):
    """What the payload's echo mode says a line adds up to."""
    total = 0
    for c in text.encode():
        total = (total * 31 + c) & 0xFFFFFFFF
    return f"heard {len(text)} bytes, sum {total:08x}"


def numbered(n):
    """Line `n` as the payload's print mode composes it."""
    body = "".join(chr(ord("a") + (n + i) % 26) for i in range(n * 37 % 90))
    return f"line {n:06} {body} {n:06} end"


def test_no_line_is_lost_or_broken(boot):
    """Three partitions print hard, a fourth has the focus and an open prompt: every line arrives once, whole, in order."""
    count = 400
    printers = [f"p{i}" for i in range(3)]
    m = boot([partition("front", bootargs="mode=prompt")] +
             [partition(p, bootargs=f"mode=print lines={count}") for p in printers],
             {"payload.bin": guest("console")}, smp=4)
    m.wait_all(*(rf"^{p}\| done: 1 passed, 0 failed" for p in printers))
    m.wait_open(r"^front\| prompt> *$", SHORT)
    for p in printers:
        want = [numbered(n)
                for n in range(count)] + [f"ok printed {count} lines", "done: 1 passed, 0 failed"]
        assert m.lines(p) == want
    first = next(i for i, line in enumerate(m.lines()) if line.startswith("p"))
    speakers = re.compile(r"^(cleave|front|p\d)\| ")
    assert [line for line in m.lines()[first:] if not speakers.match(line)] == []
    assert not [line for line in m.lines() if line.startswith("front| ")]


def test_uart_and_plic_of_a_guest(boot):
    m = boot([partition("console", bootargs="mode=device")], {"payload.bin": guest("console")},
             smp=1)
    m.payload_result("console")
    assert m.wait_end() == 0


def test_focus(boot):
    m = boot([partition("boss", bootargs="mode=echo", more="manager"),
              partition("one", bootargs="mode=echo"),
              partition("two", bootargs="mode=dbcn"),
              partition("twin", bootargs="mode=deaf")],
             {"payload.bin": guest("console")}, smp=2)
    # The first that is no manager has it at the start.
    m.wait(r'^cleave\| input goes to partition 1 "one"')
    m.wait_open(r"^one\| echo> *$")
    m.sendline("first")
    m.wait(r"^one\| echo> first$")
    m.wait(r"^one\| " + echo_sum("first"))

    # A number moves it at once; the open line of the partition that has it is shown.
    m.send(ESCAPE + "2")
    m.wait(r'^cleave\| input goes to partition 2 "two" \(running\)')
    m.wait_open(r"^two\| echo> *$")
    m.sendline("second")
    m.wait(r"^two\| " + echo_sum("second"))

    # A name, or the beginning of one; one that is not unique; one that is not there.
    m.send(ESCAPE + "bo\r")
    m.wait(r'^cleave\| input goes to partition 0 "boss"')
    m.send(ESCAPE + "tw\r")
    m.wait(r'^cleave\| several partitions\' names begin with "tw"')
    m.send(ESCAPE + "twx\x7f\x7fo\r")
    m.wait(r'^cleave\| there is no partition "to"')
    m.send(ESCAPE + "9")
    m.wait(r'^cleave\| there is no partition "9"')
    m.wait_open(r"^boss\| echo> *$")

    # Help lists the partitions and says who has the input; the prompt is shown again.
    m.send(ESCAPE + "?")
    m.wait(r"^cleave\| Ctrl-\] and a partition's number")
    m.wait(r"^cleave\| +\* +0 boss +running")
    m.wait(r"^cleave\| +1 one +running")
    m.wait_open(r"^boss\| echo> *$")

    # What was begun can be left, and goes to nobody; twice the key is the key itself.
    m.send(ESCAPE + "on\x1b")
    m.sendline("a" + ESCAPE * 2 + "b")
    m.wait(r"^boss\| " + echo_sum("a\x1db"))

    # A partition that has ended takes no input, and says so.
    m.sendline("quit")
    m.wait(r'^cleave\| partition "boss": shut down')
    state = None
    while state != "stopped":  # it is said a moment before it is so
        m.send(ESCAPE + "0")
        state = m.wait(r'^cleave\| input goes to partition 0 "boss" \((\w+)\)')[1]
    m.sendline("anybody there?")
    m.wait(r'^cleave\| partition "boss" is stopped: what is typed now is dropped')
    m.focus("one")
    m.sendline("third")
    m.wait(r"^one\| " + echo_sum("third"))


def test_focus_from_the_boot_arguments(boot):
    files = {"payload.bin": guest("console")}
    partitions = [partition("one", bootargs="mode=echo"), partition("two", bootargs="mode=echo")]
    m = boot(partitions, files, smp=2, append="cleave.focus=two")
    m.wait(r'^cleave\| input goes to partition 1 "two"')
    m = boot(partitions, files, smp=2, append="cleave.focus=three")
    m.wait(r'^cleave\| boot argument cleave.focus: there is no partition "three"; there are: 0 '
           r'"one", 1 "two"$')
    m.wait(r'^cleave\| input goes to partition 0 "one"')
    m = boot(partitions, files, smp=2, append="cleave.focus=twx")
    m.wait(r'^cleave\| boot argument cleave.focus: there is no partition "twx", perhaps "two" was '
           r'meant; there are: ')
    m.wait(r'^cleave\| input goes to partition 0 "one"')


def test_input_is_not_lost(boot):
    """A paste much larger than all buffers, to a guest that reads slowly, with another one that prints."""
    text = "".join(chr(33 + i * 7 % 90) for i in range(3000))
    m = boot([partition("slow", bootargs="mode=echo slow=200"),
              partition("noise", bootargs="mode=print lines=200")],
             {"payload.bin": guest("console")}, smp=2)
    m.wait_open(r"^slow\| echo> *$")
    # In pieces: the pseudo-terminal itself holds 4 KiB.
    for i in range(0, len(text), 500):
        m.send(text[i:i + 500])
    m.send("\r")
    m.wait(r"^slow\| " + echo_sum(text))
    m.sendline("quit")
    m.wait(r'^cleave\| partition "slow": shut down')


def test_a_guest_that_does_not_read(boot):
    """It must not take the keyboard from the user, and not what others were to get."""
    m = boot([partition("deaf", bootargs="mode=deaf"), partition("echo", bootargs="mode=echo")],
             {"payload.bin": guest("console")}, smp=2)
    m.wait(r"^deaf\| deaf: ready")
    m.send("x" * 700)
    m.wait(r'^cleave\| partition "deaf" does not read its input')
    m.focus("echo")
    m.sendline("hello")
    m.wait(r"^echo\| " + echo_sum("hello"))


def test_polled_console(boot):
    """Where the machine has no interrupt controller that a driver knows, the console is polled, and works as well."""
    m = boot([partition("echo", bootargs="mode=echo")], {"payload.bin": guest("console")}, smp=1,
             machine="aia=aplic")
    m.wait(r"^cleave\| uart .*: 8250, polled")
    m.wait_open(r"^echo\| echo> *$")
    m.sendline("hello")
    m.wait(r"^echo\| " + echo_sum("hello"))
    m.sendline("quit")
    assert m.wait_end() == 0


def test_firmware_console(boot, tmp_path):
    """Where no driver knows the UART, the firmware's console carries output and input. The tree is changed behind its back."""
    archive = pack(str(tmp_path / "a.cpio"), config(partition("echo", bootargs="mode=echo")),
                   {"payload.bin": guest("console")})
    at = 0xb0000000
    initrd = f"chosen {{ linux,initrd-start = <{at:#x}>; linux,initrd-end = <{at + os.path.getsize(archive):#x}>;"
    tree = device_tree(
        tmp_path, 1,
        lambda source: source.replace('"ns16550a"', '"acme,uart"').replace("chosen {", initrd, 1))
    with open(tree, "rb") as f:
        argv = elsewhere(tmp_path, AT_OTHER, a1=BLOB, blob=f.read(), smp=1)
    m = boot(argv=argv + ["-device", f"loader,file={archive},addr={at:#x},force-raw=on"])
    m.wait(r'^cleave\| input goes to partition 0 "echo"')
    assert not [line for line in m.lines("cleave") if line.startswith("uart ")]
    m.wait_open(r"^echo\| echo> *$")
    m.sendline("hello")
    m.wait(r"^echo\| " + echo_sum("hello"))
    m.sendline("quit")
    assert m.wait_end() == 0
