"""Rules about enough: days for what is owed in days, partners for those who are paired, time for what comes after.

Codes: PF819 an item's clock is longer than the phase that waits for it, PF829 a quota in days for which there are too
few, PF848 more time than the whole campaign has, PF849 a ladder that rings when recording has ended, PF854 a band's
duty in a phase that ends with the poll, PF859 more partners than there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TypeAlias

from phaseflow.analysis.findings import Finding, View, days_of, found
from phaseflow.analysis.numbers import bands_of
from phaseflow.core import conditions as c
from phaseflow.core.calendars import periods
from phaseflow.core.conditions import Read
from phaseflow.core.plan.model import Duty, Phase
from phaseflow.reports.calendar import Bound, every_of
from phaseflow.spec import duties as specs
from phaseflow.spec.model import ExtensionSpec, MakeUpSpec
from phaseflow.spec.phrases import LengthPhrase

Granting: TypeAlias = MakeUpSpec | ExtensionSpec
"""What gives more time."""


def _length(bound: Bound, name: str) -> int | None:
    """How many days a phase, a step, or the whole campaign has; None where nobody can tell."""
    days = bound.windows.get(name)
    return None if days is None or days.first is None or days.last is None else (days.last - days.first).days + 1


# --- what is owed -----------------------------------------------------------------------------------------------------


def more_days_than_there_are(view: View) -> Iterator[Finding]:
    """Ten days of training in a step of eight; five days a week in a week that is cut to two."""
    for bound in view.bounds.values():
        for duty in bound.level.duties.values():
            if not isinstance(duty.spec, specs.QuotaDuty) or duty.spec.quota.unit not in ("day", "days"):
                continue
            if view.dated and every_of(duty) is None:
                continue  # the calendar tells of it, days off counted too (PF725)
            there = _fewest_days(bound, duty, duty.spec)
            if duty.amount is not None and there is not None and duty.amount > there:
                yield found(
                    "PF829", f"duties.{duty.name}",
                    f"'{duty.name}' asks for {duty.amount} days, and there are {there}",
                    duty.spec.span_of("quota"), clause=duty.clause,
                    why="nobody can spend more days on something than lie between its first and its last",
                    fix="lessen the quota, widen the window, or prorate what is cut short",
                )  # fmt: skip


def _fewest_days(bound: Bound, duty: Duty, spec: specs.QuotaDuty) -> int | None:
    """The days there are for one amount: those of the shortest period that owes all of it."""
    window, every = bound.window_of(duty), every_of(duty)
    if window.first is None or window.last is None or window.about:
        return None
    if every is None:
        return (window.last - window.first).days + 1
    owing = [one for one in periods(every, window.first, window.last) if one.whole or spec.partial_period == "full"]
    return min(((one.last - one.first).days + 1 for one in owing), default=None)


def more_partners_than_there_are(view: View) -> Iterator[Finding]:
    """Five bodies that need two partners each, none counted twice, of which there are eight."""
    bodies = view.plan.policy.bodies
    for duty in view.duties():
        if not isinstance(duty.spec, specs.QuotaDuty) or duty.spec.pairs is None or duty.amount is None:
            continue
        mine, theirs = bodies.get(duty.each), bodies.get(duty.spec.pairs)  # type: ignore[call-overload]
        if mine is None or theirs is None or mine.count is None or theirs.count is None:
            continue
        needed = duty.amount * mine.count
        if needed > theirs.count:
            yield found(
                "PF859", f"duties.{duty.name}",
                f"'{duty.name}' pairs {mine.count} '{duty.each}' with {duty.amount} each of {theirs.count}"
                f" '{duty.spec.pairs}', and needs {needed}",
                duty.spec.span_of("pairs"), clause=duty.clause,
                why="each is counted for one only, so some can never finish", fix="lessen the quota",
            )  # fmt: skip


# --- what takes longer than there is time -----------------------------------------------------------------------------


def item_outlasts_phase(view: View) -> Iterator[Finding]:
    """A phase that closes only when no item is open, though items have more days than it has."""
    for bound in view.bounds.values():
        for phase in bound.level.phases.values():
            there = _length(bound, phase.name)
            for fact in _items_asked(phase, bound):
                ledger = bound.level.ledgers.get(fact)
                for name, kind in ledger.spec.classes.items() if ledger is not None and there is not None else ():
                    within = None if kind.within == "none" or kind.within.unit == "hour" else kind.within
                    if within is not None and there is not None and days_of(within) > there:
                        yield found(
                            "PF819", f"ledgers.{fact}.classes.{name}",
                            f"'{name}' of '{fact}' has {within}, and '{phase.name}' waits for it and has {there} days",
                            kind.span_of("within"), clause=kind.clause or phase.clause,
                            why="an item that is in time can keep the phase open beyond its window",
                            fix="shorten `within`, widen the window, or let the gate allow for open items",
                        )  # fmt: skip


def _items_asked(phase: Phase, bound: Bound) -> Iterator[str]:
    """The ledgers of which the gate of a phase asks that nothing is open."""
    gate = next((move.gate for move in bound.level.moves.values() if move.name == f"{phase.name}.close"), None)
    for node in _parts(gate):
        if isinstance(node, c.Compare) and isinstance(node.left, Read) and node.left.name == "items":
            arguments = dict(node.left.args)
            if node.op in ("==", "<=") and node.right == c.Const(0) and _plain_state(arguments):
                yield str(arguments["ledger"].value)


def _plain_state(arguments: dict[str, c.Const]) -> bool:
    return "state" not in arguments or arguments["state"].value == "open"


def _parts(node: object) -> Iterator[object]:
    """What must hold for a condition to hold, taken apart."""
    if isinstance(node, c.All):
        for part in node.parts:
            yield from _parts(part)
    elif node is not None:
        yield node


def longer_than_the_campaign(view: View) -> Iterator[Finding]:
    """Making up, or extending, for longer than everything together lasts."""
    policy = view.plan.policy
    lasts = [days for bound in view.bounds.values() if (days := _whole(bound)) is not None]
    if not lasts:
        return
    there = max(lasts)
    make_up, extensions = policy.make_up, policy.extensions
    length = make_up.window.length if make_up is not None and make_up.window is not None else None
    if make_up is not None and length is not None and days_of(length) > there:
        yield _longer("make_up", "making up may take", length, there, make_up, "window")
    if extensions is not None and days_of(extensions.longest) > there and _ends_by_date(view):
        yield _longer("extensions", "a deadline may move by", extensions.longest, there, extensions, "longest")


def _whole(bound: Bound) -> int | None:
    """The days from the first to the last of all phases; None where one of them has no days."""
    days = [bound.windows.get(name) for name in bound.level.phases]
    ends = [(one.first, one.last) for one in days if one is not None]
    if not ends or len(ends) < len(bound.level.phases) or any(None in pair for pair in ends):
        return None
    return (max(last for _, last in ends if last) - min(first for first, _ in ends if first)).days + 1


def _ends_by_date(view: View) -> bool:
    """Whether every phase closes when its day comes, whatever was moved."""
    phases = [phase for level in view.levels for phase in level.phases.values()]
    return all(phase.closes is not None and phase.closes.kind == "date" for phase in phases)


def _longer(at: str, what: str, length: LengthPhrase, there: int, spec: Granting, key: str) -> Finding:
    return found(
        "PF848", at, f"{what} {length}, and the whole campaign lasts {there} days", spec.span_of(key),
        why="what is granted ends when the campaign does, so the rest of it is worth nothing",
        fix=f"shorten `{key}`", clause=spec.clause,
    )  # fmt: skip


def rings_after_the_lock(view: View) -> Iterator[Finding]:
    """Everybody on the ladder hears of it when nothing can be recorded any more."""
    for duty in view.duties():
        lock = duty.lock
        rungs = [after for after in duty.overdue.values() if lock is not None and after.unit == lock.unit]
        first = min(rungs, key=lambda one: one.count, default=None)
        if lock is not None and first is not None and len(rungs) == len(duty.overdue) and first.count > lock.count:
            yield found(
                "PF849", f"duties.{duty.name}",
                f"'{duty.name}' is locked {lock} after its due day, and its ladder begins {first} after it",
                duty.spec.span_of("overdue" if duty.spec.overdue else "lock"), clause=duty.clause,
                why="whoever is told can no longer have it done", fix="lengthen the lock, or tell somebody sooner",
            )  # fmt: skip


def no_time_for_the_consequence(view: View) -> Iterator[Finding]:
    """A poll that may run to the last day of its phase, and a band that asks for something in that phase."""
    for bound in view.bounds.values():
        for duty in bound.level.duties.values():
            phase = bound.level.phases.get(duty.phase)
            shuts = phase is not None and phase.closes is not None and phase.closes.kind == "date"
            days, window = bound.due_days(duty), bound.windows.get(duty.phase)
            if shuts and days and window is not None and window.last is not None and days[-1] >= window.last:
                yield from _too_late(bound, duty, window.last)


def _too_late(bound: Bound, poll: Duty, last: date) -> Iterator[Finding]:
    for _at, bands in bands_of(poll):
        for band in (*bands.exclusive, *bands.cumulative):
            for name in map(str, band.go):
                other = bound.level.duties.get(name)
                if other is not None and other.phase == poll.phase and other.due is not None:
                    yield found(
                        "PF854", f"duties.{poll.name}.bands",
                        f"'{poll.name}' may be counted on {last}, when '{poll.phase}' closes, and asks for '{name}'",
                        band.span_of("go"), clause=poll.clause,
                        why="what is owed from the last moment of a phase that closes by itself is never done in it",
                        fix="close the poll earlier, or let the duty stand in a later phase",
                    )  # fmt: skip
