"""Documents on their routes, polls with their results, items of ledgers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from phaseflow.core.gates import text_of
from phaseflow.errors import Problem
from phaseflow.testing.scenarios.expect.duties import known_duty, state_of
from phaseflow.testing.scenarios.expect.look import Look


def documents(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    for text, step in wanted.items():
        name, _, subject = text.partition(" of ")
        strange = known_duty(look, f"documents.{text}", name)
        if strange is not None:
            yield strange
            continue
        state = state_of(look, name)
        found = look.stage.row(look.name, f"document/{state.key}/{subject}") if state is not None else None
        told = "not begun" if found is None else found.step or "done"
        if told != step:
            yield look.differs(f"documents.{text}", f"the document '{text}'", step, told, name)


def polls(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in wanted.items():
        strange = known_duty(look, f"polls.{name}", name)
        if strange is not None:
            yield strange
            continue
        told = _poll_words(look, name)
        if text not in told and not _same_share(text, told):
            yield look.differs(f"polls.{name}", f"the poll '{name}'", text, ", ".join(told), name)


def _poll_words(look: Look, name: str) -> list[str]:
    state = state_of(look, name)
    poll = look.stage.row(look.name, f"poll/{state.key}") if state is not None else None
    if state is None or poll is None:
        return ["not opened"]
    counted = look.stage.row(look.name, f"counted/{state.key}")
    words = [poll.status]
    if counted is not None and counted.share is not None:
        words += text_of(counted.share).removesuffix(")").split(" (")  # '84.85%' and '28/33', or '82%' alone
    band: str = getattr(counted, "band", "") or ""
    if band:
        words.append(band)
    if getattr(counted, "suppressed", False):
        words.append("suppressed")
    return words


def _same_share(text: str, told: list[str]) -> bool:
    """Whether a share is told in other digits: ``80.0%`` for ``80%``, ``8/10`` for ``4/5``."""
    try:
        wanted = Fraction(text.removesuffix("%"))
        shares = [Fraction(word.removesuffix("%")) for word in told if word[0].isdigit() and word[-1] == text[-1:]]
        shares += [Fraction(word) for word in told if "/" in word and "/" in text]
    except (ValueError, ZeroDivisionError):
        return False
    return wanted in shares


_COUNT = re.compile(r"(\d+)(?: of (\d+))?(?: open)?\Z")


def items(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    ledgers = look.status.items
    for text, state in wanted.items():
        if "/" in text:
            found = dict(look.stage.items(look.name)).get(text)
            told = "not there" if found is None else found.status
            if told != state:
                yield look.differs(f"items.{text}", f"the item '{text}'", state, told, text)
        elif text not in ledgers:
            yield look.unknown(f"items.{text}", "ledger", text, ledgers)
        else:
            match, (left, all_) = _COUNT.match(state), ledgers[text]
            good = match is not None and int(match[1]) == left and match[2] in (None, str(all_))
            if not good:
                yield look.differs(f"items.{text}", f"the ledger '{text}'", state, f"{left} of {all_} open", text)
