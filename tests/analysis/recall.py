"""How many mechanical defects `check` and `lint` find; ``python -m tests.analysis.recall [POLICY...]`` tells."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import attrs
from tests.analysis.defects import OPERATORS, mutants

from phaseflow.analysis.findings import View, view
from phaseflow.analysis.lint import lint
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError
from phaseflow.policies import load_policy
from phaseflow.spec.model import Policy

EXAMPLES = Path(__file__).parents[2] / "examples"


@attrs.define
class Recall:
    """What became of the defects of one operator."""

    found: int = 0
    missed: list[str] = attrs.field(factory=list)

    @property
    def total(self) -> int:
        return self.found + len(self.missed)


def policies() -> list[Path]:
    """Every policy of the examples that compiles."""
    found = []
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        if path.suffixes[:-1] or (b"phaseflow: 1" not in path.read_bytes() and b"extends:" not in path.read_bytes()):
            continue
        try:
            load_policy(path)
        except PolicyError:
            continue
        found.append(path)
    return found


def told(seen: View) -> set[tuple[str, str]]:
    """What lint says that is no note."""
    return {(one.problem.code, one.problem.what) for one in lint(seen) if one.problem.severity != "note"}


def is_found(policy: Policy, plan: Plan, before: set[tuple[str, str]], seen: View) -> bool:
    """Whether a spoilt policy does not compile, or lint says something new about it."""
    try:
        spoilt = compile_policy(policy, calendar=None if policy.calendar is not plan.policy.calendar else plan.calendar)
    except PolicyError:
        return True
    return bool(told(view(spoilt, seen.start)) - before)


def measure(paths: Iterable[Path]) -> dict[str, Recall]:
    """The recall of every operator over these policies."""
    result = {operator.__name__: Recall() for operator in OPERATORS}
    for path in paths:
        plan = load_policy(path)
        seen = view(plan)
        before = told(seen)
        for operator in OPERATORS:
            count = result[operator.__name__]
            for where, spoilt in mutants(operator, plan, seen.bounds):
                if is_found(spoilt, plan, before, seen):
                    count.found += 1
                else:
                    count.missed.append(f"{path.parent.name}/{path.stem}: {where}")
    return result


def main() -> None:
    paths = [Path(name) for name in sys.argv[1:]] or policies()
    result = measure(paths)
    for name, count in result.items():
        share = f"{count.found / count.total:6.1%}" if count.total else "   -  "
        sys.stdout.write(f"{name:34} {count.found:5} of {count.total:5} {share}  {'; '.join(count.missed[:3])}\n")
    found, total = sum(one.found for one in result.values()), sum(one.total for one in result.values())
    sys.stdout.write(f"{'together':34} {found:5} of {total:5} {found / total:6.1%}  on {len(paths)} policies\n")


if __name__ == "__main__":
    main()
