"""Events of waivers and extensions."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from phaseflow.messages.events.base import Event, Term


@attrs.frozen(kw_only=True)
class WaiverGranted(Event):
    """A subject (or everybody) is excepted from a duty; *expires* is exclusive."""

    waiver: str
    duty: str
    subject: str
    grounds: str
    reason: str
    expires: datetime | None
    subjects: int


@attrs.frozen(kw_only=True)
class WaiverEnded(Event):
    """A waiver expired or was revoked; *subjects* counts those who owe the duty again."""

    waiver: str
    duty: str
    subject: str
    reason: str
    subjects: int


@attrs.frozen(kw_only=True)
class ExtensionRequested(Event):
    """Somebody asked for a later due day."""

    key: str
    subject: str
    type: str
    until: date
    reason: str


@attrs.frozen(kw_only=True)
class ExtensionGranted(Event):
    """A due day was moved; the first one stays on record. All instants of the term move together."""

    key: str
    subject: str
    type: str
    reason: str
    was: Term
    term: Term


@attrs.frozen(kw_only=True)
class ExtensionRefused(Event):
    """A request for a later due day was refused."""

    key: str
    subject: str
    reason: str
