"""One run goes on with another's things: units are merged and split in mid-run, a redo takes over its open items.

What goes along is said each time: ``open_items``, one item by its id, ``debts`` (the redo that is owed), ``waivers``,
``holders`` (who has which role). The run that hands over records one event; the engine then tells the run that goes on,
and the whole act is refused where that one cannot take what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phaseflow.core.decide import ledgers, roster
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.ledgers import ItemState, item_id, item_of
from phaseflow.core.state.people import person_of
from phaseflow.core.state.rows import DutyState, PersonState, Rows, Waiver
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e

WORDS = ("open_items", "debts", "waivers", "holders")
"""What can go along, beside single items."""


# --- in the programme -------------------------------------------------------------------------------------------------


def merge(step: Step, command: c.MergeUnits) -> None:
    """Let units go on in another unit of the programme; each counts once from now on."""
    roster.check_keeper(step, "merge units")
    runs = _runs(step, (*command.units, command.into))
    _check_places(command.units, (command.into,))
    _check_words({command.into: command.carry})
    into = runs[command.into]
    for unit in dict.fromkeys(command.units):
        step.emit(e.UnitWithdrawn(
            unit=unit, run=runs[unit], reason=command.reason, into=(into,), carry={into: command.carry}
        ))  # fmt: skip


def split(step: Step, command: c.SplitUnit) -> None:
    """Let a unit go on in several others."""
    roster.check_keeper(step, "split a unit")
    runs = _runs(step, (command.unit, *command.into))
    _check_places((command.unit,), tuple(command.into))
    _check_words(command.into)
    step.emit(e.UnitWithdrawn(
        unit=command.unit, run=runs[command.unit], reason=command.reason,
        into=tuple(runs[name] for name in command.into),
        carry={runs[name]: words for name, words in command.into.items()},
    ))  # fmt: skip


def _runs(step: Step, units: tuple[str, ...]) -> dict[str, str]:
    """The runs of units that belong to the programme; each unknown one is named."""
    known = {key.removeprefix("unit/"): run for key, run in step.rows.scan("unit/")}
    refuse_all("unknown", [
        Problem(code="PF371", what=f"no unit '{unit}' is enrolled", why="units of the programme are merged and split",
                fix=did_you_mean(unit, known) or "start its run first")
        for unit in units if unit not in known
    ])  # fmt: skip
    return known


def _check_places(units: tuple[str, ...], into: tuple[str, ...]) -> None:
    again = sorted(set(units) & set(into))
    if again or not units or not into:
        what = f"'{again[0]}' cannot go on in itself" if again else "nothing goes on in nothing"
        refuse(
            "malformed",
            "PF540",
            what,
            why="what goes on has a run of its own, from which it is known what it took over",
            fix="start a run for the new unit, then name it",
        )


def _check_words(carry: Mapping[str, tuple[str, ...]]) -> None:
    """Each thing goes to one run; what is no word is an item, which its own run knows."""
    problems = [
        Problem(code="PF541", what=f"'{word}' cannot be carried over", why="only some things go along with a unit",
                fix=did_you_mean(word, WORDS) or f"name an item, as LEDGER/NUMBER, or {', '.join(WORDS)}")
        for words in carry.values() for word in words if word not in WORDS and "/" not in word
    ]  # fmt: skip
    every = [word for words in carry.values() for word in dict.fromkeys(words) if word != "holders"]
    problems += [
        Problem(code="PF544", what=f"'{word}' is given to several units", why="one thing lives on in one run",
                fix="give it to one of them; items may be named one by one")
        for word in dict.fromkeys(every) if every.count(word) > 1
    ]  # fmt: skip
    refuse_all("malformed", problems)


# --- in the run that hands over ---------------------------------------------------------------------------------------


def hand_over(step: Step, carry: Mapping[str, tuple[str, ...]]) -> None:
    """Record what goes on in which run; that of each is told by `taking`."""
    still = {item_id(key): state for key, state in step.rows.scan("item/") if state.counts_as == "open"}
    named = {word for words in carry.values() for word in words if "/" in word}
    refuse_all("unknown", [
        Problem(code="PF542", what=f"'{item}' of '{step.head.run}' is not open", why="only an open item lives on",
                fix=did_you_mean(item, still) or "leave it out")
        for item in sorted(named - set(still))
    ])  # fmt: skip
    head = step.head
    for to, words in carry.items():
        rest = tuple(item for item in still if item not in named) if "open_items" in words else ()
        owed = "debts" in words and head.owes_redo and not head.redeemed_by
        step.emit(e.HandedOver(
            to=to, items=(*rest, *(word for word in words if "/" in word)),
            waivers=tuple(key.removeprefix("waiver/") for key, _ in step.rows.scan("waiver/"))
            if "waivers" in words else (),
            persons=tuple(key.removeprefix("person/") for key, row in step.rows.scan("person/") if row.given)
            if "holders" in words else (),
            outcome=head.owes_outcome if owed else "", carry=head.owes_carry if owed else "",
        ))  # fmt: skip


def taking(source: str, seq: int, rows: Rows, event: e.HandedOver) -> dict[str, Any]:
    """The fields of the command by which the other run takes over, read from the rows of the one that handed over."""
    return {
        "source": source, "seq": seq, "outcome": event.outcome, "carry": event.carry,
        "items": tuple(_item(rows, item) for item in event.items),
        "waivers": tuple(_waiver(rows, name) for name in event.waivers),
        "persons": tuple(_person(rows, person) for person in event.persons),
    }  # fmt: skip


def _item(rows: Rows, item: str) -> c.CarriedItem:
    state = item_of(rows, item)
    assert isinstance(state, ItemState)  # an entry of this run names it
    return c.CarriedItem(
        item=item, kind=state.kind, fields=state.fields, owner=state.owner, joint=state.joint, opened=state.opened,
        axes=state.axes, due=state.due, attempt=state.attempt, published=state.published, settled_by=state.settled_by,
    )  # fmt: skip


def _waiver(rows: Rows, name: str) -> c.CarriedWaiver:
    found: Waiver = rows.get(f"waiver/{name}")
    duty: DutyState = rows.get(f"duty/{found.duty}")
    return c.CarriedWaiver(
        duty=duty.name, subject=found.subject, grounds=found.grounds, expires=found.expires
    )  # fmt: skip


def _person(rows: Rows, person: str) -> c.Person:
    state: PersonState = rows.get(f"person/{person}")
    return c.Person(id=person, roles=tuple(dict.fromkeys(state.given)), groups=state.groups)


# --- in the run that goes on ------------------------------------------------------------------------------------------


def take_over(step: Step, command: c.TakeOver) -> None:
    """Go on with what another run hands over, all of it or nothing."""
    if command.by != c.SYSTEM:
        refuse(
            "not_entitled",
            "PF546",
            f"'{command.by}' cannot take over what '{command.source}' has",
            why="a run takes over what another one records that it hands over",
            fix="merge or split the units, or start the redo with `redeems`",
        )
    if step.head.status != "running":
        refuse(
            "illegal",
            "PF547",
            f"the run '{step.head.run}' is {step.head.status}",
            why="only a running run goes on with something",
            fix="resume or reopen it first",
        )
    step.emit(e.TookOver(source=command.source, seq=command.seq))
    for person in command.persons:
        new = tuple(role for role in person.roles if role not in person_of(step.rows, person.id).given)
        if new or step.get(f"person/{person.id}") is None:
            roster.enter(step, c.Person(id=person.id, roles=new, groups=person.groups, personal=person.personal))
    ledgers.take_over(step, command.source, command.items)
    _grant(step, command)
    if command.outcome:
        step.emit(e.RedoOwed(outcome=command.outcome, carry=command.carry))


def _grant(step: Step, command: c.TakeOver) -> None:
    refuse_all("unmet", list(_homeless(step, command)))
    for waiver in command.waivers:
        key = step.get(f"latest/{waiver.duty}")
        state = duty_of(step.rows, key)
        step.emit(e.WaiverGranted(
            waiver=f"w{step.seq + 1}", duty=key, subject=waiver.subject, grounds=waiver.grounds,
            reason=f"carried over from {command.source}", expires=waiver.expires,
            subjects=1 if waiver.subject else state.outstanding,
        ))  # fmt: skip


def _homeless(step: Step, command: c.TakeOver) -> Iterator[Problem]:
    """Waivers of something that is not owed here."""
    for waiver in command.waivers:
        rule, key = step.level.duties.get(waiver.duty), step.get(f"latest/{waiver.duty}")
        owed = rule is not None and key is not None and duty_of(step.rows, key).outstanding > 0
        if owed and waiver.subject and rule is not None:
            kind = "holder" if rule.subjects == "role" else "body"
            part = part_of(step.rows, key, waiver.subject)
            owed = step.get(f"{kind}/{rule.each}/{waiver.subject}") is not None and not (part.done or part.waived)
        if not owed:
            whom = f" by '{waiver.subject}'" if waiver.subject else ""
            yield Problem(
                code="PF545", what=f"'{waiver.duty}' is not owed{whom} in '{step.head.run}', so it cannot be waived",
                why="a waiver goes along where the same duty is owed",
                fix="carry no `waivers`; grant them where needed",
            )  # fmt: skip


HANDLERS: Mapping[type[c.Command], Callable[[Step, Any], None]] = {
    c.MergeUnits: merge,
    c.SplitUnit: split,
    c.TakeOver: take_over,
}
"""Commands of this room."""
