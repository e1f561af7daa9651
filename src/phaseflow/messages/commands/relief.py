"""Commands about waivers and extensions."""

from __future__ import annotations

from datetime import date

import attrs

from phaseflow.messages.commands.base import Command


@attrs.frozen(kw_only=True)
class GrantWaiver(Command):
    """Except a subject (or all, where it is left out) from a duty."""

    duty: str
    grounds: str
    reason: str
    subject: str = ""
    until: date | None = None


@attrs.frozen(kw_only=True)
class RevokeWaiver(Command):
    """Take a waiver back."""

    waiver: str
    reason: str


@attrs.frozen(kw_only=True)
class RequestExtension(Command):
    """Ask for a later due day."""

    duty: str
    type: str
    until: date
    reason: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class GrantExtension(Command):
    """Move a due day, on request or without one."""

    duty: str
    type: str
    until: date
    reason: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class RefuseExtension(Command):
    """Refuse a request for a later due day."""

    duty: str
    reason: str
    subject: str = ""
