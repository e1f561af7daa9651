"""Carrying out in other runs what one run decided about them, in the same transaction (R13)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from phaseflow.core.decide.consequences import Sending, refusal_of, sendings
from phaseflow.engine.answers import Kept, Refused
from phaseflow.engine.roster import PERSONAL
from phaseflow.engine.rows import StoreRows
from phaseflow.messages.commands import Command, TakeOver
from phaseflow.messages.events import Entry, HandedOver, UnitsObliged, UnitWithdrawn
from phaseflow.stores import codec
from phaseflow.stores.base import PersonalValue, Tx

if TYPE_CHECKING:
    from phaseflow.engine.desk import Desk

SENT = (UnitsObliged, UnitWithdrawn, HandedOver)
"""Events that ask something of other runs."""


def follow(desk: Desk, tx: Tx, run: str, entries: Iterable[Entry]) -> None:
    """Send what the *entries* of a run ask of other runs; note there who refused, and why.

    What a refusing run had settled stays, as with any command. A retry of the command behind the entries does not come
    here again: it is given the recorded answer.
    """
    for entry in entries:
        if isinstance(entry.event, SENT):
            for sending in sendings(run, StoreRows(tx, run), entry):
                reasons = _carry_out(desk, tx, sending)
                if reasons:
                    desk.execute(tx, run, refusal_of(sending, entry, reasons), None, ())


def _carry_out(desk: Desk, tx: Tx, sending: Sending) -> tuple[str, ...]:
    """Why a run refused; empty where it followed.

    Raises:
        Refused: A run that must follow did not; the whole act is undone.
    """
    if not sending.run:
        return (f"the unit '{sending.unit}' belongs to the programme no more",)
    command: Command = sending.command
    personal: tuple[PersonalValue, ...] = ()
    if isinstance(command, TakeOver) and command.persons:
        command, personal = _with_personal(tx, command)
    try:
        desk.execute(tx, sending.run, command, None, personal)
    except Kept as kept:
        refused = kept.refused
    except Refused as found:
        refused = found
    else:
        return ()
    if sending.must:
        raise refused
    return tuple(problem.what for problem in refused.problems)


def _with_personal(tx: Tx, command: TakeOver) -> tuple[TakeOver, tuple[PersonalValue, ...]]:
    """Personal values go along with the persons, under the same salts, so that the commitments are the same."""
    values: list[PersonalValue] = []
    persons = []
    for person in command.persons:
        found = tx.personal(command.source, [f"person/{person.id}/{field}" for field in PERSONAL]).values()
        values += found
        commitments = {value.ref.rsplit("/", 1)[1]: codec.commit(value.salt, value.value) for value in found}
        persons.append(attrs.evolve(person, personal=commitments))
    return attrs.evolve(command, persons=tuple(persons)), tuple(values)
