"""The real policy with its house rules, two engines to compare, and commands drawn at random from what people do."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from phaseflow import Engine, Refused, Run, load_policy
from phaseflow.core.plan import Plan

EXAMPLE = Path(__file__).parents[2] / "examples" / "district_campaign"
BEGIN = datetime(2009, 2, 20, 0, 0, tzinfo=UTC)

OFFICE = [
    {"id": "zhao", "roles": ["secretary"]},
    {"id": "qian", "roles": ["office"]},
    {"id": "sun", "roles": ["inspectors"]},
    {"id": "feng", "roles": ["leader_in_charge"]},
]
UNIT = [
    {"id": "wang", "roles": ["unit_lead"]},
    {"id": "liu", "roles": ["leader"]},
    {"id": "li", "roles": ["member"]},
    {"id": "chen", "roles": ["member"]},
]

ACTS: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("draft", ("plan",), {"by": "wang", "digest": "a" * 64}),
    ("judge", ("plan",), {"by": "zhao", "accept": True}),
    ("judge", ("plan",), {"by": "zhao", "accept": False, "reason": "too thin"}),
    ("hold", ("kickoff",), {"by": "wang"}),
    ("record", ("notes",), {"by": "li", "amount": "12000 characters"}),
    ("record", ("notes",), {"by": "li", "amount": "8000 characters"}),
    ("record", ("notes",), {"by": "chen", "amount": "20000 characters"}),
    ("record", ("reflections",), {"by": "li", "amount": "2 articles"}),
    ("check", ("books", "important_expositions"), {"by": "li"}),
    ("check", ("books", "three_leaders_on_development"), {"by": "li"}),
    ("check", ("lectures", "raising_awareness"), {"by": "liu"}),
    ("complete", ("theme",), {"by": "wang"}),
    ("complete", ("briefing",), {"by": "li"}),
    ("request", ("study.close",), {"by": "wang"}),
    ("request", ("analysis.close",), {"by": "wang"}),
    ("request", ("rectify.close",), {"by": "wang"}),
    ("request", ("nowhere.close",), {"by": "wang"}),
    ("list_body", ("household", "h1"), {"by": "li"}),
    ("check", ("households", "questionnaire"), {"by": "li", "subject": "h1"}),
    ("join", ({"id": "tan", "roles": ["member"]},), {"by": "qian"}),
    ("leave", ("chen",), {"by": "qian"}),
    (
        "open_item",
        ("problems",),
        {
            "by": "liu",
            "kind": "ripe",
            "owner": "liu",
            "fields": {
                "content": "queues",
                "deadline": "may",
                "goal": "shorter",
                "measures": "desk",
                "responsible": "liu",
            },
        },
    ),
    ("settle_item", ("problems/1",), {"by": "liu", "evidence": ["report=r1"]}),
    ("verify_item", ("problems/1",), {"by": "sun", "good": False, "reason": "still long"}),
    ("verify_item", ("problems/1",), {"by": "sun", "good": True}),
    (
        "delegate",
        ("liu", ["unit_lead"]),
        {"by": "wang", "since": "2009-03-01", "until": "2009-03-20", "reason": "ill", "absence": True},
    ),
    ("hold", ("kickoff",), {"by": "liu"}),
    (
        "waive",
        ("notes",),
        {"by": "qian", "grounds": "illness", "reason": "ill", "subject": "li", "until": "2009-04-01"},
    ),
    (
        "extend",
        ("notes",),
        {"by": "qian", "type": "unforeseen", "until": "2009-03-28", "reason": "snow", "subject": "chen"},
    ),
    ("suspend", (), {"by": "qian", "reason": "flood"}),
    ("resume", (), {"by": "qian"}),
)
"""What people do, with what they often get wrong left in."""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


@functools.cache
def plan() -> Plan:
    """The policy with the office's house rules."""
    return load_policy(EXAMPLE / "operating.yaml")


class District:
    """One programme with one unit on a store of its own."""

    def __init__(self, url: str = "memory:") -> None:
        self.clock = Clock()
        numbers = iter(range(10**9))
        self.engine = Engine(url, clock=self.clock, ids=lambda: f"c{next(numbers)}")
        self.programme = self.engine.start(plan(), start="2009-02-20", roster=OFFICE)
        self.unit = self.engine.start(plan(), unit="north", start="2009-02-20", roster=UNIT, programme=self.programme)

    def act(self, number: int, hours: int, id: str) -> str:
        """Let some time pass, then do one act; what came of it."""
        self.clock.now += timedelta(hours=hours)
        name, positional, named = ACTS[number]
        try:
            answer = getattr(self.unit, name)(*positional, id=id, **named)
        except Refused as refused:
            return refused.kind
        return "held" if answer.held else "done"


def trail(run: Run) -> list[tuple[Any, ...]]:
    """The trail without what names the ticker: number, when it happened, who, what."""
    return [
        (entry.seq, entry.at, entry.actor, entry.on_behalf_of, entry.authority, entry.event) for entry in run.history()
    ]
