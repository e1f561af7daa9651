"""Scenarios: a policy's tests, written in YAML beside it. See `read_scenarios` and `play`."""

from phaseflow.testing.scenarios.play import Played, play
from phaseflow.testing.scenarios.reader import Case, ScenarioFile, read_scenarios

__all__ = ["Case", "Played", "ScenarioFile", "play", "read_scenarios"]
