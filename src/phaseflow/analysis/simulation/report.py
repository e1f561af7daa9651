"""A forecast in plain words: tables with quantiles, chances with their intervals, small bars. Nothing is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from phaseflow.analysis.simulation.forecast import Chance, Days, Forecast, Load

BARS = " ▁▂▃▄▅▆▇█"

ROWS = 12
"""Rows of what gates waited for, of what was left undone, and of what was refused, unless all are wanted."""


def text(found: Forecast, *, all_: bool = False) -> str:
    """The whole forecast; *all_* shows every row of the long tables."""
    rows = None if all_ else ROWS
    parts = [
        _head(found), _assumed(found), _phases(found), _deadlines(found), _ends(found), _loads(found),
        _bottlenecks(found, rows), _left(found, rows),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _head(found: Forecast) -> str:
    count = f"{found.units:,} unit{'' if found.units == 1 else 's'}"
    if found.trials != found.units:
        count += f" under {found.trials:,} programme{'' if found.trials == 1 else 's'}"
    return (
        f"{found.campaign}: {count}, seed {found.seed}, {found.start} .. {found.until}; "
        f"{found.acts:,} acts, {found.entries:,} entries"
    )


def _assumed(found: Forecast) -> str:
    return "\n".join(["assumed, because nothing else is said:", *(f"  - {line}" for line in found.assumed)])


def _phases(found: Forecast) -> str:
    rows = [
        (_named(found, phase.level, phase.name), _day(phase.opens.p50), *_quantiles(phase.ends), _never(phase.ends))
        for phase in found.phases
    ]
    return table("phases", ("opens 50 %", "ends 10 %", "50 %", "90 %", ""), rows)


def _deadlines(found: Forecast) -> str:
    rows = [
        (
            f"{_named(found, one.level, one.name)}{'' if one.what == 'duty' else f' ({one.what})'}", _day(one.due),
            percent(one.chance.share), f"{percent(one.chance.low)} .. {percent(one.chance.high)}",
            f"{one.chance.met:,} of {one.chance.cases:,}",
        )
        for one in found.deadlines
    ]  # fmt: skip
    return table("deadlines", ("due", "met", "95 % interval", ""), rows)


def _ends(found: Forecast) -> str:
    rows = [
        (_named(found, one.level, "(still open)" if one.name == "open" else one.name), percent(one.share),
         *(_quantiles(one.days) if one.name != "open" else ()))
        for one in found.outcomes
    ]
    ends = table("how runs end", ("", "10 %", "50 %", "90 %"), rows)
    bands = [(_named(found, one.level, one.poll), one.band, percent(one.share)) for one in found.results]
    return ends + (f"\n\n{table('polls', ('band', ''), bands)}" if bands else "")


def _loads(found: Forecast) -> str:
    rows = [
        (
            _named(found, one.level, one.role), str(one.people), _number(one.each),
            _number(one.each / max(1, one.people)), one.busiest, _number(one.most), bars(one),
        )
        for one in found.loads
    ]  # fmt: skip
    title = "load: acts of one run, by role and week"
    return table(title, ("people", "acts", "each", "busiest week", "acts", "week by week"), rows)


def _bottlenecks(found: Forecast, most: int | None) -> str:
    rows = [
        (
            _named(found, one.level, one.gate), one.duty, _number(one.times), _number(one.waited), str(one.p90),
            _number(one.alone), percent(one.never) if one.never else "",
        )
        for one in found.bottlenecks
    ]  # fmt: skip
    heads = ("for", "times a run", "days", "90 %", "alone", "in vain")
    return table("what was waited for", heads, rows, most)


def _left(found: Forecast, most: int | None) -> str:
    undone = [(_named(found, one.level, one.duty), _number(one.times)) for one in found.undone]
    parts = [table("left undone when the phase was closed", ("times a run",), undone, most)] if undone else []
    if found.refused:
        lines = [f"  {one.times:,} x {one.code} {one.what}" for one in found.refused]
        parts.append("\n".join(["refused to the simulated people:", *_first(lines, most)]))
    return "\n\n".join(parts)


# --- small words ------------------------------------------------------------------------------------------------------


def _named(found: Forecast, level: str, name: str) -> str:
    """A name; those of the programme say so where there are units, too."""
    several = len({phase.level for phase in found.phases}) > 1
    return f"{name} (programme)" if several and level == "programme" else name


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else "-"


def _quantiles(days: Days) -> tuple[str, str, str]:
    return _day(days.p10), _day(days.p50), _day(days.p90)


def _never(days: Days) -> str:
    return f"{percent(days.never)} not" if days.never else ""


def percent(share: float) -> str:
    """A share in percent, with one decimal; what is not all and not nothing never looks like it."""
    told = f"{share * 100:.1f} %"
    if told == "100.0 %" and share < 1:
        return "> 99.9 %"
    if told == "0.0 %" and share > 0:
        return "< 0.1 %"
    return told.replace(".0 %", " %")


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def bars(load: Load) -> str:
    """One bar for each week from the first act to the last; the busiest week is the highest."""
    weeks = {date.fromisoformat(week): acts for week, acts in load.weeks.items()}
    first, last = min(weeks), max(weeks)
    days = [first + timedelta(days=7 * number) for number in range((last - first).days // 7 + 1)]
    return "".join(_bar(weeks.get(day, 0.0) / load.most) for day in days)


def _bar(share: float) -> str:
    return BARS[0] if share <= 0 else BARS[max(1, round(share * (len(BARS) - 1)))]


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], most: int | None = None) -> str:
    """Columns under a title; the first column is named by the title."""
    lines = [(title, *heads), *((f"  {row[0]}", *row[1:]) for row in rows)]
    widths = [max(len(line[place]) if place < len(line) else 0 for line in lines) for place in range(len(heads) + 1)]
    told = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip() for line in lines]
    return "\n".join([told[0], *_first(told[1:], most)])


def _first(lines: list[str], most: int | None) -> Iterator[str]:
    yield from lines[:most]
    if most is not None and len(lines) > most:
        yield f"  … and {len(lines) - most} more"


def least(found: Forecast) -> Chance | None:
    """The worst chance of all deadlines; None where there is no deadline."""
    return min((one.chance for one in found.deadlines), key=lambda chance: chance.share, default=None)
