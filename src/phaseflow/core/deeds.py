"""What is left to do for a move: deeds by persons, by when, and what bars the way for good.

Plain values without words: the same data is told in several languages. What there is to do is worked out in
`core.decide.outlook`; here are only the answers, and the closed lists of what an answer can be.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

import attrs

from phaseflow.core.reasons import Reason
from phaseflow.errors import NOWHERE, Span

Verb: TypeAlias = Literal[
    "request", "resume", "reopen", "complete", "record", "tick", "hold", "confirm", "draft", "hear", "judge", "hand",
    "run_poll", "settle", "verify", "publish_item", "answer", "open_item", "get_there", "start_units", "supply",
    "make_up", "extend", "waive", "list_body",
]  # fmt: skip
"""What somebody does: an act of a run, or (``get_there``, ``start_units``, ``supply``) what happens outside it."""

Cause: TypeAlias = Literal[
    "run_ended", "phase_closed", "never_opens", "open_already", "locked", "nobody_owes", "not_called", "done_already",
    "never_undone", "result_stands", "quorum_out_of_reach", "share_out_of_reach", "policy_says", "over_nothing", "ring",
    "used_up",
]  # fmt: skip
"""Why something is not possible any more."""


@attrs.frozen(kw_only=True)
class Deed:
    """Something that somebody still has to do.

    Args:
        verb: What is done.
        name: The duty, move, ledger, phase, question or host fact it is done to.
        step: The step of a document's route; for ``get_there``, where to: ``reached``, ``closed`` or ``concluded``.
        roles: The roles that may do it; empty where whoever owns it does, or nobody is named.
        people: The first twenty who hold them now and may act, in order.
        subjects: The first twenty of those it is done for, or of what it is done to (items, units).
        count: How many acts it takes, at least 1.
        amount: How much is still missing of a quota that the run owes as a whole.
        unit: What *amount* is counted in.
        since: The first day on which it can be done, where that is not today.
        due: Its last day, if it has one; *overdue* says that this day is past.
        lock: The last day on which it can be recorded, if the policy ends that.
        run: The run it is done in, where that is another one: the programme's.
        span: The line of the policy that asks for it, and the *clause* behind it.
    """

    verb: Verb
    name: str
    step: str = ""
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    count: int = 1
    amount: Fraction | None = None
    unit: str = ""
    since: date | None = None
    due: date | None = None
    overdue: bool = False
    lock: date | None = None
    run: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False)
    clause: str = ""


@attrs.frozen(kw_only=True)
class Bar:
    """Why something is not possible any more.

    *name* is the duty, phase, move or poll it is about, *since* the day from which it has been so, *reached* and
    *wanted* are shares or counts where there are any.
    """

    cause: Cause
    name: str = ""
    since: date | None = None
    reached: str = ""
    wanted: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False)
    clause: str = ""


@attrs.frozen(kw_only=True)
class Outlook:
    """What it takes for a move: the smallest set of further deeds, or what bars it.

    Args:
        move: The move asked about.
        reasons: The unmet requirements that these deeds meet; of a choice only the alternative that is taken.
        deeds: What is to be done, in an order in which it can be; the last one asks for the move, where somebody does.
        bars: Why the move is not possible any more; empty where it is.
        since: The first day on which it can be made, where that is not today.
        smallest: False where there were too many ways to try them all; the deeds then suffice, and may be more.
    """

    move: str
    reasons: tuple[Reason, ...] = ()
    deeds: tuple[Deed, ...] = ()
    bars: tuple[Bar, ...] = ()
    since: date | None = None
    smallest: bool = True

    @property
    def possible(self) -> bool:
        """Whether the move can still be made."""
        return not self.bars

    @property
    def count(self) -> int:
        """How many acts it takes in all."""
        return sum(deed.count for deed in self.deeds)
