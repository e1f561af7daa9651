"""The verb `diff`: what changes from one policy to another, by their meaning and on what happened."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from phaseflow.cli.options import JSON, finish, must_exist, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.core.plan import Plan
    from phaseflow.replay.compare import Change, Comparison


@verb(JSON)
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option(
    "--replay",
    "histories",
    multiple=True,
    metavar="HISTORY",
    help="Decide what happened there anew, under A and under B: a database, or a file that `export` wrote. Repeatable.",
)
def diff(old: str, new: str, histories: tuple[str, ...]) -> None:
    """Say what changes from policy A to policy B: windows, dues, quotas, gates, bands, roles.

    What both mean is compared, so a value that moves into a default or an overlay is no difference; titles and clauses
    are left out.

    With --replay, what people did in the runs of the campaign is decided once more under A and under B, from the start
    of each run, and every run is told whose verdicts, due days or consequences come out otherwise.

    Ends with 1 if there is a difference in meaning.
    """
    from phaseflow.analysis.diff import diff as compare
    from phaseflow.cli import output
    from phaseflow.policies import load_policy

    before, after = load_policy(old), load_policy(new)
    found = compare(before, after)
    outcome = _replayed(before, after, histories) if histories else None
    if wants_json():
        output.data(found if outcome is None else {"policy": found, "replay": outcome})
    else:
        output.say("\n".join(map(str, found)) if found else "no difference in meaning")
        if outcome is not None:
            _show(outcome)
    finish(not found)


def _replayed(old: Plan, new: Plan, names: Sequence[str]) -> Comparison:
    """Both policies on the runs in some databases and exported files.

    Raises:
        PolicyError: Something named is not there or is no history, or holds no run of the campaign (PF741).
    """
    from phaseflow.cli.config import url_of
    from phaseflow.cli.transfer import take_in
    from phaseflow.engine import Engine
    from phaseflow.errors import PolicyError, Problem
    from phaseflow.replay.compare import compare
    from phaseflow.replay.history import read_history

    files = [Path(name) for name in names if _exported(name)]
    urls = [url_of(name) for name in names if not _exported(name)]
    for url in urls:
        must_exist(url)
    campaign = str(old.policy.campaign)
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(url)) for url in urls]
        if files:
            engines.append(stack.enter_context(Engine("memory:")))
            for file in sorted(files, key=_is_unit):
                take_in(engines[-1], file)
        history = read_history(engines, campaign)
    if not history.runs:
        raise PolicyError([Problem(
            code="PF741", what=f"there is no run of '{campaign}' in {', '.join(names)}",
            why="what happened is replayed where both policies are of the campaign that ran",
            fix="name a database in which it ran, or a file that `export` wrote",
        )])  # fmt: skip
    return compare(history, old, new)


def _is_unit(file: Path) -> bool:
    """Whether an exported run stands below a programme, which must be taken in first."""
    import json

    try:
        with file.open(encoding="utf-8") as lines:
            return bool(json.loads(lines.readline()).get("parent"))
    except (OSError, ValueError, AttributeError):
        return False  # what is wrong with it is said when it is taken in


def _exported(name: str) -> bool:
    """Whether a name is that of a file that `export` wrote, and not of a database."""
    try:
        with Path(name).open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def _show(outcome: Comparison) -> None:
    from phaseflow.cli import output

    runs = f"{len(outcome.runs)} {'run' if len(outcome.runs) == 1 else 'runs'}"
    output.say(f"replayed {outcome.deeds} deeds in {runs}: {len(outcome.changed)} of them come out otherwise")
    for run in outcome.runs:
        lines = [*map(str, run.differences), *_remarks(run)]
        if lines:
            output.say("\n".join([f"{run.run}:", *(f"  {line}" for line in lines)]))


def _remarks(run: Change) -> Sequence[str]:
    """What keeps the comparison of a run from being complete."""
    found = [f"the votes of '{poll}' are not counted yet; what they lead to is left out" for poll in run.uncounted]
    if run.from_entry:
        found.append(f"A itself comes out otherwise than the trail from entry {run.from_entry} on")
    return found
