"""Who turns the crank: a service with pollers, a sweeper and a relay; wakers on other engines are in modules of their
own (`phaseflow.runners.dbos`, `phaseflow.runners.temporal`). A waker says when to look, and never what is due.
"""

from phaseflow.runners.crank import Crank, Waker
from phaseflow.runners.metrics import Metrics
from phaseflow.runners.service import Poller, Service

__all__ = ["Crank", "Metrics", "Poller", "Service", "Waker"]
