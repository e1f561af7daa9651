"""Reads the SQL files: numbered migrations and named statements. No SQL is written here and none is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

SCHEMA = "phaseflow"
"""The schema that stands in the files of a dialect that has schemas, and the one that is used unless told otherwise."""

_NAME = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)
_SCHEMA = re.compile(r"\bphaseflow\.|(?<=SCHEMA )phaseflow\b|'phaseflow'")


@cache
def statements(dialect: str, schema: str = SCHEMA) -> Mapping[str, str]:
    """The statements of ``<dialect>/statements.sql`` by name; each begins with a line ``-- name: <name>``.

    Args:
        dialect: The folder.
        schema: A plain lower-case name that is put where the file says ``phaseflow``.
    """
    text = (resources.files(__package__) / dialect / "statements.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    found = {name: _in_schema(body.strip().rstrip(";"), schema) for name, body in pairs}
    if len(found) * 2 != len(parts):
        raise ValueError(f"a statement of {dialect} has two bodies")
    return MappingProxyType(found)


@cache
def migrations(dialect: str, schema: str = SCHEMA) -> tuple[str, ...]:
    """The migrations of a dialect in order: the text of ``0001_*.sql``, ``0002_*.sql`` and so on, without a hole."""
    files = sorted(
        (file for file in (resources.files(__package__) / dialect).iterdir() if re.match(r"\d{4}_", file.name)),
        key=lambda file: file.name,
    )
    for number, file in enumerate(files, start=1):
        if int(file.name[:4]) != number:
            raise ValueError(f"migration {number:04d} of {dialect} is missing; {file.name} stands in its place")
    return tuple(_in_schema(file.read_text(encoding="utf-8"), schema) for file in files)


def _in_schema(text: str, schema: str) -> str:
    if schema == SCHEMA:
        return text
    return _SCHEMA.sub(lambda found: found[0].replace(SCHEMA, schema if found[0][0] == "'" else f'"{schema}"'), text)
