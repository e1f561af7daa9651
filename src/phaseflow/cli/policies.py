"""Verbs about a policy alone: check, explain, schema, calendar, graph. No database is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

import click

from phaseflow.cli.options import JSON, finish, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.cli import output
    from phaseflow.core.plan import Plan
    from phaseflow.errors import Problem
    from phaseflow.reports.calendar import CalendarReport, DutyLine


# --- check ------------------------------------------------------------------------------------------------------------


@verb(JSON)
@click.argument("policies", nargs=-1, required=True, metavar="POLICY...")
def check(policies: tuple[str, ...]) -> None:
    """Read and compile policies; tell all problems at once, with warnings.

    A sound policy gives one line with its counts and its digest. Ends with 1 if there is an error in any of them.
    """
    from phaseflow.cli import output

    found = [_checked(policy) for policy in policies]
    if wants_json():
        output.data([{key: value for key, value in one.items() if key != "line_of"} for one in found])
    else:
        for one in found:
            output.problems(one["problems"], one["line_of"])
            if one["ok"]:
                output.say(_ok_line(one))
    finish(all(one["ok"] for one in found))


def _checked(policy: str) -> dict[str, Any]:
    """What `check` has to say about one file."""
    from phaseflow.core.plan import compile_policy
    from phaseflow.errors import PolicyError
    from phaseflow.policies import read_file

    line_of: output.Line | None = None
    problems: tuple[Problem, ...] = ()
    try:
        reading = read_file(policy)
        line_of, problems = reading.line_of, reading.problems
        plan = compile_policy(reading.result(), reading.sources)
    except PolicyError as error:
        return {
            "file": policy,
            "ok": False,
            "problems": [*dict.fromkeys((*problems, *error.problems))],
            "line_of": line_of,
        }
    counts = {
        "phases": len({name for level in plan.levels.values() for name in level.phases}),
        "duties": sum(len(level.duties) for level in plan.levels.values()),
        "clauses": len(_clauses(plan.policy)),
    }
    return {
        "file": policy,
        "ok": True,
        "campaign": str(plan.policy.campaign),
        "digest": plan.digest,
        **counts,
        "problems": [*dict.fromkeys((*problems, *plan.warnings))],
        "line_of": line_of,
    }


def _ok_line(one: dict[str, Any]) -> str:
    counts = ", ".join(_count(one[noun], noun) for noun in ("phases", "duties", "clauses"))
    warnings = f", {_count(len(one['problems']), 'warnings')}" if one["problems"] else ""
    return f"ok {one['file']}: {one['campaign']}, {counts}{warnings}, digest {one['digest'][:12]}"


def _count(number: int, plural: str) -> str:
    singular = {"duties": "duty"}.get(plural, plural.removesuffix("s"))
    return f"{number} {singular if number == 1 else plural}"


def _clauses(value: Any) -> set[str]:
    """Every clause of the source document that some part of a policy names."""
    import attrs

    from phaseflow.spec.shape import Shape

    if isinstance(value, Mapping):
        return set().union(*map(_clauses, value.values()))
    if isinstance(value, tuple):
        return set().union(*map(_clauses, value))
    if not isinstance(value, Shape):
        return set()
    own = set(map(str, getattr(value, "clause", ())))
    return own.union(*(_clauses(getattr(value, field.name)) for field in attrs.fields(cast(Any, type(value)))))


# --- explain, schema --------------------------------------------------------------------------------------------------


@verb(JSON)
@click.argument("code")
def explain(code: str) -> None:
    """Say what a code such as PF203 means, why it is a rule, and how to mend it."""
    from phaseflow.cli import output
    from phaseflow.errors import did_you_mean
    from phaseflow.explain import PAGES

    page = PAGES.get(code.upper())
    if page is None:
        raise click.BadParameter(f"there is no code '{code}'; {did_you_mean(code.upper(), PAGES)}", param_hint="CODE")
    if wants_json():
        output.data({"code": code.upper(), **output.plain(page)})
        return
    output.say(f"{code.upper()}: {page.title}\n")
    output.say(f"why: {page.why}")
    if page.example:
        output.say("example:")
        output.say("\n".join(f"    {line}" for line in page.example.split("\n")))
    output.say(f"fix: {page.fix}")


@verb(JSON)
@click.option("--overlay", is_flag=True, help="The schema of a file that `extends` another one.")
@click.option("--register", is_flag=True, help="The schema of a register of clauses.")
@click.option("--scenarios", is_flag=True, help="The schema of NAME.scenario.yaml.")
@click.option("--accepted", is_flag=True, help="The schema of NAME.test.yaml.")
def schema(overlay: bool, register: bool, scenarios: bool, accepted: bool) -> None:
    """Print the JSON Schema of policies and of the files beside them, for editors and other programs."""
    from phaseflow.cli import output
    from phaseflow.spec.schema import json_schema

    if overlay + register + scenarios + accepted > 1:
        raise click.UsageError("one schema at a time: give --overlay, --register, --scenarios or --accepted")
    if register:
        from phaseflow.spec.register import Register

        output.data(json_schema(Register))
    elif scenarios:
        from phaseflow.testing.scenarios.schema import scenario_schema

        output.data(scenario_schema())
    elif accepted:
        from phaseflow.testing.accepted import Accepted

        output.data(json_schema(Accepted))
    else:
        from phaseflow.spec.model import Policy

        output.data(json_schema(Policy, extends=overlay))


# --- calendar, graph --------------------------------------------------------------------------------------------------


def _level(plan: Plan, level: str | None) -> str:
    """The level that was asked for, or the unit's.

    Raises:
        click.BadParameter: The policy has no such level.
    """
    if level is not None and level not in plan.levels:
        raise click.BadParameter(
            f"this policy has no level '{level}'; it has: {', '.join(plan.levels)}", param_hint="--level"
        )
    return level or "unit"


@verb(JSON)
@click.argument("policy")
@click.option(
    "--start",
    required=True,
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the campaign, such as 2009-03-01.",
)
@click.option(
    "--level",
    type=click.Choice(["unit", "programme"]),
    help="Whose calendar: a unit's (the default) or the programme's own.",
)
def calendar(policy: str, start: Any, level: str | None) -> None:
    """Resolve every window, step and due day of a policy for one start, with reminders and ladders.

    What is odd (overlaps, gaps, a due day outside its window or before what it needs, a quota that does not fit, a
    reminder that never comes, a due day on a day off) is told as warnings on stderr.
    """
    from phaseflow.cli import output
    from phaseflow.policies import load_policy
    from phaseflow.reports.calendar import calendar as resolve

    plan = load_policy(policy)
    report = resolve(plan, start.date(), _level(plan, level))
    if wants_json():
        output.data(report)
        return
    output.say(f"{report.campaign} ({report.level}), start {report.start}, zone {report.zone}")
    output.say(output.columns(_rows(plan, report)))
    output.problems(report.warnings, plan.line)


def _rows(plan: Plan, report: CalendarReport) -> list[tuple[str, str, str]]:
    """Three columns: what, when, more about it."""
    rows: list[tuple[str, str, str]] = []
    for phase in report.phases:
        rows.append((phase.name, _range(phase.first, phase.last, phase.about) or phase.note, phase.title))
        rows += [(f"  step {step.name}", _range(step.first, step.last, False), step.title) for step in phase.steps]
        for duty in phase.duties:
            rows.append(
                (
                    f"  {duty.kind} {duty.name}",
                    _when(duty),
                    f"{', '.join(duty.who)}: {duty.title}" if duty.who else duty.title,
                )
            )
            rows += [(f"    {name}", moment, role) for name, moment, role in _instants(plan, duty)]
    return rows


def _when(duty: DutyLine) -> str:
    if duty.term.day is None:
        return duty.note
    if duty.periods > 1:
        return f"due {duty.term.day}, then until {duty.last} ({duty.periods} times)"
    return f"due {duty.term.day}"


def _instants(plan: Plan, duty: DutyLine) -> list[tuple[str, str, str]]:
    """Reminders, grace, lock and escalations of a duty, in the zone of the plan."""

    def shown(instant: Any) -> str:
        return plan.calendar.local(instant).strftime("%Y-%m-%d %H:%M")

    found: list[tuple[datetime, str, str]] = [
        (rung.at, rung.kind, f"to {rung.role}" if rung.role else "to those who owe it") for rung in duty.term.ladder
    ]
    ends = (("grace ends", duty.term.grace), ("lock", duty.term.lock))
    found += [(moment, name, "") for name, moment in ends if moment is not None]
    return [(name, shown(moment), more) for moment, name, more in sorted(found)]


def _range(first: date | None, last: date | None, about: bool) -> str:
    if first is None and last is None:
        return ""
    return f"{'about ' if about else ''}{first or 'open'} .. {last or 'open'}"


@verb(JSON)
@click.argument("policy")
@click.option(
    "--level",
    type=click.Choice(["unit", "programme"]),
    help="Whose machine: a unit's (the default) or the programme's own.",
)
def graph(policy: str, level: str | None) -> None:
    """Draw the phases and moves of a policy as Mermaid text."""
    from phaseflow.cli import output
    from phaseflow.policies import load_policy
    from phaseflow.reports.graph import mermaid

    plan = load_policy(policy)
    name = _level(plan, level)
    drawn = mermaid(plan.levels[name])
    if wants_json():
        output.data({"campaign": str(plan.policy.campaign), "level": name, "mermaid": drawn})
    else:
        output.say(drawn.rstrip("\n"))
