"""What people ask of a run: why, what is owed, what is possible, how it stands. Reading only; what is due is settled
in memory first, so that an answer never depends on who ticked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from phaseflow.core.decide import phases as moves
from phaseflow.core.decide.objections import Objection
from phaseflow.core.decide.objections import objections as against
from phaseflow.core.decide.outlook import outlook
from phaseflow.core.decide.people import roles_of
from phaseflow.core.decide.roster import keepers
from phaseflow.core.decide.settle import settle
from phaseflow.core.decide.step import Actor, Refusal, Step
from phaseflow.core.deeds import Outlook
from phaseflow.core.gates import judge, subjects_outstanding
from phaseflow.core.plan.model import Duty, Move, Plan
from phaseflow.core.reasons import Reason, act_for, number_text, reasons
from phaseflow.core.state.duties import checkers_of
from phaseflow.core.state.polls import vote_key
from phaseflow.core.state.rows import Draft, DutyState, PartState, Question, VisitState
from phaseflow.engine.answers import Owed, PhaseView, Refused, Status
from phaseflow.engine.rows import StoreRows
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages.events import Days
from phaseflow.spec.duties import PollDuty
from phaseflow.stores.base import HeadQuery

if TYPE_CHECKING:
    from phaseflow.engine.engine import Engine


Duties = Iterable[tuple[Duty, DutyState]]


@contextmanager
def looking(engine: Engine, run: str) -> Iterator[tuple[Plan, Step, Any]]:
    """A settled copy of a run's rows to look at; nothing of it is written."""
    with engine.reading(run) as (tx, head, plan, rows, around):
        now = engine.clock()
        clock = rows.get("clock")
        step = Step(plan, Draft(rows), around, at=clock.watermark, now=max(now, clock.watermark))
        settle(step, step.now)
        step.at = step.now
        yield plan, step, (tx, head)


def why(engine: Engine, run: str, move: str) -> tuple[Reason, ...]:
    """Every unmet requirement of a move's gate."""
    with looking(engine, run) as (plan, step, _):
        try:
            found = moves.find_move(step, move)
            unmet = moves.unmet(step, found)
        except Refusal as refusal:
            raise Refused(refusal.kind, refusal.problems, engine.plans.lines(plan)) from None
        return reasons(unmet, step.facts(), step.day)


def what_would_it_take(engine: Engine, run: str, move: str) -> Outlook:
    """The smallest set of further deeds for a move, or why it is not possible any more."""
    with looking(engine, run) as (plan, step, _):
        try:
            return outlook(step, move)
        except Refusal as refusal:
            raise Refused(refusal.kind, refusal.problems, engine.plans.lines(plan)) from None


def objections(engine: Engine, run: str, command: c.Command) -> tuple[Objection, ...]:
    """Everything that stands against a command now."""
    with engine.store.transaction(write=False) as tx:
        head = engine.desk.head(tx, run)
        plan = engine.plans.load(tx, head.plan)
        around = engine.desk.around(tx, head, plan, command)
        return against(plan, StoreRows(tx, run), engine.desk.observe(tx, run, command), around)


def owing(engine: Engine, run: str, duty: str, after: str, limit: int) -> tuple[str, ...]:
    """A page of those who still owe a duty (R24)."""
    with looking(engine, run) as (_plan, step, _):
        if duty not in step.level.duties:
            problem = Problem(
                code="PF329", what=f"there is no duty '{duty}' here", why="who owes is asked of a duty of this run",
                fix=did_you_mean(duty, step.level.duties) or "look at `todo`",
            )  # fmt: skip
            raise Refused("unknown", (problem,))
        return subjects_outstanding(step.facts(), duty, limit, after)[0]


# --- what is owed -----------------------------------------------------------------------------------------------------


def todo(engine: Engine, run: str, person: str) -> tuple[Owed, ...]:
    """What a person owes now, the most urgent first."""
    with looking(engine, run) as (_plan, step, _):
        held = roles_of(step, person)
        if step.head.status in ("cancelled", "archived", "suspended"):
            return ()
        duties = _open_duties(step)
        found = [
            *_duties(step, duties, person, held),
            *_checks(step, duties, person, held),
            *_items(step, person, held),
            *_questions(step, held),
        ]
        return tuple(sorted(found, key=lambda owed: (owed.due is None, owed.due or step.day, owed.subject)))


def _made_up(step: Step, state: DutyState) -> bool:
    """Whether another duty stands for this one, because a make-up was ordered."""
    latest = step.get(f"latest/{state.name}")
    newer: DutyState | None = step.get(f"duty/{latest}") if latest and latest != state.key else None
    return newer is not None and bool(newer.makes_up) and newer.opened >= state.opened


def _open_duties(step: Step) -> tuple[tuple[Duty, DutyState], ...]:
    """What is owed in the stays that are open now, early duties and those ordered again included."""
    early = [
        f"{rule.phase}/1"
        for rule in step.level.duties.values()
        if rule.spec.from_ and rule.phase not in step.head.visits
    ]
    again = [f"{phase}/made_up" for phase in step.level.phases]  # owed because a band asked for them
    stays: dict[str, list[DutyState]] = {stay: [] for stay in (*step.head.open, *early, *again)}
    for _key, state in step.rows.scan("duty/"):
        stay = "/".join(state.key.split("/", 2)[:2])
        if stay in stays:
            stays[stay].append(state)
    return tuple(
        (rule, state)
        for states in stays.values()
        for state in states
        if (rule := step.level.duties.get(state.name)) is not None
        and state.outstanding > 0
        and not (state.period is not None and state.period.first is not None and state.period.first > step.day)
        and not _made_up(step, state)
    )


def _duties(step: Step, duties: Duties, person: str, held: frozenset[str]) -> Iterator[Owed]:
    for rule, state in duties:
        if rule.kind == "document":
            yield from _document(step, rule, state, person, held)
        elif rule.subjects == "role" and rule.each in held:
            part: PartState = step.get(f"part/{state.key}/{person}") or PartState()
            if not part.done and not part.waived and part.owes != 0:
                yield _owed(step, rule, state, part, subject=person)
        elif rule.subjects != "role" and held & set(rule.by):
            yield _owed(step, rule, state, step.get(f"part/{state.key}/") or PartState())


def _owed(step: Step, rule: Duty, state: DutyState, part: PartState, what: str = "", subject: str = "") -> Owed:
    term = part.term or state.term
    limit = term.grace or term.due
    wanted = part.owes if part.owes is not None else state.amount
    rest = ""
    if wanted is not None and rule.subjects != "body":
        rest = f"{number_text(max(wanted - part.amount, Fraction(0)))} of {number_text(wanted)} {state.unit}"
    elif rule.subjects == "body":
        rest = f"{state.outstanding} of {state.owed}"
    return Owed(
        what=what or act_for(rule, state, step.facts()),
        subject=rule.name,
        title=rule.title,
        kind=rule.kind,
        due=term.day,
        overdue=limit is not None and step.now >= limit,
        rest=rest,
        line=str(rule.span),
        clause=", ".join(rule.clause),
        ready=_needs_met(step, rule, subject),
    )


def _needs_met(step: Step, rule: Duty, subject: str) -> bool:
    return rule.needs is None or judge(rule.needs, step.facts(rule.phase, subject)).value is True


def _document(step: Step, rule: Duty, state: DutyState, person: str, held: frozenset[str]) -> Iterator[Owed]:
    """Documents wait at a step; whoever acts there owes the act."""
    seen = set()
    for key, document in step.rows.scan(f"document/{state.key}/"):
        subject = key.rsplit("/", 1)[1]
        seen.add(subject)
        here = rule.step_named(getattr(document, "step", ""))
        if here is None:
            continue
        actors = set(here.by or (rule.route[0].roles if here.family == "tell" else here.roles))
        mine = (
            subject == person if rule.subjects == "role" and here.family in ("write", "tell") else bool(held & actors)
        )
        if mine:
            part = step.get(f"part/{state.key}/{subject}") or PartState()
            yield _owed(
                step,
                rule,
                state,
                part,
                f"{here.name} {rule.name}" + (f" of {subject}" if subject and subject != person else ""),
                subject,
            )
    if rule.subjects == "role" and rule.each in held and person not in seen:
        yield _owed(step, rule, state, PartState(), f"draft {rule.name}", person)


def _checks(step: Step, duties: Duties, person: str, held: frozenset[str]) -> Iterator[Owed]:
    """What others have reported and this person's role confirms."""
    for rule, state in duties:
        if not held & set(checkers_of(step.plan, rule, state)):
            continue
        for key, part in step.rows.scan(f"part/{state.key}/"):
            subject = key.rsplit("/", 1)[1]
            if part.reported and not part.done and subject != person:
                what = f"confirm {rule.name}" + (f" of {subject}" if subject else "")
                yield _owed(step, rule, state, part, what, subject)


def _items(step: Step, person: str, held: frozenset[str]) -> Iterator[Owed]:
    for key, item in step.rows.scan("item/"):
        ledger = step.level.ledgers.get(key.split("/")[1])
        status = getattr(item, "status", "")
        mine = status == "open" and person in item.owners
        if mine or (status == "settled" and ledger is not None and str(ledger.spec.close.verify) in held):
            term = item.term
            yield Owed(
                what="settle" if mine else "verify",
                subject=item_id(key),
                title=ledger.title if ledger else "",
                kind="item",
                due=term.day,
                overdue=term.due is not None and step.now >= term.due,
                line=str(ledger.span) if ledger else "",
                clause=", ".join(ledger.clause) if ledger else "",
            )


def item_id(key: str) -> str:
    """The id of an item (``problems/1``) from the key of its row, which is padded so that items stand in order."""
    _, ledger, number = key.split("/")
    return f"{ledger}/{int(number)}"


def _questions(step: Step, held: frozenset[str]) -> Iterator[Owed]:
    for key, question in step.rows.scan("question/"):
        asked = {question.role} if question.role else set(keepers(step))
        if isinstance(question, Question) and question.answered is None and held & asked:
            yield Owed(what="answer", subject=key.removeprefix("question/"), title=question.text, kind="question")


# --- what is possible -------------------------------------------------------------------------------------------------


def allowed(engine: Engine, run: str, person: str) -> tuple[Owed, ...]:
    """Moves a person may ask for now, whether or not the gate would pass, and the acts on what is owed."""
    with looking(engine, run) as (_plan, step, _):
        if step.head.status != "running":
            return ()
        held = roles_of(step, person)
        step.actor = Actor(person)
        found = [
            _move(step, move) for move in step.level.moves.values() if held & set(move.by) and moves.allowed(step, move)
        ]
        duties = _open_duties(step)
        owed = [*_duties(step, duties, person, held), *_checks(step, duties, person, held), *_items(step, person, held)]
        opening = [
            Owed(
                what="open_item",
                subject=name,
                title=ledger.title,
                kind="ledger",
                line=str(ledger.span),
                clause=", ".join(ledger.clause),
            )
            for name, ledger in step.level.ledgers.items()
            if held & set(map(str, ledger.spec.opened_by))
        ]
        return (*found, *owed, *_votes(step, person, held), *opening, *_questions(step, held))


def _votes(step: Step, person: str, held: frozenset[str]) -> Iterator[Owed]:
    """Open polls in which somebody may still take part, edge by edge."""
    for key, poll in step.rows.scan("poll/"):
        rule = step.level.duties.get(key.rsplit("/", 1)[1])
        if poll.status != "open" or rule is None or not isinstance(rule.spec, PollDuty):
            continue
        for name, edge in rule.spec.edges.items():
            taken = step.get(vote_key(poll, str(name), person)) is not None
            if held & set(map(str, edge.raters)) and not (taken and rule.spec.anonymous):
                closes = step.calendar.day_of(poll.closes) if poll.closes is not None else None
                line, clause = str(rule.span), ", ".join(rule.clause)
                yield Owed(
                    what=f"cast {rule.name} {name}",
                    subject=rule.name,
                    title=rule.title,
                    kind="poll",
                    due=closes,
                    line=line,
                    clause=clause,
                )


def _move(step: Step, move: Move) -> Owed:
    judged = moves.examine(step, move)
    return Owed(
        what="request",
        subject=move.name,
        title=move.name,
        kind="move",
        line=str(move.span),
        clause=", ".join(move.clause),
        ready=judged is None or judged.value is True,
    )


# --- how it stands ----------------------------------------------------------------------------------------------------


def status(engine: Engine, run: str) -> Status:
    """A run at a glance."""
    with looking(engine, run) as (_plan, step, (tx, stored)):
        head = step.head
        phases = tuple(_phase(step, name) for name in step.level.phases)
        items = {
            name: (int(step.get(f"items/{name}/open") or 0), int(step.get(f"items/{name}/all") or 0))
            for name in step.level.ledgers
        }
        questions = sum(1 for _key, question in step.rows.scan("question/") if question.answered is None)
        enrolled = {key.removeprefix("unit/") for key, _ in step.rows.scan("unit/")}
        heads = tx.heads(HeadQuery(parent=run)) if head.level == "programme" else []
        units = {found.unit: found.status if found.unit in enrolled else "withdrawn" for found in heads}
        return Status(
            run=run,
            unit=head.unit,
            level=head.level,
            campaign=head.campaign,
            status=head.status,
            outcome=head.outcome,
            phases=phases,
            waiting=head.waiting,
            items=items,
            questions=questions,
            owes_redo=head.owes_redo,
            redeemed_by=head.redeemed_by,
            next_due=stored.due_at,
            entries=stored.seq,
            units=units,
            plan=head.plan,
            until=str(step.plan.policy.amends.until) if head.returns and step.plan.policy.amends is not None else "",
            came_from=tuple(key.removeprefix("origin/") for key, _ in step.rows.scan("origin/")),
            goes_on_in=tuple(key.removeprefix("heir/") for key, _ in step.rows.scan("heir/")),
        )


def _phase(step: Step, name: str) -> PhaseView:
    head, rule = step.head, step.level.phases[name]
    number = head.visits.get(name, 0)
    visit: VisitState | None = step.get(f"visit/{name}/{number}") if number else None
    planned: Days | None = visit.window if visit is not None else step.get(f"window/{name}")
    states = _states(step, name, number)
    if visit is None:
        state = "assumed" if name in head.assumed else "waiting" if name in head.waiting else "ahead"
    else:
        state = "closed" if visit.closed is not None else "overdue" if visit.overdue else "open"
    return PhaseView(
        name=name,
        title=rule.title,
        visit=number,
        first=planned.first if planned else None,
        last=planned.last if planned else None,
        state=state,
        duties=len(states),
        done=sum(row.outstanding <= 0 for row in states),
    )


def _states(step: Step, name: str, number: int) -> list[DutyState]:
    rows: Iterable[tuple[str, DutyState]] = step.rows.scan(f"duty/{name}/{number}/") if number else ()
    return [row for _key, row in rows if row.name in step.level.duties]
