"""Write ``docs/failures.md``: which test tries which failure mode on which backend.

``python docs/failures.py`` writes the page out of the marks of the tests; a test fails while it is out of date, and
while a cell has neither a test nor a reason. The marks are read from the source, so that the page needs no test run.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "failures.md"
TESTS = ROOT / "tests"

sys.path.insert(0, str(ROOT))

from tests.failures.modes import BACKENDS, EMPTY, MODES  # noqa: E402

_HEAD = """\
# Fourteen ways to fail

Durable engines fail in a handful of ways, which do not show on a good day.
Each is tried here on each store and each waker.
Processes are real and are killed (SIGKILL), stopped past their lease (SIGSTOP) and cut off from a real server.
The table counts the tests of each cell; below it they are named.
A cell without a test has its reason.

`serve` is the service of the command line, *poller* the waker that needs nothing, each in a process of its own.
DBOS and Temporal are the engines themselves; Temporal's server is its test server.
What was told is noted outside, in lines that a kill cannot take back, and compared with the store in the end.
[What it costs](benchmarks.md) has the figures of the soak, and of 10,000 units (`PHASEFLOW_CHILDREN`).

This page is generated from the marks of the tests; `python docs/failures.py` writes it anew.
"""


@attrs.frozen(kw_only=True)
class Trial:
    """A mark: the test *test* of *file* tries mode *mode* on *backends*; *claim* is the first line of its docstring."""

    test: str
    file: str
    mode: int
    backends: tuple[str, ...]
    claim: str


def trials() -> list[Trial]:
    """Every mark, by file and place."""
    return [trial for path in sorted(TESTS.rglob("*.py")) for trial in _of_file(path)]


def _of_file(path: Path) -> Iterator[Trial]:
    text = path.read_text(encoding="utf-8")
    if "mark.failure(" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in reversed(node.decorator_list):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.failure":
                mode, *backends = map(ast.literal_eval, mark.args)
                claim = (ast.get_docstring(node) or "").partition("\n")[0].replace("``", "`")
                file = path.relative_to(TESTS).as_posix()
                yield Trial(test=node.name, file=file, mode=mode, backends=tuple(backends), claim=claim)


def page() -> str:
    """The whole page."""
    found = trials()
    parts = [_HEAD, _matrix(found)]
    for mode, name in MODES.items():
        parts.append(f"\n## {mode}. {name[0].upper()}{name[1:]}\n")
        for trial in sorted((one for one in found if one.mode == mode), key=lambda one: (one.file, one.test)):
            where = ", ".join(name for name in BACKENDS if name in trial.backends)
            parts.append(f"- {where}: `{trial.test}` in `{trial.file}`.\n  {trial.claim}")
        for reason, backends in _reasons(mode).items():
            parts.append(f"- {', '.join(backends)}: no test, because {reason}.")
    return "\n".join(parts) + "\n"


def _reasons(mode: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for backend in BACKENDS:
        if (mode, backend) in EMPTY:
            found.setdefault(EMPTY[mode, backend], []).append(backend)
    return found


def _matrix(found: list[Trial]) -> str:
    """How many tests stand in each cell."""
    lines = [f"| | failure mode | {' | '.join(BACKENDS)} |", "|---|---|" + "---:|" * len(BACKENDS)]
    for mode, name in MODES.items():
        tried = [{(t.file, t.test) for t in found if t.mode == mode and backend in t.backends} for backend in BACKENDS]
        cells = [str(len(tests) or "–") for tests in tried]
        lines.append(f"| {mode} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
