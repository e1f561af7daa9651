"""The verb `test`: play the scenarios of policies. pytest is not needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phaseflow.cli.options import JSON, finish, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.errors import Problem
    from phaseflow.testing.scenarios.collect import Result


@verb(JSON)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("-k", "only", default="", metavar="WORDS", help="Only scenarios whose name holds these words.")
@click.option(
    "--strict",
    is_flag=True,
    help="Nothing may be unconfirmed or still to do; every goal and boundary is shown, or accepted in NAME.test.yaml.",
)
@click.option("--policy", "of", metavar="NAME", default="", help="Only scenarios of the policy file with this name.")
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
    "--remembered",
    is_flag=True,
    help="With --memory: ask only what noticed a change last time. Quick; tells at least how many are noticed.",
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
    of: str,
    strict: bool,
    junit: Path | None,
    markdown: Path | None,
    quiet: bool,
    clauses: Path | None,
    coverage: bool,
    boundaries: bool,
    stubs: Path | None,
    mutate: bool,
    jobs: int | None,
    every: int,
    memory: Path | None,
    remembered: bool,
    notice: float | None,
    **asked: Any,
) -> None:
    """Play the scenarios in files and folders (*.scenario.yaml) and tell what came out otherwise than written.

    Ends with 1 if a scenario fails, or if there is none: a test run that tests nothing does not pass.
    """
    if remembered and memory is None:
        raise click.UsageError("--remembered asks whom --memory FILE remembers: give it, too")
    from phaseflow.cli import output
    from phaseflow.testing.scenarios import report
    from phaseflow.testing.scenarios.collect import Plans, nothing, of_file
    from phaseflow.testing.scenarios.reader import find, read_scenarios

    found: list[Result] = []
    plans = Plans()
    for path in find(paths):
        read = read_scenarios(path)
        if of and read.policy is not None and read.policy.name != of:
            continue
        for result in of_file(read, plans, only=only):
            found.append(result)
            if not wants_json():
                _tell(result, quiet=quiet)
    if junit is not None:
        junit.write_text(report.junit(found), encoding="utf-8")
    if markdown is not None:
        markdown.write_text(report.markdown(found), encoding="utf-8")
    if clauses is not None:
        from phaseflow.testing.coverage import clauses_by_scenario

        clauses.write_text(output.to_json(clauses_by_scenario(found)) + "\n", encoding="utf-8")
    whole, told = _judged(found, strict=strict, boundaries=boundaries, coverage=coverage, **asked)
    if stubs is not None:
        _stubs(found, stubs)
    if mutate or remembered or notice is not None:
        faults, told["mutants"] = _mutate(
            paths, of, memory, all_=asked["all_"], remembered=remembered, jobs=jobs or 0, every=every
        )
        told |= _faults([*told.get("faults", ()), *faults])
        whole = whole and not faults
    if wants_json():
        output.data({**report.as_data(found), **told})
    else:
        output.say(report.summary(found))
        if not found:
            output.problems([nothing(paths)])
    bad = [result for result in found if not result.good or (strict and result.state != "passed")]
    low = [one for one in told.get("coverage", ()) if one["percent"] < (asked["fail_under"] or 0)]
    missed = [one for one in told.get("mutants", ()) if one["percent"] < (notice or 0)]
    finish(bool(found) and whole and not bad and not low and not missed)


Data = list[dict[str, Any]]


def _judged(
    found: list[Result],
    *,
    strict: bool,
    coverage: bool,
    boundaries: bool,
    all_: bool,
    html: Path | None,
    fail_under: float | None,
) -> tuple[bool, dict[str, Any]]:
    """Tell and write coverage and boundaries where they were asked for.

    Returns:
        Whether the judgement stands: no entry that was accepted is at fault and, if it is *strict*, nothing is left
        open; then what was asked for as data.
    """
    measured = bool(coverage or html or fail_under is not None)
    if not (measured or boundaries or strict):
        return True, {}
    from phaseflow.cli import output
    from phaseflow.testing.boundaries import report as edges
    from phaseflow.testing.coverage import report as goals
    from phaseflow.testing.judgement import judge

    judged = judge(found)
    for one in judged:
        if wants_json():
            continue
        if measured or (strict and one.coverage.missing):
            output.say(goals.text(one.coverage, limit=len(one.coverage.goals) if all_ else goals.SHOWN))
        if boundaries or (strict and one.pinning.open):
            output.say(edges.text(one.pinning, limit=len(one.pinning.boundaries) if all_ else edges.SHOWN))
        output.problems(one.problems, err=False)
    if html is not None:
        html.write_text("".join(goals.html(one.coverage) for one in judged), encoding="utf-8")
    told: dict[str, Any] = {}
    if measured or strict:
        told["coverage"] = [goals.as_data(one.coverage) for one in judged]
    if boundaries or strict:
        told["boundaries"] = [edges.as_data(one.pinning) for one in judged]
    faults = [problem for one in judged for problem in one.problems]
    return all(one.whole if strict else not one.problems for one in judged), told | _faults(faults)


def _faults(problems: Sequence[Problem]) -> dict[str, Any]:
    """What is wrong with entries that were accepted, if anything is."""
    return {"faults": list(problems)} if problems else {}


def _tell(result: Result, *, quiet: bool) -> None:
    from phaseflow.cli import output

    if result.good and quiet:
        return
    reason = f" ({result.reason})" if result.reason else ""
    output.say(f"{result.state:<11} {result.file}: {result.name}{reason}")
    output.problems(result.problems, err=False)


def _stubs(found: list[Result], file: Path) -> None:
    """Write a stub for each boundary of the first policy that is left open."""
    from phaseflow.cli import output
    from phaseflow.testing.boundaries import report
    from phaseflow.testing.boundaries.stubs import stubs, write
    from phaseflow.testing.judgement import judge

    judged = judge(found)
    if not judged:
        return
    first = next(result for result in found if result.played is not None)
    text, unreached = stubs(judged[0].pinning, found, first.file)
    write(file, text)
    if not wants_json():
        output.say(report.written(str(file), len(judged[0].pinning.open) - len(unreached), unreached))


def _mutate(
    paths: tuple[Path, ...],
    of: str,
    memory: Path | None,
    *,
    all_: bool,
    remembered: bool,
    jobs: int,
    every: int,
) -> tuple[list[Problem], Data]:
    """Try the mutants of each policy on its scenarios; tell, remember, and give them as data.

    Returns:
        What is wrong with entries for mutants that were accepted; then the verdicts as data.
    """
    from phaseflow.cli import output
    from phaseflow.policies import read_tree
    from phaseflow.testing.accepted import beside
    from phaseflow.testing.judgement import of_mutants
    from phaseflow.testing.mutation import memory as kept
    from phaseflow.testing.mutation import mutants, report, try_mutants
    from phaseflow.testing.scenarios.reader import by_policy

    known = kept.read(memory.read_text(encoding="utf-8")) if memory is not None and memory.exists() else {}
    found: Data = []
    faults: list[Problem] = []
    for policy, files in by_policy(paths).items():
        if of and policy.name != of:
            continue
        name = os.path.relpath(policy, memory.parent if memory is not None else None)
        before, key = known.get(name, kept.Memory()), kept.asked(files)
        survivors = before.unnoticed if before.asked == key else {}
        names = {mutant.name for mutant in mutants(read_tree(policy))}
        tried = []
        for verdict in try_mutants(
            policy, files, jobs=jobs, every=every, killers=before.noticed, survivors=survivors, only=remembered
        ):
            tried.append(verdict)
            if memory is not None and not remembered:  # after each of them: a run may take long, and be stopped
                known[name] = kept.remember(before, tried, key, names)
                memory.write_text(kept.write(known), encoding="utf-8")
        verdicts, problems = of_mutants(policy, tried, beside(policy))
        faults += problems
        found.append({"policy": str(policy), **report.as_data(verdicts)})
        if not wants_json():
            output.say(report.text(verdicts, limit=len(verdicts) if all_ else report.SHOWN))
            output.problems(problems, err=False)
    return faults, found
