"""Boundaries as text and as data. Nothing here prints or writes files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phaseflow.testing.boundaries.model import KINDS, Boundary
from phaseflow.testing.boundaries.pinned import Pinning

SHOWN = 40
"""How many open boundaries a terminal shows before it says how many more there are."""


def text(found: Pinning, *, limit: int = SHOWN) -> str:
    """A table by kind, and what no scenario pins, each with its line in the policy."""
    rows = [(name, *found.of_kind(kind)) for kind, name in KINDS.items() if found.of_kind(kind)[1]]
    width = max((len(name) for name, _, _ in rows), default=0)
    left = found.open
    done = len(found.boundaries) - len(left) - len(found.accepted)
    taken = f", {len(found.accepted)} accepted" if found.accepted else ""
    lines = [f"boundaries of {found.plan.policy.campaign}: {done} of {len(found.boundaries)} pinned{taken}"]
    lines += [f"  {name:<{width}}  {pinned:>4} of {all_}" for name, pinned, all_ in rows]
    if left:
        lines.append("pinned by no confirmed scenario:")
        lines += [f"  {one.span}: {one.name}" for one in left[:limit]]
        if len(left) > limit:
            lines.append(f"  and {len(left) - limit} more; --all shows them")
    return "\n".join(lines)


def written(file: str, count: int, unreached: Sequence[Boundary]) -> str:
    """What became of the stubs."""
    lines = [f"{count} stubs written to {file}; each is unconfirmed until you cite its clause"]
    if unreached:
        lines.append("no story leads to:")
        lines += [f"  {one.span}: {one.name}" for one in unreached]
    return "\n".join(lines)


def as_data(found: Pinning) -> dict[str, Any]:
    """Boundaries in JSON's types."""
    return {
        "campaign": str(found.plan.policy.campaign),
        "pinned": len(found.boundaries) - len(found.open) - len(found.accepted),
        "accepted": sorted(found.accepted),
        "boundaries": len(found.boundaries),
        "all": [
            {
                "key": one.key,
                "kind": one.kind,
                "level": one.level,
                "subject": one.subject,
                "detail": one.detail,
                "side": one.side,
                "place": str(one.span),
                "clauses": list(one.clauses),
                "scenarios": list(found.by.get(one.key, ())),
            }
            for one in found.boundaries
        ],
    }
