"""The verbs that look into a policy, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from phaseflow.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
POLICIES = sorted(path for path in EXAMPLES.glob("*/*.yaml") if path.with_suffix(".lint.yaml").exists())

PLAIN = """\
phaseflow: 1
campaign: plain
zone: UTC
year: 2026
roles: {lead: Lead, member: Member}
phases:
  a:
    window: 03-01 .. 03-31
    opens: on date
    closes: by lead
    gate: duties
    duties: {notes: {quota: 10 pages, each: member, due: 03-15}}
outcomes: {done: {by: lead}}
"""


def run(*words: str) -> Result:
    found = CliRunner().invoke(main, list(words))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.yaml").write_text(PLAIN, encoding="utf-8")
    return tmp_path


def test_lint_ends_with_one_only_for_errors_and_warnings(here: Path) -> None:
    """Exit 0 for a note (a due day on a Sunday), 1 for a warning and for what does not compile, 2 for a wrong line."""
    noted = run("lint", "plain.yaml")
    assert (noted.exit_code, noted.stdout.splitlines()[-1]) == (0, "plain.yaml: 1 note")
    (here / "bad.yaml").write_text(PLAIN.replace("due: 03-15", "due: 05-05"), encoding="utf-8")
    assert run("lint", "bad.yaml").exit_code == 1
    (here / "worse.yaml").write_text(PLAIN.replace("closes: by lead", "closes: by leed"), encoding="utf-8")
    worse = run("lint", "plain.yaml", "worse.yaml")
    assert worse.exit_code == 1
    assert "did you mean 'lead'?" in worse.stdout
    assert run("lint", "--start", "soon", "plain.yaml").exit_code == 2
    assert run("lint").exit_code == 2
    assert run("lint", "nowhere.yaml").exit_code == 1


def test_lint_answers_in_json(here: Path) -> None:
    """Findings carry address, code and place as data."""
    [found] = json.loads(run("lint", "--json", "plain.yaml").stdout)
    assert (found["file"], found["ok"], found["accepted"]) == ("plain.yaml", True, [])
    [finding] = found["findings"]
    assert finding["at"] == "calendar.notes"
    assert {key: finding["problem"][key] for key in ("code", "severity", "line", "col")} == {
        "code": "PF727", "severity": "note", "line": 12, "col": 58,
    }  # fmt: skip


def test_lint_takes_the_start_that_is_given(here: Path) -> None:
    """In 2027 the fifteenth of March is a Monday."""
    assert run("lint", "--start", "2027-03-01", "plain.yaml").stdout == "plain.yaml: nothing found\n"


def test_files_beside_a_policy_are_read_strictly(here: Path) -> None:
    """A fault in the file of accepted findings, or a register that is not there, is told with its place."""
    (here / "plain.lint.yaml").write_text("accept: [{code: PF727, at: calendar.notes}]\n", encoding="utf-8")
    found = run("lint", "plain.yaml")
    assert found.exit_code == 1
    assert "plain.lint.yaml:1:10: error PF130" in found.stdout
    (here / "plain.lint.yaml").unlink()
    (here / "plain.yaml").write_text(PLAIN + "clauses: gone.yaml\n", encoding="utf-8")
    found = run("lint", "plain.yaml")
    assert found.exit_code == 1
    assert "PF872" in found.stdout


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_the_examples_are_clean(policy: Path) -> None:
    """Every finding of an example that somebody went through is mended, or accepted with its reason."""
    found = run("lint", str(policy))
    assert found.exit_code == 0, found.stdout


def test_there_are_examples() -> None:
    """The test above is not empty."""
    assert POLICIES
