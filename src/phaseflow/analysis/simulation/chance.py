"""Chance by counting: a draw is a function of the seed and of what it is for, never of what was drawn before.

So a unit behaves the same whether it is simulated first or last, alone or beside others, in one process or in eight.
The number comes from BLAKE2b over the name of the draw, keyed with the seed; 53 bits of it, as many as a float holds.
"""

from __future__ import annotations

from hashlib import blake2b
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Literal

import attrs

Scale = Literal["seconds", "business_days", "share"]

_NORMAL = NormalDist()
_NINETY = _NORMAL.inv_cdf(0.9)
_STEP = 2.0**-53


class Stream:
    """Draws of one seed.

    >>> one = Stream(7)
    >>> one.draw("unit 1", "kickoff") == Stream(7).draw("unit 1", "kickoff")
    True
    >>> one.draw("unit 1", "kickoff") == one.draw("unit 2", "kickoff")
    False
    """

    __slots__ = ("_key",)

    def __init__(self, seed: int) -> None:
        self._key = seed.to_bytes(32, "big", signed=True)

    def draw(self, *name: object) -> float:
        """A number above 0 and below 1 for this name, each as likely."""
        text = "\x1f".join(map(str, name)).encode()
        number = int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest(), "big") >> 11
        return (number + 0.5) * _STEP


@attrs.frozen
class Draw:
    """A spread made ready to draw from: its form, its figures, and what they count."""

    form: str
    figures: tuple[float, ...]
    scale: Scale

    def at(self, chance: float) -> float:
        """The number below which the share *chance* of all numbers lies: the inverse of the distribution.

        >>> Draw("uniform", (2.0, 4.0), "seconds").at(0.25), Draw("triangular", (0.0, 1.0, 2.0), "share").at(0.5)
        (2.5, 1.0)
        """
        match self.form:
            case "uniform":
                low, high = self.figures
                return low + (high - low) * chance
            case "triangular":
                low, mode, high = self.figures
                return _triangular(low, mode, high, chance)
            case "lognormal":
                middle, ninety = self.figures
                return middle * exp(log(ninety / middle) / _NINETY * _NORMAL.inv_cdf(chance))
            case _:
                return self.figures[0]


def _triangular(low: float, mode: float, high: float, chance: float) -> float:
    if high == low:
        return low
    below = (mode - low) / (high - low)
    if chance < below:
        return low + sqrt(chance * (high - low) * (mode - low))
    return high - sqrt((1 - chance) * (high - low) * (high - mode))
