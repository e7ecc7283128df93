# SPDX-License-Identifier: BSD-2-Clause
"""Tests of a link that is encrypted, between machines that know each other's keys."""

import re

import link_keys
from board import device_tree
from moves import PEER
from workers import FEW, MIB, alive, huge, received, spare, states, up, worker

PROVED = "peer: the link is encrypted, and the peer has proved its key"
NO_PROOF = "peer: the peer could not prove its key: it gets nothing"


def both(boot, proxy, tmp_path, there="b", known="b", extra=()):
    """Two machines. The second one has the key `there`, and the first one expects `known`."""
    proxy.encrypted = True
    a, man_a = up(boot, worker(), spare("back"), link={PEER: proxy.chardev(0)},
                  keys=link_keys.write(tmp_path / "a.keys", "a", known))
    b, man_b = up(boot, spare("there"), link={PEER: proxy.chardev(1)}, count=0, extra=extra,
                  keys=link_keys.write(tmp_path / "b.keys", there, "a"))
    a.beside, b.beside = [b], [a]
    return a, man_a, b, man_b


def encrypted(*managers):
    for man in managers:
        man.link_ready()
        assert man.rows("links")[0]["security"] == "encrypted"


def test_secure(boot, proxy, tmp_path):
    """A busy guest moves over an encrypted link, every page verified, and back.

    In between a byte is changed on the way: the session is over on both sides, the guest stays
    where it is, and the next session begins by itself on the link that was never cut. The same when
    a manager is restarted.
    """
    a, man_a, b, man_b = both(boot, proxy, tmp_path)
    man_a.tells(PROVED)
    man_b.tells(PROVED)
    encrypted(man_a, man_b)
    proxy.spoil_at[0] = proxy.carried[0] + 1 * MIB
    man_a.run("migrate work to peer --passes 2")
    assert "the link was cut" in man_a.over().verdict
    assert not received(man_b).ok
    states(man_a, work="running", back="empty")
    states(man_b, there="empty")
    encrypted(man_a, man_b)
    assert man_a.migrate("work", "peer", "--verify", "--pack", "lz4", *FEW)["packed"] > 0
    assert received(man_b).verdict == "done: receive work to there"
    alive(b, "there")
    b.focus("manager")
    b.sendline("reboot")
    man_b.tells(PROVED)
    encrypted(man_a, man_b)
    man_b.jobs_from = b.at
    assert man_b.migrate("there", "peer", "--verify", *FEW).ok
    assert received(man_a).verdict == "done: receive work to work"
    alive(a, "work")
    huge(man_a, "work")
    assert proxy.connections == 1 and proxy.cuts == 0


def test_wrong_key(boot, proxy, tmp_path):
    """Who has another key gets nothing, and no guest goes there; one line says why."""
    a, man_a, b, man_b = both(boot, proxy, tmp_path, there="c")
    man_a.tells(NO_PROOF)
    man_b.tells("peer: the peer (could not prove its key|broke the handshake off)")
    assert "has not proved its key" in man_a.refused("migrate work to peer")
    assert man_a.rows("links")[0]["security"] == "no session"
    alive(a, "work")
    states(man_b, there="empty")


def test_no_seed(boot, tmp_path):
    """Without anything that is new at each boot the link is refused. It does not become plain."""
    blob = device_tree(tmp_path, 3, lambda tree: re.sub(r"rng-seed = <[^>]*>;", "", tree))
    keys = link_keys.write(tmp_path / "a.keys", "a", "b")
    path = str(tmp_path / "socket")
    _, man = up(boot, spare(), link={PEER: f"socket,path={path},server=on,wait=off"}, count=0,
                keys=keys, extra=["-dtb", blob])
    man.machine.at = 0
    man.tells("peer: the link is refused: the firmware's tree has no rng-seed")
    assert man.rows("links")[0]["security"] == "refused"
    assert man.rows("links")[0]["state"] != "ready"
