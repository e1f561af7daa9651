"""Ledgers: items are opened, published, explained, settled, verified and closed, one by one and never in bulk.

An item is due on the last day of its class's clock, its opening day counted, or on its own last day: the earlier of the
two. Time makes it overdue and closes nothing. Where the policy does not say who verifies, or a limit of reopenings is
used up, a role is asked, and its answer (``close``, ``reopen`` or ``make_up``) decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import attrs

from phaseflow.core import deadlines
from phaseflow.core.decide.items import OWNER, faults, item_term
from phaseflow.core.decide.people import check_recusal, require
from phaseflow.core.decide.step import Actor, Step, refuse, refuse_all
from phaseflow.core.plan.model import Ledger
from phaseflow.core.state.ledgers import ItemState, item_of, number_of
from phaseflow.core.state.rows import Question, Timer
from phaseflow.errors import NOWHERE, Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.commands import Command

ABOUT = "item:"
"""What a question about one item is about begins with this; the id of the item follows."""


# --- opening and changing ---------------------------------------------------------------------------------------------


def open_item(step: Step, command: c.OpenItem) -> None:
    """Enter an item. Every field that is missing is named, with the line that asks for it."""
    ledger = _ledger(step, command.ledger)
    _check_run(step, ledger, opening=True)
    require(step, _roles(ledger.spec.opened_by), f"open an item of '{ledger.name}'",
            span=ledger.spec.span_of("opened_by"), clause=ledger.clause, subject=ledger.name)  # fmt: skip
    owners = (command.owner, *command.joint)
    refuse_all("unmet", faults(step, ledger, command.kind, command.fields, owners, command.due, command.axes))
    _enter(step, ledger, command.kind, command.fields, owners, command.due, command.axes)


def _enter(
    step: Step, ledger: Ledger, kind: str, fields: Mapping[str, str], owners: tuple[str, ...],
    due: date | None, axes: Mapping[str, str],
    makes_up: str = "", attempt: int = 0,
) -> str:  # fmt: skip
    item = next_item(step, ledger)
    step.emit(e.ItemOpened(
        item=item, kind=kind, fields=dict(fields), owner=owners[0], joint=owners[1:], axes=dict(axes), due=due,
        makes_up=makes_up, attempt=attempt, term=item_term(step, ledger.classes[kind], step.at, due),
    ))  # fmt: skip
    return item


def next_item(step: Step, ledger: Ledger) -> str:
    """The id of the next item: items are numbered in the order of their entry, and no number comes twice (R28)."""
    return f"{ledger.name}/{int(step.get(f'items/{ledger.name}/all') or 0) + 1}"


def amend_item(step: Step, command: c.AmendItem) -> None:
    """Change an item that is open; what stood before stays in the trail, and the clock is set anew."""
    ledger, state = _item(step, command.item)
    require(step, _roles(ledger.spec.opened_by), f"amend '{command.item}'",
            span=ledger.spec.span_of("opened_by"), clause=ledger.clause, subject=command.item)  # fmt: skip
    _check_status(ledger, command.item, state, ("open", "explained"), "amended")
    _check_reason("PF503", command.reason, f"'{command.item}' is amended without a reason", ledger)
    kind, owner = command.kind or state.kind, command.owner or state.owner
    fields, axes = {**state.fields, **command.fields}, {**state.axes, **command.axes}
    due = command.due or state.due
    joint = state.joint if command.joint is None else command.joint
    refuse_all("unmet", faults(step, ledger, kind, fields, (owner, *joint), due, axes))
    spec = ledger.classes[kind]
    term = state.term
    if kind != state.kind or due != state.due:
        found = item_term(step, spec, state.opened, due)
        term = attrs.evolve(found, ladder=deadlines.ladder(found.ladder, step.at))
    wakes = state.status == "explained" and not spec.parked
    step.emit(e.ItemAmended(
        item=command.item, kind=kind, fields=fields, owner=owner, axes=axes, due=due, term=term, reason=command.reason,
        wakes=wakes, joint=joint,
    ))  # fmt: skip
    if wakes and term == state.term and term.due is not None and term.due <= step.now:
        step.emit(e.ItemFellDue(item=command.item))
    if state.fell_due and term != state.term and (term.due is None or term.due > step.now):
        step.emit(e.OverdueRescinded(key=command.item, subject="", of=state.fell_due))


def take_over(step: Step, source: str, items: Iterable[c.CarriedItem]) -> None:
    """Enter items that another run hands over. Their clocks did not stop: what is overdue is overdue here too."""
    for carried in items:
        ledger = step.level.ledgers.get(carried.item.rpartition("/")[0])
        if ledger is None or carried.kind not in ledger.classes:
            refuse(
                "unknown",
                "PF543",
                f"'{carried.item}' of '{source}' has no place here",
                span=ledger.span if ledger is not None else NOWHERE,
                why="an item goes on in the ledger and in the class of the same name",
                fix="give the plan of this run that ledger and class, or leave the item out of what is carried",
            )
        owners = (carried.owner, *carried.joint)
        refuse_all("unmet", faults(step, ledger, carried.kind, carried.fields, owners, carried.due, carried.axes))
        term = item_term(step, ledger.classes[carried.kind], carried.opened, carried.due)
        step.emit(e.ItemOpened(
            item=next_item(step, ledger), kind=carried.kind, fields=dict(carried.fields), owner=carried.owner,
            joint=carried.joint, axes=dict(carried.axes), due=carried.due, attempt=carried.attempt,
            term=attrs.evolve(term, ladder=deadlines.ladder(term.ladder, step.at)),
            carried_from=f"{source}#{carried.item}", opened=carried.opened, published=carried.published,
            settled_by=carried.settled_by,
        ))  # fmt: skip


# --- publishing, explaining, settling ---------------------------------------------------------------------------------


def publish_item(step: Step, command: c.PublishItem) -> None:
    """Make an item and its commitment public."""
    ledger, state = _item(step, command.item)
    _actor(step, ledger, state, command.item, (*ledger.spec.opened_by, *ledger.spec.close.by), "publish")
    _check_status(ledger, command.item, state, ("open", "explained", "settled"), "published")
    if state.published is not None:
        refuse("illegal", "PF509", f"'{command.item}' is public since {step.calendar.day_of(state.published)}",
               span=ledger.span, why="a commitment is made once", fix="nothing to do")  # fmt: skip
    step.emit(e.ItemPublished(item=command.item, evidence=command.evidence))


def explain_item(step: Step, command: c.ExplainItem) -> None:
    """Park an item that nobody can solve now, with the reason that was given to those concerned."""
    ledger, state = _item(step, command.item)
    _actor(step, ledger, state, command.item, (*ledger.spec.opened_by, *ledger.spec.close.by), "explain")
    _check_status(ledger, command.item, state, ("open",), "explained")
    _check_reason("PF510", command.reason, f"nothing is explained about '{command.item}'", ledger)
    if not ledger.classes[state.kind].parked:
        parked = [str(name) for name, spec in ledger.classes.items() if spec.parked]
        refuse("illegal", "PF511", f"an item of class '{state.kind}' is settled, not explained",
               span=ledger.spec.span_of("classes"), why="only an item of a parked class is put by with an explanation",
               fix=f"amend its class to {' or '.join(parked)}" if parked else "settle it",
               clause=ledger.clause)  # fmt: skip
    step.emit(e.ItemExplained(item=command.item, reason=command.reason, evidence=command.evidence))


def settle_item(step: Step, command: c.SettleItem) -> None:
    """Report one item as settled. It is closed by that only where the policy wants nobody to verify."""
    ledger, state = _item(step, command.item)
    close = ledger.spec.close
    _actor(step, ledger, state, command.item, close.by, "settle")
    _check_status(ledger, command.item, state, ("open", "explained"), "settled")
    refuse_all("unmet", _unsettled(ledger, state, command))
    step.emit(e.ItemSettled(item=command.item, evidence=command.evidence))
    if state.fell_due and state.term.due is not None and step.at < state.term.due:
        step.emit(e.OverdueRescinded(key=command.item, subject="", of=state.fell_due))
    if close.verify == "none":
        step.emit(e.ItemClosed(item=command.item))
    elif close.verify == "unstated":
        _ask(
            step,
            str(close.asks),
            command.item,
            f"'{command.item}' was reported as settled, and the policy does not say who verifies: close or "
            f"{_poor_word(ledger, 'settled')}?",
        )


def _unsettled(ledger: Ledger, state: ItemState, command: c.SettleItem) -> Iterator[Problem]:
    close, clause = ledger.spec.close, ", ".join(ledger.clause)
    if close.evidence == "required" and not command.evidence:
        yield Problem(
            code="PF512", what=f"'{command.item}' is settled without evidence", span=close.span_of("evidence"),
            why="the policy asks for evidence of every item", fix="add evidence: KIND=REFERENCE", clause=clause,
        )  # fmt: skip
    if ledger.spec.published and state.published is None:
        yield Problem(
            code="PF513", what=f"'{command.item}' has not been published", span=ledger.spec.span_of("published"),
            why="every item of this ledger is made public with a commitment first", fix="publish it", clause=clause,
        )  # fmt: skip


# --- verifying and reopening ------------------------------------------------------------------------------------------


def verify_item(step: Step, command: c.VerifyItem) -> None:
    """Find a settled item good, which closes it, or poor: it is reopened, or made up by a new one."""
    ledger, state = _item(step, command.item)
    close = ledger.spec.close
    if close.verify in ("none", "unstated"):
        refuse(
            "illegal",
            "PF514",
            f"nobody verifies '{command.item}'",
            span=close.span_of("verify"),
            why="the policy names no role for it",
            clause=ledger.clause,
            fix="nothing to do" if close.verify == "none" else f"'{close.asks}' answers the question about it",
        )
    require(step, (str(close.verify),), f"verify '{command.item}'", span=close.span_of("verify"), clause=ledger.clause,
            subject=command.item)  # fmt: skip
    _independent(step, ledger, command.item, state)
    _check_status(ledger, command.item, state, ("settled",), "verified")
    _not_asked(step, ledger, command.item)
    if command.good:
        step.emit(e.ItemClosed(item=command.item, reason=command.reason))
        return
    _check_reason("PF516", command.reason, f"'{command.item}' is found poor without a reason", ledger)
    _poor(step, ledger, command.item, state, command.reason)


def reopen_item(step: Step, command: c.ReopenItem) -> None:
    """Open a closed item again, because its trouble came back."""
    ledger, state = _item(step, command.item)
    require(step, _roles(ledger.spec.opened_by), f"reopen '{command.item}'",
            span=ledger.spec.span_of("opened_by"), clause=ledger.clause, subject=command.item)  # fmt: skip
    _check_status(ledger, command.item, state, ("closed",), "reopened")
    _check_reason("PF517", command.reason, f"'{command.item}' is reopened without a reason", ledger)
    if state.made_up_by:
        refuse("illegal", "PF518", f"'{command.item}' was found poor and is made up by '{state.made_up_by}'",
               span=ledger.spec.close.span_of("poor"), why="what makes up an item stands in its place",
               fix=f"act on '{state.made_up_by}'", clause=ledger.clause)  # fmt: skip
    _not_asked(step, ledger, command.item)
    if not _used_up(step, ledger, command.item, state, command.reason):
        _again(step, command.item, state, command.reason)


def _independent(step: Step, ledger: Ledger, item: str, state: ItemState) -> None:
    """Nobody verifies what they own or have reported themselves."""
    for person in (step.actor.person, step.actor.on_behalf_of):
        if person and person in (state.settled_by, *state.owners):
            part = "its owner" if person in state.owners else "the one who reported it"
            refuse("not_entitled", "PF515", f"'{person}' may not judge '{item}': {part}", clause=ledger.clause,
                   span=ledger.spec.close.span_of("verify"),
                   why="an item is verified by somebody else than whoever settled it",
                   fix="let another holder of the role do it")  # fmt: skip


def _poor(step: Step, ledger: Ledger, item: str, state: ItemState, reason: str) -> None:
    if _used_up(step, ledger, item, state, reason):
        return
    if ledger.spec.close.poor == "make_up":
        _make_up(step, ledger, item, state, reason)
    else:
        _again(step, item, state, reason)


def _used_up(step: Step, ledger: Ledger, item: str, state: ItemState, reason: str) -> bool:
    """Whether the item has been opened again as often as the policy lets it; the role named for that is asked."""
    close = ledger.spec.close
    if close.max == "unlimited" or state.attempt < close.max:
        return False
    text = f"'{item}' was reopened {state.attempt} times and is wanted open again ({reason}): close or "
    text += f"{_poor_word(ledger, state.status)}?"
    _ask(step, str(close.otherwise), item, text)
    return True


def _again(step: Step, item: str, state: ItemState, reason: str) -> None:
    """Open an item again; its clock did not stop, so it may be overdue at once."""
    step.emit(e.ItemReopened(item=item, attempt=state.attempt + 1, reason=reason))
    if state.term.due is not None and state.term.due <= step.now:
        step.emit(e.ItemFellDue(item=item))


def _make_up(step: Step, ledger: Ledger, item: str, state: ItemState, reason: str) -> None:
    """The poor item keeps its record and is closed by the new one, whose clock begins now (R32)."""
    step.emit(e.ItemClosed(item=item, reason=reason, made_up_by=next_item(step, ledger)))
    clocked = ledger.classes[state.kind].within != "none"
    due = state.due if state.due is not None and (not clocked or state.due >= step.day) else None
    attempt = state.attempt + 1
    _enter(step, ledger, state.kind, state.fields, state.owners, due, state.axes, makes_up=item, attempt=attempt)


# --- questions --------------------------------------------------------------------------------------------------------


def _poor_word(ledger: Ledger, status: str) -> str:
    """What is answered where an item is found poor: a settled one may be made up, a closed one is opened again."""
    return "make_up" if status == "settled" and ledger.spec.close.poor == "make_up" else "reopen"


def _ask(step: Step, role: str, item: str, text: str) -> None:
    step.emit(e.QuestionAsked(question=f"q{step.seq + 1}", role=role, about=ABOUT + item, text=text))


def _not_asked(step: Step, ledger: Ledger, item: str) -> None:
    for key, question in step.rows.scan("question/"):
        if question.about == ABOUT + item and question.answered is None:
            refuse("illegal", "PF519",
                   f"'{item}' waits for '{question.role}' to answer {key.removeprefix('question/')}",
                   span=ledger.spec.close.span, why="what is asked of somebody is not decided by somebody else",
                   fix="let them answer `close` or `reopen`", clause=ledger.clause)  # fmt: skip


def answered(step: Step, command: c.Answer, question: Question) -> None:
    """Do what an answer about an item says; refuse one that says nothing, and one about one's own item."""
    item = question.about.removeprefix(ABOUT)
    ledger, state = _item(step, item)
    words = ("close", _poor_word(ledger, state.status))
    if command.verdict not in words:
        refuse("malformed", "PF520", f"'{command.verdict}' does not say what becomes of '{item}'",
               span=ledger.spec.close.span, why="the item is closed, opened again, or made up by a new one",
               fix=f"answer `{words[0]}` or `{words[1]}`", clause=ledger.clause)  # fmt: skip
    _independent(step, ledger, item, state)
    if command.verdict == "make_up":
        _make_up(step, ledger, item, state, command.reason)
    elif command.verdict == "reopen":
        _again(step, item, state, command.reason)
    elif state.status != "closed":
        step.emit(e.ItemClosed(item=item, reason=command.reason))


def concluded(step: Step) -> None:
    """The run has ended. Where the policy does not say whether open items live on, they do, and a role is asked."""
    for ledger in step.level.ledgers.values():
        count = step.get(f"items/{ledger.name}/open") or 0
        if count and ledger.spec.survives == "unstated":
            text = f"the run has ended with {count} open items of '{ledger.name}': do they live on?"
            role = str(ledger.spec.close.asks)
            step.emit(e.QuestionAsked(question=f"q{step.seq + 1}", role=role, about=f"ledger:{ledger.name}", text=text))


# --- finding and checking ---------------------------------------------------------------------------------------------


def _ledger(step: Step, name: str) -> Ledger:
    ledger = step.level.ledgers.get(name)
    if ledger is None:
        refuse("unknown", "PF500", f"there is no ledger '{name}' here",
               why="ledgers stand in the policy, on the level that keeps them",
               fix=did_you_mean(name, step.level.ledgers) or "this run keeps no ledger; look at `allowed`")  # fmt: skip
    return ledger


def _item(step: Step, item: str) -> tuple[Ledger, ItemState]:
    """The ledger and the row of an item that can be acted on."""
    name, _, number = item.rpartition("/")
    ledger = _ledger(step, name or item)
    state = item_of(step.rows, item)
    if state is None:
        count = step.get(f"items/{ledger.name}/all") or 0
        refuse("unknown", "PF501", f"'{ledger.name}' has no item '{number if name else ''}'", span=ledger.span,
               why="items are numbered from 1 in the order of their entry", clause=ledger.clause,
               fix=f"name one of {ledger.name}/1 to {ledger.name}/{count}" if count else "open one first")  # fmt: skip
    _check_run(step, ledger)
    return ledger, state


def _check_run(step: Step, ledger: Ledger, opening: bool = False) -> None:
    status = step.head.status
    if status == "running" or (status == "concluded" and not opening and ledger.spec.survives is not False):
        return
    why = "an item is opened while the run goes on" if opening else "nothing is recorded in such a run"
    if status == "concluded" and not opening:
        why = f"'{ledger.name}' does not outlive the run"
    fix = {"suspended": "resume it first", "concluded": "reopen it first"}.get(status, "look at `status`")
    refuse(
        "illegal",
        "PF502",
        f"the run is {status}",
        span=ledger.spec.span_of("survives"),
        why=why,
        fix=fix,
        clause=ledger.clause,
    )


SETTLED = {"open": "is open", "settled": "waits for verification", "explained": "is parked", "closed": "is closed",
           "carried": "lives on in another run"}  # fmt: skip
"""How a status is said."""


def _check_status(ledger: Ledger, item: str, state: ItemState, wanted: tuple[str, ...], act: str) -> None:
    if state.status not in wanted:
        needed = " or ".join(SETTLED[name] for name in wanted)
        refuse("illegal", "PF521", f"'{item}' {SETTLED[state.status]} and cannot be {act}", span=ledger.span,
               why=f"only an item that {needed} can be {act}", clause=ledger.clause,
               fix={"closed": "reopen it first", "carried": f"act on it in '{state.carried_to}'"}.get(
                   state.status, "look at its history"))  # fmt: skip


def _check_reason(code: str, reason: str, what: str, ledger: Ledger) -> None:
    if not reason.strip():
        refuse(
            "malformed",
            code,
            what,
            span=ledger.span,
            why="whoever reads the ledger later must see why",
            fix="say why",
            clause=ledger.clause,
        )


def _actor(step: Step, ledger: Ledger, state: ItemState, item: str, roles: Iterable[str], verb: str) -> None:
    """Let the owner go on where the policy names the owner, else whoever has one of the roles."""
    wanted = tuple(dict.fromkeys(map(str, roles)))
    if OWNER in wanted and step.actor.person in state.owners and not step.actor.on_behalf_of:
        check_recusal(step, {step.actor.person}, item, f"{verb} '{item}'", ledger.spec.close.span_of("by"))
        step.actor = Actor(step.actor.person, "", OWNER)
        return
    require(
        step,
        _roles(wanted),
        f"{verb} '{item}'",
        span=ledger.spec.close.span_of("by"),
        clause=ledger.clause,
        subject=item,
    )


def _roles(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(name) for name in names if name != OWNER)


# --- timers -----------------------------------------------------------------------------------------------------------


def _item_due(step: Step, timer: Timer) -> None:
    step.emit(e.ItemFellDue(item=timer.key))


def _item_rung(step: Step, timer: Timer) -> None:
    state = item_of(step.rows, timer.key)
    assert state is not None
    step.emit(e.ItemReminded(item=timer.key, rung=state.term.ladder[timer.index]))


FIRE: Mapping[str, Callable[[Step, Timer], None]] = {"item_due": _item_due, "item_rung": _item_rung}
"""Timers of this room."""


def _on_item(act: Callable[[Step, Any], None]) -> Callable[[Step, Any], None]:
    """An item has one id: ``problems/000003``, as its row is called, becomes ``problems/3``."""

    def acted(step: Step, command: Any) -> None:
        ledger, _, text = command.item.rpartition("/")
        number = number_of(text)
        act(step, command if number is None else attrs.evolve(command, item=f"{ledger}/{number}"))

    return acted


HANDLERS: Mapping[type[Command], Callable[[Step, Any], None]] = {
    c.OpenItem: open_item,
    c.AmendItem: _on_item(amend_item),
    c.PublishItem: _on_item(publish_item),
    c.ExplainItem: _on_item(explain_item),
    c.SettleItem: _on_item(settle_item),
    c.VerifyItem: _on_item(verify_item),
    c.ReopenItem: _on_item(reopen_item),
}
"""Commands of this room."""
