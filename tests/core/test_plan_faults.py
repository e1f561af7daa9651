# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""Faults of meaning: each with a bad policy that is as small as it can be, the place where it is told, and the mend.

A `«` in a text marks where the fault must be reported; it is taken out before the text is read. The mend is what an
author would do after reading the message, and the policy must then compile: a message whose advice does not help is a
defect.
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from campaign import compiled, policy_text

import phaseflow.core.plan
from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError, show
from phaseflow.spec.reader import read_policy


@attrs.frozen
class Bad:
    """A policy with one fault: its code, its text with the place marked, what an author changes, words of the message."""

    code: str
    text: str
    old: str
    new: str
    says: str = ""


ROLES = "roles: {boss: Boss, member: Member}\n"
END = "outcomes: {done: {by: boss}}\n"
PHASE = "phases:\n  a: {window: 03-01 .. 03-31, opens: on date, closes: by boss}\n"


def with_duty(duty: str, more: str = END) -> str:
    """A phase with one duty beside the role line."""
    return f"{ROLES}phases:\n  a:\n    window: 03-01 .. 03-31\n    opens: on date\n    closes: by boss\n    duties:\n      {duty}\n{more}"


def with_gate(gate: str, more: str = "") -> str:
    """A phase with a job, a paper and a gate."""
    return (
        f"{ROLES}phases:\n  a:\n    window: 03-01 .. 03-31\n    opens: on date\n    closes: by boss\n    gate: {gate}\n    duties:\n"
        "      job: {task: Job, by: boss, due: none}\n"
        "      paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, {approve: boss, as: nod}]}\n"
        + END
        + more
    )


def with_poll(poll: str) -> str:
    """A poll in a phase; choices, edges and the like are given unless the text says otherwise."""
    usual = {
        "choices": "[good, bad]", "measure": "good of valid", "anonymous": "true", "quorum": "none", "edges": "{own: {raters: member}}",
        "due": "none", "by": "boss",
    }  # fmt: skip
    given = {key for key in usual if re.search(rf"\b{key}:", poll.split("bands")[0])}
    rest = "".join(f", {key}: {value}" for key, value in usual.items() if key not in given and f"no_{key}" not in poll)
    poll = re.sub(r", no_\w+", "", poll)
    return with_duty(f"vote: {{poll: Vote{rest}, {poll}}}", "outcomes: {done: {by: boss}, redo: {by: boss}}\n")


LEDGER = ROLES + PHASE + END + "ledgers:\n  gaps: "
CLOSE = "{{opened_by: member, survives: true, close: {close}}}\n"


def with_ledger(close: str) -> str:
    return LEDGER + CLOSE.format(close=close)


PARENT = (
    "roles: {office: {of: programme}, lead: {of: unit}}\n"
    + PHASE.replace("by boss", "by lead")
    + "outcomes: {done: {by: lead}}\n"
)
PROGRAMME = "programme: {phases: {a: {opens: on date, closes: by office}}, outcomes: {over: {by: office}}}\n"
TWO = "phases:\n  a: {window: none, opens: with campaign, closes: by boss}\n  b: {window: none, opens: by boss, closes: by boss}\n"


CHANGE = (
    "phases:\n  a: {window: 03-01 .. 03-31, opens: on date}\n  b: {opens: on date, window: 04-01 .. 04-30, closes: by boss}\n"
    "defaults: {phase: {clock: calendar}, duty: {due: none}}\n"
    "changeover: {between: [a, b], by: boss, documents: {paper: {document: Paper, of: from}}, approve: member, returns_to: draft, "
    "then: {rally: {meeting: Rally}}}\n" + END
)


BAD = [
    # --- names that nothing bears
    Bad("PF201", ROLES + "phases:\n  a: {window: none, opens: with campaign, closes: «by bos}\n" + END, "by bos}", "by boss}", "no role 'bos'"),
    Bad("PF201", ROLES + "phases:\n  a: {window: none, opens: «by bos, closes: by boss}\n" + END, "by bos,", "by boss,", "no role 'bos'"),
    Bad("PF201", "roles: {boss: Boss, chief: {is_a: «bos}}\n" + PHASE + END, "is_a: bos}", "is_a: boss}"),
    Bad("PF201", "roles: {boss: Boss, chief: {independent_of: «bos}}\n" + PHASE + END, "of: bos}", "of: boss}"),
    Bad("PF201", ROLES + TWO.replace("opens: by boss", "opens: «when c closes") + END, "when c", "when a", "no phase 'c'"),
    Bad("PF201", with_duty("job: {task: Job, by: «bos, due: none}"), "by: bos,", "by: boss,"),
    Bad("PF201", with_duty("job: {task: Job, each: «membr, due: none}"), "membr", "member", "did you mean 'member'?"),
    Bad("PF201", with_duty("job: {task: Job, by: boss, due: none, checked_by: «bos}"), "checked_by: bos}", "checked_by: boss}"),
    Bad("PF201", with_duty("job: {task: Job, by: boss, due: 03-10, overdue: {«bos: 1 day}}"), "bos:", "boss:"),
    Bad("PF201", with_duty("job: {task: Job, by: boss, due: «3 days after kikoff held}"), "kikoff held", "a start", "no phase, step or duty"),
    Bad("PF201", with_gate("{done: «jbo}"), "jbo", "job", "did you mean 'job'?"),
    Bad("PF201", with_gate("{passed: {«papr: nod}}"), "papr", "paper"),
    Bad("PF201", with_gate("{passed: {paper: «nodd}}"), "nodd", "nod", "did you mean 'nod'?"),
    Bad("PF201", with_gate("{closed: «b}"), "closed: b", "closed: a"),
    Bad("PF201", with_gate("{reached: «b}"), "reached: b", "reached: a"),
    Bad("PF201", with_gate("{items: «gasp, at_most: 0}", "ledgers: {gaps: {opened_by: boss, survives: true, close: {by: boss, evidence: none, verify: none}}}\n"),
        "gasp", "gaps"),
    Bad("PF201", with_gate("{poll: «vote, at_least: 50%}"), "{poll: vote, at_least: 50%}", "duties"),
    Bad("PF201", ROLES + TWO + END + "transitions: {go_on: {from: «c, to: b, by: boss, window: none, duties: all, max: unlimited}}\n", "from: c", "from: a"),
    Bad("PF201", ROLES + TWO + END + "transitions: {go_on: {from: a, to: «c, by: boss, window: none, duties: all, max: unlimited}}\n", "to: c", "to: b"),
    Bad("PF201", ROLES + TWO + END + "transitions: {go_on: {from: a, to: b, by: boss, window: none, duties: [«job], max: unlimited}}\n", "[job]", "all"),
    Bad("PF201", ROLES + TWO + END + "transitions: {go_on: {from: a, to: b, by: boss, window: none, duties: all, max: 2, otherwise: «dune}}\n", "dune", "done",
        "did you mean 'done'?"),
    Bad("PF201", ROLES + PHASE + "outcomes: {done: {by: boss, from: «b}}\n", "from: b", "from: a"),
    Bad("PF201", ROLES + PHASE + "outcomes: {done: {by: boss, reopen: «bos}}\n", "reopen: bos}", "reopen: boss}"),
    Bad("PF201", ROLES + PHASE + END + "suspension: {by: «bos, clock: runs}\n", "by: bos,", "by: boss,"),
    Bad("PF201", ROLES + PHASE + END + "waivers: {by: boss, duties: [«jbo], grounds: [illness], expires: never}\n", "[jbo]", "any"),
    Bad("PF201", ROLES + PHASE + END + "extensions: {by: «bos, duties: any, types: [illness], longest: 5 days, max: 1}\n", "by: bos,", "by: boss,"),
    Bad("PF201", ROLES + PHASE + END + "delegation: {roles: «bos}\n", "roles: bos", "roles: boss"),
    Bad("PF201", ROLES + PHASE + END + "delegation: {roles: any, to: «bos}\n", "to: bos", "to: boss"),
    Bad("PF201", ROLES + PHASE + END + "make_up: {by: boss, checked_by: «bos}\n", "checked_by: bos", "checked_by: boss"),
    Bad("PF201", ROLES + PHASE + END + "make_up: {by: boss, of: [«jbo]}\n", "of: [jbo]", "of: duties"),
    Bad("PF201", ROLES + PHASE + END + "recording: {late_by: unlimited, correct: «bos}\n", "bos}", "boss}"),
    Bad("PF201", ROLES + PHASE + END + "appoints: «bos\n", "appoints: bos", "appoints: boss"),
    Bad("PF201", ROLES + PHASE + END + "defaults: {duty: {overdue: {«bos: 1 day}}}\n", "bos:", "boss:"),
    Bad("PF201", ROLES + PHASE.replace("}", ", overdue: {«bos: 1 day}}") + END, "bos:", "boss:"),
    Bad("PF201", with_ledger("{by: «onwer, evidence: none, verify: none}"), "onwer", "owner"),
    Bad("PF201", with_ledger("{by: owner, evidence: none, verify: «bos, poor: reopen}"), "bos,", "boss,"),
    Bad("PF201", with_ledger("{by: owner, evidence: none, verify: boss, poor: reopen, max: 2, otherwise: «bos}"), "otherwise: bos", "otherwise: boss"),
    Bad("PF201", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: «bos}]}"), "draft: bos", "draft: boss"),
    Bad("PF201", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, {approve: boss, returns_to: «drft}]}"), "drft", "draft"),
    Bad("PF201", with_poll("measure: «fine of valid"), "fine of", "good of", "no choice of the poll 'vote' 'fine'"),
    Bad("PF201", with_poll("edges: {own: {raters: «membr}}"), "membr", "member"),
    Bad("PF201", with_poll("bands: {exclusive: [{below: 50%, go: «reddo}, {otherwise: done}]}"), "reddo", "redo"),
    Bad("PF201", with_poll("bands: {exclusive: [{below: «mark, go: redo}, {otherwise: done}]}"), "below: mark", "below: 80%"),
    # --- duties
    Bad("PF202", with_duty("job: «{task: Job, due: none}"), "task: Job,", "task: Job, by: boss,"),
    Bad("PF203", with_duty("job: «{task: Job, each: village, due: none}", END + "bodies: {village: Village}\n"), "each: village,", "each: village, by: boss,"),
    Bad("PF204", with_duty("job: {task: Job, each: «guest, due: none}").replace("member: Member", "guest: {invited: true}"), "invited: true", "invited: false"),
    Bad("PF205", with_duty("job: «{task: Job, by: boss}"), "Job, by: boss}", "Job, by: boss, due: window end}"),
    Bad("PF206", ROLES + "phases:\n  a: «{window: none, opens: with campaign, closes: unstated}\n" + END, "unstated}", "unstated, asks: boss}"),
    Bad("PF206", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, «{consult: member, silence: unstated}]}"),
        "silence: unstated", "silence: unstated, asks: boss"),
    Bad("PF206", with_ledger("«{by: owner, evidence: none, verify: unstated}"), "verify: unstated", "verify: unstated, asks: boss"),
    Bad("PF206", with_poll("quorum: unstated").replace("vote: {", "vote: «{"), "quorum: unstated", "quorum: unstated, asks: boss"),
    Bad("PF207", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, «{consult: member}]}"), "consult: member", "consult: member, silence: go_on"),
    Bad("PF207", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, «{approve: boss, within: 5 days}]}"),
        "within: 5 days", "within: 5 days, silence: hold"),
    Bad("PF208", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, «{approve: boss, within: 5 days, silence: return}]}"),
        "silence: return", "silence: return, returns_to: draft"),
    # --- the whole policy
    Bad("PF209", ROLES + PHASE + END + "calendar: «{closed: [02-27]}\n", "[02-27]", "[2026-02-27]"),
    Bad("PF210", PARENT.replace("lead: {of: unit}", "lead: «{title: Lead}") + PROGRAMME, "{title: Lead}", "{title: Lead, of: unit}"),
    Bad("PF211", ROLES + PHASE + END + "parameters:\n  mark: «[{from: 01-01, value: 80%}]\n", "01-01", "2026-01-01"),
    Bad("PF212", ROLES + PHASE + END + "parameters:\n  mark: «[{from: 2026-06-01, value: 80%}, {from: 2026-01-01, value: 85%}]\n", "2026-06-01", "2025-06-01"),
    Bad("PF213", ROLES + PHASE + "outcomes: {a: «{by: boss}}\n", "{a: {by: boss}}", "{done: {by: boss}}", "the first is at policy.yaml:6:6"),
    Bad("PF232", ROLES + PHASE.replace("  a: {", "  march: «{") + END, "  march: {", "  study: {"),
    Bad("PF233", with_poll("edges: {own: {raters: member, subject: «unit}}"), ", subject: unit", "", "stands in a unit's run"),
    Bad("PF235", with_duty("essay: {document: Essay, each: member, due: 03-20, route: [{draft: member, within: «5 days}]}"), ", within: 5 days", ""),
    Bad("PF234", PARENT.replace("closes: by lead}", "closes: by lead, duties: {vote: {poll: Vote, by: office, due: none, choices: [good, bad], measure: good of valid, "
        "anonymous: true, quorum: none, edges: {own: {raters: office, units: «school}}}}}") + PROGRAMME.replace("programme: {", "programme: {kinds: {school: School}, "),
        "units: school", "units: school, subject: unit"),
    # --- conditions
    Bad("PF214", ROLES + PHASE + "outcomes: {done: {by: boss, gate: «duties}}\n", "gate: duties", "gate: {closed: a}"),
    Bad("PF215", with_gate("«{items: gaps}", "ledgers: {gaps: {opened_by: boss, survives: true, close: {by: boss, evidence: none, verify: none}}}\n"),
        "items: gaps", "items: gaps, at_most: 0"),
    Bad("PF216", PARENT + PROGRAMME.replace("closes: by office", "closes: by office, gate: «{units: 95%}"), "units: 95%", "units: 95%, closed: a"),
    Bad("PF217", with_poll("no_x: 1").replace(", no_x: 1", "").replace("    duties:", "    gate: «{poll: vote}\n    duties:"), "{poll: vote}", "{poll: vote, at_least: 50%}"),
    # --- phases and moves
    Bad("PF218", ROLES + "phases:\n  a: «{window: none, opens: when gate, clock: unit, closes: by boss}\n" + END, "opens: when gate", "opens: when gate, entry: {not: {closed: a}}"),
    Bad("PF218", ROLES + "phases:\n  a: «{window: none, opens: with campaign, closes: when gate}\n" + END, "closes: when gate", "closes: when gate, gate: {reached: a}"),
    Bad("PF219", ROLES + "phases:\n  a: «{window: none, opens: on date, closes: by boss}\n" + END, "window: none", "window: 03-01 .. 03-31"),
    Bad("PF220", ROLES + "phases:\n  a: «{window: none, opens: with campaign}\n" + END, "with campaign}", "with campaign, closes: by boss}", "its 'closes'"),
    Bad("PF220", ROLES + "phases:\n  a: «{window: none, closes: by boss}\n" + END, "closes: by boss}", "closes: by boss, opens: with campaign}", "its 'opens'"),
    Bad("PF220", ROLES + "phases:\n  a: «{opens: with campaign, closes: by boss}\n" + END, "closes: by boss}", "closes: by boss, window: none}", "its 'window'"),
    Bad("PF220", ROLES + TWO.replace("b: {window", "b: «{entry: {closed: a}, window") + END, "{closed: a},", "{closed: a}, clock: unit,", "its 'clock'"),
    Bad("PF221", with_duty("paper: {document: Paper, by: boss, due: none, route: «[{approve: boss}]}"), "[{approve", "[{draft: boss}, {approve"),
    Bad("PF222", with_duty("paper: {document: Paper, by: boss, due: none, route: [{draft: boss}, {approve: boss}, «{approve: member}]}"),
        "{approve: member}", "{approve: member, as: second}"),
    Bad("PF223", ROLES + TWO + END + "transitions: {go_on: {from: a, to: b, by: boss, window: none, duties: all, max: «2}}\n", "max: 2", "max: 2, otherwise: done"),
    Bad("PF223", with_ledger("{by: owner, evidence: none, verify: boss, poor: reopen, max: «2}"), "max: 2", "max: 2, otherwise: boss"),
    Bad("PF224", ROLES + TWO + END + "transitions: {go_on: «{from: a, to: b, by: boss, duties: all, max: unlimited}}\n", "duties: all", "duties: all, window: none",
        "leaves out 'window'"),
    Bad("PF224", ROLES + TWO + END + "transitions: {go_on: «{from: a, to: b, by: boss, window: none, max: unlimited}}\n", "window: none, max", "window: none, duties: missing, max"),
    Bad("PF224", ROLES + TWO + END + "transitions: {go_on: «{from: a, to: b, by: boss, window: none, duties: all}}\n", "duties: all", "duties: all, max: unlimited"),
    Bad("PF225", ROLES + PHASE + "outcomes: {done: {by: boss}, redo: «{by: boss, owes: next_batch}}\n", "owes: next_batch", "owes: next_batch, carry: nothing"),
    Bad("PF226", ROLES + TWO.replace("  b: {window: none, opens: by boss", "  b: «{window: none, opens: by transition") + END,
        "opens: by transition", "opens: by boss"),
    Bad("PF227", ROLES + PHASE + "outcomes: {done: {by: boss}, lost: «{title: Lost}}\n", "{title: Lost}", "{title: Lost, by: boss}"),
    Bad("PF228", ROLES + PHASE.replace("a: {", "a: «{"), "closes: by boss}\n", "closes: by boss}\n" + END),
    Bad("PF229", ROLES + TWO + END + "transitions:\n"
        "  there: {from: a, to: b, when: {reached: a}, window: none, duties: all, max: unlimited}\n"
        "  back: «{from: b, to: a, when: {reached: b}, window: none, duties: all, max: unlimited}\n", "back: {from: b, to: a, when: {reached: b}", "back: {from: b, to: a, by: boss"),
    Bad("PF230", ROLES + TWO + END + "transitions:\n"
        "  one: {from: a, to: b, when: {closed: b}, window: none, duties: all, max: unlimited}\n"
        "  two: «{from: a, to: b, when: {closed: b}, window: none, duties: all, max: unlimited}\n", "two: {from: a, to: b, when: {closed: b}", "two: {from: a, to: b, when: {reached: b}"),
    Bad("PF231", with_ledger("{by: owner, evidence: none, verify: «boss}"), "verify: boss", "verify: boss, poor: reopen"),
    Bad("PF201", with_poll("quorum: unstated, asks: «bos"), "asks: bos", "asks: boss", "did you mean 'boss'"),
    Bad("PF232", PHASE + END + "roles: {boss: Boss, unit: «Unit}\n", "unit: Unit", "team: Unit"),
    Bad("PF237", ROLES + CHANGE.replace("opens: on date, window: 04-01", "opens: «on date, window: 04-01"), "opens: on date, window: 04-01", "window: 04-01"),
    Bad("PF238", PARENT.replace("lead: {of: unit}", "lead: {of: unit, for: «unit}") + "programme: {phases: {a: {closes: by office}}, outcomes: {over: {by: office}}}\n", ", for: unit", ""),
    Bad("PF239", with_duty("job: {task: Job, each: «unit, by: boss, due: none}"), "each: unit, ", ""),
    Bad("PF251", with_duty("job: {task: Job, by: boss, due: none, needs: {done: job, own: «true}}"), ", own: true", ""),
    Bad("PF252", "parameters: {mark: {as_of: asked, values: [{from: 2009-01-01, value: 80%}]}}\n" + with_duty("job: {task: Job, each: member, due: none}",
        "outcomes: {done: {by: boss}, over: {when: \"done_share(duty='job') >= «mark\"}}\n"), "as_of: asked, ", ""),
    Bad("PF250", with_duty("talk: {meeting: Talk, by: boss, due: none, at_least: {member: «10% of invited}}"), "of invited", "of attending"),
    # --- polls
    Bad("PF241", with_poll("no_quorum: 1").replace(", no_quorum: 1", "").replace(" no_quorum", "").replace("vote: {", "vote: «{"), "poll: Vote", "poll: Vote, quorum: none"),
    Bad("PF242", with_poll("edges: {own: {raters: member}, other: {raters: boss}}, bands: «{exclusive: [{below: 50%, go: redo}, {otherwise: done}]}"),
        "poll: Vote", "poll: Vote, aggregate: lowest"),
    Bad("PF243", with_poll("measure: «good of asked"), "good of asked", "good of valid"),
    Bad("PF244", with_poll("quorum: «{otherwise: void}"), "{otherwise: void}", "{count: 30, otherwise: void}"),
    Bad("PF245", with_poll("quorum: «{count: 30, otherwise: extend}"), "otherwise: extend", "otherwise: extend, extend: 5 days"),
    Bad("PF246", with_poll("bands: «{exclusive: [], cumulative: []}"), "{exclusive: [], cumulative: []}", "{exclusive: [{below: 50%, go: redo}, {otherwise: done}]}"),
    Bad("PF247", with_poll("bands: {exclusive: [«{go: redo}, {otherwise: done}]}"), "{go: redo}", "{below: 80%, go: redo}"),
    Bad("PF248", with_poll("bands: {exclusive: [{below: 85%, go: redo}, «{below: 80%, go: redo}, {otherwise: done}]}"), "{below: 80%, go: redo}, ", ""),
]  # fmt: skip


def marked(text: str) -> tuple[str, int, int]:
    """The whole text without its mark, and the line and column that the mark stood at."""
    whole = policy_text(text)
    before = whole[: whole.index("«")]
    return whole.replace("«", ""), before.count("\n") + 1, len(before) - before.rfind("\n")


def problems(text: str) -> list:  # type: ignore[type-arg]
    """What is wrong with a whole policy text."""
    reading = read_policy(text, file="policy.yaml")
    try:
        compile_policy(reading.result(), reading.sources)
    except PolicyError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("bad", BAD, ids=[f"{index:03d}-{bad.code}" for index, bad in enumerate(BAD)])
def test_a_fault_is_told_where_it_is_and_its_mend_helps(bad: Bad) -> None:
    """One fault is one problem, with its code, at its line and column, with a why and a fix; mended, the policy compiles."""
    text, line, col = marked(bad.text)
    found = problems(text)
    assert [(p.code, p.span.line, p.span.col) for p in found] == [(bad.code, line, col)], [str(p) for p in found]
    assert found[0].why
    assert found[0].fix
    shown = show(found[0], lambda _file, number: text.split("\n")[number - 1])
    assert bad.says in shown
    assert "^" in shown
    assert text.count(bad.old) == 1, "the mend must be one change"
    assert problems(text.replace(bad.old, bad.new)) == []


def test_every_code_of_this_room_has_a_bad_example() -> None:
    """No code between PF200 and PF259 that the plan can give is without a row above."""
    folder = Path(phaseflow.core.plan.__file__).parent
    given = {
        code for path in folder.glob("*.py") for code in re.findall(r'"(PF2[0-5]\d)"', path.read_text(encoding="utf-8"))
    }
    assert given == {bad.code for bad in BAD}


def test_all_faults_of_a_policy_are_told_at_once() -> None:
    """Nobody mends a policy one message at a time: every fault of the pass is there, sorted by position."""
    text = with_duty(
        "job: {task: Job, by: bos}",
        "outcomes: {done: {by: boss, from: b}, redo: {by: boss, owes: next_batch}}\nappoints: chief\n",
    )
    found = problems(policy_text(text))
    assert [p.code for p in found] == ["PF205", "PF201", "PF201", "PF225", "PF201"]
    assert [p.span.line for p in found] == sorted(p.span.line for p in found)


def test_a_step_may_have_no_days() -> None:
    """A document that names the stretches of a phase without dates is as sound as one that dates them."""
    assert compiled(ROLES + PHASE.replace("closes: by boss}", "closes: by boss, steps: {first: none}}") + END).warnings == ()
