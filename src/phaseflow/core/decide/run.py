"""The run as a whole: starting, halting, ending, reopening, archiving; its units; its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phaseflow.core import deadlines
from phaseflow.core.decide import consequences, documents, halt, ledgers, opening, phases, polls, roster, succession
from phaseflow.core.decide.people import require
from phaseflow.core.decide.step import Refusal, Step, refuse, refuse_all
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.duties import duty_of
from phaseflow.core.state.rows import CAMPAIGN, Question
from phaseflow.errors import NOWHERE, Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Days


def start(step: Step, command: c.StartRun) -> None:
    """Start a run: bind every window, enter the roster, open what opens with the campaign."""
    level = step.plan.levels.get(command.level)
    if level is None:
        refuse(
            "unknown",
            "PF360",
            f"the policy has no level '{command.level}'",
            why="a run is a programme's or a unit's",
            fix=did_you_mean(command.level, step.plan.levels),
        )
    _check_lasting(step)
    roster.check_names(run=command.run, **({"unit": command.unit} if command.unit else {}))
    _check_import(step, command)
    _check_kind(step, command)
    windows = deadlines.bind_windows(level, step.calendar, command.start, step.plan.policy.window)
    step.emit(e.RunStarted(
        run=command.run, campaign=command.campaign, plan=command.plan, level=command.level, unit=command.unit,
        start=command.start, parent=command.parent, batch=command.batch, redeems=command.redeems, kind=command.kind,
        windows=windows,
    ))  # fmt: skip
    for kind, names in sorted(command.bodies.items()):
        if kind not in step.plan.policy.bodies:
            refuse(
                "unknown",
                "PF316",
                f"the policy has no bodies of kind '{kind}'",
                why="kinds of bodies stand in the policy",
                fix=did_you_mean(kind, map(str, step.plan.policy.bodies)) or "declare the kind under `bodies`",
            )
        for name in names:
            roster.check_names(body=name)
            step.emit(e.BodyListed(kind=kind, body=name))
    roster.check_roles(step, sorted({role for person in command.persons for role in person.roles}))
    for person in command.persons:
        roster.enter(step, person)
    step.pending.clear()  # who is there at the start is counted when duties open, and joins none that is open already
    for phase, basis in sorted(command.assumed.items()):
        step.emit(e.PhaseAssumed(phase=phase, basis=basis))
    opening.open_all(
        step, None, 1, windows[CAMPAIGN], {}, [name for name, duty in level.duties.items() if duty.phase == CAMPAIGN]
    )
    if command.at_phase:
        phases.open_visit(step, command.at_phase, None)
    phases.schedule(step)
    opening.schedule(step)


def _check_lasting(step: Step) -> None:
    """A version that ends goes back to the plan before it, and a run that begins has none before."""
    amends = step.plan.policy.amends
    if amends is not None and amends.until is not None:
        refuse("illegal", "PF496", f"the policy holds only until {amends.until}", span=amends.span_of("until"),
               why="what comes after it is the plan that a run had before", clause=amends.clause,
               fix="start the run under the policy that it amends, and amend it then")  # fmt: skip


def _check_import(step: Step, command: c.StartRun) -> None:
    known = step.plan.levels[command.level].phases
    names = [*command.assumed, *([command.at_phase] if command.at_phase else [])]
    problems = [
        Problem(
            code="PF361",
            what=f"there is no phase '{name}' to begin at or to assume",
            why="an import names phases of the policy",
            fix=did_you_mean(name, known),
        )
        for name in names
        if name not in known
    ]
    refuse_all("unknown", problems)


def _check_kind(step: Step, command: c.StartRun) -> None:
    """Where the programme knows kinds of units, every unit is of one."""
    programme = step.plan.policy.programme
    known = tuple(map(str, programme.kinds)) if programme is not None and command.level == "unit" else ()
    if command.kind in known or (not known and not command.kind):
        return
    refuse(
        "unknown",
        "PF470",
        f"there is no kind of unit '{command.kind}'" if command.kind else f"the unit '{command.unit}' is of no kind",
        span=programme.span_of("kinds") if programme is not None else NOWHERE,
        why="the policy names the kinds of units, since some duties are not for all of them" if known
        else "the policy tells no kinds of units apart",
        fix=(did_you_mean(command.kind, known) or f"name one of: {', '.join(known)}") if known else "leave it out",
    )


def _officer(step: Step, act: str) -> str:
    """Only whom the policy names may halt a run; the clock rule that goes with it."""
    spec = step.plan.policy.suspension
    if spec is None:
        refuse(
            "illegal",
            "PF362",
            f"this policy lets nobody {act} a run",
            why="halting is off unless the policy turns it on",
            fix="add `suspension: {by: ROLE, clock: stops}` to the policy or to its overlay",
        )
    require(step, map(str, spec.by), f"{act} the run", span=spec.span_of("by"), clause=spec.clause)
    return spec.clock


def suspend(step: Step, command: c.Suspend) -> None:
    if step.head.status != "running":
        refuse(
            "illegal",
            "PF321",
            f"the run is {step.head.status}",
            why="only a running run can be halted",
            fix="look at `status`",
        )
    _officer(step, "suspend")
    step.emit(e.RunSuspended(reason=command.reason))


def resume(step: Step, _command: c.Resume) -> None:
    """Go on; where the clock stopped, every open term moves by the days of the halt."""
    head = step.head
    if head.status != "suspended" or head.suspended_at is None:
        refuse(
            "illegal",
            "PF321",
            f"the run is {head.status}",
            why="only a suspended run can be resumed",
            fix="look at `status`",
        )
    clock = _officer(step, "resume")
    days = (step.day - step.calendar.day_of(head.suspended_at)).days if clock == "stops" else 0
    step.emit(halt.resumed(step, days))
    if days > 0:
        halt.reschedule(step, days, head.suspended_at)


def cancel(step: Step, command: c.Cancel) -> None:
    if step.head.status in ("cancelled", "archived"):
        refuse(
            "illegal", "PF321", f"the run is {step.head.status}", why="it has ended for good", fix="look at `status`"
        )
    _officer(step, "cancel")
    step.emit(e.RunCancelled(reason=command.reason))


def reopen(step: Step, command: c.Reopen) -> None:
    """Take back the latest conclusion (R10)."""
    head = step.head
    if head.status != "concluded":
        refuse(
            "illegal",
            "PF321",
            f"the run is {head.status}",
            why="only a concluded run can be reopened",
            fix="look at `status`",
        )
    spec = step.level.outcomes[head.outcome]
    if not spec.reopen:
        refuse(
            "illegal",
            "PF363",
            f"a run that ended as '{head.outcome}' cannot be reopened",
            span=spec.span,
            why="the policy names nobody who may",
            fix="add `reopen: ROLE` to the outcome",
            clause=spec.clause,
        )
    require(step, map(str, spec.reopen), "reopen the run", span=spec.span_of("reopen"), clause=spec.clause)
    if command.phase not in step.level.phases:
        refuse(
            "unknown",
            "PF361",
            f"there is no phase '{command.phase}'",
            why="a reopened run goes on in a phase",
            fix=did_you_mean(command.phase, step.level.phases),
        )
    step.emit(e.RunReopened(supersedes=head.concluded, spawned=command.spawned, reason=command.reason))
    phases.open_visit(step, command.phase, None)
    phases.reschedule(step)


def archive(step: Step, _command: c.Archive) -> None:
    head = step.head
    if head.status not in ("concluded", "cancelled"):
        refuse(
            "illegal",
            "PF321",
            f"the run is {head.status}",
            why="only an ended run is put away",
            fix="conclude or cancel it first",
        )
    roster.check_keeper(step, "archive the run")
    left = [
        Problem(
            code="PF364",
            what=f"{count} items of '{name}' are open",
            span=ledger.span,
            why="what survives a run is settled before the run is put away",
            fix="close them, or explain them",
            clause=", ".join(ledger.clause),
        )
        for name, ledger in step.level.ledgers.items()
        if (count := step.get(f"items/{name}/open") or 0) and ledger.spec.survives is not False
    ]
    left += _unfinished(step)
    if head.owes_redo and not head.redeemed_by:
        left.append(
            Problem(
                code="PF365",
                what="a run in the next batch is still owed",
                why="a debt is paid before the run is put away",
                fix="start the run of the next batch with `redeems`",
            )
        )
    if left:
        raise Refusal("unmet", left)
    step.emit(e.RunArchived())


def _unfinished(step: Step) -> list[Problem]:
    """Polls that are neither decided nor void, and routes that were begun and not walked to their end (R10)."""
    found = []
    for key, poll in step.rows.scan("poll/"):
        if poll.under_way:
            duty = step.level.duties[duty_of(step.rows, key.removeprefix("poll/")).name]
            fix = "close the poll, or answer the question about it"
            found.append(_begun(duty, "PF377", f"the poll '{duty.name}' is under way", fix))
    for _key, paper in step.rows.scan("document/"):
        if paper.version and paper.step:
            duty = step.level.duties[duty_of(step.rows, paper.key).name]
            fix = f"walk its route to the end, or waive '{duty.name}'"
            found.append(_begun(duty, "PF378", f"the document '{duty.name}' waits at '{paper.step}'", fix))
    return found


def _begun(duty: Duty, code: str, what: str, fix: str) -> Problem:
    why = "what was begun is ended before the run is put away"
    return Problem(code=code, what=what, span=duty.span, why=why, fix=fix, clause=", ".join(duty.clause))


def redeem(step: Step, command: c.RedeemRedo) -> None:
    if not step.head.owes_redo or step.head.redeemed_by:
        refuse(
            "illegal",
            "PF366",
            "this run owes no run in the next batch",
            why="only a debt can be paid, and only once",
            fix="look at `status`",
        )
    carry = step.head.owes_carry
    step.emit(e.RedoRedeemed(run=command.run))
    if carry == "open_items":
        succession.hand_over(step, {command.run: ("open_items",)})


def answer(step: Step, command: c.Answer) -> None:
    """Answer a question that the run put to a role. `close PHASE`-questions and doubts change nothing by themselves."""
    question: Question | None = step.get(f"question/{command.question}")
    if question is None:
        refuse(
            "unknown",
            "PF367",
            f"there is no question '{command.question}'",
            why="a question is answered by its number",
            fix=did_you_mean(
                command.question, (key.removeprefix("question/") for key, _ in step.rows.scan("question/"))
            )
            or "look at `todo`",
        )
    if question.answered is not None:
        refuse(
            "illegal",
            "PF368",
            f"question '{command.question}' is answered",
            why="an answer is given once",
            fix="nothing to do",
        )
    if question.role:
        require(step, (question.role,), f"answer question '{command.question}'")
    else:
        roster.check_keeper(step, f"answer question '{command.question}'")
    step.emit(e.QuestionAnswered(question=command.question, verdict=command.verdict, reason=command.reason))
    room = ANSWERED.get(question.about.split(":", 1)[0])
    if room is not None:
        room(step, command, question)


ANSWERED: Mapping[str, Callable[[Step, c.Answer, Question], None]] = {
    "document": documents.answered, "poll": polls.answered, "item": ledgers.answered,
    "consequence": consequences.answered,
}  # fmt: skip
"""What an answer brings about, by the room that asked; a question of another room is only recorded."""


# --- units ------------------------------------------------------------------------------------------------------------


def enrol(step: Step, command: c.EnrolUnit) -> None:
    if step.head.level != "programme":
        refuse(
            "illegal",
            "PF369",
            "only a programme has units",
            why="a unit's run stands under a programme's run",
            fix="name the programme's run",
        )
    if step.head.status != "running":
        refuse("illegal", "PF321", f"the programme is {step.head.status}", why="only a running programme takes units",
               fix="reopen it, or start the programme of the next batch")  # fmt: skip
    if step.get(f"unit/{command.unit}") is not None:
        refuse(
            "illegal",
            "PF370",
            f"the unit '{command.unit}' is enrolled already",
            why="a unit has one run in a programme",
            fix="withdraw it first, or choose another name",
        )
    roster.check_names(unit=command.unit)
    step.emit(e.UnitEnrolled(unit=command.unit, run=command.run))


def withdraw(step: Step, command: c.WithdrawUnit) -> None:
    roster.check_keeper(step, "withdraw a unit")
    if step.head.level == "programme":
        run = step.get(f"unit/{command.unit}")
        if run is None:
            refuse(
                "unknown",
                "PF371",
                f"no unit '{command.unit}' is enrolled",
                why="only an enrolled unit can be withdrawn",
                fix=did_you_mean(command.unit, (key.removeprefix("unit/") for key, _ in step.rows.scan("unit/"))),
            )
        step.emit(e.UnitWithdrawn(unit=command.unit, reason=command.reason, into=command.into, run=run))
        return
    step.emit(e.WithdrawnFromProgramme(reason=command.reason, into=command.into))


__all__ = ["Days", "answer", "archive", "cancel", "enrol", "redeem", "reopen", "resume", "start", "suspend", "withdraw"]
