"""Events: what happened to a run. An event holds everything that folding it needs: instants, tallies, winning bands.

A duty is named by its key ``phase/visit/name`` or ``phase/visit/name/period``; duties of the whole campaign have the
phase ``campaign``. A move is ``study.open``, ``study.close``, or the name of a transition or outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.messages.commands import EMPTY, Evidence


@attrs.frozen(kw_only=True)
class Event:
    """The root of all events."""


@attrs.frozen(kw_only=True)
class Entry:
    """One line of the trail: an event with its number, its two times, and by whose authority it happened.

    *at* is when it happened and *recorded_at* when it was recorded, both UTC; *authority* names the role (and the
    delegation) used; *command* is the id of the command that led to it, *timer* the key of
    the timer whose moment was processed, *recorded_by* the account that typed the command in. *earliest* is set
    where only a stretch is known: it happened then, or by *at*, or between (R39).
    """

    seq: int
    at: datetime
    recorded_at: datetime
    actor: str
    event: Event
    on_behalf_of: str = ""
    authority: str = ""
    command: str = ""
    timer: str = ""
    recorded_by: str = ""
    earliest: datetime | None = None


@attrs.frozen(kw_only=True)
class Reading:
    """One fact that a verdict read: what, its value then, what was wanted, and whether that was met (None: unknown)."""

    fact: str
    measured: str
    required: str
    met: bool | None


@attrs.frozen(kw_only=True)
class Days:
    """A resolved window: first and last day (None: open), and whether an edge is only approximate."""

    first: date | None
    last: date | None
    about: bool = False


@attrs.frozen
class Rung:
    """One rung of a ladder: when, ``remind`` or ``escalate``, and the role that is told ("" = whoever still owes)."""

    at: datetime
    kind: Literal["remind", "escalate"]
    role: str = ""


@attrs.frozen(kw_only=True)
class Term:
    """The named instants of an obligation: due, grace and lock end (exclusive), the due day as written, its ladder."""

    day: date | None = None
    due: datetime | None = None
    grace: datetime | None = None
    lock: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    provisional: bool = False


# --- the run ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class RunStarted(Event):
    """A run began under a plan; every dated window of the plan is bound here once and for all."""

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
    windows: Mapping[str, Days] = EMPTY
    bodies: Mapping[str, int] = EMPTY


@attrs.frozen(kw_only=True)
class PhaseAssumed(Event):
    """An earlier phase is taken for granted because its own record is missing; conditions do not know its facts."""

    phase: str
    basis: str


@attrs.frozen(kw_only=True)
class RunSuspended(Event):
    """The run was halted."""

    reason: str


@attrs.frozen(kw_only=True)
class VisitDates:
    """The dates of an open visit of a phase, moved as a whole; the fields are those of `PhaseOpened`."""

    window: Days
    ends: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    steps: Mapping[str, Days] = EMPTY
    begins: Mapping[str, tuple[datetime, datetime]] = EMPTY


@attrs.frozen(kw_only=True)
class RunResumed(Event):
    """The run goes on. Where its clock had stopped, what was still ahead has new dates, by the key of its row.

    *moved* are the terms of duties (``duty/…``), of single subjects (``part/…``) and of items (``item/…``); *windows*
    the bound windows (``window/…``) and the periods of quotas (``duty/…``); *visits* the open visits (``visit/…``);
    *closes* the ends of polls (``poll/…``) and of steps of documents (``document/…#step``).
    """

    moved: Mapping[str, Term] = EMPTY
    windows: Mapping[str, Days] = EMPTY
    visits: Mapping[str, VisitDates] = EMPTY
    closes: Mapping[str, datetime] = EMPTY


@attrs.frozen(kw_only=True)
class AmendmentAdopted(Event):
    """Another plan will bind this run: from an instant on, or (None) when its next phase opens."""

    plan: str
    takes_effect: datetime | None


@attrs.frozen(kw_only=True)
class PlanAmended(Event):
    """From here on the run goes by another plan; every date and amount that it moves is listed (R21).

    *windows* are bound windows (``window/…``), *visits* the open visits (``visit/…``), *moved* the terms and *amounts*
    the quotas of what is owed (``duty/…``). What was judged stays judged.
    """

    plan: str
    previous: str
    binds: Literal["at_once", "favourable"]
    since: date
    windows: Mapping[str, Days] = EMPTY
    visits: Mapping[str, VisitDates] = EMPTY
    moved: Mapping[str, Term] = EMPTY
    amounts: Mapping[str, Fraction] = EMPTY


@attrs.frozen(kw_only=True)
class CalendarAmended(PlanAmended):
    """The same policy on a calendar that is known further: dates that were provisional are settled (R18)."""


@attrs.frozen(kw_only=True)
class DutyDropped(Event):
    """An amendment asks for this no more; nobody has done it, and nobody owes it."""

    key: str


@attrs.frozen(kw_only=True)
class DutyCarried(Event):
    """An amendment calls a duty by another name: what was recorded for it counts *into* the new one."""

    key: str
    into: str


@attrs.frozen(kw_only=True)
class RolesChanged(Event):
    """An amendment changed what somebody's roles bring with them."""

    person: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RunCancelled(Event):
    """The run ended without an outcome."""

    reason: str


@attrs.frozen(kw_only=True)
class RunConcluded(Event):
    """The run reached an outcome; what survives goes on until the run is archived."""

    outcome: str
    open_items: int = 0


@attrs.frozen(kw_only=True)
class RunReopened(Event):
    """The conclusion recorded by event *supersedes* no longer holds."""

    supersedes: int
    spawned: str
    reason: str


@attrs.frozen(kw_only=True)
class RunArchived(Event):
    """Nothing is open any more and the run is put away."""


@attrs.frozen(kw_only=True)
class RedoOwed(Event):
    """A run in the next batch is owed for this unit."""

    outcome: str
    carry: str


@attrs.frozen(kw_only=True)
class RedoRedeemed(Event):
    """The owed run was started."""

    run: str


# --- phases, steps, moves ---------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class PhaseScheduled(Event):
    """The phase is to open at an instant, if its entry condition holds then."""

    phase: str
    opens: datetime


@attrs.frozen(kw_only=True)
class PhaseDue(Event):
    """The instant came at which the phase was to open."""

    phase: str


@attrs.frozen(kw_only=True)
class PhaseOpened(Event):
    """A visit of a phase began. *ends* is the instant at which its window ends."""

    phase: str
    visit: int
    window: Days
    ends: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    steps: Mapping[str, Days] = EMPTY
    begins: Mapping[str, tuple[datetime, datetime]] = EMPTY
    via: str = ""


@attrs.frozen(kw_only=True)
class StepBegan(Event):
    """The window of a step began."""

    phase: str
    visit: int
    step: str


@attrs.frozen(kw_only=True)
class StepEnded(Event):
    """The window of a step ended; nothing closes by that."""

    phase: str
    visit: int
    step: str


@attrs.frozen(kw_only=True)
class WindowEnded(Event):
    """The window of an open phase ended; the phase is overdue and stays open."""

    phase: str
    visit: int


@attrs.frozen(kw_only=True)
class PhaseReminded(Event):
    """A rung of the ladder of a phase's window."""

    phase: str
    visit: int
    rung: Rung


@attrs.frozen(kw_only=True)
class PhaseClosed(Event):
    """A visit of a phase ended. *open_duties* counts prescribed duties that were not done."""

    phase: str
    visit: int
    via: str = ""
    open_duties: int = 0


@attrs.frozen(kw_only=True)
class GateJudged(Event):
    """A gate was asked, by a person or because its moment had come. Held is a verdict, not an error.

    *duties* names every duty, document and poll that was read, so that a later correction can find the verdict (R2).
    A census of units leaves its numbers in *readings*, and in *census* the digest of the runs and entry numbers that
    were counted (R11).
    """

    move: str
    verdict: Literal["passed", "held", "crashed"]
    readings: tuple[Reading, ...] = ()
    duties: tuple[str, ...] = ()
    census: str = ""


@attrs.frozen(kw_only=True)
class MoveMade(Event):
    """A transition was made; closing and opening are events of their own."""

    move: str
    count: int


@attrs.frozen(kw_only=True)
class VerdictDoubted(Event):
    """A fact that a verdict had read was corrected; the verdict stands until a person answers."""

    verdict: int
    fact: str
    because: int


@attrs.frozen(kw_only=True)
class QuestionAsked(Event):
    """The policy is silent, or a fact is in doubt: a role is asked."""

    question: str
    role: str
    about: str
    text: str


@attrs.frozen(kw_only=True)
class QuestionAnswered(Event):
    """The answer to a question."""

    question: str
    verdict: str
    reason: str


# --- duties -----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class DutyOpened(Event):
    """A duty is owed by *owed* subjects. *amount* is what each owes (None: nothing to count)."""

    key: str
    name: str
    owed: int
    term: Term
    amount: Fraction | None = None
    unit: str = ""
    period: Days | None = None
    makes_up: str = ""


@attrs.frozen(kw_only=True)
class DutyScheduled(Event):
    """A duty may be begun at an instant before its phase opens (R40)."""

    name: str
    opens: datetime


@attrs.frozen(kw_only=True)
class DutyMayBegin(Event):
    """The instant came from which a duty may be begun."""

    name: str


@attrs.frozen(kw_only=True)
class DutyDated(Event):
    """The event that a duty's due day hangs on has happened."""

    key: str
    term: Term


@attrs.frozen(kw_only=True)
class DutyOwedBy(Event):
    """The number of those who owe a duty changed, because somebody joined or left or a body was listed.

    *amount* is what the subject owes now, where that is not what everybody owes: 0 for nothing; of a duty without an
    amount, 1 says that it is owed.
    """

    key: str
    owed: int
    subject: str
    amount: Fraction | None = None


@attrs.frozen(kw_only=True)
class DutyReminded(Event):
    """A rung of a duty's ladder: so many still owe it."""

    key: str
    rung: Rung
    outstanding: int
    subject: str = ""


@attrs.frozen(kw_only=True)
class DutyFellDue(Event):
    """The due instant passed and so many still owed it. *born*: it was past when the duty was opened (R9)."""

    key: str
    outstanding: int
    subject: str = ""
    born: bool = False


@attrs.frozen(kw_only=True)
class DutyLocked(Event):
    """Recording ended for those who had not done it."""

    key: str
    outstanding: int
    subject: str = ""


@attrs.frozen(kw_only=True)
class OverdueRescinded(Event):
    """A late record shows that a subject was in time after all; *of* is the event that said otherwise (R2)."""

    key: str
    subject: str
    of: int


@attrs.frozen(kw_only=True)
class AmountRecorded(Event):
    """An amount towards a quota; *pair* is whom the subject was paired with, where the quota pairs two populations."""

    key: str
    subject: str
    amount: Fraction
    evidence: tuple[Evidence, ...] = ()
    pair: str = ""


@attrs.frozen(kw_only=True)
class EntryChecked(Event):
    """An entry of a checklist was ticked."""

    key: str
    subject: str
    entry: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class TaskReported(Event):
    """A task was reported done."""

    key: str
    subject: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class MeetingHeld(Event):
    """A meeting was held; *counts* are those present who were not named, by role, *subject* whose meeting it is."""

    key: str
    attendance: Mapping[str, str] = EMPTY
    counts: Mapping[str, int] = EMPTY
    evidence: tuple[Evidence, ...] = ()
    subject: str = ""


@attrs.frozen(kw_only=True)
class DutyConfirmed(Event):
    """Whoever checks has confirmed what a subject did."""

    key: str
    subject: str


@attrs.frozen(kw_only=True)
class DutyFoundPoor(Event):
    """Whoever checks found it poor; the subject owes it again."""

    key: str
    subject: str
    reason: str


@attrs.frozen(kw_only=True)
class DutyDone(Event):
    """A subject has done a duty. *in_time*: by its due day and grace, judged on when it happened.

    None where only a stretch is known, and the due instant lies within it.
    """

    key: str
    subject: str
    in_time: bool | None
    rest: int


@attrs.frozen(kw_only=True)
class DutyUndone(Event):
    """A correction took a subject below what it owes."""

    key: str
    subject: str
    rest: int


@attrs.frozen(kw_only=True)
class ActionAdded(Event):
    """A unit took on an action of its own."""

    key: str
    title: str


@attrs.frozen(kw_only=True)
class MakeUpOrdered(Event):
    """Duties were judged one by one; those missing or poor are owed again, each as a new duty."""

    judged: Mapping[str, str]
    orders: Mapping[str, str]


# --- documents --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class VersionDrafted(Event):
    """A version of a document was handed in, which passes its step; the steps in *again* must be gone through again."""

    key: str
    subject: str
    version: int
    step: str
    digest: str
    ref: str = ""
    again: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class DocumentReached(Event):
    """The document now waits at a step ("" = the route is walked).

    *skipped* are steps passed over, and why; *open* are steps that hold nothing up and may be done from now on; *due*
    gives the instants of the steps that have a time limit.
    """

    key: str
    subject: str
    step: str
    skipped: Mapping[str, str] = EMPTY
    open: tuple[str, ...] = ()
    due: Mapping[str, datetime] = EMPTY


@attrs.frozen(kw_only=True)
class PartMarked(Event):
    """A part was marked for a further step. If the route is past that step, it is back there; *void* acts are void."""

    key: str
    subject: str
    part: str
    mark: str
    version: int
    back_to: str = ""
    void: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class OpinionGiven(Event):
    """An opinion on a version. *recorded*: the writer recorded it for the group; *to_answer*: it is to be
    answered before the document goes on."""

    key: str
    subject: str
    step: str
    number: int
    version: int
    ref: str
    group: str
    recorded: bool = False
    to_answer: bool = False


@attrs.frozen(kw_only=True)
class OpinionAnswered(Event):
    """An opinion was absorbed or not, and why."""

    key: str
    subject: str
    number: int
    absorbed: bool
    reason: str


@attrs.frozen(kw_only=True)
class StepPassed(Event):
    """An act of the route was done on a version.

    *heard* counts, by group, who was consulted; *edge* says what has now happened to the document of every subject
    ("approved"), so that due days may hang on it.
    """

    key: str
    subject: str
    step: str
    version: int
    digest: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    heard: Mapping[str, int] = EMPTY
    edge: str = ""


@attrs.frozen(kw_only=True)
class DocumentReturned(Event):
    """The document was sent back; what was done at *to* and after it is void."""

    key: str
    subject: str
    step: str
    to: str
    version: int
    reason: str
    digest: str = ""
    void: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StepFellDue(Event):
    """The time for an act of the route passed without an answer; *silence* is what the policy makes of it."""

    key: str
    subject: str
    step: str
    silence: str


# --- polls ------------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class PollOpened(Event):
    """A poll was opened. *invited*: people invited, by edge and group; *round* counts from 1, more after a void one.

    *rated* lists, for each edge on which units are rated, those that belong to the programme at that moment.
    """

    key: str
    invited: Mapping[str, Mapping[str, int]]
    closes: datetime | None = None
    round: int = 1
    rated: Mapping[str, tuple[str, ...]] = EMPTY


@attrs.frozen(kw_only=True)
class ParticipationRecorded(Event):
    """Somebody took part; with an anonymous poll this is all the trail ever knows of it.

    *person* is empty where the organiser handed in the paper of somebody on no roster; *groups* are the groups that
    the participant counts for; *papers* is how many answers the paper had. *answers* (who is rated, and the choice)
    stay empty in an anonymous poll.
    """

    key: str
    edge: str
    person: str
    groups: tuple[str, ...] = ()
    papers: int = 1
    answers: Mapping[str, str] = EMPTY
    group: str = ""


@attrs.frozen(kw_only=True)
class PollRunOn(Event):
    """Too few took part; the poll stays open longer."""

    key: str
    closes: datetime | None
    times: int


@attrs.frozen(kw_only=True)
class PollFellDue(Event):
    """The poll's closing instant came; nobody can take part any more."""

    key: str


@attrs.frozen(kw_only=True)
class PollHeld(Event):
    """The poll waits for the answer to a question: *about* says what is open, *shortfalls* what was measured."""

    key: str
    question: str
    about: Literal["turnout", "quorum", "aggregate", "nothing_valid", "tie", "bound"]
    shortfalls: tuple[Reading, ...] = ()


@attrs.frozen(kw_only=True)
class PollAdmitted(Event):
    """Somebody answered that the turnout is good enough; the poll may be counted."""

    key: str


@attrs.frozen(kw_only=True)
class EdgeResult:
    """The result of one edge for one rated subject: favourable over base, both counts; *band* is the edge's own.

    *suppressed*: fewer valid answers than the smallest group, so that the band may be shown and the numbers not. Where
    a unit is rated, *go* is what its band obliges it to, and *doubt* why it is in none (a person is asked about it).
    """

    edge: str
    rated: str
    favourable: int
    base: int
    band: str = ""
    suppressed: bool = False
    go: tuple[str, ...] = ()
    doubt: str = ""


@attrs.frozen(kw_only=True)
class GroupResult:
    """The result of one group on one edge for one rated subject; without numbers where they are not to be shown."""

    edge: str
    rated: str
    group: str
    favourable: int | None = None
    base: int | None = None


@attrs.frozen(kw_only=True)
class PollCounted(Event):
    """A poll was counted. *go* are the consequences of its bands, *groups* the results by group, where wanted.

    *share* is None where there is no one result: nothing valid was cast, or each edge stands for itself. Not *final*:
    the count stands, and what follows from it waits for the answer to a question.
    """

    key: str
    tally: tuple[tuple[str, str, str, int], ...]
    results: tuple[EdgeResult, ...]
    share: Fraction | None
    band: str
    go: tuple[str, ...]
    root: str = ""
    suppressed: bool = False
    final: bool = True
    groups: tuple[GroupResult, ...] = ()


@attrs.frozen(kw_only=True)
class PollDecided(Event):
    """What follows from a count that had waited for an answer."""

    key: str
    results: tuple[EdgeResult, ...]
    share: Fraction | None
    band: str
    go: tuple[str, ...]


@attrs.frozen(kw_only=True)
class PollVoided(Event):
    """A poll ended without a valid result."""

    key: str
    why: str


# --- ledgers ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ItemOpened(Event):
    """An item was entered; its id is ``ledger/number``. *due* is its own last day, *term* what follows for its clock.

    *makes_up* is the item that was found poor and that this one makes up; *attempt* then counts on from there. *joint*
    are owners beside the first. *carried_from* (``run#ledger/number``) is the same item in a run that goes on in this
    one; it keeps when it was *opened* and *published*, and by whom it was reported as settled.
    """

    item: str
    kind: str
    fields: Mapping[str, str]
    owner: str
    term: Term
    axes: Mapping[str, str] = EMPTY
    due: date | None = None
    makes_up: str = ""
    attempt: int = 0
    joint: tuple[str, ...] = ()
    carried_from: str = ""
    opened: datetime | None = None
    published: datetime | None = None
    settled_by: str = ""


@attrs.frozen(kw_only=True)
class ItemAmended(Event):
    """An item was changed; the event holds all of it as it is now. *wakes*: it was parked, and is open again."""

    item: str
    kind: str
    fields: Mapping[str, str]
    owner: str
    term: Term
    reason: str
    axes: Mapping[str, str] = EMPTY
    due: date | None = None
    wakes: bool = False
    joint: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ItemReminded(Event):
    """A rung of an item's ladder."""

    item: str
    rung: Rung


@attrs.frozen(kw_only=True)
class ItemFellDue(Event):
    """An item's due instant passed and it was open."""

    item: str


@attrs.frozen(kw_only=True)
class ItemPublished(Event):
    """An item was published with its commitment."""

    item: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class ItemExplained(Event):
    """It was explained why an item cannot be solved now."""

    item: str
    reason: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class ItemSettled(Event):
    """An item was reported as settled and waits for verification."""

    item: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class ItemClosed(Event):
    """An item was closed: settled and found good, or found poor and made up by another item."""

    item: str
    reason: str = ""
    made_up_by: str = ""


@attrs.frozen(kw_only=True)
class ItemReopened(Event):
    """An item is open again; *attempt* counts how often it was reported as settled and found poor or reopened."""

    item: str
    attempt: int
    reason: str


# --- waivers and extensions -------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class WaiverGranted(Event):
    """A subject (or everybody) is excepted from a duty; *expires* is exclusive."""

    waiver: str
    duty: str
    subject: str
    grounds: str
    reason: str
    expires: datetime | None
    subjects: int


@attrs.frozen(kw_only=True)
class WaiverEnded(Event):
    """A waiver expired or was revoked; *subjects* counts those who owe the duty again."""

    waiver: str
    duty: str
    subject: str
    reason: str
    subjects: int


@attrs.frozen(kw_only=True)
class ExtensionRequested(Event):
    """Somebody asked for a later due day."""

    key: str
    subject: str
    type: str
    until: date
    reason: str


@attrs.frozen(kw_only=True)
class ExtensionGranted(Event):
    """A due day was moved; the first one stays on record. All instants of the term move together."""

    key: str
    subject: str
    type: str
    reason: str
    was: Term
    term: Term


@attrs.frozen(kw_only=True)
class ExtensionRefused(Event):
    """A request for a later due day was refused."""

    key: str
    subject: str
    reason: str


# --- people -----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class PersonJoined(Event):
    """A person came onto the roster, or got more: *roles* are those that are new, implied ones included.

    *given* are the roles as they were named; *personal* are commitments only (R16).
    """

    person: str
    roles: tuple[str, ...]
    given: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    personal: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class PersonLeft(Event):
    """A person lost these *roles*, implied ones included; *given* are those that were taken back by name."""

    person: str
    roles: tuple[str, ...]
    given: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RoleGiven(Event):
    """A role was given for a time; *until* is exclusive."""

    person: str
    role: str
    roles: tuple[str, ...]
    since: datetime
    until: datetime | None


@attrs.frozen(kw_only=True)
class RoleBegan(Event):
    """An appointment took effect; *roles* are those that the person did not have before."""

    person: str
    role: str
    roles: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RoleEnded(Event):
    """An appointment ended; *roles* are those that the person has no more."""

    person: str
    role: str
    roles: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AuthorityDelegated(Event):
    """From *since* to *until* (exclusive) one person may act for another; with *absence* only the substitute may."""

    delegation: str
    giver: str
    receiver: str
    roles: tuple[str, ...]
    since: datetime
    until: datetime
    reason: str
    absence: bool


@attrs.frozen(kw_only=True)
class DelegationEnded(Event):
    """A delegation expired or was taken back."""

    delegation: str


@attrs.frozen(kw_only=True)
class PersonRecused(Event):
    """A person keeps out of a subject."""

    person: str
    subject: str
    reason: str


@attrs.frozen(kw_only=True)
class BodyListed(Event):
    """A body was added to the list of its kind."""

    kind: str
    body: str


@attrs.frozen(kw_only=True)
class PersonErased(Event):
    """The personal data of a person was erased."""

    person: str
    reason: str


# --- corrections and units --------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class EventVoided(Event):
    """What event *seq* recorded no longer counts.

    *short*: what is left is less than what is owed, so that it must be reported (and checked) anew. *edge* is what has
    then not happened after all (``held``).
    """

    seq: int
    reason: str
    key: str
    subject: str
    amount: Fraction | None = None
    entry: str = ""
    short: bool = True
    edge: str = ""
    pair: str = ""


@attrs.frozen(kw_only=True)
class UnitEnrolled(Event):
    """A unit's run belongs to this programme."""

    unit: str
    run: str


@attrs.frozen(kw_only=True)
class UnitWithdrawn(Event):
    """A unit no longer belongs to this programme."""

    unit: str
    reason: str
    into: tuple[str, ...] = ()
    run: str = ""
    carry: Mapping[str, tuple[str, ...]] = EMPTY


@attrs.frozen(kw_only=True)
class WithdrawnFromProgramme(Event):
    """This unit's run no longer belongs to its programme."""

    reason: str
    into: tuple[str, ...] = ()


# --- one run goes on with another's things ----------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class HandedOver(Event):
    """The run *to* goes on with these items, waivers and persons, and with the debt of a redo (*outcome*, *carry*)."""

    to: str
    items: tuple[str, ...] = ()
    waivers: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    outcome: str = ""
    carry: str = ""


@attrs.frozen(kw_only=True)
class TookOver(Event):
    """This run goes on with what entry *seq* of the run *source* handed over; the events that follow say with what."""

    source: str
    seq: int


# --- consequences across runs -----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class UnitsObliged(Event):
    """What the programme decided obliges these units to *go* somewhere: one event for all of them (R13, R26).

    *key*, *edge* and *band* say which result of which poll leads there.
    """

    go: tuple[str, ...]
    units: tuple[str, ...]
    key: str = ""
    edge: str = ""
    band: str = ""


@attrs.frozen(kw_only=True)
class Obliged(Event):
    """This unit follows what entry *seq* of the programme's run says of it."""

    programme: str
    seq: int
    go: tuple[str, ...]
    key: str = ""
    edge: str = ""
    band: str = ""


@attrs.frozen(kw_only=True)
class ConsequenceRefused(Event):
    """A unit's run refused what entry *seq* obliges it to; *question* is where a person is asked about it."""

    seq: int
    unit: str
    reasons: tuple[str, ...]
    question: str
