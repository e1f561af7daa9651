"""People who do what a way asks for: commands for the real `decide`, on a run in memory with a small roster.

Every role has holders of its own, so that nobody judges their own work. What is done here is done for real: a command
that is refused ends the attempt (`Stuck`), and nothing is said about the policy because of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, TypeVar

import attrs

from phaseflow.core import conditions as c
from phaseflow.core.conditions import Read, reads
from phaseflow.core.decide import Decision, Surroundings, decide
from phaseflow.core.decide.step import UnitFact
from phaseflow.core.gates import Sources, judge
from phaseflow.core.plan.model import Duty, LevelPlan, Move, Plan, RouteStep
from phaseflow.core.plan.polls import measure_of
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.people import prefix_above
from phaseflow.core.state.rows import Head
from phaseflow.messages import commands as m
from phaseflow.messages.events import Event
from phaseflow.spec import duties as specs

C = TypeVar("C", bound=m.Command)

Deed = tuple[str, m.Command]
"""In which run (``unit`` or ``programme``), and what was done there."""

UNIT = "unit"
"""What the only unit is called."""

EACH = 2
"""Holders of every role."""

DEEPEST = 12
"""Conditions that wait for one another, one inside the other."""


class Stuck(Exception):
    """A command was refused, or nobody here knows how to bring something about."""


@attrs.define(kw_only=True)
class Play:
    """One run under way, with the programme above it where there is one.

    *log* holds the commands that were accepted, *crowds* the roles of which more people are needed, for their votes;
    *through* is the outcome with which the units of a programme have ended, once that was needed; *last* are the events
    of the latest command.
    """

    plan: Plan
    level: LevelPlan
    now: datetime
    rows: MemoryRows = attrs.field(factory=MemoryRows)
    up: Play | None = None
    log: list[Deed] = attrs.field(factory=list)
    host: Mapping[tuple[str, str], object] = attrs.field(factory=dict)
    crowds: Mapping[str, int] = attrs.field(factory=dict)
    through: str = ""
    last: tuple[Event, ...] = ()

    # --- commands -----------------------------------------------------------------------------------------------------

    def do(self, kind: type[C], /, by: str = m.SYSTEM, **more: Any) -> Decision:
        """Decide a command; it must be accepted.

        Raises:
            Stuck: It was refused.
        """
        self.now += timedelta(seconds=1)
        if self.up is not None:
            self.up.now = self.now
        command = kind(id=f"x{len(self.log) + 1}", by=by, at=self.now, now=self.now, **more)
        decision = decide(self.plan, self.rows, command, self.around())
        self.rows.write(decision.put, decision.drop)
        if decision.refusal is not None:
            raise Stuck(f"{kind.__name__}: {decision.refusal}")
        self.log.append((self.level.name, command))
        self.last = decision.events
        return decision

    def around(self) -> Surroundings:
        """What a decision may see outside this run."""
        up = self.up.rows if self.up is not None else None
        return Surroundings(up=up, host=self.host, units=self.units if self.level.name == "programme" else None)

    def units(self) -> tuple[UnitFact, ...]:
        """The units of a programme, as its gates count them: one, which is as far as *through* says."""
        own: Head = self.rows.get("head")
        phases = self.plan.unit.phases
        head = attrs.evolve(own, level="unit", status="running", outcome="", visits={}, closed=())
        if self.through:
            everywhere = dict.fromkeys(phases, 1)
            head = attrs.evolve(
                head, visits=everywhere, closed=tuple(phases), status="concluded", outcome=self.through
            )  # fmt: skip
        return (UnitFact(run="unit", unit="unit", seq=1, head=head),)

    def tick(self, until: datetime) -> None:
        """Let time pass."""
        self.now = max(self.now, until)
        self.do(m.Tick)

    def start(self, unit: str = "") -> None:
        """Start the run, with holders of every role of its level."""
        persons = [
            m.Person(id=f"{name}_{number}", roles=(self._held(name),))
            for name, role in self.plan.roles.items()
            if role.level == self.level.name or self.plan.programme is None
            for number in range(1, self.crowds.get(name, EACH) + 1)
        ]
        bodies = {
            str(name): (f"{name}1", f"{name}2")
            for name, spec in self.plan.policy.bodies.items()
            if (spec.of or "unit") == self.level.name or self.plan.programme is None
        }
        programme = self.plan.policy.programme
        kinds = programme.kinds if programme is not None else {}
        self.do(
            m.StartRun, run=self.level.name, campaign=str(self.plan.policy.campaign), plan=self.plan.digest,
            level=self.level.name, unit=unit, start=self.plan.calendar.day_of(self.now), persons=tuple(persons),
            bodies=bodies, batch=self.plan.policy.batch, kind=next(map(str, kinds), "") if unit else "",
        )  # fmt: skip

    def _held(self, role: str) -> str:
        """A role as a roster gives it: one that is held for somebody is held for the unit, or for the first body."""
        kind = self.plan.roles[role].spec.for_
        return role if kind is None else f"{role}@{UNIT if kind == 'unit' else f'{kind}1'}"

    # --- moves --------------------------------------------------------------------------------------------------------

    def ask(self, move: Move) -> None:
        """Bring about what a move asks for, then ask for it."""
        if move.gate is not None:
            self.meet(move.gate)
        decision = self.do(m.Ask, self.holder(move.by), move=move.name)
        if decision.verdict is not None and getattr(decision.verdict, "verdict", "passed") == "held":
            raise Stuck(f"'{move.name}' is held")

    def holder(self, roles: tuple[str, ...], number: int = 1, not_: tuple[str, ...] = ()) -> str:
        """Somebody who has one of these roles, and is none of *not_*.

        Raises:
            Stuck: Nobody is.
        """
        for role in roles:
            for found in self._rosters(role):
                free = [person for person in found if person not in not_]
                if free:
                    return free[min(number, len(free)) - 1]
        raise Stuck(f"nobody is {' or '.join(roles) or 'named'}")

    # --- conditions ---------------------------------------------------------------------------------------------------

    def facts(self) -> Sources:
        """The facts as they stand."""
        up = self.up.rows if self.up is not None else None
        day, units = self.plan.calendar.day_of(self.now), self.around().units
        return Sources(plan=self.plan, rows=self.rows, up=up, host=self.host, day=day, units=units)

    def value(self, condition: c.Condition) -> object:
        """What a condition comes to now."""
        return judge(condition, self.facts()).value

    def meet(self, condition: c.Condition, depth: int = 0) -> None:
        """Bring a condition about.

        Raises:
            Stuck: Nobody here knows how.
        """
        if depth > DEEPEST:
            raise Stuck("conditions wait for one another")
        if self.value(condition) is True:
            return
        match condition:
            case c.All():
                for part in condition.parts:
                    self.meet(part, depth + 1)
            case c.Any() | c.AtLeast():
                self._meet_some(condition, depth)
            case c.Compare(left=Read() as fact):
                self._towards(fact, depth)
            case Read():
                self._towards(condition, depth)
            case _:
                raise Stuck("nobody knows how to bring this about")
        if self.value(condition) is not True:
            raise Stuck("what was done did not bring it about")

    def _meet_some(self, condition: c.Any | c.AtLeast, depth: int) -> None:
        for part in condition.parts:
            if self.value(condition) is True:
                return
            try:
                self.meet(part, depth + 1)
            except Stuck:
                continue

    def _towards(self, fact: Read, depth: int) -> None:
        arguments = {name: str(value.value) for name, value in fact.args}
        match fact.name:
            case "outstanding" | "done_share":
                self.perform(arguments["duty"], depth)
            case "passed":
                self.perform(arguments["document"], depth, until=arguments["step"])
            case "units" | "units_share" if self.level.name == "programme":
                wanted = arguments.get("concluded", "any")
                self.through = next(iter(self.plan.unit.outcomes), "") if wanted == "any" else wanted
            case "items":
                self.open_item(arguments["ledger"], arguments.get("kind", ""))
            case _:
                raise Stuck(f"nobody knows how to change '{fact.name}'")

    def open_item(self, ledger: str, kind: str) -> None:
        """Open an item, as somebody who owns it."""
        spec = self.level.ledgers[ledger].spec if ledger in self.level.ledgers else None
        if spec is None:
            raise Stuck("the ledger is kept elsewhere")
        by = self.holder(tuple(map(str, spec.opened_by)))
        named = kind or next(map(str, self.level.ledgers[ledger].classes))
        axes = {str(axis): str(words[0]) for axis, words in spec.axes.items()}
        self.do(
            m.OpenItem, by, ledger=ledger, kind=named, fields={str(name): "x" for name in spec.required}, owner=by,
            axes=axes, due=self.plan.calendar.day_of(self.now),
        )  # fmt: skip

    # --- duties -------------------------------------------------------------------------------------------------------

    def perform(self, name: str, depth: int = 0, until: str = "") -> None:
        """Do a duty, for everybody who owes it, after what it needs."""
        if name not in self.level.duties:
            if self.up is None or name not in self.up.level.duties:
                raise Stuck(f"'{name}' is owed nowhere")
            self.up.perform(name, depth, until)
            return
        duty = self.level.duties[name]
        if duty.needs is not None:
            self.meet(duty.needs, depth + 1)
        for path in getattr(duty.spec, "based_on", ()):
            source = str(path).rsplit(".", 1)[-1]
            first = self.plan.levels[duty.level].duties.get(source) or duty
            if not self.rows.get(f"latest/{source}") or not self._drafted(source):
                self.perform(source, depth + 1, until=first.route[0].name if first.route else "")
        for subject, actor in self._subjects(duty):
            match duty.kind:
                case "document":
                    self._walk(duty, subject, until)
                case "poll":
                    self.poll(name, Fraction(1))
                case _:
                    self._act(duty, subject, actor)
                    self._confirm(duty, subject, actor)

    def _drafted(self, name: str) -> bool:
        duty, key = self.level.duties.get(name), self.rows.get(f"latest/{name}")
        return duty is not None and bool(self.rows.get(f"passed/{key}/{duty.route[0].name}"))

    def _subjects(self, duty: Duty) -> Iterator[tuple[str, str]]:
        """(subject, who acts) for everybody who owes a duty."""
        writers = duty.route[0].roles if duty.route else ()
        match duty.subjects:
            case "run":
                yield "", self.holder(duty.by or writers)
            case "role":
                for key, _row in list(self.rows.scan(f"holder/{duty.each}/")):
                    person = key.rsplit("/", 1)[1]
                    yield person, person
            case "body":
                for key, _row in list(self.rows.scan(f"body/{duty.each}/")):
                    yield key.rsplit("/", 1)[1], self.holder(duty.by)
            case _:
                raise Stuck("these subjects are not known here")

    def _evidence(self, duty: Duty) -> tuple[m.Evidence, ...]:
        return tuple(m.Evidence(kind=str(kind), ref=f"{duty.name}.pdf") for kind in duty.spec.evidence)

    def _act(self, duty: Duty, subject: str, actor: str) -> None:
        key = self.rows.get(f"latest/{duty.name}")
        part = self.rows.get(f"part/{key}/{subject}") if key else None
        if part is not None and (part.done or part.waived or part.reported):
            return
        more: dict[str, Any] = {"subject": subject if subject != actor else "", "evidence": self._evidence(duty)}
        match duty.spec:
            case specs.TaskDuty() | specs.BulletinDuty():
                self.do(m.Complete, actor, duty=duty.name, **more)
            case specs.QuotaDuty(quota=quota):
                self.do(m.Record, actor, duty=duty.name, amount=quota.count or Fraction(1), unit=quota.unit, **more)
            case specs.ChecklistDuty(items=items):
                for entry in items:
                    self.do(m.CheckOff, actor, duty=duty.name, entry=str(entry), **more)
            case specs.MeetingDuty(attend=attend):
                there = {person: "present" for role in attend for person in self._everybody(str(role))}
                evidence = more["evidence"]
                self.do(m.HoldMeeting, actor, duty=duty.name, attendance=there, evidence=evidence)
            case _:
                raise Stuck(f"nobody knows how to do a {duty.kind}")

    def _everybody(self, role: str) -> Iterator[str]:
        for found in self._rosters(role):
            yield from found

    def _rosters(self, role: str) -> Iterator[list[str]]:
        """Who has a role: in this run, and in the programme above it for this unit (R38)."""
        prefix = f"holder/{role}/"
        yield [key[len(prefix) :] for key, _ in self.rows.scan(prefix)]
        if self.up is not None:
            prefix = prefix_above(self.plan, role, UNIT)
            yield [key[len(prefix) :] for key, _ in self.up.rows.scan(prefix)]

    def _confirm(self, duty: Duty, subject: str, actor: str) -> None:
        if duty.spec.checked_by:
            checker = self.holder(tuple(map(str, duty.spec.checked_by)), not_=(actor, subject))
            self.do(m.Confirm, checker, duty=duty.name, subject=subject, good=True)

    # --- documents ----------------------------------------------------------------------------------------------------

    def _walk(self, duty: Duty, subject: str, until: str) -> None:
        """Take a document along its route, to the step that is asked for, or to its end."""
        for _ in range(4 * len(duty.route) + 4):
            key = self.rows.get(f"latest/{duty.name}")
            state = self.rows.get(f"document/{key}/{subject}") if subject else self.rows.get(f"document/{key}")
            state = state if state is not None else self.rows.get(f"document/{key}/")
            waiting = state.step if state is not None else duty.route[0].name
            if not waiting or (until and state is not None and until in state.passed):
                return
            rule = duty.step_named(waiting)
            assert rule is not None
            self._act_on(duty, rule, subject)
        raise Stuck(f"'{duty.name}' comes to no end")

    def _act_on(self, duty: Duty, rule: RouteStep, subject: str) -> None:
        writer = subject or self.holder(duty.route[0].roles)
        mine: dict[str, Any] = {"document": duty.name, "subject": subject}
        match rule.family:
            case "write":
                number = sum(isinstance(command, m.Draft) for _run, command in self.log) + 1
                by = subject or self.holder(rule.roles)
                self.do(m.Draft, by, digest=f"{number:064x}", evidence=self._evidence(duty), **mine)
            case "hear":
                spec = rule.spec
                assert isinstance(spec, specs.OpinionStep)
                consulted = dict.fromkeys(rule.roles, 10)
                for role in rule.roles:
                    self.do(m.Opine, writer, ref=f"{role}.txt", group=role, **mine)
                if spec.answer_each:
                    raise Stuck("opinions have to be answered")
                self.do(m.EndConsultation, writer, step=rule.name, consulted=consulted, **mine)
            case "judge":
                self.do(m.Judge, self.holder(rule.roles, not_=(writer,)), accept=True, step=rule.name, **mine)
            case "tell":
                by = self.holder(rule.by) if rule.by else writer
                self.do(m.Hand, by, step=rule.name, **mine)

    # --- polls --------------------------------------------------------------------------------------------------------

    def poll(self, name: str, share: Fraction) -> None:
        """Hold a poll so that it comes to *share*: the organiser hands in the papers of everybody who was invited."""
        duty = self.level.duties[name]
        spec = duty.spec
        assert isinstance(spec, specs.PollDuty)
        if duty.needs is not None:
            self.meet(duty.needs)
        by = self.holder(duty.by)
        size = share.denominator * -(-max(1, self._least(spec)) // share.denominator)
        good = int(share * size)
        invited = {str(edge): {str(role): size for role in rule.raters} for edge, rule in spec.edges.items()}
        self.do(m.OpenPoll, by, poll=name, invited=invited)
        tally: dict[tuple[str, str, str], int] = {}
        for edge, rule in spec.edges.items():
            rated, taken = tuple(self._rated(rule)), set[str]()
            for role in map(str, rule.raters):
                for number, voter in enumerate(self._voters(role, by, size, taken)):
                    choice = self._choice(spec, number < good)
                    answers = dict.fromkeys(rated, choice)
                    group = role if voter == by else ""
                    self.do(m.Cast, voter, poll=name, edge=str(edge), group=group, answers=answers)
                    for one in rated:
                        tally[str(edge), one, choice] = tally.get((str(edge), one, choice), 0) + 1
        counted = tuple((*key, count) for key, count in sorted(tally.items()))
        self.do(m.ClosePoll, by, poll=name, tally=counted, root="0" * 64)

    def _voters(self, role: str, organiser: str, size: int, taken: set[str]) -> list[str]:
        """Who takes part: the organiser hands in papers of those on no roster; of their own role, people come."""
        there = [person for person in self._everybody(role) if person not in taken]
        if organiser not in there and organiser not in taken:
            return [organiser] * size
        if len(there) < size:
            raise Stuck(f"too few people are '{role}' for such a result")
        taken.update(there[:size])
        return there[:size]

    def _least(self, spec: specs.PollDuty) -> int:
        quorum = spec.quorum
        return quorum.count or 0 if isinstance(quorum, specs.Quorum) else 0

    def _choice(self, spec: specs.PollDuty, good: bool) -> str:
        if "unstated" in (spec.measure, spec.choices):
            raise Stuck("the policy leaves open how the poll is counted")
        favourable, _base = measure_of(spec.measure)
        wanted = [str(choice) for choice in spec.choices if (str(choice) in favourable) == good and choice != "abstain"]
        if not wanted:
            raise Stuck("the poll offers no such choice")
        return wanted[0]

    def _rated(self, edge: specs.Edge) -> Iterator[str]:
        if edge.subject is None:
            yield ""
            return
        for kind in ("body", "holder"):
            yield from (key.rsplit("/", 1)[1] for key, _ in self.rows.scan(f"{kind}/{edge.subject}/"))


def host_of(level: LevelPlan) -> dict[tuple[str, str], object]:
    """What the host says: yes to everything that a gate of the level asks it."""
    conditions = [
        *(condition for phase in level.phases.values() for condition in (phase.entry, phase.gate)),
        *(condition for move in level.moves.values() for condition in (move.gate, move.when)),
        *(duty.needs for duty in level.duties.values()),
    ]
    found: dict[tuple[str, str], object] = {}
    for condition in conditions:
        for fact in reads(condition) if condition is not None else ():
            if fact.name == "host":
                arguments = {name: str(value.value) for name, value in fact.args}
                found[arguments["fact"], arguments["version"]] = True
    return found
