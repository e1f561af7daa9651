"""Events of people: joining, leaving, roles, delegations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from phaseflow.messages.commands.base import EMPTY
from phaseflow.messages.events.base import Event


@attrs.frozen(kw_only=True)
class PersonJoined(Event):
    """A person came onto the roster, or got more: *roles* are those that are new, implied ones included.

    *given* are the roles as they were named; *personal* are commitments only (R16).
    """

    person: str
    roles: tuple[str, ...]
    given: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    personal: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class PersonLeft(Event):
    """A person lost these *roles*, implied ones included; *given* are those that were taken back by name."""

    person: str
    roles: tuple[str, ...]
    given: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RoleGiven(Event):
    """A role was given for a time; *until* is exclusive."""

    person: str
    role: str
    roles: tuple[str, ...]
    since: datetime
    until: datetime | None


@attrs.frozen(kw_only=True)
class RoleBegan(Event):
    """An appointment took effect; *roles* are those that the person did not have before."""

    person: str
    role: str
    roles: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RoleEnded(Event):
    """An appointment ended; *roles* are those that the person has no more."""

    person: str
    role: str
    roles: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AuthorityDelegated(Event):
    """From *since* to *until* (exclusive) one person may act for another; with *absence* only the substitute may."""

    delegation: str
    giver: str
    receiver: str
    roles: tuple[str, ...]
    since: datetime
    until: datetime
    reason: str
    absence: bool


@attrs.frozen(kw_only=True)
class DelegationEnded(Event):
    """A delegation expired or was taken back."""

    delegation: str


@attrs.frozen(kw_only=True)
class PersonRecused(Event):
    """A person keeps out of a subject."""

    person: str
    subject: str
    reason: str


@attrs.frozen(kw_only=True)
class BodyListed(Event):
    """A body was added to the list of its kind."""

    kind: str
    body: str


@attrs.frozen(kw_only=True)
class PersonErased(Event):
    """The personal data of a person was erased."""

    person: str
    reason: str
