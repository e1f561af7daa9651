"""Counting the box of an anonymous poll (R14): the tally, and the root over its sorted answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from phaseflow.stores import codec


def count_box(bodies: Iterable[str]) -> tuple[tuple[tuple[str, str, str, int], ...], str]:
    """Count answers by (edge, rated subject, choice).

    Returns:
        The sorted tally, and the Merkle root of the sorted answers; an empty root for an empty box.
    """
    sorted_bodies = sorted(bodies)
    count: Counter[tuple[str, str, str]] = Counter()
    for body in sorted_bodies:
        plain = codec.loads(body)
        count[plain["edge"], plain.get("rated", ""), plain["choice"]] += 1
    tally = tuple((edge, rated, choice, number) for (edge, rated, choice), number in sorted(count.items()))
    return tally, codec.merkle_root(codec.digest(body) for body in sorted_bodies) if sorted_bodies else ""
