"""Counting the box of an anonymous poll (R14): the tally, the root over its sorted answers, and the tally by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from phaseflow.core.counting import Count
from phaseflow.stores import codec


def count_box(bodies: Iterable[str]) -> Count:
    """Count answers by (edge, rated subject, choice), and those that bear a group by group too.

    Returns:
        The sorted tallies, and the Merkle root of the sorted answers; an empty root for an empty box.
    """
    sorted_bodies = sorted(bodies)
    count: Counter[tuple[str, str, str]] = Counter()
    groups: Counter[tuple[str, str, str, str]] = Counter()
    for body in sorted_bodies:
        plain = codec.loads(body)
        edge, rated, choice = plain["edge"], plain.get("rated", ""), plain["choice"]
        count[edge, rated, choice] += 1
        if "group" in plain:
            groups[edge, rated, plain["group"], choice] += 1
    return Count(
        tally=tuple((*key, number) for key, number in sorted(count.items())),
        root=codec.merkle_root(codec.digest(body) for body in sorted_bodies) if sorted_bodies else "",
        groups=tuple((*key, number) for key, number in sorted(groups.items())),
    )
