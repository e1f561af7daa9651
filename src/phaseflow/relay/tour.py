"""How far one delivery has come: what the relay notes between two attempts, and what each attempt makes of it.

A tour is data. Calling hooks is the courier's affair, claiming and settling the relay's.
"""

from __future__ import annotations

import attrs

from phaseflow.stores import codec
from phaseflow.stores.base import Delivery

GAVE_UP = "gave up: "
"""How the error of a dead delivery begins. A claim that still bears it was revived, and starts with fresh patience."""


@attrs.frozen(kw_only=True)
class Tour:
    """The state of one delivery between attempts.

    Args:
        after: The last person visited; everybody up to this id was told, or stands in *left* or *refused*.
        over: Everybody was visited once; only those in *left* remain.
        left: Persons whose telling failed and is to be tried again.
        refused: Persons who can never be told, and why.
        told: How many persons were told.
        skipped: Why the last person who was not told on purpose was not told.
        failures: Failed attempts in a row.
        claims: The number of the claim that noted this; a later claim that is not the next one means lost claims.
    """

    after: str = ""
    over: bool = False
    left: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    told: int = 0
    skipped: str = ""
    failures: int = 0
    claims: int = 0

    def write(self, delivery: Delivery) -> str:
        """The tour as the progress of *delivery*."""
        return codec.encode(attrs.evolve(self, claims=delivery.attempts))


def read_tour(delivery: Delivery) -> Tour:
    """The tour of a claimed delivery.

    Claims that ended without a word count as failures, so that a hook which kills the process is dead-lettered too.
    """
    tour = codec.decode_as(delivery.progress, Tour) if delivery.progress else Tour()
    if delivery.error.startswith(GAVE_UP):
        left = (*tour.left, *(person for person, _ in tour.refused))
        return attrs.evolve(tour, left=left, refused=(), failures=0)
    return attrs.evolve(tour, failures=tour.failures + max(0, delivery.attempts - tour.claims - 1))


@attrs.frozen(kw_only=True)
class Call:
    """How one page of tellings went: ids by how they ended. *untried* were left when the hook seemed to be down."""

    told: tuple[str, ...] = ()
    skipped: str = ""
    failed: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    untried: tuple[str, ...] = ()
    error: str = ""


def after_page(tour: Tour, call: Call, *, last: str, more: bool) -> Tour:
    """The tour after a page of persons who had not been visited yet."""
    visited = call.failed[-1] if call.untried else last
    over = not more and not call.untried
    return attrs.evolve(_counted(tour, call), after=visited, over=over, left=(*tour.left, *call.failed))


def after_rest(tour: Tour, call: Call, *, size: int) -> Tour:
    """The tour after *size* of those left were tried again; who was not tried comes first the next time."""
    return attrs.evolve(_counted(tour, call), left=(*tour.left[size:], *call.untried, *call.failed))


def _counted(tour: Tour, call: Call) -> Tour:
    told, refused = tour.told + len(call.told), (*tour.refused, *call.refused)
    return attrs.evolve(tour, told=told, refused=refused, skipped=call.skipped or tour.skipped)
