"""Collecting the faults of meaning of one compilation, and the words they are told in."""

from __future__ import annotations

from collections.abc import Iterable

from phaseflow.errors import Problem, Span, did_you_mean


class Faults:
    """All faults of a pass; nothing is raised until the end."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def error(self, code: str, what: str, span: Span, *, why: str, fix: str) -> None:
        """Note an error."""
        self.problems.append(Problem(code=code, what=what, span=span, why=why, fix=fix))

    def warning(self, code: str, what: str, span: Span, *, why: str, fix: str) -> None:
        """Note a warning: something that can be run, but that an author should look at."""
        self.problems.append(Problem(code=code, what=what, span=span, why=why, fix=fix, severity="warning"))

    def unknown(self, noun: str, name: str, span: Span, known: Iterable[str], *, why: str = "") -> None:
        """Note a name that nothing bears (PF201)."""
        names = sorted(set(known))
        self.error(
            "PF201",
            f"there is no {noun} '{name}'",
            span,
            why=why or f"every {noun} is named before it is used, so that a misspelling cannot change the meaning",
            fix=did_you_mean(name, names) or f"declare the {noun} first",
        )

    @property
    def errors(self) -> list[Problem]:
        """The faults that stop a compilation."""
        return [problem for problem in self.problems if problem.severity == "error"]
