"""What a simulation costs: units a second, time an entry, memory of a process, in one process and in two.

    python benchmarks/bench_simulation.py [units]

The policy below is six months long and of middle size; the others are those of the examples. Processor time an entry is
put beside `decide` alone on the same machine: the ticks and records of a run of ten, as in `bench_decide.py`. Wall time
is told too, because the budget is one: it means something only where nothing else runs on the machine.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from phaseflow.analysis.simulation import Forecast, simulate
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.policies import load_policy
from phaseflow.spec.reader import read_policy

EXAMPLES = Path(__file__).parents[1] / "examples"

POLICY = """
phaseflow: 1
campaign: half_year
zone: Asia/Shanghai
year: 2009
calendar: {country: CN}
roles: {office: Office, lead: Unit lead, member: Member, masses: {title: The masses, invited: true}}
defaults:
  phase: {opens: on date, closes: by lead, clock: calendar, remind: 3 days, overdue: {lead: 1 day, office: 3 days}}
  duty: {due: window end, remind: [3 days, 1 day], overdue: {lead: 1 day, office: 3 days}}
phases:
  study:
    window: 03-01 .. 04-30
    gate: duties
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, evidence: [minutes]}
      notes: {quota: 20000 characters, each: member}
      lectures: {checklist: Lectures, by: lead, items: [one, two, three, four]}
      visits: {quota: 1 visit, each: member, needs: {done: kickoff}}
  analysis:
    window: 05-01 .. 06-30
    gate: duties
    duties:
      talks: {task: Talks, by: lead, due: 05-31}
      report:
        document: Analysis report
        by: lead
        needs: {done: talks}
        route:
          - {draft: lead}
          - {consult: [member, masses], silence: hold}
          - {approve: office, returns_to: draft, within: 5 business days, silence: hold}
          - {publish: member}
  rectify:
    window: 07-01 .. 08-31
    gate: duties
    duties:
      plan: {task: Plan, by: lead, due: 07-15}
      solved: {task: Problems solved, each: member}
      rating:
        poll: Satisfied?
        by: lead
        edges: {outside: {raters: masses}}
        choices: [satisfied, dissatisfied]
        measure: satisfied of valid
        anonymous: true
        quorum: none
        open_for: 7 days
        bands: {exclusive: [{below: 80%, go: redo}, {otherwise: completed}]}
outcomes: {completed: {}, redo: {owes: next_batch, carry: nothing}}
"""


def measured(name: str, plan: Plan, units: int, jobs: int) -> Forecast:
    """Simulate and print a line."""
    spent, began = _processor(), time.perf_counter()
    found = simulate(plan, units=units, seed=1, jobs=jobs)
    wall, spent = time.perf_counter() - began, _processor() - spent
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(
        f"{name:<24}{units:>7}{jobs:>5}{found.entries / found.units:>9.0f}{1000 * spent / units:>9.1f}"
        f"{1e6 * spent / found.entries:>9.0f}{wall:>9.1f}{wall * 10_000 / units:>9.0f}{peak:>7.0f}"
    )
    return found


def _processor() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main(units: int) -> None:
    """Print a line for each policy."""
    print(f"{'policy':<24}{'units':>7}{'jobs':>5}{'entries':>9}{'ms':>9}{'µs':>9}{'s':>9}{'s/10000':>9}{'MB':>7}")
    reading = read_policy(POLICY, file="half_year.yaml")
    plan = compile_policy(reading.result(), reading.sources)
    simulate(plan, units=5)
    one = measured("half a year", plan, units // 5, 1)
    two = measured("half a year", plan, units // 5, 2)
    assert one == two
    measured("half a year", plan, units, 2)
    for path in sorted(EXAMPLES.glob("*/operating.yaml")):
        measured(path.parent.name, load_policy(path), max(20, units // 50), 2)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
