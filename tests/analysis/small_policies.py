# ruff: noqa: E501 - a line of a policy stays on one line
"""Small policies drawn at random, for holding exploration against enumeration: every way to open and close a phase,
gates, transitions with limits, automatic moves, a poll with bands, outcomes that can be reopened."""

from __future__ import annotations

import random

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError
from phaseflow.spec.reader import read_policy

NAMES = ("one", "two", "three", "four")

HEAD = """\
phaseflow: 1
campaign: small
zone: UTC
year: 2026
parameters: {mark: 60%}
roles: {boss: Boss, member: Member}
ledgers: {gaps: {opened_by: boss, survives: true, classes: {gap: none}, close: {by: boss, evidence: none, verify: none}}}
"""


class Maker:
    """Draws one policy from a seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.names = NAMES[: self.draw.choice((2, 2, 3, 3, 4))]
        self.poll = self.draw.choice(self.names) if self.draw.random() < 0.5 else ""
        self.transitions = self._transitions()
        self.outcomes = ("good", "bad")

    def text(self) -> str:
        """The policy."""
        phases = "".join(f"  {name}: {self._phase(number, name)}\n" for number, name in enumerate(self.names))
        moves = "".join(f"  {name}: {spec}\n" for name, spec in self.transitions.items())
        ends = "".join(f"  {name}: {self._outcome(name)}\n" for name in self.outcomes)
        return HEAD + f"phases:\n{phases}" + (f"transitions:\n{moves}" if moves else "") + f"outcomes:\n{ends}"

    def _some(self, *choices: str) -> str:
        return self.draw.choice(choices)

    def _phase(self, number: int, name: str) -> str:
        dated = f"0{number + 1}-01 .. 0{number + 1}-28"
        opens = self._some("on date", "on date", "with campaign", "by boss", "by transition", "hangs", "gate")
        if number == 0 and opens in ("by transition", "hangs"):
            opens = "with campaign"
        other = self.draw.choice([one for one in self.names if one != name])
        opens = {"hangs": f"when {other} {self._some('closes', 'opens')}", "gate": "when gate"}.get(opens, opens)
        closes = self._some("by boss", "by boss", "by boss", "when gate", "on date", "unstated")
        keys = {
            "window": dated if opens == "on date" or closes == "on date" else "none", "opens": opens, "closes": closes,
            "clock": "calendar", "asks": "boss",
        }  # fmt: skip
        if opens == "when gate" or (opens != "by transition" and self.draw.random() < 0.2):
            keys["entry"] = self._condition(1)
        if closes == "when gate" or self.draw.random() < 0.4:
            keys["gate"] = self._condition(2)
        duties = [f"t_{name}: {{task: T, by: member, due: none, if_none: {self._some('met', 'unmet')}}}"]
        if self.poll == name:
            duties.append(self._poll())
        keys["duties"] = "{" + ", ".join(duties) + "}"
        return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"

    def _poll(self) -> str:
        targets = (*self.transitions, "good", "bad")
        bands = f"{{below: {self._some('mark', '40%')}, go: {self.draw.choice(targets)}}}, {{otherwise: {self.draw.choice(targets)}}}"
        return (
            "vote: {poll: Vote, by: boss, due: none, edges: {own: {raters: member}}, choices: [yes_, no_], "
            "measure: yes_ of valid, anonymous: false, quorum: {count: 1, otherwise: void}, "
            f"bands: {{exclusive: [{bands}]}}}}"
        )

    def _condition(self, depth: int) -> str:
        kind = self._some("leaf", "leaf", "all", "any", "not", "at_least") if depth else "leaf"
        match kind:
            case "all" | "any":
                return f"{{{kind}: [{self._condition(depth - 1)}, {self._condition(depth - 1)}]}}"
            case "not":
                return f"{{not: {self._condition(depth - 1)}}}"
            case "at_least":
                return f"{{at_least: 1, of: [{self._condition(depth - 1)}, {self._condition(depth - 1)}]}}"
        name = self.draw.choice(self.names)
        leaves = [f"{{done: t_{name}}}", f"{{closed: {name}}}", f"{{reached: {name}}}", "{items: gaps, at_most: 0}"]
        if self.poll:
            leaves.append("{poll: vote, at_least: mark}")
        return self.draw.choice(leaves)

    def _transitions(self) -> dict[str, str]:
        found = {}
        for number in range(self.draw.choice((0, 1, 1, 2))):
            first, second = self.draw.choice(self.names), self.draw.choice(self.names)
            keys = {"from": first, "to": second, "window": "none", "duties": self._some("all", "missing"), "max": "unlimited"}
            if self.draw.random() < 0.3:
                keys |= {"max": "1", "otherwise": self._some("good", "bad")}
            if self.draw.random() < 0.6:
                keys["by"] = "boss"
            elif self.draw.random() < 0.4:
                keys["when"] = self._condition(1)
            if self.draw.random() < 0.3:
                keys["gate"] = self._condition(1)
            found[f"go_{number}"] = "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"
        return found

    def _outcome(self, name: str) -> str:
        keys = {}
        if self.draw.random() < 0.7:
            keys["from"] = self.draw.choice(self.names)
        if name == "good" or self.draw.random() < 0.7:
            keys["by"] = "boss"
        if self.draw.random() < 0.4:
            keys["gate"] = self._condition(2)
        if self.draw.random() < 0.15:
            keys["when"] = self._condition(1)
        if self.draw.random() < 0.3:
            keys["reopen"] = "boss"
        return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def policies(first: int, count: int) -> list[tuple[int, str, Plan]]:
    """So many policies that compile, from a seed on."""
    found: list[tuple[int, str, Plan]] = []
    seed = first
    while len(found) < count:
        text = Maker(seed).text()
        try:
            plan = compile_policy(read_policy(text.encode(), file=f"seed-{seed}.yaml").result())
        except PolicyError:
            plan = None
        if plan is not None:
            found.append((seed, text, plan))
        seed += 1
    return found
