"""Deciding about polls: opening, taking part, closing. What a closed poll leads to is in `tallies`.

What is chosen in an anonymous poll leaves by `Step.ballots` and never enters the trail; nothing here reads it before
the poll is closed (R14).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from phaseflow.core import deadlines
from phaseflow.core.counting import Count
from phaseflow.core.decide import finding, tallies
from phaseflow.core.decide.people import require, roles_of
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.decide.tallies import Booth, booth_of, rated_on
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.people import person_of
from phaseflow.core.state.polls import CLOSES, PollState, box_of, poll_of, vote_key
from phaseflow.core.state.rows import Timer
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.duties import Edge, PollDuty, Quorum


def find(step: Step, name: str) -> Booth:
    """The poll a command names. One that is under way goes on after its phase was closed, until the run is put away."""
    duty, key = step.level.duties.get(name), step.get(f"latest/{name}")
    if duty is not None and duty.kind == "poll" and key and step.head.status in ("running", "concluded"):
        state = poll_of(step.rows, key)
        if state is not None and state.under_way:
            return booth_of(step, key)
    return booth_of(step, finding.find(step, name, step.at, "poll")[1].key)


def _organiser(step: Step, booth: Booth, act: str) -> None:
    duty = booth.duty
    require(step, duty.by, act, span=duty.spec.span_of("by"), clause=duty.clause, subject=duty.name)


# --- opening ----------------------------------------------------------------------------------------------------------


def open_poll(step: Step, command: c.OpenPoll) -> None:
    """Open a poll; after a void one, a new round of it."""
    booth = find(step, command.poll)
    duty, spec = booth.duty, booth.spec
    _organiser(step, booth, f"open '{duty.name}'")
    before = booth.state(step)
    if before is not None and before.status != "void":
        word = "counted" if before.status in ("counted", "waiting") else "open"
        refuse(
            "illegal",
            "PF450",
            f"'{duty.name}' is {word} already",
            span=duty.span,
            clause=duty.clause,
            why="a poll is opened once in a visit, and again only after it was void",
            fix="close it, or wait for a later visit of its phase",
        )
    refuse_all("illegal", [
        _problem(booth, "PF451", f"'{duty.name}' leaves its '{key}' unstated", key,
                 "once the first answer is cast it cannot be settled any more",
                 f"say `{key}:` in an overlay of the policy")
        for key in ("choices", "measure", "anonymous")
        if getattr(spec, key) == "unstated"
    ])  # fmt: skip
    finding.check_lock(step, duty, duty_of(step.rows, booth.key), part_of(step.rows, booth.key, ""))
    finding.check_needs(step, duty, f"open '{duty.name}'")
    _check_invited(booth, command.invited)
    rated = _units_rated(step, booth)
    closes = deadlines.instant_after(step.at, spec.open_for, step.calendar) if spec.open_for is not None else None
    step.emit(e.PollOpened(
        key=booth.key, invited={edge: dict(groups) for edge, groups in command.invited.items()}, closes=closes,
        round=before.round + 1 if before is not None else 1, rated=rated,
    ))  # fmt: skip


def _units_rated(step: Step, booth: Booth) -> dict[str, tuple[str, ...]]:
    """The units that belong to the programme now, for each edge that rates units; they stay the subjects (R33)."""
    edges = {str(name): edge for name, edge in booth.spec.edges.items() if edge.rates_units}
    if not edges:
        return {}
    enrolled = [key.removeprefix("unit/") for key, _ in step.rows.scan("unit/")]
    kinds: dict[str, str] = {}
    if any(edge.units for edge in edges.values()) and step.around.units is not None:
        kinds = {fact.unit: fact.head.kind for fact in step.around.units()}
    rated = {
        name: tuple(unit for unit in enrolled if not edge.units or kinds.get(unit) in edge.units)
        for name, edge in edges.items()
    }
    refuse_all("unmet", [
        _problem(booth, "PF435", f"'{name}' of '{booth.duty.name}' rates units, and none belongs to the programme",
                 f"edges.{name}", "those who are rated are those who belong to the programme when the poll is opened",
                 "start the units' runs first")
        for name, units in rated.items() if not units
    ])  # fmt: skip
    return rated


def _check_invited(booth: Booth, invited: Mapping[str, Mapping[str, int]]) -> None:
    """Counts of people by edge and group; where a share of them is wanted, each edge needs one."""
    duty, spec = booth.duty, booth.spec
    problems = [
        _problem(booth, "PF452", f"'{duty.name}' has no edge '{edge}' to invite to", "edges",
                 "people are invited to answer on an edge of the poll",
                 did_you_mean(edge, map(str, spec.edges)))
        for edge in invited
        if edge not in spec.edges
    ]  # fmt: skip
    problems += [
        _problem(
            booth,
            "PF453",
            f"{count} of '{group}' cannot be invited",
            "edges",
            "people are counted",
            "give a number from 0 up",
        )
        for groups in invited.values()
        for group, count in groups.items()
        if count < 0
    ]
    if _needs_invited(spec):
        problems += [
            _problem(booth, "PF454", f"nobody is invited to answer on '{edge}'", "edges",
                     "a share of the invited is wanted, and of nobody there is none",
                     f"say how many are invited, such as --invited {edge}/{rule.raters[0]}=20, "
                     f"or invited={{'{edge}': {{'{rule.raters[0]}': 20}}}}")
            for edge, rule in spec.edges.items()
            if sum(invited.get(str(edge), {}).values()) <= 0
        ]  # fmt: skip
    refuse_all("malformed", problems)


def _needs_invited(spec: PollDuty) -> bool:
    quorum = isinstance(spec.quorum, Quorum) and spec.quorum.share is not None
    measures = (edge.measure for edge in spec.edges.values() if edge.measure is not None)
    return (
        quorum
        or any(measure.endswith(" of invited") for measure in (spec.measure, *measures))
        or any(least.base == "invited" for least in spec.at_least.values())
    )


def _problem(booth: Booth, code: str, what: str, key: str, why: str, fix: str) -> Problem:
    return Problem(
        code=code, what=what, span=booth.spec.span_of(key), why=why, fix=fix, clause=", ".join(booth.duty.clause)
    )


# --- taking part ------------------------------------------------------------------------------------------------------


def cast(step: Step, command: c.Cast) -> None:
    """Take part. The choice of an anonymous poll goes to the ballot box only."""
    booth = find(step, command.poll)
    state = _open_now(step, booth)
    edge = booth.spec.edges.get(command.edge)  # type: ignore[call-overload]
    if edge is None:
        refuse(
            "unknown",
            "PF455",
            f"'{booth.duty.name}' has no edge '{command.edge}'",
            span=booth.spec.span_of("edges"),
            clause=booth.duty.clause,
            why="an answer is given on an edge: who rates whom",
            fix=did_you_mean(command.edge, map(str, booth.spec.edges)),
        )
    person = _voter(step, booth, state, command, edge)
    anonymous = bool(booth.spec.anonymous)
    if anonymous and person and step.get(vote_key(state, command.edge, person)) is not None:
        refuse(
            "illegal",
            "PF456",
            f"'{person}' has taken part on '{command.edge}'",
            span=booth.duty.span,
            clause=booth.duty.clause,
            why="an anonymous answer cannot be found again, so it cannot be changed",
            fix="nothing to do: the answer is recorded",
        )
    answers = _answers(step, booth, state, command, edge)
    groups = _groups(step, booth, person, command.group)
    group = _group(step, booth, edge, person, command.group) if booth.spec.by_group else ""
    step.emit(e.ParticipationRecorded(
        key=booth.key, edge=command.edge, person=person, groups=groups, papers=len(answers),
        answers={} if anonymous else answers, group=group,
    ))  # fmt: skip
    if anonymous:
        for rated, choice in answers.items():
            body = {"choice": choice, "edge": command.edge, "rated": rated, **({"group": group} if group else {})}
            step.ballots.append((box_of(state), json.dumps(body, sort_keys=True, separators=(",", ":"))))


def _open_now(step: Step, booth: Booth) -> PollState:
    """The poll, if one can take part in it at that time."""
    state = booth.state(step)
    if state is None or state.status != "open" or step.at < state.opened:
        early = state is not None and state.status == "open"
        what = f"'{booth.duty.name}' is not open"
        if state is not None and early:
            what = f"'{booth.duty.name}' was not open before {step.calendar.day_of(state.opened)}"
        refuse(
            "illegal",
            "PF457",
            what,
            span=booth.duty.span,
            clause=booth.duty.clause,
            why="one takes part from the opening of a poll to its end",
            fix="ask its organiser to open it" if state is None else "nothing to do",
        )
    return state


def _voter(step: Step, booth: Booth, state: PollState, command: c.Cast, edge: Edge) -> str:
    """Who takes part: the actor in person, or (an empty name) somebody invited whose paper the organiser hands in."""
    duty, raters = booth.duty, tuple(map(str, edge.raters))
    if command.on_behalf_of:
        refuse(
            "not_entitled",
            "PF458",
            f"'{command.by}' cannot answer '{duty.name}' for '{command.on_behalf_of}'",
            span=duty.span,
            clause=duty.clause,
            why="one takes part in person; no authority to do so can be passed on",
            fix=f"let '{command.on_behalf_of}' answer",
        )
    held = [role for role in raters if role in roles_of(step, command.by)]
    own = not command.group or command.group in (*roles_of(step, command.by), *_own_groups(step, command.by))
    if held and own:
        require(step, held, f"answer '{duty.name}'", span=edge.span_of("raters"), clause=duty.clause, subject=duty.name)
        return command.by
    if command.group not in raters or not set(duty.by) & roles_of(step, command.by):
        _not_a_rater(step, booth, command, edge)
    _organiser(step, booth, f"hand in an answer of '{command.group}' to '{duty.name}'")
    expected = state.invited.get(command.edge, {}).get(command.group)
    handed = state.handed.get(command.edge, {}).get(command.group, 0)
    if expected is not None and handed >= expected:
        refuse(
            "illegal",
            "PF459",
            f"{handed} of '{command.group}' have answered on '{command.edge}', and {expected} were invited",
            span=duty.span,
            why="no more can answer than were invited",
            fix="count the papers again",
            clause=duty.clause,
        )
    return ""


def _not_a_rater(step: Step, booth: Booth, command: c.Cast, edge: Edge) -> None:
    raters = ", ".join(f"'{role}'" for role in edge.raters)
    refuse(
        "not_entitled",
        "PF460",
        f"'{command.by}' is not asked on '{command.edge}' of '{booth.duty.name}': that takes {raters}",
        span=edge.span_of("raters"),
        clause=booth.duty.clause,
        why="each edge of a poll names who answers",
        fix=f"let one of {raters} answer; for those on no roster the organiser hands in the paper, with their group",
    )


def _own_groups(step: Step, person: str) -> tuple[str, ...]:
    above = step.around.up.get(f"person/{person}") if step.around.up is not None else None
    return (*person_of(step.rows, person).groups, *(above.groups if above is not None else ()))


def _groups(step: Step, booth: Booth, person: str, group: str) -> tuple[str, ...]:
    """The groups that somebody counts for, of those whose share the policy asks for."""
    mine = {group} if not person else {*roles_of(step, person), *_own_groups(step, person)}
    return tuple(sorted(mine & ({*map(str, booth.spec.at_least)} | ({group} if not person else set()))))


def _group(step: Step, booth: Booth, edge: Edge, person: str, group: str) -> str:
    """The one group for which an answer is counted: the first of `at_least`, else of the raters, that it belongs to."""
    mine = {group} if not person else {*roles_of(step, person), *_own_groups(step, person)}
    return next((name for name in map(str, (*booth.spec.at_least, *edge.raters)) if name in mine), "")


def _answers(step: Step, booth: Booth, state: PollState, command: c.Cast, edge: Edge) -> dict[str, str]:
    """The paper: one choice for everybody who is rated on the edge, no more and no less."""
    answers = dict(command.answers) or {command.rated: command.choice}
    rated, choices = rated_on(step, state, command.edge, edge), tuple(map(str, booth.spec.choices))
    problems = [
        _problem(booth, "PF461", f"'{choice}' is not among the answers to '{booth.duty.name}'", "choices",
                 "the policy lists the answers",
                 did_you_mean(choice, choices))
        for choice in dict.fromkeys(answers.values())
        if choice not in choices
    ]  # fmt: skip
    problems += [
        _problem(booth, "PF462", f"'{name or 'the unit itself'}' is not rated on '{command.edge}'", "edges",
                 "each edge says who is rated",
                 did_you_mean(name, rated) or "leave `rated` out")
        for name in answers
        if name not in rated
    ]  # fmt: skip
    missing = [name for name in rated if name not in answers]
    if missing and not problems:
        problems.append(_problem(
            booth, "PF463", f"the paper says nothing of {', '.join(missing[:20])}", "edges",
            "a paper answers for everybody who is rated, so that all papers look alike",
            "answer for each, with `abstain` where the poll offers it",
        ))  # fmt: skip
    refuse_all("malformed", problems)
    return answers


# --- closing ----------------------------------------------------------------------------------------------------------


def close(step: Step, command: c.ClosePoll) -> None:
    """Close a poll and count it. Once its time is over, the system may close it too."""
    booth = find(step, command.poll)
    state = booth.state(step)
    if state is None or state.status not in ("open", "ended", "admitted"):
        word = "was never opened" if state is None else "is closed"
        if state is not None and state.question:
            word = f"waits for the answer to {state.question}"
        refuse(
            "illegal",
            "PF464",
            f"'{booth.duty.name}' {word}",
            span=booth.duty.span,
            clause=booth.duty.clause,
            why="only an open poll can be closed",
            fix="open it first" if state is None else "look at `status`",
        )
    if command.by != c.SYSTEM or state.status == "open":
        _organiser(step, booth, f"close '{booth.duty.name}'")
    if state.status == "admitted" or tallies.turned_out(step, booth, state):
        told = Count(tally=command.tally, root=command.root)
        tallies.count(step, booth, tallies.tally_of(step, booth, state, told))


answered = tallies.answered

FIRE: Mapping[str, Callable[[Step, Timer], None]] = {CLOSES: tallies.time_is_over}
"""Timers of this room."""

HANDLERS: Mapping[type[c.Command], Callable[[Step, Any], None]] = {
    c.OpenPoll: open_poll,
    c.Cast: cast,
    c.ClosePoll: close,
}
"""Commands of this room."""
