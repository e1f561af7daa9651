"""Scenarios: what a story can say, what each expectation means, and what is told where it is otherwise."""

from datetime import UTC, datetime

import pytest

from phaseflow.errors import show
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.testing.scenarios.expect.trail import matches

STUDIED = (
    "03-10 wang: hold kickoff --evidence minutes.pdf",
    "03-20 li, chen: record notes 100 characters",
    "03-31 wang: request study.close",
)
RATED = (
    *STUDIED,
    "04-02 wang: draft summary",
    "04-03 boss: judge summary accept",
    "04-30 wang: request report.close",
)


def test_a_story_is_told_from_start_to_outcome(desk):
    """Acts, a poll by its counts, a loop back, an item, and the outcome; every expectation is met."""
    found = desk.story(
        "{on: 03-01, open: study, phases: {report: ahead}, todo: {wang: kickoff, li: notes}}",
        "{on: 03-10, reminded: {kickoff: lead}, told: {due_soon kickoff: wang}, escalated: {kickoff: nobody}}",
        "{on: 03-14 09:00, overdue: [kickoff], escalated: {kickoff: nobody}, happened: DutyFellDue study/1/kickoff}",
        "{on: 03-15, escalated: {kickoff: wang}}",
        "{then wang: hold kickoff --evidence minutes.pdf, overdue: none, done: kickoff}",
        "{03-20 li: record notes 60 characters, duties: {notes: 0 of 2}}",
        "{then li: record notes 40 characters, duties: {notes: 1 of 2}, done: notes of li}",
        "{03-31 wang: request study.close, held: [\"'notes' done: 1 of 2 done\"]}",
        "{then chen: record notes 100 characters, gates: {study.close: passes}, allowed: {wang: study.close}}",
        "{03-31 wang: request study.close, passed: true, open: none}",
        "{04-02 wang: draft summary, documents: {summary: approve}}",
        "{then boss: judge summary return, documents: {summary: draft}}",
        "{then wang: draft summary}",
        "{then boss: judge summary accept, documents: {summary: done}}",
        "{04-30 wang: request report.close, open: rating, polls: {satisfaction: not opened}}",
        "{05-04 wang: poll satisfaction 82 satisfied 18 dissatisfied, open: report, polls: {satisfaction: 82%}}",
        "{05-05 wang: open-item problems now --owner wang --field measure=mend, items: {problems: 1 of 1 open}}",
        "{then wang: settle-item problems/1 --evidence r.pdf, items: {problems/1: settled}}",
        "{then boss: verify-item problems/1 good, items: {problems: 0 of 1, problems/1: closed}}",
        "{1 day later everyone: do all of report}",
        "{3 days later wang: request rate_again, open: rating}",
        "{then wang: poll satisfaction 85 satisfied 15 dissatisfied, outcome: completed, owes_redo: false}",
        "{on: then, status: concluded, never: RunCancelled}",
    )
    assert found.problems == ()
    assert found.state == "passed"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("{on: 03-02, open: report}", "PF620", "the open phases: expected report, found study"),
        ("{on: 03-02, phases: {study: closed}}", "PF620", "expected closed, found open"),
        ("{on: 03-02, gates: {study.close: passes}}", "PF620", "'kickoff' done: 0 of 1 done"),
        ("{on: 03-02, gates: {study.close: kickoff}}", "PF620", "'notes' done: 0 of 2 done"),
        ("{on: 03-02, duties: {notes: done}}", "PF620", "expected done, found open (0 of 2 done)"),
        ("{on: 03-02, done: [kickoff]}", "PF620", "expected done, found open 0 of 1"),
        ("{on: 03-14, overdue: none}", "PF620", "expected none, found kickoff"),
        ("{on: 04-01, overdue: [kickoff, notes of li]}", "PF620", "found kickoff, notes, study"),
        ("{on: 03-02, todo: {wang: none}}", "PF620", "expected none, found kickoff"),
        ("{on: 03-02, allowed: {li: study.close}}", "PF620", ""),
        ("{on: 03-02, items: {problems: 1 open}}", "PF620", "found 0 of 0 open"),
        ("{on: 03-10, reminded: {kickoff: nobody}}", "PF620", "expected nobody, found wang"),
        ("{on: 03-10, reminded: {kickoff: office}}", "PF620", "expected office, found wang"),
        ("{on: 03-16, escalated: {kickoff: lead}}", "PF620", ""),
        ("{on: 03-02, asked: office}", "PF620", ""),
        ("{on: 03-02, happened: PhaseOpened report}", "PF620", ""),
        ("{on: 03-02, never: PhaseOpened study}", "PF620", "expected never"),
        ("{on: 03-02, outcome: completed}", "PF620", "expected completed, found none"),
        ("{on: 03-02, status: concluded}", "PF620", "found running"),
        ("{on: 03-02, open: stduy}", "PF606", "there is no phase 'stduy'"),
        ("{on: 03-02, done: note}", "PF606", "there is no duty 'note'"),
        ("03-02 wang: hold kickoff", "PF611", "minutes"),
        ("03-02 li: hold kickoff --evidence minutes.pdf", "PF611", "not_entitled"),
        ("03-02 wang: request study.close", "PF614", "'kickoff' done: 0 of 1 done"),
        ("{03-02 wang: request study.close, held: kickoff}", "PF620", "'notes' done"),
        ("{03-02 wang: hold kickoff --evidence minutes.pdf, refused: PF999}", "PF612", "was accepted"),
        ("{03-02 wang: hold kickoff, refused: PF999}", "PF612", "for another reason"),
        ("03-02 hang: hold kickoff", "PF602", "'hang' is nobody of the cast"),
        ("02-30 wang: hold kickoff", "PF603", "day is out of range"),
        ("03-02 wang: holds kickoff", "PF604", "'holds' is no act"),
        ("{03-02 boss: answer it accept}", "PF605", "there are 0 open questions in"),
        ("03-02 wang: hold", "PF605", "'hold' lacks its meeting"),
        ("03-02 wang: hold kickoff --evidnce x", "PF605", "no option '--evidnce'"),
        ("03-02 boss: judge summary maybe", "PF605", "'maybe' is no verdict"),
        ("03-02 wang: do all of nothing_here", "PF606", "no phase or step 'nothing_here'"),
        ("03-02 boss: do all", "PF613", "did nothing"),
        ("{on: 03-02}", "PF609", "neither acts nor expects"),
        ("{open: study}", "PF609", "does not say when"),
        ("{03-02: hold kickoff}", "PF609", "does not say who acts"),
        ("{on: 03-02 wang, open: study}", "PF609", "nobody acts"),
        ("{on: 03-02, held: notes}", "PF609", "does not fit"),
        ("{on: 2009-02-02, open: none}", "PF616", "lies before"),
        ("{on: 03-02, opne: study}", "PF131", "unknown key 'opne'"),
    ],
)  # fmt: skip
def test_what_is_otherwise_is_told_with_its_place(desk, line, code, words):
    """Each expectation fails where it is wrong, at its own place, with what was expected and what was found."""
    found = desk.story(line)
    problem = found.problems[0]
    assert problem.code == code, problem
    assert words in problem.what
    assert problem.span.line == 6
    assert problem.why
    assert problem.fix
    assert show(problem).startswith(f"{found.file}:6:")


def test_all_that_is_expected_at_one_line_is_checked(desk):
    """Several wrong expectations are all told, and the story goes on to the next line."""
    lines = ("{on: 03-02, open: report, outcome: completed, done: notes}", "{on: 03-03, open: none}")
    assert desk.codes(*lines) == ["PF620"] * 4


def test_an_act_that_fails_ends_the_story(desk):
    """What follows an act that was not answered as written would only be its consequences."""
    assert desk.codes("03-02 li: request study.close", "{on: 03-03, open: none}") == ["PF611"]


def test_the_line_of_the_policy_stands_in_the_failure(desk):
    """A failure names the policy's line, with its text, and the clause."""
    problem = desk.story("{on: 03-14, duties: {kickoff: done}}").problems[0]
    assert "policy.yaml:19:16: kickoff: {meeting: Kick-off, by: lead" in problem.why
    assert problem.clause == "3.1"


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("{03-02 wang: hold kickoff --evidence minutes.pdf, happened: MeetingHeld}", "2009-03-02 12:00"),
        ("{03-02 09:30 wang: hold kickoff --evidence minutes.pdf, happened: MeetingHeld}", "2009-03-02 09:30"),
        ("{2009-03-02 wang: hold kickoff --evidence minutes.pdf, happened: MeetingHeld}", "2009-03-02 12:00"),
        ("{2 days later wang: hold kickoff --evidence minutes.pdf, happened: MeetingHeld}", "2009-03-03 08:00"),
        ("{90 minutes later wang: hold kickoff --evidence minutes.pdf, happened: MeetingHeld}", "2009-03-01 09:30"),
        ("{then wang: hold kickoff --evidence minutes.pdf, happened: MeetingHeld}", "2009-03-01 08:00"),
    ],
)  # fmt: skip
def test_a_cue_says_when(desk, line, at):
    """A day is noon of it unless a time is given; lengths count from the line before."""
    found = desk.story(line)
    assert found.problems == ()
    trail = found.played.trails["unit"][1]
    entry = next(entry for entry in trail if type(entry.event).__name__ == "MeetingHeld")
    assert f"{found.played.plan.calendar.local(entry.at):%Y-%m-%d %H:%M}" == at


def test_cases_fill_in_their_values_and_are_told_apart(desk):
    """Each case is a scenario of its own; a value stands for a text, a name or a whole list."""
    lines = "".join(f"  - {line}\n" for line in RATED)
    found = desk.play(
        f"before:\n{lines}"
        "scenarios:\n"
        "  bands:\n"
        "    cases:\n"
        "      - {yes: 85, no: 15, ends: completed, open: none}\n"
        "      - {yes: 84, no: 16, ends: none, open: [report]}\n"
        "      - {yes: 79, no: 21, ends: redo, open: none}\n"
        "    story:\n"
        "      - 05-04 wang: poll satisfaction $yes satisfied $no dissatisfied\n"
        "        outcome: $ends\n"
        "        open: $open\n"
    )
    assert [result.problems for result in found] == [(), (), ()]
    assert found[1].name == "bands [yes 84, no 16, ends none, open report]"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("scenarios: {}\n", "PF601", "no scenario"),
        ("scenarios: {it: {}}\n", "PF601", "no scenario"),
        ("scenario: {it: {}}\n", "PF131", "unknown key 'scenario'"),
        ("scenarios: {it: {story: []}}\n", "PF601", ""),
        ("scenarios: {it: {after: that, story: [{on: 03-01, open: study}]}}\n", "PF608", "'that' is not in this file"),
        ("scenarios: {it: {after: it, story: [{on: 03-01, open: study}]}}\n", "PF608", "comes after itself"),
        ("scenarios: {it: {cases: 3, story: [{on: 03-01, open: study}]}}\n", "PF607", "no list of tables"),
        ("scenarios: {it: {cases: [{a: 1}], story: [{on: 03-01, open: study}]}}\n", "PF607", "has no '$a'"),
        ("scenarios: {it: {cases: [{a: 1}], story: [{on: $b, open: $a}]}}\n", "PF607", "does not give '$b'"),
        ("policy: polcy.yaml\nscenarios: {it: {story: [{on: 03-01, open: study}]}}\n", "PF600", "'polcy.yaml'"),
        ("crowd: {mebmer: 3}\nscenarios: {it: {story: [{on: 03-01, open: study}]}}\n", "PF606", "no role 'mebmer'"),
        ("bodies: {village: 3}\nscenarios: {it: {story: [{on: 03-01, open: study}]}}\n", "PF606", "kind of body"),
        ("scenarios: {it: {start: 2009-13-01, story: [{on: 03-01, open: study}]}}\n", "PF615", ""),
        ("scenarios: [\n", "PF112", ""),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_played_is_told_at_once(desk, text, code, words):
    """Shape, names and places of a file are checked before anything is played, with a fix for each fault."""
    problems = [problem for result in desk.play(text) for problem in result.problems]
    assert code in [problem.code for problem in problems] or code == "PF112"
    assert any(words in problem.what for problem in problems)
    assert problems


def test_all_faults_of_a_file_are_told_in_one_pass(desk):
    """Unknown acts, keys and cues of all scenarios come together, sorted by their places."""
    (found,) = desk.play(
        "scenarios:\n"
        "  one: {story: [{03-02 wang: holds kickoff}]}\n"
        "  two: {story: [{on: 03-02, opne: study}, {on: yesterday, open: study}]}\n"
    )
    assert [problem.code for problem in found.problems] == ["PF604", "PF131", "PF603"]


def test_a_scenario_may_come_after_another(desk):
    """The other story is played first; what it expects is checked where it stands."""
    found = desk.play(
        "scenarios:\n"
        "  first: {story: [{03-10 wang: hold kickoff --evidence minutes.pdf, open: report}]}\n"
        "  second: {after: first, story: [{on: 03-11, done: kickoff}]}\n"
    )
    assert [result.state for result in found] == ["failed", "passed"]


def test_todo_and_unconfirmed_are_neither_passed_nor_failed(desk):
    """A story that is still to be written is not played; one that nobody confirmed is played and counts for nothing."""
    found = desk.play(
        "scenarios:\n"
        "  later: {todo: ask the office}\n"
        "  stub: {unconfirmed: from boundaries, story: [{on: 03-02, open: study}]}\n"
        "  wrong stub: {unconfirmed: from boundaries, story: [{on: 03-02, open: none}]}\n"
    )
    assert [(result.state, result.reason) for result in found] == [
        ("todo", "ask the office"),
        ("unconfirmed", "from boundaries"),
        ("failed", "from boundaries"),
    ]


def test_a_late_record_says_when_it_happened(desk):
    """`--at` is when it happened; the line is when it is recorded."""
    found = desk.story(
        "{on: 03-15, overdue: kickoff}",
        "{then wang: hold kickoff --evidence minutes.pdf --at 2009-03-12, happened: OverdueRescinded, overdue: none}",
    )
    assert found.problems == ()


def test_people_who_join_in_the_story_may_act(desk):
    """The cast is who is there at the start; others join."""
    joins = "03-02 boss: join zhou --role member"
    found = desk.story(joins, "{03-03 zhou: record notes 100 characters, done: notes of zhou}")
    assert found.problems == ()


def test_a_crowd_acts_by_number(desk):
    """Nameless persons hold a role and are called ROLE_1, ROLE_2, …"""
    (found,) = desk.play(
        "crowd: {member: 3}\n"
        "scenarios: {it: {story: [{03-02 member_2: record notes 100 characters, duties: {notes: 1 of 5}}]}}\n"
    )
    assert found.problems == ()


@pytest.mark.parametrize(
    ("yes", "no", "text", "good"),
    [(80, 20, "80%", True), (80, 20, "80.0%", True), (28, 5, "28/33", True), (56, 10, "28/33", True),
     (28, 5, "84.85%", True), (28, 5, "84.8%", False), (80, 20, "counted", True), (80, 20, "81%", False),
     (80, 20, "1/0", False)],
)  # fmt: skip
def test_the_share_of_a_poll_is_told_in_per_cent_or_as_a_fraction(desk, yes, no, text, good):
    """Exactly where it is short; else rounded to two digits, and exactly as a fraction."""
    lines = "".join(f"  - {line}\n" for line in RATED)
    (found,) = desk.play(
        f"before:\n{lines}scenarios:\n  it:\n    story:\n"
        f"      - 05-04 wang: poll satisfaction {yes} satisfied {no} dissatisfied\n"
        f"        polls: {{satisfaction: {text}}}\n"
    )
    assert (found.problems == ()) is good


WEEKLY = """\
phaseflow: 1
campaign: weekly
zone: Asia/Shanghai
roles: {lead: Lead, member: Member, office: Office}
defaults: {duty: {due: window end}, phase: {opens: on date, closes: by lead, clock: calendar}}
phases:
  study:
    window: 03-02 .. 03-22
    duties:
      study_day: {quota: 2 days, each: member, every: week, partial_period: waive}
outcomes: {completed: {by: lead}}
"""


def test_what_comes_again_is_meant_for_the_period_of_the_day(desk):
    """The week of the look is meant where none is named; a past week that is not done is overdue."""
    (desk.folder / "policy.yaml").write_text(WEEKLY)
    found = desk.story(
        "{03-05 li: record study_day 2 days, done: study_day of li, duties: {study_day: 1 of 2, study_day/2: 0 of 2}}",
        "{on: 03-09, duties: {study_day: 0 of 2, study_day/1: overdue}, done: study_day/1 of li, "
        "overdue: study_day of chen}",
        "{then li: record study_day 2 days, done: [study_day of li, study_day/2 of li]}",
        "{on: 04-01, duties: {study_day: overdue}}",
    )
    assert found.problems == ()
    assert desk.codes("{on: 03-09, done: study_day/1 of li}") == ["PF620"]
    assert desk.codes("{on: 03-09, done: study_day/4 of li}") == ["PF620"]
    assert desk.codes("{on: 03-09, done: reading/1 of li}") == ["PF606"]


@pytest.mark.parametrize(("text", "fits"), [
    ("ParticipationRecorded wang", True),
    ("ParticipationRecorded wang satisfied", True),
    ("ParticipationRecorded unit", True),
    ("ParticipationRecorded dissatisfied", False),
])  # fmt: skip
def test_an_event_is_known_by_the_words_of_its_tables_too(text, fits):
    """Who voted how is on record in a poll that is not anonymous, and a scenario can say that it is or is not."""
    event = e.ParticipationRecorded(key="a/1/poll", edge="all", person="wang", answers={"unit": "satisfied"})
    now = datetime(2009, 3, 1, tzinfo=UTC)
    entry = Entry(seq=1, at=now, recorded_at=now, actor="wang", authority="", event=event)
    assert matches(entry, text) is fits
