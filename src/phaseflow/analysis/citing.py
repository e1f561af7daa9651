"""The rules of a policy and what they cite: one walk over the spec.

A rule is a part of a policy that may name its clause. The parts of a rule (the steps of a route, the bands of a poll,
the classes of a ledger) cite through the rule they stand in, if they say nothing themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

import attrs

from phaseflow.errors import Span
from phaseflow.spec.duties import Band, RouteStep
from phaseflow.spec.model import DatedValue, ItemClass, LedgerSpec, PhaseSpec, Policy
from phaseflow.spec.overlay import Overlay
from phaseflow.spec.shape import Shape

_PARTS = (RouteStep, Band, ItemClass, DatedValue)


@attrs.frozen(kw_only=True)
class Rule:
    """A rule, named by its path: ``phases.study.duties.notes``.

    *house* says that all of it stands in a file of house rules; *house_keys* are keys of it that such a file added or
    changed. *part* says that it belongs to a rule that may cite for it.
    """

    path: str
    span: Span
    clauses: tuple[str, ...]
    house: bool = False
    house_keys: tuple[str, ...] = ()
    part: bool = False


@attrs.frozen(kw_only=True)
class Silence:
    """A key that the policy leaves ``unstated``, and who is asked about it."""

    path: str
    key: str
    asks: str
    span: Span
    clauses: tuple[str, ...]


def rules(policy: Policy, overlays: Collection[Overlay]) -> tuple[Rule, ...]:
    """Every rule of a policy, in its order."""
    houses = {overlay.file for overlay in overlays if overlay.house_rules}
    return tuple(
        Rule(
            path=path,
            span=shape.span,
            clauses=tuple(map(str, shape.clause)),
            house=shape.span.file in houses,
            house_keys=tuple(key for key, (_, value) in shape.spans.items() if value.file in houses and "." not in key)
            if shape.span.file not in houses
            else (),
            part=isinstance(shape, _PARTS),
        )
        for path, shape, _ in walk(policy)
        if hasattr(shape, "clause")
    )


def silences(policy: Policy) -> tuple[Silence, ...]:
    """Every key that is still ``unstated``, in its own place or by the defaults; what an overlay settled is not."""
    found = []
    for path, shape, above in walk(policy):
        if shape is policy.defaults.phase:
            continue
        over = policy.defaults.phase if isinstance(shape, PhaseSpec) else None
        for field in attrs.fields(cast(Any, type(shape))):
            value = getattr(shape, field.name)
            inherited = over is not None and value is None
            if _unstated(getattr(over, field.name, None) if inherited else value):
                key = field.name.removesuffix("_")
                asks = getattr(shape, "asks", None) or getattr(over, "asks", None)
                if isinstance(shape, LedgerSpec):  # who is asked about a ledger stands with its close
                    asks = shape.close.asks
                found.append(
                    Silence(
                        path=path,
                        key=key,
                        asks=str(asks or ""),
                        span=over.span_of(key) if over is not None and inherited else shape.span_of(key),
                        clauses=tuple(map(str, getattr(shape, "clause", ()))) or above,
                    )
                )
    return tuple(found)


def _unstated(value: Any) -> bool:
    """True for the word alone, and where a list of roles holds nothing else."""
    return value in ("unstated", ("unstated",))


def walk(value: Any, path: str = "", above: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape, tuple[str, ...]]]:
    """Every shape in a spec, with its path and the clauses of the nearest rule above it."""
    if isinstance(value, Shape):
        yield path, value, above
        own = tuple(map(str, getattr(value, "clause", ()))) or above
        for field in attrs.fields(cast(Any, type(value))):
            if field.name not in ("span", "spans", "clause"):
                yield from walk(getattr(value, field.name), _joined(path, field.name.removesuffix("_")), own)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, _joined(path, str(key)), above)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from walk(item, _joined(path, _name(item, index)), above)


def _name(item: Any, index: int) -> str:
    """A step of a route goes by its name, as overlays call it; what has none, by its place."""
    if isinstance(item, RouteStep):
        return str(item.as_ or type(item).__tag__)
    return str(index)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
