"""Verbs that ask and change nothing: why, needs, todo, allowed, status, runs, history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from phaseflow.cli.options import LANG, STORED, finish, opened, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.engine import Engine, Owed, Status


@verb(LANG, *STORED)
@click.argument("run")
@click.argument("move")
def why(run: str, move: str, lang: str | None) -> None:
    """Say why a move would be held now: every unmet requirement, who can meet it, and the line that demands it."""
    from phaseflow.cli import output
    from phaseflow.cli.trail import plan_of

    with opened() as engine:
        if lang is not None and not wants_json():
            output.say(engine.run(run).in_words(lang).why(move))
            return
        found = engine.run(run).why(move)
        plan = plan_of(engine, run)
    if wants_json():
        output.data(
            {
                "run": run,
                "move": move,
                "reasons": [{**output.plain(reason), "problem": reason.problem()} for reason in found],
            }
        )
    elif not found:
        output.say(f"nothing stands in the way of {move}")
    else:
        output.problems((reason.problem() for reason in found), plan.line, err=False)


@verb(LANG, *STORED)
@click.argument("run")
@click.argument("move")
def needs(run: str, move: str, lang: str | None) -> None:
    """Say what it would take for a move: the smallest set of further acts, by whom and by when.

    Ends with 1 if the move is not possible any more.
    """
    from phaseflow.cli import output

    with opened() as engine:
        handle = engine.run(run)
        found = handle.what_would_it_take(move)
        told = "" if wants_json() else handle.in_words(lang or "en").what_would_it_take(move)
    if wants_json():
        output.data({"run": run, **output.plain(found), "possible": found.possible, "count": found.count})
    else:
        output.say(told)
    finish(found.possible)


@verb(*STORED)
@click.argument("run")
@click.argument("person", required=False)
@click.option("--all", "everybody", is_flag=True, help="For everybody on the roster.")
@click.option("--duty", help="Who still owes this duty, instead of what somebody owes.")
@click.option("--after", default="", metavar="NAME", help="With --duty: those behind NAME, in order.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="With --duty: so many at most.")
def todo(run: str, person: str | None, everybody: bool, duty: str | None, after: str, limit: int) -> None:
    """List what a person owes now, the most urgent first; or who still owes a duty."""
    if (person is not None) + everybody + (duty is not None) != 1:
        raise click.UsageError("name a person, or give --all, or --duty DUTY")
    if duty is not None:
        _owing(run, duty, after, limit)
        return
    with opened() as engine:
        handle = engine.run(run)
        if not everybody:
            _must_be_known(engine, run, str(person))
        _show(
            {name: handle.todo(name) for name in (_persons(engine, run) if everybody else (str(person),))},
            "owes nothing now",
        )


def _owing(run: str, duty: str, after: str, limit: int) -> None:
    from phaseflow.cli import output

    with opened() as engine:
        names = engine.run(run).owing(duty, after=after, limit=limit)
    cursor = names[-1] if len(names) == limit else ""
    if wants_json():
        output.data({"duty": duty, "owing": names, "after": cursor})
        return
    for name in names:
        output.say(name)
    if not names:
        output.say(f"nobody{f' behind {after}' if after else ''} owes {duty} now")
    elif cursor:
        output.say(f"… more with --after {cursor}")


@verb(*STORED)
@click.argument("run")
@click.argument("person")
def allowed(run: str, person: str) -> None:
    """List what a person may do now: moves that can be asked for, and acts on what is owed."""
    with opened() as engine:
        handle = engine.run(run)
        _must_be_known(engine, run, person)
        _show({person: handle.allowed(person)}, "may do nothing now")


def _must_be_known(engine: Engine, run: str, person: str) -> None:
    """A misspelt name owes nothing, either; it must not look like somebody who has done all.

    Raises:
        PolicyError: Nobody of this id is on the roster of the run, nor on that of its programme (PF482).
    """
    from phaseflow.errors import PolicyError, Problem, did_you_mean

    with engine.reading(run) as (_tx, _head, _plan, rows, around):
        rosters = [rows] if around.up is None else [rows, around.up]
        if any(roster.get(f"person/{person}") is not None for roster in rosters):
            return
        names = [key.removeprefix("person/") for key, _row in rows.scan("person/")]
    raise PolicyError(
        [
            Problem(
                code="PF482",
                what=f"'{person}' is not on the roster of '{run}'",
                why="what somebody owes or may do is asked of a person of the run, or of its programme",
                fix=did_you_mean(person, names) or f"add the person: phaseflow do {run} join {person} --role ROLE",
            )
        ]
    )


def _persons(engine: Engine, run: str) -> list[str]:
    with engine.reading(run) as (_tx, _head, _plan, rows, _around):
        return [key.removeprefix("person/") for key, _row in rows.scan("person/")]


def _show(found: dict[str, tuple[Owed, ...]], nothing: str) -> None:
    from phaseflow.cli import output

    if wants_json():
        output.data([{"person": person, "acts": owed} for person, owed in found.items()])
        return
    for person, owed in found.items():
        output.say(f"{person}:" if owed else f"{person} {nothing}")
        if owed:
            output.say(output.columns(_row(one) for one in owed))


def _row(one: Owed) -> tuple[str, ...]:
    when = f"due {one.due}" if one.due else ""
    marks = [word for word, holds in (("OVERDUE", one.overdue), ("not yet possible", not one.ready)) if holds]
    return (
        "  " + one.what if one.kind != "move" else f"  request {one.subject}",
        when,
        one.rest,
        ", ".join(marks),
        one.title,
        one.clause,
    )


# --- how it stands ----------------------------------------------------------------------------------------------------


@verb(*STORED)
@click.argument("run")
def status(run: str) -> None:
    """Show a run at a glance: its phases, what is open, and when something is due next."""
    from phaseflow.cli import output
    from phaseflow.cli.trail import plan_of

    with opened() as engine:
        found = engine.run(run).status()
        plan = plan_of(engine, run)
    if wants_json():
        output.data(found)
        return
    ended = f" as {found.outcome}" if found.outcome else ""
    output.say(f"{found.run}: {found.status}{ended} ({found.level} of {found.campaign})")
    output.say(output.columns(_phases(found)))
    for line in _rest(found):
        output.say(line)
    if found.next_due is not None:
        output.say(f"next due: {plan.calendar.local(found.next_due):%Y-%m-%d %H:%M} ({plan.calendar.zone})")


def _phases(found: Status) -> list[tuple[str, ...]]:
    return [
        (
            f"  {phase.name}",
            phase.state,
            f"visit {phase.visit}" if phase.visit > 1 else "",
            f"{phase.first or '…'} .. {phase.last or '…'}" if phase.first else "",
            f"{phase.done} of {phase.duties} duties done" if phase.duties else "",
            phase.title,
        )
        for phase in found.phases
    ]


def _rest(found: Status) -> list[str]:
    lines = [f"ledger {name}: {open_} open of {all_}" for name, (open_, all_) in found.items.items()]
    if found.questions:
        lines.append(f"questions waiting for an answer: {found.questions}")
    if found.until:
        lines.append(f"goes by an amendment until {found.until}")
    if found.owes_redo:
        lines.append("owes a run in the next batch")
    if found.redeemed_by:
        lines.append(f"redeemed by {found.redeemed_by}")
    lines += [f"came from {run}" for run in found.came_from] + [f"goes on in {run}" for run in found.goes_on_in]
    return lines + [f"unit {unit}: {state}" for unit, state in found.units.items()]


@verb(*STORED)
@click.option("--campaign", help="Only of this campaign.")
@click.option("--programme", metavar="RUN", help="Only units of this programme.")
@click.option("--status", "state", help="Only runs in this state, such as running.")
def runs(campaign: str | None, programme: str | None, state: str | None) -> None:
    """List the runs of the database."""
    from phaseflow.cli import output
    from phaseflow.stores.base import HeadQuery

    with opened() as engine, engine.store.transaction(write=False) as tx:
        heads = tx.heads(HeadQuery(campaign=campaign, parent=programme, status=state))
    if wants_json():
        output.data(heads)
    elif heads:
        rows = [
            (head.run, head.level, head.status, head.seq, f"{head.due_at:%Y-%m-%d %H:%M}" if head.due_at else "")
            for head in heads
        ]
        output.say(output.columns(rows, ("run", "level", "status", "entries", "next due (UTC)")))
    else:
        output.say("no runs")


@verb(*STORED)
@click.argument("run")
@click.option("--after", type=click.IntRange(0), default=0, metavar="N", help="From entry N + 1 on.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many entries.")
def history(run: str, after: int, limit: int | None) -> None:
    """Print the trail of a run, one line an entry, in the run's zone."""
    from phaseflow.cli import output, trail

    with opened() as engine:
        entries = engine.run(run).history(after=after, limit=limit)
        plan = trail.plan_of(engine, run)
    if wants_json():
        output.data([trail.as_data(entry) for entry in entries])
    elif entries:
        output.say(trail.lines(plan, entries))
