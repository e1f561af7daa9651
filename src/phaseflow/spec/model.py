"""What an author may write: the spec classes of a policy, and nothing about what they mean.

A class is a mapping in YAML, a field is a key. Meaning (names, graph, totality) is checked in `core.plan`; duties have
their own file, `spec.duties`. ``unstated`` says that the source document is silent: the engine then holds, says so and
asks the role named in ``asks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

import attrs

from phaseflow.errors import Problem
from phaseflow.spec.conditions import Condition
from phaseflow.spec.duties import Clauses, Duty, MeetingDuty, Unstated, doc, one_or_many
from phaseflow.spec.phrases import (
    AmountPhrase,
    ClosesPhrase,
    DayPhrase,
    LengthPhrase,
    MomentPhrase,
    OpensPhrase,
    SharePhrase,
    WindowPhrase,
)
from phaseflow.spec.shape import EMPTY, Name, Path, Shape, Text, shape

Level = Literal["programme", "unit"]


@shape
class CalendarSpec(Shape):
    """Which days are worked."""

    country: str | None = attrs.field(
        default=None, metadata=doc("ISO 3166 code; days off and make-up days come from `holidays`.")
    )
    subdivision: str | None = attrs.field(default=None, metadata=doc("Part of the country, as `holidays` names it."))
    weekend: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...] = (
        attrs.field(default=("saturday", "sunday"), metadata=doc("Days of the week that are not worked."))
    )
    closed: tuple[DayPhrase, ...] = attrs.field(default=(), metadata=doc("Further days off, with year."))
    extra: tuple[DayPhrase, ...] = attrs.field(
        default=(), metadata=doc("Days worked although they fall on a weekend or a holiday, with year.")
    )


@shape
class DatedValue(Shape):
    """A parameter's value from a day on."""

    from_: DayPhrase = attrs.field(metadata=doc("First day of this value, with year."))
    value: SharePhrase | AmountPhrase | LengthPhrase | int = attrs.field(
        metadata=doc("A share, an amount, a length or a whole number.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class ParameterSpec(Shape):
    """A number of the policy that has a name."""

    __scalar__: ClassVar[str] = "value"
    __sequence__: ClassVar[str] = "values"

    value: SharePhrase | AmountPhrase | LengthPhrase | int | None = attrs.field(
        default=None, metadata=doc("The value, if it never changes.")
    )
    values: tuple[DatedValue, ...] = attrs.field(default=(), metadata=doc("Dated values, earliest first."))
    as_of: Literal["opening", "asked"] = attrs.field(
        default="opening",
        metadata=doc("Which dated value holds: that of the day the phase opened, or of the day it is asked for."),
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))

    def validate(self) -> Iterable[Problem]:
        if (self.value is None) == (not self.values):
            yield Problem(
                code="PF140",
                what="a parameter has either one 'value' or dated 'values'",
                span=self.span,
                why="a parameter without a value cannot be read, and two forms at once would contradict each other",
                fix="write `name: 85%`, or a list of {from, value}",
            )


@shape
class RoleSpec(Shape):
    """A part that people play."""

    __scalar__: ClassVar[str] = "title"

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    of: Level | None = attrs.field(
        default=None, metadata=doc("Where its holders stand: in the programme or in a unit. Required in a programme.")
    )
    is_a: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Roles that every holder also has."))
    for_: Name | None = attrs.field(
        default=None,
        metadata=doc(
            "Held for somebody: for a `unit` (a linked leader, a supervisor), or for a body of this kind. A roster "
            "names whom: `contact_leader@north`."
        ),
    )
    invited: bool = attrs.field(default=False, metadata=doc("Takes part and is heard, owes nothing."))
    roster: Literal["snapshot", "live"] = attrs.field(
        default="live", metadata=doc("Whether later joiners count for duties that are already open.")
    )
    joiners: Literal["full", "prorated", "none"] = attrs.field(
        default="full", metadata=doc("What a late joiner owes of a quota.")
    )
    leavers: Literal["full", "prorated", "none"] = attrs.field(
        default="none", metadata=doc("What a leaver still owes of a quota.")
    )
    independent_of: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Roles that no holder may have in the same unit.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class BodySpec(Shape):
    """A kind of subject that is not a person: villages, sections, households."""

    __scalar__: ClassVar[str] = "title"

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    of: Level | None = attrs.field(default=None, metadata=doc("Where the list is kept: in the programme or in a unit."))
    count: int | None = attrs.field(
        default=None, metadata=doc("How many there are, if the document says so; compared with the list.", minimum=1)
    )
    listed: Literal["at start", "as found"] = attrs.field(
        default="at start", metadata=doc("Whether the list is complete at the start or grows.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class StepSpec(Shape):
    """A nested stretch of a phase: a window with duties. It never blocks."""

    __scalar__: ClassVar[str] = "window"

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    window: WindowPhrase = attrs.field(metadata=doc("From when to when, both days included."))
    duties: Mapping[Name, Duty] = attrs.field(default=EMPTY, metadata=doc("What is owed in this step."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class PhaseDefaults(Shape):
    """What holds for every phase that does not say otherwise."""

    opens: OpensPhrase | None = attrs.field(default=None, metadata=doc("What opens the phase."))
    closes: Unstated | ClosesPhrase | None = attrs.field(
        default=None, metadata=doc("What closes the phase; the end of its window never does by itself.")
    )
    asks: Name | None = attrs.field(default=None, metadata=doc("The role asked where the document is silent."))
    clock: Literal["calendar", "unit"] | None = attrs.field(
        default=None, metadata=doc("Keep written dates, or count lengths from the unit's own opening.")
    )
    remind: tuple[LengthPhrase, ...] = attrs.field(
        default=(), metadata=one_or_many("Reminders before the end of the window.")
    )
    overdue: Mapping[Name, LengthPhrase] = attrs.field(
        default=EMPTY, metadata=doc("Whom to tell, and how long after the window ended.")
    )


@shape
class PhaseSpec(PhaseDefaults):
    """A stretch of a run."""

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    window: WindowPhrase | None = attrs.field(
        default=None, metadata=doc("From when to when, both days included; `none` if the document gives no dates.")
    )
    entry: Condition | None = attrs.field(default=None, metadata=doc("What must hold before the phase may open."))
    gate: Condition | None = attrs.field(default=None, metadata=doc("What must hold before the phase may close."))
    steps: Mapping[Name, StepSpec] = attrs.field(default=EMPTY, metadata=doc("Nested windows with duties."))
    duties: Mapping[Name, Duty] = attrs.field(default=EMPTY, metadata=doc("What is owed in this phase."))
    own_actions: bool = attrs.field(
        default=False, metadata=doc("Units may add actions of their own, which no gate counts.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class DutyDefaults(Shape):
    """What holds for every duty with a due day that does not say otherwise."""

    due: Literal["none"] | MomentPhrase | None = attrs.field(
        default=None,
        metadata=doc(
            "Last day of a duty that names none; `window end` is the end of its own step or phase. "
            "Required where a duty names none."
        ),
    )
    grace: LengthPhrase | None = attrs.field(
        default=None, metadata=doc("How long after the due day a duty still counts as in time.")
    )
    remind: tuple[LengthPhrase, ...] = attrs.field(
        default=(), metadata=one_or_many("Reminders before the due day, to those who still owe.")
    )
    overdue: Mapping[Name, LengthPhrase] = attrs.field(
        default=EMPTY, metadata=doc("The ladder: whom to tell, and how long after the due day.")
    )


@shape
class Defaults(Shape):
    """Values that stand for what phases and duties leave out."""

    phase: PhaseDefaults = attrs.field(factory=PhaseDefaults, metadata=doc("For phases."))
    duty: DutyDefaults = attrs.field(factory=DutyDefaults, metadata=doc("For duties that have a due day."))


@shape
class TransitionSpec(Shape):
    """Close one phase, then open another, in one go."""

    from_: Name = attrs.field(metadata=doc("The phase that is closed."))
    to: Name = attrs.field(metadata=doc("The phase that is opened."))
    by: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Who may ask for it; nobody if only a band or a date makes it.")
    )
    gate: Condition | None = attrs.field(default=None, metadata=doc("What must hold when somebody asks."))
    when: Condition | None = attrs.field(
        default=None, metadata=doc("Makes the transition by itself as soon as this holds.")
    )
    window: WindowPhrase | None = attrs.field(
        default=None,
        metadata=doc("Length of a second visit of the target, or `none`; written dates bind the first visit only."),
    )
    duties: Literal["all", "missing"] | tuple[Name, ...] | None = attrs.field(
        default=None, metadata=doc("Which duties a second visit brings.")
    )
    max: Literal["unlimited"] | int | None = attrs.field(
        default=None, metadata=doc("How often it may be made.", minimum=1)
    )
    otherwise: Name | None = attrs.field(default=None, metadata=doc("Where to go once `max` is used up."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class OutcomeSpec(Shape):
    """How a run may end."""

    __scalar__: ClassVar[str] = "title"

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    by: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Who may ask for it; nobody if only a band makes it.")
    )
    from_: Name | None = attrs.field(default=None, metadata=doc("The phase that must be open when it is asked for."))
    gate: Condition | None = attrs.field(default=None, metadata=doc("What must hold when somebody asks."))
    when: Condition | None = attrs.field(default=None, metadata=doc("Ends the run by itself as soon as this holds."))
    owes: Literal["next_batch"] | None = attrs.field(default=None, metadata=doc("A run in the next batch is owed."))
    carry: Literal["nothing", "open_items"] | None = attrs.field(
        default=None, metadata=doc("What the owed run takes over; required with `owes`.")
    )
    reopen: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Who may reopen a run that ended so."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class ItemClass(Shape):
    """A class of ledger items with its clock."""

    __scalar__: ClassVar[str] = "within"

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    within: Literal["none"] | LengthPhrase = attrs.field(
        default="none",
        metadata=doc("How long from opening until the item is due; `none` if only its own deadline counts."),
    )
    remind: tuple[LengthPhrase, ...] = attrs.field(
        default=(), metadata=one_or_many("Reminders before the item is due.")
    )
    overdue: Mapping[Name, LengthPhrase] = attrs.field(
        default=EMPTY, metadata=doc("The ladder: whom to tell, and how long after.")
    )
    parked: bool = attrs.field(
        default=False, metadata=doc("An item of this class counts as settled once its reason was explained.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class CloseSpec(Shape):
    """How an item is closed, one by one."""

    by: tuple[Name, ...] = attrs.field(
        metadata=one_or_many("Who reports an item as settled; `owner` is the item's own owner.")
    )
    evidence: Literal["required", "none"] = attrs.field(metadata=doc("Whether evidence must be given."))
    verify: Unstated | Literal["none"] | Name = attrs.field(
        metadata=doc("Who verifies, independently of the one who reported; `none` if nobody.")
    )
    poor: Literal["reopen", "make_up"] | None = attrs.field(
        default=None, metadata=doc("What a poor result means; required where somebody verifies.")
    )
    max: Literal["unlimited"] | int = attrs.field(
        default="unlimited", metadata=doc("How often an item may be reopened.", minimum=1)
    )
    otherwise: Name | None = attrs.field(default=None, metadata=doc("The role that decides once `max` is used up."))
    asks: Name | None = attrs.field(default=None, metadata=doc("The role asked where the document is silent."))


@shape
class LedgerSpec(Shape):
    """A register of things to put right, or of rules to keep, improve, abolish or create."""

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    of: Level | None = attrs.field(default=None, metadata=doc("Where it is kept; with the unit if left out."))
    required: tuple[Name, ...] = attrs.field(default=(), metadata=doc("Fields that every item must fill."))
    opened_by: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who may open an item."))
    classes: Mapping[Name, ItemClass] = attrs.field(
        default=EMPTY, metadata=doc("Classes of items with their clocks; every item is in one.")
    )
    axes: Mapping[Name, tuple[Name, ...]] = attrs.field(
        default=EMPTY, metadata=doc("Further classifications, such as urgency or horizon.")
    )
    close: CloseSpec = attrs.field(metadata=doc("How an item is closed."))
    survives: bool | Unstated = attrs.field(metadata=doc("Whether open items live on after the run has ended."))
    published: bool = attrs.field(
        default=False, metadata=doc("Whether every item must be published with a commitment.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class WaiverSpec(Shape):
    """Who may except whom from what."""

    by: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who grants."))
    duties: Literal["any"] | tuple[Name, ...] = attrs.field(metadata=one_or_many("Which duties can be waived."))
    grounds: tuple[Name, ...] = attrs.field(metadata=doc("Grounds that may be named."))
    expires: Literal["required", "optional", "never"] = attrs.field(
        metadata=doc("Whether a waiver must have a last day.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class ExtensionSpec(Shape):
    """Who may move a deadline, why, and how far."""

    by: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who grants."))
    duties: Literal["any"] | tuple[Name, ...] = attrs.field(metadata=one_or_many("Which duties can be extended."))
    types: tuple[Name, ...] = attrs.field(metadata=doc("Kinds of extension that may be named."))
    longest: LengthPhrase = attrs.field(
        metadata=doc("The furthest a deadline may move in all, counted from the first one.")
    )
    max: Literal["unlimited"] | int = attrs.field(metadata=doc("How often one deadline may be moved.", minimum=1))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class DelegationSpec(Shape):
    """Whether and how somebody may act for somebody else."""

    roles: Literal["any"] | tuple[Name, ...] = attrs.field(
        metadata=one_or_many("Roles whose holders may delegate or be substituted.")
    )
    to: Literal["any"] | tuple[Name, ...] = attrs.field(
        default="any", metadata=one_or_many("Roles that a delegate must have.")
    )
    longest_chain: int = attrs.field(
        default=1, metadata=doc("How many hands an authority may pass through.", minimum=1)
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class MakeUpSpec(Shape):
    """Duties judged missing or poor are owed again."""

    of: Literal["duties"] | tuple[Name, ...] = attrs.field(
        default="duties", metadata=one_or_many("Which duties are gone through.")
    )
    by: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who goes through them."))
    checked_by: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Who confirms that a duty was made up.")
    )
    window: WindowPhrase | None = attrs.field(default=None, metadata=doc("How long there is for it, or `none`."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class SuspensionSpec(Shape):
    """Who may halt and cancel a run."""

    by: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who suspends, resumes and cancels."))
    clock: Literal["stops", "runs"] = attrs.field(
        metadata=doc("Whether deadlines move by the length of the suspension.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class RecordingSpec(Shape):
    """How late a fact may be recorded."""

    late_by: Literal["unlimited"] | LengthPhrase = attrs.field(
        metadata=doc("How long after it happened a fact may still be recorded.")
    )
    correct: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Who may correct and void what was recorded.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class AmendsSpec(Shape):
    """Whether this version of a policy binds runs that have begun under an earlier one, and from when."""

    binds: Literal["new_runs", "next_phase", "at_once", "favourable"] = attrs.field(
        metadata=doc(
            "No run under way; each from the next phase it opens; all from one day; or only where it gives more time "
            "or asks for less."
        )
    )
    from_: DayPhrase | None = attrs.field(
        default=None, metadata=doc("First day on which it binds, with year; never before it is recorded.")
    )
    notice: LengthPhrase | None = attrs.field(
        default=None,
        metadata=doc("How long after that a duty that is new, or due earlier, is due at the earliest; required."),
    )
    names: Mapping[Name, Name] = attrs.field(
        default=EMPTY, metadata=doc("Duties that are owed and have another name now, or are `dropped`.")
    )
    until: MomentPhrase | None = attrs.field(
        default=None,
        metadata=doc(
            "The last day on which it holds, with year, or what ends it (`flood_report approved`); a run then goes on "
            "under the plan that it had before."
        ),
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))

    def validate(self) -> Iterable[Problem]:
        if self.notice is None and self.binds in ("at_once", "next_phase"):
            yield Problem(
                code="PF172",
                what=f"an amendment that binds '{self.binds}' gives no notice",
                span=self.span_of("binds"),
                why="nobody can be late for what they were not told; new and earlier due days wait so long",
                fix="add `notice: 10 days`",
            )
        if self.until is not None:
            yield from self._ending(self.until)

    def _ending(self, until: MomentPhrase) -> Iterable[Problem]:
        """A version that ends does so at once and for everybody alike, and leaves every duty its name."""
        span = self.span_of("until")
        dated = until.day is not None and not until.about and until.day.year is not None and until.day.day is not None
        if not dated and not (until.anchor is not None and until.offset is None and not until.undated):
            yield Problem(
                code="PF173", what=f"nobody can say when '{until}' is over", span=span,
                why="a version ends with a day of the calendar, or when something happens",
                fix="write a day with its year (2026-06-30), or what ends it (flood_report approved)",
            )  # fmt: skip
        if self.binds == "new_runs" or self.notice is None:
            what = "binds no run under way" if self.binds == "new_runs" else "gives no notice"
            yield Problem(
                code="PF174", what=f"a version that ends {what}", span=span,
                why="it is put upon runs and taken off again, and due days that come earlier then wait for the notice",
                fix="write `binds: at_once` or `next_phase`, and `notice: 10 days`",
            )  # fmt: skip
        if self.names:
            yield Problem(
                code="PF175", what="a version that ends renames or drops duties", span=self.span_of("names"),
                why="when it ends they are owed again as they were", fix="waive what need not be done for the time",
            )  # fmt: skip


@shape
class UnitKindSpec(Shape):
    """A kind of unit, such as school or section, where some duties are not for all."""

    __scalar__: ClassVar[str] = "title"

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class ChangeoverDocument(Shape):
    """A document without which one phase does not follow another."""

    document: Text = attrs.field(metadata=doc("What the document is called."))
    of: Literal["from", "to"] = attrs.field(
        metadata=doc("Whether it is about the phase that ends (`from`) or the one that follows (`to`).")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class ChangeoverSpec(Shape):
    """How one phase follows another: documents, their approval, and what opens the next phase.

    Each neighbouring pair of phases gets the documents as duties of the phase that ends, which closes once all are
    approved; the meeting then opens the next. Between them the run is in no phase.
    """

    between: tuple[Name, ...] = attrs.field(metadata=doc("The phases in their order, two or more."))
    by: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who writes the documents, and holds the meeting."))
    documents: Mapping[Name, ChangeoverDocument] = attrs.field(
        metadata=doc("By name; the duty is called PHASE_NAME, such as `study_summary`.")
    )
    approve: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who approves them."))
    returns_to: Literal["draft"] = attrs.field(metadata=doc("Where a refused document goes back to."))
    due: Literal["none"] | MomentPhrase | None = attrs.field(
        default=None, metadata=doc("Last day of the documents, in each phase.")
    )
    within: LengthPhrase | None = attrs.field(default=None, metadata=doc("How long the approval may take."))
    silence: Literal["accept", "return", "hold"] | Unstated | None = attrs.field(
        default=None, metadata=doc("What it means if no answer comes; required with `within`.")
    )
    asks: Name | None = attrs.field(default=None, metadata=doc("The role asked where the document is silent."))
    then: Mapping[Name, MeetingDuty] = attrs.field(
        metadata=doc("The one meeting that opens the next phase; the duty is called PHASE_NAME.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))

    def validate(self) -> Iterable[Problem]:
        wrong = (
            ("between", len(self.between) < 2, "goes from one phase to another, so it names two or more"),
            ("between", len(set(self.between)) < len(self.between), "names each phase once"),
            ("documents", not self.documents, "asks for one document or more"),
            ("then", len(self.then) != 1, "has one meeting that opens the next phase"),
        )
        for key, broken, rule in wrong:
            if broken:
                yield Problem(
                    code="PF171",
                    what=f"a changeover {rule}",
                    span=self.span_of(key),
                    why="a changeover is: documents, an approval, a meeting, and then the next phase",
                    fix=f"complete `{key}`",
                )


@shape
class ProgrammeSpec(Shape):
    """The parent run over all units: its own way of opening and closing the phases, its own moves."""

    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    kinds: Mapping[Name, UnitKindSpec] = attrs.field(
        default=EMPTY, metadata=doc("Kinds of units, where some duties are for units of one kind only.")
    )
    phases: Mapping[Name, PhaseSpec] = attrs.field(
        default=EMPTY, metadata=doc("The parent's own phases, or other rules for a phase of the units.")
    )
    transitions: Mapping[Name, TransitionSpec] = attrs.field(default=EMPTY, metadata=doc("The parent's transitions."))
    outcomes: Mapping[Name, OutcomeSpec] = attrs.field(default=EMPTY, metadata=doc("How the programme may end."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class Policy(Shape):
    """A whole policy."""

    phaseflow: Literal["1"] = attrs.field(metadata=doc("Language level."))
    campaign: Name = attrs.field(metadata=doc("Name of the campaign."))
    title: Text | None = attrs.field(default=None, metadata=doc("What the document is called."))
    zone: str = attrs.field(
        metadata=doc("IANA time zone; every day of the policy is a day there.", example="Asia/Shanghai")
    )
    calendar: CalendarSpec = attrs.field(
        factory=CalendarSpec, metadata=doc("Which days are worked; needed for business days.")
    )
    window: WindowPhrase | None = attrs.field(default=None, metadata=doc("The whole campaign, from when to when."))
    year: int | None = attrs.field(
        default=None,
        metadata=doc("The year of dates without one, where the document leaves it open and the office knows it."),
    )
    batch: int | None = attrs.field(
        default=None, metadata=doc("Which batch this is, if the campaign goes in batches.", minimum=1)
    )
    clauses: str | None = attrs.field(
        default=None, metadata=doc("File with the register of the source document's clauses.")
    )
    parameters: Mapping[Name, ParameterSpec] = attrs.field(default=EMPTY, metadata=doc("Numbers that have a name."))
    roles: Mapping[Name, RoleSpec] = attrs.field(default=EMPTY, metadata=doc("Parts that people play."))
    bodies: Mapping[Name, BodySpec] = attrs.field(
        default=EMPTY, metadata=doc("Kinds of subjects that are not persons.")
    )
    defaults: Defaults = attrs.field(factory=Defaults, metadata=doc("What phases and duties leave out."))
    duties: Mapping[Name, Duty] = attrs.field(default=EMPTY, metadata=doc("Duties of the whole campaign."))
    phases: Mapping[Name, PhaseSpec] = attrs.field(
        metadata=doc("The phases, in the document's order; the order itself means nothing.")
    )
    transitions: Mapping[Name, TransitionSpec] = attrs.field(
        default=EMPTY, metadata=doc("Ways between phases that open and close at once.")
    )
    changeover: ChangeoverSpec | None = attrs.field(
        default=None, metadata=doc("How one phase follows another, where the document makes it an act of its own.")
    )
    outcomes: Mapping[Name, OutcomeSpec] = attrs.field(default=EMPTY, metadata=doc("How a run may end."))
    ledgers: Mapping[Name, LedgerSpec] = attrs.field(default=EMPTY, metadata=doc("Registers of things to put right."))
    programme: ProgrammeSpec | None = attrs.field(
        default=None, metadata=doc("The parent run, where the campaign runs over many units.")
    )
    amends: AmendsSpec | None = attrs.field(
        default=None, metadata=doc("Whether this version binds runs under way; none where this is left out.")
    )
    waivers: WaiverSpec | None = attrs.field(
        default=None, metadata=doc("Exceptions; none can be granted where this is left out.")
    )
    extensions: ExtensionSpec | None = attrs.field(
        default=None, metadata=doc("Moves of deadlines; none can be granted where this is left out.")
    )
    delegation: DelegationSpec | None = attrs.field(
        default=None, metadata=doc("Acting for others; nobody may where this is left out.")
    )
    make_up: MakeUpSpec | None = attrs.field(default=None, metadata=doc("Make-up of missing or poor duties."))
    suspension: SuspensionSpec | None = attrs.field(
        default=None, metadata=doc("Halting and cancelling a run; nobody may where this is left out.")
    )
    recording: RecordingSpec | None = attrs.field(
        default=None, metadata=doc("Late records and corrections; any delay and no correction where this is left out.")
    )
    appoints: tuple[Name, ...] = attrs.field(
        default=(),
        metadata=one_or_many("Roles whose holders keep the roster of a run; the starter of the run if left out."),
    )


__all__ = [name for name, value in list(globals().items()) if isinstance(value, type) and issubclass(value, Shape)] + [
    "Level",
    "Path",
    "Unstated",
]
