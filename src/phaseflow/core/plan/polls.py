"""What a poll must say before it may be opened: a measure, a quorum, bands with a direction, an aggregate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from phaseflow.core.plan.conditions import Scope
from phaseflow.core.plan.duties import level_of, places
from phaseflow.core.plan.faults import Faults, named
from phaseflow.errors import Span
from phaseflow.spec import duties as s
from phaseflow.spec.model import Policy
from phaseflow.spec.phrases import SharePhrase

BASES = ("valid", "cast", "invited")


def measure_of(measure: str) -> tuple[tuple[str, ...], str]:
    """The favourable choices and the base of a measure such as ``satisfied or content of valid``."""
    left, _, base = measure.rpartition(" of ")
    return tuple(part.strip() for part in left.split(" or ")), base.strip()


def bands_of(spec: s.PollDuty, *, units: bool) -> Iterator[s.Band]:
    """The bands that lead somewhere in the units' runs (*units*), or in the poll's own run."""
    own = () if units else (spec.bands,)
    for bands in (*own, *(edge.bands for edge in spec.edges.values() if edge.rates_units is units)):
        if bands is not None:
            yield from (*bands.exclusive, *bands.cumulative)


def names_of_units(policy: Policy) -> tuple[str, ...]:
    """Where a band about a unit may lead: transitions, outcomes and duties of the units' runs."""
    duties = (place.name for place in places(policy) if level_of(place, policy, Faults()) == "unit")
    return (*map(str, policy.transitions), *map(str, policy.outcomes), *duties)


def check_poll(
    name: str, spec: s.PollDuty, roles: Iterable[str], targets: Iterable[str], units: Iterable[str], scope: Scope
) -> None:
    """Note everything that a poll leaves open.

    Args:
        name: The poll.
        spec: What is written about it.
        roles: Every role.
        targets: Where its bands may lead: names of its own level.
        units: Where the bands of an edge about units may lead.
        scope: Takes the faults.
    """
    known, faults = set(roles), scope.faults
    targets, units = tuple(targets), tuple(units)
    _check_measure(name, spec, spec, scope)
    _check_bases(name, spec, scope)
    if spec.each is not None:
        faults.error(
            "PF490", f"the poll '{name}' is owed by each '{spec.each}'", spec.span_of("each"),
            why="a poll is held once; who is rated stands with its edges",
            fix="write `subject:` at the edge, and drop `each`",
        )  # fmt: skip
    if spec.tie not in (None, "hold", "void", *targets):
        faults.unknown("transition, outcome or duty", str(spec.tie), spec.span_of("tie"), targets)
    for edge, rule in spec.edges.items():
        for role, place in named(rule, "raters"):
            if role not in known:
                faults.unknown("role", role, place, known)
        if rule.measure is not None:
            _check_measure(name, spec, rule, scope)
        if rule.rates_units and scope.level != "programme":
            faults.error(
                "PF233", f"the poll '{name}' rates units and stands in a unit's run", rule.span_of("subject"),
                why="units are rated side by side, in the run of their programme",
                fix="let a role `of: programme` organise it (`by:`), or leave `subject` out for the unit itself",
            )  # fmt: skip
        elif rule.bands is not None:
            noun = "transition, outcome or duty" + (" of the units" if rule.rates_units else "")
            check_bands(f"{name}.{edge}", rule.bands, units if rule.rates_units else targets, scope, noun)
    if spec.quorum is None:
        faults.error(
            "PF241", f"the poll '{name}' says nothing of a quorum", spec.span,
            why="a result over one answer and over all are not the same thing",
            fix="add `quorum: none`, `quorum: unstated`, or a share with an `otherwise`",
        )  # fmt: skip
    if isinstance(spec.quorum, s.Quorum):
        _check_quorum(name, spec.quorum, scope)
    open_ends = (spec.quorum, spec.anonymous, spec.aggregate, spec.choices, spec.measure)
    if "unstated" in open_ends and spec.asks is None:
        faults.error(
            "PF206", f"the poll '{name}' leaves something unstated and asks nobody", spec.span,
            why="where the document is silent the run holds and asks a named role", fix="add `asks: ROLE`",
        )  # fmt: skip
    if spec.bands is not None:
        several = len(spec.edges) > 1 or any(edge.subject is not None for edge in spec.edges.values())
        if several and spec.aggregate is None:
            faults.error(
                "PF242", f"the poll '{name}' has bands over several results and does not say how they become one",
                spec.span_of("bands"), why="the mean, the lowest and the pooled result can fall into different bands",
                fix="add `aggregate: pooled`, `mean`, `lowest`, `each` or `unstated`",
            )  # fmt: skip
        check_bands(name, spec.bands, targets, scope)


def _check_measure(name: str, spec: s.PollDuty, where: s.PollDuty | s.Edge, scope: Scope) -> None:
    if "unstated" in (spec.choices, where.measure):
        return  # it cannot be opened, and so not be counted, before an overlay says what counts
    favourable, base = measure_of(where.measure or "")
    span = where.span_of("measure")
    if base not in BASES:
        scope.faults.error(
            "PF243", f"the measure '{where.measure}' does not say of what", span,
            why="every share names its base", fix=f"write 'CHOICE of {' | of '.join(BASES)}'",
        )  # fmt: skip
        return
    for choice in favourable:
        if choice not in spec.choices:
            scope.faults.unknown(f"choice of the poll '{name}'", choice, span, spec.choices)


def _check_bases(name: str, spec: s.PollDuty, scope: Scope) -> None:
    """A least share of a group names its base; a quorum is a share of the invited (R15)."""
    for group, least in spec.at_least.items():
        if least.base not in ("invited", "respondents", "cast"):
            scope.faults.error(
                "PF491", f"the least share of '{group}' in the poll '{name}' does not say of whom",
                spec.span_of(f"at_least.{group}"),
                why="a tenth of the invited and a tenth of those who answered are not the same people",
                fix=f"write `{group}: {attrs.evolve(least, base='respondents')}`, or `of invited`",
            )  # fmt: skip
    share = spec.quorum.share if isinstance(spec.quorum, s.Quorum) else None
    if share is not None and share.base not in (None, "invited"):
        scope.faults.error(
            "PF492", f"the quorum of '{name}' is a share of '{share.base}'", share.span,
            why="a turnout is measured on those who were invited",
            fix=f"write `{attrs.evolve(share, base='invited')}`, or a `count:`",
        )  # fmt: skip


def _check_quorum(name: str, quorum: s.Quorum, scope: Scope) -> None:
    if (quorum.share is None) == (quorum.count is None):
        scope.faults.error(
            "PF244", f"the quorum of '{name}' is neither one share nor one count", quorum.span,
            why="a turnout is measured in one way", fix="write `share: 50% of invited`, or `count: 30`",
        )  # fmt: skip
    if (quorum.otherwise == "extend") != (quorum.extend is not None):
        scope.faults.error(
            "PF245", f"the quorum of '{name}' does not say how long the poll runs on", quorum.span,
            why="`extend` needs a length, and a length needs `otherwise: extend`", fix="add `extend: 5 days`",
        )  # fmt: skip


def check_bands(
    name: str, bands: s.Bands, targets: Iterable[str], scope: Scope, noun: str = "transition, outcome or duty"
) -> None:
    """Bands need one kind, a direction each, reachable ranges and known targets."""
    faults, rows = scope.faults, bands.exclusive or bands.cumulative
    if bool(bands.exclusive) == bool(bands.cumulative):
        faults.error(
            "PF246", f"the bands of '{name}' are neither exclusive nor cumulative", bands.span,
            why="a result of 78 % is below 80 % and below 85 %: whether one or both follow must be said",
            fix="write `bands: {exclusive: […]}` or `bands: {cumulative: […]}`",
        )  # fmt: skip
        return
    known, seen_all = set(targets), False
    covered: list[tuple[str, Fraction]] = []
    for band in rows:
        span = band.span
        bounds = [key for key in ("below", "at_least", "otherwise") if getattr(band, key) is not None]
        if not bounds or ("otherwise" in bounds and len(bounds) > 1):
            faults.error(
                "PF247", f"a band of '{name}' has no direction", span,
                why="a number alone does not say which side of it is meant",
                fix="write `below: 85%`, `at_least: 85%`, or `otherwise: TARGET`",
            )  # fmt: skip
        for target in (*band.go, *((band.otherwise,) if band.otherwise else ())):
            if target not in known:
                key = "go" if band.go else "otherwise"
                faults.unknown(noun, str(target), band.span_of(key), known)
        low, high = _range(band, scope)
        if bands.exclusive and (seen_all or _hidden(low, high, covered)):
            faults.error(
                "PF248", f"a band of '{name}' can never apply", span,
                why="exclusive bands are tried from the top, and an earlier one takes every result of this one",
                fix="put the narrower band first",
            )  # fmt: skip
        seen_all = seen_all or band.otherwise is not None
        covered += [("below", high)] if band.below is not None and band.at_least is None and high is not None else []
        covered += [("at_least", low)] if band.at_least is not None and band.below is None and low is not None else []


def _range(band: s.Band, scope: Scope) -> tuple[Fraction | None, Fraction | None]:
    return _share(band.at_least, band.span_of("at_least"), scope), _share(band.below, band.span_of("below"), scope)


def _share(bound: SharePhrase | str | None, span: Span, scope: Scope) -> Fraction | None:
    if bound is None or isinstance(bound, SharePhrase):
        return None if bound is None else bound.value
    if scope.parameters.get(str(bound)) != "share":
        scope.faults.unknown("share among the parameters", str(bound), span, scope.parameters)
        return None
    return scope.values.get(str(bound))


def _hidden(low: Fraction | None, high: Fraction | None, covered: list[tuple[str, Fraction]]) -> bool:
    for side, bound in covered:
        if side == "below" and high is not None and high <= bound:
            return True
        if side == "at_least" and low is not None and low >= bound:
            return True
    return False
