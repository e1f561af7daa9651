"""Ready-made plugins: `Console` writes a line, `Smtp` sends a mail. Hand them to the engine as hooks."""

from phaseflow.notifiers.console import Console
from phaseflow.notifiers.message import Message, compose, compose_digest
from phaseflow.notifiers.smtp import Smtp

__all__ = ["Console", "Message", "Smtp", "compose", "compose_digest"]
