"""A message for each notice to one of the hundred services that Apprise knows: chats, boards, pagers.

Apprise comes with the extra ``notify``.

One hook speaks to one service, so that a service which is down is tried again without telling the others twice.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import attrs

from phaseflow.hooks import Telling, hookimpl
from phaseflow.notifiers.message import Language, compose

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice


@attrs.define(kw_only=True, eq=False)
class Apprise:
    """Tells one service.

    Args:
        url: The service as Apprise writes it, such as ``slack://token/#office``; it holds secrets and is never shown.
        language: ``en`` or ``zh``.
        name: The name its deliveries are kept under.

    Raises:
        ValueError: Apprise knows no such service.
        ModuleNotFoundError: The extra ``notify`` is not installed.
    """

    url: str = attrs.field(repr=False)
    language: Language = "en"
    name: str = "apprise"
    _service: Any = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        try:
            apprise = importlib.import_module("apprise")
        except ModuleNotFoundError as missing:
            raise ModuleNotFoundError("Apprise is not installed: pip install 'phaseflow[notify]'") from missing
        self._service = apprise.Apprise()
        if not self._service.add(self.url):
            raise ValueError(f"Apprise knows no service for a url that begins with {self.url.partition(':')[0]!r}")

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling) -> None:
        """Send one message.

        Raises:
            ConnectionError: The service did not take it; Apprise's own log says why.
        """
        said = compose(notice, language=self.language)
        if not self._service.notify(title=said.subject, body=said.body, body_format="text"):
            raise ConnectionError("the service did not take it; see the log of apprise")
