"""What an author may write as a condition: a tree in YAML. `core.plan` turns it into nodes of `core.conditions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import attrs

from phaseflow.spec.phrases import SharePhrase
from phaseflow.spec.shape import Name, Path, Shape, shape


def _doc(text: str, **more: object) -> dict[str, object]:
    return {"doc": text, **more}


@shape
class AllOf(Shape):
    """Every part holds."""

    __tag__: ClassVar[str] = "all"
    all: tuple[Condition, ...] = attrs.field(metadata=_doc("The parts.", one_or_many=True))
    if_none: Literal["met", "unmet"] | None = attrs.field(default=None, metadata=_doc("What an empty list means."))


@shape
class AnyOf(Shape):
    """At least one part holds."""

    __tag__: ClassVar[str] = "any"
    any: tuple[Condition, ...] = attrs.field(metadata=_doc("The parts.", one_or_many=True))
    if_none: Literal["met", "unmet"] | None = attrs.field(default=None, metadata=_doc("What an empty list means."))


@shape
class NotThat(Shape):
    """The part does not hold."""

    __tag__: ClassVar[str] = "not"
    not_: Condition = attrs.field(metadata=_doc("The part."))


@shape
class SomeOf(Shape):
    """At least so many parts hold."""

    __tag__: ClassVar[str] = "at_least"
    at_least: int = attrs.field(metadata=_doc("How many parts must hold.", minimum=1))
    of: tuple[Condition, ...] = attrs.field(metadata=_doc("The parts."))


@shape
class Done(Shape):
    """These duties are done by everybody who owes them."""

    __tag__: ClassVar[str] = "done"
    done: tuple[Path, ...] = attrs.field(
        metadata=_doc("Names of duties, of this run or of the programme.", one_or_many=True)
    )
    share: SharePhrase | None = attrs.field(
        default=None, metadata=_doc("It is enough that this share of those who owe have done it.")
    )
    own: bool = attrs.field(
        default=False, metadata=_doc("In `needs` of a duty with `each`: it is enough that the same person has done it.")
    )


@shape
class Passed(Shape):
    """Documents have passed a step of their route."""

    __tag__: ClassVar[str] = "passed"
    passed: Mapping[Name, Name] = attrs.field(metadata=_doc("Duty name: step name."))


@shape
class Closed(Shape):
    """Phases have been closed."""

    __tag__: ClassVar[str] = "closed"
    closed: tuple[Name, ...] = attrs.field(metadata=_doc("Names of phases.", one_or_many=True))


@shape
class Reached(Shape):
    """Phases have been opened at least once."""

    __tag__: ClassVar[str] = "reached"
    reached: tuple[Name, ...] = attrs.field(metadata=_doc("Names of phases.", one_or_many=True))


@shape
class Items(Shape):
    """So many items of a ledger are in a state."""

    __tag__: ClassVar[str] = "items"
    items: Name = attrs.field(metadata=_doc("Name of the ledger."))
    state: Literal["open", "closed", "all"] = attrs.field(default="open", metadata=_doc("Which items are counted."))
    class_: Name | None = attrs.field(default=None, metadata=_doc("Only items of this class."))
    at_most: int | None = attrs.field(default=None, metadata=_doc("Not more than so many.", minimum=0))
    no_fewer: int | None = attrs.field(default=None, metadata=_doc("Not fewer than so many.", minimum=1))


@shape
class Units(Shape):
    """So many of the programme's units have got somewhere; the denominator is every unit enrolled and not withdrawn."""

    __tag__: ClassVar[str] = "units"
    units: SharePhrase | int = attrs.field(metadata=_doc("The share or the number of units wanted."))
    reached: Name | None = attrs.field(default=None, metadata=_doc("…have ever opened this phase."))
    closed: Name | None = attrs.field(default=None, metadata=_doc("…have closed this phase."))
    concluded: Literal["any"] | Name | None = attrs.field(
        default=None, metadata=_doc("…have ended, with this outcome if one is named.")
    )
    if_none: Literal["met", "unmet"] | None = attrs.field(
        default=None, metadata=_doc("What holds while there is no unit.")
    )


@shape
class PollResult(Shape):
    """A poll that was counted reached a share."""

    __tag__: ClassVar[str] = "poll"
    poll: Name = attrs.field(metadata=_doc("Name of the poll duty."))
    at_least: SharePhrase | Name | None = attrs.field(
        default=None, metadata=_doc("This share or more, or the name of a parameter.")
    )
    below: SharePhrase | Name | None = attrs.field(default=None, metadata=_doc("Less than this share."))


@shape
class HostFact(Shape):
    """A fact that the host application supplies, registered by name."""

    __tag__: ClassVar[str] = "fact"
    fact: Name = attrs.field(metadata=_doc("The registered name."))
    version: str = attrs.field(metadata=_doc("The registered version."))


@shape
class Expression(Shape):
    """An expression, such as ``items(ledger='problems', state='open') == 0``; the word ``duties`` alone means every
    prescribed duty of this phase and its steps."""

    __scalar__: ClassVar[str] = "text"
    text: str = attrs.field(metadata=_doc("The expression."))


Condition = (
    Expression
    | AllOf
    | AnyOf
    | NotThat
    | SomeOf
    | Done
    | Passed
    | Closed
    | Reached
    | Items
    | Units
    | PollResult
    | HostFact
)
"""A condition: an expression, or a tree."""
