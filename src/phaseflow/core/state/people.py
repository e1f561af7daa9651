"""How events about people change the rows: who has which role, in person or for somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.renewing import renew
from phaseflow.core.state.rows import Delegation, Draft, PersonState, Rows, Timer, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

STRANGER = PersonState()
"""Somebody who is on no roster."""


def person_of(rows: Rows, person: str) -> PersonState:
    """The row of a person; an empty one for somebody unknown."""
    state: PersonState | None = rows.get(f"person/{person}")
    return state or STRANGER


def roles_above(plan: Plan, above: PersonState, unit: str) -> frozenset[str]:
    """The roles that somebody of the programme's roster has in a unit: one held for other units is none here (R38)."""
    if not plan.held_for:
        return frozenset(above.roles)
    held = (role.partition("@") for role in above.roles)
    here = {role for role, _sign, whom in held if whom == unit}
    return frozenset(role for role in above.roles if "@" not in role and (role in here or role not in plan.held_for))


def prefix_above(plan: Plan, role: str, unit: str) -> str:
    """The prefix of the rows of those on the programme's roster who have a role in a unit."""
    return f"holder/{role}@{unit}/" if role in plan.held_for else f"holder/{role}/"


def _set_roles(rows: Draft, person: str, roles: Iterable[str], **more: Any) -> None:
    before = person_of(rows, person)
    after = tuple(sorted(set(roles)))
    for role in set(after) - set(before.roles):
        rows.put(f"holder/{role}/{person}", 1)
        rows.put(f"count/{role}", (rows.get(f"count/{role}") or 0) + 1)
    for role in set(before.roles) - set(after):
        rows.drop(f"holder/{role}/{person}")
        rows.put(f"count/{role}", (rows.get(f"count/{role}") or 0) - 1)
    rows.put(f"person/{person}", renew(before, roles=after, **more))


def person_joined(_plan: Plan, rows: Draft, _entry: Entry, event: e.PersonJoined) -> None:
    before = person_of(rows, event.person)
    rows.drop(f"erased/{event.person}")
    groups = tuple(sorted({*before.groups, *event.groups}))
    given = tuple(sorted((*before.given, *event.given)))
    _set_roles(rows, event.person, (*before.roles, *event.roles), groups=groups, given=given)


def person_left(_plan: Plan, rows: Draft, _entry: Entry, event: e.PersonLeft) -> None:
    before = person_of(rows, event.person)
    given = tuple(role for role in before.given if role not in event.given)
    _set_roles(rows, event.person, set(before.roles) - set(event.roles), given=given)


def roles_changed(_plan: Plan, rows: Draft, _entry: Entry, event: e.RolesChanged) -> None:
    kept = set(person_of(rows, event.person).roles) - set(event.lost)
    _set_roles(rows, event.person, kept | set(event.gained))


def role_given(_plan: Plan, rows: Draft, entry: Entry, event: e.RoleGiven) -> None:
    path = f"{event.person}/{event.role}/{entry.seq}"  # two appointments may begin or end in one instant
    if event.since > entry.at:
        key = timer_key(event.since, "open", f"role/{path}")
        rows.put(key, Timer(kind="role_begins", key=event.person, subject=event.role))
    if event.until is not None and event.until > entry.at:
        key = timer_key(event.until, "expire", f"role/{path}")
        rows.put(key, Timer(kind="role_ends", key=event.person, subject=event.role))


def role_began(_plan: Plan, rows: Draft, _entry: Entry, event: e.RoleBegan) -> None:
    before = person_of(rows, event.person)
    _set_roles(rows, event.person, (*before.roles, *event.roles), given=tuple(sorted((*before.given, event.role))))


def role_ended(_plan: Plan, rows: Draft, _entry: Entry, event: e.RoleEnded) -> None:
    before = person_of(rows, event.person)
    given = list(before.given)
    if event.role in given:
        given.remove(event.role)
    _set_roles(rows, event.person, set(before.roles) - set(event.roles), given=tuple(given))


def authority_delegated(_plan: Plan, rows: Draft, _entry: Entry, event: e.AuthorityDelegated) -> None:
    rows.put(f"delegation/{event.delegation}", Delegation(
        giver=event.giver, receiver=event.receiver, roles=event.roles, since=event.since, until=event.until,
        absence=event.absence,
    ))  # fmt: skip
    rows.put(f"deputy/{event.receiver}/{event.delegation}", event.delegation)
    if event.absence:
        rows.put(f"away/{event.giver}/{event.delegation}", event.delegation)
    key = timer_key(event.until, "expire", f"delegation/{event.delegation}")
    rows.put(key, Timer(kind="delegation_ends", key=event.delegation))


def delegation_ended(_plan: Plan, rows: Draft, _entry: Entry, event: e.DelegationEnded) -> None:
    found: Delegation = rows.get(f"delegation/{event.delegation}")
    rows.drop(f"delegation/{event.delegation}")
    rows.drop(f"deputy/{found.receiver}/{event.delegation}")
    rows.drop(f"away/{found.giver}/{event.delegation}")
    rows.drop(timer_key(found.until, "expire", f"delegation/{event.delegation}"))


def person_recused(_plan: Plan, rows: Draft, _entry: Entry, event: e.PersonRecused) -> None:
    before = person_of(rows, event.person)
    recused = tuple(sorted({*before.recused, event.subject}))
    rows.put(f"person/{event.person}", renew(before, recused=recused))


def body_listed(_plan: Plan, rows: Draft, _entry: Entry, event: e.BodyListed) -> None:
    rows.put(f"body/{event.kind}/{event.body}", 1)
    rows.put(f"count/{event.kind}", (rows.get(f"count/{event.kind}") or 0) + 1)


def person_erased(_plan: Plan, rows: Draft, entry: Entry, event: e.PersonErased) -> None:
    """State holds opaque ids only; the store drops the personal values (R16), and nobody is told any more."""
    rows.put(f"erased/{event.person}", entry.seq)
