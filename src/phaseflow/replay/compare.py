"""What comes out otherwise: the effects of two replays of one history, held against each other run by run.

An effect is what binds somebody: a verdict of a gate, a day by which something is due, that something was late, and a
consequence (a move, a band, an end, a make-up, an escalation). Each has a name that is the same under both policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import attrs

from phaseflow.core.calendars import Calendar
from phaseflow.core.plan import Plan
from phaseflow.messages import events as e
from phaseflow.messages.commands import Command
from phaseflow.messages.discretion import shown
from phaseflow.messages.events import Entry, Reading, Term
from phaseflow.replay.history import History
from phaseflow.replay.play import Dropped, Replayed, replay

Kind = Literal["verdict", "due", "late", "consequence", "deed"]
"""What differs; a ``deed`` is something that people did and that is possible under one of the policies only."""

ORDER: tuple[Kind, ...] = ("verdict", "due", "late", "consequence", "deed")


@attrs.frozen(kw_only=True)
class Difference:
    """One effect that differs: *old* is what it is under the first policy, *new* under the second; empty if nothing."""

    kind: Kind
    subject: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.old or 'nothing'} -> {self.new or 'nothing'}"


@attrs.frozen(kw_only=True)
class Change:
    """One run: what differs in it, and what keeps the comparison from being complete.

    *uncounted* are polls whose votes nobody knows yet, so that what they will lead to is left out. *from_entry* is the
    number of the first entry that the first policy itself decides otherwise than the run's own trail has it, though the
    run began under it; 0 where there is none.
    """

    run: str
    differences: tuple[Difference, ...]
    uncounted: tuple[str, ...] = ()
    from_entry: int = 0


@attrs.frozen(kw_only=True)
class Comparison:
    """Two policies on one history. *runs* are all runs, those in which nothing differs too."""

    campaign: str
    deeds: int
    runs: tuple[Change, ...]

    @property
    def changed(self) -> tuple[Change, ...]:
        """The runs in which something differs."""
        return tuple(run for run in self.runs if run.differences)


def compare(history: History, old: Plan, new: Plan) -> Comparison:
    """Replay a history under two plans and say, run by run, what comes out otherwise."""
    before, after = replay(history, old), replay(history, new)
    return Comparison(
        campaign=history.campaign,
        deeds=len(history.deeds),
        runs=tuple(
            Change(
                run=run,
                differences=tuple(_differences(before, after, run)),
                uncounted=record.uncounted,
                from_entry=_departs(record.trail, before.trails[run]) if record.plan.digest == old.digest else 0,
            )
            for run, record in sorted(history.runs.items())
        ),
    )


def _departs(kept: Sequence[Entry], found: Sequence[Entry]) -> int:
    """The number of the first kept entry that a replay under the same plan does not come to; 0 where it comes to all.

    A run that was amended goes on under another plan, so that it is compared up to there.
    """
    for index, entry in enumerate(kept):
        if isinstance(entry.event, (e.PlanAmended, e.AmendmentAdopted)):
            return 0
        if index >= len(found) or found[index] != entry:
            return entry.seq
    return 0


def _differences(before: Replayed, after: Replayed, run: str) -> Iterator[Difference]:
    one, two = (_effects(side, run) for side in (before, after))
    for key in sorted(one.keys() | two.keys(), key=lambda key: (ORDER.index(key[0]), key[1])):
        if one.get(key) != two.get(key):
            yield Difference(kind=key[0], subject=key[1], old=one.get(key, ""), new=two.get(key, ""))


Effects = dict[tuple[Kind, str], str]


def _effects(side: Replayed, run: str) -> Effects:
    found: Effects = {}
    teller = _Teller(side.plan.calendar, found)
    for entry in side.trails[run]:
        tell = TELL.get(type(entry.event))
        if tell is not None:
            tell(teller, entry)
    for dropped in side.dropped[run]:
        found["deed", _deed(side.plan.calendar, dropped)] = f"not possible: {dropped.problems[0].what}"
    return found


def _deed(calendar: Calendar, dropped: Dropped) -> str:
    """A deed in a few words: its day, who, what, about what."""
    command: Any = dropped.deed.command
    about = next((str(value) for name in ABOUT if (value := getattr(command, name, ""))), "")
    words = (str(calendar.day_of(command.at)), command.by, _words(command), about)
    return f"{' '.join(filter(None, words))} (entry {dropped.deed.seq})"


ABOUT = (
    "move", "duty", "document", "poll", "item", "ledger", "question", "phase", "unit", "person", "to", "waiver", "seq",
)  # fmt: skip
"""Fields of commands that say what a command is about, the most telling first."""


def _words(command: Command) -> str:
    """The class of a command in words: `hold meeting`."""
    name = type(command).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


# --- effects ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Teller:
    """Notes effects; days are those of the run's zone."""

    calendar: Calendar
    found: Effects

    def day(self, instant: datetime) -> date:
        return self.calendar.day_of(instant)

    def put(self, kind: Kind, subject: str, text: str) -> None:
        self.found[kind, subject] = text

    def add(self, kind: Kind, subject: str, text: str) -> None:
        """One more of the same kind about the same thing."""
        had = self.found.get((kind, subject))
        self.found[kind, subject] = f"{had}, then {text}" if had else text


def _judged(teller: _Teller, entry: Entry) -> None:
    event: Any = entry.event
    why = "; ".join(_unmet(event.readings)) if event.verdict == "held" else ""
    teller.add("verdict", event.move, f"{event.verdict} on {teller.day(entry.at)}" + (f" ({why})" if why else ""))


def _unmet(readings: Iterable[Reading]) -> Iterator[str]:
    """What held a gate; numbers where they say more than that it is not so."""
    for one in readings:
        if one.met is False or (one.met is None and one.required):
            yield one.fact if one.required in ("true", "== 0") else f"{one.fact}: {one.measured}, wanted {one.required}"


def _term(subject: str, term: Term) -> Iterator[tuple[str, str]]:
    if term.day is not None:
        yield subject, str(term.day) + (" (provisional)" if term.provisional else "")


def _due(key: str) -> Callable[[_Teller, Entry], None]:
    def tell(teller: _Teller, entry: Entry) -> None:
        event: Any = entry.event
        subject = getattr(event, "subject", "")
        name = f"{getattr(event, key)} of {subject}" if subject else str(getattr(event, key))
        for about, text in _term(name, event.term):
            teller.put("due", about, text)

    return tell


def _opened(teller: _Teller, entry: Entry) -> None:
    event: Any = entry.event
    window = event.window
    about = "about " if window.about else ""
    teller.put("due", f"{event.phase}/{event.visit}", f"{about}{window.first or '...'} .. {window.last or '...'}")


def _opened_duty(teller: _Teller, entry: Entry) -> None:
    event: Any = entry.event
    _due("key")(teller, entry)
    amount = f"owed by {event.owed}"
    if event.amount is not None:
        amount += f", {event.amount} {event.unit} each"
    makes_up = f", making up {event.makes_up}" if event.makes_up else ""
    teller.put("consequence", f"{event.key} is owed", amount + makes_up)


def _done(teller: _Teller, entry: Entry) -> None:
    event: Any = entry.event
    said = {True: "done in time", False: "done late", None: "done, nobody knows whether in time"}[event.in_time]
    teller.put("late", _owed(event), said)


def _owed(event: Any) -> str:
    """What is owed, and by whom alone: a duty, an item, or a visit of a phase."""
    name = getattr(event, "key", "") or getattr(event, "item", "") or f"{event.phase}/{event.visit}"
    subject = getattr(event, "subject", "")
    return f"{name} of {subject}" if subject else name


def _fell_due(teller: _Teller, entry: Entry) -> None:
    event: Any = entry.event
    count = f", {event.outstanding} had not done it" if hasattr(event, "outstanding") else ""
    teller.put("late", f"{_owed(event)} at its end", f"overdue from {teller.day(entry.at)}{count}")


def _rung(teller: _Teller, entry: Entry) -> None:
    event: Any = entry.event
    if event.rung.kind == "escalate":
        teller.put("consequence", f"{_owed(event)} escalated to {event.rung.role}", f"on {teller.day(event.rung.at)}")


def _counted(teller: _Teller, entry: Entry) -> None:
    kept: Any = entry.event
    event: Any = shown(kept)
    share = "no one result"
    if kept.share is not None:  # over few answers only the band is shown (R15)
        share = "not shown, over so few answers" if event.share is None else f"{float(event.share):.2%}"
    went = f", to {', '.join(event.go)}" if event.go else ""
    teller.put("consequence", f"{event.key} counted", f"{share}, band {event.band or 'none'}{went}")


def _said(subject: str, text: str) -> Callable[[_Teller, Entry], None]:
    """A consequence named and told in words, in which ``:FIELD`` stands for a field of the event."""

    def tell(teller: _Teller, entry: Entry) -> None:
        fields = {field.name: _plain(getattr(entry.event, field.name)) for field in attrs.fields(type(entry.event))}
        about, words = _filled(subject, fields), _filled(text, fields)
        teller.add("consequence", about, f"{words} on {teller.day(entry.at)}")

    return tell


def _filled(words: str, fields: Mapping[str, str]) -> str:
    found = (fields[word[1:]] if word.startswith(":") else word for word in words.split())
    return " ".join(filter(None, found))


def _plain(value: object) -> str:
    match value:
        case tuple():
            return ", ".join(map(str, value))
        case Mapping():
            return ", ".join(f"{key} {inner}" for key, inner in value.items())
        case _:
            return str(value)


TELL: Mapping[type[e.Event], Callable[[_Teller, Entry], None]] = {
    e.GateJudged: _judged,
    e.PhaseOpened: _opened,
    e.DutyOpened: _opened_duty,
    e.DutyDated: _due("key"),
    e.ExtensionGranted: _due("key"),
    e.ItemOpened: _due("item"),
    e.ItemAmended: _due("item"),
    e.DutyDone: _done,
    e.DutyFellDue: _fell_due,
    e.WindowEnded: _fell_due,
    e.ItemFellDue: _fell_due,
    e.DutyReminded: _rung,
    e.PhaseReminded: _rung,
    e.ItemReminded: _rung,
    e.PollCounted: _counted,
    e.PollDecided: _counted,
    e.PollVoided: _said(":key", "void: :why"),
    e.PollHeld: _said(":key", "waits: :about"),
    e.MoveMade: _said("move :move", "made"),
    e.PhaseClosed: _said(":phase", "closed"),
    e.DutyLocked: _said(":key", "locked"),
    e.StepFellDue: _said(":key at :step", "nobody answered: :silence"),
    e.DocumentReturned: _said(":key at :step", "back to :to"),
    e.MakeUpOrdered: _said("make-up", ":judged"),
    e.UnitsObliged: _said(":units", "must go :go"),
    e.Obliged: _said("from :programme", "must go :go"),
    e.ConsequenceRefused: _said(":unit", "refuses: :reasons"),
    e.QuestionAsked: _said(":role", "is asked about :about"),
    e.RunConcluded: _said("end", ":outcome"),
    e.RedoOwed: _said("redo", "owed after :outcome"),
}
"""How each event that binds somebody is told; those that only prepare or repeat are not."""
