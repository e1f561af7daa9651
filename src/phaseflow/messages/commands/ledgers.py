"""Commands about ledgers and their items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import attrs

from phaseflow.messages.commands.base import EMPTY, Command, Evidence


@attrs.frozen(kw_only=True)
class OpenItem(Command):
    """Open an item of a ledger. *due* is its own last day; where its class has a clock too, the earlier one counts.

    *joint* are further owners: each is reminded, and any of them may report it.
    """

    ledger: str
    kind: str
    fields: Mapping[str, str]
    owner: str
    due: date | None = None
    axes: Mapping[str, str] = EMPTY
    joint: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class AmendItem(Command):
    """Change fields, owner, class, axes or due day of an open item; what stood before stays in the trail.

    What is left out stays as it is.
    """

    item: str
    reason: str
    kind: str = ""
    fields: Mapping[str, str] = EMPTY
    owner: str = ""
    due: date | None = None
    axes: Mapping[str, str] = EMPTY
    joint: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class SettleItem(Command):
    """Report an item as settled."""

    item: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class VerifyItem(Command):
    """Verify a settled item, or find the result poor."""

    item: str
    good: bool
    reason: str = ""


@attrs.frozen(kw_only=True)
class ExplainItem(Command):
    """Explain to those concerned why an item cannot be solved now."""

    item: str
    reason: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class PublishItem(Command):
    """Publish an item with its commitment."""

    item: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class ReopenItem(Command):
    """Open a closed item again."""

    item: str
    reason: str
