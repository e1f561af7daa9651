"""Each gate of each example, asked about in the middle of its story, is told in both languages without holes."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from tests.examples.sources import EXAMPLES

from phaseflow import Engine, Plan, Refused, Run, load_policy
from phaseflow.core.plan.model import LevelPlan
from phaseflow.prose.names import text_of
from phaseflow.spec.duties import ChecklistDuty
from phaseflow.spec.shape import Text

NAMES = sorted(file.parent.name for file in EXAMPLES.glob("*/operating.yaml"))
YEARS = {"sanitation_office": 2012, "education_bureau": 2009, "township_hospital_2010": 2010}


def test_the_nine_examples_are_here() -> None:
    """None of the examples is left out by mistake."""
    assert len(NAMES) == 9


def _roster(plan: Plan, level: str) -> list[dict[str, Any]]:
    """Two persons in every role; those of a relation hold it for the unit, or for the first body of the kind."""
    found = []
    for name, role in plan.roles.items():
        whom = "north" if role.spec.for_ == "unit" else f"{role.spec.for_}0"
        if not role.spec.invited and (plan.programme is None or role.level == level):
            held = f"{name}@{whom}" if role.spec.for_ is not None else name
            found += [{"id": f"p{len(plan.roles)}{name[:1]}{number}{len(found)}", "roles": [held]} for number in (1, 2)]
    return found


def _bodies(plan: Plan, level: str) -> dict[str, list[str]]:
    return {
        str(kind): [f"{kind}{number}" for number in range(spec.count or 2)]
        for kind, spec in plan.policy.bodies.items()
        if spec.listed == "at start" and (plan.programme is None or (spec.of or "unit") == level)
    }


@cache
def runs_of(example: str) -> tuple[Plan, tuple[Run, ...]]:
    """The runs of an example, half of what is owed simply done, a month and a half after the start."""
    plan = load_policy(EXAMPLES / example / "operating.yaml")
    year = plan.policy.year or YEARS.get(example, 2011)
    now = datetime(year, 7, 6, tzinfo=UTC) if example == "bureau_work_style" else datetime(year, 2, 1, tzinfo=UTC)
    engine = Engine("memory:", clock=lambda: now)
    start = now.date().isoformat()
    top = engine.start(plan, start=start, roster=_roster(plan, "programme"), bodies=_bodies(plan, "programme"))
    runs = [top]
    if plan.programme is not None and plan.policy.programme is not None:
        kinds = list(plan.policy.programme.kinds)
        more = {"kind": str(kinds[0])} if kinds else {}
        bodies = _bodies(plan, "unit")
        runs.append(
            engine.start(
                plan, unit="north", start=start, programme=top, roster=_roster(plan, "unit"), bodies=bodies, **more
            )
        )
    now += timedelta(days=5 if example == "bureau_work_style" else 45)
    engine.tick()
    for run in runs:
        for person in [one["id"] for one in _roster(plan, "programme") + _roster(plan, "unit")]:
            for owed in run.todo(person)[::2]:
                try:
                    if owed.kind in ("task", "meeting"):
                        run.complete(owed.subject, by=person)
                    elif owed.kind == "checklist":
                        spec = plan.levels[run.status().level].duties[owed.subject].spec
                        assert isinstance(spec, ChecklistDuty)
                        run.check(owed.subject, str(spec.items[0]), by=person)
                except Refused:
                    continue  # what it needs is not there yet; that is what the questions are about
    return plan, tuple(runs)


def _titled(plan: Plan, level: LevelPlan, lang: str) -> set[str]:
    """Names that have a title in the language; entries of checklists, which have none, may bear the same names."""
    texts: dict[str, Text | None] = {name: role.spec.title for name, role in plan.roles.items()}
    texts |= {name: text_of(rule) for name, rule in level.duties.items()}
    texts |= {str(name): spec.title for name, spec in plan.policy.phases.items()}
    texts |= {name: ledger.spec.title for name, ledger in level.ledgers.items()}
    texts |= {name: spec.title for name, spec in level.outcomes.items()}
    entries = {str(entry) for rule in level.duties.values() for entry in getattr(rule.spec, "items", ())}
    found = {name for name, text in texts.items() if text is not None and lang in text.texts}
    return {name for name in found - entries if lang != "en" or "_" in name}  # `study` is an English word as well


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("example", NAMES)
def test_every_gate_is_told_without_holes(example: str, lang: str) -> None:
    """Why, why not and what it takes: every text is there, every place filled, and titles stand for names."""
    plan, runs = runs_of(example)
    told: list[str] = []
    for run in runs:
        level, words = plan.levels[run.status().level], run.in_words(lang)
        somebody = _roster(plan, level.name)[0]["id"]
        for move in level.moves:
            told += [words.what_would_it_take(move), words.why_not(move, by=somebody)]
            with suppress(Refused):  # a phase that is not open has no gate to ask
                told.append(words.why(move))
        titled = _titled(plan, level, lang)
        named = {word for text in told for word in re.findall(r"[a-z][a-z_0-9]*", _without_marks(text))}
        assert named & titled == set()
    assert [text for text in told if "{" in text or "}" in text or not text.strip()] == []
    if lang == "zh":
        assert [line for text in told for line in text.splitlines() if not re.search("[\u4e00-\u9fff]", line)] == []


def _without_marks(text: str) -> str:
    """Without clauses, and what stands in round brackets: ids of persons, and names that go with a foreign title."""
    text = re.sub(r"(Source: |依据：).*", "", text)
    return re.sub(r"[(（][^()（）]*[)）]", "", text)
