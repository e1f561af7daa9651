"""What things are called: the titles of a policy in the language asked for, else in another one with the name.

A text of the policy that names no language stands for all of them. What has no title goes by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import attrs

from phaseflow.core.plan.model import Duty, LevelPlan, Move, Plan
from phaseflow.prose.catalogue import Catalogue
from phaseflow.spec.shape import Text

CALLED = ("task", "meeting", "checklist", "bulletin", "document", "consultation", "poll", "title")
"""The keys of a duty under which its text stands."""

Naming: TypeAlias = Callable[[str], str]


@attrs.frozen
class Names:
    """The names of one plan as they are told in one language, for a run of one level."""

    plan: Plan
    level: LevelPlan
    texts: Catalogue

    def titled(self, text: Text | None, name: str) -> str:
        """A title in its marks."""
        if text is None or not text.texts:
            return self.texts.quoted(name)
        own = text.texts.get(self.texts.code) or text.texts.get("")
        if own:
            return self.texts.quoted(own)
        return self.texts.quoted(self.texts.say("language.untranslated", text=text.get("en"), name=name))

    def _levels(self) -> Iterable[LevelPlan]:
        yield self.level
        yield from (level for level in self.plan.levels.values() if level is not self.level)

    def duty(self, name: str) -> str:
        rule = next((level.duties[name] for level in self._levels() if name in level.duties), None)
        return self.texts.quoted(name) if rule is None else self.titled(text_of(rule), name)

    def phase(self, name: str) -> str:
        spec = self.plan.policy.phases.get(name)  # type: ignore[call-overload]
        if spec is None or spec.title is None:
            own = next((level.phases[name].spec for level in self._levels() if name in level.phases), None)
            spec = own if own is not None and own.title is not None else spec
        return self.titled(spec.title if spec is not None else None, name)

    def role(self, name: str) -> str:
        word, _, whom = name.partition("@")
        role = self.plan.roles.get(word)
        told = self.titled(role.spec.title if role is not None else None, word)
        return f"{told}@{whom}" if whom else told

    def roles(self, names: Iterable[str]) -> str:
        """Roles, any of which will do."""
        return self.texts.listed((self.role(name) for name in dict.fromkeys(names)), "either")

    def body(self, name: str) -> str:
        """A kind of body, or of unit."""
        programme = self.plan.policy.programme
        kinds = programme.kinds if programme is not None else {}
        spec = self.plan.policy.bodies.get(name) or kinds.get(name)  # type: ignore[call-overload]
        return self.titled(spec.title if spec is not None else None, name)

    def ledger(self, name: str) -> str:
        found = next((level.ledgers[name] for level in self._levels() if name in level.ledgers), None)
        return self.titled(found.spec.title if found is not None else None, name)

    def kind_of_item(self, ledger: str, name: str) -> str:
        """A class of items."""
        found = next((level.ledgers[ledger] for level in self._levels() if ledger in level.ledgers), None)
        rule = found.classes.get(name) if found is not None else None
        return self.titled(rule.title if rule is not None else None, name)

    def outcome(self, name: str) -> str:
        spec = next((level.outcomes[name] for level in self._levels() if name in level.outcomes), None)
        return self.titled(spec.title if spec is not None else None, name)

    def move(self, name: str) -> str:
        """What a move does, in words."""
        found = next((level.moves[name] for level in self._levels() if name in level.moves), None)
        if found is None:
            return self.texts.quoted(name)
        return self._move(found)

    def _move(self, move: Move) -> str:
        match move.kind:
            case "open":
                return self.texts.say("move.open", phase=self.phase(move.target))
            case "close":
                return self.texts.say("move.close", phase=self.phase(move.source))
            case "transition":
                source, target = self.phase(move.source), self.phase(move.target)
                return self.texts.say("move.transition", source=source, target=target)
            case "outcome":
                return self.texts.say("move.outcome", outcome=self.outcome(move.outcome))

    def step(self, duty: str, name: str) -> str:
        """A step of a document's route: its act; its name beside it where the act comes twice."""
        rule = next((level.duties[duty] for level in self._levels() if duty in level.duties), None)
        found = rule.step_named(name) if rule is not None else None
        if rule is None or found is None:
            return name
        act = self.texts.say(f"act.{found.act}")
        if sum(other.act == found.act for other in rule.route) > 1:
            return self.texts.say("language.untranslated", text=act, name=name)
        return act

    def anything(self, name: str) -> str:
        """Whatever bears this name; names are unique across phases, transitions and outcomes."""
        for level in self._levels():
            places: tuple[tuple[Mapping[str, object], Naming], ...] = (
                (level.duties, self.duty), (level.phases, self.phase), (level.outcomes, self.outcome),
                (level.moves, self.move), (level.ledgers, self.ledger),
            )  # fmt: skip
            for known, naming in places:
                if name in known:
                    return naming(name)
        return self.role(name) if name in self.plan.roles else self.texts.quoted(name)


def text_of(rule: Duty) -> Text | None:
    """What the policy calls a duty."""
    found = (getattr(rule.spec, key, None) for key in CALLED)
    return next((text for text in found if isinstance(text, Text)), None)
