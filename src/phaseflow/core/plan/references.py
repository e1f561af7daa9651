"""Names in the corners of a policy: who may halt, waive, appoint or be told, what may be waived, where to go otherwise.

Phases, duties and conditions check the names they use; what belongs to no single one of them is checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from phaseflow.core.plan.duties import places
from phaseflow.core.plan.faults import Faults, named
from phaseflow.spec.model import LedgerSpec, OutcomeSpec, Policy, TransitionSpec
from phaseflow.spec.shape import Shape

Use = tuple[str, Iterable[Any], Shape, str]
"""(noun, names, the mapping they stand in, its key)."""


def check_references(policy: Policy, faults: Faults) -> None:
    """Note every name of a role, a duty or a move that nothing bears (PF201)."""
    known: Mapping[str, set[str]] = {
        "role": {str(name) for name in policy.roles},
        "role or 'owner'": {"owner", *(str(name) for name in policy.roles)},
        "duty": {place.name for place in places(policy)},
    }
    for noun, names, owner, key in _uses(policy):
        places_of = dict(named(owner, key))
        for name in names:
            if name not in known[noun]:
                faults.unknown(noun, str(name), places_of[str(name)], known[noun])
    _check_otherwise(policy.transitions, policy.outcomes, faults)
    if policy.programme is not None:
        _check_otherwise(policy.programme.transitions, policy.programme.outcomes, faults)


def _uses(policy: Policy) -> Iterator[Use]:
    yield "role", policy.appoints, policy, "appoints"
    for spec, keys in (
        (policy.waivers, ("by",)), (policy.extensions, ("by",)), (policy.delegation, ("roles", "to")),
        (policy.make_up, ("by", "checked_by")), (policy.suspension, ("by",)), (policy.recording, ("correct",)),
    ):  # fmt: skip
        for key in keys if spec is not None else ():
            assert spec is not None
            yield "role", _named(getattr(spec, key)), spec, key
    for spec, key in ((policy.waivers, "duties"), (policy.extensions, "duties"), (policy.make_up, "of")):
        if spec is not None:
            yield "duty", _named(getattr(spec, key)), spec, key
    for defaults in (policy.defaults.phase, policy.defaults.duty):
        yield "role", defaults.overdue, defaults, "overdue"
    for part in (policy, policy.programme):
        if part is not None:
            for phase in part.phases.values():
                yield "role", phase.overdue, phase, "overdue"
            for outcome in part.outcomes.values():
                yield "role", outcome.reopen, outcome, "reopen"
    for ledger in policy.ledgers.values():
        yield from _uses_of_ledger(ledger)


def _named(names: Any) -> tuple[str, ...]:
    """The names of a list; a word such as ``any`` or ``duties`` names nothing."""
    return () if isinstance(names, str) else tuple(names)


def _uses_of_ledger(ledger: LedgerSpec) -> Iterator[Use]:
    for key in ("otherwise", "asks"):
        name = getattr(ledger.close, key)
        yield "role", () if name is None else (name,), ledger.close, key
    for kind in ledger.classes.values():
        yield "role or 'owner'", kind.overdue, kind, "overdue"


def _check_otherwise(
    transitions: Mapping[Any, TransitionSpec], outcomes: Mapping[Any, OutcomeSpec], faults: Faults
) -> None:
    known = {str(name) for name in (*transitions, *outcomes)}
    for spec in transitions.values():
        if spec.otherwise is not None and spec.otherwise not in known:
            faults.unknown("transition or outcome", str(spec.otherwise), spec.span_of("otherwise"), known)
