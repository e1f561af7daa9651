# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""The machine and its table: the same answers, whatever is open; and decisions that follow the set algebra of R6."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import attrs
import pytest
from campaign import Campaign, c, compiled
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow.core.conditions import Const
from phaseflow.core.plan.machine import FINAL, Guard, build_machine, compile_table, ends, guard_of
from phaseflow.core.plan.model import IDLE, Move, Row, Table
from phaseflow.errors import NOWHERE

PHASES = ("a", "b", "c", "d")
GATES = tuple(Const(name) for name in ("g1", "g2", "g3"))
Compiler = Callable[[object], Table]


def move(name: str, source: str, target: str = "", outcome: str = "", gate: Const | None = None) -> Move:
    """A bare move; what a machine does not look at is left empty."""
    kind = "outcome" if outcome else "transition" if source and target else "open" if target else "close"
    return Move(
        name=name, kind=kind, source=source, target=target, outcome=outcome, closes_source=bool(source), by=(), gate=gate,
        when=None, max=None, otherwise="", window=None, duties=None, missing_only=False, span=NOWHERE, clause=(),
    )  # fmt: skip


@attrs.define
class Model:
    """What a machine moves: it has a state, and nothing of the machine hangs on it."""

    state: str


@attrs.frozen
class Asked:
    """One question to a machine: in which state, which move, which gates hold."""

    state: str
    name: str
    holds: frozenset[str]


@attrs.frozen
class Answer:
    """Whether the move was taken, where to, and which gates were asked in which order."""

    taken: bool
    state: str
    gates: tuple[str, ...]


def by_machine(machine: object, asked: Asked) -> Answer:
    """Ask the `transitions.Machine` itself, on a model that stands in the state."""
    model, gates = Model(asked.state), []

    def judge(gate: Const) -> bool:
        gates.append(str(gate.value))
        return gate.value in asked.holds

    event = machine.events.get(asked.name)  # type: ignore[attr-defined]
    legal = event is not None and asked.state in dict(event.transitions.items())
    taken = bool(event.trigger(model, judge=judge)) if legal else False
    return Answer(taken, model.state, tuple(gates))


def by_table(table: Table, asked: Asked) -> Answer:
    """Ask the compiled table: the first row whose gate holds."""
    gates: list[str] = []
    for row in table.get((asked.state, asked.name), ()):
        gate = row.move.gate
        if gate is not None:
            gates.append(str(gate.value))
        if gate is None or gate.value in asked.holds:
            return Answer(True, ends(row.move)[1], tuple(gates))
    return Answer(False, asked.state, tuple(gates))


def differences(moves: Iterable[Move], sequence: Iterable[tuple[str, frozenset[str]]], compiler: Compiler) -> list[str]:
    """Where machine and table part ways on one sequence of asked moves, with as many models as there are open phases.

    A move is put to every state that stands: the idle one, and each open phase. What both take changes the set of open
    phases, so that one sequence meets many overlaps.
    """
    moves = tuple(moves)
    machine = build_machine(PHASES, moves)
    table = compiler(machine)
    found = [f"rows of {key}" for key in _keys(machine) ^ set(table)]
    open_now: set[str] = {PHASES[0], PHASES[1]}
    for name, holds in sequence:
        for state in (IDLE, *sorted(open_now)):
            asked = Asked(state, name, holds)
            here, there = by_machine(machine, asked), by_table(table, asked)
            if here != there:
                found.append(f"{asked}: machine {here}, table {there}")
            if here.taken:
                open_now = (open_now - {state}) | ({here.state} & set(PHASES))
    return found


def _keys(machine: object) -> set[tuple[str, str]]:
    return {(s, name) for name, event in machine.events.items() for s, rows in list(event.transitions.items()) if rows}  # type: ignore[attr-defined]


names = st.sampled_from(("m1", "m2", "m3", "m4"))
gates = st.sampled_from((None, *GATES))
ordinary = st.builds(move, names, st.sampled_from(("", *PHASES)), st.sampled_from(PHASES), gate=gates)
closing = st.builds(move, names, st.sampled_from(PHASES), gate=gates)
ending = st.builds(
    lambda n, s, o, g: move(n, s, outcome=o, gate=g),
    names,
    st.sampled_from(PHASES),
    st.sampled_from(("done", "redo")),
    gates,
)
machines = st.lists(st.one_of(ordinary, closing, ending), min_size=1, max_size=14)
sequences = st.lists(
    st.tuples(st.sampled_from(("m1", "m2", "m3", "m4", "m5")), st.frozensets(st.sampled_from(("g1", "g2", "g3")))),
    min_size=10, max_size=30,
)  # fmt: skip


@settings(max_examples=300)
@given(machines, sequences)
def test_the_table_answers_as_the_machine_does(moves: list[Move], sequence: list[tuple[str, frozenset[str]]]) -> None:
    """Over 300 random machines with overlap: the same moves are taken and refused, to the same targets, and the same
    guards are asked in the same order (law: DESIGN section 4)."""
    assert differences(moves, sequence, compile_table) == []


# --- compilers that are wrong on purpose ------------------------------------------------------------------------------


def last_row_first(machine: object) -> Table:
    """Wrong: the order of the rows is turned round."""
    return {key: tuple(reversed(rows)) for key, rows in compile_table(machine).items()}


def without_guards(machine: object) -> Table:
    """Wrong: the rows forget their guards."""
    return {
        key: tuple(Row(r.source, attrs.evolve(r.move, gate=None), r.order) for r in rows)
        for key, rows in compile_table(machine).items()
    }


def from_the_next_phase(machine: object) -> Table:
    """Wrong: rows that leave the first phase are filed under the second."""
    turned = {PHASES[0]: PHASES[1], PHASES[1]: PHASES[0]}
    return {(turned.get(source, source), name): rows for (source, name), rows in compile_table(machine).items()}


@pytest.mark.parametrize("compiler", [last_row_first, without_guards, from_the_next_phase])
def test_a_wrong_compiler_is_caught(compiler: Compiler) -> None:
    """The checker of the differential test finds each of three planted faults: row order, lost guard, wrong source."""
    chance, caught = random.Random(7), 0
    for _ in range(60):
        moves = [
            move(
                chance.choice(("m1", "m2")),
                chance.choice(PHASES),
                chance.choice(PHASES),
                gate=chance.choice((None, *GATES)),
            )
            for _ in range(10)
        ]
        sequence = [
            (chance.choice(("m1", "m2")), frozenset(chance.sample(("g1", "g2", "g3"), chance.randint(0, 2))))
            for _ in range(15)
        ]
        caught += bool(differences(moves, sequence, compiler))
        assert differences(moves, sequence, compile_table) == []
    assert caught > 30


# --- what transitions must never be given -----------------------------------------------------------------------------


def test_a_move_between_unknown_states_is_refused_when_the_machine_is_built() -> None:
    """`transitions` accepts an unknown destination and fails in the middle of a move; here it is refused at once."""
    with pytest.raises(ValueError, match="unknown states 'a' and 'nowhere'"):
        build_machine(PHASES, [move("m", "a", "nowhere")])


def test_the_machine_gets_callables_only() -> None:
    """No string of a policy stands in a slot of the machine, where a dotted one would be imported and called."""
    plan = compiled(SMALL)
    machine = plan.unit.machine
    assert "to_a" not in machine.events
    assert machine.models == []
    for event in machine.events.values():
        for candidates in list(event.transitions.values()):
            for candidate in candidates:
                assert isinstance(guard_of(candidate), Guard)
                assert [*candidate.prepare, *candidate.before, *candidate.after] == []


def test_compiling_leaves_the_machine_as_it_was() -> None:
    """Reading a machine out adds no source to its events (indexing their defaultdict would)."""
    machine = build_machine(PHASES, [move("m", "a", "b")])
    compile_table(machine)
    assert _keys(machine) == {("a", "m")}
    assert set(machine.events["m"].transitions) == {"a"}


def test_an_outcome_from_anywhere_stands_in_every_phase() -> None:
    """An outcome without `from` is a row of every phase and of the idle state, and leads to its own final state."""
    table = compiled(SMALL).unit.table
    assert {source for source, name in table if name == "stopped"} == {"a", "b", "c", IDLE}
    assert ends(table["a", "stopped"][0].move) == ("a", FINAL + "stopped")


# --- the set algebra of R6 --------------------------------------------------------------------------------------------

SMALL = """
roles: {boss: Boss}
phases:
  a: {window: none, opens: with campaign, closes: by boss}
  b: {window: none, opens: with campaign, closes: by boss}
  c: {window: none, opens: by boss, closes: by boss}
transitions:
  forward: {from: a, to: c, by: boss, window: none, duties: all, max: unlimited}
outcomes: {stopped: {by: boss}}
"""


@attrs.define
class Interpreter:
    """R6 in thirty lines: a set of open phases, and for each move its source, its target, or its outcome."""

    sources: dict[str, str]
    targets: dict[str, str]
    outcomes: dict[str, str]
    open: set[str]
    ended: bool = False

    def ask(self, name: str) -> bool:
        """Whether the move is legal; if so it is made: C − {source} ∪ {target}."""
        if self.ended or name not in self.sources:
            return False
        source, target = self.sources[name], self.targets[name]
        if source and source not in self.open:
            return False
        if target and target in self.open - {source}:
            return False
        if self.outcomes[name]:
            self.ended, self.open = True, set()
        else:
            self.open = (self.open - {source}) | ({target} - {""})
        return True


def interpreter(spec: dict[str, tuple[str, str, str]], first: set[str]) -> Interpreter:
    return Interpreter(
        {name: ends[0] for name, ends in spec.items()}, {name: ends[1] for name, ends in spec.items()},
        {name: ends[2] for name, ends in spec.items()}, set(first),
    )  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> tuple[str, dict[str, tuple[str, str, str]], set[str]]:
    """A policy whose moves are all asked for by one role; its moves as (source, target, outcome); what opens at once."""
    phases = PHASES[: draw(st.integers(2, 4))]
    early = set(draw(st.sets(st.sampled_from(phases), min_size=1)))
    pairs = draw(st.lists(st.tuples(st.sampled_from(phases), st.sampled_from(phases)), max_size=6))
    froms = draw(st.lists(st.sampled_from(("", *phases)), min_size=1, max_size=2))
    moves = {f"{p}.open": ("", p, "") for p in phases} | {f"{p}.close": (p, "", "") for p in phases}
    moves |= {f"t{i}": (source, target, "") for i, (source, target) in enumerate(pairs)}
    moves |= {f"end{i}": (source, "", f"end{i}") for i, source in enumerate(froms)}
    lines = ["roles: {boss: Boss}", "phases:"]
    lines += [
        f"  {p}: {{window: none, opens: {'with campaign' if p in early else 'by boss'}, closes: by boss}}"
        for p in phases
    ]
    lines += ["transitions:"] if pairs else []
    lines += [
        f"  t{i}: {{from: {s}, to: {t}, by: boss, window: none, duties: all, max: unlimited}}"
        for i, (s, t) in enumerate(pairs)
    ]
    lines += ["outcomes:"] + [f"  end{i}: {{by: boss{', from: ' + s if s else ''}}}" for i, s in enumerate(froms)]
    return "\n".join(lines) + "\n", moves, early


@settings(max_examples=120)
@given(policies(), st.data())
def test_decisions_follow_the_set_algebra(
    made: tuple[str, dict[str, tuple[str, str, str]], set[str]], data: st.DataObject
) -> None:
    """R6: for random policies and random moves, `decide` accepts what the reference accepts and opens what it opens."""
    text, moves, first = made
    reference = interpreter(moves, first)
    legal_openers = {name for name, (source, target, _) in moves.items() if not source and target and target in first}
    with Campaign(text, people={"x": "boss"}) as run:
        assert {visit.split("/")[0] for visit in run.open} == reference.open
        for name in data.draw(st.lists(st.sampled_from((*moves, "nothing")), max_size=15)):
            if name in legal_openers:
                continue  # it opens with the campaign, and nobody may ask for it
            accepted = run.decided(c.Ask, "x", "01-02", move=name).accepted
            assert accepted == reference.ask(name), name
            assert {visit.split("/")[0] for visit in run.open} == reference.open, name


def test_moves_are_addressed_to_one_phase() -> None:
    """R6: with two phases open, closing one leaves the other alone."""
    with Campaign(SMALL, people={"x": "boss"}) as run:
        run.ask("a.close", "x", "01-02")
        assert run.open == ["b/1"]
