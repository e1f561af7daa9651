"""Deeds read back from trails: decided again under the plan of the run, they give the very same trail."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from phaseflow.engine import Engine
from phaseflow.engine.plans import read_plan
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.policies import load_policy
from phaseflow.replay import play as replays
from phaseflow.replay.deeds import READERS
from phaseflow.replay.history import read_history
from phaseflow.testing.scenarios.play import play
from phaseflow.testing.scenarios.reader import read_scenarios
from phaseflow.testing.stage import Stage
from tests.histories import corpus

HISTORIES = sorted(corpus.FOLDER.glob("*.jsonl.gz"))
QUICK = ("health_bureau", "sanitation_office", "rectification_review")
SCENARIOS = sorted(corpus.EXAMPLES.glob("*/operating.scenario.yaml"))


def filled(file: Path) -> Engine:
    """An engine on which a kept history was carried out."""
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    plans = {line["plan"]: read_plan(line["text"]) for line in lines if "text" in line}
    engine = Engine("memory:")
    for plan in plans.values():
        engine.plans.hold(plan)
    for line in lines:
        if "command" in line:
            corpus._carry_out(engine.store, engine.desk, line, plans.get(line["plan"]))
    return engine


def unlike(engine: Engine, campaign: str) -> list[str]:
    """Runs whose trail a replay under their own plan does not give again, with the first entry that differs."""
    history = read_history([engine], campaign)
    found = []
    for digest in sorted({record.plan.digest for record in history.runs.values()}):
        plan = next(record.plan for record in history.runs.values() if record.plan.digest == digest)
        again = replays.replay(history, plan)
        for run, record in history.runs.items():
            if record.plan.digest == digest:
                found += list(first_unlike(run, record.trail, again.trails[run]))
                found += [f"{run}: {one.deed.command}: {one.problems[0]}" for one in again.dropped[run]]
    return found


def first_unlike(run: str, kept: tuple[Entry, ...], again: Any) -> list[str]:
    for index, entry in enumerate(kept):
        if index >= len(again) or again[index] != entry:
            return [f"{run}: entry {entry.seq}: {entry} became {again[index] if index < len(again) else 'nothing'}"]
    return []


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.stem, marks=() if file.name.split(".")[0] in QUICK else pytest.mark.slow)
        for file in HISTORIES
    ],
)
def test_a_history_replayed_under_its_own_plan_is_the_same_history(file: Path) -> None:
    """Every deed of the example programmes, units, polls and documents is read back whole."""
    with filled(file) as engine:
        plans = {str(plan.policy.campaign) for plan in engine.plans._plans.values()}
        assert [line for campaign in plans for line in unlike(engine, campaign)] == []


@pytest.mark.slow
@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.parent.name)
def test_stories_replayed_under_their_own_plan_are_the_same_stories(file: Path, monkeypatch: Any) -> None:
    """The stories of the examples do what programmes do rarely: corrections, delegations, waivers, void polls."""
    found: list[str] = []
    close = Stage.close

    def look(stage: Stage) -> None:
        found.extend(unlike(stage.engine, str(plan.policy.campaign)))
        close(stage)

    told = read_scenarios(file)
    assert told.policy is not None
    plan = load_policy(told.policy)
    monkeypatch.setattr(Stage, "close", look)
    firsts = {case.title: case for case in reversed(told.cases) if case.counts}  # cases of one story do alike
    for case in firsts.values():
        play(case, plan)
    assert found == []


def test_every_command_can_be_read_back() -> None:
    """A new command must say by which event it is known; what runs send each other, and amendments, are no deeds."""
    sent = {c.Tick, c.LeaveProgramme, c.TakeOver, c.Oblige, c.NoteRefusal, c.Amend}
    commands = (kind for kind in vars(c).values() if isinstance(kind, type) and issubclass(kind, c.Command))
    every = set(commands) - {c.Command}
    source = (Path(replays.__file__).parent / "deeds.py").read_text(encoding="utf-8")
    assert [kind.__name__ for kind in every - sent if f"c.{kind.__name__}" not in source] == []
    assert all(issubclass(kind, e.Event) for kind in READERS)
