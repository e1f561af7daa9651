"""The scenarios of every example, judged: what they show and pin of its operating policy, and what they notice.

`FLOORS` holds what each example has reached. It may only rise; at its end stand all goals, all boundaries, and nine of
ten mutants, which is what `phaseflow test --strict --notice 90` asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from phaseflow.testing.accepted import beside
from phaseflow.testing.judgement import Judgement, judge, of_mutants
from phaseflow.testing.mutation import known_as, reached, score, try_mutants
from phaseflow.testing.mutation.memory import read
from phaseflow.testing.scenarios.collect import Plans, Result, of_file
from phaseflow.testing.scenarios.reader import by_policy, read_scenarios

EXAMPLES = Path(__file__).parents[2] / "examples"

FLOORS = {
    # of 100: goals shown, boundaries pinned, mutants noticed; in the end (100, 100, 90)
    "bureau_work_style": (100, 100, 97),
    "city_pilot": (100, 100, 99),
    "district_campaign": (100, 100, 90),
    "education_bureau": (100, 100, 95),
    "health_bureau": (100, 100, 98),
    "rectification_review": (100, 100, 100),
    "sanitation_office": (100, 100, 100),
    "township_hospital_2010": (100, 100, 98),
    "township_hospital_2011": (100, 100, 98),
}


def test_every_example_with_house_rules_is_judged() -> None:
    """No example is left out."""
    assert sorted(FLOORS) == sorted(path.parent.name for path in EXAMPLES.glob("*/operating.yaml"))


def played(name: str) -> Iterator[Result]:
    """The results of the scenarios that are played on the operating policy of an example."""
    plans = Plans()
    for file in by_policy((EXAMPLES / name,))[EXAMPLES / name / "operating.yaml"]:
        yield from of_file(read_scenarios(file), plans)


def noticed(name: str, found: list[Result], judgement: Judgement) -> float:
    """How many of 100 mutants are noticed at least: by the scenarios that ``operating.mutants.json`` remembers."""
    memory = EXAMPLES / name / "operating.mutants.json"
    known = read(memory.read_text(encoding="utf-8")).get("operating.yaml") if memory.exists() else None
    if known is None:
        return 0
    reach = {known_as(one.played.case): reached(one.played) for one in found if one.played is not None}
    files = sorted({Path(result.file) for result in found})
    tried = tuple(try_mutants(judgement.policy, files, jobs=1, killers=known.noticed, only=True, reach=reach))
    verdicts, problems = of_mutants(judgement.policy, tried, beside(judgement.policy))
    assert problems == ()
    killed, of = score(verdicts)
    return 100 * killed / of


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOORS)
def test_the_scenarios_of_an_example_reach_its_floor(name: str) -> None:
    """Every scenario passes and is confirmed, what was accepted is proved, and no figure is below its floor."""
    found = list(played(name))
    assert [(result.name, result.state) for result in found if result.state != "passed"] == []
    (judgement,) = judge(found)
    assert judgement.problems == ()
    goals, edges, mutants = FLOORS[name]
    missing = [goal.name for goal in judgement.coverage.missing]
    assert judgement.coverage.percent >= goals, missing
    open_ = [one.name for one in judgement.pinning.open]
    assert 100 * (len(judgement.pinning.boundaries) - len(open_)) >= edges * len(judgement.pinning.boundaries), open_
    assert judgement.whole == (not missing and not open_)
    if mutants:
        assert noticed(name, found, judgement) >= mutants
