"""Taking back and correcting what was recorded. Nothing is rewritten: a later event says what no longer counts."""

from __future__ import annotations

from phaseflow.core.decide.step import Step
from phaseflow.messages import commands as c


def void(step: Step, command: c.Void) -> None:
    """Take back what one event recorded."""


def correct(step: Step, command: c.Correct) -> None:
    """Record anew what one event recorded wrongly."""
