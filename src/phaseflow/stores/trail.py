"""The hashes: the chain of a trail, commitments to personal values, and the Merkle roots exported as anchors.

Hashes cover stored bytes, never decoded objects, so a text may be read into newer classes without breaking anything
(R17). `phaseflow.stores.codec` offers these functions to the rest of the house.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

import attrs

from phaseflow.stores.base import Head, StoredEntry

# Each part is framed by its length, so that no two different lists of parts give the same bytes; each kind of hash
# begins with its own word, so that no hash of one kind can be passed off as another (RFC 6962 does the same by a byte).


def _hash(kind: bytes, *parts: bytes) -> str:
    digest = sha256(kind)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def digest(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hex: for plans and for the content of commands."""
    return sha256(text.encode()).hexdigest()


def genesis(run: str) -> str:
    """The hash that stands before a run's first entry; it binds the chain to the run."""
    return _hash(b"phaseflow run 1\n", run.encode())


def chain(previous: str, body: str) -> str:
    """The hash of an entry: over the hash before it and the stored bytes of its body."""
    return _hash(b"phaseflow entry 1\n", previous.encode(), body.encode())


def link(run: str, previous: str, after: int, bodies: Iterable[str]) -> tuple[StoredEntry, ...]:
    """Chain *bodies* on behind seq *after*, whose hash is *previous* (`genesis` of the run where *after* is 0)."""
    entries = []
    for seq, body in enumerate(bodies, start=after + 1):
        previous = chain(previous, body)
        entries.append(StoredEntry(run, seq, body, previous))
    return tuple(entries)


def commit(salt: str, value: str) -> str:
    """The commitment that stands in a trail instead of a personal value; without the salt nobody can try values out."""
    return _hash(b"phaseflow personal 1\n", salt.encode(), value.encode())


@attrs.frozen
class ChainFault:
    """One place where a trail is not what was written; *seq* is where it shows."""

    run: str
    seq: int
    kind: Literal["edit", "gap", "order", "tail"]
    what: str


def verify_chain(entries: Iterable[StoredEntry], run: str, head: Head | None = None) -> list[ChainFault]:
    """Check a whole trail, in one pass and in the order given; an empty list says that it holds.

    Args:
        entries: All entries of the run from seq 1 on, in stored order.
        run: The run they are said to belong to.
        head: The run's head, or one kept elsewhere: with it a cut tail and a rewritten chain show as well.
    """
    faults: list[ChainFault] = []
    previous, seq = genesis(run), 0
    for entry in entries:
        if entry.seq <= seq:
            faults.append(ChainFault(run, entry.seq, "order", f"entry {entry.seq} stands behind entry {seq}"))
        elif entry.seq != seq + 1:
            missing = f"entry {seq + 1} is" if entry.seq == seq + 2 else f"entries {seq + 1} to {entry.seq - 1} are"
            faults.append(ChainFault(run, entry.seq, "gap", f"{missing} missing"))
        elif entry.run != run or chain(previous, entry.body) != entry.hash:
            what = f"entry {entry.seq} does not follow from the one before: its text, hash or place was changed"
            faults.append(ChainFault(run, entry.seq, "edit", what))
        # Go on from what is stored, so that one touched entry is not reported as all those behind it.
        previous, seq = entry.hash, entry.seq
    if head is not None and (head.seq, head.chain) != (seq, previous):
        what = f"the head says seq {head.seq} ({head.chain[:12]}), the trail ends at {seq} ({previous[:12]})"
        faults.append(ChainFault(run, head.seq, "tail", what))
    return faults


def merkle_root(leaves: Iterable[str]) -> str:
    """The Merkle root over texts in the order given (the tree of RFC 6962); of none, the hash of nothing."""
    level = [_hash(b"phaseflow leaf 1\n", leaf.encode()) for leaf in leaves]
    if not level:
        return _hash(b"phaseflow leaf 1\n")
    while len(level) > 1:
        # An odd last node rises unchanged, which gives the same tree as RFC 6962's split at a power of two.
        pairs = [
            _hash(b"phaseflow node 1\n", a.encode(), b.encode()) for a, b in zip(level[::2], level[1::2], strict=False)
        ]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def heads_root(heads: Iterable[Head]) -> str:
    """The anchor over all runs: one text to keep elsewhere, by which a missing run or a cut tail shows (R17)."""
    return merkle_root(_head_leaf(head) for head in sorted(heads, key=lambda head: head.run))


def _head_leaf(head: Head) -> str:
    return json.dumps([head.run, head.seq, head.chain], separators=(",", ":"), ensure_ascii=False)
