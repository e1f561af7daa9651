"""Events of documents on their routes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from phaseflow.messages.commands.base import EMPTY, Evidence
from phaseflow.messages.events.base import Event


@attrs.frozen(kw_only=True)
class VersionDrafted(Event):
    """A version of a document was handed in, which passes its step; the steps in *again* must be gone through again."""

    key: str
    subject: str
    version: int
    step: str
    digest: str
    ref: str = ""
    again: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class DocumentReached(Event):
    """The document now waits at a step ("" = the route is walked).

    *skipped* are steps passed over, and why; *open* are steps that hold nothing up and may be done from now on; *due*
    gives the instants of the steps that have a time limit.
    """

    key: str
    subject: str
    step: str
    skipped: Mapping[str, str] = EMPTY
    open: tuple[str, ...] = ()
    due: Mapping[str, datetime] = EMPTY


@attrs.frozen(kw_only=True)
class PartMarked(Event):
    """A part was marked for a further step. If the route is past that step, it is back there; *void* acts are void."""

    key: str
    subject: str
    part: str
    mark: str
    version: int
    back_to: str = ""
    void: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class OpinionGiven(Event):
    """An opinion on a version. *recorded*: the writer recorded it for the group; *to_answer*: it is to be
    answered before the document goes on."""

    key: str
    subject: str
    step: str
    number: int
    version: int
    ref: str
    group: str
    recorded: bool = False
    to_answer: bool = False


@attrs.frozen(kw_only=True)
class OpinionAnswered(Event):
    """An opinion was absorbed or not, and why."""

    key: str
    subject: str
    number: int
    absorbed: bool
    reason: str


@attrs.frozen(kw_only=True)
class StepPassed(Event):
    """An act of the route was done on a version.

    *heard* counts, by group, who was consulted; *edge* says what has now happened to the document of every subject
    ("approved"), so that due days may hang on it.
    """

    key: str
    subject: str
    step: str
    version: int
    digest: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    heard: Mapping[str, int] = EMPTY
    edge: str = ""


@attrs.frozen(kw_only=True)
class DocumentReturned(Event):
    """The document was sent back; what was done at *to* and after it is void."""

    key: str
    subject: str
    step: str
    to: str
    version: int
    reason: str
    digest: str = ""
    void: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StepFellDue(Event):
    """The time for an act of the route passed without an answer; *silence* is what the policy makes of it."""

    key: str
    subject: str
    step: str
    silence: str
