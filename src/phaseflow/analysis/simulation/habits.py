"""How people behave, with every name resolved and every gap filled: what a behaviour file and a plan come to.

What the file does not say is assumed here and nowhere else, and `assumptions` tells it. A habit of a duty goes before
that of a role, and that before the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Literal

import attrs

from phaseflow.analysis.findings import view
from phaseflow.analysis.simulation.behaviour import Behaviour, DutyHabit, Habit, LedgerHabit, Spread, StepHabit
from phaseflow.analysis.simulation.chance import Draw, Scale
from phaseflow.analysis.simulation.phrases import SpanPhrase
from phaseflow.core.plan.model import Duty, LevelPlan, Plan
from phaseflow.errors import PolicyError, Problem, Span, did_you_mean, sort_problems
from phaseflow.spec.phrases import SharePhrase

DAY = 86_400
HOURS: Mapping[str, int] = {"hour": 3_600, "day": DAY, "week": 7 * DAY}
"""Seconds of a unit."""

EACH, FEW = 5, 2
"""How many hold a role: one whose holders each owe something, and any other; so nobody has to judge their own work."""

UNITS = 5
"""Units under one programme."""

BODIES, MANY = 3, 20
"""Bodies of a kind: where the policy gives no number, and at most."""

AFTER = 120
"""Days that are looked at after the last window."""

MOST_PEOPLE, MOST_UNITS = 100_000, 100_000
"""More than this is a slip of the pen, or more than memory holds."""

DELAY = Draw("triangular", (0.1, 0.6, 1.1), "share")
AGAIN = Draw("fixed", (DAY,), "seconds")
ANSWER = Draw("fixed", (2 * DAY,), "seconds")
AT_ONCE = Draw("fixed", (0.0,), "seconds")
UNDATED = 14 * DAY
TURNOUT, SCORE, INVITED, OPINIONS = 0.8, Draw("fixed", (0.9,), "share"), 20, 1

Asked = Literal["at the end", "when ready", "never"]


@attrs.frozen(kw_only=True)
class Doing:
    """How one thing is done: when, and how many never do it."""

    delay: Draw
    never: float = 0.0


@attrs.frozen(kw_only=True)
class DutyDoing(Doing):
    """How a duty is done."""

    parts: int = 1
    poor: float = 0.0
    opinions: int = OPINIONS
    invited: int = INVITED
    turnout: float = TURNOUT
    score: Draw = SCORE
    steps: Mapping[str, Doing] = attrs.field(factory=dict)
    returns: Mapping[str, float] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class LedgerDoing:
    """What is entered in a ledger, and what becomes of it."""

    items: int
    classes: tuple[str, ...]
    after: str
    entered: Draw
    settle: Draw
    never: float
    verify: Draw
    poor: float


@attrs.frozen(kw_only=True)
class Habits:
    """Everything that a simulation knows about its people; plain values only, so that it can go to other processes."""

    start: date
    until: date
    people: Mapping[str, int]
    bodies: Mapping[str, int]
    units: int
    kinds: tuple[str, ...]
    again: Draw
    answer: Draw
    undated: int
    duties: Mapping[tuple[str, str], DutyDoing]
    ledgers: Mapping[tuple[str, str], LedgerDoing]
    moves: Mapping[str, Asked]
    assumed: tuple[str, ...]


def compile_behaviour(spec: Behaviour, plan: Plan, *, start: date | None = None, until: date | None = None) -> Habits:
    """Resolve the names of a behaviour file, and fill what it leaves out.

    Args:
        spec: What the file says; ``Behaviour()`` where there is none.
        plan: The policy's plan.
        start: First day of the campaign; it goes before that of the file.
        until: Last day that is looked at; it goes before that of the file.

    Raises:
        PolicyError: with every name that nothing bears, and every figure that cannot be, each in its place.
    """
    making = _Making(spec, plan)
    found = making.habits(start, until)
    if making.problems:
        raise PolicyError(sort_problems(making.problems))
    return found


@attrs.define
class _Making:
    spec: Behaviour
    plan: Plan
    problems: list[Problem] = attrs.field(factory=list)

    def fault(self, code: str, what: str, span: Span, why: str, fix: str) -> None:
        self.problems.append(Problem(code=code, what=what, span=span, why=why, fix=fix))

    def unknown(self, noun: str, name: str, span: Span, known: Iterable[str]) -> None:
        names = sorted({one for one in known if one})
        fix = did_you_mean(name, names)
        fix = fix or (f"one of: {', '.join(names[:12])}" if names else f"leave it out: the policy has no {noun}")
        self.fault("PF940", f"the policy has no {noun} '{name}'", span,
                   "a behaviour is told of what stands in the policy", fix)  # fmt: skip

    def habits(self, start: date | None, until: date | None) -> Habits:
        spec, plan = self.spec, self.plan
        self.names()
        first = start or self.day(spec.start, "start") or self.first_day()
        last = until or self.day(spec.until, "until") or self.last_day(first) + timedelta(days=AFTER)
        if last < first:
            self.fault("PF945", f"the last day, {last}, comes before the first, {first}", spec.span_of("until"),
                       "what is simulated has a beginning and, later, an end", "give a later `until`")  # fmt: skip
        defaults = spec.defaults
        return Habits(
            start=first,
            until=last,
            people={name: self.number(spec.people, name, holders(plan, name), "people", MOST_PEOPLE)
                    for name in plan.roles},
            bodies={str(name): self.number(
                spec.bodies, str(name), min(body.count or BODIES, MANY), "bodies", MOST_PEOPLE
            ) for name, body in plan.policy.bodies.items()},
            units=self.units(),
            kinds=tuple(map(str, spec.kinds)) or self.kinds(),
            again=draw_of(defaults.again, AGAIN),
            answer=draw_of(defaults.answer, ANSWER),
            undated=int(_seconds(defaults.undated)) if defaults.undated is not None else UNDATED,
            duties={(level.name, duty.name): self.duty(duty)
                    for level in plan.levels.values() for duty in level.duties.values()},
            ledgers=dict(self.entered()),
            moves={str(name): habit.asked for name, habit in spec.moves.items()},
            assumed=tuple(assumptions(spec, plan, first, start is not None, last, until is not None)),
        )  # fmt: skip

    # --- names --------------------------------------------------------------------------------------------------------

    def names(self) -> None:
        """Every name of the file is one of the policy's."""
        spec, plan, levels = self.spec, self.plan, tuple(self.plan.levels.values())
        known: dict[str, tuple[str, Iterable[str]]] = {
            "people": ("role", plan.roles),
            "roles": ("role", plan.roles),
            "bodies": ("kind of bodies", [str(name) for name in plan.policy.bodies]),
            "duties": ("duty", [name for level in levels for name in level.duties]),
            "ledgers": ("ledger", [name for level in levels for name in level.ledgers]),
            "moves": ("move", [name for level in levels for name, move in level.moves.items() if move.by]),
        }
        for key, (noun, names) in known.items():
            for name in getattr(spec, key):
                if name not in names:
                    self.unknown(noun, str(name), spec.key_span_of(f"{key}.{name}"), names)
        for index, kind in enumerate(spec.kinds):
            if kind not in self.kinds():
                self.unknown("kind of units", str(kind), spec.span_of(f"kinds.{index}"), self.kinds())
        for name, habit in spec.duties.items():
            for level in levels:
                if name in level.duties:
                    self.fits(level.duties[name], habit)
        for name, ledger in spec.ledgers.items():
            for level in levels:
                if name in level.ledgers:
                    self.ledger_fits(level, str(name), ledger)

    def fits(self, duty: Duty, habit: DutyHabit) -> None:
        """A habit is told of what the kind of duty has."""
        own = {
            "parts": duty.kind == "quota", "poor": bool(duty.spec.checked_by), "steps": duty.kind == "document",
            "returns": any(step.family == "judge" for step in duty.route),
            "opinions": any(step.family == "hear" for step in duty.route),
            **dict.fromkeys(("invited", "turnout", "score"), duty.kind == "poll"),
        }  # fmt: skip
        for key, possible in own.items():
            if key in habit.spans and not possible:
                self.fault(
                    "PF946", f"'{key}' says nothing of '{duty.name}', a {duty.kind}", habit.key_span_of(key),
                    "each kind of duty is done in its own way, and only what somebody checks can be found poor",
                    f"leave '{key}' out",
                )  # fmt: skip
        for name, step in habit.steps.items():
            rule = duty.step_named(str(name))
            if duty.kind == "document" and rule is None:
                self.unknown(f"step of '{duty.name}'", str(name), habit.key_span_of(f"steps.{name}"),
                             [one.name for one in duty.route])  # fmt: skip
            elif step.returns is not None and rule is not None and rule.family != "judge":
                self.fault("PF946", f"nobody judges at '{name}' of '{duty.name}'", step.key_span_of("returns"),
                           "only a judging step sends a document back", "leave 'returns' out")  # fmt: skip
        if habit.score is not None and any(
            figure.unit != "share" or figure.count > 1 for figure in habit.score.figures
        ):
            self.fault("PF947", f"the score of '{duty.name}' is no share of answers", habit.span_of("score"),
                       "a score says which share of the answers is favourable, from 0% to 100%",
                       "write shares up to 100%")  # fmt: skip

    def ledger_fits(self, level: LevelPlan, name: str, habit: LedgerHabit) -> None:
        ledger = level.ledgers[name]
        for index, kind in enumerate(habit.classes):
            if kind not in ledger.classes:
                self.unknown(f"class of '{name}'", str(kind), habit.span_of(f"classes.{index}"), ledger.classes)
        if habit.after is not None and habit.after not in level.phases:
            self.unknown("phase", str(habit.after), habit.span_of("after"), level.phases)

    # --- days and numbers ---------------------------------------------------------------------------------------------

    def day(self, text: str | None, key: str) -> date | None:
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fault("PF945", f"'{text}' is not a day", self.spec.span_of(key), "one day of the calendar is wanted",
                       "write it as 2009-03-01")  # fmt: skip
            return None

    def first_day(self) -> date:
        return view(self.plan).start

    def last_day(self, first: date) -> date:
        """The last day of the last window; half a year after the first day where no window has one."""
        bounds = view(self.plan, first).bounds
        ends = [days.last for bound in bounds.values() for days in bound.windows.values() if days.last is not None]
        return max(ends, default=first + timedelta(days=183))

    def number(self, table: Mapping[Any, int], name: str, other: int, key: str, most: int) -> int:
        value = table.get(name)
        if value is None:
            return other
        if not 0 <= value <= most:
            self.fault("PF948", f"{value} is no number of '{name}'", self.spec.span_of(f"{key}.{name}"),
                       f"from 0 to {most} of them can be simulated", "give a smaller number")  # fmt: skip
        return value

    def units(self) -> int:
        wanted = self.spec.units
        if wanted is not None and (self.plan.programme is None or wanted > MOST_UNITS):
            why = f"at most {MOST_UNITS} of them can be simulated in one programme"
            if self.plan.programme is None:
                why = "the policy has no programme, so each unit is simulated for itself"
            self.fault("PF948", f"there are no {wanted} units under one programme", self.spec.span_of("units"), why,
                       "leave `units` out, and say on the command line how many units")  # fmt: skip
        return wanted or UNITS

    def kinds(self) -> tuple[str, ...]:
        programme = self.plan.policy.programme
        return tuple(map(str, programme.kinds)) if programme is not None else ()

    # --- doing --------------------------------------------------------------------------------------------------------

    def duty(self, duty: Duty) -> DutyDoing:
        spec: DutyHabit | None = self.spec.duties.get(duty.name)  # type: ignore[call-overload]
        own = self.doing(spec, (duty.each,) if duty.subjects == "role" else duty.by)
        if spec is None:
            spec = DutyHabit()
        found: dict[str, Any] = {"delay": own.delay, "never": own.never}
        for key in ("parts", "opinions", "invited"):
            if getattr(spec, key) is not None:
                found[key] = getattr(spec, key)
        found |= {key: float(value.value) for key in ("poor", "turnout") if (value := getattr(spec, key)) is not None}
        if spec.score is not None:
            found["score"] = draw_of(spec.score, SCORE)
        steps, returns = {}, {}
        for rule in duty.route:
            step: StepHabit | None = spec.steps.get(rule.name)  # type: ignore[call-overload]
            first = spec if rule.index == 0 and (step is None or step.delay is None) else step
            steps[rule.name] = self.doing(first, rule.by or rule.roles)
            share = step.returns if step is not None and step.returns is not None else spec.returns
            returns[rule.name] = _share(share) if rule.family == "judge" else 0.0
        return DutyDoing(**found, steps=steps, returns=returns)

    def doing(self, habit: Habit | None, roles: Iterable[str]) -> Doing:
        """The first of them that says something: the habit itself, the roles in turn, the default."""
        said = [habit, *(self.spec.roles.get(role) for role in roles), self.spec.defaults]  # type: ignore[call-overload]
        delay = next((one.delay for one in said if one is not None and one.delay is not None), None)
        never = next((one.never for one in said if one is not None and one.never is not None), None)
        return Doing(delay=draw_of(delay, DELAY), never=_share(never))

    def entered(self) -> Iterator[tuple[tuple[str, str], LedgerDoing]]:
        default = self.doing(None, ())
        for level in self.plan.levels.values():
            for name, ledger in level.ledgers.items():
                spec: LedgerHabit | None = self.spec.ledgers.get(name)  # type: ignore[call-overload]
                if spec is not None and spec.items:
                    yield (level.name, name), LedgerDoing(
                        items=spec.items, classes=tuple(map(str, spec.classes)) or tuple(ledger.classes),
                        after=str(spec.after or ""), entered=draw_of(spec.entered, AT_ONCE),
                        settle=draw_of(spec.settle, default.delay), never=_share(spec.never),
                        verify=draw_of(spec.verify, draw_of(self.spec.defaults.answer, ANSWER)), poor=_share(spec.poor),
                    )  # fmt: skip


def _share(share: SharePhrase | None) -> float:
    return 0.0 if share is None else float(share.value)


def _seconds(figure: SpanPhrase) -> float:
    return float(figure.count) * HOURS.get(figure.unit, DAY)


def draw_of(spread: Spread | None, other: Draw) -> Draw:
    """A spread made ready to draw from; *other* where none is given."""
    if spread is None:
        return other
    unit = spread.figures[0].unit
    scale: Scale = "share" if unit == "share" else "business_days" if unit == "business_day" else "seconds"
    figures = [_seconds(figure) if scale == "seconds" else float(figure.count) for figure in spread.figures]
    return Draw(spread.form, tuple(figures), scale)


def holders(plan: Plan, role: str) -> int:
    """How many hold a role where nothing is said."""
    each = any(
        duty.subjects == "role" and duty.each == role
        for level in plan.levels.values()
        for duty in level.duties.values()
    )
    return EACH if each else FEW


def assumptions(spec: Behaviour, plan: Plan, start: date, started: bool, until: date, ended: bool) -> Iterator[str]:
    """What is assumed because nobody said it, one sentence each."""
    if spec.start is None and not started:
        why = "the first written day" + ("" if plan.policy.year else "; the policy names no year")
        yield f"the campaign starts on {start} ({why})"
    if spec.until is None and not ended:
        yield f"what has not happened by {until} is not looked at ({AFTER} days after the last window)"
    if len(spec.people) < len(plan.roles):
        yield f"{EACH} people hold a role whose holders each owe something, {FEW} any other"
    if len(spec.bodies) < len(plan.policy.bodies):
        yield f"there are as many bodies of a kind as the policy says, at most {MANY}; {BODIES} where it does not say"
    if plan.programme is not None and spec.units is None:
        yield f"{UNITS} units stand under one programme"
    if spec.defaults.delay is None:
        yield "an act comes after 10 % to 110 % of the time allowed, most often at 60 % (triangular)"
        yield "what comes again in every period is done within its period"
        yield "the time for a document is shared evenly among the steps of its route that have no limit of their own"
    if spec.defaults.undated is None:
        yield f"what has no due day, in a phase without an end, has {UNDATED // DAY} days"
    if spec.defaults.never is None:
        yield "nobody leaves a duty undone for good"
    if spec.defaults.answer is None:
        yield "a question, and what somebody confirms or verifies, waits 2 days"
    if spec.defaults.again is None:
        yield "who was held up tries again a day after what was missing is there"
    yield "a move is asked for at 17:00 on the last day of a window, and without one when its gate would pass"
    polls = [duty for level in plan.levels.values() for duty in level.duties.values() if duty.kind == "poll"]
    if any(duty.name not in spec.duties for duty in polls):
        share = f"{TURNOUT:.0%}".replace("%", " %")
        yield f"{INVITED} people of each group on no roster are invited to a poll, {share} take part, 90 % favour"
    ledgers = [name for level in plan.levels.values() for name in level.ledgers]
    if any(name not in spec.ledgers for name in ledgers):
        yield "nothing is entered in a ledger unless the file says so"
    yield "nobody is waived, extended, replaced or recused; what a host application is asked, it affirms"
