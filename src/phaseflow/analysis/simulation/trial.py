"""One trial: the runs of a programme (or one run alone) from their start to the last day that is looked at.

Time jumps from one act to the next. What an act brings about is decided by the real `decide` on rows in memory: no
hash, no text, no outbox. Who does what when stands in `doing`, who asks for which move in `asking`; here is the agenda,
and what every decision is looked through for. Timers that concern nobody are left to the next command, which settles
them at their own instants all the same (R1, law 3).
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs

from phaseflow.analysis.simulation.chance import Draw, Stream
from phaseflow.analysis.simulation.habits import DAY
from phaseflow.analysis.simulation.scene import PROGRAMME, Begun, Scene
from phaseflow.analysis.simulation.tally import Case, Cases, Tally
from phaseflow.core.calendars import Calendar
from phaseflow.core.counting import Count
from phaseflow.core.decide import Decision, Surroundings, decide
from phaseflow.core.decide.consequences import refusal_of, sendings
from phaseflow.core.decide.step import Step, UnitFact
from phaseflow.core.plan.model import LevelPlan
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.documents import DUE
from phaseflow.core.state.polls import CLOSES
from phaseflow.core.state.rows import TIMER, Draft, Head, timer_instant
from phaseflow.messages import commands as m
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, HandedOver, UnitsObliged, UnitWithdrawn
from phaseflow.spec.phrases import LengthPhrase

C = TypeVar("C", bound=m.Command)

WAKING = frozenset({"phase_due", "window_ends", "duty_from", "role_begins", "amendment", DUE, CLOSES})
"""Timers that change what people have to do; at their instant the run is looked at. No reminder does."""

SENT = (UnitsObliged, UnitWithdrawn, HandedOver)
"""Events that ask something of other runs."""

PEOPLE, UNIT_MOVES, PROGRAMME_MOVES = 0, 1, 2
"""The order within one instant: people act before a move is asked for, units before their programme."""

@attrs.define(eq=False)
class Run:
    """One run of a trial.

    *tries* counts the commands of its people, *acts* those that were accepted. *last* gives the instant of the latest
    change of what a condition reads, by its name.
    """

    name: str
    unit: str
    level: LevelPlan
    rows: MemoryRows
    seq: int = 0
    tries: int = 0
    acts: int = 0
    last: dict[str, datetime] = attrs.field(factory=dict)
    slices: dict[str, float] = attrs.field(factory=dict)
    """Seconds allowed for each step of a document, by the key of its duty."""
    limits: dict[tuple[str, str, str], Case] = attrs.field(factory=dict)
    """Running time limits of steps, by key and subject of the document and the step."""
    poor: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    """How often what a subject did was found poor, by the key of the duty and the subject."""
    boxes: dict[str, Counter[tuple[str, str, str]]] = attrs.field(factory=dict)
    groups: dict[str, Counter[tuple[str, str, str, str]]] = attrs.field(factory=dict)

    @property
    def head(self) -> Head:
        """The run's head."""
        found: Head = self.rows.get("head")
        return found


Heed = Callable[["Trial", Run, Entry, Any], None]
Listener = Callable[[str, bool, str], None]
"""Told of a change: of what, whether that is complete now, and by whom it was done."""


def _where(run: Run, name: str) -> str:
    """The run in which a name lives, as seen from a run; empty for the programme above a unit."""
    own = name in run.level.duties or name in run.level.ledgers or name in run.level.phases
    return run.name if own else ""


class Trial:
    """The runs of one trial, their people, and the agenda.

    Args:
        scene: The beginning.
        stream: Where draws come from.
        number: Which trial it is, from 1; part of the name of every draw.
        tally: Where to count.
        heeds: What to do about an event, by its class.
    """

    def __init__(
        self, scene: Scene, stream: Stream, number: int, tally: Tally,
        heeds: Mapping[type[e.Event], tuple[Heed, ...]],
    ) -> None:  # fmt: skip
        self.scene, self.plan, self.habits = scene, scene.plan, scene.habits
        self.stream, self.number, self.tally, self.heeds = stream, number, tally, heeds
        self.calendar: Calendar = scene.plan.calendar
        self.until = self.calendar.shuts(scene.habits.until)
        self.now = scene.begins
        self.cases = Cases()
        self.listeners: dict[tuple[str, str], list[Listener]] = {}
        self.unit_moved: list[Callable[[], None]] = []
        self.runs = {
            run.name: Run(run.name, run.unit, run.level, MemoryRows(run.rows.rows), seq=len(run.entries))
            for run in scene.runs
        }
        self._agenda: list[tuple[datetime, int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._around = {name: self._surroundings(run) for name, run in self.runs.items()}

    # --- time ---------------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Let everything happen, from the start to the last day."""
        for begun in self.scene.runs:
            self._begin(begun)
        while self._agenda:
            instant, _rank, _number, act, given = heapq.heappop(self._agenda)
            if instant >= self.until:
                break
            self.now = max(self.now, instant)
            act(*given)

    def _begin(self, begun: Begun) -> None:
        run = self.runs[begun.name]
        self._wake(run, begun.put)
        for entry in begun.entries:
            self._heed(run, entry)

    def at(self, instant: datetime, act: Callable[..., None], *given: Any, rank: int = PEOPLE) -> None:
        """Put something on the agenda; what is past happens now."""
        self._count += 1
        heapq.heappush(self._agenda, (max(instant, self.now), rank, self._count, act, given))

    def after(self, begin: datetime, draw: Draw, chance: float, allowed: float) -> datetime:
        """The instant that a draw leads to, from *begin* on; a share is one of *allowed* seconds.

        What comes after the last day comes when nobody looks any more, however much later.
        """
        found = draw.at(chance)
        length = found * (allowed if draw.scale == "share" else DAY if draw.scale == "business_days" else 1.0)
        if length >= (self.until - begin).total_seconds():
            return max(begin, self.until)
        if draw.scale == "business_days":
            days = int(found)
            rest = timedelta(seconds=round((found - days) * DAY))
            if not days:
                return begin + rest
            return self.calendar.shift_instant(begin, LengthPhrase(count=days, unit="business_day"), 1) + rest
        return begin + timedelta(seconds=round(length))

    def chance(self, run: Run, *name: object) -> float:
        """The draw for something in a run of this trial."""
        return self.stream.draw(self.number, run.name, *name)

    # --- commands -----------------------------------------------------------------------------------------------------

    def do(self, run: Run, kind: type[C], by: str, /, **more: Any) -> Decision:
        """Let somebody do something: one act, if it is accepted."""
        run.tries += 1
        command = kind(id=f"c{run.tries}", by=by, at=self.now, now=self.now, **more)
        decision = self.decide(run, command)
        if decision.refusal is None:
            run.acts += 1
            self._count_act(decision, by)
        return decision

    def decide(self, run: Run, command: m.Command) -> Decision:
        """Decide a command, take over what it changed, and heed what happened."""
        decision = decide(self.plan, run.rows, command, self._around[run.name])
        run.rows.write(decision.put, decision.drop)
        run.seq += len(decision.entries)
        for box, body in decision.ballots:
            self._drop(run, box, json.loads(body))
        self._wake(run, decision.put)
        for entry in decision.entries:
            self._heed(run, entry)
        for entry in decision.entries:
            if isinstance(entry.event, SENT):
                self._send(run, entry)
        return decision

    def tick(self, run: Run) -> None:
        """Settle a run: something was due that people have to know."""
        self.decide(run, m.Tick(id="tick", by=m.SYSTEM, at=self.now, now=self.now))

    def step(self, run: Run) -> Step:
        """A place from which to look at a run as it stands; nothing of it is kept."""
        return Step(self.plan, Draft(run.rows), self._around[run.name], at=self.now, now=self.now)

    def _send(self, run: Run, entry: Entry) -> None:
        """Carry out in other runs what one decided about them, and note there who refused (R13)."""
        for sending in sendings(run.name, run.rows, entry):
            target = self.runs.get(sending.run)
            if target is None:
                continue
            decision = self.decide(target, sending.command)
            if decision.refusal is not None:
                reasons = [problem.what for problem in decision.refusal.problems]
                self.decide(run, refusal_of(sending, entry, reasons))

    # --- what a decision may see --------------------------------------------------------------------------------------

    def _surroundings(self, run: Run) -> Surroundings:
        above = self.runs.get(PROGRAMME)
        return Surroundings(
            up=above.rows if above is not None and above is not run else None,
            units=self._units if run is above else None, host=self.scene.host, box=lambda box: self._box(run, box),
        )  # fmt: skip

    def _units(self) -> Iterator[UnitFact]:
        for run in self.runs.values():
            if run.name != PROGRAMME:
                yield UnitFact(run=run.name, unit=run.unit, seq=run.seq, head=run.head)

    def _drop(self, run: Run, box: str, body: Mapping[str, str]) -> None:
        answer = (body["edge"], body.get("rated", ""), body["choice"])
        run.boxes.setdefault(box, Counter())[answer] += 1
        if "group" in body:
            run.groups.setdefault(box, Counter())[(answer[0], answer[1], body["group"], answer[2])] += 1

    def _box(self, run: Run, box: str) -> Count:
        """The tally of a ballot box; its root proves nothing here, since nobody keeps the box."""
        tally = run.boxes.get(box, Counter())
        groups = run.groups.get(box, Counter())
        return Count(
            tally=tuple((*key, number) for key, number in sorted(tally.items())),
            root="0" * 64 if tally else "",
            groups=tuple((*key, number) for key, number in sorted(groups.items())),
        )

    # --- what happened ------------------------------------------------------------------------------------------------

    def _wake(self, run: Run, put: Mapping[str, Any]) -> None:
        for key, row in put.items():
            if key.startswith(TIMER) and row.kind in WAKING:
                self.at(timer_instant(key), self.tick, run)

    def _heed(self, run: Run, entry: Entry) -> None:
        for heed in self.heeds.get(type(entry.event), ()):
            heed(self, run, entry, entry.event)

    def changed(self, run: Run, name: str, at: datetime, *, complete: bool = True, subject: str = "") -> None:
        """Something that conditions read has changed: tell whoever waits for it here, or in the units below."""
        if complete:
            run.last[name] = max(at, run.last.get(name, at))
        for place in (run.name, "") if run.name == PROGRAMME else (run.name,):
            for listener in tuple(self.listeners.get((place, name), ())):
                listener(name, complete, subject)

    def listen(self, run: Run, names: Iterable[str], listener: Listener) -> None:
        """Have *listener* told of changes of these names, in the run itself or (for a unit) in its programme."""
        for name in names:
            self.listeners.setdefault((_where(run, name), name), []).append(listener)

    def forget(self, run: Run, names: Iterable[str], listener: Listener) -> None:
        """Tell *listener* no more of these names."""
        for name in names:
            self.listeners[_where(run, name), name].remove(listener)

    def case(self, run: Run, key: str, case: Case) -> None:
        """Take note of a deadline."""
        self.cases.found[run.name, key, case.what, case.name] = case

    def the_case(self, run: Run, key: str, what: str, name: str) -> Case | None:
        """A deadline that was noted."""
        return self.cases.found.get((run.name, key, what, name))

    # --- counting -----------------------------------------------------------------------------------------------------

    def _count_act(self, decision: Decision, by: str) -> None:
        own = decision.entries[decision.settled] if len(decision.entries) > decision.settled else None
        role = own.authority.split(" ", 1)[0].partition("@")[0] if own is not None else ""
        day = self.calendar.day_of(self.now)
        self.tally.add("act", role or by.rpartition("_")[0] or by, day.toordinal() - day.weekday())

    def wait(self, run: Run, what: str, gate: str, name: str, waited: timedelta, alone: timedelta) -> None:
        """Count that a gate (or a duty) waited for something, and how much of that for it alone."""
        key = (what, run.level.name, gate, name)
        self.tally.add("wait", *key, "cases")
        self.tally.add("wait", *key, "seconds", number=int(waited.total_seconds()))
        self.tally.add("wait", *key, "alone", number=int(alone.total_seconds()))
        self.tally.add("waited", *key, waited.days)

    def close(self) -> None:
        """The end of the trial: count what it came to."""
        for run in self.runs.values():
            head, level = run.head, run.level.name
            self.tally.add("runs", level)
            self.tally.add("entries", number=run.seq)
            self.tally.add("acts", number=run.acts)
            self.tally.add("ended", level, head.outcome or ("open" if head.status == "running" else head.status))
        self.cases.close(self.tally, {name: run.level.name for name, run in self.runs.items()}, self.until)
        self.tally.add("trials")

