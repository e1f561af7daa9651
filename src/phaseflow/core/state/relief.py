"""How events about relief change the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.rows import Draft
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

APPLIERS: Mapping[type[e.Event], Callable[[Plan, Draft, Entry, Any], None]] = {}
