"""Clause, rule, scenario: what a policy makes of its source document, and what is missing between the two.

`trace` is a function of a policy, its register, and, if they are at hand, the lines of the source document and what
the scenarios executed. Findings are problems with the severity *warning*: nothing is broken, something is
not accounted for.

Codes: PF660 a cited clause that the register does not have, PF661 a clause that no rule cites, PF662 an advisory
clause that is cited, PF663 a rule without a clause, PF664 an open ambiguity, PF665 changed source lines, PF666 a clause
without a digest, PF667 lines that the source does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import attrs

from phaseflow.analysis.citing import Rule, Silence, rules, silences
from phaseflow.analysis.wording import digest, normalised
from phaseflow.errors import Problem, did_you_mean
from phaseflow.spec.model import Policy
from phaseflow.spec.overlay import Overlay
from phaseflow.spec.register import ClauseSpec, Register

Executed = Mapping[str, Collection[str]]
"""What `testing` hands over: the name of a scenario, and the clauses of the rules that it executed."""

Wording = Literal["not checked", "same", "changed", "no digest", "missing"]


@attrs.frozen(kw_only=True)
class Row:
    """A clause, the rules that cite it, and the scenarios that execute one of these."""

    clause: str
    lines: tuple[int, int]
    status: str
    text: str
    reading: str
    why: str
    rules: tuple[str, ...]
    scenarios: tuple[str, ...]
    source: Wording


@attrs.frozen(kw_only=True)
class Trace:
    """The matrix and what it shows.

    *rows* follow the register, *rules* the policy. *uncovered* are lines of the source document with words on them
    that belong to no clause (known only with the source); *scenarios* is None where none were asked for.
    """

    campaign: str
    register: str
    source: str
    rows: tuple[Row, ...]
    rules: tuple[Rule, ...]
    unstated: tuple[Silence, ...]
    uncovered: tuple[int, ...]
    scenarios: tuple[str, ...] | None
    findings: tuple[Problem, ...]

    @property
    def house(self) -> tuple[Rule, ...]:
        """Rules that stand in house rules, or have keys there."""
        return tuple(rule for rule in self.rules if rule.house or rule.house_keys)

    @property
    def unexecuted(self) -> tuple[str, ...]:
        """Clauses with a rule that no scenario executed; empty where no scenarios were asked for."""
        if self.scenarios is None:
            return ()
        return tuple(row.clause for row in self.rows if row.rules and not row.scenarios)


def trace(
    policy: Policy,
    register: Register,
    *,
    file: str = "clauses.yaml",
    overlays: Collection[Overlay] = (),
    source: Sequence[str] | None = None,
    executed: Executed | None = None,
) -> Trace:
    """Hold a policy against the register of its source document.

    Args:
        policy: The spec, overlays laid over it.
        register: The register that it names.
        file: What the register is called.
        overlays: The layers of the policy; in those of house rules no rule needs a clause.
        source: The lines of the source document's file, if it is at hand.
        executed: What each scenario executed, if scenarios were run.
    """
    found = rules(policy, overlays)
    cited: dict[str, list[str]] = {}
    for rule in found:
        for clause in rule.clauses:
            cited.setdefault(clause, []).append(rule.path)
    wordings = {name: _wording(clause, source) for name, clause in register.clauses.items()}
    rows = tuple(
        Row(
            clause=name,
            lines=(clause.first, clause.last),
            status=clause.status,
            text=clause.text,
            reading=clause.reading or "",
            why=clause.why or "",
            rules=tuple(dict.fromkeys(cited.get(name, ()))),
            scenarios=tuple(sorted(story for story, done in (executed or {}).items() if name in done)),
            source=wordings[name],
        )
        for name, clause in register.clauses.items()
    )
    return Trace(
        campaign=str(policy.campaign),
        register=file,
        source=_sources(register, wordings, source),
        rows=rows,
        rules=found,
        unstated=silences(policy),
        uncovered=_uncovered(register, source),
        scenarios=None if executed is None else tuple(sorted(executed)),
        findings=(*_of_rules(found, register), *_of_clauses(register, cited, wordings)),
    )


def _sources(register: Register, wordings: Mapping[str, Wording], source: Sequence[str] | None) -> str:
    if source is None:
        return "not checked"
    changed = sum(wording != "same" for wording in wordings.values())
    return f"{register.source.file}, {'unchanged' if not changed else f'{changed} of {len(wordings)} differ'}"


def _wording(clause: ClauseSpec, source: Sequence[str] | None) -> Wording:
    if source is None:
        return "not checked"
    if clause.last > len(source):
        return "missing"
    if clause.digest is None:
        return "no digest"
    return "same" if digest(source[clause.first - 1 : clause.last]) == clause.digest else "changed"


def _uncovered(register: Register, source: Sequence[str] | None) -> tuple[int, ...]:
    if source is None:
        return ()
    covered = {line for clause in register.clauses.values() for line in range(clause.first, clause.last + 1)}
    last = min(register.source.last or len(source), len(source))
    return tuple(
        line for line in range(register.source.first, last + 1) if line not in covered and normalised(source[line - 1])
    )


# --- findings ---------------------------------------------------------------------------------------------------------


def _of_rules(found: Sequence[Rule], register: Register) -> Iterator[Problem]:
    for rule in found:
        for clause in rule.clauses:
            if clause not in register.clauses:
                yield _finding(
                    "PF660", rule, f"'{rule.path}' cites the clause '{clause}', which the register does not have",
                    "a citation nobody can look up proves nothing", did_you_mean(clause, register.clauses),
                )  # fmt: skip
            elif register.clauses[clause].status == "advisory":
                yield _finding(
                    "PF662", rule, f"'{rule.path}' cites '{clause}', which the register calls advisory",
                    "an advisory clause makes no rule", "make the clause `encoded`, or take the citation away",
                )  # fmt: skip
        if not rule.clauses and not rule.house and not rule.part:
            yield _finding(
                "PF663", rule, f"the rule '{rule.path}' cites no clause",
                "a policy holds what its document says; what an office adds stands in an overlay",
                "add `clause:`, or move the rule to a file with `house_rules: true`",
            )  # fmt: skip


def _of_clauses(
    register: Register, cited: Mapping[str, Sequence[str]], wordings: Mapping[str, Wording]
) -> Iterator[Problem]:
    for name, clause in register.clauses.items():
        if clause.status != "advisory" and name not in cited and not clause.open:
            yield _about(
                "PF661", clause, "status", f"no rule cites the clause '{name}', which is {clause.status}",
                "what the document demands and no rule says is not done",
                "cite it where it is encoded, or call it advisory and say why",
            )  # fmt: skip
        if clause.open:
            yield _about(
                "PF664", clause, "status", f"nobody has decided how to read the ambiguous clause '{name}'",
                "a policy that goes one of several ways says which", "add `reading:`",
            )  # fmt: skip
        yield from _of_wording(name, clause, wordings[name])


def _of_wording(name: str, clause: ClauseSpec, wording: Wording) -> Iterator[Problem]:
    match wording:
        case "changed":
            yield _about(
                "PF665", clause, "digest", f"the source lines of '{name}' are not those that were encoded",
                "the document was edited, or the lines have moved",
                "read them again, correct the clause and its rules, then `trace --stamp`",
            )  # fmt: skip
        case "no digest":
            yield _about(
                "PF666", clause, "lines", f"the clause '{name}' has no digest of its source lines",
                "without it a change of the document goes unseen", "run `trace --source DIR --stamp`",
            )  # fmt: skip
        case "missing":
            yield _about(
                "PF667", clause, "lines", f"the source has no lines {clause.first} to {clause.last}, as '{name}' says",
                "the document was cut, or it is another file", "correct the lines, or name the right file",
            )  # fmt: skip
        case "same" | "not checked":
            pass


def _finding(code: str, rule: Rule, what: str, why: str, fix: str) -> Problem:
    return Problem(code=code, what=what, span=rule.span, why=why, fix=fix, severity="warning")


def _about(code: str, clause: ClauseSpec, key: str, what: str, why: str, fix: str) -> Problem:
    return Problem(code=code, what=what, span=clause.span_of(key), why=why, fix=fix, severity="warning")
