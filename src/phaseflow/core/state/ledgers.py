"""How events about ledgers change the rows: one row an item, timers of its clock, counters kept by difference.

Rows: ``item/<ledger>/<number, six digits>``; counters ``items/<ledger>/<open | explained | closed | all>``, each also
with ``/<class>`` behind it. An item that waits for verification is open; a parked one that was explained is not (R25).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal

import attrs

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.duties import arm, disarm
from phaseflow.core.state.rows import Draft, Rows, head_of
from phaseflow.messages import events as e
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Entry, Term

Status = Literal["open", "settled", "explained", "closed", "carried"]


@attrs.frozen(kw_only=True)
class ItemState:
    """One item of a ledger. *due* is its own last day, *term* what follows for its clock.

    *attempt* counts how often it was opened again; *settled_by* is who reported it as settled the last time;
    *makes_up* and *made_up_by* link an item found poor with the one that makes it up; *carried_from* and *carried_to*
    link an item with itself in the run that went before, or goes on.
    """

    kind: str
    fields: Mapping[str, str]
    owner: str
    term: Term
    opened: datetime
    axes: Mapping[str, str] = EMPTY
    due: date | None = None
    status: Status = "open"
    attempt: int = 0
    closed: datetime | None = None
    published: datetime | None = None
    settled_by: str = ""
    makes_up: str = ""
    made_up_by: str = ""
    fell_due: int = 0
    timers: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()
    carried_from: str = ""
    carried_to: str = ""

    @property
    def owners(self) -> tuple[str, ...]:
        """Everybody who answers for it, the first owner first."""
        return (self.owner, *self.joint)

    @property
    def counts_as(self) -> str:
        """The counter it is in, beside ``all``."""
        return "open" if self.status == "settled" else self.status


def number_of(text: str) -> int | None:
    """The number that a text writes, of an item or an opinion; None where there can be none of that number."""
    return int(text) if text.isdecimal() and len(text) <= 9 else None


def item_key(item: str) -> str:
    """The key of an item's row; *item* is its id, ``problems/3``. An id that is none leads to no row."""
    ledger, _, text = item.rpartition("/")
    number = number_of(text)
    return f"item/{item}" if number is None else f"item/{ledger}/{number:06d}"


def item_of(rows: Rows, item: str) -> ItemState | None:
    """The row of an item, by its id."""
    state: ItemState | None = rows.get(item_key(item))
    return state


def item_id(key: str) -> str:
    """The id of the item that has a row under *key*."""
    _, ledger, number = key.split("/")
    return f"{ledger}/{int(number)}"


def _there(rows: Rows, item: str) -> ItemState:
    state: ItemState = rows.get(item_key(item))
    return state


def _put(rows: Draft, item: str, after: ItemState) -> None:
    """Write an item and keep the counters up by difference."""
    before, ledger = item_of(rows, item), item.rpartition("/")[0]
    left = _counters(ledger, before) if before is not None else set()
    entered = _counters(ledger, after)
    for path in sorted(left ^ entered):
        rows.put(path, (rows.get(path) or 0) + (1 if path in entered else -1))
    rows.put(item_key(item), after)


def _counters(ledger: str, state: ItemState) -> set[str]:
    names = (f"items/{ledger}/{state.counts_as}", f"items/{ledger}/all")
    return {*names, *(f"{name}/{state.kind}" for name in names)}


def _stop(rows: Draft, state: ItemState) -> ItemState:
    disarm(rows, state.timers)
    return attrs.evolve(state, timers=())


def item_opened(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemOpened) -> None:
    timers = () if event.settled_by else arm(rows, event.term, event.item, kind="item")
    _put(rows, event.item, ItemState(
        kind=event.kind, fields=event.fields, owner=event.owner, term=event.term, opened=event.opened or entry.at,
        axes=event.axes, due=event.due, makes_up=event.makes_up, attempt=event.attempt, timers=timers,
        joint=event.joint, carried_from=event.carried_from, published=event.published, settled_by=event.settled_by,
        status="settled" if event.settled_by else "open",
    ))  # fmt: skip


def item_amended(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemAmended) -> None:
    before = _there(rows, event.item)
    after = attrs.evolve(
        before, kind=event.kind, fields=event.fields, owner=event.owner, term=event.term, axes=event.axes,
        due=event.due, status="open" if event.wakes else before.status, joint=event.joint,
    )  # fmt: skip
    if event.term != before.term or event.wakes:
        after = attrs.evolve(_stop(rows, after), fell_due=0)
        if after.status == "open":  # a clock that did not change rings only for what is still ahead
            past = entry.recorded_at if event.term == before.term else None
            after = attrs.evolve(after, timers=arm(rows, event.term, event.item, kind="item", after=past))
    _put(rows, event.item, after)


def item_reminded(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.ItemReminded) -> None:
    """Its timer is gone; there is nothing else to keep."""


def item_fell_due(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemFellDue) -> None:
    _put(rows, event.item, attrs.evolve(_there(rows, event.item), fell_due=entry.seq))


def item_published(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemPublished) -> None:
    _put(rows, event.item, attrs.evolve(_there(rows, event.item), published=entry.at))


def item_explained(_plan: Plan, rows: Draft, _entry: Entry, event: e.ItemExplained) -> None:
    _put(rows, event.item, attrs.evolve(_stop(rows, _there(rows, event.item)), status="explained"))


def item_settled(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemSettled) -> None:
    by = entry.on_behalf_of or entry.actor
    _put(rows, event.item, attrs.evolve(_stop(rows, _there(rows, event.item)), status="settled", settled_by=by))


def item_closed(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemClosed) -> None:
    state = _stop(rows, _there(rows, event.item))
    _put(rows, event.item, attrs.evolve(state, status="closed", closed=entry.at, made_up_by=event.made_up_by))


def carry_item(rows: Draft, item: str, to: str) -> None:
    """The item lives on in another run; here its clock stops."""
    _put(rows, item, attrs.evolve(_stop(rows, _there(rows, item)), status="carried", carried_to=to))


def item_reopened(_plan: Plan, rows: Draft, entry: Entry, event: e.ItemReopened) -> None:
    state = _stop(rows, _there(rows, event.item))
    timers = arm(rows, state.term, event.item, kind="item", after=entry.recorded_at)
    _put(rows, event.item, attrs.evolve(
        state, status="open", attempt=event.attempt, closed=None, fell_due=0, timers=timers
    ))  # fmt: skip


# --- the end of a run -------------------------------------------------------------------------------------------------


def hush(plan: Plan, rows: Draft) -> None:
    """The run has ended: items of a ledger that does not outlive it stay on record, and their clocks stop."""
    _each_mortal(plan, rows, lambda item, state: _put(rows, item, _stop(rows, state)))


def wake(plan: Plan, rows: Draft, after: datetime) -> None:
    """The run goes on after all: so do the clocks of its open items."""

    def again(item: str, state: ItemState) -> None:
        if state.status == "open":
            stopped = _stop(rows, state)
            _put(rows, item, attrs.evolve(stopped, timers=arm(rows, state.term, item, kind="item", after=after)))

    _each_mortal(plan, rows, again)


def _each_mortal(plan: Plan, rows: Draft, act: Callable[[str, ItemState], None]) -> None:
    for name, ledger in plan.levels[head_of(rows).level].ledgers.items():
        if ledger.spec.survives is False:
            for key, state in list(rows.scan(f"item/{name}/")):
                act(item_id(key), state)


def move_item(rows: Draft, key: str, term: Term) -> None:
    """A halted clock goes on: what was still ahead is ahead by the length of the halt."""
    state: ItemState = rows.get(key)
    left = {(timer.kind, timer.index) for name in state.timers if (timer := rows.get(name)) is not None}
    stopped = _stop(rows, state)
    rows.put(key, attrs.evolve(stopped, term=term, timers=arm(rows, term, item_id(key), kind="item", only=left)))


APPLIERS: Mapping[type[e.Event], Callable[[Plan, Draft, Entry, Any], None]] = {
    e.ItemOpened: item_opened,
    e.ItemAmended: item_amended,
    e.ItemReminded: item_reminded,
    e.ItemFellDue: item_fell_due,
    e.ItemPublished: item_published,
    e.ItemExplained: item_explained,
    e.ItemSettled: item_settled,
    e.ItemClosed: item_closed,
    e.ItemReopened: item_reopened,
}
