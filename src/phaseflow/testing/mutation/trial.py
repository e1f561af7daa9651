"""Trying mutants: compile, play the scenarios that may notice, stop at the first that does.

A mutant that does not compile is no mistake anybody could make unseen, and one whose digest is that of the policy says
the same: both count for nothing. Trials run side by side in processes; the killer of an earlier run is tried first.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal

import attrs

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError, Problem
from phaseflow.policies import load_policy, read_tree
from phaseflow.spec import tree as t
from phaseflow.spec.model import Policy
from phaseflow.spec.structure import structure
from phaseflow.testing.mutation.operators import Mutant, mutants
from phaseflow.testing.scenarios.play import Played, Preludes, play
from phaseflow.testing.scenarios.reader import Case, read_scenarios

Fate = Literal["killed", "survived", "invalid", "equivalent", "accepted"]


@attrs.frozen(kw_only=True)
class Verdict:
    """What became of a mutant; *by* is the scenario that noticed it.

    ``accepted`` is for `judgement` to say: nobody noticed it, and nobody has to.
    """

    mutant: Mutant
    fate: Fate
    by: str = ""


@attrs.define
class _Bench:
    """What trials need, made once in each process."""

    tree: t.Node
    plan: Plan
    cases: tuple[Case, ...]
    reach: tuple[frozenset[str], ...]

    @classmethod
    def make(cls, policy: Path, files: Sequence[Path]) -> _Bench:
        """Read everything and play each case once; only those that pass can notice anything."""
        tree, plan = read_tree(policy), load_policy(policy)
        played = [play(case, plan) for file in files for case in read_scenarios(file).cases if not case.spec.todo]
        good = [one for one in played if one.good and not one.case.spec.unconfirmed]
        return cls(tree, plan, tuple(one.case for one in good), tuple(map(_reached, good)))

    def order(self, mutant: Mutant, first: str) -> Iterator[Case]:
        """The cases that may notice a mutant: the known killer, then those that reach the thing it changes."""
        thing = _thing(mutant)
        fitting = [case for case, reach in zip(self.cases, self.reach, strict=True) if not thing or thing in reach]
        nth: Counter[str] = Counter()  # one case of every scenario before the second of any
        keys = {}
        for case in fitting:
            nth[case.title] += 1
            keys[case.name] = (case.name != first, nth[case.title], len(case.ahead) + len(case.spec.story))
        yield from sorted(fitting, key=lambda case: keys[case.name])

    def judge(self, mutant: Mutant, first: str = "") -> Verdict:
        """The fate of one mutant."""
        plan = mutated(mutant, self.tree, self.plan)
        if plan is None:
            return Verdict(mutant=mutant, fate="invalid")
        if plan.digest == self.plan.digest:
            return Verdict(mutant=mutant, fate="equivalent")
        preludes: dict[int, Preludes] = {}
        for case in self.order(mutant, first):
            if not play(case, plan, preludes.setdefault(id(case.cast), Preludes())).good:
                return Verdict(mutant=mutant, fate="killed", by=case.name)
        return Verdict(mutant=mutant, fate="survived")


def mutated(mutant: Mutant, tree: t.Node, plan: Plan) -> Plan | None:
    """The plan of a mutant of the policy with this tree and plan, or None where it does not compile."""
    problems: list[Problem] = []
    try:
        spec = structure(mutant.apply(tree), Policy, problems)
        return None if spec is None else compile_policy(spec, plan.texts, plan.calendar)
    except PolicyError:
        return None


def _thing(mutant: Mutant) -> str:
    """The duty or ledger that a mutant changes; empty where it is something larger."""
    path = mutant.path
    for index, part in enumerate(path[:-1]):
        if part in ("duties", "ledgers") and index + 1 < len(path):
            return str(path[index + 1])
    return ""


def _reached(played: Played) -> frozenset[str]:
    """The duties and ledgers that something happened to, or that a gate or an act asked for."""
    found: set[str] = set()
    for _level, entries in played.trails.values():
        for entry in entries:
            event: Any = entry.event
            key = getattr(event, "key", "") or getattr(event, "name", "")
            if isinstance(key, str) and key:
                found.add(key.rsplit("/", 1)[-1])
            item = getattr(event, "item", "")
            if isinstance(item, str) and item:
                found.add(item.split("/")[0])
            found |= set(getattr(event, "duties", ()) if type(event).__name__ == "GateJudged" else ())
    found |= {refusal.about.split("/")[0] for refusal in played.refused}
    return frozenset(found)


_BENCH: list[_Bench] = []


def _set_up(policy: Path, files: Sequence[Path]) -> None:
    _BENCH[:] = [_Bench.make(policy, files)]


def _judge(task: tuple[Mutant, str]) -> Verdict:
    return _BENCH[0].judge(*task)


def try_mutants(
    policy: Path,
    files: Sequence[Path],
    *,
    jobs: int = 0,
    every: int = 1,
    killers: Mapping[str, str] | None = None,
) -> Iterator[Verdict]:
    """Try the mutants of a policy on the scenarios in some files.

    Args:
        policy: The policy's file.
        files: Files of scenarios that are played on it.
        jobs: How many processes; as many as there are processors where it is 0, and none of its own for 1.
        every: Only every so-manieth mutant, for a quick look.
        killers: The scenario that noticed a mutant last time, by the mutant's name.

    Yields:
        A verdict for each mutant, in the order of the policy.
    """
    wanted = mutants(read_tree(policy))[::every]
    tasks = [(mutant, (killers or {}).get(mutant.name, "")) for mutant in wanted]
    count = jobs or os.cpu_count() or 1
    if count == 1:
        bench = _Bench.make(policy, files)
        yield from (bench.judge(*task) for task in tasks)
        return
    with ProcessPoolExecutor(count, initializer=_set_up, initargs=(policy, tuple(files))) as pool:
        yield from pool.map(_judge, tasks, chunksize=4)


def score(found: Iterable[Verdict]) -> tuple[int, int]:
    """How many mutants were noticed, of how many that could have been."""
    fates = [verdict.fate for verdict in found]
    return fates.count("killed"), fates.count("killed") + fates.count("survived")
