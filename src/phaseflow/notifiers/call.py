"""A function of the host as a plugin: for what has to happen in the same process."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from phaseflow.hooks import Recipient, Telling, hookimpl

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice


def call(function: Callable[..., object], *, name: str = "") -> object:
    """A plugin that calls *function* with each notice.

    Args:
        function: Takes ``(notice, delivery)``, or ``(notice, delivery, recipient)`` to be called for each person.
        name: The name its deliveries are kept under; the function's own by default.

    >>> call(print, name="screen").name
    'screen'
    """
    kind = _Each if len(_wanted(function)) == 3 else _Whole
    return kind(function, name or getattr(function, "__name__", "call"))


def _wanted(function: Callable[..., object]) -> list[inspect.Parameter]:
    """The arguments that have to be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # A function written in C may not say.
        return []
    return [one for one in parameters if one.default is one.empty and one.kind is not one.VAR_POSITIONAL]


@attrs.frozen(eq=False)
class _Whole:
    function: Callable[..., object]
    name: str

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling) -> None:
        self.function(notice, delivery)


@attrs.frozen(eq=False)
class _Each:
    function: Callable[..., object]
    name: str

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        self.function(notice, delivery, recipient)
