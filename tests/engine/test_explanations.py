"""What it takes for a move, and why somebody cannot do something now: complete, and true when it is tried."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phaseflow import Engine, Run, load_policy
from phaseflow.core.deeds import Deed

HEAD = """
phaseflow: 1
campaign: audit
zone: Asia/Shanghai
roles:
  office: Office
  lead: Lead
  member: Member
  auditor: {title: Auditor, independent_of: lead}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
appoints: office
delegation: {roles: any, to: any, longest_chain: 1}
"""
STUDY = """
phases:
  study:
    window: 03-01 .. 03-31
    gate: {all: [duties, {items: gaps, at_most: 1}, {any: [{done: quiz}, {done: poster}]}]}
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13}
      walk: {task: Walk the site, by: lead, checked_by: auditor, needs: {done: kickoff}, evidence: [photo]}
      notes: {quota: 10 pages, each: member}
      list: {checklist: The list, by: lead, items: [one, two, three]}
      report: {document: Report, by: lead, route: [{draft: lead}, {approve: office, returns_to: draft}]}
      quiz: {task: Quiz, each: member, prescribed: false}
      poster: {task: Poster, by: lead, prescribed: false}
  review:
    opens: when study closes
    window: 04-01 .. 04-30
    gate: duties
    duties: {talk: {meeting: Talk, by: lead}}
ledgers:
  gaps:
    opened_by: lead
    classes: {any_gap: none}
    close: {by: owner, evidence: none, verify: auditor, poor: reopen}
    survives: false
outcomes: {completed: {by: lead, from: review}}
"""
ROSTER = [
    {"id": "qian", "roles": ["office"]},
    {"id": "wang", "roles": ["lead"]},
    {"id": "li", "roles": ["member"]},
    {"id": "chen", "roles": ["member"]},
    {"id": "sun", "roles": ["auditor"]},
]
Start = Callable[..., Run]


class Clock:
    now = datetime(2026, 3, 2, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(tmp_path, clock: Clock) -> Start:
    def begin(body: str = STUDY, roster: list[dict[str, object]] = ROSTER, more: str = "", **rest: object) -> Run:
        (tmp_path / "audit.yaml").write_text(HEAD + more + body, encoding="utf-8")
        plan = load_policy(tmp_path / "audit.yaml")
        return Engine("memory:", clock=clock).start(plan, start="2026-03-01", roster=roster, **rest)  # type: ignore[arg-type]

    return begin


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def carry_out(run: Run, deed: Deed) -> None:
    """Do what a deed says, by whom it names."""
    by = deed.people[0]
    match deed.verb:
        case "request":
            run.request(deed.name, by=by)
        case "hold":
            run.hold(deed.name, by=by)
        case "complete":
            for person in deed.subjects or (by,):
                run.complete(deed.name, by=person, evidence=["photo=1.jpg"])
        case "confirm":
            run.confirm(deed.name, by=by)
        case "record":
            for person in deed.subjects or (by,):
                run.record(deed.name, by=person, amount="10 pages")
        case "tick":
            assert deed.count == len(deed.subjects)
            for entry in deed.subjects:
                run.check(deed.name, entry, by=by)
        case "draft":
            run.draft(deed.name, by=by, digest=_digest(deed.name))
        case "judge":
            run.judge(deed.name, by=by, accept=True)
        case "settle":
            for item in deed.subjects:
                run.settle_item(item, by=by)
        case "verify":
            for item in deed.subjects:
                run.verify_item(item, by=by, good=True)
        case _:
            raise AssertionError(deed.verb)


# --- what it takes ----------------------------------------------------------------------------------------------------


def _gaps(run: Run, count: int) -> None:
    for number in range(count):
        run.open_item("gaps", by="wang", kind="any_gap", fields={"content": str(number)}, owner="li")


def test_doing_what_is_listed_makes_the_move(start: Start) -> None:
    """The deeds, each done by whom it names and in their order, are enough: the move asked for last is made."""
    run = start()
    _gaps(run, 3)
    run.settle_item("gaps/2", by="li")
    found = run.what_would_it_take("study.close")
    assert found.possible
    assert found.smallest
    for deed in found.deeds:
        carry_out(run, deed)
    assert "study" not in [phase.name for phase in run.status().phases if phase.state == "open"]
    assert not run.why("review.close") or run.status().phases[1].visit == 1


def test_leaving_any_deed_out_holds_the_move(start: Start) -> None:
    """None of the deeds is too many: without any one of them, the move is not made."""
    total = len(start().what_would_it_take("study.close").deeds)
    for left_out in range(total - 1):
        run = start()
        deeds = run.what_would_it_take("study.close").deeds
        assert len(deeds) == total
        for number, deed in enumerate(deeds):
            if number == left_out:
                continue
            try:
                carry_out(run, deed)
            except Exception:
                continue
        assert run.status().phases[0].state == "open", deeds[left_out]


def test_of_a_choice_the_shorter_way_is_taken(start: Start) -> None:
    """A poster by one person is less than a quiz by two; once one has done the quiz and the lead is gone, it turns."""
    run = start()
    assert [deed.name for deed in run.what_would_it_take("study.close").deeds].count("poster") == 1
    assert "quiz" not in [deed.name for deed in run.what_would_it_take("study.close").deeds]


def test_who_by_when_and_how_much(start: Start) -> None:
    """A deed names the roles, those who hold them and may act, whose it is, how many acts, and the days."""
    run = start()
    run.record("notes", by="li", amount="10 pages")
    deeds = {(deed.verb, deed.name): deed for deed in run.what_would_it_take("study.close").deeds}
    notes = deeds["record", "notes"]
    assert (notes.people, notes.count, notes.due, notes.overdue) == (("chen",), 1, date(2026, 3, 31), False)
    assert deeds["confirm", "walk"].people == ("sun",)
    assert deeds["tick", "list"].subjects == ("one", "two", "three")
    assert deeds["hold", "kickoff"].due == date(2026, 3, 13)
    assert list(deeds).index(("hold", "kickoff")) < list(deeds).index(("complete", "walk"))


def test_whoever_may_not_act_is_not_named(start: Start) -> None:
    """Who is kept apart from a role, away, or author of the work is not among those who can do it."""
    both = [*ROSTER, {"id": "zhou", "roles": ["auditor", "lead"]}]
    run = start(roster=both)
    deeds = {(deed.verb, deed.name): deed for deed in run.what_would_it_take("study.close").deeds}
    assert deeds["confirm", "walk"].people == ("sun",)
    run.delegate("li", ["lead"], by="wang", since="2026-03-02", until="2026-03-05", reason="leave", absence=True)
    deeds = {(deed.verb, deed.name): deed for deed in run.what_would_it_take("study.close").deeds}
    assert deeds["hold", "kickoff"].people == ("zhou",)


def test_what_must_come_before_comes_first(start: Start) -> None:
    """A phase that opens when another closes: the deeds of the other come first, its close among them."""
    run = start()
    found = run.what_would_it_take("review.close")
    names = [(deed.verb, deed.name) for deed in found.deeds]
    assert names.index(("request", "study.close")) < names.index(("hold", "talk")) < len(names) - 1
    assert names[-1] == ("request", "review.close")
    for deed in found.deeds:
        carry_out(run, deed)
    assert run.status().phases[1].state == "closed"


def test_a_phase_that_is_ahead_gives_the_day(start: Start, clock: Clock) -> None:
    """What is not possible before a day says so: the move, and the deeds that wait for it."""
    clock.now = datetime(2026, 3, 2, tzinfo=UTC)
    run = start("""
phases:
  study: {window: 03-01 .. 03-31}
  later: {window: 05-04 .. 05-31, gate: duties, duties: {talk: {meeting: Talk, by: lead}}}
outcomes: {completed: {by: lead, from: later}}
""")
    assert run.what_would_it_take("later.close").since == date(2026, 5, 4)
    assert run.what_would_it_take("later.open").since == date(2026, 5, 4)


LEAVES = (
    "{done: kickoff}", "{done: walk}", "{done: notes}", "{done: list}", "{done: quiz}", "{done: poster}",
    "{passed: {report: approve}}", "{passed: {report: draft}}", "{items: gaps, at_most: 0}",
    "{items: gaps, at_most: 1}", "{done: notes, share: 50%}", "outstanding(duty='quiz') <= 1",
)  # fmt: skip


def _several(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    some = st.tuples(st.integers(1, 2), st.lists(inner, min_size=2, max_size=3).map(", ".join))
    return st.one_of(
        parts.map(lambda text: f"{{all: [{text}]}}"),
        parts.map(lambda text: f"{{any: [{text}]}}"),
        some.map(lambda found: f"{{at_least: {found[0]}, of: [{found[1]}]}}"),
    )


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gate=st.recursive(st.sampled_from(LEAVES), _several, max_leaves=6))
def test_whatever_a_gate_asks_doing_what_is_listed_passes_it(start: Start, gate: str) -> None:
    """For gates of any shape: the deeds suffice, each is named with people who may do it, and none is left over."""
    run = start(re.sub(r"gate: \{all: .*\}\n", f"gate: {gate}\n", STUDY, count=1))
    _gaps(run, 2)
    deeds = run.what_would_it_take("study.close").deeds
    for deed in deeds[:-1]:
        assert run.why("study.close"), "the gate passes before all is done that was listed"
        carry_out(run, attrs.evolve(deed, subjects=deed.subjects[: deed.count]))
    carry_out(run, deeds[-1])
    assert run.status().phases[0].state == "closed"


# --- no longer possible -----------------------------------------------------------------------------------------------

GATED = """
phases:
  study:
    window: 03-01 .. 03-31
    duties: {kickoff: {meeting: Kick-off, by: lead, due: 03-13, lock: 2 days}, notes: {quota: 10 pages, each: member}}
  closing: {window: 04-01 .. 04-30, gate: GATE}
outcomes: {completed: {by: lead, from: closing}}
"""


def _bars(run: Run, move: str) -> list[tuple[str, str]]:
    found = run.what_would_it_take(move)
    assert found.possible is (not found.bars)
    return [(bar.cause, bar.name) for bar in found.bars]


def test_a_closed_phase_bars_what_was_left_undone(start: Start, clock: Clock) -> None:
    """A duty of a closed visit cannot be done any more; with a make-up in the policy it can."""
    run = start(GATED.replace("GATE", "{done: notes}"))
    run.request("study.close", by="wang")
    clock.now = datetime(2026, 4, 2, tzinfo=UTC)
    assert _bars(run, "closing.close") == [("phase_closed", "notes")]
    assert run.what_would_it_take("closing.close").bars[0].since == date(2026, 3, 2)
    made_up = start(GATED.replace("GATE", "{done: notes}"), more="make_up: {of: duties, by: office, window: 30 days}\n")
    clock.now += timedelta(seconds=1)
    made_up.request("study.close", by="wang")
    found = made_up.what_would_it_take("closing.close")
    assert [(deed.verb, deed.name) for deed in found.deeds][:2] == [("make_up", "notes"), ("record", "notes")]


def test_a_lock_bars_and_relief_opens_again(start: Start, clock: Clock) -> None:
    """Behind the lock nothing is recorded; where the policy grants extensions, one comes first."""
    run = start(GATED.replace("GATE", "{done: kickoff}"))
    clock.now = datetime(2026, 3, 20, tzinfo=UTC)
    run.engine.tick()
    assert _bars(run, "closing.close") == [("locked", "kickoff")]
    more = "extensions: {by: office, duties: any, types: [unforeseen], longest: 15 days, max: 2}\n"
    clock.now = datetime(2026, 3, 2, tzinfo=UTC)
    other = start(GATED.replace("GATE", "{done: kickoff}"), more=more)
    clock.now = datetime(2026, 3, 20, tzinfo=UTC)
    deeds = [(deed.verb, deed.name) for deed in other.what_would_it_take("closing.close").deeds]
    assert deeds[:2] == [("extend", "kickoff"), ("hold", "kickoff")]


def test_an_ended_run_is_over(start: Start) -> None:
    """After the outcome no move is possible, unless the policy says who may take the outcome back."""
    body = "\nphases:\n  study: {window: 03-01 .. 03-31}\noutcomes: {completed: {by: lead, from: study}}\n"
    run = start(body)
    run.request("completed", by="wang")
    assert _bars(run, "study.close") == [("run_ended", "completed")]
    again = start(body.replace("from: study", "from: study, reopen: office"))
    again.request("completed", by="wang")
    assert next(deed.verb for deed in again.what_would_it_take("study.close").deeds) == "reopen"


def test_nobody_owes_and_nothing_opens(start: Start) -> None:
    """A duty that nobody owes is no way to a gate that asks for it."""
    run = start(GATED.replace("GATE", "{done: notes}"), roster=[one for one in ROSTER if one["roles"] != ["member"]])
    assert _bars(run, "closing.close") == [("nobody_owes", "notes")]


def test_a_list_that_grows_is_added_to_first(start: Start) -> None:
    """Where bodies are listed as they are found, somebody lists one; then it is visited, and the gate passes."""
    more = "bodies: {household: {title: Household, listed: as found}}\n"
    run = start(
        """
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties: {visits: {quota: 1 visit, each: household, by: lead}}
outcomes: {completed: {by: lead, from: study}}
""",
        more=more,
    )
    deeds = run.what_would_it_take("study.close").deeds
    assert [(deed.verb, deed.name) for deed in deeds] == [
        ("list_body", "household"),
        ("record", "visits"),
        ("request", "study.close"),
    ]
    run.list_body("household", "mill 3", by=deeds[0].people[0])
    run.record("visits", by="wang", amount="1 visit", subject="mill 3")
    assert run.request("study.close", by="wang").passed


def test_every_period_is_counted(start: Start) -> None:
    """What is owed again and again takes an act for everybody and every period that is left."""
    run = start("""
phases:
  study:
    window: 03-02 .. 03-29
    gate: duties
    duties: {notes: {quota: 2 pages, each: member, every: week, partial_period: full}}
outcomes: {completed: {by: lead, from: study}}
""")
    assert next((deed.name, deed.count) for deed in run.what_would_it_take("study.close").deeds) == ("notes", 8)
    run.record("notes", by="li", amount="2 pages")
    assert next((deed.name, deed.count) for deed in run.what_would_it_take("study.close").deeds) == ("notes", 7)


def test_a_choice_without_a_way_is_told_with_every_bar(start: Start, clock: Clock) -> None:
    """Where no alternative is left, each says why."""
    run = start(GATED.replace("GATE", "{any: [{done: kickoff}, {done: notes}]}"))
    clock.now = datetime(2026, 3, 20, tzinfo=UTC)
    run.request("study.close", by="wang")
    assert _bars(run, "closing.close") == [("phase_closed", "kickoff"), ("phase_closed", "notes")]


def test_a_quorum_out_of_reach_bars(start: Start) -> None:
    """Where fewer are invited than must take part, the poll can never be valid."""
    run = start("""
phases:
  rating:
    window: 03-01 .. 03-31
    gate: {done: view}
    duties:
      view:
        poll: Are you satisfied?
        by: office
        edges: {all: {raters: member}}
        choices: [yes_, no_]
        measure: yes_ of valid
        anonymous: false
        quorum: {count: 5, otherwise: hold}
        asks: office
outcomes: {completed: {by: lead, from: rating}}
""")
    assert [deed.verb for deed in run.what_would_it_take("rating.close").deeds] == ["run_poll", "request"]
    run.open_poll("view", by="qian", invited={"all": {"member": 2}})
    assert _bars(run, "rating.close") == [("quorum_out_of_reach", "view")]


# --- why not ----------------------------------------------------------------------------------------------------------


def _codes(run: Run, *act: str, by: str) -> list[tuple[str, str]]:
    return [(one.kind, one.problem.code) for one in run.why_not(*act, by=by)]


def test_every_objection_is_told_at_once(start: Start) -> None:
    """Not only what a refusal stumbles over first: authority, what must come first, evidence, the gate."""
    run = start()
    assert sorted(_codes(run, "complete", "walk", by="li")) == [
        ("not_entitled", "PF301"),
        ("unmet", "PF337"),
        ("unmet", "PF339"),
    ]
    asked = _codes(run, "study.close", by="li")
    assert asked[0] == ("not_entitled", "PF301")
    assert [kind for kind, _ in asked].count("held") == len(run.why("study.close"))
    assert sorted(_codes(run, "review.close", by="li")) == [
        ("held", "PF324"),
        ("illegal", "PF322"),
        ("not_entitled", "PF301"),
    ]
    assert _codes(run, "hold", "talk", by="li") == [("not_entitled", "PF301"), ("illegal", "PF332")]


def test_every_bar_to_a_persons_authority_is_told(start: Start) -> None:
    """Kept apart, recused, and one's own work: each is named, not only the first."""
    run = start(roster=[*ROSTER, {"id": "zhou", "roles": ["auditor", "lead"]}])
    run.hold("kickoff", by="wang")
    run.complete("walk", by="zhou", evidence=["photo=1.jpg"])
    run.recuse("walk", by="zhou", reason="mine")
    assert sorted(code for _, code in _codes(run, "confirm", "walk", by="zhou")) == ["PF304", "PF305", "PF306"]


def test_nothing_stands_against_what_is_accepted(start: Start) -> None:
    """What would be accepted has no objection; a misspelt move is unknown, a misspelt act an error of the caller."""
    run = start()
    assert run.why_not("hold", "kickoff", by="wang") == ()
    assert _codes(run, "studi.close", by="wang") == [("unknown", "PF320")]
    with pytest.raises(ValueError, match="no act of a run"):
        run.why_not("finish", "kickoff", by="wang")
    assert run.status().entries == len(run.history()), "asking writes nothing"


def test_taking_each_objection_away_lets_the_act_through(start: Start) -> None:
    """An objection that is met is gone, and once all are met nothing stands against the act."""
    run = start()
    run.hold("kickoff", by="wang")
    assert sorted(_codes(run, "complete", "walk", by="li")) == [("not_entitled", "PF301"), ("unmet", "PF339")]
    assert _codes(run, "complete", "walk", by="wang") == [("unmet", "PF339")]
    assert run.why_not("complete", "walk", by="wang", evidence=["photo=1.jpg"]) == ()
