"""The verb `test`: play the scenarios of policies. pytest is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
def test(
    paths: tuple[Path, ...], only: str, strict: bool, junit: Path | None, markdown: Path | None, quiet: bool
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
    if wants_json():
        output.data(report.as_data(found))
    else:
        output.say(report.summary(found))
        if not found:
            output.problems([nothing(paths)])
    bad = [result for result in found if not result.good or (strict and result.state != "passed")]
    finish(bool(found) and not bad)


def _tell(result: Result, *, quiet: bool) -> None:
    from phaseflow.cli import output

    if result.good and quiet:
        return
    reason = f" ({result.reason})" if result.reason else ""
    output.say(f"{result.state:<11} {result.file}: {result.name}{reason}")
    output.problems(result.problems, err=False)

