"""phaseflow makes campaign policies executable.

A policy in YAML is read into a spec, compiled into a plan, and every command on a run is answered with the events that
now are true, or with every reason why not, each with the line of the policy that demands it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phaseflow.core.plan import Plan, compile_policy
    from phaseflow.engine import Answer, Engine, Refused, Run
    from phaseflow.errors import PolicyError, Problem
    from phaseflow.policies import load_policy

__version__ = "0.1.0.dev0"

_HOMES = {
    "Answer": "phaseflow.engine",
    "Engine": "phaseflow.engine",
    "Plan": "phaseflow.core.plan",
    "PolicyError": "phaseflow.errors",
    "Problem": "phaseflow.errors",
    "Refused": "phaseflow.engine",
    "Run": "phaseflow.engine",
    "compile_policy": "phaseflow.core.plan",
    "load_policy": "phaseflow.policies",
}

__all__ = ["Answer", "Engine", "Plan", "PolicyError", "Problem", "Refused", "Run", "compile_policy", "load_policy"]


def __getattr__(name: str) -> Any:
    """Import on first use, so that `phaseflow --help` starts at once."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'phaseflow' has no attribute {name!r}")
