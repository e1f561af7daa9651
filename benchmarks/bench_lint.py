"""How long `check` and `lint` take over a policy of 5,000 lines. Budget: 1 s for both together.

    python benchmarks/bench_lint.py [LINES]

The policy is generated: phases with steps, duties of every kind, routes, a poll with bands, ledgers and a programme
above, in the proportions of the district example. Prints seconds for reading, compiling and linting (best of five).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from phaseflow.analysis.findings import view
from phaseflow.analysis.lint import lint
from phaseflow.core.plan import compile_policy
from phaseflow.spec.reader import read_policy

T = TypeVar("T")

HEAD = """\
phaseflow: 1
campaign: large
zone: UTC
year: 2009
calendar: {closed: [2009-05-01]}
roles:
  office: {of: programme}
  lead: {of: unit}
  leader: {of: unit, is_a: member}
  member: {of: unit}
defaults:
  duty: {due: window end, remind: 3 days, overdue: {lead: 1 day, office: 3 days}}
  phase: {opens: on date, closes: by lead, clock: calendar}
parameters: {pass_mark: 85%}
outcomes:
  completed: {by: lead, gate: {done: last}}
  redo: {owes: next_batch, carry: nothing, reopen: lead}
programme:
  outcomes: {finished: {by: office, gate: {units: 100%, concluded: any}}}
ledgers:
  gaps:
    opened_by: member
    survives: true
    classes: {now: 7 days, later: 30 days}
    close: {by: owner, evidence: none, verify: lead, poor: reopen}
phases:
  p000:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      last: {task: Last, by: lead}
      rating:
        poll: Rating
        by: lead
        edges: {own: {raters: member}}
        choices: [good, bad]
        measure: good of valid
        anonymous: true
        quorum: {share: 50% of invited, otherwise: hold}
        bands:
          exclusive:
            - {below: pass_mark, go: redo}
            - {otherwise: completed}
"""

PHASE = """\
  {name}:
    window: {month:02}-01 .. {month:02}-28
    gate: duties
    duties:
"""

DUTIES = """\
      task_{n}: {{task: Task {n}, by: lead}}
      notes_{n}:
        quota: 10 pages
        each: member
        needs: {{done: task_{n}}}
      books_{n}:
        checklist: Books {n}
        each: member
        items: [one, two, three]
      paper_{n}:
        document: Paper {n}
        by: lead
        needs: {{all: [{{done: notes_{n}, share: 90%}}, {{items: gaps, at_most: 3}}]}}
        route:
          - {{draft: lead}}
          - {{consult: member, within: 3 days, silence: go_on}}
          - {{approve: office, within: 3 business days, silence: hold, returns_to: draft}}
"""


def policy(lines: int) -> str:
    """A policy of about so many lines."""
    parts, count, number = [HEAD], HEAD.count("\n"), 0
    while count < lines:
        number += 1
        if number % 8 == 1:
            month = number // 8 % 9 + 4
            parts.append(PHASE.format(name=f"p{number:03}", month=month))
            count += 4
        parts.append(DUTIES.format(n=number))
        count += DUTIES.count("\n")
    return "".join(parts)


def timed(act: Callable[[], T], rounds: int = 5) -> tuple[float, T]:
    """Seconds of the best of several rounds, and what came of it."""
    best, result = float("inf"), None
    for _ in range(rounds):
        begun = time.perf_counter()
        result = act()
        best = min(best, time.perf_counter() - begun)
    assert result is not None
    return best, result


def main() -> None:
    text = policy(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
    reading, read = timed(lambda: read_policy(text.encode(), file="large.yaml").result())
    compiling, plan = timed(lambda: compile_policy(read))
    linting, findings = timed(lambda: lint(view(plan)))
    duties = sum(len(level.duties) for level in plan.levels.values())
    print(f"{text.count(chr(10))} lines, {duties} duties, {len(findings)} findings")
    together = reading + compiling + linting
    print(f"read {reading:.2f} s  compile {compiling:.2f} s  lint {linting:.2f} s  together {together:.2f} s")


if __name__ == "__main__":
    main()
