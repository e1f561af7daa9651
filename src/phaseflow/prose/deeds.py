"""What is to be done, by whom and by when, and what bars the way, in words."""

from __future__ import annotations

from typing import assert_never

from phaseflow.core.deeds import Bar, Deed
from phaseflow.prose.names import Names
from phaseflow.prose.requirements import where


def deed(found: Deed, names: Names) -> str:
    """One deed: what, who, from when, by when."""
    say, texts = names.texts.say, names.texts
    details = []
    if found.since is not None:
        details.append(say("answer.from_day", day=texts.day(found.since)))
    if found.due is not None:
        details.append(say("answer.late" if found.overdue else "answer.by_day", day=texts.day(found.due)))
    who, told = _who(found, names), act(found, names)
    done = say("answer.done_by", deed=told, who=who) if who else told
    return texts.listed([done, *details], "clauses")


def _who(found: Deed, names: Names) -> str:
    people = [str(person) for person in found.people]
    if not found.roles:
        return names.texts.some(people, len(people))
    roles = names.roles(found.roles)
    told = names.texts.some(people, len(people)) if people else names.texts.say("answer.nobody")
    return names.texts.say("language.named", roles=roles, people=told)


def act(found: Deed, names: Names) -> str:
    """What is done, without who and when."""
    say, subjects = names.texts.say, names.texts.some(found.subjects, found.count)
    counted = {"count": found.count, "subjects": subjects}
    match found.verb:
        case "request":
            return say("deed.request", move=names.move(found.name))
        case "resume" | "reopen":
            return say(f"deed.{found.verb}")
        case "complete":
            own = found.subjects != found.people and bool(found.subjects)
            return say("deed.complete_all" if own else "deed.complete", duty=names.duty(found.name), subjects=subjects)
        case "record":
            return _record(found, names)
        case "tick":
            single = bool(found.subjects) and found.subjects != found.people
            return say("deed.tick" if single else "deed.tick_all", duty=names.duty(found.name), **counted)
        case "hold" | "answer" | "make_up" | "extend":
            return say(f"deed.{found.verb}", duty=names.duty(found.name))
        case "list_body":
            return say("deed.list_body", body=names.body(found.name), count=found.count)
        case "confirm" | "waive":
            return say(f"deed.{found.verb}", duty=names.duty(found.name), count=found.count)
        case "draft" | "hear" | "judge" | "hand":
            step = names.step(found.name, found.step)
            return say(f"deed.{found.verb}", step=step, duty=names.duty(found.name), count=found.count)
        case "run_poll":
            return say("deed.run_poll_open" if found.step else "deed.run_poll", duty=names.duty(found.name))
        case "settle" | "verify" | "publish_item":
            return say(f"deed.{found.verb}" if subjects else f"deed.{found.verb}_new", ledger=names.ledger(found.name),
                       **counted)  # fmt: skip
        case "open_item":
            return say("deed.open_item", ledger=names.ledger(found.name), count=found.count)
        case "get_there":
            got = where(names, found.step, {found.step: found.name}, "getting")
            return say("deed.get_there" if subjects else "deed.get_there_new", got=got, **counted)
        case "start_units":
            return say("deed.start_units", count=found.count)
        case "supply":
            return say("deed.supply", name=found.name, step=found.step)
        case _:
            assert_never(found.verb)


def _record(found: Deed, names: Names) -> str:
    duty = names.duty(found.name)
    if found.amount is not None and found.amount > 0 and not found.subjects:
        amount = names.texts.amount(found.amount, found.unit)
        return names.texts.say("deed.record_rest", duty=duty, amount=amount)
    if found.subjects and found.subjects != found.people:
        subjects = names.texts.some(found.subjects, found.count)
        return names.texts.say("deed.record_all", duty=duty, subjects=subjects, count=found.count)
    return names.texts.say("deed.record", duty=duty)


def bar(found: Bar, names: Names) -> str:
    """Why something is not possible any more."""
    say, texts, name = names.texts.say, names.texts, found.name
    match found.cause:
        case "run_ended":
            told = say(f"status.{name}") if texts.has(f"status.{name}") else names.outcome(name)
            return say("bar.run_ended", name=told)
        case "phase_closed" | "locked":
            assert found.since is not None
            return say(f"bar.{found.cause}", duty=names.duty(name), day=texts.day(found.since))
        case "never_opens" | "open_already":
            return say(f"bar.{found.cause}", phase=names.phase(name))
        case "nobody_owes" | "not_called" | "done_already":
            return say(f"bar.{found.cause}", duty=names.duty(name))
        case "never_undone":
            return say("bar.never_undone", name=names.anything(name))
        case "result_stands":
            key = "result_stands_at" if found.reached else "result_stands"
            return say(f"bar.{key}", duty=names.duty(name), reached=found.reached)
        case "quorum_out_of_reach" | "share_out_of_reach":
            duty = names.duty(name)
            return say(f"bar.{found.cause}", duty=duty, reached=found.reached, wanted=found.wanted)
        case "policy_says" | "over_nothing":
            return say(f"bar.{found.cause}", name=name)
        case "ring":
            return say("bar.ring", name=names.anything(name))
        case "used_up":
            return say("bar.used_up", move=names.move(name))
        case _:
            assert_never(found.cause)
