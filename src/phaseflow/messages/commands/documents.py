"""Commands about documents."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from phaseflow.messages.commands.base import EMPTY, Command, Evidence


@attrs.frozen(kw_only=True)
class Draft(Command):
    """Hand in a version of a document at a drafting or absorbing step. *digest* is the SHA-256 of its content, in hex.

    *answers* answers opinions by their number: ``absorbed`` (and where, if wanted), or else why the opinion was not
    absorbed. *step* is needed only where the document may be written at a step beside the one it waits at.
    """

    document: str
    digest: str
    ref: str = ""
    subject: str = ""
    answers: Mapping[str, str] = EMPTY
    step: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class MarkPart(Command):
    """Mark a part of a document as one that a further step must judge."""

    document: str
    part: str
    mark: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class Opine(Command):
    """Give an opinion at a consulting or reviewing step; *ref* says where its text is kept.

    Whoever writes the document may also record an opinion that a *group* gave. *digest*, where it is given, is that of
    the version that was read.
    """

    document: str
    ref: str
    group: str = ""
    subject: str = ""
    step: str = ""
    digest: str = ""


@attrs.frozen(kw_only=True)
class AnswerOpinion(Command):
    """Answer one opinion: absorbed or not, and why."""

    document: str
    opinion: int
    absorbed: bool
    reason: str
    subject: str = ""


@attrs.frozen(kw_only=True)
class EndConsultation(Command):
    """End a consulting or reviewing step. *consulted* counts, by group, who was asked, if more were than spoke."""

    document: str
    subject: str = ""
    step: str = ""
    consulted: Mapping[str, int] = EMPTY


@attrs.frozen(kw_only=True)
class Judge(Command):
    """Accept the version at hand, or send it back with a reason. *digest*, if given, is that of the version read."""

    document: str
    accept: bool
    reason: str = ""
    subject: str = ""
    step: str = ""
    digest: str = ""


@attrs.frozen(kw_only=True)
class Hand(Command):
    """Publish, circulate, submit or file: *step* names the act."""

    document: str
    step: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()
