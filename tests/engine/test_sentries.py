"""A programme that moves by itself when its units have got far enough (R11)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine, compile_policy
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: trial
zone: Asia/Shanghai
suspension: {by: office, clock: runs}
roles: {office: {of: programme}, lead: {of: unit}}
defaults: {phase: {clock: calendar, closes: by lead}, duty: {due: none}}
phases:
  study: {opens: with campaign, window: none}
  analysis: {opens: by lead, window: none}
programme:
  phases:
    study: {opens: with campaign, closes: by office}
    analysis:
      opens: when gate
      entry: {units: 95%, reached: analysis, if_none: unmet}
      closes: by office
  outcomes:
    over: {when: {units: 100%, concluded: any, if_none: unmet}}
outcomes: {done: {by: lead}}
"""


class Clock:
    now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Trial:
    """Twenty units."""

    def __init__(self, url: str = "memory:", text: str = POLICY) -> None:
        self.plan = compile_policy(read_policy(text, file="trial.yaml").result())
        self.engine = Engine(url, clock=Clock())
        self.top = self.engine.start(self.plan, start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
        self.units = [
            self.engine.start(
                self.plan, unit=f"u{n:02d}", start="2009-03-01", programme=self.top,
                roster=[{"id": f"u{n:02d}", "roles": ["lead"]}],
            )
            for n in range(20)
        ]  # fmt: skip

    def reach(self, *numbers: int) -> None:
        for n in numbers:
            self.units[n].request("analysis.open", by=f"u{n:02d}")

    def open(self) -> list[str]:
        return [phase.name for phase in self.top.status().phases if phase.state == "open"]


@pytest.fixture(params=["memory", "sqlite"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = Trial("memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/runs.db")
    with made.engine:
        yield made


def test_r11_a_programme_opens_its_phase_when_enough_units_have_reached_it(trial: Trial) -> None:
    """Ninety per cent are not enough, ninety-five are; nobody asks, and the verdict says what was counted."""
    trial.reach(*range(18))
    assert trial.engine.tick() == 0
    assert trial.open() == ["study"]
    trial.reach(18)
    assert trial.engine.tick() == 1
    assert trial.open() == ["study", "analysis"]
    verdict = next(entry.event for entry in trial.top.history() if isinstance(entry.event, e.GateJudged))
    assert verdict.readings[-1].measured == "95%"
    assert verdict.census.startswith("20:")
    assert trial.top.verify() == ()


def test_r11_ticking_twice_changes_nothing(trial: Trial) -> None:
    """Neither at once nor from another engine, which has seen nothing yet."""
    trial.reach(*range(19))
    trial.engine.tick()
    before = len(trial.top.history())
    assert trial.engine.tick() == 0
    assert Engine(trial.engine.store, clock=trial.engine.clock).tick() == 0
    assert len(trial.top.history()) == before


def test_r11_no_unit_writes_the_row_of_the_programme() -> None:
    """What units do leaves the programme's trail alone until somebody ticks: there is no hot row."""
    trial = Trial()
    before = len(trial.top.history())
    trial.reach(*range(20))
    assert len(trial.top.history()) == before


def test_r11_what_ends_the_programme_by_itself_is_on_record() -> None:
    """An outcome that hangs on the units alone says what it counted, too; a programme that is halted waits."""
    trial = Trial()
    for n, unit in enumerate(trial.units):
        unit.request("done", by=f"u{n:02d}")
    trial.top.suspend(by="qian", reason="flood")
    assert trial.engine.tick() == 0
    trial.top.resume(by="qian")
    assert trial.top.status().outcome == "over"  # every command looks again
    verdict = [entry.event for entry in trial.top.history() if isinstance(entry.event, e.GateJudged)][-1]
    assert (verdict.move, verdict.readings[-1].measured) == ("over", "100%")
    assert trial.engine.tick() == 0


def test_a_programme_that_is_unchanged_costs_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is decided again while no unit has an entry more; a programme that watches nothing costs nothing."""
    trial = Trial()
    trial.engine.tick()
    monkeypatch.setattr(trial.engine, "execute", lambda *_: pytest.fail("looked again"))
    assert trial.engine.tick() == 0
    idle = POLICY.replace("opens: when gate", "opens: by office").replace("when: {units", "by: office, gate: {units")
    idle = idle.replace("entry: {units: 95%, reached: analysis, if_none: unmet}", "own_actions: false")
    assert not Trial(text=idle).plan.levels["programme"].watches_units
