"""Sound policies that the fuzzer starts from, the words it plants, and the expressions that must never reach Python."""

from __future__ import annotations

from pathlib import Path

_EXAMPLES = Path(__file__).parents[2] / "examples"

AUDIT = """\
phaseflow: 1
campaign: audit
title: Yearly audit
zone: Europe/Berlin
window: 2026-01-01 .. 2026-12-31
parameters:
  pass_mark: 85%
  hours: [{from: 2009-01-01, value: 20 hours}, {from: 2012-01-01, value: 30 hours}]
roles:
  office: Office
  lead: {is_a: member}
  member: {title: {en: Member, zh: 成员}, joiners: prorated}
  guest: {invited: true}
bodies: {branch: {title: Branch, count: 3}}
defaults:
  duty: {due: window end, remind: [3 days, 1 day], overdue: {lead: 1 day, office: 3 days}}
  phase: {opens: on date, closes: by office, clock: calendar}
duties:
  briefing: {task: Brief everybody, by: lead, due: none}
phases:
  prepare:
    window: 03-01 .. 04-30
    gate: duties
    steps:
      reading: {window: 03-09 .. 03-22, duties: {notes: {quota: 2000 characters, each: member}}}
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, attend: {member: all, guest: may}, agenda: [Aims, Dates]}
      books: {checklist: Books, each: member, count: 2, items: [first, second]}
      weekly: {quota: 1 day, each: member, every: week, partial_period: prorate}
      news: {bulletin: News, by: office, every: regularly}
      visits: {quota: 1 visit, each: branch, by: lead, grace: 2 business days}
  check:
    window: may early .. june late
    opens: when gate
    entry: {all: [{closed: prepare}, {done: [kickoff, notes], share: 80%}]}
    gate: "items(ledger='faults', state='open') == 0 and passed(document='report', step='approve')"
    duties:
      report:
        document: Report
        by: lead
        needs: {done: books}
        route:
          - {draft: lead}
          - {consult: [member, guest], within: 3 days, silence: go_on, at_least: {guest: 10% of consulted}}
          - {vet: office, returns_to: draft, within: 5 business days, silence: hold}
          - {absorb: lead, again: vet}
          - {approve: office, returns_to: draft}
          - {publish: [member, guest], with: vet}
          - {file: office, blocking: false}
      opinion:
        poll: How was it?
        by: office
        edges: {members: {raters: member}, guests: {raters: guest}}
        choices: [good, bad]
        measure: good of valid
        aggregate: pooled
        anonymous: true
        quorum: {share: 50% of invited, otherwise: extend, extend: 5 days, max: 2}
        bands:
          exclusive:
            - {below: pass_mark, go: again}
            - {otherwise: passed}
transitions:
  again: {from: check, to: prepare, window: 30 days, duties: missing, max: 2, otherwise: failed}
outcomes:
  passed: {by: office, from: check, gate: duties}
  failed: {by: office, owes: next_batch, carry: open_items}
ledgers:
  faults:
    required: [what, owner]
    opened_by: [lead, office]
    classes: {now: 7 days, later: {within: none, parked: true}}
    close: {by: owner, evidence: required, verify: office, poor: reopen, max: 3, otherwise: office}
    survives: true
waivers: {by: office, duties: any, grounds: [illness], expires: required}
extensions: {by: office, duties: [notes, books], types: [unforeseen], longest: 15 days, max: 2}
recording: {late_by: 10 days, correct: office}
"""

PROGRAMME = """\
phaseflow: 1
campaign: rollout
zone: Asia/Shanghai
year: 2026
calendar: {weekend: [saturday, sunday], closed: [2026-05-01, 2026 october early], extra: [2026-05-09]}
roles:
  office: {of: programme}
  lead: {of: unit}
  member: {of: unit, leavers: none}
defaults:
  phase: {closes: unstated, asks: office, opens: by lead}
phases:
  learn:
    window: 2 months round down
    duties:
      talk: {task: Talk, by: lead, due: learn end, evidence: [minutes], checked_by: office}
      read: {quota: about 3 books, each: member, due: 7 days before learn end, lock: 1 week}
  act:
    window: none
    opens: when learn closes
    gate: {any: [{at_least: 1, of: [{done: talk}, {reached: act}]}, {not: {closed: learn}}]}
    entry: "reached(phase='learn')"
    clock: unit
outcomes:
  ended: {by: lead, from: act, gate: {not: {items: tasks, at_most: 3}}}
ledgers:
  tasks:
    opened_by: lead
    close: {by: owner, evidence: none, verify: none}
    survives: false
programme:
  phases:
    learn: {opens: on date, window: 2026-03-02 .. 2026-04-30, closes: when gate, gate: {units: 90%, closed: learn}}
  outcomes:
    finished: {by: office, gate: "units_share(concluded='any') >= share(95)"}
delegation: {roles: any, longest_chain: 2}
suspension: {by: office, clock: stops}
make_up: {of: [talk], by: lead, checked_by: office, window: 30 days}
"""

SCHOOLS = """\
phaseflow: 1
campaign: schools
zone: Asia/Shanghai
window: 2011-02-20 .. 2011-09-30
roles:
  office: {of: programme}
  team: {of: programme}
  linked_leader: {of: programme, is_a: team, for: unit}
  head: {of: unit}
  staff: {of: unit}
  master: {of: unit, is_a: staff}
  section_head: {of: unit, for: section}
  parents: {of: unit, invited: true}
bodies:
  section: {of: unit, listed: as found}
  township: {of: programme, count: 2}
  organisation: {of: programme, count: 2}
defaults: {phase: {opens: on date, closes: by head, clock: calendar}, duty: {due: window end}}
duties:
  links: {quota: 1 township, each: organisation, by: office, pairs: township}
phases:
  study:
    window: 02-24 .. 03-31
    own_actions: true
    duties:
      kickoff: {meeting: Kick-off, by: head, attend: {linked_leader: some}, at_least: {parents: 10% of attending}}
      comment: {task: Comment on the school, by: linked_leader, overdue: {linked_leader: 1 day}}
      feedback: {task: Feed opinions back, each: unit, by: office}
      boarding: {task: Look at the dormitories, by: head, units: boarding_school, if_none: met}
      survey: {task: Look into a section, each: section, by: section_head}
      talk: {meeting: Talk in the section, each: section, by: section_head, due: none}
      history: {task: Write the history, by: unstated, asks: head, from: 7 days before study begins}
      notes: {quota: 10 pages, each: staff}
      more_notes: {quota: 20 pages, each: master, instead_of: notes}
      repair: {task: Mend it, by: head, opens: by band, due: none}
      opinions:
        consultation: {en: Opinions of those served, zh: 征求意见}
        by: head
        of: [staff, parents]
        channels: [box, forum]
        at_least: {parents: 1/10 of consulted}
        silence: hold
  work: {window: 04-01 .. 05-31}
changeover:
  between: [study, work]
  by: head
  documents:
    summary: {document: Phase summary, of: from}
    plan: {document: Plan of the next phase, of: to}
  approve: office
  returns_to: draft
  then: {mobilisation: {meeting: Mobilisation}}
ledgers:
  problems:
    opened_by: [head, staff]
    close: {by: owner, evidence: required, verify: office, poor: reopen, max: 2, otherwise: office, asks: head}
    survives: unstated
amends: {binds: at_once, from: 2011-03-09, notice: 10 days, names: {walk: dropped}}
programme:
  kinds: {day_school: Day school, boarding_school: Boarding school}
  phases:
    judge:
      opens: by office
      closes: by office
      window: none
      duties:
        rating:
          poll: How is each school?
          by: office
          edges: {town: {raters: team, subject: unit, bands: {exclusive: [{below: 70%, go: repair}]}}}
          choices: [good, bad]
          measure: good of valid
          by_group: true
          anonymous: false
          quorum: none
  outcomes: {over: {by: office}}
outcomes: {done: {by: head, from: work}}
"""
"""Kinds of units, roles held for somebody, a changeover, consultations, pairings, rated units, an amendment."""

SMALL = """\
phaseflow: 1
campaign: small
zone: UTC
roles: {boss: Boss}
phases:
  work: {window: 03-01 .. 03-31, opens: on date, closes: by boss, duties: {job: {task: Job, by: boss, due: 03-20}}}
outcomes: {done: {by: boss, gate: {done: job}}}
"""

SEEDS: tuple[tuple[str, int], ...] = (
    ((_EXAMPLES / "district_campaign" / "policy.yaml").read_text(encoding="utf-8"), 1),
    (AUDIT, 8),
    (PROGRAMME, 8),
    (SCHOOLS, 6),
    (SMALL, 3),
)
"""Texts with the weight at which each is taken; the large one is slow to read."""

_WORDS = """
unstated none any all duties window end start campaign transition gate date on by with when before after about some
true false yes no NO ~ null on: role task quota checklist meeting document poll bulletin route draft vet approve
absorb publish review decide within silence hold go_on returns_to as again at_least below otherwise go exclusive
cumulative bands quorum share count max units closed reached concluded items done passed not fact version
85% 185% 0% 1/3 3/0 50% of invited 7 days 1 month 2 business days 0 days 03-13 02-29 02-30 13-01 2009-03-01
1969-01-01 9999-12-31 12:30 014 1e9 -1 0 1 99999999999999999999 .5 .. .inf may early february end window
consultation changeover unit kinds pairs at_once next_phase favourable new_runs found invited attending consulted
by_group by band with phase as found observe joint
Asia/Shanghai UTC Mars/Base CN {} [] [[]] {a: b} [a, b] &a *a !!str << ? - | > ' \" # % @ ` , : \\
office lead member boss prepare check kickoff class lambda import all any share ratio january 标题 é x
"""
TOKENS = (*_WORDS.split(), "", "\u00a0", "x" * 300, "7 days", "2 business days", "50% of invited", "window end")

_KEYS = """
by each due from needs entry gate when window opens closes clock asks remind overdue grace lock evidence checked_by
title clause max otherwise duties steps route silence within returns_to with again as of marked_by quorum bands
subject units kinds for pairs at_least instead_of amends binds names changeover between then of opens by_group
smallest_group attend channels listed if_none extends without house_rules defaults phases roles outcomes transitions
programme ledgers
"""
KEYS = tuple(_KEYS.split())

HOSTILE = (
    "__import__('os').system('echo x')", "().__class__.__bases__[0].__subclasses__()", "open('/etc/passwd').read()",
    "eval('1')", "exec('x')", "lambda: 0", "[x for x in range(10)]", "closed.__class__", "items.__globals__['os']",
    "9**9**9 == 1", "'a' * 999999999 == 'b'", "1 << 99999 == 0", "(" * 300 + "1" + ")" * 300, "[" * 200,
    "not " * 300 + "duties", "-" * 500 + "1 == 0", "1 == " * 350 + "1", " and ".join(["1 == 1"] * 170),
    "f'{open}' == ''", "b'x' == 'x'", "x if y else z", "x := 1", "await x", "yield", "*x", "**x", "...", "None",
    "closed(**x)", "closed(*x)", "closed(phase=closed)", "import os", "1; import os", "1 == 1 # x", "\\x41 == 1",
    "ａ == 1", "items == 0", "1_000 == 1", "0x10 == 16", "1e999 == 1", "1.0000000000000000001 == 1", "share(1000) == 1",
    "share(0.5) == 1", "ratio(1, 0) == 1", "at_least(0, 1 == 1)", "at_least(99999999999, 1 == 1)", "duties and duties",
    "' == 1", "closed(phase='a') and " * 90 + "1 == 1",
)  # fmt: skip
"""Expressions that must be refused, and never be run."""

ODD = (
    "9999999999 * 9999999999 * 9999999999 == 1", "1 == 1\n  and 2 == 2", "any() and all()", "1 / 0 == 1",
)  # fmt: skip
"""Expressions that nobody would write, and that are of the language."""
