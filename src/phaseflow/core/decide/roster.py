"""Commands that change the roster: joining, leaving, roles, delegations, recusals, bodies. Rights are in `people`."""

from __future__ import annotations

from collections.abc import Iterable

from phaseflow.core.decide.people import hands_of, known, require, roles_of
from phaseflow.core.decide.step import Refusal, Step, refuse, refuse_all
from phaseflow.core.state.people import person_of
from phaseflow.core.state.rows import Delegation
from phaseflow.errors import Problem
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.model import RoleSpec


def keepers(step: Step) -> tuple[str, ...]:
    """Roles whose holders keep the roster."""
    return tuple(map(str, step.plan.policy.appoints))


def check_keeper(step: Step, act: str) -> None:
    """Let roster keepers go on; without any in the policy, the host application keeps the roster."""
    if keepers(step) and step.actor.person != c.SYSTEM:
        require(step, keepers(step), act, span=step.plan.policy.span_of("appoints"))


def check_roles(step: Step, roles: Iterable[str]) -> tuple[str, ...]:
    """Roles with all they imply; refuses unknown ones, all at once."""
    names = tuple(roles)
    unknown = [name for name in names if name.partition("@")[0] not in step.plan.roles]
    if unknown:
        from phaseflow.errors import did_you_mean

        raise Refusal("unknown", [
            Problem(code="PF307", what=f"the policy has no role '{name}'", why="a roster gives roles of the policy",
                    fix=did_you_mean(name, step.plan.roles) or "declare the role in the policy")
            for name in unknown
        ])  # fmt: skip
    specs = {name: step.plan.roles[name.partition("@")[0]].spec for name in names}
    wrong = [name for name in names if bool(name.partition("@")[2]) != (specs[name].for_ is not None)]
    refuse_all("malformed", [_whom(name, specs[name]) for name in wrong])
    return step.plan.closure(names)


def _whom(name: str, spec: RoleSpec) -> Problem:
    """A role held for somebody says for whom, and another does not (R38)."""
    what = f"the role '{name}' is held for a '{spec.for_}', and none is named"
    if spec.for_ is None:
        what = f"the role '{name.partition('@')[0]}' is held for nobody in particular"
    return Problem(
        code="PF477", what=what, span=spec.span, why="a roster says for whom such a role is held, and no other role",
        fix=f"write {name.rstrip('@')}@NAME" if spec.for_ is not None else f"write {name.partition('@')[0]}",
        clause=", ".join(spec.clause),
    )  # fmt: skip


def check_names(**named: str) -> None:
    """What a run, a unit or a body is called is short and plain text, and '/' stands between names (PF483).

    Raises:
        Refusal: with every name that cannot be one.
    """
    refuse_all("malformed", [
        Problem(code="PF483", what=f"a {kind} cannot be called '{name}'",
                why="a name is printable text without blanks at its ends, of 200 characters at most; "
                "and in a unit or a body without '/', which stands between names",
                fix="choose a short plain name, such as north or lower mill")
        for kind, name in named.items()
        if not name or name != name.strip() or not name.isprintable() or len(name) > LONGEST
        or ("/" in name and kind != "run")
    ])  # fmt: skip


LONGEST = 200
"""Characters of a name."""


def join(step: Step, command: c.Join) -> None:
    check_keeper(step, "change the roster")
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
    check_keeper(step, "change the roster")
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
    check_keeper(step, "give a role")
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
    hands = {name: hands_of(step, giver, name) for name in command.roles}
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
        check_keeper(step, "end somebody's delegation")
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
    check_names(body=command.body)
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
    check_keeper(step, "erase a person")
    step.emit(e.PersonErased(person=command.person, reason=command.reason))
