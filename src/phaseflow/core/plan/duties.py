"""Duties as written become duties as meant: level, subjects, inherited deadlines, routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import attrs

from phaseflow.core.plan.conditions import Scope, build
from phaseflow.core.plan.faults import Faults, named
from phaseflow.core.plan.model import CAMPAIGN, Duty, Kind, Role, RouteStep
from phaseflow.errors import Span
from phaseflow.spec import duties as s
from phaseflow.spec.model import BodySpec, DutyDefaults, Policy
from phaseflow.spec.phrases import AnchorPhrase, MomentPhrase
from phaseflow.spec.shape import Shape

T = TypeVar("T")

FAMILIES: Mapping[str, Literal["write", "hear", "judge", "tell"]] = {
    "draft": "write",
    "absorb": "write",
    "consult": "hear",
    "review": "hear",
    "discuss": "judge",
    "vet": "judge",
    "approve": "judge",
    "decide": "judge",
    "publish": "tell",
    "circulate": "tell",
    "submit": "tell",
    "file": "tell",
}


@attrs.frozen(kw_only=True)
class Place:
    """Where a duty stands: its phase (or the whole campaign) and its step, if any."""

    name: str
    spec: s.Duty
    span: Span
    phase: str
    step: str


def places(policy: Policy) -> Iterable[Place]:
    """All duties of a policy with their places, in the order of writing."""
    for name, duty in policy.duties.items():
        yield Place(name=name, spec=duty, span=duty.span, phase=CAMPAIGN, step="")
    own = {} if policy.programme is None else policy.programme.phases
    for phase, spec in (*policy.phases.items(), *own.items()):
        for name, duty in spec.duties.items():
            yield Place(name=name, spec=duty, span=duty.span, phase=phase, step="")
        for step, stretch in spec.steps.items():
            for name, duty in stretch.duties.items():
                yield Place(name=name, spec=duty, span=duty.span, phase=phase, step=step)


def kind_of(spec: s.Duty) -> Kind:
    """Which of the seven kinds a duty is."""
    return spec.__tag__  # type: ignore[return-value]


def title_of(spec: s.Duty, name: str) -> str:
    """What the document calls it, in English where there is a choice."""
    text = spec.title if isinstance(spec, s.QuotaDuty) else getattr(spec, spec.__tag__)
    return str(text) if text is not None else name.replace("_", " ")


def actors(spec: s.Duty) -> tuple[str, ...]:
    """The roles that a duty names as acting or owing, the first one first."""
    names: list[str] = [str(name) for name in _acting(spec)]
    if spec.each is not None and spec.each != "unit":
        names.insert(0, str(spec.each))
    if isinstance(spec, s.DocumentDuty):
        names.extend(str(name) for step in spec.route for name in getattr(step, step.__tag__))
    return tuple(names)


def level_of(place: Place, policy: Policy, faults: Faults) -> str:
    """Where a duty lives: with the run of whoever owes it."""
    if policy.programme is None:
        return "unit"
    if place.spec.each == "unit":
        return "unit"
    for name in actors(place.spec):
        role, body = policy.roles.get(name), policy.bodies.get(name)  # type: ignore[call-overload]
        if role is not None and role.for_ == "unit":
            return "unit"
        if role is not None or body is not None:
            return str((role or body).of or "unit")
    return "unit"


def _acting(spec: s.Duty) -> tuple[str, ...]:
    """The roles that act on a duty; the role asked, where the document does not say who."""
    if spec.by == "unstated":
        return (str(spec.asks),) if spec.asks is not None else ()
    return tuple(map(str, spec.by))


def compile_duty(place: Place, level: str, policy: Policy, roles: Mapping[str, Role], scope: Scope) -> Duty:
    """Resolve one duty. Faults go to the scope."""
    spec, faults = place.spec, scope.faults
    by = _by(place, roles, faults)
    _check_units(spec, policy, faults)
    if spec.by != "unstated":
        _known_roles(spec, "asks", roles, faults)
    _known_roles(spec, "checked_by", roles, faults)
    _known_roles(spec, "overdue", roles, faults)
    subjects, each = _subjects(spec, roles, policy.bodies, faults)
    if not actors(spec) and spec.by != "unstated":
        faults.error(
            "PF202",
            f"nobody owes the duty '{place.name}'",
            place.span,
            why="a duty that nobody owes can never be done, and no reminder finds a receiver",
            fix="add `by: ROLE`, or `each: ROLE`",
        )
    if isinstance(spec, s.PollDuty):
        _check_rated(spec, roles, policy, faults)
    if subjects == "body" and not by:
        faults.error(
            "PF203",
            f"nobody acts for '{each}' in the duty '{place.name}'",
            place.span,
            why="a body is not a person and can record nothing itself",
            fix="add `by: ROLE`",
        )
    _check_kind(place, policy, roles, scope)
    defaults = policy.defaults.duty
    due = _due(place, defaults, faults)
    if due is not None and due.anchor is not None:
        check_anchor(due.anchor, spec.span_of("due"), policy, scope)
    _check_beginning(place, policy, scope)
    dated = due is not None and not due.undated
    own = attrs.evolve(scope, about_subject=subjects != "run")
    return Duty(
        name=place.name,
        kind=kind_of(spec),
        level=level,
        phase=place.phase,
        step=place.step,
        title=title_of(spec, place.name),
        by=by,
        subjects=subjects,
        each=each,
        due=due,
        grace=spec.grace or (defaults.grace if dated else None),
        lock=spec.lock,
        remind=spec.remind or (defaults.remind if dated else ()),
        overdue=by_name(spec.overdue or (defaults.overdue if dated else {})),
        needs=build(spec.needs, own) if spec.needs is not None else None,
        spec=spec,
        clause=spec.clause,
        span=place.span,
        route=compile_route(spec, roles, scope) if isinstance(spec, s.DocumentDuty) else (),
    )


def _by(place: Place, roles: Mapping[str, Role], faults: Faults) -> tuple[str, ...]:
    """Who acts; the role asked acts where the document does not say (law 5)."""
    spec = place.spec
    if spec.by != "unstated":
        return _known_roles(spec, "by", roles, faults)
    if spec.asks is None:
        faults.error(
            "PF206",
            f"the duty '{place.name}' leaves unstated who acts, and asks nobody",
            spec.span_of("by"),
            why="where the document is silent a named role is asked, and acts until somebody is named",
            fix="add `asks: ROLE`",
        )
    return _known_roles(spec, "asks", roles, faults)


def _check_units(spec: s.Duty, policy: Policy, faults: Faults) -> None:
    """Kinds of units that a duty is for stand in the programme; a duty of every unit is done by somebody."""
    known = policy.programme.kinds if policy.programme is not None else {}
    for name, span in named(spec, "units"):
        if name not in known:
            faults.unknown("kind of unit", name, span, known)
    if spec.each == "unit" and policy.programme is None:
        faults.error(
            "PF239",
            "this duty is owed in every unit, and the policy has no programme",
            spec.span_of("each"),
            why="units are the runs that stand under a programme",
            fix="add `programme:`, or drop `each: unit`",
        )


def _check_kind(place: Place, policy: Policy, roles: Mapping[str, Role], scope: Scope) -> None:
    """Names that only one kind of duty uses."""
    spec, faults = place.spec, scope.faults
    match spec:
        case s.MeetingDuty():
            _known_roles(spec, "attend", roles, faults)
            _check_present(spec, roles, faults)
        case s.QuotaDuty() if spec.pairs is not None and spec.pairs not in (*roles, *policy.bodies):
            faults.unknown("role or body", str(spec.pairs), spec.span_of("pairs"), (*roles, *map(str, policy.bodies)))
        case s.BulletinDuty():
            _known_roles(spec, "to", roles, faults)
        case s.PollDuty():
            _known_roles(spec, "publish", roles, faults)
        case s.QuotaDuty() if spec.instead_of is not None and str(spec.instead_of) not in scope.duties:
            faults.unknown("duty", str(spec.instead_of), spec.span_of("instead_of"), scope.duties)
        case _:
            pass


def _check_present(spec: s.MeetingDuty, roles: Mapping[str, Role], faults: Faults) -> None:
    """Least shares at a meeting are shares of those attending (R15)."""
    _known_roles(spec, "at_least", roles, faults)
    for group, least in spec.at_least.items():
        if least.base not in (None, "attending"):
            faults.error(
                "PF250",
                f"the least share of '{group}' is a share of '{least.base}'",
                spec.span_of(f"at_least.{group}"),
                why="the composition of a meeting is judged on those attending",
                fix=f"write `{group}: {attrs.evolve(least, base='attending')}`",
            )


PLANNED = ("start", "begins", "end", "ends")
"""Edges whose day is known when a run starts."""


def _check_beginning(place: Place, policy: Policy, scope: Scope) -> None:
    """A duty begins of itself on a day that is known at the start; what happens later begins nothing (R40)."""
    moment = place.spec.from_
    if moment is None or moment.anchor is None:
        return
    span = place.spec.span_of("from")
    check_anchor(moment.anchor, span, policy, scope)
    if moment.anchor.edge not in PLANNED:
        scope.faults.error(
            "PF484",
            f"'{place.name}' is to begin when '{moment.anchor.name}' is {moment.anchor.edge}, and nobody knows the day",
            span,
            why="when a duty begins is settled at the start of the run, from planned days",
            fix="name a planned edge (begins, ends), or write `needs:` for what must have happened before",
        )


def check_anchor(anchor: AnchorPhrase, span: Span, policy: Policy, scope: Scope) -> None:
    """An anchor names a phase, a step, a duty, the campaign, or the duty's own window."""
    name = anchor.name.rsplit(".", 1)[-1]
    if name in ("campaign", "window") or name in scope.phases or name in scope.duties:
        return
    steps = {str(name) for phase in policy.phases.values() for name in phase.steps}
    if name not in steps:
        known = {"campaign", "window", *scope.phases, *steps, *scope.duties}
        scope.faults.unknown("phase, step or duty", anchor.name, span, known)


def by_name(mapping: Mapping[Any, T]) -> dict[str, T]:
    """The same mapping with plain text keys."""
    return {str(name): value for name, value in mapping.items()}


def _known_roles(spec: Shape, key: str, roles: Mapping[str, Role], faults: Faults) -> tuple[str, ...]:
    """The names that *spec* gives for *key*: a list, a table by name, or one name; each must be a role."""
    found = named(spec, key)
    for name, span in found:
        if name not in roles:
            faults.unknown("role", name, span, roles)
    return tuple(name for name, _ in found)


def _subjects(
    spec: s.Duty, roles: Mapping[str, Role], bodies: Mapping[Any, BodySpec], faults: Faults
) -> tuple[Literal["run", "role", "body"], str]:
    if spec.each is None:
        return "run", ""
    name = str(spec.each)
    if name == "unit":
        return "run", ""
    if name in bodies:
        return "body", name
    if name not in roles:
        faults.unknown("role or body", name, spec.span_of("each"), (*roles, *bodies))
    elif roles[name].spec.invited:
        faults.error(
            "PF204",
            f"the role '{name}' is invited and owes nothing",
            spec.span_of("each"),
            why="an invited role takes part and is heard; it has no duties",
            fix="name another role, or drop `invited`",
        )
    return "role", name


def _check_rated(spec: s.PollDuty, roles: Mapping[str, Role], policy: Policy, faults: Faults) -> None:
    """Whoever is rated on an edge of a poll is a role, a kind of body, or every unit (of some kinds)."""
    known = ("unit", *roles, *map(str, policy.bodies))
    kinds = policy.programme.kinds if policy.programme is not None else {}
    for edge in spec.edges.values():
        for kind, span in named(edge, "units"):
            if kind not in kinds:
                faults.unknown("kind of unit", kind, span, kinds)
        if edge.units and not edge.rates_units:
            faults.error(
                "PF234",
                "this edge names kinds of units, and no unit is rated on it",
                edge.span_of("units"),
                why="`units` says which units are rated, where units are",
                fix="add `subject: unit`, or drop `units`",
            )
        if edge.subject is not None and edge.subject not in known:
            faults.unknown("role or body", str(edge.subject), edge.span_of("subject"), known)


def _due(place: Place, defaults: DutyDefaults, faults: Faults) -> MomentPhrase | None:
    spec = place.spec
    if spec.due == "none":
        return None
    if spec.due is not None:
        return spec.due
    if place.phase == CAMPAIGN or (isinstance(spec, (s.QuotaDuty, s.BulletinDuty)) and spec.every is not None):
        return None
    if defaults.due is None:
        faults.error(
            "PF205",
            f"the duty '{place.name}' does not say by when it is owed",
            place.span,
            why="whether a duty is due at the end of its window or never is not for the engine to guess",
            fix="add `due: window end`, a day, or `due: none`; or write it once under `defaults: {duty: {due: …}}`",
        )
        return None
    return None if defaults.due == "none" else defaults.due


def compile_route(spec: s.DocumentDuty, roles: Mapping[str, Role], scope: Scope) -> tuple[RouteStep, ...]:
    """Resolve the steps of a document's route and check that each answer is there."""
    names = [str(step.as_ or step.__tag__) for step in spec.route]
    steps: list[RouteStep] = []
    _check_sources(spec, scope)
    for index, step in enumerate(spec.route):
        _check_name(names, index, step, scope.faults)
        steps.append(_step(index, names, step, roles, scope))
    _check_returns(steps, scope.faults)
    if not steps or steps[0].act != "draft":
        scope.faults.error(
            "PF221",
            "a route begins with a draft",
            spec.span_of("route"),
            why="there is no document before somebody has written it",
            fix="put `{draft: ROLE}` first",
        )
    elif steps[0].when is not None or not steps[0].blocking:
        scope.faults.error(
            "PF440",
            "the first draft of this route can be passed over",
            steps[0].span,
            why="every later act is done on a version, so there has to be one",
            fix="drop `when` and `blocking` from the first step",
        )
    elif steps[0].spec.within is not None and spec.each is not None:
        scope.faults.error(
            "PF235",
            f"the time for a first draft by each '{spec.each}' never begins",
            steps[0].spec.span_of("within"),
            why="a step's time begins when a document reaches it, and each of these begins with its first draft",
            fix="drop `within` there, and say by when each is owed with `due:`",
        )
    return tuple(steps)


def _check_sources(spec: s.DocumentDuty, scope: Scope) -> None:
    """What a document is based on is a document."""
    for path, span in named(spec, "based_on"):
        name = path.rsplit(".", 1)[-1]
        if name not in scope.routes:
            scope.faults.unknown("document", name, span, scope.routes)


def _check_returns(steps: Iterable[RouteStep], faults: Faults) -> None:
    """What is sent back is written anew, so it goes to a step where somebody writes."""
    named = {step.name: step for step in steps}
    for step in named.values():
        back = named.get(step.returns_to)
        if back is not None and (back.family != "write" or not back.blocking):
            faults.error(
                "PF441",
                f"'{step.name}' sends the document back to '{back.name}', where nobody writes",
                step.spec.span_of("returns_to"),
                why="a document that was sent back is answered by a new version",
                fix="name a `draft` or an `absorb` step that blocks",
            )


def _check_name(names: list[str], index: int, step: s.Step, faults: Faults) -> None:
    if names[index] in names[:index]:
        faults.error(
            "PF222",
            f"two steps of this route are named '{names[index]}'",
            step.span,
            why="returns, waivers and deadlines name a step, so each name stands once",
            fix="add `as: NAME` to one of them",
        )


def _step(index: int, names: list[str], step: s.Step, roles: Mapping[str, Role], scope: Scope) -> RouteStep:
    act = step.__tag__
    family = FAMILIES[act]
    who = tuple(str(name) for name in getattr(step, act))
    _known_roles(step, act, roles, scope.faults)
    _known_roles(step, "marked_by", roles, scope.faults)
    by = _known_roles(step, "by", roles, scope.faults)
    returns_to = str(getattr(step, "returns_to", None) or "")
    if returns_to and returns_to not in names[:index]:
        scope.faults.unknown("earlier step of this route", returns_to, step.span_of("returns_to"), names[:index])
    _check_silence(names[index], step, family, scope.faults)
    _check_heard(names[index], step, who, scope.faults)
    _check_references(names, index, step, scope.faults)
    return RouteStep(
        name=names[index],
        index=index,
        act=act,
        family=family,
        roles=who,
        by=by,
        blocking=step.blocking,
        returns_to=returns_to,
        silence=str(getattr(step, "silence", None) or ""),
        asks=_asks(step, roles, scope.faults),
        when=build(step.when, scope) if step.when is not None else None,
        spec=step,
        span=step.span,
        clause=step.clause,
    )


def _check_heard(name: str, step: s.Step, who: tuple[str, ...], faults: Faults) -> None:
    """Least shares are of groups that are heard, among those consulted (R15)."""
    for group, least in step.at_least.items() if isinstance(step, s.OpinionStep) else ():
        if group not in who:
            faults.unknown(f"group heard at '{name}'", str(group), step.key_span_of(f"at_least.{group}"), who)
        if least.base not in (None, "consulted"):
            faults.error(
                "PF442",
                f"the least share of '{group}' at '{name}' is a share of '{least.base}'",
                step.span_of(f"at_least.{group}"),
                why="the composition of a consultation is judged on those consulted",
                fix=f"write `{group}: {attrs.evolve(least, base='consulted')}`",
            )


def _check_references(names: list[str], index: int, step: s.Step, faults: Faults) -> None:
    for key in ("again", "with"):
        for name, span in named(step, key):
            if name not in names[:index]:
                faults.unknown("earlier step of this route", name, span, names[:index])


def _asks(step: s.Step, roles: Mapping[str, Role], faults: Faults) -> str:
    asks = getattr(step, "asks", None)
    if asks is not None:
        _known_roles(step, "asks", roles, faults)
    elif getattr(step, "silence", None) == "unstated":
        faults.error(
            "PF206",
            f"the step '{step.as_ or step.__tag__}' leaves silence unstated and asks nobody",
            step.span,
            why="where the document is silent the run holds and asks a named role",
            fix="add `asks: ROLE`",
        )
    return str(asks or "")


def _check_silence(name: str, step: s.Step, family: str, faults: Faults) -> None:
    needed = family == "hear" or (family == "judge" and step.within is not None)
    if needed and getattr(step, "silence", None) is None:
        allowed = "go_on, hold or unstated" if family == "hear" else "accept, return, hold or unstated"
        faults.error(
            "PF207",
            f"the step '{name}' does not say what silence means",
            step.span,
            why="every review has a declared result, also when nobody answers",
            fix=f"add `silence:` {allowed}",
        )
    silent = getattr(step, "silence", None)
    if family == "judge" and not getattr(step, "returns_to", None) and silent == "return":
        faults.error(
            "PF208",
            f"the step '{name}' returns on silence, but not to where",
            step.span,
            why="a returned document goes back to a named step",
            fix="add `returns_to: STEP`",
        )
