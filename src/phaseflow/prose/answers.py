"""Whole answers in words: why a move is held, why somebody cannot act, and what it would take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from phaseflow.core.decide.objections import Objection
from phaseflow.core.deeds import Outlook
from phaseflow.core.reasons import Reason
from phaseflow.prose import deeds
from phaseflow.prose.names import Names
from phaseflow.prose.refusals import advice, refusal
from phaseflow.prose.requirements import requirement


def why(move: str, reasons: Sequence[Reason], names: Names) -> str:
    """Why a move would be held now: every unmet requirement, who can meet it, and the clause behind it."""
    told = names.move(move)
    lines = list(_tree(reasons, names))
    if not lines:
        return names.texts.finish([names.texts.say("answer.why_free", move=told)])
    count = sum(not line.startswith(" ") for line in lines)
    return names.texts.finish([names.texts.say("answer.why", move=told, count=count), *lines])


def doing(act: str, thing: str, names: Names) -> str:
    """An act in words: a move, or the method of a run with what it is done to."""
    if not names.texts.has(f"doing.{act}"):
        return names.move(act)
    told = names.move(thing) if act == "request" else _thing(thing, names)
    return names.texts.say(f"doing.{act}", thing=told)


def _thing(thing: str, names: Names) -> str:
    """A duty, phase, ledger or other name; of an item, its ledger and number."""
    ledger, slash, number = thing.partition("/")
    return names.texts.say("language.of", text=names.ledger(ledger), name=number) if slash else names.anything(thing)


def why_not(act: str, person: str, objections: Sequence[Objection], names: Names) -> str:
    """Why somebody cannot do something now; *act* is already in words."""
    say = names.texts.say
    given = {"person": names.texts.word(person), "act": act}
    if not objections:
        return names.texts.finish([say("answer.why_not_free", **given)])
    plain = [one for one in objections if one.kind != "held"]
    lines = [names.texts.bullet(0, number) + _objection(one, names) for number, one in enumerate(plain, 1)]
    held = [one.reason for one in objections if one.kind == "held" and one.reason is not None]
    lines += _tree(held, names, first=len(lines) + 1)
    count = sum(not line.startswith(" ") for line in lines)
    return names.texts.finish([say("answer.why_not", count=count, **given), *lines])


def what_would_it_take(outlook: Outlook, names: Names) -> str:
    """The smallest set of further deeds, by whom and by when; or why the move is not possible any more."""
    say, texts = names.texts.say, names.texts
    move = names.move(outlook.move)
    if outlook.bars:
        bars = [(deeds.bar(bar, names), bar.clause) for bar in outlook.bars]
        return texts.finish([say("answer.take_never", move=move), *_numbered(bars, names)])
    lines = _numbered([(deeds.deed(deed, names), deed.clause) for deed in outlook.deeds], names)
    if not lines:
        head = say("answer.take_nothing" if outlook.since is None else "answer.take_wait", move=move)
    else:
        head = say("answer.take", move=move, count=outlook.count)
    notes = [say("answer.take_since", day=texts.day(outlook.since))] if outlook.since is not None else []
    notes += [] if outlook.smallest else [say("answer.take_rough")]
    return texts.finish([_joined(head, *notes, names), *lines])


def _numbered(entries: Sequence[tuple[str, str]], names: Names) -> list[str]:
    """Sentences with their clauses, as a numbered list."""
    return [
        _joined(names.texts.bullet(0, number) + names.texts.sentence(text), _source(clause, names), names)
        for number, (text, clause) in enumerate(entries, 1)
    ]


def _objection(found: Objection, names: Names) -> str:
    say, texts = names.texts.say, names.texts
    if found.reason is not None:
        told = requirement(found.reason, names)
    else:
        told = texts.sentence(refusal(found.problem, names))
    kind = texts.sentence(say("answer.kind", kind=say(f"refusal.{found.kind}"), text=told))
    fix = advice(found.problem, names)
    clause = found.reason.clause if found.reason is not None else found.problem.clause
    return _joined(kind, say("answer.advice", advice=fix) if fix else "", _source(clause, names), names)


def _source(clause: str, names: Names) -> str:
    clauses = names.texts.listed([names.texts.word(one) for one in clause.split(", ")], "refs")
    return names.texts.say("answer.clause", clauses=clauses) if clause else ""


def _joined(*parts: str | Names) -> str:
    *sentences, names = parts
    assert isinstance(names, Names)
    return names.texts.gap.join(str(part) for part in sentences if part)


# --- choices ----------------------------------------------------------------------------------------------------------


def _tree(
    reasons: Iterable[Reason], names: Names, *, depth: int = 0, level: int = 0, first: int = 1
) -> Iterator[str]:
    """Requirements as numbered lines; alternatives stand below the choice they belong to, indented."""
    left = [one for one in reasons if one.kind != "some_of"]
    number = first
    while left:
        one = left[0]
        if len(one.choices) <= depth:
            left.pop(0)
            if one.met is not True:
                yield _mark(names, level, number) + _requirement(one, names)
                number += 1
            continue
        choice = one.choices[depth]
        same = [other for other in left if len(other.choices) > depth and other.choices[depth].choice == choice.choice]
        left = [other for other in left if other not in same]
        yield from _choice(same, names, depth, level, number)
        number += 1


def _choice(same: Sequence[Reason], names: Names, depth: int, level: int, number: int) -> Iterator[str]:
    """The alternatives that are not met yet, and how many of them it takes."""
    choice = same[0].choices[depth]
    alternatives: dict[int, list[Reason]] = {}
    for one in same:
        alternatives.setdefault(one.choices[depth].alternative, []).append(one)
    open_ = {at: found for at, found in alternatives.items() if any(one.met is not True for one in found)}
    need = choice.need - (len(alternatives) - len(open_))
    yield _mark(names, level, number) + names.texts.say("answer.choice", need=need, of=len(open_))
    for index, found in enumerate(open_.values(), 1):
        if len(found) == 1 and len(found[0].choices) == depth + 1:
            yield _mark(names, level + 1, index) + _requirement(found[0], names)
            continue
        yield _mark(names, level + 1, index) + names.texts.say("answer.together")
        yield from _tree(found, names, depth=depth + 1, level=level + 2)


def _mark(names: Names, level: int, number: int) -> str:
    return "   " * level + names.texts.bullet(level, number)


def _requirement(one: Reason, names: Names) -> str:
    say = names.texts.say
    who = say("answer.who", who=names.roles(one.who)) if one.who else ""
    since = say("answer.earliest", day=names.texts.day(one.earliest)) if one.earliest is not None else ""
    return _joined(requirement(one, names), who, since, _source(one.clause, names), names)
