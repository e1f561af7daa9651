"""Verbs that look into a policy: lint, explore. No database is opened."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phaseflow.cli.options import JSON, finish, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.analysis.explore.answers import Answer
    from phaseflow.analysis.explore.properties import Property
    from phaseflow.cli import output
    from phaseflow.core.plan import Plan
    from phaseflow.spec.model import Policy
    from phaseflow.spec.reader import Reading
    from phaseflow.spec.shape import Shape

S = TypeVar("S", bound="Shape")

START = click.Option(
    ["--start"], metavar="DATE", type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the campaign; where it is left out, the first written day in the policy's own year.",
)  # fmt: skip


# --- lint -------------------------------------------------------------------------------------------------------------


@verb(START, JSON)
@click.argument("policies", nargs=-1, required=True, metavar="POLICY...")
def lint(policies: tuple[str, ...], start: Any) -> None:
    """Look for what compiles and is probably not meant.

    Gates that ask for nothing or for what can never come, bands with gaps, ladders that never ring, roles nobody holds,
    two names for one thing, statements of the source that no rule cites, and what is odd about the days. Findings that
    were accepted stand with their reasons in NAME.lint.yaml beside the policy. Notes do not count as findings.

    Ends with 1 if an error or a warning is left in any of the policies.
    """
    from phaseflow.cli import output

    day = start.date() if start is not None else None
    found = [_linted(policy, day) for policy in policies]
    if wants_json():
        output.data([{key: value for key, value in one.items() if key != "line_of"} for one in found])
    else:
        for one in found:
            for finding in one["findings"]:
                output.problems([finding["problem"]], one["line_of"], err=False)
                if finding["at"]:
                    output.say(f"  at: {finding['at']}")
            output.say(_summary(one))
    finish(all(one["ok"] for one in found))


def _linted(policy: str, start: Any) -> dict[str, Any]:
    """What `lint` has to say about one file."""
    from phaseflow.analysis.accepted import sift
    from phaseflow.analysis.findings import view
    from phaseflow.analysis.lint import lint as ask_all
    from phaseflow.core.plan import compile_policy
    from phaseflow.errors import PolicyError
    from phaseflow.policies import read_file

    line_of: output.Line | None = None
    try:
        reading = read_file(policy)
        line_of = _line_of(reading)
        plan = compile_policy(reading.result(), reading.sources)
        sifted = sift(ask_all(view(plan, start, _register(policy, reading))), _accepted(policy))
    except PolicyError as error:
        return {
            "file": policy, "ok": False, "findings": [{"at": "", "problem": problem} for problem in error.problems],
            "accepted": [], "line_of": line_of,
        }  # fmt: skip
    return {
        "file": policy,
        "ok": all(finding.problem.severity == "note" for finding in sifted.open),
        "findings": [{"at": finding.at, "problem": finding.problem} for finding in sifted.open],
        "accepted": [{"at": finding.at, "problem": finding.problem, "why": why} for finding, why in sifted.accepted],
        "line_of": line_of,
    }


def _line_of(reading: Reading[Policy]) -> output.Line:
    """Lines of the policy as it was read, and of the files beside it."""
    from phaseflow.cli.output import line_on_disk

    return lambda file, number: reading.line_of(file, number) or line_on_disk(file, number)


def _summary(one: dict[str, Any]) -> str:
    counts = Counter(finding["problem"].severity for finding in one["findings"])
    parts = [f"{counts[word]} {word}{'' if counts[word] == 1 else 's'}" for word in ("error", "warning", "note")]
    told = [part for part in parts if not part.startswith("0 ")] + (
        [f"{len(one['accepted'])} accepted"] if one["accepted"] else []
    )
    return f"{one['file']}: {', '.join(told) or 'nothing found'}"


# --- files beside a policy --------------------------------------------------------------------------------------------


def _register(policy: str, reading: Reading[Policy]) -> Any:
    """The register of clauses that a policy names, beside the file that names it; None where there is none."""
    from phaseflow.spec.register import Register

    spec = reading.result()
    if spec.clauses is None:
        return None
    named = Path(spec.span_of("clauses").file or policy).parent / spec.clauses
    return read_beside(named if named.exists() else Path(policy).parent / spec.clauses, Register)


def _accepted(policy: str) -> Any:
    """The accepted findings beside a policy; None where nothing was accepted."""
    from phaseflow.analysis.accepted import Accepted

    path = Path(policy).with_suffix(".lint.yaml")
    return read_beside(path, Accepted) if path.exists() else None


def read_beside(path: Path, shape: type[S]) -> S:
    """Read a file of another shape than a policy.

    Raises:
        PolicyError: It is not there, or something in it is wrong.
    """
    from phaseflow.errors import PolicyError, Problem, Span
    from phaseflow.spec.reader import read

    try:
        source = path.read_bytes()
    except OSError as error:
        raise PolicyError([
            Problem(
                code="PF872", what=f"the file '{path}' cannot be read: {error.strerror or error}",
                span=Span(file=str(path)), why="the policy names it", fix="check the path and its rights",
            )
        ]) from None  # fmt: skip
    return read(source, shape, file=str(path)).result()


# --- explore ----------------------------------------------------------------------------------------------------------


@verb(START, JSON)
@click.argument("policy")
@click.option(
    "--properties", "claims", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
    help="Claims about the policy; NAME.properties.yaml beside it if left out.",
)  # fmt: skip
@click.option(
    "--scenarios", "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False),
    help="Write each counterexample as a scenario into this folder, for `phaseflow test`.",
)  # fmt: skip
@click.option("--most", metavar="N", type=click.IntRange(min=1), help="States to go through for each claim.")
def explore(policy: str, start: Any, claims: str | None, folder: str | None, most: int | None) -> None:
    """Prove or refute claims about every run a policy allows.

    Every policy is asked whether each run can still end, from wherever it may be, and whether an item that shall be
    verified can be closed without that; further claims stand in NAME.properties.yaml. Numbers are reduced to the bounds
    that the policy names, and time to its own dates. A refuted claim comes with the shortest way against it, as
    commands that were played through the engine's own decisions.

    Ends with 1 if a claim is refuted. `bounded` means that neither was shown.
    """
    from phaseflow.analysis.explore.answers import prove
    from phaseflow.analysis.explore.items import claimable, verified
    from phaseflow.analysis.explore.search import MOST_STATES
    from phaseflow.analysis.findings import view
    from phaseflow.cli import output
    from phaseflow.policies import load_policy

    plan = load_policy(policy)
    seen = view(plan, start.date() if start is not None else None)
    answers = [prove(seen, wanted, most or MOST_STATES) for wanted in _claims(policy, claims, plan)]
    answers += [
        verified(seen, level, ledger)
        for level in plan.levels.values()
        for ledger in level.ledgers.values()
        if claimable(ledger)
    ]
    if folder is not None:
        _write(answers, plan, policy, Path(folder))
    if wants_json():
        output.data([_as_data(answer) for answer in answers])
    else:
        for answer in answers:
            output.say("\n".join(_told(answer)))
    finish(not any(answer.verdict == "refuted" for answer in answers))


def _claims(policy: str, named: str | None, plan: Plan) -> list[Property]:
    """That every run can end, and what the author claims."""
    from phaseflow.analysis.explore.properties import Properties, can_end, compile_properties

    path = Path(named) if named is not None else Path(policy).with_suffix(".properties.yaml")
    written = compile_properties(read_beside(path, Properties), plan) if named is not None or path.exists() else ()
    return [*(can_end(level) for level in plan.levels), *written]


def _write(answers: list[Answer], plan: Plan, policy: str, folder: Path) -> None:
    """One scenario file for each counterexample."""
    from phaseflow.analysis.explore.story import scenario

    for answer in answers:
        if answer.commands:
            named = Path(os.path.relpath(policy, folder)).as_posix()
            path = folder / f"{answer.level}_{answer.name}.scenario.yaml"
            path.write_text(scenario(answer, plan, named), encoding="utf-8")


def _as_data(answer: Answer) -> dict[str, Any]:
    from phaseflow.cli import output

    found = output.plain(answer)
    found["commands"] = [
        {"run": run, "command": type(command).__name__, **output.plain(command)} for run, command in answer.commands
    ]
    return dict(found)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _told(answer: Answer) -> list[str]:
    lines = [f"{answer.verdict}: {answer.title} ({answer.level}.{answer.name})", f"  {answer.why}"]
    lines += [f"  {number}. {step}" for number, step in enumerate(answer.way, start=1)]
    if answer.commands:
        lines.append(f"  played with {len(answer.commands)} commands; --json shows them")
    free, states = _count(len(answer.facts), "fact"), _count(answer.states, "state")
    lines.append(f"  slice: {', '.join(answer.slice) or 'no phase'}; {free} left free; {states}")
    return lines
