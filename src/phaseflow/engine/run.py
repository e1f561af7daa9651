"""A handle of one run: commands as methods, and the questions people ask of it. It holds no state of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import attrs

from phaseflow import prose
from phaseflow.core.decide import Decision
from phaseflow.core.decide.objections import Objection
from phaseflow.core.deeds import Outlook
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.core.reasons import Reason
from phaseflow.engine import views
from phaseflow.engine.acts import ACTS
from phaseflow.engine.answers import Answer, Owed, Status
from phaseflow.engine.inputs import EvidenceLike, amount_of, evidence_of, maybe_day, stretch
from phaseflow.engine.receipts import Receipt, receipts
from phaseflow.engine.roster import read_roster
from phaseflow.engine.words import Words
from phaseflow.errors import PhaseflowError
from phaseflow.messages import commands as c
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Entry
from phaseflow.stores.base import PersonalValue

if TYPE_CHECKING:
    from phaseflow.engine.engine import Engine


@attrs.frozen
class Run:
    """A handle of a run. Every method that acts takes *by* (the actor), and may take *at*, *on_behalf_of* and *id*.

    *at* is when it happened: an instant, or a text in the run's zone; now by default. Where no more is known it may be
    ``2009-07-01 .. 2009-08-31``, or ``unknown``. *id* makes the command idempotent. Each returns an `Answer`, or raises
    `Refused` with every reason. With *rehearsing*, every act is only tried: it answers, or is refused, as it would be,
    and nothing is kept.
    """

    engine: Engine = attrs.field(repr=False)
    id: str
    rehearsing: bool = attrs.field(default=False, kw_only=True)

    def rehearsal(self) -> Run:
        """The same run, on which acts are only tried: ``run.rehearsal().request("study.close", by="wang")``."""
        return attrs.evolve(self, rehearsing=True)

    def _do(
        self,
        kind: type[c.Command],
        /,
        *,
        by: str,
        at: str | datetime | None = None,
        on_behalf_of: str = "",
        id: str = "",
        **fields: Any,
    ) -> Answer:
        command = self.command(kind, by=by, at=at, on_behalf_of=on_behalf_of, id=id, **fields)
        return self._carry_out(command)

    def _carry_out(self, command: c.Command, personal: tuple[PersonalValue, ...] = ()) -> Answer:
        carry_out = self.engine.rehearse if self.rehearsing else self.engine.execute
        return carry_out(self.id, command, personal)

    def command(
        self,
        kind: type[c.Command],
        /,
        *,
        by: str,
        at: str | datetime | None = None,
        on_behalf_of: str = "",
        id: str = "",
        **fields: Any,
    ) -> c.Command:
        """Build a command for this run, for `preview` and `execute`."""
        now = self.engine.clock()
        latest, earliest = self._stretch(at, now)
        return kind(
            id=id or self.engine.ids(),
            by=by,
            at=latest,
            earliest=earliest,
            now=now,
            on_behalf_of=on_behalf_of,
            recorded_by=self.engine.recorder,
            **fields,
        )

    def _stretch(self, at: object, now: datetime) -> tuple[datetime, datetime | None]:
        if at is None:
            return now, None
        with self.engine.reading(self.id) as (_tx, _head, plan, rows, _around):
            return stretch(at, plan.calendar, now, rows.get("head").start)

    # --- moves --------------------------------------------------------------------------------------------------------

    def request(self, move: str, *, by: str, **more: Any) -> Answer:
        """Ask for a move: ``study.close``, a transition or an outcome. A held gate is an answer, not an error."""
        return self._do(c.Ask, by=by, move=move, **more)

    def amend(self, plan: Plan, *, by: str = c.SYSTEM, **more: Any) -> Answer:
        """Go on under another plan, as its `amends` says; the answer lists every date that moves.

        Raises:
            Refused: the plan binds no run under way, or lacks something that has state in this run.
        """
        if self.rehearsing:
            self.engine.plans.hold(plan)
        else:
            self.engine.keep(plan)
        return self._do(c.Amend, by=by, plan=plan.digest, **more)

    def renew_calendar(self, *, by: str = c.SYSTEM, **more: Any) -> Answer:
        """Settle dates that were provisional, on the calendar as this machine knows it now (R18).

        Raises:
            Refused: the calendar is the same.
        """
        with self.engine.reading(self.id) as (_tx, _head, plan, _rows, _around):
            renewed = compile_policy(plan.policy, plan.texts)
        return self.amend(renewed, by=by, **more)

    def suspend(self, *, by: str, reason: str, **more: Any) -> Answer:
        """Halt the run."""
        return self._do(c.Suspend, by=by, reason=reason, **more)

    def resume(self, *, by: str, **more: Any) -> Answer:
        """Go on after a halt."""
        return self._do(c.Resume, by=by, **more)

    def cancel(self, *, by: str, reason: str, **more: Any) -> Answer:
        """End the run without an outcome."""
        return self._do(c.Cancel, by=by, reason=reason, **more)

    def reopen(
        self, phase: str, *, by: str, reason: str, spawned: Literal["stands", "withdrawn"], **more: Any
    ) -> Answer:
        """Take back the conclusion and go on in *phase*; say whether what the conclusion spawned stands."""
        return self._do(c.Reopen, by=by, phase=phase, spawned=spawned, reason=reason, **more)

    def archive(self, *, by: str = c.SYSTEM, **more: Any) -> Answer:
        """Put an ended run away."""
        return self._do(c.Archive, by=by, **more)

    def withdraw(
        self, unit: str = "", *, by: str = c.SYSTEM, reason: str, into: Iterable[str] = (), **more: Any
    ) -> Answer:
        """Take a unit out of this programme; *into* names the runs that go on with it."""
        return self._do(c.WithdrawUnit, by=by, unit=unit, reason=reason, into=tuple(into), **more)

    def merge(
        self,
        units: Iterable[str],
        *,
        into: str,
        carry: Iterable[str],
        reason: str,
        by: str = c.SYSTEM,
        **more: Any,
    ) -> Answer:
        """Let units of this programme go on in the unit *into*, whose run has been started.

        *carry* says what goes along: ``open_items``, ``debts``, ``waivers``, ``holders``, or nothing.
        """
        return self._do(c.MergeUnits, by=by, units=tuple(units), into=into, carry=tuple(carry), reason=reason, **more)

    def split(
        self,
        unit: str,
        *,
        into: Mapping[str, Iterable[str]],
        reason: str,
        by: str = c.SYSTEM,
        **more: Any,
    ) -> Answer:
        """Let a unit of this programme go on in several others, whose runs have been started.

        *into* says for each what it takes along, as for `merge`; an item may be named by its id.
        """
        parts = {name: tuple(words) for name, words in into.items()}
        return self._do(c.SplitUnit, by=by, unit=unit, into=parts, reason=reason, **more)

    # --- duties -------------------------------------------------------------------------------------------------------

    def record(
        self,
        duty: str,
        *,
        by: str,
        amount: str | tuple[Any, str],
        subject: str = "",
        pair: str = "",
        evidence: Iterable[EvidenceLike] = (),
        **more: Any,
    ) -> Answer:
        """Record an amount towards a quota: ``"12000 characters"``; *pair* is the partner, where it pairs two."""
        count, unit = amount_of(amount)
        proof = evidence_of(evidence)
        return self._do(
            c.Record, by=by, duty=duty, amount=count, unit=unit, subject=subject, pair=pair, evidence=proof, **more
        )

    def complete(
        self, duty: str, *, by: str, subject: str = "", evidence: Iterable[EvidenceLike] = (), **more: Any
    ) -> Answer:
        """Say that a task, a bulletin or an own action is done; a meeting is held without an attendance list."""
        with self.engine.reading(self.id) as (_tx, head, plan, _rows, _around):
            rule = plan.levels[head.level].duties.get(duty)
        if rule is not None and rule.kind == "meeting":
            return self.hold(duty, by=by, evidence=evidence, **more)
        return self._do(c.Complete, by=by, duty=duty, subject=subject, evidence=evidence_of(evidence), **more)

    def check(
        self, duty: str, entry: str, *, by: str, subject: str = "", evidence: Iterable[EvidenceLike] = (), **more: Any
    ) -> Answer:
        """Tick one entry of a checklist."""
        return self._do(
            c.CheckOff, by=by, duty=duty, entry=entry, subject=subject, evidence=evidence_of(evidence), **more
        )

    def hold(
        self,
        meeting: str,
        *,
        by: str,
        attendance: Mapping[str, str] = EMPTY,
        counts: Mapping[str, int] = EMPTY,
        evidence: Iterable[EvidenceLike] = (),
        subject: str = "",
        **more: Any,
    ) -> Answer:
        """Say that a meeting was held; *attendance* maps person ids to ``present``, ``excused`` or ``absent``.

        *counts* are those present who are not named, by role; *subject* is whose meeting it is, where each has one.
        """
        who, proof = dict(attendance), evidence_of(evidence)
        return self._do(
            c.HoldMeeting,
            by=by,
            duty=meeting,
            attendance=who,
            counts=dict(counts),
            evidence=proof,
            subject=subject,
            **more,
        )

    def confirm(
        self, duty: str, subject: str = "", *, by: str, good: bool = True, reason: str = "", **more: Any
    ) -> Answer:
        """Confirm what a subject did, or find it poor."""
        return self._do(c.Confirm, by=by, duty=duty, subject=subject, good=good, reason=reason, **more)

    def add_action(self, phase: str, name: str, *, by: str, title: str, **more: Any) -> Answer:
        """Add an action of one's own to an open phase."""
        return self._do(c.AddAction, by=by, phase=phase, name=name, title=title, **more)

    def make_up(self, judged: Mapping[str, str], *, by: str, **more: Any) -> Answer:
        """Judge duties as ``present``, ``missing`` or ``poor``; the latter two are owed again."""
        return self._do(c.OrderMakeUp, by=by, judged=dict(judged), **more)

    # --- documents ----------------------------------------------------------------------------------------------------

    def draft(
        self,
        document: str,
        *,
        by: str,
        digest: str,
        ref: str = "",
        subject: str = "",
        answers: Mapping[str, str] = EMPTY,
        **more: Any,
    ) -> Answer:
        """Hand in a version; *digest* is the SHA-256 of its content."""
        return self._do(
            c.Draft, by=by, document=document, digest=digest, ref=ref, subject=subject, answers=dict(answers), **more
        )

    def mark(self, document: str, part: str, mark: str, *, by: str, subject: str = "", **more: Any) -> Answer:
        """Mark a part for a further step."""
        return self._do(c.MarkPart, by=by, document=document, part=part, mark=mark, subject=subject, **more)

    def opine(self, document: str, *, by: str, ref: str, group: str = "", subject: str = "", **more: Any) -> Answer:
        """Give an opinion."""
        return self._do(c.Opine, by=by, document=document, ref=ref, group=group, subject=subject, **more)

    def answer_opinion(
        self, document: str, opinion: int, *, by: str, absorbed: bool, reason: str, subject: str = "", **more: Any
    ) -> Answer:
        """Answer an opinion."""
        return self._do(
            c.AnswerOpinion,
            by=by,
            document=document,
            opinion=opinion,
            absorbed=absorbed,
            reason=reason,
            subject=subject,
            **more,
        )

    def end_consultation(self, document: str, *, by: str, subject: str = "", **more: Any) -> Answer:
        """End a consulting or reviewing step."""
        return self._do(c.EndConsultation, by=by, document=document, subject=subject, **more)

    def judge(
        self, document: str, *, by: str, accept: bool, reason: str = "", subject: str = "", **more: Any
    ) -> Answer:
        """Accept the version at hand, or send it back."""
        return self._do(c.Judge, by=by, document=document, accept=accept, reason=reason, subject=subject, **more)

    def hand(
        self,
        document: str,
        step: str,
        *,
        by: str,
        subject: str = "",
        evidence: Iterable[EvidenceLike] = (),
        **more: Any,
    ) -> Answer:
        """Publish, circulate, submit or file."""
        return self._do(
            c.Hand, by=by, document=document, step=step, subject=subject, evidence=evidence_of(evidence), **more
        )

    # --- polls --------------------------------------------------------------------------------------------------------

    def open_poll(self, poll: str, *, by: str, invited: Mapping[str, Mapping[str, int]] = EMPTY, **more: Any) -> Answer:
        """Open a poll; *invited* counts people by edge and group."""
        return self._do(
            c.OpenPoll, by=by, poll=poll, invited={edge: dict(groups) for edge, groups in invited.items()}, **more
        )

    def cast(
        self,
        poll: str,
        edge: str,
        choice: str = "",
        *,
        by: str,
        group: str = "",
        rated: str = "",
        answers: Mapping[str, str] = EMPTY,
        **more: Any,
    ) -> Answer:
        """Take part in a poll; *answers* holds the whole paper where several are rated."""
        return self._do(
            c.Cast, by=by, poll=poll, edge=edge, choice=choice, group=group, rated=rated, answers=dict(answers), **more
        )

    def close_poll(self, poll: str, *, by: str, **more: Any) -> Answer:
        """Close a poll and count it."""
        return self._do(c.ClosePoll, by=by, poll=poll, **more)

    # --- ledgers ------------------------------------------------------------------------------------------------------

    def open_item(
        self,
        ledger: str,
        *,
        by: str,
        kind: str = "",
        fields: Mapping[str, str],
        owner: str,
        joint: Iterable[str] = (),
        due: str | date | None = None,
        axes: Mapping[str, str] = EMPTY,
        **more: Any,
    ) -> Answer:
        """Open an item; its id is in the answer's `ItemOpened` event. *kind* is its class, where the ledger has any.

        *joint* are owners beside the first: each is reminded, and any of them may report it.
        """
        return self._do(
            c.OpenItem,
            by=by,
            ledger=ledger,
            kind=kind,
            fields=dict(fields),
            owner=owner,
            joint=tuple(joint),
            due=maybe_day(due),
            axes=dict(axes),
            **more,
        )

    def amend_item(
        self,
        item: str,
        *,
        by: str,
        reason: str,
        kind: str = "",
        fields: Mapping[str, str] = EMPTY,
        owner: str = "",
        joint: Iterable[str] | None = None,
        due: str | date | None = None,
        **more: Any,
    ) -> Answer:
        """Change an open item; what is left out stays as it is."""
        return self._do(
            c.AmendItem,
            by=by,
            item=item,
            reason=reason,
            kind=kind,
            fields=dict(fields),
            owner=owner,
            joint=None if joint is None else tuple(joint),
            due=maybe_day(due),
            **more,
        )

    def settle_item(self, item: str, *, by: str, evidence: Iterable[EvidenceLike] = (), **more: Any) -> Answer:
        """Report an item as settled."""
        return self._do(c.SettleItem, by=by, item=item, evidence=evidence_of(evidence), **more)

    def verify_item(self, item: str, *, by: str, good: bool, reason: str = "", **more: Any) -> Answer:
        """Verify a settled item."""
        return self._do(c.VerifyItem, by=by, item=item, good=good, reason=reason, **more)

    def explain_item(
        self, item: str, *, by: str, reason: str, evidence: Iterable[EvidenceLike] = (), **more: Any
    ) -> Answer:
        """Explain why an item cannot be solved now."""
        return self._do(c.ExplainItem, by=by, item=item, reason=reason, evidence=evidence_of(evidence), **more)

    def publish_item(self, item: str, *, by: str, evidence: Iterable[EvidenceLike] = (), **more: Any) -> Answer:
        """Publish an item with its commitment."""
        return self._do(c.PublishItem, by=by, item=item, evidence=evidence_of(evidence), **more)

    def reopen_item(self, item: str, *, by: str, reason: str, **more: Any) -> Answer:
        """Open a closed item again."""
        return self._do(c.ReopenItem, by=by, item=item, reason=reason, **more)

    # --- waivers and extensions ---------------------------------------------------------------------------------------

    def waive(
        self,
        duty: str,
        *,
        by: str,
        grounds: str,
        reason: str,
        subject: str = "",
        until: str | date | None = None,
        **more: Any,
    ) -> Answer:
        """Except a subject from a duty."""
        return self._do(
            c.GrantWaiver,
            by=by,
            duty=duty,
            grounds=grounds,
            reason=reason,
            subject=subject,
            until=maybe_day(until),
            **more,
        )

    def revoke_waiver(self, waiver: str, *, by: str, reason: str, **more: Any) -> Answer:
        """Take a waiver back."""
        return self._do(c.RevokeWaiver, by=by, waiver=waiver, reason=reason, **more)

    def request_extension(
        self, duty: str, *, by: str, type: str, until: str | date, reason: str, subject: str = "", **more: Any
    ) -> Answer:
        """Ask for a later due day."""
        return self._do(
            c.RequestExtension,
            by=by,
            duty=duty,
            type=type,
            until=maybe_day(until),
            reason=reason,
            subject=subject,
            **more,
        )

    def extend(
        self, duty: str, *, by: str, type: str, until: str | date, reason: str, subject: str = "", **more: Any
    ) -> Answer:
        """Move a due day."""
        return self._do(
            c.GrantExtension,
            by=by,
            duty=duty,
            type=type,
            until=maybe_day(until),
            reason=reason,
            subject=subject,
            **more,
        )

    def refuse_extension(self, duty: str, *, by: str, reason: str, subject: str = "", **more: Any) -> Answer:
        """Refuse a request for a later due day."""
        return self._do(c.RefuseExtension, by=by, duty=duty, reason=reason, subject=subject, **more)

    # --- people -------------------------------------------------------------------------------------------------------

    def join(self, person: Mapping[str, Any] | c.Person, *, by: str = c.SYSTEM, **more: Any) -> Answer:
        """Add a person to the roster."""
        persons, personal = read_roster([person], self.engine._salt)
        command = self.command(c.Join, by=by, person=persons[0], **more)
        return self._carry_out(command, tuple(personal))

    def leave(self, person: str, *, by: str = c.SYSTEM, roles: Iterable[str] = (), **more: Any) -> Answer:
        """Take a person, or some of the person's roles, off the roster."""
        return self._do(c.Leave, by=by, person=person, roles=tuple(roles), **more)

    def appoint(
        self,
        person: str,
        role: str,
        *,
        by: str = c.SYSTEM,
        since: str | date,
        until: str | date | None = None,
        **more: Any,
    ) -> Answer:
        """Give a role for a time."""
        return self._do(
            c.Appoint, by=by, person=person, role=role, since=maybe_day(since), until=maybe_day(until), **more
        )

    def delegate(
        self,
        to: str,
        roles: Iterable[str],
        *,
        by: str,
        since: str | date,
        until: str | date,
        reason: str,
        absence: bool = False,
        **more: Any,
    ) -> Answer:
        """Let somebody act in one's place; with *absence*, only the substitute acts."""
        return self._do(
            c.Delegate,
            by=by,
            to=to,
            roles=tuple(roles),
            since=maybe_day(since),
            until=maybe_day(until),
            reason=reason,
            absence=absence,
            **more,
        )

    def end_delegation(self, delegation: str, *, by: str, **more: Any) -> Answer:
        """Take a delegation back."""
        return self._do(c.EndDelegation, by=by, delegation=delegation, **more)

    def recuse(self, subject: str, *, by: str, reason: str, **more: Any) -> Answer:
        """Keep out of a duty, document, poll or item."""
        return self._do(c.Recuse, by=by, subject=subject, reason=reason, **more)

    def list_body(self, kind: str, body: str, *, by: str = c.SYSTEM, **more: Any) -> Answer:
        """Add a body to the list of its kind."""
        return self._do(c.ListBody, by=by, kind=kind, body=body, **more)

    def erase(self, person: str, *, by: str = c.SYSTEM, reason: str, **more: Any) -> Answer:
        """Erase a person's personal data."""
        return self._do(c.ErasePerson, by=by, person=person, reason=reason, **more)

    # --- answers and corrections --------------------------------------------------------------------------------------

    def answer(self, question: str, verdict: str, *, by: str, reason: str, **more: Any) -> Answer:
        """Answer a question that the run put to a role."""
        return self._do(c.Answer, by=by, question=question, verdict=verdict, reason=reason, **more)

    def void(self, seq: int, *, by: str, reason: str, **more: Any) -> Answer:
        """Take back what entry *seq* of the trail recorded."""
        return self._do(c.Void, by=by, seq=seq, reason=reason, **more)

    def correct(
        self,
        seq: int,
        *,
        by: str,
        reason: str,
        amount: str | None = None,
        happened: str | datetime | None = None,
        **more: Any,
    ) -> Answer:
        """Record anew what entry *seq* recorded wrongly."""
        count = amount_of(amount)[0] if amount is not None else None
        moment = self._stretch(happened, self.engine.clock())[0] if happened is not None else None
        return self._do(c.Correct, by=by, seq=seq, reason=reason, amount=count, happened=moment, **more)

    # --- questions ----------------------------------------------------------------------------------------------------

    def preview(self, command: c.Command) -> Decision:
        """What a command would do now; nothing is written."""
        return self.engine.preview(self.id, command)

    def why(self, move: str) -> tuple[Reason, ...]:
        """Why a move would be held now: every unmet requirement; nothing where it would pass."""
        return views.why(self.engine, self.id, move)

    def why_not(self, act: str, /, *arguments: Any, by: str, **more: Any) -> tuple[Objection, ...]:
        """Why somebody cannot do something now: every objection, not only the first; nothing where nothing stands
        against it.

        *act* is a move (``why_not("study.close", by="wang")``), or the name of a method that acts, with what it takes:
        ``why_not("complete", "kickoff", by="wang")``.

        Raises:
            ValueError: there is no such act.
        """
        if not arguments and act in self._moves():
            return views.objections(self.engine, self.id, self.command(c.Ask, by=by, move=act, **more))
        if act not in DEEDS:
            if not arguments:  # a move that is misspelt is refused as one
                return views.objections(self.engine, self.id, self.command(c.Ask, by=by, move=act, **more))
            raise ValueError(f"'{act}' is no act of a run; known are {', '.join(sorted(DEEDS))}")
        asking = _Asking(self.engine, self.id)
        getattr(asking, act)(*arguments, by=by, **more)
        return asking.found

    def _moves(self) -> Iterable[str]:
        with self.engine.reading(self.id) as (_tx, head, plan, _rows, _around):
            return plan.levels[head.level].moves

    def what_would_it_take(self, move: str) -> Outlook:
        """The smallest set of further deeds for a move: who does what, from when, by when; or what bars it for good."""
        return views.what_would_it_take(self.engine, self.id, move)

    def in_words(self, lang: str = "en") -> Words:
        """The same questions, answered in words: ``run.in_words("zh").why("study.close")``.

        Raises:
            PolicyError: there are no texts in this language (PF734).
        """
        prose.catalogue(lang)
        return Words(self, lang)

    def owing(self, duty: str, *, after: str = "", limit: int = 100) -> tuple[str, ...]:
        """Who still owes a duty, in order: at most *limit* of them behind *after*, the cursor of a reason."""
        return views.owing(self.engine, self.id, duty, after, limit)

    def todo(self, person: str) -> tuple[Owed, ...]:
        """What a person owes now, the most urgent first."""
        return views.todo(self.engine, self.id, person)

    def allowed(self, person: str) -> tuple[Owed, ...]:
        """Acts that are possible for a person now, for a host's buttons."""
        return views.allowed(self.engine, self.id, person)

    def status(self) -> Status:
        """The run at a glance."""
        return views.status(self.engine, self.id)

    def history(self, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The trail, from entry *after* + 1 on; a result over too few answers is told without its numbers (R15)."""
        return self.engine.entries(self.id, after=after, limit=limit)

    def receipts(self, *, hook: str | None = None, subject: str | None = None) -> list[Receipt]:
        """Who was told what by which hook, and how it ended; of one *hook* or about one *subject* where given."""
        with self.engine.store.transaction(write=False) as tx:
            self.engine.desk.head(tx, self.id)
            return list(receipts(tx, self.id, hook=hook, subject=subject))

    def verify(self) -> tuple[str, ...]:
        """What is wrong with the hash chain, the fold, the personal data and the boxes; nothing where all is well."""
        from phaseflow.engine.verify import verify

        return verify(self.engine, self.id)

    def refold(self) -> int:
        """Put the rows as the trail says, after an upgrade that keeps them in another shape; how many were changed.

        Raises:
            Refused: The chain is broken (PF486).
            CodecError: The trail holds what this version does not know.
        """
        from phaseflow.engine.refold import refold

        return refold(self.engine, self.id)


@attrs.define
class _Asked:
    """Where the answer of a question is put."""

    found: tuple[Objection, ...] = ()


@attrs.frozen
class _Asking(Run):
    """A run on which acts are only asked about: what stands against them is in *found*."""

    asked: _Asked = attrs.field(factory=_Asked)

    def _carry_out(self, command: c.Command, personal: tuple[PersonalValue, ...] = ()) -> Answer:
        self.asked.found = views.objections(self.engine, self.id, command)
        return Answer(run=self.id)

    @property
    def found(self) -> tuple[Objection, ...]:
        return self.asked.found


DEEDS = frozenset(act.method for act in ACTS.values())
"""The methods of a run that act, as `why_not` knows them."""

__all__ = ["PhaseflowError", "Run"]
