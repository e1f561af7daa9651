"""A small policy, a roster and a clock for the command line's tests."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from phaseflow.cli import main

POLICY = """\
phaseflow: 1
campaign: safety
title: {en: Site safety campaign}
zone: Asia/Shanghai
roles:
  office: {title: Office}
  lead:   {title: Lead of the unit}
  member: {title: Member}
defaults:
  duty: {due: window end}
  phase: {opens: on date, closes: by office, clock: calendar}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    clause: "3"
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, evidence: [minutes], remind: 7 days, clause: "3.1"}
      notes:   {quota: 100 characters, each: member, clause: "3.2"}
  report:
    window: 04-01 .. 04-30
    duties:
      summary:
        document: Summary
        by: lead
        route: [{draft: lead}, {approve: office, returns_to: draft}]
outcomes:
  completed: {by: office}
recording: {late_by: unlimited, correct: office}
"""

ROSTER = "id,roles,name\nboss,office,Bo\nwang,lead,Wang\nli.na,member,Li Na\nchen,member,\n"


class Desk:
    """A folder with a policy and a roster, and a way to call phaseflow in it at a given time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policy = str(folder / "policy.yaml")
        self.now = "2009-03-01T08:00+08:00"
        (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
        (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {"PHASEFLOW_DB": str(self.folder / "test.db"), "PHASEFLOW_NOW": self.now}

    def call(self, *words: str, code: int = 0, **environment: str):
        found = CliRunner().invoke(main, [str(word) for word in words], env={**self.environment, **environment})
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        assert found.exit_code == code, found.output
        assert "Traceback" not in found.output
        return found

    def json(self, *words: str, code: int = 0):
        return json.loads(self.call(*words, "--json", code=code).stdout)

    def start(self) -> None:
        self.call("start", self.policy, "--start", "2009-03-01", "--roster", self.folder / "roster.csv")


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)
