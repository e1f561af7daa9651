"""What is worth telling, and to whom: events become notices, addressed to roles as they are held at that moment.

A notice is data. It is written in the transaction of its event; whether, when and how it is told is the relay's
affair (law 11). Reminders carry the instant from which they are stale (R27).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from phaseflow.core.plan.model import Duty, LevelPlan, Plan
from phaseflow.core.state.ledgers import item_key
from phaseflow.core.state.people import prefix_above
from phaseflow.core.state.rows import DutyState, Head, Rows
from phaseflow.messages import events as e
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Entry, Rung, Term

NoticeKind = Literal[
    "due_soon",
    "overdue",
    "escalated",
    "gate_held",
    "phase_opened",
    "phase_closed",
    "phase_overdue",
    "document_waiting",
    "document_returned",
    "document_approved",
    "poll_opened",
    "poll_decided",
    "item_opened",
    "item_due",
    "item_closed",
    "outcome",
    "question",
    "extension",
    "waiver",
    "redo_owed",
    "obliged",
    "plan_amended",
    "digest",
]
"""The hook points: every kind of notice is a hook of the same name. A digest is made of notices by the relay."""


@attrs.frozen(kw_only=True)
class Notice:
    """One thing to tell.

    Args:
        kind: The hook it goes to.
        run: The run it is about; *unit* and *campaign* name it for people.
        at: When it happened, UTC.
        subject: What it is about: a phase, a duty, a document, a poll, an item.
        title: What the document calls that.
        roles: The roles addressed; *persons* are their holders at that moment.
        persons: Opaque ids. Empty together with *owing* set where the receivers are found page by page.
        owing: A duty key: everybody who still owes it is addressed (R26).
        data: Further facts, as text.
        clause: The clauses behind it.
        useless_after: The instant from which it need not be told.
        coalesce: A later notice with the same key makes this one superfluous.
        zone: The zone of the run.
        history: It was found when the run was started: part of what was already so (R27).
        while_open: The row (a duty, a part of one, an item, a visit) with whose end it is no longer worth telling.
    """

    kind: NoticeKind
    run: str
    unit: str
    campaign: str
    at: datetime
    subject: str
    title: str
    roles: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    owing: str = ""
    data: Mapping[str, str] = EMPTY
    clause: tuple[str, ...] = ()
    useless_after: datetime | None = None
    coalesce: str = ""
    zone: str = "UTC"
    history: bool = False
    while_open: str = ""


_WHILE_OPEN: frozenset[NoticeKind] = frozenset({"due_soon", "overdue", "escalated"})
"""Kinds that are told only while something is owed."""


def _names(rows: Rows, prefix: str) -> set[str]:
    return {key[len(prefix) :] for key, _ in rows.scan(prefix)}


class _Desk:
    """Writes the notices of one entry."""

    def __init__(self, plan: Plan, rows: Rows, up: Rows | None, entry: Entry) -> None:
        self.plan, self.rows, self.up, self.entry = plan, rows, up, entry
        self.head: Head = rows.get("head")
        self.level: LevelPlan = plan.levels[self.head.level]

    def holders(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Everybody who has one of the roles now."""
        found: set[str] = set()
        for role in roles:
            found |= _names(self.rows, f"holder/{role}/")
            if self.up is not None:
                found |= _names(self.up, prefix_above(self.plan, role, self.head.unit))
        return tuple(sorted(found))

    def notice(
        self,
        kind: NoticeKind,
        subject: str,
        title: str,
        roles: Iterable[str],
        *,
        persons: Iterable[str] = (),
        owing: str = "",
        clause: Iterable[str] = (),
        stale: datetime | None = None,
        coalesce: str = "",
        while_open: str = "",
        **data: Any,
    ) -> Notice:
        roles = tuple(role for role in dict.fromkeys(roles) if role)
        return Notice(
            kind=kind,
            run=self.head.run,
            unit=self.head.unit,
            campaign=self.head.campaign,
            at=self.entry.at,
            subject=subject,
            title=title,
            roles=roles,
            persons=tuple(persons) or (() if owing else self.holders(roles)),
            owing=owing,
            clause=tuple(clause),
            data={key: str(value) for key, value in data.items()},
            useless_after=stale,
            coalesce=coalesce,
            zone=self.plan.calendar.zone,
            while_open=while_open,
        )

    def phase(self, kind: NoticeKind, name: str, **data: Any) -> Notice:
        phase = self.level.phases[name]
        return self.notice(kind, name, phase.title, self.phase_roles(name), clause=phase.clause, **data)

    def phase_roles(self, name: str) -> tuple[str, ...]:
        """Who runs a phase: whoever may close it, and whoever acts in its duties for the run as a whole."""
        phase = self.level.phases[name]
        closing = (phase.closes.name,) if phase.closes is not None and phase.closes.kind == "role" else (phase.asks,)
        acting = [
            role
            for duty in phase.duties
            if self.level.duties[duty].subjects == "run"
            for role in self.level.duties[duty].by
        ]
        return tuple(dict.fromkeys((*(role for role in closing if role), *acting)))

    def obliged(self, go: tuple[str, ...], **data: Any) -> Notice:
        """What the programme obliges this run to, told to whoever acts in it."""
        duties = [self.level.duties[name] for name in go if name in self.level.duties]
        moves = [self.level.moves[name] for name in go if name in self.level.moves]
        acting = [role for rule in duties for role in rule.by or (rule.each,)]
        acting += [role for move in moves for role in self.phase_roles(move.target or move.source) if move.target]
        titles = [rule.title for rule in duties] + [
            self.level.phases[move.target].title if move.target else move.name for move in moves
        ]
        roles = acting or self.phase_roles(next(iter(self.level.phases)))
        clause = (*(line for rule in duties for line in rule.clause), *(line for move in moves for line in move.clause))
        return self.notice("obliged", go[0], ", ".join(titles), roles, clause=clause, go=", ".join(go), **data)

    def duty(self, kind: NoticeKind, key: str, *, role: str = "", subject: str = "", **more: Any) -> Notice | None:
        state: DutyState | None = self.rows.get(f"duty/{key}")
        rule = self.level.duties.get(state.name) if state is not None else None
        if state is None or rule is None:
            return None
        data = {"due": state.term.day or "", "outstanding": state.outstanding, "owed": state.owed, **more}
        if kind in _WHILE_OPEN:
            data["while_open"] = f"part/{key}/{subject}" if subject else f"duty/{key}"
        if role:
            return self.notice(kind, state.name, rule.title, (role,), clause=rule.clause, **data)
        if subject:
            return self.notice(kind, state.name, rule.title, (), persons=(subject,), clause=rule.clause, **data)
        if rule.subjects == "role":
            return self.notice(kind, state.name, rule.title, (rule.each,), owing=key, clause=rule.clause, **data)
        roles = rule.by or (rule.route[0].roles if rule.route else ())
        return self.notice(kind, state.name, rule.title, roles, clause=rule.clause, **data)


def notices(plan: Plan, rows: Rows, up: Rows | None, entry: Entry) -> tuple[Notice, ...]:
    """The notices that one entry gives rise to; *rows* are those after the decision."""
    desk = _Desk(plan, rows, up, entry)
    return tuple(notice for notice in _of(desk, entry.event) if notice is not None)


def _of(desk: _Desk, event: e.Event) -> Iterable[Notice | None]:
    match event:
        case e.PhaseOpened() | e.PhaseClosed() | e.WindowEnded() | e.PhaseReminded() | e.GateJudged():
            return _about_phases(desk, event)
        case e.DutyReminded() | e.DutyFellDue():
            return _about_duties(desk, event)
        case e.DocumentReached() | e.DocumentReturned() | e.StepPassed():
            return _about_documents(desk, event)
        case e.PollOpened() | e.PollCounted() | e.PollDecided() | e.PollVoided():
            return _about_polls(desk, event)
        case e.ItemOpened() | e.ItemFellDue() | e.ItemReminded() | e.ItemClosed():
            return _about_items(desk, event)
        case e.RunConcluded(outcome=outcome):
            spec = desk.level.outcomes[outcome]
            roles = tuple(desk.level.moves[outcome].by) or desk.phase_roles(next(iter(desk.level.phases)))
            return [
                desk.notice(
                    "outcome",
                    outcome,
                    str(spec.title or outcome),
                    roles,
                    clause=spec.clause,
                    open_items=event.open_items,
                )
            ]
        case e.RedoOwed(outcome=outcome):
            roles = tuple({phase.asks for phase in desk.level.phases.values() if phase.asks})
            return [desk.notice("redo_owed", outcome, outcome, roles)]
        case e.Obliged(go=go, band=band, programme=programme):
            return [desk.obliged(go, band=band, programme=programme)]
        case e.PlanAmended(since=since, moved=moved):
            owing = (desk.level.duties[desk.rows.get(key).name] for key in moved)
            told = {role for duty in owing for role in (duty.each or duty.by[:1], *duty.by) if isinstance(role, str)}
            told |= set(map(str, desk.plan.policy.appoints))
            title = str(desk.plan.policy.title or desk.plan.policy.campaign)
            return [desk.notice("plan_amended", title, title, sorted(told), since=since, moved=len(moved))]
        case e.QuestionAsked(question=question, role=role, text=text, about=about):
            asked = (role,) if role else map(str, desk.plan.policy.appoints)
            return [desk.notice("question", question, text, asked, about=about)]
        case e.ExtensionRequested(key=key, subject=subject, until=until, reason=reason):
            spec_x = desk.plan.policy.extensions
            return [
                desk.notice(
                    "extension",
                    key,
                    key,
                    map(str, spec_x.by) if spec_x else (),
                    whom=subject,
                    until=until,
                    reason=reason,
                )
            ]
        case e.ExtensionGranted(key=key, subject=subject, term=term):
            return [desk.duty("extension", key, subject=subject, until=term.day)]
        case e.WaiverGranted(duty=key, subject=subject, grounds=grounds):
            return [desk.duty("waiver", key, subject=subject, grounds=grounds)]
        case _:
            return []


def _about_phases(desk: _Desk, event: e.Event) -> Iterable[Notice | None]:
    match event:
        case e.PhaseOpened(phase=name, window=window):
            return [desk.phase("phase_opened", name, ends=window.last or "")]
        case e.PhaseClosed(phase=name, open_duties=left):
            return [desk.phase("phase_closed", name, open_duties=left)]
        case e.WindowEnded(phase=name):
            return [desk.phase("phase_overdue", name, while_open=_visit(event))]
        case e.PhaseReminded(phase=name, rung=rung):
            phase = desk.level.phases[name]
            kind: NoticeKind = "due_soon" if rung.kind == "remind" else "escalated"
            roles = (rung.role,) if rung.role else desk.phase_roles(name)
            visit = desk.rows.get(_visit(event))
            notice = desk.notice(kind, name, phase.title, roles, clause=phase.clause, while_open=_visit(event))
            if kind == "escalated":
                return [notice]
            stale, same = _stale(visit.ladder, rung, visit.ends), f"{desk.head.run}/{_visit(event)}"
            return [attrs.evolve(notice, useless_after=stale, coalesce=same)]
        case e.GateJudged(move=move, verdict="held", readings=readings):
            rule = desk.level.moves[move]
            asker = (desk.entry.actor,) if desk.entry.actor != "system" else ()
            roles = rule.by or desk.phase_roles(rule.source or rule.target)
            reasons = "; ".join(f"{r.fact}: {r.measured}, wanted {r.required}" for r in readings)
            return [desk.notice("gate_held", move, move, roles, persons=asker, clause=rule.clause, reasons=reasons)]
        case _:
            return []


def _term(desk: _Desk, key: str, subject: str) -> Term:
    part = desk.rows.get(f"part/{key}/{subject}") if subject else None
    own: Term | None = part.term if part is not None else None
    state: DutyState = desk.rows.get(f"duty/{key}")
    return own or state.term


def _stale(ladder: Iterable[Rung], rung: Rung, end: datetime | None) -> datetime | None:
    """From when a reminder is stale: the next rung, or the end of what it reminds of (R27)."""
    later = [other.at for other in ladder if other.at > rung.at]
    return min(later) if later else end


def _visit(event: e.WindowEnded | e.PhaseReminded) -> str:
    return f"visit/{event.phase}/{event.visit}"


def _about_duties(desk: _Desk, event: e.Event) -> Iterable[Notice | None]:
    match event:
        case e.DutyReminded(key=key, rung=rung, subject=subject):
            if rung.kind == "escalate":
                return [desk.duty("escalated", key, role=rung.role, subject=subject)]
            notice = desk.duty("due_soon", key, subject=subject)
            term = _term(desk, key, subject)
            stale = _stale(term.ladder, rung, term.due)
            return [
                attrs.evolve(notice, useless_after=stale, coalesce=f"{desk.head.run}/{key}/{subject}")
                if notice
                else None
            ]
        case e.DutyFellDue(key=key, outstanding=left, subject=subject) if left:
            return [desk.duty("overdue", key, subject=subject)]
        case _:
            return []


def _about_documents(desk: _Desk, event: e.Event) -> Iterable[Notice | None]:
    key: str = event.key  # type: ignore[attr-defined]
    state: DutyState = desk.rows.get(f"duty/{key}")
    rule = desk.level.duties[state.name]
    match event:
        case e.DocumentReached(step=step, subject=subject) if step:
            found = rule.step_named(step)
            if found is None or (found.family == "write" and not subject and desk.entry.seq <= 1):
                return []
            roles = found.by or (found.roles if found.family != "tell" else rule.route[0].roles)
            mine = _own_paper(rule, roles, subject) if found.family in ("write", "tell") else ()
            return [
                desk.notice(
                    "document_waiting",
                    state.name,
                    rule.title,
                    () if mine else roles,
                    persons=mine,
                    clause=found.clause or rule.clause,
                    step=step,
                    whom=subject,
                )
            ]
        case e.DocumentReturned(step=step, to=to, reason=reason, subject=subject):
            target = rule.step_named(to)
            roles = target.roles if target is not None else rule.by
            mine = _own_paper(rule, roles, subject)
            return [
                desk.notice(
                    "document_returned",
                    state.name,
                    rule.title,
                    () if mine else roles,
                    persons=mine,
                    clause=rule.clause,
                    step=step,
                    to=to,
                    reason=reason,
                    whom=subject,
                )
            ]
        case e.StepPassed(step=step, subject=subject, version=version):
            found = rule.step_named(step)
            if found is None or found.family != "judge":
                return []
            mine = _own_paper(rule, rule.route[0].roles, subject)
            return [
                desk.notice(
                    "document_approved",
                    state.name,
                    rule.title,
                    () if mine else rule.route[0].roles,
                    persons=mine,
                    clause=found.clause or rule.clause,
                    step=step,
                    version=version,
                    whom=subject,
                )
            ]
        case _:
            return []


def _own_paper(rule: Duty, writers: tuple[str, ...], subject: str) -> tuple[str, ...]:
    """Whose paper it is, where every holder of the writers' role has one: nobody else is told of it."""
    return (subject,) if subject and rule.subjects == "role" and writers == (rule.each,) else ()


def _about_polls(desk: _Desk, event: e.Event) -> Iterable[Notice | None]:
    key: str = event.key  # type: ignore[attr-defined]
    state: DutyState = desk.rows.get(f"duty/{key}")
    rule = desk.level.duties[state.name]
    edges = getattr(rule.spec, "edges", {})
    raters = tuple(str(role) for edge in edges.values() for role in edge.raters)
    match event:
        case e.PollOpened(closes=closes):
            return [desk.notice("poll_opened", state.name, rule.title, raters, clause=rule.clause, closes=closes or "")]
        case e.PollCounted(final=False):
            return []
        case (e.PollCounted(band=band, share=share, go=go) | e.PollDecided(band=band, share=share, go=go)) as found:
            suppressed = getattr(found, "suppressed", True)
            audience = (*rule.by, *map(str, getattr(rule.spec, "publish", ())))
            shown = "" if suppressed or share is None else f"{share.numerator}/{share.denominator}"
            return [
                desk.notice(
                    "poll_decided",
                    state.name,
                    rule.title,
                    audience,
                    clause=rule.clause,
                    band=band,
                    share=shown,
                    go=", ".join(go),
                )
            ]
        case e.PollVoided(why=why):
            return [
                desk.notice("poll_decided", state.name, rule.title, rule.by, clause=rule.clause, band="void", why=why)
            ]
        case _:
            return []


def _about_items(desk: _Desk, event: e.Event) -> Iterable[Notice | None]:
    item: str = event.item  # type: ignore[attr-defined]
    ledger = desk.level.ledgers[item.split("/", 1)[0]]
    key = item_key(item)
    state = desk.rows.get(key)
    owners = getattr(state, "owners", ())
    persons = tuple(owner for owner in owners if owner and desk.rows.get(f"person/{owner}") is not None)
    closers = map(str, ledger.spec.close.by)
    match event:
        case e.ItemReminded(rung=rung) if rung.role:
            escalated = desk.notice("escalated", item, ledger.title, (rung.role,), clause=ledger.clause, while_open=key)
            return [escalated]
        case e.ItemReminded(rung=rung):
            kind: NoticeKind = "due_soon" if rung.kind == "remind" else "escalated"
            stale = _stale(state.term.ladder, rung, state.term.due) if kind == "due_soon" else None
            coalesce = f"{desk.head.run}/{key}" if kind == "due_soon" else ""
            more: dict[str, Any] = {"stale": stale, "coalesce": coalesce, "while_open": key}
        case e.ItemOpened():
            kind, more = "item_opened", {}
        case e.ItemFellDue():
            kind, more = "item_due", {"while_open": key}
        case _:
            kind, more = "item_closed", {}
    return [desk.notice(kind, item, ledger.title, closers, persons=persons, clause=ledger.clause, **more)]
