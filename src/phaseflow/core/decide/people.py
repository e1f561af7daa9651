"""Who may do what: roles, delegation, absence, independence, recusal; and the commands that change them.

Authority is judged from what was recorded at the decision (R28). A person acts by a role of the run's own roster, by a
role of the programme's roster, or on behalf of somebody who has the role and has passed it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count

from phaseflow.core.decide.step import Actor, Refusal, Step, refuse
from phaseflow.core.state.people import person_of
from phaseflow.core.state.rows import Delegation, PersonState, Rows
from phaseflow.errors import NOWHERE, Problem, Span
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.phrases import LengthPhrase


def roles_of(step: Step, person: str) -> frozenset[str]:
    """All roles of a person, in this run and in the programme above it."""
    own = person_of(step.rows, person).roles
    above: PersonState | None = step.around.up.get(f"person/{person}") if step.around.up is not None else None
    return frozenset(own) | frozenset(above.roles if above else ())


def known(step: Step, person: str) -> bool:
    """Whether anybody of this id is on a roster that counts here."""
    up = step.around.up
    return step.get(f"person/{person}") is not None or (up is not None and up.get(f"person/{person}") is not None)


def require(
    step: Step, roles: Iterable[str], act: str, *, span: Span = NOWHERE, clause: Iterable[str] = (), subject: str = ""
) -> None:
    """Let the actor go on only with one of *roles*, and note the authority on every event that follows.

    Args:
        step: The decision under way.
        roles: Roles of the policy, any of which will do.
        act: What is to be done, for the refusal: "complete 'kickoff'".
        span: The line of the policy that names the roles.
        clause: Its clauses.
        subject: What recusal is checked against: a duty, document, poll or item.

    Raises:
        Refusal: not entitled, away, recused, or not independent.
    """
    wanted = tuple(dict.fromkeys(roles))
    actor = step.actor
    principal = actor.on_behalf_of or actor.person
    held = roles_of(step, principal)
    role = next((name for name in wanted if name in held), "")
    if not role:
        role, principal = _by_delegation(step, actor, wanted)
    if not role:
        _not_entitled(step, principal, wanted, act, span, clause)
    authority = role
    if actor.on_behalf_of:
        authority = f"{role} by {_authority_of(step, actor.person, actor.on_behalf_of, role, act, span)}"
    elif principal != actor.person:
        authority = f"{role} by {_chain(step, actor.person, principal, role)}"
    elif _away(step, principal, role):
        refuse(
            "not_entitled",
            "PF302",
            f"'{principal}' is away and has a substitute for '{role}'",
            span=span,
            why="while an absence is recorded only the substitute acts",
            fix="let the substitute act, or end the absence",
            clause=clause,
        )
    _check_independence(step, principal, role, act, span)
    _check_recusal(step, {actor.person, principal}, subject, act, span)
    behalf = principal if principal != actor.person else ""
    step.actor = Actor(actor.person, behalf, authority)


def _not_entitled(
    step: Step, person: str, wanted: tuple[str, ...], act: str, span: Span, clause: Iterable[str]
) -> None:
    holders = sorted({holder for role in wanted for holder in holders_of(step, role)})
    who = " or ".join(f"'{name}'" for name in wanted) if wanted else "nobody, because the policy names no role for it"
    if not known(step, person):
        what = f"'{person}' is not on the roster" + (f", and only {who} may {act}" if wanted else f" and may not {act}")
    else:
        what = f"'{person}' may not {act}: that takes {who}"
    if holders:
        fix = f"ask {', '.join(holders[:5])}"
    elif wanted:
        fix = f"give somebody the role {who} first; nobody has it now"
    else:
        fix = "name a role for it in the policy, or let what makes it happen by itself happen"
    refuse(
        "not_entitled",
        "PF301",
        what,
        span=span,
        why="every act is judged against the roles that the policy names for it",
        fix=fix,
        clause=clause,
    )


def holders_of(step: Step, role: str) -> list[str]:
    """Everybody who has a role, in this run or in the programme."""
    prefix = f"holder/{role}/"
    found = [key[len(prefix) :] for key, _ in step.rows.scan(prefix)]
    if step.around.up is not None:
        found += [key[len(prefix) :] for key, _ in step.around.up.scan(prefix)]
    return sorted(set(found))


# --- acting for others ------------------------------------------------------------------------------------------------


def _rosters(step: Step) -> Iterator[Rows]:
    yield step.rows
    if step.around.up is not None:
        yield step.around.up


def _delegations_to(step: Step, person: str) -> Iterator[tuple[str, Delegation]]:
    for rows in _rosters(step):
        for _key, name in rows.scan(f"deputy/{person}/"):
            found: Delegation | None = rows.get(f"delegation/{name}")
            if found is not None and found.since <= step.at < found.until:
                yield name, found


def _by_delegation(step: Step, actor: Actor, wanted: tuple[str, ...]) -> tuple[str, str]:
    """(role, principal) of an authority that was passed on to the actor; empty strings where there is none."""
    if actor.on_behalf_of:
        return "", actor.on_behalf_of
    for role in wanted:
        for giver, _name in _givers(step, actor.person, role):
            if role in roles_of(step, giver):
                return role, giver
    return "", actor.person


def _givers(step: Step, person: str, role: str) -> Iterator[tuple[str, str]]:
    """Everybody whose *role* has been passed on to a person, nearest first, with the delegation that begins the way.

    Nobody is met twice, so rings of delegations end; no way is longer than the policy allows.
    """
    spec = step.plan.policy.delegation
    seen, front = {person}, [(person, "")]
    for _ in range(spec.longest_chain if spec is not None else 1):
        following = []
        for receiver, first in front:
            for name, found in _delegations_to(step, receiver):
                if found.giver not in seen and role in step.plan.closure(found.roles):
                    seen.add(found.giver)
                    following.append((found.giver, first or name))
        yield from following
        front = following


def _hands(step: Step, person: str, role: str) -> int | None:
    """Through how many hands a role has come to a person: 0 for a holder, None for who cannot use it."""
    if role in roles_of(step, person):
        return 0
    seen, front = {person}, {person}
    for hands in count(1):
        front = {found.giver for receiver in front for _name, found in _delegations_to(step, receiver)
                 if role in step.plan.closure(found.roles)} - seen  # fmt: skip
        if any(role in roles_of(step, giver) for giver in front):
            return hands
        if not front:
            break
        seen |= front
    return None


def _authority_of(step: Step, person: str, giver: str, role: str, act: str, span: Span) -> str:
    name = _chain(step, person, giver, role)
    if not name:
        refuse(
            "not_entitled",
            "PF303",
            f"'{person}' may not {act} on behalf of '{giver}'",
            span=span,
            why="acting for somebody needs a delegation that holds on that day",
            fix=f"let '{giver}' delegate '{role}', or act in person",
        )
    return name


def _chain(step: Step, person: str, giver: str, role: str) -> str:
    """The delegation by which a person acts for *giver*; an empty string where there is none."""
    return next((name for found, name in _givers(step, person, role) if found == giver), "")


def _away(step: Step, person: str, role: str) -> bool:
    for rows in _rosters(step):
        for _key, name in rows.scan(f"away/{person}/"):
            found: Delegation = rows.get(f"delegation/{name}")
            if found.since <= step.at < found.until and role in step.plan.closure(found.roles):
                return True
    return False


def _check_independence(step: Step, person: str, role: str, act: str, span: Span) -> None:
    held = roles_of(step, person)
    for name in sorted(step.plan.roles[role].closure if role in step.plan.roles else ()):
        spec = step.plan.roles[name].spec
        clash = sorted(held & set(map(str, spec.independent_of)))
        if clash:
            refuse(
                "not_entitled",
                "PF304",
                f"'{person}' may not {act} as '{role}': also '{clash[0]}' here",
                span=spec.span_of("independent_of"),
                why="the policy keeps these roles apart in one unit",
                fix=f"let another holder of '{role}' act",
                clause=spec.clause,
            )


def _check_recusal(step: Step, persons: set[str], subject: str, act: str, span: Span) -> None:
    for person in sorted(persons):
        for rows in _rosters(step):
            if subject and subject in person_of(rows, person).recused:  # type: ignore[arg-type]
                refuse(
                    "not_entitled",
                    "PF305",
                    f"'{person}' has kept out of '{subject}' and may not {act}",
                    span=span,
                    why="a recusal holds for every act on its subject",
                    fix="let another holder of the role act",
                )


def require_other(step: Step, author: str, act: str, span: Span = NOWHERE) -> None:
    """Refuse whoever would judge their own work."""
    if author and author in (step.actor.person, step.actor.on_behalf_of):
        refuse(
            "not_entitled",
            "PF306",
            f"'{author}' may not {act}: it is their own work",
            span=span,
            why="nobody judges what they have done themselves",
            fix="let another holder of the role act",
        )


# --- the commands -----------------------------------------------------------------------------------------------------


def keepers(step: Step) -> tuple[str, ...]:
    """Roles whose holders keep the roster."""
    return tuple(map(str, step.plan.policy.appoints))


def _keeper(step: Step, act: str) -> None:
    """Let roster keepers go on; without any in the policy, the host application keeps the roster."""
    if keepers(step) and step.actor.person != c.SYSTEM:
        require(step, keepers(step), act, span=step.plan.policy.span_of("appoints"))


def check_roles(step: Step, roles: Iterable[str]) -> tuple[str, ...]:
    """Roles with all they imply; refuses unknown ones, all at once."""
    names = tuple(roles)
    unknown = [name for name in names if name not in step.plan.roles]
    if unknown:
        from phaseflow.errors import did_you_mean

        raise Refusal("unknown", [
            Problem(code="PF307", what=f"the policy has no role '{name}'", why="a roster gives roles of the policy",
                    fix=did_you_mean(name, step.plan.roles) or "declare the role in the policy")
            for name in unknown
        ])  # fmt: skip
    return step.plan.closure(names)


def join(step: Step, command: c.Join) -> None:
    _keeper(step, "change the roster")
    enter(step, command.person)


def enter(step: Step, person: c.Person) -> None:
    """Put a person on the roster."""
    if not person.id.strip():
        refuse(
            "malformed",
            "PF308",
            "a person without an id",
            why="people are told apart by their ids",
            fix="give every person an id",
        )
    roles = check_roles(step, person.roles)
    step.emit(e.PersonJoined(
        person=person.id, roles=_new(step, person.id, roles), given=tuple(person.roles), groups=tuple(person.groups),
        personal=dict(person.personal),
    ))  # fmt: skip


def _new(step: Step, person: str, roles: Iterable[str]) -> tuple[str, ...]:
    """Those of *roles* that a person does not have in this run."""
    return tuple(sorted(set(roles) - set(person_of(step.rows, person).roles)))


def _lost(step: Step, person: str, kept: Iterable[str]) -> tuple[str, ...]:
    """The roles that a person has no more if only *kept* stay given."""
    return tuple(sorted(set(person_of(step.rows, person).roles) - set(step.plan.closure(tuple(kept)))))


def begin_role(step: Step, person: str, role: str) -> None:
    """An appointment takes effect."""
    step.emit(e.RoleBegan(person=person, role=role, roles=_new(step, person, step.plan.closure((role,)))))


def end_role(step: Step, person: str, role: str) -> None:
    """An appointment ends; what the person has in another way stays."""
    kept = list(person_of(step.rows, person).given)
    lost: tuple[str, ...] = ()
    if role in kept:
        kept.remove(role)
        lost = _lost(step, person, kept)
    step.emit(e.RoleEnded(person=person, role=role, roles=lost))


def leave(step: Step, command: c.Leave) -> None:
    _keeper(step, "change the roster")
    given = person_of(step.rows, command.person).given
    if not given:
        refuse(
            "unknown",
            "PF309",
            f"'{command.person}' is not on this roster",
            why="only who is on a roster can leave it",
            fix="look at `status` for the roster",
        )
    check_roles(step, command.roles)
    gone = command.roles or tuple(sorted(set(given)))
    missing = [role for role in gone if role not in given]
    if missing:
        refuse(
            "illegal",
            "PF318",
            f"'{command.person}' was not given the role '{missing[0]}'",
            why="a role that comes with another goes with it",
            fix=f"take back one of: {', '.join(sorted(set(given)))}",
        )
    kept = (role for role in given if role not in gone)
    step.emit(e.PersonLeft(person=command.person, roles=_lost(step, command.person, kept), given=gone))


def appoint(step: Step, command: c.Appoint) -> None:
    _keeper(step, "give a role")
    roles = check_roles(step, (command.role,))
    since = step.calendar.opens(command.since)
    until = step.calendar.shuts(command.until) if command.until is not None else None
    if until is not None and until <= since:
        refuse(
            "malformed",
            "PF310",
            "the appointment ends before it begins",
            why="the last day is included and not before the first",
            fix="give a later last day",
        )
    step.emit(e.RoleGiven(person=command.person, role=command.role, roles=roles, since=since, until=until))
    if since <= step.at and (until is None or step.at < until):
        begin_role(step, command.person, command.role)


def delegate(step: Step, command: c.Delegate) -> None:
    spec = step.plan.policy.delegation
    giver = step.actor.person
    roles = check_roles(step, command.roles)
    if spec is None:
        refuse(
            "illegal",
            "PF311",
            "this policy lets nobody act for somebody else",
            span=step.plan.policy.span,
            why="delegation is off unless the policy turns it on",
            fix="add `delegation:` to the policy or to its overlay",
        )
    barred = [name for name in command.roles if spec.roles != "any" and name not in spec.roles]
    hands = {name: _hands(step, giver, name) for name in command.roles}
    missing = [name for name, number in hands.items() if number is None]
    if barred or missing:
        name = (barred or missing)[0]
        refuse(
            "not_entitled",
            "PF312",
            f"'{giver}' cannot pass on '{name}'",
            span=spec.span_of("roles"),
            why="one passes on a role one has, and only a role that the policy lets pass on",
            fix="name another role",
            clause=spec.clause,
        )
    far = [name for name, number in hands.items() if number is not None and number >= spec.longest_chain]
    if far:
        refuse(
            "not_entitled",
            "PF319",
            f"'{far[0]}' has come to '{giver}' through {hands[far[0]]} hands and goes no further",
            span=spec.span_of("longest_chain"),
            why="the policy says through how many hands an authority may pass",
            fix="let somebody delegate who is nearer to the role",
            clause=spec.clause,
        )
    if spec.to != "any" and not set(map(str, spec.to)) & roles_of(step, command.to):
        refuse(
            "not_entitled",
            "PF313",
            f"'{command.to}' may not be a delegate",
            span=spec.span_of("to"),
            why="the policy says which roles a delegate must have",
            fix="choose somebody with one of these roles",
            clause=spec.clause,
        )
    if command.to == giver:
        refuse(
            "malformed",
            "PF314",
            "nobody delegates to themselves",
            why="a delegation names another person",
            fix="name another person",
        )
    since, until = step.calendar.opens(command.since), step.calendar.shuts(command.until)
    if until <= since:
        refuse(
            "malformed",
            "PF310",
            "the delegation ends before it begins",
            why="the last day is included and not before the first",
            fix="give a later last day",
        )
    step.emit(e.AuthorityDelegated(
        delegation=f"d{step.seq + 1}", giver=giver, receiver=command.to, roles=roles, since=since, until=until,
        reason=command.reason, absence=command.absence,
    ))  # fmt: skip


def end_delegation(step: Step, command: c.EndDelegation) -> None:
    found: Delegation | None = step.get(f"delegation/{command.delegation}")
    if found is None:
        refuse(
            "unknown",
            "PF315",
            f"there is no delegation '{command.delegation}'",
            why="it never was, or has ended",
            fix="look at `status`",
        )
    if step.actor.person != found.giver:
        _keeper(step, "end somebody's delegation")
    step.emit(e.DelegationEnded(delegation=command.delegation))


def recuse(step: Step, command: c.Recuse) -> None:
    if not known(step, step.actor.person):
        refuse(
            "unknown",
            "PF309",
            f"'{step.actor.person}' is not on this roster",
            why="only who takes part can keep out",
            fix="join first",
        )
    step.emit(e.PersonRecused(person=step.actor.person, subject=command.subject, reason=command.reason))


def list_body(step: Step, command: c.ListBody) -> None:
    spec = step.plan.policy.bodies.get(command.kind)  # type: ignore[call-overload]
    if spec is None:
        from phaseflow.errors import did_you_mean

        refuse(
            "unknown",
            "PF316",
            f"the policy has no bodies of kind '{command.kind}'",
            why="kinds of bodies stand in the policy",
            fix=did_you_mean(command.kind, map(str, step.plan.policy.bodies)) or "declare the kind under `bodies`",
        )
    if step.get(f"body/{command.kind}/{command.body}") is not None:
        refuse(
            "illegal", "PF317", f"'{command.body}' is listed already", why="a body is listed once", fix="nothing to do"
        )
    if not known(step, step.actor.person) and step.actor.person != c.SYSTEM:
        refuse(
            "not_entitled",
            "PF301",
            f"'{step.actor.person}' is not on the roster",
            why="only who takes part lists what was found",
            fix="join first",
        )
    step.emit(e.BodyListed(kind=command.kind, body=command.body))


def erase_person(step: Step, command: c.ErasePerson) -> None:
    _keeper(step, "erase a person")
    step.emit(e.PersonErased(person=command.person, reason=command.reason))


def later(instant: datetime, length: LengthPhrase, step: Step) -> datetime:
    """*instant* moved on by a length, in the run's zone."""
    return step.calendar.shift_instant(instant, length, 1)
