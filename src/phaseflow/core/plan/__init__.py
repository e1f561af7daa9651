"""Spec to plan: what a policy means, checked and digested. See `compile_policy` and `Plan`."""

from phaseflow.core.plan.compile import compile_policy
from phaseflow.core.plan.model import Duty, Ledger, LevelPlan, Move, Phase, Plan, Role, RouteStep

__all__ = ["Duty", "Ledger", "LevelPlan", "Move", "Phase", "Plan", "Role", "RouteStep", "compile_policy"]
