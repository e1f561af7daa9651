"""Plans by digest: kept in the store with full texts and calendar, compiled once per process (R18, law 9)."""

from __future__ import annotations

import posixpath
import sys
import threading
from collections.abc import Callable, Mapping

from phaseflow.core.calendars import Calendar
from phaseflow.core.conditions import reads
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PhaseflowError
from phaseflow.spec.dump import dump
from phaseflow.spec.reader import read_policy
from phaseflow.stores import codec
from phaseflow.stores.base import Tx


class PlanShelf:
    """Compiled plans of this process, found again in the store by their digest."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}
        self._facts: dict[str, tuple[tuple[str, str], ...]] = {}
        self._lines: dict[str, Mapping[str, list[str]]] = {}
        self._lock = threading.Lock()

    def keep(self, tx: Tx, plan: Plan) -> None:
        """Put a plan into the store; the same plan again changes nothing."""
        if tx.plan(plan.digest) is None:
            tx.keep_plan(plan.digest, write_plan(plan))
        self.hold(plan)

    def hold(self, plan: Plan) -> None:
        """Have a plan at hand in this process, without keeping it in the store."""
        with self._lock:
            self._plans.setdefault(plan.digest, plan)

    def finder(self, tx: Tx) -> Callable[[str], Plan]:
        """Gives kept plans by their digest, for folding a trail with amendments."""
        return lambda digest: self.load(tx, digest)

    def load(self, tx: Tx, digest: str) -> Plan:
        """The plan of a digest.

        Raises:
            PhaseflowError: The store does not hold it, or its text compiles to another digest in this version.
        """
        with self._lock:
            found = self._plans.get(digest)
        if found is None:
            text = tx.plan(digest)
            if text is None:
                raise PhaseflowError(f"the store holds no plan {digest}")
            found = read_plan(text)
            if found.digest != digest:
                raise PhaseflowError(
                    f"the kept plan {digest} compiles to {found.digest}: this phaseflow reads it differently"
                )
            with self._lock:
                self._plans[digest] = found
        return found

    def host_facts(self, plan: Plan) -> tuple[tuple[str, str], ...]:
        """(name, version) of every host fact that any condition of a plan reads."""
        with self._lock:
            if plan.digest not in self._facts:
                self._facts[plan.digest] = tuple(sorted(_host_facts(plan)))
            return self._facts[plan.digest]

    def lines(self, plan: Plan) -> Mapping[str, list[str]]:
        """The lines of a plan's sources, for showing refusals."""
        with self._lock:
            if plan.digest not in self._lines:
                self._lines[plan.digest] = {file: text.split("\n") for file, text in plan.texts}
            return self._lines[plan.digest]


def _host_facts(plan: Plan) -> set[tuple[str, str]]:
    found = set()
    for level in plan.levels.values():
        conditions = [gate for move in level.moves.values() for gate in (move.gate, move.when)]
        conditions += [phase.entry for phase in level.phases.values()]
        conditions += [duty.needs for duty in level.duties.values()]
        conditions += [step.when for duty in level.duties.values() for step in duty.route]
        for condition in conditions:
            for fact in reads(condition) if condition is not None else ():
                if fact.name == "host":
                    arguments = {name: str(const.value) for name, const in fact.args}
                    found.add((arguments["fact"], arguments["version"]))
    return found


def write_plan(plan: Plan) -> str:
    """A plan as text: its sources (or, built in Python, the policy written out), and its calendar."""
    sources = plan.texts or (("policy.yaml", dump(plan.policy)),)
    return codec.dumps({"sources": [list(source) for source in sources], "calendar": plan.calendar.as_data()})


def read_plan(text: str) -> Plan:
    """What `write_plan` wrote, compiled with the calendar it was pinned to."""
    plain = codec.loads(text)
    sources = tuple((file, body) for file, body in plain["sources"])
    known = dict(sources)
    first = sources[0]

    def load(name: str) -> bytes:
        return str(known[posixpath.normpath(posixpath.join(posixpath.dirname(first[0]), name))]).encode()

    # Kept texts reach only one another, so they may climb as far as they like.
    reading = read_policy(first[1].encode(), file=first[0], load=load, climb=sys.maxsize)
    return compile_policy(reading.result(), sources, Calendar.from_data(plain["calendar"]))
