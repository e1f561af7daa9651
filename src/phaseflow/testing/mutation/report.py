"""Verdicts about mutants as text and as data. Nothing here prints or writes files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from phaseflow.testing.mutation.operators import OPERATORS
from phaseflow.testing.mutation.trial import Verdict, score

SHOWN = 20
"""How many survivors a terminal shows before it says how many more there are."""


def text(found: Sequence[Verdict], *, limit: int = SHOWN) -> str:
    """A table by operator, and every survivor as a diff of the policy."""
    killed, all_ = score(found)
    fates = Counter(verdict.fate for verdict in found)
    lines = [
        f"mutants: {killed} of {all_} noticed{_percent(killed, all_)}"
        f" ({fates['invalid']} do not compile, {fates['equivalent']} say the same{_accepted(fates['accepted'])})"
    ]
    for operator, mistake in OPERATORS.items():
        mine = [verdict for verdict in found if verdict.mutant.operator == operator]
        done, of = score(mine)
        if of:
            lines.append(f"  {mistake:<52}  {done:>4} of {of}")
    left = [verdict for verdict in found if verdict.fate == "survived"]
    if left:
        lines.append("no scenario notices:")
        lines += [verdict.mutant.diff() for verdict in left[:limit]]
        if len(left) > limit:
            lines.append(f"and {len(left) - limit} more; --all shows them")
    return "\n".join(lines)


def _accepted(count: int) -> str:
    return f", {count} accepted" if count else ""


def _percent(part: int, whole: int) -> str:
    return f", {1000 * part // whole / 10} %" if whole else ""


def as_data(found: Sequence[Verdict]) -> dict[str, Any]:
    """Verdicts in JSON's types."""
    killed, all_ = score(found)
    return {
        "killed": killed,
        "mutants": all_,
        "percent": round(100 * killed / all_, 2) if all_ else 100.0,
        "all": [
            {
                "name": verdict.mutant.name,
                "operator": verdict.mutant.operator,
                "place": str(verdict.mutant.span),
                "before": verdict.mutant.before_text,
                "after": verdict.mutant.after_text,
                "fate": verdict.fate,
                "by": verdict.by,
            }
            for verdict in found
        ],
    }
