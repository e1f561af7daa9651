"""Findings that somebody has looked at and accepted: a file beside the policy, ``NAME.lint.yaml``.

It stands apart from the policy, for accepting a finding changes nothing that a run does, and so must not change the
digest. Every entry names code and address and says why; one that fits no finding any more is a finding itself (PF871).
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from phaseflow.analysis.findings import Finding, found
from phaseflow.spec.duties import doc
from phaseflow.spec.shape import Shape, shape


@shape
class Acceptance(Shape):
    """One accepted finding."""

    code: str = attrs.field(metadata=doc("The code of the finding.", example="PF832"))
    at: str = attrs.field(metadata=doc("Where it is: its address in the policy.", example="phases.study"))
    why: str = attrs.field(metadata=doc("Why it is right as it is."))


@shape
class Accepted(Shape):
    """All accepted findings of a policy."""

    accept: tuple[Acceptance, ...] = attrs.field(metadata=doc("The findings."))


@attrs.frozen(kw_only=True)
class Sifted:
    """Findings after the accepted ones were taken out; *accepted* are those, each with why."""

    open: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, str], ...]


def sift(findings: Iterable[Finding], accepted: Accepted | None) -> Sifted:
    """Part findings into those still open and those accepted; what is accepted in vain is found in turn."""
    entries = accepted.accept if accepted is not None else ()
    by_key = {(entry.code, entry.at): entry for entry in entries}
    left, taken, used = [], [], set()
    for finding in findings:
        entry = by_key.get((finding.problem.code, finding.at))
        if entry is None:
            left.append(finding)
        else:
            taken.append((finding, entry.why))
            used.add((entry.code, entry.at))
    for key, entry in by_key.items():
        if key not in used:
            left.append(found(
                "PF871", entry.at, f"{entry.code} at '{entry.at}' is accepted, and nothing of the kind is found",
                entry.span, why="an acceptance that is not needed would hide the next finding in that place",
                fix="delete this entry",
            ))  # fmt: skip
    return Sifted(open=tuple(left), accepted=tuple(taken))
