"""The JSON Schema of scenario files: that of their shape, with ``cases`` and the ``$names`` that cases fill in.

A ``$name`` may stand for any value, and within any text or key, so every rule of form lets it pass.
"""

from __future__ import annotations

from phaseflow.spec.schema import Schema, json_schema
from phaseflow.testing.scenarios.spec import ScenariosSpec

FILLED: Schema = {
    "description": "A text with a `$name` that each case of the scenario fills in.",
    "type": "string", "pattern": r"\$[a-z][a-z0-9_]*",
}  # fmt: skip
CASES: Schema = {
    "description": "What is put in for each `$name`: the scenario is played once a case.",
    "type": "array", "minItems": 1,
    "items": {"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"}},
}  # fmt: skip


def scenario_schema() -> Schema:
    """The schema of a ``*.scenario.yaml``."""
    schema = json_schema(ScenariosSpec)
    found = {name: _fillable(shape) for name, shape in schema["$defs"].items()}
    scenario = _inside(schema["$defs"]["ScenarioSpec"])
    scenario["properties"]["cases"] = CASES
    return schema | {"$defs": {**found, "ScenarioSpec": scenario, "filled": FILLED}}


def _inside(schema: Schema) -> Schema:
    """A schema with every rule of form within it made fillable."""
    found = dict(schema)
    for key in ("properties", "patternProperties"):
        if key in schema:
            found[key] = {name: _fillable(rule) for name, rule in schema[key].items()}
    for rule in schema.get("patternProperties", {}).values():
        found["patternProperties"][FILLED["pattern"]] = _fillable(rule)
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            found[key] = _fillable(schema[key])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            found[key] = [_fillable(rule) for rule in schema[key]]
    return found


def _fillable(schema: Schema) -> Schema:
    """A rule of form, or a text that a case fills in."""
    found = _inside(schema)
    bound = schema.get("type") not in (None, "string") or "enum" in schema or "pattern" in schema
    return {"anyOf": [found, {"$ref": "#/$defs/filled"}]} if bound else found
