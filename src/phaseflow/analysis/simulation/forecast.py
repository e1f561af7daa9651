"""What a simulation came to: phase ends, chances, load and bottlenecks, read back from the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from math import sqrt

import attrs

from phaseflow.analysis.simulation.scene import Scene
from phaseflow.analysis.simulation.tally import NEVER, Key, Tally
from phaseflow.core.plan.model import LevelPlan

Z = 1.959963984540054
"""Of a normal distribution, 95 % lie within so many standard deviations."""


@attrs.frozen(kw_only=True)
class Days:
    """When something happens: of all runs, 10 %, 50 % and 90 % have seen it by these days (None: later, or never)."""

    p10: date | None
    p50: date | None
    p90: date | None
    never: float
    """Share of the runs in which it did not happen by the last day."""


@attrs.frozen(kw_only=True)
class Chance:
    """A share with its 95 % interval (Wilson); *cases* is over how many it was measured."""

    share: float
    low: float
    high: float
    cases: int
    met: int


@attrs.frozen(kw_only=True)
class PhaseForecast:
    """The first stay of a run in a phase."""

    level: str
    name: str
    title: str
    opens: Days
    ends: Days
    line: str
    clause: str


@attrs.frozen(kw_only=True)
class DeadlineForecast:
    """A deadline, and how likely it is that all of it is done in time. *due* is the day that most runs have for it."""

    level: str
    what: str
    name: str
    title: str
    due: date | None
    chance: Chance
    line: str
    clause: str


@attrs.frozen(kw_only=True)
class Outcome:
    """How runs end."""

    level: str
    name: str
    share: float
    days: Days


@attrs.frozen(kw_only=True)
class Result:
    """A band that polls come to."""

    level: str
    poll: str
    band: str
    share: float


@attrs.frozen(kw_only=True)
class Load:
    """What a role has to do. *weeks* gives the acts of each week (by its Monday), as the mean of one run.

    *acts* is the number in all trials; *each* the mean of one run, of the unit's or the programme's level.
    """

    role: str
    level: str
    people: int
    acts: int
    each: float
    weeks: Mapping[str, float]
    busiest: str
    most: float


@attrs.frozen(kw_only=True)
class Bottleneck:
    """What a gate (or a duty, by its `needs`) waited for.

    *times* is how often, the mean of one run. *waited*: for how many days then, on the average, when this came last;
    *alone*: how many of them it waited for nothing else. *p90* is what nine of ten stay within; *never* the share of
    runs in which it still waits at the end.
    """

    what: str
    level: str
    gate: str
    duty: str
    times: float
    waited: float
    p90: int
    alone: float
    never: float


@attrs.frozen(kw_only=True)
class Undone:
    """What was not done when its phase was closed; *times* is the mean of one run."""

    level: str
    duty: str
    times: float


@attrs.frozen(kw_only=True)
class Refused:
    """What simulated people tried in vain; a policy that leaves something open, or a habit that does not fit it."""

    level: str
    about: str
    code: str
    what: str
    times: int


@attrs.frozen(kw_only=True)
class Forecast:
    """What a simulation came to."""

    campaign: str
    digest: str
    seed: int
    units: int
    trials: int
    start: date
    until: date
    assumed: tuple[str, ...]
    acts: int
    entries: int
    phases: tuple[PhaseForecast, ...]
    deadlines: tuple[DeadlineForecast, ...]
    outcomes: tuple[Outcome, ...]
    results: tuple[Result, ...]
    loads: tuple[Load, ...]
    bottlenecks: tuple[Bottleneck, ...]
    undone: tuple[Undone, ...]
    refused: tuple[Refused, ...]

    def chance(self, name: str, *, level: str = "unit") -> Chance:
        """The chance of the deadline of a phase, duty, step or item.

        Raises:
            KeyError: Nothing of this name had a deadline.
        """
        for found in self.deadlines:
            if (found.level, found.name) == (level, name):
                return found.chance
        raise KeyError(name)

    def phase(self, name: str, *, level: str = "unit") -> PhaseForecast:
        """The forecast of a phase.

        Raises:
            KeyError: There is no phase of this name.
        """
        for found in self.phases:
            if (found.level, found.name) == (level, name):
                return found
        raise KeyError(name)


def forecast(scene: Scene, tally: Tally, seed: int) -> Forecast:
    """Read the counts of all trials back."""
    reading = _Reading(scene, tally.counts)
    plan = scene.plan
    return Forecast(
        campaign=str(plan.policy.campaign), digest=plan.digest, seed=seed, units=reading.runs("unit"),
        trials=tally.counts["trials",], start=scene.habits.start, until=scene.habits.until,
        assumed=scene.habits.assumed, acts=tally.counts["acts",], entries=tally.counts["entries",],
        phases=tuple(reading.phases()), deadlines=tuple(reading.deadlines()), outcomes=tuple(reading.outcomes()),
        results=tuple(reading.results()), loads=tuple(reading.loads()), bottlenecks=tuple(reading.bottlenecks()),
        undone=tuple(reading.undone()), refused=tuple(reading.refused()),
    )  # fmt: skip


class _Reading:
    """The counts, sorted by what they count."""

    def __init__(self, scene: Scene, counts: Counter[Key]) -> None:
        self.scene, self.plan = scene, scene.plan
        self._by_kind: dict[str, dict[Key, int]] = {}
        for key, number in counts.items():
            self._by_kind.setdefault(str(key[0]), {})[key[1:]] = number

    def under(self, *start: str) -> dict[Key, int]:
        """Counts whose keys begin so, by the rest of their keys."""
        kind, rest = start[0], start[1:]
        found = self._by_kind.get(kind, {})
        return {key[len(rest) :]: number for key, number in found.items() if key[: len(rest)] == rest}

    def runs(self, level: str) -> int:
        """How many runs of a level there were."""
        return self._by_kind.get("runs", {}).get((level,), 0)

    def levels(self) -> Iterable[LevelPlan]:
        return self.plan.levels.values()

    # --- phases, deadlines, ends --------------------------------------------------------------------------------------

    def phases(self) -> Iterable[PhaseForecast]:
        for level in self.levels():
            for name, phase in level.phases.items():
                yield PhaseForecast(
                    level=level.name, name=name, title=phase.title,
                    opens=days_of(self.under("opens", level.name, name)),
                    ends=days_of(self.under("ends", level.name, name)), line=str(phase.span),
                    clause=", ".join(phase.clause),
                )  # fmt: skip

    def deadlines(self) -> Iterable[DeadlineForecast]:
        for level in self.levels():
            order = {name: place for place, name in enumerate((*level.phases, *level.duties, *level.ledgers))}
            found: dict[tuple[str, str], dict[str, int]] = {}
            for (what, owner, name, sign), number in self._by_kind.get("deadline", {}).items():
                if owner == level.name:
                    found.setdefault((str(what), str(name)), {})[str(sign)] = number
            keys = sorted(found, key=lambda key: (_ORDER[key[0]], order.get(key[1].partition(".")[0], 0), key[1]))
            for what, name in keys:
                sums = found[what, name]
                due = self.under("due", what, level.name, name)
                most = max(due, key=lambda key: (due[key], -int(key[0])), default=None)
                first = name.partition(".")[0]
                thing = level.phases.get(name) or level.duties.get(first) or level.ledgers.get(first)
                yield DeadlineForecast(
                    level=level.name, what=what, name=name, title=thing.title if thing is not None else "",
                    due=date.fromordinal(int(most[0])) if most is not None else None,
                    chance=chance_of(sums["y"], sums["n"], _effective(sums)),
                    line=str(thing.span) if thing is not None else "",
                    clause=", ".join(thing.clause) if thing is not None else "",
                )  # fmt: skip

    def outcomes(self) -> Iterable[Outcome]:
        for level in self.levels():
            found = self.under("ended", level.name)
            order = (*level.outcomes, "open", "cancelled", "suspended")
            for name in sorted((str(key[0]) for key in found), key=lambda name: (name not in order, name)):
                yield Outcome(
                    level=level.name, name=name, share=found[name,] / self.runs(level.name),
                    days=days_of(self.under("concluded", level.name, name)),
                )  # fmt: skip

    def results(self) -> Iterable[Result]:
        totals: Counter[tuple[str, str]] = Counter()
        for (level, poll, _band), number in self.under("band").items():
            totals[str(level), str(poll)] += number
        for (level, poll, band), number in sorted(self.under("band").items()):
            share = number / totals[str(level), str(poll)]
            yield Result(level=str(level), poll=str(poll), band=str(band), share=share)

    # --- load and waiting ---------------------------------------------------------------------------------------------

    def loads(self) -> Iterable[Load]:
        by_role: dict[str, Counter[int]] = {}
        for (role, week), number in self.under("act").items():
            by_role.setdefault(str(role), Counter())[int(week)] += number
        for role in sorted(by_role, key=lambda name: (-sum(by_role[name].values()), name)):
            weeks, rule = by_role[role], self.plan.roles.get(role)
            level = rule.level if rule is not None and self.plan.programme is not None else "unit"
            runs = self.runs(level)
            means = {date.fromordinal(week).isoformat(): weeks[week] / runs for week in sorted(weeks)}
            busiest = max(means, key=lambda week: (means[week], week))
            yield Load(
                role=role, level=level, people=self.people(role), acts=sum(weeks.values()),
                each=sum(weeks.values()) / runs, weeks=means, busiest=busiest, most=means[busiest],
            )  # fmt: skip

    def people(self, role: str) -> int:
        """How many hold a role in one run; with the roles that imply it."""
        places = [roster.get(role, ()) for roster in self.scene.roster.values()]
        return max(map(len, places), default=0)

    def bottlenecks(self) -> Iterable[Bottleneck]:
        found: dict[tuple[str, ...], dict[str, int]] = {}
        for whole, number in self.under("wait").items():
            found.setdefault(tuple(map(str, whole[:-1])), {})[str(whole[-1])] = number
        for key in sorted(found, key=lambda key: (-found[key].get("seconds", 0), -found[key].get("never", 0), key)):
            what, level, gate, duty = key
            sums, runs = found[key], self.runs(level)
            cases = sums.get("cases", 0)
            days = {int(day[0]): number for day, number in self.under("waited", *key).items()}
            yield Bottleneck(
                what=what, level=level, gate=gate, duty=duty, times=cases / runs,
                waited=sums.get("seconds", 0) / 86_400 / cases if cases else 0.0,
                alone=sums.get("alone", 0) / 86_400 / cases if cases else 0.0,
                p90=_quantile(days, 0.9), never=sums.get("never", 0) / runs,
            )  # fmt: skip

    def undone(self) -> Iterable[Undone]:
        for (level, duty), number in sorted(self.under("undone").items(), key=lambda item: (-item[1], item[0])):
            yield Undone(level=str(level), duty=str(duty), times=number / self.runs(str(level)))

    def refused(self) -> Iterable[Refused]:
        found = sorted(self.under("refused").items(), key=lambda item: (-item[1], item[0]))
        for (code, level, about, what), times in found:
            yield Refused(level=str(level), about=str(about), code=str(code), what=str(what), times=times)


_ORDER = {"phase": 0, "duty": 1, "step": 2, "item": 3}


# --- arithmetic -------------------------------------------------------------------------------------------------------


def _quantile(days: Mapping[int, int], share: float) -> int:
    """The least number that *share* of all stay within."""
    wanted, seen = share * sum(days.values()), 0
    for day in sorted(days):
        seen += days[day]
        if seen >= wanted - 1e-9:
            return day
    return 0


def days_of(counts: Mapping[Key, int]) -> Days:
    """The quantiles of days counted by number; what never happened comes after every day."""
    days = {int(key[-1]): number for key, number in counts.items()}
    total = sum(days.values())

    def at(share: float) -> date | None:
        found = _quantile(days, share) if total else NEVER
        return None if found == NEVER else date.fromordinal(found)

    return Days(p10=at(0.1), p50=at(0.5), p90=at(0.9), never=days.get(NEVER, 0) / total if total else 1.0)


def chance_of(met: int, cases: int, effective: float) -> Chance:
    """A share with Wilson's interval; *effective* is how many independent cases the cases are worth.

    >>> found = chance_of(8, 10, 10.0)
    >>> found.share, round(found.low, 3), round(found.high, 3)
    (0.8, 0.49, 0.943)
    """
    share, square = met / cases, Z * Z
    below = 1 + square / effective
    middle = (share + square / (2 * effective)) / below
    half = Z * sqrt(share * (1 - share) / effective + square / (4 * effective * effective)) / below
    low = 0.0 if met == 0 else max(0.0, middle - half)
    high = 1.0 if met == cases else min(1.0, middle + half)
    return Chance(share=share, low=low, high=high, cases=cases, met=met)


def _effective(sums: Mapping[str, int]) -> float:
    """How many independent cases the cases are worth: cases of one trial go together, so only the trials tell."""
    cases, met = sums["n"], sums["y"]
    share = met / cases
    spread = sums["yy"] - 2 * share * sums["ny"] + share * share * sums["nn"]
    if spread <= 0 or share in (0.0, 1.0):
        return max(1.0, cases / max(1.0, sums["nn"] / cases))
    return min(float(cases), max(1.0, share * (1 - share) * cases * cases / spread))
