"""The relay: from the outbox to the hooks, at least once, each plugin alone (law 11). See `Relay`."""

from phaseflow.relay.recipients import Directory, Page, Resolver
from phaseflow.relay.relay import Relay, RelayReport
from phaseflow.relay.retry import RetryPolicy, spread

__all__ = ["Directory", "Page", "Relay", "RelayReport", "Resolver", "RetryPolicy", "spread"]
