# SPDX-License-Identifier: BSD-2-Clause
"""A small client of QEMU's gdb stub: stop a hart in the hypervisor, look, set a register, go on."""

import os
import re
import socket
import subprocess
import time

from machine import SLOW

PC = 32  # register number; 0 to 31 are x0 to x31
SP = 2
SECONDS = 60 * SLOW


def symbol(elf, name):
    """The address of a function in an ELF file."""
    nm = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "nm"
    for line in subprocess.run([nm, elf], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        address, _, found = line.partition(" ")
        if found[2:] == name:
            return int(address, 16)
    raise KeyError(f"no symbol {name} in {elf}")


class GdbStub:
    """A connection to `-gdb unix:PATH,server=on,wait=off`. Connecting stops the machine."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        end = time.monotonic() + SECONDS
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def _receive(self):
        """Wait for the next packet and acknowledge it. Return: its text."""
        while True:
            match = re.search(rb"\$([^#]*)#[0-9a-f]{2}", self.buffer)
            if match:
                self.buffer = self.buffer[match.end():]
                self.socket.sendall(b"+")
                return match[1].decode()
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("QEMU closed its gdb stub")
            self.buffer += data

    def _send(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xff))

    def ask(self, text):
        self._send(text)
        return self._receive()

    def run_to(self, address):
        """Go on until some hart executes `address`, and select that hart."""
        assert self.ask(f"Z1,{address:x},4") == "OK"
        self._send("c")
        stop = self._receive()
        assert self.ask(f"z1,{address:x},4") == "OK"
        thread = re.search(r"thread:([^;]+)", stop)[1]
        assert self.ask("Hg" + thread) == "OK"

    def set(self, register, value):
        assert self.ask(f"P{register:x}={value.to_bytes(8, 'little').hex()}") == "OK"

    def get(self, register):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{register:x}")), "little")

    def csr(self, name):
        """The register number of a CSR, as QEMU describes it."""
        text, more = "", True
        while more:
            answer = self.ask(f"qXfer:features:read:riscv-csr.xml:{len(text):x},800")
            more = answer[0] == "m"
            text += answer[1:]
        first = text.index("<reg ")
        base = int(re.search(r'regnum="(\d+)"', text[first:])[1])
        for n, reg in enumerate(re.findall(r"<reg [^>]*>", text)):
            number = re.search(r'regnum="(\d+)"', reg)
            if f'name="{name}"' in reg:
                return int(number[1]) if number else base + n
        raise KeyError(f"QEMU knows no CSR {name}")

    def go(self):
        self._send("c")

    def stop(self):
        """Stop the machine, which runs, wherever it is."""
        self.socket.sendall(b"\x03")
        assert self._receive().startswith("T")

    def monitor(self, command):
        """What QEMU's monitor answers."""
        self._send("qRcmd," + command.encode().hex())
        out = b""
        while True:
            packet = self._receive()
            if packet == "OK":
                return out.decode()
            assert packet.startswith("O"), packet
            out += bytes.fromhex(packet[1:])
