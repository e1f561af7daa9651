"""A stub's story, played while it is written: each kind of boundary has its way to get there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

import attrs

from phaseflow.core.plan.model import Duty
from phaseflow.core.plan.polls import measure_of
from phaseflow.messages import events as e
from phaseflow.spec.duties import PollDuty
from phaseflow.testing.boundaries.edges import changes
from phaseflow.testing.boundaries.model import Boundary
from phaseflow.testing.scenarios.deeds import do
from phaseflow.testing.scenarios.expect import Look, duty_word
from phaseflow.testing.scenarios.phrases import DeedPhrase
from phaseflow.testing.scenarios.spec import Line
from phaseflow.testing.stage import PROGRAMME, Stage

SHIFT = {"-1": timedelta(seconds=-1), "=": timedelta(0), "+1": timedelta(seconds=1)}
ROUND = 100
"""How many answers a stub's poll has; bounds in whole per cent are met exactly."""


class NotHere(Exception):
    """The story does not lead to the boundary."""


class Rehearsal:
    """Plays the lines of a stub as it writes them."""

    def __init__(self, stage: Stage, boundary: Boundary) -> None:
        self.stage, self.boundary = stage, boundary
        level = boundary.level or "unit"
        self.name = PROGRAMME if level == PROGRAMME else next(iter(stage.units))
        self.told: list[str] = []

    def lines(self) -> list[str]:
        """The lines of the story, the last one with the engine's answer."""
        one = self.boundary
        match one.kind:
            case "deadline":
                self._deadline()
            case "quota":
                assert one.value is not None
                self._quota(one.value - 1 if one.side == "-1" else one.value)
            case "checklist":
                self._checklist()
            case "threshold" | "tie" | "quorum":
                self._poll()
            case "empty":
                self._empty()
            case "item":
                self._item()
            case "day":
                self._day()
            case "limit":
                self._limit()
            case "gate" | "grace" | "lock":
                raise NotHere  # how many there are to be, and who acts, only the author can choose
        return self.told

    # --- small steps --------------------------------------------------------------------------------------------------

    @property
    def rule(self) -> Duty:
        """The duty that the boundary is about."""
        return self.stage.level(self.name).duties[self.boundary.subject]

    def act(self, person: str, text: str) -> None:
        """Do something now, and write the line."""
        do(self.stage, person, DeedPhrase.parse(text), self.name)
        self.stage.engine.tick()
        where = f" in {self.name}" if len(self.stage.runs) > 1 else ""
        self.told.append(f"- {self._when()} {person}{where}: {in_yaml(text)}")

    def to(self, instant: datetime) -> None:
        """Let time pass; the next line says the instant."""
        if instant < self.stage.now:
            raise NotHere
        self.stage.to(instant)

    def _when(self) -> str:
        local = self.stage.plan.calendar.local(self.stage.now)
        return f"{local:%Y-%m-%d %H:%M:%S}"

    def look(self, *facts: str) -> None:
        """Write what the engine answers now under the last line, or as a look of its own."""
        if not self.told or self.told[-1].startswith("  "):
            self.told.append(f"- on: {self._when()}")
        if len(self.stage.runs) > 1 and self.told[-1].startswith("- on:"):
            self.told.append(f"  in: {self.name}")
        self.told += [f"  {fact}" for fact in facts]

    def state(self) -> DutyStateView:
        """The duty's present instance."""
        key = self.stage.row(self.name, f"latest/{self.boundary.subject}")
        row = self.stage.row(self.name, f"duty/{key}") if key else None
        if row is None:
            raise NotHere
        return DutyStateView(key, row.term.due, row.outstanding)

    def word(self) -> str:
        """How the duty stands, in the words of `duties:`."""
        look = Look(stage=self.stage, name=self.name, line=Line(), since=0)
        word, count = duty_word(look, self.boundary.subject)
        return word if word in ("done", "not owed", "not begun", "exempt") else count

    def phases(self) -> str:
        """The open phases, in the words of `open:`."""
        status = self.stage.runs[self.name].status()
        found = [phase.name for phase in status.phases if phase.state in ("open", "overdue")]
        return f"open: [{', '.join(found)}]" if found else "open: none"

    def holder(self, roles: Iterable[str]) -> str:
        """Somebody who holds one of the roles."""
        for role in roles:
            for person in self.stage.holders(self.name, role):
                return person
        raise NotHere

    def _somebody_who_owes(self) -> str:
        rule, state = self.rule, self.state()
        if rule.subjects != "role":
            return self.holder(rule.by)
        for person in self.stage.holders(self.name, rule.each):
            part = self.stage.row(self.name, f"part/{state.key}/{person}")
            if part is None or not (part.done or part.waived or part.amount or part.entries):
                return person
        raise NotHere

    # --- the kinds ----------------------------------------------------------------------------------------------------

    def _deadline(self) -> None:
        if self.stage.row(self.name, f"latest/{self.boundary.subject}") is None:
            window = self.stage.row(self.name, f"window/{self.rule.phase}")
            if window is None or window.first is None:
                raise NotHere
            self.to(max(self.stage.now, self.stage.plan.calendar.at(window.first, 12)))
        state = self.state()
        if state.due is None or state.outstanding <= 0:
            raise NotHere
        self.to(state.due + SHIFT[self.boundary.side])
        before = self.stage.seq(self.name)
        self.act("everyone", f"do {self.boundary.subject}")
        done = [entry.event for entry in self.stage.entries(self.name, before)
                if isinstance(entry.event, e.DutyDone) and entry.event.key == state.key]  # fmt: skip
        if not done:
            raise NotHere
        self.look(f"duties: {{{self.boundary.subject}: {self.word()}}}",
                  f"happened: DutyDone {self.boundary.subject} {done[0].in_time}")  # fmt: skip

    def _open_first(self) -> None:
        """Go to the day on which the duty is owed, where it is not yet."""
        if self.stage.row(self.name, f"latest/{self.boundary.subject}") is None:
            window = self.stage.row(self.name, f"window/{self.rule.phase}")
            if window is None or window.first is None:
                raise NotHere
            self.to(max(self.stage.now, self.stage.plan.calendar.at(window.first, 12)))
        else:
            self.to(self.stage.now + timedelta(hours=1))

    def _quota(self, amount: Fraction) -> None:
        self._open_first()
        unit = self.rule.spec.quota.unit  # type: ignore[union-attr]
        number = f"{amount.numerator}" if amount.denominator == 1 else f"{float(amount):g}"
        subject = ""
        if self.rule.subjects == "body":
            bodies = self.stage.rows(self.name, f"body/{self.rule.each}/")
            subject = f" --subject {bodies[0][0].rsplit('/', 1)[1]}" if bodies else ""
        self.act(self._somebody_who_owes(), f"record {self.boundary.subject} {number} {unit}{subject}")
        self.look(f"duties: {{{self.boundary.subject}: {self.word()}}}")

    def _checklist(self) -> None:
        self._open_first()
        person, items = self._somebody_who_owes(), [str(item) for item in self.rule.spec.items]  # type: ignore[union-attr]
        subject = ""
        if self.rule.subjects == "body":
            bodies = self.stage.rows(self.name, f"body/{self.rule.each}/")
            if not bodies:
                raise NotHere
            subject = f" --subject {bodies[0][0].rsplit('/', 1)[1]}"
        for item in items[:-1]:
            self.act(person, f"check {self.boundary.subject} {item}{subject}")
        self.look(f"duties: {{{self.boundary.subject}: {self.word()}}}")

    def _poll(self) -> None:
        spec = self.rule.spec
        assert isinstance(spec, PollDuty)
        self._open_first()
        good, bad, edges = self._answers(spec)
        value = self.boundary.value if self.boundary.value is not None else Fraction(1, 2)
        organiser = self.holder(self.rule.by)
        if self.boundary.kind == "quorum":
            self._below_quorum(organiser, edges, good, value)
        else:
            exact = -(-value.numerator * ROUND // value.denominator)
            favourable = exact + {"-1": -1, "+1": 1}.get(self.boundary.side, 0)
            if not 0 <= favourable <= ROUND:
                raise NotHere
            most = favourable - (len(edges) - 1)  # each other edge has one favourable answer
            first = f"poll {self.boundary.subject} on {edges[0]} {most} {good} {ROUND - favourable} {bad}"
            self.act(organiser, " ".join([first, *(f"on {edge} 1 {good}" for edge in edges[1:])]))
        self._poll_answer()

    def _below_quorum(self, organiser: str, edges: list[str], good: str, value: Fraction) -> None:
        invited = ROUND
        need = -(-value.numerator * (invited if value <= 1 else 1) // value.denominator)
        voters = need - 1 if self.boundary.side == "-1" else need
        group = self._group(edges[0])
        asked = [f"--invited {edges[0]}/{group}={invited - len(edges) + 1}"]
        asked += [f"--invited {edge}/{self._group(edge)}=1" for edge in edges[1:]]
        self.act(organiser, f"open-poll {self.boundary.subject} {' '.join(asked)}")
        self.act(organiser, f"ballots {self.boundary.subject} on {edges[0]} {voters} {good}")
        self.act(organiser, f"close-poll {self.boundary.subject}")

    def _poll_answer(self) -> None:
        status = self.stage.runs[self.name].status()
        poll = self.stage.row(self.name, f"poll/{self.state().key}")
        facts = [self.phases(), f"outcome: {status.outcome or 'none'}"]
        self.look(*([f"polls: {{{self.boundary.subject}: {poll.status}}}"] if poll is not None else []), *facts)

    def _answers(self, spec: PollDuty) -> tuple[str, str, list[str]]:
        """A favourable answer, another one, and the edges, that of invited people first."""
        measure = spec.measure
        if measure is None or measure == "unstated" or spec.choices == "unstated":
            raise NotHere
        good = measure_of(measure)[0][0]
        bad = next((str(choice) for choice in spec.choices if choice not in measure_of(measure)[0]
                    and choice != "abstain"), "")  # fmt: skip
        if not bad:
            raise NotHere
        edges = sorted(map(str, spec.edges), key=lambda edge: not self._invited(edge))
        return good, bad, edges

    def _group(self, edge: str) -> str:
        raters = [str(role) for role in self.rule.spec.edges[edge].raters]  # type: ignore[union-attr,index]
        roles = self.stage.plan.roles
        return next((role for role in raters if role in roles and roles[role].spec.invited), raters[0])

    def _invited(self, edge: str) -> bool:
        role = self.stage.plan.roles.get(self._group(edge))
        return role is not None and role.spec.invited

    def _empty(self) -> None:
        if self.boundary.detail == "nobody answers":
            spec = self.rule.spec
            assert isinstance(spec, PollDuty)
            self._open_first()
            organiser = self.holder(self.rule.by)
            asked = " ".join(f"--invited {edge}/{self._group(str(edge))}=10" for edge in map(str, spec.edges))
            self.act(organiser, f"open-poll {self.boundary.subject} {asked}")
            self.act(organiser, f"close-poll {self.boundary.subject}")
            self._poll_answer()
            return
        role = self.rule.each
        for person in self.stage.holders(self.name, role):
            where = self.stage.home.get(person, self.name)
            do(self.stage, "system", DeedPhrase.parse(f"leave {person}"), where)
            self.told.append(f"- {self._when()} system in {where}: leave {person}")
        window = self.stage.row(self.name, f"window/{self.rule.phase}")
        if window is None or window.first is None:
            raise NotHere
        self.to(self.stage.plan.calendar.at(window.first, 12))
        state = self.stage.row(self.name, f"duty/{self.stage.row(self.name, f'latest/{self.boundary.subject}')}")
        if state is None or state.owed:
            raise NotHere
        self.look_alone(f"duties: {{{self.boundary.subject}: {self.word()}}}")

    def look_alone(self, *facts: str) -> None:
        """A look on its own line."""
        self.told.append(f"- on: {self._when()}")
        if len(self.stage.runs) > 1:
            self.told.append(f"  in: {self.name}")
        self.told += [f"  {fact}" for fact in facts]

    def _item(self) -> None:
        ledger = self.stage.level(self.name).ledgers[self.boundary.subject]
        owner = self.holder(map(str, ledger.spec.opened_by))
        self.to(self.stage.now + timedelta(hours=1))
        fields = " ".join(f"--field {field}=stub" for field in ledger.spec.required)
        axes = " ".join(f"--axis {axis}={values[0]}" for axis, values in ledger.spec.axes.items())
        before = self.stage.seq(self.name)
        text = f"open-item {ledger.name} {self.boundary.detail} --owner {owner} {fields} {axes}"
        self.act(owner, " ".join(text.split()))
        opened = next(entry.event for entry in self.stage.entries(self.name, before)
                      if isinstance(entry.event, e.ItemOpened))  # fmt: skip
        if opened.term.due is None:
            raise NotHere
        self.to(opened.term.due + SHIFT[self.boundary.side])
        self.act(owner, f"settle-item {opened.item} --evidence stub.pdf")
        row = dict(self.stage.items(self.name))[opened.item]
        late = any(isinstance(entry.event, e.ItemFellDue) for entry in self.stage.entries(self.name, before))
        facts = [f"items: {{{opened.item}: {row.status}}}"]
        facts += ["happened: ItemSettled"] if late else [f"never: ItemFellDue {opened.item}"]
        self.look(*facts)

    def _limit(self) -> None:
        name, key = self.boundary.subject, self.state().key
        if self.boundary.detail:
            papers = [row for _, row in self.stage.rows(self.name, f"document/{key}/")]
            waiting = any(paper.waits_at(self.boundary.detail) for paper in papers)
            due = self._limit_of(key) if waiting else None
        else:
            poll = self.stage.row(self.name, f"poll/{key}")
            due = poll.closes if poll is not None else None
        if due is None:
            raise NotHere
        self.to(due + SHIFT[self.boundary.side])
        self.stage.engine.tick()
        if not self.boundary.detail:
            self.look_alone(f"polls: {{{name}: {self.stage.row(self.name, f'poll/{key}').status}}}", self.phases())
            return
        row = next(row for _, row in self.stage.rows(self.name, f"document/{key}/"))
        self.look_alone(f"documents: {{{name}: {row.step or 'done'}}}")

    def _limit_of(self, key: str) -> datetime | None:
        """Until when the step may take that the document reached last."""
        step = self.boundary.detail
        reached = [entry.event for entry in self.stage.entries(self.name, 0)
                   if isinstance(entry.event, e.DocumentReached) and entry.event.key == key]  # fmt: skip
        return next((one.due[step] for one in reversed(reached) if step in one.due), None)

    def _day(self) -> None:
        calendar, detail = self.stage.plan.calendar, self.boundary.detail
        today = calendar.day_of(self.stage.now)
        if detail.startswith("the clock"):
            forward = detail.endswith("forward")
            days = [day for year in (today.year, today.year + 1) for day, way in changes(self.stage.plan, year)
                    if way is forward and day > today]  # fmt: skip
            if not days:
                raise NotHere
            self.to(calendar.at(days[0], 12))
        elif detail == "29 February":
            raise NotHere  # it takes another start, which only the author can choose
        else:
            raise NotHere
        self.look_alone(self.phases())


@attrs.frozen
class DutyStateView:
    """What a stub needs of a duty."""

    key: str
    due: datetime | None
    outstanding: int


def in_yaml(text: str) -> str:
    """A text as the value of a line: quoted where YAML would read it otherwise."""
    return quoted(text) if ": " in text or " #" in text or text[:1] in "'\"[]{}&*!|>%@`" else text


def quoted(text: str) -> str:
    """A text in double quotes, as YAML wants it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
