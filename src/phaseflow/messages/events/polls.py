"""Events of polls; none of them holds an anonymous choice (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.messages.commands.base import EMPTY
from phaseflow.messages.events.base import Event, Reading


@attrs.frozen(kw_only=True)
class PollOpened(Event):
    """A poll was opened. *invited*: people invited, by edge and group; *round* counts from 1, more after a void one.

    *rated* lists, for each edge on which units are rated, those that belong to the programme at that moment.
    """

    key: str
    invited: Mapping[str, Mapping[str, int]]
    closes: datetime | None = None
    round: int = 1
    rated: Mapping[str, tuple[str, ...]] = EMPTY


@attrs.frozen(kw_only=True)
class ParticipationRecorded(Event):
    """Somebody took part; with an anonymous poll this is all the trail ever knows of it.

    *person* is empty where the organiser handed in the paper of somebody on no roster; *groups* are the groups that
    the participant counts for; *papers* is how many answers the paper had. *answers* (who is rated, and the choice)
    stay empty in an anonymous poll.
    """

    key: str
    edge: str
    person: str
    groups: tuple[str, ...] = ()
    papers: int = 1
    answers: Mapping[str, str] = EMPTY
    group: str = ""


@attrs.frozen(kw_only=True)
class PollRunOn(Event):
    """Too few took part; the poll stays open longer."""

    key: str
    closes: datetime | None
    times: int


@attrs.frozen(kw_only=True)
class PollFellDue(Event):
    """The poll's closing instant came; nobody can take part any more."""

    key: str


@attrs.frozen(kw_only=True)
class PollHeld(Event):
    """The poll waits for the answer to a question: *about* says what is open, *shortfalls* what was measured."""

    key: str
    question: str
    about: Literal["turnout", "quorum", "aggregate", "nothing_valid", "tie", "bound"]
    shortfalls: tuple[Reading, ...] = ()


@attrs.frozen(kw_only=True)
class PollAdmitted(Event):
    """Somebody answered that the turnout is good enough; the poll may be counted."""

    key: str


@attrs.frozen(kw_only=True)
class EdgeResult:
    """The result of one edge for one rated subject: favourable over base, both counts; *band* is the edge's own.

    *suppressed*: fewer valid answers than the smallest group, so that the band may be shown and the numbers not; they
    stand in the trail, and are None in what is shown (see `phaseflow.messages.discretion`). Where a unit is rated, *go*
    is what its band obliges it to, and *doubt* why it is in none (a person is asked about it).
    """

    edge: str
    rated: str
    favourable: int | None
    base: int | None
    band: str = ""
    suppressed: bool = False
    go: tuple[str, ...] = ()
    doubt: str = ""


@attrs.frozen(kw_only=True)
class GroupResult:
    """The result of one group on one edge for one rated subject; without numbers where they are not to be shown."""

    edge: str
    rated: str
    group: str
    favourable: int | None = None
    base: int | None = None


@attrs.frozen(kw_only=True)
class PollCounted(Event):
    """A poll was counted. *go* are the consequences of its bands, *groups* the results by group, where wanted.

    *share* is None where there is no one result: nothing valid was cast, or each edge stands for itself. Not *final*:
    the count stands, and what follows from it waits for the answer to a question.
    """

    key: str
    tally: tuple[tuple[str, str, str, int], ...]
    results: tuple[EdgeResult, ...]
    share: Fraction | None
    band: str
    go: tuple[str, ...]
    root: str = ""
    suppressed: bool = False
    final: bool = True
    groups: tuple[GroupResult, ...] = ()


@attrs.frozen(kw_only=True)
class PollDecided(Event):
    """What follows from a count that had waited for an answer."""

    key: str
    results: tuple[EdgeResult, ...]
    share: Fraction | None
    band: str
    go: tuple[str, ...]


@attrs.frozen(kw_only=True)
class PollVoided(Event):
    """A poll ended without a valid result."""

    key: str
    why: str
