"""From a file to a plan: the one place that reads policies from disk."""

from __future__ import annotations

import os
from pathlib import Path

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.spec.model import Policy
from phaseflow.spec.reader import Reading, read_policy


def read_file(path: str | os.PathLike[str]) -> Reading[Policy]:
    """Read a policy file with what it extends; faults are in the reading.

    Raises:
        PolicyError: The file cannot be opened.
    """
    where = Path(path)
    shown = os.fspath(path)
    folder = where.parent

    def load(name: str) -> bytes:
        return (folder / name).read_bytes()

    return (
        read_policy(_bytes(where, shown), file=where.name, load=load)
        if folder == Path()
        else read_policy(
            _bytes(where, shown),
            file=shown,
            load=lambda name: Path(name).read_bytes() if Path(name).exists() else load(Path(name).name),
        )
    )


def _bytes(path: Path, shown: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(
            [
                Problem(
                    code="PF100",
                    what=f"the policy '{shown}' cannot be read: {error.strerror or error}",
                    span=Span(file=shown),
                    why="a policy is a YAML file",
                    fix="check the path and its rights",
                )
            ]
        ) from None


def load_policy(path: str | os.PathLike[str]) -> Plan:
    """Read and compile a policy file.

    Args:
        path: A YAML file; what it extends is looked for beside it.

    Raises:
        PolicyError: with all problems of shape, or all problems of meaning, each with its place.

    Source: docs/reference/language.md.
    """
    reading = read_file(path)
    return compile_policy(reading.result(), reading.sources)
