"""Rules about names: what is declared and never used, and one concept under two names.

Codes: PF851 a name nobody uses, PF852 two names for one thing, PF853 two scales that differ in one word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phaseflow.analysis.findings import Finding, View, found, parts_of
from phaseflow.core import conditions as c
from phaseflow.core.plan.model import Plan
from phaseflow.errors import Span
from phaseflow.spec.shape import Shape, Text

Group = tuple[str, str, Mapping[object, Shape]]
"""(noun, address, what is declared)."""


def _groups(plan: Plan) -> tuple[Group, ...]:
    policy = plan.policy
    return (
        ("role", "roles", policy.roles), ("kind of body", "bodies", policy.bodies),
        ("parameter", "parameters", policy.parameters),
    )  # type: ignore[return-value]  # fmt: skip


def never_used(view: View) -> Iterator[Finding]:
    """Roles, kinds of bodies and parameters that nothing names."""
    used = set(_named(view.plan.policy)) | _in_conditions(view.plan)
    for noun, address, group in _groups(view.plan):
        for name, spec in group.items():
            if str(name) not in used and not getattr(spec, "is_a", ()):  # a role that is another one has its part
                yield found(
                    "PF851", f"{address}.{name}", f"nothing in the policy names the {noun} '{name}'", spec.span,
                    clause=getattr(spec, "clause", ()),
                    why="what nobody names has no part in the campaign; often another is named in its place",
                    fix="name it where it belongs, or delete it",
                )  # fmt: skip


def _named(value: object, skip: frozenset[str] = frozenset({"roles", "bodies", "parameters"})) -> Iterator[str]:
    """Every word that stands as a value or as a key of a table, the declarations themselves aside."""
    match value:
        case str():
            yield value
        case Text():
            return
        case Shape():
            for key, inner in parts_of(value):
                if key in skip and isinstance(inner, Mapping):
                    for spec in inner.values():
                        yield from _named(spec, frozenset())
                else:
                    yield from _named(inner, frozenset())
        case Mapping():
            for key, inner in value.items():
                yield str(key)
                yield from _named(inner, frozenset())
        case tuple():
            for inner in value:
                yield from _named(inner, frozenset())
        case _:
            name = getattr(value, "name", None)  # phrases such as `by office` or `when gate`
            if isinstance(name, str):
                yield name


def _in_conditions(plan: Plan) -> set[str]:
    """Names that expressions use: their text is one word to the spec."""
    found_: set[str] = set()
    for level in plan.levels.values():
        conditions = [
            *(condition for phase in level.phases.values() for condition in (phase.entry, phase.gate)),
            *(condition for move in level.moves.values() for condition in (move.gate, move.when)),
            *(duty.needs for duty in level.duties.values()),
            *(step.when for duty in level.duties.values() for step in duty.route),
        ]
        for condition in conditions:
            for fact in c.reads(condition) if condition is not None else ():
                found_.add(fact.name)
                found_.update(str(value.value) for _key, value in fact.args)
    return found_


# --- one thing, two names ---------------------------------------------------------------------------------------------


def two_names(view: View) -> Iterator[Finding]:
    """Two names that differ by a sign or a plural, or that bear the same title."""
    groups: list[tuple[str, str, Mapping[str, tuple[str, Span]]]] = []
    for noun, address, group in _groups(view.plan):
        groups.append((noun, address, {str(name): (_title(spec), spec.span) for name, spec in group.items()}))
    for level in view.levels:
        for kind in {duty.kind for duty in level.duties.values()}:
            mine = {name: (duty.title, duty.span) for name, duty in level.duties.items() if duty.kind == kind}
            groups.append((kind, "duties", mine))
        phases = {name: (phase.title, phase.span) for name, phase in level.phases.items()}
        if level.name == "unit":
            groups.append(("phase", "phases", phases))
    for noun, address, names in groups:
        yield from _alike(noun, address, names)


def _title(spec: Shape) -> str:
    title = getattr(spec, "title", None)
    return str(title) if title is not None else ""


def _alike(noun: str, address: str, names: Mapping[str, tuple[str, Span]]) -> Iterator[Finding]:
    stems: dict[str, str] = {}
    titles: dict[str, str] = {}
    for name, (title, span) in names.items():
        stem = _stem(name)
        other = stems.get(stem) or (titles.get(title.casefold()) if title else None)
        if other is not None:
            yield found(
                "PF852", f"{address}.{name}", f"the {noun} '{name}' looks like '{other}' once more", span,
                why="two names for one thing split what belongs together: its holders, its counts, its gates",
                fix=f"use one of the two names, or give '{name}' a title that tells them apart",
            )  # fmt: skip
        stems.setdefault(stem, name)
        if title:
            titles.setdefault(title.casefold(), name)


def _stem(name: str) -> str:
    """A name without what a slip of the pen changes: underscores, and a plural."""
    plain = name.replace("_", "")
    return plain[:-1] if len(plain) > 3 and plain.endswith("s") and not plain.endswith("ss") else plain


def two_scales(view: View) -> Iterator[Finding]:
    """Two scales of the same length, at least three steps, that differ in one word only."""
    seen: list[tuple[str, tuple[str, ...], Span]] = []
    for at, words, span in _scales(view.plan):
        for other, theirs, _span in seen:
            mine, rest = set(words) - set(theirs), set(theirs) - set(words)
            if len(words) == len(theirs) >= 3 and len(mine) == len(rest) == 1:
                yield found(
                    "PF853", at, f"'{mine.pop()}' stands here for '{rest.pop()}' of {other}", span,
                    why="two scales that share all words but one are mostly one scale, written twice",
                    fix="use the same word in both, if the same is meant",
                )  # fmt: skip
        seen.append((at, words, span))


def _scales(plan: Plan) -> Iterator[tuple[str, tuple[str, ...], Span]]:
    for name, ledger in plan.policy.ledgers.items():
        yield f"ledgers.{name}.classes", tuple(map(str, ledger.classes)), ledger.span_of("classes")
        for axis, words in ledger.axes.items():
            yield f"ledgers.{name}.axes.{axis}", tuple(map(str, words)), ledger.span_of(f"axes.{axis}")
    for level in plan.levels.values():
        for duty in level.duties.values():
            choices = getattr(duty.spec, "choices", ())
            if choices:
                yield f"duties.{duty.name}.choices", tuple(map(str, choices)), duty.spec.span_of("choices")
