"""The verb `simulate`: how a campaign will go. No database is opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from phaseflow.cli.analyse import START, read_beside
from phaseflow.cli.options import JSON, finish, verb, wants_json

WORTH = 20
"""Units for which it is worth to begin a process."""


@verb(START, JSON)
@click.argument("policy")
@click.option("--units", metavar="N", default=100, show_default=True, type=click.IntRange(1, 1_000_000),
              help="How many units go through the policy.")  # fmt: skip
@click.option("--seed", metavar="S", default=0, show_default=True, type=int,
              help="The same seed gives the same forecast.")  # fmt: skip
@click.option("--jobs", metavar="N", type=click.IntRange(1, 256), help="So many processes; all processors by default.")
@click.option(
    "--behaviour", "behaviour", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
    help="How people behave; NAME.behaviour.yaml beside the policy if left out.",
)  # fmt: skip
@click.option("--until", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Last day that is looked at.")
@click.option("--all", "all_", is_flag=True, help="Every row of the long tables.")
@click.option("--fail-under", metavar="PERCENT", type=click.FloatRange(0, 100),
              help="End with 1 where a deadline is met less often.")  # fmt: skip
def simulate(
    policy: str, start: Any, units: int, seed: int, jobs: int | None, behaviour: str | None, until: Any, all_: bool,
    fail_under: float | None,
) -> None:  # fmt: skip
    """Forecast how a campaign will go: phase ends, chances of deadlines, load, bottlenecks.

    Many units go through the policy with simulated people, whose acts are judged by the engine's own rules. How long
    they take, what they leave undone and how polls come out stands in NAME.behaviour.yaml; what it does not say is
    assumed, and told. The answer for a seed is the same with any number of processes.
    """
    from phaseflow.analysis.simulation import Behaviour, compile_behaviour, report
    from phaseflow.analysis.simulation import simulate as run
    from phaseflow.cli import output
    from phaseflow.policies import load_policy

    plan = load_policy(policy)
    path = Path(behaviour) if behaviour is not None else Path(policy).with_suffix(".behaviour.yaml")
    spec = read_beside(path, Behaviour) if behaviour is not None or path.exists() else Behaviour()
    habits = compile_behaviour(
        spec, plan, start=start.date() if start is not None else None, until=until.date() if until is not None else None
    )
    most = max(1, units // WORTH)
    found = run(plan, habits, units=units, seed=seed, jobs=jobs or min(most, os.cpu_count() or 1))
    if wants_json():
        output.data(found)
    else:
        output.say(report.text(found, all_=all_))
    worst = report.least(found)
    finish(fail_under is None or worst is None or worst.share * 100 >= fail_under)
