"""What every command carries, and the values that several of them take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs

EMPTY: Mapping[str, Any] = MappingProxyType({})

SYSTEM = "system"
"""The actor of ticks and of consequences that nobody asked for."""


@attrs.frozen
class Evidence:
    """Evidence by reference: its kind, where it is kept (the host's business) and the SHA-256 of its content."""

    kind: str
    ref: str
    digest: str = ""


@attrs.frozen(kw_only=True)
class Person:
    """One line of a roster: an opaque id, roles of the policy, and groups that polls may ask for.

    *personal* holds commitments to personal values (name, address), by field; the values themselves are kept apart by
    the engine, so that a person can be erased without breaking the trail (R16).
    """

    id: str
    roles: tuple[str, ...]
    groups: tuple[str, ...] = ()
    personal: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class Command:
    """What every command carries.

    *id* makes it idempotent; *by* is the actor; *at* is when it happened and *now* when it is recorded, both in UTC.
    Where only a stretch is known in which it happened, *earliest* is its first instant and *at* its last (R39).
    *on_behalf_of* names the person whose authority is used, where the actor acts for somebody else; *recorded_by* the
    account that typed it in, which gives no authority.
    """

    id: str
    by: str
    at: datetime
    now: datetime
    on_behalf_of: str = ""
    recorded_by: str = ""
    earliest: datetime | None = None
