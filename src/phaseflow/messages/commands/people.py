"""Commands about people."""

from __future__ import annotations

from datetime import date

import attrs

from phaseflow.messages.commands.base import Command, Person


@attrs.frozen(kw_only=True)
class Join(Command):
    """Add a person to the roster, or give a person further roles."""

    person: Person


@attrs.frozen(kw_only=True)
class Leave(Command):
    """Take a person off the roster, or only some of the person's roles."""

    person: str
    roles: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Appoint(Command):
    """Give a role for a time; *until* is the last day."""

    person: str
    role: str
    since: date
    until: date | None = None


@attrs.frozen(kw_only=True)
class Delegate(Command):
    """Let somebody act in one's place; *absence* says that the giver is away and only the substitute acts."""

    to: str
    roles: tuple[str, ...]
    since: date
    until: date
    reason: str
    absence: bool = False


@attrs.frozen(kw_only=True)
class EndDelegation(Command):
    """Take a delegation back before its last day."""

    delegation: str


@attrs.frozen(kw_only=True)
class Recuse(Command):
    """Keep out of one duty, document, poll or item for a reason."""

    subject: str
    reason: str


@attrs.frozen(kw_only=True)
class ListBody(Command):
    """Add a body to the run's list of a kind."""

    kind: str
    body: str


@attrs.frozen(kw_only=True)
class ErasePerson(Command):
    """Erase a person's personal data; the trail keeps only commitments."""

    person: str
    reason: str
