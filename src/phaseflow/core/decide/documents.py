"""Deciding about documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from phaseflow.core.decide.step import Step
from phaseflow.core.state.rows import Timer
from phaseflow.messages.commands import Command

FIRE: Mapping[str, Callable[[Step, Timer], None]] = {}
"""Timers of this room."""

HANDLERS: Mapping[type[Command], Callable[[Step, Any], None]] = {}
"""Commands of this room."""


def begin(step: Step, duty: Any, key: str) -> None:
    """Put the documents of a duty that was just opened at the first step of their route."""
