"""Gates: the facts that a condition may read, and the verdict with every reason (law 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import attrs

from phaseflow.core.conditions import UNKNOWN, Condition, Read, Requirement, Verdict, explain
from phaseflow.core.plan.model import Duty, LevelPlan, Parameter, Plan
from phaseflow.core.state.rows import DutyState, Head, Rows
from phaseflow.messages.events import PollCounted, Reading

Value = Any


class Missing(Exception):
    """A host fact is not at hand: the gate crashes, which is not the same as being held."""


@attrs.frozen(kw_only=True)
class Sources:
    """Where facts come from: the run's own rows, the programme's, a census of the units, and the host.

    *opened* is the day on which the phase of the condition was opened; dated parameters are read as of it (R4), or as
    of *day*, the present one, where the policy says `as_of: asked`. *subject* is whom the condition is about.
    """

    plan: Plan
    rows: Rows
    up: Rows | None = None
    units: Callable[[], Iterable[Any]] | None = None
    host: Mapping[tuple[str, str], object] = attrs.field(factory=dict)
    day: date | None = None
    opened: date | None = None
    subject: str = ""

    @property
    def head(self) -> Head:
        """The head of the run that asks."""
        head: Head = self.rows.get("head")
        return head

    @property
    def level(self) -> LevelPlan:
        """The plan of the level of the run that asks."""
        return self.plan.levels[self.head.level]

    def read(self, fact: Read) -> Value:
        """The value of one fact now; UNKNOWN where it is missing."""
        arguments = {name: str(const.value) for name, const in fact.args}
        reader = READERS.get(fact.name)
        if reader is not None:
            return reader(self, arguments)
        parameter = self.plan.parameters.get(fact.name)
        value = parameter.on(self._as_of(parameter)) if parameter is not None else None
        if value is None:
            return UNKNOWN
        return int(value) if parameter and parameter.kind == "number" and value.denominator == 1 else value

    def _as_of(self, parameter: Parameter) -> date:
        asked = self.day if parameter.as_of == "asked" else None
        return asked or self.opened or self.head.start

    def rule(self, name: str) -> Duty:
        """The compiled duty of a name, of this level or of the programme."""
        level = self.level if name in self.level.duties or self.plan.programme is None else self.plan.programme
        return level.duties[name]

    def rows_of_duty(self, name: str) -> Rows | None:
        """The rows of the run that a duty lives in: this one, or the programme."""
        return self.rows if name in self.level.duties else self.up

    def latest(self, name: str) -> tuple[Rows, DutyState] | None:
        """The latest instance of a duty; a made-up duty stands for the one it makes up (R32)."""
        rows = self.rows_of_duty(name)
        key = rows.get(f"latest/{name}") if rows is not None else None
        if rows is None or key is None:
            return None
        return rows, rows.get(f"duty/{key}")

    def instances(self, name: str) -> list[DutyState]:
        """All instances of a duty's latest visit: one, or one a period."""
        found = self.latest(name)
        if found is None:
            return []
        rows, state = found
        if state.period is None:
            return [state]
        visit = state.key.rsplit("/", 1)[0]
        return [row for _key, row in rows.scan(f"duty/{visit}/")]


def _elsewhere(sources: Sources, name: str) -> bool:
    """Whether a duty of this level is for units of other kinds: what is not owed here stands in nobody's way."""
    duty = sources.level.duties.get(name)
    return duty is not None and not duty.concerns(sources.head.kind)


def _outstanding(sources: Sources, arguments: Mapping[str, str]) -> Value:
    if _elsewhere(sources, arguments["duty"]):
        return 0
    states = sources.instances(arguments["duty"])
    if sum(state.owed for state in states) == 0:  # nobody owes it, or it has not begun: neither yes nor no (R23)
        answer = sources.rule(arguments["duty"]).spec.if_none if states else None
        return {"met": 0, "unmet": 1}.get(answer or "", UNKNOWN)
    return sum(state.outstanding for state in states)


def _done_share(sources: Sources, arguments: Mapping[str, str]) -> Value:
    if _elsewhere(sources, arguments["duty"]):
        return Fraction(1)
    states = sources.instances(arguments["duty"])
    owed = sum(state.owed - state.waived for state in states)
    return Fraction(sum(state.done for state in states), owed) if owed else UNKNOWN


def _own_done(sources: Sources, arguments: Mapping[str, str]) -> Value:
    found = sources.latest(arguments["duty"])
    if found is None:
        return UNKNOWN
    rows, state = found
    part = rows.get(f"part/{state.key}/{sources.subject}")
    return part is not None and bool(part.done or part.waived)


def _passed(sources: Sources, arguments: Mapping[str, str]) -> Value:
    if _elsewhere(sources, arguments["document"]):
        return True
    found = sources.latest(arguments["document"])
    if found is None:
        return UNKNOWN
    rows, state = found
    count = rows.get(f"passed/{state.key}/{arguments['step']}") or 0
    needed = state.owed - state.waived
    return count >= needed if needed > 0 else UNKNOWN


def _closed(sources: Sources, arguments: Mapping[str, str]) -> Value:
    head, phase = sources.head, arguments["phase"]
    return UNKNOWN if phase in head.assumed else phase in head.closed


def _reached(sources: Sources, arguments: Mapping[str, str]) -> Value:
    head, phase = sources.head, arguments["phase"]
    return UNKNOWN if phase in head.assumed else head.visits.get(phase, 0) > 0


def _items(sources: Sources, arguments: Mapping[str, str]) -> Value:
    ledger = arguments["ledger"]
    rows = sources.rows if ledger in sources.level.ledgers else sources.up
    if rows is None:
        return UNKNOWN
    suffix = f"/{arguments['kind']}" if "kind" in arguments else ""
    count: int = rows.get(f"items/{ledger}/{arguments.get('state', 'open')}{suffix}") or 0
    return count


def _unit_counts(sources: Sources, arguments: Mapping[str, str]) -> tuple[int, int] | None:
    if sources.units is None:
        return None
    heads = [fact.head for fact in sources.units()]
    heads = [head for head in heads if not head.withdrawn and head.status != "cancelled"]
    if "reached" in arguments:
        hit = sum(head.visits.get(arguments["reached"], 0) > 0 for head in heads)
    elif "closed" in arguments:
        hit = sum(arguments["closed"] in head.closed for head in heads)
    else:
        wanted = arguments.get("concluded", "any")
        hit = sum(head.status in ("concluded", "archived") and wanted in ("any", head.outcome) for head in heads)
    return hit, len(heads)


def _units(sources: Sources, arguments: Mapping[str, str]) -> Value:
    found = _unit_counts(sources, arguments)
    return UNKNOWN if found is None else found[0]


def _units_share(sources: Sources, arguments: Mapping[str, str]) -> Value:
    found = _unit_counts(sources, arguments)
    if found is None:
        return UNKNOWN
    hit, count = found
    if count == 0:
        return {"met": Fraction(1), "unmet": Fraction(0)}.get(arguments.get("if_none", ""), UNKNOWN)
    return Fraction(hit, count)


def result_of(sources: Sources, poll: str) -> PollCounted | None:
    """The latest count of a poll; None where it was not counted yet."""
    found = sources.latest(poll)
    counted: PollCounted | None = found[0].get(f"counted/{found[1].key}") if found else None
    return counted


def _poll_share(sources: Sources, arguments: Mapping[str, str]) -> Value:
    counted = result_of(sources, arguments["poll"])
    return UNKNOWN if counted is None or counted.share is None else counted.share


def _host(sources: Sources, arguments: Mapping[str, str]) -> Value:
    key = (arguments["fact"], arguments["version"])
    if key not in sources.host:
        raise Missing(f"the host's fact '{key[0]}' in version {key[1]} is not registered")
    return sources.host[key]


READERS: Mapping[str, Callable[[Sources, Mapping[str, str]], Value]] = {
    "outstanding": _outstanding,
    "done_share": _done_share,
    "own_done": _own_done,
    "passed": _passed,
    "closed": _closed,
    "reached": _reached,
    "items": _items,
    "units": _units,
    "units_share": _units_share,
    "poll_share": _poll_share,
    "host": _host,
}
"""Every fact a condition can read, beside the parameters."""


def judge(condition: Condition, sources: Sources) -> Verdict:
    """Judge a condition with every reason.

    Raises:
        Missing: a host fact is not at hand.
    """
    return explain(condition, sources.read)


def reading(requirement: Requirement, sources: Sources) -> Reading:
    """One line of a verdict, as it is kept in the trail."""
    required = f"{requirement.op} {text_of(requirement.required)}".strip() if requirement.op else "true"
    return Reading(
        fact=requirement.label, measured=measured_of(requirement, sources), required=required, met=requirement.met
    )  # fmt: skip


def measured_of(requirement: Requirement, sources: Sources) -> str:
    """What was measured, in words; a result over few answers is told in no refusal and no verdict (R15)."""
    fact = requirement.fact
    if fact is not None and fact.name == "poll_share":
        counted = result_of(sources, next(str(const.value) for name, const in fact.args if name == "poll"))
        if counted is not None and counted.suppressed:
            return "not shown, over so few answers"
    return text_of(requirement.measured)


def text_of(value: object) -> str:
    """A measured or required value in plain text: a share in percent, exactly where that is short."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "true" if value else "false"
        case Fraction():
            percent = value * 100
            return f"{percent.numerator}%" if percent.denominator == 1 else f"{float(percent):.2f}% ({value})"
        case tuple():
            return ", ".join(text_of(part) for part in value)
        case _:
            return str(value)


def subjects_outstanding(sources: Sources, name: str, limit: int = 20, after: str = "") -> tuple[tuple[str, ...], int]:
    """The first subjects (in order, after *after*) who still owe a duty, and how many owe it in all (R24)."""
    found = sources.latest(name)
    rows = sources.rows_of_duty(name)
    if found is None or rows is None:
        return (), 0
    state = found[1]
    duty = sources.rule(name)
    if duty.subjects == "run" or state.exempt:
        return (), state.outstanding
    prefix = f"holder/{duty.each}/" if duty.subjects == "role" else f"body/{duty.each}/"
    names = []
    for key, _ in rows.scan(prefix):
        subject = key[len(prefix) :]
        if subject <= after:
            continue
        part = rows.get(f"part/{state.key}/{subject}")
        if part is None or not (part.done or part.waived or part.owes == 0):
            names.append(subject)
            if len(names) == limit:
                break
    return tuple(names), state.outstanding
