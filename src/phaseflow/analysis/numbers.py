"""Rules about numbers: gaps in bands, gates that can never be met, shares that cannot come together, full scans.

Codes: PF821 no band for some results, PF822 a band no result falls into, PF823 a condition never met, PF824 a condition
always met, PF825 a composition that cannot come about, PF826 a quorum that shows no number, PF827 a number that has a
name, PF828 a full scan in what is looked at all the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Literal

from phaseflow.analysis.findings import Finding, View, found
from phaseflow.analysis.truths import Value, bounds_of, possible, regions
from phaseflow.core import conditions as c
from phaseflow.core.conditions import Read
from phaseflow.core.plan.model import Duty, LevelPlan, Plan
from phaseflow.errors import Span
from phaseflow.spec import duties as specs
from phaseflow.spec.phrases import PeriodPhrase, SharePhrase

Where = tuple[str, str, c.Condition, Span]
"""(address, what the condition is of, the condition, its place)."""


def conditions_of(level: LevelPlan) -> Iterator[Where]:
    """Every condition of a level, with its address."""
    for phase in level.phases.values():
        for key, condition in (("entry", phase.entry), ("gate", phase.gate)):
            if condition is not None:
                yield f"phases.{phase.name}.{key}", f"the {key} of '{phase.name}'", condition, condition.span
    for move in level.moves.values():
        for key, condition in (("gate", move.gate), ("when", move.when)):
            if condition is not None and move.kind in ("transition", "outcome"):
                noun = "transitions" if move.kind == "transition" else "outcomes"
                yield f"{noun}.{move.name}.{key}", f"the `{key}` of '{move.name}'", condition, condition.span
    for duty in level.duties.values():
        if duty.needs is not None:
            yield f"duties.{duty.name}.needs", f"what '{duty.name}' needs", duty.needs, duty.needs.span
        for step in duty.route:
            if step.when is not None:
                at = f"duties.{duty.name}.route.{step.name}.when"
                yield at, f"the `when` of '{step.name}' of '{duty.name}'", step.when, step.when.span


# --- bands ------------------------------------------------------------------------------------------------------------


def bands_of(duty: Duty) -> Iterator[tuple[str, specs.Bands]]:
    """The bands of a poll, and those of its edges, each with its address."""
    if isinstance(duty.spec, specs.PollDuty):
        if duty.spec.bands is not None:
            yield f"duties.{duty.name}.bands", duty.spec.bands
        for name, edge in duty.spec.edges.items():
            if edge.bands is not None:
                yield f"duties.{duty.name}.edges.{name}.bands", edge.bands


def bound_values(bound: SharePhrase | str | None, plan: Plan) -> tuple[Fraction, ...]:
    """The values that a bound of a band ever has: one, or those of its parameter."""
    if bound is None or isinstance(bound, SharePhrase):
        return () if bound is None else (bound.value,)
    parameter = plan.parameters.get(str(bound))
    return tuple(value for _day, value in parameter.values) if parameter else ()


def results_of(bands: specs.Bands, plan: Plan) -> tuple[Fraction, ...]:
    """One result for each range that the bounds of these bands cut out of 0 to 1."""
    rows = (*bands.exclusive, *bands.cumulative)
    bounds = {value for band in rows for side in (band.below, band.at_least) for value in bound_values(side, plan)}
    cuts = sorted({Fraction(0), Fraction(1), *(value for value in bounds if 0 <= value <= 1)})
    between = [(low + high) / 2 for low, high in pairwise(cuts)]
    return tuple(sorted({*cuts, *between}))


def may_fit(band: specs.Band, share: Fraction, plan: Plan) -> bool:
    """Whether a result may fall into a band's range, whatever the day."""
    if band.otherwise is not None:
        return True
    low, high = bound_values(band.at_least, plan), bound_values(band.below, plan)
    return (not low or share >= min(low)) and (not high or share < max(high))


def must_fit(band: specs.Band, share: Fraction, plan: Plan) -> bool:
    """Whether a result falls into a band's range on every day."""
    if band.otherwise is not None:
        return True
    low, high = bound_values(band.at_least, plan), bound_values(band.below, plan)
    return (not low or share >= max(low)) and (not high or share < min(high))


def gap_between_bands(view: View) -> Iterator[Finding]:
    """Some results fall into no band, and nothing follows from them."""
    for duty in view.duties():
        for at, bands in bands_of(duty):
            rows = (*bands.exclusive, *bands.cumulative)
            results = results_of(bands, view.plan)
            free = [share for share in results if not any(must_fit(band, share, view.plan) for band in rows)]
            if free and rows:
                yield found(
                    "PF821", at, f"a result of {_range(results, free)} of '{duty.name}' falls into no band", bands.span,
                    clause=duty.clause, severity="warning" if bands.exclusive else "note",
                    why="nothing follows from such a result, and the policy does not say so",
                    fix="add `{otherwise: TARGET}`, or widen a band",
                )  # fmt: skip


def _range(results: tuple[Fraction, ...], free: list[Fraction]) -> str:
    """The first stretch of results that nothing takes: ``60 % or more and less than 85 %``."""
    first = results.index(free[0])
    last = first
    while last + 1 < len(results) and results[last + 1] in free:
        last += 1
    even = [place for place, _share in enumerate(results) if place % 2 == 0]  # bounds stand at even places
    low = f"{_percent(results[first])} or more" if first in even else f"more than {_percent(results[first - 1])}"
    if last + 1 == len(results):
        return low
    high = f"{_percent(results[last])} at most" if last in even else f"less than {_percent(results[last + 1])}"
    return _percent(results[first]) if first == last and first in even else f"{low} and {high}"


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g} %"


def band_of_nothing(view: View) -> Iterator[Finding]:
    """A band into which no result can fall: the ones above take them all together, or its own bounds cross."""
    for duty in view.duties():
        for at, bands in bands_of(duty):
            results = results_of(bands, view.plan)
            for number, band in enumerate((*bands.exclusive, *bands.cumulative)):
                before = bands.exclusive[:number]
                left = [share for share in results if not any(must_fit(one, share, view.plan) for one in before)]
                if not any(may_fit(band, share, view.plan) for share in left):
                    yield found(
                        "PF822", f"{at}.{number}", f"no result of '{duty.name}' falls into this band", band.span,
                        clause=band.clause or duty.clause, severity="error",
                        why="the bands above it take every result of it, or its own bounds cross",
                        fix="change its bounds, or delete it",
                    )  # fmt: skip


# --- conditions -------------------------------------------------------------------------------------------------------


def never_or_always(view: View) -> Iterator[Finding]:
    """A condition that no state of affairs meets, or that every known one does."""
    for level in view.levels:
        for at, of, condition, span in conditions_of(level):
            known = bounds_of([condition], view.plan)
            truths = possible(condition, partial(_regions, known), view.plan)
            if True not in truths and not isinstance(condition, c.Const):
                yield found(
                    "PF823", at, f"{of} can never be met", span, severity="error",
                    why="its parts contradict one another, or it asks for more parts than there are",
                    fix="look at its bounds and at what is joined by `all`",
                )  # fmt: skip
            elif False not in truths and c.reads(condition) and not _only_prescribed(condition):
                yield found(
                    "PF824", at, f"{of} cannot fail once its facts are known", span,
                    why="whatever the facts are, it is met, so it asks for nothing",
                    fix="look at its bounds and at what is joined by `any`",
                )  # fmt: skip


def _regions(known: Mapping[Read, frozenset[Fraction]], fact: Read) -> tuple[Value, ...]:
    return regions(fact, known.get(fact, frozenset()))


def _only_prescribed(condition: c.Condition) -> bool:
    return isinstance(condition, c.All) and not condition.parts


# --- polls ------------------------------------------------------------------------------------------------------------


def composition_impossible(view: View) -> Iterator[Finding]:
    """Least shares of groups that nobody of can take part in, or that come to more than everybody."""
    for duty in view.duties():
        spec = duty.spec
        if isinstance(spec, specs.PollDuty):
            taking_part = {str(role) for edge in spec.edges.values() for role in edge.raters}
            yield from _composition(view.plan, f"duties.{duty.name}", duty, spec, taking_part)
        for step in duty.route:
            if isinstance(step.spec, specs.OpinionStep):
                at = f"duties.{duty.name}.route.{step.name}"
                yield from _composition(view.plan, at, duty, step.spec, set(step.roles))


def _composition(
    plan: Plan, at: str, duty: Duty, spec: specs.PollDuty | specs.OpinionStep, there: set[str]
) -> Iterator[Finding]:
    roles = {name for name in there if name in plan.roles}
    for group in spec.at_least:
        role = plan.roles.get(str(group))
        if role is not None and not any(other in role.closure or group in plan.roles[other].closure for other in roles):
            yield found(
                "PF825", at, f"'{group}' shall be part of '{duty.name}', and nobody of it takes part",
                spec.span_of(f"at_least.{group}"), severity="error", clause=duty.clause,
                why="a least share of people who are not asked can never be reached",
                fix="ask them too, or drop the least share",
            )  # fmt: skip
    total = sum((least.value for least in spec.at_least.values()), Fraction(0))
    if total > 1:
        yield found(
            "PF825", at, f"the least shares of '{duty.name}' come to {float(total * 100):g} % together",
            spec.span_of("at_least"), severity="error", clause=duty.clause,
            why="groups that do not overlap cannot make up more than everybody", fix="lower one of them",
        )  # fmt: skip


def quorum_shows_nothing(view: View) -> Iterator[Finding]:
    """A turnout that is enough to count and too small to be shown; a quorum that asks for nobody."""
    for duty in view.duties():
        spec = duty.spec
        if not isinstance(spec, specs.PollDuty) or not isinstance(spec.quorum, specs.Quorum):
            continue
        count, share = spec.quorum.count, spec.quorum.share
        if spec.anonymous is True and count is not None and count < spec.smallest_group:
            hidden = f"results over less than {spec.smallest_group} are hidden"
            yield found(
                "PF826", f"duties.{duty.name}", f"{count} answers are enough for '{duty.name}', and {hidden}",
                spec.quorum.span, clause=duty.clause,
                why="a poll may then be valid and show its band only",
                fix="raise the quorum, or lower `smallest_group`",
            )  # fmt: skip
        if share is not None and share.value == 0:
            yield found(
                "PF826", f"duties.{duty.name}", f"the quorum of '{duty.name}' is met by nobody", share.span,
                why="a turnout of 0 % is always reached", fix="write `quorum: none`, or a share above 0 %",
                clause=duty.clause,
            )  # fmt: skip


# --- names for numbers, and what costs --------------------------------------------------------------------------------


def number_with_a_name(view: View) -> Iterator[Finding]:
    """A share is written out in a band or a gate although a parameter holds it."""
    named = {
        values[0]: name
        for name, parameter in view.plan.parameters.items()
        if parameter.kind == "share" and len(values := bound_values(name, view.plan)) == 1
    }
    for duty in view.duties():
        for at, bands in bands_of(duty):
            for band in (*bands.exclusive, *bands.cumulative):
                for bound in (band.below, band.at_least):
                    if isinstance(bound, SharePhrase) and bound.value in named:
                        yield found(
                            "PF827", at,
                            f"{bound} is written out here, and the parameter '{named[bound.value]}' holds it",
                            bound.span, clause=band.clause or duty.clause, severity="note",
                            why="whoever changes one of the two has to think of the other",
                            fix=f"write {named[bound.value]}",
                        )  # fmt: skip


def full_scan(view: View) -> Iterator[Finding]:
    """What is looked at after every event reads a row for each unit or for each period (R25)."""
    for level in view.levels:
        for at, of, condition, span in conditions_of(level):
            heavy = min((fact for fact in c.reads(condition) if _scans(fact, level)), key=str, default=None)
            asked = _looked_at(at, level)
            if heavy is not None and asked != "never":
                watched = asked == "always"
                yield found(
                    "PF828", at,
                    f"{of} reads {'every unit' if heavy.name.startswith('units') else 'every period'}"
                    + (", and is looked at after every event" if watched else " when somebody asks"),
                    span, severity="warning" if watched else "note",
                    why="a full scan grows with the campaign, while everything else costs the same at any size",
                    fix="let somebody ask for it: `by ROLE`" if watched
                    else "nothing to do; it is read once for each question",
                )  # fmt: skip


def _scans(fact: Read, level: LevelPlan) -> bool:
    if fact.name in ("units", "units_share"):
        return True
    names = {str(value.value) for name, value in fact.args if name == "duty"}
    return any(
        isinstance(getattr(level.duties[name].spec, "every", None), PeriodPhrase) for name in names & set(level.duties)
    )


def _looked_at(at: str, level: LevelPlan) -> Literal["always", "asked", "never"]:
    """How often a condition is judged: after every event, or when somebody asks."""
    noun, _, rest = at.partition(".")
    name, _, key = rest.rpartition(".")
    if key == "when" and noun in ("transitions", "outcomes"):
        return "always"
    if noun == "phases":
        phase = level.phases[name]
        by_itself = (
            phase.opens.kind != "role" if key == "entry" else (phase.closes is not None and phase.closes.kind == "gate")
        )
        return "always" if by_itself else "asked"
    return "asked" if key == "gate" else "never"
