"""The calendar of a policy: every day as a run would have it, and what is odd about them."""

from datetime import UTC, date, datetime

import pytest

from phaseflow.core.plan import compile_policy
from phaseflow.engine import Engine
from phaseflow.errors import PolicyError
from phaseflow.reports.calendar import calendar
from phaseflow.reports.graph import mermaid
from phaseflow.spec.reader import read_policy

HEAD = """\
phaseflow: 1
campaign: c
zone: Asia/Shanghai
roles: {lead: {}, member: {}, office: {}}
defaults: {duty: {due: window end}, phase: {opens: on date, closes: by office, clock: calendar}}
outcomes: {completed: {by: office}}
"""


def plan_of(text):
    """Compile a policy of the head above and *text*."""
    reading = read_policy(HEAD + text, file="p.yaml")
    return compile_policy(reading.result(), reading.sources)


def report_of(text, start=date(2009, 3, 1)):
    return calendar(plan_of(text), start)


def odd(text, start=date(2009, 3, 1)):
    """(code, line of the phases) of every oddity."""
    return [problem.code for problem in report_of(text, start).warnings]


def duty(report, name):
    return next(line for phase in report.phases for line in phase.duties if line.name == name)


STUDY = "phases:\n  study:\n    window: 03-02 .. 03-29\n"


def test_a_due_day_has_its_instants_and_its_ladder():
    """Due, grace and lock are the ends of days in the policy's zone; rungs come in the order of their instants."""
    found = duty(
        report_of(
            STUDY + "    duties: {kickoff: {meeting: K, by: lead, due: 03-13, grace: 1 day, remind: [1 day, 7 days],"
            " overdue: {office: 2 days}}}\n"
        ),
        "kickoff",
    )
    assert found.term.day == date(2009, 3, 13)
    assert found.term.due == datetime(2009, 3, 13, 16, tzinfo=UTC)
    assert found.term.grace == datetime(2009, 3, 14, 16, tzinfo=UTC)
    assert [(rung.kind, rung.role, rung.at.day) for rung in found.term.ladder] == [
        ("remind", "", 5),
        ("remind", "", 11),
        ("escalate", "office", 15),
    ]


def test_a_duty_that_comes_again_counts_its_periods():
    """Its first due day is the end of its first period, its last that of the last."""
    found = duty(
        report_of(
            STUDY
            + "    duties: {day: {quota: 1 day, each: member, every: week, partial_week: full}}\n".replace(
                "partial_week", "partial_period"
            )
        ),
        "day",
    )
    assert (found.periods, found.term.day, found.last) == (4, date(2009, 3, 8), date(2009, 3, 29))


def test_what_hangs_on_something_says_on_what():
    """A phase and a duty without a day say what gives them one."""
    report = report_of(
        STUDY + "    duties: {report: {task: R, by: lead, due: after kickoff held}, kickoff: {meeting: K, by: lead}}\n"
        "  rectify: {window: 30 days, opens: when study closes}\n"
    )
    assert duty(report, "report").note == "after kickoff held"
    rectify = report.phases[-1]
    assert (rectify.first, rectify.note) == (None, "30 days, opens when study closes")


def test_the_report_has_the_days_that_a_run_gets():
    """Windows and due days are those of a run started on the same day."""
    plan = plan_of(
        STUDY + "    steps: {training: {window: 03-09 .. 03-22, duties: {books: {task: B, by: lead}}}}\n"
        "    duties: {kickoff: {meeting: K, by: lead, due: 03-13}}\n"
    )
    report = calendar(plan, date(2009, 3, 1))
    engine = Engine("memory:", clock=lambda: datetime(2009, 3, 2, 1, tzinfo=UTC))
    run = engine.start(plan, start="2009-03-01", roster=[{"id": "wang", "roles": ["lead"]}])
    assert {(phase.name, phase.first, phase.last) for phase in run.status().phases} == {
        (line.name, line.first, line.last) for line in report.phases[1:]
    }
    assert {(owed.subject, owed.due) for owed in run.todo("wang")} == {
        (line.name, line.term.day) for line in report.phases[1].duties
    }


SOUND = STUDY + "    duties: {kickoff: {meeting: K, by: lead, due: 03-13}}\n  report: {window: 03-30 .. 04-30}\n"

ODDITIES = {
    "PF720": STUDY + "  report: {window: 03-29 .. 04-30}\n",
    "PF721": STUDY + "  report: {window: 03-31 .. 04-30}\n",
    "PF722": STUDY + "    steps: {training: {window: 03-20 .. 04-02}}\n",
    "PF723": STUDY + "    duties: {kickoff: {meeting: K, by: lead, due: 04-01}}\n",
    "PF724": STUDY + "    duties:\n      kickoff: {meeting: K, by: lead, due: 03-13, needs: {done: briefing}}\n"
    "      briefing: {task: B, by: lead, due: 03-20}\n",
    "PF725": STUDY
    + "    steps: {practice: {window: 03-09 .. 03-22, duties: {work: {quota: 12 days, each: member}}}}\n",
    "PF726": STUDY + "    duties: {kickoff: {meeting: K, by: lead, due: 03-13, remind: 2 weeks}}\n",
    "PF727": STUDY + "    duties: {kickoff: {meeting: K, by: lead, due: 03-15}}\n",
    "PF728": "calendar: {country: CN}\n" + STUDY + "    duties: {kickoff: {meeting: K, by: lead}}\n",
}


def test_nothing_is_odd_about_a_sound_calendar():
    """No oddity is told where there is none."""
    assert odd(SOUND) == []


@pytest.mark.parametrize(("code", "text"), ODDITIES.items())
def test_each_oddity_is_found_alone_and_at_a_line(code, text):
    """Each oddity is told once, as a warning with its place, why and what to do."""
    start = date(2039, 3, 1) if code == "PF728" else date(2009, 3, 1)
    warnings = report_of(text, start).warnings
    assert [problem.code for problem in warnings if code != "PF728" or problem.code == code] == [code]
    assert all(
        problem.severity == "warning" and problem.span.line and problem.why and problem.fix for problem in warnings
    )


def test_ten_days_of_work_fit_into_fourteen_days_and_eleven_need_days_off():
    """The quota of days is held against working days first, then against all days."""
    text = ODDITIES["PF725"]
    assert odd(text.replace("12 days", "10 days")) == []
    assert "only with days off" in report_of(text.replace("12 days", "11 days")).warnings[0].why
    assert "cannot be met" in report_of(text.replace("12 days", "15 days")).warnings[0].why
    assert odd(text.replace("12 days", "12 articles")) == []


def test_a_document_is_odd_before_what_it_is_based_on():
    """`based_on` counts as something that must come first."""
    text = STUDY + (
        "    duties:\n      plan: {document: P, by: lead, due: 03-20, route: [{draft: lead}]}\n"
        "      report: {document: R, by: lead, due: 03-13, based_on: plan, route: [{draft: lead}]}\n"
    )
    assert odd(text) == ["PF724"]


def test_a_day_that_does_not_exist_in_its_year_is_an_error():
    """29 February in a common year is refused, as at the start of a run (R30)."""
    with pytest.raises(PolicyError, match="PF160"):
        report_of("phases: {study: {window: 02-29 .. 03-31}}\n", date(2009, 2, 1))


def test_the_picture_quotes_what_mermaid_would_read():
    """A title with quotes and semicolons stays a title."""
    plan = plan_of("phases: {study: {title: 'a \"b\"; c # d', window: 03-02 .. 03-29}}\n")
    assert 'state "a #quot;b#quot;#59; c #35; d (03-02 .. 03-29)" as study' in mermaid(plan.unit)
