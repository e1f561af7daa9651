"""What somebody may owe by some time: tasks, quotas, checklists, meetings, bulletins, documents and polls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

import attrs

from phaseflow.errors import Problem
from phaseflow.spec.conditions import Condition
from phaseflow.spec.phrases import AmountPhrase, LengthPhrase, MomentPhrase, PeriodPhrase, SharePhrase
from phaseflow.spec.shape import EMPTY, Name, Path, Shape, Text, shape

Unstated = Literal["unstated"]
Clauses = tuple[str, ...]


def doc(text: str, **more: Any) -> dict[str, Any]:
    """Field metadata: one sentence for the schema and the reference."""
    return {"doc": text, **more}


def one_or_many(text: str, **more: Any) -> dict[str, Any]:
    """Field metadata of a list for which one value may stand."""
    return {"doc": text, "one_or_many": True, **more}


@shape
class DutyBase(Shape):
    """What every duty can say: who owes it, by when, what must come first, who is told."""

    by: Unstated | tuple[Name, ...] = attrs.field(
        default=(),
        metadata=one_or_many(
            "Roles that act; owed once for the run, unless `each` is given. `unstated` where the document does not "
            "say who: the role in `asks` then acts."
        ),
    )
    each: Name | None = attrs.field(
        default=None,
        metadata=doc(
            "Owed by (or for) every holder of this role, for every body of this kind, or (`unit`) once in every unit."
        ),
    )
    units: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Only units of these kinds owe it; all of them if left out.")
    )
    asks: Name | None = attrs.field(default=None, metadata=doc("The role asked where the document is silent."))
    from_: MomentPhrase | None = attrs.field(
        default=None, metadata=doc("When it may be begun, if before or after its phase opens.")
    )
    due: Literal["none"] | MomentPhrase | None = attrs.field(
        default=None, metadata=doc("Last day (included), or what it is owed after.")
    )
    grace: LengthPhrase | None = attrs.field(
        default=None, metadata=doc("How long after the due day it still counts as in time.")
    )
    lock: LengthPhrase | None = attrs.field(default=None, metadata=doc("How long after the due day recording ends."))
    remind: tuple[LengthPhrase, ...] = attrs.field(
        default=(), metadata=one_or_many("Reminders before the due day, to those who still owe.")
    )
    overdue: Mapping[Name, LengthPhrase] = attrs.field(
        default=EMPTY, metadata=doc("The ladder: whom to tell, and how long after the due day.")
    )
    needs: Condition | None = attrs.field(default=None, metadata=doc("What must hold before it can be done."))
    evidence: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Kinds of evidence that must be given."))
    checked_by: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Roles that confirm it before it counts.")
    )
    if_none: Literal["met", "unmet"] | None = attrs.field(
        default=None, metadata=doc("What a gate makes of it while nobody owes it; it holds, unknown, if left out.")
    )
    opens: Literal["with phase", "by band"] = attrs.field(
        default="with phase", metadata=doc("`by band`: owed only once a band of a poll goes to it.")
    )
    prescribed: bool = attrs.field(default=True, metadata=doc("False: an offer that no gate counts."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


_AGAIN = "`regularly`: again and again, at no interval; done with the first time, and each further one is recorded."


@shape
class TaskDuty(DutyBase):
    """Something to be done, shown by evidence or by word."""

    __tag__: ClassVar[str] = "task"
    task: Text = attrs.field(metadata=doc("What is to be done."))
    every: Literal["regularly"] | None = attrs.field(default=None, metadata=doc(_AGAIN))


@shape
class QuotaDuty(DutyBase):
    """An amount that is owed, once or in every period."""

    __tag__: ClassVar[str] = "quota"
    quota: AmountPhrase = attrs.field(metadata=doc("How much, at least."))
    title: Text | None = attrs.field(default=None, metadata=doc("What the document calls it."))
    every: PeriodPhrase | None = attrs.field(
        default=None, metadata=doc("The period in which it is owed again and again.")
    )
    partial_period: Literal["full", "prorate", "waive"] | None = attrs.field(
        default=None, metadata=doc("What a first or last period that is cut short owes; required with `every`.")
    )
    instead_of: Name | None = attrs.field(
        default=None, metadata=doc("The quota of a wider role that this one replaces for its own role.")
    )
    pairs: Name | None = attrs.field(
        default=None,
        metadata=doc("A role or a kind of body: each one counted is one of these, and none is counted for two."),
    )

    def validate(self) -> Iterable[Problem]:
        if self.every is not None and self.partial_period is None:
            yield Problem(
                code="PF141",
                what="this quota comes again in every period, but does not say what a period cut short owes",
                span=self.span_of("every"),
                why="a window seldom begins and ends with a whole period, and each reading gives another amount",
                fix="add `partial_period: full`, `prorate` or `waive`",
            )
        if self.pairs is not None and self.each is None:
            yield Problem(
                code="PF170",
                what=f"it is not said who is paired with '{self.pairs}'",
                span=self.span_of("pairs"),
                why="a pairing is between those who owe it, each for themselves, and another population",
                fix="add `each: ROLE`, or a kind of body",
            )


@shape
class ChecklistDuty(DutyBase):
    """A list of which every entry is ticked, such as the "ten ones"."""

    __tag__: ClassVar[str] = "checklist"
    checklist: Text = attrs.field(metadata=doc("What the list is called."))
    items: tuple[Name, ...] = attrs.field(metadata=doc("The entries."))
    count: int | None = attrs.field(
        default=None, metadata=doc("How many entries the document announces; compared with the list.", minimum=1)
    )

    def validate(self) -> Iterable[Problem]:
        if self.count is not None and self.count != len(self.items):
            yield Problem(
                code="PF142",
                what=f"the checklist announces {self.count} entries and lists {len(self.items)}",
                span=self.span_of("count"),
                why="a bundle is complete only when each of its announced parts is",
                fix=f"list {self.count} entries, or write `count: {len(self.items)}`",
            )


@shape
class MeetingDuty(DutyBase):
    """A meeting to be held."""

    __tag__: ClassVar[str] = "meeting"
    meeting: Text = attrs.field(metadata=doc("What the meeting is called."))
    every: Literal["regularly"] | None = attrs.field(default=None, metadata=doc(_AGAIN))
    attend: Mapping[Name, Literal["all", "some", "observe", "speak", "may"]] = attrs.field(
        default=EMPTY,
        metadata=doc("Who attends: `all` or `some` of a role must; `observe`, `speak` and `may` are invitations."),
    )
    agenda: tuple[Text, ...] = attrs.field(default=(), metadata=doc("Items of the agenda, in order."))
    at_least: Mapping[Name, SharePhrase] = attrs.field(
        default=EMPTY, metadata=doc("Least shares of groups among those present: `10% of attending`.")
    )


@shape
class BulletinDuty(DutyBase):
    """Something to be told again and again."""

    __tag__: ClassVar[str] = "bulletin"
    bulletin: Text = attrs.field(metadata=doc("What is published."))
    every: Literal["regularly"] | PeriodPhrase = attrs.field(
        metadata=doc("The period; `regularly` reminds and is never overdue.")
    )
    to: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Who is told."))


@shape
class RouteStep(Shape):
    """One act on the path of a document. Its name is the act, unless `as` gives another."""

    as_: Name | None = attrs.field(default=None, metadata=doc("Name of the step; needed where an act comes twice."))
    blocking: bool = attrs.field(default=True, metadata=doc("Whether the next step waits for this one."))
    within: LengthPhrase | None = attrs.field(default=None, metadata=doc("How long the act may take."))
    when: Condition | None = attrs.field(
        default=None, metadata=doc("The step is skipped (and the skip recorded) where this does not hold.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class DraftStep(RouteStep):
    """Write a version, or a new one after a return."""

    __tag__: ClassVar[str] = "draft"
    draft: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who writes."))


@shape
class AbsorbStep(RouteStep):
    """Work opinions into a new version; earlier acts stay good, except those named in `again`."""

    __tag__: ClassVar[str] = "absorb"
    absorb: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who revises."))
    again: tuple[Name, ...] = attrs.field(metadata=one_or_many("Steps that must be gone through again."))


@shape
class OpinionStep(RouteStep):
    """Ask for opinions."""

    answer_each: bool = attrs.field(
        default=False, metadata=doc("Every opinion must be answered: absorbed or not, and why.")
    )
    silence: Literal["go_on", "hold"] | Unstated | None = attrs.field(
        default=None, metadata=doc("What it means if nobody says anything; required.")
    )
    asks: Name | None = attrs.field(default=None, metadata=doc("The role asked where the document is silent."))
    at_least: Mapping[Name, SharePhrase] = attrs.field(
        default=EMPTY, metadata=doc("Least shares of groups among those consulted.")
    )


@shape
class ConsultStep(OpinionStep):
    """Collect opinions on a draft."""

    __tag__: ClassVar[str] = "consult"
    consult: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who is heard."))


@shape
class ReviewStep(OpinionStep):
    """Have the document assessed by those it concerns."""

    __tag__: ClassVar[str] = "review"
    review: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who assesses."))
    criteria: tuple[Name, ...] = attrs.field(default=(), metadata=doc("What is looked at."))


@shape
class JudgeStep(RouteStep):
    """Let somebody accept the document or send it back."""

    returns_to: Name | None = attrs.field(default=None, metadata=doc("The step a returned document goes back to."))
    silence: Literal["accept", "return", "hold"] | Unstated | None = attrs.field(
        default=None, metadata=doc("What it means if no answer comes within the time; required with `within`.")
    )
    asks: Name | None = attrs.field(default=None, metadata=doc("The role asked where the document is silent."))
    of: Name | None = attrs.field(
        default=None, metadata=doc("Only marked parts are judged; without a marked part the step is a recorded skip.")
    )
    marked_by: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Who may mark parts; whoever acts on the route if left out.")
    )


@shape
class DiscussStep(JudgeStep):
    """A meeting discusses and accepts, or sends back."""

    __tag__: ClassVar[str] = "discuss"
    discuss: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who discusses."))


@shape
class VetStep(JudgeStep):
    """A reviewer reads and lets through, or sends back."""

    __tag__: ClassVar[str] = "vet"
    vet: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who vets."))


@shape
class ApproveStep(JudgeStep):
    """An authority approves, or sends back."""

    __tag__: ClassVar[str] = "approve"
    approve: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who approves."))


@shape
class DecideStep(JudgeStep):
    """A higher body decides, on the whole or on marked parts."""

    __tag__: ClassVar[str] = "decide"
    decide: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who decides."))


@shape
class TellStep(RouteStep):
    """Give the document to somebody. Who does it: `by`, else whoever drafted it."""

    by: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Who does it; whoever drafted the document if left out.")
    )
    with_: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Steps whose results go along."))


@shape
class PublishStep(TellStep):
    """Make it public to an audience."""

    __tag__: ClassVar[str] = "publish"
    publish: tuple[Name, ...] = attrs.field(metadata=one_or_many("The audience."))


@shape
class CirculateStep(TellStep):
    """Send it round named bodies."""

    __tag__: ClassVar[str] = "circulate"
    circulate: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who gets it."))


@shape
class SubmitStep(TellStep):
    """Hand it in; that ends the author's duty and approves nothing."""

    __tag__: ClassVar[str] = "submit"
    submit: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who gets it."))


@shape
class FileStep(TellStep):
    """Put it on record with somebody."""

    __tag__: ClassVar[str] = "file"
    file: tuple[Name, ...] = attrs.field(metadata=one_or_many("With whom."))


Step = (
    DraftStep
    | AbsorbStep
    | ConsultStep
    | ReviewStep
    | DiscussStep
    | VetStep
    | ApproveStep
    | DecideStep
    | PublishStep
    | CirculateStep
    | SubmitStep
    | FileStep
)


@shape
class DocumentDuty(DutyBase):
    """A document and its route. It is done when its last blocking step is."""

    __tag__: ClassVar[str] = "document"
    document: Text = attrs.field(metadata=doc("What the document is called."))
    route: tuple[Step, ...] = attrs.field(metadata=doc("The steps, in order."))
    based_on: tuple[Path, ...] = attrs.field(
        default=(), metadata=one_or_many("Documents that must be there before it is drafted.")
    )


@shape
class ConsultationDuty(DutyBase):
    """Opinions that are gathered for their own sake: a call that is written, and a hearing."""

    __tag__: ClassVar[str] = "consultation"
    consultation: Text = attrs.field(metadata=doc("What people are asked about."))
    of: tuple[Name, ...] = attrs.field(metadata=one_or_many("Who is heard."))
    channels: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("Ways in which opinions are gathered; each is ticked once it is there.")
    )
    answer_each: bool = attrs.field(
        default=False, metadata=doc("Every opinion must be answered: absorbed or not, and why.")
    )
    silence: Literal["go_on", "hold"] | Unstated = attrs.field(
        metadata=doc("What it means if nobody says anything.")
    )
    within: LengthPhrase | None = attrs.field(default=None, metadata=doc("How long it may take."))
    at_least: Mapping[Name, SharePhrase] = attrs.field(
        default=EMPTY, metadata=doc("Least shares of groups among those heard: `10% of consulted`.")
    )


@shape
class Edge(Shape):
    """Who rates whom."""

    raters: tuple[Name, ...] = attrs.field(metadata=one_or_many("Roles that answer."))
    subject: Name | None = attrs.field(
        default=None,
        metadata=doc(
            "Body kind or role that is rated; the unit itself if left out. In a poll of the programme, `unit` rates "
            "every unit."
        ),
    )
    units: tuple[Name, ...] = attrs.field(
        default=(), metadata=one_or_many("With `subject: unit`: only units of these kinds are rated.")
    )
    measure: str | None = attrs.field(
        default=None, metadata=doc("Its own measure, where it is not that of the poll.", example="good of valid")
    )
    bands: Bands | None = attrs.field(
        default=None,
        metadata=doc("Consequences of this edge alone; where units are rated, names of the unit's own run."),
    )

    @property
    def rates_units(self) -> bool:
        """Whether the units of the programme are rated, one by one (R33)."""
        return self.subject == "unit"


@shape
class Band(Shape):
    """A range of results with its consequence. A bound is a share or the name of a parameter."""

    below: SharePhrase | Name | None = attrs.field(default=None, metadata=doc("Less than this."))
    at_least: SharePhrase | Name | None = attrs.field(default=None, metadata=doc("This or more."))
    otherwise: Name | None = attrs.field(default=None, metadata=doc("Where to go in every other case."))
    go: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Transitions, outcomes or duties that follow."))
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))


@shape
class Bands(Shape):
    """Ranges of results: the first that fits (`exclusive`), or all that fit (`cumulative`)."""

    exclusive: tuple[Band, ...] = attrs.field(default=(), metadata=doc("The first that fits, from the top."))
    cumulative: tuple[Band, ...] = attrs.field(default=(), metadata=doc("Every one that fits."))


@shape
class Quorum(Shape):
    """The least turnout that makes a poll valid, and what follows if it is missed."""

    share: SharePhrase | None = attrs.field(default=None, metadata=doc("Share `of invited`."))
    count: int | None = attrs.field(default=None, metadata=doc("Number of voters.", minimum=1))
    otherwise: Literal["void", "hold", "extend"] = attrs.field(
        metadata=doc("What follows: the poll is void, waits for a decision, or runs on.")
    )
    extend: LengthPhrase | None = attrs.field(
        default=None, metadata=doc("How much longer it runs; required with `otherwise: extend`.")
    )
    max: int = attrs.field(default=1, metadata=doc("How often it may be run on; void after that.", minimum=1))


@shape
class PollDuty(DutyBase):
    """A question to an electorate, with bands that say what follows."""

    __tag__: ClassVar[str] = "poll"
    poll: Text = attrs.field(metadata=doc("What is asked."))
    edges: Mapping[Name, Edge] = attrs.field(metadata=doc("Who rates whom."))
    choices: Unstated | tuple[Name, ...] = attrs.field(
        metadata=doc("The answers that can be given; `abstain` is never counted as valid.")
    )
    measure: Unstated | str = attrs.field(
        metadata=doc("Which answers count, of what: `satisfied of valid`.", example="satisfied of valid")
    )
    aggregate: Literal["pooled", "mean", "lowest", "each"] | Unstated | None = attrs.field(
        default=None, metadata=doc("How several edges become one result; required with bands over several edges.")
    )
    anonymous: bool | Unstated = attrs.field(metadata=doc("Whether ballots are kept apart from voters."))
    smallest_group: int = attrs.field(
        default=5, metadata=doc("A result over fewer answers shows its band and not its number.", minimum=1)
    )
    by_group: bool = attrs.field(
        default=False,
        metadata=doc(
            "Show results by group too: a group of `at_least`, else the role under which somebody answers. The group "
            "then stands on the ballot."
        ),
    )
    at_least: Mapping[Name, SharePhrase] = attrs.field(
        default=EMPTY, metadata=doc("Least shares of groups, each with its base: `10% of respondents`.")
    )
    quorum: Quorum | Unstated | Literal["none"] | None = attrs.field(
        default=None, metadata=doc("The least turnout; required.")
    )
    tie: Literal["hold", "void"] | Name | None = attrs.field(
        default=None, metadata=doc("What a tie means, where the measure can tie.")
    )
    open_for: LengthPhrase | None = attrs.field(
        default=None, metadata=doc("How long it stays open; closed by its organiser if left out.")
    )
    bands: Bands | None = attrs.field(default=None, metadata=doc("Consequences of the result; none if left out."))
    publish: tuple[Name, ...] = attrs.field(default=(), metadata=one_or_many("Who is told the result."))


Duty = TaskDuty | QuotaDuty | ChecklistDuty | MeetingDuty | BulletinDuty | DocumentDuty | ConsultationDuty | PollDuty
