"""Ready-made plugins, to be handed to the engine as hooks: `Console` writes a line, `Smtp` sends mails, `Webhook` posts
signed JSON, `Apprise` speaks to chats, and `call` makes a plugin of a function.
"""

from phaseflow.notifiers.call import call
from phaseflow.notifiers.chat import Apprise
from phaseflow.notifiers.console import Console
from phaseflow.notifiers.message import Message, compose, compose_digest
from phaseflow.notifiers.smtp import Smtp
from phaseflow.notifiers.webhook import Webhook

__all__ = ["Apprise", "Console", "Message", "Smtp", "Webhook", "call", "compose", "compose_digest"]
