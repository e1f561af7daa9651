"""What an author may write in a ``*.scenario.yaml``: a cast, and scenarios with their stories.

Shape only, by the machinery of policies (`phaseflow.spec`): the same reader, the same bounds, every fault at its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from phaseflow.spec.shape import EMPTY, Name, Shape, shape
from phaseflow.testing.scenarios.phrases import CuePhrase, DeedPhrase


def doc(text: str, **more: Any) -> dict[str, Any]:
    """The metadata of a key."""
    return {"doc": text, **more}


@shape
class Names(Shape):
    """One name, or a list of names."""

    __scalar__: ClassVar[str] = "names"
    __sequence__: ClassVar[str] = "names"

    names: tuple[str, ...] = attrs.field(metadata=doc("What is named.", one_or_many=True))


@shape
class Deeds(Shape):
    """One act, or several in their order."""

    __scalar__: ClassVar[str] = "acts"
    __sequence__: ClassVar[str] = "acts"

    acts: tuple[DeedPhrase, ...] = attrs.field(metadata=doc("What is done.", one_or_many=True))


@shape
class PersonSpec(Shape):
    """A person: one role, a list of roles, or roles and groups."""

    __scalar__: ClassVar[str] = "roles"
    __sequence__: ClassVar[str] = "roles"

    roles: tuple[str, ...] = attrs.field(
        metadata=doc("Roles of the policy; `linked_leader@north` holds one for somebody.", one_or_many=True)
    )
    groups: tuple[str, ...] = attrs.field(default=(), metadata=doc("Groups that polls ask for.", one_or_many=True))


@shape
class BodiesSpec(Shape):
    """Bodies of a kind: how many, or their names."""

    __scalar__: ClassVar[str] = "count"
    __sequence__: ClassVar[str] = "names"

    count: int | None = attrs.field(default=None, metadata=doc("How many; they are named KIND_1, KIND_2, …", minimum=0))
    names: tuple[str, ...] = attrs.field(default=(), metadata=doc("Their names."))


@shape
class CastSpec(Shape):
    """Who takes part. Whether somebody belongs to the programme or to a unit is said by the role."""

    people: Mapping[str, PersonSpec] = attrs.field(default=EMPTY, metadata=doc("Persons with their roles."))
    crowd: Mapping[Name, int] = attrs.field(
        default=EMPTY, metadata=doc("How many nameless persons hold a role; they are called ROLE_1, ROLE_2, …")
    )
    bodies: Mapping[Name, BodiesSpec] = attrs.field(default=EMPTY, metadata=doc("Bodies by kind."))


@shape
class UnitSpec(CastSpec):
    """A unit with people of its own."""

    kind: Name | None = attrs.field(
        default=None, metadata=doc("Which kind of unit it is, where the programme tells kinds apart.")
    )


@shape
class Line(Shape):
    """One line of a story: an act, or a look at how things stand; what is expected may stand with either."""

    __rest__: ClassVar[str] = "deeds"

    deeds: Mapping[CuePhrase, Deeds] = attrs.field(default=EMPTY, metadata={"internal": True})
    on: CuePhrase | None = attrs.field(default=None, metadata=doc("When one looks and nobody acts.", example="03-14"))
    in_: str = attrs.field(default="", metadata=doc("In which run one looks: a unit, or 'programme'."))

    # what an act is answered
    passed: bool | None = attrs.field(default=None, metadata=doc("The move that was asked for is made."))
    held: Names | None = attrs.field(
        default=None,
        metadata=doc("The gate holds, for exactly these reasons (a piece of each); the last may be 'and more'."),
    )
    refused: Names | None = attrs.field(
        default=None, metadata=doc("The act is refused: a code, a kind such as 'illegal', or words of the message.")
    )

    # how it stands afterwards
    open: Names | None = attrs.field(default=None, metadata=doc("The phases that are open, all of them; or none."))
    phases: Mapping[Name, str] = attrs.field(
        default=EMPTY, metadata=doc("Phases by state: ahead, waiting, assumed, open, overdue, closed.")
    )
    gates: Mapping[str, Names] = attrs.field(
        default=EMPTY, metadata=doc("What a move would be answered now: 'passes', or the reasons that hold it.")
    )
    duties: Mapping[str, str] = attrs.field(
        default=EMPTY,
        metadata=doc("Duties: done, open, overdue, locked, not owed, or a count (5 of 7); `notes/2` is a period."),
    )
    done: Names | None = attrs.field(
        default=None, metadata=doc("Duties that are done: 'notes', 'notes of li', 'notes/2 of li'.")
    )
    overdue: Names | None = attrs.field(
        default=None, metadata=doc("All that is overdue: phases, duties, 'notes of li'; or none.")
    )
    todo: Mapping[str, Names] = attrs.field(
        default=EMPTY, metadata=doc("All that a person owes now, by name; or none.")
    )
    allowed: Mapping[str, Names] = attrs.field(default=EMPTY, metadata=doc("What a person may do now, among others."))
    documents: Mapping[str, str] = attrs.field(
        default=EMPTY, metadata=doc("Documents by the step they wait at, or 'done', or 'not begun'.")
    )
    polls: Mapping[Name, str] = attrs.field(
        default=EMPTY, metadata=doc("Polls by state (open, ended, counted, void …), share (82%), band, or suppressed.")
    )
    items: Mapping[str, str] = attrs.field(
        default=EMPTY, metadata=doc("Ledgers by '1 of 2 open', and items (problems/1) by state.")
    )
    reminded: Mapping[str, Names] = attrs.field(
        default=EMPTY, metadata=doc("Who is reminded on this day, by what of: persons or roles; or nobody.")
    )
    escalated: Mapping[str, Names] = attrs.field(
        default=EMPTY, metadata=doc("Whom it is escalated to on this day, by what: persons or roles; or nobody.")
    )
    told: Mapping[str, Names] = attrs.field(
        default=EMPTY, metadata=doc("Who is told on this day, by kind of notice, or 'KIND SUBJECT'; or nobody.")
    )
    asked: Names | None = attrs.field(
        default=None, metadata=doc("The roles with an open question, all of them; or nobody.")
    )
    happened: Names | None = attrs.field(
        default=None, metadata=doc("Events since the line before, among others: 'PhaseOpened study'.")
    )
    never: Names | None = attrs.field(
        default=None, metadata=doc("Events that did not happen up to now: 'DutyFellDue notes'.")
    )
    outcome: str | None = attrs.field(default=None, metadata=doc("How the run ended; or none."))
    status: str | None = attrs.field(
        default=None, metadata=doc("running, suspended, concluded, cancelled, archived.")
    )
    owes_redo: bool | None = attrs.field(default=None, metadata=doc("Whether the unit owes the campaign once more."))
    units: Mapping[str, str] = attrs.field(default=EMPTY, metadata=doc("Units of the programme by their status."))

    @property
    def cue(self) -> CuePhrase | None:
        """When the line happens."""
        return next(iter(self.deeds), self.on)


@shape
class ScenarioSpec(CastSpec):
    """One scenario: what is done, and how it then stands."""

    story: tuple[Line, ...] = attrs.field(default=(), metadata=doc("The lines, in the order of time."))
    note: str = attrs.field(default="", metadata=doc("What the title does not say."))
    clause: tuple[str, ...] = attrs.field(
        default=(), metadata=doc("Clauses of the source document that it pins.", one_or_many=True)
    )
    start: str | None = attrs.field(default=None, metadata=doc("Another first day than the file's."))
    units: Mapping[str, UnitSpec] = attrs.field(default=EMPTY, metadata=doc("Other units than the file's."))
    after: str = attrs.field(
        default="",
        metadata=doc("The scenario whose story comes first; 'nothing' leaves out the file's `before`, too."),
    )
    todo: str = attrs.field(default="", metadata=doc("Why it is not played yet."))
    unconfirmed: str = attrs.field(
        default="", metadata=doc("Written by a machine. To confirm it, cite the clause and delete this line.")
    )


@shape
class ScenariosSpec(CastSpec):
    """A file of scenarios for one policy."""

    policy: str | None = attrs.field(default=None, metadata=doc("The policy; the one beside the file if left out."))
    cast: str | None = attrs.field(
        default=None,
        metadata=doc("Another file beside this one, whose policy, start, people and `before` hold here, too, and whose "
                     "scenarios a story may come `after`."),
    )  # fmt: skip
    start: str | None = attrs.field(
        default=None, metadata=doc("The first day of the campaign; needed without `cast`.", example="2009-03-01")
    )
    unit: str = attrs.field(default="unit", metadata=doc("What the unit is called, where there is one."))
    units: Mapping[str, UnitSpec] = attrs.field(
        default=EMPTY, metadata=doc("Units of a programme, each with its own people, where there are several.")
    )
    before: tuple[Line, ...] = attrs.field(default=(), metadata=doc("What happens before each story."))
    scenarios: Mapping[str, ScenarioSpec] = attrs.field(metadata=doc("Scenarios by their titles."))
