"""A small policy, and scenario files written beside it."""

from pathlib import Path

import pytest

from phaseflow.testing.scenarios.collect import Result, results

pytest_plugins = ["pytester"]

POLICY = """\
phaseflow: 1
campaign: safety
zone: Asia/Shanghai
parameters: {pass_mark: {value: 85%, clause: "4"}}
roles:
  office: {title: Office}
  lead:   {title: Lead of the unit}
  member: {title: Member}
  guests: {title: Guests, invited: true}
defaults:
  duty: {due: window end, remind: 3 days, overdue: {lead: 1 day, office: 3 days}}
  phase: {opens: on date, closes: by lead, clock: calendar}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    clause: "3"
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, evidence: [minutes], clause: "3.1"}
      notes:   {quota: 100 characters, each: member, clause: "3.2"}
  report:
    window: 04-01 .. 04-30
    gate: {passed: {summary: approve}}
    duties:
      summary: {document: Summary, by: lead, route: [{draft: lead}, {approve: office, returns_to: draft}]}
  rating:
    opens: when report closes
    window: none
    closes: by lead
    duties:
      satisfaction:
        poll: Are you satisfied?
        by: lead
        due: none
        edges: {outside: {raters: guests}}
        choices: [satisfied, dissatisfied]
        measure: satisfied of valid
        anonymous: true
        smallest_group: 1
        quorum: none
        bands: {exclusive: [{below: 80%, go: redo}, {below: pass_mark, go: look_back}, {otherwise: completed}]}
transitions:
  look_back: {from: rating, to: report, window: 30 days, duties: all, max: unlimited}
  rate_again: {from: report, to: rating, by: lead, window: none, duties: all, max: unlimited}
ledgers:
  problems:
    required: [measure]
    opened_by: lead
    classes: {now: 7 days}
    close: {by: lead, evidence: required, verify: office, poor: reopen}
    survives: false
outcomes:
  completed: {}
  redo: {owes: next_batch, carry: nothing}
waivers: {by: office, duties: [notes], grounds: [illness], expires: optional}
recording: {late_by: unlimited, correct: office}
"""

CAST = """\
start: 2009-03-01
people: {boss: office, wang: lead, li: member, chen: member}
"""


class Desk:
    """A folder with the policy, and scenario files in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")

    def write(self, scenarios: str, name: str = "safety") -> Path:
        """A file with the cast and these scenarios."""
        path = self.folder / f"{name}.scenario.yaml"
        path.write_text(CAST + scenarios, encoding="utf-8")
        return path

    def play(self, scenarios: str) -> list[Result]:
        """The results of these scenarios."""
        return list(results((self.write(scenarios),)))

    def story(self, *lines: str) -> Result:
        """The result of one scenario with these lines."""
        text = "".join(f"      - {line}\n" for line in lines)
        (found,) = self.play(f"scenarios:\n  it:\n    story:\n{text}")
        return found

    def codes(self, *lines: str) -> list[str]:
        """The codes that one scenario with these lines is told."""
        return [problem.code for problem in self.story(*lines).problems]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
