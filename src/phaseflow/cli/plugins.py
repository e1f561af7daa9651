"""Hooks named in the settings become objects: ``console``, ``smtp``, or ``package.module:Name`` of the host's code."""

from __future__ import annotations

import importlib
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from phaseflow.cli.options import wants_json
from phaseflow.errors import PolicyError, Problem, Span, did_you_mean

if TYPE_CHECKING:
    from phaseflow.cli.config import Settings
    from phaseflow.relay import Manner

SHORT = {
    "console": "phaseflow.notifiers.console:Console",
    "smtp": "phaseflow.notifiers.smtp:Smtp",
    "webhook": "phaseflow.notifiers.webhook:Webhook",
    "apprise": "phaseflow.notifiers.chat:Apprise",
}
"""Notifiers that come with phaseflow; each is given what stands in the section of its name (a timeout in seconds)."""


def load(settings: Settings) -> tuple[object, ...]:
    """The hooks of the settings, in their order; a class is called without arguments, anything else is taken as it is.

    Raises:
        PolicyError: A hook cannot be imported or made (PF704).
    """
    return tuple(_one(name, settings) for name in settings.hooks)


def manners(settings: Settings) -> dict[str, Manner]:
    """How the hooks are told, by name.

    Raises:
        PolicyError: A setting cannot be read (PF730).
    """
    from phaseflow.relay import read_manner

    return {name: read_manner(name, given) for name, given in settings.manners.items()}


def _one(name: str, settings: Settings) -> object:
    module, _, attribute = SHORT.get(name, name).partition(":")
    if not attribute:
        raise _wrong(
            name, settings, "it names no module and object", did_you_mean(name, SHORT) or "write package.module:Name"
        )
    try:
        found: object = getattr(importlib.import_module(module), attribute)
        if isinstance(found, type):
            found = found(**_arguments(name, settings))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise _wrong(
            name, settings, str(error), "check the name, and that the module can be imported from here"
        ) from None
    return found


def _arguments(name: str, settings: Settings) -> dict[str, object]:
    """What a class is made with: the notifiers that come with phaseflow take their settings, others nothing."""
    if name == "console":
        return {"stream": sys.stderr if wants_json() else sys.stdout, "language": settings.locale}
    if name not in SHORT:
        return {}
    speaks = {} if name == "webhook" else {"language": settings.locale}
    given: dict[str, object] = {**speaks, **settings.notifiers.get(name, {})}
    if isinstance(seconds := given.get("timeout"), int):
        given["timeout"] = timedelta(seconds=seconds)
    return given


def _wrong(name: str, settings: Settings, cause: str, fix: str) -> PolicyError:
    return PolicyError(
        [
            Problem(
                code="PF704",
                what=f"the hook '{name}' cannot be loaded: {cause}",
                span=Span(file=settings.file),
                why="hooks are named in phaseflow.toml",
                fix=fix,
            )
        ]
    )
