"""What the relay notes on a delivery between two attempts, and when that makes it give up. Data only."""

from __future__ import annotations

import attrs

from phaseflow.stores import codec
from phaseflow.stores.base import Delivery

GAVE_UP = "gave up: "
"""How the error of a dead delivery begins. A claim that still bears it was revived, and starts with fresh patience."""


@attrs.frozen(kw_only=True)
class Note:
    """How far one delivery has come.

    Args:
        after: Of a whole notice: the last person who got a letter of it.
        posted: How many letters were made of it.
        failures: Failed attempts in a row.
        claims: The number of the claim that noted this; a later claim that is not the next one means lost claims.
    """

    after: str = ""
    posted: int = 0
    failures: int = 0
    claims: int = 0

    def write(self, delivery: Delivery) -> str:
        """The note as the progress of *delivery*."""
        return codec.encode(attrs.evolve(self, claims=delivery.attempts))


def read_note(delivery: Delivery) -> Note:
    """The note of a claimed delivery; claims that ended without a word are in `lost_claims`."""
    note = codec.decode_as(delivery.progress, Note) if delivery.progress else Note()
    revived = delivery.error.startswith(GAVE_UP)
    return attrs.evolve(note, failures=0, claims=delivery.attempts - 1) if revived else note


def lost_claims(delivery: Delivery, note: Note) -> int:
    """How many claims ended without a word: the process died, or was stopped for longer than its lease."""
    return max(0, delivery.attempts - note.claims - 1)
