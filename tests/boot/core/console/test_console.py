# SPDX-License-Identifier: BSD-2-Clause
"""The console: partitions that print at once, the focus, and input that comes too fast."""

import os
import re

from board import AT_OTHER, BLOB, device_tree, elsewhere, initrd_at
from machine import ESCAPE, SHORT, command, config, guest, pack, partition


def echo_sum(text):
    """What the payload prints for a line in its echo mode."""
    total = 0
    for c in text.encode():
        total = (total * 31 + c) & 0xFFFFFFFF
    return f"heard {len(text)} bytes, sum {total:08x}"


def numbered(n):
    """Line `n` of the payload's print mode."""
    body = "".join(chr(ord("a") + (n + i) % 26) for i in range(n * 37 % 90))
    return f"line {n:06} {body} {n:06} end"


def test_no_line_is_lost_or_broken(boot):
    """Three partitions print as fast as they can, and a fourth has the focus and an open prompt.

    Every line arrives once, whole and in order.
    """
    count = 400
    printers = [f"p{i}" for i in range(3)]
    m = boot([partition("front", bootargs="mode=prompt")] +
             [partition(p, bootargs=f"mode=print lines={count}") for p in printers],
             {"payload.bin": guest("console")}, smp=4)
    m.wait_all(*(rf"^{p}\| done: 1 passed, 0 failed" for p in printers))
    m.wait_open(r"^front\| prompt> *$", SHORT)
    for p in printers:
        end = [f"ok printed {count} lines", "done: 1 passed, 0 failed"]
        assert m.lines(p) == [numbered(n) for n in range(count)] + end
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
    # At the start, the first partition that is no manager has the focus.
    m.wait(r'^cleave\| input goes to partition 1 "one"')
    m.wait_open(r"^one\| echo> *$")
    m.sendline("first")
    m.wait(r"^one\| echo> first$")
    m.wait(r"^one\| " + echo_sum("first"))

    # A number moves it at once. The open line of the partition that has it is shown.
    state = None
    while state != "running":  # the partitions start one after the other
        m.send(ESCAPE + "2")
        state = m.wait(r'^cleave\| input goes to partition 2 "two" \((\w+)\)')[1]
    m.wait_open(r"^two\| echo> *$")
    m.sendline("second")
    m.wait(r"^two\| " + echo_sum("second"))

    # A name or its beginning moves it. Some names are not unique, and some do not exist.
    m.send(ESCAPE + "bo\r")
    m.wait(r'^cleave\| input goes to partition 0 "boss"')
    m.send(ESCAPE + "tw\r")
    m.wait(r'^cleave\| several partitions\' names begin with "tw"')
    m.send(ESCAPE + "twx\x7f\x7fo\r")
    m.wait(r'^cleave\| there is no partition "to"')
    m.send(ESCAPE + "9")
    m.wait(r'^cleave\| there is no partition "9"')
    m.wait_open(r"^boss\| echo> *$")

    # Help lists the partitions and says which has the input. Then the prompt is shown again.
    m.send(ESCAPE + "?")
    m.wait(r"^cleave\| Ctrl-\] and a partition's number")
    m.wait(r"^cleave\| +\* +0 boss +running")
    m.wait(r"^cleave\| +1 one +running")
    m.wait_open(r"^boss\| echo> *$")

    # A name can be given up half-way, and is not sent to anybody. The key twice sends the key.
    m.send(ESCAPE + "on\x1b")
    m.sendline("a" + ESCAPE * 2 + "b")
    m.wait(r"^boss\| " + echo_sum("a\x1db"))

    # A partition that has ended takes no input, and a message says so.
    m.sendline("quit")
    m.wait(r'^cleave\| partition "boss": shut down')
    state = None
    while state != "stopped":  # the message comes a moment before it is true
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
    """A guest reads slowly a paste that is much larger than all buffers, while another prints."""
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
    """It must not block the keyboard for the user, or take input that was meant for others."""
    m = boot([partition("deaf", bootargs="mode=deaf"), partition("echo", bootargs="mode=echo")],
             {"payload.bin": guest("console")}, smp=2)
    m.wait(r"^deaf\| deaf: ready")
    m.send("x" * 700)
    m.wait(r'^cleave\| partition "deaf" does not read its input')
    m.focus("echo")
    m.sendline("hello")
    m.wait(r"^echo\| " + echo_sum("hello"))


def test_polled_console(boot, tmp_path):
    """A machine without an interrupt controller that a driver knows has a polled console."""
    archive = pack(str(tmp_path / "a.cpio"), config(partition("echo", bootargs="mode=echo")),
                   {"payload.bin": guest("console")})
    tree = device_tree(tmp_path, 1, lambda s: s.replace("sifive,plic-1.0.0", "acme,plic")
                       .replace("riscv,plic0", "acme,plic0"))
    m = boot(argv=command(initrd=archive, smp=1) + ["-dtb", tree])
    m.wait(r"^cleave\| uart .*: 8250, polled")
    m.wait_open(r"^echo\| echo> *$")
    m.sendline("hello")
    m.wait(r"^echo\| " + echo_sum("hello"))
    m.sendline("quit")
    assert m.wait_end() == 0


def test_firmware_console(boot, tmp_path):
    """Where no driver knows the UART, the firmware's console carries output and input.

    The firmware gets the right tree, and Cleave gets one with an unknown UART.
    """
    archive = pack(str(tmp_path / "a.cpio"), config(partition("echo", bootargs="mode=echo")),
                   {"payload.bin": guest("console")})
    at = 0xb0000000

    def change(source):
        source = source.replace('"ns16550a"', '"acme,uart"')
        return initrd_at(at, at + os.path.getsize(archive))(source)

    tree = device_tree(tmp_path, 1, change)
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
