"""What people did, read back from a trail: each command as it was given, as far as what it led to tells.

The first event of a command says which command it was; a few need what came with it. What the run did by itself, what
another run asked of it, and amendments (the plan is what is tried) are no deeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, TypeAlias

import attrs

from phaseflow.core.plan import Plan
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

Papers: TypeAlias = Mapping[str, list[Mapping[str, str]]]
"""What lies in counted ballot boxes, by box: the edge, who is rated, the choice, and the group of each answer."""

MOMENT = timedelta(microseconds=1)


@attrs.frozen(kw_only=True)
class Deed:
    """One command of a run as its trail tells it; *seq* is the number of its own first entry, *last* of its last.

    *census* is the digest of the units' entries that a gate of the programme counted, where it was asked (R11).
    """

    run: str
    seq: int
    last: int
    command: c.Command
    census: str = ""


@attrs.frozen(kw_only=True)
class Sent:
    """The place in a run's trail where it follows what entry *seq* of the run *source* asked of it (R13)."""

    run: str
    source: str
    seq: int
    last: int
    now: datetime


@attrs.frozen
class Act:
    """The entries of one command that are its own, with what is needed to read them.

    *before* are all earlier entries of the run, *papers* what lies in its counted ballot boxes, by box.
    """

    plan: Plan
    run: str
    level: str
    own: tuple[Entry, ...]
    before: Sequence[Entry]
    papers: Papers

    @property
    def first(self) -> Any:
        """The event that says what was done."""
        return self.own[0].event

    def of(self, kind: type[Any]) -> list[Any]:
        """All its events of one kind."""
        return [entry.event for entry in self.own if isinstance(entry.event, kind)]

    def day(self, instant: Any) -> Any:
        """The last day before an exclusive instant; None stays None."""
        return None if instant is None else self.plan.calendar.day_of(instant - MOMENT)


Reader: TypeAlias = Callable[[Act], "tuple[type[c.Command], dict[str, Any]] | None"]


def deeds(plan: Plan, run: str, trail: Sequence[Entry], papers: Papers) -> Iterator[Deed | Sent]:
    """The deeds of one run in their order, ticks among them, and where other runs come in.

    Args:
        plan: The plan that the trail was made under.
        run: The run's id.
        trail: All its entries.
        papers: The answers in its counted boxes, by box; what was not counted is unknown, and no deed.
    """
    started = trail[0].event
    assert isinstance(started, e.RunStarted)
    at = 0
    for command, group in groupby(trail, key=lambda entry: entry.command):
        entries = tuple(group)
        sent = next((entry.event for entry in entries if isinstance(entry.event, SENT)), None)
        if sent is not None:
            at += len(entries)
            yield Sent(run=run, **_source(sent, command), last=entries[-1].seq, now=entries[-1].recorded_at)
            continue
        own = _own(entries)
        read = READERS[type(own[0].event)](Act(plan, run, started.level, own, trail[:at], papers)) if own else None
        at += len(entries)
        kind, fields = read or (c.Tick, {})
        seen = own[0] if read is not None and own else entries[-1]
        envelope: dict[str, Any] = {"id": command, "by": c.SYSTEM, "at": entries[-1].recorded_at}
        if read is not None:
            envelope |= {
                "by": seen.actor, "at": seen.at, "on_behalf_of": seen.on_behalf_of, "recorded_by": seen.recorded_by,
                "earliest": seen.earliest,
            }  # fmt: skip
        done = kind(**envelope, now=entries[-1].recorded_at, **fields)
        census = getattr(own[0].event, "census", "") if own else ""
        yield Deed(run=run, seq=seen.seq, last=entries[-1].seq, command=done, census=census)


SENT = (e.TookOver, e.Obliged, e.WithdrawnFromProgramme, e.ConsequenceRefused)
"""What another run asked for: it asks again, if it comes to that."""


def _source(event: Any, command: str) -> dict[str, Any]:
    """Who asked, and by which entry; the id of a command that a run sends names its entry."""
    match event:
        case e.TookOver(source=source, seq=number) | e.Obliged(programme=source, seq=number):
            return {"source": source, "seq": number}
    source, seq, *_ = command.rsplit(":", 2 if isinstance(event, e.WithdrawnFromProgramme) else 3)
    return {"source": source, "seq": int(seq)}


def _own(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """From the entry on that says what was done; what was due is processed before it (R1)."""
    for index, entry in enumerate(entries):
        if type(entry.event) in READERS and not entry.timer and _given(entry):
            return entries[index:]
    return ()


def _given(entry: Entry) -> bool:
    """Whether somebody gave it as a command: what happens by itself is done by nobody."""
    if isinstance(entry.event, (e.RunStarted, e.UnitEnrolled, e.RedoRedeemed, e.PersonJoined, e.PersonLeft)):
        return True
    return entry.actor != c.SYSTEM or isinstance(entry.event, BY_HOSTS)


BY_HOSTS = (
    e.RoleGiven, e.BodyListed, e.PersonErased, e.UnitWithdrawn, e.PollCounted, e.RunArchived, e.QuestionAnswered,
)  # fmt: skip
"""What the host may order in nobody's name where the policy has no keeper."""


def _name(key: str) -> str:
    """The name of a duty from its key; what was ordered once more bears a number."""
    return key.split("/")[2].partition("#")[0]


# --- what each event tells --------------------------------------------------------------------------------------------


def _start(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.RunStarted = act.first
    names = ("run", "campaign", "plan", "level", "unit", "start", "parent", "batch", "redeems", "kind")
    bodies: dict[str, tuple[str, ...]] = {}
    for listed in act.of(e.BodyListed):
        bodies[listed.kind] = (*bodies.get(listed.kind, ()), listed.body)
    assumed = {one.phase: one.basis for one in act.of(e.PhaseAssumed)}
    opened = next((one.phase for one in act.of(e.PhaseOpened)), "") if assumed else ""
    return c.StartRun, {
        **{name: getattr(event, name) for name in names}, "bodies": bodies, "at_phase": opened, "assumed": assumed,
        "persons": tuple(map(_person, act.of(e.PersonJoined))),
    }  # fmt: skip


def _person(event: e.PersonJoined) -> c.Person:
    return c.Person(id=event.person, roles=event.given, groups=event.groups, personal=event.personal)


def _record(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.AmountRecorded = act.first
    duty = act.plan.levels[act.level].duties[_name(event.key)]
    unit = duty.spec.quota.unit  # type: ignore[union-attr]  # only quotas have amounts
    return c.Record, {**_of(event, "subject", "amount", "pair", "evidence"), "duty": duty.name, "unit": unit}


def _of(event: object, *names: str) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


def _duty(kind: type[c.Command], *names: str, word: str = "duty", **more: Any) -> Reader:
    """A command about a duty whose fields are those of the event."""
    return lambda act: (kind, {word: _name(act.first.key), **_of(act.first, *names), **more})


def _same(kind: type[c.Command], *names: str, **more: Any) -> Reader:
    """A command whose fields are those of the event."""
    return lambda act: (kind, {**_of(act.first, *names), **more})


def _delegate(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.AuthorityDelegated = act.first
    roles = [
        role for role in event.roles
        if not any(role in act.plan.closure((other,)) for other in event.roles if other != role)
    ]  # fmt: skip
    return c.Delegate, {
        "to": event.receiver, "roles": tuple(roles or event.roles), "since": act.plan.calendar.day_of(event.since),
        "until": act.day(event.until), "reason": event.reason, "absence": event.absence,
    }  # fmt: skip


def _appoint(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.RoleGiven = act.first
    since = act.plan.calendar.day_of(event.since)
    return c.Appoint, {**_of(event, "person", "role"), "since": since, "until": act.day(event.until)}


def _draft(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    """A version, and the answers to opinions that came with it; a bare answer where no version did."""
    versions = act.of(e.VersionDrafted)
    if not versions:
        event: e.OpinionAnswered = act.first
        return c.AnswerOpinion, {"document": _name(event.key), "opinion": event.number,
                                 **_of(event, "subject", "absorbed", "reason")}  # fmt: skip
    answers = {
        str(one.number): f"absorbed: {one.reason}" if one.absorbed and one.reason else one.reason or "absorbed"
        for one in act.of(e.OpinionAnswered)
    }
    version = versions[0]
    return c.Draft, {
        "document": _name(version.key), "answers": answers,
        **_of(version, "subject", "digest", "ref", "step", "evidence"),
    }  # fmt: skip


def _passed(act: Act) -> tuple[type[c.Command], dict[str, Any]] | None:
    event: e.StepPassed = act.first
    rule = act.plan.levels[act.level].duties[_name(event.key)].step_named(event.step)
    place = {"document": _name(event.key), "subject": event.subject, "step": event.step}
    match rule.family if rule is not None else "":
        case "judge":
            return c.Judge, {**place, "accept": True, "reason": event.reason}
        case "hear":
            return c.EndConsultation, {**place, "consulted": event.heard}
        case "tell":
            return c.Hand, {**place, "evidence": event.evidence}
    return None


def _returned(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.DocumentReturned = act.first
    return c.Judge, {"document": _name(event.key), "accept": False, **_of(event, "subject", "step", "reason")}


def _cast(act: Act) -> tuple[type[c.Command], dict[str, Any]] | None:
    """A paper: from the trail, or one of those that lie in the counted box and are all alike (R14)."""
    event: e.ParticipationRecorded = act.first
    group = event.groups[0] if not event.person and event.groups else ""
    answers = dict(event.answers) or _paper(act, event)
    if not answers:
        return None
    return c.Cast, {"poll": _name(event.key), "edge": event.edge, "answers": answers, "group": group}


def _paper(act: Act, event: e.ParticipationRecorded) -> dict[str, str]:
    """Any paper of this edge and group that is left; whose it was nobody can tell, and it counts the same."""
    opened = [entry.event for entry in act.before if isinstance(entry.event, e.PollOpened)]
    number = next((one.round for one in reversed(opened) if one.key == event.key), 1)
    lying = act.papers.get(event.key if number == 1 else f"{event.key}#{number}", [])
    answers: dict[str, str] = {}
    for body in list(lying):
        fits = body["edge"] == event.edge and body.get("group", "") == event.group
        if fits and body.get("rated", "") not in answers and len(answers) < event.papers:
            answers[body.get("rated", "")] = body["choice"]
            lying.remove(body)
    return answers if len(answers) == event.papers else {}


def _corrected(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.EventVoided = act.first
    fields = {"seq": event.seq, "reason": event.reason}
    second = act.own[1] if len(act.own) > 1 else None
    records = (e.AmountRecorded, e.EntryChecked, e.TaskReported, e.MeetingHeld)
    if second is None or not isinstance(second.event, records):
        return c.Void, fields
    amount = getattr(second.event, "amount", None)
    return c.Correct, {**fields, "amount": amount, "happened": second.at}


def _withdrawn(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    """A withdrawal, a merger (several units, one place) or a split (one unit, several places)."""
    found: list[e.UnitWithdrawn] = act.of(e.UnitWithdrawn)
    first = found[0]
    if not first.carry:
        return c.WithdrawUnit, _of(first, "unit", "reason", "into")
    units = {event.run: event.unit for entry in act.before if isinstance(event := entry.event, e.UnitEnrolled)}
    if len(first.into) == 1:
        into = first.into[0]
        return c.MergeUnits, {
            "units": tuple(one.unit for one in found), "into": units[into], "reason": first.reason,
            "carry": first.carry[into],
        }  # fmt: skip
    return c.SplitUnit, {
        "unit": first.unit, "into": {units[run]: words for run, words in first.carry.items()}, "reason": first.reason,
    }  # fmt: skip


def _amended(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    names = ("item", "reason", "kind", "fields", "owner", "due", "axes", "joint")
    return c.AmendItem, _of(act.first, *names)


def _opened(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.ItemOpened = act.first
    return c.OpenItem, {"ledger": event.item.split("/")[0],
                        **_of(event, "kind", "fields", "owner", "due", "axes", "joint")}  # fmt: skip


def _judged_item(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    """Closed: found good, or poor and made up. Open again: found poor, or its trouble came back."""
    event: Any = act.first
    if isinstance(event, e.ItemClosed):
        return c.VerifyItem, {"item": event.item, "good": not event.made_up_by, "reason": event.reason}
    fates = [
        type(entry.event) for entry in act.before
        if isinstance(entry.event, (e.ItemSettled, e.ItemClosed, e.ItemReopened)) and entry.event.item == event.item
    ]  # fmt: skip
    fields = {"item": event.item, "reason": event.reason}
    if fates and fates[-1] is e.ItemSettled:
        return c.VerifyItem, {**fields, "good": False}
    return c.ReopenItem, fields


def _asked(act: Act) -> tuple[type[c.Command], dict[str, Any]] | None:
    """All that came of it is a question: an item is found poor once too often, or nobody answered a consultation."""
    event: e.QuestionAsked = act.first
    about, _, item = event.about.partition(":")
    if about == "document":  # a consultation that nobody answered is ended
        step, _version, key, subject = item.split(":", 3)
        return c.EndConsultation, {"document": _name(key), "subject": subject, "step": step}
    if about != "item":
        return None
    reason = event.text.partition("(")[2].rpartition(")")[0]
    settled = [entry.event for entry in act.before if isinstance(entry.event, (e.ItemSettled, e.ItemClosed))]
    last = next((one for one in reversed(settled) if one.item == item), None)
    if isinstance(last, e.ItemSettled):
        return c.VerifyItem, {"item": item, "good": False, "reason": reason}
    return c.ReopenItem, {"item": item, "reason": reason}


def _reopened(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    phase = next(one.phase for one in act.of(e.PhaseOpened))
    return c.Reopen, {**_of(act.first, "spawned", "reason"), "phase": phase}


def _waived(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    """A waiver; where it covers whole periods, its last day is known to be that of the last of them, or later."""
    found: list[e.WaiverGranted] = act.of(e.WaiverGranted)
    first, last = found[0], found[-1]
    opened = (entry.event for entry in act.before if isinstance(entry.event, e.DutyOpened))
    period = next((one.period for one in opened if one.key == last.duty), None)
    until = act.day(last.expires) or (period.last if period is not None else None)
    return c.GrantWaiver, {"duty": _name(first.duty), **_of(first, "subject", "grounds", "reason"), "until": until}


def _extended(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    event: e.ExtensionGranted = act.first
    return c.GrantExtension, {"duty": _name(event.key), **_of(event, "subject", "type", "reason"),
                              "until": event.term.day}  # fmt: skip


def _checked(good: bool) -> Reader:
    return lambda act: (c.Confirm, {"duty": _name(act.first.key), "subject": act.first.subject, "good": good,
                                    "reason": getattr(act.first, "reason", "")})  # fmt: skip


def _action(act: Act) -> tuple[type[c.Command], dict[str, Any]]:
    phase, *_, name = act.first.key.split("/")
    return c.AddAction, {"phase": phase, "name": name, "title": act.first.title}


READERS: Mapping[type[e.Event], Reader] = {
    e.RunStarted: _start,
    e.GateJudged: _same(c.Ask, "move"),
    e.RunSuspended: _same(c.Suspend, "reason"),
    e.RunResumed: _same(c.Resume),
    e.RunCancelled: _same(c.Cancel, "reason"),
    e.RunReopened: _reopened,
    e.RunArchived: _same(c.Archive),
    e.RedoRedeemed: _same(c.RedeemRedo, "run"),
    e.QuestionAnswered: _same(c.Answer, "question", "verdict", "reason"),
    e.EventVoided: _corrected,
    e.UnitEnrolled: _same(c.EnrolUnit, "unit", "run"),
    e.UnitWithdrawn: _withdrawn,
    e.AmountRecorded: _record,
    e.TaskReported: _duty(c.Complete, "subject", "evidence"),
    e.EntryChecked: _duty(c.CheckOff, "subject", "entry", "evidence"),
    e.MeetingHeld: _duty(c.HoldMeeting, "attendance", "counts", "evidence", "subject"),
    e.DutyConfirmed: _checked(good=True),
    e.DutyFoundPoor: _checked(good=False),
    e.ActionAdded: _action,
    e.MakeUpOrdered: _same(c.OrderMakeUp, "judged"),
    e.PersonJoined: lambda act: (c.Join, {"person": _person(act.first)}),
    e.PersonLeft: lambda act: (c.Leave, {"person": act.first.person, "roles": act.first.given}),
    e.RoleGiven: _appoint,
    e.AuthorityDelegated: _delegate,
    e.DelegationEnded: _same(c.EndDelegation, "delegation"),
    e.PersonRecused: _same(c.Recuse, "subject", "reason"),
    e.BodyListed: _same(c.ListBody, "kind", "body"),
    e.PersonErased: _same(c.ErasePerson, "person", "reason"),
    e.VersionDrafted: _draft,
    e.OpinionAnswered: _draft,
    e.PartMarked: _duty(c.MarkPart, "part", "mark", "subject", word="document"),
    e.OpinionGiven: _duty(c.Opine, "ref", "group", "subject", "step", word="document"),
    e.StepPassed: _passed,
    e.DocumentReturned: _returned,
    e.PollOpened: _duty(c.OpenPoll, "invited", word="poll"),
    e.ParticipationRecorded: _cast,
    e.PollRunOn: _duty(c.ClosePoll, word="poll"),
    e.PollHeld: _duty(c.ClosePoll, word="poll"),
    e.PollCounted: _duty(c.ClosePoll, word="poll"),
    e.PollVoided: _duty(c.ClosePoll, word="poll"),
    e.ItemOpened: _opened,
    e.ItemAmended: _amended,
    e.ItemSettled: _same(c.SettleItem, "item", "evidence"),
    e.ItemExplained: _same(c.ExplainItem, "item", "reason", "evidence"),
    e.ItemPublished: _same(c.PublishItem, "item", "evidence"),
    e.ItemClosed: _judged_item,
    e.ItemReopened: _judged_item,
    e.QuestionAsked: _asked,
    e.WaiverGranted: _waived,
    e.WaiverEnded: _same(c.RevokeWaiver, "waiver", "reason"),
    e.ExtensionRequested: _duty(c.RequestExtension, "subject", "type", "until", "reason"),
    e.ExtensionGranted: _extended,
    e.ExtensionRefused: _duty(c.RefuseExtension, "subject", "reason"),
}
"""How each event that a command may begin with tells the command."""


def unknown_votes(trail: Iterable[Entry], papers: Mapping[str, object]) -> tuple[str, ...]:
    """Polls whose answers nobody knows yet: people took part without a name to their answer, and no box was counted."""
    counted = {box.partition("#")[0] for box in papers}
    return tuple(dict.fromkeys(
        _name(event.key) for entry in trail
        if isinstance(event := entry.event, e.ParticipationRecorded) and not event.answers and event.key not in counted
    ))  # fmt: skip
