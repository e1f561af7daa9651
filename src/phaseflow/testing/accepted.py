"""What no scenario of a policy has to show, with a reason that is proved: ``NAME.test.yaml`` beside the policy.

Goals and boundaries are accepted as *unreachable* if the exploration proves that the thing never happens; mutants also
as *equivalent*, if the comparison of the two compiled plans finds no difference. An entry that is not proved, not
needed or names nothing is a fault, and so are too many of them. Why it is so strict stands in
docs/decisions/0025-what-no-scenario-shows.md.

Codes: PF622 an entry that does not say one thing and one reason, PF623 nothing bears the name, PF624 it is shown, PF625
not proved unreachable, PF626 not equivalent, PF627 too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import attrs

from phaseflow.analysis.diff import diff
from phaseflow.core.plan import Plan
from phaseflow.errors import Problem, did_you_mean
from phaseflow.spec.duties import doc
from phaseflow.spec.reader import read
from phaseflow.spec.shape import Shape, shape

T = TypeVar("T")

SUFFIX = ".test.yaml"

MOST = 50
"""One of so many items of a measure may be accepted: 2 %."""


@shape
class Acceptance(Shape):
    """One thing that no scenario has to show, and why."""

    goal: str = attrs.field(default="", metadata=doc("A goal of `--coverage`, as it is told there."))
    boundary: str = attrs.field(default="", metadata=doc("A boundary of `--boundaries`, as it is told there."))
    mutant: str = attrs.field(default="", metadata=doc("A mutant of `--mutate`, by its name."))
    unreachable: str = attrs.field(
        default="", metadata=doc("Why it never happens, in words; `explore` must prove it.")
    )
    equivalent: str = attrs.field(
        default="", metadata=doc("Why the mutant decides nothing otherwise, in words; `diff` must find no difference.")
    )

    @property
    def name(self) -> str:
        """What is accepted."""
        return self.goal or self.boundary or self.mutant

    def validate(self) -> Iterable[Problem]:
        things = [key for key in ("goal", "boundary", "mutant") if getattr(self, key)]
        reasons = [key for key in ("unreachable", "equivalent") if getattr(self, key)]
        if len(things) != 1 or len(reasons) != 1:
            yield Problem(
                code="PF622", what="an entry names one goal, boundary or mutant, and one reason", span=self.span,
                why="each entry is proved by itself",
                fix="write {goal: NAME, unreachable: WHY}, or {mutant: NAME, equivalent: WHY}",
            )  # fmt: skip
        elif reasons == ["equivalent"] and things != ["mutant"]:
            yield Problem(
                code="PF622", what=f"a {things[0]} cannot be 'equivalent'", span=self.span_of("equivalent"),
                why="only two policies can say the same; what never happens is 'unreachable'",
                fix="write unreachable: WHY",
            )  # fmt: skip


@shape
class Accepted(Shape):
    """Everything that no scenario of a policy has to show."""

    accept: tuple[Acceptance, ...] = attrs.field(metadata=doc("The entries."))


def beside(policy: Path) -> Accepted:
    """The entries beside a policy; none where there is no such file.

    Raises:
        PolicyError: Something in the file is wrong.
    """
    path = policy.with_suffix(SUFFIX)
    return read(path.read_bytes(), Accepted, file=path.as_posix()).result() if path.exists() else Accepted(accept=())


@attrs.frozen(kw_only=True)
class Sifted:
    """The names of what was accepted for good, and what is wrong with the other entries."""

    names: frozenset[str]
    problems: tuple[Problem, ...] = ()


@attrs.frozen(kw_only=True)
class Measure(Generic[T]):
    """One measure of a policy: its items by the names that entries use, and the names of those that are *shown*.

    *prove* says what is wrong with an entry that names an item, or None where its reason holds.
    """

    noun: str
    items: Mapping[str, T]
    shown: frozenset[str]
    prove: Callable[[Acceptance, T], Problem | None]


def sift(accepted: Accepted, measure: Measure[T]) -> Sifted:
    """Hold the entries for one measure against it."""
    names: set[str] = set()
    problems: list[Problem] = []
    for entry in accepted.accept:
        if not getattr(entry, measure.noun):
            continue
        if entry.name not in measure.items:
            problem: Problem | None = _unknown(entry, measure)
        elif entry.name in measure.shown:
            problem = _needless(entry, measure)
        else:
            problem = measure.prove(entry, measure.items[entry.name])
        if problem is None:
            names.add(entry.name)
        else:
            problems.append(problem)
    if len(names) * MOST > len(measure.items):
        problems.append(_too_many(accepted, measure, len(names)))
    return Sifted(names=frozenset(names), problems=tuple(problems))


def _unknown(entry: Acceptance, measure: Measure[T]) -> Problem:
    return Problem(
        code="PF623", what=f"there is no {measure.noun} '{entry.name}'", span=entry.span_of(measure.noun),
        why=f"an entry names a {measure.noun} as `phaseflow test` tells it",
        fix=did_you_mean(entry.name, measure.items) or "delete this entry",
    )  # fmt: skip


def _needless(entry: Acceptance, measure: Measure[T]) -> Problem:
    return Problem(
        code="PF624", what=f"the {measure.noun} '{entry.name}' is shown by a scenario",
        span=entry.span_of(measure.noun), why="an entry that is not needed would hide that it is no longer shown",
        fix="delete this entry",
    )  # fmt: skip


def _too_many(accepted: Accepted, measure: Measure[T], count: int) -> Problem:
    most = len(measure.items) // MOST
    plural = {"boundary": "boundaries"}.get(measure.noun, f"{measure.noun}s")
    return Problem(
        code="PF627", what=f"{count} of {len(measure.items)} {plural} are accepted; at most {most} may be",
        span=accepted.span_of("accept"), why="at most 2 % of a measure may be left to a proof",
        fix="show more of them by scenarios",
    )  # fmt: skip


# --- reasons ----------------------------------------------------------------------------------------------------------


def unproved(entry: Acceptance, why: str) -> Problem:
    """What is told where the exploration does not prove an entry."""
    return Problem(
        code="PF625", what=f"'{entry.name}' is not proved unreachable", span=entry.span_of("unreachable"), why=why,
        fix="show it by a scenario; if it cannot happen, it is the policy that needs mending",
    )  # fmt: skip


def unequal(entry: Acceptance, old: Plan, new: Plan) -> Problem | None:
    """What is told where a mutant decides something otherwise, or None where nothing differs."""
    changes = diff(old, new)
    if not changes:
        return None
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return Problem(
        code="PF626", what=f"the mutant '{entry.name}' is not equivalent", span=entry.span_of("equivalent"),
        why=f"the two policies differ: {changes[0]}{more}", fix="write a scenario that notices it",
    )  # fmt: skip
