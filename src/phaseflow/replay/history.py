"""What is taken from a database to be replayed: trails of a campaign's runs, and the papers of its counted polls."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

import attrs

from phaseflow.core.decide.phases import census_digest
from phaseflow.core.plan import Plan
from phaseflow.engine import Engine, texts
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.replay.deeds import Deed, Sent, deeds, unknown_votes
from phaseflow.stores import codec
from phaseflow.stores.base import Head, HeadQuery, Tx


@attrs.frozen(kw_only=True)
class Recorded:
    """One run as it was recorded, under the plan that it began with.

    *uncounted* are polls whose answers are in no counted box yet, so that nobody may know them (R14).
    """

    run: str
    level: str
    unit: str
    parent: str
    plan: Plan = attrs.field(repr=False)
    trail: tuple[Entry, ...] = attrs.field(repr=False)
    deeds: tuple[Deed | Sent, ...] = attrs.field(repr=False)
    uncounted: tuple[str, ...] = ()

    def witnessed(self, key: tuple[str, str], now: datetime | None) -> object:
        """What a gate read of a host's fact, the last time up to *now*; false where none had."""
        said: object = False
        for entry in self.trail:
            if now is not None and entry.recorded_at > now:
                break
            if isinstance(entry.event, e.GateJudged):
                for reading in entry.event.readings:
                    if reading.fact.startswith("host(") and all(f"'{part}'" in reading.fact for part in key):
                        said = _value(reading.measured)
        return said


def _value(text: str) -> object:
    """What a reading says was measured: yes or no, a number, or a word."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return Fraction(text)
    except ValueError:
        return text


@attrs.frozen(kw_only=True)
class History:
    """The runs of one campaign as they were recorded, by id."""

    campaign: str
    runs: Mapping[str, Recorded]

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """Every deed of every run, in the order of its time, and of its trail within a run.

        Trails do not say what came first in two runs at the same instant, but for what one of them asks of the other,
        and for what a gate of the programme counted. Else a programme acts before its units then, up to the first gate
        that it asks there.
        """
        return tuple(_merged(self.runs))

    @property
    def until(self) -> datetime:
        """The latest instant that any trail knows."""
        return max(entry.recorded_at for record in self.runs.values() for entry in record.trail)


Place: TypeAlias = tuple[datetime, int, str, int]
"""Where something stands in the order of all runs."""


def _placed(record: Recorded) -> Iterator[tuple[Place, Deed | Sent]]:
    asked: datetime | None = None
    for index, one in enumerate(record.deeds):
        now = one.command.now if isinstance(one, Deed) else one.now
        if isinstance(one, Deed) and isinstance(one.command, c.Ask):
            asked = now
        rank = 1 if record.level == "unit" else 2 if asked == now else 0
        yield (now, rank, record.run, index), one


def _merged(runs: Mapping[str, Recorded]) -> Iterator[Deed]:
    """The earliest of what each run did next, where those who ask and those who follow have come to the same place."""
    queues = {run: deque(_placed(record)) for run, record in runs.items()}
    waiting = [one for record in runs.values() for one in record.deeds if isinstance(one, Sent)]
    done = dict.fromkeys(runs, 0)

    def ready(one: Deed | Sent) -> bool:
        if isinstance(one, Sent):
            return one.source not in done or done[one.source] >= one.seq
        followers = [sent for sent in waiting if sent.source == one.run and one.seq <= sent.seq <= one.last]
        return all(queues[sent.run] and queues[sent.run][0][1] is sent for sent in followers)

    def counted_now(one: Deed | Sent) -> bool:
        if not isinstance(one, Deed) or not one.census:
            return False
        units = ((run, done[run]) for run, record in runs.items() if record.parent == one.run and done[run])
        return one.census == census_digest(units)

    while any(queues.values()):
        heads = sorted((queue[0][0], run) for run, queue in queues.items() if queue)
        at_once = [run for place, run in heads if place[0] == heads[0][0][0]]
        run = next((run for run in at_once if counted_now(queues[run][0][1])), "")
        run = run or next((run for _place, run in heads if ready(queues[run][0][1])), heads[0][1])
        _place, one = queues[run].popleft()
        done[run] = one.last
        if isinstance(one, Deed):
            yield one


def read_history(engines: Iterable[Engine], campaign: str) -> History:
    """Take the runs of a campaign from the stores of engines; nothing is written there.

    Args:
        engines: Their stores are read; their clocks and hooks are not asked.
        campaign: The campaign's name; runs of others are left alone.
    """
    found: dict[str, Recorded] = {}
    for engine in engines:
        with engine.store.transaction(write=False) as tx:
            for head in tx.heads(HeadQuery(campaign=campaign)):
                found[head.run] = _recorded(engine, tx, head)
    return History(campaign=campaign, runs=found)


def _recorded(engine: Engine, tx: Tx, head: Head) -> Recorded:
    trail = tuple(texts.read_entry(entry.body) for entry in tx.entries(head.run))
    plan = engine.plans.load(tx, next(entry.event.plan for entry in trail if isinstance(entry.event, e.RunStarted)))
    papers = _papers(tx, head.run, trail)
    return Recorded(
        run=head.run, level=head.level, unit=head.unit, parent=head.parent or "", plan=plan, trail=trail,
        uncounted=unknown_votes(trail, papers), deeds=tuple(deeds(plan, head.run, trail, papers)),
    )  # fmt: skip


def _papers(tx: Tx, run: str, trail: Sequence[Entry]) -> dict[str, list[Mapping[str, str]]]:
    """What lies in the boxes that were counted, by box; others stay shut (R14)."""
    found: dict[str, list[Mapping[str, str]]] = {}
    rounds: dict[str, int] = {}
    for entry in trail:
        match entry.event:
            case e.PollOpened(key=key, round=number):
                rounds[key] = number
            case e.PollCounted(key=key) | e.PollVoided(key=key):
                number = rounds.get(key, 1)
                box = key if number == 1 else f"{key}#{number}"
                found[box] = [codec.loads(body) for body in tx.ballots(f"{run}:{box}")]
            case _:
                pass
    return found
