# ruff: noqa: E501 - a row of a table stays on one line
"""The house of DESIGN section 6, held against the imports: floors, rooms, third parties, and what a pure room may not do.

The table below is the one in the design. An import that breaks it is either mended or listed in `ALLOWED` with its
reason; a reason that is no longer needed is an error too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import phaseflow

ROOT = Path(phaseflow.__file__).parent

ROOMS = {
    # room: (floor, wing)
    "errors": (1, ""), "messages": (1, "facts"), "explain": (1, ""),
    "spec": (2, "rules"), "stores": (2, "facts"), "hooks": (2, "facts"),
    "core.calendars": (3.0, "rules"), "core.conditions": (3.0, "rules"), "core.plan": (3.1, "rules"),
    "core.state": (3.2, "rules"), "core.gates": (3.3, "rules"), "core.deadlines": (3.3, "rules"),
    "core.reasons": (3.4, "rules"), "core.notices": (3.4, "rules"), "core.decide": (3.5, "rules"), "core": (3.4, "rules"),
    "prose": (3.6, "rules"),
    "relay": (3, "facts"), "notifiers": (3, "facts"),
    "policies": (4, ""), "engine": (4, ""), "reports": (4, ""), "analysis": (4, ""),
    "testing": (5, ""), "runners": (5, ""), "replay": (5, ""),
    "cli": (6, ""),
    "": (7, ""),
}  # fmt: skip
"""Floor and wing. The parts of core stand on steps of their floor: an import goes to the same step or down."""

ONLY = {
    "errors": set(), "messages": set(), "spec": {"errors"},
    "core.conditions": {"errors"}, "core.calendars": {"errors"},
    "core.plan": {"errors", "spec", "core.conditions", "core.calendars"},
}  # fmt: skip
"""Rooms that may import less than their floor would let them."""

MEETING = {"messages"}
"""What both wings may import: commands and events are the words between them."""

ALLOWED = {
    ("core.calendars", "spec"): "phrases are values: the calendar counts with them and reads no YAML",
    ("hooks", "core.notices"): "a notice is a value that core writes and hooks read; there is no rule in it",
    ("notifiers", "core.notices"): "a notice is a value that core writes and notifiers put into words",
    ("relay", "core.notices"): "a notice is a value that core writes and the relay hands on",
    (
        "relay",
        "core.state",
    ): "the relay asks a row whether somebody still owes, and needs the class of the row for that",
    (
        "relay",
        "core.calendars",
    ): "quiet hours are on a wall clock, and only calendars know those",
    ("cli", ""): "the version stands in the package itself",
    ("cli", "sqlite3"): "the doctor names the version of the library; it opens no database",
}
"""(room, room) of imports that the table forbids, with the reason why they stand."""

THIRD_PARTIES = {
    "attrs": None, "attr": None,
    "yaml": {"spec"}, "cattrs": {"spec", "stores"},
    "transitions": {"core.plan", "reports"},
    "pendulum": {"core.calendars"}, "dateutil": {"core.calendars"}, "holidays": {"core.calendars"}, "tzdata": {"core.calendars"},
    "pluggy": {"hooks"}, "apprise": {"notifiers"}, "dbos": {"runners"}, "temporalio": {"runners"},
    "click": {"cli"}, "rich": {"cli"},
    "sqlite3": {"stores"}, "psycopg": {"stores"},
    "pytest": {"testing"}, "hypothesis": {"testing"},
}  # fmt: skip
"""Which rooms may import what is not ours; None: every room. What is in neither list nor the standard library is an error."""

STANDARD = set(__import__("sys").stdlib_module_names) - set(THIRD_PARTIES)

PURE = ("spec", "core.calendars", "core.conditions", "core.plan", "core.state", "core.gates", "core.deadlines", "core.reasons",
        "core.notices", "core.decide", "core", "messages", "analysis", "reports")  # fmt: skip
"""Rooms that have no clock, no chance, no environment and no files."""

IMPURE_MODULES = {
    "time",
    "random",
    "secrets",
    "uuid",
    "os",
    "pathlib",
    "shutil",
    "tempfile",
    "subprocess",
    "socket",
    "io",
    "threading",
}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "input", "print", "read_text", "write_text", "getenv"}

PURE_ALLOWED = {
    (
        "core.calendars",
        "call open",
    ): "a calendar is built once from the pinned tzdata package; the plan then holds plain data (R18)",
    ("core.calendars", "call read_text"): "the list of zone names, from the same package",
}
"""(room, what) that a pure room does all the same, with the reason why."""


def room_of(module: str) -> str:
    """The room of a module given by its dotted name below phaseflow: the longest name in the table that it begins with."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in ROOMS:
            return name
    return ""


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported module with its line, also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import on line {node.lineno}"
            base = node.module or ""
            ours = base.partition(".")[0] == "phaseflow"  # `from phaseflow.core import deadlines` names a room
            yield from ((f"{base}.{alias.name}" if ours else base, node.lineno) for alias in node.names)


def faults(module: str, text: str) -> list[tuple[str, str, str]]:
    """What a module's text does against the table: (room, what or whom, the whole complaint)."""
    room, tree, found = room_of(module), ast.parse(text), []
    floor, wing = ROOMS[room]
    for name, line in imports(tree):
        top, _, rest = name.partition(".")
        if top == "phaseflow":
            other = room_of(rest)
            if other == room or (rest == "" and other == ""):
                continue
            above, side = ROOMS[other]
            if room in ONLY and other not in ONLY[room]:
                found.append((room, other, f"{module}:{line} imports {name}, which its room may not"))
                continue
            if above > floor:
                found.append((room, other, f"{module}:{line} imports up: {name}"))
            elif (
                int(above) == int(floor)
                and other != room
                and "core" not in (room.split(".")[0], other.split(".")[0])
                and (side != wing or floor < 4)
            ):
                found.append((room, other, f"{module}:{line} imports its neighbour: {name}"))
            elif int(floor) < 4 and side and wing and side != wing and other not in MEETING:
                found.append((room, other, f"{module}:{line} reaches into the other wing: {name}"))
        elif top not in STANDARD and top != "__future__":
            rooms = THIRD_PARTIES.get(top, set())
            if rooms is not None and room not in rooms:
                found.append(
                    (room, top, f"{module}:{line} imports {top}, which belongs to {sorted(rooms) or 'no room'}")
                )
    return found


def impurities(module: str, text: str) -> list[tuple[str, str, str]]:
    """What a pure module does with clock, chance, environment or files."""
    room, tree, found = room_of(module), ast.parse(text), []
    for name, line in imports(tree):
        top = name.split(".")[0]
        if top in IMPURE_MODULES:
            found.append((room, f"import {top}", f"{module}:{line} imports {name}"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else node.func.id
                if isinstance(node.func, ast.Name)
                else ""
            )
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            own = isinstance(owner, ast.Name) and owner.id not in ("datetime", "date", "Path", "os", "pendulum", "io")
            if called in IMPURE_CALLS and not own:
                found.append((room, f"call {called}", f"{module}:{node.lineno} calls {called}()"))
    return found


def sources() -> Iterable[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield module_of(path), path.read_text(encoding="utf-8")


def test_every_module_stands_in_a_room() -> None:
    """No module of phaseflow lies outside the table, and none is named after nothing."""
    homeless = [module for module, _text in sources() if module and room_of(module) == ""]
    assert homeless == []
    words = {part for module, _text in sources() for part in module.split(".")}
    assert words & {"utils", "util", "helpers", "manager", "managers", "types", "common", "misc"} == set()


def test_imports_go_down_only() -> None:
    """Floors, wings and third parties are as the table has them; every exception has its reason and is still needed."""
    found = [fault for module, text in sources() for fault in faults(module, text)]
    assert [complaint for room, other, complaint in found if (room, other) not in ALLOWED] == []
    assert set(ALLOWED) - {(room, other) for room, other, _ in found} == set(), "an exception nobody needs any more"


def test_pure_rooms_are_pure() -> None:
    """No clock, chance, environment or file in spec, core, messages, analysis and reports (law 1)."""
    found = [fault for module, text in sources() if room_of(module) in PURE for fault in impurities(module, text)]
    assert [complaint for room, what, complaint in found if (room, what) not in PURE_ALLOWED] == []
    assert set(PURE_ALLOWED) - {(room, what) for room, what, _ in found} == set(), "an exception nobody needs any more"


PLANTED = [
    pytest.param("core.decide.x", "from phaseflow.engine import Engine", faults, id="imports up"),
    pytest.param("errors", "from phaseflow.messages import commands", faults, id="errors know nobody"),
    pytest.param("core.plan.x", "from phaseflow.core.decide import decide", faults, id="up inside core"),
    pytest.param("core.state.x", "from phaseflow.core import gates", faults, id="up inside core, by from-import"),
    pytest.param("core.decide.x", "from phaseflow.stores import base", faults, id="rules reach into facts"),
    pytest.param("stores.x", "import phaseflow.spec.model", faults, id="facts reach into rules"),
    pytest.param("stores.x", "from phaseflow.hooks import hookspec", faults, id="neighbours on one floor"),
    pytest.param("core.conditions.x", "from phaseflow.spec.shape import Shape", faults, id="more than its room may"),
    pytest.param("core.plan.x", "import yaml", faults, id="yaml outside spec"),
    pytest.param(
        "core.decide.x", "def f():\n    from transitions import Machine", faults, id="transitions, inside a function"
    ),
    pytest.param("engine.x", "import requests", faults, id="a stranger"),
    pytest.param("engine.x", "import sqlite3", faults, id="a driver outside the stores"),
    pytest.param("core.decide.x", "from datetime import datetime\ndatetime.now()", impurities, id="a clock"),
    pytest.param("core.state.x", "import random", impurities, id="chance"),
    pytest.param("spec.x", "import os\nos.environ['HOME']", impurities, id="environment"),
    pytest.param("reports.x", "open('report.html')", impurities, id="a file"),
]


@pytest.mark.parametrize(("module", "text", "check"), PLANTED)
def test_a_planted_fault_is_caught(module, text, check) -> None:  # type: ignore[no-untyped-def]
    """The checker finds each kind of fault when one is planted."""
    assert check(module, text) != []


ALLOWED_HERE = [
    ("core.decide.x", "from phaseflow.core.state.rows import Head\nfrom phaseflow.messages import events"),
    ("engine.x", "from phaseflow.core.decide import decide\nfrom phaseflow.stores.base import Store"),
    ("core.calendars.x", "import pendulum"),
    ("cli", "import click"),
]


@pytest.mark.parametrize(("module", "text"), ALLOWED_HERE)
def test_what_the_table_allows_is_left_alone(module: str, text: str) -> None:
    """The checker is not simply against everything."""
    assert faults(module, text) == []
