"""A line for each notice, to a stream that the host gives: for development, logs and demonstrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import attrs

from phaseflow.hooks import hookimpl
from phaseflow.notifiers.message import Language, compose

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice


@attrs.frozen(eq=False)
class Console:
    """Writes ``instant  subject  -> roles`` for each notice, whoever is addressed.

    Args:
        stream: Where to write, such as ``sys.stdout``.
        language: ``en`` or ``zh``.
        name: The name its deliveries are kept under.
    """

    stream: TextIO
    language: Language = "en"
    name: str = "console"

    @hookimpl
    def notice(self, notice: Notice) -> None:
        """Write one line."""
        at = notice.at.strftime("%Y-%m-%d %H:%MZ")
        to = ", ".join(notice.roles or notice.persons)
        self.stream.write(f"{at}  {compose(notice, language=self.language).subject}{f'  -> {to}' if to else ''}\n")
        self.stream.flush()
