"""Run state: rows by part, and `evolve`, which folds an entry of the trail into them. Bookkeeping only."""

from phaseflow.core.state.evolve import evolve, fold
from phaseflow.core.state.rows import (
    CAMPAIGN,
    Clock,
    Delegation,
    Draft,
    DutyState,
    Head,
    MemoryRows,
    PartState,
    PersonState,
    Question,
    Rows,
    Timer,
    VisitState,
    Waiver,
    head_of,
    timer_instant,
    timer_key,
)

__all__ = [
    "CAMPAIGN", "Clock", "Delegation", "Draft", "DutyState", "Head", "MemoryRows", "PartState", "PersonState",
    "Question", "Rows", "Timer", "VisitState", "Waiver", "evolve", "fold", "head_of", "timer_instant", "timer_key",
]  # fmt: skip
