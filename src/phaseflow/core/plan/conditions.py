"""A condition as written becomes nodes of the guard language; every leaf keeps its line and its name.

Facts that a gate can read (`phaseflow.core.gates` supplies them):

``outstanding(duty)``  how many still owe a duty: a count
``done_share(duty)``  the share of those who owe it that have done it
``passed(document, step)``  whether a document has passed a step of its route
``closed(phase)``, ``reached(phase)``  whether a phase was ever closed, or opened
``items(ledger, state, kind)``  how many items there are: a count
``units(reached | closed | concluded)``, ``units_share(…)``  how many units got so far: a count, a share
``poll_share(poll)``  the result of a poll
``host(fact, version)``  what the host application says
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal, TypeAlias

import attrs

from phaseflow.core import conditions as c
from phaseflow.core.plan.faults import Faults, named
from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.spec import conditions as s
from phaseflow.spec.phrases import SharePhrase

ParameterKind: TypeAlias = Literal["bool", "number", "count", "share", "text"]
_Arguments: TypeAlias = dict[str, Literal["text", "number"] | tuple[str, ...]]


FACTS = frozenset({
    "outstanding", "done_share", "own_done", "passed", "closed", "reached", "items", "units", "units_share",
    "poll_share", "host",
})  # fmt: skip
"""What a gate can read; no parameter may bear one of these names."""


UNITS = frozenset({"units", "units_share"})
"""Facts that are counted over the units of a programme."""


def reads_units(condition: c.Condition | None) -> bool:
    """Whether a condition hangs on how far the units have got."""
    return condition is not None and any(fact.name in UNITS for fact in c.reads(condition))


@attrs.frozen(kw_only=True)
class Scope:
    """The names a condition may use, and where it stands.

    *duties* and *phases* map a name to its level; *routes* maps a document to its steps; *prescribed* lists the duties
    that the word ``duties`` means here. *about_subject* says that the condition is judged for each who owes something.
    """

    faults: Faults
    level: str
    duties: Mapping[str, str]
    phases: Mapping[str, tuple[str, ...]]
    routes: Mapping[str, tuple[str, ...]]
    ledgers: Mapping[str, tuple[str, ...]]
    polls: tuple[str, ...]
    outcomes: tuple[str, ...]
    roles: tuple[str, ...]
    parameters: Mapping[str, ParameterKind]
    values: Mapping[str, Fraction] = attrs.field(factory=dict)
    prescribed: tuple[tuple[str, Span, str], ...] | None = None
    about_subject: bool = False

    def schema(self) -> c.Schema:
        """What an expression may say."""
        duties, phases = tuple(self.duties), tuple(self.phases)
        units: _Arguments = {"reached": phases, "closed": phases, "concluded": ("any", *self.outcomes)}
        items: _Arguments = {"ledger": tuple(self.ledgers), "state": ("open", "closed", "all"), "kind": "text"}
        facts = {
            "outstanding": _fact("count", {"duty": duties}),
            "done_share": _fact("share", {"duty": duties}),
            "own_done": _fact("bool", {"duty": duties if self.about_subject else ()}),
            "passed": _fact("bool", {"document": tuple(self.routes), "step": "text"}),
            "closed": _fact("bool", {"phase": phases}),
            "reached": _fact("bool", {"phase": phases}),
            "items": _fact("count", items, required=("ledger",)),
            "units": _fact("count", units, required=()),
            "units_share": _fact("share", units, required=()),
            "poll_share": _fact("share", {"poll": self.polls}),
            "host": _fact("bool", {"fact": "text", "version": "text"}),
        }
        empty = [name for name, fact in facts.items() if any(allowed == () for allowed in fact.arguments.values())]
        return c.Schema(
            facts={name: fact for name, fact in facts.items() if name not in empty},
            parameters={
                name: kind for name, kind in self.parameters.items() if name not in FACTS and c.is_speakable(name)
            },
        )


def _fact(result: ParameterKind, arguments: _Arguments, required: Iterable[str] | None = None) -> c.FactType:
    """A fact whose arguments must all be given, unless *required* says which."""
    wanted: list[str] = list(arguments if required is None else required)
    return c.FactType(result=result, arguments=arguments, required=frozenset(wanted))


def read(name: str, span: Span, **arguments: str) -> c.Read:
    """A fact with constant arguments."""
    return c.Read(name, tuple((key, c.Const(value)) for key, value in arguments.items()), span=span)


def build(tree: s.Condition, scope: Scope) -> c.Condition:
    """Turn one condition as written into nodes; unknown names are noted and stand in as an unknown fact."""
    match tree:
        case s.Expression():
            return _expression(tree, scope)
        case s.AllOf():
            return c.All(_parts(tree.all, scope), if_none=tree.if_none or "", span=tree.span)
        case s.AnyOf():
            return c.Any(_parts(tree.any, scope), if_none=tree.if_none or "", span=tree.span)
        case s.NotThat():
            return c.Not(build(tree.not_, scope), span=tree.span)
        case s.SomeOf():
            return c.AtLeast(tree.at_least, _parts(tree.of, scope), span=tree.span)
        case s.Done():
            return _together([_done(name, span, tree, scope) for name, span in named(tree, "done")], tree.span)
        case s.Passed():
            return _together([_passed(str(d), str(step), tree, scope) for d, step in tree.passed.items()], tree.span)
        case s.Closed():
            return _together([_phase("closed", name, span, scope) for name, span in named(tree, "closed")], tree.span)
        case s.Reached():
            return _together([_phase("reached", name, span, scope) for name, span in named(tree, "reached")], tree.span)
        case s.Items():
            return _items(tree, scope)
        case s.Units():
            return _units(tree, scope)
        case s.PollResult():
            return _poll(tree, scope)
        case s.HostFact():
            asked = read("host", tree.span, fact=str(tree.fact), version=tree.version)
            return attrs.evolve(asked, label=f"the host's fact '{tree.fact}'")


def _parts(trees: Iterable[s.Condition], scope: Scope) -> tuple[c.Condition, ...]:
    return tuple(build(tree, scope) for tree in trees)


def _together(parts: list[c.Condition], span: Span) -> c.Condition:
    return parts[0] if len(parts) == 1 else c.All(parts, span=span)


def _expression(tree: s.Expression, scope: Scope) -> c.Condition:
    if tree.text.strip() == "duties":
        return _all_duties(tree.span, scope)
    try:
        return c.parse_condition(tree.text, tree.span_of("text"), scope.schema())
    except c.ConditionError as error:
        scope.faults.problems.extend(_complete(problem, tree) for problem in error.problems)
        return _nothing(tree.span)


_WHY = "an expression says facts, comparisons, and, or, not, and nothing else"
_FIX = "write it as in: items(ledger='problems', state='open') == 0 and closed(phase='study')"


def _complete(problem: Problem, tree: s.Expression) -> Problem:
    """Say why and how to mend it where the expression language leaves that open; `duties` may be meant.

    Where the text was written with escapes or over several lines, its columns are not those of the file.
    """
    near = difflib.get_close_matches(tree.text.strip()[:100], ["duties"], cutoff=0.7)
    fix = did_you_mean(near[0], near) if near else problem.fix
    whole = tree.span_of("text")
    place = problem.span if whole.length == len(tree.text) else whole
    return attrs.evolve(problem, why=problem.why or _WHY, fix=fix or _FIX, span=place)


def _nothing(span: Span) -> c.Condition:
    """What stands in for a condition that could not be understood; the plan is never run."""
    return c.Const(False, span=span)


def _all_duties(span: Span, scope: Scope) -> c.Condition:
    if scope.prescribed is None:
        scope.faults.error(
            "PF214", "'duties' means nothing here", span,
            why="the word stands for the prescribed duties of one phase, and this condition belongs to no phase",
            fix="name the duties: {done: [kickoff, notes]}",
        )  # fmt: skip
        return _nothing(span)
    parts = tuple(outstanding(name, place, clause) for name, place, clause in scope.prescribed)
    return c.All(parts, if_none="met", span=span)


def outstanding(name: str, span: Span, clause: str = "") -> c.Condition:
    """Nobody owes the duty any more; the leaf points at the duty's own line."""
    return c.Compare(
        read("outstanding", span, duty=name), "==", c.Const(0), label=f"'{name}' done", span=span, clause=clause
    )


def _duty(name: str, span: Span, scope: Scope, known: Mapping[str, object], noun: str = "duty") -> bool:
    if name in known:
        return True
    scope.faults.unknown(noun, name, span, known)
    return False


def _done(name: str, span: Span, tree: s.Done, scope: Scope) -> c.Condition:
    if not _duty(name, span, scope, scope.duties):
        return _nothing(span)
    if tree.own:
        if not scope.about_subject:
            scope.faults.error(
                "PF251", "'own' means nothing here", tree.span_of("own"),
                why="it asks for what the same person has done, and this condition is about nobody",
                fix="drop `own`, or write it under `needs` of a duty with `each`",
            )  # fmt: skip
        return attrs.evolve(read("own_done", span, duty=name), label=f"own '{name}' done")
    if tree.share is None:
        return outstanding(name, span)
    share = c.Const(tree.share.value, span=tree.span_of("share"))
    return c.Compare(read("done_share", span, duty=name), ">=", share, label=f"share of '{name}' done", span=span)


def _passed(document: str, step: str, tree: s.Passed, scope: Scope) -> c.Condition:
    if not _duty(document, tree.key_span_of(f"passed.{document}"), scope, scope.routes, "document"):
        return _nothing(tree.span)
    span = tree.span_of(f"passed.{document}")
    if step not in scope.routes[document]:
        scope.faults.unknown(f"step of '{document}'", step, span, scope.routes[document])
        return _nothing(span)
    found = read("passed", span, document=document, step=step)
    return attrs.evolve(found, label=f"'{document}' has passed '{step}'")


def _phase(fact: str, name: str, span: Span, scope: Scope) -> c.Condition:
    if name not in scope.phases:
        scope.faults.unknown("phase", name, span, scope.phases)
        return _nothing(span)
    return attrs.evolve(read(fact, span, phase=name), label=f"phase '{name}' {fact}")


def _items(tree: s.Items, scope: Scope) -> c.Condition:
    name = str(tree.items)
    if name not in scope.ledgers:
        scope.faults.unknown("ledger", name, tree.span_of("items"), scope.ledgers)
        return _nothing(tree.span)
    arguments = {"ledger": name, "state": tree.state}
    if tree.class_ is not None:
        if tree.class_ not in scope.ledgers[name]:
            scope.faults.unknown(f"class of '{name}'", str(tree.class_), tree.span_of("class"), scope.ledgers[name])
        arguments["kind"] = str(tree.class_)
    if (tree.at_most is None) == (tree.no_fewer is None):
        scope.faults.error(
            "PF215", f"the count of '{name}' has no bound", tree.span,
            why="a number of items means something only beside a bound", fix="write `at_most: 0`, or `no_fewer: 1`",
        )  # fmt: skip
    op, bound = ("<=", tree.at_most) if tree.at_most is not None else (">=", tree.no_fewer)
    label = f"{tree.state} items of '{name}'" + (f" in class '{tree.class_}'" if tree.class_ else "")
    fact = read("items", tree.span, **arguments)
    return c.Compare(fact, "<=" if op == "<=" else ">=", c.Const(bound or 0), label=label, span=tree.span)


def _units(tree: s.Units, scope: Scope) -> c.Condition:
    wanted = {key: getattr(tree, key) for key in ("reached", "closed", "concluded")}
    given = {key: str(value) for key, value in wanted.items() if value is not None}
    if len(given) != 1:
        scope.faults.error(
            "PF216", "the share of units does not say of which units", tree.span,
            why="units are counted by what they have reached, closed or concluded",
            fix="write one of `reached: PHASE`, `closed: PHASE`, `concluded: any`",
        )  # fmt: skip
        return _nothing(tree.span)
    key, value = next(iter(given.items()))
    known = scope.phases if key != "concluded" else ("any", *scope.outcomes)
    if value not in known:
        scope.faults.unknown("phase" if key != "concluded" else "outcome", value, tree.span_of(key), known)
    share = isinstance(tree.units, SharePhrase)
    fact = read("units_share" if share else "units", tree.span, **given, if_none=tree.if_none or "unknown")
    bound = tree.units.value if isinstance(tree.units, SharePhrase) else tree.units
    return c.Compare(fact, ">=", c.Const(bound), label=f"units that have {key} '{value}'", span=tree.span)


def _poll(tree: s.PollResult, scope: Scope) -> c.Condition:
    name = str(tree.poll)
    if name not in scope.polls:
        scope.faults.unknown("poll", name, tree.span_of("poll"), scope.polls)
        return _nothing(tree.span)
    if (tree.at_least is None) == (tree.below is None):
        scope.faults.error(
            "PF217", f"the result of poll '{name}' has no bound", tree.span,
            why="a share means something only beside a bound with a direction",
            fix="write `at_least: 85%`, or `below: 85%`",
        )  # fmt: skip
        return _nothing(tree.span)
    op, key = (">=", "at_least") if tree.at_least is not None else ("<", "below")
    bound = bound_of(tree.at_least if tree.at_least is not None else tree.below, tree.span_of(key), scope)
    fact = read("poll_share", tree.span, poll=name)
    return c.Compare(fact, ">=" if op == ">=" else "<", bound, label=f"result of '{name}'", span=tree.span)


def bound_of(bound: SharePhrase | str | None, span: Span, scope: Scope) -> c.Const | c.Read:
    """A bound as a constant, or the read of a parameter."""
    if isinstance(bound, SharePhrase):
        return c.Const(bound.value, span=span)
    if scope.parameters.get(str(bound)) != "share":
        scope.faults.unknown("share among the parameters", str(bound), span, scope.parameters)
        return c.Const(Fraction(1), span=span)
    return c.Read(str(bound), parameter=True, span=span)
