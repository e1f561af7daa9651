"""Checking a run against itself: chain, fold, personal data, ballot boxes (laws 2, 10 and 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phaseflow.core.state import fold
from phaseflow.engine import texts
from phaseflow.engine.ballots import count_box
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.stores import codec
from phaseflow.stores.base import Tx

if TYPE_CHECKING:
    from phaseflow.engine.engine import Engine


def verify(engine: Engine, run: str) -> tuple[str, ...]:
    """What is wrong with a run, in words; empty where all is well."""
    with engine.reading(run) as (tx, head, plan, _rows, _around):
        stored = tx.entries(run)
        faults = [str(fault) for fault in codec.verify_chain(stored, run, head)]
        if faults:
            return tuple(faults)
        trail = [texts.read_entry(entry.body) for entry in stored]
        plans = engine.plans.finder(tx)
        began = next((plans(entry.event.plan) for entry in trail if isinstance(entry.event, e.RunStarted)), plan)
        folded = fold(began, trail, plans).rows
        kept = dict(tx.scan(run, ""))
        for key in sorted(folded.keys() | kept.keys()):
            faults += _row(key, kept.get(key), folded.get(key))
        faults += _personal(tx, run, trail)
        faults += _boxes(tx, run, trail)
        return tuple(faults)


def _row(key: str, text: str | None, folded: Any) -> list[str]:
    if text is not None and folded is not None and text == texts.write_row(folded):
        return []
    try:
        same = text is not None and texts.read_row(text) == folded
    except codec.CodecError:
        return [f"the row '{key}' is of another version: `phaseflow refold` makes it anew from the trail"]
    return [] if same else [f"the row '{key}' is not what the trail says"]


def _personal(tx: Tx, run: str, trail: list[Entry]) -> list[str]:
    erased = {entry.event.person: entry.seq for entry in trail if isinstance(entry.event, e.PersonErased)}
    faults = []
    for entry in trail:
        if not isinstance(entry.event, e.PersonJoined) or not entry.event.personal:
            continue
        refs = {
            f"person/{entry.event.person}/{field}": commitment for field, commitment in entry.event.personal.items()
        }
        found = tx.personal(run, list(refs))
        for ref, commitment in refs.items():
            value = found.get(ref)
            if value is None and entry.event.person not in erased:
                faults.append(f"the personal value '{ref}' of entry {entry.seq} is gone, and no entry erased it")
            elif (
                value is not None
                and codec.commit(value.salt, value.value) != commitment
                and not _later(trail, entry, ref)
            ):
                faults.append(f"the personal value '{ref}' is not the one that entry {entry.seq} committed to")
    return faults


def _later(trail: list[Entry], entry: Entry, ref: str) -> bool:
    """Whether a later entry gave the same person a new value."""
    person, field = ref.split("/")[1:3]
    return any(
        isinstance(other.event, e.PersonJoined) and other.event.person == person and field in other.event.personal
        for other in trail[entry.seq :]
    )


def _boxes(tx: Tx, run: str, trail: list[Entry]) -> list[str]:
    faults = []
    rounds: dict[str, str] = {}  # the box of each poll's present round; see core.state.polls.box_of
    for entry in trail:
        if isinstance(entry.event, e.PollOpened):
            number = entry.event.round
            rounds[entry.event.key] = entry.event.key if number == 1 else f"{entry.event.key}#{number}"
        if isinstance(entry.event, e.PollCounted) and entry.event.root:
            found = count_box(tx.ballots(f"{run}:{rounds[entry.event.key]}"))
            if found.root != entry.event.root or found.tally != entry.event.tally:
                faults.append(f"the box of '{entry.event.key}' does not hold what entry {entry.seq} counted")
    return faults
