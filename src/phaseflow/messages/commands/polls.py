"""Commands about polls."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from phaseflow.messages.commands.base import EMPTY, Command


@attrs.frozen(kw_only=True)
class OpenPoll(Command):
    """Open a poll. *invited* says how many people were invited, by edge and group."""

    poll: str
    invited: Mapping[str, Mapping[str, int]] = EMPTY


@attrs.frozen(kw_only=True)
class Cast(Command):
    """Take part in a poll. What was chosen stays out of the trail when the poll is anonymous (R14).

    *choice* answers for the one who is rated (*rated*; the unit itself if left out); where several are rated, *answers*
    holds the whole paper: who is rated, and the choice. *group* is where the participant belongs; the organiser hands
    in the papers of invited people who are on no roster, and then names their group.
    """

    poll: str
    edge: str
    choice: str = ""
    group: str = ""
    rated: str = ""
    answers: Mapping[str, str] = EMPTY


@attrs.frozen(kw_only=True)
class ClosePoll(Command):
    """Close a poll. *tally* (edge, rated subject, choice, count) and *root* are counted from the box by the engine."""

    poll: str
    tally: tuple[tuple[str, str, str, int], ...] = ()
    root: str = ""
