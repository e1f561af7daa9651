"""Collecting the faults of meaning of one compilation, and the words they are told in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.spec.shape import Shape


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
    def unknown_names(self) -> bool:
        """Whether some name is unknown; then nothing can be said of the graph that the names make."""
        return any(problem.code == "PF201" for problem in self.problems)

    @property
    def errors(self) -> list[Problem]:
        """The faults that stop a compilation."""
        return [problem for problem in self.problems if problem.severity == "error"]


def named(spec: Shape, key: str) -> tuple[tuple[str, Span], ...]:
    """The names that *spec* gives for *key* (a list, a table by name, or one name), each with its own place."""
    given = getattr(spec, f"{key}_" if hasattr(spec, f"{key}_") else key, None)
    match given:
        case None:
            return ()
        case str():
            return ((given, spec.span_of(key)),)
        case Mapping():
            return tuple((str(name), spec.key_span_of(f"{key}.{name}")) for name in given)
        case _:
            return tuple((str(name), spec.span_of(f"{key}.{index}")) for index, name in enumerate(given))
