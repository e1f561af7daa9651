"""The JSON Schema of scenario files accepts what is played, and refuses what the reader refuses."""

from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from phaseflow.cli import main
from phaseflow.spec.schema import json_schema
from phaseflow.spec.tree import decode, parse
from phaseflow.testing.accepted import Accepted
from phaseflow.testing.scenarios.schema import scenario_schema
from tests.spec.test_schema import as_editors_read
from tests.testing.conftest import CAST

SCHEMA = jsonschema.Draft202012Validator(scenario_schema())
FILES = sorted(Path(__file__).parents[2].glob("examples/*/*.scenario.yaml"))


def faults(text):
    """What an editor that goes by the schema has against a text."""
    written = as_editors_read(parse(decode(text)))
    return [f"{error.json_path}: {error.message[:160]}" for error in SCHEMA.iter_errors(written)]


def test_it_is_a_schema():
    """It is valid against the dialect that it names, and so is that of what was accepted."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA.schema)
    jsonschema.Draft202012Validator.check_schema(json_schema(Accepted))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_schema_accepts_the_scenarios_of_the_examples(file):
    """Stories, cases with their $names, casts and expectations."""
    assert faults(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("story", [
    "- 03-10 wang: request study.close", "- {on: 03-10, open: study}", "- {03-10 wang: [hold kickoff, draft summary]}",
    "- $day wang: record notes $amount characters", "- {on: $day, units: $units, passed: $so}",
])  # fmt: skip
def test_the_forms_of_a_line_are_accepted(story):
    """An act, a look, several acts, and whatever a case fills in."""
    assert faults(f"{CAST}scenarios:\n  it:\n    cases: [{{day: 03-10}}]\n    story:\n      {story}\n") == []


@pytest.mark.parametrize("wrong", [
    "story: [{on: 03-10, opened: study}]", "story: [{on: tomorrow, open: study}]", "tale: []",
    "story: [{someday wang: request study.close}]", "cases: []", "cases: [3]", "crowd: [member]",
    "story: [{on: 03-10, passed: perhaps}]",
])  # fmt: skip
def test_what_the_reader_refuses_the_schema_refuses(wrong):
    """Unknown keys, lines that do not say when, and values of another form."""
    assert faults(f"{CAST}scenarios:\n  it:\n    {wrong}\n") != []


def test_the_verb_prints_each_schema_alone():
    """`schema --scenarios` and `--accepted`; not both at once."""
    run = CliRunner().invoke
    assert '"cases"' in run(main, ["schema", "--scenarios"]).output
    assert '"unreachable"' in run(main, ["schema", "--accepted"]).output
    assert run(main, ["schema", "--scenarios", "--accepted"]).exit_code == 2
