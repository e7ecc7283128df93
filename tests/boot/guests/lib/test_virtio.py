# SPDX-License-Identifier: BSD-2-Clause
"""Tests of a guest program's link (guests/lib/virtio/virtio_serial.c).

A partition drives a real console device, and the other end is a socket of the host.
"""

import os
import shutil
import socket
import struct
import tempfile
import threading

import pytest

from machine import LONG, command, guest, partition, qemu

LINK, SECOND = "cleave.link", "cleave.second"
ECHO, FLOOD, END, LAST = 0, 1, 2, 3
INVERT = bytes(255 - i for i in range(256))


def stream(seed, size):
    """The bytes that tests/guests/virtio makes from a seed: splitmix64, in little-endian words."""
    mask = (1 << 64) - 1
    out = bytearray()
    while len(out) < size:
        seed = (seed + 0x9e3779b97f4a7c15) & mask
        z = ((seed ^ seed >> 30) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & mask
        out += struct.pack("<Q", z ^ z >> 31)
    return bytes(out[:size])


class Ports:
    """The host's ends of the ports: one socket for each port, all in a temporary folder."""

    def __init__(self):
        # The folder is not below the test's own one, because a socket's path can have about 100
        # bytes.
        self.folder = tempfile.mkdtemp(prefix="cleave-")
        self.open = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def args(self, *names):
        return qemu.link({n: f"socket,path={self.path(n)},server=on,wait=off" for n in names})

    def connect(self, name):
        s = socket.socket(socket.AF_UNIX)
        self.open.append(s)
        s.settimeout(LONG)  # for a whole sendall()
        s.connect(self.path(name))
        return s

    def close(self):
        for s in self.open:
            s.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def ports():
    p = Ports()
    yield p
    p.close()


def receive(s, size):
    got = bytearray()
    while len(got) < size:
        piece = s.recv(min(size - len(got), 1 << 20))
        assert piece, f"the other side closed after {len(got)} of {size} bytes"
        got += piece
    return bytes(got)


def echo(s, seed, size, mode=ECHO):
    """Send a stream and receive its echo at the same time. Return what was wrong, or None."""
    data = stream(seed, size)
    sender = threading.Thread(target=s.sendall,
                              args=(struct.pack("<IIQ", mode, seed, size) + data,))
    sender.start()
    got = receive(s, size)
    sender.join()
    return None if got == data.translate(INVERT) else f"the echo of stream {seed} is not its stream"


def machine(boot, ports, base=0x90000000, bootargs="sleep", more="direct-map;",
            names=(LINK, SECOND)):
    """Boot Cleave with the test's program in a partition that drives the device itself."""
    return boot([partition("link", memory=((base, 16 << 20),), bootargs=bootargs,
                           more=f'{more} devices = "{qemu.LINK_NODE}"')],
                {"payload.bin": guest("virtio")}, smp=2, mem="2G", extra=ports.args(*names))


@pytest.mark.parametrize("bootargs", ["sleep", None], ids=["interrupts", "polling"])
def test_streams_both_ways_on_two_ports(boot, ports, bootargs):
    """Both ports carry long streams in both directions at the same time, checked at both ends.

    The program either takes the device's interrupt through the emulated PLIC or polls.
    """
    m = machine(boot, ports, bootargs=bootargs)
    m.wait_all(f"port {LINK} is there", f"port {SECOND} is there")
    links = [ports.connect(LINK), ports.connect(SECOND)]
    sizes = [(4 << 20) + 3, (2 << 20) + 5]
    wrong = [None, None]

    def run(i):
        wrong[i] = echo(links[i], 100 + i, sizes[i]) or ""

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    m.wait_all(f"ok {LINK} connection 1: {sizes[0]} bytes",
               f"ok {SECOND} connection 1: {sizes[1]} bytes")
    for t in threads:
        t.join()
    assert wrong == ["", ""]
    links[1].close()
    m.wait(f"ok {SECOND} connection 1 stays cut")
    s = ports.connect(SECOND)
    m.wait(f"open {SECOND} connection 2")
    s.sendall(struct.pack("<IIQ", END, 0, 0))
    m.payload_result("link")
    assert m.wait_end() == 0


def test_host_closes_and_opens_again(boot, ports):
    """The host cuts connections in the middle of either direction.

    No byte of one connection reaches the next one, and the other port goes on.
    """
    m = machine(boot, ports)
    m.wait_all(f"port {LINK} is there", f"port {SECOND} is there")
    other = ports.connect(SECOND)
    m.wait(f"open {SECOND} connection 1")
    for number in range(1, 13):
        s = ports.connect(LINK)
        m.wait(f"open {LINK} connection {number}$")
        if number % 2:
            # The guest has much to send, and the host does not read all of it.
            s.sendall(struct.pack("<IIQ", FLOOD, number, 1 << 30))
            assert receive(s, 100000) == stream(number, 100000)
        else:
            # The guest has received bytes that it never answers.
            s.sendall(struct.pack("<IIQ", ECHO, number, 1 << 30) + stream(number, 50000 + number))
            assert receive(s, 1000) == stream(number, 1000).translate(INVERT)
        s.close()
        m.wait(f"cut {LINK} connection {number} after")
        m.wait(f"ok {LINK} connection {number} stays cut")
        if number == 1:
            assert echo(other, 7, 5000) is None
    s = ports.connect(LINK)
    m.wait(f"open {LINK} connection 13")
    assert echo(s, 9, 1 << 20) is None
    m.wait(f"ok {LINK} connection 13: {1 << 20} bytes")
    s.close()
    m.wait(f"ok {LINK} connection 13 stays cut")
    # The host closes the socket and opens it again at once, maybe before the guest has looked. The
    # guest still sees another connection.
    first, second = ports.connect(LINK), None
    m.wait(f"open {LINK} connection 14")
    first.close()
    second = ports.connect(LINK)
    m.wait(f"cut {LINK} connection 14 after 0 bytes")
    m.wait(f"open {LINK} connection 15")
    second.sendall(struct.pack("<IIQ", END, 0, 0))
    m.payload_result("link")
    assert m.wait_end() == 0


def test_resting_port_loses_nothing(boot, ports):
    """A guest that rests loses no byte of a new connection.

    The host closes its socket, opens it again and sends without a pause.
    """
    m = machine(boot, ports)
    m.wait(f"port {LINK} is there")
    for number in range(1, 21):
        s = ports.connect(LINK)
        assert echo(s, number, 20000, LAST) is None
        m.wait(f"ok {LINK} connection {number}: 20000 bytes")
        s.close()
    s = ports.connect(LINK)
    s.sendall(struct.pack("<IIQ", END, 0, 0))
    assert m.payload_result("link") == 22
    assert m.wait_end() == 0


def test_flow_control(boot, ports):
    """A host that reads nothing for a while gets every byte exactly once when it reads."""
    m = machine(boot, ports)
    m.wait(f"port {LINK} is there")
    s = ports.connect(LINK)
    m.wait(f"open {LINK} connection 1")
    size = 4 << 20
    s.sendall(struct.pack("<IIQ", FLOOD, 5, size))
    # The other port answers meanwhile. The test waits for its echo.
    other = ports.connect(SECOND)
    m.wait(f"open {SECOND} connection 1")
    assert echo(other, 6, 300000) is None
    assert receive(s, size) == stream(5, size)
    m.wait(f"ok {LINK} connection 1: {size} bytes")


def test_legacy_device_is_refused(boot, ports):
    """QEMU's default is virtio-mmio version 1. The guest's line says what to do."""
    extra = [a for a in ports.args(LINK) if a not in ("-global", "virtio-mmio.force-legacy=false")]
    m = boot([
        partition("link", memory=((0x90000000, 16 << 20),),
                  more=f'direct-map; devices = "{qemu.LINK_NODE}"')
    ], {"payload.bin": guest("virtio")}, smp=2, mem="2G", extra=extra)
    m.wait(r"^link\| virtio device at 0x10001000: virtio-mmio version 1; allowed: 2 \(QEMU: "
           r"-global virtio-mmio.force-legacy=false\)")
    m.wait(r"^link\| there is no link")
    assert m.wait_end() == 0


def test_without_cleave(boot, ports):
    """The same program runs as the kernel of the bare machine.

    It finds the device in QEMU's own device tree.
    """
    argv = command(kernel=guest("virtio"), smp=1, mem="256M", append="sleep",
                   extra=ports.args(LINK))
    m = boot(argv=argv)
    m.wait("ok the device's interrupt ends a WFI")
    m.wait(f"port {LINK} is there")
    s = ports.connect(LINK)
    m.wait(f"open {LINK} connection 1")
    assert echo(s, 3, 1 << 20) is None
    m.wait(f"ok {LINK} connection 1: {1 << 20} bytes")
