"""What is said between a host and a run: commands ("please do") and events ("it happened").

Both are frozen values without behaviour. Times are aware datetimes in UTC, days are dates in the run's zone, people are
opaque identifiers: no name, address or free text about a person enters a message except through a `Personal` field,
which the store keeps apart (R16).
"""

from phaseflow.messages.commands import Command
from phaseflow.messages.events import Event

__all__ = ["Command", "Event"]
