"""Policies of one project that extend one another, read from disk and kept by a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseflow import Engine, PolicyError, load_policy

BASE = """\
phaseflow: 1
campaign: county
zone: UTC
roles: {lead: Lead}
phases:
  study: {window: 03-01 .. 04-30, opens: on date, closes: by lead, clock: calendar}
outcomes: {completed: {by: lead}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for place, text in (
        ("county/policy.yaml", BASE),
        ("north/policy.yaml", "extends: ../county/policy.yaml\ncampaign: north\n"),
        ("north/operating.yaml", "extends: policy.yaml\nhouse_rules: true\nyear: 2009\n"),
    ):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (tmp_path / "phaseflow.toml").write_text("[phaseflow]\n")
    return tmp_path


def test_plans_beside_each_other_share_a_template(project: Path) -> None:
    """Inside the folder with a phaseflow.toml a base may stand anywhere; without one it may not."""
    assert load_policy(project / "north" / "operating.yaml").policy.campaign == "north"
    (project / "phaseflow.toml").unlink()
    with pytest.raises(PolicyError, match="stands outside the project"):
        load_policy(project / "north" / "operating.yaml")


def test_the_base_is_the_one_beside_the_policy(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the same name in the working directory is another file."""
    monkeypatch.chdir(project / "county")
    assert load_policy("../north/operating.yaml").policy.campaign == "north"


def test_a_store_gives_such_a_plan_back(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kept texts are found by their own places, also where two of them have the same name."""
    monkeypatch.chdir(project)
    plan = load_policy("north/operating.yaml")
    with_store = Engine(f"sqlite:///{project}/runs.db")
    with_store.start(plan, start="2009-03-01", run="r")
    with_store.close()
    again = Engine(f"sqlite:///{project}/runs.db")
    assert again.run("r").status().run == "r"
    again.close()
