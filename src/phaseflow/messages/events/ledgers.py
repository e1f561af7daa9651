"""Events of ledgers and their items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import attrs

from phaseflow.messages.commands.base import EMPTY, Evidence
from phaseflow.messages.events.base import Event, Rung, Term


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
