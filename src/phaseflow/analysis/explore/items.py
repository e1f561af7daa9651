"""The life of one item of a ledger, gone through with the real `decide`: can it be closed without being verified?

Items do not know of one another: what `decide` makes of one depends on its own row, on the ledger's rules and on who
acts. So the states of one item are those of every item, and there are few: where it stands, in which class, how often
it came back, what is asked about it. An item that makes up another begins its own life with the other's count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import attrs

from phaseflow.analysis.explore.acts import Play, Stuck
from phaseflow.analysis.explore.answers import Answer
from phaseflow.analysis.explore.replay import beginning, resting
from phaseflow.analysis.explore.system import System
from phaseflow.analysis.findings import View
from phaseflow.core.plan.model import Ledger, LevelPlan
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.ledgers import ItemState, item_of
from phaseflow.errors import PhaseflowError
from phaseflow.messages import commands as m
from phaseflow.messages import events as e

Act = tuple[str, Callable[[Play], None]]
"""(what somebody does, in words; how it is done)."""


class Life(NamedTuple):
    """Where an item stands, as far as its future goes."""

    status: str
    kind: str
    published: bool
    attempt: int
    asked: str
    made_up: bool


def claimable(ledger: Ledger) -> bool:
    """Whether the policy wants items of a ledger verified at all."""
    return ledger.spec.close.verify not in ("none", "unstated")


def verified(view: View, level: LevelPlan, ledger: Ledger) -> Answer:
    """Prove or refute that no item of a ledger is closed before somebody has found it good."""
    system = System(plan=view.plan, level=level, phases=frozenset(), dated=())
    opens = view.plan.calendar.opens(view.start) + timedelta(hours=8)
    base = Answer(
        name=f"{ledger.name}_verified", title=f"no item of '{ledger.title}' is closed unverified", level=level.name,
        verdict="bounded", why="", slice=(), facts=(), states=0,
    )  # fmt: skip
    seen: set[Life] = set()
    todo: deque[tuple[Play, str, tuple[str, ...]]] = deque()
    for kind in map(str, ledger.classes):
        try:
            play = beginning(system, opens, view)
            play.open_item(ledger.name, kind)
        except (Stuck, PhaseflowError) as reason:
            return attrs.evolve(base, why=f"no item can be opened here: {reason}")
        todo.append((play, f"{ledger.name}/1", (f"an item is opened{f' as {kind}' if kind else ''}",)))
        seen.add(_life(play, f"{ledger.name}/1", ledger))
    closed = False
    while todo:
        play, item, way = todo.popleft()
        for words, act in _acts(play, item, ledger):
            after = copied(play)
            told = (*way, words)
            try:
                events = _events(after, act)
            except (Stuck, PhaseflowError):
                continue
            for event in events:
                if isinstance(event, e.ItemClosed) and event.item == item:
                    closed = True
                    if not (words.startswith("it is verified") or event.made_up_by):
                        opened, _ended = resting(after)
                        return attrs.evolve(
                            base, verdict="refuted", why="it was closed by decision", states=len(seen), start=opens,
                            way=told, commands=tuple(after.log), open=opened,
                        )  # fmt: skip
            for name in dict.fromkeys((item, f"{ledger.name}/{after.rows.get(f'items/{ledger.name}/all') or 0}")):
                life = _life(after, name, ledger)
                if life not in seen:
                    seen.add(life)
                    todo.append((after, name, told))
    if not closed:
        return attrs.evolve(base, states=len(seen), why="nobody here could close an item")
    why = "whatever is done with an item, it is found good before it is closed"
    return attrs.evolve(base, verdict="proved", states=len(seen), why=why)


def copied(play: Play) -> Play:
    """The same run once more, to go on in another way."""
    return attrs.evolve(play, rows=MemoryRows(play.rows.rows), log=list(play.log))


def _events(play: Play, act: Callable[[Play], None]) -> tuple[e.Event, ...]:
    play.last = ()
    act(play)
    return play.last


def _life(play: Play, item: str, ledger: Ledger) -> Life:
    state = item_of(play.rows, item)
    assert state is not None
    limit = ledger.spec.close.max
    return Life(
        status=state.status, kind=state.kind, published=state.published is not None,
        attempt=min(state.attempt, limit) if isinstance(limit, int) else 0,
        asked=_question(play, item)[0], made_up=bool(state.made_up_by),
    )  # fmt: skip


def _question(play: Play, item: str) -> tuple[str, str]:
    """(its number, the role asked) of an open question about an item."""
    for key, question in play.rows.scan("question/"):
        if question.about == f"item:{item}" and question.answered is None:
            return key.removeprefix("question/"), question.role
    return "", ""


def _acts(play: Play, item: str, ledger: Ledger) -> Iterator[Act]:
    """Everything that somebody may do to an item."""
    state = item_of(play.rows, item)
    assert state is not None
    opener = tuple(map(str, ledger.spec.opened_by))
    yield "it is published", _do(m.PublishItem, opener, state, item=item)
    yield "it is explained", _do(m.ExplainItem, opener, state, item=item, reason="so")
    for kind in map(str, ledger.classes):
        if kind != state.kind:
            yield f"it is moved to {kind}", _do(m.AmendItem, opener, state, item=item, reason="so", kind=kind)
    settlers = tuple(map(str, ledger.spec.close.by))
    evidence = (m.Evidence(kind="report", ref="report.pdf"),)
    yield "it is settled", _do(m.SettleItem, settlers, state, item=item, evidence=evidence)
    checkers = (str(ledger.spec.close.verify),)
    yield "it is verified as good", _do(m.VerifyItem, checkers, state, item=item, good=True)
    yield "it is found poor", _do(m.VerifyItem, checkers, state, item=item, good=False, reason="so")
    yield "it is reopened", _do(m.ReopenItem, opener, state, item=item, reason="so")
    number, role = _question(play, item)
    for verdict in ("close", "reopen", "make_up") if number else ():
        words = f"{role} answers: {verdict}"
        yield words, _do(m.Answer, (role,), state, question=number, verdict=verdict, reason="so")


def _do(kind: type[m.Command], roles: tuple[str, ...], state: ItemState, /, **more: Any) -> Callable[[Play], None]:
    """An act by somebody with one of these roles: the owner where the owner is named, else somebody apart from them."""

    def act(play: Play) -> None:
        own = "owner" in roles or kind in (m.SettleItem, m.PublishItem, m.ExplainItem)
        apart = () if own else (state.owner, state.settled_by)
        by = state.owner if "owner" in roles else play.holder(roles, not_=apart)
        play.do(kind, by, **more)

    return act
