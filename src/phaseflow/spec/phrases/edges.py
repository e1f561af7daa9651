"""How a phase opens and how it closes: two small closed unions in words (R5)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import attrs

from phaseflow.spec.phrases.tokens import NAME, Cursor, Phrase, quoted, suggest, whole

OpensKind = Literal["date", "campaign", "closes", "opens", "role", "gate"]
ClosesKind = Literal["date", "role", "gate"]


def _by_role(cursor: Cursor) -> str:
    """Take the role after ``by``; ``by gate`` is a common slip, for a gate is asked, not an actor."""
    if cursor.next_is("word", "gate"):
        cursor.fail("PF127", "'gate' is no role", cursor.peek(), why="a role acts; a gate is a condition that is met",
                    fix="write 'when gate'")
    return cursor.name("role")


def _first_word(cursor: Cursor, noun: str, words: tuple[str, ...], forms: tuple[str, ...]) -> str:
    token = cursor.peek()
    if token is None or token.kind != "word" or token.text not in words:
        text = token.text if token else cursor.text
        cursor.fail("PF122", f"{quoted(text)} does not say {noun}", token, why=f"the forms are: {', '.join(forms)}",
                    fix=suggest(text, words))
    cursor.here += 1
    return token.text


@attrs.frozen(kw_only=True)
class OpensPhrase(Phrase):
    """What opens a phase; *name* is the phase (kinds *closes*, *opens*) or the role (kind *role*), else None."""

    noun: ClassVar[str] = "way to open"
    pattern: ClassVar[str] = whole(rf"on +date|with +campaign|when +{NAME} +(?:closes|opens)|by +{NAME}|when +gate")
    description: ClassVar[str] = "What opens the phase: its date, the campaign, another phase, a role, or its gate."
    examples: ClassVar[tuple[str, ...]] = (
        "on date", "with campaign", "when study closes", "when study opens", "by office", "when gate",
    )

    kind: OpensKind
    name: str | None = None

    def __str__(self) -> str:
        match self.kind:
            case "date":
                return "on date"
            case "campaign":
                return "with campaign"
            case "gate":
                return "when gate"
            case "role":
                return f"by {self.name}"
            case "closes" | "opens":
                return f"when {self.name} {self.kind}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        match _first_word(cursor, "how a phase opens", ("on", "with", "when", "by"), cls.examples):
            case "on":
                cursor.choose({"date": True}, noun="'date'", why="a phase opens 'on date': the first day of its window")
                return cls(kind="date")
            case "with":
                cursor.choose({"campaign": True}, noun="'campaign'", why="a phase opens 'with campaign'")
                return cls(kind="campaign")
            case "by":
                return cls(kind="role", name=_by_role(cursor))
        if cursor.skip("word", "gate"):
            return cls(kind="gate")
        name = cursor.name("phase")
        kinds: dict[str, OpensKind] = {"closes": "closes", "opens": "opens"}
        return cls(kind=cursor.choose(kinds, noun="event of a phase", why="a phase 'closes' or 'opens'"), name=name)


@attrs.frozen(kw_only=True)
class ClosesPhrase(Phrase):
    """What closes a phase; *name* is the role (kind *role*), else None. Time closes only by ``on date``."""

    noun: ClassVar[str] = "way to close"
    pattern: ClassVar[str] = whole(rf"by +{NAME}|when +gate|on +date")
    description: ClassVar[str] = "What closes the phase: a role, its gate, or the last day of its window."
    examples: ClassVar[tuple[str, ...]] = ("by office", "when gate", "on date")

    kind: ClosesKind
    name: str | None = None

    def __str__(self) -> str:
        match self.kind:
            case "date":
                return "on date"
            case "gate":
                return "when gate"
            case "role":
                return f"by {self.name}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        match _first_word(cursor, "how a phase closes", ("by", "when", "on"), cls.examples):
            case "on":
                cursor.choose({"date": True}, noun="'date'", why="a phase closes 'on date': the last day of its window")
                return cls(kind="date")
            case "by":
                return cls(kind="role", name=_by_role(cursor))
        cursor.choose({"gate": True}, noun="'gate'", why="a phase closes 'when gate': once its gate is passed")
        return cls(kind="gate")
