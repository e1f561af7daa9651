"""Boundaries: derived from the plan, pinned by confirmed scenarios only, written as stubs that pin once confirmed."""

from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from phaseflow.cli import main
from phaseflow.policies import load_policy
from phaseflow.testing.boundaries import boundaries, pin
from phaseflow.testing.boundaries.pinned import side_of
from phaseflow.testing.scenarios.collect import results

DERIVED = [
    "deadline: kickoff: one second before",
    "deadline: kickoff: at",
    "deadline: kickoff: one second after",
    "quota: notes: -1",
    "quota: notes: =",
    "empty: notes: nobody is member",
    "empty: satisfaction: nobody answers",
    "threshold: satisfaction: 80 %: -1",
    "threshold: satisfaction: 80 %: =",
    "threshold: satisfaction: 80 %: +1",
    "threshold: satisfaction: 85 %: =",
    "item: problems: now: one second before",
]


def test_boundaries_come_from_the_plan(desk):
    """Each bound, due instant and quota of the policy is there, with its line; keys are unique."""
    found = boundaries(load_policy(desk.folder / "policy.yaml"))
    told = [f"{one.kind}: {one}" for one in found]
    assert set(DERIVED) <= set(told)
    assert len(set(told)) == len(told)
    assert all(one.span.line for one in found)


@given(st.integers(0, 60), st.integers(1, 60), st.fractions(0, 1, max_denominator=20))
def test_the_side_of_a_bound_is_one_answer_away(favourable, base, bound):
    """At is exactly at; one below and one above are the nearest counts on either side."""
    share = Fraction(favourable, base)
    expected = (
        "=" if share == bound
        else "-1" if share < bound <= Fraction(favourable + 1, base)
        else "+1" if Fraction(favourable - 1, base) <= bound < share
        else ""
    )  # fmt: skip
    assert side_of(bound, favourable, base) == expected


@pytest.mark.parametrize(
    ("lines", "pinned"),
    [
        (["{03-13 23:59:59 wang: hold kickoff --evidence minutes.pdf, done: kickoff}"], {"kickoff: one second before"}),
        (["{03-14 00:00:00 wang: hold kickoff --evidence minutes.pdf, done: kickoff}"], {"kickoff: at"}),
        (["{03-14 00:00:01 wang: hold kickoff --evidence minutes.pdf, done: kickoff}"], {"kickoff: one second after"}),
        (["{03-14 00:00:02 wang: hold kickoff --evidence minutes.pdf, done: kickoff}"], set()),
        (["03-14 00:00:00 wang: hold kickoff --evidence minutes.pdf"], set()),
        (["{03-02 li: record notes 99 characters, open: study}"], {"notes: -1"}),
        (["{03-02 li: record notes 98 characters, open: study}"], set()),
        (["03-02 li: record notes 60 characters", "{then li: record notes 40 characters, open: study}"], {"notes: ="}),
        (["03-02 li: record notes 99 characters", "{then li: record notes 2 characters, open: study}"], set()),
    ],
)  # fmt: skip
def test_a_boundary_is_pinned_by_a_line_that_expects_something_there(desk, lines, pinned):
    """Passing by is not enough: the line that acts at the boundary says what must follow."""
    text = "".join(f"      - {line}\n" for line in lines)
    found = desk.play(f"scenarios:\n  it:\n    clause: '3'\n    story:\n{text}")
    assert found[0].problems == ()
    (pinning,) = pin(found)
    told = {str(one) for one in pinning.boundaries if one.key in pinning.by}
    assert told == pinned


WEEKLY = """\
phaseflow: 1
campaign: weekly
zone: Asia/Shanghai
roles: {office: Office, lead: Lead, member: Member}
defaults: {duty: {due: window end}, phase: {opens: on date, closes: by lead, clock: calendar}}
phases:
  study:
    window: 03-02 .. 03-29
    steps:
      reading:
        window: none
        duties:
          study_day: {quota: 2 days, each: member, every: week, partial_period: waive, clause: "1"}
          summary: {task: Summary, by: lead, clause: "1"}
outcomes: {completed: {by: lead}}
"""


def test_a_duty_that_comes_again_in_a_step_without_days_has_edges_and_scenarios_pin_them(desk):
    """Each period has its end, what is owed once has the end of the phase; what is done at the end is the next's."""
    (desk.folder / "policy.yaml").write_text(WEEKLY, encoding="utf-8")
    found = desk.play("""
scenarios:
  it:
    clause: "1"
    story:
      - {03-08 23:59:59 li: record study_day 2 days, happened: DutyDone study_day}
      - {03-14 li: record study_day 1 day, happened: AmountRecorded study_day}
      - {03-16 00:00:00 chen: record study_day 2 days, happened: DutyDone study_day 003 chen True}
      - {03-30 00:00:00 wang: complete summary, happened: DutyDone summary False}
""")
    assert found[0].problems == ()
    (pinning,) = pin(found)
    told = {one: one.key in pinning.by for one in pinning.boundaries}
    assert {str(one): pinned for one, pinned in told.items()} == {
        "study_day: one second before": True, "study_day: at": True, "study_day: one second after": False,
        "study_day: -1": True, "study_day: =": True, "study_day: nobody is member": False,
        "summary: one second before": False, "summary: at": True, "summary: one second after": False,
    }  # fmt: skip


TIMED = """\
phaseflow: 1
campaign: timed
zone: Asia/Shanghai
calendar: {country: CN}
roles: {office: Office, lead: Lead, member: Member, guests: {title: Guests, invited: true}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: {all: [{done: notes, share: 50%}, {items: gaps, at_most: 1}]}
    duties:
      notes: {task: Take notes, each: member, due: 03-10, grace: 2 days, lock: 5 days}
      report:
        document: Report
        by: lead
        due: none
        route: [{draft: lead}, {approve: office, returns_to: draft, within: 3 days, silence: accept}]
      views:
        poll: Views
        by: lead
        due: none
        edges: {outside: {raters: guests}}
        choices: [good, poor]
        measure: good of valid
        anonymous: true
        quorum: none
        smallest_group: 1
        open_for: 2 days
        bands: {exclusive: [{otherwise: completed}]}
ledgers:
  gaps: {required: [what], opened_by: lead, close: {by: lead, evidence: none, verify: none}, survives: false}
outcomes: {completed: {}}
"""

LIMITS = [
    ("03-12 23:59:59 li: complete notes", "grace: notes: one second before"),
    ("03-13 00:00:00 li: complete notes", "grace: notes: at"),
    ("03-13 00:00:01 li: complete notes", "grace: notes: one second after"),
    ("03-15 23:59:59 li: complete notes", "lock: notes: one second before"),
    ("03-16 00:00:00 li: complete notes", "lock: notes: at"),
    ("03-05 08:59:59 boss: judge report accept", "limit: report: approve: one second before"),
    ("on: 03-05 09:00:00", "limit: report: approve: at"),
    ("on: 03-05 09:00:01", ""),
    ("on: 03-04 09:59:59", "limit: views: one second before"),
    ("on: 03-04 10:00:00", "limit: views: at"),
]


@pytest.fixture
def timed(desk):
    """Plays one line, after a report that waits for its approval and a poll that runs; what it pins, of some kinds."""
    (desk.folder / "policy.yaml").write_text(TIMED)

    def pinned(*lines, kinds=("grace", "lock", "limit", "gate")):
        first = ("03-02 09:00 wang: draft report", "03-02 10:00 wang: open-poll views --invited outside/guests=3")
        found = desk.story(*first, *lines)
        assert found.problems == (), found.problems
        (pinning,) = pin([found])
        return {one.name for one in pinning.boundaries if one.key in pinning.by and one.kind in kinds}

    return pinned


@pytest.mark.parametrize(("line", "name"), LIMITS)
def test_time_limits_are_pinned_by_a_line_at_their_instant(timed, line, name):
    """The end of grace, the lock, and how long a step or a poll may take: at the second, and while it is pending."""
    if "03-16 00:00:00" in line:
        told = timed(f"{{{line}, refused: ended}}")
    else:
        told = timed(f"{{{line}, never: RunConcluded}}")
    assert told == ({name} if name else set())


def test_a_limit_that_no_longer_runs_is_not_pinned(timed):
    """Once the report is approved, nobody looks at the time it might have taken."""
    before = "03-03 boss: judge report accept"
    assert timed(before, "{on: 03-05 08:59:59, open: study}", "{on: 03-05 09:00:00, open: study}") == set()


def test_bounds_of_gates_are_pinned_where_the_gate_is_asked_for(timed):
    """One of two members is just enough; with none, and with one item more than is allowed, the gate is held."""
    item = "then wang: open-item gaps --owner wang --field what=x"
    assert timed("{03-03 wang: request study.close, held: [notes]}") == {"gate: study.close: done notes: -1"}
    assert timed("03-03 li: complete notes", item, "{then wang: request study.close, open: none}") == {
        "gate: study.close: done notes: =", "gate: study.close: items gaps: ="
    }  # fmt: skip
    assert timed("03-03 li: complete notes", item, item, "{then wang: request study.close, held: [gaps]}") == {
        "gate: study.close: done notes: =", "gate: study.close: items gaps: +1"
    }  # fmt: skip
    assert timed("03-03 li, chen: complete notes", "{then wang: request study.close, open: none}") == set()


def test_stubs_of_time_limits_lead_to_the_instant(desk):
    """A stub waits for the last second, and says where the document then is."""
    (desk.folder / "policy.yaml").write_text(TIMED)
    path = desk.write("scenarios: {drafted: {story: [03-02 09:00 wang: draft report]}}\n")
    stubs = desk.folder / "stubs.scenario.yaml"
    assert call("test", path, "-q", "--stubs", stubs).exit_code == 0
    written = stubs.read_text()
    assert "on: 2009-03-05 08:59:59\n        documents: {report: approve}" in written
    assert "on: 2009-03-05 09:00:00\n        documents: {report: done}" in written
    assert {result.state for result in results((stubs,))} == {"unconfirmed"}


@pytest.mark.parametrize(("years", "meets"), [
    ("02-01 .. 03-31", True), ("2009-02-01 .. 2009-03-31", False), ("2012-02-01 .. 2012-03-31", True),
    ("11-01 .. 03-31", True), ("2011-11-01 .. 2012-03-31", True), ("03-01 .. 03-31", False), ("02-29 .. 03-31", True),
])  # fmt: skip
def test_the_leap_day_is_looked_at_only_where_the_policy_can_meet_it(desk, years, meets):
    """A window with its year holds 29 February or does not; one without may be in any year."""
    path = desk.folder / "policy.yaml"
    path.write_text(WEEKLY.replace("03-02 .. 03-29", years))
    assert years in path.read_text()
    assert ("day: calendar: 29 February" in {one.name for one in boundaries(load_policy(path))}) == meets


@pytest.mark.parametrize("key", ["note: no clause", "clause: '3'\n    unconfirmed: by machine"])
def test_what_nobody_confirmed_pins_nothing(desk, key):
    """Without a clause, or still marked unconfirmed, a scenario pins nothing."""
    line = "{03-02 li: record notes 99 characters, open: study}"
    found = desk.play(f"scenarios:\n  it:\n    {key}\n    story:\n      - {line}\n")
    assert pin(found)[0].by == {}


RATED = """\
scenarios:
  rated:
    story:
      - 03-12 wang: hold kickoff --evidence minutes.pdf
      - 03-13 li, chen: record notes 100 characters
      - 03-20 wang: request study.close
      - 04-02 wang: draft summary
      - then boss: judge summary accept
      - 04-10 wang: request report.close
"""


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_stubs_are_unconfirmed_and_pin_their_boundary_once_they_are_confirmed(desk):
    """The engine's present answer is written down; confirming is citing the clause and deleting one line."""
    path, stubs = desk.write(RATED), desk.folder / "stubs.scenario.yaml"
    found = call("test", path, "--boundaries", "--stubs", stubs)
    assert found.exit_code == 0, found.output
    written = stubs.read_text()
    before = pin(results((path,)))[0]
    played = list(results((stubs,)))
    assert {result.state for result in played} == {"unconfirmed"}
    assert len(played) >= 15
    assert pin(played)[0].by == {}
    assert call("test", stubs).exit_code == 0
    assert call("test", stubs, "--strict").exit_code == 1

    lines = [line.replace("# clause: ", "clause: ") for line in written.split("\n") if "unconfirmed: " not in line]
    stubs.write_text("\n".join(lines))
    confirmed = list(results((stubs,)))
    assert [result.problems for result in confirmed] == [()] * len(played)
    after = pin([result for result in confirmed if result.played.case.spec.clause])[0]
    cited = {result.name for result in confirmed if result.played.case.spec.clause}
    missing = {f"Boundary: {one.kind}: {one}" for one in after.open} & cited
    assert missing == set()
    assert len(after.open) < len(before.open)


def test_a_file_of_stubs_is_never_overwritten(desk):
    """Somebody may have begun to confirm it."""
    path, stubs = desk.write(RATED), desk.folder / "stubs.scenario.yaml"
    stubs.write_text("mine")
    assert call("test", path, "--stubs", stubs).exit_code == 1
    assert stubs.read_text() == "mine"


def test_a_cast_is_shared_between_files(desk):
    """A file may take policy, start, people and stories from another one."""
    desk.write(RATED)
    other = desk.folder / "more.scenario.yaml"
    other.write_text(
        "cast: safety.scenario.yaml\n"
        "scenarios:\n"
        "  decided: {after: rated, story: [{05-04 wang: poll satisfaction 85 satisfied 15 dissatisfied,"
        " outcome: completed}]}\n"
    )
    (found,) = results((other,))
    assert found.problems == ()
    other.write_text("cast: nothing.scenario.yaml\nscenarios: {it: {story: [{on: 03-02, open: study}]}}\n")
    (found,) = results((other,))
    assert [problem.code for problem in found.problems] == ["PF600"]
