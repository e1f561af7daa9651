"""Damaged scenario files: whatever is written, problems come back, never an exception."""

import random
import re

import pytest

from phaseflow.testing.scenarios.collect import Plans, of_file
from phaseflow.testing.scenarios.reader import read_text
from tests.testing.conftest import CAST

TEXT = CAST + """\
crowd: {guests: 2}
before:
  - 03-02 wang: hold kickoff --evidence minutes.pdf
scenarios:
  one:
    clause: [a, b]
    cases: [{n: 84, open: report}, {n: 83, open: [report]}]
    story:
      - 03-03 li, chen: record notes 100 characters
      - {on: 03-04, open: study, done: [kickoff, notes of li], gates: {study.close: passes}}
      - 03-31 wang: request study.close
        open: none
      - 04-02 everyone: do all of report
      - 04-10 wang: request report.close
      - 1 day later wang: poll satisfaction $n satisfied 15 dissatisfied of guests
        open: $open
        items: {problems: 0 of 0 open}
      - 04-12 wang: open-item problems now --owner wang --field measure=x
        happened: ItemOpened problems
        todo: {li: none}
  two: {todo: later}
"""
SIGNS = ["-", "{", "}", "[", "]", ":", "$", "'", '"', "\n", " ", "0", "9999", "#", "%", "@", "\x07", "é", "--", "="]
WORDS = re.compile(r"[\w.$-]+")


def damaged(seed):
    """The text with one to three small mistakes."""
    chance, text = random.Random(seed), TEXT
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(text))
        match chance.randrange(3):
            case 0:
                text = text[:at] + text[at + chance.randrange(1, 12) :]
            case 1:
                text = text[:at] + chance.choice(SIGNS) + text[at:]
            case _:
                word, other = chance.choice(list(WORDS.finditer(text))), chance.choice(WORDS.findall(TEXT))
                text = text[: word.start()] + other + text[word.end() :]
    return text


def outcome(desk, text, plans):
    path = desk.folder / "damaged.scenario.yaml"
    return list(of_file(read_text(text, "damaged.scenario.yaml", path), plans))


def test_the_text_is_sound_before_it_is_damaged(desk):
    """Otherwise every damage would be hidden by the same fault."""
    assert [result.state for result in outcome(desk, TEXT, Plans())] == ["passed", "passed", "todo"]


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_damage_is_told_and_never_raised(desk, count):
    """Cut, inserted and exchanged words end in problems with what, why and place, or in scenarios that are played."""
    plans = Plans()
    for seed in range(count):
        for result in outcome(desk, damaged(seed), plans):
            for problem in result.problems:
                assert problem.code, seed
                assert problem.what, seed
                assert problem.why, seed
