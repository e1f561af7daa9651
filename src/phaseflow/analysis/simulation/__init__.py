"""Simulation: many units go through a policy with people who behave as declared; what comes of it is a forecast.

People act through the same commands as real ones, and the same `decide` judges them; there is no second rule engine.
"""

from phaseflow.analysis.simulation import report
from phaseflow.analysis.simulation.behaviour import Behaviour
from phaseflow.analysis.simulation.forecast import Forecast
from phaseflow.analysis.simulation.habits import Habits, compile_behaviour
from phaseflow.analysis.simulation.simulate import simulate

__all__ = ["Behaviour", "Forecast", "Habits", "compile_behaviour", "report", "simulate"]
