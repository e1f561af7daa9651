"""From a file to a plan: the one place that reads policies from disk."""

from __future__ import annotations

import os
from pathlib import Path

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.spec.model import Policy
from phaseflow.spec.overlay import Chain
from phaseflow.spec.reader import Reading, read_policy
from phaseflow.spec.tree import Node

PROJECT = "phaseflow.toml"
"""The folder with this file is a project: policies in it may extend one another wherever they stand in it."""


def read_file(path: str | os.PathLike[str]) -> Reading[Policy]:
    """Read a policy file with what it extends; faults are in the reading.

    Raises:
        PolicyError: The file cannot be opened.
    """
    where = Path(path)
    shown = where.as_posix()
    return read_policy(
        _bytes(where, shown),
        file=shown,
        load=lambda name: (where.parent / name).read_bytes(),
        climb=_height(where.parent.resolve()),
    )


def read_tree(path: str | os.PathLike[str]) -> Node:
    """The merged tree of a policy file with what it extends, before it is structured; for changes made on purpose.

    Raises:
        PolicyError: The file, or one that it extends, cannot be opened or parsed.
    """
    where = Path(path)
    shown = where.as_posix()
    chain = Chain(lambda name: (where.parent / name).read_bytes(), climb=_height(where.parent.resolve()))
    return chain.tree(_bytes(where, shown), shown)


def _height(folder: Path) -> int:
    """How many folders above *folder* its project begins; 0 where it is in no project."""
    above = (folder, *folder.parents)
    return next((height for height, place in enumerate(above) if (place / PROJECT).is_file()), 0)


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
