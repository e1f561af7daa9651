"""Verbs that begin runs and turn the crank: start, tick, relay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phaseflow.cli.options import AT, BY, ID, STORED, clock, opened, verb, wants_json


def pairs(_ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read ``NAME=VALUE`` options."""
    found = []
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise click.BadParameter(f"'{text}' is not NAME=VALUE", param=param)
        found.append((name.strip(), value.strip()))
    return tuple(found)


@verb(BY, AT, ID, *STORED)
@click.argument("policy")
@click.option("--start", "first", required=True, metavar="DATE", help="First day of the campaign for this run.")
@click.option("--unit", default="", help="The unit; left out for the programme's own run.")
@click.option("--kind", default="", help="Which kind of unit it is, where the policy tells kinds apart.")
@click.option("--programme", metavar="RUN", help="The programme's run, for a unit of a programme.")
@click.option("--run", "name", default="", metavar="ID", help="The run's id; CAMPAIGN/UNIT by default.")
@click.option(
    "--roster",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Persons: a CSV file (id,roles,groups,name,email,phone) or a YAML list.",
)
@click.option(
    "--body",
    "bodies",
    multiple=True,
    metavar="KIND=NAME",
    callback=pairs,
    help="A body, such as village=Lower Mill; may be repeated.",
)
@click.option("--batch", type=int, help="Which batch this is; the policy's by default.")
@click.option("--redeems", default="", metavar="RUN", help="The run whose redo this one is.")
@click.option("--at-phase", default="", metavar="PHASE", help="Begin in this phase of a campaign that is under way.")
@click.option(
    "--assume",
    multiple=True,
    metavar="PHASE=BASIS",
    callback=pairs,
    help="An earlier phase taken for granted, and on what basis.",
)
def start(
    policy: str,
    first: str,
    by: str | None,
    bodies: tuple[tuple[str, str], ...],
    assume: tuple[tuple[str, str], ...],
    **given: Any,
) -> None:
    """Start a run of a policy; the database is made if it is not there."""
    from phaseflow.cli import output
    from phaseflow.messages.commands import SYSTEM
    from phaseflow.policies import load_policy

    plan = load_policy(policy)
    listed: dict[str, list[str]] = {}
    for kind, name in bodies:
        listed.setdefault(kind, []).append(name)
    roster = read(given["roster"]) if given["roster"] else ()
    with opened(create=True, hooks=True) as engine:
        run = engine.start(
            plan,
            unit=given["unit"],
            kind=given["kind"],
            start=first,
            roster=roster,
            bodies=listed,
            programme=given["programme"],
            run=given["name"],
            by=by or SYSTEM,
            at=_instant(given["at"], plan),
            batch=given["batch"],
            redeems=given["redeems"],
            at_phase=given["at_phase"],
            assume=dict(assume),
            id=given["id"] or "",
        )
        found = run.status()
    if wants_json():
        output.data({"run": run.id, "plan": plan.digest, "status": found})
    else:
        output.say(f"started: {run.id} ({found.level}, plan {plan.digest[:12]}, {found.entries} entries)")


def read(file: Path) -> list[dict[str, Any]]:
    """The persons of a roster file, by its ending.

    Raises:
        PolicyError: It is no roster, or not UTF-8.
    """
    from phaseflow.engine.roster import from_csv, from_yaml
    from phaseflow.errors import PolicyError, Problem, Span

    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(
            [
                Problem(
                    code="PF705",
                    what=f"the roster is not UTF-8 (byte {error.start})",
                    span=Span(file=str(file)),
                    why="names are read the same on every machine",
                    fix="save it as UTF-8",
                )
            ]
        ) from None
    return from_yaml(text, str(file)) if file.suffix in (".yaml", ".yml") else list(from_csv(text))


def _instant(at: str | None, plan: Any) -> Any:
    from phaseflow.core.calendars import parse_instant

    try:
        return None if at is None else parse_instant(at, plan.calendar)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None


@verb(*STORED)
@click.option("--limit", type=click.IntRange(1), help="At most so many runs.")
def tick(limit: int | None) -> None:
    """Process what is due in every run: openings, due days, reminders, escalations.

    Early, late or twice, the trail is the same; what is due is also processed before every command.
    """
    from phaseflow.cli import output

    with opened(hooks=True) as engine:
        count = engine.tick(clock()(), limit=limit)
    if wants_json():
        output.data({"runs": count})
    else:
        output.say(f"{count} {'run' if count == 1 else 'runs'} had something due")


@verb(*STORED)
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many deliveries.")
def relay(limit: int) -> None:
    """Tell the hooks of phaseflow.toml what is in the outbox."""
    from phaseflow.cli import output

    with opened(hooks=True) as engine:
        report = engine.relay(clock()(), limit=limit)
    if wants_json():
        output.data(report)
    else:
        output.say(
            ", ".join(f"{name} {value}" for name, value in output.plain(report).items() if isinstance(value, int))
        )
