"""Who may do what: roles, delegation, absence, independence, recusal. What changes the roster stands in `roster`.

Authority is judged from what was recorded at the decision (R28). A person acts by a role of the run's own roster, by a
role of the programme's roster, or on behalf of somebody who has the role and has passed it on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from phaseflow.core.decide.step import Actor, Refusal, Step, refuse
from phaseflow.core.state.people import person_of, prefix_above, roles_above
from phaseflow.core.state.rows import Delegation, Rows
from phaseflow.errors import NOWHERE, Span


def roles_of(step: Step, person: str) -> frozenset[str]:
    """All roles of a person, in this run and in the programme above it."""
    own = frozenset(person_of(step.rows, person).roles)
    up = step.around.up
    return own if up is None else own | roles_above(step.plan, person_of(up, person), step.head.unit)


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
    try:
        _require(step, tuple(roles), act, span, tuple(clause), subject)
    except Refusal as refusal:
        step.object_to(refusal)


def _require(
    step: Step, wanted: tuple[str, ...], act: str, span: Span, clause: tuple[str, ...], subject: str
) -> None:
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
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_presence(step, principal, role, span, clause),
        lambda: _check_independence(step, principal, role, act),
        lambda: check_recusal(step, dict.fromkeys((principal, actor.person)), subject, act, span),
    )
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            step.object_to(refusal)
    behalf = principal if principal != actor.person else ""
    step.actor = Actor(actor.person, behalf, authority)


def _not_entitled(
    step: Step, person: str, wanted: tuple[str, ...], act: str, span: Span, clause: Iterable[str]
) -> None:
    holders = sorted({holder for role in wanted for holder in holders_of(step, role)})
    names = " or ".join(f"'{name}'" for name in dict.fromkeys(wanted))
    who = names or "nobody, because the policy names no role for it"
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
    found = []
    for rows, prefix in rosters_of(step, role):
        found += [key[len(prefix) :] for key, _ in rows.scan(prefix)]
    return sorted(set(found))


MOST_NAMED = 20
"""How many persons are named of those who may do something, a count."""


def able(step: Step, roles: Iterable[str], subject: str = "", authors: Iterable[str] = ()) -> tuple[str, ...]:
    """The first who hold one of *roles* and may use it now: not away, not kept apart, and judging no work of theirs.

    Args:
        step: The decision under way; whoever acts in it stays who it is.
        roles: Roles of the policy, any of which will do.
        subject: What recusal is checked against.
        authors: Whose own work it is.
    """
    wanted, found, acting = tuple(roles), [], step.actor
    holders = sorted({holder for role in wanted for holder in holders_of(step, role)} - set(authors))
    for person in holders:
        step.actor = Actor(person)
        try:
            require(step, wanted, "", subject=subject)
        except Refusal:
            continue
        finally:
            step.actor = acting
        found.append(person)
        if len(found) == MOST_NAMED:
            break
    return tuple(found)


def rosters_of(step: Step, role: str) -> Iterator[tuple[Rows, str]]:
    """Where those stand who have a role here: rows and prefix, for this run's roster and for the programme's."""
    yield step.rows, f"holder/{role}/"
    if step.around.up is not None:
        yield step.around.up, prefix_above(step.plan, role, step.head.unit)


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


def hands_of(step: Step, person: str, role: str) -> int | None:
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
    if step.plan.policy.delegation is None:
        return False
    for rows in _rosters(step):
        for _key, name in rows.scan(f"away/{person}/"):
            found: Delegation = rows.get(f"delegation/{name}")
            if found.since <= step.at < found.until and role in step.plan.closure(found.roles):
                return True
    return False


def _check_presence(step: Step, person: str, role: str, span: Span, clause: Iterable[str]) -> None:
    if person == step.actor.person and not step.actor.on_behalf_of and _away(step, person, role):
        refuse(
            "not_entitled",
            "PF302",
            f"'{person}' is away and has a substitute for '{role}'",
            span=span,
            why="while an absence is recorded only the substitute acts",
            fix="let the substitute act, or end the absence",
            clause=clause,
        )


def _check_independence(step: Step, person: str, role: str, act: str) -> None:
    for spec in step.plan.roles[role].kept_apart if role in step.plan.roles else ():
        clash = sorted(roles_of(step, person) & set(map(str, spec.independent_of)))
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


def check_recusal(step: Step, persons: Iterable[str], subject: str, act: str, span: Span) -> None:
    for rows in _rosters(step) if subject else ():
        for person in persons:
            if subject in person_of(rows, person).recused:
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
    try:
        _require_other(step, author, act, span)
    except Refusal as refusal:
        step.object_to(refusal)


def _require_other(step: Step, author: str, act: str, span: Span) -> None:
    if author and author in (step.actor.person, step.actor.on_behalf_of):
        refuse(
            "not_entitled",
            "PF306",
            f"'{author}' may not {act}: it is their own work",
            span=span,
            why="nobody judges what they have done themselves",
            fix="let another holder of the role act",
        )
