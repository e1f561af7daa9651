"""Something to be done by simulated people: when, by whom, and what becomes of it where it is refused.

What is refused because something else must come first waits for that, and is tried again a little later; whoever may
not lets the next one try. Here is also who has a role, and for whom something is owed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import attrs

from phaseflow.analysis.simulation.trial import Run, Trial
from phaseflow.core.decide import Decision
from phaseflow.core.decide.step import Refusal
from phaseflow.core.plan.model import Duty
from phaseflow.messages import commands as m

NOBODY = "nobody"
"""Stands for the code of a refusal where there is nobody who could be refused."""

OFTEN = 10
"""After being found poor, sent back or reopened so often, something is let through: somebody puts an end to it."""

MOST_VISITS = 50
"""In a later stay in a phase than this nobody does anything any more; a ring of look-backs would have no end."""

TRIES = 40
"""How often something that was held up by what nobody announces is looked at again, a day later each time."""

Act = Callable[[str], Decision]
"""Gives a command for the person named."""


_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@attrs.define(eq=False)
class Task:
    """Something to be done: what, the roles and persons who can, and how often it was tried."""

    trial: Trial
    run: Run
    name: str
    about: str
    people: tuple[str, ...]
    act: Act
    planned: datetime
    live: Callable[[], bool]
    due: datetime | None = None
    tries: int = 0
    waiting: dict[str, str] = attrs.field(factory=dict)
    """What must come first: names, and the fact that reads each."""
    blamed: str = ""

    def schedule(self) -> None:
        """Put it on the agenda."""
        self.trial.at(self.planned, self.go)

    def go(self) -> None:
        """Do it, if it still is to be done; whoever may not lets the next one try."""
        if not self.live():
            return
        refusal: Refusal | None = None
        for person in self.people:
            refusal = self.act(person).refusal
            if refusal is None:
                self._done()
                return
            if refusal.kind != "not_entitled":
                break
        self._refused(refusal)

    def _done(self) -> None:
        since = max(self.planned, self.due) if self.due is not None else None
        if self.blamed and since is not None and self.trial.now > since:
            waited = self.trial.now - since
            self.trial.wait(self.run, "needs", self.name, self.blamed, waited, waited)

    def _refused(self, refusal: Refusal | None) -> None:
        self.tries += 1
        if refusal is not None and refusal.kind == "unmet" and self.tries < TRIES:
            self.waiting = dict(self._missing(refusal))
            if self.waiting:
                self.trial.listen(self.run, self.waiting, self._came)
                return
            if refusal.requirements:  # of what nobody announces: units, the host
                self.trial.at(self.trial.now + timedelta(days=1), self.go)
                return
        code = refusal.problems[0].code if refusal is not None else NOBODY
        what = refusal.problems[0].what if refusal is not None else f"can do '{self.name}'"
        self.trial.tally.add("refused", code, self.run.level.name, self.name, self._plain(what))

    def _plain(self, what: str) -> str:
        """A refusal without the names of this unit and its people, so that like counts with like."""
        for person in sorted({*self.people, self.about}, key=len, reverse=True):
            if person:
                what = what.replace(f"'{person}'", "'…'")
        return _DATE.sub("…", what)

    def _missing(self, refusal: Refusal) -> Iterator[tuple[str, str]]:
        """What must come first: the names whose changes are announced, and the fact that reads each."""
        for requirement in refusal.requirements:
            if requirement.fact is not None:
                yield from ((name, requirement.fact.name) for name in names_of(requirement.fact))
        duty = self.run.level.duties.get(self.name)
        if not refusal.requirements and duty is not None:  # what it is based on has not been drafted
            yield from ((str(path).rsplit(".", 1)[-1], "passed") for path in getattr(duty.spec, "based_on", ()))

    def _came(self, name: str, complete: bool, subject: str) -> None:
        fact = self.waiting.get(name)
        if (fact == "own_done" and subject != self.about) or (fact == "outstanding" and not complete):
            return
        trial = self.trial
        trial.forget(self.run, self.waiting, self._came)
        self.waiting, self.blamed = {}, name
        chance = trial.chance(self.run, "again", self.name, self.about, self.tries)
        trial.at(trial.after(trial.now, trial.habits.again, chance, 0.0), self.go)


def names_of(fact: Any) -> Iterator[str]:
    """The names in a fact whose changes are announced: duties, documents, polls, ledgers, phases."""
    if fact is not None:
        for key, value in fact.args:
            if key in ("duty", "document", "poll", "ledger", "phase") and fact.name not in ("units", "units_share"):
                yield str(value.value)


def pick(trial: Trial, run: Run, roles: Iterable[str], *name: object) -> tuple[str, ...]:
    """Those who have one of the roles: one of them by chance, and behind that one the others, who may stand in."""
    roster = trial.scene.roster[run.name]
    found = tuple(dict.fromkeys(person for role in roles for person in roster.get(role, ())))
    if len(found) < 2:
        return found
    first = int(trial.chance(run, "who", *name) * len(found))
    return found[first:] + found[:first]


def evidence_of(duty: Duty) -> tuple[m.Evidence, ...]:
    """A piece of each kind of evidence that is asked for."""
    return tuple(m.Evidence(kind=str(kind), ref=f"{kind}.pdf") for kind in duty.spec.evidence)


def owing(trial: Trial, run: Run, duty: Duty) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(subject, who can do it for them): the run itself, each holder of a role, each body."""
    match duty.subjects:
        case "run":
            yield "", pick(trial, run, duty.by or tuple(trial.plan.roles), duty.name)
        case "role":
            prefix = f"holder/{duty.each}/"
            for key, _ in run.rows.scan(prefix):
                person = key[len(prefix) :]
                yield person, (person,)
        case "body":
            prefix = f"body/{duty.each}/"
            for key, _ in run.rows.scan(prefix):
                body = key[len(prefix) :]
                yield body, pick(trial, run, for_body(trial, duty.by, duty.each, body), duty.name, body)


def for_body(trial: Trial, roles: Iterable[str], kind: str, body: str) -> tuple[str, ...]:
    """Roles that act for a body: one that is held for bodies of this kind is held for this one (R38)."""
    return tuple(
        f"{role}@{body}" if role in trial.plan.roles and trial.plan.roles[role].spec.for_ == kind else role
        for role in roles
    )


def left_behind(trial: Trial, run: Run, key: str, name: str) -> bool:
    """Whether the phase was closed before this was done; it is counted as left undone."""
    visit = run.rows.get("visit/" + "/".join(key.split("/", 2)[:2]))
    if visit is None or visit.closed is None:
        return False
    trial.tally.add("undone", run.level.name, name)
    return True
