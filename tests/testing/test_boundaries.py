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
    """Each period has its end, what is owed once has the end of the phase; both are known by their own names."""
    (desk.folder / "policy.yaml").write_text(WEEKLY, encoding="utf-8")
    found = desk.play("""
scenarios:
  it:
    clause: "1"
    story:
      - {03-08 23:59:59 li: record study_day 2 days, happened: DutyDone study_day}
      - {03-14 li: record study_day 1 day, happened: AmountRecorded study_day}
      - {03-30 00:00:00 wang: complete summary, happened: DutyDone summary False}
""")
    assert found[0].problems == ()
    (pinning,) = pin(found)
    told = {one: one.key in pinning.by for one in pinning.boundaries}
    assert {str(one): pinned for one, pinned in told.items()} == {
        "study_day: one second before": True, "study_day: at": False, "study_day: one second after": False,
        "study_day: -1": True, "study_day: =": True, "study_day: nobody is member": False,
        "summary: one second before": False, "summary: at": True, "summary: one second after": False,
    }  # fmt: skip


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
