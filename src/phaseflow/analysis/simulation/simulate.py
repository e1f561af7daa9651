"""Many trials, in several processes if wanted, and one forecast of them all.

The forecast depends on plan, habits, seed and the number of units, never on how the trials were shared out: every draw
has its own name (`chance`), and what is counted adds up in any order (`tally`).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

from phaseflow.analysis.simulation import asking, ballots, doing, items, papers
from phaseflow.analysis.simulation.behaviour import Behaviour
from phaseflow.analysis.simulation.chance import Stream
from phaseflow.analysis.simulation.forecast import Forecast, forecast
from phaseflow.analysis.simulation.habits import Habits, compile_behaviour
from phaseflow.analysis.simulation.scene import Scene, prepare
from phaseflow.analysis.simulation.tally import Tally
from phaseflow.analysis.simulation.trial import Heed, Trial
from phaseflow.core.plan.model import Plan
from phaseflow.engine.plans import read_plan, write_plan
from phaseflow.messages import events as e

HEEDS: Mapping[type[e.Event], tuple[Heed, ...]] = {
    e.DutyOpened: (doing.opened,),
    e.DutyDated: (doing.dated,),
    e.DutyDone: (doing.done,),
    e.TaskReported: (doing.reported,),
    e.DutyFoundPoor: (doing.found_poor,),
    e.QuestionAsked: (doing.asked,),
    e.DocumentReached: (papers.reached,),
    e.StepFellDue: (papers.fell_due,),
    e.StepPassed: (papers.passed,),
    e.VersionDrafted: (papers.passed,),
    e.DocumentReturned: (papers.passed,),
    e.PollOpened: (ballots.opened,),
    e.PollRunOn: (ballots.run_on,),
    e.PollCounted: (ballots.counted,),
    e.PollDecided: (ballots.counted,),
    e.PollVoided: (ballots.voided,),
    e.ItemOpened: (items.opened,),
    e.ItemReopened: (items.reopened,),
    e.ItemSettled: (items.settled,),
    e.ItemExplained: (items.settled,),
    e.ItemClosed: (items.closed,),
    e.PhaseOpened: (items.phase_opened, asking.opened),
    e.PhaseClosed: (asking.closed,),
    e.PhaseDue: (asking.due,),
    e.RunConcluded: (asking.concluded,),
}
"""What people do about an event, or what it is counted for."""

PIECES = 8
"""Pieces of work for each process, so that none waits long for the last one."""


def simulate(
    plan: Plan, habits: Habits | None = None, *, units: int = 100, seed: int = 0, jobs: int = 1
) -> Forecast:
    """Let many units go through a policy, with people who behave as *habits* say, and count what comes of it.

    Args:
        plan: The policy's plan.
        habits: How people behave (`compile_behaviour`); what is assumed of everybody if left out.
        units: How many units, at least 1. Where the policy has a programme, a trial is one programme with as many units
            as the habits say, and the number is rounded up to whole trials.
        seed: The same seed gives the same forecast, with any number of processes.
        jobs: How many processes; 1 stays in this one.

    Returns:
        Phase ends, the chance of each deadline, load by role and week, and what gates waited for.

    Raises:
        PolicyError: The policy refuses to start a run with these people.
        ValueError: *units* or *jobs* is less than 1.

    Example:
        >>> from phaseflow.spec.reader import read_policy
        >>> from phaseflow.core.plan import compile_policy
        >>> text = '''
        ... phaseflow: 1
        ... campaign: demo
        ... zone: UTC
        ... roles: {lead: Lead}
        ... defaults: {phase: {opens: on date, closes: by lead, clock: calendar}}
        ... phases: {study: {window: 2009-03-01 .. 2009-03-31, duties: {plan: {task: Plan, by: lead, due: 03-13}}}}
        ... outcomes: {completed: {by: lead}}
        ... '''
        >>> found = simulate(compile_policy(read_policy(text).result()), units=20, seed=1)
        >>> found.units, [phase.name for phase in found.phases]
        (20, ['study'])
    """
    if units < 1 or jobs < 1:
        raise ValueError("at least one unit is simulated, in at least one process")
    habits = habits or compile_behaviour(Behaviour(), plan)
    scene = prepare(plan, habits)
    trials = -(-units // scene.units)
    tally = Tally()
    if jobs == 1 or trials == 1:
        _play(scene, seed, 1, trials, tally)
    else:
        for part in _shared_out(plan, habits, seed, trials, jobs):
            tally.take(part)
    return forecast(scene, tally, seed)


def _play(scene: Scene, seed: int, first: int, last: int, tally: Tally) -> None:
    """Trials from *first* to *last*."""
    stream = Stream(seed)
    for number in range(first, last + 1):
        trial = Trial(scene, stream, number, tally, HEEDS)
        trial.play()
        asking.never(trial)
        trial.close()


# --- several processes ------------------------------------------------------------------------------------------------

_SCENE: list[tuple[Scene, int]] = []


def _shared_out(plan: Plan, habits: Habits, seed: int, trials: int, jobs: int) -> list[Tally]:
    size = max(1, -(-trials // (jobs * PIECES)))
    pieces = [(first, min(trials, first + size - 1)) for first in range(1, trials + 1, size)]
    with ProcessPoolExecutor(jobs, initializer=_set_up, initargs=(write_plan(plan), habits, seed)) as pool:
        return list(pool.map(_piece, pieces))


def _set_up(plan: str, habits: Habits, seed: int) -> None:
    _SCENE[:] = [(prepare(read_plan(plan), habits), seed)]


def _piece(bounds: tuple[int, int]) -> Tally:
    scene, seed = _SCENE[0]
    tally = Tally()
    _play(scene, seed, *bounds, tally)
    return tally
