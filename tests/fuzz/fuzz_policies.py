"""Mutates sound policies and asks of each: read, dumped, read again and compiled, or refused with places; in bounds.

    python tests/fuzz/fuzz_policies.py --files 10000 --seed 1

A finding prints the seed of its file and writes the file to a folder for temporary files; `--only SEED` runs one again.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz.seeds import HOSTILE, KEYS, ODD, SEEDS, TOKENS

from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError, Problem, show
from phaseflow.spec.dump import dump
from phaseflow.spec.reader import read_policy

FILE = "fuzzed.yaml"
SLOW, TOO_SLOW = 1.0, 5.0
"""Seconds of this process's own time for one file: told, refused."""
TOO_LARGE = 200_000
"""Growth of the greatest memory over one file, in KiB."""

Edit = Callable[[random.Random, str], str]

_VALUE = re.compile(r"(?<=: )[^ ,{}\[\]\n][^,{}\[\]\n]*")
_KEY = re.compile(r"\b[a-z_]+(?=:)")
_WORD = re.compile(r"[A-Za-z0-9_%/-]+")
_NUMBER = re.compile(r"(?<![\w.-])[0-9]+(?![\w.-])")
_PAIR = re.compile(r", [a-z_]+: (?:\[[^\]\n]*\]|\{[^{}\n]*\}|[^,{}\[\]\n]+)")
_TITLE = re.compile(r"(?<=: )[A-Z][a-z -]+(?=[,\n}])")


def _at(pattern: re.Pattern[str], dice: random.Random, text: str, new: Callable[[str], str]) -> str:
    """Replace one match of *pattern*."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    one = dice.choice(found)
    return text[: one.start()] + new(one.group()) + text[one.end() :]


def flip(dice: random.Random, text: str) -> str:
    """Other characters in one to three places."""
    signs = list(text)
    for _ in range(dice.randint(1, 3)):
        code = dice.choice((dice.randrange(32, 127), dice.randrange(256), 10, 9, 0x202E))
        signs[dice.randrange(len(signs))] = chr(code)
    return "".join(signs)


def lines_of(dice: random.Random, text: str) -> str:
    """A line deleted, doubled, or put somewhere else; sometimes a few."""
    lines = text.split("\n")
    first = dice.randrange(len(lines))
    last = min(len(lines), first + dice.choice((1, 1, 1, 3)))
    match dice.randrange(4):
        case 0:
            del lines[first:last]
        case 1:
            lines[first:first] = lines[first:last]
        case 2:
            taken = lines[first:last]
            del lines[first:last]
            place = dice.randrange(len(lines) + 1)
            lines[place:place] = taken
        case _:
            other = dice.randrange(len(lines))
            lines[first], lines[other] = lines[other], lines[first]
    return "\n".join(lines)


def indent(dice: random.Random, text: str) -> str:
    """A line moved to the left or right."""
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    lines[at] = lines[at][1:] if dice.random() < 0.4 else " " * dice.randint(1, 4) + lines[at]
    return "\n".join(lines)


def token(dice: random.Random, text: str) -> str:
    """A word, a value or a key replaced by a word of the language."""
    pattern, words = dice.choice(((_WORD, TOKENS), (_VALUE, TOKENS), (_KEY, KEYS), (_KEY, TOKENS)))
    return _at(pattern, dice, text, lambda _: dice.choice(words))


def swap(dice: random.Random, text: str) -> str:
    """Two values of one key change places."""
    keys: dict[str, list[re.Match[str]]] = {}
    for one in re.finditer(r"\b([a-z_]+): ([^ ,{}\[\]\n][^,{}\[\]\n]*)", text):
        keys.setdefault(one.group(1), []).append(one)
    pairs = [found for found in keys.values() if len(found) > 1]
    if not pairs:
        return text
    first, second = sorted(dice.sample(dice.choice(pairs), 2), key=lambda one: one.start())
    between = text[first.end() : second.start(2)]
    return text[: first.start(2)] + second.group(2) + between + first.group(2) + text[second.end() :]


def number(dice: random.Random, text: str) -> str:
    """A number that is off."""
    return _at(_NUMBER, dice, text, lambda old: dice.choice((str(int(old) + 1), "0", f"{old}0", f"-{old}", "9" * 20)))


def rename(dice: random.Random, text: str) -> str:
    """A letter of a key or word missing, doubled or swapped."""

    def slip(word: str) -> str:
        at = dice.randrange(len(word))
        return dice.choice((word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word.upper(), word[::-1]))

    return _at(dice.choice((_KEY, _WORD)), dice, text, slip)


def name(dice: random.Random, text: str) -> str:
    """A name of the policy in the place of another one."""
    names = sorted({one.group() for one in _KEY.finditer(text)} | {"missing", "unit_lead"})
    return _at(re.compile(r"(?<=[ \[{])[a-z_]+(?=[,}\]\n])"), dice, text, lambda _: dice.choice(names))


def drop(dice: random.Random, text: str) -> str:
    """A key left out, with its value, in a mapping on one line."""
    return _at(_PAIR, dice, text, lambda _: "")


def add(dice: random.Random, text: str) -> str:
    """A key that stands somewhere else, with its value."""
    pairs = [one.group() for one in _PAIR.finditer(text)] or [", a: b"]
    return _at(re.compile(r"(?=\})"), dice, text, lambda _: dice.choice(pairs))


def hostile(dice: random.Random, text: str) -> str:
    """An expression that nobody means well, where a condition belongs."""
    wicked = dice.choice(HOSTILE + ODD).replace("'", "''").replace("\n", "\n\n")
    return _at(re.compile(r"\b(?:gate|needs|entry): .*"), dice, text, lambda old: f"{old.split(':')[0]}: '{wicked}'")


def splice(dice: random.Random, text: str) -> str:
    """The head of one policy and the tail of another."""
    other = dice.choice([seed for seed, _ in SEEDS[1:]])
    return text[: dice.randrange(len(text))] + other[dice.randrange(len(other)) :]


def sound(dice: random.Random, text: str) -> str:
    """An edit that leaves a policy sound: another title, another number of days, a comment, a blank line."""
    match dice.randrange(4):
        case 0:
            return _at(_TITLE, dice, text, lambda old: f"{old} {dice.choice(('again', 'no. 2', '“二”', 'A-Z'))}")
        case 1:
            return _at(re.compile(r"[0-9]+(?= (?:days|characters))"), dice, text, lambda old: str(int(old) + 1))
        case 2:
            lines = text.split("\n")
            lines.insert(dice.randrange(len(lines)), dice.choice(("", "# a remark: [not read}")))
            return "\n".join(lines)
        case _:
            return _at(re.compile(r"[0-9]+(?=%)"), dice, text, lambda _: str(dice.randint(1, 99)))


WILD: tuple[Edit, ...] = (
    flip, lines_of, indent, token, token, swap, swap, number, rename, name, name, drop, drop, add, hostile, splice
)  # fmt: skip


def mutated(seed: str) -> str:
    """The text of the file that *seed* stands for."""
    dice = random.Random(seed)
    text = dice.choices([text for text, _ in SEEDS], [weight for _, weight in SEEDS])[0]
    mild = dice.random() < 0.3
    for _ in range(dice.choice((1, 1, 2, 3))):
        text = (sound if mild or dice.random() < 0.2 else dice.choice(WILD))(dice, text) or SEEDS[-1][0]
    return text


class Finding(Exception):
    """A file that the reader or the compiler did not stand up to."""


@attrs.define
class Report:
    """What came of some files; *counts* by what became of them, *codes* by what was told."""

    counts: Counter[str] = attrs.field(factory=Counter)
    codes: Counter[str] = attrs.field(factory=Counter)
    findings: list[str] = attrs.field(factory=list)
    slowest: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        files = sum(self.counts.values())
        shares = ", ".join(f"{name} {count} ({count / files:.0%})" for name, count in self.counts.most_common())
        codes = ", ".join(f"{code} {count}" for code, count in self.codes.most_common(12))
        return (
            f"{files} files in {self.seconds:.0f} s, the slowest {self.slowest:.2f} s: {shares}; "
            f"{len(self.codes)} codes, most often {codes}; {len(self.findings)} findings"
        )


def demand(holds: bool, what: str) -> None:
    if not holds:
        raise Finding(what)


def check_problems(problems: Iterable[Problem], text: str) -> None:
    """Each problem says what, where, why and how to mend it, and can be printed."""
    lines = re.split("\r\n|\r|\n", text)
    told = tuple(problems)
    demand(bool(told), "refused without a problem")
    for problem in told:
        where, shown = problem.span, f"{problem} | why: {problem.why} | fix: {problem.fix}"
        demand(where.file == FILE and where.line >= 1 and where.col >= 1 and where.length >= 1, f"no place: {shown}")
        demand(where.line <= len(lines), f"beyond the file: {shown}")
        demand(where.col <= len(lines[where.line - 1].removeprefix("\ufeff")) + 1, f"beyond the line: {shown}")
        demand(bool(problem.what and problem.why and problem.fix), f"not told in full: {shown}")
        demand("None" not in problem.fix.split() and "Traceback" not in problem.what, f"not told to people: {shown}")
        show(problem, lambda _file, line: lines[line - 1])


def verdict(text: str, report: Report) -> str:
    """What becomes of a text. Raises `Finding` where it comes to neither a plan nor problems."""
    reading = read_policy(text.encode("utf-8", "surrogatepass"), file=FILE)
    if reading.spec is None:
        check_problems(reading.problems, text)
        report.codes.update({problem.code for problem in reading.problems})
        return "refused by the reader"
    demand(not [problem for problem in reading.problems if problem.severity == "error"], "a spec in spite of errors")
    again = read_policy(dump(reading.spec), file="dumped.yaml")
    demand(again.spec == reading.spec, f"the dump reads otherwise: {again.problems[:3]}")
    try:
        plan = compile_policy(reading.spec, reading.sources)
    except PolicyError as error:
        check_problems(error.problems, text)
        report.codes.update({problem.code for problem in error.problems})
        return "refused by the compiler"
    demand(len(plan.digest) == 64, "a plan without a digest")
    return "accepted"


def run_one(seed: str, report: Report) -> None:
    """Run the file of *seed* and note what became of it."""
    text = mutated(seed)
    before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    trouble = ""
    try:
        report.counts[verdict(text, report)] += 1
    except Finding as finding:
        trouble = str(finding)
    except Exception:
        trouble = traceback.format_exc(limit=-4)
    spent = time.process_time() - before
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    report.slowest = max(report.slowest, spent)
    if spent > SLOW:
        report.counts["slow"] += 1
    if not trouble and (spent > TOO_SLOW or grown > TOO_LARGE):
        trouble = f"{spent:.1f} s, {grown / 1024:.0f} MiB more"
    if trouble:
        kept = Path(tempfile.mkdtemp(prefix="phaseflow-fuzz-")) / FILE
        kept.write_text(text, encoding="utf-8", errors="surrogatepass")
        report.findings.append(f"seed {seed!r}, kept as {kept}: {trouble}")


def fuzz(files: int, seed: int) -> Report:
    """Run *files* files; the n-th bears the seed ``SEED:n``."""
    report = Report()
    started = time.monotonic()
    for index in range(files):
        run_one(f"{seed}:{index}", report)
    report.seconds = time.monotonic() - started
    return report


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="SEED", help="run the one file of this seed, such as 1:42")
    chosen = parser.parse_args(arguments)
    if chosen.only:
        report = Report()
        run_one(chosen.only, report)
    else:
        report = fuzz(chosen.files, chosen.seed)
    sys.stdout.write("\n".join([*report.findings, str(report)]) + "\n")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
