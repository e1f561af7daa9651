"""When to try again: exponential back-off with a spread that is a function of the delivery, not of chance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import attrs

_MICROSECOND = timedelta(microseconds=1)


def spread(delivery: str, failures: int) -> Fraction:
    """A share in [0, 1) that differs from delivery to delivery and is the same whenever it is asked for.

    Deliveries that failed together then do not all come back in the same second, and a test needs no seed.
    """
    digest = hashlib.sha256(f"{delivery}#{failures}".encode()).digest()
    return Fraction(int.from_bytes(digest[:4]), 1 << 32)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how patiently a failed telling is repeated.

    Args:
        attempts: Failures in a row after which it is dead-lettered, at least 1.
        first: The wait after the first failure.
        most: No wait is longer. With the defaults the last attempt comes about a day after the first.
        jitter: Given a delivery id and the failures so far, a share in [0, 1]: 1 waits the whole time, 0 half of it.
    """

    attempts: int = attrs.field(default=12, validator=attrs.validators.ge(1))
    first: timedelta = timedelta(minutes=1)
    most: timedelta = timedelta(hours=6)
    jitter: Callable[[str, int], Fraction] = spread

    def wait(self, delivery: str, failures: int) -> timedelta:
        """How long to wait after so many failures in a row.

        >>> RetryPolicy(jitter=lambda *_: Fraction(1)).wait("a", 3)
        datetime.timedelta(seconds=240)
        """
        doublings = min(failures - 1, 64)  # Beyond that, *most* has long been reached.
        whole = min((self.first // _MICROSECOND) << doublings, self.most // _MICROSECOND)
        share = min(max(self.jitter(delivery, failures), Fraction(0)), Fraction(1))
        return int(whole * (1 + share) / 2) * _MICROSECOND
