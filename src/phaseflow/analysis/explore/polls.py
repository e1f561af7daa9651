"""What a poll can come to: a result by region, or none, and where its bands then lead.

The same reading of bands as `core.counting`, over every value that a parameter ever has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations, permutations, product

from phaseflow.analysis.numbers import bound_values
from phaseflow.core.counting import ABSTAIN, every_target, match, targets
from phaseflow.core.plan.model import Plan
from phaseflow.spec.duties import Bands, PollDuty, Quorum
from phaseflow.spec.phrases import SharePhrase

Outcome = tuple[Fraction | None, tuple[str, ...]]
"""(the result, None where there is none; where it leads, in order)."""

MOST_TARGETS = 4
"""Targets of edges that are put into every order; a poll with more of them is not explored."""


class TooWide(Exception):
    """A part of the policy has more cases than are gone through."""


def outcomes(spec: PollDuty, plan: Plan, shares: Iterable[Fraction]) -> tuple[Outcome, ...]:
    """Every outcome that a count may have, at least.

    Args:
        spec: The poll.
        plan: Whose parameters bound its bands.
        shares: One share for each region of the result.

    Raises:
        TooWide: its edges lead to too many things.
    """
    edges = list(_of_edges(spec))
    found: dict[Outcome, None] = {}
    whole = spec.aggregate in ("pooled", "mean", "lowest", "unstated") or _single(spec)
    for share in shares if whole else ():
        for go, first in product(_of_share(spec, plan, share), edges):
            found[share, tuple(dict.fromkeys((*first, *go)))] = None
    if not whole or spec.aggregate == "unstated":
        several = every_target(spec)
        for first in _orders(several) if spec.bands is not None else edges:
            found[None, first] = None
    if doubtful(spec, plan):
        for verdict in ("", *every_target(spec)):
            found[None, (verdict,) if verdict else ()] = None
    return tuple(found)


def obligations(spec: PollDuty) -> Iterator[tuple[str, ...]]:
    """Where a poll of the programme may lead a unit that it rates (R13): by one band, or by several at once."""
    for edge in spec.edges.values():
        if edge.bands is None or not edge.rates_units:
            continue
        yield from (targets(band) for band in edge.bands.exclusive)
        rows = edge.bands.cumulative
        if len(rows) > MOST_TARGETS:
            raise TooWide(f"{len(rows)} bands that may fit at once")
        for size in range(1, len(rows) + 1):
            for hit in combinations(rows, size):
                yield tuple(dict.fromkeys(target for band in hit for target in targets(band)))


def _single(spec: PollDuty) -> bool:
    return len(spec.edges) == 1 and all(edge.subject is None for edge in spec.edges.values())


def _of_edges(spec: PollDuty) -> Iterator[tuple[str, ...]]:
    """Where the bands of edges may lead together: any of their targets, in any order."""
    names = dict.fromkeys(
        target
        for edge in spec.edges.values()
        if edge.bands is not None
        for band in (*edge.bands.exclusive, *edge.bands.cumulative)
        for target in targets(band)
    )
    yield from _orders(tuple(names))


def _orders(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(names) > MOST_TARGETS:
        raise TooWide(f"{len(names)} targets of one poll")
    for size in range(len(names) + 1):
        yield from permutations(names, size)


def _of_share(spec: PollDuty, plan: Plan, share: Fraction) -> Iterator[tuple[str, ...]]:
    """Where the bands of the whole poll lead at one share, for every value that a parameter may have."""
    if spec.tie not in (None, "hold", "void") and share == Fraction(1, 2):
        yield (str(spec.tie),)
    if spec.bands is None:
        yield ()
        return
    seen: set[tuple[str, ...]] = set()
    for bound in _worlds(spec.bands, plan):
        hit = match(spec.bands, share, bound.get)
        go = tuple(dict.fromkeys(target for band in hit or () for target in targets(band)))
        if go not in seen:
            seen.add(go)
            yield go


def _worlds(bands: Bands, plan: Plan) -> Iterator[dict[SharePhrase | str, Fraction | None]]:
    """Every way to give the bounds of bands a value."""
    edges = {edge for band in (*bands.exclusive, *bands.cumulative) for edge in (band.below, band.at_least)}
    known = [edge for edge in edges if edge is not None]
    for values in product(*(bound_values(edge, plan) or (None,) for edge in known)):
        yield dict(zip(known, values, strict=True))


def doubtful(spec: PollDuty, plan: Plan) -> bool:
    """Whether a count can end in a question, whose answer may be any of the consequences.

    It cannot where at least one valid answer is sure, one result is sure, and every bound always has a value.
    """
    quorum = spec.quorum
    somebody = (
        isinstance(quorum, Quorum)
        and quorum.otherwise != "hold"
        and ((quorum.count or 0) > 0 or (quorum.share is not None and quorum.share.value > 0))
    )
    valid = "unstated" not in (spec.choices, spec.measure) and ABSTAIN not in spec.choices
    one = spec.aggregate == "pooled" or _single(spec)
    edges = any(edge.bands is not None for edge in spec.edges.values()) and not _single(spec)
    return not (somebody and valid and one and not edges and spec.tie is None and _always_bound(spec, plan))


def _always_bound(spec: PollDuty, plan: Plan) -> bool:
    for bands in (spec.bands, *(edge.bands for edge in spec.edges.values())):
        for band in (*bands.exclusive, *bands.cumulative) if bands is not None else ():
            for edge in (band.below, band.at_least):
                parameter = None if edge is None or isinstance(edge, SharePhrase) else plan.parameters.get(str(edge))
                if parameter is not None and (not parameter.values or parameter.values[0][0] is not None):
                    return False
    return True
