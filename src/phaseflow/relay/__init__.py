"""The relay: from the outbox to the hooks, at least once, each plugin alone (law 11). See `Relay`."""

from phaseflow.relay.manner import Manner, Quiet, read_manner
from phaseflow.relay.recipients import Directory, Page, Resolver
from phaseflow.relay.relay import Relay, RelayReport
from phaseflow.relay.retry import RetryPolicy, spread

__all__ = [
    "Directory",
    "Manner",
    "Page",
    "Quiet",
    "Relay",
    "RelayReport",
    "Resolver",
    "RetryPolicy",
    "read_manner",
    "spread",
]
