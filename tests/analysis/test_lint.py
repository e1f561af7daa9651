# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""Lint rules: for each a bad policy with the place of its finding, and the mend after which the rule is silent.

A `«` marks where the finding must stand. The mend is what its `fix` says; a rule that still speaks after it, or that is
silent before it, fails here.
"""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from phaseflow.analysis.accepted import Acceptance, Accepted, sift
from phaseflow.analysis.findings import Finding, view
from phaseflow.analysis.lint import RULES, lint
from phaseflow.core.plan import compile_policy
from phaseflow.errors import show
from phaseflow.explain import PAGES
from phaseflow.spec.reader import read_policy
from phaseflow.spec.register import Register, read_register

HEAD = "phaseflow: 1\ncampaign: trial\nzone: UTC\nyear: 2009\n"
ROLES = "roles: {boss: Boss, member: Member}\n"
END = "outcomes: {done: {by: boss, gate: {done: [job]}, from: a}}\n"
PARENT_ROLES = "roles: {office: {of: programme}, lead: {of: unit}, member: {of: unit}}\n"


@attrs.frozen
class Case:
    """A policy with one finding: its code, its text with the place marked, what an author changes."""

    code: str
    text: str
    old: str
    new: str


def one_phase(duties: str, more: str = "", end: str = END, phase: str = "closes: by boss, gate: duties", window: str = "03-01 .. 03-31") -> str:
    """A policy with one phase in March; *duties* and further parts are given."""
    return (
        f"{ROLES}{more}phases:\n  a:\n    {{window: {window}, opens: on date, {phase}, duties: {{\n      job: {{task: Job, by: [boss, member], due: window end}},\n      "
        f"{duties}}}}}\n{end}"
    )


def two_phases(first: str, second: str, duties: str = "") -> str:
    """A phase *a* in March, and *b* that opens when it closes."""
    return (
        f"{ROLES}phases:\n  a: {{window: 03-01 .. 03-31, opens: on date, closes: by boss, clock: calendar, {first}, duties: {{job: {{task: Job, by: [boss, member], due: window end{duties}}}}}}}\n"
        f"  b: {{window: none, opens: when a closes, closes: by boss, clock: calendar, {second}, duties: {{late: {{task: Late, by: boss, due: none}}}}}}\n"
        "outcomes: {done: {by: boss, gate: {done: [late]}, from: b}}\n"
    )


def poll(rest: str, ends: str = "{done: {by: boss, gate: {done: [job]}, from: a, reopen: boss}, redo: {owes: next_batch, carry: nothing, reopen: boss}}") -> str:
    """A phase with a poll."""
    usual = {"quorum": "{share: 50% of invited, otherwise: hold}", "edges": "{own: {raters: [member]}}", "anonymous": "true",
             "bands": "{exclusive: [{below: 80%, go: redo}, {otherwise: done}]}"}
    given = "".join(f", {key}: {value}" for key, value in usual.items() if f"{key}:" not in rest)
    return one_phase(
        f"vote: {{poll: Vote, by: boss, due: none, choices: [good, bad], measure: good of valid{given}, {rest}}}",
        end=f"outcomes: {ends}\n",
    )


def programme(phases: str, unit: str = "closes: by lead") -> str:
    """A programme over units with one phase in March."""
    return (
        f"{PARENT_ROLES}phases:\n  a: {{window: 03-01 .. 03-31, opens: on date, {unit}}}\n  b: {{window: 04-01 .. 04-30, opens: on date, closes: by lead}}\n"
        f"outcomes: {{done: {{by: lead}}}}\nprogramme: {{phases: {phases}, outcomes: {{over: {{by: office}}}}}}\n"
    )


BANDS = "bands: {exclusive: [{below: 80%, go: redo}, {otherwise: done}]}"
LEDGER = "ledgers: {gaps: {opened_by: member, survives: true, classes: {urgent: {within: 3 days}}, close: {by: owner, evidence: none, verify: none}}}\n"
FINE = "programme: {phases: {a: {closes: by office}, b: {closes: by office}}"

CASES = [
    Case("PF801", programme("{«a: {closes: by lead}, b: {closes: by office}}").replace("{«a:", "{a:").replace("  a: {window", "  a: «{window"), "a: {closes: by lead}, b", "a: {closes: by office}, b"),
    Case("PF801", programme("{a: {closes: by office, overdue: «{lead: 1 day}, remind: 1 day}, b: {closes: by office}}"), "{lead: 1 day}", "{office: 1 day}"),
    Case("PF802", one_phase("r: {task: R, by: member, checked_by: «member, due: none}"), "checked_by: member", "checked_by: boss"),
    Case("PF802", one_phase("", more=LEDGER.replace("by: owner", "by: member").replace("verify: none", "verify: «member, poor: reopen")), "verify: member", "verify: boss"),
    Case("PF802", one_phase("", more="make_up: {by: boss, checked_by: «boss}\n"), "checked_by: boss", "checked_by: member"),
    Case("PF803", one_phase("r: {document: R, by: boss, due: none, route: [{draft: boss}, «{approve: boss, within: 3 days, silence: hold}]}"), "approve: boss", "approve: member"),
    Case("PF804", PARENT_ROLES + "phases:\n  a: {window: 03-01 .. 03-31, opens: on date, closes: by lead, remind: 3 days, overdue: «{office: 1 day, lead: 3 days}}\noutcomes: {done: {by: lead}}\nprogramme: {phases: {a: {closes: by office, overdue: {office: 1 day}}}, outcomes: {over: {by: office}}}\n", "{office: 1 day, lead: 3 days}}\no", "{lead: 1 day, office: 3 days}}\no"),
    Case("PF805", one_phase("r: {task: R, by: member, checked_by: «guest, due: none}").replace("member: Member", "member: Member, guest: {invited: true}"), "checked_by: guest", "checked_by: boss"),
    Case("PF805", one_phase("r: {task: R, by: member, due: window end, remind: 1 day, overdue: «{guest: 1 day}}").replace("member: Member", "member: Member, guest: {invited: true}"), "{guest: 1 day}", "{boss: 1 day}"),
    Case("PF805", one_phase("", phase="closes: unstated, asks: «guest, gate: duties").replace("member: Member", "member: Member, guest: {invited: true}"), "asks: guest", "asks: boss"),
    Case("PF806", poll("edges: {own: {raters: [member], subject: «member}}, aggregate: pooled"), "subject: member", "subject: boss"),
    Case("PF807", one_phase("r: {task: R, by: member, due: window end, overdue: «{boss: 1 day}}"), "due: window end, overdue", "due: window end, remind: 3 days, overdue"),
    Case("PF811", one_phase("r: {task: R, by: member, due: none, remind: «3 days}"), "due: none, remind: 3 days", "due: none"),
    Case("PF811", one_phase("", phase="closes: by boss, gate: duties, remind: «3 days", window="none").replace("opens: on date", "opens: with campaign"), ", remind: 3 days", ""),
    Case("PF812", one_phase("", phase="closes: by boss, gate: duties, remind: «40 days"), "40 days", "5 days"),
    Case("PF812", one_phase("", more=LEDGER.replace("within: 3 days", "within: 3 days, remind: «7 days")), "7 days", "1 day"),
    Case("PF812", one_phase("r: {task: R, by: member, due: 3 days after window start, remind: «7 days}"), "7 days", "1 day"),
    Case("PF813", one_phase("r: {task: R, by: member, due: window end, grace: 7 days, lock: «2 days}"), "lock: 2 days", "lock: 9 days"),
    Case("PF814", one_phase("r: {document: R, by: member, due: 03-10, route: «[{draft: member}, {approve: boss, within: 20 days, silence: hold}]}"), "within: 20 days", "within: 5 days"),
    Case("PF815", one_phase("", more="window: 02-01 .. 03-15\n").replace("window: 03-01 .. 03-31", "window: «03-01 .. 03-31"), "02-01 .. 03-15", "02-01 .. 04-15"),
    Case("PF816", one_phase("r: {task: R, by: member, due: window end, grace: «3 business days}"), "roles:", "calendar: {country: CN}\nroles:"),
    Case("PF817", one_phase("r: {quota: 1 page, each: member, every: «quarter, partial_period: waive}"), "partial_period: waive", "partial_period: prorate"),
    Case("PF818", poll("open_for: «60 days"), "60 days", "10 days"),
    Case("PF821", poll("bands: «{exclusive: [{below: 80%, go: redo}]}"), "go: redo}]", "go: redo}, {otherwise: done}]"),
    Case("PF821", poll("bands: «{exclusive: [{below: 70%, go: redo}, {at_least: 75%, go: done}]}"), "at_least: 75%", "at_least: 70%"),
    Case("PF822", poll("bands: {exclusive: [«{at_least: 90%, below: 80%, go: redo}, {otherwise: done}]}"), "at_least: 90%, below", "at_least: 70%, below"),
    Case("PF822", poll("bands: {exclusive: [{below: 50%, go: redo}, {at_least: 50%, go: done}, «{otherwise: done}]}"), "{at_least: 50%, go: done}", "{at_least: 60%, go: done}"),
    Case("PF823", one_phase("", more=LEDGER, phase="closes: by boss, gate: «{all: [{done: job}, {items: gaps, at_most: 3}, {items: gaps, no_fewer: 5}]}"), "at_most: 3", "at_most: 7"),
    Case("PF823", one_phase("", phase="closes: by boss, gate: «{at_least: 3, of: [{done: job}, {done: job}]}"), "at_least: 3", "at_least: 2"),
    Case("PF824", one_phase("", more=LEDGER, phase="closes: by boss, gate: «{any: [{items: gaps, at_most: 5}, {items: gaps, no_fewer: 3}]}"), "no_fewer: 3", "no_fewer: 9"),
    Case("PF825", poll("at_least: {boss: «10% of respondents}"), "raters: [member]", "raters: [member, boss]"),
    Case("PF825", poll("edges: {own: {raters: [member, boss]}}, at_least: «{boss: 60% of respondents, member: 50% of respondents}"), "boss: 60%", "boss: 10%"),
    Case("PF826", poll("quorum: «{count: 3, otherwise: hold}"), "count: 3", "count: 9"),
    Case("PF826", poll("quorum: {share: «0% of invited, otherwise: hold}"), "share: 0%", "share: 5%"),
    Case("PF827", "parameters: {mark: 80%, other: 70%}\n" + poll("bands: {exclusive: [{below: «80%, go: redo}, {below: other, go: done}, {otherwise: done}]}").replace("below: other", "below: 90%"), "below: 80%", "below: mark"),
    Case("PF828", programme("{a: {closes: when gate, gate: «{units: 90%, closed: a}}, b: {closes: by office}}"), "a: {closes: when gate, gate", "a: {closes: by office, xx: 1, gate".replace("xx: 1, ", "")),
    Case("PF831", one_phase("r: «{task: R, by: member, due: none}", phase="closes: by boss, gate: {done: job}"), "gate: {done: job}", "gate: {done: [job, r]}"),
    Case("PF832", one_phase("", end="outcomes: {done: {by: boss}}\n", phase="closes: by boss").replace("  a:\n    {", "  a:\n    «{"), "closes: by boss", "closes: by boss, gate: duties"),
    Case("PF833", two_phases("gate: {done: «late}", "gate: duties"), "{done: late}, d", "{done: job}, d"),
    Case("PF833", two_phases("gate: {reached: «b}", "gate: duties"), "{reached: b}", "{done: job}"),
    Case("PF834", two_phases("gate: duties", "entry: {done: «late}"), "entry: {done: late}", "entry: {done: job}"),
    Case("PF835", one_phase("r: {task: R, by: boss, due: none, needs: «{done: s}}, s: {task: S, by: boss, due: none, needs: {done: r}}"), "needs: {done: r}", "needs: {done: job}"),
    Case("PF836", two_phases("gate: duties", "gate: duties", duties=", needs: «{done: late}"), ", needs: {done: late}", ""),
    Case("PF837", programme("{a: {closes: by office}, b: {closes: by office, gate: «{units: 90%, closed: a}}}"), "closed: a", "closed: b"),
    Case("PF847", programme("{a: {closes: by office, gate: {units: 90%, closed: a}}, b: {closes: by office}, c: {closes: by office, gate: {units: 90%, closed: c}}}").replace("  b: {", "  b: «{").replace("\noutcomes", "\n  c: {window: 05-01 .. 05-30, opens: on date, closes: by lead}\noutcomes", 1), "b: {closes: by office}", "b: {closes: by office, gate: {units: 90%, closed: b}}"),
    Case("PF838", poll(BANDS, ends="{done: {by: boss, gate: {done: [job]}, from: a, reopen: boss}, redo: «{owes: next_batch, carry: nothing}}"), "carry: nothing}", "carry: nothing, reopen: boss}"),
    Case("PF839", poll(BANDS + ", quorum: «none"), "quorum: none", "quorum: {count: 9, otherwise: hold}"),
    Case("PF841", poll("bands: {exclusive: [{otherwise: «back}]}", ends="{done: {by: boss, gate: {done: [job]}, from: a}}").replace("\noutcomes", "\n  b: {window: none, opens: by transition, closes: by boss}\n  c: {window: none, opens: when a closes, closes: by boss}\ntransitions: {back: {from: c, to: b}}\noutcomes"), "{from: c,", "{from: a,"),
    Case("PF842", one_phase("") + "transitions: {back: «{from: a, to: a, max: unlimited, window: none, duties: all}}\n", "to: a,", "to: a, by: boss,"),
    Case("PF843", one_phase("r: «{task: R, by: boss, due: none, opens: by band}"), ", opens: by band", ""),
    Case("PF844", one_phase("") + "transitions: {back: {from: a, to: a, by: boss, max: «unlimited, window: none, duties: all}}\n", "max: unlimited", "max: 3, otherwise: done"),
    Case("PF845", one_phase("r: {document: R, by: boss, due: none, route: [{draft: boss}, «{approve: member, returns_to: draft}]}"), "returns_to: draft", "returns_to: draft, within: 3 days, silence: hold"),
    Case("PF846", one_phase("", more="waivers: {by: boss, duties: any, grounds: [illness], expires: «optional}\n"), "expires: optional", "expires: required"),
    Case("PF851", one_phase("").replace("member: Member", "member: Member, ghost: «Ghost"), ", ghost: Ghost", ""),
    Case("PF851", "parameters: {mark: «80%}\n" + one_phase(""), "parameters: {mark: 80%}\n", ""),
    Case("PF852", one_phase("r: {task: R, by: boss, due: none}").replace("member: Member", "member: Member, members: «Participants"), "members: Part", "guests: Part"),
    Case("PF852", one_phase("r: {task: R, by: guest, due: none}").replace("member: Member", "member: Member, guest: «member"), "guest: member", "guest: Guest"),
    Case("PF853", one_phase("", more="ledgers: {gaps: {opened_by: member, survives: true, axes: {weight: [low, middle, high], risk: «[low, moderate, high]}, classes: {any_gap: none}, close: {by: owner, evidence: none, verify: none}}}\n"), "moderate", "middle"),
    Case("PF724", one_phase("r: {task: R, by: boss, due: 03-05, needs: «{done: job}}"), "due: 03-05", "due: window end"),
    Case("PF723", one_phase("r: {task: R, by: boss, due: «05-05}"), "05-05", "03-05"),
    Case("PF726", one_phase("r: {task: R, by: boss, due: 03-05, remind: «7 days}"), "7 days", "2 days"),
    Case("PF801", programme("{a: {closes: by office}, b: {closes: by office}}").replace("phases:\n  a: {window: 03-01 .. 03-31, opens: on date, closes: by lead}", "defaults: {duty: {remind: 1 day, overdue: {lead: 1 day}}}\nphases:\n  a: {window: 03-01 .. 03-31, opens: on date, closes: by lead, duties: {paper: «{task: Paper, by: office, due: window end}}}"), "overdue: {lead: 1 day}", "overdue: {lead: 1 day, office: 3 days}"),
    Case("PF805", one_phase("r: {task: R, by: «guest, due: none}").replace("member: Member", "member: Member, guest: {title: Guest, invited: true}"), "by: guest", "by: boss"),
    Case("PF808", one_phase("r: {task: R, by: boss, due: 03-20, remind: 3 days, overdue: «{boss: 1 day}}"), "{boss: 1 day}", "{boss: 1 day, member: 3 days}"),
    Case("PF809", one_phase("").replace("member: Member", "member: Member, judge: {title: Judge, is_a: member, independent_of: «member}"), "independent_of: member", "independent_of: boss"),
    Case("PF819", one_phase("", more=LEDGER.replace("3 days", "«60 days"), phase="closes: by boss, gate: {all: [{done: job}, {items: gaps, at_most: 0}]}"), "60 days", "20 days"),
    Case("PF829", one_phase("r: {quota: «5 days, each: member, every: week, partial_period: full}", window="03-01 .. 03-29"), "partial_period: full", "partial_period: prorate"),
    Case("PF848", one_phase("", more="make_up: {by: boss, checked_by: member, window: «60 days}\n"), "60 days", "20 days"),
    Case("PF848", one_phase("", more="extensions: {by: boss, duties: any, types: [ill], longest: «60 days, max: 2}\n", phase="closes: on date"), "60 days", "20 days"),
    Case("PF849", one_phase("r: {task: R, by: member, due: 03-10, lock: 2 days, remind: 3 days, overdue: «{boss: 5 days}}"), "lock: 2 days", "lock: 6 days"),
    Case("PF854", poll("bands: {exclusive: [{below: 80%, go: «fix}, {otherwise: done}]}", ends="{done: {by: boss, from: a, reopen: boss}}").replace("by: boss, due: none, choices", "by: boss, due: window end, choices").replace("job: {task: Job", "fix: {task: Fix, by: boss, opens: by band, due: window end}, job: {task: Job").replace("closes: by boss", "closes: on date"), "closes: on date", "closes: by boss"),
    Case("PF855", one_phase("", more="amends: {binds: at_once, from: «2009-05-01, notice: 3 days}\n"), "2009-05-01", "2009-03-10"),
    Case("PF856", two_phases("gate: duties", "entry: «{closed: a}").replace("window: none, opens: when a closes", "window: 03-15 .. 04-30, opens: on date"), "03-15", "04-01"),
    Case("PF857", two_phases("gate: duties", "gate: duties").replace("{by: boss, gate: {done: [late]}, from: b}", "«{by: boss}"), "{done: {by: boss}}", "{done: {by: boss, from: b}}"),
    Case("PF858", poll(BANDS, ends="{done: {by: boss, gate: {done: [job, «fix]}, from: a, reopen: boss}}").replace("go: redo", "go: fix").replace("job: {task: Job", "fix: {task: Fix, by: boss, opens: by band, due: none}, job: {task: Job"), "opens: by band, due", "opens: by band, if_none: met, due"),
    Case("PF859", one_phase("r: {quota: 2 township, each: unit_of_work, by: boss, due: none, pairs: «township}", more="bodies: {unit_of_work: {count: 5}, township: {count: 8}}\n"), "2 township", "1 township"),
]  # fmt: skip


def found_in(text: str, register: Register | None = None, **more: object) -> tuple[Finding, ...]:
    reading = read_policy((HEAD + text).encode(), file="policy.yaml")
    return lint(view(compile_policy(reading.result(), reading.sources), register=register, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.old[:24]}")
def test_a_rule_speaks_in_its_place_and_its_mend_silences_it(case: Case) -> None:
    """Each rule finds its defect at the marked place, in four parts, and is silent on the good twin."""
    line, col = next((n, row.index("«") + 1) for n, row in enumerate((HEAD + case.text).split("\n"), 1) if "«" in row)
    text = case.text.replace("«", "")
    findings = [finding for finding in found_in(text) if finding.problem.code == case.code]
    assert [(f.problem.span.line, f.problem.span.col) for f in findings] == [(line, col)]
    problem = findings[0].problem
    assert all((problem.what, problem.why, problem.fix, findings[0].at))
    assert problem.severity in ("error", "warning", "note")
    assert problem.code in PAGES
    assert text.count(case.old) >= 1, "the mend changes nothing"
    again = [f for f in found_in(text.replace(case.old, case.new, 1)) if f.problem.code == case.code]
    silent = [f for f in again if f.problem.severity != "note" or problem.severity == "note"]
    assert silent == [], [show(f.problem) for f in again]


def test_every_rule_has_a_case() -> None:
    """No rule stands in the table that no bad example has made speak."""
    spoken = set()
    register = read_register("source: {file: s.txt}\nclauses: {A1: {lines: 1, status: encoded, text: So}}").result()
    texts = [case.text.replace("«", "") for case in CASES] + [one_phase("r: {task: R, by: boss, due: none, clause: B9}")]
    for text in texts:
        reading = read_policy((HEAD + text).encode(), file="policy.yaml")
        seen = view(compile_policy(reading.result(), reading.sources), register=register)
        spoken |= {rule for rule in RULES if next(rule(seen), None) is not None}
    assert [rule.__name__ for rule in RULES if rule not in spoken] == []


def test_a_plain_policy_is_left_alone() -> None:
    """A small policy without faults gives no finding at all."""
    assert found_in(one_phase("r: {task: R, by: member, checked_by: boss, due: 03-20, remind: 3 days, overdue: {boss: 1 day}}")) == ()


def test_what_a_subject_needs_of_its_own_can_be_met() -> None:
    """`own: true` is a yes or a no, and no number."""
    own = "topic: {task: Topic, each: member, due: none}, text: {document: Text, each: member, due: none, needs: {done: topic, own: true}, route: [{draft: member}]}"
    assert not [one for one in found_in(one_phase(own)) if one.code == "PF823"]


def test_clauses_are_held_against_the_register() -> None:
    """A clause nobody cites, a citation of nothing, and an ambiguity without a reading are told with their places."""
    register = read_register(
        "source: {file: source.txt}\nclauses:\n"
        "  A1: {lines: 1, status: encoded, text: One}\n"
        "  A2: {lines: 2, status: advisory, text: Two, why: A goal}\n"
        "  A3: {lines: 3, status: ambiguous, text: Three, why: Two ways}\n",
        file="clauses.yaml",
    ).result()  # fmt: skip
    found = found_in(one_phase("r: {task: R, by: boss, due: none, clause: [A3, B9]}"), register)
    told = {(f.problem.code, f.problem.span.file, f.problem.span.line, f.at) for f in found}
    assert told == {
        ("PF661", "clauses.yaml", 3, "clauses.A1"),
        ("PF664", "clauses.yaml", 5, "clauses.A3"),
        ("PF660", "policy.yaml", 10, "clauses.phases.a.duties.r"),
    }


def test_a_start_dates_the_calendar_and_weekdays_need_a_year() -> None:
    """Without a year no day of the week is told; with a start it is that start's."""
    text = one_phase("r: {task: R, by: boss, due: 03-15}")
    reading = read_policy((HEAD.replace("year: 2009\n", "") + text).encode(), file="policy.yaml")
    plan = compile_policy(reading.result(), reading.sources)
    codes = [{f.problem.code for f in lint(view(plan, start))} for start in (None, date(2009, 3, 1), date(2010, 3, 1))]
    assert codes == [set(), {"PF727"}, set()]  # 15 March 2009 was a Sunday, in 2010 a Monday


def test_what_is_accepted_is_silent_and_what_is_accepted_in_vain_is_told() -> None:
    """An acceptance silences its own finding only; one that fits nothing is a finding."""
    findings = found_in(one_phase("", more="waivers: {by: boss, duties: any, grounds: [ill], expires: never}\n"))
    entries = tuple(Acceptance(code=code, at=at, why="so") for code, at in (("PF846", "waivers"), ("PF812", "phases.a")))
    sifted = sift(findings, Accepted(accept=entries))
    assert [finding.problem.code for finding, _why in sifted.accepted] == ["PF846"]
    assert [finding.problem.code for finding in sifted.open] == ["PF871"]
    assert sift(findings, None).open == findings
