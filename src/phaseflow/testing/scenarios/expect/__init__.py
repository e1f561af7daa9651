"""What a scenario expects, held against how things stand: one function for each key of a line.

Each yields a problem for every difference: what was expected and what was found, at the place in the scenario, with the
line of the policy that makes it so. Codes: PF606 a name that the policy does not have, PF620 something else was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phaseflow.errors import Problem
from phaseflow.testing.scenarios.expect import duties, gates, records, telling, trail
from phaseflow.testing.scenarios.expect.duties import duty_word
from phaseflow.testing.scenarios.expect.gates import fits, reasons, reasons_text
from phaseflow.testing.scenarios.expect.look import NOBODY, Check, Look
from phaseflow.testing.scenarios.expect.telling import notices
from phaseflow.testing.scenarios.expect.trail import matches

CHECKS: Mapping[str, Check] = {
    "open": gates.open_phases,
    "phases": gates.phases,
    "gates": gates.gate_answers,
    "duties": duties.of_duties,
    "done": duties.done,
    "overdue": duties.overdue,
    "todo": duties.todo,
    "allowed": duties.allowed,
    "documents": records.documents,
    "polls": records.polls,
    "items": records.items,
    "reminded": telling.notice_check(("due_soon",), "reminded", "reminded"),
    "escalated": telling.notice_check(("escalated",), "escalated", "told by escalation"),
    "told": telling.notice_check((), "told", "told"),
    "asked": telling.asked,
    "happened": trail.happened,
    "never": trail.never,
    "outcome": trail.plain("outcome", "the outcome", lambda look: look.status.outcome),
    "status": trail.plain("status", "the run", lambda look: look.status.status),
    "owes_redo": trail.plain("owes_redo", "whether a redo is owed", lambda look: look.status.owes_redo),
    "units": trail.units,
}
"""Every key of a line that expects something, beside the answer to the act."""


def check(look: Look) -> Iterator[Problem]:
    """Every difference between what a line expects and how things stand."""
    for key, function in CHECKS.items():
        value = getattr(look.line, key)
        if value is None or value == {}:
            continue
        yield from function(look, value)


__all__ = [
    "CHECKS", "NOBODY", "Look", "check", "duty_word", "fits", "matches", "notices", "reasons", "reasons_text",
]  # fmt: skip
