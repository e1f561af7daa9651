"""People who do what they owe: everything on their lists that is ready, by the public interface alone.

This is what ``do all`` of a scenario means. It is as far as possible, not a promise: what is not ready, or is somebody
else's turn, stays undone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from fractions import Fraction

import attrs

from phaseflow.core.plan.model import Duty, RouteStep
from phaseflow.engine import Owed, Refused, Run
from phaseflow.testing.stage import Stage

ROUNDS = 24
"""How often the lists are looked at again: a route has fewer steps, and each look does at least one."""

PASSED_OVER = ("illegal", "unmet", "not_entitled")
"""Refusals that only say that it was not this person's turn."""


@attrs.frozen
class Work:
    """One run in which people work; *skip* and *only* are names of duties."""

    stage: Stage
    name: str
    skip: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()

    @property
    def run(self) -> Run:
        """The run."""
        return self.stage.runs[self.name]

    def off(self, people: Iterable[str]) -> int:
        """Let people work until nothing on their lists is ready; how many acts were done."""
        done, people = 0, list(people)
        for _ in range(ROUNDS):
            before = done
            for person in people:
                for owed in self.run.todo(person):
                    wanted = owed.subject not in self.skip and (not self.only or owed.subject in self.only)
                    if owed.ready and wanted:
                        done += self._act(person, owed)
            if done == before:
                break
        return done

    def _act(self, person: str, owed: Owed) -> int:
        rule = self.stage.level(self.name).duties.get(owed.subject)
        if rule is None:
            return 0
        if owed.what.startswith("confirm "):
            subject = owed.what.partition(" of ")[2]
            return self._try(lambda: self.run.confirm(rule.name, subject, by=person))
        match rule.kind:
            case "task" | "bulletin":
                return self._each(rule, lambda to: self.run.complete(
                    rule.name, by=person, subject=to, evidence=_evidence(rule)))  # fmt: skip
            case "quota":
                amount = (_rest(owed, rule), rule.spec.quota.unit)  # type: ignore[union-attr]
                return self._each(rule, lambda to: self.run.record(
                    rule.name, by=person, amount=amount, subject=to, evidence=_evidence(rule)))  # fmt: skip
            case "checklist":
                return self._check(rule, person)
            case "meeting":
                there = self._there(rule)
                return self._each(rule, lambda to: self.run.hold(
                    rule.name, by=person, attendance=there, subject=to, evidence=_evidence(rule)))  # fmt: skip
            case "document":
                return self._document(rule, person, owed)
            case "poll":
                return 0

    def _try(self, act: Callable[[], object]) -> int:
        try:
            act()
        except Refused as refused:
            if refused.kind in PASSED_OVER:
                return 0
            raise
        return 1

    def _each(self, rule: Duty, act: Callable[[str], object]) -> int:
        return sum(self._try(lambda to=to: act(to)) for to in self._subjects(rule))  # type: ignore[misc]

    def _subjects(self, rule: Duty) -> list[str]:
        if rule.subjects != "body":
            return [""]
        return [key.rsplit("/", 1)[1] for key, _ in self.stage.rows(self.name, f"body/{rule.each}/")]

    def _check(self, rule: Duty, person: str) -> int:
        entries = [str(entry) for entry in rule.spec.items]  # type: ignore[union-attr]
        return sum(
            self._try(lambda to=to, entry=entry: self.run.check(  # type: ignore[misc]
                rule.name, entry, by=person, subject=to, evidence=_evidence(rule)))
            for to in self._subjects(rule) for entry in entries
        )  # fmt: skip

    def _there(self, rule: Duty) -> dict[str, str]:
        roles = rule.spec.attend  # type: ignore[union-attr]
        return {person: "present" for role in roles for person in self.stage.holders(self.name, str(role))}

    # Documents wait at a step; what is done depends on its family.

    def _document(self, rule: Duty, person: str, owed: Owed) -> int:
        words = owed.what.split(" ")
        step = rule.step_named(words[0])
        subject = owed.what.partition(" of ")[2]
        if step is None:
            return 0
        match step.family:
            case "write":
                return self._try(lambda: self.draft(rule, person, subject))
            case "hear":
                return self._hear(rule, step, person, subject)
            case "judge":
                return self._try(lambda: self.run.judge(rule.name, by=person, accept=True, subject=subject))
            case "tell":
                return self._try(lambda: self.run.hand(rule.name, step.name, by=person, subject=subject))

    def draft(self, rule: Duty, person: str, subject: str) -> None:
        """Hand in a fresh version, with an answer to every opinion that waits for one."""
        entries = self.stage.seq(self.name)
        digest = hashlib.sha256(f"{self.run.id} {rule.name} {subject} {entries}".encode()).hexdigest()
        answers = {str(number): "absorbed" for number in self._unanswered(rule, subject or person)}
        self.run.draft(rule.name, by=person, digest=digest, ref=f"{rule.name}.pdf", subject=subject, answers=answers)

    def _unanswered(self, rule: Duty, subject: str) -> tuple[int, ...]:
        for key, state in self.stage.rows(self.name, "document/"):
            if key.split("/")[-2] == rule.name and key.rsplit("/", 1)[1] in ("", subject):
                found: tuple[int, ...] = state.unanswered
                return found
        return ()

    def _hear(self, rule: Duty, step: RouteStep, person: str, subject: str) -> int:
        """Where a share of those who are heard is wanted, one of each role speaks; then the hearing is ended."""
        done = 0
        if getattr(step.spec, "at_least", None) or getattr(step.spec, "answer_each", None):
            for role in step.roles:
                speaker = next(iter(self.stage.holders(self.name, role)), "")
                if speaker:
                    done += self._try(lambda who=speaker, group=role: self.run.opine(  # type: ignore[misc]
                        rule.name, by=who, ref=f"{who}.pdf", group=group, subject=subject))  # fmt: skip
        for number in self._unanswered(rule, subject) if getattr(step.spec, "answer_each", None) else ():
            done += any(self._try(lambda who=who, n=number: self.run.answer_opinion(  # type: ignore[misc]
                rule.name, n, by=who, absorbed=True, reason="absorbed", subject=subject))
                for who in self.stage.people(self.name))  # fmt: skip
        enders = [person, *self.stage.people(self.name)]
        return done + any(
            self._try(lambda who=who: self.run.end_consultation(rule.name, by=who, subject=subject))  # type: ignore[misc]
            for who in dict.fromkeys(enders)
        )


def _rest(owed: Owed, rule: Duty) -> Fraction:
    """What is left of an amount, as the list says; a whole amount where it does not."""
    first = owed.rest.split(" ", 1)[0]
    try:
        left = Fraction(first)
    except ValueError:
        left = Fraction(0)
    whole = rule.amount or Fraction(1)
    return left if left > 0 and rule.subjects != "body" else whole


def _evidence(rule: Duty) -> list[str]:
    return [f"{kind}={kind}.pdf" for kind in map(str, rule.spec.evidence)]


def everyone(stage: Stage, name: str, *, skip: Collection[str] = (), only: Collection[str] = ()) -> int:
    """Let everybody of a run, and of the programme above it, do what they owe there."""
    people = [person for person in stage.people(name) if person in stage.staff]
    return Work(stage, name, frozenset(skip), frozenset(only)).off(people)
