"""Counting a poll: turnout, results, aggregate, bands. Exact, and a function of its arguments; nothing here decides.

The order is fixed (R15): who took part is judged before anything is counted. A share without a denominator is no
share, and falls into no band: that is a doubt, which a person settles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.core.gates import text_of
from phaseflow.core.plan.polls import measure_of
from phaseflow.core.state.polls import PollState
from phaseflow.messages.events import EdgeResult, GroupResult, Reading
from phaseflow.spec.duties import Band, Bands, PollDuty, Quorum
from phaseflow.spec.phrases import SharePhrase

ABSTAIN = "abstain"
"""The choice that is cast and never valid."""

Tally = tuple[tuple[str, str, str, int], ...]
"""(edge, rated subject, choice, how often), sorted."""

GroupTally = tuple[tuple[str, str, str, str, int], ...]
"""(edge, rated subject, group, choice, how often), sorted; kept in no event and no row."""


@attrs.frozen(kw_only=True)
class Count:
    """What a box, or the rows of an open poll, hold; *root* is that of the box (R14)."""

    tally: Tally = ()
    root: str = ""
    groups: GroupTally = ()


Doubt = Literal["", "aggregate", "nothing_valid", "tie", "bound"]
Bound = Callable[[SharePhrase | str], Fraction | None]
"""A band's bound as a share: its own, or a parameter's on the day that counts (None: it had no value then)."""


@attrs.frozen(kw_only=True)
class Finding:
    """What a count comes to; with a *doubt* nothing follows before a person has answered."""

    results: tuple[EdgeResult, ...]
    share: Fraction | None = None
    band: str = ""
    go: tuple[str, ...] = ()
    doubt: Doubt = ""


# --- before the count -------------------------------------------------------------------------------------------------


def shortfalls(spec: PollDuty, state: PollState) -> tuple[Reading, ...]:
    """What is missing of the composition and the quorum, judged on who took part; empty where nothing is."""
    respondents = sum(state.voters.values())
    invited = sum(count for groups in state.invited.values() for count in groups.values())
    found = []
    for group, least in spec.at_least.items():
        base = invited if least.base == "invited" else respondents
        found.append(
            _share_of(
                f"share of '{group}' among the {least.base or 'respondents'}",
                state.groups.get(group, 0),
                base,
                least.value,
            )
        )
    if isinstance(spec.quorum, Quorum):
        if spec.quorum.share is not None:
            found.append(_share_of("share of the invited who took part", respondents, invited, spec.quorum.share.value))
        else:
            least_count = spec.quorum.count or 0
            found.append(
                Reading(
                    fact="number of those who took part",
                    measured=str(respondents),
                    required=f">= {least_count}",
                    met=respondents >= least_count,
                )
            )
    return tuple(reading for reading in found if not reading.met)


def _share_of(fact: str, part: int, base: int, least: Fraction) -> Reading:
    """Among nobody there is no share (R23)."""
    share = Fraction(part, base) if base else None
    return Reading(
        fact=fact,
        measured=text_of(share),
        required=f">= {text_of(least)}",
        met=None if share is None else share >= least,
    )


# --- the count --------------------------------------------------------------------------------------------------------


def results(
    spec: PollDuty, state: PollState, rated: Mapping[str, Iterable[str]], tally: Tally
) -> tuple[EdgeResult, ...]:
    """One result for each edge and rated subject: favourable answers over the base of its measure (R33)."""
    pairs = {(edge, name) for edge, every in rated.items() for name in every}
    by_pair: dict[tuple[str, str], list[tuple[str, str, str, int]]] = {}
    for line in tally:
        by_pair.setdefault(line[:2], []).append(line)
    found = []
    for edge, name in sorted(pairs | set(by_pair)):
        counts = {choice: number for e, n, choice, number in by_pair.get((edge, name), ())}
        favourable, base = measure_of(spec.edges[edge].measure or spec.measure)  # type: ignore[index]
        valid = sum(number for choice, number in counts.items() if choice != ABSTAIN)
        bases = {"valid": valid, "cast": sum(counts.values()), "invited": sum(state.invited.get(edge, {}).values())}
        found.append(EdgeResult(
            edge=edge, rated=name, favourable=sum(counts.get(choice, 0) for choice in favourable), base=bases[base]
            if valid else 0,
            suppressed=valid < spec.smallest_group,
        ))  # fmt: skip
    return tuple(found)


def by_group(
    spec: PollDuty, state: PollState, found: Iterable[EdgeResult], tally: GroupTally
) -> tuple[GroupResult, ...]:
    """The results by group, without the numbers of groups that are too small to be shown (R15).

    Of a result that is itself suppressed no group is shown. Where a number could be had by taking the others from the
    whole, further groups go without theirs, the smallest first (see `hidden`).
    """
    shown = []
    lines: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for edge, rated, group, choice, number in tally:
        lines.setdefault((edge, rated), {}).setdefault(group, {})[choice] = number
    for result in found:
        groups = lines.get((result.edge, result.rated), {})
        valid = {group: sum(n for choice, n in counts.items() if choice != ABSTAIN) for group, counts in groups.items()}
        secret = frozenset(groups) if result.suppressed else hidden(valid, spec.smallest_group)
        favourable, base = measure_of(str(spec.edges[result.edge].measure or spec.measure))  # type: ignore[index]
        for group, counts in sorted(groups.items()):
            bases = {
                "valid": valid[group], "cast": sum(counts.values()),
                "invited": state.invited.get(result.edge, {}).get(group, 0),
            }  # fmt: skip
            good = sum(counts.get(choice, 0) for choice in favourable)
            seen = group not in secret
            shown.append(GroupResult(
                edge=result.edge, rated=result.rated, group=group, favourable=good if seen else None,
                base=bases[base] if seen else None,
            ))  # fmt: skip
    return tuple(shown)


def hidden(valid: Mapping[str, int], smallest: int) -> frozenset[str]:
    """The groups whose numbers are not shown beside the result of all.

    Args:
        valid: Valid answers by group, counts; a group of none hides nobody and shows nothing.
        smallest: The least number of answers that may be shown.

    Returns:
        Every group under *smallest*; and as many more, the smallest first, until those left out are two at least and
        hold *smallest* answers together, so that the rest of the whole tells of no few either.
    """
    secret = {group for group, number in valid.items() if 0 < number < smallest}
    left = sorted((number, group) for group, number in valid.items() if number >= smallest)
    while secret and left and (len(secret) < 2 or sum(valid[group] for group in secret) < smallest):
        secret.add(left.pop(0)[1])
    return frozenset(secret | {group for group, number in valid.items() if not number})


def numbers_of(result: EdgeResult) -> tuple[int, int]:
    """Favourable and base of a result as it was counted; one that is only shown may be without them."""
    return result.favourable or 0, result.base or 0


def share_of(result: EdgeResult) -> Fraction | None:
    """Favourable over base; None where nothing valid was cast."""
    favourable, base = numbers_of(result)
    return Fraction(favourable, base) if base else None


def aggregate(found: Iterable[EdgeResult], how: str) -> Fraction | None:
    """Several results as one share. ``mean`` and ``lowest`` need every result, ``pooled`` one; else there is none."""
    every = tuple(found)
    if how == "pooled" or len(every) == 1:
        favourable, base = (sum(column) for column in zip(*map(numbers_of, every), strict=True)) if every else (0, 0)
        return Fraction(favourable, base) if base else None
    shares = [share_of(result) for result in every]
    known = [share for share in shares if share is not None]
    if not known or len(known) < len(shares):
        return None
    return min(known) if how == "lowest" else sum(known, Fraction(0)) / len(known)


def weigh(spec: PollDuty, found: tuple[EdgeResult, ...], how: str, bound: Bound) -> Finding:
    """Put results into bands: those of their own edge, and those of the whole poll.

    Args:
        spec: The poll as written.
        found: The results, without bands.
        how: The aggregate: the written one, or the one that an answer chose; empty where the policy names none.
        bound: Gives the bounds of bands.
    """
    if len(found) == 1 and how in ("", "unstated"):
        how = "pooled"
    go: list[str] = []
    doubt: Doubt = ""
    placed = []
    for result in found:
        share = share_of(result)
        if spec.edges[result.edge].rates_units:  # type: ignore[index]
            placed.append(_of_unit(spec, result, share, bound))
            continue
        names: list[str] = []
        for rows in _bands_of(spec, result, how):
            if share is None:
                doubt = doubt or "nothing_valid"
                continue
            hit = match(rows, share, bound)
            if hit is None:
                doubt = doubt or "bound"
                continue
            names += [label(band) for band in hit]
            go += [target for band in hit for target in targets(band)]
        placed.append(attrs.evolve(result, band="; ".join(names)))
    single = how not in ("", "each", "unstated")
    whole = aggregate(found, how) if single else None
    finding = Finding(results=tuple(placed), share=whole, go=tuple(dict.fromkeys(go)), doubt=doubt)
    if spec.bands is not None and how in ("", "unstated"):
        return attrs.evolve(finding, doubt="aggregate")
    if not doubt and not any(result.base for result in found):
        return attrs.evolve(finding, doubt="nothing_valid")
    return _weigh_whole(spec, finding, bound) if single and not doubt else finding


def _of_unit(spec: PollDuty, result: EdgeResult, share: Fraction | None, bound: Bound) -> EdgeResult:
    """The band of a unit's result. What is in doubt about one unit holds up no other."""
    bands = spec.edges[result.edge].bands  # type: ignore[index]
    if bands is None:
        return result
    hit = match(bands, share, bound) if share is not None else None
    if hit is None:
        return attrs.evolve(result, doubt="nothing_valid" if share is None else "bound")
    go = tuple(dict.fromkeys(target for band in hit for target in targets(band)))
    return attrs.evolve(result, band="; ".join(label(band) for band in hit), go=go)


def _bands_of(spec: PollDuty, result: EdgeResult, how: str) -> list[Bands]:
    own = spec.edges[result.edge].bands  # type: ignore[index]
    return [bands for bands in (own, spec.bands if how == "each" else None) if bands is not None]


def _weigh_whole(spec: PollDuty, finding: Finding, bound: Bound) -> Finding:
    share = finding.share
    if share is None:
        return attrs.evolve(finding, doubt="nothing_valid") if spec.bands is not None else finding
    if spec.tie is not None and share == Fraction(1, 2) and measure_of(spec.measure)[1] == "valid":
        named = spec.tie not in ("hold", "void")
        return attrs.evolve(
            finding, band="tie", go=(*finding.go, *((str(spec.tie),) if named else ())), doubt="" if named else "tie"
        )
    if spec.bands is None:
        return finding
    hit = match(spec.bands, share, bound)
    if hit is None:
        return attrs.evolve(finding, doubt="bound")
    go = tuple(dict.fromkeys((*finding.go, *(target for band in hit for target in targets(band)))))
    return attrs.evolve(finding, band="; ".join(label(band) for band in hit), go=go)


def match(bands: Bands, share: Fraction, bound: Bound) -> tuple[Band, ...] | None:
    """The bands that a share falls into, the first of exclusive ones; None where a bound has no value."""
    hit: list[Band] = []
    for band in bands.exclusive or bands.cumulative:
        limits = [bound(edge) for edge in (band.below, band.at_least) if edge is not None]
        if None in limits:
            return None
        if band.otherwise is not None:
            fits = not hit
        else:
            fits = _fits(band, share, bound)
        if fits:
            hit.append(band)
            if bands.exclusive:
                break
    return tuple(hit)


def _fits(band: Band, share: Fraction, bound: Bound) -> bool:
    below = bound(band.below) if band.below is not None else None
    least = bound(band.at_least) if band.at_least is not None else None
    return (below is None or share < below) and (least is None or share >= least)


def targets(band: Band) -> tuple[str, ...]:
    """Where a band leads."""
    return (*map(str, band.go), *((str(band.otherwise),) if band.otherwise is not None else ()))


def label(band: Band) -> str:
    """A band in the author's words; it gives the bound, never the result."""
    sides = [
        f"at least {band.at_least}" if band.at_least is not None else "",
        f"below {band.below}" if band.below is not None else "",
    ]
    return " and ".join(side for side in sides if side) or "otherwise"


def every_target(spec: PollDuty) -> tuple[str, ...]:
    """Every consequence that the policy names for the poll's own run, in the order of writing."""
    edges = (edge.bands for edge in spec.edges.values() if not edge.rates_units)
    rows: Mapping[str, None] = {
        target: None
        for bands in (*edges, spec.bands)
        for band in ((*bands.exclusive, *bands.cumulative) if bands is not None else ())
        for target in targets(band)
    }
    return tuple(rows)


def bands_by_label(spec: PollDuty, edge: str) -> Mapping[str, tuple[str, ...]]:
    """Where each band of an edge leads, by its name."""
    bands = spec.edges[edge].bands  # type: ignore[index]
    return {label(band): targets(band) for band in (*bands.exclusive, *bands.cumulative)} if bands is not None else {}
