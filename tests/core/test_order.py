"""A mapping in a command has no order: what is decided does not depend on how it was written down (law 1)."""

from __future__ import annotations

from stage import Stage

from phaseflow.messages import commands as c

POLICY = """
roles: {office: Office}
bodies: {village: {title: Village}, area: {title: Area}}
make_up: {of: duties, by: office, window: none}
phases: {study: {window: none, duties: {a: {task: A, by: office}, b: {task: B, by: office}}}}
"""


def test_law_1_the_order_of_a_mapping_changes_nothing() -> None:
    """Bodies and judgements given the other way round lead to the same entries."""
    trails = []
    for turn in (1, -1):
        bodies = {"village": ("v1",), "area": ("a1",)}
        s = Stage(POLICY, {"boss": "office"}, bodies=dict(list(bodies.items())[::turn]))
        judged = {"a": "missing", "b": "poor"}
        s.ok(c.OrderMakeUp, "boss", judged=dict(list(judged.items())[::turn]))
        trails.append([entry.event for entry in s.trail])
    assert [repr(event) for event in trails[0][1:5]] == [repr(event) for event in trails[1][1:5]]
    assert [type(event) for event in trails[0]] == [type(event) for event in trails[1]]
    assert [getattr(e, "key", "") for e in trails[0]] == [getattr(e, "key", "") for e in trails[1]]
