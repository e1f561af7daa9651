"""The table of all lint rules, and `lint`, which asks every one of them about a plan.

A rule is a pure function from a `View` to findings; its room says what it is about. A rule finds what can be run and
is probably not meant: what cannot be run does not compile.
"""

from __future__ import annotations

from phaseflow.analysis import capacity, clauses, ends, names, numbers, people, times, ways
from phaseflow.analysis.findings import Finding, Rule, View

RULES: tuple[Rule, ...] = (
    times.oddities_of_the_calendar,
    people.programme_without_holders, people.checked_by_peers, people.authors_judge, people.ladder_goes_down,
    people.told_but_absent, people.rates_itself, people.no_warning_before, people.told_only_oneself,
    people.independent_of_itself, people.owed_by_the_invited,
    times.rings_never, times.reminder_too_long, times.lock_before_grace, times.route_too_long,
    times.phase_outside_campaign, times.business_days_without_calendar, times.period_never_comes,
    times.poll_outlasts_phase,
    capacity.more_days_than_there_are, capacity.more_partners_than_there_are, capacity.item_outlasts_phase,
    capacity.longer_than_the_campaign, capacity.rings_after_the_lock, capacity.no_time_for_the_consequence,
    numbers.gap_between_bands, numbers.band_of_nothing, numbers.never_or_always, numbers.composition_impossible,
    numbers.quorum_shows_nothing, numbers.number_with_a_name, numbers.full_scan,
    ways.duties_nobody_asks_for, ways.another_phase_counted, ways.units_not_counted, ways.gate_of_the_future,
    ways.entry_of_itself,
    ways.waits_for_itself, ways.needs_the_future, ways.nobody_is_told, ways.exceptions_without_end,
    ends.ends_by_band, ends.band_from_elsewhere, ends.nobody_makes_it, ends.may_go_on, ends.ended_at_once,
    ends.entry_held_by_days, ends.gate_of_a_result, ends.amended_after_the_end,
    names.never_used, names.two_names, names.two_scales,
    clauses.not_accounted_for,
)  # fmt: skip
"""Every rule, by room."""


def lint(view: View) -> tuple[Finding, ...]:
    """Ask every rule, and add what compiling warned of; sorted by position, each finding once."""
    warned = [Finding(at="policy", problem=problem) for problem in view.plan.warnings]
    found = [*warned, *(finding for rule in RULES for finding in rule(view))]
    once = {finding.problem: finding for finding in reversed(found)}
    return tuple(sorted(once.values(), key=_place))


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    problem = finding.problem
    return problem.span.file, problem.span.line, problem.span.col, problem.code, problem.what
