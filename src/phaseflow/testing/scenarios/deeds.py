"""From a written deed to commands: one act, or several where the deed is ``do``, ``poll`` or ``ballots``.

What a scenario need not say is filled in here: a draft has a fresh digest, a reason is "as the scenario says".
"""

from __future__ import annotations

import hashlib
from typing import Any

import attrs

from phaseflow.core.plan.model import Duty
from phaseflow.core.state.polls import PollState, vote_key
from phaseflow.engine import Answer
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages.commands import SYSTEM
from phaseflow.spec.duties import PollDuty
from phaseflow.testing.diligence import Work, everyone
from phaseflow.testing.scenarios.phrases import DeedPhrase
from phaseflow.testing.stage import PROGRAMME, Stage

REASON = "as the scenario says"
EVERYONE = ("everyone", "everybody")

FILLED = ("reason", "title", "ref")
"""Texts that an act needs and a scenario may leave out."""


IT = "it"
"""In an answer: the only question of the run that is open."""


class Undone(Exception):
    """A deed cannot be begun: the problem says why. The engine was not asked."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.what)


def _undone(code: str, what: str, deed: DeedPhrase, why: str, fix: str) -> Undone:
    return Undone(Problem(code=code, what=what, span=deed.span, why=why, fix=fix))


def place_of(stage: Stage, person: str, deed: DeedPhrase, where: str) -> str:
    """The run that a deed belongs to. Raises `Undone` (PF610) where it is not clear."""
    found = where or stage.place(person, deed.about)
    if found not in stage.runs:
        what = f"there is no run '{where}'" if where else f"it is not clear in which run '{person}' does this"
        why = "a programme has several runs: its own, and one a unit"
        raise _undone("PF610", what, deed, why, did_you_mean(where, stage.runs) or f"add `in {', '.join(stage.runs)}`")
    return found


def do(stage: Stage, person: str, deed: DeedPhrase, where: str) -> tuple[str, Answer | None]:
    """Carry out a deed; the run it was done in, and the answer where it was one act.

    Raises:
        Undone: it cannot be begun.
        Refused: the engine refused it.
    """
    if deed.special == "do":
        return _do_owed(stage, person, deed, where), None
    if person in EVERYONE:
        for one in stage.home:
            do(stage, one, deed, where)
        return where, None
    name = place_of(stage, person, deed, where)
    if deed.special:
        return name, _Booth(stage, name, person, deed).hold()
    assert deed.act is not None
    given = dict(deed.given)
    envelope: dict[str, Any] = {key: given.pop(key) for key in ("at", "on_behalf_of") if key in given}
    _fill(stage, name, deed, given)
    found: Answer = getattr(stage.runs[name], deed.act.method)(by=person, **deed.act.read(given), **envelope)
    return name, found


def _fill(stage: Stage, name: str, deed: DeedPhrase, given: dict[str, Any]) -> None:
    assert deed.act is not None
    for option in deed.act.options:
        if option.required and option.name in FILLED:
            given.setdefault(option.name, REASON)
        elif option.required and option.name not in given:
            raise _undone("PF605", f"'{deed.name}' lacks {option.flags[0]}", deed, option.help or "it must be said",
                          f"write {option.flags[0]} {option.metavar or 'TEXT'}")  # fmt: skip
    if deed.act.method == "draft" and "digest" not in given:
        entries = stage.seq(name)
        given["digest"] = hashlib.sha256(f"{name} {deed.text} {entries}".encode()).hexdigest()
        given.pop("file", None)
    if deed.given.get("verdict") in ("return", "poor"):
        given.setdefault("reason", REASON)
    if deed.act.method == "answer" and given["question"] == IT:
        rows = stage.rows(name, "question/")
        waiting = [key.removeprefix("question/") for key, row in rows if row.answered is None]
        if len(waiting) != 1:
            raise _undone(
                "PF605", f"there are {len(waiting)} open questions in '{name}'", deed,
                f"'{IT}' is the only question that is open", "name one by its number, such as q12",
            )  # fmt: skip
        given["question"] = waiting[0]


# --- do ---------------------------------------------------------------------------------------------------------------


def _do_owed(stage: Stage, person: str, deed: DeedPhrase, where: str) -> str:
    """Let somebody, or everybody, do what is owed: in one run, or in all of them."""
    runs = [where] if where else list(stage.runs)
    names: list[str] = deed.given["names"]
    of: list[str] = deed.given["of"]
    skip: list[str] = deed.given["but"]
    known = {name for run in stage.runs for name in stage.level(run).duties}
    groups = _groups(stage)
    for word in (*names, *skip):
        if word not in known:
            raise _undone("PF606", f"there is no duty '{word}'", deed, "only what is owed can be done",
                          did_you_mean(word, known))  # fmt: skip
    for word in of:
        if word not in groups:
            raise _undone("PF606", f"there is no phase or step '{word}'", deed, "'of' names a phase or a step",
                          did_you_mean(word, groups))  # fmt: skip
    only = {*names, *(duty for word in of for duty in groups[word])}
    done = 0
    for run in runs:
        if not only or only & set(stage.level(run).duties):
            if person in EVERYONE:
                done += everyone(stage, run, skip=skip, only=only)
            else:
                done += Work(stage, run, frozenset(skip), frozenset(only)).off([person])
    if not done:
        raise _undone("PF613", f"'{deed.text}' did nothing", deed, "nothing of it was owed, ready and theirs to do",
                      "look at `todo` of the persons on that day")  # fmt: skip
    return where


def _groups(stage: Stage) -> dict[str, set[str]]:
    """Duties by phase and by step."""
    found: dict[str, set[str]] = {}
    for level in stage.plan.levels.values():
        for duty in level.duties.values():
            for group in (duty.phase, duty.step):
                if group:
                    found.setdefault(group, set()).add(duty.name)
    return found


# --- polls ------------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Booth:
    """A poll that is held in one go: opened, answered as the counts say, closed."""

    stage: Stage
    name: str
    organiser: str
    deed: DeedPhrase

    @property
    def rule(self) -> Duty:
        word = self.deed.about
        polls = [one.name for one in self.stage.level(self.name).duties.values() if one.kind == "poll"]
        if word not in polls:
            raise _undone("PF606", f"there is no poll '{word}'", self.deed, "a poll is a duty of the policy",
                          did_you_mean(word, polls))  # fmt: skip
        return self.stage.level(self.name).duties[word]

    def papers(self) -> list[tuple[str, str, str, int]]:
        """(edge, group, choice, count), with the only edge and the first group filled in."""
        spec = self.rule.spec
        assert isinstance(spec, PollDuty)
        found = []
        for edge, group, choice, count in self.deed.given["papers"]:
            edge = edge or next(iter(map(str, spec.edges)))
            if edge not in map(str, spec.edges):
                raise _undone("PF606", f"'{self.rule.name}' has no edge '{edge}'", self.deed, "answers are by edge",
                              did_you_mean(edge, map(str, spec.edges)))  # fmt: skip
            raters = [str(role) for role in spec.edges[edge].raters]  # type: ignore[index]
            found.append((edge, group or _handed_in(self.stage, raters), choice, count))
        return found

    def hold(self) -> Answer:
        run, rule, papers = self.stage.runs[self.name], self.rule, self.papers()
        state = self._poll()
        if self.deed.special == "poll" and (state is None or state.status in ("void", "counted")):
            run.open_poll(rule.name, by=self.organiser, invited=self._invited(papers))
        answer = None
        for edge, group, choice, count in papers:
            for _ in range(count):
                answer = self._cast(rule.name, edge, group, choice)
        if self.deed.special == "ballots" and answer is not None:
            return answer
        return run.close_poll(rule.name, by=self.organiser)

    def _invited(self, papers: list[tuple[str, str, str, int]]) -> dict[str, dict[str, int]]:
        spec = self.rule.spec
        assert isinstance(spec, PollDuty)
        found: dict[str, dict[str, int]] = {}
        for edge, group, _choice, count in papers:
            groups = found.setdefault(edge, {})
            groups[group] = groups.get(group, 0) + count
        return found

    def _poll(self) -> PollState | None:
        """The poll as it is now, the latest visit's."""
        key = self.stage.row(self.name, f"latest/{self.rule.name}")
        found: PollState | None = self.stage.row(self.name, f"poll/{key}") if key else None
        return found

    def _cast(self, poll: str, edge: str, group: str, choice: str) -> Answer:
        """One paper: of a person who holds the role, as long as there are some; else handed in by the organiser."""
        run, state = self.stage.runs[self.name], self._poll()
        rated = self._rated(edge, choice)
        for person in self.stage.holders(self.name, group):
            if state is None or self.stage.row(self.name, vote_key(state, edge, person)) is None:
                return run.cast(poll, edge, "" if rated else choice, by=person, answers=rated)
        return run.cast(poll, edge, "" if rated else choice, by=self.organiser, group=group, answers=rated)

    def _rated(self, edge: str, choice: str) -> dict[str, str]:
        """A whole paper where an edge rates several: all of them alike."""
        spec = self.rule.spec
        assert isinstance(spec, PollDuty)
        subject = spec.edges[edge].subject  # type: ignore[index]
        if subject is None:
            return {}
        state = self._poll()
        if spec.edges[edge].rates_units:  # type: ignore[index]
            return dict.fromkeys(state.rated.get(edge, ()) if state is not None else (), choice)
        if subject in self.stage.plan.policy.bodies:
            rated = [
                key.rsplit("/", 1)[1]
                for run in dict.fromkeys((self.name, PROGRAMME))
                if run in self.stage.runs
                for key, _ in self.stage.rows(run, f"body/{subject}/")
            ]
        else:
            rated = self.stage.holders(self.name, str(subject))
        return dict.fromkeys(rated, choice)


def _handed_in(stage: Stage, raters: list[str]) -> str:
    """The group whose papers are meant where none is named: an invited role first, whose papers need no roster."""
    invited = [role for role in raters if role in stage.plan.roles and stage.plan.roles[role].spec.invited]
    return (invited or raters)[0]


__all__ = ["EVERYONE", "PROGRAMME", "SYSTEM", "Undone", "do", "place_of"]
