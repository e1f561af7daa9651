"""A policy's text to its spec: the one door into this room.

Decode, parse, lay overlays over their bases, structure; what each step found wrong comes back with the texts to show it
in. Shape only: what a policy means is asked by `core.plan`. Nothing here opens a file.

>>> reading = read_policy("phaseflow: 1\\ncampaign: demo\\nzone: UTC\\nphases: {study: {window: may}}")
>>> list(reading.result().phases)
['study']
"""

from __future__ import annotations

from functools import cached_property
from typing import Generic, TypeVar

import attrs

from phaseflow.errors import PolicyError, Problem, sort_problems
from phaseflow.spec.model import Policy
from phaseflow.spec.overlay import Chain, Load, Overlay
from phaseflow.spec.shape import Shape
from phaseflow.spec.structure import structure
from phaseflow.spec.tree import lines_of

S = TypeVar("S", bound=Shape)


@attrs.frozen(kw_only=True)
class Reading(Generic[S]):
    """What came of reading a file.

    *spec* is None if there is an error among *problems*, which are sorted by position. *sources* are (file, text) of
    every file that was read, the first one first; *overlays* say which of them build on which.
    """

    spec: S | None
    problems: tuple[Problem, ...]
    sources: tuple[tuple[str, str], ...]
    overlays: tuple[Overlay, ...]

    def result(self) -> S:
        """The spec. Raises `PolicyError` with all problems if there is none."""
        if self.spec is None:
            raise PolicyError(self.problems)
        return self.spec

    def source(self, file: str) -> str | None:
        """The text of a file that was read, without a byte-order mark."""
        return dict(self.sources).get(file)

    def line_of(self, file: str, line: int) -> str | None:
        """A line, counted from 1, as `errors.show` wants it."""
        lines = self._lines.get(file, [])
        return lines[line - 1] if 0 < line <= len(lines) else None

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {file: lines_of(text) for file, text in self.sources}


def read(
    source: bytes | str, cls: type[S], *, file: str = "", load: Load | None = None, climb: int = 0
) -> Reading[S]:
    """Read a text as a spec class.

    Args:
        source: The text, or the bytes of the file (UTF-8).
        cls: What it shall be.
        file: The file's name, as messages shall show it.
        load: Gives the bytes of a base that the text extends; it is asked only for paths inside the folder of
            *file*, or so far above it as *climb* allows.
        climb: How many folders above that of *file* a base may stand.

    Returns:
        The reading. Faults in it are reported there, never raised.
    """
    chain = Chain(load, climb)
    problems: list[Problem] = []
    spec = None
    try:
        spec = structure(chain.tree(source, file), cls, problems)
    except PolicyError as error:
        problems.extend(error.problems)
    return Reading(
        spec=spec, problems=sort_problems(problems), sources=tuple(chain.sources), overlays=tuple(chain.overlays)
    )


def read_policy(
    source: bytes | str, *, file: str = "", load: Load | None = None, climb: int = 0
) -> Reading[Policy]:
    """Read a policy; see `read`."""
    return read(source, Policy, file=file, load=load, climb=climb)
