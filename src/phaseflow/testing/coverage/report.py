"""Coverage as text: a table for the terminal, plain data, and an HTML page with the policy's text and marks.

Nothing here prints or writes files.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from phaseflow.testing.coverage.goals import KINDS, Goal
from phaseflow.testing.coverage.measure import Coverage

SHOWN = 40
"""How many missing goals a terminal shows before it says how many more there are."""


def text(found: Coverage, *, limit: int = SHOWN) -> str:
    """A table by kind, and what is missing, each with its line in the policy."""
    rows = [(KINDS[kind], *found.of_kind(kind)) for kind in found.kinds]
    width = max((len(name) for name, _, _ in rows), default=0)
    count = f"{found.scenarios} {'scenario' if found.scenarios == 1 else 'scenarios'}"
    taken = f", {len(found.accepted)} accepted" if found.accepted else ""
    lines = [f"coverage of {found.plan.policy.campaign} by {count}: {_percent(found)} "
             f"({len(found.covered)} of {len(found.goals)}{taken})"]  # fmt: skip
    lines += [f"  {name:<{width}}  {done:>4} of {all_:<4} {_share(done, all_)}" for name, done, all_ in rows]
    missing = found.missing
    if missing:
        lines.append("not shown by any scenario:")
        lines += [f"  {goal.span}: {goal.name}" for goal in missing[:limit]]
        if len(missing) > limit:
            lines.append(f"  and {len(missing) - limit} more; --all shows them")
    return "\n".join(lines)


def _percent(found: Coverage) -> str:
    """The share in per cent, cut and not rounded: 100 % means all."""
    return _share(len(found.goals) - len(found.missing), len(found.goals))


def _share(done: int, all_: int) -> str:
    tenths = 1000 * done // all_ if all_ else 1000
    return f"{tenths // 10}.{tenths % 10} %"


def as_data(found: Coverage) -> dict[str, Any]:
    """Coverage in JSON's types."""
    return {
        "campaign": str(found.plan.policy.campaign),
        "digest": found.plan.digest,
        "scenarios": found.scenarios,
        "covered": len(found.covered),
        "accepted": sorted(found.accepted),
        "goals": len(found.goals),
        "percent": round(found.percent, 2),
        "kinds": {kind: list(found.of_kind(kind)) for kind in found.kinds},
        "all": [
            {
                "key": goal.key,
                "kind": goal.kind,
                "level": goal.level,
                "subject": goal.subject,
                "detail": goal.detail,
                "place": str(goal.span),
                "clauses": list(goal.clauses),
                "scenarios": list(found.by.get(goal.key, ())),
            }
            for goal in found.goals
        ],
    }


STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c1c1e; }
table.kinds { border-collapse: collapse; } table.kinds td { padding: .1rem 1rem .1rem 0; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { font: 13px/1.55 ui-monospace, monospace; background: #fafafa; border: 1px solid #e2e2e6; padding: .5rem 0;
  overflow-x: auto; }
pre span { display: block; padding: 0 1rem 0 .6rem; border-left: .3rem solid transparent; white-space: pre; }
pre span.all { border-color: #1a7f37; } pre span.some { border-color: #bf8700; background: #fff8e5; }
pre span.none { border-color: #cf222e; background: #ffebe9; }
pre i { color: #8a8a90; font-style: normal; user-select: none; }
details { margin: 0 0 0 4.2rem; font: 13px/1.5 system-ui, sans-serif; } summary { cursor: pointer; color: #57606a; }
li.no { color: #a40e26; } li.yes { color: #116329; }
@media (prefers-color-scheme: dark) {
  body { background: #16171a; color: #e6e6e8; } pre { background: #1d1f23; border-color: #33363c; }
  pre span.some { background: #2e2810; } pre span.none { background: #35191c; } summary { color: #a0a6ae; }
  li.no { color: #ff9a95; } li.yes { color: #6fdd8b; }
}
"""


def html(found: Coverage) -> str:
    """The policy's own text; a line with goals is green, amber or red, and opens to show them."""
    title = f"Coverage of {found.plan.policy.campaign}"
    rows = "".join(
        f"<tr><td>{escape(KINDS[kind])}</td><td class=n>{done} of {all_}</td><td class=n>{_share(done, all_)}</td></tr>"
        for kind, (done, all_) in ((kind, found.of_kind(kind)) for kind in found.kinds)
    )
    files = "".join(f"<h2>{escape(file)}</h2><pre>{''.join(_lines(found, file, body))}</pre>"
                    for file, body in found.plan.texts)  # fmt: skip
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}: {_percent(found)}</h1>"
        f"<p>{len(found.covered)} of {len(found.goals)} things that can happen are shown "
        f"by {found.scenarios} scenarios. Green lines: all of it is shown. Amber: some. Red: nothing.</p>"
        f"<table class=kinds>{rows}</table>{files}</body></html>\n"
    )


def _lines(found: Coverage, file: str, body: str) -> Iterator[str]:
    by_line: dict[int, list[Goal]] = {}
    for goal in found.goals:
        if goal.span.file == file:
            by_line.setdefault(goal.span.line, []).append(goal)
    for number, line in enumerate(body.split("\n"), start=1):
        goals = by_line.get(number, [])
        shown = f"<i>{number:>4} </i>{escape(line)}"
        if not goals:
            yield f"<span>{shown}</span>"
            continue
        done = sum(goal.key in found.by for goal in goals)
        mark = "all" if done == len(goals) else "some" if done else "none"
        yield f"<span class={mark} id=L{number}>{shown}</span>{_details(found, goals, done)}"


def _details(found: Coverage, goals: list[Goal], done: int) -> str:
    items = "".join(
        f"<li class={'yes' if goal.key in found.by else 'no'}>{escape(f'{goal.kind}: {goal}')}"
        f"{escape(_shown_by(found.by.get(goal.key, ())))}</li>"
        for goal in goals
    )
    return f"<details><summary>{done} of {len(goals)}</summary><ul>{items}</ul></details>"


def _shown_by(names: tuple[str, ...]) -> str:
    if not names:
        return " – not shown"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f" – {'; '.join(names[:3])}{more}"
