"""What an author may write in a ``NAME.behaviour.yaml``: how the people of a simulation behave.

Shape only, by the machinery of policies. What is left out is assumed (`habits` says what), so an empty file is one too.
The file is no part of the policy: how people behave changes nothing that a run may do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, ClassVar, Literal

import attrs

from phaseflow.analysis.simulation.phrases import SpanPhrase
from phaseflow.errors import Problem
from phaseflow.spec.duties import doc
from phaseflow.spec.phrases import SharePhrase
from phaseflow.spec.shape import EMPTY, Name, Shape, shape

FORMS: Mapping[str, int] = {"fixed": 1, "uniform": 2, "triangular": 3, "lognormal": 2}
"""Ways to spread a number, with how many figures each takes."""

_FIGURES = {
    "uniform": "the least and the greatest", "triangular": "the least, the likeliest and the greatest",
    "lognormal": "the middle one, and what nine of ten stay below",
}  # fmt: skip


@shape
class Spread(Shape):
    """A number that is not always the same. One figure alone is fixed."""

    __scalar__: ClassVar[str] = "fixed"

    fixed: SpanPhrase | None = attrs.field(default=None, metadata=doc("Always this."))
    uniform: tuple[SpanPhrase, ...] = attrs.field(
        default=(), metadata=doc("From the first to the second, each as likely.", example="[1 day, 5 days]")
    )
    triangular: tuple[SpanPhrase, ...] = attrs.field(
        default=(), metadata=doc("The least, the likeliest, the greatest.", example="[10%, 60%, 110%]")
    )
    lognormal: tuple[SpanPhrase, ...] = attrs.field(
        default=(),
        metadata=doc("The middle one, and what nine of ten stay below.", example="[3 days, 9 days]"),
    )

    @property
    def form(self) -> str:
        """Which of the forms it has."""
        return next((form for form in FORMS if getattr(self, form)), "fixed")

    @property
    def figures(self) -> tuple[SpanPhrase, ...]:
        """Its figures, in the order of its form."""
        found: Any = getattr(self, self.form)
        return found if isinstance(found, tuple) else (found,)

    def validate(self) -> Iterable[Problem]:
        given = [form for form in FORMS if getattr(self, form)]
        if len(given) != 1:
            yield Problem(
                code="PF941", what="a spread has one form" + (f", and here are {len(given)}" if given else ""),
                span=self.span, why="each form draws the number in its own way",
                fix=f"write one of: {', '.join(FORMS)}",
            )  # fmt: skip
            return
        form, figures = given[0], self.figures
        span = self.span_of(form)
        if len(figures) != FORMS[form]:
            yield Problem(
                code="PF942", what=f"'{form}' takes {FORMS[form]} figures, and here are {len(figures)}", span=span,
                why=f"they are {_FIGURES.get(form, 'one')}", fix=f"write {_FIGURES.get(form, 'one')}",
            )  # fmt: skip
            return
        units = {_scale(figure) for figure in figures}
        if len(units) > 1:
            yield Problem(
                code="PF943", what=f"'{form}' mixes {' and '.join(sorted(units))}", span=span,
                why="a number is drawn between its figures, so they must be of one kind",
                fix="write all of them as lengths, as business days, or as shares of the time allowed",
            )  # fmt: skip
        elif any(_size(a) > _size(b) for a, b in pairwise(figures)):
            yield Problem(
                code="PF944", what=f"the figures of '{form}' do not ascend", span=span,
                why=f"they are {_FIGURES.get(form, 'one')}", fix="put the smaller one first",
            )  # fmt: skip
        elif form == "lognormal" and _size(figures[0]) == 0:
            yield Problem(
                code="PF944", what="the middle of a 'lognormal' is nothing", span=span,
                why="it is a factor that varies, and no factor makes something of nothing",
                fix="give a middle above 0, or write `0 days`",
            )  # fmt: skip


def _scale(figure: SpanPhrase) -> str:
    return {"share": "shares", "business_day": "business days"}.get(figure.unit, "lengths")


def _size(figure: SpanPhrase) -> Any:
    return figure.count * {"hour": 1, "day": 24, "week": 168}.get(figure.unit, 1)


_DELAY = "How long after it can be done it is done; a share is one of the time allowed, from then to its due day."
_NEVER = "How many never do it."


@shape
class Habit(Shape):
    """How somebody behaves."""

    delay: Spread | None = attrs.field(default=None, metadata=doc(_DELAY))
    never: SharePhrase | None = attrs.field(default=None, metadata=doc(_NEVER))


@shape
class Defaults(Habit):
    """How everybody behaves of whom nothing else is said."""

    again: Spread | None = attrs.field(
        default=None,
        metadata=doc("How long until somebody who was held up tries again, once what was missing is there."),
    )
    undated: SpanPhrase | None = attrs.field(
        default=None, metadata=doc("The time allowed for what has no due day, in a phase without an end.")
    )
    answer: Spread | None = attrs.field(
        default=None, metadata=doc("How long a question, or what somebody confirms or verifies, waits.")
    )


@shape
class StepHabit(Habit):
    """How a step of a document's route is done."""

    returns: SharePhrase | None = attrs.field(
        default=None, metadata=doc("How often a judging step sends the document back.")
    )


@shape
class DutyHabit(Habit):
    """How a duty is done."""

    parts: int | None = attrs.field(
        default=None,
        metadata=doc("In how many records an amount is handed in, evenly spread over the delay.", minimum=1),
    )
    poor: SharePhrase | None = attrs.field(default=None, metadata=doc("How often whoever checks it finds it poor."))
    returns: SharePhrase | None = attrs.field(
        default=None, metadata=doc("How often each judging step of a document sends it back.")
    )
    opinions: int | None = attrs.field(
        default=None, metadata=doc("How many opinions each group gives where it is heard.", minimum=0)
    )
    steps: Mapping[Name, StepHabit] = attrs.field(default=EMPTY, metadata=doc("Single steps of a document's route."))
    invited: int | None = attrs.field(
        default=None, metadata=doc("How many people of a group on no roster are invited to a poll.", minimum=1)
    )
    turnout: SharePhrase | None = attrs.field(
        default=None, metadata=doc("How many of those invited take part in a poll.")
    )
    score: Spread | None = attrs.field(
        default=None, metadata=doc("Which share of the answers is favourable; drawn once for each edge and round.")
    )


@shape
class LedgerHabit(Shape):
    """What is entered in a ledger, and what becomes of it."""

    items: int = attrs.field(default=0, metadata=doc("How many items each run enters.", minimum=0))
    classes: tuple[Name, ...] = attrs.field(
        default=(), metadata=doc("Their classes, in turn; all classes of the ledger if left out.", one_or_many=True)
    )
    after: Name | None = attrs.field(
        default=None, metadata=doc("The phase in which they are entered; the first one that opens if left out.")
    )
    entered: Spread | None = attrs.field(default=None, metadata=doc("How long after the opening of that phase."))
    settle: Spread | None = attrs.field(
        default=None, metadata=doc("How long until an item is settled; a share is one of the time it has.")
    )
    never: SharePhrase | None = attrs.field(default=None, metadata=doc("How many items are never settled."))
    verify: Spread | None = attrs.field(default=None, metadata=doc("How long until somebody verifies it."))
    poor: SharePhrase | None = attrs.field(default=None, metadata=doc("How often it is found poor."))


@shape
class MoveHabit(Shape):
    """When a move is asked for."""

    __scalar__: ClassVar[str] = "asked"

    asked: Literal["at the end", "when ready", "never"] = attrs.field(
        default="at the end",
        metadata=doc("On the last day of the phase's window (and again when what was missing is there), as soon as its "
                     "gate would pass, or never."),
    )  # fmt: skip


@shape
class Behaviour(Shape):
    """How the people of a simulation behave. Everything may be left out."""

    start: str | None = attrs.field(
        default=None, metadata=doc("First day of the campaign.", example="2009-03-01")
    )
    until: str | None = attrs.field(
        default=None, metadata=doc("Last day that is looked at; 120 days after the last window if left out.")
    )
    people: Mapping[Name, int] = attrs.field(
        default=EMPTY, metadata=doc("How many hold a role in each run of its level.")
    )
    bodies: Mapping[Name, int] = attrs.field(default=EMPTY, metadata=doc("How many bodies of a kind each run has."))
    units: int | None = attrs.field(
        default=None, metadata=doc("How many units stand under one programme; each trial is one programme.", minimum=1)
    )
    kinds: tuple[Name, ...] = attrs.field(
        default=(), metadata=doc("Kinds of units, in turn; all kinds of the programme if left out.", one_or_many=True)
    )
    defaults: Defaults = attrs.field(factory=Defaults, metadata=doc("How everybody behaves."))
    roles: Mapping[Name, Habit] = attrs.field(
        default=EMPTY, metadata=doc("How those of a role behave in what that role owes.")
    )
    duties: Mapping[Name, DutyHabit] = attrs.field(default=EMPTY, metadata=doc("How single duties are done."))
    ledgers: Mapping[Name, LedgerHabit] = attrs.field(default=EMPTY, metadata=doc("What is entered in ledgers."))
    moves: Mapping[str, MoveHabit] = attrs.field(
        default=EMPTY, metadata=doc("When moves such as study.close are asked for.")
    )
