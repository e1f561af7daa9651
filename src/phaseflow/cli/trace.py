"""The verb `trace`: a policy, its register, the source document and the scenarios, held against each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from phaseflow.cli.options import JSON, finish, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.analysis.trace import Trace
    from phaseflow.spec.model import Policy
    from phaseflow.spec.reader import Reading
    from phaseflow.spec.register import Register


@verb(JSON)
@click.argument("policy")
@click.option(
    "--source",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Folder with the source document: has it changed since it was encoded?",
)
@click.option("--stamp", is_flag=True, help="Write the digests of the source lines into the register, then trace.")
@click.option(
    "--scenarios", is_flag=True, help="Play the scenarios beside the policy: which of them execute each clause?"
)
@click.option(
    "--executed",
    metavar="FILE",
    type=click.File("r", encoding="utf-8"),
    help="JSON: the clauses that each scenario executed, {scenario: [clause, ...]}.",
)
@click.option("--markdown", is_flag=True, help="Print tables in Markdown.")
@click.option("--strict", is_flag=True, help="End with 1 if anything was found.")
def trace(
    policy: str, folder: str | None, stamp: bool, scenarios: bool, executed: Any, markdown: bool, strict: bool
) -> None:
    """Print which clause of the source document each rule comes from, and which rule encodes each clause.

    Findings, on stderr: clauses that no rule cites, rules without a clause, cited clauses that are not in the register,
    ambiguities nobody has decided, and, with --source, clauses whose source lines are not those that were encoded.
    House rules need no clause; they are listed.
    """
    from phaseflow.analysis.matrix import markdown as as_markdown
    from phaseflow.cli import output

    if stamp and folder is None:
        raise click.UsageError("--stamp needs --source DIR")
    if scenarios and executed is not None:
        raise click.UsageError("what scenarios executed is played or read; give --scenarios or --executed")
    reading, register = read_both(policy)
    if stamp:
        assert folder is not None
        _stamp(register, folder)
        reading, register = read_both(policy)
    found = traced(reading, register, folder, played(policy) if scenarios else _executed(executed))
    if wants_json():
        output.data({**output.plain(found), "house": [rule.path for rule in found.house]})
    else:
        output.say(as_markdown(found).rstrip("\n") if markdown else _shown(found))
        output.problems(found.findings, _line_of(reading, register))
    finish(not (strict and found.findings))


def traced(
    reading: Reading[Policy], register: Reading[Register], folder: str | None, executed: Mapping[str, Any] | None
) -> Trace:
    """The trace of what was read."""
    from phaseflow.analysis.trace import trace as hold

    named = register.result()
    return hold(
        reading.result(),
        named,
        file=register.sources[0][0],
        overlays=reading.overlays,
        source=None if folder is None else _source(folder, named.source.file),
        executed=executed,
    )


def read_both(policy: str) -> tuple[Reading[Policy], Reading[Register]]:
    """A policy and the register that it names.

    Raises:
        PolicyError: One of them cannot be read, the policy does not compile, or it names no register.
    """
    from phaseflow.core.plan import compile_policy
    from phaseflow.errors import PolicyError, Problem, Span
    from phaseflow.policies import read_file
    from phaseflow.spec.register import read_register

    reading = read_file(policy)
    spec = reading.result()
    compile_policy(spec, reading.sources)
    if spec.clauses is None:
        raise PolicyError(
            [
                Problem(
                    code="PF680",
                    what="the policy names no register of clauses",
                    span=Span(reading.sources[-1][0], 1, 1),
                    why="rules are traced to the statements of a source document, which stand in a register",
                    fix="write the register, and name it: `clauses: clauses.yaml`",
                )
            ]
        )
    span = spec.span_of("clauses")
    path = os.path.join(os.path.dirname(span.file), spec.clauses)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as error:
        raise PolicyError(
            [
                Problem(
                    code="PF681",
                    what=f"the register '{spec.clauses}' cannot be read: {error.strerror or error}",
                    span=span,
                    why="it is looked for beside the file that names it",
                    fix="check the name and its rights",
                )
            ]
        ) from None
    found = read_register(text, file=path)
    found.result()
    return reading, found


def _source(folder: str, name: str) -> list[str]:
    from phaseflow.analysis.wording import cut
    from phaseflow.errors import PolicyError, Problem

    try:
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            return cut(file.read())
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PolicyError(
            [
                Problem(
                    code="PF682",
                    what=f"the source '{name}' cannot be read in '{folder}': {cause}",
                    why="with --source the lines of the document are compared with what was encoded",
                    fix="name the folder that holds it, or leave --source out",
                )
            ]
        ) from None


def _stamp(register: Reading[Register], folder: str) -> None:
    from phaseflow.analysis.stamp import stamped

    named = register.result()
    path, text = register.sources[0]
    new = stamped(text, named, _source(folder, named.source.file))
    if new != text:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(new)


def played(policy: str) -> Mapping[str, Any]:
    """What each scenario in the folder of a policy executed.

    Raises:
        PolicyError: A scenario fails: what it executes then proves nothing.
    """
    from pathlib import Path

    from phaseflow.errors import PolicyError
    from phaseflow.testing.coverage import clauses_by_scenario
    from phaseflow.testing.scenarios.collect import results

    found = list(results((Path(policy).parent,)))
    wrong = [problem for result in found if not result.good for problem in result.problems]
    if wrong:
        raise PolicyError(wrong)
    return clauses_by_scenario(found)


def _executed(file: Any) -> Mapping[str, Any] | None:
    if file is None:
        return None
    import json

    try:
        found = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"this is no JSON: {error}", param_hint="--executed") from None
    good = isinstance(found, dict) and all(
        isinstance(done, list) and all(isinstance(clause, str) for clause in done) for done in found.values()
    )
    if not good:
        raise click.BadParameter("write {scenario: [clause, ...]}", param_hint="--executed")
    return {str(name): frozenset(done) for name, done in found.items()}


def _line_of(reading: Reading[Policy], register: Reading[Register]) -> Callable[[str, int], str | None]:
    def line_of(file: str, number: int) -> str | None:
        return reading.line_of(file, number) or register.line_of(file, number)

    return line_of


def _shown(found: Trace) -> str:
    from phaseflow.cli import output

    head = ["clause", "lines", "status", "rules", *([] if found.scenarios is None else ["scenarios"])]
    rows: list[list[object]] = []
    for row in found.rows:
        first, last = row.lines
        lines = first if first == last else f"{first}-{last}"
        rows.append([row.clause, lines, row.status, row.rules[0] if row.rules else "", _some(row.scenarios)])
        rows += [["", "", "", rule, ""] for rule in row.rules[1:]]
    rows = [row[: len(head)] for row in rows]
    parts = [output.columns(rows, head)]
    parts += _block("house rules (not in the document)", [_house(rule) for rule in found.house])
    silent = [f"{one.path}.{one.key}  asks {one.asks or 'nobody'}" for one in found.unstated]
    parts += _block("unstated (the document is silent)", silent)
    parts += _block("executed by no scenario", found.unexecuted)
    parts += _block("source lines under no clause", [", ".join(map(str, found.uncovered))] if found.uncovered else [])
    return "\n".join([*parts, "", f"source: {found.source}", _summary(found)])


def _some(scenarios: tuple[str, ...]) -> str:
    """The first scenario, and how many more: most clauses are executed by many."""
    more = f" (and {len(scenarios) - 1} more)" if len(scenarios) > 1 else ""
    return scenarios[0] + more if scenarios else ""


def _house(rule: Any) -> str:
    return f"{rule.path}  {', '.join(rule.house_keys)}" if rule.house_keys else str(rule.path)


def _block(title: str, lines: Any) -> list[str]:
    return ["", f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def _summary(found: Trace) -> str:
    count = {status: sum(row.status == status for row in found.rows) for status in ("encoded", "advisory", "ambiguous")}
    told = "" if found.scenarios is None else f", {_count(len(found.scenarios), 'scenario')}"
    return (
        f"{_count(len(found.rows), 'clause')} ({', '.join(f'{number} {status}' for status, number in count.items())}), "
        f"{_count(len(found.rules), 'rule')}{told}, {_count(len(found.findings), 'finding')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
