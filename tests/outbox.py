"""A store with one programme, one unit and notices, for the tests of the relay and the notifiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from phaseflow.core.notices import Notice
from phaseflow.core.state.rows import PartState
from phaseflow.stores import codec
from phaseflow.stores.base import Delivery, PersonalValue, Store, StoredNotice
from phaseflow.testing.store_laws import batch_on

NOON = datetime(2009, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUN = "safety/north"
PROGRAMME = "safety"
DUTY = "study/1/notes"


def a_notice(kind: Any = "due_soon", **fields: Any) -> Notice:
    """A reminder of the notes, unless told otherwise."""
    known: dict[str, Any] = {
        "run": RUN, "unit": "north", "campaign": "safety", "at": NOON, "subject": "notes", "title": "Reading notes",
        "roles": ("member",), "data": {"due": "2009-03-13", "outstanding": "2"}, "clause": ("3.2",),
    }  # fmt: skip
    return Notice(kind=kind, **(known | fields))


def post(
    store: Store, notice: Notice | None = None, /, *, at: datetime = NOON, told_at: datetime | None = None, **more: Any
) -> str:
    """Put a notice of what happened at *at* into the outbox, to be told from then or from *told_at* on; say its id."""
    notice = notice or a_notice(at=at, **more)
    at = told_at or at
    with store.transaction() as tx:
        head = tx.head(notice.run)
        seq = 1 if head is None else head.seq + 1
        stored = StoredNotice(
            id=f"{notice.run}:{seq}:0", run=notice.run, seq=seq, body=codec.encode(notice), available_at=at,
            useless_after=notice.useless_after, coalesce=notice.coalesce or None,
        )  # fmt: skip
        place = {} if head is None and notice.run == PROGRAMME else {"parent": PROGRAMME, "unit": "north"}
        tx.commit(batch_on(tx, notice.run, notices=(stored,), **(place if head is None else {})))
    return stored.id


def enrol(store: Store, persons: Iterable[str], *, run: str = RUN, domain: str = "example.org") -> None:
    """Make these persons members, with a name and a mail address."""
    values, rows = [], {}
    for person in persons:
        rows[f"holder/member/{person}"] = "1"
        kept = {"name": person.upper(), "email": f"{person}@{domain}"}
        values += [
            PersonalValue(ref=f"person/{person}/{field}", owner=person, salt="s", value=value)
            for field, value in kept.items()
        ]
    change(store, run, put=rows, personal=tuple(values))


def part(store: Store, person: str, **fields: Any) -> None:
    """Say how far a person is with the notes."""
    change(store, RUN, put={f"part/{DUTY}/{person}": codec.encode(PartState(**fields))})


def change(store: Store, run: str, **parts: Any) -> None:
    """Commit an entry with these parts."""
    with store.transaction() as tx:
        new = tx.head(run) is None
        place: Mapping[str, str] = {"parent": PROGRAMME, "unit": "north"} if new and run != PROGRAMME else {}
        tx.commit(batch_on(tx, run, **place, **parts))


def receipts(store: Store, **where: Any) -> list[Delivery]:
    """The deliveries of a store."""
    with store.transaction(write=False) as tx:
        return tx.deliveries(**where)


def states(store: Store, **where: Any) -> list[str]:
    """How the deliveries of a store stand."""
    return [delivery.status for delivery in receipts(store, **where)]
