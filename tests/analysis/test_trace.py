"""Clause, rule, scenario: what the trace finds, on a small made-up document."""

import attrs
import pytest

from phaseflow.analysis.matrix import markdown
from phaseflow.analysis.stamp import stamped
from phaseflow.analysis.trace import trace
from phaseflow.spec.reader import read_policy
from phaseflow.spec.register import read_register

SOURCE = [
    "Plan of the safety month",
    "Every crew studies in March, and keeps a notebook of ten pages.",
    "Safety comes first.",
    "The leader closes the month in a fitting way.",
    "",
]
POLICY = """\
phaseflow: 1
campaign: safety
zone: UTC
clauses: clauses.yaml
roles:
  lead:   {title: Leader, clause: A2}
  member: {title: Member, clause: A1}
defaults: {phase: {opens: on date, closes: unstated, asks: lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    clause: A1
    duties:
      notes: {quota: 10 pages, each: member, clause: A1.1}
      report: {document: Report, by: lead, route: [{draft: lead}, {submit: lead, clause: A2}], clause: A2}
outcomes: {completed: {by: lead, from: study, clause: A2}}
"""
REGISTER = """\
source: {file: plan.txt, lines: 5}
clauses:
  A1: {lines: 2, status: encoded, text: Every crew studies in March.}
  A1.1:
    lines: [2, 2]
    status: encoded
    text: Everybody fills ten pages.
  P1: {lines: 3, status: advisory, text: Safety comes first., why: a principle}
  A2: {lines: 4, status: ambiguous, text: The leader closes the month., reading: With a report., why: the way is open}
"""


def run(policy=POLICY, register=REGISTER, *, overlay="", **more):
    files = {"base.yaml": policy.encode(), "policy.yaml": policy.encode(), "house.yaml": overlay.encode()}
    name = "house.yaml" if overlay else "policy.yaml"
    reading = read_policy(files[name], file=name, load=files.__getitem__)
    return trace(
        reading.result(), read_register(register, file="clauses.yaml").result(), overlays=reading.overlays, **more
    )


def codes(found):
    return [problem.code for problem in found.findings]


def stamped_register(source=SOURCE, register=REGISTER):
    return stamped(register, read_register(register).result(), source)


def test_the_matrix_joins_clauses_with_the_rules_that_cite_them():
    """Each clause has the paths of its rules, in the order of the policy; a sound pair has no findings."""
    found = run()
    assert codes(found) == []
    assert {row.clause: row.rules for row in found.rows} == {
        "A1": ("roles.member", "phases.study"),
        "A1.1": ("phases.study.duties.notes",),
        "P1": (),
        "A2": (
            "roles.lead",
            "phases.study.duties.report",
            "phases.study.duties.report.route.submit",
            "outcomes.completed",
        ),
    }
    assert [(one.path, one.key, one.asks) for one in found.unstated] == [("phases.study", "closes", "lead")]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("each: member, clause: A1.1", "each: member, clause: A1.2", "PF660", 14),
        ("window: 03-01 .. 03-31\n    clause: A1", "window: 03-01 .. 03-31\n    clause: P1", "PF662", 11),
        ("from: study, clause: A2", "from: study", "PF663", 16),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_the_rule(old, new, code, line):
    """An unknown clause, an advisory one and none at all are findings, at the line of the rule."""
    found = run(POLICY.replace(old, new))
    assert [(one.code, one.span.line) for one in found.findings if one.code != "PF661"] == [(code, line)]


def test_a_clause_without_a_rule_is_a_finding_unless_it_is_advisory():
    """What the document demands and nobody encoded is told at the clause."""
    found = run(POLICY.replace("clause: A1.1", "clause: A1"))
    assert [(one.code, str(one.span)) for one in found.findings] == [("PF661", "clauses.yaml:6:13")]
    assert "'A1.1'" in found.findings[0].what


def test_an_ambiguity_without_a_reading_is_open():
    """Somebody has to decide; a reading closes it."""
    assert codes(run(register=REGISTER.replace("reading: With a report., ", ""))) == ["PF664"]


def test_house_rules_need_no_clause_and_are_listed():
    """What an overlay marked as house rules adds or changes is exempt; without the mark it must cite."""
    overlay = """\
extends: base.yaml
house_rules: true
phases: {study: {gate: duties, duties: {talk: {task: Talk, by: lead}}}}
waivers: {by: lead, duties: any, grounds: [illness], expires: required}
"""
    found = run(overlay=overlay)
    assert codes(found) == []
    assert [(rule.path, rule.house, rule.house_keys) for rule in found.house] == [
        ("phases.study", False, ("gate",)),
        ("phases.study.duties.talk", True, ()),
        ("waivers", True, ()),
    ]
    assert codes(run(overlay=overlay.replace("house_rules: true\n", ""))) == ["PF663", "PF663"]


def test_what_an_overlay_settled_is_no_longer_unstated():
    """The list is of what is in effect."""
    for settled in ("defaults: {phase: {closes: by lead}}", "phases: {study: {closes: by lead}}"):
        assert run(overlay=f"extends: base.yaml\nhouse_rules: true\n{settled}\n").unstated == ()


def test_who_is_asked_about_a_ledger_stands_with_its_close():
    """A register of problems whose later life the document leaves open names one role for all its silences."""
    ledger = "ledgers: {gaps: {opened_by: lead, close: {by: owner, evidence: none, verify: unstated, asks: lead}, "
    found = run(POLICY + ledger + "survives: unstated, clause: A2}}\n")
    told = [(one.path, one.key, one.asks) for one in found.unstated if one.path.startswith("ledgers")]
    assert told == [("ledgers.gaps", "survives", "lead"), ("ledgers.gaps.close", "verify", "lead")]


def test_without_the_source_nothing_is_claimed_about_it():
    """It says `not checked`; a missing digest is no finding then."""
    found = run()
    assert found.source == "not checked"
    assert {row.source for row in found.rows} == {"not checked"}
    assert found.uncovered == ()


def test_a_changed_source_line_is_found_and_no_other():
    """The digests are those of the encoded lines; an edit shows at every clause of the line, a blank at none."""
    register = stamped_register()
    assert codes(run(register=register, source=SOURCE)) == []
    assert run(register=register, source=SOURCE).source == "plan.txt, unchanged"
    edited = [SOURCE[0], SOURCE[1].replace("ten", "twelve"), SOURCE[2] + " ", *SOURCE[3:]]
    found = run(register=register, source=edited)
    assert codes(found) == ["PF665", "PF665"]
    assert [row.clause for row in found.rows if row.source == "changed"] == ["A1", "A1.1"]
    assert found.source == "plan.txt, 2 of 4 differ"


def test_a_line_more_or_less_is_found():
    """Lines that moved are not those that were encoded; lines that are gone are told as gone."""
    register = stamped_register()
    assert set(codes(run(register=register, source=["new first line", *SOURCE]))) == {"PF665"}
    assert codes(run(register=register, source=SOURCE[:3])) == ["PF667"]


def test_a_clause_without_a_digest_is_found_where_the_source_is_at_hand():
    """What was never stamped cannot be compared."""
    assert codes(run(source=SOURCE)) == ["PF666"] * 4


def test_lines_with_words_under_no_clause_are_named():
    """Whoever looks for what was left out finds the lines; blank ones do not count."""
    assert run(source=SOURCE).uncovered == (1,)
    part = REGISTER.replace("lines: 5", "lines: 5, part: [2, 4]")
    assert run(register=part, source=SOURCE).uncovered == ()


def test_stamping_writes_digests_and_nothing_else():
    """Both layouts are stamped; stamping again changes nothing, an edit of the source changes the digest."""
    once = stamped_register()
    register = read_register(once).result()
    assert all(clause.digest for clause in register.clauses.values())
    bare = {name: attrs.evolve(clause, digest=None) for name, clause in register.clauses.items()}
    assert bare == dict(read_register(REGISTER).result().clauses)
    assert stamped_register(register=once) == once
    assert "    digest: " in once
    assert stamped_register([*SOURCE[:3], "Another end.", ""], once) != once


def test_scenarios_stand_beside_the_clauses_they_execute():
    """The column is there when scenarios were asked for; a clause with a rule that none executes is named."""
    found = run(executed={"happy": {"A1", "A2"}, "late": {"A1"}})
    assert {row.clause: row.scenarios for row in found.rows if row.scenarios} == {
        "A1": ("happy", "late"),
        "A2": ("happy",),
    }
    assert found.unexecuted == ("A1.1",)
    assert run().unexecuted == ()
    assert run().scenarios is None


def test_markdown_has_the_matrix_and_a_list_of_each_finding():
    """The Markdown holds every clause, escapes bars, and leaves empty lists out."""
    text = markdown(run(register=REGISTER.replace("a principle", "a | b"), executed={"happy": ["A1"]}))
    assert "| A1 | 2 | encoded | Every crew studies in March. | `roles.member`, `phases.study` | happy |" in text
    assert "## Clauses that no scenario executes\n\n- `A1.1`\n- `A2`" in text
    assert "## Findings" not in text
    assert "A2: With a report. (the way is open)" in text
