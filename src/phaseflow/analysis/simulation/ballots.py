"""How polls are held: somebody opens them, people take part, somebody closes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from phaseflow.analysis.simulation.tasks import OFTEN, Task, left_behind, pick
from phaseflow.analysis.simulation.trial import Run, Trial
from phaseflow.core import deadlines
from phaseflow.core.decide import Decision
from phaseflow.core.decide.tallies import rated_on
from phaseflow.core.plan.model import Duty
from phaseflow.core.plan.polls import measure_of
from phaseflow.core.state.polls import PollState
from phaseflow.messages import commands as m
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.spec.duties import PollDuty


def plan_opening(trial: Trial, run: Run, duty: Duty, key: str, begin: datetime, allowed: float) -> None:
    """The organiser plans when to open a poll, so that it may be over when its time is."""
    doing = trial.habits.duties[run.level.name, duty.name]
    if trial.chance(run, "never", key) < doing.never:
        return
    open_for = duty.spec.open_for if isinstance(duty.spec, PollDuty) else None
    if open_for is not None:  # it is to be over in time, so it is opened so much earlier
        stays = (deadlines.instant_after(begin, open_for, trial.calendar) - begin).total_seconds()
        allowed = max(0.0, allowed - stays)
    planned = trial.after(begin, doing.delay, trial.chance(run, "delay", key), allowed)
    _open(trial, run, duty, key, planned)


def _open(trial: Trial, run: Run, duty: Duty, key: str, planned: datetime) -> None:
    spec = duty.spec
    assert isinstance(spec, PollDuty)
    invited = {str(name): {str(role): _number(trial, run, duty, str(role)) for role in edge.raters}
               for name, edge in spec.edges.items()}  # fmt: skip

    def open_it(by: str) -> Decision:
        return trial.do(run, m.OpenPoll, by, poll=duty.name, invited=invited)

    def live() -> bool:
        state: PollState | None = run.rows.get(f"poll/{key}")
        if run.rows.get(f"latest/{duty.name}") != key or (state is not None and state.status != "void"):
            return False
        return not left_behind(trial, run, key, duty.name)

    Task(trial=trial, run=run, name=duty.name, about="", people=pick(trial, run, duty.by, "poll", key), act=open_it,
         planned=planned, live=live).schedule()  # fmt: skip


def _number(trial: Trial, run: Run, duty: Duty, role: str) -> int:
    """How many of a role are invited: its holders, or (of those on no roster) as many as the habit says."""
    if trial.plan.roles[role].spec.invited:
        return trial.habits.duties[run.level.name, duty.name].invited
    return len(trial.scene.roster[run.name].get(role, ()))


def opened(trial: Trial, run: Run, entry: Entry, event: e.PollOpened) -> None:
    """A poll is open: people take part half-way through it, and where it has no end of its own, somebody closes it."""
    duty = run.level.duties[run.rows.get(f"duty/{event.key}").name]
    allowed = run.slices.get(event.key, float(trial.habits.undated))
    if event.closes is not None:
        half = entry.at + (event.closes - entry.at) / 2
        trial.at(half, _take_part, trial, run, duty, event)
        return
    doing = trial.habits.duties[run.level.name, duty.name]
    half = trial.after(entry.at, doing.delay, trial.chance(run, "vote", event.key, event.round), allowed)
    trial.at(half, _take_part, trial, run, duty, event)
    _close(trial, run, duty, event.key, trial.after(half, trial.habits.again, 0.5, allowed))


def _close(trial: Trial, run: Run, duty: Duty, key: str, planned: datetime) -> None:
    def close_it(by: str) -> Decision:
        return trial.do(run, m.ClosePoll, by, poll=duty.name)

    def live() -> bool:
        state: PollState | None = run.rows.get(f"poll/{key}")
        return state is not None and state.status in ("open", "ended", "admitted")

    Task(trial=trial, run=run, name=duty.name, about="", people=pick(trial, run, duty.by, "poll", key), act=close_it,
         planned=planned, live=live).schedule()  # fmt: skip


def _take_part(trial: Trial, run: Run, duty: Duty, event: e.PollOpened) -> None:
    """Everybody who takes part does; the organiser hands in the papers of those on no roster."""
    spec = duty.spec
    assert isinstance(spec, PollDuty)
    state: PollState | None = run.rows.get(f"poll/{event.key}")
    if state is None or state.status != "open" or "unstated" in (spec.measure, spec.choices):
        return
    organiser = pick(trial, run, duty.by, "poll", event.key)[:1]
    for name, edge in spec.edges.items():
        rated = rated_on(trial.step(run), state, str(name), edge)
        papers = list(_papers(trial, run, duty, event, str(name), organiser))
        ballots = {one: _answers(trial, run, duty, event, str(name), one, len(papers)) for one in rated}
        for number, (voter, group) in enumerate(papers):
            answers = {one: ballots[one][number] for one in rated}
            trial.do(run, m.Cast, voter, poll=duty.name, edge=str(name), group=group, answers=answers)


def _papers(
    trial: Trial, run: Run, duty: Duty, event: e.PollOpened, edge: str, organiser: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """(who hands in a paper, for which group) of everybody who takes part on an edge."""
    turnout = trial.habits.duties[run.level.name, duty.name].turnout
    taken: set[str] = set()
    for role, number in event.invited[edge].items():
        invited = trial.plan.roles[role].spec.invited
        people = organiser * number if invited else trial.scene.roster[run.name].get(role, ())
        for place, person in enumerate(people):
            comes = trial.chance(run, "turnout", event.key, event.round, edge, role, place) < turnout
            if comes and (invited or person not in taken):
                yield person, role if invited else ""
                taken |= set() if invited else {person}


def _answers(
    trial: Trial, run: Run, duty: Duty, event: e.PollOpened, edge: str, rated: str, papers: int
) -> list[str]:
    """As many favourable answers as the score comes to, rounded; the rest are not."""
    spec = duty.spec
    assert isinstance(spec, PollDuty)
    score = trial.habits.duties[run.level.name, duty.name].score
    share = score.at(trial.chance(run, "score", event.key, event.round, edge, rated))
    measure: Any = spec.edges[edge].measure or spec.measure  # type: ignore[index]
    favourable, _base = measure_of(measure)
    choices = [str(choice) for choice in spec.choices if choice != "abstain"]
    good = next((choice for choice in choices if choice in favourable), choices[0])
    bad = next((choice for choice in choices if choice not in favourable), choices[-1])
    count = int(share * papers + 0.5)
    return [good] * count + [bad] * (papers - count)


def run_on(trial: Trial, run: Run, _entry: Entry, event: e.PollRunOn) -> None:
    """A poll goes on; where it has no end any more, its organiser closes it."""
    if event.closes is None:
        duty = run.level.duties[run.rows.get(f"duty/{event.key}").name]
        _close(trial, run, duty, event.key, trial.after(trial.now, trial.habits.again, 0.5, 0.0))


def counted(trial: Trial, run: Run, entry: Entry, event: e.PollCounted | e.PollDecided) -> None:
    """A result: what waits for it looks again."""
    name = str(run.rows.get(f"duty/{event.key}").name)
    if event.band:
        trial.tally.add("band", run.level.name, name, event.band)
    trial.changed(run, name, entry.at)


def voided(trial: Trial, run: Run, entry: Entry, event: e.PollVoided) -> None:
    """A poll without a valid result is opened anew."""
    duty = run.level.duties[run.rows.get(f"duty/{event.key}").name]
    state: PollState = run.rows.get(f"poll/{event.key}")
    if state.round > OFTEN:
        return
    trial.tally.add("band", run.level.name, duty.name, "(void)")
    planned = trial.after(entry.at, trial.habits.answer, trial.chance(run, "reopen", event.key, state.round),
                          float(trial.habits.undated))  # fmt: skip
    _open(trial, run, duty, event.key, planned)
