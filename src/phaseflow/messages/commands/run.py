"""Commands about the run as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import attrs

from phaseflow.messages.commands.base import EMPTY, Command, Person


@attrs.frozen(kw_only=True)
class StartRun(Command):
    """Start a run. *at_phase* and *assumed* import a campaign that is already under way (R39)."""

    run: str
    campaign: str
    plan: str
    level: str
    unit: str
    start: date
    parent: str = ""
    batch: int | None = None
    redeems: str = ""
    kind: str = ""
    persons: tuple[Person, ...] = ()
    bodies: Mapping[str, tuple[str, ...]] = EMPTY
    at_phase: str = ""
    assumed: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class Tick(Command):
    """Process everything that is due."""


@attrs.frozen(kw_only=True)
class Ask(Command):
    """Ask for a move: ``study.open``, ``study.close``, a transition or an outcome."""

    move: str


@attrs.frozen(kw_only=True)
class Amend(Command):
    """Go on under another plan, named by its digest, as that plan says (R21)."""

    plan: str


@attrs.frozen(kw_only=True)
class Suspend(Command):
    """Halt the whole run."""

    reason: str


@attrs.frozen(kw_only=True)
class Resume(Command):
    """Go on after a halt."""


@attrs.frozen(kw_only=True)
class Cancel(Command):
    """End the run without an outcome."""

    reason: str


@attrs.frozen(kw_only=True)
class Reopen(Command):
    """Take back the latest conclusion and open a phase again; say of what it spawned whether it stands."""

    phase: str
    spawned: Literal["stands", "withdrawn"]
    reason: str


@attrs.frozen(kw_only=True)
class Archive(Command):
    """Put a concluded run away; refused while anything that survived is open."""
