"""Given, when, then: a campaign for tests in Python, in the words of scenarios.

>>> from phaseflow.testing.campaign import Campaign
>>> policy = '''
... phaseflow: 1
... campaign: demo
... zone: UTC
... roles: {lead: {title: Lead}}
... defaults: {phase: {opens: on date, closes: by lead, clock: calendar}}
... phases: {study: {window: 03-01 .. 03-31, duties: {kickoff: {meeting: Kick-off, by: lead, due: 03-13}}}}
... '''
>>> campaign = Campaign(policy, start="2009-03-01", people={"wang": "lead"})
>>> campaign.when("03-10 wang", "hold kickoff").then(open="study", done="kickoff")
>>> campaign.close()
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.engine import Answer, Engine, Refused, Run
from phaseflow.errors import NOWHERE, PolicyError, Problem, show
from phaseflow.policies import load_policy
from phaseflow.spec import tree as t
from phaseflow.spec.reader import read_policy
from phaseflow.spec.structure import structure
from phaseflow.testing.scenarios import expect
from phaseflow.testing.scenarios.deeds import Undone, do
from phaseflow.testing.scenarios.phrases import CuePhrase, DeedPhrase
from phaseflow.testing.scenarios.spec import Line
from phaseflow.testing.stage import Clock, Stage

Roles = str | Iterable[str]


class NotSo(AssertionError):
    """Something is otherwise than a test expects; the message shows every difference."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n" + "\n".join(map(show, self.problems)))


class Campaign:
    """A campaign on a clock of its own, in memory.

    Args:
        policy: A plan, the path of a policy, or its text.
        start: The first day.
        people: Roles by person.
        bodies: Names by kind of body.
        units: People by unit, for a programme with several.
        unit: What the only unit is called.
    """

    def __init__(
        self,
        policy: Plan | str | os.PathLike[str],
        *,
        start: str | date,
        people: Mapping[str, Roles],
        bodies: Mapping[str, Iterable[str]] | None = None,
        units: Mapping[str, Mapping[str, Roles]] | None = None,
        unit: str = "unit",
        kinds: Mapping[str, str] | None = None,
        url: str = "memory:",
    ) -> None:
        first = start if isinstance(start, date) else date.fromisoformat(start)
        self.stage = Stage(
            _plan(policy),
            first,
            _roles(people),
            bodies={kind: tuple(names) for kind, names in (bodies or {}).items()},
            units={name: _roles(crew) for name, crew in units.items()} if units else None,
            unit=unit,
            kinds=kinds,
            url=url,
        )

    @property
    def run(self) -> Run:
        """The run of the unit; of the first one, where there are several."""
        return next(iter(self.stage.units.values()))

    @property
    def programme(self) -> Run:
        """The programme's own run."""
        return self.stage.runs["programme"]

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.stage.engine

    @property
    def clock(self) -> Clock:
        """The clock; it moves with the story only."""
        return self.stage.clock

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.stage.now

    def given(self, *lines: tuple[str, str]) -> Campaign:
        """What happened before: pairs of cue and act, all of which must be accepted."""
        for cue, act in lines:
            found = self.when(cue, act)
            found.accepted()
        return self

    def when(self, cue: str, act: str = "") -> Then:
        """Let somebody do something, or (without *act*) let time pass: ``when("03-10 09:00 wang", "hold kickoff")``."""
        phrase = CuePhrase.parse(cue)
        before = {name: self.stage.seq(name) for name in self.stage.runs}
        instant = phrase.instant(self.stage.now, self.stage.plan.calendar)
        if instant < self.stage.now:
            raise ValueError(f"'{cue}' lies before {self.stage.now}, where the story is")
        self.stage.to(instant)
        name, answer, refused = phrase.where, None, None
        if act:
            deed = DeedPhrase.parse(act)
            for person in phrase.who or ("system",):
                try:
                    done, answer = do(self.stage, person, deed, phrase.where)
                    name = done or name
                except Refused as error:
                    refused = error
                    name = name or self.stage.place(person, deed.about)
                except Undone as error:
                    raise NotSo([error.problem]) from None
        self.stage.engine.tick()
        return Then(stage=self.stage, name=name or next(iter(self.stage.units)), since=before, answer=answer,
                    refused=refused)  # fmt: skip

    def close(self) -> None:
        """Give everything up."""
        self.stage.close()


@attrs.frozen(kw_only=True)
class Then:
    """What came of an act: its *answer* or why it was *refused*, and how things stand now."""

    stage: Stage = attrs.field(repr=False)
    name: str
    since: Mapping[str, int] = attrs.field(repr=False)
    answer: Answer | None = None
    refused: Refused | None = None

    def accepted(self) -> Then:
        """The act was accepted, and the gate it asked (if any) let through."""
        if self.refused is not None:
            raise NotSo(self.refused.problems)
        if self.answer is not None and self.answer.held:
            raise NotSo(reason.problem() for reason in self.answer.reasons)
        return self

    def is_refused(self, *words: str) -> Then:
        """The act was refused, with these codes, kinds or words of the message."""
        told = "" if self.refused is None else str(self.refused)
        kind = "" if self.refused is None else self.refused.kind
        missing = [word for word in words if word not in told and word != kind]
        if self.refused is None or missing:
            wanted = ", ".join(missing or words) or "any reason"
            raise AssertionError(f"expected a refusal with {wanted}, found: {told or 'accepted'}")
        return self

    def is_held(self, *pieces: str) -> Then:
        """The gate holds, and each piece stands in one of the reasons."""
        told = [reason.problem().what for reason in self.answer.reasons] if self.answer is not None else []
        missing = [piece for piece in pieces if not any(piece in one for one in told)]
        if not told or missing:
            wanted = ", ".join(missing or pieces) or "any reason"
            raise AssertionError(f"expected a held gate with {wanted}, found: {told or 'none'}")
        return self

    def then(self, **expected: Any) -> None:
        """How things stand, with the keys of a scenario's line: ``then(open="study", done=["kickoff"])``.

        Raises:
            NotSo: with every difference.
        """
        problems: list[Problem] = []
        line = structure(_node({"on": "then", **expected}), Line, problems, noun="expectation")
        if line is None or problems:
            raise PolicyError(problems)
        name = line.in_ or self.name
        look = expect.Look(stage=self.stage, name=name, line=line, since=self.since[name])
        found = tuple(expect.check(look))
        if found:
            raise NotSo(found)


def _node(value: Any) -> t.Node:
    """A value of Python as the reader would have it."""
    if isinstance(value, Mapping):
        entries = (t.Entry(t.Scalar(str(key), False, NOWHERE), _node(one)) for key, one in value.items())
        return t.Mapping(tuple(entries), NOWHERE)
    if isinstance(value, (list, tuple, set, frozenset)):
        return t.Sequence(tuple(map(_node, value)), NOWHERE)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return t.Scalar(text, isinstance(value, str) and value in t.NULLS, NOWHERE)


def _roles(people: Mapping[str, Roles]) -> dict[str, tuple[str, ...]]:
    return {name: (roles,) if isinstance(roles, str) else tuple(roles) for name, roles in people.items()}


def _plan(policy: Plan | str | os.PathLike[str]) -> Plan:
    if isinstance(policy, Plan):
        return policy
    if isinstance(policy, str) and "\n" in policy:
        reading = read_policy(policy, file="policy.yaml")
        return compile_policy(reading.result(), reading.sources)
    return load_policy(policy)
