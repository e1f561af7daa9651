"""What the example programmes share: a clock that moves when it is told to, people who do what they owe, a timeline.

Everything goes through the public interface, as in a host application. A script of an example begins with

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from staging import Stage
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from phaseflow import Engine, Plan, Refused, Run, load_policy
from phaseflow.core.plan import Duty
from phaseflow.engine import Owed
from phaseflow.errors import show
from phaseflow.hooks import hookimpl
from phaseflow.messages.events import EdgeResult

Person = dict[str, Any]


def person(id: str, *roles: str) -> Person:
    """A line of a roster."""
    return {"id": id, "roles": list(roles)}


def digest(text: str) -> str:
    """The SHA-256 of a text: phaseflow keeps no files, only what they hash to."""
    return hashlib.sha256(text.encode()).hexdigest()


class Stage:
    """A programme on SQLite in accelerated time.

    Args:
        folder: The example's folder; its ``operating.yaml`` is the plan that is run.
        now: The first instant, as text with its offset.
        db: A database; a fresh file under ``.demo`` by default.
    """

    def __init__(self, folder: Path, *, now: str, db: str = "") -> None:
        self.folder = folder
        self.now = datetime.fromisoformat(now)
        self.plan = load_policy(folder / "operating.yaml")
        self.db = db or fresh(folder)
        self.engine = Engine(self.db, clock=lambda: self.now, hooks=[self])
        self.people: dict[str, list[str]] = {}
        self.told: Counter[str] = Counter()

    @hookimpl
    def notice(self, notice) -> None:  # type: ignore[no-untyped-def]
        """Told of everything: a host would send mail here."""
        self.told[notice.kind] += 1

    def start(self, *, roster: Iterable[Person], **more: Any) -> Run:
        """Start a run and remember who is in it."""
        roster = list(roster)
        run = self.engine.start(self.plan, roster=roster, **more)
        self.people[run.id] = [str(one["id"]) for one in roster]
        return run

    def until(self, day: str, *, hour: int = 9) -> None:
        """Let the days go by, each with its tick and its mail."""
        goal = datetime.fromisoformat(day).replace(hour=hour, tzinfo=self.now.tzinfo)
        while self.now < goal:
            self.now = min(goal, self.now + timedelta(days=1))
            self.engine.tick()
            self.engine.relay()

    def work(
        self, run: Run, *, leave: Collection[str] = (), only: Collection[str] = (), also: Iterable[str] = ()
    ) -> int:
        """Let everybody in a run do what is on their lists; *also* names people of the programme above it."""
        return work_off(run, self.plan, [*self.people[run.id], *also], leave=leave, only=only)

    def say(self, text: str) -> None:
        """One line of the story, with its day."""
        print(f"{self.now:%Y-%m-%d}  {text}")

    def ask(self, run: Run, move: str, *, by: str) -> bool:
        """Ask for a move, and show a held gate with every reason."""
        answer = run.request(move, by=by)
        if answer.held:
            self.say(f"'{move}' is held:")
            for reason in answer.reasons:
                print(self._near(show(reason.problem(), self.plan.line)))
        return answer.passed

    def attempt(self, act: Any, /, *arguments: Any, **more: Any) -> None:
        """Do what the policy refuses, and show the refusal."""
        try:
            act(*arguments, **more)
        except Refused as refused:
            print(self._near(str(refused)))
        else:
            raise AssertionError("this was to be refused")

    def _near(self, text: str) -> str:
        return "\n".join(f"    {line.replace(str(self.folder) + '/', '')}" for line in text.split("\n"))

    def finish(self, *runs: Run) -> None:
        """Print the timeline and the outcome of the runs, and where to look further."""
        for run in runs:
            print(f"\nTimeline of {run.id}")
            for line in timeline(run, self.plan):
                print(f"  {line}")
        print()
        for run in runs:
            status = run.status()
            items = ", ".join(f"{name}: {still} of {total} open" for name, (still, total) in status.items.items())
            trail = "; ".join(run.verify()) or "intact"
            state = status.outcome or status.status
            print(f"{run.id}: {state}; {items or 'no ledger'}; {status.entries} entries, trail {trail}")
        told = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in self.told.most_common(6))
        print(f"Told: {told}.\nLook further: phaseflow history {runs[0].id} --db {self.db}")
        self.engine.close()


# --- the timeline -----------------------------------------------------------------------------------------------------

_SHOWN: Mapping[str, str] = {
    "RunStarted": "the campaign starts: {start}",
    "PhaseAssumed": "{phase} is taken over: {basis}",
    "PhaseOpened": "{phase} opens",
    "WindowEnded": "the days of {phase} are over",
    "PhaseClosed": "{phase} is closed, {open_duties} duties undone",
    "MeetingHeld": "{key} is held",
    "DocumentReturned": "{key} goes back to '{to}': {reason}",
    "PollCounted": "{key} is counted: {results}; what follows: {go}",
    "Obliged": "obliged by the programme: {go}",
    "MakeUpOrdered": "to be made up: {orders}",
    "ItemPublished": "{item} is published",
    "ItemExplained": "{item} is explained: {reason}",
    "ItemReopened": "{item} is opened again",
    "ItemClosed": "{item} is closed",
    "RunConcluded": "the run ends: {outcome}, {open_items} items open",
}


def timeline(run: Run, plan: Plan) -> list[str]:
    """What happened, a line each: phases, meetings, returns, results, items; how many duties fell due undone."""
    found = []
    late = 0
    for entry in run.history():
        event = entry.event
        name = type(event).__name__
        if name == "DutyFellDue" and event.outstanding:  # type: ignore[attr-defined]
            late += 1
        told = _SHOWN.get(name)
        if told:
            fields = {key: _short(getattr(event, key)) for key in _names(event)}
            found.append(f"{plan.calendar.local(entry.at):%Y-%m-%d}  {told.format(**fields)}")
    return [*found, f"(due days that passed with something still owed: {late})"]


def _names(event: Any) -> list[str]:
    return [field.name for field in event.__attrs_attrs__]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(map(str, value))
    if isinstance(value, tuple):
        return ", ".join(map(_short, value)) or "nothing"
    if isinstance(value, EdgeResult):
        return f"{value.edge} {value.rated}".strip() + f" {value.favourable} of {value.base}"
    return str(value).rsplit("/", 1)[-1] if "/1/" in str(value) else str(value)


# --- people who do what they owe --------------------------------------------------------------------------------------


def work_off(
    run: Run, plan: Plan, people: Iterable[str], *, leave: Collection[str] = (), only: Collection[str] = ()
) -> int:
    """Let people work until nothing on their lists is ready; how many acts were done.

    Args:
        run: The run they work in.
        plan: Its plan.
        people: Who works.
        leave: Duties nobody touches today.
        only: If given, only these duties.
    """
    done, people = 0, list(people)
    for _ in range(12):
        before = done
        for one in people:
            for owed in run.todo(one):
                if owed.ready and owed.subject not in leave and (not only or owed.subject in only):
                    done += _act(run, plan, one, owed)
        if done == before:
            break
    return done


def _act(run: Run, plan: Plan, who: str, owed: Owed) -> int:
    rule = plan.levels[run.status().level].duties.get(owed.subject)
    if rule is None or rule.kind == "poll":
        return 0
    try:
        if owed.what.startswith("confirm "):
            run.confirm(rule.name, by=who)
        else:
            _ACTS[rule.kind](run, rule, who, owed)
    except Refused as refused:
        if refused.kind in ("illegal", "unmet", "not_entitled"):  # somebody else was quicker, or it is not their turn
            return 0
        raise
    return 1


def _evidence(rule: Duty) -> list[str]:
    return [f"{kind}={kind}.pdf" for kind in rule.spec.evidence]


def _complete(run: Run, rule: Duty, who: str, _owed: Owed) -> None:
    run.complete(rule.name, by=who, evidence=_evidence(rule))


def _record(run: Run, rule: Duty, who: str, _owed: Owed) -> None:
    quota = rule.spec.quota  # type: ignore[union-attr]
    for subject in _subjects(run, rule):
        run.record(rule.name, by=who, amount=(quota.count or 1, quota.unit), subject=subject, evidence=_evidence(rule))


def _check(run: Run, rule: Duty, who: str, _owed: Owed) -> None:
    for subject in _subjects(run, rule):
        for entry in rule.spec.items:  # type: ignore[union-attr]
            run.check(rule.name, str(entry), by=who, subject=subject)


def _hold(run: Run, rule: Duty, who: str, _owed: Owed) -> None:
    invited = [one for role in rule.spec.attend for one in holders(run, str(role))]  # type: ignore[union-attr]
    run.hold(rule.name, by=who, attendance=dict.fromkeys(invited, "present"), evidence=_evidence(rule))


def _document(run: Run, rule: Duty, who: str, owed: Owed) -> None:
    step = rule.step_named(owed.what.split(" ", 1)[0])
    of = owed.what.rpartition(" of ")[2] if " of " in owed.what else ""
    if step is None:
        return
    match step.family:
        case "write":
            text = f"{run.id} {rule.name} {step.name} {run.status().entries}"
            answers = {str(number): "in the text" for number in _unanswered(run, rule.name)}
            given = answers if step.act == "absorb" else {}
            run.draft(rule.name, by=who, digest=digest(text), ref=f"files/{rule.name}", subject=of, answers=given)
        case "hear":
            for role in step.roles:
                for one in holders(run, str(role))[:2]:
                    run.opine(rule.name, by=one, ref=f"opinions/{one}", subject=of)
            run.end_consultation(rule.name, by=_writer(run, rule), subject=of)
        case "judge":
            run.judge(rule.name, by=who, accept=True, subject=of)
        case "tell":
            run.hand(rule.name, step.name, by=who, subject=of)


def _subjects(run: Run, rule: Duty) -> list[str]:
    if rule.subjects != "body":
        return [""]
    with run.engine.reading(run.id) as (_tx, _head, _plan, rows, _around):
        return [key.rsplit("/", 1)[1] for key, _ in rows.scan(f"body/{rule.each}/")]


def holders(run: Run, role: str) -> list[str]:
    """Who holds a role in a run."""
    with run.engine.reading(run.id) as (_tx, _head, _plan, rows, _around):
        return [key.rsplit("/", 1)[1] for key, _ in rows.scan(f"holder/{role}/")]


def _writer(run: Run, rule: Duty) -> str:
    """Who handed in the latest version."""
    drafts = [
        entry.actor
        for entry in run.history()
        if type(entry.event).__name__ == "VersionDrafted" and entry.event.key.endswith(f"/{rule.name}")  # type: ignore[attr-defined]
    ]
    return drafts[-1]


def _unanswered(run: Run, document: str) -> list[int]:
    """Numbers of the opinions on a document that nobody has answered."""
    given: list[int] = []
    for entry in run.history():
        event: Any = entry.event
        if type(event).__name__ == "OpinionGiven" and event.key.endswith(f"/{document}"):
            given.append(event.number)
        if type(event).__name__ == "OpinionAnswered" and event.key.endswith(f"/{document}"):
            given.remove(event.number)
    return given


_ACTS = {
    "task": _complete,
    "bulletin": _complete,
    "quota": _record,
    "checklist": _check,
    "meeting": _hold,
    "document": _document,
}


# --- scripts ----------------------------------------------------------------------------------------------------------


def database(doc: str) -> str:
    """The database that the command line names, if it does."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", default="", help="where to keep the runs; a fresh file under .demo by default")
    return str(parser.parse_args().db)


def fresh(folder: Path) -> str:
    """A new database under .demo, beside the example's repository."""
    place = folder.parents[1] / ".demo"
    place.mkdir(exist_ok=True)
    for old in place.glob(f"{folder.name}.db*"):
        old.unlink()
    file = place / f"{folder.name}.db"
    return f"sqlite:///{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}"
