"""The rule about the source document: every statement of it has a rule, and every citation leads somewhere.

What is missing is found by `trace`, which says more about it; here is what a lint should not pass over. Codes: PF660 a
citation of nothing, PF661 a statement no rule cites, PF664 an ambiguity without a reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from phaseflow.analysis.findings import Finding, View
from phaseflow.analysis.trace import trace

TOLD = frozenset({"PF660", "PF661", "PF664"})
"""What lint tells; a policy still being encoded has rules without clauses, and only `trace` asks for digests."""


def not_accounted_for(view: View) -> Iterator[Finding]:
    """What `trace` finds between the policy and its register, if one is at hand."""
    if view.register is None:
        return
    for problem in trace(view.plan.policy, view.register).findings:
        if problem.code in TOLD:
            quoted = problem.what.split("'")
            yield Finding(at=f"clauses.{quoted[1]}" if len(quoted) > 2 else "clauses", problem=problem)
