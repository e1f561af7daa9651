"""What comes out otherwise under another policy, by kinds of effects; what nobody can know is said, not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phaseflow.core.plan import Plan
from phaseflow.engine import Engine, Run
from phaseflow.policies import load_policy
from phaseflow.replay.compare import Change, Comparison, compare
from phaseflow.replay.history import read_history

POLICY = """\
phaseflow: 1
campaign: safety
zone: Asia/Shanghai
roles: {lead: Lead, deputy: Deputy, member: Member, guests: {title: Guests, invited: true}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end, overdue: {lead: 1 day}}}
suspension: {by: lead, clock: stops}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      kickoff: {meeting: Kick-off, by: [lead, deputy], due: 03-13}
      notes: {quota: 10 pages, each: member, due: 03-20}
  rating:
    window: 04-01 .. 04-30
    duties:
      trust:
        poll: Do you trust us?
        by: lead
        edges: {outside: {raters: guests}}
        choices: [yes_, no_]
        measure: yes_ of valid
        anonymous: true
        smallest_group: 1
        quorum: none
        bands: {exclusive: [{below: 60%, go: redo}, {otherwise: completed}]}
outcomes: {completed: {}, redo: {owes: next_batch, carry: nothing}}
"""


PEOPLE = {"wang": "lead", "du": "deputy", "li": "member"}


class Office:
    """A run of the policy above, and the policy with a few words changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = datetime(2009, 3, 1, 1, tzinfo=UTC)
        self.old = self.policy("old")
        self.engine = Engine("memory:", clock=lambda: self.now)
        self.run = self.engine.start(
            self.old, start="2009-03-01",
            roster=[{"id": name, "roles": [role]} for name, role in PEOPLE.items()],
        )  # fmt: skip

    def policy(self, name: str, *changes: tuple[str, str]) -> Plan:
        text = POLICY
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        file = self.folder / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        return load_policy(file)

    def on(self, month: int, day: int) -> Run:
        self.now = datetime(2009, month, day, 4, tzinfo=UTC)
        return self.run

    def study(self) -> None:
        """Everything of the first phase is done, and the lead closes it on its last day."""
        self.on(3, 10).hold("kickoff", by="du")
        self.on(3, 18).record("notes", by="li", amount="8 pages")
        self.on(3, 19).record("notes", by="li", amount="2 pages")
        assert self.on(3, 31).request("study.close", by="wang").verdict is not None

    def vote(self, yes: int, no: int) -> None:
        self.on(4, 5).open_poll("trust", by="wang", invited={"outside": {"guests": yes + no}})
        for number in range(yes + no):
            self.run.cast("trust", by="wang", edge="outside", choice="yes_" if number < yes else "no_", group="guests")

    def compared(self, *changes: tuple[str, str]) -> Comparison:
        return compare(read_history([self.engine], "safety"), self.old, self.policy("new", *changes))

    def told(self, *changes: tuple[str, str]) -> list[str]:
        return [str(one) for one in self.change(*changes).differences]

    def change(self, *changes: tuple[str, str]) -> Change:
        return self.compared(*changes).runs[0]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    found = Office(tmp_path)
    yield found
    found.engine.close()


def test_the_same_policy_changes_nothing(office: Office) -> None:
    """Two policies that mean the same decide the same, and the trail comes out as it is."""
    office.study()
    office.vote(8, 2)
    office.on(4, 6).close_poll("trust", by="wang")
    assert office.change() == Change(run="safety", differences=())
    assert office.compared().changed == ()


def test_a_day_that_moves_moves_what_is_late(office: Office) -> None:
    """The due day itself, being late, and the escalation: each is told once."""
    office.study()
    assert office.told(("due: 03-13", "due: 03-08")) == [
        "due study/1/kickoff: 2009-03-13 -> 2009-03-08",
        "late study/1/kickoff: done in time -> done late",
        "late study/1/kickoff at its end: nothing -> overdue from 2009-03-09, 1 had not done it",
        "consequence study/1/kickoff escalated to lead: nothing -> on 2009-03-10",
    ]


def test_a_gate_that_wants_more_is_held_with_its_reason(office: Office) -> None:
    """What follows from the verdict is told, too: the phase stays open, and the window ends over it."""
    office.study()
    office.on(4, 2)
    office.engine.tick()
    told = office.told(("10 pages", "12 pages"))
    assert told[0] == (
        "verdict study.close: passed on 2009-03-31 -> held on 2009-03-31 ('notes' done)"
    ), told
    assert "consequence study: closed on 2009-03-31 -> nothing" in told
    assert "late study/1 at its end: nothing -> overdue from 2009-04-01" in told


def test_a_band_that_moves_leads_to_another_end(office: Office) -> None:
    """Votes are taken from the counted box; whose they were nobody learns, and the result is the same."""
    office.study()
    office.vote(7, 3)
    office.on(4, 6).close_poll("trust", by="wang")
    told = office.told(("below: 60%", "below: 75%"))
    counted = "70.00%, band otherwise, to completed -> 70.00%, band below 75%, to redo"
    assert f"consequence rating/1/trust counted: {counted}" in told
    assert "consequence end: completed on 2009-04-06 -> redo on 2009-04-06" in told
    assert "consequence redo: nothing -> owed after redo on 2009-04-06" in told


def test_a_deed_that_is_possible_no_more_is_told_with_its_reason(office: Office) -> None:
    """Nobody drops what a person did without a word."""
    office.study()
    told = office.told(("by: [lead, deputy]", "by: lead"))
    deeds = [line for line in told if line.startswith("deed ")]
    assert len(deeds) == 1
    assert deeds[0].startswith("deed 2009-03-10 du hold meeting kickoff (entry ")
    assert "nothing -> not possible: " in deeds[0]
    assert any(line.startswith("verdict study.close: passed on 2009-03-31 -> held") for line in told)


def test_what_is_in_a_shut_box_stays_unknown(office: Office) -> None:
    """A poll that is not counted is told as such, and its box is not looked into (R14)."""
    office.study()
    office.vote(7, 3)
    read = office.change(("below: 60%", "below: 75%"))
    assert read.uncounted == ("trust",)
    assert not any("trust counted" in str(one) for one in read.differences)


def test_a_halt_is_a_deed_like_any_other(office: Office) -> None:
    """Where the other policy lets the clock run on, the days after the halt do not move."""
    office.on(3, 5).suspend(reason="flood", by="wang")
    office.on(3, 15).resume(by="wang")
    office.on(3, 25)
    office.engine.tick()
    told = office.told(("clock: stops", "clock: runs"))
    assert "late study/1/notes at its end: nothing -> overdue from 2009-03-21, 1 had not done it" in told


def test_a_run_whose_trail_the_first_policy_does_not_explain_says_so(office: Office, tmp_path: Path) -> None:
    """Under another policy than its own a run is compared all the same; under its own, a difference is named."""
    office.study()
    history = read_history([office.engine], "safety")
    lax = office.policy("lax", ("10 pages", "9 pages"))
    read = compare(history, lax, office.old).runs[0]
    assert read.from_entry == 0
    assert read.differences


def test_a_version_that_ends_is_tried_as_if_it_stayed(office: Office) -> None:
    """No run begins under such a version, and yet it is what one would like to try."""
    office.study()
    ends = "phases:", "amends: {binds: at_once, notice: 5 days, until: 2009-03-30}\nphases:"
    assert "due study/1/kickoff: 2009-03-13 -> 2009-03-20" in office.told(("due: 03-13", "due: 03-20"), ends)
