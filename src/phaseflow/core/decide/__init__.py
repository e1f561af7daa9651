"""Commands to events: one function per command, then sentries until nothing changes. See `decide`."""

from phaseflow.core.decide.step import Refusal, Surroundings, UnitFact
from phaseflow.core.decide.table import Decision, decide, next_due

__all__ = ["Decision", "Refusal", "Surroundings", "UnitFact", "decide", "next_due"]
