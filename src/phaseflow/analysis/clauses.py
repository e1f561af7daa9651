"""Rules about the source document: every statement of it has a rule, and every rule a statement that still stands.

Codes: PF861 a statement no rule cites, PF862 a rule that cites what is not there, PF863 a statement that has changed
since its rule was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phaseflow.analysis.findings import Finding, View, found, parts_of
from phaseflow.errors import Span, did_you_mean
from phaseflow.spec.shape import Shape


def citations(value: object, at: str = "") -> Iterator[tuple[str, str, Span]]:
    """(address, clause, place) of every citation in a policy."""
    match value:
        case Shape():
            for number, clause in enumerate(getattr(value, "clause", ())):
                yield at, str(clause), value.span_of(f"clause.{number}")
            for key, inner in parts_of(value):
                if key != "clause":
                    yield from citations(inner, f"{at}.{key.rstrip('_')}".lstrip("."))
        case Mapping():
            for key, inner in value.items():
                yield from citations(inner, f"{at}.{key}")
        case tuple():
            for number, inner in enumerate(value):
                yield from citations(inner, f"{at}.{number}")
        case _:
            return


def uncited(view: View) -> Iterator[Finding]:
    """A statement that is said to be encoded, or to have a reading, and that no rule cites."""
    if view.register is None:
        return
    cited = {clause for _at, clause, _span in citations(view.plan.policy)}
    for name, clause in view.register.clauses.items():
        if clause.status != "advisory" and name not in cited:
            yield found(
                "PF861", f"clauses.{name}", f"no rule cites {name}: \"{clause.text}\"", clause.span, clause=(name,),
                why="a statement of the source either has a rule, or is marked as creating none",
                fix="cite it where it is obeyed, or write `status: advisory` and why",
            )  # fmt: skip


def cites_nothing(view: View) -> Iterator[Finding]:
    """A rule cites a clause that the register does not have."""
    if view.register is None:
        return
    known = view.register.clauses
    for at, clause, span in citations(view.plan.policy):
        if clause not in known:
            yield found(
                "PF862", at, f"the register has no clause '{clause}'", span, severity="error",
                why="a citation that leads nowhere cannot be checked by anybody",
                fix=did_you_mean(clause, known) or "add it to the register",
            )  # fmt: skip


def changed_since(view: View) -> Iterator[Finding]:
    """A statement whose text is no longer the one that its rule was written for."""
    for name, clause in view.register.clauses.items() if view.register is not None else ():
        if clause.digest is not None and clause.digest != clause.present:
            yield found(
                "PF863", f"clauses.{name}", f"the text of {name} has changed since its rule was written",
                clause.span_of("digest"), clause=(name,),
                why="the register keeps the digest of the text that somebody read when the rule was written",
                fix=f"read its rules again, then write `digest: {clause.present}`",
            )  # fmt: skip
