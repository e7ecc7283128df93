# SPDX-License-Identifier: BSD-2-Clause
"""The host's side of a manager's ports: a link between two machines that is cut, held or silenced, and a file to come and go by."""

import os
import socket
import threading

from machine import SHORT

FILL = b"\xff"


class Proxy:
    """
    Between two machines: carries bytes, counts them, and cuts when it is told to. Direction and side 0 are what the first machine
    sends. Who connects waits here for the other, and nobody is let in while the link is held. The fill that a manager sends when it
    finds the port for the first time does not count.
    """

    def __init__(self, folder):
        self.paths = [os.path.join(folder, name) for name in ("a.sock", "b.sock")]
        self.cut_at = [None, None]  # bytes of a direction after which both sides are cut
        self.silent_at = [None,
                          None]  # bytes of a direction after which nothing of it arrives any more
        self.when = None  # (bytes of direction 0, what is done when so many have come)
        self.unheard = None  # bytes of direction 1, to which side 0's answer is dropped, and both are cut
        self.carried = [0, 0]  # in the connection that there is
        self.meet = None  # a barrier at which the first bytes of both directions wait for each other
        self.hold_cut = False  # a cut holds the link
        self.cuts = 0
        self.connections = 0
        self.let_in = threading.Event()
        self.let_in.set()
        self.stop = False
        self.servers = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def chardev(self, side):
        return f"socket,path={self.paths[side]},reconnect-ms=200"

    def accept(self):
        """Both ends of the next connection; until then, and behind it, nobody can connect."""
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
            self.carried = [0, 0]
            both = [
                threading.Thread(target=self.carry, args=(ends, side), daemon=True)
                for side in (0, 1)
            ]
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
        """Return: the connection goes on."""
        limit = self.cut_at[side]
        if side == 0 and self.when is not None and self.carried[0] + len(data) >= self.when[0]:
            act, self.when = self.when[1], None
            act()
        if side == 0 and self.unheard is not None and self.carried[1] >= self.unheard:
            self.unheard = None
            self.cut()
            return False
        if limit is not None and self.carried[side] + len(data) >= limit:
            to.sendall(data[:limit - self.carried[side]])
            self.cut_at[side] = None
            self.cut()
            return False
        silent = self.silent_at[side]
        keep = len(data) if silent is None else max(0, silent - self.carried[side])
        self.carried[side] += len(data)
        to.sendall(data[:keep])
        return True

    def carry(self, ends, side):
        first = True
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
                if not self.pass_on(data, ends[1 - side], side):
                    break
        except (OSError, threading.BrokenBarrierError):
            pass
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.stop = True
        self.let_in.set()
        for server in self.servers:
            try:
                server.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Store:
    """The host's side of the store's port: keeps what comes, or gives what it is told to."""

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
        """Do something with the port, until it is done or the port is cut."""
        port = self.end

        def until_cut():
            try:
                work(port)
            except OSError:
                pass

        thread = threading.Thread(target=until_cut, daemon=True)
        thread.start()
        return thread

    def checkpoint(self, man, name):
        """Have the manager write a partition to the port, which is then cut. Return: all that came."""

        def keep(port):
            while data := port.recv(1 << 20):
                with self.more:
                    self.kept += data
                    self.more.notify()

        keeper = self.beside(keep)
        man.run(f"checkpoint {name} --passes 1")
        report = man.over()
        assert report.verdict == f"done: checkpoint {name} to store", report.verdict
        with self.more:
            self.more.wait_for(lambda: len(self.kept) >= report["sent_bytes"], SHORT)
        self.cut()
        keeper.join()
        assert len(self.kept) == report["sent_bytes"]
        return bytes(self.kept)

    def give(self, data, end=False):
        """Send what the guest takes; `end`: then cut the port."""

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
