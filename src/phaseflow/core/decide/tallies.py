"""What becomes of a poll when it is closed: its turnout, its count, what follows, and what a person is asked.

The commands of people stand in `polls`, the arithmetic in `core.counting`. No text here names a number of the result:
it may be one that is not to be shown (R15).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.core import counting, deadlines
from phaseflow.core.counting import Count, Finding, Tally
from phaseflow.core.decide import consequences, duties, phases
from phaseflow.core.decide.people import holders_of
from phaseflow.core.decide.step import Refusal, Step, refuse, refuse_all
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.duties import duty_of
from phaseflow.core.state.polls import PollState, box_of, poll_of, votes_of
from phaseflow.core.state.rows import Question, Timer
from phaseflow.errors import Problem
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import EdgeResult, Reading
from phaseflow.spec.duties import Edge, PollDuty, Quorum
from phaseflow.spec.phrases import SharePhrase

About = Literal["turnout", "quorum", "aggregate", "nothing_valid", "tie", "bound"]


@attrs.frozen
class Booth:
    """One poll: its duty, what is written about it, and the key of the duty's instance."""

    duty: Duty
    spec: PollDuty
    key: str

    def state(self, step: Step) -> PollState | None:
        """The poll's row as it is now; None before it was ever opened."""
        return poll_of(step.rows, self.key)


def booth_of(step: Step, key: str) -> Booth:
    """The poll of a duty's instance that is there."""
    duty = step.level.duties[duty_of(step.rows, key).name]
    assert isinstance(duty.spec, PollDuty)
    return Booth(duty, duty.spec, key)


def rated_on(step: Step, state: PollState, name: str, edge: Edge) -> tuple[str, ...]:
    """Who is rated on an edge: the unit itself (an empty name), the bodies of a kind or the holders of a role now, or
    the units that belonged to the programme when the poll was opened."""
    if edge.subject is None:
        return ("",)
    if edge.rates_units:
        return state.rated.get(name, ())
    if edge.subject not in step.plan.policy.bodies:
        return tuple(holders_of(step, str(edge.subject)))
    prefix = f"body/{edge.subject}/"
    rosters = (step.rows, step.around.up) if step.around.up is not None else (step.rows,)
    return tuple(sorted({key.removeprefix(prefix) for rows in rosters for key, _ in rows.scan(prefix)}))


# --- turnout ----------------------------------------------------------------------------------------------------------


def turned_out(step: Step, booth: Booth, state: PollState) -> bool:
    """Whether enough people, and those who must be heard, took part; if not, what the policy says has been done."""
    missing = counting.shortfalls(booth.spec, state)
    if not missing:
        return True
    quorum = booth.spec.quorum
    rule = quorum.otherwise if isinstance(quorum, Quorum) else "hold"
    why = "; ".join(f"{reading.fact} is {reading.measured}, wanted {reading.required}" for reading in missing)
    if rule == "extend" and isinstance(quorum, Quorum) and quorum.extend is not None and state.run_on < quorum.max:
        closes = deadlines.instant_after(step.at, quorum.extend, step.calendar)
        step.emit(e.PollRunOn(key=booth.key, closes=closes, times=state.run_on + 1))
    elif rule == "hold":
        hold(step, booth, "turnout", f"the turnout falls short: {why}", ("valid", "void", "run_on"), missing)
    else:
        void(step, booth, why)
    return False


def void(step: Step, booth: Booth, why: str) -> None:
    """End a poll without a valid result; its box is sealed with it."""
    state = booth.state(step)
    if booth.spec.anonymous and state is not None:
        step.sealed.append(box_of(state))
    step.emit(e.PollVoided(key=booth.key, why=why))


def hold(
    step: Step, booth: Booth, about: About, text: str, verdicts: tuple[str, ...], missing: tuple[Reading, ...] = ()
) -> None:
    """Ask what is to become of a poll: the role that the policy names, else its organiser."""
    question = phases.ask_role(
        step, _asked(booth), f"poll:{about}:{booth.key}", f"'{booth.duty.name}': {text}. Answer {' or '.join(verdicts)}"
    )
    step.emit(e.PollHeld(key=booth.key, question=question, about=about, shortfalls=missing))


def tally_of(step: Step, booth: Booth, state: PollState, told: Count = Count()) -> Count:  # noqa: B008 - frozen
    """The count of a poll: from the rows, or for an anonymous poll from its box.

    *told* is the count of the box where the surroundings do not offer one.

    Raises:
        Refusal: the box holds other answers than were cast, more of them, or fewer.
    """
    if booth.spec.anonymous:
        found = step.around.box(box_of(state)) if step.around.box is not None else told
        return attrs.evolve(found, tally=_checked(booth, state, found.tally))
    counts: Counter[tuple[str, str, str]] = Counter()
    groups: Counter[tuple[str, str, str, str]] = Counter()
    for edge, vote in votes_of(step.rows, state):
        for rated, choice in vote.answers.items():
            counts[edge, rated, choice] += 1
            groups[edge, rated, vote.group, choice] += 1
    return Count(
        tally=tuple((*key, number) for key, number in sorted(counts.items())),
        groups=tuple((*key, number) for key, number in sorted(groups.items())),
    )


def _checked(booth: Booth, state: PollState, tally: Tally) -> Tally:
    """No other answers than were cast, no more and no fewer."""
    cast_on: Counter[str] = Counter()
    problems = []
    for edge, rated, choice, number in tally:
        cast_on[edge] += number
        if edge not in booth.spec.edges or choice not in booth.spec.choices or number < 1:
            problems.append(_box_problem(
                booth, "PF465", f"the ballot box holds {number} of '{choice}' on '{edge}' for '{rated}'", "choices",
                "a box holds answers that the poll offers", "run `verify`: the box was touched",
            ))  # fmt: skip
    problems += [
        _box_problem(
            booth,
            "PF466",
            f"the ballot box holds {cast_on[edge]} answers on '{edge}', and {state.papers.get(edge, 0)} were cast",
            "edges",
            "a count stands for those who took part, no more and no less",
            "run `verify`: the box or the trail was touched",
        )
        for edge in sorted({*cast_on, *state.papers})
        if cast_on[edge] != state.papers.get(edge, 0)
    ]
    refuse_all("crashed", problems)
    return tuple(sorted(tally))


def _box_problem(booth: Booth, code: str, what: str, key: str, why: str, fix: str) -> Problem:
    return Problem(
        code=code, what=what, span=booth.spec.span_of(key), why=why, fix=fix, clause=", ".join(booth.duty.clause)
    )


def count_if_told(step: Step, booth: Booth, state: PollState) -> None:
    """Count now if the tally is at hand; a box that cannot be counted, or holds something else, waits for a person."""
    if booth.spec.anonymous and step.around.box is None:
        return
    try:
        found = tally_of(step, booth, state)
    except Refusal:
        return
    count(step, booth, found)


def count(step: Step, booth: Booth, counted: Count) -> None:
    """Record the count and follow its bands, or ask where the policy or the result leaves something open."""
    spec, state = booth.spec, booth.state(step)
    assert state is not None  # only a poll that was opened is counted
    rated = {str(name): rated_on(step, state, str(name), edge) for name, edge in spec.edges.items()}
    found = counting.results(spec, state, rated, counted.tally)
    finding = counting.weigh(spec, found, str(spec.aggregate or ""), _bounds(step, booth))
    final = not finding.doubt and spec.quorum != "unstated"
    if spec.anonymous:
        step.sealed.append(box_of(state))
    step.emit(e.PollCounted(
        key=booth.key, tally=counted.tally, results=finding.results if final else found,
        share=finding.share if final else None, band=finding.band if final else "",
        go=finding.go if final else (), root=counted.root,
        suppressed=any(result.suppressed for result in found), final=final,
        groups=counting.by_group(spec, state, found, counted.groups) if spec.by_group else (),
    ))  # fmt: skip
    if final:
        duties.reported(step, booth.duty, booth.key, "")
    elif spec.quorum == "unstated":
        hold(
            step,
            booth,
            "quorum",
            f"{sum(state.voters.values())} took part, and the policy leaves the quorum open",
            ("valid", "void"),
        )
    else:
        _doubt(step, booth, finding)


def _bounds(step: Step, booth: Booth) -> counting.Bound:
    """Bounds of bands; a parameter is read as of the opening of the visit (R4)."""
    day = step.calendar.day_of(duty_of(step.rows, booth.key).opened)

    def bound(edge: SharePhrase | str) -> Fraction | None:
        if isinstance(edge, SharePhrase):
            return edge.value
        parameter = step.plan.parameters.get(edge)
        return parameter.on(day) if parameter is not None else None

    return bound


OPEN: Mapping[str, str] = {
    "aggregate": "the policy leaves open how its results become one",
    "nothing_valid": "no valid answer was cast where one is needed, so no band applies",
    "tie": "the result is a tie",
    "bound": "a parameter had no value when the poll's phase was opened",
}
"""What a doubt says. No number is named: the result may be one that is not to be shown (R15)."""


def _doubt(step: Step, booth: Booth, finding: Finding) -> None:
    if finding.doubt == "tie" and booth.spec.tie == "void":
        void(step, booth, "a tie")
        return
    if finding.doubt:
        hold(step, booth, finding.doubt, OPEN[finding.doubt], _verdicts(booth, finding.doubt))


def _verdicts(booth: Booth, about: str) -> tuple[str, ...]:
    """How a question about a poll can be answered."""
    match about:
        case "turnout":
            return ("valid", "void", "run_on")
        case "quorum":
            return ("valid", "void")
        case "aggregate":
            return ("pooled", "mean", "lowest", "each")
        case _:
            return ("void", "nothing", *counting.every_target(booth.spec))


# --- answers and time -------------------------------------------------------------------------------------------------


def answered(step: Step, command: c.Answer, question: Question) -> None:
    """Do what the answer says; if the poll does not wait for it any more, the answer is only recorded."""
    _, about, key = question.about.split(":", 2)
    if about == "unit":
        _answered_unit(step, command, key)
        return
    booth, verdict = booth_of(step, key), command.verdict
    allowed = _verdicts(booth, about)
    if verdict not in allowed:
        refuse(
            "malformed",
            "PF467",
            f"'{verdict}' is no answer to this question about '{booth.duty.name}'",
            span=booth.duty.span,
            clause=booth.duty.clause,
            why="the question says what can be answered",
            fix=f"answer {', '.join(allowed)}",
        )
    state = booth.state(step)
    if state is None or state.question != command.question:
        return
    if verdict == "void":
        void(step, booth, command.reason or "by decision")
    elif about == "turnout":
        _answered_turnout(step, booth, state, verdict)
    elif verdict == "nothing" or verdict in counting.every_target(booth.spec):
        _decide(step, booth, state, go=() if verdict == "nothing" else (verdict,))
    else:
        _weigh_again(step, booth, state, str(booth.spec.aggregate or "") if verdict == "valid" else verdict)


def _answered_unit(step: Step, command: c.Answer, about: str) -> None:
    """Put a unit whose result is in no band into one, or into none."""
    key, edge, unit = about.split(":", 2)
    booth = booth_of(step, key)
    bands = counting.bands_by_label(booth.spec, edge)
    if command.verdict != "nothing" and command.verdict not in bands:
        refuse(
            "malformed",
            "PF436",
            f"'{command.verdict}' is no band of '{edge}' in '{booth.duty.name}'",
            span=booth.spec.edges[edge].span_of("bands"),  # type: ignore[index]
            clause=booth.duty.clause,
            why="a unit whose result is in doubt is put into one of the written bands, or into none",
            fix=f"answer {' or '.join(('nothing', *bands))}",
        )
    if command.verdict != "nothing":
        step.emit(e.UnitsObliged(
            go=bands[command.verdict], units=(unit,), key=key, edge=edge, band=command.verdict
        ))  # fmt: skip


def follow_units(step: Step, key: str, results: Iterable[EdgeResult]) -> None:
    """Oblige the units that were rated to what their bands say, and ask about those that are in none (R13, R33)."""
    results = tuple(results)
    consequences.oblige(step, key, results)
    for result in results:
        if result.doubt:
            booth = booth_of(step, key)
            verdicts = ("nothing", *counting.bands_by_label(booth.spec, result.edge))
            phases.ask_role(
                step,
                _asked(booth),
                f"poll:unit:{key}:{result.edge}:{result.rated}",
                f"'{booth.duty.name}', '{result.edge}' of '{result.rated}': {OPEN[result.doubt]}. "
                f"Answer {' or '.join(verdicts)}",
            )


def _asked(booth: Booth) -> str:
    """Whom a poll asks: the role that the policy names, else its organiser."""
    return str(booth.spec.asks or (booth.duty.by[0] if booth.duty.by else ""))


def _answered_turnout(step: Step, booth: Booth, state: PollState, verdict: str) -> None:
    if verdict == "run_on":
        step.emit(e.PollRunOn(key=booth.key, closes=None, times=state.run_on))
        return
    step.emit(e.PollAdmitted(key=booth.key))
    count_if_told(step, booth, state)


def _weigh_again(step: Step, booth: Booth, state: PollState, how: str) -> None:
    assert state.result is not None  # the poll waits, so it was counted
    finding = counting.weigh(booth.spec, state.result.results, how, _bounds(step, booth))
    if finding.doubt:
        _doubt(step, booth, finding)
    else:
        _decide(step, booth, state, finding=finding)


def _decide(
    step: Step, booth: Booth, state: PollState, *, finding: Finding | None = None, go: tuple[str, ...] = ()
) -> None:
    assert state.result is not None  # the poll waits, so it was counted
    found = finding or Finding(
        results=_units_placed(step, booth, state.result.results), band="by decision" if go else "", go=go
    )
    step.emit(e.PollDecided(key=booth.key, results=found.results, share=found.share, band=found.band, go=found.go))
    duties.reported(step, booth.duty, booth.key, "")
    phases.go(step, found.go, booth.key)
    follow_units(step, booth.key, found.results)


def _units_placed(step: Step, booth: Booth, found: tuple[EdgeResult, ...]) -> tuple[EdgeResult, ...]:
    """What a person decides of the whole poll leaves the bands of the units as they are."""
    weighed = counting.weigh(booth.spec, found, "", _bounds(step, booth)).results
    edges = booth.spec.edges
    return tuple(
        after if edges[after.edge].rates_units else before  # type: ignore[index]
        for before, after in zip(found, weighed, strict=True)
    )


def time_is_over(step: Step, timer: Timer) -> None:
    """The closing instant has come: the poll is counted at that instant, whoever ticks, and whenever."""
    booth = booth_of(step, timer.key)
    step.emit(e.PollFellDue(key=timer.key))
    state = booth.state(step)
    if state is not None and turned_out(step, booth, state):
        count_if_told(step, booth, state)
