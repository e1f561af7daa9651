"""People who do what they owe: everything on their list that is ready, by the public interface alone."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from phaseflow import Plan, Refused, Run
from phaseflow.core.plan import Duty
from phaseflow.engine import Owed


def work_off(
    run: Run, plan: Plan, people: Iterable[str], *, leave: Collection[str] = (), only: Collection[str] = ()
) -> int:
    """Let people work until nothing on their lists is ready.

    Args:
        run: The run they work in.
        plan: Its plan.
        people: Who works.
        leave: Duties nobody touches today.
        only: If given, only these duties.

    Returns:
        How many acts were done.
    """
    done = 0
    people = list(people)
    for _ in range(12):
        before = done
        for person in people:
            for owed in run.todo(person):
                if owed.ready and owed.subject not in leave and (not only or owed.subject in only):
                    done += _act(run, plan, person, owed)
        if done == before:
            return done
    return done


def _act(run: Run, plan: Plan, person: str, owed: Owed) -> int:
    level = plan.levels["programme" if run.status().level == "programme" else "unit"]
    rule = level.duties.get(owed.subject)
    if rule is None or rule.kind == "poll":
        return 0
    try:
        if owed.what.startswith("confirm "):
            run.confirm(rule.name, by=person)
            return 1
        return _ACTS[rule.kind](run, rule, person, owed)
    except Refused as refused:
        if refused.kind in ("illegal", "unmet", "not_entitled"):  # somebody else was quicker, or it is not their turn
            return 0
        raise


def _subjects(run: Run, rule: Duty) -> list[str]:
    if rule.subjects != "body":
        return [""]
    with run.engine.reading(run.id) as (_tx, _head, _plan, rows, _around):
        return [key.rsplit("/", 1)[1] for key, _ in rows.scan(f"body/{rule.each}/")]


def _complete(run: Run, rule: Duty, person: str, _owed: Owed) -> int:
    run.complete(rule.name, by=person)
    return 1


def _record(run: Run, rule: Duty, person: str, _owed: Owed) -> int:
    quota = rule.spec.quota  # type: ignore[union-attr]
    count = 0
    for subject in _subjects(run, rule):
        try:
            run.record(rule.name, by=person, amount=(quota.count or 1, quota.unit), subject=subject)
            count += 1
        except Refused:
            continue
    return count


def _check(run: Run, rule: Duty, person: str, _owed: Owed) -> int:
    count = 0
    for subject in _subjects(run, rule):
        for entry in rule.spec.items:  # type: ignore[union-attr]
            try:
                run.check(rule.name, str(entry), by=person, subject=subject)
                count += 1
            except Refused:
                continue
    return count


def _hold(run: Run, rule: Duty, person: str, _owed: Owed) -> int:
    with run.engine.reading(run.id) as (_tx, _head, _plan, rows, _around):
        there = {
            key.rsplit("/", 1)[1]: "present" for role in rule.spec.attend for key, _ in rows.scan(f"holder/{role}/")
        }  # type: ignore[union-attr]
    run.hold(rule.name, by=person, attendance=there, evidence=["minutes=minutes.pdf"])
    return 1


def _document(run: Run, rule: Duty, person: str, owed: Owed) -> int:
    step = rule.step_named(owed.what.split(" ", 1)[0])
    if step is None:
        return 0
    match step.family:
        case "write":
            text = f"{run.id} {rule.name} {step.name} {run.status().entries}"
            answers = (
                {str(number): "absorbed in the text" for number in _unanswered(run, rule.name)}
                if step.act == "absorb"
                else {}
            )
            run.draft(
                rule.name,
                by=person,
                digest=hashlib.sha256(text.encode()).hexdigest(),
                ref=f"files/{rule.name}",
                answers=answers,
            )
        case "hear":
            if step.act == "review":
                _hear(run, rule.name, person)
            run.end_consultation(rule.name, by=_head_of(run))
        case "judge":
            run.judge(rule.name, by=person, accept=True)
        case "tell":
            run.hand(rule.name, step.name, by=person)
    return 1


def _unanswered(run: Run, document: str) -> range:
    """Numbers of the opinions that were given in the trail and not answered yet."""
    given = [
        entry.event
        for entry in run.history()
        if type(entry.event).__name__ == "OpinionGiven" and f"/{document}" in entry.event.key
    ]
    return range(1, len(given) + 1)


def _head_of(run: Run) -> str:
    return f"{run.status().unit}.head"


def _hear(run: Run, document: str, person: str) -> None:
    """Two members and a service recipient say something; the author answers."""
    unit = run.status().unit
    for who, group in ((f"{unit}.m1", "member"), (f"{unit}.p01", "masses"), (f"{unit}.s1", "service_recipients")):
        run.opine(document, by=who, ref=f"opinions/{who}", group=group)


_ACTS = {
    "task": _complete,
    "bulletin": _complete,
    "quota": _record,
    "checklist": _check,
    "meeting": _hold,
    "document": _document,
}
