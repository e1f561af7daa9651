"""Playing a case: a stage, its story line by line, and everything that came out otherwise than written.

What stops a story is an act that was not answered as written: what follows would only be its consequences. All that is
expected at one line is checked, and expectations that fail do not stop the story.

Codes: PF602 a person who is not in the cast, PF611 an act was refused, PF612 an act was to be refused and was not, or
for other reasons, PF613 a deed that did nothing, PF614 a gate held or passed otherwise than written, PF615 the stage
cannot be set, PF616 a line that lies before the one above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import attrs

from phaseflow.core.plan import Plan
from phaseflow.engine import Answer, Refused
from phaseflow.errors import PolicyError, Problem, Span, did_you_mean, sort_problems
from phaseflow.messages.commands import SYSTEM
from phaseflow.messages.events import Entry
from phaseflow.testing.scenarios import expect
from phaseflow.testing.scenarios.deeds import EVERYONE, Undone, do
from phaseflow.testing.scenarios.phrases import CuePhrase, DeedPhrase
from phaseflow.testing.scenarios.reader import Case
from phaseflow.testing.scenarios.spec import CastSpec, Line
from phaseflow.testing.stage import PROGRAMME, Stage


@attrs.frozen(kw_only=True)
class Asked:
    """A move that was asked about without being asked for, with the labels of what held it (for coverage)."""

    level: str
    move: str
    held: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Refusal:
    """An act that was refused, as the scenario said it would be."""

    level: str
    about: str
    kind: str


@attrs.frozen(kw_only=True)
class Played:
    """What came of one case. *trails* are (level, entries) by run; *problems* are empty where all was as written.

    *looked* gives, by run, the entries (after, up to) of each line of the scenario's own story that expects something;
    *days* and *moments* are those at which something was expected.
    """

    case: Case
    plan: Plan
    problems: tuple[Problem, ...] = ()
    trails: Mapping[str, tuple[str, tuple[Entry, ...]]] = attrs.field(factory=dict, repr=False)
    asked: tuple[Asked, ...] = attrs.field(default=(), repr=False)
    refused: tuple[Refusal, ...] = attrs.field(default=(), repr=False)
    days: frozenset[date] = attrs.field(default=frozenset(), repr=False)
    moments: frozenset[datetime] = attrs.field(default=frozenset(), repr=False)
    looked: Mapping[str, tuple[tuple[int, int], ...]] = attrs.field(factory=dict, repr=False)

    @property
    def good(self) -> bool:
        """Whether all was as written."""
        return not self.problems


EXPECTING = frozenset(expect.CHECKS) | {"passed", "held", "refused"}
"""The keys of a line that expect something."""


class _Stop(Exception):
    """The story cannot go on."""


class Preludes:
    """Stages as they stand when a story begins, for the cases of one file on one plan: most of them begin alike."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], Stage] = {}
        self._cases: list[Case] = []
        """Lines are known by their identity, so whoever holds them must live as long."""

    def stage(self, case: Case, plan: Plan) -> tuple[Stage, int]:
        """A stage of its own for a case, and how many of the lines ahead have been played on it."""
        if _own_cast(case):
            return set_stage(case, plan), 0
        lines = tuple(map(id, case.ahead))
        for count in range(len(lines), -1, -1):
            kept = self._kept.get(lines[:count])
            if kept is not None:
                return kept.fork(), count
        self._keep((), case, set_stage(case, plan))
        return self._kept[()].fork(), 0

    def keep(self, case: Case, stage: Stage) -> None:
        """Remember a stage on which all lines ahead of a case went as written."""
        lines = tuple(map(id, case.ahead))
        if not _own_cast(case) and lines not in self._kept:
            self._keep(lines, case, stage.fork())

    def _keep(self, lines: tuple[int, ...], case: Case, stage: Stage) -> None:
        self._kept[lines] = stage
        self._cases.append(case)


def _own_cast(case: Case) -> bool:
    """Whether a scenario has people, units or a first day of its own, so that it begins like no other."""
    spec = case.spec
    return bool(spec.people or spec.crowd or spec.bodies or spec.units or spec.start)


def play(case: Case, plan: Plan, preludes: Preludes | None = None) -> Played:
    """Play one case on a plan, in memory. Nothing is raised for what the scenario or the policy gets wrong."""
    preludes = preludes or Preludes()
    problems: list[Problem] = list(_unknown_roles(case, plan))
    if problems:
        return Played(case=case, plan=plan, problems=tuple(problems))
    try:
        stage, told = preludes.stage(case, plan)
    except (Refused, PolicyError) as error:
        return Played(case=case, plan=plan, problems=(_no_stage(case, error.problems),))
    except ValueError as error:
        return Played(case=case, plan=plan, problems=(_bad_start(case, error),))
    story = _Story(stage, case, problems)
    try:
        story.tell(preludes, told)
        return Played(
            case=case,
            plan=plan,
            problems=sort_problems(problems),
            trails={
                name: (PROGRAMME if name == PROGRAMME else "unit", tuple(stage.entries(name))) for name in stage.runs
            },
            asked=tuple(story.asked),
            refused=tuple(story.refused),
            days=frozenset(story.days),
            moments=frozenset(story.moments),
            looked={name: tuple(found) for name, found in story.looked.items()},
        )
    finally:
        stage.close()


def tell_ahead(stage: Stage, lines: tuple[Line, ...]) -> bool:
    """Play lines on a stage without looking at what they expect; whether all of them went as written."""
    problems: list[Problem] = []
    story = _Story(stage, None, problems)
    try:
        for line in lines:
            story.line(line, only_act=True)
    except _Stop:
        return False
    return not problems


# --- the stage --------------------------------------------------------------------------------------------------------


def set_stage(case: Case, plan: Plan) -> Stage:
    """The runs and people of a case, before its story begins."""
    cast, own = case.cast, case.spec
    people, groups = _people((cast, own))
    units = {**cast.units, **own.units}
    bodies: dict[str, tuple[str, ...]] = {}
    for part in (cast, own):
        for kind, spec in part.bodies.items():
            bodies[str(kind)] = spec.names or tuple(f"{kind}_{number}" for number in range(1, (spec.count or 0) + 1))
    crews = {}
    for name, unit in units.items():
        crews[name], more = _people((unit,), suffix=f"_{name}")
        groups.update(more)
    return Stage(
        plan,
        date.fromisoformat(own.start or cast.start or ""),
        people,
        bodies=bodies,
        units=crews or None,
        groups=groups,
        unit=cast.unit,
        kinds={name: str(unit.kind) for name, unit in units.items() if unit.kind},
    )


def _people(
    casts: tuple[CastSpec, ...], suffix: str = ""
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    found: dict[str, tuple[str, ...]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    crowd: dict[str, int] = {}
    for cast in casts:
        for name, person in cast.people.items():
            found[name] = tuple(map(str, person.roles))
            groups[name] = person.groups
        crowd.update({str(role): count for role, count in cast.crowd.items()})
    for role, count in crowd.items():
        found.update({f"{role}_{number}{suffix}": (role,) for number in range(1, count + 1)})
    return found, groups


def _unknown_roles(case: Case, plan: Plan) -> Iterator[Problem]:
    """Roles and bodies of the cast that the policy does not have."""
    casts = [case.cast, case.spec, *case.cast.units.values(), *case.spec.units.values()]
    for cast in casts:
        for name, person in cast.people.items():
            for role in person.roles:
                if role.partition("@")[0] not in plan.roles:
                    yield _unknown("role", role, person.span_of("roles"), plan.roles, f"'{name}' is to hold it")
        for role in cast.crowd:
            if role not in plan.roles:
                yield _unknown("role", role, cast.key_span_of(f"crowd.{role}"), plan.roles, "a crowd holds a role")
        for kind in cast.bodies:
            if kind not in plan.policy.bodies:
                known = map(str, plan.policy.bodies)
                yield _unknown("kind of body", kind, cast.key_span_of(f"bodies.{kind}"), known, "bodies are of a kind")


def _unknown(noun: str, word: str, span: Span, known: object, why: str) -> Problem:
    return Problem(code="PF606", what=f"the policy has no {noun} '{word}'", span=span, why=why,
                   fix=did_you_mean(word, known))  # type: ignore[arg-type] # fmt: skip


def _no_stage(case: Case, problems: tuple[Problem, ...]) -> Problem:
    told = "; ".join(f"{problem.what} ({problem.span})" if problem.span.line else problem.what for problem in problems)
    return Problem(
        code="PF615",
        what=f"the campaign cannot be started: {told}",
        span=case.spec.span_of("start") if case.spec.start else case.cast.span_of("start"),
        why=problems[0].why,
        fix=problems[0].fix,
    )


def _bad_start(case: Case, error: ValueError) -> Problem:
    return Problem(
        code="PF615",
        what=f"the campaign cannot be started: {error}",
        span=case.spec.span_of("start") if case.spec.start else case.cast.span_of("start"),
        why="a campaign starts on a day",
        fix="write start: 2009-03-01",
    )


# --- the story --------------------------------------------------------------------------------------------------------


@attrs.define
class _Story:
    """The telling of one story on its stage."""

    stage: Stage
    case: Case | None
    problems: list[Problem]
    asked: list[Asked] = attrs.field(factory=list)
    refused: list[Refusal] = attrs.field(factory=list)
    days: set[date] = attrs.field(factory=set)
    moments: set[datetime] = attrs.field(factory=set)
    looked: dict[str, list[tuple[int, int]]] = attrs.field(factory=dict)

    def tell(self, preludes: Preludes, told: int) -> None:
        """Play all lines, in their order, but for so many of those ahead that are told already."""
        assert self.case is not None
        try:
            for line in self.case.ahead[told:]:
                self.line(line, only_act=True)
            if not self.problems:
                preludes.keep(self.case, self.stage)
            for line in self.case.spec.story:
                self.line(line)
        except _Stop:
            pass

    def line(self, line: Line, *, only_act: bool = False) -> None:
        """Play one line; with *only_act*, without a look at what it expects afterwards."""
        cue = line.cue
        assert cue is not None
        before = {name: self.stage.seq(name) for name in self.stage.runs}
        self._move_clock(cue)
        name = line.in_ or cue.where
        for cue_, deeds in line.deeds.items():
            for deed in deeds.acts:
                for person in cue_.who:
                    name = self._act(line, person, deed, line.in_ or cue_.where) or name
        self.stage.engine.tick()
        if only_act:
            return
        if set(line.spans) & EXPECTING:
            self.days.add(self.stage.plan.calendar.day_of(self.stage.now))
            self.moments.add(self.stage.now)
            for run in self.stage.runs:
                self.looked.setdefault(run, []).append((before[run], self.stage.seq(run)))
        name = name or (next(iter(self.stage.units)) if len(self.stage.units) == 1 else "")
        if not self._expects(line):
            return
        if name not in self.stage.runs:
            self._fail("PF610", f"there is no run '{name}'" if name else "it is not clear which run is looked at",
                       line.span_of("in") if line.in_ else cue.span, "a programme has several runs",
                       did_you_mean(name, self.stage.runs) or f"add `in: {next(iter(self.stage.runs))}`")  # fmt: skip
            return
        look = expect.Look(stage=self.stage, name=name, line=line, since=before[name])
        self.problems += expect.check(look)
        self._note_gates(look)

    def _expects(self, line: Line) -> bool:
        return any(key in expect.CHECKS for key in line.spans)

    def _note_gates(self, look: expect.Look) -> None:
        """Gates that a line only asks about leave no event; coverage hears of them here."""
        level = PROGRAMME if look.name == PROGRAMME else "unit"
        for move in look.line.gates:
            try:
                found = self.stage.runs[look.name].why(move)
            except Refused:
                continue
            self.asked.append(Asked(level=level, move=move, held=tuple(reason.label for reason in found)))

    def _move_clock(self, cue: CuePhrase) -> None:
        calendar = self.stage.plan.calendar
        try:
            instant = cue.instant(self.stage.now, calendar)
        except ValueError as error:
            self._fail("PF603", f"'{cue.text}': {error}", cue.span, "a line has a day of the calendar", "mend the day")
            raise _Stop from None
        if instant < self.stage.now:
            now = calendar.local(self.stage.now)
            self._fail("PF616", f"'{cue.text}' lies before {now:%Y-%m-%d %H:%M:%S}, where the story is", cue.span,
                       "a story goes forward; what happened earlier and is recorded late is written with --at",
                       "move the line up, or write a later time")  # fmt: skip
            raise _Stop
        self.stage.to(instant)

    def _act(self, line: Line, person: str, deed: DeedPhrase, where: str) -> str:
        """Carry out a deed and hold its answer against the line; the run it was done in."""
        if person not in self.stage.home and person not in (*EVERYONE, SYSTEM) and not self._joined(person):
            cue = line.cue
            self._fail("PF602", f"'{person}' is nobody of the cast", cue.span if cue else line.span,
                       "who acts stands under `people`, `crowd` or `units`, or joined in the story",
                       did_you_mean(person, (*self.stage.home, EVERYONE[0])))  # fmt: skip
            raise _Stop
        try:
            name, answer = do(self.stage, person, deed, where)
        except Undone as undone:
            self.problems.append(undone.problem)
            raise _Stop from None
        except Refused as refused:
            self._refused(line, deed, refused)
            name = where or self.stage.place(person, deed.about)
            level = PROGRAMME if name == PROGRAMME else "unit"
            self.refused.append(Refusal(level=level, about=deed.about, kind=refused.kind))
            return name
        if line.refused is not None:
            why = f"it was to be refused: {', '.join(line.refused.names)}"
            fix = "change the scenario, or the policy"
            self._fail("PF612", f"'{deed.text}' was accepted", line.span_of("refused"), why, fix)
            raise _Stop
        if answer is not None and answer.verdict is not None:
            self._verdict(line, deed, name, answer)
        return name

    def _joined(self, person: str) -> bool:
        return any(self.stage.row(name, f"person/{person}") is not None for name in self.stage.runs)

    def _refused(self, line: Line, deed: DeedPhrase, refused: Refused) -> None:
        told = "; ".join(f"{problem.code}: {problem.what}" for problem in refused.problems)
        first = refused.problems[0]
        place = f"; {first.span}" if first.span.line else ""
        if line.refused is None:
            self._fail("PF611", f"'{deed.text}' was refused ({refused.kind}): {told}", deed.span,
                       f"{first.why}{place}", first.fix, first.clause)  # fmt: skip
            raise _Stop
        missing = expect.fits(line.refused, refused)
        if missing:
            self._fail("PF612", f"'{deed.text}' was refused for another reason: expected {', '.join(missing)}, "
                       f"found {refused.kind}, {told}", line.span_of("refused"), f"{first.why}{place}",
                       "change what is expected, or the policy", first.clause)  # fmt: skip

    def _verdict(self, line: Line, deed: DeedPhrase, name: str, answer: Answer) -> None:
        move = answer.verdict.move if answer.verdict is not None else ""
        look = expect.Look(stage=self.stage, name=name, line=line, since=0)
        if line.held is None:
            if answer.held:
                self._fail("PF614", f"'{deed.text}' is {expect.reasons_text(answer.reasons)}", deed.span,
                           "a line expects the gate to let through unless it says `held`" + look.rule(move),
                           "let the story do what is missing, or write held: with the reasons",
                           look.clause(move))  # fmt: skip
                raise _Stop
            return
        if answer.passed:
            self._fail("PF614", f"'{deed.text}' passed", line.span_of("held"),
                       f"it was to be held by {', '.join(line.held.names)}" + look.rule(move),
                       "change what is expected, or the policy", look.clause(move))  # fmt: skip
            raise _Stop
        self.problems += expect.reasons(look, "held", move, line.held, answer.reasons)

    def _fail(self, code: str, what: str, span: Span, why: str, fix: str, clause: str = "") -> None:
        self.problems.append(Problem(code=code, what=what, span=span, why=why, fix=fix, clause=clause))
