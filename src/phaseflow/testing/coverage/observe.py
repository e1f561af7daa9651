"""What a played scenario has shown: from its trails, its refusals and the gates it asked about, to keys of goals.

An event tells more than its own name: the rules of the policy behind it (by their places) are executed with it, and so
are their clauses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from phaseflow.analysis.citing import rules
from phaseflow.core.conditions import reads
from phaseflow.core.counting import label
from phaseflow.core.plan.model import Duty, LevelPlan, Plan
from phaseflow.errors import Span
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Term
from phaseflow.spec.duties import Band, PollDuty
from phaseflow.testing.coverage.goals import has_deadline, key, rung_named
from phaseflow.testing.scenarios.play import Played

Touch = Callable[[Any], None]


def observed(played: Played) -> frozenset[str]:
    """The keys of all goals that a played case has reached."""
    found: set[str] = set()
    touched: set[Span] = set()
    for level, entries in played.trails.values():
        trail = _Trail(played.plan, played.plan.levels[level], found, touched)
        for entry in entries:
            trail.take(entry)
    for asked in played.asked:
        found.add(key("gate", asked.level, asked.move, "passed" if not asked.held else ""))
        found |= {key("gate", asked.level, asked.move, f"held: {name}") for name in asked.held}
    for refusal in played.refused:
        duty = played.plan.levels[refusal.level].duties.get(refusal.about)
        if duty is not None and duty.needs is not None and refusal.kind == "unmet":
            found.add(key("needs", refusal.level, duty.name, "refused"))
            touched.add(duty.spec.span)
    for clause, spans in _cited(played.plan).items():
        if spans & touched:
            found.add(key("clause", "", clause, ""))
    return frozenset(found)


def clauses(played: Played) -> tuple[str, ...]:
    """The clauses that a played case executed, sorted."""
    mark = key("clause", "", "", "").split("||")[0]
    return tuple(sorted(one.split("|")[2] for one in observed(played) if one.startswith(f"{mark}|")))


_CITED: dict[tuple[str, str], Mapping[str, frozenset[Span]]] = {}
"""By digest and file: the same policy elsewhere has other places."""


def _cited(plan: Plan) -> Mapping[str, frozenset[Span]]:
    """The places of the rules that cite each clause."""
    name = (plan.digest, plan.policy.span.file)
    if name not in _CITED:
        found: dict[str, set[Span]] = {}
        for rule in rules(plan.policy, ()):
            for clause in rule.clauses:
                found.setdefault(clause, set()).add(rule.span)
        _CITED[name] = {clause: frozenset(spans) for clause, spans in found.items()}
    return _CITED[name]


@attrs.define
class _Trail:
    """One trail, read from its beginning; remembers the terms that its events set."""

    plan: Plan
    level: LevelPlan
    found: set[str]
    touched: set[Span]
    terms: dict[tuple[str, str], Term] = attrs.field(factory=dict)
    visits: dict[str, e.PhaseOpened] = attrs.field(factory=dict)
    items: dict[str, tuple[str, Term]] = attrs.field(factory=dict)
    names: dict[str, str] = attrs.field(factory=dict)
    voters: dict[str, int] = attrs.field(factory=dict)
    given: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    kind: str = ""
    """Of the unit; empty for a programme, and where kinds are not told apart."""

    def hit(self, kind: str, subject: str, detail: str, *, level: str | None = None) -> None:
        """A goal was reached."""
        self.found.add(key(kind, self.level.name if level is None else level, subject, detail))

    def touch(self, *things: Any) -> None:
        """Rules of the policy were executed."""
        for thing in things:
            span = getattr(thing, "span", None)
            if span is not None:
                self.touched.add(span)

    def take(self, entry: Entry) -> None:
        """Take in one entry."""
        self._authority(entry)
        event = entry.event
        if isinstance(event, _PHASES):
            self._phase(event, entry)
        elif isinstance(event, _ITEMS):
            self._item(event, entry)
        elif isinstance(event, _RELIEF):
            self._relief(event)
        elif isinstance(getattr(event, "key", None), str):
            self._duty(event, entry)
        else:
            self._rest(event)

    def _authority(self, entry: Entry) -> None:
        """The role that an act was done by, and those of the actor that imply it; all of them where anybody may act."""
        used = entry.authority.replace(",", " ").split()
        for role in used or self.given.get(entry.actor, ()):
            self._role(role)
        self._implied(entry.actor, used)

    def _implied(self, actor: str, used: Iterable[str]) -> None:
        for role in self.given.get(actor, ()):
            if role in self.plan.roles and self.plan.roles[role].closure & set(used):
                self._role(role)

    def _role(self, role: str) -> None:
        if role in self.plan.roles:
            self.touch(self.plan.roles[role].spec)

    def day(self, instant: datetime) -> date:
        """The civil day of an instant."""
        return self.plan.calendar.day_of(instant)

    def when(self, instant: datetime, due: date) -> str:
        """Before, at (on) or after a day."""
        day = self.day(instant)
        return "before" if day < due else "at" if day == due else "after"

    # --- phases -------------------------------------------------------------------------------------------------------

    def _phase(self, event: e.Event, entry: Entry) -> None:
        match event:
            case e.PhaseOpened(phase=name, visit=number, via=via):
                self.visits[f"{name}/{number}"] = event
                self.hit("phase", name, "entered")
                self._made(via)
                self.touch(self.level.phases[name].spec)
            case e.PhaseClosed(phase=name, visit=number, via=via):
                self.hit("phase", name, "left")
                self._made(via)
                visit = self.visits.get(f"{name}/{number}")
                if visit is not None and visit.window.last is not None:
                    self.hit("deadline", name, f"closed {self.when(entry.at, visit.window.last)} its end")
            case e.WindowEnded(phase=name):
                self.hit("deadline", name, "closed after its end")
            case e.StepBegan(phase=name, step=step):
                self.hit("step", f"{name}/{step}", "begun")
                self.touch(self.level.phases[name].spec.steps.get(step))  # type: ignore[call-overload]
            case e.PhaseReminded(phase=name, visit=number, rung=rung):
                phase, visit = self.level.phases[name], self.visits.get(f"{name}/{number}")
                due = visit.window.last if visit is not None else None
                fired = rung_named(rung.at, due, phase.remind, phase.overdue, rung.role, self.plan.calendar)
                self.hit("rung", name, fired)
                self._role(rung.role)
            case e.GateJudged(move=name, verdict=verdict):
                self._gate(event, name, verdict)
            case e.MoveMade(move=name, count=count):
                self._made(name)
                rule = self.level.moves[name]
                if rule.max is not None and count >= rule.max:
                    self.hit("move", name, f"made {rule.max} times, its limit")
            case e.RunConcluded(outcome=outcome):
                self.hit("outcome", outcome, "reached")
                self.touch(self.level.outcomes.get(outcome))
            case _:
                pass

    def _made(self, via: str) -> None:
        move = self.level.moves.get(via)
        if move is not None:
            self.hit("move", via, "made")
            self.touch(move, self.plan.policy.transitions.get(via))  # type: ignore[call-overload]

    def _gate(self, event: e.GateJudged, name: str, verdict: str) -> None:
        move = self.level.moves[name]
        self.touch(move)
        if verdict == "passed":
            self.hit("gate", name, "passed")
        else:
            for reading in event.readings:
                if reading.met is not True and reading.required:
                    self.hit("gate", name, f"held: {reading.fact}")
        for fact in reads(move.gate) if move.gate is not None else ():
            self.touch(self.plan.policy.parameters.get(fact.name))  # type: ignore[call-overload]

    # --- duties -------------------------------------------------------------------------------------------------------

    def _duty(self, event: Any, entry: Entry) -> None:
        name = self.names.get(event.key) or event.key.rsplit("/", 1)[1]
        subject = getattr(event, "subject", "")
        match event:
            case e.DutyOpened(term=term, name=name):
                self.names[event.key] = name  # the key of a duty that comes again ends with the number of its period
                self.terms[event.key, ""] = term
                return
            case e.DutyDated(term=term) | e.ExtensionGranted(term=term):
                self.terms[event.key, subject] = term
        rule = self.level.duties.get(name)
        if rule is None:
            return
        if not isinstance(event, (e.DutyOwedBy, e.DutyDated, e.DutyReminded)):  # a reminder is of the house
            self._execute(rule, entry.actor)
        self._timing(rule, event, entry, subject)
        if rule.kind in ("document", "consultation"):
            self._route(rule, event)
        elif isinstance(rule.spec, PollDuty):
            self._poll(rule, rule.spec, event)

    def _execute(self, rule: Duty, actor: str) -> None:
        phase = self.level.phases.get(rule.phase)
        self.touch(rule.spec, phase.steps.get(rule.step) if phase is not None else None)
        for role in (*rule.by, rule.each):
            self._role(role)
        self._implied(actor, (*rule.by, rule.each))
        self.touch(self.plan.policy.bodies.get(rule.each))  # type: ignore[call-overload]
        if rule.spec.units and self.plan.policy.programme is not None:
            self.touch(self.plan.policy.programme.kinds.get(self.kind))  # type: ignore[call-overload]

    def _timing(self, rule: Duty, event: Any, entry: Entry, subject: str) -> None:
        term = self.terms.get((event.key, subject)) or self.terms.get((event.key, "")) or Term()
        match event:
            case e.DutyDone():
                if rule.needs is not None:
                    self.hit("needs", rule.name, "met")
                if term.day is not None and has_deadline(rule, self.level):
                    self.hit("deadline", rule.name, f"done {self.when(entry.at, term.day)} its due day")
            case e.DutyFellDue(outstanding=left) if left:
                self.hit("deadline", rule.name, "done after its due day")
            case e.DutyReminded(rung=rung):
                fired = rung_named(rung.at, term.day, rule.remind, rule.overdue, rung.role, self.plan.calendar)
                self.hit("rung", rule.name, fired)
                self._role(rung.role)
            case e.ExtensionGranted(type=type_):
                self.hit("relief", "extension", f"{type_} granted", level="")
                self.touch(self.plan.policy.extensions)
            case e.ExtensionRefused():
                self.hit("relief", "extension", "refused", level="")
                self.touch(self.plan.policy.extensions)

    def _route(self, rule: Duty, event: Any) -> None:
        done: Iterable[str] = ()
        match event:
            case e.VersionDrafted(step=step) | e.StepPassed(step=step):
                done = (step,)
                self.hit("route", rule.name, f"{step} done")
            case e.DocumentReturned(step=step, to=to):
                done = (step,)
                self.hit("route", rule.name, f"{step} returns to {to}")
            case e.DocumentReached(skipped=skipped):
                done = skipped
                for step in skipped:
                    self.hit("route", rule.name, f"{step} skipped")
            case e.StepFellDue(step=step):
                self.hit("route", rule.name, f"{step} silent")
            case e.OpinionGiven(step=step):
                done = (step,)
        for name in done:
            step_rule = rule.step_named(name)
            if step_rule is not None:
                self.touch(step_rule.spec)
                for role in step_rule.roles:
                    self._role(role)

    def _poll(self, rule: Duty, spec: PollDuty, event: Any) -> None:
        match event:
            case e.PollOpened():
                self.voters[event.key] = 0
            case e.ParticipationRecorded(edge=edge):
                self.voters[event.key] = self.voters.get(event.key, 0) + 1
                for role in spec.edges[edge].raters:  # type: ignore[index]
                    self._role(str(role))
            case e.PollCounted() | e.PollDecided():
                self.hit("poll", rule.name, "counted")
                for band in event.band.split("; "):
                    self._band(rule, spec, "", band)
                for result in event.results:
                    for band in result.band.split("; "):
                        self._band(rule, spec, result.edge, band)
                if not any(result.base for result in event.results):
                    self.hit("poll", rule.name, "nobody answers")
            case e.PollRunOn() | e.PollVoided():
                self._short(rule, getattr(event, "why", ""))
                if not self.voters.get(event.key):
                    self.hit("poll", rule.name, "nobody answers")
            case e.PollHeld(about="turnout", shortfalls=shortfalls):
                self._short(rule, " ".join(reading.fact for reading in shortfalls))
                if not self.voters.get(event.key):
                    self.hit("poll", rule.name, "nobody answers")
            case e.PollHeld(about="tie"):
                self.hit("poll", rule.name, "a tie")
            case e.PollHeld(about="nothing_valid"):
                self.hit("poll", rule.name, "nobody answers")

    def _short(self, rule: Duty, why: str) -> None:
        self.hit("poll", rule.name, "below its quorum")
        for group in rule.spec.at_least:  # type: ignore[union-attr]
            if str(group) in why:
                self.hit("poll", rule.name, f"too few of {group}")

    def _band(self, rule: Duty, spec: PollDuty, edge: str, name: str) -> None:
        bands = spec.edges[edge].bands if edge else spec.bands  # type: ignore[index]
        for band in (*bands.exclusive, *bands.cumulative) if bands is not None else ():
            if label(band) == name:
                self.hit("poll", rule.name, f"{edge}: {name}" if edge else name)
                self.touch(band)
                self._parameters(band)

    def _parameters(self, band: Band) -> None:
        """The bounds that a band was held against."""
        for bound in (band.below, band.at_least):
            if isinstance(bound, str):
                self.touch(self.plan.policy.parameters.get(bound))

    # --- items and relief ---------------------------------------------------------------------------------------------

    def _item(self, event: Any, entry: Entry) -> None:
        name = event.item.split("/", 1)[0]
        ledger = self.level.ledgers[name]
        self.touch(ledger.spec, ledger.spec.close)
        match event:
            case e.ItemOpened(item=item, kind=kind, term=term) | e.ItemAmended(item=item, kind=kind, term=term):
                self.items[item] = (kind, term)
                if isinstance(event, e.ItemOpened):
                    self.hit("item", name, f"{kind} opened")
        kind, term = self.items.get(event.item, ("", Term()))
        rule = ledger.spec.classes.get(kind)  # type: ignore[call-overload]
        self.touch(rule)
        match event:
            case e.ItemSettled() if term.day is not None:
                self.hit("deadline", name, f"{kind} settled {self.when(entry.at, term.day)} its due day")
            case e.ItemFellDue():
                self.hit("deadline", name, f"{kind} settled after its due day")
            case e.ItemReopened():
                self.hit("item", name, "found poor")
            case e.ItemClosed(made_up_by=by):
                self.hit("item", name, "found poor" if by else "closed")
            case e.ItemReminded(rung=rung) if rule is not None:
                fired = rung_named(rung.at, term.day, rule.remind, _by_name(rule.overdue), rung.role,
                                   self.plan.calendar)  # fmt: skip
                self.hit("rung", name, f"{kind} {fired}")
                self._role(rung.role)

    def _relief(self, event: Any) -> None:
        match event:
            case e.WaiverGranted(grounds=grounds):
                self.hit("relief", "waiver", f"granted for {grounds}", level="")
            case e.WaiverEnded():
                self.hit("relief", "waiver", "expired", level="")
        self.touch(self.plan.policy.waivers)

    def _rest(self, event: e.Event) -> None:
        policy = self.plan.policy
        match event:
            case e.BodyListed(kind=kind):
                self.touch(policy.bodies.get(kind))  # type: ignore[call-overload]
            case e.RunSuspended() | e.RunResumed() | e.RunCancelled():
                self.touch(policy.suspension)
            case e.AuthorityDelegated():
                self.touch(policy.delegation)
            case e.MakeUpOrdered():
                self.touch(policy.make_up)
            case e.EventVoided():
                self.touch(policy.recording)
            case e.RunStarted(level=level, kind=kind):
                self.kind = kind
                self.touch(policy, policy.programme if level == "programme" else None)
            case e.PersonJoined(person=person, roles=roles, given=given):
                self.given[person] = given or roles
            case _:
                pass


def _by_name(overdue: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(role): length for role, length in overdue.items()}


_PHASES = (e.PhaseOpened, e.PhaseClosed, e.WindowEnded, e.StepBegan, e.PhaseReminded, e.GateJudged, e.MoveMade,
           e.RunConcluded)  # fmt: skip
_ITEMS = (e.ItemOpened, e.ItemAmended, e.ItemReminded, e.ItemFellDue, e.ItemPublished, e.ItemExplained, e.ItemSettled,
          e.ItemClosed, e.ItemReopened)  # fmt: skip
_RELIEF = (e.WaiverGranted, e.WaiverEnded)
