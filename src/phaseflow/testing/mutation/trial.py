"""Trying mutants: compile, play the scenarios that may notice, stop at the first that does.

A mutant that does not compile is no mistake anybody could make unseen, and one whose digest is that of the policy says
the same: both count for nothing. Trials run side by side in processes; the killer of an earlier run is asked first, or
alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal

import attrs

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError, Problem
from phaseflow.policies import load_policy, read_tree
from phaseflow.spec import tree as t
from phaseflow.spec.model import Policy
from phaseflow.spec.shape import EMPTY
from phaseflow.spec.structure import structure
from phaseflow.testing.mutation.operators import Mutant, mutants
from phaseflow.testing.scenarios.play import Played, Preludes, play
from phaseflow.testing.scenarios.reader import Case, read_scenarios

Fate = Literal["killed", "survived", "invalid", "equivalent", "accepted"]

Reach = Mapping[str, frozenset[str]]
"""The duties and ledgers that each scenario reaches, by the scenario's name; of those that pass as they are."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What became of a mutant; *by* is the scenario that noticed it, *digest* that of its plan.

    ``equivalent`` says the same as the policy, or as a mutant before it. ``accepted`` is for `judgement` to say: nobody
    noticed it, and nobody has to.
    """

    mutant: Mutant
    fate: Fate
    by: str = ""
    digest: str = ""


@attrs.frozen(kw_only=True)
class Task:
    """A mutant to try. *first* is the scenario to ask first; *only* asks no other.

    *known* is the digest with which no scenario noticed it the last time, under the same scenarios and engine.
    """

    mutant: Mutant
    first: str = ""
    only: bool = False
    known: str = ""


@attrs.frozen
class _Bench:
    """What trials need, made once in each process."""

    tree: t.Node
    plan: Plan
    cases: tuple[Case, ...]
    reach: Reach
    sharp: dict[str, set[str]] = attrs.field(factory=dict)
    """The scenarios that have noticed something of a duty or ledger in this process: they may notice more of it."""

    @classmethod
    def make(cls, policy: Path, files: Sequence[Path], reach: Reach) -> _Bench:
        """Read everything; only scenarios with a *reach* are kept."""
        cases = (case for file in files for case in read_scenarios(file).cases)
        return cls(read_tree(policy), load_policy(policy), tuple(one for one in cases if known_as(one) in reach), reach)

    def order(self, mutant: Mutant, first: str) -> Iterator[Case]:
        """The cases that may notice a mutant: the known killer, then those that reach the thing it changes."""
        thing = _thing(mutant)
        sharp = self.sharp.get(thing, set())
        nth: Counter[str] = Counter()  # one case of every scenario before the second of any
        keys = {}
        for case in self.cases:
            name = known_as(case)
            if name == first or not thing or thing in self.reach[name]:
                nth[case.title] += 1
                keys[name] = (name != first, name not in sharp, nth[case.title], len(case.ahead) + len(case.spec.story))
        yield from sorted((case for case in self.cases if known_as(case) in keys), key=lambda one: keys[known_as(one)])

    def judge(self, task: Task) -> Verdict:
        """The fate of one mutant."""
        mutant = task.mutant
        plan = mutated(mutant, self.tree, self.plan)
        if plan is None:
            return Verdict(mutant=mutant, fate="invalid")
        if plan.digest == self.plan.digest:
            return Verdict(mutant=mutant, fate="equivalent")
        survived = Verdict(mutant=mutant, fate="survived", digest=plan.digest)
        if task.known == plan.digest:
            return survived
        preludes: dict[int, Preludes] = {}
        for case in self.order(mutant, task.first):
            if task.only and known_as(case) != task.first:
                break
            if not play(case, plan, preludes.setdefault(id(case.cast), Preludes())).good:
                self.sharp.setdefault(_thing(mutant), set()).add(known_as(case))
                return attrs.evolve(survived, fate="killed", by=known_as(case))
        return survived


def known_as(case: Case) -> str:
    """The name by which a scenario is remembered: that of its file, and its own."""
    return f"{Path(case.file).name.partition('.')[0]}: {case.name}"


def reach_of(policy: Path, files: Sequence[Path], names: Collection[str] | None = None) -> Reach:
    """Play each scenario once (or those with these *names*): only one that passes as it is can notice anything."""
    plan = load_policy(policy)
    found: dict[str, frozenset[str]] = {}
    for file in files:
        preludes = Preludes()
        for case in read_scenarios(file).cases:
            wanted = not (case.spec.todo or case.spec.unconfirmed) and (names is None or known_as(case) in names)
            if wanted and (played := play(case, plan, preludes)).good:
                found[known_as(case)] = reached(played)
    return found


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


def reached(played: Played) -> frozenset[str]:
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


def _set_up(policy: Path, files: Sequence[Path], reach: Reach) -> None:
    _BENCH[:] = [_Bench.make(policy, files, reach)]


def _judge(task: Task) -> Verdict:
    return _BENCH[0].judge(task)


def try_mutants(
    policy: Path,
    files: Sequence[Path],
    *,
    jobs: int = 0,
    every: int = 1,
    killers: Mapping[str, str] = EMPTY,
    survivors: Mapping[str, str] = EMPTY,
    only: bool = False,
    reach: Reach | None = None,
) -> Iterator[Verdict]:
    """Try the mutants of a policy on the scenarios in some files.

    Args:
        policy: The policy's file.
        files: Files of scenarios that are played on it.
        jobs: How many processes; as many as there are processors where it is 0, and none of its own for 1.
        every: Only every so-manieth mutant, for a quick look.
        killers: The scenario that noticed a mutant last time, by the mutant's name: it is asked first.
        survivors: The digests of those that nobody noticed last time, under the same scenarios and engine.
        only: Ask nobody but the killer of last time: what then comes out noticed is at least what is.
        reach: What each scenario reaches, where they were played already (`reached`); they are played if left out.

    Yields:
        A verdict for each mutant, in the order of the policy.
    """
    wanted = mutants(read_tree(policy))[::every]
    tasks = [
        Task(mutant=one, first=killers.get(one.name, ""), only=only, known=survivors.get(one.name, ""))
        for one in wanted
    ]
    names = {task.first for task in tasks} if only else None
    reach = reach_of(policy, files, names) if reach is None else reach
    yield from _each_once(_verdicts(policy, tuple(files), tasks, reach, jobs))


def _verdicts(
    policy: Path, files: tuple[Path, ...], tasks: Sequence[Task], reach: Reach, jobs: int
) -> Iterator[Verdict]:
    count = jobs or os.cpu_count() or 1
    if count == 1:
        bench = _Bench.make(policy, files, reach)
        yield from map(bench.judge, tasks)
        return
    with ProcessPoolExecutor(count, initializer=_set_up, initargs=(policy, files, reach)) as pool:
        yield from pool.map(_judge, tasks, chunksize=4)


def _each_once(found: Iterable[Verdict]) -> Iterator[Verdict]:
    """Two mutants that say the same are one mistake, and count once."""
    seen: set[str] = set()
    for verdict in found:
        if verdict.digest and verdict.digest in seen:
            yield attrs.evolve(verdict, fate="equivalent", by="")
        else:
            seen.add(verdict.digest)
            yield verdict


def score(found: Iterable[Verdict]) -> tuple[int, int]:
    """How many mutants were noticed, of how many that could have been."""
    fates = [verdict.fate for verdict in found]
    return fates.count("killed"), fates.count("killed") + fates.count("survived")
