"""Commands: what somebody asks of a run. A command says who, when it happened and when it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

import attrs

EMPTY: Mapping[str, Any] = MappingProxyType({})

SYSTEM = "system"
"""The actor of ticks and of consequences that nobody asked for."""


@attrs.frozen
class Evidence:
    """Evidence by reference: its kind, where it is kept (the host's business) and the SHA-256 of its content."""

    kind: str
    ref: str
    digest: str = ""


@attrs.frozen(kw_only=True)
class Person:
    """One line of a roster: an opaque id, roles of the policy, and groups that polls may ask for.

    *personal* holds commitments to personal values (name, address), by field; the values themselves are kept apart by
    the engine, so that a person can be erased without breaking the trail (R16).
    """

    id: str
    roles: tuple[str, ...]
    groups: tuple[str, ...] = ()
    personal: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class Command:
    """What every command carries.

    *id* makes it idempotent; *by* is the actor; *at* is when it happened and *now* when it is recorded, both in UTC.
    Where only a stretch is known in which it happened, *earliest* is its first instant and *at* its last (R39).
    *on_behalf_of* names the person whose authority is used, where the actor acts for somebody else; *recorded_by* the
    account that typed it in, which gives no authority.
    """

    id: str
    by: str
    at: datetime
    now: datetime
    on_behalf_of: str = ""
    recorded_by: str = ""
    earliest: datetime | None = None


@attrs.frozen(kw_only=True)
class StartRun(Command):
    """Start a run. *at_phase* and *assumed* import a campaign that is already under way (R39)."""

    run: str
    campaign: str
    plan: str
    level: str
    unit: str
    start: date
    parent: str = ""
    batch: int | None = None
    redeems: str = ""
    kind: str = ""
    persons: tuple[Person, ...] = ()
    bodies: Mapping[str, tuple[str, ...]] = EMPTY
    at_phase: str = ""
    assumed: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class Tick(Command):
    """Process everything that is due."""


@attrs.frozen(kw_only=True)
class Ask(Command):
    """Ask for a move: ``study.open``, ``study.close``, a transition or an outcome."""

    move: str


@attrs.frozen(kw_only=True)
class Amend(Command):
    """Go on under another plan, named by its digest, as that plan says (R21)."""

    plan: str


@attrs.frozen(kw_only=True)
class Suspend(Command):
    """Halt the whole run."""

    reason: str


@attrs.frozen(kw_only=True)
class Resume(Command):
    """Go on after a halt."""


@attrs.frozen(kw_only=True)
class Cancel(Command):
    """End the run without an outcome."""

    reason: str


@attrs.frozen(kw_only=True)
class Reopen(Command):
    """Take back the latest conclusion and open a phase again; say of what it spawned whether it stands."""

    phase: str
    spawned: Literal["stands", "withdrawn"]
    reason: str


@attrs.frozen(kw_only=True)
class Archive(Command):
    """Put a concluded run away; refused while anything that survived is open."""


# --- duties -----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Record(Command):
    """Record an amount towards a quota. *subject* is for whom; the actor where it is left out.

    *pair* is whom the subject is paired with, where the quota pairs two populations.
    """

    duty: str
    amount: Fraction
    unit: str
    subject: str = ""
    pair: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class Complete(Command):
    """Say that a task, a bulletin or an action of one's own is done."""

    duty: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class CheckOff(Command):
    """Tick one entry of a checklist."""

    duty: str
    entry: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class HoldMeeting(Command):
    """Say that a meeting was held, and who was there: person id to ``present``, ``excused`` or ``absent``.

    *counts* are those present who are not named, by role; *subject* is the body or the holder whose meeting it is,
    where each has its own.
    """

    duty: str
    attendance: Mapping[str, Literal["present", "excused", "absent"]] = EMPTY
    counts: Mapping[str, int] = EMPTY
    evidence: tuple[Evidence, ...] = ()
    subject: str = ""


@attrs.frozen(kw_only=True)
class Confirm(Command):
    """Confirm, or find poor, what a subject did; only where the policy names who checks."""

    duty: str
    subject: str
    good: bool
    reason: str = ""


@attrs.frozen(kw_only=True)
class AddAction(Command):
    """Add an action of one's own to an open phase; no gate counts it."""

    phase: str
    name: str
    title: str


@attrs.frozen(kw_only=True)
class OrderMakeUp(Command):
    """Judge duties item by item: duty name to ``missing``, ``poor`` or ``present``; the first two are owed again."""

    judged: Mapping[str, Literal["present", "missing", "poor"]]


# --- documents --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Draft(Command):
    """Hand in a version of a document at a drafting or absorbing step. *digest* is the SHA-256 of its content, in hex.

    *answers* answers opinions by their number: ``absorbed`` (and where, if wanted), or else why the opinion was not
    absorbed. *step* is needed only where the document may be written at a step beside the one it waits at.
    """

    document: str
    digest: str
    ref: str = ""
    subject: str = ""
    answers: Mapping[str, str] = EMPTY
    step: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class MarkPart(Command):
    """Mark a part of a document as one that a further step must judge."""

    document: str
    part: str
    mark: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class Opine(Command):
    """Give an opinion at a consulting or reviewing step; *ref* says where its text is kept.

    Whoever writes the document may also record an opinion that a *group* gave. *digest*, where it is given, is that of
    the version that was read.
    """

    document: str
    ref: str
    group: str = ""
    subject: str = ""
    step: str = ""
    digest: str = ""


@attrs.frozen(kw_only=True)
class AnswerOpinion(Command):
    """Answer one opinion: absorbed or not, and why."""

    document: str
    opinion: int
    absorbed: bool
    reason: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class EndConsultation(Command):
    """End a consulting or reviewing step. *consulted* counts, by group, who was asked, if more were than spoke."""

    document: str
    subject: str = ""
    step: str = ""
    consulted: Mapping[str, int] = EMPTY


@attrs.frozen(kw_only=True)
class Judge(Command):
    """Accept the version at hand, or send it back with a reason. *digest*, if given, is that of the version read."""

    document: str
    accept: bool
    reason: str = ""
    subject: str = ""
    step: str = ""
    digest: str = ""


@attrs.frozen(kw_only=True)
class Hand(Command):
    """Publish, circulate, submit or file: *step* names the act."""

    document: str
    step: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()


# --- polls ------------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenPoll(Command):
    """Open a poll. *invited* says how many people were invited, by edge and group."""

    poll: str
    invited: Mapping[str, Mapping[str, int]] = EMPTY


@attrs.frozen(kw_only=True)
class Cast(Command):
    """Take part in a poll. What was chosen stays out of the trail when the poll is anonymous (R14).

    *choice* answers for the one who is rated (*rated*; the unit itself if left out); where several are rated, *answers*
    holds the whole paper: who is rated, and the choice. *group* is where the participant belongs; the organiser hands
    in the papers of invited people who are on no roster, and then names their group.
    """

    poll: str
    edge: str
    choice: str = ""
    group: str = ""
    rated: str = ""
    answers: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class ClosePoll(Command):
    """Close a poll. *tally* (edge, rated subject, choice, count) and *root* are counted from the box by the engine."""

    poll: str
    tally: tuple[tuple[str, str, str, int], ...] = ()
    root: str = ""


# --- ledgers ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenItem(Command):
    """Open an item of a ledger. *due* is its own last day; where its class has a clock too, the earlier one counts.

    *joint* are further owners: each is reminded, and any of them may report it.
    """

    ledger: str
    kind: str
    fields: Mapping[str, str]
    owner: str
    due: date | None = None
    axes: Mapping[str, str] = EMPTY
    joint: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class AmendItem(Command):
    """Change fields, owner, class, axes or due day of an open item; what stood before stays in the trail.

    What is left out stays as it is.
    """

    item: str
    reason: str
    kind: str = ""
    fields: Mapping[str, str] = EMPTY
    owner: str = ""
    due: date | None = None
    axes: Mapping[str, str] = EMPTY
    joint: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class SettleItem(Command):
    """Report an item as settled."""

    item: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class VerifyItem(Command):
    """Verify a settled item, or find the result poor."""

    item: str
    good: bool
    reason: str = ""


@attrs.frozen(kw_only=True)
class ExplainItem(Command):
    """Explain to those concerned why an item cannot be solved now."""

    item: str
    reason: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class PublishItem(Command):
    """Publish an item with its commitment."""

    item: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class ReopenItem(Command):
    """Open a closed item again."""

    item: str
    reason: str


# --- waivers and extensions -------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class GrantWaiver(Command):
    """Except a subject (or all, where it is left out) from a duty."""

    duty: str
    grounds: str
    reason: str
    subject: str = ""
    until: date | None = None


@attrs.frozen(kw_only=True)
class RevokeWaiver(Command):
    """Take a waiver back."""

    waiver: str
    reason: str


@attrs.frozen(kw_only=True)
class RequestExtension(Command):
    """Ask for a later due day."""

    duty: str
    type: str
    until: date
    reason: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class GrantExtension(Command):
    """Move a due day, on request or without one."""

    duty: str
    type: str
    until: date
    reason: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class RefuseExtension(Command):
    """Refuse a request for a later due day."""

    duty: str
    reason: str
    subject: str = ""


# --- people -----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Join(Command):
    """Add a person to the roster, or give a person further roles."""

    person: Person


@attrs.frozen(kw_only=True)
class Leave(Command):
    """Take a person off the roster, or only some of the person's roles."""

    person: str
    roles: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Appoint(Command):
    """Give a role for a time; *until* is the last day."""

    person: str
    role: str
    since: date
    until: date | None = None


@attrs.frozen(kw_only=True)
class Delegate(Command):
    """Let somebody act in one's place; *absence* says that the giver is away and only the substitute acts."""

    to: str
    roles: tuple[str, ...]
    since: date
    until: date
    reason: str
    absence: bool = False


@attrs.frozen(kw_only=True)
class EndDelegation(Command):
    """Take a delegation back before its last day."""

    delegation: str


@attrs.frozen(kw_only=True)
class Recuse(Command):
    """Keep out of one duty, document, poll or item for a reason."""

    subject: str
    reason: str


@attrs.frozen(kw_only=True)
class ListBody(Command):
    """Add a body to the run's list of a kind."""

    kind: str
    body: str


@attrs.frozen(kw_only=True)
class ErasePerson(Command):
    """Erase a person's personal data; the trail keeps only commitments."""

    person: str
    reason: str


# --- answers, corrections, units --------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Answer(Command):
    """Answer a question that the run put to a role because its policy is silent or a fact is in doubt."""

    question: str
    verdict: str
    reason: str


@attrs.frozen(kw_only=True)
class Void(Command):
    """Take back what one event recorded. *event* is looked up by the engine."""

    seq: int
    reason: str
    event: Any = None


@attrs.frozen(kw_only=True)
class Correct(Command):
    """Record anew what one event recorded wrongly: another amount, another day. *event* is looked up by the engine."""

    seq: int
    reason: str
    amount: Fraction | None = None
    happened: datetime | None = None
    event: Any = None


@attrs.frozen(kw_only=True)
class EnrolUnit(Command):
    """Enter a unit's run in its programme."""

    unit: str
    run: str


@attrs.frozen(kw_only=True)
class WithdrawUnit(Command):
    """Take a unit out of its programme; *into* names the runs that go on with it after a merger or a split."""

    unit: str
    reason: str
    into: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MergeUnits(Command):
    """Let units go on in another one; *carry* holds those of open_items, debts, waivers and holders that go along."""

    units: tuple[str, ...]
    into: str
    reason: str
    carry: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SplitUnit(Command):
    """Let a unit go on in several others; *into* says for each what goes along, items one by one if wanted."""

    unit: str
    into: Mapping[str, tuple[str, ...]]
    reason: str


@attrs.frozen(kw_only=True)
class LeaveProgramme(Command):
    """Note in a unit's run that the unit was taken out of its programme; sent by the programme (R13).

    *into* names the runs that go on with the unit, *carry* what each of them takes along.
    """

    reason: str
    into: tuple[str, ...] = ()
    carry: Mapping[str, tuple[str, ...]] = EMPTY


@attrs.frozen(kw_only=True)
class CarriedItem:
    """An open item on its way from one run to another; it keeps its clock, its attempts and who reported it."""

    item: str
    kind: str
    fields: Mapping[str, str]
    owner: str
    opened: datetime
    joint: tuple[str, ...] = ()
    axes: Mapping[str, str] = EMPTY
    due: date | None = None
    attempt: int = 0
    published: datetime | None = None
    settled_by: str = ""


@attrs.frozen(kw_only=True)
class CarriedWaiver:
    """A waiver in force on its way from one run to another; *duty* is the duty's name."""

    duty: str
    subject: str
    grounds: str
    expires: datetime | None = None


@attrs.frozen(kw_only=True)
class TakeOver(Command):
    """Go on with what another run hands over; sent by the engine with the entry *seq* of that run."""

    source: str
    seq: int
    items: tuple[CarriedItem, ...] = ()
    waivers: tuple[CarriedWaiver, ...] = ()
    persons: tuple[Person, ...] = ()
    outcome: str = ""
    carry: str = ""


@attrs.frozen(kw_only=True)
class Oblige(Command):
    """Follow in a unit's run what its programme decided: entry *seq* of the run *programme* says so (R13).

    *go* are transitions, outcomes and duties of the unit; *band* is the range of the result that leads to them, *key*
    and *edge* name the poll.
    """

    programme: str
    seq: int
    go: tuple[str, ...]
    key: str = ""
    edge: str = ""
    band: str = ""


@attrs.frozen(kw_only=True)
class NoteRefusal(Command):
    """Note in the programme's run that a unit's run refused what entry *seq* obliges it to, and why (R13)."""

    seq: int
    unit: str
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RedeemRedo(Command):
    """Note that the owed run of the next batch has been started."""

    run: str
