"""Ledgers: what opens an item, what closes it, what its clock does, and what its counters say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage, names

from phaseflow.core.state.ledgers import ItemState, item_key, number_of
from phaseflow.messages import commands as c
from phaseflow.messages import events as e

POLICY = """
roles: {{lead: Unit lead, office: Office, inspector: Inspector, owner_role: Owner}}
phases:
  study: {{window: 30 days}}
suspension: {{by: office, clock: stops}}
appoints: office
ledgers:
  problems:
    required: [measure, owner, goal]
    opened_by: lead
    classes:
      now: {{within: 7 days, remind: 2 days, overdue: {{office: 3 days}}}}
      staged: none
      hours: 12 hours
      hard: {{within: 30 days, parked: true}}
    axes: {{horizon: [near, far]}}
    close: {{by: {by}, evidence: {evidence}, verify: {verify}, poor: {poor}, max: {max}, otherwise: office,
      asks: office}}
    survives: {survives}
    published: {published}
outcomes: {{finished: {{by: office, reopen: office}}}}
"""

HEAD = """
phaseflow: 1
campaign: trial
zone: UTC
defaults:
  phase: {opens: with campaign, closes: by office, clock: calendar}
  duty: {due: none}
"""

RULES = {
    "by": "owner", "evidence": "none", "verify": "inspector", "poor": "reopen", "max": "unlimited", "survives": "true",
    "published": "false",
}  # fmt: skip
ROSTER = {"lee": "lead", "ann": "office", "ivy": "inspector", "own": "owner_role", "two": "owner_role inspector"}
FIELDS = {"measure": "mend it", "goal": "mended"}


def stage(**rules: str) -> Stage:
    return Stage(POLICY.format(**{**RULES, **rules}), ROSTER, head=HEAD)


def enter(run: Stage, kind: str = "now", **more: Any) -> tuple[e.Event, ...]:
    return run.ok(c.OpenItem, "lee", **{"ledger": "problems", "kind": kind, "fields": FIELDS, "owner": "own", **more})


def item(run: Stage, number: int = 1) -> ItemState:
    state: ItemState = run.rows.get(item_key(f"problems/{number}"))
    return state


def since(run: Stage, kind: type[e.Event]) -> list[tuple[str, e.Event]]:
    """When each event of a kind took effect."""
    return [(f"{entry.at:%m-%d %H:%M}", entry.event) for entry in run.trail if isinstance(entry.event, kind)]


def counters(run: Stage) -> dict[str, int]:
    """The counters that are not zero."""
    return {key: count for key, count in run.rows.scan("items/") if count}


def recount(run: Stage) -> dict[str, int]:
    """What the counters must be, counted from the rows of the items."""
    found: dict[str, int] = {}
    for key, state in run.rows.scan("item/"):
        ledger = key.split("/")[1]
        for name in ("open" if state.status == "settled" else state.status, "all"):
            for path in (f"items/{ledger}/{name}", f"items/{ledger}/{name}/{state.kind}"):
                found[path] = found.get(path, 0) + 1
    return found


def close(run: Stage) -> None:
    """At the end of every scenario: the trail gives the rows, and the counters are right."""
    run.check_replay()
    assert counters(run) == recount(run)


# --- opening ----------------------------------------------------------------------------------------------------------


def test_an_item_has_a_number_a_clock_and_a_ladder() -> None:
    """Items are numbered from 1; the opening day counts, so seven days from 1 March end with 7 March."""
    run = stage()
    opened = enter(run)[0]
    assert isinstance(opened, e.ItemOpened)
    assert opened.item == "problems/1"
    assert opened.term.day == date(2009, 3, 7)
    enter(run, "staged")
    assert item(run, 2).term.day is None
    run.ok(c.Tick, now="03-20")
    assert [at for at, _ in since(run, e.ItemFellDue)] == ["03-08 00:00"]
    assert [(at, event.rung.kind, event.rung.role) for at, event in since(run, e.ItemReminded)] == [
        ("03-05 00:00", "remind", ""), ("03-11 00:00", "escalate", "office"),
    ]  # fmt: skip
    assert item(run).status == "open", "time closes nothing"
    close(run)


@pytest.mark.parametrize(
    ("kind", "due", "day"),
    [("now", date(2009, 3, 5), date(2009, 3, 5)), ("now", date(2009, 3, 20), date(2009, 3, 7)),
     ("staged", date(2009, 4, 1), date(2009, 4, 1)), ("hours", date(2009, 3, 1), date(2009, 3, 1))],
)  # fmt: skip
def test_of_two_clocks_the_earlier_one_counts(kind: str, due: date, day: date) -> None:
    """An item is due on the last day of its class's clock or on its own, whichever comes first."""
    run = stage()
    enter(run, kind, due=due)
    assert item(run).term.day == day
    close(run)


def test_a_clock_in_hours_runs_out_at_its_instant() -> None:
    """Twelve hours from eight in the evening (and a minute) end at eight in the morning, not at the end of a day."""
    run = stage()
    enter(run, "hours", now="03-02 20:00")
    run.ok(c.Tick, now="03-04")
    assert [at for at, _ in since(run, e.ItemFellDue)] == ["03-03 08:00"]
    close(run)


def test_everything_that_is_missing_is_said_at_once() -> None:
    """A refusal lists every empty required field, the unknown class, axis, value and owner, with its policy line."""
    run = stage()
    text = run.no(c.OpenItem, "lee", "PF504", "PF504", "PF505", "PF507", "PF506", "PF508", ledger="problems", kind="nw",
                  fields={"measure": " "}, owner="nobody", axes={"horizon": "never", "colour": "red"})  # fmt: skip
    assert "'measure'" in text
    assert "'goal'" in text
    assert "did you mean 'now'" in text
    decision = run.do(c.OpenItem, "lee", ledger="problems", kind="now", fields={}, owner="own")
    assert decision.refusal is not None
    lines = {problem.span.line for problem in decision.refusal.problems}
    assert lines == {next(n for n, line in enumerate((HEAD + POLICY).split("\n"), 1) if "required:" in line)}
    assert run.rows.get("items/problems/all") is None
    close(run)


def test_only_whom_the_policy_names_opens_items_and_only_in_a_ledger_it_has() -> None:
    """Authority and the name of the ledger are judged first."""
    run = stage()
    run.no(c.OpenItem, "ivy", "PF301", ledger="problems", kind="now", fields=FIELDS, owner="own")
    assert "problems" in run.no(c.OpenItem, "lee", "PF500", ledger="problem", kind="now", fields=FIELDS, owner="own")
    run.no(c.SettleItem, "own", "PF501", item="problems/1")
    run.no(c.SettleItem, "own", "PF501", item="problems")
    run.no(c.SettleItem, "own", "PF500", item="nothing/1")
    close(run)


# --- changing ---------------------------------------------------------------------------------------------------------


def test_amending_moves_the_clock_and_keeps_the_history() -> None:
    """Another class counts from the opening; a due day that lies ahead again rescinds the overdue that was recorded."""
    run = stage()
    enter(run)
    run.ok(c.AmendItem, "lee", item="problems/1", reason="other owner", owner="two", now="03-06")
    assert item(run).term.day == date(2009, 3, 7)
    run.ok(c.Tick, now="03-09")
    fell = item(run).fell_due
    assert fell
    events = run.ok(
        c.AmendItem, "lee", item="problems/1", reason="harder than it looked", kind="hard", fields={"goal": "half"}
    )
    assert names(events) == ["ItemAmended", "OverdueRescinded"]
    assert events[1].of == fell  # type: ignore[attr-defined]
    assert item(run).term.day == date(2009, 3, 30)
    assert item(run).fields == {"measure": "mend it", "goal": "half"}
    assert item(run).owner == "two"
    run.ok(c.Tick, now="04-02")
    assert [at for at, _ in since(run, e.ItemFellDue)] == ["03-08 00:00", "03-31 00:00"]
    assert [at for at, _ in since(run, e.ItemReminded)] == ["03-05 00:00"], (
        "the old escalation is gone with the old clock"
    )
    close(run)


def test_amending_an_overdue_item_without_moving_it_does_not_ring_again() -> None:
    """A clock that did not change keeps what it has said."""
    run = stage()
    enter(run)
    run.ok(c.Tick, now="03-09")
    run.ok(c.AmendItem, "lee", item="problems/1", reason="new owner", owner="two")
    run.ok(c.Tick, now="03-20")
    assert len(since(run, e.ItemFellDue)) == 1
    assert len(since(run, e.ItemReminded)) == 2
    assert item(run).fell_due, "it is still overdue"
    close(run)


def test_a_new_clock_does_not_ring_for_what_is_past() -> None:
    """R8: a rung before the amendment is left out; those after it come."""
    run = stage()
    enter(run, "staged")
    run.ok(c.AmendItem, "lee", item="problems/1", reason="urgent now", kind="now", now="03-06")
    run.ok(c.Tick, now="03-20")
    assert [at for at, _ in since(run, e.ItemReminded)] == ["03-11 00:00"]
    assert [at for at, _ in since(run, e.ItemFellDue)] == ["03-08 00:00"]
    close(run)


def test_a_parked_item_that_wakes_after_its_day_is_overdue() -> None:
    """The clock said nothing while the item was parked; it says so once, when the item is open again."""
    run = stage()
    enter(run, "hard", due=date(2009, 3, 5))
    run.ok(c.ExplainItem, "own", item="problems/1", reason="not now")
    run.ok(c.Tick, now="03-08")
    assert since(run, e.ItemFellDue) == []
    events = run.ok(c.AmendItem, "lee", item="problems/1", reason="now", kind="staged")
    assert names(events) == ["ItemAmended", "ItemFellDue"]
    run.ok(c.Tick, now="03-20")
    assert len(since(run, e.ItemFellDue)) == 1
    close(run)


def test_an_amendment_is_judged_like_an_opening() -> None:
    """What an item says after an amendment must be as complete as at its opening, and the change has a reason."""
    run = stage()
    enter(run)
    run.no(c.AmendItem, "lee", "PF503", item="problems/1", reason=" ")
    run.no(c.AmendItem, "lee", "PF504", "PF505", item="problems/1", reason="x", fields={"goal": ""}, kind="later")
    run.no(c.AmendItem, "own", "PF301", item="problems/1", reason="mine")
    close(run)


# --- publishing and explaining ----------------------------------------------------------------------------------------


def test_a_published_ledger_wants_the_commitment_first() -> None:
    """Settling is refused with every reason until the item is public and there is evidence."""
    run = stage(published="true", evidence="required")
    enter(run)
    run.no(c.SettleItem, "own", "PF512", "PF513", item="problems/1")
    run.ok(c.PublishItem, "own", item="problems/1", evidence=(c.Evidence("notice", "board"),))
    run.no(c.PublishItem, "lee", "PF509", item="problems/1")
    run.no(c.SettleItem, "own", "PF512", item="problems/1")
    run.ok(c.SettleItem, "own", item="problems/1", evidence=(c.Evidence("photo", "p1"),))
    assert item(run).published is not None
    close(run)


def test_an_explained_item_is_parked() -> None:
    """Only a parked class can be explained; an explained item is not open, rings no more, wakes with its class."""
    run = stage()
    enter(run)
    run.no(c.ExplainItem, "own", "PF511", item="problems/1", reason="too big")
    run.no(c.ExplainItem, "own", "PF510", item="problems/1", reason="")
    run.ok(c.AmendItem, "lee", item="problems/1", reason="cannot be done now", kind="hard")
    run.ok(c.ExplainItem, "own", item="problems/1", reason="needs the province")
    assert counters(run) == {"items/problems/all": 1, "items/problems/all/hard": 1,
                             "items/problems/explained": 1, "items/problems/explained/hard": 1}  # fmt: skip
    run.ok(c.Tick, now="04-10")
    assert since(run, e.ItemFellDue) == []
    run.ok(c.AmendItem, "lee", item="problems/1", reason="money came", kind="now", due=date(2009, 4, 20))
    assert item(run).status == "open"
    assert counters(run)["items/problems/open/now"] == 1
    close(run)


def test_a_parked_item_can_be_settled() -> None:
    """What could not be solved may turn out to be solvable."""
    run = stage(verify="none")
    enter(run, "hard")
    run.ok(c.ExplainItem, "own", item="problems/1", reason="not now")
    assert names(run.ok(c.SettleItem, "own", item="problems/1")) == ["ItemSettled", "ItemClosed"]
    close(run)


# --- settling and verifying -------------------------------------------------------------------------------------------


def test_without_a_verifier_settling_closes() -> None:
    """Items close one by one; with `verify: none` the report closes the item."""
    run = stage(verify="none")
    enter(run)
    enter(run)
    assert names(run.ok(c.SettleItem, "own", item="problems/1")) == ["ItemSettled", "ItemClosed"]
    assert counters(run)["items/problems/open"] == 1
    run.no(c.SettleItem, "own", "PF521", item="problems/1")
    run.no(c.VerifyItem, "ivy", "PF514", item="problems/2", good=True)
    close(run)


def test_who_settles_is_whom_the_policy_names() -> None:
    """`owner` is the item's own owner, and nobody else of the same role."""
    run = stage()
    enter(run)
    run.no(c.SettleItem, "two", "PF301", item="problems/1")
    settled = run.ok(c.SettleItem, "own", item="problems/000001")[0]
    assert settled.item == "problems/1", "an item has one id"  # type: ignore[attr-defined]
    assert run.trail[-1].authority == "owner"
    run = stage(by="[lead]")
    enter(run)
    run.no(c.SettleItem, "own", "PF301", item="problems/1")
    run.ok(c.SettleItem, "lee", item="problems/1")
    close(run)


def test_whoever_keeps_out_of_an_item_does_not_settle_it() -> None:
    """A recusal holds for the owner too."""
    run = stage()
    enter(run)
    run.ok(c.Recuse, "own", subject="problems/1", reason="moved away")
    run.no(c.SettleItem, "own", "PF305", item="problems/1")
    close(run)


def test_verification_is_independent() -> None:
    """Neither the owner nor whoever reported the item judges it, whatever their roles."""
    run = stage(by="[owner, lead, inspector]")
    enter(run, owner="two")
    run.no(c.VerifyItem, "ivy", "PF521", item="problems/1", good=True)
    run.ok(c.SettleItem, "ivy", item="problems/1")
    run.no(c.VerifyItem, "ivy", "PF515", item="problems/1", good=True)
    run.no(c.VerifyItem, "two", "PF515", item="problems/1", good=True)
    run.no(c.VerifyItem, "lee", "PF301", item="problems/1", good=True)
    run.ok(c.Join, "ann", person=c.Person(id="vic", roles=("inspector",)))
    assert names(run.ok(c.VerifyItem, "vic", item="problems/1", good=True)) == ["ItemClosed"]
    close(run)


def test_a_settled_item_rings_no_more_and_a_late_report_rescinds() -> None:
    """An overdue is unmade by a report that shows the item was settled before its day (R2)."""
    run = stage()
    enter(run)
    run.ok(c.Tick, now="03-09")
    events = run.ok(c.SettleItem, "own", item="problems/1", at="03-06", now="03-10")
    assert names(events) == ["ItemSettled", "OverdueRescinded"]
    run.ok(c.Tick, now="03-20")
    assert len(since(run, e.ItemReminded)) == 1, "the escalation of 11 March never came"
    close(run)


def test_found_poor_reopens_and_an_old_clock_is_overdue_at_once() -> None:
    """A poor result opens the item again with the clock it had; the attempts are counted."""
    run = stage()
    enter(run)
    run.ok(c.SettleItem, "own", item="problems/1", now="03-03")
    run.no(c.VerifyItem, "ivy", "PF516", item="problems/1", good=False)
    assert names(run.ok(c.VerifyItem, "ivy", item="problems/1", good=False, reason="paint only", now="03-04")) == [
        "ItemReopened"
    ]
    assert (item(run).status, item(run).attempt) == ("open", 1)
    run.ok(c.SettleItem, "own", item="problems/1", now="03-06")
    events = run.ok(c.VerifyItem, "ivy", item="problems/1", good=False, reason="still", now="03-09")
    assert names(events) == ["ItemReopened", "ItemFellDue"]
    assert [event.rung.kind for _, event in since(run, e.ItemReminded)] == ["remind"]
    close(run)


def test_found_poor_makes_up_with_a_new_item() -> None:
    """The poor item keeps its record, closed by the new one; the new one has a clock of its own from today (R32)."""
    run = stage(poor="make_up")
    enter(run, axes={"horizon": "near"})
    run.ok(c.SettleItem, "own", item="problems/1", now="03-03")
    events = run.ok(c.VerifyItem, "ivy", item="problems/1", good=False, reason="poor work", now="03-12")
    assert names(events) == ["ItemClosed", "ItemOpened"]
    assert item(run).made_up_by == "problems/2"
    assert (item(run, 2).makes_up, item(run, 2).attempt, item(run, 2).term.day) == ("problems/1", 1, date(2009, 3, 18))
    assert item(run, 2).axes == {"horizon": "near"}
    run.no(c.ReopenItem, "lee", "PF518", item="problems/1", reason="again")
    assert counters(run)["items/problems/open"] == 1
    close(run)


@pytest.mark.parametrize(("answer", "status", "attempt"), [("close", "closed", 1), ("reopen", "open", 2)])
def test_a_used_up_limit_asks_the_role_named_for_it(answer: str, status: str, attempt: int) -> None:
    """After `max` reopenings the item stays as it is until `otherwise` answers; nobody decides past the question."""
    run = stage(max="1")
    enter(run)
    run.ok(c.SettleItem, "own", item="problems/1")
    run.ok(c.VerifyItem, "ivy", item="problems/1", good=False, reason="poor")
    run.ok(c.SettleItem, "own", item="problems/1")
    asked = run.ok(c.VerifyItem, "ivy", item="problems/1", good=False, reason="poor again")
    assert names(asked) == ["QuestionAsked"]
    assert asked[0].role == "office"  # type: ignore[attr-defined]
    run.no(c.VerifyItem, "ivy", "PF519", item="problems/1", good=True)
    question = asked[0].question  # type: ignore[attr-defined]
    run.no(c.Answer, "ann", "PF520", question=question, verdict="well", reason="")
    run.ok(c.Answer, "ann", question=question, verdict=answer, reason="so be it")
    assert (item(run).status, item(run).attempt) == (status, attempt)
    close(run)


def test_an_unstated_verifier_is_asked_for_and_not_invented() -> None:
    """Where the document is silent, settling asks; the item waits, and whoever settled it does not answer."""
    run = stage(verify="unstated", by="[owner, office]")
    enter(run)
    events = run.ok(c.SettleItem, "ann", item="problems/1")
    assert names(events) == ["ItemSettled", "QuestionAsked"]
    question = events[1].question  # type: ignore[attr-defined]
    run.no(c.Answer, "ann", "PF515", question=question, verdict="close", reason="mine")
    run.ok(c.Tick, now="05-01")
    assert item(run).status == "settled"
    run.ok(c.Join, "ann", person=c.Person(id="amy", roles=("office",)))
    assert names(run.ok(c.Answer, "amy", question=question, verdict="close", reason="seen")) == [
        "QuestionAnswered",
        "ItemClosed",
    ]
    close(run)


def test_whoever_is_asked_finds_poor_what_the_policy_calls_poor() -> None:
    """With `poor: make_up` an unstated verifier leads to a new item that makes up the old one."""
    run = stage(verify="unstated", poor="make_up")
    enter(run)
    asked = run.ok(c.SettleItem, "own", item="problems/1")[1]
    assert asked.text.endswith("close or make_up?")  # type: ignore[attr-defined]
    question = asked.question  # type: ignore[attr-defined]
    run.no(c.Answer, "ann", "PF520", question=question, verdict="reopen", reason="poor")
    made = run.ok(c.Answer, "ann", question=question, verdict="make_up", reason="poor")
    assert names(made) == ["QuestionAnswered", "ItemClosed", "ItemOpened"]
    assert (item(run, 2).makes_up, item(run, 2).status) == ("problems/1", "open")
    close(run)


def test_a_ledger_without_classes_has_a_single_one() -> None:
    """A policy that tells no classes apart needs none; no item has a clock then but its own due day."""
    text = POLICY.replace(POLICY[POLICY.index("    classes:") : POLICY.index("    axes:")], "")
    run = Stage(text.format(**RULES), ROSTER, head=HEAD)
    opened = enter(run, "")[0]
    assert (opened.kind, opened.term.due) == ("", None)  # type: ignore[attr-defined]
    assert enter(run, "", due=date(2009, 4, 1))[0].term.day == date(2009, 4, 1)  # type: ignore[attr-defined]
    run.no(c.OpenItem, "lee", "PF505", ledger="problems", kind="now", fields=FIELDS, owner="own")
    close(run)


def test_a_closed_item_is_reopened_with_a_reason_and_within_the_limit() -> None:
    """Whoever may open an item may open it again; a used-up limit asks here too."""
    run = stage(verify="none", max="1")
    enter(run)
    run.no(c.ReopenItem, "lee", "PF521", item="problems/1", reason="x")
    run.ok(c.SettleItem, "own", item="problems/1")
    run.no(c.ReopenItem, "lee", "PF517", item="problems/1", reason="")
    assert names(run.ok(c.ReopenItem, "lee", item="problems/1", reason="it came back")) == ["ItemReopened"]
    run.ok(c.SettleItem, "own", item="problems/1")
    asked = run.ok(c.ReopenItem, "lee", item="problems/1", reason="and again")
    assert names(asked) == ["QuestionAsked"]
    run.ok(c.Answer, "ann", question=asked[0].question, verdict="close", reason="enough")  # type: ignore[attr-defined]
    assert item(run).status == "closed"
    close(run)


# --- the end of a run -------------------------------------------------------------------------------------------------


def test_items_that_survive_keep_their_clock_until_the_run_is_archived() -> None:
    """R10: a concluded run fires the timers of its items and takes acts on them; it is archived once none is open."""
    run = stage(verify="none")
    enter(run)
    run.ok(c.Ask, "ann", move="finished")
    run.no(c.OpenItem, "lee", "PF502", ledger="problems", kind="now", fields=FIELDS, owner="own")
    run.ok(c.Tick, now="03-09")
    assert len(since(run, e.ItemFellDue)) == 1
    run.no(c.Archive, "ann", "PF364")
    run.ok(c.SettleItem, "own", item="problems/1")
    run.ok(c.Archive, "ann")
    assert list(run.rows.scan("timer/")) == []
    run.no(c.ReopenItem, "lee", "PF502", item="problems/1", reason="x")
    close(run)


def test_items_that_do_not_survive_stay_on_record() -> None:
    """Their clocks stop, nobody acts on them, the run is archived all the same; a reopened run wakes them."""
    run = stage(survives="false")
    enter(run)
    run.ok(c.Ask, "ann", move="finished", now="03-02")
    run.no(c.SettleItem, "own", "PF502", item="problems/1")
    run.ok(c.Tick, now="03-06")
    assert since(run, e.ItemReminded) == []
    run.ok(c.Reopen, "ann", phase="study", spawned="stands", reason="too early")
    run.ok(c.Tick, now="03-10")
    assert [at for at, _ in since(run, e.ItemFellDue)] == ["03-08 00:00"]
    assert since(run, e.ItemReminded) == [], "what was missed while it slept is not told late"
    run.ok(c.Ask, "ann", move="finished")
    run.ok(c.Archive, "ann")
    assert item(run).status == "open"
    close(run)


def test_where_survival_is_unstated_a_role_is_asked_and_nothing_is_lost() -> None:
    """Open items live on until somebody acts; the question is asked once, when the run ends."""
    run = stage(survives="unstated", verify="none")
    enter(run)
    events = run.ok(c.Ask, "ann", move="finished")
    asked = [event for event in events if isinstance(event, e.QuestionAsked)]
    assert [event.role for event in asked] == ["office"]
    run.ok(c.SettleItem, "own", item="problems/1")
    run.ok(c.Answer, "ann", question=asked[0].question, verdict="yes", reason="of course")
    close(run)
    run = stage(survives="unstated")
    assert "QuestionAsked" not in names(run.ok(c.Ask, "ann", move="finished")), "there is nothing to ask about"


def test_nothing_happens_in_a_halted_run() -> None:
    """Items of a suspended run wait like everything else; where the clock stops, so does theirs."""
    run = stage()
    enter(run)
    run.ok(c.Suspend, "ann", reason="flood", now="03-03")
    run.no(c.SettleItem, "own", "PF502", item="problems/1")
    run.no(c.OpenItem, "lee", "PF502", ledger="problems", kind="now", fields=FIELDS, owner="own")
    run.ok(c.Resume, "ann", now="03-13")
    assert item(run).term.day == date(2009, 3, 17)
    run.ok(c.Tick, now="03-30")
    assert [at for at, _ in since(run, e.ItemReminded)] == ["03-15 00:00", "03-21 00:00"]
    assert [at for at, _ in since(run, e.ItemFellDue)] == ["03-18 00:00"]
    close(run)


# --- laws -------------------------------------------------------------------------------------------------------------

ACTS = st.sampled_from(["open", "settle", "good", "poor", "explain", "amend", "reopen", "publish", "wait", "answer"])


@settings(max_examples=40, deadline=None)
@given(
    acts=st.lists(st.tuples(ACTS, st.integers(1, 3), st.sampled_from(["now", "hard", "staged"])), max_size=25),
    poor=st.sampled_from(["reopen", "make_up"]),
)
def test_counters_equal_a_recount(acts: list[tuple[str, int, str]], poor: str) -> None:
    """Whatever is done to items, the counters are what counting the rows gives, and replay holds."""
    run = stage(poor=poor, max="1")
    enter(run)
    for act, number, kind in acts:
        name = f"problems/{number}"
        match act:
            case "open":
                enter(run, kind)
            case "settle":
                run.do(c.SettleItem, "own", item=name)
            case "good" | "poor":
                run.do(c.VerifyItem, "ivy", item=name, good=act == "good", reason="seen")
            case "explain":
                run.do(c.ExplainItem, "own", item=name, reason="not now")
            case "amend":
                run.do(c.AmendItem, "lee", item=name, reason="changed", kind=kind)
            case "reopen":
                run.do(c.ReopenItem, "lee", item=name, reason="back")
            case "publish":
                run.do(c.PublishItem, "own", item=name)
            case "wait":
                run.now = run.now.replace(day=min(28, run.now.day + 3))
                run.do(c.Tick)
            case "answer":
                for key, question in list(run.rows.scan("question/")):
                    if question.answered is None:
                        run.do(
                            c.Answer, "ann", question=key.removeprefix("question/"), verdict="reopen", reason="go on"
                        )
        assert counters(run) == recount(run)
    close(run)


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("000003", 3), ("", None), ("x", None), ("²", None), ("9" * 5000, None)]
)
def test_a_number_is_read_or_there_is_none(text: str, number: int | None) -> None:
    """What cannot be the number of an item or an opinion leads to no row, however long it is."""
    assert number_of(text) == number
