# SPDX-License-Identifier: BSD-2-Clause
"""What TLS takes for each page of a secured link, and for a handshake (tests/guests/secure).

Its partition is small and has a device, so its boot is counted, too.
"""

import re
import sys

import boot_guest

# key of the guest's line, name, limit
ROWS = [
    ("secure_page_source", "a page of a secured link: at the source", 260_000),
    ("secure_page_destination", "a page of a secured link: at the destination", 280_000),
    ("secure_handshake_client", "handshake of a secured link: client", 30_000_000),
    ("secure_handshake_server", "handshake of a secured link: server", 30_000_000),
]
BOOT = ("entry to first guest instruction, 16 MiB with a device", 10_000_000)


def rows(out, icount):
    """The rows of a secured link and of its boot, which are exact. `peer` is the limit."""
    text = boot_guest.console(out, "secure", "512M", icount)
    found = {key: int(count) // int(events) for key, count, events in
             re.findall(r"bench (secure_\w+) (\d+) (\d+) ", text)}
    boot = re.search(r"boot took \d+ ticks, (\d+) instructions", text)
    if "FAIL" in text or boot is None or any(key not in found for key, _, _ in ROWS):
        sys.stderr.write(text)
        sys.exit("bench: the guest with both ends of a secured link did not finish")
    named = [(name, limit, found[key]) for key, name, limit in ROWS] + [(*BOOT, int(boot[1]))]
    return [{"name": name, "unit": "instructions", "peer": limit, "value": value}
            for name, limit, value in named]
