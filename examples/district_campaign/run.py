"""The district programme from launch to outcome: five units, six months, a few seconds.

    python examples/district_campaign/run.py [--db sqlite:///district.db]

It runs the plan (policy.yaml) with the office's house rules (operating.yaml) on SQLite, and shows what the campaign is
about: a gate that is held with all its reasons, reminders and an escalation, a document that is sent back, a unit that
passes at once, one that looks back and passes the second round, one that is organised again in the next batch, and
problems that outlive the run.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the example's own modules, when it runs as a script

from cast import AREAS, DISTRICT, MASSES, MEMBERS, UNITS, VILLAGES, staff
from diligence import work_off

from phaseflow import Engine, Run, load_policy
from phaseflow.errors import show
from phaseflow.hooks import hookimpl
from phaseflow.stores import open_store

HERE = Path(__file__).parent
CHINA = timezone(timedelta(hours=8))

SATISFIED = {"finance": 91, "health": 82, "schools": 95, "water": 78, "north_office": 88}
"""Per cent of satisfied answers in the first round; health reaches 87 in the second."""


class Clock:
    """The clock of the demo: it only moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2009, 2, 20, 9, 0, tzinfo=CHINA)

    def __call__(self) -> datetime:
        return self.now


class Board:
    """A plugin that counts every notice and shows the few that the story is about."""

    SHOWN = ("due_soon", "escalated", "document_returned", "item_due")

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()

    @hookimpl
    def notice(self, notice) -> None:  # type: ignore[no-untyped-def]
        """Told of everything."""
        self.count[notice.kind] += 1
        if notice.kind in self.SHOWN:
            self.shown[notice.kind] += 1
            if self.shown[notice.kind] <= 3:
                where = notice.unit or "programme"
                reason = f" ({notice.data['reason']})" if notice.data.get("reason") else ""
                day = notice.at.astimezone(CHINA)
                print(
                    f"    · {day.day} {day:%b}, {notice.kind.replace('_', ' ')}: {notice.title} [{where}]"
                    f" → {', '.join(notice.persons) or 'all who owe it'}{reason}"
                )


class Story:
    """The programme and its units on one engine, and the hands that move them."""

    def __init__(self, url: str) -> None:
        self.clock, self.board = Clock(), Board()
        self.plan = load_policy(HERE / "operating.yaml")
        store = open_store(url, durability="normal")  # six months in seconds: no power cut has to be survived
        self.engine = Engine(store, clock=self.clock, hooks=[self.board])
        self.programme = self.engine.start(
            self.plan, start="2009-02-20", roster=DISTRICT, bodies={"village": VILLAGES, "area": AREAS}
        )
        self.units: dict[str, Run] = {
            unit: self.engine.start(
                self.plan, unit=unit, start="2009-02-20", programme=self.programme, roster=staff(unit)
            )
            for unit in UNITS
        }

    def until(self, day: str, *, hour: int = 9) -> None:
        """Let the days go by, each with its tick and its mail."""
        goal = datetime.fromisoformat(day).replace(hour=hour, tzinfo=CHINA)
        while self.clock.now < goal:
            self.clock.now = min(goal, self.clock.now + timedelta(days=1))
            self.engine.tick()
            self.engine.relay()

    def work(self, units: Iterable[str] = UNITS, *, leave: Iterable[str] = (), only: Iterable[str] = ()) -> None:
        """Let the staff of these units, and the district, do what is on their lists."""
        district = [str(person["id"]) for person in DISTRICT]
        work_off(self.programme, self.plan, district, leave=tuple(leave), only=tuple(only))
        for unit in units:
            work_off(self.units[unit], self.plan, [*people_of(unit), *district], leave=tuple(leave), only=tuple(only))
        self.engine.relay()

    def close(self, phase: str, units: Iterable[str] = UNITS) -> None:
        """Ask for the end of a phase in these units, then in the programme."""
        for unit in units:
            answer = self.units[unit].request(f"{phase}.close", by=f"{unit}.head")
            if answer.held:
                self.explain(unit, answer.reasons)
        self.engine.tick()

    def explain(self, unit: str, reasons: Iterable[object]) -> None:
        """Show a held gate with every reason."""
        for reason in reasons:
            print(indent(show(reason.problem(), self.plan.line)))  # type: ignore[attr-defined]


def people_of(unit: str) -> list[str]:
    """Staff who owe something; invited people do not."""
    return [f"{unit}.head", f"{unit}.deputy", *(f"{unit}.m{number}" for number in range(1, MEMBERS + 1))]


def indent(text: str) -> str:
    """A block set in."""
    return "\n".join(f"      {line.replace(str(HERE) + '/', '')}" for line in text.split("\n"))


def say(day: str, text: str) -> None:
    """One line of the story."""
    print(f"\n{day}  {text}")


# --- the story --------------------------------------------------------------------------------------------------------


def preparation(story: Story) -> None:
    """Plans are handed in and approved; one is sent back. One unit does not hold its meeting in time."""
    say("20 Feb", f"Launch: the programme and {len(UNITS)} units, {sum(len(staff(unit)) for unit in UNITS)} people.")
    story.until("2009-02-25")
    for unit, run in story.units.items():
        run.draft("plan", by=f"{unit}.head", digest=digest(f"{unit} plan 1"), ref=f"{unit}/plan-1.pdf")
    say("27 Feb", "The work committee reads the units' plans; the plan of 'health' names nobody responsible.")
    story.until("2009-02-27")
    for unit, run in story.units.items():
        if unit == "health":
            run.judge("plan", by="zhao", accept=False, reason="no responsible persons are named")
            story.engine.relay()
            run.draft("plan", by="health.head", digest=digest("health plan 2"), ref="health/plan-2.pdf")
        run.judge("plan", by="zhao", accept=True)
    story.until("2009-03-05")
    say("5 Mar", "The district mobilises. Every unit is to mobilise by 13 March; 'water' forgets.")
    story.programme.hold("district_meeting", by="zhao")
    for unit in UNITS:
        if unit != "water":
            story.units[unit].hold("kickoff", by=f"{unit}.head", evidence=["minutes.pdf"])
    story.until("2009-03-17", hour=12)
    story.units["water"].hold("kickoff", by="water.head", evidence=["minutes.pdf"])


def studying(story: Story) -> None:
    """Phase 1; a gate is held with all its reasons."""
    for unit, run in story.units.items():
        run.list_body("household", f"{unit}-household-1", by=f"{unit}.m1")
    story.work(leave=("notes", "great_debate", "tv_talk"))
    for unit in UNITS:
        behind = ("finance.m2", "finance.m4") if unit == "finance" else ()
        for person in people_of(unit):
            amount = "12500 characters" if person in behind else "20000 characters"
            story.units[unit].record("notes", by=person, amount=amount)
    story.until("2009-04-20")
    story.work([unit for unit in UNITS if unit != "finance"])
    story.until("2009-04-30")
    say("30 Apr", "'finance' asks for the end of the first phase, and is told exactly what is missing:")
    story.close("study", ["finance"])
    for person in ("finance.m2", "finance.m4"):
        story.units["finance"].record("notes", by=person, amount="7500 characters")
    story.work(["finance"])
    story.close("study")
    story.programme.request("study.close", by="qian")
    print(
        f"    after finance has caught up: {closed(story, 'study')} of {len(UNITS)} units have closed the phase,"
        " and so has the programme"
    )


def analysing(story: Story) -> None:
    """Phase 2: meetings, the analysis report on its nine-step route, mass review."""
    for day in ("2009-05-12", "2009-05-28", "2009-06-05", "2009-06-12", "2009-06-25"):
        story.until(day)
        story.work()
    say(
        "30 Jun",
        f"{documents(story)} acts on the routes of documents so far; the reports are reviewed, published and filed.",
    )
    story.until("2009-06-30")
    story.close("analysis")
    story.programme.request("analysis.close", by="qian")


def rectifying(story: Story) -> None:
    """Phase 3: the plan, and the ledger of problems, closed one by one."""
    story.until("2009-07-06")
    for unit, run in story.units.items():
        for kind, content, due in (
            ("ripe", "queues at the counter", None),
            ("staged", "a new building is needed", "2010-03-31"),
        ):
            run.open_item(
                "problems",
                by=f"{unit}.deputy",
                kind=kind,
                owner=f"{unit}.deputy",
                due=due,
                fields={
                    "content": content,
                    "deadline": due or "in fifteen days",
                    "goal": "solved for good",
                    "measures": "see the plan",
                    "responsible": "the deputy",
                },
            )
            run.publish_item(f"problems/{1 if kind == 'ripe' else 2}", by=f"{unit}.head")
    for day in ("2009-07-18", "2009-08-08", "2009-08-28"):
        story.until(day)
        story.work()
        if day == "2009-07-18":
            for unit, run in story.units.items():
                run.settle_item("problems/1", by=f"{unit}.deputy", evidence=["report.pdf"])
                if unit == "schools":
                    run.verify_item("problems/1", by="sun", good=False, reason="the queue is as long as before")
                    run.settle_item("problems/1", by=f"{unit}.deputy", evidence=["second-report.pdf"])
                run.verify_item("problems/1", by="sun", good=True)
    story.until("2009-08-31")
    say(
        "31 Aug",
        "Every ripe problem was settled with evidence and verified, one at the second attempt; the long ones stay.",
    )
    story.close("rectify")
    story.programme.request("rectify.close", by="qian")


def rating(story: Story) -> None:
    """The satisfaction poll with its bands: closing, look-back, redo."""
    story.until("2009-09-03")
    story.work(only=("poll_plan",))
    for unit in UNITS:
        vote(story, unit, SATISFIED[unit])
    say("10 Sep", "The satisfaction poll is counted; nobody can see who answered what.")
    story.until("2009-09-12")
    for unit, run in story.units.items():
        band = {"rating": "waits", "repair": "look-back", "summing_up": "goes on to its summary"}.get(
            where(run), run.status().outcome
        )
        print(f"    {unit:<13} {SATISFIED[unit]} %  → {band}")
    story.until("2009-10-08")
    say("8 Oct", "'health' has looked back, filled its gaps, and polls again: 87 %.")
    story.work(["health"], only=("gaps",))
    story.units["health"].request("poll_again", by="health.head")
    story.work(["health"], only=("poll_plan",))
    vote(story, "health", 87)
    story.until("2009-10-16")


def vote(story: Story, unit: str, percent: int) -> None:
    """A hundred answers over three edges, so many of them satisfied."""
    run, head = story.units[unit], f"{unit}.head"
    leaders, members = ("feng", "han"), people_of(unit)
    crowd = 100 - len(leaders) - len(members)
    run.open_poll(
        "satisfaction",
        by=head,
        invited={
            "leaders_rate_units": {"district_leader": len(leaders)},
            "cadres_rate_leaders": {"member": len(members)},
            "masses_rate_members": {"masses": crowd},
        },
    )
    answers = ["satisfied"] * percent + ["dissatisfied"] * (100 - percent)
    for leader in leaders:
        run.cast("satisfaction", "leaders_rate_units", answers.pop(), by=leader)
    for member in members:
        run.cast("satisfaction", "cadres_rate_leaders", answers.pop(0), by=member)
    for number in range(crowd):
        who = f"{unit}.p{number + 1:02d}" if number < MASSES else head  # papers of people on no roster are handed in
        group = "" if number < MASSES else "masses"
        run.cast("satisfaction", "masses_rate_members", answers.pop(0), by=who, group=group)
    run.close_poll("satisfaction", by=head)


def closing(story: Story) -> None:
    """Summaries, outcomes, and what lives on."""
    story.work(["finance", "schools", "north_office", "health"])
    story.until("2009-10-26")
    story.work(["finance", "schools", "north_office", "health"])
    for unit in ("finance", "schools", "north_office", "health"):
        answer = story.units[unit].request("completed", by=f"{unit}.head")
        if answer.held:
            story.explain(unit, answer.reasons)
    story.programme.request("rating.close", by="qian")
    answer = story.programme.request("finished", by="qian")
    if answer.held:
        story.explain("programme", answer.reasons)
    say("26 Oct", "The programme ends. Its long problems do not: in spring 2010 they fall due.")
    story.until("2010-02-20")
    say("20 Feb", "The third batch begins. 'water' is in it, and its new run pays the debt of the old one.")
    third = story.engine.start(
        story.plan, start="2010-02-20", roster=DISTRICT, run="district_campaign/batch_3", batch=3
    )
    again = story.engine.start(
        story.plan,
        unit="water",
        start="2010-02-20",
        programme=third,
        roster=staff("water"),
        run="district_campaign/batch_3/water",
        batch=3,
        redeems=story.units["water"],
    )
    print(f"    {again.id} redeems {story.units['water'].id} and takes over its open problem")
    story.until("2010-04-03")


# --- small words ------------------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def where(run: Run) -> str:
    """The phase a run is in, the last one if it is in several."""
    return next((phase.name for phase in reversed(run.status().phases) if phase.state in ("open", "overdue")), "")


def closed(story: Story, phase: str) -> int:
    """How many units have closed a phase."""
    return sum(
        any(p.name == phase and p.state == "closed" for p in run.status().phases) for run in story.units.values()
    )


def documents(story: Story) -> int:
    """How many acts were done on the routes of documents."""
    acts = ("VersionDrafted", "StepPassed", "OpinionGiven", "OpinionAnswered", "DocumentReturned")
    return sum(type(entry.event).__name__ in acts for run in story.units.values() for entry in run.history())


def summary(story: Story) -> None:
    """How it all ended."""
    print(f"\n{'unit':<14}{'outcome':<12}{'rounds':<8}{'open items':<12}{'entries':<9}trail")
    for unit, run in story.units.items():
        status = run.status()
        rounds = sum(type(entry.event).__name__ == "PollCounted" for entry in run.history())
        owed = (
            f" (organised again as {status.redeemed_by})"
            if status.redeemed_by
            else " (a run is owed)"
            if status.owes_redo
            else ""
        )
        state = "intact" if not run.verify() else "; ".join(run.verify())
        print(
            f"{unit:<14}{status.outcome or status.status:<12}{rounds:<8}"
            f"{status.items['problems'][0]:<12}{status.entries:<9}{state}{owed}"
        )
    status = story.programme.status()
    print(
        f"{'programme':<14}{status.outcome or status.status:<32}{status.entries:<9}"
        f"{'intact' if not story.programme.verify() else 'broken'}"
    )
    told = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in story.board.count.most_common(8))
    print(f"\nTold: {told}.")


def main() -> None:
    """Run the story."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", default="", help="where to keep the runs; a fresh file under .demo by default")
    db = parser.parse_args().db or fresh()
    story = Story(db)
    for part in (preparation, studying, analysing, rectifying, rating, closing):
        part(story)
    summary(story)
    print(f"\nThe runs are in {db}. Try next:")
    for line in (
        "status district_campaign/finance",
        "history district_campaign/water",
        "verify",
        "todo district_campaign/health health.deputy",
    ):
        print(f"    .venv/bin/phaseflow {line} --db {db}")
    story.engine.close()


def fresh() -> str:
    """A new database under .demo, beside the example's repository."""
    folder = HERE.parents[1] / ".demo"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("district.db*"):
        old.unlink()
    file = folder / "district.db"
    return f"sqlite:///{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}"


if __name__ == "__main__":
    main()
