# SPDX-License-Identifier: BSD-2-Clause
"""The host's side of a manager's ports.

A Proxy is the link between two machines, which a test cuts, holds or silences. A Store keeps what
a manager writes to a file, or gives it back. What managers wrote is held against the rules of
docs/migration.md by the reader that was written from it (tools/stream).
"""

import os
import socket
import sys
import threading
import time

from machine import SHORT, TOP

sys.path.insert(0, os.path.join(TOP, "tools"))
from stream import frames, records, rules, show  # noqa: E402

FILL = b"\xff"
MAGIC = b"CLVM"  # begins a frame


def whole(data, epoch=None):
    """The guest of a checkpoint, at an epoch or at the last."""
    return rules.whole_checkpoint(memoryview(data), epoch)


def flattened(data):
    """A checkpoint of the same guest with each page once, made by the tools from a checkpoint."""
    flat = b"".join(show.flat(whole(data)))
    assert not list(show.differences(whole(data), whole(flat)))
    return flat


def stopped(data):
    """The same checkpoint of a guest that was paused."""
    reader, out = frames.Reader(memoryview(data)), []
    while frame := reader.next():
        part = data[frame.offset:reader.at]
        if frame.kind == records.KINDS["stop"]:
            part = frames.pack(frame.number, frame.kind, frame.version, frame.flags, bytes(8))
        out.append(part)
    return b"".join(out)


class Proxy:
    """Stands between two machines: carries bytes, counts them, and cuts the link when told to.

    Direction 0 is what the first machine (side 0) sends. A machine that connects waits here for the
    other one, and none is let in while the link is held. The fill bytes that a manager sends when
    it finds its port for the first time are not counted.
    """

    def __init__(self, folder):
        self.paths = [os.path.join(folder, name) for name in ("a.sock", "b.sock")]
        # Bytes of a direction after which both sides are cut
        self.cut_at = [None, None]
        # Number of the byte of a direction that is changed
        self.spoil_at = [None, None]
        # Bytes of a direction after which nothing more of it arrives
        self.silent_at = [None, None]
        # (bytes of direction 0, a function that is called when so many have come)
        self.when = None
        # (bytes of direction 1, seconds for which what follows them is held up)
        self.late = None
        # Bytes of direction 1 after which side 0's answer is dropped, and both sides are cut
        self.unheard = None
        # A barrier at which the first bytes of both directions wait for each other
        self.meet = None
        # Two bytearrays that get what each direction carries; None: nobody records
        self.record = None
        self.ends = []
        self.carried = [0, 0]  # bytes of each direction in the present connection
        self.hold_cut = False  # whether a cut holds the link
        self.cuts = 0
        self.connections = 0
        self.encrypted = False  # whether the machines' keys protect what they write
        self.said = []  # what a machine wrote, for each time it was connected
        self.let_in = threading.Event()
        self.let_in.set()
        self.stop = False
        self.servers = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def chardev(self, side):
        return f"socket,path={self.paths[side]},reconnect-ms=200"

    def accept(self):
        """Wait for both machines to connect. Return: both ends. No other can connect afterwards."""
        self.servers = [socket.socket(socket.AF_UNIX) for _ in self.paths]
        try:
            for server, path in zip(self.servers, self.paths):
                server.bind(path)
                server.listen(1)
            return [server.accept()[0] for server in self.servers]
        finally:
            for server, path in zip(self.servers, self.paths):
                server.close()
                os.unlink(path)

    def serve(self):
        while not self.stop:
            self.let_in.wait()
            try:
                ends = self.accept()
            except OSError:
                return
            self.connections += 1
            self.ends = ends
            self.carried = [0, 0]
            both = [threading.Thread(target=self.carry, args=(ends, side), daemon=True)
                    for side in (0, 1)]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
            for end in ends:
                end.close()

    def cut(self):
        if self.hold_cut:
            self.let_in.clear()
        self.cuts += 1

    def pass_on(self, data, to, side):
        """Carry `data`, which came from `side`. Return: whether the connection goes on."""
        limit = self.cut_at[side]
        if side == 0 and self.when is not None and self.carried[0] + len(data) >= self.when[0]:
            act, self.when = self.when[1], None
            act()
        if side == 1 and self.late is not None and self.carried[1] >= self.late[0]:
            seconds, self.late = self.late[1], None
            time.sleep(seconds)
        if side == 0 and self.unheard is not None and self.carried[1] >= self.unheard:
            self.unheard = None
            self.cut()
            return False
        if limit is not None and self.carried[side] + len(data) >= limit:
            to.sendall(data[:limit - self.carried[side]])
            self.cut_at[side] = None
            self.cut()
            return False
        spoil = self.spoil_at[side]
        if spoil is not None and self.carried[side] + len(data) > spoil:
            at = spoil - self.carried[side]
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
            self.spoil_at[side] = None
        silent = self.silent_at[side]
        keep = len(data) if silent is None else max(0, silent - self.carried[side])
        self.carried[side] += len(data)
        if self.record is not None:
            self.record[side] += data[:keep]
        to.sendall(data[:keep])
        return True

    def say(self, side, data):
        """Send `data` to the other machine as if `side` had said it."""
        self.ends[1 - side].sendall(data)

    def carry(self, ends, side):
        first = True
        said = bytearray()
        self.said.append(said)
        try:
            while True:
                data = ends[side].recv(65536)
                if not data:
                    break
                if first:
                    frames = data.lstrip(FILL)
                    ends[1 - side].sendall(data[:len(data) - len(frames)])
                    data = frames
                    if not data:
                        continue
                if first and self.meet is not None:
                    self.meet.wait(SHORT)
                first = False
                said += data
                if not self.pass_on(data, ends[1 - side], side):
                    break
        except (OSError, threading.BrokenBarrierError):
            pass
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def check(self):
        """Read what the machines wrote; it may end anywhere. Pages are left to checkpoints.

        Of an encrypted link nothing can be read, and no frame may show.
        """
        if self.encrypted:
            assert not any(MAGIC in said for said in self.said)
            return
        for said in self.said:
            if said.lstrip(FILL):
                rules.check(memoryview(said), fast=True, cut=True, link=True)

    def close(self):
        self.stop = True
        self.let_in.set()
        for server in self.servers:
            try:
                server.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Store:
    """The host's side of the store's port: keeps what comes, or sends what a test gives it."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "store.sock")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(1)
        self.server.settimeout(SHORT)
        self.end = None
        self.kept = bytearray()
        self.more = threading.Condition()  # guards kept

    def chardev(self):
        return f"socket,path={self.path},reconnect-ms=200"

    def accept(self):
        """Wait until the machine has connected its port."""
        self.end = self.server.accept()[0]

    def beside(self, work):
        """Run work(port) in a thread, until it returns or the port is cut. Return: the thread."""
        port = self.end

        def until_cut():
            try:
                work(port)
            except OSError:
                pass

        thread = threading.Thread(target=until_cut, daemon=True)
        thread.start()
        return thread

    def checkpoint(self, man, name, *options):
        """Have the manager write a partition to the port, and cut the port. Return: all bytes."""

        def keep(port):
            while data := port.recv(1 << 20):
                with self.more:
                    self.kept += data
                    self.more.notify()

        keeper = self.beside(keep)
        self.kept.clear()
        man.run(" ".join([f"checkpoint {name} --passes 1", *options]))
        report = man.over()
        assert report.verdict.startswith(f"done: checkpoint {name} to store"), report.verdict
        with self.more:
            self.more.wait_for(lambda: len(self.kept) >= report["sent_bytes"], SHORT)
        self.cut()
        keeper.join()
        assert len(self.kept) == report["sent_bytes"]
        rules.check(memoryview(self.kept))
        return bytes(self.kept)

    def give(self, data, end=False):
        """Send `data` as fast as the manager takes it. `end`: cut the port afterwards."""

        def send(port):
            port.sendall(data)
            if end:
                port.shutdown(socket.SHUT_RDWR)

        self.beside(send)

    def cut(self):
        if self.end is not None:
            try:
                self.end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.end.close()

    def close(self):
        self.cut()
        self.server.close()
