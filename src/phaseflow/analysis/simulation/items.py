"""What is entered in ledgers, and what becomes of it: published, settled, verified."""

from __future__ import annotations

from datetime import datetime, timedelta

from phaseflow.analysis.simulation.habits import LedgerDoing
from phaseflow.analysis.simulation.tally import Case
from phaseflow.analysis.simulation.tasks import OFTEN, Task, pick
from phaseflow.analysis.simulation.trial import Run, Trial
from phaseflow.core.decide import Decision
from phaseflow.core.plan.model import Ledger
from phaseflow.core.state.ledgers import ItemState, item_of
from phaseflow.messages import commands as m
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

OWNER = "owner"


def phase_opened(trial: Trial, run: Run, entry: Entry, event: e.PhaseOpened) -> None:
    """In the first visit of the phase that the habit names, items are entered."""
    if event.visit != 1:
        return
    for name, ledger in run.level.ledgers.items():
        doing = trial.habits.ledgers.get((run.level.name, name))
        first = doing is not None and not doing.after and sum(run.head.visits.values()) <= 2
        if doing is not None and (doing.after == event.phase or first):
            for number in range(doing.items):
                _enter(trial, run, ledger, doing, number, entry.at)


def _enter(trial: Trial, run: Run, ledger: Ledger, doing: LedgerDoing, number: int, begin: datetime) -> None:
    kind = doing.classes[number % len(doing.classes)]
    spec = ledger.spec
    planned = trial.after(
        begin, doing.entered, trial.chance(run, "item", ledger.name, number), float(trial.habits.undated)
    )
    people = pick(trial, run, map(str, spec.opened_by), "item", ledger.name, number)
    axes = {str(axis): str(words[0]) for axis, words in spec.axes.items()}
    dated = "due" in spec.required or ledger.classes[kind].within == "none"

    def enter(by: str) -> Decision:
        due = trial.calendar.day_of(trial.now + timedelta(seconds=trial.habits.undated)) if dated else None
        return trial.do(
            run, m.OpenItem, by, ledger=ledger.name, kind=kind, owner=by, axes=axes, due=due,
            fields={str(field): "as simulated" for field in spec.required if field not in ("owner", "due")},
        )  # fmt: skip

    Task(trial=trial, run=run, name=ledger.name, about="", people=people, act=enter, planned=planned,
         live=lambda: True).schedule()  # fmt: skip


def opened(trial: Trial, run: Run, entry: Entry, event: e.ItemOpened) -> None:
    """An item has a clock and an owner, who settles it."""
    doing, ledger = _rules(trial, run, event.item)
    if doing is None:
        return
    if event.term.due is not None:
        name = f"{ledger.name}.{event.kind}" if event.kind else ledger.name
        run.limits[event.item, "", "item"] = Case("item", name, event.term.due, event.term.day)
        trial.case(run, event.item, run.limits[event.item, "", "item"])
    if ledger.spec.published:
        _publish(trial, run, ledger, event.item, entry.at)
    _settle(trial, run, doing, ledger, event.item, event.term.due, entry)


def reopened(trial: Trial, run: Run, entry: Entry, event: e.ItemReopened) -> None:
    """An item that was found poor is settled once more."""
    doing, ledger = _rules(trial, run, event.item)
    if doing is not None:
        _settle(trial, run, doing, ledger, event.item, None, entry)


def _rules(trial: Trial, run: Run, item: str) -> tuple[LedgerDoing | None, Ledger]:
    name = item.rpartition("/")[0]
    return trial.habits.ledgers.get((run.level.name, name)), run.level.ledgers[name]


def _state(run: Run, item: str) -> ItemState | None:
    return item_of(run.rows, item)


def _publish(trial: Trial, run: Run, ledger: Ledger, item: str, begin: datetime) -> None:
    def publish(by: str) -> Decision:
        return trial.do(run, m.PublishItem, by, item=item)

    state = _state(run, item)
    people = state.owners if state is not None else ()
    Task(trial=trial, run=run, name=ledger.name, about=item,
         people=(*people, *pick(trial, run, map(str, ledger.spec.opened_by), item)), act=publish, planned=begin,
         live=lambda: True).schedule()  # fmt: skip


def _settle(
    trial: Trial, run: Run, doing: LedgerDoing, ledger: Ledger, item: str, due: datetime | None, entry: Entry
) -> None:
    if trial.chance(run, "never", item, entry.seq) < doing.never:
        return
    allowed = (due - entry.at).total_seconds() if due is not None else float(trial.habits.undated)
    planned = trial.after(entry.at, doing.settle, trial.chance(run, "settle", item, entry.seq), allowed)
    close = ledger.spec.close
    state = _state(run, item)
    owners = state.owners if state is not None else ()
    roles = tuple(str(role) for role in close.by if role != OWNER)
    people = (*(owners if OWNER in close.by else ()), *pick(trial, run, roles, "settle", item))
    parked = state is not None and ledger.classes[state.kind].parked
    evidence = (m.Evidence(kind="report", ref="a.pdf"),)

    def settle(by: str) -> Decision:
        if parked:
            return trial.do(run, m.ExplainItem, by, item=item, reason="as simulated", evidence=evidence)
        return trial.do(run, m.SettleItem, by, item=item, evidence=evidence)

    def live() -> bool:
        now = _state(run, item)
        return now is not None and now.status == "open"

    Task(trial=trial, run=run, name=ledger.name, about=item, people=people, act=settle, planned=planned,
         live=live).schedule()  # fmt: skip


def settled(trial: Trial, run: Run, entry: Entry, event: e.ItemSettled | e.ItemExplained) -> None:
    """An item was settled in time or not; where somebody verifies, they do."""
    doing, ledger = _rules(trial, run, event.item)
    case = run.limits.get((event.item, "", "item"))
    if case is not None:
        case.done = entry.at
    verify = ledger.spec.close.verify
    if isinstance(event, e.ItemExplained):
        trial.changed(run, ledger.name, entry.at)
    if doing is None or verify in ("none", "unstated") or isinstance(event, e.ItemExplained):
        return
    state = _state(run, event.item)
    often = state is not None and state.attempt >= OFTEN
    poor = not often and trial.chance(run, "poor", event.item, entry.seq) < doing.poor
    planned = trial.after(entry.at, doing.verify, trial.chance(run, "verify", event.item, entry.seq),
                          float(trial.habits.undated))  # fmt: skip

    def check(by: str) -> Decision:
        return trial.do(run, m.VerifyItem, by, item=event.item, good=not poor, reason="not solved" if poor else "")

    def live() -> bool:
        now = _state(run, event.item)
        return now is not None and now.status == "settled"

    Task(trial=trial, run=run, name=ledger.name, about=event.item,
         people=pick(trial, run, (str(verify),), "verify", event.item), act=check, planned=planned,
         live=live).schedule()  # fmt: skip


def closed(trial: Trial, run: Run, entry: Entry, event: e.ItemClosed) -> None:
    """A gate that counts open items looks again."""
    trial.changed(run, event.item.rpartition("/")[0], entry.at)
