"""Carrying out in other runs what one run decided about them, in the same transaction (R13)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from phaseflow.core.decide.consequences import Sending, refusal_of, sendings
from phaseflow.engine.answers import Kept, Refused
from phaseflow.engine.rows import StoreRows
from phaseflow.messages.events import Entry, UnitsObliged, UnitWithdrawn
from phaseflow.stores.base import Tx

if TYPE_CHECKING:
    from phaseflow.engine.desk import Desk

SENT = (UnitsObliged, UnitWithdrawn)
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
    """Why a run refused; empty where it followed."""
    if not sending.run:
        return (f"the unit '{sending.unit}' belongs to the programme no more",)
    try:
        desk.execute(tx, sending.run, sending.command, None, ())
    except Kept as kept:
        refused = kept.refused
    except Refused as found:
        refused = found
    else:
        return ()
    return tuple(problem.what for problem in refused.problems)
