"""The verb `test`: play the scenarios of policies. pytest is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phaseflow.cli.options import JSON, finish, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.testing.scenarios.collect import Result


@verb(JSON)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("-k", "only", default="", metavar="WORDS", help="Only scenarios whose name holds these words.")
@click.option("--strict", is_flag=True, help="What is unconfirmed or still to do fails, too.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML.")
@click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE", help="Write Markdown.")
@click.option("-q", "--quiet", is_flag=True, help="Only failures and the last line.")
@click.option("--coverage", is_flag=True, help="Tell what of the policies the scenarios have shown.")
@click.option("--all", "all_", is_flag=True, help="With --coverage: all that is missing, not only the first of it.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write coverage as a page.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="End with 1 where less of a policy is covered.",
)
@click.option("--boundaries", is_flag=True, help="Tell which bounds, instants and quotas no scenario pins.")
@click.option(
    "--stubs",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a scenario for each of them, to be confirmed: NAME.scenario.yaml beside the file it goes on from.",
)
@click.option("--mutate", is_flag=True, help="Change the policy in small ways: which changes does no scenario notice?")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="With --mutate: so many processes; all processors by default."
)
@click.option("--every", type=click.IntRange(1), default=1, metavar="N", help="With --mutate: only every N-th change.")
@click.option(
    "--memory",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --mutate: keep the verdicts; what noticed a change last time is tried first next time.",
)
@click.option(
    "--notice", type=click.FloatRange(0, 100), metavar="PERCENT", help="End with 1 where fewer changes are noticed."
)
@click.option(
    "--clauses",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the clauses that each scenario executed, for `trace --executed`.",
)
def test(
    paths: tuple[Path, ...],
    only: str,
    strict: bool,
    junit: Path | None,
    markdown: Path | None,
    quiet: bool,
    clauses: Path | None,
    boundaries: bool,
    stubs: Path | None,
    mutate: bool,
    jobs: int | None,
    every: int,
    memory: Path | None,
    notice: float | None,
    **asked: Any,
) -> None:
    """Play the scenarios in files and folders (*.scenario.yaml) and tell what came out otherwise than written.

    Ends with 1 if a scenario fails, or if there is none: a test run that tests nothing does not pass.
    """
    from phaseflow.cli import output
    from phaseflow.testing.scenarios import report
    from phaseflow.testing.scenarios.collect import Plans, nothing, of_file
    from phaseflow.testing.scenarios.reader import find, read_scenarios

    found: list[Result] = []
    plans = Plans()
    for path in find(paths):
        for result in of_file(read_scenarios(path), plans, only=only):
            found.append(result)
            if not wants_json():
                _tell(result, quiet=quiet)
    if junit is not None:
        junit.write_text(report.junit(found), encoding="utf-8")
    if markdown is not None:
        markdown.write_text(report.markdown(found), encoding="utf-8")
    measured = _coverage(found, **asked)
    if clauses is not None:
        from phaseflow.testing.coverage import clauses_by_scenario

        clauses.write_text(output.to_json(clauses_by_scenario(found)) + "\n", encoding="utf-8")
    pinned = None
    if boundaries or stubs is not None:
        pinned = _boundaries(found, stubs, told=boundaries and not wants_json(), all_=asked["all_"])
    tried = _mutate(paths, jobs, every, memory, all_=asked["all_"]) if mutate or notice is not None else None
    if wants_json():
        more = {"coverage": measured, "boundaries": pinned, "mutants": tried}
        output.data({**report.as_data(found), **{key: value for key, value in more.items() if value is not None}})
    else:
        output.say(report.summary(found))
        if not found:
            output.problems([nothing(paths)])
    bad = [result for result in found if not result.good or (strict and result.state != "passed")]
    low = [one for one in measured or () if one["percent"] < (asked["fail_under"] or 0)]
    missed = [one for one in tried or () if one["percent"] < (notice or 0)]
    finish(bool(found) and not bad and not low and not missed)


def _coverage(
    found: list[Result], *, coverage: bool, all_: bool, html: Path | None, fail_under: float | None
) -> list[dict[str, Any]] | None:
    """Tell and write coverage where it was asked for; as data, for JSON and the exit code."""
    if not (coverage or html or fail_under is not None):
        return None
    from phaseflow.cli import output
    from phaseflow.testing.coverage import measure, report

    measured = measure(found)
    for one in measured:
        if not wants_json():
            output.say(report.text(one, limit=len(one.goals) if all_ else report.SHOWN))
    if html is not None:
        html.write_text("".join(map(report.html, measured)), encoding="utf-8")
    return [report.as_data(one) for one in measured]


def _tell(result: Result, *, quiet: bool) -> None:
    from phaseflow.cli import output

    if result.good and quiet:
        return
    reason = f" ({result.reason})" if result.reason else ""
    output.say(f"{result.state:<11} {result.file}: {result.name}{reason}")
    output.problems(result.problems, err=False)


def _boundaries(found: list[Result], file: Path | None, *, told: bool, all_: bool) -> list[dict[str, Any]]:
    """Tell which boundaries are pinned, and write stubs for the others; as data, for JSON."""
    from phaseflow.cli import output
    from phaseflow.testing.boundaries import pin, report
    from phaseflow.testing.boundaries.stubs import stubs, write

    pinned = pin(found)
    for one in pinned if told else ():
        output.say(report.text(one, limit=len(one.boundaries) if all_ else report.SHOWN))
    if file is not None and pinned:
        played = next(result for result in found if result.played is not None)
        text, unreached = stubs(pinned[0], found, played.file)
        write(file, text)
        if not wants_json():
            output.say(report.written(str(file), len(pinned[0].open) - len(unreached), unreached))
    return [report.as_data(one) for one in pinned]


def _mutate(
    paths: tuple[Path, ...], jobs: int | None, every: int, memory: Path | None, *, all_: bool
) -> list[dict[str, Any]]:
    """Try the mutants of each policy on its scenarios; tell, remember, and give them as data."""
    import json

    from phaseflow.cli import output
    from phaseflow.testing.mutation import report, try_mutants
    from phaseflow.testing.scenarios.reader import by_policy

    told: dict[str, Any] = {}
    if memory is not None and memory.exists():
        told = json.loads(memory.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = {}
    for policy, files in by_policy(paths).items():
        killers = report.killers(told.get(str(policy)) if isinstance(told, dict) else None)
        verdicts = tuple(try_mutants(policy, files, jobs=jobs or 0, every=every, killers=killers))
        found[str(policy)] = report.as_data(verdicts)
        if not wants_json():
            output.say(report.text(verdicts, limit=len(verdicts) if all_ else report.SHOWN))
    if memory is not None:
        memory.write_text(output.to_json(found) + "\n", encoding="utf-8")
    return [{"policy": policy, **one} for policy, one in found.items()]
