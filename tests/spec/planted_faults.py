"""Slips an author could make in the district policy: what is changed, where it must be told, and what mends it.

`▶` stands before the character at which the problem must be told: in the new text, or, where the slip shows elsewhere,
in *at*. Positions are worked out from it, never copied from what the reader said.
"""

from __future__ import annotations

import attrs

MARK = "▶"


@attrs.frozen
class Fault:
    """One slip in *file* (policy or operating): *old* becomes *new*, the problem bears *code* and its fix says *word*;
    *mend* in the place of *new* does what the fix says."""

    file: str
    old: str
    new: str
    code: str
    word: str
    mend: str = ""
    at: str = ""
    many: bool = False


def policy(old: str, new: str, code: str, word: str, **more: object) -> Fault:
    return Fault("policy.yaml", old, new, code, word, **more)  # type: ignore[arg-type]


def operating(old: str, new: str, code: str, word: str, **more: object) -> Fault:
    return Fault("operating.yaml", old, new, code, word, **more)  # type: ignore[arg-type]


KEYS = (
    policy("zone: Asia", "▶zoen: Asia", "PF131", "'zone'"),
    policy("    window: about 07-01", "    ▶windwo: about 07-01", "PF131", "'window'"),
    policy("due: 03-13", "▶deu: 03-13", "PF131", "'due'"),
    policy("meeting: {en: Unit mob", "▶meetign: {en: Unit mob", "PF139", "'meeting'"),
    policy("{done: district_meeting}", "{▶doen: district_meeting}", "PF139", "'done'"),
    policy("blocking: false", "▶blokcing: false", "PF131", "'blocking'"),
    policy("opened_by: leader", "▶openedby: leader", "PF131", "'opened_by'"),
    policy("            - {below: redo_mark", "            - {▶bellow: redo_mark", "PF131", "'below'"),
    policy("          exclusive:\n", "          ▶exclusiv:\n", "PF131", "'exclusive'"),
    operating("independent_of:", "▶independant_of:", "PF131", "'independent_of'"),
    operating("vet: {within", "▶vett: {within", "PF119", "'vet'"),
    operating("mass_review: {within: 10", "▶review: {within: 10", "PF119", "'mass_review'"),
    operating(
        "house_rules: true", "house_rules: true\nwithout: ▶phases.study.dutis.study_procedure", "PF119", "'duties'",
        mend="house_rules: true\nwithout: phases.study.duties.study_procedure",
    ),
    operating("extends: policy.yaml", "extends: ▶polisy.yaml", "PF145", "check the name"),
)  # fmt: skip

ROLES = (
    policy("by: secretary,", "by: ▶secretry,", "PF201", "'secretary'"),
    policy("{raters: masses}", "{raters: ▶mases}", "PF201", "'masses'"),
    policy("checked_by: inspectors", "checked_by: ▶inspector", "PF201", "'inspectors'"),
    policy("silence: unstated, asks: office, clause: END.2}", "silence: unstated, asks: ▶offise, clause: END.2}",
           "PF201", "'office'"),
    policy("{approve: committee, returns_to: draft, silence: unstated, asks: office, clause: END.2}",
           "{approve: ▶comittee, returns_to: draft, silence: unstated, asks: office, clause: END.2}",
           "PF201", "'committee'"),
    policy("{consult: [member, masses, inspectors]", "{consult: [member, ▶mases, inspectors]", "PF201", "'masses'"),
    policy("attend: {leader: all", "attend: {▶leadr: all", "PF201", "'leader'"),
    policy("each: village", "each: ▶vilage", "PF201", "'village'"),
    policy("of: programme, is_a: committee", "of: programme, is_a: ▶comitee", "PF201", "'committee'"),
    policy("publish: masses", "publish: ▶mases", "PF201", "'masses'"),
    policy("each: household", "each: ▶hoosehold", "PF201", "'household'"),
    policy("by: [publicity_department, media]", "by: [publicity_department, ▶Media]", "PF134", "'media'"),
    operating("ripe: {within: 15 days, remind: 3 days, overdue: {unit_lead: 1 day",
              "ripe: {within: 15 days, remind: 3 days, overdue: {▶unit_led: 1 day", "PF201", "'unit_lead'"),
    operating("closes: by unit_lead", "closes: ▶by unit_led", "PF201", "'unit_lead'"),
    operating("    remind: [3 days, 1 day]\n    overdue: {unit_lead: 1 day",
              "    remind: [3 days, 1 day]\n    overdue: {▶unit_laed: 1 day", "PF201", "'unit_lead'"),
    operating("appoints: office", "appoints: ▶ofice", "PF201", "'office'"),
    operating("verify: inspectors", "verify: ▶inspector", "PF201", "'inspectors'"),
    operating("checked_by: inspectors", "checked_by: ▶inspectorz", "PF201", "'inspectors'"),
)  # fmt: skip

NAMES = (
    policy("opens: when rectify closes", "opens: ▶when rectfy closes", "PF201", "'rectify'"),
    policy("look_back: {from: rating", "look_back: {from: ▶ratign", "PF201", "'rating'"),
    policy("closing: {from: rating, to: summing_up", "closing: {from: rating, to: ▶suming_up", "PF201", "'summing_up'"),
    policy("from: summing_up, gate", "from: ▶suming_up, gate", "PF201", "'summing_up'"),
    policy("[talks, speech, problems_report]", "[talks, ▶speach, problems_report]", "PF201", "'speech'"),
    policy("based_on: [research_report,", "based_on: [▶reserch_report,", "PF201", "'research_report'"),
    policy("duties: all, clause", "duties: [▶gapps], clause", "PF201", "'gaps'", mend="duties: [gaps], clause"),
    policy("due: reviewing end", "due: ▶reviewng end", "PF201", "'reviewing'"),
    policy("returns_to: draft, clause: [P2.3.7", "returns_to: ▶draf, clause: [P2.3.7", "PF201", "'draft'"),
    policy("as: feedback, with: mass_review", "as: feedback, with: ▶mass_reveiw", "PF201", "'mass_review'"),
    policy("again: []", "again: [enlarged_meeting, ▶vett]", "PF201", "'vet'", mend="again: [enlarged_meeting, vet]"),
    policy("{report: vet}", "{report: ▶vett}", "PF201", "'vet'"),
    policy("{plan: approve}", "{▶plann: approve}", "PF201", "'plan'"),
    policy("go: look_back", "go: ▶lookback", "PF201", "'look_back'"),
    policy("{otherwise: closing", "{otherwise: ▶closng", "PF201", "'closing'"),
    policy("below: pass_mark", "below: ▶passmark", "PF201", "'pass_mark'"),
    policy("measure: satisfied of", "measure: ▶satisfid of", "PF201", "'satisfied'"),
    policy("  notes: {quota", "  ▶kickoff: {quota", "PF213", "another name", mend="  notes: {quota",
           at="          kickoff: ▶{quota"),
    policy("parameters:\n", "parameters:\n  share: ▶{value: 1, clause: P3.poll.3}\n", "PF232", "another name"),
    policy("parameters:\n", "parameters:\n  items: ▶{value: 1, clause: P3.poll.3}\n", "PF232", "another name"),
    policy("  theme:  ", "  may:  ", "PF232", "another name", at="may:        ▶{task"),
    operating("closed: study}", "closed: ▶stdy}", "PF201", "'study'"),
    operating("{done: satisfaction}", "{done: ▶satisfction}", "PF201", "'satisfaction'"),
    operating("{items: problems, class: ripe", "{items: problems, class: ▶rip", "PF201", "'ripe'"),
    operating("{items: problems, class", "{items: ▶problem, class", "PF201", "'problems'"),
    operating("concluded: any", "concluded: ▶complete", "PF201", "'completed'", mend="concluded: completed"),
)  # fmt: skip

DATES = (
    policy("due: 03-13", "due: ▶02-30", "PF123", "february end", mend="due: february end"),
    policy("window: 03-09 .. 03-22", "window: ▶13-03 .. 03-22", "PF123", "03-13", mend="window: 03-13 .. 03-22"),
    policy("window: 03-23 .. 04-12", "window: ▶2009-04-12 .. 2009-03-23", "PF126", "2009-03-23 .. 2009-04-12",
           mend="window: 2009-03-23 .. 2009-04-12"),
    policy("window: 05-01 .. 05-15", "window: ▶5-1 .. 05-15", "PF121", "05-01"),
    policy("window: 05-16 .. 05-31", "window: 05-16 ▶- 05-31", "PF120", "'..'"),
    policy("window: 04-13 .. 04-30", "window: april ▶lat", "PF122", "'late'", mend="window: april late"),
    policy("window: 06-01 .. 06-15", "window: 2009-06-01 .. ▶2009-06-31", "PF123", "june end",
           mend="window: 2009-06-01 .. 2009 june end"),
    operating("due: 03-06", "due: ▶6 march", "PF121", "03-06"),
    operating("late_by: 10 days", "late_by: ▶10", "PF121", "10 days"),
    operating("longest: 15 days", "longest: 1 ▶month", "PF125", "month round down", mend="longest: 1 month round down"),
    operating("window: 30 days", "window: 30 ▶dayz", "PF122", "'day'", mend="window: 30 day"),
)  # fmt: skip

TYPES = (
    policy("batch: 2", "batch: ▶02", "PF135", "2"),
    policy("batch: 2", "batch: ▶12:30", "PF135", "whole number", mend="batch: 12"),
    policy("count: 18", 'count: "▶18"', "PF135", "18"),
    policy("items: [attendance, discipline, content]", "items: ▶attendance", "PF133", "[attendance]",
           mend="items: [attendance, discipline, content]"),
    policy("answer_each: true", "answer_each: ▶yes", "PF136", "true"),
    policy("blocking: false", "blocking: ▶NO", "PF136", "false"),
    policy("zh: 群众}, of: unit, invited: true", "zh: 群众}, of: unit, invited: ▶on", "PF136", "true"),
    policy("clock: calendar", "clock: ▶calender", "PF137", "'calendar'"),
    policy("phaseflow: 1", "phaseflow: ▶1.0", "PF137", "1"),
    policy("title: {en: Summary, zh: 总结}", "title: ▶[Summary]", "PF133", "a text", mend="title: Summary"),
    policy("    opens: by transition\n    window: none\n    clause: P3.sum\n",
           "    ▶on: by transition\n    window: none\n    clause: P3.sum\n", "PF131", "opens"),
    policy("zone: Asia/Shanghai", "zone: ▶Asia/Shangai", "PF161", "Asia/Shanghai"),
    policy("count: 4\n            items: [village", "count: ▶3\n            items: [village", "PF142", "count: 4"),
    policy("deadline, goal", "▶Deadline, goal", "PF134", "'deadline'"),
    operating("country: CN", "country: ▶CNN", "PF162", "CN"),
    operating("survives: true", "survives: ▶yes", "PF136", "true"),
    operating("silence: go_on", "silence: ▶go-on", "PF137", "'go_on'"),
    operating("evidence: required", "evidence: ▶requird", "PF137", "'required'"),
    operating("  redo: {carry: open_items", "  redo: {carry: ▶open_item", "PF137", "'open_items'"),
)  # fmt: skip

MISSING = (
    policy("{consult: [member, masses, inspectors], silence: unstated,", "▶{consult: [member, masses, inspectors],",
           "PF207", "silence", mend="{consult: [member, masses, inspectors], silence: hold,"),
    policy("  duty: {due: window end}\n", "", "PF205", "due: window end", many=True),
    policy(", clock: calendar}", "}", "PF220", "clock: calendar",
           at='    ▶title: {en: "Study, training and research"'),
    policy("    opens: when rectify closes\n", "", "PF219", "opens", at="    ▶title: {en: Satisfaction poll",
           mend="    opens: by office\n"),
    policy("        asks: office\n        bands:\n", "        bands:\n", "PF206", "asks",
           at="        ▶poll: {en: Three ratings"),
    policy("        aggregate: unstated\n", "", "PF242", "aggregate: pooled", at="          ▶exclusive:",
           mend="        aggregate: pooled\n"),
    policy("        quorum: unstated\n", "", "PF241", "quorum: none", at="        ▶poll: {en: Three ratings",
           mend="        quorum: none\n"),
    policy("measure: satisfied of valid", "measure: ▶satisfied", "PF243", "valid"),
    policy("    window: about 07-01 .. about 08-31\n", "", "PF220", "window", at="    ▶title: {en: Rectification, zh"),
    policy("study_procedure: {document: {en: How the first phase is carried out, zh: 第一阶段实施办法}, by: office, "
           "route: [{draft: office}], ",
           "study_procedure: ▶{document: {en: How the first phase is carried out, zh: 第一阶段实施办法}, by: office, ",
           "PF130", "route"),
    policy("        anonymous: unstated\n", "", "PF130", "anonymous", at="        ▶poll: {en: Three ratings"),
    policy("close: {by: [owner, unit_lead], evidence: none, verify: unstated, ",
           "close: ▶{by: [owner, unit_lead], evidence: none, ", "PF130", "verify"),
    policy("max: unlimited, window: none, ", "max: unlimited, ", "PF224", "window: none",
           at="poll_again: ▶{from: repair"),
    policy("carry: nothing, ", "", "PF225", "carry: nothing", at="redo: ▶{title: {en: Organised"),
    policy("contact_points: {task: {en: Fix a contact point for every leader, zh: 确定领导干部联系点}, by: office, ",
           "contact_points: ▶{task: {en: Fix a contact point for every leader, zh: 确定领导干部联系点}, ",
           "PF202", "by"),
    policy("  committee:               {title: {en: District work committee, zh: 区党工委}, of: programme, ",
           "  committee:               ▶{title: {en: District work committee, zh: 区党工委}, ",
           "PF210", "of: programme"),
    policy("  bulletin:     {bulletin: {en: Bulletin on how the campaign goes, zh: 简报}, by: lead_group, "
           "every: regularly, ",
           "  bulletin:     ▶{bulletin: {en: Bulletin on how the campaign goes, zh: 简报}, by: lead_group, ",
           "PF130", "every"),
    policy("phaseflow: 1\n", "", "PF130", "phaseflow", at="▶campaign: district"),
    policy("- {discuss: member, as: own_unit, ", "- {discuss: member, ", "PF201", "discuss",
           at="{passed: {summary: ▶own_unit}}", mend="- {discuss: member, as: own_unit, "),
    operating("poor: reopen, ", "", "PF231", "poor: reopen", at="verify: ▶inspectors"),
    operating("max: 3, otherwise: office}", "max: ▶3}", "PF223", "otherwise"),
    operating("otherwise: extend, extend: 5 days, max: 2", "otherwise: extend, max: 2", "PF245", "extend: 5 days",
              at="quorum: ▶{share"),
    operating("quorum: {share: 50% of invited, ", "quorum: ▶{", "PF244", "share: 50% of invited"),
    operating("at_most: 0", "", "PF215", "at_most: 0", at="[duties, ▶{items"),
    operating("{units: 90%, closed: study}", "▶{units: 90%}", "PF216", "closed"),
)  # fmt: skip

BANDS_AND_AMOUNTS = (
    policy("{below: redo_mark, go: redo", "▶{go: redo", "PF247", "below"),
    policy("{below: redo_mark", "{below: pass_mark", "PF248", "narrower band first",
           at="            - ▶{below: pass_mark, go: look_back"),
    policy("value: 85%", "value: ▶185%", "PF128", "85%"),
    policy("value: 80%", "value: ▶>= 80%", "PF112", '">= 80%"', mend="value: 80%"),
    policy("quota: 20000 characters", "quota: ▶20000", "PF121", "20 hours"),
    policy("quota: 2 articles", "quota: ▶2articles", "PF120", "2 articles"),
    policy("quota: 50 cadres", "quota: ▶fifty cadres", "PF121", "characters", mend="quota: 50 cadres"),
    operating("share: 50% of invited", "share: ▶150% of invited", "PF128", "85%"),
    operating("share: 50% of invited", "share: ▶50 of invited", "PF128", "50%"),
    operating("share: 50% of invited", "share: ▶50% of cast", "PF492", "50% of invited"),
    operating("{service_recipients: 10% of consulted}", "{service_recipients: ▶10% of cast}",
              "PF442", "10% of consulted"),
    operating("{service_recipients: 10% of consulted}", "{▶service_recipient: 10% of consulted}",
              "PF201", "'service_recipients'"),
)  # fmt: skip

GRAPH = (
    policy(", go: look_back", "", "PF226", "in a band", at="    ▶title: {en: Look-back"),
    policy("by: unit_lead, from: summing_up", "from: summing_up", "PF227", "by: ROLE",
           at="  completed: ▶{title"),
    policy("活动结束}, by: office", "活动结束}", "PF228", "by: ROLE", at="    finished: ▶{title"),
    policy("look_back: {from: rating, to: repair, clause: P3.poll.3}\n"
           "  poll_again: {from: repair, to: rating, by: unit_lead, gate: {done: gaps},",
           "look_back: {from: rating, to: repair, when: {done: satisfaction}, clause: P3.poll.3}\n"
           "  poll_again: ▶{from: repair, to: rating, when: {done: gaps},", "PF229", "by: ROLE"),
    policy("look_back: {from: rating, to: repair, clause: P3.poll.3}\n  poll_again: {from: repair, to: rating, "
           "by: unit_lead, gate: {done: gaps}, max: unlimited, window: none, duties: all, clause: P3.poll.8}\n"
           "  closing: {from: rating, to: summing_up,",
           "look_back: {from: rating, to: repair, when: {done: satisfaction}, clause: P3.poll.3}\n  poll_again: {from: "
           "repair, to: rating, by: unit_lead, max: unlimited, window: none, duties: all, clause: P3.poll.8}\n"
           "  closing: ▶{from: rating, to: summing_up, when: {done: satisfaction},", "PF230", "drop one"),
)  # fmt: skip

YAML = (
    policy("batch: 2", "batch: 2\n▶zone: UTC", "PF105", "delete one"),
    policy("window: 03-09 .. 03-22", "window: ▶&w 03-09 .. 03-22", "PF106", "delete the anchor"),
    policy("window: 03-09 .. 03-22", "window: ▶*w", "PF106", "write the value out"),
    policy("count: 18", "count: ▶!!int 18", "PF107", "delete the tag"),
    policy("batch: 2", "▶<<: 2", "PF108", "delete"),
    policy("batch: 2", "batch:▶\t2", "PF113", "blanks"),
    policy("\nbodies:\n", "\nbodies:\n▶\t", "PF113", "blanks", mend="\nbodies:\n"),
    policy("batch: 2\n", "batch: 2\n▶---\n", "PF109", "'---'"),
    policy("by: secretary,", "by: ▶@secretary,", "PF112", "quote this value", mend="by: secretary,"),
    policy("title: {en: Summary, zh: 总结}", "title: {en: ▶`Summary`, zh: 总结}", "PF112", '"`Summary`"',
           mend='title: {en: "`Summary`", zh: 总结}'),
    policy('title: {en: "Study, training and research"', "title: {en: Study, ▶training and research", "PF147", "quote"),
    policy("title: {en: Look-back, zh", "title: {en: Look▶: back, zh", "PF115", "quote",
           mend='title: {en: "Look: back", zh'),
    policy("    title: {en: Look-back, zh: 回头看}\n", '    title: ▶"Look-back\n', "PF114", 'closing "',
           mend='    title: "Look-back"\n'),
    policy("items: [thinking, work, style]\n            clause", "items: [thinking, work, style\n            clause",
           "PF115", "']'", at="items: [thinking, work, style\n            clause▶:"),
    policy("    clause: P3.poll.3\n    duties:", "    clause:▶\n    duties:", "PF132", "leave the key out",
           mend="    duties:"),
    operating("share: 50% of invited", "share: ▶%50", "PF112", "quote this value", mend="share: 50%"),
    operating("year: 2009", "year 2009", "PF116", "':", at="▶year 2009"),
    operating("  member: {joiners", " ▶member: {joiners", "PF117", "indentation"),
)  # fmt: skip

_GATE = "  study:\n    gate: duties"


def _gate(text: str, code: str, word: str, mend: str = "duties") -> Fault:
    return operating(_GATE, f"  study:\n    gate: {text}", code, word, mend=f"  study:\n    gate: {mend}")


EXPRESSIONS = (
    _gate("▶dutys", "PF153", "duties"),
    _gate("items(ledger='problems') ▶= 0", "PF150", "'=='", "items(ledger='problems') == 0"),
    _gate("items(ledger=▶'problem') == 0", "PF154", "problems", "items(ledger='problems') == 0"),
    _gate("▶itmes(ledger='problems') == 0", "PF153", "'items'", "items(ledger='problems') == 0"),
    _gate("▶items(ledger='problems') == share(85)", "PF155", "== 0", "items(ledger='problems') == 0"),
    _gate("poll_share(poll='satisfaction') >= 85▶%", "PF150", "share(85)",
          "poll_share(poll='satisfaction') >= share(85)"),
    _gate("outstanding(duty=▶'kickof') == 0", "PF154", "kickoff", "outstanding(duty='kickoff') == 0"),
    _gate("closed(phase='study') ▶&& closed(phase='study')", "PF150", "'and'",
          "closed(phase='study') and closed(phase='analysis')"),
    _gate("▶__import__('os') == 0", "PF152", "items(", "items(ledger='problems') == 0"),
    _gate("▶items(ledger='problems')", "PF157", "compare it", "items(ledger='problems') == 0"),
    _gate("closed(▶'study')", "PF154", "closed(phase=", "closed(phase='study')"),
    _gate("closed(phase='study') and▶", "PF150", "and closed",
          "closed(phase='study') and closed(phase='analysis')"),
    _gate("▶items() == 0", "PF154", "ledger", "items(ledger='problems') == 0"),
    _gate("▶items(ledger='problems') == 'none'", "PF155", "== 0", "items(ledger='problems') == 0"),
)

FAULTS = KEYS + ROLES + NAMES + DATES + TYPES + MISSING + BANDS_AND_AMOUNTS + GRAPH + YAML + EXPRESSIONS
