"""The guard language: what a policy asks before it lets something pass.

A condition comes as an expression (`parse_condition`) or is built from nodes by whoever reads the structured YAML form;
both are checked against a `Schema`, compiled by `compile_condition` and explained by `explain`. All of it is
three-valued: what is missing is `UNKNOWN`, and holds (R23). Nothing here knows phases, polls or clocks: facts come
through a reader.
"""

from phaseflow.core.conditions.analyse import Threshold, children, reads, thresholds, walk
from phaseflow.core.conditions.evaluate import Evaluator, Reader, compile_condition
from phaseflow.core.conditions.explain import Choice, Requirement, Verdict, explain
from phaseflow.core.conditions.nodes import (
    UNKNOWN,
    All,
    Any,
    Arith,
    ArithOp,
    AtLeast,
    Compare,
    CompareOp,
    Condition,
    Const,
    Constant,
    IfNone,
    Node,
    Not,
    Read,
    Scalar,
    Truth,
    Unknown,
    Value,
)
from phaseflow.core.conditions.parse import ConditionError, parse_condition
from phaseflow.core.conditions.render import render
from phaseflow.core.conditions.schema import Argument, FactType, Kind, Schema, check, is_speakable
from phaseflow.core.conditions.ways import Turn, Way, cheapest_way

__all__ = [
    "UNKNOWN",
    "All",
    "Any",
    "Argument",
    "Arith",
    "ArithOp",
    "AtLeast",
    "Choice",
    "Compare",
    "CompareOp",
    "Condition",
    "ConditionError",
    "Const",
    "Constant",
    "Evaluator",
    "FactType",
    "IfNone",
    "Kind",
    "Node",
    "Not",
    "Read",
    "Reader",
    "Requirement",
    "Scalar",
    "Schema",
    "Threshold",
    "Truth",
    "Turn",
    "Unknown",
    "Value",
    "Verdict",
    "Way",
    "cheapest_way",
    "check",
    "children",
    "compile_condition",
    "explain",
    "is_speakable",
    "parse_condition",
    "reads",
    "render",
    "thresholds",
    "walk",
]
