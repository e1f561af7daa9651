"""Who is told: persons by page, with the personal values that are kept of them at this moment.

Reads through short reading transactions of a store; knows no hook and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from phaseflow.core.notices import Notice
from phaseflow.core.state.ledgers import ItemState
from phaseflow.core.state.rows import DutyState, PartState, VisitState
from phaseflow.hooks import Recipient
from phaseflow.stores import codec
from phaseflow.stores.base import Store, Tx

CONTACT = ("name", "email", "phone", "zone")
"""The personal fields a hook may see."""

_ROWS = codec.registry_of(PartState, DutyState, VisitState, ItemState)


@attrs.frozen(kw_only=True)
class Page:
    """Recipients in the order of their ids. *last* is the id to go on behind; *more* says whether there may be any.

    *root* is what one person is one person in: the programme, or a run that has none. What several runs of it have to
    tell one person can go out together.
    """

    recipients: tuple[Recipient, ...]
    last: str
    more: bool
    root: str = ""


class Resolver(Protocol):
    """Finds the persons a notice is addressed to. Ids come in one fixed order, so that a crash resumes after a page."""

    def page(self, notice: Notice, *, after: str, limit: int) -> Page:
        """The next recipients behind the id *after*; a page may be empty and still have more behind it."""

    def again(self, notice: Notice, persons: Collection[str]) -> tuple[Recipient, ...]:
        """Those of *persons* who are still to be told."""

    def still_open(self, notice: Notice) -> bool:
        """Whether what the notice is about is not done yet; True where that does not matter."""


class Directory:
    """Recipients from the rows and personal values of a run, and of the programme above it.

    Whoever did the duty meanwhile, was released from it, or was erased is left out. A person with a date of their own
    is not of the cohort: their reminders are notices of their own.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, notice: Notice, *, after: str, limit: int) -> Page:
        """One page; of a cohort (R26), *limit* holders of the role are looked at."""
        with self._store.transaction(write=False) as tx:
            persons = _addressed(tx, notice, after, limit)
            last = persons[-1] if persons else after
            head = tx.head(notice.run)
            root = head.parent if head is not None and head.parent else notice.run
            return Page(recipients=_reachable(tx, notice, persons), last=last, more=len(persons) == limit, root=root)

    def again(self, notice: Notice, persons: Collection[str]) -> tuple[Recipient, ...]:
        """Those of *persons* who still owe, and are not erased."""
        with self._store.transaction(write=False) as tx:
            return _reachable(tx, notice, sorted(persons))

    def still_open(self, notice: Notice) -> bool:
        """Whether the duty, item or visit behind it is open."""
        with self._store.transaction(write=False) as tx:
            return _open(tx, notice)


def _addressed(tx: Tx, notice: Notice, after: str, limit: int) -> list[str]:
    if not notice.owing:
        return [person for person in sorted(set(notice.persons)) if person > after][:limit]
    prefix = f"holder/{notice.roles[0]}/"
    return [key.removeprefix(prefix) for key, _ in tx.scan(notice.run, prefix, after=prefix + after, limit=limit)]


def _reachable(tx: Tx, notice: Notice, persons: Sequence[str]) -> tuple[Recipient, ...]:
    if not _open(tx, notice):
        return ()
    if notice.owing:
        persons = _still_owing(tx, notice, persons)
    head = tx.head(notice.run)
    runs = [notice.run, head.parent] if head is not None and head.parent else [notice.run]
    erased = {key for run in runs for key in tx.rows(run, [f"erased/{person}" for person in persons])}
    left = [person for person in persons if f"erased/{person}" not in erased]
    refs = [f"person/{person}/{field}" for person in left for field in CONTACT]
    values: dict[str, str] = {}
    for run in reversed(runs):  # What the run itself says goes before what its programme says.
        values |= {ref: kept.value for ref, kept in tx.personal(run, refs).items()}
    return tuple(Recipient(id=person, values=_contact(values, person)) for person in left)


def _contact(values: dict[str, str], person: str) -> dict[str, str]:
    found = {field: values.get(f"person/{person}/{field}", "") for field in CONTACT}
    return {field: value for field, value in found.items() if value}


def _still_owing(tx: Tx, notice: Notice, persons: Sequence[str]) -> list[str]:
    keys = {person: f"part/{notice.owing}/{person}" for person in persons}
    parts = {key: codec.decode(text, _ROWS) for key, text in tx.rows(notice.run, list(keys.values())).items()}
    return [person for person, key in keys.items() if _in_cohort(parts.get(key))]


def _in_cohort(part: PartState | None) -> bool:
    return part is None or (_owes(part) and part.term is None)


def _owes(part: PartState) -> bool:
    return not (part.done or part.waived or part.owes == 0)


def _open(tx: Tx, notice: Notice) -> bool:
    """Whether the row that a notice stands or falls with is open; one that is not there yet is."""
    text = tx.rows(notice.run, (notice.while_open,)).get(notice.while_open) if notice.while_open else None
    if text is None:
        return True
    match codec.decode(text, _ROWS):
        case PartState() as part:
            return _owes(part)
        case DutyState() as duty:
            return duty.outstanding > 0 and not duty.exempt
        case VisitState(closed=closed) | ItemState(closed=closed):
            return closed is None
        case _:
            return True
